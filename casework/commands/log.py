"""The audit log: show it, export it, verify it."""

from __future__ import annotations

import csv
import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import Folder, Json, opened, print_json, say, table

app = typer.Typer(no_args_is_help=True, help="Who did what to which rows, and why: a hash chain.")


@app.command("show")
def log_show(limit: Annotated[int, typer.Option(help="The newest so many.")] = 20, json: Json = False, home: Folder = None) -> None:
    """The newest events."""
    with opened(home) as (_folder, store):
        seq, _ = store.log_head()
        rows = store.log(after=max(0, seq - limit))
    if json:
        print_json([{"seq": e.seq, "event": dict(e.body), "chain": e.chain} for e in rows])
        return
    shown = [
        (
            e.seq,
            e.body["at"][:19].replace("T", " "),
            e.body["verb"],
            e.body["actor"],
            e.body["purpose"],
            "; ".join(f"{k} {v}" for k, v in e.body["subjects"].items())[:60],
        )
        for e in rows
    ]
    table("Log", ("event", "at (UTC)", "verb", "actor", "purpose", "rows"), shown, "The log is empty.")


@app.command("export")
def log_export(csv_file: Annotated[Path, typer.Option("--csv", help="The file to write.")], home: Folder = None) -> None:
    """Write the log to a CSV file, digests included."""
    with opened(home) as (_folder, store), csv_file.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("seq", "at", "verb", "actor", "purpose", "justification", "run", "case", "subjects", "detail", "salt", "inner", "chain")
        )
        rows = store.log()
        for e in rows:
            b = e.body
            writer.writerow(
                (
                    e.seq,
                    b["at"],
                    b["verb"],
                    b["actor"],
                    b["purpose"],
                    b["justification"],
                    b["run"] or "",
                    b["case"] or "",
                    jsonlib.dumps(b["subjects"]),
                    jsonlib.dumps(b["detail"]),
                    e.salt,
                    e.inner,
                    e.chain,
                )
            )
    say(f"{len(rows)} events written to {csv_file}.")


@app.command("verify")
def log_verify(home: Folder = None) -> None:
    """Walk the chain and the archive; exit status 1 where anything does not hold."""
    with opened(home) as (_folder, store):
        problems, (seq, head) = store.verify(), store.log_head()
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    say(f"{seq} events, an unbroken chain; the archive holds. Head {head}")
