"""Fitting what configs/flags.yml holds: weights that are never negative, what a score means, and the points of each level.

Each source (or seller) counts alike within its label, and both labels alike: a shop of ten thousand rows does not outvote a stall of ten.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from detectors.evaluation.measures import threshold_at
from detectors.score import EXCULPATORY, Calibration, Levels, Policy, Rates, Said, score, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

POINTS_PER_LOGIT = 10.0  # 7 points double the odds, 23 make them ten times as high
LEAST_ROWS, LEAST_SOURCES = 30, 2  # a weight is fitted only where its reason is found so often, in so many sources
PRIOR_SPREAD = 10.0  # points: how far data pull a weight from the one that judgement gave it, as a standard deviation
ALIKE = 0.1  # the intra-class correlation that rows of one source are taken to have
# A judgement: how many suspicious listings leave no trace is what a few sources tell least of (here from one in ten to all of them), so it is
# hardly fitted. That nothing was found makes the odds 0.6 of what they were: the log of that, and how sure that is.
NOTHING = (-0.5, 0.2)
TRAINING_SHARE = 0.5  # both labels weigh alike
# A judgement, not a fit: the ordinary rows at hand are shops', and markets hold odder honest words. One weak sign (12 points) is not queued.
LEAST = Levels(note=8, review=20, priority=50)
RATES = Rates(note=0.05, review=0.01, priority=0.001, data="")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A listing's findings, what it is known to be, and whose it is: a source or a seller."""

    said: tuple[Said, ...]
    suspicious: bool
    source: str


def balance(labels: Sequence[bool], sources: Sequence[str]) -> Numbers:
    """A weight a row: each source alike within its label, each label half; they sum to 1."""
    import numpy as np

    counts = Counter(zip(labels, sources, strict=True))
    of_label = Counter(label for label, _ in counts)
    raw = np.array([1 / (counts[label, source] * of_label[label] * len(of_label)) for label, source in zip(labels, sources, strict=True)])
    return raw / raw.sum() if len(raw) else raw


