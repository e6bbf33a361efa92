"""The digest: dates and counts in a calendar that others can read and a message that nobody has sent, and no name of anybody outside."""

from __future__ import annotations

import email
import email.policy
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from casework import digest
from casework.digest import Day, Digest
from store.errors import TouchstoneError
from store.store import Store
from store.words.purposes import local_day
from tests.casework.packs import build

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def unfolded(body: bytes) -> list[str]:
    assert b"\n" not in body.replace(b"\r\n", b"") and all(len(line) <= 75 for line in body.split(b"\r\n"))
    return body.replace(b"\r\n ", b"").decode().split("\r\n")


def test_a_calendar_is_of_whole_days_folded_and_escaped() -> None:
    long = "Authorisation DSA/2026/7, of operation bags; ends " + "é" * 60
    lines = unfolded(digest.calendar(Digest(NOW, (Day("authorisation-bags", date(2026, 6, 20), long),), ()), "demo"))
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""] and "VERSION:2.0" in lines
    assert "DTSTART;VALUE=DATE:20260620" in lines and "DTEND;VALUE=DATE:20260621" in lines and "DTSTAMP:20260615T120000Z" in lines
    assert "UID:authorisation-bags@demo.touchstone" in lines, "written again, it is the same entry"
    assert "SUMMARY:" + long.replace(",", "\\,").replace(";", "\\;") in lines


def test_a_message_is_a_draft_with_the_calendar_beside_it() -> None:
    body = digest.message(
        Digest(NOW, (Day("x", date(2026, 6, 20), "Review case C-1"),), ("3 listings stand at review.",)), "Wexcombe", "demo"
    )
    found = email.message_from_bytes(body, policy=email.policy.default)
    assert found["X-Unsent"] == "1" and found["To"] == "undisclosed-recipients:;" and found["From"] is None
    text = found.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "20 June 2026: Review case C-1." in text and "3 listings stand at review." in text
    [calendar] = found.iter_attachments()
    assert calendar.get_content_type() == "text/calendar" and "BEGIN:VEVENT" in calendar.get_content()


def test_a_line_of_somebody_elses_does_not_become_another() -> None:
    lines = unfolded(digest.calendar(Digest(NOW, (Day("x", date(2026, 6, 20), "a\r\nATTENDEE:mailto:x@evil.example"),), ()), "demo"))
    assert not [line for line in lines if line.startswith("ATTENDEE")]


def test_what_is_gathered_has_counts_and_references_and_nobodys_name(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    soon = (local_day(datetime.now(UTC)) + timedelta(days=3)).isoformat()
    folder = world.home.folder / "configs" / "operations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "watch.yml").write_text(
        f"title: One page\npurpose: capture_once\nauthorisation: {{urn: DSA/2026/7, authorising_officer: B. Lead, approved_on: '2026-01-01', starts: '2026-01-01', expires: '{soon}', necessity: n, proportionality: p, collateral_intrusion: c}}\n"
    )  # fmt: skip
    with Store.open(world.home) as store:
        store.give("a.officer", f"{local_day(datetime.now(UTC))}", [2], 20, actor="a.officer")
        with store.acting("a.officer", purpose="test") as reader:
            names = (
                {s.name for s in reader.sellers()} | {s.handle for s in reader.sellers()} | {c.value for c, _ in reader.contacts(seller=1)}
            )
    world.store.close()
    command = [sys.executable, "-m", "casework.cli", "digest", "write", "--by", "a.officer", "--json", "--home", str(world.home.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    files = [Path(file) for file in said["files"]]
    assert [file.parent for file in files] == [world.home.folder / "var/digests"] * 2
    text = files[0].read_text() + files[1].read_text() + json.dumps(said)
    assert "DSA/2026/7" in text and re.search(r"\d+ listings stand at review", text)
    assert names and not [name for name in names if name and name in text]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 2 and "not overwritten" in again.stderr


def test_a_digest_is_not_overwritten(tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    world.store.close()
    made = Digest(NOW, (), ())
    assert len(digest.write(made, world.home, tmp_path / "out")) == 2
    with pytest.raises(TouchstoneError, match="not overwritten"):
        digest.write(made, world.home, tmp_path / "out")
