"""Platforms that read APIs: recorded answers, what a YAML may say of JSON, and crawls of loopback APIs with paging.

tests/pages/PLATFORM/CASE.body is an answer's bytes, JSON or a page; beside it CASE.yml, and CASE.json, what the platform reads of it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.pages import page_of
from crawler.platforms import following, parser_version, platform
from crawler.platforms._api import with_parameter
from crawler.source import Source, read_source
from store.config import ConfigError, Home
from store.words.records import Capture, CaptureKind, Details, Outcome
from tests.crawler.conftest import Crawling
from tests.market.server import Response, Site

PAGES = Path(__file__).resolve().parents[1] / "pages"
CASES = sorted(PAGES.glob("*/*.body"))
NEW = ("ebay_browse", "json_api", "shopify", "woocommerce")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


def _page(url: str, body: bytes, kind: str = "text/html") -> Any:
    capture = Capture(1, "", "s", CaptureKind.page, "GET", url, url, (), 200, (), (("Content-Type", kind),), "", 0, WHEN, WHEN)
    return page_of(capture, body)


@pytest.mark.parametrize("recorded", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_recorded_answer(recorded: Path) -> None:
    source = read_source(recorded.with_suffix(".yml"))
    assert source.platform == recorded.parent.name
    page = _page(source.start[0], recorded.read_bytes())
    parsed = [asdict(each) for each in platform(source.platform).parse(page, source)]
    for each in parsed:
        each["snapshot"] = {word: said for word, said in each["snapshot"].items() if said not in ("", None)}
        each["details"] = Details(**each["details"]).said()
        if not each["details"]:
            del each["details"]
    said = json.loads(json.dumps(parsed))
    expected = recorded.with_suffix(".json")
    if not expected.exists():
        expected.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"{expected} was not there and has been written: read it, and keep it if it says what the answer says")
    assert said == json.loads(expected.read_text(encoding="utf-8"))


def test_every_new_platform_has_recorded_answers() -> None:
    assert {case.parent.name for case in CASES} == set(NEW)


GOOD = """title: Stalls
kind: marketplace
url: https://stalls.example/
start: ['https://stalls.example/api?page=1']
platform: json_api
legal: Agreed with the site.
expect: {listings: 2}
api:
  items: ads
  title: name
  ref: id
  price: price
