"""Casework in a real browser: a case from a judged listing to a checked pack, and each page at three widths."""

from __future__ import annotations

import re
import zipfile

from tests.casework.desk.browser import PHONE, chromium, looked_at
from tests.casework.desk.casefiles import a_listing, made, with_exhibit
from tests.casework.desk.conftest import Served


def test_a_case_is_built_from_a_judged_listing_to_a_checked_pack_by_clicks(desk: Served) -> None:
    source, ref = a_listing(desk)
    with chromium(desk, "officer") as page:
        page.click("nav >> text=Cases")
        page.click("text=Open a case")
        page.fill("#title", "Handbags, market hall")
        page.click("main >> button:has-text('Open the case')")
        [case] = re.findall(r"Case (TS-\d+-\d+) is open", page.inner_text("main"))
        page.goto(f"{desk.url}/listings/{source}/{ref}")
        page.click("button[name=verdict][value=yes]")
        assert "Judged yes" in page.inner_text("main")
        page.click("text=Put this listing into a case")
        page.select_option("#case", case)
        page.click("text=Make it an exhibit")
        assert "Exhibit AO1" in page.inner_text("main")
        page.click("text=Case file")
        page.click("text=A person or company")
        page.fill("#name", "C. Trader (fictional)")
        page.fill("#basis", "sold a belt to the officer")
        page.click("main >> button:has-text('Save')")
        assert "C. Trader (fictional): suspect" in page.inner_text("main")
        page.click("text=Evidence pack")
        page.click("text=Make the evidence pack")
        page.fill("#why", "file to legal services")
        page.click("text=Make the pack")
        page.wait_for_selector("#pack-head", timeout=240_000)  # the page is told by the server how far it is, and looks again by itself
        head = page.inner_text("#pack-head")
        with page.expect_download() as download:
            page.click("text=Download the pack")
        names = zipfile.ZipFile(download.value.path()).namelist()
        assert any(name.endswith("verify.py") for name in names) and download.value.suggested_filename == f"{case}-1.zip"
        page.fill("#head", head)
        page.click("text=Check the pack")
        verdict = page.inner_text("section[aria-labelledby=verdict]")
        assert "accepted" in verdict.lower() and "it is the pack whose head was quoted" in verdict


def test_a_pack_is_made_without_scripts(desk: Served) -> None:
    at = with_exhibit(desk, desk.as_role("officer"))
    with chromium(desk, "officer", scripts=False, size=PHONE) as page:
        page.goto(f"{desk.url}{at}/export/start")
        page.fill("#why", "file to legal services")
        page.click("text=Make the pack")
        page.wait_for_selector("#pack-head", timeout=240_000)  # it asks again by itself
        page.click("text=Check the pack")
        assert "Nothing in it was changed" in page.inner_text("main")


def test_pages_of_casework_hold_to_axe_and_to_their_width(desk: Served) -> None:
    officer, disclosing = desk.as_role("officer"), desk.as_role("disclosure_officer")
    at = with_exhibit(desk, officer, own_number="C/26/00412")
    case = at.rpartition("/")[2]
    officer.post(f"{at}/file/new/person", {"category": "suspect", "name": "C. Trader (fictional)", "basis": "sold a belt"})
    officer.post(f"{at}/file/new/offence", {"act": "possesses", "mark": "MAISON LOZENGE", "goods": "belts", "status": "not_checked", "exhibits": ["AO2"]})  # fmt: skip
    officer.post(f"{at}/drafts/new/statement", {"officer": "a.officer"})
    officer.post(f"{at}/money/new/goods", {"what": "belts", "quantity": "4", "price": "£320; list:Maison Lozenge price list; 2026-03-01", "evidence": "exhibit:AO2"})  # fmt: skip
    officer.post("/intelligence/new", {"text": "Belts are sold from the rear on Sundays", "origin": "person", "source_urn": "S-7", "grade": "2CP", "how": "told", "case": case})  # fmt: skip
    officer.post("/proposals/erasure", {"kind": "listing", "subject": "9", "ground": "retention"})
    disclosing.post(f"{at}/disclosure/decide", {"items": ["1", "2"], "standing": "used"})
    made(officer, officer.post(f"{at}/export/start", {"why": "copy"}).url.path)
    officer.post(f"{at}/export/1/verify", {"head": ""})
    exhibit = re.findall(rf'href="{at}(/exhibits/\d+)">AO2<', officer.get(at).text)[0]
    pages = {
        "cases": "/cases", "case": at, "exhibits": f"{at}/exhibits", "exhibit": at + exhibit, "exhibit-add": f"{at}/exhibits/add", "file": f"{at}/file", "offence": f"{at}/file/new/offence",
        "drafts": f"{at}/drafts", "money": f"{at}/money", "case-intelligence": f"{at}/intelligence", "export": f"{at}/export", "pack": f"{at}/export/1", "keeping": f"{at}/keeping",
        "intelligence": "/intelligence", "referral": "/referrals/new", "review": "/review?on=2099-01-01", "holds": "/holds", "references": "/references", "prices": "/references?kind=price",
        "brands": "/references/brands?group=watches", "picture-add": "/references/pictures",
    }  # fmt: skip
    with chromium(desk, "officer") as page:
        for name, path in pages.items():
            page.goto(desk.url + path)
            looked_at(page, name)
        page.goto(f"{desk.url}{at}/file/new/person")
        with page.expect_navigation():
            page.click("main >> button:has-text('Save')")
        looked_at(page, "form-with-errors")
    with chromium(desk, "disclosure_officer") as page:
        for name, path in {"disclosure": f"{at}/disclosure", "item": f"{at}/disclosure/3"}.items():
            page.goto(desk.url + path)
            looked_at(page, name)
    with chromium(desk, "supervisor") as page:
        page.goto(f"{desk.url}/proposals")
        looked_at(page, "proposals")
