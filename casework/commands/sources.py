"""Sources: look at a site and draft its YAML, try it, list them with their health, and check for alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.commands.common import By, Folder, Json, Why, bar, home_of, opened, person, print_json, say, table, tame
from store.errors import TouchstoneError
from store.health import FIELDS, Yield
from store.words.records import Run

if TYPE_CHECKING:
    from crawler.source import Source

RUNS = 5  # crawls that `source list` shows

app = typer.Typer(no_args_is_help=True, help="The sources that are crawled.")


@app.command("new")
def source_new(
    url: Annotated[str, typer.Argument(help="A list page of the site (best), an item's page, or its front page.")],
    name: Annotated[str, typer.Option(help="The source's name; without it, from the address.")] = "",
    render: Annotated[
        bool, typer.Option("--render", help="Render in Chromium at once; else only where a page is empty without JavaScript.")
    ] = False,
    post: Annotated[str, typer.Option(help="Ask by POST and send this, as the browser's network tools show it: JSON or a form.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over configs/sources/NAME.yml.")] = False,
    to_stdout: Annotated[bool, typer.Option("--print", help="Print the YAML and write no file.")] = False,
    testing: Annotated[bool, typer.Option("--testing", help="Allow an address of this machine, for a site of your own.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Look at a page or a shop, write a commented YAML for it, and show what the parser reads under it.

    At most eight pages are asked for, and eight more in Chromium where the site is empty without JavaScript, by the crawler's own manners, and kept as captures of a run of the pass `look`.
    Example: touchstone source new https://fernhollow.example/all --why "complaint 2026-114"
    Example: touchstone source new https://stalls.example/api/search --post '{"q": "bag", "page": 1}'
    """
    import crawler.look

    name = name or crawler.look.name_for(url)
    if not re.fullmatch(r"[A-Za-z]\w{0,60}", name):
        raise TouchstoneError(f"'{name}' is no name for a source: letters, digits and _ only, since its file and its spider bear it")
    with opened(home) as (folder, store):
        path = folder.folder / "configs" / "sources" / f"{name}.yml"
        if path.exists() and not (force or to_stdout):
            raise TouchstoneError(f"{path} is there already; give --force to write over it, or another --name")
        actor = person(store, folder, by)
    with bar() as step:
        made = crawler.look.draft_for(
            folder,
            url,
            name,
            render=render,
            testing=testing,
            post=post,
            actor=actor,
            why=why,
            progress=lambda done, most: step("pages", done, most),
        )
    if not to_stdout:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made["yaml"], encoding="utf-8")
    if json:
        print_json({"file": None if to_stdout else path, **made})
        return
    if to_stdout:
        typer.echo(tame(made["yaml"]), nl=False)
        return
    for line in made["seen"]:
        say(line)
    preview(made["preview"])
    if made["problem"]:
        say(f"Not all could be looked at: {made['problem']}")
    say(f"{path} is written. Fill in `legal:`, correct what is wrong, then: touchstone source try {name}")


