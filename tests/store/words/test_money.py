"""What `parse_price` reads out of price fields, and what it refuses to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.words.money import format_price, on_request, parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency", "kind"),
    [
        ("£1,250.00", 125000, "GBP", "exact"),
        ("£45", 4500, "GBP", "exact"),
        ("45£", 4500, "GBP", "exact"),
        ("£ 45.5", 4550, "GBP", "exact"),
        ("45 pounds", 4500, "GBP", "exact"),
        ("20 quid ono", 2000, "GBP", "exact"),
        ("GBP12.50", 1250, "GBP", "exact"),
        ("12.50 gbp", 1250, "GBP", "exact"),
        ("50p", 50, "GBP", "exact"),
        ("£1.50p", 150, "GBP", "exact"),
        ("£1.2k", 120000, "GBP", "exact"),
        ("Price: £45 each", 4500, "GBP", "exact"),
        ("EUR 1.250,00", 125000, "EUR", "exact"),
        ("12,50 €", 1250, "EUR", "exact"),
        ("1 250,00 EUR", 125000, "EUR", "exact"),
        ("1\u202f250,00\u00a0€", 125000, "EUR", "exact"),
        ("€ 1.250", 125000, "EUR", "exact"),
        ("45,- €", 4500, "EUR", "exact"),
        ("CHF 1'250.50", 125050, "CHF", "exact"),
        ("$1,234,567.89", 123456789, "USD", "exact"),
        ("US $12.99", 1299, "USD", "exact"),
        ("AU $12.99", 1299, "AUD", "exact"),
        ("C $20.50", 2050, "CAD", "exact"),
        ("a $20 bag", 2000, "USD", "exact"),
        ("R$ 1.234,56", 123456, "BRL", "exact"),
        ("₹1,25,000", 12500000, "INR", "exact"),
        ("¥1,250", 1250, "JPY", "exact"),
        ("JPY 1250", 1250, "JPY", "exact"),
        ("KWD 12.500", 12500, "KWD", "exact"),
        ("BHD 1,250.125", 1250125, "BHD", "exact"),
        ("199 zł", 19900, "PLN", "exact"),
        ("was £50 now £30", 3000, "GBP", "exact"),
        ("£12.99 +£3.50 postage", 1299, "GBP", "exact"),
        (
            "postage £3? £3.50 postage, bag £30",
            300,
            "GBP",
            "exact",
        ),  # postage named before its figure is not understood
        ("2 for £50", 5000, "GBP", "exact"),
        ("Pack of 2 £12.99", 1299, "GBP", "exact"),
        ("30% off £40", 4000, "GBP", "exact"),
        ("from £30", 3000, "GBP", "from"),
        ("£30+", 3000, "GBP", "from"),
        ("Starting at £30", 3000, "GBP", "from"),
        ("ab 30 EUR", 3000, "EUR", "from"),
        ("£20 - £30", 2000, "GBP", "range"),
        ("£20-30", 2000, "GBP", "range"),
        ("20–30 €", 2000, "EUR", "range"),
        ("£1,250.00 to £2,000.00", 125000, "GBP", "range"),
        ("EUR 9,99 bis EUR 19,99", 999, "EUR", "range"),
        ("£0 - £30", 3000, "GBP", "range"),
        ("£0.00", 0, "GBP", "free"),
        ("45", 4500, None, "exact"),
        ("199 kr", 19900, None, "exact"),
        ("Free", 0, None, "free"),
        ("FREE!!", 0, None, "free"),
        ("free to collector", 0, None, "free"),
        ("zu verschenken", 0, None, "free"),
    ],
)
def test_reads(text: str, amount: int, currency: str | None, kind: str) -> None:
    price = parse_price(text)
    assert price is not None and (price.amount_minor, price.currency, price.text, price.kind) == (amount, currency, text, kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "POA",
        "Call for price",
        "Contact seller",
        "Ring 07700 900123",
        "07700 900123",
        "07700900123",
        "£",
        "free delivery",
        "buy one get one free",
        "30% off",
        "size 10",
        "iPhone 12",
        "12.10.2024",
        "£20.5.3",
        "45 TOP quality",
        "swap",
        "N/A",
        "£" + "9" * 40,
        "free, £5 postage",
        "-£5",
        "-5 GBP",
        "1e+30 GBP",
    ],
)
def test_no_price_is_none_and_never_nought(text: str) -> None:
    assert parse_price(text, "GBP") is None


@pytest.mark.parametrize(
    ("text", "default", "currency"),
    [
        ("$50", None, "USD"),
        ("$50", "AUD", "AUD"),
        ("$50", "GBP", "USD"),  # the pound says nothing of dollars
        ("¥50", "CNY", "CNY"),
        ("¥50", "GBP", "JPY"),
        ("£50", "EUR", "GBP"),
        ("199 kr", "SEK", "SEK"),
        ("Rs. 500", "INR", "INR"),
        ("50", "GBP", "GBP"),
        ("50", "gbp", "GBP"),
        ("Free", "GBP", "GBP"),
        ("50 €", "GBP", "EUR"),
    ],
)
def test_the_default_decides_only_what_is_open(text: str, default: str | None, currency: str) -> None:
    price = parse_price(text, default)
    assert price is not None
    assert price.currency == currency


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (125000, "GBP", "£1,250.00"),
        (5, "GBP", "£0.05"),
        (-450, "EUR", "-€4.50"),
        (999, "USD", "US$9.99"),
        (1250, "JPY", "JPY 1,250"),
        (12500, "KWD", "KWD 12.500"),
        (4500, None, "45.00"),
    ],
)
def test_format(amount: int, currency: str | None, shown: str) -> None:
    assert format_price(amount, currency) == shown


@given(st.integers(1, 10**9), st.sampled_from(["GBP", "EUR", "USD", "JPY", "INR", "CHF"]))
def test_what_we_write_we_read(amount: int, currency: str) -> None:
    price = parse_price(format_price(amount, currency))
    assert price is not None
    assert (price.amount_minor, price.currency, price.kind) == (amount, currency, "exact")


PRICE_LIKE = st.text(st.sampled_from("0123456789.,' -–£$€¥kp%+fromtoGBPEURfree\u00a0"), max_size=30)


@given(st.one_of(st.text(st.characters(), max_size=80), PRICE_LIKE), st.sampled_from([None, "GBP", "JPY", "KWD"]))
def test_never_raises_and_only_free_is_nought(text: str, default: str | None) -> None:
    price = parse_price(text, default)
    if price is not None:
        assert price.text == text
        assert (price.amount_minor == 0) == (price.kind == "free")
        assert 0 <= price.amount_minor < 10**15


@pytest.mark.parametrize(
    ("text", "amount", "kind", "vat", "was"),
    [
        ("£100 ex VAT (£120 inc VAT)", 12000, "exact", "inc", ""),
        ("ex VAT £100 (£120 inc VAT)", 12000, "exact", "inc", ""),
        ("ex. VAT £100.00 inc. VAT £120.00", 12000, "exact", "inc", ""),
        ("£120 inc VAT (£100 ex VAT)", 12000, "exact", "inc", ""),
        ("£120.00 (£100.00 excl. VAT)", 12000, "exact", "", ""),
        ("£100 + VAT", 10000, "exact", "ex", ""),
        ("£100 +VAT", 10000, "exact", "ex", ""),
        ("£100 plus VAT", 10000, "exact", "ex", ""),
        ("£120.00 Inc. VAT", 12000, "exact", "inc", ""),
        ("£120 VAT included", 12000, "exact", "inc", ""),
        ("Incl. Tax: £120.00", 12000, "exact", "inc", ""),
        ("119,00 € inkl. MwSt.", 11900, "exact", "inc", ""),
        ("99,00 € HT", 9900, "exact", "ex", ""),
        ("from £10 ex VAT", 1000, "from", "ex", ""),
        ("£100 - £200 ex VAT", 10000, "range", "ex", ""),
        ("was £50 now £30", 3000, "exact", "", "£50"),
        ("Was £50.00 Now £36.00 inc VAT", 3600, "exact", "inc", "£50.00"),
        ("RRP £200 £120", 12000, "exact", "", "£200"),
        ("RRP: £200.00 Our price: £120.00", 12000, "exact", "", "£200.00"),
        ("£120 (RRP £200)", 12000, "exact", "", "£200"),
        ("Original price was: £80.00. Current price is: £60.00.", 6000, "exact", "", "£80.00"),
        ("£80 now £60", 6000, "exact", "", "£80"),
        ("statt 199,00 € jetzt 99,00 €", 9900, "exact", "", "199,00 €"),
        ("3 payments of £10 or £28 in full", 2800, "exact", "", ""),
        ("£25/month or £240", 24000, "exact", "", ""),
        ("£2.40 per 100ml, £12.00", 1200, "exact", "", ""),
        ("Delivery: £3.99 Price: £20", 2000, "exact", "", ""),
        ("Free delivery £20", 2000, "exact", "", ""),
        ("£25 per month", 2500, "exact", "", ""),
    ],
)
def test_of_several_figures_the_one_that_a_consumer_pays(text: str, amount: int, kind: str, vat: str, was: str) -> None:
    price = parse_price(text)
    assert price is not None
    assert (price.amount_minor, price.kind, price.vat, price.was) == (amount, kind, vat, was)


@pytest.mark.parametrize(
    "text",
    [
        "POA",
        "P.O.A.",
        "Call for price",
        "Call us for a price",
        "Price on application",
        "Contact seller",
        "DM me for prices",
        "Preis auf Anfrage",
    ],
)
def test_a_price_on_request_is_told_from_none(text: str) -> None:
    assert on_request(text) and parse_price(text, "GBP") is None


@pytest.mark.parametrize("text", ["", "£45", "free", "no price", "poached pear", "call me", "swap"])
def test_what_is_no_price_on_request(text: str) -> None:
    assert not on_request(text)
