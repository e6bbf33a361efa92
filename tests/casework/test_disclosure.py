"""Schedules of disclosure: every thing of the case on exactly one of them, numbered once, decided by people, nothing sensitive among what is served."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from casework.disclosure.schedule import Entry, Schedules, decide, schedules_of, write_schedules
from casework.disclosure.settings import PROMPTS, Settings, read_settings
from store.clearances import Cleared
from store.disclosure import Standing, Undermines
from store.errors import TouchstoneError
from store.notes import NoteKind
from store.strict import ConfigError
from store.words.casefile import Act, CaseEntry, Connection, Custody, EntryKind, Person, kind_of
from store.words.followup import Decided, FollowUp, Kind
from store.words.followup import Outcome as Decision
from store.words.records import SubjectCategory, SubjectKind, Verdict
from tests.builders import START
from tests.casework.disclosed import CASE, INFORMANT, OTHER, Planted, plant


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Read by many tests and changed by none."""
    return plant(tmp_path_factory.mktemp("planted") / "work")


@pytest.fixture
def own(tmp_path: Path) -> Planted:
    """One to change."""
    return plant(tmp_path / "work")


def schedules(p: Planted) -> Schedules:
    with p.world.store.acting("a.officer", purpose="test", justification="test", case=CASE) as reader:
        return schedules_of(p.world.store, p.world.home, reader, CASE)


def said(p: Planted, *items: str, standing: Standing | None = None, undermines: Undermines | None = None, **words: str) -> list[int]:
    return decide(
        p.world.store, p.world.home, CASE, items, standing=standing, undermines=undermines, by="a.officer", why="test", **words  # type: ignore[arg-type]
    )  # fmt: skip


def item_of(s: Schedules, thing: str) -> Entry:
    [found] = [one for one in s.entries if thing in one.things]
    return found


def record(p: Planted, what: Person | Connection | Custody) -> int:
    """A row of the case; its number."""
    given = CaseEntry(None, CASE, kind_of(what), what, START if isinstance(what, Custody) else None)
    return p.world.store.keep_entry(given, actor="a.officer", authority="wexcombe").number or 0


def seller_of(p: Planted, handle: str) -> int:
    with p.world.store.acting("a.officer", purpose="test") as reader:
        return next(one.id for one in reader.sellers() if one.handle == handle) or 0


