"""Bytes of strangers as a picture, within limits: what every room that opens one goes through.

A format is told by its first bytes and only those of FORMATS are tried, whatever a file is called. A JPEG and a PNG are cut to what
is needed to draw them before a decoder sees them: EXIF, XMP, profiles, comments, embedded pictures and whatever is appended go, and so
do the attacks that live there; which way up the picture is, is read by our own few lines. A file that is cut off is refused, never
filled up: fingerprints of a grey half would say "examined, nothing found" of a picture nobody saw. Colour profiles are not applied.

What the limits cannot stop: a decoder is C code and is asked only between its reads, of 64 KiB. WebP, AVIF and TIFF are decoded in one
call, bounded by the pixels alone; a picture at the limit takes up to 1 GB while it is open. A JPEG damaged in the middle, and a PNG
made with too few rows, are drawn with what is missing: their decoders warn at most, and Pillow does not pass that on.
A decoder that crashes takes its process with it; a pass with a pool of workers goes on without that picture (detectors/pairs.py).
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 64 * 2**20
MOST_PIXELS = 60_000_000
MOST_SIDE = 20_000  # pixels; a phone's panorama has 16,000
MOST_SECONDS = 20.0  # of this thread's processor time, so that a busy machine changes no answer
MOST_SCANS = 100  # of a progressive JPEG, each of which goes over every pixel; encoders write about ten
MOST_PARTS = 100_000  # segments of a JPEG, chunks of a PNG

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")  # none that runs a program to be opened
_FIRST = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}  # fmt: skip
_OTHERS = (
    (b"%PDF-", "a PDF"), (b"PK\x03\x04", "a ZIP archive"), (b"\xff\x0a", "a JPEG XL picture"), (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"), (b"\0\0\0\x0cjP", "a JPEG 2000 picture"), (b"8BPS", "a Photoshop file"),
    (b"%!PS", "PostScript"), (b"\xc5\xd0\xd3\xc6", "PostScript"), (b"\0\0\1\0", "an icon"), (b"\x1a\x45\xdf\xa3", "a video"),
)  # fmt: skip
_HEIF = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan: neither a stuffed FF nor a restart
_JPEG_KEPT = frozenset((0xE0, 0xEE))  # JFIF and Adobe: they say what the colours mean


class Unreadable(ValueError):
    """Bytes that cannot be opened as a picture; the text says why. `mime` and `size` as far as they were seen."""

    def __init__(self, why: str, mime: str = "", size: tuple[int, int] | None = None) -> None:
        super().__init__(why)
        self.mime, self.size = mime, size


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture whose pixels Pillow has yet to decode, its size as stored, and EXIF's orientation (1 to 8) to turn it by."""

    image: Image.Image
    mime: str
    size: tuple[int, int]
    orientation: int


@contextmanager
def opening(data: bytes) -> Iterator[Opened]:
    """The picture behind the bytes, its first frame where it has many. It is decoded in the `with` block, where whatever a decoder raises
    is Unreadable; MemoryError alone goes through, since it tells of the machine."""
    from PIL import Image, ImageFile, UnidentifiedImageError

    if not data:
        raise Unreadable("0 bytes")
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{len(data)} bytes, more than {MOST_BYTES}")
    form, other = _format(data)
    if not form:
        raise Unreadable(f"not a picture that can be opened: {other}")
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint sets it for the whole process; nothing here wants a half made up
    mime, size = f"image/{form.lower()}", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large picture is refused below, damaged metadata is not read
            drawn, orientation = _drawn(form, data)
            with Image.open(_Source(drawn), formats=[form]) as image:
                size = image.size
                if max(size) > MOST_SIDE:
                    raise Unreadable(f"{size[0]} x {size[1]} pixels, a side of more than {MOST_SIDE}")
                if size[0] * size[1] > MOST_PIXELS:
                    raise Unreadable(f"{size[0]} x {size[1]} pixels, more than {MOST_PIXELS}")
                if form in ("WEBP", "AVIF"):
                    orientation = _orientation(image.info.get("exif", b""))
                yield Opened(image, mime, size, orientation)
    except Unreadable as why:
        why.mime, why.size = why.mime or mime, why.size or size
        raise
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit, which comes before ours where a picture is very large
        raise Unreadable(f"more than {MOST_PIXELS} pixels: {error}", mime) from error
    except UnidentifiedImageError as error:  # the first bytes of a format, and nothing of it behind them; or a Pillow built without it
        raise Unreadable(f"not a picture that can be opened: it begins like a {form}", mime) from error
    except Exception as error:  # each decoder has errors of its own
        raise Unreadable(f"cannot be opened to its end: {type(error).__name__}: {error}"[:300], mime, size) from error


