"""What makes a place the same place: the keys under which Premises are found or made, and the key a business's name is blocked on.

A key is made of parsed parts, so that two registers that write one door differently meet in one Premises. It only has to be
right when it says "same": two Premises for one door are judged by a person, one for two doors would name the wrong shop.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from premises.address import Address
from premises.vocabulary import GENERIC
from store.words.text import normalise

_CLASSES = {"": "u", "unit": "u", "stall": "s", "kiosk": "k", "flat": "f", "room": "r", "suite": "o"}


def door(address: Address) -> str:
    """The unit with its class and part: "u2a", "s7", "f2/1+floor 1"; "" where it names none. A bare number is a unit's."""
    if not address.names_a_unit:
        return ""
    return "+".join(filter(None, (_CLASSES.get(address.unit_kind, address.unit_kind) + address.unit if address.unit else "", address.part)))


def building_key(address: Address, name: str, otherwise: str) -> str:
    """Postcode, number and street; the building's name where there is no number. `otherwise` where the address says nothing."""
    where = address.postcode or f"?{address.town}"
    if address.number and (address.street or address.building):
        said = f"{address.number}|{address.street or address.building}"
    elif address.building:
        said = f"|{address.building}"
    elif address.street:
        said = f"|{address.street}|{name_key(name)}"  # a street without a number is many buildings: the name parts them
    else:
        said = ""
    return _short(f"{where}|{said}") if said and (address.postcode or address.town) else otherwise


def unit_key(building: str, address: Address) -> str:
    return _short(f"{building}#{door(address)}")


def _short(key: str) -> str:
    return key if len(key) <= 240 else key[:200] + hashlib.sha256(key.encode()).hexdigest()[:40]


def building_label(address: Address) -> str:
    """The building in words, as an officer reads it: "29-31 Chester Road, M32 0TH"."""
    line = " ".join(filter(None, (address.number.upper(), address.street.title())))
    return ", ".join(filter(None, (address.building.title(), line, address.town.split(",")[0].title(), address.postcode)))


@lru_cache(maxsize=100_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name that tell it from others; all of them where none does."""
    words = "".join(c if c.isalnum() or c == " " else "" if c == "'" else " " for c in normalise(name).text).split()
    own = tuple(word for word in words if word not in GENERIC)
    return own or tuple(words)


def name_key(name: str) -> str:
    """The name as the linker blocks on it: its own words run together ("Kestrel & Moss Ltd" → "kestrelmoss")."""
    return "".join(name_words(name))[:120]
