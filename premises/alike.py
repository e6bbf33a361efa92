"""How two names stand to one another: the same, nearly the same, or two; and whether one stands in a text."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from premises.names import ending
from premises.vocabulary import BUILDINGS, COMMON_STREETS, COUNTIES, DIRECTIONS, FILLER, KINDS, NO_TOWN, PARADES, STREETS, TELLING

REMEMBERED = 100_000  # answers about pairs of names: neighbours share their street, and a batch its towns


@lru_cache(maxsize=REMEMBERED)
def alike(a: str, b: str) -> str:
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
    return all(x == y or slip(x, y) for x, y in zip(one, two, strict=True))


def slip(a: str, b: str) -> bool:
    """Whether one word may be a slip for the other: "tanery" for "tannery", "hihg" for "high"; but Upper and Lower, 1st and 2nd are two."""
    if a[0].isdigit() or b[0].isdigit() or (a in TELLING and b in TELLING):
        return False
    shorter = min(len(a), len(b))
    if shorter < 5:
        near = OSA.distance(a, b, score_cutoff=1) <= 1 and (a[0] == b[0] or sorted(a) == sorted(b) or b == a[1:] or a == b[1:])
        return shorter >= 2 and max(len(a), len(b)) >= 3 and near
    return fuzz.ratio(a, b) >= 85 or OSA.distance(a, b, score_cutoff=2) <= (2 if shorter >= 6 else 1)


def holds(a: str, b: str) -> str:
    """ "alike" where one building's name ends in the other of two words or more: "wexcombe market hall" and "market hall"."""
    short, long = sorted((a.removeprefix("the "), b.removeprefix("the ")), key=len)
    return "alike" if len(short.split()) >= 2 and long.endswith(" " + short) else ""


def begins_alike(one: str, other: str) -> bool:
    """Whether two streets are one, a town run on after either left aside."""
    a, b = one.removeprefix("the ").split(), other.removeprefix("the ").split()
    size = min(len(a), len(b))
    return bool(alike(" ".join(a[:size]), " ".join(b[:size])))


@lru_cache(maxsize=REMEMBERED)
def stands_in(name: str, text: tuple[str, ...]) -> str:
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
        grade = alike(" ".join(parts), " ".join(window))
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


def without_filler(name: str) -> str:
    """ "larkspur centre" for "larkspur shopping centre"; "" where nothing of it can be left out."""
    words = name.split()
    kept = [w for w in words if w not in FILLER]
    return " ".join(kept) if 1 < len(kept) < len(words) and words[-1] in PARADES else ""


@lru_cache(maxsize=REMEMBERED)
def same_words(one: tuple[str, ...], other: tuple[str, ...], numbered: bool) -> bool:
    """Whether the words of two addresses are nearly the same ones.

    With the same number, all words of the shorter, three or more, in the longer; without any, three of four of all that both have.
    """
    short, long = sorted(({*one} - COUNTIES, {*other} - COUNTIES), key=len)
    if len(short) < 3 or not short & long:
        return False
    shared = sum(w in long or any(slip(w, x) for x in long) for w in short)
    if numbered:
        return shared == len(short)
    return shared >= 3 and shared >= 0.75 * (len(short) + len(long) - shared)


def word_in(name: str, text: tuple[str, ...]) -> str:
    """ "alike" where a building's name of one word ("lidoworld") stands in a text, and not as a street's ("george street")."""
    if len(name) < 3 or " " in name or name in NO_TOWN or name not in text:
        return ""
    after = text[text.index(name) + 1 :]
    return "" if after and after[0] in STREETS else "alike"


def called_in(name: str, text: tuple[str, ...], known: Collection[str], street: bool) -> str:
    """ "alike" where a building stands in a text without what says its kind: "larch walk" for "larch walk shopping centre".

    `known` are the words of its street and town, which tell it from none beside it. One word alone must be long and of its own, and the
    street agree. Not where the text goes on with another kind: "larch walk market".
    """
    parts = name.removeprefix("the ").split()
    size = len(parts)
    while size and parts[size - 1] in KINDS:
        size -= 1
    head = tuple(parts[:size])
    if not 0 < size < len(parts) or set(head) <= {*known}:
        return ""
    if size == 1 and (len(head[0]) < 6 or not street or head[0] in COMMON_STREETS | NO_TOWN):
        return ""
    for i in range(len(text) - size + 1):
        before, after = text[i - 1] if i else "", text[i + size] if i + size < len(text) else ""
        if (
            text[i : i + size] == head
            and before not in TELLING
            and (after == parts[size] or after not in STREETS | BUILDINGS | KINDS | DIRECTIONS)
        ):
            return "alike"
    return ""
