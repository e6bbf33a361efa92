"""Lists behind an API: paging by POST, access by a token, a daily quota. The servers are ours; their logs say what was asked for."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from crawler.trying import attempt
from store.captures import UNANSWERED
from store.config import Home
from store.words.records import Outcome
from tests.crawler.conftest import Crawling
from tests.crawler.test_following import refs, write
from tests.crawler.test_secrets import _everything
from tests.market.server import Request, Response, Site

SECRET, CLIENT = "s3cret/9a+41f7", "client-0b77"
API = "platform: json_api\nstart: [SITE/search]\napi:\n  items: ads\n  title: name\n  ref: id\n"


def ads(numbers: Any, **more: Any) -> Response:
    body = {"ads": [{"id": n, "name": f"Bag {n}"} for n in numbers], **more}
    return Response(json.dumps(body).encode(), "application/json")


class Asked(Site):
    """A site that sees the whole request."""

    def __init__(self, respond: Any) -> None:
        super().__init__("api", lambda path, query: None, port=0, forbidden=(), allowed=())
        self.respond = respond

    def page(self, request: Request, path: str, query: Any) -> Response | None:
        if path == "/robots.txt":
            return Response(b"User-agent: *\nDisallow:\n", "text/plain")
        answer: Response | None = self.respond(request, path, query)
        return answer

    def bodies(self, path: str) -> list[str]:
        return [each.body.decode() for each in self.requests if each.path == path]


@pytest.fixture
def asked() -> Iterator[Any]:
    sites: list[Asked] = []

    def serve(respond: Any) -> Asked:
        sites.append(Asked(respond))
        sites[-1].start()
        return sites[-1]

    yield serve
    for site in sites:
        site.close()


def test_paging_within_a_json_body(asked: Any, crawling: Crawling, home: Home) -> None:
    def respond(request: Request, path: str, query: Any) -> Response | None:
        if request.method != "POST" or request.headers.get("Content-Type") != "application/json":
            return Response(b"{}", "application/json", 400)
        at = json.loads(request.body)["variables"]["after"] or 0
        return ads(range(at + 1, at + 3), end=at + 2 if at < 4 else None)

    site = asked(respond)
    rules = "  next: end\n  method: POST\n  body: {query: ads, variables: {after: null, key: K}}\n  page_at: variables.after\n"
    write(home, site, API + rules, expect=6)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {"1", "2", "3", "4", "5", "6"}, result.lines
    assert [json.loads(each)["variables"]["after"] for each in site.bodies("/search")] == [None, 2, 4]


def test_paging_within_a_form_counts_on_until_a_page_repeats(asked: Any, crawling: Crawling, home: Home) -> None:
    def respond(request: Request, path: str, query: Any) -> Response | None:
        page = int(dict(parse_qsl(request.body.decode()))["page"])
        return ads(range(2 * min(page, 3) - 1, 2 * min(page, 3) + 1))

    site = asked(respond)
    write(home, site, API + "  method: POST\n  form: {q: red bag, page: '1'}\n  page_at: page\n", expect=6)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 6, result.lines
    assert site.bodies("/search") == [f"q=red+bag&page={n}" for n in (1, 2, 3, 4)]


# -- a token -------------------------------------------------------------------------------------------------------------------
@dataclass
class Gate:
    """Plays an API behind OAuth client credentials: tokens that end after `uses` answers, pages of two by offset and by link."""

    uses: int = 2
    total: int = 8
    right: bool = True
    issued: int = 0
    left: dict[str, int] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)
    site: Any = None

    def __call__(self, request: Request, path: str, query: Any) -> Response | None:
        with self.lock:
            return self._token(request) if path == "/identity/token" else self._search(request, query)

    def _token(self, request: Request) -> Response:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        asked = dict(parse_qsl(request.body.decode()))
        if not self.right or pair != "client-0b77:s3cret%2F9a%2B41f7" or asked != {"grant_type": "client_credentials", "scope": "browse"}:
            return Response(json.dumps({"error": "invalid_client", "said": pair}).encode(), "application/json", 401)
        self.issued += 1
        token = f"t0ken-{self.issued}-c41e"
        self.left[token] = self.uses
        return Response(
            json.dumps({"access_token": token, "expires_in": 7200, "token_type": "Application Access Token"}).encode(), "application/json"
        )

    def _search(self, request: Request, query: Any) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.left.get(token, 0) < 1:
            return Response(b'{"errors": [{"message": "Invalid access token"}]}', "application/json", 401)
        self.left[token] -= 1
        at = int(query.get("offset", "0"))
        return ads(range(at + 1, at + 3), next=f"{self.site.url}search?offset={at + 2}" if at + 2 < self.total else None)


@pytest.fixture
def gate(asked: Any, home: Home, monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    made.site = asked(made)
    monkeypatch.setenv("TEST_CLIENT", CLIENT)
    monkeypatch.setenv("TEST_SECRET", SECRET)
    return made


def _write(home: Home, gate: Gate, more: str = "", expect: int = 1) -> Path:
    token = "token: {url: SITE/identity/token, id_from: TEST_CLIENT, secret_from: TEST_SECRET, scope: browse}\n"
    headers = "headers: {X-Marketplace: EBAY_GB}\n"
    return write(home, gate.site, f"{API}  next: next\n{token}{headers}{more}", expect=expect)


def test_a_token_is_fetched_renewed_when_it_expires_and_kept_nowhere(gate: Gate, crawling: Crawling, home: Home) -> None:
    _write(home, gate, expect=8)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 8, result.lines
    assert gate.issued == 2 == result.counts["tokens fetched"] and result.counts["tokens expired"] == 1
    searches = [each for each in gate.site.requests if each.path.startswith("/search")]
    assert len(searches) == 5 and all(each.headers["X-Marketplace"] == "EBAY_GB" for each in searches)
    kept = _everything(home.folder)
    for secret in (
        SECRET,
        "s3cret%2F9a",
        CLIENT,
        "t0ken-1-c41e",
        "t0ken-2-c41e",
        base64.b64encode(b"client-0b77:s3cret%2F9a%2B41f7").decode(),
    ):
        assert secret.encode() not in kept, secret
    assert not any("/identity/token" in each.url_final for each in crawling.captures()), "the exchange is not archived"
    asked = [each for each in crawling.captures() if "search" in each.url_final]
    assert {value for each in asked for name, value in each.request_headers if name == "Authorization"} == {"[secret removed]"}


def test_a_token_goes_nowhere_but_to_the_api(gate: Gate, crawling: Crawling, home: Home, asked: Any) -> None:
    """The source's own other host, to which a redirect or a `next` link leads, is not given it."""
    gate.uses = 100
    other = asked(lambda request, path, query: ads(range(50, 52), next=None))
    first = gate._search
    gate._search = lambda request, query: (  # type: ignore[method-assign]
        ads(range(1, 3), next=f"{other.url}search?offset=2") if not query.get("offset") else first(request, query)
    )
    _write(home, gate, f"hosts: ['{other.url.split('/')[2]}']\n")
    crawling("stalls")
    assert [each.path for each in other.requests if "search" in each.path] == ["/search?offset=2"]
    assert not any("authorization" in (name.lower() for name in each.headers) for each in other.requests)


