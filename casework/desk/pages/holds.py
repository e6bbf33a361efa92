"""Holds: what may not be erased, whatever its date and whoever approves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import life
from casework.desk.forms import Field, Sent, ask, number, sent
from casework.desk.own import own_home
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.erasure import HOLDABLE
from store.errors import TouchstoneError
from store.words.records import SubjectKind

router = APIRouter()
HOLD = (
    Field("kind", "What", kind="choice", options=sorted((str(kind), kind.replace("_", " ")) for kind in HOLDABLE)),
    Field("number", "Its number", kind="number", required=True),
    Field("reason", "Why it may not be erased", "Without names: the log has it too.", kind="area", required=True),
)
RELEASE = (Field("reason", "Why it no longer stands", kind="area", required=True),)


@router.get("/holds")
def holds(visit: Annotated[Visit, allowed(Action.hold_edit)]) -> Response:
    with visit.reading("hold list") as reader:
        found = reader.holds(visit.authority)
    return visit.page("proposals/holds.html", holds=found[::-1])


@router.get("/holds/new")
def hold_form(visit: Annotated[Visit, allowed(Action.hold_edit)], kind: str = "", number: str = "") -> Response:
    return _hold(visit, {"kind": kind, "number": number})


def _hold(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    return ask(visit, "Hold something", HOLD, values=values, error=error, button="Hold it", back="/holds")


@router.post("/holds/new")
def hold(visit: Annotated[Visit, allowed(Action.hold_edit)], form: Sent) -> Response:
    given: dict[str, Any] = {}
    own_home(visit)
    try:
        given = sent(form, HOLD)
        subject = number(given["number"], "number")
        if subject is None or not given["reason"]:
            raise TouchstoneError("number: give its number, and why it may not be erased")
        held = visit.store.hold(SubjectKind(given["kind"]), subject, actor=visit.actor, reason=given["reason"])
    except TouchstoneError as error:
        return _hold(visit, given, error)
    return visit.go("/holds", f"Hold {held}: {given['kind'].replace('_', ' ')} {subject} is not erased until it is released.")


@router.get("/holds/{hold:int}/release")
def release_form(visit: Annotated[Visit, allowed(Action.hold_edit)], hold: int) -> Response:
    return _release(visit, hold)


def _release(visit: Visit, hold: int, values: dict[str, Any] | None = None, error: Exception | None = None) -> Response:
    with visit.reading("hold list") as reader:
        found = next((each for each in reader.holds(visit.authority) if each.id == hold), None)
    if found is None:
        raise HTTPException(404)
    intro = f"It is on {found.subject_kind.replace('_', ' ')} {found.subject}: {found.reason}"
    return ask(visit, f"Release hold {hold}", RELEASE, values=values, error=error, button="Release it", intro=intro, back="/holds", warning=True)  # fmt: skip


@router.post("/holds/{hold:int}/release")
def release(visit: Annotated[Visit, allowed(Action.hold_edit)], hold: int, form: Sent) -> Response:
    given = sent(form, RELEASE)
    try:
        if not given["reason"]:
            raise TouchstoneError("reason: say why it no longer stands")
        life.release_hold(visit.store, hold, by=visit.actor, reason=given["reason"], authority=visit.authority)
    except TouchstoneError as error:
        return _release(visit, hold, given, error)
    return visit.go("/holds", f"Hold {hold} is released.")
