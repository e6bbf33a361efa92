"""Premises, the registers' entries and links. A Premises is ours and durable; what a register says of it is a row that joins it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, case, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from store import audit
from store import tables as t
from store.database import Database, add, add_all, add_once
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.records import (
    Link,
    LinkReason,
    Premises,
    RegisterEntry,
    Status,
    SubjectKind,
    Verb,
    Verdict,
    canonical,
    digest_of,
)

GONE = "no longer found"  # the status, and the reason, of a link that the pass found once and finds no more
# How many characters an entry's fields hold: a longer value would stop a load on PostgreSQL, and not on SQLite.
LONGEST: Mapping[str, int] = {name: getattr(t.register_entry.c[name].type, "length") for name in ("reference", "uprn", "postcode", "phone")}  # noqa: B009
PAIR = (t.link.c.subject_kind, t.link.c.subject, t.link.c.object_kind, t.link.c.object)
Pair = tuple[SubjectKind, int, SubjectKind, int]


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


class Join(NamedTuple):
    """An entry and the premises it is of: found or made under `key`, in the building under `building_key` where it is a unit."""

    entry: int
    kind: str  # building | unit
    key: str
    label: str
    building_key: str | None
    postcode: str | None
    building_label: str = ""


def entry_of(r: Any) -> RegisterEntry:
    return RegisterEntry(
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
    )


def pair_of(link: Link) -> Pair:
    return (link.subject_kind, link.subject, link.object_kind, link.object)


def link_of(r: Any) -> Link:
    """A row with its pair's newest `verdict`, which decides; `unsure` leaves the link as the machine has it."""
    decided = {str(Verdict.yes): "confirmed", str(Verdict.no): "refused"}
    status = decided.get(r["verdict"] or "", GONE if r["level"] == "none" else "proposed")
    return Link(
        r["id"],
        SubjectKind(r["subject_kind"]),
        r["subject"],
        SubjectKind(r["object_kind"]),
        r["object"],
        str(r["method"]),
        r["score"],
        r["level"],
        tuple(LinkReason(**x) for x in json.loads(r["reasons_json"])),
        status,
    )


def _link_digest(score: float, level: str, reasons: Iterable[Mapping[str, Any]]) -> str:
    """What a link says, without the rows it cites: the next edition of a register, or a page fetched again, says the same anew."""
    return digest_of([round(score, 6), level, [{k: v for k, v in r.items() if k not in ("entry", "capture")} for r in reasons]])


def _storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL, and halves of characters. It stands in a refusal, to be read by people."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _judged() -> tuple[Any, Any]:
    """Links, each beside the newest verdict on any row of its pair, and that verdict's column (NULL where nobody has judged).

    People judge that two belong together, whichever row they were shown. Judgements are few, so that they are gathered once.
    """
    of_links = t.judgement.join(t.link, and_(t.judgement.c.subject_kind == str(SubjectKind.link), t.judgement.c.subject == t.link.c.id))
    newest = select(*PAIR, func.max(t.judgement.c.id).label("judgement")).select_from(of_links).group_by(*PAIR).subquery()
    same = and_(*(newest.c[column.name] == column for column in PAIR))
    beside = t.link.outerjoin(newest, same).outerjoin(t.judgement, t.judgement.c.id == newest.c.judgement)
    return beside, t.judgement.c.verdict


