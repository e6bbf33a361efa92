"""eBay by its official Browse API: answers of `item_summary/search` (lists) and of `item/{item_id}` (one item).

Fields: developer.ebay.com, Buy APIs, Browse API: "search" (`itemSummaries`, `next`), "getItem", types ItemSummary, Item, SellerDetail,
EstimatedAvailability. The token that the API asks for is no affair of this file. Odd about it: an auction has no `price` but a
`currentBidPrice`, which is the least it will fetch; a price in another currency than the marketplace's comes converted at the day's
rate, which would make a new version of the listing each day, so that the seller's own figure (`convertedFromValue`) is taken; postcodes are
masked ("M4 ***"); `itemWebUrl` carries marks of the search; the reference is the number that a listing's page has, too (`legacyItemId`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scrapy.http import TextResponse

from crawler.platforms import _api as api
from crawler.platforms import _schema as schema
from crawler.platforms._details import details_of, notes_on_details
from crawler.platforms._page import address, amount_of, line, notes_on, price_in, ref_of
from crawler.source import Source
from store.words.records import Parsed, Snapshot

VERSION = "1"
MOST = 10_000  # items of one search, whatever its total (Browse API, "search": offset)
_ADDRESS = ("addressLine1", "addressLine2", "city", "county", "stateOrProvince", "postalCode", "country")
_LEGAL = ("name", "legalContactFirstName", "legalContactLastName", "phone", "email", "registrationNumber")


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """A listing for each item of a search, or the one of `getItem`; an error's answer holds none."""
    document = api.read(response.body)
    for item in _items(document):
        yield _read(item, response, source)


def next_pages(response: TextResponse, source: Source) -> list[str]:
    """The search's next page, by its own link, up to the last item that a search gives out."""
    document = api.read(response.body)
    url = address(response.url, schema.text(document.get("next"))) if isinstance(document, dict) and _items(document) else ""
    return [url] if url and api.number_in(url, "offset", step=0) < MOST else []


def _items(document: Any) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        return []
    stated = document.get("itemSummaries", [document] if "itemId" in document else [])
    return [each for each in stated if isinstance(each, dict)] if isinstance(stated, list) else []


def _read(item: dict[str, Any], response: TextResponse, source: Source) -> Parsed:
    parts = urlsplit(address(response.url, schema.text(item.get("itemWebUrl"))))
    url = urlunsplit((*parts[:3], "", ""))
    ref = line(schema.text(item.get("legacyItemId"))) or _middle(schema.text(item.get("itemId")))
    seller = schema.first_thing(item.get("seller"))
    name = line(schema.text(seller.get("username")))
    title = line(schema.text(item.get("title")))
    text = schema.text(item.get("description")) or schema.text(item.get("shortDescription"))
    price_text, kind = _price(item)
    price = price_in(source, price_text)
    snapshot = Snapshot(
        title,
        "\n".join(filter(None, (text, *_legal(seller)))),
        price_text,
        *amount_of(price),
        brand=line(schema.text(item.get("brand"))),
        category=line(schema.text(item.get("categoryPath")) or _category(item)),
        condition=line(schema.text(item.get("condition"))),
        seller=name,
        seller_name=name,
        place=_place(item.get("itemLocation")),
    )
    stock = schema.first_thing(item.get("estimatedAvailabilities"))
    marketing = schema.first_thing(item.get("marketingPrice"))
    details = details_of(
        response,
        price,
        price_text,
        posted=schema.text(item.get("itemCreationDate")),
        quantity=_quantity(stock),
        sold=schema.text(stock.get("estimatedSoldQuantity")),
        was=_money(marketing.get("originalPrice")),
        vat=_vat(item),
        kind=kind,
    )
    notes = notes_on(title, text, name) + notes_on_details(details)
    notes += ("price not understood",) if price_text and not price else ()
    images = tuple(dict.fromkeys(filter(None, (address(response.url, each) for each in _pictures(item)))))
    return Parsed(ref_of(source, url) if source.ref else ref, url, snapshot, images, "", notes, details)


def _middle(item_id: str) -> str:
    """The listing's number in "v1|110000000001|0"."""
    parts = item_id.split("|")
    return parts[1] if len(parts) == 3 else ""


def _price(item: dict[str, Any]) -> tuple[str, str]:
    """(price as words, kind): what is asked, else what is bid so far."""
    asked = _money(item.get("price"))
    bid = "" if asked else _money(item.get("currentBidPrice")) or _money(item.get("minimumPriceToBid"))
    return asked or bid, "from" if bid else ""


def _money(stated: Any) -> str:
    """An Amount in the seller's own currency, as words."""
    amount = schema.first_thing(stated)
    for value, currency in (("convertedFromValue", "convertedFromCurrency"), ("value", "currency")):
        if figure := api.figure(amount.get(value)):
            return line(f"{figure} {schema.text(amount.get(currency))}")
    return ""


def _vat(item: dict[str, Any]) -> str:
    stated = [each.get("includedInPrice") for each in schema.listed(item.get("taxes")) if each.get("taxType") == "VAT"]
    return "inc" if True in stated else "ex" if False in stated else ""


def _quantity(stock: dict[str, Any]) -> str:
    if said := schema.text(stock.get("estimatedAvailableQuantity")) or schema.text(stock.get("estimatedRemainingQuantity")):
        return said
    least = schema.text(stock.get("availabilityThreshold"))
    return f"more than {least}" if least else schema.text(stock.get("estimatedAvailabilityStatus")).replace("_", " ")


def _category(item: dict[str, Any]) -> str:
    return schema.text((schema.listed(item.get("categories")) or [{}])[0].get("categoryName"))


def _place(stated: Any) -> str:
    place = schema.first_thing(stated)
    said = [schema.text(place.get(each)) for each in _ADDRESS]
    return line(", ".join(each for each in said if each and each not in ("GB", "UK")))


def _legal(seller: dict[str, Any]) -> list[str]:
    """What a business must say of itself, a line each: names, phone, e-mail, number, address."""
    stated = schema.first_thing(seller.get("sellerLegalInfo"))
    return [
        *(said for each in _LEGAL if (said := schema.text(stated.get(each)))),
        *filter(None, [_place(stated.get("sellerProvidedLegalAddress"))]),
    ]


def _pictures(item: dict[str, Any]) -> Iterator[str]:
    """The first picture at its largest (a summary's `thumbnailImages` are larger than its `image`), then the additional ones."""
    yield from (
        schema.text(each.get("imageUrl")) for each in (schema.listed(item.get("thumbnailImages")) or schema.listed(item.get("image")))[:1]
    )
    yield from (schema.text(each.get("imageUrl")) for each in schema.listed(item.get("additionalImages")))
