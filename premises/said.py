"""Addresses in what a seller says: the place field read whole, and the stretches of a text that read like an address.

What lies next to, opposite or behind an address is not at it, and what is "not the barbers at 14A" is not at 14A: an address
after such words is left out, because a missed one costs a link and a wrong one names the wrong shop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from premises.address import Address, parse_address
from premises.asides import says_elsewhere
from premises.vocabulary import ABBREVIATIONS, BUILDINGS, DESIGNATORS, ROWS, STREETS, words
from store.words.postcode import find_postcodes


@dataclass(frozen=True, slots=True)
class Said:
    """One address as said, and the first capture that shows it. `where` is "place" or "text"."""

    address: Address
    capture: int
    where: str


_SIGN = "|".join(sorted(map(re.escape, DESIGNATORS), key=len, reverse=True))
_NEVER = words("saint gt lt lil ind bus upr lwr end side way point")  # too often another word in an advert
_ENDS = "|".join(
    sorted(
        {"hall", "st", *STREETS, *BUILDINGS, *ABBREVIATIONS} - _NEVER - {"&", *(w for w in BUILDINGS if "_" in w)}, key=len, reverse=True
    )
)
_NUMBER = r"(?:no\.? ?|number |# ?)?\d{1,4}(?: ?½| 1/2(?!\d)| ?[a-h])?(?: ?(?:-|–|/|&|to|and|or) ?\d{1,4}[a-h]?)?"
_UNIT = rf"(?:{_SIGN}) ?-?(?:no\.? ?)?(?:[a-z]?\d{{1,4}}[a-z]?|[a-h])(?:(?: ?[-–&/] ?| and | or )\d{{1,4}}[a-z]?)?"
_ROW = rf"(?:{'|'.join(sorted(ROWS))}) (?:[a-z]|\d{{1,3}})\b"
_NAME = rf"(?:the )?(?:(?!(?:and|or|for|with|is|at|in|on)\b)[a-z][a-z'’.&-]* ){{0,3}}?(?:{_ENDS})\b\.?"
# Unit or number, then the name of what it is in, and as many further names as follow with commas, up to the postcode.
_ADDRESS = re.compile(
    rf"(?<![\w£$€.,/])(?:(?:rear of|above|first floor,?|ground floor,?|basement,?) )?"
    rf"(?:{_ROW},? )?(?:{_UNIT}(?:,? {_ROW})?(?:,? (?:(?:on|in|at|of) )?|, ?))?(?:{_NUMBER},? )?(?P<name>{_NAME})(?:,? ?{_NAME})?",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[ ,.]*(?:[A-Za-z' -]{2,30}[ ,]+){0,3}$")


def in_place(text: str, capture: int) -> Said | None:
    """The address in a platform's place field; None where there is none."""
    address = parse_address(text) if text.strip() else None
    if address is None or not (address.names_a_place or address.postcode or address.town or address.district):
        return None
    return Said(address, capture, "place")


def in_text(text: str, capture: int) -> list[Said]:
    """Addresses in a text, in order; a postcode that stands alone is one with nothing but its postcode."""
    found: list[Said] = []
    used: set[int] = set()
    postcodes = find_postcodes(text)
    for match in _ADDRESS.finditer(text):
        written = match[0].strip(" ,.")
        if not any(c.isdigit() for c in written) and not re.match(rf"(?:{_SIGN})\b", written, re.IGNORECASE):
            continue
        here = next((p for p in postcodes if p.start >= match.end() and _TAIL.fullmatch(text[match.end() : p.start])), None)
        if len(match["name"].split()) < 2 and not here:
            continue  # "8 green", "3 road bikes"
        if here:
            used.add(here.start)
        if says_elsewhere(text[: match.start()]):
            continue
        address = parse_address(f"{written}, {here.raw}" if here else written)
        if address.names_a_place and (address.unit or address.number or here):
            found.append(Said(address, capture, "text"))
    alone = [p for p in postcodes if p.start not in used and not says_elsewhere(text[: p.start])]
    return found + [Said(Address(p.raw, postcode=p.postcode), capture, "text") for p in alone]
