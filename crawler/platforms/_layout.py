"""A shop family's own page layout beside schema.org: what the structured data leaves out is read where the family's theme shows it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from scrapy.http import TextResponse

from crawler.platforms import schema_org
from crawler.platforms._page import line, ref_of
from crawler.platforms._rules import first
from crawler.platforms.selectors import item_of
from crawler.source import Selectors, Source
from store.words.records import Details, Parsed, Snapshot

_PRICE = ("price_text", "price_minor", "currency")
_PRICE_DETAILS = ("price_kind", "price_was_text", "vat")


@dataclass(frozen=True, slots=True)
class Layout:
    """`item`: CSS of what only an item's own page holds; `ref`: rules for the shop's own number; `rules`: for the rest."""

    item: str
    ref: tuple[str, ...]
    rules: Selectors


def read(response: TextResponse, source: Source, layout: Layout) -> Parsed | None:
    """The listing that the page is about: schema.org's words first, the layout's where those say nothing; None where it is of none."""
    stated = next(schema_org.parse(response, source), None)
    shown = item_of(response, source, layout.rules) if response.css(layout.item) else None
    if stated and shown and _other_price(stated.snapshot, shown.snapshot):
        # what a buyer is shown counts: structured data often has the price without tax, or last week's
        stated = replace(
            stated,
            snapshot=replace(stated.snapshot, price_text="", price_minor=None, currency=None),
            details=replace(stated.details, price_kind="", price_was_text="", vat=""),
        )
    found = merged(stated, shown) if stated and shown else stated or shown
    if found is None:
        return None
    if stated and shown:
        # the heading is what a buyer reads, where OpenGraph's title is often a search engine's; descriptions there are cut short
        title, text = (
            shown.snapshot.title or stated.snapshot.title,
            max((stated, shown), key=lambda each: len(each.snapshot.text)).snapshot.text,
        )
        found = replace(found, snapshot=replace(found.snapshot, title=title, text=text))
    own = line(first(response.selector, layout.ref))
    return replace(found, ref=ref_of(source, response.url) if source.ref else own or found.ref)


def _other_price(stated: Snapshot, shown: Snapshot) -> bool:
    both = stated.price_minor is not None and shown.price_minor is not None
    return both and stated.currency == shown.currency and stated.price_minor != shown.price_minor


def merged(one: Parsed, other: Parsed) -> Parsed:
    """`one`, with what only the `other` says. A price is taken as a whole, never a figure from here and its words from there."""
    words: dict[str, Any] = {name: getattr(one.snapshot, name) or getattr(other.snapshot, name) for name in one.snapshot.words()}
    beside: dict[str, Any] = {each.name: getattr(one.details, each.name) or getattr(other.details, each.name) for each in fields(Details)}
    for pair in (("posted_text", "posted_at"), ("quantity_text", "quantity"), ("sold_text", "sold"), ("joined_text", "joined_at")):
        holder = one.details if getattr(one.details, pair[0]) and getattr(one.details, pair[1]) is not None else other.details
        if getattr(holder, pair[0]):
            beside |= {name: getattr(holder, name) for name in pair}
    priced = one if one.snapshot.price_minor is not None or not other.snapshot.price_text else other
    words |= {name: getattr(priced.snapshot, name) for name in _PRICE}
    beside |= {name: getattr(priced.details, name) or beside[name] for name in _PRICE_DETAILS}
    unread = (
        ("price not understood",)
        if words["price_text"] and words["price_minor"] is None and beside["price_kind"] not in ("free", "on_request")
        else ()
    )
    notes = dict.fromkeys(note for note in (*one.notes, *other.notes) if note != "price not understood")
    return replace(
        one,
        snapshot=Snapshot(**words),
        images=other.images if len(other.images) >= len(one.images) else one.images,
        seller_url=one.seller_url or other.seller_url,
        notes=(*notes, *unread),
        details=Details(**beside),
    )
