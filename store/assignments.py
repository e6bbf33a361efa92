"""Who works on what: subjects given to an officer or let go, locked while they are judged, put off until a day. Rows are added; the newest counts.

Two officers who ask for one card at once are answered one after the other (under the lock of the log), so that exactly one gets it. A lock ends by
itself at its time: nobody waits for a colleague who went home.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from store import audit
from store import tables as t
from store.database import Database, add, add_all, chunks
from store.errors import TouchstoneError
from store.notes import NoteKind, NoteWrites
from store.occupants import person
from store.reader import Reader
from store.words.records import SubjectKind, Verb


class Says(enum.StrEnum):
    assigned = "assigned"
    released = "released"
    locked = "locked"
    unlocked = "unlocked"
    skipped = "skipped"  # put off until a time, or until its findings change
    due = "due"  # no longer put off


GIVEN, LOCKED, PUT_OFF = (Says.assigned, Says.released), (Says.locked, Says.unlocked), (Says.skipped, Says.due)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One row: `officer` is whose it is from then on (of a release, whose it was), `actor` who did it. `note` says why it was put off."""

    id: int
    subject_kind: SubjectKind
    subject: int
    says: Says
    officer: str
    until: datetime | None
    actor: str
    authority: str
    at: datetime
    findings_digest: str = ""
    note: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """How a subject stands: whose it is ("" nobody's) and from whom it was taken over, who judges it now and until when, until when it is put off."""

    officer: str = ""
    since: datetime | None = None
    taken_from: str = ""
    locked_by: str = ""
    locked_until: datetime | None = None
    skipped_until: datetime | None = None
    note: int | None = None

    def stands_in_the_way_of(self, officer: str) -> bool:
        """Whether another officer has it or judges it now."""
        return (self.locked_by or officer) != officer or (self.officer or officer) != officer


