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
from store.attribution import NOT_SHOWN, Kind, Strength
from store.database import add
from store.errors import TouchstoneError
from store.occupants import Basis, Role
from store.store import Store
from store.words.records import Case, SubjectKind, Verdict
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

    def locked(c: Any) -> None:
        done.append("LOCK")
        lock(c)

    lock, writing = store.database.lock_chain, store.database.writing

    @contextmanager
    def begun() -> Iterator[Any]:
        with writing() as c:
            done.append("WRITING")
            yield c

    monkeypatch.setattr(store.database, "lock_chain", locked)
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


# -- how long, and until it is erased --------------------------------------------------------------------------------------
SAID = (t.attribution, t.occupant, t.occupant_mark, t.pair_statement)


def test_what_people_said_has_a_date_and_it_moves_on_when_what_it_is_about_comes_to_matter(said: Store) -> None:
    def dates(store: Store) -> dict[str, set[Any]]:
        with store.database.reading() as c:
            return {str(table.name): set(c.execute(select(table.c.retention_until)).scalars()) for table in SAID}

    assert all(None not in each for each in dates(said).values())
    soon = datetime(2026, 3, 2, tzinfo=UTC)
    with said.database.writing() as c:
        for table in SAID:
            c.execute(table.update().values(retention_until=soon))
    said.concern([2], actor="officer", why="a flag")
    moved = {name for name, each in dates(said).items() if soon not in each}
    assert moved == {"pair_statement"}, "the other seller's listing is no matter of this account and this door"
    said.concern([1], actor="officer", why="a flag")
    assert all(soon not in each for each in dates(said).values())


def test_a_capture_that_a_standing_statement_of_who_is_there_cites_is_not_erased(said: Store) -> None:
    number = occupant(said, source="", capture=1)
    with pytest.raises(TouchstoneError, match=f"under hold of statement {number} of who is at a premises"):
        said.erase(1, actor="officer", reason="a request")
    said.withdraw_occupant(number, why="another door", **BY)
    said.erase(1, actor="officer", reason="a request")


ERASES: dict[str, tuple[Any, SubjectKind, Callable[[Store], None]]] = {
    "evidence": (t.attribution, SubjectKind.seller, lambda s: s.erase_ground(1, actor="officer", reason="a request")),
    "occupant": (t.occupant, SubjectKind.premises, lambda s: s.erase_occupant(1, actor="officer", reason="a request")),
    "pair": (t.pair_statement, SubjectKind.seller, lambda s: s.erase_pair_reason(1, actor="officer", reason="a request")),
}


def words(store: Store, *tables: Any) -> str:
    with store.database.reading() as c:
        return str([tuple(row) for table in tables for row in c.execute(select(table))])


@pytest.mark.parametrize("what", ERASES)
def test_what_was_said_can_be_blanked_with_its_withdrawal_and_the_log_still_holds(said: Store, what: str) -> None:
    table, _, erase = ERASES[what]
    said.withdraw_ground(1, why=f"{TRADER} took it back", **BY)
    said.withdraw_occupant(1, why=f"{TRADER} left", **BY)
    said.withdraw_pair(1, 2, reason=f"{TRADER} left", **BY)
    marks = [t.occupant_mark] if table is t.occupant else []
    assert "Trader" in words(said, table) and said.verify() == []
    erase(said)
    erase(said)
    left = words(said, table, *marks)
    assert "Trader" not in left and "900142" not in left and "visit of" not in left and "CD/118" not in left
    with said.database.reading() as c:
        assert len(c.execute(select(table)).all()) == 2, "the rows stay"
    assert said.verify() == []


@pytest.mark.parametrize("what", ERASES)
@pytest.mark.parametrize("how", ["hold", "exhibit"])
def test_what_a_case_may_need_is_not_blanked(said: Store, what: str, how: str) -> None:
    table, kind, erase = ERASES[what]
    if how == "hold":
        hold = said.hold(kind, 1, actor="officer", reason="a trial")
    else:
        said.open_case(Case("C1", "demo", "a case"), actor="officer")
        said.exhibit("C1", kind, 1, initials="AB", description="it", actor="officer")
    before = words(said, table)
    with pytest.raises(TouchstoneError, match="under hold 1 " if how == "hold" else "under hold of exhibit row 1 "):
        erase(said)
    assert words(said, table) == before and [e.body["purpose"] for e in said.log()][-1] == "erasure refused"
    if how == "hold":
        said.hold(kind, 1, actor="officer", reason="the trial is over", releases=hold)
        erase(said)


def test_evidence_that_cites_an_exhibit_or_whose_sellers_advert_is_one_is_not_blanked(said: Store) -> None:
    said.open_case(Case("C1", "demo", "a case"), actor="officer")
    said.exhibit("C1", SubjectKind.listing, 2, initials="AB", description="the other's advert", actor="officer")
    citing = ground(said, exhibit=1)
    with pytest.raises(TouchstoneError, match="of exhibit row 1"):
        said.erase_ground(citing, actor="officer", reason="a request")
    said.erase_ground(1, actor="officer", reason="a request")
    other = ground(said, source="x")
    said.exhibit("C1", SubjectKind.listing, 1, initials="AB", description="the advert", actor="officer")
    with pytest.raises(TouchstoneError, match="of exhibit row 2"):
        said.erase_ground(other, actor="officer", reason="a request")


def test_what_is_blank_no_longer_counts(said: Store) -> None:
    said.judge_account(1, Verdict.yes, rests_on=[1], reason="he says so", **BY)
    said.erase_ground(1, actor="officer", reason="a request")
    said.erase_occupant(1, actor="officer", reason="a request")
    with said.acting("officer", purpose="test") as reader:
        standing = reader.standing(1)
        assert (standing.status, standing.withdrawn) == (NOT_SHOWN, (1,)) and reader.grounds(1) == []
        assert reader.occupants(premises=[1]) == [] and reader.occupants(marks=[("phone", "+447700900142")]) == []


@pytest.mark.parametrize(
    ("edit", "said_of_it"),
    [
        (t.attribution.update().values(person="C. Other (fictional)"), "evidence of who runs an account, 1: it was changed"),
        (t.attribution.update().values(against=True), "evidence of who runs an account, 1: it was changed"),
        (t.occupant.update().values(name="C. Other (fictional)"), "statement of who is at a premises, 1: it was changed"),
        (t.occupant_mark.delete(), "statement of who is at a premises, 1: it was changed"),
        (t.attribution_ground.delete(), "judgement 1 was changed: what it rests on"),
    ],
)
def test_an_edit_made_in_the_database_is_found(said: Store, edit: Any, said_of_it: str) -> None:
    said.judge_account(1, Verdict.yes, rests_on=[1], reason="he says so", **BY)
    assert said.verify() == []
    with said.database.writing() as c:
        c.execute(edit)
    [problem] = said.verify()
    assert problem.startswith(said_of_it)
