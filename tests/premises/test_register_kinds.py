"""Each kind of register in its published layout, with invented businesses: what is kept of a row, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from premises.load import load
from premises.registers import date_of, dated_by_name, uprn_of
from store.config import Home, defaults_folder
from store.errors import StopRun
from store.store import Store
from store.words.records import RegisterEntry

DOCS = Path(__file__).resolve().parents[2] / "docs" / "registers.md"
NAMES = [
    *["CompanyName", " CompanyNumber", "RegAddress.CareOf", "RegAddress.POBox", "RegAddress.AddressLine1", " RegAddress.AddressLine2", "RegAddress.PostTown"],
    *["RegAddress.County", "RegAddress.Country", "RegAddress.PostCode", "CompanyCategory", "CompanyStatus", "CountryOfOrigin", "DissolutionDate", "IncorporationDate"],
    *["Accounts.AccountRefDay", "Accounts.AccountRefMonth", "Accounts.NextDueDate", "Accounts.LastMadeUpDate", "Accounts.AccountCategory"],
    *["Returns.NextDueDate", "Returns.LastMadeUpDate", "Mortgages.NumMortCharges", "Mortgages.NumMortOutstanding", "Mortgages.NumMortPartSatisfied"],
    *["Mortgages.NumMortSatisfied", "SICCode.SicText_1", "SICCode.SicText_2", "SICCode.SicText_3", "SICCode.SicText_4"],
    *["LimitedPartnerships.NumGenPartners", "LimitedPartnerships.NumLimPartners", "URI"],
    *(f"PreviousName_{n}.CONDATE| PreviousName_{n}.CompanyName" for n in range(1, 11)),
    *["ConfStmtNextDueDate", " ConfStmtLastMadeUpDate"],
]  # fmt: skip
HEADER = ",".join(NAMES).replace("|", ",")
COLUMNS = [name.strip() for name in HEADER.split(",")]


def company(**cells: str) -> str:
    """A row of the layout; `_` in a name stands for a point but in SicText_1 and the like."""
    given = {
        "CompanyName": "WREN & MOSS LTD",
        "CompanyNumber": "01234567",
        "RegAddress.AddressLine1": "UNIT 3 LARCH PARADE",
        "RegAddress.PostCode": "M32 0TH",
    }
    given |= {name.replace("__", "."): value for name, value in cells.items()}
    assert set(given) <= set(COLUMNS)
    return ",".join(f'"{given.get(name, "")}"' for name in COLUMNS) + "\n"


def shipped(home: Home, name: str) -> None:
    (home.folder / f"configs/registers/{name}.yml").write_bytes((defaults_folder() / f"registers/{name}.yml").read_bytes())


def entries(store: Store, *postcodes: str) -> list[RegisterEntry]:
    with store.acting("system", purpose="test") as reader:
        return [entry for entry, *_ in reader.entries_by(postcodes=postcodes or ["M32 0TH"])]


def refusals(store: Store, snapshot: int = 1) -> list[tuple[int, str]]:
    with store.acting("system", purpose="test") as reader:
        return [(row, reason) for row, reason, _ in reader.refusals(snapshot)]


# -- Companies House -----------------------------------------------------------------------------------------------------


def test_the_layout_has_55_columns() -> None:
    assert len(COLUMNS) == 55 and COLUMNS[-1] == "ConfStmtLastMadeUpDate"


def test_a_company_is_kept_with_its_status_codes_and_former_names(store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "companies_house")
    file = tmp_path / "BasicCompanyDataAsOneFile-2026-09-01.csv"
    row = company(
        CompanyNumber="1234567",
        CompanyStatus="Active - Proposal to Strike off",
        IncorporationDate="29/06/2011",
        SICCode__SicText_1="47710 - Retail sale of clothing in specialised stores",
        SICCode__SicText_2="99999 - Dormant Company",
        PreviousName_1__CONDATE="01/02/2015",
        PreviousName_1__CompanyName="KESTREL TRADING LTD",
        RegAddress__CareOf="A. N. AGENT",
        RegAddress__Country="ENGLAND",
    )
    file.write_text(HEADER + "\n" + row)
    load(store, home, "companies_house", file, actor="system")
    [entry] = entries(store)
    assert (entry.reference, entry.name, entry.address_raw) == ("01234567", "WREN & MOSS LTD", "UNIT 3 LARCH PARADE, M32 0TH")
    assert (entry.parts["unit"], entry.parts["building"]) == ("3", "larch parade")
    assert entry.details == {
        "status": "Active - Proposal to Strike off",
        "incorporated": "2011-06-29",
        "sic": ["47710 - Retail sale of clothing in specialised stores", "99999 - Dormant Company"],
        "previous_names": [{"name": "KESTREL TRADING LTD", "until": "2015-02-01"}],
        "care_of": "A. N. AGENT",
        "country": "ENGLAND",
    }
    assert store.register_snapshots()[0].dated == "2026-09-01"


def test_rows_of_no_company_are_refused_with_their_line(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "companies_house")
    file = tmp_path / "companies.csv"
    good = company()
    bad = [
        company(CompanyNumber=""), company(CompanyNumber="12X"), company(CompanyName="", CompanyNumber="2"), good,
        company(CompanyNumber="3", RegAddress__AddressLine1="", RegAddress__PostCode=""), good[:-4] + "\n", '"WREN"S","01234568"' + "\n",
    ]  # fmt: skip
    file.write_text(HEADER + "\n" + good + "".join(bad))
    assert load(sqlite_store, home, "companies_house", file, actor="system").counts["new_entries"] == 1
    numbers = "no company number of eight characters"
    assert refusals(sqlite_store) == [
        (3, numbers), (4, numbers), (5, "no name"), (6, "has the reference of row 2"), (7, "no address"), (8, "fewer cells than columns"),
        (9, "not CSV: ',' expected after '\"'"),
    ]  # fmt: skip


def test_a_file_of_other_columns_names_those_that_are_missing(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "companies_house")
    (tmp_path / "other.csv").write_text(HEADER.replace("CompanyStatus,", "") + "\n" + company())
    with pytest.raises(StopRun, match=r"other.csv: has no column 'CompanyStatus'; its columns are 'CompanyName', 'CompanyNumber'"):
        load(sqlite_store, home, "companies_house", tmp_path / "other.csv", actor="system")
    assert not sqlite_store.register_snapshots()


def test_every_form_of_number_that_is_published_is_loaded(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "companies_house")
    forms = {
        "1234567": "01234567",
        "SC1234": "SC001234",
        "oc 300001": "OC300001",
        **{n: n for n in ("IP12345R", "R0000123", "RS007IPS", "OE000001")},
    }
    (tmp_path / "companies.csv").write_text(HEADER + "\n" + "".join(company(CompanyNumber=number) for number in forms))
    assert load(sqlite_store, home, "companies_house", tmp_path / "companies.csv", actor="system").counts["refused"] == 0
    assert {sqlite_store.references_known(1, [number]) for number in forms.values()} == {1}


# -- the rating list -----------------------------------------------------------------------------------------------------


def hereditament(uarn: str = "900000001", firm: str = "", **at: str) -> str:
    fields = [""] * 28
    fields[0], fields[1], fields[3], fields[4], fields[5] = "1", "4245", "0001", "CS", "SHOP AND PREMISES"
    fields[6], fields[7], fields[8] = uarn, at.get("address", "UNIT 3, LARCH PARADE, STRETFORD"), firm
    fields[14], fields[17], fields[21], fields[26] = "M32 0TH", "11250", "249G", "01-APR-2023"
    return "*".join(fields) + "*\n"


def test_a_hereditament_is_kept_with_what_it_is_valued_as(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "voa_rating_list")
    file = tmp_path / "uk-englandwales-ndr-2023-listentries-compiled-epoch-0022-baseline-csv.csv"
    file.write_bytes(
        (
            hereditament(firm='THE "CAFÉ"') + "2*4245*broken\nin two*\n" + hereditament(uarn="900000002", address="UNIT 4, LARCH PARADE")
        ).encode("cp1252")
    )
    load(sqlite_store, home, "voa_rating_list", file, actor="system")
    named, nameless = entries(sqlite_store)
    assert (named.name, named.reference, named.details["description"], named.details["from"]) == (
        'THE "CAFÉ"',
        "900000001",
        "SHOP AND PREMISES",
        "2023-04-01",
    )
    assert nameless.name == "" and nameless.parts["unit"] == "4" and nameless.details["rateable_value"] == "11250"
    assert refusals(sqlite_store) == [(2, "3 fields, not 28"), (3, "2 fields, not 28")]


def test_nameless_doors_of_a_street_without_numbers_are_not_one_place(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "voa_rating_list")
    (tmp_path / "list.csv").write_text("".join(hereditament(uarn=str(n), address="LARCH ROAD, STRETFORD") for n in (1, 2)))
    load(sqlite_store, home, "voa_rating_list", tmp_path / "list.csv", actor="system")
    with sqlite_store.acting("system", purpose="test") as reader:
        assert len({premises for _, premises, *_ in reader.entries_by(postcodes=["M32 0TH"])}) == 2


def test_another_file_of_the_agency_is_told_at_its_first_line(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    shipped(home, "voa_rating_list")
    (tmp_path / "summary.csv").write_text("01*26641211000*900000001*4245\n02*1*Ground*Retail zone A\n")
    with pytest.raises(StopRun, match=r"summary.csv: line 1 is no list entry: 4 fields"):
        load(sqlite_store, home, "voa_rating_list", tmp_path / "summary.csv", actor="system")


# -- local authority lists -----------------------------------------------------------------------------------------------


def examples() -> dict[str, str]:
    """The registers that docs/registers.md shows in YAML, by the file's name in their first line."""
    found = re.findall(r"```yaml\n(# configs/registers/([a-z_]+)\.yml[^\n]*\n.*?)```", DOCS.read_text(), re.S)
    return {name: text for text, name in found}


