"""Words as they are looked for: what a listing says, and what a person asks for, brought to the same terms.

Both databases index these terms and nothing else, so that a search means the same on each. Look-alike letters are folded as detectors fold
them (`normalise`), and English plurals by the S-stemmer of Harman, "How effective is suffixing?" (JASIS 42, 1991), with the two endings that
goods have most beside it ("watches", "dresses").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from store.words.text import normalise

LONGEST = 40  # characters of a term; what is longer is looked for by its beginning
MOST = 3000  # different terms of one listing
_TERM = re.compile("[^\\W_]+|[\u2600-\u27bf\U0001f000-\U0001faff]")  # runs of letters and digits; each pictograph by itself
_PLURAL = (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"))


def terms_of(texts: Iterable[str]) -> list[str]:
    """The different terms of some texts, in order. None of them has a space, a quote or an underscore in it."""
    found: dict[str, None] = {}
    for text in texts:
        for term in _TERM.findall(normalise(text).text):
            found[_singular(term)[:LONGEST]] = None
            if len(found) >= MOST:
                return list(found)
    return list(found)


def same_words(text: str) -> str:
    """A short text without case, accents and punctuation, by which one brand is the same however it is written."""
    return " ".join(_TERM.findall(normalise(text).text))[:80]


def _singular(term: str) -> str:
    if len(term) < 4 or not term.endswith("s") or term.endswith(("ss", "us", "is")):
        return term
    for ending, single in _PLURAL:
        if term.endswith(ending) and len(term) > len(ending) + 1:
            return term.removesuffix(ending) + single
    return term[:-1]
