"""Bytes in WARC files: append, fsync, read back by offset, verify, erase. What one record looks like is in warc.py.

A segment is one file of at most 256 MB; the store's location rows say at which offset a capture's record lies, so that reading
is one seek. Only whole records that were flushed to the disk are ever given a place.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from store.archive_writer import SEGMENT, ArchiveWriter, InUse, lock, sync_folder, write_all
from store.warc import ERASED, PIECE, ArchiveError, Kept, Placed, Streamed, Unsound, inflate, moment, next_whole, pack, unpack, walk

SAYING = frozenset({"response", "resource", "revisit", "request"})  # the types of record that hold what somebody said
UNNAMED = "no row of the store names this record"

__all__ = ["Archive", "ArchiveError", "ArchiveWriter", "InUse", "Kept", "Placed"]


class Archive:
    """A folder of segments. Reading takes no lock; one writer at a time has a segment."""

    def __init__(self, folder: Path, max_segment: int = 256 * 2**20) -> None:
        self.folder = folder
        self.max_segment = max_segment

    def segments(self) -> list[str]:
        """Every segment's file name, in order."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if SEGMENT.fullmatch(path.name))

    def writer(self, name: str) -> ArchiveWriter:
        """Append to the newest segment of this name, its tail repaired, or to a new one."""
        return ArchiveWriter(self.folder, name, self.max_segment)

    def read(self, segment: str, offset: int, length: int) -> Kept:
        """The record at that place. Raises ArchiveError unless it is whole and its digests match."""
        with self._open(segment) as file:
            try:
                found, data = inflate(file, offset)
                if found != length:
                    raise Unsound(f"the record is {found} bytes long, not {length}")
                return unpack(data)
            except Unsound as error:
                raise ArchiveError(f"{segment} at {offset}: {error}") from None

    @contextmanager
    def stream(self, segment: str, offset: int, length: int | None) -> Iterator[Streamed]:
        """The record at that place, to be read in pieces. Raises ArchiveError, at the latest at its end, unless it is whole and its digests match."""
        with self._open(segment) as file:
            try:
                yield Streamed(file, offset, length)
            except Unsound as error:
                raise ArchiveError(f"{segment} at {offset}: {error}") from None

    def raw(self, segment: str, offset: int, length: int) -> Iterator[bytes]:
        """A record's bytes as they lie in the segment, in pieces."""
        with self._open(segment) as file:
            file.seek(offset)
            while length and (piece := file.read(min(4 * PIECE, length))):
                length -= len(piece)
                yield piece
        if length:
            raise ArchiveError(f"{segment}: the record at {offset} is cut off")

    def request_after(self, segment: str, offset: int, length: int, answer: str) -> tuple[str, int] | None:
        """The id and the length of the record of the request that follows an answer at that place, if one does. Raises ArchiveError."""
        with self._open(segment) as file:
            try:
                follows = Streamed(file, offset + length)
            except Unsound:  # the end of the segment
                return None
            if follows.record_type != "request" or follows.warc_headers.get("WARC-Concurrent-To") != answer:
                return None
            try:
                for _ in follows:
                    pass
            except Unsound as error:
                raise ArchiveError(f"{segment} at {offset + length}: {error}") from None
        return follows.record_id, follows.length or 0

    def records(self, segment: str) -> Iterator[tuple[Placed, Kept]]:
        """Every record of a segment in order. Raises ArchiveError at the first that is not whole."""
        end = 0
        with self._open(segment) as file:
            try:
                for placed, kept in walk(file, segment):
                    end = placed.offset + placed.length
                    yield placed, kept
            except Unsound as error:
                raise ArchiveError(f"{segment} at {end}: {error}") from None

    def verify(self) -> list[str]:
        """Read every record of every segment. Each problem in words, with segment and offset; [] when all is sound."""
        problems = []
        for segment in self.segments():
            with self._open(segment) as file:
                at: int | None = 0
                if not os.fstat(file.fileno()).st_size:
                    problems.append(f"{segment} at 0: the file is empty")
                    continue
                while at is not None:
                    start, at = at, None
                    try:
                        for placed, _ in walk(file, segment, start):
                            start = placed.offset + placed.length
                    except Unsound as error:
                        problems.append(f"{segment} at {start}: {error}")
                        at = next_whole(file, start)
        return problems

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One erasure at a time: the next waits here. The kernel lets the lock go when a process dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / ".erasing", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def generations(self, segment: str) -> list[str]:
        """The files there are of a segment: it and its rewrites, the newest last."""
        self._path(segment)
        found = [m for m in map(SEGMENT.fullmatch, [segment, *self.segments()]) if m]
        same = {int(m["rewrite"] or 0): m[0] for m in found[1:] if m["stem"] == found[0]["stem"]}
        return [same[number] for number in sorted(same)]

    def rewrite(self, segment: str, erase: Mapping[str, str], known: Collection[str] | None = None) -> list[Placed]:
        """Write the segment anew with tombstones for the records `erase` names (id → reason) and for the requests that led to them.

        With `known`, an answer that neither names becomes a tombstone too: a crash left it behind, or a later record took its place.
        Every other record's bytes are copied untouched. The old file stays: the caller commits the new places, then removes it.
        Nothing is ever appended to a segment that has been rewritten. Raises ArchiveError for an id that is not there.
        """
        new = self._rewritten(segment)
        part = self.folder / f".{new}.part"
        with self._open(segment) as old:
            lock(old, self.folder / segment)
            try:
                with part.open("wb", buffering=0) as out:
                    moved = _copy(old, segment, out, new, erase, known)
                    os.fsync(out.fileno())
                part.rename(self.folder / new)
            finally:
                part.unlink(missing_ok=True)  # half a copy must not outlive an erasure
        sync_folder(self.folder)
        return moved

    def remove(self, segment: str) -> None:
        """Delete a segment that was rewritten, once the new places are committed."""
        with self._open(segment) as file:
            lock(file, self.folder / segment)
            (self.folder / segment).unlink()
        sync_folder(self.folder)

    def _path(self, segment: str) -> Path:
        if not SEGMENT.fullmatch(segment):  # the name comes out of a database row: it must not lead out of the folder
            raise ArchiveError(f"{segment!r} is not the name of a segment")
        return self.folder / segment

    def _open(self, segment: str) -> FileIO:
        try:
            return FileIO(self._path(segment), "rb")
        except FileNotFoundError:
            raise ArchiveError(f"{segment}: there is no such segment in {self.folder}") from None

    def _rewritten(self, segment: str) -> str:
        found = [m for m in map(SEGMENT.fullmatch, [segment, *self.generations(segment)]) if m]
        return f"{found[0]['stem']}-r{1 + max(int(m['rewrite'] or 0) for m in found)}.warc.gz"


