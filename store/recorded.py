"""Rows of intelligence, referrals and money, notes, clearances and saved searches: recorded by people, superseded by other rows, blanked by an erasure, and never edited.

As of a follow-up (store/followup.py), the event of a row names its number and holds a commitment: SHA-256 over a salt of the row's own and
all that it says. An edit made in the database shows (`Store.verify`), and once an erasure has taken words and salt nothing can be guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, or_, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.erasure import held_on
from store.errors import TouchstoneError
from store.occupants import person
from store.said import NOT_SAID, commitment
from store.words.records import Verb, canonical

ERASED = "{}"
TABLES: Mapping[str, tuple[Table, str]] = {
    "intelligence": (t.intelligence, "intelligence report"),
    "intelligence_source": (t.intelligence_source, "source of an intelligence report"),
    "referral": (t.referral, "referral"),
    "referral_return": (t.referral_return, "return of a referral"),
    "money": (t.money, "record of money"),
    "note": (t.note, "note"),
    "clearance": (t.clearance, "clearance"),
    "saved_search": (t.saved_search, "saved search"),
}


def keep(
    database: Database, c: Connection, table: Table, row: Mapping[str, Any], *, body: Mapping[str, Any], verb: Verb, actor: str, authority: str,
    until: datetime | None, category: str = "unknown", purpose: str, justification: str = "", subjects: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """Add a row that says `body`, with its event, in the caller's transaction; its number. Raises TouchstoneError where no person records it."""
    database.lock_chain(c)
    person(c, actor)
    said = {column.name: None for column in table.c if column.name not in NOT_SAID}
    whole = {
        **said,
        **row,
        "body_json": canonical(dict(body)).decode(),
        "salt": secrets.token_hex(16),
        "actor": actor,
        "authority": authority,
    }
    number = add(c, table, **whole, at=datetime.now(UTC), subject_category=category, retention_until=until)
    audit.append(
        database, c, verb, actor=actor, purpose=purpose, justification=justification, case=row.get("case_file"),
        subjects={table.name: [number], **(subjects or {})}, detail={table.name: number, "commits": commitment(whole)},
    )  # fmt: skip
    return number


def superseded(c: Connection, table: Table, number: int, what: str) -> Any:
    """The row that another is to supersede. Raises TouchstoneError: there is none, it was superseded before, or it was erased."""
    row = c.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise TouchstoneError(f"there is no {what} {number}")
    if (later := c.execute(select(table.c.id).where(table.c.supersedes == number)).scalar()) is not None:
        raise TouchstoneError(f"{what} {number} is superseded already, by {later}: supersede that one")
    if row.body_json == ERASED:
        raise TouchstoneError(f"{what} {number} was erased")
    return row


def next_reference(c: Connection, column: Any, letters: str, now: datetime) -> str:
    """The next reference of the year, `R-2026-0001`. Under the lock of the chain: two at once wait for each other."""
    head = f"{letters}-{now:%Y}-"
    numbers = [int(rest) for each in c.execute(select(column).where(column.like(f"{head}%"))).scalars() if (rest := each.removeprefix(head)).isdigit()]  # fmt: skip
    return f"{head}{max(numbers, default=0) + 1:04}"


def family_of(c: Connection, table: Table, number: int) -> list[int]:
    """A row with all that it supersedes and that supersedes it."""
    if "supersedes" not in table.c:
        return [number]
    family, fresh = {number}, {number}
    while fresh:
        before = select(table.c.supersedes).where(table.c.id.in_(fresh), table.c.supersedes.is_not(None))
        fresh = set(c.execute(select(table.c.id).where(or_(table.c.supersedes.in_(fresh), table.c.id.in_(before)))).scalars()) - family
        family |= fresh
    return sorted(family)


class RecordedErasure:
    database: Database
    retain_until: Callable[..., datetime | None]

    def recorded_of(self, case: str) -> dict[str, int]:
        """How many referrals were prepared and records of money kept of a case. Of intelligence nothing is told, not even whether there is any."""
        with self.database.reading() as c:
            counted = {name: select(func.count()).where(TABLES[name][0].c.case_file == case) for name in ("referral", "money")}
            return {name: int(c.execute(query).scalar_one()) for name, query in counted.items()}

    def erase_recorded(self, name: str, number: int, *, actor: str, reason: str) -> None:
        """Blank a row of one of TABLES, and all that it supersedes or that supersedes it: the rows stay and say nothing. Safe to run again.

        What belongs to a case is kept (CPIA 1996: what may be relevant is retained), as is what a hold or an exhibit of its capture or
        premises keeps; the refusal is in the log. The source of a report can be erased without the report, where the report is of no case.
        Raises TouchstoneError.
        """
        table, what = TABLES[name]
        with self.database.writing() as c:
            self.database.lock_chain(c)
            rows = c.execute(select(table).where(table.c.id.in_(family_of(c, table, number))).order_by(table.c.id)).mappings().all()
            if not rows:
                raise TouchstoneError(f"there is no {what} {number} to erase")
            numbers = [row["id"] for row in rows]
            held = kept_for(c, table, rows)
            if not held:
                _blank(c, table, numbers)
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure refused" if held else "erasure", justification=reason,
                subjects={table.name: numbers}, detail={"hold": held} if held else {},
            )  # fmt: skip
        if held:
            raise TouchstoneError(f"{what} {number} is under hold {held} and was not erased")

    def erase_note(self, number: int, *, actor: str, reason: str) -> None:
        """Blank a note with its corrections, as `erase_recorded` does."""
        self.erase_recorded("note", number, actor=actor, reason=reason)

    def erase_clearance(self, number: int, *, actor: str, reason: str) -> None:
        """Blank a clearance with what it supersedes and what withdraws it, as `erase_recorded` does: nothing is cleared by it any more."""
        self.erase_recorded("clearance", number, actor=actor, reason=reason)

    def erase_saved_search(self, number: int, *, actor: str, reason: str) -> None:
        """Blank a saved search with its earlier wordings, as `erase_recorded` does."""
        self.erase_recorded("saved_search", number, actor=actor, reason=reason)


