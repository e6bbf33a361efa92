"""Past one machine: units of (operation, source) on a Dask cluster, the store on PostgreSQL. A worker killed with -9 loses nothing."""

import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from store.config import Home
from store.executors import DaskExecutor
from store.runs import PassResult
from store.store import Store
from store.words.records import Outcome
from tests import SEED
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Site

GOODS = 40
CONCURRENCY = 4  # as SOURCE has it: the most that can be on its way at a host


@pytest.fixture
def on_postgresql(postgres: str, monkeypatch: pytest.MonkeyPatch, home: Home) -> Iterator[Crawling]:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = make_url(postgres).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    monkeypatch.setenv("TOUCHSTONE_STORE", url)
    with Store.open(home) as store:
        yield Crawling(home, store)


@pytest.fixture
def shops() -> Iterator[list[Mini]]:
    """Two hosts of forty goods each, and two sources on the second: the units of a host go one after another."""
    with ExitStack() as stack:
        made = []
        for number in range(2):
            shop = Mini(goods={str(n): (f"Bag {number}.{n}", f"{n}.00", f"/p/{n % 9}.png") for n in range(1, GOODS + 1)})
            shop.site = Site(f"shop{number}", shop.respond, port=0, forbidden=(), allowed=())
            shop.site.latency = 0.08
            shop.site.start()
            stack.callback(shop.site.close)
            made.append(shop)
        yield made


@pytest.mark.slow
def test_two_workers_and_one_killed(shops: list[Mini], on_postgresql: Crawling) -> None:
    """The same listings as without a cluster; nothing fetched twice but what was on its way; every unit ended once."""
    distributed = pytest.importorskip("distributed", reason="the extra `cluster`")
    chance, crawling = random.Random(SEED), on_postgresql
    for name, shop in zip(("one", "two", "two_again"), (shops[0], shops[1], shops[1]), strict=True):
        shop.write(crawling.home, name=name, expect=GOODS)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        DaskExecutor(cluster.scheduler_address) as executor,
        ThreadPoolExecutor(1) as aside,
    ):
        crawl: Future[PassResult] = aside.submit(crawling, "one", "two", "two_again", executor=executor)
        point = chance.randint(5, 30)
        _wait(lambda: all(len(shop.site.requests) > point for shop in shops) or crawl.done())
        assert not crawl.done(), "the crawl was over before a worker could be killed"
        worker = chance.choice(list(cluster.workers.values()))
        os.kill(worker.pid, signal.SIGKILL)
        result = crawl.result(timeout=300)
    assert result.outcome is Outcome.good, result.lines
    titles = {key: words["title"] for key, (words, _) in crawling.listings().items()}
    assert titles == {
        f"{name}/{n}": f"Bag {number}.{n}" for name, number in (("one", 0), ("two", 1), ("two_again", 1)) for n in range(1, GOODS + 1)
    }
    assert all(len(pictures) == 1 for _, pictures in crawling.listings().values())
    runs = crawling.store.runs("crawl")
    assert Counter(run.source for run in runs) == Counter(("one", "two", "two_again")), (
        "a killed unit's run is gone on with, an ended one is left"
    )
    assert sum(run.counts.get("answered from kept", 0) for run in runs) > 0
    for shop, times in zip(shops, (1, 2), strict=True):
        asked = Counter(request.path for request in shop.site.requests if request.path != "/robots.txt")
        again = sum(number - times for number in asked.values() if number > times)
        assert again <= CONCURRENCY, f"{again} requests made again, where at most {CONCURRENCY} were on their way"
    assert crawling.store.verify() == []
    assert not Path(crawling.home.folder / "var/touchstone.db").exists()


def _wait(for_what: object, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if for_what():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("what was waited for did not come")
