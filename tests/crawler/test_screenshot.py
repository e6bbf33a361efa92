"""The screenshot of a rendered page, really taken in Chromium: what it shows, what was asked for, and what is kept of it."""

import io
from typing import Any

import pytest
from PIL import Image

from crawler import screenshot, screenshots
from crawler.browser import MISSING, find_chromium
from store.store import Store
from store.words.records import Capture, CaptureKind, Flag, Level, Outcome
from tests.crawler.conftest import Crawling, Mini, picture
from tests.crawler.test_gates import watch
from tests.market.pictures import COLOURS
from tests.market.server import Response

needs_chromium = pytest.mark.skipif(find_chromium() is None, reason=MISSING)
PAGE = """<!doctype html><style>body {{ margin: 0; background: white }} img {{ display: block; width: 400px; height: 400px }}</style>
<h1>{title}</h1><p class=price>£15</p><img src='{picture}'>{more}"""
RENDERED = "render: true\nscreenshot: true\nselectors: {title: h1, price: .price, images: img@src}\n"
PLAIN = "selectors: {title: h1, price: .price, images: img@src}\n"


def _goods(mini: Mini, more: str = "", **pictures: str) -> None:
    mini.goods = dict.fromkeys(pictures or {"a": ""}, ("Bag", "", ""))
    for ref, address in (pictures or {"a": "/p/1.png"}).items():
        mini.pages[f"/item/{ref}"] = Response(PAGE.format(title=f"Bag {ref}", picture=address, more=more).encode())


def _asked(mini: Mini) -> list[str]:
    return [each.path for each in mini.site.requests]


def _shots(crawling: Crawling) -> list[Capture]:
    return crawling.captures(kinds=(CaptureKind.screenshot,))


def _seen(crawling: Crawling, shot: Capture) -> Image.Image:
    return Image.open(io.BytesIO(crawling.payload(shot))).convert("RGB")


def _share(image: Image.Image, colour: str) -> float:
    """How much of a screenshot has a picture's colour."""
    raw = Image.open(io.BytesIO(picture(colour))).convert("RGB").getpixel((5, 5))
    counted: Any = image.getcolors(2**24)
    return sum(number for number, each in counted if each == raw) / (image.width * image.height)


def _flag(store: Store, crawling: Crawling, ref: str, level: Level, score: float = 50.0) -> None:
    run = store.begin_run("flag", actor="system", authority="demo", code_version="test", config_digest="0" * 64)
    with store.acting("system", purpose="test") as reader:
        number = reader.listing("mini", ref).listing.id or 0
    store.keep_flag(Flag(None, number, "0" * 64, "1" * 64, level, score, ()), run.id)


@needs_chromium
def test_a_screenshot_by_the_sources_setting(mini: Mini, crawling: Crawling) -> None:
    """Its own record, digest and time, part of the document; the list page gets none."""
    _goods(mini)
    mini.write(crawling.home, platform="selectors", more=RENDERED)
    result = crawling("mini")
    assert result.outcome is Outcome.good and result.counts["screenshots"] == 1, result.lines
    [shot] = _shots(crawling)
    document = next(each for each in crawling.captures(kinds=(CaptureKind.rendered,)) if each.id == shot.part_of)
    assert document.url_final.endswith("/item/a") and shot.record_id != document.record_id and shot.body_digest != document.body_digest
    assert document.started_at <= shot.started_at <= shot.ended_at
    image = _seen(crawling, shot)
    assert image.format is None and _share(image, list(COLOURS)[1]) > 0.1, "the picture is in it"
    assert ("X-Touchstone-Shown", f"{image.width}x{image.height} of {image.width}x{image.height}") in shot.response_headers
    with crawling.store.acting("system", purpose="test") as reader:
        place = reader.place(shot.id or 0)
        assert shot in reader.listing_captures(reader.listing("mini", "a").listing.id or 0)
    assert place and place.record_type == "resource" and crawling.store.verify() == []
    assert crawling.listings()["mini/a"][0]["price_minor"] == 1500


