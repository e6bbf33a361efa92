"""Shops on Magento 2 (Adobe Commerce): product pages by their JSON-LD or microdata, and by the default theme where those leave something out.

Layout: Magento's own templates, `Magento_Catalog/view/base/templates/product/price/amount/default.phtml` (`data-price-amount`,
`data-price-type`) and the gallery widget of its developer documentation (`mage/gallery/gallery` with `thumb`, `img`, `full`). The labels
of Magento_Tax (`price-including-tax`, `data-label`) and the containers of the Luma theme: layout unconfirmed, as public accounts agree.
Odd about it: the structured data names one small picture where the gallery's script has all of them whole; a price stands twice, with
and without tax; a product of several variants says "As low as"; the mini-basket, filled by script, holds prices before the product's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scrapy.http import TextResponse

from crawler.platforms import _layout, schema_org
from crawler.platforms._page import address, base_of
from crawler.source import Selectors, Source
from store.words.records import Parsed

VERSION = f"1.{schema_org.VERSION}"
_MAIN = ".product-info-main"
_LAYOUT = _layout.Layout(
    item="body.catalog-product-view",
    ref=(f"{_MAIN} .price-box@data-product-id", "#product_addtocart_form input[name=product]@value"),
    rules=Selectors(
        title=("h1.page-title .base", "h1.page-title", f"{_MAIN} h1"),
        price=(
            f"{_MAIN} .special-price .price-including-tax .price",
            f"{_MAIN} .normal-price .price-including-tax .price",
            f"{_MAIN} .price-box > .price-container .price-including-tax .price",
            f"{_MAIN} .special-price .price",
            f"{_MAIN} .normal-price",
            f"{_MAIN} [data-price-type=finalPrice] .price",
            f"{_MAIN} .price-box .price",
        ),
        price_was=(f"{_MAIN} .old-price .price-including-tax .price", f"{_MAIN} .old-price .price"),
        text=("#description .value", ".product.attribute.description .value", f"{_MAIN} .product.attribute.overview .value"),
        quantity=(f"{_MAIN} .availability.only", f"{_MAIN} .stock"),
        brand=(f"{_MAIN} .product.attribute.manufacturer .value",),
        images=(".gallery-placeholder img", ".product.media img"),
    ),
)


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The one listing that the page is about, if it is a product's."""
    found = _layout.read(response, source, _LAYOUT)
    if found is None:
        return
    pictures = tuple(dict.fromkeys(filter(None, (address(base_of(response), each) for each in _gallery(response)))))
    vat = found.details.vat or _vat(response)
    yield replace(found, images=pictures or found.images, details=replace(found.details, vat=vat))


def _vat(response: TextResponse) -> str:
    if response.css(f"{_MAIN} .price-including-tax, {_MAIN} [data-label^='Incl']"):
        return "inc"
    return "ex" if response.css(f"{_MAIN} .price-excluding-tax, {_MAIN} [data-label^='Excl']") else ""


def _gallery(response: TextResponse) -> list[str]:
    """The whole pictures of the gallery's script, in the shop's order; a film is no picture."""
    for script in response.css("script[type='text/x-magento-init']::text").getall():
        if "mage/gallery/gallery" not in script:
            continue
        try:
            stated = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for widgets in stated.values() if isinstance(stated, dict) else ():
            gallery = widgets.get("mage/gallery/gallery") if isinstance(widgets, dict) else None
            entries: Any = gallery.get("data") if isinstance(gallery, dict) else None
            if isinstance(entries, list):
                pictures = [each for each in entries if isinstance(each, dict) and each.get("type", "image") == "image"]
                return [str(each.get("full") or each.get("img") or each.get("thumb") or "") for each in pictures]
    return []
