"""What people say of money in a case, as they write it: amounts, prices of genuine goods with their source and day, and what shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from casework.money import read_settings
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.strict import near
from store.words.money import parse_price
from store.words.records import ReferenceKind
from store.words.valuation import Evidence, GenuinePrice, PriceFrom, Said, evidence_of

ON_PRICE = "AMOUNT; SOURCE; DATE: £950; list:Maison Lozenge price list; 2026-03-01"


def stated(make: Callable[[], Said]) -> Said:
    """What `make` makes. Raises TouchstoneError where it says too little."""
    try:
        return make()
    except ValueError as error:
        raise TouchstoneError(str(error)) from None


def shown_by(given: Iterable[str]) -> tuple[Evidence, ...]:
    """Raises ValueError for evidence that is not written as exhibit:AB1, seizure:12/1, capture:88 or document:REFERENCE."""
    return tuple(evidence_of(each) for each in given)


def amount_of(text: str) -> tuple[int, str]:
    """(minor units, currency) of £45.00 or 45.00 EUR. Raises TouchstoneError."""
    found = parse_price(text, "GBP")
    if found is None or found.kind != "exact" or not found.currency:
        raise TouchstoneError(f"'{text}' is no amount that can be read; write it like £45.00 or 45.00 EUR")
    return found.amount_minor, found.currency


def marker_there(home: Home, marker: str) -> None:
    """Raises TouchstoneError for a marker of culpability that configs/money.yml does not name."""
    known = read_settings(home).culpability
    if marker not in known:
        raise TouchstoneError(f"'{marker}' is no marker of configs/money.yml; there are {', '.join(known)}{near(marker, known)}")


def prices_of(store: Store, price: str, three: tuple[str, str, str], reference: int | None) -> tuple[GenuinePrice | None, ...]:
    """(low, mid, high). Raises TouchstoneError where they are given in two ways, or not all three."""
    if sum((bool(price), any(three), reference is not None)) > 1:
        raise TouchstoneError("give one price (--price), three (--low, --mid, --high) or an entry (--reference)")
    if reference is not None:
        entry = next((r for r in store.references([ReferenceKind.price]) if r.number == reference), None)
        if entry is None or entry.price_minor is None or not entry.currency:
            raise TouchstoneError(f"there is no price entry {reference} in force; `touchstone reference list --kind price` shows them")
        figures = [entry.price_minor if each is None else each for each in (entry.low_minor, entry.price_minor, entry.high_minor)]
        return tuple(GenuinePrice(minor, entry.currency, PriceFrom.reference, str(reference), entry.dated) for minor in figures)
    if any(three) and not all(three):
        raise TouchstoneError("give --low, --mid and --high, or one --price that stands for all three")
    texts = three if any(three) else (price, price, price)
    return tuple(_price(text) if text else None for text in texts)


def _price(text: str) -> GenuinePrice:
    parts = [part.strip() for part in text.split(";")]
    if len(parts) != 3:
        raise TouchstoneError(f"'{text}': write a price as {ON_PRICE}")
    kind, sign, cites = parts[1].partition(":")
    if not sign or kind not in list(PriceFrom):
        raise TouchstoneError(f"'{parts[1]}': a price's source is {', '.join(f'{each}:…' for each in PriceFrom)}")
    minor, currency = amount_of(parts[0])
    return GenuinePrice(minor, currency, PriceFrom(kind), cites.strip(), parts[2])
