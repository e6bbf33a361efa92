"""An address as somebody wrote it, split into parts before anything is compared: unit, number, range, street, building, town, postcode.

Letters and ranges are where address matchers go wrong (uk-address-matcher's issues 138, 186, 199, 385, 391, 393), and a wrong
unit is the worst error this software can make, so that they are read here by rules that can be read too. What was written
stays in `raw`. Nothing is looked up but the postcode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from premises.names import ending, parted, spelt_out
from premises.numbering import HALF, number_of, unit_of
from premises.vocabulary import BUILDINGS, DESIGNATORS, INSIDE, NUMBER_WORDS, NUMBERED, ORDINALS, PARADES, ROWS, STREETS, YARDS
from store.words.postcode import find_postcodes, is_known, normalise_postcode
from store.words.text import normalise


@dataclass(frozen=True, slots=True)
class Address:
    """One address in parts, each in its normal form and "" where nothing was said.

    `unit` and `number` are as `numbering` writes them: "2a", "29-31", "12&14". `unit_kind` is the designator's class, "" for a
    bare number ("14C Wexcombe Parade"). `part` is a floor, the rear, above, a market's row: a door of its own with the number or unit.
    """

    raw: str
    unit: str = ""
    unit_kind: str = ""
    part: str = ""
    number: str = ""
    street: str = ""
    building: str = ""
    town: str = ""
    postcode: str | None = None
    district: str = ""

    def parts(self) -> dict[str, str]:
        """The parts that were said, for a register entry's `parts`."""
        return {name: value for name in self.__dataclass_fields__ if name != "raw" and (value := getattr(self, name))}

    @property
    def names_a_unit(self) -> bool:
        return bool(self.unit or self.part)

    @property
    def unread(self) -> frozenset[str]:
        """Words with a digit that are no number, unit or part: what they number is not known, "F25" of "F25, Unit C"."""
        return frozenset(w for w in f"{self.street} {self.building} {self.town}".replace(",", " ").split() if any(c.isdigit() for c in w))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of building, street and town in a row."""
        return _words(self.building, self.street, self.town)

    @property
    def names_a_place(self) -> bool:
        """Whether it says more than a town and a postcode."""
        return bool(self.street or self.building)


@lru_cache(maxsize=100_000)
def _words(building: str, street: str, town: str) -> tuple[str, ...]:
    return tuple(f"{building} {street} {town}".replace(",", " ").split())


def from_parts(raw: str, parts: Mapping[str, str]) -> Address:
    """The address that `parts()` was taken of."""
    known = {name: parts[name] for name in Address.__dataclass_fields__ if name in parts and name != "raw"}
    return Address(raw, **known)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An address half read: what is still unread, in segments as the commas part it, and what was found."""

    segments: tuple[str, ...]
    found: Address
    name: str | None


def parse_address(raw: str | Sequence[str], postcode: str | None = None, name: str | None = None) -> Address:
    """Split an address. `raw` is one text or a register's lines; `name` is the business, which many registers repeat in them.

    Never raises: what is not understood ends up in `building` (where a name was given) or `town`, or in nothing but `raw`.
    """
    lines = [raw] if isinstance(raw, str) else [line for line in raw if line and line.strip()]
    draft = _Draft(tuple(lines), Address(", ".join(line.strip() for line in lines), postcode=_postcode(postcode)), name)
    for step in STEPS:
        draft = step(draft)
    return draft.found


def _postcode(raw: str | None) -> str | None:
    if not raw or not raw.strip():
        return None
    known = find_postcodes(raw)
    return known[0].postcode if known else normalise_postcode(raw)


_POSTCODE_LIKE = re.compile(r"\b([A-Za-z]{1,2}\d[A-Za-z\d]? ?\d ?[A-Za-z]{2})\s*$")
_GLUED_O = re.compile(r"\b([A-Za-z]{1,2}\d[A-Za-z\d]?)[Oo]([A-Za-z]{2})[\s.)]*$")  # "M32OTH": only at the end, and only where it is one
_DISTRICT = re.compile(r"(?:^|[\s,])([A-Z]{1,2}[0-9][0-9A-Z]?)[\s.)]*$")

_SMALL_DISTRICT = re.compile(r"[\s,]([a-z]{1,2}[0-9][0-9a-z]?)[\s.,)]*$")


