"""Captures: keeping what a server answered, and reading it back. The bytes lie in the archive, the rows here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, exists, func, select

from store import audit
from store import tables as t
from store.archive import Archive, ArchiveWriter, Placed
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.secrets import redact_headers, redact_url
from store.words.records import Capture, CaptureKind, Location, SubjectCategory, Verb, canonical

RESOURCES = (CaptureKind.rendered, CaptureKind.screenshot, CaptureKind.handed_in)  # bytes that no server sent as they are
UNANSWERED = "page requests without an answer"  # the name of a run's count


def capture_of(row: RowMapping) -> Capture:
    return Capture(
        row["id"],
        row["run"],
        row["source"],
        CaptureKind(row["kind"]),
        row["method"],
        row["url_requested"],
        row["url_final"],
        tuple(json.loads(row["redirects_json"])),
        row["status"],
        tuple((a, b) for a, b in json.loads(row["request_headers_json"])),
        tuple((a, b) for a, b in json.loads(row["response_headers_json"])),
        row["body_digest"],
        row["body_length"],
        row["started_at"],
        row["ended_at"],
        row["request_digest"],
        row["server_ip"],
        row["record_id"],
        row["part_of"],
        row["decoded_digest"],
        row["http_version"],
        tuple(json.loads(row["dns_answer_json"])),
        row["certificate"],
        tuple(json.loads(row["certificate_chain_json"])),
        SubjectCategory(row["subject_category"]),
        row["retention_until"],
    )


def newest_locations() -> Any:
    return select(t.location.c.capture, func.max(t.location.c.id).label("id")).group_by(t.location.c.capture).subquery()


ASKED_AGAIN = {"Cache-Control": "max-age=0, no-cache"}
"""Headers of a request that only looks whether something is still as it was kept (RFC 9111 § 5.2.1): to caches on the way, and to us."""
_ABSENT = (404, 410)
_AGAIN = next(iter(ASKED_AGAIN.values()))
_NEWEST = select(t.location).where(t.location.c.capture == bindparam("capture")).order_by(t.location.c.id.desc()).limit(1)
_later = t.location.alias()
_HOLDER = (
    select(t.capture.c.id, t.capture.c.url_final, t.capture.c.ended_at)
    .select_from(t.capture.join(t.location, t.location.c.capture == t.capture.c.id))
    .where(t.capture.c.body_digest == bindparam("digest"), t.location.c.record_type == "response")
    .where(~exists().where(_later.c.capture == t.location.c.capture, _later.c.id > t.location.c.id))
    .order_by(t.capture.c.id.desc())
    .limit(1)
)


def newest_location(c: Connection, capture: int) -> Any:
    return c.execute(_NEWEST, {"capture": capture}).first()


@dataclass(frozen=True, slots=True)
class Written:
    """A capture whose bytes are in the archive and which no row names yet."""

    given: tuple[Capture, bytes, bytes | None]  # capture, payload, request's body, as they came
    kept: Capture  # as its row will say it
    placed: Placed
    original: int | None  # whose payload it repeats


class CaptureWrites:
    database: Database
    archive: Archive
    retention: Mapping[str, int]

    def retain_until(self, what: str = "unflagged") -> datetime | None:
        """The date up to which a new row is kept unless it comes to matter; None where the settings name no number of days."""
        days = self.retention.get(what)
        return datetime.now(UTC) + timedelta(days=days) if days is not None else None

    def keep(
        self,
        writer: ArchiveWriter,
        capture: Capture,
        payload: bytes,
        *,
        actor: str,
        purpose: str,
        request_body: bytes | None = None,
    ) -> Capture:
        """Keep a capture: bytes to the archive and onto the disk first, then the row, its location and its event together.

        Bytes that are kept already become a revisit record. Secrets in headers and URLs are replaced by a marker before anything
        is written. Returns the capture with its id, digests and record id.
        """
        return self.keep_written(writer, [self.write(writer, capture, payload, request_body)], actor=actor, purpose=purpose)[0]

    def write(self, writer: ArchiveWriter, capture: Capture, payload: bytes, request_body: bytes | None = None) -> Written:
        """The first half of `keep`: the bytes into the archive. Several may share one flush (`ArchiveWriter.together`)."""
        return Written((capture, payload, request_body), *self._write(writer, capture, payload, request_body))

    def keep_written(self, writer: ArchiveWriter, captures: Sequence[Written], *, actor: str, purpose: str) -> list[Capture]:
        """The second half: the rows, locations and events of captures whose bytes are on the disk, together."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            settled = []
            for each in reversed(captures):  # the newest first: only what was appended last can be withdrawn
                written = each.kept, each.placed, each.original
                settled.append(self._write(writer, *each.given, whole=True) if self._overtaken(c, writer, written) else written)
            return [self._record(c, *written, actor, purpose) for written in reversed(settled)]

    def keep_rendered(
        self,
        writer: ArchiveWriter,
        capture: Capture,
        payload: bytes,
        parts: Sequence[tuple[Capture, bytes]],
        *,
        actor: str,
        purpose: str,
    ) -> Capture:
        """Keep a rendered document with the browser's network answers that led to it, all or none.

        The answers are written first and the document last; the rows are committed together, so that each answer can say which
        document it is part of, and a document that is kept is kept with all of it.
        """
        pieces = [*parts, (capture, payload)]
        written = [self._write(writer, piece, body, None) for piece, body in pieces]
        with self.database.writing() as c:
            self.database.lock_chain(c)
            for i in reversed(range(len(pieces))):  # the newest first: only what was appended last can be withdrawn
                if self._overtaken(c, writer, written[i]):
                    written[i] = self._write(writer, *pieces[i], None, whole=True)
            kept = self._record(c, *written[-1], actor, purpose)
            for part, placed, original in written[:-1]:
                self._record(c, replace(part, part_of=kept.id), placed, original, actor, purpose)
        return kept

    def requests_since(self, source: str, since: datetime) -> int:
        """How many pages a source was asked for since then, whatever the run and the status: what a daily quota counts. Of those without
        an answer only runs that have ended tell, each all of its own."""
        asked = select(func.count()).where(
            t.capture.c.source == source, t.capture.c.kind == str(CaptureKind.page), t.capture.c.started_at >= since
        )
        ended = select(t.run_end.c.counts_json).join(t.run).where(t.run.c.source == source, t.run_end.c.ended_at >= since)
        with self.database.reading() as c:
            unanswered = sum(int(json.loads(counts).get(UNANSWERED, 0)) for counts in c.execute(ended).scalars())
            return int(c.execute(asked).scalar_one()) + unanswered

    def _overtaken(self, c: Connection, writer: ArchiveWriter, written: tuple[Capture, Placed, int | None]) -> bool:
        """Whether an erasure came between the writing and this transaction: the bytes referred to gone, or the segment rewritten.

        Asked under the write lock, which an erasure takes to commit: it either is seen here, or sees the row that follows. The
        record is withdrawn, since it may name an erased address.
        """
        _, placed, original = written
        holder = newest_location(c, original) if original is not None else None
        lost = original is not None and (holder is None or holder.record_type != "response")
        if not lost and (writer.has(placed.segment) or self.archive.generations(placed.segment)[-1:] == [placed.segment]):
            return False
        writer.withdraw(placed)
        return True

    def _write(
        self, writer: ArchiveWriter, capture: Capture, payload: bytes, request_body: bytes | None, *, whole: bool = False
    ) -> tuple[Capture, Placed, int | None]:
        """The bytes into the archive: the capture as its row will say it, where its record lies, and whose payload it repeats.

        With `whole`, never a revisit.
        """
        digest = hashlib.sha256(payload).hexdigest()
        original = None
        if payload and not whole:
            with self.database.reading() as c:
                original = self._payload_holder(c, digest)
        common: dict[str, Any] = {
            "uri": redact_url(capture.url_final),
            "date": capture.ended_at,
            "status": capture.status,
            "http_version": capture.http_version or "HTTP/1.1",
            "response_headers": capture.response_headers,
            "method": capture.method,
            "request_headers": capture.request_headers,
            "request_body": request_body,
            "server_ip": capture.server_ip,
            "extra": {"WARC-Touchstone-Run": capture.run, "WARC-Touchstone-Kind": str(capture.kind)},
        }
        headers = {name.lower(): value for name, value in capture.response_headers}
        if capture.kind in RESOURCES:
            mime = headers.get("content-type", "application/octet-stream")
            placed = writer.resource(uri=common["uri"], date=capture.ended_at, mime=mime, payload=payload, extra=common["extra"])
            original = None
        elif original is not None:
            placed = writer.revisit(
                **common,
                refers_to_uri=original.url_final,
                refers_to_date=original.ended_at,
                payload_digest=digest,
            )
        else:
            placed = writer.response(**common, payload=payload)
        kept = replace(
            capture,
            body_digest=digest,
            body_length=len(payload),
            decoded_digest=capture.decoded_digest or ("" if "content-encoding" in headers else digest),
            record_id=placed.record_id,
            request_digest=hashlib.sha256(request_body).hexdigest() if request_body else "",
            url_requested=redact_url(capture.url_requested),
            url_final=common["uri"],
            redirects=tuple(redact_url(u) for u in capture.redirects),
            request_headers=tuple(redact_headers(capture.request_headers)),
            response_headers=tuple(redact_headers(capture.response_headers)),
            retention_until=capture.retention_until or self.retain_until(),
        )
        return kept, placed, original.id if original is not None else None

    def _record(self, c: Connection, kept: Capture, placed: Placed, original: int | None, actor: str, purpose: str) -> Capture:
        """The row, its location and its event."""
        number = add(
            c,
            t.capture,
            run=kept.run,
            source=kept.source,
            kind=str(kept.kind),
            method=kept.method,
            url_requested=kept.url_requested,
            url_final=kept.url_final,
            redirects_json=canonical(kept.redirects).decode(),
            status=kept.status,
            request_headers_json=canonical(kept.request_headers).decode(),
            response_headers_json=canonical(kept.response_headers).decode(),
            body_digest=kept.body_digest,
            body_length=kept.body_length,
            request_digest=kept.request_digest,
            started_at=kept.started_at,
            ended_at=kept.ended_at,
            server_ip=kept.server_ip,
            record_id=kept.record_id,
            part_of=kept.part_of,
            subject_category=str(kept.subject_category),
            retention_until=kept.retention_until,
            decoded_digest=kept.decoded_digest,
            http_version=kept.http_version,
            dns_answer_json=canonical(kept.dns_answer).decode(),
            certificate=kept.certificate,
            certificate_chain_json=canonical(kept.certificate_chain).decode(),
        )
        self.place(c, number, placed, original)
        audit.append(
            self.database,
            c,
            Verb.collection,
            actor=actor,
            purpose=purpose,
            run=kept.run,
            subjects={"capture": [number]},
            detail={
                "sha256": kept.body_digest,
                "record": kept.record_id,
                "kind": str(kept.kind),
                "status": kept.status,
                "at": kept.ended_at.isoformat(),
            },
        )
        return replace(kept, id=number)

    def place(self, c: Connection, capture: int, placed: Placed, payload_of: int | None) -> None:
        add(
            c,
            t.location,
            capture=capture,
            segment=placed.segment,
            offset=placed.offset,
            length=placed.length,
            record_id=placed.record_id,
            record_type=placed.record_type,
            payload_of=payload_of,
            added_at=datetime.now(UTC),
        )

    def _payload_holder(self, c: Connection, digest: str) -> Any:
        """The newest capture whose own record holds bytes of this digest (no revisit, no tombstone, no rendered document)."""
        return c.execute(_HOLDER, {"digest": digest}).first()


