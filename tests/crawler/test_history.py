"""What a listing's history is: readings in order of capture, not what a parser or a picture server made of it."""

from typing import Any

from crawler import reread
from store.words.records import Outcome
from tests.crawler.conftest import Crawling, Mini


def test_a_price_that_falls_and_rises_again_is_three_versions(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "100.00", "/p/1-a.png")}
    mini.write(crawling.home)
    for price, picture in (("100.00", "/p/1-a.png"), ("80.00", "/p/1-b.png"), ("100.00", "/p/1-c.png"), ("100.00", "/p/1-d.png")):
        mini.goods["1"] = ("Bag", price, picture)  # and a picture whose address moves each time, which is no version
        assert crawling("mini").outcome is Outcome.good
    versions = crawling.history("mini", "1")
    assert [each.snapshot.price_minor for each in versions] == [10000, 8000, 10000]
    assert len({each.image_digests for each in versions}) == 1 and crawling.store.counts()["snapshots"] == 2


def test_another_picture_is_a_version(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "100.00", "/p/1.png")}
    mini.write(crawling.home)
    crawling("mini")
    mini.goods["1"] = ("Bag", "100.00", "/p/2.png")
    crawling("mini")
    assert len(crawling.history("mini", "1")) == 2


def test_a_better_parser_is_no_edit_by_the_seller(mini: Mini, crawling: Crawling) -> None:
    """Selectors at first without the seller's words; the changed YAML is a new parser version, read from kept bytes, twice the same."""
    selectors = "selectors: {title: h1, images: img@src%s}\n"
    from tests.market.server import Response

    mini.pages |= {
        f"/item/{n}": Response(f"<h1>Bag {n}</h1><p class=said>Mirror of the original</p><img src=/p/{n}.png>".encode()) for n in (1, 2, 3)
    }
    mini.write(crawling.home, platform="selectors", more=selectors % "")
    crawling("mini")
    crawling("mini")
    requests = len(mini.site.requests)
    assert crawling.listings()["mini/1"][0]["text"] == ""
    mini.write(crawling.home, platform="selectors", more=selectors % ", text: .said")
    result = reread.run(crawling.store, crawling.home)
    assert result.outcome is Outcome.good and result.counts["readings"] == 6 and result.counts["pictures joined"] == 6
    words, pictures = crawling.listings()["mini/1"]
    assert words["text"] == "Mirror of the original" and len(pictures) == 1
    assert len(crawling.history("mini", "1")) == 1, "no new version"
    assert len(mini.site.requests) == requests, "without the network"
    before = crawling.store.counts()
    reread.run(crawling.store, crawling.home)
    after = crawling.store.counts()
    assert {noun for noun in before if before[noun] != after[noun]} == {"events"}


def test_what_changes_without_an_edit_is_kept_beside_the_words_and_is_no_version(mini: Mini, crawling: Crawling) -> None:
    """Stock and "3 days ago" say other things each day; read again from kept bytes, they say what they said at the capture."""
    from datetime import timedelta

    from tests.market.server import Response

    selectors = "selectors: {title: h1, posted: time, quantity: '.n ~ /(\\d+) left/'%s}\n"
    mini.write(crawling.home, platform="selectors", more=selectors % "")
    for left in (3, 2):
        page = f"<h1>Bag</h1><time>Posted 3 days ago</time><p class=n>Only {left} left</p><p class=said>x</p>"
        mini.pages |= {f"/item/{n}": Response(page.encode()) for n in (1, 2, 3)}
        crawling("mini")
    assert len(crawling.history("mini", "1")) == 1

    def readings() -> list[Any]:
        with crawling.store.acting("system", purpose="test") as reader:
            return reader.readings(listing=reader.listing("mini", "1").listing.id)

    first, second = readings()
    assert (first.details.quantity, second.details.quantity) == (3, 2) and first.snapshot == second.snapshot
    midnight = first.captured_at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert first.details.posted_text == "Posted 3 days ago" and first.details.posted_at == midnight - timedelta(days=3)
    mini.write(crawling.home, platform="selectors", more=selectors % ", text: .said")
    reread.run(crawling.store, crawling.home)
    again = [each for each in readings() if each.parser_version != first.parser_version]
    assert [each.details for each in again] == [first.details, second.details]
