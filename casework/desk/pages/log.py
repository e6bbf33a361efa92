"""The audit log: searched from its end, its chain walked, and handed out for a reason."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from casework import logbook
from casework.desk.app import Entry
from casework.desk.downloads import download
from casework.desk.settings import Action
from casework.desk.visit import Row, Visit, allowed
from store.errors import TouchstoneError
from store.words.dates import LONDON
from store.words.records import Event, Verb

router = APIRouter()
NAV = Entry("Log", "/log", Action.log_view, 130)
PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched for, as the form has it."""

    actor: str = ""
    verb: str = ""
    case: str = ""
    about: str = ""
    since: str = ""
    until: str = ""

    def choice(self) -> logbook.Choice:
        """Raises TouchstoneError for what is no verb, no day, or no kind of row with its number."""
        if self.verb and self.verb not in set(Verb):
            raise TouchstoneError(f"'{self.verb}' is no verb of the log; there are {', '.join(Verb)}")
        since, until = logbook.day(self.since, "From"), logbook.day(self.until, "To")
        about = logbook.subject(self.about) if self.about else None
        return logbook.Choice(self.case, self.actor, (Verb(self.verb),) if self.verb else (), since, until, about)

    def given(self) -> dict[str, str]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def asked(actor: str = "", verb: str = "", case: str = "", about: str = "", since: str = "", until: str = "") -> Asked:
    return Asked(*(said.replace("\0", "").strip()[:200] for said in (actor, verb, case, about, since, until)))


@router.get("/log")
def log_list(visit: Annotated[Visit, allowed(Action.log_view)], search: Annotated[Asked, Depends(asked)], before: Row = 0) -> Response:
    try:
        choice = search.choice()
    except TouchstoneError as error:
        return _page(visit, search, [], error=str(error), status=400)
    found, onwards = _found(visit, choice, max(0, before))
    visit.store.note_consultation(
        visit.actor,
        purpose="log",
        justification=visit.reason,
        detail={"asked": search.given(), "events": len(found), "before": before or None},
    )
    return _page(visit, search, found, more=visit.at(f"/log?{urlencode({**search.given(), 'before': onwards})}") if onwards else "")


@router.post("/log/verify")
def log_verify(visit: Annotated[Visit, allowed(Action.log_view)]) -> Response:
    """Walk the whole chain, and hold the rows against it."""
    problems, (seq, head) = visit.store.verify_log(), visit.store.log_head()
    visit.store.note_consultation(visit.actor, purpose="log verify", justification=visit.reason, detail={"upto": seq, "problems": len(problems)})  # fmt: skip
    return visit.page("log/verified.html", problems=problems, seq=seq, head=head)


@router.get("/log/export")
def log_export_form(visit: Annotated[Visit, allowed(Action.log_export)], search: Annotated[Asked, Depends(asked)]) -> Response:
    return visit.page("log/export.html", search=search, error="", why="", verbs=list(Verb))


@router.post("/log/export")
def log_export(
    visit: Annotated[Visit, allowed(Action.log_export)], why: Annotated[str, Form(max_length=300)] = "", actor: Annotated[str, Form()] = "",
    verb: Annotated[str, Form()] = "", case: Annotated[str, Form()] = "", about: Annotated[str, Form()] = "", since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The chosen events as CSV, each of this authority's people and systems; it is a disclosure, and wants a reason."""
    search, why = asked(actor, verb, case, about, since, until), " ".join(why.split())
    try:
        if not why:
            raise TouchstoneError("Say why it is handed out, and to whom")
        choice = logbook.within(search.choice(), visit.store.actors(visit.authority))
    except TouchstoneError as error:
        return visit.page("log/export.html", 400, search=search, error=str(error), why=why, verbs=list(Verb))
    with tempfile.TemporaryDirectory(prefix="touchstone-log-") as folder:
        file = Path(folder) / "log.csv"
        with visit.reading("log export", why) as reader:
            taken, seq, _ = logbook.write(visit.store, file, choice)
            reader.disclose("export of the log, csv", {"events": taken, "upto": seq})
        return download(file.read_bytes(), f"log-{datetime.now(UTC):%Y-%m-%d}.csv", "text/csv; charset=utf-8")


def _found(visit: Visit, choice: logbook.Choice, before: int) -> tuple[list[Event], int]:
    """A page of events, newest first, and the number below which the next begins (0: there is none)."""
    return visit.store.log_before(
        before or None, authority=visit.authority, limit=PAGE, case=choice.case, actor=choice.actor, verbs=choice.verbs,
        since=_midnight(choice.since), until=_midnight(choice.until + timedelta(days=1)) if choice.until else None, takes=choice.takes,
    )  # fmt: skip


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), LONDON).astimezone(UTC) if day else None


def _page(visit: Visit, search: Asked, found: list[Event], *, more: str = "", error: str = "", status: int = 200) -> Response:
    rows: list[Any] = [(event.seq, datetime.fromisoformat(event.body["at"]), event.body) for event in found]
    return visit.page(
        "log/list.html", status, search=search, rows=rows, more=more, error=error, verbs=list(Verb), query=urlencode(search.given())
    )
