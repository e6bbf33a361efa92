"""Cases: open one, add exhibits, show it, export the evidence pack."""

from __future__ import annotations

from typing import Annotated

import typer

from casework import cases as casefiles
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.followup import sentence

app = typer.Typer(no_args_is_help=True, help="What goes to court.")


@app.command("new")
def new(
    reference: str,
    title: Annotated[str, typer.Option(help="What the case is about.")],
    operation: Annotated[str | None, typer.Option(help="The operation it came from.")] = None,
    by: By = "",
    home: Folder = None,
) -> None:
    """Open a case. A reference is never used twice.

    Example: touchstone case new TS-2026-014 --title "Handbags, market hall" --by a.officer
    """
    with opened(home) as (folder, store):
        casefiles.open_case(store, folder, reference, title, operation, person(store, folder, by))
    say(f"Case {reference} is open. Add to it: touchstone case add {reference} SOURCE REF --initials AB")


@app.command("add")
def add(
    case: str,
    source: Annotated[str, typer.Argument(help="The source, or the word 'link' or 'capture'.")],
    ref: Annotated[str, typer.Argument(help="The listing's reference, or the number of the link or capture.")],
    initials: Annotated[str, typer.Option(help="The initials of the officer who produces it: AB gives AB1, AB2, …")],
    by: By = "",
    home: Folder = None,
) -> None:
    """Make a listing, a link or a capture (a file that was handed in) an exhibit. From now on what it rests on may not be erased.

    Example: touchstone case add TS-2026-014 my_marketplace 12345 --initials AB --by a.officer

    Example: touchstone case add TS-2026-014 capture 88 --initials AB --by a.officer
    """
    with opened(home) as (folder, store):
        exhibit = casefiles.add(store, case, source, ref, initials, person(store, folder, by))
    say(f"Exhibit {exhibit.number}: {exhibit.description}")


@app.command("show")
def show(
    case: Annotated[str | None, typer.Argument(help="The case; none: all of them.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The cases, or one case's exhibits and what was done in it."""
    with opened(home) as (folder, store):
        if case is None:
            found = store.cases()
            if json:
                print_json(found)
            else:
                table(
                    "Cases",
                    ("reference", "title", "opened"),
                    [(c.reference, c.title, f"{c.opened_at:%Y-%m-%d}") for c in found],
                    "No case is open.",
                )
            return
        one = store.case(case)
        with store.acting(person(store, folder, by), purpose="case show", justification=why, case=case) as reader:
            exhibits, done = reader.exhibits(case), reader.follow_ups(case=case)
    if json:
        print_json({"case": one, "exhibits": exhibits, "follow_ups": done})
        return
    table(
        f"{one.reference}: {one.title}",
        ("exhibit", "what", "by", "when"),
        [(e.number, e.description, e.actor, f"{e.at:%Y-%m-%d %H:%M} UTC") for e in exhibits],
        "No exhibit yet: `touchstone case add`.",
    )
    if done:
        rows = [(row.id, row.when, row.step or row.kind, sentence(row)) for row in done]
        table("What was done", ("follow-up", "happened", "what", "said"), rows, "")
