"""Walls: where a site asks for a log-in, sets a CAPTCHA or refuses us, the answer is kept, nothing more is asked, and the run says so.

What a wall looks like is stated in configs/walls.yml. 401 stops at once, since nobody answers it but to ask for a log-in. 403 stops at
once where no page has been answered yet: the site refuses us at its door. Later it takes several in a row, since one is often a listing
that was taken down. A picture's own 401 or 403 is no wall: picture servers say so of pictures that are gone. 429 is waited out once where
the site names a short time; a second one, or none named, stops.
"""

from __future__ import annotations

import asyncio
import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.utils.asyncio import call_later

from crawler.unit import Unit, unit_of
from store.config import Home, load
from store.secrets import redact_url
from store.words.hosts import host_of
from store.words.records import CaptureKind


class Wall(enum.StrEnum):
    """What stopped us; the value is how its sentence begins."""

    log_in = "stopped at a log-in wall"
    captcha = "stopped at a CAPTCHA or browser check"
    refused = "stopped where the site refuses us"
    too_often = "stopped because the site asks for fewer requests"


WE_DO_NOT = {
    Wall.log_in: "Touchstone does not log in",
    Wall.captcha: "Touchstone solves none",
    Wall.refused: "Touchstone goes round no barrier",
    Wall.too_often: "Touchstone does not insist",
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """The marks of one challenge page; all that are stated must be met. Body marks are sought in lower case, as they stand in the markup."""

    says: str
    header: str | None = None
    body: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()  # any, where none is stated

    def __post_init__(self) -> None:
        if not self.header and not self.body:
            raise ValueError("a challenge needs `header:` or `body:`, or every page would be one")
        if self.body and not self.statuses:
            raise ValueError("`body:` needs `statuses:`: words alone, on any page, are no challenge")
        if any(mark != mark.lower() or len(mark) < 6 for mark in self.body):
            raise ValueError("marks of a body are in lower case and of at least 6 characters")

    def met(self, status: int, headers: Mapping[str, str], body: str) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        if self.header:
            name, _, value = self.header.lower().partition(":")
            if value.strip() not in headers.get(name.strip(), "\0"):
                return False
        return all(mark in body for mark in self.body)


@dataclass(frozen=True, slots=True)
class Facts:
    """What configs/walls.yml states."""

    challenges: tuple[Challenge, ...]
    log_in_paths: tuple[str, ...]
    log_in_hosts: tuple[str, ...]
    captcha_paths: tuple[str, ...]
    route_keys: tuple[str, ...] = ()
    refusals_in_a_row: int = 3
    wait_at_most: int = 60
    largest_challenge: int = 60_000

    def __post_init__(self) -> None:
        if self.refusals_in_a_row < 1 or not 0 <= self.wait_at_most <= 3600:
            raise ValueError("refusals_in_a_row is at least 1, wait_at_most between 0 and 3600 seconds")

    def door(self, url: str) -> Wall | None:
        """Whether an address is a log-in page or a CAPTCHA's, by whole segments of its path: `/item/login-shirt` is neither."""
        parts = urlsplit(url.lower())
        routes = [value for key, value in parse_qsl(parts.query) if key in self.route_keys]
        segments = {each.partition(".")[0] for path in (parts.path, *routes) for each in path.split("/") if each}
        if segments & set(self.captcha_paths):
            return Wall.captcha
        if segments & set(self.log_in_paths) or (parts.hostname or "").partition(".")[0] in self.log_in_hosts:
            return Wall.log_in
        return None

    def challenge(self, response: Response) -> str:
        """What kind of challenge an answer is; "" where it is none."""
        headers = {name.decode("latin-1").lower(): b",".join(values).decode("latin-1").lower() for name, values in response.headers.items()}
        looked_at = isinstance(response, TextResponse) and len(response.body) <= self.largest_challenge
        body = response.body.decode("latin-1").lower() if looked_at else ""
        return next((each.says for each in self.challenges if each.met(response.status, headers, body)), "")


def read_facts(home: Home) -> Facts:
    """The working folder's walls.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("walls.yml"), Facts)


def stop(crawler: Crawler, wall: Wall, what: str) -> NoReturn:
    """End the crawl at a wall."""
    unit = unit_of(crawler)
    if not unit.wall:
        unit.count("walls")
        unit.count(f"wall: {wall.name}")
    halt(crawler, f"{wall}: {what}; {WE_DO_NOT[wall]}")


def halt(crawler: Crawler, sentence: str) -> NoReturn:
    """End the crawl here: what waits in the downloader's queues is not sent any more; what is on its way is kept when it comes."""
    unit = unit_of(crawler)
    if not unit.wall:
        unit.wall = sentence
        for slot in crawler.engine.downloader.slots.values():
            while slot.queue:
                slot.queue.popleft()[1].errback(IgnoreRequest(unit.wall))
        unit.stopping = asyncio.ensure_future(crawler.engine.close_spider_async(reason="wall"))
    raise IgnoreRequest(unit.wall)


class _Middleware:
    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        return cls(crawler)

    @property
    def unit(self) -> Unit:
        return unit_of(self.crawler)

    def process_request(self, request: Request) -> None:
        if self.unit.wall:
            raise IgnoreRequest(self.unit.wall)


class Doors(_Middleware):
    """Does not follow a redirect to a log-in page or a CAPTCHA; by status or by <meta>, both come through here before they are asked for."""

    def process_request(self, request: Request) -> None:
        super().process_request(request)
        hops: list[str] = request.meta.get("redirect_urls", [])
        kind = request.meta.get("kind", CaptureKind.page)
        if not hops or kind is CaptureKind.robots or self.unit.facts.door(hops[0]) or not (wall := self.unit.facts.door(request.url)):
            return
        if kind is CaptureKind.image:
            self.unit.count("pictures behind a log-in")
            raise IgnoreRequest("a picture's address leads to a log-in page")
        stop(self.crawler, wall, f"{redact_url(hops[-1])} sends us on to {redact_url(request.url)}")


class Walls(_Middleware):
    """Recognises a wall in an answer."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.refused = Counter[str]()  # host → pages in a row that it refused with 403
        self.answered = False
        self.paused_at = 0.0

    def process_response(self, request: Request, response: Response) -> Response | Request:
        where = redact_url(request.url)
        if says := self.unit.facts.challenge(response):
            stop(self.crawler, Wall.captcha, f"{where} answered {response.status} with {says}")
        if response.status == 429:
            return self._asked_to_wait(request, response, where)
        if request.meta.get("kind") is CaptureKind.page:
            self._refusal(request, response, where)
        return response

    def _refusal(self, request: Request, response: Response, where: str) -> None:
        host = host_of(request.url)
        if response.status == 401:
            stop(self.crawler, Wall.log_in, f"{where} answered 401")
        if response.status == 403:
            self.refused[host] += 1
            if not self.answered:
                stop(self.crawler, Wall.refused, f"{where} answered 403 before any page was shown")
            if self.refused[host] >= self.unit.facts.refusals_in_a_row:
                stop(self.crawler, Wall.refused, f"{self.refused[host]} pages in a row answered 403, the last {where}")
        elif response.status < 400:
            # a browser follows redirects by itself: where it arrived tells
            if response.url != request.url and not self.unit.facts.door(request.url) and (wall := self.unit.facts.door(response.url)):
                stop(self.crawler, wall, f"{where} sends us on to {redact_url(response.url)}")
            self.refused[host], self.answered = 0, True

    def _asked_to_wait(self, request: Request, response: Response, where: str) -> Request:
        """Wait as long as the site says, once a crawl. Several requests that were on their way at that time are one occasion."""
        seconds = retry_after(response)
        sent = time() - float(request.meta.get("download_latency") or 0.0)
        if self.paused_at and sent > self.paused_at:
            stop(self.crawler, Wall.too_often, f"{where} answered 429 again after we had waited")
        if seconds is None:
            stop(self.crawler, Wall.too_often, f"{where} answered 429 and named no time to wait")
        longest = self.unit.facts.wait_at_most
        if seconds > longest:
            stop(self.crawler, Wall.too_often, f"{where} answered 429 and asked us to wait {seconds:.0f} s, more than {longest} s")
        if self.unit.wall:
            raise IgnoreRequest(self.unit.wall)
        if not self.paused_at:
            self.paused_at = time()
            self.unit.count("waits that the site asked for")
        self._pause(request, max(seconds, 1.0))
        return self._again(request)

    def _pause(self, request: Request, seconds: float) -> None:
        """Hold the queue of this host; Scrapy does the same, for shorter, between two requests."""
        downloader = self.crawler.engine.downloader
        slot = downloader.slots[downloader.get_slot_key(request)]
        if slot.latercall:
            slot.latercall.cancel()
        slot.latercall = call_later(seconds, downloader._latercall, slot)

    def _again(self, request: Request) -> Request:
        again = request.replace(dont_filter=True)
        if "recorder" in again.meta:
            from crawler.browser import meta_for  # what the browser heard belongs to the answer that was kept

            pictured, grows = again.meta["recorder"].shot is not None, again.meta.get("unrolled", False)
            again.meta.update(meta_for(self.unit.source, self.unit, screenshot=pictured, unrolled=grows))
        return again


def retry_after(response: Response) -> float | None:
    """Seconds that an answer asks us to wait, stated as a number or as a date; None where it states neither."""
    said = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if said.isdecimal():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
