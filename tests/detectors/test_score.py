"""The score: contributions that sum, in any order, capped by group; priority never by one group alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.score import EXCULPATORY, Policy, Said, method_of, policy_of, read_policy, score
from store.config import defaults_folder
from store.errors import TouchstoneError
from store.words.records import Direction, Finding, Level, Method, SubjectKind

POLICY = read_policy(defaults_folder() / "flags.yml")
REASONS = [*POLICY.reasons, "a_reason_nobody_named"]

said = st.builds(
    Said,
    st.builds(
        Finding, st.sampled_from(REASONS), st.floats(0, 1), st.sampled_from(["It says so.", "It says this."]), st.sampled_from(Direction)
    ),
    st.sampled_from(["m1", "m2"]),
    st.integers(1, 50),
    st.just(SubjectKind.picture),
    st.integers(1, 3),
)


def found(reason: str, strength: float = 1.0, direction: Direction = Direction.suspicious, row: int = 1, subject: int = 1) -> Said:
    return Said(Finding(reason, strength, f"It is {reason}.", direction), "m", row, SubjectKind.picture, subject)


@given(st.lists(said, max_size=25))
def test_contributions_sum_to_the_score(findings: list[Said]) -> None:
    scored = score(POLICY, findings)
    assert abs(sum(c.points for c in scored.contributions) - scored.score) < 1e-6
    assert len(scored.contributions) == len(findings), "what weighs nothing is shown too"


@given(st.lists(said, max_size=25), st.randoms())
def test_the_order_of_findings_does_not_matter(findings: list[Said], chance: random.Random) -> None:
    shuffled = list(findings)
    chance.shuffle(shuffled)
    assert score(POLICY, shuffled) == score(POLICY, findings)


@given(st.lists(said, max_size=40))
def test_priority_needs_two_groups_and_no_group_passes_its_cap(findings: list[Said]) -> None:
    scored = score(POLICY, findings)
    groups: dict[str, float] = {}
    for c in scored.contributions:
        weight = POLICY.weight(c.reason)
        if c.points > 0 and weight.group == EXCULPATORY:  # a seller's excuse that some detector holds against it
            weight = POLICY.otherwise
        groups[weight.group] = groups.get(weight.group, 0) + max(c.points, 0)
    if scored.level is Level.priority:
        assert sum(points >= POLICY.counts_from - 1e-3 for name, points in groups.items() if name != EXCULPATORY) >= 2
    assert sum(c.points for c in scored.contributions if c.points < 0) >= -POLICY.exculpatory_cap - 1e-3


@pytest.mark.parametrize("group", POLICY.groups)
def test_everything_that_one_group_has_does_not_make_priority(group: str) -> None:
    findings = [found(reason, row=i) for i, (reason, weight) in enumerate(POLICY.reasons.items()) if weight.group == group] * 3
    assert score(POLICY, findings).level is not Level.priority


def test_many_findings_of_one_reason_count_less_and_less() -> None:
    one, ten = (score(POLICY, [found("dupe", row=i) for i in range(n)]).score for n in (1, 10))
    assert one == 30 and one < ten < 2 * one


def test_a_second_group_makes_priority() -> None:
    strong = [found("replica_word"), found("mirror_quality")]
    assert score(POLICY, strong).level is Level.review
    assert score(POLICY, [*strong, found("price_far_below")]).level is Level.priority


def test_what_speaks_for_a_seller_takes_away_and_never_by_default() -> None:
    alone = score(POLICY, [found("reps")])
    helped = score(POLICY, [found("reps"), found("receipt", direction=Direction.exculpatory)])
    unknown = score(POLICY, [found("reps"), found("a_reason_nobody_named", direction=Direction.exculpatory)])
    assert helped.score == alone.score - 6 and unknown.score == alone.score


def test_a_shared_picture_is_cancelled_by_an_official_one_of_the_same_picture_only() -> None:
    official = found("official_picture", 0.0, Direction.exculpatory, subject=1)
    assert score(POLICY, [found("shared_picture", subject=1), official]).score == 0
    assert score(POLICY, [found("shared_picture", subject=2), official]).score == 25


def test_a_kept_scorer_gives_its_policy_back() -> None:
    import json

    method = method_of(POLICY)
    kept = Method("scorer", method.name, method.version, json.loads(json.dumps(method.settings)))
    assert kept.digest == method.digest and policy_of(kept.settings) == POLICY


@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        ("priority_groups: 2", "priority_groups: 1", "no indicator alone may reach priority"),
        ("weight: 40", "weight: -4", "a weight is not negative"),
        ("group: price,", "group: prise,", "there is no group 'prise'"),
        ("review: 30", "review: 300", "levels rise"),
        ("exculpatory_cap", "exculpatory_gap", "did you mean 'exculpatory_cap'"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path, was: str, now: str, problem: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "flags.yml"
    path.write_text((defaults_folder() / "flags.yml").read_text().replace(was, now, 1))
    with pytest.raises(TouchstoneError, match=problem):
        read_policy(path)


def test_the_policy_holds_no_reason_twice_in_two_groups() -> None:
    assert isinstance(POLICY, Policy) and replace(POLICY) == POLICY
