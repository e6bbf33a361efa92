"""Sellers in the order of harm × strength of the evidence against their goods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.spreadsheets import write_csv

COLUMNS = ("row", "seller", "source", "harm × strength", "flagged", "premises", "alerts", "parts")


def register(sellers: typer.Typer) -> None:
    sellers.command("rank")(rank)


def rank(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write them as CSV.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Accounts with flagged listings by harm × strength of the evidence, with the parts. A rank is no verdict: it says where to look first.

    Example: touchstone seller rank --limit 10
    """
    from premises.rank import rank_sellers

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="seller rank", justification=why) as reader:
        found = rank_sellers(reader, limit=limit, home=folder)
        rows = []
        for one in found:
            parts = "; ".join(f"{p.points:+g} {p.sentence}" for p in one.parts)
            product = f"{one.figure:g} = {one.harm:g} × {one.strength:g}"
            name = one.seller.name or one.seller.handle
            rows.append((one.seller.id, name, one.seller.source, product, len(one.flagged), len(one.places), len(one.alerts), parts))
        if csv_file:
            write_csv(csv_file, COLUMNS, rows)
            reader.disclose("file", {"rows": len(rows), "format": "csv"})
    if json:
        print_json(found)
        return
    table("Sellers", COLUMNS[:-1], [row[:-1] for row in rows], "No account has a flagged listing that counts.")
    for one in found:
        for alert in one.alerts:
            say(f"ALERT seller {one.seller.id}: {alert.sentence} (capture {alert.capture})")
