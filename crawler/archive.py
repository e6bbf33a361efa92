"""The WARC middleware, next to the wire: each answer is kept before anything reads it, and a resumed crawl is answered from what it kept.

At 950 it is the last to see a request and the first to see an answer, so that the body is as it came: content-encoded, undecoded.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.connection import connection_of
from crawler.pages import decoded_digest, response_of
from crawler.unit import Unit, unit_of
from store.secrets import redact_url
from store.words.records import Capture, CaptureKind

KEPT = "kept"  # the flag of an answer that comes out of the archive
FRESH = "fresh"  # the meta key of a request that is not answered from what is kept
AGAIN = "again"  # the meta key of a look at a list page that is kept: what that brought, and the request that waits for this
REQUESTS = {
    CaptureKind.page: "page requests",
    CaptureKind.rendered: "page requests",
    CaptureKind.image: "picture requests",
    CaptureKind.robots: "robots.txt requests",
}
NOT_ARCHIVED = "not_archived"  # the meta key of a request whose answer is a secret, such as a token exchange


class ArchiveMiddleware:
    """Keeps what the network answered; answers from this run's own kept captures first."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._stopping: asyncio.Future[None] | None = None
        crawler.signals.connect(self._headers_received, signal=signals.headers_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveMiddleware:
        return cls(crawler)

    @property
    def unit(self) -> Unit:
        return unit_of(self.crawler)

    def process_request(self, request: Request) -> Response | None:
        request.meta["asked_at"] = time()
        request.meta.pop("capture", None)  # that of an earlier hop
        return self._kept_answer(request)

    async def process_response(self, request: Request, response: Response) -> Response:
        if not request.meta.get(NOT_ARCHIVED):  # what is answered from kept was asked for by this run, too
            self.unit.count(REQUESTS.get(self._kind(request, "playwright" in response.flags), "other requests"))
        if KEPT in response.flags or "cached" in response.flags:
            return response  # archived already, or not fresh: it must not stand in the archive as an answer of now
        if request.meta.get(NOT_ARCHIVED):
            self.unit.count("not archived")
            return response  # without a capture nothing can be read from it
        try:
            request.meta["capture"] = await self._keep(request, response)
        except Exception as error:  # what cannot be kept must not be read: the run is void
            self.unit.broken = f"an answer could not be kept: {error}"
            self._stopping = asyncio.ensure_future(self.crawler.stop_async())
            raise
        return response

    async def _keep(self, request: Request, response: Response) -> Capture:
        ended = datetime.now(UTC)
        rendered = "playwright" in response.flags
        latency = float(request.meta.get("download_latency") or 0.0)
        arrived = request.meta.get("headers_at")
        started = (
            datetime.fromtimestamp(arrived, UTC) - timedelta(seconds=latency)
            if arrived and not rendered
            else ended - timedelta(seconds=latency)
        )
        hops: list[str] = list(request.meta.get("redirect_urls", []))
        asked = hops[0] if hops else request.url
        connection = connection_of(request, response)
        capture = Capture(
            None,
            self.unit.run.id,
            self.unit.source.name,
            self._kind(request, rendered),
            request.method,
            asked,
            response.url,
            tuple(hops[1:]),
            response.status,
            pairs(request.headers),
            pairs(response.headers),
            "",
            0,
            min(started, ended),
            ended,
            server_ip=str(response.ip_address) if response.ip_address else None,
            http_version=connection.http_version,
            dns_answer=() if rendered else self.unit.answers.get((urlparse_cached(request).hostname or "").lower(), ()),
            certificate=connection.certificate,
            certificate_chain=connection.certificate_chain,
        )
        if rendered:
            from crawler.browser import network_of  # Playwright takes a while to import: only where a page was rendered

            parts = network_of(request, self.unit)
            self.unit.count("browser requests", sum(part.kind is CaptureKind.network for part, _ in parts))
            return await self.unit.keeper.keep_rendered(_as_rendered(capture, response), response.body, parts)
        capture = replace(capture, decoded_digest=decoded_digest(capture, response.body))
        return await self.unit.keeper.keep(capture, response.body, request.body or None)

    def _kind(self, request: Request, rendered: bool) -> CaptureKind:
        return CaptureKind.rendered if rendered else CaptureKind(request.meta.get("kind", CaptureKind.page))

    def _kept_answer(self, request: Request) -> Response | None:
        if (capture := kept_answer(self.unit, request)) is None or capture.id is None:
            return None
        request.meta["capture"] = capture
        self.unit.count("answered from kept")
        return response_of(capture, self.unit.reader.payload(capture.id), flags=[KEPT])

    def _headers_received(self, headers: Headers, body_length: int, request: Request, spider: Any) -> None:
        request.meta["headers_at"] = time()


def kept_answer(unit: Unit, request: Request) -> Capture | None:
    """A resumed run's own answer to that request. An address that held a secret may stand for several: it is asked for again."""
    if not unit.resumed or request.meta.get(FRESH) or request.meta.get(NOT_ARCHIVED):
        return None
    hops = request.meta.get("redirect_urls", [])
    asked = hops[0] if hops else request.url
    if redact_url(asked) != asked or redact_url(request.url) != request.url:
        return None
    body = sha256(request.body).hexdigest() if request.body else ""
    after = request.meta.get("begun") or 0  # a page of a list kept before the list was begun anew is of the list as it was
    capture = unit.reader.answer(unit.run.id, request.method, asked, body, after=after)
    if capture is None or capture.id is None:
        return None
    if (hops or capture.status >= 300) and capture.url_final != request.url:
        return None  # another hop of the same chain: go through it again
    if (capture.kind is CaptureKind.rendered) != bool(request.meta.get("playwright")):
        return None
    return capture


def _as_rendered(capture: Capture, response: Response) -> Capture:
    """A document has no headers of a server's: only its type, with the charset that its text was written down in."""
    encoding = getattr(response, "encoding", "utf-8")
    return replace(capture, response_headers=(("Content-Type", f"text/html; charset={encoding}"),))


def pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Headers as text, in order, each value its own: UTF-8 where it is, else Latin-1, which HTTP once was."""
    return tuple((_text(name), _text(value)) for name, values in headers.items() for value in values)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
