"""Places drawn on a plain grid, without the network: no map tiles, a scale bar and north. For `touchstone premises rank --map` and the tasking sheet.

The projection is the spherical transverse Mercator about the middle of what is drawn (Snyder, "Map Projections: A Working Manual",
USGS 1395, equations 8-1 to 8-3): north is up, and a length is right within 0.6 % anywhere in the United Kingdom, which is less than the
width of a line. The drawing is a list of strokes and words, from which SVG and PNG are made alike.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

RADIUS = 6_371_008.8  # metres, the mean radius
LEAST = 200.0  # metres: a single place is drawn on so much ground
MARK, LINE, PAD = 11, 17, 12  # pixels: a marker's radius, a line of words, the margin
INK, FAINT, ALERT, PAPER = "#1b2733", "#d5dce2", "#b3261e", "#ffffff"
LETTER = 0.56  # of the size: what a letter of a plain sans-serif takes on average


@dataclass(frozen=True, slots=True)
class Point:
    """A place to draw: WGS 84 degrees, and the words that stand beside its number.

    `exact` False where the position is a postcode's and no building's: its marker is hollow. `alert` draws it in red.
    """

    lat: float
    lon: float
    label: str
    exact: bool = True
    alert: bool = False


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A line from (x, y) to (to_x, to_y), in pixels."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str = FAINT
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class _Disc:
    x: float
    y: float
    radius: float
    fill: str
    edge: str


@dataclass(frozen=True, slots=True)
class _Words:
    """Words whose middle line is at y; `anchor` start or middle."""

    x: float
    y: float
    text: str
    size: int = 12
    colour: str = INK
    anchor: str = "start"


_Shape = _Stroke | _Disc | _Words


def draw(points: Sequence[Point], *, width: int, height: int) -> str:
    """The places as an SVG of `width` × `height` pixels, numbered in the order given, their labels beside. Raises ValueError below 240 × 160.

    Places less than a marker apart share one marker, which names all their numbers. The same points give the same bytes.
    """
    body = "\n".join(_svg(shape) for shape in _scene(points, width, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" role="img">\n<title>{_title(points)}</title>\n'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def picture(points: Sequence[Point], *, width: int, height: int) -> bytes:
    """The same drawing as a PNG."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(image)
    for one in _scene(points, width, height):
        if isinstance(one, _Stroke):
            pen.line((one.x, one.y, one.to_x, one.to_y), fill=one.colour, width=max(1, round(one.width)))
        elif isinstance(one, _Disc):
            box = (one.x - one.radius, one.y - one.radius, one.x + one.radius, one.y + one.radius)
            pen.ellipse(box, fill=one.fill, outline=one.edge, width=2)
        else:
            anchor = "mm" if one.anchor == "middle" else "lm"
            pen.text((one.x, one.y), one.text, fill=one.colour, font=ImageFont.load_default(one.size), anchor=anchor)
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def project(lat: float, lon: float, middle: tuple[float, float]) -> tuple[float, float]:
    """Metres east and north of `middle` (latitude, longitude)."""
    phi, turn = math.radians(lat), math.radians(lon - middle[1])
    east = RADIUS * math.atanh(math.cos(phi) * math.sin(turn))
    return east, RADIUS * (math.atan2(math.tan(phi), math.cos(turn)) - math.radians(middle[0]))


def _title(points: Sequence[Point]) -> str:
    return f"{len(points)} place{'' if len(points) == 1 else 's'} on a plain grid, north up"


