"""Weighs a listing's findings: points that add up, each with its reason, and the level they come to. configs/flags.yml
is the policy.

The same findings in any order give the same answer to the last bit. Nothing that was not examined weighs anything: it has no
contribution at all, which is another thing than one of 0. A suspicious finding never lowers the score or the level, and one that speaks
for the seller never raises them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from store.strict import load
from store.words.records import Contribution, Direction, Finding, Level, Method, SubjectKind

NAME = "additive"
VERSION = "2"
EXCULPATORY = "exculpatory"
PLACES = 6  # decimal places of points


@dataclass(frozen=True, slots=True)
class Group:
    """Reasons of one kind, and the most that they may give together. `echoes` names groups that rest on the same words: beside one of
    these that counts it is no further group."""

    title: str
    cap: float
    echoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """The points of a reason at full strength: `weight` as judged, `fitted` as data have it, which goes before."""

    group: str
    weight: float
    fitted: float | None = None

    @property
    def points(self) -> float:
        return self.weight if self.fitted is None else self.fitted

    def __post_init__(self) -> None:
        if self.weight < 0 or (self.fitted or 0) < 0:
            raise ValueError("a weight is not negative; what speaks for a seller is in the group 'exculpatory'")


@dataclass(frozen=True, slots=True)
class Levels:
    note: float
    review: float
    priority: float

    def __post_init__(self) -> None:
        if not 0 < self.note <= self.review <= self.priority:
            raise ValueError("levels rise from note to review to priority, and note is above 0")


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of ordinary listings that each level is meant to take by mistake; what its points were set by, and on what data."""

    note: float
    review: float
    priority: float
    data: str

    def __post_init__(self) -> None:
        if not 1 > self.note >= self.review >= self.priority > 0:
            raise ValueError("false_positive_rates fall from note to review to priority, between 0 and 1")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a score means: logit(p) = intercept + slope · score + logit(prevalence) − logit(training_share).

    A prior shift (Elkan, IJCAI 2001): the likelihood ratio of a score is taken from the data, how common suspicious listings are from
    whoever asks. `data` says what it was fitted on.
    """

    intercept: float
    slope: float
    training_share: float
    data: str

    def __post_init__(self) -> None:
        if self.slope < 0:
            raise ValueError("calibration: a slope below 0 would call a higher score less likely")
        if not 0 < self.training_share < 1:
            raise ValueError("calibration: training_share lies between 0 and 1")

    def probability(self, score: float, prevalence: float) -> float:
        """How many of a hundred listings with that score are suspicious, as a share, where `prevalence` (0 to 1, both excluded) are."""
        if not 0 < prevalence < 1:
            raise ValueError(f"a prevalence lies between 0 and 1, and {prevalence} does not")
        from scipy.special import expit, logit

        return float(expit(self.intercept + self.slope * score + logit(prevalence) - logit(self.training_share)))


@dataclass(frozen=True, slots=True)
class Policy:
    """What configs/flags.yml says."""

    levels: Levels
    groups: Mapping[str, Group]
    reasons: Mapping[str, Weight]
    otherwise: Weight
    cancels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    priority_groups: int = 2
    counts_from: float = 10.0
    exculpatory_cap: float = 15.0
    false_positive_rates: Rates | None = None
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        if self.priority_groups < 2:
            raise ValueError("priority_groups: no indicator alone may reach priority, so it is at least 2")
        if self.counts_from <= 0:
            raise ValueError("counts_from is above 0: a group that gave nothing is no second group")
        for reason, weight in {**self.reasons, "otherwise": self.otherwise}.items():
            if weight.group not in self.groups and weight.group != EXCULPATORY:
                raise ValueError(f"{reason}: there is no group '{weight.group}'")
        for name, group in self.groups.items():
            if strange := sorted(set(group.echoes) - set(self.groups)):
                raise ValueError(f"{name}: echoes: there is no group '{strange[0]}'")

    def weight(self, reason: str) -> Weight:
        return self.reasons.get(reason, self.otherwise)


@dataclass(frozen=True, slots=True)
class Said:
    """A finding with where it stands: its row, the digest of its method, its subject."""

    finding: Finding
    method: str = ""
    row: int = 0
    subject_kind: SubjectKind = SubjectKind.snapshot
    subject: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """The sum, its addends (strongest first) and the level."""

    level: Level
    score: float
    contributions: tuple[Contribution, ...]


def read_policy(path: Path) -> Policy:
    return load(path, Policy)


def method_of(policy: Policy) -> Method:
    """The scorer that this policy makes: its digest is the policy of a flag."""
    return Method("scorer", NAME, VERSION, settings=asdict(policy))


def policy_of(settings: Mapping[str, Any]) -> Policy:
    """The policy that a kept scorer was made of."""
    rates, calibration = settings["false_positive_rates"], settings["calibration"]
    return Policy(
        Levels(**settings["levels"]),
        {name: Group(group["title"], group["cap"], tuple(group["echoes"])) for name, group in settings["groups"].items()},
        {name: Weight(**weight) for name, weight in settings["reasons"].items()},
        Weight(**settings["otherwise"]),
        {name: tuple(others) for name, others in settings["cancels"].items()},
        settings["priority_groups"], settings["counts_from"], settings["exculpatory_cap"],
        Rates(**rates) if rates else None, Calibration(**calibration) if calibration else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """A finding before its weight: the weight that it has, its share of full strength, its sign, and whether it was cancelled."""

    said: Said
    weight: Weight
    share: float
    cancelled: bool

    @property
    def points(self) -> float:
        return 0.0 if self.cancelled else self.weight.points * self.share


def terms(policy: Policy, findings: Iterable[Said]) -> list[Term]:
    """Each finding with its weight, in the one order that the score adds them up in, whatever order they came in."""
    ordered = sorted(findings, key=_order)
    out = []
    for said, halves, cancelled in _ranked(ordered, _cancelled(policy, ordered)):
        weight = policy.weight(said.finding.reason)
        exculpatory = said.finding.direction is Direction.exculpatory
        if exculpatory and weight.group != EXCULPATORY:
            weight = Weight(EXCULPATORY, 0.0)  # a weight for what speaks for a seller is set on purpose, never by default
        elif not exculpatory and weight.group == EXCULPATORY:
            weight = policy.otherwise
        out.append(Term(said, weight, said.finding.score * 0.5**halves, cancelled))
    return out


def score(policy: Policy, findings: Iterable[Said]) -> Scored:
    """The findings' points under the policy. Contributions sum to the score; priority needs two groups."""
    groups: dict[str, list[Term]] = defaultdict(list)
    for term in terms(policy, findings):
        groups[term.weight.group].append(term)
    contributions: list[Contribution] = []
    totals: dict[str, float] = {}
    for name in sorted(groups):
        cap, sign = (policy.exculpatory_cap, -1.0) if name == EXCULPATORY else (policy.groups[name].cap, 1.0)
        whole = math.fsum(term.points for term in groups[name])
        totals[name] = round(min(whole, cap), PLACES)
        for term, points in zip(groups[name], _rounded([t.points for t in groups[name]], whole, totals[name]), strict=True):
            note = " Not counted: the picture is everybody's." if term.cancelled else ""
            finding = term.said.finding
            given = sign * points + 0.0  # no negative zero
            contributions.append(Contribution(finding.reason, given, finding.sentence + note, term.said.method, term.said.row))
    contributions.sort(key=lambda c: (-abs(c.points), c.reason, c.sentence, c.method, c.finding))
    total = round(math.fsum(-points if name == EXCULPATORY else points for name, points in totals.items()), PLACES) + 0.0
    return Scored(_level(policy, total, totals), total, tuple(contributions))


