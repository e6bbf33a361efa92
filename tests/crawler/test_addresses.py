"""No address of this machine or its own network is connected to, unless the source is there for tests: by the inner server's own log."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from crawler.source import is_inner, read_source
from store.words.hosts import host_of
from tests.crawler.conftest import Crawling, Mini
from tests.crawler.test_browser import MORE, needs_chromium
from tests.market.server import Response, Site

INNER = (
    "localhost LOCALHOST. a.localhost localhost.localdomain printer.local metadata.google.internal metadata nas.lan router.home.arpa "
    "127.0.0.1 127.0.0.1. 127.0.0.1:8080 127.255.0.9 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0 "
    "224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 "
    "2130706433 0x7f000001 0x7f.1 0177.0.0.1 127.1 127.0.1 0300.0250.1.1 017700000001 127.0.0.0x1 134744072 %31%32%37.0.0.1 "
    "１２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 "
    "::1 [::1] [::1]:80 :: ::ffff:127.0.0.1 [::ffff:7f00:1]:9 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: "
    "fe80::1 fe80::1%25eth0 [fe80::1%eth0] fc00::1 fd00:ec2::254 fec0::1 ff02::1 2001:db8::1 100::1"
)
OUTER = "shop.example 8.8.8.8 8.8.8.8:8080 93.184.216.34 2606:4700::1111 [2606:4700::1111]:443 1a.example localhost.example internal.example 4.example"


@pytest.mark.parametrize("host", INNER.split())
def test_inner(host: str) -> None:
    assert is_inner(host)


@pytest.mark.parametrize("host", OUTER.split())
def test_outer(host: str) -> None:
    assert not is_inner(host)


def test_a_host_and_its_port_stay_apart() -> None:
    assert host_of("http://[::1]/") == "[::1]" and host_of("http://[FE80::1]:81/") == "[fe80::1]:81" and is_inner(host_of("http://[::1]/"))


@pytest.fixture
def other() -> Iterator[Site]:
    """Another server of this machine, such as a database's console."""
    site = Site("other", lambda path, query: Response(b"secret"), port=0, forbidden=(), allowed=())
    site.start()
    yield site
    site.close()


def _untested(mini: Mini, crawling: Crawling, host: str, **more: str) -> None:
    """The source under a public name, without `testing`."""
    url = f"http://{host}:{mini.site.port}/"
    path = mini.write(crawling.home, url=url, start=url, **more)
    path.write_text(path.read_text().replace("testing: true\n", "").replace("delay: 0\n", "delay: 0.5\n"))


def _names(*inner: str, **names: str) -> str:
    """Code for `Crawling.patched`: what the system's look-up says, and which addresses of this machine stand for inner ones."""
    table = {f"{name.replace('_', '.')}": address for name, address in names.items()}
    code = f"import socket\nsocket.gethostbyname_ex = lambda name: (name, [], [{table!r}[name]])\n"
    return code + (f"import crawler.manners\ncrawler.manners.is_inner = lambda host: host in {inner!r}\n" if inner else "")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "0.0.0.0"])
def test_a_name_that_leads_inside_is_not_connected_to(mini: Mini, crawling: Crawling, address: str) -> None:
    _untested(mini, crawling, "shop.example")
    status, result = crawling.patched("mini", _names(shop_example=address))
    assert status == 1 and mini.site.requests == [] and crawling.captures() == []
    assert f"shop.example leads to {address}, an address of this machine or its own network, and was not asked" in result["message"]
    assert result["counts"]["inner address refusals"] == 1 and "inner addresses 1" in "\n".join(result["lines"])


def test_the_same_with_testing_is_connected_to(mini: Mini, crawling: Crawling) -> None:
    """The refusal above is the gate's, and no fault of the test's."""
    url = f"http://shop.example:{mini.site.port}/"
    mini.write(crawling.home, url=url, start=url)
    status, result = crawling.patched("mini", _names(shop_example="127.0.0.1"))
    assert status == 0 and result["counts"]["listings"] == 3


@needs_chromium
def test_nor_by_the_browser(mini: Mini, crawling: Crawling) -> None:
    """robots.txt comes first, through our own look-up: without it the browser is not started on the page."""
    _untested(mini, crawling, "shop.example", platform="selectors", more=MORE)
    status, result = crawling.patched("mini", _names(shop_example="127.0.0.1"))
    assert status == 1 and mini.site.requests == [] and "leads to 127.0.0.1" in result["message"]


