"""Recorded pages, tests/pages/PLATFORM/CASE.html: what each platform reads of them, beside them as CASE.json.

The source is CASE.yml beside the page, or tests/crawler/sources/CASE.yml; the page's address is the source's first `start`.
A page without its JSON gets one written, and the test fails: read it, and keep it when it is right.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.pages import page_of
from crawler.platforms import platform
from crawler.source import read_source
from store.words.records import Capture, CaptureKind, Details

PAGES = Path(__file__).resolve().parents[1] / "pages"
CASES = sorted(PAGES.glob("*/*.html"))
WHEN = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("page", CASES, ids=lambda page: f"{page.parent.name}/{page.stem}")
def test_recorded_page(page: Path) -> None:
    beside = page.with_suffix(".yml")
    source = read_source(beside if beside.exists() else Path(__file__).parent / "sources" / beside.name)
    assert source.platform == page.parent.name
    url = source.start[0]
    capture = Capture(
        1, "", source.name, CaptureKind.page, "GET", url, url, (), 200, (), (("Content-Type", "text/html"),), "", 0, WHEN, WHEN
    )
    parsed = [asdict(each) for each in platform(source.platform).parse(page_of(capture, page.read_bytes()), source)]
    for each in parsed:
        each["snapshot"] = {word: said for word, said in each["snapshot"].items() if said not in ("", None)}
        each["details"] = Details(**each["details"]).said()
        if not each["details"]:
            del each["details"]
    said = json.loads(json.dumps(parsed))
    expected = page.with_suffix(".json")
    if not expected.exists():
        expected.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"{expected} was not there and has been written: read it, and keep it if it says what the page says")
    assert said == json.loads(expected.read_text(encoding="utf-8"))


def test_every_recorded_page_of_every_platform_is_walked() -> None:
    assert {case.parent.name for case in CASES} == {"magento", "prestashop", "schema_org", "selectors", "shopify", "woocommerce"}


def test_relative_dates_count_from_the_capture_and_from_no_clock() -> None:
    """The same bytes say the same on any day: "yesterday" is the day before the page was captured, also when it is read again years later."""
    page = PAGES / "selectors" / "all_keys.html"
    source = read_source(page.with_suffix(".yml"))
    url = source.start[0]

    def posted(when: datetime) -> datetime | None:
        capture = Capture(1, "", "s", CaptureKind.page, "GET", url, url, (), 200, (), (), "", 0, when, when)
        [found] = platform(source.platform).parse(page_of(capture, page.read_bytes()), source)
        return found.details.posted_at

    assert posted(datetime(2019, 3, 1, 12, tzinfo=UTC)) == datetime(2019, 2, 28, 9, 15, tzinfo=UTC)
    assert posted(datetime(2026, 11, 2, 23, 59, tzinfo=UTC)) == datetime(2026, 11, 1, 9, 15, tzinfo=UTC)


def test_a_page_knows_its_capture_also_under_another_address() -> None:
    capture = Capture(1, "", "s", CaptureKind.page, "GET", "https://s.example/", "https://s.example/", (), 200, (), (), "", 0, WHEN, WHEN)
    page = page_of(capture, b"<p>x</p>")
    assert page.captured_at == page.replace(url="https://s.example/2").captured_at == WHEN