class _Source(io.BytesIO):
    """What a decoder reads from, and only so long."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._until = thread_time() + MOST_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if thread_time() > self._until:
            raise Unreadable(f"cannot be opened within {MOST_SECONDS:g} seconds of processor time")
        return super().read(size)


def _format(data: bytes) -> tuple[str, str]:
    """(format of FORMATS, what it is otherwise), one of them ""."""
    for first, name in _FIRST.items():
        if data.startswith(first):
            return name, ""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP", ""
    if data[4:8] == b"ftyp":  # ISO 14496-12: the file's brand, a version, and those it is compatible with
        brands = {data[at : at + 4] for at in (8, *range(16, min(int.from_bytes(data[:4], "big"), 256), 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF", ""
        if brands & _HEIF:
            return "", "a HEIC picture, which cannot be opened here; a JPEG of it can"
        return "", "a video"
    head = data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"<"):
        return "", "an SVG drawing" if b"<svg" in head and b"<html" not in head else "a web page"
    return "", next((name for first, name in _OTHERS if data.startswith(first)), "of no known kind")


def _drawn(form: str, data: bytes) -> tuple[bytes, int]:
    """What is needed to draw the picture, and its orientation where the format keeps it apart (1 otherwise)."""
    if form == "JPEG":
        return _jpeg(data)
    if form == "PNG":
        return _png(data)
    return data, 1


def _jpeg(data: bytes) -> tuple[bytes, int]:
    """Segment by segment (ITU-T T.81, annex B) to the end of the first picture."""
    out, at, orientation, scans = bytearray(data[:2]), 2, 0, 0
    for _ in range(MOST_PARTS):
        at = data.find(b"\xff", at)
        while at >= 0 and data[at : at + 1] == b"\xff":
            at += 1
        if at < 0 or at >= len(data):
            raise Unreadable(_cut_off(data))
        marker = data[at]
        if marker == 0xD9:
            return bytes(out) + b"\xff\xd9", orientation or 1
        if marker in (0x00, 0x01, 0xD8) or 0xD0 <= marker <= 0xD7:  # no segments, and nothing that belongs here
            continue
        end = at + 1 + int.from_bytes(data[at + 1 : at + 3], "big")
        if marker == 0xE1 and not orientation and data.startswith(b"Exif\0\0", at + 3):
            orientation = _orientation(data[at + 3 : end])
        if marker == 0xDA:
            scans += 1
            if scans > MOST_SCANS:
                raise Unreadable(f"a JPEG of more than {MOST_SCANS} scans")
            following = _MARKER.search(data, end)
            if following is None:
                raise Unreadable(_cut_off(data))
            end = following.start()
        if marker in _JPEG_KEPT or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            out += b"\xff" + data[at:end]
        at = end
    raise Unreadable(f"a JPEG of more than {MOST_PARTS} segments")


def _png(data: bytes) -> tuple[bytes, int]:
    """The chunks without which it cannot be drawn (W3C PNG, clauses 5 and 11), its transparency, and none after its end."""
    out, at, orientation = bytearray(data[:8]), 8, 1
    for _ in range(MOST_PARTS):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data) or len(kind) < 4:
            raise Unreadable(_cut_off(data))
        if kind[:1].isupper() or kind == b"tRNS":
            out += data[at:end]
        elif kind == b"eXIf":
            orientation = _orientation(data[at + 8 : end - 4])
        if kind == b"IEND":
            return bytes(out), orientation
        at = end
    raise Unreadable(f"a PNG of more than {MOST_PARTS} chunks")


def _orientation(exif: bytes) -> int:
    """The orientation that EXIF states (CIPA DC-008 § 4.6.4); 1, upright, where it states none that can be read."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _cut_off(data: bytes) -> str:
    return f"cannot be opened to its end: it is cut off after {len(data)} bytes"