class CaptureReads(Reader):
    """Reading captures back: on `Acting` only, so that each is in the log."""

    def capture(self, number: int) -> Capture:
        return self.captures([number])[0]

    def captures(self, numbers: list[int]) -> list[Capture]:
        with self.store.database.reading() as c:
            rows = [
                capture_of(r) for r in c.execute(select(t.capture).where(t.capture.c.id.in_(numbers)).order_by(t.capture.c.id)).mappings()
            ]
        self.shown("capture", (r.id for r in rows))
        if len(rows) != len(set(numbers)):
            raise TouchstoneError(f"not every capture of {numbers} is in this store")
        return rows

    def payload(self, number: int) -> bytes:
        """The bytes of a capture as they came over the wire. Raises TouchstoneError when they were erased."""
        with self.store.database.reading() as c:
            place = newest_location(c, number)
            if place is None:
                raise TouchstoneError(f"capture {number} has no location")
            if place.record_type == "revisit":
                place = newest_location(c, place.payload_of)
        if place.record_type == "tombstone":
            raise TouchstoneError(f"the bytes of capture {number} were erased")
        self.shown("capture", [number])
        return self.store.archive.read(place.segment, place.offset, place.length).payload

    def answer(self, run: str, method: str, url: str, request_digest: str = "", *, after: int = 0) -> Capture | None:
        """This run's own kept answer to that request, if one that settles it is kept after that capture: what a resumed
        crawl goes on from. That there is no such page settles it, too; a refusal or a failure does not.

        `url` is compared as it is kept, with its secrets replaced. Answers of the browser's own requests do not count: a rendered
        page counts when its document, the last record of it, is kept. An address that holds a secret is never answered from here:
        kept, `?key=a` and `?key=b` read the same. What was asked for again to be compared (ASKED_AGAIN) answers nothing.
        """
        if redact_url(url) != url:
            return None
        kinds = [str(k) for k in (CaptureKind.page, CaptureKind.image, CaptureKind.robots, CaptureKind.rendered)]
        query = select(t.capture).where(
            and_(
                t.capture.c.run == run,
                t.capture.c.method == method,
                t.capture.c.url_requested == url,
                t.capture.c.request_digest == request_digest,
                t.capture.c.status.between(200, 399) | t.capture.c.status.in_(_ABSENT),
                t.capture.c.kind.in_(kinds),
                t.capture.c.part_of.is_(None),
                t.capture.c.id > after,
                t.capture.c.request_headers_json.not_like(f"%{_AGAIN}%"),
            )
        )
        with self.store.database.reading() as c:
            row = c.execute(query.order_by(t.capture.c.id.desc()).limit(1)).mappings().first()
        if row is None:
            return None
        self.shown("capture", [row["id"]])
        return capture_of(row)

    def parts_of(self, number: int, *kinds: CaptureKind) -> list[Capture]:
        """The captures that are part of this one, of these kinds where any are named, in the order in which they were kept."""
        query = select(t.capture).where(t.capture.c.part_of == number).order_by(t.capture.c.id)
        if kinds:
            query = query.where(t.capture.c.kind.in_([str(k) for k in kinds]))
        with self.store.database.reading() as c:
            rows = [capture_of(r) for r in c.execute(query).mappings()]
        self.shown("capture", (r.id for r in rows))
        return rows

    def newest_picture(self, source: str, url: str, since: datetime) -> Capture | None:
        """The newest successful answer that a source's picture address gave since then, if its bytes are kept."""
        query = select(t.capture).where(
            t.capture.c.source == source,
            t.capture.c.kind == str(CaptureKind.image),
            t.capture.c.url_requested == url,
            t.capture.c.status == 200,
            t.capture.c.ended_at >= since,
        )
        with self.store.database.reading() as c:
            row = c.execute(query.order_by(t.capture.c.id.desc()).limit(1)).mappings().first()
        self.shown("capture", [row["id"]] if row else ())
        return capture_of(row) if row else None

    def captures_of(
        self,
        *,
        run: str | None = None,
        source: str | None = None,
        kinds: tuple[CaptureKind, ...] = (),
        except_by: str | None = None,
        behind: str | None = None,
        after: int = 0,
        limit: int = 500,
    ) -> list[Capture]:
        """Captures in pages by id; with `except_by`, those that a run of that pass made are left out.

        With `behind`, only those that were read by an earlier parser version than this one and not by this one, and whose bytes are kept.
        """
        query: Select[Any] = select(t.capture).where(t.capture.c.id > after).order_by(t.capture.c.id).limit(limit)
        if run:
            query = query.where(t.capture.c.run == run)
        if source:
            query = query.where(t.capture.c.source == source)
        if kinds:
            query = query.where(t.capture.c.kind.in_([str(k) for k in kinds]))
        if except_by:
            query = query.where(t.capture.c.run.not_in(select(t.run.c.id).where(t.run.c.pass_name == except_by)))
        if behind:
            read, unread, newest = t.reading.c, t.unread.c, newest_locations()
            erased = select(t.location.c.capture).join(newest, newest.c.id == t.location.c.id)
            query = query.where(
                t.capture.c.id.in_(select(read.capture)),
                t.capture.c.id.not_in(select(read.capture).where(read.parser_version == behind)),
                t.capture.c.id.not_in(select(unread.capture).where(unread.parser_version == behind)),
                t.capture.c.id.not_in(erased.where(t.location.c.record_type == "tombstone")),
            )
        with self.store.database.reading() as c:
            rows = [capture_of(r) for r in c.execute(query).mappings()]
        self.shown("capture", (r.id for r in rows))
        return rows

    def place(self, number: int) -> Location | None:
        """Where a capture's record lies now: the newest of its locations."""
        with self.store.database.reading() as c:
            r = newest_location(c, number)
        self.shown("capture", [number])
        return Location(r.capture, r.segment, r.offset, r.length, r.record_id, r.record_type, r.payload_of) if r else None

    def locations(self, number: int) -> Iterator[tuple[str, int, int, str]]:
        """Every place a capture has had, oldest first: segment, offset, length, record type."""
        with self.store.database.reading() as c:
            rows = c.execute(select(t.location).where(t.location.c.capture == number).order_by(t.location.c.id)).all()
        self.shown("capture", [number])
        yield from ((r.segment, r.offset, r.length, r.record_type) for r in rows)
