"""What is due, from our own Run rows; APScheduler only keeps the time.

An operation is due when its cadence's next time after the start of its last run has come. However many times were missed, it runs once.
A run that never ended (a crash, a pulled plug) is due at once, and goes on where it was; one that could not be run waits for its next
time, so that a refusal is recorded once a period and not at every tick.
"""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from casework import heads, operations
from store.config import Home
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import SYSTEM, Store
from store.words.records import Cadence, Operation, Run

log = structlog.get_logger()
TICK = 30.0  # seconds between two looks at what is due
WRONG_CLOCK = timedelta(minutes=5)
Ended = Callable[[str, PassResult], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation's place in the schedule: its last run, when it is next due (None: now running, or never by itself), and why it may not run."""

    operation: Operation
    last: Run | None
    due: datetime | None
    running: bool = False
    refused: str = ""


def next_due(cadence: Cadence, last: datetime | None, now: datetime, *, unfinished: bool = False) -> datetime:
    """When an operation is due: a moment not after `now` where it is due already. Pure; all times are aware.

    `at` is an hour of the day in the cadence's zone, also over a change of the clocks; without it the interval counts from the start
    of the last run. A time that falls into `not_between` is put off to the end of it.
    """
    due = now if last is None or unfinished else _after(cadence, last)
    return max(due, _allowed(cadence, now)) if due <= now < _allowed(cadence, now) else _allowed(cadence, due)


def _after(cadence: Cadence, last: datetime) -> datetime:
    if not cadence.at:
        return last + cadence.interval
    zone, hour = ZoneInfo(cadence.zone), time.fromisoformat(cadence.at)
    local = last.astimezone(zone)
    # the slot that the last run filled: of the day it began, or of the day before where it began ahead of the hour
    filled = local.date() if local.timetz().replace(tzinfo=None) >= hour else local.date() - timedelta(days=1)
    return datetime.combine(filled + cadence.interval, hour, zone).astimezone(UTC)


def _allowed(cadence: Cadence, at: datetime) -> datetime:
    if not cadence.not_between:
        return at
    zone = ZoneInfo(cadence.zone)
    start, end = (time.fromisoformat(each) for each in cadence.not_between)
    local = at.astimezone(zone)
    clock = local.timetz().replace(tzinfo=None)
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if start > end and clock >= start else 0)
    return datetime.combine(day, end, zone).astimezone(UTC)


def entries(store: Store, home: Home, now: datetime) -> list[Entry]:
    """Every operation with a cadence, the next due first. Raises TouchstoneError for a file that is not in order."""
    return _in_order(store, operations.find_operations(home), now)


def _in_order(store: Store, stated: Iterable[Operation], now: datetime) -> list[Entry]:
    found = [_entry(store, operation, now) for operation in stated if operation.cadence]
    return sorted(found, key=lambda each: (each.due or now, each.operation.reference))


def _entry(store: Store, operation: Operation, now: datetime) -> Entry:
    # a run that began later than now was dated by a clock that was wrong, and would hold the next one up until then
    runs = store.runs("operation", operation=operation.reference, limit=100)
    last = next((each for each in runs if each.started_at <= now + WRONG_CLOCK), None)
    refused = operations.why_not(store, operation, now)
    assert operation.cadence is not None
    unfinished = last is not None and last.ended_at is None
    if unfinished:
        with store.alone(f"operation {operation.reference}") as free:
            if not free:
                return Entry(operation, last, None, running=True, refused=refused)
    due = next_due(operation.cadence, last.started_at if last else None, now, unfinished=unfinished)
    if unfinished and last and refused:  # what may not go on is recorded once a period, like what may not begin
        due = next_due(operation.cadence, last.started_at, now)
    return Entry(operation, last, due, refused=refused)


def due_now(store: Store, home: Home, now: datetime) -> list[Entry]:
    """What is due. A file that is not in order is said in the log, and does not hold the others up."""
    stated = []
    for path in home.configs("operations"):
        try:
            stated.append(operations.read_operation(home, path))
        except TouchstoneError as error:
            log.error("an operation is not started", operation=path.stem, error=str(error))
    return [each for each in _in_order(store, stated, now) if each.due is not None and each.due <= now]


def sign_daily(store: Store, home: Home, now: datetime) -> bool:
    """Sign the log's head once a day (UTC), where there is a key. What hinders it is said in the log, and holds nothing up."""
    try:
        with store.alone("sign the log") as free:  # two that keep time do not both sign
            if not free or not heads.due(store, home, now):
                return False
            heads.sign(store, home, SYSTEM)
    except TouchstoneError as error:
        log.error("the head of the log was not signed", error=str(error))
        return False
    return True


def once(
    store: Store, home: Home, *, examine: bool = True, ended: Ended | None = None, now: datetime | None = None
) -> dict[str, PassResult]:
    """Run what is due now, one after another, and end: for cron. What ran, by name.

    Raises TouchstoneError for a file that is not in order, once the others have run.
    """
    done: dict[str, PassResult] = {}
    for entry in due_now(store, home, now or datetime.now(UTC)):
        name = entry.operation.reference
        if now is None and name not in {each.operation.reference for each in due_now(store, home, datetime.now(UTC))}:
            continue  # another process ran it while this one was at those before it
        done[name] = operations.run(store, home, name, examine=examine)
        if ended:
            ended(name, done[name])
    sign_daily(store, home, now or datetime.now(UTC))
    operations.find_operations(home)
    return done


def run(home: Home, *, tick: float = TICK, examine: bool = True, workers: int = 2, ended: Ended | None = None) -> None:
    """Keep time until SIGTERM or SIGINT: at each tick start what is due, different operations side by side, the same one never twice.

    On a signal nothing new begins; what runs is ended by its own process being asked to stop, and is gone on with next time.
    """
    from apscheduler.schedulers.background import BackgroundScheduler

    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a look was longer than a tick is no news
    clock = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    stopping, going = threading.Event(), set[str]()

    def work(name: str) -> None:
        try:
            with Store.open(home) as store:
                # the last run may have ended between the look and now
                if not stopping.is_set() and name in {each.operation.reference for each in due_now(store, home, datetime.now(UTC))}:
                    result = operations.run(store, home, name, examine=examine, stopping=stopping)
                    if ended:
                        ended(name, result)
        except Exception as error:  # the clock goes on for the others; this one's run has ended as failed, and waits for its next time
            log.error("an operation could not be worked on", operation=name, error=str(error), exception=traceback.format_exc())
        finally:
            going.discard(name)

    def look() -> None:
        try:
            with Store.open(home) as store:
                due: Sequence[Entry] = due_now(store, home, datetime.now(UTC))
        except TouchstoneError as error:  # a file was changed into one that is not in order: said at each tick until it is mended
            log.error("nothing is started", error=str(error))
            return
        for name in (entry.operation.reference for entry in due):
            if name not in going and not stopping.is_set():
                going.add(name)
                pool.submit(work, name)
        if not stopping.is_set():
            with Store.open(home) as store:
                sign_daily(store, home, datetime.now(UTC))

    before = {each: signal.signal(each, lambda *_: stopping.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    with ThreadPoolExecutor(workers, "operation") as pool:  # its end waits for what runs
        clock.add_job(look, "interval", seconds=tick, id="look", next_run_time=datetime.now(UTC))
        clock.start()
        try:
            while not stopping.wait(0.5):
                pass
        finally:
            clock.shutdown(wait=True)
            for each, handler in before.items():
                signal.signal(each, handler)
