"""What people record of a case: rows that are added, superseded and withdrawn, never edited; each with what it names and rests on by number.

As of a follow-up (store/followup.py), the event of a row holds numbers and a commitment: SHA-256 over a salt of the row's own and all that it says.
What a row of a case names is kept for as long as the case is (store/erasure.py).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from store import audit
from store import tables as t
from store.database import Database, add, chunks
from store.errors import TouchstoneError
from store.occupants import is_kept, person
from store.reader import Reader
from store.words.casefile import (
    HAPPENS,
    CaseEntry,
    Custody,
    EntryKind,
    Offence,
    Person,
    Rests,
    Thing,
    Withdrawal,
    Withdrawn,
    body_of,
    entry_of,
    kind_of,
)
from store.words.casefile import (
    Connection as Connected,
)
from store.words.followup import bag_key
from store.words.records import SubjectCategory, Verb, canonical

ERASED = "{}"
WARNS = ("warning", "advice", "notice")
_SAID = ("case_file", "kind", "first", "supersedes", "withdrawn", "whole_day", "body_json", "actor", "authority")


def number_of() -> ColumnElement[int]:
    """The number by which people quote a row: its first row's."""
    return func.coalesce(t.case_entry.c.first, t.case_entry.c.id)


def commitment(row: Mapping[str, Any]) -> str:
    """SHA-256 over the row's salt and all that it says: what its event holds."""
    said = [row[name] for name in _SAID]
    said += [row[name].astimezone(UTC).isoformat(timespec="microseconds") if row[name] else None for name in ("happened_at", "at")]
    return hashlib.sha256(row["salt"].encode() + canonical(said)).hexdigest()


def rows_of(c: Connection, *asked: ColumnElement[bool], superseded: bool = False) -> list[CaseEntry]:
    """Rows in order of their numbers; superseded ones and withdrawals only where asked for."""
    later = t.case_entry.alias("later")
    query = select(t.case_entry, later.c.id.label("superseded_by"))
    query = query.select_from(t.case_entry.outerjoin(later, later.c.supersedes == t.case_entry.c.id)).where(*asked)
    if not superseded:
        query = query.where(later.c.id.is_(None), t.case_entry.c.withdrawn.is_(False))
    return [_row(r) for r in c.execute(query.order_by(number_of(), t.case_entry.c.id)).mappings()]


def _row(r: Any) -> CaseEntry:
    kind = EntryKind(r["kind"])
    what = None if r["body_json"] == ERASED else entry_of(kind, json.loads(r["body_json"]), r["withdrawn"])
    return CaseEntry(
        r["id"], r["case_file"], kind, what, r["happened_at"], r["whole_day"], r["first"] or r["id"], r["supersedes"], r["superseded_by"],
        r["actor"], r["at"],
    )  # fmt: skip


def reasons_withdrawn(c: Connection, case: str) -> dict[int, str]:
    """Exhibits of a case that were withdrawn, by their rows' numbers, and why."""
    on = t.case_entry_on.c
    rows = {r.id: r.what for r in rows_of(c, t.case_entry.c.case_file == case, t.case_entry.c.kind == str(EntryKind.withdrawal))}
    named = select(on.case_entry, on.subject).where(on.case_entry.in_(rows), on.subject_kind == "exhibit")
    said = {r.subject: rows[r.case_entry] for r in c.execute(named)}
    return {number: what.why for number, what in said.items() if isinstance(what, Withdrawal)}


class CaseFileWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_entry(self, given: CaseEntry, *, actor: str, authority: str, why: str = "") -> CaseEntry:
        """Keep what a person says of a case. With `supersedes`, the row that it corrects, which must be the newest of its number.

        Raises TouchstoneError: no person says it, what it names is not there or of another case, a bag's number was used, it has yet to happen,
        it corrects a row of another kind, or one that is corrected or withdrawn already.
        """
        if given.what is None or isinstance(given.what, Withdrawn):
            raise TouchstoneError("a row of a case says something; `withdraw_entry` takes one back")
        with self.database.writing() as c:
            self.database.lock_chain(c)  # what is checked here still holds when the row is added
            person(c, actor)
            old = self._corrected(c, given)
            if kind_of(given.what) is not given.kind:
                raise TouchstoneError(f"a row of kind {given.kind} states something else than a {kind_of(given.what)}")
            if (given.happened_at is not None) != (given.kind in HAPPENS):
                raise TouchstoneError(f"a row of kind {given.kind} {'needs the time at which it happened' if given.kind in HAPPENS else 'happens at no time'}")  # fmt: skip
            if given.happened_at is not None and given.happened_at > datetime.now(UTC):
                raise TouchstoneError(f"{given.when} has yet to come: what happened is recorded once it has")
            on = _named(c, given)
            kept = self._add(c, given, old, on, actor=actor, authority=authority, why=why)
            self._bag(c, kept)
        return kept

    def withdraw_entry(self, case: str, number: int, *, actor: str, authority: str, why: str) -> CaseEntry:
        """Say that a row of a case was wrong. It stays, and a further row withdraws it. Raises TouchstoneError."""
        if not why.strip():
            raise TouchstoneError("say why it is withdrawn")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            old = _newest(c, case, number)
            if old.kind is EntryKind.item:
                raise TouchstoneError(f"row {number} is an exhibit: withdraw the exhibit, whose number stays with it")
            gone = replace(old, id=None, what=Withdrawn(why=why.strip()), supersedes=old.id, superseded_by=None)
            return self._add(c, gone, old, [], actor=actor, authority=authority)

    def _corrected(self, c: Connection, given: CaseEntry) -> CaseEntry | None:
        if given.supersedes is None:
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == given.case)).first() is None:
                raise TouchstoneError(f"there is no case '{given.case}'; `touchstone case new` opens one")
            return None
        found = c.execute(select(number_of()).where(t.case_entry.c.id == given.supersedes)).scalar()
        old = _newest(c, given.case, found or given.supersedes)
        if old.id != given.supersedes:
            raise TouchstoneError(f"row {old.number} was corrected meanwhile, by {old.actor}: look at it again")
        if old.kind is not given.kind:
            raise TouchstoneError(f"row {old.number} is a {old.kind}, and no {given.kind} corrects it")
        if isinstance(old.what, Custody | Withdrawal) and isinstance(given.what, Custody | Withdrawal) and old.what.exhibit != given.what.exhibit:  # fmt: skip
            raise TouchstoneError(f"row {old.number} is of exhibit {old.what.exhibit}: withdraw it, and record it of the other")
        return old

    def _add(
        self, c: Connection, given: CaseEntry, old: CaseEntry | None, on: Sequence[tuple[str, int]], *, actor: str, authority: str, why: str = ""
    ) -> CaseEntry:  # fmt: skip
        assert given.what is not None
        now = datetime.now(UTC)
        row: dict[str, Any] = {
            "case_file": given.case, "kind": str(given.kind), "first": old.number if old else None, "supersedes": old.id if old else None,
            "withdrawn": given.withdrawn, "happened_at": given.happened_at.astimezone(UTC) if given.happened_at else None, "whole_day": given.whole_day,
            "body_json": canonical(body_of(given.what)).decode(), "salt": secrets.token_hex(16), "actor": actor, "authority": authority, "at": now,
        }  # fmt: skip
        number = add(c, t.case_entry, **row, subject_category=_category(c, given), retention_until=self.retain_until("flagged"))
        for kind, subject in on:
            add(c, t.case_entry_on, case_entry=number, subject_kind=kind, subject=subject)
        subjects: dict[str, list[int]] = {"case_entry": [number]}
        for kind, subject in on:
            subjects.setdefault(kind, []).append(subject)
        joins = isinstance(given.what, Connected)  # a person joined to an account or a place: a combination (DPA 2018 s.62)
        audit.append(
            self.database, c, Verb.combination if joins else Verb.alteration, actor=actor, purpose=f"case {given.kind}", justification=why, case=given.case,
            subjects=subjects, detail={"case_entry": number, "kind": row["kind"], "first": row["first"], "supersedes": row["supersedes"],
                                       "withdrawn": given.withdrawn, "commits": commitment(row)},
        )  # fmt: skip
        return replace(given, id=number, number=row["first"] or number, supersedes=row["supersedes"], actor=actor, recorded_at=now)

    def _bag(self, c: Connection, kept: CaseEntry) -> None:
        """Take the bag's number for good. A row may name the bag of the follow-up that it comes from, and that of the row which it corrects."""
        what = kept.what
        written = what.bag if isinstance(what, Thing) or (isinstance(what, Custody) and what.act.endswith("sealed")) else ""
        if not written:
            return
        used = c.execute(select(t.bag).where(t.bag.c.number == bag_key(written))).first()
        if used is None:
            add(c, t.bag, number=bag_key(written), case_entry=kept.id, at=datetime.now(UTC))
            return
        if used.case_entry is not None:
            by = c.execute(select(number_of(), t.case_entry.c.case_file).where(t.case_entry.c.id == used.case_entry)).one()
            if by[0] != kept.number:
                raise TouchstoneError(f"bag {written} was used already, in row {by[0]} of case {by[1]}: a bag's number is used once")
        elif not (isinstance(what, Thing) and what.follow_up is not None and used.follow_up in _family(c, what.follow_up)):
            raise TouchstoneError(f"bag {written} was used already, in follow-up {used.follow_up}: a bag's number is used once")


