"""One unit of crawling, (operation, source), in an OS process of its own, since a reactor cannot be started twice.

`python -m crawler.unit HOME SOURCE` prints its progress and its result as lines of JSON; `scrapy crawl SOURCE` comes here too.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import math
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

# first, while few modules are loaded: it looks through all of them, for the name of a class that it deprecates
import scrapy.core.downloader.contextfactory  # noqa: F401  # isort: skip

from crawler.clock import measure
from crawler.health import drifted
from crawler.processes import end_with
from crawler.run import not_gone_on
from crawler.source import Kind, Source, find_sources
from store.archive import ArchiveWriter
from store.config import Home, digest
from store.errors import StopRun, TouchstoneError
from store.runs import PassResult
from store.secrets import redact_headers
from store.store import SYSTEM, Acting, Store
from store.version import code_version
from store.words.hosts import host_of
from store.words.records import Level, Outcome, Purpose, Run, digest_of

if TYPE_CHECKING:
    from crawler.gates import Errand
    from crawler.keeper import Keeper
    from crawler.walls import Facts

Report = Callable[[Mapping[str, int]], None]
EXIT = {Outcome.good: 0, Outcome.unmet: 1, Outcome.failed: 2}

CAPTURE = "capture"


@dataclass
class Unit:
    """What the parts of one running crawl share: where to keep, for whom, and what has been counted."""

    home: Home
    store: Store
    source: Source
    run: Run
    writer: ArchiveWriter | None  # None where another process has it
    reader: Acting
    errand: Errand
    resumed: bool
    facts: Facts
    report: Report | None = None
    counts: Counter[str] = field(default_factory=Counter)
    floors: dict[str, float] = field(default_factory=dict)  # downloader slot → the least delay that its robots.txt asks for
    hosts_refused: Counter[str] = field(default_factory=Counter)
    asked_before: int = 0  # page requests of the last 24 hours that another store knows of: `quota` counts them, too
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # host → the addresses that its name led to
    inner: dict[str, str] = field(default_factory=dict)  # host → the inner address that its name led to, refused
    stopping: Any = None  # the task that closes the crawl there, held so that it is not collected
    wall: str = ""  # where the site would have us no further, as a sentence
    broken: str = ""  # why the run is void
    remarks: list[str] = field(default_factory=list)  # what was left out by our own rules, as sentences
    keeper: Keeper = field(default=None, kw_only=True)  # type: ignore[assignment]  # made below where none is given
    _reported: float = 0.0

    def __post_init__(self) -> None:
        if self.writer is not None:
            from crawler.keeper import Here, Work

            self.keeper = Here(Work(self.store, self.writer, self.source, self.run, self.purpose))

    @property
    def purpose(self) -> str:
        return str(self.errand.purpose)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] += number
        if self.report and time.monotonic() - self._reported > 0.25:
            self._reported = time.monotonic()
            self.report(self.counts)


def unit_of(crawler: Any) -> Unit:
    """The unit that a Scrapy crawler runs for: its components find it at the spider."""
    unit: Unit = crawler.spider.unit
    return unit


def crawl(
    home: Home,
    name: str,
    *,
    operation: str | None = None,
    stated: str = "",
    once: str = "",
    kind: str = str(Kind.marketplace),
    reason: str = "",
    screenshots: str = "",
    actor: str = SYSTEM,
    resume: bool = True,
    patience: float = 0.0,
    report: Report | None = None,
) -> PassResult:
    """Crawl one source in this process: begin or go on with its run, keep, read, and say how it ended. Starts a reactor: once a process.

    `operation` is its reference, as recorded under the digest `stated` (the newest where none is given); without one it is a sweep of
    the source as it stands. `once` is the one page to capture, `reason` why a person's page is looked at again.
    With `screenshots`, a level, only the pages of listings flagged that high are asked for, of which a screenshot is due.
    `patience` is for how many seconds to wait for another process that is at this unit to end: where a worker died, what it had
    started is still closing when another worker is given its work.
    """
    from crawler.once import CAPTURED, source_of, spider_of_page

    [source] = [source_of(home, once, Kind(kind))] if once else find_sources(home, [name])
    if refusal := source.refusal() or _browser_missing(source) or _token_missing(source):
        return PassResult(Outcome.failed, {}, refusal, (f"NOT STARTED {name}: {refusal}",))
    from crawler.gates import Errand, barred  # they know this module
    from crawler.keeper import Beside
    from crawler.screenshots import due, spider_of_screenshots
    from crawler.walls import read_facts

    facts = read_facts(home)
    with ExitStack() as stack:
        if not once:  # one page is no burden, and somebody waits for it
            stack.enter_context(locked(home, f"unit-{operation or ''}-{name}", patience))
            stack.enter_context(locked(home, f"host-{host_of(source.url)}", math.inf))
        keeper = stack.enter_context(closing(Beside(home)))
        store = stack.enter_context(Store.open(home))
        shown = due(store, source, Level(screenshots), actor, operation) if screenshots else ()
        if screenshots and not shown:
            return PassResult(Outcome.good, {}, "", (f"{name}: no listing waits for a screenshot",))
        errand = Errand(store.operation(operation, stated) if operation else None, once, reason, shown)
        source = errand.of(source)
        config = digest(
            home, ["touchstone.yml", "walls.yml", "addresses.yml", "health.yml", *([f"sources/{name}.yml"] if name != CAPTURED else [])]
        )
        config = digest_of([config, *source.start]) if operation or once or shown else config
        pass_name = CAPTURE if once else "screenshot" if shown else "crawl"
        run, resumed = _run(store, pass_name, source, operation, actor, config, home, resume)
        justification = f"crawl of source {name}" + (" resumed from its own kept captures" if resumed else "")
        with store.acting(actor, purpose=str(errand.purpose), justification=justification, run=run.id) as reader:
            unit = Unit(home, store, source, run, None, reader, errand, resumed, facts, report, keeper=keeper)
            if keeper.begin(source, run, unit.purpose):
                unit.count("archive tails repaired")
            why_not = barred(unit)
            closed = "" if why_not else spin(unit, spider_of_screenshots(source) if shown else spider_of_page(source) if once else None)
        if why_not:
            store.end_run(run.id, Outcome.failed, dict(unit.counts), why_not)
            return PassResult(Outcome.failed, dict(unit.counts), why_not, (f"NOT STARTED {name}: {why_not}",), run.id)
        return replace(_ended(unit, closed), run=run.id)


def _browser_missing(source: Source) -> str:
    if not source.render:
        return ""
    from crawler.browser import MISSING, find_chromium

    return "" if find_chromium() else f"source {source.name} is rendered in a browser, and there is none: {MISSING}"


def _token_missing(source: Source) -> str:
    if source.token is None:
        return ""
    from crawler.tokens import missing

    return missing(source)


def _run(
    store: Store, pass_name: str, source: Source, operation: str | None, actor: str, config: str, home: Home, resume: bool
) -> tuple[Run, bool]:
    """The run that a crash left unfinished, to be gone on with, or a new one."""
    # a page that is captured holds no lock: what has not ended may be going on beside it
    left = store.unfinished_run(pass_name, source.name, operation) if pass_name != CAPTURE else None
    why = not_gone_on(left, config) if resume else "a new run was asked for"
    if left and not why:
        return left, True
    if left:
        store.end_run(left.id, Outcome.failed, {}, f"never finished, and not gone on with: {why}")
    run = store.begin_run(
        pass_name,
        actor=actor,
        authority=home.settings.authority.code,
        code_version=code_version(),
        config_digest=config,
        operation=operation,
        source=source.name,
        clock=measure(home.settings.clock.server),
    )
    return run, False


def spin(unit: Unit, spider: Any = None) -> str:
    """Run the reactor until the spider (the source's own, where none is given) is done; why it closed (`finished`, or `shutdown` after a signal)."""
    from scrapy import signals
    from scrapy.crawler import CrawlerProcess

    from crawler.loader import spider_of
    from crawler.settings import for_home

    log_to(log_of(unit.home, unit.run))
    process = CrawlerProcess(for_home(unit.home))
    crawler = process.create_crawler(spider or spider_of(unit.source))
    closed: list[str] = []
    crawler.signals.connect(lambda spider, reason: closed.append(reason), signal=signals.spider_closed, weak=False)
    crawler.signals.connect(lambda failure, response, spider: unit.count("callback raised"), signal=signals.spider_error, weak=False)
    process.crawl(crawler, unit=unit)
    process.start()
    if process.bootstrap_failed:  # nothing ran
        unit.broken = unit.broken or f"the crawl did not start: see {unit.home.path('var/log')}"
    return closed[0] if closed else "shutdown"  # told to stop twice, Scrapy does not close its spider


def _ended(unit: Unit, reason: str) -> PassResult:
    """The run's ending row and its summary. An interrupted run gets none: it is gone on with next time."""
    if unit.errand.purpose is Purpose.subject_watch:
        why = f"watched under operation {unit.run.operation}"
        unit.store.concern(_watched(unit), actor=unit.run.actor, why=why, run=unit.run.id)
    listings = unit.store.read_in_run(unit.run.id)
    counts = {"listings": listings, **{key: value for key, value in sorted(unit.counts.items()) if value}}
    killed = unit.keeper.killed  # what was kept until then is sound, as after a crash of our own
    unit.broken = unit.broken or unit.keeper.ended
    if killed or (reason == "shutdown" and not unit.broken and not unit.wall):
        why = f" ({unit.keeper.ended})" if killed else ""
        message = f"{unit.source.name}: interrupted after {listings} listings{why}; run it again to go on from there"
        return PassResult(Outcome.failed, counts, message, (message,))
    assert unit.source.expect is not None
    problems = [unit.wall] if unit.wall else []
    problems += [
        f"{host} leads to {address}, an address of this machine or its own network, and was not asked"
        for host, address in unit.inner.items()
    ]
    if counts.get("parse raised"):
        problems.append(f"the parser raised on {counts['parse raised']} pages (their bytes are kept)")
    if counts.get("callback raised"):
        problems.append(f"our own code raised {counts['callback raised']} times outside a parser: see {unit.home.path('var/log')}")
    if not unit.errand.expects and not counts.get("pages") and not unit.wall:
        problems.append("no page was answered")
    if unit.errand.expects and listings < unit.source.expect.listings and not unit.wall:  # that they are too few follows from the wall
        problems.append(f"{listings} listings where at least {unit.source.expect.listings} were expected")
    if unit.errand.sweeps and not unit.wall and not unit.broken:
        problems += [each.sentence for each in drifted(unit.store, unit.home, unit.source, unit.run.id, counts)]
    outcome = Outcome.failed if unit.broken else Outcome.unmet if problems else Outcome.good
    message = unit.broken or "; ".join([*problems, *unit.remarks])
    unit.store.end_run(unit.run.id, outcome, counts, message)
    return PassResult(outcome, counts, message, _lines(unit, outcome, counts, message))


def _watched(unit: Unit) -> Sequence[int]:
    """The listings that a watch is of: all of a shop's, and elsewhere the subjects' own, since other people's stand on their pages too."""
    assert unit.errand.operation is not None
    if unit.source.kind is Kind.shop:
        return unit.store.listings_of_run(unit.run.id)
    return unit.store.listings_of_subjects(unit.run.id, unit.errand.operation.subjects)


def _lines(unit: Unit, outcome: Outcome, counts: Mapping[str, int], message: str) -> tuple[str, ...]:
    """Five lines that a clerk can read."""
    say = {Outcome.good: "done", Outcome.unmet: "FAIL", Outcome.failed: "COULD NOT RUN"}[outcome]

    def of(name: str) -> int:
        return counts.get(name, 0)

    def number(name: str, say: str) -> str:
        return f", {say} {counts[name]}" if counts.get(name) else ""

    override = unit.source.robots
    no_rules = " (it could not be fetched, so nothing is allowed)" if of("robots.txt unreachable") else ""
    elsewhere = ", ".join(f"{host} ({number})" for host, number in unit.hosts_refused.most_common(3))
    elsewhere = f": {elsewhere}; `hosts:` in its YAML may name them" if elsewhere else ""
    return (
        f"{unit.source.name}: {say}. {unit.source.title}, run {unit.run.id[:8]}{' (resumed)' if unit.resumed else ''}"
        + (f": {message}" if message else ""),
        f"  pages {of('pages')} by {of('page requests')} requests{_each(of('page requests'), counts['listings'])}, gone {of('gone')}, pictures {of('images')} (of these could not be opened {of('images with a problem')}), listings {counts['listings']}",
        f"  not understood {of('not understood')}, parser raised {of('parse raised')}",
        f"  refused: robots.txt {of('robots refusals')}{no_rules}, other hosts {of('offsite refusals')}{elsewhere}"
        + number("inner address refusals", "inner addresses")
        + number("seller page refusals", "sellers' own pages")
        + number("sending refusals", "sending by scripts"),
        f"  failed requests {of('failures')}, answered from this run's kept captures {of('answered from kept')}; besides pages it asked for pictures "
        f"{of('picture requests')}, robots.txt {of('robots.txt requests')}, the browser's own {of('browser requests')}",
        *(
            [
                f"  robots.txt is overridden by {override.override_by} until {override.until} ({override.basis}): "
                f"{of('robots overridden')} requests that it forbids were made; its Crawl-delay is kept"
            ]
            if override
            else []
        ),
    )


def _each(requests: int, listings: int) -> str:
    return f" ({requests / listings:.2f} a listing)" if listings else ""


@contextmanager
def locked(home: Home, name: str, patience: float) -> Iterator[None]:
    """Hold a lock file of the working folder: a unit runs once at a time, and a host is asked by one unit at a time.

    Waits for at most `patience` seconds. Raises StopRun where another process holds it for longer.
    """
    folder = home.path("var/lock")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sha256(name.encode()).hexdigest()[:16]}.lock"
    with path.open("a+") as file:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StopRun(f"another process is at {name.removeprefix('unit-').lstrip('-')} already; wait for it to end") from None
                time.sleep(0.1)
        yield