def _numbers_a_unit(before: str) -> bool:
    words = re.findall(r"[a-z]+", before.lower())
    return not words or words[-1] in DESIGNATORS.keys() | ROWS | BUILDINGS | {"no", "number", "size"}


def take_postcode(draft: _Draft) -> _Draft:
    """The last known postcode in the text, O for 0 repaired; else what looks like one at the very end; else a district there."""
    found, segments = draft.found, list(draft.segments)
    for i in range(len(segments) - 1, -1, -1):
        if not any(c.isdigit() for c in segments[i]):
            continue
        if known := find_postcodes(segments[i]):
            last = known[-1]
            before, after = segments[i][: last.start], segments[i][last.end :]
            segments[i] = f"{before} , {_named_after(after) if i == 0 and _NUMBER_ONLY.fullmatch(before) else after}"
            return replace(draft, segments=tuple(segments), found=replace(found, postcode=found.postcode or last.postcode))
    if segments and not found.postcode:
        if (match := _GLUED_O.search(segments[-1])) and is_known(f"{match[1]}0{match[2]}"):
            segments[-1] = segments[-1][: match.start()]
            found = replace(found, postcode=normalise_postcode(f"{match[1]}0{match[2]}"))
        elif (match := _POSTCODE_LIKE.search(segments[-1])) and (code := normalise_postcode(match[1])):
            segments[-1] = segments[-1][: match.start()]
            found = replace(found, postcode=code)
        elif match := _DISTRICT.search(segments[-1]):
            segments[-1] = segments[-1][: match.start()]
            found = replace(found, district=match[1])
        elif (match := _SMALL_DISTRICT.search(segments[-1])) and not _numbers_a_unit(segments[-1][: match.start()]):
            found = replace(found, district=match[1])  # it stays: only an entry's postcode tells it from a stall's number
    return replace(draft, segments=tuple(segments), found=found)


_NUMBER_ONLY = re.compile(r"\W*(?:no\b|number\b)?\W*\d{1,4}[A-Za-z]?\W*", re.IGNORECASE)


def _named_after(text: str) -> str:
    """What follows "no. 20, M41 6QT" and is a street's name: not what goes on about parking, which a number before it would number."""
    kept = [
        p for p in _BREAK.split(text) if p.strip() and (any(map(str.isdigit, p)) or ending(spelt_out(p.lower().split()).split()) in STREETS)
    ]
    return ", ".join(kept)


_BREAK = re.compile(
    r"\s*[,;|!\n\r\t()\[\]•·]\s*|\s+-\s+(?=[^\d\s])|(?<!\bSt)\.\s+(?=[A-Z][a-z])|\s+/\s+(?=[^\d\s])|(?<=[^\d\s])\s+/\s+|(?:^|(?<=\s))@\s"
)
_LETTERS_ONLY = re.compile(rf"[^a-z0-9&/.\-{HALF} ]+")
_HALF = re.compile(r"(?<![\w/.-])(\d{1,4}) 1/2(?![\w/])")
_I_FOR_1 = re.compile(
    r"^\s*[Il|](\d{1,3})(?=\s+[A-Za-z]{3})"
)  # "I0 Tan Street": before a street's name there is no other number so written
_O_FOR_0 = re.compile(r"^(\s*\d{1,3})[Oo](?=\s+[A-Za-z]{3})")
_GLUED_LETTER = re.compile(r"\b([Uu]nit|[Ss]hop|[Ss]tall|[Kk]iosk|[Ss]uite|[Ff]lat)([A-Z])\b")  # "UnitB"; "units" and "UNITS" are words
_SHORT_UNIT = re.compile(r"u\d{1,3}[a-z]?")  # "U7 Bellfield Trading Estate"
_SPACED_RANGE = re.compile(r"(?<![a-z0-9])(\d{1,4}[a-z]?)(?: -+ ?| ?-+ )(?=\d{1,4}[a-z]?(?![a-z0-9]))")  # "7 - 11"


