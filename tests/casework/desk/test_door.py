"""The door of the desk: who gets in, who does not, and what every answer carries."""

from __future__ import annotations

import re

import httpx
import pytest

from casework.desk import people
from casework.desk.settings import SignInRules
from tests.casework.desk.conftest import PASSWORD, Served, token_in


def test_whoever_is_not_signed_in_is_led_to_the_door_and_back(desk: Served) -> None:
    browser = desk.browser()
    page = browser.get("/password?x=1")
    assert page.url.path == "/sign-in" and "next=%2Fpassword%3Fx%3D1" in str(page.url)
    after = browser.post("/sign-in", {"name": "a.officer", "password": PASSWORD, "next": "/password?x=1"}, on="/sign-in")
    assert str(after.url).endswith("/password?x=1") and after.status_code == 200


@pytest.mark.parametrize(
    "name, password", [("a.officer", "not the password"), ("nobody.here", PASSWORD), ("", ""), ("a.officer", "x" * 5000)]
)
def test_a_wrong_name_or_password_gets_the_same_sentence(desk: Served, name: str, password: str) -> None:
    answer = desk.browser().sign_in(name, password)
    assert answer.status_code == 403 and "That name and password do not go together." in answer.text


def test_a_name_is_found_however_it_is_written(desk: Served) -> None:
    assert desk.browser().sign_in(" A.Officer ").url.path == "/"


def test_too_many_wrong_passwords_make_the_account_wait_and_unlock_ends_that(own_desk: Served) -> None:
    browser, rules = own_desk.browser(), own_desk.app.state.desk.settings.sign_in
    for _ in range(rules.refusals):
        browser.sign_in("a.officer", "wrong wrong wrong")
    assert "That account waits" in browser.sign_in("a.officer").text
    from store.accounts import SignIn

    own_desk.store.note_sign_in("a.officer", SignIn.unlocked)
    assert browser.sign_in("a.officer").url.path == "/"


def test_an_address_that_tries_too_often_waits_whatever_the_names(own_desk: Served) -> None:
    browser = own_desk.browser()
    own_desk.app.state.desk.pace.most = 3
    answers = [browser.sign_in(f"nobody.{n}", "wrong wrong wrong").status_code for n in range(5)]
    assert answers == [403, 403, 403, 429, 429]


def test_a_form_without_this_browsers_token_is_refused(desk: Served) -> None:
    officer = desk.as_role("officer")
    for data in ({}, {"csrf": "0" * 64}, {"csrf": token_in(desk.as_role("supervisor").get("/password").text)}):
        answer = officer.client.post("/reason", data={"why": "complaint 1", **data})
        assert answer.status_code == 403 and "was not sent" in answer.text
    fine = officer.post("/reason", {"why": "complaint 1"})
    assert fine.status_code == 200 and "Working on: complaint 1" in fine.text


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
def test_a_form_that_another_site_sends_is_refused_even_with_the_token(desk: Served, headers: dict[str, str]) -> None:
    assert desk.as_role("officer").post("/reason", {"why": "x"}, headers=headers).status_code == 403


def test_a_token_from_before_the_sign_in_is_worth_nothing_after_it(desk: Served) -> None:
    """Session fixation: whatever the browser held, signing in makes a new token."""
    browser = desk.browser()
    browser.client.cookies.set("touchstone", "chosen-by-somebody-else", domain="127.0.0.1")
    browser.sign_in("a.officer")
    assert browser.client.cookies.get("touchstone") not in (None, "chosen-by-somebody-else")
    thief = desk.browser()
    thief.client.cookies.set("touchstone", "chosen-by-somebody-else", domain="127.0.0.1")
    assert thief.get("/").url.path == "/sign-in"


def test_signing_out_ends_the_session_on_the_server(desk: Served) -> None:
    officer = desk.as_role("officer")
    stolen = officer.client.cookies.get("touchstone")
    officer.post("/sign-out")
    thief = desk.browser()
    thief.client.cookies.set("touchstone", stolen or "", domain="127.0.0.1")
    assert thief.get("/").url.path == "/sign-in"


def test_another_role_and_a_closed_account_end_the_session(own_desk: Served) -> None:
    officer = own_desk.as_role("officer")
    own_desk.store.give_role("a.officer", "reviewer", by="a.administrator")
    assert officer.get("/").url.path == "/sign-in"
    officer.sign_in("a.officer")
    own_desk.store.give_role("a.officer", "", by="a.administrator")
    assert officer.get("/").url.path == "/sign-in"
    assert officer.sign_in("a.officer").status_code == 403


def test_a_session_ends_when_it_is_not_used(desk: Served) -> None:
    from datetime import UTC, datetime, timedelta

    officer = desk.as_role("officer")
    token = people.digest(officer.client.cookies.get("touchstone") or "")
    now = datetime.now(UTC)
    assert desk.store.session(token, idle_since=now - timedelta(minutes=1)) is not None
    assert desk.store.session(token, idle_since=now + timedelta(seconds=1)) is None


