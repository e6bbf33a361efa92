"""Looks for a price far below what genuine goods of that brand and kind fetch, by dated, sourced references.

A tenth of the reference price is hard to explain; a half is a bargain, and so are many of them: what is not below the tenth percentile of
the prices that a reference sums up is no gap at all. A price near the genuine one adds nothing and clears nothing: copies are sold dear
too. New and used goods are never compared with each other. No price, no reference, too few prices behind it, or a currency that cannot be
converted is "not examined", and no weight.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from detectors.brands import Brands
from detectors.contract import Context, Examined, Published, done, not_possible
from detectors.prices import Currencies, Rate
from store.words.money import format_price
from store.words.records import Finding, Pointer, Reference, Snapshot, SubjectKind
from store.words.text import normalise

VERSION = "4"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"prices", "brands"})

UNSTATED = ""  # a condition that the listing does not say
POINTED = 20  # references that a finding points at; all of them are counted


@dataclass(frozen=True, slots=True)
class Band:
    """A share of the reference price below which an asking price gets this reason."""

    reason: str
    below: float
    strength: float


@dataclass(frozen=True, slots=True)
class Settings:
    bands: tuple[Band, ...]
    conditions: Mapping[str, tuple[str, ...]]
    least_rows: int = 10  # prices that a reference must sum up; a single price, which a person entered, stands for itself
    least_asked: float = 2.0  # pounds: less is a placeholder ("£1, make an offer") and no price

    def __post_init__(self) -> None:
        if any(not 0 < band.below < 1 or not 0 <= band.strength <= 1 for band in self.bands):
            raise ValueError("a band lies between 0 and 1, and so does its strength")
        if set(self.conditions) != {"new", "used"}:
            raise ValueError("conditions: say which words are 'new' and which 'used', and no others")


Table = Mapping[tuple[str, str], list[Reference]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What goods a listing offers, as prices are compared: brand, category, and `new`, `used` or "" where it does not say."""

    brand: str
    category: str
    condition: str


