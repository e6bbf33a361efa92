"""The schedule: keep time and run what is due; say what ran and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from casework import schedule
from casework.commands.common import EXIT, Folder, Json, home_of, opened, print_json, show, table
from store.runs import PassResult, worst

app = typer.Typer(no_args_is_help=True, help="Operations by their cadence.")


@app.command("run")
def schedule_run(
    once: Annotated[bool, typer.Option("--once", help="Run what is due now and end: for cron.")] = False,
    crawl_only: Annotated[bool, typer.Option("--crawl-only", help="Do not examine, flag, link and picture what comes.")] = False,
    tick: Annotated[float, typer.Option(min=0.2, help="Seconds between two looks at what is due.")] = schedule.TICK,
    json: Json = False,
    home: Folder = None,
) -> None:
    """Keep time until it is stopped (SIGTERM or Ctrl-C), and run each operation when it is due.

    A missed time is caught up once. With --json each run that ends is one line.

    Example: touchstone schedule run
    Example: touchstone schedule run --once      from cron, every ten minutes
    """

    def ended(name: str, result: PassResult) -> None:
        if json:
            said = {"operation": name, "outcome": str(result.outcome), "counts": dict(result.counts), "message": result.message}
            typer.echo(_line(said))
        else:
            show(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC operation {name}", result)

    if not once:
        schedule.run(home_of(home), tick=tick, examine=not crawl_only, ended=ended)
        return
    with opened(home) as (folder, store):
        done = schedule.once(store, folder, examine=not crawl_only, ended=ended)
    if done and (status := EXIT[worst(each.outcome for each in done.values())]):
        raise typer.Exit(status)


def _line(said: Mapping[str, object]) -> str:
    import json

    return json.dumps(said, ensure_ascii=False)


@app.command("status")
def schedule_status(json: Json = False, home: Folder = None) -> None:
    """What ran, and what is next.

    Example: touchstone schedule status
    """
    now = datetime.now(UTC)
    with opened(home) as (folder, store):
        found = schedule.entries(store, folder, now)
    if json:
        print_json(
            [
                {
                    "operation": e.operation.reference,
                    "cadence": e.operation.cadence,
                    "last_run": e.last,
                    "next": e.due,
                    "due": e.due is not None and e.due <= now,
                    "running": e.running,
                    "refused": e.refused,
                }
                for e in found
            ]
        )
        return
    rows = [
        (
            e.operation.reference,
            f"{e.last.started_at:%Y-%m-%d %H:%M} UTC" if e.last else "never",
            (e.last.outcome or ("running" if e.running else "broken off")) if e.last else "",
            "now" if e.due and e.due <= now else f"{e.due:%Y-%m-%d %H:%M} UTC" if e.due else "",
            e.refused or (e.last.message if e.last else ""),
        )
        for e in found
    ]
    table("Schedule", ("operation", "last run", "how", "next", ""), rows, "No operation has a `cadence:`: docs/operations.md shows one.")
