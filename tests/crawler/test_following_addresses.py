"""Which links are followed and at what address; how a page tells that its listing is no more. Without the network."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy import Request

from crawler.addresses import Addresses, Left, kind_of_list, read_addresses, same_list
from crawler.entrances import is_feed
from crawler.frontier import FLOOR, Frontier
from crawler.gone import gone
from crawler.pages import page_of
from crawler.platforms import _api as api
from crawler.platforms._page import address, same_page
from crawler.source import Source, read_source
from store.config import ConfigError, Home
from store.words.records import Capture, CaptureKind

HOST = "https://stalls.example"
YAML = """title: Stalls
kind: marketplace
url: https://stalls.example/
start: ['https://stalls.example/all?sort=new']
platform: selectors
selectors: {title: h1}
legal: A test.
expect: {listings: 2}
ref: '/item/(\\d+)'
follow: {listing: a, next: a.next}
"""


def _source(folder: Path, more: str = "", **fields: str) -> Source:
    text = YAML + more
    for key, value in fields.items():
        text = "\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()) + "\n"
    path = folder / "stalls.yml"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


@pytest.fixture
def addresses(tmp_path: Path) -> Addresses:
    return read_addresses(Home(tmp_path))


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("/item/7?utm_source=x&gclid=1&UTM_Medium=y", "/item/7"),
        ("/item/7;jsessionid=AB12?PHPSESSID=9&colour=red", "/item/7?colour=red"),
        ("/item/7?ref=home&from=search&pos=3&sort=price", "/item/7"),
        ("/item/7?fbclid=1#photos", "/item/7"),
        ("/item/7?colour=a%26b&size=", "/item/7?colour=a%26b&size="),
        ("/item/7?partner=12", "/item/7"),
        ("/out?url=https%3A%2F%2Fstalls.example%2Fitem%2F7%3Futm_source%3Dx", "/item/7"),
        ("/click?id=4&to=https%253A%252F%252Fstalls.example%252Fitem%252F7", "/item/7"),
        ("/go/https://stalls.example/item/7", "/item/7"),
        ("/item/7?link=https://elsewhere.example/", "/item/7?link=https://elsewhere.example/"),
    ],
)
def test_a_link_to_a_listing_is_asked_for_without_what_identifies_nothing(
    addresses: Addresses, tmp_path: Path, link: str, asked: str
) -> None:
    source = _source(tmp_path, "ignore_parameters: [partner]\n")
    assert addresses.to_listing(HOST + link, source) == (HOST + asked, None)


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ("/out?url=https%3A%2F%2Felsewhere.example%2Fitem%2F7", Left.off_site),
        ("/go/4711", Left.redirect),
        ("/redirect.php?id=/item/7", Left.redirect),
        ("/track?next=//elsewhere.example/item/7&u=//elsewhere.example/item/7", Left.off_site),
        ("/item/7?add-to-cart=7", Left.action),
        ("/item/7?action=report", Left.action),
        ("/item/7/print", Left.action),
        ("/item/7/report.html", Left.action),
        ("/logout?next=/item/7", Left.action),
        ("/basket/item/7", Left.action),
        ("/item/7/DELETE", Left.action),
        (f"/item/7?{'a' * 2100}", Left.too_long),
    ],
)
def test_links_that_do_something_or_lead_away_are_not_followed(addresses: Addresses, tmp_path: Path, link: str, left: Left) -> None:
    assert addresses.to_listing(HOST + link, _source(tmp_path)) == ("", left)
    assert addresses.to_listing("https://elsewhere.example/item/7", _source(tmp_path))[1] is Left.off_site


def test_what_identifies_an_item_is_never_taken_out(addresses: Addresses, tmp_path: Path) -> None:
    by_sid = _source(tmp_path, ref=r"'[?&]sid=(\d+)'")
    assert addresses.to_listing(f"{HOST}/ad?sid=7", by_sid) == (f"{HOST}/ad?sid=7", None)
    needed = _source(tmp_path, "keep_parameters: [from]\n")
    assert addresses.to_listing(f"{HOST}/item/7?from=x&via=y", needed) == (f"{HOST}/item/7?from=x", None)
    baskets = _source(tmp_path, ref=r"'/basket/(\d+)'")
    assert addresses.to_listing(f"{HOST}/basket/7", baskets) == (f"{HOST}/basket/7", None), "baskets are the goods here"


def test_a_list_keeps_its_own_order_and_takes_on_no_other(addresses: Addresses, tmp_path: Path) -> None:
    source = _source(tmp_path)

    def asked(link: str, page: str = "/all?sort=new") -> str:
        return addresses.to_list(HOST + link, source, HOST + page)[0].removeprefix(HOST)

    assert asked("/all?sort=new&page=2") == "/all?sort=new&page=2"
    assert asked("/all?sort=price&page=2") == asked("/all?page=2&filter_colour=red") == "/all?page=2"
    assert asked("/all?from=20&sid=1") == "/all?from=20", "a list may count by `from`"
    assert asked("/bags?filter_x=1&page=2", "/bags?filter_x=1") == "/bags?filter_x=1&page=2"


def test_lists_wait_for_listings_once_the_budget_is_used_up(tmp_path: Path) -> None:
    frontier = Frontier(dataclasses.replace(_source(tmp_path), max_pages=100))
    lists = [Request(f"{HOST}/all?page={n}") for n in range(60)]
    followed = [each for request in lists for each in frontier.follow(request)]
    assert len(followed) == FLOOR == frontier.lists and list(frontier.follow(lists[0])) == [], "each once"
    assert [
        each for request in (Request(f"{HOST}/all?page=3&a=b"), Request(f"{HOST}/all?a=b&page=3")) for each in frontier.follow(request)
    ] == []
    for n in range(100):
        frontier.wants(str(n))
    assert not frontier.wants("7") and len(list(frontier.freed())) == 10, "130 requests for 100 listings: 30 lists"
    [said] = frontier.ended()
    assert "31 list pages were not followed: 130 page requests for 100 listings used up the budget of 1.3 a listing" in said


# -- gone ----------------------------------------------------------------------------------------------------------------------
def _why(source: Source, body: str, asked: str = "/item/7", final: str = "") -> str:
    now, final = datetime.now(UTC), final or asked
    kind = (("Content-Type", "text/html"),)
    capture = Capture(1, "", "s", CaptureKind.page, "GET", HOST + asked, HOST + final, (), 200, (), kind, "", 0, now, now)
    return gone(source, capture, page_of(capture, body.encode()))


@pytest.mark.parametrize(
    ("body", "final", "why"),
    [
        ("<h1>All stalls</h1>", "/", "sent on to"),
        ("<h1>All stalls</h1>", "/all", "sent on to"),
        ("<h1>All stalls</h1>", "/search?q=bag", "sent on to"),
        ("<link rel=canonical href='/'><h1>Bags</h1>", "", "its canonical address is"),
        ("<link rel=canonical href='/search?q=x'><h1>Bags</h1>", "", "its canonical address is"),
        ("<meta property='og:url' content='https://stalls.example/all'><h1>Bags</h1>", "", "its og:url is"),
        ("<title>Page not found | Stalls</title><h1>Oh</h1>", "", "its heading is"),
        ("<h1>Sorry, this item is no longer available.</h1>", "", "its heading is"),
        ("<h1>404 - Not Found</h1>", "", "its heading is"),
        ("<h1>Sorry, this lot has ended</h1>", "", "its heading is"),
        ("<h1>The advert you are looking for has been removed</h1>", "", "its heading is"),
        ("<h1>We can’t find that item</h1>", "", "its heading is"),
        ("<h1>Bag</h1><p class=over>x</p>", "", "gone: '.over' is on the page"),
        ("<h1>Bag</h1><p>Dieses Stück ist verkauft</p>", "", "is on the page"),
    ],
)
def test_signs_of_a_soft_404(tmp_path: Path, body: str, final: str, why: str) -> None:
    source = _source(tmp_path, "gone: {css: .over, text: 'ist (verkauft|weg)'}\n")
    assert why in _why(source, body, final=final)


@pytest.mark.parametrize(
    ("body", "final"),
    [
        ("<h1>Bag</h1>", ""),
        ("<link rel=canonical href='/item/7'><h1>Bag</h1>", ""),
        ("<link rel=canonical href='/item/8'><h1>Bag</h1>", ""),
        ("<link rel=canonical href='/bags/red-tote.html'><h1>Bag</h1>", ""),
        ("<link rel=canonical href='https://elsewhere.example/'><h1>Bag</h1>", ""),
        ("<link rel=canonical href='/'><h1>Red tote</h1>", "/bags/red-tote.html"),
        ("<h1>Bag “404 not found” by Page</h1>", ""),
        ("<h1>404</h1>", ""),
        ("<title>Not found in shops: the last tote | Stalls</title>", ""),
        ("<h1>Auction ended stock, 40 bags</h1>", ""),
    ],
)
def test_a_listing_is_not_taken_for_gone(tmp_path: Path, body: str, final: str) -> None:
    assert _why(_source(tmp_path), body, final=final) == ""


def test_signs_can_be_turned_off_where_a_template_is_broken(tmp_path: Path) -> None:
    broken = "<link rel=canonical href='/'><h1>Red tote</h1>"
    assert _why(_source(tmp_path), broken) and not _why(_source(tmp_path, "gone: {signs: false}\n"), broken)


# -- what a YAML may say -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("more", "fields", "says"),
    [
        ("", {"follow": "{listing: a, more: button}"}, "need `render: true`"),
        ("render: true\n", {"follow": "{scroll: true}"}, "which tell whether the list has grown"),
        ("render: true\n", {"follow": "{listing: a, scroll: true, more: b}"}, "do not go together"),
        ("", {"follow": "{listing: a, pages: '/all?page=2'}"}, "must hold {n}"),
        ("entrances: [{sitemap: 'https://stalls.example/s.xml', rss: 'https://stalls.example/r'}]\n", {}, "an entrance is one address"),
        ("entrances: [{sitemap: /s.xml}]\n", {}, "is not a web address"),
        ("gone: {text: '('}\n", {}, "holds no regular expression"),
        ("headers: {Authorization: Bearer x}\n", {}, "would be a secret in a file"),
        ("token: {url: 'https://stalls.example/t', id_from: hunter2, secret_from: B}\n", {}, "names of environment variables"),
        ("budget: 0.5\n", {}, "at least 1"),
        ("quota: 0\n", {}, "at least 1"),
        ("ignore_parameter: [x]\n", {}, "did you mean 'ignore_parameters'"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, more: str, fields: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _source(tmp_path, more, **fields)
    assert says in str(refused.value) and "stalls.yml:" in str(refused.value)


def test_an_api_by_post_says_what_it_sends(tmp_path: Path) -> None:
    head = YAML.replace("platform: selectors\nselectors: {title: h1}", "platform: json_api").replace(
        "follow: {listing: a, next: a.next}\n", ""
    )

    def read(rules: str) -> api.Api:
        (tmp_path / "api.yml").write_text(head + f"api: {{items: ads, title: name, ref: id, {rules}}}\n", encoding="utf-8")
        found = read_source(tmp_path / "api.yml").api
        assert found is not None
        return found

    for rules, says in (
        ("method: POST", "sends either a `body:`"),
        ("body: {a: 1}", "sends either a `body:`"),
        ("method: POST, body: {a: 1}, form: {a: b}", "sends either a `body:`"),
        ("page_at: page", "of an address `next_param` does"),
        ("method: POST, body: {a: 1}, page_at: a.page", "page_at: a.page leads to nothing in the body"),
    ):
        with pytest.raises(ConfigError, match=says):
            read(rules)
    deep = read("method: POST, body: {query: 'q', variables: {after: null}}, page_at: variables.after")
    assert api.with_value(deep, api.sent(deep), "k9") == b'{"query": "q", "variables": {"after": "k9"}}'
    form = read("method: POST, form: {q: 'red bag', page: '1'}, page_at: page")
    assert api.with_value(form, api.sent(form), 2) == b"q=red+bag&page=2" and api.value_in(form, b"q=a&page=2") == "2"


def test_a_feed_is_known_by_its_first_element() -> None:
    assert is_feed(b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><urlset xmlns='y'>") and is_feed(b"<rss version='2.0'>")
    assert not is_feed(b"<!doctype html><html><rss>") and not is_feed(b"<?xml version='1.0'?><html>") and not is_feed(b'{"rss": 1}')


def test_a_list_is_the_same_however_its_host_is_written() -> None:
    forms = ("https://www.m.example:443/bags/?b=2&a=1", "http://M.example/bags?a=1&b=2", "http://m.example:80/bags?a=1&b=2")
    assert {same_list(form) for form in forms} == {"m.example/bags?a=1&b=2"} and {kind_of_list(form) for form in forms} == {
        "m.example/bags?a&b"
    }
    assert {same_page(form) for form in forms} == {"m.example/bags"} and same_page("") == same_page("http://m.example:x/bags") == ""


def test_an_address_that_is_none_is_not_taken_from_a_page() -> None:
    for raw in ("//m.example:x/seller/1", "http://m.example:99999/", "http://["):
        assert address("https://m.example/", raw) == "", raw
    assert address("https://m.example/", "//m.example:8080/1") == "https://m.example:8080/1"
