"""Notes: what people of this authority noted of anything, and each officer's investigator's log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from casework.desk.own import path_of
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.notes import Note, NoteKind
from store.words.records import SubjectKind

router = APIRouter()
MOST = 200
PLACES = {SubjectKind.listing: "/listings/", SubjectKind.seller: "/sellers/", SubjectKind.premises: "/premises/"}


@router.get("/notes")
def notes(
    visit: Annotated[Visit, allowed(Action.note_view)], officer: Annotated[str, Query(max_length=80)] = "", log: bool = False, superseded: bool = False
) -> Response:  # fmt: skip
    """The newest notes, newest first: everybody's or one officer's, entries of logs alone, and earlier wordings where they are asked for."""
    kind = NoteKind.log if log else None
    with visit.reading("note list") as reader:
        found = reader.notes(by=officer, kind=kind, authority=visit.authority, superseded=superseded, limit=MOST)
    rows = [(each, _of(each), _place(visit, each)) for each in reversed(found)]
    people = [each for each in visit.store.accounts() if each.authority == visit.authority]
    return visit.page("notes/list.html", rows=rows, people=people, officer=officer, log=log, superseded=superseded, most=MOST)


def _of(note: Note) -> str:
    return f"{note.subject_kind} {note.case or note.subject}"


def _place(visit: Visit, note: Note) -> str:
    """Where the page of what it is about is; "" for whom there is none."""
    if note.case:
        return path_of(note.case) if visit.may(Action.case_view) else ""
    return f"{PLACES[note.subject_kind]}{note.subject}" if note.subject_kind in PLACES else ""
