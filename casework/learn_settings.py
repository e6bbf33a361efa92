"""What configs/learning.yml says: when there is enough to learn from, what the queue shows beside flags, and when a change is an alarm."""

from __future__ import annotations

from dataclasses import dataclass, field

from store.config import Home
from store.strict import load


def _least(least: float, **given: float) -> None:
    for name, value in given.items():
        if value < least:
            raise ValueError(f"{name} is at least {least:g}")


@dataclass(frozen=True, slots=True)
class Least:
    """From how many judgements and sellers something is fitted."""

    judgements: int = 60
    sellers: int = 20
    each: int = 10

    def __post_init__(self) -> None:
        _least(2, judgements=self.judgements, sellers=self.sellers, each=self.each)


@dataclass(frozen=True, slots=True)
class Fit(Least):
    """From how many judgements and sellers weights are fitted, and how the comparison is made."""

    parts: int = 5
    resamples: int = 2000

    def __post_init__(self) -> None:
        Least.__post_init__(self)
        _least(2, parts=self.parts)
        _least(100, resamples=self.resamples)


@dataclass(frozen=True, slots=True)
class TextModel(Least):
    """From how many judgements and sellers the text model's last layers are fitted, and by how many unjudged listings it is looked at."""

    judgements: int = 120
    each: int = 40
    unjudged: int = 200

    def __post_init__(self) -> None:
        Least.__post_init__(self)
        _least(0, unjudged=self.unjudged)


@dataclass(frozen=True, slots=True)
class Queue:
    """What the queue shows beside what is flagged: shares of a page, and from where a listing is near or its findings disagree (points)."""

    random: float = 0.1
    uncertain: float = 0.1
    waiting: int = 20
    near: float = 10.0
    disagree: float = 6.0

    def __post_init__(self) -> None:
        _least(0, random=self.random, uncertain=self.uncertain, waiting=self.waiting, near=self.near)
        if self.random + self.uncertain > 0.5:
            raise ValueError("random and uncertain together are at most 0.5: flagged listings come first")
        if self.disagree <= 0:
            raise ValueError("disagree is above 0")


@dataclass(frozen=True, slots=True)
class Terms:
    """When a word is suggested."""

    each: int = 10
    sellers: int = 3
    z: float = 2.58
    prior: float = 10.0
    background: int = 2000
    most: int = 30

    def __post_init__(self) -> None:
        _least(1, each=self.each, prior=self.prior, background=self.background, most=self.most)
        _least(2, sellers=self.sellers)  # what one seller writes could be their name


@dataclass(frozen=True, slots=True)
class Drift:
    """Two windows, and when their difference is an alarm."""

    recent_days: int = 7
    reference_days: int = 28
    listings: int = 50
    most: int = 2000
    psi: float = 0.25
    level: float = 0.01
    times: float = 2.0
    sellers: int = 5

    def __post_init__(self) -> None:
        _least(
            1, recent_days=self.recent_days, reference_days=self.reference_days, listings=self.listings, most=self.most, times=self.times
        )
        _least(3, sellers=self.sellers)
        if self.psi <= 0 or not 0 < self.level < 1:
            raise ValueError("psi is above 0, and level lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Learning:
    fit: Fit = field(default_factory=Fit)
    text_model: TextModel = field(default_factory=TextModel)
    queue: Queue = field(default_factory=Queue)
    terms: Terms = field(default_factory=Terms)
    drift: Drift = field(default_factory=Drift)


def read_learning(home: Home) -> Learning:
    """The folder's own configs/learning.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("learning.yml"), Learning)
