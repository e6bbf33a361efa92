"""What people say of who is at a door, who runs an account and which sellers are one: in what order, how long, and until it is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from store import tables as t
from store.attribution import Kind, Strength
from store.database import add
from store.occupants import Basis, Role
from store.store import Store
from store.words.records import Verdict
from tests.builders import Builder

BY: dict[str, Any] = {"actor": "officer", "authority": "demo"}
TRADER = "B. Trader (fictional)"


@pytest.fixture
def said(store: Store) -> Store:
    """Two sellers, one door, and one statement of each kind; each cites capture 1 where it can."""
    store.retention = {"unflagged": 90, "flagged": 365}
    build = Builder(store)
    build.listing("1", title="Bag", text="ring 07700 900142", seller="lux")
    build.listing("2", title="Bag", text="ring 07700 900143", seller="velvet")
    build.close()
    with store.database.writing() as c:
        add(c, t.premises, kind="unit", label="Unit 5", building=None, key="unit 5", postcode=None, added_at=datetime.now(UTC))
    ground(store, source="reply CD/118")
    occupant(store, source="visit of 2026-03-01")
    store.say_pair(1, 2, True, reason=f"{TRADER} runs both", **BY)
    return store


def ground(store: Store, **cites: Any) -> int:
    return store.keep_ground(1, Kind.admission, f"{TRADER} says so", person_named=TRADER, strength=Strength.strong, **cites, **BY)


def occupant(store: Store, **cites: Any) -> int:
    marks = [("phone", "07700 900142"), ("phone", "07700 900144")]
    return store.keep_occupant(1, Role.hidden, TRADER, basis=Basis.visit, note=f"{TRADER} behind it", marks=marks, **cites, **BY)


@contextmanager
def in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a writing transaction does: "WRITING", then each statement, and "LOCK" where it takes hold of the log."""
    done: list[str] = []

    def statement(_c: Any, _cursor: Any, words: str, *_rest: Any) -> None:
        done.append(words)

    lock, writing = store.database.lock_chain, store.database.writing

    @contextmanager
    def begun() -> Iterator[Any]:
        with writing() as c:
            done.append("WRITING")
            yield c

    monkeypatch.setattr(store.database, "lock_chain", lambda c: (done.append("LOCK"), lock(c)))
    monkeypatch.setattr(store.database, "writing", begun)
    event.listen(store.database.engine, "before_cursor_execute", statement)
    yield done
    event.remove(store.database.engine, "before_cursor_execute", statement)


WRITES: dict[str, Callable[[Store], Any]] = {
    "say_pair": lambda s: s.say_pair(1, 2, False, reason="two men", **BY),
    "withdraw_pair": lambda s: s.withdraw_pair(1, 2, reason="two men", **BY),
    "keep_ground": lambda s: ground(s, source="x"),
    "withdraw_ground": lambda s: s.withdraw_ground(1, why="another man", **BY),
    "judge_account": lambda s: s.judge_account(1, Verdict.yes, rests_on=[1], reason="he says so", **BY),
    "keep_occupant": lambda s: occupant(s, source="x"),
    "withdraw_occupant": lambda s: s.withdraw_occupant(1, why="another man", **BY),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_is_checked_is_checked_under_the_lock_under_which_it_is_written(
    said: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Two officers at once, on PostgreSQL: whoever comes second sees what the first has written, and is refused in words."""
    with in_order(said, monkeypatch) as done:
        WRITES[name](said)
    begun = done[done.index("WRITING") + 1 :]
    assert begun[0] == "LOCK", begun[0]


@pytest.mark.parametrize("table", [t.pair_statement, t.attribution, t.occupant], ids=lambda table: str(table.name))
def test_nothing_is_withdrawn_twice_even_past_the_check(said: Store, table: Any) -> None:
    with said.database.reading() as c:
        row = dict(c.execute(select(table)).mappings().one())
    again = {name: value for name, value in row.items() if name != "id"} | {"withdraws": row["id"]}
    with said.database.writing() as c:
        add(c, table, **again)
    with pytest.raises(IntegrityError), said.database.writing() as c:
        add(c, table, **again)
