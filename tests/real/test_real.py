"""The one path over real input. What a page holds was counted by hand in its source; nothing of the data itself is written down here."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from store.config import Home
from store.store import Store
from store.words.records import CaptureKind, Examined
from tests.real import adverts, demo, figures
from tests.real.adverts import Advert, read_adverts
from tests.real.figures import Seen
from tests.real.pages import PAGES
from tests.real.workplace import PREMISES, REGISTER, ROOT, workplace

pytestmark = pytest.mark.slow

HELD = {  # page: listings, of these with a price, its currency, cards that repeat a listing in other words
    "ebay_de": (64, 64, "EUR", 4),  # 68 cards in the results and a carousel, 4 of them twice; one more is a ghost
    "amazon_com": (30, 30, "USD", 0),
    "amazon_bestseller_de": (30, 30, "EUR", 0),
    "amazon_de_search": (59, 58, "EUR", 0),  # 60 cards, one twice; one says "see options" and no price
}


@dataclass(frozen=True)
class Scanned:
    """What one scan of the saved pages and of 150 adverts left, and what the sites were asked."""

    folder: Path
    adverts: list[Advert]
    seen: list[Seen]
    asked: dict[str, list[str]]
    said: str

    def of(self, source: str) -> list[Seen]:
        return [each for each in self.seen if each.source == source]


@pytest.fixture(scope="module")
def scanned(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    chosen = read_adverts(shared, suspicious=75, ordinary=75)
    folder = tmp_path_factory.mktemp("real") / "work"
    with workplace(folder, shared, chosen) as place:
        status, _, errors = place.touchstone("register", "load", REGISTER, str(shared / PREMISES))
        assert status == 0, errors
        status, said, errors = place.touchstone("scan")
        assert status == 0, said + errors
        asked = {site.name: [request.path for request in site.requests] for site in (place.pages, place.adverts)}
    yield Scanned(folder, chosen, figures.read_all(folder, chosen), asked, said)


@pytest.mark.parametrize("name", PAGES)
def test_a_saved_page_gives_what_it_holds(scanned: Scanned, shared: Path, name: str) -> None:
    number, priced, currency, _ = HELD[name]
    found = [each.summary for each in scanned.of(name)]
    assert len(found) == number
    assert len({each.listing.ref for each in found}) == number
    assert all(each.snapshot.title for each in found)
    with_price = [each.snapshot for each in found if each.snapshot.price_minor is not None]
    assert len(with_price) == priced
    assert all((words.price_minor or 0) > 0 and words.currency == currency and words.price_text for words in with_price)
    # each title and price stands on the page as it was saved, however it was wrapped
    raw = gzip.decompress((shared / "data" / "pages" / f"{name}.html.gz").read_bytes()).decode()
    saved = " ".join(html.unescape(html.unescape(raw + re.sub(r"<[^>]*>", "", raw))).split())
    strange = [
        each.listing.ref
        for each in found
        if html.unescape(each.snapshot.title) not in saved or each.snapshot.price_text.partition(" bis ")[0] not in saved
    ]
    assert not strange


def test_the_ebay_page_has_no_ghost_card_and_says_which_cards_it_left_out(scanned: Scanned, shared: Path) -> None:
    found = [each.summary for each in scanned.of("ebay_de")]
    assert len(found) >= 60
    saved = gzip.decompress((shared / "data" / "pages" / "ebay_de.html.gz").read_bytes()).decode()
    assert "Shop on eBay" in saved and "/itm/123456?" in saved, "the saved page has its ghost card"
    assert not [each for each in found if "Shop on eBay" in each.snapshot.title or each.listing.ref == "123456"]
    assert not [each for each in found if each.snapshot.title.startswith("Neues Angebot")], "the badge is no part of a title"
    for name, (_, _, _, repeated) in HELD.items():
        part = scanned.said.partition(f"{name}: done.")[2]
        assert f"not understood {repeated}, parser raised 0" in part.partition("failed requests")[0]


def test_the_bytes_of_a_saved_page_are_kept_and_no_picture_was_asked_for(scanned: Scanned, shared: Path) -> None:
    with Store.open(Home(scanned.folder)) as store, store.acting("system", purpose="test") as reader:
        assert store.counts()["images"] == 0
        for name in PAGES:
            [page] = [c for c in reader.captures_of(source=name, limit=100) if c.kind is CaptureKind.page]
            assert reader.payload(page.id or 0) == gzip.decompress((shared / "data" / "pages" / f"{name}.html.gz").read_bytes())
            pictures = [url for reading in reader.readings(capture=page.id) for url in reading.images]
            assert len(set(pictures)) >= 25 and not any("127.0.0.1" in url for url in pictures)
    assert set(scanned.asked["real-pages"]) == {"/robots.txt"} | {f"/pages/{name}" for name in PAGES}


def test_figures_tell_another_sample_from_their_own(scanned: Scanned, shared: Path) -> None:
    assert figures.same_sample(scanned.seen)
    assert not figures.same_sample(figures.read_all(scanned.folder, read_adverts(shared, suspicious=75, ordinary=76)))


def test_the_adverts_are_read_as_they_were_written(scanned: Scanned) -> None:
    found = {each.summary.listing.ref: each.summary.snapshot for each in scanned.of("adverts")}
    assert len(found) == 150
    wrong = [
        row.ref
        for row in scanned.adverts
        if (found[row.ref].title, found[row.ref].price_text, found[row.ref].text, found[row.ref].brand)
        != (row.title, row.price_text, row.text, row.brand)
    ]
    assert not wrong
    with Store.open(Home(scanned.folder)) as store, store.acting("system", purpose="test") as reader:
        shown = len(reader.captures_of(source="adverts", kinds=(CaptureKind.screenshot,)))
    crawled, pictured = 150 + 2 + 1, shown + bool(shown)
    assert len(scanned.asked["real-adverts"]) == crawled + pictured, (
        "each advert and list page once, each flagged one to picture it, robots.txt"
    )


def test_no_page_address_or_order_tells_the_label(shared: Path) -> None:
    chosen = read_adverts(shared)
    assert len(chosen) == 2500 and sum(each.label == "suspicious" for each in chosen) == 1260
    blind = [replace(each, label="?", kind="?", origin="?") for each in chosen]
    assert [adverts._item(each) for each in chosen] == [adverts._item(each) for each in blind]
    assert [adverts._list(chosen, page) for page in (1, 13, 25)] == [adverts._list(blind, page) for page in (1, 13, 25)]
    for first in range(0, 2500, 500):  # 252 expected of each 500, with a standard deviation of 10
        assert 200 < sum(each.label == "suspicious" for each in chosen[first : first + 500]) < 304
    assert [each.ref for each in chosen] == [each.ref for each in read_adverts(shared)], "the same sample each time"


def test_every_listing_is_examined_weighed_and_told_why_not(scanned: Scanned) -> None:
    assert "(evaluation)" not in scanned.said, "what was laid out by `init` is what is shipped, and in force"
    said = [examination for each in scanned.seen for examination in each.examinations]
    assert len(scanned.seen) == 150 + sum(number for number, *_ in HELD.values())
    assert not [(e.method_name, e.detail) for e in said if e.outcome is Examined.failed]
    assert not [e for e in said if e.outcome is Examined.not_possible and len(e.detail) < 10], "not possible, and no reason"
    for detector in ("text_terms", "price_gap"):
        assert sum(e.method_name == detector for e in said) == len(scanned.seen)
    assert {e.outcome for e in said if e.method_name == "price_gap"} == {Examined.not_possible}, "there is no reference price"
    for each in scanned.seen:
        assert each.level in ("priority", "review", "note", "none"), each.summary.listing.ref
        assert each.flag is not None and each.flag.not_examined, "what was not examined is said beside the level"
        assert sum(c.points for c in each.flag.contributions) == pytest.approx(each.flag.score, abs=0.01)


def test_words_alone_queue_dark_market_adverts_and_no_saved_page(scanned: Scanned) -> None:
    dark = [each for each in scanned.seen if each.advert and each.advert.origin == "agora_2014"]
    assert dark and sum(each.level in figures.FLAGGED for each in dark) * 2 > len(dark)
    assert not [each for each in figures.flagged(scanned.seen) if each.source in PAGES], "nothing there is designer goods"
    assert not [each for each in scanned.seen if each.level == "priority"], "no indicator alone reaches priority"


def test_the_register_is_loaded_whole_and_nothing_links_without_a_place(scanned: Scanned) -> None:
    with Store.open(Home(scanned.folder)) as store:
        counts, [register] = store.counts(), store.register_snapshots()
        assert (register.rows, register.refused) == (43_738, 92), "92 rows say word for word what another says"
        assert counts["premises"] >= register.rows - register.refused
        assert counts["links"] == counts["sellers"] == 0, "no row and no page names a seller or a place"
        assert store.verify() == []


@pytest.mark.slow
def test_the_demonstration_over_2500_adverts(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "WORK", ROOT / "var" / f"real-{tmp_path.name}")
    try:
        assert demo.main([str(shared), "--look", "2"]) == 0
        seen = figures.read_all(demo.WORK, read_adverts(shared))
    finally:
        demo.clear()
    assert "stays empty" in capsys.readouterr().out
    rows = [each for each in seen if each.advert]
    assert len(rows) == 2500 and not [each for each in seen if not each.level]
    assert not [e for each in seen for e in each.examinations if e.outcome is Examined.failed]
    explicit = [each for each in rows if each.advert and (each.advert.origin, each.advert.kind) == ("agora_2014", "explicit")]
    assert sum(each.level in figures.FLAGGED for each in explicit) >= 0.85 * len(explicit)
    ordinary = [each for each in rows if each.label == "ordinary"]
    assert sum(each.level in figures.FLAGGED for each in ordinary) <= 0.01 * len(ordinary)
