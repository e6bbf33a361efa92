"""Cards of the queue as pages show them: the picture, the strongest reasons, the price against what the genuine article costs, who else works on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework.queue import Card
from casework.working import worked_by
from store.store import Acting
from store.words.records import SubjectKind

MOST = 4  # reasons on a card; the rest are on the listing's page


@dataclass(frozen=True, slots=True)
class Shown:
    """A card with what a page puts beside it. `picture` is the first picture's digest ("" without one), `price` what a price is held against."""

    card: Card
    picture: str
    price: str
    reasons: tuple[str, ...]
    more: int
    spared: tuple[str, ...]
    works: tuple[str, ...]

    @property
    def number(self) -> int:
        return self.card.summary.listing.id or 0

    @property
    def token(self) -> str:
        """Which listing, and what of it the officer had before them: as forms send it back."""
        return f"{self.number}.{self.card.newest}.{self.card.findings}"


def shown(reader: Acting, cards: Sequence[Card]) -> list[Shown]:
    out = []
    for card in cards:
        number = card.summary.listing.id or 0
        pictures = [image.sha256 for image in reader.listing_images(number) if not image.problem]
        said = sorted(card.flag.contributions, key=lambda c: -c.points) if card.flag else []
        against = {c.reason: c.sentence for c in reversed(said) if c.points > 0}
        price = next((c.sentence for c in said if c.reason.startswith("price_")), "")
        reasons = [sentence for sentence in reversed(against.values()) if sentence != price]
        spared = tuple({c.reason: c.sentence for c in said if c.points < 0}.values())
        works = tuple(worked_by(reader, SubjectKind.listing, number))
        out.append(
            Shown(card, pictures[0] if pictures else "", price, tuple(reasons[:MOST]), max(0, len(reasons) - MOST), spared, works)
        )  # fmt: skip
    return out
