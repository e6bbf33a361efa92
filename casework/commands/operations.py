"""Operations: what there is to do, doing one now, and how often persons' own pages were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from casework import operations
from casework.commands.common import By, Folder, Json, Why, bar, finish, home_of, opened, person, print_json, say, table
from store.words.records import Operation

app = typer.Typer(no_args_is_help=True, help="What is looked for, why and where: configs/operations.")


def keys_of(operation: Operation) -> str:
    """What it is keyed by, in few words."""
    parts = (operation.brands, operation.terms, operation.area, operation.subjects)
    return " × ".join(", ".join(part) for part in parts if part)


@app.command("list")
def operation_list(json: Json = False, home: Folder = None) -> None:
    """The operations of configs/operations, checked, with their last run and whether they may run today.

    Example: touchstone operation list
    """
    folder = home_of(home)
    found = operations.find_operations(folder)
    with opened(home) as (_h, store):
        last = {each.reference: next(iter(store.runs("operation", operation=each.reference, limit=1)), None) for each in found}
        barred = {each.reference: operations.why_not(store, each, datetime.now(UTC)) for each in found}
    if json:
        print_json([{"operation": each, "last_run": last[each.reference], "refused": barred[each.reference]} for each in found])
        return
    rows = [
        (
            each.reference,
            each.purpose,
            keys_of(each),
            ", ".join(each.sources),
            each.cadence.every if each.cadence else "when asked",
            f"{r.started_at:%Y-%m-%d %H:%M} UTC, {r.outcome or 'not ended'}" if (r := last[each.reference]) else "never ran",
        )
        for each in found
    ]
    columns = ("operation", "purpose", "keyed by", "sources", "every", "last run")
    table("Operations", columns, rows, "There is no operation yet: docs/operations.md shows how to state one.")
    for each in found:
        if barred[each.reference]:
            say(barred[each.reference])


@app.command("run")
def operation_run(
    name: Annotated[str, typer.Argument(help="The operation: a file's name in configs/operations, without its ending.")],
    reason: Annotated[str, typer.Option(help="Why a person's page is looked at again, where that is asked for. Recorded.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run even where a crash left one to go on with.")] = False,
    crawl_only: Annotated[bool, typer.Option("--crawl-only", help="Do not examine, flag, link and picture what comes.")] = False,
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Work through one operation now: crawl its sources, then examine, flag, link and picture what is flagged.

    Example: touchstone operation run handbags-leeds
    """
    with opened(home) as (folder, store), bar() as step:

        def progress(source: str, counts: Mapping[str, int]) -> None:
            step(source, counts.get("listings", 0), None, f"{counts.get('pages', 0)} pages, {counts.get('images', 0)} pictures")

        actor = person(store, folder, by)
        result = operations.run(
            store, folder, name, actor=actor, reason=reason, resume=not fresh, examine=not crawl_only, progress=progress
        )
    finish(f"operation {name}", result, json)


@app.command("views")
def operation_views(
    days: Annotated[int | None, typer.Option(min=1, help="So many days back (default: those of `views:` in touchstone.yml).")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """How often persons' own pages were looked at, by whom and why: the report for the senior responsible officer.

    Example: touchstone operation views --json --why "weekly report"
    """
    with opened(home) as (folder, store):
        limit = folder.settings.views
        since = datetime.now(UTC) - timedelta(days=days or limit.days)
        with store.acting(person(store, folder, by), purpose="operation views", justification=why) as reader:
            found = reader.views(since)
    if json:
        print_json({"since": since, "threshold": limit.threshold, "subjects": found})
        return
    rows = [
        (
            v.subject,
            f"{v.count}{' (at the threshold)' if v.count >= limit.threshold else ''}",
            f"{v.last:%Y-%m-%d %H:%M} UTC",
            ", ".join(v.actors),
            ", ".join(v.operations) or ", ".join(v.purposes),
            "; ".join(v.reasons),
        )
        for v in found
    ]
    columns = ("page", "views", "last", "by", "under", "reasons given")
    table(f"Views since {since:%Y-%m-%d}", columns, rows, f"No person's own page was looked at since {since:%Y-%m-%d}.")
