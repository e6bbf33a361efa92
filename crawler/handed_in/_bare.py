"""A picture without what its camera or a program wrote beside it: EXIF, XMP, IPTC, comments. The picture itself is the same to the last bit,
and a photograph taken upright still says so: which way up a picture is tells nothing of anybody, and detectors turn it by that.

For what the public or a partner hands in: the position, the owner's name and the serial number of a camera tell who took the picture.
JPEG (ITU-T T.81, annex B), PNG (W3C PNG, clause 11) and WebP (RFC 9649) are cut at their own segments, so that nothing is encoded again.
"""

from __future__ import annotations

import io
import struct

from PIL import ExifTags
from PIL import Image as Pillow

_JPEG_KEPT = frozenset((0xE0, 0xE2, 0xEE))  # JFIF, the colour profile, Adobe's colour transform: without them the colours differ
_PNG_DROPPED = frozenset((b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"))
_WEBP_DROPPED = frozenset((b"EXIF", b"XMP "))
_WEBP_FLAGS = 0b00001100  # VP8X: EXIF and XMP are there


def bare(body: bytes) -> bytes | None:
    """The picture's bytes without them, the very same bytes where there were none; None for a format that cannot be cut."""
    try:
        if body.startswith(b"\xff\xd8\xff"):
            return _jpeg(body)
        if body.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(body)
        if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            return _webp(body)
    except (struct.error, IndexError, OSError, SyntaxError, ValueError):
        return None
    return None


def _jpeg(body: bytes) -> bytes | None:
    out, at = [body[:2]], 2
    while body[at] == 0xFF:
        marker = body[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:  # from here on it is the picture; what follows its end is dropped with the rest
            end = body.rfind(b"\xff\xd9")
            return b"".join([*out, *_turned(body), body[at : end + 2]]) if end > at else None
        length = struct.unpack(">H", body[at + 2 : at + 4])[0]
        drop = (0xE0 <= marker <= 0xEF and marker not in _JPEG_KEPT) or marker == 0xFE
        multi_picture = marker == 0xE2 and not body.startswith(b"ICC_PROFILE\0", at + 4)
        if not drop and not multi_picture:
            out.append(body[at : at + 2 + length])
        at += 2 + length
    return None


def _turned(body: bytes) -> list[bytes]:
    """An EXIF segment (CIPA DC-008 § 4.5) that holds the orientation and nothing else; none where the picture is not turned."""
    with Pillow.open(io.BytesIO(body), formats=["JPEG"]) as picture:
        orientation = picture.getexif().get(ExifTags.Base.Orientation.value, 1)
    if not isinstance(orientation, int) or not 2 <= orientation <= 8:
        return []
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return [b"\xff\xe1" + struct.pack(">H", 8 + len(tiff)) + b"Exif\0\0" + tiff]


def _png(body: bytes) -> bytes:
    out, at = [body[:8]], 8
    while at < len(body):
        length, kind = struct.unpack(">I4s", body[at : at + 8])
        if kind not in _PNG_DROPPED:
            out.append(body[at : at + 12 + length])
        at += 12 + length
        if kind == b"IEND":
            break
    return b"".join(out)


def _webp(body: bytes) -> bytes:
    out, at = list[bytes](), 12
    while at + 8 <= len(body):
        kind, length = struct.unpack("<4sI", body[at : at + 8])
        chunk = body[at : at + 8 + length + (length & 1)]
        if kind == b"VP8X" and chunk[8] & _WEBP_FLAGS:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_FLAGS]) + chunk[9:]
        if kind not in _WEBP_DROPPED:
            out.append(chunk)
        at += 8 + length + (length & 1)
    inner = b"WEBP" + b"".join(out)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner
