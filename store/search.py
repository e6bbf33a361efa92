"""Finding listings by words and facets, a page at a time, newest first or most urgent first.

One question to one index gives the keys of a page, and no listing is read but those that are shown (store/shelf.py has what is asked). On
SQLite FTS5 keeps the keys of each term in order, so that a page is the first keys that all of its terms have. PostgreSQL's index does not;
there the listings are asked for in spans of time (or of their turn), each at most four times as long as the one before, until the page is full.

Totals and facets of all listings are counted as they are written. Those of a search are of its first `COUNTED`, and `Page.more` says so:
to count on would be to read everything that is found.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, text

from store.errors import TouchstoneError
from store.listings import ListingReads, Summary
from store.queue import Waits, standing
from store.shelf import (
    ALL,
    BLOCKS,
    FACETS,
    FTS,
    NUMBER,
    QUEUED,
    WAITING,
    block_mark,
    kept_counts,
    listing_of,
    mark,
    price_mark,
    step_of,
    turns_of,
)
from store.words.records import Level
from store.words.terms import same_words, terms_of

COUNTED = 150  # listings of a search that totals and facets are of
VALUES = 20  # of a facet, those that most listings have
WORDS = 64  # different words of one search
LARGEST = 200  # listings of one page
_END = 1 << 62  # beyond every key
_FACETS = "n.source, n.brand, n.level, n.area, n.judged, n.reasons"


class Order(enum.StrEnum):
    """`newest`: last seen last, of all listings; `urgent`: priority first, then by score, of those that wait for an officer (`Query.waits`)."""

    newest = "newest"
    urgent = "urgent"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. Every word must be in the listing; of several values of one filter any, and all filters must hold.

    `areas` are postcode districts ("M32") or local authorities by GSS code; `reasons` are codes of the newest flag's contributions;
    `sellers` are row numbers. `since` and `until` (not itself) are of when it was last seen, to the second. Prices are in minor units of
    `currency`, both ends included. `judged`: whether a person has judged it on the findings it now has. `waits`: of those that wait, which part of
    the queue of whoever reads, as the queue has it: what is put off, cleared or another officer's is not what they may judge now.
    """

    words: str = ""
    sources: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    reasons: tuple[str, ...] = ()
    sellers: tuple[int, ...] = ()
    areas: tuple[str, ...] = ()
    judged: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    low: int | None = None
    high: int | None = None
    currency: str = "GBP"
    order: Order = Order.newest
    waits: Waits = Waits.free


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found. `next` is where the next page begins, "" at the end.

    `total` and `facets` (values with how many listings each has, most first) are of all that was found; where there is `more`, of the first 150.
    Of those that wait they are of every part of the queue: `left_out` (store/queue.py) says how many of them `rows` does not have.
    """

    rows: tuple[Summary, ...]
    next: str
    total: int
    more: bool
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


class SearchReads(ListingReads):
    def find(self, query: Query, *, after: str = "", limit: int = 50, facets: bool = True) -> Page:
        """A page of the listings that are looked for, from where `after` (a page's `next`) says. Without `facets` nothing is counted: total 0.

        Raises TouchstoneError: too many words, a page too large, an `after` that no page gave, a time without a zone.
        """
        if not 1 <= limit <= LARGEST:
            raise TouchstoneError(f"a page has 1 to {LARGEST} listings")
        if after and not re.fullmatch(r"[0-9]{1,19}", after):
            raise TouchstoneError("this is no place of a page; begin again at the first")
        asked = _asked(query)
        before = min(int(after), _END) if after else _END
        with self.store.database.reading() as c:
            keys: list[int] = []
            total, more, counted = 0, False, dict[str, tuple[tuple[str, int], ...]]()
            if facets and asked is not None and asked.everything:
                total, counted = _kept_counts(c, WAITING if asked.key == "turn" else ALL)
            elif facets and asked is not None:
                rows = _found(c, asked, _END, COUNTED + 1, facets=True)
                total, more = min(len(rows), COUNTED), len(rows) > COUNTED
                counted = _counts(rows[:COUNTED])
                keys = [key for key, *_ in rows[: limit + 1]] if asked.key == "place" else []
            if asked is not None and (before < _END or not keys):  # a first page is the beginning of what was counted
                keys = _keys(c, asked, before, limit + 1, self.actor.id, query.waits)
            numbers = [listing_of(key) for key in keys[:limit]]
            summaries = {s.listing.id: s for s in self._summaries(c, numbers)}
        self.shown("listing", numbers)
        going_on = str(keys[limit - 1]) if len(keys) > limit else ""
        return Page(tuple(summaries[n] for n in numbers if n in summaries), going_on, total, more, counted)

    def find_numbers(self, query: Query, limit: int = LARGEST) -> tuple[list[int], bool]:
        """The numbers of the first listings that are looked for, and whether there are more. No listing is read. Raises TouchstoneError as `find`."""
        asked = _asked(query)
        with self.store.database.reading() as c:
            keys = [] if asked is None else _keys(c, asked, _END, limit + 1, self.actor.id, query.waits)
        self.shown("listing", ())
        return [listing_of(key) for key in keys[:limit]], len(keys) > limit


# -- the question ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Asked:
    """A query as the index has it: terms of which all must be there, or of a group any; bounds of the place; a price's exact bounds."""

    key: str  # place | turn
    groups: tuple[tuple[str, ...], ...]
    ranges: tuple[tuple[int, int], ...]  # of the key, greatest first: between the turns of two levels is nothing
    first: int  # the least place
    last: int  # and the one beyond the greatest
    price: tuple[int, int, str] | None

    @property
    def everything(self) -> bool:
        return not self.groups and (self.first, self.last) == (0, _END)


def _asked(q: Query) -> Asked | None:
    """None where there are words and nothing in them that could be looked for."""
    words = terms_of([q.words])
    if q.words.strip() and not words:
        return None
    if len(words) > WORDS:
        raise TouchstoneError(f"a search takes at most {WORDS} different words")
    any_of = [
        [mark("source", value) for value in q.sources],
        [mark("brand", same_words(value)) for value in q.brands],
        [mark("level", str(value)) for value in q.levels],
        [mark("reason", value) for value in q.reasons],
        [mark("seller", str(value)) for value in q.sellers],
        [mark("area", value.strip().upper()) for value in q.areas],
        [] if q.judged is None else [mark("judged", str(q.judged))],
    ]
    price = None
    if q.low is not None or q.high is not None:
        price = (q.low if q.low is not None else -(1 << 62), q.high if q.high is not None else 1 << 62, q.currency)
        steps = range(step_of(price[0]), step_of(price[1]) + 1)
        any_of.append([f"_price_{_letters(q.currency)}_{step}" for step in steps] or [price_mark(0, "none")])
    groups = [(word,) for word in words] + [tuple(dict.fromkeys(group)) for group in any_of if group]
    key = "turn" if q.order is Order.urgent else "place"
    levels = [level for level in QUEUED if not q.levels or level in q.levels]
    ranges = tuple(turns_of(level) for level in levels) if key == "turn" else ((0, _END),)
    first = _second(q.since) << NUMBER if q.since else 0
    return Asked(key, tuple(groups), ranges, first, _second(q.until) << NUMBER if q.until else _END, price)


def _letters(currency: str) -> str:
    return re.sub("[^A-Z]", "", currency.upper())


def _second(when: datetime) -> int:
    if when.tzinfo is None:
        raise TouchstoneError("a time that listings are looked for by needs its zone")
    return min(max(0, int(when.timestamp())), 1 << 32)


def _keys(c: Connection, asked: Asked, before: int, most: int, me: str, waits: Waits) -> list[int]:
    """The first keys below `before`, greatest first; of those that wait the ones in that part of the queue, which are looked for page by page."""
    if asked.key == "place":
        return [key for key, *_ in _found(c, asked, before, most)]
    found: list[int] = []
    size = most
    while True:
        page = [key for key, *_ in _found(c, asked, before, size)]
        there = standing(c, me, [listing_of(key) for key in page], waits)
        found += [key for key in page if listing_of(key) in there]
        if len(found) >= most or len(page) < size:
            return found[:most]
        before, size = page[-1], min(2 * size, COUNTED)


# -- what is found -----------------------------------------------------------------------------------------------------------
def _found(c: Connection, asked: Asked, before: int, most: int, *, facets: bool = False) -> Sequence[Any]:
    """The first `most` keys below `before`, greatest first; with `facets` each beside what its facets are."""
    binds: dict[str, Any] = {"before": before, "least": 0, "most": most}
    if asked.key == "place":
        binds |= {"before": min(before, asked.last), "least": asked.first}
    if binds["before"] <= binds["least"]:
        return []
    source = _sqlite if c.dialect.name == "sqlite" else _postgresql
    return c.execute(text(source(c, asked, _exact(asked, binds), binds, facets)), binds).all()


def _exact(asked: Asked, binds: dict[str, Any]) -> str:
    """Conditions that no term says: the ends of a price, and dates where the order is another."""
    conditions = []
    if asked.price:
        binds |= dict(zip(("low", "high", "currency"), asked.price, strict=True))
        conditions.append("n.price_minor BETWEEN :low AND :high AND n.currency = :currency")
    if asked.key == "turn" and (asked.first, asked.last) != (0, _END):
        binds |= {"first": asked.first, "last": asked.last}
        conditions.append("n.place >= :first AND n.place < :last")
    return "".join(f" AND {condition}" for condition in conditions)


def _sqlite(_c: Connection, asked: Asked, exact: str, binds: dict[str, Any], facets: bool) -> str:
    key, index = asked.key, FTS[asked.key]
    if not asked.groups:
        return _in_order(asked, exact, facets)
    binds["terms"] = " AND ".join("(" + " OR ".join(f'"{term}"' for term in group) + ")" for group in asked.groups)
    join = f" CROSS JOIN listing_now n ON n.{key} = f.rowid" if exact else ""
    keys = (
        f"SELECT f.rowid AS key FROM {index} f{join} WHERE {index} MATCH :terms AND f.rowid < :before AND f.rowid >= :least{exact}"  # noqa: S608 - our own names
        " ORDER BY f.rowid DESC LIMIT :most"
    )
    # each by its key, and never all beside all: CROSS JOIN says so
    return f"SELECT h.key, {_FACETS} FROM ({keys}) h CROSS JOIN listing_now n WHERE n.{key} = h.key" if facets else keys  # noqa: S608


def _in_order(asked: Asked, also: str, facets: bool) -> str:
    """Through the order's own index."""
    key = f"n.{asked.key}"
    what = f"{key} AS key, {_FACETS}" if facets else f"{key} AS key"
    return f"SELECT {what} FROM listing_now n WHERE {key} < :before AND {key} >= :least{also} ORDER BY {key} DESC LIMIT :most"  # noqa: S608 - our own names


def _postgresql(c: Connection, asked: Asked, exact: str, binds: dict[str, Any], facets: bool) -> str:
    key = f"n.{asked.key}"
    # each search has a plan of its own: one made for any terms is made for none. Compiling one takes longer than these run
    c.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"))
    if not asked.groups:
        return _in_order(asked, exact, facets)
    bounds, apart = f"{key} < :before AND {key} >= :least", f"COALESCE({key}, -1)"
    waiting = " AND n.turn IS NOT NULL" if asked.key == "turn" else ""  # what waits has an index of words of its own
    binds |= {f"terms{n}": " | ".join(f"'{term}'" for term in group) for n, group in enumerate(asked.groups)}
    terms = "".join(f" AND n.terms @@ CAST(:terms{n} AS tsquery)" for n in range(len(asked.groups)))
    marks = _marks(c, asked, binds) or ["_none"]
    binds |= {f"span{number}": f"'{each}'" for number, each in enumerate(marks)}
    spans = ", ".join(f"({number}, :span{number})" for number in range(len(marks)))
    within = (  # COALESCE keeps the order's own index out of it: by that all of the table may be gone through
        f"SELECT {key} AS key{f', {_FACETS}' if facets else ''} FROM listing_now n"  # noqa: S608
        f" WHERE n.terms @@ CAST(span.mark AS tsquery){terms}"
        f"{waiting} AND {bounds.replace(key, apart)}{exact} ORDER BY {apart} DESC LIMIT :most"
    )
    return f"SELECT x.* FROM (SELECT * FROM (VALUES {spans}) v (at, mark) ORDER BY at) span CROSS JOIN LATERAL ({within}) x LIMIT :most"  # noqa: S608


def _marks(c: Connection, asked: Asked, binds: Mapping[str, Any]) -> list[str]:
    """Marks of the spans that a search goes through, in order."""
    key = asked.key
    marks: list[str] = []
    for first, end in asked.ranges:
        bounds = f"FROM listing_now n WHERE n.{key} < :end AND n.{key} >= :first"
        near = f"SELECT n.{key} {bounds} ORDER BY n.{key} DESC OFFSET :near LIMIT 1"
        within = {"first": max(first, binds["least"]), "end": min(end, binds["before"]), "near": 4 * COUNTED}
        ends = c.execute(text(f"SELECT min(n.{key}) AS first, max(n.{key}) AS last, ({near}) AS near {bounds}"), within).one()
        if ends.last is not None:
            shortest = (ends.last - (ends.first if ends.near is None else ends.near)) >> NUMBER  # holds as many as are counted, about
            marks += _spans(key, ends.first >> NUMBER, (ends.last >> NUMBER) + 1, shortest)
    return marks


def _spans(key: str, first: int, end: int, shortest: int) -> Iterator[str]:
    """Marks of the spans that cover what is from `first` to before `end`, from the last backwards: the first of at most `shortest`, each as long
    as its beginning allows and at most four times the one before."""
    power = max((each for each in BLOCKS if 1 << each <= shortest), default=BLOCKS[0])
    end = -(-end >> power) << power  # up to where the shortest span about the end ends
    while end > first:
        yield block_mark(key, end - 1, power)
        end = ((end - 1) >> power) << power
        if power < BLOCKS[-1] and end % (1 << (power + BLOCKS.step)) == 0:
            power += BLOCKS.step


# -- what is counted ---------------------------------------------------------------------------------------------------------
def _kept_counts(c: Connection, among: str) -> tuple[int, dict[str, tuple[tuple[str, int], ...]]]:
    return kept_counts(c, "", among).get("", 0), {facet: _most_first(kept_counts(c, facet, among, VALUES).items()) for facet in FACETS}


def _counts(rows: Sequence[Any]) -> dict[str, tuple[tuple[str, int], ...]]:
    """How many of these rows have each value: column by column, which is many times as fast as row by row."""
    _, source, brand, level, area, judged, reasons = zip(*rows, strict=True) if rows else ((),) * 7
    each: dict[str, Iterable[str]] = {
        "source": source,
        "brand": brand,
        "level": level,
        "area": area,
        "judged": (str(bool(value)) for value in judged),
    }
    each["reason"] = chain.from_iterable(codes.split() for codes in reasons)
    return {facet: _most_first((value, n) for value, n in Counter(each[facet]).items() if value)[:VALUES] for facet in FACETS}


def _most_first(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(values, key=lambda each: (-each[1], each[0])))
