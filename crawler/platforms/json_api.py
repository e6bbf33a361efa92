"""Sources that answer in JSON: the YAML's `api:` points at the words by JMESPath (the JMESPath specification, jmespath.org).

Odd about APIs: a number in a price may be pounds or pence, which only the YAML can say (`decimals: 2` for pence); and an item that has
no reference of its own is given out with none, so that the reader counts and refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapy.http import TextResponse

from crawler.platforms import _api as api
from crawler.platforms import _schema as schema
from crawler.platforms._api import Api
from crawler.platforms._details import details_of, notes_on_details
from crawler.platforms._page import address, amount_of, handle_of, line, notes_on, price_in, ref_of
from crawler.source import Source
from store.words.records import Parsed, Snapshot

VERSION = "2"


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """A listing for each item of the answer."""
    for item in _items(api.read(response.body), source):
        yield _read(item, response, source)


def next_pages(response: TextResponse, source: Source) -> list[str]:
    """The answer's next page, by its link or its number; without `next`, as long as an answer holds items."""
    rules = source.api
    assert rules is not None
    document = api.read(response.body)
    found = api.search(rules.next, document) if rules.next else bool(rules.next_param and _items(document, source))
    if rules.next_param and found is True:
        found = api.number_in(response.url, rules.next_param, rules.step) + rules.step
    said = "" if isinstance(found, bool) else line(schema.text(found))
    if rules.next_param:
        return [api.with_parameter(response.url, rules.next_param, said)] if said else []
    return [url] if (url := address(response.url, said)) else []


def next_body(response: TextResponse, source: Source, sent: bytes) -> bytes | None:
    """The body that asks for the page after the one that `sent` asked for; None after the last. Raises ValueError where the answer is no JSON."""
    rules = source.api
    assert rules is not None
    document = api.read(response.body)
    if not rules.page_at:
        return None
    found = api.search(rules.next, document) if rules.next else bool(_items(document, source))
    if found is True:
        found = api.number_of(api.value_in(rules, sent), rules.step) + rules.step
    following = isinstance(found, (str, int)) and not isinstance(found, bool) and found != ""
    return api.with_value(rules, sent, found) if following else None


def _items(document: Any, source: Source) -> list[Any]:
    assert source.api is not None
    found = api.search(source.api.items, document)
    if isinstance(found, dict):
        return [found]
    return [each for each in found if each is not None] if isinstance(found, list) else []


def _read(item: Any, response: TextResponse, source: Source) -> Parsed:
    rules, page = source.api, response.url
    assert rules is not None

    def said(expression: str) -> str:
        return schema.text(api.search(expression, item))

    title, text = line(said(rules.title)), said(rules.text)
    price_text, readable = _price(item, rules, rules.price)
    price = price_in(source, price_text) if readable else None
    seller_url = address(page, said(rules.seller_url))
    name = line(said(rules.seller)) or (source.title if source.kind == "shop" else "")
    snapshot = Snapshot(
        title,
        text,
        price_text,
        *amount_of(price),
        brand=line(said(rules.brand)),
        category=line(said(rules.category)),
        condition=line(said(rules.condition)),
        seller=handle_of(source, name, seller_url) if name else "",
        seller_name=name,
        place=line(said(rules.place)),
    )
    url = address(page, said(rules.url))
    ref = line(said(rules.ref)) if rules.ref else ref_of(source, url) or ("" if source.ref else url)
    images = (address(page, each) for each in schema.pictures(api.search(rules.images, item)))
    beside = {each: said(getattr(rules, each)) for each in ("posted", "quantity", "sold", "joined", "dispatch")}
    details = details_of(response, price, price_text, was=_price(item, rules, rules.price_was)[0], **beside)
    notes = notes_on(title, text, name) + notes_on_details(details)
    notes += ("price not understood",) if price_text and not price and details.price_kind != "on_request" else ()
    return Parsed(ref, url or ("" if rules.url else page), snapshot, tuple(dict.fromkeys(filter(None, images))), seller_url, notes, details)


def _price(item: Any, rules: Api, expression: str) -> tuple[str, bool]:
    """(a price with its currency as words, whether the words may be read): what is no number is not, where prices are in pence."""
    stated = api.search(expression, item)
    written = schema.text(stated)
    if not written:
        return "", False
    figure = api.figure(stated, rules.decimals) if rules.decimals or not isinstance(stated, str) else ""
    return line(f"{figure or written} {schema.text(api.search(rules.currency, item))}"), bool(figure or not rules.decimals)
