"""`make demo`: the whole path over the demonstration market, by the commands an officer would type, to a verified evidence pack.

Every listing, seller, shop, address and phone in it is invented. It ends with what was found against what is true, so that the
demonstration says how good it was; figures over invented listings are no measure of accuracy (docs/accuracy.md is).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from casework.commands.serve import PORT
from tests.market import Market, start_market

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "var" / "demo"
OFFICER = "a.demo-officer"
CASE = "DEMO-2026-1"
UNITS = "Wexcombe Parade units (invented)"  # a register of the demonstration's own, of no council

out = Console(width=None if sys.stdout.isatty() else 150)


def touchstone(*arguments: str, show: bool = True, ok: tuple[int, ...] = (0,)) -> str:
    """Run a command as a user would, in the demonstration's folder; its output. Stops the demonstration if it fails."""
    if show:
        out.print(f"\n[bold cyan]$ touchstone {' '.join(a if ' ' not in a else repr(a) for a in arguments)}[/]", highlight=False)
    command = [sys.executable, "-m", "casework.cli", *arguments]
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, env=_environment())
    if show:
        out.print(done.stdout.rstrip(), highlight=False, markup=False, soft_wrap=True)
    if done.returncode not in ok:
        out.print(done.stderr, markup=False)
        sys.exit(f"'touchstone {' '.join(arguments)}' ended with exit status {done.returncode}")
    return done.stdout


def _environment() -> dict[str, str]:
    import os

    columns = str(out.width)
    return {**os.environ, "PYTHONPATH": str(ROOT), "TOUCHSTONE_ACTOR": OFFICER, "COLUMNS": columns}


def lay_out(market: Market) -> None:
    """A fresh working folder whose sources are the market's, with the registers of its invented parade."""
    shutil.rmtree(WORK, ignore_errors=True)
    touchstone_init()
    sources = WORK / "configs" / "sources"
    shutil.rmtree(sources)
    sources.mkdir()
    market.write_sources(sources)
    if not _chromium():
        (sources / "demo_storefront.yml").unlink()
        out.print(
            "Chromium is missing, so the store front that is empty without JavaScript is left out; 'apt-get install chromium' brings it."
        )
    units = {
        "kind": "csv",
        "title": UNITS,
        "licence": "Invented for the demonstration",
        "dated": "2026-01-31",
        "columns": {"name": "Name", "address": ["Line 1", "Line 2", "Town", "County"], "postcode": "Postcode", "phone": "Telephone"},
    }
    (WORK / "configs" / "registers" / "wexcombe_units.yml").write_text(yaml.safe_dump(units, sort_keys=False))


def touchstone_init() -> None:
    WORK.mkdir(parents=True)
    touchstone("init", str(WORK), show=False)


def _chromium() -> bool:
    from crawler.browser import find_chromium

    return find_chromium() is not None


def listings(arguments: Sequence[str] = ()) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(touchstone("listing", "list", "--limit", "500", "--json", *arguments, show=False))
    return rows


def why_visit(card: Mapping[str, Any]) -> str:
    """The officer's reason for one listing: what in it weighs most, in its own words."""
    heaviest = sorted(card["flag"]["contributions"], key=lambda c: -c["points"])[:2]
    return "Merits a visit. " + " ".join(c["sentence"] for c in heaviest)


def score(market: Market) -> Table:
    """What was flagged, against what is true of each invented listing."""
    levels = {(r["listing"]["source"].removeprefix("demo_"), r["listing"]["ref"]): r["level"] for r in listings()}  # type: ignore[index]
    shown = Table(
        "truth",
        "listings",
        "priority",
        "review",
        "note",
        "none",
        "not crawled",
        title="Flags against the truth (invented listings: no measure of accuracy)",
        title_justify="left",
    )
    for label in ("suspect", "trap", "honest"):
        mine = [levels.get((t.source, t.ref), "missing") for t in market.listings if t.label == label]
        shown.add_row(
            label,
            str(len(mine)),
            *(str(sum(level == x for level in mine)) for x in ("priority", "review", "note")),
            str(sum(level in ("none", "") for level in mine)),
            str(mine.count("missing")),
        )
    return shown


