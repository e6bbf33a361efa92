"""Where a postcode or a position lies, offline: its local authority, the trading-standards service that answers for it, and its ward or LSOA
where boundaries are loaded.

A postcode's authority is what ONS's directory says of it. A position's is that of the nearest postcode of the directory, which is a guess
near a boundary: docs/where-it-goes.md has how often it is right, and `others` says where the postcodes about it disagree. Boundaries
(configs/areas.yml) settle it, and are the only way to wards and LSOAs: the directory as packed has neither.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.config import Home, defaults_folder, load
from store.errors import TouchstoneError
from store.words.postcode import SQUARE, Place, Positions, is_known, lookup, positions, to_grid

if TYPE_CHECKING:
    from shapely import STRtree

FARTHEST = 5000.0  # metres: of a place with no postcode so near no authority is said (at sea, abroad, on a mountain)
ABOUT = 8  # the nearest postcodes that are asked whether they agree


@dataclass(frozen=True, slots=True)
class Area:
    """A local authority by its GSS code, and the trading-standards service that answers for it.

    `how` is postcode, position or boundary; a position's has the metres to the postcode that it was taken from, and in `others` the codes
    of further authorities among the postcodes nearest to it: where there are any, it lies near a boundary and either may be right.
    """

    code: str
    name: str | None = None
    service: str | None = None
    service_name: str | None = None
    how: str = "postcode"
    distance_m: float | None = None
    others: tuple[str, ...] = ()


# -- authorities and services ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class County:
    """A county council of two tiers, and its districts by code."""

    name: str
    districts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """A trading-standards service. `members` are authorities and counties by code; `source` says where that was read, and of when."""

    name: str
    members: tuple[str, ...] = ()
    source: str = ""
    read_of: str = ""


@dataclass(frozen=True, slots=True)
class Authorities:
    """What configs/authorities.yml says. Raises ValueError where a code is there twice, or a member is nobody."""

    edition: str
    counties: Mapping[str, County]
    single_tier: Mapping[str, str]
    elsewhere: Mapping[str, str]
    services: Mapping[str, Service]

    def __post_init__(self) -> None:
        codes = [*self.single_tier, *(code for county in self.counties.values() for code in county.districts)]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"{', '.join(twice)}: a local authority is here twice")
        members = [m for one in self.services.values() for m in one.members]
        if strange := sorted({m for m in members if (m not in self.single_tier and m not in self.counties) or members.count(m) > 1}):
            raise ValueError(f"services: {', '.join(strange)} is no authority or county of this file, or a member of two services")

    @property
    def names(self) -> dict[str, str]:
        """Every local authority's name by its code, pseudo-codes apart."""
        return dict(self.single_tier) | {code: name for county in self.counties.values() for code, name in county.districts.items()}

    def service_of(self, code: str) -> tuple[str, Service] | None:
        """The key and the service that answers for a local authority; None for a code that is not here, or of no authority of the country.

        The key is the service's own where several share one, else the GSS code of the county or of the authority itself.
        """
        county = next((key for key, one in self.counties.items() if code in one.districts), None)
        if county is None and code not in self.single_tier:
            return None
        answers = county or code
        for key, one in self.services.items():
            if answers in one.members:
                return key, one
        name = self.counties[county].name if county else self.single_tier[code]
        return answers, Service(f"{name} trading standards", (answers,))


@lru_cache(maxsize=8)
def _authorities(path: Path) -> Authorities:
    return load(path, Authorities)


def authorities(home: Home | None = None) -> Authorities:
    """The working folder's configs/authorities.yml, or the shipped one."""
    return _authorities(home.file("authorities.yml") if home else defaults_folder() / "authorities.yml")


# -- postcodes ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=200_000)
def place_of(postcode: str) -> Place | None:
    """`store.words.postcode.lookup`, remembered: a register has many rows to a postcode."""
    return lookup(postcode)


def area_of(postcode: str | None, known: Authorities | None = None) -> Area | None:
    """The local authority of a postcode; None where there is none or the directory has none for it."""
    place = place_of(postcode) if postcode else None
    if place is None or place.local_authority is None:
        return None
    return described(place.local_authority, known, name=place.local_authority_name)


def described(code: str, known: Authorities | None = None, *, name: str | None = None, **rest: Any) -> Area:
    """The area of that code, with its name and service as far as the file has them."""
    known = known or authorities()
    service = known.service_of(code)
    key, one = service if service else (None, None)
    return Area(code, known.names.get(code) or known.elsewhere.get(code) or name, key, one.name if one else None, **rest)


_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # of the inward part


@lru_cache(maxsize=256)
def postcodes_of(district: str) -> tuple[str, ...]:
    """Every postcode of a district ("M32") that the directory has, current or ended; () for what is no district. About 10 ms."""
    inward = (f"{digit}{a}{b}" for digit, a, b in itertools.product("0123456789", _LETTERS, _LETTERS))
    return tuple(code for code in (f"{district} {end}" for end in inward) if is_known(code))


# -- positions ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Near:
    """A postcode's point by the directory: metres away, and its authority's code."""

    metres: float
    code: str


def area_at(lat: float, lon: float, known: Authorities | None = None, *, farthest: float = FARTHEST) -> Area | None:
    """The local authority of a position in WGS 84 degrees, by the nearest postcode; None where none lies within `farthest` metres.

    The first call reads the whole directory: 4 s of a processor and 230 MB at most, measured on two shared cores; then 0.6 ms a position.
    """
    if not (49 <= lat <= 61.5 and -9 <= lon <= 2.5):
        return None
    near = nearest(positions(False), *to_grid(lat, lon), farthest=farthest)
    if lon < -5.2 and 53.9 < lat < 55.5:  # Northern Ireland's postcodes are on the Irish grid
        near = sorted(near + nearest(positions(True), *to_grid(lat, lon, irish=True), farthest=farthest), key=lambda n: (n.metres, n.code))
    if not near:
        return None
    first, others = near[0], sorted({n.code for n in near[:ABOUT]} - {near[0].code})
    return described(first.code, known, how="position", distance_m=round(first.metres, 1), others=tuple(others))


