"""An index over a register by keys that survive what people do to an address: which entries a text is held against.

A wrong or missing postcode, a misspelt street, a missing town: each leaves some key as it was. What is found is only looked at
closer; `match` decides.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from premises.address import Address, from_parts
from premises.identity import name_words
from premises.names import ending
from premises.vocabulary import BUILDINGS, COUNTIES, GENERIC, NO_TOWN
from store.words.records import RegisterEntry
from store.words.text import normalise

CANDIDATES = 30  # compared for one text, those first that share the rarest keys; 25 and 60 gave the same answers on real rows
TOO_COMMON = 3_000  # a key of more entries than this finds nothing
SPAN = 40  # a range is found under the numbers between its ends, where it is no longer than this
ORDINARY = NO_TOWN | GENERIC
KEYLESS = COUNTIES | {"road", "street", "lane", "avenue"}
Keyed = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A register's entry, its address in parts, and what of its name is in no address: the words, and all of them in order."""

    entry: RegisterEntry
    address: Address
    own: tuple[str, ...]
    told: tuple[str, ...]
    house: str = ""  # the name where it is a building's ("Larch Market Hall")


def listed(entry: RegisterEntry) -> Listed:
    address = from_parts(entry.address_raw, entry.parts)
    place = {*address.words}
    own = tuple(w for w in name_words(entry.name) if w not in place and w not in ORDINARY and len(w) > 2)
    house = entry.name if ending(name_words(entry.name)) in BUILDINGS else ""
    return Listed(entry, address, own, _told_by(entry.name), house)


_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


@lru_cache(maxsize=64)
def in_order(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The words of a text in plain letters, and where each stands."""
    found = [(re.sub(r"['’.]", "", normalise(m[0]).text), m.span()) for m in _WORD.finditer(text)]
    found = [one for one in found if one[0] not in ("and", "the")]
    return tuple(word for word, _ in found), tuple(span for _, span in found)


def _told_by(name: str) -> tuple[str, ...]:
    """The words of a name in order, without legal form; () for one that any address could hold ("The Shop", "12")."""
    words = in_order.__wrapped__(name)[0]
    while words and words[-1] in ("ltd", "limited", "plc", "llp"):
        words = words[:-1]
    letters = "".join(words)
    return () if len(letters) < 3 or letters.isdigit() or all(w in ORDINARY for w in words) else words


class Index:
    """Keys of a register's entries, 12 bytes each: some 15 an entry, so that 600,000 entries take about 110 MB."""

    def __init__(self, entries: Iterable[Listed]) -> None:
        """`entries` in any order, each with its row number as `entry.id`; none of them is kept."""
        keys, rows = array("q"), array("q")
        for one in entries:
            if one.entry.id is None:
                raise ValueError("an entry is indexed after it is kept")
            for key in entry_keys(one):
                keys.append(hash(key))
                rows.append(one.entry.id)
        found = np.frombuffer(keys, np.int64) if keys else np.empty(0, np.int64)
        order = np.argsort(found, kind="stable")
        self.keys: Keyed = found[order]
        self.rows: Keyed = (np.frombuffer(rows, np.int64) if rows else np.empty(0, np.int64))[order]
        self.entries = len(np.unique(self.rows))

    def candidates(self, said: Address, most: int = CANDIDATES) -> list[int]:
        """Row numbers of the entries that share keys with a text, those of the rarest keys first; at most `most`."""
        asked = np.array(sorted({hash(key) for key in said_keys(said)}), np.int64)
        starts, ends = np.searchsorted(self.keys, asked, "left"), np.searchsorted(self.keys, asked, "right")
        sizes = ends - starts
        used = np.flatnonzero((sizes > 0) & (sizes <= TOO_COMMON))
        if not len(used):
            return []
        rows = np.concatenate([self.rows[starts[i] : ends[i]] for i in used])
        weights = np.repeat(np.log1p(self.entries / sizes[used]), sizes[used])
        unique, inverse = np.unique(rows, return_inverse=True)
        totals = np.bincount(inverse, weights)
        best = np.lexsort((unique, -totals))[:most]
        return [int(unique[i]) for i in best]


def entry_keys(one: Listed) -> set[str]:
    a = one.address
    words = own_words(a.words) | frozenset(one.own)
    keys = {f"p{a.postcode}"} if a.postcode else set()
    for number in _ends(a.number, SPAN) | _ends(a.unit, SPAN):
        keys |= {f"n{number}|{word}" for word in words}
    return keys | _place_keys(words, a)


def said_keys(said: Address) -> set[str]:
    """The keys under which a text is looked for: every number of it with every word, since which is which may be misread."""
    words = own_words(said.words)
    keys = {f"p{said.postcode}"} if said.postcode else set()
    for number in _ends(said.number, 0) | _ends(said.unit, 0) | {w for w in said.unread if w[0].isdigit()}:
        keys |= {f"n{number}|{word}" for word in words}
    return keys | _place_keys(words, said)


def _place_keys(words: frozenset[str], a: Address) -> set[str]:
    """Single words, and the beginnings of two words in the order of the alphabet: a misspelling rarely begins with the first letters."""
    heads = sorted({word[:4] for word in words if len(word) >= 4})
    return {f"w{word}" for word in words} | {f"h{x}|{y}" for i, x in enumerate(heads) for y in heads[i + 1 : i + 6]}


@lru_cache(maxsize=100_000)
def own_words(words: tuple[str, ...]) -> frozenset[str]:
    """The words that find something: no county, no number, none of the commonest types of street."""
    return frozenset(w for w in words if len(w) > 2 and not w[0].isdigit() and w not in KEYLESS)


def _ends(number: str, span: int) -> set[str]:
    """The numbers that a number, list or range is found under: "29-33" → 29, 33 and, where `span` allows, 31."""
    found: set[str] = set()
    for piece in filter(None, re.split("[&|]", number)):
        ends = piece.split("-")
        found |= set(ends)
        if len(ends) == 2 and ends[0].isdigit() and ends[1].isdigit() and 0 < int(ends[1]) - int(ends[0]) <= span:
            found |= {str(n) for n in range(int(ends[0]), int(ends[1]), 1 if (int(ends[0]) - int(ends[1])) % 2 else 2)}
    return found
