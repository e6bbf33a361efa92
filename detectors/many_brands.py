"""Looks for one listing that offers goods of several brands: a trader's stock, where a private seller has one wardrobe.

Weak on its own: a clear-out names brands too, and says so. The brand field counts as one more mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.contract import Context, Examined, done
from store.words.records import Finding, Snapshot, SubjectKind

VERSION = "1"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"brands"})


@dataclass(frozen=True, slots=True)
class Settings:
    at_least: int = 3


def examine(batch: Sequence[Snapshot], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    for snapshot in batch:
        brands = context.brands.of_listing(snapshot.title, snapshot.text, snapshot.brand)
        found = []
        if len(brands) >= context.settings.at_least:
            found = [Finding("many_brands", 1.0, f"The listing offers {len(brands)} brands: {', '.join(brands)}.")]
        yield done(snapshot.id, found)
