"""What programs are told: the words of the API, version 1, each a shape that its schema documents. Times are UTC; money is in minor units beside its currency.

What somebody told (sightings, informants) is in none of them, and no finding that rests on a listing that was told of.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from store.findings import KeptFinding
from store.listings import Summary
from store.words.records import Case, Flag, Premises, Run, Seller

VERSION = "1.0"


class Problem(BaseModel):
    """Why there is no answer, in a sentence."""

    error: str


class Listing(BaseModel):
    """An advert as it last read."""

    id: int
    source: str
    ref: str = Field(description="the source's own reference")
    url: str
    title: str
    text: str
    price_minor: int | None
    currency: str | None
    price_text: str = Field(description="the price as it was written")
    seller: int | None = Field(description="the account's number")
    place: str
    image_count: int
    first_seen: datetime
    last_seen: datetime
    level: str = Field(description="none, note, review or priority; empty while no policy has looked at it. A level is never a verdict")
    score: float | None


class Finding(BaseModel):
    """A detector's opinion, for or against."""

    id: int
    method: str
    reason: str
    direction: str = Field(description="suspicious or exculpatory")
    score: float
    sentence: str


class Contribution(BaseModel):
    """One addend of a score; the contributions sum to it."""

    reason: str
    points: float
    finding: int


class Weighed(BaseModel):
    """What the policy makes of the findings: never a verdict."""

    level: str
    score: float
    contributions: list[Contribution]
    not_examined: list[str]


class ListingWhole(Listing):
    """One listing with its flag and its findings."""

    flag: Weighed | None
    findings: list[Finding]


class Account(BaseModel):
    """An account on a source."""

    id: int
    source: str
    handle: str
    name: str
    url: str


class Place(BaseModel):
    """A building, or a unit in it."""

    id: int
    kind: str
    label: str
    building: int | None


class CaseEntry(BaseModel):
    """A case: what it is called and when it was opened, and nothing that is in it."""

    reference: str
    title: str
    own_number: str
    operation: str | None
    opened_at: datetime | None


class Pass(BaseModel):
    """A pass that ran."""

    id: str
    pass_name: str
    source: str | None
    operation: str | None
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None = Field(description="good, unmet or failed; empty while it has no end")
    counts: dict[str, int]


class Site(BaseModel):
    """A source that is crawled, and how the last crawl ended."""

    name: str
    title: str
    url: str
    platform: str
    last_crawl: Pass | None


class Listings(BaseModel):
    items: list[Listing]
    next: int | None = Field(description="give it as after for the next page; empty on the last one")


class Accounts(BaseModel):
    items: list[Account]
    next: int | None


class Places(BaseModel):
    items: list[Place]
    next: int | None


class Cases(BaseModel):
    items: list[CaseEntry]
    next: str | None


class Passes(BaseModel):
    items: list[Pass]
    next: str | None = Field(description="give it as before for the next page; empty on the last one")


class Sites(BaseModel):
    items: list[Site]


def listing(r: Summary) -> Listing:
    return Listing(**_listing(r))


def whole(r: Summary, flag: Flag | None, findings: Collection[KeptFinding]) -> ListingWhole:
    """A listing with what is thought of it; a contribution of a finding that is not among these stands by its number."""
    said = Weighed(
        level=flag.level, score=flag.score, not_examined=list(flag.not_examined),
        contributions=[Contribution(reason=c.reason, points=c.points, finding=c.finding) for c in flag.contributions],
    ) if flag else None  # fmt: skip
    return ListingWhole(**_listing(r), flag=said, findings=[_finding(each) for each in findings])


def account(s: Seller) -> Account:
    return Account(id=s.id or 0, source=s.source, handle=s.handle, name=s.name, url=s.url)


def place(p: Premises) -> Place:
    return Place(id=p.id or 0, kind=p.kind, label=p.label, building=p.building)


def case(c: Case) -> CaseEntry:
    return CaseEntry(reference=c.reference, title=c.title, own_number=c.own_number, operation=c.operation, opened_at=c.opened_at)


def run(r: Run) -> Pass:
    """A run without its message: an error may name an address of a person's own page."""
    return Pass(
        id=r.id, pass_name=r.pass_name, source=r.source, operation=r.operation, started_at=r.started_at, ended_at=r.ended_at,
        outcome=r.outcome, counts=dict(r.counts),
    )  # fmt: skip


def _listing(r: Summary) -> dict[str, Any]:
    s = r.snapshot
    return {
        "id": r.listing.id or 0, "source": r.listing.source, "ref": r.listing.ref, "url": r.listing.url, "title": s.title, "text": s.text,
        "price_minor": s.price_minor, "currency": s.currency, "price_text": s.price_text, "seller": r.seller, "place": s.place,
        "image_count": r.image_count, "first_seen": r.first_seen, "last_seen": r.last_seen, "level": r.level, "score": r.score,
    }  # fmt: skip


def _finding(k: KeptFinding) -> Finding:
    f = k.finding
    return Finding(id=k.id, method=k.method_name, reason=f.reason, direction=f.direction, score=f.score, sentence=f.sentence)
