"""Misspellings that are made, not listed: what they find, what they must leave alone; and that a prefilter hides nothing."""

from __future__ import annotations

import pickle
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.brands import Brand, Brands
from detectors.sieve import Sieve, loosened
from detectors.spellings import Spelling, Spellings, misspellings
from detectors.text_terms import _terms
from store.words.text import _SIGNED, _SIGNS_I, _SIGNS_L, _put_together, _unplain_parts, _unsigned, deleet, normalise, plainer
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
    ("pattern", "loose"),
    [
        (r"\bfake(?! (?:fur|tan))s?\b", r"\bfakes?\b"),
        (r"(?<!not )(?<=a )rep(?=[ (](?:s|p))", "rep"),
        (r"(?<![a-z0-9])(?:gucci|gg)(?![a-z0-9])", "(?:^|[^a-z0-9])(?:gucci|gg)"),
        (r"(?<![a-z0-9])gucci|prada", "gucci|prada"),
        (r"[)(?=]\(?(?:\))", r"[)(?=]\(?(?:\))"),
        (r"\bкопия\w*\b", r"копия[\w\x{80}-\x{10FFFF}]*"),
    ],
)
def test_a_pattern_is_loosened_of_what_it_asks_of_its_surroundings_alone(pattern: str, loose: str) -> None:
    assert loosened(pattern) == loose


def test_a_sieve_tells_each_pattern_that_may_match() -> None:
    sieve = Sieve([(1, "rep"), (2, "replica"), (3, r"\brep\b"), (4, "rep(?!lica)")])
    assert sieve.possible("a replica") == {1, 2, 4} and sieve.possible("a rep") == {1, 3, 4} and sieve.possible("a bag") == set()


def test_a_pattern_that_the_automaton_does_not_take_is_always_possible() -> None:
    assert Sieve([("twice", r"(a)\1")]).possible("x") == {"twice"}


def test_too_little_memory_is_an_error_and_not_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.sieve.MEMORY", 1 << 12)
    with pytest.raises(Exception, match="compile"):
        Sieve((number, rf"\w{{1,20}} {number}") for number in range(200))


def _every_reading() -> list[str]:
    said = [str(example.get(name, "")) for example in examples("text_terms") for name in ("title", "text")]
    return [read for text in said for read in [normalise(text).text, *(reading.text for reading in plainer(normalise(text).text))]]


def test_the_prefilter_names_every_pattern_that_matches_an_example() -> None:
    terms = _terms(settings()["text_terms"])
    for text in _every_reading():
        possible = terms.sieve.possible(text)
        missed = [way.pattern.pattern for at, way in enumerate(terms.ways) if at not in possible and way.pattern.search(text)]
        assert missed == [], text


@given(st.text(alphabet="abr ep1:-_д中é£", max_size=30))
def test_the_prefilter_hides_nothing(text: str) -> None:
    patterns = [
        r"\brep+s?\b", r"1 ?: ?1", r"(?:a|b)p{1,2}e", r"\b(?:re|be)(?:a|p)?r", r"b[ap-r]{2,}", r"\be(?:b|p)\b", r"\b\w{2} a", r"a\b.\w",
        r"\bд\w+\b", r"[\w-]+中", r"(?<![a-z0-9])re?p(?![a-z0-9])", r"\W\w\W", r"(?<!a)b(?=[:\w])", r"£[^ ]\b",
    ]  # fmt: skip
    sieve = Sieve((pattern, pattern) for pattern in patterns)
    assert {pattern for pattern in patterns if re.search(pattern, text)} <= sieve.possible(text)


def test_no_pattern_of_the_rules_is_tried_on_every_text() -> None:
    terms = _terms(settings()["text_terms"])
    assert terms.sieve.possible("a b c") == set() and terms.sieve.possible("") == set()


@given(st.text(alphabet="gucilvdn.-* &$0@1", max_size=24))
def test_a_spelling_that_is_there_is_among_the_possible(text: str) -> None:
    spellings = [Spelling(name) for name in ("gucci", "lv", "d&g", "cc", "l.v", "vuiln", "gucci lv")]
    texts = [text, deleet(text), *(reading.text for reading in plainer(text))]
    there = {number for number, spelling in enumerate(spellings) if any(spelling.pattern.search(read) for read in texts)}
    assert there <= Spellings(spellings).possible(texts)


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


@given(st.text(alphabet="gucrn aa.-*&$0@1!|", max_size=30))
def test_what_is_remembered_of_words_changes_no_reading(text: str) -> None:
    """A text that is told plain at once has no other reading when it is looked at as a whole."""
    text = " ".join(text.split())
    if not _unplain_parts(text):
        assert _put_together(text, [(0, len(text))]) is None
        assert all(_SIGNED.sub(lambda match, table=table: _unsigned(match[0], table), text) == text for table in (_SIGNS_I, _SIGNS_L))
    assert _put_together(text, _unplain_parts(text)) == _put_together(text, [(0, len(text))])