def preview(rows: Sequence[Mapping[str, str]]) -> None:
    """What was read, a column a listing, with what is missing marked."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    shown = rows[:4]
    table(
        "What is read under it",
        ("field", *(str(number) for number in range(1, len(shown) + 1))),
        [(name, *(row.get(name, "")[:44] or "missing" for row in shown)) for name in names],
        "Nothing is read under it yet: the selectors are to be corrected.",
    )


@app.command("try")
def source_try(
    name: Annotated[str, typer.Argument(help="The source's name.")],
    pages: Annotated[int, typer.Option(help="At most so many pages.", min=1, max=50)] = 8,
    json: Json = False,
    home: Folder = None,
) -> None:
    """Crawl a few pages without keeping anything; what was read field by field, and what was missing and why.

    Exit status 1 when nothing was read.
    Example: touchstone source try my_marketplace --pages 5
    """
    import crawler.trying

    with bar() as step:
        tried = crawler.trying.attempt(home_of(home), name, pages=pages, progress=lambda done, most: step("pages", done, most))
    if json:
        print_json(tried)
    else:
        _show_tried(tried)
    if not tried["listings"]:
        raise typer.Exit(1)


def _show_tried(tried: Mapping[str, Any]) -> None:
    for page in tried["pages"]:
        what = f"{page['what']}, {page['listings']} listings read" if page["what"] != "list" else "a list that leads on"
        say(f"{page['status']} {page['url']}: {what}")
        for unread in page["unread"]:
            say(f"    not understood: {unread}")
    for listing in tried["listings"][:5]:
        rows = [(field, said[:100]) for field, said in listing["fields"].items()]
        rows += [(field, f"MISSING: {why}") for field, why in listing["missing"].items()]
        table(listing["url"], ("field", "what was read"), rows, "")
    if len(tried["listings"]) > 5:
        say(f"and {len(tried['listings']) - 5} more listings (--json shows all)")
    table(
        "Filled",
        ("field", "of all listings"),
        [(name, f"{n} of {of}") for name, (n, of) in tried["fill"].items() if of],
        "Nothing was read.",
    )
    for what, number in tried["refused"].items():
        say(f"{what}: {', '.join(number) if isinstance(number, list) else number}")
    if tried["problem"]:
        say(tried["problem"])


@app.command("list")
def source_list(json: Json = False, home: Folder = None) -> None:
    """The sources with their health: how the last crawl ended, how many listings it brought, how often each field was filled.

    Example: touchstone source list
    """
    import crawler.source

    folder = home_of(home)
    found = crawler.source.find_sources(folder)
    with opened(home) as (_h, store):
        recent = {each.name: store.yields(each.name, RUNS) for each in found}
        last = {each.name: next(iter(store.runs("crawl", each.name, limit=1)), None) for each in found}
    if json:
        print_json([_health(each, recent[each.name], last[each.name]) for each in found])
        return
    table(
        "Sources",
        ("name", "title", "platform", "last crawl", "ended", "listings, newest first", "fields filled"),
        [
            (
                each.name,
                each.title,
                each.platform,
                *_ending(last[each.name]),
                " ".join(str(y.listings) for y in recent[each.name]),
                _rates(recent[each.name]),
            )
            for each in found
        ],
        "There is no source yet: `touchstone source new URL` drafts one, docs/add-a-source.md says how to go on.",
    )


def _health(source: Source, recent: Sequence[Yield], last: Run | None) -> dict[str, Any]:
    runs = [
        {
            "run": y.run.id,
            "started_at": y.run.started_at,
            "outcome": y.run.outcome,
            "listings": y.listings,
            "readings": y.readings,
            "fill_rates": {name: y.rate(name) for name in FIELDS},
            "unread": y.unread,
        }
        for y in recent
    ]
    return {"name": source.name, "title": source.title, "url": source.url, "platform": source.platform, "last_run": last, "runs": runs}


def _ending(run: Run | None) -> tuple[str, str]:
    return (f"{run.started_at:%Y-%m-%d %H:%M} UTC", run.outcome or "not ended") if run else ("never", "")


def _rates(recent: Sequence[Yield]) -> str:
    """The last run's share for each field that any of these runs filled, and what it was on the runs before where it differs."""
    lines = []
    for name in FIELDS:
        rates = [rate for each in recent if (rate := each.rate(name)) is not None]
        if not any(rates):
            continue
        before = (
            f" (before: {', '.join(f'{rate:.0%}' for rate in rates[1:])})"
            if any(abs(rate - rates[0]) > 0.005 for rate in rates[1:])
            else ""
        )
        lines.append(f"{name} {rates[0]:.0%}{before}")
    return "\n".join(lines)


@app.command("check")
def source_check(
    name: Annotated[str, typer.Argument(help="A source's name; without it, all of them.")] = "", json: Json = False, home: Folder = None
) -> None:
    """Alarms: a source has fallen silent, a field is filled less often than usual, more stays unread, no crawl for too long, no legal note.

    Exit status 1 where there is one. What counts as one is in configs/health.yml.
    Example: touchstone source check my_marketplace
    """
    import crawler.health
    import crawler.source
    from casework.operations import find_operations

    with opened(home) as (folder, store):
        found = crawler.source.find_sources(folder, [name] if name else None)
        stated = find_operations(folder)
        alarms = [alarm for source in found for alarm in crawler.health.check(store, folder, source, operations=stated)]
    if json:
        print_json(alarms)
    else:
        for alarm in alarms:
            say(alarm.sentence)
        if not alarms:
            say(f"{len(found)} sources, no alarm.")
    if alarms:
        raise typer.Exit(1)
