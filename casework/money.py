"""The money of a case: the equivalent retail value of genuine goods, and the benefit. Two valuations that are never added.

The first is harm (the sentencing guideline for s.92 TMA 1994), the second what was obtained (Proceeds of Crime Act 2002); the guideline says
itself that they are not the same. So they are two types that Python refuses to add (`Value.__add__`), in two lists, two tables and two parts of every page.

Amounts are in minor units of one currency; another currency makes another figure, and is converted only where that is asked for, by a dated
rate. What has no price is counted and named, and makes "at least" of the figure above it. Nothing here is a finding: an officer reads it.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from store.config import Home, load
from store.store import Acting, Store
from store.strict import FieldError
from store.words.followup import Kind as Followed
from store.words.followup import Seizure
from store.words.money import exponent_of, format_price
from store.words.records import Reading, SubjectKind
from store.words.valuation import Culpability, Evidence, Feedback, Goods, Receipt, Record, Rests

if TYPE_CHECKING:
    from casework.documents import Document
    from detectors.prices import Currencies

PURPOSE = "money"
NOT_RECORDED = "not recorded"


# -- what configs/money.yml says -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Band:
    """A category of harm, from so many whole units of the bands' currency."""

    category: str
    least: int


@dataclass(frozen=True, slots=True)
class Bands:
    checked: bool
    source: str
    currency: str
    steps: tuple[Band, ...] = field(metadata={"key": "from"})

    def __post_init__(self) -> None:
        if [each.least for each in self.steps] != sorted((each.least for each in self.steps), reverse=True) or not self.steps:
            raise FieldError("steps", "the bands begin with the highest")

    def of(self, minor: int) -> str:
        """The category of an amount in minor units of the bands' currency."""
        unit = 10 ** exponent_of(self.currency)
        return next((each.category for each in self.steps if minor >= each.least * unit), self.steps[-1].category)


Method = Literal["receipt", "sold_count", "feedback"]


