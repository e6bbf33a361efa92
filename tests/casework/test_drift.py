"""The drift alarm: it sounds where scores, findings or words have moved, and is silent where only chance moved them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casework import drift
from casework.learn_settings import Drift
from store import tables as t
from store.config import Home
from store.store import Store
from store.windows import Window
from tests.builders import Builder
from tests.casework.judged import Stall
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
SMALL = "drift: {listings: 20}\n"
MOVED = (drift.Moved("reps", 0.1, 0.5, 0.001),)


def filled(place: Place, recent: tuple[tuple[str, ...], str], before: tuple[tuple[str, ...], str], number: int = 30) -> drift.Looked:  # noqa: F811
    """So many listings of as many sellers in each window; every second one is plain."""
    (place.home.folder / "configs").mkdir(exist_ok=True)
    (place.home.folder / "configs" / "learning.yml").write_text(SMALL)
    stall = Stall(place.store, place.build)
    dates = {}
    for name, (reasons, words), age in (("new", recent, 2), ("old", before, 15)):
        for n in range(number):
            listing = stall.listing(
                f"{name} {n}", reasons if n % 2 else (), f"{name} {n}", f"A bag, {words if n % 2 else 'plain'}", "as pictured"
            )
            dates[listing] = NOW - timedelta(days=age, minutes=n)
    with place.store.database.writing() as c:
        for listing, at in dates.items():
            c.execute(t.listing.update().where(t.listing.c.id == listing).values(added_at=at))
    return drift.look(place.store, place.home, NOW)


def test_it_sounds_where_scores_findings_and_words_have_moved(place: Place) -> None:  # noqa: F811
    looked = filled(place, (("replica_word",), "blue warehouse"), ((), "old attic"))
    assert looked.alarm and looked.psi is not None and looked.psi > 0.25
    assert [m.name for m in looked.reasons] == ["replica_word"]
    assert {"warehouse", "blue warehouse", "attic"} <= {m.name for m in looked.words}
    said = " ".join(looked.sentences())
    assert said.count("DRIFT:") == 3 and "replica_word (0% → 50% of sellers)" in said


def test_it_is_silent_where_nothing_has_moved(place: Place) -> None:  # noqa: F811
    looked = filled(place, (("replica_word",), "blue warehouse"), (("replica_word",), "blue warehouse"))
    assert not looked.alarms and looked.psi == 0
    [said] = looked.sentences()
    assert said.startswith("No drift")


def test_too_few_listings_are_said_and_are_no_alarm(place: Place) -> None:  # noqa: F811
    looked = filled(place, (("replica_word",), "x"), ((), "y"), number=5)
    assert not looked.alarms and "5 listings of" in looked.sentences()[0] and "20 are needed" in looked.sentences()[0]


def test_an_empty_store_says_that_nothing_is_kept(sqlite_store: Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert drift.look(sqlite_store, Home(tmp_path)).sentences() == ["Drift was not looked at: no listing is kept yet."]


def test_a_word_of_fewer_sellers_than_three_is_never_given_out(store: Store) -> None:
    stall = Stall(store, Builder(store))
    for n in range(4):
        stall.listing(str(n), ("replica_word",), f"seller {n % 2}", "Ring Jonathan Example")
    now = datetime.now(UTC)
    with store.acting("officer", purpose="look") as reader:
        window = reader.window(now - timedelta(days=1), now + timedelta(days=1), str.split, most=10)
    assert (window.listings, window.sellers, window.words, window.reasons) == (4, 2, {}, {"replica_word": 2})
    assert len(window.scores) == 4 and store.newest_listing() is not None


def test_by_chance_alone_it_sounds_about_as_rarely_as_it_says() -> None:
    """Two windows of one distribution, a thousand times: the share of alarms at the stated level of 1 % and no floor."""
    dice = random.Random(5)
    values = [0.0, 12.0, 25.0, 40.0, 60.0, 80.0]
    alarms = 0
    for _ in range(1000):
        one, other = ([dice.choice(values) for _ in range(200)] for _ in range(2))
        index, bins = drift.psi(one, other)
        alarms += index > drift.by_chance(bins, 200, 200, 0.01)
    assert alarms <= 25


def test_of_many_words_that_did_not_change_hardly_any_sounds() -> None:
    dice = random.Random(7)
    falsely = 0
    for _ in range(200):
        counts = [{f"w{n}": sum(dice.random() < 0.2 for _ in range(60)) for n in range(20)} for _ in range(2)]
        falsely += bool(drift.moved(*counts, (60, 60), Drift()))
    assert falsely <= 6


def test_a_word_must_have_changed_by_much_and_not_only_surely() -> None:
    assert drift.moved({"w": 6000}, {"w": 5000}, (10000, 10000), Drift()) == ()
    assert [m.name for m in drift.moved({"w": 6000}, {"w": 2000}, (10000, 10000), Drift())] == ["w"]


@pytest.mark.parametrize("table", [[(0, 10), (0, 20)], [(10, 10), (20, 20)], [(5, 10), (10, 20)]])
def test_shares_that_are_the_same_have_nothing_between_them(table: list[tuple[int, int]]) -> None:
    assert drift.g(table) == pytest.approx(0, abs=1e-9)


def test_the_index_is_that_of_the_book() -> None:
    """Siddiqi's sum of (a − b) · ln(a / b), here of two bins with 30 and 70 of a hundred against 50 and 50, smoothed by one half each."""
    index, bins = drift.psi([0.0] * 30 + [12.0] * 70, [0.0] * 50 + [12.0] * 50)
    a, b = (30.5 / 101, 70.5 / 101), (50.5 / 101, 50.5 / 101)
    import math

    assert bins == 2 and index == pytest.approx(sum((x - y) * math.log(x / y) for x, y in zip(a, b, strict=True)))


@pytest.mark.parametrize("change", [{"alarm": True}, {"reasons": MOVED}, {"words": MOVED}])
def test_each_kind_of_change_by_itself_is_an_alarm(change: dict[str, Any]) -> None:
    nothing = Window(NOW, NOW)
    assert not drift.Looked(nothing, nothing).alarms and drift.Looked(nothing, nothing, **change).alarms
