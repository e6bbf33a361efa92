"""Editions of registers and their entries: kept in bulk, joined to premises, found by what an advert says, compared with one another.

A load keeps each batch of entries, their premises and what joins them in one transaction, so that a load which was killed left
nothing half said. An edition is sought in once its load has ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union
from sqlalchemy.dialects import postgresql, sqlite

from store import tables as t
from store.database import Database, add, add_all, add_once
from store.errors import StopRun, TouchstoneError
from store.places import judged
from store.reader import Reader
from store.words.records import RegisterEntry, SubjectKind, Verdict, canonical

# How many characters an entry's fields hold: a longer value would stop a load on PostgreSQL, and not on SQLite.
LONGEST: Mapping[str, int] = {name: getattr(t.register_entry.c[name].type, "length") for name in ("reference", "uprn", "postcode", "phone")}  # noqa: B009
CACHE_KB = 65_536  # of SQLite while it loads: five indexes grow in no order, and the 2 MB that it has else are soon turned over
PAGE = 2000  # entries in memory at a time, of those that are gone through
AT_ONCE = 500  # values in one question: well below what either database takes
CHANGES = ("opened", "closed", "moved", "renamed", "otherwise")  # `otherwise`: what else the register says of it, a company's status
Positions = Iterable[tuple[str, float, float]]  # UPRN, latitude, longitude in degrees


@dataclass(frozen=True, slots=True)
class RegisterSnapshot:
    """One loading of one register's file."""

    id: int
    register: str
    file_digest: str
    dated: str
    licence: str
    rows: int
    refused: int
    at: datetime
    whole: bool  # its load has ended; else it goes on when the same file is loaded again


class Door(NamedTuple):
    """A building or a unit by the key that it was found or made under (premises/identity.py)."""

    premises: int
    kind: str  # building | unit
    key: str
    building: int | None


class Join(NamedTuple):
    """An entry and the premises it is of: found or made under `key`, in the building under `building_key` where it is a unit."""

    entry: int
    kind: str  # building | unit
    key: str
    label: str
    building_key: str | None
    postcode: str | None
    building_label: str = ""


class Row(NamedTuple):
    """An entry to keep, the name key that the linker blocks on, and the premises to join it to (its `entry` is filled in)."""

    entry: RegisterEntry
    name_key: str
    join: Join


@dataclass(frozen=True, slots=True)
class Change:
    """What one edition of a register says otherwise than another, of one reference. `was` or `now` is None where it is not listed."""

    kind: str  # of CHANGES
    reference: str
    was: RegisterEntry | None
    now: RegisterEntry | None
    premises_was: int | None = None
    premises_now: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A link that a person confirmed, to premises whose entry in the older edition has closed or moved in the newer."""

    link: int
    premises: int
    change: str  # closed | moved
    was: RegisterEntry
    premises_now: int | None


def entry_of(r: Any) -> RegisterEntry:
    entry = RegisterEntry(
        r["register"],
        r["reference"],
        r["name"],
        r["address_raw"],
        r["postcode"],
        json.loads(r["parts_json"]),
        r["uprn"],
        r["lat"],
        r["lon"],
        r["phone"],
        r["row"],
        r["id"],
        json.loads(r["details_json"]),
        r["register_snapshot"],
    )
    if r["uprn_lat"] is None:
        return entry
    return replace(entry, lat=r["uprn_lat"], lon=r["uprn_lon"], parts={**entry.parts, "position": "uprn"})


def entries_with_positions(e: Any = t.register_entry, *more: Any) -> Select[Any]:
    """Entries, each with the newest position of its UPRN: the register's own geocode is approximate, the UPRN's is the property's."""
    p = t.uprn_position.alias()
    newest = select(func.max(t.uprn_position.c.id)).where(t.uprn_position.c.uprn == e.c.uprn).correlate(e).scalar_subquery()
    return select(e, p.c.lat.label("uprn_lat"), p.c.lon.label("uprn_lon"), *more).select_from(e).outerjoin(p, p.c.id == newest)


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL, and halves of characters. It stands in a refusal, to be read by people."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


