"""Exhibits: numbers that are nobody else's and have no gap, goods and papers, custody that is checked, labels as pages."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from casework import exhibits, labels
from casework.casefile import Told, record
from store import tables as t
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.casefile import Act, EntryKind
from store.words.custody import CustodyStep, Holding, breaks, holding
from store.words.followup import File, Kind, Role, Step
from store.words.records import Actor, Case, SubjectKind
from tests.builders import START, Builder, jpeg
from tests.casework.test_followup_rules import row as done

OFFICERS = {"AB": "a.brook", "CD": "c.dale", "EF": "e.ford"}
PROCESSES, EACH = 8, 125


def opened(store: Store, case: str = "C-1") -> Store:
    for initials, officer in OFFICERS.items():
        store.keep_actor(Actor(officer, "demo", f"{initials} Officer (fictional)", "officer"))
    store.open_case(Case(case, "demo", "Belts", jurisdiction="England and Wales"), actor="officer")
    return store


def small_home(tmp_path: Path) -> Home:
    """A working folder with the least that it needs."""
    (tmp_path / "configs").mkdir(exist_ok=True)
    (tmp_path / "configs" / "touchstone.yml").write_text(
        "authority: {code: demo, name: Demonstration Council, jurisdiction: England and Wales}\nuser_agent: touchstone (ts@example.org)\n"
    )
    return Home(tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return small_home(tmp_path)


@pytest.fixture
def case(sqlite_store: Store) -> Iterator[Store]:
    yield opened(sqlite_store)


# -- numbers ---------------------------------------------------------------------------------------------------------------
def allocate(url: str, archive: str, process: int) -> list[tuple[str, str]]:
    """What one process does: numbers for each officer in turn; each seventh time the transaction fails after the number was given."""
    store, out = Store(url, Path(archive)), []
    for n in range(EACH):
        initials = list(OFFICERS)[(n + process) % len(OFFICERS)]
        subject = process * 1000 + n

        def give(initials: str = initials, subject: int = subject) -> str:
            return store.exhibit("C-1", SubjectKind.listing, subject, initials=initials, description="x", actor=OFFICERS[initials]).number

        if n % 7 == 0:
            try:
                with store.database.writing():
                    give()
                    raise RuntimeError("something fails after the number was given")
            except RuntimeError:
                pass
        out.append((initials, give()))
    store.close()
    return out


def test_a_thousand_numbers_given_by_eight_processes_are_distinct_and_without_a_gap_for_each_officer(store: Store, tmp_path: Path) -> None:
    opened(store)
    given = (store.database.url, str(tmp_path / "archive"))
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        got = [pair for part in pool.starmap(allocate, [(*given, n) for n in range(PROCESSES)]) for pair in part]
    assert len(got) == PROCESSES * EACH == 1000 and len({number for _, number in got}) == 1000
    for initials, officer in OFFICERS.items():
        mine = sorted(int(number.removeprefix(initials)) for letters, number in got if letters == initials)
        assert mine == list(range(1, len(mine) + 1)) and len(mine) > 300, f"{initials} has a gap"
        with store.database.reading() as c:
            kept = c.execute(select(func.count(), func.max(t.exhibit.c.ordinal)).where(t.exhibit.c.producer == officer)).one()
        assert tuple(kept) == (len(mine), len(mine))
    assert store.verify() == []


def test_two_officers_with_the_same_initials_are_told_to_take_a_further_letter(case: Store) -> None:
    case.exhibit("C-1", SubjectKind.listing, 1, initials="AB", description="x", actor="a.brook")
    with pytest.raises(TouchstoneError, match=r"AB are those of a\.brook.*give c\.dale a further letter, such as ABX"):
        case.exhibit("C-1", SubjectKind.listing, 2, initials="AB", description="x", actor="c.dale")
    assert case.exhibit("C-1", SubjectKind.listing, 2, initials="ABX", description="x", actor="c.dale").number == "ABX1"
    with pytest.raises(TouchstoneError, match=r"the exhibits of a\.brook are numbered AB1"):
        case.exhibit("C-1", SubjectKind.listing, 3, initials="AC", description="x", actor="a.brook")
    assert case.exhibit("C-1", SubjectKind.listing, 3, initials="AB", description="x", actor="officer", producer="a.brook").number == "AB2"
    assert case.exhibit_initials("C-1") == {"AB": "a.brook", "ABX": "c.dale"}


def test_the_style_of_a_number_changes_nothing_that_was_given_and_no_count(case: Store) -> None:
    first = case.exhibit("C-1", SubjectKind.listing, 1, initials="AB", description="x", actor="a.brook")
    second = case.exhibit("C-1", SubjectKind.listing, 2, initials="AB", description="x", actor="a.brook", style="AB/1")
    assert (first.number, second.number) == ("AB1", "AB/2")


def test_numbers_begin_anew_in_another_case(case: Store) -> None:
    case.exhibit("C-1", SubjectKind.listing, 1, initials="AB", description="x", actor="a.brook")
    case.open_case(Case("C-2", "demo", "Caps"), actor="officer")
    assert case.exhibit("C-2", SubjectKind.listing, 1, initials="AB", description="x", actor="c.dale").number == "AB1"


def test_a_withdrawn_exhibit_keeps_its_number_and_says_why(case: Store, home: Home) -> None:
    for n in (1, 2):
        case.exhibit("C-1", SubjectKind.listing, n, initials="AB", description="x", actor="a.brook")
    exhibits.withdraw(case, home, "C-1", "AB2", by="a.brook", why="of another matter")
    assert case.exhibit("C-1", SubjectKind.listing, 3, initials="AB", description="x", actor="a.brook").number == "AB3"
    with case.acting("officer", purpose="test") as reader:
        assert [(e.number, e.withdrawn) for e in reader.exhibits("C-1")] == [("AB1", ""), ("AB2", "of another matter"), ("AB3", "")]
        with pytest.raises(TouchstoneError, match="AB2 was withdrawn"):
            labels.labels_of(case, reader, case.case("C-1"), ["AB2"], {}, "")
    with pytest.raises(TouchstoneError, match="AB2 was withdrawn before"):
        exhibits.withdraw(case, home, "C-1", "AB2", by="a.brook", why="again")
    assert case.verify() == []


# -- goods and papers --------------------------------------------------------------------------------------------------------
BELTS = {"what": "leather belts", "quantity": 40, "found_at": "rail by the till", "bag": "A0012345"}


def test_goods_get_their_number_and_their_row_together_or_neither(case: Store, home: Home) -> None:
    item, made = exhibits.add_item(case, home, "C-1", BELTS, "1/3/2026 10:40", "AB", by="a.brook")
    assert made.number == "AB1" and made.subject == item.number
    assert made.description == "40 × leather belts, found by a.brook at rail by the till on 2026-03-01 10:40 UTC"
    with pytest.raises(TouchstoneError, match="bag A00 12345 was used already, in row 1 of case C-1"):
        exhibits.add_item(case, home, "C-1", {**BELTS, "bag": "A00 12345"}, "1/3/2026 11:00", "AB", by="a.brook")
    with pytest.raises(TouchstoneError, match="further letter"):
        exhibits.add_item(case, home, "C-1", {**BELTS, "bag": "A0012346"}, "1/3/2026 11:00", "AB", by="c.dale")
    assert exhibits.add_item(case, home, "C-1", {**BELTS, "bag": "A0012346"}, "1/3/2026 11:00", "AB", by="a.brook")[1].number == "AB2"
    with case.database.reading() as c:
        assert c.execute(select(func.count()).select_from(t.case_entry)).scalar() == 2 and case.verify() == []


def test_a_bag_of_a_follow_up_is_its_own_goods_and_nobody_elses(case: Store, home: Home) -> None:
    with case.database.writing() as c:
        c.execute(t.premises.insert().values(kind="unit", label="Unit 1", key="U1", added_at=START))
    seized = replace(done(Kind.seizure, items=[{"what": "belts", "count": 40, "bag": "B7"}], stored="the store"), premises=1)
    follow_up = case.keep_follow_up(seized, actor="a.brook", authority="demo").id
    body = {"what": "belts", "quantity": 40, "found_at": "Unit 1", "bag": "B 7"}
    with pytest.raises(TouchstoneError, match="bag B 7 was used already, in follow-up 1"):
        exhibits.add_item(case, home, "C-1", body, "1/3/2026 9:00", "AB", by="a.brook")
    _, made = exhibits.add_item(case, home, "C-1", {**body, "follow_up": follow_up}, "1/3/2026 9:00", "AB", by="a.brook")
    with case.acting("officer", purpose="test") as reader:
        [chain] = exhibits.custody_of(reader, [made], "C-1")
    assert [(s.act, s.bag, s.record) for s in chain.steps] == [(Act.seized, "", "follow-up 1"), (Act.sealed, "B 7", "follow-up 1")]
    assert chain.breaks == () and chain.now is not None and (chain.now.where, chain.now.bag) == ("the store", "B 7")
    another = replace(done(Kind.seizure, items=[{"what": "caps", "count": 1, "bag": "A1"}]), premises=1)
    exhibits.add_item(case, home, "C-1", {"what": "caps", "found_at": "Unit 1", "bag": "A1"}, "1/3/2026 9:00", "AB", by="a.brook")
    with pytest.raises(TouchstoneError, match="bag A1 was used already, in row 2 of a case"):
        case.keep_follow_up(another, actor="a.brook", authority="demo")


def test_the_chain_of_a_test_purchase_is_read_from_its_steps_and_goes_on_in_the_case(case: Store, home: Home) -> None:
    build = Builder(case)
    build.listing("1", title="Bag", seller="bags", pictures=(jpeg(1),))
    build.close()
    first = case.keep_follow_up(replace(done(Step.authorised), premises=None, seller=1), actor="a.brook", authority="demo")
    for number, step in enumerate((Step.ordered, Step.received, Step.photographed, Step.sealed), 1):
        at = first.happened_at + timedelta(hours=number)
        given = replace(done(step), premises=None, purchase=first.id, happened_at=at, whole_day=False)
        if step is Step.photographed:
            given = replace(given, files=(File(2, Role.photo),))
        case.keep_follow_up(given, actor="a.brook", authority="demo")
    body = {"what": "one bag", "found_at": "the post room", "follow_up": first.id}
    _, made = exhibits.add_item(case, home, "C-1", body, f"{first.happened_at:%d/%m/%Y}", "AB", by="a.brook")
    told = {"exhibit": made.number, "act": "opened", "by": "C. Dale", "why": "to look"}
    day = first.happened_at + timedelta(days=1)
    record(case, home, Told("C-1", EntryKind.custody, told, f"{day:%d/%m/%Y}"), by="a.brook")
    with case.acting("officer", purpose="test") as reader:
        [chain] = exhibits.custody_of(reader, [made], "C-1")
    assert [s.act or s.says for s in chain.steps] == [Act.received, "packaging photographed", Act.sealed, Act.opened]
    assert len(chain.breaks) == 2 and "opened" in chain.breaks[0] and "it was in the hands of a.brook" in chain.breaks[0]
    assert "that it was resealed is not recorded" in chain.breaks[1]


def test_a_paper_has_no_chain_of_hands_and_custody_is_of_things_alone(case: Store, home: Home) -> None:
    exhibits.add_item(case, home, "C-1", {"what": "a letter of the owner", "physical": False}, "1/3/2026", "AB", by="a.brook")
    with pytest.raises(TouchstoneError, match="exhibit AB1 is no physical thing"):
        told = {"exhibit": "AB1", "act": "moved", "by": "A. Brook", "why": "x", "where": "the store"}
        record(case, home, Told("C-1", EntryKind.custody, told, "2/3/2026"), by="a.brook")


def test_what_is_kept_here_has_its_custody_in_the_log(case: Store, home: Home) -> None:
    build = Builder(case)
    build.listing("1", title="Bag", seller="bags")
    build.close()
    made = exhibits.add(case, home, "C-1", "stall", "1", "AB", "a.brook")
    with case.acting("a.brook", purpose="file to legal services", justification="court", case="C-1") as reader:
        reader.disclose("evidence pack of case C-1", {})
    with case.acting("officer", purpose="test") as reader:
        [chain] = exhibits.custody_of(reader, [made], "C-1")
    assert [s.says for s in chain.steps] == ["capture 1 collected", "made exhibit AB1", "disclosed"]
    assert chain.steps[0].by == "system" and chain.steps[2].taker == "evidence pack of case C-1"
    events = {event.seq: event.body for event in case.log()}
    for step, verb in zip(chain.steps, ("collection", "alteration", "disclosure"), strict=True):
        assert events[int(step.record.split()[1])]["verb"] == verb


# -- whether a step follows ----------------------------------------------------------------------------------------------------
def chain(*steps: tuple[str, str, dict[str, str]]) -> list[CustodyStep]:
    return [CustodyStep(START + timedelta(hours=n), False, Act(act), by, **more) for n, (act, by, more) in enumerate(steps)]


WHOLE = (
    ("seized", "A. Brook", {"where": "Unit 1"}),
    ("sealed", "A. Brook", {"bag": "A1"}),
    ("moved", "A. Brook", {"where": "the store"}),
    ("handed_over", "a.  brook", {"taker": "E. Examiner"}),
    ("received", "E. Examiner", {}),
    ("opened", "E. Examiner", {"bag": "A1"}),
    ("examined", "E. Examiner", {}),
    ("resealed", "E. Examiner", {"bag": "A2"}),
    ("handed_over", "E. Examiner", {"taker": "A. Brook"}),
    ("received", "A. Brook", {}),
    ("destroyed", "A. Brook", {}),
)


def test_a_chain_in_which_each_step_follows_has_no_breaks() -> None:
    assert breaks(chain(*WHOLE)) == []


def test_where_it_is_is_known_no_longer_once_somebody_took_it() -> None:
    assert holding(chain(*WHOLE[:3])) == Holding("A. Brook", "the store", "A1")
    assert holding(chain(*WHOLE[:4])) == Holding("E. Examiner", "", "A1")
    assert holding(chain(*WHOLE[:9])) == Holding("A. Brook", "", "A2")


WRONG = {
    "handed over by one who does not hold it": ([*WHOLE[:3], ("handed_over", "B. Nobody", {"taker": "E. Examiner"}), WHOLE[4]], "handed over on .* by B. Nobody: it was in the hands of A. Brook"),
    "received by another": ([*WHOLE[:4], ("received", "F. Other", {})], "received on .* by F. Other: it was handed over to E. Examiner"),
    "never received": (WHOLE[:4], "handed over to E. Examiner, and that they received it is not recorded"),
    "received without being handed over": ([*WHOLE[:3], ("received", "E. Examiner", {})], "nothing says that A. Brook handed it over"),
    "opened and not resealed before it went on": ([*WHOLE[:7], WHOLE[8], WHOLE[9]], "it was opened on .*, and not resealed"),
    "opened and never resealed": (WHOLE[:7], "that it was resealed is not recorded"),
    "examined in its sealed bag": ([*WHOLE[:5], WHOLE[6]], "examined on .*: it was sealed in bag A1, and that this was opened is not recorded"),
    "sealed again without opening": ([*WHOLE[:2], ("sealed", "A. Brook", {"bag": "A9"})], "sealed in bag A1, and that this was opened is not recorded"),
    "another bag opened": ([*WHOLE[:2], ("opened", "A. Brook", {"bag": "Z9"}), ("resealed", "A. Brook", {"bag": "A2"})], "names bag Z9, and it was sealed in A1"),
    "after it was destroyed": ([*WHOLE, ("moved", "A. Brook", {"where": "x"})], "moved on .*: it was destroyed"),
    "a chain without a beginning": (WHOLE[1:3], "does not begin with how it came"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_a_step_that_does_not_follow_is_named(what: str) -> None:
    import re

    steps, said = WRONG[what]
    found = breaks(chain(*steps))
    assert len(found) == 1 and re.search(said, found[0]), found


# -- labels ----------------------------------------------------------------------------------------------------------------------
def test_a_label_has_the_words_of_the_rules_and_lines_where_nothing_is_known(case: Store, home: Home, tmp_path: Path) -> None:
    import pypdf

    case.keep_actor(Actor("g.hill", "demo", "g.hill", "officer"))
    exhibits.add_item(case, home, "C-1", BELTS, "1/3/2026 10:40", "AB", by="a.brook")
    for n in range(8):
        case.exhibit("C-1", SubjectKind.listing, 100 + n, initials="GH", description="<b>Bag & belt</b> " * 20, actor="g.hill")
    with case.acting("a.brook", purpose="labels", case="C-1") as reader:
        made = labels.write_labels(case, reader, home, case.case("C-1"), tmp_path / "labels.pdf", dated="2 March 2026")
        with pytest.raises(TouchstoneError, match="exists already"):
            labels.write_labels(case, reader, home, case.case("C-1"), tmp_path / "labels.pdf")
    pages = pypdf.PdfReader(io.BytesIO((tmp_path / "labels.pdf").read_bytes())).pages
    text = " ".join(pages[0].extract_text().split())
    assert made == 9 and len(pages) == 2
    assert "Exhibit AB1, referred to in the statement of AB Officer (fictional) dated 2 March 2026" in text
    assert "Bag or seal: A0012345" in text and "Exhibit GH1, referred to in the statement of dated 2 March 2026" in text
    assert text.count("Signed") == 24 and "<b>Bag & belt</b>" in text
    assert "disclosure" in [event.body["verb"] for event in case.log()[-2:]]
