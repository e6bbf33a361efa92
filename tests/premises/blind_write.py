"""Writing steps for the blind address bank: a register row as somebody would write it.

Each entry of part 2 of the bank names a row of a list and the steps below; `write` applies them in
the order given and returns the text. Nothing here is random. A step takes no argument or one, after
"=": `other_unit=9`. A step that changes nothing raises ValueError, so an entry cannot be a plain copy
by accident. The rules are set out one by one in addresses_blind.md.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

Row = Mapping[str, str | None]

_COUNTIES = ("ESSEX", "SUFFOLK", "NORFOLK")
_TYPES = {
    "road": "Rd",
    "street": "St",
    "avenue": "Ave",
    "lane": "Ln",
    "square": "Sq",
    "parade": "Pde",
    "centre": "Ctr",
    "court": "Ct",
    "place": "Pl",
    "drive": "Dr",
    "industrial": "Ind",
    "estate": "Est",
    "shopping": "Shpg",
}
_STREET_TYPE = "road|street|avenue|lane|square|parade|court|place|drive|hill|way|quay|crescent|terrace|close|arcade|broadway"
_STREET = re.compile(rf"\b([a-z][a-z'’.]*)\s+({_STREET_TYPE})\b", re.I)
_UNIT = r"\b(units?|shop|kiosk|stalls?)"
_UNIT_ID = rf"{_UNIT}\s+([a-z]?\d+[a-z]?|[a-z])\b"
_NUMBER = re.compile(r"(?<![\w.-])(\d+)([a-z]?)(?:\s*[-–/]\s*(\d+)([a-z]?))?(?![\w-])", re.I)
_FLOORS = (
    (r"\blower ground floor\b", "LGF"),
    (r"\bground floor\b", "gnd flr"),
    (r"\b(?:first|1st) floor\b", "1st flr"),
    (r"\bsecond floor\b", "2nd flr"),
    (r"\bthird floor\b", "3rd flr"),
    (r"\bbasement\b", "bsmt"),
)
_WORDS = ("zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def _clean(value: str | None) -> str:
    """White space made single, stray commas at the ends taken off."""
    return re.sub(r"\s+", " ", value or "").strip(" ,")


def _parts(row: Row) -> dict[str, str]:
    """The row as name, address, town and postcode; an FHRS row has one string for the first three."""
    if "address_concat" in row:
        return {
            "name": "",
            "address": _clean(row["address_concat"]),
            "town": "",
            "postcode": _clean(row["postcode"]),
        }
    one, two = _clean(row["Line 1"]), _clean(row["Line 2"])
    bare = re.fullmatch(r"\d+[a-z]?(\s*[-–/]\s*\d+[a-z]?)?|(ground floor )?rear of( \d+)?", one, re.I)
    joint = " " if bare else ", "
    return {
        "name": _clean(row["Name"]),
        "address": joint.join(part for part in (one, two) if part),
        "town": _clean(row["Town"]),
        "postcode": _clean(row["Postcode"]),
    }


def _street_word(address: str) -> tuple[int, int]:
    """Where the word before the last street type stands; else the longest word of letters."""
    found = list(_STREET.finditer(address))
    if found:
        return found[-1].span(1)
    words = list(re.finditer(r"[a-z]+", address, re.I))
    return max(words, key=lambda word: (len(word.group()), -word.start())).span()


def _swap(address: str, _: str) -> str:
    start, end = _street_word(address)
    word = address[start:end]
    return address[:start] + word[:2] + word[3:4] + word[2:3] + word[4:] + address[end:]


def _lose_letter(address: str, _: str) -> str:
    start, end = _street_word(address)
    word = address[start:end]
    return address[:start] + word[:3] + word[4:] + address[end:]


def _abbreviate(address: str, _: str) -> str:
    return re.sub(rf"\b({'|'.join(_TYPES)})\b", lambda found: _TYPES[found.group().lower()], address, flags=re.I)


def _floor_short(address: str, _: str) -> str:
    for pattern, short in _FLOORS:
        address = re.sub(pattern, short, address, flags=re.I)
    return address


def _drop_floor(address: str, _: str) -> str:
    floors = "|".join(pattern for pattern, _ in _FLOORS)
    return _clean(re.sub(rf"(?:{floors}),?", "", address, count=1, flags=re.I))


def _drop_unit(address: str, _: str) -> str:
    return _clean(re.sub(rf"{_UNIT_ID}(\s*(?:-|to|and|&)\s*[a-z]?\d+[a-z]?)?[,.]?", "", address, count=1, flags=re.I))


def _other_unit(address: str, new: str) -> str:
    return re.sub(_UNIT_ID, rf"\1 {new}", address, count=1, flags=re.I)


def _other_number(address: str, new: str) -> str:
    """The last number (or range) that is not a unit's."""
    units = {found.end(2) for found in re.finditer(_UNIT_ID, address, re.I)}
    found = [number for number in _NUMBER.finditer(address) if number.end(2) not in units]
    if not found:
        return address
    return address[: found[-1].start()] + new + address[found[-1].end() :]


def _spell_unit(address: str, _: str) -> str:
    return re.sub(rf"{_UNIT}\s+([1-9]|10)\b", lambda found: f"{found[1]} {_WORDS[int(found[2])]}", address, count=1, flags=re.I)


def _drop_words(address: str, places: str) -> str:
    """The words from one place to another, counted from 1: "1-2"."""
    first, last = (int(place) for place in places.split("-"))
    words = address.split(" ")
    return _clean(" ".join(words[: first - 1] + words[last:]))


