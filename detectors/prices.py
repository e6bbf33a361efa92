"""Prices to compare with: read from a CSV, summed up in robust quantiles, and converted by a dated table of currencies.

No detector: what `price_gap` and those who fill the reference log share.
"""

from __future__ import annotations

import csv
import io
import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from store.errors import TouchstoneError
from store.strict import FieldError, load
from store.words.money import exponent_of, parse_price
from store.words.records import Reference, ReferenceKind, digest_of

COLUMNS = ("brand", "category", "condition", "currency", "source", "date")
OPTIONAL = ("price", "p10", "p50", "p90", "rows", "sellers", "line", "platform")
LONGEST_PLATFORM = 80


# -- currencies ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Day:
    """What a pound came to in each currency on one day; its own source and validity where they are not the table's."""

    date: str
    per_gbp: Mapping[str, float]
    source: str = ""
    good_for_days: int | None = None

    def __post_init__(self) -> None:
        try:
            date.fromisoformat(self.date)
        except ValueError:
            raise FieldError("date", f"'{self.date}' is not of the form 2026-01-31") from None
        for code, rate in self.per_gbp.items():
            if not re.fullmatch("[A-Z]{3}", code) or code == "GBP":
                raise FieldError("per_gbp", f"'{code}' is not the code of another currency, such as EUR")
            if not 0 < rate < math.inf:
                raise FieldError("per_gbp", f"{code}: a pound comes to more than nothing")


@dataclass(frozen=True, slots=True)
class Rate:
    """What a pound came to in a currency, on which day and by whose figures."""

    code: str
    per_gbp: float
    date: str
    source: str

    def __str__(self) -> str:
        return f"{self.per_gbp:g} {self.code} to the pound on {self.date} ({self.source})"


@dataclass(frozen=True)
class Currencies:
    """configs/currencies.yml: dated tables of what a pound came to."""

    source: str
    good_for_days: int
    days: tuple[Day, ...]

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise FieldError("source", "say whose figures these are")
        if self.good_for_days < 0 or any((day.good_for_days or 0) < 0 for day in self.days):
            raise FieldError("good_for_days", "a number of days is not negative")

    @cached_property
    def digest(self) -> str:
        return digest_of(asdict(self))

    def rate(self, code: str, on: str) -> Rate | str:
        """The rate of the day nearest to `on` (YYYY-MM-DD; of two as near the earlier), or why there is none, in words."""
        if code == "GBP":
            return Rate("GBP", 1.0, on, "by definition")
        known = [day for day in self.days if code in day.per_gbp]
        if not known:
            return f"nothing tells what {code or 'a currency that is not stated'} is worth"
        wanted = date.fromisoformat(on)
        away, day = min(((abs((date.fromisoformat(d.date) - wanted).days), d) for d in known), key=lambda each: (each[0], each[1].date))
        allowed = self.good_for_days if day.good_for_days is None else day.good_for_days
        if away > allowed:
            return f"the nearest rate of {code} is of {day.date}, {away} days from {on}; it is good for {allowed}"
        return Rate(code, day.per_gbp[code], day.date, day.source or self.source)

    def convert(self, minor: float, code: str, to: str, on: str) -> tuple[float, tuple[Rate, ...]] | str:
        """An amount in minor units of `code` as minor units of `to`, with the rates used (none where the currency is the same); or why not."""
        if code == to:
            return float(minor), ()
        rates = [self.rate(code, on), self.rate(to, on)]
        for each in rates:
            if isinstance(each, str):
                return each
        old, new = (each for each in rates if isinstance(each, Rate))
        amount = minor / 10 ** exponent_of(code) / old.per_gbp * new.per_gbp * 10 ** exponent_of(to)
        return amount, tuple(each for each in (old, new) if each.code != "GBP")


def read_currencies(path: Path) -> Currencies:
    return load(path, Currencies)


# -- quantiles -----------------------------------------------------------------------------------------------------------------
def spread(prices: Sequence[int]) -> tuple[int, int, int]:
    """The tenth, fiftieth and ninetieth percentile of prices above 0, on the logarithmic scale: type 7 of Hyndman & Fan, *Sample Quantiles
    in Statistical Packages* (1996). Order does not matter, and a tenth of wild prices at either end moves none of them far.

    Raises ValueError for fewer than two prices, or one that is not above 0.
    """
    if len(prices) < 2 or min(prices) <= 0:
        raise ValueError("quantiles need two prices above 0")
    tenths = statistics.quantiles(sorted(math.log(price) for price in prices), n=10, method="inclusive")
    low, middle, high = (round(math.exp(tenths[i])) for i in (0, 4, 8))
    return low, middle, high


