"""WordPiece: words to the numbers of the encoder's vocabulary (Wu et al., arXiv 1609.08144, section 4.1), as BERT's uncased tokeniser does.

A page of code in place of a library whose own dependencies fetch from the web. It expects words that `store.words.text.normalise` has
folded: lower case, no accents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

UNKNOWN, FIRST, LAST = "[UNK]", "[CLS]", "[SEP]"
LONGEST_WORD = 100  # characters; a longer word is unknown, as in BERT
_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\w\s]|_")


class Pieces:
    """A vocabulary: one piece a line, its number the line's; "##" begins a piece that goes on inside a word."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._known: dict[str, tuple[int, ...]] = {}
        missing = [name for name in (UNKNOWN, FIRST, LAST) if name not in self._numbers]
        if missing:
            raise ValueError(f"the vocabulary has no {', '.join(missing)}")

    @classmethod
    def of(cls, path: Path) -> Pieces:
        return cls(path.read_text("utf-8").splitlines())

    def encoded(self, text: str, most: int) -> list[int]:
        """The numbers of a text between [CLS] and [SEP], `most` in all."""
        out = [self._numbers[FIRST]]
        for token in _TOKEN.findall(text):
            out.extend(self._of(token))
            if len(out) >= most:
                break
        return [*out[: most - 1], self._numbers[LAST]]

    def _of(self, word: str) -> tuple[int, ...]:
        known = self._known.get(word)
        if known is None:
            if len(self._known) > 50_000:  # bounded: every text may bring new words
                self._known.clear()
            known = self._known[word] = self._split(word)
        return known

    def _split(self, word: str) -> tuple[int, ...]:
        unknown = (self._numbers[UNKNOWN],)
        if len(word) > LONGEST_WORD:
            return unknown
        out: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while end > start and ("##" * bool(start) + word[start:end]) not in self._numbers:
                end -= 1
            if end == start:
                return unknown
            out.append(self._numbers["##" * bool(start) + word[start:end]])
            start = end
        return tuple(out)
