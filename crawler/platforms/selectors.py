"""Sources that tell nothing by themselves: CSS selectors in the YAML, for item pages (`selectors:`) and lists of cards (`cards:`).

A selector is `css` (the element's words) or `css@attr`; of a list of them the first that finds something counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsel import Selector
from scrapy.http import TextResponse

from crawler.platforms._page import address, amount_of, base_of, handle_of, largest, line, notes_on, picture_of, price_in, ref_of, words
from crawler.source import Source
from store.words.records import Parsed, Snapshot

VERSION = "1"


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The listing of an item page; else, where the source has `cards:`, a listing for each card of the list."""
    if source.selectors is not None and (source.cards is None or ref_of(source, response.url)):
        item = _item(response, source)
        if item is not None:
            yield item
    elif source.cards is not None:
        for card in response.css(source.cards.card):
            yield _card(card, response, source)


def _item(response: TextResponse, source: Source) -> Parsed | None:
    css, page, base = source.selectors, response.selector, base_of(response)
    assert css is not None
    title = line(_first(page, css.title))
    text, price = _first(page, css.text), _first(page, css.price)
    if not (title or text or price):
        return None  # an empty page, or one of another make: nothing is said of a listing here
    ref = ref_of(source, response.url) or ("" if source.ref else response.url)
    return _parsed(
        source,
        ref,
        response.url,
        title,
        text,
        price,
        _first(page, css.seller),
        _link(page, css.seller_url or css.seller, base),
        _first(page, css.place),
        _pictures(page, css.images, base),
        {"brand": _first(page, css.brand), "category": _first(page, css.category), "condition": _first(page, css.condition)},
    )


def _card(card: Selector, response: TextResponse, source: Source) -> Parsed:
    css, base = source.cards, base_of(response)
    assert css is not None
    url = _link(card, css.url, base)
    ref = line(_first(card, css.ref)) if css.ref else ref_of(source, url) or ("" if source.ref else url)
    return _parsed(
        source,
        ref if url else "",
        url,
        line(_first(card, css.title)),
        _first(card, css.text),
        _first(card, css.price),
        _first(card, css.seller),
        _link(card, css.seller_url or css.seller, base),
        _first(card, css.place),
        _pictures(card, css.images, base),
        {},
    )


def _parsed(
    source: Source,
    ref: str,
    url: str,
    title: str,
    text: str,
    price: str,
    seller: str,
    seller_url: str,
    place: str,
    images: tuple[str, ...],
    more: dict[str, str],
) -> Parsed:
    price, seller, place = line(price), line(seller), line(place)
    found = price_in(source, price)
    name = seller or (source.title if source.kind == "shop" else "")
    snapshot = Snapshot(
        title,
        text,
        price,
        *amount_of(found),
        seller=handle_of(source, name, seller_url) if name else "",
        seller_name=name,
        place=place,
        brand=line(more.get("brand", "")),
        category=line(more.get("category", "")),
        condition=line(more.get("condition", "")),
    )
    notes = notes_on(title, text, price, seller) + (("price not understood",) if price and not found else ())
    return Parsed(ref, url, snapshot, images, seller_url, notes)


def _found(scope: Selector, rules: Sequence[str]) -> Iterator[tuple[Selector, str]]:
    """(element, attribute or "") for all that the first fruitful rule finds."""
    for rule in rules:
        css, _, attribute = rule.partition("@")
        if elements := [(each, attribute.strip()) for each in (scope.css(css.strip()) if css.strip() else [scope])]:
            yield from elements
            yield scope, "\0"  # the end of what this rule found


def _first(scope: Selector, rules: Sequence[str]) -> str:
    for element, attribute in _found(scope, rules):
        said = "" if attribute == "\0" else element.attrib.get(attribute, "").strip() if attribute else words(element)
        if said:
            return said
    return ""


def _link(scope: Selector, rules: Sequence[str], base: str) -> str:
    """Where the first element leads that a rule finds and that leads anywhere."""
    for element, attribute in _found(scope, rules):
        if attribute != "\0" and (url := address(base, element.attrib.get(attribute or "href", ""))):
            return url
    return ""


def _pictures(scope: Selector, rules: Sequence[str], base: str) -> tuple[str, ...]:
    """All pictures that the first fruitful rule finds, in order, each once."""
    found: dict[str, None] = {}
    for element, attribute in _found(scope, rules):
        if attribute == "\0":
            if found:
                break
            continue
        said = element.attrib.get(attribute, "") if attribute else picture_of(element)
        if attribute.endswith("srcset"):
            said = largest(said)
        if url := address(base, said):
            found[url] = None
    return tuple(found)
