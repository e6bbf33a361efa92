"""A search of eBay's Browse API from its token to its last page. The server is ours; its log says what was asked for."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from crawler.platforms import ebay_browse
from store.config import Home
from store.words.records import Outcome
from tests.crawler.conftest import Crawling
from tests.crawler.test_following import refs, write
from tests.crawler.test_following_api import Asked
from tests.market.server import Request, Response

SEARCH, TOKEN = "/buy/browse/v1/item_summary/search", "/identity/v1/oauth2/token"
SCOPE = "https://api.ebay.example/oauth/api_scope"
YAML = f"""platform: ebay_browse
start: ['SITE{SEARCH}?q=bag&limit=LIMIT']
token: {{url: 'SITE{TOKEN}', id_from: TEST_CLIENT, secret_from: TEST_SECRET, scope: '{SCOPE}'}}
headers: {{X-EBAY-C-MARKETPLACE-ID: EBAY_GB}}
"""


@dataclass
class Browse:
    """Plays token endpoint and search: `total` items, each page with a link to the next up to the total, as the API states them; the
    `busy`-th search answers 429."""

    total: int = 7
    busy: int = 0
    wait: str = "1"
    dies: bool = False  # from the second search on, without an answer
    searches: int = 0
    times: list[datetime] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)
    site: Any = None

    def __call__(self, request: Request, path: str, query: Any) -> Response | None:
        with self.lock:
            return self._token(request) if path == TOKEN else self._search(request, query) if path == SEARCH else None

    def _token(self, request: Request) -> Response:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        asked = dict(parse_qsl(request.body.decode()))
        if request.method != "POST" or pair != "client-1:secret-1" or asked != {"grant_type": "client_credentials", "scope": SCOPE}:
            return _said({"error": "invalid_client"}, 401)
        return _said({"access_token": "t0ken-7f", "expires_in": 7200, "token_type": "Application Access Token"})

    def _search(self, request: Request, query: Any) -> Response:
        said = {name.lower(): value for name, value in request.headers.items()}
        if said.get("authorization") != "Bearer t0ken-7f" or said.get("x-ebay-c-marketplace-id") != "EBAY_GB":
            return _said({"errors": [{"errorId": 1001, "message": "Invalid access token"}]}, 401)
        self.searches += 1
        self.times.append(datetime.now(UTC))
        if self.dies and self.searches > 1:
            raise ConnectionAbortedError("the server dies")
        if self.searches == self.busy:
            body = json.dumps({"errors": [{"errorId": 2001, "message": "Too many requests."}]}).encode()
            return Response(body, "application/json", 429, headers={"Retry-After": self.wait} if self.wait else {})
        at, limit = int(query.get("offset", "0")), int(query["limit"])
        if at + limit > 10_000:
            return _said({"errors": [{"errorId": 12013, "message": "The offset is too large."}]}, 400)
        answer: dict[str, Any] = {"href": f"{self.site.url[:-1]}{request.path}", "total": self.total, "limit": limit, "offset": at}
        if at + limit < self.total:
            answer["next"] = f"{self.site.url[:-1]}{SEARCH}?q={query['q']}&limit={limit}&offset={at + limit}"
        items = [_item(n) for n in range(at + 1, min(at + limit, self.total) + 1)]
        return _said({**answer, "itemSummaries": items} if items else answer)

    def offsets(self) -> list[int]:
        """Of the searches that were asked for, in order."""
        paths = [each.path for each in self.site.requests if each.path.startswith(SEARCH)]
        return [int(dict(parse_qsl(path.partition("?")[2])).get("offset", "0")) for path in paths]


def _said(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value).encode(), "application/json", status)


def _item(number: int) -> dict[str, Any]:
    ref = str(110000000000 + number)
    return {
        "itemId": f"v1|{ref}|0",
        "legacyItemId": ref,
        "title": f"Bag {number}",
        "price": {"value": f"{number}.50", "currency": "GBP"},
        "seller": {"username": "north_stall"},
        "itemWebUrl": f"https://www.ebay.example/itm/{ref}?hash=x",
    }


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browse]:
    made = Browse()
    made.site = Asked(made)
    made.site.start()
    monkeypatch.setenv("TEST_CLIENT", "client-1")
    monkeypatch.setenv("TEST_SECRET", "secret-1")
    yield made
    made.site.close()


def test_a_search_is_followed_to_its_last_page(browse: Browse, crawling: Crawling, home: Home) -> None:
    write(home, browse.site, YAML.replace("LIMIT", "3"), expect=7)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {str(110000000000 + n) for n in range(1, 8)}, result.lines
    assert browse.offsets() == [0, 3, 6], "the API names no page after the last, and none is asked for"
    words = crawling.listings()["stalls/110000000002"][0]
    assert (words["title"], words["price_minor"], words["currency"], words["seller"]) == ("Bag 2", 250, "GBP", "north_stall")
    assert sum(each.path == TOKEN for each in browse.site.requests) == 1
    assert not any(TOKEN in each.url_final for each in crawling.captures())


def test_a_429_is_waited_out_as_long_as_it_says(browse: Browse, crawling: Crawling, home: Home) -> None:
    browse.busy, browse.wait = 2, "2"
    write(home, browse.site, YAML.replace("LIMIT", "3"), expect=7)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 7 and browse.offsets() == [0, 3, 3, 6], result.lines
    assert (browse.times[2] - browse.times[1]).total_seconds() >= 1.5
    assert result.counts["waits that the site asked for"] == 1


def test_a_429_that_names_no_time_ends_the_crawl(browse: Browse, crawling: Crawling, home: Home) -> None:
    browse.busy, browse.wait = 2, ""
    write(home, browse.site, YAML.replace("LIMIT", "3"))
    result = crawling("stalls")
    assert result.outcome is Outcome.unmet and "429 and named no time to wait" in result.message
    assert browse.offsets() == [0, 3] and len(refs(crawling)) == 3


def test_a_search_ends_where_the_api_gives_out_no_more(browse: Browse, crawling: Crawling, home: Home) -> None:
    """The API gives the link to a page after the 10,000th item, too, and would answer it with an error."""
    browse.total = 10_500
    start = YAML.replace("LIMIT", "200").replace("limit=200", "limit=200&offset=9600")
    write(home, browse.site, start, expect=400)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 400 and browse.offsets() == [9600, 9800], result.lines
    assert ebay_browse.MOST == 10_000


def test_the_quota_counts_requests_that_had_no_answer(browse: Browse, crawling: Crawling, home: Home) -> None:
    """A day's second run may make only what the first has left, whatever came of its requests."""
    browse.dies = True
    write(home, browse.site, YAML.replace("LIMIT", "3") + "quota: 5\n")
    result = crawling("stalls")
    died = len(browse.offsets()) - 1
    assert result.counts["page requests without an answer"] == 3 and died in (3, 4), (
        "a connection that was kept open is opened again unasked"
    )
    browse.dies = False
    result = crawling("stalls")
    assert result.outcome is Outcome.unmet and "5 page requests in the last 24 hours, of 5" in result.message
    assert browse.offsets() == [0, *[3] * died, 0]
