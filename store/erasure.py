"""Erasure: a capture's bytes go, its row, digest and event stay; what others need is given to them first; a hold refuses it.

Files first, then one transaction for all rows, then the old files go. A crash before the transaction has changed nothing, one
after it leaves old files behind, and the next erasure deletes what no row names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, and_, exists, func, or_, select, text

from store import audit
from store import tables as t
from store.archive import Archive, ArchiveError, InUse, Placed
from store.captures import capture_of, newest_location, newest_locations
from store.database import Database, add
from store.errors import TouchstoneError
from store.words.records import Capture, SubjectKind, Verb

ERASE_LOCK = 0x70C458  # advisory lock of PostgreSQL: a file lock says nothing to another machine that has the same archive mounted
ATTEMPTS = 5
BLANK: Mapping[str, Any] = {
    "url_requested": "",
    "url_final": "",
    "redirects_json": "[]",
    "request_headers_json": "[]",
    "response_headers_json": "[]",
    "server_ip": None,
}
HOLDABLE = frozenset(SubjectKind) - {SubjectKind.case}  # a case has no number; its exhibits are held by being exhibits
PAYLOAD = ("response", "resource")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure touches. Made before the files are written, and again under the write lock: if they differ, it starts anew."""

    family: tuple[int, ...]  # the capture, then what a browser fetched for it
    places: Mapping[int, tuple[Any, ...]]  # the newest location of each of those
    dependants: tuple[tuple[int, Capture], ...]  # (whose bytes it needs, the capture that needs them)
    rows: Mapping[str, tuple[tuple[Any, ...], ...]]  # segment → the newest locations in it


class Erasure:
    database: Database
    archive: Archive
    place: Callable[[Connection, int, Placed, int | None], None]

    def erase(self, capture: int, *, actor: str, reason: str) -> None:
        """Take a capture's bytes out of the archive: each segment that holds a record of it is rewritten with a tombstone in its place.

        What a browser fetched for a rendered document goes with the document. Captures that are revisits of what goes get the bytes
        first, in records of their own (their old records name the erased address and become tombstones too). The rows stay, with
        their addresses and headers blanked: the one change of a row that the store makes. Readings keep their words until they are
        erased themselves. A hold or an exhibit that rests on any of these captures refuses, and so does a segment that is being
        written. Raises TouchstoneError.
        """
        with self._alone():
            for _ in range(ATTEMPTS):
                with self.database.reading() as c:
                    if c.execute(select(t.capture.c.id).where(t.capture.c.id == capture)).first() is None:
                        raise TouchstoneError(f"there is no capture {capture} to erase")
                    plan = self._plan(c, capture)
                    held, erased = self._hold_on(c, plan.family), self._is_erased(c, plan)
                if not erased and not held:
                    moved, rehomed = self._write_files(plan, capture, reason)
                    with self.database.writing() as c:
                        self.database.lock_chain(c)  # no capture can be kept and no hold be made until this is committed
                        held, fresh = self._hold_on(c, plan.family), self._plan(c, capture) == plan
                        if fresh and not held:
                            self._commit(c, plan, moved, rehomed, actor, reason)
                            erased = True
                if not erased and held:
                    self._tidy()
                    with self.database.writing() as c:
                        self._log(c, actor, "erasure refused", reason, [capture], {"hold": held})
                    raise TouchstoneError(f"capture {capture} is under hold {held} and was not erased")
                if erased:
                    return self._sweep()
                self._tidy()  # something was kept meanwhile that changes what must go
        raise TouchstoneError(f"capture {capture} was not erased: its segments are being added to all the while; try again later")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One erasure at a time, in every process and on every machine that shares the archive."""
        with self.archive.alone(), ExitStack() as stack:
            if self.database.engine.dialect.name == "postgresql":
                c = stack.enter_context(self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
                stack.callback(c.invalidate)  # the session ends and its lock with it, also where the connection broke
                c.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ERASE_LOCK})
            yield

    def _log(self, c: Connection, actor: str, purpose: str, reason: str, captures: Sequence[int], detail: Mapping[str, Any]) -> None:
        subjects = {"capture": captures}
        audit.append(self.database, c, Verb.erasure, actor=actor, purpose=purpose, justification=reason, subjects=subjects, detail=detail)

    def _plan(self, c: Connection, capture: int) -> Plan:
        parts = c.execute(select(t.capture.c.id).where(t.capture.c.part_of == capture).order_by(t.capture.c.id)).scalars()
        family = (capture, *parts)
        places = {number: tuple(newest_location(c, number)) for number in family}
        later = t.location.alias()
        newest = ~exists().where(later.c.capture == t.location.c.capture, later.c.id > t.location.c.id)
        holders = [number for number, place in places.items() if _row(place).record_type in PAYLOAD]
        needing = (
            select(t.capture, t.location.c.payload_of)
            .select_from(t.capture.join(t.location, t.location.c.capture == t.capture.c.id))
            .where(t.location.c.payload_of.in_(holders), t.location.c.record_type == "revisit", newest, t.capture.c.id.not_in(family))
            .order_by(t.capture.c.id)
        )
        dependants = tuple((r["payload_of"], capture_of(r)) for r in c.execute(needing).mappings())
        # Every segment that ever had a record of these captures, or one that names their addresses: after a crash an old one may
        # lie beside its successor, and what no newest location names becomes a tombstone when its segment is rewritten.
        ever = select(t.location.c.segment).where(t.location.c.capture.in_(family) | t.location.c.payload_of.in_(family)).distinct()
        files = {file for segment in c.execute(ever).scalars() for file in self.archive.generations(segment)}
        rows: dict[str, tuple[tuple[Any, ...], ...]] = {}
        for file in sorted(files):
            found = c.execute(select(t.location).where(t.location.c.segment == file, newest).order_by(t.location.c.id))
            if here := tuple(tuple(r) for r in found):
                rows[file] = here
        return Plan(family, places, dependants, rows)
