"""Listings: finding them, and one listing with everything that is known of it and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import queue as officers_queue
from casework.advert import Advert, advert, beside_words
from casework.desk.app import Entry
from casework.desk.filters import Filters
from casework.desk.pages.queue import judging
from casework.desk.settings import Action
from casework.desk.showing import listing_path
from casework.desk.visit import Visit, allowed
from casework.flags import meaning, policy_in_force
from casework.marking import differing
from casework.sightings import SIGHTED, may_be_seen, without_sightings
from casework.working import worked_by
from store.errors import TouchstoneError
from store.history import History
from store.listings import Summary
from store.search import Order
from store.search import Query as Search
from store.store import Acting
from store.words.records import CaptureKind, Sighting, SubjectKind, Version

router = APIRouter()
NAV = Entry("Listings", "/listings", Action.listing_view, 30)
PAGE = 50
VERSIONS = 50  # of a history that are shown, the newest
Viewer = Annotated[Visit, allowed(Action.listing_view)]
PREVALENCES = (0.01, 0.05, 0.2)


@router.get("/listings")
def listings(visit: Viewer, asked: Annotated[Filters, Depends()]) -> Response:
    error = ""
    try:
        query = asked.query()
    except TouchstoneError as problem:
        query, error = Search(), str(problem)
    if not visit.sightings:
        query = replace(query, sources=tuple(each for each in query.sources or _sources(visit) if each not in SIGHTED) or ("",))
    with visit.reading("listing find") as reader:
        found = reader.find(query, after=asked.after, limit=PAGE)
        seen = may_be_seen(reader, found.rows, visit.sightings)
        left_out = reader.left_out().sentence() if query.order is Order.urgent and visit.may(Action.queue_view) else ""
    return visit.page(
        "listings/listings.html", 400 if error else 200, error=error, rows=seen, found=found, asked=asked, left_out=left_out,
        more=f"/listings?{asked.onwards(found.next)}" if found.next else "",
    )  # fmt: skip


def _sources(visit: Visit) -> list[str]:
    return [path.stem for path in visit.home.configs("sources")]


@router.get("/listings/{number:int}")
def by_row(visit: Viewer, number: Annotated[int, Path(ge=1, le=2**31 - 1)], opinion: bool = False) -> Response:
    with visit.reading(_purpose(opinion)) as reader:
        return _page(visit, reader, reader.summaries(numbers=[number]), opinion)


@router.get("/listings/{source}/{ref:path}")
def listing(visit: Viewer, source: str, ref: str, opinion: bool = False) -> Response:
    """`opinion` shows what the score made of a listing that it does not queue, to somebody who has not judged it yet."""
    _may_look(visit, source)
    with visit.reading(_purpose(opinion)) as reader:
        return _page(visit, reader, _of(reader, source, ref), opinion)


def _purpose(opinion: bool) -> str:
    return "listing show, with the score's opinion" if opinion else "listing show"


def _may_look(visit: Visit, source: str) -> None:
    """A sighting is not read for whom sightings are not: that there is one is not told either."""
    if source in SIGHTED and not visit.sightings:
        raise HTTPException(404)


def _of(reader: Acting, source: str, ref: str) -> list[Summary]:
    try:
        return [reader.listing(source, ref)]
    except TouchstoneError:
        raise HTTPException(404) from None


def _page(visit: Visit, reader: Acting, found: list[Summary], opinion: bool) -> Response:
    """The page of one listing, read within the caller's event; 404 for one that is not there, or a sighting that they may not see."""
    seen = may_be_seen(reader, found, visit.sightings)
    if not seen:
        raise HTTPException(404)
    [summary] = seen
    number = summary.listing.id or 0
    card = officers_queue.card(reader, summary, second=visit.may(Action.queue_second))
    blind = visit.may(Action.queue_judge) and not opinion and officers_queue.before_judging(reader, summary).second_look
    shown = advert(visit.store, reader, summary, visit.sightings)
    history = reader.full_history(number)
    context: dict[str, Any] = {
        "advert": shown, "captures": _captures(reader, history), "history": history, "changes": _changes(history), "said_beside": beside_words(summary.details),
        "seller": next(iter(reader.sellers([summary.seller])), None) if summary.seller and visit.may("seller.view") else None,
        "links": without_sightings(reader.links(subject=(SubjectKind.listing, number)), visit.sightings), "scale": _scale(visit, shown),
        "contacts": reader.contacts(listing=number), "judgements": card.judgements, "second": card.second, "waits_for_second": officers_queue.SECOND_PERSON, "works": worked_by(reader, SubjectKind.listing, number) if visit.may(Action.case_view) else [],
        "meetings": reader.same_seller(listing=number, sightings=visit.sightings, limit=20), "sighting": _sighting(visit, reader, number),
    }  # fmt: skip
    return visit.page(
        "listings/listing.html", blind=blind, token=f"{number}.{card.newest}.{card.findings}", versions=VERSIONS, path=listing_path(summary.listing),
        meaning=_meaning(visit, shown), **judging(visit), **context,
    )  # fmt: skip


def _sighting(visit: Visit, reader: Acting, listing: int) -> Sighting | None:
    return next(iter(reader.sightings(listings=[listing])), None) if visit.sightings else None


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of the bars' scale, and where the levels begin on it."""

    low: float
    high: float
    levels: tuple[tuple[str, float], ...]


def _scale(visit: Visit, shown: Advert) -> Scale:
    levels = policy_in_force(visit.store, visit.home).levels
    tops = [0.0, *(each.after for each in shown.reasons)]
    marks = tuple((name, getattr(levels, name)) for name in ("note", "review", "priority"))
    return Scale(min(tops), max(*tops, *(at for _, at in marks)) * 1.02, marks)


def _meaning(visit: Visit, shown: Advert) -> str:
    """How many of a hundred with this score are suspicious, in words; "" where the policy does not say."""
    said = meaning(visit.store, shown.flag) if shown.flag else None
    if said is None or shown.flag is None:
        return ""
    score = shown.flag.score
    shares = ", ".join(f"{said.probability(score, p):.0%} where {p:.0%} are" for p in PREVALENCES)
    return f"Of listings with this score so many are suspicious: {shares} (fitted on {said.data})."


@dataclass(frozen=True, slots=True)
class Shown:
    """A capture of the listing's page with its screenshot, if there is one."""

    version: Version
    screenshot: int | None


def _captures(reader: Acting, history: History) -> list[Shown]:
    """What the newest versions were read from, newest first."""
    out = []
    for version in reversed(history.versions[-VERSIONS:]):
        shots = reader.parts_of(version.capture, CaptureKind.screenshot)
        out.append(Shown(version, shots[-1].id if shots else None))
    return out


def _changes(history: History) -> list[list[tuple[str, Any]]]:
    """Of each version what changed: (field, pieces of `differing`), or for pictures the digests that went and came."""
    out: list[list[tuple[str, Any]]] = [[] for _ in history.versions]
    for place, changes in enumerate(history.changes, 1):
        for change in changes:
            if change.field == "pictures":
                old, new = set(change.old), set(change.new)
                out[place].append(("pictures", {"gone": sorted(old - new), "new": sorted(new - old)}))
            elif change.field == "rendered":
                out[place].append(("how it was read", [("new", "as a browser rendered it" if change.new else "as the server sent it")]))
            elif change.field not in ("price_minor", "currency"):  # they follow from the price as it is written
                out[place].append((change.field.replace("_", " "), differing(str(change.old or ""), str(change.new or ""))))
    return out
