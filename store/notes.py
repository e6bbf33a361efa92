"""Notes on a subject, and an investigator's log: rows that people add and correct by further rows (store/recorded.py).

A note on a case is of its reference, one on anything else of a row's number, so that it is erased with what it is about. What is noted of a case or of
what belongs to one is unused material, and store/relevant.py finds it.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from store import recorded
from store import tables as t
from store.database import Database
from store.errors import TouchstoneError
from store.reader import Reader
from store.recorded import ERASED
from store.words.records import SubjectKind, Verb

NOTED: Mapping[SubjectKind, Table] = {
    SubjectKind.listing: t.listing, SubjectKind.seller: t.seller, SubjectKind.premises: t.premises, SubjectKind.link: t.link, SubjectKind.case: t.case,
}  # fmt: skip


class NoteKind(enum.StrEnum):
    note = "note"
    log = "log"  # an entry of an investigator's log: what was done or considered, and when
    skipped = "skipped"  # why something was put off (store/assignments.py)


@dataclass(frozen=True, slots=True)
class Note:
    """What a person noted. `subject` is a row's number, None where it is of a case; `text` is "" where it was erased."""

    id: int
    kind: NoteKind
    subject_kind: SubjectKind
    subject: int | None
    case: str | None
    text: str
    happened_at: datetime | None
    actor: str
    authority: str
    at: datetime
    supersedes: int | None = None
    superseded_by: int | None = None


class NoteWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_note(
        self, text: str, kind: NoteKind, subject_kind: SubjectKind, subject: int | str, *, actor: str, authority: str,
        happened_at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Keep a note of a listing, seller, premises, link (by number) or case (by reference); its number.

        Raises TouchstoneError: no text, no such subject, no person, an entry of the log that has yet to happen.
        """
        if happened_at is not None and happened_at > datetime.now(UTC):
            raise TouchstoneError("an entry of the log is of what happened; this has yet to")
        table = NOTED.get(subject_kind)
        if table is None:
            raise TouchstoneError(f"a {subject_kind} has no notes; there are {', '.join(NOTED)}")
        row: dict[str, Any] = {"kind": str(kind), "subject_kind": str(subject_kind), "happened_at": happened_at, "supersedes": None}
        row |= {"subject": None, "case_file": str(subject)} if table is t.case else {"subject": int(subject), "case_file": None}
        with self.database.writing() as c:
            self.database.lock_chain(c)
            key = next(iter(table.primary_key.columns))
            if c.execute(select(key).where(key == (row["case_file"] or row["subject"]))).first() is None:
                raise TouchstoneError(f"there is no {subject_kind} {subject} in this store")
            return self._keep_note(c, row, text, actor, authority)

    def correct_note(self, number: int, text: str, *, actor: str, authority: str) -> int:
        """Keep another wording of a note, which supersedes it; its number. Raises TouchstoneError: no such note, corrected before, erased."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            old = recorded.superseded(c, t.note, number, "note")
            row = {name: getattr(old, name) for name in ("kind", "subject_kind", "subject", "case_file", "happened_at")}
            return self._keep_note(c, row | {"supersedes": number}, text, actor, authority)

    def _keep_note(self, c: Connection, row: Mapping[str, Any], text: str, actor: str, authority: str) -> int:
        if not text.strip():
            raise TouchstoneError("a note says something: give its text")
        subjects = {row["subject_kind"]: [row["subject"]]} if row["subject"] is not None else {}
        return recorded.keep(
            self.database, c, t.note, row, body={"text": text.strip()}, verb=Verb.alteration, actor=actor, authority=authority,
            until=self.retain_until("flagged"), purpose="note", subjects=subjects,
        )  # fmt: skip


class NoteReads(Reader):
    def notes(
        self, subject_kind: SubjectKind | None = None, subjects: Collection[int | str] = (), *, by: str = "", kind: NoteKind | None = None,
        authority: str = "", superseded: bool = False, limit: int = 200,
    ) -> list[Note]:  # fmt: skip
        """The newest `limit` notes of these subjects, or of all where no kind of subject is named, oldest first by when it happened; of one authority
        where that is named."""
        n, later = t.note.c, t.note.alias("later")
        joined = t.note.outerjoin(later, later.c.supersedes == n.id)
        query = select(t.note, later.c.id.label("later")).select_from(joined)
        if subject_kind is not None:
            of = n.case_file if subject_kind is SubjectKind.case else n.subject
            query = query.where(n.subject_kind == str(subject_kind), of.in_(list(subjects)))
        if by:
            query = query.where(n.actor == by)
        if authority:
            query = query.where(n.authority == authority)
        if kind is not None:
            query = query.where(n.kind == str(kind))
        if not superseded:
            query = query.where(later.c.id.is_(None))
        query = query.order_by(func.coalesce(n.happened_at, n.at).desc(), n.id.desc()).limit(limit)
        with self.store.database.reading() as c:
            rows = [_note_of(r) for r in c.execute(query).mappings()]
        self.shown("note", (r.id for r in rows))
        return rows[::-1]


def _note_of(r: RowMapping) -> Note:
    text = "" if r["body_json"] == ERASED else str(json.loads(r["body_json"])["text"])
    return Note(
        r["id"], NoteKind(r["kind"]), SubjectKind(r["subject_kind"]), r["subject"], r["case_file"], text, r["happened_at"], r["actor"],
        r["authority"], r["at"], r["supersedes"], r["later"],
    )  # fmt: skip