class AssignmentWrites(NoteWrites):
    database: Database

    def assign(
        self, kind: SubjectKind, subjects: Collection[int], officer: str, *, actor: str, authority: str, over: bool = False
    ) -> None:  # fmt: skip
        """Give subjects to an officer, all or none. `over` takes them from whoever has them, which the rows and the log show.

        Raises TouchstoneError: no person, another officer's (without `over`), being judged by another at this moment.
        """
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, officer)
            _there(c, kind, subjects)
            for number, work in _work(c, kind, subjects, now).items():
                if work.officer not in ("", officer, actor) and not over:
                    raise TouchstoneError(f"{kind} {number} is {work.officer}'s since {_shown(work.since)}; take it over with --over")
                if work.locked_by not in ("", officer, actor):
                    raise TouchstoneError(_being_judged(kind, number, work))
            self._say_work(c, Says.assigned, kind, subjects, officer, actor, authority, now)

    def release(self, kind: SubjectKind, subjects: Collection[int], *, actor: str, authority: str, over: bool = False) -> None:
        """Let subjects go, all or none; with `over` also those of others. Raises TouchstoneError: not theirs."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            for number, work in _work(c, kind, subjects, now).items():
                if not work.officer:
                    raise TouchstoneError(f"{kind} {number} is nobody's, and cannot be let go")
                if work.officer != actor and not over:
                    raise TouchstoneError(f"{kind} {number} is {work.officer}'s since {_shown(work.since)}; let it go for them with --over")
                self._say_work(c, Says.released, kind, [number], work.officer, actor, authority, now)

    def lock(
        self, kind: SubjectKind, subjects: Sequence[int], *, actor: str, authority: str, until: datetime
    ) -> list[int]:  # fmt: skip
        """Lock subjects to an officer who judges them now; those that they got, in the order given. Another officer's are left out."""
        now = datetime.now(UTC)
        if until <= now:
            raise TouchstoneError("a lock ends in the future")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            _there(c, kind, subjects)
            work = _work(c, kind, subjects, now)
            mine = [number for number in subjects if not work[number].stands_in_the_way_of(actor)]
            if mine:
                self._say_work(c, Says.locked, kind, mine, actor, actor, authority, now, until=until)
        return mine

    def unlock(self, kind: SubjectKind, subjects: Collection[int], *, actor: str, authority: str) -> None:
        """End an officer's own locks; what they have not locked is passed over."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            mine = [number for number, work in _work(c, kind, subjects, now).items() if work.locked_by == actor]
            if mine:
                self._say_work(c, Says.unlocked, kind, mine, actor, actor, authority, now)

    def skip(self, listing: int, until: datetime, reason: str, *, actor: str, authority: str) -> int:
        """Put a listing off until a time, for everybody; the number of the note that says why. It comes back earlier when its findings change.

        Raises TouchstoneError: no reason, a time that has passed, being judged by another at this moment.
        """
        now = datetime.now(UTC)
        if until <= now:
            raise TouchstoneError("put it off until a time to come")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            refuse_locked(c, SubjectKind.listing, listing, actor, now)
            note = self.keep_note(reason, NoteKind.skipped, SubjectKind.listing, listing, actor=actor, authority=authority)
            flag = select(t.flag.c.findings_digest).where(t.flag.c.listing == listing).order_by(t.flag.c.id.desc()).limit(1)
            on = {"until": until, "note": note, "findings_digest": c.execute(flag).scalar() or ""}
            self._say_work(c, Says.skipped, SubjectKind.listing, [listing], actor, actor, authority, now, **on)
        return note

    def wake(self, listing: int, *, actor: str, authority: str) -> None:
        """End that a listing is put off. Raises TouchstoneError where it is not."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if _work(c, SubjectKind.listing, [listing], now)[listing].skipped_until is None:
                raise TouchstoneError(f"listing {listing} is not put off")
            self._say_work(c, Says.due, SubjectKind.listing, [listing], actor, actor, authority, now)

    def _say_work(
        self, c: Connection, says: Says, kind: SubjectKind, subjects: Collection[int], officer: str, actor: str, authority: str, now: datetime,
        **on: Any,
    ) -> None:  # fmt: skip
        row = {"until": None, "note": None, "findings_digest": ""} | on
        row |= {"subject_kind": str(kind), "says": str(says), "officer": officer, "actor": actor, "authority": authority, "at": now}
        add_all(c, t.assignment, [row | {"subject": number} for number in sorted(set(subjects))])
        audit.append(
            self.database, c, Verb.alteration, actor=actor, purpose=f"queue: {says}", subjects={str(kind): list(subjects)},
            detail={"officer": officer} | ({"until": row["until"].isoformat()} if row["until"] else {}),
        )  # fmt: skip


class AssignmentReads(Reader):
    def work(self, kind: SubjectKind, subjects: Collection[int]) -> dict[int, Work]:
        """How each of these subjects stands: whose it is, who judges it, until when it is put off."""
        with self.store.database.reading() as c:
            found = _work(c, kind, subjects, datetime.now(UTC))
        self.shown(str(kind), found)
        return found

    def assignments(self, kind: SubjectKind, subject: int) -> list[Assignment]:
        """Every row of a subject, oldest first: who had it when, and who took it over from whom."""
        with self.store.database.reading() as c:
            rows = _rows(c, kind, [subject])
        self.shown(str(kind), [subject] if rows else [])
        return rows

    def assigned_to(self, officer: str, kind: SubjectKind = SubjectKind.listing, limit: int = 500) -> list[int]:
        """The subjects that are this officer's, the longest first."""
        a = t.assignment.c
        query = select(a.subject).where(a.officer == officer, a.subject_kind == str(kind), *newest_of(t.assignment, GIVEN))
        with self.store.database.reading() as c:
            found = list(c.execute(query.order_by(a.id).limit(limit)).scalars())
        self.shown(str(kind), found)
        return found


