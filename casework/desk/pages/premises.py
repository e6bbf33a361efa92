"""Premises that listings lead to: on a map and as a list in the same order, near a postcode, summed up by area, and out as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from starlette.responses import JSONResponse, Response

from casework.desk.app import Entry
from casework.desk.downloads import download
from casework.desk.settings import Action
from casework.desk.visit import Row, Visit, allowed
from casework.places import csv_text
from premises import export
from premises.rank import Ranked
from premises.rank import rank as ranked
from premises.rollup import Summed, roll_up, without_small
from store.errors import TouchstoneError
from store.store import Acting

router = APIRouter()
NAV = Entry("Premises", "/premises", Action.premises_view, 50)
PAGE = 25  # in the list; the map has all of them
WITHIN = {"": "anywhere", "250": "250 metres", "500": "500 metres", "1000": "1 km", "2000": "2 km", "5000": "5 km", "20000": "20 km"}
AREAS = {"authority": "local authority", "service": "trading standards service", "district": "postcode district", "ward": "ward", "market": "market"}  # fmt: skip
AREA_COLUMNS = ("area", "premises", "premises with a confirmed link", "accounts and adverts", "flagged listings")


@dataclass(frozen=True)
class Asked:
    """What a person asks to see: near a postcode, within so many metres. Raises TouchstoneError for a distance that is not offered."""

    near: str = ""
    within: str = ""

    def __post_init__(self) -> None:
        if self.within not in WITHIN:
            raise TouchstoneError("The distance is one of those that the page offers.")

    def address(self, **more: object) -> str:
        """The query that asks the same, with more in it."""
        said = {"near": self.near.strip(), "within": self.within, **more}
        return urlencode({name: value for name, value in said.items() if value})

    def found(self, visit: Visit, reader: Acting) -> list[Ranked]:
        metres = float(self.within) if self.within else None
        return ranked(reader, self.near.strip() or None, within_m=metres, limit=None, home=visit.home, sightings=sees_sightings(visit))


def sees_sightings(visit: Visit) -> bool:
    """Whether links that rest on a sighting are shown, and count: to whom sightings are."""
    return bool(visit.sightings)


@router.get("/premises")
def premises(visit: Annotated[Visit, allowed(Action.premises_view)], asked: Annotated[Asked, Depends()], after: Row = 0) -> Response:
    after = max(0, after)
    found: list[Ranked] = []
    error = ""
    try:
        with visit.reading("premises rank" if not asked.near.strip() else "premises near") as reader:
            found = asked.found(visit, reader)
    except TouchstoneError as raised:
        if not asked.near.strip():
            raise
        error = f"{raised}."
    shown = found[after : after + PAGE]
    more = f"/premises?{asked.address(after=after + PAGE)}" if len(found) > after + PAGE else ""
    return visit.page(
        "premises/list.html", 400 if error else 200, found=shown, count=len(found), after=after, asked=asked, error=error, within=WITHIN, more=more,
        nowhere=sum(each.lat is None for each in found), tiles=visit.desk.settings.tiles, query=asked.address(),
    )  # fmt: skip


@router.get("/premises/map.geojson")
def geojson(visit: Annotated[Visit, allowed(Action.premises_view)], asked: Annotated[Asked, Depends()]) -> Response:
    """The places with a position, in the order of the list: what the map draws, and no more of each than the list says."""
    with visit.reading("premises map") as reader:
        found = asked.found(visit, reader)
    features = [
        {
            "type": "Feature", "id": each.premises.id,
            "geometry": {"type": "Point", "coordinates": [round(each.lon or 0.0, 6), round(each.lat or 0.0, 6)]},
            "properties": {
                "number": number, "place": each.premises.label, "exact": each.position == "register", "alert": bool(each.alerts),
                "confirmed": each.confirmed, "said": f"{each.figure:g} = harm {each.harm:g} × strength {each.strength:g}",
            },
        }
        for number, each in enumerate(found, 1)
        if each.lat is not None
    ]  # fmt: skip
    return JSONResponse({"type": "FeatureCollection", "features": features}, media_type="application/geo+json")


@router.post("/premises/export")
def export_places(
    visit: Annotated[Visit, allowed(Action.listing_export)], near: Annotated[str, Form()] = "", within: Annotated[str, Form()] = "",
    form: Annotated[str, Form()] = "csv",
) -> Response:  # fmt: skip
    asked, form = Asked(near, within), "geojson" if form == "geojson" else "csv"
    with visit.reading("premises export") as reader:
        found = asked.found(visit, reader)
        reader.disclose("file", {"rows": len(found), "format": form})
    if form == "geojson":
        return download(json.dumps(export.geojson(found), ensure_ascii=False, indent=1), "premises.geojson", "application/geo+json")
    return download(csv_text(export.COLUMNS, [export.row(each) for each in found]), "premises.csv", "text/csv; charset=utf-8")


@router.get("/premises/areas")
def areas(visit: Annotated[Visit, allowed(Action.premises_view)], by: str = "authority") -> Response:
    return visit.page("premises/areas.html", by=by, kinds=AREAS, summed=_summed(visit, by, ""), least=visit.desk.settings.least_shown)


@router.post("/premises/areas/export")
def export_areas(visit: Annotated[Visit, allowed(Action.listing_export)], by: Annotated[str, Form()] = "authority") -> Response:
    summed = _summed(visit, by, "file")
    rows = [(r.name, *("held back" if x is None else x for x in (r.premises, r.confirmed, r.subjects, r.flagged))) for r in summed.rows]
    return download(csv_text(AREA_COLUMNS, rows), f"premises-by-{by}.csv", "text/csv; charset=utf-8")


def _summed(visit: Visit, by: str, to: str) -> Summed:
    if by not in AREAS:
        raise TouchstoneError(f"There is no sum by that; there are: {', '.join(AREAS.values())}.")
    with visit.reading("premises rollup") as reader:
        groups = roll_up(ranked(reader, limit=None, home=visit.home, sightings=sees_sightings(visit)), by)
        if to:
            reader.disclose(to, {"rows": len(groups), "format": "csv"})
    return without_small(groups, visit.desk.settings.least_shown)
