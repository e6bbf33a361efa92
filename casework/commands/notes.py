"""Notes on a listing, a seller, a premises, a link or a case, and an investigator's log."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.when import parse_when
from store.errors import TouchstoneError
from store.notes import NOTED, NoteKind
from store.words.records import SubjectKind

note = typer.Typer(no_args_is_help=True, help="Notes on a subject, and an investigator's log.")

Kind = Annotated[SubjectKind, typer.Argument(help=f"What it is of: {', '.join(NOTED)}.")]
What = Annotated[str, typer.Argument(help="The row's number; of a case its reference.")]


@note.command("add")
def note_add(
    kind: Kind, what: What, text: Annotated[str, typer.Option(help="What is noted.")],
    log: Annotated[bool, typer.Option("--log", help="An entry of your investigator's log.")] = False,
    at: Annotated[str, typer.Option(help="When it happened, where that was not now.")] = "",
    by: By = "",
    home: Folder = None,
) -> None:  # fmt: skip
    """Keep a note. What is noted of a case's material is itself unused material, and is disclosed or withheld like it.

    Example: touchstone note add seller 12 --text "spoke to the landlord, unit 3 is let to them since May" --by a.officer
    Example: touchstone note add case TS-2026-014 --log --at "25/11/2026 14:30" --text "reviewed the pictures with the brand"
    """
    happened = parse_when(at) if at else None
    if at and happened is None:
        raise TouchstoneError(f"'{at}' is no time: write it as 25/11/2026 14:30")
    with opened(home) as (folder, store):
        number = store.keep_note(
            text, NoteKind.log if log else NoteKind.note, kind, _of(kind, what), actor=person(store, folder, by),
            authority=folder.settings.authority.code, happened_at=happened,
        )  # fmt: skip
    say(f"Note {number} of {kind} {what}.")


@note.command("correct")
def note_correct(
    number: Annotated[int, typer.Argument(help="The note's number.")], text: Annotated[str, typer.Option(help="What it says now.")],
    by: By = "", home: Folder = None,
) -> None:  # fmt: skip
    """Keep another wording of a note. The earlier one stays, superseded.

    Example: touchstone note correct 4 --text "unit 4, not 3" --by a.officer
    """
    with opened(home) as (folder, store):
        new = store.correct_note(number, text, actor=person(store, folder, by), authority=folder.settings.authority.code)
    say(f"Note {new} supersedes note {number}.")


@note.command("list")
def note_list(
    kind: Annotated[SubjectKind | None, typer.Argument(help=f"What they are of: {', '.join(NOTED)}. Left out: of anything.")] = None,
    what: Annotated[str, typer.Argument(help="The row's number; of a case its reference.")] = "",
    officer: Annotated[str, typer.Option(help="Only this officer's.")] = "",
    log: Annotated[bool, typer.Option("--log", help="Only entries of investigators' logs.")] = False,
    superseded: Annotated[bool, typer.Option("--superseded", help="Earlier wordings too.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.")] = 200,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Notes of a subject, or an officer's log, oldest first.

    Example: touchstone note list seller 12
    Example: touchstone note list --log --officer a.officer
    """
    if kind is not None and not what:
        raise TouchstoneError(f"say which {kind}")
    of = (_of(kind, what),) if kind is not None else ()
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="note list", justification=why) as reader:
        rows = reader.notes(kind, of, by=officer, kind=NoteKind.log if log else None, superseded=superseded, limit=limit)
    if json:
        return print_json(rows)
    cells = [
        (r.id, f"{r.happened_at or r.at:%Y-%m-%d %H:%M}", f"{r.subject_kind} {r.case or r.subject}", r.kind, r.actor, r.text or "(erased)")
        for r in rows
    ]  # fmt: skip
    table("Notes", ("no", "when (UTC)", "of", "", "by", ""), cells, "Nothing is noted.")


def _of(kind: SubjectKind, what: str) -> int | str:
    if kind is SubjectKind.case:
        return what
    if not what.isdecimal():
        raise TouchstoneError(f"'{what}' is no number of a {kind}")
    return int(what)
