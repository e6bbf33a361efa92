"""Attacks on the pages of casework: forged forms, roles, other authorities, scripts in every field, names of files, pictures that are none."""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from PIL import Image

from casework import sightings
from casework.desk import packing, pages
from casework.desk.files import safe_name
from casework.desk.own import key_of, path_of
from casework.desk.settings import Role
from casework.desk.visit import Allowed
from store.proposals import ErasureGround
from store.store import Store
from store.words.casefile import CaseEntry, EntryKind, Person
from store.words.drafts import DraftKind
from store.words.intelligence import Origin, Provenance, grade_of
from store.words.records import (
    Actor,
    Authority,
    Case,
    Link,
    LinkReason,
    Method,
    Reference,
    ReferenceKind,
    Status,
    SubjectCategory,
    SubjectKind,
    Told,
)
from store.words.valuation import Goods, evidence_of
from tests.casework.desk.casefiles import WHAT, a_listing, made, open_case, with_exhibit
from tests.casework.desk.conftest import Browser, Served

MINE = ("cases", "intelligence", "referrals", "proposals", "holds", "review", "references")
OTHER = "OTHER-1"
SCRIPT = "\"'></textarea><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


def routes() -> Iterator[APIRoute]:
    """The routes of the pages of casework."""
    for each in pkgutil.iter_modules(pages.__path__):
        for route in importlib.import_module(f"{pages.__name__}.{each.name}").router.routes:
            if isinstance(route, APIRoute) and route.path.split("/")[1] in MINE:
                yield route


def action_of(route: APIRoute) -> str:
    [allowed] = [d.call for d in route.dependant.dependencies if isinstance(d.call, Allowed)]
    assert allowed.action is not None, f"{route.path} asks for no right"
    return str(allowed.action)


def address(route: APIRoute, key: str) -> str:
    given = {"key": key, "exhibit:int": "1", "row:int": "1", "draft:int": "1", "place:int": "0", "item:int": "1", "number:int": "1", "hold:int": "1", "urn": "IR-2026-0001", "reference": "R-2026-0001"}  # fmt: skip
    kinds = {"file": "incident", "drafts": "exhibit_list", "money": "goods"}
    given["kind"] = next((word for part, word in kinds.items() if f"/{part}/" in route.path), "")
    return re.sub(r"\{([\w:]+)\}", lambda part: given[part[1]], route.path)


def there(served: Served) -> Store:
    """The store with an authority beside ours, and all that a case can have of it; ours has nothing of these numbers."""
    store = served.store
    store.keep_authority(Authority("other", "Other Council (invented)", "England and Wales"))
    store.keep_actor(Actor("o.officer", "other", "O. Officer (fictional)", "officer"))
    by: dict[str, Any] = {"actor": "o.officer", "authority": "other"}
    store.open_case(Case(OTHER, "other", "zqothercase"), actor="o.officer")
    store.exhibit(OTHER, SubjectKind.listing, 1, initials="OO", description="zqexhibit", actor="o.officer")
    person = Person(name="zqperson", category=SubjectCategory.suspect, basis="said so")
    store.keep_entry(CaseEntry(None, OTHER, EntryKind.person, person), **by)
    with store.acting("system", purpose="test") as reader:
        capture = reader.captures_of()[0].id or 0
    store.keep_draft(OTHER, DraftKind.exhibit_list, [("exhibit-list.docx", capture)], actor="o.officer")
    store.keep_money(OTHER, Goods("zqgoods", 2, (evidence_of("document:1"),)), **by)
    store.keep_report("zqreport", grade_of("2AP"), Provenance("CAPTURE-1", Origin.capture, capture=capture), marking="OFFICIAL", case=OTHER, **by)  # fmt: skip
    gone = {"recipient": "zqrecipient", "why": "why", "gateway": "law", "fields": ["case.title"], "digest": "0" * 64}
    store.keep_referral("R-2026-0001", "police", **gone, case=OTHER, **by)
    store.propose("export", "case", OTHER, ErasureGround.none, **by)
    store.hold(SubjectKind.listing, 1, actor="o.officer", reason="zqhold")
    store.number_items(OTHER, [("", ["listing:1"])], actor="o.officer")
    return store


