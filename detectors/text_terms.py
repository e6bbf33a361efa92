"""Looks for what sellers of copies write: admissions, coded words, a brand kept unsaid, a trader's stock; and for what
speaks for a seller.

Words are the one thing every listing has. They are matched on normalised text, so that "Rep1ica", Cyrillic letters and
hidden characters change nothing; most count only beside a brand, since "AAA" is a battery and a "mirror" furniture. A
hit that an ordinary phrase nearby explains, or that a negation denies, is still shown, without weight: a person may see
it otherwise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal

from detectors.brands import Brands
from detectors.contract import Context, Examined, done
from detectors.disguises import KINDS, Disguises
from detectors.language import LANGUAGES, may_be
from detectors.sieve import Sieve
from detectors.spellings import Spelling, whole
from store.words.records import Direction, Finding, Pointer, Snapshot, SubjectKind
from store.words.text import Normalised, normalise

VERSION = "4"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"brands"})

FIELDS = ("title", "text")
MOST_POINTERS = 8  # spans that one finding shows; its detail says how many there were
HINTED = 0.5  # what a rule that needs a brand counts where designer goods are only hinted at
MOST_LOOKED_AT = 500  # hits of one reason whose surroundings are read
MOST_OTHERS = 30  # hits of one reason up to which a phrase round one does not explain another
DISGUISED = "brand_disguised"
REACH = 70  # characters before a hit in which a negation may begin

Needs = Literal["brand", "goods", "hint", "unbranded", "none"]


@dataclass(frozen=True, slots=True)
class InLanguage:
    """Words and phrases of one language, as they are written; "*" stands for any ending. Those of `only_there` mean something
    else in English: they count where the text may be in the language."""

    language: str
    words: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"{self.language}: no such language is told apart; those that are: {', '.join(sorted(LANGUAGES))}")
        if not self.words and not self.only_there:
            raise ValueError(f"{self.language}: words are wanted")


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason: the words and patterns it is found by, in English or anywhere, and in other languages; what explains it
    away; and whether a "not" before it denies it.

    `needs` says beside what it counts: a brand, which a hint of one half replaces; also the goods themselves, named, which half
    replace one; a hint alone; that no brand is named; nothing. `unless_brands` are brands that explain it where the listing names no other.
    """

    reason: str
    says: str
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    languages: tuple[InLanguage, ...] = ()
    unless: tuple[str, ...] = ()
    unless_brands: tuple[str, ...] = ()
    needs: Needs = "brand"
    kind: Literal["suspicious", "exculpatory", "neutral"] = "suspicious"
    negatable: bool = True
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.words and not self.patterns and not self.languages:
            raise ValueError(f"{self.reason}: a rule needs words or patterns")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"{self.reason}: a strength lies between 0 and 1")
        _check(self.reason, (*self.patterns, *self.unless))


