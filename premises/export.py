"""Ranked premises as GeoJSON (RFC 7946), as rows, and as the points of a map. Pure: writing files is casework's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from premises.map import Point
from premises.rank import Ranked

COLUMNS = (
    "row", "place", "kind", "figure", "harm", "strength", "confirmed_links", "links", "flagged_listings", "alerts", "postcode", "latitude", "longitude",
    "position", "authority_code", "authority", "service", "ward", "lsoa", "building", "market", "landlord", "distance_m", "parts",
)  # fmt: skip


def row(r: Ranked) -> tuple[Any, ...]:
    """One premises by COLUMNS; None where something is not known."""
    return (
        r.premises.id, r.premises.label, r.premises.kind, r.figure, r.harm, r.strength, r.confirmed, len(r.links), len(r.flagged), len(r.alerts),
        r.postcode, r.lat, r.lon, r.position, r.area.code if r.area else None, r.area.name if r.area else None,
        r.area.service_name if r.area else None, _within(r, "ward"), _within(r, "lsoa"), r.building or None, r.market or None, r.landlord or None,
        r.distance_m, "; ".join(f"{p.points:+g} {p.sentence}" for p in r.parts),
    )  # fmt: skip


def _within(r: Ranked, kind: str) -> str | None:
    return next((f"{w.code} {w.name}".strip() for w in r.within if w.kind == kind), None)


def geojson(ranked: Sequence[Ranked]) -> dict[str, Any]:
    """A FeatureCollection: longitude first, WGS 84, six decimals (0.1 m); the geometry is null where no position is known (RFC 7946 § 3.2).

    Properties are those of `row`, with the sentences of alerts; `position` says whose the point is.
    """
    return {"type": "FeatureCollection", "features": [_feature(r) for r in ranked]}


def _feature(r: Ranked) -> dict[str, Any]:
    placed = r.lat is not None and r.lon is not None
    properties = {k: v for k, v in zip(COLUMNS, row(r), strict=True) if k not in ("latitude", "longitude")}
    return {
        "type": "Feature",
        "id": r.premises.id,
        "geometry": {"type": "Point", "coordinates": [round(r.lon or 0.0, 6), round(r.lat or 0.0, 6)]} if placed else None,
        "properties": properties | {"alert_sentences": [a.sentence for a in r.alerts]},
    }


def points(ranked: Sequence[Ranked]) -> list[Point]:
    """Those with a position, in order, for `premises.map`."""
    return [
        Point(r.lat, r.lon, r.premises.label, exact=r.position == "register", alert=bool(r.alerts))
        for r in ranked
        if r.lat is not None and r.lon is not None
    ]
