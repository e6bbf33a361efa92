"""`touchstone capture URL`: one page by the same path as a crawl; what it asked for is the server's own log."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casework.capture import capture
from crawler.browser import find_chromium
from store.errors import TouchstoneError
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import ROOT, Crawling, Mini, crawling, home, mini, store  # noqa: F401  # fixtures
from tests.crawler.test_browser import needs_chromium
from tests.market.server import Response


def take(crawling: Crawling, url: str, **more: Any) -> Any:  # noqa: F811
    return capture(crawling.store, crawling.home, url, actor="system", **more)


def paths(mini: Mini) -> list[str]:  # noqa: F811
    return [request.path for request in mini.site.requests]


@needs_chromium
def test_a_page_of_a_source_is_the_same_listing_and_gets_a_picture(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home, kind="marketplace")
    assert crawling("mini").outcome is Outcome.good
    mini.site.clear_requests()
    mini.goods["2"] = ("Bag 2, now with tags", "150.00", "/p/2.png")
    done = take(crawling, f"{mini.site.url}item/2", why="complaint 88")
    assert done.result.outcome is Outcome.good, done.result.lines
    assert done.listings == [("mini", "2", "Bag 2, now with tags")] and len(crawling.history("mini", "2")) == 2
    kinds = [c.kind for c in done.captures]
    assert (
        kinds.count(CaptureKind.screenshot) == 1
        and CaptureKind.page in kinds
        and CaptureKind.rendered in kinds
        and CaptureKind.image in kinds
    )
    shot = next(c for c in done.captures if c.kind is CaptureKind.screenshot)
    assert crawling.payload(shot).startswith(b"\x89PNG") and shot.part_of == next(
        c.id for c in done.captures if c.kind is CaptureKind.rendered
    )
    assert set(paths(mini)) == {"/robots.txt", "/item/2", "/p/2.png"} and paths(mini).count("/item/2") == 2, "nothing else of the site"
    assert crawling.store.runs("crawl")[0].outcome is Outcome.good and done.run.pass_name == "capture" and crawling.store.verify() == []
    assert any(e.body["justification"] == "complaint 88" and e.body["purpose"] == "capture" for e in crawling.store.log())


def test_a_list_page_is_kept_and_not_followed(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    done = take(crawling, mini.site.url)
    assert done.result.outcome is Outcome.good and done.listings == [] and set(paths(mini)) <= {"/robots.txt", "/", "/favicon.ico"}


def test_what_a_crawl_may_not_a_capture_may_not(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.pages["/private/1"] = Response(b"<h1>x</h1>")
    mini.pages["/item/2"] = Response(b"Members only", status=401)
    mini.write(crawling.home)
    forbidden = take(crawling, f"{mini.site.url}private/1")
    assert forbidden.result.outcome is Outcome.unmet and set(paths(mini)) == {"/robots.txt"}
    wall = take(crawling, f"{mini.site.url}item/2")
    assert "stopped at a log-in wall" in wall.result.message and any(c.status == 401 for c in wall.captures)
    mini.site.clear_requests()
    inner = take(crawling, f"http://127.0.0.1:{mini.site.port + 1}/", kind="shop")
    assert inner.result.outcome is Outcome.failed and "an address of this machine or its own network" in inner.result.message
    with pytest.raises(TouchstoneError, match="is not a web address"):
        take(crawling, "file:///etc/passwd")
    assert mini.site.requests == []


def test_a_page_of_no_source(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """A public name, led to the loopback site: no YAML names it, and it is read by what it says of itself."""
    code = (
        "import socket\nsocket.gethostbyname_ex = lambda name: (name, [], ['127.0.0.1'])\n"
        "import crawler.manners, crawler.browser\ncrawler.manners.is_inner = crawler.browser.is_inner = lambda host: False\n"
        "import crawler.unit\nreal_main = crawler.unit.main\n"
        f"crawler.unit.main = lambda a: real_main([*a, '--once=http://stall.example:{mini.site.port}/item/1', '--kind=shop'])\n"
    )
    status, result = crawling.patched("captured", code)
    assert status == 0 and result["counts"]["listings"] == 1, result
    [(name, (words, pictures))] = crawling.listings().items()
    assert name.startswith("captured/") and words["title"] == "Bag 1" and len(pictures) == 1
    kinds = {c.kind for c in crawling.captures()}
    assert CaptureKind.screenshot in kinds or find_chromium() is None


def test_a_persons_page_is_counted_and_stops_at_the_threshold(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.pages["/user/bagman"] = Response(b"<h1>Bagman</h1>")
    mini.write(crawling.home, kind="marketplace")
    url = f"{mini.site.url}user/bagman"
    mini.pages["/moved"] = Response(b"", status=302, headers={"Location": "/user/bagman"})
    for form in (url + "/?page=2", f"{mini.site.url}%75ser//bagman?tab=sold", f"{mini.site.url}moved"):
        assert take(crawling, form).run.outcome is not Outcome.failed
    mini.site.clear_requests()
    refused = take(crawling, url)
    assert refused.result.outcome is Outcome.failed and mini.site.requests == [] and refused.captures == []
    moved = take(crawling, f"{mini.site.url}moved")
    assert "was looked at 3 times" in moved.result.message and "/user/bagman" not in paths(mini)
    assert "was looked at 3 times in 28 days" in refused.result.message and "give --reason" in refused.result.message
    assert take(crawling, url, reason="overt: the trader was told on 2 March").result.outcome is not Outcome.failed
    assert "/user/bagman" in paths(mini)
    assert take(crawling, f"{mini.site.url}item/1").result.outcome is Outcome.good, "a listing's page is no person's"
    folder = str(crawling.home.folder)
    told = subprocess.run(
        [sys.executable, "-m", "casework.cli", "operation", "views", "--json", "--by", "sro", "--home", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    [subject] = json.loads(told.stdout)["subjects"]
    assert (
        subject["count"] == 4
        and subject["reasons"] == ["overt: the trader was told on 2 March"]
        and subject["purposes"] == ["capture_once"]
    )


def test_the_command_prints_what_it_kept(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home)
    path = Path(crawling.home.folder) / "configs" / "operations" / "buy.yml"
    path.parent.mkdir()
    path.write_text("title: Buy\npurpose: test_purchase\npurchase: {authorised_by: B. Lead, on: '2026-01-02'}\n")
    command = [
        sys.executable,
        "-m",
        "casework.cli",
        "capture",
        f"{mini.site.url}item/1",
        "--operation",
        "buy",
        "--by",
        "a.officer",
        "--json",
    ]
    done = subprocess.run([*command, "--home", str(crawling.home.folder)], cwd=ROOT, capture_output=True, text=True)
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["run"]["operation"] == "buy" and said["run"]["actor"] == "a.officer"
    assert all(len(c["body_digest"]) == 64 and c["id"] for c in said["captures"]) and said["listings"] == [["mini", "1", "Bag 1"]]
    assert {e.body["purpose"] for e in crawling.store.log() if e.body["verb"] == "collection"} == {"test_purchase"}


def test_two_at_once_are_two_runs_and_each_tells_its_own(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    """Neither takes the other's unfinished run for what a crash has left."""
    mini.site.latency = 1.5
    mini.write(crawling.home)
    command = [sys.executable, "-m", "casework.cli", "capture", "--json", "--home", str(crawling.home.folder)]
    both = [subprocess.Popen([*command, f"{mini.site.url}item/{n}"], cwd=ROOT, stdout=subprocess.PIPE, text=True) for n in (1, 2)]
    said = [json.loads(each.communicate(timeout=180)[0]) for each in both]
    assert [each["outcome"] for each in said] == ["good", "good"], said
    assert [each["listings"] for each in said] == [[["mini", "1", "Bag 1"]], [["mini", "2", "Bag 2"]]]
    runs = sorted(crawling.store.runs("capture"), key=lambda run: run.started_at)
    assert len(runs) == 2 and {run.outcome for run in runs} == {Outcome.good} and {run.id for run in runs} == {s["run"]["id"] for s in said}
    first, second = runs
    assert first.ended_at and second.started_at < first.ended_at, "they were going on at one time"


def test_a_kind_that_is_none_is_said_in_a_sentence(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    with pytest.raises(TouchstoneError, match=r"'shp' is no kind of source; there are: shop, .*did you mean 'shop'"):
        take(crawling, f"{mini.site.url}item/1", kind="shp")
    assert mini.site.requests == []


def test_of_several_sources_on_a_host_the_one_whose_listings_are_at_such_addresses(mini: Mini, crawling: Crawling) -> None:  # noqa: F811
    mini.write(crawling.home, name="adverts", ref=r"/ad/(\w+)")
    mini.write(crawling.home, name="items")
    assert take(crawling, f"{mini.site.url}item/2").listings == [("items", "2", "Bag 2")]
