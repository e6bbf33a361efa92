"""A WARC file, compressed or not: each answer in it is a part. Cookies and keys in its headers are replaced, as in our own archive."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.handed_in._parts import MAX_PART, WITHHELD, Budget, Contents, Damaged, File, Part, Role, is_exchange, printable, role_of, web
from crawler.pages import MAX_DECODED, undone
from store.secrets import redact_body, redact_headers, redact_url

KIND = "warc"
UNTRUE = frozenset(("content-length", "warc-block-digest", "warc-payload-digest"))  # of a record whose headers were changed


def is_mine(file: File) -> bool:
    if file.body.startswith(b"WARC/"):
        return True
    if not file.body.startswith(b"\x1f\x8b"):
        return False
    try:
        return zlib.decompressobj(31).decompress(file.body[:65536], 16).startswith(b"WARC/")
    except zlib.error:
        return False


def read(file: File) -> Contents:
    """The answers as parts; the file as it is where it holds no secret, else written again without them, as far as it can be read."""
    budget = Budget()
    records, parts, problem = records_of(file.body, budget)
    if not records:
        raise Damaged(f"no record of it can be read{f': {problem}' if problem else ''}")
    secret = any(record.changed for record in records)
    damaged = bool(problem)
    body = written(records) if secret or damaged else file.body
    problems = [problem] if problem else []
    return Contents(KIND, body, "application/warc", tuple(parts), {}, tuple(problems), redacted=body != file.body)


class Record:
    """One record as it is to be kept: its fields, its block, and whether a secret was taken out of either."""

    def __init__(self, fields: list[tuple[str, str]], block: bytes, changed: bool) -> None:
        self.fields, self.block, self.changed = fields, block, changed


def records_of(body: bytes, budget: Budget) -> tuple[list[Record], list[Part], str]:
    """Every record, every answer as a part, and what stopped the reading ("" where nothing did)."""
    records: list[Record] = []
    parts: list[Part] = []
    try:
        for raw in ArchiveIterator(io.BytesIO(body)):
            record, part = _one(raw, budget, len(records) + 1)
            records.append(record)
            if part is not None:
                parts.append(part)
    except Damaged as error:
        return records, parts, str(error)
    except (ArchiveLoadFailed, ValueError, OSError, EOFError, zlib.error, KeyError, AttributeError, TypeError, IndexError) as error:
        return records, parts, f"after record {len(records)} it cannot be read, and what follows was not kept: {printable(error, 120)}"
    torn = body.startswith(b"\x1f\x8b") and _is_torn(body)
    return records, parts, f"after record {len(records)} it is cut off" if torn else ""


def _is_torn(body: bytes) -> bool:
    """Whether the last gzip member has no end: of it warcio reads nothing and says nothing."""
    at = 0
    try:
        while at < len(body):
            member = zlib.decompressobj(31)
            while not member.eof:
                chunk = body[at : at + (1 << 16)]
                if not chunk:
                    return True
                member.decompress(chunk, 1 << 20)
                while member.unconsumed_tail and not member.eof:
                    member.decompress(member.unconsumed_tail, 1 << 20)
                at += len(chunk) - len(member.unused_data)
    except zlib.error:
        return True
    return False


def _one(raw: Any, budget: Budget, number: int) -> tuple[Record, Part | None]:
    fields = [(str(name), str(value)) for name, value in raw.rec_headers.headers]
    url = raw.rec_headers.get_header("WARC-Target-URI") or ""
    at = printable(raw.rec_headers.get_header("WARC-Date") or "")
    payload = raw.raw_stream.read(MAX_PART + 1)
    if len(payload) > MAX_PART:
        raise Damaged(f"record {number} is larger than {MAX_PART >> 20} MiB; it and what follows were not kept")
    if getattr(raw.raw_stream, "limit", 0) > 0:  # warcio takes a record that was cut off for a short one
        raise Damaged(f"record {number} is cut off; it was not kept")
    budget.take(len(payload))
    safe = redact_headers(fields)
    if raw.http_headers is None:
        part = Part(f"record-{number}", payload, raw.content_type or "application/octet-stream", Role.other, web(url), at)
        resource = raw.rec_type in ("resource", "conversion")
        part = Part(part.name, payload, part.mime, role_of(part.mime, payload), part.url, at) if resource else part
        return Record(list(safe), payload, list(safe) != fields), part if resource else None
    headers = [(str(name), str(value)) for name, value in raw.http_headers.headers]
    clean = list(redact_headers(headers))
    first = f"{raw.http_headers.protocol} {raw.http_headers.statusline}".strip()
    line = redact_url(first)
    kept = payload
    if raw.rec_type == "request":
        kept = redact_body(payload, _header(clean, "content-type")) if payload else payload
    elif is_exchange(url):
        kept = WITHHELD if payload else payload
    head = "\r\n".join([line, *(f"{name}: {value}" for name, value in clean)])
    block = head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + kept
    changed = (list(safe), clean, line, kept) != (fields, headers, first, payload)
    record = Record(list(safe), block, changed)
    if raw.rec_type != "response" or is_exchange(url):
        return record, None
    return record, _answer(raw, payload, clean, number, web(url), at, budget)


def _answer(raw: Any, payload: bytes, headers: list[tuple[str, str]], number: int, url: str, at: str, budget: Budget) -> Part:
    body = _decoded(payload, _header(headers, "content-encoding"), _header(headers, "transfer-encoding"))
    budget.take(len(body))
    mime = _header(headers, "content-type") or "application/octet-stream"
    status = raw.http_headers.get_statuscode()
    code = int(status) if status and status.isdigit() else 0
    role = role_of(mime, body) if 200 <= code < 300 else Role.other
    return Part(f"record-{number}", body, mime, role, url, at, code)


def _decoded(payload: bytes, content: str, transfer: str) -> bytes:
    """The body without its encodings, within bounds; as it is where they cannot be undone. Raises Damaged for a bomb."""
    payload = _unchunked(payload) if "chunked" in transfer.lower() else payload
    try:
        return undone(content, payload)
    except ValueError as error:
        if "MaxSize" in type(error.__context__).__name__:
            raise Damaged(f"an answer in it expands beyond {MAX_DECODED >> 20} MiB; it and what follows were not kept") from None
        return payload


def _unchunked(payload: bytes) -> bytes:
    """RFC 9112 § 7.1, as far as it goes; archives that were made of a browser say "chunked" of bodies that are not."""
    out, rest = list[bytes](), payload
    while rest:
        size, gap, after = rest.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            return payload if not out else b"".join(out)
        if not gap or not length:
            break
        out.append(after[:length])
        rest = after[length + 2 :]
    return b"".join(out)


def _header(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def written(records: list[Record]) -> bytes:
    """Records as a WARC file, a gzip member each; lengths as they now are, digests that no longer hold left out."""
    return b"".join(_members(records))


def _members(records: list[Record]) -> Iterator[bytes]:
    for record in records:
        drop = UNTRUE if record.changed else UNTRUE - {"warc-payload-digest"}
        fields = [f"{name}: {value}" for name, value in record.fields if name.lower() not in drop]
        head = "\r\n".join(["WARC/1.1", *fields, f"Content-Length: {len(record.block)}"]).encode("utf-8", "surrogateescape")
        yield gzip.compress(head + b"\r\n\r\n" + record.block + b"\r\n\r\n", mtime=0)