"""


def _source(folder: Path, text: str) -> Source:
    path = folder / "stalls.yml"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("price: price", "price: 'price.['", "stalls.yml:9: api: price: 'price.[' is not a JMESPath expression"),
        ("items: ads", "items: 'ads[?a=b]'", "api: items: 'ads[?a=b]' is not a JMESPath expression"),
        ("price: price", "price: 'ads[].upper(name)'", "there is no function upper(); there are abs"),
        ("title: name", "titel: name", "unknown key 'titel'; did you mean 'title'"),
        ("  items: ads\n", "", "missing key 'items'"),
        ("  ref: id\n", "", "`ref:` or `url:` must say where"),
        ("price: price", "decimals: 9", "decimals: the digits of a price after its point"),
        ("platform: json_api", "platform: schema_org", "platform json_api and `api:`"),
    ],
)
def test_an_api_that_cannot_be_meant_is_refused_by_file_and_field(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as refused:
        _source(tmp_path, GOOD.replace(old, new))
    assert says in str(refused.value) and "stalls.yml:" in str(refused.value)


def test_a_changed_expression_is_a_new_parser_version(tmp_path: Path) -> None:
    versions = {
        parser_version(_source(tmp_path, text)) for text in (GOOD, GOOD.replace("price: price", "price: cost"), GOOD + "\n# note\n")
    }
    assert len(versions) == 2


def test_an_expression_that_cannot_be_applied_to_one_item_costs_that_word_only(tmp_path: Path) -> None:
    source = _source(tmp_path, GOOD.replace("title: name", "title: \"join(' ', [name, kind])\""))
    body = b'{"ads": [{"id": 1, "name": "Bag", "kind": "red"}, {"id": 2, "name": "Cap"}, {"id": 3, "name": "Sp\xff", "kind": "x"}]}'
    read = list(platform("json_api").parse(_page(source.start[0], body), source))
    assert [(each.ref, each.snapshot.title) for each in read] == [("1", "Bag red"), ("2", ""), ("3", "Sp\ufffd x")]
    assert read[2].notes == ("broken characters",)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://s.example/a?page=1&b=&c=x%20y#top", "https://s.example/a?page=3&b=&c=x+y"),
        ("https://s.example/a#top?page=1", "https://s.example/a?page=3"),
        ("https://s.example/a?q=%A3&page=1&page=2", "https://s.example/a?q=%A3&page=3"),  # not UTF-8, and still the same bytes
    ],
)
def test_a_parameter_is_set_and_all_else_left(url: str, says: str) -> None:
    assert with_parameter(url, "page", "3") == says


AT = "https://stalls.example/api?q=a%20b&page=2"


@pytest.mark.parametrize(
    ("rules", "answer", "expected"),
    [
        ("next: links.next", {"links": {"next": "?page=3"}}, ["https://stalls.example/api?page=3"]),
        ("next: links.next", {"links": {"next": None}}, []),
        ("next: links.next", {"links": {"next": "javascript:more()"}}, []),
        ("next: more\n  next_param: page", {"more": True}, ["https://stalls.example/api?q=a+b&page=3"]),
        ("next: more\n  next_param: page", {"more": False}, []),
        ("next: 'page < pages'\n  next_param: page", {"page": 2, "pages": 3}, ["https://stalls.example/api?q=a+b&page=3"]),
        ("next: 'page < pages'\n  next_param: page", {"page": 3, "pages": 3}, []),
        ("next: upto\n  next_param: cursor", {"upto": "x/1="}, ["https://stalls.example/api?q=a+b&page=2&cursor=x%2F1%3D"]),
        ("next_param: page", {"ads": [{}]}, ["https://stalls.example/api?q=a+b&page=3"]),
        ("next_param: page", {"ads": []}, []),
        ("category: c", {"ads": [{}], "next": "/2"}, []),
    ],
)
def test_next_page(tmp_path: Path, rules: str, answer: object, expected: list[str]) -> None:
    source = _source(tmp_path, GOOD + f"  {rules}\n")
    assert following(_page(AT, json.dumps(answer).encode()), source) == expected


@pytest.mark.parametrize(
    ("name", "url", "body", "expected"),
    [
        ("shopify", "/products.json?limit=250", b'{"products": [{"handle": "a"}]}', ["/products.json?limit=250&page=2"]),
        (
            "shopify",
            "/collections/bags/products.json?page=4",
            b'{"products": [{"handle": "a"}]}',
            ["/collections/bags/products.json?page=5"],
        ),
        ("shopify", "/products.json?limit=250&page=2", b'{"products": []}', []),
        ("shopify", "/products.json?limit=250&page=100", b'{"products": [{"handle": "a"}]}', []),
        ("shopify", "/products/a.json", b'{"product": {"handle": "a"}}', []),
        ("shopify", "/products/a", b"<p>a page</p>", []),
        ("woocommerce", "/wp-json/wc/store/v1/products", b'[{"id": 1, "prices": {}}]', ["/wp-json/wc/store/v1/products?page=2"]),
        ("woocommerce", "/wp-json/wc/store/v1/products?page=2", b"[]", []),
        ("woocommerce", "/wp-json/wc/store/v1/products/7", b'{"id": 7, "prices": {}}', []),
        ("schema_org", "/a", b"<p>a page</p>", []),
    ],
)
def test_next_page_of_a_family(tmp_path: Path, name: str, url: str, body: bytes, expected: list[str]) -> None:
    host = "https://stalls.example"
    source = _source(tmp_path, GOOD.partition("api:\n")[0].replace("json_api", name))
    assert following(_page(host + url, body), source) == [host + each for each in expected]


def test_things_that_hold_each_other_are_read_once(tmp_path: Path) -> None:
    """References by @id may go in circles; a page of them is read, and read in no great time."""
    graph: list[dict[str, Any]] = [
        {"@type": "WebPage", "@id": "#page", "mainEntity": {"@id": "#group"}, "mainEntityOfPage": {"@id": "#page"}},
        {"@type": "ProductGroup", "@id": "#group", "name": "Bag", "mainEntityOfPage": {"@id": "#page"}, "isVariantOf": {"@id": "#group"}},
    ]
    graph[1]["hasVariant"] = [{"@id": f"#{n}"} for n in range(200)]
    for n in range(200):
        offer = {"price": f"{300 - n}.00", "priceCurrency": "GBP", "itemOffered": {"@id": f"#{n}"}, "seller": {"@id": "#group"}}
        graph.append({"@type": "Product", "@id": f"#{n}", "name": f"Bag {n}", "isVariantOf": {"@id": "#group"}, "offers": offer})
    source = _source(tmp_path, GOOD.partition("api:\n")[0].replace("json_api", "schema_org"))
    body = f"<script type='application/ld+json'>{json.dumps({'@graph': graph})}</script>".encode()
    [read] = platform("schema_org").parse(_page("https://stalls.example/bag", body), source)
    assert (read.snapshot.title, read.snapshot.price_minor) == ("Bag", 10100)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"[null, 1, [[]]]",
        b'{"products": 5, "ads": 5}',
        b'{"products": [null, {"variants": [1], "images": [2], "handle": 7}]}',
        b'[{"prices": [], "images": [1], "id": true}]',
        b'{"ads": [null, 1, "x", [], {"id": {"a": []}, "price": [[]]}]}',
    ],
)
def test_an_answer_of_another_make_raises_nothing_and_is_given_no_reference(tmp_path: Path, name: str, body: bytes) -> None:
    source = _source(tmp_path, GOOD if name == "json_api" else GOOD.partition("api:\n")[0].replace("json_api", name))
    page = _page(source.start[0], body)
    assert {each.ref for each in platform(name).parse(page, source)} <= {"", "7"}
    assert following(page, source) == []


# -- crawls over real sockets --------------------------------------------------------------------------------------------------
@pytest.fixture
def answers() -> Iterator[dict[str, Any]]:
    """A loopback API: what it answers by path and page number; `site` is its server."""
    said: dict[str, Any] = {}

    def respond(path: str, query: Any) -> Response | None:
        if path == "/robots.txt":
            return Response(b"User-agent: *\nDisallow:\n", "text/plain")
        pages = said.get(path)
        number = int(query.get("page", "1"))
        return Response(json.dumps(pages[min(number, len(pages)) - 1]).encode(), "application/json") if pages else None

    said["site"] = Site("api", respond, port=0, forbidden=(), allowed=())
    said["site"].start()
    yield said
    said["site"].close()


def _crawl(crawling: Crawling, home: Home, folder: Path, site: Site, platform_name: str, path: str, more: str = "") -> Any:
    yml = home.folder / "configs" / "sources" / "api.yml"
    yml.write_text(
        f"title: Stalls\nkind: shop\nurl: {site.url}\nstart: ['{site.url}{path}']\nplatform: {platform_name}\nlegal: A loopback test.\n"
        f"expect: {{listings: 3}}\ndelay: 0\ntesting: true\ncurrency: GBP\n{more}",
        encoding="utf-8",
    )
    return crawling.patched("api", "")


def _asked(site: Site, path: str) -> list[str]:
    return [each.path for each in site.requests if each.path.startswith(path)]


def test_crawl_of_an_api_page_by_page(answers: dict[str, Any], crawling: Crawling, home: Home, tmp_path: Path) -> None:
    site = answers["site"]
    answers["/api/ads"] = [
        {"ads": [{"id": 1, "name": "Bag", "pence": 1999}, {"id": 2, "name": "Belt", "pence": 2500}], "next": "/api/ads?page=2"},
        {"ads": [{"id": 3, "name": "Cap", "pence": None}, {"id": None, "name": "Ghost"}], "next": "/api/ads?page=3"},
        {"ads": [{"id": 1, "name": "Bag", "pence": 1999}], "next": "http://elsewhere.example/api/ads?page=4"},
    ]
    more = "api: {items: ads, title: name, ref: id, price: pence, decimals: 2, next: next}\n"
    status, result = _crawl(crawling, home, tmp_path, site, "json_api", "api/ads", more)
    assert status == 0 and result["outcome"] == str(Outcome.good), result
    kept = {ref: (words["title"], words["price_minor"]) for ref, (words, _) in crawling.listings().items()}
    assert kept == {"api/1": ("Bag", 1999), "api/2": ("Belt", 2500), "api/3": ("Cap", None)}
    assert _asked(site, "/api/ads") == ["/api/ads", "/api/ads?page=2", "/api/ads?page=3"]
    assert result["counts"]["not understood"] == 1 and crawling.store.counts()["unread"] == 1  # the ghost; and elsewhere was not asked


def test_crawl_stops_at_max_pages(answers: dict[str, Any], crawling: Crawling, home: Home, tmp_path: Path) -> None:
    site = answers["site"]
    answers["/api/ads"] = [{"ads": [{"id": n, "name": f"Bag {n}"}], "more": True} for n in range(1, 9)]
    more = "max_pages: 3\napi: {items: ads, title: name, ref: id, next: more, next_param: page}\n"
    status, _ = _crawl(crawling, home, tmp_path, site, "json_api", "api/ads?page=1", more)
    assert status == 0 and _asked(site, "/api/ads") == [f"/api/ads?page={n}" for n in (1, 2, 3)]


def test_crawl_of_a_shopify_shop_ends_softly_at_an_empty_list(
    answers: dict[str, Any], crawling: Crawling, home: Home, tmp_path: Path
) -> None:
    site = answers["site"]
    goods = [{"handle": f"bag-{n}", "title": f"Bag {n}", "variants": [{"price": f"{n}0.00"}], "images": []} for n in (1, 2, 3)]
    answers["/products.json"] = [{"products": goods[:2]}, {"products": goods[2:]}, {"products": []}]
    status, result = _crawl(crawling, home, tmp_path, site, "shopify", "products.json?limit=250")
    assert status == 0 and set(crawling.listings()) == {"api/bag-1", "api/bag-2", "api/bag-3"}, result
    assert [path.rpartition("=")[2] for path in _asked(site, "/products.json")] == ["250", "2", "3"]


def test_crawl_of_a_woocommerce_shop(answers: dict[str, Any], crawling: Crawling, home: Home, tmp_path: Path) -> None:
    site, path = answers["site"], "/wp-json/wc/store/v1/products"
    prices = {"price": "1999", "currency_code": "GBP", "currency_minor_unit": 2}
    goods = [{"id": n, "name": f"Bag {n}", "permalink": f"{site.url}product/bag-{n}/", "prices": prices} for n in (1, 2, 3)]
    answers[path] = [goods[:2], goods[2:], []]
    status, result = _crawl(crawling, home, tmp_path, site, "woocommerce", f"{path[1:]}?per_page=2")
    assert status == 0 and {words["price_minor"] for words, _ in crawling.listings().values()} == {1999}, result
    assert set(crawling.listings()) == {"api/1", "api/2", "api/3"} and len(_asked(site, path)) == 3


@pytest.mark.parametrize(
    ("written", "minor"), [("199.00", 19900), ("199", 19900), ("199.000", None), ("1.250", None), ("1,250.00", 125000)]
)
def test_a_json_ld_price_with_three_decimals_is_read_neither_way(tmp_path: Path, written: str, minor: int | None) -> None:
    """schema.org's point is the decimal point; shops that write "1.250" mean 1,250. The words are kept, the amount is not made up."""
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Bag",
        "sku": "7",
        "offers": {"price": written, "priceCurrency": "GBP"},
    }
    body = f"<h1>Bag</h1><script type='application/ld+json'>{json.dumps(product)}</script>".encode()
    source = _source(tmp_path, GOOD.partition("api:\n")[0].replace("json_api", "schema_org"))
    [read] = platform("schema_org").parse(_page(source.start[0], body), source)
    assert read.snapshot.price_minor == minor and written in read.snapshot.price_text
    assert ("price not understood" in read.notes) is (minor is None)
