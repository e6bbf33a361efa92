"""What every platform needs of a page: an element's words, its addresses, and the source's own reference."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from parsel import Selector
from scrapy.http import TextResponse
from w3lib.html import get_base_url

from crawler.patterns import pattern_of, search
from crawler.source import Source
from store.words.hosts import host_of
from store.words.money import Price, parse_price

_BLOCK_NAMES = (
    "address article aside blockquote br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p "
    "pre section summary table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_SILENT = frozenset(("script", "style", "template", "noscript"))
_SEPARATORS = re.compile(r"[ \t\r\n\f\v\u00a0]+")  # a no-break space is a space to whoever reads the page


def words(selector: Selector, without: Collection[Any] = ()) -> str:
    """The element's words as one reads them: a line a block, spaces collapsed, scripts and the elements `without` left out."""
    root = selector.root
    if isinstance(root, str):
        return _SEPARATORS.sub(" ", root).strip()
    parts = "".join(_runs(root, without))
    lines = (_SEPARATORS.sub(" ", line).strip() for line in parts.split("\0"))
    return "\n".join(line for line in lines if line)


def _runs(root: Any, without: Collection[Any]) -> Iterator[str]:
    """The runs of text in order, a mark at each block's edge. Not by recursion: a stranger decides how deep a page is nested."""
    waiting: list[Any] = [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
            continue
        if each is not root and each.tail:
            waiting.append(each.tail)
        if not isinstance(each.tag, str) or (each.tag.lower() in _SILENT and each is not root) or each in without:
            continue  # a comment, a script that was not asked for, what is left out
        edge = "\0" if each.tag.lower() in _BLOCKS else ""
        waiting.append(edge)
        waiting += reversed(each)
        yield edge + (each.text or "")


def line(text: str) -> str:
    """Words on one line."""
    return " ".join(text.split())


def base_of(response: TextResponse) -> str:
    """The address that relative ones stand on: <base href>, else the page's own."""
    return get_base_url(response.text[:8192], response.url) if response.text else response.url


def largest(srcset: str) -> str:
    """The address of the largest candidate in a srcset; "" where there is none."""
    best, most = "", -1.0
    for candidate in re.finditer(r"\s*(?P<url>[^\s,]\S*[^\s,]|[^\s,])(?:\s+(?P<size>[\d.]+)[wx])?\s*(?:,|$)", srcset):
        try:
            size = float(candidate["size"] or 1)
        except ValueError:
            continue
        if size > most:
            best, most = candidate["url"], size
    return best


def address(base: str, raw: str) -> str:
    """`raw` as a whole http(s) address without its fragment; "" for anything else (data:, javascript:, mailto:, nothing)."""
    raw = re.sub(r"[\t\r\n]", "", raw.strip())
    if not raw or raw.startswith("#"):
        return ""
    try:
        url = urldefrag(urljoin(base, raw)).url
        url.encode()
        _ = urlsplit(url).port
    except ValueError:  # "http://[", a port that is none, half a surrogate pair: no address at all
        return ""
    return url if url.lower().startswith(("http://", "https://")) else ""


def same_page(url: str) -> str:
    """What two ways of writing a page's address have in common: no scheme, no www, no query, no closing stroke; "" for no address."""
    return f"{host}{urlsplit(url).path.rstrip('/')}" if (host := host_of(url)) else ""


def picture_of(element: Selector) -> str:
    """The best address that an <img>, <source> or <a> states for its picture, as written."""
    said = element.attrib
    for name in ("srcset", "data-srcset"):
        if found := largest(said.get(name, "")):
            return found
    for name in ("data-src", "data-original", "data-lazy", "href", "src", "content"):
        if (found := said.get(name, "")) and not found.startswith("data:"):
            return found
    return ""


def ref_of(source: Source, url: str) -> str:
    """The source's own reference in an address; "" where the address holds none. Raises TooSlow."""
    return search(pattern_of(source.ref), url) if source.ref else ""


def handle_of(source: Source, name: str, url: str) -> str:
    """The account's handle: a shop is one account under its own name, elsewhere the last part of the account's address.

    An address that leads to the site's front page, or none, says nothing of an account: then the name it shows is its handle.
    """
    if source.kind == "shop" or not url:
        return name
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or name


def price_in(source: Source, text: str) -> Price | None:
    """The price that a price field states, in the source's currency where it names none. A broken "£" is no part of a number."""
    return parse_price(text.replace("\ufffd", " "), source.currency) if text else None


def amount_of(price: Price | None) -> tuple[int | None, str | None]:
    """Amount and currency for the snapshot. "Free" keeps its text and has no amount: a price is never 0, which arithmetic would take for cheap."""
    return (None, None) if price is None or price.kind == "free" else (price.amount_minor, price.currency)


def notes_on(*said: str) -> tuple[str, ...]:
    """What was not understood in the words themselves."""
    return ("broken characters",) if any("\ufffd" in text for text in said) else ()
