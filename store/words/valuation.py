"""What people record of money in a case: goods with the price of genuine ones, money received, feedback as a measure of sales, culpability.

Two valuations that are never one (practice notes § 1): the *equivalent retail value* of genuine goods, which is harm in the sentencing
guideline for s.92 of the Trade Marks Act 1994, and the *benefit*, which is what somebody obtained (Proceeds of Crime Act 2002, part 2).
The guideline itself says that the valuation for confiscation is not the valuation of harm. Amounts are in minor units; dates YYYY-MM-DD.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

_CURRENCY = re.compile("[A-Z]{3}")


class Kind(enum.StrEnum):
    goods = "goods"
    receipt = "receipt"
    feedback = "feedback"
    culpability = "culpability"


class Rests(enum.StrEnum):
    """On what a record rests: an exhibit of the case by its number, an item of a seizure, a capture, or a document that lies elsewhere."""

    exhibit = "exhibit"
    seizure = "seizure"
    capture = "capture"
    document = "document"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`exhibit:AB1`, `seizure:12/2` (a follow-up and which of its items, from 1), `capture:88`, `document:CD/118`."""

    kind: Rests
    ref: str
    number: int | None = None  # the row in the store, once it is known

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


def evidence_of(text: str) -> Evidence:
    """Raises ValueError where it is not written so."""
    kind, sign, ref = text.partition(":")
    if not sign or kind.strip() not in list(Rests) or not ref.strip():
        raise ValueError(f"evidence: write '{text}' as exhibit:AB1, seizure:12/1, capture:88 or document:REFERENCE")
    found = Evidence(Rests(kind.strip()), ref.strip())
    if found.kind is Rests.seizure and not re.fullmatch(r"\d+/[1-9]\d*", found.ref):
        raise ValueError(f"evidence: '{text}': a seizure is written as seizure:12/1, the follow-up and which of its items")
    if found.kind is Rests.capture and not found.ref.isdecimal():
        raise ValueError(f"evidence: '{text}': a capture is written by its number")
    return found


class PriceFrom(enum.StrEnum):
    """Where a price of genuine goods comes from: an entry of the reference log, a brand's list or another document, a capture."""

    reference = "reference"
    list = "list"
    capture = "capture"


@dataclass(frozen=True, slots=True)
class GenuinePrice:
    """The retail price of one genuine piece, with its source and the day that it is of. Raises ValueError where any is missing."""

    minor: int
    currency: str
    source: PriceFrom
    cites: str
    dated: str

    def __post_init__(self) -> None:
        _amount(self.minor, self.currency)
        if not self.cites.strip():
            raise ValueError("price: say where it comes from: reference:12, list:NAME or capture:88")
        _day("price", self.dated)

    @property
    def said(self) -> str:
        return f"{self.source} {self.cites}, {self.dated}"


@dataclass(frozen=True, slots=True)
class Goods:
    """So many pieces of one sort, and what a genuine one sells for: low, mid and high, or none where no price is known.

    Raises ValueError for a quantity below one, no evidence of it, prices in several currencies or out of order.
    """

    what: str
    quantity: int
    evidence: tuple[Evidence, ...]
    brand: str = ""
    low: GenuinePrice | None = None
    mid: GenuinePrice | None = None
    high: GenuinePrice | None = None
    kind = Kind.goods

    def __post_init__(self) -> None:
        if not self.what.strip() or self.quantity < 1:
            raise ValueError("goods: say what they are, and how many pieces")
        if not self.evidence:
            raise ValueError("evidence: say what shows the quantity (--evidence)")
        prices = [each for each in (self.low, self.mid, self.high) if each is not None]
        if len(prices) not in (0, 3):
            raise ValueError("price: give low, mid and high, or one price that stands for all three, or none")
        if len({each.currency for each in prices}) > 1:
            raise ValueError("price: low, mid and high are in one currency")
        if [each.minor for each in prices] != sorted(each.minor for each in prices):
            raise ValueError("price: low, mid and high are not in that order")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money received, as a document shows it. `payment` tells this payment from every other; `seller` is the account that it was for."""

    payment: str
    minor: int
    currency: str
    dated: str
    evidence: tuple[Evidence, ...]
    seller: int | None = None
    what: str = ""
    kind = Kind.receipt

    def __post_init__(self) -> None:
        _amount(self.minor, self.currency)
        _day("dated", self.dated)
        if not self.payment.strip():
            raise ValueError("payment: name it (--payment), so that none is counted twice")
        if not self.evidence:
            raise ValueError("evidence: say what shows it (--evidence)")


@dataclass(frozen=True, slots=True)
class Feedback:
    """How often an account was rated, as a measure of its sales: `count` × `minor`, on the stated assumption."""

    seller: int
    count: int
    minor: int
    currency: str
    dated: str
    assumption: str
    evidence: tuple[Evidence, ...]
    kind = Kind.feedback

    def __post_init__(self) -> None:
        _amount(self.minor, self.currency)
        _day("dated", self.dated)
        if self.count < 1 or not self.assumption.strip() or not self.evidence:
            raise ValueError(
                "feedback: give the count, the assumption that makes sales of it (--assumption), and what shows it (--evidence)"
            )


@dataclass(frozen=True, slots=True)
class Culpability:
    """A person records that a marker of the sentencing guideline is there; `marker` is its name in configs/money.yml."""

    marker: str
    note: str
    evidence: tuple[Evidence, ...]
    kind = Kind.culpability

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError("evidence: a marker rests on evidence (--evidence)")


Said = Goods | Receipt | Feedback | Culpability
_TYPES: Mapping[Kind, type[Said]] = {Kind.goods: Goods, Kind.receipt: Receipt, Kind.feedback: Feedback, Kind.culpability: Culpability}


@dataclass(frozen=True, slots=True)
class Record:
    """A row of what people recorded; `said` None where it was erased."""

    id: int
    case: str
    said: Said | None
    supersedes: int | None
    superseded_by: int | None
    actor: str
    at: Any


def body_of(said: Said) -> dict[str, Any]:
    return asdict(said)


def said_of(kind: Kind, body: Mapping[str, Any]) -> Said:
    """A body as it was kept."""
    given = dict(body)
    given["evidence"] = tuple(Evidence(Rests(e["kind"]), e["ref"], e["number"]) for e in given["evidence"])
    for name in ("low", "mid", "high"):
        if given.get(name):
            given[name] = GenuinePrice(**{**given[name], "source": PriceFrom(given[name]["source"])})
    return _TYPES[kind](**given)


def _amount(minor: int, currency: str) -> None:
    if minor < 1:
        raise ValueError("price: an amount is above nothing")
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"currency: '{currency}' is no code of a currency, such as GBP")


def _day(name: str, text: str) -> None:
    try:
        if date.fromisoformat(text).isoformat() != text:
            raise ValueError
    except ValueError:
        raise ValueError(f"{name}: '{text}' is no date: write it as 2026-11-26") from None
