"""Texts as people are shown them: the words that findings point to, and what differs between two versions. Pure: pieces of text, no markup.

Offsets are in characters (code points) of the text as it was read, which is how findings point (store/words/records.py `Pointer`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

MOST_WORDS = 4000  # of one text; two that are longer are not compared word by word, which takes the square of their length
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Span:
    """text[start:end] counted for or against the seller, by the reason of that number."""

    start: int
    end: int
    reason: int
    spares: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text. `reasons` are those that point to it (none: it is not marked), `ends` those whose words end with it; `spares` says
    that all of them speak for the seller."""

    text: str
    reasons: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    spares: bool = False


def marked(text: str, spans: Iterable[Span]) -> list[Piece]:
    """The text in pieces, whole and in order, cut where a span begins or ends; spans may overlap, repeat, and reach beyond it."""
    inside = sorted(
        {Span(max(0, s.start), min(len(text), s.end), s.reason, s.spares) for s in spans if max(0, s.start) < min(len(text), s.end)},
        key=lambda s: (s.start, s.end, s.reason),
    )
    cuts = sorted({0, len(text), *(at for s in inside for at in (s.start, s.end))})
    out = []
    for start, end in pairwise(cuts):
        here = [s for s in inside if s.start <= start and end <= s.end]
        reasons = tuple(sorted({s.reason for s in here}))
        ends = tuple(sorted({s.reason for s in here if s.end == end}))
        out.append(Piece(text[start:end], reasons, ends, bool(here) and all(s.spares for s in here)))
    return out


def differing(old: str, new: str) -> list[tuple[str, str]]:
    """(`same`, `gone` or `new`, text): the first two kinds in order are the old text, the first and the last the new one."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return [(kind, text) for kind, text in (("gone", old), ("new", new)) if text]
    out: list[tuple[str, str]] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            out.append(("same", "".join(before[a:b])))
        else:
            out += [(kind, "".join(words)) for kind, words in (("gone", before[a:b]), ("new", after[c:d])) if words]
    return out
