"""One page, now: by the same path as a crawl (robots.txt, walls, inner addresses, archive, log), read where it is a listing, and pictured.

A page of a source that has a YAML is read as that source reads it, so that its listing is the same listing; where the source is not
rendered the page is asked for once more, in the browser, for its picture. Any other page belongs to the source `captured`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawler import run as crawl
from crawler.patterns import met
from crawler.source import Expect, Kind, Source, find_sources
from crawler.spider import SourceSpider
from store.config import Home
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import SYSTEM, Store
from store.words.records import CaptureKind, Operation

CAPTURED = "captured"


def source_of(home: Home, url: str, kind: Kind) -> Source:
    """The source that owns an address, or one made for it. Raises TouchstoneError for what is no web address."""
    if not re.match(r"https?://[^/\s]+", url):
        raise TouchstoneError(f"'{url}' is not a web address: it must begin with http:// or https://")
    owners = [source for source in find_sources(home) if source.owns(url)]
    if owners:  # several may share a host: the one whose listings are at such addresses
        return next((each for each in owners if each.ref and met(each.ref, url, if_slow=False)), owners[0])
    from crawler.browser import find_chromium

    parts = urlsplit(url)
    made = Source(
        parts.hostname or "",
        kind,
        f"{parts.scheme}://{parts.netloc}/",
        "schema_org",
        start=(url,),
        legal="One page, captured by the person whom its run names.",
        expect=Expect(1),
        render=find_chromium() is not None,
    )
    object.__setattr__(made, "name", CAPTURED)
    return made


def run(
    store: Store,
    home: Home,
    url: str,
    *,
    operation: Operation | None = None,
    kind: Kind = Kind.marketplace,
    reason: str = "",
    actor: str = SYSTEM,
) -> PassResult:
    """Capture one page. Raises TouchstoneError for what is no web address."""
    source = source_of(home, url, kind)
    why = crawl.Why(operation.reference, store.keep_operation(operation), reason) if operation else crawl.Why(reason=reason)
    [result] = crawl.crawl_units(home.folder, [source.name], replace(why, once=url, kind=str(kind)), actor, resume=False)
    return result


class _OnePage(SourceSpider):
    """Asks for the one page and its pictures, and follows nothing."""

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        from crawler.browser import find_chromium, settings_for

        if find_chromium() and not cls.source.render:
            settings.setdict(settings_for(cls.source), priority="spider")

    async def start(self) -> AsyncIterator[Request]:
        from crawler.browser import find_chromium

        [url] = self.source.start
        yield self._rendered(url, self.read) if self.source.render else self.ask(url)
        if not self.source.render and find_chromium():
            yield self._rendered(url, self.keep)

    def _rendered(self, url: str, callback: Any) -> Request:
        from crawler.browser import meta_for

        meta = {"kind": CaptureKind.page, **meta_for(self.source, self.unit, screenshot=True)}
        return Request(url, callback=callback, errback=self.failed, meta=meta, dont_filter=True, priority=-2)

    def keep(self, response: Response) -> None:
        """What a browser makes of a page that is read without one is kept and not read: it would look like an edit by the seller."""
        self._capture(response)

    def links(self, *_: Any) -> Iterator[Request]:
        yield from ()

    def further(self, *_: Any) -> Iterator[Request]:
        yield from ()


def spider_of_page(source: Source) -> type[SourceSpider]:
    return type(source.name, (_OnePage,), {"name": source.name, "source": source})
