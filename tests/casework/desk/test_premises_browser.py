"""Premises, follow-ups, sightings and the public tip page in a real browser: with scripts and without, at a desk and on a phone."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
import yaml
from playwright.sync_api import Page

from casework.desk.tip_page import create_tip_page
from store.config import Home
from store.words.records import SubjectKind
from tests.builders import jpeg
from tests.casework.desk.browser import PHONE, chromium, looked_at
from tests.casework.desk.conftest import Served


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "stall.jpg"
    path.write_bytes(jpeg(11, (1200, 900)))
    return path


def test_the_map_draws_its_markers_with_no_request_to_anybody_else(desk: Served) -> None:
    with chromium(desk, "officer") as page:  # fails on any request that is not the desk's, and on any breach of the policy
        page.goto(f"{desk.url}/premises")
        page.wait_for_selector(".places-mark")
        marks = page.locator(".places-mark")
        assert marks.count() >= 2 and page.locator(".leaflet-tile").count() == 0
        assert re.match(r"\d+\. ", marks.first.get_attribute("aria-label") or "")
        marks.first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".places-popup a")
        said = page.locator(".places-popup a").first.inner_text()
        assert re.sub(r"^\d+\. ", "", said) in page.locator(".places-list").inner_text()
        page.keyboard.press("Escape")
        looked_at(page, "premises")
        page.goto(f"{desk.url}/premises/areas?by=district")
        looked_at(page, "premises-areas")


def test_a_hostile_place_is_text_on_the_map(own_desk: Served) -> None:
    from store import tables as t

    with own_desk.store.database.writing() as c:
        c.execute(t.premises.update().values(label='<img src=x onerror="document.title=1">"><script>document.title=2</script>'))
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/premises")
        page.wait_for_selector(".places-mark")
        page.locator(".places-mark").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".places-popup a")
        assert "<img src=x" in page.locator(".places-popup").inner_text() and page.title().startswith("Premises")
        assert page.locator(".places-popup img, .places-popup script").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_a_link_is_confirmed_by_a_click_and_by_a_plain_form(own_desk: Served, scripts: bool) -> None:
    with chromium(own_desk, "officer", scripts=scripts) as page:
        page.goto(f"{own_desk.url}/premises")
        page.click(".places-list__item a >> nth=0")
        place = page.url
        link = page.locator(".places-link").first
        number = link.get_attribute("data-link")
        if scripts:
            looked_at(page, "place")
        link.locator("label:has-text('Yes, confirm')").click()
        link.locator("button").click()
        assert "There is a problem" in page.locator("main").inner_text()
        link = page.locator(f"[data-link='{number}']")
        assert link.locator("input[value=yes]").is_checked()
        if scripts:
            looked_at(page, "place-error")
        link.locator("input[name=reason]").fill("The goods were on this rail on Thursday")
        link.locator("button").click()
        assert page.url == place and "confirmed" in page.locator(f"[data-link='{number}']").inner_text().lower()
    with own_desk.store.acting("a.supervisor", purpose="test") as reader:
        assert reader.link(int(number or 0)).status == "confirmed"


def test_a_visit_and_a_purchase_are_recorded_from_their_forms(own_desk: Served, photo: Path) -> None:
    with own_desk.store.acting("a.supervisor", purpose="test") as reader:
        here = reader.links_to(SubjectKind.premises)[0].object
    with chromium(own_desk, "officer") as page:
        page.goto(f"{own_desk.url}/premises/{here}")
        page.click("text=A visit")
        page.click("text=Record it")
        assert "There is a problem" in page.locator("main").inner_text()
        looked_at(page, "visit")
        for name, value in (("when", "25/11/2026 10:15"), ("officers", "a.officer"), ("met", "an assistant"), ("seen", "belts")):
            page.fill(f"#{name}", value)
        page.select_option("#power", "none")
        page.set_input_files("#file-photo", photo)
        page.click("text=Record it")
        page.wait_for_url("**/follow-ups/*")
        looked_at(page, "follow-up")
        page.goto(f"{own_desk.url}/follow-ups/new?kind=seizure&premises={here}")
        looked_at(page, "seizure")
        page.goto(f"{own_desk.url}/follow-ups/new?kind=authorised&premises={here}")
        for name, value in (("when", "20/11/2026"), ("authorised_by", "B. Manager"), ("ground", "flagged adverts")):
            page.fill(f"#{name}", value)
        page.click("text=Record it")
        page.wait_for_url("**/purchases/*")
        looked_at(page, "purchase")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_sighting_with_a_photograph_is_added_on_a_phone(own_desk: Served, photo: Path, scripts: bool) -> None:
    with chromium(own_desk, "officer", size=PHONE, scripts=scripts) as page:
        page.goto(f"{own_desk.url}/sightings/new")
        assert page.locator("#camera").get_attribute("capture") == "environment"
        if scripts:
            looked_at(page, "sighting-new")
        page.set_input_files("#camera", photo)
        page.fill("#note", "Belts with a lozenge mark on a rail")
        page.fill("#place", "Stall 12, Market Hall, Wexcombe")
        page.fill("#seen_at", "25/11/2026 14:30")
        page.click("text=Keep the sighting")
        page.wait_for_url(re.compile(r"/sightings/\d+$"))
        assert "is kept, with 1 file as it came" in page.locator("main").inner_text()
        page.locator(".sightings-picture").scroll_into_view_if_needed()
        if scripts:
            page.wait_for_load_state("networkidle")
            assert page.locator(".sightings-picture").evaluate("each => each.naturalWidth") > 0
            looked_at(page, "sighting")
            page.goto(f"{own_desk.url}/sightings")
            looked_at(page, "sightings")
    with own_desk.store.acting("a.supervisor", purpose="test") as reader:
        [(capture, _)] = reader.sighting_files(reader.sightings()[-1].id or 0)
        assert reader.payload(capture.id or 0) == photo.read_bytes()


@pytest.fixture
def tips(own_desk: Served) -> Iterator[tuple[Served, str]]:
    path = own_desk.home.folder / "configs" / "desk.yml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), "public_tips": {"open": True}}), "utf-8")
    server = uvicorn.Server(uvicorn.Config(create_tip_page(Home(own_desk.home.folder)), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield own_desk, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def tell(page: Page, url: str, photo: Path) -> None:
    page.goto(f"{url}/tell-us")
    page.fill("#note", "Belts with a lozenge mark on a rail")
    page.fill("#place", "Stall 12, Market Hall, Wexcombe")
    page.set_input_files("#pictures", photo)
    page.wait_for_timeout(4200)  # nobody types so fast
    page.click("button:has-text('Send')")


def test_a_tip_is_sent_from_a_phone_and_its_page_holds_to_axe(tips: tuple[Served, str], photo: Path) -> None:
    desk, url = tips
    with chromium(Served(desk.home, desk.app, url), size=PHONE) as page:
        page.goto(f"{url}/")
        looked_at(page, "tips")
        page.goto(f"{url}/privacy")
        looked_at(page, "tips-privacy")
        tell(page, url, photo)
        page.wait_for_url("**/sent*")
        assert re.search(r"S-\d{4}-\d{4}", page.locator("main").inner_text()) and page.context.cookies() == []
        looked_at(page, "tips-sent")
        page.goto(f"{url}/tell-us")
        page.click("button:has-text('Send')")
        assert "There is a problem" in page.locator("main").inner_text()
        looked_at(page, "tips-error")