@pytest.fixture(scope="module")
def beside(serve: Any) -> Served:
    served: Served = serve()
    there(served)
    return served


# -- who sends what ------------------------------------------------------------------------------------------------------------
def test_no_form_is_taken_without_this_browsers_token(beside: Served) -> None:
    supervisor, officer = beside.as_role("supervisor"), beside.as_role("disclosure_officer")
    posts = [route for route in routes() if "POST" in route.methods]
    assert len(posts) > 20
    for route in posts:
        browser = officer if action_of(route) == "disclosure.edit" else supervisor
        answer = browser.client.post(address(route, OTHER), data={"why": "x"})
        assert answer.status_code == 403 and "was not sent" in answer.text, route.path


def test_every_page_is_refused_to_every_role_that_may_not(beside: Served) -> None:
    settings = beside.app.state.desk.settings
    every = list(routes())
    assert len(every) > 80
    for role in Role:
        browser = beside.as_role(str(role))
        for route in every:
            if settings.may(str(role), action_of(route)):
                continue
            path = address(route, OTHER)
            answer = browser.get(path) if "GET" in route.methods else browser.post(path, {})
            assert answer.status_code == 403 and "takes the right" in answer.text, f"{role} {route.methods} {route.path}"


def test_what_is_of_another_authority_is_as_what_there_is_not(beside: Served) -> None:
    """IDOR: every address that names a case, an exhibit, a draft, an item, a report, a referral, a proposal or a hold."""
    before = {name: beside.store.proposals(1)[0].state for name in ("proposal",)}
    named = [route for route in routes() if "{" in route.path and not route.path.startswith("/references")]
    assert len(named) > 50
    walkers = [beside.as_role(role) for role in ("supervisor", "disclosure_officer")]
    for route in named:
        role = 1 if action_of(route) == "disclosure.edit" else 0
        path = address(route, OTHER)
        answer = walkers[role].get(path) if "GET" in route.methods else walkers[role].post(path, {"says": "approved", "why": "x", "reason": "x"})  # fmt: skip
        assert answer.status_code == 404, f"{route.methods} {route.path}: {answer.status_code}"
        assert "zq" not in answer.text
    assert before == {"proposal": beside.store.proposals(1)[0].state} and not packing.packs(beside.home, OTHER)


def test_no_list_shows_what_is_of_another_authority(beside: Served) -> None:
    supervisor = beside.as_role("supervisor")
    for path in ("/cases", "/cases?q=zqother", "/cases/put", "/intelligence", "/intelligence/new", "/referrals", "/referrals/new", "/proposals", "/holds"):  # fmt: skip
        answer = supervisor.get(path)
        assert answer.status_code == 200 and "zq" not in answer.text.replace("q=zqother", "").replace("zqother", ""), path
    assert OTHER not in supervisor.get("/proposals").text


def test_another_authoritys_rows_are_not_reached_by_their_numbers_in_forms(beside: Served) -> None:
    officer = beside.as_role("officer")
    at = with_exhibit(beside, officer)
    assert officer.post("/cases/put", WHAT | {"case": OTHER, "source": "demo", "ref": "1"}).status_code == 404
    assert officer.post("/proposals/erasure", {"kind": "case", "subject": OTHER, "ground": "retention"}).status_code == 400
    report = {"text": "belts", "origin": "capture", "capture": "1", "case": OTHER}
    assert officer.post("/intelligence/new", report).status_code == 400
    assert officer.post("/referrals/new", {"kind": "police", "recipient": "x", "case": OTHER, "why": "x"}).status_code == 400
    told = {"what": "seen", "said_by": "A", "when": "20/11/2026", "exhibits": ["OO1"]}
    assert officer.post(f"{at}/file/new/incident", told).status_code == 400
    told = {"what": "seen", "said_by": "A", "when": "20/11/2026", "follow_ups": "1"}
    from datetime import UTC, datetime

    from store.words.followup import ClosureOrder, FollowUp, Kind

    order = FollowUp(None, Kind.closure, ClosureOrder("zqcourt", "2026-01-01", "an order"), datetime(2026, 1, 1, tzinfo=UTC), True, 1)
    theirs = beside.store.keep_follow_up(order, actor="o.officer", authority="other")
    answer = officer.post(f"{at}/file/new/incident", told | {"follow_ups": str(theirs.id)})
    assert answer.status_code == 400 and "there is no follow-up" in answer.text.lower() and "zqcourt" not in answer.text
    assert officer.post(f"{at}/exhibits/item", {"what": "x", "when": "20/11/2026", "follow_up": str(theirs.id), "initials": "AO"}).status_code == 400  # fmt: skip


