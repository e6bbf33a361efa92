"""Pages as they were captured, in two forms: the exact bytes as text, and a view that is safe to open.

A captured page is hostile until shown otherwise: its scripts could run on the reader's machine, and its pictures tell the seller
that somebody is looking. So the bytes carry a `.txt` suffix, under which nothing runs; and the view shows them inside a frame with
an empty sandbox (no scripts, no forms, no pop-ups, no moving on by itself) under a content policy, which the frame inherits, that
allows no connection. Chromium (seen with 156) still opens bare connections, which tell the seller our address, for `<link rel=preconnect>` and for
frames that the policy then refuses, and links invite clicks: so in the view, and there only, the names of such elements are changed
to ones that mean nothing. A tag cannot be written but by its literal name, so that this needs no parser that could be outwitted.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from casework import verify
from store.words.records import Capture, CaptureKind

PAGE_KINDS, MOST = (
    verify.PAGE_KINDS,
    verify.MOST,
)  # MOST: bytes of a page, or of anything that has to be decoded; a longer one is in the archive alone
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


_LIVE = re.compile(r"<(/?)(?=(?:a|area|base|embed|fencedframe|form|frame|frameset|iframe|link|meta|object|portal)[\s/>])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A capture's document: its bytes with the Content-Encoding undone, and the same as text."""

    body: bytes
    text: str
    charset: str
    exact: bool  # whether every byte was a character of that charset


def inert(text: str) -> str:
    """A page's text for its view: `<a href=…>` becomes `<x-a href=…>`, and so with all that could connect or lead away."""
    return _LIVE.sub(r"<\1x-", text)


def is_page(capture: Capture) -> bool:
    return verify.is_page(str(capture.kind), capture.response_headers)


def header(capture: Capture, name: str) -> str:
    return verify.header_of(capture.response_headers, name)


def coding(capture: Capture) -> str:
    """The Content-Encoding in which a capture's bytes were kept; "" for none. What a browser or a person gave has none any more."""
    if capture.kind in (CaptureKind.rendered, CaptureKind.handed_in, CaptureKind.screenshot):
        return ""
    named = header(capture, "content-encoding").strip().lower()
    return "" if named == "identity" else named


def undo_encoding(payload: bytes, capture: Capture) -> bytes | None:
    """The bytes as the browser would have them; None for an encoding that cannot be undone here, and for more than MOST bytes."""
    named = coding(capture)
    try:
        if not named:
            return payload
        if named in ("gzip", "x-gzip"):
            return _inflated(payload, zlib.MAX_WBITS | 16)
        if named == "deflate":
            try:
                return _inflated(payload, zlib.MAX_WBITS)
            except zlib.error:
                return _inflated(payload, -zlib.MAX_WBITS)
        if named == "br":
            import brotli  # comes with the crawler

            unpack = brotli.Decompressor()
            out = unpack.process(payload, output_buffer_limit=MOST)
            return bytes(out) if unpack.is_finished() else None
    except Exception:  # whatever a broken body makes a decoder raise, the bytes are in the archive
        return None
    return None


def _inflated(payload: bytes, bits: int) -> bytes | None:
    out = b""
    while payload and len(out) < MOST:  # members of gzip may follow one another
        unpack = zlib.decompressobj(bits)
        out += unpack.decompress(payload, MOST - len(out))
        if not unpack.eof:
            return None
        payload = unpack.unused_data
    return out if not payload else None


def decode(body: bytes, capture: Capture) -> Page:
    """As text: by byte order mark, by the header, by the page's own word, else UTF-8. Bytes that are none become U+FFFD."""
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", header(capture, "content-type"), re.IGNORECASE)
    meta = _META.search(body[:4096])
    candidates = [name for mark, name in _MARKS if body.startswith(mark)]
    candidates += [named[1]] if named else []
    candidates += [meta[1].decode("ascii")] if meta else []
    for charset in [*candidates, "utf-8"]:
        try:
            return Page(body, body.decode(charset), charset, True)
        except (LookupError, UnicodeError, ValueError):
            continue
    return Page(body, body.decode("utf-8", "replace"), "utf-8", False)
