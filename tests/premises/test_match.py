"""`premises match`: every id has an answer, a wrong door is never proposed, and a file at fault is named by its line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from casework.cli import app
from premises.index import listed
from premises.load import load
from premises.match import Answer, in_memory
from premises.match_file import questions, run
from store.config import Home
from store.errors import StopRun, TouchstoneError
from store.store import Store
from store.words.records import Verb
from tests.premises.bank import SETTINGS, entries_of
from tests.premises.conftest import REGISTERS


def answers_of(text: str, *rows: str | dict[str, str]) -> list[Answer]:
    [found] = in_memory([listed(entry) for entry in entries_of(rows)], SETTINGS.weights).match([text])
    return found


def written(path: Path, *rows: tuple[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *rows])
    return path


def test_a_file_is_answered_from_a_loaded_register(kept: Store, home: Home, tmp_path: Path) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    file = written(
        tmp_path / "q.csv",
        ("a", "Tinderbox Unit2A Wexcombe Pde M32 OTH"),
        ("b", "Wexcombe Parade"),
        ("c", "1 Nowhere Lane, Leeds"),
        ("d", ""),
    )
    seen: list[tuple[int, int]] = []
    result = run(kept, home, file, "units", tmp_path / "a.csv", actor="system", progress=lambda done, of: seen.append((done, of)))
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))
    first = {row["id"]: row for row in rows if row["rank"] == "1"}
    assert list(first) == ["a", "b", "c", "d"], "every id is answered, in order"
    assert [first[k]["level"] for k in "abcd"] == ["unit", "building", "none", "none"]
    assert [first[k]["proposed"] for k in "abcd"] == ["yes", "no", "no", "no"]
    with kept.acting("system", purpose="test") as reader:
        [unit] = [e for e in reader.register_entries("units") if e.name.startswith("Tinderbox")]
    assert first["a"]["premises_ref"] == unit.reference and not first["c"]["premises_ref"]
    assert all(row["reasons"] for row in rows), "an answer of none has its reason too"
    assert all(sum(r["proposed"] == "yes" for r in rows if r["id"] == k) <= 1 for k in "abcd")
    assert dict(result.counts) == {"texts": 4, "proposed": 1, "building": 1, "none": 2} and seen == [(4, 4)]


def test_no_answer_is_run_by_a_spreadsheet(kept: Store, home: Home, tmp_path: Path) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    run(
        kept,
        home,
        written(tmp_path / "q.csv", ('=HYPERLINK("http://x.example")', "Wexcombe Parade")),
        "units",
        tmp_path / "a.csv",
        actor="system",
    )
    [row, *_] = csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8"))
    assert row["id"].startswith("'=HYPERLINK")


def test_reading_a_register_is_logged(kept: Store, home: Home, tmp_path: Path) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    run(kept, home, written(tmp_path / "q.csv", ("a", "Wexcombe Parade")), "units", tmp_path / "a.csv", actor="system")
    [event] = [e for e in kept.log() if e.body["verb"] == Verb.consultation and e.body["purpose"] == "premises match"]
    assert event.body["subjects"]["register_entry"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("id,words\na,x\n", "no column 'text'"),
        ("", "the file is empty"),
        ("id,text\na,x\na,y\n", "line 3: the id 'a' is line 2's"),
        ("id,text\na,1 Tan St, Leeds\n", "line 2: more cells than columns"),
        ("id,text\na\n", "line 2: fewer cells"),
        ("id,text\na,x\n,y\n", "line 3: no id"),
        ('id,text\na,"x', "line 2: not CSV"),
    ],
)
def test_a_file_at_fault_is_named_by_its_line(tmp_path: Path, lines: str, fault: str) -> None:
    (tmp_path / "q.csv").write_text(lines, encoding="utf-8")
    with pytest.raises(StopRun, match=fault):
        list(questions(tmp_path / "q.csv"))


def test_nothing_is_written_where_it_cannot_be_answered(kept: Store, home: Home, tmp_path: Path) -> None:
    file = written(tmp_path / "q.csv", ("a", "Wexcombe Parade"))
    with pytest.raises(TouchstoneError, match="no register 'units' is loaded"):
        run(kept, home, file, "units", tmp_path / "a.csv", actor="system")
    with pytest.raises(StopRun, match="name another"):
        run(kept, home, file, "units", file, actor="system")
    assert [p.name for p in tmp_path.iterdir() if "csv" in p.name] == ["q.csv"]


def test_the_command_does_what_the_room_does(kept: Store, home: Home, tmp_path: Path) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    written(tmp_path / "q.csv", ("a", "Unit 3 Wexcombe Parade M32 0TH"))
    done = CliRunner().invoke(
        app,
        [
            "premises",
            "match",
            str(tmp_path / "q.csv"),
            "--register",
            "units",
            "--out",
            str(tmp_path / "a.csv"),
            "--by",
            "pc1",
            "--home",
            str(home.folder),
        ],
    )
    assert done.exit_code == 0 and "1 led to a door" in done.output.replace("\n", " ")
    assert "yes" in (tmp_path / "a.csv").read_text(encoding="utf-8")


# -- what is proposed ----------------------------------------------------------------------------------------------------


def test_a_shop_at_a_number_is_its_own_unit() -> None:
    [answer] = answers_of("31 chester rd m32 0th", "31 Chester Road, M32 0TH", "33 Chester Road, M32 0TH")
    assert (answer.reference, answer.level, answer.proposed) == ("1", "unit", True)


def test_but_not_where_the_register_has_units_or_several_businesses_there() -> None:
    first, *_ = answers_of("31 Chester Road, M32 0TH", "31 Chester Road, M32 0TH", "Unit 2, 31 Chester Road, M32 0TH")
    assert not first.proposed and "1 units in this building" in first.reasons[-1].sentence
    two = ({"at": "31 Chester Road, M32 0TH", "name": "Wren Flowers"}, {"at": "31 Chester Road, M32 0TH", "name": "Quill Books"})
    first, second = answers_of("31 Chester Road, M32 0TH", *two)
    assert not first.proposed and first.level == "building" and "2 businesses" in first.reasons[-1].sentence
    first, second = answers_of("Quill Books, 31 Chester Road, M32 0TH", *two)
    assert first.proposed and first.reference == "2" and not second.proposed


def test_two_names_of_one_unit_are_one_door() -> None:
    two = ({"at": "Unit 3, Larch Parade, M32 0TH", "name": "Wren Flowers"}, {"at": "Unit 3, Larch Parade, M32 0TH", "name": "Quill Books"})
    first, second = answers_of("Unit 3 Larch Parade M32 0TH", *two)
    assert first.proposed and {first.reference, second.reference} == {"1", "2"}
    assert answers_of("Quill Books Unit 3 Larch Parade M32 0TH", *two)[0].reference == "2"


@pytest.mark.parametrize(
    "text",
    ["14B Chester Road M32 0TH", "14 Chester Road M32 0TH", "16 Chester Road M32 0TH", "14A Tan Street M32 0TH", "14A Chester Road, Leeds"],
)
def test_another_letter_number_street_or_town_is_another_place(text: str) -> None:
    [answer] = answers_of(text, "14A Chester Road, Stretford, M32 0TH", "12 Chester Road, Stretford, M32 0TH")
    assert answer.level == "none" and not answer.reference


@pytest.mark.parametrize(
    "text",
    [
        "14A Chester Road, Stretford",
        "14a chester rd stretford m32 9zz",
        "14A Chseter Road M32 OTH",
        "Wren Flowers 14A Chester Rd",
        "wren flowers, chester road 14a, m320th",
    ],
)
def test_the_right_one_is_first_whatever_the_postcode(text: str) -> None:
    first, *_ = answers_of(
        text, {"at": "14A Chester Road, Stretford, M32 0TH", "name": "Wren Flowers"}, "14 Chester Road, Stretford, M32 0TH"
    )
    assert first.reference == "1"


UNITS = st.builds(lambda n, letter: f"{n}{letter}", st.integers(1, 60), st.sampled_from(["", "", "A", "B", "C"]))


@settings(max_examples=300, deadline=None)
@given(
    UNITS,
    UNITS,
    st.sampled_from(["Unit ", "unit", "Stall ", "Flat ", ""]),
    st.sampled_from(["Larch Parade", "12 Chester Road", "Tan Street", "Larch Mkt"]),
)
def test_no_name_postcode_or_town_outvotes_a_number(one: str, other: str, kind: str, place: str) -> None:
    where = f"{place}, Stretford, M32 0TH"
    for text in (f"Wren & Moss, {kind}{one}, {where}", f"wren and moss {kind}{one} {where}".replace(",", "").lower()):
        first, *_ = answers_of(text, {"at": f"{kind}{other}, {where}", "name": "Wren & Moss"})
        assert not first.proposed or one == other


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=150))
def test_every_text_has_an_answer(text: str) -> None:
    first, *rest = answers_of(text, {"at": "14A Chester Road, Stretford, M32 0TH", "name": "Wren Flowers"})
    assert first.rank == 1 and first.reasons and not any(a.proposed for a in rest)


def test_a_unit_is_its_buildings_and_not_its_streets() -> None:
    here = "Unit 5, Chester Road, Stretford, M32 0TH"
    first, *_ = answers_of(
        "Unit 5 Larch Complex, Chester Road, Stretford, M32 0TH", here, "Unit 5, The Larch Complex, Chester Road, Stretford, M32 0TH"
    )
    assert first.reference == "2"
    assert not any(a.proposed and a.reference == "1" for a in answers_of("Unit 5, Larch House, Chester Road, Stretford, M32 0TH", here))
    assert answers_of("Unit 5, Chester Road, Stretford, M32 0TH", here)[0].proposed


def test_an_arcade_at_a_number_is_many_doors() -> None:
    first, *_ = answers_of("Larch Arcade, 26 Tan Street, Stretford, M32 0TH", "26 Tan Street, Stretford, M32 0TH")
    assert not first.proposed


def test_a_name_at_one_door_and_a_unit_at_another_settle_nothing() -> None:
    two = ({"at": "Unit 2, Larch Parade, M32 0TH", "name": "Quill Books"}, {"at": "Unit 3, Larch Parade, M32 0TH", "name": "Wren Flowers"})
    assert not any(a.proposed for a in answers_of("Quill Books, Unit 3, Larch Parade, M32 0TH", *two))


# -- where no building is settled ----------------------------------------------------------------------------------------


def open_answer(text: str, *rows: str | dict[str, str]) -> tuple[str, set[str]]:
    """Why no building is settled, and the entries that could be meant."""
    first, *others = answers_of(text, *rows)
    assert (first.level, first.reference, first.proposed) == ("none", "", False), first
    assert others and all(a.level == "none" and a.reference and not a.proposed for a in others), "each is listed, and none is settled"
    return first.reasons[-1].sentence, {a.reference for a in others}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Unit 5, the trading estate, Tan Lane, Stretford", ("Unit 5, Kiln Trading Estate, Tan Lane, Stretford, M32 0TH", "Unit 5, Oast Trading Estate, Tan Lane, Stretford, M32 0TH")),
        ("31-33 Chester Road, M32 0TH", ("29-31 Chester Road, M32 0TH", "33-35 Chester Road, M32 0TH")),
        ("14 larch, stretford", ("14 Larch Road, Stretford, M32 0TH", "14 Larch Street, Stretford, M32 9BB")),
        ("14 Larch Street, Urmston, M32 0TH", ("14 Larch Street, Stretford, M32 0TH", "14 Larch Street, Urmston, M41 0SE")),
    ],
)  # fmt: skip
def test_two_buildings_that_fit_alike_are_both_listed_and_neither_is_settled(text: str, rows: tuple[str, ...]) -> None:
    why, listed_ = open_answer(text, *rows)
    assert "two buildings fit alike" in why and listed_ == {"1", "2"}


def test_the_number_itself_is_no_more_in_doubt_for_a_range_that_holds_it() -> None:
    first, *_ = answers_of("31 Chester Road, M32 0TH", "31 Chester Road, M32 0TH", "29-31 Chester Road, M32 0TH")
    assert first.reference == "1" and first.level == "unit"


def test_two_addresses_in_one_text_settle_nothing() -> None:
    rows = ("18 Tan Street, Stretford, M32 0TH", "18 Oak Street, Stretford, M32 9BB")
    for text in ("18 Tan St or 18 Oak St, Stretford", "2 shops! 18 Tan Street & 18 Oak Street, M32 9BB"):
        why, listed_ = open_answer(text, *rows)
        assert "two addresses" in why and listed_ == {"1", "2"}
    assert "two addresses" in open_answer("18 Tan Street or 7 Elm Street, M32 0TH", *rows)[0], "although the register lists one of them"


def test_the_corner_of_two_streets_is_one_address() -> None:
    corner = "18 Tan Street and 3 Oak Street, M32 0TH"
    assert answers_of(corner, corner, "18 Tan Street, M32 0TH")[0].level != "none"


def test_a_name_at_one_number_and_the_number_of_another_contradict() -> None:
    rows = ({"at": "97 Tan Street, M32 0TH", "name": "Wren Flowers"}, {"at": "101 Tan Street, M32 0TH", "name": "Quill Books"})
    why, listed_ = open_answer("Wren Flowers, 101 Tan Street, M32 0TH", *rows)
    assert "contradiction" in why and "Wren Flowers" in why and "97 Tan Street" in why and listed_ == {"1", "2"}
    for text in ("101 Tan Street, M32 0TH, not Wren Flowers", "101 Tan Street, M32 0TH (facing Wren Flowers)"):
        assert answers_of(text, *rows)[0].reference == "2", "who is named beside it is no contradiction"
    boots = ({"at": "97 Tan Street, M32 0TH", "name": "Boots"}, rows[1])
    assert answers_of("boots and bags 101 Tan Street, M32 0TH", *boots)[0].proposed, "nor is a word of the goods"


@pytest.mark.parametrize(
    "text", ["wa 07700900770 7 tan st stretford", "hoodies £12-14, 7 tan st stretford", "7 tan st stretford open till 8", "7 tan st stretford 2pm"]
)  # fmt: skip
def test_a_phone_a_price_and_an_hour_are_no_doors(text: str) -> None:
    first, *_ = answers_of(
        text, "7 Tan Street, Stretford, M32 0TH", "77 Tan Street, Stretford, M32 0TH", "12-14 Tan Street, Stretford, M32 0TH"
    )
    assert first.reference == "1" and first.level == "unit"


def test_a_parade_is_a_row_of_buildings_and_an_arcade_is_one() -> None:
    assert answers_of("2 Larch Parade, M32 0TH", "2A Larch Parade, M32 0TH", "4 Larch Parade, M32 0TH")[0].level == "none"
    assert answers_of("2 Larch Arcade, M32 0TH", "2A Larch Arcade, M32 0TH", "4 Larch Arcade, M32 0TH")[0].level == "building"
