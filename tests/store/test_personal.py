"""No read path of personal fields without a log context: every text that can be about people is planted, and looked for in what comes back.

What test_acting.py asks of types is asked here of values: a function that gives out a dict, a tuple or a string is caught too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from store import personal
from store import tables as t
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import ReferenceKind, SubjectKind, Verdict
from tests.builders import START
from tests.store.test_acting import CALLS, NOT_READING, filled, full, public  # noqa: F401

MARK = re.compile(r"zq(\w+?)zx(\w+?)zx(\d+)zq")
FREE = (
    "why",
    "same phone",
    "call 07700",
    "an order",
    "Court (fictional)",
    "B. Manager (fictional)",
    "three adverts",
    "shared",
    "note",
    "seen",
    "bags",
    "C. Trader",
    "the name is on",
    "Belts in the rear",
    "B. Source",
    "Fire safety",
    "visited",
    "belts",
    "a listing",
    "on the list",
    "Belts in Wexcombe",
)
KINDS = {"register": "register_snapshot", "view": "subject_view"}  # names under which an event lists rows, where they are not the table's
LONG_AGO, MUCH_LATER = START - timedelta(days=9999), START + timedelta(days=9999)


def mark(table: str, column: str, row: int) -> str:
    return f"zq{table}zx{column}zx{row}zq"


def planted(value: Any, said: str) -> Any:
    """A JSON value with its free texts replaced; one without any gets the mark as a further text."""
    if isinstance(value, dict):
        return {k: planted(v, said) for k, v in value.items()}
    if isinstance(value, list):
        return [planted(v, said) for v in value]
    return said if isinstance(value, str) and value.startswith(FREE) else value


WHOLE = {  # JSON columns that hold only free text get it whole
    "redirects_json": lambda m: [m], "request_headers_json": lambda m: [["X", m]], "response_headers_json": lambda m: [["Content-Type", f"text/html; {m}"]],
    "images_json": lambda m: [m], "notes_json": lambda m: [m], "details_json": lambda m: {"posted_text": m}, "claims_json": lambda m: {"camera": m},
}  # fmt: skip
OTHERWISE = {
    ("register_entry", "details_json"): lambda m: {"opened": m},
    ("lookup", "body_json"): lambda m: [["sellers_known", {"names": [m]}]],
}


@pytest.fixture
def marked(full: Store) -> Store:  # noqa: F811
    """The filled store with a mark of its own in every column of every row that can say something of a person."""
    with full.database.writing() as c:
        for held in personal.HELD:
            table = t.metadata.tables[held.table]
            for row in c.execute(select(table)).mappings().all():
                values = {}
                for column in held.columns:
                    said = mark(held.table, column, row["id"])
                    make = OTHERWISE.get((held.table, column)) or WHOLE.get(column)
                    if not column.endswith("_json"):
                        values[column] = said
                    else:
                        values[column] = json.dumps(make(said) if make else planted(json.loads(row[column]), said))
                c.execute(table.update().where(table.c.id == row["id"]).values(**values))
    return full


def marks_in(value: Any) -> set[tuple[str, str, int]]:
    said = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
    return {(table, column, int(row)) for table, column, row in MARK.findall(said)}


def test_every_text_column_is_either_about_people_or_said_not_to_be() -> None:
    assert personal.unclassified() == [], "say in store/personal.py whether these can be about a person, and why not where they cannot"


def test_the_marks_are_there_to_be_found(marked: Store) -> None:
    """In each kind of thing that is kept about people at least one mark stands, so that the walk below would find it."""
    without = []
    with marked.database.reading() as c:
        for held in personal.HELD:
            rows = list(c.execute(select(t.metadata.tables[held.table])).mappings())
            if not any(marks_in([dict(row) for row in rows])):
                without.append(held.table)
    assert without == [], "the filled store of test_acting.py has no row of these, or nothing is planted in it"


# Every function of Store that reads, or that gives something back, with arguments that find the planted rows.
RUN = "SELECT id FROM run LIMIT 1"
STORE_CALLS: dict[str, Any] = {
    "account": lambda s, _: s.account("officer"),
    "accounts": lambda s, _: s.accounts(),
    "actor": lambda s, _: s.actor("officer"),
    "actors": lambda s, _: s.actors("demo"),
    "authority": lambda s, _: s.authority("demo"),
    "seals": lambda s, _: s.seals("C1"),
    "seal": lambda s, _: s.seal("C1", s.seals("C1")[0].event),
    "capture_unread": lambda s, run: s.capture_unread(run),
    "capture_without": lambda s, run: s.capture_without(run, "brand"),
    "case": lambda s, _: s.case("C1"),
    "cases": lambda s, _: s.cases(),
    "counts": lambda s, _: s.counts(),
    "due": lambda s, _: [s.due(1, kind, limit=9, words=True, retry_errors=True) for kind in (SubjectKind.snapshot, SubjectKind.picture, SubjectKind.seller)],
    "events_of": lambda s, run: s.events_of(case="C1"),
    "made_in": lambda s, _: [s.made_in(kind, [1]) for kind in (SubjectKind.flag, SubjectKind.link)],
    "recorded_of": lambda s, _: s.recorded_of("C1"),
    "exhibit_salts": lambda s, _: s.exhibit_salts("C1"),
    "exhibit_initials": lambda s, _: s.exhibit_initials("C1"),
    "examination_counts": lambda s, _: s.examination_counts(),
    "fingerprinted": lambda s, _: s.fingerprinted("x", "1"),
    "fingerprints": lambda s, _: s.fingerprints("x", "1", ["0" * 64]),
    "first_page": lambda s, run: s.first_page(run),
    "handed_in": lambda s, _: s.handed_in("0" * 64, "statement"),
    "has_closures": lambda s, _: s.has_closures(),
    "image_digests": lambda s, _: s.image_digests([1, 2]),
    "picture_may_be_seen": lambda s, _: s.picture_may_be_seen("0" * 64, ["demo"]),
    "in_progress": lambda s, _: s.in_progress("demo"),
    "holdings": lambda s, _: s.holdings(),
    "method_evidence": lambda s, _: s.method_evidence(),
    "disclosures": lambda s, _: s.disclosures(),
    "staff": lambda s, _: s.staff(),
    "last_listing": lambda s, _: s.last_listing(),
    "last_ticket": lambda s, _: s.last_ticket(),
    "level_counts": lambda s, _: s.level_counts(),
    "standing_at": lambda s, _: s.standing_at(),
    "sources_kept": lambda s, _: s.sources_kept(),
    "levels_since": lambda s, _: s.levels_since(LONG_AGO),
    "listings_of_run": lambda s, run: s.listings_of_run(run),
    "listings_of_subjects": lambda s, run: s.listings_of_subjects(run, ["http://stall.example/user/1"]),
    "log": lambda s, _: s.log(),
    "log_before": lambda s, _: s.log_before(authority="demo"),
    "log_head": lambda s, _: s.log_head(),
    "method_in_force": lambda s, _: s.method_in_force("detector", "image_match"),
    "methods": lambda s, _: s.methods(),
    "newest_listing": lambda s, _: s.newest_listing(),
    "newest_snapshots": lambda s, _: s.newest_snapshots(),
    "operation_of": lambda s, run: s.operation_of(run),
    "picture_end": lambda s, _: s.picture_end(),
    "picture_owners": lambda s, _: s.picture_owners(list(s.image_digests([1, 2]).values()), 99),
    "reach_now": lambda s, _: s.reach_now(),
    "reach_of": lambda s, _: s.reach_of(1),
    "read_in_run": lambda s, run: s.read_in_run(run),
    "reference_log": lambda s, _: s.reference_log(),
    "references": lambda s, _: s.references(),
    "references_page": lambda s, _: s.references_page(list(ReferenceKind)),
    "references_known": lambda s, _: s.references_known(1, ["8"]),
    "register_change_counts": lambda s, _: s.register_change_counts(1, 1),
    "register_ended": lambda s, _: s.register_ended(1),
    "register_reached": lambda s, _: s.register_reached(1),
    "register_snapshots": lambda s, _: s.register_snapshots(),
    "requests_since": lambda s, _: s.requests_since("stall", LONG_AGO),
    "retain_until": lambda s, _: s.retain_until(),
    "refusals_since": lambda s, _: s.refusals_since("officer", LONG_AGO),
    "run": lambda s, run: s.run(run),
    "runs": lambda s, _: s.runs(),
    "session": lambda s, _: s.session("0" * 64, idle_since=LONG_AGO),
    "sign_ins": lambda s, _: s.sign_ins("officer"),
    "sighting_words": lambda s, _: s.sighting_words("stall", mark("listing", "ref", 1)),
    "proposals": lambda s, _: s.proposals(),
    "approved": lambda s, _: s.approved("export", "C1", "officer"),
    "terms": lambda s, _: s.terms("C1"),
    "scrub": lambda s, _: s.scrub(),
    "listing_held": lambda s, _: _held(s),
    "tally": lambda s, _: s.tally(),
    "token": lambda s, _: s.token("0" * 64),
    "tokens": lambda s, _: s.tokens("demo"),
    "titled_otherwise": lambda s, run: s.titled_otherwise(_capture(s), "hand/1", mark("listing", "ref", 1), "x"),
    "unfinished_run": lambda s, _: s.unfinished_run("crawl", "stall", None),
    "uprns": lambda s, _: s.uprns(),
    "verify": lambda s, _: s.verify(),
    "verify_log": lambda s, _: s.verify_log(),
    "yields": lambda s, _: s.yields("stall"),
    "chain_at": lambda s, _: s.chain_at(1),
    "crowded": lambda s, _: s.crowded(["M32 0TH"], 0),
    "next_referral": lambda s, _: s.next_referral(),
    "signed_heads": lambda s, _: s.signed_heads(),
    "signing_keys": lambda s, _: s.signing_keys(),
}  # fmt: skip
# What writes and gives something back: called too, since it may give back more than it was given.
WRITING: dict[str, Any] = {
    "concern": lambda s, run: s.concern([1, 2], actor="officer", why="test"),
    "erase_informant": lambda s, run: s.erase_informant("S-2026-0001", actor="officer", reason="test"),
    "exhibit": lambda s, run: s.exhibit("C1", SubjectKind.listing, 1, initials="AB", description="advert", actor="officer"),
    "give": lambda s, run: s.give("officer", "2026-03-02", [2], 20, actor="officer"),
    "rebuild_shelf": lambda s, run: s.rebuild_shelf(),
    "hold": lambda s, run: s.hold(SubjectKind.listing, 1, actor="officer", reason="test"),
    "judge": lambda s, run: s.judge(SubjectKind.listing, 1, Verdict.no, actor="officer", authority="demo", reason="again"),
    "lock": lambda s, run: s.lock(SubjectKind.listing, [1], actor="officer", authority="demo", until=MUCH_LATER),
    "rejoin_images": lambda s, run: s.rejoin_images(_reading(s)),
    "sample_seed": lambda s, run: s.sample_seed(),
    "say_pair": lambda s, run: s.say_pair(1, 2, False, actor="officer", authority="demo", reason="two stalls"),
}  # fmt: skip
# What takes an object of the caller's and gives that back, numbers, or nothing; and what is no reading at all.
GIVEN = {
    "begin_session", "give_role", "note_sign_in", "open_account", "say_of_session", "set_secret", "open_token", "end_token", "note_consultation",
    "acting", "add_reference", "as_of", "no_erasure", "seal_case", "answer", "close_case", "close_proposal", "erase_case", "erase_listing", "erase_seller", "erase_view", "mark_person", "propose", "say_term", "alone", "at", "begin_register", "begin_run", "check_follow_up", "close", "concern_flagged", "draw", "end_run", "erase",
    "erase_follow_up", "erase_ground", "erase_lookup", "erase_occupant", "erase_pair_reason", "erase_sighting", "exhibit_item", "join_image", "join_premises",
    "judge_account", "keep", "keep_actor", "keep_authority", "keep_draft", "keep_entries", "keep_entry", "keep_examinations", "keep_fingerprints", "keep_flag", "keep_flags",
    "keep_follow_up", "keep_ground", "keep_image", "keep_links", "keep_method", "keep_no_longer_found", "keep_occupant", "keep_operation", "keep_parted",
    "keep_positions", "keep_reach", "keep_readings", "keep_refusals", "keep_rendered", "keep_rows", "keep_sighting", "keep_unread", "keep_view",
    "keep_written", "log_override", "mark_register", "migrate", "nearest", "open", "open_case", "operation", "operation_since", "place", "set_method_status",
    "compact_shelf", "fill_shelf", "shelve", "decide_item", "end_key", "erase_disclosure", "erase_recorded", "keep_copy", "keep_edition", "keep_key", "keep_money", "keep_referral", "keep_report",
    "keep_return", "keep_signed_head", "number_items", "assign", "release", "unlock", "skip", "wake", "keep_note", "correct_note", "erase_note", "erase_clearance",
    "erase_saved_search", "keep_clearance", "withdraw_clearance", "save_search", "withdraw_search", "regrade_report",  # the last gives its author the report's own text back
    "two_editions", "withdraw_entry", "withdraw_ground", "withdraw_occupant", "withdraw_pair", "write",
}  # fmt: skip


def _capture(store: Store) -> Any:
    with store.acting("system", purpose="test") as reader:
        return reader.capture(1)


def _held(store: Store) -> str:
    with store.database.reading() as c:
        return store.listing_held(c, 1, [])


def _reading(store: Store) -> Any:
    with store.acting("system", purpose="test") as reader:
        return reader.readings(listing=1)[0]


def test_every_public_function_of_the_store_is_in_this_walk() -> None:
    every = set(public(Store))
    assert every == set(STORE_CALLS) | set(WRITING) | GIVEN, every ^ (set(STORE_CALLS) | set(WRITING) | GIVEN)


def test_no_function_of_the_store_gives_out_what_was_planted(marked: Store) -> None:
    """Neither in what it returns nor in what it says when it refuses."""
    with marked.database.reading() as c:
        run = c.execute(text(RUN)).scalar_one()
    leaks: dict[str, Any] = {}
    for name, call in {**STORE_CALLS, **WRITING}.items():
        before = marked.log_head()[0]
        try:
            given = call(marked, run)
        except TouchstoneError as error:
            given = str(error)
        found = marks_in(list(given) if isinstance(given, Iterator) else given)
        shown = named(marked, before)
        if found := {m for m in found if not near(marked, m[0], m[2], shown)}:
            leaks[name] = sorted(found)
    assert not leaks, f"these read personal fields without a log context: {leaks}"


def named(store: Store, before: int) -> set[tuple[str, int]]:
    """The rows that the events since then name."""
    shown = set()
    for event in store.log(after=before):
        for kind, numbers in event.body["subjects"].items():
            for part in (part for part in numbers.split(",") if part):
                first, _, last = part.partition("-")
                shown |= {(KINDS.get(kind, kind), n) for n in range(int(first), int(last or first) + 1)}
        for told in ("informant", "intelligence_source"):  # each leaves an event of its own, that names it in the detail
            if isinstance(one := event.body["detail"].get(told), int):
                shown.add((told, one))
    return shown


def near(marked: Store, table: str, row: int, shown: set[tuple[str, int]]) -> bool:
    """Whether a shown row is the row itself, or one that it hangs on or that hangs on it by a foreign key, directly or through one join row."""
    with marked.database.reading() as c:
        fresh = {(table, row)}
        for _ in range(3):
            if fresh & shown:
                return True
            fresh |= {step for each in fresh for step in _steps(c, *each)}
    return False


def _steps(c: Any, name: str, row: int) -> Iterator[tuple[str, int]]:
    table = t.metadata.tables[name]
    if "id" not in table.c:
        return
    mine = c.execute(select(table).where(table.c.id == row)).mappings().first() or {}
    for column in table.c:
        for key in column.foreign_keys:
            if key.column.name == "id" and mine.get(column.name) is not None:
                yield key.column.table.name, mine[column.name]
    if {"subject_kind", "subject"} <= set(table.c.keys()) and mine:
        yield mine["subject_kind"], mine["subject"]
    for other in t.metadata.tables.values():
        for column in other.c:
            if "id" in other.c and any(key.column is table.c.id for key in column.foreign_keys):
                yield from ((other.name, n) for n in c.execute(select(other.c.id).where(column == row)).scalars())


# Their own arguments are values of columns that the marks have replaced: called here with the marks.
AGAIN: dict[str, Any] = {
    "listing": lambda r: r.listing("stall", mark("listing", "ref", 1)),
    "sellers_of_contact": lambda r: r.sellers_of_contact("phone", mark("contact", "value", 1)),
    "newest_picture": None, "answer": None, "holders": None, "entries_by": lambda r: r.entries_by(postcodes=["M32 0TH"]),
    "entries_under": lambda r: r.entries_under({"fhrs": [mark("register_entry", "reference", 1)]}),
}  # fmt: skip


def test_each_read_leaves_an_event_that_names_each_row_whose_words_it_gave_out(marked: Store) -> None:
    unnamed: dict[str, list[Any]] = {}
    unread: list[str] = []
    for name, call in sorted((CALLS | AGAIN).items()):
        before = marked.log_head()[0]
        if call is None:
            continue
        try:
            with marked.acting("officer", purpose="walk", justification="test") as reader:
                given = call(reader)
                given = list(given) if isinstance(given, Iterator) else given
        except (TouchstoneError, ValueError, KeyError):
            unread.append(name)
            continue  # what it would parse is a mark now; test_acting.py calls it with real words
        shown = named(marked, before)
        missing = [m for m in sorted(marks_in(given)) if name != "lookups" and not near(marked, m[0], m[2], shown)]
        if missing:
            unnamed[name] = missing
    assert not unnamed, f"these show rows that no event names: {unnamed}"
    assert set(unread) <= {"flag", "queue"}, f"these could not be called with the marks in place: {unread}"


def test_a_reading_that_was_not_gone_through_to_its_end_names_what_it_gave_out(full: Store) -> None:  # noqa: F811
    for name in ("met_in_sightings", "register_entries", "locations"):
        before = full.log_head()[0]
        with full.acting("officer", purpose="walk", justification="test") as reader:
            given = {
                "met_in_sightings": reader.met_in_sightings,
                "register_entries": lambda: reader.register_entries("fhrs"),
                "locations": lambda: reader.locations(1),
            }[name]()
            assert next(iter(given)) is not None
        [event] = full.log(after=before)
        assert any(event.body["subjects"].values()), name


# -- search and view ----------------------------------------------------------------------------------------------------------
def test_a_search_that_finds_nobody_is_logged_by_its_kind_and_without_its_words(full: Store) -> None:  # noqa: F811
    before, asked = full.log_head()[0], "07700 900999"
    with full.acting("officer", purpose="look") as reader:
        assert reader.sellers_of_contact("phone", asked) == []
    [event] = full.log(after=before)
    assert event.body["verb"] == "consultation" and event.body["detail"]["asked"] == {"sellers_of_contact": 1}
    assert asked not in json.dumps(event.body), "the log holds numbers and commitments, never what was asked for"
    with full.acting("officer", purpose="look") as reader:
        number, who, _, words = reader.lookups()[-1]
    assert (who, words) == ("officer", [["sellers_of_contact", {"kind": "phone", "value": asked}]])
    assert number == event.body["detail"]["looked_up"]["lookup"] and full.verify() == []


def test_what_was_asked_for_can_be_erased_and_an_edit_of_it_shows(full: Store) -> None:  # noqa: F811
    with full.acting("officer", purpose="look") as reader:
        reader.sellers_of_contact("phone", "07700 900999")
        number = reader.lookups()[-1][0]
    with full.acting("officer", purpose="look") as reader:
        number = reader.lookups()[-1][0]
    with full.database.writing() as c:
        old = c.execute(select(t.lookup.c.body_json).where(t.lookup.c.id == number)).scalar_one()
        c.execute(t.lookup.update().where(t.lookup.c.id == number).values(body_json="[]"))
    assert full.verify() == [f"lookup {number} was changed: its event commits to something else"]
    with full.database.writing() as c:
        c.execute(t.lookup.update().where(t.lookup.c.id == number).values(body_json=old))
    full.erase_lookup(number, actor="officer", reason="retention")
    assert full.verify() == []
    with full.acting("officer", purpose="look") as reader:
        assert reader.lookups()[-1][3] == []


def test_a_pass_that_finds_nothing_due_leaves_no_event_and_keeps_no_words(full: Store) -> None:  # noqa: F811
    before = full.log_head()[0]
    with full.acting("system", purpose="link") as reader:
        assert reader.entries_by(postcodes=["ZZ1 1ZZ"]) == []
    assert full.log_head()[0] == before


def test_nobody_outside_the_store_asks_the_database_or_the_archive_for_themselves() -> None:
    """Passes, commands and pages read through `store.acting`: none runs a statement, or reads a record by its place. Writing transactions are joined, not read in."""
    root = Path(personal.__file__).resolve().parent.parent
    asks = re.compile(r"\.execute\(|exec_driver_sql|\.archive\.(read|payload)\(|database\.engine|sqlite3\.connect|psycopg\.connect")
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for room in ("casework", "crawler", "detectors", "premises")
        for path in sorted((root / room).rglob("*.py"))
        for line in path.read_text().splitlines()
        if asks.search(line)
    ]
    assert found == []
