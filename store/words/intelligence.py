"""Intelligence as 3x5x2 grades it, and keeping its source out of its text. Pure: no store, no configuration.

Source evaluation 1–3, information assessment A–E, handling P or C (practice notes § 6; College of Policing, APP Intelligence management).
Sanitising is removing whatever identifies the source. Here it is a refusal: the officer writes the text anew, and no program guesses
what may stand. It errs towards refusing, since a source who is found out may be harmed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from store.words.contacts import find_contacts
from store.words.text import normalise


class SourceCode(enum.StrEnum):
    reliable = "1"
    untested = "2"
    not_reliable = "3"


class InformationCode(enum.StrEnum):
    known_directly = "A"
    corroborated = "B"
    known_indirectly = "C"
    not_known = "D"
    suspected_false = "E"


class Handling(enum.StrEnum):
    permitted = "P"
    conditions = "C"


@dataclass(frozen=True, slots=True)
class Grade:
    """A grading. Raises ValueError where handling is C and no condition is stated, or conditions are stated beside P."""

    source: SourceCode
    information: InformationCode
    handling: Handling
    conditions: str = ""

    def __post_init__(self) -> None:
        if self.handling is Handling.conditions and not self.conditions.strip():
            raise ValueError("conditions: handling C is sharing with conditions: state them")
        if self.handling is Handling.permitted and self.conditions.strip():
            raise ValueError("conditions: handling P has no conditions; with conditions it is C")

    def __str__(self) -> str:
        return f"{self.source}{self.information}{self.handling}"


GRADES = tuple(product(SourceCode, InformationCode, Handling))  # all 3 × 5 × 2


def grade_of(codes: str, conditions: str = "") -> Grade:
    """`2AP` as a grade. Raises ValueError saying which of the three codes is none."""
    found = re.fullmatch(r"\s*(\S)\s*(\S)\s*(\S)\s*", codes.upper())
    if found is None:
        raise ValueError(f"grade: '{codes}' is not three codes: write source, information and handling, such as 2AP")
    parts = []
    for kind, code, what in zip(
        (SourceCode, InformationCode, Handling), found.groups(), ("source", "information", "handling"), strict=True
    ):
        if code not in [str(each) for each in kind]:
            raise ValueError(f"{what}: '{code}' is none of {', '.join(kind)}")
        parts.append(kind(code))
    return Grade(parts[0], parts[1], parts[2], conditions)  # type: ignore[arg-type]


class Origin(enum.StrEnum):
    """From what sort of source an item comes. A capture is this software's own; a person is a source whose name is guarded word by word."""

    capture = "capture"
    person = "person"
    partner = "partner"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an item of intelligence comes from: kept apart from its text, and in no report. `urn` is all by which others may name the source.

    `sighting` (its reference) and `capture` (its number) are rows of the store; `strings` are further words that would give the source
    away; `ordinary` are parts of its name that are ordinary words too ("brown") and may stand alone, as its officer says.
    """

    urn: str
    origin: Origin
    how: str = ""
    who: str = ""
    contact: str = ""
    address: str = ""
    sighting: str = ""
    capture: int | None = None
    strings: tuple[str, ...] = ()
    ordinary: tuple[str, ...] = ()
    was: str = ""  # the 5x5x5 grading that it came with

    def __post_init__(self) -> None:
        if not self.urn.strip():
            raise ValueError("urn: a source is named by its reference (--source-urn)")
        if self.capture is None and not (self.how.strip() or self.sighting):
            raise ValueError("how: say how it came to be known, or give the capture or the sighting that it comes from")


@dataclass(frozen=True, slots=True)
class Report:
    """One item of intelligence: `text` is the sanitised one, the only one there is. `urn` stays through all its gradings.

    `text` "" is a report that was erased.
    """

    urn: str
    text: str
    grade: Grade | None
    marking: str
    case: str | None = None
    id: int | None = None
    supersedes: int | None = None
    superseded_by: int | None = None
    actor: str = ""
    at: datetime | None = None


# -- sanitising ----------------------------------------------------------------------------------------------------------------
LEAST = 3  # letters of a part of a name; shorter ones ("Li", "de") are looked for in the whole name only
ANYWHERE = 6  # characters from which a string is looked for inside words too
_NUMBERS = {"zero": "0", "nought": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}  # fmt: skip
_SPOKEN = re.compile(rf"(?:(double|triple) )?\b({'|'.join(_NUMBERS)}|[0-9])\b|[0-9]+|[oil]+(?=[ .\-]?[0-9])|(?<=[0-9])[oil]+")
_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "miss",
        "ms",
        "mx",
        "dr",
        "prof",
        "sir",
        "dame",
        "lord",
        "lady",
        "pc",
        "pcso",
        "dc",
        "ds",
        "di",
        "the",
        "of",
        "and",
        "ltd",
        "limited",
        "plc",
        "llp",
    ]
)


@dataclass(frozen=True, slots=True)
class SourceString:
    """Something that would give the source away: what it is, and how it was written. `part` is one word of a name."""

    what: str
    value: str
    part: bool = False


def strings_of(known: Provenance, more: Sequence[SourceString] = ()) -> tuple[SourceString, ...]:
    """Every string that a text from this source may not hold. `more` are those that only the store knows: an informant's, a capture's."""
    own = [
        SourceString("the source's reference", known.urn),
        SourceString("the source", known.who),
        *contact_strings(known.contact),
        *_of_address(known.address),
        SourceString("the sighting it comes from", known.sighting),
        SourceString("how it came to be known", known.how),
        *(SourceString("what its officer said gives the source away", each) for each in known.strings),
    ]
    everything = [each for each in (*own, *more) if _compact(each.value)]
    names = [each for each in everything if each.what == "the source"]
    waived = {_compact(word) for word in known.ordinary}
    if known.origin is Origin.person:
        everything += [part for name in names for part in _parts(name) if _compact(part.value) not in waived]
    for each in list(everything):
        everything += [SourceString(each.what, c.value) for c in find_contacts(each.value) if c.value != each.value]
    return tuple(dict.fromkeys(everything))


def contact_strings(contact: str) -> list[SourceString]:
    """Each line of a contact, each handle in it, and of an e-mail address what stands before the @: "at" and "dot" are written in many ways."""
    found = [SourceString("the source's contact", part) for part in _lines(contact)]
    tokens = [token.strip(".,:()") for part in _lines(contact) for token in part.split()]
    handles = [token for token in tokens if re.search(r"[@_]|[a-z]\d|\d[a-z]", token, re.IGNORECASE)]
    handles += [token.split("@")[0] for token in tokens if re.fullmatch(r"[^@\s]{4,}@\S+", token)]
    return found + [SourceString("the source's contact", handle) for handle in handles if len(_compact(handle)) >= 4]


def found_in(text: str, strings: Sequence[SourceString]) -> list[SourceString]:
    """Those of the strings that the text holds in any of these forms: as written; whatever its case, accents and look-alike letters;
    with other punctuation; spaced out or run together; and of a phone any spelling of its digits. [] when it is clean."""
    seen = _Forms(text)
    return [each for each in strings if seen.hold(each)]


def _lines(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[\n;|]+", text) if part.strip()]


def _parts(name: SourceString) -> Iterator[SourceString]:
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name.value)
    for word in dict.fromkeys([*words, *(half for whole in words for half in re.split("['’-]", whole))]):
        if len(word) >= LEAST and word.casefold() not in _TITLES:
            yield SourceString(name.what, word, part=True)


def _of_address(address: str) -> Iterator[SourceString]:
    """The whole, each part with a number in it (a house and its street, a postcode) and each of two words or more: a town alone is nobody's."""
    for line in _lines(address):
        yield SourceString("the source's address", line)
        for part in re.split(r",", line):
            if re.search(r"\d", part):
                yield SourceString("the source's address", part.strip())
        for postcode in re.findall(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", line.upper()):
            yield SourceString("the source's address", postcode)


def _compact(text: str) -> str:
    return re.sub(r"[^a-z0-9]|_", "", normalise(text).text)


class _Forms:
    """A text in the forms in which a string is looked for, made once."""

    def __init__(self, text: str) -> None:
        self.raw, self.folded = text, normalise(text).text
        self.compact, self.starts, self.ends = _letters(self.folded)
        self.digits = _digits(self.folded)
        self.contacts = {contact.value for contact in find_contacts(text)}

    def hold(self, string: SourceString) -> bool:
        value = string.value.strip()
        if not string.part and len(value) >= ANYWHERE and value in self.raw:
            return True
        if value in self.contacts:
            return True
        number = re.sub(r"\D", "", value)
        if re.fullmatch(r"[+()\d\s.\-/]+", value) and len(number) >= 9:
            return _national(number) in self.digits
        return self._stands(_compact(value), string.part)

    def _stands(self, wanted: str, part: bool) -> bool:
        """Whether the letters and digits follow each other, whatever lies between, from a word's begin to a word's end; long ones anywhere."""
        at = self.compact.find(wanted)
        while wanted and at >= 0:
            if (len(wanted) >= ANYWHERE and not part) or (at in self.starts and at + len(wanted) in self.ends):
                return True
            at = self.compact.find(wanted, at + 1)
        return False


def _letters(folded: str) -> tuple[str, set[int], set[int]]:
    """The letters and digits alone, and where among them words begin and end. An "'s" ends a word before it."""
    out: list[str] = []
    starts, ends = set(), set()
    for word in re.finditer(r"[a-z0-9]+", folded):
        starts.add(len(out))
        out.extend(word[0])
        ends.add(len(out))
    return "".join(out), starts, ends


def _national(digits: str) -> str:
    """The digits that every spelling of a phone has: without 00, 44 and the trunk 0."""
    return re.sub(r"^(?:00)?(?:44)?0?", "", digits)


def _digits(folded: str) -> str:
    """All the digits of a text, number words among them ("double seven"), and nothing else: two numbers beside each other run together."""
    out = []
    for found in _SPOKEN.finditer(folded):
        times, word = found.groups()
        one = _NUMBERS.get(word, word) if word else found[0].translate(str.maketrans("oil", "011"))
        out.append(one * {"double": 2, "triple": 3}.get(times or "", 1))
    return "".join(out)
