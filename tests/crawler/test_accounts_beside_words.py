"""What a page says of the account and of dispatch, beside the words of a listing: since when the seller is there, and from where it is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.platforms import platform
from crawler.platforms._details import joined_in
from tests.crawler.test_platforms import GOOD, _page, _source

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SELECTORS = GOOD.partition("api:\n")[0].replace("json_api", "selectors") + "selectors: {title: h1, joined: .since, dispatch: .from}\n"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Member since March 2024", "2024-03-01"),
        ("Joined 2019", "2019-01-01"),
        ("joined on 12 November 2026", "2026-11-12"),
        ("Joined 3 weeks ago", "2026-10-30"),
        ("Posting for 3 months", "2026-08-20"),
        ("Posting for 2+ years", "2024-11-20"),
        ("2021-05-04T10:00:00Z", "2021-05-04"),
        ("", None),
        ("new member", None),
        ("since the beginning", None),
        ("Joined 2031", None),  # later than it was seen
        ("Member 2019 2020", None),
    ],
)
def test_the_date_of_joining_is_read_and_never_later_than_it_may_be(text: str, day: str | None) -> None:
    read = joined_in(text, NOW)
    assert (read.date().isoformat() if read else None) == day


def test_both_are_kept_beside_the_words_of_pages_and_of_answers(tmp_path: Path) -> None:
    source = _source(tmp_path, SELECTORS)
    body = b"<h1>Bag</h1><p class=since>Member since March 2024</p><p class=from>Ships from Shenzhen</p>"
    [page] = platform("selectors").parse(_page(source.start[0], body), source)
    source = _source(tmp_path, GOOD + "  joined: user.since\n  dispatch: from\n")
    ads = [{"id": 1, "name": "Bag", "price": "5 GBP", "user": {"since": "March 2024"}, "from": "Ships from Shenzhen"}]
    [answer] = platform("json_api").parse(_page(source.start[0], json.dumps({"ads": ads}).encode()), source)
    for details in (page.details, answer.details):
        assert details.joined_at == datetime(2024, 3, 1, tzinfo=UTC) and details.dispatch_text == "Ships from Shenzhen"
    assert page.snapshot.digest == replaced(page.snapshot.title), "neither is a word of the listing: a new month is no new version"


def replaced(title: str) -> str:
    from store.words.records import Snapshot

    return Snapshot(title=title).digest


def test_a_date_of_joining_that_is_not_understood_is_counted(tmp_path: Path) -> None:
    source = _source(tmp_path, SELECTORS)
    [read] = platform("selectors").parse(_page(source.start[0], b"<h1>Bag</h1><p class=since>a while</p>"), source)
    assert read.details.joined_text == "a while" and read.details.joined_at is None and "date of joining not understood" in read.notes
