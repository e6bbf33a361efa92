"""The reference log: add pictures and prices, list, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import references
from casework.commands.common import By, Folder, Json, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.words.money import format_price
from store.words.records import Reference, ReferenceKind

app = typer.Typer(no_args_is_help=True, help="Comparison pictures and prices: a numbered log that is only added to.")


@app.command("add")
def add(
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures to add.")] = None,
    kind: Annotated[ReferenceKind, typer.Option(help="What they show.")] = ReferenceKind.suspected,
    brand: Annotated[str, typer.Option(help="The brand they show.")] = "",
    provenance: Annotated[str, typer.Option(help="Where they come from: a seizure, a statement, the brand.")] = "",
    csv: Annotated[Path | None, typer.Option(help="A CSV of pictures: file, kind, brand, provenance.")] = None,
    prices: Annotated[Path | None, typer.Option(help="A CSV of prices: brand, category, condition, price, currency, source, date.")] = None,
    by: By = "",
    home: Folder = None,
) -> None:
    """Add pictures or prices to the log. Each needs its provenance; the same one is not added twice.

    Example: touchstone reference add seized/bag.jpg --kind confirmed --brand Gucci --provenance "examiner's statement AB/3" --by a.officer
    Example: touchstone reference add --prices prices.csv --by a.officer
    """
    with opened(home) as (folder, store):
        who, numbers = person(store, folder, by), []
        rows = [(path, kind, brand, provenance) for path in pictures or []] + (references.read_list(csv) if csv else [])
        if any(not row[3].strip() for row in rows):
            raise TouchstoneError("say where the pictures come from (--provenance): a reference without it proves nothing")
        if any(row[1] is ReferenceKind.price for row in rows):
            raise TouchstoneError("prices come from a CSV: --prices FILE")
        if rows:
            numbers += references.add_pictures(store, folder, rows, actor=who)
        if prices:
            numbers += references.add_prices(store, folder, prices, actor=who)
    say(
        f"{len(numbers)} added"
        + (
            f", numbers {numbers[0]} to {numbers[-1]}. `touchstone detect` compares with them."
            if numbers
            else "; what was given is in the log already."
        )
    )


@app.command("list")
def reference_list(json: Json = False, home: Folder = None) -> None:
    """The entries in force."""
    with opened(home) as (_folder, store):
        rows = store.references()
    if json:
        print_json(rows)
        return
    shown = [
        (
            r.number,
            r.kind,
            r.brand,
            r.category,
            format_price(r.price_minor, r.currency) if r.price_minor and r.currency else (r.image_sha256 or "")[:12],
            r.provenance,
            r.dated,
        )
        for r in rows
    ]
    table(
        "References",
        ("number", "kind", "brand", "category", "price or picture", "provenance", "dated"),
        shown,
        "The log is empty: `touchstone reference add` fills it.",
    )


@app.command("remove")
def remove(number: int, why: Annotated[str, typer.Option(help="Why it no longer counts.")], by: By = "", home: Folder = None) -> None:
    """Say that an entry no longer counts. It stays in the log, with who removed it and why."""
    with opened(home) as (folder, store):
        if number not in {r.number for r in store.references()}:
            raise TouchstoneError(f"no reference {number} is in force; `touchstone reference list` shows them")
        kept = next(r for r in store.references() if r.number == number)
        entry = store.add_reference(
            Reference(None, kept.kind, kept.authority, why, person(store, folder, by), brand=kept.brand, removes=number)
        )
    say(f"Entry {entry} removes entry {number}.")
