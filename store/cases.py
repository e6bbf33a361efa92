"""Judgements, cases and exhibits: what people decided, and what goes to court."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.retention import concern
from store.words.records import Case, Judgement, SubjectKind, Verb, Verdict


def judgement_of(r: Any) -> Judgement:
    return Judgement(
        r.id, SubjectKind(r.subject_kind), r.subject, Verdict(r.verdict), r.actor, r.reason, r.at, r.findings_digest, r.supersedes
    )


def case_of(r: Any) -> Case:
    return Case(r.reference, r.authority, r.title, r.operation, r.opened_at, r.own_number, r.jurisdiction)


class CaseWrites:
    database: Database
    retention: Mapping[str, int]
    shelve: Callable[[Connection, Collection[int]], None]

    def judge(
        self, kind: SubjectKind, subject: int, verdict: Verdict, *, actor: str, authority: str, reason: str, findings_digest: str = ""
    ) -> Judgement:
        """Record a person's judgement. It supersedes the same person's earlier one of the same subject; nothing is deleted."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            person = c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar()
            if not person:
                raise TouchstoneError(f"'{actor}' is not a person known to this store: machines give opinions, people judge")
            before = c.execute(
                select(func.max(t.judgement.c.id)).where(
                    t.judgement.c.subject_kind == str(kind), t.judgement.c.subject == subject, t.judgement.c.actor == actor
                )
            ).scalar()
            number = add(
                c,
                t.judgement,
                subject_kind=str(kind),
                subject=subject,
                verdict=str(verdict),
                actor=actor,
                authority=authority,
                reason=reason,
                findings_digest=findings_digest,
                supersedes=before,
                at=now,
            )
            audit.append(
                self.database,
                c,
                Verb.alteration,
                actor=actor,
                purpose="judgement",
                subjects={str(kind): [subject]},
                detail={"judgement": number, "verdict": str(verdict)},
            )
            if kind is SubjectKind.listing and verdict is Verdict.yes:
                concern(self.database, c, subject, self.retention, actor=actor, why="a person said yes")
            if kind is SubjectKind.listing:
                self.shelve(c, [subject])
        return Judgement(number, kind, subject, verdict, actor, reason, now, findings_digest, before)

    def open_case(self, case: Case, *, actor: str) -> None:
        """Open a case. Raises TouchstoneError where its reference is taken: references are never used twice."""
        with self.database.writing() as c:
            if c.execute(select(t.case.c.reference).where(t.case.c.reference == case.reference)).first():
                raise TouchstoneError(f"case '{case.reference}' exists already; a reference is never used twice")
            c.execute(
                t.case.insert().values(
                    reference=case.reference,
                    authority=case.authority,
                    operation=case.operation,
                    title=case.title,
                    actor=actor,
                    opened_at=datetime.now(UTC),
                    own_number=case.own_number,
                    jurisdiction=case.jurisdiction,
                )
            )
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="case opened", case=case.reference)

    def case(self, reference: str) -> Case:
        with self.database.reading() as c:
            r = c.execute(select(t.case).where(t.case.c.reference == reference)).first()
        if r is None:
            raise TouchstoneError(f"there is no case '{reference}'; `touchstone case new` opens one")
        return case_of(r)

    def cases(self) -> list[Case]:
        with self.database.reading() as c:
            return [case_of(r) for r in c.execute(select(t.case).order_by(t.case.c.opened_at))]


class CaseReads(Reader):
    def judgements(self, subjects: Sequence[tuple[SubjectKind, int]]) -> list[Judgement]:
        """Every judgement of these subjects, oldest first, superseded ones too."""
        query = (
            select(t.judgement)
            .where(tuple_(t.judgement.c.subject_kind, t.judgement.c.subject).in_([(str(k), s) for k, s in subjects]))
            .order_by(t.judgement.c.id)
        )
        with self.store.database.reading() as c:
            rows = [judgement_of(r) for r in c.execute(query)]
        self.shown("judgement", (r.id for r in rows))
        return rows
