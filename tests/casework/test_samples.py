"""The random sample, second looks in the queue, and recall with its interval."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from casework import flags, samples
from casework import queue as officers_queue
from casework.commands.common import plain
from casework.learn_settings import Queue
from store.samples import Seed, Tally
from store.store import Store
from store.words.records import Level, Listing, Verdict
from tests.builders import Builder
from tests.casework.judged import POLICY, Stall
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures

SEED = Seed(1, "ab" * 32)
REVIEW = POLICY.levels.review


@pytest.fixture
def stall(sqlite_store: Store) -> Stall:
    return Stall(sqlite_store, Builder(sqlite_store))


def draw(stall: Stall, settings: Queue, listings: dict[str, int]) -> int:
    """What the pass does at its end."""
    lot = samples.lot(stall.store, settings)
    for ref, number in listings.items():
        lot.offer(Listing(number, "stall", ref, ""), stall.level(number))
    return samples.draw(stall.store, settings, lot, stall.build.run.id)


def drawn(stall: Stall) -> list[int]:
    with stall.store.acting("officer", purpose="test") as reader:
        return [one.listing for one in reader.drawn()]


def cards(stall: Stall, limit: int = 20, mix: Queue | None = Queue(random=0.2, uncertain=0.2)) -> list[officers_queue.Card]:
    with stall.store.acting("officer", purpose="test") as reader:
        return officers_queue.cards(reader, limit=limit, mix=mix, review=REVIEW)


# -- the draw ------------------------------------------------------------------------------------------------------------
def test_a_ticket_depends_on_nothing_but_the_seed_and_the_listing_itself() -> None:
    assert samples.ticket(SEED.value, "stall", "1") == samples.ticket(SEED.value, "stall", "1") != samples.ticket("cd" * 32, "stall", "1")
    assert (
        samples.ticket(SEED.value, "a", "b\ud800") and len({samples.ticket(SEED.value, s, r) for s, r in (("ab", "c"), ("a", "bc"))}) == 2
    )


@settings(max_examples=50)
@given(st.sets(st.integers(1, 400), min_size=1, max_size=80), st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_draw_is_the_lowest_tickets_in_whatever_order_listings_come(numbers: set[int], most: int, order: random.Random) -> None:
    shuffled = sorted(numbers)
    order.shuffle(shuffled)
    lot = samples.Lot(SEED, "", most)
    for number in shuffled:
        lot.offer(Listing(number, "stall", str(number), ""), Level.note)
    lowest = sorted((samples.ticket(SEED.value, "stall", str(number)), number) for number in numbers)[:most]
    assert lot.further(most) == lowest


def test_what_is_flagged_is_not_drawn_and_nothing_is_where_the_setting_says_none() -> None:
    lot, off = samples.Lot(SEED, "f" * 16, 5), samples.Lot(SEED, "f" * 16, 0)
    for level in Level:
        for each in (lot, off):
            each.offer(Listing(1, "stall", "1", ""), level)
    assert len(lot.within) == 2 and not lot.above and not off.within


def test_the_same_draw_stands_and_grows_only_with_what_is_judged_or_comes_within_its_bound(stall: Stall) -> None:
    listings = {str(n): stall.listing(str(n)) for n in range(12)}
    mix = Queue(waiting=4)
    assert draw(stall, mix, listings) == 4
    first = drawn(stall)
    assert draw(stall, mix, listings) == 0 and drawn(stall) == first
    stall.judge(first[0], "no")
    assert draw(stall, mix, listings) == 1
    assert drawn(stall)[:4] == first, "by ticket: the new one is above all that were drawn before"

    later = {f"later {n}": stall.listing(f"later {n}") for n in range(12)}
    within = {n for ref, n in later.items() if samples.ticket(stall.store.sample_seed().value, "stall", ref) <= stall.store.last_ticket()}
    draw(stall, mix, {**listings, **later})
    assert within <= set(drawn(stall)), "what comes later has the same chance"


def test_the_seed_is_made_once_and_the_log_has_its_digest(stall: Stall) -> None:
    before = stall.store.log_head()[0]
    first = stall.store.sample_seed()
    assert stall.store.sample_seed() == first and len(first.value) == 64
    [event] = stall.store.log(after=before)
    assert first.value not in json.dumps(event.body) and len(event.body["detail"]["digest"]) == 64


def test_the_pass_draws_and_says_how_many(place: Place) -> None:  # noqa: F811
    for number in range(3):
        place.build.listing(str(number), title=f"Garden chair {number}")
    assert flags.run(place.store, place.home).counts["drawn"] == 3
    assert flags.run(place.store, place.home).counts["drawn"] == 0


def test_the_draw_is_kept_on_both_databases(store: Store) -> None:
    stall = Stall(store, Builder(store))
    listings = {str(n): stall.listing(str(n), ("wear_described", "all_sizes")) for n in range(3)}
    assert draw(stall, Queue(waiting=2), listings) == 2
    stall.judge(drawn(stall)[0], "yes")
    assert store.tally() == Tally({}, {"": 2, "yes": 1}, {"": 1, "yes": 1})
    with store.acting("officer", purpose="test") as reader:
        assert len(reader.near(0.5, 5)) == len(reader.divided(5)) == 2, "what was judged on the same findings is left out"
        assert [one.verdict for one in reader.drawn()] == [Verdict.yes, None]


# -- the queue -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def mixed(stall: Stall) -> Stall:
    listings = {f"flagged {n}": stall.listing(f"flagged {n}", ("replica_word",)) for n in range(8)}
    listings |= {f"near {n}": stall.listing(f"near {n}", ("top_grade",)) for n in range(3)}
    listings |= {f"divided {n}": stall.listing(f"divided {n}", ("off_platform", "wear_described")) for n in range(3)}
    listings |= {f"plain {n}": stall.listing(f"plain {n}") for n in range(20)}
    draw(stall, Queue(waiting=5), listings)
    return stall


def test_second_looks_are_a_share_of_the_queue_and_spread_among_what_is_flagged(mixed: Stall) -> None:
    found = cards(mixed, limit=10)
    looks = [at for at, card in enumerate(found) if card.second_look]
    assert len(found) == 10 and len(looks) == 4 and looks[0] > 0
    assert all(b - a > 1 for a, b in pairwise(looks))
    assert not any(card.second_look for card in cards(mixed, mix=None))
    assert not any(card.second_look for card in cards(mixed, mix=Queue(random=0, uncertain=0)))


def test_a_second_look_tells_neither_why_it_is_there_nor_what_it_scored(mixed: Stall) -> None:
    looks = [card for card in cards(mixed) if card.second_look]
    assert {card.summary.listing.ref.split()[0] for card in looks} > {"plain"}, "of both kinds there are some"
    said = json.dumps([plain(card) for card in looks])
    assert all(card.flag is None and card.why == "" and card.summary.level == "" and card.summary.score is None for card in looks)
    assert samples.RANDOM not in said and samples.NEAR not in said and samples.DIVIDED not in said


def test_the_order_of_second_looks_does_not_tell_the_kinds_apart(mixed: Stall) -> None:
    """It is that of a ticket of its own: neither by kind nor by the draw's ticket."""
    refs = [card.summary.listing.ref for card in cards(mixed) if card.second_look]
    seed = mixed.store.sample_seed().value
    assert refs == sorted(refs, key=lambda ref: samples.ticket(seed, "place\0stall", ref))


