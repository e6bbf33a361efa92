"""Erasure where other things happen too: another erasure, a crawl, a crash, a hold; on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from store import audit
from store import tables as t
from store.captures import newest_location
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Capture, CaptureKind, Case, Link, LinkReason, Method, RegisterEntry, SubjectKind, Verb
from tests.builders import START, Builder, jpeg

SECRET = "secret-name"  # stands in every address that is erased
BODY = b"<h1>words of the erased</h1>"


class Killed(BaseException):
    """What nothing in the store catches, as it could not catch a kill."""


@pytest.fixture
def build(store: Store) -> Iterator[Builder]:
    builder = Builder(store)
    yield builder
    builder.close()


def another(store: Store) -> Store:
    """The same database and archive, as another process opens them."""
    return Store(store.database.url, store.archive.folder)


def erase(store: Store, capture: Capture | int | None) -> None:
    number = capture.id if isinstance(capture, Capture) else capture
    assert number is not None
    store.erase(number, actor="officer", reason="retention")


def payload(store: Store, capture: Capture | int | None) -> bytes:
    number = capture.id if isinstance(capture, Capture) else capture
    assert number is not None
    with store.acting("officer", purpose="look") as reader:
        return reader.payload(number)


def everything(store: Store) -> bytes:
    out = b""
    for path in sorted(store.archive.folder.glob("*")):
        data = path.read_bytes()
        while data:
            member = zlib.decompressobj(31)
            out += member.decompress(data)
            data = member.unused_data
    return out


def erasures(store: Store) -> list[str]:
    return [e.body["subjects"]["capture"] for e in store.log() if e.body["verb"] == Verb.erasure and e.body["purpose"] == "erasure"]


def gone(store: Store, *captures: Capture) -> bool:
    """Nothing of these is left: not their bytes or addresses in any file, nor an address in their rows."""
    with store.database.reading() as c:
        rows = c.execute(select(t.capture).where(t.capture.c.id.in_([x.id for x in captures]))).all()
    blank = all((r.url_requested, r.url_final, r.request_headers_json, r.server_ip) == ("", "", "[]", None) for r in rows)
    held = everything(store)
    return blank and SECRET.encode() not in held and BODY not in held


def victim(build: Builder, body: bytes = BODY, **rest: object) -> Capture:
    return build.capture(f"http://stall.example/{SECRET}", body, server_ip="192.0.2.7", **rest)


def given(build: Builder, url: str, kind: CaptureKind = CaptureKind.network) -> Capture:
    headers = (("Content-Type", "text/html"),)
    return Capture(None, build.run.id, "stall", kind, "GET", url, url, (), 200, (), headers, "", 0, START, START)


# -- one at a time ---------------------------------------------------------------------------------------------------------
def test_an_erasure_waits_for_the_one_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other's sweep would delete the segment that the first has written and not committed yet, and all that is in it."""
    one, two = Builder(store), Builder(store)
    first, kept, second = victim(one), one.capture("http://stall.example/1", b"one"), two.capture("http://stall.example/2", b"two")
    one.close(), two.close()
    other, real, done = another(store), store.archive.rewrite, threading.Event()
    thread = threading.Thread(target=lambda: (erase(other, second), done.set()))

    def pause(*args: Any) -> Any:
        moved = real(*args)
        thread.start()
        assert not done.wait(1.5), "the second erasure went on while the first was not committed"
        return moved

    monkeypatch.setattr(store.archive, "rewrite", pause)
    try:
        erase(store, first)
    finally:
        thread.join()
    other.close()
    assert payload(store, kept) == b"one" and gone(store, first) and erasures(store) == ["1", "3"]
    assert store.verify() == []


