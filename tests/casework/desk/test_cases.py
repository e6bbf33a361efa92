"""Cases at the desk: built, drafted from, disclosed, exported and checked, as people do it by forms."""

from __future__ import annotations

import fcntl
import io
import re
import zipfile

import pytest
import yaml

from casework import sightings
from casework.desk import packing
from store.rules import read_rules
from store.words.records import Informant, Told, Verb
from tests.casework.desk.casefiles import WHAT, a_listing, made, open_case, with_exhibit
from tests.casework.desk.conftest import Browser, Served


@pytest.fixture(scope="module")
def officer(desk: Served) -> Browser:
    return desk.as_role("officer")


@pytest.fixture(scope="module")
def at(desk: Served, officer: Browser) -> str:
    """A case with two exhibits, that tests add to."""
    return with_exhibit(desk, officer, own_number="C/26/00412")


def entries(zipped: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(zipped)).namelist()


def test_a_case_is_opened_with_the_next_reference_and_found_by_its_own_number_which_the_log_tells(desk: Served, officer: Browser) -> None:
    at = open_case(officer, "Belts in the rear", own_number="C/26/77001")
    before = desk.store.log_head()[0]
    page = officer.get("/cases?q=77001 belts").text
    assert f'href="{at}"' in page and page.count('scope="row"') == 1
    [event] = desk.store.log(after=before)
    assert event.body["actor"] == "a.officer" and event.body["detail"]["asked"] == {"find_cases": 1} and event.body["detail"]["looked_up"]
    assert "No case has these words" in officer.get("/cases?q=77001 handbags").text
    assert "No case has these words" in officer.get("/cases?q=%25").text, "a sign of SQL is a letter like any other"


def test_a_listing_and_goods_become_exhibits_numbered_by_their_officers_letters(officer: Browser, at: str) -> None:
    page = officer.get(at).text
    assert ">AO1</a>" in page and ">AO2</a>" in page and "4 × belts" in page
    assert 'value="AO"' in officer.get(f"{at}/exhibits/add").text, "the letters of before are in the form already"


def test_what_is_being_looked_at_is_put_into_a_case(desk: Served, officer: Browser) -> None:
    at, (source, ref) = open_case(officer), a_listing(desk)
    [way] = re.findall(r'href="(/cases/put[^"]+)"', officer.get(f"/listings/{source}/{ref}").text)
    form = officer.get(way.replace("&amp;", "&")).text
    assert f'value="{ref}"' in form and f'<option value="{at.rpartition("/")[2]}"' in form
    assert f"Listing {ref} of {source}, “" in form and "Reference or number" not in form, "it is said, and not asked for again"
    assert "Reference or number" in officer.get("/cases/put?kind=link&ref=no-number").text
    done = officer.post("/cases/put", WHAT | {"case": at.rpartition("/")[2], "source": source, "ref": ref})
    assert done.url.path == f"{at}/exhibits" and "Exhibit AO1" in done.text


def test_a_case_is_opened_from_what_is_to_go_into_it(desk: Served, officer: Browser) -> None:
    source, ref = a_listing(desk)
    put = officer.get(f"/cases/put?kind=listing&source={source}&ref={ref}").text
    [way] = [each.replace("&amp;", "&") for each in re.findall(r'href="(/cases/new\?[^"]+)"', put)]
    form = officer.post(way, {"title": "Handbags, market hall", "jurisdiction": "England and Wales"})
    assert form.url.path.endswith("/exhibits/add") and "is open." in form.text and f'value="{ref}"' in form.text
    done = officer.post(form.url.path, WHAT | {"source": source, "ref": ref})
    assert "Exhibit AO1" in done.text and done.url.path == form.url.path.removesuffix("/add")


def test_a_form_that_is_not_accepted_keeps_what_was_filled_in_and_leads_to_the_field(officer: Browser, at: str) -> None:
    page = officer.post(f"{at}/exhibits/item", {"sort": "goods", "what": "a rack of belts", "when": "31/02/2026", "initials": "AO"})
    assert page.status_code == 400 and "There is a problem" in page.text and "a rack of belts" in page.text and "31/02/2026" in page.text
    page = officer.post(f"{at}/file/new/person", {"category": "suspect", "name": "C. Trader (fictional)", "basis": ""})
    assert 'href="#basis"' in page.text and 'id="basis-error"' in page.text and "--" not in re.sub(r"govuk-\S+|<!--.*?-->", "", page.text.split("There is a problem")[1][:300])  # fmt: skip


