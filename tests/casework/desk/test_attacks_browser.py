"""The attacks of hostile.py in a real browser: nothing of them runs, and no other site shows a page of the desk in a frame."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from casework.desk.own import key_of
from tests.casework.desk.browser import chromium
from tests.casework.desk.conftest import Served
from tests.casework.desk.hostile import poisoned
from tests.casework.test_referrals import CASE

AT = f"/cases/{key_of(CASE)}"
PAGES = [
    "/", "/queue", "/queue/card/1", "/queue/second", "/queue/cleared", "/notes", "/listings", "/listings/1", "/listings/2", "/listings/3", "/sellers", "/sellers/1", "/sellers/1/network",
    "/premises", "/premises/2", "/captures/1", "/sightings", "/sightings/1", "/cases", AT, f"{AT}/exhibits", f"{AT}/file", f"{AT}/disclosure", f"{AT}/money",
    "/intelligence", "/referrals", "/references?kind=price", "/holds", "/log", "/operations", "/sources/zqshop", "/people",
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with poisoned(tmp_path_factory.mktemp("hostile") / "home") as served:
        yield served


def test_nothing_of_it_runs_on_the_pages_that_people_use_most(desk: Served) -> None:
    """No dialog, no call of what the attacks call, and nothing that the policy had to stop (`chromium` fails for that)."""
    ran: list[str] = []
    with chromium(desk, "supervisor") as page:
        page.expose_function("zqran", lambda number: ran.append(f"{page.url}: {number}"))
        page.on("dialog", lambda dialog: (ran.append(f"{page.url}: a dialog"), dialog.dismiss()))
        shown = 0
        for path in PAGES:
            answer = page.goto(desk.url + path)
            assert answer and answer.status == 200, path
            for each in page.locator("details").all():
                each.evaluate("element => element.open = true")
            page.wait_for_load_state("networkidle") if path != "/" else page.wait_for_timeout(500)
            shown += "zq" in page.locator("main").inner_text()
            assert page.locator("main script:not([src]), main [onload], main [onerror], main img[src=x]").count() == 0, path
        assert shown > 20, "the pages show the words"
    assert not ran


def test_what_a_graph_and_a_map_write_beside_themselves_is_words(desk: Served) -> None:
    """What scripts make of the words: labels of the network's nodes, and what opens on the map."""
    ran: list[str] = []
    with chromium(desk, "supervisor") as page:
        page.expose_function("zqran", lambda number: ran.append(str(number)))
        page.goto(f"{desk.url}/sellers/1/network")
        page.wait_for_load_state("networkidle")
        for each in page.locator("main button:visible").all()[:6]:
            each.click()
        page.goto(f"{desk.url}/premises")
        page.wait_for_load_state("networkidle")
        for each in page.locator(".leaflet-marker-icon, .leaflet-interactive").all()[:3]:
            each.click(force=True)
        assert page.locator("main img[src=x], main [onload]").count() == 0
    assert not ran


@pytest.mark.parametrize("path", ["/sign-in", "/queue", "/captures/1/replay"])
def test_no_other_site_shows_the_desk_in_a_frame(desk: Served, path: str) -> None:
    """Clickjacking (CWE-1021): a page of another origin gets an empty frame, whoever is signed in."""
    with chromium(desk, "supervisor") as page:
        page.goto(f"{desk.url}/queue")
        page.goto("data:text/html,<title>elsewhere</title>")
        page.set_content(f'<iframe id="desk" width="900" height="600" src="{desk.url}{path}"></iframe>')
        page.wait_for_timeout(800)
        assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"], f"{path} is shown in a frame"
