"""How accurate it is: the measured figures, drawn, with what they were measured on; and what officers' judgements say of this store."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from casework import drift, samples
from casework.desk import figures
from casework.desk.app import Entry
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.words.records import Status

router = APIRouter()
NAV = Entry("Accuracy", "/accuracy", Action.accuracy_view, 140)


@router.get("/accuracy")
def accuracy(visit: Annotated[Visit, allowed(Action.accuracy_view)]) -> Response:
    tally = visit.store.tally()
    every = figures.sections()
    in_force = [method for _, method, status in visit.store.methods() if status is Status.in_force]
    return visit.page(
        "accuracy/accuracy.html", tally=tally, recall=samples.recall(tally), drift=drift.look(visit.store, visit.home), methods=in_force,
        lead=[part for section in every if not section.title for part in section.parts], sections=[each for each in every if each.title],
    )  # fmt: skip
