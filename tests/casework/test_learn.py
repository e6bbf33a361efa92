"""Learning from judgements: it proposes and changes nothing, holds sellers out, keeps to its constraints, and says what is noise."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import flags, learn
from casework.learn_settings import Fit, read_learning
from detectors import score
from detectors.evaluation import fit_weights
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor, Level, Link, LinkReason, Method, Status, SubjectKind, Verdict
from tests.builders import Builder
from tests.casework.judged import PLAIN, POLICY, Stall, example, market
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures


@pytest.fixture
def stall(place: Place) -> Stall:  # noqa: F811
    place.store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    learn.write(place.home.folder / "configs" / "in_use.yml", POLICY, "nothing", "A test's own.")
    (place.home.folder / "configs" / "in_use.yml").rename(place.home.folder / "configs" / "flags.yml")
    return Stall(place.store, place.build)


def judged(stall: Stall, rows: list[tuple[str, tuple[str, ...], str, str]] | None = None, order: int = 0) -> dict[str, int]:
    """A market of invented listings, judged in an order of its own; the listings' numbers by reference."""
    rows = market() if rows is None else rows
    numbers = {ref: stall.listing(ref, reasons, seller) for ref, reasons, seller, _ in rows}
    said = [(ref, verdict) for ref, _, _, verdict in rows]
    random.Random(order).shuffle(said)
    for ref, verdict in said:
        stall.judge(numbers[ref], verdict)
    return numbers


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Home, learn.Proposal]]:
    """A judged market in a store of its own, and what is learned from it; only read afterwards."""
    home = Home(tmp_path_factory.mktemp("learned"))
    with Store.open(home) as store:
        store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
        build = Builder(store)
        judged(Stall(store, build))
        yield store, home, learn.learn(store, home, "officer")
        build.close()


Learned = tuple[Store, Home, learn.Proposal]


def gathered(stall: Stall) -> learn.Gathered:
    with stall.store.acting("officer", purpose="test") as reader:
        return learn.gather(reader)


# -- what is learned from ------------------------------------------------------------------------------------------------
def test_the_newest_judgement_that_is_not_superseded_counts_and_unsure_does_not(stall: Stall) -> None:
    one, two, three = (stall.listing(str(n), ("replica_word",), f"s{n}") for n in range(3))
    for listing, verdict in ((one, "no"), (one, "yes"), (two, "yes"), (two, "unsure"), (three, "no")):
        stall.judge(listing, verdict)
    found = gathered(stall)
    assert {(e.key, e.suspicious) for e in found.examples} == {("stall\0" + "0", True), ("stall\0" + "2", False)}
    assert found.left_out == {"unsure": 1}


def test_a_judgement_counts_with_the_findings_that_it_was_made_on(stall: Stall) -> None:
    listing = stall.listing("1", ("replica_word",), "s")
    stall.judge(listing, "yes")
    edited = stall.build.listing("1", title="A bag, edited", seller="s")
    stall.weighed(listing, edited.snapshot, ("wear_described",))
    [only] = gathered(stall).examples
    assert [s.finding.reason for s in only.said] == ["replica_word"]


def test_a_judgement_on_findings_that_are_not_kept_is_left_out_and_counted(stall: Stall) -> None:
    listing = stall.listing("1", ("replica_word",), "s")
    stall.store.judge(SubjectKind.listing, listing, Verdict.yes, actor="officer", authority="demo", reason="seen", findings_digest="0" * 64)
    found = gathered(stall)
    assert found.examples == () and found.left_out == {"the findings that it was made on are not kept as they were": 1}


def test_a_listing_without_a_seller_is_a_seller_of_its_own(stall: Stall) -> None:
    for ref in ("1", "2"):
        stall.judge(stall.listing(ref, ("replica_word",)), "yes")
    assert len({e.owner for e in gathered(stall).examples}) == 2


def test_accounts_that_a_person_confirmed_to_be_one_seller_are_held_out_together(stall: Stall) -> None:
    for ref, seller in (("1", "a"), ("2", "b"), ("3", "c")):
        stall.judge(stall.listing(ref, ("replica_word",), seller), "yes")
    linker = stall.store.keep_method(Method("linker", "hand", "1"))
    stall.store.set_method_status(linker, Status.in_force, "officer", "test")
    links = [Link(None, SubjectKind.seller, 1, SubjectKind.seller, 2, "", 0.9, "", (LinkReason("phone", 0.9, "same phone"),))]
    stall.store.keep_links(links, linker, stall.build.run.id, actor="system", purpose="link")
    assert len({e.owner for e in gathered(stall).examples}) == 3
    stall.store.judge(SubjectKind.link, 1, Verdict.yes, actor="officer", authority="demo", reason="seen")
    assert len({e.owner for e in gathered(stall).examples}) == 2


