"""kill -9 in the middle of a crawl, then again and again: the same listings and snapshots as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import audit
from store.config import Home
from store.store import Store
from store.words.records import Outcome
from tests import SEED
from tests.crawler.conftest import ROOT, Crawling, Mini


def _start(home: Home) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crawler.unit", str(home.folder), "mini"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _copy_of(home: Home, folder: Path) -> Home:
    import shutil

    shutil.copytree(home.folder / "configs", folder / "configs")
    return Home(folder)


def test_killed_at_five_random_points(mini: Mini, crawling: Crawling, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", f"/p/{n % 15}.png") for n in range(1, 61)}
    mini.site.latency = 0.02
    mini.write(crawling.home, expect=60)
    whole = Crawling(_copy_of(crawling.home, tmp_path / "whole"), Store.open(Home(tmp_path / "whole")))
    assert whole("mini").outcome is Outcome.good
    mini.site.clear_requests()
    points = sorted(chance.sample(range(3, 60), 5))  # after how many requests in all, the sixty pages and fifteen pictures
    for point in points:
        process = _start(crawling.home)
        while len({request.path for request in mini.site.requests}) < point and process.poll() is None:
            time.sleep(chance.uniform(0.001, 0.01))
        assert process.poll() is None, f"it ended before request {point}: points {points}"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["answered from kept"] > 0, result.lines
    assert crawling.listings() == whole.listings() and len(crawling.listings()) == 60
    same = ("listings", "snapshots", "sellers", "images", "pictures")
    assert {noun: crawling.store.counts()[noun] for noun in same} == {noun: whole.store.counts()[noun] for noun in same}
    assert len(crawling.store.runs("crawl")) == 1, "one run, gone on with"
    with crawling.store.database.reading() as c:
        assert audit.verify(c) == []
    assert crawling.store.archive.verify() == []
    paths = [request.path for request in mini.site.requests]
    again = sum(paths.count(path) - 1 for path in set(paths))
    assert again <= 5 * 12, f"{again} requests were made twice: only those in flight at each kill may be"
    whole.store.close()


def test_a_changed_configuration_is_a_new_run(mini: Mini, crawling: Crawling) -> None:
    mini.site.latency = 0.05
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", "/p/1.png") for n in range(1, 41)}
    mini.write(crawling.home)
    process = _start(crawling.home)
    while len(mini.site.requests) < 8:
        time.sleep(0.01)
    process.kill()
    process.wait()
    mini.write(crawling.home, expect=2)
    assert crawling("mini").outcome is Outcome.good
    newest, left = crawling.store.runs("crawl")
    assert left.outcome is Outcome.failed and "configuration has changed" in left.message and newest.outcome is Outcome.good


def test_a_run_of_another_program_or_of_yesterday_is_not_gone_on_with() -> None:
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from crawler.run import not_gone_on
    from store.version import code_version
    from store.words.records import Run

    left = Run("r", "crawl", "system", "demo", code_version(), "c", datetime.now(UTC))
    assert not_gone_on(left, "c") == "" == not_gone_on(None, "c")
    assert "configuration" in not_gone_on(left, "d")
    assert "another version" in not_gone_on(replace(left, code_version="0.0.1"), "c")
    assert "hours ago" in not_gone_on(replace(left, started_at=datetime.now(UTC) - timedelta(days=2)), "c")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's notice of a parent's end is Linux's")
def test_a_crawl_ends_with_the_command_that_started_it(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", f"/p/{n % 15}.png") for n in range(1, 61)}
    mini.site.latency = 0.2
    mini.write(crawling.home, expect=60)
    command = [sys.executable, "-c", "import sys; from casework.cli import main; sys.argv = ['touchstone', *sys.argv[1:]]; main()", "crawl"]
    parent = subprocess.Popen([*command, "--home", str(crawling.home.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not mini.site.requests and time.monotonic() < until:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    seen = 0
    while seen < len(mini.site.requests) < 60:  # those that are on their way still come
        seen = len(mini.site.requests)
        time.sleep(3)
    assert 0 < seen == len(mini.site.requests) < 60


def test_a_crawl_whose_parent_dies_while_it_is_loading_asks_for_nothing(mini: Mini, crawling: Crawling) -> None:
    """The command is killed in the moment that it has started the crawl's process, which has not asked to be told of that yet."""
    mini.write(crawling.home)
    program = (
        "import os, subprocess\nfrom pathlib import Path\nfrom crawler import run\nreal = subprocess.Popen\n"
        "def die(*given, **more):\n    print(real(*given, **more).pid, flush=True)\n    os._exit(9)\n"
        f"subprocess.Popen = die\nrun.crawl_units(Path({str(crawling.home.folder)!r}), ['mini'], run.Why(), 'system', True)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 9
    end = time.monotonic() + 60
    while Path(f"/proc/{int(done.stdout)}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not Path(f"/proc/{int(done.stdout)}").exists() and mini.site.requests == []
