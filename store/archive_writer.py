"""Appending to the archive: one process, one writer, one segment at a time; nothing secret is written, nothing half written kept."""

from __future__ import annotations

import fcntl
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType

from store.secrets import redact_body, redact_headers, redact_url
from store.warc import ArchiveError, Placed, Unsound, digest, http_block, moment, next_whole, pack, target, walk

Fields = Iterable[tuple[str, str]]
SEGMENT = re.compile(r"(?P<stem>(?P<name>\w[\w.+-]*)-(?P<number>\d{5,}))(?:-r(?P<rewrite>\d+))?\.warc\.gz", re.ASCII)
_DIGESTS = ("warc-block-digest", "warc-payload-digest")
_OURS = frozenset(["warc-type", "warc-record-id", "warc-date", "warc-target-uri", "content-length", "content-type", *_DIGESTS])
_TEXT_PROTOCOLS = ("HTTP/1.0", "HTTP/1.1")
_REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


class InUse(ArchiveError):
    """A writer has the segment."""


class ArchiveWriter:
    """Appends records to the segments of one name. Every address, header and request body passes through `store.secrets`.

    A record is on the disk when its place is returned, or when `together` ends. After a failed write the writer is closed: the
    next one repairs the tail.
    """

    def __init__(self, folder: Path, name: str, max_segment: int) -> None:
        if not SEGMENT.fullmatch(f"{name}-00001.warc.gz"):
            raise ArchiveError(f"{name!r} cannot name a segment: letters, digits, points and hyphens only")
        self.folder, self.name, self.max_segment = folder, name, max_segment
        self.repaired = ""  # or what was done about a broken tail
        self._turn = threading.Lock()
        self._file: FileIO | None = None
        self._end = self._head = 0
        self._last = -1  # where the newest answer begins, while it may still be taken back
        self._together = False
        folder.mkdir(parents=True, exist_ok=True)
        self._number = max((number for number, _ in self._segments()), default=0)
        if not self._number or not self._reopen():
            self._begin()

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the segment go. Nothing is left to be written: each record was on the disk before its place was returned."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several records flushed to the disk at once: none of them is there for certain before this ends."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
            with self._turn:
                self._flush()
        if self._file is None:
            raise ArchiveError(f"the writer of {self.name} was closed by a failed write: none of these records may be relied on")

    def response(
        self,
        *,
        uri: str,
        date: datetime,
        status: int,
        response_headers: Fields,
        payload: bytes,
        reason: str = "",
        http_version: str = "HTTP/1.1",
        method: str = "GET",
        request_headers: Fields = (),
        request_body: bytes | None = None,
        server_ip: str | None = None,
        extra: Mapping[str, str] = {},
        content_decoded: bool = False,
    ) -> Placed:
        """Keep an answer and the request that led to it; returns the answer's place.

        `payload` is the body after transfer decoding and before content decoding. A browser gives it content-decoded:
        say so, and the Content-Encoding is put aside like the other headers that are no longer true.
        """
        fields = _common(uri, date, server_ip, http_version, extra)
        fields += [("Content-Type", "application/http; msgtype=response"), ("WARC-Payload-Digest", digest(payload))]
        length = None if method.upper() == "HEAD" or status == 304 else len(payload)
        headers = _true(redact_headers(response_headers), length, content_decoded)
        answer = pack("response", fields, http_block(_status_line(http_version, status, reason), headers, payload))
        return self._append("response", answer, _request(answer[0], uri, date, method, request_headers, request_body))

    def revisit(
        self,
        *,
        uri: str,
        date: datetime,
        status: int,
        response_headers: Fields,
        refers_to_uri: str,
        refers_to_date: datetime | str,
        payload_digest: str,
        reason: str = "",
        http_version: str = "HTTP/1.1",
        method: str = "GET",
        request_headers: Fields = (),
        request_body: bytes | None = None,
        server_ip: str | None = None,
        extra: Mapping[str, str] = {},
        content_decoded: bool = False,
    ) -> Placed:
        """Keep an answer whose payload is kept already (WARC 1.1 § 6.7.2): its own HTTP head, and where the payload lies."""
        fields = _common(uri, date, server_ip, http_version, extra)
        fields += [
            ("Content-Type", "application/http; msgtype=response"),
            ("WARC-Profile", _REVISIT),
            ("WARC-Refers-To-Target-URI", target(redact_url(refers_to_uri))),
            ("WARC-Refers-To-Date", moment(refers_to_date)),
            ("WARC-Payload-Digest", payload_digest if ":" in payload_digest else f"sha256:{payload_digest}"),
        ]
        headers = _true(redact_headers(response_headers), None, content_decoded)
        answer = pack("revisit", fields, http_block(_status_line(http_version, status, reason), headers, b""))
        return self._append("revisit", answer, _request(answer[0], uri, date, method, request_headers, request_body))

    def resource(self, *, uri: str, date: datetime, mime: str, payload: bytes, extra: Mapping[str, str] = {}) -> Placed:
        """Keep bytes that no server sent as they are: a document as the browser had it, a file that was handed in."""
        fields = [*_common(uri, date, None, "", extra), ("Content-Type", mime or "application/octet-stream")]
        return self._append("resource", pack("resource", [*fields, ("WARC-Payload-Digest", digest(payload))], payload))

    def has(self, segment: str) -> bool:
        """Whether this writer holds that segment now, so that nobody else can have rewritten it."""
        return self._file is not None and segment == self.segment

    def withdraw(self, place: Placed) -> None:
        """Cut off an answer that no row will name, with its request. One that was appended behind since stays, for a rewrite to erase."""
        with self._turn:
            if self._file is not None and (place.segment, place.offset) == (self.segment, self._last):
                self._file.truncate(place.offset)
                os.fsync(self._file.fileno())
                self._end, self._last = place.offset, -1

    def _segments(self) -> list[tuple[int, str]]:
        found = (SEGMENT.fullmatch(path.name) for path in self.folder.iterdir())
        return [(int(m["number"]), m[0]) for m in found if m and m["name"] == self.name]

    def _append(self, kind: str, *records: tuple[str, bytes]) -> Placed:
        data = b"".join(member for _, member in records)
        with self._turn:
            if self._file is not None and self._end > self._head and self._end + len(data) > self.max_segment:
                self._begin()
            if self._file is None:
                raise ArchiveError(f"the writer of {self.name} is closed; a new one repairs what its last write may have left")
            start = self._end
            self._write(data)
            self._last = start
        return Placed(self.segment, start, len(records[0][1]), records[0][0], kind)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            write_all(self._file, data)
        except BaseException:
            self.close()
            raise
        self._end += len(data)
        if not self._together:
            self._flush()

    def _flush(self) -> None:
        try:
            if self._file is not None:
                os.fsync(self._file.fileno())
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """A new segment, opened by its warcinfo record; the lock of the one before is held until this one's is."""
        self._number += 1
        self.segment = f"{self.name}-{self._number:05}.warc.gz"
        path = self.folder / self.segment
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640), "ab")
        lock(file, path)
        self._flush()
        self.close()
        self._file, self._end = file, 0
        self._open_with_warcinfo()
        sync_folder(self.folder)

    def _open_with_warcinfo(self) -> None:
        about = f"software: touchstone-scanner\r\nformat: WARC File Format 1.1\r\nisPartOf: {self.name}\r\n"
        fields = [("WARC-Date", moment(datetime.now(UTC))), ("WARC-Filename", self.segment), ("Content-Type", "application/warc-fields")]
        self._write(pack("warcinfo", fields, about.encode())[1])
        self._head = self._end

    def _reopen(self) -> bool:
        """Take the newest segment if it may be appended to, its torn tail cut off. False: it was rewritten or is damaged."""
        self.segment = f"{self.name}-{self._number:05}.warc.gz"
        path = self.folder / self.segment
        if not path.exists():
            return False
        file = FileIO(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC), "ab+")
        lock(file, path)
        end, problem = _soundness(file, self.segment)
        rewritten = any(number == self._number and segment != self.segment for number, segment in self._segments())
        if rewritten or (problem is not None and (not problem.torn or next_whole(file, end) is not None)):
            self.repaired = (
                "" if rewritten else f"{self.segment} is damaged at {end} ({problem}); it was left as it is, and a new one begun"
            )
            file.close()
            return False
        size = file.seek(0, os.SEEK_END)
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())
            self.repaired = (
                f"{self.segment}: {size - end} bytes of a broken tail were cut back to the last whole record, which ends at {end}"
            )
        self._file, self._end, self._head = file, end, 0
        if not end:
            self._open_with_warcinfo()
        return True


