"""What a listing's history is: readings in order of capture, not what a parser or a picture server made of it."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from casework.cli import app
from crawler import reread
from crawler.browser import MISSING, find_chromium
from store.history import History
from store.words.dates import LONDON
from store.words.records import CaptureKind, Operation, Outcome
from tests.crawler.conftest import Crawling, Mini
from tests.market.server import Response

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason=MISSING)


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


# -- edits, and what is none ---------------------------------------------------------------------------------------------------
def _item(token: str = "", **said: Any) -> Response:
    """An item page with a place, a seller and a picture; `token` stands in its bytes and nowhere in its words."""
    words = {
        "title": "Bag",
        "price": "100.00",
        "place": "Wexcombe",
        "picture": "/p/1.png",
        "seller": "sam",
        "text": "Red leather bag",
    } | said
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": words["title"],
        "description": words["text"],
        "image": words["picture"],
        "offers": {
            "@type": "Offer",
            "price": words["price"],
            "priceCurrency": "GBP",
            "seller": {"@type": "Person", "name": words["seller"], "url": f"/seller/{words['seller']}"},
            "availableAtOrFrom": {"@type": "Place", "address": words["place"]},
        },
    }
    hidden = f"<form><input type=hidden name=csrf value='{token}'></form>"
    return Response(f"{hidden}<script type='application/ld+json'>{json.dumps(product)}</script>".encode())


def _full(crawling: Crawling, ref: str, source: str = "mini") -> History:
    with crawling.store.acting("system", purpose="test") as reader:
        return reader.full_history(reader.listing(source, ref).listing.id or 0)


def _bytes(crawling: Crawling) -> int:
    return sum((crawling.store.archive.folder / name).stat().st_size for name in crawling.store.archive.segments())


def _kinds(crawling: Crawling, run: str) -> list[str]:
    """The record types of a run's captures, in order."""
    with crawling.store.acting("system", purpose="test") as reader:
        places = [reader.place(each.id or 0) for each in reader.captures_of(run=run, limit=1000)]
    return [place.record_type for place in places if place]


def test_five_edits_are_five_versions(mini: Mini, crawling: Crawling) -> None:
    """Title, price, pictures, place, text: each a version with its own field, seen on its own capture."""
    mini.goods = {"1": ("Bag", "", "")}
    mini.write(crawling.home)
    said: dict[str, Any] = {}
    edits = ({}, {"title": "Bag, new"}, {"price": "80.00"}, {"picture": "/p/2.png"}, {"place": "Hexley"}, {"text": "Blue leather bag"})
    for edit in edits:
        said |= edit
        mini.pages["/item/1"] = _item(**said)
        assert crawling("mini").outcome is Outcome.good
    history = _full(crawling, "1")
    assert len(history.versions) == 1 + 5 and len({each.capture for each in history.versions}) == 6
    fields = [{change.field for change in each} for each in history.changes]
    assert fields == [{"title"}, {"price_text", "price_minor"}, {"pictures"}, {"place"}, {"text"}]
    price = next(change for change in history.changes[1] if change.field == "price_minor")
    assert (price.old, price.new) == (10000, 8000) and history.absences == ()


def test_an_unchanged_page_is_no_version_and_its_bytes_are_kept_once(mini: Mini, crawling: Crawling) -> None:
    padding = "".join(f"<p>{n * 7919 % 100_003}</p>" for n in range(20_000))  # that does not pack away to nothing
    mini.goods = {"1": ("Bag", "", "")}
    page = _item()
    mini.pages["/item/1"] = Response(page.body + padding.encode())
    mini.write(crawling.home)
    crawling("mini")
    first = _bytes(crawling)
    crawling("mini")
    again = _bytes(crawling) - first
    runs = crawling.store.runs("crawl")
    assert _kinds(crawling, runs[1].id) == ["response"] * 4 and _kinds(crawling, runs[0].id) == ["revisit"] * 4
    assert again < 5_000 < 40_000 < first, f"{again} bytes more, of {first}"
    assert len(_full(crawling, "1").versions) == 1 and crawling.store.verify() == []
    crawling("mini")
    assert abs(_bytes(crawling) - first - 2 * again) < 200, "and each time again only so much"