def test_custody_that_does_not_follow_is_recorded_and_named(officer: Browser, at: str) -> None:
    [goods] = re.findall(rf'href="{at}(/exhibits/\d+)">AO2<', officer.get(at).text)
    step = {"act": "handed_over", "when": "21/11/2026", "by": "B. Driver", "why": "for examination", "taker": "E. Examiner"}
    page = officer.post(f"{at}{goods}/custody", step).text
    assert "What in its custody does not follow" in page and "it was in the hands of a.officer" in page and "E. Examiner" in page
    assert "custody has gaps" in officer.get(f"{at}/exhibits").text


def test_an_exhibit_that_is_withdrawn_keeps_its_number_with_the_reason(desk: Served, officer: Browser) -> None:
    at = with_exhibit(desk, officer)
    [first] = re.findall(rf'href="{at}(/exhibits/\d+)">AO1<', officer.get(at).text)
    assert officer.post(f"{at}{first}/withdraw", {"why": ""}).status_code == 400
    page = officer.post(f"{at}{first}/withdraw", {"why": "another seller's"}).text
    assert ">AO1</a>" in page and "withdrawn" in page and "another seller&#39;s" in page


def test_a_row_of_the_case_file_is_recorded_corrected_and_taken_back_and_can_still_be_read(officer: Browser, at: str) -> None:
    page = officer.post(f"{at}/file/new/person", {"category": "suspect", "name": "D. Trader (fictional)", "basis": "signed for it"}).text
    [number] = re.findall(r"Row (\d+) is recorded", page)
    assert 'value="D. Trader (fictional)"' in officer.get(f"{at}/file/{number}/correct").text
    fixed = {"category": "suspect", "name": "Delia Trader (fictional)", "basis": "signed for it"}
    assert "Delia Trader" in officer.post(f"{at}/file/{number}/correct", fixed).text
    page = officer.post(f"{at}/file/{number}/withdraw", {"why": "somebody of the same name"}).text
    assert "Delia Trader" not in page
    every = officer.get(f"{at}/file?every=1").text
    assert "D. Trader (fictional)" in every and "Delia Trader" in every and "somebody of the same name" in every and "superseded" in every


def test_an_offence_says_what_is_not_stated_yet(officer: Browser, at: str) -> None:
    told = {
        "act": "offers_or_exposes",
        "mark": "MAISON LOZENGE",
        "goods": "belts",
        "status": "not_checked",
        "exhibits": ["AO1"],
        "classes": "18, 25",
    }
    page = officer.post(f"{at}/file/new/offence", told).text
    assert "To know: not stated yet: register number" in page and "s.92(1)(b)" in page and "[AO1]" in page
    assert "not stated yet: register number" in officer.get(at).text
    refused = officer.post(f"{at}/file/new/offence", told | {"office": "UKIPO", "number": "017867542"})
    assert refused.status_code == 400 and "UK00917867542" in refused.text, "the comparable mark is named"


@pytest.mark.parametrize("kind, sent", [
    ("statement", {"officer": "a.officer", "name": "Ada Officer"}), ("exhibit_list", {}), ("continuity", {"officer": "a.officer"}), ("notice", {"form": "hosting-service"}),
])  # fmt: skip
def test_a_draft_is_made_kept_and_downloaded_with_its_blanks_named(officer: Browser, at: str, kind: str, sent: dict[str, object]) -> None:
    page = officer.post(f"{at}/drafts/new/{kind}", sent)
    assert re.search(r"/drafts/\d+$", page.url.path) and "nothing was sent" in page.text and "BEFORE IT IS USED" in page.text
    if kind in ("statement", "continuity"):
        assert "TO BE COMPLETED" in page.text and "[ ]" in page.text
    files = re.findall(r'href="([^"]+/drafts/\d+/\d+)" download>([^<]+)<', page.text)
    for path, name in files:
        got = officer.get(path)
        begins = {"docx": b"PK", "pdf": b"%PDF", "txt": b"NOTES"}[name.rpartition(".")[2]]
        assert got.content.startswith(begins) and got.headers["content-disposition"].startswith("attachment; ")
    assert {name.rpartition(".")[2] for _, name in files} == {"docx", "pdf", "txt"}


