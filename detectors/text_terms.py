"""Looks for what sellers of copies write: admissions, coded words, a brand kept unsaid, a trader's stock; and for what
speaks for a seller.

Words are the one thing every listing has. They are matched on normalised text, so that "Rep1ica", Cyrillic letters and
hidden characters change nothing; most count only beside a brand, since "AAA" is a battery and a "mirror" furniture. A
hit that an ordinary phrase nearby explains, or that a negation denies, is still shown, without weight: a person may see
it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from detectors.brands import Brands
from detectors.contract import Context, Examined, done
from store.words.records import Direction, Finding, Pointer, Snapshot, SubjectKind
from store.words.text import Normalised, brand_pattern, deleet, normalise

VERSION = "1"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"brands"})

FIELDS = ("title", "text")
MOST_POINTERS = 8  # spans that one finding shows; its detail says how many there were
HINTED = 0.5  # what a rule that needs a brand counts where designer goods are only hinted at


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason: the words and patterns it is found by, what explains it away, and whether a "not" before it denies
    it."""

    reason: str
    says: str
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    needs: Literal["brand", "hint", "none"] = "brand"
    kind: Literal["suspicious", "exculpatory", "neutral"] = "suspicious"
    negatable: bool = True
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.words and not self.patterns:
            raise ValueError(f"{self.reason}: a rule needs words or patterns")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"{self.reason}: a strength lies between 0 and 1")
        _check(self.reason, (*self.patterns, *self.unless))


