"""The queue of flags: what waits, and what is left out of it for now and why. Nothing is hidden without being counted, and each can be asked for."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, not_, or_, select

from store import tables as t
from store.assignments import GIVEN, LOCKED, PUT_OFF, Says, newest_of
from store.clearances import covers, goods_of, in_force
from store.findings import flag_of
from store.listings import newest_flag
from store.reader import Reader
from store.second import not_taken_back
from store.shelf import turns_of
from store.words.records import Flag, Level, SubjectKind

QUEUED = (Level.priority, Level.review)


class Waits(enum.StrEnum):
    """Which part of the queue: what the reader may judge now, what is theirs, or what is left out, by why."""

    free = "free"
    mine = "mine"  # assigned to the reader, or locked to them while they judge
    taken = "taken"  # another officer's, or another judges it now
    skipped = "skipped"
    cleared = "cleared"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many flags wait and are not shown among the free ones. One that is left out for two reasons is counted under each."""

    taken: int = 0
    skipped: int = 0
    cleared: int = 0

    def sentence(self) -> str:
        """For people; "" where nothing is left out."""
        parts = (
            (self.cleared, "of cleared sellers or authorised stockists"), (self.skipped, "put off until later"),
            (self.taken, "with another officer"),
        )  # fmt: skip
        said = [f"{number} {why}" for number, why in parts if number]
        return f"Not shown: {', '.join(said)}." if said else ""


class QueueReads(Reader):
    def queue(
        self, levels: Sequence[Level] = QUEUED, limit: int = 50, judged: bool = False, *, waits: Waits = Waits.free, listings: Sequence[int] | None = None
    ) -> list[Flag]:  # fmt: skip
        """Newest flags at those levels, priority first, then by score; those judged on the same findings are left out.

        `listings` asks for those of these listings alone. See `Waits` for what is left out besides; `left_out` counts it.
        """
        with self.store.database.reading() as c:
            part = parts(c, self.actor.id)[waits]
            if judged or not set(levels) <= set(QUEUED):  # "priority" < "review" alphabetically, which is the order wanted
                query = _newest(levels).where(part.holds).order_by(t.flag.c.level, t.flag.c.score.desc(), t.flag.c.id)
                query = query if judged else query.where(unjudged())
            else:
                query = _waiting(levels, part).order_by(part.turn.desc())
            if listings is not None:
                query = query.where(t.flag.c.listing.in_(listings))
            rows = [flag_of(r) for r in c.execute(query.limit(limit)).mappings()]
        self.shown("listing", (r.listing for r in rows))
        return rows

    def left_out(self, levels: Sequence[Level] = QUEUED) -> LeftOut:
        """How many flags wait that `queue` leaves out for the reader: numbers, about no person."""
        with self.store.database.reading() as c:
            conditions = parts(c, self.actor.id)
            counts = {
                each: c.execute(select(func.count()).select_from(_waiting(levels, conditions[each]).subquery())).scalar_one()
                for each in (Waits.taken, Waits.skipped, Waits.cleared)
            }
        return LeftOut(**{str(each): number for each, number in counts.items()})


def parts(c: Connection, me: str) -> dict[Waits, Part]:
    """Conditions on rows of `flag` that are their listing's newest: which part of the queue it is in, for an officer."""
    now = datetime.now(UTC)
    clearances = in_force(c, now)
    cleared = or_(false(), *(covers(c, each) for each in clearances))
    given, locked, put_off = t.assignment.alias(), t.assignment.alias(), t.assignment.alias()
    taken = or_(
        exists().where(*_of(given), *newest_of(given, GIVEN), given.c.officer != me),
        exists().where(*_of(locked), *newest_of(locked, LOCKED), locked.c.until > now, locked.c.officer != me),
    )
    same = put_off.c.findings_digest == t.flag.c.findings_digest
    skipped = exists().where(*_of(put_off), *newest_of(put_off, PUT_OFF), put_off.c.until > now, same)
    own, held = t.assignment.alias(), t.assignment.alias()
    mine = or_(
        exists().where(*_of(own), *newest_of(own, GIVEN), own.c.officer == me),
        exists().where(*_of(held), *newest_of(held, LOCKED), held.c.until > now, held.c.officer == me),
    )
    a = t.assignment.c
    ours = select(a.subject).where(a.subject_kind == str(SubjectKind.listing), or_(a.until.is_(None), a.until > now))
    return {
        Waits.free: Part(and_(not_(cleared), not_(taken), not_(skipped))),
        Waits.mine: Part(mine, ours.where(a.officer == me)), Waits.taken: Part(taken, ours.where(a.officer != me)),
        Waits.skipped: Part(skipped, ours.where(a.says == str(Says.skipped))), Waits.cleared: Part(cleared, goods_of(c, clearances)),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What holds of the flags of a part of the queue, and among which listings they are, where that is told without going through all that wait."""

    holds: ColumnElement[bool]
    among: Select[Any] | None = None

    @property
    def turn(self) -> ColumnElement[int]:
        """By what it is ordered: "+ 0" keeps the order's own index out of it, by which all that waits would be gone through."""
        return t.listing_now.c.turn if self.among is None else t.listing_now.c.turn + 0


def unjudged() -> ColumnElement[bool]:
    """A condition on rows of `flag`: nobody judged its listing on the same findings, or whoever did took it back."""
    j = t.judgement.c
    same = (j.subject_kind == str(SubjectKind.listing), j.subject == t.flag.c.listing, j.findings_digest == t.flag.c.findings_digest)
    return ~exists().where(*same, not_taken_back())


def standing(c: Connection, me: str, listings: Collection[int], waits: Waits) -> set[int]:
    """Those of these listings whose newest flag is in that part of the queue, for an officer."""
    a = t.assignment.c
    # what nobody was ever given, took or put off is free where nobody is cleared, without a look at its flags
    if waits is Waits.free and not in_force(c, datetime.now(UTC)):
        of = c.execute(select(a.subject).where(a.subject_kind == str(SubjectKind.listing), a.subject.in_(listings)).limit(1))
        if of.first() is None:
            return set(listings)
    newest = select(func.max(t.flag.c.id)).where(t.flag.c.listing.in_(listings)).group_by(t.flag.c.listing)
    return set(c.execute(select(t.flag.c.listing).where(t.flag.c.id.in_(newest), parts(c, me)[waits].holds)).scalars())


def _newest(levels: Sequence[Level]) -> Select[Any]:
    """Newest flags at these levels, judged or not."""
    return select(t.flag).where(t.flag.c.level.in_([str(x) for x in levels]), t.flag.c.id == newest_flag(t.flag.c.listing))


def _waiting(levels: Sequence[Level], part: Part) -> Select[Any]:
    """The flags of a part of the queue, at levels that are queued. What waits is kept with each listing (`store/shelf.py`): its `turn`, by level first."""
    n, bounds = t.listing_now.c, [turns_of(str(level)) for level in levels]
    query = select(t.flag).select_from(t.listing_now.join(t.flag, t.flag.c.id == newest_flag(n.id))).where(part.holds)
    query = query.where(part.turn >= min(first for first, _ in bounds), part.turn < max(end for _, end in bounds))
    return query if part.among is None else query.where(n.id.in_(part.among))


def _of(table: Any) -> tuple[ColumnElement[bool], ...]:
    return table.c.subject_kind == str(SubjectKind.listing), table.c.subject == t.flag.c.listing
