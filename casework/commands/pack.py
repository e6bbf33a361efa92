"""`case seal`, `case seals` and `case export`: a case as it stood at an event of the log, and the evidence pack of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from casework.commands.common import By, Folder, Json, Why, bar, err, opened, person, print_json, say, table, tame


def register(app: typer.Typer) -> None:
    app.command("seal")(seal)
    app.command("seals")(seals)
    app.command("export")(export)


def seal(case: str, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """Seal a case as it stands: an event of the log, as of which packs are made. What is recorded later is in none of them.

    Example: touchstone case seal TS-2026-014 --by a.officer --why "file to legal services"
    """
    with opened(home) as (folder, store):
        made = store.seal_case(case, actor=person(store, folder, by), why=why)
    if json:
        print_json({"case": made.case, "seal": made.event, "at": made.at})
        return
    say(f"Case {made.case} is sealed at event {made.event} of the log. Its pack: touchstone case export {made.case} --seal {made.event}")


def seals(case: str, json: Json = False, home: Folder = None) -> None:
    """The seals of a case.

    Example: touchstone case seals TS-2026-014
    """
    with opened(home) as (_folder, store):
        found = store.seals(store.case(case).reference)
    if json:
        print_json([{"seal": each.event, "at": each.at, "by": each.actor} for each in found])
        return
    rows = [(each.event, f"{each.at:%Y-%m-%d %H:%M:%S} UTC", each.actor) for each in found]
    table(f"Seals of {case}", ("event", "when", "by"), rows, "It was never sealed: `touchstone case seal`.")


def export(
    case: str,
    to: Annotated[
        Path | None, typer.Option("--out", help="The folder to make (default var/packs/CASE, with a seal var/packs/CASE-SEAL).")
    ] = None,
    at: Annotated[
        int | None, typer.Option("--seal", help="The event at which the case was sealed. Without it the case is sealed now.")
    ] = None,
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Write the case's evidence pack as of a seal and print its head, which is quoted on paper. The pack's own verify.py checks it anywhere.

    The same seal gives the same head, whenever the pack is made by the same version of the software.

    Example: touchstone case export TS-2026-014 --by a.officer --why "file to legal services"

    Example: touchstone case export TS-2026-014 --seal 4711 --out second-copy --by a.officer --why "copy for the court"
    """
    import casework.export

    with opened(home) as (folder, store), bar() as progress:
        actor = person(store, folder, by)
        target = to or folder.path(f"var/packs/{case}" + (f"-{at}" if at is not None else ""))
        done = casework.export.export(store, folder, case, target, actor=actor, justification=why, seal=at, progress=progress)
    for note in done.notes:
        say(note)
    for warning in (note for note in done.notes if note.startswith("WARNING")):
        err.print(Text(tame(warning), "bold white on red"))
    say(
        f"Pack: {done.folder}\nSeal: event {done.seal} of the log\nHead: {done.head}\nQuote the head on paper. Check the pack with: python3 -I {done.folder}/verify.py --head {done.head}",
    )
