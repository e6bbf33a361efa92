"""Chromium on the desk: signs in, holds pages to axe at a desk's and a phone's width, and keeps screenshots where TOUCHSTONE_SHOTS names a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

from crawler.browser import find_chromium
from tests.casework.desk.conftest import PASSWORD, Served

DESK, PHONE, ZOOMED = (1366, 768), (390, 844), (683, 384)  # the last is a laptop's window at 200 %
PATIENCE = 120_000  # milliseconds for what a slow machine does, with other tests beside
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip


@contextmanager
def chromium(served: Served, role: str = "", *, size: tuple[int, int] = DESK, scripts: bool = True, touch: bool = False) -> Iterator[Page]:
    """A page of a fresh browser, signed in as that role's person."""
    found = find_chromium()
    if found is None:
        pytest.skip("Chromium is missing: 'apt-get install chromium' brings it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=list(ARGUMENTS))
        with visitor(browser, served, role, size=size, scripts=scripts, touch=touch) as page:
            yield page
        browser.close()


@contextmanager
def visitor(browser: Browser, served: Served, role: str = "", *, size: tuple[int, int] = DESK, scripts: bool = True, touch: bool = False) -> Iterator[Page]:  # fmt: skip
    """A page of somebody with cookies of their own, signed in as that role's person; `touch` makes it a phone, which has fingers and no mouse.

    It may ask the desk only, and what a script of a page throws fails the test.
    """
    wrong: list[str] = []
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts, locale="en-GB", has_touch=touch, is_mobile=touch
    )

    def only_the_desk(route: Route) -> None:
        if route.request.url.startswith((served.url, "blob:", "data:")):
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", only_the_desk)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if "Content Security Policy" in said.text else None)
    if role:
        page.goto(f"{served.url}/sign-in")
        page.fill("#name", f"a.{role}")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    context.close()
    assert not wrong, wrong


def looked_at(page: Page, name: str) -> None:
    """Hold the page to axe at three widths, and to its own width: nothing of it lies beside the window."""
    was = page.viewport_size
    for label, (width, height) in (("desk", DESK), ("phone", PHONE), ("zoomed", ZOOMED)):
        page.set_viewport_size({"width": width, "height": height})
        held(page, f"{name}-{label}")
    if was:
        page.set_viewport_size(was)


def held(page: Page, name: str) -> None:
    """Hold the page as it is now to axe and to its own width, and keep a screenshot."""
    page.wait_for_selector("main")  # a click that leads to another page does not wait for it
    page.wait_for_load_state("load")
    if folder := os.environ.get("TOUCHSTONE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = Axe().run(
        page, options={"iframes": False, "resultTypes": ["violations"]}
    )  # a frame shows a stranger's page, in which no script answers
    assert not found.response["violations"], f"{name}: {found.generate_report()}"
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{name} is {over} pixels too wide"