def _sub(pattern: str, new: str, count: int = 0) -> Callable[[str, str], str]:
    return lambda address, _: _clean(re.sub(pattern, new, address, count=count, flags=re.I))


_RANGE = r"(?<![\w-])(\d+[a-z]?)\s*[-–/]\s*(\d+[a-z]?)(?![\w-])"
_ADDRESS: dict[str, Callable[[str, str], str]] = {
    "swap_street_letters": _swap,
    "lose_street_letter": _lose_letter,
    "abbreviate_road": _abbreviate,
    "glue_unit": _sub(rf"{_UNIT}\s+(?=[a-z]?\d|[a-z]\b)", r"\1"),
    "unit_to_shop": _sub(r"\bunit\b", "shop"),
    "spell_unit": _spell_unit,
    "drop_unit": _drop_unit,
    "drop_floor": _drop_floor,
    "floor_short": _floor_short,
    "letter_apart": _sub(r"(?<!\w)(\d+)([a-z])\b", r"\1 \2"),
    "range_to": _sub(_RANGE, r"\1 to \2"),
    "range_slash": _sub(_RANGE, r"\1/\2"),
    "range_first": _sub(_RANGE, r"\1"),
    "range_last": _sub(_RANGE, r"\2"),
    "drop_number": lambda address, _: _clean(_other_number(address, "")),
    "other_unit": _other_unit,
    "other_number": _other_number,
    "other_letter": lambda address, new: re.sub(r"(?<!\w)(\d+)[a-z]\b", rf"\1{new}", address, count=1, flags=re.I),
    "drop_letter": _sub(r"(?<!\w)(\d+)[a-z]\b", r"\1", count=1),
    "unit_letter_off": _sub(r"\b(units?|shop|kiosk) (\d+)[a-z]\b", r"\1 \2", count=1),
    "above": lambda address, _: f"above {address}",
    "extra_unit": lambda address, new: f"Unit {new}, {address}",
    "extra_letter": lambda address, new: re.sub(r"(?<![\w-])(\d+)(?![\w-])", rf"\1{new}", address, count=1),
    "drop_county": _sub(rf"[\s,]+(?:{'|'.join(_COUNTIES)})[\s.]*$", ""),
    "drop_words": _drop_words,
}
_TEXT: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "comma_loss": lambda text: re.sub(r"\s+", " ", text.replace(",", " ")),
    "advert": lambda text: f"Collection only from {text} - msg b4 you come, cash",
    "come_to": lambda text: f"come to {text}, ask for stock at the counter",
}


def _postcode(postcode: str, step: str, argument: str) -> str:
    if step == "drop_postcode":
        return ""
    if step == "o_for_zero":
        return postcode.replace("0", "O")
    if step == "glue_postcode":
        return re.sub(r"\s", "", postcode)
    if step == "postcode_typo":
        last = postcode[-1].upper()
        return postcode[:-1] + ("A" if last == "Z" else chr(ord(last) + 1))
    if step == "outward_only":
        return postcode.strip()[:-3].strip()
    if step == "wrong_postcode":
        return argument
    raise ValueError(f"unknown step {step!r}")


def write(row: Row, steps: Sequence[str]) -> str:
    """The row's own address, rewritten by the steps in their order; ValueError where one changes nothing."""
    parts = _parts(row)
    order = ["address", "town", "postcode"]
    late: list[str] = []
    for step in steps:
        name, _, argument = step.partition("=")
        before = (dict(parts), list(order))
        if name in _TEXT:
            late.append(name)
            continue
        if name in _ADDRESS:
            parts["address"] = _ADDRESS[name](parts["address"], argument)
        elif name == "drop_town":
            parts["town"] = ""
        elif name == "name_front":
            order.insert(0, "name")
        elif name == "name_inside":
            order.insert(order.index("address") + 1, "name")
        elif name == "postcode_front":
            order.insert(0, order.pop(order.index("postcode")))
        else:
            parts["postcode"] = _postcode(parts["postcode"], name, argument)
        if before == (parts, order):
            raise ValueError(f"step {step!r} changes nothing in {parts['address']!r}")
    text = ", ".join(parts[key] for key in order if parts[key])
    for name in late:
        changed = _TEXT[name](text)
        if changed == text:
            raise ValueError(f"step {name!r} changes nothing in {text!r}")
        text = changed
    return text


def _key(text: str | None) -> str:
    return re.sub(r"[^A-Z0-9]", "", (text or "").upper())


@cache
def _street_key(address: str, town: str) -> tuple[str, str] | None:
    """The last street's name with its type, and the town."""
    found = list(_STREET.finditer(address))
    return (found[-1].group().upper(), town) if found else None


def _where(row: Row) -> tuple[str, tuple[str, str] | None]:
    """Postcode, and street with town (an FHRS row has no town column: its outward code stands for it)."""
    parts = _parts(row)
    postcode = _key(parts["postcode"])
    return postcode, _street_key(parts["address"], _key(parts["town"]) or postcode[:-3])


def candidates(rows: Sequence[Row], i: int, extra: int = 4, seed: int = 20) -> list[int]:
    """The rows an entry is matched against: same postcode, same street in the same town, a few at random."""
    postcode, street = _where(rows[i])
    chosen = {i}
    for j, row in enumerate(rows):
        other_postcode, other_street = _where(row)
        if (postcode and other_postcode == postcode) or (street and other_street == street):
            chosen.add(j)
    chosen.update(random.Random(f"{seed}-{i}").sample(range(len(rows)), extra))
    return sorted(chosen)