def test_a_changed_token_is_new_bytes_and_no_version(mini: Mini, crawling: Crawling) -> None:
    """In a form, in the picture's address, in a header: three crawls, three different pages, one version."""
    mini.goods = {"1": ("Bag", "", "")}
    mini.write(crawling.home)
    for number, token in enumerate(("f00d", "beef", "cafe")):
        page = _item(token, picture=f"/p/1-{token}.png")
        mini.pages["/item/1"] = Response(page.body, headers={"X-Request": token})
        assert crawling("mini").outcome is Outcome.good, number
    pages = [each for each in crawling.captures(kinds=(CaptureKind.page,)) if each.url_final.endswith("/item/1")]
    assert len({each.body_digest for each in pages}) == 3
    history = _full(crawling, "1")
    assert len(history.versions) == 1 and history.changes == () and crawling.store.counts()["images"] == 1


def test_pictures_in_another_order_are_the_same_set_and_a_first_picture_is_a_version(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "", "")}
    mini.write(crawling.home)
    for pictures in ([], ["/p/1.png", "/p/2.png"], ["/p/2.png", "/p/1.png"]):
        mini.pages["/item/1"] = _item(picture=pictures)
        crawling("mini")
    [change] = _full(crawling, "1").changes
    assert [(each.field, len(each.old), len(each.new)) for each in change] == [("pictures", 0, 2)]


# -- gone, back, relisted ------------------------------------------------------------------------------------------------------
def test_gone_by_its_page_and_back(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "9.00", "/p/1.png"), "2": ("Hat", "5.00", "/p/2.png")}
    mini.write(crawling.home)
    crawling("mini")
    mini.pages["/item/1"] = Response(b"<h1>Gone</h1>", status=410)
    crawling("mini")
    crawling("mini")
    [absence] = _full(crawling, "1").absences
    assert absence.back is None and absence.evidence[0].what == "its page answered 410" and absence.evidence[0].capture
    with crawling.store.acting("system", purpose="test") as reader:
        shown = reader.capture(absence.evidence[0].capture)
    assert shown.status == 410 and absence.last_seen < absence.since == shown.ended_at
    del mini.pages["/item/1"]
    crawling("mini")
    [absence] = _full(crawling, "1").absences
    assert absence.back and absence.back_capture and absence.since < absence.back
    assert len(_full(crawling, "1").versions) == 1, "it came back as it was"
    assert _full(crawling, "2").absences == ()


def test_gone_from_a_complete_crawl_and_not_from_one_that_failed(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "9.00", "/p/1.png"), "2": ("Hat", "5.00", "/p/2.png")}
    mini.write(crawling.home)
    crawling("mini")
    bag = mini.goods.pop("1")
    mini.pages["/item/2"] = Response(b"broken", status=403)  # a crawl that did not get what it asked for says nothing of what is gone
    crawling("mini")
    assert _full(crawling, "1").absences == ()
    mini.pages["/item/2"] = mini._item("2") or Response(b"")
    assert crawling("mini").outcome is Outcome.good
    [absence] = _full(crawling, "1").absences
    assert absence.evidence[0].capture is None and absence.evidence[0].run == crawling.store.runs("crawl")[0].id
    assert "met 1 listings and not this one" in absence.evidence[0].what
    mini.goods["1"] = bag
    crawling("mini")
    assert _full(crawling, "1").absences[0].back


def test_gone_by_a_page_that_answers_200_and_says_so(mini: Mini, crawling: Crawling) -> None:
    """A soft 404, in the words that the source's YAML states; the listing is still in the list."""
    mini.goods = {"1": ("Bag", "9.00", ""), "2": ("Hat", "5.00", "")}
    mini.write(crawling.home, more="gone: {text: [no longer for sale]}\n")
    crawling("mini")
    sold = mini._item("1") or Response(b"")
    mini.pages["/item/1"] = Response(sold.body + b"<p>This bag is no longer for sale.</p>")
    assert crawling("mini").counts["gone"] == 1
    [absence] = _full(crawling, "1").absences
    evidence = absence.evidence[0]
    assert evidence.what == "its page answered 200 and says that it is gone" and evidence.capture and absence.back is None
    assert _full(crawling, "2").absences == () and len(_full(crawling, "1").versions) == 1


def test_a_page_that_robots_txt_newly_forbids_is_not_gone(mini: Mini, crawling: Crawling) -> None:
    """A crawl that was refused a page did not look, though it brought what was expected: neither at that listing nor for any other."""
    mini.goods = {str(n): (f"Bag {n}", "9.00", "") for n in (1, 2, 3, 4, 5, 91)}
    mini.write(crawling.home)
    crawling("mini")
    mini.robots = "User-agent: *\nDisallow: /item/9\n"
    del mini.goods["2"]
    assert crawling("mini").outcome is Outcome.good
    assert _full(crawling, "91").absences == _full(crawling, "2").absences == ()


