"""Erasure: a capture's bytes go, its row, digest and event stay; what others need is given to them first; a hold refuses it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import audit
from store import tables as t
from store.archive import Archive, Placed
from store.captures import capture_of, newest_location, newest_locations
from store.database import Database, add
from store.errors import TouchstoneError
from store.words.records import Capture, SubjectKind, Verb


class Erasure:
    database: Database
    archive: Archive
    place: Callable[[Connection, int, Placed, int | None], None]

    def erase(self, capture: int, *, actor: str, reason: str) -> None:
        """Take a capture's bytes out of the archive: each segment that holds a record of it is rewritten with a tombstone in its place.

        Captures that are revisits of it get the bytes first, in records of their own (their old records name the erased address and
        become tombstones too). The capture's row stays, with its addresses and headers blanked: the one change of a row that the
        store makes. Readings keep their words until they are erased themselves. A hold on the capture, on a listing read from it,
        or its being an exhibit, refuses. Raises TouchstoneError.
        """
        with self.database.reading() as c:
            if c.execute(select(t.capture.c.id).where(t.capture.c.id == capture)).first() is None:
                raise TouchstoneError(f"there is no capture {capture} to erase")
            held = self._hold_on(c, capture)
            place = newest_location(c, capture)
            dependants = self._dependants(c, capture)
        if held:
            self._log(actor, "erasure refused", reason, capture, {"hold": held})
            raise TouchstoneError(f"capture {capture} is under hold {held} and was not erased")
        if place.record_type == "tombstone":
            self._sweep()  # an erasure that was cut off after its rows were committed left the old segment behind
            return
        doomed = self._records(capture, [d.id for d in dependants if d.id is not None])
        if dependants:
            self._rehome(place, dependants)
        for segment, records in doomed.items():
            self._rewrite(segment, dict.fromkeys(records, reason), capture)
        with self.database.writing() as c:
            c.execute(
                t.capture.update()
                .where(t.capture.c.id == capture)
                .values(
                    url_requested="",
                    url_final="",
                    redirects_json="[]",
                    request_headers_json="[]",
                    response_headers_json="[]",
                    server_ip=None,
                )
            )
        self._log(
            actor,
            "erasure",
            reason,
            capture,
            {"record": place.record_id, "segments": sorted(doomed), "rehomed": [d.id for d in dependants]},
        )
        self._sweep()

    def _log(self, actor: str, purpose: str, reason: str, capture: int, detail: Mapping[str, Any]) -> None:
        with self.database.writing() as c:
            audit.append(
                self.database,
                c,
                Verb.erasure,
                actor=actor,
                purpose=purpose,
                justification=reason,
                subjects={"capture": [capture]},
                detail=detail,
            )

    def _dependants(self, c: Connection, capture: int) -> list[Capture]:
        newest = newest_locations()
        query = (
            select(t.capture)
            .select_from(t.capture.join(newest, newest.c.capture == t.capture.c.id).join(t.location, t.location.c.id == newest.c.id))
            .where(t.location.c.payload_of == capture, t.location.c.record_type == "revisit")
            .order_by(t.capture.c.id)
        )
        return [capture_of(r) for r in c.execute(query).mappings()]

    def _records(self, capture: int, dependants: list[int]) -> dict[str, set[str]]:
        """Segment → ids of the records that must become tombstones: the capture's own, and the dependants' old revisits."""
        doomed: dict[str, set[str]] = defaultdict(set)
        with self.database.reading() as c:
            for number in [capture, *dependants]:
                here = newest_location(c, number)
                doomed[here.segment].add(here.record_id)
        return dict(doomed)

    def _rehome(self, place: Any, dependants: list[Capture]) -> None:
        """Give the bytes to the first capture that needs them; the others become revisits of that one."""
        payload = self.archive.read(place.segment, place.offset, place.length).payload
        first = dependants[0]
        placed: list[tuple[Capture, Placed]] = []
        with self.archive.writer(f"rehomed-{first.run}") as writer:
            for each in dependants:
                common: dict[str, Any] = {
                    "uri": each.url_final,
                    "date": each.ended_at,
                    "status": each.status,
                    "http_version": "HTTP/1.1",
                    "response_headers": each.response_headers,
                    "method": each.method,
                    "request_headers": each.request_headers,
                    "request_body": None,
                    "server_ip": each.server_ip,
                    "extra": {"WARC-Touchstone-Run": each.run, "WARC-Touchstone-Rehomed": each.record_id},
                }
                if each is first:
                    placed.append((each, writer.response(**common, payload=payload)))
                else:
                    placed.append(
                        (
                            each,
                            writer.revisit(
                                **common, refers_to_uri=first.url_final, refers_to_date=first.ended_at, payload_digest=first.body_digest
                            ),
                        )
                    )
        with self.database.writing() as c:
            for each, where in placed:
                assert each.id is not None
                self.place(c, each.id, where, None if each is first else first.id)

    def _sweep(self) -> None:
        """Delete segments that a rewrite has replaced, and rewritten ones whose rows were never committed: both hold what is erased elsewhere."""
        with self.database.reading() as c:
            newest = newest_locations()
            current = set(c.execute(select(t.location.c.segment).join(newest, newest.c.id == t.location.c.id).distinct()).scalars())
            named = set(c.execute(select(t.location.c.segment).distinct()).scalars())
        for segment in self.archive.segments():
            orphan = segment not in named and re.search(r"-r\d+\.warc\.gz$", segment)
            if orphan or segment in named - current:
                self.archive.remove(segment)

    def _rewrite(self, segment: str, erase: Mapping[str, str], capture: int) -> None:
        """Rewrite one segment and say in new rows where everything now lies; one transaction, the old file still there."""
        moved = self.archive.rewrite(segment, erase)
        by_record = {m.record_id: m for m in moved}
        with self.database.writing() as c:
            newest = newest_locations()
            rows = c.execute(
                select(t.location)
                .select_from(t.location.join(newest, newest.c.id == t.location.c.id))
                .where(t.location.c.segment == segment)
            ).all()
            for r in rows:
                if r.capture == capture:
                    self.place(c, capture, next(m for m in moved if m.erased == r.record_id), None)
                else:
                    self.place(c, r.capture, by_record[r.record_id], r.payload_of)

    def _hold_on(self, c: Connection, capture: int) -> str:
        """The number of a live hold that covers this capture, or ""."""
        released = select(t.hold.c.releases).where(t.hold.c.releases.is_not(None))
        live = select(t.hold).where(t.hold.c.releases.is_(None), t.hold.c.id.not_in(released))
        # a listing rests on the pages it was read from, on what a browser fetched for them, and on the pictures joined to its readings
        document = select(t.capture.c.part_of).where(t.capture.c.id == capture)
        shown = select(t.reading_image.c.reading).where(t.reading_image.c.capture == capture)
        listings = select(t.reading.c.listing).where(
            (t.reading.c.capture == capture) | t.reading.c.capture.in_(document) | t.reading.c.id.in_(shown)
        )
        exhibited = select(t.exhibit.c.id).where(
            ((t.exhibit.c.subject_kind == str(SubjectKind.capture)) & (t.exhibit.c.subject == capture))
            | ((t.exhibit.c.subject_kind == str(SubjectKind.listing)) & t.exhibit.c.subject.in_(listings))
        )
        for kind, subjects in ((SubjectKind.capture, [capture]), (SubjectKind.listing, listings), (SubjectKind.exhibit, exhibited)):
            found = c.execute(live.where(t.hold.c.subject_kind == str(kind), t.hold.c.subject.in_(subjects))).first()
            if found:
                return str(found.id)
        found = c.execute(exhibited.limit(1)).first()
        return f"of exhibit row {found.id}" if found else ""

    def hold(self, kind: SubjectKind, subject: int, *, actor: str, reason: str, releases: int | None = None) -> int:
        """Say that a subject may not be erased; with `releases`, that an earlier hold no longer stands."""
        with self.database.writing() as c:
            number = add(
                c, t.hold, subject_kind=str(kind), subject=subject, reason=reason, actor=actor, releases=releases, at=datetime.now(UTC)
            )
            audit.append(
                self.database,
                c,
                Verb.alteration,
                actor=actor,
                purpose="hold",
                justification=reason,
                subjects={str(kind): [subject]},
                detail={"hold": number},
            )
        return number
