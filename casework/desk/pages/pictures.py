"""Pictures: a kept image as it is, made smaller for a page, and beside another with what agrees drawn.

A page that shows pictures lists them in its own event. A picture's request is checked (who is signed in, and that the image is none of a
sighting that they may not see); the bytes as they were kept are an event of their own.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk import small
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.words.opening import Unreadable, opening

router = APIRouter()
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
ALONE = "sandbox; default-src 'none'"  # of what was kept: nothing runs in it and it asks for nothing, however a browser reads it
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif", "image/bmp": "bmp"}


@router.get("/pictures/{sha256}")
def picture(
    visit: Annotated[Visit, allowed(Action.listing_view)], sha256: Digest, size: Annotated[int, Query(ge=0, le=10_000)] = 0, download: bool = False
) -> Response:  # fmt: skip
    """A kept image: with `size` made smaller (a JPEG of at most 200, 400, 800 or 1,600 pixels), without it the very bytes."""
    _may_see(visit, sha256)
    if size:
        return kept(
            small.picture(visit.desk.small, visit.store, sha256, small.fitting(size)), f"picture-{sha256[:12]}-small.jpg", "image/jpeg"
        )
    with visit.reading("picture") as reader:
        reader.images([sha256])
        data = reader.image_bytes(sha256)
    mime = kind_of(data)
    ending = ENDINGS.get(mime, "bin")
    return kept(data, f"picture-{sha256[:12]}.{ending}", mime, attached=download or ending == "bin")


@router.get("/pictures/{sha256}/beside/{other}")
def beside(visit: Annotated[Visit, allowed(Action.listing_view)], sha256: Digest, other: Digest, place: bool = False) -> Response:
    """Two kept images side by side, with what agrees joined by lines."""
    for each in (sha256, other):
        _may_see(visit, each)
    return kept(small.drawing(visit.desk.small, visit.store, sha256, other, place), f"match-{sha256[:12]}-{other[:12]}.png", "image/png")


def _may_see(visit: Visit, sha256: str) -> None:
    if not visit.store.picture_may_be_seen(sha256, visit.sightings):
        raise HTTPException(404)


def kind_of(data: bytes) -> str:
    """Its kind by its first bytes, of those that a browser shows; "" for anything else."""
    try:
        with opening(data) as found:
            return found.mime if found.mime in ENDINGS else ""
    except Unreadable:
        return ""


def kept(data: bytes, name: str, mime: str = "", *, attached: bool = False) -> Response:
    """Bytes that are not ours, under a name that is: shown alone where `mime` says what they are, or as a file to keep."""
    disposition = f'{"attachment" if attached or not mime else "inline"}; filename="{name}"'
    headers = {"Content-Security-Policy": ALONE, "Content-Disposition": disposition}
    return Response(data, media_type="application/octet-stream" if attached or not mime else mime, headers=headers)
