"""A string is taken out however it is written, and nothing else is."""

from __future__ import annotations

import html
import json
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.disclosure.redact import Needle, Redactor, fold
from store.errors import TouchstoneError

NAME = "Perpetua Quince-Öhlund"


def one(text: str = NAME, *, digits: bool = False, kept: tuple[str, ...] = (), contacts: frozenset[str] = frozenset()) -> Redactor:
    return Redactor([Needle(text, "person", "not under suspicion", "a test", digits)], kept, contacts)


FORMS = {
    "raw": NAME,
    "case": NAME.upper(),
    "decomposed": unicodedata.normalize("NFD", NAME),
    "full width": "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in NAME),
    "named entity": "Perpetua Quince-&Ouml;hlund",
    "numbered entities": "".join(f"&#{ord(c)};" for c in NAME),
    "hexadecimal entities": "".join(f"&#x{ord(c):x};" for c in NAME),
    "percent": quote(NAME),
    "percent, every letter": "".join(f"%{b:02X}" for b in NAME.encode()),
    "percent, latin-1": quote(NAME, encoding="latin-1"),
    "form": quote_plus(NAME),
    "JSON": json.dumps(NAME)[1:-1],
    "JSON, every letter": "".join(f"\\u{ord(c):04x}" for c in NAME),
    "JSON within HTML": html.escape(json.dumps({"n": NAME})),
    "percent within percent": quote(quote(NAME)),
    "HTML within JSON within HTML": html.escape(json.dumps("<b>Perpetua</b> Quince-&Ouml;hlund")),
    "split by tags": "Per<b>pet</b>ua <i class='x'>Quince</i>-<span>Ö</span>hlund",
    "cells": "<td>Perpetua</td><td>Quince-Öhlund</td>",
    "soft hyphens and joiners": "Per\u00adpetua\u200b Quince\u2060-Öhlund",
    "no-break space": "Perpetua\u00a0Quince-Öhlund",
    "slug": "perpetua_quince_ohlund",
    "line break": "Perpetua\n   Quince-Öhlund",
}


@pytest.mark.parametrize("form", list(FORMS))
def test_a_name_is_found_in_each_form_and_nothing_of_it_is_left(form: str) -> None:
    redactor = one()
    before, after = "<p>Sold by ", " of somewhere</p>"
    said = redactor.text(before + FORMS[form] + after, "page")
    assert said.startswith(before) and said.endswith(after) and "[redacted: person 1]" in said
    assert not [word for word in ("perpetua", "quince", "ohlund", "hlund") if word in fold(html.unescape(said)).replace(" ", "")]
    assert redactor.says(said) == [] and len(redactor.records) == 1 and NAME not in str(redactor.records)


@pytest.mark.parametrize("written", ["07700 900555", "(07700) 900-555", "+44 7700 900555", "0044 7700 900 555", "+44 (0)7700 900555", "0 7 7 0 0 9 0 0 5 5 5", "07700.900.555", "<b>07700</b>&nbsp;900<i>555</i>", "%2B447700900555", "tel:+447700900555"])  # fmt: skip
def test_a_phone_is_found_however_its_digits_are_set(written: str) -> None:
    redactor = one("+447700900555", digits=True)
    assert redactor.says(redactor.text(f"ring {written} now", "page")) == []
    assert "555" not in redactor.text(f"ring {written} now", "page")


def test_tags_and_words_around_it_stay() -> None:
    assert (
        one().text("<a href='/x'>Perpetua <b>Quince</b>-Öhlund</a> and others", "page")
        == "<a href='/x'>[redacted: person 1]<b></b></a> and others"
    )


def test_a_short_string_is_taken_as_a_word_only_and_a_shorter_one_is_refused() -> None:
    assert one("tan").text("a tank, a Tan bag, TAN, sultan", "page") == "a tank, a [redacted: person 1] bag, [redacted: person 1], sultan"
    with pytest.raises(TouchstoneError, match="too short"):
        one("ab")


def test_a_number_is_not_taken_out_of_a_longer_one() -> None:
    assert (
        one("http://market.example/item/7001")
        .text("market.example/item/70011 http://market.example/item/7001", "p")
        .endswith("70011 [redacted: person 1]")
    )


def test_what_is_kept_stays_also_where_it_holds_a_needle() -> None:
    said = one("parade", kept=("parade_deals",)).text("parade_deals and the parade", "page")
    assert said == "parade_deals and the [redacted: person 1]"


def test_a_contact_of_nobody_in_the_case_goes_and_the_cases_own_stays() -> None:
    redactor = one(contacts=frozenset({"+447700900123"}))
    said = redactor.text("Ours: 07700 900123. Theirs: 07700 900777, <b>some.body</b>&#64;example.org", "page")
    assert "07700 900123" in said and "900777" not in said and "some.body" not in said and "example.org" not in said
    assert {record.by for record in redactor.records} == {"rule: contacts"}


def test_the_same_string_has_the_same_mark_and_another_has_another() -> None:
    redactor = Redactor([Needle("quince cottage", "account", "", ""), Needle("medlar lodge", "account", "", "")])
    said = redactor.text("Quince Cottage, medlar lodge, QUINCE-COTTAGE", "p").split(", ")
    assert said[0] == said[2] != said[1] and {said[0], said[1]} == {"[redacted: account 1]", "[redacted: account 2]"}
    marks = [redactor.mark(n) for n in redactor.needles]
    assert len(set(marks)) == 2 and redactor.text("quince-cottage", "q") == marks[0]


def test_values_of_rows_are_gone_through_with_their_path() -> None:
    redactor = one()
    said = redactor.value({"a": [{"b": json.dumps({"who": NAME})}], "n": 7, "none": None}, "rows", "row 3")
    assert json.loads(said["a"][0]["b"]) == {"who": "[redacted: person 1]"} and (said["n"], said["none"]) == (7, None)
    assert [record.where for record in redactor.records] == ["row 3.a[0].b"]


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(list(FORMS)))
def test_whatever_stands_around_it_it_is_taken_out(before: str, after: str, form: str) -> None:
    redactor = one()
    said = redactor.text(f"{before} {FORMS[form]} {after}", "page")
    assert redactor.says(said) == []


@given(st.text(max_size=200))
def test_a_text_that_says_none_of_it_comes_out_as_it_went_in(text: str) -> None:
    redactor = one("zyxwvutsrqponm")
    assert redactor.text(text, "page") == text or redactor.records