def of_the_case(path: str, case: str) -> set[str]:
    """The material of a case by a second walk, which knows nothing of the first: over rows as SQLite has them, until nothing more is reached."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    # but what full text keeps: an index, which cannot be read as rows, and its own tables
    wanted = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'"
    names = [r[0] for r in db.execute(wanted)]
    rows = {name: [dict(r) for r in db.execute(f'SELECT * FROM "{name}"')] for name in names}
    of: dict[str, set[Any]] = defaultdict(set)
    exhibited: dict[str, set[int]] = defaultdict(set)
    for r in rows["exhibit"]:
        if r["case_file"] == case:
            exhibited[r["subject_kind"]].add(r["subject"])

    def readings(column: str, values: set[Any], give: str) -> set[Any]:
        return {r[give] for r in rows["reading"] if r[column] in values}

    def joined(name: str, column: str, values: set[Any], give: str) -> set[Any]:
        return {r[give] for r in rows[name] if r[column] in values}

    def named(subject: Any, number: Any) -> bool:
        pictures = joined("picture", "listing", of["listing"], "id")
        return bool(number in (pictures if subject == "picture" else of["seller"] if subject == "account" else of[subject]))

    def cites(r: dict[str, Any]) -> bool:
        link = {x["capture"] for row in rows["link"] if row["id"] in of["link"] for x in json.loads(row["reasons_json"])}
        read = readings("listing", of["listing"], "capture")
        mine = joined("reading", "listing", of["listing"], "id")
        shown = joined("reading_image", "reading", mine, "capture") | joined("listing_contact", "listing", of["listing"], "capture")
        files = joined("sighting_capture", "sighting", of["sighting"], "capture") | joined(
            "follow_up_capture", "follow_up", of["follow_up"], "capture"
        )
        people = joined("attribution", "id", of["attribution"], "capture") | joined("occupant", "id", of["occupant"], "capture")
        return r["id"] in exhibited["capture"] | on("capture") | read | shown | files | link | people or r["part_of"] in of["capture"]

    def ends(r: dict[str, Any]) -> bool:
        return (
            (named(r["subject_kind"], r["subject"]) and r["subject_kind"] != "premises")
            or (named(r["object_kind"], r["object"]) and r["object_kind"] != "premises")
            or r["id"] in exhibited["link"]
        )

    def points(number: int) -> bool:
        return any(
            p.get("other") == f"reference:{number}"
            for r in rows["finding"]
            if r["id"] in of["finding"]
            for p in json.loads(r["pointers_json"])
        )

    def used(r: dict[str, Any]) -> bool:
        flags = [f for f in rows["flag"] if f["id"] in of["flag"]]
        return (
            r["id"] in joined("examination", "id", of["examination"], "method") | joined("link", "id", of["link"], "method")
            or any(r["digest"] in {f["policy"], *(c["method"] for c in json.loads(f["contributions_json"]))} for f in flags)
        )  # fmt: skip

    told = {r["listing"] for r in rows["sighting"]}

    def on(kind: str) -> set[int]:  # what rows of the case name
        return {r["subject"] for r in rows["case_entry_on"] if r["subject_kind"] == kind and r["case_entry"] in of["case_entry"]}

    rules: dict[str, Callable[[dict[str, Any]], bool]] = {
        "case_file": lambda r: r["reference"] == case,
        "case_entry": lambda r: r["case_file"] == case,
        "exhibit": lambda r: r["case_file"] == case,
        "listing": lambda r: r["id"] in exhibited["listing"] | readings("seller", of["seller"], "listing")
        or r["id"] in told & joined("listing_contact", "contact", of["contact"], "listing"),
        "seller": lambda r: r["id"] in exhibited["seller"] | on("seller") | readings("listing", exhibited["listing"], "seller")
        or any(ends(x) and r["id"] in (x["subject"], x["object"]) for x in rows["link"] if x["id"] in exhibited["link"]),
        "reading": lambda r: r["listing"] in of["listing"],
        "snapshot": lambda r: r["id"] in readings("listing", of["listing"], "snapshot"),
        "contact": lambda r: r["id"] in joined("listing_contact", "listing", of["listing"], "contact"),
        "image": lambda r: r["id"] in joined("picture", "listing", of["listing"], "image"),
        "capture": cites,
        "sighting": lambda r: r["listing"] in of["listing"],
        "informant": lambda r: r["sighting"] in of["sighting"],
        "examination": lambda r: named(r["subject_kind"], r["subject"]),
        "finding": lambda r: r["examination"] in of["examination"],
        "flag": lambda r: r["listing"] in of["listing"],
        "judgement": lambda r: named(r["subject_kind"], r["subject"]),
        "hold": lambda r: named(r["subject_kind"], r["subject"]),
        "link": ends,
        "premises": lambda r: any(x["object"] == r["id"] and x["object_kind"] == "premises" for x in rows["link"] if x["id"] in of["link"])
        or r["id"] in {p["building"] for p in rows["premises"] if p["id"] in of["premises"]}
        or r["id"] in on("premises") | {f["premises"] for f in rows["follow_up"] if f["case_file"] == case},
        "register_entry": lambda r: r["id"] in joined("premises_entry", "premises", of["premises"], "register_entry"),
        "register_snapshot": lambda r: r["id"] in joined("register_entry", "id", of["register_entry"], "register_snapshot"),
        "occupant": lambda r: r["premises"] in of["premises"],
        "premises_given": lambda r: r["premises"] in of["premises"],
        "follow_up": lambda r: r["case_file"] == case or r["seller"] in of["seller"] or r["premises"] in of["premises"],
        "attribution": lambda r: r["seller"] in of["seller"],
        "pair_statement": lambda r: bool({r["seller"], r["other"]} & of["seller"]),
        "note": lambda r: r["case_file"] == case or named(r["subject_kind"], r["subject"]),
        "clearance": lambda r: r["seller"] in of["seller"]
        or (r["kind"] == "domain" and any(f"//{r['value']}/" in x["url"] for x in rows["listing"] if x["id"] in of["listing"]))
        or (r["kind"] == "company" and r["value"] in {x["value"] for x in rows["occupant_mark"] if x["occupant"] in of["occupant"]}),
        "sample": lambda r: r["listing"] in of["listing"],
        "subject_view": lambda r: r["subject"] in {s["url"].removeprefix("http://").casefold() for s in rows["seller"] if s["id"] in of["seller"]},
        "method": used,
        "reference": lambda r: points(r["number"]) or r["judgement"] in of["judgement"] or (r["removes"] is not None and points(r["removes"])),
        "run": lambda r: any(r["id"] == x["run"] for name in ("capture", "reading", "examination", "flag", "link", "sighting", "register_snapshot", "sample") for x in rows[name] if x["id"] in of[name]),
        "operation": lambda r: r["reference"] in {x["operation"] for x in rows["case_file"] if x["reference"] == case},
        "event": lambda r: r["case_file"] == case and r["verb"] == "disclosure",
    }  # fmt: skip
    # tables of which no row is a thing: parts of their owners, which are; who we are; marks of passes; and what disclosure itself makes
    no_things = {
        "run_end", "location", "reading_image", "picture", "listing_contact", "picture_contact", "fingerprint", "method_status", "sighting_capture",
        "premises_entry", "occupant_mark", "attribution_ground", "follow_up_capture", "bag", "unread", "sample_seed", "authority", "actor", "link_reach",
        "register_mark", "register_refusal", "uprn_position", "disclosure_item", "disclosure_thing", "disclosure_decision", "disclosure_edition",
        "disclosure_copy", "alembic_version", "exhibit_initials", "case_entry_on", "money_evidence", "lookup", "person_mark", "proposal", "proposal_answer",
        "signed_head", "signing_key", "listing_now", "listing_now_count", "assignment", "saved_search", "second_review", "account", "account_role", "account_secret", "sign_in", "desk_session", "desk_session_word", "api_token", "api_token_end",
    }  # fmt: skip
    for name in names:  # any other table is known by what names the case in it
        if name not in rules and name not in no_things:
            assert "case_file" in rows[name][0] if rows[name] else True, (
                f"a new table, {name}: does it hold material of a case? say so here"
            )
            rules[name] = lambda r: r.get("case_file") == case
    key = {"case_file": "reference", "run": "id", "reference": "number", "event": "seq"}
    grown = True
    while grown:
        before = sum(map(len, of.values()))
        for name, rule in rules.items():
            of[name] |= {r[key.get(name, "id")] for r in rows.get(name, []) if rule(r)}
        grown = sum(map(len, of.values())) > before
    return {f"{name}:{number}" for name, numbers in of.items() for number in numbers}


# -- what is on the schedules ------------------------------------------------------------------------------------------------
def test_used_unused_sensitive_and_undecided_together_are_all_material_of_the_case(own: Planted) -> None:
    store = own.world.store
    store.keep_follow_up(
        FollowUp(None, Kind.outcome, Decided(Decision.warning, "small"), START, True, None, 1, CASE),
        actor="a.officer",
        authority="wexcombe",
    )
    store.hold(SubjectKind.listing, own.cleared[0], actor="a.officer", reason="asked by counsel")
    store.judge(SubjectKind.seller, 1, Verdict.unsure, actor="b.officer", authority="wexcombe", reason="who is it")
    chair = seller_of(own, "granny")
    suspect = record(own, Person(name="A. Trader (fictional)", category=SubjectCategory.suspect, basis="named by the landlord"))
    record(own, Connection(person=suspect, seller=chair, says="said at the door to run it", source="notebook 4"))
    who = {"actor": "a.officer", "authority": "wexcombe"}
    store.keep_note("reviewed with the brand", NoteKind.log, SubjectKind.case, CASE, **who)
    store.keep_note("set aside for now", NoteKind.note, SubjectKind.listing, own.cleared[0], **who)
    store.keep_clearance(Cleared.seller, 1, "on the brand's list", brand="Chanel", **who)
    store.keep_clearance(Cleared.domain, "market.example", "its owner vouches", **who)
    numbers = schedules(own)
    said(own, "1-9", standing=Standing.used)
    said(own, "10-20", standing=Standing.unused, undermines=Undermines.yes, because="it may")
    said(own, "21", standing=Standing.sensitive, sensitive_because="method of work")
    found = schedules(own)
    every = Counter(thing for one in found.entries for thing in one.things)
    assert set(every.values()) == {1}, "a thing stands on two items"
    material = of_the_case(store.database.url.removeprefix("sqlite:///"), CASE)
    expected = {
        "informant:1",
        "hold:1",
        "follow_up:1",
        "case_entry:1",
        "note:1",
        "note:2",
        "clearance:1",
        "clearance:2",
        f"seller:{chair}",
        f"listing:{own.cleared[2]}",
        f"listing:{own.world.listings[2]}",
    }
    assert expected <= material, "the second walk reaches too little to prove anything"
    assert set(every) - {f"log:{CASE}"} == material
    assert f"log:{CASE}" in every
    by = {name: [one.number for one in found.on(name)] for name in ("used", "mg6c", "mg6d", "undecided")}
    assert sorted(n for numbers in by.values() for n in numbers) == list(range(1, len(found.entries) + 1)), (
        "consecutive across the schedules"
    )
    assert by["used"] == list(range(1, 10)) and by["mg6c"] == list(range(10, 21)) and 21 in by["mg6d"]
    assert [one.number for one in numbers.entries] == [one.number for one in found.entries], "a number that was given is kept"


def test_the_second_walk_finds_a_thing_that_the_first_forgets(own: Planted) -> None:
    """So that the test above can fail: a row that no walk of ours is told of makes the two differ."""
    before = of_the_case(own.world.store.database.url.removeprefix("sqlite:///"), CASE)
    own.world.store.judge(SubjectKind.snapshot, 1, Verdict.no, actor="b.officer", authority="wexcombe", reason="not these words")
    after = of_the_case(own.world.store.database.url.removeprefix("sqlite:///"), CASE)
    assert len(after - before) == 1 and after > before


def test_the_planted_case_is_on_the_schedule_each_thing_by_itself_and_suggested(planted: Planted) -> None:
    found = schedules(planted)
    settings = read_settings(planted.world.home)
    for listing in planted.cleared:
        one = item_of(found, f"listing:{listing}")
        assert one.things == (f"listing:{listing}",) and settings.prompts["cleared"] in one.suggested and "in no exhibit" in one.description
    disagree = [one for one in found.entries if settings.prompts["disagreement"] in one.suggested]
    assert {one.content_summary.partition(":")[0] for one in disagree} == {"yes", "unsure"} and all(
        len(one.things) == 1 for one in disagree
    )
    old = item_of(found, f"method:{planted.old_method}")
    stale = [one for one in found.entries if "term.mirror" in one.content_summary and one.things[0].startswith("finding:")]
    assert settings.prompts["superseded_method"] in old.suggested and [
        settings.prompts["superseded_method"] in one.suggested for one in stale
    ] == [True]
    exculpatory = [
        one for one in found.entries if settings.prompts["exculpatory"] in one.suggested and one.things[0].startswith("finding:")
    ]
    assert len(exculpatory) == 1 and exculpatory[0].description.startswith("Exculpatory finding")
    assert [one.number for one in found.entries] == list(range(1, len(found.entries) + 1)), "no orphan: every item has its number, in order"


def test_nothing_is_unused_or_used_until_a_person_says_so(planted: Planted) -> None:
    found = schedules(planted)
    assert {one.schedule for one in found.entries} == {"undecided", "mg6d"} and all(one.by == "" for one in found.entries)
    assert {one.may_undermine_or_assist for one in found.entries} == {"undecided"}


def test_what_was_told_in_confidence_is_sensitive_without_anybody_saying_so(planted: Planted) -> None:
    found = schedules(planted)
    with planted.world.store.acting("a.officer", purpose="test") as reader:
        [told] = reader.sightings()
        words = reader.readings(listing=told.listing)
    for thing in (
        "informant:1",
        f"sighting:{told.id}",
        f"listing:{told.listing}",
        f"snapshot:{words[0].snapshot}",
        f"capture:{words[0].capture}",
    ):
        one = item_of(found, thing)
        assert one.schedule == "mg6d" and one.sensitive_because and one.things == (thing,), thing


def test_that_somebody_told_anything_is_on_nothing_that_is_served(planted: Planted) -> None:
    """Not even by the name of the advert that a sighting is kept as, beside the case's own of the same phone."""
    with planted.world.store.acting("a.officer", purpose="test") as reader:
        [told] = reader.sightings()
    found = schedules(planted)
    assert any(told.reference in one.description for one in found.on("mg6d"))
    for one in found.entries:
        if one.schedule != "mg6d":
            assert told.reference not in f"{one.description} {one.content_summary}" and "ighting" not in one.description, one


