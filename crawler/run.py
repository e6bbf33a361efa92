"""The pass `crawl`: one OS process per unit of (operation, source), units of one host after one another, hosts side by side if an executor is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.source import find_sources
from store.config import Home, Settings
from store.executors import make_executor
from store.runs import PassResult, worst
from store.store import SYSTEM, Store
from store.version import code_version
from store.words.hosts import host_of
from store.words.records import Operation, Outcome, Run

Progress = Callable[[str, Mapping[str, int]], None]
OLDEST_RUN = timedelta(days=1)  # a page kept longer ago than this is no answer to a crawl of today
PATIENCE = 60.0  # a worker's orphan ends its requests that are on their way, and no more


@dataclass(frozen=True, slots=True)
class Why:
    """What a unit is sent for, in plain values: the operation's reference, the digest under which it is recorded, and a reason."""

    operation: str | None = None
    stated: str = ""
    reason: str = ""
    once: str = ""  # the one page to capture
    kind: str = ""  # what kind of source it is of, where no YAML says so
    screenshots: str = ""  # the level from which screenshots that are due are taken, and nothing else is


@contextmanager
def side_by_side(settings: Settings) -> Iterator[Executor | None]:
    """The executor of the settings as crawling needs it: one host's units after another; None for one host after another.

    A unit is a process of its own, so that threads suffice to wait for local ones, and can tell how far they are.
    """
    if settings.executor == "inline":
        yield None
    elif settings.executor == "processes":
        with ThreadPoolExecutor(settings.workers) as threads:
            yield threads
    else:
        with make_executor(settings) as cluster:
            yield cluster


def run(
    store: Store,
    home: Home,
    executor: Executor | None = None,
    *,
    sources: Iterable[str] | None = None,
    operation: Operation | str | None = None,
    reason: str = "",
    screenshots: str = "",
    actor: str = SYSTEM,
    resume: bool = True,
    begun: datetime | None = None,
    stopping: threading.Event | None = None,
    progress: Progress | None = None,
) -> PassResult:
    """Crawl sources (all of the working folder's where none is named). `progress` is called with a source and its counts so far.

    Where this goes on with what was `begun` earlier and broken off, units that have ended since are not crawled again.

    When `stopping` is set, the units that run are asked to stop, and no further one is started (not on a cluster). An interrupted unit is
    gone on with under its own run. Raises TouchstoneError for a name that is no source.
    """
    why = replace(_why(store, operation, reason), screenshots=screenshots)
    chains: dict[str, list[str]] = {}
    for source in find_sources(home, sources):
        chains.setdefault(host_of(source.url), []).append(source.name)
    results: list[PassResult] = []
    if executor is None:
        for chain in chains.values():
            results += crawl_units(home.folder, chain, why, actor, resume, progress, begun, stopping)
    elif isinstance(executor, ThreadPoolExecutor):
        threads = [
            executor.submit(crawl_units, home.folder, chain, why, actor, resume, progress, begun, stopping) for chain in chains.values()
        ]
        for done in as_completed(threads):
            results += done.result()
    else:
        begun, folder = begun or datetime.now(UTC), home.folder.resolve()
        futures = {executor.submit(crawl_units, folder, chain, why, actor, resume, None, begun): chain for chain in chains.values()}
        for future in as_completed(futures):
            results += future.result()
            for name, each in zip(futures[future], future.result(), strict=True):
                if progress:  # of another machine only how it ended
                    progress(name, each.counts)
    for name in (name for chain in chains.values() for name in chain):
        results += _catch_up(store, home, name, actor)
    return _together(results)


def _catch_up(store: Store, home: Home, name: str, actor: str) -> list[PassResult]:
    """Read a source's earlier pages again where its parser has changed since: a history is of one parser version, or it shows our edits."""
    from crawler import reread

    [source] = find_sources(home, [name])
    return [reread.run(store, home, sources=[name], actor=actor)] if reread.behind(store, source, actor) else []


def _why(store: Store, operation: Operation | str | None, reason: str) -> Why:
    """Raises TouchstoneError for an operation that is not recorded."""
    stated = store.operation(operation) if isinstance(operation, str) else operation
    return Why(stated.reference, store.keep_operation(stated), reason) if stated else Why(reason=reason)


def not_gone_on(left: Run | None, config: str) -> str:
    """Why a run that was broken off is not gone on with: its rows would say that old pages, or another program's reading, are this crawl's."""
    if left is None:
        return ""
    if left.config_digest != config:
        return "the configuration has changed since"
    if left.code_version != code_version():
        return "it was begun by another version of the program"
    if datetime.now(UTC) - left.started_at > OLDEST_RUN:
        return f"it was begun more than {OLDEST_RUN.days * 24} hours ago"
    return ""


