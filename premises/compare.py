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
from premises.identity import name_words
from premises.names import ending
from premises.numbering import Fit, fit
from premises.vocabulary import BUILDINGS, COUNTIES, DIRECTIONS, FILLER, NO_TOWN, NUMBERED, PARADES, STREETS, TELLING, TRADES, WITHIN
from store.words.records import LinkReason

REMEMBERED = 100_000  # answers about pairs of names: neighbours share their street, and a batch its towns
Weights = Mapping[str, float]
HARD = frozenset(
    {"number_differs", "letter_differs", "unit_differs", "unit_kind_differs", "part_differs", "street_differs", "unread_differs"}
)
OF_THE_UNIT = frozenset({"unit_differs", "unit_kind_differs", "part_differs", "unread_differs"})  # they leave the building open
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
    if other := said.unread ^ entry.unread:
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
        grade = _alike(said.street, entry.street) or _runs_on(said, entry) or _runs_on(entry, said)
        if grade or (said.number and entry.number):
            return grade
    grades = set()
    for one, other in ((said, entry), (entry, said)):
        if one.street:
            grades |= {_alike(one.street, other.building), _stands_in(one.street, other.words)}
    return "same" if "same" in grades else "alike" if "alike" in grades else ""


def building(said: Address, entry: Address, weights: Weights, name: str = "") -> LinkReason | None:
    """The parade, market, house by name; a register's business name may be the building's ("Wexcombe Market Hall")."""
    others = [
        other
        for other in (entry.building, entry.street, " ".join(name_words(name)) if ending(name_words(name)) in BUILDINGS else "")
        if other
    ]
    grades = {_alike(said.building, other) for other in others if said.building} | {_holds(said.building, entry.building)}
    grades |= {_stands_in(said.building, entry.words), _stands_in(entry.building, said.words), _word_in(entry.building, said.words)}
    if not grades - {""}:
        grades = {_stands_in(_without_filler(entry.building), said.words)}
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
    if not any(r.code in PLACED for r in where) and (alike := _words_alike(said, entry, weights)):
        where.append(alike)
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
    if codes & HARD or said.part != entry.part or said.unread != entry.unread:
        return False
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
        elif a.unit and not a.unit_kind and not a.number and b.number and b.unit and _alike(a.building, b.street) == "same":
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
    return head if building and (head == building or _alike(head, building)) else ""


_CLASS_OF_TRADE = frozenset({"", "unit"})


def _same_class(a: str, b: str) -> bool:
    return a == b or {a, b} <= _CLASS_OF_TRADE or ("" in (a, b) and {a, b} <= {"", "stall", "kiosk", "container"})


@lru_cache(maxsize=REMEMBERED)
def _alike(a: str, b: str) -> str:
    """ "same", "alike" or "": names of one kind (a Place is no Parade) whose own words are spelt the same, or nearly."""
    if not a or not b:
        return ""
    a, b = a.removeprefix("the "), b.removeprefix("the ")
    if a == b:
        return "same"
    one, two = a.split(), b.split()
    last_a, last_b = ending(one), ending(two)
    types = {last_a, last_b} & (STREETS | BUILDINGS)
    if len(types) == 2:
        return ""
    if len(types) == 1 and last_a != last_b and len(one) == len(two) > 1 and OSA.distance(one[-1], two[-1], score_cutoff=1) <= 1:
        return "alike" if _alike_words(one[:-1], two[:-1]) else ""  # "london raod"
    if len(types) == 1 and last_a != last_b and len(one) != len(two):
        short, long = sorted((one, two), key=len)  # "14 chester" for 14 Chester Road
        return "alike" if len(" ".join(short)) >= 5 and short == long[: len(short)] and len(long) - len(short) == 1 else ""
    if len(types) == 1 and last_a == last_b:
        one, two = one[:-1], two[:-1]
        if last_a in PARADES and ({*one} ^ {*two}) <= FILLER and ({*one} <= {*two} or {*two} <= {*one}):
            return "alike"  # Kiln Estate, Kiln Industrial Estate
    stem_a, stem_b = " ".join(one), " ".join(two)
    if re.sub(r"\W", "", stem_a) == re.sub(r"\W", "", stem_b):
        return "same"
    if len(one) == len(two):
        return "alike" if _alike_words(one, two) else ""
    if ({*one} ^ {*two}) & TELLING or any(word[0].isdigit() for word in {*one} ^ {*two}):
        return ""  # Upper Tan Street and Tan Street
    return "alike" if min(len(stem_a), len(stem_b)) >= 5 and fuzz.ratio(stem_a, stem_b) >= 85 else ""


def _alike_words(one: Sequence[str], two: Sequence[str]) -> bool:
    return all(x == y or _slip(x, y) for x, y in zip(one, two, strict=True))


