"""Premises: see which buildings and units listings lead to."""

from __future__ import annotations

from typing import Annotated

import typer

from casework.commands import occupants
from casework.commands.common import By, Folder, Json, Why, opened, person, plain, print_json, say, table

premises = typer.Typer(no_args_is_help=True, help="Buildings and units, and what leads to them.")


@premises.command("rank")
def rank(
    limit: Annotated[int, typer.Option(help="At most so many.")] = 20, by: By = "", why: Why = "", json: Json = False, home: Folder = None
) -> None:
    """Premises that listings lead to, confirmed ones first, then by the evidence. Every link is proposed until a person judges it."""
    from premises.rank import rank as ranked

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises rank", justification=why) as reader:
        found = ranked(reader, limit=limit)
    if json:
        print_json(found)
        return
    rows = []
    for one in found:
        best = one.links[0]
        subjects = len({(x.subject_kind, x.subject) for x in one.links})
        numbers = ", ".join(str(x.id) for x in one.links[:4])
        rows.append((one.premises.id, one.premises.label, best.level, f"{best.score:.2f}", best.status, subjects, numbers))
    table(
        "Premises",
        ("row", "place", "level", "score", "status", "subjects", "links"),
        rows,
        "Nothing leads to a place: load a register, then `touchstone link`; `touchstone method list` shows whether its method is in force.",
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
    from premises.rank import show as shown

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises show", justification=why) as reader:
        found = shown(reader, number)
        here = occupants.at(reader, folder, number)
    if json:
        print_json({**plain(found), "occupants": plain(here)})
        return
    say(f"{found.premises.label} ({found.premises.kind})")
    table(
        "Registers say",
        ("register", "reference", "name", "address"),
        [(e.register, e.reference, e.name, e.address_raw) for e in found.entries],
        "No register says anything of it.",
    )
    occupants.show(here)
    for x in found.links:
        say(f"link {x.id}: {x.subject_kind} {x.subject}, {x.level}, {x.score:.2f}, {x.status}")
        for r in x.reasons:
            say(
                f"  {'against' if r.against else 'for    '} {r.weight:+.2f} {r.sentence}"
                + (f" (capture {r.capture})" if r.capture else ""),
            )
