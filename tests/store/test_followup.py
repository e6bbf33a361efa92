"""Follow-ups on SQLite and on PostgreSQL: read back as they were kept, one writer at a time, corrections that win once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from store import tables as t
from store.errors import TouchstoneError
from store.store import Store
from store.words.followup import STEPS, FollowUp, Kind, Step
from tests.builders import Builder
from tests.casework.test_followup_rules import AT, BODIES, row


@pytest.fixture
def places(store: Store) -> Iterator[Store]:
    """A building with two units, one of another building, a seller; and capture 1."""
    build = Builder(store)
    build.listing("1", title="Bag", seller="bags")
    build.close()
    with store.database.writing() as c:
        for key, kind, building in (("A", "building", None), ("A1", "unit", 1), ("A2", "unit", 1), ("B1", "unit", None)):
            c.execute(t.premises.insert().values(kind=kind, label=key, key=key, building=building, added_at=AT))
    yield store


def keep(store: Store, draft: FollowUp) -> FollowUp:
    return store.keep_follow_up(draft, actor="officer", authority="demo")


def test_each_kind_is_read_back_as_it_was_kept(places: Store) -> None:
    kinds = [what for what in BODIES if isinstance(what, Kind)]
    kept = [keep(places, replace(row(kind), premises=2, seller=1)) for kind in kinds]
    with places.acting("officer", purpose="test") as reader:
        read = reader.follow_ups(premises=[2])
        assert [(r.id, r.kind, r.what, r.happened_at, r.seller) for r in read] == [(k.id, k.kind, k.what, AT, 1) for k in kept]
        assert reader.follow_ups(premises=[3]) == [] and len(reader.follow_ups(seller=1)) == len(kinds)
        assert [r.id for r in reader.follow_ups(limit=2)] == [k.id for k in kept[-2:]]
        assert reader.premises_around(2) == [1, 2] and reader.premises_around(1) == [1, 2, 3] and reader.premises_around(4) == [4]
    assert places.verify() == []


def test_the_steps_of_a_purchase_are_where_its_authorisation_in_force_says(places: Store) -> None:
    first = keep(places, replace(row(Step.authorised), premises=2))
    keep(places, replace(row(Step.ordered), premises=None, purchase=first.id))
    with places.acting("officer", purpose="test") as reader:
        assert [(r.step, r.premises) for r in reader.follow_ups(premises=[2])] == [(Step.authorised, 2), (Step.ordered, 2)]
    keep(places, replace(row(Step.authorised), premises=3, supersedes=first.id))
    with places.acting("officer", purpose="test") as reader:
        assert reader.follow_ups(premises=[2]) == [] and len(reader.follow_ups(premises=[3])) == 2
        assert [(r.step, r.premises, r.purchase) for r in reader.purchase_steps(first.id or 0)] == [(s, 3, first.id) for s in STEPS[:2]]


def together(*tries: Any) -> list[str]:
    """Each in a thread of its own; what they were told, "" where it went well."""
    said: list[str] = []

    def attempt(each: Any) -> None:
        try:
            each()
            said.append("")
        except TouchstoneError as error:
            said.append(str(error))

    threads = [threading.Thread(target=attempt, args=(each,)) for each in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_of_two_who_use_one_bag_at_once_one_is_refused(places: Store) -> None:
    seized = replace(row(Kind.seizure, items=[{"what": "belts", "count": 1, "bag": "A7"}]), premises=2)
    first, second = together(*[lambda: keep(places, seized)] * 2)
    assert first == "" and "bag A7 was used already" in second


def test_of_two_who_record_one_step_or_correct_one_row_at_once_one_is_refused(places: Store) -> None:
    purchase = keep(places, replace(row(Step.authorised), premises=2))
    ordered = replace(row(Step.ordered), premises=None, purchase=purchase.id)
    first, second = together(*[lambda: keep(places, ordered)] * 2)
    assert first == "" and "'ordered' is recorded already: the next step is 'received'" in second
    correction = replace(row(Step.authorised), premises=2, supersedes=purchase.id)
    first, second = together(*[lambda: keep(places, correction)] * 2)
    assert first == "" and "is corrected already" in second


def test_erasure_leaves_a_row_that_says_nothing(places: Store) -> None:
    kept = keep(places, replace(row(Kind.warning), premises=2))
    assert places.erase_follow_up(kept.id or 0, actor="officer", reason="retention") == ()
    with places.acting("officer", purpose="test") as reader:
        assert reader.follow_up(kept.id or 0).what is None
    assert places.verify() == []
