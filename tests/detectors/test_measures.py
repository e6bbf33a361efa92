"""Figures against what can be worked out by hand, and fits against data that were made from what they must find."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.contract import done, not_possible
from detectors.evaluation.fit_weights import LEAST, Labelled, as_judged, balance, fit, fit_calibration, fit_levels, fit_weights
from detectors.evaluation.listings import Row
from detectors.evaluation.measures import auc, curve, drawn_again, ece, mixture, precision_at, recall_at, reliability, share, threshold_at
from detectors.evaluation.text import Seen
from detectors.score import EXCULPATORY, Policy, Rates, Said, read_policy, score
from store.config import defaults_folder
from store.words.records import Direction, Finding

POLICY = as_judged(read_policy(defaults_folder() / "flags.yml"))
points = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)


# -- figures -------------------------------------------------------------------------------------------------------------
@given(points, points)
def test_auc_is_the_share_of_pairs_that_are_in_order(right: list[float], wrong: list[float]) -> None:
    said = auc(right, wrong)
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in right for b in wrong]
    assert said and said["rate"] == pytest.approx(sum(pairs) / len(pairs), abs=1e-4)
    assert said["low"] <= said["rate"] <= said["high"]


def test_auc_of_one_side_is_none() -> None:
    assert auc([], [1.0]) is None


@given(points, st.floats(0, 0.5))
def test_a_threshold_lets_no_more_through_than_its_rate(ordinary: list[float], rate: float) -> None:
    least = threshold_at(ordinary, rate)
    assert sum(each >= least for each in ordinary) <= rate * len(ordinary) + 1e-6
    lower = max((each for each in ordinary if each < least), default=None)
    if lower is not None:  # and it is the lowest that does
        assert sum(each >= lower for each in ordinary) > rate * len(ordinary) - 1e-6


def test_found_at_a_rate_counts_ties_against_the_score() -> None:
    assert recall_at([0.0] * 10, [0.0] * 100, 0.01)["rate"] == 0
    assert recall_at([1.0, 0.0], [0.0] * 100, 0.01) == {**share(1, 2)}


def test_precision_follows_bayes_and_its_interval_holds_it() -> None:
    said = precision_at(share(80, 100), share(10, 1000), 0.01)
    assert said["rate"] == pytest.approx(0.8 * 0.01 / (0.8 * 0.01 + 0.01 * 0.99), abs=1e-4)
    assert 0 < said["low"] < said["rate"] < said["high"] < 1
    assert precision_at(share(0, 100), share(0, 100), 0.05)["rate"] is None


def test_nothing_counted_is_none_and_not_zero() -> None:
    assert share(0, 0) == {"found": 0, "of": 0, "rate": None, "low": 0.0, "high": 1.0}


def test_a_mixture_has_the_prevalence_that_was_asked_for() -> None:
    labels = [True] * 3 + [False] * 50
    weights = mixture(labels, 0.2)
    assert weights.sum() == pytest.approx(1) and weights[:3].sum() == pytest.approx(0.2)


def test_a_coin_that_says_what_it_is_has_no_calibration_error_and_a_boaster_has_its_boast() -> None:
    labels = ([True] + [False] * 3) * 100
    honest, boaster = ([said] * len(labels) for said in (0.25, 0.95))
    weights = mixture(labels, 0.25)
    assert ece(reliability(honest, labels, weights)) == pytest.approx(0, abs=1e-9)
    assert ece(reliability(boaster, labels, weights)) == pytest.approx(0.7, abs=1e-4)


def test_a_curve_ends_with_all_found_and_the_prevalence_as_precision() -> None:
    drawn = curve([3.0, 2.0], [1.0, 0.0], 0.05)
    assert drawn[0] == (0.5, 1.0) and drawn[-1] == (1.0, pytest.approx(0.05))


def test_one_seller_tells_nothing_of_others() -> None:
    assert drawn_again([True] * 50, ["a"] * 50) == (0.0, 1.0)
    alike = drawn_again([True] * 50 + [False] * 50, ["a"] * 50 + ["b"] * 50)
    apart = drawn_again([True, False] * 50, [str(i) for i in range(100)])
    assert alike[1] - alike[0] > 2 * (apart[1] - apart[0])


# -- fits ------------------------------------------------------------------------------------------------------------------
def made(truth: dict[str, float], number: int, seed: int = 1) -> list[Labelled]:
    """Rows drawn from weights (in points, 10 to a unit of log odds) over four hundred sources, each reason in three of ten rows."""
    chance = random.Random(seed)
    rows = []
    for n in range(number):
        reasons = [reason for reason in truth if chance.random() < 0.3]
        odds = sum(truth[reason] for reason in reasons) / 10 - 1
        said = tuple(Said(Finding(reason, 1.0, f"It is {reason}."), "m", i) for i, reason in enumerate(reasons))
        rows.append(Labelled(said, chance.random() < 1 / (1 + math.exp(-odds)), f"source {n % 400}"))
    return rows


def test_weights_are_found() -> None:
    fitted = fit_weights(POLICY, made({"dupe": 15.0, "price_far_below": 30.0}, 8000))
    assert fitted.reasons["dupe"].fitted == pytest.approx(15, abs=3)
    assert fitted.reasons["price_far_below"].fitted == pytest.approx(30, abs=3)


def test_what_speaks_against_suspicion_in_the_data_weighs_nothing_and_not_less() -> None:
    assert fit_weights(POLICY, made({"dupe": 15.0, "all_sizes": -30.0}, 8000)).reasons["all_sizes"].fitted == 0


def test_a_reason_without_data_keeps_its_judged_weight() -> None:
    rows = made({"dupe": 15.0}, 2000)
    fitted = fit_weights(POLICY, rows)
    assert {r: w for r, w in fitted.reasons.items() if r != "dupe"} == {r: w for r, w in POLICY.reasons.items() if r != "dupe"}
    one_source = [Labelled(row.said, row.suspicious, "one") for row in rows]
    assert fit_weights(POLICY, one_source) == POLICY, "one source's wording is no evidence of anything but that source"


def test_a_fit_forgets_what_was_fitted_before() -> None:
    rows = made({"dupe": 15.0}, 2000)
    wild = replace(POLICY, reasons={**POLICY.reasons, "dupe": replace(POLICY.reasons["dupe"], fitted=60.0)})
    assert fit_weights(wild, rows) == fit_weights(POLICY, rows), "or the rows that are reported on would come back by way of the prior"


def test_few_sources_move_a_weight_little() -> None:
    rows = made({"dupe": 5.0}, 4000)
    two = [replace(row, source=f"source {n % 2}") for n, row in enumerate(rows)]
    many = [replace(row, source=f"source {n % 400}") for n, row in enumerate(rows)]
    judged = POLICY.reasons["dupe"].weight
    near, far = (judged - (fit_weights(POLICY, own).reasons["dupe"].fitted or 0) for own in (two, many))
    assert 0 < near < far <= judged - 5 + 3


def test_what_speaks_for_a_seller_is_fitted_only_where_asked_for_and_takes_away() -> None:
    chance = random.Random(2)
    rows = []
    for n in range(4000):
        suspicious = n % 2 == 0
        shown = chance.random() < (0.1 if suspicious else 0.4)
        said = (Said(Finding("receipt", 1.0, "It has a receipt.", Direction.exculpatory)),) if shown else ()
        rows.append(Labelled(said, suspicious, f"source {n % 4 // 2}"))
    assert fit_weights(POLICY, rows) == POLICY
    fitted = fit_weights(POLICY, rows, groups=[EXCULPATORY])
    assert (fitted.reasons["receipt"].fitted or 0) > 5
    assert score(fitted, rows[0].said or (Said(Finding("receipt", 1.0, "It has one.", Direction.exculpatory)),)).score <= 0


def test_a_large_source_does_not_outvote_a_small_one() -> None:
    labels = [True] * 10 + [True] * 1000 + [False] * 5
    weights = balance(labels, ["small"] * 10 + ["large"] * 1000 + ["other"] * 5)
    assert weights[:10].sum() == pytest.approx(0.25) and weights[10:1010].sum() == pytest.approx(0.25)
    assert weights[1010:].sum() == pytest.approx(0.5)


def test_a_meaning_is_found_and_never_falls_with_the_score() -> None:
    chance = random.Random(3)
    scores = [chance.uniform(0, 60) for _ in range(20000)]
    labels = [chance.random() < 1 / (1 + math.exp(-(0.08 * s - 2.4))) for s in scores]
    fitted = fit_calibration(scores, labels, ["one"] * len(scores))
    share_of_yes = sum(labels) / len(labels)
    assert fitted.slope == pytest.approx(0.08, abs=0.005)
    assert fitted.probability(30, share_of_yes) == pytest.approx(0.5, abs=0.02)
    assert fit_calibration(scores, [not label for label in labels], ["one"] * len(scores)).slope == 0
    with pytest.raises(ValueError, match="missing"):
        fit_calibration([1.0], [True], ["a"])


def test_levels_keep_their_stated_rates_on_each_source_and_never_fall_below_the_least() -> None:
    chance = random.Random(4)
    quiet, loud = [chance.uniform(0, 30) for _ in range(2000)], [chance.uniform(0, 90) for _ in range(2000)]
    rates = Rates(0.05, 0.01, 0.001, "invented")
    levels = fit_levels([*quiet, *loud], ["quiet"] * 2000 + ["loud"] * 2000, rates)
    for points, rate in ((levels.note, 0.05), (levels.review, 0.01), (levels.priority, 0.001)):
        assert sum(each >= points for each in loud) <= rate * 2000
    assert levels.note > 80 and levels.note < levels.review < levels.priority
    assert fit_levels([0.0] * 100, ["one"] * 100) == LEAST
    with pytest.raises(ValueError, match="ordinary"):
        fit_levels([], [])


def test_a_fit_states_its_rates_and_what_it_was_fitted_on() -> None:
    rows = made({"dupe": 25.0, "price_far_below": 25.0}, 2000)
    half = (list(range(0, 2000, 2)), list(range(1, 2000, 2)))
    fitted = fit(POLICY, rows, [half, half[::-1]], data="invented rows")
    assert isinstance(fitted, Policy) and fitted.calibration and fitted.false_positive_rates
    assert fitted.calibration.data == fitted.false_positive_rates.data == "invented rows"
    assert fitted.calibration.slope == pytest.approx(0.1, abs=0.03), "ten points are a unit of log odds"


def test_what_a_model_said_of_a_row_out_of_fold_is_not_heard_where_the_detector_cannot_read_it() -> None:
    heard = {"text_model": done(1, [Finding("text_model", 0.9, "worded alike")])}
    unable, silent = not_possible(1, "too few words"), done(1)
    assert [said.finding.score for said in Seen(Row("1"), {"text_model": silent}).said(instead=heard)] == [0.9]
    assert Seen(Row("1"), {"text_model": unable}).said(instead=heard) == ()