def test_another_authoritys_sighting_is_made_no_exhibit_and_no_row_rests_on_its_files(own_desk: Served, tmp_path: Path) -> None:
    """What is in a case is read with it: nothing comes into one that its person may not see."""
    store = own_desk.store
    store.keep_authority(Authority("other", "Other Council (invented)", "England and Wales"))
    store.keep_actor(Actor("o.officer", "other", "O. Officer (fictional)", "officer"))
    (tmp_path / "stall.jpg").write_bytes(jpeg())
    statement = sightings.Statement(
        Told.officer, "Belts on a stall", "zqbelts", "Stall 12", "25/11/2026 14:30", "£20", "zqseller", "07700 900142"
    )
    kept = sightings.add(store, own_desk.home, statement, [tmp_path / "stall.jpg"], by="o.officer")
    with store.acting("system", purpose="test") as reader:
        [summary] = reader.summaries(numbers=[kept.sighting.listing])
        file = reader.sighting_files(kept.sighting.id or 0)[0][0].id
    one = Link(None, SubjectKind.seller, summary.seller or 0, SubjectKind.premises, 1, "", 0.9, "unit", (LinkReason("phone", 0.9, "zqreason", summary.capture, 1),))  # fmt: skip
    linker = store.keep_method(Method("linker", "premises", "test"))
    store.set_method_status(linker, Status.in_force, "system", "test")
    store.keep_links([one], linker, store.runs(limit=1)[0].id, actor="system", purpose="link")
    with store.acting("system", purpose="test") as reader:
        [link] = reader.links(subject=(SubjectKind.seller, summary.seller or 0))
    officer = own_desk.as_role("officer")
    at = open_case(officer)
    for sent in (
        {"kind": "listing", "source": summary.listing.source, "ref": summary.listing.ref}, {"kind": "capture", "ref": str(file)}, {"kind": "capture", "ref": str(summary.capture)},
        {"kind": "seller", "ref": str(summary.seller)}, {"kind": "link", "ref": str(link.id)},
    ):  # fmt: skip
        answer = officer.post(f"{at}/exhibits/add", WHAT | sent)
        assert answer.status_code == 400 and "there is no" in answer.text.lower() and "zq" not in answer.text, sent
        for form in (f"{at}/exhibits/add", "/cases/put"):
            assert "zq" not in officer.get(form, params=sent).text, sent
    incident = {"what": "seen", "said_by": "A", "when": "20/11/2026", "captures": str(file)}
    assert officer.post(f"{at}/file/new/incident", incident).status_code == 400
    goods = {"what": "belts", "quantity": "1", "evidence": f"capture:{file}"}
    assert officer.post(f"{at}/money/new/goods", goods).status_code == 400
    assert officer.post("/intelligence/new", {"text": "belts", "origin": "capture", "capture": str(file)}).status_code == 400
    told = {"text": "belts", "origin": "person", "source_urn": "S-1", "grade": "2CP", "how": "told", "sighting": kept.sighting.reference}
    assert officer.post("/intelligence/new", told).status_code == 400
    assert (
        officer.post("/proposals/erasure", {"kind": "sighting", "subject": kept.sighting.reference, "ground": "mistake"}).status_code == 400
    )


