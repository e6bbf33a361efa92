"""What `parse_date` reads out of date fields, and what it refuses to read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.when import parse_when
from store.words.dates import parse_date

NOW = datetime(2026, 11, 20, 15, 30, 12, 345678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3 days ago", "2026-11-17T00:00"),
        ("Posted 3 days ago", "2026-11-17T00:00"),
        ("yesterday", "2026-11-19T00:00"),
        ("Listed: yesterday at 9am", "2026-11-19T09:00"),
        ("today", "2026-11-20T00:00"),
        ("2 hours ago", "2026-11-20T13:30"),
        ("last week", "2026-11-13T00:00"),
        ("12/11/2026", "2026-11-12T00:00"),
        ("Ad posted on 04/11/26", "2026-11-04T00:00"),
        ("Posted 4 Nov", "2026-11-04T00:00"),
        ("25 December", "2025-12-25T00:00"),  # the one that has been
        ("4th November 2026", "2026-11-04T00:00"),
        ("Wed 4 Nov 2026 10:05", "2026-11-04T10:05"),
        ("2026-11-04", "2026-11-04T00:00"),
        ("2026-11-04T10:00:00+01:00", "2026-11-04T09:00"),
        ("2026-11-04 10:00:00", "2026-11-04T10:00"),
        ("1793786400", "2026-11-04T10:00"),
        ("1793786400000", "2026-11-04T10:00"),
        ("04.11.2026", "2026-11-04T00:00"),
        ("vor 3 Tagen", "2026-11-17T00:00"),
        ("gestern", "2026-11-19T00:00"),
    ],
)
def test_reads(text: str, says: str) -> None:
    found = parse_date(text, NOW)
    assert found is not None and found.strftime("%Y-%m-%dT%H:%M") == says and found.utcoffset() == NOW.utcoffset()


@pytest.mark.parametrize(
    ("captured", "text", "says"),
    [
        ("2026-07-10T15:30", "today 14:30", "2026-07-10T13:30"),
        ("2026-07-09T23:30", "yesterday", "2026-07-08T23:00"),  # 00:30 on the 10th in London: the 9th
        ("2026-07-09T23:30", "3 days ago", "2026-07-06T23:00"),
        ("2026-07-09T23:30", "2 hours ago", "2026-07-09T21:30"),
        ("2026-07-09T23:30", "today", "2026-07-09T23:00"),
        ("2026-07-10T15:30", "12/06/2026", "2026-06-11T23:00"),
        ("2026-07-10T15:30", "Posted 4 Jan", "2026-01-04T00:00"),
        ("2026-07-10T15:30", "Wed 4 Mar 2026 10:05", "2026-03-04T10:05"),
        ("2026-07-10T15:30", "4 July 2026 10:05", "2026-07-04T09:05"),
        ("2026-07-10T15:30", "2026-07-04 10:00:00", "2026-07-04T09:00"),
        ("2026-07-10T15:30", "2026-07-04", "2026-07-03T23:00"),
        ("2026-07-10T15:30", "2026-07-04T10:00:00Z", "2026-07-04T10:00"),
        ("2026-07-10T15:30", "4 July 2026 10:05 UTC", "2026-07-04T10:05"),
    ],
)
def test_what_names_no_zone_is_londons(captured: str, text: str, says: str) -> None:
    found = parse_date(text, datetime.fromisoformat(captured).replace(tzinfo=UTC))
    assert found is not None and found.strftime("%Y-%m-%dT%H:%M") == says and found.tzinfo is UTC
    if local := parse_when(text):
        assert local == found, "what an officer writes is read the same"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "new",
        "12",
        "Size 12",
        "Bag 5",
        "2026",
        "November 2026",
        "10:30",
        "Monday",
        "11/13/2026",  # a site that writes the month first: 11/12/2026 would be read wrongly beside it
        "in 3 days",
        "12/11/2031",
        "1066-10-14",
        "2026-13-45",
        "collection only, near the station, any evening after six please, cash",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text, NOW) is None


def test_without_the_time_of_the_capture_only_whole_dates_are_read() -> None:
    assert parse_date("4 Nov 2026", None) == datetime(2026, 11, 4, tzinfo=UTC)
    assert parse_date("3 days ago", None) is None and parse_date("4 Nov", None) is None


def test_the_same_words_say_the_same_whatever_was_read_before() -> None:
    for other in ("vor 3 Tagen", "il y a 3 jours", "03/04/2026", "hace 2 días"):
        parse_date(other, NOW)
        assert parse_date("10/11/2026", NOW) == datetime(2026, 11, 10, tzinfo=UTC)


@given(st.one_of(st.text(max_size=70), st.text(st.sampled_from("0123456789/:.- agoNvdystr"), max_size=30)))
def test_never_raises(text: str) -> None:
    found = parse_date(text, NOW)
    assert found is None or found.tzinfo is UTC
