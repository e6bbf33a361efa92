"""schema.org's words out of a page, whatever they were wrapped in, and which product is the page's own."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector
from scrapy.http import TextResponse

from crawler.platforms._page import address, base_of, line, ref_of, words
from crawler.source import Source

Thing = dict[str, Any]
_PRODUCTS = frozenset(("product", "productgroup", "productmodel", "individualproduct", "someproducts", "vehicle"))
_OFFERS = frozenset(("offer", "aggregateoffer", "offerforpurchase"))
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


# -- the three syntaxes ------------------------------------------------------------------------------------------------------
def json_ld(response: TextResponse) -> list[Thing]:
    """Every JSON-LD object of the page; one script that is not JSON does not take the others with it."""
    from extruct.jsonld import JsonLdExtractor

    extractor, found = JsonLdExtractor(), []
    for script in response.xpath('//script[translate(@type, "LDAJPSON", "ldajpson")="application/ld+json"]'):
        script.root.set("type", "application/ld+json")
        try:
            found += [item for item in extractor.extract_items(script.root) if isinstance(item, dict)]
        except (ValueError, RecursionError):
            continue
    return found


def microdata(response: TextResponse) -> list[Thing]:
    from extruct.w3cmicrodata import MicrodataExtractor

    if not response.xpath("//*[@itemscope]"):
        return []
    return [_plain(item) for item in MicrodataExtractor().extract_items(response.selector.root, base_url=base_of(response))]


def _plain(item: Any) -> Any:
    """extruct's microdata ({type, properties}) in the form of JSON-LD."""
    if isinstance(item, list):
        return [_plain(each) for each in item]
    if not isinstance(item, dict) or "properties" not in item:
        return item if not isinstance(item, dict) else {"@type": item.get("type", ""), "name": item.get("value", "")}
    plain = {key: _plain(value) for key, value in item["properties"].items()}
    return {**plain, "@type": item.get("type", ""), "@id": item.get("id", "")}


def open_graph(response: TextResponse) -> dict[str, list[str]]:
    """OpenGraph's title, description, image, url, price and currency; `product` where it calls the page one."""
    from extruct.opengraph import OpenGraphExtractor

    said: dict[str, list[str]] = {}
    if not response.xpath("/html/head"):
        return said
    names = {
        "og:title": "title",
        "og:description": "description",
        "og:image": "image",
        "og:image:url": "image",
        "og:image:secure_url": "image",
        "og:url": "url",
        "product:price:amount": "price",
        "og:price:amount": "price",
        "product:price:currency": "currency",
        "og:price:currency": "currency",
    }
    for page in OpenGraphExtractor().extract_items(response.selector.root):
        for name, value in page["properties"]:
            if name in names and value.strip():
                said.setdefault(names[name], []).append(value.strip())
            if name == "og:type" and "product" in value.lower():
                said["product"] = [value]
    if "price" in said:
        said.setdefault("product", ["priced"])
    return said


# -- what a value says -------------------------------------------------------------------------------------------------------
def first_thing(value: Any) -> Thing:
    """The first object of a value that may be an object, a list, a bare name or nothing."""
    if isinstance(value, list):
        return next((found for each in value if (found := first_thing(each))), {})
    if isinstance(value, str) and value.strip():
        return {"name": value}
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A value's words: of an object its @value or name, of a list its first; markup and entities within are resolved."""
    if isinstance(value, list):
        return next((found for each in value if (found := text(each))), "")
    if isinstance(value, dict):
        return text(value.get("@value")) or text(value.get("name"))
    if value is None or isinstance(value, bool):
        return ""
    said = str(value).strip()
    if _TAG.search(said):
        return words(Selector(text=f"<div>{said}</div>", type="html"))
    return html.unescape(said).strip() if "&" in said else said


def pictures(value: Any) -> list[str]:
    """The addresses of an `image`: a string, an ImageObject, or a list of either."""
    if isinstance(value, list):
        return [url for each in value for url in pictures(each)]
    if isinstance(value, dict):
        stated = next((value[key] for key in ("contentUrl", "url", "@id") if isinstance(value.get(key), (str, list))), "")
        return pictures(stated)
    return [html.unescape(value.strip())] if isinstance(value, str) and value.strip() else []


