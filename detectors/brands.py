"""Brands as configs/brands/*.yml state them, and finding them in what a listing says, evasions included."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from detectors.spellings import Spelling, Spellings, misspellings, whole
from store.strict import ConfigError, load
from store.words.records import digest_of
from store.words.text import Normalised, Reading, deleet, normalise, plainer

NEAR = 60  # characters around a weak spelling in which a word of the goods must stand
MOST_LOOKED_AT = 500  # mentions of one spelling whose surroundings are read: nobody honest needs more for one to stand
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
    """One file: a group of brands, the words by which a title tells what kind of goods it offers, or `ordinary` words that
    are no misspelling of a brand."""

    group: str
    brands: tuple[Brand, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ordinary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A brand found in normalised text; `how` is spelling, weak, line or misspelt."""

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
    ordinary: frozenset[str] = frozenset()

    def __reduce__(self) -> tuple[Any, ...]:
        return _sent, (self.brands, self.categories, self.digest, self.ordinary)

    @cached_property
    def _spelt(self) -> list[_Spelling]:
        return [
            _Spelling(brand, spelling, how)
            for brand in self.brands
            for how, spellings in (("spelling", brand.spellings), ("weak", brand.weak), ("line", brand.lines))
            for spelling in spellings
        ]

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self._spelt)

    @cached_property
    def _misspelt(self) -> dict[str, list[int]]:
        """Misspellings of every spelling that may be misspelt: see `misspellings`."""
        known = {" ".join(spelling.words) for spelling in self._spelt}
        out: dict[str, list[int]] = defaultdict(list)
        for number, spelling in enumerate(self._spelt):
            if spelling.how == "spelling":
                for wrong in misspellings(spelling.spelling):
                    if wrong not in known and wrong not in self.ordinary:
                        out[wrong].append(number)
        # what may be two brands is neither
        return {wrong: numbers for wrong, numbers in out.items() if len({self._spelt[n].brand.name for n in numbers}) == 1}

    @cached_property
    def _misspelt_first(self) -> frozenset[str]:
        return frozenset(wrong.split(" ")[0] for wrong in self._misspelt)

    @cached_property
    def _goods(self) -> dict[str, re.Pattern[str]]:
        return {name: re.compile(_goods(words)) for name, words in self.categories}

    @cached_property
    def _any_goods(self) -> re.Pattern[str]:
        return re.compile("|".join(pattern.pattern for pattern in self._goods.values()) or r"(?!)")

    def find(self, text: Normalised | str) -> list[Mention]:
        """The first mention of each brand in the text, in order of place. A whole spelling goes before a weak one or a
        line, and each of them before a misspelling."""
        words = text.text if isinstance(text, Normalised) else text
        if not words:
            return []
        bare = deleet(words)
        plain, *others = text.readings if isinstance(text, Normalised) else (Reading(words), *plainer(words))
        readings = [plain, *([Reading(bare)] if bare != words else []), *others]
        found: dict[str, Mention] = {}
        for number in sorted(self._spellings.possible([reading.text for reading in readings])):
            spelling = self._spelt[number]
            if spelling.brand.name in found:
                continue
            spans = (reading.span(*span) for reading in readings if (span := self._first(spelling, reading.text)))
            first = min(spans, default=None)
            if first:
                found[spelling.brand.name] = Mention(spelling.brand.name, *first, spelling.how)
        for reading in readings:
            for number, start, end in self._wrong(reading.text):
                name = self._spelt[number].brand.name
                if name not in found and self._spelt[number].holds(reading.text, start, end):
                    found[name] = Mention(name, *reading.span(start, end), "misspelt")
        return sorted(found.values(), key=lambda m: (m.start, m.brand))

    def _wrong(self, words: str) -> Iterator[tuple[int, int, int]]:
        """Misspelt spellings in the text: (number of the spelling, start, end). One look-up for each one to three words."""
        texts = _TOKEN.findall(words)
        tokens: list[re.Match[str]] = []  # where they stand; asked where one is found, which is seldom
        for at in [at for at, text in enumerate(texts) if text in self._misspelt_first]:
            said = ""
            for last in range(at, min(at + 3, len(texts))):
                said = f"{said} {texts[last]}" if said else texts[last]
                for number in self._misspelt.get(said, ()):
                    tokens = tokens or list(_TOKEN.finditer(words))
                    yield number, tokens[at].start(), tokens[last].end()

    def _first(self, spelling: _Spelling, words: str) -> tuple[int, int] | None:
        for match in islice(spelling.pattern.finditer(words), MOST_LOOKED_AT):
            if spelling.holds(words, *match.span()) and (spelling.how != "weak" or self._among_goods(spelling.brand, words, *match.span())):
                return match.span()
        return None

    def offers_goods(self, text: Normalised | str) -> bool:
        """Whether the text names any of the goods that are copied: a bag, a watch, shoes."""
        return bool(self._any_goods.search(text.text if isinstance(text, Normalised) else text))

    def named(self, field_text: str) -> str:
        """The brand that a listing's brand field names, in our spelling; "" for one that we do not know."""
        if not field_text:
            return ""
        if field_text not in self._named:
            if len(self._named) > 10_000:
                self._named.clear()
            self._named[field_text] = self._name(normalise(field_text[:200]).text)
        return self._named[field_text]

    @cached_property
    def _named(self) -> dict[str, str]:
        return {}

    def _name(self, words: str) -> str:
        for spelling in (self._spelt[number] for number in sorted(self._spellings.possible([words]))):
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


