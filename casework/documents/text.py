"""Words of people as they can stand on paper: what cannot be seen, cannot be written in XML, or turns the line about, is shown by its number.

XML 1.0 (§ 2.2) has no way to write most control characters, and a document with one does not open. A character that overrides the
direction of writing would let a listing's words rewrite the sentence of an officer that quotes them.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from operator import itemgetter

# Marks that scripts and joined pictures need, and that reorder nothing beyond themselves.
_NEEDED = {"\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u00ad"}
_SUSPECT = re.compile(r"[^\w\s!-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def safe(text: str) -> str:
    """`text` with its line ends as \\n, and each character that no page can show as ⟨U+0007⟩."""
    return _SUSPECT.sub(_shown, text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n"))


def _shown(found: re.Match[str]) -> str:
    one = found[0]
    if one in ("\u2028", "\u2029"):
        return "\n"
    kind = unicodedata.category(one)
    hidden = kind in ("Cc", "Cs", "Cn", "Co") or (kind == "Cf" and one not in _NEEDED)
    return f"⟨U+{ord(one):04X}⟩" if hidden else one


def directions(text: str) -> list[tuple[bool, str]]:
    """`text` in pieces: (whether it is written from the right, piece). Spaces, marks and numbers between two words from the right are theirs."""
    kinds = [unicodedata.bidirectional(c) for c in text]
    right: list[bool | None] = [True if k in ("R", "AL", "AN") else False if k == "L" else None for k in kinds]
    last, held = False, []
    for place, kind in enumerate(right):
        if kind is None:
            held.append(place)
            continue
        for each in held:
            right[each] = kind and last
        last, held = kind, []
    for each in held:
        right[each] = False
    return [(bool(way), "".join(c for _, c in pieces)) for way, pieces in groupby(zip(right, text, strict=True), key=itemgetter(0))]