LISTS = {
    "market_stalls": "Stall,Stall as written,Hall,Postcode,Trader,Goods\n7,Stall 7,Tannery Market Hall,M33 7ZF,Tannery Treats,Sweets\n8,Stall 8,Tannery Market Hall,M33 7ZF,,\n",
    "closure_orders": "Order,Address,Postcode,From,Until,Occupier,Owner\nCO1,14C Wexcombe Parade,M32 0TH,1st June 2026,31/08/2026,A. Trader (fictional),Larch Lettings\n",
    "licensed_premises": "Licence,Premises,Address,Postcode,Holder,Granted,Activity\nP7,The Moss,2 Larch Road,M32 0TH,Moss Ltd,2024-02-03,Sale of alcohol\n",
    "landlords": "Ref,Property,Postcode,Landlord,Begins,Ends\nL1,31 Larch Road,M32 0TH,Larch Lettings,01/01/2024,\nL2,33 Larch Road,M32 0TH,Larch Lettings,soon,\n",
}


def test_the_docs_lists_of_an_authority_load_as_they_stand(store: Store, home: Home, tmp_path: Path) -> None:
    assert set(LISTS) <= set(examples())
    for name, text in LISTS.items():
        (home.folder / f"configs/registers/{name}.yml").write_text(examples()[name])
        (tmp_path / f"{name}.csv").write_text(text)
        load(store, home, name, tmp_path / f"{name}.csv", actor="system")
    found = {(e.register, e.reference): e for e in entries(store, "M32 0TH", "M33 7ZF")}
    order = found["closure_orders", "CO1"]
    assert order.name == "A. Trader (fictional)" and order.parts["unit"] == "14c"
    assert order.details == {
        "fact": "closure_order", "from": "2026-06-01", "until": "2026-08-31", "landlord": "Larch Lettings", "occupier": "A. Trader (fictional)"
    }  # fmt: skip
    stalls = [e for e in found.values() if e.register == "market_stalls"]
    assert [(e.name, e.parts["unit"], e.parts["unit_kind"]) for e in stalls] == [("Tannery Treats", "7", "stall"), ("", "8", "stall")]
    assert stalls[0].details == {"fact": "stall", "trade": "Sweets", "occupier": "Tannery Treats"}
    assert found["licensed_premises", "P7"].details["from"] == "2024-02-03"
    assert found["landlords", "L1"].details["landlord"] == "Larch Lettings" and ("landlords", "L2") not in found
    assert refusals(store, 4) == [(3, "from: 'soon' is no date")]


