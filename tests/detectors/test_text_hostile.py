"""Hostile words: bounded time, a finding or nothing, never a crash."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import contract
from detectors.contract import Context
from store.words.records import Examined, Snapshot
from tests.detectors.test_examples import brands
from tests.detectors.test_examples import settings as shipped

DETECTORS = ("text_terms", "many_brands", "price_gap")


def examine(name: str, **words: object) -> contract.Examined:
    [examined] = contract.examine(name, [Snapshot(**words, id=1)], Context(shipped()[name], brands()))  # type: ignore[arg-type]
    return contract.storable(examined)


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