def logistic(
    features: Numbers, labels: Sequence[bool], weights: Numbers, *, prior: Numbers, spread: Numbers, bounds: Sequence[tuple[float, float]],
    rows: float = 0.0,
) -> Numbers:  # fmt: skip
    """Coefficients of a logistic regression within bounds, a normal prior on each (its mean and standard deviation; an infinite one
    leaves a coefficient free). `features` is rows × coefficients; `weights` sum to 1 and stand for `rows` rows (0: as many as there are).

    Maximum a posteriori by L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995): convex, so one answer.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    sign = np.where(np.asarray(labels, bool), 1.0, -1.0)
    counted = weights * (rows or len(sign))

    def loss(w: Numbers) -> tuple[float, Numbers]:
        margin = sign * (features @ w)
        away = (w - prior) / spread
        value = float((counted * np.logaddexp(0, -margin)).sum() + 0.5 * (away**2).sum())
        slope = -(counted * sign * expit(-margin)) @ features + away / spread
        return value, slope

    start = np.clip(prior, [low for low, _ in bounds], [high for _, high in bounds])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=list(bounds), options={"maxiter": 2000, "ftol": 1e-12})
    return np.asarray(found.x)


def fit_weights(policy: Policy, rows: Sequence[Labelled], *, groups: Iterable[str] | None = None) -> Policy:
    """The policy with those weights fitted whose reason is found in enough rows and sources; the others as judgement set them.

    Caps are left out while fitting and hold afterwards. What the other weights give is counted as it stands. `groups` says which may move;
    without it what speaks for a seller stays as judged: in labelled data it tells a used shop from a catalogue before it tells honest
    from false.
    """
    import numpy as np

    policy = as_judged(policy)  # what was fitted before, on these rows perhaps, is no part of a prior
    movable = set(policy.groups if groups is None else groups)
    units: list[dict[str, float]] = []
    fixed: list[float] = []
    found: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        own: dict[str, float] = defaultdict(float)
        rest = 0.0
        for term in terms(policy, row.said):
            reason = term.said.finding.reason
            sign = -1.0 if term.weight.group == EXCULPATORY else 1.0
            if reason in policy.reasons and term.weight == policy.reasons[reason] and term.weight.group in movable and not term.cancelled:
                own[reason] += sign * term.share
                if term.share:
                    found[reason].add(number)
            rest += sign * term.points
        units.append(own)
        fixed.append(rest)
    free = sorted(
        reason
        for reason, numbers in found.items()
        if len(numbers) >= LEAST_ROWS and len({rows[n].source for n in numbers}) >= LEAST_SOURCES
    )
    if not free or len({row.suspicious for row in rows}) < 2:
        return policy
    prior = np.array([policy.reasons[reason].weight for reason in free])
    offset = np.array(
        [rest - sum(own.get(r, 0.0) * policy.reasons[r].weight for r in free) for own, rest in zip(units, fixed, strict=True)]
    )
    table = np.array([[own.get(reason, 0.0) for reason in free] for own in units]) / POINTS_PER_LOGIT
    labels = [row.suspicious for row in rows]
    sources = [row.source for row in rows]
    weights = balance(labels, sources)
    # an intercept, and the points that stay as they are with a coefficient of exactly 1
    features = np.column_stack([np.ones(len(rows)), offset / POINTS_PER_LOGIT, table])
    fitted = logistic(
        features, labels, weights,
        prior=np.concatenate([[0.0, 1.0], prior]), spread=np.concatenate([[math.inf, 1.0], np.full(len(free), PRIOR_SPREAD)]),
        bounds=[(-math.inf, math.inf), (1.0, 1.0), *((0.0, _cap(policy, reason)) for reason in free)], rows=effective(labels, sources),
    )[2:]  # fmt: skip
    reasons = dict(policy.reasons)
    for reason, weight in zip(free, fitted, strict=True):
        reasons[reason] = replace(reasons[reason], fitted=round(float(weight), 1) + 0.0)
    return replace(policy, reasons=reasons)


def as_judged(policy: Policy) -> Policy:
    """The policy with every weight as judgement set it."""
    return replace(policy, reasons={reason: replace(weight, fitted=None) for reason, weight in policy.reasons.items()})


def _cap(policy: Policy, reason: str) -> float:
    """The most that a reason can give: past it strengths would be told apart no more."""
    group = policy.reasons[reason].group
    return policy.exculpatory_cap if group == EXCULPATORY else policy.groups[group].cap


def effective(labels: Sequence[bool], sources: Sequence[str]) -> float:
    """How many independent rows say as much, since rows of one source are alike: n rows of a source count as n / (1 + (n - 1) · ALIKE) (the
    design effect, Kish 1965), so a source of thousands as ten at most. What is fitted then leans on its prior where sources are few."""
    return sum(n / (1 + (n - 1) * ALIKE) for n in Counter(zip(labels, sources, strict=True)).values())


def fit_calibration(
    scores: Sequence[float],
    labels: Sequence[bool],
    sources: Sequence[str],
    data: str = "",
    *,
    nothing: tuple[float, float] = (0.0, math.inf),
    owners: Sequence[str] | None = None,
) -> Calibration:
    """What scores mean, by Platt's method (1999) with a slope that is never negative, each source alike.

    `nothing` is the prior of the intercept (mean, standard deviation; infinite: none), `owners` who the rows are of where `sources` tells the
    same rows apart by split. Give it scores that the rows' own sources had no part in. Raises ValueError where one label is missing.
    """
    import numpy as np

    if len(set(labels)) < 2:
        raise ValueError("a score is calibrated on suspicious and ordinary rows; one of the two is missing")
    points = np.asarray(scores, float)
    weights = balance(labels, sources)
    intercept, slope = logistic(
        np.column_stack([np.ones(len(points)), points / POINTS_PER_LOGIT]), labels, weights, prior=np.array([nothing[0], 1.0]),
        spread=np.array([nothing[1], 1.0]), bounds=[(-math.inf, math.inf), (0.0, math.inf)], rows=effective(labels, owners or sources) ,
    )  # fmt: skip
    return Calibration(round(float(intercept), 4), round(float(slope) / POINTS_PER_LOGIT, 5), TRAINING_SHARE, data)


def fit_levels(ordinary: Sequence[float], sources: Sequence[str], rates: Rates = RATES, least: Levels = LEAST) -> Levels:
    """The points from which a level holds: the lowest tenth of a point that at most the stated share of ordinary rows reaches, of all with
    each source alike, and of each source by itself that has rows enough to tell. Never below `least`.

    Raises ValueError where there is no ordinary row.
    """
    if not ordinary:
        raise ValueError("levels are set by ordinary rows, and there is none")
    weights = balance([False] * len(ordinary), sources).tolist()
    by: dict[str, list[float]] = defaultdict(list)
    for points, source in zip(ordinary, sources, strict=True):
        by[source].append(points)

    def points_at(rate: float, floor: float) -> float:
        found = [threshold_at(ordinary, rate, weights), *(threshold_at(own, rate) for own in by.values() if len(own) * rate >= 1)]
        return max(floor, math.ceil(max(found) * 10 - 1e-9) / 10)

    note = points_at(rates.note, least.note)
    review = max(note, points_at(rates.review, least.review))
    return Levels(note, review, max(review, points_at(rates.priority, least.priority)))


def fit(
    policy: Policy, rows: Sequence[Labelled], held_out: Sequence[tuple[Sequence[int], Sequence[int]]] = (), *, rates: Rates = RATES,
    data: str = "", groups: Iterable[str] | None = None,
) -> Policy:  # fmt: skip
    """The policy with weights, meaning and levels fitted on the rows.

    `held_out` are splits of the rows (numbers to fit on, numbers to score) by which the meaning of a score and the levels are taken from
    sources that its weights were not fitted on; without any they come from the rows themselves, which flatters.
    """
    fitted = fit_weights(policy, rows, groups=groups)
    points: list[float] = []
    who: list[Labelled] = []
    names: list[str] = []
    if held_out:
        for number, (train, test) in enumerate(held_out):
            own = fit_weights(policy, [rows[i] for i in train], groups=groups)
            for i in test:
                points.append(score(own, rows[i].said).score)
                who.append(rows[i])
                names.append(f"{number} {rows[i].source}")  # each split alike
    else:
        who = list(rows)
        names = [row.source for row in rows]
        points = [score(fitted, row.said).score for row in rows]
    calibration = fit_calibration(points, [row.suspicious for row in who], names, data, nothing=NOTHING, owners=[row.source for row in who])
    plain = [i for i, row in enumerate(who) if not row.suspicious]
    levels = fit_levels([points[i] for i in plain], [who[i].source for i in plain], rates)
    return replace(
        fitted, calibration=calibration, levels=levels, false_positive_rates=replace(rates, data=data or "the rows it was fitted on")
    )


def shown(policy: Policy) -> Mapping[str, Any]:
    """What was fitted, as configs/flags.yml would have it."""
    return {
        "levels": {"note": policy.levels.note, "review": policy.levels.review, "priority": policy.levels.priority},
        "weights": {reason: weight.fitted for reason, weight in sorted(policy.reasons.items()) if weight.fitted is not None},
        "calibration": None if policy.calibration is None else {
            "intercept": policy.calibration.intercept, "slope": policy.calibration.slope, "training_share": policy.calibration.training_share,
        },
    }  # fmt: skip
