"""Operations: what is looked for, why and where, as configs/operations/NAME.yml states it; and the pass that works through one.

The file's stem is the operation's reference. What a purpose allows is store.words.purposes; the gates that hold it are the crawler's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from store.config import Home
from store.errors import TouchstoneError
from store.runs import PassResult, worst
from store.store import SYSTEM, Store
from store.strict import ConfigError, FieldError, load, near
from store.version import code_version
from store.words.purposes import refusal, searches, unfit
from store.words.records import Authorisation, Cadence, Operation, Outcome, Purchase, Purpose, Run

MOST_SEARCHES = 500  # start addresses of one operation on one source
BROKEN_OFF = "broken off; gone on with in run"
_EXAMINING = threading.Lock()
Progress = Callable[[str, Mapping[str, int]], None]


@dataclass(frozen=True, slots=True)
class Stated:
    """What an operation's file may say."""

    title: str
    purpose: Purpose
    brands: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    authorisation: Authorisation | None = None
    purchase: Purchase | None = None
    cadence: Cadence | None = None

    def __post_init__(self) -> None:
        if found := unfit(self.operation("", "")):
            raise FieldError(*found)
        if not self.sources and self.purpose in (Purpose.market_sweep, Purpose.subject_watch):
            raise FieldError("purpose", f"a {self.purpose} needs `sources:`, names of files in configs/sources")

    def operation(self, reference: str, authority: str) -> Operation:
        return Operation(reference, authority, **{name: getattr(self, name) for name in self.__slots__})


def read_operation(home: Home, path: Path) -> Operation:
    """The operation that a file states. Raises ConfigError, naming file and line, also for a brand or source that is not there."""
    from crawler.source import find_sources
    from detectors.brands import read_brands

    stated = load(path, Stated)
    brands = {brand.name for brand in read_brands(home.configs("brands")).brands} if stated.brands else set()
    sources = {file.stem for file in home.configs("sources")}
    for name, known in (("brands", brands), ("sources", sources)):
        for one in getattr(stated, name):
            if one not in known:
                raise ConfigError(f"{path}:{_line(path, name, one)}: {name}: there is no '{one}' in {home.file(name)}{near(one, known)}")
    operation = stated.operation(path.stem, home.settings.authority.code)
    found = {source.name: source for source in find_sources(home, operation.sources)}
    for url in operation.subjects:
        if not any(source.owns(url) for source in found.values()):
            raise ConfigError(f"{path}:{_line(path, 'subjects', url)}: subjects: '{url}' is on none of its sources ({', '.join(found)})")
    for source in found.values():
        if source.search and (many := len(searches(source.search, operation))) > MOST_SEARCHES:
            raise ConfigError(f"{path}:1: {many} searches on {source.name}, more than {MOST_SEARCHES}: make several operations of it")
    return operation


def _line(path: Path, key: str, word: str) -> int:
    """The line where a word stands under a key; the key's own where it cannot be told."""
    rows = path.read_text("utf-8").splitlines()
    start = next((number for number, row in enumerate(rows, 1) if row.startswith(f"{key}:")), 1)
    return next((number for number, row in enumerate(rows[start - 1 :], start) if word in row), start)


def find_operations(home: Home, names: Iterable[str] | None = None) -> list[Operation]:
    """The working folder's operations, or those named. Raises TouchstoneError for a name that is not there."""
    files = {path.stem: path for path in home.configs("operations")}
    for name in names or ():
        if name not in files:
            raise TouchstoneError(
                f"there is no operation '{name}' in {home.file('operations')}; there are: {', '.join(files) or 'none'}{near(name, files)}"
            )
    return [read_operation(home, files[name]) for name in (names if names is not None else files)]


def why_not(store: Store, operation: Operation, at: datetime) -> str:
    """Why this operation may not run at that moment, as a sentence; "" where it may."""
    if operation.purpose in (Purpose.capture_once, Purpose.test_purchase):
        return f"operation {operation.reference} is a {operation.purpose}: `touchstone capture URL --operation {operation.reference}` works on it"
    if why := refusal(operation, at):
        return why
    return _named(store, operation)