def newest_of(table: Any, words: Sequence[Says]) -> tuple[ColumnElement[bool], ...]:
    """Conditions: a row says the first of these words, and no later row of its subject says any of them."""
    row, later = table.c, t.assignment.alias()
    after = exists().where(
        later.c.subject_kind == row.subject_kind,
        later.c.subject == row.subject,
        later.c.says.in_([str(w) for w in words]),
        later.c.id > row.id,
    )
    return row.says == str(words[0]), ~after


def refuse_locked(c: Connection, kind: SubjectKind, subject: int, actor: str, now: datetime) -> None:
    """Raises TouchstoneError where another officer judges it at this moment. To be asked under the lock of the log."""
    work = _work(c, kind, [subject], now)[subject]
    if work.locked_by not in ("", actor):
        raise TouchstoneError(_being_judged(kind, subject, work))


def unlock(c: Connection, kind: SubjectKind, subject: int, actor: str, authority: str, now: datetime) -> None:
    """End an officer's lock of what they have just judged; the event of the judgement tells of it."""
    if _work(c, kind, [subject], now)[subject].locked_by == actor:
        says = {"says": str(Says.unlocked), "officer": actor, "actor": actor, "authority": authority, "at": now}
        add(c, t.assignment, subject_kind=str(kind), subject=subject, **says)


def _being_judged(kind: SubjectKind, subject: int, work: Work) -> str:
    return f"{work.locked_by} is judging {kind} {subject} until {_shown(work.locked_until)}; what nobody finishes is free again then"


def _shown(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def _there(c: Connection, kind: SubjectKind, subjects: Collection[int]) -> None:
    table = {SubjectKind.listing: t.listing, SubjectKind.seller: t.seller, SubjectKind.premises: t.premises, SubjectKind.link: t.link}.get(
        kind
    )
    if table is None:
        raise TouchstoneError(f"a {kind} is given to nobody: a listing, a seller, a premises or a link is")
    known: set[int] = set()
    for part in chunks(set(subjects)):
        known |= set(c.execute(select(table.c.id).where(table.c.id.in_(part))).scalars())
    if missing := sorted(set(subjects) - known):
        raise TouchstoneError(f"there is no {kind} {missing[0]} in this store")


def _rows(c: Connection, kind: SubjectKind, subjects: Collection[int]) -> list[Assignment]:
    a, found = t.assignment.c, []
    for part in chunks(set(subjects)):
        query = select(t.assignment).where(a.subject_kind == str(kind), a.subject.in_(part)).order_by(a.id)
        found += [
            Assignment(
                r.id, SubjectKind(r.subject_kind), r.subject, Says(r.says), r.officer, r.until, r.actor, r.authority, r.at, r.findings_digest, r.note
            )
            for r in c.execute(query)
        ]  # fmt: skip
    return found


def _work(c: Connection, kind: SubjectKind, subjects: Collection[int], now: datetime) -> dict[int, Work]:
    found: dict[int, Work] = {number: Work() for number in subjects}
    digests: dict[int, str] = {}
    for row in _rows(c, kind, subjects):
        work = found[row.subject]
        if row.says is Says.assigned:
            before = work.officer if work.officer != row.officer else work.taken_from
            work = replace(work, officer=row.officer, since=row.at, taken_from=before)
        elif row.says is Says.released:
            work = replace(work, officer="", since=None, taken_from="")
        elif row.says in LOCKED:
            live = row.says is Says.locked and row.until is not None and row.until > now
            work = replace(work, locked_by=row.officer if live else "", locked_until=row.until if live else None)
        else:
            live = row.says is Says.skipped and row.until is not None and row.until > now
            work = replace(work, skipped_until=row.until if live else None, note=row.note if live else None)
            digests[row.subject] = row.findings_digest
        found[row.subject] = work
    for number in [n for n, work in found.items() if work.skipped_until is not None]:
        flag = select(t.flag.c.findings_digest).where(t.flag.c.listing == number).order_by(t.flag.c.id.desc()).limit(1)
        if (c.execute(flag).scalar() or "") != digests[number]:  # its findings changed: it is back
            found[number] = replace(found[number], skipped_until=None, note=None)
    return found
