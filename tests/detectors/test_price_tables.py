"""Price tables of labelled listings: cells summed up where prices are enough, fitted across brands and goods where not, and said which."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework.cli import app
from detectors.brands import read_brands
from detectors.evaluation import price_tables
from detectors.evaluation.listings import read
from detectors.evaluation.text import shipped_prices
from detectors.prices import read_prices, spread
from store.config import Home, defaults_folder

LEVELS = {"Gucci": 1.0, "Prada": 1.0, "Dior": 2.0, "Chanel": 4.0}
KINDS = {"bag": 300.0, "belt": 90.0, "shoes": 180.0}


def prices(without: tuple[tuple[str, str], ...] = (), each: int = 60) -> dict[tuple[str, str], list[int]]:
    """Invented asking prices in pence: a brand's level times a kind's, spread by a fifth either way."""
    chance = random.Random(7)
    return {
        (brand, kind): [round(100 * level * usual * math.exp(chance.gauss(0, 0.2))) for _ in range(each)]
        for brand, level in LEVELS.items()
        for kind, usual in KINDS.items()
        if (brand, kind) not in without
    }


def test_a_cell_with_prices_enough_is_summed_up_as_it_is() -> None:
    known = prices()
    cells = price_tables.cells_of(known)
    assert set(cells) == set(known) and not any(cell.fitted for cell in cells.values())
    for key, cell in cells.items():
        assert (cell.low, cell.middle, cell.high) == spread(known[key]) and cell.rows == 60


def test_a_cell_without_prices_is_fitted_from_the_brand_and_the_kind() -> None:
    cell = price_tables.cells_of(prices(without=(("Chanel", "bag"),)))["Chanel", "bag"]
    assert cell.fitted and cell.rows == 120, "what it rests on are the brand's 120 other prices"
    assert cell.middle == pytest.approx(120_000, rel=0.15)
    assert cell.low == pytest.approx(cell.middle * math.exp(-1.28 * 0.2), rel=0.1)
    assert cell.low < cell.middle < cell.high


def test_a_few_prices_of_its_own_move_a_fitted_cell_and_do_not_rule_it() -> None:
    known = prices(without=(("Chanel", "bag"),))
    at = [price_tables.cells_of({**known, ("Chanel", "bag"): [30_000] * number})["Chanel", "bag"].middle for number in (1, 5, 19)]
    assert 120_000 * 0.9 > at[0] > at[1] > at[2] > 30_000


def test_of_a_brand_with_few_prices_nothing_is_fitted() -> None:
    known = {**prices(), ("Fendi", "bag"): [50_000] * 19}
    assert not any(brand == "Fendi" for brand, _ in price_tables.cells_of(known))
    assert {kind for brand, kind in price_tables.cells_of({**known, ("Fendi", "bag"): [50_000] * 20}) if brand == "Fendi"} == set(KINDS)


def test_the_order_of_listings_changes_nothing() -> None:
    known = prices(without=(("Dior", "belt"),))
    assert price_tables.cells_of(known) == price_tables.cells_of({key: own[::-1] for key, own in reversed(known.items())})


def test_a_table_that_holds_lets_a_tenth_of_other_genuine_prices_below_its_tenth_percentile() -> None:
    one, other = ({key: own[half::2] for key, own in prices(each=400).items()} for half in (0, 1))
    said = price_tables.checked(one, other)
    for number, low, half in said.values():
        assert number == 2400 and low == pytest.approx(0.1, abs=0.03) and half < 0.01
    cheap = {key: [price // 3 for price in own] for key, own in other.items()}
    assert price_tables.checked(one, cheap)["observed"][1] > 0.95, "and says so where it does not hold"


# -- the command and what ships ----------------------------------------------------------------------------------------
def listings(path: Path, number: int = 60) -> Path:
    rows = ["id,title,description,price,currency,brand,category,source,label"]
    for at, ((brand, kind), own) in enumerate(prices(each=number).items()):
        rows += [f"{at}-{n},{brand} {kind},,{price / 100:.2f},GBP,{brand},{kind},shop,ordinary" for n, price in enumerate(own)]
    path.write_text(
        "\n".join([*rows, "x,Gucci bag,,1.00,GBP,Gucci,bag,shop,suspicious", "y,Gucci bag,,,GBP,Gucci,bag,shop,ordinary"]) + "\n"
    )
    return path


def unpriced(path: Path) -> Path:
    path.write_text("id,title,description,price,currency,brand,category,source,label\n" + "a,Gucci bag,,,,Gucci,bag,shop,ordinary\n" * 4)
    return path


def test_the_command_writes_a_list_that_can_be_added_and_says_how_far_it_holds(tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    words = ["train", "prices", str(listings(tmp_path / "a.csv")), "--source", "shop", "--dated", "2026-06-30"]
    words += ["--said", "an invented shop", "--out", str(out), "--home", str(tmp_path)]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words, "--condition", "used"], catch_exceptions=False)
    assert done.exit_code == 0 and "below the tenth percentile" in done.output and "observed" in done.output
    written = read_prices(out)
    assert {(r.brand, r.category) for r in written} == {(b, k) for b in LEVELS for k in KINDS}
    assert {(r.condition, r.currency, r.dated, r.rows, r.provenance) for r in written} == {
        ("used", "GBP", "2026-06-30", 60, "an invented shop")
    }, "a suspicious listing and one without a price are no part of it"
    none = CliRunner().invoke(app, [*words[:2], str(unpriced(tmp_path / "b.csv")), *words[3:], "--condition", "used"])
    assert none.exit_code != 0 and "has a price" in str(none.exception)
    refused = CliRunner().invoke(app, [*words, "--condition", "good"])
    assert refused.exit_code != 0 and "new or used" in str(refused.exception)


def test_what_is_fitted_says_so_in_the_list(tmp_path: Path) -> None:
    brands = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
    rows = [row for row in read(listings(tmp_path / "a.csv")) if (row.brand, row.category) != ("Dior", "belt")]
    table = price_tables.table(rows, brands, "an invented shop", condition="new", dated="2026-06-30")
    assert [row["source"] for row in table if (row["brand"], row["category"]) == ("Dior", "belt")] == [
        "an invented shop; fitted across brands and goods"
    ]
    assert {row["source"] for row in table if row["category"] == "bag"} == {"an invented shop"}


def test_the_list_that_ships_is_of_brands_and_goods_that_we_know_dated_and_named_a_proxy(tmp_path: Path) -> None:
    brands = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
    shipped = shipped_prices(Home(tmp_path))
    assert len(shipped) > 300 and [r.number for r in shipped] == list(range(1, len(shipped) + 1))
    for r in shipped:
        assert brands.named(r.brand) == r.brand and brands.category_of(r.category) == r.category
        assert r.condition in ("new", "used") and r.dated and "proxy" in r.provenance
        assert 0 < (r.low_minor or 0) < (r.price_minor or 0) < (r.high_minor or 0) and (r.rows or 0) >= 20