def test_who_informed_is_named_in_no_schedule_of_any_kind(own: Planted, tmp_path: Path) -> None:
    own.world.store.judge(
        SubjectKind.listing, own.cleared[0], Verdict.unsure, actor="b.officer", authority="wexcombe", reason=f"{INFORMANT.name} says she has others, ring {INFORMANT.contact}",
    )  # fmt: skip
    found = schedules(own)
    said(own, f"1-{len(found.entries)}", standing=Standing.sensitive, sensitive_because="all of it", because=f"told by {INFORMANT.name}")
    loud = [one for one in found.entries if "b.officer" in one.description and "2101" in one.description]
    said(own, str(loud[0].number), standing=Standing.unused, undermines=Undermines.no, because="a note of a reviewer")
    done = write_schedules(own.world.store, own.world.home, CASE, tmp_path / "out", by="a.officer", why="disclosure")
    assert any("who gave information" in note for note in done.schedules.notes), (
        "the name was there, and the officer is told that it was taken out"
    )
    words = [*INFORMANT.name.split(), INFORMANT.contact, INFORMANT.contact.replace(" ", ""), "number nine"]
    for path in done.files:
        text = "".join(p.extract_text() for p in PdfReader(path).pages) if path.suffix == ".pdf" else path.read_bytes().decode("latin-1")
        text = " ".join(text.split())
        assert not [word for word in words if word.casefold() in text.casefold()], path
    assert "who told it, removed" in (tmp_path / "out" / "served" / "mg6c.csv").read_text()


