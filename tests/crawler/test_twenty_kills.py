"""kill -9 at twenty random points, four in each of five crawls, and between any two steps of keeping: nothing lost, nothing twice.

What an uninterrupted crawl of the same site brings is what the killed one must bring, ids and times excepted. Of the site whose lists
shift between the kills it is this: each advert that was there throughout, with its words and its picture, and no row that no advert was.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crawler.browser import MISSING, find_chromium
from store.config import Home
from store.store import Store
from store.words.records import Outcome
from tests import SEED
from tests.crawler.conftest import ROOT, Crawling, Mini, plain_picture
from tests.crawler.test_following import served, write  # noqa: F401  # a fixture
from tests.crawler.test_following_api import API, ads
from tests.crawler.test_following_api import asked as posted  # noqa: F401  # a fixture
from tests.crawler.test_following_browser import WALL
from tests.market.server import Request, Response, Site

KILLS = 4
ON_THE_WAY = 8  # requests that a crawl has asked for and not yet seen kept, at most: CONCURRENT_REQUESTS of these sources
SAME = ("listings", "snapshots", "sellers", "images", "pictures")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the processes of a crawl are found in /proc")


def start(home: Home, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "crawler.unit", str(home.folder), name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def children(pid: int) -> list[int]:
    """All processes below one, and below those."""
    try:
        own = [int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [*own, *(further for each in own for further in children(each))]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the crawl alone; what it had started (the process that keeps, a browser) ends by itself."""
    below = children(process.pid)
    assert below, "a crawl has a process that keeps"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 15
    while left := [each for each in below if alive(each)]:
        assert time.monotonic() < until, f"{left} outlived the crawl"
        time.sleep(0.01)


def asked_for(site: Site) -> Counter[tuple[str, str, bytes]]:
    return Counter((request.method, request.path, request.body) for request in site.requests)


@dataclass
class Battery:
    """A crawl that is killed at random points, and the one that is not."""

    crawling: Crawling
    site: Site
    name: str
    whole: Crawling
    chance: random.Random
    points: list[int] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return self.crawling.home

    def uninterrupted(self) -> Mapping[str, Any]:
        assert self.whole(self.name).outcome is Outcome.good
        return self.whole.listings()

    def killed(self, first: int, last: int, between: Callable[[int], None] = lambda n: None, times: int = KILLS) -> None:
        """Kill it when so many different requests have been made in all, between `first` and `last`, and a moment later."""
        self.points = sorted(self.chance.sample(range(first, last), times))
        print(f"TOUCHSTONE_SEED={SEED}: {self.name} killed after {self.points} requests")
        for number, point in enumerate(self.points):
            point = max(point, len(asked_for(self.site)) + 1)  # one that it has asked for itself: what was on its way counts as well
            process = start(self.home, self.name)
            while len(asked_for(self.site)) < point and process.poll() is None:
                time.sleep(0.002)
            time.sleep(self.chance.uniform(0, 0.03))
            assert process.poll() is None, f"it ended before request {point}: seed {SEED}, points {self.points}"
            kill(process)
            between(number)

    def gone_on_with(self) -> Mapping[str, int]:
        result = self.crawling(self.name)
        assert result.outcome is Outcome.good, (SEED, self.points, result.lines)
        return result.counts

    def sound(self) -> None:
        [run] = self.crawling.store.runs("crawl")
        assert run.outcome is Outcome.good, "one run, gone on with"
        assert self.crawling.store.verify() == [], "the log's chain, the rows, the places and the archive"

    def as_if_nothing_had_happened(self, whole: Mapping[str, Any]) -> None:
        assert self.crawling.listings() == whole, (SEED, self.points)
        counts, theirs = self.crawling.store.counts(), self.whole.store.counts()
        assert {noun: counts[noun] for noun in SAME} == {noun: theirs[noun] for noun in SAME}, (SEED, self.points)
        self.sound()

    def again(self, which: Callable[[str], bool] = lambda path: True) -> int:
        """How many requests were made again."""
        return sum(times - 1 for (_, path, _), times in asked_for(self.site).items() if which(path))


