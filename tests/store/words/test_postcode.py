"""UK postcodes: the grammar, what the directory knows, the traps, and the geometry against published points."""

from __future__ import annotations

import csv
import math
import statistics
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.words.postcode import (
    _BRITISH,
    _to_wgs84,
    _unproject,
    district,
    find_postcodes,
    is_known,
    lookup,
    metres,
    normalise_postcode,
)

GREATER_MANCHESTER = Path(__file__).parents[4] / "shared" / "data" / "premises" / "premises_gm.csv"


@pytest.mark.parametrize(
    ("raw", "postcode"),
    [
        ("M1 1AE", "M1 1AE"),
        ("m11ae", "M1 1AE"),
        (" b33 8th ", "B33 8TH"),
        ("CR2 6XH", "CR2 6XH"),
        ("DN551PT", "DN55 1PT"),
        ("W1A  1HQ", "W1A 1HQ"),
        ("ec1a\u00a01bb", "EC1A 1BB"),
        ("GIR 0AA", "GIR 0AA"),
        ("GIR 1AA", None),
        ("QA1 1AA", None),  # no area begins with Q, V or X
        ("AI1 1AA", None),
        ("M1 1AC", None),  # C I K M O V stand in no unit
        ("M1 AAE", None),
        ("O7 7OO", None),
        ("", None),
        ("07700 900123", None),
    ],
)
def test_grammar(raw: str, postcode: str | None) -> None:
    assert normalise_postcode(raw) == postcode


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Collect from M8 8EP tonight", ["M8 8EP"]),
        ("m88ep or BT1 5GS.", ["M8 8EP", "BT1 5GS"]),
        ("(SW1A1AA)", ["SW1A 1AA"]),
        ("SWIA 1AA", ["SW1A 1AA"]),  # I for 1
        ("SW1A IAA", ["SW1A 1AA"]),
        ("0L1 1AA", ["OL1 1AA"]),  # 0 for O
        ("SO1 4AB S01 4AB", ["SO1 4AB", "SO1 4AB"]),
        ("SWIA1AA", []),  # not parted: a reference as likely as a postcode
        ("call O7 7OO 900123", []),
        ("07700 900123", []),
        ("O77OO 9OO123", []),
        ("size M8 5XL", []),  # a real postcode, and yet a size
        ("Sizes: S, M8 5XL", []),
        ("size UK M8 5XL", []),
        ("M8 5XL, XXL and S left", []),
        ("collect from M8 5XL", ["M8 5XL"]),
        ("ref AB12M8 8EP", []),
        ("M8 8EPX", []),
        ("ZZ9 9ZZ", []),
        ("M8\n8EP", []),
    ],
)
def test_finds(text: str, found: list[str]) -> None:
    hits = find_postcodes(text)
    assert [hit.postcode for hit in hits] == found
    assert all(text[hit.start : hit.end] == hit.raw for hit in hits)


@pytest.mark.parametrize(
    ("postcode", "lat", "lon", "within", "authority"),
    [
        # landmarks as a map has them, read by eye: the wrong grid or datum would be 100 m to hundreds of kilometres off
        ("SW1A 1AA", 51.5010, -0.1416, 30, "E09000033"),  # Buckingham Palace
        ("M2 5DB", 53.479, -2.245, 150, "E08000003"),  # Manchester, Albert Square
        ("EH1 1YZ", 55.950, -3.191, 300, "S12000036"),  # Edinburgh, Waverley
        ("BT1 5GS", 54.5965, -5.930, 100, "N09000003"),  # Belfast City Hall, on the Irish grid
        ("TR19 7AA", 50.066, -5.715, 300, "E06000052"),  # Land's End
        ("ZE1 0AA", 60.155, -1.145, 1000, "S12000027"),  # Lerwick
    ],
)
def test_lookup(postcode: str, lat: float, lon: float, within: float, authority: str) -> None:
    place = lookup(postcode)
    assert place is not None
    assert place.lat is not None
    assert place.lon is not None
    assert metres(place.lat, place.lon, lat, lon) < within
    assert place.local_authority == authority


def test_the_grid_against_the_worked_example_of_ordnance_survey() -> None:
    """Caister water tower, "A guide to coordinate systems in Great Britain", annex C; its place in ETRS89 to 5 m."""
    lat, lon = _unproject(651409.903, 313177.270, _BRITISH)
    assert math.degrees(lat) == pytest.approx(52 + 39 / 60 + 27.2531 / 3600, abs=1e-8)
    assert math.degrees(lon) == pytest.approx(1 + 43 / 60 + 4.5177 / 3600, abs=1e-8)
    lat, lon = _to_wgs84(651409.903, 313177.270, _BRITISH)
    assert metres(lat, lon, 52 + 39 / 60 + 28.72 / 3600, 1 + 42 / 60 + 57.79 / 3600) < 5


@pytest.mark.skipif(not GREATER_MANCHESTER.exists(), reason="../shared/data is absent")
def test_positions_of_two_thousand_premises_whose_publisher_placed_their_postcodes() -> None:
    off = []
    with GREATER_MANCHESTER.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = lookup(row["postcode"]) if row["lat"] else None
            if place and place.lat is not None and place.lon is not None:
                off.append(metres(place.lat, place.lon, float(row["lat"]), float(row["lon"])))
    assert len(off) > 1900
    assert statistics.median(off) < 5


def test_a_postcode_without_grid_reference_has_no_position() -> None:
    jersey = lookup("JE2 3AB")
    assert jersey is not None
    assert (jersey.lat, jersey.lon, jersey.local_authority) == (None, None, "L99999999")
    ended = lookup("YO1 0AA")
    assert ended is not None
    assert (ended.lat, ended.local_authority) == (None, None)


def test_what_the_directory_has_not() -> None:
    assert lookup("M8 9ZZ") is None
    assert lookup("no postcode") is None
    assert not is_known("QQ1 1AA")
    assert not is_known("V1 1AA")
    assert is_known("gir0aa")


def test_district() -> None:
    assert district("ec1a1bb") == "EC1A"
    assert district("M8 8EP") == "M8"
    assert district("nothing") is None


def test_metres() -> None:
    assert metres(53.5, -2.2, 53.5, -2.2) == 0
    assert metres(0, 0, 0, 180) == pytest.approx(math.pi * 6_371_008.8)
    # London to Edinburgh
    assert metres(51.5074, -0.1278, 55.9533, -3.1883) == pytest.approx(534_000, rel=0.005)


@given(st.text(st.characters(), max_size=80))
def test_never_raises(text: str) -> None:
    for hit in find_postcodes(text):
        assert text[hit.start : hit.end] == hit.raw
    normalise_postcode(text)
    lookup(text)


@given(st.text("MBSOI018 ELXAJ5", max_size=40))
def test_all_that_is_found_is_known(text: str) -> None:
    for hit in find_postcodes(text):
        assert is_known(hit.postcode)
        assert normalise_postcode(hit.postcode) == hit.postcode


@given(st.from_regex(r"0[0-9O]{4} ?[0-9O]{3} ?[0-9O]{3}", fullmatch=True))
def test_a_phone_is_no_postcode(phone: str) -> None:
    assert find_postcodes(f"ring {phone} now") == []


@pytest.mark.parametrize("unit", ["a1 ", "OIOI OII ", "size ", "M8 5XL ", "M8 8EP x ", "M8 5XL"])
def test_a_megabyte_takes_seconds(unit: str) -> None:
    began = time.perf_counter()
    find_postcodes(unit * (10**6 // len(unit)))
    assert time.perf_counter() - began < 60  # a guard against quadratic time, not a measure of speed
