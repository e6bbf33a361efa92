"""The process that keeps: what shares a batch shares a flush and a transaction, and nothing else."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from crawler.keeper import Messages, Work, _without_repeats, packed
from crawler.source import find_sources
from store.store import Store
from store.words.records import Capture, CaptureKind
from tests.crawler.conftest import Crawling, Mini


@pytest.fixture
def work(mini: Mini, crawling: Crawling, store: Store) -> Iterator[Work]:
    mini.write(crawling.home)
    [source] = find_sources(crawling.home, ["mini"])
    run = store.begin_run("crawl", actor="system", authority="demo", code_version="t", config_digest="0" * 64, source="mini")
    with store.archive.writer(run.id) as writer:
        yield Work(store, writer, source, run, "market_sweep")


def capture(work: Work, n: int) -> Capture:
    now, url = datetime.now(UTC), f"https://mini.example/item/{n}"
    return Capture(
        None, work.run.id, "mini", CaptureKind.page, "GET", url, url, (), 200, (), (("Content-Type", "text/html"),), "", 0, now, now
    )


def test_bytes_are_on_the_disk_before_the_one_transaction_says_so(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append("flushed"), real(handle))[1])
    event.listen(work.store.database.engine, "commit", lambda connection: seen.append("committed"))
    before = work.store.log_head()[0]
    answers = work.do([(n, "keep", (capture(work, n), b"<p>%d" % n, None)) for n in range(5)])
    assert seen[-2:] == ["flushed", "committed"] and seen.count("flushed") == 1
    assert [number for number, _ in answers] == [0, 1, 2, 3, 4] and all(kept.id for _, kept in answers)
    assert work.store.log_head()[0] == before + 5 and work.store.verify() == []


def test_a_job_that_fails_fails_alone(work: Work) -> None:
    """One whose bytes cannot be written, one whose rows cannot: the others of the batch are kept."""
    [(_, kept)] = work.do([(0, "keep", (capture(work, 0), b"<p>0", None))])
    bad = replace(capture(work, 3), ended_at=datetime(2026, 1, 1))  # a time without a zone
    jobs = [
        (1, "keep", (capture(work, 2), b"<p>2", None)),
        (2, "keep", (bad, b"<p>3", None)),
        (3, "join", ("0" * 64, kept.id, [(999, 0)])),  # no such reading
        (4, "keep", (capture(work, 4), b"<p>4", None)),
    ]
    with capture_logs() as logged:
        answers = dict(work.do(jobs))
    [said] = logged
    assert said["jobs"] == 3 and "zone" not in said["error"] and said["error"], "why the batch failed together, once"
    assert isinstance(answers[2], Exception) and "zone" in str(answers[2]) and isinstance(answers[3], Exception)
    assert answers[1].id and answers[4].id and work.store.counts()["captures"] == 3 and work.store.verify() == []


def test_the_same_bytes_twice_in_a_batch_are_kept_once(work: Work) -> None:
    batch = [(n, "keep", (capture(work, n), b"<p>the same", None)) for n in range(3)]
    parts = list(_without_repeats(batch))
    assert [len(part) for part in parts] == [1, 1, 1]
    kept = [answer for part in parts for _, answer in work.do(part)]
    with work.store.acting("system", purpose="test") as reader:
        places = [reader.place(each.id) for each in kept]
        assert [place.record_type for place in places if place] == ["response", "revisit", "revisit"]
        assert {reader.payload(each.id) for each in kept} == {b"<p>the same"}


def test_messages_come_whole_however_the_bytes_arrive() -> None:
    sent = [(1, "keep", (b"x" * 70_000,)), (2, "read", ()), "three"]
    stream, messages, got = b"".join(map(packed, sent)), Messages(), []
    for at in range(0, len(stream), 977):
        got += messages.of(stream[at : at + 977])
    assert got == sent