def test_no_other_account_is_named(planted: Planted) -> None:
    words = json.dumps([one.description + one.content_summary for one in schedules(planted).entries], ensure_ascii=False)
    assert OTHER.seller not in words and OTHER.seller_name not in words and OTHER.title not in words
    assert "shows listing 1001 of market; it shows 1 listing of others too" in words


def test_nothing_sensitive_comes_on_what_is_served(own: Planted, tmp_path: Path) -> None:
    found = schedules(own)
    secret = [one for one in found.entries if one.schedule == "mg6d"]
    said(
        own,
        *(str(one.number) for one in found.entries if one.schedule == "undecided"),
        standing=Standing.unused,
        undermines=Undermines.yes,
        because="it may",
    )
    done = write_schedules(own.world.store, own.world.home, CASE, tmp_path / "out", by="a.officer", why="disclosure")
    served = {one.number for name in ("used", "mg6c") for one in done.schedules.on(name)}
    assert secret and not served & {one.number for one in secret}
    files = sorted(p.relative_to(tmp_path / "out").as_posix() for p in done.files)
    assert files == sorted(
        f"{folder}/{name}.{suffix}" for folder, names in (("served", ("used", "mg6c")), ("prosecutor", ("mg6d", "mg6e", "undecided"))) for name in names for suffix in ("docx", "pdf", "csv", "json")
    )  # fmt: skip
    listed = [int(row["number"]) for row in csv.DictReader(io.StringIO((tmp_path / "out" / "served" / "mg6c.csv").read_text()))]
    assert listed == [one.number for one in done.schedules.on("mg6c")]
    text = (tmp_path / "out" / "served" / "mg6c.json").read_text()
    assert "sensitive_because" not in text and "suggested" not in text and "Sighting" not in text
    pdf = "".join(page.extract_text() for page in PdfReader(tmp_path / "out" / "served" / "mg6c.pdf").pages)
    assert done.edition.digest[:30] in pdf.replace("\n", "") and "Sighting" not in pdf


