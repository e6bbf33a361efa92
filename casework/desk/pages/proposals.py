"""What waits for a second person: exports, erasures and closings that one asked for and another answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import life
from casework.desk.forms import Field, Sent, ask, said, sent
from casework.desk.own import own_follow_ups, own_home, own_sighting, path_of
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed, number_of
from store.errors import TouchstoneError
from store.proposals import ErasureGround, Proposal

router = APIRouter()
ANSWER = (Field("says", "Your answer", kind="radio", options=(("approved", "Approve"), ("refused", "Refuse"))),)
GROUNDS = {
    ErasureGround.retention: "it is kept no longer than needed (section 39)", ErasureGround.request: "the person asked, and it was decided that they are right (section 47)",
    ErasureGround.unlawful: "to keep it would infringe a principle (section 47)", ErasureGround.mistake: "it should not have been collected", ErasureGround.court: "an order of a court",
}  # fmt: skip


@router.get("/proposals")
def proposals(visit: Annotated[Visit, allowed(Action.export_propose)]) -> Response:
    found = [p for p in visit.store.proposals() if p.authority == visit.authority][::-1]
    waiting = [p for p in found if p.state == "open"]
    answered = [p for p in found if p.state != "open"][:100]
    return visit.page("proposals/list.html", waiting=waiting, answered=answered, grounds=GROUNDS, may_answer=may_answer, path_of=path_of)


def may_answer(visit: Visit, proposal: Proposal) -> bool:
    """Whether this person may approve or refuse it: their role may, and it is not what they asked for themselves."""
    action = Action.export_approve if proposal.act == "export" else Action.erase_approve
    return visit.may(action) and proposal.actor != visit.actor


def _own(visit: Visit, number: int, *acts: str) -> Proposal:
    found = next((p for p in visit.store.proposals(number) if p.authority == visit.authority and p.act in acts), None)
    if found is None:
        raise HTTPException(404)
    return found


def _says(form: Sent) -> str:
    says: str = sent(form, ANSWER)["says"]
    if not says:
        raise TouchstoneError("says: approve it, or refuse it")
    return says


@router.post("/proposals/{number:int}/export")
def answer_export(visit: Annotated[Visit, allowed(Action.export_approve)], number: int, form: Sent) -> Response:
    found = _own(visit, number, "export")
    try:
        done = visit.store.answer(found.id, _says(form), actor=visit.actor)
    except TouchstoneError as error:
        return visit.go("/proposals", said(error), "important")
    return visit.go(
        "/proposals", f"Proposal {done.id}: {done.state}." + (f" {done.actor} makes the pack." if done.state == "approved" else "")
    )


@router.post("/proposals/{number:int}/erase")
def answer_erasure(visit: Annotated[Visit, allowed(Action.erase_approve)], number: int, form: Sent) -> Response:
    """An erasure, or a closing, which is carried out at once."""
    found, extra = _own(visit, number, "erase", "close"), ""
    try:
        says = _says(form)
        if says == "refused":
            visit.store.answer(found.id, says, actor=visit.actor)
        elif found.act == "close":
            life.close(visit.store, found.id, by=visit.actor, on=datetime.now(UTC).date())
        else:
            done = life.erase(visit.store, found.id, by=visit.actor)
            stay = f" Captures that stay, since others need them: {', '.join(map(str, done.stay))}." if done.stay else ""
            extra = stay + (f" {done.unscrubbed}" if done.unscrubbed else "")
    except TouchstoneError as error:
        return visit.go("/proposals", said(error), "important")
    return visit.go("/proposals", f"Proposal {found.id}: {visit.store.proposals(found.id)[0].state}.{extra}")


# -- asking for an erasure -----------------------------------------------------------------------------------------------------
ERASE = (
    Field("kind", "What is to be erased", kind="choice", options=[(kind, kind.replace("_", " ")) for kind in life.ERASURES]),
    Field("subject", "Its number; of a sighting, an informant or a case the reference", required=True),
    Field("ground", "On which ground", "No other words are asked for: they would stand for good.", kind="radio", options=[(str(g), f"{g}: {words}") for g, words in GROUNDS.items()]),
)  # fmt: skip


@router.get("/proposals/erasure")
def erasure_form(visit: Annotated[Visit, allowed(Action.erase_propose)], kind: str = "", subject: str = "") -> Response:
    return _erasure(visit, {"kind": kind, "subject": subject, "ground": ErasureGround.retention if kind else ""})


def _erasure(visit: Visit, values: dict[str, str], error: Exception | None = None) -> Response:
    intro = "Another person approves it, and only then is anything erased. A hold or an open case refuses it."
    return ask(visit, "Ask for an erasure", ERASE, values=values, error=error, button="Ask for it", intro=intro, back="/proposals", warning=True)  # fmt: skip


@router.post("/proposals/erasure")
def erasure(visit: Annotated[Visit, allowed(Action.erase_propose)], form: Sent) -> Response:
    given = {}
    try:
        given = sent(form, ERASE)
        if not given["ground"]:
            raise TouchstoneError("ground: say on which ground it is to be erased")
        _own_subject(visit, given["kind"], given["subject"])
        number = life.propose_erasure(visit.store, given["kind"], given["subject"], ErasureGround(given["ground"]), by=visit.actor, authority=own_home(visit).settings.authority.code)  # fmt: skip
    except TouchstoneError as error:
        return _erasure(visit, given, error)
    return visit.go("/proposals", f"Proposal {number}: erase {given['kind'].replace('_', ' ')} {given['subject']}. Another person answers.")


def _own_subject(visit: Visit, kind: str, subject: str) -> None:
    """Raises TouchstoneError for what is another authority's: the words are those for what there is not."""
    if kind == "case" and subject not in [case.reference for case in visit.store.cases() if case.authority == visit.authority]:
        raise TouchstoneError(f"subject: there is no case '{subject}'")
    with visit.reading("erasure asked for") as reader:
        if kind in ("sighting", "informant"):
            own_sighting(visit, reader, subject)
        elif kind == "follow_up" and subject.isdecimal():
            own_follow_ups(visit, reader, [number_of(subject)])
