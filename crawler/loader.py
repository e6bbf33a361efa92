"""Every configs/sources/*.yml is a spider of the file's name, so that `scrapy list` lists the sources.

A source that needs code has crawler/sources/NAME.py beside its YAML, with one subclass of `SourceSpider`; found by file.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
from pathlib import Path

from scrapy import Request
from scrapy.settings import BaseSettings

from crawler.source import Source, find_sources
from crawler.spider import SourceSpider
from store.config import Home
from store.errors import TouchstoneError


class Loader:
    """Scrapy's way to ask for spiders, answered from the working folder."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Loader:
        folder = settings.get("TOUCHSTONE_HOME") or os.environ.get("TOUCHSTONE_HOME")
        return cls(Home(Path(folder)) if folder else Home.find())

    def list(self) -> list[str]:
        return [path.stem for path in self.home.configs("sources")]

    def load(self, spider_name: str) -> type[SourceSpider]:
        try:
            [source] = find_sources(self.home, [spider_name])
        except TouchstoneError as error:
            raise KeyError(str(error)) from None
        return spider_of(source)

    def find_by_request(self, request: Request) -> list[str]:  # type: ignore[valid-type]  # `list` is this class's own above
        return [source.name for source in find_sources(self.home) if source.owns(request.url)]


def spider_of(source: Source) -> type[SourceSpider]:
    """The spider class of a source: its own code where it has some, else the common one."""
    base = SourceSpider
    if importlib.util.find_spec(f"crawler.sources.{source.name}"):
        module = importlib.import_module(f"crawler.sources.{source.name}")
        own = [c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, SourceSpider) and c.__module__ == module.__name__]
        if len(own) != 1:
            raise TouchstoneError(f"{module.__file__}: there must be one subclass of SourceSpider here, there are {len(own)}")
        base = own[0]
    return type(source.name, (base,), {"name": source.name, "source": source})
