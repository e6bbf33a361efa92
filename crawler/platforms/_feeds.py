"""Sitemaps, RSS and Atom as entrances to a site: the addresses that they list.

Formats: the sitemaps protocol (sitemaps.org: urlset, sitemapindex, a text file of one address a line; 50 MB and 50,000 addresses at
most), RSS 2.0 and 1.0, Atom (RFC 4287; further pages by RFC 5005). A feed is what a stranger wrote: a document type, and so every
entity, is refused; what it lists is trusted no further than the site itself, which is for the caller to hold (`Source.owns`).
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass, field
from typing import Literal
from xml.parsers import expat

from crawler.platforms._page import address

Kind = Literal["sitemap", "index", "text", "rss", "atom"]

MAX_BYTES = 50 * 2**20  # of the feed without its gzip
MAX_PAGES = 50_000
_ROOTS: dict[str, Kind] = {"urlset": "sitemap", "sitemapindex": "index", "rss": "rss", "RDF": "rss", "feed": "atom"}
_ENTRIES = frozenset(("url", "sitemap", "item", "entry"))
_BARE = re.compile(rb"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Feed:
    """`pages`: addresses in order, each once; `children`: further sitemaps, or a feed's next page.

    `left_out` counts entries without a web address, and those past the 50,000th.
    """

    kind: Kind
    pages: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    left_out: int = 0


def feed_of(body: bytes, url: str) -> Feed:
    """The feed that `body` is, gzip or not; `url` is its own address. Raises ValueError, in a sentence, where it is none or too large."""
    body = _unpacked(body)
    if not re.match(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff", body):
        return _of_text(body, url)
    reading = _Reading(url)
    try:
        reading.all(body)
    except expat.ExpatError as error:
        mended = _BARE.sub(lambda found: found[0] if found[0] != b"&" else b"&amp;", body)  # a bare "&" is the fault most met
        if mended == body:
            raise ValueError(f"not a feed: {expat.ErrorString(error.code)} in line {error.lineno}") from None
        reading = _Reading(url)
        try:
            reading.all(mended)
        except expat.ExpatError as still:
            raise ValueError(f"not a feed: {expat.ErrorString(still.code)} in line {still.lineno}") from None
    return reading.feed()


def _unpacked(body: bytes) -> bytes:
    if body[:2] == b"\x1f\x8b":
        try:  # of several members, too; one that is cut off is an error, not a short feed
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(MAX_BYTES + 1)
        except EOFError:
            raise ValueError("not a feed: its gzip ends too early") from None
        except (OSError, zlib.error) as error:
            raise ValueError(f"not a feed: its gzip is broken ({error})") from None
    if len(body) > MAX_BYTES:
        raise ValueError(f"a feed of more than {MAX_BYTES} bytes")
    return body


def _of_text(body: bytes, url: str) -> Feed:
    """A sitemap of one address a line. A page that is none has lines that are no addresses: then it is no feed."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    found = [line for line in lines if re.match(r"https?://[^\s<>\"]+$", line)]
    if not found or len(found) * 2 < len(lines):
        raise ValueError("not a feed: neither XML nor one address a line")
    pages = dict.fromkeys(filter(None, (address(url, each) for each in found)))
    return Feed("text", tuple(pages)[:MAX_PAGES], (), len(lines) - len(found) + max(0, len(pages) - MAX_PAGES))


@dataclass(slots=True)
class _Reading:
    """Walks the elements as expat meets them, so that a document's depth and size cost nothing but time."""

    url: str
    kind: Kind | None = None
    prefix: str = ""
    path: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # the entry's own elements
    text: list[str] = field(default_factory=list)
    found: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    left_out: int = 0

    def all(self, body: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = _refuse
        parser.buffer_text = True
        parser.Parse(body, True)

    def feed(self) -> Feed:
        assert self.kind is not None
        return Feed(self.kind, tuple(self.found), tuple(self.children), self.left_out)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.path:
            self.prefix = tag[: tag.rfind(":") + 1]
            self.kind = _ROOTS.get(tag.removeprefix(self.prefix))
            if self.kind is None:
                raise ValueError(f"not a feed: its root is <{tag[:40]}>")
        name = tag.removeprefix(self.prefix)
        self.path.append(name)
        self.text.clear()
        if name in _ENTRIES:
            self.said = {"about": attributes.get("rdf:about", "")}
        within = self.path[-2] if len(self.path) > 1 else ""
        if name == "link" and attributes.get("href"):
            rel = attributes.get("rel", "alternate")
            if within == "entry" and rel == "alternate":
                self.said.setdefault("link", attributes["href"])
            elif within == "feed" and rel == "next":
                self._child(attributes["href"])
        if name == "guid" and attributes.get("isPermaLink", "true") != "true":
            self.path[-1] = "guid that is no address"

    def end(self, tag: str) -> None:
        name, within = self.path.pop(), self.path[-1] if self.path else ""
        if within in _ENTRIES and (said := "".join(self.text).strip()):
            self.said.setdefault(name, said)
        self.text.clear()
        if name in _ENTRIES:
            self._entry(name)

    def _entry(self, name: str) -> None:
        stated = (self.said.get(key, "") for key in ("loc", "link", "guid", "about"))
        found = next((url for each in stated if (url := address(self.url, each))), "")
        if name == "sitemap":
            self._child(found)
        elif not found or (len(self.found) >= MAX_PAGES and found not in self.found):
            self.left_out += 1
        else:
            self.found.setdefault(found)
        self.said = {}

    def _child(self, stated: str) -> None:
        found = address(self.url, stated)
        if found and len(self.children) < MAX_PAGES:
            self.children.setdefault(found)
        else:
            self.left_out += 1


def _refuse(*_: object) -> None:
    raise ValueError("not a feed that is read: it declares a document type, and with it entities")