def tidy(draft: _Draft) -> _Draft:
    """Break at commas, fold case and look-alike letters, drop points and apostrophes, spell the abbreviations out."""
    segments = []
    for segment in draft.segments:
        for piece in _BREAK.split(segment):
            piece = _O_FOR_0.sub(r"\g<1>0", _I_FOR_1.sub(r"1\1", _GLUED_LETTER.sub(r"\1 \2", piece)))
            piece = piece.replace("#", " no ").replace(HALF, " 1/2 ")
            text = re.sub(r"\.(?!\d)|(?<!\d)\.", " ", normalise(piece).text.replace("'", ""))  # "Unit 6.1" is no sentence's end
            words = _HALF.sub(rf"\1{HALF}", " ".join(_LETTERS_ONLY.sub(" ", text).split())).split()
            if words:
                words = [f"unit {words[0][1:]}" if _SHORT_UNIT.fullmatch(words[0]) else words[0], *words[1:]]
                segments.append(_SPACED_RANGE.sub(_range, spelt_out(words)))
    found = draft.found
    return replace(draft, segments=tuple(segments), found=replace(found, district=found.district.upper()))


def _range(match: re.Match[str]) -> str:
    """The range without its spaces, but in "unit 3 - 31 chester road", where the unit's number ends before the street's."""
    before = match.string[: match.start()].split()
    return match[0] if before and before[-1] in DESIGNATORS.keys() | {"no", "number"} else f"{match[1]}-"


_FLOOR = re.compile(rf"\b({'|'.join(sorted(ORDINALS, key=len, reverse=True))}) ?-?(?:floor|flr)s?\b(?: of)?")
_A_HOME = r"(?:flats?|rooms?|bedsit|studio|office|apartment|place|unit|workshop)"
_A_STREET = "|".join(sorted(STREETS))  # "Over Street" is one
_ABOVE = re.compile(
    rf"^(?:flat )?(?:above|over) (?=\d|(?!(?:{_A_STREET})\b)[a-z]|$)|\babove (?=\d)|^(?:above|over)$|(?<!all )\b(?:above|over) (?=the |our |my )"
    rf"|\b{_A_HOME} (?:above|over|on top of)\b|\bupstairs (?:of|from|at|above|over|in)\b|^upstairs\b|\bupstairs$"
)
_BELOW = re.compile(
    rf"^(?:below|beneath|under|underneath) (?=[a-z\d])|\b(?:below|beneath|under|underneath) (?=the |our |my )"
    rf"|\b{_A_HOME} (?:below|beneath|under|underneath)\b|\bdownstairs\b(?: (?:of|from|at|in))?"
)
_IN_A_SHOP = re.compile(
    rf"(?<![0-9] )(?<![0-9][a-z] )\b(?:inside|(?:counter|concession|desk) (?:in|at)) (?!(?:[a-z]+ ){{0,3}}(?:{'|'.join(sorted(BUILDINGS))})\b)(?=[a-z])"
)
_OTHER_PARTS = (
    ("basement", re.compile(r"\b(?:lower )?basement\b(?: of)?|\bcellar of\b")),
    (
        "rear",
        re.compile(
            r"\brear of\b|\bback of\b|\br/o\b|(?:^|\b(?:to|at) the )rear(?: (?:yard|entrance|shop|unit(?! ?\d)))?\b|\brear$|\b(?:at|round|around|out) the back$"
        ),
    ),
    ("above", _ABOVE),
    ("below", _BELOW),
    (INSIDE, _IN_A_SHOP),
    ("mezzanine", re.compile(r"\bmezzanine\b(?: floor)?")),
    ("level", re.compile(r"\blevel (\d)\b")),
    (
        "beside",
        re.compile(
            r"\b(?:next (?:door )?to|opposite|opp|adjacent to|adj to|adj|adjoining|beside|behind|across from|not (?:in |at )?the (?:shop|store|front))\b.*"
        ),
    ),
    ("flat", re.compile(r"^(?:its )?(?:the )?(?:flat|maisonette|managers accommodation)$")),
)


def take_part(draft: _Draft) -> _Draft:
    """Floors, the rear, above. What lies beside or opposite a number is not at it: those words are taken off with their number."""
    parts, segments = [], []
    for segment in draft.segments:
        while match := _FLOOR.search(segment):
            parts.append(f"floor {ORDINALS[match[1]]}")
            segment = f"{segment[: match.start()]} {segment[match.end() :]}"
        for name, pattern in _OTHER_PARTS:
            if match := pattern.search(segment):
                parts.append(f"level {match[1]}" if name == "level" else name)
                segment = f"{segment[: match.start()]} {segment[match.end() :]}"
        segments.append(re.sub(r"^(?:and|&|the|of) | (?:and|&)$", "", " ".join(segment.split())))
    return replace(
        draft,
        segments=tuple(s for s in segments if s and s not in ("and", "&")),
        found=replace(draft.found, part="+".join(sorted(set(parts)))),
    )


