"""Whether each step of an exhibit's custody follows from the one before: pure, over steps in the order in which they happened.

What happened is recorded as it happened, also where it should not have: a chain with a gap is named as such, and never refused or mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from store.words.casefile import Act
from store.words.followup import bag_key, shown_when


@dataclass(frozen=True, slots=True)
class CustodyStep:
    """A step of a chain, wherever it is recorded: `record` is the paper or the row. `act` None: it is told, and changes nothing (a photograph)."""

    at: datetime
    whole_day: bool
    act: Act | None
    by: str
    says: str = ""
    where: str = ""
    giver: str = ""
    taker: str = ""
    bag: str = ""
    why: str = ""
    record: str = ""
    sha256: str = ""  # of the bytes, where it is of some

    @property
    def when(self) -> str:
        return shown_when(self.at, self.whole_day)

    @property
    def called(self) -> str:
        return f"{self.act.replace('_', ' ') if self.act else self.says} on {self.when}"


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def breaks(steps: Sequence[CustodyStep]) -> list[str]:
    """Each step that does not follow from those before it, in a sentence that names it; [] where the chain holds."""
    return list(_breaks(steps))


def _breaks(steps: Sequence[CustodyStep]) -> Iterator[str]:
    acts = [step for step in steps if step.act is not None]
    holder, awaited, bag = "", "", ""
    opened: CustodyStep | None = None  # since when it is open, where it was sealed before
    told = False  # whether that is said already
    gone: CustodyStep | None = None
    for number, step in enumerate(acts):
        if gone is not None:
            yield f"{step.called}: it was {gone.called} before that"
            continue
        if number == 0:
            if step.act not in (Act.seized, Act.received):
                yield f"{step.called}: the chain does not begin with how it came into anybody's hands"
            holder = step.by
        elif step.act is Act.seized:
            yield f"{step.called}: it was in the hands of {holder} already"
            holder = step.by
        elif step.act is Act.received:
            if awaited and not _same(step.by, awaited):
                yield f"{step.called} by {step.by}: it was handed over to {awaited}"
            elif not awaited and not _same(step.by, holder):
                yield f"{step.called} by {step.by}: nothing says that {holder} handed it over"
            holder, awaited = step.by, ""
        else:
            if awaited:
                if not _same(step.by, awaited):
                    yield f"{step.called} by {step.by}: it was handed over to {awaited}, and that they received it is not recorded"
                else:
                    yield f"{step.called} by {step.by}: that they received it is not recorded"
                holder, awaited = step.by, ""
            elif not _same(step.by, holder):
                yield f"{step.called} by {step.by}: it was in the hands of {holder}"
                holder = step.by
        if step.act is Act.handed_over and step.giver and not _same(step.giver, step.by):
            yield f"{step.called}: it says that it came from {step.giver}, and that {step.by} handed it over"
        if step.act is Act.sealed:
            if bag:
                yield f"{step.called} in bag {step.bag}: it was sealed in bag {bag}, and that this was opened is not recorded"
            elif opened is not None:
                yield f"{step.called} in bag {step.bag}: it was sealed before, so that this is a resealing"
            bag, opened = step.bag, None
        elif step.act is Act.opened:
            if not bag:
                yield f"{step.called}: it was in no sealed bag"
            elif step.bag and bag_key(step.bag) != bag_key(bag):
                yield f"{step.called}: it names bag {step.bag}, and it was sealed in {bag}"
            bag, opened, told = "", step, False
        elif step.act is Act.resealed:
            if bag:
                yield f"{step.called} in bag {step.bag}: that bag {bag} was opened is not recorded"
            elif opened is None:
                yield f"{step.called} in bag {step.bag}: it was not sealed before"
            bag, opened = step.bag, None
        elif step.act is Act.examined and bag:
            yield f"{step.called}: it was sealed in bag {bag}, and that this was opened is not recorded"
        elif step.act in (Act.moved, Act.handed_over, Act.returned) and opened is not None and not told:
            yield f"{step.called}: it was {opened.called}, and not resealed"
            told = True
        if step.act is Act.handed_over:
            awaited = step.taker
        if step.act in (Act.returned, Act.destroyed):
            gone = step
    if gone is None and opened is not None and not told:
        yield f"it was {opened.called}, and that it was resealed is not recorded"
    if gone is None and awaited:
        yield f"it was handed over to {awaited}, and that they received it is not recorded"


@dataclass(frozen=True, slots=True)
class Holding:
    """Where a thing is by the last steps: with whom, where, in which bag ("" where it is in none)."""

    holder: str
    where: str
    bag: str


def holding(steps: Sequence[CustodyStep]) -> Holding:
    """With whom and where the thing is now, by what is recorded."""
    holder, where, bag = "", "", ""
    for step in steps:
        if step.act is None:
            continue
        before, holder = holder, step.taker if step.act in (Act.handed_over, Act.returned) else step.by
        where = step.where or (where if _same(holder, before) else "")  # whoever took it took it with them
        if step.act in (Act.sealed, Act.resealed):
            bag = step.bag
        elif step.act is Act.opened:
            bag = ""
        elif step.act is Act.destroyed:
            holder, where, bag = "", "destroyed", ""
    return Holding(holder, where, bag)