def test_a_first_password_is_changed_before_anything_else(own_desk: Served) -> None:
    rules = own_desk.app.state.desk.settings.sign_in
    people.set_password(own_desk.store, "a.officer", "given-by-somebody-else", rules, temporary=True, by="a.administrator")
    browser = own_desk.browser()
    assert browser.sign_in("a.officer", "given-by-somebody-else").url.path == "/password"
    assert browser.get("/").url.path == "/password"
    new = "marigold-funnel-otter"
    assert browser.post("/password", {"old": "given-by-somebody-else", "new": new, "again": new}).url.path == "/"
    assert own_desk.browser().sign_in("a.officer", new).url.path == "/"


@pytest.mark.parametrize("password, why", [
    ("short", "at least 12"), ("password1234", "many people use"), ("abcabcabcabc", "one thing repeated"), ("aaaaaaaaaaaaaaaa", "one thing repeated"),
    ("touchstone2026", "your own name"), ("rosalind.fern", "your own name"), ("x" * 201, "at most 200"),
])  # fmt: skip
def test_a_password_that_would_be_guessed_is_refused_with_the_reason(password: str, why: str) -> None:
    assert why in people.complaint(password, SignInRules(), "rosalind.fern", "Rosalind Fern (fictional)")


def test_three_words_a_sentence_and_what_is_pasted_are_passwords() -> None:
    for password in ("lantern orchard thimble", "Über den Wolken 7", "J8$kq0Zr!pLm2v", people.new_password(SignInRules())):
        assert not people.complaint(password, SignInRules(), "a.officer")


PAGES = ["/", "/sign-in", "/password", "/nothing-here", "/assets/desk.css", "/assets/nothing", "/vendor/htmx/htmx.min.js"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_headers_and_no_page_has_anything_inline(desk: Served, path: str) -> None:
    for browser in (desk.browser(), desk.as_role("officer")):
        answer = browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"] == "DENY"
        if answer.headers["content-type"].startswith("text/html"):
            assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:|https?://(?!127\.0\.0\.1)", answer.text)


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(desk: Served) -> None:
    browser = desk.browser()
    browser.client.follow_redirects = False
    set_cookie = browser.sign_in("a.officer").headers.get_list("set-cookie")
    [session] = [c for c in set_cookie if c.startswith("touchstone=")]
    assert "HttpOnly" in session and "SameSite=lax" in session.replace("Lax", "lax")


def test_behind_tls_cookies_are_sent_over_tls_only(desk: Served) -> None:
    from starlette.testclient import TestClient

    with TestClient(desk.app, base_url="https://127.0.0.1") as client:
        answer = client.get("/sign-in")
        assert "secure" in answer.headers["set-cookie"].lower() and "strict-transport-security" in answer.headers


def test_behind_a_prefix_every_address_has_it_once(desk: Served) -> None:
    from starlette.testclient import TestClient

    with TestClient(desk.app, base_url="http://127.0.0.1", root_path="/touchstone") as client:
        page = client.get("/touchstone/password?x=1")
        assert page.url.path == "/touchstone/sign-in" and page.url.params["next"] == "/password?x=1"
        form = {"csrf": token_in(page.text), "name": "a.officer", "password": PASSWORD, "next": "/password?x=1"}
        page = client.post("/touchstone/sign-in", data=form)
        assert page.url.path == "/touchstone/password" and page.status_code == 200
        addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
        assert addresses and all(a.startswith("/touchstone/") and "/touchstone/touchstone" not in a for a in addresses)
        assert client.get("/touchstone/assets/desk.css").headers["cache-control"] == "no-cache"


def test_a_host_that_is_not_ours_is_not_answered(desk: Served) -> None:
    """DNS rebinding: a page of another site that resolves to this machine."""
    assert httpx.get(desk.url + "/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(desk: Served) -> None:
    officer = desk.as_role("officer")
    assert officer.client.post("/reason", data={"why": "x" * 2_000_000}).status_code == 413

    def stream():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b"a" * 65536

    with _any_refusal():
        answer = officer.client.post("/reason", content=stream(), headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code in (400, 403, 413)


class _any_refusal:
    """A connection that is cut is a refusal as good as a status."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, httpx.TransportError)


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/%0d%0aSet-Cookie:x", "javascript:alert(1)"]
)
def test_after_signing_in_nobody_is_led_elsewhere(desk: Served, to: str) -> None:
    browser = desk.browser()
    browser.client.follow_redirects = False
    where = browser.post("/sign-in", {"name": "a.officer", "password": PASSWORD, "next": to}, on="/sign-in").headers["location"]
    assert where.startswith("/") and not where.startswith(("//", "/\\")) and "\n" not in where
