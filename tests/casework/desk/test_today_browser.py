"""Today, operations, sources, people, the log, accuracy and tokens in a real browser: axe at three widths, progress as it happens, and all of it without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from store.words.records import Outcome
from tests.casework.desk.browser import chromium, looked_at
from tests.casework.desk.conftest import Served
from tests.casework.desk.test_today import OPERATION, WATCH, begun, stated


@pytest.fixture(scope="module")
def busy(serve: object) -> Served:
    """A desk on a day on which things happen: an operation is due, an authorisation ends, a crawl failed, another runs."""
    from collections.abc import Callable
    from datetime import UTC, datetime, timedelta
    from typing import cast

    desk = cast(Callable[[], Served], serve)()
    stated(desk, "bags", OPERATION)
    import re

    url = re.search(r"^url: ['\"]?([^'\"\s]+)", (desk.home.folder / "configs/sources/demo_shop.yml").read_text(), re.M)
    assert url
    stated(desk, "watch", WATCH % (f"{url[1]}seller/x", (datetime.now(UTC) + timedelta(days=5)).date().isoformat()))
    desk.store.end_run(
        begun(desk, source="demo_wall").id, Outcome.failed, {}, "robots.txt could not be fetched, so nothing may be looked at"
    )
    desk.store.give("a.supervisor", f"{datetime.now(UTC):%Y-%m-%d}", [1, 2], 20, actor="a.supervisor")
    begun(desk, source="demo_shop")
    return desk


PAGES = [
    ("supervisor", "/?first=true", "today"), ("supervisor", "/operations", "operations"), ("supervisor", "/operations/bags", "operation"), ("analyst", "/sources", "sources"),
    ("analyst", "/sources/demo_shop", "source"), ("analyst", "/sources/new", "source-new"), ("administrator", "/people", "people"), ("administrator", "/people/new", "people-new"),
    ("administrator", "/people/account?name=a.officer", "account"), ("supervisor", "/log", "log"), ("supervisor", "/log/export", "log-export"), ("officer", "/accuracy", "accuracy"),
    ("supervisor", "/tokens", "tokens"), ("supervisor", "/tokens/reading", "reading"), ("analyst", "/exports", "exports"),
]  # fmt: skip


@pytest.mark.parametrize("role", sorted({role for role, *_ in PAGES}))
def test_pages_hold_to_axe_and_to_their_width(busy: Served, role: str) -> None:
    with chromium(busy, role) as page:
        for _, path, name in (each for each in PAGES if each[0] == role):
            page.goto(busy.url + path)
            looked_at(page, name)


def test_what_is_shown_once_and_what_went_wrong_hold_to_axe_too(busy: Served) -> None:
    with chromium(busy, "administrator") as page:
        page.goto(busy.url + "/people/new")
        page.click("main button[type=submit]")
        expect(page.locator(".govuk-error-summary")).to_be_visible()
        looked_at(page, "people-new-error")
        page.fill("#name", "d.shown")
        page.check("#role-officer")
        page.click("main button[type=submit]")
        expect(page.locator(".desk-once")).to_be_visible()
        looked_at(page, "people-once")
        page.goto(busy.url + "/tokens")
        page.fill("#name", "a test")
        page.check("#scope-runs")
        page.click("text=Make the token")
        expect(page.locator(".desk-once")).to_be_visible()
        looked_at(page, "token-once")
        page.goto(busy.url + "/log")
        page.click("text=Check the chain")
        expect(page.get_by_role("heading", name="The chain holds")).to_be_visible()
        looked_at(page, "log-verified")


def test_progress_comes_while_the_page_is_open_and_stops_with_the_sign_out(busy: Served) -> None:
    with chromium(busy, "supervisor") as page:
        page.goto(busy.url + "/")
        note, progress = page.locator("#progress-note"), page.locator("#progress")
        expect(note).to_contain_text("Kept up to date", timeout=20_000)
        run = begun(busy, "detect")
        expect(progress).to_contain_text("detect", timeout=20_000)
        busy.store.end_run(run.id, Outcome.good, {})
        expect(progress).not_to_contain_text("detect", timeout=20_000)
        busy.store.say_of_session(_newest(busy), "ended")
        expect(note).to_contain_text("You are signed out", timeout=20_000)


def _newest(desk: Served) -> int:
    from sqlalchemy import text

    with desk.store.database.reading() as c:
        return int(c.execute(text("SELECT max(id) FROM desk_session")).scalar_one())


def test_all_of_it_reads_without_scripts(busy: Served) -> None:
    with chromium(busy, "supervisor", scripts=False) as page:
        for path, holds in (("/", "crawl of demo_shop"), ("/operations", "Bags in Wexcombe"), ("/sources", "no end is recorded"), ("/people", "a.officer"), ("/log", "consultation"), ("/accuracy", "The figures as a table")):  # fmt: skip
            page.goto(busy.url + path)
            assert holds in page.inner_text("main"), path
        page.goto(busy.url + "/log")
        page.fill("#actor", "a.supervisor")
        page.click("text=Search")
        assert "actor=a.supervisor" in page.url and "a.supervisor" in page.inner_text("main table")
