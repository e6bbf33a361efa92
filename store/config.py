"""The settings of an installation, and the working folder that holds its configuration: `configs/` of facts, `var/` of data.

How a file becomes a frozen dataclass, and what is refused on the way, is in strict.py. The environment gives one thing only:
TOUCHSTONE_STORE, the database's address, since that may hold a password; other secrets are read where they are used.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from store.strict import ConfigError, load, plain
from store.words.records import Authority, Level, digest_of

__all__ = ["ConfigError", "Executor", "Home", "RetentionDays", "Settings", "ViewLimit", "defaults_folder", "digest", "load", "plain"]

KINDS = ("sources", "brands", "registers", "operations", "jurisdictions")


class Executor(enum.StrEnum):
    """Where batches are examined: in this process, in a pool of local ones, or on a Dask cluster."""

    inline = "inline"
    processes = "processes"
    dask = "dask"


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """After how many days a row may be erased, by what became of the listing that it is about. A hold or a case goes before.

    `unflagged` is what every row begins with: a page of search results shows many sellers who are under no suspicion. `flagged` is
    for what a flag (review or above), a person's yes or an authorised watch is about.
    """

    unflagged: int = 90
    flagged: int = 730

    def __post_init__(self) -> None:
        if self.unflagged < 1 or self.flagged < 1:
            raise ValueError("a retention of less than one day would erase what was just kept")
        if self.flagged < self.unflagged:
            raise ValueError("flagged is at least as many days as unflagged")


@dataclass(frozen=True, slots=True)
class ViewLimit:
    """How often in `days` days a person's own page may be looked at before somebody must say why (practice § 4).

    `seller_paths` are the segments of a path after which an account's name stands, on sources whose YAML has no `seller_pages:`.
    """

    days: int = 28
    threshold: int = 3
    seller_paths: tuple[str, ...] = (
        "user",
        "users",
        "usr",
        "u",
        "profile",
        "profiles",
        "seller",
        "sellers",
        "member",
        "members",
        "vendor",
        "closet",
    )

    def __post_init__(self) -> None:
        if self.days < 1 or self.threshold < 1:
            raise ValueError("days and threshold are at least 1")


@dataclass(frozen=True, slots=True)
class Clock:
    """Against which server a crawl's clock is measured (SNTP). Without one the kernel says what it knows, and nobody is asked."""

    server: str | None = None

    def __post_init__(self) -> None:
        if self.server is not None and not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?", self.server):
            raise ValueError(f"server: '{self.server}' is no name of a server, such as ntp.example or ntp.example:123")


@dataclass(frozen=True, slots=True)
class Settings:
    """What configs/touchstone.yml says. From `Home.settings` the store and the archive are absolute."""

    authority: Authority
    user_agent: str
    store: str = "sqlite:///var/touchstone.db"
    archive: Path = Path("var/archive")
    executor: Executor = Executor.inline
    workers: int = 1
    batch: int = 200
    dask_scheduler: str | None = None
    retention_days: RetentionDays = field(default_factory=RetentionDays)
    views: ViewLimit = field(default_factory=ViewLimit)
    clock: Clock = field(default_factory=Clock)
    screenshot_from: Level | None = Level.review

    def __post_init__(self) -> None:
        if not re.search(r"[^\s@]+@[^\s@]+\.[^\s@]+|https?://\S+", self.user_agent):
            raise ValueError("user_agent: name a contact in it, an e-mail or web address, so that a site can reach you")
        if re.match(r"postgres(ql)?://", self.store):
            raise ValueError("store: write postgresql+psycopg:// (SQLAlchemy takes the short form for psycopg2)")
        if self.workers < 1 or self.batch < 1:
            raise ValueError("workers and batch are at least 1")


def defaults_folder() -> Path:
    """The configuration that we ship: store/defaults in an installed wheel, the clone's own configs/ otherwise."""
    here = Path(__file__).resolve().parent
    packaged = here / "defaults"
    return packaged if packaged.is_dir() else here.parent / "configs"


@dataclass(frozen=True)
class Home:
    """A working folder. What it does not have is taken from the shipped defaults: a file alone, a kind as a whole folder."""

    folder: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Home:
        """The nearest folder, from `start` upwards, with a configs/touchstone.yml; `start` itself where there is none."""
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / "configs" / "touchstone.yml").is_file():
                return cls(folder)
        return cls(start)

    @cached_property
    def settings(self) -> Settings:
        settings = load(self.file("touchstone.yml"), Settings)
        given = os.environ.get("TOUCHSTONE_STORE", "").strip()
        try:
            settings = replace(settings, store=self._rooted(given or settings.store), archive=self.path(settings.archive))
        except ValueError as error:
            raise ConfigError(f"TOUCHSTONE_STORE: {error}") from None
        return settings

    def path(self, relative: str | Path) -> Path:
        """A path as the configuration writes it: seen from this folder, wherever the command was started."""
        return self.folder / relative

    def file(self, name: str) -> Path:
        """The folder's own configs/`name`, or the shipped one."""
        own = self.folder / "configs" / name
        return own if own.exists() else defaults_folder() / name

    def configs(self, kind: str) -> list[Path]:
        """The files of one kind, by name. A kind's folder here stands for all of it: nothing shipped is mixed in unseen."""
        if kind not in KINDS:
            raise ConfigError(f"there are no configs of kind '{kind}'; the kinds are {', '.join(KINDS)}")
        folder = self.file(kind)
        if not folder.is_dir():
            return []
        for path in folder.glob("*.yaml"):
            raise ConfigError(f"{path}: rename it to {path.stem}.yml; a second suffix would be passed over in silence")
        return sorted(path for path in folder.glob("*.yml") if not path.name.startswith("."))

    def _rooted(self, url: str) -> str:
        """SQLite's relative path seen from this folder, not from where the command was started."""
        relative = re.fullmatch(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|$)([^?]+)(.*)", url)
        return f"{relative[1]}{self.path(relative[2])}{relative[3]}" if relative else url


def digest(home: Home, names: Iterable[str]) -> str:
    """SHA-256 over what these files say (`flags.yml`, `sources/x.yml`, or a kind for all of it); comments do not count."""
    said = {}
    for name in names:
        for path in home.configs(name) if name in KINDS else [home.file(name)]:
            said[f"{name}/{path.name}" if name in KINDS else name] = plain(path)
    return digest_of(said)
