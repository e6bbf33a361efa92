"""Where a site asks for a log-in, sets a CAPTCHA or refuses us, the crawl stops: by the server's own log, and said in one sentence."""

import gzip
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse
from scrapy.http import Response as Answer

from crawler.walls import Wall, read_facts, retry_after
from store.config import ConfigError, Home
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.crawler.test_browser import MORE, needs_chromium
from tests.market.server import Response

CHECK = b"<html><head><title>Just a moment...</title></head><script>window._cf_chl_opt={cvId:'3'}</script>Checking your browser</html>"


def _paths(mini: Mini) -> list[str]:
    return [request.path for request in mini.site.requests]


def _last(asked: list[str], path: str) -> bool:
    """Whether it was the last, save for one that was sent while its answer was being read."""
    return len(asked) - asked.index(path) <= 2


def _stopped(mini: Mini, crawling: Crawling, sentence: str, kind: str, delay: float = 0.3) -> list[str]:
    """Crawl, one request at a time; it stopped with this sentence, its answer was kept, and these paths were asked for after robots.txt."""
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace("concurrency: 4", "concurrency: 1").replace("delay: 0\n", f"delay: {delay}\n"))
    result = crawling("mini")
    last = _paths(mini)[-1].lstrip("/")
    assert result.outcome is Outcome.unmet and result.message == sentence.format(url=mini.site.url, last=last)
    assert result.message in result.lines[0] and result.counts["walls"] == 1 and result.counts[f"wall: {kind}"] == 1
    kept = crawling.captures(kinds=(CaptureKind.page, CaptureKind.robots, CaptureKind.image))
    assert len(kept) == len(mini.site.requests), "each answer is kept, the wall's too"
    assert result.counts.get("callback raised", 0) == 0 and crawling.store.verify() == []
    return _paths(mini)[1:]


