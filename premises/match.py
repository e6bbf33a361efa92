"""Addresses as text against one register: which entry's door each one is, on which reasons, and where there is none.

Candidates come from an index of keys that survive what people do to an address: a wrong or missing postcode, a misspelt street, a
missing town. Each is then held against the text by `compare`, and unit, letter and number stay hard keys. `proposed` is one answer
at most: the door that an officer would be sent to. It is given only where

- each number, letter, unit and part that one side says the other says too,
- the street or the building agrees, and a postcode, or a town and a name or an unusual street where the postcode is wrong or missing,
- and no other door of the register fits as well. Where a register lists several businesses under one number and no unit, their doors
  are not told apart, and the business's name must say which.

All else is at most the building, and says why. Where two buildings fit alike, or the text names a business that the register has in
another one nearby, not even the building is settled: the first answer is of level none and says so, and those that could be meant follow.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from premises import compare
from premises.address import Address, parse_address
from premises.alike import begins_alike
from premises.asides import plain
from premises.compare import HARD, OF_THE_UNIT, PLACED, Compared
from premises.identity import name_words
from premises.index import Index, Listed, own_words
from premises.names import ending
from premises.unsettled import of_another_kind, unsettled
from premises.vocabulary import BUILDINGS, COMMON_STREETS, HOUSES, NO_TOWN, NUMBERED, PARADES
from premises.weighed import Weighed, are_close, one_building, one_door, weigh
from store.words.postcode import is_known
from store.words.records import LinkReason

ANCHORS = frozenset({"postcode", "postcode_near", "district"})
MOST_ANSWERS = 5  # for one text


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the answer to a text. `level` is unit, building or none; `reference` the register's own.

    A first row of level none has no reference; rows of that level after it are what could be meant, where no building is settled.
    """

    rank: int
    reference: str
    level: str
    score: float
    proposed: bool
    reasons: tuple[LinkReason, ...]


# -- the answer ----------------------------------------------------------------------------------------------------------


def answers(text: str, found: Sequence[Listed], weights: Mapping[str, float], most: int = MOST_ANSWERS) -> list[Answer]:
    """The answers to one text among `found`, best first; one of level none, saying why, where there is no other. Pure."""
    text = plain(text)
    return _answers(text, parse_address(text), found, weights, most)


def _answers(text: str, said: Address, found: Sequence[Listed], weights: Mapping[str, float], most: int) -> list[Answer]:
    if not (said.words or said.number or said.names_a_unit):
        return [_none("the text says no more than a postcode" if said.postcode or said.district else "there is no address in the text")]
    weighed, elsewhere = _ranked(text, said, found, weights)
    if not weighed and (other := of_another_kind(said, found)):
        weighed, elsewhere = _ranked(text, other, found, weights)
        against = f"the text says {said.street.title()}, the register {other.street.title()}: the link is to the building"
    elif weighed:
        against = _why_not_proposed(said, weighed, weights)
    if not weighed:
        return [_none(_why_none(said, found))]
    if open_ := unsettled(text, said, weighed, elsewhere, weights, lambda part: _ranked(part, parse_address(part), found, weights)[0]):
        why, could_be = open_
        return [_none(why), *(_could_be(rank, w) for rank, w in enumerate(could_be[: most - 1], 2))]
    out = []
    for rank, w in enumerate(weighed[:most], 1):
        level = "unit" if w.compared.door else "building"
        reasons = w.reasons
        if rank == 1 and against:
            reasons += (LinkReason("not_proposed", 0.0, against),)
            level = "building" if against.endswith(_TO_THE_BUILDING) else level
        elif not w.compared.door:
            reasons += (LinkReason("building_only", 0.0, _why_building(said, w)),)
        out.append(Answer(rank, w.listed.entry.reference, level, w.score, rank == 1 and not against, reasons))
    return out


def _ranked(text: str, said: Address, found: Sequence[Listed], weights: Mapping[str, float]) -> tuple[list[Weighed], list[Weighed]]:
    """The candidates that could be meant, best first, and those that something hard says are elsewhere."""
    seen: dict[tuple[str, str | None, str], Compared] = {}
    weighed: list[Weighed] = []
    elsewhere: list[Weighed] = []
    for one in found:
        if w := weigh(text, said, one, weights, seen):
            (weighed if _leads_there(said, w) else elsewhere).append(w)
    weighed = _told_apart(weighed)
    told = own_words(said.words)
    weighed.sort(
        key=lambda w: (
            -w.compared.door,
            bool(w.compared.hard),
            -w.exact,
            -w.shares(told),
            -w.score,
            w.listed.entry.row,
            w.listed.entry.reference,
        )
    )
    return weighed, elsewhere


def _none(why: str) -> Answer:
    return Answer(1, "", "none", 0.0, False, (LinkReason("none", 0.0, why),))


def _could_be(rank: int, w: Weighed) -> Answer:
    why = LinkReason("could_be", 0.0, "it could be meant: no building is settled")
    return Answer(rank, w.listed.entry.reference, "none", w.score, False, (*w.reasons, why))


