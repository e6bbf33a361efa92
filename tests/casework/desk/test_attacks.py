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

import html
import io
import itertools
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing

import httpx
import openpyxl
import pytest
from fastapi.routing import APIRoute

from casework.desk.own import key_of
from casework.desk.showing import listing_path
from store.words.casefile import EntryKind
from store.words.drafts import DraftKind
from tests.casework.desk.conftest import PASSWORD, Browser, Served
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
    return [
        re.sub(r"\{(\w+)[^}]*\}", lambda found, given=given: str(given[found[1]]), route.path) + QUERIES.get(route.path, "")
        for given in said
    ]  # type: ignore[misc]


def may(desk: Served, people: dict[str, Browser], route: APIRoute) -> list[Browser]:
    """Who of those that walk may look at a page: each at what has no number, the first at the rest."""
    action, settings = action_of(route), desk.app.state.desk.settings
    found = [people[role] for role in WALKERS if action is None or settings.may(role, action)]
    return found[:1] if "{" in route.path else found


# -- words of strangers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", [
    "<p>%s</p>", '<p title="%s">', "<p title='%s'>", f"<p title={html.escape(ATTACK)}>", "<title>%s</title>", "<textarea>%s</textarea>", "<!-- %s -->", "<style>%s</style>",
    '<a href="javascript:zqran(4)//">', "<a href=//evil.example>", '<svg><g onload="zqran(3)"/></svg>', "<p>zqran(3)&gt;49</p>",
])  # fmt: skip
def test_what_every_page_is_held_to_finds_an_attack_that_got_through(page: str) -> None:
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
    assert harm(httpx.Response(200, headers=headers, html=page.replace("%s", ATTACK)))
    assert not harm(httpx.Response(200, headers=headers, html=f'<p title="{html.escape(ATTACK)}">{html.escape(ATTACK)}</p>'))


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
    for path, sent in (
        (f"/sightings/{number}/informant", {"why": "a court asks"}),
        (f"/intelligence/{urn}/source", {"why": "a court asks"}),
    ):
        answer = people["supervisor"].post(path, sent)
        assert answer.status_code == 200 and not harm(answer), (path, answer.status_code, harm(answer))
        seen += answer.text
    assert {"zqinformant", "zqinformantnote", "zqsourcehow"} <= {each.lower() for each in MARKER.findall(seen)}


# What a form is sent to so that it answers with a file, by whom, and what with.
WHY = "a court asks"
FILES: list[tuple[str, str, dict[str, object]]] = [
    ("supervisor", "/exports/listings", {"why": WHY}), ("supervisor", "/exports/listings", {"why": WHY, "kind": "xlsx"}), ("supervisor", "/premises/export", {}),
    ("supervisor", "/premises/areas/export", {}), ("supervisor", "/premises/2/tasking", {}), ("supervisor", "/log/export", {"why": WHY}),
    ("supervisor", "/premises/export", {"form": "geojson"}), ("supervisor", f"/cases/{key_of(CASE)}/exhibits/labels", {}), ("supervisor", f"/cases/{key_of(CASE)}/money/paper", {}),
    ("disclosure_officer", f"/cases/{key_of(CASE)}/disclosure/edition", {"why": WHY}),
]  # fmt: skip


@pytest.mark.parametrize("role, path, sent", FILES)
def test_a_file_that_leaves_has_a_name_of_ours_and_no_formula(
    desk: Served, people: dict[str, Browser], role: str, path: str, sent: dict[str, object]
) -> None:
    answer = people[role].post(path, sent)
    assert answer.headers.get("content-disposition", "").startswith("attachment; "), f"{path}: {answer.status_code}"
    assert not harm(answer)
    if answer.headers["content-type"].startswith("application/vnd.openxml"):
        cells = [cell for sheet in openpyxl.load_workbook(io.BytesIO(answer.content)) for row in sheet.iter_rows() for cell in row]
        assert cells and all(cell.data_type != "f" for cell in cells)
    if answer.headers["content-type"] == "application/zip":
        for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist():
            assert re.fullmatch(r"[\w. -]+(/[\w. -]+)*", name) and ".." not in name, name


