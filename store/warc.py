"""One WARC record (ISO 28500:2017, WARC 1.1) as the gzip member that it is on disk: packed by warcio, unpacked strictly.

The digests are SHA-256 in hexadecimal, as `Capture.body_digest` is: they are set here before warcio sees the record, which
then adds none of its own SHA-1. Unpacking is not warcio's, because that takes a record which was cut off for a short one.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import IO
from urllib.parse import quote
from uuid import uuid4

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from store.errors import TouchstoneError

ERASED = "urn:touchstone:erased"
# RFC 1952's ten bytes of head lie outside its checksum; ours are always these, so that a flipped bit in them is seen too.
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"
SAMPLE = 4096  # bytes that tell whether the rest can be compressed
Fields = Iterable[tuple[str, str]]


class ArchiveError(TouchstoneError):
    """The archive cannot give, or take, what was asked; names the segment and the offset."""


class Unsound(Exception):
    """No whole record lies here. `torn`: it only ends too early, as a crash leaves it; otherwise bytes were changed."""

    def __init__(self, reason: str, torn: bool = False) -> None:
        super().__init__(reason)
        self.torn = torn


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a record lies. A tombstone says in `erased` which record it stands for; its own id is `record_id`."""

    segment: str
    offset: int
    length: int  # of the gzip member, in bytes
    record_id: str
    record_type: str
    erased: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a record says. `payload` is what came over the wire: still content-encoded, the HTTP head taken off."""

    record_type: str
    record_id: str
    uri: str
    date: str
    status: int | None
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    warc_headers: dict[str, str]


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def moment(when: datetime | str) -> str:
    """A WARC-Date: UTC, to the microsecond (WARC 1.1 § 5.4). A time without a zone is refused, not guessed at."""
    if isinstance(when, str):
        return _line(when)
    if when.tzinfo is None:
        raise ArchiveError("a time without a zone was given to the archive; times are aware UTC")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def target(uri: str) -> str:
    """`uri` fit for a WARC header: no blank or control character can begin a line of its own there."""
    uri = re.sub(r"[\x00-\x20\x7f]", lambda m: quote(m[0]), uri.strip())
    return re.sub(r"^https?:", lambda m: m[0].lower(), uri, flags=re.IGNORECASE)


def _line(text: str) -> str:
    """Ends of lines become blanks. No pattern looks for the blanks around them: of a header with thousands that takes minutes."""
    lines = re.split(r"[\r\n\x00]+", text)
    if len(lines) > 1:
        text = " ".join(filter(None, (lines[0].rstrip(), *map(str.strip, lines[1:-1]), lines[-1].lstrip())))
    return text.strip(" \t")


def _encode(text: str) -> bytes:
    """The bytes as they came, if the caller decoded them as UTF-8 with surrogateescape; never an error."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def http_block(first_line: str, headers: Fields, body: bytes) -> bytes:
    """An HTTP message. warcio would percent-encode header bytes beyond ASCII; here they stay as they were."""
    lines = [_encode(_line(first_line)), *(_encode(_line(name)) + b": " + _encode(_line(value)) for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def pack(kind: str, fields: Fields, block: bytes) -> tuple[str, bytes]:
    """A new record's id and its gzip member."""
    record_id = f"<urn:uuid:{uuid4()}>"
    headers = [("WARC-Type", kind), ("WARC-Record-ID", record_id)]
    headers += [(_line(name), _encode(_line(value)).decode("utf-8", "replace")) for name, value in fields]
    headers.append(("WARC-Block-Digest", digest(block)))
    # Called a warcinfo, whatever it is, since of that warcio writes the block as it stands: it leaves out a revisit's, and adds
    # a SHA-1 of the payload to a metadata record.
    record = ArcWarcRecord("warc", "warcinfo", StatusAndHeaders("", headers, protocol="WARC/1.1"), BytesIO(block), None, None, len(block))
    out = BytesIO()
    WARCWriter(out, gzip=False).write_record(record)
    return record_id, _member(out.getvalue())


def _member(data: bytes) -> bytes:
    """One gzip member. What is compressed already (a picture, a content-encoded page) is stored: trying again would only take time."""
    middle = data[len(data) // 2 :][:SAMPLE]
    fresh = len(middle) < SAMPLE or len(zlib.compress(middle, 1)) < 0.95 * SAMPLE
    squeeze = zlib.compressobj(9 if fresh else 0, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return GZIP_HEAD + (squeeze.compress(data) + squeeze.flush())[len(GZIP_HEAD) :]


def inflate(file: IO[bytes], offset: int) -> tuple[int, bytes]:
    """The length of the gzip member at `offset`, and what it holds. Raises Unsound."""
    file.seek(offset)
    decompress = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    seen = 0
    while not decompress.eof:
        chunk = file.read(1 << 16)
        if not seen and not chunk.startswith(GZIP_HEAD):
            torn = GZIP_HEAD.startswith(chunk) or _ends_unwritten(file)
            raise Unsound("the file is cut off here" if torn else "no record begins here", torn)
        if not chunk:
            raise Unsound("the record is cut off", torn=True)
        seen += len(chunk)
        try:
            parts.append(decompress.decompress(chunk))
        except zlib.error as error:
            raise Unsound(f"the compressed bytes are damaged ({error})", _ends_unwritten(file)) from None
    return seen - len(decompress.unused_data), b"".join(parts)


def _ends_unwritten(file: IO[bytes]) -> bool:
    """Whether the file ends in zeros: a power cut can leave a file longer than what was written; no gzip member ends so."""
    end = file.seek(0, 2)
    file.seek(max(0, end - 64))
    return not any(file.read())


def _fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition(b":") for line in lines)
    return tuple((_text(name.strip()), _text(value.strip(b" \t"))) for name, _, value in pairs)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def unpack(data: bytes) -> Kept:
    """The record in a member's bytes. Raises Unsound unless it is whole and its digests are those of its bytes."""
    head, gap, rest = data.partition(b"\r\n\r\n")
    if not gap:
        raise Unsound("half a record", torn=True)
    lines = head.split(b"\r\n")
    named: dict[str, str] = {}
    for name, value in _fields(lines[1:]):
        named.setdefault(name, value)
    if lines[0] != b"WARC/1.1" or not named.get("Content-Length", "").isdecimal():
        raise Unsound("this is not a WARC 1.1 record")
    length = int(named["Content-Length"])
    if len(rest) < length + 4:
        raise Unsound("half a record", torn=True)
    if rest[length:] != b"\r\n\r\n":
        raise Unsound("the record is longer than it says")
    block = payload = rest[:length]
    if named.get("WARC-Block-Digest") != digest(block):
        raise Unsound("the bytes of the record do not match its WARC-Block-Digest")
    kind = named.get("WARC-Type", "")
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    if named.get("Content-Type", "").startswith("application/http"):
        status, headers, payload = _http(block)
    if kind != "revisit" and named.get("WARC-Payload-Digest", digest(payload)) != digest(payload):
        raise Unsound("the payload does not match its WARC-Payload-Digest")
    uri = named.get("WARC-Target-URI", "")
    if kind == "metadata" and uri == ERASED:
        kind = "tombstone"
    return Kept(kind, named.get("WARC-Record-ID", ""), uri, named.get("WARC-Date", ""), status, headers, payload, named)


def _http(block: bytes) -> tuple[int | None, tuple[tuple[str, str], ...], bytes]:
    head, gap, payload = block.partition(b"\r\n\r\n")
    if not gap:
        raise Unsound("the HTTP head has no end")
    lines = head.split(b"\r\n")
    answer = re.match(rb"HTTP/\S+ (\d{3})\b", lines[0])
    return int(answer[1]) if answer else None, _fields(lines[1:]), payload


PIECE = 1 << 18  # bytes read at a time
LONGEST_HEAD = 1 << 22  # of a record and of the message in it, each


class Streamed:
    """A record that is read in pieces, however long it is: its heads at once, its payload by iterating over it once.

    Raises Unsound, at the latest at the end, unless the record is whole and its digests are those of its bytes. `payload_digest`,
    `payload_length` and, where it was not given, the `length` of its gzip member are known then.
    """

    def __init__(self, file: IO[bytes], offset: int, length: int | None = None) -> None:
        self._file, self.length, self._seen = file, length, 0
        self._squeezed = zlib.decompressobj(zlib.MAX_WBITS | 16)
        file.seek(offset)
        if not (start := file.read(len(GZIP_HEAD))).startswith(GZIP_HEAD):
            raise Unsound("no record begins here")
        self._kept, self._pending = b"", start
        head = self._until(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.warc_headers: dict[str, str] = {}
        for name, value in _fields(lines[1:]):
            self.warc_headers.setdefault(name, value)
        if lines[0] != b"WARC/1.1" or not self.warc_headers.get("Content-Length", "").isdecimal():
            raise Unsound("this is not a WARC 1.1 record")
        self._left = int(self.warc_headers["Content-Length"])
        self._block, self._payload = sha256(), sha256()
        self.status: int | None = None
        self.headers: tuple[tuple[str, str], ...] = ()
        self.payload_digest, self.payload_length = "", 0
        if self.warc_headers.get("Content-Type", "").startswith("application/http"):
            message = self._until(b"\r\n\r\n") + b"\r\n\r\n"
            self._block.update(message)
            self._left -= len(message)
            self.status, self.headers, _ = _http(message)
        self.record_type = self.warc_headers.get("WARC-Type", "")
        if self.record_type == "metadata" and self.warc_headers.get("WARC-Target-URI") == ERASED:
            self.record_type = "tombstone"
        self.record_id = self.warc_headers.get("WARC-Record-ID", "")

    def _more(self) -> bytes:
        """The next bytes out of the member, b"" at its end."""
        while not self._squeezed.eof:
            if not self._pending:
                # of a known length one byte more is asked for: that the member ends there, it says itself
                self._pending = self._file.read(PIECE if self.length is None else max(0, min(PIECE, self.length - self._seen + 1)))
                if not self._pending:
                    raise Unsound("the record is cut off", torn=True)
            self._seen += len(self._pending)
            try:
                out = self._squeezed.decompress(self._pending, 4 * PIECE)
            except zlib.error as error:
                raise Unsound(f"the compressed bytes are damaged ({error})") from None
            self._pending = self._squeezed.unconsumed_tail
            self._seen -= len(self._pending)
            if out:
                return out
        return b""

    def _until(self, mark: bytes) -> bytes:
        while (at := self._kept.find(mark)) < 0:
            more = self._more()
            if not more or len(self._kept) > LONGEST_HEAD:
                raise Unsound("half a record", torn=not more)
            self._kept += more
        head, self._kept = self._kept[:at], self._kept[at + len(mark) :]
        return head

    def __iter__(self) -> Iterator[bytes]:
        piece, self._kept = self._kept, b""
        while self._left > 0:
            if not piece and not (piece := self._more()):
                raise Unsound("half a record", torn=True)
            body, piece = piece[: self._left], piece[self._left :]
            self._left -= len(body)
            self.payload_length += len(body)
            self._block.update(body)
            self._payload.update(body)
            yield body
        self.payload_digest = self._payload.hexdigest()
        while not self._squeezed.eof or len(piece) > 4:
            more = self._more()
            if len(piece) > 4:
                raise Unsound("the record is longer than it says")
            piece += more
        end = self._seen - len(self._squeezed.unused_data)
        if self._left or piece != b"\r\n\r\n":
            raise Unsound("the record is longer than it says")
        if self.length not in (None, end):
            raise Unsound(f"the record is {end} bytes long, not {self.length}")
        self.length = end
        if self.warc_headers.get("WARC-Block-Digest") != f"sha256:{self._block.hexdigest()}":
            raise Unsound("the bytes of the record do not match its WARC-Block-Digest")
        said = self.warc_headers.get("WARC-Payload-Digest")
        if self.record_type != "revisit" and said is not None and said != f"sha256:{self.payload_digest}":
            raise Unsound("the payload does not match its WARC-Payload-Digest")


def walk(file: IO[bytes], segment: str, offset: int = 0) -> Iterator[tuple[Placed, Kept]]:
    """Each record from `offset` on. Raises Unsound at the first that is not whole; the caller knows where the last ended."""
    end = file.seek(0, 2)
    while offset < end:
        length, data = inflate(file, offset)
        kept = unpack(data)
        erased = kept.warc_headers.get("WARC-Refers-To", "") if kept.record_type == "tombstone" else ""
        yield Placed(segment, offset, length, kept.record_id, kept.record_type, erased), kept
        offset += length


def next_whole(file: IO[bytes], after: int) -> int | None:
    """Where the next whole record begins behind bytes that are none, or None: what tells damage within from a torn tail."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        at = whole.find(GZIP_HEAD, after + 1)
        while at != -1:
            try:
                unpack(inflate(file, at)[1])
            except Unsound:
                at = whole.find(GZIP_HEAD, at + 1)
            else:
                return at
    return None
