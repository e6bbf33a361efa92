"""A picture: a photograph or a screenshot. What its EXIF says of time, position and camera is kept as a claim: anybody can write it."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import ExifTags
from PIL import Image as Pillow

from crawler.handed_in._parts import Contents, File, Part, Role, printable
from store.words.opening import FORMATS

KIND = "picture"
_TAGS = {
    "camera_time": ("DateTimeOriginal", "DateTimeDigitized", "DateTime"),
    "camera_offset": ("OffsetTimeOriginal", "OffsetTime"),
    "camera_make": ("Make",),
    "camera_model": ("Model",),
    "software": ("Software",),
    "author": ("Artist", "CameraOwnerName"),
}
_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")


def is_mine(file: File) -> bool:
    return _opened(file.body) or (file.body[4:8] == b"ftyp" and file.body[8:12] in _BRANDS)


def read(file: File) -> Contents:
    """The picture as its only part, with its claims; a format that this program cannot open is kept all the same, and said."""
    if not _opened(file.body):
        return Contents(KIND, file.body, "image/heic", (), {}, ("a HEIC picture, which cannot be opened here: hand in a JPEG of it too",))
    mime, claims = _look(file.body)
    return Contents(KIND, file.body, mime, (Part(file.path.name, file.body, mime, Role.picture),), claims)


def claims_of(body: bytes) -> dict[str, Any]:
    """What a picture's EXIF says of time, position and camera; {} of bytes that are no picture."""
    return _look(body)[1] if _opened(body) else {}


def _opened(body: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Pillow.open(io.BytesIO(body), formats=FORMATS).close()
    except Exception:  # whatever a hostile file makes the library raise, it is then no picture of ours
        return False
    return True


def _look(body: bytes) -> tuple[str, dict[str, Any]]:
    claims: dict[str, Any] = {}
    with warnings.catch_warnings(), Pillow.open(io.BytesIO(body), formats=FORMATS) as picture:
        warnings.simplefilter("ignore")
        mime = Pillow.MIME.get(picture.format or "", "application/octet-stream")
        try:
            exif = picture.getexif()
            said = {**dict(exif), **exif.get_ifd(ExifTags.IFD.Exif)}
            position = exif.get_ifd(ExifTags.IFD.GPSInfo)
        except Exception:  # EXIF is written by anybody: what cannot be read claims nothing
            return mime, claims
    for name, tags in _TAGS.items():
        for tag in tags:
            if name not in claims and (value := said.get(getattr(ExifTags.Base, tag).value)):
                claims[name] = printable(value, 120)
    if where := _position(position):
        claims["camera_position"] = where
    return mime, claims


def _position(gps: dict[int, Any]) -> str:
    """Latitude and longitude in degrees, WGS 84, as the camera wrote them; "" where it did not."""
    try:
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude]) * (-1 if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else 1)
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude]) * (-1 if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError, OverflowError):
        return ""
    return f"{lat:.5f}, {lon:.5f}" if abs(lat) <= 90 and abs(lon) <= 180 else ""


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
