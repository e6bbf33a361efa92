"""Figures of a score and of a decision on labelled rows, at stated prevalences. There is no single "accuracy" among them: on a market where
one listing in a hundred is suspicious, calling all of them ordinary is 99 % accurate.

Scores are any numbers that rise with suspicion. A `weight` a row lets a file of one mixture speak of another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from detectors.evaluation.figures import interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

PREVALENCES = (0.01, 0.05, 0.20)
BINS = 10


def share(found: int, of: int) -> dict[str, Any]:
    """A share with its 95 % interval (Wilson); a share of nothing is None, and its interval says nothing."""
    low, high = interval(found, of)
    return {"found": found, "of": of, "rate": round(found / of, 4) if of else None, "low": low, "high": high}


def precision_at(recall: Mapping[str, Any], false: Mapping[str, Any], prevalence: float) -> dict[str, Any]:
    """Of what is found, how much is suspicious, where `prevalence` of the listings are: by Bayes from the two rates.

    The interval is the widest that the two 95 % intervals allow, so it is on the safe side. None where nothing would be found.
    """
    if recall["rate"] is None or false["rate"] is None:
        return {"rate": None, "low": 0.0, "high": 1.0}

    def bayes(right: float, wrong: float) -> float | None:
        found = right * prevalence + wrong * (1 - prevalence)
        return round(right * prevalence / found, 4) if found else None

    low, high = bayes(recall["low"], false["high"]), bayes(recall["high"], false["low"])
    return {"rate": bayes(recall["rate"], false["rate"]), "low": low or 0.0, "high": 1.0 if high is None else high}


def auc(suspicious: Sequence[float], ordinary: Sequence[float]) -> dict[str, Any] | None:
    """The chance that a suspicious row scores above an ordinary one, ties counted half (Mann and Whitney, 1947), with the 95 % interval of
    Hanley and McNeil (Radiology 1982); None where one side is empty."""
    from scipy.stats import rankdata

    n, m = len(suspicious), len(ordinary)
    if not n or not m:
        return None
    ranks = rankdata([*suspicious, *ordinary])
    area = float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))
    one, two = area / (2 - area), 2 * area * area / (1 + area)
    error = math.sqrt(max(0.0, area * (1 - area) + (n - 1) * (one - area**2) + (m - 1) * (two - area**2)) / (n * m))
    return {"rate": round(area, 4), "low": round(max(0.0, area - 1.96 * error), 4), "high": round(min(1.0, area + 1.96 * error), 4)}


def threshold_at(ordinary: Sequence[float], rate: float, weights: Sequence[float] | None = None) -> float:
    """The lowest score that at most `rate` of the ordinary rows (by weight) reach, among scores just above one that they have.

    Of no row it is minus infinity; where even the highest score is reached by more than that, just above the highest.
    """
    import numpy as np

    scores = np.asarray(ordinary, float)
    if not len(scores):
        return -math.inf
    given = np.ones(len(scores)) if weights is None else np.asarray(weights, float)
    order = np.argsort(-scores, kind="stable")
    scores, given = scores[order], given[order] / given.sum()
    reached = np.cumsum(given)
    within = scores[reached <= rate + 1e-12]
    # rows that tie with the first one too many are too many themselves
    first_over = scores[reached > rate + 1e-12]
    return float(np.nextafter(first_over[0], math.inf)) if len(first_over) else float(within[-1])


def recall_at(suspicious: Sequence[float], ordinary: Sequence[float], rate: float) -> dict[str, Any]:
    """The share of suspicious rows that score above all but `rate` of the ordinary ones."""
    least = threshold_at(ordinary, rate)
    return share(sum(score >= least for score in suspicious), len(suspicious))


def mixture(suspicious: Sequence[bool], prevalence: float, weights: Sequence[float] | None = None) -> Numbers:
    """A weight a row that makes the suspicious rows `prevalence` of all; they sum to 1."""
    import numpy as np

    labels = np.asarray(suspicious, bool)
    given = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    out = np.zeros(len(labels))
    for side, wanted in ((labels, prevalence), (~labels, 1 - prevalence)):
        if side.any():
            out[side] = given[side] / given[side].sum() * wanted
    return out


def reliability(probabilities: Sequence[float], suspicious: Sequence[bool], weights: Numbers, bins: int = BINS) -> list[dict[str, Any]]:
    """Of each tenth of the scale: the mean probability said, the share that was suspicious, and how much of the mixture lies there."""
    import numpy as np

    said, labels = np.asarray(probabilities, float), np.asarray(suspicious, float)
    which = np.minimum((said * bins).astype(int), bins - 1)
    out = []
    for number in range(bins):
        own = which == number
        whole = float(weights[own].sum())
        if whole:
            out.append(
                {
                    "from": number / bins, "to": (number + 1) / bins, "weight": round(whole, 6), "rows": int(own.sum()),
                    "said": round(float((said[own] * weights[own]).sum() / whole), 4),
                    "suspicious": round(float((labels[own] * weights[own]).sum() / whole), 4),
                }
            )  # fmt: skip
    return out


def ece(bins: Sequence[Mapping[str, Any]]) -> float:
    """The expected calibration error of ten bins of equal width (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    whole = sum(each["weight"] for each in bins)
    return round(sum(each["weight"] * abs(each["said"] - each["suspicious"]) for each in bins) / whole, 4) if whole else 0.0


def curve(suspicious: Sequence[float], ordinary: Sequence[float], prevalence: float) -> list[tuple[float, float]]:
    """(recall, precision) at each score that a row has, from the highest down, where `prevalence` of the listings are suspicious."""
    import numpy as np

    if not len(suspicious) or not len(ordinary):
        return []
    right, wrong = np.sort(np.asarray(suspicious, float)), np.sort(np.asarray(ordinary, float))
    points = np.unique(np.concatenate([right, wrong]))[::-1]
    recall = 1 - np.searchsorted(right, points, "left") / len(right)
    false = 1 - np.searchsorted(wrong, points, "left") / len(wrong)
    precision = recall * prevalence / (recall * prevalence + false * (1 - prevalence))
    return list(zip(recall.tolist(), precision.tolist(), strict=True))


def drawn_again(found: Sequence[bool], owners: Sequence[str], times: int = 1000, seed: int = 1) -> tuple[float, float]:
    """The 95 % interval of a share where whole owners are drawn again with replacement (the cluster bootstrap, Field and Welsh, JRSS B
    2007); (0, 1) with fewer than two owners, which tell nothing of others."""
    import numpy as np

    names = sorted(set(owners))
    if len(names) < 2:
        return 0.0, 1.0
    place = {name: i for i, name in enumerate(names)}
    right, every = np.zeros(len(names)), np.zeros(len(names))
    for one, owner in zip(found, owners, strict=True):
        right[place[owner]] += one
        every[place[owner]] += 1
    drawn = np.random.default_rng(seed).integers(0, len(names), (times, len(names)))
    low, high = np.quantile(right[drawn].sum(axis=1) / every[drawn].sum(axis=1), (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)
