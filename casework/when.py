"""Dates and times as British forms and officers write them: day first, local time, and never a guess at what is not there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo

from store.words.dates import LONDON

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
    r"(?:(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})[/.-](?P<m2>\d{1,2})[/.-](?P<y2>\d{4}|\d{2})"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>[a-z]{3,9})\.?,?\s+(?P<y3>\d{4}))"
)
_TIME = r"(?P<h>\d{1,2})(?:[:.](?P<min>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?)?\s*(?P<half>[ap]\.?m\.?)?(?:\s*(?P<zone>z|utc|gmt|bst|[+-]\d{2}:?\d{2}))?"
_WHEN = re.compile(rf"{_DAY}(?:(?:\s*,?\s*(?:at\s+)?|t){_TIME})?", re.IGNORECASE)


def parse_when(text: str) -> datetime | None:
    """The moment that `text` states, in UTC; a day without a time is its beginning in London. None where it states none.

    "25/11/2026 14:30", "25 Nov 2026, 2.30pm", "2026-11-25T14:30Z". Where no zone is written, London's. Of 03/04/2026 the day is 3:
    month first is never read. A two-figure year is of this century. A bare hour needs am or pm.
    """
    found = _WHEN.fullmatch(text.strip())
    if found is None:
        return None
    part = found.groupdict()
    month = part["m"] or part["m2"] or _month(part["m3"] or "")
    year = part["y"] or part["y2"] or part["y3"]
    try:
        day = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(part["d"] or part["d2"] or part["d3"]))
        clock = _clock(part)
        return None if clock is None else datetime.combine(day, clock, _zone(part["zone"])).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _month(word: str) -> str:
    short = word.lower()[:3]
    full = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
    return (
        str(_MONTHS.index(short) + 1)
        if short in _MONTHS and (full[_MONTHS.index(short)].startswith(word.lower()) or word.lower() == "sept")
        else ""
    )


def _clock(part: dict[str, str | None]) -> time | None:
    if part["h"] is None:
        return time()
    hour, half = int(part["h"]), (part["half"] or "").lower()
    if not half and part["min"] is None:
        return None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, int(part["min"] or 0), int(part["s"] or 0))


def _zone(written: str | None) -> tzinfo | None:
    zone = (written or "").upper()
    if zone in ("Z", "UTC", "GMT"):
        return UTC
    if zone[:1] in ("+", "-"):
        return datetime.fromisoformat(f"2026-01-01T00:00{zone[:3]}:{zone[-2:]}").tzinfo
    return LONDON
