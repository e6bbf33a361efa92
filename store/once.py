"""Which keys have come before, in a table of its own that leaves memory for a temporary file when it grows."""

from __future__ import annotations

import sqlite3
from types import TracebackType

CACHE_KB = 32_768


class Once:
    """The first row of each key. SQLite keeps a database without a name in memory and, past its cache, in a file that ends with it."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("", isolation_level=None)
        for pragma in (f"cache_size=-{CACHE_KB}", "journal_mode=OFF", "synchronous=OFF"):
            self._table.execute(f"PRAGMA {pragma}")
        self._table.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def first(self, key: str, row: int) -> int:
        """The row that the key came in first: `row` itself where it is new."""
        if self._table.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, row)).rowcount:
            return row
        return int(self._table.execute("SELECT row FROM seen WHERE key = ?", (key,)).fetchone()[0])

    def __enter__(self) -> Once:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._table.close()
