"""Hostile words: bounded time, a finding or nothing, never a crash."""

from __future__ import annotations

import functools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import contract
from detectors.contract import Context
from detectors.score import Policy, Said, read_policy, score
from detectors.text_terms import _terms
from store.config import defaults_folder
from store.words.records import Examined, Level, Snapshot
from tests.detectors.test_examples import brands
from tests.detectors.test_examples import settings as shipped

DETECTORS = ("text_terms", "many_brands", "price_gap")


def examine(name: str, **words: object) -> contract.Examined:
    [examined] = contract.examine(name, [Snapshot(**words, id=1)], Context(shipped()[name], brands()))  # type: ignore[arg-type]
    return contract.storable(examined)


@functools.cache
def policy() -> Policy:
    return read_policy(defaults_folder() / "flags.yml")


HUGE = {
    "ordinary words": "A lovely bag, light scuffs at the corners, worn twice. Ask me anything. " * 14000,
    "one word": "replica " * 125000,
    "one letter": "a" * 1_000_000,
    "stars": "g*" * 500_000,
    "spaced letters": "g u c c i " * 100_000,
    "digits": "1:1" * 330_000,
    "no spaces": "guccilouisvuittonreplica" * 40_000,
    "negations": "not " * 250_000,
    "bidi": "\u202egucci\u202c replica " * 40_000,
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_megabyte_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    examined = examine("text_terms", title="Gucci bag", text=text)
    assert examined.outcome is Examined.done, examined.detail
    assert time.process_time() - began < 30
    assert all(len(finding.pointers) <= 9 and len(finding.sentence) < 600 for finding in examined.findings)


def _growth(pattern: re.Pattern[str], unit: str) -> tuple[float, float]:
    """Seconds for a text and for one eight times as long."""
    times = []
    for size in (1_500, 12_000):
        text = (unit * (size // len(unit) + 1))[:size]
        began = time.process_time()
        for _ in pattern.finditer(text):
            pass
        times.append(time.process_time() - began)
    return times[0], times[1]


UNITS = ["a", " ", "a ", "1", "1 ", "no ", "-", "*", "a-", "you know ", "the ", "can't ", "size 3", "what do you ", "\u4e2d"]


def test_every_pattern_of_the_rules_takes_linear_time() -> None:
    """Each on texts that repeat what a pattern may start with: its own words, and what is in most patterns."""
    terms = _terms(shipped()["text_terms"])
    slow = []
    for pattern in [*(way.pattern for way in terms.ways), *terms.unless, terms.hints, terms.no_denial]:
        own = re.findall(r"(?<![\\\w])\w{3,}", pattern.pattern)[:2]
        for unit in [*UNITS, *own, *(word + " " for word in own)]:
            short, long = _growth(pattern, unit)
            if long > 0.1 and long > 40 * max(short, 1e-4):  # eight times as long: a quadratic one takes 64 times
                slow.append((pattern.pattern[:60], unit, short, long))
    assert slow == []


def test_stuffing_takes_time_in_proportion() -> None:
    """Each hit is looked at with its surroundings, a line long as the text included."""
    for text in ("replica margiela " * 20_000, "not fake " * 30_000, "g*cci " * 40_000, "copia " * 40_000):
        began = time.process_time()
        examine("text_terms", title="Gucci bag", text=text)
        assert time.process_time() - began < 30


def test_an_admission_behind_hundreds_of_denials_is_found() -> None:
    denials = "This is not a replica. " * 700
    for text in (denials, f"{denials} It is a replica."):
        examined = examine("text_terms", title="Gucci bag", text=text)
        assert "replica_word" in {finding.reason for finding in examined.findings if finding.score}
    examined = examine("text_terms", title="Gucci bag", text="This is not a replica. " * 400)
    assert "replica_word" not in {finding.reason for finding in examined.findings if finding.score}, "so many are still looked at"


def test_what_explains_a_word_away_stands_in_its_own_sentence() -> None:
    for text, counts in (("Brass scale model. Replica, boxed.", True), ("Brass scale model, replica, boxed.", False)):
        found = {finding.reason for finding in examine("text_terms", title="Gucci belt", text=text).findings if finding.score}
        assert ("replica_word" in found) is counts, text


STUFFED = (
    "batteries tuition gym mirror furniture faux fur ukraine alkaline workout lens refurbished",
    "Maison Margiela Replica. Replica football shirt. Fake tan. AAA batteries. 1:1 tuition. Gym reps.",
    "no fakes, not a replica, beware of fakes",
    "Original receipt, worn once, light scuffs, plain leather, no logos, proof of purchase",
)
ADMISSIONS = (
    "Gucci belt, replica", "Rolex 1:1", "Chanel bag AAA quality", "LV bag, fake obviously", "Nike reps", "Dior bag mirror quality",
    "Rolex super clone", "Gucci bag, not real", "Prada bag, nobody will know", "Yeezy best batch, QC pics", "Moncler, same factory as the real ones",
)  # fmt: skip


@pytest.mark.parametrize("stuffed", STUFFED)
@pytest.mark.parametrize("admission", ADMISSIONS)
@pytest.mark.parametrize("joined", ["{0}. {1}", "{1}\n{0}", "{0} | {1}"])
def test_stuffing_with_ordinary_words_takes_nothing_away(admission: str, stuffed: str, joined: str) -> None:
    def points(text: str) -> tuple[float, Level]:
        scored = score(policy(), [Said(finding) for finding in examine("text_terms", title="For sale", text=text).findings])
        return scored.score, scored.level

    alone, level = points(admission)
    assert level in (Level.review, Level.priority)
    assert points(joined.format(admission, stuffed))[0] >= alone


@pytest.mark.parametrize(
    "words",
    [
        {"title": "\u202eicсuG\u202c replica", "text": ""},
        {"title": "Gucci \ud800 replica \udfff", "text": "\udcff"},
        {"title": "Gucci re\u200bpl\u200dica", "text": "\0"},
        {"title": "🪞🔥🔌", "text": "😀" * 5000},
        {"title": "", "text": ""},
        {"title": "Gucci", "text": "تقليد درجة أولى"},
    ],
)
@pytest.mark.parametrize("name", DETECTORS)
def test_odd_characters_are_examined_and_storable(name: str, words: dict[str, str]) -> None:
    examined = examine(name, **words)
    assert examined.outcome in (Examined.done, Examined.not_possible)
    for finding in examined.findings:
        (finding.sentence + "".join(p.raw for p in finding.pointers)).encode("utf-8")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=20), st.one_of(st.none(), st.integers(-(10**15), 10**15)))
def test_no_words_make_a_detector_fail(title: str, text: str, brand: str, price: int | None) -> None:
    for name in DETECTORS:
        examined = examine(name, title=title, text=text, brand=brand, price_minor=price, currency="XXQ")
        assert examined.outcome is not Examined.failed, examined.detail


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["\u200b", "\u200d", "\u00ad", "\u2060"]), st.integers(1, 5))
def test_hidden_characters_hide_nothing(hidden: str, at: int) -> None:
    word = "replica"
    examined = examine("text_terms", title="Gucci belt " + word[:at] + hidden + word[at:], text="")
    assert "replica_word" in [finding.reason for finding in examined.findings]
    [finding] = [f for f in examined.findings if f.reason == "replica_word"]
    assert finding.pointers[0].raw == word[:at] + hidden + word[at:], "the raw span is what was published"
