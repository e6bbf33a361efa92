"""Registers: good files load once, bad ones give one clear sentence or counted rows, and nothing is lost in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from premises.load import load
from premises.registers import kinds
from store.config import ConfigError, Home
from store.errors import StopRun, TouchstoneError
from store.store import Store
from tests.premises.conftest import REGISTERS

HEADER = "Name,Line 1,Line 2,Town,County,Postcode,Telephone\n"
ROW = "Wren Flowers,Unit 3,Larch Parade,Stretford,,M32 0TH,0161 496 0103\n"
FHRS = """<?xml version="1.0" encoding="utf-8"?><FHRSEstablishment><Header><ExtractDate>2024-06-01</ExtractDate></Header>
<EstablishmentCollection><EstablishmentDetail><FHRSID>{id}</FHRSID><BusinessName>Wren Café</BusinessName>
<AddressLine1>Unit 3</AddressLine1><AddressLine2>Larch Parade</AddressLine2><PostCode>M32 0TH</PostCode>
<Geocode><Longitude>-2.28</Longitude><Latitude>53.45</Latitude></Geocode></EstablishmentDetail>{more}</EstablishmentCollection></FHRSEstablishment>"""

BOMB = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)) + "]><x>&a9;</x>"


def rows(store: Store) -> dict[str, int]:
    with store.acting("system", purpose="test") as reader:
        entries = reader.entries_by(postcodes=["M32 0TH", "M33 7ZF", "SK1 3XE"])
    return {"entries": len(entries), "premises": store.counts()["premises"], "snapshots": len(store.register_snapshots())}


def refusals(store: Store) -> list[tuple[int, str, str]]:
    with store.acting("system", purpose="test") as reader:
        return reader.refusals(1)


def test_registers_are_found_by_being_there() -> None:
    assert {"csv", "fhrs"} <= set(kinds())


def test_the_parade_loads_and_loading_again_changes_nothing(kept: Store, home: Home) -> None:
    first = load(kept, home, "fhrs", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    assert first.counts["rows"] == first.counts["new_entries"] > 0 and first.counts["refused"] == 0
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    before = rows(kept)
    for name, file in (("fhrs", "wexcombe_fhrs.xml"), ("units", "wexcombe_units.csv")):
        again = load(kept, home, name, REGISTERS / file, actor="system")
        assert again.counts["new_entries"] == again.counts["new_premises"] == 0
    assert rows(kept) == before
    assert kept.register_snapshots("fhrs")[0].dated == "2024-06-01"


def test_both_registers_name_one_premises_for_one_door(kept: Store, home: Home) -> None:
    load(kept, home, "fhrs", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    with kept.acting("system", purpose="test") as reader:
        doors: dict[str, set[int]] = {}
        for entry, premises, _, _ in reader.entries_by(postcodes=["M32 0TH"]):
            doors.setdefault(entry.name, set()).add(premises)
        [building] = [p for p in reader.premises(postcode="M32 0TH") if p.kind == "building"]
    assert all(len(found) == 1 for found in doors.values()), doors
    assert "Wexcombe Parade" in building.label and "Unit" not in building.label


def test_a_load_that_was_killed_goes_on(kept: Store, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "many.csv"
    file.write_text(
        HEADER + "".join(f"Shop {n},Unit {n},Larch Parade,Stretford,,M32 0TH,\n" if n % 5 else ",,,,,,\n" for n in range(1, 60))
    )
    monkeypatch.setattr("premises.load.BATCH", 7)
    join, calls = kept.join_premises, 0

    def killed(joins: object, run: str) -> int:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return join(joins, run)  # type: ignore[arg-type]

    monkeypatch.setattr(kept, "join_premises", killed)
    with pytest.raises(KeyboardInterrupt):
        load(kept, home, "units", file, actor="system")
    assert rows(kept)["entries"] == 0, "a half-loaded edition is nowhere sought in"
    with kept.acting("system", purpose="test") as reader:
        assert not reader.entries_unjoined(1), "a batch is kept with its premises or not at all"
    result = load(kept, home, "units", file, actor="system")
    assert result.counts["rows"] == 59 and rows(kept)["entries"] == 48 and len(refusals(kept)) == 11


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "0 bytes"),
        (b"Name,Line 1,Town,County,Postcode,Telephone\nA,1 High St,B,C,M32 0TH,\n", "'Line 2'"),
        (HEADER.encode(), "nothing was loaded"),
        ((HEADER + ROW + "Kestrel,Unit 4,Larch").encode(), "breaks off on line 3, after 3 of 7 cells"),
        ((HEADER + ROW + 'Kestrel,"Unit 4').encode(), "breaks off within a quoted cell that begins on line 3"),
        (b"\x1f\x8b\x08\x00broken", "breaks off"),
        (b"\x00\x01\x02 not a table at all", "has no column"),
    ],
)
def test_a_csv_that_cannot_be_read_says_why_and_keeps_nothing(kept: Store, home: Home, tmp_path: Path, body: bytes, says: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(body)
    with pytest.raises(StopRun, match=says) as error:
        load(kept, home, "units", file, actor="system")
    assert "bad.csv" in str(error.value)
    assert rows(kept) == {"entries": 0, "premises": 0, "snapshots": 0}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "0 bytes"),
        (FHRS.format(id=1, more="<Establishment")[:-30].encode(), "not well-formed"),
        (FHRS.format(id=1, more="").encode().replace(b"Caf\xc3\xa9", b"Caf\xe9"), "not well-formed"),
        (b"<html><body>Service unavailable</body></html>", "EstablishmentCollection"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
        (b"<!--" + b" " * 2**20 + b"-->" + BOMB.encode(), "not well-formed"),
        (b'{"establishments": [', "JSON"),
        (gzip.compress(FHRS.format(id=1, more="").encode(), mtime=0)[:60], "breaks off|cannot be read|broken"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 50, "broken"),
    ],
)
def test_an_fhrs_file_that_cannot_be_read_says_why(kept: Store, home: Home, tmp_path: Path, body: bytes, says: str) -> None:
    file = tmp_path / "bad.xml"
    file.write_bytes(body)
    with pytest.raises(StopRun, match=says):
        load(kept, home, "fhrs", file, actor="system")
    assert rows(kept)["snapshots"] == 0


def test_rows_that_cannot_be_taken_are_counted_and_kept(kept: Store, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text(
        HEADER + ROW + ROW + ",Unit 4,Larch Parade,,,M32 0TH,\nNo Address,,,,,M32 0TH,\nShort,Unit 5\nLong,Unit 6,,,,M32 0TH,,,extra\n"
    )
    result = load(kept, home, "units", file, actor="system")
    assert (result.counts["rows"], result.counts["refused"], result.counts["new_entries"]) == (6, 5, 1)
    reasons = [reason for _, reason, _ in refusals(kept)]
    assert reasons == ["says the same as row 2", "no name", "no address", "fewer cells than columns", "more cells than columns"]
    assert all(raw for _, _, raw in refusals(kept))


def test_values_too_long_for_the_store_are_refused_and_the_rest_is_loaded(store: Store, home: Home, tmp_path: Path) -> None:
    """On PostgreSQL one such value stopped the load half-way; on SQLite nothing did. Now both refuse the row."""
    (home.folder / "configs/registers/units.yml").write_text(
        "kind: csv\ntitle: t\nlicence: l\n"
        "columns: {name: Name, address: [Line 1, Town], postcode: Postcode, phone: Telephone, reference: Ref, uprn: UPRN}\n"
    )
    file = tmp_path / "long.csv"
    end = "M32 0TH,0161 496 0103"
    file.write_text(
        "Name,Line 1,Town,Postcode,Telephone,Ref,UPRN\n"
        f"Wren Flowers,Unit 3 Larch Parade,Stretford,{end},1,100012345678\n"
        f"Kestrel,Unit 4 Larch Parade,Stretford,{end},{'9' * 121},\n"
        f"Plover,Unit 5 Larch Parade,Stretford,{end},3,1000123456789\n"
        f"Linnet,Unit 6 Larch Parade,Stretford,M32 0TH (ask at the bar),{'0161 496 0103 ' * 9},4,\n"
        f"Heron,Unit 7 Larch Parade,Stretford,somewhere over there,none,5,\n"
        f"Snipe\x00,Unit 8 Larch Parade,Stretford,{end},6,\n"
    )
    result = load(store, home, "units", file, actor="system")
    assert (result.counts["rows"], result.counts["refused"], result.counts["new_entries"]) == (6, 3, 3)
    reasons = [reason for _, reason, _ in refusals(store)]
    assert [reason.split(", ")[0] for reason in reasons[:2]] == ["reference has 121 characters", "uprn has 13 characters"]
    with store.acting("system", purpose="test") as reader:
        assert {e.name for e, *_ in reader.entries_by(postcodes=["M32 0TH"])} == {"Wren Flowers", "Linnet"}
    assert result.counts["without_postcode"] == 1, "an unreadable postcode, long or short, is left out and the shop kept"


def test_json_may_spell_what_no_database_holds(store: Store, home: Home, tmp_path: Path) -> None:
    shops = [
        {"FHRSID": n, "BusinessName": name, "AddressLine1": "Unit 3", "PostCode": "M32 0TH"}
        for n, name in enumerate(("Wren", "Wr\x00en", "Wr\ud800en", "Wren"), 1)
    ]
    shops[3]["FHRSID"] = "7" * 121
    (tmp_path / "api.json").write_text(json.dumps({"establishments": shops}))
    result = load(store, home, "fhrs", tmp_path / "api.json", actor="system")
    assert (result.counts["refused"], result.counts["new_entries"], len(refusals(store))) == (3, 1, 3)


def test_a_phone_longer_than_any_is_refused_whatever_the_register(
    store: Store, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two kinds that ship normalise phones first; a further kind may not."""
    monkeypatch.setattr("premises.registers.table.phone_of", lambda raw: raw)
    (tmp_path / "long.csv").write_text(HEADER + ROW + f"Kestrel,Unit 4,Larch Parade,Stretford,,M32 0TH,{'1' * 21}\n")
    assert load(store, home, "units", tmp_path / "long.csv", actor="system").counts["new_entries"] == 1
    assert [reason.split(", ")[0] for _, reason, _ in refusals(store)] == ["phone has 21 characters"]