def test_a_listing_behind_barren_lists_is_not_gone(mini: Mini, crawling: Crawling) -> None:
    """A list page that was left unseen may hold it; one that was left on one way and followed on another was seen."""

    def page(goods: str, *further: int) -> Response:
        links = "".join(f"<a class=card href='/item/{each}'>x</a>" for each in goods) + "".join(
            f"<a class=next href='/all/{n}'>next</a>" for n in further
        )
        return Response(links.encode())

    mini.goods = {each: ("Bag " + each, "9.00", "") for each in "1234567"}
    mini.pages = {"/all/1": page("14567", 2), "/all/2": page("3", 3), "/all/3": page("2")}
    more, follow = "barren: 1\n", "{listing: a.card, next: a.next}"
    mini.write(crawling.home, start=mini.site.url + "all/1", follow=follow, more=more)
    assert crawling("mini").counts["listings"] == 7
    mini.pages["/all/2"] = page("1", 3)
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["lists left for the barren"] == 1
    assert _full(crawling, "2").absences == _full(crawling, "3").absences == ()
    mini.pages["/all/1"] = page("14567", 2, 3)
    assert "lists left for the barren" not in crawling("mini").counts
    assert _full(crawling, "2").absences == () and len(_full(crawling, "3").absences) == 1


def test_another_configuration_or_operation_is_no_evidence(mini: Mini, crawling: Crawling) -> None:
    """A crawl that looked elsewhere did not look for it."""
    mini.goods = {"1": ("Bag", "9.00", "/p/1.png"), "2": ("Hat", "5.00", "/p/2.png")}
    mini.write(crawling.home)
    crawling("mini")
    del mini.goods["1"]
    crawling("mini", operation=Operation("other", "demo", "Bags only", terms=("bag",)))
    mini.write(crawling.home, more="max_pages: 100\n")
    crawling("mini")
    assert _full(crawling, "1").absences == ()


def _relist(mini: Mini, crawling: Crawling, **new: Any) -> tuple[History, History]:
    """Listing 1 goes, and 9 comes with the words of 1 and what is `new`."""
    mini.goods = {"1": ("Bag", "", ""), "2": ("Hat", "5.00", "/p/2.png")}
    mini.pages["/item/1"] = _item()
    mini.write(crawling.home)
    crawling("mini")
    del mini.goods["1"], mini.pages["/item/1"]
    mini.goods["9"] = ("Bag", "", "")
    mini.pages["/item/9"] = _item(**new)
    crawling("mini")
    return _full(crawling, "1"), _full(crawling, "9")


def test_relisted_by_the_same_seller_at_another_price(mini: Mini, crawling: Crawling) -> None:
    old, new = _relist(mini, crawling, price="75.00", picture="/p/3.png", title=" BAG ")
    assert [(each.listing.ref, each.because) for each in old.relisted_to] == [("9", "same seller and same words")]
    assert [(each.listing.ref, each.because) for each in new.relisted_from] == [("1", "same seller and same words")]
    assert old.relisted_to[0].first_seen > old.absences[0].last_seen and old.relisted_from == new.relisted_to == ()


def test_relisted_by_another_account_with_the_same_pictures_and_words(mini: Mini, crawling: Crawling) -> None:
    old, new = _relist(mini, crawling, seller="alex")
    assert [each.because for each in old.relisted_to] == [each.because for each in new.relisted_from] == ["same pictures and same words"]


def test_another_sellers_words_alone_are_no_relisting(mini: Mini, crawling: Crawling) -> None:
    old, new = _relist(mini, crawling, seller="alex", picture="/p/3.png")
    assert old.absences and old.relisted_to == new.relisted_from == ()


def test_a_second_advert_beside_the_first_is_no_relisting(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "", "")}
    mini.pages["/item/1"] = mini.pages["/item/9"] = _item()
    mini.write(crawling.home)
    crawling("mini")
    mini.goods["9"] = ("Bag", "", "")
    crawling("mini")
    assert _full(crawling, "1").relisted_to == _full(crawling, "9").relisted_from == ()


