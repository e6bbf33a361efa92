"""Numbers of doors: letters, lists and ranges, in one form, and whether one holds another. 14a is not 14c, and 2a is not 2."""

from __future__ import annotations

import enum
import re
from functools import lru_cache

from premises.vocabulary import NUMBER_WORDS


class Fit(enum.StrEnum):
    """How two numbers stand to one another."""

    same = "same"
    within = "within"  # 31 is an end of 29-31, 33 is on its side of 29-37, 12 is in 12&14
    perhaps = "perhaps"  # 30 lies between the ends of 29-31, on the other side of most streets
    letter = "letter"  # 2 and 2a, 14a and 14c
    differs = "differs"


HALF = "½"  # 12½ is a door of its own, and none of 12, 12a and 13
_ONE = rf"\d{{1,5}}(?:{HALF}|[a-z](?![a-z0-9])| [a-h](?![a-z0-9]))?(?![a-z0-9{HALF}])"
_NUMBER = re.compile(
    rf"(?:no |nos |number |numbers |# ?)?({_ONE}(?:(?: ?- ?| ?/ ?| ?& ?| ?\+ ?| and | to | or )(?:\d{{1,5}}[a-z{HALF}]?(?![a-z0-9{HALF}])|[a-h](?![a-z0-9])))*)(?: |$)(.*)"
)
_JOIN = re.compile(r" ?(-|/|&|\+)+ ?| (and|to|or) ")
_OR = "|"  # "9 or 9a" is one of the two, and nobody knows which
_PIECE = re.compile(r"([a-z]*)(\d*)([a-z]*)")


def number_of(segment: str) -> tuple[str, str] | None:
    """(number, what it numbers) of a segment that begins with one: "29 to 31 wexcombe road" → ("29-31", "wexcombe road")."""
    match = _NUMBER.fullmatch(segment)
    if match is None:
        return None
    if match[2].split(" ")[0] in ("mins", "minutes", "miles", "x"):
        return None
    return _canonical(match[1]), match[2]


def unit_of(written: str, kind: str) -> str:
    """A unit's number as written after its designator: "03" → "3", "A-1" → "a1", "12 & 14" → "12&14", "one" → "1".

    "9 or 9A" → "9|9a". "Flat 2/1" is a Scottish flat, first door of the second floor, and no list.
    """
    if kind == "flat" and "/" in written:
        return written.replace(" ", "")
    return _canonical(re.sub(r"\b([a-z]{1,2})-(\d)", r"\1\2", written))


def _canonical(written: str) -> str:
    pieces = _JOIN.split(written)
    values = [_plain(piece) for piece in pieces[::3]]
    joins = ["-" if a == "-" or b == "to" else _OR if b == "or" else "&" for a, b in zip(pieces[1::3], pieces[2::3], strict=True)]
    out = values[0]
    for join, before, value in zip(joins, values, values[1:], strict=False):
        if value.isalpha() and (head := re.match(r"\d+", before)):  # "14a-c"
            value = head[0] + value
        elif join == "-" and value.isdigit() and before.isdigit() and int(value) < int(before) and len(value) < len(before):
            value = before[: len(before) - len(value)] + value  # "378-82"
        out += join + value
    return out


def _plain(piece: str) -> str:
    piece = NUMBER_WORDS.get(piece.strip(), piece.replace(" ", ""))
    return re.sub(r"(?<!\d)0+(?=\d)", "", piece)


@lru_cache(maxsize=50_000)
def fit(a: str, b: str) -> Fit:
    """How `a` and `b` stand, in either order. Both are canonical and not empty. One of two numbers is never more than perhaps."""
    if _OR in a or _OR in b:
        alternatives = {fit(x, y) for x in a.split(_OR) for y in b.split(_OR)}
        return Fit.perhaps if alternatives - {Fit.letter, Fit.differs} else min(alternatives, key=list(Fit).index)
    if a == b:
        return Fit.same
    found = {_fit_one(x, y) for x in a.split("&") for y in b.split("&")}
    if found & {Fit.same, Fit.within}:
        return Fit.within
    return next(grade for grade in (Fit.perhaps, Fit.letter, Fit.differs) if grade in found)


def _fit_one(a: str, b: str) -> Fit:
    """One number or range against another."""
    if a == b:
        return Fit.same
    ends_a, ends_b = a.split("-"), b.split("-")
    if set(ends_a) & set(ends_b):
        return Fit.within
    (low_a, high_a), (low_b, high_b) = _span(ends_a), _span(ends_b)
    lettered = any(not end.isdigit() for end in (*ends_a, *ends_b))
    if low_a is None or low_b is None or high_a is None or high_b is None:
        return Fit.differs
    if len(ends_a) == len(ends_b) == 1:
        return Fit.letter if low_a == low_b and a[0].isdigit() == b[0].isdigit() else Fit.differs
    if high_a < low_b or high_b < low_a:
        return Fit.differs
    if lettered:  # 14b lies in 14a-14d, and 14 perhaps in 12a-16: never more than perhaps
        return Fit.letter if low_a == high_b or low_b == high_a else Fit.perhaps
    return Fit.within if low_a % 2 == low_b % 2 == high_a % 2 == high_b % 2 else Fit.perhaps


def _span(ends: list[str]) -> tuple[int | None, int | None]:
    numbers = [int(m[2]) if (m := _PIECE.fullmatch(end)) and m[2] else None for end in ends]
    return numbers[0], numbers[-1]
