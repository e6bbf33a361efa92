"""Today: what ran, what failed and why, what is next, what is new since this person's last sign-in, and progress while it happens."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from casework.desk import live
from store.words.records import Outcome, Run
from tests.casework.desk.casefiles import open_case
from tests.casework.desk.conftest import Served

OPERATION = "title: Bags in Wexcombe\npurpose: market_sweep\nbrands: [Gucci]\nterms: [bag]\nsources: [demo_shop]\ncadence: {every: 1 day}\n"
WATCH = """title: A watch (fictional)
purpose: subject_watch
sources: [demo_shop]
subjects: ['%s']
authorisation: {urn: DSA/2026/7, authorising_officer: B. Lead, approved_on: '2026-01-01', starts: '2026-01-01', expires: '%s', necessity: n, proportionality: p, collateral_intrusion: c}
"""


def begun(desk: Served, name: str = "crawl", **more: str) -> Run:
    code = desk.home.settings.authority.code
    return desk.store.begin_run(name, actor="system", authority=code, code_version="1", config_digest="0" * 64, **more)  # type: ignore[arg-type]


def stated(desk: Served, name: str, text: str) -> Path:
    path = desk.home.folder / "configs" / "operations" / f"{name}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def page(desk: Served, role: str = "supervisor", path: str = "/") -> str:
    return re.sub(r"\s+", " ", desk.as_role(role).get(path).text)


def test_it_says_what_ran_and_that_nothing_is_next(desk: Served) -> None:
    said = page(desk)
    assert "The newest passes" in said and ">screenshot<" in said and "demo_classifieds" in said
    assert "No operation runs by itself" in said and "No authorisation ends within 28 days." in said and "Nothing is running." in said


def test_a_role_is_shown_what_it_may_see(desk: Served) -> None:
    administrator, reviewer = page(desk, "administrator"), page(desk, "reviewer")
    assert "Flagged listings" not in administrator and "Premises to visit" not in administrator and "What is next" in administrator
    assert "Flagged listings" in reviewer and "Sources in bad health" not in reviewer


def test_what_waits_for_a_second_person_and_what_was_approved_is_said_to_whom_it_concerns(own_desk: Served) -> None:
    officer = own_desk.as_role("officer")
    at = open_case(officer)
    officer.post(f"{at}/export/ask")
    asked = "1 request waits for your answer"
    assert asked in page(own_desk) and not [role for role in ("officer", "reviewer", "administrator") if asked in page(own_desk, role)]
    own_desk.as_role("supervisor").post("/proposals/1/export", {"says": "approved"})
    assert asked not in page(own_desk) and "make the pack" not in page(own_desk)
    assert f'<a class="govuk-link" href="{at}/export">make the pack</a>' in page(own_desk, "officer")


def test_new_flags_are_counted_since_the_last_sign_in(own_desk: Served) -> None:
    first = page(own_desk, "officer")
    assert "This is the first time you have signed in" in first
    again = page(own_desk, "officer")
    assert "New since you last signed in" in again and re.search(r'desk-tile__number">0</span>', again)
    assert sum(own_desk.store.levels_since(datetime.now(UTC) - timedelta(days=3000)).values()) == sum(
        number for of in own_desk.store.level_counts().values() for number in of.values()
    )


def test_what_failed_stands_with_its_reason_until_it_goes_well(own_desk: Served) -> None:
    own_desk.store.end_run(begun(own_desk, source="demo_shop").id, Outcome.failed, {}, "robots.txt <b>refuses</b> everything")
    said = page(own_desk)
    assert "could not run" in said and "robots.txt &lt;b&gt;refuses&lt;/b&gt; everything" in said and "Sources in bad health" in said
    own_desk.store.end_run(begun(own_desk, source="demo_shop").id, Outcome.good, {})
    assert "refuses" not in page(own_desk)


def test_what_is_next_and_which_authorisation_ends(own_desk: Served) -> None:
    stated(own_desk, "bags", OPERATION)
    url = re.search(r"^url: (\S+)", (own_desk.home.folder / "configs/sources/demo_shop.yml").read_text(), re.M)
    assert url
    soon = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
    stated(own_desk, "watch", WATCH % (url[1].strip("'\"") + "seller/x", soon))
    said = page(own_desk)
    assert "Bags in Wexcombe" in said and "due now" in said
    assert "authorisation DSA/2026/7" in said and "ends in 5 days" in said
    stated(own_desk, "bags", OPERATION.replace("market_sweep", "market_swep"))
    assert "What is due cannot be told:" in page(own_desk) and "did you mean" in page(own_desk)


def test_premises_given_for_today_are_shown_and_a_ranking_is_a_look_of_its_own(own_desk: Served) -> None:
    store, officer = own_desk.store, own_desk.as_role("officer")
    before = store.log_head()[0]
    assert "None is given to you for today." in officer.get("/").text
    assert not [e for e in store.log(before) if e.body["subjects"]], "nobody's data was shown"
    ranked = officer.get("/?first=true").text
    number = re.search(r'href="/premises/(\d+)"', ranked)
    assert number, "the demonstration market leads to premises"
    event = store.log()[-1].body
    assert event["actor"] == "a.officer" and event["purpose"] == "today" and "premises" in event["subjects"]
    store.give("a.officer", f"{datetime.now(UTC):%Y-%m-%d}", [int(number[1])], 20, actor="a.supervisor")
    assert "Given to you for today:" in officer.get("/").text


# -- progress ------------------------------------------------------------------------------------------------------------------
class Listening:
    """An open page: reads the events of one browser in a thread until the stream ends."""

    def __init__(self, desk: Served, cookies: httpx.Cookies) -> None:
        self.events: list[tuple[str, object]] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, args=(desk.url, cookies), daemon=True)
        self.thread.start()

    def _read(self, url: str, cookies: httpx.Cookies) -> None:
        with httpx.Client(base_url=url, cookies=cookies, timeout=30) as client, client.stream("GET", "/today/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream"), answer.status_code
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line.removeprefix("data: "))))
        self.ended.set()

    def until(self, holds: object, seconds: float = 15) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(holds(event) for event in self.events):  # type: ignore[operator]
                return True
            time.sleep(0.05)
        return False


def test_progress_comes_while_it_happens_and_ends_with_the_sign_out(own_desk: Served) -> None:
    officer = own_desk.as_role("officer")
    listening = Listening(own_desk, officer.client.cookies)
    assert listening.until(lambda event: event == ("progress", []))
    run = begun(own_desk, source="demo_shop")
    assert listening.until(lambda e: e[0] == "progress" and e[1] and e[1][0]["what"] == "crawl of demo_shop"), listening.events
    own_desk.store.end_run(run.id, Outcome.good, {})
    assert listening.until(lambda e: e == ("progress", []) and listening.events.index(e) >= 0)
    officer.post("/sign-out")
    assert listening.ended.wait(10) and listening.events[-1][0] == "ended"


def test_a_run_that_broke_off_is_not_said_to_run_once_a_later_one_followed(own_desk: Served) -> None:
    code = own_desk.home.settings.authority.code
    begun(own_desk, source="demo_shop")
    assert [p.run.source for p in own_desk.store.in_progress(code)] == ["demo_shop"]
    own_desk.store.end_run(begun(own_desk, source="demo_shop").id, Outcome.good, {})
    assert own_desk.store.in_progress(code) == []


def test_an_open_page_does_not_hold_a_session_open(own_desk: Served) -> None:
    """It asks whether the session lives, and is no use of it."""
    officer = own_desk.as_role("officer")
    from casework.desk import people

    digest = people.digest(officer.client.cookies.get("touchstone") or "")
    listening = Listening(own_desk, officer.client.cookies)
    assert listening.until(lambda event: event[0] == "progress")
    seen = own_desk.store.session(digest, idle_since=datetime(2026, 1, 1, tzinfo=UTC))
    time.sleep(2 * live.EVERY)
    after = own_desk.store.session(digest, idle_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert seen and after and seen.seen_at == after.seen_at
    officer.post("/sign-out")
    assert listening.ended.wait(10)


def test_one_person_has_a_few_pages_open_at_a_time() -> None:
    streams = live.Streams()
    from contextlib import ExitStack

    with ExitStack() as stack:
        got = [stack.enter_context(streams.one("a.officer")) for _ in range(live.MOST_OF_ONE + 1)]
        assert got == [True] * live.MOST_OF_ONE + [False]
        assert stack.enter_context(streams.one("a.reviewer"))
    with streams.one("a.officer") as again:
        assert again


def test_events_are_for_whoever_is_signed_in(desk: Served) -> None:
    assert desk.browser().get("/today/events").url.path == "/sign-in"
    assert desk.as_role("partner").get("/today/events").status_code == 403
