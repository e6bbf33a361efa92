"""The passes: scan (crawl, detect, flag, link in a row, then screenshots, which ask sites again), and each by itself; status says what is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from casework import drift, flags, samples
from casework.commands.common import EXIT, Folder, Json, bar, finish, opened, print_json, say, show, table
from premises.alerts import Alert, alerts, any_recorded
from premises.harm import rank_settings
from store.config import Home
from store.executors import make_executor
from store.runs import PassResult, worst
from store.store import SYSTEM, Store
from store.words.records import Outcome

Sources = Annotated[list[str] | None, typer.Argument(help="Names of sources (files in configs/sources); none: all of them.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin a new run even where a crash left one to go on with.")]


def register(app: typer.Typer) -> None:
    for command in (scan, crawl, reread, detect, flag, link, status):
        app.command(rich_help_panel="Passes")(command)


def _crawl(store: Store, home: Home, sources: list[str] | None, fresh: bool) -> PassResult:
    import crawler.run
    import crawler.source

    expected = {source.name: source.expect.listings for source in crawler.source.find_sources(home) if source.expect}
    with bar() as step, crawler.run.side_by_side(home.settings) as executor:

        def progress(source: str, counts: Mapping[str, int]) -> None:
            step(
                source,
                counts.get("listings", 0),
                expected.get(source),
                f"{counts.get('pages', 0)} pages, {counts.get('images', 0)} pictures",
            )

        return crawler.run.run(store, home, executor, sources=sources or None, actor=SYSTEM, resume=not fresh, progress=progress)


def _detect(store: Store, home: Home, only: list[str] | None = None, retry: bool = False) -> PassResult:
    import detectors.run

    with bar() as step, make_executor(home.settings) as executor:
        return detectors.run.run(store, home, executor, actor=SYSTEM, only=only, retry_errors=retry, progress=step.add)


def of_flagged() -> list[str]:
    """The detectors that look only at what is flagged: they come after the flags."""
    from detectors import contract

    return [name for name, detector in contract.discover().items() if "flagged" in detector.needs]


def _flag(store: Store, home: Home) -> PassResult:
    with bar() as progress:
        return flags.run(store, home, actor=SYSTEM, progress=progress)


def _screenshots(store: Store, home: Home, sources: list[str] | None) -> PassResult:
    import crawler.screenshots

    with bar() as step:
        return crawler.screenshots.run(
            store,
            home,
            sources=sources or None,
            actor=SYSTEM,
            progress=lambda source, counts: step(source, counts.get("screenshots", 0), None, "screenshots"),
        )


def _link(store: Store, home: Home) -> PassResult:
    import premises.run

    with bar() as progress:
        return premises.run.run(store, home, actor=SYSTEM, progress=lambda done, total: progress("sellers and listings", done, total))


def scan(sources: Sources = None, fresh: Fresh = False, home: Folder = None) -> None:
    """Crawl the sources, examine what is new, flag it, link it to premises, and take screenshots of what is flagged. Safe to run again at any time.

    The screenshots ask the sites again, for the flagged listings' pages; `screenshot_from: none` in touchstone.yml leaves them out.

    Example: touchstone scan        all sources
    Example: touchstone scan my_marketplace
    """
    with opened(home) as (folder, store):
        outcomes: list[Outcome] = []
        passes: dict[str, Callable[[], PassResult]] = {
            "crawl": lambda: _crawl(store, folder, sources, fresh),
            "detect": lambda: _detect(store, folder),
            "flag": lambda: _flag(store, folder),
            "detect, of what is flagged": lambda: _detect(store, folder, of_flagged()),
            "link": lambda: _link(store, folder),
            "screenshot": lambda: _screenshots(store, folder, sources),
        }
        for name, run in passes.items():
            result = run()
            show(name, result)
            outcomes.append(result.outcome)
            if result.outcome is Outcome.failed:
                break
    if status := EXIT[worst(outcomes)]:
        raise typer.Exit(status)


def crawl(
    sources: Sources = None,
    fresh: Fresh = False,
    screenshots: Annotated[
        bool,
        typer.Option(
            "--screenshots", help="Only take the screenshots that are due of flagged listings (`screenshot_from` in touchstone.yml)."
        ),
    ] = False,
    json: Json = False,
    home: Folder = None,
) -> None:
    """Fetch the sources' pages and pictures, keep the bytes, read the listings. Goes on where a crash left off.

    Example: touchstone crawl my_marketplace
    Example: touchstone crawl --screenshots
    """
    with opened(home) as (folder, store):
        finish("crawl", _screenshots(store, folder, sources) if screenshots else _crawl(store, folder, sources, fresh), json)


def reread(sources: Sources = None, json: Json = False, home: Folder = None) -> None:
    """Read the kept bytes again with the current parsers, without the network.

    Example: touchstone reread my_marketplace        after its YAML was mended
    """
    import crawler.reread

    with opened(home) as (folder, store), bar() as step:
        finish(
            "reread",
            crawler.reread.run(
                store, folder, sources=sources or None, actor=SYSTEM, progress=lambda source, counts: step(source, counts["pages"])
            ),
            json,
        )


def detect(
    only: Annotated[list[str] | None, typer.Argument(help="Names of detectors; none: all of them.")] = None,
    retry_errors: Annotated[bool, typer.Option("--retry-errors", help="Examine again what failed before.")] = False,
    json: Json = False,
    home: Folder = None,
) -> None:
    """Examine what no method in use has examined yet."""
    with opened(home) as (folder, store):
        finish("detect", _detect(store, folder, only or None, retry_errors), json)


def flag(json: Json = False, home: Folder = None) -> None:
    """Weigh the findings by the policy of configs/flags.yml and flag the listings that merit a look."""
    with opened(home) as (folder, store):
        finish("flag", _flag(store, folder), json)


def link(json: Json = False, home: Folder = None) -> None:
    """Propose links from sellers and listings to premises, and between sellers. Nothing is final until a person says so."""
    with opened(home) as (folder, store):
        finish("link", _link(store, folder), json)


def status(json: Json = False, home: Folder = None) -> None:
    """What ran last, how it ended, and what the store holds."""
    with opened(home) as (folder, store):
        counts, levels, runs = store.counts(), store.level_counts(), store.runs(limit=12)
        examined = store.examination_counts()
        recall, changed = samples.recall(store.tally()), drift.look(store, folder)
        raised = _alerts(store, folder)
    if json:
        print_json(
            {
                "counts": counts, "levels": levels, "examinations": examined, "runs": runs, "recall": recall, "drift": drift.summary(changed),
                "alerts": raised,
            }
        )  # fmt: skip
        return
    rows = [(r.pass_name, r.source or "", f"{r.started_at:%Y-%m-%d %H:%M} UTC", r.outcome or "not ended", r.message) for r in runs]
    table("Last runs", ("pass", "source", "started", "ended", ""), rows, "Nothing has run yet: `touchstone scan` begins.")
    table("Examined", ("detector", "outcome", "subjects"), examined, "Nothing has been examined yet.")
    table(
        "Listings by level",
        ("source", "priority", "review", "note", "none"),
        [(s, *(n.get(x, 0) for x in ("priority", "review", "note", "none"))) for s, n in sorted(levels.items())],
        "No listing has been flagged yet.",
    )
    say("The store holds " + ", ".join(f"{n} {noun}" for noun, n in counts.items()) + ".")
    for line in (recall.sentence(), *changed.sentences()):
        say(line)
    for alert in raised:
        say(f"ALERT premises {alert.at}: {alert.sentence} (capture {alert.capture})")


def _alerts(store: Store, home: Home) -> list[Alert]:
    """Closed premises that seem to trade; nothing is read where no closure is recorded."""
    settings = rank_settings(home)
    if not any_recorded(store, settings):
        return []
    with store.acting(SYSTEM, purpose="status", justification="closed premises that seem to trade") as reader:
        return alerts(reader, settings)
