"""An answer in JSON: where its list is and which key holds what, guessed from the keys' names and the values' make, as JMESPath for `api:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from store.words.money import parse_price

_KEYS = {
    "ref": (
        "id",
        "ref",
        "reference",
        "sku",
        "item_id",
        "itemId",
        "listing_id",
        "listingId",
        "ad_id",
        "adId",
        "product_id",
        "productId",
        "uuid",
        "uid",
        "code",
        "slug",
        "handle",
        "_id",
    ),
    "title": ("title", "name", "headline", "subject", "label", "product_name", "productName", "heading"),
    "price": (
        "price",
        "amount",
        "price_text",
        "priceText",
        "cost",
        "current_price",
        "currentPrice",
        "sale_price",
        "salePrice",
        "asking_price",
        "price_minor",
        "price_pence",
        "pence",
        "value",
    ),
    "text": ("description", "text", "body", "details", "summary", "content", "desc"),
    "seller": (
        "seller",
        "user",
        "shop",
        "store",
        "vendor",
        "owner",
        "merchant",
        "seller_name",
        "sellerName",
        "username",
        "posted_by",
        "advertiser",
    ),
    "place": ("location", "place", "pitch", "city", "town", "area", "region", "address"),
    "url": ("url", "link", "permalink", "href", "web_url", "webUrl", "listing_url", "item_url", "canonical_url", "path"),
    "images": ("images", "photos", "pictures", "media", "image", "photo", "picture", "thumbnail", "image_url", "imageUrl", "thumb"),
    "brand": ("brand", "manufacturer", "make", "designer"),
    "category": ("category", "product_type", "categories", "section"),
    "condition": ("condition", "state"),
}
_INSIDE = {
    "price": ("amount", "value", "current", "formatted", "display", "text", "minor", "pence", "price"),
    "seller": ("name", "username", "display_name", "displayName", "handle", "title"),
    "place": ("name", "town", "city", "text", "display", "area", "postcode"),
    "images": ("full", "large", "big", "url", "src", "href", "original", "image", "path"),
    "brand": ("name", "title"),
    "category": ("name", "title"),
    "url": ("href", "url"),
}
# key of a page's onward word → the parameter that asks for it; "" is the parameter that the address has, or `page`
_NEXT = {
    **dict.fromkeys(("next", "next_page", "nextPage", "next_url", "nextUrl", "has_more", "hasMore", "has_next", "hasNext"), ""),
    **dict.fromkeys(("cursor", "next_cursor", "nextCursor", "endCursor", "end_cursor"), "cursor"),
    "after": "after",
    "next_token": "token",
    "nextToken": "token",
    "next_page_token": "page_token",
    "nextPageToken": "pageToken",
    "continuation": "continuation",
    "next_offset": "offset",
    "nextOffset": "offset",
}
PAGED = ("page", "p", "pageno", "pagenumber", "pageindex", "currentpage", "offset", "start", "from", "skip", "cursor", "after")


@dataclass(frozen=True, slots=True)
class Answer:
    """`api:` as guessed; `why` by key, and the number of items in the answer."""

    rules: dict[str, str]
    why: dict[str, str] = field(default_factory=dict)
    items: int = 0


def answer_of(document: Any, url: str) -> Answer | None:
    """The rules for an answer that holds a list of things with names; None where it holds none."""
    lists = sorted(_lists(document, ""), key=lambda each: -each[2])
    if not lists:
        return None
    path, items, _ = lists[0]
    rules, why = (
        {"items": f"{path}[]" if path else "[]"},
        {"items": f"{len(items)} things" + (f"; also lists at {', '.join(p or 'the top' for p, _, _ in lists[1:3])}" if lists[1:] else "")},
    )
    for name in _KEYS:
        if told := _key(items, name):
            rules[name], why[name] = told
    _in_minor(items, rules, why)
    _money(items, rules)
    for found in _onward(document, path, url):
        rules |= found
        break
    return Answer(rules, why, len(items)) if "title" in rules else None


def _lists(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, list[dict[str, Any]], float]]:
    if depth > 5:
        return
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        known = sum(any(key in each for each in value) for keys in _KEYS.values() for key in keys)
        yield path, value, known * 2 + min(len(value), 40) / 10 - depth
    if isinstance(value, dict):
        for key, inner in value.items():
            if re.fullmatch(r"[A-Za-z_]\w*", key):
                yield from _lists(inner, f"{path}.{key}".lstrip("."), depth + 1)


def _key(items: Sequence[dict[str, Any]], name: str) -> tuple[str, str] | None:
    keys = {key: key for each in items for key in each}
    for key in (*_KEYS[name], *(k for k in keys if k.lower() in {each.lower() for each in _KEYS[name]})):
        values = [each[key] for each in items if each.get(key) not in (None, "", [], {})]
        if not values:
            continue
        found = _within(values, name)
        if found is None or (name == "ref" and len({str(v) for v in values}) != len(items)):
            continue
        return key + found, f"such as “{str(values[0])[:60]}”"
    return None


def _within(values: Sequence[Any], name: str) -> str | None:
    """What to add to the key to reach a word: "" for a plain value, ".name", "[].url", "[]"."""
    first = values[0]
    if isinstance(first, list):
        if not first:
            return None
        if name == "images":
            inner = _within([each for value in values for each in value], name)
            return None if inner is None else f"[]{inner}"
        inner = _within([each for value in values for each in value], name)
        return None if inner is None else f"[0]{inner}"
    if isinstance(first, dict):
        return next(
            (
                f".{key}"
                for key in _INSIDE.get(name, ())
                if all(isinstance(each, dict) for each in values) and 2 * sum(_said(each.get(key)) for each in values) > len(values)
            ),
            None,
        )
    if isinstance(first, bool):
        return None
    return "" if name not in ("price",) or _figure(first) else None


def _said(value: Any) -> bool:
    """Whether a key has something to say: of a few things it may be null (no price, no picture)."""
    return value not in (None, {}, [])


def _figure(value: Any) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and (parse_price(value) is not None or bool(re.search(r"\d", value))))


def _money(items: Sequence[dict[str, Any]], rules: dict[str, str]) -> None:
    """The currency beside the price, and the account's link beside its name."""
    holder, _, _ = rules.get("price", "").rpartition(".")
    for path in (
        f"{holder}.currency",
        f"{holder}.currency_code",
        f"{holder}.currencyCode",
        "currency",
        "currency_code",
        "currencyCode",
        "price_currency",
    ):
        if path[0] != "." and any(re.fullmatch(r"[A-Za-z]{3}", str(_at(each, path) or "")) for each in items):
            rules["currency"] = path
            break
    holder, _, _ = rules.get("seller", "").rpartition(".")
    for key in ("url", "link", "href", "id", "handle", "profile"):
        if holder and any(isinstance(_at(each, f"{holder}.{key}"), str) and "/" in str(_at(each, f"{holder}.{key}")) for each in items):
            rules["seller_url"] = f"{holder}.{key}"
            break