class PlaceWrites:
    database: Database

    def begin_register(
        self, register: str, file_digest: str, *, dated: str, licence: str, rows: int, refused: int, run: str
    ) -> tuple[int, bool]:
        """A row for this file of this register; (its number, whether it is new). The same bytes are never loaded twice."""
        with self.database.writing() as c:
            return add_once(
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

    def keep_entries(self, snapshot: int, entries: Iterable[tuple[RegisterEntry, str]]) -> int:
        """Keep a batch of (entry, name key); how many. The name key is the name as the linker blocks on it."""
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
            }
            for e, key in entries
        ]
        with self.database.writing() as c:
            add_all(c, t.register_entry, rows)
        return len(rows)

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

    def register_snapshots(self, register: str | None = None) -> list[RegisterSnapshot]:
        query = select(t.register_snapshot).order_by(t.register_snapshot.c.id)
        if register:
            query = query.where(t.register_snapshot.c.register == register)
        with self.database.reading() as c:
            return [
                RegisterSnapshot(r.id, r.register, r.file_digest, r.dated, r.licence, r.rows, r.refused, r.at) for r in c.execute(query)
            ]

    def newest_snapshots(self) -> list[int]:
        """The newest snapshot of each register: what links are sought in."""
        with self.database.reading() as c:
            return [
                r.id for r in c.execute(select(func.max(t.register_snapshot.c.id).label("id")).group_by(t.register_snapshot.c.register))
            ]

    def register_reached(self, snapshot: int) -> tuple[int, int]:
        """The last rows of a snapshot's file that are kept, as (entry, refusal): where a load that was killed goes on."""
        with self.database.reading() as c:
            entry = c.execute(select(func.max(t.register_entry.c.row)).where(t.register_entry.c.register_snapshot == snapshot)).scalar()
            refusal = c.execute(
                select(func.max(t.register_refusal.c.row)).where(t.register_refusal.c.register_snapshot == snapshot)
            ).scalar()
        return entry or 0, refusal or 0

    def join_premises(self, joins: Iterable[Join | tuple[Any, ...]], run: str) -> int:
        """Join entries to premises; how many premises were new. In bulk: a register has millions of rows.

        A key is made of what identifies a place in words (postcode, number, unit); the premises found or made under it keeps its own
        number whatever the registers say later.
        """
        wanted = [Join(*j) for j in joins]
        now = datetime.now(UTC)
        with self.database.writing() as c:
            before = c.execute(select(func.count()).select_from(t.premises)).scalar_one()
            buildings = {j.building_key: j for j in reversed(wanted) if j.building_key}
            rows: list[dict[str, Any]] = [
                {"kind": "building", "label": j.building_label, "key": key, "building": None, "postcode": j.postcode, "added_at": now}
                for key, j in buildings.items()
            ]
            numbers = self._premises_under(c, rows)
            whole = {j.key: j for j in reversed(wanted)}
            rows = [
                {
                    "kind": j.kind,
                    "label": j.label,
                    "key": key,
                    "building": numbers.get(j.building_key or ""),
                    "postcode": j.postcode,
                    "added_at": now,
                }
                for key, j in whole.items()
            ]
            numbers |= self._premises_under(c, rows)
            if wanted:
                c.execute(
                    self._insert_once(c, t.premises_entry),
                    [{"premises": numbers[j.key], "register_entry": j.entry, "run": run} for j in wanted],
                )
            return int(c.execute(select(func.count()).select_from(t.premises)).scalar_one() - before)

    def _premises_under(self, c: Connection, rows: list[dict[str, Any]]) -> dict[str, int]:
        """The premises of those keys, made where they are not there: key → number."""
        if not rows:
            return {}
        c.execute(self._insert_once(c, t.premises), rows)
        found: dict[str, int] = {}
        for i in range(0, len(rows), 500):
            query = select(t.premises.c.key, t.premises.c.id).where(t.premises.c.key.in_([r["key"] for r in rows[i : i + 500]]))
            found |= {r.key: r.id for r in c.execute(query)}
        return found

    def _insert_once(self, c: Connection, table: Table) -> Any:
        maker = postgresql.insert if c.dialect.name == "postgresql" else sqlite.insert
        return maker(table).on_conflict_do_nothing()

    def keep_links(self, links: Iterable[Link], method: int, run: str, *, actor: str, purpose: str) -> int:
        """Keep each link unless its pair's newest row by this method says the same; how many were new.

        Each new one joins two people's or places' data: a *combination* in the log.
        """
        with self.database.writing() as c:
            new = [number for item in links if (number := self._keep_link(c, item, method, run))]
            if new:
                audit.append(self.database, c, Verb.combination, actor=actor, purpose=purpose, run=run, subjects={"link": new})
        return len(new)

    def keep_no_longer_found(self, found: Collection[Pair], method: int, run: str, *, actor: str, purpose: str) -> int:
        """Say of each pair that this method linked and that is not in `found` that it is no longer found; how many were new.

        To be called with everything that a whole pass found. What a person confirmed keeps its status, and gets no such row.
        """
        later = t.link.alias("later")
        newer = [later.c.id > t.link.c.id, later.c.method == method, *(later.c[column.name] == column for column in PAIR)]
        beside, verdict = _judged()
        query = select(t.link.c.id, *PAIR).select_from(beside)
        query = query.where(t.link.c.method == method, t.link.c.level != "none", ~exists().where(*newer))
        query = query.where(func.coalesce(verdict, "") != str(Verdict.yes)).order_by(t.link.c.id).limit(1000)
        total, after = 0, 0
        while True:
            with self.database.writing() as c:
                rows = c.execute(query.where(t.link.c.id > after)).all()
                if not rows:
                    return total
                after, new = rows[-1].id, []
                for r in rows:
                    pair = (SubjectKind(r.subject_kind), r.subject, SubjectKind(r.object_kind), r.object)
                    if pair not in found:
                        why = LinkReason("no_longer_found", 0.0, GONE)
                        new.append(self._keep_link(c, Link(None, *pair, "", 0.0, "none", (why,)), method, run))
                if new:
                    audit.append(self.database, c, Verb.alteration, actor=actor, purpose=purpose, run=run, subjects={"link": new})
            total += len(new)

    def _keep_link(self, c: Connection, item: Link, method: int, run: str) -> int:
        """The number of the new row, or 0. A → B → A is three rows: newness is relative to the newest."""
        values: dict[str, Any] = dict(zip((column.name for column in PAIR), pair_of(item), strict=True))
        values |= {"subject_kind": str(item.subject_kind), "object_kind": str(item.object_kind), "method": method}
        where = [t.link.c[name] == value for name, value in values.items()]
        last = c.execute(select(t.link).where(*where).order_by(t.link.c.id.desc()).limit(1)).first()
        reasons = [asdict(r) for r in item.reasons]
        digest = _link_digest(item.score, item.level, reasons)
        # from the words, not from last.digest: rows of before revision 0002 have the numbers of rows in theirs
        if last and _link_digest(last.score, last.level, json.loads(last.reasons_json)) == digest:
            return 0
        score, said = round(item.score, 6), canonical(reasons).decode()
        now = datetime.now(UTC)
        return add(c, t.link, **values, digest=digest, score=score, level=item.level, reasons_json=said, run=run, at=now)


