"""Sellers: finding an account, one account with all that it shows and leads to, and the evidence of who runs it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path
from fastapi import Query as Asked
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import attribution
from casework.desk.app import Entry
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed, number_of
from casework.sightings import SIGHTED, account_may_be_seen, may_be_seen, without_sightings
from casework.working import worked_by
from store.attribution import SAYS, Kind, Strength
from store.errors import TouchstoneError
from store.places import GONE
from store.search import LARGEST, Query
from store.store import Acting
from store.words.records import Level, Seller, SubjectKind, Verdict
from store.words.terms import terms_of

router = APIRouter()
NAV = Entry("Sellers", "/sellers", Action.seller_view, 40)
PAGE = 50
MOST_LOOKED_AT = 1000  # listings whose seller's words are compared with what is looked for, the newest
Viewer = Annotated[Visit, allowed(Action.seller_view)]
Editor = Annotated[Visit, allowed(Action.attribution_edit)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Said = Annotated[str, Form(max_length=2000)]
VERDICTS = (Verdict.yes, Verdict.no, Verdict.unsure)


@router.get("/sellers")
def sellers(visit: Viewer, q: Annotated[str, Asked(max_length=200)] = "", after: Annotated[int, Asked(ge=0, le=2**31 - 1)] = 0) -> Response:
    words = " ".join(q.split())
    with visit.reading("seller list") as reader:
        found, whole = _named(reader, words) if words else (reader.sellers(after=after, limit=PAGE), True)
        shown = [one for one in found if account_may_be_seen(reader, one, visit.sightings)]
    more = f"/sellers?{urlencode({'after': found[-1].id})}" if not words and len(found) == PAGE else ""
    return visit.page("sellers/sellers.html", rows=shown, more=more, q=words, whole=whole)


def _named(reader: Acting, words: str) -> tuple[list[Seller], bool]:
    """Accounts whose handle or name has all these words, as their listings give them; and whether all listings with the words were gone through."""
    asked, numbers, after = set(terms_of([words])), dict[int, None](), ""
    for _ in range(MOST_LOOKED_AT // LARGEST):
        page = reader.find(Query(words), after=after, limit=LARGEST, facets=False)
        for row in page.rows:
            if row.seller is not None and asked <= set(terms_of([row.snapshot.seller, row.snapshot.seller_name])):
                numbers[row.seller] = None
        after = page.next
        if not after or len(numbers) > PAGE:
            break
    return reader.sellers(sorted(numbers)[:PAGE]) if numbers else [], not after and len(numbers) <= PAGE


@router.get("/sellers/{number}")
def seller(visit: Viewer, number: Number) -> Response:
    with visit.reading("seller show") as reader:
        return _page(visit, reader, number)


@router.post("/sellers/{number}/evidence")
def add_evidence(
    visit: Editor, number: Number, kind: Annotated[Kind | None, Form()] = None, says: Said = "", person: Said = "",
    strength: Annotated[Strength, Form()] = Strength.moderate, against: Annotated[bool, Form()] = False,
    capture: Annotated[str, Form(max_length=12)] = "", source: Said = "",
) -> Response:  # fmt: skip
    """Record a piece of evidence of who runs the account. It moves nothing until a person judges."""

    def act() -> str:
        if kind is None:
            raise TouchstoneError("Say what kind of evidence it is.")
        if capture.strip() and not number_of(capture):
            raise TouchstoneError("A capture is named by its number.")
        new = visit.store.keep_ground(
            number, kind, says, person_named=person, strength=strength, actor=visit.actor, authority=visit.authority, against=against,
            capture=number_of(capture) or None, source=source,
        )  # fmt: skip
        return f"Evidence {new} is recorded. It moves nothing until a person judges."

    return _done(visit, number, act, "kind")


@router.post("/sellers/{number}/evidence/{ground}/withdraw")
def withdraw_evidence(visit: Editor, number: Number, ground: Number, why: Said = "") -> Response:
    def act() -> str:
        with visit.reading("seller attribution") as reader:
            if ground not in {each.id for each in reader.grounds(number)}:
                raise TouchstoneError(f"This account has no evidence {ground} that could be withdrawn.")
        visit.store.withdraw_ground(ground, actor=visit.actor, authority=visit.authority, why=why)
        return f"Evidence {ground} is withdrawn; its row stays."

    return _done(visit, number, act, f"why-{ground}")


@router.post("/sellers/{number}/attribution")
def judge(visit: Editor, number: Number, verdict: Annotated[Verdict | None, Form()] = None, reason: Said = "") -> Response:
    """Judge whether who runs the account is shown: yes rests on all evidence that counts."""

    def act() -> str:
        if verdict not in VERDICTS:
            raise TouchstoneError("Say yes, no or unsure.")
        if not reason.strip():
            raise TouchstoneError("Say why, in your words: it will be read in court.")
        attribution.judge(visit.store, visit.home, number, verdict, reason.strip(), visit.actor)
        return "Your judgement is recorded."

    return _done(visit, number, act, "attribution-reason")


def _done(visit: Visit, number: int, act: Any, field: str) -> Response:
    """Do what a form of the page asks, and go back to it; or show it again with what was wrong."""
    with visit.reading("seller attribution") as reader:
        known(visit, reader, number)
    try:
        said = act()
    except TouchstoneError as error:
        with visit.reading("seller show") as reader:
            return _page(visit, reader, number, error=str(error), field=field)
    return visit.go(f"/sellers/{number}", said)


def known(visit: Visit, reader: Acting, number: int) -> Seller:
    """The account, where this person may see it; else there is no such page."""
    found = reader.sellers([number])
    if not found or not account_may_be_seen(reader, found[0], visit.sightings):
        raise HTTPException(404)
    return found[0]


def _page(visit: Visit, reader: Acting, number: int, error: str = "", field: str = "") -> Response:
    one = known(visit, reader, number)
    about = attribution.page(reader, number)
    links = reader.links(subject=(SubjectKind.seller, number)) + reader.links(object=(SubjectKind.seller, number))
    links = without_sightings([link for link in links if link.status != GONE], visit.sightings)
    to_sellers = [link for link in links if link.object_kind is SubjectKind.seller]
    others = {each.id: each for each in reader.sellers([link.object if link.subject == number else link.subject for link in to_sellers])}
    listings = may_be_seen(reader, reader.seller_listings(number), visit.sightings)
    rank = {str(level): place for place, level in enumerate(reversed(Level))}
    places = [link for link in links if link.object_kind is SubjectKind.premises]
    hidden = {
        number for number, other in others.items() if other.source in SIGHTED and not account_may_be_seen(reader, other, visit.sightings)
    }
    context: dict[str, Any] = {
        "seller": one, "about": about, "works": worked_by(reader, SubjectKind.seller, number) if visit.may(Action.case_view) else [], "listings": sorted(listings, key=lambda row: (rank.get(row.level, len(rank)), -(row.score or 0))),
        "contacts": reader.contacts(seller=number), "places": places, "labels": {each.id: each.label for each in reader.premises([link.object for link in places])} if places else {},
        "accounts": [(link, other) for link in to_sellers if (other := others.get(link.object if link.subject == number else link.subject)) and other.id not in hidden],
        "meetings": reader.same_seller(seller=number, sightings=visit.sightings, limit=20),
    }  # fmt: skip
    return visit.page(
        "sellers/seller.html",
        400 if error else 200,
        error=error,
        field=field,
        kinds=SAYS,
        strengths=list(Strength),
        verdicts=VERDICTS,
        **context,
    )