def test_a_list_that_does_not_say_what_its_rows_state_is_refused(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    (home.folder / "configs/registers/orders.yml").write_text("kind: authority_list\ntitle: t\nlicence: l\ncolumns: {address: Address}\n")
    (tmp_path / "orders.csv").write_text("Address\n1 Larch Road\n")
    with pytest.raises(StopRun, match="`fact:`"):
        load(sqlite_store, home, "orders", tmp_path / "orders.csv", actor="system")


@pytest.mark.parametrize(
    ("raw", "date"),
    [("29/06/2011", "2011-06-29"), ("01-APR-2023", "2023-04-01"), ("1st May 2026", "2026-05-01"), ("2026-5-1", "2026-05-01"), ("2019-11-02T00:00:00", "2019-11-02"), ("31/02/2026", None), ("06/2026", None), ("", None)],
)  # fmt: skip
def test_dates_are_read_the_british_way(raw: str, date: str | None) -> None:
    assert date_of(raw) == date


# -- OpenStreetMap -------------------------------------------------------------------------------------------------------

MAP = """<?xml version='1.0' encoding='UTF-8'?><osm version="0.6">
<node id="1" lat="53.4500" lon="-2.2800"><tag k="shop" v="clothes"/><tag k="name" v="Wren"/><tag k="addr:unit" v="3"/>
 <tag k="addr:street" v="Larch Parade"/><tag k="addr:postcode" v="M32 0TH"/><tag k="phone" v="+44 161 496 0103;+44 161 496 0104"/></node>
<node id="2" lat="53.4600" lon="-2.2900"/><node id="3" lat="53.4620" lon="-2.2900"/><node id="4" lat="53.4620" lon="-2.2940"/>
<node id="5" lat="53.45" lon="-2.28"><tag k="shop" v="vacant"/></node>
<node id="6" lat="53.45" lon="-2.28"><tag k="amenity" v="bench"/><tag k="name" v="A bench"/></node>
<way id="7"><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="2"/><tag k="shop" v="bag"/><tag k="name" v="Kestrel"/>
 <tag k="addr:housenumber" v="14C"/><tag k="addr:street" v="Larch Road"/><tag k="addr:postcode" v="M32 0TH"/></way>
<way id="8"><nd ref="2"/><nd ref="4"/></way>
<relation id="9"><member type="way" ref="8" role="outer"/><tag k="amenity" v="marketplace"/><tag k="name" v="Tannery Market"/>
 <tag k="addr:street" v="Larch Road"/><tag k="addr:postcode" v="M32 0TH"/></relation></osm>"""


def test_an_extract_gives_shops_markets_and_named_units_with_their_middle(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium", reason="the extra `map` brings pyosmium")
    shipped(home, "openstreetmap")
    (tmp_path / "a.osm").write_text(MAP)
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for one in osmium.FileProcessor(str(tmp_path / "a.osm")):
            writer.add(one)
    for name in ("a.osm", "a.osm.pbf"):
        load(sqlite_store, home, "openstreetmap", tmp_path / name, actor="system")
        found = {e.reference: e for e in entries(sqlite_store)}
        assert set(found) == {"node/1", "way/7", "relation/9"}
        assert (found["node/1"].parts["unit"], found["node/1"].phone, found["node/1"].details["trade"]) == (
            "3",
            "+441614960103",
            "shop=clothes",
        )
        assert (found["way/7"].parts["number"], found["way/7"].lat, found["way/7"].lon) == (
            "14c",
            pytest.approx(53.461),
            pytest.approx(-2.292),
        )
        assert "position" not in found["way/7"].parts and found["relation/9"].lat == pytest.approx(53.461)
    assert refusals(sqlite_store) == [(2, "no name")] == refusals(sqlite_store, 2)


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("photo.osm.pbf", b"\xff\xd8\xff\xe0\x00\x10JFIF", "PBF error"),
        ("cut.osm", MAP[:900].encode(), "XML parsing error at line"),
        ("bomb.osm", b'<!DOCTYPE x [<!ENTITY a "b">]><osm version="0.6"><node id="1"><tag k="shop" v="&a;"/></node></osm>', "entities are not supported"),
        ("page.osm", b"<html></html>", "Unknown top-level element"),
        ("list.csv", b"a,b\n", "file format"),
        ("none.osm", None, "no such file"),
    ],
)  # fmt: skip
def test_what_is_no_map_says_so(sqlite_store: Store, home: Home, tmp_path: Path, name: str, body: bytes | None, says: str) -> None:
    pytest.importorskip("osmium", reason="the extra `map` brings pyosmium")
    shipped(home, "openstreetmap")
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(StopRun, match=says) as error:
        load(sqlite_store, home, "openstreetmap", tmp_path / name, actor="system")
    assert name in str(error.value) and not sqlite_store.register_snapshots()


