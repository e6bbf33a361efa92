"""Second reviews: a share of what one person judged is put before another, who does not see what the first said until they have judged.

A row says that a judgement was drawn, when it was made and by nobody's choice (casework/judgements.py); another row, that a second person answered, and by
which judgement. How far people agree is counted over these pairs alone: who has seen what a colleague said is no second opinion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, select

from store import tables as t
from store.database import add, chunks
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.records import Judgement, SubjectKind, Verdict


@dataclass(frozen=True, slots=True)
class SecondDue:
    """A listing that waits for a second person, and the judgement that was drawn: its number only, since what it says is not theirs to know yet."""

    listing: int
    first: int


@dataclass(frozen=True, slots=True)
class Pair:
    """What two persons said of one listing, the second without knowing what the first had said; `third`: a third person has judged it since."""

    first: Judgement
    second: Judgement
    third: bool = False


def judgement_of(r: Any) -> Judgement:
    return Judgement(
        r.id, SubjectKind(r.subject_kind), r.subject, Verdict(r.verdict), r.actor, r.reason, r.at, r.findings_digest, r.supersedes, r.code
    )


def keep_second(c: Connection, first: int, second: int, kind: SubjectKind, subject: int, actor: str, now: datetime) -> None:
    """Keep that a second person judged what was drawn. Raises TouchstoneError: not drawn of this subject, their own, answered, or judged by
    them before."""
    r, j = t.second_review.c, t.judgement.c
    drawn = c.execute(select(t.judgement).join(t.second_review, r.first == j.id).where(j.id == first, r.second.is_(None))).first()
    if drawn is None or (drawn.subject_kind, drawn.subject) != (str(kind), subject):
        raise TouchstoneError(f"judgement {first} is not one of {kind} {subject} that waits for a second person")
    if drawn.actor == actor:
        raise TouchstoneError(f"judgement {first} is {actor}'s own: the second person is another")
    if c.execute(select(r.id).where(r.first == first, *_answered())).first() is not None:
        raise TouchstoneError(f"judgement {first} was judged a second time already")
    before = (j.subject_kind == str(kind), j.subject == subject, j.actor == actor, j.id != second)
    if c.execute(select(j.id).where(*before)).first() is not None:  # also where they took that back: they were told what the first said
        raise TouchstoneError(f"{actor} judged {kind} {subject} before: the second person is somebody who knows nothing of what was said")
    add(c, t.second_review, first=first, second=second, at=now)


def not_taken_back() -> ColumnElement[bool]:
    """A condition on rows of `judgement`: one that was not taken back, and takes none back."""
    return and_(t.judgement.c.verdict != str(Verdict.undone), ~_taken_back(t.judgement.c.id))


def _answered() -> tuple[Any, ...]:
    """Conditions on rows of `second_review`: a second person answered, and has not taken it back."""
    r = t.second_review.c
    return r.second.is_not(None), ~_taken_back(r.second)


def _taken_back(judgement: Any) -> Any:
    later = t.judgement.alias()
    return exists().where(later.c.supersedes == judgement, later.c.verdict == str(Verdict.undone))


class SecondReads(Reader):
    def second_due(self, limit: int = 50, *, listings: Sequence[int] | None = None) -> list[SecondDue]:
        """What waits for the reader as its second person, the longest first: drawn, neither superseded nor taken back, and never judged by them. Of
        these listings, where some are named."""
        r, j, later, own = t.second_review.c, t.judgement.c, t.judgement.alias(), t.judgement.alias()
        answer, taken = t.second_review.alias(), t.judgement.alias()
        back = exists().where(taken.c.supersedes == answer.c.second, taken.c.verdict == str(Verdict.undone))
        answered = exists().where(answer.c.first == r.first, answer.c.second.is_not(None), ~back)
        theirs = exists().where(own.c.subject_kind == j.subject_kind, own.c.subject == j.subject, own.c.actor == self.actor.id)
        superseded = exists().where(later.c.supersedes == j.id)
        query = select(j.id, j.subject).select_from(t.second_review.join(t.judgement, j.id == r.first))
        query = query.where(r.second.is_(None), j.subject_kind == str(SubjectKind.listing), ~superseded, ~answered, ~theirs)
        if listings is not None:
            query = query.where(j.subject.in_(listings))
        with self.store.database.reading() as c:
            rows = [SecondDue(each.subject, each.id) for each in c.execute(query.order_by(r.id).limit(limit))]
        self.shown("listing", (each.listing for each in rows))
        return rows

    def second_pairs(self) -> list[Pair]:
        """Every pair of a drawn judgement and the second person's, in order of the second; without those that either took back."""
        r = t.second_review.c
        query = select(r.first, r.second).where(*_answered(), ~_taken_back(r.first)).order_by(r.second)
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
            found = _by_number(c, [n for row in rows for n in row])
            pairs = [Pair(found[row.first], found[row.second]) for row in rows]
            unlike = [p for p in pairs if p.first.verdict is not p.second.verdict]
            others = _judged_by_others(c, unlike)
        self.shown("judgement", found)
        return [Pair(p.first, p.second, p.second.id in others) for p in pairs]


def _by_number(c: Connection, numbers: Sequence[int]) -> dict[int, Judgement]:
    return {
        r.id: judgement_of(r) for part in chunks(set(numbers)) for r in c.execute(select(t.judgement).where(t.judgement.c.id.in_(part)))
    }


def _judged_by_others(c: Connection, pairs: Sequence[Pair]) -> set[int]:
    """The second judgements of those pairs of whose listing a third person's judgement stands."""
    j, later, found = t.judgement.c, t.judgement.alias(), set()
    stands = and_(j.verdict != str(Verdict.undone), ~exists().where(later.c.supersedes == j.id))
    for part in chunks({p.second.subject for p in pairs}):
        rows = c.execute(select(j.subject, j.actor).where(j.subject_kind == str(SubjectKind.listing), j.subject.in_(part), stands)).all()
        for p in pairs:
            if any(row.subject == p.second.subject and row.actor not in (p.first.actor, p.second.actor) for row in rows):
                found.add(p.second.id or 0)
    return found