class RegisterWrites:
    database: Database

    def begin_register(
        self, register: str, file_digest: str, *, dated: str, licence: str, rows: int, refused: int, run: str, begun: bool = False
    ) -> tuple[int, bool]:
        """A row for this file of this register; (its number, whether it is new). The same bytes are never loaded twice.

        With `begun` it is marked so in the same transaction, unless its load has ended: nothing is sought in it until it is marked `ended`.
        """
        with self.database.writing() as c:
            number, new = add_once(
                c,
                t.register_snapshot,
                {"register": register, "file_digest": file_digest},
                dated=dated,
                licence=licence,
                rows=rows,
                refused=refused,
                run=run,
                at=datetime.now(UTC),
            )
            if begun and not self.register_ended(number):
                self.mark_register(number, "begun", run)
        return number, new

    def mark_register(self, snapshot: int, word: str, run: str) -> None:
        """Say that a load of this snapshot has `begun` or `ended`: what has begun and not ended is nowhere sought in."""
        with self.database.writing() as c:
            add(c, t.register_mark, register_snapshot=snapshot, word=word, run=run, at=datetime.now(UTC))

    def keep_rows(self, snapshot: int, rows: Sequence[Row], refusals: Iterable[tuple[int, str, str]], run: str) -> int:
        """Keep a batch with its refusals and join it to premises, all or nothing; how many premises were new."""
        with self.database.writing() as c:
            if c.dialect.name == "sqlite":
                c.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KB}")
            self.keep_refusals(snapshot, refusals)
            numbers = self.keep_entries(snapshot, [(row.entry, row.name_key) for row in rows])
            return self.join_premises([row.join._replace(entry=numbers[row.entry.reference]) for row in rows], run)

    def keep_entries(self, snapshot: int, entries: Iterable[tuple[RegisterEntry, str]]) -> dict[str, int]:
        """Keep a batch of (entry, name key); reference → its number. The name key is the name as the linker blocks on it."""
        rows = [
            {
                "register_snapshot": snapshot,
                "register": e.register,
                "reference": e.reference,
                "name": e.name,
                "name_key": key[:120],
                "address_raw": e.address_raw,
                "parts_json": canonical(dict(e.parts)).decode(),
                "uprn": e.uprn,
                "postcode": e.postcode,
                "lat": e.lat,
                "lon": e.lon,
                "phone": e.phone,
                "row": e.row,
                "details_json": canonical(e.details).decode(),
            }
            for e, key in entries
        ]
        if not rows:
            return {}
        statement = t.register_entry.insert().returning(t.register_entry.c.reference, t.register_entry.c.id)
        with self.database.writing() as c:
            return {r.reference: r.id for r in c.execute(statement, rows)}

    def keep_refusals(self, snapshot: int, refusals: Iterable[tuple[int, str, str]]) -> None:
        """Rows of the file that were not understood: (row, reason, raw)."""
        with self.database.writing() as c:
            add_all(
                c,
                t.register_refusal,
                [
                    {"register_snapshot": snapshot, "row": row, "reason": reason, "raw": _storable(raw[:2000])}
                    for row, reason, raw in refusals
                ],
            )

    def keep_positions(self, snapshot: int, positions: Positions) -> int:
        """Keep where UPRNs lie; how many this snapshot had not said before."""
        rows = [{"uprn": uprn, "lat": lat, "lon": lon, "register_snapshot": snapshot} for uprn, lat, lon in positions]
        new = 0
        with self.database.writing() as c:
            for i in range(0, len(rows), AT_ONCE):
                new += len(c.execute(_insert_once(c, t.uprn_position).returning(t.uprn_position.c.id), rows[i : i + AT_ONCE]).all())
        return new

    def uprns(self) -> set[int]:
        """Every UPRN that an entry names, as a number: some 60 bytes of memory each."""
        query = select(t.register_entry.c.uprn).where(t.register_entry.c.uprn.is_not(None)).distinct()
        with self.database.reading() as c:
            return {int(r.uprn) for r in c.execute(query) if r.uprn.isascii() and r.uprn.isdigit()}

    def register_snapshots(self, register: str | None = None) -> list[RegisterSnapshot]:
        query = select(t.register_snapshot, whole().label("whole")).order_by(t.register_snapshot.c.id)
        if register:
            query = query.where(t.register_snapshot.c.register == register)
        with self.database.reading() as c:
            return [
                RegisterSnapshot(r.id, r.register, r.file_digest, r.dated, r.licence, r.rows, r.refused, r.at, r.whole)
                for r in c.execute(query)
            ]

    def crowded(self, postcodes: Sequence[str], most: int) -> list[str]:
        """Of these postcodes those where one newest edition names more than `most` entries: a formation agent's has tens of thousands."""
        e, snapshots = t.register_entry.c, self.newest_snapshots()
        if not postcodes or not snapshots:
            return []
        query = select(e.postcode).where(e.postcode.in_(postcodes), e.register_snapshot.in_(snapshots))
        query = query.group_by(e.postcode, e.register_snapshot).having(func.count() > most)
        with self.database.reading() as c:
            return sorted({str(postcode) for postcode in c.execute(query).scalars()})

    def newest_snapshots(self) -> list[int]:
        """The newest snapshot of each register whose load has ended: what links are sought in."""
        query = select(func.max(t.register_snapshot.c.id).label("id")).where(whole()).group_by(t.register_snapshot.c.register)
        with self.database.reading() as c:
            return [r.id for r in c.execute(query)]

    def two_editions(self, register: str, before: int | None = None, after: int | None = None) -> tuple[RegisterSnapshot, RegisterSnapshot]:
        """Two loaded snapshots of a register to compare, the newest two where none is named. Raises StopRun where there are none such."""
        have = {one.id: one for one in self.register_snapshots(register) if one.whole}
        for number in (before, after):
            if number is not None and number not in have:
                raise StopRun(f"register '{register}' has no loaded snapshot {number}; it has {', '.join(map(str, have)) or 'none'}")
        later = after if after is not None else max(have, default=0)
        earlier = before if before is not None else max((n for n in have if n < later), default=0)
        if earlier not in have or later not in have or earlier == later:
            raise StopRun(f"two snapshots of '{register}' are needed to compare them; loaded: {', '.join(map(str, have)) or 'none'}")
        return have[earlier], have[later]

    def references_known(self, snapshot: int, references: Sequence[str]) -> int:
        """How many of these references are in a snapshot, at most some hundreds at once."""
        e = t.register_entry.c
        with self.database.reading() as c:
            query = select(func.count()).where(e.register_snapshot == snapshot, e.reference.in_(references))
            return int(c.execute(query).scalar_one())

    def register_reached(self, snapshot: int) -> tuple[int, int]:
        """The last rows of a snapshot's file that are kept, as (entry, refusal): where a load that was killed goes on."""
        with self.database.reading() as c:
            entry = c.execute(select(func.max(t.register_entry.c.row)).where(t.register_entry.c.register_snapshot == snapshot)).scalar()
            refusal = c.execute(
                select(func.max(t.register_refusal.c.row)).where(t.register_refusal.c.register_snapshot == snapshot)
            ).scalar()
        return entry or 0, refusal or 0

    def register_ended(self, snapshot: int) -> bool:
        """Whether a load of this snapshot has ended; false as well for one that was loaded before loads were marked."""
        ended = select(t.register_mark.c.id).where(t.register_mark.c.register_snapshot == snapshot, t.register_mark.c.word == "ended")
        with self.database.reading() as c:
            return c.execute(ended.limit(1)).first() is not None

    def join_premises(self, joins: Iterable[Join | tuple[Any, ...]], run: str) -> int:
        """Join entries to premises; how many premises were new. In bulk: a register has millions of rows.

        A key is made of what identifies a place in words (postcode, number, unit); the premises found or made under it keeps its own
        number whatever the registers say later.
        """
        wanted = [Join(*j) for j in joins]
        if not wanted:
            return 0
        now = datetime.now(UTC)
        with self.database.writing() as c:
            buildings = {j.building_key: j for j in reversed(wanted) if j.building_key}
            rows: list[dict[str, Any]] = [
                {"kind": "building", "label": j.building_label, "key": key, "building": None, "postcode": j.postcode, "added_at": now}
                for key, j in buildings.items()
            ]
            numbers, new = _premises_under(c, rows)
            rows = [
                {
                    "kind": j.kind,
                    "label": j.label,
                    "key": key,
                    "building": numbers.get(j.building_key or ""),
                    "postcode": j.postcode,
                    "added_at": now,
                }
                for key, j in {j.key: j for j in reversed(wanted)}.items()
            ]
            found, more = _premises_under(c, rows)
            numbers |= found
            c.execute(
                _insert_once(c, t.premises_entry),
                [{"premises": numbers[j.key], "register_entry": j.entry, "run": run} for j in wanted],
            )
        return new + more

    def register_change_counts(self, before: int, after: int) -> dict[str, int]:
        """How many references opened, closed, moved, … from one snapshot to another, counted by the database."""
        counts = {}
        with self.database.reading() as c:
            for kind in CHANGES:
                query = _changed(kind, before, after).with_only_columns(func.count(), maintain_column_froms=True)
                counts[kind] = int(c.execute(query.order_by(None)).scalar_one())
        return counts


