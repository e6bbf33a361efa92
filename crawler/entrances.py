"""Entrances: sitemaps, RSS and Atom as a way to listings, trusted no further than the site itself.

Only addresses on the source's own hosts that hold a reference are asked for, through the same gates as any other. How deep sitemaps
nest, how many are fetched and how many of their listings are asked for is bounded; what was left out is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.addresses import Addresses
from crawler.platforms._feeds import Feed, feed_of
from crawler.platforms._page import ref_of
from crawler.source import Source
from crawler.unit import Unit
from store.secrets import redact_url

DEEPEST = 2  # a sitemap of sitemaps of sitemaps is somebody's mistake
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<\?xml-stylesheet[^>]*>\s*|<!--.{0,2000}?-->\s*)*<(?:\w+:)?(?:urlset|sitemapindex|rss|feed|RDF)[\s>]",
    re.DOTALL,
)


def is_feed(body: bytes) -> bool:
    """Whether an answer is a sitemap or a feed rather than a page, by its first element."""
    return _FEED.match(body[:8192]) is not None


@dataclass(slots=True)
class Remaining:
    """How many of an entrance's listings may still be asked for, shared by all the sitemaps below it."""

    number: int


@dataclass(frozen=True, slots=True)
class Way:
    """How an answer came to be an entrance: at which depth, and how much it may still bring."""

    left: Remaining
    depth: int = 0


def listings_of(feed: Feed, way: Way, source: Source, addresses: Addresses, unit: Unit) -> Iterator[tuple[str, str]]:
    """(reference, address) of the listings that a feed names, as far as they may be asked for."""
    if feed.left_out:
        unit.count("entrance: entries without an address, or past the 50,000th", feed.left_out)
    for stated in feed.pages:
        url, why_not = addresses.to_listing(stated, source)
        if why_not:
            unit.count(why_not)
        elif not (ref := ref_of(source, redact_url(url))):
            unit.count("entrance: addresses of no listing")
        elif way.left.number < 1:
            unit.count("entrance: listings past at_most")
        else:
            way.left.number -= 1
            yield ref, url


def sitemaps_of(feed: Feed, way: Way, source: Source, unit: Unit) -> Iterator[tuple[str, Way]]:
    """Further sitemaps that a feed names, or its own next page."""
    depth = way.depth + (feed.kind == "index")
    for url in feed.children:
        if not source.owns(url):
            unit.count("entrance: sitemaps of other hosts")
        elif depth > DEEPEST or way.left.number < 1:
            unit.count("entrance: sitemaps not fetched")
        else:
            yield url, Way(way.left, depth)


__all__ = ["Remaining", "Way", "feed_of", "is_feed", "listings_of", "sitemaps_of"]