@dataclass(frozen=True, slots=True)
class Rules:
    order: tuple[Method, ...]
    within: tuple[str, ...]
    rounded: tuple[str, ...]

    def __post_init__(self) -> None:
        if sorted(self.order) != ["feedback", "receipt", "sold_count"]:
            raise FieldError("order", "names receipt, sold_count and feedback, each once")
        for name in ("within", "rounded"):
            for pattern in getattr(self, name):
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise FieldError(name, f"'{pattern}' is no pattern: {error}") from None


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker of culpability: its level in the guideline, its words, and by what figure the machine may propose it."""

    level: Literal["A", "B", "C"]
    words: str
    checked: bool = True
    proposes: Literal["accounts", "payment_accounts", "days"] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    erv_bands: Bands
    benefit: Rules
    culpability: Mapping[str, Marker]
    propose: Mapping[str, int]


def read_settings(home: Home) -> Settings:
    return load(home.file("money.yml"), Settings)


# -- values ----------------------------------------------------------------------------------------------------------------------
V = TypeVar("V", bound="Value")


@dataclass(frozen=True, slots=True)
class Value:
    """An amount of one kind in one currency. Only the same kind in the same currency can be added: anything else is a TypeError."""

    minor: int
    currency: str

    def __add__(self: V, other: object) -> V:
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} are two valuations, and are never added")
        assert isinstance(other, Value)
        if other.currency != self.currency:
            raise TypeError(f"{self.currency} and {other.currency} are never added")
        return replace(self, minor=self.minor + other.minor)

    def __str__(self) -> str:
        return format_price(self.minor, self.currency)


class Erv(Value):
    """Equivalent retail value of genuine goods: harm."""

    __slots__ = ()


class Benefit(Value):
    """What was obtained."""

    __slots__ = ()


def total(values: Iterable[V]) -> V | None:
    """The sum of values of one kind and currency; None of none. Raises TypeError for two."""
    summed: V | None = None
    for each in values:
        summed = each if summed is None else summed + each
    return summed


# -- equivalent retail value -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ErvLine:
    """Goods of one sort. `quantity` None: they were weighed and not counted. `low`, `mid` and `high` are of all pieces, None without a price."""

    what: str
    quantity: int | None
    evidence: str
    low: Erv | None = None
    mid: Erv | None = None
    high: Erv | None = None
    each: str = ""  # the prices of one piece, in words
    source: str = ""
    record: int | None = None
    day: str = ""  # of the price, YYYY-MM-DD: a rate is of that day


@dataclass(frozen=True, slots=True)
class ErvFigure:
    """The value of all goods that have a price in one currency; the categories that its low, mid and high would be in."""

    low: Erv
    mid: Erv
    high: Erv
    categories: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class ErvPart:
    """Every line, a figure a currency, and how many lines (of so many pieces known) have no price: then each figure is a lower bound."""

    lines: tuple[ErvLine, ...]
    figures: tuple[ErvFigure, ...]
    without_price: int
    pieces_without_price: int
    elsewhere: int = 0  # lines that are in another currency than the categories of harm

    @property
    def bound(self) -> str:
        """Why each figure is "at least", or ""."""
        why = []
        if self.without_price:
            pieces = f" ({self.pieces_without_price} pieces counted)" if self.pieces_without_price else ""
            why.append(f"{_items(self.without_price)}{pieces} without a price")
        if self.elsewhere:
            why.append(f"{_items(self.elsewhere)} in another currency")
        return f"at least: {' and '.join(why)}" if why else ""


def _items(number: int) -> str:
    return f"{number} item{'' if number == 1 else 's'}"


def value_goods(lines: Sequence[ErvLine], bands: Bands) -> ErvPart:
    """Add up the goods that have a price, each currency by itself, and name the rest."""
    priced: dict[str, list[ErvLine]] = defaultdict(list)
    bare = [line for line in lines if line.mid is None]
    for line in lines:
        if line.mid is not None:
            priced[line.mid.currency].append(line)
    figures = []
    for currency in sorted(priced):
        low, mid, high = (
            total(v for line in priced[currency] if (v := getattr(line, name)) is not None) for name in ("low", "mid", "high")
        )
        assert low is not None and mid is not None and high is not None
        categories = (bands.of(low.minor), bands.of(mid.minor), bands.of(high.minor)) if currency == bands.currency else None
        figures.append(ErvFigure(low, mid, high, categories))
    elsewhere = sum(len(some) for currency, some in priced.items() if currency != bands.currency) if bands.currency in priced else 0
    return ErvPart(tuple(lines), tuple(figures), len(bare), sum(line.quantity or 0 for line in bare), elsewhere)


def line_of(record: Record, goods: Goods) -> ErvLine:
    evidence = ", ".join(map(str, goods.evidence))
    named = ", ".join(filter(None, (goods.what, goods.brand)))
    if goods.low is None or goods.mid is None or goods.high is None:
        return ErvLine(named, goods.quantity, evidence, record=record.id)
    prices = (goods.low, goods.mid, goods.high)
    low, mid, high = (Erv(goods.quantity * each.minor, each.currency) for each in prices)
    same = len({each.minor for each in prices}) == 1
    each = f"{format_price(goods.mid.minor, goods.mid.currency)} (one price)" if same else " / ".join(format_price(p.minor, p.currency) for p in prices)  # fmt: skip
    source = "; ".join(dict.fromkeys(each.said for each in prices))
    return ErvLine(named, goods.quantity, evidence, low, mid, high, each, source, record.id, goods.mid.dated)


# -- benefit -----------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class BenefitLine:
    """One estimate or receipt: by which method, of which account (None: of none in particular), on what assumption, from what source.

    `value` None: pieces were sold and no price is known. `counted` says whether it is part of the figure, `why_not` why it is not.
    """

    method: Method
    account: int | None
    what: str
    value: Benefit | None
    assumption: str
    source: str
    day: str = ""  # YYYY-MM-DD: a rate is of that day
    pieces: int | None = None
    counted: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class BenefitPart:
    """Every line, a figure a currency over those that are counted, and how many lines have no price."""

    lines: tuple[BenefitLine, ...]
    figures: tuple[Benefit, ...]
    without_price: int

    @property
    def bound(self) -> str:
        if not self.without_price:
            return ""
        return f"at least: of {self.without_price} {'line' if self.without_price == 1 else 'lines'} no price is known"


@dataclass(frozen=True, slots=True)
class Point:
    """What one capture says of a listing: pieces sold in words and as read, and the price asked then (None where there was none)."""

    at: datetime
    capture: int
    sold: int
    words: str
    minor: int | None
    currency: str | None


def sold_lines(name: str, account: int | None, points: Sequence[Point], rules: Rules) -> list[BenefitLine]:
    """Benefit by a listing's count of pieces sold, in order of capture: what was sold before the first capture, and what between them.

    Pieces between two captures are taken at the lower of the two prices asked, those before the first at its price. A count that falls began
    anew: what it then starts with may have been counted, and is not again. Of a count that the site rounds, only the last is used, at the
    lowest price seen. A count of "the last 24 hours" is no sum of sales, and none is made of it.
    """
    within = [re.compile(each, re.IGNORECASE) for each in rules.within]
    rounded = [re.compile(each, re.IGNORECASE) for each in rules.rounded]
    usable = [p for p in points if not any(each.search(p.words) for each in within)]
    left_out = len(points) - len(usable)
    note = f"; {left_out} captures count a recent time only and are not used" if left_out else ""
    if not usable:
        return []
    if any(each.search(p.words) for p in usable for each in rounded):
        last = max(usable, key=lambda p: (p.sold, -p.capture))
        priced = [p for p in usable if p.minor is not None]
        low = min(priced, key=lambda p: p.minor or 0) if len({p.currency for p in priced}) == 1 else None
        said = f"{name}: “{last.words}”"
        how = f"the site rounds its count: at least {last.sold} pieces, at the lowest price seen; when they were sold is not told{note}"
        return [_sold(account, said, [(last.sold, low)], how, f"capture {last.capture}", last.at)] if last.sold else []
    first = usable[0]
    lines = []
    if first.sold:
        how = f"{first.sold} pieces were sold before the first capture, on {_date(first.at)}, at the price asked then{note}"
        lines.append(_sold(account, f"{name}: {first.sold} sold before", [(first.sold, first)], how, f"capture {first.capture}", first.at))
    steps: list[tuple[int, Point | None]] = []
    fell = 0
    for before, after in itertools.pairwise(usable):
        fell += after.sold < before.sold
        if after.sold > before.sold:
            steps.append((after.sold - before.sold, _lower(before, after)))
    if steps:
        more = f"; the count fell {'once' if fell == 1 else f'{fell} times'} and was followed from there" if fell else ""
        pieces = sum(number for number, _ in steps)
        how = f"{pieces} pieces were sold between captures, each step at the lower of the two prices asked{more}{note}"
        captures = f"captures {usable[0].capture} to {usable[-1].capture}, {_date(usable[0].at)} to {_date(usable[-1].at)}"
        lines.append(_sold(account, f"{name}: {pieces} sold while watched", steps, how, captures, usable[-1].at))
    return lines


def _date(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _lower(before: Point, after: Point) -> Point | None:
    """The capture with the lower price; None where only one says a price, or they are in two currencies."""
    if before.minor is None or after.minor is None or before.currency != after.currency:
        return None
    return before if before.minor <= after.minor else after


def _sold(account: int | None, what: str, steps: Sequence[tuple[int, Point | None]], how: str, source: str, at: datetime) -> BenefitLine:
    """A line over steps of (pieces, the capture whose price counts); without a value where one step has no price or they are in two currencies."""
    pieces, day = sum(number for number, _ in steps), f"{at:%Y-%m-%d}"
    values = [Benefit(number * p.minor, p.currency) for number, p in steps if p is not None and p.minor is not None and p.currency]
    if len(values) < len(steps) or len({each.currency for each in values}) != 1:
        return BenefitLine("sold_count", account, what, None, f"{how}; no one price is known", source, day, pieces)
    return BenefitLine("sold_count", account, what, total(values), how, source, day, pieces)


def count_once(lines: Sequence[BenefitLine], rules: Rules) -> BenefitPart:
    """Say which lines count, so that no sale counts twice, and add those up, each currency by itself.

    Of one account the methods measure the same sales: the largest total counts where all are in one currency, else the first by `rules.order`.
    A receipt that names no account may be of any sale: all receipts together then count, or all the accounts' own lines do, whichever is more.
    """
    of: dict[int | None, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if line.value is not None:
            of[line.account].append(number)
    chosen: set[int] = set()
    for account, numbers in of.items():
        if account is not None:
            chosen |= _best(lines, numbers, rules)
    nobodys = set(of.get(None, ()))
    why: dict[int, str] = {number: "measures sales that another method counts" for numbers in of.values() for number in numbers}
    if nobodys:
        receipts = {n for numbers in of.values() for n in numbers if lines[n].method == "receipt"} | nobodys
        currencies = {lines[n].value.currency for numbers in of.values() for n in numbers if lines[n].value is not None}  # type: ignore[union-attr]
        if len(currencies) > 1 or _sum(lines, receipts) >= _sum(lines, chosen):
            why |= dict.fromkeys(chosen - receipts, "a receipt that names no account may be for these sales")
            chosen = receipts
        else:
            why |= dict.fromkeys(nobodys, "it names no account, and may be for sales that are counted")
    settled = [
        replace(line, counted=n in chosen, why_not="" if n in chosen else why.get(n, "no price is known")) for n, line in enumerate(lines)
    ]
    by_currency: dict[str, list[Benefit]] = defaultdict(list)
    for line in settled:
        if line.counted and line.value is not None:
            by_currency[line.value.currency].append(line.value)
    figures = tuple(summed for currency in sorted(by_currency) if (summed := total(by_currency[currency])) is not None)
    return BenefitPart(tuple(settled), figures, sum(line.value is None for line in settled))


def _best(lines: Sequence[BenefitLine], numbers: Sequence[int], rules: Rules) -> set[int]:
    methods: dict[str, set[int]] = defaultdict(set)
    for n in numbers:
        methods[lines[n].method].add(n)
    currencies = {value.currency for n in numbers if (value := lines[n].value) is not None}
    order = [name for name in rules.order if name in methods]
    if len(currencies) > 1:
        return methods[order[0]]
    return methods[max(order, key=lambda name: (_sum(lines, methods[name]), -order.index(name)))]


def _sum(lines: Sequence[BenefitLine], numbers: Iterable[int]) -> int:
    return sum(value.minor for n in numbers if (value := lines[n].value) is not None)


# -- a case ------------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Mark:
    """A marker of the guideline: recorded by a person on evidence, or `NOT_RECORDED`; `proposed` is what rows suggest, and no finding."""

    name: str
    level: str
    words: str
    checked: bool
    evidence: tuple[str, ...] = ()
    note: str = ""
    by: str = ""
    proposed: str = ""

    @property
    def status(self) -> str:
        return "recorded" if self.evidence else NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Money:
    """All of it. `erv` and `benefit` are two valuations; there is no third that holds both."""

    case: str
    erv: ErvPart
    benefit: BenefitPart
    culpability: tuple[Mark, ...]
    bands: Bands
    notes: tuple[str, ...] = ()


def of_case(reader: Acting, home: Home, case: str, *, into: str = "") -> Money:
    """The money of a case, from what people recorded, its seizures, and the counts of its exhibited listings. `into` a currency converts
    what has a dated rate (configs/currencies.yml). Raises TouchstoneError."""
    settings = read_settings(home)
    reader.store.case(case)
    records = [row for row in reader.money_records(case) if row.said is not None]
    listings, numbers = _listings(reader, case)
    goods = [(row, row.said) for row in records if isinstance(row.said, Goods)]
    lines = [line_of(row, said) for row, said in goods]
    lines += _unpriced_seizures(reader, case, [said for _, said in goods])
    sold, accounts = _sold_of(reader, listings, numbers, settings.benefit)
    lines += _unpriced_sales(sold, [said for _, said in goods])
    benefit = [line for _, some in sold for line in some] + [
        _recorded(row.said, row.id) for row in records if isinstance(row.said, Receipt | Feedback)
    ]
    notes = []
    if into:
        currencies = _currencies(home)
        lines, more = _converted_goods(lines, currencies, into)
        benefit, others = _converted_benefit(benefit, currencies, into)
        notes = [*more, *others]
    marks = _marks(reader, settings, [(r, r.said) for r in records if isinstance(r.said, Culpability)], accounts, listings)
    return Money(
        case, value_goods(lines, settings.erv_bands), count_once(benefit, settings.benefit), marks, settings.erv_bands, tuple(notes)
    )


def _listings(reader: Acting, case: str) -> tuple[list[int], dict[int, str]]:
    """The listings that are exhibits, by number, and each one's exhibit."""
    shown = [e for e in reader.exhibits(case) if e.subject_kind is SubjectKind.listing]
    return [e.subject for e in shown], {e.subject: e.number for e in shown}


