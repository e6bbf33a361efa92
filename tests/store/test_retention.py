"""How long rows are kept by their date: short for the sellers of a list page who are under no suspicion, long for what came to matter."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store import tables as t
from store.store import Store
from store.words.records import Flag, Level, Parsed, Snapshot, SubjectKind, Verdict
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
