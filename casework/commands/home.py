"""`init` lays out a working folder; `doctor` says what is there and what is missing; `verify` checks an evidence pack."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from casework.commands.common import Folder, Json, home_of, out, print_json, say, tame
from store.config import defaults_folder
from store.errors import TouchstoneError
from store.store import Store
from store.version import code_version


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Begin")(init)
    app.command(rich_help_panel="Begin")(doctor)
    app.command(rich_help_panel="Cases")(verify)


def init(folder: Annotated[Path, typer.Argument(help="The folder to lay out; made where it does not exist.")]) -> None:
    """Lay out a working folder: the configuration to edit, and var/ for the store. Files that are there are left alone.

    Example: touchstone init work
    """
    target, kept, written = folder / "configs", 0, 0
    shipped = defaults_folder()
    for source in sorted(p for p in shipped.rglob("*") if p.is_file()):
        if source.name in ("shipped.yml", "known-faults.yml"):  # what the project vouches for is not the user's to edit
            continue
        place = target / source.relative_to(shipped)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            kept += 1
        else:
            shutil.copyfile(source, place)
            written += 1
    for kind in ("sources", "operations", "brands", "registers"):
        (target / kind).mkdir(parents=True, exist_ok=True)
    (folder / "var").mkdir(parents=True, exist_ok=True)
    say(f"{folder}: {written} files written{f', {kept} left as they were' if kept else ''}.")
    say("Next: set authority and user_agent in configs/touchstone.yml, add a source (docs/add-a-source.md), then `touchstone scan`.")


def doctor(json: Json = False, home: Folder = None) -> None:
    """Check this machine and this working folder, and say in one sentence each what is missing and how to get it."""
    checks: list[tuple[str, bool, str]] = [
        ("Python", sys.version_info >= (3, 11), sys.version.split()[0]),
        ("Touchstone", True, code_version()),
    ]
    import crawler.browser
    from casework.pdf import missing_parts

    chromium = crawler.browser.find_chromium()
    checks.append(
        (
            "Chromium",
            chromium is not None,
            str(
                chromium
                or "missing: sources with 'render: true' cannot be crawled; 'apt-get install chromium' or 'playwright install chromium'"
            ),
        )
    )
    missing = missing_parts()
    checks.append(("Pango (PDF)", not missing, missing or "present"))
    folder = home_of(home)
    try:
        with Store.open(folder) as store:
            problems = store.verify()
            checks.append(
                ("Store", not problems, "; ".join(problems[:3]) or f"{store.log_head()[0]} events, the chain and the archive hold")
            )
    except TouchstoneError as error:
        checks.append(("Store", False, str(error)))
    if json:
        print_json([{"check": name, "ok": ok, "detail": detail} for name, ok, detail in checks])
    else:
        for name, ok, detail in checks:
            out.print(f"{'[green]ok     [/]' if ok else '[yellow]missing[/]'} {name}: {escape(tame(detail))}", highlight=False)
    if not all(ok for name, ok, _ in checks if name in ("Python", "Store")):
        raise typer.Exit(1)


def verify(
    pack: Annotated[Path, typer.Argument(help="The folder of the evidence pack.")],
    head: Annotated[str | None, typer.Option(help="The pack's head as it was printed at export and quoted on paper.")] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="The fingerprint of the key that signed it, as published elsewhere; also several.")
    ] = None,
    authority: Annotated[
        Path | None, typer.Option("--authority", help="The time-stamping authority's root certificate (PEM), got from it.")
    ] = None,
    pictures: Annotated[bool, typer.Option("--pictures", help="Also make the drawings of matches again and compare them.")] = False,
    json: Json = False,
) -> None:
    """Check every digest of an evidence pack and its log, offline, and its signature and time stamp. The pack's own verify.py does the first part.

    Without --key a signature is held against the key in the pack, which shows nothing of who made it; the report says so.

    With --pictures, each drawing of a match is made again from the pack's own two pictures and compared byte by byte: verify.py cannot.

    Example: touchstone verify var/packs/C-2026-1 --head 3f2a… --key 9c1d…
    """
    from casework import keys, stamps
    from casework.export.attest import Check
    from casework.verify import main

    further = None
    if pictures:
        from casework.redraw import compare, missing

        if why := missing():
            raise TouchstoneError(f"--pictures: {why}")
        further = compare
    vouch = Check([keys.plain_fingerprint(each) for each in key or []], None if authority is None else stamps.read_certificates(authority))
    raise typer.Exit(
        main([str(pack.absolute()), *([] if head is None else [f"--head={head}"]), *(["--json"] if json else [])], further, vouch)
    )
