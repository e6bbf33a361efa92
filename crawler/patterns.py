"""Regular expressions that a source's YAML states, tried on what a stranger wrote: the text is bounded, and so is the time.

Some patterns take years on the wrong text. They are compiled when the YAML is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped,unused-ignore]

LONGEST = 100_000  # characters that a pattern is tried on
TIMEOUT = 1.0  # seconds


class TooSlow(ValueError):
    """A pattern took longer than `TIMEOUT`."""


@lru_cache(maxsize=1024)
def pattern_of(written: str, flags: str | None = "") -> Any:
    """A compiled pattern. Raises ValueError, in a clause, where it is none or finds nothing but emptiness."""
    try:
        made = regex.compile(written, regex.IGNORECASE if flags == "i" else 0)
    except (regex.error, OverflowError) as error:
        raise ValueError(f"holds no regular expression: {error}") from None
    if not written:
        raise ValueError("holds no regular expression: it is empty")
    return made


def search(pattern: Any, text: str) -> str:
    """The first group that matched, else all that matched; "" for nothing. Raises TooSlow."""
    found = match_of(pattern, text)
    return next((group for group in (*found.groups(), found.group()) if group), "") if found else ""


def match_of(pattern: Any, text: str) -> Any:
    """Where a pattern is found in a text; None where it is not. Raises TooSlow."""
    try:
        return pattern.search(text[:LONGEST], timeout=TIMEOUT)
    except TimeoutError:
        raise TooSlow(f"the pattern /{pattern.pattern}/ takes too long on this page: write it with fewer choices") from None


def met(written: str, text: str, if_slow: bool) -> bool:
    """Whether a pattern is found in a text; `if_slow` where that takes too long, for gates that must come to an answer."""
    try:
        return match_of(pattern_of(written), text) is not None
    except TooSlow:
        return if_slow