_SIGN = "|".join(sorted(DESIGNATORS, key=len, reverse=True))
_WORD_NUMBER = "|".join(NUMBER_WORDS)
_ID = (
    r"(?:\d{1,4}\.\d{1,3}(?![a-z0-9])|[a-z]{1,2}-?\d{1,4}[a-z]?(?![a-z0-9])"
    rf"|\d{{1,4}}(?:{HALF}|[a-z](?![a-z0-9])| [a-z](?=$))?(?![a-z0-9{HALF}])"
    rf"|(?:{_WORD_NUMBER})\b|(?<![a-z])[a-z](?![a-z0-9/]))"  # "shops" is no Shop S, "shop w/ awning" no Shop W
)
_UNIT = re.compile(
    rf"\b({_SIGN}) ?-? ?(?:no |nos |number )?({_ID}(?:(?:-|/| ?& ?| and | to | or (?=\d)){_ID})*|(?:{_ID})(?: - {_ID})(?=$))"
)
_INSIDE = re.compile(r"^(?:no |number )?(\d{1,4}[a-z]?) (?:inside|within) (?=[a-z])")  # "no. 7 inside the market"
_ROW_SIGN = "|".join(sorted(ROWS))
_ROW = re.compile(  # "12 larch row" is a number in a street, and so is "larch row 12"
    rf"^({_ROW_SIGN}) ?-?(?:no |number )?([a-z]|\d{{1,3}})(?![a-z0-9])|(?<=\w )({_ROW_SIGN}) ([a-z])$"
)

_ROW_AND_NUMBER = re.compile(rf"^({_ROW_SIGN}) ([a-z]),? (?:no|number) (\d{{1,4}}[a-z]?)(?![a-z0-9])")  # "row d no 14"


def take_unit(draft: _Draft) -> _Draft:
    """Designator and number, glued or not: "Unit 3", "unit3", "Units 12 & 14", "Stall 7B", "Shop A". A second one is a part of the first.

    So is the row, aisle or gate that numbers a market's stalls anew.
    """
    found, segments = draft.found, []
    inner: list[str] = []
    for segment in draft.segments:
        while match := _UNIT.search(segment):
            kind = DESIGNATORS[match[1]]
            unit = unit_of(match[2], kind)
            if kind == "block" or found.unit:
                inner.append(f"{kind} {unit}")
            else:
                found = replace(found, unit=unit, unit_kind=kind)
            segment = f"{segment[: match.start()]}, {segment[match.end() :]}"
        segments += [re.sub(r"^(?:on|in|at|of|within|inside) (?:the )?", "", " ".join(piece.split())) for piece in segment.split(",")]
    for i, segment in enumerate(segments):
        if not found.unit and (match := _INSIDE.search(segment)):
            found, segments[i] = replace(found, unit=match[1]), segment[match.end() :].removeprefix("the ")
        elif not found.unit and (match := _ROW_AND_NUMBER.search(segment)):
            found, segments[i] = replace(found, unit=match[3]), segment[match.end() :]
            inner.append(f"{match[1]} {match[2]}")
        elif found.unit and (match := _ROW.search(segment)):
            inner.append(f"{match[1] or match[3]} {match[2] or match[4]}")
            segments[i] = f"{segment[: match.start()]} {segment[match.end() :]}"
    kept = [s for segment in segments if (s := segment.strip(" -/&"))]
    return replace(draft, segments=tuple(kept), found=replace(found, part=_with_part(found.part, *inner)))


def _with_part(part: str, *more: str) -> str:
    return "+".join(sorted({*filter(None, part.split("+")), *more}))


_NUMBER_AFTER = re.compile(rf"^([a-z].*?) (?:no|number) (\d{{1,4}}[a-z{HALF}]?)(?: (.*))?$")


