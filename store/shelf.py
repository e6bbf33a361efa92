"""The shelf: each listing as it now stands, in one row and under its words, so that it is found without reading the others.

These rows are derived. They are the one exception to "rows are added, not changed" (docs/decisions/0011): they say nothing that the rows they
are made of do not say, no event tells of them, `touchstone index rebuild` makes them again, and an erasure makes them anew of what is left.
They are made in the transaction that writes what they follow from, and hold the log meanwhile, so that two writers count one after another.

A listing's `place` is when it was last seen, to the second, then its number: the newest is the greatest. Its `turn`, while it waits for an
officer, is its level, then its score to a thousandth, then its number. Either ends in the number, so that an index that has the key has the
listing. Each facet's value is a term beside the words (`mark`): words and facets are one question to one index.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from store import tables as t
from store.database import Database, chunks
from store.listings import newest_readings, seen_between
from store.second import not_taken_back
from store.words.postcode import district, find_postcodes, lookup
from store.words.records import Level
from store.words.terms import same_words, terms_of

NUMBER = 30  # bits of a key that are the listing's number
_NUMBERS = (1 << NUMBER) - 1
QUEUED = {str(Level.priority): 2, str(Level.review): 1}
SAID = ("title", "text", "brand", "category", "condition", "seller", "seller_name", "place")  # the words of a snapshot that are looked in
FACETS = ("source", "brand", "level", "area", "judged", "reason")
ALL, WAITING = "all", "waiting"
FTS = {"place": "listing_place_fts", "turn": "listing_turn_fts"}
# On PostgreSQL: seconds (of a turn: thousandths of its score), as powers of two, of the spans that a listing is marked with
BLOCKS = range(6, 30, 2)
GIN = {  # on PostgreSQL, as the migrations made them
    "ix_listing_now_fts": "CREATE INDEX ix_listing_now_fts ON listing_now USING gin (terms) WITH (fastupdate = off)",
    "ix_listing_now_waiting_fts": "CREATE INDEX ix_listing_now_waiting_fts ON listing_now USING gin (terms) WITH (fastupdate = off) WHERE turn IS NOT NULL",
}
PAGE = 500
_REASONS = 1000  # characters of reasons that a row has for its facets; all are terms
_DISTRICT = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?")


def place_of(seen: datetime, listing: int) -> int:
    """Where a listing that was last seen then stands among all."""
    return max(0, math.floor(seen.timestamp())) << NUMBER | listing


def turn_of(level: str, score: float, listing: int) -> int:
    """Where a listing stands among those that wait: priority first, then by score."""
    return QUEUED[level] << 60 | min(max(round(score * 1000), 0), (1 << 29) - 1) << NUMBER | listing


def turns_of(level: str) -> tuple[int, int]:
    """The least turn of a level, and the one beyond its greatest."""
    return QUEUED[level] << 60, (QUEUED[level] + 1) << 60


def listing_of(key: int) -> int:
    """The listing's number, of a place or a turn."""
    return key & _NUMBERS


def mark(kind: str, value: str) -> str:
    """The term that stands for a facet's value. Words have no underscore, so that nobody's words are one."""
    return f"_{kind}_{value.encode('utf-8', 'replace').hex()}"


def price_mark(minor: int, currency: str) -> str:
    """The term of a price: the half octave that it lies in."""
    return f"_price_{currency}_{step_of(minor)}"


def step_of(minor: int) -> int:
    return 0 if minor <= 1 else min(60, math.floor(2 * math.log2(minor)))


def block_mark(key: str, at: int, power: int) -> str:
    """The term of the span of this length in which a `place` or a `turn` lies; `at` is without the listing's number."""
    return f"_{'t' if key == 'place' else 'q'}{power}_{at >> power}"


def area_of(place: str, said: str) -> tuple[str, str]:
    """(postcode district, local authority's GSS code) by the first postcode in a listing's place, or else its words; "" where there is none.

    A place that is nothing but a district ("M32") has no authority: districts lie across their boundaries.
    """
    found = find_postcodes(place) or find_postcodes(said)
    if not found:
        bare = place.strip().upper()
        return (bare, "") if _DISTRICT.fullmatch(bare) and district(f"{bare} 1AA") else ("", "")
    at = lookup(found[0].postcode)
    return district(found[0].postcode) or "", (at.local_authority or "") if at else ""


