"""The schedule: when a thing is due, by the rows alone; and a real clock over a loopback site, in processes that are stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from casework import operations, schedule
from casework.operations import find_operations
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import SYSTEM, Store
from store.words.records import Cadence, Outcome
from tests.crawler.conftest import ROOT, Crawling, Mini, crawling, home, mini, store  # noqa: F401  # fixtures
from tests.market.server import Response

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)  # summer: London is an hour ahead


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- what is due: pure -----------------------------------------------------------------------------------------------------------
def due(last: str | None, unfinished: bool = False, now: datetime = NOW, **cadence: Any) -> datetime:
    return schedule.next_due(Cadence(**cadence), at(last) if last else None, now, unfinished=unfinished)


def test_what_never_ran_or_never_ended_is_due_now() -> None:
    assert due(None, every="1 day") == NOW and due("2026-06-15T11:59", unfinished=True, every="2 weeks") == NOW


def test_an_interval_counts_from_the_start_of_the_last_run() -> None:
    assert due("2026-06-15T09:00", every="6 hours") == at("2026-06-15T15:00")
    assert due("2026-06-15T09:00", every="30 minutes") == at("2026-06-15T09:30")
    assert due("2026-06-01T09:00", every="2 weeks") == at("2026-06-15T09:00")


def test_an_hour_of_the_day_is_of_its_zone_over_the_change_of_the_clocks() -> None:
    london = {"every": "1 day", "at": "03:30", "zone": "Europe/London"}
    assert due("2026-06-14T02:31", **london) == at("2026-06-15T02:30"), "03:30 in June is 02:30 UTC"
    assert due("2026-03-28T03:31", **london) == at("2026-03-29T02:30") and due("2026-10-24T02:31", **london) == at("2026-10-25T03:30")
    assert due("2026-06-14T02:31", every="1 day", at="03:30") == at("2026-06-14T03:30"), "in UTC: that run was the day before's"
    assert due("2026-06-14T04:00", every="1 week", at="03:30") == at("2026-06-21T03:30")


@pytest.mark.parametrize("last", ["2026-06-15T03:30", "2026-06-15T03:31", "2026-06-15T11:59"])
def test_a_run_late_in_the_day_fills_that_day_only(last: str) -> None:
    assert due(last, every="1 day", at="03:30") == at("2026-06-16T03:30")


def test_many_missed_times_are_one_run() -> None:
    """The machine was off for a month: due now; after that run the next is tomorrow's, not thirty more."""
    assert due("2026-05-15T03:30", every="1 day", at="03:30") < NOW
    assert due(NOW.isoformat()[:16], every="1 day", at="03:30") == at("2026-06-16T03:30")


def test_quiet_hours_put_off_to_their_end() -> None:
    quiet = {"every": "6 hours", "not_between": ("08:00", "18:00")}
    assert due("2026-06-14T20:00", **quiet) == at("2026-06-15T18:00"), "due at two, missed, and now it is noon"
    assert due(None, **quiet) == at("2026-06-15T18:00") and due("2026-06-15T13:00", **quiet) == at("2026-06-15T19:00")
    over_midnight = {"every": "1 hour", "not_between": ("22:00", "06:00")}
    assert due("2026-06-15T21:30", **over_midnight) == at("2026-06-16T06:00")
    assert due("2026-06-15T01:00", now=at("2026-06-15T03:00"), **over_midnight) == at("2026-06-15T06:00")
    assert due("2026-06-15T19:30", zone="Europe/London", **over_midnight) == at("2026-06-15T20:30")


@pytest.mark.parametrize(
    ("cadence", "says"),
    [
        ({"every": "daily"}, "is no interval"),
        ({"every": "0 days"}, "is no interval"),
        ({"every": "1 day", "at": "3:30"}, "03:30"),
        ({"every": "6 hours", "at": "03:30"}, "whole days"),
        ({"every": "1 day", "zone": "Europe/Londn"}, "is no time zone"),
        ({"every": "1 day", "not_between": ("08:00", "08:00")}, "the same"),
    ],
)
def test_cadences_that_cannot_be(cadence: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Cadence(**cadence)


# -- rows, over a real site ------------------------------------------------------------------------------------------------------------
def state(folder: Path, name: str = "bags", every: str = "1 day", more: str = "") -> None:
    path = folder / "configs" / "operations" / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"title: Bags\npurpose: market_sweep\nterms: [bag]\nsources: [mini]\ncadence: {{every: '{every}'}}\n{more}")


