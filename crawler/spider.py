"""The spider of every source: it asks for pages, reads those that hold listings, follows lists, and fetches pictures.

Bytes are kept by the archive middleware before a callback sees them; reading is `crawler.reading`, the same as `reread` does.
A source that needs code overrides `start`, `links` or `ask`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from urllib.parse import urljoin

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler.addresses import kind_of_list, read_addresses
from crawler.archive import AGAIN, FRESH
from crawler.entrances import Remaining, Way, feed_of, is_feed, listings_of, sitemaps_of
from crawler.frontier import Frontier
from crawler.pages import page_of
from crawler.patterns import TooSlow
from crawler.pictures import Pictures
from crawler.platforms import _api as api
from crawler.platforms import following, parser_version
from crawler.platforms._page import address, base_of, ref_of
from crawler.platforms.json_api import next_body
from crawler.reading import role
from crawler.shifted import Lists
from crawler.source import Entrance, Rules, Source
from crawler.unit import Unit
from store.errors import StopRun
from store.history import GONE, NO_MORE
from store.secrets import redact_url
from store.words.records import Capture, CaptureKind, Reading


class SourceSpider(scrapy.Spider):
    """Crawls one source as its YAML says."""

    source: ClassVar[Source]

    def __init__(self, *args: Any, unit: Unit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if unit is None:
            raise StopRun("a source is crawled by `touchstone crawl` or `scrapy crawl`, which know where to keep what it says")
        self.unit = unit
        self.addresses = read_addresses(unit.home)
        self.frontier = Frontier(self.source)
        self.pictures = Pictures(unit)
        self.lists = Lists(unit, self.frontier)

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> SourceSpider:
        spider: SourceSpider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.dropped, signal=signals.request_dropped)
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        source = cls.source
        own: dict[str, Any] = {
            "DOWNLOAD_DELAY": source.delay,
            "AUTOTHROTTLE_START_DELAY": source.delay,
            "CONCURRENT_REQUESTS_PER_DOMAIN": source.concurrency,
            "CONCURRENT_REQUESTS": max(8, 2 * source.concurrency),  # with those that are being kept: what a crash may ask for twice
            "AUTOTHROTTLE_TARGET_CONCURRENCY": float(source.concurrency),
            "AUTOTHROTTLE_ENABLED": not (source.testing and source.delay == 0),
        }
        if source.render:
            from crawler.browser import settings_for

            own |= settings_for(source)
        settings.setdict(own, priority="spider")

    # -- asking ----------------------------------------------------------------------------------------------------------------
    async def start(self) -> AsyncIterator[Request]:
        for entrance in self.source.entrances:
            yield self.enter(entrance.url, Way(Remaining(entrance.at_most)))
        for url in self.source.start:
            if ref := ref_of(self.source, redact_url(url)):
                self.frontier.wants(ref)
            yield self.ask(url)

    def ask(self, url: str, **more: Any) -> Request:
        """A request for a page, through the browser where the source is rendered, by POST where a list is asked for so."""
        meta: dict[str, Any] = {"kind": CaptureKind.page}
        headers = dict(self.source.headers)
        if self.source.render:
            from crawler.browser import meta_for

            follow = self.source.follow
            grows = bool(follow and follow.unrolls and not ref_of(self.source, redact_url(url)))
            shown = self.source.screenshot and role(self.source, redact_url(url)) != "list"
            meta |= meta_for(self.source, self.unit, screenshot=shown, unrolled=grows)
        if (rules := self.source.api) is not None:
            headers = {"Accept": "application/json", **headers}
            if rules.method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded" if rules.form else "application/json"
                more = {"method": "POST", "body": api.sent(rules), **more}
        headers |= more.pop("headers", {})
        return Request(url, callback=self.read, errback=self.failed, meta=meta, headers=headers, **more)

    def enter(self, url: str, way: Way) -> Request:
        """A request for a sitemap or a feed, never through the browser."""
        meta = {"kind": CaptureKind.page, "way": way}
        return Request(url, callback=self.entered, errback=self.failed, meta=meta, headers=dict(self.source.headers))

    def failed(self, failure: Failure) -> Iterator[Request]:
        """A request that brought no answer. What manners refused is counted there."""
        self._count_failure(failure.value)
        meta = failure.request.meta  # type: ignore[attr-defined]  # Scrapy sets it
        if AGAIN in meta:
            yield from self.lists.looked(meta, None)

    def _count_failure(self, error: BaseException | None) -> None:
        if isinstance(error, IgnoreRequest):
            reason = next((why for said, why in _DROPPED.items() if said in str(error)), "")
            if not reason:
                return
            self.unit.count(f"failure: {reason}")
        else:
            self.unit.count(f"failure: {type(error).__name__}")
        self.unit.count("failures")

    def dropped(self, request: Request, spider: Any) -> None:
        """A redirect to an address that has been asked for already is not asked for again, and is counted as what it means."""
        hops: list[str] = request.meta.get("redirect_urls", [])
        capture: Capture | None = request.meta.get("capture")
        if not hops or capture is None or capture.id is None:
            return
        if not ref_of(self.source, redact_url(hops[0])):
            self.unit.count("redirects to pages asked for already")
        elif ref_of(self.source, redact_url(request.url)):
            self.unit.count("redirects to listings asked for already")
        else:
            self.unit.count("gone")
            detail = f"sent on to {redact_url(request.url)}"
            self.unit.store.keep_unread(capture.id, parser_version(self.source), NO_MORE, detail, self.unit.run.id)

    # -- reading ---------------------------------------------------------------------------------------------------------------
    async def read(self, response: Response) -> AsyncIterator[Request]:
        """Read a page that was kept: its listings, and where it leads. A pattern that takes too long on its addresses ends the run: it would again."""
        try:
            async for further in self._read_whole(response):
                yield further
        except TooSlow as error:
            self.unit.broken = f"source {self.source.name}: {error}"
            raise CloseSpider("pattern") from None

    async def _read_whole(self, response: Response) -> AsyncIterator[Request]:
        meta, request = response.meta, response.request
        capture = self._capture(response)
        if capture is None or request is None:
            for further in self.lists.looked(meta, None) if AGAIN in meta else ():
                yield further
            return
        self.unit.count("pages")
        if "cause" not in meta and is_feed(response.body):
            meta["way"] = Way(Remaining(Entrance(rss=response.url).at_most))
            for further in self._entered(response, capture):
                yield further
            return
        meta["brought"] = brought = set[str]()
        is_list = not ref_of(self.source, redact_url(capture.url_requested))
        if is_list and "cause" not in meta and AGAIN not in meta:
            self.lists.begin(request, capture.id or 0)
        for shown, of in self._documents(response, capture):
            async for further in self._read(shown, of):
                yield further
        if is_list:
            for further in self.further(response, request, page_of(capture, response.body), brought):
                yield further

    def _documents(self, response: Response, capture: Capture) -> Iterator[tuple[Response, Capture]]:
        """The page as it is in the end; before it, in their order, the states that a list passed through while it was scrolled."""
        if "playwright" in response.meta and capture.id is not None:
            for earlier in self.unit.reader.parts_of(capture.id, CaptureKind.rendered):
                assert earlier.id is not None
                body, headers = self.unit.reader.payload(earlier.id), {"Content-Type": "text/html; charset=utf-8"}
                yield HtmlResponse(response.url, headers=headers, body=body, request=response.request), earlier
        yield response, capture

    async def _read(self, response: Response, capture: Capture) -> AsyncIterator[Request]:
        page = page_of(capture, response.body)
        what = role(self.source, redact_url(capture.url_requested), page.url)
        if what == "list":
            for request in self.links(response, capture):
                yield request
        else:
            read = await self.unit.keeper.read(capture, response.body)
            for name, number in read.counts.items():
                self.unit.count(name, number)
            refs = set(read.refs)
            response.meta["brought"] |= refs
            self.frontier.refs |= refs
            for reading, addresses in read.readings:
                async for request in self.pictures_of(reading, addresses):
                    yield request
        if what == "cards":  # what they hold tells whether the list brings anything new
            for request in self.links(response, capture):
                yield request

    def links(self, response: Response, capture: Capture) -> Iterator[Request]:
        """Listings and further list pages that a list page leads to. A card without a reference is counted, and not followed."""
        follow = self.source.follow
        if follow is None:
            return
        page = HtmlResponse(response.url, headers=response.headers, body=response.body)
        strange = []
        for link in addresses_of(page, follow.listing):
            url, why_not = self.addresses.to_listing(link, self.source)
            if why_not:
                self.unit.count(why_not)
            elif not (ref := ref_of(self.source, redact_url(url))):
                strange.append(redact_url(url))
            else:
                response.meta["brought"].add(ref)
                if self.frontier.wants(ref):
                    yield self.ask(url)
        if strange and capture.id is not None:
            self.unit.count("not understood", len(strange))
            detail = f"{len(strange)} links: " + "; ".join(strange[:5])
            self.unit.store.keep_unread(capture.id, parser_version(self.source), "link without a reference", detail, self.unit.run.id)
        new = bool(response.meta["brought"] - response.meta.setdefault("seen", set()))
        for link in addresses_of(page, follow.next):
            url, why_not = self.addresses.to_list(link, self.source, response.url)
            if why_not:
                self.unit.count(why_not)
            else:
                yield from self._lead(self.ask(url), response, new)

    # -- following lists -------------------------------------------------------------------------------------------------------
    def further(self, response: Response, request: Request, page: HtmlResponse, brought: set[str]) -> Iterator[Request]:
        """Where a list goes on by itself: in its answer, by its number. And whether it is still the list that was kept before a crash."""
        meta = response.meta
        if AGAIN in meta:
            yield from self.lists.looked(meta, brought)
            return
        new = brought - meta.setdefault("seen", set())
        meta["seen"] |= brought
        follow = self.source.follow
        if follow and follow.pages and new:
            number = meta.get("number", follow.first) + follow.step
            start = meta.get("start", request.url)
            further = self.ask(_numbered(follow.pages, start, number))
            further.meta.update(number=number, start=start)
            yield from self._lead(further, response, True)
        counted = self.source.api is None or not self.source.api.next  # a page's number says nothing of whether there is one
        if new or not counted:
            yield from self._further(response, request, page, bool(new))
        yield from self.lists.looked_first(self.frontier.freed())

    def _further(self, response: Response, request: Request, page: HtmlResponse, new: bool) -> Iterator[Request]:
        """The next pages that an answer itself names (an API, products.json, the Store API)."""
        try:
            if self.source.api is not None and self.source.api.method == "POST":
                body = next_body(page, self.source, request.body)
                yield from self._lead(self.ask(request.url, body=body), response, new) if body else ()
                return
            urls = following(page.replace(url=response.url, headers=response.headers), self.source)
        except (ValueError, RecursionError):  # not JSON: reading has kept it as unread
            return
        for url in urls:
            if self.source.owns(url):
                yield from self._lead(self.ask(url), response, new)
            else:
                self.unit.count("links not followed: off-site")

    def _lead(self, further: Request, response: Response, new: bool) -> Iterator[Request]:
        """A request for the list page after `response`, which brought something `new` or not: if it is not a page asked for already, and
        the budget allows it, and it is not behind too many of its own kind that brought nothing."""
        meta = response.meta
        if AGAIN in meta or not self.lists.current(meta):
            return
        same_kind = kind_of_list(further.url) == kind_of_list(response.url)
        barren = 0 if new or not same_kind else meta.get("barren", 0) + 1
        if barren >= self.source.barren:
            self.frontier.leave(further)
            return
        further.meta.update(barren=barren, seen=meta.setdefault("seen", set()))
        self.lists.lead(further, response)
        if meta.get(FRESH):
            further = further.replace(dont_filter=True)
            further.meta[FRESH] = True
        yield from self.lists.looked_first(self.frontier.follow(further))

    # -- entrances -------------------------------------------------------------------------------------------------------------
    def entered(self, response: Response) -> Iterator[Request]:
        """Read a sitemap or a feed that was kept."""
        capture = self._capture(response)
        if capture is not None:
            self.unit.count("pages")
            yield from self._entered(response, capture)

    def _entered(self, response: Response, capture: Capture) -> Iterator[Request]:
        way: Way = response.meta["way"]
        if way.depth == 0 and response.request is not None:
            self.frontier.begin(response.request)
        try:
            feed = feed_of(response.body, response.url)
        except ValueError as error:
            assert capture.id is not None
            self.unit.count("not understood")
            self.unit.store.keep_unread(capture.id, parser_version(self.source), "entrance not understood", str(error), self.unit.run.id)
            return
        for ref, url in listings_of(feed, way, self.source, self.addresses, self.unit):
            if self.frontier.wants(ref):
                yield self.ask(url)
        for url, further in sitemaps_of(feed, way, self.source, self.unit):
            yield from self.frontier.follow(self.enter(url, further))
        yield from self.lists.looked_first(self.frontier.freed())

    # -- pictures --------------------------------------------------------------------------------------------------------------
    async def pictures_of(self, reading: Reading, addresses: tuple[str, ...]) -> AsyncIterator[Request]:
        """Fetch a reading's pictures, each address once a run, and join them in their order."""
        async for request in self.pictures.of(reading, addresses, self.keep_picture, self.failed):
            yield request

    async def keep_picture(self, response: Response) -> None:
        if (capture := self._capture(response)) is not None:
            await self.pictures.keep(response, capture)

    # -- ends ------------------------------------------------------------------------------------------------------------------
    def _capture(self, response: Response) -> Capture | None:
        """The capture that a response is; None, and counted, where it is an error page or no fresh answer."""
        capture: Capture | None = response.meta.get("capture")
        if capture is not None and response.status < 400:
            return capture
        if capture is not None and response.status in GONE and response.meta.get("kind") is CaptureKind.page:
            if "number" in response.meta:
                return None  # past the last page
            if capture.id is not None and ref_of(self.source, redact_url(capture.url_requested)):
                self.unit.count("gone")
                detail = f"HTTP {response.status}"
                self.unit.store.keep_unread(capture.id, parser_version(self.source), NO_MORE, detail, self.unit.run.id)
                return None
        self.unit.count("failures")
        self.unit.count(f"failure: HTTP {response.status}")
        return None

    def closed(self, reason: str) -> None:
        self.unit.remarks += self.frontier.ended()
        for why in ("budget", "max_pages", "barren"):
            if number := self.frontier.left[why]:
                self.unit.count(f"lists left for the {why}", number)


_DROPPED = {"max redirections": "too many redirects", "DOWNLOAD_MAXSIZE": "too large when unpacked"}


def addresses_of(page: HtmlResponse, rules: Rules | None) -> list[str]:
    """Where the links lead that the first fruitful rule finds, in order, each once."""
    base = base_of(page)
    for rule in rules or ():
        css, _, attribute = rule.partition("@")
        found = [address(base, each.attrib.get(attribute or "href", "")) for each in page.css(css.strip())]
        if any(found):
            return list(dict.fromkeys(filter(None, found)))
    return []


def _numbered(pattern: str, start: str, number: int) -> str:
    """The address of a numbered page: "?page={n}" sets that parameter of the start address, anything else stands on it as a link would."""
    said = pattern.replace("{n}", str(number))
    if not said.startswith("?"):
        return urljoin(start, said)
    for pair in said[1:].split("&"):
        name, _, value = pair.partition("=")
        start = api.with_parameter(start, name, value)
    return start