def _sold_of(
    reader: Acting, listings: Sequence[int], exhibits: Mapping[int, str], rules: Rules
) -> tuple[list[tuple[str, list[BenefitLine]]], set[int]]:  # fmt: skip
    """Of each listing its exhibit and its lines by count; and the accounts that offer them."""
    out, accounts = [], set()
    for listing in listings:
        by_capture: dict[int, Reading] = {}
        for reading in reader.readings(listing=listing):
            if reading.capture not in by_capture or (reading.id or 0) > (by_capture[reading.capture].id or 0):
                by_capture[reading.capture] = reading
        readings = sorted(by_capture.values(), key=lambda r: (r.captured_at, r.capture))
        accounts |= {r.seller for r in readings if r.seller is not None}
        words = {s.id: s for s in reader.snapshots(sorted({r.snapshot for r in readings}))}
        points = [
            Point(r.captured_at, r.capture, r.details.sold, r.details.sold_text, words[r.snapshot].price_minor, words[r.snapshot].currency)
            for r in readings
            if r.details.sold is not None
        ]
        seller = readings[-1].seller if readings else None
        out.append((exhibits[listing], sold_lines(f"exhibit {exhibits[listing]}", seller, points, rules)))
    return out, accounts


def _unpriced_seizures(reader: Acting, case: str, goods: Sequence[Goods]) -> list[ErvLine]:
    """Items of the case's seizures that no goods were recorded of: they are worth something, and nobody has said what."""
    counted: dict[str, int] = defaultdict(int)
    for each in goods:
        for evidence in each.evidence:
            if evidence.kind is Rests.seizure:
                counted[evidence.ref] += each.quantity
    lines = []
    for row in reader.follow_ups(case=case, kind=Followed.seizure):
        for number, item in enumerate(row.what.items if isinstance(row.what, Seizure) else (), 1):
            ref = f"{row.id}/{number}"
            left = None if item.count is None else item.count - counted[ref]
            if (left is None and ref not in counted) or (left is not None and left > 0):
                lines.append(ErvLine(", ".join(filter(None, (item.what, item.brand))), left, str(Evidence(Rests.seizure, ref))))
    return lines