def ran(store: Store, name: str = "bags") -> list[Any]:  # noqa: F811
    return store.runs("operation", operation=name, limit=20)


def test_once_runs_what_is_due_and_nothing_twice(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling.home.folder)
    done = schedule.once(crawling.store, crawling.home, examine=False)
    assert {name: result.outcome for name, result in done.items()} == {"bags": Outcome.good} and len(crawling.listings()) == 3
    assert schedule.once(crawling.store, crawling.home, examine=False) == {}
    [entry] = schedule.entries(crawling.store, crawling.home, datetime.now(UTC))
    [run] = ran(crawling.store)
    assert entry.due == run.started_at + timedelta(days=1) and entry.last == run and not entry.running and run.counts["listings"] == 3
    later = run.started_at + timedelta(days=40)
    assert list(schedule.once(crawling.store, crawling.home, examine=False, now=later)) == ["bags"] and len(ran(crawling.store)) == 2
    assert schedule.once(crawling.store, crawling.home, examine=False) == {}, "forty missed times were one run"


def test_a_file_that_is_not_in_order_does_not_hold_the_others_up(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling.home.folder)
    state(crawling.home.folder, "a_broken_one", more="tersm: [bag]\n")
    with pytest.raises(TouchstoneError, match=r"a_broken_one\.yml.*did you mean 'terms'"):
        schedule.once(crawling.store, crawling.home, examine=False)
    [run] = ran(crawling.store)
    assert run.outcome is Outcome.good and schedule.due_now(crawling.store, crawling.home, datetime.now(UTC)) == []


def test_once_leaves_out_what_another_has_run_meanwhile(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """Two of cron's, of which the first is still at an operation when the second has done the one after it."""
    mini.write(crawling.home)
    state(crawling.home.folder, "bags")
    state(crawling.home.folder, "belts")

    def another(name: str, result: PassResult) -> None:
        if name == "bags":
            assert list(schedule.once(crawling.store, crawling.home, examine=False)) == ["belts"]

    assert list(schedule.once(crawling.store, crawling.home, examine=False, ended=another)) == ["bags"]
    assert len(ran(crawling.store, "belts")) == 1


def test_a_clock_that_was_wrong_holds_nothing_up(mini: Mini, crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling.home.folder)
    crawling.store.keep_operation(find_operations(crawling.home, ["bags"])[0])

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=4000)

    with monkeypatch.context() as patched:
        patched.setattr("store.runs.datetime", Later)
        wrong = crawling.store.begin_run(
            "operation",
            actor=SYSTEM,
            authority=crawling.home.settings.authority.code,
            code_version="1",
            config_digest="0" * 64,
            operation="bags",
        )
        crawling.store.end_run(wrong.id, Outcome.good, {})
    assert ran(crawling.store)[0].started_at > datetime.now(UTC) + timedelta(days=3000)
    assert list(schedule.once(crawling.store, crawling.home, examine=False)) == ["bags"], "the clock is right again"
    assert schedule.once(crawling.store, crawling.home, examine=False) == {}, "and the right row counts"


