"""The three syntaxes in which pages say schema.org's words, each as plain dicts: JSON-LD, microdata, OpenGraph."""

from __future__ import annotations

import json
import re
from typing import Any

from scrapy.http import TextResponse

from crawler.platforms._page import base_of

Thing = dict[str, Any]
MOST_SCOPES, DEEPEST, MOST_REFERENCES = 5_000, 50, 500
_LINKS = [
    "offers",
    "seller",
    "offeredBy",
    "brand",
    "image",
    "hasVariant",
    "isVariantOf",
    "mainEntity",
    "mainEntityOfPage",
    "itemOffered",
    "address",
    "priceSpecification",
]
# what scripts are wrapped in to hide them from the browsers of 1998: comments and CDATA marks
_WRAPPING = re.compile(r"^\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[(?:\s*\*/)?)|(?:(?://\s*)?-->|(?://|/\*)?\s*\]\]>(?:\s*\*/)?)\s*$")


def json_ld(response: TextResponse) -> list[Any]:
    """Every JSON-LD object of the page, or list of them; one script that is not JSON does not take the others with it."""
    found: list[Any] = []
    for script in response.xpath('//script[contains(translate(@type, "ACDIJLNOPST", "acdijlnopst"), "application/ld+json")]'):
        written = script.root.text or ""
        for attempt in dict.fromkeys((written, _WRAPPING.sub("", written))):
            try:
                found += _objects(script.root, attempt)
                break
            except (ValueError, RecursionError):
                continue
        else:
            found += _one_after_another(_WRAPPING.sub("", written))
    return linked(found)


def _objects(script: Any, written: str) -> list[Any]:
    """What one script holds; where that is no JSON, what extruct makes of it without JavaScript's comments."""
    try:
        value = json.loads(written, strict=False)
    except ValueError:
        from extruct.jsonld import JsonLdExtractor  # imports RDF's parsers with it: only where it is needed

        script.set("type", "application/ld+json")
        script.text = written
        return list(JsonLdExtractor().extract_items(script))
    return [each for each in (value if isinstance(value, list) else [value]) if each and isinstance(value, (list, dict))]


def _one_after_another(written: str) -> list[Any]:
    """The JSON values that stand at the beginning of a script, where it holds several, or rubbish after the first."""
    found, at, decoder = list[Any](), 0, json.JSONDecoder(strict=False)
    while start := re.compile(r"[\s,;]*(?=[{\[])").match(written, at):
        try:
            value, at = decoder.raw_decode(written, start.end())
        except (ValueError, RecursionError):
            break
        found += value if isinstance(value, list) else [value]
    return [each for each in found if each]


def linked(things: list[Any]) -> list[Any]:
    """The same things, each mention by nothing but an `@id` replaced by the thing that is described elsewhere on the page."""
    nodes: list[Thing] = []
    waiting: list[Any] = list(things)
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            nodes.append(each)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    known = {each["@id"]: each for each in reversed(nodes) if isinstance(each.get("@id"), str) and not set(each) <= {"@id", "@type"}}
    for node in nodes:
        for key in set(_LINKS) & set(node):
            stated = node[key]
            node[key] = [_known(each, known) for each in stated] if isinstance(stated, list) else _known(stated, known)
    return things


def _known(value: Any, known: dict[str, Thing]) -> Any:
    only = isinstance(value, dict) and isinstance(value.get("@id"), str) and set(value) <= {"@id", "@type"}
    return known.get(value["@id"], value) if only else value


def microdata(response: TextResponse) -> list[Thing]:
    """The page's microdata in the form of JSON-LD. Raises ValueError where no honest page holds so much: its reading grows with the square."""
    if not response.xpath("//*[@itemscope]"):
        return []
    from extruct.w3cmicrodata import MicrodataExtractor

    _within_bounds(response.selector.root)
    return [_plain(item) for item in MicrodataExtractor().extract_items(response.selector.root, base_url=base_of(response))]


def _within_bounds(root: Any) -> None:
    from lxml import etree  # type: ignore[import-untyped,unused-ignore]

    scopes = depth = references = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.get("itemscope") is None:
            continue
        depth += 1 if event == "start" else -1
        scopes += event == "start"
        references += len(element.get("itemref", "").split()) if event == "start" else 0
        if scopes > MOST_SCOPES or depth > DEEPEST or references > MOST_REFERENCES:
            raise ValueError(
                f"microdata of more than {MOST_SCOPES} items, {DEEPEST} within each other or {MOST_REFERENCES} references is not read"
            )


def _plain(item: Any) -> Any:
    """extruct's microdata ({type, properties}) in the form of JSON-LD."""
    if isinstance(item, list):
        return [_plain(each) for each in item]
    if not isinstance(item, dict) or "properties" not in item:
        return {"@type": item.get("type", ""), "@id": item.get("id", ""), "name": item.get("value", "")} if isinstance(item, dict) else item
    plain = {key: _plain(value) for key, value in item["properties"].items()}
    return {**plain, "@type": item.get("type", ""), "@id": item.get("id", "")}


def open_graph(response: TextResponse) -> dict[str, list[str]]:
    """OpenGraph's words by our names; `product` where it calls the page one or prices it.

    Read here rather than by extruct, which passes over a <meta> that says `name` for `property`, and one that slipped into the body.
    """
    names = {
        "og:title": "title",
        "og:description": "description",
        "og:image": "image",
        "og:image:url": "image",
        "og:image:secure_url": "image",
        "og:url": "url",
        "product:price:amount": "price",
        "product:sale_price:amount": "sale price",
        "og:price:amount": "price",
        "product:price:currency": "currency",
        "product:sale_price:currency": "currency",
        "og:price:currency": "currency",
        "product:brand": "brand",
        "og:brand": "brand",
        "product:category": "category",
        "product:condition": "condition",
        "product:retailer_item_id": "sku",
        "product:original_price:amount": "was",
        "product:availability": "availability",
        "og:availability": "availability",
        "article:published_time": "posted",
    }
    said: dict[str, list[str]] = {}
    for meta in response.xpath("//meta[@content and (@property or @name)]"):
        name, value = (meta.attrib.get("property") or meta.attrib["name"]).strip().lower(), meta.attrib["content"].strip()
        if name in names and value:
            said.setdefault(names[name], []).append(value)
        if name == "og:type" and "product" in value.lower():
            said["product"] = [value]
    said["price"] = [*said.pop("sale price", []), *said.pop("price", [])]
    if said["price"]:
        said.setdefault("product", ["priced"])
    return {name: values for name, values in said.items() if values}
