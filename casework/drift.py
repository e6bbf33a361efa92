"""Whether what comes in has changed: the newest listings against those before them. A score that was measured on other listings than
those that now come says less than its figures, and a word that has become common may be a new way of saying the old thing.

Scores: the population stability index over bins of the score (Siddiqi, Credit Risk Scorecards, 2006), an alarm from a stated value on and
only where chance alone would hardly give as much: under no change it is about chi-squared with bins − 1 degrees of freedom, times 1/n + 1/m
(Yurdakul and Naranjo, Journal of Risk Model Validation 2020). Reasons and words: a G-test of how many sellers have each (Dunning,
Computational Linguistics 1993), with Bonferroni's correction for how many are tested. Figures are numbers about no person.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework import wording
from casework.learn_settings import Drift, read_learning
from store.config import Home
from store.store import SYSTEM, Store
from store.windows import Window

EDGES = (1e-9, 5.0, 10.0, 20.0, 30.0, 50.0, 70.0)  # points between the bins; nothing found is a bin of its own
SMOOTHING = 0.5  # listings added to each bin, so that an empty one is no infinity


@dataclass(frozen=True, slots=True)
class Moved:
    """A reason or a word that became commoner or rarer: the shares of sellers that have it, and how surely (after correction)."""

    name: str
    before: float
    now: float
    p: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What the comparison came to. `psi` is None where there were too few listings to compare."""

    recent: Window
    reference: Window
    psi: float | None = None
    by_chance: float | None = None  # what chance alone exceeds with the stated level only
    alarm: bool = False
    reasons: tuple[Moved, ...] = ()
    words: tuple[Moved, ...] = ()
    why_not: str = ""

    @property
    def alarms(self) -> bool:
        return self.alarm or bool(self.reasons) or bool(self.words)

    def sentences(self) -> list[str]:
        """For people: one line a kind of change, or one that says that there is none."""
        if self.why_not:
            return [f"Drift was not looked at: {self.why_not}."]
        days = f"the {self.recent.listings} listings first kept since {self.recent.start:%Y-%m-%d} against the {self.reference.listings} before them"
        out = []
        if self.alarm:
            out.append(
                f"DRIFT: scores have moved ({days}): stability index {self.psi:.2f}, by chance at most {self.by_chance:.2f}. Look at what is new before relying on measured figures."
            )
        for what, those in (("what is found has", self.reasons), ("words have", self.words)):
            if those:
                named = ", ".join(f"{m.name} ({m.before:.0%} → {m.now:.0%} of sellers)" for m in those[:5])
                more = f" and {len(those) - 5} more" if len(those) > 5 else ""
                out.append(f"DRIFT: {what} changed ({days}): {named}{more}.")
        return out or [f"No drift: scores, what is found and words are as before ({days}; stability index {self.psi:.2f})."]


def psi(recent: Sequence[float], reference: Sequence[float], edges: Sequence[float] = EDGES) -> tuple[float, int]:
    """(the population stability index of scores over the bins between the edges, how many bins either side has rows in)."""
    counts = [[0] * (len(edges) + 1) for _ in range(2)]
    for side, scores in zip(counts, (recent, reference), strict=True):
        for points in scores:
            side[bisect_right(edges, points)] += 1
    used = [(a, b) for a, b in zip(*counts, strict=True) if a or b]
    total = [sum(side) + SMOOTHING * len(used) for side in counts]
    index = 0.0
    for a, b in used:
        now, before = (a + SMOOTHING) / total[0], (b + SMOOTHING) / total[1]
        index += (now - before) * math.log(now / before)
    return index, len(used)


def by_chance(bins: int, recent: int, reference: int, level: float) -> float:
    """The index that no change at all exceeds with the chance `level`."""
    from scipy.stats import chi2

    return float(chi2.isf(level, bins - 1)) * (1 / recent + 1 / reference) if bins > 1 else 0.0


def moved(recent: Mapping[str, int], reference: Mapping[str, int], of: tuple[int, int], settings: Drift) -> tuple[Moved, ...]:
    """What is had by another share of sellers than before, surely and by much; `of` are the sellers of the two windows."""
    from scipy.stats import chi2

    tested = [n for n in sorted({**recent, **reference}) if recent.get(n, 0) + reference.get(n, 0) >= settings.sellers]
    out = []
    for name in tested:
        table = [(recent.get(name, 0), of[0]), (reference.get(name, 0), of[1])]
        p = min(1.0, float(chi2.sf(g(table), 1)) * len(tested))
        now, before = (found / whole for found, whole in table)
        low, high = sorted((now, before))
        if p < settings.level and high >= settings.times * low:
            out.append(Moved(name, before, now, p))
    return tuple(sorted(out, key=lambda m: (m.p, m.name)))


def g(table: Sequence[tuple[int, int]]) -> float:
    """The G statistic of shares (found, of), against one share for all."""
    share = sum(found for found, _ in table) / sum(of for _, of in table)
    out = 0.0
    for found, of in table:
        for seen, expected in ((found, of * share), (of - found, of * (1 - share))):
            out += 2 * seen * math.log(seen / expected) if seen else 0.0
    return max(0.0, out)


def look(store: Store, home: Home, now: datetime | None = None) -> Looked:
    """Compare the newest listings with those before them; `now` is the end of the recent window (default: just after the newest listing)."""
    settings = read_learning(home).drift
    newest = store.newest_listing()
    end = now or (newest + timedelta(microseconds=1) if newest else None)
    if end is None:
        nothing = Window(datetime.min, datetime.min)  # noqa: DTZ901  # of no listing
        return Looked(nothing, nothing, why_not="no listing is kept yet")
    start = end - timedelta(days=settings.recent_days)
    with store.acting(SYSTEM, purpose="drift") as reader:
        recent, reference = (
            reader.window(*window, wording.words, most=settings.most)
            for window in ((start, end), (start - timedelta(days=settings.reference_days), start))
        )
    few = min(recent.listings, reference.listings)
    if few < settings.listings:
        which = (
            f"the last {settings.recent_days} days"
            if recent.listings == few
            else f"the {settings.reference_days} days before the last {settings.recent_days}"
        )
        return Looked(recent, reference, why_not=f"{few} listings of {which} are weighed, {settings.listings} are needed")
    index, bins = psi(recent.scores, reference.scores)
    chance = by_chance(bins, recent.listings, reference.listings, settings.level)
    sellers = (max(1, recent.sellers), max(1, reference.sellers))
    return Looked(
        recent, reference, round(index, 4), round(chance, 4), index >= settings.psi and index > chance,
        moved(recent.reasons, reference.reasons, sellers, settings), moved(recent.words, reference.words, sellers, settings),
    )  # fmt: skip


def summary(looked: Looked) -> dict[str, object]:
    """The figures for programs, without the windows' own numbers."""
    return {
        "alarms": looked.alarms, "psi": looked.psi, "by_chance": looked.by_chance, "reasons": looked.reasons, "words": looked.words,
        "listings": (looked.recent.listings, looked.reference.listings), "since": looked.recent.start, "sentences": looked.sentences(),
    }  # fmt: skip
