"""Intelligence reports: one item a report, graded by 3x5x2, its source apart."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework import intelligence
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.words.intelligence import Origin, Provenance, Report

app = typer.Typer(no_args_is_help=True, help="Intelligence reports (3x5x2): the text sanitised, the source apart.")

Codes = Annotated[
    str, typer.Option(help="Three codes: source 1–3, information A–E, handling P or C: 2CP. Three of 5x5x5 (B24) are converted.")
]
Conditions = Annotated[str, typer.Option(help="The conditions of sharing; compulsory with handling C.")]
Marking = Annotated[str, typer.Option(help="The security classification; the first of configs/intelligence.yml by default.")]


@app.command("add")
def add(
    text: Annotated[str, typer.Option(help="What is known, one item, with nothing that identifies its source.")],
    source_urn: Annotated[str, typer.Option(help="The source's reference: all by which it is named.")] = "",
    origin: Annotated[Origin | None, typer.Option(help="What the source is; with --capture a capture, else a person.")] = None,
    capture: Annotated[int | None, typer.Option(help="The capture that shows it.")] = None,
    sighting: Annotated[str, typer.Option(help="The sighting it comes from: who told it is looked for in the text.")] = "",
    how: Annotated[str, typer.Option(help="How it came to be known: kept apart.")] = "",
    who: Annotated[str, typer.Option(help="The source's name: kept apart.")] = "",
    contact: Annotated[str, typer.Option(help="The source's phone, e-mail and handles, parted by ';': kept apart.")] = "",
    address: Annotated[str, typer.Option(help="The source's address: kept apart.")] = "",
    never: Annotated[list[str] | None, typer.Option(help="Another string that would give the source away; may be given again.")] = None,
    ordinary: Annotated[list[str] | None, typer.Option(help="A part of the source's name that is an ordinary word in the text.")] = None,
    grade: Codes = "",
    conditions: Conditions = "",
    marking: Marking = "",
    case: Annotated[str | None, typer.Option(help="The case it belongs to.")] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Keep one item of intelligence. A text that holds a string of its source is refused.

    Example: touchstone intel add --text "Belts are sold from the rear of the unit on Sundays" --source-urn SRC-0417 --who "A. Source (fictional)" --how "told at the counter" --grade 2CP --by a.officer

    Example: touchstone intel add --text "The account offers forty belts" --capture 88 --by a.officer
    """
    from_capture = origin is Origin.capture or (origin is None and capture is not None)
    try:
        known = Provenance(
            source_urn or (f"CAPTURE-{capture}" if from_capture and capture is not None else ""), origin or (Origin.capture if from_capture else Origin.person),
            how, who, contact, address, sighting, capture, tuple(never or ()), tuple(ordinary or ()),
        )  # fmt: skip
    except ValueError as error:
        raise TouchstoneError(str(error)) from None
    with opened(home) as (folder, store):
        kept = intelligence.add(
            store,
            folder,
            text,
            known,
            codes=grade,
            conditions=conditions,
            marking=marking,
            case=case,
            by=person(store, folder, by),
            why=why,
        )
    _told(kept, json, "is kept")


@app.command("grade")
def grade_(
    urn: Annotated[str, typer.Argument(help="The report.")],
    grade: Codes = "",
    conditions: Conditions = "",
    text: Annotated[str | None, typer.Option(help="The text worded anew.")] = None,
    marking: Marking = "",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Grade or word a report anew: a row that supersedes the one in force. --why says why.

    Example: touchstone intel grade IR-2026-0001 --grade 2BC --conditions "not to be acted on before 1 December" --why "a second source" --by a.officer
    """
    with opened(home) as (folder, store):
        kept = intelligence.regrade(
            store, folder, urn, by=person(store, folder, by), why=why, codes=grade, conditions=conditions, text=text, marking=marking
        )
    _told(kept, json, "stands anew")


@app.command("list")
def list_(
    case: Annotated[str | None, typer.Option(help="Only those of this case.")] = None,
    after: Annotated[int, typer.Option(help="Go on after this row number.")] = 0,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 50,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The reports as they stand. Their sources are not shown.

    Example: touchstone intel list --case TS-2026-014
    """
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="intel list", justification=why, case=case) as reader,
    ):
        found = reader.reports(case=case, after=after, limit=limit)
    if json:
        print_json(found)
        return
    rows = [(r.urn, str(r.grade or ""), r.marking, r.case or "", r.text[:100] or "erased") for r in found]
    table("Intelligence reports", ("report", "grade", "marking", "case", "text"), rows, "There is no intelligence report.")


@app.command("show")
def show(
    urn: Annotated[str, typer.Argument(help="The report.")],
    source: Annotated[bool, typer.Option(help="Show where it comes from, too: wants --why, and is an event of its own.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """One report with all its gradings; its source only with --source and a reason.

    Example: touchstone intel show IR-2026-0001 --source --why "the source asks to be forgotten"
    """
    with opened(home) as (folder, store):
        settings = intelligence.read_settings(folder)
        with store.acting(person(store, folder, by), purpose="intel show", justification=why) as reader:
            newest = reader.report(urn)
            every = reader.reports(urns=[urn], superseded=True)
            known = reader.intelligence_source(urn) if source else None
    if json:
        print_json({"report": newest, "gradings": every, **({"source": known} if source else {})})
        return
    say(f"{newest.urn}  {newest.marking}\n{newest.text or 'erased'}")
    for what, code in settings.said(newest.grade) if newest.grade else ():
        say(f"  {what}: {code}")
    if newest.grade and newest.grade.conditions:
        say(f"  Conditions: {newest.grade.conditions}")
    table(
        "Gradings",
        ("row", "grade", "by", "when"),
        [(r.id, str(r.grade or "erased"), r.actor, f"{r.at:%Y-%m-%d %H:%M} UTC") for r in every],
        "",
    )
    if known is not None:
        said = [(name, value) for name in known.__dataclass_fields__ if (value := getattr(known, name)) not in ("", None, ())]
        table("Its source: not to be shown to a recipient", ("what", "words"), said, "")
    elif source:
        say("Its source was erased.")


@app.command("report")
def report(
    urns: Annotated[list[str], typer.Argument(help="The reports, each a document of its own.")],
    to: Annotated[str, typer.Option(help="For whom.")],
    out: Annotated[Path, typer.Option(help="The folder that the documents go into.")],
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Write reports for a recipient, DOCX and PDF: the sanitised text and the grading, nothing of the source. Logged as a disclosure; nothing is sent.

    Example: touchstone intel report IR-2026-0001 --to "Wexcombe Police, intelligence unit" --why "rear-unit sales" --out reports
    """
    with opened(home) as (folder, store):
        paths = intelligence.write_report(store, folder, urns, out, to=to, by=person(store, folder, by), why=why)
    for path in paths:
        say(str(path))


def _told(kept: intelligence.Kept, as_json: bool, what: str) -> None:
    if as_json:
        print_json({"report": kept.report, "notes": kept.notes})
        return
    report: Report = kept.report
    say(f"Intelligence report {report.urn} {what}: {report.grade}, {report.marking}.")
    for note in kept.notes:
        say(f"! {note}")
