"""Keeping who told a sighting out of what is kept of it: out of its words, its file names and the claims of its files.

The informant's own phone in a note would become the seller's contact, be linked, and go into a pack. So it is replaced by a marker
before anything is kept, and the words as they were told go to the informant's own row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from store.words.contacts import find_contacts
from store.words.records import Informant

MARKER = "[who told it, removed]"
_LETTER = r"[^\W_]"
SEARCHED = 32 * 2**20  # bytes of a file in which the informant is looked for


class Apart:
    """Finds one informant in text and bytes. A name of one word is not looked for: it may be anybody's."""

    def __init__(self, informant: Informant | None) -> None:
        given = (informant.name, informant.contact) if informant else ()
        self.values = {each.value for text in given for each in find_contacts(text) if each.kind not in ("domain", "url")}
        whole = [
            part for text in given for part in re.split(r"[\n;|]+", text) if len(re.findall(r"\w+", part)) > 1 or re.search(r"[@\d]", part)
        ]
        words = [re.findall(r"[\w@+.'-]*\w", part) for part in whole]
        literal = [r"[\s,.;:()_-]+".join(map(re.escape, each)) for each in words if each and len("".join(each)) >= 5]
        digits = [
            r"[\s().-]*".join(re.sub(r"\D", "", part)[-10:]) for part in self.values | set(whole) if len(re.sub(r"\D", "", part)) >= 10
        ]
        numbers = [rf"(?:\+?44[\s()0.-]*|0[\s().-]*)?{each}(?!\d)" for each in digits]
        self.pattern = (
            re.compile("|".join(rf"(?<!{_LETTER})(?<![@.+]){each}(?!{_LETTER})" for each in literal + numbers), re.IGNORECASE)
            if literal or numbers
            else None
        )

    def without(self, text: str) -> str:
        """`text` with every mention of the informant replaced by the marker; the very same text where there is none."""
        for found in reversed(find_contacts(text) if self.values else []):
            if found.value in self.values:
                text = text[: found.start] + MARKER + text[found.end :]
        return self.pattern.sub(MARKER, text) if self.pattern else text

    def cleared(self, value: Any) -> Any:
        """The same for every text in a JSON value."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, Mapping):
            return {key: self.cleared(inner) for key, inner in value.items()}
        return [self.cleared(inner) for inner in value] if isinstance(value, list | tuple) else value

    def occurs_in(self, body: bytes) -> bool:
        """Whether a file's bytes say who told it, as plain text of one or two bytes a letter. What is compressed or drawn is not seen."""
        if self.pattern is None:
            return False
        head = body[:SEARCHED]
        # "ÿØ" before a name is a picture's first bytes, no word; within the name É is é all the same
        anywhere = re.compile(self.pattern.pattern.replace(_LETTER, "[0-9A-Za-z]"), re.IGNORECASE)
        texts = [head.decode("utf-8", "replace"), head.replace(b"\0", b"").decode("latin-1")]
        texts += [unquote(texts[0])] if b"%" in head else []  # the address of a file is written "Sarah%20Jones_files"
        return any(anywhere.search(text) for text in texts)