def test_cp1252_and_gzip_are_read(kept: Store, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "council.csv.gz"
    file.write_bytes(gzip.compress((HEADER + ROW.replace("Wren Flowers", "Café Wren – £1 teas")).encode("cp1252")))
    load(kept, home, "units", file, actor="system")
    with kept.acting("system", purpose="test") as reader:
        [(entry, *_)] = reader.entries_by(postcodes=["M32 0TH"])
    assert entry.name == "Café Wren – £1 teas" and entry.phone == "+441614960103"
    assert entry.lat is not None and entry.parts["authority"].startswith("E08")


def test_the_api_and_the_xml_say_the_same(kept: Store, home: Home, tmp_path: Path) -> None:
    api = {
        "establishments": [
            {
                "FHRSID": 7,
                "BusinessName": "Wren Café",
                "AddressLine1": "Unit 3",
                "AddressLine2": "Larch Parade",
                "AddressLine3": "",
                "PostCode": "M32 0TH",
                "Phone": "",
                "geocode": {"longitude": "-2.28", "latitude": "53.45"},
            },
            {"FHRSID": 8},
        ],
        "meta": {"extractDate": "0001-01-01T00:00:00"},
    }
    (tmp_path / "api.json").write_text(json.dumps(api))
    (tmp_path / "file.xml").write_text(
        FHRS.format(id=7, more="<EstablishmentDetail><FHRSID>8</FHRSID></EstablishmentDetail>"), encoding="utf-8"
    )
    for name in ("api.json", "file.xml"):
        assert load(kept, home, "fhrs", tmp_path / name, actor="system").counts["refused"] == 1
    with kept.acting("system", purpose="test") as reader:
        [(entry, premises, kind, _)] = reader.entries_by(postcodes=["M32 0TH"])
        one, two = reader.entries_of(premises)
    assert kind == "unit" and (one.name, one.address_raw, one.lat, one.reference) == (two.name, two.address_raw, two.lat, two.reference)
    assert entry.id == two.id, "the newest snapshot is the one that links are sought in"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_what_spreadsheets_write_is_read(kept: Store, home: Home, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "list.csv").write_bytes((HEADER + ROW.replace("Wren Flowers", "Café Wren")).encode(encoding))
    load(kept, home, "units", tmp_path / "list.csv", actor="system")
    with kept.acting("system", purpose="test") as reader:
        assert [e.name for e, *_ in reader.entries_by(postcodes=["M32 0TH"])] == ["Café Wren"]


def test_a_cell_or_a_line_of_megabytes_is_one_refused_row_in_bounded_memory(kept: Store, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    huge = "x" * 3_000_000
    file.write_text(
        HEADER
        + f"{huge},Unit 3,Larch Parade,,,M32 0TH,\n"
        + "a," * 800_000
        + "\n"
        + ROW
        + f"{'y' * 5_000},Unit 4,Larch Parade,,,M32 0TH,\n"
    )
    assert load(kept, home, "units", file, actor="system").counts["new_entries"] == 1
    found = refusals(kept)
    assert [row for row, *_ in found] == [2, 3, 5] and all(len(raw) <= 2_000 for *_, raw in found)
    assert [reason.split(",")[0] for _, reason, _ in found] == [
        "not CSV: field larger than field limit (131072)",
        "more cells than columns",
        "name has 5000 characters",
    ]


def test_a_zip_has_one_list_in_it(kept: Store, home: Home, tmp_path: Path) -> None:
    import zipfile

    def packed(**files: str) -> Path:
        with zipfile.ZipFile(tmp_path / "list.zip", "w") as made:
            for name, text in files.items():
                made.writestr(name.replace("_", "."), text)
        return tmp_path / "list.zip"

    assert load(kept, home, "units", packed(units_csv=HEADER + ROW, licence_txt="OGL"), actor="system").counts["new_entries"] == 1
    for wrong in ({"a_csv": HEADER, "b_csv": HEADER}, {"workbook_xml": "x", "sheet_xml": "y"}):
        with pytest.raises(StopRun, match=r"list.zip: a zip of 2 files"):
            load(kept, home, "units", packed(**wrong), actor="system")
    cut = packed(units_csv=HEADER + ROW).read_bytes()[:80]
    (tmp_path / "list.zip").write_bytes(cut)
    with pytest.raises(StopRun, match="cannot be unpacked"):
        load(kept, home, "units", tmp_path / "list.zip", actor="system")


def test_references_are_told_apart_past_what_memory_is_kept_for_them() -> None:
    from store.once import Once

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.once.CACHE_KB", 16)
        with Once() as once:
            keys = [f"{n * 7919 % 5_000:020}" for n in range(5_000)]  # 100 kB of them, in no order
            assert [once.first(key, row) for row, key in enumerate(keys)] == list(range(5_000))
            assert [once.first(key, 9_999) for key in keys] == list(range(5_000))


def test_addresses_are_split_by_other_processes_with_the_same_outcome(kept: Store, home: Home, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    (tmp_path / "many.csv").write_text(HEADER + "".join(f"Shop {n},Unit {n},Larch Parade,Stretford,,M32 0TH,\n" for n in range(1, 60)))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(3) as executor:
        patch.setattr("premises.load.BATCH", 7)
        counts = load(kept, home, "units", tmp_path / "many.csv", actor="system", executor=executor).counts
    assert counts["new_entries"] == 59 and counts["new_premises"] == 60
    with kept.acting("system", purpose="test") as reader:
        assert [e.row for e, *_ in reader.entries_by(postcodes=["M32 0TH"])] == list(range(2, 61))


def test_an_unknown_register_or_key_is_refused_by_name(kept: Store, home: Home, tmp_path: Path) -> None:
    with pytest.raises(StopRun, match=r"no register 'unit'.*units"):
        load(kept, home, "unit", REGISTERS / "wexcombe_units.csv", actor="system")
    (home.folder / "configs/registers/units.yml").write_text("kind: csv\ntitel: x\nlicence: y\n")
    with pytest.raises(ConfigError, match="title"):
        load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    (home.folder / "configs/registers/units.yml").write_text("kind: paper\ntitle: x\nlicence: y\n")
    with pytest.raises(TouchstoneError, match="kind 'paper'"):
        load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")


@pytest.mark.slow
def test_the_real_hmrc_list(kept: Store, home: Home, shared: Path) -> None:
    """43,738 real rows: 102 repeat another, ten of them but for blanks at the ends of cells; six have no postcode that can be read."""
    file = shared / "data/premises/hmrc_eat_out_2020.csv.gz"
    result = load(kept, home, "hmrc_eat_out_2020", file, actor="system")
    assert (result.counts["rows"], result.counts["refused"], result.counts["new_entries"]) == (43_738, 102, 43_636)
    assert result.counts["without_postcode"] <= 10
    again = load(kept, home, "hmrc_eat_out_2020", file, actor="system")
    assert again.counts["new_entries"] == again.counts["new_premises"] == 0