def _soundness(file: FileIO, segment: str) -> tuple[int, Unsound | None]:
    """Where the last whole record before any trouble ends, and the trouble."""
    end = 0
    try:
        for placed, _ in walk(file, segment):
            end = placed.offset + placed.length
    except Unsound as error:
        return end, error
    return end, None


def lock(file: FileIO, path: Path) -> None:
    """Take the segment for this process alone, or raise ArchiveError; held until the file is closed."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        gone = not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except BlockingIOError:
        file.close()
        raise InUse(f"{path.name} is in use by another writer") from None
    if gone:
        file.close()
        raise ArchiveError(f"{path.name} was removed or replaced while it was being opened")


def write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def sync_folder(folder: Path) -> None:
    """A new name is only on the disk when its folder is (fsync(2))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _common(uri: str, date: datetime, server_ip: str | None, http_version: str, extra: Mapping[str, str]) -> list[tuple[str, str]]:
    fields = [("WARC-Target-URI", target(redact_url(uri))), ("WARC-Date", moment(date))]
    if server_ip:
        fields.append(("WARC-IP-Address", server_ip))
    if http_version and http_version not in _TEXT_PROTOCOLS:
        fields.append(("WARC-Protocol", http_version))
    if taken := [name for name in extra if name.lower() in _OURS]:
        raise ArchiveError(f"extra may not set {', '.join(taken)}: the archive sets it")
    return [*fields, *redact_headers(extra.items())]


