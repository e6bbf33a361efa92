"""Methods: every detector, scorer and linker with its settings, and its standing."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.words.records import Status

app = typer.Typer(no_args_is_help=True, help="Detectors, scorers and linkers, and which of them count.")
Evidence = Annotated[str, typer.Option(help="On what evidence: a measurement, a report.")]


@app.command("list")
def method_list(json: Json = False, home: Folder = None) -> None:
    """Every method the store has seen, with its standing: only those in force count towards flags."""
    with opened(home) as (_folder, store):
        rows = store.methods()
    if json:
        print_json([{"number": n, "digest": m.digest, "status": s, "method": m} for n, m, s in rows])
        return
    table(
        "Methods",
        ("number", "kind", "name", "version", "digest", "standing"),
        [(n, m.kind, m.name, m.version, m.digest[:12], s or "none") for n, m, s in rows],
        "No pass has run yet.",
    )


@app.command()
def promote(number: int, evidence: Evidence, by: By = "", home: Folder = None) -> None:
    """Put a method in force; the one of the same name that was is retired.

    Example: touchstone method promote 4 --evidence "measured on 300 judgements, 12 March" --by a.reviewer
    """
    _set(number, Status.in_force, evidence, by, home)


@app.command()
def retire(number: int, evidence: Evidence, by: By = "", home: Folder = None) -> None:
    """Take a method out of force. Its findings stay in the record."""
    _set(number, Status.retired, evidence, by, home)


def _set(number: int, status: Status, evidence: str, by: str, home: Folder) -> None:
    with opened(home) as (folder, store):
        if number not in {n for n, _m, _s in store.methods()}:
            raise TouchstoneError(f"there is no method {number}; `touchstone method list` shows them")
        if not evidence.strip():
            raise TouchstoneError("say on what evidence (--evidence)")
        store.set_method_status(number, status, person(store, folder, by), evidence)
    say(f"Method {number} is now {status.replace('_', ' ')}. Run `touchstone detect` and `touchstone flag` to use it.")
