"""The read API: tokens and their scopes, pages by key, what is never told, its schema, and no request that it cannot answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from casework.desk import keys, people
from casework.desk.keys import Scope
from casework.desk.pages.api import schema
from store.words.records import Actor, Authority, Case
from tests.casework.desk.conftest import Served

NEVER = ("sighting", "informant")


def token_of(desk: Served, *scopes: Scope, account: str = "a.supervisor", days: float = 1) -> tuple[int, str]:
    token = keys.new_token()
    until = datetime.now(UTC) + timedelta(days=days)
    number = desk.store.open_token(account, "a test", people.digest(token), scopes or list(Scope), until, by=account)
    return number, token


def client(desk: Served, token: str = "") -> httpx.Client:
    return httpx.Client(base_url=desk.url + "/api/v1", headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=30)


@pytest.fixture(scope="module")
def program(desk: Served) -> Iterator[httpx.Client]:
    with client(desk, token_of(desk)[1]) as found:
        yield found


def pages(program: httpx.Client, path: str, key: str = "after", **more: object) -> list[dict[str, object]]:
    found, at = [], None
    while True:
        answer = program.get(path, params={"limit": 7, **more, **({key: at} if at is not None else {})})  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if (at := answer.json()["next"]) is None:
            return found


def test_listings_come_in_pages_each_once(desk: Served, program: httpx.Client) -> None:
    found = pages(program, "/listings")
    assert [each["id"] for each in found] == sorted({each["id"] for each in found}) and len(found) == desk.store.counts()["listings"] > 20
    only = pages(program, "/listings", source="demo_shop")
    assert {each["source"] for each in only} == {"demo_shop"} and 0 < len(only) < len(found)


def test_one_listing_has_its_flag_and_its_findings_for_and_against(program: httpx.Client) -> None:
    flagged = next(each for each in pages(program, "/listings") if each["level"] == "priority")
    one = program.get(f"/listings/{flagged['id']}").json()
    assert (
        one["flag"]["level"] == "priority"
        and one["findings"]
        and {f["direction"] for f in one["findings"]} <= {"suspicious", "exculpatory"}
    )
    assert sum(c["points"] for c in one["flag"]["contributions"]) == pytest.approx(one["flag"]["score"], abs=0.6)
    assert program.get("/listings/999999999").status_code == 404


@pytest.mark.parametrize("path", ["/sellers", "/premises", "/cases", "/sources", "/runs"])
def test_the_others_are_listed_too(program: httpx.Client, path: str) -> None:
    answer = program.get(path)
    assert answer.status_code == 200 and (answer.json()["items"] or path == "/cases")
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"


def test_runs_come_newest_first_and_in_pages(program: httpx.Client) -> None:
    found = pages(program, "/runs", "before")
    assert len(found) > 7 and [r["started_at"] for r in found] == sorted((r["started_at"] for r in found), reverse=True)  # type: ignore[type-var]


def test_what_somebody_told_is_in_no_answer(own_desk: Served) -> None:
    from tests.casework.desk.conftest import touchstone

    touchstone(
        own_desk.home.folder, "sighting", "add", "--told", "public", "--note", "zqbag by the bridge", "--seller", "zqtold", "--place", "zqbridge",
        "--informant-name", "zqinformant", "--by", "a.officer",
    )  # fmt: skip
    with own_desk.store.acting("a.officer", purpose="test") as reader:
        told = reader.sightings()[0].listing
    with client(own_desk, token_of(own_desk)[1]) as program:
        every = " ".join(str(pages(program, path)) for path in ("/listings", "/sellers", "/premises"))
        assert "zq" not in every and program.get(f"/listings/{told}").status_code == 404


# -- who may -------------------------------------------------------------------------------------------------------------------
def test_without_a_living_token_nothing_is_answered_and_a_cookie_is_none(own_desk: Served) -> None:
    with client(own_desk) as nobody:
        assert nobody.get("/listings").status_code == 401 and nobody.get("/listings").headers["www-authenticate"] == "Bearer"
    signed_in = own_desk.as_role("supervisor")
    assert signed_in.get("/api/v1/listings").status_code == 401
    for token in ("", "touchstone_wrong", "Bearer", "x" * 5000):
        with client(own_desk, token) as wrong:
            assert wrong.get("/listings").status_code == 401
    number, token = token_of(own_desk)
    with client(own_desk, token) as program:
        assert program.get("/listings").status_code == 200
        own_desk.store.end_token(number, by="a.administrator")
        assert program.get("/listings").status_code == 401
    number, token = token_of(own_desk, days=0.000005)
    with client(own_desk, token) as past:
        import time

        time.sleep(1)
        assert past.get("/listings").status_code == 401


def test_a_scope_and_the_persons_role_are_both_asked(own_desk: Served) -> None:
    with client(own_desk, token_of(own_desk, Scope.sources)[1]) as program:
        assert program.get("/sources").status_code == 200 and program.get("/listings").status_code == 403
    with client(own_desk, token_of(own_desk, account="a.officer")[1]) as program:
        assert program.get("/cases").status_code == 200
        own_desk.store.give_role("a.officer", "partner", by="a.administrator")
        assert program.get("/cases").status_code == 403 and program.get("/listings").status_code == 200
        own_desk.store.give_role("a.officer", "", by="a.administrator")
        assert program.get("/listings").status_code == 401


def test_each_request_is_an_event_with_the_tokens_person(own_desk: Served) -> None:
    number, token = token_of(own_desk)
    with client(own_desk, token) as program:
        first = program.get("/listings?limit=1").json()["items"][0]["id"]
        for path in ("/listings?limit=3", f"/listings/{first}", "/sellers", "/premises", "/cases", "/runs", "/sources"):
            before = own_desk.store.log_head()[0]
            assert program.get(path).status_code == 200
            [event] = own_desk.store.log(before)
            assert event.body["actor"] == "a.supervisor" and event.body["purpose"] == "api", path
            assert event.body["justification"] == f"token {number}: a test" and (event.body["subjects"] or event.body["detail"]["asked"])


def test_so_many_requests_a_minute(own_desk: Served) -> None:
    with client(own_desk, token_of(own_desk)[1]) as program:
        program.get("/sources")
        own_desk.app.state.api_pace.most = 3
        assert [program.get("/sources").status_code for _ in range(4)] == [200, 200, 429, 429]
        assert program.get("/sources").headers["retry-after"] == "60"
    with client(own_desk, token_of(own_desk)[1]) as another:
        assert another.get("/sources").status_code == 200


def test_another_authoritys_token_reads_none_of_this_ones_cases_runs_and_sources(own_desk: Served) -> None:
    code = own_desk.home.settings.authority.code
    own_desk.store.open_case(Case("C-ours", code, "Ours"), actor="a.officer")
    own_desk.store.keep_authority(Authority("other", "Other Council", "England and Wales"))
    own_desk.store.keep_actor(Actor("b.other", "other", "B.", "officer"))
    own_desk.store.open_account("b.other", "supervisor", by="system")
    with client(own_desk, token_of(own_desk)[1]) as ours, client(own_desk, token_of(own_desk, account="b.other")[1]) as theirs:
        assert [each["reference"] for each in ours.get("/cases").json()["items"]] == ["C-ours"]
        for path in ("/cases", "/runs", "/sources"):
            assert theirs.get(path).json()["items"] == []


# -- the desk's page of tokens -------------------------------------------------------------------------------------------------
def test_a_token_is_made_for_oneself_shown_once_and_ended(own_desk: Served) -> None:
    supervisor = own_desk.as_role("supervisor")
    made = supervisor.post("/tokens", {"name": "nightly <list>", "days": "30", "scopes": ["listings", "runs"]}, on="/tokens")
    found = re.search(r"<code>(touchstone_[\w-]{43})</code>", made.text)
    assert found and found[1] not in supervisor.get("/tokens").text and "nightly &lt;list&gt;" in supervisor.get("/tokens").text
    [kept] = own_desk.store.tokens(own_desk.home.settings.authority.code)
    assert kept.account == "a.supervisor" and kept.scopes == ("listings", "runs")
    database = (own_desk.home.folder / "var/touchstone.db").read_bytes()
    assert found[1].encode() not in database
    with client(own_desk, found[1]) as program:
        assert program.get("/listings").status_code == 200
        own_desk.as_role("administrator").post(f"/tokens/{kept.id}/end", on="/tokens")
        assert program.get("/listings").status_code == 401
    assert supervisor.post("/tokens/999/end", on="/tokens").status_code == 404


@pytest.mark.parametrize("given, why", [
    ({"name": "", "days": "3", "scopes": "runs"}, "say what the token is for"), ({"name": "x", "days": "0", "scopes": "runs"}, "lives from 1 to"),
    ({"name": "x", "days": "99999", "scopes": "runs"}, "lives from 1 to"), ({"name": "x", "days": "3"}, "a token without a scope"),
    ({"name": "x", "days": "3", "scopes": "listings"}, "Your role may not read listings"), ({"name": "x", "days": "3", "scopes": "sightings"}, "Your role may not read sightings"),
])  # fmt: skip
def test_a_token_that_cannot_be_is_refused_with_the_reason(desk: Served, given: dict[str, object], why: str) -> None:
    answer = desk.as_role("administrator").post("/tokens", given, on="/tokens")
    assert answer.status_code == 400 and why in answer.text


# -- the schema ----------------------------------------------------------------------------------------------------------------
def test_the_schema_says_its_version_and_names_nothing_that_was_told(desk: Served) -> None:
    said = httpx.get(desk.url + "/api/v1/openapi.json")
    assert said.status_code == 200 and said.json() == schema() and said.json()["info"]["version"] == "1.0"
    paths = said.json()["paths"]
    assert set(paths) == {
        f"/api/v1/{each}" for each in ("listings", "listings/{number}", "sellers", "premises", "cases", "runs", "sources")
    }
    assert not [name for name in NEVER for path in paths if name in path] and all(set(of) == {"get"} for of in paths.values())
    page = desk.as_role("supervisor").get("/tokens/reading").text
    assert all(f"GET {path}" in page for path in paths) and "requests a minute" in page


def test_no_request_that_schemathesis_thinks_of_is_a_server_error(own_desk: Served) -> None:
    """Each answer is one that the schema documents, in the shape that it documents."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

    _, token = token_of(own_desk)
    with client(own_desk, token) as program:
        assert program.get("/sources").status_code == 200
    own_desk.app.state.api_pace.most = 100_000
    loaded = schemathesis.openapi.from_url(own_desk.url + "/api/v1/openapi.json")
    seen = 0
    for found in loaded.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), database=None)
        def answers(case: schemathesis.Case) -> None:
            nonlocal seen
            seen += 1
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"},
                checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance],
            )

        answers()
    assert seen >= 60