@dataclass(frozen=True, slots=True)
class Settings:
    """What configs/detectors.yml says of words."""

    rules: tuple[Rule, ...]
    hints: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    no_denial: tuple[str, ...] = ()
    around: int = 40
    negation_window: int = 25

    def __post_init__(self) -> None:
        _check("text_terms", (*self.hints, *self.negations, *self.no_denial))
        names = [rule.reason for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the reason {', '.join(twice)} is there twice")


def examine(batch: Sequence[Snapshot], context: Context) -> Iterable[Examined]:
    terms = _terms(context.settings)
    for snapshot in batch:
        yield done(snapshot.id, terms.findings(snapshot, context.brands))


def findings(snapshot: Snapshot, settings: Settings, brands: Brands | None) -> list[Finding]:
    """What the rules say of words, wherever they stood: pointers are spans of the snapshot's title and text."""
    return list(_terms(settings).findings(snapshot, brands))


@dataclass(slots=True)
class _Found:
    """What one rule found in a listing: counted hits, denied ones and explained ones, each with its field and place."""

    hits: list[Pointer] = field(default_factory=list)
    denied: list[Pointer] = field(default_factory=list)
    explained: list[Pointer] = field(default_factory=list)


class _Terms:
    """The rules, compiled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rules = [(rule, _pattern(rule), _any(rule.unless)) for rule in settings.rules]
        self.hints = _any(settings.hints)
        self.negations = _any(settings.negations)
        self.no_denial = _any(settings.no_denial)

    def findings(self, snapshot: Snapshot, brands: Brands | None) -> Iterator[Finding]:
        texts = {name: normalise(getattr(snapshot, name)) for name in FIELDS}
        branded = bool(brands and (any(brands.find(text) for text in texts.values()) or brands.named(snapshot.brand)))
        hinted = branded or any(self.hints.search(text.text) for text in texts.values())
        readings = {name: (text, deleet(text.text)) for name, text in texts.items() if text.text}
        for rule, pattern, unless in self.rules:
            strength = {"none": 1.0, "hint": float(hinted), "brand": 1.0 if branded else HINTED * hinted}[rule.needs]
            if not strength:
                continue
            found = _Found()
            for name, (text, bare) in readings.items():
                for start, end in _spans(pattern, text.text, bare):
                    self._place(found, rule, unless, name, text, start, end)
            yield from _said(rule, strength * rule.strength, found)

    def _place(self, found: _Found, rule: Rule, unless: re.Pattern[str], name: str, text: Normalised, start: int, end: int) -> None:
        low = max(0, start - self.settings.around)
        why = unless.search(text.text, low, end + self.settings.around)
        raw_start, raw_end = text.raw_span(start, end)
        pointer = Pointer(name, raw_start, raw_end, text.raw[raw_start:raw_end][:200])
        if why:
            shown = text.raw_text(*why.span())[:80]
            found.explained.append(Pointer(name, raw_start, raw_end, pointer.raw, detail={"reason": rule.reason, "beside": shown}))
        elif rule.negatable and (no := self._denied(text.text, start)):
            found.denied.append(Pointer(name, raw_start, raw_end, pointer.raw, detail={"reason": rule.reason, "by": no}))
        else:
            found.hits.append(pointer)

    def _denied(self, text: str, start: int) -> str:
        # the window begins at a word, and a little before it for negations of several words
        before = text[max(0, start - self.settings.negation_window - 12) : start]
        match = self.negations.search(before)
        if match is None or self.no_denial.search(text[max(0, start - 40) : start + 12]):
            return ""
        return match[0].split()[0] if match[0].split() else match[0]


def _said(rule: Rule, strength: float, found: _Found) -> Iterator[Finding]:
    """One finding of a rule's hits, however many; and one each of what was denied or explained."""
    if found.hits:
        direction = Direction.suspicious if rule.kind == "suspicious" else Direction.exculpatory
        score = 0.0 if rule.kind == "neutral" else strength
        half = "" if strength >= rule.strength else ", though it names no brand that we know"
        yield Finding(rule.reason, score, f"The listing {rule.says}: {_quoted(found.hits)}{half}.", direction, _few(found.hits))
    if rule.kind == "suspicious" and found.denied:
        by = str(found.denied[0].detail["by"])
        sentence = f"{_quoted(found.denied)} follows “{by}”: a denial, which honest and other sellers both write. Not counted."
        yield Finding("denied", 0.0, sentence, Direction.exculpatory, _few(found.denied))
    if rule.kind == "suspicious" and found.explained:
        beside = str(found.explained[0].detail["beside"])
        sentence = f"{_quoted(found.explained)} is not counted: beside “{beside}” it may well have an ordinary meaning."
        yield Finding("explained", 0.0, sentence, Direction.exculpatory, _few(found.explained))


def _few(pointers: list[Pointer]) -> tuple[Pointer, ...]:
    if len(pointers) <= MOST_POINTERS:
        return tuple(pointers)
    more = Pointer(detail={"more": len(pointers) - MOST_POINTERS})
    return (*pointers[:MOST_POINTERS], more)


def _quoted(pointers: list[Pointer]) -> str:
    raws = dict.fromkeys(" ".join(pointer.raw.split())[:60] for pointer in pointers)
    return ", ".join(f"“{raw}”" for raw in list(raws)[:3])


def _spans(pattern: re.Pattern[str], text: str, bare: str) -> list[tuple[int, int]]:
    """Spans in the text and in its deleeted reading, in order; of two that overlap the first."""
    spans = [match.span() for match in pattern.finditer(text)]
    if bare != text:
        spans = sorted({*spans, *(match.span() for match in pattern.finditer(bare))})
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if end > start and (not kept or start >= kept[-1][1]):
            kept.append((start, end))
    return kept


def _pattern(rule: Rule) -> re.Pattern[str]:
    return _any((*(_word(word) for word in rule.words), *rule.patterns))


def _word(word: str) -> str:
    folded = normalise(word).text
    return brand_pattern(word) if folded.isascii() else re.escape(folded)


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    return re.compile(joined or r"(?!)")


def _check(where: str, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{where}: '{pattern}' is not a regular expression ({error})") from None


@lru_cache(maxsize=8)
def _terms(settings: Settings) -> _Terms:
    return _Terms(settings)
