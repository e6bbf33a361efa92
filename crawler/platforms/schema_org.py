"""Sources that describe their goods by schema.org (Product, ProductGroup, Offer): JSON-LD, then microdata, then OpenGraph.

Only these three syntaxes are asked for (RDFa drags rdflib). A page names many products, its own and those it recommends:
which one is the page's is decided by address and reference, and where that cannot be told none is taken. Odd about it: one thing is
described in one place and mentioned by `@id` in another; a group's variants are one listing; microdata's `name` catches breadcrumbs
that carry no scope of their own, so that of several names the one which is the page's heading is the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrapy.http import TextResponse

from crawler.platforms import _schema as schema
from crawler.platforms._details import details_of, notes_on_details
from crawler.platforms._page import address, amount_of, base_of, handle_of, line, notes_on, price_in, ref_of, words
from crawler.platforms._schema import Thing
from crawler.source import Source
from store.words.records import Parsed, Snapshot

VERSION = "3"
THREE_DECIMALS = re.compile(r"\d{1,3}\.\d{3}")
_UK = frozenset(("gb", "uk", "gbr", "united kingdom", "great britain"))


def parse(response: TextResponse, source: Source) -> Iterator[Parsed]:
    """The one listing that the page is about, if it describes one."""
    graph = schema.open_graph(response)
    product, unclear = None, False
    for syntax in (schema.json_ld, schema.microdata):
        candidates = schema.products(syntax(response))
        product = schema.own(candidates, response, source, graph)
        unclear = unclear or bool(candidates and product is None)
        if product is not None:
            break
    if product is None and (unclear or not graph.get("product")):
        return
    yield _read(product or {}, graph, response, source)


def _read(product: Thing, graph: dict[str, list[str]], response: TextResponse, source: Source) -> Parsed:
    base = base_of(response)
    product = schema.whole(product, response.url)
    offer = schema.offer_of(product)
    title = line(_name(product, graph, response) or graph.get("title", [""])[0])
    description = schema.text(product.get("description")) or graph.get("description", [""])[0]
    amount, currency = schema.price_of(offer)
    if not amount:
        amount, currency = graph.get("price", [""])[0], graph.get("currency", [""])[0]
    price_text = line(f"{amount} {currency}")
    # schema.org's point is the decimal point, but shops write "1.250" for 1,250: read neither way, and counted
    price = None if THREE_DECIMALS.fullmatch(amount.strip()) else price_in(source, price_text)
    if price is None and (alone := price_in(source, amount)) and alone.kind == "free":
        price = alone  # "Free GBP"
    seller = schema.seller_of(product)
    said = _shown(line(schema.text(seller)), "seller", response)
    name = said or (source.title if source.kind == "shop" else "")
    linked = schema.text(seller) if _is_link(schema.text(seller)) else ""
    seller_url = address(base, schema.text(seller.get("url")) or schema.text(seller.get("@id")) or linked)
    condition = schema.condition_of(product, offer) or graph.get("condition", [""])[0]
    snapshot = Snapshot(
        title,
        description,
        price_text,
        *amount_of(price),
        brand=line(_shown(schema.text(product.get("brand")), "brand", response) or graph.get("brand", [""])[0]),
        category=line(schema.text(product.get("category")) or graph.get("category", [""])[0]),
        condition=condition.rpartition("/")[2],
        seller=handle_of(source, name, seller_url) if name else "",
        seller_name=name,
        place=_place(seller, offer),
    )
    pictures = [address(base, url) for url in schema.pictures(product.get("image")) or graph.get("image", [])]
    details = details_of(
        response,
        price,
        price_text,
        posted=schema.posted_of(product, offer) or graph.get("posted", [""])[0],
        quantity=schema.stock_of(product, offer) or graph.get("availability", [""])[0],
        was=schema.was_of(offer) or graph.get("was", [""])[0],
        vat=schema.vat_of(offer),
        kind=schema.kind_of(offer) if price and price.kind == "exact" else "",
    )
    notes = notes_on(title, description, name) + notes_on_details(details)
    notes += ("price not understood",) if amount and not price and details.price_kind != "on_request" else ()
    ref = ref_of(source, response.url) or ("" if source.ref else _own_ref(product) or graph.get("sku", [""])[0] or response.url)
    return Parsed(ref, response.url, snapshot, tuple(dict.fromkeys(filter(None, pictures))), seller_url, notes, details)


def _is_link(said: str) -> bool:
    return said.startswith(("http://", "https://"))


def _shown(said: str, name: str, response: TextResponse) -> str:
    """A name as the page shows it: in microdata a link's value is its address, whatever the words are that it wears."""
    return next(map(words, response.css(f"[itemprop~={name}]")), "") if _is_link(said) else said


def _own_ref(product: Thing) -> str:
    return line(next((found for key in ("productGroupID", "sku", "productID") if (found := schema.text(product.get(key)))), ""))


def _name(product: Thing, graph: dict[str, list[str]], response: TextResponse) -> str:
    """The product's name; of several the one that the page's heading or OpenGraph repeats, else the first."""
    stated = product.get("name")
    names = [found for each in (stated if isinstance(stated, list) else [stated]) if (found := schema.text(each))]
    heads = {line(said).casefold() for said in (*(words(h) for h in response.css("h1")), *graph.get("title", []))}
    return next((name for name in names if line(name).casefold() in heads), names[0] if names else "")


def _place(seller: Thing, offer: Thing) -> str:
    """The seller's address, or from where the offer is; a country only where it is not this one."""
    for holder in (seller, schema.first_thing(offer.get("availableAtOrFrom")), schema.first_thing(offer.get("areaServed"))):
        stated = holder.get("address")
        if isinstance(stated, str) and stated.strip():
            return line(stated)
        parts = schema.first_thing(stated)
        lines = [schema.text(parts.get(key)) for key in ("streetAddress", "addressLocality", "addressRegion", "postalCode")]
        country = schema.text(parts.get("addressCountry"))
        lines.append("" if country.lower() in _UK else country)
        if any(lines):
            return line(", ".join(filter(None, lines)))
    return ""
