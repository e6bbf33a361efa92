"""Captures: keeping what a server answered, and reading it back. The bytes lie in the archive, the rows here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select

from store import audit
from store import tables as t
from store.archive import Archive, ArchiveWriter, Placed
from store.database import Database, add
from store.errors import TouchstoneError
from store.secrets import redact_headers, redact_url
from store.words.records import Capture, CaptureKind, SubjectCategory, SubjectKind, Verb, canonical

if TYPE_CHECKING:
    from store.store import Acting


def capture_of(row: RowMapping) -> Capture:
    return Capture(
        row["id"], row["run"], row["source"], CaptureKind(row["kind"]), row["method"], row["url_requested"], row["url_final"],
        tuple(json.loads(row["redirects_json"])), row["status"],
        tuple((a, b) for a, b in json.loads(row["request_headers_json"])), tuple((a, b) for a, b in json.loads(row["response_headers_json"])),
        row["body_digest"], row["body_length"], row["started_at"], row["ended_at"], row["request_digest"], row["server_ip"], row["record_id"],
        row["part_of"], SubjectCategory(row["subject_category"]), row["retention_until"],
    )  # fmt: skip


def _newest_locations() -> Any:
    return select(t.location.c.capture, func.max(t.location.c.id).label("id")).group_by(t.location.c.capture).subquery()


def _location(c: Connection, capture: int) -> Any:
    return c.execute(select(t.location).where(t.location.c.capture == capture).order_by(t.location.c.id.desc()).limit(1)).first()


class CaptureWrites:
    database: Database
    archive: Archive
    retention: Mapping[str, int]

    def retain_until(self, what: str = "unflagged") -> datetime | None:
        """The date up to which a new row is kept unless it comes to matter; None where the settings name no number of days."""
        days = self.retention.get(what)
        return datetime.now(UTC) + timedelta(days=days) if days is not None else None

    def keep(
        self, writer: ArchiveWriter, capture: Capture, payload: bytes, *, actor: str, purpose: str, request_body: bytes | None = None, http: str = "HTTP/1.1",
    ) -> Capture:  # fmt: skip
        """Keep a capture: bytes to the archive and onto the disk first, then the row, its location and its event together.

        Bytes that are kept already become a revisit record. Secrets in headers and URLs are replaced by a marker before anything
        is written. Returns the capture with its id, digests and record id.
        """
        digest = hashlib.sha256(payload).hexdigest()
        with self.database.reading() as c:
            original = self._payload_holder(c, digest) if payload else None
        common: dict[str, Any] = dict(
            uri=redact_url(capture.url_final), date=capture.ended_at, status=capture.status, http_version=http, response_headers=capture.response_headers,
            method=capture.method, request_headers=capture.request_headers, request_body=request_body, server_ip=capture.server_ip,
            extra={"WARC-Touchstone-Run": capture.run, "WARC-Touchstone-Kind": str(capture.kind)},
        )  # fmt: skip
        if capture.kind in (CaptureKind.rendered, CaptureKind.handed_in):
            mime = dict((k.lower(), v) for k, v in capture.response_headers).get("content-type", "application/octet-stream")
            placed = writer.resource(uri=common["uri"], date=capture.ended_at, mime=mime, payload=payload, extra=common["extra"])
            original = None
        elif original is not None:
            placed = writer.revisit(
                **common, refers_to_uri=original.url_final, refers_to_date=original.ended_at, payload_digest=digest,
            )  # fmt: skip
        else:
            placed = writer.response(**common, payload=payload)
        kept = replace(
            capture, body_digest=digest, body_length=len(payload), record_id=placed.record_id,
            request_digest=hashlib.sha256(request_body).hexdigest() if request_body else "",
            url_requested=redact_url(capture.url_requested), url_final=common["uri"], redirects=tuple(redact_url(u) for u in capture.redirects),
            request_headers=tuple(redact_headers(capture.request_headers)), response_headers=tuple(redact_headers(capture.response_headers)),
            retention_until=capture.retention_until or self.retain_until(),
        )  # fmt: skip
        with self.database.writing() as c:
            number = add(
                c, t.capture, run=kept.run, source=kept.source, kind=str(kept.kind), method=kept.method, url_requested=kept.url_requested,
                url_final=kept.url_final, redirects_json=canonical(kept.redirects).decode(), status=kept.status,
                request_headers_json=canonical(kept.request_headers).decode(), response_headers_json=canonical(kept.response_headers).decode(),
                body_digest=digest, body_length=kept.body_length, request_digest=kept.request_digest, started_at=kept.started_at, ended_at=kept.ended_at,
                server_ip=kept.server_ip, record_id=kept.record_id, part_of=kept.part_of, subject_category=str(kept.subject_category),
                retention_until=kept.retention_until,
            )  # fmt: skip
            self._place(c, number, placed, original.id if original is not None else None)
            audit.append(
                self.database, c, Verb.collection, actor=actor, purpose=purpose, run=kept.run, subjects={"capture": [number]},
                detail={"sha256": digest, "record": kept.record_id, "kind": str(kept.kind), "status": kept.status, "at": kept.ended_at.isoformat()},
            )  # fmt: skip
        return replace(kept, id=number)

    def _place(self, c: Connection, capture: int, placed: Placed, payload_of: int | None) -> None:
        add(
            c, t.location, capture=capture, segment=placed.segment, offset=placed.offset, length=placed.length, record_id=placed.record_id,
            record_type=placed.record_type, payload_of=payload_of, added_at=datetime.now(UTC),
        )  # fmt: skip

    def _payload_holder(self, c: Connection, digest: str) -> Any:
        """The newest capture whose own record holds bytes of this digest (no revisit, no tombstone, no rendered document)."""
        newest = _newest_locations()
        query = (
            select(t.capture.c.id, t.capture.c.url_final, t.capture.c.ended_at)
            .select_from(t.capture.join(newest, newest.c.capture == t.capture.c.id).join(t.location, t.location.c.id == newest.c.id))
            .where(t.capture.c.body_digest == digest, t.location.c.record_type == "response").order_by(t.capture.c.id.desc()).limit(1)
        )  # fmt: skip
        holders = select(t.capture.c.id).where(t.capture.c.body_digest == digest).limit(1)
        return c.execute(query).first() if c.execute(holders).first() else None

    # -- erasure ---------------------------------------------------------------------------------------------------------
    def erase(self, capture: int, *, actor: str, reason: str) -> None:
        """Take a capture's bytes out of the archive: its segment is rewritten with a tombstone in their place.

        Captures that are revisits of it get the bytes first, in records of their own; the capture's row stays, its headers and
        addresses are blanked (the one change of a row that the store makes), readings of it keep their words until they are erased
        too. A hold on the capture, on a listing read from it or on a case that exhibits it refuses. Raises TouchstoneError.
        """
        with self.database.reading() as c:
            row = c.execute(select(t.capture).where(t.capture.c.id == capture)).mappings().first()
            if row is None:
                raise TouchstoneError(f"there is no capture {capture} to erase")
            held = self._hold_on(c, capture)
            place = _location(c, capture)
            newest = _newest_locations()
            dependants = [
                capture_of(r)
                for r in c.execute(
                    select(t.capture).select_from(t.capture.join(newest, newest.c.capture == t.capture.c.id).join(t.location, t.location.c.id == newest.c.id))
                    .where(t.location.c.payload_of == capture, t.location.c.record_type == "revisit").order_by(t.capture.c.id)
                ).mappings()
            ]  # fmt: skip
        if held:
            with self.database.writing() as c:
                audit.append(self.database, c, Verb.erasure, actor=actor, purpose="erasure refused", justification=reason, subjects={"capture": [capture]}, detail={"hold": held})
            raise TouchstoneError(f"capture {capture} is under hold {held} and was not erased")
        if place.record_type == "tombstone":
            return
        if dependants:
            self._rehome(place, dependants)
        moved = self.archive.rewrite(place.segment, {place.record_id: reason})
        by_record = {m.record_id: m for m in moved}
        with self.database.writing() as c:
            current = _newest_locations()
            rows = c.execute(
                select(t.location).select_from(t.location.join(current, current.c.id == t.location.c.id)).where(t.location.c.segment == place.segment)
            ).all()  # fmt: skip
            for r in rows:
                if r.capture == capture:
                    tombstone = next(m for m in moved if m.record_type == "tombstone" and m.record_id not in {x.record_id for x in rows})
                    self._place(c, capture, tombstone, None)
                else:
                    self._place(c, r.capture, by_record[r.record_id], r.payload_of)
            c.execute(
                t.capture.update().where(t.capture.c.id == capture)
                .values(url_requested="", url_final="", redirects_json="[]", request_headers_json="[]", response_headers_json="[]", server_ip=None)
            )  # fmt: skip
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects={"capture": [capture]},
                detail={"record": place.record_id, "segment": place.segment, "rehomed": [d.id for d in dependants]},
            )  # fmt: skip
        self.archive.remove(place.segment)

    def _rehome(self, place: Any, dependants: list[Capture]) -> None:
        """Give the bytes to the first capture that needs them, and point the other revisits at it."""
        payload = self.archive.read(place.segment, place.offset, place.length).payload
        first, rest = dependants[0], dependants[1:]
        with self.archive.writer(f"rehomed-{first.run}") as writer:
            placed = writer.response(
                uri=first.url_final, date=first.ended_at, status=first.status, http_version="HTTP/1.1", response_headers=first.response_headers, payload=payload,
                method=first.method, request_headers=first.request_headers, request_body=None, server_ip=first.server_ip,
                extra={"WARC-Touchstone-Run": first.run, "WARC-Touchstone-Rehomed": first.record_id},
            )  # fmt: skip
        with self.database.writing() as c:
            assert first.id is not None
            self._place(c, first.id, placed, None)
            for other in rest:
                assert other.id is not None
                r = _location(c, other.id)
                self._place(c, other.id, Placed(r.segment, r.offset, r.length, r.record_id, r.record_type), first.id)

    def _hold_on(self, c: Connection, capture: int) -> str:
        """The number of a live hold that covers this capture, or ""."""
        released = select(t.hold.c.releases).where(t.hold.c.releases.is_not(None))
        live = select(t.hold).where(t.hold.c.releases.is_(None), t.hold.c.id.not_in(released))
        listings = select(t.reading.c.listing).where(t.reading.c.capture == capture)
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
            number = add(c, t.hold, subject_kind=str(kind), subject=subject, reason=reason, actor=actor, releases=releases, at=datetime.now(UTC))
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="hold", justification=reason, subjects={str(kind): [subject]}, detail={"hold": number})
        return number


class CaptureReads:
    """Reading captures back: on `Acting` only, so that each is in the log."""

    store: Any
    shown: Any

    def capture(self: Acting, number: int) -> Capture:
        return self.captures([number])[0]

    def captures(self: Acting, numbers: list[int]) -> list[Capture]:
        with self.store.database.reading() as c:
            rows = [capture_of(r) for r in c.execute(select(t.capture).where(t.capture.c.id.in_(numbers)).order_by(t.capture.c.id)).mappings()]
        self.shown("capture", (r.id for r in rows))
        if len(rows) != len(set(numbers)):
            raise TouchstoneError(f"not every capture of {numbers} is in this store")
        return rows

    def payload(self: Acting, number: int) -> bytes:
        """The bytes of a capture as they came over the wire. Raises TouchstoneError when they were erased."""
        with self.store.database.reading() as c:
            place = _location(c, number)
            if place is None:
                raise TouchstoneError(f"capture {number} has no location")
            if place.record_type == "revisit":
                place = _location(c, place.payload_of)
        if place.record_type == "tombstone":
            raise TouchstoneError(f"the bytes of capture {number} were erased")
        self.shown("capture", [number])
        return self.store.archive.read(place.segment, place.offset, place.length).payload

    def answer(self: Acting, run: str, method: str, url: str, request_digest: str = "") -> Capture | None:
        """This run's own kept answer to that request, if a successful one is kept: what a resumed crawl goes on from.

        `url` is compared as it is kept, with its secrets replaced. Answers of the browser's own requests do not count: a rendered
        page counts when its document, the last record of it, is kept.
        """
        kinds = [str(k) for k in (CaptureKind.page, CaptureKind.image, CaptureKind.robots, CaptureKind.rendered)]
        query = select(t.capture).where(
            and_(
                t.capture.c.run == run, t.capture.c.method == method, t.capture.c.url_requested == redact_url(url),
                t.capture.c.request_digest == request_digest, t.capture.c.status >= 200, t.capture.c.status < 400, t.capture.c.kind.in_(kinds),
            )
        )  # fmt: skip
        with self.store.database.reading() as c:
            row = c.execute(query.order_by(t.capture.c.id.desc()).limit(1)).mappings().first()
        if row is None:
            return None
        self.shown("capture", [row["id"]])
        return capture_of(row)

    def captures_of(self: Acting, *, run: str | None = None, source: str | None = None, kinds: tuple[CaptureKind, ...] = (), after: int = 0, limit: int = 500) -> list[Capture]:
        """Captures in pages by id."""
        query: Select[Any] = select(t.capture).where(t.capture.c.id > after).order_by(t.capture.c.id).limit(limit)
        if run:
            query = query.where(t.capture.c.run == run)
        if source:
            query = query.where(t.capture.c.source == source)
        if kinds:
            query = query.where(t.capture.c.kind.in_([str(k) for k in kinds]))
        with self.store.database.reading() as c:
            rows = [capture_of(r) for r in c.execute(query).mappings()]
        self.shown("capture", (r.id for r in rows))
        return rows

    def locations(self: Acting, number: int) -> Iterator[tuple[str, int, int, str]]:
        """Every place a capture has had, oldest first: segment, offset, length, record type."""
        with self.store.database.reading() as c:
            rows = c.execute(select(t.location).where(t.location.c.capture == number).order_by(t.location.c.id)).all()
        self.shown("capture", [number])
        yield from ((r.segment, r.offset, r.length, r.record_type) for r in rows)
