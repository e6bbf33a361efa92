"""How long a case is kept, by its outcomes and what people say of custody and appeal; and asking that it be closed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from casework import life
from casework.desk.forms import Field, Sent, said, sent
from casework.desk.own import own_case, own_home, path_of
from casework.desk.pages.cases import case_page
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.proposals import ErasureGround
from store.rules import TERMS
from store.words.records import Case

router = APIRouter()
TERM = (
    Field("says", "What is to be recorded", kind="radio", options=[("custody", "A sentence of custody"), ("release", "Release from custody"), ("appeal", "An appeal"), ("appeal_ended", "The end of the appeal")]),
    Field("day", "Its day", "As 2026-11-26."),
)  # fmt: skip
assert {value for value, _ in TERM[0].options} == set(TERMS)


def _page(visit: Visit, case: Case, status: int = 200, error: str = "") -> Response:
    due = life.case_due(visit.store, case.reference, visit.actor)
    return case_page(
        visit, case, "keeping", "cases/keeping.html", status, due=due, is_due=due.due(datetime.now(UTC).date()), terms=visit.store.terms(case.reference), fields=TERM,
        error=error, asked=[p for p in visit.store.proposals() if p.subject_kind == "case" and p.subject == case.reference][::-1],
    )  # fmt: skip


@router.get("/cases/{key}/keeping")
def keeping(visit: Annotated[Visit, allowed(Action.case_view)], key: str) -> Response:
    return _page(visit, own_case(visit, key))


@router.post("/cases/{key}/keeping")
def tell(visit: Annotated[Visit, allowed(Action.hold_edit)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    own_home(visit)
    try:
        given = sent(form, TERM)
        visit.store.say_term(case.reference, given["says"], given["day"], actor=visit.actor)
    except TouchstoneError as error:
        return _page(visit, case, 400, said(error))
    return visit.go(path_of(case.reference, "keeping"), "It is recorded.")


@router.post("/cases/{key}/keeping/close")
def close(visit: Annotated[Visit, allowed(Action.erase_propose)], key: str) -> Response:
    """Ask that it be closed."""
    case = own_case(visit, key)
    try:
        visit.store.propose("close", "case", case.reference, ErasureGround.none, actor=visit.actor, authority=own_home(visit).settings.authority.code)  # fmt: skip
    except TouchstoneError as error:
        return visit.go(path_of(case.reference, "keeping"), said(error), "important")
    return visit.go(path_of(case.reference, "keeping"), "You asked that the case be closed. Another person answers.")
