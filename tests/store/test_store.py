"""The store, on SQLite and on PostgreSQL: what is kept, what is due, what is logged, what may not be erased."""

from __future__ import annotations

import multiprocessing
import zlib
from pathlib import Path

import pytest
from sqlalchemy import select, text

from store import tables as t
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import (
    Actor,
    Case,
    Examination,
    Examined,
    Finding,
    Method,
    Parsed,
    Pointer,
    Reference,
    ReferenceKind,
    Snapshot,
    Status,
    SubjectKind,
    Verb,
    Verdict,
)
from tests.builders import Builder, jpeg

SUSPECT = {
    "title": "Bag 1:1",
    "text": "call 07700 900123",
    "price_text": "£45",
    "price_minor": 4500,
    "currency": "GBP",
    "seller": "bags4u",
    "seller_name": "Bags 4 U",
}


@pytest.fixture
def build(store: Store):
    builder = Builder(store)
    yield builder
    builder.close()


def test_the_tables_of_the_migrations_are_those_of_the_code(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from store.migrations import configuration, newest, ours

    with store.database.reading() as c:
        context = MigrationContext.configure(c, opts={"compare_type": False, "include_object": ours})
        assert compare_metadata(context, t.metadata) == []
        assert context.get_current_revision() == newest() == ScriptDirectory.from_config(configuration()).get_current_head()


def test_a_capture_comes_back_as_it_was_kept(store: Store, build: Builder) -> None:
    kept = build.capture("http://stall.example/item/1", b"<h1>Bag</h1>")
    with store.acting("officer", purpose="look", justification="test") as reader:
        assert reader.capture(kept.id) == kept
        assert reader.payload(kept.id) == b"<h1>Bag</h1>"


def test_the_same_bytes_are_kept_once_and_read_through_a_revisit(store: Store, build: Builder) -> None:
    first = build.capture("http://stall.example/item/1", b"<h1>Bag</h1>")
    again = build.capture("http://stall.example/item/1", b"<h1>Bag</h1>")
    with store.acting("officer", purpose="look") as reader:
        assert [place[3] for place in reader.locations(again.id)] == ["revisit"]
        assert reader.payload(again.id) == b"<h1>Bag</h1>"
    assert first.id != again.id, "captures are never deduplicated"


def test_keeping_the_same_reading_twice_adds_nothing(store: Store, build: Builder) -> None:
    page = build.listing("1", **SUSPECT)
    before = store.counts()
    with store.acting("system", purpose="reread") as reader:
        capture = reader.capture(page.capture)
        snapshot = reader.snapshots([page.snapshot])[0]
    from store.words.records import Parsed

    store.keep_readings(capture, "hand", "hand/1", [Parsed("1", "http://stall.example/item/1", snapshot)], build.run.id)
    assert {**store.counts(), "events": 0} == {**before, "events": 0}


def test_100_80_100_is_three_versions_and_a_better_parser_none(store: Store, build: Builder) -> None:
    readings = [build.listing("1", **{**SUSPECT, "price_minor": price}) for price in (10000, 8000, 10000, 10000)]
    with store.acting("officer", purpose="history") as reader:
        assert [v.snapshot.price_minor for v in reader.history(readings[0].listing)] == [10000, 8000, 10000]
        captures = reader.captures([r.capture for r in readings])
    from store.words.records import Parsed, Snapshot

    for capture, price in zip(captures, (10000, 8000, 10000, 10000), strict=True):
        better = Snapshot(**{**SUSPECT, "price_minor": price, "condition": "new"})
        store.keep_readings(capture, "hand", "hand/2", [Parsed("1", "http://stall.example/item/1", better)], build.run.id)
    with store.acting("officer", purpose="history") as reader:
        versions = reader.history(readings[0].listing)
        assert [v.snapshot.price_minor for v in versions] == [10000, 8000, 10000]
        assert {v.snapshot.condition for v in versions} == {"new"}
        assert reader.summaries()[0].snapshot.condition == "new"


def test_a_reading_again_broken_off_half_way_brings_no_old_page_back(store: Store, build: Builder) -> None:
    readings = [build.listing("1", **{**SUSPECT, "price_minor": price}) for price in (10000, 8000, 5000)]
    with store.acting("officer", purpose="history") as reader:
        first = reader.capture(readings[0].capture)
    better = Snapshot(**{**SUSPECT, "price_minor": 10000, "condition": "new"})
    store.keep_readings(first, "hand", "hand/2", [Parsed("1", "http://stall.example/item/1", better)], build.run.id)
    with store.acting("system", purpose="test") as reader:
        assert [each.id for each in reader.captures_of(source="stall", behind="hand/2")] == [each.capture for each in readings[1:]]
    with store.acting("officer", purpose="history") as reader:
        assert reader.summaries()[0].snapshot.price_minor == 5000
        assert [v.snapshot.price_minor for v in reader.history(readings[0].listing)] == [10000, 8000, 5000]


def test_pictures_are_joined_by_content_so_a_rotating_address_is_no_version(store: Store, build: Builder) -> None:
    first = build.listing("1", pictures=(jpeg(1), jpeg(2)), **SUSPECT)
    build.listing("1", pictures=(jpeg(1), jpeg(2)), **SUSPECT)
    with store.acting("officer", purpose="history") as reader:
        assert len(reader.history(first.listing)) == 1
        assert reader.summaries()[0].image_count == 2
    build.listing("1", pictures=(jpeg(1), jpeg(3)), **SUSPECT)
    with store.acting("officer", purpose="history") as reader:
        assert len(reader.history(first.listing)) == 2


def test_a_picture_that_failed_to_come_makes_no_version(store: Store, build: Builder) -> None:
    first = build.listing("1", pictures=(jpeg(1), jpeg(2)), **SUSPECT)
    snapshot_words = dict(SUSPECT)
    from store.words.records import Parsed, Snapshot

    page = build.capture("http://stall.example/item/1", b"<h1>later</h1>")
    store.keep_readings(
        page,
        "hand",
        "hand/1",
        [Parsed("1", page.url_final, Snapshot(**snapshot_words), ("http://a/1.jpg", "http://a/2.jpg"))],
        build.run.id,
    )
    with store.acting("officer", purpose="history") as reader:
        assert len(reader.history(first.listing)) == 1


def test_image_bytes_come_back(store: Store, build: Builder) -> None:
    body = jpeg(5)
    reading = build.listing("1", pictures=(body,), **SUSPECT)
    with store.acting("officer", purpose="look") as reader:
        [image] = reader.listing_images(reading.listing)
        assert reader.image_bytes(image.sha256) == body


@pytest.mark.parametrize("stored", ["Élodie Ångström", "ÉLODIE ÅNGSTRÖM", "élodie ångström"])
@pytest.mark.parametrize("asked", ["Élodie Ångström", "ÉLODIE ÅNGSTRÖM", "élodie ångström"])
def test_a_known_name_is_known_in_capitals_beyond_ascii(store: Store, build: Builder, stored: str, asked: str) -> None:
    build.listing("1", **{**SUSPECT, "seller": "account-7", "seller_name": stored})
    with store.acting("officer", purpose="test") as reader:
        assert set(reader.sellers_known(names=[asked, "Élodie"])) == {asked}


# -- examinations --------------------------------------------------------------------------------------------------------
def finding(reason: str = "T1") -> Finding:
    return Finding(reason, 0.5, "because", pointers=(Pointer("title", 0, 3, "Bag"),))


def test_due_pages_by_id_and_empties_as_subjects_are_examined(store: Store, build: Builder) -> None:
    for n in range(7):
        build.listing(str(n), **{**SUSPECT, "title": f"Bag {n}"})
    method = store.keep_method(Method("detector", "text_terms", "1"))
    page = store.due(method, SubjectKind.snapshot, limit=3)
    assert len(page) == 3 and all(d.new for d in page)
    rest = store.due(method, SubjectKind.snapshot, after=page[-1].subject, limit=30)
    assert len(rest) == 4
    exams = [Examination(SubjectKind.snapshot, d.subject, Examined.done, (finding(),)) for d in page]
    assert store.keep_examinations(method, exams, build.run.id) == (3, 3)
    assert store.keep_examinations(method, exams, build.run.id) == (0, 0)
    assert len(store.due(method, SubjectKind.snapshot, limit=30)) == 4


def test_another_setting_is_another_method_and_everything_is_due_to_it(store: Store, build: Builder) -> None:
    build.listing("1", **SUSPECT)
    one = store.keep_method(Method("detector", "text_terms", "1", {"window": 40}))
    assert store.keep_method(Method("detector", "text_terms", "1", {"window": 40})) == one
    two = store.keep_method(Method("detector", "text_terms", "1", {"window": 41}))
    store.keep_examinations(one, [Examination(SubjectKind.snapshot, 1, Examined.done)], build.run.id)
    assert store.due(one, SubjectKind.snapshot) == [] and len(store.due(two, SubjectKind.snapshot)) == 1


def test_new_references_make_old_subjects_due_from_their_watermark(store: Store, build: Builder) -> None:
    build.listing("1", pictures=(jpeg(1),), **SUSPECT)
    method = store.keep_method(Method("detector", "image_match", "1"))
    number = store.add_reference(Reference(None, ReferenceKind.suspected, "demo", "seized 2026", "officer", image_sha256="0" * 64))
    store.keep_examinations(
        method, [Examination(SubjectKind.picture, 1, Examined.done, references_upto=number, pictures_upto=1)], build.run.id
    )
    assert store.due(method, SubjectKind.picture, references_upto=number) == []
    later = store.add_reference(Reference(None, ReferenceKind.suspected, "demo", "seized 2026", "officer", image_sha256="1" * 64))
    [due] = store.due(method, SubjectKind.picture, references_upto=later)
    assert (due.references_upto, due.pictures_upto, due.new) == (number, 1, False)


def test_a_removed_reference_stays_in_the_log(store: Store) -> None:
    number = store.add_reference(Reference(None, ReferenceKind.suspected, "demo", "wrong picture", "officer", image_sha256="0" * 64))
    store.add_reference(Reference(None, ReferenceKind.suspected, "demo", "entered by mistake", "officer", removes=number))
    assert store.references() == []
    assert [r.number for r in store.references(upto=number)] == [number]
    assert store.reference_log()[-1].number == number + 1


def test_a_failed_examination_is_a_row_and_is_retried_only_when_asked(store: Store, build: Builder) -> None:
    build.listing("1", **SUSPECT)
    method = store.keep_method(Method("detector", "text_terms", "1"))
    store.keep_examinations(method, [Examination(SubjectKind.snapshot, 1, Examined.failed, detail="ValueError: no")], build.run.id)
    assert store.due(method, SubjectKind.snapshot) == []
    assert len(store.due(method, SubjectKind.snapshot, retry_errors=True)) == 1
    assert store.keep_examinations(method, [Examination(SubjectKind.snapshot, 1, Examined.done, (finding(),))], build.run.id) == (1, 1)
    assert store.due(method, SubjectKind.snapshot, retry_errors=True) == []
    with store.acting("officer", purpose="look") as reader:
        assert [e.outcome for e in reader.examinations_of([(SubjectKind.snapshot, 1)])] == [Examined.failed, Examined.done]


def test_one_method_of_a_name_is_in_force(store: Store) -> None:
    one = store.keep_method(Method("detector", "text_terms", "1"))
    two = store.keep_method(Method("detector", "text_terms", "2"))
    store.set_method_status(one, Status.in_force, "officer", "measured")
    store.set_method_status(two, Status.in_force, "officer", "measured better")
    assert store.method_in_force("detector", "text_terms") == two
    assert [status for _, _, status in store.methods()] == [Status.retired, Status.in_force]


# -- the log -------------------------------------------------------------------------------------------------------------
def test_reading_leaves_one_event_that_lists_what_was_shown(store: Store, build: Builder) -> None:
    reading = build.listing("1", **SUSPECT)
    before = len(store.log())
    with store.acting("officer", purpose="queue", justification="complaint 12") as reader:
        reader.summaries()
        reader.contacts(listing=reading.listing)
    [event] = store.log(after=before)
    assert event.body["verb"] == Verb.consultation and event.body["actor"] == "officer" and event.body["justification"] == "complaint 12"
    assert event.body["subjects"] == {"listing": "1", "contact": "1"}


def test_the_event_is_written_even_when_the_reader_fails(store: Store, build: Builder) -> None:
    build.listing("1", **SUSPECT)
    before = len(store.log())
    with pytest.raises(ZeroDivisionError), store.acting("officer", purpose="queue") as reader:
        reader.summaries()
        raise ZeroDivisionError
    assert len(store.log()) == before + 1


def test_no_purpose_or_no_known_actor_no_reading(store: Store) -> None:
    with pytest.raises(TouchstoneError, match="purpose"), store.acting("officer", purpose=" "):
        pass
    with pytest.raises(TouchstoneError, match="nobody"), store.acting("nobody", purpose="look"):
        pass


def test_no_personal_value_is_in_the_log(store: Store, build: Builder) -> None:
    reading = build.listing("1", **SUSPECT)
    with store.acting("officer", purpose="look") as reader:
        reader.summaries(), reader.contacts(listing=reading.listing), reader.sellers()
    with store.database.reading() as c:
        log = " ".join(c.execute(select(t.event.c.body_json)).scalars())
    for value in ("7700900123", "07700 900123", "bags4u", "Bags 4 U", "stall.example", "Bag 1:1"):
        assert value not in log


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET body_json = replace(body_json, 'officer', 'nobody') WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
        "UPDATE event SET salt = '00000000000000000000000000000000' WHERE seq = 3",
        "UPDATE event SET chain = (SELECT chain FROM event WHERE seq = 2) WHERE seq = 3",
    ],
)
def test_a_changed_log_is_found_out(store: Store, build: Builder, change: str) -> None:
    for n in range(3):
        build.listing(str(n), **{**SUSPECT, "title": f"Bag {n}"})
        with store.acting("officer", purpose="look") as reader:
            reader.summaries()
    assert store.verify() == []
    with store.database.writing() as c:
        # every row of the test's log mentions the officer only in consultations, which are rows 2, 4, 6
        c.execute(text(change.replace("seq = 3", "seq = 4")))
    assert any("4" in problem for problem in store.verify())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE snapshot SET title = 'tampered'", "snapshot 1 was changed"),
        ("UPDATE finding SET sentence = 'tampered'", "finding 1 was changed"),
        ("UPDATE method SET version = '9'", "method 1 was changed"),
        ("UPDATE capture SET body_digest = '00'", "capture 1 was changed"),
        ("UPDATE judgement SET verdict = 'no'", "judgement 1 was changed"),
        ("DELETE FROM judgement", "judgement 1 was changed: its row says nothing"),
        ("DELETE FROM exhibit", "exhibit AB1 of case C1 is in the log alone"),
        ("UPDATE event SET actor = 'nobody' WHERE seq = 1", "event 1 was changed: its columns"),
        ("UPDATE event SET body_json = '{' WHERE seq = 2", "event 2 is damaged"),
        ("DELETE FROM event", "capture 1 is in no event"),
    ],
)
def test_an_edit_in_the_database_is_found_by_what_contradicts_it(store: Store, build: Builder, change: str, says: str) -> None:
    reading = build.listing("1", **SUSPECT)
    method = store.keep_method(Method("detector", "text_terms", "1"))
    store.keep_examinations(method, [Examination(SubjectKind.snapshot, 1, Examined.done, (finding(),))], build.run.id)
    store.judge(SubjectKind.listing, reading.listing, Verdict.yes, actor="officer", authority="demo", reason="seen")
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    store.exhibit("C1", SubjectKind.listing, reading.listing, initials="AB", description="advert", actor="officer")
    assert store.verify() == []
    with store.database.writing() as c:
        c.execute(text(change))
    assert any(says in problem for problem in store.verify()), store.verify()