def turn_round(draft: _Draft) -> _Draft:
    """The number before the street that it follows: "quern street no 31 wexcombe"."""
    segments: list[str] = []
    for segment in draft.segments:
        match = _NUMBER_AFTER.search(segment)
        turned = match and ending(match[1].split()) in STREETS
        segments += [f"{match[2]} {match[1]}", *filter(None, [match[3]])] if match and turned else [segment]
    return replace(draft, segments=tuple(segments))


def split_names(draft: _Draft) -> _Draft:
    """Part what is two names in one breath."""
    return replace(draft, segments=tuple(name for segment in draft.segments for name in parted(segment)))


def take_number_and_street(draft: _Draft) -> _Draft:
    """The number and what it numbers; what comes before is a building, what comes after a town."""
    segments = _joined(draft.segments)
    numbered = {i: hit for i, s in enumerate(segments) if (hit := number_of(s)) and any(len(word) > 2 for word in hit[1].split())}
    found = draft.found
    streets = [i for i, (_, name) in numbered.items() if ending(name.split()) in STREETS - PARADES]
    number = street = ""
    if numbered:
        at = streets[0] if streets else min(numbered)
        number, street = numbered[at]
        if (inner := number_of(street)) and inner[1]:  # "3 31 chester road"
            found = found if found.unit else replace(found, unit=number)
            number, street = inner
    else:
        named = [i for i, s in enumerate(segments) if ending(s.split()) in STREETS and not _is_parade(s)]
        at = next((i for i in named if ending(segments[i].split()) not in YARDS), named[0] if named else -1)
        street = segments[at] if at >= 0 else ""
    before = [s for i, s in enumerate(segments) if i < at or at < 0]
    after = [s for i, s in enumerate(segments) if i > at >= 0]
    found, building, rest = _building(found, before, after, draft.name is not None or at > 0)
    return replace(draft, segments=(), found=replace(found, number=number, street=street, building=building, town=", ".join(rest)))


def _joined(segments: Sequence[str]) -> list[str]:
    """Segments, with a number that stands alone put before what it numbers ("91a", "preston drove")."""
    out: list[str] = []
    waiting = ""
    for segment in segments:
        hit = number_of(segment)
        if hit and not hit[1] and not waiting:
            waiting = segment
        elif waiting and not hit:
            out.append(f"{waiting} {segment}")
            waiting = ""
        else:
            out += [waiting, segment] if waiting else [segment]
            waiting = ""
    return [s for s in [*out, waiting] if s]


def _building(found: Address, before: Sequence[str], after: Sequence[str], untyped: bool) -> tuple[Address, str, list[str]]:
    """Building and town out of what is neither number nor street; a number before a building's name is a unit's."""
    named = [s for s in (*before, *after) if ending(s.split()) in BUILDINGS and number_of(s) != (s, "")]
    building = named[0] if named else ""
    if not building and untyped and before:
        building = before[0]
    rest = [s for s in (*before, *after) if s != building]
    if hit := number_of(building):
        found = replace(found, part=_with_part(found.part, f"{NUMBERED} {hit[0]}")) if found.unit else replace(found, unit=hit[0])
        building = hit[1]
    for segment in list(rest):  # "3, 31 Chester Road": a number of its own before a numbered street
        if (hit := number_of(segment)) and not hit[1]:
            rest.remove(segment)
            if not found.unit:
                found = replace(found, unit=hit[0])
    return found, building.removeprefix("the "), rest


def _is_parade(name: str) -> bool:
    return ending(name.split()) in PARADES


def number_on_a_parade(draft: _Draft) -> _Draft:
    """On a parade, in an arcade, market or estate the number is the unit: "14C Wexcombe Parade" is its Unit 14C."""
    a = draft.found
    if a.street and _is_parade(a.street) and not a.unit:
        rest = [s for s in (a.building, *a.town.split(", ")) if s and not a.street.endswith(s)]
        street = next((s for s in rest if ending(s.split()) in STREETS), "")
        a = replace(
            a,
            unit=a.number,
            number="",
            street=street,
            building=a.street.removeprefix("the "),
            town=", ".join(s for s in rest if s != street),
        )
    return replace(draft, found=replace(a, street=a.street.removeprefix("the ") if len(a.street.split()) > 2 else a.street))


STEPS: list[Callable[[_Draft], _Draft]] = [
    take_postcode,
    tidy,
    take_part,
    take_unit,
    turn_round,
    split_names,
    take_number_and_street,
    number_on_a_parade,
]