def test_routine_things_are_counted_and_what_meets_a_prompt_is_listed_by_itself(planted: Planted) -> None:
    found = schedules(planted)
    blocks = [one for one in found.entries if len(one.things) > 1]
    assert {one.description.partition(":")[0] for one in blocks} >= {
        "Readings of kept captures by the parsers",
        "Pictures as they were fetched",
    }
    assert all(not one.suggested for one in blocks) and all(str(len(one.things)) in one.description for one in blocks)
    aside = [one for one in blocks if one.description.startswith("Other listings of the case's accounts")]
    assert [len(one.things) for one in aside] == [2]


def test_custody_that_does_not_hold_is_suggested_with_what_is_broken(own: Planted) -> None:
    from casework.exhibits import add_item

    _, exhibit = add_item(
        own.world.store, own.world.home, CASE, {"what": "a bag", "found_at": "Unit 3"}, "2026-03-01", "AB", by="a.officer"
    )
    gone = CaseEntry(
        None,
        CASE,
        EntryKind.custody,
        Custody(exhibit=exhibit.number, act=Act.destroyed, by="a.officer", why="a mistake", where="store"),
        START,
    )
    back = CaseEntry(
        None,
        CASE,
        EntryKind.custody,
        Custody(exhibit=exhibit.number, act=Act.moved, by="a.officer", why="to the store", where="store"),
        START,
    )
    for step in (gone, back):
        own.world.store.keep_entry(step, actor="a.officer", authority="wexcombe")
    found = item_of(schedules(own), f"exhibit:{exhibit.id}")
    assert read_settings(own.world.home).prompts["broken_custody"] in found.suggested and "custody: " in found.content_summary


