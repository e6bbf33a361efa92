"""Exhibits: numbered per officer and case by the officer's initials, without a gap, never reused and never renumbered.

The number is given inside one transaction that holds the log (`Database.lock_chain`): allocations come one after the other in every process and on
every machine, and one that fails gives its number back with everything else that it wrote (docs/decisions/0010).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from store import audit
from store import tables as t
from store.casefile import reasons_withdrawn
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.casefile import CaseEntry, EntryKind, Thing
from store.words.records import Event, Exhibit, SubjectKind, Verb, canonical

STYLES: Mapping[str, str] = {"AB1": "", "AB/1": "/"}  # what stands between the initials and the number
_SAID = ("case_file", "number", "subject_kind", "subject", "description", "producer", "actor")


def commitment(row: Mapping[str, Any]) -> str:
    """SHA-256 over an exhibit's salt and what its row says: what its event holds."""
    return hashlib.sha256(row["salt"].encode() + canonical([row[name] for name in _SAID])).hexdigest()


class ExhibitWrites:
    database: Database
    retain_until: Callable[..., datetime | None]
    keep_entry: Callable[..., CaseEntry]

    def exhibit(
        self, case: str, kind: SubjectKind, subject: int, *, initials: str, description: str, actor: str, producer: str = "", style: str = "AB1"
    ) -> Exhibit:  # fmt: skip
        """Give a subject the next number of its officer in the case, `AB1`, `AB2`, …; a subject that is an exhibit already keeps its number.

        `producer` is the officer who produces it, the one who acts where it is left out; the initials are theirs in this case from now on, and
        nobody else's. From now on what the exhibit rests on may not be erased. Raises TouchstoneError.
        """
        if style not in STYLES:
            raise TouchstoneError(f"'{style}' is no style of exhibit numbers; there are {' and '.join(STYLES)}")
        if not re.fullmatch(r"[A-Z]{1,8}", initials):
            raise TouchstoneError(f"initials '{initials}' are not capital letters: exhibits are numbered by letters")
        producer, now = producer or actor, datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)  # one after the other, before any other lock is taken
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
                raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")
            x = t.exhibit.c
            old = c.execute(select(t.exhibit).where(x.case_file == case, x.subject_kind == str(kind), x.subject == subject)).first()
            if old:  # its description is given out: that is a look at it
                audit.append(self.database, c, Verb.consultation, actor=actor, purpose="exhibit", case=case, subjects={"exhibit": [old.id]})
                return exhibit_of(old)
            self._bind(c, case, initials, producer, now)
            last = c.execute(select(func.max(x.ordinal)).where(x.case_file == case, x.initials == initials)).scalar() or 0
            row: dict[str, Any] = {
                "case_file": case, "number": f"{initials}{STYLES[style]}{last + 1}", "initials": initials, "ordinal": last + 1, "subject_kind": str(kind),
                "subject": subject, "description": description, "producer": producer, "actor": actor, "salt": secrets.token_hex(16),
            }  # fmt: skip
            number = add(c, t.exhibit, **row, at=now)
            about = str(kind) if kind is not SubjectKind.item else "case_entry"
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="exhibit", case=case, subjects={about: [subject]},
                detail={"exhibit": row["number"], "row": number, "commits": commitment(row)},
            )  # fmt: skip
        return Exhibit(case, row["number"], kind, subject, description, actor, now, number, producer)

    def _bind(self, c: Connection, case: str, initials: str, officer: str, now: datetime) -> None:
        """These initials are this officer's in the case, or become so. Raises TouchstoneError with what to do where they are not."""
        if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == officer)).scalar():
            raise TouchstoneError(f"'{officer}' is not a person known to this store: an exhibit is produced by a person")
        bound = t.exhibit_initials.c
        theirs = {r.initials: r.officer for r in c.execute(select(t.exhibit_initials).where(bound.case_file == case).order_by(bound.id))}
        if initials in theirs:
            if theirs[initials] != officer:
                raise TouchstoneError(
                    f"in case {case} the initials {initials} are those of {theirs[initials]}, and an exhibit's letters name one officer: "
                    f"give {officer} a further letter, such as {initials}X or that of another name"
                )
            return
        if own := next((letters for letters, whose in theirs.items() if whose == officer), ""):
            raise TouchstoneError(f"in case {case} the exhibits of {officer} are numbered {own}1, {own}2, …: give --initials {own}")
        add(c, t.exhibit_initials, case_file=case, initials=initials, officer=officer, at=now)

    def exhibit_item(
        self, item: CaseEntry, *, initials: str, description: str, actor: str, authority: str, producer: str = "", style: str = "AB1", why: str = ""
    ) -> tuple[CaseEntry, Exhibit]:  # fmt: skip
        """Keep goods or a paper as a row of the case and give it its number, both or neither. Raises TouchstoneError."""
        if item.kind is not EntryKind.item or not isinstance(item.what, Thing) or item.supersedes is not None:
            raise TouchstoneError("an exhibit is made of a new item: goods or a paper")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            kept = self.keep_entry(item, actor=actor, authority=authority, why=why)
            assert kept.number is not None
            made = self.exhibit(
                item.case, SubjectKind.item, kept.number, initials=initials, description=description, actor=actor, producer=producer, style=style
            )  # fmt: skip
        return kept, made

    def exhibit_initials(self, case: str) -> dict[str, str]:
        """Whose exhibits of a case are numbered by which letters: initials → officer."""
        bound = t.exhibit_initials.c
        with self.database.reading() as c:
            query = select(t.exhibit_initials).where(bound.case_file == case).order_by(bound.id)
            return {r.initials: r.officer for r in c.execute(query)}

    def exhibit_salts(self, case: str) -> dict[int, str]:
        """The salts of a case's exhibits, by row: with one, what an exhibit says can be held against the commitment in its event."""
        with self.database.reading() as c:
            return {r.id: r.salt for r in c.execute(select(t.exhibit.c.id, t.exhibit.c.salt).where(t.exhibit.c.case_file == case))}

    def events_of(self, *, case: str | None = None, runs: Collection[str] = ()) -> list[Event]:
        """The log's events that name a case, or that were written under these runs, in order. They hold numbers and digests, no personal values."""
        e = t.event.c
        asked = (e.case_file == case) if case is not None else e.run.in_(sorted(runs))
        with self.database.reading() as c:
            return [audit.event_of(r) for r in c.execute(select(t.event).where(asked).order_by(e.seq))]