def _newest(c: Connection, case: str, number: int) -> CaseEntry:
    """The newest row of that number. Raises TouchstoneError where there is none in the case, or it was withdrawn or erased."""
    rows = rows_of(c, t.case_entry.c.case_file == case, number_of() == number, superseded=True)
    if not rows:
        raise TouchstoneError(f"case {case} has no row {number}; `touchstone case show {case}` shows what it has")
    newest = rows[-1]
    if newest.withdrawn:
        raise TouchstoneError(f"row {number} of case {case} was withdrawn")
    if newest.what is None:
        raise TouchstoneError(f"row {number} of case {case} was erased")
    return newest


def _family(c: Connection, follow_up: int) -> set[int]:
    """A follow-up with all steps of its purchase and what they correct: their bag is the goods' own."""
    f = t.follow_up.c
    root = func.coalesce(f.purchase, f.id)
    of = c.execute(select(root).where(f.id == follow_up)).scalar()
    found = set(c.execute(select(f.id).where(root == of)).scalars())
    fresh = set(found)
    while fresh:
        fresh = set(c.execute(select(f.id).where(f.supersedes.in_(fresh))).scalars()) - found
        found |= fresh
    return found


def _category(c: Connection, given: CaseEntry) -> str:
    if isinstance(given.what, Person):
        return str(given.what.category)
    if isinstance(given.what, Connected):
        of = rows_of(c, number_of() == given.what.person)
        return str(of[0].what.category) if of and isinstance(of[0].what, Person) else str(SubjectCategory.unknown)
    return str(SubjectCategory.unknown)


def _named(c: Connection, given: CaseEntry) -> list[tuple[str, int]]:
    """What a row names, as (kind, number), each once and sorted. Raises TouchstoneError for what is not there, or is another case's."""
    what = given.what
    assert isinstance(what, Rests)
    found: set[tuple[str, int]] = set()
    for table, kind, numbers in (
        (t.capture, "capture", what.captures),
        (t.follow_up, "follow_up", (*what.follow_ups, *getattr(what, "warnings", ()), getattr(what, "follow_up", None))),
        (t.seller, "seller", (getattr(what, "seller", None),)),
        (t.premises, "premises", (getattr(what, "premises", None),)),
    ):
        for number in numbers:
            is_kept(c, table, number, kind.replace("_", "-"))
            if number is not None:
                found.add((kind, number))
    exhibits = (*what.exhibits, *([what.exhibit] if isinstance(what, Custody | Withdrawal) else ()))
    found |= {("exhibit", _exhibit(c, given.case, number)) for number in exhibits}
    rows = (
        (EntryKind.person, (*getattr(what, "persons", ()), getattr(what, "person", None))),
        (EntryKind.offence, getattr(what, "offences", ())),
    )
    for entry, numbers in rows:
        found |= {("case_entry", _entry(c, given.case, entry, number)) for number in numbers if number is not None}
    if isinstance(what, Offence):
        kinds = {r.id: r.kind for r in c.execute(select(t.follow_up.c.id, t.follow_up.c.kind).where(t.follow_up.c.id.in_(what.warnings)))}
        if wrong := [number for number in what.warnings if kinds[number] not in WARNS]:
            raise TouchstoneError(f"follow-up {wrong[0]} is a {kinds[wrong[0]]}, and no warning, advice or notice")
    if isinstance(what, Thing) and what.follow_up is not None:
        source = c.execute(select(t.follow_up.c.kind).where(t.follow_up.c.id == what.follow_up)).scalar()
        if source not in ("seizure", "purchase"):
            raise TouchstoneError(f"follow-up {what.follow_up} is a {source}: goods come from a seizure or a test purchase")
    if isinstance(what, Custody | Withdrawal):
        _of_exhibit(c, given, what)
    return sorted(found)


