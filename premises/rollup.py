"""Ranked premises summed up by area, market, landlord or building: each premises in one row, those of which it is not known in a row that says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
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
