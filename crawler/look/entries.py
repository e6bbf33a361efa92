"""The keys of a YAML as they are written: each with its comment; the head and the foot that every draft has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crawler.look.css import said
from crawler.look.page import Page
from crawler.look.plan import Plan
from crawler.platforms._page import address
from crawler.source import Kind, Source
from store.words.hosts import host_of
from store.words.money import parse_price


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the YAML: a value, or a list of entries below it; `why` is its comment."""

    key: str
    value: Any
    why: str = ""


class Flow(str):
    """A value that is YAML already, in one line: JSON is."""

    __slots__ = ()


def head(
    plan: Plan,
    source: Source,
    kind: Kind,
    why: str,
    name: str,
    because: str,
    start: Sequence[str] = (),
    begin: Entry | None = None,
) -> list[Entry]:
    title, from_where = site_title(plan, source)
    return [
        Entry("title", title, from_where),
        Entry("kind", str(kind), f"{why}; others: {', '.join(each for each in Kind if each is not kind)}"),
        Entry("url", source.url),
        begin
        or Entry(
            "start",
            tuple(start or source.start),
            "list pages to begin with" if not start or len(start) == 1 else f"{len(start)} sections that the front page leads to",
        ),
        Entry("platform", name, because),
        Entry("legal", "", "FILL IN: on what basis, and on whose decision, are its pages looked at? It does not start without"),
    ]


def foot(plan: Plan, source: Source, number: int, currency: tuple[str, str] | None, wait: str = "") -> list[Entry]:
    entries = [
        Entry(
            "expect",
            {"listings": max(1, number)},
            "as many as stand on the first page; raise it when you know how many a good crawl brings",
        )
    ]
    if currency:
        entries.append(Entry("currency", currency[0], currency[1]))
    if source.render:
        entries += [
            Entry("render", True, "without JavaScript the page is empty, or its list does not go on"),
            *([Entry("wait_for", wait, "a list's card or an item's heading")] if wait else []),
        ]
    if source.testing:
        entries += [Entry("delay", 0), Entry("testing", True, "an address of this machine is meant")]
    else:
        entries.append(Entry("delay", 2, "seconds between two requests; the site's own Crawl-delay goes before"))
    return entries


def site_title(plan: Plan, source: Source) -> tuple[str, str]:
    for page in plan.pages:
        if not page.is_data and (named := page.response.css('meta[property="og:site_name"]::attr(content)').get(default="").strip()):
            return named[:80], "og:site_name"
    for page in plan.pages:
        if named := _front_link(page, source):
            return named, "its link to the front page"
    titles = list(dict.fromkeys(page.title for page in plan.pages if page.title))
    parts = Counter(part.strip() for title in titles for part in re.split(r"\s+[|–—·:»-]\s+", title))
    if len(titles) > 1 and parts and (top := parts.most_common(1)[0])[1] > 1:
        return top[0][:80], "what the pages' titles share"
    return (titles[0][:80], "the page's title") if titles else (host_of(source.url), "its address")


def _front_link(page: Page, source: Source) -> str:
    """The words of a link to the site's front page, unless they are what anybody's would be."""
    for link in [] if page.is_data else page.root.iter("a"):
        named = said(link)
        usual = re.fullmatch(r"\W*(?:home|back|all|shop|start|front page)\W*", named, re.I)
        if 2 < len(named) <= 60 and not usual and address(page.base, link.attrib.get("href", "")).rstrip("/") == source.url.rstrip("/"):
            return named
    return ""


def currency_of(texts: Sequence[str]) -> tuple[str, str] | None:
    """The one currency that all prices seen are in."""
    found = {price.currency for text in texts if text and (price := parse_price(text)) and price.currency}
    return (found.pop(), "of prices that name none; all that were seen are in it") if len(found) == 1 else None
