"""Brands as configs/brands/*.yml state them, and finding them in what a listing says, evasions included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from store.strict import ConfigError, load
from store.words.records import digest_of
from store.words.text import Normalised, brand_pattern, deleet, normalise

NEAR = 60  # characters around a weak spelling in which a word of the goods must stand
TRAP = 30  # characters around a spelling in which an `unless` takes it back


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand: how it is spelt, what it makes. `weak` spellings are words of other meanings too ("coach", "LV"): they
    count only near a word of the goods. `lines` are product lines that name the brand without its name ("Neverfull").
    `unless` are patterns of ordinary phrases that a spelling occurs in ("coach trip")."""

    name: str
    spellings: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    group: str = ""

    def __post_init__(self) -> None:
        if not self.spellings and not self.weak:
            raise ValueError(f"{self.name}: a brand needs a spelling")
        for spelling in (*self.spellings, *self.weak, *self.lines):
            if not re.search(r"\w", spelling):
                raise ValueError(f"{self.name}: '{spelling}' is no spelling")
        for pattern in self.unless:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{self.name}: '{pattern}' is not a regular expression ({error})") from None


@dataclass(frozen=True, slots=True)
class _File:
    """One file: a group of brands, or the words by which a title tells what kind of goods it offers."""

    group: str
    brands: tuple[Brand, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mention:
    """A brand found in normalised text; `how` is spelling, weak or line."""

    brand: str
    start: int
    end: int
    how: str


@dataclass(frozen=True)
class Brands:
    """Every brand, with the words of each category of goods. Patterns are built at first use, in the process that uses
    them."""

    brands: tuple[Brand, ...]
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    digest: str

    def __getstate__(self) -> Mapping[str, object]:
        return {"brands": self.brands, "categories": self.categories, "digest": self.digest}

    @cached_property
    def _spelt(self) -> list[_Spelling]:
        return [
            _Spelling(brand, spelling, how)
            for brand in self.brands
            for how, spellings in (("spelling", brand.spellings), ("weak", brand.weak), ("line", brand.lines))
            for spelling in spellings
        ]

    @cached_property
    def _goods(self) -> dict[str, re.Pattern[str]]:
        return {
            name: re.compile(rf"\b(?:{'|'.join(sorted((normalise(w).text for w in words), key=len, reverse=True))})(?:e?s)?\b")
            for name, words in self.categories
        }

    def find(self, text: Normalised | str) -> list[Mention]:
        """The first mention of each brand in the text, in order of place. A whole spelling goes before a weak one or a
        line."""
        words = text.text if isinstance(text, Normalised) else text
        if not words:
            return []
        keys, bare = _Keys(words), deleet(words)
        readings = (words,) if bare == words else (words, bare)
        found: dict[str, Mention] = {}
        for spelling in self._spelt:
            if spelling.brand.name in found or not keys.may_hold(spelling):
                continue
            first = min((span for reading in readings if (span := self._first(spelling, reading))), default=None)
            if first:
                found[spelling.brand.name] = Mention(spelling.brand.name, *first, spelling.how)
        return sorted(found.values(), key=lambda m: (m.start, m.brand))

    def _first(self, spelling: _Spelling, words: str) -> tuple[int, int] | None:
        for match in spelling.pattern.finditer(words):
            if spelling.holds(words, *match.span()) and (spelling.how != "weak" or self._among_goods(spelling.brand, words, *match.span())):
                return match.span()
        return None

    def named(self, field_text: str) -> str:
        """The brand that a listing's brand field names, in our spelling; "" for one that we do not know."""
        if field_text not in self._named:
            if len(self._named) > 10_000:
                self._named.clear()
            self._named[field_text] = self._name(normalise(field_text[:200]).text)
        return self._named[field_text]

    @cached_property
    def _named(self) -> dict[str, str]:
        return {}

    def _name(self, words: str) -> str:
        for spelling in self._spelt:
            if spelling.how != "line" and spelling.pattern.fullmatch(words):
                return spelling.brand.name
        mentions = self.find(words)
        return mentions[0].brand if mentions else ""

    def of_listing(self, title: str, text: str, brand: str) -> list[str]:
        """The brands that a listing names in its brand field, title and text, each once, in that order."""
        own = self.named(brand) if brand else ""
        said = [m.brand for words in (title, text) for m in self.find(normalise(words))]
        return list(dict.fromkeys([own, *said] if own else said))

    def category_of(self, *texts: str) -> str:
        """The category of goods that the first of the texts to name one names first; "" where none does."""
        for text in texts:
            words = normalise(text).text
            hits = [(m.start(), -len(m[0]), name) for name, pattern in self._goods.items() if (m := pattern.search(words))]
            if hits:
                return min(hits)[2]
        return ""

    def _among_goods(self, brand: Brand, words: str, start: int, end: int) -> bool:
        window = words[max(0, start - NEAR) : end + NEAR]
        names = brand.categories or tuple(self._goods)
        return any(self._goods[name].search(window) for name in names if name in self._goods)


class _Spelling:
    """One spelling of a brand with its patterns, compiled."""

    def __init__(self, brand: Brand, spelling: str, how: str) -> None:
        self.brand, self.how, self.spelling = brand, how, spelling
        # "&" may be written "and" or left out: what stands before or after it is the key
        self.keys = max((_keys(part) for part in normalise(spelling).text.split("&")), key=lambda keys: len(keys[0]))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(brand_pattern(self.spelling))

    @cached_property
    def _traps(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.brand.unless]

    def holds(self, words: str, start: int, end: int) -> bool:
        """Whether the mention stands: no `unless` phrase of the brand covers or touches it."""
        low = max(0, start - TRAP)
        window = words[low : end + TRAP]
        return not any(m.start() + low < end and m.end() + low > start for trap in self._traps for m in trap.finditer(window))


_STARS = re.compile(r"[a-z0-9][*•●]|[*•●][a-z0-9]|[a-z0-9][?#_]+[a-z0-9]")
_RUNS = re.compile(r"(.)\1+")


def _keys(text: str) -> tuple[str, str]:
    """What every evasion of a spelling that `brand_pattern` finds has in common: its letters, runs collapsed,
    look-alikes merged.

    Twice: as they are, and with "rn" read as m and "vv" as w.
    """
    bare = re.sub(r"[^a-z0-9$@]", "", deleet(text)).replace("l", "i")
    return _RUNS.sub(r"\1", bare), _RUNS.sub(r"\1", bare.replace("rn", "m").replace("vv", "w"))


class _Keys:
    """Tells cheaply which spellings cannot be in a text, so that hundreds of patterns need not be tried on each."""

    def __init__(self, words: str) -> None:
        self.starred = bool(_STARS.search(words))
        self.plain, self.merged = _keys(words)
        self.bare, _ = _keys(re.sub(r"[^a-z0-9]", "", words))  # "g$u$c$c$i": where $ is a stroke and no s

    def may_hold(self, spelling: _Spelling) -> bool:
        plain, merged = spelling.keys
        # a starred or very short spelling has no key worth the name
        return self.starred or len(plain) < 3 or plain in self.plain or merged in self.merged or plain in self.bare


def read_brands(files: Sequence[Path]) -> Brands:
    """The brands of these files. Raises ConfigError for a name that is there twice or a category that has no words."""
    brands: dict[str, Brand] = {}
    categories: dict[str, tuple[str, ...]] = {}
    for path in files:
        read = load(path, _File)
        for name, words in read.categories.items():
            categories[name] = (*categories.get(name, ()), *words)
        for brand in read.brands:
            if brand.name in brands:
                raise ConfigError(f"{path}: the brand '{brand.name}' is in group '{brands[brand.name].group}' already")
            brands[brand.name] = replace(brand, group=brand.group or read.group)
    for brand in brands.values():
        unknown = [name for name in brand.categories if name not in categories]
        if unknown:
            raise ConfigError(f"{brand.name}: no words are given for the category {', '.join(unknown)}")
    ordered = tuple(brands[name] for name in sorted(brands))
    goods = tuple(sorted(categories.items()))
    return Brands(ordered, goods, digest_of([[asdict(brand) for brand in ordered], goods]))


def spellings_of(brands: Iterable[Brand]) -> list[str]:
    """Every spelling, for a test of collisions."""
    return [spelling for brand in brands for spelling in (*brand.spellings, *brand.weak)]
