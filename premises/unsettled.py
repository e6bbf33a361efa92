"""Why not even the building is settled, where a text leads to several: two that fit alike, two addresses said, a name from another door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from premises.address import Address, parse_address
from premises.alike import begins_alike
from premises.asides import in_two
from premises.index import Listed, own_words
from premises.names import ending
from premises.vocabulary import BUILDINGS, STREETS
from premises.weighed import Weighed, one_building, two_buildings

Weights = Mapping[str, float]
ALIKE = 0.15  # of a score: the same that a rival for the door may lack
NEARLY = frozenset({"street_alike", "building_alike"})


def unsettled(
    text: str,
    said: Address,
    weighed: Sequence[Weighed],
    elsewhere: Sequence[Weighed],
    weights: Weights,
    lead: Callable[[str], Sequence[Weighed]],
) -> tuple[str, Sequence[Weighed]] | None:
    """Why no building is settled, and the candidates that could be meant; None where one is settled.

    `weighed` are the candidates, best first, `elsewhere` those that something hard is said against; `lead` gives the candidates of a
    part of the text.
    """
    return (
        _two_said(text, weighed, weights, lead)
        or _named_elsewhere(weighed, elsewhere, weights)
        or _two_alike(said, weighed, elsewhere, weights)
    )


def _two_said(
    text: str, weighed: Sequence[Weighed], weights: Weights, lead: Callable[[str], Sequence[Weighed]]
) -> tuple[str, Sequence[Weighed]] | None:
    """Two addresses in one text: each a number in a street, or leading to two buildings. A register's own, the corner of two streets, is one."""
    parts = in_two(text)
    if parts is None or in_two(weighed[0].listed.entry.address_raw):
        return None
    first, second = (lead(part) for part in parts)
    if first and second:
        if not two_buildings(first[0], second[0], weights):
            return None
    elif not all(a.number and STREETS.intersection(a.street.split()) for a in map(parse_address, parts)):
        return None
    found = {w.listed.entry.reference: w for w in (*first[:2], *second[:2], *weighed)}
    return "the text gives two addresses, and does not say which is meant", list(found.values())


def _named_elsewhere(weighed: Sequence[Weighed], elsewhere: Sequence[Weighed], weights: Weights) -> tuple[str, Sequence[Weighed]] | None:
    """The name of one business and the number of another, in one street or postcode."""
    if any(w.named for w in weighed):
        return None
    best = weighed[0]
    for other in elsewhere:
        one, two = best.listed.address, other.listed.address
        nearby = one.postcode == two.postcode or (one.street and two.street and begins_alike(one.street, two.street))
        if other.told and nearby and not one_building(best, other, weights):
            entry = other.listed.entry
            return f"a contradiction: the text names “{entry.name}”, which the register has at {entry.address_raw}", [
                best,
                other,
                *weighed[1:],
            ]
    return None


def _two_alike(
    said: Address, weighed: Sequence[Weighed], elsewhere: Sequence[Weighed], weights: Weights
) -> tuple[str, Sequence[Weighed]] | None:
    best, told = weighed[0], own_words(said.words)
    rivals = [w for w in weighed[1:] if _fits_as_well(best, w, told)] + [w for w in (*weighed[1:], *elsewhere) if _pull_apart(best, w)]
    for other in rivals:
        if two_buildings(best, other, weights):
            others = [w for w in weighed[1:] if w is not other]
            return f"two buildings fit alike: {best.listed.entry.address_raw}; {other.listed.entry.address_raw}", [best, other, *others]
    return None


def _fits_as_well(best: Weighed, other: Weighed, told: frozenset[str]) -> bool:
    return (
        other.compared.door >= (best.compared.door and not best.codes & NEARLY)
        and bool(other.compared.hard) <= bool(best.compared.hard)
        and other.named >= best.named
        and _exact(other) >= _exact(best)
        and other.shares(told) >= best.shares(told)
        and other.score >= best.score - ALIKE
    )


def _exact(w: Weighed) -> tuple[bool, bool, int]:
    """A number or unit that agrees before none, the number itself before a range that holds it, a name before one that is nearly it."""
    within = w.codes & {"number_within", "unit_within"}
    return bool(w.codes & {"number", "unit"} or within), "number_within" not in w.codes, -len(w.codes & NEARLY)


def _pull_apart(best: Weighed, other: Weighed) -> bool:
    """Whether the postcode says one and the town the other, of two that have the number: "12 Tan Street, Wexcombe" with Norbury's postcode."""
    for a, b in ((best, other), (other, best)):
        if "postcode" in a.codes and "town" not in a.codes and {"postcode_differs", "town"} <= b.codes:
            exact = _exact(a)[:2]
            return exact[0] and exact == _exact(b)[:2] and a.named == b.named and not (a.compared.hard or b.compared.hard)
    return False


def of_another_kind(said: Address, found: Sequence[Listed]) -> Address | None:
    """The address with the register's street, where the text says Road, the register Street, and its postcode has no other of that name."""
    stem = said.street.split()[:-1]
    if not (said.postcode and said.number and stem and ending(said.street.split()) in STREETS):
        return None
    names = {
        name
        for one in found
        for name in (one.address.street, one.address.building)
        if one.address.postcode == said.postcode and name.split()[:-1] == stem
    }
    name = names.pop() if len(names) == 1 else ""
    return replace(said, street=name) if ending(name.split()) in STREETS - BUILDINGS else None