@pytest.fixture
def battery(crawling: Crawling, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Battery]]:
    opened: list[Store] = []

    def make(site: Site, name: str) -> Battery:
        folder = tmp_path / "whole"
        shutil.copytree(crawling.home.folder / "configs", folder / "configs")
        opened.append(Store.open(Home(folder)))
        return Battery(crawling, site, name, Crawling(Home(folder), opened[0]), random.Random(f"{SEED} {request.node.name}"))

    yield make
    for store in opened:
        store.close()


# -- a paged site whose lists shift ------------------------------------------------------------------------------------------------
PER_PAGE = 5


@dataclass
class Shelves(Mini):
    """Adverts in an order, five a page; the order, and what is there, changes between the kills."""

    def respond(self, path: str, query: Any) -> Response | None:
        if path != "/":
            return super().respond(path, query)
        page = int(query.get("page", "1"))
        shown = list(self.goods)[PER_PAGE * (page - 1) : PER_PAGE * page]
        return Response("".join(f"<a class=card href='/item/{ref}'>Bag</a>" for ref in shown).encode())

    def put(self, *refs: str) -> None:
        """To the front: new ones, and those that are there and were bumped."""
        self.goods = {**{ref: self.goods.get(ref, advert(ref)) for ref in refs}, **self.goods}

    def sell(self, ref: str) -> str:
        del self.goods[ref]
        return ref


def advert(ref: str) -> tuple[str, str, str]:
    return f"Bag {ref}", f"{ref}.00", f"/p/{int(ref) % 10}.png"


@pytest.fixture
def shelves() -> Iterator[Shelves]:
    shop = Shelves(goods={str(n): advert(str(n)) for n in range(1, 41)})
    shop.site = Site("shelves", shop.respond, port=0, forbidden=(), allowed=())
    shop.site.latency = 0.03
    shop.site.start()
    yield shop
    shop.site.close()


@pytest.mark.slow
def test_lists_that_shift_between_the_kills(shelves: Shelves, battery: Callable[..., Battery], crawling: Crawling) -> None:
    shelves.write(crawling.home, name="shelves", follow="{listing: a.card, pages: '?page={n}'}", expect=38)
    it, sold, was = battery(shelves.site, "shelves"), set[str](), list(shelves.goods)

    def bump() -> None:
        shelves.put(it.chance.choice(list(shelves.goods)[-PER_PAGE:]))

    def shift(number: int) -> None:
        """New ones in front; one bumped; the first sold; one bumped and one sold at once, so that what lies between stays where it was."""
        if number == 0:
            shelves.put("101", "102")
        if number in (1, 3):
            bump()
        if number in (2, 3):
            sold.add(shelves.sell(list(shelves.goods)[0 if number == 2 else 6]))

    first, second = sorted(it.chance.sample(range(3, 8), 2))  # two among the lists, which come first, two anywhere
    lists, shifts = iter((first, second)), iter(it.chance.sample(range(4), 4))
    for point in lists:
        it.killed(point, point + 1, lambda _: shift(next(shifts)), times=1)
    it.killed(12, 48, lambda _: shift(next(shifts)), times=2)
    it.gone_on_with()
    lists = {"/", *(f"/?page={n}" for n in range(2, 11))}
    assert it.again(lambda path: path not in lists) <= KILLS * ON_THE_WAY
    assert it.again(lambda path: path in lists) <= KILLS * (len(lists) + 2), "all of them where they shifted, and the looks that find out"
    whole, found = it.uninterrupted(), crawling.listings()
    throughout = {f"shelves/{ref}" for ref in was if ref not in sold}
    assert throughout <= set(found) <= {f"shelves/{ref}" for ref in (*was, "101", "102")}, (SEED, throughout - set(found))
    assert all(found[key] == words for key, words in whole.items() if key in found)
    counts = crawling.store.counts()
    assert counts["listings"] == counts["snapshots"] == counts["pictures"] == len(found)
    assert counts["images"] == len({digest for _, digests in found.values() for digest in digests}) == 10
    it.sound()


# -- lists of an API -------------------------------------------------------------------------------------------------------------
LAST = 16


