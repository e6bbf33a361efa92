"""Sightings in the store: kept whole or not at all, who told them read apart, one query for the same seller, and erasure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from store import tables as t
from store.errors import TouchstoneError
from store.sightings import Handed
from store.store import Store
from store.words.records import Capture, CaptureKind, Case, Informant, Sighting, Snapshot, SubjectKind, Told, Verb
from tests.builders import START, Builder, jpeg

NAME, CONTACT = "Ottoline Quillfeather", "07700 900777"


@pytest.fixture
def build(store: Store) -> Any:
    builder = Builder(store, source="sightings_public")
    yield builder
    builder.close()


def statement(build: Builder, body: bytes = b'{"note": "belts"}', part_of: int | None = None) -> Capture:
    return build.capture(f"urn:touchstone:statement:{body.hex()[:20]}", body, CaptureKind.handed_in, "application/json", part_of=part_of)


def told(build: Builder, text: str = "Belts with a lozenge mark", *, body: bytes = b'{"note": "belts"}', **more: Any) -> Handed:
    words = Snapshot(title="Belts", text=text, place="Stall 12, Market Hall, Wexcombe")
    return Handed(Told.public, words, statement(build, body), "statement", "statement/1", place=words.place, **more)


def keep(store: Store, build: Builder, handed: Handed) -> Sighting:
    return store.keep_sighting(handed, actor="officer", authority="demo", run=build.run.id, purpose="sighting")


def test_sightings_are_numbered_by_year_and_read_back(store: Store, build: Builder) -> None:
    first, second = (
        keep(store, build, told(build, body=b"%d" % n, seen_at=START, seen_at_text="on Sunday", obtained="seen")) for n in (1, 2)
    )
    assert first.reference.startswith("S-20") and first.reference.endswith("-0001") and second.reference.endswith("-0002")
    with store.acting("officer", purpose="look") as reader:
        assert reader.sightings() == [first, second]
        assert reader.sighting(first.reference).seen_at == START
        assert reader.listing("sightings_public", first.reference).snapshot.text == "Belts with a lozenge mark"
        with pytest.raises(TouchstoneError, match="there is no sighting 'S-1'"):
            reader.sighting("S-1")
    assert store.verify() == []


def test_a_sighting_is_kept_whole_or_not_at_all(store: Store, build: Builder) -> None:
    keep(store, build, told(build, reference="X-1"))
    before = store.counts()
    with pytest.raises(TouchstoneError, match="X-1 is in the store already"):
        keep(store, build, told(build, "other words", body=b"2", reference="X-1", ref="X-1b"))
    after = store.counts()
    assert {k: v for k, v in after.items() if k not in ("captures", "events")} == {
        k: v for k, v in before.items() if k not in ("captures", "events")
    }


def test_rows_carry_authority_category_and_retention_and_an_event_of_collection(store: Store, build: Builder) -> None:
    handed = told(build, informant=Informant(0, NAME, CONTACT))
    each = keep(store, build, replace(handed, files=[(handed.capture.id or 0, "note.txt")]))
    with store.database.reading() as c:
        sighting = c.execute(select(t.sighting)).one()
        informant = c.execute(select(t.informant)).one()
    assert (sighting.authority, sighting.subject_category) == ("demo", "unknown") and sighting.retention_until is not None
    assert informant.subject_category == "witness" and informant.retention_until is not None
    event = store.log()[-1].body
    assert (event["verb"], event["subjects"]["sighting"]) == (Verb.collection, str(each.id))
    assert event["detail"] == {"told": "public", "informant": True}


# -- who told it -----------------------------------------------------------------------------------------------------------
def test_who_told_it_is_read_by_one_method_only_with_a_reason_and_an_event_of_its_own(store: Store, build: Builder) -> None:
    each = keep(store, build, told(build, informant=Informant(0, NAME, CONTACT, "prefers letters")))
    assert each.id is not None
    with store.acting("officer", purpose="look") as reader, pytest.raises(TouchstoneError, match="only for a stated reason"):
        reader.informant(each.id)
    with store.acting("officer", purpose="look", justification="statement to be taken") as reader:
        found = reader.informant(each.id)
        during = store.log()[-1].body
    assert found is not None and (found.name, found.contact, found.note) == (NAME, CONTACT, "prefers letters")
    assert (during["verb"], during["justification"], during["detail"]["informant"]) == (
        Verb.consultation,
        "statement to be taken",
        found.id,
    )
    assert NAME not in json.dumps([e.body for e in store.log()]) and "900777" not in json.dumps([e.body for e in store.log()])


def test_no_other_read_method_gives_out_who_told_it(store: Store, build: Builder) -> None:
    each = keep(store, build, told(build, informant=Informant(0, NAME, CONTACT)))
    with store.acting("officer", purpose="look") as reader:
        shown = [
            reader.sightings(), reader.sighting_files(each.id or 0), reader.summaries(), reader.contacts(listing=each.listing),
            reader.readings(listing=each.listing), reader.history(each.listing), reader.sellers(), reader.listing_captures(each.listing),
            reader.same_seller(listing=each.listing),
        ]  # fmt: skip
        payloads = [reader.payload(c.id or 0) for c in reader.listing_captures(each.listing)]
    assert NAME not in repr(shown) and "900777" not in repr(shown) and NAME.encode() not in b"".join(payloads)


@pytest.mark.parametrize("how", ["told", "put in", "taken out"])
def test_a_sighting_that_was_changed_past_the_log_is_found(store: Store, build: Builder, how: str) -> None:
    each = keep(store, build, told(build))
    build.close()
    assert store.verify() == []
    with store.database.writing() as c:
        if how == "told":
            c.execute(t.sighting.update().values(told="officer"))
        elif how == "taken out":
            c.execute(t.sighting.delete())
        else:
            row = dict(c.execute(select(t.sighting)).mappings().one())
            c.execute(t.sighting.insert().values({**row, "id": row["id"] + 1, "reference": "X"}))
    number = (each.id or 0) + (how == "put in")
    assert any(f"sighting {number} was changed" in problem for problem in store.verify())


# -- the same seller -------------------------------------------------------------------------------------------------------
def test_a_stall_and_a_listing_of_the_web_meet_by_phone_however_it_is_written(store: Store, build: Builder) -> None:
    web = Builder(store, source="market")
    listing = web.listing("77", title="Bags", text="WhatsApp +44 7700 900123", seller="deals", seller_name="Deals")
    web.listing("78", title="Chairs", text="Call 07700 900124", seller="granny", seller_name="Granny")
    other = web.listing("79", title="Shoes", text="ask", seller="deals", seller_name="Deals")
    web.close()
    each = keep(store, build, told(build, "Belts. Phone: 07700 900123", account=True))
    with store.acting("officer", purpose="look") as reader:
        [met] = reader.same_seller(listing=each.listing)
        assert (met.summary.listing.id, met.sightings) == (listing.listing, ())
        assert met.why == (("phone", "+447700900123", listing.capture),)
        back = {m.summary.listing.id: m for m in reader.same_seller(listing=listing.listing)}
        assert back.keys() == {each.listing, other.listing} and back[each.listing].sightings == (each.reference,)
        assert [w[0] for w in back[other.listing].why] == ["account"]
        assert {m.summary.listing.id for m in reader.same_seller(contact=("phone", "+447700900123"))} == {each.listing, listing.listing}
        assert listing.seller is not None
        assert [m.sightings for m in reader.same_seller(seller=listing.seller)] == [(each.reference,)]


def test_the_stall_is_met_first_among_the_many_listings_of_an_account(store: Store, build: Builder) -> None:
    web = Builder(store, source="market")
    first = web.listing("0", title="Bags", text="WhatsApp +44 7700 900123", seller="deals", seller_name="Deals")
    for number in range(1, 61):
        web.listing(str(number), title=f"Other {number}", seller="deals", seller_name="Deals")
    called = web.listing("61", title="Hats", text="Ring 07700 900123", seller="hats")
    web.close()
    each = keep(store, build, told(build, "Belts. Phone: 07700 900123", account=True))
    with store.acting("officer", purpose="look") as reader:
        met = reader.same_seller(listing=first.listing)
    assert [m.summary.listing.id for m in met][:2] == [each.listing, called.listing] and met[0].sightings == (each.reference,)
    assert (len(met), met.left_out) == (50, 12)


def test_they_meet_by_the_very_same_picture_but_not_by_one_that_everybody_shows(store: Store, build: Builder) -> None:
    web, picture, stock = Builder(store, source="market"), jpeg(1), jpeg(2)
    listing = web.listing("1", title="Bag", pictures=(picture, stock))
    for number in range(2, 28):
        web.listing(str(number), title=f"Other {number}", pictures=(stock,))
    web.close()
    import hashlib

    digests = [hashlib.sha256(p).hexdigest() for p in (picture, stock)]
    mine = [(d, listing.capture) for d in digests]
    each = keep(store, build, told(build, pictures=mine))
    with store.acting("officer", purpose="look") as reader:
        [met] = reader.same_seller(listing=each.listing)
    assert met.summary.listing.ref == "1" and met.why == (("picture", digests[0], None),)


def test_two_sightings_of_a_dave_are_two_accounts(store: Store, build: Builder) -> None:
    words = Snapshot(title="Belts", seller_name="Dave")
    first, second = (
        keep(store, build, Handed(Told.officer, words, statement(build, b"%d" % n), "statement", "1", account=True)) for n in (1, 2)
    )
    with store.acting("officer", purpose="look") as reader:
        assert [(s.handle, s.name) for s in reader.sellers()] == [(first.reference, "Dave"), (second.reference, "Dave")]
        assert reader.same_seller(listing=first.listing) == []


# -- erasure ---------------------------------------------------------------------------------------------------------------
def in_full(store: Store, build: Builder) -> tuple[Sighting, Handed]:
    handed = told(build, obtained="by post", informant=Informant(0, NAME, CONTACT), claims={"files": [{"name": "x.jpg"}]})
    file = build.capture("urn:sha256:f", b"the file", CaptureKind.handed_in, "application/pdf")
    page = build.capture("urn:sha256:f#1", b"the page", CaptureKind.handed_in, "text/html", part_of=file.id)
    assert page.id
    handed = replace(handed, files=[(file.id or 0, "letter from somebody.pdf")])
    return keep(store, build, handed), handed


def test_erasing_a_sighting_takes_its_bytes_its_words_and_who_told_it(store: Store, build: Builder) -> None:
    each, handed = in_full(store, build)
    build.close()
    assert store.erase_sighting(each.reference, actor="officer", reason="retention") == ()
    with store.acting("officer", purpose="look", justification="check") as reader:
        gone = reader.sighting(each.reference)
        assert (gone.place, gone.obtained, gone.claims, gone.seen_at) == ("", "", {}, None)
        assert [name for _, name in reader.sighting_files(each.id or 0)] == [""]
        informant = reader.informant(each.id or 0)
        assert informant is not None and (informant.name, informant.contact, informant.note) == ("", "", "")
        for number in (handed.capture.id, *(c for c, _ in handed.files), *(p.id for p in reader.parts_of(handed.files[0][0]))):
            with pytest.raises(TouchstoneError, match="were erased"):
                reader.payload(number or 0)
    with store.database.reading() as c:
        assert NAME not in repr(c.execute(select(t.informant)).all())
    assert store.verify() == []
    assert store.erase_sighting(each.reference, actor="officer", reason="again") == ()


@pytest.mark.parametrize("what", ["listing", "capture of a file"])
def test_a_hold_refuses_the_erasure_of_a_sighting_and_of_who_told_it(store: Store, build: Builder, what: str) -> None:
    each, handed = in_full(store, build)
    build.close()
    kind, subject = (SubjectKind.listing, each.listing) if what == "listing" else (SubjectKind.capture, handed.files[0][0])
    hold = store.hold(kind, subject, actor="officer", reason="appeal")
    for erase in (store.erase_sighting, store.erase_informant):
        with pytest.raises(TouchstoneError, match=f"under hold {hold}"):
            erase(each.reference, actor="officer", reason="retention")
    with pytest.raises(TouchstoneError, match=f"under hold {hold}"):
        store.erase(handed.files[0][0], actor="officer", reason="retention")
    with store.acting("officer", purpose="look", justification="check") as reader:
        found = reader.informant(each.id or 0)
        assert found is not None and found.name == NAME and reader.payload(handed.files[0][0]) == b"the file"


def test_an_exhibit_refuses_too(store: Store, build: Builder) -> None:
    each, _ = in_full(store, build)
    build.close()
    store.open_case(Case("C-1", "demo", "Belts"), actor="officer")
    store.exhibit("C-1", SubjectKind.listing, each.listing, initials="AB", description="the belts", actor="officer")
    with pytest.raises(TouchstoneError, match="of exhibit row"):
        store.erase_sighting(each.reference, actor="officer", reason="retention")


def test_who_told_it_can_be_erased_alone(store: Store, build: Builder) -> None:
    each, handed = in_full(store, build)
    build.close()
    store.erase_informant(each.reference, actor="officer", reason="asked to be forgotten")
    with store.acting("officer", purpose="look", justification="check") as reader:
        found = reader.informant(each.id or 0)
        assert found is not None and (found.name, found.contact) == ("", "")
        assert reader.payload(handed.files[0][0]) == b"the file" and reader.sighting(each.reference).obtained == "by post"
    [event] = [e.body for e in store.log() if e.body["verb"] == Verb.erasure]
    assert event["subjects"] == {"informant": str(found.id), "sighting": str(each.id)}


def test_a_file_that_other_sightings_rest_on_stays_and_is_named(store: Store, build: Builder) -> None:
    file = build.capture("urn:list", b"row 1\nrow 2", CaptureKind.handed_in, "text/csv")
    rows = [statement(build, b"row %d" % n, part_of=file.id) for n in (1, 2)]
    first, second = (
        keep(
            store,
            build,
            Handed(
                Told.partner,
                Snapshot(title=f"Row {n}"),
                row,
                "columns",
                "1",
                f"m-{n}",
                files=[(row.id or 0, f"row {n}"), (file.id or 0, "list.csv")],
            ),
        )
        for n, row in enumerate(rows, 1)
    )
    build.close()
    assert store.erase_sighting(first.reference, actor="officer", reason="retention") == (file.id,)
    with store.acting("officer", purpose="look") as reader:
        assert reader.payload(file.id or 0) and reader.payload(rows[1].id or 0) == b"row 2"
        with pytest.raises(TouchstoneError, match="erased"):
            reader.payload(rows[0].id or 0)
    store.hold(SubjectKind.listing, second.listing, actor="officer", reason="appeal")
    assert store.erase_sighting(first.reference, actor="officer", reason="again") == (file.id,), "the other's hold is not this one's"


def test_a_file_goes_with_the_last_sighting_that_rests_on_it(store: Store, build: Builder) -> None:
    file = build.capture("urn:list", b"row 1\nrow 2", CaptureKind.handed_in, "text/csv")
    for n in (1, 2):
        row = statement(build, b"row %d" % n, part_of=file.id)
        keep(
            store,
            build,
            Handed(
                Told.partner,
                Snapshot(title=f"Row {n}"),
                row,
                "columns",
                "1",
                f"m-{n}",
                files=[(row.id or 0, f"row {n}"), (file.id or 0, "l.csv")],
            ),
        )
    build.close()
    assert [store.erase_sighting(f"m-{n}", actor="officer", reason="retention") for n in (1, 2)] == [(file.id,), ()]
    with store.acting("officer", purpose="look") as reader, pytest.raises(TouchstoneError, match="erased"):
        reader.payload(file.id or 0)
