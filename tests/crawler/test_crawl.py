"""The pass `crawl` over real sockets: what it keeps, what it counts, how it ends."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crawler import run as crawl
from store.config import Executor
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import ROOT, Crawling, Mini, plain_picture
from tests.market import Posted, start_market
from tests.market.server import Response, Site

SCRAPY = Path(sys.executable).with_name("scrapy")


@pytest.mark.slow
def test_market_as_it_truly_is_and_twice_the_same(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The market's own truth: every listing, its words, its pictures. A second crawl adds runs, captures, readings and events only."""
    for size, side in (("jpeg", 24), ("thumb", 6)):  # its photographs take a while to draw, and nobody looks at them here
        monkeypatch.setattr(Posted, size, property(lambda self, side=side: plain_picture(repr(self), side)))
    with start_market() as market:
        market.write_sources(crawling.home.folder / "configs" / "sources")
        names = ("demo_shop", "demo_classifieds", "demo_wall")
        first = crawling(*names)
        assert first.outcome is Outcome.good, first.lines
        kept = crawling.listings()
        truth = [each for each in market.listings if each.source != "storefront"]
        assert set(kept) == {f"demo_{each.source}/{each.ref}" for each in truth}
        for each in truth:
            words, pictures = kept[f"demo_{each.source}/{each.ref}"]
            assert (words["title"], words["price_minor"] or None, words["currency"]) == (
                each.title,
                each.price or None,
                each.currency if each.price else words["currency"],
            )
            assert words["seller_name"] == each.seller_name and len(pictures) == len(each.pictures)
            assert each.source == "wall" or " ".join(words["text"].split()) == " ".join(each.text.split())
        assert first.counts["robots refusals"] == 1 and first.counts["not understood"] == 5  # /private/ad/90001; the five ghosts
        requested = [r.path for site in market.sources.values() for r in site.requests]
        assert not [path for path in requested if path.startswith(("/private/", "/admin/", "/promo/", "/basket"))]
        before = crawling.store.counts()
        second = crawling(*names)
        after = crawling.store.counts()
    changed = {noun for noun in before if before[noun] != after[noun]}
    assert second.outcome is Outcome.good and changed <= {"captures", "readings", "events", "unread"} and crawling.listings() == kept
    assert crawling.store.verify() == []


def test_expectations_unmet(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home, expect=4)
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and "3 listings where at least 4 were expected" in result.message
    [run] = crawling.store.runs("crawl")
    assert run.outcome is Outcome.unmet and run.counts["listings"] == 3
    assert result.lines[0].startswith("mini: FAIL") and len(result.lines) == 5


