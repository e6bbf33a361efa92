"""Whether a source still brings what it used to: alarms for work that a change at a site makes, so that it is never silent nulls.

A run is held against the median of the source's own last good runs of the same operation (configs/health.yml has the thresholds). A run with an alarm is
`unmet` and so no measure for the next: the alarm stays until somebody mends the YAML, or says there that the site no longer states a
field (`expect: {without: [place]}`) or has become smaller (`expect: {usual: 40}`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from store.config import Home, load
from store.health import FIELDS, Yield
from store.store import Store
from store.words.purposes import refusal as not_now
from store.words.records import Operation, Outcome, Run

if TYPE_CHECKING:
    from crawler.source import Source

NAMED = {"price": "a price", "price_text": "a price's words", "images": "pictures", "seller": "a seller", "posted_at": "a date of posting"}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What configs/health.yml states; shares are between 0 and 1."""

    good_runs: int = 5
    silent: float = 0.4
    drop: float = 0.3
    least_readings: int = 3
    unread: float = 0.3
    days: int = 14
    late: float = 1.5

    def __post_init__(self) -> None:
        if min(self.good_runs, self.least_readings, self.days, self.late) < 1:
            raise ValueError("good_runs, least_readings, days and late are at least 1")
        if not (0 < self.silent < 1 and 0 < self.drop < 1 and self.unread > 0):
            raise ValueError("silent and drop are between 0 and 1, unread is above 0")


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, in one sentence that says what to look at; the capture to look at, where one shows it."""

    source: str
    what: str  # silent | field | unread | raised | overdue | legal | unmet
    sentence: str
    capture: int | None = None
    field: str = ""


def read_thresholds(home: Home) -> Thresholds:
    """The working folder's health.yml, or the shipped one. Raises ConfigError."""
    return load(home.file("health.yml"), Thresholds)


def drifted(store: Store, home: Home, source: Source, run: str, counts: Mapping[str, int]) -> list[Alarm]:
    """The alarms of one run, ended or about to end, against good runs of the same operation (or of none): `counts` are its counts."""
    limits = read_thresholds(home)
    alike = store.yields(source.name, limits.good_runs * 4 + 1, operation=store.operation_of(run))
    now = next((each for each in alike if each.run.id == run), None)
    good = [each for each in alike if each.run.id != run and each.run.outcome is Outcome.good][: limits.good_runs]
    if now is None or not good:
        return []
    return [
        *_silent(store, source, now, good, limits),
        *_fields(store, source, now, good, limits),
        *_unread(store, source, now, good, counts, limits),
    ]


def _called(source: Source, run: Run) -> str:
    return f"{source.name} under operation {run.operation}" if run.operation else source.name


def _silent(store: Store, source: Source, now: Yield, good: Sequence[Yield], limits: Thresholds) -> list[Alarm]:
    if now.run.operation:  # with other words it looks for other things
        since = store.operation_since(now.run.operation)
        good, stated = [each for each in good if each.run.started_at >= since], None
    else:
        stated = source.expect.usual if source.expect else None
    usual = stated or (median([each.listings for each in good]) if good else 0)
    if now.listings >= limits.silent * usual:
        return []
    capture = store.capture_unread(now.run.id) or store.first_page(now.run.id)
    said = (
        f"{_called(source, now.run)} has fallen silent: {now.listings} listings, where {usual:g} are usual; "
        f"see {_where(capture)} for what its list shows now"
    )
    return [Alarm(source.name, "silent", said, capture)]


def _fields(store: Store, source: Source, now: Yield, good: Sequence[Yield], limits: Thresholds) -> list[Alarm]:
    if now.readings < limits.least_readings:
        return []
    alarms = []
    for name in FIELDS:
        if source.expect and name in source.expect.without:
            continue
        rates = [rate for each in good if each.readings >= limits.least_readings and (rate := each.rate(name)) is not None]
        rate = now.rate(name) or 0.0
        # one listing more or less without it is no change of the site's, however few they are
        if not rates or median(rates) - rate <= max(limits.drop, 1 / now.readings):
            continue
        capture = store.capture_without(now.run.id, name)
        said = (
            f"{name} is filled on {now.filled.get(name, 0)} of {now.readings} listings of {_called(source, now.run)}, where {median(rates):.0%} is usual: "
            f"look at {_where(capture)} for where the page has {NAMED.get(name, f'its {name}')} now, and mend its YAML"
        )
        alarms.append(Alarm(source.name, "field", said, capture, name))
    if any(each.field == "price" for each in alarms):  # its words are gone with it: one change, one alarm
        alarms = [each for each in alarms if each.field != "price_text"]
    return alarms