class ShelfWrites:
    database: Database

    def shelve(self, c: Connection, listings: Collection[int]) -> None:
        """Make the rows of these listings anew of what the store now has of them. To be called last in the transaction that wrote it."""
        _count(c, self._shelve(c, listings))

    def _shelve(self, c: Connection, listings: Collection[int]) -> Counter[tuple[str, str, str]]:
        """The same, but for the counts: by how much each changes."""
        self.database.lock_chain(c)
        changed: Counter[tuple[str, str, str]] = Counter()
        for part in chunks(set(listings)):
            old = {r["id"]: dict(r) for r in c.execute(select(t.listing_now).where(t.listing_now.c.id.in_(part))).mappings()}
            standing = c.execute(_standing(), {"listings": part}).mappings()
            new = {r["id"]: _row(r, blocks=c.dialect.name == "postgresql") for r in standing}
            differing = {n for n in old.keys() | new.keys() if not _same(old.get(n), new.get(n), c)}
            _replace(c, [old[n] for n in sorted(differing & old.keys())], [new[n] for n in sorted(differing & new.keys())])
            for rows, sign in ((old, -1), (new, 1)):
                changed.update({key: sign * n for key, n in _counted(rows[n] for n in differing & rows.keys()).items()})
        return changed

    def standing_at(self) -> dict[str, int]:
        """How many listings stand at each level, by their newest flag: numbers, about no person."""
        with self.database.reading() as c:
            return kept_counts(c, "level")

    def sources_kept(self) -> dict[str, int]:
        """How many listings there are of each source."""
        with self.database.reading() as c:
            return kept_counts(c, "source")

    def rebuild_shelf(self, progress: Callable[[int], None] | None = None) -> int:
        """Make every row anew, in one transaction; how many listings there are. Others wait for it."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            return self._fill(c, progress)

    def fill_shelf(self) -> None:
        """Make the rows of a store that has none yet: of before they were, or of an older form that a migration emptied."""
        anything, shelved = select(t.listing.c.id).limit(1), select(t.listing_now.c.id).limit(1)
        with self.database.reading() as c:
            if c.execute(shelved).first() is not None or c.execute(anything).first() is None:
                return
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if c.execute(shelved).first() is not None:  # somebody else did meanwhile
                return
            if whole := c.dialect.name == "postgresql":  # many times as fast as row by row, and nobody searches yet
                c.execute(text(f"DROP INDEX {', '.join(GIN)}"))
            self._fill(c, None)
            for statement in GIN.values() if whole else ():
                c.execute(text(statement))

    def _fill(self, c: Connection, progress: Callable[[int], None] | None) -> int:
        for table in (t.listing_now, t.listing_now_count):
            c.execute(table.delete())
        if c.dialect.name == "sqlite":
            for name in FTS.values():
                c.execute(text(f"INSERT INTO {name} ({name}) VALUES ('delete-all')"))  # noqa: S608 - our own names
        done, after, counts = 0, 0, Counter[tuple[str, str, str]]()
        while page := c.execute(select(t.listing.c.id).where(t.listing.c.id > after).order_by(t.listing.c.id).limit(PAGE)).scalars().all():
            counts.update(self._shelve(c, page))
            after, done = page[-1], done + len(page)
            if progress:
                progress(len(page))
        _count(c, counts)  # once: PostgreSQL keeps every version of a row till the transaction ends
        self.compact_shelf(c)
        return done

    def compact_shelf(self, c: Connection) -> None:
        """On SQLite, write the words' index anew as one piece: without what was taken out of it, whose terms stay in its older pieces till then."""
        if c.dialect.name == "sqlite":
            for name in FTS.values():
                c.execute(text(f"INSERT INTO {name} ({name}) VALUES ('optimize')"))  # noqa: S608 - our own names


# -- making the rows ---------------------------------------------------------------------------------------------------------
@cache
def _standing() -> Any:
    """How each of `listings` stands that was ever read. Made once: to make it anew costs more than to run it."""
    of: Any = bindparam("listings", expanding=True)
    newest, seen, flag, said = newest_readings(of), seen_between(of), t.flag.c, t.judgement.c
    flagged = select(flag.listing, func.max(flag.id).label("id")).where(flag.listing.in_(of)).group_by(flag.listing).subquery()
    findings = func.coalesce(flag.findings_digest, "")
    judged = exists().where(
        said.subject_kind == "listing", said.subject == t.listing.c.id, said.findings_digest == findings, not_taken_back()
    )
    words = (t.snapshot.c[name] for name in SAID)
    return select(
        t.listing.c.id, t.listing.c.source, t.listing.c.ref, t.listing.c.url, t.snapshot.c.price_minor, t.snapshot.c.currency, *words,
        t.reading.c.seller.label("account"), seen.c.last, flag.level, flag.score, flag.contributions_json, judged.label("judged"),
    ).select_from(
        t.listing.join(newest, newest.c.listing == t.listing.c.id)
        .join(t.reading, t.reading.c.id == newest.c.id)
        .join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
        .join(seen, seen.c.listing == t.listing.c.id)
        .outerjoin(flagged, flagged.c.listing == t.listing.c.id)
        .outerjoin(t.flag, flag.id == flagged.c.id)
    )  # fmt: skip


