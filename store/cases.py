"""Judgements, cases and exhibits: what people decided, and what goes to court."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select, tuple_

from store import audit
from store import tables as t
from store.assignments import refuse_locked, unlock
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.retention import concern
from store.second import judgement_of, keep_second
from store.words.records import Case, Judgement, SubjectKind, Verb, Verdict, standing


def case_of(r: Any) -> Case:
    return Case(r.reference, r.authority, r.title, r.operation, r.opened_at, r.own_number, r.jurisdiction)


class CaseWrites:
    database: Database
    retention: Mapping[str, int]
    shelve: Callable[[Connection, Collection[int]], None]

    def judge(
        self, kind: SubjectKind, subject: int, verdict: Verdict, *, actor: str, authority: str, reason: str, findings_digest: str = "", code: str = "",
        seen: int | None = None, drawn: bool = False, second_of: int | None = None,
    ) -> Judgement:  # fmt: skip
        """Record a person's judgement. It supersedes the same person's earlier one of the same subject; nothing is deleted. It ends their lock.

        `undone` takes their earlier one back. `seen` is the newest judgement that they had before them (0: none): where somebody else judged
        since, theirs is refused, so that nobody contradicts a colleague without knowing. `drawn` puts it before a second person, unless
        another has judged the subject already; `second_of` is the judgement that was drawn, of which this is the second person's own.

        Raises TouchstoneError: no person, nothing to take back, judged meanwhile, another is judging it now, or a second judgement that is none.
        """
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person = c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar()
            if not person:
                raise TouchstoneError(f"'{actor}' is not a person known to this store: machines give opinions, people judge")
            refuse_locked(c, kind, subject, actor, now)
            j = t.judgement.c
            said = [judgement_of(r) for r in c.execute(select(t.judgement).where(j.subject_kind == str(kind), j.subject == subject).order_by(j.id))]  # fmt: skip
            before = next((each for each in reversed(said) if each.actor == actor), None)
            if verdict is Verdict.undone and (before is None or before.verdict is Verdict.undone):
                raise TouchstoneError(f"{actor} has said nothing of {kind} {subject} that could be taken back")
            if seen is not None and (newer := [each for each in said if each.actor != actor and (each.id or 0) > seen]):
                raise TouchstoneError(f"{newer[-1].actor} judged {kind} {subject} meanwhile; look at it again")
            number = add(
                c, t.judgement, subject_kind=str(kind), subject=subject, verdict=str(verdict), actor=actor, authority=authority, reason=reason,
                findings_digest=findings_digest, supersedes=before.id if before else None, at=now, code=code,
            )  # fmt: skip
            if second_of is not None:
                keep_second(c, second_of, number, kind, subject, actor, now)
            elif drawn and verdict is not Verdict.undone and not any(each.actor != actor for each in standing(said)):
                add(c, t.second_review, first=number, second=None, at=now)
            unlock(c, kind, subject, actor, authority, now)
            detail = {"judgement": number, "verdict": str(verdict)} | ({"code": code} if code else {})
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="judgement", subjects={str(kind): [subject]}, detail=detail
            )
            if kind is SubjectKind.listing and verdict is Verdict.yes:
                concern(self.database, c, subject, self.retention, actor=actor, why="a person said yes")
            if kind is SubjectKind.listing:
                self.shelve(c, [subject])
        return Judgement(number, kind, subject, verdict, actor, reason, now, findings_digest, before.id if before else None, code)

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


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a list, and how many exhibits it has."""

    case: Case
    exhibits: int


class CaseReads(Reader):
    def judged_last(self, limit: int = 5) -> list[Judgement]:
        """The reader's own newest judgements of listings that stand, the newest first."""
        j, later = t.judgement.c, t.judgement.alias()
        stands = (j.verdict != str(Verdict.undone), ~exists().where(later.c.supersedes == j.id))
        query = select(t.judgement).where(j.actor == self.actor.id, j.subject_kind == str(SubjectKind.listing), *stands)
        with self.store.database.reading() as c:
            rows = [judgement_of(r) for r in c.execute(query.order_by(j.id.desc()).limit(limit))]
        self.shown("judgement", (r.id for r in rows))
        return rows

    def find_cases(self, authority: str, words: str = "", *, before: str = "", limit: int = 50) -> list[Listed]:
        """An authority's cases, the newest first, whose reference, own number, title or operation has each of these words, in whatever
        capitals; with `before` those that come after that case in the list."""
        f = t.case.c
        asked = [f.authority == authority]
        for word in words.split():
            like = "%" + re.sub(r"([\\%_])", r"\\\1", word.casefold()) + "%"
            asked.append(or_(*(func.lower(func.coalesce(column, "")).like(like, escape="\\") for column in (f.reference, f.own_number, f.title, f.operation))))  # fmt: skip
        if before:
            last = select(f.opened_at).where(f.reference == before).scalar_subquery()
            asked.append(or_(f.opened_at < last, and_(f.opened_at == last, f.reference < before)))
        with self.store.database.reading() as c:
            found = [
                case_of(r) for r in c.execute(select(t.case).where(*asked).order_by(f.opened_at.desc(), f.reference.desc()).limit(limit))
            ]
            x = t.exhibit.c
            rows = c.execute(select(x.id, x.case_file).where(x.case_file.in_([one.reference for one in found]))).all()
        self.shown("exhibit", (r.id for r in rows))
        counted = Counter(r.case_file for r in rows)
        return [Listed(one, counted[one.reference]) for one in found]

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
