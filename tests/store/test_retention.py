"""How long rows are kept by their date: short for the sellers of a list page who are under no suspicion, long for what came to matter."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store import tables as t
from store.sightings import Handed
from store.store import Store
from store.words.records import CaptureKind, Flag, Informant, Level, Parsed, Snapshot, SubjectKind, Told, Verdict
from tests.builders import START, Builder, jpeg

SHORT, LONG = timedelta(days=90), timedelta(days=36_500)  # a century: the builder's pages are of one day, and this test is of any


@pytest.fixture
def listed(store: Store) -> tuple[Store, Builder, int, int]:
    """One list page of two sellers' cards, and a picture of the first: (store, builder, first listing, second listing)."""
    store.retention = {"unflagged": 90, "flagged": 36_500}
    builder = Builder(store)
    page = builder.capture("http://stall.example/list", b"<p>two cards</p>")
    cards = [
        Parsed(
            ref,
            f"http://stall.example/item/{ref}",
            Snapshot(title=f"Bag {ref}", text=f"ring 07700 90012{ref}", seller=f"seller{ref}"),
            ("x",),
        )
        for ref in ("1", "2")
    ]
    one, two = store.keep_readings(page, "hand", "hand/1", cards, builder.run.id)
    builder.picture(one, 0, "http://stall.example/1.jpg", jpeg(1))
    builder.close()
    return store, builder, one.listing, two.listing


def dates(store: Store) -> dict[str, list[datetime]]:
    with store.database.reading() as c:
        return {
            table.name: [r.retention_until for r in c.execute(select(table.c.retention_until).order_by(table.c.id))]
            for table in (t.listing, t.snapshot, t.seller, t.contact, t.image, t.capture)
        }


def flag(listing: int, level: Level) -> Flag:
    return Flag(None, listing, "p" * 64, "f" * 64, level, 80.0, ())


def test_every_row_begins_with_the_short_date(listed: tuple[Store, Builder, int, int]) -> None:
    now = datetime.now(UTC)
    assert all(abs(date - now - SHORT) < timedelta(minutes=10) for own in dates(listed[0]).values() for date in own)


@pytest.mark.parametrize("how", ["review", "priority", "yes"])
def test_what_came_to_matter_gets_the_long_date_and_its_neighbours_do_not(listed: tuple[Store, Builder, int, int], how: str) -> None:
    store, builder, one, _ = listed
    before = dates(store)
    for _ in range(2):
        if how == "yes":
            store.judge(SubjectKind.listing, one, Verdict.yes, actor="officer", authority="demo", reason="stitching")
        else:
            store.keep_flag(flag(one, Level(how)), builder.run.id)
    after, until = dates(store), START + timedelta(minutes=1) + LONG
    for name in ("listing", "snapshot", "seller", "contact"):
        assert after[name] == [until, before[name][1]], f"{name}: the first seller's own, and not the other's"
    assert after["image"] == [until] and after["capture"] == [until, until], "the page that it was read from, and its picture"
    events = [e.body for e in store.log() if e.body["purpose"] == "retention"]
    assert len(events) == 1 and events[0]["subjects"] == {"listing": str(one)} and events[0]["detail"]["until"] == until.isoformat()
    assert store.verify() == []


def test_the_flags_of_a_page_are_kept_all_or_none(listed: tuple[Store, Builder, int, int]) -> None:
    store, builder, one, two = listed
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store.keep_flags([flag(one, Level.note), flag(999_999, Level.note)], builder.run.id)
    assert store.level_counts() == {}
    assert store.keep_flags([flag(one, Level.note), flag(two, Level.note), flag(two, Level.note)], builder.run.id) == 2


@pytest.mark.parametrize("how", ["none", "note", "no", "unsure"])
def test_what_did_not_keeps_the_short_one(listed: tuple[Store, Builder, int, int], how: str) -> None:
    store, builder, one, _ = listed
    before = dates(store)
    if how in ("no", "unsure"):
        store.judge(SubjectKind.listing, one, Verdict(how), actor="officer", authority="demo", reason="genuine")
    else:
        store.keep_flag(flag(one, Level(how)), builder.run.id)
    assert dates(store) == before


def test_a_flagged_listing_that_is_seen_again_is_kept_from_then_on(listed: tuple[Store, Builder, int, int]) -> None:
    store, _, one, _ = listed
    later = Builder(store)
    later._minute = 60 * 24 * 30
    store.keep_flag(flag(one, Level.review), later.run.id)
    again = later.listing("1", title="Bag 1", text="ring 07700 900121", seller="seller1")
    later.close()
    store.keep_flag(flag(one, Level.review), later.run.id)
    until = again.captured_at + LONG
    assert dates(store)["listing"][0] == until and dates(store)["capture"][-1] == until


def long_dated(store: Store, before: datetime) -> set[int]:
    with store.database.reading() as c:
        return set(c.execute(select(t.capture.c.id).where(t.capture.c.retention_until > before + 2 * SHORT)).scalars())


def test_its_screenshot_and_the_answer_that_it_is_gone_get_the_long_date_too(listed: tuple[Store, Builder, int, int]) -> None:
    store, _, one, _ = listed
    later = Builder(store)
    later._minute = 60
    read = later.listing("1", title="Bag 1", seller="seller1")
    taken = []
    for url in ("http://stall.example/item/1", "http://stall.example/item/2"):
        document = later.capture(url, b"<p>as drawn</p>" + url.encode(), CaptureKind.rendered)
        taken.append(document.id)
        taken.append(later.capture(url, jpeg(5) + url.encode(), CaptureKind.screenshot, "image/png", part_of=document.id).id)
        taken.append(later.capture(url, b"gone " + url.encode(), status=404).id)
    elsewhere = Builder(store, source="elsewhere")
    other = elsewhere.capture("http://stall.example/item/1", b"another source's").id
    elsewhere.close()
    later.close()
    store.keep_flag(flag(one, Level.review), later.run.id)
    moved = long_dated(store, datetime.now(UTC))
    assert {*taken[:3], read.capture} <= moved and not moved & {*taken[3:], other}
    assert store.verify() == []


@pytest.mark.parametrize("told", [Told.officer, Told.public])
def test_a_sighting_that_came_to_matter_is_kept_and_who_told_it_is_not(store: Store, told: Told) -> None:
    store.retention = {"unflagged": 90, "flagged": 36_500}
    build = Builder(store, source=f"sightings_{told}")
    statement = build.capture("urn:touchstone:statement:1", b"{}", CaptureKind.handed_in, "application/json")
    file = build.capture("urn:sha256:f", b"file", CaptureKind.handed_in, part_of=statement.id if told is Told.officer else None)
    page = build.capture("urn:sha256:f#page-1", b"page", CaptureKind.handed_in, part_of=file.id)
    informant = Informant(0, "Ottoline Quillfeather", "07700 900777") if told is Told.public else None
    handed = Handed(told, Snapshot(title="Belts"), statement, "statement", "statement/1", files=[(file.id or 0, "f")], informant=informant)
    kept = store.keep_sighting(handed, actor="officer", authority="demo", run=build.run.id, purpose="sighting")
    build.close()
    store.keep_flag(flag(kept.listing, Level.review), build.run.id)
    until = START + timedelta(minutes=1) + LONG
    with store.database.reading() as c:
        assert c.execute(select(t.sighting.c.retention_until)).scalars().all() == [until]
        assert all(date - datetime.now(UTC) < SHORT for date in c.execute(select(t.informant.c.retention_until)).scalars())
    moved = long_dated(store, datetime.now(UTC))
    assert moved == ({statement.id, file.id, page.id} if told is Told.officer else {statement.id})
