"""`touchstone source try`: a few pages of a source, crawled by the real path into a store and an archive that are thrown away.

What was read is told field by field; what was missing with the reason: the rule found nothing, found no words, found what is not
understood, or there is no rule. Pictures are not fetched. `python -m crawler.trying` is the process that does it, since a reactor
cannot be started twice; it waits for the working folder's own crawl of that host, so that a site is asked by one of us at a time.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import yaml
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.gates import Errand, barred
from crawler.loader import spider_of
from crawler.pages import decoded, page_of
from crawler.platforms._page import line, words
from crawler.platforms._rules import rule_of
from crawler.processes import run_alone
from crawler.reading import role
from crawler.source import Kind, Source, find_sources
from crawler.spider import SourceSpider
from crawler.tokens import COUNTED, DAY
from crawler.unit import Unit, end_with_parent, locked, spin
from store.captures import UNANSWERED
from store.config import Home, digest, plain
from store.errors import TouchstoneError
from store.secrets import redact_url
from store.store import SYSTEM, Acting, Store
from store.version import code_version
from store.words.hosts import host_of
from store.words.money import format_price
from store.words.records import Capture, CaptureKind, Outcome, Reading, Snapshot

PAGES = 8
FIELDS = ("title", "price", "text", "seller", "place", "images", "brand", "category", "condition", "posted", "quantity")
WORTH_SAYING = ("title", "price", "text", "seller", "place", "images")  # the others are told only where the YAML has a rule for them
_REFUSED = ("robots refusals", "offsite refusals", "inner address refusals", "seller page refusals", "failures", "walls")


def attempt(home: Home, name: str, *, pages: int = PAGES, progress: Callable[[int, int], None] | None = None) -> Mapping[str, Any]:
    """Try a source; nothing of it is kept. What came of it: `pages`, `listings` with what is `missing` and why, `fill`, `refused`, `problem`.

    Raises TouchstoneError where it may not be started.
    """
    [source] = find_sources(home, [name])
    if why := _somebodys(home, source):
        raise TouchstoneError(why)
    said: dict[str, Any] = {}

    def heard(what: dict[str, Any]) -> None:
        said.update(what)
        if progress and "progress" in what:
            progress(what["progress"], pages)

    with tempfile.TemporaryDirectory(prefix="touchstone-try-") as folder:
        _folder_like(home, Path(folder))
        arguments = [folder, str(home.folder.resolve()), name, "--pages", str(pages)]
        with _in_the_quota(home, source, said) as before:
            arguments += ["--asked-before", str(before)]
            run_alone("crawler.trying", arguments, heard, {"TOUCHSTONE_STORE": None, "TOUCHSTONE_HOME": None})
    if "tried" not in said:
        raise TouchstoneError(said.get("error", "trying ended without a word"))
    tried: Mapping[str, Any] = said["tried"]
    return tried


@contextmanager
def _in_the_quota(home: Home, source: Source, said: Mapping[str, Any]) -> Iterator[int]:
    """How many of the day's granted requests are used up by the working folder's own store, to which what is `said` to be asked is added.

    A row of how many they were is all that is kept of a try, and only where a `quota` counts them.
    """
    if source.quota is None:
        yield 0
        return
    with Store.open(home) as store:
        try:
            yield store.requests_since(source.name, datetime.now(UTC) - DAY)
        finally:
            run = store.begin_run(
                "try",
                actor=SYSTEM,
                authority=home.settings.authority.code,
                code_version=code_version(),
                config_digest=digest(home, [f"sources/{source.name}.yml"]),
                source=source.name,
            )
            store.end_run(run.id, Outcome.good, {UNANSWERED: said.get("asked", 0)})


def _folder_like(home: Home, folder: Path) -> None:
    """A working folder with the same configuration and a store of its own."""
    shutil.copytree(home.folder / "configs", folder / "configs", dirs_exist_ok=True)
    settings = dict(plain(home.file("touchstone.yml")))
    settings |= {"store": "sqlite:///var/try.db", "archive": "var/archive", "executor": "inline", "dask_scheduler": None}
    (folder / "configs" / "touchstone.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


class Sample(SourceSpider):
    """The source's own spider, for a few pages: of a list one further list page and then items, and no pictures."""

    most: ClassVar[int] = PAGES
    asked_for = 0

    async def start(self) -> AsyncIterator[Request]:
        async for request in super().start():
            if self._room():
                yield request

    async def read(self, response: Response) -> AsyncIterator[Request]:
        wanted = [request async for request in super().read(response)]
        items = [each for each in wanted if role(self.source, redact_url(each.url)) == "item"]
        others = [each for each in wanted if each not in items]
        for request in [*items[: self.most - 2 if others else self.most], *others[:1], *items[self.most - 2 :]]:
            if self._room():
                yield request

    def entered(self, response: Response) -> Iterator[Request]:
        yield from (request for request in super().entered(response) if self._room())

    def _room(self) -> bool:
        self.asked_for += 1
        return self.asked_for <= self.most

    async def pictures_of(self, reading: Reading, addresses: tuple[str, ...]) -> AsyncIterator[Request]:
        for _ in ():
            yield Request("")


