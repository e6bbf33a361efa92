"""One function a comparison, one reason each: what an advert says of a place against what a register says of one.

Unit, letter and number are hard keys: where both sides say one and they differ, the reason's code is in HARD and no score
outvotes it. Nothing here decides; `link` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from premises.address import Address
from premises.alike import REMEMBERED, alike, called_in, holds, same_words, stands_in, without_filler, word_in
from premises.identity import name_words
from premises.names import ending
from premises.numbering import Fit, fit
from premises.vocabulary import (
    BUILDINGS,
    COUNTIES,
    DIRECTIONS,
    INSIDE,
    LANDMARKS,
    NO_TOWN,
    NUMBERED,
    STREETS,
    TALK,
    TELLING,
    TRADES,
    WITHIN,
)
from store.words.records import LinkReason

Weights = Mapping[str, float]
HARD = frozenset(
    {
        *("number_differs", "letter_differs", "unit_differs", "unit_kind_differs", "part_differs", "street_differs", "unread_differs"),
        *("beside_it", "within_it"),  # "next door to" or "the flat over" the business that the register has there
    }
)
OF_THE_UNIT = frozenset(
    {"unit_differs", "unit_kind_differs", "part_differs", "unread_differs", "within_it"}
)  # they leave the building open
PLACED = frozenset({"street", "street_alike", "building", "building_alike"})


def reason(code: str, weights: Weights, sentence: str, against: bool = False) -> LinkReason:
    return LinkReason(code, 0.0 if code in HARD else weights[code], sentence, against=against)


def postcode(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    if said.postcode and entry.postcode:
        if said.postcode == entry.postcode:
            return reason("postcode", weights, f"the postcode {said.postcode} is the same")
        if _near(said.postcode, entry.postcode):
            return reason(
                "postcode_near",
                weights,
                f"the postcode said is {said.postcode}, the register's {entry.postcode}: one could be meant for the other",
            )
        return reason("postcode_differs", weights, f"the postcode said is {said.postcode}, the register's {entry.postcode}", against=True)
    if said.district and entry.postcode and entry.postcode.startswith(said.district + " "):
        return reason("district", weights, f"the postcode district {said.district} is the same; the text gives no more")
    return None


def number(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    """The number in the street. 31 fits 29-31; 30 only perhaps; 2 is not 2A and 14A is not 14C."""
    if not said.number or not entry.number:
        return None
    match fit(said.number, entry.number):
        case Fit.same:
            return reason("number", weights, f"the number {_up(said.number)} is the same")
        case Fit.within:
            return reason("number_within", weights, f"number {_up(said.number)} is within the register's {_up(entry.number)}")
        case Fit.perhaps:
            return reason("number_perhaps", weights, f"number {_up(said.number)} may be within the register's {_up(entry.number)}")
        case Fit.letter:
            return reason(
                "letter_differs", weights, f"number {_up(said.number)} is not {_up(entry.number)}: the letter differs", against=True
            )
        case Fit.differs:
            return reason("number_differs", weights, f"number {_up(said.number)} is not the register's {_up(entry.number)}", against=True)


def unit(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    """The unit, and any floor or rear of it. A unit that only one side states says nothing either way."""
    if said.part and said.part != entry.part and (said.unit or entry.unit or entry.part):
        return reason("part_differs", weights, f"the text says {_door(said)}, the register {_door(entry) or 'no such part'}", against=True)
    if said.part and said.part == entry.part and said.unit == entry.unit == "":
        return reason("unit", weights, f"both say {_door(said)}")
    if not said.unit or not entry.unit:
        return None
    grade = fit(said.unit, entry.unit)
    if grade is Fit.within and not (said.unit.isalnum() and said.unit in re.split("[-&]", entry.unit)):
        grade = Fit.perhaps  # 20 and 20-23 of one arcade were two shops, Unit 3 and Units 1-5 of one quay too
    if grade in (Fit.differs, Fit.letter):
        return reason("unit_differs", weights, f"the text says {_door(said)}, the register {_door(entry)}: another unit", against=True)
    if not _same_class(said.unit_kind, entry.unit_kind):
        return reason(
            "unit_kind_differs",
            weights,
            f"the text says {_door(said)}, the register {_door(entry)}: not surely the same door",
            against=True,
        )
    if other := _unread(said, entry):
        return reason(
            "unread_differs",
            weights,
            f"both say {_door(said)}, but only one of them {', '.join(sorted(other)).upper()}: not surely the same door",
            against=True,
        )
    if entry.part and not said.part and any(part.split()[0] in WITHIN for part in entry.part.split("+")):
        return reason("unit_perhaps", weights, f"{_door(said)} may be the register's {_door(entry)}, which the text does not say in full")
    if grade is Fit.same:
        more = f"; the register adds {entry.part.replace('+', ', ')}" if entry.part and not said.part else ""
        return reason("unit", weights, f"both say {_door(said)}{more}")
    code, word = ("unit_within", "is") if grade is Fit.within else ("unit_perhaps", "may be")
    return reason(code, weights, f"{_door(said)} {word} within the register's {_door(entry)}")


def street(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    if not said.street and not entry.street:
        return None
    match _street_grade(said, entry):
        case "same":
            return reason("street", weights, f"the street is {(said.street or entry.street).title()}")
        case "alike":
            return reason(
                "street_alike",
                weights,
                f"{(said.street or said.town).title()} is written nearly as the register's {(entry.street or entry.building).title()}",
            )
    if said.street and entry.street and said.number and entry.number:
        return reason("street_differs", weights, f"{said.street.title()} is not the register's {entry.street.title()}", against=True)
    return None


def _street_grade(said: Address, entry: Address) -> str:
    """The street of one in the other: its own street, one that runs on into a town ("the quay exeter"), or words in a row."""
    if said.street and entry.street:
        grade = alike(said.street, entry.street) or _runs_on(said, entry) or _runs_on(entry, said)
        if grade or (said.number and entry.number):
            return grade
    grades = set()
    for one, other in ((said, entry), (entry, said)):
        if one.street:
            grades |= {alike(one.street, other.building), stands_in(one.street, other.words)}
    return "same" if "same" in grades else "alike" if "alike" in grades else ""


def building(said: Address, entry: Address, weights: Weights, name: str = "") -> LinkReason | None:
    """The parade, market, house by name; a register's business name may be the building's ("Wexcombe Market Hall")."""
    others = [
        other
        for other in (entry.building, entry.street, " ".join(name_words(name)) if ending(name_words(name)) in BUILDINGS else "")
        if other
    ]
    grades = {alike(said.building, other) for other in others if said.building} | {holds(said.building, entry.building)}
    grades |= {stands_in(said.building, entry.words), stands_in(entry.building, said.words), word_in(entry.building, said.words)}
    if not grades - {""}:
        grades = {stands_in(without_filler(entry.building), said.words)}
    kinds = {ending(said.building.split()), ending(entry.building.split())} & BUILDINGS
    if not grades - {""} and len(kinds) < 2:
        street = bool(entry.street) and stands_in(entry.street, said.words) == "same"
        grades = {called_in(entry.building, said.words, {*entry.street.split(), *towns(entry)}, street)}
    if "same" in grades:
        agreed = entry.building if entry.building in " ".join(said.words) else said.building
        return reason("building", weights, f"the building is {(agreed or entry.building).title()}")
    if "alike" in grades:
        return reason(
            "building_alike",
            weights,
            f"{(said.building or said.town).title()} is written nearly as the register's {(entry.building or name).title()}",
        )
    if (
        said.building
        and entry.building
        and ending(entry.building.split()) in BUILDINGS
        and not (said.number and said.number == entry.number)
    ):
        return reason("building_differs", weights, f"{said.building.title()} is not the register's {entry.building.title()}", against=True)
    return None


def town(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    ours, theirs = towns(said), towns(entry)
    shared = sorted(ours & theirs) or sorted(a for a in ours for b in theirs if len(a) >= 5 and fuzz.ratio(a, b) >= 85)
    return reason("town", weights, f"the town is {shared[0].title()}") if shared else None


def towns(address: Address) -> frozenset[str]:
    """The words that may name its town or district: without counties, which hold many towns, and what runs on after a street's name."""
    return _towns(address.town, "" if address.town else address.street)