# -- numbers and editions ------------------------------------------------------------------------------------------------------
def test_new_material_gets_the_next_numbers_and_an_edition_is_kept_with_its_digest(own: Planted, tmp_path: Path) -> None:
    store, home = own.world.store, own.world.home
    first = write_schedules(store, home, CASE, tmp_path / "one", by="a.officer", why="initial disclosure")
    with pytest.raises(TouchstoneError, match="never written over"):
        write_schedules(store, home, CASE, tmp_path / "one", by="a.officer", why="again")
    store.judge(SubjectKind.listing, own.cleared[1], Verdict.yes, actor="b.officer", authority="wexcombe", reason="I do not agree")
    second = write_schedules(store, home, CASE, tmp_path / "two", by="a.officer", why="continuing disclosure")
    old = {one.number: one.things for one in first.schedules.entries}
    new = {one.number: one.things for one in second.schedules.entries}
    assert all(new[n] == things for n, things in old.items()) and len(new) > len(old)
    assert any(things[0].startswith("event:") for n, things in new.items() if n not in old), "what was made of the case is material of it"
    with store.acting("a.officer", purpose="test") as reader:
        kept = reader.disclosure_editions(CASE)
    assert [one.number for one in kept] == [1, 2] and kept[0].digest == first.edition.digest != second.edition.digest
    assert json.loads((tmp_path / "one" / "served" / "used.json").read_text())["digest_of_edition"] == kept[0].digest
    assert [e.body["detail"]["edition"] for e in store.log() if e.body["verb"] == "disclosure"] == [1, 2]
    assert store.verify() == []


