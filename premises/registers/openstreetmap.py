"""An OpenStreetMap extract, XML (.osm, .osm.gz, .osm.bz2) or PBF: shops, markets and named units that have an address.

Tags: https://wiki.openstreetmap.org/wiki/Key:addr (addr:unit, addr:housename, addr:housenumber, addr:street, addr:place, addr:suburb,
addr:city, addr:postcode), https://wiki.openstreetmap.org/wiki/Key:shop and Tag:amenity=marketplace. Read by pyosmium, which streams either
format and expands no XML entity; it goes through the file once for each kind of thing, and remembers only what the premises
are made of. The position is the node's, or the middle of the box about the way's or the relation's nodes. Which things are
premises is said in configs/registers/openstreetmap.yml (`take:`). Volunteers' work: no statement of who trades there today. ODbL 1.0.
An extract turned into CSV is read by kind `csv`, with `lat` and `lon` among its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from premises.registers import Refused, RegisterConfig, Rows, degrees_of, phone_of, said, uprn_of
from store.errors import StopRun
from store.words.records import RegisterEntry

KIND = "openstreetmap"
TAKE = ("shop", "craft", "amenity=marketplace", "addr:unit")
LINES = ("addr:unit", "addr:flats", "addr:housename", "addr:street", "addr:place", "addr:suburb", "addr:city")
TRADES = ("shop", "craft", "amenity", "office", "building")
Point = tuple[float, float]


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each thing that is taken, nodes first, then ways, then relations; one without a name or any addr: tag is refused.

    Raises StopRun where pyosmium is not installed, or cannot read the file.
    """
    try:
        import osmium
    except ImportError:
        raise StopRun("an OpenStreetMap extract is read with pyosmium: pip install 'touchstone-scanner[map]'; nothing was loaded") from None
    if not path.exists():
        raise StopRun(f"{path}: cannot be read: there is no such file")
    try:
        for row, (reference, tags, at) in enumerate(_things(osmium, str(path), config.take or TAKE), 1):
            yield _entry(row, reference, tags, at)
    except RuntimeError as error:  # all that libosmium says: a JPEG, a file cut short, an XML entity
        raise StopRun(f"{path}: cannot be read as OpenStreetMap XML or PBF: {error}; nothing was loaded") from None


def _things(osmium: Any, path: str, take: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str], Point | None]]:
    """(reference, tags, middle) of all that is taken, in the file's order within each kind."""
    kind, keys = osmium.osm, sorted({tag.partition("=")[0] for tag in take})

    def found(entity: Any) -> Iterator[tuple[Any, dict[str, str]]]:
        for one in osmium.FileProcessor(path, entity).with_filter(osmium.filter.KeyFilter(*keys)):
            tags = dict(one.tags)
            if _is_taken(tags, take):
                yield one, tags

    def numbered(entity: Any, numbers: Iterable[int]) -> Iterator[Any]:
        wanted = sorted(numbers)
        return iter(osmium.FileProcessor(path, entity).with_filter(osmium.filter.IdFilter(wanted)) if wanted else ())

    relations = [(one.id, tags, [m.ref for m in one.members if m.type == "w"]) for one, tags in found(kind.RELATION)]
    ways = [(one.id, tags, [node.ref for node in one.nodes]) for one, tags in found(kind.WAY)]
    parts = {one.id: [node.ref for node in one.nodes] for one in numbered(kind.WAY, {way for *_, members in relations for way in members})}
    corners = {node for *_, nodes in ways for node in nodes}.union(*parts.values())
    at = {one.id: (one.lat, one.lon) for one in numbered(kind.NODE, corners) if one.location.valid()}
    for one, tags in found(kind.NODE):
        yield f"node/{one.id}", tags, (one.lat, one.lon) if one.location.valid() else None
    for number, tags, nodes in ways:
        yield f"way/{number}", tags, _middle(at[n] for n in nodes if n in at)
    for number, tags, members in relations:
        yield f"relation/{number}", tags, _middle(at[n] for way in members for n in parts.get(way, ()) if n in at)


def _is_taken(tags: Mapping[str, str], take: tuple[str, ...]) -> bool:
    for tag in take:
        key, _, value = tag.partition("=")
        if key in tags and (not value or tags[key] == value):
            return True
    return False


def _middle(points: Iterator[Point]) -> Point | None:
    """The middle of the box about the points: within the building for all but the oddest, which the mean of its corners need not be."""
    known = list(points)
    if not known:
        return None
    lats, lons = zip(*known, strict=True)
    return (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2


def _entry(row: int, reference: str, tags: Mapping[str, str], at: Point | None) -> RegisterEntry | Refused:
    name = tags.get("name") or tags.get("brand") or tags.get("operator") or ""
    lines = [_line(key, tags) for key in LINES if tags.get(key) or (key == "addr:street" and tags.get("addr:housenumber"))]
    if not name or not (lines or tags.get("addr:postcode")):
        raw = " | ".join(f"{key}={value}" for key, value in tags.items())
        return Refused(row, "no address" if name else "no name", f"{reference} | {raw}")
    phone = (tags.get("phone") or tags.get("contact:phone") or "").split(";")[0]
    lat, lon = (degrees_of(at[0], 90), degrees_of(at[1], 180)) if at else (None, None)
    return RegisterEntry(
        register=KIND,
        reference=reference,
        name=name,
        address_raw=", ".join(lines),
        postcode=tags.get("addr:postcode"),
        uprn=uprn_of(tags.get("ref:GB:uprn")),
        lat=lat if lon is not None else None,
        lon=lon if lat is not None else None,
        phone=phone_of(phone),
        row=row,
        details=said(
            trade=next((f"{key}={tags[key]}" for key in TRADES if key in tags), ""),
            brand=tags.get("brand"),
            website=tags.get("website") or tags.get("contact:website"),
            food_hygiene=tags.get("fhrs:id"),
        ),
    )


def _line(key: str, tags: Mapping[str, str]) -> str:
    value = tags.get(key, "")
    if key == "addr:unit":
        return value if any(word in value.lower() for word in ("unit", "shop", "stall", "suite", "floor", "arch")) else f"Unit {value}"
    if key == "addr:flats":
        return f"Flat {value}"
    if key == "addr:street":
        return f"{tags.get('addr:housenumber', '')} {value}".strip()
    return value