def _of_exhibit(c: Connection, given: CaseEntry, what: Custody | Withdrawal) -> None:
    row = c.execute(select(t.exhibit).where(t.exhibit.c.id == _exhibit(c, given.case, what.exhibit))).one()
    if isinstance(what, Custody):
        thing = rows_of(c, number_of() == row.subject) if row.subject_kind == "item" else []
        if not thing or not isinstance(thing[0].what, Thing) or not thing[0].what.physical:
            raise TouchstoneError(f"exhibit {what.exhibit} is no physical thing: the custody of what is kept here is in the log")
    elif given.supersedes is None and row.id in reasons_withdrawn(c, given.case):
        raise TouchstoneError(f"exhibit {what.exhibit} was withdrawn before")


def _exhibit(c: Connection, case: str, number: str) -> int:
    found = c.execute(select(t.exhibit.c.id).where(t.exhibit.c.case_file == case, t.exhibit.c.number == number)).scalar()
    if found is None:
        raise TouchstoneError(f"case {case} has no exhibit {number}; `touchstone case show {case}` lists them")
    return int(found)


def _entry(c: Connection, case: str, kind: EntryKind, number: int) -> int:
    found = rows_of(c, t.case_entry.c.case_file == case, number_of() == number)
    if not found or found[0].kind is not kind:
        raise TouchstoneError(f"case {case} has no {kind} {number}; `touchstone case show {case}` shows what it has")
    return number


class CaseFileReads(Reader):
    def case_entries(self, case: str, *kinds: EntryKind, superseded: bool = False) -> list[CaseEntry]:
        """What people recorded of a case, of these kinds or of all, by number; with `superseded` also what was corrected and withdrawn."""
        asked = [t.case_entry.c.kind.in_([str(kind) for kind in kinds])] if kinds else []
        with self.store.database.reading() as c:
            rows = rows_of(c, t.case_entry.c.case_file == case, *asked, superseded=superseded)
        self.shown("case_entry", (row.id for row in rows))
        return rows

    def case_entry(self, case: str, number: int) -> CaseEntry:
        """The row of that number as it stands. Raises TouchstoneError where there is none, or it was withdrawn or erased."""
        with self.store.database.reading() as c:
            row = _newest(c, case, number)
        self.shown("case_entry", [row.id])
        return row

    def entries_about(self, kind: str, subjects: Sequence[int]) -> list[CaseEntry]:
        """Rows of any case, in force, that name one of these: `exhibit`, `capture`, `seller`, `premises`, `follow_up` or `case_entry` by number."""
        on = t.case_entry_on.c
        rows: dict[int | None, CaseEntry] = {}
        with self.store.database.reading() as c:
            for part in chunks(set(subjects)):
                named = select(on.case_entry).where(on.subject_kind == kind, on.subject.in_(part))
                rows |= {row.id: row for row in rows_of(c, t.case_entry.c.id.in_(named))}
        self.shown("case_entry", rows)
        return [rows[number] for number in sorted(rows, key=lambda n: n or 0)]


def rows_that_differ(c: Connection, logged: Mapping[int, str], on: Mapping[int, frozenset[tuple[str, int]]], erased: set[int]) -> list[str]:
    """Rows against the commitments of their events, and what they name against the events' subjects; an erased one says nothing any more."""
    out: list[str] = []
    named: dict[int, set[tuple[str, int]]] = {}
    for r in c.execute(select(t.case_entry_on)):
        named.setdefault(r.case_entry, set()).add((r.subject_kind, r.subject))
    kept = {row["id"]: dict(row) for row in c.execute(select(t.case_entry)).mappings()}
    for number, row in sorted(kept.items()):
        if number not in logged:
            out.append(f"row {number} of case {row['case_file']} is in no event of the log: nothing tells of its recording")
        elif number in erased:
            if (row["body_json"], row["salt"]) != (ERASED, ""):
                out.append(f"row {number} of case {row['case_file']} was changed: the log says that it was erased, and it says something")
        elif logged[number] != commitment(row):
            out.append(f"row {number} of case {row['case_file']} was changed: the event of its recording commits to something else")
        elif frozenset(named.get(number, ())) != on.get(number, frozenset()):
            out.append(f"row {number} of case {row['case_file']} was changed: what it names is not what the log says")
    return out + [
        f"row {number} of a case is gone, although the log tells of its recording" for number in sorted(logged.keys() - kept.keys())
    ]
