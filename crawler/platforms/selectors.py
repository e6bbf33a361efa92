"""Sources that tell nothing by themselves: rules in the YAML, for item pages (`selectors:`) and lists of cards (`cards:`).

A rule is CSS, with an attribute or a pattern where it needs one (`_rules`); of a list of them the first that finds something counts.
A price's struck-out part (<del>, <s>, <strike>, line-through) is the old price, and no part of what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsel import Selector
from scrapy.http import TextResponse

from crawler.platforms._details import details_of, notes_on_details
from crawler.platforms._page import amount_of, base_of, handle_of, line, notes_on, price_in, ref_of, words
from crawler.platforms._rules import first, found, link, pictures
from crawler.source import Cards, Selectors, Source
from store.words.money import on_request
from store.words.records import Parsed, Snapshot

VERSION = "2"
_STRUCK = "del, s, strike, [style*='line-through']"


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The listing of an item page; else, where the source has `cards:`, a listing for each card of the list."""
    if source.selectors is not None and (source.cards is None or ref_of(source, response.url)):
        item = item_of(response, source, source.selectors)
        if item is not None:
            yield item
    elif source.cards is not None:
        for card in response.css(source.cards.card):
            yield _card(card, response, source, source.cards)


def item_of(response: TextResponse, source: Source, rules: Selectors) -> Parsed | None:
    """The page's listing by these rules; None for an empty page or one of another make, which says nothing of a listing."""
    ref = ref_of(source, response.url) or ("" if source.ref else response.url)
    item = _parsed(response.selector, response, source, rules, ref, response.url)
    said = item.snapshot
    return item if said.title or said.text or said.price_text else None


def _card(card: Selector, response: TextResponse, source: Source, rules: Cards) -> Parsed:
    url = link(card, rules.url, base_of(response))
    ref = line(first(card, rules.ref)) if rules.ref else ref_of(source, url) or ("" if source.ref else url)
    return _parsed(card, response, source, rules, ref if url else "", url)


def _parsed(scope: Selector, response: TextResponse, source: Source, rules: Selectors | Cards, ref: str, url: str) -> Parsed:
    base = base_of(response)
    said: dict[str, str] = {
        name: first(scope, getattr(rules, name)) for name in ("title", "text", "seller", "place", "brand", "category", "condition")
    }
    asked, struck = price_words(scope, rules.price)
    price = price_in(source, asked)
    seller_url = link(scope, rules.seller_url or rules.seller, base)
    name = line(said["seller"]) or (source.title if source.kind == "shop" else "")
    snapshot = Snapshot(
        line(said["title"]),
        said["text"],
        asked,
        *amount_of(price),
        seller=handle_of(source, name, seller_url) if name else "",
        seller_name=name,
        place=line(said["place"]),
        brand=line(said["brand"]),
        category=line(said["category"]),
        condition=line(said["condition"]),
    )
    beside = {each: first(scope, getattr(rules, each)) for each in ("posted", "quantity", "sold", "joined", "dispatch")}
    details = details_of(response, price, asked, was=first(scope, rules.price_was) or struck, **beside)
    notes = notes_on(snapshot.title, snapshot.text, asked, name) + notes_on_details(details)
    if asked and not price and not on_request(asked):
        notes += ("price not understood",)
    return Parsed(ref, url, snapshot, pictures(scope, rules.images, base), seller_url, notes, details)


def price_words(scope: Selector, rules: tuple[str, ...] | str) -> tuple[str, str]:
    """(what is asked, what is struck out of it) by the first rule that finds words, each on one line."""
    for elements in found(scope, rules):
        for element, rule in elements:
            if rule.attribute:
                asked, struck = element.attrib.get(rule.attribute, ""), ""
            else:
                out = element.css(_STRUCK) if not isinstance(element.root, str) else []
                asked = words(element, without={each.root for each in out})
                struck = words(out[0]) if out and asked else ""
                asked = asked or words(element)
            if asked := line(rule.sought_in(asked)):
                return asked, line(struck)
    return "", ""
