"""Judgements, cases and exhibits: what people decided, and what goes to court."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, tuple_

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.retention import concern
from store.words.records import Case, Exhibit, Judgement, SubjectKind, Verb, Verdict


def judgement_of(r: Any) -> Judgement:
    return Judgement(
        r.id, SubjectKind(r.subject_kind), r.subject, Verdict(r.verdict), r.actor, r.reason, r.at, r.findings_digest, r.supersedes
    )


class CaseWrites:
    database: Database
    retention: Mapping[str, int]

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
                )
            )
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="case opened", case=case.reference)

    def case(self, reference: str) -> Case:
        with self.database.reading() as c:
            r = c.execute(select(t.case).where(t.case.c.reference == reference)).first()
        if r is None:
            raise TouchstoneError(f"there is no case '{reference}'; `touchstone case new` opens one")
        return Case(r.reference, r.authority, r.title, r.operation, r.opened_at)

    def cases(self) -> list[Case]:
        with self.database.reading() as c:
            return [
                Case(r.reference, r.authority, r.title, r.operation, r.opened_at)
                for r in c.execute(select(t.case).order_by(t.case.c.opened_at))
            ]

    def exhibit(self, case: str, kind: SubjectKind, subject: int, *, initials: str, description: str, actor: str) -> Exhibit:
        """Give a subject the next number of its case, `AB1`, `AB2`, …; a subject that is an exhibit already keeps its number.

        From now on what it rests on may not be erased.
        """
        now = datetime.now(UTC)
        with self.database.writing() as c:
            # one writer at a time decides the next number: BEGIN IMMEDIATE on SQLite, the case's row lock on PostgreSQL
            c.execute(select(t.case.c.reference).where(t.case.c.reference == case).with_for_update()).scalar_one()
            old = c.execute(
                select(t.exhibit).where(
                    t.exhibit.c.case_file == case, t.exhibit.c.subject_kind == str(kind), t.exhibit.c.subject == subject
                )
            ).first()
            if old:
                return Exhibit(case, old.number, kind, subject, old.description, old.actor, old.at)
            used = c.execute(select(t.exhibit.c.number).where(t.exhibit.c.case_file == case)).scalars()
            taken = [int(n[len(initials) :]) for n in used if n.startswith(initials) and n[len(initials) :].isdigit()]
            number = f"{initials}{max(taken, default=0) + 1}"
            add(
                c,
                t.exhibit,
                case_file=case,
                number=number,
                subject_kind=str(kind),
                subject=subject,
                description=description,
                actor=actor,
                at=now,
            )
            audit.append(
                self.database,
                c,
                Verb.alteration,
                actor=actor,
                purpose="exhibit",
                case=case,
                subjects={str(kind): [subject]},
                detail={"exhibit": number},
            )
        return Exhibit(case, number, kind, subject, description, actor, now)


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

    def exhibits(self, case: str) -> list[Exhibit]:
        with self.store.database.reading() as c:
            rows = c.execute(select(t.exhibit).where(t.exhibit.c.case_file == case).order_by(t.exhibit.c.id)).all()
        self.shown("exhibit", (r.id for r in rows))
        return [Exhibit(case, r.number, SubjectKind(r.subject_kind), r.subject, r.description, r.actor, r.at, r.id) for r in rows]
