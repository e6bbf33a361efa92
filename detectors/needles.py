"""Which of many patterns a text may match, told by one look at it, so that hundreds need not be tried on each.

A regular expression matches only where some of its plain letters stand ("replica", "mirror quality"): these needles are read
off the parsed expression, and all of them looked for at once, by one expression made as a tree of their letters. What is told
errs on one side only: a pattern that is not named cannot match. The idea is that of the trigram prefilter of Russ Cox,
"Regular expression matching with a trigram index" (2012).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

LEAST = 2  # letters that a needle has: a shorter one is in every text
LONGEST = 8  # and how many at most: more tell nothing more
MOST_REPEATS = 3  # of a repeat that is written out
MOST = 400  # needles of one pattern; one that has more is tried on every text

T = TypeVar("T", bound=Hashable)


EDGE = "\0"  # before a needle or after it: there a word begins or ends


class Haystack(Generic[T]):
    """Things with the needles of which a text must hold at least one; a thing with none is always possible."""

    def __init__(self, needles: Iterable[tuple[T, Iterable[str]]]) -> None:
        of: tuple[dict[str, set[T]], dict[str, set[T]]] = (defaultdict(set), defaultdict(set))
        self.always: set[T] = set()
        for thing, words in needles:
            words = set(words)
            if not words:
                self.always.add(thing)
            for word in words:
                of[word.startswith(EDGE)][word.removeprefix(EDGE)].add(thing)
        self._trees = [
            (re.compile(rf"{edge}(?=({_source(_tree(known))}))"), _things(known))
            for edge, known in zip(("", r"\b"), of, strict=True)
            if known
        ]

    def possible(self, text: str) -> set[T]:
        """Every thing that the text may hold; linear in its length."""
        return self.always.union(*(things[word] for tree, things in self._trees for word in set(tree.findall(text))))


def _things(of: Mapping[str, set[T]]) -> dict[str, frozenset[T]]:
    """What each needle tells: the longest that begins somewhere is found, and stands for those that it begins with."""
    plain: dict[str, set[T]] = defaultdict(set)
    for word, things in of.items():
        plain[word.removesuffix(EDGE)] |= things
    return {word: frozenset().union(*(plain[word[:size]] for size in range(1, len(word) + 1) if word[:size] in plain)) for word in plain}


def _tree(words: Iterable[str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word.removesuffix(EDGE):
            node = node.setdefault(char, {})
        node[EDGE if word.endswith(EDGE) else ""] = {}
    return root


def _source(node: Mapping[str, Any]) -> str:
    """The tree as an expression that takes the longest word; letters without a choice stay in one piece."""
    branches = []
    for char in sorted(set(node) - {"", EDGE}):
        piece, below = re.escape(char), node[char]
        while len(below) == 1 and not {"", EDGE} & set(below):
            [(char, below)] = below.items()
            piece += re.escape(char)
        branches.append(piece + (_source(below) if set(below) != {""} else ""))
    if EDGE in node and "" not in node:
        branches.append(r"\b")
    inner = "|".join(branches)
    if "" in node:
        return f"(?:{inner})?" if inner else ""
    return f"(?:{inner})" if len(branches) > 1 else inner


def needles_of(pattern: str) -> frozenset[str]:
    """Strings of which every match of `pattern` holds at least one; empty where it cannot be told.

    For patterns of this project: no flags. Raises re.error for what is no expression.
    """
    from re import _parser  # type: ignore[attr-defined]  # in no documentation; there since Python 3.11, as sre_parse before

    exact, needed = _needed(_parser.parse(pattern))
    best = _cut(_better(exact, needed))
    return best if best and all(map(_tells, best)) and len(best) <= MOST else frozenset()


def _tells(needle: str) -> bool:
    """Whether few texts hold it: a letter, a digit or a space by itself stands in every one."""
    needle = needle.replace(EDGE, "")
    return len(needle) >= LEAST or (needle != "" and needle not in " -.,/" and not (needle.isascii() and needle.isalnum()))


_Set = frozenset[str] | None
_NOTHING = frozenset({""})


def _needed(parsed: Any) -> tuple[_Set, _Set]:
    """(every string that it may match, where they are few; strings of which each match holds one, where they are known)."""
    exact: _Set = _NOTHING  # of the run of items now open
    whole, best = True, None
    for op, value in parsed:
        item_exact, item_needed = _item(str(op), value)
        joined = {a + b for a in exact for b in item_exact} if item_exact is not None and exact is not None else None
        if joined is not None and len(joined) <= MOST:
            exact = frozenset(joined)
            continue
        whole = False
        best = _better(_better(best, exact), item_needed)
        exact = item_exact if item_exact is not None else _NOTHING
    if whole:
        return exact, None
    return None, _better(best, exact)


def _item(op: str, value: Any) -> tuple[_Set, _Set]:
    if op == "LITERAL":
        return frozenset({chr(value)}), None
    if op == "IN":
        chars = _chars(value)
        return (chars if chars and len(chars) <= 16 else None), None
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return (frozenset({EDGE}) if str(value) == "AT_BOUNDARY" else _NOTHING), None
    if op == "SUBPATTERN":
        return _needed(value[-1])
    if op == "BRANCH":
        parts = [_needed(branch) for branch in value[1]]
        if all(exact is not None for exact, _ in parts):
            union = frozenset().union(*(exact or () for exact, _ in parts))
            if len(union) <= MOST:
                return union, None
        each = [_cut(_better(*part)) for part in parts]
        return None, (None if None in each else frozenset().union(*(needed or () for needed in each)))
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        exact, needed = _needed(inner)
        powers = [_NOTHING]  # powers[k] is what k repeats may be, as long as that can be said
        while exact is not None and len(powers) <= min(most, LONGEST) and len(powers[-1]) * len(exact) <= MOST:
            powers.append(frozenset(a + b for a in powers[-1] for b in exact))
        if most <= MOST_REPEATS and len(powers) > most:
            return frozenset().union(*powers[least:]), None
        return None, (_better(powers[min(least, len(powers) - 1)], needed) if least else None)
    return None, None


def _chars(items: Any) -> frozenset[str] | None:
    out: set[str] = set()
    for op, value in items:
        if str(op) == "LITERAL":
            out.add(chr(value))
        elif str(op) == "RANGE" and value[1] - value[0] < 8:
            out.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return None
    return frozenset(out)


def _cut(needles: _Set) -> _Set:
    return needles and frozenset(map(_tidy, needles))


def _tidy(needle: str) -> str:
    """No longer than is of use, with edges at its ends alone, and only where it has a letter or a digit there."""
    letters = needle.replace(EDGE, "")
    cut = letters[:LONGEST]
    first = EDGE if needle.startswith(EDGE) and _IN_WORD(cut[:1]) else ""
    last = EDGE if cut == letters and needle.endswith(EDGE) and _IN_WORD(cut[-1:]) else ""
    return first + cut + last


_IN_WORD = re.compile(r"\w").match


def _better(one: _Set, other: _Set) -> _Set:
    """Of two sets that both hold, the one whose needles tell more; of equal ones the smaller."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other, key=lambda needles: (min(map(_rarity, needles), default=0), -len(needles)))


def _rarity(needle: str) -> int:
    plain = needle.replace(EDGE, "").strip()
    return 1 if plain in _COMMON else min(len(plain), 5)


_COMMON = frozenset(
    [
        "a",
        "all",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "come",
        "comes",
        "color",
        "colour",
        "do",
        "for",
        "from",
        "get",
        "got",
        "has",
        "have",
        "i",
        "if",
        "in",
        "is",
        "it",
        "item",
        "just",
        "like",
        "made",
        "more",
        "my",
        "new",
        "no",
        "not",
        "now",
        "of",
        "on",
        "one",
        "only",
        "or",
        "our",
        "out",
        "see",
        "set",
        "size",
        "sizes",
        "so",
        "style",
        "that",
        "the",
        "these",
        "they",
        "this",
        "to",
        "top",
        "up",
        "us",
        "we",
        "what",
        "will",
        "with",
        "you",
        "your",
    ]
)
