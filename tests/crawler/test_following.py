"""How lists lead on, over real sockets: what was asked for stands in the server's own log."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from crawler import reread
from crawler.patterns import met
from crawler.source import Kind, Source
from store.config import Home
from store.words.records import Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response, Site

Respond = Callable[[str, Mapping[str, str]], Response | None]


@pytest.fixture
def served() -> Iterator[Callable[[Respond], Site]]:
    """A loopback site of the test's own making; robots.txt allows everything."""
    sites: list[Site] = []

    def serve(respond: Respond) -> Site:
        def answer(path: str, query: Mapping[str, str]) -> Response | None:
            return Response(b"User-agent: *\nDisallow: /closed\n", "text/plain") if path == "/robots.txt" else respond(path, query)

        site = Site("following", answer, port=0, forbidden=(), allowed=())
        site.start()
        sites.append(site)
        return site

    yield serve
    for site in sites:
        site.close()


def write(home: Home, site: Site, more: str, name: str = "stalls", expect: int = 1) -> Path:
    text = f"title: Stalls\nkind: marketplace\nurl: {site.url}\nlegal: A loopback test.\nexpect: {{listings: {expect}}}\ndelay: 0\ntesting: true\n"
    path = home.folder / "configs" / "sources" / f"{name}.yml"
    path.write_text(text + more.replace("SITE/", site.url), encoding="utf-8")
    return path


def refs(crawling: Crawling) -> set[str]:
    return {each.partition("/")[2] for each in crawling.listings()}


def asked(site: Site) -> list[str]:
    return [each.path for each in site.requests if each.path != "/robots.txt"]


def cards(numbers: Any) -> Response:
    return Response("".join(f"<div class=card><a href='/item/{n}'>Bag {n}</a><b>£{n}.00</b></div>" for n in numbers).encode())


CARDS = r"""platform: selectors
ref: '/item/(\d+)'
cards: {card: .card, title: a, url: a, price: b}
"""
PAGES = r"""platform: selectors
ref: '/item/(\d+)'
selectors: {title: h1, price: b}
"""


def item(ref: str, more: str = "") -> Response:
    return Response(f"{more}<h1>Bag {ref}</h1><b>£{ref}.00</b>".encode())


@pytest.mark.parametrize("end", ["empty", "repeats", "404"])
def test_numbered_pages_end_where_one_is_empty_or_repeats(served: Any, crawling: Crawling, home: Home, end: str) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        number = int(query.get("page", "1"))
        if number > 3:
            return {"empty": cards(()), "repeats": cards(range(5, 7)), "404": None}[end]
        return cards(range(2 * number - 1, 2 * number + 1)) if path == "/all" else None

    site = served(respond)
    write(home, site, CARDS + "start: ['SITE/all?q=bag']\nfollow: {pages: '?page={n}'}\n", expect=6)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {"1", "2", "3", "4", "5", "6"}, result.lines
    assert asked(site) == ["/all?q=bag", "/all?q=bag&page=2", "/all?q=bag&page=3", "/all?q=bag&page=4"]
    assert "failures" not in result.counts and result.counts["page requests"] == 4


def test_offsets_and_the_start_of_a_second_list_are_counted_apart(served: Any, crawling: Crawling, home: Home) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        at = int(query.get("start", "0"))
        goods = {"/bags": range(1, 6), "/new": (1, 2, 9)}.get(path)
        return cards(list(goods)[at : at + 2]) if goods else None

    site = served(respond)
    write(home, site, CARDS + "start: [SITE/bags, SITE/new]\nfollow: {pages: '?start={n}', first: 0, step: 2}\n")
    assert crawling("stalls").outcome is Outcome.good and refs(crawling) == {"1", "2", "3", "4", "5", "9"}
    assert sorted(asked(site)) == sorted(
        [f"/bags{end}" for end in ("", "?start=2", "?start=4", "?start=6")] + ["/new", "/new?start=2", "/new?start=4"]
    )


