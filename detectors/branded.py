"""What detectors of sellers share: which of an account's listings are of known brands, what sizes they state, how findings cite them.

No detector. Everything here is the same whatever the order of the listings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from detectors.brands import Brands
from store.words.records import Offer, Pointer, SellerSubject
from store.words.text import normalise

POINTED = 20  # listings that a finding points at; all of them are counted
READ = 2000  # characters of a description that are read for a size
READ_FOR_BRANDS = 300  # and for a brand, which is looked for in as many spellings as there are
NO_LISTING = "no listing: none of this account is kept as it stands"

LETTERS = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
_LETTER_WORDS = {"small": "s", "medium": "m", "large": "l", "2xl": "xxl", "3xl": "xxxl"}
_CLOTHES = frozenset({"jacket", "shirt", "trousers", "dress"})
_SIZE = r"\b(?:size|sz|uk|eu|eur|fits)\b(?:[ :\-]{1,3}(?:uk|eu|eur|is|a|mens|womens|ladies)\b){0,2}[ :\-]{0,3}"
_NUMBER = re.compile(rf"{_SIZE}(\d{{1,2}}(?:\.5)?)\b(?! ?(?:cm|mm|inch|ml|%))|\b(?:uk|eu)(\d{{1,2}}(?:\.5)?)\b")
_LETTER = re.compile(rf"{_SIZE}(xxs|xs|s|m|l|xl|xxl|xxxl|2xl|3xl|small|medium|large)\b|\b(xxs|xs|xl|xxl|xxxl|2xl|3xl)\b")
# how far two sizes may lie apart and still fit one person, brands being cut differently; and from what on they cannot
ONE_PERSON = {"shoe": 1.0, "number": 2.0, "letter": 1.0}
NOT_ONE_PERSON = {"shoe": 3.0, "number": 6.0, "letter": 3.0}


@dataclass(frozen=True, slots=True)
class Branded:
    """A listing that names a known brand: which ones, what kind of goods, and the size, as (scale, value), where it states one."""

    offer: Offer
    brands: tuple[str, ...]
    category: str
    size: tuple[str, float] | None


def branded(subject: SellerSubject, brands: Brands) -> list[Branded]:
    """The account's listings of known brands, in order of listing."""
    found = []
    for offer in sorted(subject.offers, key=lambda each: each.listing):
        s = offer.snapshot
        if named := brands.of_listing(s.title, s.text[:READ_FOR_BRANDS], s.brand):
            category = brands.category_of(s.category, s.title)
            found.append(Branded(offer, tuple(named), category, size_of(f"{s.title} {s.text[:READ]}", category)))
    return found


def size_of(words: str, category: str) -> tuple[str, float] | None:
    """The first size that words about clothes or shoes state: ("shoe", 6.5) in UK sizes (EU less 33), ("number", 12) or ("letter", its place)."""
    text = normalise(words).text
    if category == "shoes":
        for value in _numbers(text):
            value = value - 33 if value >= 34 else value
            if 1 <= value <= 15:
                return "shoe", value
    elif category in _CLOTHES:
        if letter := _LETTER.search(text):
            said = letter[1] or letter[2]
            return "letter", float(LETTERS.index(_LETTER_WORDS.get(said, said)))
        for value in _numbers(text):
            if value in range(4, 33, 2):
                return "number", value
    return None


def _numbers(text: str) -> Iterator[float]:
    return (float(found[1] or found[2]) for found in _NUMBER.finditer(text))


def spans(goods: Sequence[Branded]) -> dict[str, tuple[float, int]]:
    """By scale: how far apart the smallest and the largest stated size lie, and how many different ones there are."""
    sizes: dict[str, set[float]] = {}
    for one in goods:
        if one.size:
            sizes.setdefault(one.size[0], set()).add(one.size[1])
    return {scale: (max(values) - min(values), len(values)) for scale, values in sizes.items()}


def cite(offers: Iterable[Offer]) -> tuple[Pointer, ...]:
    """Pointers to the words of listings, the newest first, at most so many."""
    ordered = sorted(offers, key=lambda each: (each.listing, each.snapshot.id or 0), reverse=True)
    return tuple(Pointer(other=f"snapshot:{each.snapshot.id}", detail={"listing": each.listing}) for each in ordered[:POINTED])


def of_how_many(subject: SellerSubject) -> str:
    """ "of 40 listings", or "of the newest 1000 of 1250 listings" where not all were read."""
    taken, every = len(subject.offers), len(subject.offers) + subject.left_out
    return f"of {taken} listings" if taken == every else f"of the newest {taken} of {every} listings"
