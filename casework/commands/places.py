"""Registers and premises: load lists of places, and see which premises listings lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, bar, finish, opened, out, person, print_json, table
from store.words.records import SubjectKind

registers = typer.Typer(no_args_is_help=True, help="Published lists of places: food hygiene ratings, a council's units, any CSV.")
premises = typer.Typer(no_args_is_help=True, help="Buildings and units, and what leads to them.")


@registers.command("load")
def load(
    name: Annotated[str, typer.Argument(help="The register: a file of configs/registers.")],
    file: Annotated[Path, typer.Argument(help="The file to load.")],
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Load a register's file. The same file twice changes nothing; rows not understood are counted and kept.

    Example: touchstone register load fhrs FHRS415en-GB.xml
    """
    from premises.load import load as load_register

    with opened(home) as (folder, store), bar() as step:
        finish(
            "register load",
            load_register(
                store, folder, name, file, actor=person(store, folder, by), progress=lambda done, total: step("rows", done, total)
            ),
            json,
        )


@registers.command("list")
def register_list(json: Json = False, home: Folder = None) -> None:
    """What has been loaded."""
    with opened(home) as (_folder, store):
        rows = store.register_snapshots()
    if json:
        print_json(rows)
        return
    table(
        "Registers",
        ("snapshot", "register", "dated", "rows", "refused", "licence", "loaded"),
        [(r.id, r.register, r.dated, r.rows, r.refused, r.licence, f"{r.at:%Y-%m-%d}") for r in rows],
        "No register is loaded: `touchstone register load` brings one.",
    )


@premises.command("rank")
def rank(
    limit: Annotated[int, typer.Option(help="At most so many.")] = 20, by: By = "", why: Why = "", json: Json = False, home: Folder = None
) -> None:
    """Premises that listings lead to, best evidence first. Every link is proposed until a person judges it."""
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises rank", justification=why) as reader:
        links = [x for x in reader.links(limit=10_000) if x.object_kind is SubjectKind.premises]
        places = {p.id: p for p in reader.premises(sorted({x.object for x in links}))}
    best: dict[int, list[object]] = {}
    ranked = sorted(places.values(), key=lambda p: (-max(x.score for x in links if x.object == p.id), p.id or 0))[:limit]
    if json:
        print_json([{"premises": p, "links": [x for x in links if x.object == p.id]} for p in ranked])
        return
    rows = []
    for p in ranked:
        mine = [x for x in links if x.object == p.id]
        best[p.id or 0] = [x.id for x in mine]
        rows.append(
            (
                p.id,
                p.label,
                mine[0].level,
                f"{mine[0].score:.2f}",
                mine[0].status,
                len({(x.subject_kind, x.subject) for x in mine}),
                ", ".join(str(x.id) for x in mine[:4]),
            )
        )
    table(
        "Premises",
        ("row", "place", "level", "score", "status", "subjects", "links"),
        rows,
        "Nothing leads to a place yet: load a register, then `touchstone link`.",
    )


@premises.command("show")
def show(
    number: Annotated[int, typer.Argument(help="The premises' row number.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """One premises: what registers say of it, and each link with its reasons and what speaks against it."""
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises show", justification=why) as reader:
        found = reader.premises([number])
        entries, links = reader.entries_of(number), reader.links(object=(SubjectKind.premises, number))
    if not found:
        out.print(f"There is no premises {number}.")
        raise typer.Exit(2)
    if json:
        print_json({"premises": found[0], "entries": entries, "links": links})
        return
    out.print(f"[bold]{found[0].label}[/] ({found[0].kind})", highlight=False)
    table(
        "Registers say",
        ("register", "reference", "name", "address"),
        [(e.register, e.reference, e.name, e.address_raw) for e in entries],
        "No register says anything of it.",
    )
    for x in links:
        out.print(f"link {x.id}: {x.subject_kind} {x.subject}, {x.level}, {x.score:.2f}, {x.status}", highlight=False)
        for r in x.reasons:
            out.print(
                f"  {'against' if r.against else 'for    '} {r.weight:+.2f} {r.sentence}"
                + (f" (capture {r.capture})" if r.capture else ""),
                highlight=False,
                markup=False,
            )