def exhibit_of(r: Any, withdrawn: str = "") -> Exhibit:
    return Exhibit(
        r.case_file, r.number, SubjectKind(r.subject_kind), r.subject, r.description, r.actor, r.at, r.id, r.producer or r.actor, withdrawn
    )


class ExhibitReads(Reader):
    def exhibits(self, case: str) -> list[Exhibit]:
        """The exhibits of a case in the order in which they were made, those that were withdrawn too."""
        with self.store.database.reading() as c:
            rows = c.execute(select(t.exhibit).where(t.exhibit.c.case_file == case).order_by(t.exhibit.c.id)).all()
            why = reasons_withdrawn(c, case)
        self.shown("exhibit", (r.id for r in rows))
        return [exhibit_of(r, why.get(r.id, "")) for r in rows]


def rows_that_differ(c: Connection, logged: Mapping[tuple[str, str], str], erased: Collection[int] = ()) -> list[str]:
    """Exhibits against the commitments of their events; those of an older store have none, and are held against their numbers alone."""
    out = []
    for row in c.execute(select(t.exhibit).order_by(t.exhibit.c.id)).mappings():
        key = (row["case_file"], row["number"])
        if row["id"] in erased and not row["description"]:
            continue
        if row["salt"] and key in logged and logged[key] != commitment(dict(row)):
            out.append(f"exhibit {row['number']} of case {row['case_file']} was changed: the event of its making commits to something else")
        elif not row["salt"] and logged.get(key):
            out.append(f"exhibit {row['number']} of case {row['case_file']} was changed: it has lost its salt")
    return out
