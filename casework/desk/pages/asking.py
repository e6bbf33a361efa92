"""Dropping a photo: its copies, and other pictures of its room. The photo is held in memory while its answer is looked at, and not kept."""

from __future__ import annotations

import io
from typing import Annotated

from fastapi import APIRouter, File, Path, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import alike
from casework.desk import small
from casework.desk.pages.pictures import Digest, kept
from casework.desk.passing import MINUTES, Question
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.words.opening import Unreadable

router = APIRouter()
UPLOADS = ("/listings/picture",)
Viewer = Annotated[Visit, allowed(Action.listing_view)]
Token = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{10,40}$")]
DRAWN = 12  # of each kind, with what agrees joined by lines


@router.get("/listings/picture")
def form(visit: Viewer) -> Response:
    return visit.page("listings/picture.html", error="", minutes=MINUTES)


@router.post("/listings/picture")
def ask(visit: Viewer, photo: Annotated[UploadFile | None, File()] = None) -> Response:
    """Looks for the photo's copies and its room. What it is called is not read, and its bytes are decoded within the limits of every picture."""
    try:
        data = photo.file.read() if photo is not None else b""
        if not data:
            raise TouchstoneError("Choose a photo first.")
        png = _pixels(data)
        answer = alike.ask(visit.store, visit.home, data)
    except TouchstoneError as error:
        return visit.page("listings/picture.html", 400, error=str(error), minutes=MINUTES)
    return visit.go(f"/listings/picture/{visit.desk.passing.keep(visit.actor, png, answer)}")


@router.get("/listings/picture/{token}")
def answered(visit: Viewer, token: Token) -> Response:
    question = _question(visit, token)
    with visit.reading("picture search") as reader:
        copies = alike.shown(visit.store, reader, question.answer.copies, visit.sightings)
        places = alike.shown(visit.store, reader, question.answer.places, visit.sightings)
    return visit.page(
        "listings/asked.html", token=token, answer=question.answer, copies=copies, places=places, drawn=DRAWN, minutes=MINUTES
    )


@router.get("/listings/picture/{token}/own")
def own(visit: Viewer, token: Token) -> Response:
    return kept(small.encoded(_question(visit, token).png, 800), "asked.jpg", "image/jpeg")


@router.get("/listings/picture/{token}/beside/{sha256}")
def beside(visit: Viewer, token: Token, sha256: Digest, place: bool = False) -> Response:
    """The photo beside a kept image of its answer, with what agrees drawn."""
    question = _question(visit, token)
    found = question.answer.places if place else question.answer.copies
    if sha256 not in {like.sha256 for like in found} or not visit.store.picture_may_be_seen(sha256, visit.sightings):
        raise HTTPException(404)
    png = small.drawn_beside(visit.desk.small, visit.store, question.png, sha256, place)
    return kept(png, f"match-{sha256[:12]}.png", "image/png")


def _question(visit: Visit, token: str) -> Question:
    found = visit.desk.passing.get(token, visit.actor)
    if found is None:
        raise TouchstoneError(
            f"That photo is not held any more: photos that are looked for are kept for {MINUTES} minutes. Choose it again."
        )
    return found


def _pixels(data: bytes) -> bytes:
    """What the matching sees of a photo, as a PNG: nothing of the file itself is held."""
    from detectors.pictures import prints
    from detectors.pictures.opening import opened

    out = io.BytesIO()
    try:
        opened(data, prints.LONGEST).save(out, "PNG", compress_level=1)
    except Unreadable as error:
        raise TouchstoneError(f"That file cannot be looked for: {error}.") from None
    return out.getvalue()
