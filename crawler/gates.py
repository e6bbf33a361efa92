"""What a unit is sent for, and the gates that it passes before its first request and at each: purpose, authorisation, views, override.

The rules themselves are store.words.purposes; here they are applied where the requests are made, so that no command goes round them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawler.source import Kind, Source
from store.config import ViewLimit
from store.errors import TouchstoneError
from store.operations import TooManyViews
from store.secrets import redact_url
from store.words.purposes import not_live, plain_path, refusal, searches
from store.words.records import Actor, CaptureKind, Operation, Purpose

if TYPE_CHECKING:
    from crawler.unit import Unit


@dataclass(frozen=True, slots=True)
class Errand:
    """Why a unit goes: an operation (none is a sweep of the source as it stands), or one page; and the reason where one was asked for."""

    operation: Operation | None = None
    once: str = ""  # the one page that is captured
    reason: str = ""
    shown: tuple[str, ...] = ()  # the listings' pages of which screenshots are due; nothing else is asked for

    @property
    def purpose(self) -> Purpose:
        if self.operation:
            return self.operation.purpose
        return Purpose.capture_once if self.once else Purpose.market_sweep

    def of(self, source: Source) -> Source:
        """The source as this errand begins it. Raises TouchstoneError where the operation has nothing to ask of it."""
        if self.once:
            return source.starting_at([self.once])
        if self.shown:
            return source.starting_at(self.shown).rendered()
        if self.operation is None:
            return source
        if self.operation.purpose is Purpose.subject_watch:
            own = [url for url in self.operation.subjects if source.owns(url)]
            if not own:
                raise TouchstoneError(f"operation {self.operation.reference} names no subject on {source.name}")
            return source.starting_at(own)
        return source.starting_at(searches(source.search, self.operation)) if source.search else source

    @property
    def expects(self) -> bool:
        """Whether it should bring what the source's YAML expects: not where it asks for a part of the source only."""
        return self.sweeps and self.operation is None

    @property
    def sweeps(self) -> bool:
        """Whether what it brings can be held against what the same errand brought before."""
        return not self.once and not self.shown


def barred(unit: Unit) -> str:
    """Why this unit may not make its first request, as a sentence; "" where it may. Counts views and logs an override on the way."""
    errand, now = unit.errand, datetime.now(UTC)
    if errand.operation and (why := refusal(errand.operation, now)):
        return why
    if errand.purpose is Purpose.market_sweep:
        if errand.operation and unit.source.search and _asks_for_sellers(unit.source.search, unit.home.settings.views):
            return (
                f"source {unit.source.name}: search: {{term}} stands where a seller's name goes, and a sweep is keyed by brand, term and area, "
                "never by a seller"
            )
        if theirs := _sellers(unit, unit.source.start):
            return (
                f"{redact_url(theirs[0])} is a seller's own page, and a sweep is keyed by brand, term and area, never by a seller: "
                "a watch on a subject needs `purpose: subject_watch` and its authorisation"
            )
    else:
        try:
            _count_views(unit)
        except TooManyViews as error:
            return str(error)
    if override := unit.source.robots:
        unit.store.keep_actor(Actor(override.override_by, unit.run.authority, override.override_by, "officer"))
        unit.store.log_override(unit.run.id, actor=unit.run.actor, by=override.override_by, basis=override.basis, until=override.until)
    return ""


def _sellers(unit: Unit, urls: tuple[str, ...]) -> list[str]:
    """Which of these addresses are a person's own pages: by the source's patterns, or as an account that the store knows.

    A shop that is a source of its own is swept as the shop it is: its front page is not looked up.
    """
    shop = unit.source.kind is Kind.shop
    known = unit.reader.sellers_known(urls=[url for url in urls if not shop or urlsplit(url).path.strip("/")])
    return [url for url in urls if unit.source.is_sellers(url) or url in known]


def _asks_for_sellers(search: str, limit: ViewLimit) -> bool:
    """Whether a search's words would be an account's name: `?seller={term}`, `/user/{term}`."""
    parts = urlsplit(search)
    keys = [key for key, value in parse_qsl(parts.query) if "{term}" in value]
    before = [one for one, then in pairwise(parts.path.split("/")) if "{term}" in then]
    return any(re.sub(r"[_-]?(id|name)$", "", each.lower()) in limit.seller_paths for each in (*keys, *before))


def _count_views(unit: Unit) -> None:
    errand = unit.errand
    watched = errand.purpose is Purpose.subject_watch and not errand.shown  # a flagged listing's page is no page of the subject's
    for url in unit.source.start:
        if page := _persons(unit, url) or (url if watched else ""):
            _count_view(unit, page)


def _persons(unit: Unit, url: str) -> str:
    """The address under which a look at a person's page is counted, "" where it is none; without the query where the path tells already."""
    bare = urlsplit(url)._replace(query="", fragment="").geturl()
    return next((each for each in (bare, url) if _sellers(unit, (each,)) or _looks_personal(unit, each, unit.home.settings.views)), "")


def _count_view(unit: Unit, url: str) -> None:
    errand, limit = unit.errand, unit.home.settings.views
    unit.store.keep_view(
        url,
        actor=unit.run.actor,
        purpose=errand.purpose,
        operation=unit.run.operation,
        run=unit.run.id,
        reason=errand.reason,
        authorised=errand.operation is not None and errand.operation.authorisation is not None,
        days=limit.days,
        threshold=limit.threshold,
    )


def too_often(unit: Unit, url: str) -> str:
    """Why a page that another leads to may not be looked at, where it is a person's own; "" where it may, and then it is counted."""
    if unit.errand.purpose is Purpose.market_sweep or not (page := _persons(unit, url)):
        return ""
    try:
        _count_view(unit, page)
    except TooManyViews as error:
        return str(error)
    return ""


def _looks_personal(unit: Unit, url: str, limit: ViewLimit) -> bool:
    """By the path alone, where nobody has stated what a seller's page looks like here: `/user/NAME`, `/@NAME`."""
    if unit.source.seller_pages:
        return False
    segments = [each for each in plain_path(urlsplit(url).path).lower().split("/") if each]
    return any(each in limit.seller_paths for each in segments[:-1]) or any(re.fullmatch(r"@[\w.-]+", each) for each in segments)


class Purposes:
    """Refuses, request by request, what the errand's purpose does not cover."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Purposes:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        from crawler.unit import unit_of
        from crawler.walls import halt

        unit = unit_of(self.crawler)
        operation = unit.errand.operation
        if operation and operation.authorisation and (why := not_live(operation.authorisation, datetime.now(UTC))):
            halt(self.crawler, f"stopped: {why}")
        if request.meta.get("kind", CaptureKind.page) is not CaptureKind.page:
            return
        if unit.errand.purpose is Purpose.market_sweep and unit.source.is_sellers(request.url):
            unit.count("seller page refusals")
            raise IgnoreRequest("a sweep goes to no seller's own page")
        if unit.errand.once and Request(unit.errand.once).url not in (request.url, *request.meta.get("redirect_urls", [])):
            unit.count("further pages not asked for")
            raise IgnoreRequest("one page was asked for")
        if why := too_often(unit, request.url):  # also of what was taken for a listing's page
            halt(self.crawler, f"stopped: {why}")