def test_labels_are_a_pdf_and_that_they_were_made_is_a_disclosure(desk: Served, officer: Browser, at: str) -> None:
    before = desk.store.log_head()[0]
    got = officer.post(f"{at}/exhibits/labels", {"wanted": ["AO2"]})
    assert got.content.startswith(b"%PDF") and "labels-TS-" in got.headers["content-disposition"]
    assert [e.body["detail"]["labels"] for e in desk.store.log(after=before) if e.body["verb"] == Verb.disclosure] == [1]


def test_the_two_valuations_stand_apart_and_no_figure_is_of_both(officer: Browser, at: str) -> None:
    goods = {"what": "belts", "quantity": "4", "price": "£320; list:Maison Lozenge price list; 2026-03-01", "evidence": "exhibit:AO2"}
    assert officer.post(f"{at}/money/new/goods", goods).status_code == 200
    paid = {"payment": "statement 3, line 17", "amount": "£45.00", "dated": "2026-03-02", "evidence": "document:CD/118"}
    assert officer.post(f"{at}/money/new/receipt", paid).status_code == 200
    marked = {"marker": "professional_equipment", "note": "a heat press", "evidence": "exhibit:AO2"}
    page = officer.post(f"{at}/money/new/culpability", marked).text
    assert "mid £1,280.00" in page and "Benefit counted: £45.00" in page and "1,325" not in page and "a heat press" in page
    again = officer.post(f"{at}/money/new/receipt", paid)
    assert again.status_code == 400 and "statement 3, line 17" in again.text, "the same payment is not recorded twice"
    assert entries(officer.post(f"{at}/money/paper").content) == ["money/money.docx", "money/money.pdf"]


def test_a_disclosure_officer_decides_and_nobody_else_is_offered_to(desk: Served, officer: Browser, at: str) -> None:
    page = officer.get(f"{at}/disclosure").text
    assert "are not decided yet" in page and f'action="{at}/disclosure/decide"' not in page
    assert officer.post(f"{at}/disclosure/decide", {"items": ["1"], "standing": "used"}).status_code == 403
    other = desk.as_role("disclosure_officer")
    assert "Decided of items 1, 2" in other.post(f"{at}/disclosure/decide", {"items": ["1", "2"], "standing": "used"}).text
    refused = other.post(f"{at}/disclosure/decide", {"items": ["3"], "standing": "sensitive"})
    assert refused.status_code == 400 and "Say why it is sensitive" in refused.text and 'value="3" checked' in refused.text
    decided = {"items": ["3"], "standing": "unused", "undermines": "yes", "because": "a colleague was not sure"}
    assert "Decided of item 3" in other.post(f"{at}/disclosure/decide", decided).text
    assert "a colleague was not sure" in other.get(f"{at}/disclosure/3").text


def test_who_told_of_it_is_on_no_list_of_a_role_that_may_not_see_that(own_desk: Served) -> None:
    told = sightings.Statement(Told.public, "Belts on a stall", "Belts", "Stall 12", "25/11/2026 14:30", "£20", "Sam", "07700 900142")
    kept = sightings.add(own_desk.store, own_desk.home, told, [], by="a.officer", informant=Informant(0, "Brindle Source (fictional)"))
    officer, supervisor, analyst = (own_desk.as_role(role) for role in ("officer", "supervisor", "analyst"))
    at = open_case(officer)
    with own_desk.store.acting("system", purpose="test") as reader:
        listing = reader.summaries(numbers=[kept.sighting.listing])[0].listing
    assert officer.post(f"{at}/exhibits/add", WHAT | {"source": listing.source, "ref": listing.ref}).status_code == 200
    shown = {name: set(re.findall(rf'href="{at}/disclosure/(\d+)"', browser.get(f"{at}/disclosure").text)) for name, browser in (("officer", officer), ("supervisor", supervisor), ("analyst", analyst))}  # fmt: skip
    assert shown["analyst"] < shown["officer"] < shown["supervisor"]
    [informant] = shown["supervisor"] - shown["officer"]
    assert (
        officer.get(f"{at}/disclosure/{informant}").status_code == 404 and supervisor.get(f"{at}/disclosure/{informant}").status_code == 200
    )
    assert "not shown to your role" in officer.get(f"{at}/disclosure").text and "Brindle" not in supervisor.get(f"{at}/disclosure").text


