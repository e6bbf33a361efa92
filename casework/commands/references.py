"""The reference log: add pictures and prices, list, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import prices, references
from casework.commands.common import By, Folder, Json, bar, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.words.money import format_price
from store.words.records import Reference, ReferenceKind

app = typer.Typer(no_args_is_help=True, help="Comparison pictures and prices: a numbered log that is only added to.")


@app.command("add")
def add(
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures to add, or folders: all the pictures in them.")] = None,
    kind: Annotated[ReferenceKind, typer.Option(help="What they show.")] = ReferenceKind.suspected,
    brand: Annotated[str, typer.Option(help="The brand they show.")] = "",
    provenance: Annotated[str, typer.Option(help="Where they come from: a seizure, a statement, the brand.")] = "",
    statement: Annotated[str, typer.Option(help="For 'confirmed': the reference of the examiner's statement or the court's record.")] = "",
    csv: Annotated[Path | None, typer.Option(help="A CSV of pictures: file, kind, brand, provenance, statement.")] = None,
    price_list: Annotated[
        Path | None,
        typer.Option(
            "--prices", help="A CSV of prices: brand, category, condition, price or p10, p50, p90 and rows, currency, source, date."
        ),
    ] = None,
    by: By = "",
    home: Folder = None,
) -> None:
    """Add pictures or prices to the log. Each needs its provenance; the same one is not added twice. Exit status 1 where a file was refused.

    Example: touchstone reference add seized/ --brand Gucci --provenance "seizure of 3 March, awaiting examination" --by a.officer
    Example: touchstone reference add bag.jpg --kind confirmed --statement AB/3 --brand Gucci --provenance "examiner's report" --by a.officer
    Example: touchstone reference add --prices prices.csv --by a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        files = [file for path in pictures or [] for file in (references.files_of(path) if path.is_dir() else [path])]
        rows = [references.Given(file, kind, brand, provenance, statement) for file in files]
        rows += references.read_list(csv) if csv else []
        added = references.Added()
        if rows:
            with bar() as progress:
                added = references.add_pictures(store, folder, rows, actor=who, progress=lambda done: progress("pictures", done, len(rows)))
        if price_list:
            added.numbers += references.add_prices(store, folder, price_list, actor=who)
    for file, why in added.refused:
        say(f"refused: {file}: {why}")
    numbers = added.numbers
    said = f"{len(numbers)} added"
    said += f", numbers {numbers[0]} to {numbers[-1]}" if numbers else ""
    said += f"; {added.known} in the log already" if added.known else ""
    said += f"; {len(added.refused)} refused" if added.refused else ""
    say(said + (". `touchstone detect` compares with them." if numbers else "."))
    if added.refused:
        raise typer.Exit(1)


@app.command("list")
def reference_list(
    kind: Annotated[ReferenceKind | None, typer.Option(help="Only this kind.")] = None,
    brand: Annotated[str, typer.Option(help="Only this brand.")] = "",
    log: Annotated[bool, typer.Option("--log", help="Every entry there ever was, with those that remove others.")] = False,
    json: Json = False,
    home: Folder = None,
) -> None:
    """The entries in force.

    Example: touchstone reference list --kind confirmed --brand Gucci --json
    """
    with opened(home) as (_folder, store):
        rows = references.chosen(store, kind=kind, brand=brand, log=log)
    if json:
        print_json(rows)
        return
    shown = [
        (
            r.number,
            f"removes {r.removes}" if r.removes else r.kind,
            " ".join(filter(None, (r.brand, r.line, r.category, r.condition, r.platform and f"on {r.platform}"))),
            _price(r) if r.price_minor and r.currency else (r.image_sha256 or "")[:12],
            r.provenance + (f"; statement {r.statement}" if r.statement else ""),
            r.added_by,
            r.dated,
        )
        for r in rows
    ]
    table(
        "References",
        ("number", "kind", "brand", "price or picture", "provenance", "added by", "dated"),
        shown,
        "No such entry." if kind or brand else "The log is empty: `touchstone reference add` fills it.",
    )


def _price(r: Reference) -> str:
    """A price; of many the middle, with the tenth and ninetieth percentile and how many there are."""
    middle = format_price(r.price_minor or 0, r.currency)
    apart = f"{format_price(r.low_minor, r.currency)} to {format_price(r.high_minor, r.currency)}, " if r.low_minor and r.high_minor else ""
    return f"{middle} ({apart}{r.rows} prices)" if r.rows else middle


@app.command("learn-prices")
def learn_prices(
    least_rows: Annotated[int, typer.Option(help="Prices that a brand, category, condition and platform must have.")] = 20,
    least_sellers: Annotated[int, typer.Option(help="Sellers that they must come from.")] = 8,
    json: Json = False,
    by: By = "",
    home: Folder = None,
) -> None:
    """Learn what is usual from the asking prices of the store's own listings: entries of the log, by brand, category, condition and platform.

    Listings flagged for review or above, or judged yes, are left out. Run `touchstone flag` first, and again after `touchstone detect`.

    Example: touchstone reference learn-prices --by a.officer
    """
    with opened(home) as (folder, store):
        done = prices.learn(store, folder, actor=person(store, folder, by), least_rows=least_rows, least_sellers=least_sellers)
    if json:
        print_json(done)
        return
    left_out = ", ".join(f"{why} {count}" for why, count in sorted(done.left_out.items()))
    say(
        f"{len(done.added)} prices learned, {done.unchanged} as they were, {len(done.removed)} earlier ones removed."
        + (f" Left out: {left_out}." if left_out else "")
    )
    for why in done.too_few:
        say(f"refused: {why}")
    if done.added:
        say("`touchstone detect` compares with them.")


@app.command("remove")
def remove(number: int, why: Annotated[str, typer.Option(help="Why it no longer counts.")], by: By = "", home: Folder = None) -> None:
    """Say that an entry no longer counts. It stays in the log, with who removed it and why."""
    with opened(home) as (folder, store):
        kept = next((r for r in store.references() if r.number == number), None)
        if kept is None:
            raise TouchstoneError(f"no reference {number} is in force; `touchstone reference list` shows them")
        entry = references.remove(store, kept, why=why, actor=person(store, folder, by))
    say(f"Entry {entry} removes entry {number}.")