def _goods(words: Iterable[str]) -> str:
    """Whole words and their plural; a picture of the goods is a word too."""
    plain = sorted((normalise(word).text for word in words), key=len, reverse=True)
    spoken = "|".join(re.escape(word) for word in plain if word.isascii())
    return "|".join([rf"\b(?:{spoken})(?:e?s)?\b", *(whole(word) for word in plain if not word.isascii())])


_SENT: dict[str, Brands] = {}


def _sent(brands: tuple[Brand, ...], categories: tuple[tuple[str, tuple[str, ...]], ...], digest: str, ordinary: frozenset[str]) -> Brands:
    """What was sent to this process: one object for one digest, so that its patterns are compiled once and not for every batch."""
    if digest not in _SENT:
        _SENT.clear()
        _SENT[digest] = Brands(brands, categories, digest, ordinary)
    return _SENT[digest]


class _Spelling(Spelling):
    """One spelling of a brand, with the phrases that take it back."""

    def __init__(self, brand: Brand, spelling: str, how: str) -> None:
        super().__init__(spelling)
        self.brand, self.how = brand, how

    @cached_property
    def _traps(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern) for pattern in self.brand.unless]

    def holds(self, words: str, start: int, end: int) -> bool:
        """Whether the mention stands: no `unless` phrase of the brand covers or touches it."""
        low = max(0, start - TRAP)
        window = words[low : end + TRAP]
        return not any(m.start() + low < end and m.end() + low > start for trap in self._traps for m in trap.finditer(window))


_TOKEN = re.compile("[a-z0-9]+")


def read_brands(files: Sequence[Path]) -> Brands:
    """The brands of these files. Raises ConfigError for a name that is there twice or a category that has no words."""
    brands: dict[str, Brand] = {}
    categories: dict[str, tuple[str, ...]] = {}
    ordinary: set[str] = set()
    for path in files:
        read = load(path, _File)
        ordinary.update(read.ordinary)
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
    digest = digest_of([[asdict(brand) for brand in ordered], goods, sorted(ordinary)])
    return Brands(ordered, goods, digest, frozenset(ordinary))


def spellings_of(brands: Iterable[Brand]) -> list[str]:
    """Every spelling, for a test of collisions."""
    return [spelling for brand in brands for spelling in (*brand.spellings, *brand.weak)]