@pytest.mark.slow
def test_an_api_paged_by_the_body_of_a_post(posted: Any, battery: Callable[..., Battery], home: Home) -> None:  # noqa: F811
    def respond(request: Request, path: str, query: Any) -> Response | None:
        page = json.loads(request.body)["page"]
        return ads(range(3 * page - 2, 3 * page + 1) if page < LAST else ())

    site = posted(respond)
    site.latency = 0.06
    write(home, site, API + "  method: POST\n  body: {page: 1}\n  page_at: page\n", expect=45)
    paged(battery(site, "stalls"))


@pytest.mark.slow
def test_an_api_paged_by_a_cursor(posted: Any, battery: Callable[..., Battery], home: Home) -> None:  # noqa: F811
    def respond(request: Request, path: str, query: Any) -> Response | None:
        page = int(query.get("after", "c1")[1:])
        return ads(range(3 * page - 2, 3 * page + 1), next=f"{site.url}search?after=c{page + 1}" if page < LAST else None)

    site = posted(respond)
    site.latency = 0.06
    write(home, site, API + "  next: next\n", expect=48)
    paged(battery(site, "stalls"))


def paged(it: Battery) -> None:
    """One page at a time: again only that one, and the looks at the one before it and at the first."""
    whole = it.uninterrupted()
    it.site.clear_requests()
    it.killed(2, LAST - 1)
    counts = it.gone_on_with()
    assert "lists that shifted" not in counts
    it.as_if_nothing_had_happened(whole)
    assert it.again() <= KILLS * 3, (SEED, it.points)


# -- a wall in the browser -------------------------------------------------------------------------------------------------------
CARDS = 11
WALLED = r"""platform: selectors
ref: '/item/(\d+)'
render: true
concurrency: 2
wait_for: 'body[data-ready], h1'
selectors: {title: h1, price: b}
follow: {scroll: true, listing: .card a}
"""


@pytest.mark.slow
@pytest.mark.skipif(find_chromium() is None, reason=MISSING)
def test_a_wall_that_lets_go_of_its_cards(served: Any, battery: Callable[..., Battery], home: Home) -> None:  # noqa: F811
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/part":
            at = int(query["from"])
            return Response(json.dumps(list(range(at + 1, min(at + 3, CARDS) + 1))).encode(), "application/json")
        ref = path.removeprefix("/item/")
        return Response(WALL if path == "/" else f"<h1>Bag {ref}</h1><b>£{ref}.00</b>".encode())

    site = served(respond)
    site.latency = 0.05
    write(home, site, WALLED, expect=CARDS)
    it = battery(site, "stalls")
    whole = it.uninterrupted()
    site.clear_requests()
    it.killed(3, 14)
    it.gone_on_with()
    it.as_if_nothing_had_happened(whole)
    wall = {"/", *(f"/part?from={n}" for n in range(0, CARDS + 3, 3)), f"/part?from={CARDS}"}
    assert it.again(lambda path: path not in wall) <= KILLS * ON_THE_WAY
    assert it.again(lambda path: path in wall) <= KILLS * len(wall), "half a wall is not kept: it is scrolled anew"


# -- pictures --------------------------------------------------------------------------------------------------------------------
def gallery(mini: Mini, home: Home) -> None:
    """Twenty-four adverts of three pictures each, some of them shared."""
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", [f"/q/{n}.jpg", f"/q/{n + 100}.jpg", f"/q/{n % 7 + 200}.jpg"]) for n in range(1, 25)}  # type: ignore[misc]
    names = {name for _, _, pictures in mini.goods.values() for name in pictures}
    mini.pages |= {name: Response(plain_picture(name, 40), "image/jpeg") for name in names}
    mini.site.latency = 0.02
    mini.write(home, expect=24)


@pytest.mark.slow
def test_pictures(mini: Mini, battery: Callable[..., Battery], crawling: Crawling) -> None:
    gallery(mini, crawling.home)
    it = battery(mini.site, "mini")
    whole = it.uninterrupted()
    assert {len(pictures) for _, pictures in whole.values()} == {3}
    mini.site.clear_requests()
    it.killed(3, 60)
    it.gone_on_with()
    it.as_if_nothing_had_happened(whole)
    assert it.again() <= KILLS * ON_THE_WAY, (SEED, it.points)


