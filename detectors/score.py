"""Weighs a listing's findings: points that add up, each with its reason, and the level they come to. configs/flags.yml
is the policy.

The same findings in any order give the same answer to the last bit. Nothing that was not examined weighs anything.
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
VERSION = "1"
EXCULPATORY = "exculpatory"


@dataclass(frozen=True, slots=True)
class Group:
    """Reasons of one kind, and the most that they may give together."""

    title: str
    cap: float


@dataclass(frozen=True, slots=True)
class Weight:
    group: str
    weight: float

    def __post_init__(self) -> None:
        if self.weight < 0:
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

    def __post_init__(self) -> None:
        if self.priority_groups < 2:
            raise ValueError("priority_groups: no indicator alone may reach priority, so it is at least 2")
        if self.counts_from <= 0:
            raise ValueError("counts_from is above 0: a group that gave nothing is no second group")
        for reason, weight in {**self.reasons, "otherwise": self.otherwise}.items():
            if weight.group not in self.groups and weight.group != EXCULPATORY:
                raise ValueError(f"{reason}: there is no group '{weight.group}'")

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
    return Policy(
        Levels(**settings["levels"]),
        {name: Group(**group) for name, group in settings["groups"].items()},
        {name: Weight(**weight) for name, weight in settings["reasons"].items()},
        Weight(**settings["otherwise"]),
        {name: tuple(others) for name, others in settings["cancels"].items()},
        settings["priority_groups"], settings["counts_from"], settings["exculpatory_cap"],
    )  # fmt: skip


def score(policy: Policy, findings: Iterable[Said]) -> Scored:
    """The findings' points under the policy. Contributions sum to the score; priority needs two groups."""
    ordered = sorted(findings, key=_order)
    groups: dict[str, list[tuple[Said, float, bool]]] = defaultdict(list)
    for said, halves, cancelled in _ranked(ordered, _cancelled(policy, ordered)):
        weight = policy.weight(said.finding.reason)
        exculpatory = said.finding.direction is Direction.exculpatory
        if exculpatory and weight.group != EXCULPATORY:
            weight = Weight(EXCULPATORY, 0.0)  # a weight for what speaks for a seller is set on purpose, never by default
        elif not exculpatory and weight.group == EXCULPATORY:
            weight = policy.otherwise
        points = 0.0 if cancelled else weight.weight * said.finding.score * 0.5**halves
        groups[weight.group].append((said, points, cancelled))
    contributions: list[Contribution] = []
    totals: dict[str, float] = {}
    for name in sorted(groups):
        cap, sign = (policy.exculpatory_cap, -1.0) if name == EXCULPATORY else (policy.groups[name].cap, 1.0)
        whole = math.fsum(points for _, points, _ in groups[name])
        share = cap / whole if whole > cap else 1.0
        for said, points, cancelled in groups[name]:
            note = " Not counted: the picture is everybody's." if cancelled else ""
            given = round(sign * points * share, 6) + 0.0  # no negative zero
            contributions.append(Contribution(said.finding.reason, given, said.finding.sentence + note, said.method, said.row))
        totals[name] = whole * share
    contributions.sort(key=lambda c: (-abs(c.points), c.reason, c.sentence, c.method, c.finding))
    total = round(math.fsum(c.points for c in contributions), 6) + 0.0
    return Scored(_level(policy, total, totals), total, tuple(contributions))


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
    """Whether another finding of the same subject takes a finding's meaning away."""
    reasons: dict[tuple[SubjectKind, int], set[str]] = defaultdict(set)
    for said in findings:
        reasons[said.subject_kind, said.subject].add(said.finding.reason)
    return [bool(reasons[said.subject_kind, said.subject] & set(policy.cancels.get(said.finding.reason, ()))) for said in findings]


def _level(policy: Policy, total: float, groups: Mapping[str, float]) -> Level:
    counting = sum(points >= policy.counts_from for name, points in groups.items() if name != EXCULPATORY)
    if total >= policy.levels.priority and counting >= policy.priority_groups:
        return Level.priority
    if total >= policy.levels.review:
        return Level.review
    return Level.note if total >= policy.levels.note else Level.none