def _leads_there(said: Address, w: Weighed) -> bool:
    """Whether the candidate is an answer at all: its building agrees, and nothing says that it lies elsewhere."""
    codes, entry = w.codes, w.listed.address
    if codes & (HARD - OF_THE_UNIT):
        return False
    numbered = bool(codes & {"number", "number_within"})
    if said.number and entry.number and not numbered:
        return False
    if "unit_differs" in codes and not (said.unit_kind or entry.unit_kind or said.part) and ending(entry.building.split()) == "parade":
        return False  # a parade is a row of buildings, and "2 Larch Parade" is not number 4
    placed, town = bool(codes & PLACED), "town" in codes
    unit = bool(codes & {"unit", "unit_within"}) and not (said.number and entry.number)
    sure = (numbered or unit) and placed
    here = bool(codes & {"postcode", "district"})
    if said.number and not entry.number and not said.unit and entry.unit and ending(entry.building.split()) not in BUILDINGS:
        return w.named and here  # "17 Tannery" is not Flat 8, Tannery
    if (
        not (said.number or said.names_a_unit or w.named)
        and entry.names_a_unit
        and ending(entry.building.split()) not in BUILDINGS | HOUSES
        and not (entry.building and entry.street and {"building", "street"} <= codes)
    ):
        return False  # "The Green" is not Office 3, The Green
    known = bool(codes & {"building", "building_alike"}) or (w.named and placed) or (here and _bare(said, w))
    if here:
        return sure or known or numbered or w.named or (unit and "postcode" in codes)
    if "postcode_near" in codes:
        return sure or (known and (town or w.named or "building" in codes))
    if said.postcode:
        street = own_words(tuple(f"{entry.street} {entry.building}".split())) - COMMON_STREETS - NO_TOWN  # every village has a High Street
        return (town and ((sure and not w.compared.hard and bool(street)) or (w.named and placed))) or (sure and w.named)
    if town:
        return (
            sure
            or (known and ("building_alike" not in codes or bool(codes & {"street", "street_alike"})))
            or (w.named and len(w.listed.told) > 1)
        )
    own = (own_words(entry.words) & own_words(said.words)) - NO_TOWN
    elsewhere = compare.other_towns(said, entry)
    return (sure and w.named) or ((sure or (w.named and placed) or "building" in codes) and bool(own) and not elsewhere)


def _told_apart(weighed: Sequence[Weighed]) -> list[Weighed]:
    """Without those that a name and a town alone lead to, where there are several or something better: shops of one name."""
    better = [w for w in weighed if w.codes & PLACED or w.codes & ANCHORS]
    return better or list(weighed[:1] if len(weighed) == 1 else ())


def _bare(said: Address, w: Weighed) -> bool:
    """A street and nothing finer on either side: a school, a farm, a pub by the road. A name before the street is finer."""
    entry = w.listed.address
    finer = said.number or entry.number or said.names_a_unit or entry.names_a_unit or said.building or entry.building
    return not finer and said.street != "" and entry.street != "" and begins_alike(said.street, entry.street)


_SHARED, _TO_THE_BUILDING = "the register lists ", ": the link is to the building"


def _why_not_proposed(said: Address, weighed: Sequence[Weighed], weights: Mapping[str, float]) -> str:
    """Why the best answer is not put before an officer as the unit; "" where it is."""
    best = weighed[0]
    if not best.compared.door:
        return _why_building(said, best)
    codes, a = best.codes, best.listed.address
    parade = ending(a.building.split()) in PARADES or ending(said.building.split()) in PARADES
    if not (a.names_a_unit or best.named) and ((not a.number and _bare(said, best)) or parade):
        return "a street or a parade without a number is many doors: the link is to it as a whole"
    if not (a.number or a.names_a_unit or said.number) and not _one_house(best):
        return "there is no number, and the name of the house is not certain"
    if "number_within" in codes and said.building and not codes & {"building", "name"}:
        return "the number is one of a range, and the name in the text is not the register's"
    if not _anchored(said, best):
        return "the postcode is wrong or missing, and the rest does not say for certain where it is"
    if a.unit and not said.number and not codes & {"building", "building_alike"} and _other_house(said, best):
        return "a unit's number is its building's, and the building that the text names is not the register's"
    told = own_words(said.words)
    if any(
        w.codes & {"unit", "unit_within"} and w.shares(told) >= best.shares(told) and not one_door(best, w, weights) for w in weighed[1:]
    ):
        return "another door fits as well"
    rivals = [w for w in weighed[1:] if w.compared.door and not one_door(best, w, weights)]
    if any(w.exact >= best.exact and (w.named or not best.named) and w.score >= best.score - 0.15 for w in rivals):
        return "another door fits as well"
    if not best.named and (other := next((w for w in weighed[1:] if w.named and one_building(best, w, weights)), None)):
        return f"the text names “{other.listed.entry.name}”, which the register has at another door of this building"
    whole = f"{NUMBERED} {a.unit}"  # "2 Larch Centre", which has units of its own
    if not a.unit_kind and any(whole in w.listed.address.part.split("+") for w in weighed):
        return f"{_SHARED}units in {a.unit} {a.building.title()}, and the text names none: the link is to the building"
    if not a.names_a_unit:
        finer = {
            w.listed.address.unit or w.listed.address.part
            for w in weighed
            if w.listed.address.names_a_unit and one_building(best, w, weights)
        }
        if finer and not best.named:
            return f"{_SHARED}{len(finer)} units in this building, and the text names none: the link is to the building"
        here = [w for w in weighed if w.compared.door and one_door(best, w, weights)]
        names = {" ".join(sorted(name_words(w.listed.entry.name))) or w.listed.entry.reference for w in here}
        if len(names) > 1 and not (best.named and sum(w.named for w in here) == 1) and not _one_name(names):
            return f"{_SHARED}{len(names)} businesses at this number, and does not tell their doors apart: the link is to the building"
    return ""