def _insert_once(c: Connection, table: Any) -> Any:
    maker = postgresql.insert if c.dialect.name == "postgresql" else sqlite.insert
    return maker(table).on_conflict_do_nothing()


def _premises_under(c: Connection, rows: list[dict[str, Any]]) -> tuple[dict[str, int], int]:
    """The premises of those keys, made where they are not there: key → number, and how many were made.

    Counted as they are made: to count the table before and after is a walk through millions of rows for each batch.
    """
    found: dict[str, int] = {}
    for keys in _parts([r["key"] for r in rows]):
        found |= {r.key: r.id for r in c.execute(select(t.premises.c.key, t.premises.c.id).where(t.premises.c.key.in_(keys)))}
    missing = [r for r in rows if r["key"] not in found]
    made: dict[str, int] = {}
    if missing:
        insert = _insert_once(c, t.premises).returning(t.premises.c.key, t.premises.c.id)
        made = {r.key: r.id for r in c.execute(insert, missing)}
    for keys in _parts([r["key"] for r in missing if r["key"] not in made]):  # another load made them meanwhile
        found |= {r.key: r.id for r in c.execute(select(t.premises.c.key, t.premises.c.id).where(t.premises.c.key.in_(keys)))}
    return found | made, len(made)


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[i : i + AT_ONCE] for i in range(0, len(values), AT_ONCE))