# -- other authorities ------------------------------------------------------------------------------------------------------------
# What people of every authority of a store may see: adverts, accounts and who runs them, registers and the places in them, opinions of machines,
# judgements of these, who is cleared (the queue that all share rests on it), and a court's closure of a place. The rest carries an authority.
SHARED = {
    "zqtitle", "zqtext", "zqlistingbrand", "zqcategory", "zqworn", "zqhandle", "zqsellername", "zqplace", "zqref", "zqsold", "zqlistingaddress", "zqselleraddress",
    "zqserver", "zqheader", "zqother", "zqotherseller", "zqsite", "zqshop", "zqsourcetitle", "zqlegal", "zqoperationtitle",
    "zqentryname", "zqentryaddress", "zqentryref", "zqpremiseslabel", "zqfinding", "zqlinkreason", "zqjudgereason", "zqpair", "zqgroundsays", "zqgroundsource", "zqperson",
    "zqclearance", "zqclearedbrand", "zqcourt", "zqactor", "zqran",
}  # fmt: skip


def test_nothing_that_carries_another_authority_is_on_any_page(desk: Served) -> None:
    others = {role: desk.as_role(role, "o") for role in WALKERS}
    leaks: set[tuple[str, str]] = set()
    for route in pages(desk):
        for browser, path in itertools.product(may(desk, others, route), addresses(desk, route)):
            leaks |= {(marker, route.path) for marker in set(MARKER.findall(browser.get(path).text)) - SHARED}
    assert not leaks, sorted(leaks)


def test_no_file_holds_what_carries_another_authority(desk: Served) -> None:
    for role, path, sent in FILES:
        if not path.startswith("/cases/"):
            answer = desk.as_role(role, "o").post(path, sent)
            if answer.headers["content-type"].startswith(("text/", "application/json")):
                assert answer.status_code == 200 and not set(MARKER.findall(answer.text)) - SHARED, path
    analyst = desk.as_role("analyst").post("/exports/listings", {"why": WHY})
    assert "zqtitle" in analyst.text and "zqtold" not in analyst.text, "an analyst sees no sighting, in a file neither"
    assert "zqtoldtitle" in desk.as_role("officer").post("/exports/listings", {"why": WHY}).text


# Addresses by which a row that carries an authority is changed; those of casework are in test_cases_attacks.py, the rest of the desk's here.
OTHERS: list[tuple[str, str, dict[str, object]]] = [
    ("supervisor", "/follow-ups", {"kind": "visit", "supersedes": "1"}), ("supervisor", "/purchases/7/continuity", {}), ("supervisor", "/sightings/1/informant", {"why": WHY}),
    ("supervisor", "/queue/cleared/1/withdraw", {"reason": "x"}), ("supervisor", "/queue/card/1/correct", {"which": "1", "text": "x"}),
    ("supervisor", "/queue/card/SIGHTED/note", {"text": "x"}), ("supervisor", "/queue/card/SIGHTED/skip", {"until": "1/1/2099", "reason": "x"}),
    ("supervisor", "/queue/card/SIGHTED/assign", {"officer": "o.supervisor"}), ("supervisor", "/queue/card/1/note", {"text": "x", "seller": "999"}),
    ("supervisor", "/tokens/1/end", {}), ("administrator", "/people/role", {"name": "a.officer", "role": "partner"}), ("administrator", "/people/password", {"name": "a.officer"}),
    ("administrator", "/people/unlock", {"name": "a.officer"}), ("supervisor", "/queue/forget", {"search": "1"}),
]  # fmt: skip


@pytest.mark.parametrize("role, path, sent", OTHERS)
def test_what_is_another_authoritys_is_changed_by_nobody(desk: Served, role: str, path: str, sent: dict[str, object]) -> None:
    [sighted] = column(desk, "SELECT listing FROM sighting")
    counted = "SELECT (SELECT count(*) FROM note) || '/' || (SELECT count(*) FROM clearance) || '/' || (SELECT count(*) FROM assignment) || '/' || (SELECT count(*) FROM account_role) || '/' || (SELECT count(*) FROM account_secret) || '/' || (SELECT count(*) FROM follow_up) || '/' || (SELECT count(*) FROM saved_search)"  # fmt: skip
    before = column(desk, counted)
    answer = desk.as_role(role, "o").post(path.replace("SIGHTED", sighted), sent)
    assert answer.status_code in (400, 404) and not set(MARKER.findall(answer.text)) - SHARED, answer.status_code
    assert column(desk, counted) == before


# -- what is asked for ------------------------------------------------------------------------------------------------------------
ODD = [
    "' OR 1=1 --", '";', "\x00", "x" * 3000, "-1", "0", "9" * 30, "seller:" + "9" * 30, "1e400", "NaN", "2026-13-45", "0000-00-00", "9999-12-31", "0001-01-01", "31/12/9999", "٣", "²", "%", "../..", "a" + "b " * 100, INLINE,
]  # fmt: skip


def parameters(route: APIRoute) -> list[str]:
    """The names of a page's parameters in its address, those of its dependencies too."""
    found, todo = [], [route.dependant]
    while todo:
        one = todo.pop()
        found += [each.alias for each in one.query_params]
        todo += one.dependencies
    return found


