"""Cases: open one, add exhibits, show it, export the evidence pack; what people record of one is in casefile.py."""

from __future__ import annotations

from typing import Annotated

import typer

from casework import casefile, exhibits
from casework.commands.casefile import exhibit_rows, register
from casework.commands.casefile import shown as entry_rows
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.followup import sentence
from store.errors import TouchstoneError
from store.words.casefile import EntryKind

app = typer.Typer(no_args_is_help=True, help="What goes to court.")


@app.command("new")
def new(
    reference: Annotated[str, typer.Argument(help="Its reference; none: the next one, as configs/cases.yml forms them.")] = "",
    title: Annotated[str, typer.Option(help="What the case is about.")] = "",
    operation: Annotated[str | None, typer.Option(help="The operation it came from.")] = None,
    own_number: Annotated[str, typer.Option(help="The council's own number of it.")] = "",
    jurisdiction: Annotated[str, typer.Option(help="Whose law it follows; default: the authority's.")] = "",
    by: By = "",
    home: Folder = None,
) -> None:
    """Open a case. A reference is never used twice.

    Example: touchstone case new TS-2026-014 --title "Handbags, market hall" --by a.officer

    Example: touchstone case new --title "Belts" --own-number "C/26/00412" --by a.officer
    """
    if not title.strip():
        raise TouchstoneError("say what the case is about (--title)")
    with opened(home) as (folder, store):
        by = person(store, folder, by)
        reference = casefile.open_case(store, folder, reference, title, operation, by, own_number=own_number, jurisdiction=jurisdiction)
    say(f"Case {reference} is open. Add to it: touchstone case add {reference} SOURCE REF --initials AB")


@app.command("add")
def add(
    case: str,
    source: Annotated[str, typer.Argument(help="The source, or the word 'link', 'capture', 'premises' or 'seller'.")],
    ref: Annotated[str, typer.Argument(help="The listing's reference, or the number of the other.")],
    initials: Annotated[str, typer.Option(help="The initials of the officer who produces it: AB gives AB1, AB2, …")],
    officer: Annotated[str, typer.Option(help="The officer who produces it; default: the one who acts.")] = "",
    by: By = "",
    home: Folder = None,
) -> None:
    """Make a listing, a link, a capture (a file that was handed in), a premises or a seller an exhibit. From now on what it rests on may not
    be erased. Goods and papers: `touchstone case exhibit add`.

    Example: touchstone case add TS-2026-014 my_marketplace 12345 --initials AB --by a.officer

    Example: touchstone case add TS-2026-014 capture 88 --initials AB --by a.officer
    """
    with opened(home) as (folder, store):
        exhibit = exhibits.add(store, folder, case, source, ref, initials, person(store, folder, by), officer=officer)
    say(f"Exhibit {exhibit.number}: {exhibit.description}")


@app.command("show")
def show(
    case: Annotated[str | None, typer.Argument(help="The case; none: all of them.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The cases, or all of one: exhibits and where they are, offences, persons, places, incidents, outcomes, and what was done in it."""
    with opened(home) as (folder, store):
        if case is None:
            found = store.cases()
            if json:
                print_json(found)
            else:
                table(
                    "Cases",
                    ("reference", "own number", "title", "opened"),
                    [(c.reference, c.own_number, c.title, f"{c.opened_at:%Y-%m-%d}") for c in found],
                    "No case is open.",
                )
            return
        one = store.case(case)
        with store.acting(person(store, folder, by), purpose="case show", justification=why, case=case) as reader:
            chains = exhibits.custody_of(reader, reader.exhibits(case), case)
            rows, done = reader.case_entries(case), reader.follow_ups(case=case)
    if json:
        shown = [each.exhibit for each in chains]
        print_json({"case": one, "exhibits": shown, "follow_ups": done, "entries": rows, "custody": chains})
        return
    about = ", ".join(filter(None, (one.own_number, one.operation and f"operation {one.operation}", one.jurisdiction)))
    say(f"{one.reference}: {one.title}{f' ({about})' if about else ''}")
    table("Exhibits", ("exhibit", "what", "by", "where it is"), exhibit_rows(chains), "No exhibit yet: `touchstone case add`.")
    for title, kinds in SECTIONS:
        if found_here := [row for row in rows if row.kind in kinds]:
            table(title, ("row", "happened", "what", "said by", "recorded"), entry_rows(found_here), "")
    for each in chains:
        for gap in each.breaks:
            say(f"! {each.exhibit.number}: {gap}")
    if done:
        followed = [(row.id, row.when, row.step or row.kind, sentence(row)) for row in done]
        table("What was done", ("follow-up", "happened", "what", "said"), followed, "")


SECTIONS = (
    ("Offences", (EntryKind.offence,)),
    ("Persons", (EntryKind.person, EntryKind.connection)),
    ("Places", (EntryKind.premises,)),
    ("Incidents", (EntryKind.incident,)),
    ("Outcomes", (EntryKind.outcome,)),
)
register(app)
