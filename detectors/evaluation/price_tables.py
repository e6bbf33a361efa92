"""A price table of labelled listings: what each brand's goods of each kind fetch, as a list for `touchstone reference add --prices`.

A cell (brand and kind of goods) with prices enough is summed up as it is. Of the others the middle is fitted: on the logarithmic scale, a
brand's level, a kind's level, and as much of the cell's own as its few prices can say. A fitted cell says so where its source is named.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.brands import Brands
from detectors.evaluation.listings import Row
from detectors.prices import spread
from store.errors import TouchstoneError
from store.words.money import exponent_of

LEAST_OBSERVED = 20  # prices from which a cell is summed up as it is: a tenth percentile is then two of them
LEAST_BRAND, LEAST_KIND = 20, 50  # prices of a brand, and of a kind of goods, from which a cell of theirs is fitted
OF_BRAND, OF_KIND, OF_CELL = 1.0, 0.5, 5.0  # how many prices a level's lean to its mean is worth: a cell's own counts half at five
HEADER = ("brand", "category", "condition", "currency", "p10", "p50", "p90", "rows", "source", "date")

Key = tuple[str, str]  # brand, kind of goods


@dataclass(frozen=True, slots=True)
class Cell:
    """Percentiles of a brand's goods of one kind, in minor units; `rows` are the prices that they rest on: of the cell, or of the brand
    where they are fitted."""

    low: int
    middle: int
    high: int
    rows: int
    fitted: bool


def prices_of(rows: Sequence[Row], brands: Brands) -> tuple[str, dict[Key, list[int]]]:
    """(the currency that most rows have, asking prices in its minor units by brand and kind of goods). Rows in another currency, without a
    price, or of a brand or kind that is not known are left out. Raises TouchstoneError where no row has a price."""
    cells: dict[Key, list[int]] = defaultdict(list)
    snapshots = [row.snapshot(number) for number, row in enumerate(rows, 1)]
    currencies = Counter(s.currency for s in snapshots if s.currency)
    if not currencies:
        raise TouchstoneError("none of these listings has a price in a currency that could be read")
    currency = currencies.most_common(1)[0][0]
    for snapshot in snapshots:
        brand, kind = brands.named(snapshot.brand), brands.category_of(snapshot.category, snapshot.title)
        if brand and kind and snapshot.currency == currency and (snapshot.price_minor or 0) > 0:
            cells[brand, kind].append(snapshot.price_minor or 0)
    return currency, dict(cells)


def cells_of(prices: Mapping[Key, Sequence[int]]) -> dict[Key, Cell]:
    """Every cell that can be summed up or fitted. Effects are those of a ridge regression on logarithms (best linear unbiased prediction:
    Robinson, *Statistical Science* 6, 1991), with the leans above; percentiles of a fitted cell are those of all residuals about it.
    """
    of_brand, of_kind = Counter[str](), Counter[str]()
    for (brand, kind), own in prices.items():
        of_brand[brand] += len(own)
        of_kind[kind] += len(own)
    out = {key: Cell(*spread(own), len(own), fitted=False) for key, own in prices.items() if len(own) >= LEAST_OBSERVED}
    brands = [brand for brand, number in sorted(of_brand.items()) if number >= LEAST_BRAND]
    kinds = [kind for kind, number in sorted(of_kind.items()) if number >= LEAST_KIND]
    if not brands or not kinds:
        return out
    level, low, high = _levels(prices)
    for brand in brands:
        for kind in kinds:
            if (brand, kind) not in out:
                middle = level(brand, kind)
                below, usual, above = (round(math.exp(middle + away)) for away in (low, 0.0, high))
                out[brand, kind] = Cell(below, usual, above, of_brand[brand], fitted=True)
    return dict(sorted(out.items()))


def _levels(prices: Mapping[Key, Sequence[int]]) -> tuple[Callable[[str, str], float], float, float]:
    """(the middle of a cell on the logarithmic scale, how far below and above it a tenth and nine tenths of prices lie)."""
    import numpy as np

    names = [*sorted({("brand", b) for b, _ in prices}), *sorted({("kind", k) for _, k in prices}), *sorted(prices)]
    at = {name: number + 1 for number, name in enumerate(names)}
    lean = [0.0, *({"brand": OF_BRAND, "kind": OF_KIND}.get(name[0], OF_CELL) for name in names)]
    square, right = np.diag(lean), np.zeros(len(lean))
    for (brand, kind), own in prices.items():
        places = [0, at["brand", brand], at["kind", kind], at[brand, kind]]
        square[np.ix_(places, places)] += len(own)
        right[places] += sum(map(math.log, own))
    effects = np.linalg.solve(square, right)

    def level(brand: str, kind: str) -> float:
        places = [0, *(at[name] for name in (("brand", brand), ("kind", kind), (brand, kind)) if name in at)]
        return float(effects[places].sum())

    away = [math.log(price) - level(*key) for key, own in prices.items() for price in own]
    low, high = np.quantile(away, [0.1, 0.9])
    return level, float(low), float(high)


def table(rows: Sequence[Row], brands: Brands, source: str, *, condition: str, dated: str) -> list[dict[str, str]]:
    """The rows of a price list (`write`): every cell of the listings given, with where it comes from as `source` says it."""
    currency, prices = prices_of(rows, brands)
    unit = 10 ** exponent_of(currency)
    return [
        dict(zip(("p10", "p50", "p90"), (f"{minor / unit:.2f}" for minor in (cell.low, cell.middle, cell.high)), strict=True))
        | {"brand": brand, "category": kind, "condition": condition, "currency": currency, "rows": str(cell.rows), "date": dated}
        | {"source": f"{source}; fitted across brands and goods" if cell.fitted else source}
        for (brand, kind), cell in cells_of(prices).items()
    ]


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def checked(fitted_on: Mapping[Key, Sequence[int]], others: Mapping[Key, Sequence[int]]) -> dict[str, tuple[int, float, float]]:
    """How far the table holds on other prices: of observed cells, and of such cells when they are fitted without their own prices,
    (prices of the others, share of them below the stated tenth percentile, and below half of the stated middle)."""
    seen = {key: cell for key, cell in cells_of(fitted_on).items() if not cell.fitted and key in others}
    without = {}
    for key in seen:
        cells = cells_of({other: own for other, own in fitted_on.items() if other != key})
        if key in cells:
            without[key] = cells[key]
    out = {}
    for name, cells in (("observed", seen), ("fitted", without)):
        pairs = [(price, cell) for key, cell in cells.items() for price in others[key]]
        low = sum(price < cell.low for price, cell in pairs)
        half = sum(price < cell.middle / 2 for price, cell in pairs)
        out[name] = (len(pairs), low / max(len(pairs), 1), half / max(len(pairs), 1))
    return out
