"""One premises: the building and its units, what registers have said of it, who is there, what leads to it and why, to confirm or to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from starlette.responses import Response

from casework import followup, tasking
from casework.desk.downloads import download
from casework.desk.pages.premises import sees_sightings
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.judgements import judge_link
from casework.places import occupants_at, where
from casework.sightings import account_may_be_seen, may_be_seen
from premises import rank
from premises.link import NAMES_THE_UNIT
from store.occupants import Basis, Occupant
from store.occupants import Role as Standing
from store.places import GONE
from store.store import Acting
from store.words.records import Judgement, Link, Premises, SubjectKind, Verdict

router = APIRouter()
DECIDED = {Verdict.yes: "confirmed", Verdict.no: "refused", Verdict.unsure: "left open: unsure"}


@dataclass(frozen=True)
class Led:
    """A link as the page shows it: whose it is, what is said for and against, whether it reaches the unit, and who judged it last."""

    link: Link
    subject: str
    source: str
    judged: Judgement | None
    names_the_unit: bool


@router.get("/premises/{number:int}")
def place(visit: Annotated[Visit, allowed(Action.premises_view)], number: int) -> Response:
    return _page(visit, number)


@router.post("/premises/{number:int}/links/{link:int}")
def judge(
    visit: Annotated[Visit, allowed(Action.link_judge)], number: int, link: int, verdict: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    with visit.reading("judge", reason) as reader:
        known = _subjects(
            visit, reader, reader.links(numbers=[link], object=(SubjectKind.premises, number), sightings=sees_sightings(visit))
        )
    if not known:
        raise HTTPException(404)
    if verdict not in DECIDED or not reason.strip():
        return _page(visit, number, link, "Say yes, no or unsure, and give the reason: it will be read in court.", verdict, reason)
    said = judge_link(visit.store, visit.home, link, Verdict(verdict), reason.strip(), visit.actor)
    return visit.go(f"/premises/{number}", f"Link {link} is {DECIDED[Verdict(verdict)]}, as judgement {said.id}.")


@router.post("/premises/{number:int}/tasking")
def sheet(visit: Annotated[Visit, allowed(Action.followup_edit)], number: int) -> Response:
    with visit.reading("tasking sheet") as reader:
        _there(reader, number)
        body = tasking.sheet_pdf(reader, visit.home, number, visit.authority)
    return download(body, f"tasking-{number}.pdf", "application/pdf")


def _page(visit: Visit, number: int, wrong: int = 0, error: str = "", verdict: str = "", reason: str = "") -> Response:
    told = sees_sightings(visit)
    with visit.reading("premises show") as reader:
        here = _there(reader, number)
        found = rank.show(reader, number, home=visit.home, sightings=told)
        leads = reader.links(object=(SubjectKind.premises, number), sightings=told)
        subjects = _subjects(visit, reader, leads)
        led = [
            _led(reader, each, *subjects[each.subject_kind, each.subject])
            for each in (*found.links, *(x for x in leads if x.status == "refused"))
            if (each.subject_kind, each.subject) in subjects
        ]
        around = {p.id: p for p in reader.premises(reader.premises_around(number))}
        occupants = [each for each in occupants_at(reader, visit.home, number) if _shown(visit, each)]
        done = followup.timeline(reader, number, visit.authority) if visit.may(Action.followup_view) else []
    return visit.page(
        "premises/place.html", 400 if error else 200, one=found, where=where(found), building=around.get(here.building), units=_units(around, number),
        open=[x for x in led if x.link.status not in ("refused", GONE)], closed=[x for x in led if x.link.status in ("refused", GONE)],
        front=[o for o in occupants if o.role in (Standing.front, Standing.hidden)], occupants=[o for o in occupants if o.role not in (Standing.front, Standing.hidden)],
        editions={each.id: each for each in visit.store.register_snapshots()}, done=done, sentence=followup.sentence, wrong=wrong, error=error, verdict=verdict, reason=reason,
    )  # fmt: skip


def _there(reader: Acting, number: int) -> Premises:
    found = reader.premises([number])
    if not found:
        raise HTTPException(404)
    return found[0]


def _units(around: dict[int | None, Premises], number: int) -> list[Premises]:
    return sorted((p for p in around.values() if p.building == number), key=lambda p: p.id or 0)


def _shown(visit: Visit, one: Occupant) -> bool:
    """What registers say is anybody's; what an officer says is for whom follow-ups are, and of their own authority."""
    if one.id is None:
        return True
    return (
        visit.may(Action.followup_view) and one.authority == visit.authority and (one.basis is not Basis.sighting or sees_sightings(visit))
    )


def _subjects(visit: Visit, reader: Acting, links: list[Link]) -> dict[tuple[SubjectKind, int], tuple[str, str]]:
    """(name, source) of each account and advert that leads here; of another authority's sightings none."""
    sellers = sorted({x.subject for x in links if x.subject_kind is SubjectKind.seller})
    adverts = sorted({x.subject for x in links if x.subject_kind is SubjectKind.listing})
    found: dict[tuple[SubjectKind, int], tuple[str, str]] = {}
    for seller in reader.sellers(sellers) if sellers else []:
        if account_may_be_seen(reader, seller, visit.sightings):
            found[SubjectKind.seller, seller.id or 0] = (seller.name or seller.handle, seller.source)
    summaries = reader.summaries(numbers=adverts, limit=len(adverts)) if adverts else []
    for each in may_be_seen(reader, summaries, visit.sightings):
        found[SubjectKind.listing, each.listing.id or 0] = (each.snapshot.title or each.listing.ref, each.listing.source)
    return found


def _led(reader: Acting, link: Link, name: str, source: str) -> Led:
    return Led(link, name, source, reader.judgement_of_pair(link), any(r.code in NAMES_THE_UNIT and not r.against for r in link.reasons))