def test_near_the_threshold_and_divided_findings_get_places_each_in_turn(mixed: Stall) -> None:
    with mixed.store.acting("officer", purpose="test") as reader:
        found = samples.looks(reader, Queue(random=0, uncertain=0.2), REVIEW, 20)
    assert sorted(look.why for look in found) == sorted([samples.NEAR, samples.NEAR, samples.DIVIDED, samples.DIVIDED])
    assert all(look.flag.level in samples.BELOW for look in found)


def test_what_was_drawn_is_told_once_it_is_judged_and_leaves_the_queue(mixed: Stall) -> None:
    with mixed.store.acting("officer", purpose="test") as reader:
        assert officers_queue.audited(reader) == []
    first = drawn(mixed)[0]
    mixed.judge(first, "yes")
    with mixed.store.acting("officer", purpose="test") as reader:
        [told] = officers_queue.audited(reader)
    assert told.summary.listing.id == first and told.why == samples.RANDOM and told.flag is not None
    assert first not in {card.summary.listing.id for card in cards(mixed)}


def test_an_empty_store_has_an_empty_queue(stall: Stall) -> None:
    assert cards(stall) == []


# -- recall --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("population,size", [(60, 15), (200, 20), (30, 30)])
def test_the_interval_holds_at_least_as_often_as_it_says_whatever_the_truth(population: int, size: int) -> None:
    intervals = {found: samples.of_population(found, size, population) for found in range(size + 1)}
    for truth in range(population + 1):
        held = sum(hypergeom.pmf(found, population, truth, size) for found, (low, high) in intervals.items() if low <= truth <= high)
        assert held >= 0.95 - 1e-9, (truth, held)


def test_where_everything_was_looked_at_there_is_nothing_to_estimate() -> None:
    assert samples.of_population(7, 30, 30) == (7, 7)
    assert samples.of_population(0, 0, 10) == (0, 10)
    with pytest.raises(ValueError):
        samples.of_population(3, 2, 10)


def test_recall_is_flagged_yes_against_flagged_yes_and_what_the_sample_says_is_missed() -> None:
    said = samples.recall(Tally({"yes": 90, "no": 10, "": 20}, {"": 900, "no": 98, "yes": 2}, {"yes": 2, "no": 98, "": 3}))
    low, high = samples.of_population(2, 100, 1000)
    assert said.missed == 20 and said.missed_interval == (low, high)
    assert said.recall == 90 / 110 and said.interval == (90 / (90 + high), 90 / (90 + low))
    assert said.precision["rate"] == 0.9 and said.recall_if_all == 110 / (110 + low)
    assert "Recall at review is some 82%" in said.sentence() and "20 flagged listings are not judged yet" in said.sentence()


def test_what_is_known_to_be_missed_is_no_less_than_known() -> None:
    """Two that an officer found below review by other ways, and a sample that found none."""
    said = samples.recall(Tally({"yes": 8}, {"": 60, "no": 38, "yes": 2}, {"no": 38}))
    assert said.missed == 2 and said.missed_interval is not None and said.missed_interval[0] == 2


@pytest.mark.parametrize(
    "tally,words",
    [
        (Tally({"yes": 3}, {"": 50}, {"": 20}), "nobody has judged yes or no of a listing of the random sample (20 wait in the queue)"),
        (Tally({"yes": 3}, {"": 50}, {}), "none is drawn yet"),
        (Tally({"": 3}, {"": 40, "no": 10}, {"no": 10}), "no flagged listing was judged yes"),
        (Tally({}, {}, {}), "Recall is not known"),
    ],
)
def test_where_recall_is_not_known_it_says_so_and_why(tally: Tally, words: str) -> None:
    said = samples.recall(tally)
    assert said.recall is None and words in said.sentence()