def whole() -> ColumnElement[bool]:
    """Of register_snapshot: its load has ended, or none was marked as begun (by versions before marks)."""
    begun = select(t.register_mark.c.register_snapshot).where(t.register_mark.c.word == "begun")
    ended = select(t.register_mark.c.register_snapshot).where(t.register_mark.c.word == "ended")
    return or_(t.register_snapshot.c.id.not_in(begun), t.register_snapshot.c.id.in_(ended))


# -- two editions --------------------------------------------------------------------------------------------------------
OLD, NEW = t.register_entry.alias("was"), t.register_entry.alias("now")
AT_OLD, AT_NEW = t.premises_entry.alias("at_was"), t.premises_entry.alias("at_now")


def _moved() -> ColumnElement[bool]:
    """Another place, and other words for it: where we only read the same words better the business has not moved."""
    return and_(AT_OLD.c.premises != AT_NEW.c.premises, OLD.c.address_raw != NEW.c.address_raw)


def _changed(kind: str, before: int, after: int) -> Select[Any]:
    """The pairs of entries, old and new, of one kind of change, in order of the older row (the newer one's of what opened)."""
    old, new, same = OLD.c, NEW.c, OLD.c.reference == NEW.c.reference
    if kind == "opened":
        query = select(new.id).select_from(NEW.outerjoin(OLD, and_(same, old.register_snapshot == before)))
        return query.where(new.register_snapshot == after, old.id.is_(None)).order_by(new.id)
    if kind == "closed":
        query = select(old.id).select_from(OLD.outerjoin(NEW, and_(same, new.register_snapshot == after)))
        return query.where(old.register_snapshot == before, new.id.is_(None)).order_by(old.id)
    both = OLD.join(NEW, and_(same, new.register_snapshot == after))
    how: ColumnElement[bool] = old.name != new.name  # as written: SQLite would fold ASCII alone
    if kind == "moved":
        both = both.join(AT_OLD, AT_OLD.c.register_entry == old.id).join(AT_NEW, AT_NEW.c.register_entry == new.id)
        how = _moved()
    elif kind == "otherwise":
        # an entry of before details were kept says nothing that could have changed
        how = and_(old.details_json != "{}", old.details_json != new.details_json)
    return select(old.id, new.id.label("new_id")).select_from(both).where(old.register_snapshot == before, how).order_by(old.id)


def _with_premises() -> Select[Any]:
    """Entries, each with the premises it is of."""
    premises = (t.premises.c.id.label("premises_id"), t.premises.c.kind, t.premises.c.building)
    query = entries_with_positions(t.register_entry, *premises).join(
        t.premises_entry, t.premises_entry.c.register_entry == t.register_entry.c.id
    )
    return query.join(t.premises, t.premises.c.id == t.premises_entry.c.premises)


