"""schema.org's words out of a page, whatever they were wrapped in, and which product is the page's own."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from parsel import Selector
from scrapy.http import TextResponse

from crawler.platforms._api import figure
from crawler.platforms._page import address, line, ref_of, same_page, words
from crawler.platforms._syntaxes import Thing as Thing
from crawler.platforms._syntaxes import json_ld as json_ld
from crawler.platforms._syntaxes import microdata as microdata
from crawler.platforms._syntaxes import open_graph as open_graph
from crawler.source import Source
from store.words.money import parse_price

_PRODUCTS = frozenset(("product", "productgroup", "productmodel", "individualproduct", "someproducts", "vehicle"))
_OFFERS = frozenset(("offer", "aggregateoffer", "offerforpurchase"))
_FALLBACKS = ("description", "brand", "category", "itemCondition", "image", "sku")
_NOT_THE_PRICE = ("listprice", "strikethroughprice", "msrp", "srp", "regularprice", "suggestedretailprice", "minimumadvertisedprice")
MOST_PAIRS = 2_000_000  # of products and groups of them: whether each is of each is asked
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


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
        return text(value.get("@value")) or text(value.get("name")) or text(value.get("legalName"))
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


def listed(value: Any) -> list[Thing]:
    """The objects of a value that may be one object or a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def offers_of(product: Thing) -> list[Thing]:
    """The product's offers, those within an AggregateOffer after it; a price that stands on the product itself is one, too."""
    own = [each for offer in listed(product.get("offers")) for each in (offer, *listed(offer.get("offers")))]
    return [*own, product] if "price" in product or "priceSpecification" in product else own


def offer_of(product: Thing) -> Thing:
    """The offer that states a price: the first of a list, or the one an AggregateOffer begins at; {} where there is none."""
    offers = offers_of(product)
    return next((offer for offer in offers if price_of(offer)[0]), offers[0] if offers else {})


def seller_of(product: Thing) -> Thing:
    """Who sells: by the offer that states the price, else by any other, else by the product."""
    holders = (offer_of(product), *offers_of(product), product)
    return next((found for each in holders if (found := first_thing(each.get("seller") or each.get("offeredBy")))), {})


def price_of(offer: Thing) -> tuple[str, str]:
    """(amount as written, currency as written) of an offer; "" where it states none. Old prices and prices by weight are not its price.

    Of two that differ by tax the one with it: that is what a consumer pays.
    """
    holder, key = _priced(offer)
    if not key:
        return "", ""
    stated = holder[key]
    amount = (figure(stated) if isinstance(stated, float) else "") or text(stated)
    return amount, text(holder.get("priceCurrency") or offer.get("priceCurrency"))


def _priced(offer: Thing) -> tuple[Thing, str]:
    """(what states the price, under which key); ({}, "") where nothing does."""
    specifications = [each for each in listed(offer.get("priceSpecification")) if not _other_price(each)]
    stated = [
        (holder, key)
        for holder in (offer, *specifications)
        if (key := next((key for key in ("price", "lowPrice", "minPrice") if text(holder.get(key))), ""))
    ]
    with_tax = [(holder, key) for holder, key in stated if _taxed(holder) is True]
    without_tax = [(holder, key) for holder, key in stated if _taxed(holder) is False]
    return next(iter((with_tax if without_tax else []) or stated), ({}, ""))


def _taxed(thing: Thing) -> bool | None:
    stated = thing.get("valueAddedTaxIncluded")
    known = {"true": True, "1": True, "false": False, "0": False}
    return stated if isinstance(stated, bool) else known.get(text(stated).rpartition("/")[2].lower())


def vat_of(offer: Thing) -> str:
    """ "inc" or "ex" where what states the price says so; else ""."""
    holder, _ = _priced(offer)
    said = next((taxed for each in (holder, offer) if (taxed := _taxed(each)) is not None), None)
    return "" if said is None else "inc" if said else "ex"


