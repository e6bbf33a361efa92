"""Prices of the reference log: brought in from a list, or learned from what the store's own listings ask.

Learned prices are entries of the log like any other: numbered, dated by the newest capture that they rest on, cited by each finding that
compares with them. Learning again adds entries for what has changed and removes what they replace; it changes no earlier finding's ground.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from casework.references import PURPOSE, price_settings, remove
from detectors.brands import Brands, read_brands
from detectors.price_gap import Settings, cell_of, too_little
from detectors.prices import Currencies, read_currencies, spread
from store.config import Home
from store.errors import TouchstoneError
from store.listings import Summary
from store.store import Acting, Store
from store.words.records import Level, Reference, ReferenceKind, SubjectKind, Verdict, standing

LEARNED = "learned from this store: "
PAGE = 500
MOST_OF_A_SELLER = 5  # prices of one account in one cell, of its oldest listings: no one account sets what is usual

Key = tuple[str, str, str, str, str]  # brand, category, condition, platform, currency


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking price, with who asks it and when it was last seen."""

    seller: int
    listing: int
    minor: int
    seen: datetime


@dataclass(slots=True)
class Learned:
    """What came of learning: entries added and removed by number, cells that stayed as they were, cells with too little, listings left out."""

    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    unchanged: int = 0
    too_few: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def learn(store: Store, home: Home, *, actor: str, least_rows: int = 20, least_sellers: int = 8) -> Learned:
    """Sum up the asking prices of listings as they stand, by brand, category, condition, platform and currency: the tenth, fiftieth and
    ninetieth percentile, on the logarithmic scale, of cells with so many prices of so many sellers; the others are refused by name.

    Left out are listings flagged for review or above, or judged yes by a person, and prices that are none. Safe to do twice: what is the
    same is left as it is. Raises TouchstoneError where so few are asked for that quantiles mean nothing.
    """
    if least_rows < 10 or least_sellers < 3:
        raise TouchstoneError("a tenth percentile needs at least 10 prices, and a platform's usual price at least 3 sellers")
    settings, brands = price_settings(home), read_brands(home.configs("brands"))
    currencies = read_currencies(home.file("currencies.yml"))
    learned = Learned()
    cells: dict[Key, list[Asked]] = defaultdict(list)
    after = 0
    with store.acting(actor, purpose=PURPOSE) as reader:
        while page := reader.summaries(after=after, limit=PAGE):
            confirmed = _judged_yes(reader, page)
            for summary in page:
                said = _asked(summary, confirmed, brands, currencies, settings)
                if isinstance(said, str):
                    learned.left_out[said] += 1
                else:
                    cells[said[0]].append(said[1])
            after = page[-1].listing.id or 0
    new: dict[Key, Reference] = {}
    for key in sorted(cells):
        kept = _of_each_seller(cells[key])
        sellers = len({each.seller for each in kept})
        if len(kept) < least_rows or sellers < least_sellers:
            learned.too_few.append(f"{_name(key)}: {len(kept)} prices of {sellers} sellers, {least_rows} of {least_sellers} are asked for")
        else:
            new[key] = _entry(key, kept, home, actor)
    _keep(store, new, learned, actor)
    return learned


def _judged_yes(reader: Acting, page: Sequence[Summary]) -> set[int]:
    """The listings of which somebody's judgement that stands says yes."""
    said = reader.judgements([(SubjectKind.listing, s.listing.id or 0) for s in page])
    return {j.subject for j in standing(said) if j.verdict is Verdict.yes}


def _asked(summary: Summary, confirmed: set[int], brands: Brands, currencies: Currencies, settings: Settings) -> tuple[Key, Asked] | str:
    """What it asks and where that belongs; or why it is left out."""
    s, seen = summary.snapshot, summary.last_seen.date().isoformat()
    if summary.level in (Level.review, Level.priority):
        return "flagged"
    if summary.listing.id in confirmed:
        return "judged yes"
    if summary.seller is None:
        return "no seller"
    if not s.price_minor or s.price_minor < 0 or not s.currency or too_little(s, seen, seen, currencies, settings):
        return "no price"
    cell = cell_of(s, brands, settings)
    if isinstance(cell, str):
        return cell.partition(":")[0]
    key = (cell.brand, cell.category, cell.condition, summary.listing.source, s.currency)
    return key, Asked(summary.seller, summary.listing.id or 0, s.price_minor, summary.last_seen)


def _of_each_seller(asked: Sequence[Asked]) -> list[Asked]:
    """So many of each seller, of its oldest listings."""
    of: Counter[int] = Counter()
    kept = []
    for each in sorted(asked, key=lambda a: a.listing):
        of[each.seller] += 1
        if of[each.seller] <= MOST_OF_A_SELLER:
            kept.append(each)
    return kept


def _entry(key: Key, kept: Sequence[Asked], home: Home, actor: str) -> Reference:
    brand, category, condition, platform, currency = key
    low, middle, high = spread([each.minor for each in kept])
    sellers = len({each.seller for each in kept})
    newest = max(each.seen for each in kept).date().isoformat()
    said = f"{LEARNED}asking prices of {len(kept)} listings of {sellers} sellers of {platform}"
    return Reference(
        None, ReferenceKind.price, home.settings.authority.code, said, actor, brand, category, condition, None, middle, currency, newest,
        platform=platform, low_minor=low, high_minor=high, rows=len(kept), sellers=sellers,
    )  # fmt: skip


def _keep(store: Store, new: dict[Key, Reference], learned: Learned, actor: str) -> None:
    """The log after learning: what is new is added, what it replaces or no longer has its ground removed, all in one transaction."""
    old = {_key(r): r for r in store.references([ReferenceKind.price]) if r.provenance.startswith(LEARNED)}
    with store.database.writing():
        for key in sorted({*old, *new}):
            was, now = old.get(key), new.get(key)
            if was and now and _figures(was) == _figures(now):
                learned.unchanged += 1
                continue
            if now:
                learned.added.append(store.add_reference(now))
            if was:
                why = "learned anew" if now else "too few prices of too few sellers are left"
                learned.removed.append(remove(store, was, why=why, actor=actor))


def _key(r: Reference) -> Key:
    return r.brand, r.category, r.condition, r.platform, r.currency or ""


def _figures(r: Reference) -> tuple[object, ...]:
    return r.low_minor, r.price_minor, r.high_minor, r.rows, r.sellers


def _name(key: Key) -> str:
    brand, category, condition, platform, currency = key
    return f"{brand}, {category}, {condition or 'condition not stated'}, {platform}, {currency}"