class _Redacting(logging.Formatter):
    """Addresses in Scrapy's own log lines lose their secrets as they do in the archive."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_headers((("Log", super().format(record)),))[0][1]


def log_of(home: Home, run: Run) -> Path:
    return home.path("var/log") / f"{run.pass_name}-{run.source}.log"


def log_to(path: Path) -> None:
    import structlog

    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setLevel(logging.INFO)
    handler.setFormatter(_Redacting("%(asctime)s [%(name)s] %(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.processors.KeyValueRenderer(key_order=["event"])],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def end_with_parent(parent: int) -> None:
    """Be asked to stop when the command that started this process ends, however it ends: nobody would know that it still contacts a site.

    The kernel tells of the end of each thread that was our parent in turn, and Scrapy takes a second SIGTERM for an order to drop what
    is on its way: so the first notice is passed on, and the others are not.
    """

    def stop(*_: Any) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.raise_signal(signal.SIGTERM)

    if sys.platform == "linux":
        signal.signal(signal.SIGHUP, stop)
    end_with(parent, signal.SIGHUP)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m crawler.unit", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("source")
    parser.add_argument("--operation")
    parser.add_argument("--stated", default="", help="digest under which the operation was recorded")
    parser.add_argument("--once", default="", help="the one page to capture")
    parser.add_argument("--kind", default=str(Kind.marketplace), help="what kind of source the one page is of")
    parser.add_argument("--reason", default="", help="why a person's page is looked at again")
    parser.add_argument("--screenshots", default="", help="take the screenshots that are due, of listings flagged this high")
    parser.add_argument("--actor", default=SYSTEM)
    parser.add_argument("--patience", type=float, default=0.0, help="seconds to wait for another process that is at this unit")
    parser.add_argument("--afresh", action="store_true", help="do not go on with an unfinished run")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="the process whose end is this one's")
    options = parser.parse_args(arguments)
    end_with_parent(options.parent)

    orphaned = False

    def say(what: dict[str, Any]) -> None:
        nonlocal orphaned
        try:
            if not orphaned:
                sys.stdout.write(json.dumps(what) + "\n")
                sys.stdout.flush()
        except BrokenPipeError:  # whoever started us has died: `end_with_parent` stops the crawl, which is no failure of a page
            orphaned = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if sys.platform != "linux":
                signal.raise_signal(signal.SIGTERM)

    try:
        result = crawl(
            Home(options.home),
            options.source,
            operation=options.operation,
            stated=options.stated,
            once=options.once,
            kind=options.kind,
            reason=options.reason,
            screenshots=options.screenshots,
            actor=options.actor,
            resume=not options.afresh,
            patience=options.patience,
            report=lambda counts: say({"progress": dict(counts)}),
        )
    except TouchstoneError as error:
        result = PassResult(Outcome.failed, {}, str(error), (f"NOT STARTED {options.source}: {error}",))
    say({"result": {**asdict(result), "outcome": str(result.outcome), "counts": dict(result.counts)}})
    return EXIT[result.outcome]


if __name__ == "__main__":
    sys.exit(main())