def _scene(points: Sequence[Point], width: int, height: int) -> list[_Shape]:
    if width < 240 or height < 160:
        raise ValueError(f"a map of {width} × {height} pixels holds nothing: 240 × 160 are the least")
    for one in points:
        if not (-90 < one.lat < 90 and -180 <= one.lon <= 180):
            raise ValueError(f"'{one.label}': {one.lat}, {one.lon} is no position in degrees")
    if not points:
        return [_Words(width / 2, height / 2, "No place has a position.", 13, INK, "middle")]
    beside = min(360, int(width * 0.42))  # the list of labels
    box = (PAD, PAD, width - beside - PAD, height - PAD)
    lats, lons = [p.lat for p in points], [p.lon for p in points]
    middle = ((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
    metres = [project(p.lat, p.lon, middle) for p in points]
    easts, norths = [east for east, _ in metres], [north for _, north in metres]
    wide, high = box[2] - box[0], box[3] - box[1]
    # pixels a metre, with room about the outermost; a single place is drawn on LEAST metres
    scale = min(wide / max(max(easts) - min(easts), LEAST), high / max(max(norths) - min(norths), LEAST)) / 1.25
    east0, north0 = (min(easts) + max(easts)) / 2, (min(norths) + max(norths)) / 2
    at = [(box[0] + wide / 2 + (east - east0) * scale, box[1] + high / 2 - (north - north0) * scale) for east, north in metres]
    step = _round_down(min(wide, high) / scale / 3)
    beside_it = _legend(points, box[2] + PAD, width - PAD, height)
    return [*_grid(box, step * scale), *_markers(points, at), *_scale_bar(box, step, scale), *_north(box), *beside_it]


def _round_down(metres: float) -> float:
    """The greatest of 1, 2, 5 × 10ⁿ metres that is no more."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(f * power for f in (1, 2, 5) if f * power <= metres * 1.000001)


def _grid(box: tuple[int, int, int, int], step: float) -> Iterable[_Stroke]:
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    for n in range(-math.floor((right - left) / 2 / step), math.floor((right - left) / 2 / step) + 1):
        yield _Stroke(middle_x + n * step, top, middle_x + n * step, bottom)
    for n in range(-math.floor((bottom - top) / 2 / step), math.floor((bottom - top) / 2 / step) + 1):
        yield _Stroke(left, middle_y + n * step, right, middle_y + n * step)
    edges = ((left, top, right, top), (right, top, right, bottom), (right, bottom, left, bottom), (left, bottom, left, top))
    yield from (_Stroke(*edge, colour=INK) for edge in edges)


def _markers(points: Sequence[Point], at: Sequence[tuple[float, float]]) -> Iterable[_Shape]:
    """Each marker with the numbers of the points under it; the last are drawn first, so that the first lie on top."""
    groups: list[list[int]] = []
    for i, (x, y) in enumerate(at):
        near = next((g for g in groups if math.hypot(at[g[0]][0] - x, at[g[0]][1] - y) < 2 * MARK), None)
        if near is None:
            groups.append([i])
        else:
            near.append(i)
    for group in reversed(groups):
        x, y = at[group[0]]
        colour = ALERT if any(points[i].alert for i in group) else INK
        exact = any(points[i].exact for i in group)
        yield _Disc(x, y, MARK, colour if exact else PAPER, colour)
        yield _Words(x, y, str(group[0] + 1), 11, PAPER if exact else colour, "middle")
        if len(group) > 1:
            rest = _runs([i + 1 for i in group[1:]])
            yield _Words(x + MARK + 3, y, f"and {rest}", 11, colour)


def _runs(numbers: Sequence[int]) -> str:
    """2, 3, 4, 7 as "2–4, 7"."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs)


def _scale_bar(box: tuple[int, int, int, int], step: float, scale: float) -> Iterable[_Shape]:
    left, bottom, long = box[0] + PAD, box[3] - PAD, step * scale
    yield _Stroke(left, bottom, left + long, bottom, INK, 3)
    for x in (left, left + long):
        yield _Stroke(x, bottom - 5, x, bottom + 2, INK, 2)
    said = f"{step / 1000:g} km" if step >= 1000 else f"{step:g} m"
    yield _Words(left, bottom - 13, f"{said}, as a square of the grid", 11)


def _north(box: tuple[int, int, int, int]) -> Iterable[_Shape]:
    x, top = box[2] - 16, box[1] + 12
    yield _Stroke(x, top + 30, x, top, INK, 2)
    yield _Stroke(x, top, x - 5, top + 8, INK, 2)
    yield _Stroke(x, top, x + 5, top + 8, INK, 2)
    yield _Words(x, top + 40, "N", 12, INK, "middle")


def _legend(points: Sequence[Point], left: float, right: float, height: int) -> Iterable[_Shape]:
    rows = max(1, int((height - 2 * PAD) // LINE))
    notes = ["hollow: where its postcode lies"] if not all(p.exact for p in points) else []
    notes += ["red: an alert"] if any(p.alert for p in points) else []
    room = rows - len(notes)
    shown = points if len(points) <= room else points[: room - 1]
    lines = [_Words(left, 0, f"{n}  {p.label}", 12, ALERT if p.alert else INK) for n, p in enumerate(shown, 1)]
    if len(shown) < len(points):
        lines.append(_Words(left, 0, f"and {len(points) - len(shown)} more, in the list"))
    lines += [_Words(left, 0, note, 11) for note in notes]
    for n, line in enumerate(lines):
        yield replace(line, y=PAD + LINE * (n + 0.5), text=_short(line.text, right - left, line.size))


def _short(text: str, room: float, size: int) -> str:
    """What fits, with a mark where something was left out; control characters are no words."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    most = max(4, int(room / (LETTER * size)))
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


def _svg(one: _Shape) -> str:
    if isinstance(one, _Stroke):
        return (
            f'<line x1="{one.x:.1f}" y1="{one.y:.1f}" x2="{one.to_x:.1f}" y2="{one.to_y:.1f}" '
            f'stroke="{one.colour}" stroke-width="{one.width:g}"/>'
        )
    if isinstance(one, _Disc):
        return f'<circle cx="{one.x:.1f}" cy="{one.y:.1f}" r="{one.radius:g}" fill="{one.fill}" stroke="{one.edge}" stroke-width="2"/>'
    return (
        f'<text x="{one.x:.1f}" y="{one.y + one.size * 0.36:.1f}" font-size="{one.size}" fill="{one.colour}" '
        f'text-anchor="{one.anchor}">{escape(one.text)}</text>'
    )
