"""Disclosure (CPIA 1996): a case's material item by item, what people decide of it, its schedules, and a redacted copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, bar, opened, person, print_json, say, table
from store.disclosure import Standing, Undermines

app = typer.Typer(
    no_args_is_help=True, help="What the defence is told: schedules of used, unused and sensitive material, and a redacted copy."
)


@app.command("list")
def listed(
    case: str,
    schedule: Annotated[str, typer.Option(help="Only one: used, mg6c, mg6d, undecided.")] = "",
    suggested: Annotated[bool, typer.Option("--suggested", help="Only what the software suggests as undermining or assisting.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The case's relevant material, numbered: what a person decided of each item, and what is suggested. New material gets the next numbers.

    Example: touchstone disclosure list TS-2026-014 --schedule undecided --by a.officer --why "disclosure review"
    """
    from casework.disclosure.schedule import schedules_of

    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="disclosure list", justification=why, case=case) as reader,
    ):
        found = schedules_of(store, folder, reader, case)
    shown = [one for one in found.entries if schedule in ("", one.schedule) and (one.suggested or not suggested)]
    if json:
        print_json({"case": case, "items": shown, "notes": found.notes})
        return
    columns = ("no.", "schedule", "what", "date", "may undermine or assist")
    rows = [(one.number, one.schedule, one.description, one.date, _opinion(one.may_undermine_or_assist, one.suggested)) for one in shown]
    table(f"Material of case {case}", columns, rows, "There is no such item.")
    for note in found.notes:
        say(note)


def _opinion(said: str, suggested: tuple[str, ...]) -> str:
    return said if said != "undecided" else f"? {'; '.join(suggested)}" if suggested else ""


@app.command("decide")
def decide(
    case: str,
    items: Annotated[list[str], typer.Argument(help="Numbers (3), several (5-9), or things (finding:12, which leaves its block).")],
    standing: Annotated[Standing | None, typer.Option(help="used, unused (non-sensitive: MG6C), sensitive (MG6D), undecided.")] = None,
    undermines: Annotated[Undermines | None, typer.Option(help="May it undermine the prosecution or assist the accused?")] = None,
    because: Annotated[str, typer.Option(help="Why it may, or may not; or why what is sensitive by default is not.")] = "",
    sensitive_because: Annotated[str, typer.Option(help="Why it is sensitive.")] = "",
    describe: Annotated[str, typer.Option(help="One item's description, in place of the one made from its rows.")] = "",
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """A person decides. What is left out stands as it was decided before; an earlier decision is kept, superseded.

    Example: touchstone disclosure decide TS-2026-014 31 --standing unused --undermines yes --because "a colleague was not sure" --by a.officer

    Example: touchstone disclosure decide TS-2026-014 1-18 --standing used --by a.officer
    """
    from casework.disclosure import schedule

    with opened(home) as (folder, store):
        done = schedule.decide(
            store, folder, case, items, standing=standing, undermines=undermines, because=because, sensitive_because=sensitive_because,
            description=describe, by=person(store, folder, by), why=why or "disclosure decisions",
        )  # fmt: skip
    say(f"Decided of item{'s' if len(done) > 1 else ''} {', '.join(map(str, done))} of case {case}.")


@app.command("schedule")
def schedule(
    case: str,
    out: Annotated[Path, typer.Option("--out", help="The folder to make: served/ and prosecutor/.")],
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Write out an edition of the schedules: used and MG6C to be served; MG6D, MG6E and what is undecided for the prosecutor alone.

    Example: touchstone disclosure schedule TS-2026-014 --out disclosure-1 --by a.officer --why "initial disclosure"
    """
    from casework.disclosure.schedule import write_schedules

    with opened(home) as (folder, store), bar() as progress:
        done = write_schedules(store, folder, case, out, by=person(store, folder, by), why=why, progress=progress)
    for note in done.schedules.notes:
        say(note)
    counts = {name: len(done.schedules.on(name)) for name in ("used", "mg6c", "mg6d", "undecided")}
    say(
        f"Edition {done.edition.number} of case {case}: {', '.join(f'{n} {name}' for name, n in counts.items())}.\nDigest: {done.edition.digest}"
    )


@app.command("editions")
def editions(case: str, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The editions of a case's schedules that were written out, each with the digest that stands on its pages.

    Example: touchstone disclosure editions TS-2026-014 --by a.officer --json
    """
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="disclosure editions", justification=why, case=case) as reader,
    ):
        store.case(case)
        found = reader.disclosure_editions(case)
    if json:
        print_json(found)
        return
    rows = [(one.number, f"{one.at:%Y-%m-%d %H:%M} UTC", one.by, len(one.body.get("items", ())), one.digest) for one in found]
    table(f"Editions of case {case}", ("edition", "written", "by", "items", "digest"), rows, "None was written yet.")


@app.command("copy")
def copy(
    case: str,
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    recipient: Annotated[str, typer.Option(help="Who gets it: a role or a firm's reference.")],
    redactions: Annotated[
        Path | None, typer.Option(help="A YAML of a person's own redactions: strings, boxes on pictures, whom to keep.")
    ] = None,
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Make a redacted copy of what is used or to be disclosed: other accounts, informants and whoever is not under suspicion are taken out.

    Example: touchstone disclosure copy TS-2026-014 --out copy --recipient "defence solicitor" --by a.officer --why "initial disclosure"
    """
    from casework.disclosure.copy import make_copy

    with opened(home) as (folder, store), bar() as progress:
        done = make_copy(
            store, folder, case, out, recipient=recipient, redactions=redactions, by=person(store, folder, by), why=why, progress=progress
        )
    for note in done.notes:
        say(note)
    say(
        f"Copy: {done.folder}, {done.files} files, {done.redactions} redactions, {done.left_out} things left out.\nManifest: {done.manifest}"
    )
