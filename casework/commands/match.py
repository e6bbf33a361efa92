"""Addresses as text against a register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, bar, finish, opened, person


def register(premises: typer.Typer) -> None:
    premises.command("match")(match)


def match(
    file: Annotated[Path, typer.Argument(help="A CSV with the columns id and text.")],
    register: Annotated[str, typer.Option("--register", help="The register: one that `touchstone register load` has loaded.")],
    out: Annotated[Path, typer.Option("--out", help="The CSV to write: id, rank, premises_ref, level, score, proposed, reasons.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Which entry of a register each address as text is, if any. Load the register first; its newest snapshot is used.

    Every id has an answer, and up to five, best first. level is unit (the door itself), building (no more than the building is
    certain, and the reasons say why) or none. premises_ref is the register's own reference of the entry (the FHRS number, the company's
    number; "row:…" where the register has none); where several entries are one door, each is an answer of its own, the one first whose
    name the text has. proposed is yes for one answer of an id at most: the door that an officer would be sent to. It is never given
    against a unit, letter or number, nor where two doors fit.

    Example: touchstone premises match addresses.csv --register fhrs --out answers.csv
    """
    from premises.match_file import run

    with opened(home) as (folder, store), bar() as step:
        result = run(
            store,
            folder,
            file,
            register,
            out,
            actor=person(store, folder, by),
            justification=why,
            progress=lambda done, total: step("texts", done, total),
        )
        finish("premises match", result, json)
