"""Two editions of a register: what opened, closed, moved and changed its name, and that a confirmed link outlives all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from casework.commands.registers import app
from premises.load import load
from premises.run import run
from store.config import Home
from store.errors import StopRun
from store.registers import CHANGES
from store.store import Store
from store.words.records import SubjectKind, Verdict
from tests.builders import Builder, as_of

UNITS = """kind: csv
title: Units (invented)
licence: invented
columns: {reference: Ref, name: Name, address: [Unit, Street], postcode: Postcode, details: {status: Status}}
"""
HEADER = "Ref,Name,Unit,Street,Postcode,Status\n"
JANUARY = """1,Wren Flowers,Unit 3,Larch Parade,M32 0TH,open
2,Kestrel Shoes,Unit 4,Larch Parade,M32 0TH,open
3,Plover Bags,Unit 5,Larch Parade,M32 0TH,open
4,Linnet Ltd,Unit 6,Larch Parade,M32 0TH,open
"""
FEBRUARY = """1,Wren Flowers,Unit 9,Larch Parade,M32 0TH,open
2,Merlin Shoes,Unit 4,Larch Parade,M32 0TH,open
4,Linnet Ltd,Unit 6,Larch Pde,M32 0TH,in liquidation
5,Heron Books,Unit 7,Larch Parade,M32 0TH,open
"""


def edition(store: Store, home: Home, rows: str, name: str = "units") -> int:
    (home.folder / "configs/registers/units.yml").write_text(UNITS)
    (home.folder / "units.csv").write_text(HEADER + rows)
    load(store, home, name, home.folder / "units.csv", actor="system")
    return store.register_snapshots(name)[-1].id


def changes(store: Store, before: int, after: int) -> dict[str, list[str]]:
    """kind → references; each list as long as the count says."""
    counts = store.register_change_counts(before, after)
    with store.acting("system", purpose="test") as reader:
        found = {kind: [c.reference for c in reader.register_changes(kind, before, after)] for kind in CHANGES}
    assert counts == {kind: len(listed) for kind, listed in found.items()}
    return found


def test_two_editions_say_what_opened_closed_moved_and_changed_its_name(store: Store, home: Home) -> None:
    january, february = edition(store, home, JANUARY), edition(store, home, FEBRUARY)
    assert changes(store, january, february) == {"opened": ["5"], "closed": ["3"], "moved": ["1"], "renamed": ["2"], "otherwise": ["4"]}
    assert changes(store, february, january)["opened"] == ["3"]
    assert not any(changes(store, january, january).values())
    with store.acting("system", purpose="test") as reader:
        [moved] = reader.register_changes("moved", january, february)
        [closed] = reader.register_changes("closed", january, february)
    assert moved.was and moved.now and (moved.was.parts["unit"], moved.now.parts["unit"]) == ("3", "9")
    assert moved.premises_was != moved.premises_now and closed.now is None and closed.premises_now is None


def test_what_is_written_otherwise_is_renamed_on_every_database_alike(store: Store, home: Home) -> None:
    one = edition(store, home, "1,Café Élan,Unit 3,Larch Parade,M32 0TH,open\n2,Kestrel Shoes,Unit 4,Larch Parade,M32 0TH,open\n")
    two = edition(store, home, "1,CAFÉ ÉLAN,Unit 3,Larch Parade,M32 0TH,open\n2,KESTREL SHOES,Unit 4,Larch Parade,M32 0TH,open\n")
    assert changes(store, one, two) == {"opened": [], "closed": [], "moved": [], "renamed": ["1", "2"], "otherwise": []}


def test_an_edition_of_before_details_were_kept_says_nothing_otherwise(store: Store, home: Home) -> None:
    one, two = edition(store, home, JANUARY), edition(store, home, FEBRUARY)
    with store.database.writing() as c:
        c.execute(text("UPDATE register_entry SET details_json = '{}' WHERE register_snapshot = :one AND reference <> '2'"), {"one": one})
        c.execute(
            text("""UPDATE register_entry SET details_json = '{"status":"shut"}' WHERE register_snapshot = :one AND reference = '2'"""),
            {"one": one},
        )
    assert changes(store, one, two)["otherwise"] == ["2"]


def many(first: int, count: int, name: str = "Shop") -> str:
    return "".join(f"{n},{name} {n},Unit {n},Larch Parade,M32 0TH,open\n" for n in range(first, first + count))


def test_another_councils_list_does_not_push_out_the_one_under_its_name(sqlite_store: Store, home: Home) -> None:
    here = edition(sqlite_store, home, many(1, 60))
    before = sqlite_store.counts()
    with pytest.raises(StopRun, match=r"5 of its 70 references.*units_NAME.yml with `kind: csv`.*--anyway. Nothing was loaded"):
        edition(sqlite_store, home, many(56, 70))
    assert sqlite_store.counts() == before and sqlite_store.newest_snapshots() == [here]
    (home.folder / "configs/registers/units_there.yml").write_text(UNITS)
    there = edition(sqlite_store, home, many(56, 70), "units_there")
    assert sqlite_store.newest_snapshots() == [here, there]
    again = load(sqlite_store, home, "units", home.folder / "units.csv", actor="system", anyway=True)
    assert again.counts["new_entries"] == 70
    edition(sqlite_store, home, many(1, 60))  # the same bytes as at first: nothing to refuse, nothing to load
    assert len(sqlite_store.register_snapshots("units")) == 2


@pytest.mark.parametrize(("first", "count"), [(55, 200), (1, 49), (1001, 49), (60, 60), (1, 5000)])
def test_an_edition_that_shares_a_tenth_of_the_smaller_or_is_small_is_loaded(
    sqlite_store: Store, home: Home, first: int, count: int
) -> None:
    edition(sqlite_store, home, many(1, 60 if first != 60 else 65))
    two = edition(sqlite_store, home, many(first, count))
    assert sqlite_store.newest_snapshots() == [two] and sqlite_store.register_snapshots()[-1].whole


def test_a_load_that_was_killed_as_it_began_is_no_whole_edition(store: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    one = edition(store, home, JANUARY)
    begin = store.begin_register

    def killed(*given: Any, **more: Any) -> tuple[int, bool]:
        begin(*given, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "begin_register", killed)
        with pytest.raises(KeyboardInterrupt):
            edition(store, home, FEBRUARY)
    assert store.newest_snapshots() == [one] and [s.whole for s in store.register_snapshots()] == [True, False]
    edition(store, home, FEBRUARY)
    assert [s.whole for s in store.register_snapshots()] == [True, True]


def test_a_list_is_cut_short_and_its_count_is_not(sqlite_store: Store, home: Home) -> None:
    one = edition(sqlite_store, home, JANUARY)
    two = edition(sqlite_store, home, "9,New,Unit 1,Larch Parade,M32 0TH,open\n")
    with sqlite_store.acting("system", purpose="test") as reader:
        assert [c.reference for c in reader.register_changes("closed", one, two, limit=2)] == ["1", "2"]
    assert sqlite_store.register_change_counts(one, two)["closed"] == 4


def test_a_monthly_load_keeps_every_confirmed_link_and_says_which_to_look_at(store: Store, home: Home) -> None:
    january = edition(store, home, JANUARY)
    build = Builder(store)
    for ref, name, unit in (("a", "Wren Flowers", 3), ("b", "Kestrel Shoes", 4), ("c", "Plover Bags", 5), ("d", "Linnet Ltd", 6)):
        build.listing(ref, title="bag", text="", seller=ref, seller_name=name, place=f"Unit {unit}, Larch Parade, M32 0TH")
    build.close()
    run(store, home)
    with store.acting("officer", purpose="test") as reader:
        links = {link.subject: link for link in reader.links() if link.object_kind is SubjectKind.premises}
    assert len(links) == 4 and all(link.level == "unit" for link in links.values())
    judged = {subject: link for subject, link in links.items() if subject != 4}
    for link in judged.values():
        store.judge(SubjectKind.link, link.id or 0, Verdict.yes, actor="officer", authority="demo", reason="seen there")

    february = edition(store, home, FEBRUARY)
    run(store, home)
    with store.acting("officer", purpose="test") as reader:
        now = {link.subject: link for link in reader.links() if link.status == "confirmed"}
        touched = reader.links_touched(january, february)
        places = {p.id: p.label for p in reader.premises()}
    assert {s: (link.object, link.level) for s, link in now.items()} == {s: (link.object, "unit") for s, link in judged.items()}
    assert [(t.was.name, t.change, t.premises) for t in touched] == [
        ("Wren Flowers", "moved", links[1].object),
        ("Plover Bags", "closed", links[3].object),
    ], "one that only changed its name, and one nobody confirmed, are not in it"
    assert touched[1].premises_now is None and "Unit 9" in places[touched[0].premises_now or 0]
    assert not store.verify()


def test_editions_that_cannot_be_compared_are_named(sqlite_store: Store, home: Home) -> None:
    with pytest.raises(StopRun, match=r"two snapshots of 'units' are needed.*none"):
        sqlite_store.two_editions("units")
    one = edition(sqlite_store, home, JANUARY)
    with pytest.raises(StopRun, match=f"loaded: {one}"):
        sqlite_store.two_editions("units")
    two = edition(sqlite_store, home, FEBRUARY)
    assert [s.id for s in sqlite_store.two_editions("units")] == [one, two] == [s.id for s in sqlite_store.two_editions("units", after=two)]
    with pytest.raises(StopRun, match="no loaded snapshot 77"):
        sqlite_store.two_editions("units", 77)


def test_an_edition_that_only_half_is_there_is_nowhere_sought_in(store: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    one = edition(store, home, JANUARY)
    monkeypatch.setattr("premises.load.BATCH", 2)
    keep, calls = store.keep_rows, []

    def killed(*given: object) -> int:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "keep_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        edition(store, home, FEBRUARY)
    assert store.newest_snapshots() == [one]
    with store.acting("system", purpose="test") as reader:
        found = reader.entries_by(postcodes=["M32 0TH"])
        assert {e.name for e, *_ in found} >= {"Plover Bags"}
        places = {premises for _, premises, *_ in found}
        of_many = {e.id for each in reader.entries_of_many(places).values() for e in each}
        assert of_many == {e.id for e, *_ in found} == {e.id for _, e in reader.entries_of_registers(["units"])}
    two = edition(store, home, FEBRUARY)
    assert store.newest_snapshots() == [two] and changes(store, one, two)["closed"] == ["3"]
    with store.acting("system", purpose="test") as reader:
        assert {e.id for each in reader.entries_of_many(places).values() for e in each} > of_many, "now both editions"
        newest = {e.id for each in reader.entries_of_many(places, newest=True).values() for e in each}
        assert newest and not newest & of_many


def test_the_command_counts_lists_and_warns(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_ACTOR", "tester")
    with Store.open(home) as store:
        edition(store, home, JANUARY)
        edition(store, home, FEBRUARY)
    said = CliRunner().invoke(app, ["diff", "units", "--home", str(home.folder)], catch_exceptions=False).output
    assert "1 closed: listed in the older edition only" in said and "Unit 9" in said and "No confirmed link" in said
    out = CliRunner().invoke(app, ["diff", "units", "--from", "2", "--to", "1", "--json", "--home", str(home.folder)]).output
    found = json.loads(out)
    assert found["counts"] == {"opened": 1, "closed": 1, "moved": 1, "renamed": 1, "otherwise": 1}
    assert found["changes"]["opened"][0]["now"]["name"] == "Plover Bags" and found["confirmed_links"] == []
    with Store.open(home) as store:
        assert [e.body["purpose"] for e in store.log() if e.body["verb"] == "consultation"] == ["register diff"] * 2


def test_the_list_says_which_load_has_ended(home: Home) -> None:
    with Store.open(home) as store:
        edition(store, home, JANUARY)
        run_id = store.begin_run("register", actor="system", authority="demo", code_version="", config_digest="").id
        store.begin_register("units", "y" * 64, dated="", licence="", rows=1, refused=0, run=run_id, begun=True)
    found = json.loads(CliRunner().invoke(app, ["list", "--json", "--home", str(home.folder)], catch_exceptions=False).output)
    assert [one["whole"] for one in found] == [True, False]
    said = CliRunner().invoke(app, ["list", "--home", str(home.folder)], env={"COLUMNS": "240"}, catch_exceptions=False).output
    assert said.count("not ended: load it again") == 1


def test_a_store_of_before_keeps_its_entries_and_finds_them(store_url: str, tmp_path: Path) -> None:
    store = Store(store_url, tmp_path / "archive")
    with as_of(store, "0008") as c:
        for statement in (
            "INSERT INTO run (id, pass_name, actor, authority, code_version, config_digest, started_at) VALUES ('r', 'register', 'system', 'demo', '', '', '2026-01-01')",
            "INSERT INTO register_snapshot (register, file_digest, dated, licence, rows, refused, run, at) VALUES ('units', 'x', '', '', 1, 0, 'r', '2026-01-01 00:00:00.000000')",
            "INSERT INTO register_entry (register_snapshot, register, reference, name, name_key, address_raw, parts_json, postcode, row)"
            " VALUES (1, 'units', '1', 'Wren', 'wren', 'Unit 3', '{}', 'M32 0TH', 2)",
            "INSERT INTO premises (kind, label, key, postcode, added_at) VALUES ('unit', 'Unit 3', 'k', 'M32 0TH', '2026-01-01 00:00:00.000000')",
            "INSERT INTO premises_entry (premises, register_entry, run) VALUES (1, 1, 'r')",
        ):
            c.execute(text(statement))
    store.migrate()
    with store.acting("system", purpose="test") as reader:
        [(entry, premises, kind, _)] = reader.entries_by(name_keys=["wren"])
    assert (entry.name, entry.details, premises, kind, store.newest_snapshots()) == ("Wren", {}, 1, "unit", [1])
    store.close()