# -- what is proposed ----------------------------------------------------------------------------------------------------
def test_too_few_judgements_are_refused_in_a_plain_sentence(stall: Stall, place: Place) -> None:  # noqa: F811
    judged(stall, market(4))
    with pytest.raises(
        TouchstoneError, match=r"12 judgements \(\d+ yes, \d+ no\) of 4 sellers .* at least 60 are needed.* Nothing is fitted"
    ):
        learn.learn(place.store, place.home, "officer")
    assert [path.name for path in (place.home.folder / "configs").iterdir()] == ["flags.yml"]


def test_a_proposal_is_a_file_and_a_method_in_evaluation_and_nothing_is_promoted(stall: Stall, place: Place) -> None:  # noqa: F811
    judged(stall)
    before = {n: status for n, _, status in place.store.methods()}
    events = place.store.log_head()[0]
    done = learn.learn(place.store, place.home, "officer")
    after = {n: status for n, _, status in place.store.methods()}
    assert after == {**before, done.method: Status.evaluation}
    assert flags.policy_in_force(place.store, place.home) == POLICY
    assert done.path == place.home.folder / "configs" / "flags.proposed.yml"
    assert score.read_policy(done.path) == done.policy
    assert score.method_of(score.read_policy(done.path)).digest == {n: m for n, m, _ in place.store.methods()}[done.method].digest
    assert any(e.body["purpose"] == "learn" for e in place.store.log(after=events)), "who read the judgements is in the log"
    flags.run(place.store, place.home)
    assert flags.policy_in_force(place.store, place.home) == POLICY

    assert done.method is not None and done.policy is not None
    place.store.set_method_status(done.method, Status.in_force, "officer", "measured on held-out sellers")
    assert flags.policy_in_force(place.store, place.home) == done.policy, "a person promotes, and then it holds"


def test_what_officers_clear_weighs_less_and_what_they_confirm_keeps_its_weight(learned: Learned) -> None:
    moved = learned[2].report["moved"]
    assert moved["top_grade"]["to"] < moved["top_grade"]["from"]
    assert learned[2].policy is not None and learned[2].policy.reasons["replica_word"].points > moved["top_grade"]["to"]


def test_the_prior_is_what_is_in_force_and_what_was_judged_first_stays_on_record() -> None:
    now = replace(POLICY, reasons={**POLICY.reasons, "top_grade": replace(POLICY.reasons["top_grade"], fitted=3.0)})
    few = [example(n, ("top_grade",), n % 2 == 0, f"seller {n}") for n in range(20)]
    assert learn.refitted(now, [e.labelled for e in few]) == now
    rows = [example(n, ("top_grade",) if n % 2 else ("off_platform",), n % 2 == 1, f"seller {n}") for n in range(80)]
    after, first = (learn.refitted(policy, [e.labelled for e in rows]).reasons["top_grade"] for policy in (now, POLICY))
    assert after.weight == first.weight == POLICY.reasons["top_grade"].weight and 3.0 < after.points < first.points


def test_levels_are_left_as_they_are(learned: Learned) -> None:
    policy = learned[2].policy
    assert policy is not None and policy.levels == POLICY.levels and policy.calibration is not None
    assert "judgements of 24 sellers" in policy.calibration.data


def test_the_policy_in_use_is_never_written_over(learned: Learned, tmp_path: Path) -> None:
    store, home, _ = learned
    with pytest.raises(TouchstoneError, match="not written over the policy in use"):
        learn.learn(store, home, "officer", out=tmp_path / "flags.yml")
    assert not (tmp_path / "flags.yml").exists()


