"""Cases from an officer's words: the law of the place, references, offences with their blanks, outcomes, the commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casework import casefile
from casework.casefile import Told, jurisdiction_of, open_case, read_settings, record
from casework.cli import app
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.casefile import EntryKind
from store.words.dates import LONDON
from store.words.followup import Kind, WarningGiven
from tests.casework.test_exhibits import small_home
from tests.casework.test_followup_rules import row as done

RUNNER = CliRunner()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return small_home(tmp_path)


@pytest.fixture
def case(sqlite_store: Store, home: Home) -> Iterator[Store]:
    open_case(sqlite_store, home, "C-1", "Belts", None, "officer")
    yield sqlite_store


def told(store: Store, home: Home, kind: EntryKind, when: str = "", corrects: int | None = None, **body: Any) -> casefile.Recorded:
    return record(store, home, Told("C-1", kind, body, when, corrects), by="officer")


# -- the law of the place ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["Scotland", "Northern Ireland", "England"])
def test_a_jurisdiction_that_nobody_has_configured_is_refused_with_a_sentence(sqlite_store: Store, home: Home, place: str) -> None:
    with pytest.raises(TouchstoneError, match=f"'{place}' is no jurisdiction of configs/jurisdictions, where there is England and Wales"):
        open_case(sqlite_store, home, "C-9", "Caps", None, "officer", jurisdiction=place)
    assert sqlite_store.cases() == []


def test_a_jurisdiction_is_a_file(sqlite_store: Store, home: Home) -> None:
    folder = home.folder / "configs" / "jurisdictions"
    folder.mkdir()
    (folder / "far.yml").write_text(
        "name: Farland\nstatute: Marks Act\nacts: {sells: {law: s.1, what: sells}}\noffices: {FIPO: {what: x, number: 'F\\d+', example: F1}}\noutcomes: {fine: {law: s.2, what: a fine}}\n"
    )
    assert open_case(sqlite_store, home, "C-1", "Caps", None, "officer", jurisdiction="Farland") == "C-1"
    row = told(sqlite_store, home, EntryKind.offence, act="sells", mark="x", goods="caps").row
    assert row.what is not None and row.what.law == "s.1"  # type: ignore[union-attr]
    (folder / "far.yml").write_text((folder / "far.yml").read_text().replace("acts:", "actes:"))
    with pytest.raises(TouchstoneError, match=r"far\.yml:3: unknown key 'actes'; did you mean 'acts'\?"):
        jurisdiction_of(home, "Farland")


def test_what_was_written_from_memory_says_so_wherever_it_is_kept(case: Store, home: Home) -> None:
    row = told(case, home, EntryKind.outcome, "2/3/2026", outcome="forfeiture", decided_by="Court (fictional)").row
    assert row.what is not None and row.what.law == "Trade Marks Act 1994 s.97 (to be checked)"  # type: ignore[union-attr]


# -- references ------------------------------------------------------------------------------------------------------------------
def test_a_case_without_a_reference_gets_the_next_and_none_is_used_twice(sqlite_store: Store, home: Home) -> None:
    year = datetime.now(LONDON).year
    got = [open_case(sqlite_store, home, "", f"case {n}", None, "officer") for n in range(3)]
    assert got == [f"TS-{year}-{n:04}" for n in (1, 2, 3)]
    assert open_case(sqlite_store, home, f"TS-{year}-0010", "by hand", None, "officer") == f"TS-{year}-0010"
    assert open_case(sqlite_store, home, "", "after", None, "officer") == f"TS-{year}-0011"
    with pytest.raises(TouchstoneError, match="never used twice"):
        open_case(sqlite_store, home, f"TS-{year}-0010", "again", None, "officer")
    with pytest.raises(TouchstoneError, match="cannot be a case's reference"):
        open_case(sqlite_store, home, "../x", "away", None, "officer")


BAD = {
    "exhibit_style: AB-1": "exhibit_style: 'AB-1' is none of AB1, AB/1",
    "reference: TS-{year}": r"reference: 'TS-\{year\}' has no \{number\}",
    "reference: TS/{number}": "reference: 'TS/1', which it makes, is not what `given` lets",
    "reference: TS-{week}-{number}": r"reference: 'TS-\{week\}-\{number\}' is no form",
}


@pytest.mark.parametrize("line", sorted(BAD))
def test_a_setting_that_cannot_number_anything_is_refused_with_its_line(home: Home, line: str) -> None:
    (home.folder / "configs" / "cases.yml").write_text(line + "\n")
    with pytest.raises(TouchstoneError, match=rf"cases\.yml:1: {BAD[line]}"):
        read_settings(home)


# -- offences and outcomes ----------------------------------------------------------------------------------------------------------
OFFENCE = {"act": "offers_or_exposes", "mark": "MAISON LOZENGE", "goods": "belts"}
REFUSED = {
    "act": ({"act": "offers"}, "act: 'offers' is none of applies, .* of England and Wales"),
    "eu office": ({"office": "EUIPO", "number": "017867542"}, "the comparable mark of 017867542 would be UK00917867542"),
    "eu number": ({"office": "UKIPO", "number": "017867542"}, "not written as UKIPO writes its numbers: .* would be UK00917867542"),
    "number": ({"office": "UKIPO", "number": "UK123"}, "not written as UKIPO writes its numbers: UK00917867542"),
    "class": ({"classes": (0,)}, "classes: 0 is no class"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_an_offence_is_stated_in_the_words_of_the_law_or_refused(case: Store, home: Home, what: str) -> None:
    body, said = REFUSED[what]
    with pytest.raises(TouchstoneError, match=said):
        told(case, home, EntryKind.offence, **{**OFFENCE, **body})


def test_an_offence_says_what_is_not_stated_yet_and_a_correction_keeps_the_rest(case: Store, home: Home) -> None:
    first = told(case, home, EntryKind.offence, **OFFENCE)
    assert first.notes == (
        "not stated yet: register number, classes, owner, status of the mark, the owner's statement that there was no consent, "
        "what shows a view to gain, who is said to have done it, dates",
    )
    more = {
        "office": "UKIPO",
        "number": "UK00917867542",
        "classes": (18, 25),
        "owner": "Maison Lozenge (fictional)",
        "consent": "AB9",
        "gain": "£45 asked",
    }
    second = told(case, home, EntryKind.offence, corrects=first.row.number, since="2026-03-01", **more)
    assert second.notes == ("not stated yet: status of the mark, who is said to have done it",)
    assert casefile.sentence(second.row) == (
        "offers or exposes: belts, mark “MAISON LOZENGE” (UK00917867542, UKIPO), 2026-03-01 (Trade Marks Act 1994 s.92(1)(b))"
    )
    lapsed = {"status": "expired", "status_on": "2026-03-01", "status_source": "IPO register"}
    third = told(case, home, EntryKind.offence, corrects=first.row.number, **lapsed)
    assert "a mark that is expired on 2026-03-01 is no registered trade mark on that day: s.92 asks for one" in third.notes


def test_a_warning_whose_receipt_is_not_shown_is_named(case: Store, home: Home) -> None:
    build = WarningGiven("C. Trader (fictional)", "left at the counter", "registered marks")
    with case.database.writing() as c:
        from store import tables as t

        c.execute(t.premises.insert().values(kind="unit", label="Unit 1", key="U1", added_at=datetime.now(LONDON)))
    for what in (build, replace(build, delivery_number="AB 1234 5678 9GB")):
        case.keep_follow_up(replace(done(Kind.warning), what=what), actor="officer", authority="demo")
    notes = told(case, home, EntryKind.offence, warnings=(1, 2), **OFFENCE).notes
    assert "that warning 1 came is not shown: it bears on s.92(5)" in notes and not any("warning 2" in note for note in notes)


def test_a_look_alike_without_a_mark_is_an_outcome_of_its_own(case: Store, home: Home) -> None:
    first = told(case, home, EntryKind.outcome, "2/3/2026", outcome="look_alike", decided_by="A. Officer", risk_reason="no mark is used")
    assert first.notes == () and "look alike" in casefile.sentence(first.row)
    told(case, home, EntryKind.offence, **OFFENCE)
    second = told(case, home, EntryKind.outcome, "3/3/2026", outcome="look_alike", decided_by="A. Officer", risk_reason="no mark is used")
    assert second.notes == ("an offence stands in this case (row 2), and this says that none of s.92 is there: withdraw one of the two",)


def test_a_decision_states_its_risk_unless_a_court_made_it_and_a_conviction_changes_nobodys_category_by_itself(
    case: Store, home: Home
) -> None:
    with pytest.raises(TouchstoneError, match="risk_reason: the risk that it answers"):
        told(case, home, EntryKind.outcome, "2/3/2026", outcome="prosecution", decided_by="B. Manager")
    person = told(case, home, EntryKind.person, name="C. Trader", category="suspect", basis="sold a belt").row.number or 0
    done_ = told(case, home, EntryKind.outcome, "2/3/2026", outcome="conviction", decided_by="Court (fictional)", persons=(person,))
    assert done_.notes == (
        "no prosecution is recorded before it",
        "C. Trader is kept as suspect: correct row 1 with --category convicted once that stands",
    )
    with case.acting("officer", purpose="test") as reader:
        assert reader.case_entry("C-1", person).what.category == "suspect"  # type: ignore[union-attr]


# -- the commands ----------------------------------------------------------------------------------------------------------------
def test_the_commands_record_a_case_and_show_it_whole(tmp_path: Path) -> None:
    def touchstone(*arguments: str, status: int = 0) -> str:
        run = RUNNER.invoke(app, [*arguments, "--home", str(tmp_path), "--by", "a.officer"])
        assert run.exit_code == status, run.output + str(run.exception)
        return run.output

    small_home(tmp_path)
    (tmp_path / "configs" / "cases.yml").write_text("exhibit_style: AB/1\n")
    touchstone("case", "new", "C-1", "--title", "Belts", "--own-number", "C/26/412")
    goods = ("--what", "leather belts", "--quantity", "40", "--when", "1/3/2026 10:40", "--where", "rail by the till", "--initials", "AB")
    assert "Exhibit AB/1: 40 × leather belts" in touchstone("case", "exhibit", "add", "C-1", *goods, "--bag", "A1")
    corrected = touchstone("case", "exhibit", "correct", "C-1", "AB/1", "--quantity", "41", "--why", "counted again")
    assert "Exhibit AB/1 of case C-1 is corrected: 41 × leather belts, found by a.officer at rail by the till" in corrected
    touchstone("case", "suspect", "add", "C-1", "--name", "C. Trader (fictional)", "--basis", "sold them", "--exhibit", "AB/1")
    offence = touchstone(
        "case", "offence", "add", "C-1", "--act", "sells_or_lets", "--mark", "LOZENGE", "--goods", "belts", "--person", "3", "--class", "25"
    )
    assert "! not stated yet: register number, owner" in offence
    touchstone("case", "incident", "add", "C-1", "--what", "bags carried in", "--when", "1/3/2026 9:15", "--said-by", "A. Officer")
    touchstone(
        "case",
        "outcome",
        "add",
        "C-1",
        "warning",
        "--when",
        "2/3/2026",
        "--decided-by",
        "B. Manager",
        "--risk",
        "first time",
        "--person",
        "3",
    )
    handed = ("handed_over", "--when", "3/3/2026 9:00", "--who", "B. Nobody", "--to", "E. Examiner", "--reason", "for examination")
    assert "! AB/1: handed over on 2026-03-03 09:00 UTC by B. Nobody: it was in the hands of a.officer" in touchstone(
        "case", "custody", "add", "C-1", "AB/1", *handed, "--record", "form CF-12"
    )
    touchstone("case", "withdraw", "C-1", "5", "--reason", "of another day")
    touchstone("case", "exhibit", "withdraw", "C-1", "AB/1", "--reason", "genuine")
    shown = json.loads(touchstone("case", "show", "C-1", "--json"))
    assert [e["kind"] for e in shown["entries"]] == ["item", "person", "offence", "outcome", "custody", "withdrawal"]
    assert shown["case"]["own_number"] == "C/26/412" and shown["exhibits"][0]["withdrawn"] == "genuine"
    assert [s["act"] for s in shown["custody"][0]["steps"]] == ["seized", "sealed", "handed_over"]
    said = touchstone("case", "show", "C-1")
    assert all(title in said for title in ("Exhibits", "Offences", "Persons", "Outcomes", "! AB/1: handed over on 2026-03-03"))
    assert len(json.loads(touchstone("case", "incident", "list", "C-1", "--json"))) == 0
    assert [r["superseded_by"] for r in json.loads(touchstone("case", "incident", "list", "C-1", "--all", "--json"))] == [8, None]
    assert json.loads(touchstone("case", "suspect", "list", "C-1", "--json"))[0]["what"]["category"] == "suspect"
    with Store.open(Home(tmp_path)) as store:
        assert store.verify() == []
