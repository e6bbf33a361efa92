"""Dates as published, read into a time in UTC: "3 days ago", "yesterday", "12/11/2026", "Posted 4 Nov", "2026-11-04T10:00:00+01:00".

The time that a page was captured is the base of what is relative, so that the same bytes say the same on any day. Day before month, as
in Britain; a date that can only be meant the other way round ("11/13/2026") is not read, since its neighbours ("11/12/2026") would be
read wrongly. What names no zone is taken as London's time, and a day as London's day.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LONGEST = 60  # characters: a date is short, and a page handed in by mistake is not read to its end
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl"]
_LEAD = re.compile(
    r"^\W*(?:(?:date|ad|item|this|was)\s+)*(?:posted|listed|added|published|uploaded|updated|created|online|placed|advertised|renewed|eingestellt|"
    r"ver[öo]ffentlicht|publi[ée]e?|publicado|since|seit|on|le|am|at|:|-|–|\s)+(?=\w)",
    re.IGNORECASE,
)
_OTHER_ORDER = re.compile(r"\b\d{1,2}[/.\-](?:1[3-9]|[2-9]\d)[/.\-]\d{2,4}\b")
_CLOCK = re.compile(r"\d\s?[:h]\s?\d|\d\s?[ap]\.?m\b", re.IGNORECASE)


def parse_date(text: str, now: datetime | None) -> datetime | None:
    """The time that `text` (a date field, not a description) states, aware and in UTC; None where it states none. London's, without a zone.

    `now` is the aware time from which relative words count; without it only whole dates are read. A date without a clock time is
    midnight in London. Whole seconds since 1970 are read, too (ten digits; thirteen are milliseconds). Later than a day after `now` is no date
    of a thing that was seen. Never raises.
    """
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        return None
    found = _exact(said)
    if found is None:
        found = _written(_LEAD.sub("", said), now.astimezone(LONDON).replace(tzinfo=None) if now else None)
    if found is None or (now and found > now + timedelta(days=1)) or found.year < 1990:
        return None
    return found


def _exact(said: str) -> datetime | None:
    try:
        if re.fullmatch(r"\d{10}|\d{13}", said):
            return datetime.fromtimestamp(int(said[:10]), UTC)
        if re.match(r"\d{4}-\d\d-\d\d", said):
            when = datetime.fromisoformat(said)
            return when.replace(tzinfo=when.tzinfo or LONDON).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


@lru_cache(maxsize=256)  # a list says "yesterday" of many cards
def _written(said: str, base: datetime | None) -> datetime | None:
    if not re.search(r"\w", said) or _OTHER_ORDER.search(said):
        return None
    settings: dict[str, Any] = {
        "DATE_ORDER": "DMY",
        "PREFER_LOCALE_DATE_ORDER": False,
        "PREFER_DATES_FROM": "past",
        "REQUIRE_PARTS": ["day", "month"] if base else ["day", "month", "year"],
        "PARSERS": ["relative-time", "absolute-time"] if base else ["absolute-time"],
        "RELATIVE_BASE": base or datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        "TIMEZONE": LONDON.key,
        "TO_TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": True,
    }
    try:
        from dateparser.date import DateDataParser  # type: ignore[import-untyped,unused-ignore]

        reader = DateDataParser(languages=_LANGUAGES, settings=settings, try_previous_locales=False, use_given_order=True)
        found: datetime | None = reader.get_date_data(said).date_obj
    except (ValueError, OverflowError, RecursionError):
        return None
    if found is None:
        return None
    found = found.astimezone(LONDON).replace(microsecond=0)
    if not _CLOCK.search(said) and (base is None or found.time() == base.time().replace(microsecond=0)):
        found = found.replace(hour=0, minute=0, second=0)
    return found.astimezone(UTC)
