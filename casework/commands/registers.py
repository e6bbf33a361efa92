"""Registers: load lists of places, see what is loaded, and what two editions say otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, bar, finish, opened, person, print_json, say, table
from store.executors import make_executor

app = typer.Typer(no_args_is_help=True, help="Published lists of places: food hygiene ratings, companies, a council's units, any CSV.")

KINDS = {
    "opened": "listed in the newer edition only",
    "closed": "listed in the older edition only",
    "moved": "at another place",
    "renamed": "under another name, to the letter",
    "otherwise": "something else said of it: a status, a date, a trade",
}


@app.command("load")
def load(
    name: Annotated[str, typer.Argument(help="The register: a file of configs/registers.")],
    file: Annotated[Path, typer.Argument(help="The file to load; .gz and .zip are unpacked.")],
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Load it though it shares almost no reference with the edition before, which it replaces.")
    ] = False,
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Load a register's file. The same file twice changes nothing; rows not understood are counted and kept.

    Example: touchstone register load fhrs FHRS415en-GB.xml
    """
    from premises.load import load as load_register

    with opened(home) as (folder, store), bar() as step, make_executor(folder.settings) as executor:
        actor = person(store, folder, by)
        result = load_register(
            store, folder, name, file, actor=actor, progress=lambda done, total: step("rows", done, total), executor=executor, anyway=anyway
        )
    finish("register load", result, json)


@app.command("list")
def register_list(json: Json = False, home: Folder = None) -> None:
    """What has been loaded, and whether each load has ended: one that broke off goes on when the same file is loaded again."""
    with opened(home) as (_folder, store):
        rows = store.register_snapshots()
    if json:
        print_json(rows)
        return
    table(
        "Registers",
        ("snapshot", "register", "dated", "rows", "refused", "licence", "loaded", "load"),
        [
            (
                r.id,
                r.register,
                r.dated,
                r.rows,
                r.refused,
                r.licence,
                f"{r.at:%Y-%m-%d}",
                "ended" if r.whole else "not ended: load it again",
            )
            for r in rows
        ],
        "No register is loaded: `touchstone register load` brings one.",
    )


@app.command("diff")
def diff(
    name: Annotated[str, typer.Argument(help="The register.")],
    before: Annotated[int | None, typer.Option("--from", help="The older snapshot's number (default: the last but one).")] = None,
    after: Annotated[int | None, typer.Option("--to", help="The newer snapshot's number (default: the last).")] = None,
    limit: Annotated[int, typer.Option(help="List at most so many of each kind; all are counted.")] = 20,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What opened, closed, moved or changed its name between two editions, and which confirmed links lead to what closed or moved.

    Example: touchstone register diff companies_house --limit 5
    """
    with opened(home) as (folder, store):
        older, newer = store.two_editions(name, before, after)
        counts = store.register_change_counts(older.id, newer.id)
        with store.acting(person(store, folder, by), purpose="register diff", justification=why) as reader:
            changes = {kind: reader.register_changes(kind, older.id, newer.id, limit) for kind in counts}
            touched = reader.links_touched(older.id, newer.id)
    if json:
        print_json({"from": older, "to": newer, "counts": counts, "changes": changes, "confirmed_links": touched})
        return
    say(f"{name}: snapshot {older.id} ({older.dated or 'undated'}) → {newer.id} ({newer.dated or 'undated'})")
    for kind, found in changes.items():
        say(f"{counts[kind]:,} {kind}: {KINDS[kind]}")
        if found:
            table("", ("reference", "was", "is"), [(c.reference, _shown(kind, c.was), _shown(kind, c.now)) for c in found], "")
    table(
        "Confirmed links to what closed or moved; the links stand, somebody should look",
        ("link", "premises", "what", "the register's entry was", "now premises"),
        [(t.link, t.premises, t.change, f"{t.was.name}, {t.was.address_raw}", t.premises_now) for t in touched],
        "No confirmed link leads to what closed or moved.",
    )


def _shown(kind: str, entry: object) -> str:
    """What an entry says, in the words that its kind of change is about."""
    from store.words.records import RegisterEntry

    if not isinstance(entry, RegisterEntry):
        return ""
    if kind == "otherwise":
        return ", ".join(f"{key}: {value}" for key, value in sorted(entry.details.items()))
    return entry.name if kind == "renamed" else f"{entry.name}, {entry.address_raw}"
