"""Prices to compare with: converted by dated figures or not at all, summed up robustly, read from a list line by line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.prices import Currencies, Day, read_currencies, read_prices, spread
from store.config import defaults_folder
from store.errors import TouchstoneError
from tests.detectors.test_examples import examine

HEADER = "brand,category,condition,currency,source,date,price,p10,p50,p90,rows,line,platform\n"
GOOD = "Gucci,bag,used,GBP,an invented shop,2026-01-01,620,,,,,,\n"
TABLE = Currencies(
    "an invented bank",
    30,
    (
        Day("2026-01-31", {"EUR": 1.25, "JPY": 200.0, "KWD": 0.4}),
        Day("2026-03-31", {"EUR": 1.0}),
        Day("2026-01-31", {"BTC": 0.00002}, "an invented exchange", 2),
    ),
)


# -- currencies --------------------------------------------------------------------------------------------------------
def test_an_amount_is_converted_by_the_day_nearest_with_the_rate_named() -> None:
    amount, rates = TABLE.convert(10000, "GBP", "EUR", "2026-02-10")  # type: ignore[misc]
    assert amount == 12500 and [str(rate) for rate in rates] == ["1.25 EUR to the pound on 2026-01-31 (an invented bank)"]
    assert TABLE.convert(12500, "EUR", "GBP", "2026-03-20")[0] == 12500, "a pound came to a euro that day"


def test_the_decimals_of_each_currency_are_its_own() -> None:
    assert TABLE.convert(100, "GBP", "JPY", "2026-01-31")[0] == pytest.approx(200)
    assert TABLE.convert(400, "KWD", "GBP", "2026-01-31")[0] == pytest.approx(100), "400 fils are a pound"


def test_the_same_currency_needs_no_rate_even_one_that_nobody_knows() -> None:
    assert TABLE.convert(500, "XXQ", "XXQ", "1999-01-01") == (500.0, ())


@pytest.mark.parametrize(
    ("code", "on", "why"),
    [
        ("XXQ", "2026-01-31", "nothing tells what XXQ is worth"),
        ("", "2026-01-31", "a currency that is not stated"),
        ("EUR", "2027-01-31", "of 2026-03-31, 306 days from 2027-01-31; it is good for 30"),
        ("BTC", "2026-02-03", "of 2026-01-31, 3 days from 2026-02-03; it is good for 2"),
    ],
)
def test_an_unknown_or_out_of_date_currency_is_not_converted_and_it_says_why(code: str, on: str, why: str) -> None:
    assert why in str(TABLE.rate(code, on)) and why in str(TABLE.convert(100, code, "GBP", on))


def test_a_dated_coin_is_converted_by_its_own_source() -> None:
    assert "an invented exchange" in str(TABLE.rate("BTC", "2026-02-01"))


def test_the_shipped_table_has_a_few_dozen_currencies_and_names_its_source() -> None:
    table = read_currencies(defaults_folder() / "currencies.yml")
    codes = {code for day in table.days for code in day.per_gbp}
    assert len(codes) >= 30 and "European Central Bank" in table.source and "BTC" not in codes
    assert len({day.date for day in table.days}) == len(table.days)
    for day in table.days:  # no slip of a decimal: what a pound came to in euros and dollars since 2013
        assert 1.0 < day.per_gbp["EUR"] < 1.5 and 1.0 < day.per_gbp["USD"] < 1.8 and 100 < day.per_gbp["JPY"] < 250, day.date


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("date: 2026-10-30", "date: 30/10/2026"), "date: '30/10/2026' is not of the form 2026-01-31"),
        (("AUD: 1.9074", "AUD: 0"), "AUD: a pound comes to more than nothing"),
        (("AUD: 1.9074", "Aud: 1.9074"), "'Aud' is not the code of another currency"),
        (("good_for_days: 200", "good_for: 200"), "unknown key 'good_for'"),
        (("AUD: 1.9074", "AUD: much"), "expected a number, found 'much'"),
    ],
)
def test_a_bad_table_is_refused_with_file_line_and_field(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    text = (defaults_folder() / "currencies.yml").read_text()
    assert change[0] in text
    path = tmp_path / "currencies.yml"
    path.write_text(text.replace(*change, 1))
    with pytest.raises(TouchstoneError, match=r"currencies\.yml:\d+: ") as refused:
        read_currencies(path)
    assert problem in str(refused.value)


# -- quantiles ---------------------------------------------------------------------------------------------------------
PRICES = st.lists(st.integers(1, 10**9), min_size=2, max_size=60)


@given(PRICES, st.randoms(use_true_random=False))
def test_quantiles_rise_lie_within_and_do_not_depend_on_order(prices: list[int], chance: random.Random) -> None:
    low, middle, high = spread(prices)
    assert min(prices) - 1 <= low <= middle <= high <= max(prices) + 1
    mixed = prices[:]
    chance.shuffle(mixed)
    assert spread(mixed) == (low, middle, high)


def test_quantiles_are_those_of_the_definition_on_the_logarithmic_scale() -> None:
    assert spread([100, 10000]) == (158, 1000, 6310), "10^2.2, 10^3 and 10^3.8"
    assert spread([100] * 11) == (100, 100, 100)


def test_a_tenth_of_wild_prices_moves_no_quantile_far() -> None:
    usual = [round(50_000 * 1.01**n) for n in range(100)]
    wild = usual[:91] + [10**12] * 9
    assert spread(wild)[1] == spread(usual)[1] and spread(wild)[0] == spread(usual)[0]


@pytest.mark.parametrize("prices", [[], [5], [5, 0], [5, -5]])
def test_quantiles_of_nothing_or_of_no_price_are_refused(prices: list[int]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        spread(prices)


# -- a list of prices --------------------------------------------------------------------------------------------------
def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    return path


def test_a_list_gives_single_prices_and_those_that_sum_up_many(tmp_path: Path) -> None:
    many = "Gucci,bag,Used,eur,an invented report,2026-01-01,,300,620.50,900,45,Ophidia,stall\n"
    one, summed = read_prices(write(tmp_path, HEADER + GOOD + many))
    assert (one.number, one.price_minor, one.currency, one.dated, one.rows) == (1, 62000, "GBP", "2026-01-01", None)
    assert (summed.number, summed.low_minor, summed.price_minor, summed.high_minor) == (2, 30000, 62050, 90000)
    assert (summed.rows, summed.line, summed.platform, summed.currency, summed.condition) == (45, "Ophidia", "stall", "EUR", "used")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (GOOD.replace("620", "cheap"), "price: 'cheap' is not an amount"),
        (GOOD.replace("620", "0"), "price: '0' is not an amount"),
        (GOOD.replace("620", "-5"), "price: '-5' is not an amount"),
        (GOOD.replace("620", "€620"), "price: '€620' is not in GBP"),
        (GOOD.replace("620", ""), "price: say either one price, or p50"),
        (GOOD.replace("GBP", "pounds"), "currency: 'pounds' is not a code"),
        (GOOD.replace("2026-01-01", "1/1/2026"), "date: '1/1/2026' is not of the form"),
        (GOOD.replace("an invented shop", ""), "source: it is empty"),
        (GOOD.replace("Gucci", ""), "brand: it is empty"),
        (GOOD.replace("used", "shiny"), "condition: 'shiny' is none of new, used"),
        ("Gucci,bag,used,GBP,x,2026-01-01,,300,620,900,,,\n", "rows: it is empty"),
        ("Gucci,bag,used,GBP,x,2026-01-01,,700,620,900,20,,\n", "p50: p10, p50 and p90 do not rise"),
        ("Gucci,bag,used,GBP,x,2026-01-01,,300,620,900,many,,\n", "rows: 'many' is not a whole number"),
        (GOOD.replace("620,,", "620,300,"), "p10: one price has no percentiles"),
        (GOOD.replace("\n", ",more\n"), "there are more cells than columns"),
    ],
)
def test_what_is_not_understood_is_refused_with_line_and_field(tmp_path: Path, row: str, problem: str) -> None:
    with pytest.raises(TouchstoneError) as refused:
        read_prices(write(tmp_path, HEADER + GOOD + row), conditions={"new": ("bnwt",), "used": ("worn",)})
    assert f"prices.csv:3: {problem}" in str(refused.value)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (HEADER.replace("source,", ""), "column source is missing"),
        (HEADER.replace("price,", "").replace("p50", "p5"), "column price (or p50) is missing"),
        (HEADER.replace("line", "product line"), "unknown column 'product line'"),
        ("", "is missing"),
    ],
)
def test_columns_that_are_missing_or_unknown_are_named(tmp_path: Path, header: str, problem: str) -> None:
    with pytest.raises(TouchstoneError) as refused:
        read_prices(write(tmp_path, header))
    assert "prices.csv:1: " in str(refused.value) and problem in str(refused.value)


# -- what a finding says -----------------------------------------------------------------------------------------------
def test_a_finding_states_ratio_reference_number_date_source_and_the_conversion() -> None:
    prices = [["Gucci", "bag", "used", 62000, "GBP", {"low_minor": 30000, "high_minor": 90000, "rows": 45}]]
    words = {"title": "Gucci tote", "price_minor": 5900, "currency": "EUR", "price_text": "59 €", "published": {"first": "2026-10-01"}}
    [finding] = examine("price_gap", {**words, "prices": prices}).findings
    for said in (
        "€59.00",
        "8%",
        "€743.57",
        "sums up 45 prices",
        "2026-01-01",
        "invented",
        "nine in ten ask €359.79 or more",
        "£620.00",
        "1.1993 EUR to the pound on 2026-10-30 (European Central Bank",
    ):
        assert said in finding.sentence, said
    assert finding.pointers[0].detail == {"ratio": 0.0793} and finding.pointers[1].other == "reference:1"
    assert finding.pointers[1].detail["converted_minor"] == 74357 and finding.pointers[1].detail["rows"] == 45


def test_a_finding_says_when_the_condition_is_not_stated() -> None:
    words = {"title": "Gucci tote", "price_minor": 5900, "currency": "GBP", "price_text": "£59"}
    [finding] = examine("price_gap", {**words, "prices": [["Gucci", "bag", "used", 62000, "GBP"]]}).findings
    assert "does not say whether it is new" in finding.sentence


def test_one_price_is_called_one_price_and_not_what_such_goods_fetch() -> None:
    words = {"title": "Gucci tote", "price_minor": 5900, "currency": "GBP", "price_text": "£59"}
    [finding] = examine("price_gap", {**words, "prices": [["Gucci", "bag", "used", 62000, "GBP"]]}).findings
    assert "is 10% of the one price that is kept for" in finding.sentence and "fetch" not in finding.sentence
    [finding] = examine("price_gap", {**words, "prices": [["Gucci", "bag", "used", each, "GBP"] for each in (62000, 64000)]}).findings
    assert "fetch: £630.00 by 2 references" in finding.sentence


@pytest.mark.parametrize("price", [None, 0, -1, 10**12, 5900])
def test_no_price_in_a_made_up_currency_ever_weighs_anything(price: int | None) -> None:
    prices = [["Gucci", "bag", "used", 62000, "GBP"]]
    examined = examine("price_gap", {"title": "Gucci tote", "price_minor": price, "currency": "XXQ", "prices": prices})
    assert examined.outcome == "not_possible" and examined.findings == ()


@given(st.permutations([(40000, "GBP"), (50000, "GBP"), (62000, "GBP"), (90000, "EUR")]))
def test_the_order_of_references_changes_neither_ratio_nor_reason(order: list[tuple[int, str]]) -> None:
    words = {"title": "Gucci tote", "price_minor": 5900, "currency": "GBP", "price_text": "£59"}
    [finding] = examine("price_gap", {**words, "prices": [["Gucci", "bag", "used", *each] for each in order]}).findings
    assert (finding.reason, finding.pointers[0].detail["ratio"]) == ("price_well_below", 0.118)
