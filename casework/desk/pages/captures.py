"""Captures: what a server answered, a browser made or somebody handed in, with the page as it was and the very bytes."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from casework.desk import small
from casework.desk.pages.pictures import kept, kind_of
from casework.desk.settings import Action
from casework.desk.visit import Forbidden, Visit, allowed
from casework.export.pages import is_page
from casework.replay import policy, replay
from casework.sightings import may_tell_who
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Capture, CaptureKind, Sighting

router = APIRouter()
Viewer = Annotated[Visit, allowed(Action.listing_view)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
REPLAYED = 800  # pixels of the longer side of a picture in a replay


@router.get("/captures/{number}")
def capture(visit: Viewer, number: Number) -> Response:
    with visit.reading("capture show") as reader:
        found = seen(visit, reader, number)
        shots = reader.parts_of(number, CaptureKind.screenshot)
        place = reader.place(number)
        numbers = sorted({reading.listing for reading in reader.readings(capture=number)})
        listings = reader.summaries(numbers=numbers, limit=len(numbers)) if numbers else []
    gone = place is None or place.record_type == "tombstone"
    return visit.page(
        "captures/capture.html", capture=found, shots=shots, place=place, gone=gone, page=is_page(found) and not gone, listings=listings
    )


@router.get("/captures/{number}/replay")
def replayed(visit: Viewer, number: Number) -> Response:
    """The page as it was, for a frame: of an origin of its own, without scripts, without connections."""
    nonce = secrets.token_urlsafe(16)
    with visit.reading("capture replay") as reader:
        found = replay(reader, seen(visit, reader, number), nonce, lambda sha256: _picture(visit, sha256))
    return HTMLResponse(found.text, headers={"Content-Security-Policy": policy(nonce), "X-Frame-Options": "SAMEORIGIN"})


def _picture(visit: Visit, sha256: str) -> bytes:
    return small.picture(visit.desk.small, visit.store, sha256, REPLAYED)


@router.get("/captures/{number}/screenshot")
def screenshot(visit: Viewer, number: Number) -> Response:
    with visit.reading("capture screenshot") as reader:
        found = seen(visit, reader, number)
        if found.kind is not CaptureKind.screenshot:
            raise HTTPException(404)
        data = reader.payload(number)
    return kept(data, f"capture-{number}.png", kind_of(data))


@router.get("/captures/{number}/bytes")
def exact(visit: Viewer, number: Number) -> Response:
    """The bytes as they came over the wire, as a file to keep: what leaves the store so is in the log as a disclosure."""
    with visit.reading("capture bytes") as reader:
        found = seen(visit, reader, number)
        if not visit.may(Action.informant_view) and may_tell_who(found, _told(reader, found)):
            raise Forbidden(Action.informant_view)
        data = reader.payload(number)
        reader.disclose("a file of this person's", {"capture": number, "sha256": found.body_digest})
    return kept(data, f"capture-{number}.bin")


def _told(reader: Acting, found: Capture) -> list[Sighting]:
    numbers = [number for number in (found.id, found.part_of) if number is not None]
    return reader.sightings(captures=numbers)


def seen(visit: Visit, reader: Acting, number: int) -> Capture:
    """The capture, where this person may see it: what was handed in with a sighting is for whom sightings are, of their own authority."""
    chain: list[Capture] = []
    at: int | None = number
    while at is not None:
        try:
            chain.append(reader.capture(at))
        except TouchstoneError:
            raise HTTPException(404) from None
        at = chain[-1].part_of
    told = reader.sightings(captures=[each.id or 0 for each in chain])
    handed_in = any(each.kind is CaptureKind.handed_in for each in chain)
    if any(each.authority not in visit.sightings for each in told) or (handed_in and not visit.sightings):
        raise HTTPException(404)
    return chain[0]
