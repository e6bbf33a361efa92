"""`make demo-real`: the whole path over real pages and real adverts of ../shared, served on this machine, with a real register.

Nothing of that data is part of the project: it is read at run time, and what the demonstration makes of it lies under var/real.
Its figures say what the shipped settings do with these rows; rows the rules were written from are among them, so they are no
measure of accuracy on others.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from store.config import Home
from store.store import Store
from tests.real import figures
from tests.real.adverts import SEED, read_adverts
from tests.real.figures import LEVELS, Seen
from tests.real.pages import PAGES
from tests.real.workplace import PREMISES, REGISTER, ROOT, Workplace, workplace

WORK = ROOT / "var" / "real"
out = Console(width=None if sys.stdout.isatty() else 150)


def run(place: Workplace, *arguments: str, ok: tuple[int, ...] = (0,), every: float = 0) -> float:
    """Run a command in the demonstration's folder and show it; how long it took. Stops the demonstration if it fails."""
    out.print(f"\n[bold cyan]$ touchstone {' '.join(arguments)}[/]", highlight=False, soft_wrap=True)
    began = time.monotonic()
    status, said, errors = place.touchstone(*arguments, every=every, say=lambda line: out.print(line, style="dim", highlight=False))
    took = time.monotonic() - began
    out.print(said.rstrip(), markup=False, highlight=False, soft_wrap=True)
    out.print(f"({took:.1f} s)", style="dim", highlight=False)
    if status not in ok:
        out.print(errors, markup=False)
        sys.exit(f"'touchstone {' '.join(arguments)}' ended with exit status {status}")
    return took


def show_levels(seen: Sequence[Seen]) -> None:
    columns = ("source", "label", "collected from", "listings", "priority", "review", "note", "none", "not weighed")
    table = Table(*columns, title="Listings by what is known of them and the level that they got", title_justify="left")
    for source, label, origin, number, counts in figures.levels(seen):
        table.add_row(source, label, origin, str(number), *(str(counts[level]) for level in LEVELS))
    for label in ("suspicious", "ordinary"):
        mine = [each for each in seen if each.advert and each.label == label]
        table.add_row(
            "adverts", label, "all", str(len(mine)), *(str(sum(each.level == level for each in mine)) for level in LEVELS), style="bold"
        )
    out.print(table)
    false = [each for each in figures.flagged(seen) if each.source in PAGES]
    noted = sum(each.level == "note" and each.source in PAGES for each in seen)
    out.print(
        f"Saved pages: nothing on them is designer goods, so that each flag is a false one: {len(false)} in the queue, {noted} noted only.",
        highlight=False,
    )


def show_reasons(seen: Sequence[Seen]) -> None:
    counts = figures.reasons(seen)
    table = Table("reason", "suspicious", "ordinary", title="Listings by reason for points", title_justify="left")
    for reason in sorted({reason for reason, _ in counts}, key=lambda r: -counts[r, "suspicious"] - counts[r, "ordinary"]):
        table.add_row(reason, str(counts[reason, "suspicious"]), str(counts[reason, "ordinary"]))
    out.print(table)


def show_examined(seen: Sequence[Seen]) -> None:
    table = Table("detector", "outcome", "why not", "listings", title="What was examined", title_justify="left")
    for (detector, outcome, why), number in sorted(figures.examined(seen).items()):
        table.add_row(detector, outcome, why, str(number))
    out.print(table)


def show_empty() -> None:
    """The stages that this input gives nothing to, and why."""
    with Store.open(Home(WORK)) as store:
        counts = store.counts()
        entries = sum(each.rows for each in store.register_snapshots())
    out.print(
        "The store holds " + ", ".join(f"{number:,} {noun}" for noun, number in counts.items()) + f"; registers: {entries:,} rows.",
        highlight=False,
    )
    stages = (
        (
            "images",
            "pictures were compared: the adverts' rows have none, and those of the saved pages lie on other hosts, which are not asked",
        ),
        ("sellers", "sellers were examined: neither the rows nor the saved pages name one"),
        ("links", "links were proposed, although the register is loaded: no listing says where it is or who sells"),
    )
    for noun, why in stages:
        number = counts.get(noun, 0)
        out.print(f"  stays empty: no {why}." if number == 0 else f"  not empty: {number} {noun}.", highlight=False, soft_wrap=True)
    out.print(
        "  stays empty: prices are compared with nothing. The only price list there is (used asking prices, EUR, 2021) was made of the very rows that are among "
        "the ordinary adverts, and the suspicious ones are priced in other currencies: to load it would flatter.",
        highlight=False,
        soft_wrap=True,
    )


def show_times() -> None:
    with Store.open(Home(WORK)) as store:
        runs = [run for run in reversed(store.runs(limit=50)) if run.ended_at]
    took = ", ".join(
        f"{run.pass_name}{' ' + run.source if run.source else ''} {(run.ended_at - run.started_at).total_seconds():.1f} s"
        for run in runs
        if run.ended_at
    )
    out.print(f"\nEach pass took: {took}.", highlight=False, soft_wrap=True)


def clear() -> None:
    """Remove the demonstration's folder."""
    shutil.rmtree(WORK, ignore_errors=True)


def look(seen: Sequence[Seen], number: int) -> None:
    """So many flags and so many misses, drawn by the seed, for a person to look at. Printed, and written nowhere."""
    chance = random.Random(SEED)
    for title, pool in (("FLAGS", figures.flagged(seen)), ("MISSES", figures.missed(seen))):
        out.print(f"\n[bold]{title}[/]: {min(number, len(pool))} of {len(pool)}", highlight=False)
        pool = sorted(pool, key=lambda each: (each.source, each.summary.listing.ref))  # eight at once arrive in any order
        for each in chance.sample(pool, min(number, len(pool))):
            words, known = each.summary.snapshot, each.advert
            what = f"{known.label}, {known.kind}, {known.origin}" if known else "saved page"
            level = f"level {each.level}, score {each.flag.score:.1f}" if each.flag else "not weighed"
            out.print(f"- {each.source}/{each.summary.listing.ref} [{what}] {level}", markup=False, highlight=False)
            out.print(f"    {words.title[:140]} | {words.price_text} | {words.text[:200]}", markup=False, highlight=False, soft_wrap=True)
            for contribution in each.flag.contributions if each.flag else ():
                out.print(
                    f"    {contribution.points:+.1f} {contribution.reason}: {contribution.sentence[:160]}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.real.demo", description=__doc__)
    parser.add_argument("shared", type=Path, help="the folder of real data, which is no part of the project")
    parser.add_argument("--ordinary", type=int, default=1240, help="so many ordinary adverts beside the 1,260 suspicious ones")
    parser.add_argument(
        "--look",
        type=int,
        default=0,
        metavar="N",
        help="print N flags and N misses of the last demonstration, without running it again where it has run",
    )
    options = parser.parse_args(arguments)
    if not (options.shared / "data").is_dir():
        out.print(
            f"{options.shared}/data is absent: this demonstration reads real data, which is no part of the project. `make demo` needs none."
        )
        return 2
    shared, began = options.shared.resolve(), time.monotonic()
    adverts = read_adverts(shared, ordinary=options.ordinary)
    if options.look and (WORK / "var" / "touchstone.db").exists():
        seen = figures.read_all(WORK, adverts)
        if not figures.same_sample(seen):
            out.print(
                f"{WORK.relative_to(ROOT)} holds another sample than these {len(adverts):,} adverts; run the demonstration again, or give the same --ordinary."
            )
            return 2
        look(seen, options.look)
        return 0
    with workplace(WORK, shared, adverts) as place:
        out.print(
            f"{len(PAGES)} saved pages and {len(adverts):,} adverts are being served on this machine; the working folder is {WORK.relative_to(ROOT)}.",
            highlight=False,
        )
        run(place, "register", "load", REGISTER, str(shared / PREMISES), every=10)
        run(place, "scan", every=10)
    seen = figures.read_all(WORK, adverts)
    out.print()
    show_levels(seen)
    show_reasons(seen)
    show_examined(seen)
    show_empty()
    show_times()
    if options.look:
        look(seen, options.look)
    out.print(
        f"Took {time.monotonic() - began:.0f} s. Machines gave opinions with reasons; nobody has judged any of them.", highlight=False
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