def main() -> int:
    began = time.monotonic()
    with start_market() as market:
        lay_out(market)
        out.print(f"Three invented sources are being served on this machine; the working folder is {WORK.relative_to(ROOT)}.")
        touchstone(
            "reference", "add", "--csv", str(HERE / "references" / "references.csv"), "--prices", str(HERE / "references" / "prices.csv")
        )
        touchstone("register", "load", "fhrs", str(HERE / "registers" / "wexcombe_fhrs.xml"))
        touchstone("register", "load", "wexcombe_units", str(HERE / "registers" / "wexcombe_units.csv"))
        touchstone("scan")
        touchstone("queue", "list", "--limit", "8", "--why", "demonstration")
        touchstone("premises", "rank", "--limit", "6", "--why", "demonstration")
        queue = json.loads(touchstone("queue", "list", "--limit", "3", "--json", show=False))
        links = json.loads(touchstone("premises", "rank", "--limit", "1", "--json", show=False))
        for card in queue[:2]:
            listing = card["summary"]["listing"]
            touchstone(
                "judge",
                listing["source"],
                listing["ref"],
                "yes",
                "--reason",
                why_visit(card),
            )
        touchstone("case", "new", CASE, "--title", "Demonstration: branded goods at Wexcombe Parade")
        for card in queue[:2]:
            listing = card["summary"]["listing"]
            touchstone("case", "add", CASE, listing["source"], listing["ref"], "--initials", "AD")
        if links:
            link = str(links[0]["links"][0]["id"])
            touchstone("judge", "link", link, "yes", "--reason", f"the advert names the unit, and so does the register “{UNITS}”")
            touchstone("case", "add", CASE, "link", link, "--initials", "AD")
            if links[0]["links"][0]["subject_kind"] == "seller":
                touchstone("seller", "attribution", str(links[0]["links"][0]["subject"]), "--why", "demonstration")
        touchstone("case", "export", CASE, "--why", "demonstration")
        touchstone("listing", "export", "--csv", "var/listings.csv", "--why", "demonstration")
        pack = WORK / "var" / "packs" / CASE
        head = json.loads(
            subprocess.run(
                [sys.executable, "-m", "casework.cli", "verify", str(pack), "--json"],
                cwd=WORK,
                capture_output=True,
                text=True,
                env=_environment(),
            ).stdout
        )["head"]
        plain = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin") or getattr(sys, "_base_executable", sys.executable)
        out.print(
            f"\n[bold cyan]$ {Path(plain).name} -I verify.py --head {head[:16]}…[/]   (outside the virtual environment)", highlight=False
        )
        checked = subprocess.run([plain, "-I", str(pack / "verify.py"), str(pack), "--head", head], capture_output=True, text=True, env={})
        out.print(checked.stdout.rstrip(), markup=False, highlight=False, soft_wrap=True)
        out.print()
        out.print(score(market))
    if checked.returncode:
        out.print(checked.stderr, markup=False)
        return 1
    out.print(
        f"\n[bold]The evidence pack is verified[/]: {pack.relative_to(ROOT)}/README.html is the page to open; everything is under {WORK.relative_to(ROOT)}."
    )
    out.print(f"Took {time.monotonic() - began:.0f} s. Machines gave opinions; the judgements above are the demonstration officer's.")
    return desk()


def desk() -> int:
    """Say where the desk is and how to sign in there; where somebody sits at a terminal, show it until they stop it."""
    password = touchstone(
        "account", "add", OFFICER, "--role", "supervisor", "--full-name", "A. Demo-Officer (fictional)", show=False
    ).split()[-1]
    out.print(
        f"\n[bold]The desk over this store[/]: http://127.0.0.1:{PORT}/ · name {OFFICER} · password {password} (you are asked to choose your own)"
    )
    if not sys.stdout.isatty():
        out.print("[bold]make desk[/] serves it.")
        return 0
    out.print("It is being served now; Ctrl-C ends it, and [bold]make desk[/] serves it again.")
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run([sys.executable, "-m", "casework.cli", "serve"], cwd=WORK, env=_environment(), check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
