"""Words that sellers write in every way but the plain one: finding which of many spellings a text may hold, cheaply, and where.

A spelling is looked for by `brand_pattern` only where its letters occur in the text in that order, with strokes, look-alikes and
doubled letters set aside, or where a starred word has its length and its other letters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from detectors.sieve import Sieve
from store.words.text import brand_pattern, normalise

MOST_STARRED = 50  # starred words in a text that are looked up one by one; past them every spelling is tried
SHORTEST_KEY = 4
SHORTEST = 6  # letters of a word that may lose one or have one changed; a shorter one is too near to others
SWAPPED = 5  # of a word that may have two changed over or one written twice


class Spelling:
    """One spelling: the words that it consists of, its keys, and its pattern, compiled at first use."""

    def __init__(self, spelling: str) -> None:
        self.plain = plain = normalise(spelling).text
        self.spelling = spelling
        self.words = re.findall("[a-z0-9]+", plain.replace("'", ""))
        # "&" may be written "and" or left out: what stands before or after it is the key. A short key is in every text and is none: the
        # pattern itself is looked for.
        key = max((_RUNS.sub(_once, _bare(part)) for part in plain.split("&")), key=len)
        self.key = key if len(key) >= SHORTEST_KEY else ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(brand_pattern(self.spelling) if self.plain.isascii() else whole(self.plain))


def whole(plain: str) -> str:
    """Source of an expression that finds normalised words as they are: whole ones, save in scripts that put no spaces between them."""
    source = re.escape(plain).replace(r"\ ", "[ -]?").replace(r"\*", r"\w{0,12}")
    return source if _UNSPACED.search(plain) else rf"{_edge(plain[0])}{source}{_edge(plain[-1])}"


def _edge(char: str) -> str:
    return r"\b" if re.match(r"\w", char) else ""


_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Spellings:
    """Many spellings, by number."""

    def __init__(self, spellings: Sequence[Spelling]) -> None:
        self._sieve = Sieve((number, _key_pattern(spelling.key)) for number, spelling in enumerate(spellings) if spelling.key)
        self._keyless = Sieve((number, spelling.pattern.pattern) for number, spelling in enumerate(spellings) if not spelling.key)
        self._all = frozenset(range(len(spellings)))
        self._by_part: dict[str, set[int]] = defaultdict(set)
        for number, spelling in enumerate(spellings):
            for word in spelling.words:
                self._by_part[word].add(number)
        self._parts = "\n".join(sorted(self._by_part))

    def possible(self, readings: Sequence[str]) -> set[int]:
        """Numbers of the spellings that may stand in a normalised text, given as it is and, after that, as it may also be read."""
        text = readings[0]
        possible = self._sieve.possible(_bare(text)).union(*map(self._keyless.possible, readings))
        if "|" in text or "+" in text:
            possible |= self._sieve.possible(text.translate(_STROKES_READ))
        starred = set(_STARRED.findall(text)) if any(sign in text for sign in _STARS_ALL) else ()
        if len(starred) > MOST_STARRED:
            return set(self._all)
        for word in starred:
            for part in re.findall(rf"(?m)^{_STARS.sub(lambda stars: f'.{{{len(stars[0])}}}', word)}$", self._parts):
                possible |= self._by_part[part]
        return possible


_STARS_ALL = "*•●#_?"
_STARS = re.compile(r"[*•●#_?]+")
_STARRED = re.compile(r"(?<![a-z0-9*•●#_?])(?=[a-z0-9]{0,23}[*•●#_?])[a-z0-9*•●#_?]{3,24}(?![a-z0-9*•●#_?])")


class _Letters(dict[int, str | None]):
    """What a character is in a key: a letter or nothing; worked out when it is first met, and bounded."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code) if code > 0x7F and chr(code).isalnum() else None
        if len(self) < 1 << 16:
            self[code] = letter
        return letter


_PLAIN = {ord(c): c for c in "abcdefghijkmnopqrstuvwxyz26"}
_LETTERS = _Letters(_PLAIN | {ord(sign): letter for sign, letter in zip("l01345789$@!€£¢(", "ioieastbgsaielcc", strict=True)})
_STROKES_READ = _Letters({**_LETTERS, ord("|"): "i", ord("+"): "t"})  # strokes between letters, or letters themselves
_RUNS = re.compile(r"(.)\1+")


def _once(match: re.Match[str]) -> str:
    return match[1]


def _bare(text: str) -> str:
    """What every evasion of a spelling that is found has in common: its letters, look-alikes merged."""
    return text.translate(_LETTERS)


def _key_pattern(key: str) -> str:
    """Finds a key among letters: each of them once or in a row, "rn" for m, "vv" for w."""
    return "".join(_SHOWN.get(letter, f"{re.escape(letter)}+") for letter in key)


_SHOWN = {"m": "(?:m|r+n+)+", "w": "(?:w|vv+)+"}


# What hand and ear confuse; each is tried at each place of a word.
_SOUNDS = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("c", "k"), ("k", "c"), ("c", "s"), ("s", "z"), ("z", "s"), ("y", "i"), ("i", "y"), ("ie", "ei"),
    ("ei", "ie"), ("ou", "oo"), ("ou", "u"), ("oo", "u"), ("ch", "sh"), ("x", "ks"), ("x", "cks"), ("qu", "k"), ("eau", "o"), ("e", "a"),
    ("a", "e"), ("o", "a"), ("a", "o"), ("i", "e"), ("e", "i"), ("v", "w"), ("w", "v"), ("er", "a"), ("u", "o"), ("au", "o"), ("ar", "a"),
)  # fmt: skip


def misspellings(spelling: str) -> set[str]:
    """Spellings with one word misspelt, as one to three words of letters: a letter left out, two changed over, one written
    twice, or one sound for another. The first letter stays, and so does a word of fewer than `SWAPPED` letters.

    Most misspellings are one such error (Damerau 1964), and few are in the first letter (Yannakoudakis and Fawthrop 1983).
    """
    words = re.findall("[a-z0-9]+", normalise(spelling).text.replace("'", ""))
    if len(words) > 3 or any(char.isdigit() for word in words for char in word):
        return set()
    return {" ".join([*words[:at], wrong, *words[at + 1 :]]) for at, word in enumerate(words) for wrong in _wrong(word)} - {" ".join(words)}


def _wrong(word: str) -> Iterator[str]:
    size = len(word)
    if size >= SWAPPED:
        yield from (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, size - 1))
        yield from (word[:i] + word[i] + word[i:] for i in range(1, size))
    if size < SHORTEST:
        return
    yield from (word[:i] + word[i + 1 :] for i in range(1, size))
    for sound, other in _SOUNDS:
        for match in re.finditer(sound, word[1:]):
            yield word[: match.start() + 1] + other + word[match.end() + 1 :]
