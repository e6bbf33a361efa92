"""Pages that nobody honest writes: each costs a bounded time, is kept and said to be unread, and takes no other page with it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crawler import platforms
from crawler.platforms import read
from crawler.platforms._limit import TooLong, within
from store.config import Home
from tests.crawler.conftest import Crawling
from tests.crawler.test_platforms import GOOD, _page, _source
from tests.market.server import Response, Site

PRODUCT = "itemscope itemtype='https://schema.org/Product'"
NESTED = f"<div {PRODUCT}><b itemprop=name>a</b>".encode() * 20_000 + b"</div>" * 20_000
GROUPS = [{"@type": "ProductGroup", "name": f"{n}", "@id": f"g{n}", "hasVariant": [{"@id": f"v{n}"}]} for n in range(4_000)]


def _json(text: str) -> bytes:
    return f"<h1>x</h1><script type='application/ld+json'>{text}</script>".encode()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (NESTED, "microdata of more than"),
        (f"<div itemprop=offers {PRODUCT}>".encode() * 20_000, "microdata of more than"),
        (f"<div {PRODUCT}></div>".encode() * 20_000, "microdata of more than"),
        (f"<div {PRODUCT} itemref=b></div>".encode() * 3_000 + b"<div id=b>" + b"<i itemprop=name>x</i>" * 3_000, "microdata of more than"),
        (_json(json.dumps(GROUPS)), "more than a page is read for"),
        (_json('{"a":' * 20_000 + "1" + "}" * 20_000), ""),
        (_json("[" * 100_000), ""),
        (_json('{"@graph":[' * 400 + "1" + "]}" * 400), ""),
        (_json("1" * 3_000_000), ""),
        (b"<h1>x</h1>" + b"<div>" * 20_000, ""),
        (b"<h1>x</h1>" + b"<font color=red>x" * 20_000, ""),
        (b"<h1>x</h1><img src='data:" + b"A" * 8_000_000 + b"'>", ""),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:9] or "read",
)
def test_a_hostile_page_costs_little(tmp_path: Path, body: bytes, says: str) -> None:
    source = _source(tmp_path, GOOD.partition("api:\n")[0].replace("json_api", "schema_org"))
    page, started = _page("https://stalls.example/bag", body), time.process_time()
    if says:
        with pytest.raises(ValueError, match=says):
            read(page, source)
    else:
        assert read(page, source) == []
    assert time.process_time() - started < 12


def test_words_nested_without_end_are_read(tmp_path: Path) -> None:
    text = GOOD.partition("api:\n")[0].replace("json_api", "selectors") + "selectors: {title: h1, text: main}\n"
    page = _page("https://stalls.example/bag", b"<h1>Bag</h1><main>" + b"<font>x" * 200 + b"<div>y" * 1_200)
    [found] = read(page, _source(tmp_path, text))
    assert found.snapshot.text.startswith("x" * 200 + "\ny\ny")


def test_what_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _source(tmp_path, GOOD.partition("api:\n")[0].replace("json_api", "schema_org"))
    page = _page("https://stalls.example/bag", f"<div {PRODUCT}><b itemprop=name>a</b></div>".encode() * 4_900)
    assert read(page, source) == []  # many products, none of them the page's own; within bounds, but half a second's work
    monkeypatch.setattr(platforms, "LONGEST_READ", 0.05)
    with pytest.raises(TooLong, match=r"more than 0\.05 s"):
        read(_page("https://stalls.example/bag", page.body), source)


def test_an_alarm_that_is_swallowed_is_raised_again() -> None:
    """As it is where it falls into a callback of a library, or into what is done when rubbish is collected."""

    def busy() -> None:
        began = time.process_time()
        while time.process_time() - began < 1:
            pass

    with pytest.raises(TooLong), within(0.05):
        with suppress(TooLong):
            busy()
        busy()


def test_a_hostile_page_does_not_hold_a_crawl_up(crawling: Crawling, home: Home) -> None:
    def good(number: int) -> bytes:
        product = {"@type": "Product", "name": f"Bag {number}", "offers": {"price": "20.00", "priceCurrency": "GBP"}}
        return f"<h1>Bag {number}</h1><script type='application/ld+json'>{json.dumps(product)}</script>".encode()

    pages: dict[str, bytes] = {"/item/1": good(1), "/item/2": NESTED, "/item/3": _json(json.dumps(GROUPS)), "/item/4": good(4)}

    def respond(path: str, query: Mapping[str, Any]) -> Response | None:
        if path == "/robots.txt":
            return Response(b"User-agent: *\nDisallow:\n", "text/plain")
        return Response(pages[path]) if path in pages else None

    site = Site("hostile", respond, port=0, forbidden=(), allowed=())
    site.start()
    try:
        (home.folder / "configs" / "sources" / "hostile.yml").write_text(
            f"title: Hostile\nkind: shop\nurl: {site.url}\nstart: [{', '.join(site.url.rstrip('/') + path for path in pages)}]\n"
            "platform: schema_org\nref: '/item/(\\d+)'\nlegal: A loopback test.\nexpect: {listings: 2}\ndelay: 0\ntesting: true\n",
            encoding="utf-8",
        )
        started = time.monotonic()
        _, result = crawling.patched("hostile", "")
        assert time.monotonic() - started < 180
        assert set(crawling.listings()) == {"hostile/1", "hostile/4"}
        assert result["counts"]["parse raised"] == 2 and result["counts"]["pages"] == 4
        assert crawling.store.counts()["unread"] == 2
    finally:
        site.close()
