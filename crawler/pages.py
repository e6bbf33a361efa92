"""A kept capture as the response that a parser reads: the same at the crawl, on resuming it and on reading again."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from scrapy.http import Headers, HtmlResponse, Response
from scrapy.responsetypes import responsetypes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from store.secrets import redact_url
from store.words.records import Capture

MAX_DECODED = 64 * 2**20  # a few kilobytes of gzip can stand for gigabytes


class Page(HtmlResponse):
    """A page to be parsed, with the time at which its answer had come: what "yesterday" on it counts from."""

    attributes: tuple[str, ...] = (*HtmlResponse.attributes, "captured_at")

    def __init__(self, *args: Any, captured_at: datetime | None = None, **kwargs: Any) -> None:
        self.captured_at = captured_at
        super().__init__(*args, **kwargs)


def response_of(capture: Capture, payload: bytes, flags: Sequence[str] = ()) -> Response:
    """The answer as it came over the wire, content-encoding and all, of the class that Scrapy would have made."""
    headers: dict[str, list[str]] = {}
    for name, value in capture.response_headers:
        headers.setdefault(name, []).append(value)
    made = responsetypes.from_args(headers=Headers(headers), url=capture.url_final, body=payload)
    return made(capture.url_final, status=capture.status, headers=headers, body=payload, flags=list(flags))


def page_of(capture: Capture, body: bytes) -> Page:
    """A page to be parsed: decoded body, and the address without its secrets, so that what is read never depends on them."""
    kind = next((value for name, value in capture.response_headers if name.lower() == "content-type"), "text/html")
    return Page(
        redact_url(capture.url_final),
        status=capture.status,
        headers={"Content-Type": kind},
        body=body,
        encoding=charset_of(kind, body),
        captured_at=capture.ended_at,
    )


def charset_of(content_type: str, body: bytes) -> str:
    """The charset by the HTML standard's order: byte order mark, header, <meta>; else UTF-8 where it is that, else Windows-1252.

    Windows-1252, too, where UTF-8 is stated and not one of the page's signs is written so: a browser shows marks there, and the words
    are lost. Scrapy would guess by statistics where none is stated, and guess otherwise with another version of the library it asks.
    """
    bom = read_bom(body)[0]
    stated = bom or http_content_type_encoding(content_type) or html_body_declared_encoding(body)
    if stated and (bom or stated != "utf-8" or not _is_no_utf8(body)):
        return stated
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _is_no_utf8(body: bytes) -> bool:
    """Whether bytes beyond ASCII are there and none is part of a sign in UTF-8; an answer that was cut off within one does not count."""
    signs = body.decode("utf-8", "ignore").isascii()
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return signs and not (error.reason == "unexpected end of data" and len(body) - error.start < 4)
    return False


def decoded(capture: Capture, payload: bytes) -> bytes:
    """The body without its content-encodings. Raises ValueError where it is not what it says, or expands beyond measure."""
    return undone(",".join(value for name, value in capture.response_headers if name.lower() == "content-encoding"), payload)


def undone(encodings: str, payload: bytes) -> bytes:
    """A body without the content-encodings of a header's value, the last applied taken off first. Raises ValueError as `decoded` does."""
    for encoding in reversed([e for each in encodings.split(",") if (e := each.strip().lower()) and e != "identity"]):
        payload = _decode(payload, encoding)
    return payload


def decoded_digest(capture: Capture, payload: bytes) -> str:
    """SHA-256 of the body without its content-encodings; "" where they cannot be undone, and where there is none: it is that of the wire."""
    if not any(name.lower() == "content-encoding" for name, _ in capture.response_headers):
        return ""
    try:
        return sha256(decoded(capture, payload)).hexdigest()
    except ValueError:
        return ""


def _decode(body: bytes, encoding: str) -> bytes:
    from scrapy.utils import _compression as compression  # the very decoders that the crawl used

    if not body:
        return body
    try:
        if encoding in ("gzip", "x-gzip"):
            from scrapy.utils.gz import gunzip

            return bytes(gunzip(body, max_size=MAX_DECODED))
        if encoding == "deflate":
            return bytes(compression._inflate(body, max_size=MAX_DECODED))
        if encoding == "br":
            return bytes(compression._unbrotli(body, max_size=MAX_DECODED))
        if encoding == "zstd":
            return bytes(compression._unzstd(body, max_size=MAX_DECODED))
    except (OSError, EOFError, zlib.error, gzip.BadGzipFile, compression._DecompressionMaxSizeExceeded) as error:
        raise ValueError(f"the body is not {encoding}: {error}") from None
    raise ValueError(f"content-encoding '{encoding}' is not known")
