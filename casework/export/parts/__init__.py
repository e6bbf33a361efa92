"""What a pack holds beside its exhibits and what they rest on, a module for each part.

A part reads on somebody's behalf, from a store as it stood at the seal, and gives rows: they become data/rows/NAME.jsonl, which verify.py
knows by its list of tables. Its section stands in README.html and in summary.pdf, and with `page` alone in data/NAME.html too: the template
templates/parts/NAME.html, which is given `rows` (every row of the pack by file), `who` and `time`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from casework.export.gather import Material
from casework.export.rows import Row
from store.store import Acting, Store


@dataclass(frozen=True)
class Part:
    """`tables`: the files of its rows, written whether or not there are any. `words`: the words that events use for rows of such a file."""

    name: str
    title: str
    tables: tuple[str, ...]
    gather: Callable[[Store, Acting, Material], Mapping[str, Sequence[Row]]]
    page: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


def parts() -> tuple[Part, ...]:
    """Every part, in the order in which README.html has them. A part that adds captures or places comes before one that looks at them."""
    from casework.export.parts import attribution, cards, custody, disagreements, follow_ups, occupants, recorded, searches

    return (recorded.PART, custody.PART, follow_ups.PART, occupants.PART, attribution.PART, disagreements.PART, searches.PART, cards.PART)


__all__ = ["Part", "parts"]