def _status_line(http_version: str, status: int, reason: str) -> str:
    """HTTP/2 and 3 have no status line; readers know none but HTTP/1's, so that stands here and WARC-Protocol tells."""
    return f"{http_version if http_version in _TEXT_PROTOCOLS else 'HTTP/1.1'} {status:03} {reason}"


def _true(headers: Fields, length: int | None, content_decoded: bool) -> Fields:
    """The headers, those that are no longer true of the kept body set aside as X-Archive-Orig-…, in their places.

    The body is kept after transfer decoding, so a reader that believed `Transfer-Encoding: chunked` would look for chunk sizes
    in it, and one that believed a Content-Length of the compressed or chunked form would cut it off. The name is pywb's.
    """
    untrue = {"transfer-encoding"} | ({"content-encoding"} if content_decoded else set())

    def set_aside(name: str, value: str) -> bool:
        lowered = name.strip().lower()
        return lowered in untrue or (lowered == "content-length" and length is not None and value.strip() != str(length))

    return [(f"X-Archive-Orig-{name.strip()}" if set_aside(name, value) else name, value) for name, value in headers]


def _request(answer_id: str, uri: str, date: datetime, method: str, headers: Fields, body: bytes | None) -> tuple[str, bytes]:
    headers = redact_headers(headers)
    mime = next((value for name, value in headers if name.lower() == "content-type"), "")
    body = redact_body(body, mime) if body else b""
    path = re.sub(r"^[a-z]+://[^/?#]*", "", target(redact_url(uri))).partition("#")[0]
    line = f"{method.upper()} {path if path.startswith('/') else '/' + path} HTTP/1.1"
    fields = [
        ("WARC-Target-URI", target(redact_url(uri))),
        ("WARC-Date", moment(date)),
        ("WARC-Concurrent-To", answer_id),
        ("Content-Type", "application/http; msgtype=request"),
        ("WARC-Payload-Digest", digest(body)),
    ]
    return pack("request", fields, http_block(line, _true(headers, len(body), content_decoded=False), body))
