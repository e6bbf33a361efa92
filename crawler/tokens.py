"""Access to an API by OAuth client credentials (RFC 6749 § 4.4), and the number of requests that it grants in a day.

The id and the secret come from the environment, the token lives in memory: the exchange is not archived, the token is replaced by
its marker where a request is, and no log line holds either. The quota is counted over the store's captures of the last 24 hours, and
the requests that had no answer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import quote, urlencode, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.archive import NOT_ARCHIVED
from crawler.source import Source
from crawler.unit import Unit, unit_of
from crawler.walls import halt
from store.captures import UNANSWERED
from store.secrets import redact_url
from store.words.hosts import host_of
from store.words.records import CaptureKind

DAY = timedelta(days=1)
MARGIN = 60.0  # seconds before its end at which a token is no longer used
SHORTEST = 30.0  # a token that lives for less is used for so long, or each request would fetch one


def missing(source: Source) -> str:
    """Which environment variables a source's token wants and has not, as a sentence; "" where there is nothing to want."""
    names = [name for name in (source.token.id_from, source.token.secret_from) if not os.environ.get(name)] if source.token else []
    return f"source {source.name} needs the environment to hold {' and '.join(names)}, the API's client id and secret" if names else ""


class Tokens:
    """Puts the token at each request for a page, fetches it when it is wanted, and once more where the API says that it has expired."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.token, self.until = "", 0.0
        self._lock = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Tokens:
        return cls(crawler)

    @property
    def unit(self) -> Unit:
        return unit_of(self.crawler)

    def _wanted(self, request: Request) -> bool:
        """Only where the YAML says that the API is: a redirect or a `next` link to another host, or out of TLS, would carry the token off."""
        source = self.unit.source
        return (
            source.token is not None
            and request.meta.get("kind") is CaptureKind.page
            and _origin(request.url) in {_origin(url) for url in (source.token.url, *source.start)}
        )

    async def process_request(self, request: Request) -> None:
        if self._wanted(request):
            request.meta["token"] = token = await self._valid(request.meta.get("expired", ""))
            request.headers["Authorization"] = f"Bearer {token}"

    async def process_response(self, request: Request, response: Response) -> Response | Request:
        if response.status != 401 or not self._wanted(request) or "expired" in request.meta:
            return response
        self.unit.count("tokens expired")
        again = request.replace(dont_filter=True)
        again.meta["expired"] = request.meta["token"]
        return again

    async def _valid(self, expired: str) -> str:
        """A token that is not the one which the API has refused. Several requests that wait for it get the same."""
        async with self._lock:
            if not self.token or self.token == expired or monotonic() >= self.until:
                await self._fetch()
        return self.token

    async def _fetch(self) -> None:
        rules = self.unit.source.token
        assert rules is not None
        pair = ":".join(quote(os.environ.get(name, ""), safe="") for name in (rules.id_from, rules.secret_from))
        form = {"grant_type": "client_credentials", **({"scope": rules.scope} if rules.scope else {})}
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        meta = {NOT_ARCHIVED: True, "kind": None, "dont_retry": False}
        request = Request(
            rules.url, method="POST", headers=headers, body=urlencode(form), meta=meta, callback=NO_CALLBACK, dont_filter=True, priority=100
        )
        where = redact_url(rules.url)
        try:
            response = await self.crawler.engine.download_async(request)
        except IgnoreRequest:
            raise
        except Exception as error:  # any failure of the network: named by its kind, since its words could hold what was sent
            self._refused(f"{where} could not be asked for a token ({type(error).__name__})")
            return
        try:
            said = json.loads(response.body) if response.status == 200 else {}
        except ValueError:
            said = {}
        token, lives = (said.get("access_token"), said.get("expires_in")) if isinstance(said, dict) else (None, None)
        if not isinstance(token, str) or not token or not token.isprintable():
            self._refused(f"{where} gave no token (HTTP {response.status}): are {rules.id_from} and {rules.secret_from} right?")
            return
        self.token = token
        self.until = monotonic() + max(SHORTEST, (float(lives) if isinstance(lives, (int, float)) else 3600.0) - MARGIN)
        self.unit.count("tokens fetched")

    def _refused(self, why: str) -> None:
        halt(self.crawler, f"stopped because the API gave no access: {why}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url.lower())
    return parts.scheme, host_of(url)


COUNTED = "requests of the quota"


class Quota:
    """Next to the wire, where only what is really asked for comes through: stops before the day's requests are more than granted."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.used: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Quota:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        unit = unit_of(self.crawler)
        quota = unit.source.quota
        if quota is None or request.meta.get("kind") is not CaptureKind.page:
            return
        if self.used is None:
            self.used = unit.asked_before + unit.store.requests_since(unit.source.name, datetime.now(UTC) - DAY)
        if self.used >= quota:
            halt(
                self.crawler,
                f"stopped at the quota of requests: {self.used} page requests in the last 24 hours, of {quota} that its YAML grants (`quota`)",
            )
        self.used += 1
        unit.count(COUNTED)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """What was asked for and not answered leaves no capture, and counts none the less."""
        if request.meta.get("kind") is CaptureKind.page and not isinstance(exception, IgnoreRequest):
            unit_of(self.crawler).count(UNANSWERED)
