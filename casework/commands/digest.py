"""The digest for supervisors, written to a folder; a person sends it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from casework import digest
from casework.commands.common import By, Folder, Json, opened, person, print_json, say

app = typer.Typer(no_args_is_help=True, help="Dates ahead and counts, for supervisors.")


@app.command("write")
def digest_write(
    out: Annotated[Path | None, typer.Option(help=f"The folder to write to (default: {digest.FOLDER}).")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days ahead.")] = digest.DAYS,
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Write a calendar of dates (authorisations that end, reviews due, visits) and a message with counts. Neither is sent, and neither names anybody outside.

    Example: touchstone digest write --by s.supervisor
    """
    with opened(home) as (folder, store):
        made = digest.gather(store, folder, by=person(store, folder, by), now=datetime.now(UTC), within=days)
        files = digest.write(made, folder, out)
    if json:
        print_json({"files": files, "days": [{"on": day.on.isoformat(), "what": day.what} for day in made.days], "lines": made.lines})
        return
    for file in files:
        say(f"{file} is written.")