def test_401_stops_at_once(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", "10.00", "/p/1.png") for n in range(1, 40)}
    mini.pages |= {f"/item/{n}": Response(b"Members only", status=401, headers={"WWW-Authenticate": "Basic"}) for n in range(1, 40)}
    asked = _stopped(mini, crawling, "stopped at a log-in wall: {url}{last} answered 401; Touchstone does not log in", "log_in", 1.0)
    assert len(asked) == 2 and asked[1].startswith("/item/"), "with any delay between requests none is on its way, and none follows"


def test_nothing_that_waits_in_a_queue_is_sent_after_the_wall(mini: Mini, crawling: Crawling) -> None:
    """Sixteen requests have passed the middlewares and wait for their turn when the wall's answer comes; some are on their way."""
    mini.goods = {str(n): (f"Bag {n}", "10.00", "/p/1.png") for n in range(1, 60)}
    mini.site.latency = 1.0
    mini.pages |= {f"/item/{n}": Response(b"Members only", status=401) for n in range(1, 60)}
    path = mini.write(crawling.home)
    path.write_text(path.read_text().replace("delay: 0\n", "delay: 0.4\n"))
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and result.counts["walls"] == 1 and result.message.count("stopped at a log-in wall") == 1
    items = [request.at for request in mini.site.requests if request.path.startswith("/item/")]
    assert 2 <= len(items) <= 7 and (items[-1] - items[0]).total_seconds() < 1.4, "none after the first was answered"
    assert len(crawling.captures()) == len(mini.site.requests), "what was on its way is kept"


def test_403_before_any_page_stops_at_once(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/"] = Response(b"Forbidden", status=403)
    sentence = "stopped where the site refuses us: {url} answered 403 before any page was shown; Touchstone goes round no barrier"
    assert _stopped(mini, crawling, sentence, "refused") == ["/"]


def test_403_later_takes_three_in_a_row(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", "10.00", f"/p/{n}.png") for n in range(1, 10)}
    mini.pages |= {f"/item/{n}": Response(b"Forbidden", status=403) for n in range(1, 10)}
    asked = _stopped(
        mini,
        crawling,
        "stopped where the site refuses us: 3 pages in a row answered 403, the last {url}{last}; Touchstone goes round no barrier",
        "refused",
        1.0,
    )
    assert len(asked) == 4 and len({each for each in asked if each.startswith("/item/")}) == 3


def test_a_listing_and_pictures_that_answer_403_are_no_wall(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", "10.00", f"/p/{n}.png") for n in range(1, 7)}
    mini.pages |= {f"/item/{n}": Response(b"Taken down", status=403) for n in (2, 5)}
    mini.pages |= {f"/p/{n}.png": Response(b"AccessDenied", status=403) for n in range(1, 7)}
    mini.write(crawling.home)
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["listings"] == 4 and "walls" not in result.counts


@pytest.mark.parametrize("how", ["status", "meta", "route", "another host"])
def test_a_redirect_to_a_log_in_page(mini: Mini, crawling: Crawling, how: str) -> None:
    """The log-in page itself is not asked for."""
    to = {"route": "index.php?route=account/login", "another host": "https://accounts.example/u/"}.get(
        how, "account/login.php?back=/item/2"
    )
    to = to if to.startswith("https:") else mini.site.url + to
    page = f"<meta http-equiv=refresh content='0; url={to}'>".encode()
    mini.pages["/item/2"] = Response(page) if how == "meta" else Response(b"", status=302, headers={"Location": to})
    sentence = f"stopped at a log-in wall: {{url}}item/2 sends us on to {to}; Touchstone does not log in"
    asked = _stopped(mini, crawling, sentence, "log_in")
    assert _last(asked, "/item/2") and not [path for path in asked if "login" in path]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Response(CHECK), "a browser check (waiting page)"),
        (Response(CHECK, status=503), "a browser check (waiting page)"),
        (Response(gzip.compress(CHECK), headers={"Content-Encoding": "gzip"}), "a browser check (waiting page)"),
        (Response(b"", status=403, headers={"CF-Mitigated": "challenge"}), "a browser check (mitigation header)"),
        (Response(b"", status=202, headers={"x-amzn-waf-action": "challenge"}), "a firewall's browser check (action header)"),
        (Response(b"<div class=g-recaptcha data-sitekey=x></div>", status=403), "a CAPTCHA"),
        (Response(b"<div class=h-captcha></div>", status=429, headers={"Retry-After": "1"}), "a CAPTCHA"),
    ],
)
def test_challenge_pages(mini: Mini, crawling: Crawling, answer: Response, says: str) -> None:
    mini.pages["/item/2"] = answer
    sentence = f"stopped at a CAPTCHA or browser check: {{url}}item/2 answered {answer.status} with {says}; Touchstone solves none"
    asked = _stopped(mini, crawling, sentence, "captcha")
    assert _last(asked, "/item/2") and asked.count("/item/2") == 1, "it is not tried again"


def test_a_redirect_to_a_captcha(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/"] = Response(b"", status=302, headers={"Location": "/captcha?to=/"})
    sentence = "stopped at a CAPTCHA or browser check: {url} sends us on to {url}captcha?to=/; Touchstone solves none"
    assert _stopped(mini, crawling, sentence, "captcha") == ["/"]


def test_ordinary_pages_with_such_words_stop_nothing(mini: Mini, crawling: Crawling) -> None:
    """A header with "log in", a CAPTCHA on the contact form, a vendor's script on each page, a listing that speaks of it all."""
    head = b"<title>Log in to buy</title><script src=https://www.google.com/recaptcha/api.js></script><script src=/cdn-cgi/challenge-platform/x></script>"
    form = b"<a href=/login>Log in</a> <form><input type=password><div class='g-recaptcha h-captcha cf-turnstile'></div></form>"
    words = "Just a moment... &lt;title&gt;Just a moment...&lt;/title&gt; _cf_chl_opt px-captcha captcha-delivery.com Robot Check"
    for path in ("/", "/item/1", "/item/2", "/item/3"):
        page = mini.respond(path, {})
        assert page
        mini.pages[path] = Response(head + form + page.body + words.encode(), headers={"Server": "cloudflare", "X-DataDome": "protected"})
    mini.pages["/item/login-shirt"] = Response(mini.pages["/item/3"].body)
    mini.pages["/item/3"] = Response(b"", status=301, headers={"Location": "/item/login-shirt"})
    mini.write(crawling.home, ref=r"/item/([\w-]+)")
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["listings"] == 3 and "walls" not in result.counts, result.lines


def test_a_short_retry_after_is_waited_out_once(mini: Mini, crawling: Crawling) -> None:
    busy = Response(b"slow down", status=429, headers={"Retry-After": "2"})
    first: list[float] = []
    own = mini.site._pages

    def respond(path: str, query: object) -> Response | None:
        if path.startswith("/item/") and len(first) < 3:  # all three that are on their way together: one occasion
            first.append(0)
            return busy
        return own(path, query)

    mini.site._pages = respond
    mini.site.latency = 0.2
    mini.write(crawling.home)
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["listings"] == 3 and result.counts["waits that the site asked for"] == 1
    items = [request.at for request in mini.site.requests if request.path.startswith("/item/")]
    assert len(items) == 6 and (items[3] - items[2]).total_seconds() >= 1.5, "nothing at all was sent in that time"


def test_a_second_429_stops(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/item/2"] = Response(b"slow down", status=429, headers={"Retry-After": "1"})
    sentence = (
        "stopped because the site asks for fewer requests: {url}item/2 answered 429 again after we had waited; Touchstone does not insist"
    )
    assert _stopped(mini, crawling, sentence, "too_often").count("/item/2") == 2


@pytest.mark.parametrize(
    ("headers", "why"), [({"Retry-After": "3600"}, "asked us to wait 3600 s, more than 60 s"), ({}, "named no time to wait")]
)
def test_a_long_wait_or_none_named_stops(mini: Mini, crawling: Crawling, headers: dict[str, str], why: str) -> None:
    mini.pages["/item/2"] = Response(b"slow down", status=429, headers=headers)
    sentence = f"stopped because the site asks for fewer requests: {{url}}item/2 answered 429 and {why}; Touchstone does not insist"
    assert _stopped(mini, crawling, sentence, "too_often").count("/item/2") == 1


def test_the_cap_is_the_working_folders(mini: Mini, crawling: Crawling) -> None:
    shipped = crawling.home.file("walls.yml").read_text()
    (crawling.home.folder / "configs" / "walls.yml").write_text(shipped.replace("wait_at_most: 60", "wait_at_most: 1"))
    mini.pages["/"] = Response(b"slow down", status=429, headers={"Retry-After": "2"})
    mini.write(crawling.home)
    assert "more than 1 s" in crawling("mini").message and _paths(mini) == ["/robots.txt", "/"]


def test_the_next_crawl_is_a_new_run(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/"] = Response(b"Forbidden", status=403)
    mini.write(crawling.home)
    crawling("mini")
    del mini.pages["/"]
    result = crawling("mini")
    assert result.outcome is Outcome.good and "resumed" not in result.lines[0]


@needs_chromium
def test_in_the_browser(mini: Mini, crawling: Crawling) -> None:
    """The browser follows a redirect by itself: where it arrived tells."""
    mini.pages["/"] = Response(b"", status=302, headers={"Location": "/login"})
    mini.pages["/login"] = Response(b"<body data-ready=yes><a class=card href=/item/a>a</a></body>")
    mini.write(crawling.home, platform="selectors", more=MORE)
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and "stopped at a log-in wall" in result.message and "/item/a" not in _paths(mini)
    mini.pages["/"] = Response(b"<body data-ready=yes>Forbidden</body>", status=403)
    assert "answered 403 before any page was shown" in crawling("mini").message


def test_retry_after() -> None:
    def said(value: str) -> float | None:
        return retry_after(Answer("http://a.example/", headers={"Retry-After": value}))

    assert said("5") == 5.0 and said("soon") is None and said("") is None and said("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert (said("Fri, 31 Dec 2060 23:59:59 GMT") or 0) > 1e6 and said("9" * 400) is not None


def test_the_facts() -> None:
    facts = read_facts(Home(Path("/nonexistent")))
    assert facts.door("https://a.example/Account/Login.aspx?x=1") is Wall.log_in and facts.door("https://login.a.example/") is Wall.log_in
    assert facts.door("https://a.example/errors/validateCaptcha") is Wall.captcha
    for url in (
        "https://a.example/item/login-shirt",
        "https://a.example/?back=/login",
        "https://a.example/authentic/bag",
        "https://a.example/",
    ):
        assert facts.door(url) is None
    assert facts.challenge(HtmlResponse("http://a.example/", body=CHECK + b" " * 60_000)) == "", "no challenge page is that long"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("wait_at_most: 60", "wait_at_most: 9999", "between 0 and 3600"),
        ("wait_at_most:", "wait_at_least:", "wait_at_most"),
        ("statuses: [401, 403, 429, 503], body: [g-recaptcha]", "body: [g-recaptcha]", "needs `statuses:`"),
        (", header: 'cf-mitigated: challenge'", "", "needs `header:` or `body:`"),
        ("[h-captcha]", "[H-CAPTCHA]", "in lower case"),
    ],
)
def test_facts_that_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    (tmp_path / "configs").mkdir()
    shipped = read_facts(Home(tmp_path)) and Home(tmp_path).file("walls.yml").read_text()
    assert old in shipped
    (tmp_path / "configs" / "walls.yml").write_text(shipped.replace(old, new))
    with pytest.raises(ConfigError, match=says):
        read_facts(Home(tmp_path))