@lru_cache(maxsize=REMEMBERED)
def _towns(text: str, street: str) -> frozenset[str]:
    if not text:
        words = street.split()
        end = next((i for i in range(1, len(words)) if words[i] in STREETS), len(words))
        text = " ".join(words[end + 1 :])
    for county in ("greater manchester", "greater london", "county durham"):
        text = text.replace(county, " ")
    segments = [s for s in (segment.split() for segment in text.split(",")) if not TRADES.intersection(s)]
    return frozenset(w for s in segments for w in s if len(w) > 2 and w.isalpha() and w not in NO_TOWN)


def other_towns(said: Address, entry: Address) -> bool:
    """Whether the text names a town that is not the entry's. What is talk names none, and "wex" may be Wexcombe cut short."""
    spoken = {w for segment in said.town.split(",") if (TALK | LANDMARKS).intersection(segment.split()) for w in segment.split()}
    theirs = towns(entry)
    return any(not any(name.startswith(word) for name in theirs) for word in towns(said) - spoken)


def name(names: Iterable[str], entry_name: str, weights: Weights) -> LinkReason | None:
    """A business name without the words that tell nobody apart ("Ltd", "cafe"). Never enough to name a unit."""
    own = " ".join(sorted(name_words(entry_name)))
    best, score = "", 0.0
    for given in names:
        words = " ".join(sorted(name_words(given)))
        if len(words.replace(" ", "")) >= 4 and (value := fuzz.ratio(words, own, score_cutoff=80)) > score:
            best, score = given, value
    if score >= 93:
        return reason("name", weights, f"the name “{best}” is the register's “{entry_name}”")
    if score >= 80:
        return reason("name_alike", weights, f"the name “{best}” is close to the register's “{entry_name}”")
    return None