def test_without_pyosmium_it_says_what_to_install(sqlite_store: Store, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "osmium", None)
    shipped(home, "openstreetmap")
    with pytest.raises(StopRun, match=r"touchstone-scanner\[map\]"):
        load(sqlite_store, home, "openstreetmap", tmp_path / "a.osm", actor="system")


def test_an_extract_as_csv_is_a_list_with_positions(sqlite_store: Store, home: Home, tmp_path: Path) -> None:
    (home.folder / "configs/registers/map_as_csv.yml").write_text(examples()["map_as_csv"])
    (tmp_path / "map.csv").write_text(
        "@type\t@id\t@lat\t@lon\tname\tshop\taddr:housenumber\taddr:street\taddr:postcode\nnode\t1\t53.45\t-2.28\tWren\tbag\t14C\tLarch Road\tM32 0TH\n"
    )
    load(sqlite_store, home, "map_as_csv", tmp_path / "map.csv", actor="system")
    [entry] = entries(sqlite_store)
    assert (entry.reference, entry.lat, entry.lon, entry.parts["number"], entry.details) == (
        "node/1",
        53.45,
        -2.28,
        "14c",
        {"trade": "bag"},
    )


# -- UPRNs ---------------------------------------------------------------------------------------------------------------

UNITS = """kind: csv
title: Units (invented)
licence: invented
columns: {name: Name, address: [Address], postcode: Postcode, uprn: UPRN, reference: Ref}
"""
OPEN = "UPRN,X_COORDINATE,Y_COORDINATE,LATITUDE,LONGITUDE\r\n"