def test_an_edition_keeps_what_is_served_apart_from_what_is_not_and_a_copy_is_for_somebody(desk: Served, at: str) -> None:
    other = desk.as_role("disclosure_officer")
    assert other.post(f"{at}/disclosure/edition", {"why": ""}).status_code == 400
    names = entries(other.post(f"{at}/disclosure/edition", {"why": "initial disclosure"}).content)
    assert "schedules/served/mg6c.pdf" in names and "schedules/prosecutor/mg6d.docx" in names and "schedules/served/mg6d.csv" not in names
    assert "Edition 1 is written" in other.get(f"{at}/disclosure").text
    copied = other.post(f"{at}/disclosure/copy", {"why": "initial disclosure", "recipient": "defence solicitor"})
    assert "copy/redactions.jsonl" in entries(copied.content)
    wrong = other.post(f"{at}/disclosure/copy", {"why": "x", "recipient": "y", "redactions": "strange: 1"})
    assert (
        wrong.status_code == 400
        and 'href="#redactions"' in wrong.text
        and "line 1: unknown key" in wrong.text
        and "/tmp/" not in wrong.text
    )


def test_the_source_of_an_item_is_on_no_page_until_somebody_says_why(desk: Served, officer: Browser, at: str) -> None:
    case = at.rpartition("/")[2]
    told = {"text": "Belts are sold from the rear on Sundays", "origin": "person", "source_urn": "SRC-0417", "grade": "2CP", "how": "at the counter", "who": "Brindle Source (fictional)", "case": case}  # fmt: skip
    refused = officer.post("/intelligence/new", told | {"text": "Brindle says that belts are sold"})
    assert refused.status_code == 400 and "There is a problem" in refused.text
    page = officer.post("/intelligence/new", told)
    assert page.url.path.startswith("/intelligence/IR-") and "Brindle" not in page.text and "Show the source" not in page.text
    assert "Brindle" not in officer.get(f"{at}/intelligence").text + officer.get("/intelligence").text
    assert officer.post(f"{page.url.path}/source", {"why": "curious"}).status_code == 403
    supervisor = desk.as_role("supervisor")
    assert supervisor.post(f"{page.url.path}/source", {"why": ""}).status_code == 400
    before = desk.store.log_head()[0]
    assert "Brindle Source" in supervisor.post(f"{page.url.path}/source", {"why": "asks to be forgotten"}).text
    assert any(e.body["justification"] == "asks to be forgotten" and e.body["detail"].get("intelligence_source") for e in desk.store.log(after=before))  # fmt: skip
    assert "stands anew: 2BP" in officer.post(f"{page.url.path}/grade", {"text": told["text"], "grade": "2BP", "marking": "OFFICIAL", "why": "a second source"}).text  # fmt: skip
    written = officer.post(f"{page.url.path}/report", {"to": "Wexcombe Police", "why": "rear-unit sales"})
    assert {name.rpartition(".")[2] for name in entries(written.content)} == {"docx", "pdf"}


def test_a_referral_holds_what_its_recipient_may_have_and_what_comes_back_is_kept(officer: Browser, at: str) -> None:
    asked = {"kind": "police", "recipient": "Wexcombe Police", "case": at.rpartition("/")[2], "why": "proceeds go through two accounts"}
    assert officer.post("/referrals/new", asked | {"premises": "2"}).status_code == 400, "a case or premises, not both"
    got = officer.post("/referrals/new", asked)
    [reference] = re.findall(r"referral-(R-\d+-\d+)\.zip", got.headers["content-disposition"])
    assert any(name.endswith("manifest.json") or "manifest" in name for name in entries(got.content))
    assert f"Referral {reference} is prepared" in officer.get("/referrals").text
    sent = {"outcome": "visited", "their_reference": "F1", "dated": "25/11/2026"}
    page = officer.post(f"/referrals/return/{reference}", sent, files={"file": ("../reply.csv", b"outcome\nvisited\n", "text/csv")})
    assert "is kept as capture" in page.text and "visited" in officer.get(f"{at}/intelligence").text
    twice = officer.post(f"/referrals/return/{reference}", sent, files={"file": ("reply.csv", b"outcome\nvisited\n", "text/csv")})
    assert twice.status_code == 400 and "came back" in twice.text and "/tmp/" not in twice.text


