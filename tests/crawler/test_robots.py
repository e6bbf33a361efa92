"""Manners, by the server's own log: what robots.txt forbids is not fetched, its delay is kept; no more is asked at once than agreed."""

import time

from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response


def test_six_forbidden_and_two_allowed_first_requests_at_once(mini: Mini, crawling: Crawling) -> None:
    """The regression test of Scrapy 2.16-2.19's fault: without our lock four of the six were fetched, every time."""
    mini.site.latency = 0.05
    starts = [f"{mini.site.url}private/{n}" for n in range(1, 7)] + [f"{mini.site.url}item/1", f"{mini.site.url}item/2"]
    mini.write(crawling.home, start="', '".join(starts), follow="null", more="").write_text(
        mini.write(crawling.home, start="', '".join(starts), follow="null").read_text().replace("concurrency: 4", "concurrency: 8")
    )
    mini.pages |= {f"/private/{n}": Response(b"<h1>forbidden</h1>") for n in range(1, 7)}
    result = crawling("mini")
    paths = [request.path for request in mini.site.requests]
    assert [path for path in paths if path.startswith("/private")] == []
    assert {"/item/1", "/item/2"} <= set(paths) and paths.count("/robots.txt") == 1
    assert result.counts["robots refusals"] == 6 and result.counts["listings"] == 2 and result.outcome is Outcome.good
    [robots] = crawling.captures(kinds=(CaptureKind.robots,))
    assert crawling.payload(robots) == mini.robots.encode()


def test_crawl_delay_is_kept_at_the_servers_own_clock(mini: Mini, crawling: Crawling) -> None:
    """AutoThrottle is on, and would go down to the source's own delay of 0.05 s."""
    mini.robots = "User-agent: *\nCrawl-delay: 0.4\n"
    mini.goods = {"1": ("Bag 1", "10.00", "/p/1.png")}
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.05\n"))
    crawling("mini")
    assert len(mini.site.requests) == 4
    assert mini.site.mean_gap(since=1) >= 0.3  # from the first request after robots.txt


def test_one_request_at_a_time_without_a_delay_too(mini: Mini, crawling: Crawling) -> None:
    """Scrapy 2.19's own downloader starts the three items of the list at once."""
    mini.site.latency = 0.1
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace("concurrency: 4\n", "concurrency: 1\n"))
    crawling("mini")
    assert len(mini.site.requests) == 8
    assert mini.site.most_at_once == 1


def test_an_unreachable_robots_txt_allows_nothing(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/robots.txt"] = Response(b"busy", status=503)
    mini.write(crawling.home)
    began = time.monotonic()
    result = crawling("mini")
    assert {request.path for request in mini.site.requests} == {"/robots.txt"} and time.monotonic() - began < 120
    assert result.outcome is Outcome.unmet and result.counts["robots.txt unreachable"] == 1
    assert "could not be fetched" in "\n".join(result.lines)


def test_a_missing_robots_txt_forbids_nothing(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/robots.txt"] = Response(b"no such file", status=404)
    mini.write(crawling.home)
    assert crawling("mini").counts["listings"] == 3
