"""The attacks that the desk must withstand, over a store in which every word that anybody wrote is one (hostile.py). Where each is tested:

| attack | tests |
| --- | --- |
| stored and reflected XSS (CWE-79), templates (CWE-1336) | here, over every text of every table and every page; test_attacks_browser.py; by forms: test_cases_attacks.py, test_tips.py |
| CSRF (CWE-352) | test_roles.py, every form; test_door.py, other sites; test_tips.py |
| IDOR between authorities (CWE-639) | here, every page; test_cases_attacks.py, every address and form of a case; test_premises.py, test_tips.py, test_api.py |
| path and header injection in downloads (CWE-22, CWE-113) | here, every file that leaves; test_cases_attacks.py, names of cases and files |
| session fixation, brute force, cookies, headers | test_door.py |
| uploads: script, bomb, polyglot (CWE-434, CWE-409) | test_cases_attacks.py, test_tips.py, test_pictures.py |
| SSRF (CWE-918) | test_tips.py, what a tip says is asked for by nobody; test_admin.py, trying a source |
| SQL in filters (CWE-89) | here, every parameter of every address |
| clickjacking (CWE-1021) | test_door.py, the headers; test_attacks_browser.py, in a frame |
| open redirects (CWE-601) | here, every parameter that says where to go; test_door.py |
| the API against its schema | test_api.py, schemathesis |
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from fastapi.routing import APIRoute

from casework.desk.own import key_of
from casework.desk.showing import listing_path
from store.words.casefile import EntryKind
from store.words.drafts import DraftKind
from tests.casework.desk.conftest import Browser, Served
from tests.casework.desk.hostile import ATTACK, INLINE, MARKER, harm, poisoned
from tests.casework.desk.test_roles import PUBLIC, action_of, routes
from tests.casework.test_referrals import CASE, MARKERS, NEVER

STREAMS = ("/today/events", "/cases/{key}/export/{number:int}/events")  # they do not end; test_today.py and test_cases.py read them
QUERIES = {"/people/account": "?name=a.officer", "/follow-ups/new": "?kind=visit&premises=2", "/operations": "", "/cases/put": "?kind=listing&source=x&ref=1"}  # fmt: skip
NUMBERS = [str(n) for n in range(1, 5)]
WALKERS = ("supervisor", "officer", "disclosure_officer", "administrator")
# Pages of things that this store lacks: pictures, a rendered page, an evidence pack, a photo that is asked for. The tests of those pages show them hostile names.
LACKING = {
    "/captures/{number}/screenshot", "/cases/{key}/export/{number:int}", "/cases/{key}/export/{number:int}/pack.zip", "/listings/picture/{token}",
    "/listings/picture/{token}/beside/{sha256}", "/listings/picture/{token}/own", "/pictures/{sha256}", "/pictures/{sha256}/beside/{other}",
    "/sightings/{number:int}/pictures/{file:int}",
}  # fmt: skip

# Texts of the store that no page shows: addresses of those who told (below, by a form), and what only the command line lists.
ON_NO_PAGE = {"zqedition", "zqexamination", "zqinformant", "zqinformantnote", "zqlicence", "zqlookup", "zqmethoddetail", "zqrefusal", "zqrunmessage", "zqsourcehow", "zqsourceurn", "zqsourcewho", "zqunread", "zqviewreason", "zqworkingon"}  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with poisoned(tmp_path_factory.mktemp("hostile") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def people(desk: Served) -> dict[str, Browser]:
    """One of each role that walks, of the store's own authority; what they work on is an attack too."""
    found = {role: desk.as_role(role) for role in WALKERS}
    for browser in found.values():
        browser.post("/reason", {"why": f"zqreason{ATTACK}"[:300]})
    return found


def column(desk: Served, query: str) -> list[str]:
    with closing(sqlite3.connect(desk.home.path("var/touchstone.db"))) as c:
        return [str(row[0]) for row in c.execute(query)]


def pages(desk: Served) -> list[APIRoute]:
    """Every page, without the API, whose answers are JSON to the schema, and the door."""
    return [r for r, method in routes(desk) if method == "GET" and r.path not in STREAMS and not r.path.startswith("/api/") and r.path not in PUBLIC]  # fmt: skip


