"""What somebody looks for among listings, as the address of a page says it; each filter has one value, and "" is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from store.errors import TouchstoneError
from store.search import Order
from store.search import Query as Search
from store.words.dates import LONDON
from store.words.money import parse_price
from store.words.records import Level

CURRENCY = "GBP"
Word = Annotated[str, Query(max_length=200)]


class Filters:
    """The words and filters of an address. Days are of UK local time, both included; prices in pounds, both ends included."""

    def __init__(
        self, q: Word = "", source: Word = "", brand: Word = "", level: Word = "", area: Word = "", reason: Word = "", judged: Word = "", since: Word = "",
        until: Word = "", low: Word = "", high: Word = "", order: Word = "", after: Annotated[str, Query(max_length=20)] = "",
    ) -> None:  # fmt: skip
        self.said = {
            "q": " ".join(q.split()), "source": source, "brand": brand, "level": level, "area": area, "reason": reason, "judged": judged, "since": since,
            "until": until, "low": low, "high": high, "order": order,
        }  # fmt: skip
        self.after = after

    def __getitem__(self, name: str) -> str:
        return self.said[name]

    def query(self) -> Search:
        """Raises TouchstoneError for a level, a day or a price that is none."""
        one = {name: (value,) if value else () for name, value in self.said.items()}
        return Search(
            self["q"], one["source"], one["brand"], tuple(_level(value) for value in one["level"]), one["reason"], (), one["area"],
            {"yes": True, "no": False}.get(self["judged"]), _day(self["since"], "Since"), _day(self["until"], "Until", 1),
            _pence(self["low"]), _pence(self["high"]), CURRENCY, Order.urgent if self["order"] == Order.urgent else Order.newest,
        )  # fmt: skip

    def onwards(self, after: str) -> str:
        """The same as the query of an address, from that place on."""
        return urlencode({**{name: value for name, value in self.said.items() if value}, "after": after})


def _level(said: str) -> Level:
    if said not in list(Level):
        raise TouchstoneError(f"'{said}' is no level; there are {', '.join(Level)}.")
    return Level(said)


def _day(said: str, name: str, later: int = 0) -> datetime | None:
    """The beginning of a day, or of the one so many days later. Raises TouchstoneError."""
    if not said:
        return None
    try:
        return datetime.combine(date.fromisoformat(said) + timedelta(days=later), time(), LONDON).astimezone(UTC)
    except (ValueError, OverflowError):
        raise TouchstoneError(f"{name}: '{said}' is no day; write it as 2026-11-25.") from None


def _pence(said: str) -> int | None:
    if not said:
        return None
    found = parse_price(said, CURRENCY)
    if found is None or found.amount_minor is None or found.currency != CURRENCY:
        raise TouchstoneError(f"'{said}' is no price in pounds; write 12.50.")
    return found.amount_minor
