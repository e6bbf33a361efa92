"""Operations: what is looked for, why and where; which is due; running one now in a process of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import background, operations, schedule
from casework.commands.operations import keys_of
from casework.desk import live
from casework.desk.app import Entry
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.words.records import Operation

router = APIRouter()
NAV = Entry("Operations", "/operations", Action.operation_view, 110)
RUNS = 20


@router.get("/operations")
def operation_list(visit: Annotated[Visit, allowed(Action.operation_view)]) -> Response:
    now, problem, found, due = datetime.now(UTC), "", list[Operation](), {}
    if _ours(visit):
        try:
            found = operations.find_operations(visit.home)
            due = {each.operation.reference: each for each in schedule.entries(visit.store, visit.home, now)}
        except TouchstoneError as error:
            problem = str(error)
    last = {each.reference: next(iter(visit.store.runs("operation", operation=each.reference, limit=1)), None) for each in found}
    return visit.page("operations/list.html", now=now, operations=found, due=due, last=last, keys_of=keys_of, problem=problem)


@router.get("/operations/{name}")
def operation_show(visit: Annotated[Visit, allowed(Action.operation_view)], name: str) -> Response:
    return _page(visit, _operation(visit, name))


@router.post("/operations/{name}/run")
def operation_run(visit: Annotated[Visit, allowed(Action.operation_run)], name: str, reason: Annotated[str, Form(max_length=300)] = "") -> Response:  # fmt: skip
    """Begin to work through an operation; the page that follows shows how far it has come."""
    operation = _operation(visit, name)
    if why := operations.why_not(visit.store, operation, datetime.now(UTC)):
        return _page(visit, operation, why, 409)
    with visit.store.alone(f"operation {operation.reference}") as free:
        if not free:
            return _page(visit, operation, "It is being worked on already. Wait for it to end.", 409)
    background.start(
        visit.home,
        ["operation", "run", operation.reference, "--by", visit.actor, "--reason", " ".join(reason.split())],
        f"operation-{operation.reference}",
    )
    return visit.go(f"/operations/{operation.reference}", f"Begun: {operation.title}. It goes on when you leave this page.")


def _ours(visit: Visit) -> bool:
    """Operations are the files of this installation's authority; to another's people there are none."""
    return visit.authority == visit.home.settings.authority.code


def _operation(visit: Visit, name: str) -> Operation:
    if not _ours(visit) or name not in {path.stem for path in visit.home.configs("operations")}:
        raise HTTPException(404)
    return operations.find_operations(visit.home, [name])[0]


def _page(visit: Visit, operation: Operation, error: str = "", status: int = 200) -> Response:
    now, reference = datetime.now(UTC), operation.reference
    entry = next((each for each in schedule.entries(visit.store, visit.home, now) if each.operation.reference == reference), None)
    running = [each for each in visit.store.in_progress(visit.authority) if each.run.operation == reference]
    return visit.page(
        "operations/one.html", status, now=now, operation=operation, entry=entry, error=error, running=live.lines(running), keys=keys_of(operation),
        runs=visit.store.runs("operation", operation=reference, limit=RUNS), refused=operations.why_not(visit.store, operation, now),
    )  # fmt: skip