def _unread(store: Store, source: Source, now: Yield, good: Sequence[Yield], counts: Mapping[str, int], limits: Thresholds) -> list[Alarm]:
    def share(each: Yield, counted: Mapping[str, int]) -> float:
        return sum(each.unread.values()) / max(1, counted.get("pages", 0))

    usual = median([share(each, each.run.counts) for each in good])
    number = sum(now.unread.values())
    if number < limits.least_readings or share(now, counts) - usual <= limits.unread:
        return []
    capture = store.capture_unread(now.run.id)
    reasons = ", ".join(f"{reason} ({times})" for reason, times in sorted(now.unread.items(), key=lambda each: -each[1])[:3])
    said = f"{number} things of {_called(source, now.run)} were not understood, more than usual: {reasons}; the first is {_where(capture)}"
    return [Alarm(source.name, "unread", said, capture)]


def _where(capture: int | None) -> str:
    return f"capture {capture}" if capture else "its log, since no page was kept"


def check(store: Store, home: Home, source: Source, now: datetime | None = None, operations: Sequence[Operation] = ()) -> list[Alarm]:
    """All that is wrong with a source today: its last run's drift, an unmet last run, no crawl for too long, no legal note.

    Each of the `operations` that name it is judged by its own last run and its own cadence; a sweep of the whole source counts where
    none is scheduled, or where it was the last.
    """
    limits, now = read_thresholds(home), now or datetime.now(UTC)
    alarms = [Alarm(source.name, "legal", refusal)] if (refusal := source.refusal()) else []
    newest = _ended(store, source)
    if not newest:
        return [*alarms, Alarm(source.name, "overdue", f"{source.name} has never been crawled: touchstone crawl {source.name}")]
    ours = [each for each in operations if source.name in each.sources and not not_now(each, now)]
    scheduled = [each for each in ours if each.cadence]
    judged = dict.fromkeys([newest[0].operation or "", *(each.reference for each in ours), *([] if scheduled else [""])])
    for name in judged:
        alarms += _last(store, home, source, name)
    if not scheduled:
        days = timedelta(limits.days)
        return [*alarms, *_overdue(source, newest, days, f"more than {limits.days}: touchstone crawl {source.name}", now)]
    for each in scheduled:
        assert each.cadence is not None
        most, name = limits.late * each.cadence.interval + each.cadence.quiet, each.reference
        ended = _ended(store, source, name) or newest
        alarms += _overdue(
            source, ended, most, f"and operation {name} is to run every {each.cadence.every}: touchstone schedule status", now
        )
    return alarms


def _ended(store: Store, source: Source, operation: str | None = None) -> list[Run]:
    return [each for each in store.runs("crawl", source.name, operation=operation) if each.ended_at is not None]


def _last(store: Store, home: Home, source: Source, operation: str) -> list[Alarm]:
    """What is wrong with the last run of an operation ("": of none)."""
    last = next(iter(_ended(store, source, operation)), None)
    if last is None:
        return []
    alarms = drift = drifted(store, home, source, last.id, last.counts)
    called = _called(source, last)
    if number := last.counts.get("parse raised", 0):
        capture = store.capture_unread(last.id)
        said = f"the parser raised on {number} pages of {called}; the first is {_where(capture)}"
        alarms = [*drift, Alarm(source.name, "raised", said, capture)]
    if last.outcome is not Outcome.good and not alarms:
        said = f"the last crawl of {called} ended {last.outcome}: {last.message}"
        alarms = [Alarm(source.name, "unmet", said, store.first_page(last.id))]
    return alarms


def _overdue(source: Source, ended: Sequence[Run], most: timedelta, rule: str, now: datetime) -> list[Alarm]:
    """Whether the last good one of these runs is too long ago; where none was good, whether the first of them is."""
    well = next((each for each in ended if each.outcome is Outcome.good), None)
    ago = now - (well.ended_at if well and well.ended_at else ended[-1].started_at)
    if ago <= most:
        return []
    long = f"{ago.days} days" if ago.days else f"{ago.seconds // 3600} hours"
    when = f"the last good crawl of {source.name} was {long} ago" if well else f"no crawl of {source.name} has ended well in {long}"
    return [Alarm(source.name, "overdue", f"{when}, {rule}")]