def _row(r: Mapping[Any, Any], blocks: bool) -> dict[str, Any]:
    erased = r["url"] == ""  # its words may be another's too, and are found under that one alone
    level, number = r["level"] or "", r["id"]
    place = place_of(r["last"], number)
    turn = turn_of(level, r["score"], number) if level in QUEUED and not r["judged"] else None
    reasons = sorted({each["reason"] for each in json.loads(r["contributions_json"] or "[]")})
    brand = "" if erased else same_words(r["brand"])
    outward, authority = ("", "") if erased else area_of(r["place"], r["text"])
    priced = not erased and r["price_minor"] is not None and bool(r["currency"])
    marks = [mark("source", r["source"]), mark("judged", str(bool(r["judged"])))]
    marks += [mark(kind, value) for kind, value in (("brand", brand), ("level", level), ("area", outward), ("area", authority)) if value]
    marks += [mark("reason", reason) for reason in reasons]
    marks += [mark("seller", str(r["account"]))] if r["account"] is not None else []
    marks += [price_mark(r["price_minor"], r["currency"])] if priced else []
    keys = {"place": place, "turn": turn} if blocks else {}
    marks += [block_mark(name, key >> NUMBER, power) for name, key in keys.items() if key is not None for power in BLOCKS]
    words = [] if erased else terms_of([r["ref"], *(r[name] for name in SAID)])
    return {
        "id": number, "place": place, "turn": turn, "source": r["source"], "brand": brand, "level": level, "area": authority or outward,
        "judged": bool(r["judged"]), "reasons": " ".join(reasons)[:_REASONS], "price_minor": r["price_minor"] if priced else None,
        "currency": r["currency"] if priced else None, "terms": " ".join((*words, *marks)),
    }  # fmt: skip


def _same(old: Any, new: Any, c: Connection) -> bool:
    if old is None or new is None:
        return False
    plain = [name for name in new if name != "terms"]
    if any(old[name] != new[name] for name in plain):
        return False
    if c.dialect.name == "sqlite":
        return bool(old["terms"] == new["terms"])
    return set(re.findall(r"'((?:[^']|'')*)'", old["terms"])) == set(new["terms"].split())


# -- keeping them ------------------------------------------------------------------------------------------------------------
def _replace(c: Connection, old: list[Any], new: list[dict[str, Any]]) -> None:
    if old:
        _index(c, old, away=True)
        c.execute(t.listing_now.delete().where(t.listing_now.c.id.in_([r["id"] for r in old])))
    if new:
        c.execute(t.listing_now.insert(), new)
        _index(c, new, away=False)


def _index(c: Connection, rows: list[Any], *, away: bool) -> None:
    """Put rows into SQLite's index of words, or take them out; on PostgreSQL the column has its own."""
    if c.dialect.name != "sqlite":
        return
    for key, name in FTS.items():
        keyed = [{"key": r[key], "terms": r["terms"]} for r in rows if r[key] is not None]
        into, say = (f"{name}, rowid, terms", "'delete', ") if away else ("rowid, terms", "")
        if keyed:
            c.execute(text(f"INSERT INTO {name} ({into}) VALUES ({say}:key, :terms)"), keyed)  # noqa: S608 - our own names


def _counted(rows: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str, str]]:
    """How many of these rows each value of each facet has, by (among which, facet, value)."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for among in (ALL, WAITING) if row["turn"] is not None else (ALL,):
            found[among, "", ""] += 1
            found.update((among, facet, value) for facet, value in facets_of(row))
    return found


def kept_counts(c: Connection, facet: str, among: str = ALL, most: int | None = None) -> dict[str, int]:
    """How many listings have each value of a facet, of all or of those that wait, as they were counted when they were written: the `most` that
    most have. Of the facet "" the one value, "", is how many there are."""
    of = t.listing_now_count.c
    query = select(of.value, of.n).where(of.among == among, of.facet == facet, of.n > 0).order_by(of.n.desc(), of.value.desc())
    return {r.value: r.n for r in c.execute(query.limit(most))}


def facets_of(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(facet, value) of a row, for each that it has."""
    for facet in FACETS:
        if facet == "reason":
            yield from ((facet, reason) for reason in row["reasons"].split())
        elif (value := str(bool(row[facet])) if facet == "judged" else row[facet]) != "":
            yield facet, value


def _count(c: Connection, changed: Mapping[tuple[str, str, str], int]) -> None:
    """Add to the counts, in one order for all writers; what nothing has any more goes, with its name."""
    rows: list[dict[str, Any]] = [{"among": a, "facet": f, "value": v, "n": n} for (a, f, v), n in sorted(changed.items()) if n]
    if not rows:
        return
    add, drop = _adding(c.dialect.name)
    c.execute(add, rows)
    if less := [{"a": row["among"], "f": row["facet"], "v": row["value"]} for row in rows if row["n"] < 0]:
        c.execute(drop, less)


@cache
def _adding(dialect: str) -> tuple[Any, Any]:
    insert, key = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(t.listing_now_count), t.listing_now_count.c
    none_left = (key.among == bindparam("a"), key.facet == bindparam("f"), key.value == bindparam("v"), key.n <= 0)
    add = insert.on_conflict_do_update(index_elements=["among", "facet", "value"], set_={"n": key.n + insert.excluded.n})
    return add, t.listing_now_count.delete().where(*none_left)