class _Log(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def inside(mini: Mini) -> Iterator[list[str]]:
    """What a server at 127.0.0.9 was asked, on the shop's own port: it stands for an inner network, 127.0.0.1 for the public one."""
    seen: list[str] = []
    try:
        server = ThreadingHTTPServer(("127.0.0.9", mini.site.port), type("Log", (_Log,), {"seen": seen}))
    except OSError:
        pytest.skip("this system has no 127.0.0.9")
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("gate", [True, False])
def test_a_pictures_host_that_leads_inside(mini: Mini, crawling: Crawling, inside: list[str], gate: bool) -> None:
    mini.goods = {"1": ("Bag 1", "10.00", f"http://pictures.example:{mini.site.port}/p/1.png")}
    _untested(mini, crawling, "shop.example", more=f"hosts: ['pictures.example:{mini.site.port}']\n")
    names = _names("127.0.0.9" if gate else "none", shop_example="127.0.0.1", pictures_example="127.0.0.9")
    status, result = crawling.patched("mini", names)
    assert result["counts"]["listings"] == 1
    assert (status, inside) == (1, []) if gate else (status == 0 and "/p/1.png" in inside)
    assert ("pictures.example leads to 127.0.0.9" in result["message"]) is gate


@pytest.mark.parametrize("gate", [True, False])
def test_a_name_that_leads_elsewhere_at_the_second_look(mini: Mini, crawling: Crawling, inside: list[str], gate: bool) -> None:
    """Its server of names answers well when it is checked and otherwise later: each look-up that leads to a connection is checked."""
    for path in ("/robots.txt", "/"):
        page = mini.respond(path, {})
        assert page
        mini.pages[path] = replace(page, headers={"Connection": "close"})
    _untested(mini, crawling, "shop.example")
    code = _names("127.0.0.9" if gate else "none") + (
        "answers = ['127.0.0.1', '127.0.0.1']\nsocket.gethostbyname_ex = lambda name: (name, [], [answers.pop() if answers else '127.0.0.9'])\n"
        "import crawler.settings\ncrawler.settings.DNSCACHE_ENABLED = False\n"
    )
    crawling.patched("mini", code)
    assert [request.path for request in mini.site.requests] == ["/robots.txt", "/"]
    assert inside == [] if gate else inside


FORMS = "127.0.0.1 2130706433 0x7f000001 0177.0.0.1 127.1 localhost [::ffff:127.0.0.1] [::1] other.example"


def test_redirects_to_other_addresses_of_this_machine(mini: Mini, other: Site, crawling: Crawling) -> None:
    """A test source may name loopback, and still only its own host and port."""
    starts = []
    for number, form in enumerate(FORMS.split()):
        mini.pages[f"/to/{number}"] = Response(b"", status=302, headers={"Location": f"http://{form}:{other.port}/admin"})
        starts.append(f"{mini.site.url}to/{number}")
    mini.write(crawling.home, start="', '".join(starts))
    _, result = crawling.patched("mini", "import socket\nsocket.gethostbyname_ex = lambda name: (name, [], ['127.0.0.1'])\n")
    assert (
        other.requests == []
        and result["counts"]["offsite refusals"] == len(FORMS.split())
        and len(mini.site.requests) == len(FORMS.split()) + 1
    )


def test_robots_txt_and_pictures_that_redirect_to_them(mini: Mini, other: Site, crawling: Crawling) -> None:
    mini.pages["/p/1.png"] = Response(b"", status=302, headers={"Location": other.url})
    mini.write(crawling.home)
    assert crawling("mini").counts["offsite refusals"] == 1 and other.requests == []
    mini.pages["/robots.txt"] = Response(b"", status=302, headers={"Location": other.url + "robots.txt"})
    assert crawling("mini").counts["robots.txt unreachable"] == 1 and other.requests == []


def test_hosts_of_a_source_are_looked_at_before_it_starts(mini: Mini, crawling: Crawling) -> None:
    _untested(mini, crawling, "shop.example", more="hosts: ['0x7f.1:81']\n")
    path = crawling.home.folder / "configs" / "sources" / "mini.yml"
    assert "leads to 0x7f.1:81, an address of this machine or its own network" in read_source(path).refusal()


def test_a_proxy_of_the_environment_is_not_used(mini: Mini, other: Site, crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look names up where nobody checks what they lead to."""
    monkeypatch.setenv("http_proxy", other.url)
    mini.write(crawling.home)
    assert crawling("mini").counts["listings"] == 3 and other.requests == []
