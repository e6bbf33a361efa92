"""Manners: robots.txt, its Crawl-delay, no more requests at once than the source says, its own hosts and no others, and no inner address."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.core import downloader
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawler import connection
from crawler.source import is_inner
from crawler.unit import Unit, unit_of
from store.history import PAGES_REFUSED
from store.words.hosts import host_of
from store.words.purposes import local_day
from store.words.records import CaptureKind

logger = logging.getLogger(__name__)


class Downloader(downloader.Downloader):
    """Scrapy's, but a request counts as being made from when its task is made: where there is no delay, Scrapy 2.19 takes requests
    from its queue until the first task has run, however few may be made at once."""

    def _wait_for_download(self, slot: downloader.Slot, request: Request, queue_dfd: Deferred[Response]) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)


class Offsite:
    """Refuses addresses of hosts that the source does not name; redirects come through here too."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Offsite:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        unit = unit_of(self.crawler)
        if refusal := self.refusal(request.url, unit):
            unit.count("offsite refusals")
            unit.hosts_refused[host_of(request.url)] += 1
            raise IgnoreRequest(refusal)

    @staticmethod
    def refusal(url: str, unit: Unit) -> str:
        if not url.lower().startswith(("http://", "https://")):
            return "not a web address"
        if not unit.source.owns(url):
            return f"{host_of(url)} is no host of this source"
        if not unit.source.testing and is_inner(host_of(url)):
            return f"{host_of(url)} is this machine or its own network"
        return ""


class Resolver(connection.Resolver):
    """Names are looked up here and nowhere else, and the connection goes to the very address that was checked.

    A check of its own before the request would leave a gap: a second look-up may answer otherwise, and a server of names can be made
    to. Numbers in an address come through here too. What was looked up earlier is checked each time.
    """

    process: Any = None

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Resolver:
        resolver: Resolver = super().from_crawler(crawler, reactor)
        resolver.process = crawler  # Scrapy gives its process here, which knows its one crawler
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        unit = unit_of(next(iter(self.process.crawlers)))
        if not unit.source.testing and is_inner(address):
            unit.inner[name.lower()] = address
            raise DNSLookupError(f"{name} leads to {address}, an address of this machine or its own network")
        return address

    def found(self, name: str, addresses: tuple[str, ...]) -> None:
        unit_of(next(iter(self.process.crawlers))).answers[name.lower()] = addresses


class Inner:
    """What the resolver refused is refused for good: Scrapy would take it for a name that could not be found, and try again."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Inner:
        return cls(crawler)

    def process_exception(self, request: Request, exception: Exception) -> None:
        unit, name = unit_of(self.crawler), urlparse_cached(request).hostname or ""
        if isinstance(exception, CannotResolveHostError) and name in unit.inner:
            unit.count("inner address refusals")
            raise IgnoreRequest(f"{name} leads to {unit.inner[name]}") from exception


class Robots(RobotsTxtMiddleware):
    """robots.txt, fetched once a host under a lock, kept as a capture, and believed when it cannot be had.

    Scrapy 2.16-2.19 lets concurrent first requests share one Deferred of which only the first gets the rules; the others get None,
    which means allowed: four of six forbidden pages were fetched (measured, November 2026). Here each waits for the rules.
    Where robots.txt cannot be reached (a server's error, no answer) everything is refused, as RFC 9309 § 2.3.1.4 says.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._rules: dict[str, RobotParser] = {}
        self._unreachable: set[str] = set()

    async def robot_parser(self, request: Request) -> RobotParser:
        url = urlparse_cached(request)
        async with self._locks[url.netloc]:
            if url.netloc not in self._rules:
                self._rules[url.netloc] = await self._fetch(f"{url.scheme}://{url.netloc}/robots.txt")
        return self._rules[url.netloc]

    async def _fetch(self, address: str) -> RobotParser:
        unit = unit_of(self.crawler)
        meta = {"dont_obey_robotstxt": True, "kind": CaptureKind.robots}
        request = Request(address, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
        try:
            response: Response = await self.crawler.engine.download_async(request)
            unreachable = response.status >= 500 or response.status == 429
            body = b"User-agent: *\nDisallow: /" if unreachable else response.body if response.status < 300 else b""
        except IgnoreRequest:
            body, unreachable = b"User-agent: *\nDisallow: /", True
        except Exception as error:  # any failure of the network or of the server: what cannot be asked is not allowed
            logger.warning("robots.txt could not be fetched: %s: %s", address, error)
            body, unreachable = b"User-agent: *\nDisallow: /", True
        if unreachable:
            unit.count("robots.txt unreachable")
            self._unreachable.add(urlparse_cached(request).netloc)
        rules = ProtegoRobotParser.from_crawler(self.crawler, body)
        self._slow_down(request, rules)
        return rules

    def _slow_down(self, request: Request, rules: RobotParser) -> None:
        """Crawl-delay, which Scrapy reads and leaves: the least delay of the host's slot, without jitter below it."""
        asked = rules.crawl_delay(self._default_useragent)
        if not asked:
            return
        unit = unit_of(self.crawler)
        downloader: Any = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        floor = max(asked, unit.source.delay)
        unit.floors[key] = floor
        downloader.per_slot_settings[key] = {"concurrency": 1, "delay": floor, "jitter": 0.0}
        if slot := downloader.slots.get(key):
            slot.concurrency, slot.delay, slot.jitter = 1, max(slot.delay, floor), 0.0

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        unit = unit_of(self.crawler)
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest:
            # an officer may decide otherwise than robots.txt says, but not for a site that could not be asked
            override = unit.source.robots
            stands = override is not None and not override.over(local_day(datetime.now(UTC)))  # a crawl may outlast it
            if stands and urlparse_cached(request).netloc not in self._unreachable:
                unit.count("robots overridden")
                return
            unit.count("robots refusals")
            if request.meta.get("kind") is CaptureKind.page:
                unit.count(PAGES_REFUSED)
            raise


class Throttle(AutoThrottle):
    """AutoThrottle, which steers by latency, but never below what robots.txt asks for."""

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        super()._response_downloaded(response, request, spider)
        key, slot = self._get_slot(request, spider)
        if key is not None and slot is not None:
            slot.delay = max(slot.delay, unit_of(self.crawler).floors.get(key, 0.0))
