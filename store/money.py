"""What people record of money in a case, as rows: goods and the price of genuine ones, money received, feedback, marks of culpability.

Nothing here adds anything up: casework/money.py does, and keeps the two valuations apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from store import recorded
from store import tables as t
from store.captures import newest_location
from store.database import Database, add_all
from store.errors import TouchstoneError
from store.reader import Reader
from store.recorded import ERASED
from store.words.followup import Kind as Followed
from store.words.followup import Seizure
from store.words.records import ReferenceKind, SubjectCategory, Verb
from store.words.valuation import Evidence, Goods, Kind, PriceFrom, Receipt, Record, Rests, Said, body_of, said_of


class MoneyWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_money(self, case: str, said: Said, *, actor: str, authority: str, why: str = "", supersedes: int | None = None) -> int:
        """Keep what a person records; its number. Raises TouchstoneError: no such case, evidence, account or price entry; pieces of a seizure
        or an exhibit that are counted already; a payment that is; a correction of another kind of row, or of one that is corrected already.
        """
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
                raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")
            if supersedes is not None:
                old = recorded.superseded(c, t.money, supersedes, "record of money")
                if (old.kind, old.case_file) != (str(said.kind), case):
                    raise TouchstoneError(
                        f"record {supersedes} is {old.kind} of case {old.case_file}, and no {said.kind} of {case} corrects it"
                    )
            kept = replace(said, evidence=tuple(_found(c, case, each) for each in said.evidence))
            seller = getattr(kept, "seller", None)
            if seller is not None and c.execute(select(t.seller.c.id).where(t.seller.c.id == seller)).first() is None:
                raise TouchstoneError(f"there is no seller {seller} in this store")
            others = [row for row in _rows(c, case) if row.id != supersedes]
            if isinstance(kept, Goods):
                _prices_there(c, kept)
                _once(c, kept, others)
            if isinstance(kept, Receipt):
                for row in others:
                    if isinstance(row.said, Receipt) and row.said.payment.casefold() == kept.payment.casefold():
                        raise TouchstoneError(f"payment {kept.payment} is recorded already, as record {row.id}: none is counted twice")
            number = recorded.keep(
                self.database, c, t.money, {"case_file": case, "kind": str(kept.kind), "supersedes": supersedes}, body=body_of(kept),
                verb=Verb.alteration, actor=actor, authority=authority, until=self.retain_until("flagged"),
                category=str(SubjectCategory.suspect), purpose="money", justification=why,
            )  # fmt: skip
            cited = {(str(each.kind), each.number) for each in kept.evidence if each.number is not None}
            add_all(c, t.money_evidence, [{"money": number, "kind": kind, "number": row} for kind, row in sorted(cited)])
        return number


def _found(c: Connection, case: str, given: Evidence) -> Evidence:
    """The evidence with its row. Raises TouchstoneError where it is not there; a document lies elsewhere and is not looked for."""
    if given.kind is Rests.exhibit:
        number = c.execute(select(t.exhibit.c.id).where(t.exhibit.c.case_file == case, t.exhibit.c.number == given.ref)).scalar()
        if number is None:
            raise TouchstoneError(f"case {case} has no exhibit {given.ref}")
        return replace(given, number=int(number))
    if given.kind is Rests.capture:
        place = newest_location(c, int(given.ref))
        if place is None or place.record_type == "tombstone":
            raise TouchstoneError(f"there is no capture {given.ref} in this store, or its bytes were erased")
        return replace(given, number=int(given.ref))
    if given.kind is Rests.seizure:
        row, item = map(int, given.ref.split("/"))
        if item > len(_seized(c, row)):
            raise TouchstoneError(
                f"follow-up {row} is no seizure in force with {item} items; `touchstone followup list --kind seizure` shows them"
            )
        return replace(given, number=row)
    return given


def _seized(c: Connection, number: int) -> tuple[Any, ...]:
    """The items of a seizure in force; () where there is none."""
    from store.followup import rows_of

    found = rows_of(c, t.follow_up.c.id == number, t.follow_up.c.kind == str(Followed.seizure))
    return found[0].what.items if found and isinstance(found[0].what, Seizure) else ()


def _prices_there(c: Connection, goods: Goods) -> None:
    for price in filter(None, (goods.low, goods.mid, goods.high)):
        if price.source is PriceFrom.list:
            continue
        if not price.cites.isdecimal():
            raise TouchstoneError(f"price: a {price.source} is cited by its number, not '{price.cites}'")
        number = int(price.cites)
        if price.source is PriceFrom.capture:
            _found(c, "", Evidence(Rests.capture, price.cites))
            continue
        r = t.reference.c
        removed = select(r.removes).where(r.removes.is_not(None))
        row = c.execute(select(t.reference).where(r.number == number, r.kind == str(ReferenceKind.price), r.number.not_in(removed))).first()
        if row is None:
            raise TouchstoneError(f"price: there is no price entry {number} in force; `touchstone reference list --kind price` shows them")
        if (
            price.currency != row.currency
            or price.minor not in (row.low_minor, row.price_minor, row.high_minor)
            or price.dated != row.dated
        ):
            raise TouchstoneError(f"price: entry {number} of the reference log says something else")


def _once(c: Connection, goods: Goods, others: list[Record]) -> None:
    """Raises TouchstoneError where pieces of a seizure's item, or of an exhibit, would count twice."""
    for each in goods.evidence:
        if each.kind not in (Rests.seizure, Rests.exhibit):
            continue
        citing = [r for r in others if isinstance(r.said, Goods) and (each.kind, each.ref) in {(e.kind, e.ref) for e in r.said.evidence}]
        if each.kind is Rests.exhibit:
            if citing:
                raise TouchstoneError(f"the goods of exhibit {each.ref} are counted already, in record {citing[0].id}")
            continue
        row, item = map(int, each.ref.split("/"))
        there = _seized(c, row)[item - 1].count
        before = sum(r.said.quantity for r in citing if isinstance(r.said, Goods))
        if there is not None and before + goods.quantity > there:
            already = f", of which {before} are counted already" if before else ""
            raise TouchstoneError(f"item {item} of seizure {row} is {there} pieces{already}: {goods.quantity} more are not in it")


def _rows(c: Connection, case: str, superseded: bool = False) -> list[Record]:
    later = t.money.alias("later")
    joined = t.money.outerjoin(later, later.c.supersedes == t.money.c.id)
    query = select(t.money, later.c.id.label("later")).select_from(joined).where(t.money.c.case_file == case).order_by(t.money.c.id)
    if not superseded:
        query = query.where(later.c.id.is_(None))
    return [
        Record(
            r.id, r.case_file, None if r.body_json == ERASED else said_of(Kind(r.kind), json.loads(r.body_json)), r.supersedes, r.later,
            r.actor, r.at,
        )
        for r in c.execute(query)
    ]  # fmt: skip


class MoneyReads(Reader):
    def money_records(self, case: str, *, superseded: bool = False) -> list[Record]:
        """What people recorded of money in a case, oldest first, without what a correction supersedes unless asked for."""
        with self.store.database.reading() as c:
            rows = _rows(c, case, superseded)
        self.shown("money", (r.id for r in rows))
        return rows
