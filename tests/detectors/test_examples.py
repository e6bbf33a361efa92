"""Every detector's examples: tests/detectors/NAME.yml, listings with what must be found in them and what must not."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from detectors import contract
from detectors.brands import Brands, read_brands
from detectors.contract import Context
from store.config import defaults_folder
from store.words.records import Examined, Reference, ReferenceKind, Snapshot, SubjectKind

HERE = Path(__file__).parent
WORDS = ("title", "text", "brand", "category", "condition", "price_minor", "currency", "price_text")


@functools.cache
def brands() -> Brands:
    return read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))


@functools.cache
def settings() -> dict[str, Any]:
    return contract.read_settings(defaults_folder() / "detectors.yml", contract.discover().values())


@functools.cache
def examples(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((HERE / f"{name}.yml").read_text())


def examine(name: str, example: dict[str, Any]) -> contract.Examined:
    prices = tuple(
        Reference(number, ReferenceKind.price, "demo", "invented", "system", row[0], row[1], row[2], None, row[3], row[4], "2026-01-01")
        for number, row in enumerate(example.get("prices", []), 1)
    )
    snapshot = Snapshot(**{word: example[word] for word in WORDS if word in example}, id=1)
    [examined] = contract.examine(name, [snapshot], Context(settings()[name], brands(), prices=prices))
    return examined


def cases() -> list[Any]:
    return [
        pytest.param(name, example, id=f"{name}-{number}-{example.get('title', '')[:30]}")
        for name in contract.discover()
        if (HERE / f"{name}.yml").exists()
        and contract.detector_of(name).subject is SubjectKind.snapshot  # pictures have tests of their own
        for number, example in enumerate(examples(name), 1)
    ]


@pytest.mark.parametrize(("name", "example"), cases())
def test_an_example_is_found_as_it_says(name: str, example: dict[str, Any]) -> None:
    examined = examine(name, example)
    if "not_possible" in example:
        assert examined.outcome is Examined.not_possible and example["not_possible"] in examined.detail, examined
        return
    assert examined.outcome is Examined.done, examined.detail
    said = {finding.reason: finding for finding in examined.findings}
    for reason in example.get("finds", []):
        assert reason in said, f"not found: {reason}; found: {sorted(said)}"
    trap = example.get("trap")
    if trap in _weightless():
        assert trap not in said, said[trap].sentence
    elif trap:
        assert trap not in said or said[trap].score == 0, said[trap].sentence
    if "shows" in example:
        assert example["shows"] in said and said[example["shows"]].score == 0, f"found: {sorted(said)}"
    for finding in examined.findings:
        _rests_on_what_was_written(finding, example)


def _weightless() -> set[str]:
    return {"denied", "explained"} | {rule.reason for rule in settings()["text_terms"].rules if rule.kind == "neutral"}


def _rests_on_what_was_written(finding: Any, example: dict[str, Any]) -> None:
    assert finding.sentence.endswith(".") and 0 <= finding.score <= 1
    for pointer in finding.pointers:
        if pointer.field:
            assert example[pointer.field][pointer.start : pointer.end].startswith(pointer.raw), "the raw span is what was published"


@pytest.mark.parametrize("name", contract.discover())
def test_every_detector_has_examples(name: str) -> None:
    assert (HERE / f"{name}.yml").exists(), f"write tests/detectors/{name}.yml"


@pytest.mark.parametrize("name", ["text_terms", "many_brands"])
def test_every_reason_of_words_has_three_positives_and_three_traps(name: str) -> None:
    reasons = {rule.reason for rule in settings()["text_terms"].rules} | {"denied", "explained"} if name == "text_terms" else {name}
    found = Counter(reason for example in examples(name) for reason in example.get("finds", []))
    trapped = Counter(example["trap"] for example in examples(name) if "trap" in example)
    assert {reason: found[reason] for reason in reasons if found[reason] < 3} == {}
    assert {reason: trapped[reason] for reason in reasons if trapped[reason] < 3} == {}
    assert set(found) | set(trapped) <= reasons, f"no such reason: {(set(found) | set(trapped)) - reasons}"


def test_every_reason_has_a_weight_in_the_flag_policy() -> None:
    from detectors.score import read_policy

    policy = read_policy(defaults_folder() / "flags.yml")
    reasons = {rule.reason for rule in settings()["text_terms"].rules} | {b.reason for b in settings()["price_gap"].bands}
    reasons |= {reason for example in examples("picture_words") for reason in example.get("finds", [])}
    assert reasons - set(policy.reasons) == set()
