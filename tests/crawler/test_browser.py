"""A store front that is empty without JavaScript, really rendered in Chromium."""

import json

import pytest

from crawler import reread
from crawler.browser import MISSING, find_chromium
from store.words.records import CaptureKind, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason=MISSING)
SHELL = b"""<!doctype html><div id=app></div><script>
const item = location.pathname.match(/item\\/(\\w+)/);
fetch('/private/track').catch(() => 0); new WebSocket('ws://127.0.0.1:9/x').onerror = () => 0;
fetch('http://127.0.0.1:9/elsewhere').catch(() => 0);
fetch(item ? '/api/' + item[1] + '.json' : '/api/all.json').then(r => r.json()).then(d => {
  document.getElementById('app').innerHTML = item
    ? '<h1>' + d.title + '</h1><p class=price>' + d.price + '</p><img src=' + d.picture + '>'
    : d.map(n => '<a class=card href=/item/' + n + '>' + n + '</a>').join('');
  document.body.dataset.ready = 'yes';
});</script>"""
MORE = "render: true\nwait_for: 'body[data-ready]'\nselectors: {title: h1, price: .price, images: img@src}\n"


def _front(mini: Mini) -> None:
    mini.pages["/"] = Response(SHELL)
    mini.pages["/api/all.json"] = Response(b'["a", "b"]', "application/json")
    for number, ref in enumerate("ab", 1):
        mini.pages[f"/item/{ref}"] = Response(SHELL, headers={"Set-Cookie": "session=chocolate77"})
        said = {"title": f"Bag {ref} \u2013 \u00a3", "price": f"\u00a3{number}5", "picture": f"/p/{number}.png"}
        mini.pages[f"/api/{ref}.json"] = Response(json.dumps(said).encode(), "application/json")


@needs_chromium
def test_rendered_in_chromium(mini: Mini, crawling: Crawling) -> None:
    _front(mini)
    mini.write(crawling.home, platform="selectors", expect=2, more=MORE)
    result = crawling("mini")
    assert result.outcome is Outcome.good, result.lines
    kept = crawling.listings()
    assert {name: words["price_minor"] for name, (words, _) in kept.items()} == {"mini/a": 1500, "mini/b": 2500}
    assert kept["mini/a"][0]["title"] == "Bag a \u2013 \u00a3" and len(kept["mini/a"][1]) == 1
    paths = [request.path for request in mini.site.requests]
    assert "/private/track" not in paths and paths.count("/p/1.png") == 1 and paths.count("/robots.txt") == 1
    assert result.counts["robots refusals"] == 3 and result.counts["offsite refusals"] == 3  # once a page: its tracker, its other host
    documents = crawling.captures(kinds=(CaptureKind.rendered,))
    answers = crawling.captures(kinds=(CaptureKind.network,))
    assert {each.part_of for each in answers} == {each.id for each in documents} and len(documents) == 3
    document = next(each for each in documents if each.url_final.endswith("/item/a"))
    assert b"<h1>Bag a" in crawling.payload(document)
    of_it = {each.url_final.removeprefix(mini.site.url): each for each in answers if each.part_of == document.id}
    assert set(of_it) == {"item/a", "api/a.json"} and json.loads(crawling.payload(of_it["api/a.json"]))["price"] == "\u00a315"
    assert of_it["item/a"].server_ip == "127.0.0.1" and "chocolate77" not in str(of_it["item/a"].response_headers)
    assert crawling.store.verify() == []
    assert reread.run(crawling.store, crawling.home).counts["readings"] == 2 and crawling.listings() == kept


def test_without_a_browser_it_says_what_is_missing(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home, platform="selectors", more=MORE)
    status, result = crawling.patched("mini", "import crawler.browser\ncrawler.browser.find_chromium = lambda: None")
    assert status == 2 and "Chromium is missing; install it with" in result["message"] and mini.site.requests == []