def kinds(thing: Thing) -> set[str]:
    stated = thing.get("@type") or ""
    return {
        str(each).rstrip("/").rpartition("/")[2].rpartition(":")[2].lower() for each in (stated if isinstance(stated, list) else [stated])
    }


def offer_of(product: Thing) -> Thing:
    """The offer that states a price: the first of a list, or the one an AggregateOffer begins at; {} where there is none."""
    offers: list[Thing] = []
    for each in product["offers"] if isinstance(product.get("offers"), list) else [product.get("offers")]:
        if isinstance(each, dict):
            offers.append(each)
            inner = each.get("offers")
            offers += [o for o in (inner if isinstance(inner, list) else [inner]) if isinstance(o, dict)]
    return next((offer for offer in offers if price_of(offer)[0]), offers[0] if offers else {})


def price_of(offer: Thing) -> tuple[str, str]:
    """(amount as written, currency as written) of an offer; "" where it states none."""
    for holder in (offer, first_thing(offer.get("priceSpecification"))):
        for key in ("price", "lowPrice", "minPrice"):
            if amount := text(holder.get(key)):
                return amount, text(holder.get("priceCurrency") or offer.get("priceCurrency"))
    return "", ""


# -- which product -----------------------------------------------------------------------------------------------------------
def products(things: Sequence[Any]) -> Iterator[Thing]:
    """Products that the page describes in their own right: not those that another product or a list points at."""
    for thing in things:
        if not isinstance(thing, dict):
            continue
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            inner = thing.get(key)
            yield from products(inner if isinstance(inner, list) else [inner])
        kind = kinds(thing)
        if kind & _PRODUCTS:
            yield thing
        elif kind & _OFFERS and isinstance(thing.get("itemOffered"), dict):
            yield {"offers": {key: value for key, value in thing.items() if key != "itemOffered"}, **thing["itemOffered"]}


def own(candidates: Sequence[Thing], response: TextResponse, source: Source, graph: dict[str, list[str]]) -> Thing | None:
    """The product that the page is about, told by address, reference and title; None where it cannot be told."""
    canonical = response.xpath('//link[@rel="canonical"]/@href').get(default="")
    pages = {_bare(address(response.url, url)) for url in (response.url, canonical, *graph.get("url", []))} - {""}
    refs = {ref_of(source, response.url), ref_of(source, canonical)} - {""}
    titles = {line(said).casefold() for said in (*graph.get("title", []), *(words(h) for h in response.css("h1")))} - {""}
    scored = [(_likeness(each, response.url, source, pages, refs, titles), -index) for index, each in enumerate(candidates)]
    if not scored:
        return None
    best = max(scored)
    alone = len(candidates) == 1 and best[0] >= 0
    clear = best[0] > 0 and [score for score, _ in scored].count(best[0]) == 1
    same = best[0] > 0 and len({text(candidates[-i].get("name")) for score, i in scored if score == best[0]}) == 1
    return candidates[-best[1]] if alone or clear or same else None


def _likeness(thing: Thing, page: str, source: Source, pages: set[str], refs: set[str], titles: set[str]) -> int:
    stated = [
        address(page, str(url))
        for url in (thing.get("url"), thing.get("@id"), offer_of(thing).get("url"))
        if isinstance(url, str) and url.strip()
    ]
    score = 0
    if pages & {_bare(url) for url in stated}:
        score += 4
    named = {ref_of(source, url) for url in stated} - {""}
    if refs and named:
        score += 4 if refs & named else -6
    if refs & {text(thing.get(key)) for key in ("sku", "productID", "mpn")}:
        score += 2
    return score + (1 if line(text(thing.get("name"))).casefold() in titles else 0)


def _bare(url: str) -> str:
    """An address as two ways of writing it have in common: no scheme, no www, no query, no closing slash."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}" if parts.netloc else ""
