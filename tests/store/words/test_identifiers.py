"""Identifiers against published valid and invalid ones. What is published as an example of a form is cited; no real shop's number is here."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as other

from store.words import identifiers
from store.words.identifiers import company_number, fhrsid, find_identifiers, gss_code, uprn, usrn, vat_number

STDNUM = "python-stdnum 2.2, doctests of stdnum.gb.vat"
H2G2 = "BBC h2g2 entry A10287461, the worked example of the check digits"
HMRC = "the example GB 999 9999 73 of HMRC's own forms"


@pytest.mark.parametrize(
    ("written", "normal", "source"),
    [
        ("980780684", "GB980780684", STDNUM),
        ("GB 980 7806 84", "GB980780684", STDNUM),
        ("100190874", "GB100190874", f"{STDNUM}: restarted series, residue 42"),
        ("242338087388", "GB242338087388", f"{STDNUM}: a branch"),
        ("GD100", "GBGD100", STDNUM),
        ("HA501", "GBHA501", STDNUM),
        ("GD888810003", "GBGD100", f"{STDNUM}: the same in the EU's nine digits"),
        ("HA888856782", "GBHA567", STDNUM),
        ("GB 831 4958 16", "GB831495816", H2G2),
        ("GB999 9999 73", "GB999999973", HMRC),
        ("XI980780684", "GB980780684", "HMRC: XI goes before the same number"),
    ],
)
def test_a_published_vat_number_is_in_the_right_form(written: str, normal: str, source: str) -> None:
    assert vat_number(written) == normal, source


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("802311781", f"{STDNUM}: check digit"),
        ("9807806842", f"{STDNUM}: length"),
        ("9807806B4", f"{STDNUM}: a letter"),
        ("001234567", f"{STDNUM}: check digit"),
        ("GD8888567B2", STDNUM),
        ("ZZ100", STDNUM),
        ("GD600", STDNUM),
        ("HA201", STDNUM),
        ("GD888860018", STDNUM),
        ("HA888820107", STDNUM),
        ("HA888856700", f"{STDNUM}: check digit"),
        ("123456789", "BBC h2g2 entry A10287461: 'this is not a valid VAT number'"),
        ("000000000", "all zeros, whose residue is 0"),
        ("", ""),
        ("٩80780684", "digits of another script"),
    ],
)
def test_what_is_published_as_wrong_is_no_vat_number(written: str, source: str) -> None:
    assert vat_number(written) is None, source


@given(st.integers(1, 10**9 - 1))
def test_another_implementation_accepts_the_same_vat_numbers(number: int) -> None:
    written = f"{number:09}"
    try:
        accepted = bool(other.validate(written))
    except ValidationError:
        accepted = False
    assert (vat_number(written) is not None) == accepted


def test_the_new_residues_count_only_from_the_number_at_which_the_new_series_begins() -> None:
    drawn = random.Random(6)
    for _ in range(2000):
        number = f"{drawn.randrange(100):03}{drawn.randrange(10**6):06}"
        assert (vat_number(number) is not None) == (identifiers.residue(number) == 0 and int(number) > 0)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("12345678", "12345678"),  # Companies House's own example of a number
        ("1234567", "01234567"),
        ("01234567", "01234567"),
        ("sc 123456", "SC123456"),
        ("SC1234", "SC001234"),
        ("NI012345", "NI012345"),
        ("R0000123", "R0000123"),
        ("OE000001", "OE000001"),
        ("RS007IPS", "RS007IPS"),  # chguide.co.uk: registered societies end in up to three letters
        ("SL00001A", "SL00001A"),  # chguide.co.uk
        ("IP12345R", "IP12345R"),
        ("SP2723RS", "SP2723RS"),
        ("OC12P4CU", "OC12P4CU"),  # chguide.co.uk: P stands among the digits
        ("BR012345", "BR012345"),
    ],
)
def test_a_company_number_has_eight_characters_padded_on_the_left(written: str, normal: str) -> None:
    assert company_number(written) == normal


@pytest.mark.parametrize(
    "written",
    ["", "00000000", "123456789", "XX123456", "SC1234567", "A1234567", "1234567A", "R1234567", "SC", "٣2345678", "SC12A456", "SPARKLER"],
)
def test_what_is_no_company_number(written: str) -> None:
    assert company_number(written) is None


def test_every_prefix_that_is_published_is_taken_and_no_other() -> None:
    """Companies House, URI Customer Guide: list of company numbers and prefixes; chguide.co.uk's pattern, and OE."""
    published = "AC ZC FC GE LP OC SE SA SZ SF GS SL SO SC ES NA NZ NF GN NL NC R0 NI EN SG FE RS OE"
    assert all(company_number(f"{prefix}000123") == f"{prefix}000123" for prefix in published.split())
    pairs = [a + b for a in string.ascii_uppercase for b in string.ascii_uppercase]
    assert {pair for pair in pairs if company_number(f"{pair}000123")} == identifiers.PREFIXES


@pytest.mark.parametrize(
    ("read", "written", "normal"),
    [
        (uprn, "100023336956", "100023336956"),  # published: 10 Downing Street
        (uprn, "000000199356", "199356"),  # published: Bristol Central Library
        (uprn, "0", None),
        (uprn, "1000233369560", None),
        (uprn, "10002333695X", None),
        (usrn, "20400001", "20400001"),
        (usrn, "00400001", "400001"),
        (usrn, "204000010", None),
        (fhrsid, "990002", "990002"),
        (fhrsid, "99000200000", None),
        (fhrsid, "FHRS", None),
        (gss_code, "E09000011", "E09000011"),  # published: Greenwich
        (gss_code, "e06000002", "E06000002"),  # published: Middlesbrough
        (gss_code, "N09000003", "N09000003"),
        (gss_code, "E0900001", None),
        (gss_code, "E99000001", None),  # no such entity
        (gss_code, "X09000011", None),
    ],
)  # fmt: skip
def test_places_and_areas(read: object, written: str, normal: str | None) -> None:
    assert read(written) == normal  # type: ignore[operator]


@given(st.sampled_from([uprn, usrn, fhrsid, company_number, vat_number, gss_code]), st.text(max_size=20))
def test_a_normal_form_is_its_own_and_nothing_raises(read: object, text: str) -> None:
    found = read(text)  # type: ignore[operator]
    assert found is None or read(found) == found  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Kestrel Moss Ltd. Registered in England and Wales no. 1234567. VAT reg no GB 980 7806 84.",
            [("company", "01234567"), ("vat", "GB980780684")],
        ),
        ("Company No: SC123456", [("company", "SC123456")]),
        ("Company number 01234567 12 Larch Parade", [("company", "01234567")]),
        ("FHRS ID 990002, rated 3", [("fhrs", "990002")]),
        ("https://ratings.food.gov.uk/business/990003/quillon", [("fhrs", "990003")]),
        ("GB 980 7806 84", [("vat", "GB980780684")]),
        ("call 0161 496 0104, VAT free", []),
        ("size 12345678 in stock, ref 980780684", []),  # a bare number is nothing
        ("VAT no 980 7806 85", []),  # not in the right form
    ],
)
def test_identifiers_in_words(text: str, found: list[tuple[str, str]]) -> None:
    read = find_identifiers(text)
    assert [(each.kind, each.value) for each in read] == found
    assert all(text[each.start : each.end] == each.raw for each in read)


@given(st.text())
def test_no_text_stops_it(text: str) -> None:
    find_identifiers(text)