@needs_chromium
def test_the_gate_holds_for_a_screenshots_pictures(mini: Mini, crawling: Crawling) -> None:
    """What robots.txt forbids, other hosts, films and fonts are not asked for: by the server's own log."""
    more = (
        "<img src=/private/x.png><img src='http://127.0.0.1:9/y.png'><video src=/film.mp4 autoplay></video>"
        "<style>@font-face { font-family: f; src: url(/font.woff2) } p { font-family: f }</style>"
    )
    _goods(mini, more)
    mini.write(crawling.home, platform="selectors", more=RENDERED)
    result = crawling("mini")
    assert result.counts["screenshots"] == 1 and result.counts["robots refusals"] >= 1 and result.counts["offsite refusals"] >= 1
    assert not {"/private/x.png", "/film.mp4", "/font.woff2"} & set(_asked(mini))


@needs_chromium
def test_a_long_page_is_cut_and_says_so(mini: Mini, crawling: Crawling) -> None:
    _goods(mini, "<div style='height: 40000px'></div>")
    mini.write(crawling.home, platform="selectors", more=RENDERED)
    crawling("mini")
    [shot] = _shots(crawling)
    said = dict(shot.response_headers)["X-Touchstone-Shown"]
    assert (
        _seen(crawling, shot).height == screenshot.MAX_HEIGHT
        and f"x{screenshot.MAX_HEIGHT} of " in said
        and int(said.split("x")[-1]) > 40_000
    )


@needs_chromium
def test_a_flagged_listing_gets_one_and_nobody_is_asked_twice_for_its_pictures(mini: Mini, crawling: Crawling) -> None:
    """A source that is crawled without a browser: the page is rendered for the screenshot, its kept pictures shown from the archive."""
    _goods(mini, a="/p/1.png", b="/p/2.png", c="/p/3.png")
    mini.write(crawling.home, platform="selectors", more=PLAIN)
    crawling("mini")
    before = crawling.listings()
    for ref, level in (("a", Level.priority), ("b", Level.note), ("c", Level.review)):
        _flag(crawling.store, crawling, ref, level)
    mini.site.clear_requests()
    result = screenshots.run(crawling.store, crawling.home)
    assert result.outcome is Outcome.good and result.counts["screenshots"] == 2, result.lines
    assert sorted(_asked(mini)) == ["/item/a", "/item/c", "/robots.txt"], "no picture, and no list"
    shots = sorted(_shots(crawling), key=lambda each: each.url_final)
    with crawling.store.acting("system", purpose="test") as reader:
        shown = {ref: reader.listing_captures(reader.listing("mini", ref).listing.id or 0) for ref in "abc"}
    assert [sum(each.kind is CaptureKind.screenshot for each in shown[ref]) for ref in "abc"] == [1, 0, 1]
    images = {each.id: each for each in crawling.captures(kinds=(CaptureKind.image,))}
    for shot, colour in zip(shots, (list(COLOURS)[1], list(COLOURS)[3]), strict=True):
        assert _share(_seen(crawling, shot), colour) > 0.1
        from_kept = int(dict(shot.response_headers)["X-Touchstone-Pictures-From"])
        assert images[from_kept].kind is CaptureKind.image, "and it says which capture's picture stands in it"
    network = crawling.captures(kinds=(CaptureKind.network,))
    assert not [each for each in network if "/p/" in each.url_final], "what came from the archive is no answer of the site's"
    assert crawling.listings() == before and [run.pass_name for run in crawling.store.runs()][:1] == ["screenshot"]
    mini.site.clear_requests()
    again = screenshots.run(crawling.store, crawling.home)
    assert "no flagged listing waits" in again.lines[0] and _asked(mini) == []


@needs_chromium
@pytest.mark.parametrize("level", [Level.review, Level.note])
def test_a_flagged_listings_screenshot_is_kept_as_long_as_the_listing(mini: Mini, crawling: Crawling, level: Level) -> None:
    _goods(mini)
    mini.write(crawling.home, platform="selectors", more=PLAIN)
    crawling.store.retention = {"unflagged": 90, "flagged": 36_500}
    crawling("mini")
    _flag(crawling.store, crawling, "a", level)
    settings = crawling.home.file("touchstone.yml")
    settings.write_text(settings.read_text().replace("screenshot_from: review", "screenshot_from: note"))
    screenshots.run(crawling.store, type(crawling.home)(crawling.home.folder))
    [shot] = _shots(crawling)
    assert shot.retention_until and (shot.retention_until.year > 2100) is (level is Level.review)


