"""Where a picture says that it was taken: the position in its EXIF, with the accuracy that the camera gives. A claim: anybody can write one.

EXIF 2.32 (CIPA DC-008), the GPS tags: latitude and longitude in degrees of WGS 84, GPSHPositioningError in metres, GPSDOP. JPEG only, and only
what its first segments hold; marketplaces take EXIF out as a rule, so that what is left is a seller's own site or a file handed in.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Fingerprint

ALGORITHM, VERSION = "camera_position", "1"
UNSTATED_M = 50.0  # a phone between houses, where it does not say how exact it is
METRES_PER_DOP = 5.0  # user range error of GPS: the standard positioning service's performance standard, 5th edition, has 5 m and less
MOST_SEGMENTS = 20


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees of WGS 84, and within how many metres that is so as far as the camera says."""

    lat: float
    lon: float
    within_m: float


def position_of(body: bytes) -> Position | None:
    """The position that a JPEG's EXIF states; None where there is none that can be read. Never raises for what a file holds."""
    from PIL import ExifTags, Image

    for segment in _exif_segments(body):
        found = None
        with suppress(Exception), warnings.catch_warnings():  # whatever a stranger's EXIF makes the library raise, it then states none
            warnings.simplefilter("ignore")
            exif = Image.Exif()
            exif.load(segment)
            found = _stated(exif.get_ifd(ExifTags.IFD.GPSInfo))
        if found:
            return found
    return None


def _stated(gps: dict[int, Any]) -> Position | None:
    from PIL.ExifTags import GPS

    lat, lon = _degrees(gps, GPS.GPSLatitude), _degrees(gps, GPS.GPSLongitude)
    error, dop = (float(gps.get(tag) or 0) for tag in (GPS.GPSHPositioningError, GPS.GPSDOP))
    within = error or dop * METRES_PER_DOP or UNSTATED_M
    fits = all(map(math.isfinite, (lat, lon, within))) and abs(lat) <= 90 and abs(lon) <= 180 and within > 0
    return Position(round(lat, 6), round(lon, 6), round(within, 1)) if fits and (lat or lon) else None  # 0, 0 stands for none


def _degrees(gps: dict[int, Any], tag: int) -> float:
    degrees, minutes, seconds = (float(part) for part in gps[tag])
    sign = -1 if str(gps.get(tag - 1, "")).strip("\0 ").upper() in ("S", "W") else 1  # the reference stands one tag before
    return sign * (degrees + minutes / 60 + seconds / 3600)


def _exif_segments(body: bytes) -> Iterator[bytes]:
    """The APP1 segments with EXIF before the picture itself (ITU-T T.81, annex B): at most 64 KiB each."""
    at = 2
    for _ in range(MOST_SEGMENTS if body.startswith(b"\xff\xd8") else 0):
        if body[at : at + 1] != b"\xff" or body[at + 1 : at + 2] in (b"\xda", b"\xd9", b""):
            return
        end = at + 2 + int.from_bytes(body[at + 2 : at + 4], "big")
        if body[at + 1] == 0xE1 and body.startswith(b"Exif\0\0", at + 4):
            yield body[at + 4 : end]
        at = end


def positions(reader: Acting, digests: Iterable[str]) -> dict[str, Position]:
    """Of each image that states one its position. Each file is opened once: what was read is kept as a derived row of the image."""
    wanted = sorted(set(digests))
    kept = reader.store.fingerprints(ALGORITHM, VERSION, wanted) if wanted else {}
    new = []
    for digest in wanted:
        if digest not in kept:
            try:
                found = position_of(reader.image_bytes(digest))
            except TouchstoneError:
                continue  # erased, or never fetched: nothing is kept of it
            said = json.dumps([found.lat, found.lon, found.within_m] if found else [])
            new.append(Fingerprint(digest, ALGORITHM, VERSION, said))
    reader.store.keep_fingerprints(new)
    values = {each.image_sha256: json.loads(each.value) for each in [*kept.values(), *new]}
    return {digest: Position(*value) for digest, value in values.items() if value}
