"""The gates where Chromium asks: names that lead inside, what scripts send, cookies, and walls; by the servers' own logs."""

import time

import pytest

from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.crawler.test_addresses import _untested, inside, other  # noqa: F401  # fixtures
from tests.crawler.test_browser import MORE, needs_chromium
from tests.market.server import Response, Site

pytestmark = needs_chromium
ITEM = "<h1>Bag</h1><p class=price>£10</p>"


def page(script: str, body: str = ITEM) -> Response:
    done = "document.body.dataset.ready = 'yes'"
    return Response(f"<!doctype html><body>{body}<script>(async () => {{ {script} }})().finally(() => {{ {done} }});</script>".encode())


def paths(site: Site) -> list[str]:
    return [f"{request.method} {request.path}" for request in site.requests]


def _looks(inner: str, answer: str) -> str:
    """Code for `Crawling.patched`: what the n-th look-up of a `name` answers, and which address stands for an inner network."""
    return (
        f"import socket\nasked = []\ndef look(name):\n    asked.append(name)\n    return (name, [], [{answer}])\nsocket.gethostbyname_ex = look\n"
        f"import crawler.manners, crawler.browser\ncrawler.manners.is_inner = crawler.browser.is_inner = lambda host: host == {inner!r}\n"
    )


@pytest.mark.parametrize("gate", [True, False])
def test_a_name_that_leads_inside_at_the_browsers_own_look(mini: Mini, crawling: Crawling, inside: list[str], gate: bool) -> None:  # noqa: F811
    """The name leads to 127.0.0.9, which stands for an inner network, when the browser is to be led, and answers well for robots.txt."""
    mini.pages["/"] = page(f"await fetch('http://pictures.example:{mini.site.port}/admin', {{mode: 'no-cors'}}).catch(() => 0)")
    more = MORE + f"hosts: ['pictures.example:{mini.site.port}']\n"
    _untested(mini, crawling, "shop.example", platform="selectors", follow="null", ref="/(x?)", more=more)
    names = _looks("127.0.0.9" if gate else "none", "'127.0.0.9' if name == 'pictures.example' and asked.count(name) == 1 else '127.0.0.1'")
    crawling.patched("mini", names)
    assert "GET /" in paths(mini.site)
    assert [path for path in inside if path != "/robots.txt"] == ([] if gate else ["/admin"])


def test_the_browser_goes_to_the_address_that_was_checked(mini: Mini, crawling: Crawling, inside: list[str]) -> None:  # noqa: F811
    """A server of names that answers otherwise at each look: 127.0.0.1 first, 127.0.0.9 ever after."""
    mini.pages["/"] = page("await fetch('/more').catch(() => 0)")
    _untested(mini, crawling, "shop.example", platform="selectors", follow="null", more=MORE)
    code = _looks("127.0.0.9", "'127.0.0.9' if asked.count(name) > 2 else '127.0.0.1'")
    crawling.patched("mini", code)
    assert {"GET /", "GET /more"} <= set(paths(mini.site)) and inside == []


@pytest.mark.parametrize("how", ["redirect", "script", "frame"])
def test_numbers_that_lead_inside(mini: Mini, crawling: Crawling, inside: list[str], how: str) -> None:  # noqa: F811
    to = f"http://127.0.0.9:{mini.site.port}/admin"
    script = {
        "script": f"await fetch('{to}', {{mode: 'no-cors'}}).catch(() => 0)",
        "frame": "",
        "redirect": "await fetch('/go').catch(() => 0)",
    }[how]
    mini.pages["/"] = page(script, ITEM + (f"<iframe src='{to}'></iframe>" if how == "frame" else ""))
    mini.pages["/go"] = Response(b"", status=302, headers={"Location": to})
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE)
    crawling("mini")
    assert "GET /" in paths(mini.site) and inside == []


def test_a_page_that_redirects_inside(mini: Mini, crawling: Crawling, inside: list[str]) -> None:  # noqa: F811
    mini.pages["/"] = Response(b"", status=302, headers={"Location": f"http://127.0.0.9:{mini.site.port}/admin"})
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE)
    assert crawling("mini").outcome is Outcome.unmet and inside == []


@pytest.mark.parametrize("posts", ["", "posts: ['/api/']\n"])
def test_scripts_send_nothing_that_the_yaml_does_not_name(mini: Mini, crawling: Crawling, posts: str) -> None:
    send = "await fetch('/api/find', {method: 'POST', body: 'q=1'}).catch(() => 0); await fetch('/like', {method: 'PUT'}).catch(() => 0);"
    mini.pages["/"] = page(
        send + "navigator.sendBeacon('/seen', 'x'); document.forms[0]?.submit();", ITEM + "<form method=post action=/message></form>"
    )
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE + posts)
    result = crawling("mini")
    sent = [path for path in paths(mini.site) if not path.startswith("GET ")]
    assert sent == (["POST /api/find"] if posts else []) and result.counts["sending refusals"] >= 2
    assert "sending by scripts" in "\n".join(result.lines)


