"""What a model of this room learns from: passages of the rows that it is given, and passages that are made of them.

A passage is a title or a description, read by itself. Listings of one source share what they leave out (catalogues of copies have no
descriptions, shops always do), so a model that reads both together learns who writes descriptions. Read apart, a description that is
missing is no passage, and says nothing. Phrases of our own (phrases.yml) are set into passages with the label that they make
(counterfactual pairs: Kaushik, Hovy and Lipton, ICLR 2020): an ordinary passage with an offence becomes suspicious, with a denial it
stays ordinary, and an empty phrase changes no label. Genuine second-hand offers under a short title, private sellers'
descriptions, and genuine goods called "Replica" are made from lists.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from detectors.evaluation.listings import Row
from detectors.reading.words import LONGEST
from store.strict import load

DESCRIPTIONS = 0.4  # of ordinary descriptions, a passage each: enough to know them, fewer than there are titles

Reads = Callable[[str, str], str]  # a title or description and the listing's brand field, to the words as the model sees them


@dataclass(frozen=True, slots=True)
class Passage:
    words: str
    suspicious: bool
    source: str


@dataclass(frozen=True, slots=True)
class Goods:
    brand: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    goods: tuple[Goods, ...]
    details: tuple[str, ...]
    plain: tuple[str, ...]
    offences: tuple[str, ...]
    denials: tuple[str, ...]
    innocent: tuple[str, ...]


@cache
def phrases() -> Phrases:
    return load(Path(__file__).with_name("phrases.yml"), Phrases)


def passages(rows: Sequence[Row], reads: Reads, *, made: float = 0.5, seed: int = 1) -> list[Passage]:
    """The passages to fit on: every title, some descriptions, and `made` passages more for each ordinary row.

    What is made of a source depends on that source's rows and the seed alone, so that it is the same in every fold that has them.
    """
    by: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by[row.source].append(row)
    out = []
    for source, own in sorted(by.items()):
        chance = random.Random(f"{seed} {source}")  # noqa: S311  # a draw of rows, no secret
        for row in own:
            out.append(Passage(reads(row.title, row.brand), row.suspicious, source))
            if row.description and (row.suspicious or chance.random() < DESCRIPTIONS):
                out.append(Passage(reads(row.description[:LONGEST], row.brand), row.suspicious, source))
        out += [Passage(reads(text, brand), bad, "made") for text, brand, bad in _made(own, made, chance)]
    return [passage for passage in out if passage.words]


def _made(own: Sequence[Row], share: float, chance: random.Random) -> Iterator[tuple[str, str, bool]]:
    said = phrases()
    if own[0].suspicious:
        for row in own[: round(len(own) * share / 4)]:
            yield _with(row.title, chance.choice(said.plain), chance), row.brand, True
        return
    for place in range(round(len(own) * share)):
        row = chance.choice(own)
        private = chance.random() < 0.25
        text = _private(said, chance) if private else row.description[:LONGEST] if row.description and chance.random() < 0.4 else row.title
        if place % 2:
            yield _with(text, chance.choice(said.offences), chance), row.brand, True
        elif private:
            yield (text if chance.random() < 0.7 else _with(text, chance.choice(said.denials), chance)), "", False
        elif chance.random() < 0.5:
            yield _with(text, chance.choice(said.denials if chance.random() < 0.4 else said.plain), chance), row.brand, False
        else:
            yield _offer(said, chance), "", False


def _private(said: Phrases, chance: random.Random) -> str:
    """A private seller's description: phrases that tell nothing, one after another."""
    return chance.choice([". ", ", ", " "]).join(chance.sample(said.plain, chance.randrange(2, 8)))


def _with(text: str, phrase: str, chance: random.Random) -> str:
    """The text with a phrase at its head, at its end or between two of its sentences."""
    parts = text.split(". ")
    place = chance.choice([0, len(parts), len(parts), chance.randrange(len(parts) + 1)])
    parts.insert(place, phrase)
    return chance.choice([" ", " - ", ", ", ". "] if len(parts) == 2 else [". "]).join(parts)


def _offer(said: Phrases, chance: random.Random) -> str:
    if chance.random() < 0.2:
        return chance.choice(said.innocent)
    goods = chance.choice(said.goods)
    return " ".join([goods.brand, chance.choice(goods.models), *chance.sample(said.details, chance.randrange(3))])
