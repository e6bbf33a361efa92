"""Cohen's κ with the interval of Fleiss, Cohen and Everitt (1969): held against a published table, and against a variance that is worked out another way."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime

import pytest

from casework.agreement import Agreement, agreement, agreements, kappa, unlike
from store.second import Pair
from store.words.records import Judgement, SubjectKind, Verdict

YES, NO, UNSURE = Verdict.yes, Verdict.no, Verdict.unsure
# Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. 2003, table 18.1: 100 subjects, three categories
PUBLISHED = [[0.75, 0.01, 0.04], [0.05, 0.04, 0.01], [0.00, 0.00, 0.10]]


def value(p: list[list[float]]) -> float:
    k = range(len(p))
    observed = sum(p[i][i] for i in k)
    chance = sum(sum(p[i]) * sum(row[i] for row in p) for i in k)
    return (observed - chance) / (1 - chance)


def by_the_delta_method(p: list[list[float]], n: int) -> float:
    """The standard error again, from nothing but κ itself: its slope in each cell, and the covariance of a multinomial."""
    step, slopes = 1e-6, []
    for i in range(len(p)):
        for j in range(len(p)):
            up, down = ([[x + d * (a == i and b == j) for b, x in enumerate(row)] for a, row in enumerate(p)] for d in (step, -step))
            slopes.append((p[i][j], (value(up) - value(down)) / (2 * step)))
    mean = sum(x * slope for x, slope in slopes)
    return math.sqrt((sum(x * slope**2 for x, slope in slopes) - mean**2) / n)


def test_kappa_and_its_error_are_those_of_the_published_table() -> None:
    found = kappa(PUBLISHED, 100)
    assert found is not None
    assert found[0] == pytest.approx(0.676, abs=0.0005) and found[1] == pytest.approx(by_the_delta_method(PUBLISHED, 100), rel=1e-5)


def test_the_formula_agrees_with_the_slope_of_kappa_on_a_thousand_tables() -> None:
    dice = random.Random(8)
    for _ in range(1000):
        cells = [[dice.random() ** 2 for _ in range(3)] for _ in range(3)]
        whole = sum(map(sum, cells))
        p = [[x / whole for x in row] for row in cells]
        found = kappa(p, 57)
        assert found == pytest.approx((value(p), by_the_delta_method(p, 57)), rel=1e-4)


def test_the_interval_covers_the_true_kappa_about_as_often_as_it_says() -> None:
    dice, hits, rounds, n = random.Random(1969), 0, 400, 150
    cells = [(a, b, PUBLISHED[i][j]) for i, a in enumerate((YES, NO, UNSURE)) for j, b in enumerate((YES, NO, UNSURE))]
    for _ in range(rounds):
        drawn = dice.choices([(a, b) for a, b, _ in cells], [w for *_, w in cells], k=n)
        found = agreement("x", drawn)
        assert found.interval is not None
        hits += found.interval[0] <= 0.676 <= found.interval[1]
    assert 0.91 <= hits / rounds <= 0.98


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([], "no listing was judged by a second person yet"),
        ([(YES, YES)] * 9, "both said yes of all 9, so that agreeing by chance"),
    ],
)
def test_where_kappa_is_undefined_it_is_not_computed_and_a_sentence_says_why(said: list[tuple[Verdict, Verdict]], sentence: str) -> None:
    found = agreement("x", said)
    assert (found.kappa, found.interval) == (None, None) and found.sentence.startswith("Not computable:") and sentence in found.sentence


def test_that_all_agree_is_given_without_an_interval_and_few_are_said_to_be_few() -> None:
    whole = agreement("x", [(YES, YES)] * 40 + [(NO, NO)] * 40)
    assert (whole.kappa, whole.interval, whole.agreed) == (1.0, None, 1.0) and "no proof that they always would" in whole.sentence
    few = agreement("x", [(YES, YES), (NO, NO), (YES, NO), (UNSURE, NO)])
    assert few.interval is not None and -1 <= few.interval[0] < few.interval[1] <= 1 and "the interval is rough" in few.sentence
    assert few.table == {
        "yes": {"yes": 1, "no": 1, "unsure": 0},
        "no": {"yes": 0, "no": 1, "unsure": 0},
        "unsure": {"yes": 0, "no": 1, "unsure": 0},
    }
    assert few.n == 4


def pair(number: int, first: str, a: Verdict, second: str, b: Verdict, third: bool = False) -> Pair:
    def said(n: int, who: str, verdict: Verdict) -> Judgement:
        return Judgement(n, SubjectKind.listing, number, verdict, who, "seen", datetime.now(UTC))

    return Pair(said(2 * number, first, a), said(2 * number + 1, second, b), third)


def test_it_is_told_over_all_and_between_each_two_whoever_was_first() -> None:
    pairs = [
        pair(1, "ann", YES, "bea", NO),
        pair(2, "bea", NO, "ann", YES),
        pair(3, "ann", YES, "cy", YES, True),
        pair(4, "cy", NO, "ann", UNSURE, True),
    ]
    every, *each = agreements(pairs)
    assert (every.n, every.table["yes"]["no"], every.table["no"]["yes"]) == (4, 1, 1)
    assert [(x.who, x.n) for x in each] == [("ann and bea", 2), ("ann and cy", 2)] and isinstance(each[0], Agreement)
    assert each[0].table["yes"]["no"] == 2, "ann's verdicts are the rows, also where she was second"
    assert [p.second.subject for p in unlike(pairs)] == [1, 2]
    assert [p.second.subject for p in unlike(pairs, settled=True)] == [1, 2, 4]