# -- a list of prices ----------------------------------------------------------------------------------------------------------
def read_prices(
    path: Path, *, authority: str = "", added_by: str = "", conditions: Mapping[str, Sequence[str]] | None = None
) -> tuple[Reference, ...]:
    """The prices of a CSV as references: columns brand, category, condition, currency, source, date, and `price`, or `p50` with `p10`, `p90`
    and `rows`; also `sellers`, `line` and `platform`. Numbered from 1 in order of the file, as a `Context` wants them.

    `conditions` are those of price_gap's settings: with them an unknown condition is refused. Raises TouchstoneError naming file, line and
    column for anything not understood.
    """
    out: list[Reference] = []
    for line, row in _rows(path):
        try:
            out.append(_reference(len(out) + 1, row, authority, added_by, conditions))
        except FieldError as problem:
            raise TouchstoneError(f"{path}:{line}: {problem}") from None
    return tuple(out)


def _reference(
    number: int, row: dict[str, str], authority: str, added_by: str, conditions: Mapping[str, Sequence[str]] | None
) -> Reference:
    for name in ("brand", "category", "source"):
        if not row[name]:
            why = ": a price counts only with where it comes from" if name == "source" else ""
            raise FieldError(name, f"it is empty{why}")
    known = {word for name, words in (conditions or {}).items() for word in (name, *words)}
    condition = row["condition"].casefold()
    if condition and conditions and condition not in known:
        raise FieldError(
            "condition", f"'{row['condition']}' is none of {', '.join(conditions)}, nor a word for one; leave it empty if not known"
        )
    currency = row["currency"].upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise FieldError("currency", f"'{row['currency']}' is not a code of three letters such as GBP")
    try:
        dated = date.fromisoformat(row["date"]).isoformat()
    except ValueError:
        raise FieldError("date", f"'{row['date']}' is not of the form 2026-01-31") from None
    if bool(row["price"]) == bool(row["p50"]):
        raise FieldError("price", "say either one price, or p50: the middle of many")
    if row["p50"] and not row["rows"]:
        raise FieldError("rows", "it is empty: of how many prices is p50 the middle?")
    if row["price"] and (row["p10"] or row["p90"]):
        raise FieldError("p10", "one price has no percentiles")
    amounts = {name: _amount(name, row[name], currency) for name in ("price", "p10", "p50", "p90")}
    middle = amounts["price"] or amounts["p50"]
    if not (amounts["p10"] or 0) <= (middle or 0) <= (amounts["p90"] or math.inf):
        raise FieldError("p50", "p10, p50 and p90 do not rise")
    if len(row["platform"]) > LONGEST_PLATFORM:
        raise FieldError("platform", f"it is longer than {LONGEST_PLATFORM} characters: it is the name of a source")
    return Reference(
        number, ReferenceKind.price, authority, row["source"], added_by, row["brand"], row["category"], condition, None, middle, currency, dated,
        line=row["line"], platform=row["platform"], low_minor=amounts["p10"], high_minor=amounts["p90"],
        rows=_whole("rows", row["rows"]), sellers=_whole("sellers", row["sellers"]),
    )  # fmt: skip


def _amount(name: str, text: str, currency: str) -> int | None:
    if not text:
        return None
    price = parse_price(text, default_currency=currency)
    if price is None or price.kind != "exact" or price.amount_minor <= 0:
        raise FieldError(name, f"'{text}' is not an amount")
    if price.currency != currency:
        raise FieldError(name, f"'{text}' is not in {currency}, as the column currency says")
    return price.amount_minor


def _whole(name: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise FieldError(name, f"'{text}' is not a whole number above 0")
    return int(text)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        named = reader.fieldnames or ()
        missing = [c for c in COLUMNS if c not in named]
        if missing or not {"price", "p50"} & set(named):
            missing += [] if {"price", "p50"} & set(named) else ["price (or p50)"]
            raise TouchstoneError(f"{path}:1: column {', '.join(missing)} is missing; there are {', '.join(named or ['none'])}")
        if unknown := [c for c in named if c not in (*COLUMNS, *OPTIONAL)]:
            raise TouchstoneError(f"{path}:1: unknown column '{unknown[0]}'; there are {', '.join((*COLUMNS, *OPTIONAL))}")
        for row in reader:
            if None in row:
                raise TouchstoneError(f"{path}:{reader.line_num}: there are more cells than columns")
            yield reader.line_num, {c: (row.get(c) or "").strip() for c in (*COLUMNS, *OPTIONAL)}
    except csv.Error as error:
        raise TouchstoneError(f"{path}:{reader.line_num}: not CSV: {error}") from None
