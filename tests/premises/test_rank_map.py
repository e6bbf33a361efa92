"""The drawing of places: right lengths, north up, nothing fetched, every place in it or said to be left out."""

from __future__ import annotations

import io
import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from premises.map import Point, draw, picture, project
from store.words.postcode import metres

SVG = "{http://www.w3.org/2000/svg}"
UK = st.tuples(st.floats(49.9, 60.8), st.floats(-8.1, 1.7))


def points(*places: tuple[float, float], **rest: bool) -> list[Point]:
    return [Point(lat, lon, f"Unit {n}, Larch Parade", **rest) for n, (lat, lon) in enumerate(places, 1)]


def circles(svg: str) -> list[tuple[float, float]]:
    return [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in ET.fromstring(svg).iter(f"{SVG}circle")]


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


@given(UK, UK)
def test_a_length_on_the_map_is_right_within_six_in_a_thousand(here: tuple[float, float], there: tuple[float, float]) -> None:
    middle = ((here[0] + there[0]) / 2, (here[1] + there[1]) / 2)
    drawn = math.dist(project(*here, middle), project(*there, middle))
    assert drawn == pytest.approx(metres(*here, *there), rel=0.006, abs=0.5)


def test_north_is_up_and_east_is_right_and_the_scale_bar_is_as_long_as_it_says() -> None:
    south, north, east = (53.45, -2.30), (53.46, -2.30), (53.45, -2.28)
    svg = draw(points(south, north, east), width=900, height=600)
    # drawn last to first
    (ex, ey), (nx, ny), (sx, sy) = circles(svg)
    assert ny < sy and abs(nx - sx) < 1 and ex > sx and abs(ey - sy) < 1
    [bar] = [line for line in ET.fromstring(svg).iter(f"{SVG}line") if line.get("stroke-width") == "3"]
    long = float(bar.get("x2", "")) - float(bar.get("x1", ""))
    [said] = [re.match(r"([\d.]+) (k?m), as a square of the grid", w) for w in words(svg) if "square of the grid" in w]
    assert said is not None
    told = float(said[1]) * (1000 if said[2] == "km" else 1)
    assert told / long == pytest.approx(metres(*south, *north) / (sy - ny), rel=0.01)
    assert "N" in words(svg)


def test_every_place_is_named_or_counted_as_left_out() -> None:
    svg = draw(points(*((53 + n / 50, -2.0) for n in range(60))), width=800, height=300)
    shown = [w for w in words(svg) if "Larch Parade" in w]
    assert 0 < len(shown) < 60 and f"and {60 - len(shown)} more, in the list" in words(svg)


def test_places_at_one_spot_share_a_marker_that_names_them_all() -> None:
    svg = draw(points(*[(53.45, -2.3)] * 4, (53.47, -2.3)), width=800, height=500)
    assert len(circles(svg)) == 2 and {"1", "and 2-4", "5"} <= set(words(svg))


def test_a_postcodes_position_is_hollow_and_an_alert_is_red_and_both_are_explained() -> None:
    svg = draw([Point(53.45, -2.3, "a", exact=False), Point(53.48, -2.3, "b", alert=True)], width=800, height=500)
    assert {"hollow: where its postcode lies", "red: an alert"} <= set(words(svg))
    fills = {c.get("fill") for c in ET.fromstring(svg).iter(f"{SVG}circle")}
    assert fills == {"#ffffff", "#b3261e"}
    assert not any("hollow" in w or "red" in w for w in words(draw(points((53.45, -2.3)), width=800, height=500)))


def test_words_of_others_are_words_and_no_markup() -> None:
    svg = draw([Point(53.4, -2.3, "<script>alert('x')</script>&\x00\n")], width=800, height=500)
    assert "<script>" not in svg and any(w.startswith("1  <script>") for w in words(svg))


def test_the_drawing_fetches_nothing_and_is_the_same_each_time() -> None:
    every = points((53.45, -2.3), (53.46, -2.29))
    svg = draw(every, width=800, height=500)
    assert svg == draw(every, width=800, height=500)
    assert not re.findall(r"(?:href|url|src)\b", svg) and re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert picture(every, width=800, height=500) == picture(every, width=800, height=500)


def test_the_png_is_the_same_scene() -> None:
    image = Image.open(io.BytesIO(picture([Point(53.45, -2.3, "a", alert=True)], width=800, height=500)))
    assert image.size == (800, 500) and image.format == "PNG"
    assert (0xB3, 0x26, 0x1E) in {colour for _, colour in image.convert("RGB").getcolors(1_000_000) or []}


def test_no_place_and_one_place_can_be_drawn_and_what_is_no_position_or_no_size_is_refused() -> None:
    assert words(draw([], width=400, height=300)) == ["No place has a position."]
    assert len(circles(draw(points((53.4, -2.3)), width=400, height=300))) == 1
    with pytest.raises(ValueError, match="no position"):
        draw([Point(math.nan, 0, "x")], width=400, height=300)
    with pytest.raises(ValueError, match="holds nothing"):
        draw([], width=100, height=300)
