"""What every command needs: the working folder, the store, who is acting, and printing for people or for programs."""

from __future__ import annotations

import dataclasses
import getpass
import json
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from store.config import Home
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import SYSTEM, Store
from store.words.records import Actor, Outcome

out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The working folder (default: the nearest one above with configs/touchstone.yml).", envvar="TOUCHSTONE_HOME"
    ),
]
By = Annotated[str, typer.Option("--by", help="Who is acting: your name or number as the log shall have it.", envvar="TOUCHSTONE_ACTOR")]
Why = Annotated[str, typer.Option("--why", help="Why you look: a complaint number, an operation. It goes into the log.")]

EXIT = {Outcome.good: 0, Outcome.unmet: 1, Outcome.failed: 2}


def home_of(folder: Path | None) -> Home:
    return Home(folder.resolve()) if folder else Home.find()


@contextmanager
def opened(folder: Path | None) -> Iterator[tuple[Home, Store]]:
    home = home_of(folder)
    with Store.open(home) as store:
        yield home, store


def person(store: Store, home: Home, by: str) -> str:
    """The id of the person acting; one not seen before is recorded as an officer of this authority. Default: the signed-in user."""
    name = by.strip() or _signed_in()
    if name == SYSTEM:
        raise TouchstoneError("'system' is not a person; give your own name with --by")
    store.keep_actor(Actor(name, home.settings.authority.code, name, "officer"))
    return name


def _signed_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise TouchstoneError("nobody is signed in here; give your name with --by or TOUCHSTONE_ACTOR") from None


def plain(value: Any) -> Any:
    """Dataclasses, enums and times as JSON values."""
    if value is None or type(value) in (str, int, float, bool):  # nearly all of what a page of listings has
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


@cache
def _fields(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(of))


def print_json(value: Any) -> None:
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def tame(text: str) -> str:
    """Text of others as a terminal may have it: control and direction characters become visible marks (CWE-150)."""
    return "".join(c if c in "\n\t" or (c.isprintable() and unicodedata.category(c) != "Cf") else f"\\x{ord(c):02x}" for c in text)


def say(text: str) -> None:
    """Print text that may hold words of others: no markup in it is obeyed."""
    out.print(tame(text), markup=False, highlight=False, soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str) -> None:
    """A table for people; `empty` is the sentence in its place when there are no rows."""
    if not rows:
        say(empty)
        return
    shown = Table(*columns, title=Text(tame(title)), title_justify="left", title_style="bold", header_style="bold", expand=False)
    for row in rows:
        shown.add_row(*(Text("" if cell is None else tame(str(cell))) for cell in row))
    out.print(shown)


class Bar:
    """A progress bar with a row for each thing that is worked on. Nothing is drawn where the output is no terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int | None = None, note: str = "") -> None:
        """Say how many of `what` are done by now."""
        self._progress.update(self._task(what), completed=done, total=total, description=f"{what} {note}".strip())

    def add(self, what: str, more: int) -> None:
        """Say that so many more of `what` are done."""
        self._progress.advance(self._task(what), more)

    def _task(self, what: str) -> TaskID:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=None)
        return self._tasks[what]


@contextmanager
def bar() -> Iterator[Bar]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Bar(progress)


def finish(name: str, result: PassResult, as_json: bool = False) -> None:
    """Print a pass's summary and leave with its exit status: 0 good, 1 expectations unmet, 2 could not run."""
    if as_json:
        print_json({"pass": name, "outcome": result.outcome, "counts": dict(result.counts), "message": result.message})
    else:
        show(name, result)
    if EXIT[result.outcome]:
        raise typer.Exit(EXIT[result.outcome])


def show(name: str, result: PassResult) -> None:
    word = {Outcome.good: "[green]OK[/]", Outcome.unmet: "[red]FAIL[/]", Outcome.failed: "[red]COULD NOT RUN[/]"}[result.outcome]
    out.print(f"[bold]{name}[/] {word} {escape(tame(result.message))}")
    for line in result.lines:
        say(f"  {line}")