def test_one_listing_under_several_addresses_is_one_request_and_one_listing(served: Any, crawling: Crawling, home: Home) -> None:
    links = [
        "/item/1?utm_source=list", "/item/1?ref=top&sid=abc", "/bags/item/1;jsessionid=9", "/out?url=SITE/item/2", "/item/2",
        "/out?url=http://elsewhere.example/item/3", "http://elsewhere.example/item/4", "/go/5", "/item/6?add-to-cart=6", "/item/6/report",
        "/item/7/print", "/logout?item=/item/8", "/item/9", "/closed/item/10", f"/item/11?{'x' * 2100}",
    ]  # fmt: skip

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return Response("".join(f"<a href='{each.replace('SITE', site.url.rstrip('/'))}'>x</a>" for each in links).encode())
        ref = path.removeprefix("/item/")
        return item("2" if ref == "9" else ref, f"<link rel=canonical href='/item/{'2' if ref == '9' else ref}'>")

    site = served(respond)
    write(home, site, PAGES + "follow: {listing: a}\n")
    result = crawling("stalls")
    assert sorted(asked(site)) == ["/", "/item/1", "/item/2", "/item/9"], "and nothing that does something, leads away or is closed"
    assert refs(crawling) == {"1", "2"}, "/item/9 says that it is /item/2"
    assert result.outcome is Outcome.good and result.counts["robots refusals"] == 1
    left = {name.removeprefix("links not followed: "): n for name, n in result.counts.items() if name.startswith("links not followed")}
    assert left == {"off-site": 2, "redirect": 1, "action": 4, "too long": 1}


def test_facets_and_orders_do_not_multiply_requests(served: Any, crawling: Crawling, home: Home) -> None:
    """Any facet leads to further facets, without end; there are six listings."""

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path.startswith("/item/"):
            return item(path.removeprefix("/item/"))
        depth = len(query)
        facets = [f"/all?{'&'.join([*(f'{k}={v}' for k, v in query.items()), f'f{depth}={n}'])}" for n in range(5)]
        orders = [f"/all?sort={each}" for each in ("price", "new", "old")]
        links = "".join(f"<a class=next href='{each}'>more</a>" for each in (*facets, *orders))
        return Response(f"{links}{''.join(f'<a class=one href=/item/{n}>x</a>' for n in range(1, 7))}".encode())

    site = served(respond)
    write(home, site, PAGES + "start: [SITE/all]\nfollow: {listing: a.one, next: a.next}\n", expect=6)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 6
    assert len(asked(site)) == 26 == result.counts["page requests"] and not any("sort=" in each for each in asked(site))
    assert "used up the budget of 1.3 a listing" in result.message and "(4.33 a listing)" in result.lines[1]


@pytest.mark.parametrize(("more", "most"), [("", 3), ("barren: 5\n", 5)])
@pytest.mark.parametrize("shows", [(), (1, 2)])
def test_a_calendar_without_end_is_left_after_a_few_of_its_lists(
    served: Any, crawling: Crawling, home: Home, shows: tuple[int, ...], more: str, most: int
) -> None:
    """Each month leads to the next; it shows nothing, or what the list has shown already. The lists of goods beside it go on."""

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        number = int(query.get("page", "1"))
        if path == "/all":
            here = cards((2 * number - 1, 2 * number)).body
            onward = f"<a class=next href='/all?page={number + 1}'>on</a>" if number < 6 else ""
            return Response(here + f"{onward}<a class=next href='/calendar/2026/1'>sales</a>".encode())
        year, month = map(int, path.removeprefix("/calendar/").split("/"))
        return Response(cards(shows).body + f"<a class=next href='/calendar/{year + month // 12}/{month % 12 + 1}'>next month</a>".encode())

    site = served(respond)
    write(home, site, CARDS + f"start: [SITE/all]\nfollow: {{next: a.next}}\n{more}", expect=12)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and len(refs(crawling)) == 12, result.lines
    assert sum("/calendar" in each for each in asked(site)) == most and sum("/all" in each for each in asked(site)) == 6
    assert f"{most} of their kind in a row brought nothing new" in result.message


def test_lists_without_listings_of_their_own_are_passed_through(served: Any, crawling: Crawling, home: Home) -> None:
    """Many empty sections beside each other are no trap, nor is a section that only leads on to others."""

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        below = {"/": [f"/section/{n}" for n in range(1, 8)], "/section/7": [f"/section/{n}" for n in range(71, 76)]}.get(path, [])
        links = "".join(f"<a class=next href='{each}'>x</a>" for each in below)
        return Response(cards((1, 2) if path == "/section/75" else ()).body + links.encode())

    site = served(respond)
    write(home, site, CARDS + "follow: {next: a.next}\n", expect=2)
    assert crawling("stalls").outcome is Outcome.good and len(refs(crawling)) == 2 and len(asked(site)) == 13