def test_a_token_that_is_not_given_stops_the_crawl_and_says_which_variables(gate: Gate, crawling: Crawling, home: Home) -> None:
    gate.right = False
    _write(home, gate)
    result = crawling("stalls")
    assert result.outcome is Outcome.unmet and "stopped because the API gave no access" in result.message
    assert "HTTP 401" in result.message and "TEST_CLIENT and TEST_SECRET" in result.message
    assert [each.path for each in gate.site.requests] == ["/robots.txt", "/identity/token"]
    assert SECRET.encode() not in _everything(home.folder)


def test_without_its_variables_nothing_is_asked(gate: Gate, crawling: Crawling, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_SECRET")
    _write(home, gate)
    result = crawling("stalls")
    assert result.outcome is Outcome.failed and "TEST_SECRET" in result.message and gate.site.requests == []


def test_a_token_that_is_refused_at_once_again_is_a_wall(gate: Gate, crawling: Crawling, home: Home) -> None:
    gate.uses = 0
    _write(home, gate)
    result = crawling("stalls")
    assert result.outcome is Outcome.unmet and "log-in wall" in result.message and gate.issued == 2


def test_the_quota_of_a_day_is_counted_over_runs(gate: Gate, crawling: Crawling, home: Home) -> None:
    gate.uses = 100
    _write(home, gate, "quota: 6\n")
    assert crawling("stalls").outcome is Outcome.good
    result = crawling("stalls")
    assert result.outcome is Outcome.unmet and "6 page requests in the last 24 hours, of 6" in result.message
    assert len([each for each in gate.site.requests if each.path.startswith("/search")]) == 6


def test_trying_a_source_is_counted_in_the_quota_of_the_day(gate: Gate, crawling: Crawling, home: Home) -> None:
    """Its own store is thrown away: the working folder's keeps how many requests they were, and no more of it."""
    gate.uses = 100
    _write(home, gate, "quota: 5\n")

    def asked() -> int:
        return len([each for each in gate.site.requests if each.path.startswith("/search")])

    assert attempt(home, "stalls", pages=2)["problem"] == "" and asked() == 2 and crawling.captures() == []
    [run] = crawling.store.runs()
    assert (run.pass_name, dict(run.counts)) == ("try", {UNANSWERED: 2})
    result = crawling("stalls")
    assert "5 page requests in the last 24 hours, of 5" in result.message and asked() == 5
    assert "5 page requests in the last 24 hours, of 5" in attempt(home, "stalls")["problem"] and asked() == 5