def _unpriced_sales(sold: Sequence[tuple[str, Sequence[BenefitLine]]], goods: Sequence[Goods]) -> list[ErvLine]:
    """Exhibited listings with a count of pieces sold that no goods were recorded of: pieces that are gone had a genuine price too."""
    cited = {evidence.ref for each in goods for evidence in each.evidence if evidence.kind is Rests.exhibit}
    return [
        ErvLine("; ".join(line.what for line in lines), sum(line.pieces or 0 for line in lines), f"exhibit {exhibit}")
        for exhibit, lines in sold
        if lines and exhibit not in cited
    ]


def _recorded(said: Receipt | Feedback, record: int) -> BenefitLine:
    evidence = ", ".join(map(str, said.evidence))
    if isinstance(said, Receipt):
        what = ", ".join(filter(None, (f"payment {said.payment}", said.what)))
        how = f"received on {said.dated}, as the document shows it"
        return BenefitLine(
            "receipt", said.seller, what, Benefit(said.minor, said.currency), how, f"record {record}: {evidence}", said.dated
        )
    what = f"feedback {said.count} × {format_price(said.minor, said.currency)}"
    value, source = Benefit(said.count * said.minor, said.currency), f"record {record}: {evidence}, {said.dated}"
    return BenefitLine("feedback", said.seller, what, value, said.assumption, source, said.dated, said.count)


