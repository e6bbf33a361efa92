"""The pass: the demonstration's sellers lead to their doors, twice changes nothing, and nobody is linked by a platform's number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casework.commands.places import premises
from casework.places import occupants_at
from premises import link as linker
from premises.load import load
from premises.rank import rank, show
from premises.run import run
from store.config import Home
from store.errors import TouchstoneError
from store.occupants import Basis, Role
from store.store import Store
from store.words.records import Actor, Link, Status, SubjectKind, Verdict
from tests.builders import Builder
from tests.market.truth import facts
from tests.premises.conftest import REGISTERS
from tests.premises.test_occupants import sighting


@pytest.fixture
def market(kept: Store, home: Home) -> Iterator[Store]:
    """The demonstration market's adverts, as read, and its two registers."""
    load(kept, home, "fhrs", REGISTERS / "wexcombe_fhrs.xml", actor="system")
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    for source in sorted({one.source for one in facts().listings}):
        build = Builder(kept, source)
        for one in facts().listings:
            if one.source == source:
                build.listing(one.ref, title=one.title, text=one.text, seller=one.seller, seller_name=one.seller_name, place=one.place)
        build.close()
    yield kept


def links_of(store: Store) -> list[Link]:
    with store.acting("system", purpose="test") as reader:
        return reader.links()


def test_no_seller_of_the_market_is_led_to_a_wrong_unit(market: Store, home: Home) -> None:
    run(market, home)
    truth = {(one.source, one.seller): facts().premises.get(one.premises or "") for one in facts().listings}
    right = 0
    with market.acting("system", purpose="test") as reader:
        for link in reader.links():
            if link.object_kind is not SubjectKind.premises:
                continue
            [seller] = reader.sellers([link.subject])
            place = truth[seller.source, seller.handle]
            assert place is not None, f"{seller.handle} is at no premises"
            names = {e.name for e in reader.entries_of(link.object)}
            if link.level == "unit":
                right += 1
                assert place.name in names, f"{seller.handle} was led to {names}, and is at {place.name}"
    assert right >= 9


def test_one_unit_may_have_two_names_and_two_names_one_phone(market: Store, home: Home) -> None:
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        sellers = {s.handle: s.id for s in reader.sellers()}
        pairs = {(link.subject, link.object) for link in reader.links() if link.object_kind is SubjectKind.seller}
        at = {link.subject: link.object for link in reader.links() if link.level == "unit"}
    one, two = sellers["northern_lux_closet"], sellers["velvet.arcade"]
    assert (min(one, two), max(one, two)) in pairs  # type: ignore[type-var]
    assert at[one] == at[two]  # type: ignore[index]


def test_run_twice_keeps_nothing_new(market: Store, home: Home) -> None:
    first = run(market, home)
    before = market.counts()
    second = run(market, home)
    assert first.counts["new"] > 0 and second.counts["new"] == 0
    after = market.counts()
    assert after["links"] == before["links"] and after["events"] == before["events"] + 1  # that it read is an event; it joined nothing


def test_the_same_words_seen_again_make_no_new_link(market: Store, home: Home) -> None:
    run(market, home)
    build = Builder(market, "classifieds" if any(one.source == "classifieds" for one in facts().listings) else facts().listings[0].source)
    for one in facts().listings:
        if one.source == build.source:
            build.listing(one.ref, title=one.title, text=one.text, seller=one.seller, seller_name=one.seller_name, place=one.place)
    build.close()
    assert run(market, home).counts["new"] == 0


def test_a_changed_setting_is_another_method(market: Store, home: Home) -> None:
    run(market, home)
    path = home.file("premises.yml")
    path.write_text(path.read_text().replace("threshold: 0.6", "threshold: 0.9"))
    assert "evaluation" in " ".join(run(market, home).lines)
    assert len([method for _, method, _ in market.methods("linker") if method.name == "premises"]) == 2