def test_the_pages_that_a_list_states_are_its_last(served: Any, crawling: Crawling, home: Home) -> None:
    """The Store API says in a header how many pages there are: no empty one is asked for."""

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        number = int(query.get("page", "1"))
        prices = {"price": "1000", "currency_code": "GBP", "currency_minor_unit": 2}
        goods = [{"id": n, "name": f"Bag {n}", "permalink": f"/product/{n}", "prices": prices} for n in (2 * number - 1, 2 * number)]
        return Response(json.dumps(goods if number < 3 else []).encode(), "application/json", headers={"X-WP-TotalPages": "2"})

    site = served(respond)
    write(home, site, "platform: woocommerce\nstart: [SITE/wp-json/wc/store/v1/products]\n", expect=4)
    assert crawling("stalls").outcome is Outcome.good and len(refs(crawling)) == 4 and len(asked(site)) == 2


def test_a_soft_404_is_kept_and_counted_and_is_no_listing(served: Any, crawling: Crawling, home: Home) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return Response("".join(f"<a href=/item/{n}>x</a>" for n in range(1, 6)).encode())
        said = {
            "/item/1": item("1"),
            "/item/2": Response(b"<link rel=canonical href='/'><h1>Bags for you</h1><b>\xc2\xa35</b>"),
            "/item/3": Response(b"<h1>Bag 3</h1><p class=over>Sold</p>"),
            "/item/4": Response(b"", status=302, headers={"Location": "/"}),
        }
        return said.get(path)

    site = served(respond)
    path = write(home, site, PAGES + "follow: {listing: a}\ngone: {css: .over}\n")
    result = crawling("stalls")
    assert refs(crawling) == {"1"} and result.counts["gone"] == 4 and result.counts["pages"] == 4, result.counts
    assert any(each.url_final.endswith("/item/2") for each in crawling.captures()), "it is kept"
    assert reread.run(crawling.store, home).counts["gone"] == 2 and refs(crawling) == {"1"}, "a 404 is not read again"
    path.write_text(path.read_text().replace("{css: .over}", "{signs: false}"))
    reread.run(crawling.store, home)
    assert refs(crawling) == {"1", "2", "3"}, "the bytes are there if it was wrong"


@pytest.mark.parametrize("ref", ["ref: '/item/(\\d+)'\n", ""])
def test_a_template_whose_pages_all_name_one_canonical_address_merges_nothing(
    served: Any, crawling: Crawling, home: Home, ref: str
) -> None:
    """A page that says it is another listing is believed as long as the other says the same title. Of all that a broken template merges
    one is lost, where its page comes before the other's own."""
    same = {"7": "6"}

    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return Response("".join(f"<a href=/item/{n}>x</a>" for n in range(1, 8)).encode())
        n = path.removeprefix("/item/")
        return item(same.get(n, n), f"<link rel=canonical href='/item/{'6' if n in ('6', '7') else '1'}'>") if path != "/item/" else None

    site = served(respond)
    if ref:
        write(home, site, PAGES + "follow: {listing: a}\n", expect=5)
    else:  # its pages are told by nothing but their addresses
        starts = "".join(f"SITE/item/{n}, " for n in range(1, 8))
        write(home, site, f"platform: selectors\nselectors: {{title: h1, price: b}}\nstart: [{starts}]\n", expect=5)
    result = crawling("stalls")
    kept = {each.rpartition("/")[2] for each in crawling.listings()}
    assert result.outcome is Outcome.good and {"1", "6"} <= kept < {"1", "2", "3", "4", "5", "6", "7"} and "7" not in kept, result.lines
    lost = 6 - len(kept)
    assert lost <= 1 and result.counts["canonical addresses not believed"] == 4 - lost
    reread.run(crawling.store, home)
    assert {each.rpartition("/")[2] for each in crawling.listings()} == kept


def test_a_pattern_that_takes_years_ends_the_crawl_and_is_named(served: Any, crawling: Crawling, home: Home) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        if path == "/":
            return Response(f"<a href=/item/1>x</a><a href=/item/{'a' * 60}!>x</a><a href=/item/2>x</a>".encode())
        return item(path.removeprefix("/item/"))

    site = served(respond)
    write(home, site, PAGES.replace(r"/item/(\d+)", r"/item/((?:\w|\w\w)+)$") + "follow: {listing: a}\n")
    began = monotonic()
    result = crawling("stalls")
    assert result.outcome is Outcome.failed and "takes too long on this page: write it with fewer choices" in result.message, result.message
    assert monotonic() - began < 120 and "/item/2" not in asked(site)