# -- another currency --------------------------------------------------------------------------------------------------------------
def _currencies(home: Home) -> Currencies:
    from detectors.prices import read_currencies

    return read_currencies(home.file("currencies.yml"))


def convert(value: V, into: str, day: str, currencies: Currencies) -> tuple[V, str] | str:
    """The value in another currency, halves up, with the rates in words; or why there is no rate."""
    found = currencies.convert(value.minor, value.currency, into, day)
    if isinstance(found, str):
        return found
    amount, rates = found
    minor = int(Decimal(repr(amount)).quantize(Decimal(1), ROUND_HALF_UP))
    return type(value)(minor, into), "; ".join(map(str, rates))


def _converted_goods(lines: Sequence[ErvLine], currencies: Currencies, into: str) -> tuple[list[ErvLine], list[str]]:
    out, notes = [], []
    for line in lines:
        values = [line.low, line.mid, line.high]
        if line.mid is None or line.mid.currency == into:
            out.append(line)
            continue
        done = [convert(value, into, line.day, currencies) for value in values if value is not None]
        if failed := next((each for each in done if isinstance(each, str)), None):
            notes.append(f"{line.what}: not converted, {failed}")
            out.append(line)
            continue
        low, mid, high = (each[0] for each in done if not isinstance(each, str))
        rate = next(each[1] for each in done if not isinstance(each, str))
        out.append(replace(line, low=low, mid=mid, high=high, source=f"{line.source}; converted by {rate}"))
    return out, notes


