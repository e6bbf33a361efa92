"""Premises: see which buildings and units listings lead to."""

from __future__ import annotations

import json as jsons
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casework import places
from casework.commands import occupants
from casework.commands.common import By, Folder, Json, Why, opened, person, plain, print_json, say, table
from casework.spreadsheets import write_csv
from store.errors import TouchstoneError
from store.words.dates import LONDON

if TYPE_CHECKING:
    from premises.rank import Ranked
    from store.store import Acting, Store

premises = typer.Typer(no_args_is_help=True, help="Buildings and units, and what leads to them.")


GeoJson = Annotated[Path | None, typer.Option("--geojson", help="Write the places as GeoJSON (RFC 7946).")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the places as CSV.")]
Map = Annotated[Path | None, typer.Option("--map", help="Draw the places on a plain grid, without the network: a file .svg or .png.")]


@premises.command("rank")
def rank(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    for_officer: Annotated[
        str, typer.Option("--for-officer", help="Give these to an officer for today, within the cap of configs/ranking.yml.")
    ] = "",
    geojson: GeoJson = None,
    csv_file: Csv = None,
    map_file: Map = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Premises that listings lead to, by harm × strength of evidence, with the parts. Every link is proposed until a person judges it.

    Example: touchstone premises rank --for-officer a.officer --map today.svg
    """
    from premises.harm import rank_settings
    from premises.rank import rank as ranked

    note = ""
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        officer = _officer(store, for_officer) if for_officer else ""
        with store.acting(actor, purpose="premises rank", justification=why) as reader:
            found = ranked(reader, limit=None if officer else limit, home=folder)
            if officer:
                most, day = rank_settings(folder).per_officer_per_day, f"{datetime.now(UTC).astimezone(LONDON):%Y-%m-%d}"
                wanted = [r.premises.id or 0 for r in found[:limit]]
                given = store.give(officer, day, wanted, most, actor=actor, justification=why)
                left = len(found) - sum((r.premises.id or 0) in given for r in found)
                found = [r for r in found if (r.premises.id or 0) in given]
                note = f"Given to {officer} for {day}: {len(given)} premises of at most {most}; {left} more are ranked and were left out."
            _write(reader, found, geojson, csv_file, map_file)
    if json:
        print_json({"premises": found, "note": note} if for_officer else found)
        return
    _listed(
        "Premises",
        found,
        "Nothing leads to a place: load a register, then `touchstone link`; `touchstone method list` shows whether its method is in force.",
    )
    if note:
        say(note)


@premises.command("near")
def near(
    place: Annotated[str, typer.Argument(help="A postcode, or latitude and longitude: 'M8 8EP', '53.446,-2.308'.")],
    within: Annotated[str, typer.Option(help="How far: 500m, 2km.")] = "500m",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    geojson: GeoJson = None,
    csv_file: Csv = None,
    map_file: Map = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Premises that listings lead to near a postcode or a position, the nearest first. Those without a position are in no such list.

    Example: touchstone premises near "M8 8EP" --within 2km
    """
    from premises.rank import rank as ranked

    metres = _metres(within)
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises near", justification=why) as reader:
        found = ranked(reader, place, within_m=metres, limit=limit, home=folder)
        _write(reader, found, geojson, csv_file, map_file)
    if json:
        print_json(found)
        return
    _listed(f"Premises within {within} of {place}", found, f"Nothing leads to a place within {within} of {place}.")


@premises.command("show")
def show(
    number: Annotated[int, typer.Argument(help="The premises' row number.")],
    geojson: GeoJson = None,
    csv_file: Csv = None,
    map_file: Map = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """One premises: where it is, what registers say of it, each link with its reasons and what speaks against it, and how its rank is made up."""
    from premises.rank import show as shown

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises show", justification=why) as reader:
        found = shown(reader, number, home=folder)
        here = places.occupants_at(reader, folder, number)
        _write(reader, [found], geojson, csv_file, map_file)
    if json:
        print_json({**plain(found), "occupants": plain(here)})
        return
    say(f"{found.premises.label} ({found.premises.kind})")
    for line in places.where(found):
        say(f"  {line}")
    for alert in found.alerts:
        say(f"  ALERT: {alert.sentence} (capture {alert.capture})")
    say(f"  {found.figure:g} = harm {found.harm:g} × strength {found.strength:g} ({found.why})")
    for part in found.parts:
        say(f"    {part.points:+g} {part.sentence}")
    table(
        "Registers say",
        ("register", "reference", "name", "address"),
        [(e.register, e.reference, e.name, e.address_raw) for e in found.entries],
        "No register says anything of it.",
    )
    occupants.show(here)
    for x in found.links:
        say(f"link {x.id}: {x.subject_kind} {x.subject}, {x.level}, {x.score:.2f}, {x.status}")
        for r in x.reasons:
            say(
                f"  {'against' if r.against else 'for    '} {r.weight:+.2f} {r.sentence}"
                + (f" (capture {r.capture})" if r.capture else ""),
            )


@premises.command("rollup")
def rollup(
    grouped: Annotated[
        str, typer.Option("--by", help="authority, service, district (of the postcode), ward, lsoa, market, landlord or building.")
    ],
    csv_file: Csv = None,
    actor: Annotated[str, typer.Option("--actor", help="Who is acting (elsewhere --by).", envvar="TOUCHSTONE_ACTOR")] = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Premises summed up by area, market, landlord or building. What is not known is a row of its own, and nothing is counted twice.

    Example: touchstone premises rollup --by service
    """
    from premises.rank import rank as ranked
    from premises.rollup import BY, roll_up

    if grouped not in BY:
        raise TouchstoneError(f"there is no roll-up by '{grouped}'; there are {', '.join(BY)}")
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, actor), purpose="premises rollup", justification=why) as reader,
    ):
        groups = roll_up(ranked(reader, limit=None, home=folder), grouped)
        columns = ("name", "code", "figure", "premises", "confirmed", "subjects", "flagged", "alerts", "first")
        rows = [(g.name, g.key, g.figure, len(g.premises), g.confirmed, g.subjects, g.flagged, g.alerts, g.premises[0]) for g in groups]
        if csv_file:
            write_csv(csv_file, columns, rows)
            reader.disclose("file", {"rows": len(rows), "format": "csv"})
    if json:
        print_json(groups)
        return
    table(f"Premises by {grouped}", columns, rows, "Nothing leads to a place yet.")


@premises.command("alerts")
def premises_alerts(by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """Closed premises that seem to trade: a listing of a linked seller was captured while a closure order was in force. Exit status 1 on one."""
    from premises.alerts import alerts, closures
    from premises.harm import rank_settings

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises alerts", justification=why) as reader:
        settings = rank_settings(folder)
        recorded = closures(reader, settings)
        found = alerts(reader, settings, recorded)
    if json:
        print_json(found)
    else:
        for alert in found:
            say(f"ALERT premises {alert.at}: {alert.sentence} (capture {alert.capture}, of {alert.captures})")
        if not found:
            say(f"No alert: {len(recorded)} closures are recorded." if recorded else "No closure is recorded, so that none can be broken.")
    if found:
        raise typer.Exit(1)


def _officer(store: Store, name: str) -> str:
    """The id under which somebody works here: the cap counts by it. Raises TouchstoneError for nobody's."""
    known = name.strip()
    try:
        if store.actor(known).is_person:
            return known
    except TouchstoneError:
        pass
    raise TouchstoneError(
        f"--for-officer: nobody works here under '{known}'; give the name with which the officer acts (--by, TOUCHSTONE_ACTOR), "
        "known once any command was run with it"
    )


def _listed(title: str, found: Sequence[Ranked], empty: str) -> None:
    rows = []
    for one in found:
        best = one.links[0]
        subjects = len({(x.subject_kind, x.subject) for x in one.links})
        numbers = ", ".join(str(x.id) for x in one.links[:4])
        away = "" if one.distance_m is None else f"{one.distance_m:,.0f} m"
        name = one.premises.label + (" (ALERT)" if one.alerts else "")
        product = f"{one.figure:g} = {one.harm:g} × {one.strength:g}"
        rows.append((one.premises.id, name, product, best.level, best.status, subjects, len(one.flagged), away, numbers))
    columns = ("row", "place", "harm × strength", "level", "status", "subjects", "flagged", "away", "links")
    table(title, columns, rows, empty)
    for one in found:
        for alert in one.alerts:
            say(f"ALERT premises {one.premises.id}: {alert.sentence} (capture {alert.capture})")


def _metres(text: str) -> float:
    number, factor = (text[:-2], 1000.0) if text.lower().endswith("km") else (text[:-1] if text.lower().endswith("m") else text, 1.0)
    try:
        metres = float(number) * factor
    except ValueError:
        raise TouchstoneError(f"--within: '{text}' is no distance: write 500m or 2km") from None
    if not 0 < metres <= 1_000_000:
        raise TouchstoneError(f"--within: '{text}' is no distance between 0 and 1,000 km")
    return metres


def _write(reader: Acting, found: Sequence[Ranked], geojson: Path | None, csv_file: Path | None, map_file: Path | None) -> None:
    """The exports that were asked for. Each leaves the store, and is a disclosure in the log."""
    from premises.export import COLUMNS, points, row
    from premises.export import geojson as collection
    from premises.map import draw, picture

    if map_file and map_file.suffix.lower() not in (".svg", ".png"):
        raise TouchstoneError(f"--map: {map_file} is neither .svg nor .png")
    if geojson:
        geojson.write_text(jsons.dumps(collection(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        reader.disclose("file", {"rows": len(found), "format": "geojson"})
    if csv_file:
        write_csv(csv_file, COLUMNS, [row(r) for r in found])
        reader.disclose("file", {"rows": len(found), "format": "csv"})
    if map_file:
        drawn = points(found)
        if map_file.suffix.lower() == ".svg":
            map_file.write_text(draw(drawn, width=1000, height=640), encoding="utf-8")
        else:
            map_file.write_bytes(picture(drawn, width=1000, height=640))
        reader.disclose("file", {"rows": len(drawn), "format": map_file.suffix[1:].lower()})
        if len(drawn) < len(found):
            say(f"{len(found) - len(drawn)} of {len(found)} places have no position and are not on the map.")