def test_gates_with_a_pattern_that_takes_years_stay_shut() -> None:
    """An address on which the pattern comes to no answer is a person's own page, and none to which a script may send."""
    slow, url = r"/u/(?:\w|\w\w)+$", f"https://stalls.example/u/{'a' * 60}!"
    assert met(slow, url, if_slow=True) and not met(slow, url, if_slow=False) and met(slow, url[:-1], if_slow=False)
    source = Source(title="Stalls", kind=Kind.marketplace, url="https://stalls.example/", platform="schema_org", seller_pages=(slow,))
    assert source.is_sellers(url) and source.is_sellers(url[:-1]) and not source.is_sellers("https://stalls.example/item/1")


def test_entrances_are_trusted_no_further_than_the_site(served: Any, crawling: Crawling, home: Home) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        host = site.url.rstrip("/")

        def sitemap(*urls: str) -> bytes:
            return f"<urlset>{''.join(f'<url><loc>{each}</loc></url>' for each in urls)}</urlset>".encode()

        def index(*urls: str) -> bytes:
            return f"<sitemapindex>{''.join(f'<sitemap><loc>{each}</loc></sitemap>' for each in urls)}</sitemapindex>".encode()

        feeds = {
            "/index.xml": index(f"{host}/one.xml.gz", f"{host}/deeper.xml", "http://elsewhere.example/s.xml", f"{host}/closed/s.xml"),
            "/deeper.xml": index(f"{host}/deepest.xml"),
            "/deepest.xml": index(f"{host}/bottom.xml"),
            "/one.xml.gz": gzip.compress(
                sitemap(f"{host}/item/1?utm_source=map", f"{host}/about", "http://elsewhere.example/item/2", f"{host}/item/3")
            ),
            "/new.rss": f"<rss><channel>{''.join(f'<item><link>/item/{n}</link></item>' for n in (3, 4, 5, 6))}</channel></rss>".encode(),
            "/bad.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>",
        }
        return (
            Response(feeds[path], "application/xml") if path in feeds else item(path.removeprefix("/item/")) if "/item/" in path else None
        )

    site = served(respond)
    entrances = "entrances: [{sitemap: SITE/index.xml}, {rss: SITE/new.rss, at_most: 3}, {sitemap: SITE/bad.xml}]\n"
    write(home, site, PAGES + entrances, expect=4)
    result = crawling("stalls")
    assert result.outcome is Outcome.good and refs(crawling) == {"1", "3", "4", "5"}, result.lines
    feeds = ["/bad.xml", "/deeper.xml", "/deepest.xml", "/index.xml", "/new.rss", "/one.xml.gz"]
    assert sorted(asked(site)) == sorted([*feeds, *(f"/item/{n}" for n in (1, 3, 4, 5))])
    said = {name.removeprefix("entrance: "): n for name, n in result.counts.items() if name.startswith("entrance: ")}
    assert said == {"sitemaps not fetched": 1, "sitemaps of other hosts": 1, "addresses of no listing": 1, "listings past at_most": 1}
    assert result.counts["not understood"] == 1 and result.counts["links not followed: off-site"] == 1
    assert reread.run(crawling.store, home).counts["readings"] == 4


def test_a_start_address_that_is_a_feed_is_read_as_one(served: Any, crawling: Crawling, home: Home) -> None:
    def respond(path: str, query: Mapping[str, str]) -> Response | None:
        feed = Response(b"<rss><channel><item><link>/item/1</link></item></channel></rss>", "application/rss+xml")
        return feed if path == "/new" else item("1") if path == "/item/1" else None

    site = served(respond)
    write(home, site, PAGES + "start: [SITE/new]\n")
    assert crawling("stalls").outcome is Outcome.good and refs(crawling) == {"1"} and asked(site) == ["/new", "/item/1"]


def test_what_is_dropped_is_counted(mini: Mini, crawling: Crawling) -> None:
    """A gzip bomb and a chain of redirects without end cost a count and nothing else."""
    bomb = gzip.compress(b"\0" * (40 * 2**20))
    mini.pages["/item/1"] = Response(bomb, headers={"Content-Encoding": "gzip"})
    for n in range(12):
        mini.pages["/item/2" if not n else f"/item/x{n}"] = Response(b"", status=302, headers={"Location": f"/item/x{n + 1}"})
    mini.write(crawling.home)
    result = crawling("mini")
    assert set(crawling.listings()) == {"mini/3"} and result.counts["failures"] == 2, result.counts
    assert result.counts["failure: too large when unpacked"] == 1 and result.counts["failure: too many redirects"] == 1