def test_what_comes_to_matter_leaves_its_block_with_a_number_of_its_own(own: Planted) -> None:
    before = schedules(own)
    block = next(one for one in before.entries if one.description.startswith("Other listings of the case's accounts"))
    number = int(block.things[0].partition(":")[2])
    own.world.store.judge(SubjectKind.listing, number, Verdict.no, actor="a.officer", authority="wexcombe", reason="plain hat")
    after = schedules(own)
    assert item_of(after, f"listing:{number}").number > len(before.entries)
    left = next(one for one in after.entries if one.number == block.number)
    assert len(left.things) == len(block.things) - 1 and left.description.endswith(": 1")
    [taken] = said(own, block.things[1], standing=Standing.unused, undermines=Undermines.no)
    assert taken > len(after.entries) - 1 and item_of(schedules(own), block.things[1]).number == taken


def test_an_item_keeps_its_number_when_nothing_leads_to_it_any_more(own: Planted, tmp_path: Path) -> None:
    store, home = own.world.store, own.world.home
    seller = seller_of(own, "granny")  # a person joins the account of the chair to the case's, and then does not
    store.say_pair(1, seller, True, actor="a.officer", authority="wexcombe", reason="one stall")
    first = write_schedules(store, home, CASE, tmp_path / "one", by="a.officer", why="disclosure")
    chair = item_of(first.schedules, f"listing:{own.world.listings[2]}")
    store.withdraw_pair(1, seller, actor="a.officer", authority="wexcombe", reason="it was another stall")
    after = next(one for one in schedules(own).entries if one.number == chair.number)
    assert after.description.startswith("No longer reached from the case") and chair.description in after.content_summary


