"""The evidence pack of a case: asked for, made beside the desk with its progress shown, downloaded, checked."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from casework.desk import packing
from casework.desk.files import sent_file
from casework.desk.forms import Field, Sent, ask, said, sent
from casework.desk.forms import number as number_of
from casework.desk.own import own_case, own_home, path_of
from casework.desk.pages.cases import case_page
from casework.desk.pages.cases_exhibits import back_to
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.export import STAGES
from store.config import Home
from store.errors import TouchstoneError
from store.proposals import ErasureGround, Proposal
from store.words.records import Case

router = APIRouter()
EVERY = 0.4  # seconds between two looks at how far a pack is
LONGEST = 3600.0  # seconds for which a page is told; it may ask again


def _asked(visit: Visit, case: Case) -> list[Proposal]:
    return [p for p in visit.store.proposals() if (p.act, p.subject) == ("export", case.reference) and p.authority == visit.authority][::-1]


def _own_pack(visit: Visit, case: Case, number: int) -> packing.Pack:
    found = packing.pack(visit.home, case.reference, number)
    if found is None:
        raise HTTPException(404)
    return found


@router.get("/cases/{key}/export")
def packs(visit: Annotated[Visit, allowed(Action.case_view)], key: str) -> Response:
    case = own_case(visit, key)
    two = "export" in visit.store.rules.two_persons.acts
    asked = _asked(visit, case)
    mine = [p for p in asked if p.actor == visit.actor]
    may_start = visit.may(Action.export_propose) and (not two or any(p.state == "approved" for p in mine))
    waits = next((p for p in mine if p.state == "open"), None)
    return case_page(
        visit,
        case,
        "export",
        "cases/export.html",
        packs=packing.packs(visit.home, case.reference),
        two=two,
        asked=asked,
        may_start=may_start,
        waits=waits,
    )


@router.post("/cases/{key}/export/ask")
def ask_for(visit: Annotated[Visit, allowed(Action.export_propose)], key: str) -> Response:
    case = own_case(visit, key)
    try:
        visit.store.propose("export", "case", case.reference, ErasureGround.none, actor=visit.actor, authority=own_home(visit).settings.authority.code)  # fmt: skip
    except TouchstoneError as error:
        return visit.go(path_of(case.reference, "export"), said(error), "important")
    return visit.go(path_of(case.reference, "export"), "You asked for it. Another person approves it, and then you make it.")


def _fields(visit: Visit, case: Case) -> list[Field]:
    seals = [(str(seal.event), f"as it was sealed at event {seal.event}, on {seal.at:%d %B %Y, %H:%M} UTC") for seal in visit.store.seals(case.reference)]  # fmt: skip
    return [
        Field("why", "Why the pack is made", "It hands personal data on (section 62 of the Data Protection Act 2018): it goes into the log.", required=True),
        Field("seal", "As of when", "A pack of the same seal has the same head.", kind="choice", options=[("", "as the case stands now"), *seals[::-1]]),
    ]  # fmt: skip


@router.get("/cases/{key}/export/start")
def start_form(visit: Annotated[Visit, allowed(Action.export_propose)], key: str) -> Response:
    return _start(visit, own_case(visit, key), {"why": visit.reason})


def _start(visit: Visit, case: Case, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = "The case is sealed as it stands, and the pack holds what it rests on, byte for byte, with every digest. It takes from seconds to minutes; you may go on working."
    return ask(visit, "Make the evidence pack", _fields(visit, case), values=values, error=error, button="Make the pack", intro=intro, **back_to(case, "export"))  # fmt: skip


@router.post("/cases/{key}/export/start")
def start(visit: Annotated[Visit, allowed(Action.export_propose)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    given: dict[str, Any] = {}
    try:
        given = sent(form, _fields(visit, case))
        if not given["why"]:
            raise TouchstoneError("why: say why the pack is made")
        visit.store.approved("export", case.reference, visit.actor)
        number = packing.start(own_home(visit), case.reference, by=visit.actor, why=given["why"], seal=number_of(given["seal"], "seal"))
    except TouchstoneError as error:
        return _start(visit, case, given, error)
    return visit.go(path_of(case.reference, "export", number))


# -- one pack ----------------------------------------------------------------------------------------------------------------
@router.get("/cases/{key}/export/{number:int}")
def one_pack(visit: Annotated[Visit, allowed(Action.case_view)], key: str, number: int) -> Response:
    case = own_case(visit, key)
    made = _own_pack(visit, case, number)
    return case_page(
        visit,
        case,
        "export",
        "cases/pack.html",
        pack=made,
        stages=STAGES,
        done=packing.share(made),
        notes=[said(note) for note in made.notes],
        error=said(made.error),
    )


@router.get("/cases/{key}/export/{number:int}/events")
def events(visit: Annotated[Visit, allowed(Action.case_view)], key: str, number: int) -> Response:
    """How far it is, as server-sent events, until it is over."""
    case = own_case(visit, key)
    _own_pack(visit, case, number)
    return StreamingResponse(_told(visit.home, case.reference, number), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _told(home: Home, case: str, number: int) -> AsyncIterator[str]:
    shown: tuple[Any, ...] | None = None
    for look in range(1, int(LONGEST / EVERY)):
        made = packing.pack(home, case, number)
        if made is None:
            return
        now = (len(made.stages), made.over)
        if now != shown:
            shown = now
            body = {"done": packing.share(made), "of": len(STAGES), "stage": made.stages[-1] if made.stages else "", "over": made.over}
            yield f"data: {json.dumps(body)}\n\n"
        elif look % 25 == 0:
            yield ": still at it\n\n"  # so that nobody between here and the browser takes it for dead
        if made.over:
            return
        await asyncio.sleep(EVERY)


@router.get("/cases/{key}/export/{number:int}/pack.zip")
def download(visit: Annotated[Visit, allowed(Action.export_propose)], key: str, number: int) -> Response:
    case = own_case(visit, key)
    made = _own_pack(visit, case, number)
    if not made.here:
        raise HTTPException(404)
    with visit.reading("pack download", why=visit.reason or made.why, case=case.reference) as reader:
        reader.disclose(f"{visit.actor}, who downloads the pack of case {case.reference}", {"head": made.head, "seal": made.seal})
    return sent_file(made.zip, made.zip.name)


@router.post("/cases/{key}/export/{number:int}/verify")
def verify(visit: Annotated[Visit, allowed(Action.case_view)], key: str, number: int, form: Sent) -> Response:
    from casework import verify as verifier
    from casework.export.attest import Check

    case = own_case(visit, key)
    made = _own_pack(visit, case, number)
    given = re.sub(r"\s|^sha256:", "", sent(form, [Field("head", "")])["head"]).lower()
    there = path_of(case.reference, "export", number)
    if given and not re.fullmatch(r"[0-9a-f]{64}", given):
        return visit.go(there, "A head has 64 figures and letters, 0 to 9 and a to f: copy it from the paper once more.", "important")
    if not made.here:
        raise HTTPException(404)
    report = verifier.verify(made.folder, given or None, vouch=Check())
    packing.keep_verified(made, {
        "accepted": report.accepted, "head": report.head, "quoted": given, "by": visit.actor, "problems": [str(each) for each in report.problems],
        "checked": report.checked, "not_checked": report.not_checked, "warnings": report.warnings,
    })  # fmt: skip
    return visit.go(there, "The pack was checked: accepted." if report.accepted else "The pack was checked: REFUSED.", "success" if report.accepted else "important")  # fmt: skip


@router.post("/cases/{key}/export/{number:int}/remove")
def remove(visit: Annotated[Visit, allowed(Action.export_propose)], key: str, number: int) -> Response:
    case = own_case(visit, key)
    made = _own_pack(visit, case, number)
    if not made.here:
        raise HTTPException(404)
    packing.remove(made)
    words = "The pack is taken from this machine. The same seal makes the same pack again."
    return visit.go(path_of(case.reference, "export", number), words)