def _in_minor(items: Sequence[dict[str, Any]], rules: dict[str, str], why: dict[str, str]) -> None:
    path = rules.get("price", "")
    values = [_at(each, path) for each in items] if path else []
    whole = [each for each in values if isinstance(each, int) and not isinstance(each, bool)]
    if re.search(r"minor|pence|cents", path) or (
        whole
        and len(whole) == len([v for v in values if v is not None])
        and min(whole) >= 500
        and all(v % 5 == 0 or v % 100 == 99 for v in whole)
        and sum(v >= 10_000 for v in whole) > len(whole) / 2
    ):
        rules["decimals"] = "2"
        why["decimals"] = "the prices are whole numbers so high that they seem to be pence: compare one with the page"


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _onward(document: Any, path: str, url: str) -> Iterator[dict[str, str]]:
    """How the list goes on: a link, a cursor, true or false beside a page's number; or only a number in its own address."""
    asked = dict(parse_qsl(urlsplit(url).query))
    named = next((name for name in PAGED if name in asked), "")
    for where, holder in _holders(document, ""):
        for key in _NEXT:
            value = holder.get(key)
            if key not in holder or where == path:
                continue
            full = f"{where}.{key}".lstrip(".")
            if isinstance(value, str) and ("/" in value or "?" in value):
                yield {"next": full}
            elif isinstance(value, str | int) and not isinstance(value, bool):
                yield {"next": full, "next_param": _NEXT[key] or named or "page"}
            elif isinstance(value, bool):
                yield {"next": full, "next_param": named or "page"}
        pages = next(
            (key for key in ("pages", "total_pages", "totalPages", "page_count", "last_page") if isinstance(holder.get(key), int)), ""
        )
        if pages and isinstance(holder.get("page", holder.get("current_page")), int):
            page = "page" if "page" in holder else "current_page"
            yield {"next": f"{where}.{page} < {where}.{pages}".replace(" .", " ").lstrip("."), "next_param": named or "page"}
    if named:
        yield {"next_param": named}


def _holders(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict) and depth < 4:
        yield path, value
        for key, inner in value.items():
            if re.fullmatch(r"[A-Za-z_]\w*", key):
                yield from _holders(inner, f"{path}.{key}".lstrip("."), depth + 1)
