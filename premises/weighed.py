"""One entry of a register held against a text: what agrees, what does not, and whether the text has the entry's name in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz

from premises import compare
from premises.address import Address, parse_address
from premises.asides import says_elsewhere, stands
from premises.compare import OF_THE_UNIT, Compared
from premises.index import Listed, in_order
from premises.numbering import Fit, fit
from store.words.records import LinkReason


@dataclass(frozen=True, slots=True)
class Weighed:
    """One candidate held against the text."""

    listed: Listed
    compared: Compared
    reasons: tuple[LinkReason, ...]
    told: bool = False  # the text has the entry's name in it, word for word, and not as somebody else's that is near

    @property
    def codes(self) -> frozenset[str]:
        return frozenset([r.code for r in self.reasons])

    @property
    def score(self) -> float:
        return compare.score(self.reasons)

    @property
    def named(self) -> bool:
        return "name" in self.codes

    def shares(self, words: frozenset[str]) -> int:
        """How many of the text's words are the entry's."""
        return len(words.intersection(self.listed.address.words) | words.intersection(self.listed.own))

    @property
    def exact(self) -> int:
        """How exactly the numbers agree: a range that holds the number gives way to the number itself."""
        return -len(self.codes & {"number_within", "unit_within", "street_alike"})


def weigh(
    text: str, said: Address, one: Listed, weights: Mapping[str, float], seen: dict[tuple[str, str | None, str], Compared]
) -> Weighed | None:
    """The comparison in the light of the entry's name: where the text has the name in it, the rest is read without it.

    None, before anything else is looked at, where both give a number and they are two: most neighbours.
    """
    where = _where_named(text, one.told)
    near = stands(text[: where[0]]) if where else ""
    rest = f"{text[: where[0]]}, {text[where[1] :]}" if where and not near else None
    if where is None and _is_a_neighbour(said, one.address):
        return None
    name = (
        compare.reason("name", weights, f"the text names “{one.entry.name}”")
        if rest is not None
        else None
        if near
        else _name(said, one, weights)
    )
    key = (one.entry.address_raw, one.address.postcode, one.house)  # hundreds of companies may have one accountant's address
    if key not in seen:
        seen[key] = compare.compare(said, one.address, one.house, weights)
    best = seen[key]
    if rest is not None and not best.door:
        best = max(best, compare.compare(parse_address(rest, said.postcode), one.address, one.house, weights), key=_how_far)
    if near:
        said_so = f"the text says it is {'next to' if near == 'beside_it' else 'over, behind or inside'} “{one.entry.name}”, which is another door"
        best = replace(best, reasons=(*best.reasons, compare.reason(near, weights, said_so, against=True)), door=False)
    return Weighed(one, best, best.reasons + ((name,) if name else ()), rest is not None and _is_its_own(text, one))


def _how_far(c: Compared) -> tuple[bool, bool, bool, float]:
    return (c.door, not c.hard - OF_THE_UNIT, not c.hard, c.score)


def _is_a_neighbour(said: Address, entry: Address) -> bool:
    return (
        bool(said.number and entry.number) and said.number != entry.number and fit(said.number, entry.number) in (Fit.differs, Fit.letter)
    )


def _where_named(text: str, told: tuple[str, ...]) -> tuple[int, int] | None:
    """Where a business's name (`told` in its words) stands in a text, but for capitals, signs, "and" and how its letters are parted."""
    if not told:
        return None
    plain, here = in_order(text)
    size, letters = len(told), "".join(told)
    for i in range(len(plain) - size + 1):
        if plain[i] == told[0] and plain[i : i + size] == told:
            return here[i][0], here[i + size - 1][1]
    if len(letters) >= 6 and letters.isalpha() and letters in "".join(plain):
        for i in range(len(plain)):
            for j in range(i + 1, min(i + 4, len(plain)) + 1):
                if "".join(plain[i:j]) == letters:
                    return here[i][0], here[j - 1][1]
    return None


def _is_its_own(text: str, one: Listed) -> bool:
    """Whether a name in a text is the shop's that is meant: not "opposite Boots", and not "boots and trainers", of one word among others."""
    where = _where_named(text, one.told)
    if where is None or not one.own or says_elsewhere(text[: where[0]]):
        return False
    alone = not text[: where[0]].rstrip()[-1:].isalnum() and not text[where[1] :].lstrip()[:1].isalnum()
    return len(one.told) > 1 or alone


def _name(said: Address, one: Listed, weights: Mapping[str, float]) -> LinkReason | None:
    """A name whose own words are nearly all in the text; a word that is the entry's street's or town's says nothing of its name."""
    hit, town = 0, compare.towns(said)
    for word in one.own:
        close = [w for w in said.words if are_close(w, word) and (len(one.own) > 1 or w not in town)]
        hit += bool(close) and not all(any(are_close(w, p) for p in one.address.words) for w in close)
    if not hit:
        return None
    if hit == len(one.own):
        return compare.reason("name", weights, f"the text names “{one.entry.name}”")
    if hit >= 2 and 3 * hit >= 2 * len(one.own):
        return compare.reason("name_alike", weights, f"the text has words of the name “{one.entry.name}”")
    return None


@lru_cache(maxsize=200_000)
def are_close(a: str, b: str) -> bool:
    return a == b or (len(a) >= 4 and len(b) >= 4 and a[0] == b[0] and fuzz.ratio(a, b) >= 84)


def one_door(a: Weighed, b: Weighed, weights: Mapping[str, float]) -> bool:
    one, two = a.listed.address, b.listed.address
    return one.postcode == two.postcode and one.number == two.number and compare.compare(one, two, "", weights).door


def two_buildings(a: Weighed, b: Weighed, weights: Mapping[str, float]) -> bool:
    """Whether they are surely two: numbers, streets or names of buildings that differ, or one street and number of two towns."""
    one, two = a.listed.address, b.listed.address
    found = compare.compare(one, two, "", weights)
    if found.hard - OF_THE_UNIT or "building_differs" in found.codes or not found.placed:
        return True
    return "postcode_differs" in found.codes and "town" not in found.codes and bool(one.town and two.town)


def one_building(a: Weighed, b: Weighed, weights: Mapping[str, float]) -> bool:
    found = compare.compare(a.listed.address, b.listed.address, "", weights)
    return found.located and not found.hard - OF_THE_UNIT
