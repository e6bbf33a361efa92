"""Which language a text may be in, for words that mean something else in English.

Source: the n-gram model of Lui and Baldwin (2012), langid.py, through `py3langid` (BSD).
"""

from __future__ import annotations

from functools import cache
from typing import Any

LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip
LEAST_LETTERS = 25  # of a shorter text nothing is told
POSSIBLE = 0.03  # the least likelihood among LANGUAGES from which a text may be in one
LONGEST = 2000  # characters that are looked at


def may_be(text: str, language: str) -> bool:
    """Whether raw `text` may be in the language: True of a short text, which may be in any. Raises KeyError for one that is not in LANGUAGES."""
    LANGUAGES[language]
    text = text[:LONGEST]
    if sum(char.isalpha() for char in text) < LEAST_LETTERS:
        return True
    return bool(dict(_identifier().rank(text.lower()))[language] >= POSSIBLE)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # half a second, so only where a word asks for it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
