"""The role × action matrix: every cell of configs/desk.yml is tested against the desk as it answers, whatever pages it has.

A page that comes later is walked without being named here; it fails where it names no action, where it takes a form without a token, or where it
shows people's data and leaves no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from casework.desk import people
from casework.desk.keys import ACTIONS, Keyed
from casework.desk.own import key_of
from casework.desk.settings import Action, Role
from casework.desk.visit import TOKEN, Allowed, Forbidden
from store.words.records import Case, SubjectKind
from tests.casework.desk.conftest import Browser, Served, token_in

# Routes that anybody may ask for, and why.
PUBLIC = {
    "/sign-in": "the door", "/sign-in/provider": "the door, by way of the identity provider", "/sign-in/provider/back": "back from there",
    "/api/v1/openapi.json": "the schema, which is the same wherever the desk runs",
}  # fmt: skip
# Routes for whoever is signed in, about themselves alone.
OWN = {"/sign-out", "/password", "/reason"}
# Pages that show nothing of anybody: forms to fill in, comparison goods, acts by their rows' numbers, and facts about the system itself.
IMPERSONAL = {
    "/operations", "/operations/{name}", "/sources", "/sources/new", "/sources/{name}", "/people/new", "/log/export", "/accuracy", "/tokens/reading", "/exports",
    "/listings/picture", "/cases/{key}/disclosure/edition", "/cases/{key}/disclosure/copy", "/cases/{key}/exhibits/add", "/cases/{key}/exhibits/item",
    "/cases/{key}/export", "/cases/{key}/export/start", "/cases/new", "/holds/new", "/proposals", "/proposals/erasure", "/references/pictures",
    "/references/prices", "/references/{number:int}/remove", "/references/brands", "/referrals/kinds", "/sightings/new", "/today/events",
}  # fmt: skip
# What a page shows within itself: the page's own event names the pictures.
WITHIN = {"/pictures/{sha256}/beside/{other}"}
CASE = "C-1"
SAMPLES: dict[str, str] = {
    "name": "demo_shop",
    "key": key_of(CASE),
    "kind": "offence",
    "exhibit": "1",
}  # what stands in a path's parameters; else 1
# Pages of one thing that must be among those that were looked at: the market has such a thing, and `samples` makes a case.
MUST = {"/cases/{key}", "/cases/{key}/exhibits", "/cases/{key}/file", "/captures/{number}", "/pictures/{sha256}", "/listings/{source}/{ref:path}", "/premises/{number:int}"}  # fmt: skip


def routes(desk: Served) -> Iterator[tuple[APIRoute, str]]:
    """Every route of the desk with each of its methods."""
    for route in desk.app.routes:
        for inner in _within(route):
            yield from ((inner, method) for method in sorted(inner.methods - {"HEAD"}))


def _within(route: Any) -> Iterator[APIRoute]:
    if isinstance(route, APIRoute):
        yield route
    for inner in getattr(getattr(route, "original_router", None), "routes", ()) or ():
        yield from _within(inner)


def guards(route: APIRoute) -> list[Any]:
    """The dependencies of ours that stand before a route."""
    found, todo = [], [route.dependant]
    while todo:
        one = todo.pop()
        if isinstance(one.call, Allowed | Keyed):
            found.append(one.call)
        todo += one.dependencies
    return found


def action_of(route: APIRoute) -> Action | None:
    return next((each.action for each in guards(route) if isinstance(each, Allowed)), None)


def at(path: str) -> str:
    named = {**SAMPLES, "number": SAMPLES.get("capture", "1")} if path.startswith("/captures/") else SAMPLES
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: named.get(found[1], "1"), path)


@pytest.fixture(scope="module")
def browsers(desk: Served) -> dict[Role, Browser]:
    desk.app.state.desk.pace.most = 1000
    found = {role: desk.as_role(role) for role in Role}
    for browser in found.values():
        browser.client.follow_redirects = False
    return found


@pytest.fixture(scope="module")
def samples(desk: Served) -> None:
    """A case with an exhibit, and the numbers and names of things that the market has."""
    desk.store.open_case(Case(CASE, desk.home.settings.authority.code, "Bags"), actor="a.officer")
    desk.store.exhibit(CASE, SubjectKind.listing, 1, initials="AO", description="advert", actor="a.officer")
    with desk.store.acting("system", purpose="test") as reader:
        [one] = reader.summaries(limit=1)
        picture = reader.pictures(limit=1)[0].image.sha256
    SAMPLES.update(source=one.listing.source, ref=one.listing.ref, sha256=picture, other=picture, capture=str(one.capture))


def test_the_walk_finds_the_routes(desk: Served) -> None:
    paths = {route.path for route, _ in routes(desk)}
    assert {"/", "/sign-in", "/people", "/log", "/api/v1/listings/{number}"} <= paths and len(paths) > 25


def test_every_route_but_the_public_ones_asks_who_it_is(desk: Served) -> None:
    for route, method in routes(desk):
        if route.path in PUBLIC:
            assert not guards(route), f"{route.path} is guarded: take it out of PUBLIC"
            continue
        [guard] = guards(route)
        assert route.path.startswith("/api/") == isinstance(guard, Keyed), route.path
        if isinstance(guard, Allowed):
            assert (guard.action is None) == (route.path in OWN), f"{method} {route.path} names no action"
    assert PUBLIC.keys() | OWN <= {route.path for route, _ in routes(desk)}, "these are no routes any more"


def test_every_action_has_a_page(desk: Served) -> None:
    assert {action for route, _ in routes(desk) if (action := action_of(route))} == set(Action)


def test_every_action_of_the_table_is_somebodys_and_every_role_has_some(desk: Served) -> None:
    table = desk.app.state.desk.settings.actions
    assert set(table) == set(Action) and all(table.values())
    assert {role for roles in table.values() for role in roles} == set(Role)


def test_every_cell_of_the_matrix_answers_as_the_table_says(desk: Served, browsers: dict[Role, Browser]) -> None:
    """Each action × each role at each route that names it. Refusals are asked for over the wire, of every method; what is allowed is asked of the guard
    itself, which is all that stands between the request and the page, so that no form is carried out by the hundred."""
    settings, tested = desk.app.state.desk.settings, set()
    tokens = {role: token_in(browser.get("/password").text) for role, browser in browsers.items()}
    for route, method in routes(desk):
        action = action_of(route)
        if action is None:
            continue
        [guard] = guards(route)
        for role in Role:
            tested.add((action, role))
            if settings.may(role, action):
                assert guard(_request(desk, browsers[role], route.path), None).account.role == role, (action, role)
                continue
            with pytest.raises(Forbidden):
                guard(_request(desk, browsers[role], route.path), None)
            answer = browsers[role].client.request(method, at(route.path), **({"data": {"csrf": tokens[role]}} if method == "POST" else {}))
            if route.path == "/":  # whoever has no first page is led to the first that they have
                assert answer.status_code == 303 and answer.headers["location"] != "/", role
                continue
            assert answer.status_code == 403 and "Your role may not do this" in answer.text, (method, route.path, role, answer.status_code)
    assert len(tested) == len(Action) * len(Role), "100 % of the cells"


def _request(desk: Served, browser: Browser, path: str) -> Any:
    from starlette.requests import Request

    cookie = f"{TOKEN}={browser.client.cookies.get(TOKEN)}".encode()
    return Request({"type": "http", "method": "GET", "path": path, "headers": [(b"cookie", cookie)], "app": desk.app, "query_string": b""})


def test_what_a_role_may_not_do_is_not_offered_to_it(desk: Served, browsers: dict[Role, Browser]) -> None:
    """No link and no form of the first pages leads a role to where it is refused."""
    actions = [
        (re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route.path)) + "$"), method, action_of(route))
        for route, method in routes(desk)
    ]
    pages = [
        route.path
        for route, method in routes(desk)
        if method == "GET" and "{" not in route.path and action_of(route) and route.path != "/today/events"
    ]
    for role, browser in browsers.items():
        for path in pages:
            answer = browser.get(path)
            if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
                continue
            offered = [("GET", href) for href in re.findall(r'<a [^>]*href="(/[^"#?]*)', answer.text)]
            offered += [("POST", href) for href in re.findall(r'<form method="post" action="(/[^"?]*)', answer.text)]
            for method, href in offered:
                for pattern, of, action in actions:
                    if of == method and pattern.match(href) and action is not None and href != "/":
                        assert desk.app.state.desk.settings.may(role, action), f"{role} is offered {method} {href} on {path}"
                        break


def test_every_form_is_refused_without_this_browsers_token(desk: Served, browsers: dict[Role, Browser]) -> None:
    settings = desk.app.state.desk.settings
    stolen = token_in(browsers[Role.partner].get("/password").text)
    for route, method in routes(desk):
        if method == "GET":
            continue
        action = action_of(route)
        role = next((r for r in Role if action is None or settings.may(r, action)), None)
        assert role is not None
        browser = browsers[role if role is not Role.partner else Role.analyst] if action is None else browsers[role]
        for data in ({}, {"csrf": "0" * 64}, *([{"csrf": stolen}] if browser is not browsers[Role.partner] else [])):
            answer = browser.client.request(method, at(route.path), data=data)
            assert answer.status_code == 403 and "was not sent" in answer.text, (method, route.path, role)


def test_nobody_who_is_not_signed_in_gets_past_the_door(desk: Served) -> None:
    with httpx.Client(base_url=desk.url, timeout=30) as nobody:
        for route, method in routes(desk):
            if route.path in PUBLIC:
                continue
            answer = nobody.request(method, at(route.path))
            led = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            assert led or (answer.status_code == 401 and route.path.startswith("/api/")), (method, route.path, answer.status_code)


def test_every_page_that_shows_people_leaves_an_event_with_whoever_looked(
    desk: Served, browsers: dict[Role, Browser], samples: None
) -> None:
    settings, looked, silent, wrong = desk.app.state.desk.settings, set(), [], []
    for route, method in routes(desk):
        action = action_of(route)
        if method != "GET" or action is None or route.path in IMPERSONAL | WITHIN:
            continue
        role = next(r for r in Role if settings.may(r, action))
        before = desk.store.log_head()[0]
        answer = browsers[role].get(at(route.path) + ("?name=a.officer" if route.path == "/people/account" else ""))
        if answer.status_code in (303, 404, 422):
            continue  # nothing of that name is in this store, or the form wants more: nothing was shown
        looked.add(route.path)
        if answer.status_code != 200:
            wrong.append((route.path, answer.status_code))
        elif not [e for e in desk.store.log(before) if e.body["actor"] == f"a.{role}"]:
            silent.append(route.path)
    assert not wrong, f"these did not answer: {wrong}"
    assert not silent, f"these show people and leave no event: {silent}"
    assert not MUST - looked, f"these were not looked at: {MUST - looked}"


def test_a_tokens_scopes_are_actions_that_its_person_must_have(desk: Served) -> None:
    from tests.casework.desk.test_api import client, token_of

    settings = desk.app.state.desk.settings
    for role in Role:
        _, token = token_of(desk, account=f"a.{role}")
        with client(desk, token) as program:
            for route, _ in routes(desk):
                for guard in guards(route):
                    if isinstance(guard, Keyed):
                        status = program.get(at(route.path).removeprefix("/api/v1")).status_code
                        assert (status != 403) == settings.may(role, ACTIONS[guard.scope]), (role, route.path, status)


def test_a_session_says_its_role_at_each_request_anew(desk: Served) -> None:
    """The guard reads the account each time; a role in a cookie there is none."""
    officer = desk.as_role("officer")
    found = people.session_of(desk.store, desk.app.state.desk.settings.sign_in, officer.client.cookies.get(TOKEN) or "")
    assert found and found[1].role == "officer" and "officer" not in str(officer.client.cookies.get(TOKEN))
