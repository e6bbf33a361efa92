"""A pasted list of addresses, one a line, or a browser's .url shortcut. They are pointers: kept, and not fetched."""

from __future__ import annotations

import re

from crawler.handed_in._parts import MAX_PARTS, Contents, File, lines_of, printable, web
from store.secrets import redact_url

KIND = "urls"
_LINE = re.compile(r"(?:URL=)?(?P<url>https?://\S+)", re.IGNORECASE)


def is_mine(file: File) -> bool:
    """Whether every line is an address, blank, a remark or, in a shortcut, a setting; and one at least is an address."""
    if b"\0" in file.head or len(file.body) > 2**20:
        return False
    lines = [line for line in lines_of(file.body) if line and not line.startswith("#")]
    shortcut = bool(lines) and lines[0].lower() == "[internetshortcut]"
    addresses = [line for line in lines if _LINE.fullmatch(line)]
    return bool(addresses) and (shortcut or len(addresses) == len(lines))


def read(file: File) -> Contents:
    """The addresses as claims, in order, each once, without their secrets."""
    found = [m["url"] for line in lines_of(file.body) if (m := _LINE.fullmatch(line))]
    good = list(dict.fromkeys(url for each in found if (url := web(each))))
    problems = (
        [f"{len(found) - sum(bool(web(each)) for each in found)} lines are no addresses"] if any(not web(each) for each in found) else []
    )
    if len(good) > MAX_PARTS:
        problems.append(f"{len(good)} addresses, more than {MAX_PARTS}: those after stand in the file only")
    text = re.sub(
        rb"https?://[^\s]+",
        lambda m: redact_url(m[0].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
        file.body,
        flags=re.IGNORECASE,
    )
    return Contents(
        KIND, text, "text/plain", (), {"addresses": [printable(url, 2000) for url in good[:MAX_PARTS]]}, tuple(problems), text != file.body
    )