def _converted_benefit(lines: Sequence[BenefitLine], currencies: Currencies, into: str) -> tuple[list[BenefitLine], list[str]]:
    out, notes = [], []
    for line in lines:
        if line.value is None or line.value.currency == into:
            out.append(line)
            continue
        done = convert(line.value, into, line.day, currencies)
        if isinstance(done, str):
            notes.append(f"{line.what}: not converted, {done}")
            out.append(line)
        else:
            out.append(replace(line, value=done[0], source=f"{line.source}; converted from {line.value} by {done[1]}"))
    return out, notes


# -- culpability -------------------------------------------------------------------------------------------------------------------
def _marks(
    reader: Acting, settings: Settings, recorded: Sequence[tuple[Record, Culpability]], accounts: set[int], listings: Sequence[int]
) -> tuple[Mark, ...]:  # fmt: skip
    """Every marker of the guideline as configured: what people recorded of it, and what rows suggest."""
    figures, words = _suggested(reader, accounts, listings)
    out = []
    for name, marker in settings.culpability.items():
        by = [(row, said) for row, said in recorded if said.marker == name]
        key = marker.proposes
        proposed = words[key] if key and figures[key] >= settings.propose.get(key, 1) else ""
        out.append(
            Mark(
                name, marker.level, marker.words, marker.checked, tuple(str(e) for _, said in by for e in said.evidence),
                "; ".join(said.note for _, said in by if said.note), ", ".join(dict.fromkeys(row.actor for row, _ in by)), proposed,
            )
        )  # fmt: skip
    return tuple(out)


def _suggested(reader: Acting, accounts: set[int], listings: Sequence[int]) -> tuple[dict[str, int], dict[str, str]]:
    payments = {contact.value for seller in sorted(accounts) for contact, _ in reader.contacts(seller=seller) if contact.kind == "payment"}
    seen: dict[int, list[datetime]] = defaultdict(list)
    for summary in reader.summaries(numbers=listings, limit=len(listings)) if listings else []:
        if summary.seller is not None:
            seen[summary.seller] += [summary.first_seen, summary.last_seen]
    days = max(((max(some) - min(some)).days for some in seen.values()), default=0)
    figures = {"accounts": len(accounts), "payment_accounts": len(payments), "days": days}
    words = {
        "accounts": f"the exhibited adverts are of {len(accounts)} accounts; that one person runs them is not shown by that",
        "payment_accounts": f"the accounts' pages name {len(payments)} payment accounts",
        "days": f"the exhibited adverts of one account were captured over {days} days",
    }
    return figures, words


# -- the page ----------------------------------------------------------------------------------------------------------------------
ERV_SAYS = (
    "The retail value that genuine goods would have: harm, in the sentencing guideline for s.92 of the Trade Marks Act 1994. It is not what "
    "anybody received, and is not added to the benefit below."
)
BENEFIT_SAYS = (
    "What was obtained, by each method that the material allows (Proceeds of Crime Act 2002, part 2). It is not the value of genuine goods, "
    "and is not added to it. A line that is not counted measures sales that another line counts."
)


