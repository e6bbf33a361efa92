"""Personal data is read through `store.acting` only: a walk over the store's public functions."""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.attribution import Kind as Ground
from store.attribution import Strength
from store.clearances import Cleared
from store.disclosure import Standing as Schedule
from store.disclosure import Undermines
from store.errors import TouchstoneError
from store.listings import keep_picture_contacts
from store.network import Reach, Thing
from store.notes import NoteKind
from store.occupants import Basis, Role
from store.search import Query
from store.sightings import Handed
from store.store import Acting, Store
from store.words.casefile import CaseEntry, EntryKind, Person
from store.words.casefile import Connection as Connected
from store.words.contacts import find_contacts
from store.words.drafts import DraftKind
from store.words.followup import Authorised, ClosureOrder, FollowUp, Kind, Step
from store.words.intelligence import Origin, Provenance, grade_of
from store.words.records import (
    Actor,
    CaptureKind,
    Case,
    Contribution,
    Examination,
    Examined,
    Finding,
    Flag,
    Informant,
    Level,
    Link,
    LinkReason,
    Method,
    Pointer,
    Purpose,
    RegisterEntry,
    Snapshot,
    Status,
    SubjectCategory,
    SubjectKind,
    Told,
    Verdict,
)
from store.words.valuation import Goods, evidence_of
from tests.builders import START, Builder, jpeg
from tests.conftest import new_store

# Types that can say something of a person. A function of Store that gives one back must have been given it.
PERSONAL = (
    "Snapshot",
    "Sighting",
    "Informant",
    "Meeting",
    "Listing",
    "Seller",
    "Contact",
    "Summary",
    "Page",
    "Version",
    "Capture",
    "Reading",
    "Image",
    "Picture",
    "KeptFinding",
    "Finding",
    "Flag",
    "Link",
    "Judgement",
    "Note",
    "Clearance",
    "SavedSearch",
    "Exhibit",
    "CaseEntry",
    "RegisterEntry",
    "Occupant",
    "Ground",
    "Standing",
    "Met",
    "FollowUp",
    "Report",
    "Provenance",
    "Referral",
    "Record",
    "Relevant",
    "Edition",
    "bytes",
)
GIVES_BACK_WHAT_IT_WAS_GIVEN = {
    "keep",
    "keep_rendered",
    "keep_written",
    "keep_readings",
    "keep_sighting",
    "judge",
    "judge_account",
    "exhibit",
    "keep_follow_up",
    "keep_entry",
    "withdraw_entry",
    "exhibit_item",
    "keep_report",
    "regrade_report",
    "keep_edition",
}


def public(owner: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(owner, callable) if not name.startswith("_")}


def test_the_store_itself_gives_out_no_personal_data() -> None:
    leaks = {}
    for name, function in public(Store).items():
        returned = str(inspect.signature(function).return_annotation)
        named = [kind for kind in PERSONAL if re.search(rf"\b{kind}\b", returned)]
        if named and name not in GIVES_BACK_WHAT_IT_WAS_GIVEN:
            leaks[name] = named
    assert not leaks, f"these read without a log context: {leaks}"
    untyped = [name for name, function in public(Store).items() if inspect.signature(function).return_annotation is inspect.Signature.empty]
    assert not untyped, f"a function without a return type escapes this walk: {untyped}"


LINK = Link(None, SubjectKind.seller, 1, SubjectKind.premises, 2, "", 0.9, "unit", (LinkReason("phone", 0.9, "same phone"),))

LINK_OF_SELLERS = Link(
    None, SubjectKind.seller, 1, SubjectKind.seller, 2, "", 0.8, "seller", (LinkReason("same_phone", 0.8, "same phone"),)
)


