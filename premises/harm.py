"""Harm and strength of evidence, part by part, and their product. The weights are configs/ranking.yml's; nothing here was fitted.

Figures are decimals of two places: the parts of a harm sum to it exactly, and harm × strength is the figure exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from pathlib import Path

from store.config import Home, defaults_folder, load
from store.ranking import Flagged
from store.strict import FieldError
from store.words.records import Level, Link


@dataclass(frozen=True, slots=True)
class HarmWeights:
    """Points, each of 0 or more. What each is for stands in configs/ranking.yml."""

    advertised: float
    priority: float
    review: float
    confirmed: float
    listings_at_most: float
    brand: float
    brands_at_most: float
    piece: float
    pieces_at_most: float
    thousand_pounds: float
    price_at_most: float
    safety: float
    children: float
    recent: float
    closure: float
    closures_at_most: float
    reopened: float

    def __post_init__(self) -> None:
        for one in fields(self):
            if not 0 <= getattr(self, one.name) <= 1000:
                raise FieldError(one.name, "points lie between 0 and 1000")


@dataclass(frozen=True, slots=True)
class StrengthWeights:
    """Each between 0 and 1."""

    confirmed: float
    proposed_at_most: float
    building_only: float
    priority: float
    review: float

    def __post_init__(self) -> None:
        for one in fields(self):
            if not 0 <= getattr(self, one.name) <= 1:
                raise FieldError(one.name, "a strength lies between 0 and 1")
        if self.proposed_at_most > self.confirmed:
            raise FieldError("proposed_at_most", "what a machine proposes is no stronger than what a person confirmed")


@dataclass(frozen=True, slots=True)
class RankSettings:
    """What configs/ranking.yml says."""

    per_officer_per_day: int
    harm: HarmWeights
    recent_days: int
    strength: StrengthWeights
    safety_words: tuple[str, ...] = ()
    children_words: tuple[str, ...] = ()
    closure_registers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.per_officer_per_day <= 1000:
            raise FieldError("per_officer_per_day", "between 1 and 1000 premises a day")
        if not 1 <= self.recent_days <= 3650:
            raise FieldError("recent_days", "between 1 and 3650 days")


@lru_cache(maxsize=1)
def _shipped(path: Path) -> RankSettings:
    return load(path, RankSettings)


def rank_settings(home: Home | None = None) -> RankSettings:
    """The working folder's configs/ranking.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("ranking.yml"), RankSettings) if home else _shipped(defaults_folder() / "ranking.yml")


@dataclass(frozen=True, slots=True)
class Part:
    """One addend of a harm: its points, and the sentence that says what they are for."""

    code: str
    points: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """Harm in parts, strength with its sentence, and their product: `harm` is the sum of the parts' points, `figure` harm × strength."""

    harm: float
    parts: tuple[Part, ...]
    strength: float
    why: str
    figure: float


def weigh(parts: Iterable[Part], strength: float, why: str) -> Weighed:
    """Sum and product in decimals: exact, whatever binary fractions would make of them."""
    kept = tuple(Part(p.code, float(_two(p.points)), p.sentence) for p in parts if _two(p.points))
    harm, strong = sum((_two(p.points) for p in kept), Decimal()), _two(strength)
    return Weighed(float(harm), kept, float(strong), why, float(harm * strong))


def _two(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def harm(flagged: Sequence[Flagged], closures: int, reopened: int, settings: RankSettings, now: datetime) -> list[Part]:
    """The parts of the harm of a place or an account: its flagged listings, each once, and the closures and alerts recorded of it."""
    w = settings.harm
    parts = [Part("advertised", w.advertised, "something that is advertised leads here")]
    priority = sum(f.level is Level.priority for f in flagged)
    review, yes = len(flagged) - priority, sum(f.confirmed for f in flagged)
    listed = min(priority * w.priority + review * w.review + yes * w.confirmed, w.listings_at_most)
    said = f"{priority} listings flagged priority, {review} review" + (f"; a person confirmed {yes} of them" if yes else "")
    parts.append(Part("listings", listed, said))
    brands = sorted({brand.casefold() for f in flagged for brand in f.brands})
    parts.append(Part("brands", min(max(0, len(brands) - 1) * w.brand, w.brands_at_most), f"{len(brands)} brands named"))
    pieces = sum(max(f.summary.details.quantity or 0, 0) + max(f.summary.details.sold or 0, 0) for f in flagged)
    parts.append(Part("pieces", min(pieces * w.piece, w.pieces_at_most), f"{pieces} pieces offered or sold, as the pages say"))
    asked = sum(f.summary.snapshot.price_minor or 0 for f in flagged if f.summary.snapshot.currency == "GBP") / 100
    parts.append(Part("price", min(max(asked, 0) / 1000 * w.thousand_pounds, w.price_at_most), f"£{asked:,.2f} asked in all"))
    for code, points, words in (("safety", w.safety, settings.safety_words), ("children", w.children, settings.children_words)):
        if found := _first(flagged, words):
            sentence = "goods that may hurt" if code == "safety" else "goods for children"
            parts.append(Part(code, points, f"{sentence}: “{found[1]}” in listing {found[0]}"))
    if flagged:
        newest = max(f.summary.last_seen for f in flagged)
        days = max(0, (now - newest).days)
        left = max(0.0, 1 - days / settings.recent_days)
        parts.append(Part("recent", w.recent * left, f"a flagged listing was last captured on {newest:%Y-%m-%d}"))
    parts.append(Part("closures", min(closures * w.closure, w.closures_at_most), f"{closures} closure orders recorded"))
    if reopened:
        parts.append(Part("reopened", w.reopened, "it seems to trade while it is closed"))
    return parts


def _first(flagged: Sequence[Flagged], words: tuple[str, ...]) -> tuple[int, str] | None:
    """The first listing whose category or title has one of the words, and which."""
    for f in flagged:
        if words and (found := _pattern(words).search(f"{f.summary.snapshot.category}\n{f.summary.snapshot.title}")):
            return f.summary.listing.id or 0, found[0]
    return None


@lru_cache(maxsize=16)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(w) for w in sorted(words, key=len, reverse=True))})s?(?!\w)", re.IGNORECASE)


def of_links(links: Sequence[Link], settings: RankSettings) -> tuple[float, str]:
    """How strongly these links lead to a place: a confirmed one settles it; proposed ones add up as 1 − Π(1 − score), and no further than the cap."""
    w = settings.strength
    confirmed = sum(x.status == "confirmed" for x in links)
    if confirmed:
        return w.confirmed, f"{confirmed} link{'s' * (confirmed != 1)} confirmed"
    missing = 1.0
    for x in links:
        missing *= 1 - min(x.score * (w.building_only if x.level == "building" else 1), 0.99)
    found = min(1 - missing, w.proposed_at_most)
    building = sum(x.level == "building" for x in links)
    return found, f"{len(links)} link{'s' * (len(links) != 1)} proposed" + (f", {building} to the building only" if building else "")


def of_flags(flagged: Sequence[Flagged], settings: RankSettings) -> tuple[float, str]:
    """How strong the evidence against an account's goods is: a confirmed listing settles it; flags add up as links do."""
    w = settings.strength
    if confirmed := sum(f.confirmed for f in flagged):
        return w.confirmed, f"{confirmed} listings confirmed"
    missing = 1.0
    for f in flagged:
        missing *= 1 - (w.priority if f.level is Level.priority else w.review)
    return min(1 - missing, w.proposed_at_most), f"{len(flagged)} listings flagged, none confirmed"
