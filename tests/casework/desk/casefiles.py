"""Cases that tests of the desk work on, built as a person builds them: by forms."""

from __future__ import annotations

import time

from tests.casework.desk.conftest import Browser, Served

WHAT = {"kind": "listing", "officer": "a.officer", "initials": "AO"}


def open_case(browser: Browser, title: str = "Handbags, market hall", **more: str) -> str:
    """Open a case by the form; the address of its page."""
    page = browser.post("/cases/new", {"title": title, "jurisdiction": "England and Wales", **more})
    assert page.status_code == 200 and page.url.path.startswith("/cases/"), page.text
    return page.url.path


def a_listing(served: Served) -> tuple[str, str]:
    """(source, reference) of a listing of the market that is flagged."""
    with served.store.acting("system", purpose="test") as reader:
        one = reader.summaries(numbers=[reader.queue()[0].listing])[0].listing
    return one.source, one.ref


def with_exhibit(served: Served, browser: Browser, **more: str) -> str:
    """A case with a listing and goods as exhibits; its address."""
    at = open_case(browser, **more)
    source, ref = a_listing(served)
    assert browser.post(f"{at}/exhibits/add", WHAT | {"source": source, "ref": ref}).status_code == 200
    goods = {"sort": "goods", "what": "belts", "quantity": "4", "when": "20/11/2026 10:00", "found_at": "rail by the till", "bag": at[-8:]}
    assert browser.post(f"{at}/exhibits/item", goods | {"officer": "a.officer", "initials": "AO"}).status_code == 200
    return at


def made(browser: Browser, pack: str) -> str:
    """Wait until a pack is over; its page."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        text = browser.get(pack).text
        if "The pack is being made" not in text:
            return text
        time.sleep(0.3)
    raise AssertionError(f"{pack} was not made in five minutes")