def test_the_command_shows_it(mini: Mini, crawling: Crawling) -> None:
    old, _ = _relist(mini, crawling)
    mini.pages["/item/9"] = _item(price="60.00")
    crawling("mini")
    shown = [
        CliRunner().invoke(app, ["listing", "history", "mini", ref, "--home", str(crawling.home.folder), "--by", "a.officer", *more])
        for ref, more in (("1", []), ("9", []), ("9", ["--json"]))
    ]
    assert [each.exit_code for each in shown] == [0, 0, 0], shown[0].output
    first, second = (" ".join(each.output.split()) for each in shown[:2])
    assert "Gone by" in first and "has not been seen since" in first and "came again as '9'" in first
    assert f"(capture {old.absences[0].last_capture})" in first
    assert "price_minor: 10000 → 6000" in second and "listed before as '1'" in second and "ever gone" in second
    said = json.loads(shown[2].output)
    assert said["relisted_from"][0]["listing"]["ref"] == "1" and len(said["versions"]) == 2
    assert {"field": "price_minor", "old": 10000, "new": 6000} in said["changes"][0]


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
    asked = ["listing", "show", "mini", "1", "--home", str(crawling.home.folder), "--by", "a.officer"]
    shown, as_json = CliRunner().invoke(app, asked), json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert "offered 2 ('2')" in shown.output and "('Posted 3 days ago')" in shown.output, shown.output
    assert as_json["summary"]["details"]["quantity"] == 2 and as_json["summary"]["details"]["posted_at"]

    def readings() -> list[Any]:
        with crawling.store.acting("system", purpose="test") as reader:
            return reader.readings(listing=reader.listing("mini", "1").listing.id)

    first, second = readings()
    assert (first.details.quantity, second.details.quantity) == (3, 2) and first.snapshot == second.snapshot
    midnight = first.captured_at.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
    assert first.details.posted_text == "Posted 3 days ago" and first.details.posted_at == midnight - timedelta(days=3)
    mini.write(crawling.home, platform="selectors", more=selectors % ", text: .said")
    reread.run(crawling.store, crawling.home)
    again = [each for each in readings() if each.parser_version != first.parser_version]
    assert [each.details for each in again] == [first.details, second.details]


# -- reading again after a crawl -----------------------------------------------------------------------------------------------
def _edit_then_crawl(mini: Mini, crawling: Crawling, yaml: str, **fields: Any) -> list[int]:
    """How many passes of reading again there have been after each of two crawls under a changed YAML."""
    mini.write(crawling.home, more=yaml, **fields)
    passes = []
    for _ in range(2):
        crawling("mini")
        passes.append(len(crawling.store.runs("reread")))
    return passes


def test_an_erased_page_is_not_waited_for(mini: Mini, crawling: Crawling) -> None:
    mini.write(crawling.home, platform="selectors", more="selectors: {title: h1}\n")
    crawling("mini")
    crawling("mini")
    pages = [each for each in crawling.captures(kinds=(CaptureKind.page,)) if each.url_final.endswith("/item/1")]
    crawling.store.erase(pages[0].id or 0, actor="system", reason="retention")
    assert _edit_then_crawl(mini, crawling, "selectors: {title: h1, text: h1}\n", platform="selectors") == [1, 1]


def test_a_page_that_is_a_list_now_is_not_waited_for(mini: Mini, crawling: Crawling) -> None:
    """At first the list's cards said it all; then the listings' own pages are read."""
    mini.goods = {"1": ("Bag", "", "")}
    mini.pages["/"] = Response(b"<div class=card><a href=/item/1>Bag</a></div>")
    cards = "cards: {card: .card, title: a, url: a}\n"
    mini.write(crawling.home, platform="selectors", follow="{next: a.next}", more=cards)
    result = crawling("mini")
    assert result.counts.get("readings") == 1, result.lines
    assert _edit_then_crawl(mini, crawling, cards + "selectors: {title: h1}\n", platform="selectors", follow="{listing: .card a}") == [0, 0]


@needs_chromium
def test_versions_from_before_a_source_is_rendered_stay_and_the_history_says_which_they_are(mini: Mini, crawling: Crawling) -> None:
    mini.goods = {"1": ("Bag", "100.00", "")}
    mini.write(crawling.home)
    crawling("mini")
    mini.goods["1"] = ("Bag", "80.00", "")
    crawling("mini")
    mini.goods["1"] = ("Bag", "60.00", "")
    assert _edit_then_crawl(mini, crawling, "render: true\n") == [1, 1]
    history = _full(crawling, "1")
    assert [(each.snapshot.price_minor, each.rendered) for each in history.versions] == [(10000, False), (8000, False), (6000, True)]
    assert ["rendered" in {change.field for change in each} for each in history.changes] == [False, True]
    assert _edit_then_crawl(mini, crawling, "") == [2, 2], "and back"
    assert [each.snapshot.price_minor for each in _full(crawling, "1").versions] == [10000, 8000, 6000]
