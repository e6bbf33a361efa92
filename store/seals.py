"""Seals: a case as it stood at an event of the log, so that a pack made of it today and one made next year hold the same rows.

A seal is an event and a row with the greatest number of every table at that moment. What is read within `Store.as_of(seal)` sees no row
that came later, since each table is shadowed by a view that ends there: no query knows of it, and none can forget it. Two things are as
they are now: where a record lies (an erasure of something else moves it), and what an erasure has taken since, which `erased_since` names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Table, func, select

from store import audit
from store import tables as t
from store.database import Busy, Database, add, chunks, numbers_in
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.records import Verb, canonical, digest_of

PURPOSE = "case sealed"
AS_THEY_ARE = frozenset(
    {"location", "case_seal", "event"}
)  # no watermark: moved by erasures; this table itself; ends at the seal's own event
PATIENCE, PAUSE = 60.0, 0.05  # seconds that a seal waits for others to finish what they write, and between two tries


@dataclass(frozen=True, slots=True)
class Seal:
    """A case as it stood at `event`. `upto`: the greatest row number of each table; `running`: the runs that had not ended."""

    case: str
    event: int
    upto: Mapping[str, int]
    running: tuple[str, ...]
    actor: str
    at: datetime


def _number(table: Table) -> Column[Any] | None:
    """The column by which a table's rows are numbered as they are added; None where they have no numbers."""
    keys = list(table.primary_key.columns)
    return keys[0] if len(keys) == 1 and isinstance(keys[0].type, BigInteger) and table.name not in AS_THEY_ARE else None


def _marks(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(row.watermarks_json)
    return said


def _seal_of(row: Any) -> Seal:
    said = _marks(row)
    return Seal(row.case_file, row.event, said["upto"], tuple(said["running"]), row.actor, row.at)


class SealWrites:
    database: Database

    def seal_case(self, case: str, *, actor: str, why: str = "") -> Seal:
        """Seal a case as it stands: an event of the log and a row. Nobody else writes in that moment.

        Raises TouchstoneError: no such case, one without exhibits, or others write all the while.
        """
        numbered = {table.name: column for table in t.metadata.sorted_tables if (column := _number(table)) is not None}
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with self.database.writing() as c:
                    self.database.freeze(c, [*numbered, "run", "run_end"])
                    return self._seal(c, case, numbered, actor, why)
            except Busy:
                if time.monotonic() > until:
                    raise TouchstoneError(
                        f"case '{case}' was not sealed: others write to the store all the while; try again later"
                    ) from None
                time.sleep(PAUSE)

    def _seal(self, c: Connection, case: str, numbered: Mapping[str, Column[Any]], actor: str, why: str) -> Seal:
        if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
            raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")
        if c.execute(select(t.exhibit.c.id).where(t.exhibit.c.case_file == case).limit(1)).first() is None:
            raise TouchstoneError(f"case '{case}' has no exhibits yet, so there is nothing to seal; `touchstone case add` gives it some")
        upto = {name: int(c.execute(select(func.coalesce(func.max(column), 0))).scalar_one()) for name, column in numbered.items()}
        going = select(t.run.c.id).where(t.run.c.id.not_in(select(t.run_end.c.run))).order_by(t.run.c.id)
        marks = {"upto": upto, "running": list(c.execute(going).scalars())}
        event = audit.append(
            self.database, c, Verb.alteration, actor=actor, purpose=PURPOSE, justification=why, case=case, detail={"seal": digest_of(marks)}
        )  # fmt: skip
        # to the event's own moment: what the pack shows of a run is asked by this time
        at = c.execute(select(t.event.c.at).where(t.event.c.seq == event)).scalar_one()
        add(c, t.case_seal, case_file=case, event=event, watermarks_json=canonical(marks).decode(), actor=actor, at=at)
        return Seal(case, event, upto, tuple(marks["running"]), actor, at)

    def seals(self, case: str) -> list[Seal]:
        """The seals of a case, oldest first."""
        with self.database.reading() as c:
            return [
                _seal_of(r) for r in c.execute(select(t.case_seal).where(t.case_seal.c.case_file == case).order_by(t.case_seal.c.event))
            ]

    def seal(self, case: str, event: int) -> Seal:
        """The seal of a case at that event. Raises TouchstoneError, naming those there are."""
        found = self.seals(case)
        for each in found:
            if each.event == event:
                return each
        there = f"it was sealed at event {', '.join(str(each.event) for each in found)}" if found else "it was never sealed"
        raise TouchstoneError(f"case '{case}' has no seal at event {event}: {there}; `touchstone case seal` makes one")

    @contextmanager
    def as_of(self, seal: Seal) -> Iterator[None]:
        """Within it this thread reads the store as it stood at the seal; the log too ends there. Writing goes on as ever."""
        conditions = {}
        for table in t.metadata.sorted_tables:
            column = _number(table)
            if column is not None:  # a table that is younger than the seal has no row that old
                conditions[table.name] = f"{column.name} <= {int(seal.upto.get(table.name, 0))}"
        conditions["event"] = f"seq <= {int(seal.event)}"
        moment = self.database.moment(seal.at)
        going = ", ".join(f"'{run}'" for run in seal.running if run.isalnum()) or "''"
        conditions["run"] = f"started_at <= {moment}"
        conditions["run_end"] = f"ended_at <= {moment} AND run NOT IN ({going})"
        with self.database.as_of(conditions):
            yield


class SealReads(Reader):
    def erased_since(self, seal: Seal, within: Mapping[str, Collection[int]]) -> list[tuple[int, str, list[int]]]:
        """What an erasure has taken since the seal, of these rows (by the words that events use): (event, what, numbers), in order.

        Rows that an erasure blanked stay, but may be found by nothing any more: of evidence, occupants and statements of two sellers,
        name the `seller`s and `premises` whose they are.
        """
        query = select(t.event).where(t.event.c.seq > seal.event, t.event.c.verb == str(Verb.erasure)).order_by(t.event.c.seq)
        found: list[tuple[int, str, list[int]]] = []
        with self.store.database.reading() as c:
            known = {kind: set(numbers) for kind, numbers in within.items()}
            for table, column, kind in (
                (t.attribution, t.attribution.c.seller, "seller"),
                (t.pair_statement, t.pair_statement.c.seller, "seller"),
                (t.occupant, t.occupant.c.premises, "premises"),
            ):
                mine = known.setdefault(table.name, set())
                for part in chunks(known.get(kind, ())):
                    mine |= set(c.execute(select(table.c.id).where(column.in_(part))).scalars())
            for row in c.execute(query, execution_options=self.store.database.beneath):
                body = json.loads(row.body_json)
                if body["purpose"] == "erasure":
                    for kind, ids in sorted(body["subjects"].items()):
                        if gone := sorted(numbers_in(ids) & known.get(kind, set())):
                            found.append((row.seq, kind, gone))
        for _, kind, numbers in found:
            self.shown(kind, numbers)
        return found


def seals_that_differ(c: Connection, logged: Mapping[int, tuple[str, str]]) -> Iterator[str]:
    """Seals against the events that tell of them: case, and the digest of what they hold."""
    kept = {int(r.event): (str(r.case_file), digest_of(_marks(r))) for r in c.execute(select(t.case_seal))}
    for event in sorted(kept.keys() | logged.keys()):
        if kept.get(event) != logged.get(event):
            what = "is in no event of the log" if event not in logged else "is gone" if event not in kept else "was changed"
            yield f"the seal of a case at event {event} {what}: its row and the log do not say the same"
