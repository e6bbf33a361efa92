"""Shops on Shopify: `/products.json?limit=250&page=N` and `/products/HANDLE.json`, `.js`, and product pages by their JSON-LD.

Layouts: `.js` and pages by shopify.dev (Ajax API "Product API reference", Liquid `structured_data`). `products.json` has no reference
there: layout unconfirmed, as public accounts of it agree. Odd about it: it names no currency (give `currency:`), prices are text in
pounds but whole numbers in the `.js` are pence; a product is one listing, its variants only give the price's range; the list ends
with an empty page, and no page stands beyond the 25,000th product. Pages without JSON-LD may carry the product for their own scripts
(`data-product-json`, in Shopify's older themes: layout unconfirmed); their structured data names one picture, where the theme Dawn shows
them all (`.product__media`) and the old price (`.price-item--regular`; layout unconfirmed). The handle is the reference: a shop that renames it lists anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from scrapy.http import TextResponse

from crawler.platforms import _api as api
from crawler.platforms import _schema as schema
from crawler.platforms import schema_org
from crawler.platforms._details import details_of, notes_on_details
from crawler.platforms._page import address, amount_of, base_of, line, notes_on, price_in, ref_of
from crawler.platforms._rules import first, pictures
from crawler.source import Source
from store.words.records import Parsed, Snapshot

VERSION = f"2.{schema_org.VERSION}"
MOST = 25_000  # products that the list gives out
_MEDIA = ("product-info .product__media img", ".product__media-list .product__media img", ".product-single__media img")
_OLD_PRICE = ("product-info .price__sale s.price-item--regular", ".product__info-container .price__sale s.price-item--regular")
_HANDLE = re.compile(r"/products/([^/?#]+?)(?:\.js(?:on)?)?/?$")


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The products of an answer in JSON, each one listing; of a page the product that it is about."""
    if api.is_json(response.body):
        for product in _products(api.read(response.body)):
            yield _read(product, response, source)
        return
    stated = next(schema_org.parse(response, source), None)
    if stated is None:
        yield from (_read(product, response, source) for product in _carried(response))
        return
    canonical = response.xpath('//link[@rel="canonical"]/@href').get(default="")
    found = _HANDLE.search(urlsplit(urljoin(response.url, canonical)).path) or _HANDLE.search(urlsplit(response.url).path)
    stated = _with_shown(stated, response)
    yield stated if source.ref or not found else replace(stated, ref=unquote(found[1]))


def _with_shown(stated: Parsed, response: TextResponse) -> Parsed:
    """The listing with what only the theme shows: all of its pictures, the old price."""
    images = pictures(response.selector, _MEDIA, base_of(response))
    was = stated.details.price_was_text or line(first(response.selector, _OLD_PRICE))
    return replace(
        stated,
        images=images if len(images) > len(stated.images) else stated.images,
        details=replace(stated.details, price_was_text=was),
    )


def _carried(response: TextResponse) -> list[dict[str, Any]]:
    """The product that a theme carries as JSON for its scripts, in the form of the Ajax API; () where there is none that can be read."""
    for script in response.css(
        "script[type='application/json'][data-product-json]::text, script[type='application/json'][id^=ProductJson]::text"
    ):
        try:
            if products := _products(json.loads(script.get())):
                return products[:1]
        except (ValueError, RecursionError):
            continue
    return []


def next_pages(response: TextResponse, source: Source) -> list[str]:
    """The list's next page, until one is empty: a page that is not full need not be the last."""
    if not urlsplit(response.url).path.endswith("/products.json") or not api.is_json(response.body):
        return []
    page = api.number_in(response.url, "page") + 1
    limit = api.number_in(response.url, "limit") if "limit=" in response.url else 30
    more = _products(api.read(response.body)) and page * limit <= MOST
    return [api.with_parameter(response.url, "page", str(page))] if more else []


def _products(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        return []
    one = document.get("product") or (document if "handle" in document else None)
    stated = document.get("products") if isinstance(document.get("products"), list) else [one]
    return [each for each in stated or () if isinstance(each, dict)]


def _read(product: dict[str, Any], response: TextResponse, source: Source) -> Parsed:
    page = response.url
    handle = line(schema.text(product.get("handle")))
    url = address(page, f"/products/{handle}") if handle else ""
    title, text = line(schema.text(product.get("title"))), schema.text(product.get("body_html") or product.get("description"))
    price_text, was = _price(product, source, "price"), _price(product, source, "compare_at_price")
    price, seller = price_in(source, price_text), source.title if source.kind == "shop" else ""
    snapshot = Snapshot(
        title,
        text,
        price_text,
        *amount_of(price),
        brand=line(schema.text(product.get("vendor"))),
        category=line(schema.text(product.get("product_type") or product.get("type"))),
        seller=seller,
        seller_name=seller,
    )
    posted = schema.text(product.get("published_at")) or schema.text(product.get("created_at"))
    details = details_of(response, price, price_text, posted=posted, quantity=_stock(product), was=was)
    notes = notes_on(title, text) + notes_on_details(details) + (("price not understood",) if price_text and not price else ())
    return Parsed(ref_of(source, url) if source.ref else handle, url, snapshot, _pictures(product, page), "", notes, details)


def _stock(product: dict[str, Any]) -> str:
    """The pieces of all variants where each states them; else "sold out" where none is available."""
    variants = _variants(product)
    stated = [each.get("inventory_quantity") for each in variants]
    numbers = [each for each in stated if isinstance(each, int) and not isinstance(each, bool)]
    if numbers and len(numbers) == len(variants):
        return str(sum(max(0, each) for each in numbers))
    return "sold out" if variants and all(each.get("available") is False for each in variants) else ""


def _variants(product: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in product.get("variants") or () if isinstance(each, dict)] or [product]


def _price(product: dict[str, Any], source: Source, key: str) -> str:
    """The variants' price, or from the lowest above nothing to the highest; "" where none is stated."""
    stated = [each.get(key) for each in _variants(product)]
    figures = {figure for each in stated if (figure := api.figure(each, 2 if isinstance(each, int) else 0))}
    ordered = sorted((each for each in figures if Decimal(each) or len(figures) == 1), key=Decimal)
    if not ordered:
        return line(schema.text(stated))
    said = ordered[0] if len(ordered) == 1 else f"{ordered[0]} - {ordered[-1]}"
    return line(f"{said} {source.currency or ''}")


def _pictures(product: dict[str, Any], page: str) -> tuple[str, ...]:
    """The pictures in the shop's own order: by `position` where they have one, which the list's order need not follow."""
    stated = product.get("images") if isinstance(product.get("images"), list) else []
    images = [each if isinstance(each, dict) else {"src": each} for each in stated or ()]
    images.sort(key=lambda each: each["position"] if isinstance(each.get("position"), int) else 10**6)
    return tuple(dict.fromkeys(url for each in images if (url := address(page, str(each.get("src") or "")))))
