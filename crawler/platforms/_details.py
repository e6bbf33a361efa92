"""What a page says beside a listing's words: when it was posted, how many there are and were sold, what kind of price it is."""

from __future__ import annotations

import re
from datetime import datetime

from scrapy.http import TextResponse

from crawler.platforms._page import line
from store.words.dates import parse_date
from store.words.money import Price, on_request
from store.words.records import Details

LONGEST = 200  # characters of each that are kept
_COUNT = re.compile(
    r"(?<![\d.,])(?P<whole>\d{1,3}(?:[., ]\d{3})+(?!\d)|\d+)(?:[.,](?P<tenth>\d)(?=\s?k))?\s?(?P<kilo>k(?![a-z]))?", re.IGNORECASE
)
_NONE_LEFT = re.compile(
    r"\b(?:out ?of ?stock|sold ?out|discontinued|none left|no longer available|unavailable|ausverkauft|nicht vorr[äa]tig|épuisé|rupture)\b",
    re.I,
)
_JOINED = re.compile(
    r"^\W*(?:(?:member|seller|user|trader|joined|registered|account|selling|posting|trading|active|opened|created|since|on|in|the|site|here)\b\W*)+",
    re.IGNORECASE,
)
_ONE_LEFT = re.compile(r"\b(?:last one|only one|just one|one left|one available|one-off)\b", re.IGNORECASE)


def captured_at(response: TextResponse) -> datetime | None:
    """When the page's answer had come; None for a response that does not know."""
    return getattr(response, "captured_at", None)


def count_in(text: str) -> int | None:
    """The number of pieces that a text states ("1,204 sold", "More than 10 available", "1.2k", "sold out"); None where it states none."""
    if _NONE_LEFT.search(text):
        return 0
    if not (found := _COUNT.search(text[:LONGEST])):
        return 1 if _ONE_LEFT.search(text) else None
    number = int(re.sub(r"\D", "", found["whole"]))
    if found["kilo"]:
        number = number * 1000 + int(found["tenth"] or 0) * 100
    return number if number < 10**9 else None


def joined_in(text: str, now: datetime | None) -> datetime | None:
    """Since when an account has been there ("Member since March 2024", "Joined 2019", "Posting for 3 months"), in UTC; None where not told.

    Of a year or a month its first day: the account may be younger than that, and is never older.
    """
    said = _JOINED.sub("", " ".join(text.split()))
    if months := re.fullmatch(r"(?:for |over |more than )*(\d+)\+? (day|week|month|year)s?(?: ago)?\+?", said, re.IGNORECASE):
        return parse_date(f"{months[1]} {months[2]}s ago", now)
    if year := re.fullmatch(r"(?:19|20)\d\d", said):
        return parse_date(f"{year[0]}-01-01", now)
    if re.fullmatch(r"[^\W\d]{3,12}\.?,? (?:19|20)\d\d", said):
        return parse_date(f"1 {said}", now)
    return parse_date(said, now)


def details_of(
    response: TextResponse,
    price: Price | None = None,
    price_text: str = "",
    *,
    posted: str = "",
    quantity: str = "",
    sold: str = "",
    was: str = "",
    vat: str = "",
    kind: str = "",
    joined: str = "",
    dispatch: str = "",
) -> Details:
    """The details that these texts state; `kind`, `vat` and `was` where the platform knows them better than the price's own words."""
    posted, quantity, sold, joined, dispatch = (line(each)[:LONGEST] for each in (posted, quantity, sold, joined, dispatch))
    told = kind or (price.kind if price else "on_request" if on_request(price_text) else "")
    return Details(
        posted_text=posted,
        posted_at=parse_date(posted, captured_at(response)),
        quantity_text=quantity,
        quantity=count_in(quantity),
        sold_text=sold,
        sold=count_in(sold),
        price_kind=told,
        price_was_text=(line(was) or (price.was if price else ""))[:LONGEST],
        vat=vat or (price.vat if price else ""),
        joined_text=joined,
        joined_at=joined_in(joined, captured_at(response)),
        dispatch_text=dispatch,
    )


def notes_on_details(details: Details) -> tuple[str, ...]:
    """What was stated and not understood. "In stock" is understood: it states no number."""
    dated: tuple[str, ...] = ("posted date not understood",) if details.posted_text and details.posted_at is None else ()
    dated += ("date of joining not understood",) if details.joined_text and details.joined_at is None else ()
    counted = ("number sold not understood",) if details.sold_text and details.sold is None else ()
    return dated + counted