def test_the_order_of_judgements_does_not_matter_and_the_same_input_gives_the_same_bytes(new_place, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    written = []
    for order in (1, 2):
        own = new_place()
        own.store.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
        judged(Stall(own.store, own.build), order=order)
        out = [tmp_path / f"{order}-{again}.yml" for again in (1, 2)]
        reports = [learn.learn(own.store, own.home, "officer", out=path).report for path in out]
        assert reports[0] == reports[1]
        written += [path.read_bytes() for path in out]
    assert len(set(written)) == 1


# -- held-out sellers ----------------------------------------------------------------------------------------------------
reasons = st.lists(st.sampled_from(["replica_word", "top_grade", "all_sizes", "wear_described", "off_platform"]), unique=True, max_size=4)
examples = st.lists(st.tuples(reasons, st.booleans(), st.integers(0, 9)), min_size=40, max_size=120).map(
    lambda rows: [example(n, own, yes, f"seller {owner}") for n, (own, yes, owner) in enumerate(rows)]
)


@settings(max_examples=30)
@given(examples, st.integers(2, 6))
def test_no_seller_is_on_both_sides_and_each_example_is_held_out_once(rows: list[learn.Example], number: int) -> None:
    try:
        found = learn.folds(rows, number)
    except ValueError:
        return
    for train, test in found:
        assert not {rows[i].owner for i in train} & {rows[i].owner for i in test}
    places = [i for _, test in found for i in test]
    assert len(places) == len(set(places))


def test_what_is_said_of_a_seller_has_no_part_in_how_that_seller_is_scored() -> None:
    """Every seller has listings of both verdicts, so that exchanging one seller's verdicts leaves the parts as they are."""
    rows = []
    for seller in range(12):
        for number in range(8):
            yes = number % 2 == 0
            copies = yes if seller % 3 else not yes
            rows.append(example(seller * 10 + number, ("replica_word",) if copies else ("top_grade",), yes, f"seller {seller}"))
    turned = [
        example(int(e.key.split("\0")[1]), [s.finding.reason for s in e.said], not e.suspicious, e.owner) if e.owner == "seller 5" else e
        for e in rows
    ]
    before, after = (learn.held_out(POLICY, each, 4)[learn.NEW] for each in (rows, turned))
    own = [i for i, e in enumerate(rows) if e.owner == "seller 5"]
    others = [i for i in range(len(rows)) if i not in own]
    assert [before[i] for i in own] == [after[i] for i in own]
    assert [before[i] for i in others] != [after[i] for i in others], "the verdicts do matter to the others"


# -- constraints ---------------------------------------------------------------------------------------------------------
@settings(max_examples=25)
@given(examples)
def test_no_weight_becomes_negative_and_what_speaks_for_a_seller_never_adds(rows: list[learn.Example]) -> None:
    if len({e.suspicious for e in rows}) < 2:
        return
    policy = learn.fitted(POLICY, rows, 3, "test")
    assert all(weight.points >= 0 for weight in policy.reasons.values())
    assert policy.calibration is not None and policy.calibration.slope >= 0
    for row in rows:
        assert all(c.points <= 0 for c in score.score(policy, row.said).contributions if c.reason in PLAIN)


def test_a_reason_that_only_cleared_listings_have_goes_to_nothing_and_not_below() -> None:
    rows = [example(n, ("top_grade",) if n % 2 else ("replica_word",), not n % 2, f"seller {n}") for n in range(2000)]
    assert learn.fitted(POLICY, rows, 3, "test").reasons["top_grade"].points == 0


def test_what_speaks_for_a_seller_is_learned_too() -> None:
    rows = [example(n, ("replica_word", "wear_described") if n % 2 else ("replica_word",), not n % 2, f"seller {n}") for n in range(200)]
    assert learn.fitted(POLICY, rows, 3, "test").reasons["wear_described"].points > POLICY.reasons["wear_described"].points


def test_few_judgements_move_little_and_many_move_more() -> None:
    def moved(number: int) -> float:
        rows = [example(n, ("top_grade",) if n % 2 else ("replica_word",), not n % 2, f"seller {n}") for n in range(number)]
        return POLICY.reasons["top_grade"].points - learn.fitted(POLICY, rows, 3, "test").reasons["top_grade"].points

    assert moved(2 * fit_weights.LEAST_ROWS - 2) == 0, "a reason that is hardly ever found keeps its weight"
    assert 0 < moved(70) < moved(300)


# -- the comparison ------------------------------------------------------------------------------------------------------
def compared(rows: list[learn.Example], new: score.Policy) -> dict:  # type: ignore[type-arg]
    meaning = score.Calibration(-3.0, 0.1, 0.5, "test")
    cases = {name: [learn._case(policy, meaning, e) for e in rows] for name, policy in ((learn.OLD, POLICY), (learn.NEW, new))}
    return learn.figures(rows, cases, [1.0] * len(rows), 400)


def test_a_difference_of_nothing_is_within_noise_and_a_plain_one_is_not() -> None:
    rows = [example(n, ("top_grade", "off_platform") if n % 2 else ("replica_word",), not n % 2, f"seller {n // 4}") for n in range(200)]
    same = compared(rows, POLICY)["difference"]
    assert all(each["within_noise"] and each["rate"] == 0 for each in same.values())
    less = replace(POLICY, reasons={**POLICY.reasons, "top_grade": replace(POLICY.reasons["top_grade"], fitted=0.0)})
    found = compared(rows, less)
    assert found[learn.OLD]["false_positive_rate"]["rate"] == 1 and found[learn.NEW]["false_positive_rate"]["rate"] == 0
    assert not found["difference"]["false_positive_rate"]["within_noise"]
    assert found[learn.NEW]["precision_at_0.01"]["rate"] == 1


def test_intervals_are_of_sellers_and_not_of_their_listings() -> None:
    """The same listings twice over from the same sellers tell nothing new."""
    rows = [example(n, ("replica_word",) if n % 3 else ("wear_described",), n % 2 == 0, f"seller {n % 10}") for n in range(100)]
    twice = rows + [example(n + 1000, [s.finding.reason for s in e.said], e.suspicious, e.owner) for n, e in enumerate(rows)]
    one, two = (compared(each, POLICY)[learn.OLD]["recall"] for each in (rows, twice))
    assert one == two


def test_recall_of_the_store_weighs_drawn_listings_for_those_nobody_looked_at() -> None:
    rows = [example(1, ("replica_word",), True, "a"), example(2, ("replica_word",), False, "b")]
    rows += [example(3, (), True, "c", "drawn"), example(4, (), False, "d", "drawn"), example(5, (), True, "e", "other")]
    weights, drawn = learn.stands_for(learn.Gathered(tuple(rows), {}, flagged=4, below=100))
    assert (weights, drawn) == ([2.0, 2.0, 50.0, 50.0, 0.0], 2)
    meaning = score.Calibration(-3.0, 0.1, 0.5, "test")
    cases = {name: [learn._case(POLICY, meaning, e) for e in rows] for name in (learn.OLD, learn.NEW)}
    found = learn.figures(rows, cases, weights, 200)[learn.OLD]
    assert found["recall"]["rate"] == round(2 / 52, 4) and found["false_positive_rate"]["rate"] == round(2 / 52, 4)


def test_it_says_when_nothing_drawn_at_random_is_judged(learned: Learned) -> None:
    done = learned[2]
    assert set(done.report["figures"]) == {"judged"} and "say little of the whole store" in done.sentence


# -- settings --------------------------------------------------------------------------------------------------------------
def test_settings_are_read_strictly(place: Place) -> None:  # noqa: F811
    assert read_learning(place.home).fit == Fit()
    (place.home.folder / "configs").mkdir(exist_ok=True)
    file = place.home.folder / "configs" / "learning.yml"
    for text, complaint in (
        ("fit: {judgments: 3}", "unknown key 'judgments'; did you mean 'judgements'"),
        ("fit: {sellers: 1}", "sellers is at least 2"),
        ("queue: {random: 0.6}", "flagged listings come first"),
        ("terms: {sellers: 1}", "sellers is at least 2"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=f"learning.yml:1: .*{complaint}"):
            read_learning(place.home)


def test_the_tests_own_policy_flags_what_they_take_to_be_flagged(stall: Stall) -> None:
    assert stall.level(stall.listing("1", ("replica_word",))) is Level.review


def test_the_command_says_what_moved_and_how_to_promote(learned: Learned, capsys: pytest.CaptureFixture[str]) -> None:
    from casework.cli import app

    home = str(learned[1].folder)
    app(["learn", "--home", home, "--by", "officer"], standalone_mode=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "72 judgements" in said and "Weights that move" in said and f"touchstone method promote {learned[2].method} --evidence" in said
    app(["learn", "--recall", "--home", home], standalone_mode=False)
    assert "Recall is not known: nobody has judged yes or no of a listing of the random sample" in capsys.readouterr().out
    app(["status", "--home", home], standalone_mode=False)
    said = capsys.readouterr().out
    assert "Recall is not known" in said and "Drift was not looked at" in said
    with pytest.raises(TouchstoneError, match="say one of"):
        app(["learn", "--recall", "--drift", "--home", home], standalone_mode=False)
