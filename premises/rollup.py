"""Ranked premises summed up by area, market, landlord or building: each premises in one row, those of which it is not known in a row that says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from premises.rank import Ranked
from store.errors import TouchstoneError
from store.words.postcode import district

Key = tuple[str, str]  # what it is grouped by, and its name
NOT_KNOWN: Key = ("", "not known")


def _within(kind: str) -> Callable[[Ranked], Key | None]:
    return lambda r: next(((w.code, w.name or w.code) for w in r.within if w.kind == kind), None)


def _words(text: str) -> Key | None:
    return (text.casefold(), text) if text else None


BY: Mapping[str, Callable[[Ranked], Key | None]] = {
    "authority": lambda r: (r.area.code, r.area.name or r.area.code) if r.area else None,
    "service": lambda r: (r.area.service, r.area.service_name or "") if r.area and r.area.service else None,
    "district": lambda r: _words(district(r.postcode) or "") if r.postcode else None,
    "ward": _within("ward"),
    "lsoa": _within("lsoa"),
    "market": lambda r: _words(r.market),
    "landlord": lambda r: _words(r.landlord),
    "building": lambda r: _words(r.building or r.premises.label),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The premises of one area, market, landlord or building. `figure` is the sum of theirs, `flagged` counts each listing once."""

    key: str
    name: str
    premises: tuple[int, ...]  # the highest figure first
    confirmed: int  # premises with a confirmed link
    subjects: int
    flagged: int
    alerts: int
    figure: float


def roll_up(ranked: Iterable[Ranked], by: str) -> list[Group]:
    """By the sum of the figures, then by name; what is not known comes last. Raises TouchstoneError for a `by` that there is not."""
    if by not in BY:
        raise TouchstoneError(f"there is no roll-up by '{by}'; there are {', '.join(BY)}")
    groups: dict[Key, list[Ranked]] = defaultdict(list)
    names: dict[str, str] = {}
    for one in ranked:
        key, name = BY[by](one) or NOT_KNOWN
        groups[key, names.setdefault(key, name)].append(one)
    out = [_group(*key, members) for key, members in groups.items()]
    return sorted(out, key=lambda g: (not g.key, -g.figure, g.name, g.key))


def _group(key: str, name: str, members: list[Ranked]) -> Group:
    members = sorted(members, key=lambda r: (-r.figure, r.premises.id or 0))
    return Group(
        key,
        name,
        tuple(r.premises.id or 0 for r in members),
        sum(r.confirmed > 0 for r in members),
        len({(x.subject_kind, x.subject) for r in members for x in r.links}),
        len({listing for r in members for listing in r.flagged}),
        len({a for r in members for a in r.alerts}),
        float(sum((Decimal(repr(r.figure)) for r in members), Decimal())),
    )


# -- small numbers ---------------------------------------------------------------------------------------------------------
HELD = None  # in place of a number that is held back


@dataclass(frozen=True, slots=True)
class Shown:
    """A group's numbers as others may see them: HELD where a number is held back."""

    name: str
    premises: int | None
    confirmed: int | None
    subjects: int | None
    flagged: int | None


@dataclass(frozen=True, slots=True)
class Summed:
    """A roll-up without its small numbers, and the totals of the two columns in which nothing is counted twice."""

    rows: tuple[Shown, ...]
    premises: int | None
    confirmed: int | None

    @property
    def held(self) -> int:
        """Rows of which the number of premises is held back."""
        return sum(row.premises is HELD for row in self.rows)


def without_small(groups: Sequence[Group], least: int) -> Summed:
    """The groups without numbers from 1 to `least` - 1, and without those that would let them be worked out.

    A row with fewer premises than `least` is held back whole: all else in it is about those few. In a column with a total further numbers go, the
    smallest first, until from the total and what is shown every held number may still be anything from its least possible to `least` or more. Where
    that cannot be reached the total is held back too. 0 is shown in a row that is: it is about nobody. Columns are taken one by one, and one table
    by itself: two sums of the same places, put beside each other, may say more.
    """
    counts = [len(g.premises) for g in groups]
    hidden, total = _held(counts, {}, least)
    confirmed, confirmed_total = _held([g.confirmed for g in groups], dict.fromkeys(hidden, 0), least)
    rows = []
    for n, g in enumerate(groups):
        whole = n not in hidden
        others = [x if whole and not 0 < x < least else HELD for x in (g.subjects, g.flagged)]
        rows.append(Shown(g.name, counts[n] if whole else HELD, g.confirmed if n not in confirmed else HELD, *others))
    return Summed(tuple(rows), sum(counts) if total else HELD, sum(g.confirmed for g in groups) if confirmed_total else HELD)


def _held(values: Sequence[int], hidden: Mapping[int, int], least: int) -> tuple[dict[int, int], bool]:
    """(the places of a column that are held back with the least that each may be, whether the total is shown). `hidden` are held back anyway."""
    held = {**hidden, **{n: 1 for n, value in enumerate(values) if 0 < value < least and n not in hidden}}
    left = sorted((n for n, value in enumerate(values) if n not in held and value > 0), key=lambda n: (values[n], n))
    while held:
        rest = sum(values[n] for n in held) - sum(held.values())
        if len(held) > 1 and all(low + rest >= least for low in held.values()):
            return held, True
        if not left:
            return held, False
        held[left.pop(0)] = 1
    return held, True
