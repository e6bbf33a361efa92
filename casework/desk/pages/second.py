"""The second person's queue, shown without what the first said; how far people agree; and where they differ, for a third."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import JSONResponse, Response

from casework import agreement
from casework.desk.cards import shown
from casework.desk.pages.queue import by_script, chosen, judging, member_of
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.judging_settings import read_judging
from casework.second import judge_second, second_cards
from casework.sightings import may_be_seen
from store.errors import TouchstoneError
from store.second import SecondDue
from store.words.records import Verdict

router = APIRouter()
Second = Annotated[Visit, allowed(Action.queue_second)]


@router.get("/queue/second")
def second(visit: Second) -> Response:
    """What waits for this person, the longest first."""
    with visit.reading("second review") as reader:
        waiting = second_cards(reader)
        seen = may_be_seen(reader, [each.card.summary for each in waiting], visit.sightings)
        due = [each for each in waiting if each.card.summary in seen]
        rows = list(zip(shown(reader, [each.card for each in due]), due, strict=True))
    return visit.page("queue/second.html", rows=rows, **judging(visit))


@router.post("/queue/second")
def judge(visit: Second, card: Annotated[str, Form(max_length=120)], first: Annotated[int, Form(ge=1, le=2**31 - 1)], verdict: Annotated[Verdict, Form()], code: Annotated[str, Form(max_length=80)] = "", note: Annotated[str, Form(max_length=4000)] = "") -> Response:  # fmt: skip
    """Judge as the second person; now it is told what the first said. A script gets it, or why not, as JSON."""
    member = member_of(card)
    reason = chosen(read_judging(visit.home), verdict, code, note)
    due = SecondDue(member.listing, first)
    try:
        judged, before = judge_second(
            visit.store, visit.home, due, verdict, note, visit.actor, code=reason, findings=member.findings, sightings=visit.sightings
        )
    except TouchstoneError as error:
        if not by_script(visit):
            raise
        return JSONResponse({"error": str(error)}, 409)
    mine = judged.judgement
    said = f"You said {mine.verdict}. {before.actor} had said {before.verdict}: {before.reason}."
    if by_script(visit):
        return JSONResponse({"said": said, "listing": mine.subject, "verdict": str(mine.verdict)})
    return visit.go("/queue/second", said, "success" if mine.verdict is before.verdict else "important")


@router.get("/queue/agreement")
def agreed(visit: Second) -> Response:
    """Cohen's kappa over all and between each two people, its table and n beside it; and where they differ."""
    with visit.reading("agreement") as reader:
        pairs = reader.second_pairs()
        mine = [p for p in agreement.unlike(pairs) if visit.actor not in (p.first.actor, p.second.actor)]
        numbers = [p.second.subject for p in mine]
        found = {s.listing.id: s for s in reader.summaries(numbers=numbers, limit=len(numbers))} if numbers else {}
    rows = [{"pair": p, "summary": found[p.second.subject]} for p in mine if p.second.subject in found]
    return visit.page("queue/agreement.html", agreements=agreement.agreements(pairs), rows=rows)