class PlaceReads(Reader):
    def refusals(self, snapshot: int) -> list[tuple[int, str, str]]:
        """Rows of a register's file that were refused: (row, reason, raw). The raw row may hold a sole trader's name and phone."""
        query = select(t.register_refusal).where(t.register_refusal.c.register_snapshot == snapshot).order_by(t.register_refusal.c.row)
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
        self.shown("register_refusal", (r.id for r in rows))
        return [(r.row, r.reason, r.raw) for r in rows]

    def premises(self, numbers: Sequence[int] | None = None, *, postcode: str | None = None) -> list[Premises]:
        query = select(t.premises).order_by(t.premises.c.id)
        if numbers is not None:
            query = query.where(t.premises.c.id.in_(numbers))
        if postcode is not None:
            query = query.where(t.premises.c.postcode == postcode)
        with self.store.database.reading() as c:
            rows = [Premises(r.id, r.kind, r.label, r.building) for r in c.execute(query)]
        self.shown("premises", (r.id for r in rows))
        return rows

    def entries_by(
        self, *, postcodes: Sequence[str] = (), name_keys: Sequence[str] = (), phones: Sequence[str] = ()
    ) -> list[tuple[RegisterEntry, int, str, int | None]]:
        """Entries of the newest snapshots that share a postcode, a name key or a phone: (entry, premises, its kind, its building).

        A sole trader's name and phone are in registers too, so that this is a read like any other.
        """
        snapshots = self.store.newest_snapshots()
        tests = []
        if postcodes:
            tests.append(t.register_entry.c.postcode.in_(postcodes))
        if name_keys:
            tests.append(t.register_entry.c.name_key.in_(name_keys))
        if phones:
            tests.append(t.register_entry.c.phone.in_(phones))
        if not tests or not snapshots:
            return []
        query = (
            select(t.register_entry, t.premises.c.id.label("premises_id"), t.premises.c.kind, t.premises.c.building)
            .select_from(
                t.register_entry.join(t.premises_entry, t.premises_entry.c.register_entry == t.register_entry.c.id).join(
                    t.premises, t.premises.c.id == t.premises_entry.c.premises
                )
            )
            .where(t.register_entry.c.register_snapshot.in_(snapshots), or_(*tests))
            .order_by(t.register_entry.c.id)
        )
        with self.store.database.reading() as c:
            rows = [(entry_of(r), r["premises_id"], r["kind"], r["building"]) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for entry, *_ in rows))
        return rows

    def entries_unjoined(self, snapshot: int, after: int = 0, limit: int = 2000) -> list[RegisterEntry]:
        joined = select(t.premises_entry.c.register_entry).where(t.premises_entry.c.register_entry == t.register_entry.c.id).exists()
        query = (
            select(t.register_entry)
            .where(t.register_entry.c.register_snapshot == snapshot, t.register_entry.c.id > after, ~joined)
            .order_by(t.register_entry.c.id)
            .limit(limit)
        )
        with self.store.database.reading() as c:
            rows = [entry_of(r) for r in c.execute(query).mappings()]
        self.shown("register_entry", (r.id for r in rows))
        return rows

    def entries_of(self, premises: int) -> list[RegisterEntry]:
        """What every register has said of a premises, oldest first."""
        query = (
            select(t.register_entry)
            .join(t.premises_entry, t.premises_entry.c.register_entry == t.register_entry.c.id)
            .where(t.premises_entry.c.premises == premises)
        )
        with self.store.database.reading() as c:
            rows = [entry_of(r) for r in c.execute(query.order_by(t.register_entry.c.id)).mappings()]
        self.shown("premises", [premises])
        return rows

    def links(
        self,
        *,
        subject: tuple[SubjectKind, int] | None = None,
        object: tuple[SubjectKind, int] | None = None,
        numbers: Sequence[int] | None = None,
        limit: int = 1000,
    ) -> list[Link]:
        """The newest link of each pair by the method in force, best first, with the status that judgements of the pair give it.

        A pair that a person said yes or no of is shown by its newest row of any method where the one in force has none.
        With `numbers`: just those rows, whatever their method, with the status that their pair has now.
        """
        beside, verdict = _judged()
        query = select(t.link, verdict.label("verdict")).select_from(beside).order_by(t.link.c.score.desc(), t.link.c.id).limit(limit)
        asked: list[ColumnElement[bool]] = []
        if subject:
            asked += [t.link.c.subject_kind == str(subject[0]), t.link.c.subject == subject[1]]
        if object:
            asked += [t.link.c.object_kind == str(object[0]), t.link.c.object == object[1]]
        if numbers is not None:
            query = query.where(t.link.c.id.in_(numbers), *asked)
        else:
            counts = t.link.c.method.in_(self._methods_that_count())
            newest = select(func.coalesce(func.max(case((counts, t.link.c.id))), func.max(t.link.c.id))).where(*asked).group_by(*PAIR)
            query = query.where(t.link.c.id.in_(newest), or_(counts, verdict.in_((str(Verdict.yes), str(Verdict.no)))))
        with self.store.database.reading() as c:
            rows = list(c.execute(query).mappings())
        self.shown("link", (r["id"] for r in rows))
        return [link_of(r) for r in rows]

    def _methods_that_count(self) -> list[int]:
        """Of each linker the method in force; of one whose methods nobody has given a standing, all. Evaluation is out of the count."""
        kept = self.store.methods()
        settled = {(method.kind, method.name) for _, method, status in kept if status is not None}
        return [n for n, method, status in kept if status is Status.in_force or (method.kind, method.name) not in settled]

    def link(self, number: int) -> Link:
        found = self.links(numbers=[number])
        if not found:
            raise TouchstoneError(f"there is no link {number}; `touchstone premises rank` lists them")
        return found[0]
