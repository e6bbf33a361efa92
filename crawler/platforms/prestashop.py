"""Shops on PrestaShop 1.7 and 8: product pages by their microdata or JSON-LD, by the classic theme, and by the JSON that the theme carries.

Layout: PrestaShop's own classic theme, `templates/catalog/_partials/product-prices.tpl` (`.product-prices`, `.regular-price`,
`itemprop=price` with `content`), `product-details.tpl` (`.product-quantities`, `.product-condition`; in `#product-details` later versions
put the attribute `data-product`, JSON of the product: `id_product`, `name`, `price`, `price_amount`, `quantity`, `condition`, `images`;
which of its keys a shop gives out differs: layout unconfirmed). Odd about it: `price` there is a number in one version and words in
the next; "Save 20%" stands beside the price; the product's number is in the basket's form, and, by default, in its address.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scrapy.http import TextResponse

from crawler.platforms import _api as api
from crawler.platforms import _layout, schema_org
from crawler.platforms import _schema as schema
from crawler.platforms._details import details_of
from crawler.platforms._page import address, amount_of, base_of, line, price_in
from crawler.platforms._rules import first
from crawler.source import Selectors, Source
from store.words.money import vat_in
from store.words.records import Parsed, Snapshot

VERSION = f"1.{schema_org.VERSION}"
_LAYOUT = _layout.Layout(
    item="body#product",
    ref=("#add-to-cart-or-refresh input[name=id_product]@value", "#product_page_product_id@value"),
    rules=Selectors(
        title=("#main h1", "h1"),
        price=(
            ".product-prices .current-price-value",
            ".product-prices [itemprop=price]",
            ".product-prices .current-price > span",
            ".product-prices .product-price",
        ),
        price_was=".product-prices .regular-price",
        text=("#description .product-description", ".product-description", "[id^=product-description]"),
        quantity=(".product-quantities [data-stock]@data-stock", ".product-quantities span"),
        condition=".product-condition span",
        brand=(".product-manufacturer span", ".product-manufacturer img@alt"),
        images=(".product-images img@data-image-large-src", ".images-container img@data-image-large-src", ".product-cover img"),
    ),
)


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The one listing that the page is about, if it is a product's."""
    shown = _layout.read(response, source, _LAYOUT)
    stated = _carried(response)
    if shown is None and not stated:
        return
    carried = _of_carried(stated, response, source) if stated else None
    found = _layout.merged(shown, carried) if shown and carried else shown or carried
    assert found is not None
    vat = found.details.vat or vat_in(first(response.selector, (".product-prices .tax-shipping-delivery-label", ".product-prices small")))
    yield replace(found, details=replace(found.details, vat=vat))


def _carried(response: TextResponse) -> dict[str, Any]:
    """The product as the theme's `data-product` carries it; {} where there is none that can be read."""
    written = response.css("#product-details::attr(data-product), .js-product-details::attr(data-product)").get(default="")
    try:
        stated = json.loads(written) if written else {}
    except (ValueError, RecursionError):
        return {}
    return stated if isinstance(stated, dict) else {}


def _of_carried(product: dict[str, Any], response: TextResponse, source: Source) -> Parsed:
    price_text = line(product["price"]) if isinstance(product.get("price"), str) else ""
    if not price_in(source, price_text):
        price_text = next(
            (line(f"{said} {source.currency or ''}") for key in ("price_amount", "price") if (said := api.figure(product.get(key)))),
            price_text,
        )
    price = price_in(source, price_text)
    condition = product.get("condition")
    snapshot = Snapshot(
        line(schema.text(product.get("name"))),
        schema.text(product.get("description")) or schema.text(product.get("description_short")),
        price_text,
        *amount_of(price),
        brand=line(schema.text(product.get("manufacturer_name"))),
        category=line(schema.text(product.get("category_name"))),
        condition=line(schema.text(condition.get("label") if isinstance(condition, dict) else condition)),
    )
    posted = schema.text(product.get("date_add"))
    details = details_of(response, price, price_text, posted=posted, quantity=schema.text(product.get("quantity")))
    ref = line(schema.text(product.get("id_product")) or schema.text(product.get("id")))
    return Parsed(ref, response.url, snapshot, _pictures(product, base_of(response)), details=details)


def _pictures(product: dict[str, Any], base: str) -> tuple[str, ...]:
    """The largest size of each picture that the theme names."""
    images = product.get("images")
    found = []
    for each in images if isinstance(images, list) else ():
        sizes = each.get("bySize") if isinstance(each, dict) else None
        named = [each.get("large"), *(sizes.values() if isinstance(sizes, dict) else ())] if isinstance(each, dict) else []
        sized = [one for one in named if isinstance(one, dict) and isinstance(one.get("url"), str)]
        best = max(sized, key=lambda one: one["width"] if isinstance(one.get("width"), int) else 0, default=None)
        found.append(address(base, best["url"]) if best else "")
    return tuple(dict.fromkeys(filter(None, found)))