@dataclass(frozen=True, slots=True)
class Compared:
    """One address said against one register entry: the reasons, and what they amount to."""

    reasons: tuple[LinkReason, ...]
    located: bool = False  # the building itself agrees, by name or by number, so that its doors can be told apart
    door: bool = False  # and each says every number, letter, unit and part that the other says

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(r.code for r in self.reasons)

    @property
    def hard(self) -> frozenset[str]:
        return self.codes & HARD

    @property
    def placed(self) -> bool:
        """Whether it agrees on more than a postcode and a town."""
        return bool(self.codes & PLACED)

    @property
    def score(self) -> float:
        return score(self.reasons)


def score(reasons: Sequence[LinkReason]) -> float:
    """1 − Π(1 − w) over the reasons for, times Π(1 − w) over those against."""
    missing = against = 1.0
    for each in reasons:
        if each.against:
            against *= 1 - each.weight
        else:
            missing *= 1 - each.weight
    return round((1 - missing) * against, 6)


def compare(said: Address, entry: Address, entry_name: str, weights: Weights) -> Compared:
    """Every comparison of an address, in order. Where a unit or number stands in another place it says nothing."""
    said, entry, loosely = _aligned(said, entry)
    where = [
        r
        for r in (
            postcode(said, entry, weights),
            street(said, entry, weights),
            building(said, entry, weights, entry_name),
            town(said, entry, weights),
        )
        if r
    ]
    if not any(r.code in PLACED for r in where) and (by_words := _words_alike(said, entry, weights)):
        where.append(by_words)
    placed = any(r.code in PLACED for r in where)
    doors = [r for r in (number(said, entry, weights), unit(said, entry, weights)) if r] if placed or _same_place(said, entry) else []
    codes = {r.code for r in where + doors}
    bare = not (said.number or said.building or entry.number or entry.building)
    located = bool(
        codes & {"building", "building_alike"} or ("number" in codes or "number_within" in codes) or (bare and "street" in codes)
    )
    located = located and placed and "building_differs" not in codes
    return Compared(tuple(where + doors), located, located and not loosely and _all_said(said, entry, codes))


def _all_said(said: Address, entry: Address, codes: set[str]) -> bool:
    """Whether no number, letter, unit or part is said by one and not by the other, and those that both say agree.

    The street's number may be missing on one side only where both name one unit of one building: "Unit 3, Larch Parade" and
    "Unit 3, Larch Parade, 12 Chester Road". A number before a building's name may be a unit's.
    """
    if codes & HARD or said.part != entry.part or _unread(said, entry):
        return False
    if INSIDE in said.part.split("+"):
        return False  # one shop in another: which counter it is, no address says
    unit = bool(codes & {"unit", "unit_within"})
    if (said.unit or entry.unit) and not unit:
        return False
    if said.number and entry.number:  # 31 is in 29-31, and 29-31 is more than 31
        return "number" in codes or ("number_within" in codes and said.number.isalnum())
    if bool(said.number) != bool(entry.number) and not unit:
        return False
    return (
        "building" in codes
        or ("building_alike" in codes and bool(codes & {"street", "street_alike", "postcode"}))
        or (unit and "street" in codes)
    )


def _unread(said: Address, entry: Address) -> frozenset[str]:
    """What one of them numbers and the other does not; a district in small letters is known by the postcode that begins with it."""
    district = said.district if entry.postcode and entry.postcode.startswith(f"{said.district} ") else ""
    return (said.unread - {district.lower()}) ^ entry.unread


