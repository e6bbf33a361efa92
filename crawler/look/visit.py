"""Looking at a page or a shop: a few requests through the crawler's own manners, each answer kept as a capture of a run of the pass `look`.

`python -m crawler.look.visit HOME URL --name NAME` prints its progress and its result as lines of JSON. Looking is a collection like
any other: robots.txt, the inner-address gate, walls, the rate and the log hold here as they do in a crawl, because it is the same code.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.clock import measure
from crawler.gates import Errand, barred
from crawler.look.page import Page
from crawler.look.plan import MOST, Plan
from crawler.look.sending import sent_of
from crawler.look.writing import Draft, draft
from crawler.pages import page_of
from crawler.source import Expect, Kind, Source
from crawler.spider import SourceSpider
from crawler.unit import Unit, end_with_parent, locked, spin
from store.config import Home, digest
from store.errors import TouchstoneError
from store.secrets import redact_url
from store.store import SYSTEM, Store
from store.version import code_version
from store.words.hosts import host_of
from store.words.records import Outcome, Purpose

Report = Callable[[Mapping[str, int]], None]


class Looking(Errand):
    """A few pages are looked at once, to describe a site: no sweep of it, and nothing is expected of it."""

    @property
    def purpose(self) -> Purpose:
        return Purpose.capture_once

    @property
    def sweeps(self) -> bool:
        return False


class Looker(SourceSpider):
    """Asks for what the plan says, reads nothing into the store and fetches no pictures."""

    plan: ClassVar[Plan]

    async def start(self) -> AsyncIterator[Request]:
        sent = self.plan.sent
        more: dict[str, Any] = {"method": "POST", "body": sent.body, "headers": sent.headers} if sent else {}
        for url in self.plan.begin(self.source.start[0]):
            yield self.ask(url, **more)

    async def read(self, response: Response) -> AsyncIterator[Request]:
        capture = self._capture(response)
        asked = self._asked(response.request)
        if capture is None or capture.id is None:
            for url in self.plan.missed(asked):
                yield self.ask(url)
            return
        self.unit.count("pages")
        page = Page(asked, page_of(capture, response.body), capture.id)
        for url in self.plan.seen(page):
            yield self.ask(url)

    def ask(self, url: str, **more: Any) -> Request:
        return super().ask(url, **more).replace(errback=self.passed)

    def passed(self, failure: Failure) -> Iterator[Request]:
        """An address that brought no page is counted as in a crawl; what the plan would look at in its place is asked for."""
        self.failed(failure)
        asked = self._asked(getattr(failure, "request", None))
        yield from map(self.ask, self.plan.missed(asked) if asked else [])

    def _asked(self, request: Any) -> str:
        hops = request.meta.get("redirect_urls", []) if request is not None else []
        return str(hops[0] if hops else request.url) if request is not None else ""


def source_for(name: str, url: str, *, testing: bool, render: bool) -> Source:
    """The source as far as it is known before anything was seen of it: enough to be polite. Raises TouchstoneError for no web address."""
    try:
        parts = urlsplit(url)
        front = f"{parts.scheme}://{parts.netloc}/"
        source = Source(
            title=host_of(url),
            kind=Kind.shop,
            url=front,
            platform="schema_org",
            start=(url,),
            legal="looked at once, to describe it as a source",
            expect=Expect(1),
            delay=0.0 if testing else 2.0,
            render=render,
            testing=testing,
        )
    except ValueError as error:
        raise TouchstoneError(str(error)) from None
    object.__setattr__(source, "name", name)
    return source


def look(
    home: Home,
    url: str,
    name: str,
    *,
    testing: bool = False,
    render: bool = False,
    post: str = "",
    actor: str = SYSTEM,
    why: str = "",
    report: Report | None = None,
) -> Draft:
    """Look at what is there and draft its YAML. Starts a reactor: once a process. Raises TouchstoneError where nothing could be seen."""
    source = source_for(name, url, testing=testing, render=render)
    if refusal := source.refusal():
        raise TouchstoneError(
            refusal.replace("only a source with `testing: true` may", "only with --testing, for a site of your own on this machine")
        )
    from crawler.walls import read_facts

    plan = Plan(sent_of(post) if post else None)
    with locked(home, f"host-{host_of(url)}", math.inf), Store.open(home) as store:
        run = store.begin_run(
            "look",
            actor=actor,
            authority=home.settings.authority.code,
            code_version=code_version(),
            config_digest=digest(home, ["touchstone.yml", "walls.yml"]),
            source=name,
            clock=measure(home.settings.clock.server),
        )
        justification = why or f"looking at {redact_url(url)} to describe it as a source"
        with (
            store.archive.writer(run.id) as writer,
            store.acting(actor, purpose=str(Purpose.capture_once), justification=justification, run=run.id) as reader,
        ):
            unit = Unit(home, store, source, run, writer, reader, Looking(reason=why), False, read_facts(home), report)
            barred_by = barred(unit)
            if not barred_by:
                spin(unit, type(name, (Looker,), {"name": name, "source": source, "plan": plan}))
        problem = barred_by or _problem(unit, plan)
        counts = {key: value for key, value in sorted(unit.counts.items()) if value}
        store.end_run(run.id, Outcome.unmet if problem else Outcome.good, counts, problem)
    if problem and not plan.pages:
        raise TouchstoneError(problem)
    return draft(plan, source, problem, counts)


def _problem(unit: Unit, plan: Plan) -> str:
    if unit.broken or unit.wall:
        return unit.broken or unit.wall
    if unit.inner:
        return "; ".join(
            f"{host} leads to {address}, an address of this machine or its own network, and was not asked"
            for host, address in unit.inner.items()
        )
    if plan.pages:
        return ""
    counts = unit.counts
    if counts["robots.txt unreachable"]:
        return "robots.txt could not be fetched, so nothing may be looked at"
    if counts["robots refusals"]:
        return "robots.txt forbids this page"
    if unit.hosts_refused:
        return f"the page leads to another host ({', '.join(unit.hosts_refused)}); give that address"
    failures = ", ".join(name.removeprefix("failure: ") for name in counts if name.startswith("failure: "))
    return f"no page came back: {failures or 'no answer'}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m crawler.look.visit", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("url")
    parser.add_argument("--name", required=True)
    parser.add_argument("--actor", default=SYSTEM)
    parser.add_argument("--why", default="")
    parser.add_argument("--testing", action="store_true")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--post", default="")
    parser.add_argument("--parent", type=int, default=os.getppid())
    options = parser.parse_args(arguments)
    end_with_parent(options.parent)

    def say(what: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    try:
        made = look(
            Home(options.home), options.url, options.name, testing=options.testing, render=options.render, post=options.post,
            actor=options.actor, why=options.why, report=lambda counts: say({"progress": {"pages": counts.get("pages", 0), "most": MOST}}),
        )  # fmt: skip
    except TouchstoneError as error:
        say({"error": str(error)})
        return 2
    say({"draft": asdict(made)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