def test_a_number_of_many_links_nobody(kept: Store, home: Home) -> None:
    build = Builder(kept)
    for n in range(9):
        build.listing(f"many{n}", title="Bag", text="ring 07700 900999", seller=f"many{n}")
    for n in range(2):
        build.listing(f"two{n}", title="Bag", text="ring 07700 900111", seller=f"two{n}")
    build.close()
    run(kept, home)
    [link] = links_of(kept)
    assert link.level == "seller" and {r.code for r in link.reasons} == {"same_phone"} and all(r.capture for r in link.reasons)


def test_a_listing_without_a_seller_is_linked_itself(kept: Store, home: Home) -> None:
    load(kept, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(kept)
    build.listing("x", title="Bag", text="Collect from 14C Wexcombe Parade, M32 0TH")
    build.close()
    run(kept, home)
    [link] = links_of(kept)
    assert (link.subject_kind, link.level) == (SubjectKind.listing, "unit")


def test_rank_puts_the_confirmed_first_and_leaves_the_refused_out(market: Store, home: Home) -> None:
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        found = rank(reader)
        near = rank(reader, "M33 7ZF", within_m=500)
        with pytest.raises(TouchstoneError):
            rank(reader, "nowhere")
    assert found[0].strength >= found[-1].strength and all(one.links and one.postcode and one.area for one in found)
    assert near and all(one.postcode == "M33 7ZF" for one in near)
    last, first = found[-1].links[0], found[0]
    market.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    assert last.id is not None
    market.judge(SubjectKind.link, last.id, Verdict.yes, actor="officer", authority="demo", reason="seen there")
    for link in first.links:
        assert link.id is not None
        market.judge(SubjectKind.link, link.id, Verdict.no, actor="officer", authority="demo", reason="not there")
    with market.acting("system", purpose="test") as reader:
        again = rank(reader)
        assert show(reader, first.premises.id or 0).links == ()
    assert again[0].links[0].id == last.id and first.premises.id not in {one.premises.id for one in again}


def test_the_same_on_both_databases(store: Store, home: Home) -> None:
    """Load and link, each twice, on SQLite and on PostgreSQL: the inserts differ between the two."""
    for _ in range(2):
        load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    build = Builder(store)
    build.listing("x", title="Bag", text="Collect from 14C Wexcombe Parade, M32 0TH", seller="x")
    build.close()
    assert [run(store, home).counts["new"] for _ in range(2)] == [1, 0]
    assert store.register_snapshots()[0].rows == 20 and not store.verify()


AT = "Collect from 14C Wexcombe Parade, M32 0TH"


def one_seller(store: Store, text: str = AT) -> None:
    build = Builder(store)
    build.listing("x", title="Bag", text=text, seller="x")
    build.close()


def test_the_next_edition_of_a_register_keeps_what_officers_said(store: Store, home: Home, tmp_path: Path) -> None:
    """A new edition has new entry rows for the same doors: no link is written again, and none forgets its judgement."""
    units = (REGISTERS / "wexcombe_units.csv").read_text(encoding="utf-8")
    load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    one_seller(store)
    run(store, home)
    [link] = links_of(store)
    assert link.id is not None
    store.judge(SubjectKind.link, link.id, Verdict.yes, actor="officer", authority="demo", reason="seen there")
    (tmp_path / "next.csv").write_text(units + "Wren Flowers,Unit 99,Larch Parade,Stretford,,M33 7ZF,\n", encoding="utf-8")
    load(store, home, "units", tmp_path / "next.csv", actor="system")
    assert run(store, home).counts["new"] == 0
    [now] = links_of(store)
    assert (now.id, now.status) == (link.id, "confirmed")
    with store.acting("system", purpose="test") as reader:
        assert rank(reader)[0].confirmed == 1


def test_a_door_that_is_no_longer_said_says_so_and_leaves_the_ranking(store: Store, home: Home, tmp_path: Path) -> None:
    load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    one_seller(store)
    run(store, home)
    [link] = links_of(store)
    (tmp_path / "next.csv").write_text(
        "Name,Line 1,Line 2,Town,County,Postcode,Telephone\nWren Flowers,Unit 99,Larch Parade,Stretford,,M33 7ZF,\n", encoding="utf-8"
    )
    load(store, home, "units", tmp_path / "next.csv", actor="system")
    assert [run(store, home).counts["no_longer_found"] for _ in range(2)] == [1, 0]
    [now] = links_of(store)
    assert (now.object, now.status, now.score, now.level) == (link.object, "no longer found", 0.0, "none")
    with store.acting("system", purpose="test") as reader:
        assert rank(reader) == []
        assert [x.status for x in show(reader, link.object).links] == ["no longer found"]


def test_a_changed_setting_counts_nothing_twice(store: Store, home: Home) -> None:
    load(store, home, "units", REGISTERS / "wexcombe_units.csv", actor="system")
    one_seller(store)
    run(store, home)
    with store.acting("system", purpose="test") as reader:
        before = rank(reader)
    path = home.file("premises.yml")
    path.write_text(path.read_text().replace("threshold: 0.6", "threshold: 0.61"))
    printed = " ".join(run(store, home).lines)
    [_, (number, _, status)] = [each for each in store.methods("linker") if each[1].name == "premises"]
    assert status is Status.evaluation and f"method promote {number}" in printed
    with store.acting("system", purpose="test") as reader:
        assert rank(reader) == before and len(before[0].links) == 1 and store.counts()["links"] == 2
    store.set_method_status(number, Status.in_force, "officer", "measured")
    with store.acting("system", purpose="test") as reader:
        [after] = rank(reader)
    assert len(after.links) == 1 and after.strength == before[0].strength and after.links[0].id != before[0].links[0].id


def test_the_commands_rank_and_show_as_the_room_does(market: Store, home: Home) -> None:
    """A link that an officer refused is in neither; the figures are those of premises.rank."""
    market.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    run(market, home)

    def said(*words: str) -> Any:
        done = CliRunner().invoke(premises, [*words, "--json", "--by", "officer", "--home", str(home.folder)])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    first = said("rank")[0]
    for link in first["links"]:
        market.judge(SubjectKind.link, link["id"], Verdict.no, actor="officer", authority="demo", reason="not there")
    number = first["premises"]["id"]
    assert number not in {one["premises"]["id"] for one in said("rank")}
    shown = said("show", str(number))
    assert shown["links"] == [] and shown["strength"] == 0 and shown["premises"]["id"] == number
    assert CliRunner().invoke(premises, ["show", "999999", "--by", "officer", "--home", str(home.folder)]).exit_code != 0


def test_two_names_lead_to_one_unit_and_a_front_hides_another_business(market: Store, home: Home) -> None:
    """Northern Lux Closet and Velvet Arcade are one phone at unit 2A, behind a shop for phones and sweets that a register knows."""
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        sellers = {s.handle: s.id or 0 for s in reader.sellers()}
        at = {link.subject: link.object for link in reader.links() if link.level == "unit"}
        place = at[sellers["northern_lux_closet"]]
        assert at[sellers["velvet.arcade"]] == place
        assert {e.name for e in reader.entries_of(place)} == {"Tinderbox Phones and Sweets"}
    market.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    said: dict[str, Any] = {"basis": Basis.visit, "source": "visit of 2026-11-20", "actor": "officer", "authority": "demo"}
    market.keep_occupant(place, Role.front, "Tinderbox Phones and Sweets", **said)
    market.keep_occupant(place, Role.hidden, "Northern Lux Closet", marks=[("phone", "07700 900142")], **said)
    with market.acting("officer", purpose="test") as reader:
        here = occupants_at(reader, home, place)
    assert {(o.role, o.name, o.basis) for o in here} == {
        (Role.front, "Tinderbox Phones and Sweets", Basis.visit),
        (Role.hidden, "Northern Lux Closet", Basis.visit),
        (Role.occupier, "Tinderbox Phones and Sweets", Basis.register),
    }
    run(market, home)
    with market.acting("system", purpose="test") as reader:
        again = {link.subject: link for link in reader.links() if link.level == "unit"}
    reasons = {r.code for r in again[sellers["velvet.arcade"]].reasons}
    assert again[sellers["velvet.arcade"]].object == place and reasons >= {"phone", "occupant_mark"}, "register and officer agree"


def test_the_decoy_next_door_is_never_proposed(market: Store, home: Home) -> None:
    """Not as the unit and not as the building: neither the launderette at 2, the barbers at 14A, the vets at 7 nor the place called nearly alike."""
    run(market, home)
    decoys = {place.name for place in facts().premises.values() if place.role == "decoy"}
    assert len(decoys) >= 8
    with market.acting("system", purpose="test") as reader:
        led = {link.object for link in reader.links() if link.object_kind is SubjectKind.premises}
        names = {number: {e.name for e in reader.entries_of(number)} for number in led}
    assert led and not {number: found & decoys for number, found in names.items() if found & decoys}


def test_a_seller_who_names_no_place_that_can_be_found_is_led_to_the_stall_where_an_officer_saw_the_number(
    market: Store, home: Home
) -> None:
    """Bags by Thea gives "stall 17" behind a word that may mean elsewhere, no postcode, and a number that no register has."""
    run(market, home)

    def led() -> list[tuple[str, set[str]]]:
        with market.acting("system", purpose="test") as reader:
            [thea] = [s.id for s in reader.sellers() if s.handle == "stall17_bags"]
            found = [x for x in reader.links(subject=(SubjectKind.seller, thea or 0)) if x.object_kind is SubjectKind.premises]
            return [(x.level, {e.name for e in reader.entries_of(x.object)}) for x in found]

    assert led() == []
    market.keep_actor(Actor("officer", "demo", "A. Officer (fictional)", "officer"))
    build = Builder(market, "sightings_officer")
    sighting(build, "card under the counter: 07700 900517", "Stall 17, Market Hall, Tannery Square, M33 7ZF")
    build.close()
    run(market, home)
    assert led() == [("unit", {"Thimble Row Haberdashery"})]


def test_a_crowded_postcode_leads_to_the_same_doors(market: Store, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an edition has more entries at a postcode than can all be compared, the doors that may be the one said are chosen first."""
    run(market, home)
    before = {(x.subject_kind, x.subject, x.object, x.level, x.score, x.reasons) for x in links_of(market)}
    monkeypatch.setattr(linker, "CROWD", 0)
    assert market.crowded(["M32 0TH"], 0) == ["M32 0TH"]
    again = run(market, home)
    assert again.counts["new"] == 0
    assert {(x.subject_kind, x.subject, x.object, x.level, x.score, x.reasons) for x in links_of(market)} == before


def test_of_a_formation_agents_thousands_the_suite_said_is_found(kept: Store, home: Home, tmp_path: Path) -> None:
    rows = ["Name,Line 1,Line 2,Town,County,Postcode,Telephone"]
    rows += [f"Invented Company {n} Ltd,Suite {n % 300 + 1} Larch House,12 Tannery Street,,,M32 0TH," for n in range(900)]
    rows += ["Lone Invented Ltd,14 Tannery Street,,,,M32 0TH,"]
    (tmp_path / "agent.csv").write_text("\n".join(rows), encoding="utf-8")
    load(kept, home, "units", tmp_path / "agent.csv", actor="system")
    build = Builder(kept, "demo_classifieds")
    for n, where in enumerate(("Suite 41, Larch House, 12", "Larch House, 12", "14", "Suite 444, Larch House, 12"), 1):
        build.listing(str(n), title="Belts", text="Belts.", seller=f"s{n}", seller_name=f"S{n}", place=f"{where} Tannery Street, M32 0TH")
    build.close()
    run(kept, home)
    with kept.acting("system", purpose="test") as reader:
        who = {s.id: s.handle for s in reader.sellers()}
        found = {who[x.subject]: x for x in reader.links() if x.object_kind is SubjectKind.premises}
        labels = {handle: reader.premises([x.object])[0].label for handle, x in found.items()}
    assert found["s1"].level == "unit" and labels["s1"].startswith("Suite 41 Larch House")
    assert found["s2"].level == "building" and "the registers list 300 here" in found["s2"].reasons[-1].sentence
    assert found["s3"].level == "building" and labels["s3"].startswith("14 Tannery Street")
    assert found["s4"].level == "building" and "another unit" in found["s4"].reasons[-1].sentence