def _read_often(url: str, folder: str, times: int) -> None:
    store = Store(url, Path(folder))
    for _ in range(times):
        with store.acting("officer", purpose="look") as reader:
            reader.shown("listing", [1])
    store.close()


def test_many_writers_make_one_unbroken_chain(store: Store, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_read_often, args=(store.database.url, str(tmp_path / "archive"), 25)) for _ in range(4)]
    [w.start() for w in workers], [w.join() for w in workers]
    assert [w.exitcode for w in workers] == [0] * 4
    assert [e.seq for e in store.log()] == list(range(1, 101))
    assert store.verify() == []


# -- erasure -------------------------------------------------------------------------------------------------------------
def test_erasure_rewrites_the_segment_and_leaves_a_tombstone(store: Store, build: Builder) -> None:
    bodies = [f"<h1>Bag {n}</h1>".encode() for n in range(5)]
    kept = [build.capture(f"http://stall.example/secret-name/{n}", body) for n, body in enumerate(bodies)]
    revisit = build.capture("http://stall.example/copy", bodies[2])
    build.close()
    store.erase(kept[2].id, actor="officer", reason="retention")
    with store.acting("officer", purpose="look") as reader:
        for n in (0, 1, 3, 4):
            assert reader.payload(kept[n].id) == bodies[n]
        assert reader.payload(revisit.id) == bodies[2], "bytes that another capture needs are re-homed first"
        with pytest.raises(TouchstoneError, match="erased"):
            reader.payload(kept[2].id)
        assert reader.capture(kept[2].id).url_requested == ""
        assert reader.capture(kept[2].id).body_digest == kept[2].body_digest, "digest and event are kept"
    assert store.verify() == []
    store.erase(kept[2].id, actor="officer", reason="again")
    store.erase(revisit.id, actor="officer", reason="retention")
    everything = b"".join(_decompressed(path) for path in sorted(store.archive.folder.glob("*.warc.gz")))
    assert b"Bag 2" not in everything and b"secret-name/2" not in everything and b"Bag 3" in everything
    assert store.verify() == []


