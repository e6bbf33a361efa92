"""A register's entries in pages and by row number: what an index over a whole register is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from store import tables as t
from store.errors import TouchstoneError
from store.places import entry_of
from store.reader import Reader
from store.words.records import RegisterEntry

PAGE = 5_000
AT_ONCE = 500  # row numbers in one query


class EntryReads(Reader):
    def register_entries(self, register: str) -> Iterator[RegisterEntry]:
        """Every entry of a register's newest snapshot, in order of row, a page in memory at a time.

        Raises TouchstoneError where no file of that register is loaded.
        """
        snapshots = self.store.register_snapshots(register)
        if not snapshots:
            raise TouchstoneError(
                f"no register '{register}' is loaded; `touchstone register list` shows those that are, `register load` loads one"
            )
        query = (
            select(t.register_entry)
            .where(t.register_entry.c.register_snapshot == snapshots[-1].id)
            .order_by(t.register_entry.c.id)
            .limit(PAGE)
        )
        after = 0
        while True:
            with self.store.database.reading() as c:
                page = [entry_of(r) for r in c.execute(query.where(t.register_entry.c.id > after)).mappings()]
            if not page:
                return
            after = page[-1].id or after
            self.shown("register_entry", (entry.id for entry in page))
            yield from page

    def entries_numbered(self, numbers: Sequence[int]) -> list[RegisterEntry]:
        """The entries of those row numbers, whatever their snapshot, in order; numbers of no entry are left out."""
        found: list[RegisterEntry] = []
        with self.store.database.reading() as c:
            for i in range(0, len(numbers), AT_ONCE):
                query = select(t.register_entry).where(t.register_entry.c.id.in_(numbers[i : i + AT_ONCE])).order_by(t.register_entry.c.id)
                found += [entry_of(r) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for entry in found))
        return found
