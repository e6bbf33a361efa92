"""What is due for review: rows whose date has come, with the rule and what still keeps them, and cases. Nothing is erased by it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from casework import life, logbook
from casework.desk.own import path_of
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.review import REVIEWED

router = APIRouter()
PAGE = 50  # rows of a kind


@router.get("/review")
def review(visit: Annotated[Visit, allowed(Action.erase_propose)], on: str = "", kind: str = "") -> Response:
    error, day = "", datetime.now(UTC).date()
    try:
        day = logbook.day(on.strip(), "on") or day
    except TouchstoneError as wrong:
        error = str(wrong)
    kinds = [kind] if kind in REVIEWED else []
    with visit.reading("retention review") as reader:
        rows = reader.review(_begins(day), kinds=kinds, limit=PAGE)
    cases = [each for each in life.cases_due(visit.store, visit.actor, visit.authority) if each.due(day)]
    return visit.page(
        "proposals/review.html", 400 if error else 200, rows=rows, cases=cases, on=day.isoformat(), kind=kind, kinds=list(REVIEWED), erasures=life.ERASURES,
        by_reference=life.BY_REFERENCE, path_of=path_of, error=error, most=PAGE,
    )  # fmt: skip


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
