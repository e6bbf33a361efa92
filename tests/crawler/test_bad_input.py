"""What sites send that nobody would write: each is a counted row, and nothing is lost."""

import gzip

from crawler import reread
from store.words.records import Outcome
from tests.crawler.conftest import Crawling, Mini, picture
from tests.market.server import Response


def test_pages_that_are_not_what_they_say(mini: Mini, crawling: Crawling) -> None:
    """0 bytes, a broken charset, a body that is not the gzip it claims, a header in Latin-1; beside them a good page, gzipped."""
    good = b"<h1>Bag 5</h1><p class=price>\xc2\xa35</p>"
    mini.pages |= {
        "/item/1": Response(b""),
        "/item/2": Response(b"<meta charset=utf-8><h1>Caf\xe9 bag</h1><p class=price>\xa3120.00</p>", headers={"X-Place": "caf\xe9"}),
        "/item/3": Response(b"this is no gzip", headers={"Content-Encoding": "gzip"}),
        "/item/4": Response(b"<h1>Bag 4</h1><p class=price>\xa34</p>", "text/html; charset=no-such-charset"),
        "/item/5": Response(gzip.compress(good, mtime=0), headers={"Content-Encoding": "gzip"}),
    }
    mini.goods |= {str(n): (f"Bag {n}", "1.00", "/p/1.png") for n in (4, 5)}
    mini.write(crawling.home, platform="selectors", more="selectors: {title: h1, price: .price}\ncurrency: GBP\n")
    result = crawling("mini")
    assert result.outcome is Outcome.good, result.lines
    kept = crawling.listings()
    assert kept["mini/5"][0]["title"] == "Bag 5" and kept["mini/5"][0]["price_minor"] == 500
    assert kept["mini/2"][0]["price_minor"] == 12000 and kept["mini/2"][0]["title"].startswith("Caf")
    assert kept["mini/4"][0]["price_minor"] == 400
    assert set(kept) == {"mini/2", "mini/4", "mini/5"}
    assert result.counts["not understood"] == 1 and crawling.store.counts()["unread"] >= 1  # the page of 0 bytes
    wire = next(c for c in crawling.captures() if c.url_final.endswith("/item/5"))
    assert crawling.payload(wire) == gzip.compress(good, mtime=0), "as it came over the wire"
    again = reread.run(crawling.store, crawling.home)
    assert again.outcome is Outcome.good and crawling.listings() == kept
    assert crawling.store.verify() == []


def test_words_that_no_database_holds(mini: Mini, crawling: Crawling) -> None:
    """NUL and half a surrogate pair, which JSON can write; a reference that is no reference but a story."""
    data = '{"@context": "https://schema.org", "@type": "Product", "name": "Bag\\u0000 one \\ud800!", "image": "/p/1.png?\\udc00", "offers": {"price": "5"}}'
    mini.goods = {"1": ("", "", ""), "2" * 400: ("Bag", "1.00", "/p/1.png")}
    mini.pages["/item/1"] = Response(f"<script type='application/ld+json'>{data}</script>".encode())
    mini.write(crawling.home)
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["not understood"] == 1, result
    assert crawling.listings()["mini/1"][0]["title"] == "Bag\ufffd one \ufffd!"


def test_pictures_that_are_none(mini: Mini, crawling: Crawling) -> None:
    """A web page, half a picture, 0 bytes and a missing one: three images with their problem, the bytes kept; the good one joined."""
    whole = picture("blue", 200)
    mini.pages |= {
        "/p/90.png": Response(b"<!doctype html><title>Log in</title>", "image/png"),
        "/p/91.png": Response(whole[: len(whole) // 2], "image/png"),
        "/p/92.png": Response(b"", "image/png"),
        "/p/93.png": Response(b"gone", "image/png", 404),
    }
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", f"/p/{n}.png") for n in (1, 90, 91, 92, 93)}
    mini.write(crawling.home)
    result = crawling("mini")
    assert result.outcome is Outcome.good, result
    assert result.counts["images"] == 4 and result.counts["images with a problem"] == 3
    with crawling.store.acting("system", purpose="test") as reader:
        problems = {
            each.problem.partition(":")[0]: each
            for each in reader.images([image for _, images in crawling.listings().values() for image in images]).values()
        }
    assert set(problems) == {"", "not a picture that can be opened", "cannot be opened to its end", "0 bytes"}
    assert problems["not a picture that can be opened"].mime == "text/html" and (problems[""].width, problems[""].height) == (40, 40)
    assert crawling.listings()["mini/93"][1] == ()


def test_the_same_picture_of_two_listings_is_fetched_once_and_joined_twice(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {str(n): (f"Bag {n}", f"{n}.00", "/p/1.png") for n in (1, 2, 3)}
    mini.write(crawling.home)
    crawling("mini")
    assert [request.path for request in mini.site.requests].count("/p/1.png") == 1
    assert len({images for _, images in crawling.listings().values()}) == 1 and crawling.store.counts()["pictures"] == 3
