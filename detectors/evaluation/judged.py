"""What people said of flags: how many of those at each level they confirmed, reason by reason, and whether a score means what it says.

Only what somebody judged is in it, and people judge what was flagged: of what the scanner misses these figures say nothing. Listings of one
seller are alike, so intervals are also given with whole sellers drawn again, and a meaning is fitted on other sellers than those reported on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detectors.evaluation.fit_weights import fit_calibration
from detectors.evaluation.listings import ORDINARY, SUSPICIOUS, Row, parts
from detectors.evaluation.measures import auc, drawn_again, ece, mixture, reliability, share
from detectors.evaluation.weighing import LEVELS
from detectors.score import Calibration
from store.words.records import Flag, Level, Verdict

ENOUGH = 100  # judgements of a kind below which intervals are wide, and that is said


@dataclass(frozen=True, slots=True)
class Judged:
    """A flag, what was said of it, and whose listing it was ("" where that is not known)."""

    flag: Flag
    verdict: Verdict
    seller: str


def measure(judged: Sequence[Judged], calibration: Calibration | None = None) -> dict[str, Any]:
    """The figures, as a report for programs. "Unsure" is counted and takes part in nothing else."""
    verdicts = Counter(str(each.verdict) for each in judged)
    clear = sorted((each for each in judged if each.verdict is not Verdict.unsure), key=lambda each: each.flag.listing)
    yes = [each.flag.score for each in clear if each.verdict is Verdict.yes]
    no = [each.flag.score for each in clear if each.verdict is Verdict.no]
    few = [name for name, own in (("yes", yes), ("no", no)) if len(own) < ENOUGH]
    return {
        "judged": len(judged), "verdicts": {str(v): verdicts[str(v)] for v in Verdict if v is not Verdict.undone}, "sellers": len({each.seller for each in clear if each.seller}),
        "few": f"fewer than {ENOUGH} judgements say {' and fewer say '.join(few)}: the intervals are wide, and nothing should be concluded from the rates alone" if few else "",
        "at_or_above": {str(level): _confirmed([each for each in clear if _reaches(each.flag.level, level)]) for level in LEVELS},
        "at": {str(level): _confirmed([each for each in clear if each.flag.level is level]) for level in Level},
        "reasons": {reason: _confirmed(own) for reason, own in _by_reason(clear)},
        "auc": auc(yes, no), "meaning": _meaning(clear, calibration),
    }  # fmt: skip


def _reaches(level: Level, least: Level) -> bool:
    return level in LEVELS and LEVELS.index(level) >= LEVELS.index(least)


def _confirmed(own: Sequence[Judged]) -> dict[str, Any]:
    """The share that was said yes to, and its interval with whole sellers drawn again (a seller not known stands alone)."""
    said = [each.verdict is Verdict.yes for each in own]
    low, high = drawn_again(said, [each.seller or f"listing {each.flag.listing}" for each in own])
    return {**share(sum(said), len(said)), "low_by_seller": low, "high_by_seller": high}


def _by_reason(clear: Sequence[Judged]) -> list[tuple[str, list[Judged]]]:
    by: dict[str, list[Judged]] = defaultdict(list)
    for each in clear:
        for reason in {c.reason for c in each.flag.contributions if c.points}:
            by[reason].append(each)
    return sorted(by.items())


def _meaning(clear: Sequence[Judged], calibration: Calibration | None) -> dict[str, Any] | None:
    """The expected calibration error on held-out sellers, of the meaning as configured and of one fitted on the other sellers' judgements,
    each told the share of yes among the others. None where there are too few sellers to hold any out."""
    rows = [
        Row(str(n), seller=each.seller or f"listing {each.flag.listing}", label=SUSPICIOUS if each.verdict is Verdict.yes else ORDINARY)
        for n, each in enumerate(clear)
    ]
    try:
        folds = list(parts(rows, {row.key: row.seller for row in rows}))
    except ValueError:
        return None
    said: dict[str, list[float]] = {"configured": [], "fitted": []}
    labels: list[bool] = []
    for fold in folds:
        others = [clear[int(row.id)] for row in fold.train]
        yes = [each.verdict is Verdict.yes for each in others]
        fitted = fit_calibration([each.flag.score for each in others], yes, [row.seller for row in fold.train])
        prevalence = sum(yes) / len(yes)
        for row in fold.test:
            labels.append(row.suspicious)
            points = clear[int(row.id)].flag.score
            said["fitted"].append(fitted.probability(points, prevalence))
            if calibration:
                said["configured"].append(calibration.probability(points, prevalence))
    if not labels:
        return None
    weights = mixture(labels, sum(labels) / len(labels))
    out = {name: ece(reliability(own, labels, weights)) for name, own in said.items() if own}
    return {"held_out_parts": len(folds), "share_of_yes": round(sum(labels) / len(labels), 4), "ece": out}