def test_an_entry_that_names_a_uprn_takes_its_position_whenever_it_is_loaded(store: Store, home: Home, tmp_path: Path) -> None:
    (home.folder / "configs/registers/units.yml").write_text(UNITS)
    shipped(home, "os_open_uprn")
    file = tmp_path / "osopenuprn_202610.csv"
    file.write_text(OPEN + "1,1.00,1.00,53.1,-2.1\r\n100012345678,381000.00,394000.00,53.4501,-2.2801\r\n9,x,y,north,west\r\n")
    with pytest.raises(StopRun, match="names a UPRN"):
        load(store, home, "os_open_uprn", file, actor="system")
    for n, uprn in enumerate(("000100012345678", "100012345678.0", "n/a"), 1):
        (tmp_path / "units.csv").write_text(f"Ref,Name,Address,Postcode,UPRN\n1,Wren,Unit {n} Larch Parade,M32 0TH,{uprn}\n")
        load(store, home, "units", tmp_path / "units.csv", actor="system")
        counts = load(store, home, "os_open_uprn", file, actor="system").counts
        assert (counts["rows"], counts["refused"], counts["found"], counts["new_positions"]) == (3, 1, 1, int(n == 1))
        [entry] = entries(store)
        assert (entry.parts["position"] == "uprn") is (n < 3) and (entry.lat == 53.4501) is (n < 3)
    listed = store.register_snapshots("os_open_uprn")
    assert len(listed) == 1 and (listed[0].dated, listed[0].rows) == ("2026-10", 3)
    assert refusals(store, listed[0].id) == [(4, "no UPRN, latitude or longitude")]


def test_the_newest_edition_of_positions_counts(store: Store, home: Home, tmp_path: Path) -> None:
    (home.folder / "configs/registers/units.yml").write_text(UNITS)
    shipped(home, "os_open_uprn")
    (tmp_path / "units.csv").write_text("Ref,Name,Address,Postcode,UPRN\n1,Wren,Unit 1 Larch Parade,M32 0TH,7\n")
    load(store, home, "units", tmp_path / "units.csv", actor="system")
    for lat in (53.1, 53.2):
        (tmp_path / "uprn.csv").write_text(OPEN + f"7,1,1,{lat},-2.2\r\n")
        load(store, home, "os_open_uprn", tmp_path / "uprn.csv", actor="system")
    assert [e.lat for e in entries(store)] == [53.2]


@pytest.mark.parametrize(("raw", "uprn"), [("007", "7"), (" 7.0 ", "7"), ("0", None), ("n/a", None), ("", None), (None, None), ("²", None)])
def test_a_uprn_has_one_form(raw: str | None, uprn: str | None) -> None:
    assert uprn_of(raw) == uprn


@pytest.mark.parametrize(
    ("name", "dated"),
    [("x-2026-09-01.csv", "2026-09-01"), ("osopenuprn_202610_csv.zip", "2026-10"), ("list.csv", ""), ("epoch-0022.csv", "")],
)
def test_a_file_is_dated_by_its_name(name: str, dated: str) -> None:
    assert dated_by_name(Path(name)) == dated


def test_food_hygiene_says_what_it_is(sqlite_store: Store, home: Home) -> None:
    load(sqlite_store, home, "fhrs", Path(__file__).parent.parent / "market" / "registers" / "wexcombe_fhrs.xml", actor="system")
    [bakehouse] = [e for e in entries(sqlite_store) if e.reference == "990001"]
    assert (bakehouse.details["trade"], bakehouse.details["rating"]) == ("Retailers - other", "5")
