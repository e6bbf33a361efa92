"""Misspellings that are made, not listed: what they find, what they must leave alone; and that a prefilter hides nothing."""

from __future__ import annotations

import pickle
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.brands import Brand, Brands
from detectors.needles import Haystack, needles_of
from detectors.spellings import misspellings
from detectors.text_terms import _terms
from store.words.text import normalise, plainer
from tests.detectors.test_examples import brands, examples, settings

LANGUAGES = ("en", "fr", "de", "es", "it", "pl", "tr", "nl", "pt", "ro")


@pytest.mark.parametrize(
    ("raw", "brand"),
    [
        ("Balencaga trainers", "Balenciaga"),  # a letter left out
        ("Monlcer gilet", "Moncler"),  # two changed over
        ("Burbberry scarf", "Burberry"),  # one written twice
        ("Versase belt", "Versace"),  # one sound for another
        ("Alexandar McQueen shoes", "Alexander McQueen"),
        ("Moncl3r c0at", "Moncler"),
        ("b@lenc!aga", "Balenciaga"),
        ("古驰 包", "Gucci"),
        ("Гуччи", "Gucci"),
        ("LV 👜", "Louis Vuitton"),  # a picture of the goods is a word of them
    ],
)
def test_a_brand_is_found_however_it_is_spelt(raw: str, brand: str) -> None:
    assert brand in [mention.brand for mention in brands().find(normalise(raw))]


def test_a_whole_spelling_goes_before_a_misspelt_one() -> None:
    [mention] = brands().find(normalise("Monlcer, a Moncler gilet"))
    assert (mention.brand, mention.how) == ("Moncler", "spelling")


def test_short_words_and_first_letters_are_left_alone() -> None:
    assert misspellings("Dior") == set()
    assert all(wrong[0] == "g" and len(wrong) >= 5 for wrong in misspellings("Gucci"))


def test_what_may_be_two_brands_is_neither() -> None:
    both = Brands((Brand("Martena", ("martena",)), Brand("Martina", ("martina",))), (), "x")
    assert "martna" not in both._misspelt


def test_no_misspelling_is_a_common_word_of_the_languages_that_sellers_write() -> None:
    wordfreq = pytest.importorskip("wordfreq", reason="wordfreq, of the extra 'test', has the common words")
    common = {word for language in LANGUAGES for word in wordfreq.top_n_list(language, 40_000 if language == "en" else 20_000)}
    clashes = sorted(set(brands()._misspelt) & common)
    assert clashes == [], "add them to configs/brands/ordinary.yml"
    assert len(brands()._misspelt) > 5_000


# -- the prefilter


@pytest.mark.parametrize(
    ("pattern", "needles"),
    [
        (r"\bmirror (?:quality|copy)\b", {"\0mirror q", "\0mirror c"}),
        (r"\bua\b", {"\0ua\0"}),
        (r"a{3,6}", {"aaa"}),
        (r"(?:fake)?\d", set()),
        (r"\w+", set()),
        (r"colou?rs?", {"color", "colors", "colour", "colours"}),
    ],
)
def test_needles_are_what_every_match_holds(pattern: str, needles: set[str]) -> None:
    assert needles_of(pattern) == needles


def test_a_needle_at_an_edge_is_not_found_inside_a_word() -> None:
    haystack = Haystack([("ua", needles_of(r"\bua\b"))])
    assert haystack.possible("quality") == set() and haystack.possible("a ua bag") == {"ua"}


def test_of_needles_that_begin_alike_each_is_told() -> None:
    haystack = Haystack([(1, ["rep"]), (2, ["replica"]), (3, ["\0rep\0"])])
    assert haystack.possible("a replica") == {1, 2} and haystack.possible("a rep") == {1, 3}


def _every_reading() -> list[str]:
    said = [str(example.get(name, "")) for example in examples("text_terms") for name in ("title", "text")]
    return [read for text in said for read in [normalise(text).text, *(reading.text for reading in plainer(normalise(text).text))]]


def test_the_prefilter_names_every_pattern_that_matches_an_example() -> None:
    terms = _terms(settings()["text_terms"])
    for text in _every_reading():
        possible = terms.haystack.possible(text)
        missed = [way.pattern.pattern for at, way in enumerate(terms.ways) if at not in possible and way.pattern.search(text)]
        assert missed == [], text


@given(st.text(alphabet="abr ep1:-", max_size=30))
def test_the_prefilter_hides_nothing(text: str) -> None:
    patterns = [r"\brep+s?\b", r"1 ?: ?1", r"(?:a|b)p{1,2}e", r"\b(?:re|be)(?:a|p)?r", r"b[ap-r]{2,}", r"\be(?:b|p)\b"]
    haystack = Haystack((pattern, needles_of(pattern)) for pattern in patterns)
    assert {pattern for pattern in patterns if re.search(pattern, text)} <= haystack.possible(text)


def test_few_patterns_are_tried_on_every_text() -> None:
    terms = _terms(settings()["text_terms"])
    assert len(terms.haystack.always) <= 2, [terms.ways[at].pattern.pattern[:60] for at in terms.haystack.always]


# -- plainer readings


@pytest.mark.parametrize(
    ("raw", "reading"),
    [
        ("r e p l i c a bag", "replica bag"),
        ("f.a.k.e", "fake"),
        ("rep-lica", "replica"),
        ("faaake", "fake"),
        ("ffaakkee", "fake"),
        ("m1rr0r qual!ty", "mirror quality"),
        ("r3pl1c4", "replica"),
        ("c0py and cl0ne", "copy and clone"),
    ],
)
def test_evaded_words_are_put_together(raw: str, reading: str) -> None:
    assert reading in [read.text for read in plainer(raw)]


@pytest.mark.parametrize("plain", ["gucci bag 40mm", "350v2 b22 size 9", "nike! (new)", "5/6/7 uk", "10-14 days", "1:1", "£1,200.50"])
def test_what_is_plain_has_no_other_reading(plain: str) -> None:
    assert plainer(plain) == []


@given(st.text(max_size=60))
def test_a_reading_leads_back_to_the_text(raw: str) -> None:
    text = normalise(raw).text
    for reading in plainer(text):
        spans = [reading.span(at, at + 1) for at in range(len(reading.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans) and spans == sorted(spans)


@pytest.mark.parametrize("unit", ["a ", "a.", "aa", "1a", "a1 ", "!a", "(", "(+a", "aabb", "!!a b", "a!", "$" * 30 + "a "])
def test_plainer_readings_take_linear_time(unit: str) -> None:
    began = time.process_time()
    plainer(unit * (200_000 // len(unit)))
    assert time.process_time() - began < 10


def test_a_process_that_is_sent_the_brands_again_has_their_patterns_already() -> None:
    sent = pickle.dumps(brands())
    first = pickle.loads(sent)
    assert first == brands() and pickle.loads(sent) is first
    assert [m.brand for m in first.find("balencaga trainers")] == ["Balenciaga"]
