"""Contacts however they are written. Phones are Ofcom's drama numbers, names are invented."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.words.contacts import KINDS, find_contacts, normalise_contact


@pytest.mark.parametrize(
    "text",
    [
        "call 07700 900123",
        "07700900123",
        "+447700900123",
        "+44 (0)7700 900 123",
        "0044 7700 900123",
        "447700900123",
        "07700-900-123",
        "07*700*900*123",
        "(07700) 900123",
        "0 7 7 0 0 9 0 0 1 2 3",
        "o7700 9oo123",
        "O77OO 9OOI23",
        "zero seven seven oh oh nine oh oh one two three",
        "o double seven double o nine double o 1 2 3",
        "07700 nine hundred? no: 07700 900123",
        "٠٧٧٠٠ ٩٠٠١٢٣",
        "0️⃣7️⃣7️⃣0️⃣0️⃣9️⃣0️⃣0️⃣1️⃣2️⃣3️⃣",
        "lol 07700900123 4 sale",
        "07700\u200b900123.",
        "WhatsApp07700900123",
    ],
)
def test_one_phone_however_written(text: str) -> None:
    assert [(c.kind, c.value) for c in find_contacts(text)] == [("phone", "+447700900123")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0161 496 0123", "+441614960123"),
        ("01632 960123", "+441632960123"),
        ("020 7946 0999", "+442079460999"),
        ("0191 498 0123", "+441914980123"),
        ("029 2018 0123", "+442920180123"),
        ("028 9649 6123", "+442896496123"),
        ("0808 157 0123", "+448081570123"),
        ("03069 990123", "+443069990123"),
        ("+39 06 6982 0000", "+390669820000"),
    ],
)
def test_drama_numbers_and_foreign_ones(text: str, value: str) -> None:
    assert [(c.kind, c.value) for c in find_contacts(text)] == [("phone", value)]


def test_two_phones_side_by_side_are_two() -> None:
    found = find_contacts("07700 900123 07700 900124/01632 960001")
    assert [c.value for c in found] == ["+447700900123", "+447700900124", "+441632960001"]


@pytest.mark.parametrize(
    ("text", "kind", "value", "raw"),
    [
        ("mail Joe.B@Example.co.uk!", "email", "joe.b@example.co.uk", "Joe.B@Example.co.uk"),
        ("joe (at) gmail dot com", "email", "joe@gmail.com", "joe (at) gmail dot com"),
        ("joe at gmail.com", "email", "joe@gmail.com", "joe at gmail.com"),
        ("jo\u0435@example.com", "email", "joe@example.com", "jo\u0435@example.com"),
        ("https://wa.me/447700900123", "whatsapp", "+447700900123", "https://wa.me/447700900123"),
        ("wa.me/+447700900123", "whatsapp", "+447700900123", "wa.me/+447700900123"),
        ("wa.me/message/ABCdef123", "whatsapp", "message/ABCdef123", "wa.me/message/ABCdef123"),
        ("chat.whatsapp.com/AbCdEfGh123", "whatsapp", "chat/AbCdEfGh123", "chat.whatsapp.com/AbCdEfGh123"),
        (
            "https://api.whatsapp.com/send?phone=447700900123",
            "whatsapp",
            "+447700900123",
            "https://api.whatsapp.com/send?phone=447700900123",
        ),
        ("t.me/RepShop", "telegram", "repshop", "t.me/RepShop"),
        ("t.me/+AbCd_12", "telegram", "+AbCd_12", "t.me/+AbCd_12"),
        ("Telegram: @rep_shop", "telegram", "rep_shop", "Telegram: @rep_shop"),
        ("IG: @Bag.Lane", "instagram", "bag.lane", "IG: @Bag.Lane"),
        ("insta @baglane", "instagram", "baglane", "insta @baglane"),
        ("ig - baglane", "instagram", "baglane", "ig - baglane"),
        ("instagram.com/baglane/", "instagram", "baglane", "instagram.com/baglane"),
        ("snap: bags99", "snapchat", "bags99", "snap: bags99"),
        ("snapchat.com/add/bags99", "snapchat", "bags99", "snapchat.com/add/bags99"),
        ("paypal.me/JoeB", "payment", "paypal:joeb", "paypal.me/JoeB"),
        ("Revolut @joeb1", "payment", "revolut:joeb1", "Revolut @joeb1"),
        ("Cash App £joeb", "payment", "cashapp:joeb", "Cash App £joeb"),
        ("monzo.me/joeb", "payment", "monzo:joeb", "monzo.me/joeb"),
        ("https://www.Shop.example/Bags?x=1.", "url", "shop.example/Bags?x=1", "https://www.Shop.example/Bags?x=1."),
        ("see bag-lane.co.uk now", "domain", "bag-lane.co.uk", "bag-lane.co.uk"),
        ("https://example.com/", "domain", "example.com", "https://example.com"),
        ("www.baglane.top", "domain", "baglane.top", "www.baglane.top"),
    ],
)
def test_other_contacts(text: str, kind: str, value: str, raw: str) -> None:
    (found,) = find_contacts(text)
    assert (found.kind, found.value) == (kind, value)
    assert text[found.start : found.end] == found.raw
    assert found.raw.rstrip(".") == raw.rstrip(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "£07700900123",
        "order 12345678901",
        "sizes 6 8 10 12 14 16 18 20 22",
        "open 07.00-19.00, 10.00-16.00",
        "2026-01-02 10:11:12",
        "snap up a bargain, snap-back cap, snap-hook",
        "insta famous",
        "ig: available",
        "collection.only please.thanks",
        "meet at tesco.and pay",
        "1:1 AAA quality",
        "call oh seven",
        "phone one two three",
    ],
)
def test_no_contact(text: str) -> None:
    assert find_contacts(text) == []


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("phone", "+44 7700 900123", "+447700900123"),
        ("phone", "12", None),
        ("email", " A@B.com ", "a@b.com"),
        ("whatsapp", "07700 900123", "+447700900123"),
        ("instagram", "@Bag.Lane", "bag.lane"),
        ("instagram", "not a handle", None),
        ("telegram", "https://t.me/BagLane", "baglane"),
        ("payment", "paypal.me/JoeB", "paypal:joeb"),
        ("url", "https://shop.example/A", "shop.example/A"),
        ("url", "https://shop.example", "shop.example"),
        ("domain", "shop.example.com", "shop.example.com"),
        ("email", "nobody", None),
    ],
)
def test_normalise_contact(kind: str, raw: str, value: str | None) -> None:
    assert normalise_contact(kind, raw) == value


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="known are phone"):
        normalise_contact("pager", "1")


CONTACT_LIKE = st.text(st.sampled_from("07+4 9oOl.@/:-ig snap wa.me t.me paypal https com £\u200b"), max_size=60)


@given(st.one_of(st.text(st.characters(), max_size=80), CONTACT_LIKE))
def test_never_raises_and_every_contact_is_in_the_text_once(text: str) -> None:
    end = 0
    for found in find_contacts(text):
        assert found.kind in KINDS
        assert found.value
        assert found.start >= end
        assert text[found.start : found.end] == found.raw
        end = found.end


@given(st.integers(0, 999), st.lists(st.sampled_from(["", " ", "-", ".", "\u200b"]), min_size=11, max_size=11))
def test_a_phone_is_found_whatever_parts_its_digits(last: int, gaps: list[str]) -> None:
    text = "".join(digit + gap for digit, gap in zip(f"07700900{last:03d}", gaps, strict=True))
    assert [c.value for c in find_contacts(f"ring {text} now")] == [f"+447700900{last:03d}"]


@pytest.mark.parametrize(
    "unit",
    ["a", "0 7 ", "07700 x ", "a.b@", "1", "07700900123 ", "a-", "a.", "ig: a ", " at ", "http://a.b/ ", "o", "+4"],
)
def test_a_megabyte_takes_seconds(unit: str) -> None:
    began = time.perf_counter()
    find_contacts(unit * (10**6 // len(unit)))
    assert time.perf_counter() - began < 60  # a guard against quadratic time, not a measure of speed