def test_a_reference_of_another_authority_is_shown_and_cannot_be_removed(beside: Served) -> None:
    entry = beside.store.add_reference(Reference(None, ReferenceKind.price, "other", "their list", "o.officer", brand="Gucci", category="bag", price_minor=900, currency="GBP", dated="2026-01-01"))  # fmt: skip
    officer = beside.as_role("officer")
    page = officer.get("/references?kind=price").text
    assert "their list" in page and f"/references/{entry}/remove" not in page
    assert officer.get(f"/references/{entry}/remove").status_code == 404
    assert officer.post(f"/references/{entry}/remove", {"why": "x"}).status_code == 404


# -- what is written into fields -------------------------------------------------------------------------------------------------
def test_a_script_in_any_field_is_words_on_every_page(own_desk: Served) -> None:
    """Stored XSS (CWE-79) and templates (CWE-1336): each field of each form holds the attack, and every page of the case is looked at."""
    officer, disclosing, supervisor = own_desk.as_role("officer"), own_desk.as_role("disclosure_officer"), own_desk.as_role("supervisor")
    at = with_exhibit(own_desk, officer, title=SCRIPT, own_number=SCRIPT[:60], operation=SCRIPT[:60])
    forms: list[tuple[Browser, str, dict[str, object]]] = [
        (officer, f"{at}/exhibits/item", {"sort": "goods", "what": SCRIPT, "when": "20/11/2026", "found_at": SCRIPT, "found_by": SCRIPT, "held_at": SCRIPT, "source": SCRIPT, "officer": "a.officer", "initials": "AO"}),
        (officer, f"{at}/file/new/person", {"category": "suspect", "name": SCRIPT, "basis": SCRIPT, "address": SCRIPT, "note": SCRIPT, "source": SCRIPT}),
        (officer, f"{at}/file/new/offence", {"act": "possesses", "mark": SCRIPT, "goods": SCRIPT, "owner": SCRIPT, "consent": SCRIPT, "gain": SCRIPT, "status": "not_checked"}),
        (officer, f"{at}/file/new/incident", {"what": SCRIPT, "said_by": SCRIPT, "when": "20/11/2026"}),
        (officer, f"{at}/file/new/outcome", {"outcome": "advice", "decided_by": SCRIPT, "risk_reason": SCRIPT, "note": SCRIPT, "when": "20/11/2026"}),
        (officer, f"{at}/money/new/goods", {"what": SCRIPT, "quantity": "2", "brand": SCRIPT, "evidence": f"document:{SCRIPT}"}),
        (officer, f"{at}/money/new/receipt", {"payment": SCRIPT, "amount": "£5", "dated": "2026-01-01", "what": SCRIPT, "evidence": f"document:{SCRIPT}"}),
        (officer, f"{at}/money/new/culpability", {"marker": "leading_role", "note": SCRIPT, "evidence": f"document:{SCRIPT}"}),
        (officer, f"{at}/drafts/new/statement", {"officer": "a.officer", "name": SCRIPT, "occupation": SCRIPT}),
        (disclosing, f"{at}/disclosure/decide", {"items": ["1"], "standing": "sensitive", "undermines": "yes", "because": SCRIPT, "sensitive_because": SCRIPT, "description": SCRIPT}),
        (officer, "/intelligence/new", {"text": SCRIPT, "origin": "person", "source_urn": "S-1", "grade": "2CC", "conditions": SCRIPT, "how": "told at the counter", "case": at.rpartition("/")[2]}),
        (officer, "/holds/new", {"kind": "listing", "number": "2", "reason": SCRIPT}),
        (officer, "/references/prices", {"brand": SCRIPT, "category": SCRIPT, "price": "5", "currency": "GBP", "source": SCRIPT, "date": "2026-01-01"}),
        (officer, f"{at}/export/start", {"why": SCRIPT}),
    ]  # fmt: skip
    for browser, path, sent in forms:
        answer = browser.post(path, sent)
        assert answer.status_code == 200, f"{path}: {re.sub('<[^>]+>', ' ', answer.text.split('<main')[-1])[:400]}"
    made(officer, f"{at}/export/1")
    looked = [at, "/cases", "/cases/put", "/intelligence", "/intelligence/new", "/holds", "/holds/1/release", "/references?kind=price", "/proposals", "/referrals/new"]  # fmt: skip
    looked += [f"{at}/{part}" for part in ("exhibits", "exhibits/add", "exhibits/item", "exhibits/labels", "file", "file?every=1", "drafts", "drafts/1", "drafts/new/continuity", "disclosure", "disclosure/1", "money", "money/new/goods", "intelligence", "export", "export/1", "export/start", "keeping")]  # fmt: skip
    looked += [f"{at}/exhibits/{n}{more}" for n in (2, 3) for more in ("", "/custody", "/withdraw")]
    looked += [f"{at}/file/{row}/{act}" for row in re.findall(r"/file/(\d+)/correct", officer.get(f"{at}/file").text) for act in ("correct", "withdraw")]  # fmt: skip
    looked += [f"/cases?q={SCRIPT}", f"/references?brand={SCRIPT}", f"/review?on={SCRIPT}", f"/proposals/erasure?subject={SCRIPT}", f"/cases/put?ref={SCRIPT}"]  # fmt: skip
    seen = 0
    for path in looked:
        text = supervisor.get(path).text
        assert "<script>alert" not in text and "<img src=x" not in text, path
        assert not re.search(r"<[a-z]+(?=\s)[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', text)), path
        seen += "&lt;script&gt;alert(1)" in text
    assert seen > 25 and "{{7*7}}" in officer.get(at).text


NAMES = [
    "../../etc/passwd",
    'a"\r\nSet-Cookie: stolen=1',
    "ТС/2026 №1 ‮fdp.",
    "..",
    "new",
    "put",
    "a" * 80,
    "~new",
    "x%2F..%2Fy",
    "C:\\x|y?*",
]


@pytest.mark.parametrize("reference", NAMES)
def test_a_case_of_any_name_has_an_address_and_its_files_have_names_of_ours(beside: Served, reference: str) -> None:
    """Path traversal (CWE-22) and header injection (CWE-113) by what a case is called, if configs/cases.yml lets it be called so."""
    officer = beside.as_role("officer")
    beside.store.open_case(Case(reference, beside.home.settings.authority.code, "named oddly", jurisdiction="England and Wales"), actor="a.officer")  # fmt: skip
    at = path_of(reference)
    assert re.fullmatch(r"/cases/[A-Za-z0-9_.~-]+", at) and officer.get(at).status_code == 200
    source, ref = a_listing(beside)
    assert officer.post(f"{at}/exhibits/add", WHAT | {"source": source, "ref": ref}).status_code == 200
    for answer in (officer.post(f"{at}/exhibits/labels", {}), officer.post(f"{at}/money/paper", {})):
        assert answer.status_code == 200 and re.fullmatch(r'attachment; filename="[A-Za-z0-9][\w.-]*\.(pdf|zip)"', answer.headers["content-disposition"])  # fmt: skip
        assert "stolen" not in str(answer.headers.get_list("set-cookie"))
    place = packing._place(beside.home, reference)
    assert place.parent == beside.home.path("var/desk/packs") and place.name not in ("", ".", "..") and len(place.name) <= 100


def test_a_pack_of_an_oddly_named_case_lies_where_packs_lie(beside: Served) -> None:
    officer = beside.as_role("officer")
    at = path_of(NAMES[0])
    page = made(officer, officer.post(f"{at}/export/start", {"why": "copy"}).url.path)
    assert 'id="pack-head"' in page, page
    found = packing.packs(beside.home, NAMES[0])[0]
    assert found.zip.resolve().is_relative_to(beside.home.path("var/desk/packs").resolve())
    assert re.fullmatch(r'attachment; filename="[\w~.-]+\.zip"', officer.get(f"{at}/export/1/pack.zip").headers["content-disposition"])


@pytest.mark.parametrize("given, safe", [
    ("../../x", "x"), ('a"\r\nX: y', "a-X-y"), (".htaccess", "htaccess"), ("", "file"), ("...", "file"), ("ünïcode‮gpj.exe", "n-code-gpj.exe"), ("a" * 300, "a" * 100),
])  # fmt: skip
def test_a_name_of_a_file_is_of_letters_and_figures_and_leads_nowhere(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_two_references_never_have_one_address() -> None:
    every = [*NAMES, "a b", "a+b", "a%20b", "~61", "a", "A", ".", "~2E", "~6Eew"]
    assert len({key_of(each) for each in every}) == len(every)


# -- what is handed in -----------------------------------------------------------------------------------------------------------
def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 90, 200)).save(file, "JPEG")
    return file.getvalue()


