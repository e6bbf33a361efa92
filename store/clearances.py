"""Cleared accounts, companies and sites: authorised stockists and sellers whose goods were found to be right, so that these do not come back.

A person records it, on stated evidence, for one brand or all, until a day or until it is withdrawn; a later row supersedes. What is cleared is left out of
the queue and counted, never deleted, and never all of it (`covers`): a flag at `priority` whose findings are new since the clearance is queued all
the same. Accounts are sold and taken over, and a stockist can mix copies among the goods; the clearance answers what was known when it was given.
Priority is rare for honest sellers, and what an officer judges leaves the queue as ever, so that the exception costs them little.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from store import recorded
from store import tables as t
from store.database import Database
from store.errors import TouchstoneError
from store.places import judged
from store.reader import Reader
from store.recorded import ERASED
from store.words.dates import LONDON
from store.words.hosts import host_of
from store.words.identifiers import company_number
from store.words.records import Level, SubjectKind, Verb, Verdict


class Cleared(enum.StrEnum):
    seller = "seller"
    company = "company"  # by its number: the accounts that people linked to a place at which people say it is
    domain = "domain"  # a site by its name: the adverts at its addresses


@dataclass(frozen=True, slots=True)
class Clearance:
    """`value` is a company's number or a site's name; `brand` "" is all brands; `until` "" is until it is withdrawn."""

    id: int
    kind: Cleared
    seller: int | None
    value: str
    brand: str
    until: str
    evidence: str
    withdrawn: bool
    actor: str
    authority: str
    at: datetime
    supersedes: int | None = None
    superseded_by: int | None = None

    def in_force(self, on: date) -> bool:
        """Whether it stands on a day of London's calendar; its last day is one of them."""
        return (
            not self.withdrawn
            and self.superseded_by is None
            and self.evidence != ""
            and (not self.until or date.fromisoformat(self.until) >= on)
        )

    @property
    def what(self) -> str:
        return f"{self.kind} {self.seller if self.kind is Cleared.seller else self.value}"


def site_of(text: str) -> str:
    """A site's name out of itself or an address on it. Raises TouchstoneError."""
    host = host_of(text if "//" in text else f"http://{text.strip()}")
    if not re.fullmatch(r"(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+", host):
        raise TouchstoneError(f"'{text}' is no site: give its name, such as shop.example")
    return host


class ClearanceWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_clearance(
        self, kind: Cleared, what: int | str, evidence: str, *, brand: str = "", until: str = "", actor: str, authority: str
    ) -> int:  # fmt: skip
        """Record that a seller (by number), company (by number of Companies House) or site is cleared; the row's number. One that stands for
        the same and the same brand is superseded by it. Raises TouchstoneError: nothing to go by, no such thing, a day that is past, no person.
        """
        if not evidence.strip():
            raise TouchstoneError("say on what evidence it is cleared: the brand's list of stockists, invoices seen, the examiner's letter")
        row: dict[str, Any] = {
            "kind": str(kind),
            "seller": None,
            "value": "",
            "brand": brand.strip(),
            "until": _day(until),
            "withdrawn": False,
        }
        if kind is Cleared.seller:
            row["seller"] = int(what)
        elif kind is Cleared.domain:
            row["value"] = site_of(str(what))
        elif (number := company_number(str(what))) is not None:
            row["value"] = number
        else:
            raise TouchstoneError(f"'{what}' is no company number")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if row["seller"] is not None and c.execute(select(t.seller.c.id).where(t.seller.c.id == row["seller"])).first() is None:
                raise TouchstoneError(f"there is no seller {what} in this store")
            same = [x for x in _rows(c) if (x.kind, x.seller, x.value, x.brand.casefold()) == (kind, row["seller"], row["value"], row["brand"].casefold())]  # fmt: skip
            before = next((x.id for x in same if not x.withdrawn), None)
            return recorded.keep(
                self.database, c, t.clearance, row | {"supersedes": before}, body={"evidence": evidence.strip()}, verb=Verb.alteration, actor=actor,
                authority=authority, until=self.retain_until("flagged"), purpose="clearance", subjects=_subjects(row["seller"]),
            )  # fmt: skip

    def withdraw_clearance(self, number: int, why: str, *, actor: str, authority: str) -> int:
        """Record that a clearance no longer stands, and why: its goods come back to the queue. Raises TouchstoneError."""
        if not why.strip():
            raise TouchstoneError("say why it is no longer cleared")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            old = recorded.superseded(c, t.clearance, number, "clearance")
            if old.withdrawn:
                raise TouchstoneError(f"clearance {number} withdraws another, and cannot be withdrawn")
            row = {name: getattr(old, name) for name in ("kind", "seller", "value", "brand", "until")}
            return recorded.keep(
                self.database, c, t.clearance, row | {"withdrawn": True, "supersedes": number}, body={"evidence": why.strip()}, verb=Verb.alteration,
                actor=actor, authority=authority, until=self.retain_until("flagged"), purpose="clearance withdrawn",
                subjects=_subjects(old.seller),
            )  # fmt: skip


