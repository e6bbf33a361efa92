"""Signing in with an identity provider: a real one, small and on loopback; what it says must hold, and only it is asked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from joserfc.jwk import OctKey, RSAKey

from casework.desk import identity
from casework.desk.settings import IdentityProvider, read_desk
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from tests.casework.desk.conftest import Browser, Served
from tests.casework.desk.provider import Provider, providing


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as found:
        yield found


@pytest.fixture(scope="module")
def with_provider(serve: Callable[[], Served], provider: Provider) -> Served:
    served = serve()
    settings = IdentityProvider(provider.url, provider.client[0], "the council’s sign-in")
    desk = served.app.state.desk
    served.app.state.desk = replace(desk, settings=replace(desk.settings, identity_provider=settings))
    return served


@pytest.fixture(autouse=True)
def as_it_is(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with a provider that says nothing wrong, and the secret that it knows."""
    monkeypatch.setenv(identity.SECRET, provider.client[1])
    provider.person, provider.claims, provider.document, provider.signs_with, provider.algorithm = "a.officer", {}, {}, None, "RS256"
    provider.asked.clear()


def let_in(desk: Served, path: str = "/sign-in/provider?next=/password") -> tuple[Browser, httpx.Response]:
    browser = desk.browser()
    desk.app.state.desk.pace._came.clear()
    return browser, browser.get(path)


def test_whom_the_provider_vouches_for_gets_in_and_where_they_wanted(with_provider: Served, provider: Provider) -> None:
    assert "the council’s sign-in" in with_provider.browser().get("/sign-in").text
    browser, answer = let_in(with_provider)
    assert answer.url.path == "/password" and "A. officer (fictional)" in answer.text
    assert set(provider.asked) == {"/.well-known/openid-configuration", "/authorize", "/token", "/keys"}
    assert "touchstone_away" not in browser.client.cookies
    assert with_provider.store.sign_ins("a.officer")[0][0] == "good"


def test_what_goes_out_is_the_clients_name_and_what_the_provider_gave(with_provider: Served, provider: Provider) -> None:
    let_in(with_provider)
    assert set(provider.forms[-1]) == {"grant_type", "code", "redirect_uri", "code_verifier"} | ({"client_id"} & set(provider.forms[-1]))


def test_state_nonce_and_challenge_are_new_each_time(with_provider: Served) -> None:
    seen: list[dict[str, list[str]]] = []
    for _ in range(2):
        browser = with_provider.browser()
        browser.client.follow_redirects = False
        seen.append(parse_qs(urlsplit(browser.get("/sign-in/provider").headers["location"]).query))
    for name in ("state", "nonce", "code_challenge"):
        assert seen[0][name] != seen[1][name] and len(seen[0][name][0]) >= 32
    assert seen[0]["code_challenge_method"] == ["S256"]


@pytest.mark.parametrize("person", ["nobody.here", "", "system"])
def test_whoever_has_no_account_stays_outside(with_provider: Served, provider: Provider, person: str) -> None:
    provider.person = person
    _, answer = let_in(with_provider)
    assert answer.status_code == 403 and ("no open account here" in answer.text or "did not say who you are" in answer.text)


def test_a_closed_account_stays_outside(with_provider: Served, provider: Provider) -> None:
    provider.person = "a.partner"
    with_provider.store.give_role("a.partner", "", by="a.administrator")
    assert let_in(with_provider)[1].status_code == 403
    with_provider.store.give_role("a.partner", "partner", by="a.administrator")


