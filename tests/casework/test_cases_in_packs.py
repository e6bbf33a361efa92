"""What people recorded of a case in its pack: rows by kind, custody, what is held back, and that its own verify.py finds what is changed in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import casework.verify as verifier
from casework import exhibits
from casework.casefile import Told, record, withdraw
from casework.export import ExportResult, export
from store.words.casefile import EntryKind
from tests.casework.packs import CASE, World, build
from tests.casework.tamper import edit_rows, reseal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, ExportResult]:
    world = build(tmp_path_factory.mktemp("world"))

    def told(kind: EntryKind, when: str = "", **body: Any) -> int:
        return record(world.store, world.home, Told(CASE, kind, body, when), by="a.officer").row.number or 0

    body = {"what": "leather belts", "quantity": 40, "found_at": "rail by the till", "bag": "A0012345"}
    exhibits.add_item(world.store, world.home, CASE, body, "4/11/2026 10:40", "BR", by="b.officer")
    suspect = told(
        EntryKind.person, name="C. Trader (fictional)", category="suspect", basis="sold them", born="1980-01-31", exhibits=("BR1",)
    )
    told(EntryKind.person, name="D. Buyer (fictional)", category="witness", basis="bought one", born="1990-05-05", address="9 Quiet Row")
    told(EntryKind.connection, person=suspect, seller=1, says="signed for the parcel", captures=(world.captures[0].id,))
    wrong = told(EntryKind.premises, premises=1, role="sold from", source="visit")
    withdraw(world.store, world.home, CASE, wrong, by="a.officer", why="the unit next door")
    told(EntryKind.offence, act="sells_or_lets", mark="MAISON LOZENGE", goods="belts", persons=(suspect,))
    told(EntryKind.incident, "4/11/2026", what="bags carried in", said_by="A. Officer", persons=(suspect,))
    told(EntryKind.outcome, "5/11/2026", outcome="warning", decided_by="B. Manager", risk_reason="a new trader", persons=(suspect,))
    told(EntryKind.custody, "6/11/2026", exhibit="BR1", act="handed_over", by="b.officer", taker="E. Examiner", why="examination")
    exhibits.withdraw(world.store, world.home, CASE, "AB2", by="a.officer", why="of another matter")
    out = tmp_path_factory.mktemp("packs") / "pack"
    return world, export(world.store, world.home, CASE, out, actor="a.officer", justification="a test", zipped=False)


def rows(made: tuple[World, ExportResult], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made[1].folder / "data" / "rows" / f"{name}.jsonl").read_text().splitlines()]


def test_a_pack_has_what_people_recorded_each_kind_in_its_file(made: tuple[World, ExportResult]) -> None:
    assert verifier.verify(made[1].folder, made[1].head).accepted
    [offence] = rows(made, "offences")
    [suspect, _] = rows(made, "persons")
    assert (
        offence["persons"] == [suspect["id"]] and offence["law"] == "Trade Marks Act 1994 s.92(1)(b)" and "owner" in offence["not_stated"]
    )
    assert (suspect["born"], suspect["held_back"]) == ("1980-01-31", [])
    assert [r["seller"] for r in rows(made, "connections")] == [1] and [r["what"] for r in rows(made, "incidents")] == ["bags carried in"]
    assert [r["outcome"] for r in rows(made, "outcomes")] == ["warning"] and [r["quantity"] for r in rows(made, "items")] == [40]
    first, last = rows(made, "places")
    assert first["superseded_by"] == last["id"] and last["withdrawn"] and last["why"] == "the unit next door"


def test_where_a_witness_lives_is_in_no_file_of_a_pack(made: tuple[World, ExportResult]) -> None:
    witness = rows(made, "persons")[1]
    assert witness["held_back"] == ["born", "address"] and "born" not in witness and "address" not in witness
    everything = b"".join(p.read_bytes() for p in made[1].folder.rglob("*") if p.is_file())
    assert b"D. Buyer" in everything and b"Quiet Row" not in everything and b"1990-05-05" not in everything


def test_a_pack_has_the_custody_of_each_exhibit_and_what_in_it_does_not_follow(made: tuple[World, ExportResult]) -> None:
    of = {row["id"]: row["number"] for row in rows(made, "exhibits")}
    steps = rows(made, "custody")
    goods = [(s["act"], s["by"], s["bag"]) for s in steps if of[s["exhibit"]] == "BR1"]
    assert goods == [("seized", "b.officer", ""), ("sealed", "b.officer", "A0012345"), ("handed_over", "b.officer", "")]
    assert [g["says"] for g in rows(made, "custody_gaps")] == [
        "it was handed over to E. Examiner, and that they received it is not recorded"
    ]
    digital = [s["says"] for s in steps if of[s["exhibit"]] == "AB1"]
    assert digital[-1] == "made exhibit AB1" and len(digital) > 3 and all(said.endswith("collected") for said in digital[:-1])
    readme = (made[1].folder / "data" / "README.html").read_text()
    assert (
        "BR1: it was handed over to E. Examiner" in readme
        and "No machine named a person" in readme
        and "Not stated: register number" in readme
    )


def test_what_a_withdrawn_exhibit_rests_on_is_not_in_the_pack_and_its_number_is(made: tuple[World, ExportResult]) -> None:
    [gone] = [row for row in rows(made, "exhibits") if row["withdrawn"]]
    assert (gone["number"], gone["withdrawn"]) == ("AB2", "of another matter") and gone["subject"] not in {
        r["id"] for r in rows(made, "listings")
    }
    absent = json.loads((made[1].folder / "data" / "gaps.json").read_text())["not_in_pack"]
    assert "the exhibit was withdrawn: of another matter" in [gap["why"] for gap in absent]


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "an offence of nobody": ("offences", lambda r: r.update(persons=[999]), "its persons 999 is not in data/rows/persons.jsonl"),
    "a person more": ("outcomes", lambda r: r["persons"].append(998), "its persons 998 is not in data/rows/persons.jsonl"),
    "custody of nothing": ("custody", lambda r: r.update(exhibit=997), "its exhibit 997 is not in data/rows/exhibits.jsonl"),
    "a correction of nothing": ("places", lambda r: r.update(number=996), "its number 996 is not in data/rows/places.jsonl"),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_a_row_that_names_what_is_not_there_is_found_though_every_digest_was_made_again(
    made: tuple[World, ExportResult], tmp_path: Path, what: str
) -> None:
    import shutil

    name, change, said = CHANGES[what]
    copy = tmp_path / "copy"
    shutil.copytree(made[1].folder, copy)
    edit_rows(copy, f"data/rows/{name}.jsonl", lambda found: change(found[0]))
    reseal(copy)
    problems = [str(problem) for problem in verifier.verify(copy).problems]
    assert any(said in problem for problem in problems), problems