# -- evidence packs ------------------------------------------------------------------------------------------------------------
def test_a_pack_is_made_beside_the_desk_downloaded_and_checked(desk: Served, officer: Browser, at: str) -> None:
    assert officer.post(f"{at}/export/start", {"why": ""}).status_code == 400
    page = officer.post(f"{at}/export/start", {"why": "file to legal services"})
    pack = page.url.path
    assert '<meta http-equiv="refresh"' in page.text, "without scripts the page asks again by itself"
    told = officer.get(f"{pack}/events")
    assert told.headers["content-type"].startswith("text/event-stream") and '"over": true' in told.text
    text = made(officer, pack)
    [head] = re.findall(r'id="pack-head">([0-9a-f]{64})<', text)
    zipped = officer.get(f"{pack}/pack.zip")
    assert any(name.endswith("/verify.py") for name in entries(zipped.content)) and zipped.headers["content-type"] == "application/zip"
    assert desk.store.log()[-1].body["verb"] == Verb.disclosure and desk.store.log()[-1].body["detail"]["head"] == head
    assert "it is the pack whose head was quoted" in officer.post(f"{pack}/verify", {"head": f"  {head.upper()} "}).text
    assert "REFUSED" in officer.post(f"{pack}/verify", {"head": "0" * 64}).text
    assert "A head has 64" in officer.post(f"{pack}/verify", {"head": "not it"}).text
    found = packing.pack(desk.home, at.rpartition("/")[2], 1)
    assert found is not None
    page_of_it = found.folder / "data" / "README.html"
    page_of_it.write_bytes(page_of_it.read_bytes().replace(b"Handbags", b"Handcarts"))
    refused = officer.post(f"{pack}/verify", {"head": head}).text
    assert "It is not as it was made" in refused and "README.html" in refused


def test_a_pack_of_the_same_seal_has_the_same_head(desk: Served, officer: Browser) -> None:
    at, heads = with_exhibit(desk, officer), []
    for number in (1, 2):
        seal = str(desk.store.seals(at.rpartition("/")[2])[0].event) if number > 1 else ""
        page = officer.post(f"{at}/export/start", {"why": "copy", "seal": seal})
        heads += re.findall(r'id="pack-head">([0-9a-f]{64})<', made(officer, page.url.path))
    assert len(heads) == 2 and heads[0] == heads[1]
    page = officer.post(f"{at}/export/2/remove").text
    assert (
        "Its files were taken from this machine" in page and heads[1] in page and officer.get(f"{at}/export/2/pack.zip").status_code == 404
    )
    assert [each.name for each in (desk.home.path("var/desk/packs") / at.rpartition("/")[2] / "2").iterdir() if "TS" in each.name] == []


