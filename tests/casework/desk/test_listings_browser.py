"""Listings, captures, sellers and networks in a real browser."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.casework.desk.browser import chromium, looked_at
from tests.casework.desk.conftest import Served

STRONGEST = "/listings/demo_shop/fo-118"  # priority, with a match, a price and words that counted


def linked(desk: Served) -> int:
    """An account of the market that is in a network of several."""
    with desk.store.acting("system", purpose="test") as reader:
        links = [
            link for link in reader.seller_links([s.id or 0 for s in reader.sellers()]) if "same_phone" in {r.code for r in link.reasons}
        ]
    return links[0].subject


def opened(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    page.evaluate("document.querySelectorAll('img').forEach((each) => each.loading = 'eager')")
    page.wait_for_load_state("networkidle")


def test_pages_of_listings_hold_to_axe_and_to_their_width(desk: Served) -> None:
    with chromium(desk, "officer") as page:
        for path, name in (
            ("/listings", "listings"),
            (STRONGEST, "listing"),
            ("/listings/picture", "picture-search"),
            ("/captures/124", "capture"),
        ):
            page.goto(desk.url + path)
            opened(page)
            looked_at(page, name)


def test_every_picture_and_drawing_of_a_listing_is_shown(desk: Served) -> None:
    with chromium(desk, "officer") as page:
        page.goto(desk.url + STRONGEST)
        opened(page)
        broken = page.evaluate("[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)")
        assert page.locator("img.listing-drawing").count() >= 1 and not broken, broken


def test_the_page_as_captured_is_shown_in_a_frame_of_its_own(desk: Served) -> None:
    """No script runs in it, not even the browser's driver's: what it shows is seen from outside."""
    with chromium(desk, "officer", size=(1366, 1200)) as page:
        page.goto(desk.url + STRONGEST)
        opened(page)
        frame = page.locator("iframe.listing-replay")
        frame.scroll_into_view_if_needed()
        page.wait_for_timeout(1500)
        with Pillow.open(io.BytesIO(frame.screenshot())) as shot:
            colours = shot.convert("RGB").getcolors(1_000_000) or []
        assert len(colours) > 1000, "the frame is blank: its picture has more colours than that"


def test_a_listing_is_judged_without_scripts(own_desk: Served) -> None:
    with chromium(own_desk, "officer", scripts=False) as page:
        page.goto(own_desk.url + STRONGEST)
        page.fill("#note-1", "stitching and buckle wrong")
        page.click("button[name=verdict][value=yes]")
        assert "Judged yes: stitching" in page.inner_text("main") and "stitching and buckle wrong" in page.inner_text(
            "#judgements >> xpath=.."
        )


def test_a_photo_finds_its_copies_and_what_agrees_is_drawn(desk: Served, tmp_path: Path) -> None:
    with desk.store.acting("system", purpose="test") as reader:
        picture = reader.listing_images(reader.listing("demo_shop", "fo-118").listing.id or 0)[0]
        (tmp_path / "own.jpg").write_bytes(reader.image_bytes(picture.sha256))
    photo = tmp_path / "cropped.jpg"
    with Pillow.open(tmp_path / "own.jpg") as whole:
        whole.convert("RGB").crop((20, 20, whole.width - 30, whole.height - 20)).save(photo, quality=70)
    with chromium(desk, "officer") as page:
        page.goto(desk.url + "/listings/picture")
        page.set_input_files("#photo", photo)
        page.click("main button:has-text('Look for it')")
        page.wait_for_url("**/listings/picture/*")
        opened(page)
        assert "Hermes belt 5A quality" in page.inner_text("main")
        broken = page.evaluate("[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)")
        assert page.locator("img.listing-drawing").count() >= 1 and not broken, broken
        looked_at(page, "picture-answer")


def test_pages_of_sellers_hold_to_axe_and_to_their_width(desk: Served) -> None:
    with chromium(desk, "officer") as page:
        number = linked(desk)
        for path, name in (("/sellers", "sellers"), (f"/sellers/{number}", "seller")):
            page.goto(desk.url + path)
            opened(page)
            looked_at(page, name)
        page.goto(f"{desk.url}/sellers/{number}/network")
        page.wait_for_selector("#graph canvas")
        looked_at(page, "network")


def test_a_line_of_the_graph_opens_its_evidence(desk: Served) -> None:
    with chromium(desk, "officer") as page:
        page.goto(f"{desk.url}/sellers/{linked(desk)}/network")
        page.wait_for_selector("#graph canvas")
        page.evaluate("document.getElementById('graph')._cyreg.cy.edges('[kind = \"phone\"]')[0].emit('tap')")
        expect(page.locator("#evidence")).to_contain_text("gives the phone +447700900142")
        assert page.locator("#evidence a").get_attribute("href", timeout=2000).startswith("/captures/")  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["accounts", "evidence"])
def test_without_scripts_the_network_is_a_drawing_and_tables(desk: Served, name: str) -> None:
    with chromium(desk, "officer", scripts=False) as page:
        page.goto(f"{desk.url}/sellers/{linked(desk)}/network")
        assert page.locator("#drawing").is_visible() and not page.locator("#graph").is_visible()
        words = {"accounts": "What joins the accounts, two by two", "evidence": "gives the phone +447700900142"}[name]
        assert words in page.inner_text("main")


def test_two_accounts_are_kept_apart_and_that_is_taken_back_without_scripts(own_desk: Served) -> None:
    with chromium(own_desk, "officer", scripts=False) as page:
        page.goto(f"{own_desk.url}/sellers/{linked(own_desk)}/network")
        other = page.input_value("#other")
        page.check("#says-two")
        page.fill("#why", "two shops that share a courier")
        page.click("main button:has-text('Record it')")
        expect(page.locator("main")).to_contain_text("kept apart by a.officer")
        page.select_option("#other", other)
        page.check("#says-withdraw")
        page.fill("#why", "it was no courier")
        page.click("main button:has-text('Record it')")
        expect(page.locator("main")).to_contain_text("Nobody has joined it with another account, or kept it apart.")
