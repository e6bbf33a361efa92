"""What ranking reads and keeps: flagged listings in bulk, when they were seen, entries of many premises, and what an officer was given on a day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, select

from store import audit
from store import tables as t
from store.database import Database, add, chunks
from store.listings import ListingReads, Summary
from store.registers import entries_with_positions, entry_of, whole
from store.samples import newest_flags, newest_judgements
from store.words.records import Level, RegisterEntry, Verb, Verdict


@dataclass(frozen=True, slots=True)
class Flagged:
    """A listing whose newest flag is at review or above, and that nobody said no of on the same findings.

    `brands` are those that the page names and those that the flag's findings name; `confirmed` where a person said yes of the same findings.
    """

    summary: Summary
    level: Level
    brands: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A listing was captured by us (what was handed in may be older than its capture, and is not here)."""

    listing: int
    seller: int | None
    capture: int
    at: datetime
    first_seen: datetime
    url: str


class RankingWrites:
    database: Database
    retain_until: Any

    def give(self, officer: str, day: str, premises: Sequence[int], most: int, *, actor: str, justification: str = "") -> list[int]:
        """Give an officer, for a day (YYYY-MM-DD), the first of these premises that reach `most` with what was given before; all of that day.

        In one transaction, so that two who ask at once do not give more. Rows are added, never taken back. One event of disclosure where
        anything is new.
        """
        table = t.premises_given
        with self.database.writing() as c:
            self.database.lock_chain(c)
            query = select(table.c.premises).where(table.c.officer == officer, table.c.day == day).order_by(table.c.id)
            given = list(c.execute(query).scalars())
            new = [n for n in premises if n not in given][: max(0, most - len(given))]
            for number in new:
                add(
                    c, table, officer=officer, day=day, premises=number, actor=actor, at=datetime.now(UTC), retention_until=self.retain_until()
                )  # fmt: skip
            if new:
                audit.append(
                    self.database, c, Verb.disclosure, actor=actor, purpose="premises given to an officer", justification=justification,
                    subjects={"premises": new}, detail={"recipient": officer, "day": day, "most": most},
                )  # fmt: skip
        return given + new


