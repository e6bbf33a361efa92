"""The digest for supervisors: dates ahead as a calendar, and a message to be looked at and sent by a person. Written to a folder; nothing is sent.

Counts and references only: whoever's mailbox it ends in learns nobody's name from it. The calendar is RFC 5545, the message RFC 5322.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from casework import ahead, life, operations
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.dates import LONDON
from store.words.purposes import local_day

FOLDER = "var/digests"
PURPOSE = "digest"
DAYS = 28  # ahead, where nobody says otherwise


@dataclass(frozen=True, slots=True)
class Day:
    """Something of one day: `key` makes the calendar's entry the same one each time it is written."""

    key: str
    on: date
    what: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What is to come, and how things stand, as counts by sentence."""

    made: datetime
    days: tuple[Day, ...]
    lines: tuple[str, ...]


def gather(store: Store, home: Home, *, by: str, now: datetime, within: int = DAYS) -> Digest:
    """Authorisations that end, reviews of cases, visits given, what failed, and listings by level. Reads for `by`, for the purpose `digest`.

    Raises TouchstoneError for an operation's file that is not in order.
    """
    authority, today = home.settings.authority.code, local_day(now)
    days = [
        Day(f"authorisation-{each.operation.reference}", each.on, f"Authorisation {each.operation.authorisation.urn} of operation {each.operation.reference} ends")
        for each in ahead.ending(operations.find_operations(home), now, within)
        if each.operation.authorisation
    ]  # fmt: skip
    ours = {each.reference for each in store.cases() if each.authority == authority}
    for case in life.cases_due(store, by):
        if case.case in ours and not case.closed and case.until is not None and case.until <= today + timedelta(days=within):
            days.append(Day(f"case-{case.case}", max(case.until, today), f"Review whether case {case.case} need be kept"))
    with store.acting(by, purpose=PURPOSE, justification="the digest of dates and counts") as reader:
        due = Counter(each.kind for each in reader.review(now))
        for account in store.accounts():
            if account.authority == authority and (given := reader.given(account.actor, f"{now.astimezone(LONDON):%Y-%m-%d}")):
                days.append(Day(f"visits-{account.actor}-{today}", today, f"{len(given)} premises are given to {account.actor}"))
    levels = store.standing_at()
    failed = ahead.failed(store, authority)
    lines = [
        *(f"{levels.get(level, 0)} listings stand at {level}." for level in ("priority", "review")),
        *(f"{number} rows of {kind} are due for review." for kind, number in sorted(due.items())),
        *(f"The last {run.pass_name} {f'of {run.source} ' if run.source else ''}did not go well." for run in failed),
    ]
    return Digest(now, tuple(sorted(days, key=lambda day: (day.on, day.key))), tuple(lines))


def write(digest: Digest, home: Home, folder: Path | None = None) -> list[Path]:
    """The digest as `digest-DAY.ics` and `digest-DAY.eml`. Raises TouchstoneError where they are there already."""
    folder = folder or home.path(FOLDER)
    stem, name = f"digest-{digest.made.astimezone(LONDON):%Y-%m-%d}", home.settings.authority.name
    files = [folder / f"{stem}.ics", folder / f"{stem}.eml"]
    if there := next((file for file in files if file.exists()), None):
        raise TouchstoneError(f"{there} exists already; a digest is not overwritten")
    folder.mkdir(parents=True, exist_ok=True)
    bodies = [calendar(digest, home.settings.authority.code), message(digest, name, home.settings.authority.code)]
    for file, body in zip(files, bodies, strict=True):
        file.write_bytes(body)
    return files


def calendar(digest: Digest, code: str) -> bytes:
    """Whole days as an iCalendar (RFC 5545): lines of 75 octets at most, ended by CRLF."""
    stamp = f"{digest.made.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Touchstone//digest//EN", "METHOD:PUBLISH"]
    for day in digest.days:
        lines += [
            "BEGIN:VEVENT", f"UID:{_text(day.key)}@{_text(code)}.touchstone", f"DTSTAMP:{stamp}", f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.on + timedelta(days=1):%Y%m%d}", f"SUMMARY:{_text(day.what)}", "TRANSP:TRANSPARENT", "END:VEVENT",
        ]  # fmt: skip
    return b"".join(piece + b"\r\n" for line in [*lines, "END:VCALENDAR"] for piece in _folded(line))


def message(digest: Digest, authority: str, code: str) -> bytes:
    """An unsent message with the calendar beside it: whoever opens it says to whom it goes."""
    found = EmailMessage()
    found["Subject"] = f"Touchstone at {authority}: {digest.made.astimezone(LONDON):%d %B %Y}"
    found["Date"] = format_datetime(digest.made.astimezone(UTC))
    found["To"] = "undisclosed-recipients:;"
    found["X-Unsent"] = "1"  # opened as a draft
    days = [f"{day.on.day} {day.on:%B %Y}: {day.what}." for day in digest.days] or ["No date is near."]
    found.set_content("\n".join(["Dates ahead", "", *days, "", "How things stand", "", *(digest.lines or ("Nothing to say.",)), "", "What stands behind these numbers is at the desk."]))  # fmt: skip
    found.add_attachment(calendar(digest, code), maintype="text", subtype="calendar", filename="dates.ics", params={"method": "PUBLISH"})
    return found.as_bytes()


def _text(said: str) -> str:
    """TEXT of RFC 5545, section 3.3.11."""
    said = said.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(said.split())


def _folded(line: str) -> Iterable[bytes]:
    """A content line in pieces of 75 octets at most, no character cut; each but the first begins with a space (section 3.1)."""
    piece = b""
    for char in line:
        byte = char.encode()
        if len(piece) + len(byte) > 75:
            yield piece
            piece = b" "
        piece += byte
    yield piece
