"""Suggested words: what tells confirmed from cleared, of several sellers, that no rule and no brand knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import wording
from casework.learn_settings import Terms
from detectors import contract
from detectors.brands import read_brands
from store.config import defaults_folder
from store.errors import TouchstoneError
from store.store import Store
from tests.builders import Builder
from tests.casework.judged import Stall

BRANDS = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
RULES = contract.read_settings(defaults_folder() / "detectors.yml", contract.discover().values())["text_terms"]


def suggest(store: Store, **settings: object) -> dict[str, wording.Suggested]:
    with store.acting("officer", purpose="test") as reader:
        return {s.term: s for s in wording.suggest(reader, Terms(**settings), RULES, BRANDS)}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Store:
    from tests.conftest import new_store

    folder = tmp_path_factory.mktemp("words")
    store = new_store(f"sqlite:///{folder}/t.db", folder)
    stall = Stall(store, Builder(store))
    for number in range(14):
        copy = f"Gucci bag {number}, mirror quality replica, ask for the blue lantern, ring 07700 900{number:03}"
        plain = f"Gucci bag {number}, worn twice, from my wardrobe"
        stall.judge(stall.listing(f"c{number}", ("replica_word",), f"copies {number}", copy), "yes")
        stall.judge(stall.listing(f"p{number}", ("top_grade",), f"plain {number}", plain), "no")
    for number in range(9):  # one seller's own word, nine times
        stall.judge(stall.listing(f"o{number}", ("replica_word",), "one seller", f"Zanzibarium bag {number}"), "yes")
    return store


def test_words_of_several_sellers_that_no_rule_knows_are_suggested_with_where_they_stand(market: Store) -> None:
    found = suggest(market)
    assert found["blue lantern"].side == wording.CONFIRMED and found["blue lantern"].z > 2.58
    assert found["blue lantern"].confirmed == 14 and found["blue lantern"].cleared == 0
    assert len(found["blue lantern"].listings) == 3 and all(one.startswith("stall c") for one in found["blue lantern"].listings)
    assert found["wardrobe"].side == wording.CLEARED and found["my wardrobe"].z < -2.58


def test_what_rules_find_brands_numbers_and_one_sellers_word_are_not(market: Store) -> None:
    words = " ".join(suggest(market, z=0.0, most=500)).split()
    assert "lantern" in words
    for never in ("gucci", "replica", "mirror", "07700", "900001", "zanzibarium"):
        assert never not in words, never


def test_nothing_is_added_by_itself(market: Store) -> None:
    methods, judgements = market.methods(), market.counts()["judgements"]
    suggest(market)
    assert market.methods() == methods and market.counts()["judgements"] == judgements


def test_it_is_the_same_each_time_and_no_longer_than_asked_for(market: Store) -> None:
    assert list(suggest(market).items()) == list(suggest(market).items())
    assert len(suggest(market, most=2)) == 2


def test_too_few_judgements_are_refused_in_a_plain_sentence(sqlite_store: Store) -> None:
    with pytest.raises(TouchstoneError, match="0 listings are confirmed and 0 cleared"):
        suggest(sqlite_store)


having = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), max_size=6)
counts = st.builds(wording.Counts, st.integers(50, 60), having)


@given(counts, counts, counts)
def test_exchanging_the_sides_exchanges_the_signs(one: wording.Counts, other: wording.Counts, background: wording.Counts) -> None:
    here, there = wording.log_odds(one, other, background, 10), wording.log_odds(other, one, background, 10)
    assert set(here) == set(there) == {*one.having, *other.having}
    for word, (ratio, z) in here.items():
        assert (ratio, z) == pytest.approx((-there[word][0], -there[word][1]))


def test_the_prior_holds_rare_words_back() -> None:
    """Monroe, Colaresi and Quinn's point: once against never is no finding, however large the ratio."""
    one, other = wording.Counts(40, {"rare": 1, "common": 30}), wording.Counts(40, {"common": 10})
    said = wording.log_odds(one, other, wording.Counts(400, {"rare": 1, "common": 150}), 10)
    assert said["common"][1] > 2.58 > said["rare"][1]


def test_words_are_letters_and_pairs_stand_side_by_side() -> None:
    assert "bag size-9" not in list(wording.words("bag, size-9")) and "a b" in list(wording.words("A  b"))
    assert not any(c.isdigit() for word in wording.words("07700 900123 £40") for c in word)
