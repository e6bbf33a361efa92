"""`touchstone evaluate score`: what people said of flags, with intervals that few judgements make wide."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from casework import flags, judgements
from casework.cli import app
from detectors.evaluation.judged import Judged, measure
from detectors.score import Calibration
from store.words.records import Actor, Contribution, Flag, Level, Verdict
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures


def judged(number: int, level: Level, verdict: Verdict, seller: str, score: float = 0.0, reason: str = "dupe") -> Judged:
    flag = Flag(None, number, "policy", f"findings {number}", level, score, (Contribution(reason, score, "It says so.", "m", 1),))
    return Judged(flag, verdict, seller)


def test_shares_are_of_what_was_judged_and_unsure_takes_no_part() -> None:
    said = measure([
        judged(1, Level.priority, Verdict.yes, "a", 80), judged(2, Level.review, Verdict.no, "b", 40), judged(3, Level.review, Verdict.yes, "c", 45),
        judged(4, Level.review, Verdict.unsure, "d", 42), judged(5, Level.none, Verdict.no, "e"),
    ])  # fmt: skip
    assert said["verdicts"] == {"yes": 2, "no": 2, "unsure": 1}
    assert (said["at_or_above"]["review"]["found"], said["at_or_above"]["review"]["of"]) == (2, 3)
    assert (said["at"]["none"]["found"], said["at"]["none"]["of"]) == (0, 1)
    assert (said["reasons"]["dupe"]["found"], said["reasons"]["dupe"]["of"]) == (2, 3), "a contribution of 0 points is no reason"
    assert said["auc"]["rate"] == 1.0 and "intervals are wide" in said["few"]


def test_listings_of_one_seller_are_no_evidence_of_another() -> None:
    one = measure([judged(n, Level.review, Verdict.yes, "a", 40) for n in range(60)])["at_or_above"]["review"]
    many = measure([judged(n, Level.review, Verdict.yes if n % 5 else Verdict.no, f"s{n}", 40) for n in range(60)])["at_or_above"]["review"]
    assert (one["low_by_seller"], one["high_by_seller"]) == (0.0, 1.0)
    assert 0.6 < many["low_by_seller"] < many["rate"] < many["high_by_seller"] < 0.95


def test_a_meaning_is_fitted_on_other_sellers_than_those_it_is_held_to() -> None:
    """Each seller's listings have one score and one verdict: fitted on the same sellers it would be perfect; on others it is a coin."""
    rows = [judged(n, Level.review, Verdict.yes if (n // 10) % 2 else Verdict.no, f"s{n // 10}", 40.0) for n in range(200)]
    said = measure(rows, Calibration(0.0, 0.1, 0.5, "invented"))
    assert said["meaning"]["held_out_parts"] == 5 and said["meaning"]["share_of_yes"] == 0.5
    assert said["meaning"]["ece"]["fitted"] < 0.1, "it learns that a score of 40 is right every other time"
    assert said["meaning"]["ece"]["configured"] > 0.4, "and that the configured meaning boasts"
    assert measure(rows[:10])["meaning"] is None, "one seller cannot be held out"


def test_nothing_judged_is_no_figure() -> None:
    said = measure([])
    assert said["judged"] == 0 and said["auc"] is None and said["meaning"] is None
    assert said["at_or_above"]["review"]["rate"] is None and said["at_or_above"]["review"]["high"] == 1.0


def test_the_command_reads_the_newest_judgement_and_the_flag_that_was_judged(place: Place) -> None:  # noqa: F811
    place.store.keep_actor(Actor("officer", place.home.settings.authority.code, "A. Officer (fictional)", "officer"))
    for number, title in enumerate(("Gucci belt replica", "Chanel dupe", "Garden chair"), 1):
        place.build.listing(str(number), title=title, seller=f"seller {number}")
    judgements.judge_listing(place.store, place.home, "stall", "3", Verdict.no, "before any flag", "officer")
    place.detect()
    flags.run(place.store, place.home)
    for ref, verdict in (("1", Verdict.no), ("1", Verdict.yes), ("2", Verdict.no)):
        judgements.judge_listing(place.store, place.home, "stall", ref, verdict, "looked at it", "officer")
    place.build.listing("1", title="Gucci belt", seller="seller 1")  # edited since: another flag, of which nobody said anything
    place.detect()
    flags.run(place.store, place.home)
    found, without = judgements.judged_flags(place.store, "officer")
    assert {(each.flag.listing, each.verdict) for each in found} == {(1, Verdict.yes), (2, Verdict.no)} and without == 1
    assert next(each for each in found if each.flag.listing == 1).flag.level is Level.review, "the flag as it was when it was judged"
    assert len({each.seller for each in found}) == 2
    place.store.close()
    done = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["evaluate", "score", "--by", "a.officer", "--home", str(place.home.folder), "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["judged"] == 2 and said["without_flag"] == 1 and said["sellers"] == 2
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["evaluate", "score", "--by", "a.officer", "--home", str(place.home.folder)])
    assert "Few judgements" in shown.stdout and "review or above" in shown.stdout


@pytest.mark.parametrize("verdict", [Verdict.yes, Verdict.no, Verdict.unsure])
def test_verdicts_of_one_kind_alone_break_nothing(verdict: Verdict) -> None:
    said = measure([judged(n, Level.review, verdict, f"s{n}", 40) for n in range(12)])
    assert said["verdicts"][str(verdict)] == 12 and said["auc"] is None