def sample(
    home: Home, real: Home, name: str, pages: int, report: Callable[[Mapping[str, int]], None], asked_before: int = 0
) -> tuple[dict[str, Any], int]:
    """Crawl so many pages into `home`: what was read of them, and how many requests a `quota` counts."""
    from crawler.walls import read_facts

    [source] = find_sources(home, [name])
    if refusal := source.refusal():
        raise TouchstoneError(refusal)
    source = source.obeying()  # an override is logged where it is used, and this log is thrown away
    own = spider_of(source)
    spider = type(name, (Sample, own), {"name": name, "source": source, "most": pages})
    with locked(real, f"host-{host_of(source.url)}", math.inf), Store.open(home) as store:
        run = store.begin_run(
            "try", actor=SYSTEM, authority=home.settings.authority.code, code_version=code_version(), config_digest="0" * 64, source=name
        )
        errand = Errand(reason="trying a source")
        with (
            store.archive.writer(run.id) as writer,
            store.acting(SYSTEM, purpose=str(errand.purpose), justification="trying a source", run=run.id) as reader,
        ):
            unit = Unit(home, store, source, run, writer, reader, errand, False, read_facts(home), report, asked_before=asked_before)
            problem = barred(unit) or (spin(unit, spider) and "") or unit.broken or unit.wall
            store.end_run(run.id, Outcome.good, dict(unit.counts))
            return {**_told(store, reader, source, run.id), "refused": _refusals(unit), "problem": problem}, unit.counts[COUNTED]


def _somebodys(home: Home, source: Source) -> str:
    """Why the working folder's own store forbids it: it knows accounts that the one which is thrown away does not."""
    urls = [url for url in source.start if source.kind is not Kind.shop or urlsplit(url).path.strip("/")]
    with Store.open(home) as store, store.acting(SYSTEM, purpose="trying a source", justification=source.name) as reader:
        known = reader.sellers_known(urls=urls)
    return f"{redact_url(next(iter(known)))} is a seller's own page, and trying a source is a sweep of it" if known else ""


def _refusals(unit: Unit) -> dict[str, Any]:
    counted = {name: unit.counts[name] for name in _REFUSED if unit.counts[name]}
    return {**counted, **({"other hosts": sorted(unit.hosts_refused)} if unit.hosts_refused else {})}


def _told(store: Store, reader: Acting, source: Source, run: str) -> dict[str, Any]:
    unread: dict[int, list[str]] = {}
    for number, reason, detail in reader.unread_in(run):
        unread.setdefault(number, []).append(f"{reason}: {detail}")
    pages, listings = [], []
    for capture in reader.captures_of(run=run, kinds=(CaptureKind.page, CaptureKind.rendered), limit=1000):
        assert capture.id is not None
        readings = reader.readings(capture=capture.id) if capture.status < 400 else []
        pages.append(
            {
                "url": capture.url_final,
                "status": capture.status,
                "what": role(source, capture.url_requested, capture.url_final),
                "listings": len(readings),
                "unread": unread.get(capture.id, []),
            }
        )
        page = _page(reader, capture) if readings else None
        listings += [_listing(reader, source, each, page) for each in readings if page is not None]
    names = [name for name in FIELDS if name in WORTH_SAYING or any(name in each["fields"] for each in listings) or _rules(source, name)]
    fill = {name: [sum(name in each["fields"] for each in listings), len(listings)] for name in names}
    return {"source": source.name, "pages": pages, "listings": listings, "fill": fill}