def test_no_cookie_goes_back(mini: Mini, crawling: Crawling) -> None:
    mini.site.set_cookie = "session=chocolate77; Path=/"
    mini.pages["/"] = page(
        "document.cookie = 'mine=1; path=/'; await fetch('/again'); await fetch('/and/again');", "<a class=card href=/item/a>a</a>"
    )
    mini.pages["/item/a"] = page("await fetch('/later')")
    mini.write(crawling.home, platform="selectors", follow="{listing: a.card}", more=MORE)
    result = crawling("mini")
    assert {"GET /again", "GET /later", "GET /item/a"} <= set(paths(mini.site)), result.lines
    assert [r.path for r in mini.site.requests if any(name.lower() == "cookie" for name in r.headers)] == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Response(b"<body data-ready=1>Members only</body>", status=401), "stopped at a log-in wall"),
        (Response(b"<body data-ready=1>Forbidden</body>", status=403), "stopped where the site refuses us"),
        (Response(b"<body data-ready=1>slow down</body>", status=429, headers={"Retry-After": "900"}), "asked us to wait 900 s"),
        (Response(b"<body data-ready=1>slow down</body>", status=429), "named no time to wait"),
        (
            Response(b"<title>Just a moment...</title><body data-ready=1><script>window._cf_chl_opt={}</script>", status=503),
            "stopped at a CAPTCHA",
        ),
    ],
)
def test_walls_in_the_browser(mini: Mini, crawling: Crawling, answer: Response, says: str) -> None:
    mini.pages["/"] = answer
    mini.write(crawling.home, platform="selectors", more=MORE)
    result = crawling("mini")
    assert result.outcome is Outcome.unmet and says in result.message and result.counts["walls"] == 1
    assert set(paths(mini.site)) == {"GET /robots.txt", "GET /"} and crawling.captures(kinds=(CaptureKind.rendered,)), (
        "kept, and no more asked"
    )


WAYS = {
    "a redirect": "await fetch('/go').catch(() => 0)",
    "a frame that is sent on": "const f = document.createElement('iframe'); f.src = '/go'; document.body.append(f)",
    "a popup": "const a = document.createElement('a'); a.href = '/private/a'; a.target = '_blank'; document.body.append(a); a.click()",
    "a popup without an opener": (
        "const a = document.createElement('a'); a.href = '/private/b'; a.target = '_blank'; a.rel = 'noopener'; document.body.append(a); a.click()"
    ),
    "a form into a popup": (
        "const f = document.createElement('form'); f.action = '/seen'; f.method = 'post'; f.target = '_blank'; document.body.append(f); f.submit()"
    ),
    "a frame's window": "const f = document.createElement('iframe'); document.body.append(f); f.contentWindow.open('/private/c')",
    "a download": "const a = document.createElement('a'); a.href = '/private/d'; a.download = 'd'; document.body.append(a); a.click()",
    "a shared worker": "new SharedWorker('/worker.js')",
    "a frame's shared worker": "const f = document.createElement('iframe'); document.body.append(f); new f.contentWindow.SharedWorker('/worker.js')",
    "a worker": "new Worker('/worker.js')",
    "a worklet": "await new AudioContext().audioWorklet.addModule('/private/e.js')",
    "a prefetch": "const l = document.createElement('link'); l.rel = 'prefetch'; l.href = '/go'; document.head.append(l)",
    "a beacon": "navigator.sendBeacon('/private/f', 'x')",
}


def test_no_way_round_robots_txt(mini: Mini, crawling: Crawling) -> None:
    """Each of these asks by a way that a page's own routes do not see, or not at once."""
    mini.pages["/go"] = Response(b"", status=302, headers={"Location": "/private/g"})
    worker = b"fetch('/private/h').catch(() => 0); if (self.Worker) new Worker('/private/i.js')"
    mini.pages["/worker.js"] = Response(worker, "application/javascript")
    each = "".join(
        f"try {{ await Promise.race([(async () => {{ {way} }})(), new Promise(r => setTimeout(r, 300))]) }} catch (e) {{}}\n"
        for way in WAYS.values()
    )
    mini.pages["/"] = page(each + "await new Promise(r => setTimeout(r, 1000))")
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE)
    result = crawling("mini")
    asked = paths(mini.site)
    assert "GET /" in asked and "GET /go" in asked, result.lines
    assert [path for path in asked if "/private" in path or "worker" in path or not path.startswith("GET")] == []
    assert result.counts["robots refusals"] >= 2


def test_a_sweep_is_led_to_no_sellers_page_by_the_page_itself(mini: Mini, crawling: Crawling) -> None:
    mini.pages["/"] = page("const f = document.createElement('iframe'); f.src = '/seller/anna'; document.body.append(f); location = '/go'")
    mini.pages["/go"] = Response(b"", status=302, headers={"Location": "/seller/anna"})
    mini.pages["/seller/anna"] = page("")
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE + "seller_pages: ['/seller/']\n")
    result = crawling("mini")
    assert "GET /go" in paths(mini.site) and "GET /seller/anna" not in paths(mini.site)
    assert result.counts["seller page refusals"] == 1


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(() => { while (true) {} }, 300)",
        "const ask = n => { fetch('/more?' + n).catch(() => 0); setTimeout(ask, 300, n + 1) }; ask(0)",
    ],
)
def test_a_page_that_keeps_itself_busy_is_left_in_time(mini: Mini, crawling: Crawling, script: str) -> None:
    mini.pages["/"] = page(script, "<a class=card href=/item/a>a</a>" + ITEM)
    mini.write(crawling.home, platform="selectors", follow="null", more=MORE)
    began = time.monotonic()
    _, result = crawling.patched("mini", "import crawler.browser\ncrawler.browser.LONGEST = 6.0\ncrawler.browser.SETTLING = 2.0")
    assert time.monotonic() - began < 60 and "GET /" in paths(mini.site)
    assert result["counts"].get("failures", 0) + result["counts"].get("pages", 0) >= 1, result
