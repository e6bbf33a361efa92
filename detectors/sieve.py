"""Which of many patterns a text may match, told by one look at it, so that hundreds need not be tried on each.

All of them are one automaton, RE2's set of expressions (Cox, "Regular expression matching in the wild", 2010), which goes over a text once,
in linear time, and makes its states as texts first need them. RE2 looks neither ahead nor behind, so what a pattern
asks of its surroundings is left out, and what is told errs on one side only: a pattern that is not named cannot match.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any, Generic, TypeVar

MEMORY = 1 << 27  # bytes at most that the automaton's states take; when they are full it forgets them and goes on

T = TypeVar("T", bound=Hashable)


class Sieve(Generic[T]):
    """Things, each with the pattern (no flags) that must match for it to be there."""

    def __init__(self, patterns: Iterable[tuple[T, str]]) -> None:
        self._things: list[T] = []
        self._always: list[T] = []  # whose pattern RE2 does not take
        options = _re2().Options()
        options.max_mem, options.never_capture, options.log_errors = MEMORY, True, False
        together = _re2().Set.SearchSet(options)
        for thing, pattern in patterns:
            try:
                together.Add(loosened(pattern))
                self._things.append(thing)
            except _re2().error:
                self._always.append(thing)
        together.Compile()
        self._match = together.Match if self._things else _nothing

    def possible(self, text: str) -> set[T]:
        """Every thing whose pattern may match `text`; linear in its length."""
        things = self._things
        possible = {things[at] for at in self._match(text) or ()}
        # RE2 takes for letters those of ASCII alone; others are `_` to it the second time: of a word, and between no "a-z"
        if not text.isascii() and (masked := _OTHER_LETTERS.sub("_", text)) != text:
            possible.update(things[at] for at in self._match(masked) or ())
        possible.update(self._always)
        return possible


_OTHER_LETTERS = re.compile(r"[^\W\x00-\x7f]")
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?P<look><?[=!])|[()]|.", re.DOTALL)
_OTHERS = r"\x{80}-\x{10FFFF}"
_BEFORE_WORD = "(?<![a-z0-9])"


def loosened(pattern: str) -> str:
    """`pattern` in RE2's syntax, without what it asks of its surroundings: it matches wherever that does, and more. A look behind for a
    word's beginning at the very start stays, as the character before it."""
    head = ""
    if pattern.startswith(_BEFORE_WORD) and not _alternatives(pattern):
        head, pattern = "(?:^|[^a-z0-9])", pattern[len(_BEFORE_WORD) :]
    other_letters = _OTHER_LETTERS.search(pattern) is not None
    out: list[str] = []
    depth = looking = 0  # parentheses open; those open within the outermost look around
    for match in _PART.finditer(pattern):
        part = match[0]
        depth += part.startswith("(") - (part == ")")
        if looking:
            looking = 0 if depth < looking else looking
        elif match["look"]:
            looking = depth
        elif other_letters and part == r"\b":
            pass  # RE2 sees no word's edge at a letter that is not of ASCII
        elif other_letters and part == r"\w":
            out.append(rf"[\w{_OTHERS}]")
        elif other_letters and r"\w" in part and not part.startswith("[^"):
            out.append(f"{part[:-1]}{_OTHERS}]")
        else:
            out.append(part)
    return head + "".join(out)


def _alternatives(pattern: str) -> bool:
    """Whether the pattern has alternatives outside all parentheses."""
    depth = 0
    for match in _PART.finditer(pattern):
        part = match[0]
        depth += part.startswith("(") - (part == ")")
        if part == "|" and not depth:
            return True
    return False


def _nothing(text: str) -> list[int]:
    return []


def _re2() -> Any:
    import re2

    return re2
