"""Every detector's examples: tests/detectors/NAME.yml, listings with what must be found in them and what must not."""

from __future__ import annotations

import functools
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from detectors import contract
from detectors.brands import Brands, read_brands
from detectors.contract import Context, Published
from detectors.prices import Currencies, read_currencies
from detectors.text_terms import DISGUISED
from store.config import defaults_folder
from store.words.records import (
    Again,
    Details,
    Examined,
    Offer,
    Reference,
    ReferenceKind,
    Seller,
    SellerSubject,
    Shared,
    Snapshot,
    SubjectKind,
)

HERE = Path(__file__).parent
SEEN = datetime(2026, 3, 1, 9, tzinfo=UTC)
EXCULPATORY = ("one_size", "clear_out")
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


@functools.cache
def currencies() -> Currencies:
    return read_currencies(defaults_folder() / "currencies.yml")


def examine(name: str, example: dict[str, Any]) -> contract.Examined:
    prices = tuple(
        Reference(
            number,
            ReferenceKind.price,
            "demo",
            "invented",
            "system",
            *row[:3],
            None,
            *row[3:5],
            "2026-01-01",
            **(row[5] if row[5:] else {}),
        )
        for number, row in enumerate(example.get("prices", []), 1)
    )
    context = Context(
        settings()[name], brands(), prices=prices, currencies=currencies(), published={1: Published(**example.get("published", {}))}
    )
    subject = seller(example) if "offers" in example else Snapshot(**{word: example[word] for word in WORDS if word in example}, id=1)
    [examined] = contract.examine(name, [subject], context)
    return examined


def seller(example: dict[str, Any]) -> SellerSubject:
    """An account with these offers, each `times` over; `joined`, `dispatch` and `images` are beside an offer's words."""
    offers: list[Offer] = []
    for given in example["offers"]:
        words = {word: value for word, value in given.items() if word not in ("times", "joined", "dispatch", "images")}
        joined = datetime.fromisoformat(given["joined"]).replace(tzinfo=UTC) if "joined" in given else None
        for _ in range(given.get("times", 1)):
            number = len(offers) + 1
            seen = SEEN + timedelta(hours=number)
            details = Details(joined_at=joined, dispatch_text=given.get("dispatch", ""))
            snapshot = Snapshot(**{"currency": "GBP", **words}, id=100 + number)
            offers.append(Offer(number, snapshot, tuple(given.get("images", ())), seen, seen, details))
    shared = tuple(
        Shared(kind, digest, offer, account, 900 + account, 800 + account) for kind, digest, offer, account in example.get("shared", [])
    )
    again = tuple(Again(older, newer, "its page answered 404", 7) for older, newer in example.get("again", []))
    return SellerSubject(1, Seller(1, "stall", "anna", "Anna"), tuple(offers), shared, again, left_out=example.get("left_out", 0))


def cases() -> list[Any]:
    return [
        pytest.param(name, example, id=f"{name}-{number}-{example.get('title', example.get('why', ''))[:40]}")
        for name in contract.discover()
        if (HERE / f"{name}.yml").exists()
        and contract.detector_of(name).subject in (SubjectKind.snapshot, SubjectKind.seller)  # pictures have tests of their own
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
        assert str(finding.direction) == ("exculpatory" if finding.reason in EXCULPATORY else "suspicious") or name == "text_terms"
    if "offers" in example:
        _cites_the_accounts_own_words(examined)


def _cites_the_accounts_own_words(examined: contract.Examined) -> None:
    for finding in examined.findings:
        assert finding.pointers and all(p.other.startswith("snapshot:") for p in finding.pointers)
        assert any("seller" not in p.detail for p in finding.pointers), "it rests on words of the account's own"
        assert len({p.other for p in finding.pointers}) == len(finding.pointers)


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
    reasons = (
        {rule.reason for rule in settings()["text_terms"].rules} | {DISGUISED, "denied", "explained"} if name == "text_terms" else {name}
    )
    found = Counter(reason for example in examples(name) for reason in example.get("finds", []))
    trapped = Counter(example["trap"] for example in examples(name) if "trap" in example)
    assert {reason: found[reason] for reason in reasons if found[reason] < 3} == {}
    assert {reason: trapped[reason] for reason in reasons if trapped[reason] < 3} == {}
    assert set(found) | set(trapped) <= reasons, f"no such reason: {(set(found) | set(trapped)) - reasons}"


BANDS = ("price_far_below", "price_well_below", "price_below")
OF_SELLERS = {
    "new_account": ("new_account",),
    "seller_stock": ("few_prices", "many_sizes", "one_size", "clear_out"),
    "seller_copies": ("same_text", "same_set", "relisted"),
    "seller_place": ("place_claimed",),
}


@pytest.mark.parametrize(("name", "reason"), [("price_gap", each) for each in BANDS] + [(n, r) for n, of in OF_SELLERS.items() for r in of])
def test_a_reason_of_prices_and_sellers_has_three_positives_and_three_traps(name: str, reason: str) -> None:
    found = [example for example in examples(name) if reason in example.get("finds", [])]
    traps = [example for example in examples(name) if example.get("trap") == reason]
    assert len(found) >= 3 and len(traps) >= 3, (len(found), len(traps))


def test_no_group_of_sellers_reasons_reaches_review_alone() -> None:
    from detectors.score import read_policy

    policy = read_policy(defaults_folder() / "flags.yml")
    reasons = [reason for of in OF_SELLERS.values() for reason in of if reason not in EXCULPATORY]
    assert {policy.weight(reason).group for reason in reasons} == {"seller"} and policy.groups["seller"].cap < policy.levels.review
    assert {policy.weight(reason).group for reason in EXCULPATORY} == {"exculpatory"}


def test_every_reason_has_a_weight_in_the_flag_policy() -> None:
    from detectors.score import read_policy

    policy = read_policy(defaults_folder() / "flags.yml")
    reasons = {rule.reason for rule in settings()["text_terms"].rules} | {b.reason for b in settings()["price_gap"].bands}
    reasons |= {reason for name in ("picture_words", *OF_SELLERS) for example in examples(name) for reason in example.get("finds", [])}
    assert reasons - set(policy.reasons) == set()
