"""Referrals: what a partner needs of a case or a premises, prepared as a folder and a zip; and what comes back. Nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import referrals
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table

app = typer.Typer(no_args_is_help=True, help="What a partner needs of a case, and nothing else; what comes back.")

To = Annotated[
    str, typer.Option(help="The kind of recipient: a file of configs/referrals, such as police, hmrc, immigration, fire, regional.")
]
Who = Annotated[str, typer.Option(help="Who receives it: the unit and the person.")]
Out = Annotated[Path, typer.Option(help="The folder that the referral goes into.")]
Concern = Annotated[str, typer.Option(help="What concerns the recipient, in your words; compulsory for immigration and fire.")]
Marked = Annotated[str, typer.Option(help="The security classification on its pages.")]


@app.command("case")
def case_(
    case: Annotated[str, typer.Argument(help="The case.")],
    to: To,
    recipient: Who,
    out: Out,
    concern: Concern = "",
    marking: Marked = "OFFICIAL-SENSITIVE",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Prepare what a partner needs of a case: the listed fields only, who told of it never. Logged as a disclosure; nothing is sent.

    Example: touchstone refer case TS-2026-014 --to police --recipient "Wexcombe Police, economic crime" --why "proceeds go through two accounts" --out referrals --by a.officer
    """
    _prepare(home, by, json, to, out, recipient=recipient, why=why, case=case, concern=concern, marking=marking)


@app.command("premises")
def premises_(
    premises: Annotated[int, typer.Argument(help="The premises' number.")],
    to: To,
    recipient: Who,
    out: Out,
    concern: Concern = "",
    marking: Marked = "OFFICIAL-SENSITIVE",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Prepare what a partner needs of a premises, as for a case.

    Example: touchstone refer premises 12 --to fire --recipient "Fire safety, Wexcombe" --concern "Rear exit blocked by stock on 25 November" --why "risk to life" --out referrals
    """
    _prepare(home, by, json, to, out, recipient=recipient, why=why, premises=premises, concern=concern, marking=marking)


def _prepare(home: Path | None, by: str, as_json: bool, to: str, out: Path, **told: object) -> None:
    with opened(home) as (folder, store):
        done = referrals.prepare(store, folder, to, out, by=person(store, folder, by), **told)  # type: ignore[arg-type]
    if as_json:
        print_json(done)
        return
    say(f"Referral {done.reference}: {done.folder} and {done.zip}\nManifest: {done.digest}\nNothing was sent: take it to its recipient.")
    for note in done.notes:
        say(f"! {note}")


@app.command("return")
def return_(
    reference: Annotated[str, typer.Argument(help="The referral.")],
    file: Annotated[Path, typer.Argument(help="What came back: CSV, XLSX, JSON, PDF.")],
    columns: Annotated[str | None, typer.Option(help="The column map: a YAML file, or the name of one in configs/returns.")] = None,
    outcome: Annotated[str, typer.Option(help="What the partner did.")] = "",
    their_reference: Annotated[str, typer.Option(help="The partner's own reference.")] = "",
    dated: Annotated[str, typer.Option(help="The day of it, day first.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Keep what came back: the file as a capture; with --columns its rows, items of intelligence among them. Refused rows are listed: exit status 1.

    Example: touchstone refer return R-2026-0001 reply.xlsx --columns items --by a.officer
    """
    with opened(home) as (folder, store):
        by_columns = referrals.read_return_map(folder, columns) if columns else None
        done = referrals.take_back(
            store,
            folder,
            reference,
            file,
            by=person(store, folder, by),
            columns=by_columns,
            outcome=outcome,
            their=their_reference,
            dated=dated,
        )
    if json:
        print_json(done)
    else:
        say(f"{file.name} is kept as capture {done.capture}, SHA-256 {done.digest}.")
        said = [
            ("outcome", done.outcome),
            ("their reference", done.reference),
            ("date", done.dated),
            ("rows", done.rows),
            ("reports", ", ".join(done.items)),
        ]
        for name, value in said:
            if value:
                say(f"  {name}: {value}")
        table("Refused rows", ("row", "why"), done.refused, "No row was refused.")
    if done.refused:
        raise typer.Exit(1)


@app.command("list")
def list_(
    case: Annotated[str | None, typer.Option(help="Only those of this case.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What was prepared for whom and why, and what came back.

    Example: touchstone refer list --case TS-2026-014
    """
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="refer list", justification=why, case=case) as reader,
    ):
        found = reader.referrals(case=case)
    if json:
        print_json(found)
        return
    rows = [(r.reference, r.recipient_kind, r.recipient or "erased", r.why, r.case or f"premises {r.premises}", f"{r.at:%Y-%m-%d}", "; ".join(b.outcome or f"capture {b.capture}" for b in r.returns)) for r in found]  # fmt: skip
    table("Referrals", ("referral", "to", "recipient", "why", "of", "prepared", "came back"), rows, "Nothing was referred.")


@app.command("kinds")
def kinds(
    json: Json = False,
    home: Folder = None,
) -> None:
    """The kinds of recipient that are configured: what each may have, and by what law.

    Example: touchstone refer kinds
    """
    with opened(home) as (folder, _):
        found = referrals.recipients(folder)
    if json:
        print_json(found)
        return
    for name, each in found.items():
        say(f"{name}: {each.title}. {each.purpose}.")
        for gateway in each.gateways:
            say(f"  by {gateway.said}")
        say(f"  fields: {', '.join(each.fields)}")