def _slip(a: str, b: str) -> bool:
    """Whether one word may be a slip for the other: "tanery" for "tannery", "hihg" for "high"; but Upper and Lower, 1st and 2nd are two."""
    if a[0].isdigit() or b[0].isdigit() or (a in TELLING and b in TELLING):
        return False
    shorter = min(len(a), len(b))
    if shorter < 5:
        near = OSA.distance(a, b, score_cutoff=1) <= 1 and (a[0] == b[0] or sorted(a) == sorted(b) or b == a[1:] or a == b[1:])
        return shorter >= 2 and max(len(a), len(b)) >= 3 and near
    return fuzz.ratio(a, b) >= 85 or OSA.distance(a, b, score_cutoff=2) <= (2 if shorter >= 6 else 1)


def _holds(a: str, b: str) -> str:
    """ "alike" where one building's name ends in the other of two words or more: "wexcombe market hall" and "market hall"."""
    short, long = sorted((a.removeprefix("the "), b.removeprefix("the ")), key=len)
    return "alike" if len(short.split()) >= 2 and long.endswith(" " + short) else ""


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
    return _alike(" ".join(head), " ".join(short))


def begins_alike(one: str, other: str) -> bool:
    """Whether two streets are one, a town run on after either left aside."""
    a, b = one.removeprefix("the ").split(), other.removeprefix("the ").split()
    size = min(len(a), len(b))
    return bool(_alike(" ".join(a[:size]), " ".join(b[:size])))


@lru_cache(maxsize=REMEMBERED)
def _stands_in(name: str, text: tuple[str, ...]) -> str:
    """ "same" or "alike" where a name of two words or more stands in a text as it is, or nearly; not where Upper or East makes another of it."""
    parts = name.removeprefix("the ").split()
    size = len(parts)
    if _run_together(parts, text):
        return "same"
    if size < 2 or not set(parts).intersection(text):
        return ""
    found = ""
    for i in range(len(text) - size + 1):
        window = text[i : i + size]
        if window[-1] != parts[-1] and window[0] != parts[0]:
            continue
        if (i and text[i - 1] in TELLING) or (parts[-1] in STREETS and i + size < len(text) and text[i + size] in DIRECTIONS):
            continue
        grade = _alike(" ".join(parts), " ".join(window))
        if grade == "same":
            return grade
        found = found or grade
    return found


def _run_together(parts: Sequence[str], text: tuple[str, ...]) -> bool:
    """Whether a name stands in a text parted otherwise: "rope works self store" for "ropeworks self store", and no Upper or East with it."""
    name = "".join(parts)
    if len(name) < 8 or name not in "".join(text):
        return False
    for i in range(len(text)):
        end = next((j for j in range(i + 1, len(text) + 1) if len("".join(text[i:j])) >= len(name)), 0)
        if end and end - i != len(parts) and "".join(text[i:end]) == name:
            return not (i and text[i - 1] in TELLING) and not (end < len(text) and text[end] in TELLING)
    return False


def _without_filler(name: str) -> str:
    """ "larkspur centre" for "larkspur shopping centre"; "" where nothing of it can be left out."""
    words = name.split()
    kept = [w for w in words if w not in FILLER]
    return " ".join(kept) if 1 < len(kept) < len(words) and words[-1] in PARADES else ""


def _words_alike(said: Address, entry: Address, weights: Weights) -> LinkReason | None:
    """Where neither street nor building was told apart from the rest, and number and unit, or the postcode, are the same."""
    if (said.unit, said.number) != (entry.unit, entry.number):
        return None
    numbered = bool(said.unit or said.number)
    if not (numbered or (said.postcode and said.postcode == entry.postcode)) or not _same_words(said.words, entry.words, numbered):
        return None
    return reason("building_alike", weights, "the words of the two addresses are nearly the same")


@lru_cache(maxsize=REMEMBERED)
def _same_words(one: tuple[str, ...], other: tuple[str, ...], numbered: bool) -> bool:
    """Whether the words of two addresses are nearly the same ones.

    With the same number, all words of the shorter, three or more, in the longer; without any, three of four of all that both have.
    """
    short, long = sorted(({*one} - COUNTIES, {*other} - COUNTIES), key=len)
    if len(short) < 3 or not short & long:
        return False
    shared = sum(w in long or any(_slip(w, x) for x in long) for w in short)
    if numbered:
        return shared == len(short)
    return shared >= 3 and shared >= 0.75 * (len(short) + len(long) - shared)


def _word_in(name: str, text: tuple[str, ...]) -> str:
    """ "alike" where a building's name of one word ("lidoworld") stands in a text, and not as a street's ("george street")."""
    if len(name) < 3 or " " in name or name in NO_TOWN or name not in text:
        return ""
    after = text[text.index(name) + 1 :]
    return "" if after and after[0] in STREETS else "alike"


def _near(a: str, b: str) -> bool:
    """Whether two postcodes are of one sector, or a slip of the keys apart: one character, or two that changed places."""
    one, two = a.replace(" ", ""), b.replace(" ", "")
    return one[:-2] == two[:-2] or OSA.distance(one, two, score_cutoff=1) <= 1


def _up(text: str) -> str:
    return text.upper().replace("&", " & ").replace("|", " or ")


def _door(address: Address) -> str:
    unit = f"{address.unit_kind.title() or 'number'} {_up(address.unit)}" if address.unit else ""
    return ", ".join(filter(None, (unit, address.part.replace("+", ", "))))