def test_a_parser_that_raises_fails_the_run_and_loses_nothing(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home, expect=2)
    code = """
import crawler.platforms.schema_org as platform
good = platform.parse
def parse(response, source):
    if response.url.endswith("/2"):
        raise KeyError("a page that nobody foresaw")
    yield from good(response, source)
platform.parse = parse"""
    status, result = crawling.patched("mini", code)
    assert status == 1 and result["outcome"] == "unmet" and result["counts"]["parse raised"] == 1
    assert set(crawling.listings()) == {"mini/1", "mini/3"}
    page = next(c for c in crawling.captures(kinds=(CaptureKind.page,)) if c.url_final.endswith("/2"))
    assert b"Bag 2" in crawling.payload(page) and crawling.store.counts()["unread"] == 1
    from crawler import reread

    again = reread.run(crawling.store, crawling.home)
    assert again.outcome is Outcome.good and set(crawling.listings()) == {"mini/1", "mini/2", "mini/3"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("legal: A loopback test.\n", "", "no legal note"),
        ("expect: {listings: 1}\n", "", "does not say what it expects"),
        ("testing: true\n", "", "an address of this machine"),
        ("testing: true", "testing: sometimes", "true or false"),
        ("legal:", "leagl:", "did you mean 'legal'"),
    ],
)
def test_a_source_that_may_not_start(mini: Mini, crawling: Crawling, old: str, new: str, says: str) -> None:
    """Refused with exit status 2, before any request."""
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace(old, new))
    done = subprocess.run(
        [SCRAPY, "crawl", "mini"],
        cwd=ROOT,
        env={**os.environ, "TOUCHSTONE_HOME": str(crawling.home.folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and says in done.stdout + done.stderr
    assert mini.site.requests == []


def test_scrapy_lists_and_crawls_the_sources(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home)
    mini.write(crawling.home, name="another", expect=9)
    env = {**os.environ, "TOUCHSTONE_HOME": str(crawling.home.folder)}
    listed = subprocess.run([SCRAPY, "list"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert listed.stdout.split() == ["another", "mini"]
    done = subprocess.run([SCRAPY, "crawl", "another"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "another: FAIL" in done.stdout and len(crawling.listings()) == 3


def test_a_unit_runs_once_at_a_time(mini: Mini, crawling: Crawling) -> None:
    from crawler.unit import locked

    mini.write(crawling.home)
    with locked(crawling.home, "unit--mini", 0):
        result = crawling("mini")
    assert result.outcome is Outcome.failed and "already" in result.message and crawling.store.runs("crawl") == []


def test_redirects_errors_and_other_hosts_are_kept_and_counted(mini: Mini, crawling: Crawling) -> None:
    """A redirect within the source is followed and kept hop by hop, one that leaves it is not followed; error pages are kept, not read."""
    page = mini.respond("/item/1", {})
    assert page is not None
    mini.pages |= {"/item/1": Response(b"", status=301, headers={"Location": "/item/n1"}), "/item/n1": page}
    mini.pages["/item/2"] = Response(b"", status=302, headers={"Location": "http://elsewhere.example/item/2"})
    mini.goods["9"] = ("Bag 9", "9.00", "http://pictures.example/9.png")
    mini.pages["/item/4"] = Response(b"gone", status=410)
    mini.goods["4"] = ("Bag 4", "4.00", "/p/4.png")
    mini.write(crawling.home)
    result = crawling("mini")
    assert set(crawling.listings()) == {"mini/n1", "mini/3", "mini/9"}
    assert result.counts["offsite refusals"] == 2 and result.counts["gone"] == 1
    assert "elsewhere.example" in result.lines[3] and "`hosts:`" in result.lines[3]
    pages = [(c.url_requested, c.url_final, c.status) for c in crawling.captures(kinds=(CaptureKind.page,))]
    base = mini.site.url
    assert (f"{base}item/1", f"{base}item/1", 301) in pages and (f"{base}item/1", f"{base}item/n1", 200) in pages
    assert (f"{base}item/4", f"{base}item/4", 410) in pages


def test_an_error_outside_the_parser_is_not_swallowed(mini: Mini, crawling: Crawling) -> None:
    """Scrapy logs what a callback raises and ends well."""
    mini.write(crawling.home)
    status, result = crawling.patched("mini", "import crawler.keeper\ncrawler.keeper.image_of = lambda capture, body: 1 / 0")
    assert status == 1 and result["counts"]["callback raised"] == 3 and "our own code raised" in result["message"]


def test_what_cannot_be_kept_ends_the_run(mini: Mini, crawling: Crawling) -> None:
    """A full disk: nothing is read that was not kept, the run is void, and the next one goes on."""
    mini.write(crawling.home)
    code = """
from store.archive_writer import ArchiveWriter
good = ArchiveWriter.response
def full(self, **more):
    if "/item/2" in more["uri"]:
        raise OSError(28, "No space left on device")
    return good(self, **more)
ArchiveWriter.response = full"""
    status, result = crawling.patched("mini", code)
    assert status == 2 and "could not be kept" in result["message"] and "mini/2" not in crawling.listings()
    assert crawling("mini").outcome is Outcome.good and len(crawling.listings()) == 3


def test_progress_and_an_executor(mini: Mini, crawling: Crawling) -> None:
    from concurrent.futures import ThreadPoolExecutor

    mini.write(crawling.home)
    seen: list[tuple[str, int]] = []
    crawling("mini", progress=lambda name, counts: seen.append((name, counts.get("pages", 0))))
    assert seen[-1] == ("mini", 4)
    with ThreadPoolExecutor(1) as pool:
        assert crawling("mini", executor=pool).outcome is Outcome.good


def test_hosts_side_by_side_as_the_settings_say(crawling: Crawling, mini: Mini) -> None:
    """`executor: processes` with two workers: two hosts at once, one unit a host at a time, progress told all the while."""
    other = Site("other", mini.respond, port=0, forbidden=(), allowed=())
    other.start()
    mini.site.latency = other.latency = 0.15
    for name, site in (("one", mini.site), ("two", mini.site), ("three", other)):
        mini.write(crawling.home, name=name, url=site.url, start=site.url)
    seen: set[str] = set()
    settings = replace(crawling.home.settings, executor=Executor.processes, workers=2)
    with crawl.side_by_side(settings) as executor:
        result = crawling(executor=executor, progress=lambda name, counts: seen.add(name))
    other.close()
    assert result.outcome is Outcome.good and seen == {"one", "two", "three"} and len(crawling.listings()) == 9
    runs = {run.source: (run.started_at, run.ended_at) for run in crawling.store.runs("crawl")}
    (_, ended), (begun_next, _) = sorted((runs["one"], runs["two"]))
    assert ended and ended <= begun_next, "one host is asked by one unit at a time"
    assert runs["three"][0] < ended, "the other host did not wait"


def test_a_process_that_keeps_and_dies_breaks_the_run_off(mini: Mini, crawling: Crawling) -> None:
    """Out of memory, say: what it did not answer is not read, and the run is gone on with next time."""
    mini.write(crawling.home)
    code = """
import os, signal
from store.captures import CaptureWrites
good = CaptureWrites.keep_written
def killed(self, writer, written, **more):
    if written[0].kept.url_final.endswith("/item/2"):
        os.kill(os.getpid(), signal.SIGKILL)
    return good(self, writer, written, **more)
CaptureWrites.keep_written = killed"""
    status, result = crawling.patched("mini", code)
    assert status == 2 and "interrupted" in result["message"] and "the process that keeps was killed (signal 9)" in result["message"]
    assert "mini/2" not in crawling.listings()
    assert crawling("mini").outcome is Outcome.good and len(crawling.listings()) == 3 and len(crawling.store.runs("crawl")) == 1
    assert crawling.store.verify() == []