@pytest.fixture
def full(filled: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with at least one row of everything that can be read: a copy of its own of one that is filled once."""
    shutil.copytree(filled, tmp_path / "filled")
    opened = Store(f"sqlite:///{tmp_path}/filled/touchstone.db", tmp_path / "filled" / "archive", retention={"unflagged": 90})
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with new_store(f"sqlite:///{folder}/touchstone.db", folder) as store:
        fill(store)
    return folder


def fill(store: Store) -> None:
    build = Builder(store)
    one = build.listing("1", title="Bag 1:1", text="call 07700 900123", seller="bags", seller_name="Bags", pictures=(jpeg(1),))
    two = build.listing("2", title="Bag", text="07700 900123", seller="totes", seller_name="Totes", pictures=(jpeg(2),))
    statement = build.capture("urn:touchstone:statement:1", b'{"note": "belts"}', CaptureKind.handed_in, "application/json")
    build.capture("urn:touchstone:part:1", b"part", CaptureKind.handed_in, "text/plain", part_of=statement.id)
    told = Handed(
        Told.public,
        Snapshot(title="Belts", text="07700 900123"),
        statement,
        "statement",
        "statement/1",
        files=[(statement.id or 0, "note.json")],
        informant=Informant(0, "A. Witness (fictional)"),
    )
    sighted = store.keep_sighting(told, actor="officer", authority="demo", run=build.run.id, purpose="sighting")
    build.close()
    method = store.keep_method(Method("detector", "hand", "1"))
    store.keep_examinations(
        method, [Examination(SubjectKind.snapshot, one.snapshot, Examined.done, (Finding("T", 0.5, "why"),))], build.run.id
    )
    store.keep_flag(Flag(None, one.listing, "0" * 64, "1" * 64, Level.review, 1.0, ()), build.run.id)
    against = Contribution("wear_described", -1.0, "why", "0" * 64, 1)
    store.keep_flag(Flag(None, two.listing, "0" * 64, "2" * 64, Level.note, 1.0, (against,)), build.run.id)
    store.draw(store.sample_seed(), [("0" * 16, two.listing)], build.run.id)
    snapshot, _ = store.begin_register("fhrs", "2" * 64, dated="2026-01-01", licence="none", rows=1, refused=0, run=build.run.id)
    store.keep_entries(
        snapshot, [(RegisterEntry("fhrs", str(n), "Bakehouse", "Unit 1", "M32 0TH", phone="+447700900123"), "bakehouse") for n in (8, 9)]
    )
    store.keep_refusals(snapshot, [(3, "no address", "A. Trader | 07700 900123")])
    store.join_premises([(1, "unit", "M32 0TH|unit 1", "Unit 1", "M32 0TH|parade", "M32 0TH")], build.run.id)
    store.keep_links(
        [LINK, LINK_OF_SELLERS],
        method,
        build.run.id,
        actor="system",
        purpose="link",
    )
    store.judge(SubjectKind.listing, one.listing, Verdict.yes, actor="officer", authority="demo", reason="seen")
    store.judge(SubjectKind.link, 1, Verdict.yes, actor="officer", authority="demo", reason="seen")
    store.keep_view(
        "http://stall.example/user/1", actor="officer", purpose=Purpose.capture_once, operation=None, run="r", days=28, threshold=3
    )
    pictured = store.keep_method(Method("detector", "image_match", "1"))
    store.set_method_status(pictured, Status.in_force, "officer", "a test")
    shared = Finding("shared_picture", 1.0, "why", pointers=(Pointer(other="picture:2"),))
    store.keep_examinations(pictured, [Examination(SubjectKind.picture, 1, Examined.done, (shared,))], build.run.id)
    store.say_pair(1, 2, True, actor="officer", authority="demo", reason="one stall")
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    store.exhibit("C1", SubjectKind.listing, one.listing, initials="AB", description="advert", actor="officer")
    seen = Handed(Told.officer, Snapshot(title="Caps", text="07700 900123"), statement, "statement", "statement/1", place="Unit 1, M32 0TH")
    store.keep_sighting(seen, actor="officer", authority="demo", run=build.run.id, purpose="sighting")
    saw = {"actor": "officer", "authority": "demo", "source": "visit of 2026-03-01"}
    store.keep_occupant(2, Role.hidden, "Bags", basis=Basis.visit, marks=[("phone", "07700 900123")], **saw)
    ground = store.keep_ground(1, Ground.admission, "says so", person_named="B. Trader (fictional)", strength=Strength.strong, **saw)
    store.judge_account(1, Verdict.yes, rests_on=[ground], actor="officer", authority="demo", reason="admitted")
    done = (
        (Kind.closure, ClosureOrder("Court (fictional)", "2026-01-01", "an order"), None),
        (Kind.purchase, Authorised("B. Manager (fictional)", "three adverts"), Step.authorised),
    )
    for kind, what, step in done:
        store.keep_follow_up(FollowUp(None, kind, what, START, True, 2, None, step=step), actor="officer", authority="demo")
    store.give("officer", "2026-03-01", [2], 20, actor="officer")
    store.keep_draft("C1", DraftKind.statement, [("statement.docx", statement.id or 0)], actor="officer")
    with store.database.writing() as c:
        keep_picture_contacts(c, 1, find_contacts("07700 900124"), method, None)
    suspect = Person(name="C. Trader (fictional)", category=SubjectCategory.suspect, basis="sold a belt")
    store.keep_entry(CaseEntry(None, "C1", EntryKind.person, suspect), actor="officer", authority="demo")
    connected = Connected(person=1, seller=1, says="signed for the parcel", captures=(1,))
    store.keep_entry(CaseEntry(None, "C1", EntryKind.connection, connected), actor="officer", authority="demo")
    store.hold(SubjectKind.seller, 2, actor="officer", reason="asked for by the court")
    store.mark_person("seller", 1, category=SubjectCategory.suspect, sensitive=False, actor="officer")
    store.keep_unread(1, "hand/1", "no price", "a card that says: call 07700 900123", build.run.id)
    with store.acting("officer", purpose="look") as reader:
        reader.sellers_known(names=["bags"])
    store.seal_case("C1", actor="officer")
    with store.acting("officer", purpose="look") as reader:
        reader.sellers_known(names=["totes"])
    store.erase_lookup(2, actor="officer", reason="retention")
    told_by = Provenance("SRC-1", Origin.person, "told at the counter", "B. Source (fictional)", sighting="")
    store.keep_report("Belts in the rear", grade_of("2BP"), told_by, marking="OFFICIAL", case="C1", actor="officer", authority="demo")
    gone_to = {"recipient": "Fire safety", "why": "exits", "gateway": "law", "fields": ["premises.label"], "digest": "0" * 64}
    store.keep_referral("R-2026-0001", "fire", **gone_to, case="C1", actor="officer", authority="demo")
    came = {"outcome": "visited", "reference": "F1", "dated": "", "items": [], "refused": 0}
    store.keep_return("R-2026-0001", statement.id or 0, **came, actor="officer", authority="demo")
    store.keep_money("C1", Goods("belts", 2, (evidence_of("document:CD/1"),)), actor="officer", authority="demo")
    store.number_items("C1", [("", ["listing:1"])], actor="officer")
    why = {"reason": "a tip", "sensitivity": "who told", "description": "a listing"}
    store.decide_item("C1", 1, Schedule.sensitive, undermines=Undermines.no, **why, actor="officer", authority="demo")
    store.keep_edition("C1", {"items": ["a listing"]}, actor="officer")
    who = {"actor": "officer", "authority": "demo"}
    store.keep_note("seen at the stall", NoteKind.note, SubjectKind.listing, one.listing, **who)
    store.keep_clearance(Cleared.seller, 2, "on the list of stockists", **who)
    store.keep_clearance(Cleared.domain, "totes.example", "on the list of stockists", **who)
    store.save_search("Belts in Wexcombe", {"text": "belts"}, **who)
    store.assign(SubjectKind.listing, [one.listing], "officer", **who)
    store.keep_actor(Actor("colleague", "demo", "C. Colleague (fictional)", "officer"))
    both = [
        store.judge(SubjectKind.listing, n, Verdict.yes, actor="colleague", authority="demo", reason="seen", drawn=True).id
        for n in (sighted.listing, two.listing)
    ]  # fmt: skip
    store.judge(SubjectKind.listing, two.listing, Verdict.no, **who, reason="seen", second_of=both[1])


# How to call each read method so that it shows at least one row of `full`.
CALLS: dict[str, Any] = {
    "capture": lambda r: r.capture(1),
    "captures": lambda r: r.captures([1]),
    "payload": lambda r: r.payload(1),
    "answer": lambda r: r.answer(r.store.runs("crawl")[0].id, "GET", "http://stall.example/item/1"),
    "newest_picture": lambda r: r.newest_picture("stall", "http://stall.example/item/1/picture/0.jpg", START),
    "captures_of": lambda r: r.captures_of(),
    "place": lambda r: r.place(1),
    "locations": lambda r: list(r.locations(1)),
    "snapshots": lambda r: r.snapshots([1]),
    "pictures": lambda r: r.pictures(),
    "images": lambda r: r.images([r.pictures()[0].image.sha256]),
    "image_bytes": lambda r: r.image_bytes(r.pictures()[0].image.sha256),
    "summaries": lambda r: r.summaries(),
    "listing": lambda r: r.listing("stall", "1"),
    "history": lambda r: r.history(1),
    "full_history": lambda r: r.full_history(1),
    "without_screenshot": lambda r: r.without_screenshot("stall", ["review"], 5),
    "listing_images": lambda r: r.listing_images(1),
    "listing_captures": lambda r: r.listing_captures(1),
    "readings": lambda r: r.readings(listing=1),
    "sightings": lambda r: r.sightings(),
    "told": lambda r: r.told([r.sightings()[0].listing]),
    "sighting": lambda r: r.sighting(r.sightings()[0].reference),
    "sighting_files": lambda r: r.sighting_files(1),
    "parts_of": lambda r: r.parts_of(r.sighting_files(1)[0][0].id),
    "read_from": lambda r: r.read_from([1], but=0),
    "informant": lambda r: r.informant(1),
    "same_seller": lambda r: r.same_seller(listing=1),
    "sellers": lambda r: r.sellers(),
    "shared_pictures": lambda r: r.shared_pictures(1),
    "sellers_known": lambda r: r.sellers_known(names=[r.sellers()[0].handle]),
    "views": lambda r: r.views(START),
    "pictures_on": lambda r: r.pictures_on(1),
    "published": lambda r: r.published([1]),
    "seller_subjects": lambda r: r.seller_subjects([1]),
    "find": lambda r: r.find(Query(words="bag")).rows,
    "seller_listings": lambda r: r.seller_listings(1),
    "contacts": lambda r: r.contacts(listing=1),
    "sellers_of_contact": lambda r: r.sellers_of_contact("phone", "+447700900123"),
    "examinations_of": lambda r: r.examinations_of([(SubjectKind.snapshot, 1)]),
    "findings_of": lambda r: r.findings_of([(SubjectKind.snapshot, 1)]),
    "subjects_of": lambda r: r.subjects_of([1]),
    "flag": lambda r: r.flag(1),
    "flags_of": lambda r: r.flags_of(1),
    "queue": lambda r: r.queue(judged=True),
    "premises": lambda r: r.premises([1]),
    "entries_of": lambda r: r.entries_of(2),
    "entries_by": lambda r: r.entries_by(postcodes=["M32 0TH"]),
    "doors_of": lambda r: r.doors_of("M32 0TH"),
    "entries_at": lambda r: r.entries_at("M32 0TH", [1, 2], 5),
    "entries_unjoined": lambda r: r.entries_unjoined(1),
    "refusals": lambda r: r.refusals(1),
    "register_changes": lambda r: r.register_changes("closed", 1, 2),
    "links_touched": lambda r: r.links_touched(1, 2),
    "links": lambda r: r.links(),
    "links_to": lambda r: r.links_to(SubjectKind.premises),
    "link": lambda r: r.link(1),
    "judgement_of_pair": lambda r: r.judgement_of_pair(LINK),
    "drawn": lambda r: r.drawn(),
    "near": lambda r: r.near(0.5, 5),
    "divided": lambda r: r.divided(5),
    "judgements_in_force": lambda r: r.judgements_in_force(),
    "flags_with": lambda r: r.flags_with({1: "1" * 64}),
    "findings": lambda r: r.findings([1]),
    "judgements": lambda r: r.judgements([(SubjectKind.listing, 1)]),
    "exhibits": lambda r: r.exhibits("C1"),
    "find_cases": lambda r: r.find_cases("demo", "case"),
    "occupants": lambda r: r.occupants(premises=[2]),
    "entries_beside": lambda r: r.entries_beside([2], ["fhrs"], 5),
    "entries_under": lambda r: r.entries_under({"fhrs": ["8"]}),
    "met_in_sightings": lambda r: list(r.met_in_sightings()),
    "grounds": lambda r: r.grounds(1),
    "register_entries": lambda r: list(r.register_entries("fhrs")),
    "entries_numbered": lambda r: r.entries_numbered([1]),
    "givings": lambda r: r.givings([1], 16),
    "holders": lambda r: r.holders([Thing("phone", "+447700900123")], 16),
    "alike": lambda r: r.alike([1], 16),
    "linked_sellers": lambda r: r.linked_sellers(),
    "seller_links": lambda r: r.seller_links([1]),
    "said_of": lambda r: r.said_of([1]),
    "touched": lambda r: r.touched(Reach({}, {}), 16),
    "standing": lambda r: r.standing(1).judgement,
    "follow_ups": lambda r: r.follow_ups(premises=[2]),
    "follow_up": lambda r: r.follow_up(1),
    "purchase_steps": lambda r: r.purchase_steps(2),
    "closures": lambda r: r.closures(),
    "premises_around": lambda r: r.premises_around(1),
    "flagged": lambda r: r.flagged(listings=[1]),
    "seen": lambda r: r.seen(sellers=[1], since=START),
    "entries_of_many": lambda r: r.entries_of_many([2]),
    "entries_of_registers": lambda r: r.entries_of_registers(["fhrs"]),
    "inside": lambda r: r.inside([1]),
    "case_entries": lambda r: r.case_entries("C1"),
    "case_entry": lambda r: r.case_entry("C1", 1),
    "entries_about": lambda r: r.entries_about("seller", [1]),
    "drafts": lambda r: r.drafts("C1"),
    "given": lambda r: r.given("officer", "2026-03-01"),
    "window": lambda r: r.window(START - timedelta(days=9999), START + timedelta(days=9999), str.split, most=9).listings,
    "unread_in": lambda r: r.unread_in(r.store.runs("crawl")[0].id),
    "lookups": lambda r: r.lookups(),
    "erased_since": lambda r: r.erased_since(r.store.seals("C1")[0], {"lookup": [2]}),
    "review": lambda r: r.review(START + timedelta(days=9999)),
    "holds": lambda r: r.holds(),
    "held_about": lambda r: r.held_about(phones=["07700 900123"]),
    "person_marks": lambda r: r.person_marks("seller"),
    "reports": lambda r: r.reports(case="C1"),
    "report": lambda r: r.report(r.reports()[0].urn),
    "report_origin": lambda r: r.report_origin(r.reports()[0].urn),
    "fit_to_leave": lambda r: r.fit_to_leave(r.reports()[0]),
    "names_informant": lambda r: r.names_informant("as A. Witness (fictional) says"),
    "intelligence_source": lambda r: r.intelligence_source(f"IR-{datetime.now(UTC):%Y}-0001"),
    "referrals": lambda r: r.referrals(case="C1"),
    "referral": lambda r: r.referral("R-2026-0001"),
    "money_records": lambda r: r.money_records("C1"),
}
CALLS |= {
    "relevant": lambda r: r.relevant("C1").things(),
    "disclosure_items": lambda r: r.disclosure_items("C1"),
    "disclosure_editions": lambda r: r.disclosure_editions("C1"),
}
CALLS |= {
    "notes": lambda r: r.notes(),
    "work": lambda r: r.work(SubjectKind.listing, [1]),
    "assignments": lambda r: r.assignments(SubjectKind.listing, 1),
    "assigned_to": lambda r: r.assigned_to("officer"),
    "clearances": lambda r: r.clearances(),
    "saved_searches": lambda r: r.saved_searches(),
    "judged_last": lambda r: r.judged_last(),
    "second_due": lambda r: r.second_due(),
    "second_pairs": lambda r: r.second_pairs(),
    "working_on": lambda r: r.working_on(SubjectKind.listing, 1),
}
COUNTS = {"left_out", "find_numbers"}  # how many flags, and which rows: about no person
NOT_READING = {"shown", "disclose", "close"}


def test_every_read_function_is_in_this_walk() -> None:
    assert set(CALLS) == set(public(Acting)) - NOT_READING - COUNTS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_each_read_leaves_an_event_naming_what_it_showed(full: Store, name: str) -> None:
    before = full.log_head()[0]
    with full.acting("officer", purpose="walk", justification="test") as reader:
        assert CALLS[name](reader), f"{name} showed nothing, so this test would prove nothing"
    [event] = full.log(after=before)
    assert (
        event.body["verb"] == "consultation"
        and event.body["actor"] == "officer"
        and (any(event.body["subjects"].values()) or event.body["detail"]["informant"])
    )


@pytest.mark.parametrize("name", sorted(CALLS))
def test_nothing_is_given_out_once_the_reading_is_over(full: Store, name: str) -> None:
    with full.acting("officer", purpose="walk", justification="test") as reader:
        number = reader.pictures()[0].image.sha256
    with pytest.raises(TouchstoneError, match="over and logged"):
        {"images": lambda r: r.images([number]), "image_bytes": lambda r: r.image_bytes(number)}.get(name, CALLS[name])(reader)


def test_a_reader_is_made_by_acting_only(full: Store) -> None:
    with pytest.raises(TypeError):
        Acting(full)  # type: ignore[call-arg]