def _same_place(said: Address, entry: Address) -> bool:
    """Whether their doors can be held against one another although one of them names no street: the postcode is the same."""
    return said.postcode is not None and said.postcode == entry.postcode and not (said.names_a_place and entry.names_a_place)


def _aligned(said: Address, entry: Address) -> tuple[Address, Address, bool]:
    """Numbers that one calls the unit's and the other the street's, read alike; and whether that is a loose reading.

    A bare number on a parade is a unit, but where the other side has unit and number it is the number. "Shop 6 Tan Street" is
    number 6; "Unit 6 Tan Street" and "Flat 6 Tan Street" may be, and may be doors of a building that is not named.
    """
    for a, b, turned in ((said, entry, False), (entry, said, True)):
        loosely = False
        if a.unit and not a.unit_kind and not a.part and f"{NUMBERED} " in b.part:  # "2 Larch Centre" has units of its own
            a = replace(a, unit="", part=f"{NUMBERED} {a.unit}")
        elif a.unit and not a.unit_kind and not a.number and b.number and b.unit and alike(a.building, b.street) == "same":
            a = replace(a, number=a.unit, unit="", street=a.building, building="")
        elif (
            a.unit
            and not a.unit_kind
            and not a.number
            and a.building
            and b.number
            and not b.unit
            and (head := _same_place_name(b.street, a.building))
        ):
            b = replace(b, unit=b.number, number="", building=head, street=a.street)
        elif a.unit and not (a.unit_kind or a.number or a.names_a_place) and b.number and not b.unit:
            a, loosely = replace(a, number=a.unit, unit=""), True  # a number and a postcode, and no more
        elif a.unit and a.unit_kind in ("unit", "flat") and not a.number and b.number and not b.unit and fit(a.unit, b.number) is Fit.same:
            if not a.street or not _street_grade(replace(a, number=a.unit), b):
                continue
            loosely = not re.search(r"\bshop\b", a.raw, re.IGNORECASE)
            a = replace(a, number=a.unit, unit="", unit_kind="")
        else:
            continue
        return (b, a, loosely) if turned else (a, b, loosely)
    return said, entry, False


def _same_place_name(street: str, building: str) -> str:
    """A street's name, without a town run on, where it is a building's; "" where it is not."""
    street, building = street.removeprefix("the "), building.removeprefix("the ")
    head = " ".join(street.split()[: len(building.split())])
    return head if building and (head == building or alike(head, building)) else ""


_CLASS_OF_TRADE = frozenset({"", "unit"})


def _same_class(a: str, b: str) -> bool:
    return a == b or {a, b} <= _CLASS_OF_TRADE or ("" in (a, b) and {a, b} <= {"", "stall", "kiosk", "container"})


def _runs_on(one: Address, other: Address) -> str:
    """ "same" or "alike" where `one`'s street is `other`'s with something after it and no comma between: "4 the quay exeter".

    What follows is the other's town, or anything at all where the name was over before: "tanner hill wexcombe".
    """
    long, short = one.street.removeprefix("the ").split(), other.street.removeprefix("the ").split()
    head, rest = long[: len(short)], long[len(short) :]
    if not rest or not short:
        return ""
    over = len(short) > 1 and short[-1] in STREETS | BUILDINGS and rest[0] not in STREETS | TELLING | BUILDINGS
    town, after = {*other.town.replace(",", " ").split()}, {*rest} - COUNTIES
    if not (over or after <= town or after <= DIRECTIONS < {*rest} | DIRECTIONS or (len(short) > 1 and after & town - NO_TOWN)):
        return ""
    return alike(" ".join(head), " ".join(short))


def _words_alike(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    """Where neither street nor building was told apart from the rest, and number and unit, or the postcode, are the same."""
    if (said.unit, said.number) != (entry.unit, entry.number):
        return None
    numbered = bool(said.unit or said.number)
    if not (numbered or (said.postcode and said.postcode == entry.postcode)) or not same_words(said.words, entry.words, numbered):
        return None
    return reason("building_alike", weights, "the words of the two addresses are nearly the same")


def _near(a: str, b: str) -> bool:
    """Whether two postcodes are of one sector, or a slip of the keys apart: one character, or two that changed places."""
    one, two = a.replace(" ", ""), b.replace(" ", "")
    return one[:-2] == two[:-2] or OSA.distance(one, two, score_cutoff=1) <= 1


def _up(text: str) -> str:
    return text.upper().replace("&", " & ").replace("|", " or ")


def _door(address: Address) -> str:
    unit = f"{address.unit_kind.title() or 'number'} {_up(address.unit)}" if address.unit else ""
    return ", ".join(filter(None, (unit, address.part.replace("+", ", "))))
