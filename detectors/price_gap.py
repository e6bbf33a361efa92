"""Looks for a price far below what genuine goods of that brand and kind fetch, by dated, sourced references.

A tenth of the reference price is hard to explain; a half is a bargain, and so are many of them. A price near the
genuine one adds nothing and clears nothing: copies are sold dear too. No price, no reference or another currency is
"not examined", and no weight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from detectors.brands import Brands
from detectors.contract import Context, Examined, done, not_possible
from store.words.money import format_price
from store.words.records import Finding, Pointer, Reference, Snapshot, SubjectKind
from store.words.text import normalise

VERSION = "2"
SUBJECT = SubjectKind.snapshot
NEEDS = frozenset({"prices", "brands"})


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

    def __post_init__(self) -> None:
        if any(not 0 < band.below < 1 or not 0 <= band.strength <= 1 for band in self.bands):
            raise ValueError("a band lies between 0 and 1, and so does its strength")
        if not {"new", "used"} <= set(self.conditions):
            raise ValueError("conditions: say which words are 'new' and which 'used'")


Table = Mapping[tuple[str, str], list[Reference]]


def examine(batch: Sequence[Snapshot], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    table = _table(context.prices, context.brands)
    for snapshot in batch:
        yield _examined(snapshot, table, context.brands, context.settings)


def _examined(snapshot: Snapshot, table: Table, brands: Brands, settings: Settings) -> Examined:
    if snapshot.price_minor is None or snapshot.price_minor <= 0:
        return not_possible(snapshot.id, "no price: none is stated that could be read")
    brand, why = _brand(snapshot, brands)
    if not brand:
        return not_possible(snapshot.id, why)
    category = brands.category_of(snapshot.category, snapshot.title)
    if not category:
        return not_possible(snapshot.id, "no category: neither the category nor the title tells what kind of goods it is")
    known = table.get((brand, category), [])
    if not known:
        return not_possible(snapshot.id, f"no reference: none is kept for {brand}, {category}")
    same = [r for r in known if r.currency == snapshot.currency]
    if not same:
        asked = snapshot.currency or "a currency that is not told"
        return not_possible(
            snapshot.id,
            f"currency: the price is in {asked}, the references are in {', '.join(sorted({r.currency or '?' for r in known}))}",
        )
    condition = _condition(snapshot.condition, settings)
    fitting = [r for r in same if _condition(r.condition, settings) == condition]
    if not fitting and condition == "new":
        fitting = same  # used goods fetch less than new ones, so the comparison errs on the seller's side
    if not fitting:
        return not_possible(snapshot.id, f"no reference: none is kept for {brand}, {category}, {condition}")
    return done(snapshot.id, _gap(snapshot, brand, category, fitting, settings))


def _gap(snapshot: Snapshot, brand: str, category: str, references: Sequence[Reference], settings: Settings) -> Iterable[Finding]:
    usual = median(r.price_minor or 0 for r in references)
    ratio = (snapshot.price_minor or 0) / usual
    band = next((b for b in sorted(settings.bands, key=lambda b: b.below) if ratio < b.below), None)
    if band is None:
        return
    dated = max(r.dated for r in references)
    sentence = (
        f"The price, {format_price(snapshot.price_minor or 0, snapshot.currency)}, is {ratio:.0%} of what {brand} goods of "
        f"this kind ({category}) fetch: {format_price(round(usual), snapshot.currency)} by {len(references)} "
        f"reference{'s' if len(references) > 1 else ''}, the newest of {dated or 'no date'}."
    )
    pointers = [Pointer("price_text", 0, len(snapshot.price_text), snapshot.price_text, detail={"ratio": round(ratio, 4)})]
    pointers += [Pointer(other=f"reference:{r.number}", detail={"price_minor": r.price_minor, "dated": r.dated}) for r in references[:20]]
    yield Finding(band.reason, band.strength, sentence, pointers=tuple(pointers))


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
    for reference in prices:
        brand = brands.named(reference.brand) or reference.brand
        category = brands.category_of(reference.category) or reference.category
        if reference.price_minor and reference.price_minor > 0:
            table[brand, category].append(reference)
    return table


def _condition(said: str, settings: Settings) -> str:
    """`new` or `used`; what a site does not say, or says in a way we do not know, is used: the lower price."""
    words = normalise(said).text.rsplit("/", 1)[-1]
    return next((name for name, forms in settings.conditions.items() if words in forms), "used")
