"""What each kind of follow-up must state, and the order of a test purchase: the pure rules, and the store held against them at random."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store.errors import TouchstoneError
from store.store import Store
from store.words.followup import (
    NEEDS_FILE,
    STEPS,
    Decided,
    File,
    FollowUp,
    Kind,
    Outcome,
    Photographed,
    Role,
    Step,
    WarningGiven,
    bag_key,
    kilograms,
    next_step,
    opened_too_early,
    out_of_order,
    photographs_that_count,
    receipt,
    refusal,
    rungs_missing,
    what_of,
    working_days,
)
from tests.builders import Builder
from tests.conftest import new_store

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BODIES: dict[Kind | Step, dict[str, Any]] = {
    Kind.visit: {"officers": ["A"], "power": "none", "seen": "nothing"},
    Kind.advice: {"given_to": "the tenant", "how": "in person", "about": "marks"},
    Kind.warning: {"given_to": "the tenant", "served": "by hand", "about": "marks"},
    Kind.notice: {"given_to": "the tenant", "served": "by hand", "statute": "an Act", "requires": "invoices"},
    Kind.seizure: {"items": [{"what": "belts", "count": 4, "grams": 1250}], "power": "seize", "stored": "shelf 4"},
    Kind.closure: {"court": "a court", "starts": "2026-03-02", "basis": "an order"},
    Kind.outcome: {"outcome": "warning", "risk_reason": "sold near a school"},
    Step.authorised: {"authorised_by": "B", "ground": "three adverts"},
    Step.ordered: {"order": "listing 1", "paid": "£45"},
    Step.received: {"how": "handed over"},
    Step.photographed: {},
    Step.sealed: {"bag": "A1", "contents": "a bag"},
    Step.examiner: {"examiner": "C", "how": "by hand", "signed_by": "A and C"},
    Step.result: {"result": "counterfeit", "examiner": "C"},
}


def row(what: Kind | Step, at: datetime = AT, whole_day: bool = False, files: tuple[File, ...] = (), **body: Any) -> FollowUp:
    kind, step = (Kind.purchase, what) if isinstance(what, Step) else (what, None)
    return FollowUp(None, kind, what_of(kind, step, {**BODIES[what], **body}), at, whole_day, premises=1, step=step, files=files)


# -- what each kind states -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", BODIES, ids=str)
def test_each_kind_is_refused_without_what_it_must_state_and_names_the_field(what: Kind | Step) -> None:
    kind, step = (Kind.purchase, what) if isinstance(what, Step) else (what, None)
    assert what_of(kind, step, BODIES[what])
    for name in BODIES[what]:
        left = {k: v for k, v in BODIES[what].items() if k != name}
        with pytest.raises(ValueError, match=rf"^{name}: "):
            what_of(kind, step, left)
    with pytest.raises(ValueError, match=r"^colour: "):
        what_of(kind, step, {**BODIES[what], "colour": "red"})


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        (Kind.closure, {"starts": "2026-03-02", "ends": "2026-03-01"}, "ends"),
        (Kind.closure, {"starts": "2/3/2026"}, "starts"),
        (Kind.notice, {"comply_by": "soon"}, "comply_by"),
        (Kind.outcome, {"outcome": "hanging"}, "outcome"),
        (Kind.outcome, {"risk_reason": "  "}, "risk_reason"),
        (Kind.seizure, {"items": [{"what": "belts"}]}, "count"),
        (Kind.seizure, {"items": [{"what": "belts", "count": 0}]}, "count"),
        (Kind.seizure, {"items": [{"what": "belts", "count": 1, "bag": "no number"}]}, "bag"),
        (Kind.seizure, {"items": []}, "items"),
        (Step.ordered, {"paid": "a lot"}, "paid"),
        (Step.ordered, {"relationship": True}, "urn"),
        (Step.received, {"how": "", "carrier": "a carrier"}, "how"),
        (Step.photographed, {"opened": "2026-03-02T10:00:00"}, "opened"),
        (Step.result, {"result": "fake"}, "result"),
    ],
)
def test_what_cannot_be_is_refused_by_field(what: Kind | Step, body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: "):
        row(what, **body)


def test_a_buyer_who_becomes_acquainted_names_the_authorisation() -> None:
    assert row(Step.ordered, relationship=True, urn="CHIS-1").what
    assert row(Step.received, how="", carrier="a carrier", tracking="PX1").what


def test_a_warning_without_proof_says_that_its_receipt_is_not_shown() -> None:
    assert receipt(row(Kind.warning)) == "receipt not shown" == receipt(row(Kind.notice))
    assert receipt(row(Kind.warning, signature="the tenant")) == "signed for by the tenant"
    assert receipt(row(Kind.warning, delivery_number="AB1GB")) == "recorded delivery AB1GB"
    assert receipt(row(Kind.warning, files=(File(7, Role.proof),))) == "capture 7"
    assert receipt(row(Kind.warning, files=(File(7, Role.document),))) == "receipt not shown", "the letter itself shows no receipt"
    assert receipt(row(Kind.visit)) == ""
    assert isinstance(row(Kind.warning).what, WarningGiven)


def test_weights_are_whole_grams_shown_in_kilograms() -> None:
    seized = row(Kind.seizure, items=[{"what": "belts", "count": 4, "grams": 1250}, {"what": "labels", "grams": 800}]).what
    assert (seized.count, seized.grams, kilograms(seized.grams)) == (4, 2050, "2.05 kg")  # type: ignore[union-attr]
    assert [kilograms(g) for g in (1, 1000, 12_345_678)] == ["0.001 kg", "1 kg", "12,345.678 kg"]


def test_a_bags_number_is_one_however_it_is_written() -> None:
    assert bag_key(" a-0012 345") == bag_key("A0012345") == "A0012345"
    with pytest.raises(ValueError, match="no bag's number"):
        bag_key("blue")


def test_working_days_are_counted_from_the_day_after_the_notice() -> None:
    monday = date(2026, 3, 2)
    assert [working_days(monday, monday + timedelta(days=n)) for n in (0, 1, 2, 5, 7)] == [0, 1, 2, 4, 5]
    assert working_days(date(2026, 3, 6), date(2026, 3, 9)) == 1, "Friday to Monday is one"


def test_the_ladder_names_the_rungs_that_nothing_stands_on() -> None:
    advice, warning = row(Kind.advice), row(Kind.warning)
    rungs = [Outcome.advice, Outcome.warning, Outcome.notice]
    assert rungs_missing([], Outcome.investigation) == rungs_missing([], Outcome.prosecution) == rungs
    assert rungs_missing([advice], Outcome.notice) == [Outcome.warning]
    assert rungs_missing([advice, warning], Outcome.investigation) == [Outcome.notice]
    assert rungs_missing([advice, warning, row(Kind.notice)], Outcome.prosecution) == rungs_missing([], Outcome.advice) == []
    assert rungs_missing([], Outcome.look_alike) == rungs_missing([], Outcome.no_further_action) == []
    assert rungs_missing([row(Kind.outcome, outcome="advice")], Outcome.warning) == []
    assert isinstance(row(Kind.outcome).what, Decided)


# -- times of a purchase ---------------------------------------------------------------------------------------------------
def test_a_step_is_not_before_the_one_before_it_as_far_as_the_hour_is_known() -> None:
    day = AT.replace(hour=0)
    assert out_of_order([row(Step.authorised, AT), row(Step.ordered, AT)]) == ""
    assert out_of_order([row(Step.authorised, AT), row(Step.ordered, day, whole_day=True)]) == "", "some time of the same day"
    assert "before 'authorised'" in out_of_order([row(Step.authorised, AT), row(Step.ordered, AT - timedelta(minutes=1))])
    assert "before 'authorised'" in out_of_order([row(Step.authorised, AT), row(Step.ordered, day - timedelta(days=1), whole_day=True)])


def test_a_whole_day_between_hides_no_step_that_happened_before_an_earlier_one() -> None:
    day, later = AT.replace(hour=0), AT + timedelta(hours=5)
    chain = [row(Step.authorised, day), row(Step.ordered, later), row(Step.received, day, whole_day=True)]
    assert (
        out_of_order([*chain, row(Step.photographed, later)]) == out_of_order([*chain, row(Step.photographed, day, whole_day=True)]) == ""
    )
    assert "'photographed' happened 2026-03-02 09:00 UTC, before 'ordered'" in out_of_order([*chain, row(Step.photographed, AT)])


def test_without_a_stated_opening_the_parcel_was_open_when_its_goods_were_sealed() -> None:
    def shot(hours: int, **body: str) -> FollowUp:
        return row(Step.photographed, files=(File(1, Role.photo, (AT + timedelta(hours=hours)).isoformat()),), **body)

    sealed, that_day = row(Step.sealed, AT + timedelta(hours=2)), row(Step.sealed, AT.replace(hour=0), whole_day=True)
    assert opened_too_early(shot(1), sealed) == opened_too_early(shot(3), that_day) == ""
    for photographed, seal in ((shot(3), sealed), (shot(24), that_day)):
        assert "every photograph of the packaging says that it was taken later" in opened_too_early(photographed, seal)
    assert opened_too_early(row(Step.photographed, files=(File(1, Role.photo),)), sealed) == "", "a photograph may say nothing"
    assert "after the goods were sealed" in opened_too_early(shot(1, opened=(AT + timedelta(hours=3)).isoformat()), sealed)


def test_a_photograph_after_the_opening_does_not_count() -> None:
    early, late = (AT + timedelta(minutes=n) for n in (-5, 5))
    photo = File(1, Role.photo)
    assert photographs_that_count(row(Step.photographed, files=(photo,))) == [photo], "not opened yet"
    assert photographs_that_count(row(Step.photographed, files=(photo,), opened=late.isoformat())) == [photo]
    assert photographs_that_count(row(Step.photographed, files=(photo,), opened=early.isoformat())) == []
    contradicted = replace(photo, taken_at=(late + timedelta(minutes=1)).isoformat())
    step = row(Step.photographed, files=(photo, contradicted), opened=late.isoformat())
    assert photographs_that_count(step) == [photo], "its own camera says that it was open by then"
    assert photographs_that_count(row(Step.photographed, files=(File(1, Role.document),))) == []
    assert isinstance(step.what, Photographed)


# -- the order -------------------------------------------------------------------------------------------------------------
@given(some.permutations(STEPS))
def test_of_all_orders_only_the_full_one_passes(order: list[Step]) -> None:
    done: list[Step] = []
    for step in order:
        if not refusal(done, step):
            done.append(step)
    passed = all(not refusal(order[:i], step) for i, step in enumerate(order) if tuple(order[:i]) == STEPS[:i])
    assert (tuple(done) == STEPS) is (tuple(order) == STEPS)
    assert passed is (tuple(order) == STEPS)


@given(some.lists(some.sampled_from(STEPS), max_size=20))
def test_what_passes_is_always_the_beginning_of_the_order_and_a_refusal_names_the_next(order: list[Step]) -> None:
    done: list[Step] = []
    for step in order:
        if why := refusal(done, step):
            following = next_step(done)
            assert f"the next step is '{following}'" in why if following else "every step" in why
        else:
            done.append(step)
        assert tuple(done) == STEPS[: len(done)]


class Purchases(RuleBasedStateMachine):
    """One purchase in a real store: steps are tried in any order, and corrected, and what is kept is always the model's."""

    store: Store
    photo: int
    bags: Iterator[int]

    @initialize()
    def begin(self) -> None:
        self.done: list[Step] = []
        self.rows: dict[Step, int] = {}
        self.corrected = 0
        self.number: int | None = None

    def draft(self, step: Step) -> FollowUp:
        role = NEEDS_FILE[step][0] if step in NEEDS_FILE else Role.document
        body = {"bag": f"A{next(self.bags):07}"} if step is Step.sealed else {}
        return replace(row(step, AT, files=(File(self.photo, role),), **body), purchase=self.number)

    def keep(self, draft: FollowUp) -> FollowUp:
        return self.store.keep_follow_up(draft, actor="officer", authority="demo")

    @rule(step=some.sampled_from(STEPS))
    def attempt(self, step: Step) -> None:
        allowed = len(self.done) < len(STEPS) and STEPS[len(self.done)] is step
        try:
            kept = self.keep(self.draft(step))
        except TouchstoneError as error:
            assert not allowed, error
            assert "next step is" in str(error) or "every step" in str(error) or "`touchstone purchase authorise` begins" in str(error)
        else:
            assert allowed or (step is Step.authorised and self.number is None)
            self.number = self.number or kept.purchase
            self.done.append(step)
            self.rows[step] = kept.id or 0

    @precondition(lambda self: len(self.done) < len(STEPS))
    @rule()
    def go_on(self) -> None:
        self.attempt(STEPS[len(self.done)])

    @precondition(lambda self: self.done)
    @rule(data=some.data())
    def correct(self, data: some.DataObject) -> None:
        step = data.draw(some.sampled_from(self.done))
        kept = self.keep(replace(self.draft(step), supersedes=self.rows[step]))
        assert kept.purchase == self.number
        self.rows[step] = kept.id or 0
        self.corrected += 1

    @invariant()
    def what_is_kept_is_the_beginning_of_the_order(self) -> None:
        if getattr(self, "number", None) is None:
            return
        with self.store.acting("officer", purpose="test") as reader:
            steps = reader.purchase_steps(self.number or 0)
            everything = reader.purchase_steps(self.number or 0, superseded=True)
        assert [s.step for s in steps] == self.done == list(STEPS[: len(self.done)])
        assert [s.id for s in steps] == [self.rows[step] for step in self.done]
        assert len(everything) == len(self.done) + self.corrected, "nothing that was corrected is gone"


@contextmanager
def purchases() -> Iterator[type[Purchases]]:
    with tempfile.TemporaryDirectory() as folder:
        store = new_store(f"sqlite:///{folder}/touchstone.db", Path(folder))
        build = Builder(store)
        photo = build.capture("urn:photo", b"photo").id
        build.close()
        with store.database.writing() as c:
            from store import tables as t

            c.execute(t.premises.insert().values(kind="unit", label="Unit 1", key="K1", added_at=AT))
        yield type("Purchases", (Purchases,), {"store": store, "photo": photo, "bags": count(1)})
        store.close()


def test_in_a_store_too_nothing_is_skipped_or_repeated_and_nothing_corrected_is_lost() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    with purchases() as machine:
        run_state_machine_as_test(machine, settings=settings(max_examples=10, stateful_step_count=14, deadline=None))
        with machine.store.acting("officer", purpose="test") as reader:
            steps = {r.step for r in reader.follow_ups(kind=Kind.purchase)}
        assert machine.store.verify() == [] and len(steps) > 1, "the machine came beyond the first step"
