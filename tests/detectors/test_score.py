"""The score: contributions that sum, in any order, capped by group; priority never by one group alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.score import EXCULPATORY, Calibration, Group, Policy, Said, Weight, method_of, policy_of, read_policy, score
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
        ("review: ", "review: 3", "levels rise"),
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


# -- what a further finding may do ---------------------------------------------------------------------------------------
@given(st.lists(said, max_size=20), said)
def test_a_suspicious_finding_never_lowers_and_one_for_the_seller_never_raises(findings: list[Said], more: Said) -> None:
    before, after = score(POLICY, findings), score(POLICY, [*findings, more])
    levels = list(Level)
    if more.finding.direction is Direction.suspicious:
        assert after.score >= before.score and levels.index(after.level) >= levels.index(before.level)
    else:
        assert after.score <= before.score and levels.index(after.level) <= levels.index(before.level)


@given(st.lists(said, max_size=20), said, st.floats(0, 1))
def test_a_stronger_finding_never_weighs_less(findings: list[Said], one: Said, stronger: float) -> None:
    weak, strong = sorted((one.finding.score, stronger))
    scores = [score(POLICY, [*findings, replace(one, finding=replace(one.finding, score=strength))]).score for strength in (weak, strong)]
    assert scores == sorted(scores, reverse=one.finding.direction is Direction.exculpatory)


@pytest.mark.parametrize("reason", [reason for reason, weight in POLICY.reasons.items() if weight.group == "price"])
def test_a_price_clears_nobody(reason: str) -> None:
    alone = score(POLICY, [found("reps")])
    assert score(POLICY, [found("reps"), found(reason, direction=Direction.exculpatory)]).score == alone.score


def test_what_was_not_examined_has_no_contribution_and_what_weighs_nothing_has_one_of_zero() -> None:
    assert score(POLICY, []).contributions == ()
    [neutral] = score(POLICY, [found("says_authentic", 0.0)]).contributions
    assert neutral.points == 0 and neutral.sentence


def test_only_what_speaks_for_a_seller_takes_a_meaning_away() -> None:
    against = found("official_picture", 0.0, Direction.suspicious)
    assert score(POLICY, [found("shared_picture"), against]).score == 25


ECHO = replace(
    POLICY,
    groups={**POLICY.groups, "echo": Group("an echo", 45, ("admission",))},
    reasons={**POLICY.reasons, "echoed": Weight("echo", 40)},
)


def test_a_group_that_echoes_another_is_no_second_group_beside_it() -> None:
    first = [found("replica_word"), found("mirror_quality"), found("echoed")]
    assert score(ECHO, first).score >= ECHO.levels.priority and score(ECHO, first).level is Level.review
    assert score(ECHO, [found("echoed"), found("price_far_below")]).level is Level.priority
    assert score(ECHO, [*first, found("price_far_below")]).level is Level.priority


def test_the_same_findings_give_the_same_bytes_in_another_process() -> None:
    """A hash that is salted by process would order a set otherwise."""
    script = (
        "import dataclasses, json; from detectors.score import *; from store.config import defaults_folder\n"
        "policy = read_policy(defaults_folder() / 'flags.yml')\n"
        "said = [Said(Finding(reason, 0.7, reason + '.'), 'm', 1) for reason in set(policy.reasons)]\n"
        "print(json.dumps(dataclasses.asdict(score(policy, said))))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1 and said.pop().strip()


# -- what a score means -----------------------------------------------------------------------------------------------------
MEANING = Calibration(intercept=-1.0, slope=0.1, training_share=0.5, data="invented")


def test_a_score_means_more_where_more_is_suspicious() -> None:
    assert MEANING.probability(10, 0.5) == 0.5
    shares = [MEANING.probability(30, prevalence) for prevalence in (0.01, 0.05, 0.2)]
    assert shares == sorted(shares)
    # the odds are those of the prevalence times the likelihood ratio of the score, which no prevalence changes
    odds = [p / (1 - p) / (prior / (1 - prior)) for p, prior in zip(shares, (0.01, 0.05, 0.2), strict=True)]
    assert max(odds) - min(odds) < 1e-9


@given(st.floats(-100, 10_000), st.floats(-100, 10_000), st.floats(0.001, 0.999))
def test_a_higher_score_is_never_less_likely(one: float, other: float, prevalence: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= MEANING.probability(low, prevalence) <= MEANING.probability(high, prevalence) <= 1


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, 2.0])
def test_a_prevalence_of_none_or_of_all_is_refused(prevalence: float) -> None:
    with pytest.raises(ValueError, match="prevalence"):
        MEANING.probability(10, prevalence)
