"""Where a place lies: every code of the directory has a name and a service, two tiers lead to the county, a position to its nearest postcode."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from premises.areas import Authorities, County, Service, area_at, area_of, authorities, boundaries, nearest
from store.config import Home
from store.errors import TouchstoneError
from store.words import postcode as words
from store.words.postcode import lookup, positions, to_grid


def test_every_code_of_the_directory_is_in_the_file_and_no_other() -> None:
    """361 local authorities and two pseudo-codes in the edition of November 2025."""
    held = {code for letter in "ABCDEFGHIJKLMNOPRSTUWYZ" for code in words._letter(letter).authorities if code}
    known = authorities()
    assert held == set(known.names) | set(known.elsewhere)
    assert len(known.names) == 361


def test_every_authority_has_one_service_and_pseudo_codes_have_none() -> None:
    known = authorities()
    for code in known.names:
        service = known.service_of(code)
        assert service is not None and service[1].name
        if code.startswith("E07"):
            assert any(m.startswith("E10") for m in service[1].members)
        elif len(service[1].members) == 1:
            assert service[0] == code
    assert all(known.service_of(code) is None for code in [*known.elsewhere, "E99999999"])
    assert all(one.source and one.read_of and len(one.members) > 1 for one in known.services.values())


@pytest.mark.parametrize(
    ("postcode", "name", "service"),
    [
        ("M32 0TH", "Trafford", "Trafford trading standards"),  # metropolitan: its own
        ("CB2 1TN", "Cambridge", "Cambridgeshire and Peterborough trading standards"),  # two tiers, and a service shared
        ("CM1 1QH", "Chelmsford", "Essex trading standards"),  # two tiers
        ("BT1 5GS", "Belfast", "Trading Standards Service, Department for the Economy (Northern Ireland)"),
        ("EH1 1YZ", "City of Edinburgh", "City of Edinburgh trading standards"),
        ("EC2V 7HH", "City of London", "City of London trading standards"),
        ("S70 2TA", "Barnsley", "Barnsley trading standards"),  # a code of 2025
        ("JE2 3QA", "Channel Islands", None),
    ],
)
def test_a_postcode_leads_to_its_authority_and_its_service(postcode: str, name: str, service: str | None) -> None:
    area = area_of(postcode)
    assert area is not None and (area.name, area.service_name, area.how) == (name, service, "postcode")


def test_no_postcode_and_an_unknown_one_have_no_area() -> None:
    assert area_of(None) is None and area_of("ZZ9 9ZZ") is None and area_of("nowhere") is None


def test_a_code_twice_and_a_member_that_is_nobody_are_refused() -> None:
    one = {"E06000001": "A"}
    with pytest.raises(ValueError, match="twice"):
        Authorities("x", {"E10000001": County("C", one)}, one, {}, {})
    with pytest.raises(ValueError, match="E06000009"):
        Authorities("x", {}, one, {}, {"s": Service("S", ("E06000009",))})
    with pytest.raises(ValueError, match="two services"):
        Authorities("x", {}, one, {}, {"s": Service("S", ("E06000001",)), "t": Service("T", ("E06000001",))})


def test_degrees_to_grid_undoes_grid_to_degrees() -> None:
    draw = random.Random(7)
    for _ in range(50):
        here = draw.uniform(80_000, 650_000), draw.uniform(5_000, 1_200_000)
        assert math.dist(to_grid(*words._to_wgs84(*here, words._BRITISH)), here) < 0.01
        here = draw.uniform(190_000, 360_000), draw.uniform(320_000, 450_000)
        assert math.dist(to_grid(*words._to_wgs84(*here, words._IRISH), irish=True), here) < 0.01


def test_a_position_has_the_authority_of_its_nearest_postcode() -> None:
    for postcode in ("M32 0TH", "BT1 5GS", "EH1 1YZ", "CF10 4UW"):
        place = lookup(postcode)
        assert place is not None and place.lat is not None and place.lon is not None
        area = area_at(place.lat, place.lon)
        assert area is not None and area.code == place.local_authority and area.how == "position" and (area.distance_m or 0) < 1
    assert area_at(53.5, -4.8) is None  # in the Irish Sea
    assert area_at(48.85, 2.35) is None and area_at(0, 0) is None


def test_the_nearest_are_what_a_search_through_all_finds() -> None:
    import numpy as np

    of, draw = positions(False), random.Random(11)
    for number in draw.sample(range(len(of.easts)), 25):
        east, north = float(of.easts[number]) + draw.uniform(-900, 900), float(of.norths[number]) + draw.uniform(-900, 900)
        away = np.sort(np.hypot(of.easts - east, of.norths - north))[:8]
        found = [n.metres for n in nearest(of, east, north, farthest=5000)]
        assert found == pytest.approx([float(a) for a in away if a <= 5000])


def test_a_left_out_postcode_is_found_again_in_99_of_100() -> None:
    """The figures of docs/where-it-goes.md, on a smaller sample of the directory itself: every postcode at the very spot is left out."""
    of, draw = positions(False), random.Random(5)
    right = agreed = agreed_right = 0
    sample = draw.sample(range(len(of.easts)), 1500)
    for number in sample:
        near = nearest(of, float(of.easts[number]), float(of.norths[number]), farthest=5000, leave_out=0.0)
        true = of.authorities[of.authority[number]]
        right += near[0].code == true
        if len({n.code for n in near}) == 1:
            agreed += 1
            agreed_right += near[0].code == true
    assert right / len(sample) >= 0.99 and agreed_right / agreed >= 0.995 and agreed / len(sample) > 0.95


# -- boundaries --------------------------------------------------------------------------------------------------------------
def square(code: str, west: float, south: float, **more: object) -> dict[str, object]:
    ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
    return {
        "type": "Feature",
        "properties": {"WD": code, "NM": f"Ward {code}", **more},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def loaded(home: Home, features: list[dict[str, object]], kind: str = "ward", code: str = "WD") -> Home:
    (home.folder / "w.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    text = f"boundaries:\n  - {{kind: {kind}, file: w.geojson, code: {code}, name: NM}}\n"
    (home.folder / "configs" / "areas.yml").write_text(text)
    return home


def test_a_position_is_in_the_ward_whose_boundary_holds_it(home: Home) -> None:
    pytest.importorskip("shapely")
    found = boundaries(loaded(home, [square("W1", -2.30, 53.44), square("W2", -2.29, 53.44)]))
    assert [(w.kind, w.code, w.name) for w in found.at(53.445, -2.295)] == [("ward", "W1", "Ward W1")]
    assert [w.code for w in found.at(53.445, -2.29)] == ["W1"]  # on the edge of both: one, and always the same
    assert found.at(53.5, -2.295) == []


def test_without_boundaries_no_ward_is_said(home: Home) -> None:
    assert boundaries(home).at(53.445, -2.295) == [] and boundaries().at(53.445, -2.295) == []


def test_boundaries_that_cannot_be_read_are_refused_by_name(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("shapely")
    with pytest.raises(TouchstoneError, match="no property 'CODE'"):
        boundaries(loaded(home, [square("W1", -2.30, 53.44)], code="CODE"))
    metres = square("W1", 380_000, 390_000)
    with pytest.raises(TouchstoneError, match="not in degrees"):
        boundaries(loaded(home, [metres]))
    point = {"type": "Feature", "properties": {"WD": "x", "NM": "x"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
    with pytest.raises(TouchstoneError, match="a Point, no area"):
        boundaries(loaded(home, [point]))
    (tmp_path / "w.geojson").write_text("[]")
    (home.folder / "configs" / "areas.yml").write_text("boundaries:\n  - {kind: lsoa, file: w.geojson, code: WD}\n")
    with pytest.raises(TouchstoneError, match="no GeoJSON"):
        boundaries(home)
    (home.folder / "configs" / "areas.yml").write_text("boundaries:\n  - {kind: parish, file: w.geojson, code: WD}\n")
    with pytest.raises(TouchstoneError, match=r"areas\.yml:2: .*kind"):
        boundaries(home)
