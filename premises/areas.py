"""Where a postcode lies, offline: position, local authority, and the postcodes of a district for an advert that gives no more."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

from store.words.postcode import Place, is_known, lookup


@dataclass(frozen=True, slots=True)
class Area:
    """A local authority: its GSS code, and its name where the directory has it (ONS's postcode file has codes only)."""

    code: str
    name: str | None = None


@lru_cache(maxsize=200_000)
def place_of(postcode: str) -> Place | None:
    """`store.words.postcode.lookup`, remembered: a register has many rows to a postcode."""
    return lookup(postcode)


def area_of(postcode: str | None) -> Area | None:
    """The local authority of a postcode; None where there is none or the directory has none for it."""
    place = place_of(postcode) if postcode else None
    if place is None or place.local_authority is None:
        return None
    return Area(place.local_authority, place.local_authority_name)


_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # of the inward part


@lru_cache(maxsize=256)
def postcodes_of(district: str) -> tuple[str, ...]:
    """Every postcode of a district ("M32") that the directory has, current or ended; () for what is no district. About 10 ms."""
    inward = (f"{digit}{a}{b}" for digit, a, b in itertools.product("0123456789", _LETTERS, _LETTERS))
    return tuple(code for code in (f"{district} {end}" for end in inward) if is_known(code))
