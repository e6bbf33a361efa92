"""What each run of a source brought: how many listings, how often each field was filled, what stayed unread. Numbers only, about no person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from store import tables as t
from store.database import Database
from store.reader import Reader
from store.runs import Runs
from store.words.records import Run

_WORDS = ("title", "text", "price_text", "seller", "place", "brand", "category", "condition")
_DETAILS = ("posted_at", "quantity", "sold")
FIELDS = (*_WORDS, "price", "images", *_DETAILS)


@dataclass(frozen=True, slots=True)
class Yield:
    """One run of the pass `crawl`: `readings` in it, of which `filled` has so many for each field; `unread` by reason."""

    run: Run
    listings: int = 0
    readings: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)

    def rate(self, name: str) -> float | None:
        """The share of readings in which a field is filled; None where there are none."""
        return self.filled.get(name, 0) / self.readings if self.readings else None


class HealthReads(Runs):
    """The part of the store that tells how well a source is read."""

    database: Database

    def yields(self, source: str, limit: int = 10, *, operation: str | None = None) -> list[Yield]:
        """A source's crawls, newest first; of one operation, or with "" of none."""
        runs = self.runs("crawl", source, operation=operation, limit=limit)
        names = [each.id for each in runs]
        filled = [func.sum(case((_filled(name), 1), else_=0)).label(name) for name in FIELDS]
        query = (
            select(t.reading.c.run, func.count(t.reading.c.listing.distinct()).label("listings"), func.count().label("readings"), *filled)
            .select_from(t.reading.join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot))
            .where(t.reading.c.run.in_(names))
            .group_by(t.reading.c.run)
        )
        unread = select(t.unread.c.run, t.unread.c.reason, func.count().label("number")).where(t.unread.c.run.in_(names))
        with self.database.reading() as c:
            found = {row.run: row for row in c.execute(query)}
            reasons: dict[str, Counter[str]] = {}
            for row in c.execute(unread.group_by(t.unread.c.run, t.unread.c.reason)):
                reasons.setdefault(row.run, Counter())[row.reason] += row.number
        return [_yield(run, found.get(run.id), reasons.get(run.id, {})) for run in runs]

    def operation_of(self, run: str) -> str:
        """The operation under which a run was made; "" for none."""
        with self.database.reading() as c:
            return c.execute(select(t.run.c.operation).where(t.run.c.id == run)).scalar() or ""

    def capture_without(self, run: str, name: str) -> int | None:
        """The first capture of a run on which a listing was read without that field."""
        query = (
            select(func.min(t.reading.c.capture))
            .select_from(t.reading.join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot))
            .where(t.reading.c.run == run, ~_filled(name))
        )
        with self.database.reading() as c:
            found: int | None = c.execute(query).scalar()
        return found

    def capture_unread(self, run: str) -> int | None:
        """The first capture of a run on which something was not understood."""
        with self.database.reading() as c:
            found: int | None = c.execute(select(func.min(t.unread.c.capture)).where(t.unread.c.run == run)).scalar()
        return found

    def first_page(self, run: str) -> int | None:
        """The first page that a run kept."""
        query = select(func.min(t.capture.c.id)).where(t.capture.c.run == run, t.capture.c.kind.in_(("page", "rendered")))
        with self.database.reading() as c:
            found: int | None = c.execute(query).scalar()
        return found

    def newest_listing(self) -> datetime | None:
        """When the newest listing was first kept."""
        with self.database.reading() as c:
            found: datetime | None = c.execute(select(t.listing.c.added_at).order_by(t.listing.c.added_at.desc()).limit(1)).scalar()
        return found


class UnreadReads(Reader):
    def unread_in(self, run: str) -> list[tuple[int, str, str]]:
        """What a run did not understand: capture, reason, and the words of the page that it stumbled over."""
        query = select(t.unread.c.capture, t.unread.c.reason, t.unread.c.detail).where(t.unread.c.run == run).order_by(t.unread.c.id)
        with self.store.database.reading() as c:
            rows = [(row.capture, row.reason, row.detail) for row in c.execute(query)]
        self.shown("capture", (capture for capture, *_ in rows))
        return rows


def _yield(run: Run, row: Any, unread: Mapping[str, int]) -> Yield:
    if row is None:
        return Yield(run, unread=unread)
    return Yield(run, row.listings, row.readings, {name: int(getattr(row, name) or 0) for name in FIELDS}, unread)


def _filled(name: str) -> ColumnElement[bool]:
    if name == "price":
        return t.snapshot.c.price_minor.is_not(None)
    if name == "images":
        return t.reading.c.images_json != "[]"
    if name in _DETAILS:
        return t.reading.c.details_json.like(f'%"{name}":%')
    column: ColumnElement[str] = t.snapshot.c[name]
    return column != ""