def addresses(desk: Served, route: APIRoute) -> list[str]:
    """Every address of a page that can show something of this store, by the names and numbers that it has."""
    if route.path == "/listings/{source}/{ref:path}":
        with desk.store.acting("system", purpose="test") as reader:
            return [listing_path(each.listing) for each in reader.summaries()]
    kinds = {"/file/": EntryKind, "/drafts/": DraftKind, "/money/": ("goods", "receipt", "culpability")}
    numbers = column(desk, "SELECT id FROM follow_up") if route.path.startswith(("/follow-ups/", "/purchases/")) else NUMBERS
    words = {
        "number": numbers, "key": [key_of(CASE)], "kind": next((kinds[part] for part in kinds if part in route.path), ()), "place": ["0"], "sha256": ["0" * 64], "other": ["1" * 64],
        "urn": column(desk, "SELECT DISTINCT urn FROM intelligence"), "reference": column(desk, "SELECT reference FROM referral"), "name": ["zqshop"], "token": ["x"],
    }  # fmt: skip
    names = re.findall(r"\{(\w+)", route.path)
    every = itertools.product(*(words.get(name, NUMBERS) for name in names))
    said = [dict(zip(names, chosen, strict=True)) for chosen in every]
    return [re.sub(r"\{(\w+)[^}]*\}", lambda found, given=given: str(given[found[1]]), route.path) + QUERIES.get(route.path, "") for given in said]  # type: ignore[misc]


def may(desk: Served, people: dict[str, Browser], route: APIRoute) -> list[Browser]:
    """Who of those that walk may look at a page: each at what has no number, the first at the rest."""
    action, settings = action_of(route), desk.app.state.desk.settings
    found = [people[role] for role in WALKERS if action is None or settings.may(role, action)]
    return found[:1] if "{" in route.path else found


# -- words of strangers ----------------------------------------------------------------------------------------------------------
def test_no_word_that_anybody_wrote_is_anything_but_words_on_any_page(desk: Served, people: dict[str, Browser]) -> None:
    wrong: set[str] = set()
    seen: set[str] = set()
    shown: set[str] = set()
    for route in pages(desk):
        for browser, path in itertools.product(may(desk, people, route), addresses(desk, route)):
            answer = browser.get(path)
            if answer.status_code == 200:
                shown.add(route.path)
                seen |= set(MARKER.findall(answer.text))
            if not path.endswith("/replay"):  # a stranger's page in its frame: test_listings.py holds that to a policy of its own
                wrong |= {f"{path}: {each}" for each in harm(answer)}
    assert not wrong, "\n".join(sorted(wrong))
    assert {route.path for route in pages(desk)} - shown == LACKING
    assert {each for each in (*MARKERS.values(), *NEVER) if MARKER.fullmatch(each)} - seen == ON_NO_PAGE


def test_what_is_told_only_when_asked_for_is_words_too(desk: Served, people: dict[str, Browser]) -> None:
    """Who told of a sighting, and where intelligence comes from."""
    [number], [urn] = column(desk, "SELECT id FROM sighting"), column(desk, "SELECT urn FROM intelligence")
    seen = ""
    for path, sent in ((f"/sightings/{number}/informant", {"why": "a court asks"}), (f"/intelligence/{urn}/source", {"why": "a court asks"})):
        answer = people["supervisor"].post(path, sent)
        assert answer.status_code == 200 and not harm(answer), (path, answer.status_code, harm(answer))
        seen += answer.text
    assert {"zqinformant", "zqinformantnote", "zqsourcehow"} <= {each.lower() for each in MARKER.findall(seen)}


# What a form is sent to so that it answers with a file, and what with.
FILES: dict[str, dict[str, object]] = {
    "/exports/listings": {"format": "csv"}, "/exports/listings?": {"format": "xlsx"}, "/premises/export": {"format": "csv"}, "/premises/areas/export": {}, "/premises/2/tasking": {},
    "/log/export": {"why": "a court asks", "format": "csv"}, "/cases/KEY/exhibits/labels": {}, "/cases/KEY/money/paper": {}, "/cases/KEY/disclosure/edition": {},
    "/cases/KEY/disclosure/copy": {}, "/sellers/1/attribution": {},
}  # fmt: skip


def test_files_that_leave_have_names_of_ours_and_no_formula(desk: Served, people: dict[str, Browser]) -> None:
    for path, sent in FILES.items():
        role = "disclosure_officer" if "disclosure" in path else "supervisor"
        answer = people[role].post(path.replace("KEY", key_of(CASE)), sent)
        print(path, answer.status_code, answer.headers.get("content-disposition"), answer.headers["content-type"], harm(answer), answer.url, re.sub("<[^>]+>|\\s+"," ",answer.text.split("<main")[-1])[:200] if "html" in answer.headers["content-type"] else "")