def test_a_refused_watch_is_a_row_once_a_period_and_no_request(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """Checked at each tick: it was live when the last run began."""
    mini.write(crawling.home)
    body = (
        f"title: Watch\npurpose: subject_watch\nsources: [mini]\nsubjects: ['{mini.site.url}']\ncadence: {{every: 1 day}}\n"
        "authorisation: {urn: DSA/7, authorising_officer: B. Lead, approved_on: '2026-01-01', starts: '2026-01-01', expires: '%s', "
        "necessity: n, proportionality: p, collateral_intrusion: c%s}\n"
    )
    path = crawling.home.folder / "configs" / "operations" / "watch.yml"
    path.parent.mkdir()
    path.write_text(body % ("2099-01-01", ""))
    assert schedule.once(crawling.store, crawling.home, examine=False)["watch"].outcome is Outcome.good
    mini.site.clear_requests()
    for number, (expires, more, says) in enumerate(
        (("2026-01-02", "", "expired on 2026-01-02"), ("2099-01-01", ", cancelled_at: '2026-02-01'", "was cancelled"))
    ):
        path.write_text(body % (expires, more))
        tomorrow = ran(crawling.store, "watch")[0].started_at + timedelta(days=1, minutes=1)
        [entry] = schedule.entries(crawling.store, crawling.home, tomorrow)
        assert says in entry.refused
        result = schedule.once(crawling.store, crawling.home, examine=False, now=tomorrow)["watch"]
        assert result.outcome is Outcome.failed and says in result.message and mini.site.requests == []
        assert says in ran(crawling.store, "watch")[0].message and len(ran(crawling.store, "watch")) == number + 2
        assert schedule.once(crawling.store, crawling.home, examine=False) == {}, "not at every tick"


def test_the_same_one_never_twice_at_a_time(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling.home.folder)
    with crawling.store.alone("operation bags") as mine:
        assert mine
        result = operations.run(crawling.store, crawling.home, "bags", examine=False)
        assert result.outcome is Outcome.failed and "is being worked on already" in result.message
        assert mini.site.requests == [] and ran(crawling.store) == []
    assert operations.run(crawling.store, crawling.home, "bags", examine=False).outcome is Outcome.good


# -- the clock itself, in processes of their own -----------------------------------------------------------------------------------------
def start_command(folder: Path, *more: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "casework.cli",
        "schedule",
        "run",
        "--crawl-only",
        "--tick",
        "0.5",
        "--json",
        "--home",
        str(folder),
        *more,
    ]


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        start_command(folder, *more), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def until(what: Callable[[], Any], seconds: float = 180) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")


def test_two_clocks_one_run_each_period_and_a_clean_stop(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    state(crawling.home.folder, every="1 hour")
    state(crawling.home.folder, name="belts", every="3 seconds")
    clocks = [start(crawling.home.folder) for _ in range(2)]
    try:
        until(lambda: sum(1 for run in ran(crawling.store, "belts") if run.ended_at) >= 2)
    finally:
        for clock in clocks:
            clock.send_signal(signal.SIGTERM)
        outputs = [clock.communicate(timeout=180) for clock in clocks]
    assert [clock.returncode for clock in clocks] == [0, 0], outputs
    [bags] = [run for run in ran(crawling.store, "bags") if run.ended_at]
    assert bags.outcome is Outcome.good
    belts = sorted((run for run in ran(crawling.store, "belts")), key=lambda run: run.started_at)
    for before, after in pairwise(belts):
        assert before.ended_at and before.ended_at <= after.started_at and after.started_at - before.started_at >= timedelta(seconds=3)
    said = [json.loads(row) for out, _ in outputs for row in out.splitlines()]
    assert {each["operation"] for each in said} == {"bags", "belts"}


def test_after_kill_9_it_goes_on_where_it_was(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.goods = {str(n): (f"Bag {n}", "10.00", "/p/1.png") for n in range(1, 13)}
    path = mini.write(crawling.home, expect=12)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.5\n").replace("concurrency: 4", "concurrency: 1"))
    state(crawling.home.folder, every="1 day")
    clock = start(crawling.home.folder)
    until(lambda: len(mini.site.requests) >= 4)
    clock.kill()
    clock.communicate()
    [left] = ran(crawling.store)
    assert left.ended_at is None
    [entry] = schedule.entries(crawling.store, crawling.home, datetime.now(UTC))
    assert entry.due is not None and entry.due <= datetime.now(UTC), "what was broken off is due at once"
    result = schedule.once(crawling.store, crawling.home, examine=False)["bags"]
    assert result.outcome is Outcome.good, result.lines
    assert len(crawling.listings()) == 12 and len(crawling.store.runs("crawl")) == 1, "the unit's own run was gone on with"
    new, old = ran(crawling.store)
    assert old.id == left.id and old.outcome is Outcome.failed and new.id[:8] in old.message and new.outcome is Outcome.good
    asked = [request.path for request in mini.site.requests]
    assert asked.count("/") == 1, "and what was kept is not asked for again"


def test_sigterm_while_a_crawl_runs_loses_nothing(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.goods = {str(n): (f"Bag {n}", "10.00", "/p/1.png") for n in range(1, 13)}
    path = mini.write(crawling.home, expect=12)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.5\n").replace("concurrency: 4", "concurrency: 1"))
    state(crawling.home.folder, every="1 day")
    clock = start(crawling.home.folder)
    until(lambda: len(mini.site.requests) >= 4)
    clock.send_signal(signal.SIGTERM)
    clock.communicate(timeout=180)
    assert clock.returncode == 0
    asked = len(mini.site.requests)
    time.sleep(1.5)
    assert len(mini.site.requests) == asked, "its crawl ended with it"
    assert ran(crawling.store)[0].ended_at is None
    assert schedule.once(crawling.store, crawling.home, examine=False)["bags"].outcome is Outcome.good and len(crawling.listings()) == 12


def test_what_raises_after_the_crawl_is_crawled_once_a_period(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """flags.yml is read when the crawl is over: its typo is a failed run, not a crawl at every tick. The clock's log says where it arose."""
    mini.write(crawling.home)
    state(crawling.home.folder)
    (crawling.home.folder / "configs" / "flags.yml").write_text("polcy: x\n")
    command = [each for each in start_command(crawling.home.folder) if each != "--crawl-only"]
    clock = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until(lambda: any(run.ended_at for run in ran(crawling.store)))
        asked = len(mini.site.requests)
        time.sleep(2.5)  # five ticks
    finally:
        clock.send_signal(signal.SIGTERM)
        said, _ = clock.communicate(timeout=180)
    [run] = ran(crawling.store)
    assert run.outcome is Outcome.failed and "unknown key 'polcy'" in run.message and len(mini.site.requests) == asked > 3
    assert "an operation could not be worked on" in said and "Traceback" in said and "in examined" in said
    [entry] = schedule.entries(crawling.store, crawling.home, datetime.now(UTC))
    assert entry.due == run.started_at + timedelta(days=1)


def test_what_had_ended_before_it_was_broken_off_is_not_crawled_again(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """Killed twice at its second source: the first was done before the first time."""
    mini.goods = {str(n): (f"Bag {n}", "10.00", "/p/1.png") for n in range(1, 10)}
    mini.pages["/first"] = Response(b"<a class=card href=/item/1>1</a>")
    mini.write(crawling.home, name="first", start=f"{mini.site.url}first")
    path = mini.write(crawling.home, name="second", expect=9)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.5\n").replace("concurrency: 4", "concurrency: 1"))
    state(crawling.home.folder)
    stated = crawling.home.folder / "configs" / "operations" / "bags.yml"
    stated.write_text(stated.read_text().replace("[mini]", "[first, second]"))
    for times in (1, 2):
        so_far = len(mini.site.requests)
        clock = start(crawling.home.folder)
        until(lambda: len(ran(crawling.store)) >= times)  # noqa: B023  # what the dead one had sent may still arrive
        until(lambda: sum("/item/" in each.path for each in mini.site.requests[so_far:]) >= (3 if times == 1 else 1))  # noqa: B023
        clock.kill()
        clock.communicate()
    with crawling.store.alone("operation bags") as free:
        assert free
    result = schedule.once(crawling.store, crawling.home, examine=False)["bags"]
    assert result.outcome is Outcome.good and result.counts["listings"] == 10, result.lines
    assert [request.path for request in mini.site.requests].count("/first") == 1
    assert {run.source: run.outcome for run in crawling.store.runs("crawl")} == {"first": Outcome.good, "second": Outcome.good}
    assert len(crawling.store.runs("crawl")) == 2 and len(ran(crawling.store)) == 3
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert schedule.once(crawling.store, crawling.home, examine=False, now=tomorrow)["bags"].outcome is Outcome.good
    assert [request.path for request in mini.site.requests].count("/first") == 2, "the next time is a crawl of all"