# -- between two steps -----------------------------------------------------------------------------------------------------------
NTH = """
import os, signal
def nth(owner, name, number, then):
    real, seen = getattr(owner, name), []
    def instead(*a, **k):
        seen.append(1)
        return then(real, *a, **k) if len(seen) == number else real(*a, **k)
    setattr(owner, name, instead)
def die(*_, **__):  # the crawl's own process, from wherever this runs
    os.kill(UNIT, signal.SIGKILL) if os.getpid() != UNIT else os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()  # until the kernel ends this one, too
UNIT = os.getpid()
import crawler.keeper, crawler.unit, store.archive_writer as w, store.store as s
"""
STEPS = {
    "half a record is written": "nth(w, 'write_all', 9, lambda real, file, data: (file.write(data[:len(data) // 2]), die()))",
    "the bytes are on the disk, and no row says so": "nth(s.Store, 'keep_written', 6, die)",
    "the rows are committed, and the crawl has not heard": "nth(crawler.keeper.Work, 'do', 9, lambda real, *a: (real(*a), die()))",
    "a page is kept, and not read": "nth(crawler.keeper, 'parse_page', 4, die)",
    "the last answer is kept, and the run has no ending row": "nth(s.Store, 'end_run', 1, die)",
}


def patched(home: Home, code: str) -> subprocess.CompletedProcess[str]:
    program = f"{NTH}{code}\nimport sys\nfrom crawler.unit import main\nsys.exit(main([{str(home.folder)!r}, 'mini']))"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_killed_between_any_two_steps_of_keeping(mini: Mini, battery: Callable[..., Battery], crawling: Crawling) -> None:
    """One crawl, killed at each of these in turn; before the run's ending row last, when nothing is left to be asked for."""
    gallery(mini, crawling.home)
    it = battery(mini.site, "mini")
    whole = it.uninterrupted()
    mini.site.clear_requests()
    for step, code in STEPS.items():
        assert patched(crawling.home, code).returncode == -signal.SIGKILL, step
        again = it.again()
    seen = len(mini.site.requests)
    it.gone_on_with()
    it.as_if_nothing_had_happened(whole)
    assert len(mini.site.requests) == seen, "nothing was left to be asked for"
    assert 0 < again <= (len(STEPS) - 1) * ON_THE_WAY


# -- the process that keeps, alone ---------------------------------------------------------------------------------------------
def test_the_process_that_keeps_is_killed_and_the_run_says_so(mini: Mini, battery: Callable[..., Battery], crawling: Crawling) -> None:
    """The crawl stops asking, ends without an ending row, and is gone on with: at a random point, and while it waits for a reading only."""
    gallery(mini, crawling.home)
    it = battery(mini.site, "mini")
    whole = it.uninterrupted()
    mini.site.clear_requests()
    point = it.chance.randint(5, 79 - 3 * ON_THE_WAY)
    command = [sys.executable, "-m", "crawler.unit", str(crawling.home.folder), "mini"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while len(asked_for(mini.site)) < point and process.poll() is None:
        time.sleep(0.002)
    [keeper] = children(process.pid)
    os.kill(keeper, signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    seen = len(asked_for(mini.site))
    assert seen <= point + 3 * ON_THE_WAY, f"it goes on asking: {point} requests, then {seen}; seed {SEED}"
    interrupted(json.loads(said.splitlines()[-1])["result"], process.returncode)
    done = patched(crawling.home, "nth(crawler.keeper, 'keep_page', 20, lambda *_: os.kill(os.getpid(), signal.SIGKILL))")
    interrupted(json.loads(done.stdout.splitlines()[-1])["result"], done.returncode)
    assert [run.outcome for run in crawling.store.runs("crawl")] == [None]
    it.gone_on_with()
    it.as_if_nothing_had_happened(whole)
    assert it.again() <= 2 * ON_THE_WAY


def interrupted(result: Mapping[str, Any], status: int) -> None:
    assert (status, result["outcome"]) == (2, "failed"), result
    assert "the process that keeps was killed (signal 9)" in result["message"] and "run it again to go on" in result["message"]