# -- other authorities ------------------------------------------------------------------------------------------------------------
# What may be shown to people of every authority of a store: adverts, accounts, places, registers, opinions of machines and judgements of them, comparison
# goods, and who is cleared, on which the queue that all share rests.
SHARED = {"listing", "snapshot", "seller"}


def test_nothing_that_carries_another_authority_is_on_any_page(desk: Served) -> None:
    others = {role: desk.as_role(role, "o") for role in WALKERS}
    leaks: dict[str, set[str]] = {}
    for route in pages(desk):
        for browser, path in itertools.product(may(desk, others, route), addresses(desk, route)):
            answer = browser.get(path)
            if found := set(MARKER.findall(answer.text)):
                for m in found:
                    leaks.setdefault(m, set()).add(f"{answer.status_code} {route.path}")
    for m, where in sorted(leaks.items()):
        print(m, sorted(where)[:6])


# -- what is asked for ------------------------------------------------------------------------------------------------------------
ODD = ["' OR 1=1 --", '";', "\x00", "x" * 5000, "-1", "0", "9" * 30, "1e400", "NaN", "2026-13-45", "0000-00-00", "٣", "\ud800".encode("utf-8", "surrogatepass"), "%", "../..", "{{7*7}}", INLINE]


def parameters(route: APIRoute) -> list[str]:
    """The names of a page's parameters in its address, those of its dependencies too."""
    found, todo = [], [route.dependant]
    while todo:
        one = todo.pop()
        found += [each.alias for each in one.query_params]
        todo += one.dependencies
    return found


def test_no_parameter_of_any_page_breaks_it_or_says_more_than_it_should(desk: Served, people: dict[str, Browser]) -> None:
    wrong, asked = set(), 0
    for route in pages(desk):
        [browser, *_] = may(desk, people, route)
        path = next(iter(addresses(desk, route))).partition("?")[0]
        given = dict(httpx.QueryParams(QUERIES.get(route.path, "")[1:]))
        for name, value in itertools.product(parameters(route), ODD):
            answer = browser.get(path, params={**given, name: value})
            asked += 1
            wrong |= {f"{route.path} {name}={str(value)[:20]!r}: {each}" for each in harm(answer)}
    print(asked)
    assert not wrong, "\n".join(sorted(wrong))


def test_no_name_or_number_in_any_address_breaks_its_page(desk: Served, people: dict[str, Browser]) -> None:
    wrong = set()
    for route in [each for each in pages(desk) if "{" in each.path]:
        [browser, *_] = may(desk, people, route)
        for value in ("%27%20OR%201=1%20--", "%22;", "%00", "x" * 3000, "-1", "0", "9" * 30, "%D9%A3", "%FF", "..%2F..%2Fetc", "%7B%7B7*7%7D%7D", "%0D%0AX-Ran:1"):
            answer = browser.get(re.sub(r"\{\w+[^}]*\}", value, route.path))
            wrong |= {f"{route.path} {value[:20]}: {each}" for each in harm(answer)}
            if answer.status_code not in (404, 422, 400, 303, 403):
                print(route.path, value[:20], answer.status_code)
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("field", ["q", "source", "brand", "reason", "area"])
def test_a_condition_in_a_filter_of_listings_is_a_word_that_nothing_has(desk: Served, people: dict[str, Browser], field: str) -> None:
    every = people["supervisor"].get("/listings").text
    assert "/captures/" not in every and re.search(r"[1-9]\d* listings? found", every)
    for value in ("nothing' OR '1'='1", 'nothing" OR "1"="1', "nothing') OR 1=1 --", "nothing* OR a*"):
        assert "0 listings found" in people["supervisor"].get("/listings", params={field: value}).text, value


ELSEWHERE = ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/%0d%0aX-Ran:1", "/\r\nX-Ran: 1", "javascript:zqran(5)", "/\t/evil.example", "", "evil.example"]


def test_nothing_that_says_where_to_go_leads_elsewhere(desk: Served) -> None:
    """Every `next` and `back` of an address or a form."""
    names = ("next", "back")
    found = [(route, method) for route, method in routes(desk) if {each.alias for each in (*route.dependant.query_params, *route.dependant.body_params)} & set(names)]
    assert {route.path for route, _ in found} >= {"/sign-in", "/reason", "/queue/judge", "/queue/undo"}