def _copy(old: FileIO, segment: str, out: FileIO, new: str, erase: Mapping[str, str], known: Collection[str] | None = None) -> list[Placed]:
    moved: list[Placed] = []
    missing = set(erase)
    at = end = 0
    try:
        for placed, kept in walk(old, segment):
            end = placed.offset + placed.length
            missing -= {kept.record_id, placed.erased}
            cause = kept.record_id
            if kept.record_type == "request" and cause not in erase:
                cause = kept.warc_headers.get("WARC-Concurrent-To", "")
            unnamed = known is not None and kept.record_type in SAYING and cause not in known
            if cause in erase or unnamed:
                record_id, member = _tombstone(kept, erase.get(cause, UNNAMED))
                moved.append(Placed(new, at, len(member), record_id, "tombstone", kept.record_id))
            else:
                old.seek(placed.offset)
                member = old.read(placed.length)
                moved.append(Placed(new, at, placed.length, placed.record_id, placed.record_type, placed.erased))
            at += len(member)
            write_all(out, member)
    except Unsound as error:
        if not error.torn or next_whole(old, end) is not None:  # a torn tail never was given a place: it is left behind
            raise ArchiveError(f"{segment} at {end}: {error}; nothing was erased") from None
    if missing:
        raise ArchiveError(f"{segment} holds no record {', '.join(sorted(missing))}; nothing was erased")
    return moved


def _tombstone(kept: Kept, reason: str) -> tuple[str, bytes]:
    """What stays of an erased record: which it was, of what kind, why it went, and an answer's digest.

    The digest has a name of its own: a WARC-Payload-Digest would have to be that of the tombstone's bytes. A request's is not
    kept: what is posted is often as short as a telephone number, and could be guessed from its digest.
    """
    about = {"erased": kept.record_id, "erased-type": kept.record_type, "erased-date": kept.date, "reason": " ".join(reason.split())}
    fields = [
        ("WARC-Target-URI", ERASED),
        ("WARC-Date", moment(datetime.now(UTC))),
        ("WARC-Refers-To", kept.record_id),
        ("Content-Type", "application/warc-fields"),
    ]
    payload_digest = kept.warc_headers.get("WARC-Payload-Digest")
    if payload_digest and kept.record_type != "request":
        fields.append(("WARC-Touchstone-Erased-Payload-Digest", payload_digest))
    return pack("metadata", fields, "".join(f"{name}: {value}\r\n" for name, value in about.items()).encode("utf-8", "replace"))
