"""What the code says of a command's options, in the words of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping


def in_words_of(labels: Mapping[str, str], error: str) -> tuple[str, str]:
    """(the sentence, the field it is about or ""). `--seen-at '…'` and `visit: seen: …` become the label that stands above the field."""
    field = ""

    def named(name: str) -> str:
        nonlocal field
        key = name.replace("-", "_")
        field = field or (key if key in labels else "")
        return f"“{labels[key]}”" if key in labels else name.replace("_", " ")

    text = re.sub(r"\s*\((?:--[a-z-]+)\)", "", error)
    if head := re.match(r"(?:[a-z_]+: )?([a-z_]+): ", text):
        text = f"{named(head[1])}: {text[head.end() :]}"
    text = re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda found: named(found[1]), text)
    text = re.sub(r"; `touchstone [^`]*`[^;.]*", "", text).strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + ".", field