@needs_chromium
def test_a_new_version_is_due_again_and_a_page_that_is_gone_is_pictured_once(mini: Mini, crawling: Crawling) -> None:
    _goods(mini)
    mini.write(crawling.home, platform="selectors", more=PLAIN)
    crawling("mini")
    _flag(crawling.store, crawling, "a", Level.review)
    screenshots.run(crawling.store, crawling.home)
    mini.pages["/item/a"] = Response(PAGE.format(title="Bag a, new", picture="/p/1.png", more="").encode())
    crawling("mini")
    mini.pages["/item/a"] = Response(b"<h1>Gone</h1>", status=404)
    screenshots.run(crawling.store, crawling.home)
    shots = _shots(crawling)
    documents = {each.id: each for each in crawling.captures(kinds=(CaptureKind.rendered,))}
    assert [documents[each.part_of].status for each in shots] == [200, 404]
    assert "no flagged listing waits" in screenshots.run(crawling.store, crawling.home).lines[0]
    assert crawling.history("mini", "a")[-1].snapshot.title == "Bag a, new"


@needs_chromium
def test_robots_txt_holds_for_screenshots(mini: Mini, crawling: Crawling) -> None:
    _goods(mini)
    mini.write(crawling.home, platform="selectors", more=PLAIN)
    crawling("mini")
    _flag(crawling.store, crawling, "a", Level.review)
    mini.robots = "User-agent: *\nDisallow: /item\n"
    mini.site.clear_requests()
    result = screenshots.run(crawling.store, crawling.home)
    assert result.outcome is Outcome.unmet and _asked(mini) == ["/robots.txt"] and _shots(crawling) == []


def test_without_a_browser_it_says_so_and_fails_nothing(mini: Mini, crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    _goods(mini)
    mini.write(crawling.home, platform="selectors", more=PLAIN)
    crawling("mini")
    _flag(crawling.store, crawling, "a", Level.review)
    monkeypatch.setattr("crawler.browser.find_chromium", lambda: None)
    mini.site.clear_requests()
    result = screenshots.run(crawling.store, crawling.home)
    assert result.outcome is Outcome.good and "no screenshot of 1 flagged listings: Chromium is missing" in result.lines[0]
    assert _asked(mini) == []


def test_a_policy_of_none_takes_none(mini: Mini, crawling: Crawling) -> None:
    settings = crawling.home.file("touchstone.yml")
    settings.write_text(settings.read_text().replace("screenshot_from: review", "screenshot_from: null"))
    mini.write(crawling.home)
    assert screenshots.run(crawling.store, type(crawling.home)(crawling.home.folder)).lines[0].startswith("screenshots are off")


@needs_chromium
def test_a_watch_pictures_what_it_met_and_a_sweep_nothing_of_a_watchs(mini: Mini, crawling: Crawling) -> None:
    """A sweep met 1, 2 and 3; the watched page leads to 1 and 9; all are flagged. By the server's own log."""
    mini.goods["9"] = ("Bag 9", "900.00", "/p/3.png")
    mini.pages["/"] = Response(b"".join(b"<a class=card href=/item/%d>x</a>" % n for n in (1, 2, 3)))
    mini.pages["/seller/bagman"] = Response(b"<a class=card href=/item/1>1</a><a class=card href=/item/9>9</a>")
    mini.write(crawling.home, kind="marketplace")
    watched = watch(mini)
    assert crawling("mini").counts["listings"] == 3 and crawling("mini", operation=watched).counts["listings"] == 2
    for ref in "1239":
        _flag(crawling.store, crawling, ref, Level.review)
    mini.site.clear_requests()
    assert screenshots.run(crawling.store, crawling.home).outcome is Outcome.good
    assert {path for path in _asked(mini) if "/item/" in path} == {"/item/1", "/item/2", "/item/3"}
    mini.goods["1"] = ("Bag 1, new", "100.00", "/p/1.png")
    mini.goods["2"] = ("Bag 2, new", "200.00", "/p/2.png")
    crawling("mini")
    mini.site.clear_requests()
    result = screenshots.run(crawling.store, crawling.home, operation=watched)
    assert result.outcome is Outcome.good, result.lines
    assert {path for path in _asked(mini) if "/item/" in path} == {"/item/1", "/item/9"}, "2 is new, too, and no business of the watch"