def document(money: Money, authority: str, made: str) -> Document:
    """The money of a case as a document: two parts that are never added, the markers, and what is not known."""
    from casework.documents import Document, Fields, Heading, Paragraph, Table

    bands = money.bands
    unchecked = "" if bands.checked else " These categories were written down from memory: check them against the guideline before use."
    blocks: list[Any] = [
        Fields([("Case", money.case), ("Authority", authority), ("Made", made)]),
        Paragraph("A working paper from the rows of the case. Two valuations follow; no figure here holds both."),
        Heading("1 Equivalent retail value of genuine goods"),
        Paragraph(ERV_SAYS),
        Table(
            ["Goods", "Pieces", "Price of one", "All pieces", "Shown by"],
            [_goods_row(line) for line in money.erv.lines],
            widths=[22, 12, 21, 23, 28],
        )
        if money.erv.lines
        else Paragraph("No goods are recorded."),
        *(Paragraph(each) for each in erv_sentences(money)),
        Paragraph(f"Categories of harm by value: {bands.source}.{unchecked}"),
        Heading("2 Benefit"),
        Paragraph(BENEFIT_SAYS),
        Table(
            ["Method", "What", "Amount", "On the assumption", "Source", "Counted"],
            [_benefit_row(line) for line in money.benefit.lines],
            widths=[14, 20, 17, 24, 17, 16],
        )
        if money.benefit.lines
        else Paragraph("Nothing is recorded or counted."),
        *(Paragraph(each) for each in benefit_sentences(money)),
        Heading("3 Markers of culpability"),
        Paragraph("The words are the guideline's. A marker is recorded by a person, on evidence; what rows suggest is no finding."),
        Table(
            ["Level", "Marker", "Status", "Evidence", "Suggested by rows"],
            [_mark_row(mark) for mark in money.culpability],
            widths=[10, 36, 15, 19, 20],
        ),
        *([Heading("Not converted"), *(Paragraph(each) for each in money.notes)] if money.notes else []),
        Heading("What this does not show"),
        Paragraph(
            "That the goods are counterfeit, who received anything, or how many pieces were sold beyond what a site's own count says. A count of "
            "pieces sold is the site's, and may be an estimate; a feedback is no sale. Consumers' loss is in neither figure. The price of genuine "
            "goods is that of its dated source. Confiscation is for the court, on the law of England and Wales."
        ),
    ]
    return Document("Money of the case: working paper", blocks, marking="OFFICIAL-SENSITIVE", draft=True, reference=money.case)


def _goods_row(line: ErvLine) -> list[str]:
    values = [f"{name} {value}" for name, value in (("low", line.low), ("mid", line.mid), ("high", line.high)) if value]
    pieces = "not counted" if line.quantity is None else str(line.quantity)
    each = line.each.replace(" / ", "\n") or "no price"
    return [line.what, pieces, each, "\n".join(values) or "–", "; ".join(filter(None, (line.evidence, line.source)))]


def _benefit_row(line: BenefitLine) -> list[str]:
    what = line.what if line.account is None else f"{line.what} (account {line.account})"
    counted = "yes" if line.counted else f"no: {line.why_not}"
    return [line.method.replace("_", " "), what, str(line.value) if line.value else "no price", line.assumption, line.source, counted]


def _mark_row(mark: Mark) -> list[str]:
    words = mark.words + ("" if mark.checked else " (from memory, to be checked)")
    by = f" by {mark.by}" if mark.by else ""
    return [mark.level, words, mark.status + by, "; ".join(filter(None, (*mark.evidence, mark.note))), mark.proposed]


def erv_sentences(money: Money) -> list[str]:
    """The figures of the first part in words, a currency each."""
    said = []
    for f in money.erv.figures:
        low, mid, high = f.categories or ("", "", "")
        band = f" Category {mid} by the mid value" + (f" ({low} by the low, {high} by the high)" if {low, high} != {mid} else "") + "." if f.categories else ""  # fmt: skip
        said.append(f"Equivalent retail value: low {f.low}, mid {f.mid}, high {f.high}.{band}")
    said = said or ["Equivalent retail value: no price is known."]
    return [*said, *([money.erv.bound[0].upper() + money.erv.bound[1:] + "."] if money.erv.bound else [])]


def benefit_sentences(money: Money) -> list[str]:
    said = [f"Benefit counted: {figure}." for figure in money.benefit.figures] or ["Benefit counted: none is known."]
    return [*said, *([money.benefit.bound[0].upper() + money.benefit.bound[1:] + "."] if money.benefit.bound else [])]


def write(store: Store, home: Home, case: str, folder: Path, *, by: str, why: str, into: str = "", stem: str = "") -> tuple[Money, list[Path]]:  # fmt: skip
    """Write the document of a case's money, as `stem` or by the case's reference. Raises TouchstoneError."""
    from casework.documents import write as write_document

    with store.acting(by, purpose=PURPOSE, justification=why, case=case) as reader:
        money = of_case(reader, home, case, into=into)
        paths = write_document(document(money, home.settings.authority.name, _date(datetime.now(UTC))), folder, stem or f"{case}-money")
        reader.disclose("the officer's own file", {"document": "money"})
    return money, paths
