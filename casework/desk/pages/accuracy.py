"""How accurate it is: the measured figures, drawn, with what they were measured on; and what officers' judgements say of this store."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from casework import agreement, drift, samples
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
    every, agreed = figures.sections(), None
    if visit.may("queue.view"):  # judgements are read for it, though none is shown
        with visit.reading("accuracy") as reader:
            agreed = agreement.agreements(reader.second_pairs())[0]
    in_force = [method for _, method, status in visit.store.methods() if status is Status.in_force]
    return visit.page(
        "accuracy/accuracy.html", tally=tally, recall=samples.recall(tally), agreed=agreed, drift=drift.look(visit.store, visit.home), methods=in_force,
        lead=[part for section in every if not section.title for part in section.parts], sections=[each for each in every if each.title],
    )  # fmt: skip