# -- deciding ------------------------------------------------------------------------------------------------------------------
def test_a_decision_is_superseded_and_never_edited(own: Planted) -> None:
    found = schedules(own)
    number = str(item_of(found, f"listing:{own.cleared[0]}").number)
    said(own, number, standing=Standing.unused)
    said(own, number, undermines=Undermines.yes, because="it shows that the account sells lawful goods")
    with own.world.store.acting("a.officer", purpose="test") as reader:
        item = next(one for one in reader.disclosure_items(CASE) if str(one.number) == number)
    assert [(d.standing, d.undermines, d.supersedes) for d in item.decisions] == [
        (Standing.unused, Undermines.undecided, None), (Standing.unused, Undermines.yes, item.decisions[0].id),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("things", "given", "complaint"),
    [
        (["informant:1"], {"standing": Standing.unused, "because": "she agreed"}, "never put on the schedule of non-sensitive"),
        (["sighting:1"], {"standing": Standing.unused}, "sensitive unless somebody says why not"),
        (["listing:1"], {"undermines": Undermines.yes}, "nobody has decided of it yet"),
        (["listing:1"], {"standing": Standing.sensitive}, "say why it is sensitive"),
        (["listing:1"], {"standing": Standing.unused, "undermines": Undermines.yes}, "say what it may undermine"),
        (["judgement:2"], {"standing": Standing.unused, "undermines": Undermines.no}, "officers judged it differently; say with --because"),
        (["4000"], {"standing": Standing.used}, "has no item 4000; its items are 1 to"),
        (["listing:4000"], {"standing": Standing.used}, "not among the material"),
        (["the bag"], {"standing": Standing.used}, "names no item"),
        (["1-2"], {"standing": Standing.used, "description": "Two pages"}, "each item is described on its own"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(planted: Planted, things: list[str], given: dict[str, Any], complaint: str) -> None:
    before = planted.world.store.log_head()[0]
    with pytest.raises(TouchstoneError, match=complaint):
        said(planted, *things, **given)
    assert not [e for e in planted.world.store.log(before) if e.body["purpose"] == "disclosure decision"]


def test_what_a_person_changed_in_the_database_is_found(own: Planted) -> None:
    schedules(own)
    said(own, "1", standing=Standing.used)
    store = own.world.store
    with store.database.writing() as c:
        c.execute(text("UPDATE disclosure_decision SET standing = 'unused' WHERE id = 1"))
        c.execute(text("UPDATE disclosure_thing SET thing = 'listing:999' WHERE id = 3"))
    problems = " | ".join(store.verify())
    assert "disclosure decision, row 1: it was changed" in problems and "disclosure items 1 to" in problems
    assert any("broken" not in one.description and one.suggested and one.things[0].startswith("problem:") for one in schedules(own).entries)


def test_the_log_says_by_numbers_who_decided_what_and_holds_no_word_of_it(own: Planted, tmp_path: Path) -> None:
    schedules(own)
    said(own, "1", standing=Standing.sensitive, sensitive_because="a very peculiar reason")
    write_schedules(own.world.store, own.world.home, CASE, tmp_path / "out", by="a.officer", why="disclosure")
    log = json.dumps([e.body for e in own.world.store.log()], ensure_ascii=False)
    assert "peculiar" not in log and INFORMANT.name not in log and '"disclosure decision"' in log


def test_a_cases_disclosure_is_not_erased_while_it_has_exhibits_and_is_blank_afterwards(own: Planted, tmp_path: Path) -> None:
    store = own.world.store
    schedules(own)
    said(own, "1", standing=Standing.sensitive, sensitive_because="a very peculiar reason")
    with pytest.raises(TouchstoneError, match="under hold of exhibit row 1"):
        store.erase_disclosure(CASE, actor="a.officer", reason="review")
    with store.database.writing() as c:  # no function of the store takes an exhibit away
        c.execute(text("CREATE TABLE gone AS SELECT * FROM exhibit"))
        c.execute(text("DELETE FROM exhibit"))
    store.erase_disclosure(CASE, actor="a.officer", reason="review")
    with store.database.writing() as c:
        c.execute(text("INSERT INTO exhibit SELECT * FROM gone"))
        c.execute(text("DROP TABLE gone"))
    assert (
        store.verify() == []
        and b"peculiar" not in Path(store.database.url.removeprefix("sqlite:///")).read_bytes().split(b"SQLite format 3")[0]
    )
    with store.acting("a.officer", purpose="test") as reader:
        assert reader.disclosure_items(CASE)[0].decisions[0].sensitivity == ""


# -- configuration -------------------------------------------------------------------------------------------------------------
def test_every_prompt_is_in_the_shipped_configuration_and_none_other_is_taken(own: Planted) -> None:
    shipped: Settings = read_settings(own.world.home)
    assert list(shipped.prompts) == list(PROMPTS)
    words = (own.world.home.file("disclosure.yml")).read_text().replace("  cleared:", "  claered:")
    (own.world.folder / "configs" / "disclosure.yml").write_text(words)
    with pytest.raises(ConfigError, match=r"disclosure\.yml:\d+: .*'claered' is none of .*did you mean 'cleared'"):
        read_settings(own.world.home)