def nearest(of: Positions, east: float, north: float, *, farthest: float, most: int = ABOUT, leave_out: float = -1.0) -> list[Near]:
    """The `most` nearest points within `farthest` metres of a place on the same grid, nearest first; points within `leave_out` do not count.

    Squares are looked through in rings: what lies beyond ring n is at least n squares away, so that a ring may end the search.
    """
    import numpy as np

    x, y = int(east) // SQUARE, int(north) // SQUARE
    found_metres: Any = np.empty(0)
    found_codes: Any = np.empty(0, np.int16)
    for ring in range(int(farthest) // SQUARE + 2):
        rows = [slice(of.starts[s], of.starts[s + 1]) for s in _ring(x, y, ring, of.columns, of.rows)]
        if rows:
            index = np.concatenate([np.arange(r.start, r.stop) for r in rows])
            away = np.hypot(of.easts[index] - east, of.norths[index] - north)
            kept = (away <= farthest) & (away > leave_out)
            found_metres, found_codes = np.append(found_metres, away[kept]), np.append(found_codes, of.authority[index[kept]])
        if len(found_metres) >= most and np.partition(found_metres, most - 1)[most - 1] <= ring * SQUARE:
            break
    order = np.lexsort((found_codes, found_metres))[:most]
    return [Near(float(found_metres[i]), of.authorities[found_codes[i]]) for i in order]


def _ring(x: int, y: int, ring: int, columns: int, rows: int) -> list[int]:
    """The squares of a ring about (x, y), as far as they are on the grid."""
    span = range(-ring, ring + 1)
    at = [(x + dx, y + dy) for dx in span for dy in span if max(abs(dx), abs(dy)) == ring]
    return [b * columns + a for a, b in at if 0 <= a < columns and 0 <= b < rows]


# -- boundaries --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Boundary:
    """A GeoJSON file of polygons in WGS 84, and which of its properties are the code and the name."""

    kind: str  # authority | ward | lsoa
    file: str
    code: str
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: '{self.kind}' is none of {', '.join(KINDS)}")


KINDS = ("authority", "ward", "lsoa")


@dataclass(frozen=True, slots=True)
class AreaSettings:
    """What configs/areas.yml says."""

    boundaries: tuple[Boundary, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Within:
    """The area of one kind that a position lies in."""

    kind: str
    code: str
    name: str


class Boundaries:
    """Polygons of the kinds that are loaded. Made by `boundaries`."""

    def __init__(self, layers: Sequence[tuple[str, STRtree, Sequence[tuple[str, str]]]]) -> None:
        self._layers = layers

    def at(self, lat: float, lon: float) -> list[Within]:
        """The area of each loaded kind that holds the position, its edge too; of two that share the edge the one with the lower code."""
        if not self._layers:
            return []
        from shapely import Point

        found = []
        for kind, tree, names in self._layers:
            inside = sorted(names[i] for i in tree.query(Point(lon, lat), predicate="intersects"))
            found += [Within(kind, *inside[0])] if inside else []
        return found


def boundaries(home: Home | None = None) -> Boundaries:
    """Those that configs/areas.yml names. Raises TouchstoneError naming the file: not there, no GeoJSON of polygons, not in degrees, no such property."""
    if home is None:
        return Boundaries(())
    path = home.file("areas.yml")
    return _boundaries(home.folder, path, path.stat().st_mtime_ns)


@cache
def _boundaries(folder: Path, settings: Path, _changed: int) -> Boundaries:
    return Boundaries([(one.kind, *_layer(folder / one.file, one)) for one in load(settings, AreaSettings).boundaries])


def _layer(path: Path, said: Boundary) -> tuple[STRtree, list[tuple[str, str]]]:
    try:
        from shapely import STRtree
        from shapely.errors import ShapelyError
        from shapely.geometry import shape
    except ModuleNotFoundError:
        raise TouchstoneError("boundaries need shapely: pip install 'touchstone-scanner[areas]'") from None
    try:
        features = json.loads(path.read_bytes())["features"]
        shapes, names = [], []
        for n, feature in enumerate(features):
            properties = feature["properties"] or {}
            if said.code not in properties or (said.name and said.name not in properties):
                raise TouchstoneError(
                    f"{path}: feature {n} has no property '{said.code if said.code not in properties else said.name}'; it has {', '.join(map(str, properties))}"
                )
            area = shape(feature["geometry"])
            if area.geom_type not in ("Polygon", "MultiPolygon"):
                raise TouchstoneError(f"{path}: feature {n} is a {area.geom_type}, no area")
            if not (area.bounds[0] >= -180 and area.bounds[2] <= 180 and area.bounds[1] >= -90 and area.bounds[3] <= 90):
                raise TouchstoneError(f"{path}: feature {n} is not in degrees: RFC 7946 wants WGS 84, longitude first; convert the file")
            shapes.append(area)
            names.append((str(properties[said.code]), str(properties[said.name]) if said.name else ""))
    except FileNotFoundError:
        raise TouchstoneError(f"{path}: there is no such file; configs/areas.yml names it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ShapelyError) as error:
        raise TouchstoneError(f"{path}: no GeoJSON of areas: {type(error).__name__}: {' '.join(str(error).split())[:120]}") from None
    return STRtree(shapes), names
