"""One file a family of sources, each with `VERSION` and `parse(response, source) -> Iterator[Parsed]`; found by file name.

A platform reads one page and nothing else: no network, no clock, no store, so that the same bytes give the same words on any day.
What it cannot make out it leaves empty; a card without an address of its own is given out with an empty `ref`, and counted by the reader.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from scrapy.http import TextResponse

from crawler.source import Source
from store.errors import TouchstoneError
from store.words.records import Parsed, digest_of


class Platform(Protocol):
    VERSION: str

    def parse(self, response: TextResponse, source: Source) -> Iterator[Parsed]: ...


def platform(name: str) -> Platform:
    """The platform of that name. Raises TouchstoneError, naming those there are."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if name not in names:
        raise TouchstoneError(f"there is no platform '{name}'; there are: {', '.join(names)}")
    return cast(Platform, importlib.import_module(f"crawler.platforms.{name}"))


def parser_version(source: Source) -> str:
    """Name and version of the platform and a digest of what the source's YAML says of reading: a changed selector is a new version."""
    return f"{source.platform}/{platform(source.platform).VERSION}+{digest_of(source.reading())[:12]}"
