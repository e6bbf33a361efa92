"""The spider of every source: it asks for pages, reads those that hold listings, and fetches their pictures.

Bytes are kept by the archive middleware before a callback sees them; reading is `crawler.reading`, the same as `reread` does.
A source that needs code overrides `start`, `links` or `ask`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import scrapy
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from crawler.pages import page_of
from crawler.platforms import following, parser_version
from crawler.platforms._page import address, base_of, ref_of
from crawler.reading import role
from crawler.source import Rules, Source
from crawler.unit import Unit
from store.errors import StopRun
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
        self.refs: set[str] = set()
        self.lists = 0
        self.pictures: dict[str, tuple[str, int] | None] = {}  # address → (sha256, capture), None while it is fetched
        self.waiting: dict[str, list[tuple[int, int]]] = {}  # address → (reading, position) that want it

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
        for url in self.source.start:
            yield self.ask(url)

    def ask(self, url: str, **more: Any) -> Request:
        """A request for a page, through the browser where the source is rendered."""
        meta: dict[str, Any] = {"kind": CaptureKind.page}
        if self.source.render:
            from crawler.browser import meta_for

            shown = self.source.screenshot and role(self.source, redact_url(url)) != "list"
            meta |= meta_for(self.source, self.unit, screenshot=shown)
        return Request(url, callback=self.read, errback=self.failed, meta=meta, **more)

    def failed(self, failure: Failure) -> None:
        """A request that brought no answer. What manners refused is counted there."""
        error = failure.value
        if isinstance(error, IgnoreRequest) and "max redirections" not in str(error):
            return
        self.unit.count("failures")
        self.unit.count(f"failure: {type(error).__name__}")

    # -- reading ---------------------------------------------------------------------------------------------------------------
    async def read(self, response: Response) -> AsyncIterator[Request]:
        """Read a page that was kept: its listings, and where it leads."""
        capture = self._capture(response)
        if capture is None:
            return
        self.unit.count("pages")
        page = page_of(capture, response.body)
        what = role(self.source, redact_url(capture.url_requested), page.url)
        if what != "item":
            for request in self.links(response, capture):
                yield request
        if what != "list":
            read = await self.unit.keeper.read(capture, response.body)
            for name, number in read.counts.items():
                self.unit.count(name, number)
            for reading, pictures in read.readings:
                async for request in self.pictures_of(reading, pictures):
                    yield request
            for request in self.further(response, page):
                yield request

    def further(self, response: Response, page: HtmlResponse) -> Iterator[Request]:
        """The next pages that an answer itself names (an API, products.json, the Store API), at most `max_pages`."""
        try:
            urls = following(page.replace(url=response.url), self.source)
        except (ValueError, RecursionError):  # not JSON: reading has kept it as unread
            return
        self.lists += bool(urls)
        if self.lists < self.source.max_pages:
            for url in urls:
                yield self.ask(url)

    def links(self, response: Response, capture: Capture) -> Iterator[Request]:
        """Listings and further list pages that a list page leads to. A card without a reference is counted, and not followed."""
        follow = self.source.follow
        if follow is None:
            return
        page = HtmlResponse(response.url, headers=response.headers, body=response.body)
        strange = []
        for url in _addresses(page, follow.listing):
            ref = ref_of(self.source, redact_url(url))
            if not ref:
                strange.append(redact_url(url))
            elif ref not in self.refs:
                self.refs.add(ref)
                yield self.ask(url)
        if strange and capture.id is not None:
            self.unit.count("not understood", len(strange))
            detail = f"{len(strange)} links: " + "; ".join(strange[:5])
            self.unit.store.keep_unread(capture.id, parser_version(self.source), "link without a reference", detail, self.unit.run.id)
        self.lists += 1
        if self.lists < self.source.max_pages:
            for url in _addresses(page, follow.next):
                yield self.ask(url)

    # -- pictures --------------------------------------------------------------------------------------------------------------
    async def pictures_of(self, reading: Reading, addresses: tuple[str, ...]) -> AsyncIterator[Request]:
        """Fetch a reading's pictures, each address once a run, and join them in their order: before further pages, so that they never pile up."""
        assert reading.id is not None
        for position, url in enumerate(addresses):
            if url not in self.pictures:
                self.pictures[url] = None
                self.waiting[url] = [(reading.id, position)]
                meta = {"kind": CaptureKind.image, "picture": url}
                yield Request(
                    url, callback=self.keep_picture, errback=self.failed, meta=meta, priority=1, headers={"Accept": "image/*,*/*;q=0.5"}
                )
            elif (known := self.pictures[url]) is not None:
                await self.unit.keeper.join(*known, [(reading.id, position)])
            else:
                self.waiting[url].append((reading.id, position))

    async def keep_picture(self, response: Response) -> None:
        capture = self._capture(response)
        if capture is None or capture.id is None:
            return
        url = response.meta["picture"]
        wanted, self.waiting[url] = self.waiting.pop(url, []), []
        image = await self.unit.keeper.picture(capture, response.body, wanted)
        self.unit.count("images")
        if image.problem:
            self.unit.count("images with a problem")
        self.pictures[url] = (image.sha256, capture.id)
        if late := self.waiting.pop(url):  # asked for while it was being kept
            await self.unit.keeper.join(image.sha256, capture.id, late)

    def _capture(self, response: Response) -> Capture | None:
        """The capture that a response is; None, and counted, where it is an error page or no fresh answer."""
        capture: Capture | None = response.meta.get("capture")
        if capture is None or response.status >= 400:
            self.unit.count("failures")
            self.unit.count(f"failure: HTTP {response.status}")
            return None
        return capture


def _addresses(page: HtmlResponse, rules: Rules | None) -> list[str]:
    """Where the links lead that the first fruitful rule finds, in order, each once."""
    base = base_of(page)
    for rule in rules or ():
        css, _, attribute = rule.partition("@")
        found = [address(base, each.attrib.get(attribute or "href", "")) for each in page.css(css.strip())]
        if any(found):
            return list(dict.fromkeys(filter(None, found)))
    return []