class RegisterReads(Reader):
    def refusals(self, snapshot: int) -> list[tuple[int, str, str]]:
        """Rows of a register's file that were refused: (row, reason, raw). The raw row may hold a sole trader's name and phone."""
        query = select(t.register_refusal).where(t.register_refusal.c.register_snapshot == snapshot).order_by(t.register_refusal.c.row)
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
        self.shown("register_refusal", (r.id for r in rows))
        return [(r.row, r.reason, r.raw) for r in rows]

    def entries_by(
        self, *, postcodes: Sequence[str] = (), name_keys: Sequence[str] = (), phones: Sequence[str] = ()
    ) -> list[tuple[RegisterEntry, int, str, int | None]]:
        """Entries of the newest snapshots that share a postcode, a name key or a phone: (entry, premises, its kind, its building).

        A sole trader's name and phone are in registers too, so that this is a read like any other.
        """
        e, snapshots = t.register_entry.c, self.store.newest_snapshots()
        # three questions, each by its own index: an OR over three columns may be answered by walking through the edition
        asked = [
            select(e.id).where(column.in_(values), e.register_snapshot.in_(snapshots))
            for column, values in ((e.postcode, postcodes), (e.name_key, name_keys), (e.phone, phones))
            if values
        ]
        if not asked or not snapshots:
            return []
        query = _with_premises().where(e.id.in_(union(*asked) if len(asked) > 1 else asked[0])).order_by(e.id)
        with self.store.database.reading() as c:
            rows = [(entry_of(r), r["premises_id"], r["kind"], r["building"]) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for entry, *_ in rows))
        return rows

    def doors_of(self, postcode: str) -> list[Door]:
        """Every building and unit that the store knows at a postcode, in order."""
        p = t.premises.c
        query = select(p.id, p.kind, p.key, p.building).where(p.postcode == postcode).order_by(p.id)
        with self.store.database.reading() as c:
            rows = [Door(r.id, r.kind, r.key, r.building) for r in c.execute(query)]
        self.shown("premises", (door.premises for door in rows))
        return rows

    def entries_at(self, postcode: str, doors: Sequence[int], most: int) -> list[tuple[RegisterEntry, int, str, int | None]]:
        """Entries of the newest editions at these premises, as `entries_by` gives them: the first `most` of each door and edition."""
        e, at = t.register_entry.c, t.premises_entry.c
        found: list[int] = []
        with self.store.database.reading() as c:
            for snapshot in self.store.newest_snapshots():
                here = (e.postcode == postcode) & (e.register_snapshot == snapshot)
                first, last = c.execute(select(func.min(e.id), func.max(e.id)).where(here)).one()
                if first is None:
                    continue
                for door in doors:  # by its own index and between these two numbers: earlier editions are not walked through
                    query = select(e.id).join(t.premises_entry, at.register_entry == e.id)
                    query = query.where(at.premises == door, at.register_entry.between(first, last), e.register_snapshot == snapshot)
                    found += c.execute(query.order_by(at.register_entry).limit(most)).scalars()
        rows = []
        with self.store.database.reading() as c:
            for i in range(0, len(found), AT_ONCE):
                rows += [
                    (entry_of(r), r["premises_id"], r["kind"], r["building"])
                    for r in c.execute(_with_premises().where(e.id.in_(found[i : i + AT_ONCE])).order_by(e.id)).mappings()
                ]
        self.shown("register_entry", (entry.id for entry, *_ in rows))
        return rows

    def register_entries(self, register: str) -> Iterator[RegisterEntry]:
        """Every entry of a register's newest whole edition, in order of row, a page in memory at a time. Raises TouchstoneError where none is loaded."""
        editions = [one.id for one in self.store.register_snapshots(register) if one.whole]
        if not editions:
            raise TouchstoneError(
                f"no register '{register}' is loaded; `touchstone register list` shows those that are, `register load` loads one"
            )
        e = t.register_entry.c
        query = entries_with_positions().where(e.register_snapshot == editions[-1]).order_by(e.id).limit(PAGE)
        after = 0
        while True:
            with self.store.database.reading() as c:
                page = [entry_of(r) for r in c.execute(query.where(e.id > after)).mappings()]
            if not page:
                return
            after = page[-1].id or after
            self.shown("register_entry", (entry.id for entry in page))
            yield from page

    def entries_numbered(self, numbers: Sequence[int]) -> list[RegisterEntry]:
        """The entries of those row numbers, whatever their snapshot, in order; numbers of no entry are left out."""
        found: list[RegisterEntry] = []
        with self.store.database.reading() as c:
            for i in range(0, len(numbers), AT_ONCE):
                query = entries_with_positions().where(t.register_entry.c.id.in_(numbers[i : i + AT_ONCE])).order_by(t.register_entry.c.id)
                found += [entry_of(r) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for entry in found))
        return found

    def entries_unjoined(self, snapshot: int, after: int = 0, limit: int = 2000) -> list[RegisterEntry]:
        """Entries that no premises is joined to, in pages by id: left behind by a load that an older version was killed in."""
        joined = select(t.premises_entry.c.register_entry).where(t.premises_entry.c.register_entry == t.register_entry.c.id).exists()
        query = entries_with_positions().where(t.register_entry.c.register_snapshot == snapshot, t.register_entry.c.id > after, ~joined)
        with self.store.database.reading() as c:
            rows = [entry_of(r) for r in c.execute(query.order_by(t.register_entry.c.id).limit(limit)).mappings()]
        self.shown("register_entry", (r.id for r in rows))
        return rows

    def entries_of(self, premises: int) -> list[RegisterEntry]:
        """What every register has said of a premises, oldest first."""
        query = (
            entries_with_positions()
            .join(t.premises_entry, t.premises_entry.c.register_entry == t.register_entry.c.id)
            .where(t.premises_entry.c.premises == premises)
        )
        with self.store.database.reading() as c:
            rows = [entry_of(r) for r in c.execute(query.order_by(t.register_entry.c.id)).mappings()]
        self.shown("premises", [premises])
        return rows

    def register_changes(self, kind: str, before: int, after: int, limit: int = 100) -> list[Change]:
        """What changed in that way between two snapshots of a register, at most `limit`, in order of the file."""
        with self.store.database.reading() as c:
            pairs = c.execute(_changed(kind, before, after).limit(limit)).all()
            entries = self._entries_at(c, [n for pair in pairs for n in pair])
        out = []
        for pair in pairs:
            old = None if kind == "opened" else entries[pair[0]]
            new = entries[pair[-1]] if kind != "closed" else None
            some = (old or new or (None, None))[0]
            assert some is not None
            (was, at_was), (now, at_now) = old or (None, None), new or (None, None)
            out.append(Change(kind, some.reference, was, now, at_was, at_now))
        self.shown("register_entry", entries)
        return out

    def _entries_at(self, c: Connection, numbers: Sequence[int]) -> dict[int, tuple[RegisterEntry, int | None]]:
        """Entries by their numbers, each with its premises."""
        found: dict[int, tuple[RegisterEntry, int | None]] = {}
        at = t.premises_entry.c
        for i in range(0, len(numbers), AT_ONCE):
            query = entries_with_positions(t.register_entry, at.premises).outerjoin(
                t.premises_entry, at.register_entry == t.register_entry.c.id
            )
            rows = c.execute(query.where(t.register_entry.c.id.in_(numbers[i : i + AT_ONCE]))).mappings()
            found |= {r["id"]: (entry_of(r), r["premises"]) for r in rows}
        return found

    def links_touched(self, before: int, after: int) -> list[Touched]:
        """Links that a person confirmed, to premises whose entry in `before` is not in `after`, or at another place there.

        The links stand: they are to the premises. Whether the business they speak of is still there is for a person to see.
        """
        beside, verdict = judged()
        newest = select(func.max(t.link.c.id).label("link"), t.link.c.object.label("premises")).select_from(beside)
        newest = newest.where(verdict == str(Verdict.yes), t.link.c.object_kind == str(SubjectKind.premises))
        confirmed = newest.group_by(t.link.c.subject_kind, t.link.c.subject, t.link.c.object).subquery()
        query = (
            select(confirmed.c.link, confirmed.c.premises, OLD.c.id, NEW.c.id.label("new_id"), AT_NEW.c.premises.label("premises_now"))
            .select_from(confirmed)
            .join(AT_OLD, AT_OLD.c.premises == confirmed.c.premises)
            .join(OLD, and_(OLD.c.id == AT_OLD.c.register_entry, OLD.c.register_snapshot == before))
            .outerjoin(NEW, and_(NEW.c.reference == OLD.c.reference, NEW.c.register_snapshot == after))
            .outerjoin(AT_NEW, AT_NEW.c.register_entry == NEW.c.id)
            .where(or_(NEW.c.id.is_(None), _moved()))
            .order_by(confirmed.c.link, OLD.c.id)
        )
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
            entries = self._entries_at(c, [r.id for r in rows])
        self.shown("link", (r.link for r in rows))
        self.shown("register_entry", entries)
        return [Touched(r.link, r.premises, "closed" if r.new_id is None else "moved", entries[r.id][0], r.premises_now) for r in rows]