def test_machines_whose_file_locks_do_not_meet_wait_at_the_database(store: Store, build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite is a file on one machine")
    first, other, done = victim(build), another(store), threading.Event()
    build.close()
    monkeypatch.setattr(other.archive, "alone", contextlib.nullcontext)
    thread = threading.Thread(target=lambda: (erase(other, first), done.set()))
    with store.no_erasure():
        thread.start()
        assert not done.wait(1)
    assert done.wait(20), "the lock is let go when the erasure ends"
    thread.join(), other.close()
    assert gone(store, first)


def _erase_each(url: str, folder: str, captures: list[int]) -> None:
    store = Store(url, Path(folder))
    for number in captures:
        store.erase(number, actor="officer", reason="retention")
    store.close()


def test_many_processes_erase_at_once(store: Store, build: Builder) -> None:
    bodies = {n: b"page %d" % n for n in range(1, 19)}
    captures = {n: build.capture(f"http://stall.example/{n}", body) for n, body in bodies.items()}
    build.close()
    context = multiprocessing.get_context("spawn")
    shares = [[n for n in captures if n % 3 and n % 4 == share] for share in range(4)]
    workers = [context.Process(target=_erase_each, args=(store.database.url, str(store.archive.folder), share)) for share in shares]
    [w.start() for w in workers], [w.join() for w in workers]
    assert [w.exitcode for w in workers] == [0] * 4
    assert all(payload(store, captures[n]) == bodies[n] for n in captures if not n % 3)
    assert len(erasures(store)) == sum(map(len, shares)) and store.verify() == [] and len(store.archive.segments()) == 1


def test_nothing_is_deleted_while_a_segment_is_missing(store: Store, build: Builder) -> None:
    first = victim(build)
    build.close()
    two = Builder(store)
    other = two.capture("http://stall.example/2", b"two")
    two.close()
    lost = store.archive.folder / f"{two.run.id}-00001.warc.gz"
    lost.rename(lost.with_suffix(".away"))
    assert [p for p in store.verify() if lost.name in p and "missing" in p]
    with pytest.raises(TouchstoneError, match=f"{lost.name} is missing"):
        erase(store, first)
    assert f"{build.run.id}-00001.warc.gz" in store.archive.segments(), "it may be the only copy of something"
    lost.with_suffix(".away").rename(lost)
    erase(store, first)
    assert gone(store, first) and payload(store, other) == b"two" and erasures(store) == ["1"] and store.verify() == []


# -- during a crawl --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rendered", [False, True], ids=["keep", "keep_rendered"])
def test_bytes_that_are_erased_while_they_are_kept_again_are_kept(store: Store, build: Builder, rendered: bool) -> None:
    first = victim(build, b"two have this")
    build.close()
    crawl, other = Builder(store), another(store)
    real = crawl.writer.revisit

    def overtaken(**values: Any) -> Any:
        placed = real(**values)
        erase(other, first)
        return placed

    crawl.writer.revisit = overtaken  # type: ignore[method-assign]
    if rendered:
        document, part = given(crawl, "http://stall.example/d", CaptureKind.rendered), given(crawl, "http://stall.example/p")
        who = {"actor": "system", "purpose": "market_sweep"}
        store.keep_rendered(crawl.writer, document, b"<html>", [(part, b"two have this")], **who)
        again: int | None = 3
    else:
        again = crawl.capture("http://stall.example/2", b"two have this").id
        assert SECRET.encode() not in everything(store), "the revisit that named the erased address was withdrawn"
    crawl.close(), other.close()
    assert payload(store, again) == b"two have this" and store.verify() == []


def test_a_record_whose_segment_was_rewritten_before_its_row_is_written_again(store: Store, build: Builder) -> None:
    """The parts of a rendered page may fill a segment, which the writer then lets go before their rows are committed."""
    first, other = victim(build), another(store)
    real = build.writer.resource

    def rolled(**values: Any) -> Any:
        build.writer.max_segment = 1
        placed = real(**values)
        erase(other, first)
        return placed

    build.writer.resource = rolled  # type: ignore[method-assign]
    document, part = given(build, "http://stall.example/d", CaptureKind.rendered), given(build, "http://stall.example/p")
    kept = store.keep_rendered(build.writer, document, b"<html>", [(part, b"a part")], actor="system", purpose="market_sweep")
    build.close(), other.close()
    assert kept.id == 2 and payload(store, 3) == b"a part" and payload(store, 2) == b"<html>" and gone(store, first)
    assert store.verify() == []


def test_a_capture_kept_while_an_erasure_writes_is_seen_before_it_commits(
    store: Store, build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = victim(build, b"two have this")
    build.close()
    crawl, real, kept = Builder(store), store.archive.rewrite, list[Capture]()

    def meanwhile(*args: Any) -> Any:
        moved = real(*args)
        kept or kept.append(crawl.capture("http://stall.example/2", b"two have this"))
        return moved

    monkeypatch.setattr(store.archive, "rewrite", meanwhile)
    with pytest.raises(TouchstoneError, match=r"not erased.*in use.*when the crawl"):
        erase(store, first)
    assert payload(store, first) == payload(store, kept[0]) == b"two have this" and erasures(store) == [] and store.verify() == []
    crawl.close()
    erase(store, first)
    assert gone(store, first) and payload(store, kept[0]) == b"two have this" and store.verify() == []


def test_a_segment_that_is_being_written_refuses_and_nothing_is_changed(store: Store, build: Builder) -> None:
    first = victim(build)
    with pytest.raises(TouchstoneError, match=r"not erased.*in use.*when the crawl"):
        erase(store, first)
    assert payload(store, first) == BODY and erasures(store) == [] and store.verify() == []


def test_verify_tells_of_a_revisit_whose_bytes_are_not_kept(store: Store, build: Builder) -> None:
    first, again = victim(build), build.capture("http://stall.example/2", BODY)
    build.close()
    assert store.verify() == []
    with store.database.writing() as c:
        place = newest_location(c, first.id or 0)
        row = {**place._mapping, "record_type": "tombstone"}
        del row["id"]
        c.execute(t.location.insert().values(**row))
    assert store.verify() == [f"capture {again.id} takes its bytes from capture {first.id}, which holds none: its record is a tombstone"]


# -- after a crash -----------------------------------------------------------------------------------------------------------
STEPS: dict[str, Callable[[Store], tuple[Any, str]]] = {
    "rewriting a segment": lambda store: (store.archive, "rewrite"),
    "rewriting is done": lambda store: (store.archive, "rewrite"),
    "the second segment": lambda store: (store.archive, "rewrite"),
    "re-homing": lambda store: (store.archive, "writer"),
    "re-homing is done": lambda store: (store.archive, "writer"),
    "a row": lambda store: (store, "place"),
    "the last row": lambda store: (store, "place"),
    "the event": lambda store: (audit, "append"),
    "the event is written": lambda store: (audit, "append"),
    "deleting": lambda store: (store.archive, "remove"),
    "deleting the second": lambda store: (store.archive, "remove"),
}
NTH = {"the second segment": 2, "the last row": 4, "deleting the second": 2}


@pytest.mark.parametrize("step", STEPS)
def test_an_erasure_that_was_cut_off_is_finished_by_the_next(
    store: Store, build: Builder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first, kept = victim(build), build.capture("http://stall.example/1", b"one")
    build.close()
    two = Builder(store)
    again = [two.capture(f"http://stall.example/{n}", BODY) for n in (2, 3)]
    two.close()
    owner, name = STEPS[step](store)
    real, calls = getattr(owner, name), [0]

    def killed(*args: Any, **values: Any) -> Any:
        calls[0] += 1
        if calls[0] < NTH.get(step, 1):
            return real(*args, **values)
        if step.endswith(("is done", "is written")):
            real(*args, **values)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, killed)
        with pytest.raises(Killed):
            erase(store, first)
    assert payload(store, kept) == b"one" and [payload(store, x) for x in again] == [BODY, BODY]
    erase(store, first)
    assert [payload(store, x) for x in again] == [BODY, BODY], "their own copy is theirs"
    for each in again:
        erase(store, each)
    assert gone(store, first) and payload(store, kept) == b"one" and store.verify() == []
    assert erasures(store) == [str(x.id) for x in (first, *again)], "each exactly once"
    with store.database.reading() as c:
        current = {newest_location(c, n).segment for n in (1, 2, 3, 4)}
    assert set(store.archive.segments()) == current, "nothing is left lying about"


def test_old_revisits_beside_their_rehomed_ones_go_too(store: Store, build: Builder) -> None:
    """A crash between re-homing and rewriting, of a version that committed the one before the other."""
    first = victim(build)
    build.close()
    two = Builder(store)
    again, kept = two.capture("http://stall.example/2", BODY), two.capture("http://stall.example/3", b"three")
    two.close()
    with store.archive.writer("rehomed-by-hand") as writer, store.database.writing() as c:
        placed = writer.response(uri=again.url_final, date=again.ended_at, status=200, response_headers=(), payload=BODY)
        store.place(c, again.id or 0, placed, None)
    erase(store, first)
    assert SECRET.encode() not in everything(store)
    assert payload(store, again) == BODY and payload(store, kept) == b"three" and store.verify() == []


def test_an_erasure_that_ended_before_the_row_was_blanked_is_finished(store: Store, build: Builder) -> None:
    """What a crash of an older version left: a tombstone, and the address in the row."""
    first = victim(build)
    build.close()
    with store.database.reading() as c:
        place = newest_location(c, first.id or 0)
    [stone] = [m for m in store.archive.rewrite(place.segment, {place.record_id: "x"}) if m.erased == place.record_id]
    with store.database.writing() as c:
        store.place(c, first.id or 0, stone, None)
    erase(store, first)
    erase(store, first)
    assert gone(store, first) and erasures(store) == ["1"] and store.verify() == []


def test_a_record_that_never_got_its_row_goes_when_its_segment_is_rewritten(store: Store, build: Builder) -> None:
    first, kept = victim(build), build.capture("http://stall.example/1", b"one")
    orphan = f"http://stall.example/{SECRET}/orphan"
    common: dict[str, Any] = {"uri": orphan, "date": START}
    build.writer.response(**common, status=200, response_headers=(), payload=BODY, request_body=b"q=words", method="POST")
    build.writer.resource(**common, mime="text/html", payload=BODY)
    refers = {"refers_to_uri": orphan, "refers_to_date": START, "payload_digest": "0" * 64}
    build.writer.revisit(**common, status=200, response_headers=(), **refers)
    build.close()
    erase(store, first)
    assert gone(store, first) and b"q=words" not in everything(store) and b"no row of the store names" in everything(store)
    assert payload(store, kept) == b"one" and store.verify() == []


# -- what goes together ------------------------------------------------------------------------------------------------------
def rendered(store: Store, build: Builder) -> tuple[Capture, list[Capture]]:
    document = given(build, f"http://stall.example/{SECRET}", CaptureKind.rendered)
    parts = [(given(build, f"http://stall.example/{SECRET}/{n}.json"), BODY + bytes([n])) for n in range(2)]
    kept = store.keep_rendered(build.writer, document, BODY, parts, actor="system", purpose="market_sweep")
    assert kept.id is not None
    with store.acting("officer", purpose="look") as reader:
        return kept, reader.captures([kept.id + 1, kept.id + 2])


def test_what_a_browser_fetched_for_a_document_goes_with_it(store: Store, build: Builder) -> None:
    document, parts = rendered(store, build)
    same = build.capture("http://stall.example/2", BODY + b"\1")
    build.close()
    erase(store, document)
    assert payload(store, same) == BODY + b"\1", "what another capture needs is its own now"
    erase(store, same)
    assert gone(store, document, *parts) and erasures(store) == ["1-3", "4"] and store.verify() == []


def test_a_hold_on_a_part_holds_its_document_and_the_other_way_round(store: Store, build: Builder) -> None:
    document, parts = rendered(store, build)
    build.close()
    who = {"actor": "officer", "reason": "case 1"}
    on_part = store.hold(SubjectKind.capture, parts[1].id or 0, **who)
    with pytest.raises(TouchstoneError, match=f"under hold {on_part}"):
        erase(store, document)
    store.hold(SubjectKind.capture, parts[1].id or 0, releases=on_part, **who)
    on_document = store.hold(SubjectKind.capture, document.id or 0, **who)
    with pytest.raises(TouchstoneError, match=f"under hold {on_document}"):
        erase(store, parts[0])
    assert payload(store, document) == BODY and erasures(store) == []


# -- holds -------------------------------------------------------------------------------------------------------------------
WORDS: dict[str, Any] = {"title": "Bag", "text": "call 07700 900123", "seller": "bags4u", "seller_name": "Bags 4 U"}


def test_what_a_link_a_seller_and_premises_rest_on_may_not_be_erased(store: Store, build: Builder) -> None:
    reading = build.listing("1", pictures=(jpeg(1),), **WORDS)
    cited, free = build.capture("http://stall.example/about", b"about"), build.capture("http://stall.example/terms", b"terms")
    build.close()
    register, _ = store.begin_register("fhrs", "2" * 64, dated="2026-01-01", licence="none", rows=1, refused=0, run=build.run.id)
    store.keep_entries(register, [(RegisterEntry("fhrs", "8", "Bakehouse", "Unit 1", "M32 0TH"), "bakehouse")])
    store.join_premises([(1, "unit", "M32 0TH|unit 1", "Unit 1", "M32 0TH|parade", "M32 0TH")], build.run.id)
    with store.database.reading() as c:
        [unit] = c.execute(select(t.premises).where(t.premises.c.kind == "unit"))
    method = store.keep_method(Method("linker", "hand", "1"))
    reasons = (LinkReason("name", 0.5, "same name"), LinkReason("phone", 0.9, "same phone", cited.id))
    link = Link(None, SubjectKind.seller, 1, SubjectKind.premises, unit.id, "", 0.9, "unit", reasons)
    store.keep_links([link], method, build.run.id, actor="system", purpose="link")
    who = {"actor": "officer", "reason": "case 1"}
    holds = [
        (SubjectKind.link, 1, [cited.id]),
        (SubjectKind.premises, unit.id, [cited.id]),
        (SubjectKind.premises, unit.building, [cited.id]),
        (SubjectKind.seller, 1, [reading.capture, 2]),
        (SubjectKind.snapshot, reading.snapshot, [reading.capture, 2]),
        (SubjectKind.picture, 1, [2]),
    ]
    for kind, subject, captures in holds:
        number = store.hold(kind, subject, **who)
        for capture in captures:
            with pytest.raises(TouchstoneError, match=f"under hold {number} "):
                erase(store, capture)
        store.hold(kind, subject, releases=number, **who)
    store.open_case(Case("C1", "demo", "A case"), actor="officer")
    for kind, subject, captures in (holds[0], holds[3]):
        store.exhibit("C1", kind, subject, initials="AB", description="x", actor="officer")
        for capture in captures:
            with pytest.raises(TouchstoneError, match="under hold of exhibit"):
                erase(store, capture)
    assert erasures(store) == []
    erase(store, free)


def test_a_hold_that_would_protect_nothing_is_refused(store: Store) -> None:
    with pytest.raises(TouchstoneError, match="would protect nothing"):
        store.hold(SubjectKind.case, 1, actor="officer", reason="case 1")


def test_a_hold_made_while_the_files_are_written_still_refuses(store: Store, build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = victim(build)
    again = build.capture("http://stall.example/2", BODY)
    build.close()
    real, before = store.archive.rewrite, store.archive.segments()

    def meanwhile(*args: Any) -> Any:
        store.hold(SubjectKind.capture, first.id or 0, actor="officer", reason="case 1")
        return real(*args)

    monkeypatch.setattr(store.archive, "rewrite", meanwhile)
    with pytest.raises(TouchstoneError, match="under hold 1"):
        erase(store, first)
    assert payload(store, first) == payload(store, again) == BODY and store.archive.segments() == before
    assert erasures(store) == [] and store.log()[-1].body["purpose"] != "erasure" and store.verify() == []
