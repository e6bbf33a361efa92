"""The door in a real browser."""

from __future__ import annotations

import pytest

from tests.casework.desk.browser import chromium, looked_at
from tests.casework.desk.conftest import Served


@pytest.mark.parametrize("path", ["/password", "/reason", "/nothing-here"])
def test_pages_of_the_door_hold_to_axe_and_to_their_width(desk: Served, path: str) -> None:
    with chromium(desk, "officer") as page:
        page.goto(desk.url + path)
        looked_at(page, path.strip("/"))


def test_signing_in_holds_to_axe_and_works_by_keyboard_alone(desk: Served) -> None:
    with chromium(desk) as page:
        page.goto(desk.url)
        looked_at(page, "sign-in")
        order = []
        for _ in range(6):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.innerText || document.activeElement.name || document.activeElement.tagName"))
        assert order[0] == "Skip to main content" and order[2:5] == ["name", "password", "Sign in"], order


def test_signing_in_works_without_scripts(desk: Served) -> None:
    with chromium(desk, "officer", scripts=False) as page:
        assert page.locator("h1").inner_text() == "Today"