class RankingReads(ListingReads):
    def flagged(self, *, sellers: Collection[int] | None = None, listings: Collection[int] = ()) -> list[Flagged]:
        """Flagged listings of these sellers (None: of all) and these listings, by number."""
        flags, judged = newest_flags(), newest_judgements()
        query = (
            select(t.flag.c.listing, t.flag.c.level, t.flag.c.findings_digest, t.flag.c.contributions_json, t.judgement.c.verdict)
            .add_columns(t.judgement.c.findings_digest.label("judged_digest"))
            .select_from(
                t.flag.join(flags, flags.c.id == t.flag.c.id)
                .outerjoin(judged, judged.c.listing == t.flag.c.listing)
                .outerjoin(t.judgement, t.judgement.c.id == judged.c.id)
            )
            .where(t.flag.c.level.in_([str(Level.review), str(Level.priority)]))
        )
        found: dict[int, Any] = {}
        with self.store.database.reading() as c:
            if sellers is None:
                found = {r.listing: r for r in c.execute(query)}
            for part in chunks(sellers or ()):
                theirs = select(t.reading.c.listing).where(t.reading.c.seller.in_(part))
                found |= {r.listing: r for r in c.execute(query.where(t.flag.c.listing.in_(theirs)))}
            for part in chunks(listings):
                found |= {r.listing: r for r in c.execute(query.where(t.flag.c.listing.in_(part)))}
            # a judgement is of the findings that were there: on new ones it says neither yes nor no
            said_of = {n: r.verdict if r.judged_digest == r.findings_digest else None for n, r in found.items()}
            kept = {n: r for n, r in found.items() if said_of[n] != str(Verdict.no)}
            named = _brands(c, {n: r.contributions_json for n, r in kept.items()})
        out = []
        for part in chunks(kept):
            for s in self.summaries(numbers=part, limit=len(part)):
                number = s.listing.id or 0
                if sellers is not None and s.seller not in sellers and number not in listings:
                    continue  # it was theirs once, and is another's now
                said = {s.snapshot.brand.strip()} if s.snapshot.brand.strip() else set()
                row = kept[number]
                out.append(Flagged(s, Level(row.level), _once(said | named[number]), said_of[number] == str(Verdict.yes)))
        return out

    def seen(self, *, sellers: Collection[int] = (), listings: Collection[int] = (), since: datetime) -> list[Seen]:
        """Each capture of ours from `since` on that shows a listing as one of these sellers', or one of these listings, by capture."""
        first = select(t.reading.c.listing, func.min(t.reading.c.captured_at).label("first")).group_by(t.reading.c.listing).subquery()
        query = (
            select(t.reading.c.listing, t.reading.c.seller, t.reading.c.capture, t.reading.c.captured_at, first.c.first, t.listing.c.url)
            .distinct()
            .join(t.capture, t.capture.c.id == t.reading.c.capture)
            .join(t.listing, t.listing.c.id == t.reading.c.listing)
            .join(first, first.c.listing == t.reading.c.listing)
            .where(t.capture.c.kind != "handed_in", t.reading.c.captured_at >= since)
        )
        rows: list[Any] = []
        with self.store.database.reading() as c:
            for column, wanted in ((t.reading.c.seller, sellers), (t.reading.c.listing, listings)):
                for part in chunks(wanted):
                    rows += c.execute(query.where(column.in_(part))).all()
        found = {Seen(r.listing, r.seller, r.capture, r.captured_at, r.first, r.url) for r in rows}
        self.shown("listing", (s.listing for s in found))
        return sorted(found, key=lambda s: (s.capture, s.listing))

    def entries_of_many(self, premises: Collection[int], *, newest: bool = False) -> dict[int, list[RegisterEntry]]:
        """What every register has said of each of these premises, oldest first; of editions whose load has ended, or the newest of each only."""
        out: dict[int, list[RegisterEntry]] = defaultdict(list)
        at = t.premises_entry.c
        query = entries_with_positions(t.register_entry, at.premises).join(t.premises_entry, at.register_entry == t.register_entry.c.id)
        editions = self.store.newest_snapshots() if newest else select(t.register_snapshot.c.id).where(whole())
        query = query.where(t.register_entry.c.register_snapshot.in_(editions))
        with self.store.database.reading() as c:
            for part in chunks(premises):
                for r in c.execute(query.where(at.premises.in_(part)).order_by(t.register_entry.c.id)).mappings():
                    out[r["premises"]].append(entry_of(r))
        self.shown("premises", premises)
        return out

    def entries_of_registers(self, registers: Sequence[str]) -> list[tuple[int, RegisterEntry]]:
        """Every entry of every whole loading of these registers with the premises it is of, oldest first: what has gone from a later edition
        happened."""
        snapshots = select(t.register_snapshot.c.id).where(t.register_snapshot.c.register.in_(registers), whole())
        query = (
            entries_with_positions(t.register_entry, t.premises_entry.c.premises)
            .join(t.premises_entry, t.premises_entry.c.register_entry == t.register_entry.c.id)
            .where(t.register_entry.c.register_snapshot.in_(snapshots))
            .order_by(t.register_entry.c.id)
        )
        with self.store.database.reading() as c:
            rows = [(r["premises"], entry_of(r)) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for _, entry in rows))
        return rows

    def inside(self, premises: Collection[int]) -> dict[int, set[int]]:
        """Of each of these premises its own number and those of its units: what a link may lead to that lies in it."""
        out = {number: {number} for number in premises}
        with self.store.database.reading() as c:
            for part in chunks(premises):
                for r in c.execute(select(t.premises.c.id, t.premises.c.building).where(t.premises.c.building.in_(part))):
                    out[r.building].add(r.id)
        self.shown("premises", (n for each in out.values() for n in each))
        return out

    def given(self, officer: str, day: str) -> list[int]:
        """The premises that an officer was given on a day, in order."""
        query = select(t.premises_given.c.premises).where(and_(t.premises_given.c.officer == officer, t.premises_given.c.day == day))
        with self.store.database.reading() as c:
            rows = list(c.execute(query.order_by(t.premises_given.c.id)).scalars())
        self.shown("premises", rows)
        return rows


def _brands(c: Any, contributions: Mapping[int, str]) -> dict[int, set[str]]:
    """Of each listing the brands that the findings of its flag point to."""
    of = {n: [each["finding"] for each in json.loads(text) if each.get("finding")] for n, text in contributions.items()}
    named: dict[int, set[str]] = {}
    for part in chunks({finding for each in of.values() for finding in each}):
        for r in c.execute(select(t.finding.c.id, t.finding.c.pointers_json).where(t.finding.c.id.in_(part))):
            brands = ((p.get("detail") or {}).get("brand") for p in json.loads(r.pointers_json))
            named[r.id] = {str(b).strip() for b in brands if b}
    return {n: {brand for finding in each for brand in named.get(finding, ())} for n, each in of.items()}


def _once(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, whatever its case, in order; of several spellings by case the first in order."""
    kept: dict[str, str] = {}
    for name in sorted(names):
        kept.setdefault(name.casefold(), name)
    return tuple(kept[key] for key in sorted(kept))
