"""Drafts of documents: which were made in a case, of which kept bytes.

Code of practice under CPIA 1996 s.23: material that an investigation generates is retained, drafts of statements whose content differs from
the final one among it. A draft's files are captures; the row joins them to their case, which holds them against every erasure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import audit
from store import tables as t
from store.closing import closed_cases
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.drafts import Draft, DraftFile, DraftKind
from store.words.records import Verb


class DraftWrites:
    database: Database

    def keep_draft(
        self, case: str, kind: DraftKind, files: Sequence[tuple[str, int]], *, about: str = "", actor: str, why: str = ""
    ) -> int:  # fmt: skip
        """Join files (name, capture that keeps it) to a case as one draft; its number. Raises TouchstoneError for what is not in this store."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
                raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")
            captures = [capture for _, capture in files]
            known = set(c.execute(select(t.capture.c.id).where(t.capture.c.id.in_(captures))).scalars())
            if missing := [n for n in captures if n not in known]:
                raise TouchstoneError(f"there is no capture {missing[0]} in this store")
            number = add(c, t.draft, case_file=case, kind=str(kind), about=about, actor=actor, at=now)
            for name, capture in files:
                add(c, t.draft_file, draft=number, name=name, capture=capture)
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="draft", justification=why, case=case,
                subjects={"draft": [number], "capture": captures},
                detail={"draft": number, "kind": str(kind), "files": [list(file) for file in files]},
            )  # fmt: skip
        return number


class DraftReads(Reader):
    def drafts(self, case: str, kind: DraftKind | None = None) -> list[Draft]:
        """The drafts that were made in a case, in their order; what is generated there is material of the case (CPIA 1996)."""
        query = select(t.draft).where(t.draft.c.case_file == case).order_by(t.draft.c.id)
        if kind is not None:
            query = query.where(t.draft.c.kind == str(kind))
        files: dict[int, list[DraftFile]] = {}
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
            joined = select(t.draft_file, t.capture.c.body_digest).join(t.capture, t.capture.c.id == t.draft_file.c.capture)
            joined = joined.where(t.draft_file.c.draft.in_(select(t.draft.c.id).where(t.draft.c.case_file == case)))
            for f in c.execute(joined.order_by(t.draft_file.c.id)):
                files.setdefault(f.draft, []).append(DraftFile(f.name, f.capture, f.body_digest))
        self.shown("draft", (r.id for r in rows))
        return [Draft(r.id, r.case_file, DraftKind(r.kind), r.about, tuple(files.get(r.id, ())), r.actor, r.at) for r in rows]


def draft_on(c: Connection, captures: Collection[int]) -> str:
    """The draft that rests on any of these captures, with its case, or "": generated material is kept (CPIA 1996)."""
    query = select(t.draft.c.id, t.draft.c.case_file).join(t.draft_file, t.draft_file.c.draft == t.draft.c.id)
    found = c.execute(
        query.where(t.draft_file.c.capture.in_(captures), t.draft.c.case_file.not_in(closed_cases())).order_by(t.draft.c.id).limit(1)
    ).first()
    return f"of case {found.case_file}, draft {found.id}" if found else ""


def drafts_that_differ(c: Connection, logged: Mapping[int, tuple[Any, ...]]) -> Iterator[str]:
    """Drafts against the events of their making: (case, kind, files)."""
    kept: dict[int, tuple[Any, ...]] = {r.id: (r.case_file, r.kind, []) for r in c.execute(select(t.draft))}
    for f in c.execute(select(t.draft_file).order_by(t.draft_file.c.id)):
        if f.draft in kept:
            kept[f.draft][2].append([f.name, f.capture])
    for number in sorted(kept.keys() | logged.keys()):
        if kept.get(number) != logged.get(number):
            yield f"draft {number} was changed: its row and the log do not say the same"
