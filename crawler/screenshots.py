"""The pass `screenshot`: the pages of flagged listings, each rendered and pictured once for each of its versions.

The page is asked for as the crawl asks (robots.txt, delay, own hosts, one unit a host), kept as a document with its network answers,
and not read: what a browser makes of a page that the crawl reads without one is no edit by the seller. A page that answers 404 is
pictured as it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawler import run as crawl
from crawler.source import Source, find_sources
from crawler.spider import SourceSpider
from store.config import Home
from store.runs import PassResult
from store.secrets import MARKER, URL_MARKER
from store.store import SYSTEM, Store
from store.words.records import CaptureKind, Level, Operation, Outcome

AT_MOST = 50  # of one source in one pass: the others have their turn in the next
LEVELS = (Level.note, Level.review, Level.priority)


def run(
    store: Store,
    home: Home,
    *,
    sources: Iterable[str] | None = None,
    operation: Operation | None = None,
    actor: str = SYSTEM,
    stopping: threading.Event | None = None,
    progress: crawl.Progress | None = None,
) -> PassResult:
    """Take the screenshots that are due by `screenshot_from`, of an operation under its authority. Without Chromium it says so, and fails nothing."""
    level = home.settings.screenshot_from
    if level not in LEVELS:
        return PassResult(Outcome.good, {}, "", ("screenshots are off: `screenshot_from` in touchstone.yml names no level",))
    of = operation.reference if operation else None
    waiting = {source.name: urls for source in find_sources(home, sources) if (urls := due(store, source, level, actor, of))}
    if not waiting:
        return PassResult(Outcome.good, {}, "", ("no flagged listing waits for a screenshot",))
    from crawler.browser import MISSING, find_chromium

    if find_chromium() is None:
        number = sum(map(len, waiting.values()))
        return PassResult(Outcome.good, {"screenshots not taken": number}, "", (f"no screenshot of {number} flagged listings: {MISSING}",))
    result = crawl.run(
        store, home, sources=waiting, operation=operation, screenshots=str(level), actor=actor, stopping=stopping, progress=progress
    )
    for name, urls in waiting.items():
        store.concern_flagged(name, urls, actor=actor, why="pictured, since it is flagged")
    return result


def due(store: Store, source: Source, level: Level, actor: str, operation: str | None = None) -> tuple[str, ...]:
    """The addresses of which a screenshot is due, highest score first: of what the operation met, or what was met without a watch.

    One that held a secret cannot be asked for again.
    """
    levels = [str(each) for each in LEVELS[LEVELS.index(level) :]]
    with store.acting(actor, purpose="screenshot", justification="which flagged listings have none of their newest version") as reader:
        listings = reader.without_screenshot(source.name, levels, AT_MOST, operation)
    return tuple(dict.fromkeys(each.url for each in listings if MARKER not in each.url and URL_MARKER not in each.url))


class _Screenshots(SourceSpider):
    """Asks for pages, and only keeps them."""

    def ask(self, url: str, **more: Any) -> Request:
        from crawler.browser import meta_for

        meta = {"kind": CaptureKind.page, **meta_for(self.source, self.unit, screenshot=True)}
        return Request(url, callback=self.read, errback=self.failed, meta=meta, **more)

    def read(self, response: Response) -> Any:
        if self._capture(response) is not None:
            self.unit.count("pages")
        return ()


def spider_of_screenshots(source: Source) -> type[SourceSpider]:
    return type(source.name, (_Screenshots,), {"name": source.name, "source": source})
