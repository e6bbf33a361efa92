"""The first page: what ran, what failed, what is next, and what waits for somebody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from casework.desk.app import Entry
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed

router = APIRouter()
NAV = Entry("Today", "/", Action.today_view, 10)


@router.get("/")
def today(visit: Annotated[Visit, allowed(Action.today_view)]) -> Response:
    return visit.page("today/today.html", runs=visit.store.runs(limit=8), levels=visit.store.level_counts())
