"""The pass: the demonstration's sellers lead to their doors, twice changes nothing, and nobody is linked by a platform's number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from premises.load import load
from premises.rank import rank, show
from premises.run import run
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Actor, Link, SubjectKind, Verdict
from tests.builders import Builder
from tests.market.truth import facts
from tests.premises.conftest import REGISTERS


@pytest.fixture
def market(kept: Store, home: Home) -> Iterator[Store]:
    """The demonstration market's adverts, as read, and its two registers."""
    load(kept, home, "fhrs", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    for source in sorted({one.source for one in facts().listings}):
        build = Builder(kept, source)
        for one in facts().listings:
            if one.source == source:
                build.listing(one.ref, title=one.title, text=one.text, seller=one.seller, seller_name=one.seller_name, place=one.place)
        build.close()
    yield kept


def links_of(store: Store) -> list[Link]:
    with store.acting("system", purpose="test") as reader:
        return reader.links()


def test_no_seller_of_the_market_is_led_to_a_wrong_unit(market: Store, home: Home) -> None:
    run(market, home)
    truth = {(one.source, one.seller): facts().premises.get(one.premises or "") for one in facts().listings}
    right = 0
    with market.acting("system", purpose="test") as reader:
        for link in reader.links():
            if link.object_kind is not SubjectKind.premises:
                continue
            [seller] = reader.sellers([link.subject])
            place = truth[seller.source, seller.handle]
            assert place is not None, f"{seller.handle} is at no premises"
            names = {e.name for e in reader.entries_of(link.object)}
            if link.level == "unit":
                right += 1
                assert place.name in names, f"{seller.handle} was led to {names}, and is at {place.name}"
    assert right >= 9


def test_one_unit_may_have_two_names_and_two_names_one_phone(market: Store, home: Home) -> None:
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        sellers = {s.handle: s.id for s in reader.sellers()}
        pairs = {(link.subject, link.object) for link in reader.links() if link.object_kind is SubjectKind.seller}
        at = {link.subject: link.object for link in reader.links() if link.level == "unit"}
    one, two = sellers["northern_lux_closet"], sellers["velvet.arcade"]
    assert (min(one, two), max(one, two)) in pairs  # type: ignore[type-var]
    assert at[one] == at[two]  # type: ignore[index]


def test_run_twice_keeps_nothing_new(market: Store, home: Home) -> None:
    first = run(market, home)
    before = market.counts()
    second = run(market, home)
    assert first.counts["new"] > 0 and second.counts["new"] == 0
    after = market.counts()
    assert after["links"] == before["links"] and after["events"] == before["events"] + 1  # that it read is an event; it joined nothing


def test_the_same_words_seen_again_make_no_new_link(market: Store, home: Home) -> None:
    run(market, home)
    build = Builder(market, "classifieds" if any(one.source == "classifieds" for one in facts().listings) else facts().listings[0].source)
    for one in facts().listings:
        if one.source == build.source:
            build.listing(one.ref, title=one.title, text=one.text, seller=one.seller, seller_name=one.seller_name, place=one.place)
    build.close()
    assert run(market, home).counts["new"] == 0


def test_a_changed_setting_is_another_method(market: Store, home: Home) -> None:
    run(market, home)
    path = home.file("premises.yml")
    path.write_text(path.read_text().replace("threshold: 0.6", "threshold: 0.9"))
    assert "evaluation" in " ".join(run(market, home).lines)
    assert len(market.methods("linker")) == 2


def test_a_number_of_many_links_nobody(kept: Store, home: Home) -> None:
    build = Builder(kept)
    for n in range(9):
        build.listing(f"many{n}", title="Bag", text="ring 07700 900999", seller=f"many{n}")
    for n in range(2):
        build.listing(f"two{n}", title="Bag", text="ring 07700 900111", seller=f"two{n}")
    build.close()
    run(kept, home)
    [link] = links_of(kept)
    assert link.level == "seller" and {r.code for r in link.reasons} == {"same_phone"} and all(r.capture for r in link.reasons)


def test_a_listing_without_a_seller_is_linked_itself(kept: Store, home: Home) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(kept)
    build.listing("x", title="Bag", text="Collect from 14C Wexcombe Parade, M32 0TH")
    build.close()
    run(kept, home)
    [link] = links_of(kept)
    assert (link.subject_kind, link.level) == (SubjectKind.listing, "unit")


def test_rank_puts_the_confirmed_first_and_leaves_the_refused_out(market: Store, home: Home) -> None:
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        found = rank(reader)
        near = rank(reader, "M33 7ZF", within_m=500)
        with pytest.raises(TouchstoneError):
            rank(reader, "nowhere")
    assert found[0].strength >= found[-1].strength and all(one.links and one.postcode and one.area for one in found)
    assert near and all(one.postcode == "M33 7ZF" for one in near)
    last, first = found[-1].links[0], found[0]
    market.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    assert last.id is not None
    market.judge(SubjectKind.link, last.id, Verdict.yes, actor="officer", authority="demo", reason="seen there")
    for link in first.links:
        assert link.id is not None
        market.judge(SubjectKind.link, link.id, Verdict.no, actor="officer", authority="demo", reason="not there")
    with market.acting("system", purpose="test") as reader:
        again = rank(reader)
        assert show(reader, first.premises.id or 0).links == ()
    assert again[0].links[0].id == last.id and first.premises.id not in {one.premises.id for one in again}


def test_the_same_on_both_databases(store: Store, home: Home) -> None:
    """Load and link, each twice, on SQLite and on PostgreSQL: the inserts differ between the two."""
    for _ in range(2):
        load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(store)
    build.listing("x", title="Bag", text="Collect from 14C Wexcombe Parade, M32 0TH", seller="x")
    build.close()
    assert [run(store, home).counts["new"] for _ in range(2)] == [1, 0]
    assert store.register_snapshots()[0].rows == 20 and not store.verify()