class ClearanceReads(Reader):
    def clearances(self, *, sellers: Collection[int] = (), superseded: bool = False) -> list[Clearance]:
        """Those that stand or stood, oldest first; of these sellers where some are named, withdrawn and superseded ones where asked for."""
        with self.store.database.reading() as c:
            rows = [
                x for x in _rows(c, superseded) if (not sellers or x.seller in sellers) and (superseded or not x.withdrawn)
            ]  # fmt: skip
        self.shown("clearance", (x.id for x in rows))
        return rows


def in_force(c: Connection, now: datetime) -> list[Clearance]:
    on = now.astimezone(LONDON).date()
    return [x for x in _rows(c) if x.in_force(on)]


def covers(c: Connection, cleared: Clearance) -> ColumnElement[bool]:
    """A condition on rows of `flag` that are their listing's newest: the listing is among the cleared goods, and its flag brings nothing of which
    the clearance could not know. Such a thing is a `priority` flag made after it, on findings on which no earlier flag of that listing rests.

    A listing is a seller's where it was read as theirs and as nobody else's; a brand's where it states that brand, or states none and
    names it in its title.
    """
    f, before = t.flag.c, t.flag.alias()
    known = exists().where(before.c.listing == f.listing, before.c.findings_digest == f.findings_digest, before.c.at <= cleared.at)
    asked = [_is_theirs(c, cleared), or_(f.level != str(Level.priority), f.at <= cleared.at, known)]
    if cleared.brand:
        brand, read, words = cleared.brand.lower(), t.reading.alias(), t.snapshot.alias()
        stated, title = func.lower(words.c.brand), func.lower(words.c.title)
        named = or_(stated == brand, and_(stated == "", title.contains(brand, autoescape=True)))
        asked.append(exists().where(read.c.listing == f.listing, read.c.snapshot == words.c.id, named))
    return and_(*asked)


def _is_theirs(c: Connection, cleared: Clearance) -> ColumnElement[bool]:
    f = t.flag.c
    if cleared.kind is Cleared.domain:
        listing = t.listing.alias()
        address = func.lower(listing.c.url)
        hosts = [f"{scheme}://{www}{cleared.value}" for scheme in ("http", "https") for www in ("", "www.")]
        there = [
            is_so for host in hosts for is_so in (address == host, *(address.startswith(host + end, autoescape=True) for end in "/?#"))
        ]
        return exists().where(listing.c.id == f.listing, or_(*there))
    sellers = _accounts(c, cleared)
    read, other = t.reading.alias(), t.reading.alias()
    theirs = exists().where(read.c.listing == f.listing, read.c.seller.in_(sellers))
    return and_(theirs, ~exists().where(other.c.listing == f.listing, other.c.seller.not_in(sellers)))


def goods_of(c: Connection, clearances: Collection[Clearance]) -> Select[Any] | None:
    """The listings among which are all that these cover; None where an address tells, of which there is no index to ask."""
    if any(each.kind is Cleared.domain for each in clearances):
        return None
    return select(t.reading.c.listing).where(t.reading.c.seller.in_({seller for each in clearances for seller in _accounts(c, each)}))


def _accounts(c: Connection, cleared: Clearance) -> list[int]:
    if cleared.kind is Cleared.company:
        return sorted(_of_company(c, cleared.value))
    return [] if cleared.seller is None else [cleared.seller]


def _of_company(c: Connection, number: str) -> set[int]:
    """The accounts that a person linked to a place at which a person says this company is. What an advert says of itself is no ground: a
    company's number is copied as easily as its photographs."""
    o, mark, later = t.occupant.c, t.occupant_mark.c, t.occupant.alias("later")
    stands = ~exists().where(later.c.withdraws == o.id)
    places = select(o.premises).join(t.occupant_mark, mark.occupant == o.id).where(mark.kind == "company", mark.value == number, stands)
    beside, verdict = judged()
    x = t.link.c
    query = (
        select(x.subject).select_from(beside).where(x.subject_kind == str(SubjectKind.seller), x.object_kind == str(SubjectKind.premises))
    )
    return set(c.execute(query.where(x.object.in_(places), verdict == str(Verdict.yes))).scalars())


def _day(text: str) -> str:
    if not text:
        return ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise TouchstoneError(f"'{text}' is no day: write it as 2027-03-31") from None
    if day < datetime.now(UTC).astimezone(LONDON).date():
        raise TouchstoneError(f"{text} is past: cleared until then is cleared no more")
    return day.isoformat()


def _subjects(seller: int | None) -> Mapping[str, Any]:
    return {"seller": [seller]} if seller is not None else {}


@cache
def _clearances(superseded: bool) -> Select[Any]:
    """Made once: a page of the queue asks it, and to make it anew costs more than to run it."""
    later = t.clearance.alias("later")
    query = select(t.clearance, later.c.id.label("later")).select_from(t.clearance.outerjoin(later, later.c.supersedes == t.clearance.c.id))
    return (query if superseded else query.where(later.c.id.is_(None))).order_by(t.clearance.c.id)


def _rows(c: Connection, superseded: bool = False) -> list[Clearance]:
    return [
        Clearance(
            r.id, Cleared(r.kind), r.seller, r.value, r.brand, r.until, "" if r.body_json == ERASED else str(json.loads(r.body_json)["evidence"]),
            r.withdrawn, r.actor, r.authority, r.at, r.supersedes, r.later,
        )
        for r in c.execute(_clearances(superseded))
    ]  # fmt: skip