def examine(batch: Sequence[Snapshot], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    table = _table(context.prices, context.brands)
    for snapshot in batch:
        said = _examined(snapshot, table, context)
        yield not_possible(snapshot.id, said) if isinstance(said, str) else done(snapshot.id, said)


def _examined(snapshot: Snapshot, table: Table, context: Context) -> list[Finding] | str:
    """The findings, or why it is not possible."""
    assert context.brands is not None
    settings, published = context.settings, context.published.get(snapshot.id or 0, Published())
    if snapshot.price_minor is None or snapshot.price_minor <= 0:
        return "no price: none is stated that could be read"
    cell = cell_of(snapshot, context.brands, settings)
    if isinstance(cell, str):
        return cell
    references = _fitting(snapshot, cell, table.get((cell.brand, cell.category), []), published.sources, settings)
    if isinstance(references, str):
        return references
    if placeholder := too_little(snapshot, published.first, references[0].dated, context.currencies, settings):
        return placeholder
    held = _in_its_currency(snapshot, references, published.first, context.currencies)
    return held if isinstance(held, str) else list(_gap(snapshot, cell, held, settings))


def cell_of(snapshot: Snapshot, brands: Brands, settings: Settings) -> Cell | str:
    """What its price may be compared by, or why nothing."""
    brand, why = _brand(snapshot, brands)
    if not brand:
        return why
    category = brands.category_of(snapshot.category, snapshot.title)
    if not category:
        return "no category: neither the category nor the title tells what kind of goods it is"
    return Cell(brand, category, _condition(snapshot.condition, settings))


def too_little(snapshot: Snapshot, seen: str, otherwise: str, currencies: Currencies | None, settings: Settings) -> str:
    """Why the price is none, where it is so little that it only fills the field; "" otherwise, and where its currency cannot be converted."""
    pounds = currencies.convert(snapshot.price_minor or 0, snapshot.currency or "", "GBP", seen or otherwise) if currencies else ""
    if not isinstance(pounds, str) and pounds[0] < settings.least_asked * 100:
        return f"no price: {format_price(snapshot.price_minor or 0, snapshot.currency)} only fills the field"
    return ""


def _fitting(
    snapshot: Snapshot, cell: Cell, known: Sequence[Reference], sources: Sequence[str], settings: Settings
) -> list[Reference] | str:
    """The references to compare with: of its line before those of the category, of its platform before those of none; or why there are none.

    Of a listing that does not say whether it is new, those of listings that do not either, then those of used goods: the lower price.
    """
    goods = f"{cell.brand}, {cell.category}"
    if not known:
        return f"no reference: none is kept for {goods}"
    enough = [r for r in known if r.rows is None or r.rows >= settings.least_rows]
    if not enough:
        most = max(r.rows or 0 for r in known)
        return f"too few prices: the references for {goods} sum up {most} at most, and {settings.least_rows} are asked for"
    words = normalise(f"{snapshot.title} {snapshot.text}").text if any(r.line for r in enough) else ""
    here = [r for r in enough if (not r.platform or r.platform in sources) and (not r.line or _names(words, r.line))]
    for condition in (cell.condition,) if cell.condition else (UNSTATED, "used"):
        fitting = [r for r in here if _condition(r.condition, settings) == condition]
        if fitting:
            best = max((bool(r.line), bool(r.platform)) for r in fitting)
            return [r for r in fitting if (bool(r.line), bool(r.platform)) == best]
    if not here:
        return f"no reference: for {goods} there are only those of other platforms or other lines"
    return f"no reference: none is kept for {goods}, {cell.condition or 'used'}"


@dataclass(frozen=True, slots=True)
class _Held:
    """A reference with its figures in the listing's currency, in minor units, and the rates that brought them there."""

    reference: Reference
    middle: float
    low: float | None
    rates: tuple[Rate, ...]


def _in_its_currency(snapshot: Snapshot, references: Sequence[Reference], seen: str, currencies: Currencies | None) -> list[_Held] | str:
    """The references in the listing's own currency; where there is none, all of them, converted by the day on which the listing was seen."""
    asked = snapshot.currency or ""
    own = [r for r in references if r.currency == asked]
    if own:
        return [_Held(r, float(r.price_minor or 0), None if r.low_minor is None else float(r.low_minor), ()) for r in own]
    if not asked or currencies is None:
        return f"currency: the price is in {asked or 'a currency that is not told'}, the references are in {_currencies(references)}"
    held, problems = [], []
    for r in references:
        middle = currencies.convert(r.price_minor or 0, r.currency or "", asked, seen or r.dated)
        low = currencies.convert(r.low_minor, r.currency or "", asked, seen or r.dated) if r.low_minor is not None else (None, ())
        if isinstance(middle, str) or isinstance(low, str):
            problems.append(str(middle))
        else:
            held.append(_Held(r, middle[0], low[0], middle[1]))
    return held or f"currency: {problems[0]}; the price is in {asked}, the references are in {_currencies(references)}"


def _currencies(references: Sequence[Reference]) -> str:
    return ", ".join(sorted({r.currency or "?" for r in references}))


def _gap(snapshot: Snapshot, cell: Cell, held: Sequence[_Held], settings: Settings) -> Iterable[Finding]:
    usual = median(each.middle for each in held)
    lows = [each.low for each in held if each.low is not None]
    asked = snapshot.price_minor or 0
    ratio = asked / usual
    band = next((b for b in sorted(settings.bands, key=lambda b: b.below) if ratio < b.below), None)
    if band is None or (lows and asked >= min(lows)):
        return
    pointers = [Pointer("price_text", 0, len(snapshot.price_text), snapshot.price_text, detail={"ratio": round(ratio, 4)})]
    pointers += [Pointer(other=f"reference:{each.reference.number}", detail=_figures(each)) for each in held[:POINTED]]
    yield Finding(
        band.reason, band.strength, _sentence(snapshot, cell, held, usual, ratio, min(lows, default=None)), pointers=tuple(pointers)
    )


def _figures(each: _Held) -> dict[str, object]:
    r = each.reference
    figures: dict[str, object] = {
        "price_minor": r.price_minor,
        "currency": r.currency,
        "dated": r.dated,
        "source": r.provenance[:200],
        "rows": r.rows,
        "platform": r.platform,
    }
    figures |= {"converted_minor": round(each.middle), "rates": [str(rate) for rate in each.rates]} if each.rates else {}
    return {name: value for name, value in figures.items() if value not in (None, "")}


def _sentence(snapshot: Snapshot, cell: Cell, held: Sequence[_Held], usual: float, ratio: float, low: float | None) -> str:
    references = [each.reference for each in held]
    number, summed = len(references), sum(r.rows or 1 for r in references)
    kind = _condition_words(cell.condition, references)
    newest = max(r.dated for r in references) or "no date"
    goods, middle = f"{kind}{cell.brand} goods of this kind ({cell.category})", format_price(round(usual), snapshot.currency)
    said = f"The price, {format_price(snapshot.price_minor or 0, snapshot.currency)}, is {ratio:.0%} of "
    if summed == 1:  # one price is no more than that: it does not say what such goods fetch
        said += f"the one price that is kept for {goods}: {middle}"
    else:
        said += f"what {goods} fetch: {middle} by {number} reference{'s' if number > 1 else ''}"
        said += f" that sum{'s' if number == 1 else ''} up {summed} prices" if summed > number else ""
    sources = sorted({r.provenance for r in references})
    said += f", {'of' if summed == 1 else 'the newest of'} {newest}, from {'; '.join(s[:120] for s in sources[:2])}" + (
        f" and {len(sources) - 2} more" if len(sources) > 2 else ""
    )
    if low is not None:
        said += f"; nine in ten ask {format_price(round(low), snapshot.currency)} or more"
    rates = sorted({str(rate) for each in held for rate in each.rates})
    if rates:
        first = held[0].reference
        said += f". Converted from {format_price(first.price_minor or 0, first.currency)}" + (" and others" if number > 1 else "")
        said += f" by {'; '.join(rates[:3])}"
    return said + "."


def _condition_words(condition: str, references: Sequence[Reference]) -> str:
    if condition:
        return f"{condition} "
    return "used (the listing does not say whether it is new) " if any(r.condition for r in references) else ""


def _brand(snapshot: Snapshot, brands: Brands) -> tuple[str, str]:
    """The one brand of the goods, or why there is none: a price cannot be held against several."""
    own = brands.named(snapshot.brand) if snapshot.brand else ""
    if own:
        return own, ""
    for text in (snapshot.title, snapshot.text):
        named = [mention.brand for mention in brands.find(normalise(text))]
        if len(named) > 1:
            return "", f"no brand: several are named ({', '.join(named)})"
        if named:
            return named[0], ""
    return "", "no brand: none that we know is named"


def _table(prices: Sequence[Reference], brands: Brands) -> Table:
    table: dict[tuple[str, str], list[Reference]] = defaultdict(list)
    category = {said: brands.category_of(said) or said for said in {reference.category for reference in prices}}
    for reference in prices:
        if reference.price_minor and reference.price_minor > 0:
            table[brands.named(reference.brand) or reference.brand, category[reference.category]].append(reference)
    return table


def _names(words: str, line: str) -> bool:
    """Whether normalised words name a product line, as whole words."""
    wanted = normalise(line).text
    return bool(re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", words)) if wanted else False


def _condition(said: str, settings: Settings) -> str:
    """`new`, `used`, or "" for what is not said, or said in a way we do not know."""
    words = normalise(said).text.rsplit("/", 1)[-1]
    return next((name for name, forms in settings.conditions.items() if words == name or words in forms), UNSTATED)
