"""Two reviewers at the desk and a scan at once, on SQLite, which lets one write at a time: whoever comes second waits, and nobody is told of it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from store.words.records import SubjectKind
from tests.casework.desk.conftest import ROOT, Browser, Served, posted_elsewhere

LEAST = 60  # requests that each of the two makes while the scan is at work
ANEW = "was weighed anew since you looked"  # the scan found more of this listing: the person is to look again, and is told so
REVIEWERS = ("officer", "reviewer")


@dataclass
class Reviewer:
    """Somebody who judges and takes back, card after card, and looks at other pages meanwhile; and how each was answered."""

    browser: Browser
    turn: int
    answers: list[tuple[str, httpx.Response, datetime]] = field(default_factory=list)
    kept: list[tuple[int, str]] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    def until(self, done: threading.Event) -> None:
        try:
            while not done.is_set():
                self._round()
        except BaseException as error:
            self.failed.append(error)

    def _round(self) -> None:
        cards = self._asked("/queue?most=200").text
        mine = [token for token in re.findall(r'name="card" value="((\d+)\.[^"]*)" id="choose', cards) if int(token[1]) % 2 == self.turn]
        for token, number in mine[:5]:
            self._sent("/queue/judge", {"card": token, "verdict": "no", "back": "/queue"}, int(number), "no")
        self._asked("/")
        self._asked("/listings")
        for number in [number for number, verdict in self.kept[-5:] if verdict == "no"][:4]:  # so that there is always something to judge
            self._sent("/queue/undo", {"listing": number, "back": "/queue"}, number, "undone")

    def _asked(self, path: str) -> httpx.Response:
        answer = self.browser.get(path)
        self.answers.append((path, answer, datetime.now(UTC)))
        return answer

    def _sent(self, path: str, form: dict[str, object], listing: int, verdict: str) -> None:
        answer = self.browser.post(path, form)
        self.answers.append((path, answer, datetime.now(UTC)))
        if answer.is_success:
            self.kept.append((listing, verdict))


def test_two_reviewers_and_a_scan_at_once_lose_nothing_and_nobody_hears_of_a_lock(
    own_desk: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    two = [Reviewer(own_desk.as_role(role), turn) for turn, role in enumerate(REVIEWERS)]
    over = threading.Event()
    threads = [threading.Thread(target=each.until, args=(over,)) for each in two]
    folder = own_desk.home.folder
    with posted_elsewhere(folder, "shop", "classifieds") as sources:
        command = [sys.executable, "-m", "casework.cli", "scan", *sources, "--home", str(folder)]
        began = datetime.now(UTC)
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as scan:
            for thread in threads:
                thread.start()
            told, _ = scan.communicate()
        ended = datetime.now(UTC)
        over.set()
        for thread in threads:
            thread.join()

    assert scan.returncode == 0, told
    for each in two:
        assert not each.failed, each.failed
        during = [answer for _, answer, at in each.answers if began < at < ended]
        assert len(during) >= LEAST, f"{len(during)} requests in {ended - began}"
        refused = [(path, answer.status_code, answer.text) for path, answer, _ in each.answers if not answer.is_success]
        assert all(code == 400 and ANEW in text for _, code, text in refused), [(path, code) for path, code, _ in refused]
        assert len(refused) < len(during) / 10
    with own_desk.store.acting("system", purpose="test") as reader:
        found = {s.listing.id or 0: s.listing.source for s in reader.summaries(limit=1000)}
        rows = reader.judgements([(SubjectKind.listing, number) for number in found])
    for role, each in zip(REVIEWERS, two, strict=True):
        assert len(each.kept) >= 20
        assert [(j.subject, str(j.verdict)) for j in sorted(rows, key=lambda j: j.id or 0) if j.actor == f"a.{role}"] == each.kept
    assert set(sources) < set(found.values()), "the scan kept what it read, too"

    texts = [told, caplog.text, *(answer.text for each in two for _, answer, _ in each.answers)]
    texts += [path.read_text(errors="replace") for path in (folder / "var" / "log").iterdir()]
    assert not [text for text in texts if "database is locked" in text]
