"""Which pages are looked at, at most eight: the list, up to three of its items that differ, one further list page, a shop's own answer in JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler.look.cards import Card, varied
from crawler.look.links import Onward, Pattern, onward_of, pattern_of
from crawler.look.page import Page
from crawler.platforms._feeds import Feed
from store.words.hosts import host_of

if TYPE_CHECKING:
    from crawler.look.sending import Sent

MOST = 8
ITEMS = 3
_GOODS = re.compile(r"product|item|listing|advert|ads?\b|goods|shop|lot", re.I)
_FEED = re.compile(r"\.(?:rss|atom)(?:$|[?#])|/(?:feed|rss)(?:/|\.xml)?(?:$|[?#])|sitemap[\w-]*\.xml(?:\.gz)?(?:$|[?#])", re.I)
SHOP_API = {"shopify": "/products.json?limit=250", "woocommerce": "/wp-json/wc/store/v1/products?per_page=100"}


@dataclass
class Plan:
    """What has been seen and what is still to be asked for."""

    sent: Sent | None = None  # the first address is asked by POST, with this
    pages: list[Page] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)  # address → what for: start | item | next | api | home
    cards: dict[str, Card] = field(default_factory=dict)  # an item's address → its card
    answer: Page | None = None  # a list in JSON
    listed: Page | None = None
    further: Page | None = None
    items: list[Page] = field(default_factory=list)
    entrance: Page | None = None  # a sitemap or a feed
    named: list[str] = field(default_factory=list)  # the pages that it names
    sections: tuple[str, ...] = ()  # list pages that a front page leads to
    failed: list[str] = field(default_factory=list)

    def begin(self, url: str) -> list[str]:
        return self._ask([url], "start")

    def seen(self, page: Page) -> list[str]:
        """Take a page in; the addresses to look at next."""
        self.pages.append(page)
        why = self.asked.get(page.url, "start")
        page.card = self.cards.get(page.url)
        if page.is_json:
            return self._json(page)
        if page.feed is not None:
            return self._feed(page, page.feed)
        if why == "start":
            return [*self._family(page), *(self._item_first(page) if page.is_item else self._list(page) or self._entrances(page))]
        if why == "home" and self.listed is None and page.is_list:
            return self._list(page)
        if why == "next":
            self.further = page
        elif why == "item":
            return self._item(page)
        return []

    def missed(self, url: str) -> list[str]:
        """An address brought no page: another item in its place."""
        self.failed.append(url)
        return self._more_items(1) if self.asked.get(url) == "item" else []

    # -- what each kind of page leads to --------------------------------------------------------------------------------------
    def _json(self, page: Page) -> list[str]:
        self.answer = page
        return []

    def _feed(self, page: Page, feed: Feed) -> list[str]:
        """A sitemap or a feed: up to two further ones that it names, those of goods first, and pages that are likely to be listings."""
        self.entrance = self.entrance or page
        self.named += [url for url in feed.pages if host_of(url) == host_of(page.url) and url not in self.named]
        further = sorted((url for url in feed.children if host_of(url) == host_of(page.url)), key=lambda url: not _GOODS.search(url))
        self.order = spread(alike(self.named))
        wanted = ITEMS - sum(why == "item" for why in self.asked.values())
        return [*self._ask(further[:2], "entrance"), *self._more_items(max(0, wanted))]

    def _entrances(self, page: Page) -> list[str]:
        """What a page without goods names as a way to them; the sitemap where most sites have one."""
        if page.needs_javascript or page.cards is not None:
            return []
        links = page.response.css("link[rel~=alternate][type*=rss], link[rel~=alternate][type*=atom], a[href]")
        stated = [urljoin(page.base, each.attrib.get("href", "")) for each in links]
        feeds = [url for url in stated if _FEED.search(url) and host_of(url) == host_of(page.url)]
        return self._ask(feeds[:1] or [urljoin(page.url, "/sitemap.xml")], "entrance")

    def _family(self, page: Page) -> list[str]:
        path = SHOP_API.get(page.family)
        return self._ask([urljoin(page.url, path)], "api") if path else []

    def _item_first(self, page: Page) -> list[str]:
        """An item was given: the list that its breadcrumb or the site's front page shows."""
        self.items.append(page)
        trail = page.response.css("[class*=breadcrumb] a::attr(href), nav[aria-label*=readcrumb] a::attr(href)").getall()
        home = urljoin(page.url, trail[-1]) if trail and not trail[-1].startswith("#") else urljoin(page.url, "/")
        home = home if host_of(home) == host_of(page.url) and home != page.url else urljoin(page.url, "/")
        return self._ask([home], "home")

    def _list(self, page: Page) -> list[str]:
        self.listed = page
        if page.cards is None:
            return []
        self.cards |= {each.url: each for each in page.cards.cards}
        self.order = [each.url for each in self._fitting(page)]
        onward = onward_of(page.root, page.url, page.base, page.cards.urls)
        return [*self._more_items(ITEMS), *(self._ask([onward.url], "next") if onward.url else [])]

    order: list[str] = field(default_factory=list)

    def _fitting(self, page: Page) -> list[Card]:
        """Cards to look behind: varied, and of the address that most of them have."""
        assert page.cards is not None
        pattern = self._pattern(page)
        fitting = [each for each in page.cards.cards if pattern is None or pattern.ref(each.url)]
        first = varied(fitting, ITEMS)
        return [*first, *(each for each in fitting if each not in first)]

    def _pattern(self, page: Page) -> Pattern | None:
        assert page.cards is not None
        return pattern_of(majority(page.cards.urls), [page.url])

    def _more_items(self, number: int) -> list[str]:
        left = [url for url in self.order if url not in self.asked]
        return self._ask(left[:number], "item")

    def _item(self, page: Page) -> list[str]:
        """An item page; unless what was taken for one is a list itself, as the sections of a front page are."""
        if self.entrance is not None:
            if not page.is_item:
                return self._more_items(1)
            self.items.append(page)
            return []
        if self.listed is None or self.listed.cards is None:
            self.items.append(page)
            return []
        links = set(self.listed.cards.urls)
        if page.cards is not None and len(set(page.cards.urls) & links) >= len(links - {page.url}) - 1:
            return []  # the cards' addresses lead back to the list: they say all there is
        if page.is_item:
            self.items.append(page)
            return []
        deeper = (
            page.cards is not None
            and len(page.cards.cards) >= 3
            and not self.sections
            and not self.items
            and page.cards.share("price") > self.listed.cards.share("price")
        )
        if not deeper:
            self.items.append(page)
            return []
        pattern = self._pattern(self.listed)
        self.sections = tuple(url for url in self.listed.cards.urls if pattern is None or pattern.ref(url))
        return self._list(page)

    def _ask(self, urls: list[str], why: str) -> list[str]:
        fresh = [url for url in urls if url and url not in self.asked][: MOST - len(self.asked)]
        self.asked |= dict.fromkeys(fresh, why)
        return fresh

    # -- what it comes to ----------------------------------------------------------------------------------------------------
    @property
    def onward(self) -> Onward:
        if self.listed is None:
            return Onward()
        return onward_of(self.listed.root, self.listed.url, self.listed.base, self.listed.cards.urls if self.listed.cards else [])