def test_one_pack_of_a_case_is_made_at_a_time_and_one_that_was_stopped_says_so(desk: Served, officer: Browser) -> None:
    at = open_case(officer)
    page = made(officer, officer.post(f"{at}/export/start", {"why": "too early"}).url.path)
    assert "No pack was made" in page and "has no exhibits" in page
    place = desk.home.path("var/desk/packs") / at.rpartition("/")[2]
    with (place / packing.LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        busy = officer.post(f"{at}/export/start", {"why": "again"})
        assert busy.status_code == 400 and "is being made" in busy.text
    (place / "1" / packing.SAID).write_text('{"stage": "zip"}\n')
    assert "It stopped before its end" in officer.get(f"{at}/export/1").text


def test_where_an_export_needs_two_persons_another_approves_and_only_who_asked_makes_it(own_desk: Served) -> None:
    rules = yaml.safe_load(own_desk.home.file("data.yml").read_text())
    rules["two_persons"]["acts"].append("export")
    (own_desk.home.folder / "configs" / "data.yml").write_text(yaml.safe_dump(rules))
    own_desk.store.rules = read_rules(own_desk.home.file("data.yml"))
    officer, supervisor = own_desk.as_role("officer"), own_desk.as_role("supervisor")
    at = with_exhibit(own_desk, officer)
    assert "Make the evidence pack" not in officer.get(f"{at}/export").text
    refused = officer.post(f"{at}/export/start", {"why": "legal services"})
    assert refused.status_code == 400 and "needs two persons" in refused.text and not packing.packs(own_desk.home, at.rpartition("/")[2])
    assert "You asked for it" in officer.post(f"{at}/export/ask").text
    assert officer.post("/proposals/1/export", {"says": "approved"}).status_code == 403
    assert own_desk.store.proposals(1)[0].state == "open"
    assert supervisor.post("/proposals/1/erase", {"says": "approved"}).status_code == 404, "it is no erasure"
    assert "a.officer makes the pack" in supervisor.post("/proposals/1/export", {"says": "approved"}).text
    assert supervisor.post(f"{at}/export/start", {"why": "mine"}).status_code == 400, "who approved did not ask"
    assert 'id="pack-head"' in made(officer, officer.post(f"{at}/export/start", {"why": "legal services"}).url.path)
    assert own_desk.store.proposals(1)[0].state == "done"


def test_nobody_approves_what_they_asked_for_themselves(own_desk: Served) -> None:
    supervisor = own_desk.as_role("supervisor")
    assert (
        "Another person answers" in supervisor.post("/proposals/erasure", {"kind": "listing", "subject": "3", "ground": "retention"}).text
    )
    page = supervisor.get("/proposals").text
    assert "It is your own: another person answers it." in page and 'action="/proposals/1/' not in page
    assert "is a.supervisor&#39;s own" in supervisor.post("/proposals/1/erase", {"says": "approved"}).text
    assert own_desk.store.proposals(1)[0].state == "open"


def test_an_erasure_is_carried_out_by_another_and_refused_under_a_hold(own_desk: Served) -> None:
    officer, supervisor = own_desk.as_role("officer"), own_desk.as_role("supervisor")
    held = officer.post("/holds/new", {"kind": "listing", "number": "4", "reason": "an order of a court"}).text
    [hold] = re.findall(r"Hold (\d+):", held)
    for listing in ("3", "4"):
        officer.post("/proposals/erasure", {"kind": "listing", "subject": listing, "ground": "retention"})
    assert "Proposal 1: done" in supervisor.post("/proposals/1/erase", {"says": "approved"}).text
    assert "hold" in supervisor.post("/proposals/2/erase", {"says": "approved"}).text and own_desk.store.proposals(2)[0].state == "held"
    assert "Proposal 2" not in supervisor.get("/proposals").text.split("Answered")[0]
    assert officer.post(f"/holds/{hold}/release", {"reason": ""}).status_code == 400
    assert f"Hold {hold} is released" in officer.post(f"/holds/{hold}/release", {"reason": "discharged"}).text


def test_what_is_due_is_shown_with_its_rule_and_a_case_with_what_keeps_it(officer: Browser, at: str) -> None:
    page = officer.get("/review?on=2099-01-01&kind=listing").text
    assert "Ask to erase listing" in page and "the date that it was given" in page
    assert officer.get("/review?on=soon").status_code == 400
    kept = officer.get(f"{at}/keeping").text
    assert "It is to be kept." in kept and "Ask that it be closed" not in kept
    assert officer.post(f"{at}/keeping", {"says": "release", "day": ""}).status_code == 400
    assert "2028-01-31" in officer.post(f"{at}/keeping", {"says": "release", "day": "2028-01-31"}).text


# -- the reference library -----------------------------------------------------------------------------------------------------
def test_a_picture_and_a_price_are_added_found_and_removed_with_the_reason(own_desk: Served) -> None:
    from PIL import Image

    officer, file = own_desk.as_role("officer"), io.BytesIO()
    Image.new("RGB", (320, 240), (180, 20, 60)).save(file, "JPEG")
    told = {"kind": "suspected", "brand": "Gucci", "provenance": "seizure of 3 March"}
    picture = {"file": ("bag.jpg", file.getvalue(), "image/jpeg")}
    page = officer.post("/references/pictures", told, files=picture).text
    [entry] = re.findall(r"Entry (\d+) is added", page)
    assert "in the library already" in officer.post("/references/pictures", told, files=picture).text
    unproved = officer.post("/references/pictures", told | {"kind": "confirmed"}, files=picture)
    assert unproved.status_code == 400 and "examiner&#39;s statement" in unproved.text
    price = {"brand": "Gucci", "category": "belt", "price": "350", "currency": "GBP", "source": "price list", "date": "2026-03-01"}
    assert "£350.00" in officer.post("/references/prices", price).text
    assert officer.post("/references/prices", price | {"date": "spring"}).status_code == 400
    assert officer.post(f"/references/{entry}/remove", {"why": ""}).status_code == 400
    assert "removes entry" in officer.post(f"/references/{entry}/remove", {"why": "another bag"}).text
    assert f"Reference {entry}:" not in officer.get("/references").text
    assert [r.removes for r in own_desk.store.reference_log()][-1] == int(entry)


def test_the_library_is_read_by_a_partner_who_is_offered_nothing_to_change(desk: Served) -> None:
    partner = desk.as_role("partner")
    page = partner.get("/references").text
    assert "/pictures/" in page and "Add a picture" not in page and "Remove entry" not in page
    assert partner.get("/references?brand=Gucci").status_code == 200 and "Rolex" in partner.get("/references/brands?group=watches").text
    assert partner.get("/references/pictures").status_code == 403 and partner.get("/cases").status_code == 403