def _rounded(points: Sequence[float], whole: float, total: float) -> list[float]:
    """The points scaled to their group's total and rounded so that they sum to it: the largest takes what rounding leaves, so that one
    finding more never makes the sum a millionth less."""
    if not whole:
        return [0.0] * len(points)
    out = [round(each * min(1.0, total / whole), PLACES) for each in points]
    largest = max(range(len(out)), key=out.__getitem__)
    out[largest] = round(total - math.fsum(each for i, each in enumerate(out) if i != largest), PLACES)
    return out


def _order(said: Said) -> tuple[Any, ...]:
    return (
        said.finding.reason,
        -said.finding.score,
        said.finding.digest,
        said.method,
        str(said.subject_kind),
        said.subject,
        said.row,
    )


def _ranked(ordered: Sequence[Said], cancelled: Sequence[bool]) -> Iterator[tuple[Said, int, bool]]:
    """Each finding, how many of its reason count before it, and whether it counts for nothing; such take no place."""
    counts: dict[tuple[str, Direction], int] = defaultdict(int)
    for said, nothing in zip(ordered, cancelled, strict=True):
        key = (said.finding.reason, said.finding.direction)
        yield said, counts[key], nothing
        counts[key] += not nothing


def _cancelled(policy: Policy, findings: Sequence[Said]) -> list[bool]:
    """Whether another finding of the same subject takes a finding's meaning away: only what speaks for a seller takes, and only from
    what speaks against one."""
    reasons: dict[tuple[SubjectKind, int], set[str]] = defaultdict(set)
    for said in findings:
        if said.finding.direction is Direction.exculpatory:
            reasons[said.subject_kind, said.subject].add(said.finding.reason)
    return [
        said.finding.direction is Direction.suspicious
        and bool(reasons[said.subject_kind, said.subject] & set(policy.cancels.get(said.finding.reason, ())))
        for said in findings
    ]


def _level(policy: Policy, total: float, groups: Mapping[str, float]) -> Level:
    counting = {name for name, points in groups.items() if name != EXCULPATORY and points >= policy.counts_from}
    apart = sum(not counting & set(policy.groups[name].echoes) for name in counting)
    if total >= policy.levels.priority and apart >= policy.priority_groups:
        return Level.priority
    if total >= policy.levels.review:
        return Level.review
    return Level.note if total >= policy.levels.note else Level.none
