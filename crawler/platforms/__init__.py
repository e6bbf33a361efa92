"""One file a family of sources, each with `VERSION` and `parse(response, source) -> Iterator[Parsed]`; found by file name.

A platform reads one page and nothing else: no network, no clock, no store, so that the same bytes give the same words on any day.
What it cannot make out it leaves empty; a card without an address of its own is given out with an empty `ref`, and counted by the reader.

A platform whose answers name their next page also has `next_pages(response, source) -> list[str]`, which `following` asks.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from scrapy.http import TextResponse

from crawler.platforms._limit import within
from store.errors import TouchstoneError
from store.strict import near
from store.words.records import Parsed, digest_of

if TYPE_CHECKING:  # a source's own settings are of a platform: it imports this room's `_api`
    from crawler.source import Source

LONGEST_READ = 10.0  # seconds of processor time; a page of a megabyte takes a tenth of one


class Platform(Protocol):
    VERSION: str

    def parse(self, response: TextResponse, source: Source) -> Iterator[Parsed]: ...


@cache
def _names() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def platform(name: str) -> Platform:
    """The platform of that name. Raises TouchstoneError, naming those there are."""
    names = _names()
    if name not in names:
        raise TouchstoneError(f"there is no platform '{name}'; there are: {', '.join(names)}{near(name, names)}")
    return cast(Platform, importlib.import_module(f"crawler.platforms.{name}"))


def read(response: TextResponse, source: Source) -> list[Parsed]:
    """All that the source's platform reads of a page. Raises what reading raises, and TooLong past `LONGEST_READ` seconds of work."""
    with within(LONGEST_READ):
        return list(platform(source.platform).parse(response, source))


def following(response: TextResponse, source: Source) -> list[str]:
    """The further pages that an answer names, where its platform reads them. Raises what the platform's reading raises."""
    next_pages = getattr(platform(source.platform), "next_pages", None)
    return list(dict.fromkeys(next_pages(response, source))) if next_pages else []


def parser_version(source: Source) -> str:
    """Name and version of the platform and a digest of what the source's YAML says of reading: a changed selector is a new version."""
    return f"{source.platform}/{platform(source.platform).VERSION}+{digest_of(source.reading())[:12]}"
