"""A crawl killed among its lists and gone on with: paging by POST, and lists that have shifted in the meantime."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest

from store.config import Home
from store.words.records import Outcome
from tests.crawler.conftest import ROOT, Crawling
from tests.crawler.test_following import PAGES, asked, cards, item, refs, served, write  # noqa: F401  # a fixture
from tests.crawler.test_following_api import API, ads
from tests.crawler.test_following_api import asked as posted  # noqa: F401  # a fixture
from tests.market.server import Request, Response


def killed(home: Home, code: str) -> None:
    """A crawl in a process that ends without a word where `code` says so."""
    program = f"import os, crawler.spider as s\n{code}\nimport sys\nfrom crawler.unit import main\nsys.exit(main([{str(home.folder)!r}, 'stalls']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=200)
    assert done.returncode == 9, done.stderr


def test_killed_among_pages_asked_for_by_post(posted: Any, crawling: Crawling, home: Home) -> None:  # noqa: F811
    """All pages have one address: only the bodies of the requests tell them apart."""

    def respond(request: Request, path: str, query: Any) -> Response | None:
        page = json.loads(request.body)["page"]
        return ads(range(3 * page - 2, 3 * page + 1) if page < 11 else ())

    site = posted(respond)
    site.latency = 0.1
    write(home, site, API + "  method: POST\n  body: {page: 1}\n  page_at: page\n", expect=30)
    for point in (3, 7):
        command = [sys.executable, "-m", "crawler.unit", str(home.folder), "stalls"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(set(site.bodies("/search"))) < point and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, point
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {str(n) for n in range(1, 31)}, result.lines
    bodies = site.bodies("/search")
    assert len(set(bodies)) == 11 and len(bodies) <= 11 + 2 * 3, (
        "again only what was in flight, and two lists to see whether they have shifted"
    )
    assert result.counts["answered from kept"] >= 4 and len(crawling.store.runs("crawl")) == 1
    assert "lists that shifted" not in result.counts


AMONG = "on, seen = s.SourceSpider.further, []\ns.SourceSpider.further = lambda *a: (seen.append(1), os._exit(9) if len(seen) == 3 else 0, on(*a))[2]"


@pytest.mark.parametrize("shift", ["", "bumped", "sold"])
def test_lists_that_shifted_while_the_crawl_was_broken_off(served: Any, crawling: Crawling, home: Home, shift: str) -> None:  # noqa: F811
    goods = [str(n) for n in range(1, 21)]

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path.startswith("/item/"):
            return item(path.removeprefix("/item/"))
        page = int(query.get("page", "1"))
        return cards(goods[4 * page - 4 : 4 * page]) if path == "/all" else None

    site = served(respond)
    write(home, site, PAGES + "start: [SITE/all]\nfollow: {listing: .card a, pages: '?page={n}'}\n", expect=19)
    killed(home, AMONG)
    lists = [each for each in asked(site) if each.startswith("/all")]
    assert lists == ["/all", "/all?page=2", "/all?page=3"]
    if shift == "bumped":
        goods.insert(0, goods.pop(17))  # from the last page to the first, which is kept as it was
    if shift == "sold":
        del goods[0]  # what began the fourth page ends the third, which is kept as it was
    site.clear_requests()
    result = crawling("stalls")
    assert result.outcome is Outcome.good, result.lines
    assert refs(crawling) == {str(n) for n in range(1, 21)}, "none is lost"
    again = [each for each in asked(site) if each.startswith("/all")]
    assert len([each for each in asked(site) if each.startswith("/item/")]) <= 20
    if shift:
        assert result.counts["lists that shifted"] == 1 and again.count("/all") == 1
    else:
        assert (
            sorted(again) == ["/all", "/all?page=3", "/all?page=4", "/all?page=5", "/all?page=6"]
            and "lists that shifted" not in result.counts
        )