def alike(urls: list[str]) -> list[str]:
    """Of the addresses that a sitemap or feed names, the largest number under one folder, or else those that begin as most do."""
    folders = [urlsplit(url).netloc + urlsplit(url).path.rstrip("/").rpartition("/")[0] for url in urls]
    top, number = Counter(folders).most_common(1)[0] if folders else ("", 0)
    return [url for url, each in zip(urls, folders, strict=True) if each == top] if number * 2 >= len(urls) else majority(urls)


def spread(urls: list[str]) -> list[str]:
    """The same addresses, those from over the whole list first."""
    first = list(dict.fromkeys(urls[(len(urls) - 1) * n // (ITEMS - 1)] for n in range(ITEMS))) if urls else []
    return [*first, *(url for url in urls if url not in first)]


def majority(urls: list[str]) -> list[str]:
    """The addresses that begin as most do: an advertisement among the cards leads elsewhere."""

    def shape(url: str) -> tuple[str, int]:
        parts = urlsplit(url).path.strip("/").split("/")
        return (parts[0] if len(parts) > 1 else "", len(parts))

    paths = [urlsplit(url).path for url in urls if urlsplit(url).query]
    if paths and paths.count(top := max(set(paths), key=paths.count)) > 0.6 * len(urls):
        return [url for url in urls if urlsplit(url).path == top]
    shapes = [shape(url) for url in urls]
    if not shapes:
        return urls
    counts = {each: shapes.count(each) for each in shapes}
    most, number = max(counts.items(), key=lambda each: each[1])
    if number * 2 < len(urls):
        firsts = [each[0] for each in shapes]
        top = max(set(firsts), key=firsts.count)
        return [url for url, first in zip(urls, firsts, strict=True) if first == top] if firsts.count(top) * 2 > len(urls) and top else urls
    return [url for url, each in zip(urls, shapes, strict=True) if each == most]
