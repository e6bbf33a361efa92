"""Shops on WooCommerce: the Store API's `/wp-json/wc/store/v1/products?per_page=100&page=N`, and product pages by their JSON-LD and layout.

Layout: WooCommerce's developer documentation, "Store API: Products" (developer.woocommerce.com), and its ProductSchema for `brands` and
`categories`. Odd about it: prices are text in minor units of `currency_minor_unit` digits, the shop's own number of decimals rather than
ISO 4217's; a variable product has a `price_range`; names hold entities; the `sku` is a shop's own affair and need not differ, so
that the reference is the post's id, which a page tells in its body's class (`postid-34`, by WordPress: layout unconfirmed). Pages without
JSON-LD are read by WooCommerce's templates `content-single-product.php` and `single-product/price.php` (`p.price`, old price in <del>),
never by the first price on the page, which is the basket's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from crawler.platforms import _api as api
from crawler.platforms import _layout, schema_org
from crawler.platforms import _schema as schema
from crawler.platforms._details import details_of
from crawler.platforms._page import address, amount_of, largest, line, notes_on, price_in, ref_of
from crawler.platforms._rules import first
from crawler.source import Selectors, Source
from store.words.money import vat_in
from store.words.records import Parsed, Snapshot

VERSION = f"2.{schema_org.VERSION}"
_ITEM = "div.product[id^='product-']"
_LAYOUT = _layout.Layout(
    item=f"body.single-product, {_ITEM}",
    ref=(r"body@class ~ /(?<!\S)postid-(\d+)(?!\S)/", rf"{_ITEM}@id ~ /^product-(\d+)$/", "button[name=add-to-cart]@value"),
    rules=Selectors(
        title=("h1.product_title", ".summary h1", "h1"),
        price=(".summary .price ins", ".summary .price", f"{_ITEM} p.price ins", f"{_ITEM} p.price"),
        price_was=(".summary .price del", f"{_ITEM} p.price del"),
        text=(r"#tab-description ~ /(?s)^(?:Description\n)?(.+)/", ".woocommerce-product-details__short-description"),
        quantity=(".summary .stock", f"{_ITEM} p.stock"),
        category=".product_meta .posted_in a",
        images=(".woocommerce-product-gallery__image a@href", ".woocommerce-product-gallery__image img"),
    ),
)


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The products of an answer in JSON; of a page the product that it is about."""
    if api.is_json(response.body):
        for product in _products(api.read(response.body)):
            yield _read(product, response, source)
        return
    if found := _layout.read(response, source, _LAYOUT):
        suffix = first(response.selector, (".summary .price .woocommerce-price-suffix", f"{_ITEM} p.price .woocommerce-price-suffix"))
        yield replace(found, details=replace(found.details, vat=vat_in(suffix) or found.details.vat))


def next_pages(response: TextResponse, source: Source) -> list[str]:
    """The list's next page, up to the last that the answer states (X-WP-TotalPages); where it states none, until one is empty."""
    if not urlsplit(response.url).path.rstrip("/").endswith("/products") or not api.is_json(response.body):
        return []
    document = api.read(response.body)
    page = api.number_in(response.url, "page") + 1
    stated = (response.headers.get("X-WP-TotalPages") or b"").decode("latin-1")
    more = isinstance(document, list) and _products(document) and not (stated.isdecimal() and int(stated[:9]) < page)
    return [api.with_parameter(response.url, "page", str(page))] if more else []


def _products(document: Any) -> list[dict[str, Any]]:
    """The products of a list, or the one of `/products/34`; an error's answer (`code`, `message`) holds none."""
    stated = document if isinstance(document, list) else [document]
    return [each for each in stated if isinstance(each, dict) and "prices" in each]


def _read(product: dict[str, Any], response: TextResponse, source: Source) -> Parsed:
    page = response.url
    url = address(page, schema.text(product.get("permalink")))
    title = line(schema.text(product.get("name")))
    text = schema.text(product.get("description")) or schema.text(product.get("short_description"))
    prices = schema.first_thing(product.get("prices"))
    price_text, regular = _price(prices, source), _figure(prices, prices.get("regular_price"), source)
    price, seller = price_in(source, price_text), source.title if source.kind == "shop" else ""
    snapshot = Snapshot(
        title,
        text,
        price_text,
        *amount_of(price),
        brand=line(schema.text(product.get("brands"))),
        category=line(schema.text(product.get("categories"))),
        seller=seller,
        seller_name=seller,
    )
    ref = ref_of(source, url) if source.ref else line(schema.text(product.get("id")) or schema.text(product.get("sku")))
    left = product.get("low_stock_remaining")
    stock = (
        str(left) if isinstance(left, int) and not isinstance(left, bool) else "out of stock" if product.get("is_in_stock") is False else ""
    )
    was = regular if product.get("on_sale") is True and regular != price_text else ""
    details = details_of(response, price, price_text, quantity=stock, was=was)
    notes = notes_on(title, text) + (("price not understood",) if price_text and not price else ())
    return Parsed(ref, url, snapshot, _pictures(product, page), "", notes, details)


def _price(prices: dict[str, Any], source: Source) -> str:
    """The price in major units with its currency's code; of a variable product from its lowest to its highest; "" where none is stated."""
    unit, spread = prices.get("currency_minor_unit"), schema.first_thing(prices.get("price_range"))
    decimals = unit if isinstance(unit, int) else 2
    low, high = spread.get("min_amount") or prices.get("price"), spread.get("max_amount")
    figures = dict.fromkeys(figure for each in (low, high) if (figure := api.figure(each, decimals)))
    currency = line(schema.text(prices.get("currency_code"))) or source.currency or ""
    return line(f"{' - '.join(figures)} {currency}") if figures else line(schema.text(low))


def _figure(prices: dict[str, Any], stated: Any, source: Source) -> str:
    return _price({**prices, "price": stated, "price_range": None}, source)


def _pictures(product: dict[str, Any], page: str) -> tuple[str, ...]:
    """The whole pictures in order, not the sizes that a page shows; where one has no `src`, the largest of its `srcset`."""
    images = [each for each in product.get("images") or () if isinstance(each, dict)]
    stated = (address(page, str(each.get("src") or "") or largest(str(each.get("srcset") or ""))) for each in images)
    return tuple(dict.fromkeys(filter(None, stated)))
