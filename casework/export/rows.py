"""Our records as plain JSON rows: what stands in the pack's data/*.jsonl, one canonical object a line."""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.words.records import canonical

Row = dict[str, Any]

_DATABASE = re.compile(
    r"\b[a-z][a-z0-9]*(?:\+[a-z0-9]+)?://[^\s/@]*@[^\s\"'()]+|\b(?:postgres(?:ql)?|sqlite)(?:\+\w+)?://[^\s\"'()]*", re.IGNORECASE
)
_PATH = re.compile(
    r"(?<![\w:/.~-])/(?:home|root|usr|var|tmp|opt|srv|mnt|work|app|data|etc|Users)(?:/[^\s\"':,;()]+)+|\b[A-Za-z]:\\[^\s\"']+"
)


def when(moment: datetime) -> str:
    """UTC to the microsecond, as the log writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def row_of(record: Any, *leave_out: str, **more: Any) -> Row:
    """A record's fields as JSON values, and what else is known of it."""
    return {f.name: plain(getattr(record, f.name)) for f in fields(record) if f.name not in leave_out} | {
        k: plain(v) for k, v in more.items()
    }


def plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return row_of(value)
    return value


def scrub(text: str, folders: Iterable[Path] = ()) -> str:
    """A message of the software's own without this machine's paths and database addresses: nothing in a pack says how we are set up."""
    for folder in sorted({str(f) for f in (*folders, Path.home(), Path(sys.prefix))} - {"/", "."}, key=len, reverse=True):
        text = text.replace(folder, "[folder]")
    return _PATH.sub("[path]", _DATABASE.sub("[database]", text))


def lines(rows: Iterable[Row]) -> bytes:
    return b"".join(canonical(row) + b"\n" for row in rows)