def kind_of(offer: Thing) -> str:
    """ "range" where an offer states a lowest and another highest price, "from" where only a lowest; else ""."""
    holder, key = _priced(offer)
    if key not in ("lowPrice", "minPrice"):
        return ""
    high = text(holder.get("highPrice")) or text(holder.get("maxPrice"))
    return "from" if not high else "range" if high != text(holder[key]) else ""


def was_of(offer: Thing) -> str:
    """The old or recommended price that stands beside the price: schema.org's priceType, as Google's merchant listings write it."""
    return next(
        (text(each.get("price")) for each in listed(offer.get("priceSpecification")) if _other_price(each) and not _by_weight(each)), ""
    )


def posted_of(product: Thing, offer: Thing) -> str:
    """When it was posted, by the product, its offer or its page."""
    page = first_thing(product.get("mainEntityOfPage"))
    keys = ("datePosted", "datePublished", "dateCreated", "uploadDate", "availabilityStarts")
    return next((said for each in (product, offer, page) for key in keys if (said := text(each.get(key)))), "")


def stock_of(product: Thing, offer: Thing) -> str:
    """How many there are, else whether there are any, as the word of schema.org's ItemAvailability."""
    for each in (offer, product):
        level = each.get("inventoryLevel")
        if said := text(level.get("value")) if isinstance(level, dict) else text(level):
            return said
    stated = text(offer.get("availability"))
    others = {text(each.get("availability")) for each in offers_of(product) if each is not offer and each is not product}
    said = stated or (others.pop() if len(others) == 1 and "lowPrice" in offer else "")  # of an AggregateOffer, what all of it say
    return said.rstrip("/").rpartition("/")[2]


def condition_of(product: Thing, offer: Thing) -> str:
    """The condition's word, by the offer that states the price, else by any other, else by the product."""
    return next((said for each in (offer, *offers_of(product), product) if (said := text(each.get("itemCondition")))), "")


def _by_weight(specification: Thing) -> bool:
    quantity = first_thing(specification.get("referenceQuantity"))
    return bool(quantity) and text(quantity.get("value")) not in ("", "1")


def _other_price(specification: Thing) -> bool:
    kind = text(specification.get("priceType")).rpartition("/")[2].lower()
    return kind in _NOT_THE_PRICE or _by_weight(specification)


def whole(product: Thing, page: str) -> Thing:
    """A ProductGroup with what its variants say for it, or a variant with what its group says.

    Of the variants the one whose address is the page's gives the price, else the cheapest; all of them give pictures.
    """
    variants = listed(product.get("hasVariant"))
    chosen = [each for each in variants if page in {address(page, url) for url in _addresses(each)}]
    made = dict(product)
    if variants and not price_of(offer_of(product))[0]:
        made["offers"] = offer_of(min(chosen or variants, key=_cheapness))
    for other in (*chosen, *variants, *listed(product.get("isVariantOf"))):
        for key in _FALLBACKS:
            if not (made.get(key) if key == "image" else text(made.get(key))):
                made[key] = [each.get("image") for each in variants] if key == "image" and variants else other.get(key)
    return made


def _cheapness(variant: Thing) -> tuple[bool, int]:
    price = parse_price(" ".join(price_of(offer_of(variant))))
    return (not (price and price.amount_minor), price.amount_minor if price else 0)


def _addresses(thing: Thing) -> list[str]:
    stated = (thing.get("url"), thing.get("@id"), offer_of(thing).get("url"))
    return [url for url in stated if isinstance(url, str) and url.strip()]


# -- which product -----------------------------------------------------------------------------------------------------------
def products(things: Sequence[Any]) -> list[Thing]:
    """Products that the page describes in their own right: not those that another product or a list points at, nor a group's variants."""
    found = list(_products(things, set()))
    found = [each for each in found if text(each.get("name"))] or found  # a scope that names nothing is none of several products
    groups = [each for each in found if listed(each.get("hasVariant")) or "productgroup" in kinds(each)]
    if len(groups) * len(found) > MOST_PAIRS:
        raise ValueError(f"{len(found)} products and {len(groups)} groups of them are more than a page is read for")
    return [each for each in found if not any(_varies(each, group) for group in groups)]


