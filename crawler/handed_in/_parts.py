"""What every format of a handed-in file needs: the file, its parts, and the bounds within which it is read."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

from store.secrets import MARKER, redact_url

MAX_FILE = 200 * 2**20  # of one file; an archive's segment is 256 MiB
MAX_DECODED = 256 * 2**20  # of all parts of one file together, unpacked
MAX_PART = 64 * 2**20
MAX_PARTS = 5_000
LONGEST_NAME = 300
WITHHELD = f"{MARKER} the answer of a log-in or token exchange was not kept".encode()
_LOGIN = re.compile(r"/(?:oauth2?|token|log-?in|sign-?in|sessions?|authori[sz]e|authenticate)(?:[/.?;#]|$)", re.IGNORECASE)


class Damaged(Exception):
    """A file is not whole, or not what it begins as; it is kept as it came, and nothing more is read in it."""


class Role(enum.StrEnum):
    page = "page"  # may hold listings
    picture = "picture"
    other = "other"


@dataclass(frozen=True)
class File:
    """A file as it was handed in, and the address that was stated for it ("" where none was)."""

    path: Path
    body: bytes
    url: str = ""

    @property
    def head(self) -> bytes:
        return self.body[:8192]


@dataclass(frozen=True, slots=True)
class Part:
    """One document or picture in a file. `url` and `at` are what the file says of it: claims."""

    name: str
    body: bytes
    mime: str
    role: Role = Role.other
    url: str = ""
    at: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file is. `body` is what is to be kept: the file's own bytes, or a copy with its secrets replaced, when `redacted`.

    `claims` are what the file says of itself; `problems` what could not be read, each one sentence; `original` the SHA-256 of the
    bytes as they were handed in.
    """

    kind: str
    body: bytes
    mime: str
    parts: tuple[Part, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    redacted: bool = False
    name: str = ""
    original: str = ""


class Budget:
    """How much may still be unpacked of one file. Raises Damaged when it is spent: a few kilobytes can stand for gigabytes."""

    def __init__(self) -> None:
        self.left, self.parts = MAX_DECODED, 0

    def take(self, size: int) -> None:
        self.left -= size
        self.parts += 1
        if self.left < 0:
            raise Damaged(f"it unpacks to more than {mib(MAX_DECODED)} MiB; what came after was not read")
        if self.parts > MAX_PARTS:
            raise Damaged(f"it holds more than {MAX_PARTS} parts; those after were not read")


def mib(size: int) -> int:
    return -(-size // 2**20)


def web(url: str) -> str:
    """`url` where it is a whole http(s) address, its secrets replaced; "" for anything else."""
    url = url.strip()
    try:
        urlsplit(url)
    except ValueError:
        return ""
    return redact_url(url) if re.match(r"https?://[^\s/]+", url, re.IGNORECASE) and not re.search(r"[\x00-\x20\x7f]", url) else ""


def same(url: str) -> str:
    """An address as it is compared: without fragment, scheme and "www.", its escapes undone."""
    from urllib.parse import unquote

    return re.sub(r"^https?://(www\.)?", "", unquote(urldefrag(url).url), flags=re.IGNORECASE)


def is_exchange(url: str) -> bool:
    """Whether an address is one where keys are handed out: what it answers is not archived."""
    try:
        return _LOGIN.search(urlsplit(url).path) is not None
    except ValueError:
        return False


def role_of(mime: str, body: bytes) -> Role:
    """By the stated type, and for a picture by its first bytes too."""
    kind = mime.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml", "application/json", "application/ld+json"):
        return Role.page
    if kind.startswith("image/") and kind != "image/svg+xml":
        return Role.picture
    return Role.picture if body[:3] == b"\xff\xd8\xff" or body[:8] == b"\x89PNG\r\n\x1a\n" else Role.other


def printable(text: object, longest: int = LONGEST_NAME) -> str:
    """A name or claim out of a file as one line that can be stored."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())[:longest]


def text_of(body: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1")


def lines_of(body: bytes) -> Iterator[str]:
    return (line.strip() for line in text_of(body).splitlines())
