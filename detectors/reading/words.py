"""A listing as the model reads it: the title and the description as passages of words, brand names masked, each word traceable to what was
published.

Names of brands become the one word "brand": which makes a shop sells tells where a row was collected, not what is offered, and with the
names masked every method ranked unseen sources better (docs/accuracy.md). Letters are folded as everywhere (`store.words.text`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from detectors.brands import Brands
from store.words.records import Snapshot
from store.words.text import joined, normalise

MASK = "brand"
LONGEST = 300  # characters of a title or description that are read: some 64 pieces, and a megabyte costs what a page does
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the model sees it, and the span of `field` ("title" or "text") that it stands for."""

    said: str
    field: str
    start: int
    end: int


def passages(snapshot: Snapshot, brands: Brands | None) -> list[tuple[Word, ...]]:
    """The title and the description, each by itself, without those that are empty. With `brands` None no brand is masked.

    Brands are masked where the brand files know them, and where the listing's own brand field names them.
    """
    parts = [(field, getattr(snapshot, field)[:LONGEST]) for field in ("title", "text")]
    return [read for field, raw in parts if (read := _words(field, raw, snapshot.brand, brands))]


def said(passage: Sequence[Word], without: Collection[int] = ()) -> str:
    """The passage as one text, such as "brand air max 90"; `without` are places of words that are left out."""
    return " ".join(word.said for place, word in enumerate(passage) if place not in without)


def telling(passage: Sequence[Word]) -> int:
    """How many words of a passage are words, and no brand's name."""
    return sum(word.said != MASK and any(char.isalnum() for char in word.said) for word in passage)


def unreadable(snapshot: Snapshot) -> str:
    """Why the model cannot read a listing, "" where it can: it knows words in Latin letters, as they were published."""
    letters = [char for raw in (snapshot.title, snapshot.text) for char in raw[:LONGEST] if char.isalpha()]
    if not letters:
        return "no words: the title and the description hold no letters"
    if sum(char.isascii() or "LATIN" in unicodedata.name(char, "") for char in letters) * 2 < len(letters):
        return "the words are in a script that the text model does not read"
    return ""


def _words(field: str, raw: str, own_brand: str, brands: Brands | None) -> tuple[Word, ...]:
    text = normalise(raw)
    masked = _brand_spans(text.text, own_brand, brands) if brands else []
    out, done = [], 0
    for match in _WORD.finditer(text.text):
        start, end = match.span()
        if start < done:
            continue
        said = match[0]
        inside = next(((low, high) for low, high in masked if low <= start < high), None)
        if inside:
            said, done = MASK, inside[1]
            start, end = inside
        out.append(Word(said, field, *text.raw_span(start, end)))
    return tuple(out)


def _brand_spans(text: str, own_brand: str, brands: Brands) -> list[tuple[int, int]]:
    """Where brands are named in normalised text: the known ones by their first mention, the listing's own wherever it stands."""
    spans = [(m.start, m.end) for m in brands.find(text) if m.how != "line"]
    names = {text[start:end] for start, end in spans} | {normalise(own_brand[:100]).text}
    for name in names:
        if name:
            spans += [m.span() for m in re.finditer(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text)]
    return joined(spans)
