"""What people record of a case, on SQLite and on PostgreSQL: rows that supersede and are never edited, what they name, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from store import tables as t
from store.errors import TouchstoneError
from store.store import Store
from store.words.casefile import (
    KINDS,
    Act,
    AtPremises,
    Body,
    CaseEntry,
    Custody,
    Decision,
    EntryKind,
    Incident,
    Offence,
    Person,
    Thing,
    Withdrawal,
    Withdrawn,
    body_of,
    comparable_mark,
    entry_of,
    kind_of,
)
from store.words.casefile import Connection as Connected
from store.words.followup import Kind
from store.words.records import Actor, Case, SubjectCategory, SubjectKind
from tests.builders import START, Builder, as_of, jpeg
from tests.casework.test_followup_rules import row as done
from tests.store.test_followup import together

SUSPECT = Person(name="C. Trader (fictional)", category=SubjectCategory.suspect, basis="sold a belt", exhibits=("AB1",))


@pytest.fixture
def case(store: Store) -> Iterator[Store]:
    """Two cases; C-1 with the exhibit AB1; one listing of one account, with a picture; one place."""
    build = Builder(store)
    build.listing("1", title="Bag", seller="bags", pictures=(jpeg(1),))
    build.listing("2", title="Belt", seller="belts")
    build.close()
    store.keep_actor(Actor("b.officer", "demo", "B. Officer (fictional)", "officer"))
    with store.database.writing() as c:
        c.execute(t.premises.insert().values(kind="unit", label="Unit 1", key="U1", added_at=START))
    for reference in ("C-1", "C-2"):
        store.open_case(Case(reference, "demo", "Belts", own_number="C/26/1", jurisdiction="England and Wales"), actor="officer")
    store.exhibit("C-1", SubjectKind.listing, 1, initials="AB", description="the advert", actor="officer")
    yield store


def keep(store: Store, what: Body, at: datetime | None = None, case: str = "C-1", supersedes: int | None = None) -> CaseEntry:
    return store.keep_entry(CaseEntry(None, case, kind_of(what), what, at, False, None, supersedes), actor="officer", authority="demo")


def rows(store: Store, *kinds: EntryKind, superseded: bool = False) -> list[CaseEntry]:
    with store.acting("officer", purpose="test") as reader:
        return reader.case_entries("C-1", *kinds, superseded=superseded)


# -- rows ------------------------------------------------------------------------------------------------------------------
def every(store: Store) -> list[CaseEntry]:
    """A row of each kind."""
    item = CaseEntry(None, "C-1", EntryKind.item, Thing(what="belts", quantity=4, found_by="A. Officer", found_at="till", bag="A1"), START)
    kept, made = store.exhibit_item(item, initials="AB", description="belts", actor="officer", authority="demo")
    said: list[tuple[Body, datetime | None]] = [
        (SUSPECT, None),
        (Connected(person=2, seller=1, says="signed for the parcel", captures=(1,)), None),
        (AtPremises(premises=1, role="sold from", source="visit"), None),
        (
            Offence(
                act="sells_or_lets", mark="LOZENGE", goods="belts", persons=(2,), exhibits=("AB1",), classes=(18, 25), law="s.92(1)(b)"
            ),
            None,
        ),
        (Incident(what="bags carried in", said_by="A. Officer", premises=1, persons=(2,)), START),
        (Decision(outcome="warning", decided_by="B. Manager", risk_reason="new trader", persons=(2,), offences=(5,)), START),
        (Custody(exhibit=made.number, act=Act.moved, by="A. Officer", why="to the store", where="the store"), START + timedelta(days=1)),
        (Withdrawal(exhibit="AB1", why="of another matter"), None),
    ]
    return [kept, *(keep(store, what, at) for what, at in said)]


def test_each_kind_is_read_back_as_it_was_kept(case: Store) -> None:
    kept = every(case)
    assert {row.kind for row in kept} == set(EntryKind) == set(KINDS)
    assert [(r.number, r.kind, r.what, r.happened_at) for r in rows(case)] == [(k.number, k.kind, k.what, k.happened_at) for k in kept]
    assert all(entry_of(k.kind, body_of(k.what)) == k.what for k in kept if k.what is not None)
    assert case.case("C-1").own_number == "C/26/1" and case.verify() == []


def test_when_it_happened_is_kept_apart_from_when_it_was_recorded(case: Store) -> None:
    row = keep(case, Incident(what="bags carried in", said_by="A. Officer"), START)
    assert row.happened_at == START and row.recorded_at is not None and row.recorded_at > START
    with pytest.raises(TouchstoneError, match="has yet to come"):
        keep(case, Incident(what="x", said_by="y"), datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(TouchstoneError, match="needs the time at which it happened"):
        keep(case, Incident(what="x", said_by="y"))


def test_a_correction_supersedes_and_nothing_is_edited(case: Store) -> None:
    first = keep(case, SUSPECT)
    second = keep(case, Person(name="C. Trader", category=SubjectCategory.convicted, basis="the court"), supersedes=first.id)
    assert (second.number, second.supersedes) == (first.number, first.id)
    [stands] = rows(case)
    assert stands.what == second.what and [r.what for r in rows(case, superseded=True)] == [SUSPECT, second.what]
    with pytest.raises(TouchstoneError, match="corrected meanwhile, by officer"):
        keep(case, SUSPECT, supersedes=first.id)
    with pytest.raises(TouchstoneError, match="is a person, and no premises corrects it"):
        keep(case, AtPremises(premises=1, role="x"), supersedes=second.id)
    assert case.verify() == []


def test_a_withdrawn_row_stays_and_says_why(case: Store) -> None:
    row = keep(case, SUSPECT)
    case.withdraw_entry("C-1", row.number or 0, actor="officer", authority="demo", why="another of that name")
    assert rows(case) == [] and rows(case, superseded=True)[-1].what == Withdrawn(why="another of that name")
    with pytest.raises(TouchstoneError, match=f"row {row.number} of case C-1 was withdrawn"):
        case.withdraw_entry("C-1", row.number or 0, actor="officer", authority="demo", why="again")
    with pytest.raises(TouchstoneError, match=f"has no person {row.number}"):
        keep(case, Connected(person=row.number or 0, premises=1, says="x", source="y"))
    assert case.verify() == []


def test_of_two_who_correct_one_row_at_once_one_is_refused(case: Store) -> None:
    row = keep(case, SUSPECT)
    first, second = together(*[lambda: keep(case, SUSPECT, supersedes=row.id)] * 2)
    assert first == "" and "corrected meanwhile" in second


def test_no_machine_says_anything_of_a_case(case: Store) -> None:
    for write in (
        lambda: case.keep_entry(CaseEntry(None, "C-1", EntryKind.person, SUSPECT), actor="system", authority="demo"),
        lambda: case.exhibit("C-1", SubjectKind.listing, 2, initials="TS", description="x", actor="system"),
    ):
        with pytest.raises(TouchstoneError, match="'system' is not a person"):
            write()


MISSING: dict[str, tuple[Body, str]] = {
    "an exhibit": (Person(name="x", category=SubjectCategory.witness, basis="y", exhibits=("AB9",)), "case C-1 has no exhibit AB9"),
    "a capture": (Person(name="x", category=SubjectCategory.witness, basis="y", captures=(99,)), "there is no capture 99"),
    "an account": (Connected(person=1, seller=99, says="x", source="y"), "there is no seller 99"),
    "a place": (AtPremises(premises=99, role="x"), "there is no premises 99"),
    "a person of another case": (Connected(person=1, seller=1, says="x", source="y"), "case C-1 has no person 1"),
    "a warning": (Offence(act="a", mark="b", goods="c", warnings=(7,)), "there is no follow-up 7"),
    "goods of nothing": (Withdrawal(exhibit="AB7", why="x"), "has no exhibit AB7"),
}


@pytest.mark.parametrize("what", sorted(MISSING))
def test_what_a_row_names_is_there_and_of_its_case(case: Store, what: str) -> None:
    keep(case, Person(name="x", category=SubjectCategory.witness, basis="y"), case="C-2")
    body, said = MISSING[what]
    with pytest.raises(TouchstoneError, match=said):
        keep(case, body)


def test_a_warning_is_a_warning(case: Store) -> None:
    for kind in (Kind.warning, Kind.visit):
        case.keep_follow_up(done(kind), actor="officer", authority="demo")
    keep(case, Offence(act="a", mark="b", goods="c", warnings=(1,)))
    with pytest.raises(TouchstoneError, match="follow-up 2 is a visit, and no warning"):
        keep(case, Offence(act="a", mark="b", goods="c", warnings=(1, 2)))


# -- what is stated ----------------------------------------------------------------------------------------------------------
STATED: dict[str, tuple[EntryKind, dict[str, object], str]] = {
    "class": (EntryKind.offence, {"act": "a", "mark": "b", "goods": "c", "classes": [46]}, "classes: 46 is no class"),
    "number": (EntryKind.offence, {"act": "a", "mark": "b", "goods": "c", "number": "UK00917867542"}, "office: a register number"),
    "status": (EntryKind.offence, {"act": "a", "mark": "b", "goods": "c", "status": "registered"}, "status_on: "),
    "until": (EntryKind.offence, {"act": "a", "mark": "b", "goods": "c", "since": "2026-02-01", "until": "2026-01-01"}, "until: "),
    "category": (EntryKind.person, {"name": "x", "basis": "y", "category": "unknown"}, "category: "),
    "word": (EntryKind.person, {"name": "x", "basis": "y", "category": "culprit"}, "category: 'culprit' is none of"),
    "basis": (EntryKind.person, {"name": "x", "category": "suspect"}, "basis: "),
    "evidence": (EntryKind.connection, {"person": 1, "seller": 1, "says": "x"}, "source: a connection rests on evidence"),
    "one": (EntryKind.connection, {"person": 1, "seller": 1, "premises": 1, "says": "x", "source": "y"}, "seller: "),
    "said_by": (EntryKind.incident, {"what": "x"}, "said_by: "),
    "bag": (EntryKind.custody, {"exhibit": "AB1", "act": "sealed", "by": "x", "why": "y"}, "bag: "),
    "taker": (EntryKind.custody, {"exhibit": "AB1", "act": "handed_over", "by": "x", "why": "y"}, "taker: "),
    "act": (EntryKind.custody, {"exhibit": "AB1", "act": "lost", "by": "x", "why": "y"}, "act: 'lost' is none of seized"),
    "found": (EntryKind.item, {"what": "belts"}, "found_by: "),
    "field": (EntryKind.person, {"name": "x", "guilt": True}, "guilt: a row of kind person has no such field"),
}


@pytest.mark.parametrize("what", sorted(STATED))
def test_what_is_not_stated_as_it_must_be_is_refused_by_its_field(what: str) -> None:
    kind, body, said = STATED[what]
    with pytest.raises(ValueError, match=f"^{said}"):
        entry_of(kind, body)


def test_an_eu_mark_has_a_comparable_uk_one() -> None:
    assert comparable_mark("017867542") == comparable_mark("EU 17867542") == "UK00917867542"
    assert comparable_mark("UK00003123456") == comparable_mark("12") == ""


# -- the log and what is held ------------------------------------------------------------------------------------------------
EDITS = {
    "a word": "UPDATE case_entry SET body_json = replace(body_json, 'Trader', 'Brother')",
    "when it happened": "UPDATE case_entry SET happened_at = '2026-02-01 00:00:00' WHERE kind = 'incident'",
    "what it rests on": "DELETE FROM case_entry_on WHERE subject_kind = 'exhibit'",
    "a person more": "INSERT INTO case_entry_on (case_entry, subject_kind, subject) VALUES (6, 'seller', 2)",
    "whose exhibit it is": "UPDATE exhibit SET producer = 'b.officer' WHERE number = 'AB1'",
    "what an exhibit is": "UPDATE exhibit SET description = 'another advert' WHERE number = 'AB1'",
    "an exhibit's salt": "UPDATE exhibit SET salt = '' WHERE number = 'AB1'",
}


@pytest.mark.parametrize("what", sorted(EDITS))
def test_an_edit_made_in_the_database_is_found(case: Store, what: str) -> None:
    every(case)
    assert case.verify() == []
    with case.database.writing() as c:
        c.execute(text(EDITS[what]))
    problems = case.verify()
    assert problems and all("was changed" in problem for problem in problems)


def test_a_row_that_nothing_tells_of_or_that_is_gone_is_found(case: Store) -> None:
    row = keep(case, Incident(what="x", said_by="y"), START)
    with case.database.writing() as c:
        c.execute(t.case_entry.update().values(id=50))
    assert case.verify() == [
        "row 50 of case C-1 is in no event of the log: nothing tells of its recording",
        f"row {row.number} of a case is gone, although the log tells of its recording",
    ]


def test_the_log_holds_no_word_of_what_was_said_and_a_connection_is_a_combination(case: Store) -> None:
    before = case.log_head()[0]
    every(case)
    events = [event.body for event in case.log(after=before)]
    assert all(event["case"] == "C-1" for event in events)
    said = str([{k: v for k, v in event.items() if k != "justification"} for event in events])
    assert not any(word in said for word in ("Trader", "LOZENGE", "parcel", "new trader", "another matter"))
    [joined] = [event for event in events if event["verb"] == "combination"]
    assert joined["subjects"] == {"case_entry": "2-3", "capture": "1", "seller": "1"}


def test_a_person_of_a_case_is_in_their_category_and_so_is_what_connects_them(case: Store) -> None:
    keep(case, SUSPECT)
    keep(case, Connected(person=1, seller=1, says="x", source="y"))
    with case.database.reading() as c:
        assert list(c.execute(select(t.case_entry.c.subject_category)).scalars()) == ["suspect", "suspect"]


def test_what_a_row_of_a_case_rests_on_is_not_erased(case: Store) -> None:
    keep(case, Incident(what="the page was shown", said_by="A. Officer", captures=(3,)), START, case="C-2")
    with pytest.raises(TouchstoneError, match="under hold of case C-2, row 1"):
        case.erase(3, actor="officer", reason="old")
    assert case.log()[-1].body["purpose"] == "erasure refused" and case.log()[-1].body["verb"] == "erasure"


def test_who_is_named_in_a_case_keeps_what_was_done_about_them(case: Store) -> None:
    with case.database.writing() as c:
        c.execute(t.premises.insert().values(kind="unit", label="Unit 2", key="U2", added_at=START))
    visit = case.keep_follow_up(done(Kind.visit), actor="officer", authority="demo")
    keep(case, AtPremises(premises=1, role="sold from"), case="C-2")
    with pytest.raises(TouchstoneError, match="under hold of case C-2, row 1"):
        case.erase_follow_up(visit.id or 0, actor="officer", reason="old")


# -- an older store ------------------------------------------------------------------------------------------------------------
def test_exhibits_of_an_older_store_keep_their_numbers_and_are_counted_on(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(store_url, tmp_path_factory.mktemp("archive"))
    with as_of(store, "0013") as c:
        c.execute(text("INSERT INTO actor VALUES ('a.officer', 'demo', 'A', 'officer', :yes, '2026-01-01')"), {"yes": True})
        c.execute(text("INSERT INTO case_file VALUES ('C-1', 'demo', NULL, 'Old', 'a.officer', '2026-01-01')"))
        for n, number in enumerate(("AB1", "AB2", "CD1"), 1):
            c.execute(text("INSERT INTO exhibit (case_file, number, subject_kind, subject, description, actor, at, subject_category) VALUES ('C-1', :n, 'listing', :s, 'x', 'a.officer', '2026-01-01', 'unknown')"), {"n": number, "s": n})  # fmt: skip
    store.migrate()
    assert store.exhibit_initials("C-1") == {"AB": "a.officer", "CD": "a.officer"}
    assert store.exhibit("C-1", SubjectKind.listing, 9, initials="AB", description="x", actor="a.officer").number == "AB3"
    with store.acting("a.officer", purpose="test") as reader:
        assert [(e.number, e.producer) for e in reader.exhibits("C-1")] == [(n, "a.officer") for n in ("AB1", "AB2", "CD1", "AB3")]
    store.close()
