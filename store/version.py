"""Which code this is: the distribution's version and a digest of its source, so that a run names exactly what ran."""

from __future__ import annotations

import functools
import hashlib
from importlib import metadata
from pathlib import Path

ROOMS = ("casework", "crawler", "detectors", "premises", "store")


def version() -> str:
    """The distribution's version, such as 0.1.0."""
    try:
        return metadata.version("touchstone-scanner")
    except metadata.PackageNotFoundError:
        return "0.0.0"


@functools.cache
def source_digest() -> str:
    """SHA-256 over name and bytes of every .py file of our rooms, in order: 64 hexadecimal digits."""
    total = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def code_version() -> str:
    """Version and source digest, `0.1.0+3f2a…`: twelve digits of it."""
    return f"{version()}+{source_digest()[:12]}"