def _named(store: Store, operation: Operation) -> str:
    """Whether a sweep's words are an account that the store knows. Words that are a brand or goods are nobody's name."""
    if operation.purpose is not Purpose.market_sweep:
        return ""
    with store.acting(SYSTEM, purpose="operation check", justification=operation.reference) as reader:
        known = reader.sellers_known(names=operation.terms)
    if not known:
        return ""
    return (
        f"operation {operation.reference}: terms: '{next(iter(known))}' is an account that is known here; a sweep is keyed by brand, term and "
        "area, never by a seller"
    )


def run(
    store: Store,
    home: Home,
    name: str,
    *,
    actor: str = SYSTEM,
    reason: str = "",
    resume: bool = True,
    examine: bool = True,
    stopping: threading.Event | None = None,
    progress: Progress | None = None,
) -> PassResult:
    """Work through an operation now: crawl its sources, then examine, flag, link and picture what came. One Run row says that it ran, and how.

    Refused, with a row that says why, where its purpose, its authorisation or its words do not allow it. Never twice at a time: the
    second is refused without a row. When `stopping` is set meanwhile, the crawl is asked to stop, and is gone on with next time: the row
    is then left without an end. Raises TouchstoneError for a name or a file that is not in order; what is raised by a pass ends the run as failed.
    """
    import crawler.run

    [operation] = find_operations(home, [name])
    with store.alone(f"operation {name}") as mine:
        if not mine:
            message = f"operation {name} is being worked on already; wait for it to end"
            return PassResult(Outcome.failed, {}, message, (message,))
        stated = store.keep_operation(operation)
        broken = list(takewhile(_broken_off, store.runs("operation", operation=name, limit=100)))  # and once more while it was gone on with
        left, first = (broken[0], broken[-1]) if broken else (None, None)
        run = store.begin_run(
            "operation",
            actor=actor,
            authority=home.settings.authority.code,
            code_version=code_version(),
            config_digest=stated,
            operation=name,
        )
        if left:
            store.end_run(left.id, Outcome.failed, {}, f"{BROKEN_OFF} {run.id[:8]}")
        begun = first.started_at if first and resume and not crawler.run.not_gone_on(first, stated) else None
        refused = why_not(store, operation, datetime.now(UTC))
        try:
            result = (
                PassResult(Outcome.failed, {}, refused, (f"NOT STARTED {name}: {refused}",))
                if refused
                else _passes(store, home, operation, actor, reason, resume, begun, examine, stopping, progress)
            )
        except Exception as error:  # a run without an end would be due at once, and again, and crawl each time
            store.end_run(run.id, Outcome.failed, {}, f"{type(error).__name__}: {error}")
            raise
        if stopping and stopping.is_set() and result.outcome is Outcome.failed and not refused:
            return result
        store.end_run(run.id, result.outcome, result.counts, result.message)
    return result


def _broken_off(run: Run) -> bool:
    return run.ended_at is None or run.message.startswith(BROKEN_OFF)


def _passes(
    store: Store,
    home: Home,
    operation: Operation,
    actor: str,
    reason: str,
    resume: bool,
    begun: datetime | None,
    examine: bool,
    stopping: threading.Event | None,
    progress: Progress | None,
) -> PassResult:
    import crawler.run
    import crawler.screenshots

    with crawler.run.side_by_side(home.settings) as executor:
        crawled = crawler.run.run(
            store,
            home,
            executor,
            sources=operation.sources,
            operation=operation,
            reason=reason,
            actor=actor,
            resume=resume,
            begun=begun,
            stopping=stopping,
            progress=progress,
        )
    results = [crawled]
    if examine and crawled.counts.get("pages") and not (stopping and stopping.is_set()):
        results += examined(store, home, actor)
        results.append(crawler.screenshots.run(store, home, sources=operation.sources, operation=operation, actor=actor, stopping=stopping))
    outcome = worst(each.outcome for each in results)
    message = "; ".join(each.message for each in results if each.message and each.outcome is not Outcome.good)
    return PassResult(outcome, dict(crawled.counts), message, tuple(line for each in results for line in each.lines))


def examined(store: Store, home: Home, actor: str) -> list[PassResult]:
    """Detect, flag and link: whatever is due in the store, whichever operation brought it."""
    import detectors.run
    import premises.run
    from casework import flags
    from store.executors import make_executor

    with _EXAMINING, make_executor(home.settings) as executor:  # what one operation brought is examined with what another did
        return [
            detectors.run.run(store, home, executor, actor=actor),
            flags.run(store, home, actor=actor),
            premises.run.run(store, home, actor=actor),
        ]
