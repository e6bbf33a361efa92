"""Who is at a door: what people record and what registers say, kept apart; and where both, and officers' sightings, lead sellers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from casework.cli import app
from casework.places import occupants_at
from premises import camera
from premises.load import load
from premises.registers.companies_house import FIELDS
from premises.run import run
from premises.settings import link_settings, linker
from store import tables as t
from store.config import Home
from store.errors import TouchstoneError
from store.occupants import Basis, Role
from store.sightings import Handed
from store.store import Store
from store.words.records import (
    Actor,
    CaptureKind,
    Direction,
    Examination,
    Examined,
    Finding,
    Flag,
    Image,
    Level,
    Link,
    Method,
    Pointer,
    Snapshot,
    Status,
    SubjectKind,
    Told,
    Verdict,
)  # fmt: skip
from tests.builders import Builder, jpeg
from tests.premises.conftest import REGISTERS
from tests.premises.test_evidence import photo

SAW: dict[str, Any] = {"basis": Basis.visit, "source": "visit of 2026-11-20", "actor": "officer", "authority": "demo"}


@pytest.fixture
def parade(kept: Store, home: Home) -> Iterator[Store]:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    load(kept, home, "fhrs", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    kept.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    yield kept


def premises_of(store: Store, name: str) -> int:
    with store.database.reading() as c:
        joined = select(t.premises_entry.c.premises).join(t.register_entry, t.register_entry.c.id == t.premises_entry.c.register_entry)
        return int(c.execute(joined.where(t.register_entry.c.name == name)).scalars().first() or 0)


def links_of(store: Store, seller: int = 1) -> list[Link]:
    with store.acting("system", purpose="test") as reader:
        return [x for x in reader.links(subject=(SubjectKind.seller, seller)) if x.object_kind is SubjectKind.premises]


def advert(store: Store, text: str, **more: Any) -> Builder:
    build = Builder(store)
    build.listing("x", title="Bag", text=text, seller="x", **more)
    return build


# -- statements ------------------------------------------------------------------------------------------------------------
def test_a_hidden_business_that_an_officer_recorded_leads_its_seller_to_the_door_behind_the_front(parade: Store, home: Home) -> None:
    place = premises_of(parade, "Corner Counter News")
    advert(parade, "Bags like the real thing. Mail wren@larch-lux.example").close()
    run(parade, home)
    assert links_of(parade) == []
    parade.keep_occupant(place, Role.hidden, "Larch Lux", marks=[("email", "wren@larch-lux.example")], **SAW)
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level, link.status) == (place, "unit", "proposed")
    assert link.reasons[0].capture and "Larch Lux" in link.reasons[0].sentence


def test_what_was_withdrawn_leads_nowhere_and_its_row_stays(parade: Store, home: Home) -> None:
    place = premises_of(parade, "Corner Counter News")
    advert(parade, "Mail wren@larch-lux.example").close()
    number = parade.keep_occupant(place, Role.hidden, "Larch Lux", marks=[("email", "wren@larch-lux.example")], **SAW)
    run(parade, home)
    assert len(links_of(parade)) == 1
    parade.withdraw_occupant(number, actor="officer", authority="demo", why="they moved before")
    run(parade, home)
    assert [x.status for x in links_of(parade)] == ["no longer found"]
    with parade.database.reading() as c:
        assert c.execute(select(t.occupant.c.name).where(t.occupant.c.id == number)).scalar() == "Larch Lux"
    with pytest.raises(TouchstoneError, match="withdrawn before"):
        parade.withdraw_occupant(number, actor="officer", authority="demo", why="again")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "say the name"),
        ({"premises": 9999}, "no premises 9999"),
        ({"source": ""}, "what it rests on"),
        ({"capture": 9999}, "no capture 9999"),
        ({"since": "last May"}, "from: 'last May' is no date"),
        ({"since": "20261101"}, "from: '20261101' is no date"),
        ({"until": "2026-W45-1"}, "until: '2026-W45-1' is no date"),
        ({"since": "2026W45"}, "from: '2026W45' is no date"),
        ({"since": "2026-05", "until": "2025"}, "is before"),
        ({"marks": [("vat", "980780685")]}, "not in the right form for a VAT number"),
        ({"marks": [("shoe", "42")]}, "nothing that an occupant is known by"),
        ({"actor": "system"}, "not a person"),
    ],
)
def test_a_statement_that_cannot_be_is_refused(parade: Store, wrong: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {"premises": 1, "role": Role.front, "name": "Larch", **SAW, **wrong}
    with pytest.raises(TouchstoneError, match=said):
        parade.keep_occupant(**given)


def test_premises_that_do_not_exist_have_no_list_of_who_is_there(parade: Store, home: Home) -> None:
    done = CliRunner().invoke(app, ["premises", "occupant", "list", "999", "--by", "officer", "--home", str(home.folder)])
    assert done.exit_code != 0 and "there is no premises 999" in str(done.exception)


def test_what_people_say_and_what_registers_say_are_shown_apart(parade: Store, home: Home, tmp_path: Path) -> None:
    place = premises_of(parade, "Corner Counter News")

    def said(*words: str) -> Any:
        done = CliRunner().invoke(app, ["premises", *words, "--by", "officer", "--home", str(home.folder)])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    said(
        "occupant", "add", str(place), "hidden", "Larch Lux", "--basis", "visit", "--source", "visit of 2026-11-20", "--from", "2026-11",
        "--mark", "phone=07700 900111", "--mark", "company=1234567",
    )  # fmt: skip
    said("occupant", "add", str(place), "landlord", "Larch Estates Ltd", "--basis", "document", "--source", "lease WX/4")
    found = json.loads(said("occupant", "list", str(place), "--json"))
    assert [(o["role"], o["by"], o["basis"]) for o in found] == [
        ("hidden", "officer", "visit"), ("landlord", "officer", "document"), ("occupier", "units", "register"), ("occupier", "fhrs", "register"),
    ]  # fmt: skip
    assert found[0]["marks"] == [["company", "01234567"], ["phone", "+447700900111"]]
    assert found[3]["marks"][0] == ["fhrs", "990005"] and found[3]["id"] is None, "a register's word is no statement of ours"
    shown = json.loads(said("show", str(place), "--json"))
    assert shown["occupants"] == found
    assert "Larch Lux" in said("show", str(place)) and "visit of 2026-11-20" in said("occupant", "list", str(place))
    said("occupant", "withdraw", "1", "--reason", "wrong door")
    assert [o["role"] for o in json.loads(said("occupant", "list", str(place), "--json"))] == ["landlord", "occupier", "occupier"]
    (tmp_path / "next.csv").write_text(
        "Name,Line 1,Line 2,Town,County,Postcode,Telephone\nWren Flowers,Unit 99,Larch Parade,Stretford,,M33 7ZF,\n", encoding="utf-8"
    )
    load(parade, home, "units", tmp_path / "next.csv", actor="system")
    gone = json.loads(said("occupant", "list", str(place), "--json"))
    assert [o["note"] for o in gone if o["by"] == "units"] == ["not in the newest edition"]


def test_a_food_hygiene_number_on_a_page_leads_through_the_register(parade: Store, home: Home) -> None:
    advert(parade, "Find us. FHRS ID 990005").close()
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level) == (premises_of(parade, "Corner Counter News"), "unit")


def test_a_register_is_what_its_page_says_it_is_and_not_what_it_is_called(kept: Store, home: Home) -> None:
    page = home.folder / "configs" / "registers" / "fhrs.yml"
    page.rename(page.with_name("fhrs_trafford.yml"))
    load(kept, home, "fhrs_trafford", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    advert(kept, "Find us. FHRS ID 990005").close()
    run(kept, home)
    [link] = links_of(kept)
    assert (link.object, {r.code for r in link.reasons}) == (premises_of(kept, "Corner Counter News"), {"fhrs_id"})
    with kept.acting("system", purpose="test") as reader:
        [occupier] = occupants_at(reader, home, link.object)
    assert ("fhrs", "990005") in occupier.marks
    page.with_name("fhrs_trafford.yml").write_text(page.with_name("units.yml").read_text(), encoding="utf-8")
    run(kept, home)
    assert [x.status for x in links_of(kept)] == ["no longer found"], (
        "its references are no food hygiene numbers if it is a list like another"
    )


def test_what_a_folder_calls_its_registers_makes_no_other_method(home: Home) -> None:
    page = home.folder / "configs" / "registers" / "fhrs.yml"
    before = linker(link_settings(home)).digest
    page.with_name("fhrs_trafford.yml").write_bytes(page.read_bytes())
    assert linker(link_settings(home)).digest == before
    settings = home.file("premises.yml")
    settings.write_text(settings.read_text() + "kinds: {units: fhrs}\n")
    with pytest.raises(TouchstoneError, match="unknown key 'kinds'"):
        link_settings(home)


# -- what a place is called when no register lists it -----------------------------------------------------------------------
HEAD = "Name,Line 1,Line 2,Town,County,Postcode,Telephone\n"


def test_who_has_left_the_register_is_not_said_to_be_at_the_place_that_an_officer_recorded(kept: Store, home: Home, tmp_path: Path) -> None:
    kept.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    for name, rows in (
        ("old", "Wren Flowers,Unit 9,Larch Parade,Stretford,,M33 7ZF,07700 900555\n"),
        ("new", "Moss,1 Tan Street,,,,M1 1AE,\n"),
    ):
        (tmp_path / f"{name}.csv").write_text(HEAD + rows, encoding="utf-8")
        load(kept, home, "units", tmp_path / f"{name}.csv", actor="system")
    place = premises_of(kept, "Wren Flowers")
    advert(kept, "ring 07700 900555, or mail wren@larch-lux.example", seller_name="Wren Flowers").close()
    run(kept, home)
    assert links_of(kept) == []
    kept.keep_occupant(place, Role.hidden, "Larch Lux", marks=[("email", "wren@larch-lux.example")], **SAW)
    run(kept, home)
    [link] = links_of(kept)
    assert (link.object, link.level, {r.code for r in link.reasons}) == (place, "unit", {"occupant_mark"})
    assert all(r.entry is None for r in link.reasons)


def test_who_an_officer_recorded_of_a_whole_building_leads_to_it(parade: Store, home: Home) -> None:
    with parade.database.reading() as c:
        unit = select(t.premises.c.building).where(t.premises.c.id == premises_of(parade, "Corner Counter News"))
        building = int(c.execute(unit).scalar_one())
        assert c.execute(select(t.premises_entry.c.id).where(t.premises_entry.c.premises == building)).first() is None
    advert(parade, "Mail wren@larch-lux.example").close()
    parade.keep_occupant(building, Role.hidden, "Larch Lux", marks=[("email", "wren@larch-lux.example")], **SAW)
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level) == (building, "building")
    assert link.reasons[-1].sentence == "what leads here is known of the building, and of no unit in it"


def test_an_address_that_companies_are_given_is_one_whatever_the_suite(kept: Store, home: Home, tmp_path: Path) -> None:
    """Seven companies in seven suites of one house: its agent gives each a suite of its own."""
    (home.folder / "configs" / "registers" / "companies_house.yml").write_text(
        "kind: companies_house\ntitle: Companies (invented)\nlicence: invented\ndated: 2026-01\n", encoding="utf-8"
    )
    columns = (
        "CompanyName",
        "CompanyNumber",
        "RegAddress.AddressLine1",
        "RegAddress.AddressLine2",
        "RegAddress.PostTown",
        "RegAddress.PostCode",
    )
    others = [name for name in FIELDS if name not in columns]

    def offices(count: int) -> None:
        rows = [(f"LARCH {n} LTD", f"0123456{n}", f"SUITE {n}", "12 TAN STREET", "STRETFORD", "M32 0TH") for n in range(count)]
        lines = [",".join([*columns, *others]), *(",".join([*row, *("" for _ in others)]) for row in rows)]
        (tmp_path / "companies.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        load(kept, home, "companies_house", tmp_path / "companies.csv", actor="system")
        run(kept, home)

    advert(kept, "Company number 01234560").close()
    offices(5)
    [link] = links_of(kept)
    assert (link.level, "company_office" in {r.code for r in link.reasons}) == ("building", True)
    offices(7)
    assert [x.status for x in links_of(kept)] == ["no longer found"]


# -- sightings -------------------------------------------------------------------------------------------------------------
def sighting(
    build: Builder, text: str, place: str, told: Told = Told.officer, pictures: list[tuple[str, int]] | None = None, seller: str = ""
) -> int:  # fmt: skip
    statement = build.capture("urn:touchstone:statement:1", b"{}", CaptureKind.handed_in, "application/json")
    words = Snapshot(title="Seen", text=text, place=place, seller=seller)
    handed = Handed(told, words, statement, "statement", "statement/1", place=place, account=True, pictures=pictures or [])
    return build.store.keep_sighting(handed, actor="officer", authority="demo", run=build.run.id, purpose="sighting").listing


def test_an_officers_sighting_with_the_same_phone_leads_to_where_it_was(parade: Store, home: Home) -> None:
    build = advert(parade, "ring 07700 900777")
    sighting(build, "card on the counter: 07700 900777", "Unit 5 Wexcombe Parade, M32 0TH")
    build.close()
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level) == (premises_of(parade, "Corner Counter News"), "unit")
    bridge = [r for r in link.reasons if r.code == "sighted_contact"]
    assert len({r.capture for r in bridge}) == 2 and all(r.capture for r in bridge), "the advert and the sighting are cited"


@pytest.mark.parametrize("told", [Told.public, Told.partner])
def test_a_tip_lends_no_address(parade: Store, home: Home, told: Told) -> None:
    build = advert(parade, "ring 07700 900777")
    sighting(build, "07700 900777", "Unit 5 Wexcombe Parade, M32 0TH", told)
    build.close()
    run(parade, home)
    assert links_of(parade) == []


def test_once_an_officer_named_the_premises_of_a_sighting_the_phone_leads_to_it_whatever_was_written(parade: Store, home: Home) -> None:
    build = advert(parade, "ring 07700 900777")
    listing = sighting(build, "07700 900777", "the newsagent on the parade")
    build.close()
    run(parade, home)
    assert links_of(parade) == []
    place = premises_of(parade, "Corner Counter News")
    method = parade.method_in_force("linker", "premises")
    assert method is not None
    named = Link(None, SubjectKind.listing, listing, SubjectKind.premises, place, "", 0.5, "unit", ())
    parade.keep_links([named], method, build.run.id, actor="officer", purpose="link")
    with parade.acting("officer", purpose="test") as reader:
        [kept] = reader.links(subject=(SubjectKind.listing, listing))
    parade.judge(SubjectKind.link, kept.id or 0, Verdict.yes, actor="officer", authority="demo", reason="I stood in it")
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level, link.status) == (place, "unit", "proposed")


def test_a_sighting_lends_no_place_where_its_account_was_found_to_be_by_other_evidence(parade: Store, home: Home) -> None:
    """An account is confirmed at a stall, as its page says, and was seen at a shop. Who gives the number that was seen there is at the shop."""
    build = advert(parade, "ring 07700 900777")
    build.listing("y", title="Bag", seller="y", place="Stall 7, Market Hall, Tannery Square, M33 7ZF")
    sighting(build, "card on the counter: 07700 900777", "Unit 5 Wexcombe Parade, M32 0TH", seller="y")
    build.close()
    stall, shop = (premises_of(parade, name) for name in ("Second Time Round", "Corner Counter News"))

    def confirm(place: int) -> None:
        [link] = [x for x in links_of(parade, 2) if x.object == place]
        parade.judge(SubjectKind.link, link.id or 0, Verdict.yes, actor="officer", authority="demo", reason="I stood in it")
        run(parade, home)

    run(parade, home)
    seen = {x.object: [r for r in x.reasons if r.code == "sighting"] for x in links_of(parade, 2)}
    assert set(seen) == {stall, shop}
    assert seen[stall] == [] and [r.sentence for r in seen[shop]] == ["an officer saw it here: S-2026-0001"], (
        "it was seen at the shop alone"
    )
    for place in (stall, shop):
        confirm(place)
        [link] = links_of(parade)
        assert (link.object, link.level) == (shop, "unit")
    assert any("confirmed to be at this place" in r.sentence for r in link.reasons)


def test_the_same_backdrop_as_an_officers_photograph_leads_to_where_it_was_taken(parade: Store, home: Home) -> None:
    build = advert(parade, "lovely bags", pictures=(jpeg(1),))
    [taken] = [build.capture("urn:touchstone:photo:1", jpeg(2), CaptureKind.handed_in, "image/jpeg")]
    digest = hashlib.sha256(jpeg(2)).hexdigest()
    parade.keep_image(Image(None, digest, "image/jpeg", 320, 240, len(jpeg(2)), taken.id or 0))
    sighting(build, "shelf behind the counter", "Unit 5 Wexcombe Parade, M32 0TH", pictures=[(digest, taken.id or 0)])
    method = parade.keep_method(Method("detector", "same_place", "1"))
    parade.set_method_status(method, Status.in_force, "system", "a test")
    for number, other in ((1, 2), (2, 1)):
        finding = Finding("same_place", 1.0, "said", Direction.suspicious, (Pointer(other=f"picture:{other}"),))
        parade.keep_examinations(method, [Examination(SubjectKind.picture, number, Examined.done, (finding,))], build.run.id)
    build.close()
    run(parade, home)
    [link] = links_of(parade)
    assert (link.object, link.level) == (premises_of(parade, "Corner Counter News"), "unit")
    assert any("same backdrop" in r.sentence for r in link.reasons)
    assert run(parade, home).counts["new"] == 0


# -- words and pictures of a listing ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "collected"), [("Collect from 14C Wexcombe Parade, M32 0TH", True), ("We are 14C Wexcombe Parade, M32 0TH", False)]
)
def test_where_goods_are_collected_is_told_from_an_address_among_others(parade: Store, home: Home, text: str, collected: bool) -> None:
    advert(parade, text).close()
    run(parade, home)
    [link] = links_of(parade)
    assert link.level == "unit" and ("collection" in {r.code for r in link.reasons}) == collected


@pytest.mark.parametrize("level", [Level.note, Level.review])
def test_exif_positions_are_read_of_flagged_listings_only_and_each_file_once(parade: Store, home: Home, level: Level) -> None:
    body = photo({1: "N", 2: (53.0, 27.0, 31.5), 3: "W", 4: (2.0, 17.0, 14.2)})
    build = advert(parade, "Find us at 14C Wexcombe Parade, M32 0TH", pictures=(body,))
    parade.keep_flag(Flag(None, 1, "0" * 64, "1" * 64, level, 1.0, ()), build.run.id)
    build.close()
    run(parade, home)
    [link] = links_of(parade)
    assert [r.capture for r in link.reasons if r.code == "position"] == ([2] if level is Level.review else [])
    kept = parade.fingerprints(camera.ALGORITHM, camera.VERSION, [hashlib.sha256(body).hexdigest()])
    assert len(kept) == (level is Level.review), "a home's position is not kept of what nobody suspects"
    assert run(parade, home).counts["new"] == 0