def _blank(c: Connection, table: Table, numbers: Sequence[int]) -> None:
    blank: dict[str, Any] = {"body_json": ERASED, "salt": ""} | ({"value": ""} if table is t.clearance else {})
    blank |= {name: None for name in ("sighting", "capture") if table is t.intelligence_source}
    c.execute(table.update().where(table.c.id.in_(numbers)).values(**blank))
    if table is t.money:
        c.execute(t.money_evidence.delete().where(t.money_evidence.c.money.in_(numbers)))


def blank_about(c: Connection, kind: str, numbers: Collection[int]) -> dict[str, list[int]]:
    """Blank the notes and the clearances of these subjects, which go with them; the rows' numbers, by table."""
    of = {
        "note": select(t.note.c.id).where(t.note.c.subject_kind == kind, t.note.c.subject.in_(numbers)),
        "clearance": select(t.clearance.c.id).where(t.clearance.c.seller.in_(numbers if kind == "seller" else ())),
    }
    found = {name: sorted(c.execute(query).scalars()) for name, query in of.items()}
    for name, rows in found.items():
        _blank(c, TABLES[name][0], rows)
    return {name: rows for name, rows in found.items() if rows}


def blank_case(c: Connection, case: str) -> dict[str, list[int]]:
    """Blank all rows of TABLES that are of a case; their numbers, by table. Whether the case may be erased is the caller's to ask."""
    i, s, r, b, m = t.intelligence.c, t.intelligence_source.c, t.referral.c, t.referral_return.c, t.money.c
    of = {
        "intelligence": select(i.id).where(i.case_file == case),
        "intelligence_source": select(s.id).where(s.urn.in_(select(i.urn).where(i.case_file == case))),
        "referral": select(r.id).where(r.case_file == case),
        "referral_return": select(b.id).where(b.referral.in_(select(r.id).where(r.case_file == case))),
        "money": select(m.id).where(m.case_file == case),
        "note": select(t.note.c.id).where(t.note.c.case_file == case),
    }
    numbers = {name: sorted(c.execute(query).scalars()) for name, query in of.items()}
    for name, found in numbers.items():
        _blank(c, TABLES[name][0], found)
    return numbers


def kept_for(c: Connection, table: Table, rows: Sequence[RowMapping]) -> str:
    """What keeps these rows from erasure, or ""."""
    for row in rows:
        case = row.get("case_file")
        if table is t.referral_return:
            case = c.execute(select(t.referral.c.case_file).where(t.referral.c.id == row["referral"])).scalar()
        if table is t.intelligence_source:
            i = t.intelligence.c
            case = c.execute(select(i.case_file).where(i.urn == row["urn"], i.case_file.is_not(None)).limit(1)).scalar()
        if case:
            return f"of case {case}, row {row['id']}"
    of = {kind: [row[kind] for row in rows if row.get(kind) is not None] for kind in ("capture", "premises", "seller")}
    if table is t.note:
        of = {rows[0]["subject_kind"]: [rows[0]["subject"]]}
    return held_on(c, {kind: numbers for kind, numbers in of.items() if numbers}) if any(of.values()) else ""


def rows_that_differ(c: Connection, logged: Mapping[tuple[str, int], str], erased: Mapping[str, set[int]]) -> Iterator[str]:
    """Rows against the commitments of their events; one that an erasure has blanked has nothing left to hold against."""
    kept = set()
    for name, (table, what) in TABLES.items():
        for row in c.execute(select(table).order_by(table.c.id)).mappings():
            key = (name, row["id"])
            kept.add(key)
            if key not in logged:
                yield f"{what}, row {row['id']}: it is in no event of the log, nothing tells of its recording"
            elif row["id"] in erased.get(name, ()):
                if (row["body_json"], row["salt"]) != (ERASED, ""):
                    yield f"{what}, row {row['id']}: the log says that it was erased, and it says something"
            elif logged[key] != commitment(dict(row)):
                yield f"{what}, row {row['id']}: it was changed, the event of its recording commits to something else"
    for name, number in sorted(logged.keys() - kept):
        yield f"{TABLES[name][1]}, row {number}: it is gone, although the log tells of its recording"
