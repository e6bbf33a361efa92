"""Premises at the desk: the list and the map say the same, links are judged with a reason, small numbers do not leak, follow-ups are one's own authority's."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from casework.desk import people
from casework.desk.pages import followups
from casework.desk.plainly import in_words_of
from casework.desk.settings import Role, Tiles
from casework.desk.uploads import safe_name
from premises.rank import rank
from premises.rollup import HELD, Group, without_small
from store.occupants import Basis
from store.occupants import Role as Standing
from store.strict import FieldError
from store.words.followup import Kind, Step
from store.words.records import Authority, SubjectKind, Verdict
from tests.builders import jpeg
from tests.casework.desk.conftest import PASSWORD, Browser, Served, people_rules

XSS = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Shared:
    """One desk for tests that add to it without minding what others added, each at a place of its own, and one browser a role."""

    def __init__(self, desk: Served) -> None:
        self.desk, self.store, self.home = desk, desk.store, desk.home
        self.browsers: dict[str, Browser] = {}
        with desk.store.acting("a.supervisor", purpose="test") as reader:
            self.places = [one.premises.id or 0 for one in rank(reader, limit=None, home=desk.home)]

    def as_role(self, role: str) -> Browser:
        if role not in self.browsers:
            self.browsers[role] = self.desk.as_role(role)
        return self.browsers[role]

    @property
    def authority(self) -> str:
        return self.home.settings.authority.code


@pytest.fixture(scope="module")
def work(serve: Callable[[], Served]) -> Shared:
    return Shared(serve())


def events(desk: Shared, after: int = 0) -> list[dict[str, Any]]:
    return [dict(event.body) for event in desk.store.log(after)]


def link_to(desk: Shared, premises: int) -> int:
    with desk.store.acting("a.supervisor", purpose="test") as reader:
        return reader.links(object=(SubjectKind.premises, premises))[0].id or 0


# -- the list, the map and files -------------------------------------------------------------------------------------------------
def test_the_list_is_in_the_order_of_the_ranking_and_the_map_draws_the_same(work: Shared) -> None:
    with work.store.acting("a.supervisor", purpose="test") as reader:
        ranked = rank(reader, limit=None, home=work.home)
    assert work.places == [one.premises.id for one in ranked] and len(ranked) > 5
    answer = work.as_role("officer").get("/premises/map.geojson")
    features = answer.json()["features"]
    assert answer.headers["content-type"].startswith("application/geo+json")
    assert [f["id"] for f in features] == [one.premises.id for one in ranked if one.lat is not None]
    assert all(f["geometry"]["coordinates"] == [round(one.lon or 0, 6), round(one.lat or 0, 6)] for f, one in zip(features, (r for r in ranked if r.lat is not None), strict=True))  # fmt: skip


def test_near_a_postcode_only_what_is_near_is_shown_and_nonsense_is_said_to_be_none(work: Shared) -> None:
    officer = work.as_role("officer")
    near = officer.get("/premises", params={"near": "M33 7ZF", "within": "500"}).text
    assert "Market Hall" in near and "Unit 2A, Wexcombe Parade" not in near and "m away" in near
    wrong = officer.get("/premises", params={"near": XSS})
    assert wrong.status_code == 400 and "<script>alert" not in wrong.text and "There is a problem" in wrong.text
    assert officer.get("/premises", params={"within": "17"}).status_code == 400


def test_the_decoy_is_never_proposed_and_a_building_says_that_its_unit_is_unknown(work: Shared) -> None:
    officer = work.as_role("officer")
    listed = officer.get("/premises").text
    with work.store.acting("a.supervisor", purpose="test") as reader:
        decoys = [p for p in reader.premises() if "Unit 2," in p.label or "14B" in p.label]
    assert decoys and all(f'href="/premises/{d.id}"' not in listed for d in decoys)
    for decoy in decoys:
        assert "Nothing links an account or an advert to this unit" in officer.get(f"/premises/{decoy.id}").text
    building = next(n for n in work.places if "linked to the building" in officer.get(f"/premises/{n}").text)
    assert "Unit unknown: linked to the building." in officer.get(f"/premises/{building}").text


def test_a_places_page_gives_reasons_with_weights_and_captures_and_what_registers_said(work: Shared) -> None:
    page = work.as_role("officer").get(f"/premises/{work.places[0]}").text
    assert re.search(r"\+0\.\d\d</span>", page) and re.search(r"capture \d+", page) and "the postcode M32 0TH is the same" in page
    assert "wexcombe_units" in page and "2026-01-31" in page and "Who is here" in page


def test_exports_are_for_those_who_may_and_are_a_disclosure_in_the_log(work: Shared) -> None:
    officer, reviewer = work.as_role("officer"), work.as_role("reviewer")
    assert "Download as CSV" in officer.get("/premises").text and "Download as CSV" not in reviewer.get("/premises").text
    assert reviewer.post("/premises/export", {"form": "csv"}).status_code == 403
    answer = officer.post("/premises/export", {"form": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["row"]) for row in rows] == work.places
    assert answer.headers["content-disposition"] == 'attachment; filename="premises.csv"' and answer.headers["x-content-type-options"] == "nosniff"  # fmt: skip
    collection = officer.post("/premises/export", {"form": 'geojson"\r\nX: y'}).text
    assert collection.startswith("row,")  # what is no form of ours is the CSV
    assert json.loads(officer.post("/premises/export", {"form": "geojson"}).text)["type"] == "FeatureCollection"
    said = [e["detail"] for e in events(work) if e["verb"] == "disclosure" and e["actor"] == "a.officer"]
    assert [e["format"] for e in said] == ["csv", "csv", "geojson"] and all(e["rows"] == len(rows) for e in said)


def test_a_cell_that_a_spreadsheet_would_run_is_defused() -> None:
    from casework.places import csv_text

    assert csv_text(("a",), [("=cmd|'/c calc'!A1",), ("@x",), ("fine",)]).splitlines() == ["a", "'=cmd|'/c calc'!A1", "'@x", "fine"]


# -- sums by area --------------------------------------------------------------------------------------------------------------
def group(premises: int, confirmed: int, name: str = "x") -> Group:
    return Group(name, name, tuple(range(premises)), min(confirmed, premises), premises * 3, premises * 2, 0, 1.0)


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=7), st.integers(2, 6))
def test_no_held_number_can_be_worked_out_from_the_totals(sizes: list[tuple[int, int]], least: int) -> None:
    groups = [group(*size) for size in sizes]
    summed = without_small(groups, least)
    assert all(x is HELD or x == 0 or x >= least for row in summed.rows for x in (row.premises, row.confirmed, row.subjects, row.flagged))
    for column, total in (("premises", summed.premises), ("confirmed", summed.confirmed)):
        shown = [getattr(row, column) for row in summed.rows]
        held = [n for n, x in enumerate(shown) if x is HELD]
        true = [len(g.premises) if column == "premises" else g.confirmed for g in groups]
        assert all(x is HELD or x == true[n] for n, x in enumerate(shown))
        if total is HELD or not held:
            continue
        left = total - sum(x for x in shown if x is not HELD)
        lowest = [0 if column == "confirmed" and summed.rows[n].premises is HELD else 1 for n in held]
        assert len(held) > 1 and all(left - (sum(lowest) - low) >= least for low in lowest), "the total gives a small number away"


def test_a_small_row_is_held_back_whole_and_another_with_it() -> None:
    summed = without_small([group(3, 1, "a"), group(6, 0, "b"), group(9, 5, "c")], 5)
    assert [(r.premises, r.subjects) for r in summed.rows] == [(None, None), (None, None), (9, 27)] and summed.premises == 18
    assert without_small([group(3, 3)], 5).premises is HELD
    assert without_small([group(7, 0), group(8, 8)], 5).rows[0].confirmed == 0


def test_the_page_of_sums_says_its_rule_and_its_file_holds_back_the_same(work: Shared) -> None:
    officer = work.as_role("officer")
    page = officer.get("/premises/areas", params={"by": "district"}).text
    assert "Numbers from 1 to 4 are held back" in page and "fewer than 5 premises is held back whole" in page
    rows = list(csv.reader(io.StringIO(officer.post("/premises/areas/export", {"by": "district"}).text)))[1:]
    assert rows and all(cell == "held back" or cell == "0" or int(cell) >= 5 for row in rows for cell in row[1:])
    assert officer.get("/premises/areas", params={"by": "landlord'--"}).status_code == 400


# -- judging a link --------------------------------------------------------------------------------------------------------------
def test_a_link_is_confirmed_with_a_reason_and_judged_again(work: Shared) -> None:
    officer, here = work.as_role("officer"), work.places[8]
    link = link_to(work, here)
    without = officer.post(f"/premises/{here}/links/{link}", {"verdict": "yes", "reason": " "})
    assert without.status_code == 400 and "give the reason" in without.text
    done = officer.post(f"/premises/{here}/links/{link}", {"verdict": "yes", "reason": f"seen there {XSS}"})
    assert done.url.path == f"/premises/{here}" and "confirmed" in done.text and "<script>alert" not in done.text and "&lt;script&gt;alert" in done.text  # fmt: skip
    officer.post(f"/premises/{here}/links/{link}", {"verdict": "no", "reason": "another shop of that name"})
    with work.store.acting("a.supervisor", purpose="test") as reader:
        assert reader.link(link).status == "refused"
        assert [j.verdict for j in reader.judgements([(SubjectKind.link, link)])] == [Verdict.yes, Verdict.no]
    assert "refused or no longer found" in officer.get(f"/premises/{here}").text


def test_whoever_may_not_judge_is_offered_no_form_and_is_refused(work: Shared) -> None:
    here = work.places[0]
    link = link_to(work, here)
    for role in ("analyst", "disclosure_officer", "partner"):
        browser = work.as_role(role)
        assert "Keep this judgement" not in browser.get(f"/premises/{here}").text
        assert browser.post(f"/premises/{here}/links/{link}", {"verdict": "yes", "reason": "x"}).status_code == 403


def test_a_link_is_judged_only_where_it_leads_and_only_with_the_forms_token(work: Shared) -> None:
    officer, (here, other) = work.as_role("officer"), work.places[:2]
    link = link_to(work, here)
    assert officer.post(f"/premises/{other}/links/{link}", {"verdict": "yes", "reason": "x"}).status_code == 404
    assert officer.client.post(f"/premises/{here}/links/{link}", data={"verdict": "yes", "reason": "x"}).status_code == 403
    assert officer.get("/premises/999999").status_code == 404 and officer.get("/premises/1%20or%201").status_code == 404


def test_words_of_others_on_a_places_page_are_text(own_desk: Served) -> None:
    work = Shared(own_desk)
    here = work.places[0]
    work.store.keep_occupant(here, Standing.front, XSS, basis=Basis.visit, source=XSS, actor="a.officer", authority=work.authority, note=XSS)  # fmt: skip
    with work.store.database.writing() as c:  # a register's row and a place's own name, as hostile as they come
        from store import tables as t

        c.execute(t.premises.update().where(t.premises.c.id == here).values(label=XSS))
        c.execute(t.register_entry.update().values(name=XSS, address_raw=XSS))
        c.execute(t.seller.update().values(name=XSS))
    officer = work.as_role("officer")
    for path in (f"/premises/{here}", "/premises", "/premises/map.geojson", "/premises/areas?by=market", f"/follow-ups/new?kind=visit&premises={here}"):  # fmt: skip
        text = officer.get(path).text
        assert "<script>alert" not in text.replace("\\", "") or path.endswith("geojson")
        assert "<img src=x" not in text or path.endswith("geojson")
    assert officer.get("/premises/map.geojson").headers["x-content-type-options"] == "nosniff"


def test_whoever_sees_no_sightings_sees_nothing_that_rests_on_one_nor_what_officers_said(own_desk: Served) -> None:
    from typer.testing import CliRunner

    from casework import sightings
    from casework.cli import app
    from store.words.records import Told

    work = Shared(own_desk)
    said = sightings.Statement(Told.public, "Belts with a lozenge mark on a rail", place="Unit 6, Wexcombe Parade, Wexcombe, M32 0TH", seller="Rail Belts", seen_at="25/11/2026 14:30")  # fmt: skip
    added = sightings.add(work.store, work.home, said, by="a.officer")
    for command in ("link",):
        done = CliRunner().invoke(app, [command, "--home", str(work.home.folder)])
        assert done.exit_code == 0, done.output
    officer, partner = work.as_role("officer"), work.as_role("partner")
    with work.store.acting("a.supervisor", purpose="test") as reader:
        mine = [x for x in reader.links_to(SubjectKind.premises) if (x.subject_kind, x.subject) == (SubjectKind.listing, added.sighting.listing) or "Rail Belts" in str(reader.sellers([x.subject]))]  # fmt: skip
    assert mine, "the sighting leads to a place"
    here = mine[0].object
    work.store.keep_occupant(here, Standing.hidden, "Back Room Bags", basis=Basis.visit, source="visit", actor="a.officer", authority=work.authority)  # fmt: skip
    assert "sightings_public" in officer.get(f"/premises/{here}").text and "Back Room Bags" in officer.get(f"/premises/{here}").text
    theirs = partner.get(f"/premises/{here}").text
    assert "sightings_" not in theirs and "Rail Belts" not in theirs and "Back Room Bags" not in theirs and "Record what was done" not in theirs  # fmt: skip
    assert "Rail Belts" not in work.as_role("analyst").get(f"/premises/{here}").text
    counts = [len(json.loads(browser.get("/premises/map.geojson").text)["features"]) for browser in (officer, partner)]
    assert counts[1] <= counts[0]


# -- what was done -----------------------------------------------------------------------------------------------------------------
VISIT = {"kind": "visit", "when": "25/11/2026 10:15", "officers": "a.officer", "power": "none", "met": "an assistant", "seen": "belts"}


def record(browser: Browser, data: dict[str, object]) -> httpx.Response:
    return browser.post("/follow-ups", data)


def test_a_visit_is_recorded_with_its_photograph_and_stands_on_the_places_timeline(work: Shared) -> None:
    officer, here = work.as_role("officer"), work.places[0]
    assert "Which power of entry was used?" in officer.get(f"/follow-ups/new?kind=visit&premises={here}").text
    wrong = record(officer, {**VISIT, "premises": here, "seen": ""})
    assert wrong.status_code == 400 and "“What was seen?”" in wrong.text and "an assistant" in wrong.text
    photo = jpeg(7)
    done = officer.post("/follow-ups", {**VISIT, "premises": here}, files=[("file-photo", ("rail.jpg", photo))])
    assert done.status_code == 200 and done.url.path.startswith("/follow-ups/")
    assert "belts" in officer.get(f"/premises/{here}").text
    capture = int(re.search(r"capture (\d+)", done.text)[1])  # type: ignore[index]
    with work.store.acting("a.supervisor", purpose="test") as reader:
        assert reader.payload(capture) == photo
    number = int(done.url.path.rsplit("/", 1)[1])
    again = record(officer, {"kind": "visit", "supersedes": number, "seen": "belts and bags"})
    assert "belts and bags" in again.text and f"follow-up {number}" in again.text


def test_notice_before_an_entry_is_asked_for_in_the_forms_own_words(work: Shared) -> None:
    answer = record(work.as_role("officer"), {**VISIT, "premises": work.places[0], "power": "entry"})
    assert answer.status_code == 400 and "“Day of the written notice”" in answer.text and "--" not in re.sub(r"<[^>]*>", "", answer.text)


def test_a_test_purchase_goes_step_by_step_and_a_skipped_step_is_refused(work: Shared) -> None:
    officer, here = work.as_role("officer"), work.places[0]
    begun = record(officer, {"kind": "authorised", "premises": here, "when": "20/11/2026", "authorised_by": "B. Manager", "ground": "flagged adverts"})  # fmt: skip
    number = int(begun.url.path.rsplit("/", 1)[1])
    assert "Record the next step: the goods are ordered" in begun.text
    skipped = record(officer, {"kind": "received", "purchase": number, "when": "24/11/2026 10:00", "how": "handed over"})
    assert skipped.status_code == 400 and "the next step is" in skipped.text and "ordered" in skipped.text
    ordered = record(officer, {"kind": "ordered", "purchase": number, "when": "21/11/2026 09:30", "order": "advert 12", "paid": "£45"})
    assert ordered.status_code == 200 and "the parcel is received" in ordered.text
    assert (
        record(officer, {"kind": "ordered", "purchase": number, "when": "21/11/2026 09:30", "order": "again", "paid": "£45"}).status_code
        == 400
    )


def test_a_seizure_takes_rows_of_goods_and_a_bags_number_is_used_once(work: Shared) -> None:
    officer, here = work.as_role("officer"), work.places[0]
    seized = {"kind": "seizure", "premises": here, "when": "25/11/2026 11:00", "power": "seize", "stored": "shelf 4", "item-0-what": "belts", "item-0-count": "40", "item-0-weight": "8.2 kg", "item-0-bag": "A0012345"}  # fmt: skip
    assert "8.2 kg" in record(officer, seized).text
    assert "was used already" in record(officer, seized).text


def test_a_closed_unit_that_trades_again_is_said_on_its_page_and_in_the_list(work: Shared) -> None:
    officer, here = work.as_role("officer"), work.places[3]
    closure = {"kind": "closure", "premises": here, "when": "02/01/2020", "court": "Wexcombe Magistrates’ Court", "starts": "2020-01-01", "basis": "an order"}  # fmt: skip
    assert record(officer, closure).status_code == 200
    assert "closed, and seems to trade" in officer.get("/premises").text
    assert "Closed from 2020-01-01" in officer.get(f"/premises/{here}").text
    theirs = work.as_role("partner").get(f"/premises/{here}").text
    assert "It seems to trade while it is closed" in theirs and "Magistrates" not in theirs


def test_what_another_authority_did_is_not_there(work: Shared) -> None:
    store, home, here = work.store, work.home, work.places[4]
    store.keep_authority(Authority("elsewhere", "Elsewhere (fictional)", "england-wales"))
    people.open_account(store, "b.officer", "B. Officer (fictional)", Role.officer, authority="elsewhere", by="system")
    people.set_password(store, "b.officer", PASSWORD, people_rules(home), temporary=False, by="system")
    officer, other = work.as_role("officer"), work.desk.browser()
    other.sign_in("b.officer")
    done = record(officer, {**VISIT, "premises": here})
    number = int(done.url.path.rsplit("/", 1)[1])
    begun = record(
        officer, {"kind": "authorised", "premises": here, "when": "20/11/2026", "authorised_by": "B. Manager", "ground": "adverts"}
    )
    purchase = int(begun.url.path.rsplit("/", 1)[1])
    store.keep_occupant(here, Standing.hidden, "Back Room Bags", basis=Basis.visit, source="visit", actor="a.officer", authority=work.authority)  # fmt: skip
    for path in (f"/follow-ups/{number}", f"/follow-ups/{number}/correct", f"/purchases/{purchase}", f"/follow-ups/new?kind=ordered&purchase={purchase}"):  # fmt: skip
        assert other.get(path).status_code == 404 and officer.get(path).status_code == 200, path
    assert record(other, {"kind": "visit", "supersedes": number, "seen": "nothing"}).status_code == 404
    assert record(other, {"kind": "ordered", "purchase": purchase, "when": "21/11/2026", "order": "x", "paid": "£1"}).status_code == 404
    assert other.post(f"/purchases/{purchase}/continuity").status_code == 404
    page = other.get(f"/premises/{here}").text
    assert "an assistant" not in page and "Back Room Bags" not in page and "Nothing has been recorded here" in page
    theirs = record(other, {**VISIT, "premises": here, "seen": "shutters down"})
    assert "shutters down" in theirs.text and "shutters down" not in officer.get(f"/premises/{here}").text


def test_a_case_of_another_authority_takes_no_follow_up(work: Shared) -> None:
    answer = record(work.as_role("officer"), {**VISIT, "premises": work.places[0], "case": "OF-ANOTHER"})
    assert (answer.status_code == 400 and "There is no case" in answer.text) or "there is no case" in answer.text


def test_the_tasking_sheet_is_a_pdf_under_our_own_name_and_a_disclosure(work: Shared) -> None:
    here = work.places[0]
    answer = work.as_role("officer").post(f"/premises/{here}/tasking")
    assert answer.content.startswith(b"%PDF-") and answer.headers["content-disposition"] == f'attachment; filename="tasking-{here}.pdf"'
    assert any((e["verb"], e["actor"], e["purpose"]) == ("disclosure", "a.officer", "tasking sheet") for e in events(work))
    assert work.as_role("reviewer").post(f"/premises/{here}/tasking").status_code == 403


def test_each_look_is_an_event_with_the_person(work: Shared) -> None:
    officer = work.as_role("officer")
    before = work.store.log_head()[0]
    here = work.places[0]
    officer.get(f"/premises/{here}")
    looks = [e for e in events(work, before) if e["verb"] == "consultation" and e["actor"] == "a.officer"]
    assert [e["purpose"] for e in looks] == ["premises show"]


# -- small parts -------------------------------------------------------------------------------------------------------------------
def test_every_kind_and_step_has_a_form_whose_fields_are_those_of_its_statement() -> None:
    from dataclasses import fields

    from store.words.followup import KINDS

    assert set(followups.FORMS) == set(KINDS) == (set(Kind) - {Kind.purchase}) | set(Step)
    for kind, form in followups.FORMS.items():
        assert {f.name for f in form.fields} == {f.name for f in fields(KINDS[kind])} - {"law"}, kind


@pytest.mark.parametrize("given, kept", [
    ("../../etc/passwd", "passwd"), ("C:\\x\\shop front.jpg", "shop front.jpg"), ('a"\r\nX: y.jpg', "a___X_ y.jpg"), (".htaccess", "htaccess"),
    (XSS + ".jpg", "img src_x onerror_alert(2)_.jpg"), ("", "file"), ("…", "_"), ("Straße 7.png", "Straße 7.png"),
])  # fmt: skip
def test_a_files_name_leads_nowhere(given: str, kept: str) -> None:
    assert safe_name(given) == kept if given != XSS + ".jpg" else not set(safe_name(given)) & set("<>\"'/\\")


def test_what_the_code_says_of_options_becomes_the_forms_labels() -> None:
    labels = {"seen_at": "When was it seen?", "no_notice": "Why no notice?"}
    assert in_words_of(labels, "--seen-at 'x' is in the future") == ("“When was it seen?” 'x' is in the future.", "seen_at")
    assert in_words_of(labels, "visit: no_notice: say why (--no-notice)") == ("“Why no notice?”: say why.", "no_notice")
    assert in_words_of(labels, "there is no case 'x'; `touchstone case new` opens one") == ("There is no case 'x'.", "")


@pytest.mark.parametrize("url", ["http://tiles.example/{z}/{x}/{y}.png", "https://tiles.example; script-src */{z}/{x}/{y}", "//tiles.example/{z}/{x}/{y}", "https://tiles.example/map.png", "javascript:{z}{x}{y}"])  # fmt: skip
def test_a_tile_source_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(FieldError):
        Tiles(url, "Tiles (fictional)")


def test_a_tile_source_lets_pictures_of_that_host_alone_through_the_policy(work: Shared) -> None:
    from starlette.testclient import TestClient

    from casework.desk.app import create_app

    path = work.home.folder / "configs" / "desk.yml"
    tiles = {"url": "https://tiles.example/{z}/{x}/{y}.png", "attribution": "Tiles (fictional)"}
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), "tiles": tiles}), "utf-8")
    with TestClient(create_app(work.home), base_url="http://127.0.0.1") as client:
        policy = client.get("/sign-in").headers["content-security-policy"]
    assert "img-src 'self' https://tiles.example blob:;" in policy and policy.count("https:") == 1
    plain = work.desk.browser().get("/sign-in").headers["content-security-policy"]
    assert "https:" not in plain


def test_a_group_is_taken_as_it_is() -> None:
    one = group(6, 2)
    assert replace(one, confirmed=0).confirmed == 0 and without_small([one], 5).rows[0].confirmed is HELD