WRONG = {
    "another issuer": {"iss": "https://evil.example"}, "for another client": {"aud": "another"}, "for several, not us": {"aud": ["touchstone", "another"]},
    "past its time": {"exp": int(time.time()) - 3600}, "without an end": {"exp": None}, "another nonce": {"nonce": "x" * 43}, "no nonce": {"nonce": None},
    "no subject": {"sub": None}, "from the future": {"iat": int(time.time()) + 86400}, "a name that is no text": {"preferred_username": ["a.officer"]},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_token_whose_claims_do_not_hold_lets_nobody_in(with_provider: Served, provider: Provider, what: str) -> None:
    provider.claims = WRONG[what]
    browser, answer = let_in(with_provider)
    assert answer.status_code == 403 and browser.get("/password").url.path == "/sign-in", what


def test_a_token_that_another_key_signed_lets_nobody_in(with_provider: Served, provider: Provider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert let_in(with_provider)[1].status_code == 403
    provider.signs_with, provider.algorithm = OctKey.import_key(provider.client[1]), "HS256"
    assert let_in(with_provider)[1].status_code == 403, "the client's secret is no key of the provider's"
    provider.algorithm = "none"
    assert let_in(with_provider)[1].status_code == 403


def test_a_code_that_was_got_elsewhere_is_not_taken(with_provider: Served) -> None:
    """Login CSRF: the state is bound to the browser that began."""
    mine, theirs = with_provider.browser(), with_provider.browser()
    for browser in (mine, theirs):
        browser.client.follow_redirects = False
    back = httpx.get(theirs.get("/sign-in/provider").headers["location"]).headers["location"]
    assert mine.get(back).status_code == 403
    mine.get("/sign-in/provider")
    assert mine.get(back).status_code == 403
    assert theirs.get(back).status_code == 303
    assert theirs.get(back).status_code == 403, "a code is good once, and so is the cookie"
    again = httpx.get(theirs.get("/sign-in/provider").headers["location"]).headers["location"]
    assert theirs.get(again.partition("&iss=")[0] + "&iss=https%3A%2F%2Fevil.example").status_code == 403


def test_a_provider_without_the_secret_does_not_let_in(with_provider: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.SECRET, "another")
    assert let_in(with_provider)[1].status_code == 403


@pytest.mark.parametrize("document", [
    {"issuer": "http://127.0.0.1:1"}, {"token_endpoint": "http://169.254.169.254/token"}, {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": "https://evil.example/"},
    {"token_endpoint": None}, {"authorization_endpoint": "javascript:alert(1)"},
])  # fmt: skip
def test_a_discovery_document_leads_nowhere_but_to_the_issuer(
    with_provider: Served, provider: Provider, document: dict[str, object]
) -> None:
    provider.document = document
    answer = let_in(with_provider)[1]
    assert (
        answer.status_code == 502
        and answer.url.path == "/sign-in/provider"
        and set(provider.asked) == {"/.well-known/openid-configuration"}
    )


def test_a_provider_that_does_not_answer_leaves_the_password(serve: Callable[[], Served]) -> None:
    served = serve()
    desk = served.app.state.desk
    gone = IdentityProvider("http://127.0.0.1:9", "touchstone", "the council’s sign-in")
    served.app.state.desk = replace(desk, settings=replace(desk.settings, identity_provider=gone))
    browser = served.browser()
    answer = browser.get("/sign-in/provider")
    assert answer.status_code == 502 and "Use a password" in answer.text
    assert browser.sign_in("a.officer").url.path == "/"


def test_after_signing_in_nobody_is_led_elsewhere(with_provider: Served) -> None:
    assert let_in(with_provider, "/sign-in/provider?next=https://evil.example/")[1].url.path == "/"


def test_as_shipped_there_is_no_provider(desk: Served) -> None:
    assert (
        desk.browser().get("/sign-in/provider").status_code == 404
        and desk.browser().get("/sign-in/provider/back?code=x").status_code == 404
    )
    assert "/sign-in/provider" not in desk.browser().get("/sign-in").text


@pytest.mark.parametrize("changed, why", [
    ({"issuer": "http://login.example.org"}, "https: what it says would be read"), ({"issuer": "login.example.org"}, "is no address"), ({"issuer": "https://me:pw@login.example.org"}, "is no address"),
    ({"scopes": ["profile"]}, "openid is one of them"), ({"client_id": ""}, "client_id"), ({"secret": "x"}, "secret"),
])  # fmt: skip
def test_settings_that_do_not_hold_are_refused(desk: Served, tmp_path: object, changed: dict[str, object], why: str) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    shutil.copytree(desk.home.folder / "configs", folder / "configs")
    path = folder / "configs" / "desk.yml"
    said = {
        **yaml.safe_load(path.read_text()),
        "identity_provider": {"issuer": "https://login.example.org", "client_id": "t", "title": "x", **changed},
    }
    path.write_text(yaml.safe_dump(said))
    with pytest.raises(ConfigError, match=why):
        read_desk(Home(folder))


def test_an_email_that_is_not_vouched_for_is_no_name(provider: Provider) -> None:
    settings = IdentityProvider(provider.url, provider.client[0], "x", claim="email")
    way = identity.begun()
    with httpx.Client() as browser:
        back = browser.get(identity.address(settings, way, "http://127.0.0.1/back")).headers["location"]
        given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    provider.claims = {"email": "a.officer"}
    with pytest.raises(TouchstoneError, match="does not vouch for that address"):
        identity.who(settings, way, "http://127.0.0.1/back", given)
