"""What people say around an address: before it and after it, phones, prices and hours between, a second address beside the first."""

from __future__ import annotations

import re

from premises.vocabulary import DESIGNATORS

# Each is taken off only where something is left.
_BEFORE = re.compile(
    r"^.{0,40}?\b(?:(?:collect(?:ion)?|pick(?:[ -]?up)?|cash on collection)(?: only)?(?: is| it)?(?: from| at)|(?:come|pop|call in)(?: down| in)? to|find us(?: on| at| in)?|"
    r"(?:we are|we're|its|it's|it is|shop is|based|located|situated)(?: on| at| in)|address(?: is)?:?)\s+",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*(?:[-–,.;(]\s*|\b)(?:ask (?:for|at)|ring (?:when|bell)|msg|message me|text me|call me|cash only|before you come|b4 you)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
# Numbers that are no door's: a phone, a price, an hour. A comma takes their place, since what is said ends there.
_NO_DOOR = re.compile(
    r"(?<![\d+])(?:\+44 ?|0)(?:\d ?){9,10}(?!\d)|[£$€] ?\d[\d,.]*(?: ?[-–] ?[£$€]?\d[\d.]*)?|\b(?:till?|until) \d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?\b|"
    r"\b\d{1,2}(?:[:.]\d\d)?[ap]m\b",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text without what is said around an address in an advert: "07700 900123, collection only from 31 Chester Road, ask for Dean"."""
    short = _AFTER.sub("", _BEFORE.sub("", _NO_DOOR.sub(" , ", text), count=1), count=1)
    return short if any(c.isalpha() for c in short) else text


# "Next to", "not": whoever is named after these is somebody else.
ELSEWHERE = (
    r"not|next(?: door)? to|opposite|opp|near|nr|beside|besides|behind|adjacent to|adjoining|across from|round from|along from|by|from behind|facing|"
    r"formerly(?: at| of)?|previously(?: at)?|was at|were at|moved from|used to be(?: at)?|closed|left"
)
_ELSEWHERE = re.compile(rf"\b(?:{ELSEWHERE})\b(?: the)?(?: [\w'’]+){{0,3}}(?: at| on| in)?[ :]*$", re.IGNORECASE)


def says_elsewhere(before: str) -> bool:
    """Whether what comes next is, by the words before it, not where the seller is."""
    return bool(_ELSEWHERE.search(before[-60:]))


_SIGNS = "|".join(sorted(map(re.escape, DESIGNATORS), key=len, reverse=True))
_SECOND = re.compile(rf"\s(?:or|and|&|\+)\s+(?=(?:(?:{_SIGNS})\W*)?(?:no\.? ?|#)?\d)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{3}")


def in_two(text: str) -> tuple[str, str] | None:
    """Two addresses in one text, each with a number and a name of its own: "18 Carder St or 18 Weaver St"; None for "12 or 14 Tan Street"."""
    for match in _SECOND.finditer(text):
        first, second = text[: match.start()], text[match.end() :]
        if re.search(r"\d\W+[A-Za-z]{3}", first) and _WORD.search(re.sub(rf"^(?:{_SIGNS})\b", "", second, flags=re.IGNORECASE)):
            return first, second
    return None