def _other_house(said: Address, best: Weighed) -> bool:
    """Whether the text names a building, an estate or a complex that the entry does not: words that are neither street nor town of it."""
    entry = best.listed.address
    known = {*entry.words, *best.listed.own, *compare.towns(said)}
    return any(not any(are_close(w, k) for k in known) for w in own_words(tuple(said.building.split())))


def _one_house(best: Weighed) -> bool:
    """Whether a house without a number is told by its name: at its postcode, or in its street and town."""
    codes = best.codes
    street = bool(codes & {"street", "street_alike"})
    if "postcode" in codes:
        return "building" in codes or best.named or ("building_alike" in codes and street)
    return "town" in codes and street and ("building" in codes or best.named)


def _anchored(said: Address, best: Weighed) -> bool:
    """Whether the place is certain: by postcode, or by town together with a name, or with a street that towns do not all have."""
    codes = best.codes
    if codes & {"postcode", "district"}:
        return True
    if "postcode_near" in codes:  # two known postcodes of one sector may be two ends of a great building
        return best.named or ("town" in codes and said.postcode is not None and not is_known(said.postcode))
    if said.postcode or "town" not in codes:
        return False
    own = own_words(tuple(f"{best.listed.address.street} {best.listed.address.building}".split()))
    return best.named or (bool(own - COMMON_STREETS - NO_TOWN) and not codes & {"street_alike", "building_alike"})


def _one_name(names: Iterable[str]) -> bool:
    """Whether the names are one in several spellings."""
    first, *others = sorted(names, key=len)
    return all(fuzz.token_set_ratio(first, other) >= 90 for other in others)


def _why_building(said: Address, w: Weighed) -> str:
    a = w.listed.address
    hard = next((r.sentence for r in w.compared.reasons if r.code in HARD), "")
    if hard:
        return f"no unit is settled: {hard}"
    if a.names_a_unit and not said.names_a_unit:
        return "the text names no unit: the link is to the building"
    if said.names_a_unit and not a.names_a_unit:
        return "the register lists no such unit: the link is to the building"
    if bool(said.number) != bool(a.number):
        return f"the number is said by {'the text' if said.number else 'the register'} only: the link is to the building"
    return "the door is not settled: the link is to the building"


def _why_none(said: Address, found: Sequence[Listed]) -> str:
    if not found:
        return "no entry of the register shares a postcode, or a number with a name, with the text"
    if "beside" in said.part:
        return "the text says what it is beside, not where it is"
    return f"none of {len(found)} entries compared has this number, letter and street, or this building"


# -- many at once --------------------------------------------------------------------------------------------------------


class Matcher:
    """An index with a way to fetch entries by row number; those fetched last are kept."""

    def __init__(
        self, index: Index, fetch: Callable[[Sequence[int]], Iterable[Listed]], weights: Mapping[str, float], keep: int = 50_000
    ) -> None:
        self.index, self.fetch, self.weights, self.keep = index, fetch, weights, keep
        self._kept: OrderedDict[int, Listed] = OrderedDict()

    def match(self, texts: Sequence[str], most: int = MOST_ANSWERS) -> Iterator[list[Answer]]:
        """The answers to each text, in order. The entries of a whole batch are fetched at once."""
        texts = [plain(text) for text in texts]
        said = [parse_address(text) for text in texts]
        rows = [self.index.candidates(one) for one in said]
        self._fetch({row for one in rows for row in one})
        for text, one, its in zip(texts, said, rows, strict=True):
            yield _answers(text, one, [self._kept[row] for row in its if row in self._kept], self.weights, most)

    def _fetch(self, wanted: set[int]) -> None:
        missing = sorted(wanted - self._kept.keys())
        while len(self._kept) + len(missing) > self.keep and self._kept and len(self._kept) > len(wanted):
            row, one = self._kept.popitem(last=False)
            if row in wanted:
                self._kept[row] = one
        for one in self.fetch(missing):
            if one.entry.id is not None:
                self._kept[one.entry.id] = one


def in_memory(entries: Sequence[Listed], weights: Mapping[str, float]) -> Matcher:
    """A matcher over entries that are held in memory already."""
    by_row = {one.entry.id: one for one in entries}
    return Matcher(Index(entries), lambda rows: [by_row[row] for row in rows], weights, keep=len(entries) + 1)