def _products(things: Sequence[Any], seen: set[int]) -> Iterator[Thing]:
    for thing in things:
        if isinstance(thing, list):
            yield from _products(thing, seen)
        if not isinstance(thing, dict) or id(thing) in seen:
            continue
        seen.add(id(thing))
        for each in listed(thing.get("mainEntity")):
            each.setdefault("mainEntityOfPage", True)
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            inner = thing.get(key)
            yield from _products(inner if isinstance(inner, list) else [inner], seen)
        kind = kinds(thing)
        if kind & _PRODUCTS:
            yield thing
        elif kind & _OFFERS and isinstance(thing.get("itemOffered"), dict):
            yield {"offers": {key: value for key, value in thing.items() if key != "itemOffered"}, **thing["itemOffered"]}


def _varies(thing: Thing, group: Thing) -> bool:
    """Whether a product is a variant of a group that the page describes, too."""
    if thing is group:
        return False
    variants, parent = listed(group.get("hasVariant")), first_thing(thing.get("isVariantOf"))
    named = text(thing.get("@id"))
    return (
        any(each is thing or (named and text(each.get("@id")) == named) for each in variants)
        or parent is group
        or (bool(parent.get("@id")) and parent.get("@id") == group.get("@id"))
        or _family(thing) == text(group.get("productGroupID")) != ""
    )


def _family(thing: Thing) -> str:
    """The group that a variant says it is of; "" for none."""
    parent = first_thing(thing.get("isVariantOf"))
    return text(thing.get("inProductGroupWithID")) or text(parent.get("productGroupID")) or text(parent.get("@id"))


def own(candidates: Sequence[Thing], response: TextResponse, source: Source, graph: dict[str, list[str]]) -> Thing | None:
    """The product that the page is about, told by address, reference and title; None where it cannot be told."""
    canonical = response.xpath('//link[@rel="canonical"]/@href').get(default="")
    pages = {same_page(address(response.url, url)) for url in (response.url, canonical, *graph.get("url", []))} - {""}
    refs = {ref_of(source, response.url), ref_of(source, canonical)} - {""}
    titles = {line(said).casefold() for said in (*graph.get("title", []), *(words(h) for h in response.css("h1")))} - {""}
    scored = [(_likeness(each, response.url, source, pages, refs, titles), -index) for index, each in enumerate(candidates)]
    if not scored:
        return None
    best = max(scored)
    alone = len(candidates) == 1 and best[0] >= 0
    clear = best[0] > 0 and [score for score, _ in scored].count(best[0]) == 1
    same = (
        best[0] > 0 and len({_family(candidates[-i]) or text(candidates[-i].get("name")) for score, i in scored if score == best[0]}) == 1
    )
    return candidates[-best[1]] if alone or clear or same else None


def _likeness(thing: Thing, page: str, source: Source, pages: set[str], refs: set[str], titles: set[str]) -> int:
    main = thing.get("mainEntityOfPage")
    of_page = (
        main
        if isinstance(main, str)
        else next((main[key] for key in ("url", "@id") if main.get(key)), "")
        if isinstance(main, dict)
        else ""
    )
    stated = [address(page, url) for url in (*_addresses(thing), of_page) if isinstance(url, str)]
    score = (3 if main is True else 0) + (1 if address(page, page) in stated else 0)
    if pages & {same_page(url) for url in stated}:
        score += 4
    named = {ref_of(source, url) for url in stated} - {""}
    if refs and named:
        score += 4 if refs & named else -6
    if refs & {text(thing.get(key)) for key in ("sku", "productID", "mpn")}:
        score += 2
    return score + (1 if line(text(thing.get("name"))).casefold() in titles else 0)