def png_bomb() -> bytes:
    """A PNG of 60,000 by 60,000 pixels in some hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name, body", [
    ("a.jpg", b"<html><script>alert(1)</script></html>"), ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), ("a.png", png_bomb()),
    ("a.gif", b"GIF89a/*\x01\x00*/=1;alert(1)//"), ("a.jpg", jpeg()[:200]), ("a.jpg", b""), ("a.jpg", b"PK\x03\x04" + b"\0" * 200), ("a.jpg", b"MZ" + b"\0" * 500),
])  # fmt: skip
def test_what_is_no_picture_is_refused_as_a_reference_and_nothing_of_it_is_kept(beside: Served, name: str, body: bytes) -> None:
    officer, before = beside.as_role("officer"), len(beside.store.reference_log())
    answer = officer.post("/references/pictures", {"kind": "suspected", "provenance": "x"}, files={"file": (name, body, "image/jpeg")})
    assert answer.status_code == 400 and "There is a problem" in answer.text and "/tmp/" not in answer.text
    assert len(beside.store.reference_log()) == before


def test_a_picture_that_is_a_page_too_is_never_sent_as_a_page(beside: Served) -> None:
    """A polyglot: a JPEG with a page behind it. It is kept as it came, since evidence is, and no page of ours sends its bytes."""
    officer = beside.as_role("officer")
    sent = {"file": ('"><script>alert(1)</script>.html', jpeg() + b"<html><script>alert('polyglot')</script></html>", "text/html")}
    answer = officer.post("/references/pictures", {"kind": "suspected", "provenance": "a phone"}, files=sent)
    assert answer.status_code == 200 and "polyglot" not in answer.text and "<script>alert" not in answer.text
    [sha256] = [r.image_sha256 for r in beside.store.references() if r.provenance == "a phone"]
    for path in (f"/pictures/{sha256}", f"/pictures/{sha256}?size=400", f"/pictures/{sha256}?download=true"):
        got = officer.get(path)
        assert (
            got.headers["content-type"] in ("image/jpeg", "application/octet-stream") and got.headers["x-content-type-options"] == "nosniff"
        )
        assert "sandbox" in got.headers["content-security-policy"] and "<script" not in got.headers["content-disposition"]
    assert b"polyglot" not in officer.get(f"/pictures/{sha256}?size=400").content


def test_a_file_that_is_too_large_and_a_form_that_is_are_refused(beside: Served) -> None:
    officer, settings = beside.as_role("officer"), beside.app.state.desk.settings
    big = officer.client.post("/references/pictures", files={"file": ("a.jpg", b"\xff" * (settings.upload_bytes + 1), "image/jpeg")})
    assert big.status_code == 413
    assert officer.client.post("/cases/new", data={"title": "x" * (settings.form_bytes + 1)}).status_code == 413
    assert officer.post("/cases/new", {"title": "x" * 30_000, "jurisdiction": "England and Wales"}).status_code == 400


def test_a_choice_that_is_not_offered_is_refused(beside: Served) -> None:
    officer = beside.as_role("officer")
    at = open_case(officer)
    for path, sent in (
        (f"{at}/exhibits/add", {"kind": "secrets", "ref": "1", "initials": "AO"}), (f"{at}/file/new/person", {"category": "none", "name": "x", "basis": "y"}),
        (f"{at}/file/new/incident", {"what": "x", "said_by": "y", "when": "20/11/2026", "persons": ["x"]}), ("/referrals/new", {"kind": "../police", "recipient": "x", "why": "y"}),
        (f"{at}/exhibits/add", {"kind": "listing", "source": "x", "ref": "1", "officer": "system", "initials": "AO"}),
    ):  # fmt: skip
        assert officer.post(path, sent).status_code == 400, path
    assert officer.get(f"{at}/file/new/withdrawal").status_code == 404 and officer.get(f"{at}/drafts/new/secrets").status_code == 422