def crawl_units(
    folder: Path,
    names: Sequence[str],
    why: Why,
    actor: str,
    resume: bool,
    progress: Progress | None = None,
    begun: datetime | None = None,
    stopping: threading.Event | None = None,
) -> list[PassResult]:
    """Units of one host, one after another, each in a process of its own. Only plain values, so that a cluster can be asked to.

    A cluster gives the units of a worker that died to another one: those that have ended since `begun` are not crawled again, and
    what the dead worker had started is waited for.
    """
    results = []
    for name in names:
        if stopping and stopping.is_set():
            message = f"{name}: not started, since the schedule was asked to stop"
            results.append(PassResult(Outcome.failed, {}, message, (message,)))
            continue
        ended = _ended_since(folder, name, why.operation, begun) if begun else None
        results.append(
            ended or _crawl_unit(folder, name, why, actor, resume, progress, PATIENCE if begun or why.operation else 0.0, stopping)
        )
    return results


def _ended_since(folder: Path, name: str, operation: str | None, begun: datetime) -> PassResult | None:
    with Store.open(Home(folder)) as store:
        runs = [run for run in store.runs("crawl", name, operation=operation or "", limit=5) if run.started_at >= begun]
    for run in runs:
        if run.outcome:
            said = f"{name}: {run.outcome}, run {run.id[:8]}" + (f": {run.message}" if run.message else "")
            return PassResult(run.outcome, run.counts, run.message, (said,))
    return None


def _crawl_unit(
    folder: Path,
    name: str,
    why: Why,
    actor: str,
    resume: bool,
    progress: Progress | None,
    patience: float,
    stopping: threading.Event | None,
) -> PassResult:
    command = [sys.executable, "-m", "crawler.unit", str(folder.resolve()), name, "--actor", actor]
    command += ["--operation", why.operation, "--stated", why.stated] if why.operation else []
    command += [f"--reason={why.reason}"] if why.reason else []
    command += [f"--once={why.once}", f"--kind={why.kind}"] if why.once else []
    command += ["--screenshots", why.screenshots] if why.screenshots else []
    command += [] if resume else ["--afresh"]
    command += ["--patience", str(patience)] if patience else []
    command += [f"--parent={os.getpid()}"]
    log = folder / "var" / "log" / f"crawl-{name}.err"
    log.parent.mkdir(parents=True, exist_ok=True)
    result: PassResult | None = None
    with log.open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module; names are those of files that were found
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=Path(__file__).resolve().parent.parent,
        )
        assert process.stdout is not None
        done = threading.Event()
        if stopping:
            threading.Thread(target=_stop_with, args=(process, stopping, done), daemon=True).start()
        with process.stdout:
            for row in process.stdout:
                said = json.loads(row)
                if "result" in said:
                    result = _result(said["result"])
                elif progress:
                    progress(name, said["progress"])
        status = process.wait()
        done.set()
        errors.seek(0)
        last = (errors.read().strip().splitlines() or [""])[-1]
    if result is None:
        how = f"its process was ended by signal {-status}" if status < 0 else f"its process ended with status {status}: {last[:200]}"
        message = f"{how}; what it kept is kept, and the next crawl goes on from there ({log})"
        return PassResult(Outcome.failed, {}, f"{name}: {message}", (f"{name}: COULD NOT RUN: {message}",))
    if progress:
        progress(name, result.counts)
    return result


def _stop_with(process: subprocess.Popen[str], stopping: threading.Event, done: threading.Event) -> None:
    """Ask a unit's process to stop, once, when that is wanted: it ends the requests that are on their way, and no more."""
    while not done.wait(0.2):
        if stopping.is_set():
            process.terminate()
            return


def _result(said: Mapping[str, object]) -> PassResult:
    counts, lines = said["counts"], said["lines"]
    assert isinstance(counts, dict) and isinstance(lines, list)
    return PassResult(Outcome(str(said["outcome"])), counts, str(said["message"]), tuple(lines), str(said["run"]))


def _together(results: Sequence[PassResult]) -> PassResult:
    counts = Counter[str]()
    for each in results:
        counts.update(each.counts)
    outcome = worst(each.outcome for each in results)
    message = "; ".join(each.message for each in results if each.message) or ("" if results else "there is no source to crawl")
    lines = tuple(line for each in results for line in each.lines) or (message,)
    return PassResult(outcome, dict(counts), message, lines)