def _decompressed(path: Path) -> bytes:
    data, out = path.read_bytes(), b""
    while data:
        member = zlib.decompressobj(31)
        out += member.decompress(data)
        data = member.unused_data
    return out


def test_a_hold_refuses_erasure_and_the_refusal_is_logged(store: Store, build: Builder) -> None:
    reading = build.listing("1", **SUSPECT)
    build.close()
    number = store.hold(SubjectKind.listing, reading.listing, actor="officer", reason="case 1")
    with pytest.raises(TouchstoneError, match="hold"):
        store.erase(reading.capture, actor="officer", reason="retention")
    assert store.log()[-1].body["purpose"] == "erasure refused"
    store.hold(SubjectKind.listing, reading.listing, actor="officer", reason="case closed", releases=number)
    store.erase(reading.capture, actor="officer", reason="retention")


def test_an_exhibit_may_not_be_erased(store: Store, build: Builder) -> None:
    reading = build.listing("1", **SUSPECT)
    build.close()
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    store.exhibit("C1", SubjectKind.listing, reading.listing, initials="AB", description="the advert", actor="officer")
    with pytest.raises(TouchstoneError, match="hold"):
        store.erase(reading.capture, actor="officer", reason="retention")


# -- people --------------------------------------------------------------------------------------------------------------
def test_machines_do_not_judge(store: Store) -> None:
    with pytest.raises(TouchstoneError, match="people judge"):
        store.judge(SubjectKind.listing, 1, Verdict.yes, actor="system", authority="demo", reason="score")


def test_a_judgement_is_superseded_not_deleted(store: Store) -> None:
    first = store.judge(SubjectKind.listing, 1, Verdict.yes, actor="officer", authority="demo", reason="logo wrong")
    second = store.judge(SubjectKind.listing, 1, Verdict.no, actor="officer", authority="demo", reason="receipt seen")
    assert second.supersedes == first.id
    with store.acting("officer", purpose="look") as reader:
        assert [j.verdict for j in reader.judgements([(SubjectKind.listing, 1)])] == [Verdict.yes, Verdict.no]


def test_exhibit_numbers_are_consecutive_and_a_subject_has_one(store: Store) -> None:
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    numbers = [store.exhibit("C1", SubjectKind.listing, n, initials="AB", description="x", actor="officer").number for n in (5, 6, 5, 7)]
    assert numbers == ["AB1", "AB2", "AB1", "AB3"]
    with pytest.raises(TouchstoneError, match="twice"):
        store.open_case(Case("C1", "demo", "Another"), actor="officer")


def test_an_actor_keeps_its_first_description(store: Store) -> None:
    store.keep_actor(Actor("officer", "demo", "Somebody else", "officer"))
    assert store.actor("officer").name == "A. Officer (fictional)"