def test_no_parameter_of_any_page_breaks_it(desk: Served, people: dict[str, Browser]) -> None:
    wrong, asked = set(), 0
    for route in pages(desk):
        [browser, *_] = may(desk, people, route)
        path = addresses(desk, route)[0].partition("?")[0]
        given = dict(httpx.QueryParams(QUERIES.get(route.path, "")))
        for name, value in itertools.product(parameters(route), ODD):
            asked += 1
            wrong |= {f"{route.path} {name}={value[:20]!r}: {each}" for each in harm(browser.get(path, params={**given, name: value}))}
    assert not wrong and asked > 500, "\n".join(sorted(wrong))


def test_no_name_or_number_in_any_address_breaks_its_page(desk: Served, people: dict[str, Browser]) -> None:
    odd = (
        "%27%20OR%201=1%20--",
        "%22;",
        "%00",
        "x" * 3000,
        "-1",
        "0",
        "9" * 30,
        "%D9%A3",
        "%FF",
        "..%2F..%2Fetc%2Fpasswd",
        "%7B%7B7*7%7D%7D",
        "%0D%0AX-Ran:1",
    )
    wrong = set()
    for route in [each for each in pages(desk) if "{" in each.path]:
        [browser, *_] = may(desk, people, route)
        for value in odd:
            answer = browser.get(re.sub(r"\{\w+[^}]*\}", value, route.path))
            refused = answer.status_code in (400, 403, 404, 422) or answer.url.path != httpx.URL(route.path).path
            wrong |= {f"{route.path} {value[:20]}: {each}" for each in (*harm(answer), *([] if refused else [str(answer.status_code)]))}
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("field", ["q", "source", "brand", "reason", "area"])
def test_a_condition_in_a_filter_of_listings_is_a_word_that_nothing_has(desk: Served, people: dict[str, Browser], field: str) -> None:
    assert re.search(r"[1-9]\d* listings? found", people["supervisor"].get("/listings").text)
    for value in ("nothing' OR '1'='1", 'nothing" OR "1"="1', "nothing') OR 1=1 --", "nothing* OR a*"):
        assert "0 listings found" in people["supervisor"].get("/listings", params={field: value}).text, value


ELSEWHERE = ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\r\nX-Ran: 1", "javascript:zqran(5)", "/\t/evil.example", "", "evil.example", "/%2F/evil.example"]  # fmt: skip
GOING = ("next", "back")


def going(desk: Served) -> list[tuple[APIRoute, str, str]]:
    """Every parameter of an address or a form that says where to go, with its route and method."""
    return [
        (route, method, each.alias)
        for route, method in routes(desk)
        for each in (*route.dependant.query_params, *route.dependant.body_params)
        if each.alias in GOING
    ]


def test_nothing_that_says_where_to_go_leads_elsewhere(desk: Served, people: dict[str, Browser]) -> None:
    found = going(desk)
    assert {(route.path, method) for route, method, _ in found} == {("/sign-in", "GET"), ("/sign-in", "POST"), ("/sign-in/provider", "GET"), ("/reason", "GET"), ("/reason", "POST"), ("/queue/judge", "POST"), ("/queue/undo", "POST")}  # fmt: skip
    officer = desk.as_role("officer")
    officer.client.follow_redirects = False
    sent = {"/sign-in": {"name": "a.officer", "password": PASSWORD}, "/reason": {"why": "x"}}
    for to, (route, method, name) in itertools.product(ELSEWHERE, found):
        if method == "GET":
            answer = officer.get(route.path, params={name: to})
            assert not harm(answer) and "evil.example" not in answer.headers.get("location", "") and 'value="//' not in answer.text
            continue
        data = dict(sent.get(route.path) or judged(desk, officer, route.path))
        answer = officer.post(route.path, {**data, name: to}, on="/sign-in" if route.path == "/sign-in" else "")
        where = answer.headers["location"]
        assert answer.status_code == 303 and re.fullmatch(r"/(?![/\\])[\x20-\x7e]*", where) and "x-ran" not in answer.headers, (
            route.path,
            to,
            where,
        )


def judged(desk: Served, officer: Browser, path: str) -> dict[str, object]:
    """What a form of the queue sends to judge a listing, or to take that back."""
    token = re.search(r'name="card" value="(\d+)(\.\d+\.[0-9a-f]*)"', officer.get("/queue/card/1").text)
    assert token
    return {"card": token[1] + token[2], "verdict": "no"} if path == "/queue/judge" else {"listing": token[1]}