def _page(reader: Acting, capture: Capture) -> HtmlResponse:
    assert capture.id is not None
    return page_of(capture, decoded(capture, reader.payload(capture.id)))


def _listing(reader: Acting, source: Source, reading: Reading, page: HtmlResponse) -> dict[str, Any]:
    [snapshot] = reader.snapshots([reading.snapshot])
    fields = _fields(snapshot, reading)
    wanted = [name for name in FIELDS if name not in fields and (name in WORTH_SAYING or _rules(source, name))]
    return {"url": page.url, "fields": fields, "missing": {name: _why(source, name, snapshot, page) for name in wanted}}


def _fields(snapshot: Snapshot, reading: Reading) -> dict[str, str]:
    price = format_price(snapshot.price_minor, snapshot.currency) if snapshot.price_minor is not None else ""
    said = reading.details
    every = {
        "title": snapshot.title,
        "price": price,
        "text": snapshot.text,
        "seller": snapshot.seller_name or snapshot.seller,
        "place": snapshot.place,
        "images": f"{len(reading.images)}: {reading.images[0]}" if reading.images else "",
        "brand": snapshot.brand,
        "category": snapshot.category,
        "condition": snapshot.condition,
        "posted": said.posted_at.isoformat() if said.posted_at else "",
        "quantity": str(said.quantity) if said.quantity is not None else "",
    }
    return {name: value for name, value in every.items() if value}


def _rules(source: Source, name: str) -> Sequence[str]:
    for holder in (source.selectors, source.cards, source.api):
        if holder is not None and (stated := getattr(holder, name, ())):
            return [stated] if isinstance(stated, str) else list(stated)
    return []


def _why(source: Source, name: str, snapshot: Snapshot, page: HtmlResponse) -> str:
    """Why a field is missing, as a clause."""
    if name == "price" and snapshot.price_text:
        return f"found “{snapshot.price_text[:60]}”, not understood as a price"
    rules = _rules(source, name)
    if not rules:
        return (
            "there is no rule for it in the YAML"
            if source.platform in ("selectors", "json_api")
            else "the page's structured data states none"
        )
    if source.api is not None:
        return f"`{rules[0]}` finds nothing in the answer"
    return "; ".join(_found_by(rule, page) for rule in rules)


def _found_by(written: str, page: HtmlResponse) -> str:
    rule = rule_of(written)
    found = page.css(rule.css) if rule.css else []
    if not found:
        return f"`{written}` finds nothing"
    said = [each.attrib.get(rule.attribute, "") if rule.attribute else line(words(each)) for each in found]
    if not any(said):
        return f"`{written}` finds {len(found)}, without {'that attribute' if rule.attribute else 'words'}"
    return f"`{written}` finds “{next(filter(None, said))[:60]}”, which is not understood"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m crawler.trying", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("real", type=Path)
    parser.add_argument("source")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--asked-before", type=int, default=0, help="requests that the source's quota has counted already")
    parser.add_argument("--parent", type=int, default=os.getppid())
    options = parser.parse_args(arguments)
    end_with_parent(options.parent)

    def say(what: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    try:
        tried, asked = sample(
            Home(options.home),
            Home(options.real),
            options.source,
            options.pages,
            lambda counts: say({"progress": counts.get("pages", 0), "asked": counts.get(COUNTED, 0)}),
            options.asked_before,
        )
    except TouchstoneError as error:
        say({"error": str(error)})
        return 2
    say({"tried": tried, "asked": asked})
    return 0


if __name__ == "__main__":
    sys.exit(main())
