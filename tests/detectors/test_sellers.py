"""Sellers as subjects: what is shown of an account, when it is due again, what its findings come to, and for whom they speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import flags
from detectors import contract
from detectors.branded import POINTED, size_of
from detectors.contract import Context
from store import sellers as kept
from store.words.records import CaptureKind, Details, Examined, Outcome, SellerSubject, SubjectKind
from tests.builders import START, jpeg
from tests.detectors.conftest import Place
from tests.detectors.test_examples import OF_SELLERS, brands, examples, seller
from tests.detectors.test_examples import settings as detector_settings

SELLER = SubjectKind.seller
LONG = "Beautiful piece bought for myself last year and hardly used since then, comes with its dust bag and its box as shown"
STOCK = [("Gucci belt", 4500), ("Prada purse", 4500), ("Dior scarf", 4500)]


def subject(place: Place, number: int = 1) -> SellerSubject:
    with place.store.acting("system", purpose="test") as reader:
        [found] = reader.seller_subjects([number])
    return found


def stock(place: Place, number: int = 12, seller: str = "anna") -> None:
    for n in range(number):
        title, price = STOCK[n % 3]
        place.build.listing(f"{seller}{n}", title=f"{title} {n}", price_minor=price, currency="GBP", seller=seller)


# -- what is shown -----------------------------------------------------------------------------------------------------
def test_an_account_has_its_listings_as_they_stand_with_pictures_and_when_they_were_seen(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", price_minor=5000, currency="GBP", seller="anna", pictures=(jpeg(1), jpeg(2)))
    place.build.listing("2", title="Chair", seller="anna")
    last = place.build.listing("1", title="Gucci belt, lower price", price_minor=4000, currency="GBP", seller="anna", pictures=(jpeg(1),))
    found = subject(place)
    belt, chair = found.offers
    assert (belt.snapshot.title, chair.snapshot.title, found.seller.handle) == ("Gucci belt, lower price", "Chair", "anna")
    assert len(belt.images) == 1 and belt.first_seen < chair.first_seen < belt.last_seen
    assert (
        belt.snapshot.id == last.snapshot
        and found.left_out == 0
        and [s.id for s in found.snapshots] == [belt.snapshot.id, chair.snapshot.id]
    )


def test_a_listing_that_went_to_another_account_is_no_longer_this_ones(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", seller="anna")
    place.build.listing("1", title="Gucci belt", seller="bert")
    assert subject(place, 1).offers == () and len(subject(place, 2).offers) == 1


def test_the_same_description_under_another_account_is_shown_however_it_is_spaced(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", text=LONG, seller="anna")
    other = place.build.listing("2", title="Belt", text=LONG.upper().replace(" ", "  "), seller="bert")
    place.build.listing("3", title="Gucci belt", text="Collection only", seller="anna")
    place.build.listing("4", title="Lamp", text="Collection only", seller="bert")
    [shared] = subject(place).shared
    assert (shared.kind, shared.offer, shared.seller, shared.listing, shared.snapshot) == ("text", 1, 2, 2, other.snapshot)


def test_the_same_picture_under_another_account_is_shown_and_ones_own_is_not(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", seller="anna", pictures=(jpeg(1), jpeg(2)))
    place.build.listing("2", title="Gucci belt", seller="anna", pictures=(jpeg(1),))
    other = place.build.listing("3", title="Lamp", seller="bert", pictures=(jpeg(2), jpeg(3)))
    assert [(s.kind, s.offer, s.seller, s.listing) for s in subject(place).shared] == [("picture", 1, other.seller, 3)]


def test_another_site_is_not_another_name(place: Place) -> None:
    from tests.builders import Builder

    place.build.listing("1", title="Gucci belt", text=LONG, seller="anna", pictures=(jpeg(1),))
    elsewhere = Builder(place.store, "arcade")
    elsewhere.listing("1", title="Gucci belt", text=LONG, seller="anna", pictures=(jpeg(1),))
    elsewhere.close()
    assert subject(place).shared == ()


def test_what_everybody_shows_is_left_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "EVERYBODYS", 3)
    for n in range(4):
        place.build.listing(str(n), title="Gucci belt", text=LONG, seller=f"s{n}", pictures=(jpeg(1),))
    assert subject(place).shared == ()
    monkeypatch.setattr(kept, "EVERYBODYS", 4)
    assert {s.kind for s in subject(place).shared} == {"text", "picture"} and len(subject(place).shared) == 6


def gone(place: Place, ref: str) -> None:
    place.build.capture(f"http://stall.example/item/{ref}", b"not found", CaptureKind.page, status=404)


def test_a_listing_that_was_gone_and_came_again_is_shown_with_what_shows_it(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", text="black", seller="anna")
    gone(place, "1")
    place.build.listing("2", title="gucci  belt", text="black", seller="anna")
    [again] = subject(place).again
    assert (again.older, again.newer, again.evidence) == (1, 2, "its page answered 404") and again.capture is not None


def test_a_second_one_beside_the_first_did_not_come_again_nor_did_one_that_nothing_shows_gone(place: Place) -> None:
    place.build.listing("1", title="Gucci belt", text="black", seller="anna")
    place.build.listing("2", title="Gucci belt", text="black", seller="anna")
    place.build.listing("1", title="Gucci belt", text="black", seller="anna")
    place.build.listing("3", title="Dior scarf", text="silk", seller="anna")
    place.build.listing("4", title="Dior scarf", text="silk", seller="anna")
    assert subject(place).again == ()


def test_of_an_account_with_very_many_listings_the_newest_are_taken_and_it_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_OFFERS", 10)
    stock(place, 12)
    found = subject(place)
    assert [o.listing for o in found.offers] == list(range(3, 13)) and found.left_out == 2
    place.detect(only=["seller_stock"])
    [finding] = place.findings(SELLER, 1, "seller_stock")
    assert finding.finding.reason == "few_prices" and "of the newest 10 of 12 listings" in finding.finding.sentence


# -- due again ---------------------------------------------------------------------------------------------------------
def test_what_a_seller_adds_later_makes_it_due_again_and_nothing_else_does(place: Place) -> None:
    stock(place, 9)
    place.build.listing("lamp", title="Lamp", seller="bert")
    assert place.detect(only=["seller_stock"]).counts["examined"] == 2
    assert place.findings(SELLER, 1, "seller_stock") == [] and place.detect(only=["seller_stock"]).counts["examined"] == 0
    last = place.build.listing("late", title="Gucci hat", price_minor=4500, currency="GBP", seller="anna")
    assert place.detect(only=["seller_stock"]).counts["examined"] == 1
    assert [e.references_upto for e in place.examinations(SELLER, 1)][-1] == last.id
    assert [f.finding.reason for f in place.findings(SELLER, 1, "seller_stock")] == ["few_prices"]


def test_what_an_account_no_longer_does_no_longer_counts(place: Place) -> None:
    stock(place, 10)
    place.detect(only=["seller_stock"])
    flags.run(place.store, place.home)
    assert [c.reason for c in flag(place, 1).contributions] == ["few_prices"]
    for n in range(4):
        place.build.listing(f"anna{n}", title=f"Gucci belt {n}", price_minor=5000 + n, currency="GBP", seller="anna")
    place.detect(only=["seller_stock"])
    flags.run(place.store, place.home)
    assert flag(place, 1).contributions == ()


def test_a_seller_that_failed_is_tried_again_when_asked_for_or_when_it_adds_something(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detectors import seller_stock

    stock(place, 3)
    monkeypatch.setattr(seller_stock, "_findings", lambda *_: 1 / 0)
    assert place.detect(only=["seller_stock"]).counts["failed"] == 1
    monkeypatch.undo()
    assert place.detect(only=["seller_stock"]).counts["examined"] == 0
    assert place.detect(only=["seller_stock"], retry_errors=True).counts["examined"] == 1
    assert [e.outcome for e in place.examinations(SELLER, 1)] == [Examined.failed, Examined.done]
    assert place.detect(only=["seller_stock"], retry_errors=True).counts["examined"] == 0


def test_due_goes_through_all_in_pages_on_both_databases(store_url: str, tmp_path: Any) -> None:
    from store.words.records import Examination, Method
    from tests.builders import Builder
    from tests.conftest import new_store

    store = new_store(store_url, tmp_path)
    build = Builder(store)
    for n in range(5):
        build.listing(str(n), title="Gucci belt", text=LONG, seller=f"s{n}", pictures=(jpeg(1),))
    method = store.keep_method(Method("detector", "x", "1"))
    assert [d.subject for d in store.due(method, SELLER, limit=2)] == [1, 2]
    assert [d.subject for d in store.due(method, SELLER, after=2, limit=2)] == [3, 4]
    with store.acting("system", purpose="test") as reader:
        found = reader.seller_subjects([1, 2, 3, 4, 5])
    assert [len(each.shared) for each in found] == [8] * 5 and all(each.offers[0].images for each in found)
    rows = [Examination(SELLER, each.subject, Examined.done, references_upto=each.read_upto) for each in store.due(method, SELLER)]
    store.keep_examinations(method, rows, build.run.id)
    assert store.due(method, SELLER) == []
    build.listing("more", title="Prada purse", seller="s3")
    assert [(d.subject, d.new) for d in store.due(method, SELLER, limit=2)] == [(4, False)]
    listings = store.due(method, SubjectKind.listing, limit=100)
    assert [d.subject for d in listings] == [1, 2, 3, 4, 5, 6] and all(d.new for d in listings)
    build.close()
    store.close()


# -- what findings come to ---------------------------------------------------------------------------------------------
def flag(place: Place, listing: int) -> Any:
    with place.store.acting("system", purpose="test") as reader:
        found = reader.flag(listing)
    assert found is not None
    return found


def test_a_sellers_finding_counts_in_each_of_its_listings_and_in_no_other(place: Place) -> None:
    stock(place, 10)
    place.build.listing("lamp", title="Gucci belt", seller="bert")
    place.detect()
    assert flags.run(place.store, place.home).outcome is Outcome.good
    assert {n: [c.reason for c in flag(place, n).contributions] for n in (1, 10, 11)} == {1: ["few_prices"], 10: ["few_prices"], 11: []}
    assert flag(place, 1).level in ("none", "note"), "an account alone brings no listing to an officer"


def test_an_account_that_adds_one_thing_more_does_not_ask_again_for_a_judgement(place: Place) -> None:
    stock(place, 10)
    place.detect()
    flags.run(place.store, place.home)
    before = flag(place, 1).findings_digest
    stock(place, 14)
    place.detect()
    flags.run(place.store, place.home)
    newest = [f.finding.sentence for f in place.findings(SELLER, 1, "seller_stock")]
    assert len(newest) == 2 and newest[0] != newest[1] and flag(place, 1).findings_digest == before


def test_what_speaks_for_a_seller_takes_points_away_and_stands_in_the_flag(place: Place) -> None:
    for n, title in enumerate(("Gucci dress size 10", "Prada dress size 10", "Dior dress size 12", "Chanel skirt size 10, worn twice")):
        place.build.listing(str(n), title=title, text="Top grade, decluttering my wardrobe", seller="anna")
    place.detect()
    flags.run(place.store, place.home)
    said = {c.reason: c.points for c in flag(place, 1).contributions}
    assert said["one_size"] == -6 and said["clear_out"] == -4 and said["top_grade"] > 0
    assert flag(place, 1).score == pytest.approx(sum(said.values()))


# -- properties --------------------------------------------------------------------------------------------------------
def look(name: str, account: SellerSubject) -> contract.Examined:
    [examined] = contract.examine(name, [account], Context(detector_settings()[name], brands()))
    return examined


EXAMPLES = [(name, n) for name in OF_SELLERS for n, example in enumerate(examples(name)) if example.get("finds")]


@settings(max_examples=40)
@given(st.sampled_from(EXAMPLES), st.randoms(use_true_random=False))
def test_the_order_of_listings_changes_nothing(which: tuple[str, int], chance: Any) -> None:
    name, number = which
    account = seller({**examples(name)[number]})
    mixed = {field: list(getattr(account, field)) for field in ("offers", "shared", "again")}
    for each in mixed.values():
        chance.shuffle(each)
    assert look(name, replace(account, **{field: tuple(each) for field, each in mixed.items()})) == look(name, account)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=80), max_size=6), st.lists(st.none() | st.integers(-(10**15), 10**15), min_size=6, max_size=6))
def test_no_words_and_no_price_make_a_detector_of_sellers_fail(titles: list[str], prices: list[int | None]) -> None:
    offers = [{"title": title, "text": title, "place": title, "price_minor": price} for title, price in zip(titles, prices, strict=False)]
    for name in OF_SELLERS:
        examined = look(name, seller({"offers": offers}))
        assert examined.outcome in (Examined.done, Examined.not_possible) and all(0 <= f.score <= 1 for f in examined.findings)


@pytest.mark.parametrize("name", OF_SELLERS)
def test_an_account_without_listings_is_not_possible_and_one_with_as_many_as_are_taken_is_read(name: str) -> None:
    assert look(name, seller({"offers": []})).outcome is Examined.not_possible
    titles = [
        f"{brand} {goods} size {n % 20}"
        for n, (brand, goods) in enumerate((b, g) for b in ("Gucci", "Prada", "Lamp") for g in ("belt", "dress", "trainers"))
    ]
    words = [
        {"title": title, "text": LONG * 8, "price_minor": 1000 + n, "times": kept.MOST_OFFERS // 9 + 1} for n, title in enumerate(titles)
    ]
    account = replace(seller({"offers": words}), left_out=9000)
    examined = look(name, account)
    assert examined.outcome in (Examined.done, Examined.not_possible)
    assert all(len(f.pointers) <= 2 * POINTED + 2 for f in examined.findings), "a finding stays small however much it rests on"


def test_of_an_account_with_ten_thousand_listings_a_thousand_are_read(place: Place) -> None:
    """Rows made in bulk: what is asked is how much is taken, and that it comes back."""
    from datetime import UTC, datetime

    from sqlalchemy import insert, select

    from store import tables as t
    from store.words.records import Snapshot

    place.build.listing("first", title="Gucci belt", seller="anna")
    now = datetime.now(UTC)
    with place.store.database.writing() as c:
        reading = dict(c.execute(select(t.reading)).mappings().one())
        words = [Snapshot(title=f"Gucci belt {n}", text=f"{LONG} {n}", seller="anna") for n in range(10_000)]
        c.execute(
            insert(t.listing),
            [{"source": "stall", "ref": f"r{n}", "url": f"http://stall.example/item/r{n}", "added_at": now} for n in range(10_000)],
        )
        c.execute(
            insert(t.snapshot), [{"digest": s.digest, **s.words(), "added_at": now, "text_digest": f"{n:064}"} for n, s in enumerate(words)]
        )
        rows = [{**reading, "id": n + 2, "listing": n + 2, "snapshot": n + 2} for n in range(10_000)]
        c.execute(insert(t.reading), rows)
    found = subject(place)
    assert len(found.offers) == kept.MOST_OFFERS and found.left_out == 10_001 - kept.MOST_OFFERS and found.offers[-1].listing == 10_001


# -- sizes -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "category", "size"),
    [
        ("Gucci trainers UK 6.5", "shoes", ("shoe", 6.5)),
        ("Prada loafers size 39", "shoes", ("shoe", 6)),
        ("Dior heels eu 38", "shoes", ("shoe", 5)),
        ("trainers, uk9", "shoes", ("shoe", 9)),
        ("Gucci dress size UK 12", "dress", ("number", 12)),
        ("Moncler jacket, size: medium", "jacket", ("letter", 3)),
        ("Stone Island jumper XXL", "shirt", ("letter", 6)),
        ("Stone Island jumper size 2XL", "shirt", ("letter", 6)),
        ("heel 10 cm, box 30", "shoes", None),
        ("Gucci belt size 90", "belt", None),
        ("Levi's 501 jeans", "trousers", None),
        ("a size 11 inch heel", "shoes", None),
    ],
)
def test_a_size_is_read_as_one_person_wears_it(words: str, category: str, size: tuple[str, float] | None) -> None:
    assert size_of(words, category) == size


def test_the_date_of_joining_is_kept_with_the_reading_and_found_again(place: Place) -> None:
    from store.words.records import Parsed, Snapshot

    page = place.build.capture("http://stall.example/item/1", b"<h1>x</h1>")
    joined = START - timedelta(days=20)
    said = Details(joined_text="Member since February", joined_at=joined, dispatch_text="Shenzhen, China")
    for n in range(10):
        words = Snapshot(title=f"Gucci belt {n}", text="UK seller", seller="anna")
        place.store.keep_readings(
            page, "hand", "hand/1", [Parsed(str(n), f"http://stall.example/item/{n}", words, details=said)], place.build.run.id
        )
    place.detect(only=["new_account", "seller_place"])
    reasons = {f.finding.reason: f.finding.sentence for f in place.findings(SELLER, 1)}
    assert set(reasons) == {"new_account", "place_claimed"} and "20 days old" in reasons["new_account"]


def test_a_listing_read_again_from_an_older_page_is_not_due_for_ever(place: Place) -> None:
    """Its newest reading by number is then of a capture that is not its newest: the watermark is the number, not what stands."""
    from store.words.records import Examination, Method, Parsed, Snapshot

    first = place.build.listing("1", title="Gucci belt", seller="anna")
    place.build.listing("1", title="Gucci belt, now cheaper", seller="anna")
    with place.store.acting("system", purpose="test") as reader:
        page = reader.capture(first.capture)
    words = Snapshot(title="Gucci belt", seller="anna")
    place.store.keep_readings(page, "hand", "hand/2", [Parsed("1", "http://stall.example/item/1", words)], place.build.run.id)
    method = place.store.keep_method(Method("detector", "x", "1"))
    for kind in (SELLER, SubjectKind.listing):
        [due] = place.store.due(method, kind)
        place.store.keep_examinations(method, [Examination(kind, 1, Examined.done, references_upto=due.read_upto)], place.build.run.id)
        assert due.read_upto == 3 and place.store.due(method, kind) == []
