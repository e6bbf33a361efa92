"""Sources: look at a site and draft its YAML, try it, list them with their health, and check for alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, bar, home_of, opened, person, print_json, say, table, tame
from store.errors import TouchstoneError

app = typer.Typer(no_args_is_help=True, help="The sources that are crawled.")


@app.command("new")
def source_new(
    url: Annotated[str, typer.Argument(help="A list page of the site (best), an item's page, or its front page.")],
    name: Annotated[str, typer.Option(help="The source's name; without it, from the address.")] = "",
    render: Annotated[
        bool, typer.Option("--render", help="Render in Chromium at once; else only where a page is empty without JavaScript.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over configs/sources/NAME.yml.")] = False,
    to_stdout: Annotated[bool, typer.Option("--print", help="Print the YAML and write no file.")] = False,
    testing: Annotated[bool, typer.Option("--testing", help="Allow an address of this machine, for a site of your own.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Look at a page or a shop, write a commented YAML for it, and show what the parser reads under it.

    At most eight pages are asked for, by the crawler's own manners, and kept as captures of a run of the pass `look`.
    Example: touchstone source new https://fernhollow.example/all --why "complaint 2026-114"
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
            folder, url, name, render=render, testing=testing, actor=actor, why=why, progress=lambda done, most: step("pages", done, most)
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


@app.command("list")
def source_list(json: Json = False, home: Folder = None) -> None:
    """The sources of configs/sources, with what each expects and how its last run ended."""
    import crawler.source

    folder = home_of(home)
    found = {source.name: source for source in crawler.source.find_sources(folder)}
    with opened(home) as (_h, store):
        last = {name: next(iter(store.runs("crawl", name, limit=1)), None) for name in found}
    if json:
        print_json([{"name": n, "title": s.title, "url": s.url, "platform": s.platform, "last_run": last[n]} for n, s in found.items()])
        return
    rows = [(n, s.title, s.platform, s.url, (r.outcome or "not ended") if (r := last[n]) else "never ran") for n, s in found.items()]
    table(
        "Sources",
        ("name", "title", "platform", "url", "last run"),
        rows,
        "There is no source yet: `touchstone source new URL` drafts one, docs/add-a-source.md says how to go on.",
    )
