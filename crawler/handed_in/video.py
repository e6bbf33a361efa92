"""A video, kept whole and not decoded: nothing here looks at what it shows."""

from __future__ import annotations

from crawler.handed_in._parts import Contents, File

KIND = "video"


def is_mine(file: File) -> bool:
    return bool(_mime(file.head))


def read(file: File) -> Contents:
    return Contents(KIND, file.body, _mime(file.head))


def _mime(head: bytes) -> str:
    """By the mark that the container begins with: ISO base media, Matroska, AVI, MPEG, Ogg, Flash."""
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:10] == b"qt" else "video/mp4"
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "video/quicktime"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head[:4] in (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3") or (
        head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] == b"\x47"
    ):
        return "video/mpeg"
    return "video/ogg" if head[:4] == b"OggS" else "video/x-flv" if head[:4] == b"FLV\x01" else ""