@dataclass(frozen=True, slots=True)
class Strengths:
    """What each way of disguising a brand's name counts, from 0 to 1."""

    signs: float = 0.0
    foreign: float = 0.0
    styled: float = 0.0
    hidden: float = 0.0
    stars: float = 0.0
    cut: float = 0.0
    apart: float = 0.0
    reversed: float = 0.0

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, kind) <= 1 for kind in KINDS):
            raise ValueError("disguises: a strength lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Settings:
    """What configs/detectors.yml says of words. `{name}` and `{goods}` in a pattern stand for any of `names` and `goods`. A negation is one of `negations`, with nothing but words of `between` from it
    to what it denies. `disguises` says what each way of disguising a brand's name counts; one that it does not name counts nothing."""

    rules: tuple[Rule, ...]
    disguises: Strengths = field(default_factory=Strengths)
    names: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    no_denial: tuple[str, ...] = ()
    around: int = 40

    def __post_init__(self) -> None:
        _check("text_terms", (*self.hints, *self.negations, *self.between, *self.no_denial))
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
    return _terms(settings).findings(snapshot, brands)


@dataclass(frozen=True)
class _Way:
    """One way in which a rule may be found: an expression, in any language or in one, surely or only where the text is in it."""

    rule: int
    pattern: re.Pattern[str]
    language: str = ""
    only_there: bool = False


@dataclass(slots=True)
class _Found:
    """What one rule found in a listing: counted hits, denied ones and explained ones, each with its field and place."""

    hits: list[Pointer] = field(default_factory=list)
    denied: list[Pointer] = field(default_factory=list)
    explained: list[Pointer] = field(default_factory=list)


class _About:
    """What a listing is about, as far as rules ask: the brands that it names, whether it hints at one, whether it names goods. Each is
    looked for when the first rule asks."""

    def __init__(self, texts: Iterable[Normalised], own: str, brands: Brands | None, hints: re.Pattern[str], described: bool) -> None:
        self._texts, self._own, self._known, self._hints, self._described = tuple(texts), own, brands, hints, described

    @cached_property
    def brands(self) -> frozenset[str]:
        if not self._known:
            return frozenset()
        named = {mention.brand for text in self._texts for mention in self._known.find(text)}
        if not named:  # "LV" in the title may be initials of anything, and is a brand's where the text goes on to a bag
            named = {mention.brand for mention in self._known.find(normalise(". ".join(text.raw for text in self._texts)))}
        return frozenset(named | {own} if (own := self._known.named(self._own)) else named)

    @cached_property
    def hinted(self) -> bool:
        return bool(self.brands) or self._described or any(self._hints.search(text.text) for text in self._texts)

    @cached_property
    def goods(self) -> bool:
        return self._known is not None and any(map(self._known.offers_goods, self._texts))

    def strength(self, needs: Needs) -> float:
        if needs == "none" or (needs == "unbranded") != bool(self.brands):
            return 1.0
        if needs == "hint":
            return float(self.hinted)
        return HINTED if (needs != "unbranded" and self.hinted) or (needs == "goods" and self.goods) else 0.0


class _Terms:
    """The rules, compiled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.unless = [_any(self._filled(rule.unless)) for rule in settings.rules]
        self.hints = _any(settings.hints)
        self.disguising = any(getattr(settings.disguises, kind) for kind in KINDS)
        self.denials = re.compile(
            rf"(?<!\w)(?P<no>{_either(settings.negations)})(?:[ ,/&+('\"-]{{1,3}}(?:{_either(settings.between)})(?!\w)){{0,8}}[ /('\":-]{{0,3}}$"
        )
        self.no_denial = _any(settings.no_denial)
        self.ways = [
            *(_Way(number, Spelling(word).pattern) for number, rule in enumerate(settings.rules) for word in rule.words),
            *(
                way
                for number, rule in enumerate(settings.rules)
                for way in _ways(number, replace(rule, patterns=self._filled(rule.patterns)))
            ),
        ]
        self.sieve = Sieve((at, way.pattern.pattern) for at, way in enumerate(self.ways))

    def _filled(self, patterns: Iterable[str]) -> tuple[str, ...]:
        names, goods = (f"(?:{_either(parts)})" for parts in (self.settings.names, self.settings.goods))
        return tuple(pattern.replace("{name}", names).replace("{goods}", goods) for pattern in patterns)

    def findings(self, snapshot: Snapshot, brands: Brands | None) -> list[Finding]:
        texts = {name: normalise(getattr(snapshot, name)) for name in FIELDS}
        hits: dict[int, list[tuple[str, int, int, str]]] = defaultdict(list)
        for name, text in texts.items():
            for number, start, end, language in self._hits(text, f"{snapshot.title}. {snapshot.text}"):
                hits[number].append((name, start, end, language))
        disguised = list(self._disguised(texts, brands)) if brands and self.disguising else []
        if not hits:
            return _weighed(disguised)
        described = any(self.settings.rules[number].needs == "unbranded" for number in hits)
        about = _About(texts.values(), snapshot.brand, brands, self.hints, described)
        out: list[Finding] = []
        for number in sorted(hits):
            rule = self.settings.rules[number]
            strength = about.strength(rule.needs)
            if not strength:
                continue
            found = _Found()
            own = hits[number]
            for name, start, end, language in own[:MOST_LOOKED_AT]:
                # of a text that is all hits none is looked at by the others
                others = [(at, to) for field, at, to, _ in own if field == name and at != start] if len(own) <= MOST_OTHERS else ()
                self._place(found, number, about, texts[name], Pointer(name), start, end, language, others)
            for name, start, end, _ in own[MOST_LOOKED_AT:]:  # nobody honest says it so often: the rest count as they are
                at, to = texts[name].raw_span(start, end)
                found.hits.append(Pointer(name, at, to, texts[name].raw[at:to][:200]))
            out += _said(rule, strength * rule.strength, found)
        return _weighed(disguised + out)

    def _disguised(self, texts: Mapping[str, Normalised], brands: Brands) -> Iterator[Finding]:
        """One finding of the brands' names that are written so that a search does not find them."""
        found = []
        for name, text in texts.items():
            for mention, kind in _disguises(brands).find(text):
                start, end = text.raw_span(mention.start, mention.end)
                found.append((Pointer(name, start=start, end=end, raw=text.raw[start:end][:200], detail={"brand": mention.brand}), kind))
        if strength := max((getattr(self.settings.disguises, kind) for _, kind in found), default=0.0):
            pointers = [pointer for pointer, _ in found]
            named = ", ".join(dict.fromkeys(str(pointer.detail["brand"]) for pointer in pointers))
            sentence = f"A brand's name is written so that a search for it may miss it: {_quoted(pointers)}, read as {named}."
            yield Finding(DISGUISED, strength, sentence, Direction.suspicious, _few(pointers))

    def _hits(self, text: Normalised, whole: str) -> Iterator[tuple[int, int, int, str]]:
        """(rule, start, end, language) of every match, in the text and its other readings; of a rule's that overlap the first."""
        if not text.text:
            return
        readings = text.readings
        found: dict[int, set[tuple[int, int, str]]] = defaultdict(set)
        for reading in readings:
            for way in (self.ways[at] for at in self.sieve.possible(reading.text)):
                for match in way.pattern.finditer(reading.text):
                    if match.end() > match.start():
                        found[way.rule].add((*reading.span(*match.span()), way.language + "?" * way.only_there))
        for rule, spans in found.items():
            last = asked = 0
            for start, end, language in sorted(spans):
                if start < last:
                    continue
                if language.endswith("?") and asked < MOST_LOOKED_AT:
                    asked += 1
                    if not self._may_be(text, start, whole, language[:-1]):
                        continue
                last = end
                yield rule, start, end, language.rstrip("?")

    def _may_be(self, text: Normalised, start: int, whole: str, language: str) -> bool:
        """Whether the listing, or the words round the hit, may be in the language: an English sentence beside it takes nothing away."""
        at, _ = text.raw_span(start, start)
        return may_be(whole, language) or may_be(text.raw[max(0, at - 40) : at + 60], language)

    def _place(
        self,
        found: _Found,
        number: int,
        about: _About,
        text: Normalised,
        pointer: Pointer,
        start: int,
        end: int,
        language: str,
        others: Sequence[tuple[int, int]],
    ) -> None:
        rule = self.settings.rules[number]
        low, high = self._sentence(text, start, end, self.settings.around)
        raw_start, raw_end = text.raw_span(start, end)
        detail = {"language": LANGUAGES[language]} if language else {}
        pointer = replace(pointer, start=raw_start, end=raw_end, raw=text.raw[raw_start:raw_end][:200], detail=detail)
        why = self._explanation(number, text.text, low, high, (start, end), others)
        beside = text.raw_text(*why.span())[:80] if why else ", ".join(sorted(about.brands)) if self._is_of(rule, about) else ""
        if beside:
            found.explained.append(replace(pointer, detail={**detail, "reason": rule.reason, "beside": beside}))
        elif rule.negatable and (no := self._denied(text.text, self._sentence(text, start, end, REACH)[0], start)):
            found.denied.append(replace(pointer, detail={**detail, "reason": rule.reason, "by": no}))
        else:
            found.hits.append(pointer)

    def _explanation(
        self, number: int, text: str, low: int, high: int, hit: tuple[int, int], others: Sequence[tuple[int, int]]
    ) -> re.Match[str] | None:
        """What explains a hit away nearby. A phrase round another hit ("hardback copies") is that one's, and says nothing of this."""
        for match in self.unless[number].finditer(text, low, high):
            start, end = match.span()
            if (start < hit[1] and hit[0] < end) or not any(at < end and start < to for at, to in others):
                return match
        return None

    def _is_of(self, rule: Rule, about: _About) -> bool:
        return bool(rule.unless_brands) and bool(about.brands) and about.brands <= set(rule.unless_brands)

    def _sentence(self, text: Normalised, start: int, end: int, around: int) -> tuple[int, int]:
        """Where the words round a hit begin and end that may explain or deny it: so many characters, and never past its sentence or line."""
        low, high = max(0, start - around), min(len(text.text), end + around)
        for match in _ENDS.finditer(text.text, low, start):
            low = match.end()
        if after := _ENDS.search(text.text, end, high):
            high = after.start()
        if "\n" not in text.raw:
            return low, high
        raw_low, raw_start, raw_end, raw_high = (text.raw_span(at, at)[0] for at in (low, start, end, high))
        before, after_line = text.raw.rfind("\n", raw_low, raw_start), text.raw.find("\n", raw_end, raw_high)
        return (low if before < 0 else text.place_of(before + 1)), (high if after_line < 0 else text.place_of(after_line))

    def _denied(self, text: str, low: int, start: int) -> str:
        match = self.denials.search(text[low:start])
        if match is None or self.no_denial.search(text[low + match.start() : start + 12]):
            return ""
        return match["no"]


# Where a sentence ends, or a part of a list that sellers set off by signs.
_ENDS = re.compile(r"[.!?;|•]+(?= |$)| [-~*/]+ |\.\.+")


def _ways(number: int, rule: Rule) -> Iterator[_Way]:
    for pattern in rule.patterns:
        yield _Way(number, re.compile(pattern))
    for one in rule.languages:
        for words, only_there in ((one.words, False), (one.only_there, True)):
            if words:
                yield _Way(number, re.compile(_either(whole(normalise(word).text) for word in words)), one.language, only_there)


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


def _weighed(findings: list[Finding]) -> list[Finding]:
    """What speaks for a seller costs nothing to write: it weighs nothing in a listing whose other words speak against it."""
    if not any(finding.score and finding.direction is Direction.suspicious for finding in findings):
        return findings
    note = " Not counted beside what speaks against the listing."
    return [
        replace(finding, score=0.0, sentence=finding.sentence + note)
        if finding.score and finding.direction is Direction.exculpatory
        else finding
        for finding in findings
    ]


def _few(pointers: list[Pointer]) -> tuple[Pointer, ...]:
    if len(pointers) <= MOST_POINTERS:
        return tuple(pointers)
    more = Pointer(detail={"more": len(pointers) - MOST_POINTERS})
    return (*pointers[:MOST_POINTERS], more)


def _quoted(pointers: list[Pointer]) -> str:
    said = dict.fromkeys((" ".join(pointer.raw.split())[:60], str(pointer.detail.get("language", ""))) for pointer in pointers)
    return ", ".join(f"“{raw}”{f' ({language})' if language else ''}" for raw, language in list(said)[:3])


def _either(patterns: Iterable[str]) -> str:
    """Source of an expression that matches one of them; none, nothing."""
    return "|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)"


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(_either(patterns))


def _check(where: str, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{where}: '{pattern}' is not a regular expression ({error})") from None


@lru_cache(maxsize=8)
def _terms(settings: Settings) -> _Terms:
    return _Terms(settings)


_DISGUISES: dict[str, Disguises] = {}


def _disguises(brands: Brands) -> Disguises:
    """Those of the brands last asked for, made once."""
    if brands.digest not in _DISGUISES:
        _DISGUISES.clear()
        _DISGUISES[brands.digest] = Disguises(brands)
    return _DISGUISES[brands.digest]
