"""Sightings: what officers saw, partners sent and the public told. Added from a phone; who told one is kept apart and shown for a reason alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import sightings
from casework.desk.app import Entry
from casework.desk.downloads import download
from casework.desk.plainly import in_words_of
from casework.desk.settings import Action
from casework.desk.uploads import as_files, uploads_in
from casework.desk.visit import Forbidden, Row, Visit, allowed, posted
from casework.tasking import reduced
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Informant, Sighting, Told

router = APIRouter()
NAV = Entry("Sightings", "/sightings", Action.sighting_view, 55)
UPLOADS = ("/sightings",)
PAGE, MOST_FILES = 25, 20
TOLD = {Told.officer: "An officer saw it", Told.partner: "A partner told it", Told.public: "A member of the public told it"}
TOLD_AS = {str(told): told for told in Told}
LABELS = {
    "note": "What did you see, or what was said?", "place": "Where?", "seen_at": "When was it seen?", "title": "Title", "price": "Price asked",
    "seller": "Seller’s name", "phone": "Seller’s phone", "brand": "Brand that the goods bear", "obtained": "How were the files obtained?",
    "url": "Address of a page", "informant_name": "Name of who told it", "informant_contact": "How to reach them", "informant_note": "What else is to be known of them",
}  # fmt: skip


@router.get("/sightings")
def all_of_them(visit: Annotated[Visit, allowed(Action.sighting_view)], told: str = "", before: Row = 0) -> Response:
    side = TOLD_AS.get(told)
    with visit.reading("sighting list") as reader:
        found = reader.sightings(told=side, after=max(0, before), limit=PAGE + 1, authority=visit.authority, newest=True)[: PAGE + 1]
        listed = {s.listing.id: s for s in reader.summaries(numbers=[f.listing for f in found[:PAGE]], limit=PAGE)} if found else {}
    more = f"/sightings?told={side or ''}&before={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return visit.page("sightings/list.html", found=found[:PAGE], listed=listed, told=side or "", sides=TOLD, more=more)


@router.get("/sightings/new")
def new(visit: Annotated[Visit, allowed(Action.sighting_add)]) -> Response:
    return _form(visit, {"told": Told.officer})


@router.post("/sightings")
def add(visit: Annotated[Visit, allowed(Action.sighting_add)], form: Annotated[FormData, Depends(posted)]) -> Response:
    given = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    try:
        told = TOLD_AS.get(given.get("told", ""), Told.officer)
        said = sightings.Statement(told, *(given.get(name, "") for name in ("note", "title", "place", "seen_at", "price", "seller", "phone", "brand", "obtained", "url")))  # fmt: skip
        who = Informant(0, given.get("informant_name", ""), given.get("informant_contact", ""), given.get("informant_note", ""))
        with as_files(uploads_in(form, "files", MOST_FILES)) as paths:
            added = sightings.add(
                visit.store, visit.home, said, paths, by=visit.actor, informant=who if who.name or who.contact or who.note else None
            )
    except TouchstoneError as error:
        return _form(visit, given, *in_words_of(LABELS, _named(str(error))), bool(uploads_in(form, "files", 1000)))
    reference = added.sighting.reference
    number = len(added.sighting.claims.get("files", []))
    files = "" if not number else ", with 1 file as it came" if number == 1 else f", with {number} files as they came"
    text = f"Sighting {reference} is kept{files}. It is examined when the next scan runs."
    warned = "".join(f" {warning[:1].upper()}{warning[1:]}." for warning in added.warnings)
    return visit.go(
        f"/sightings/{added.sighting.id}" if visit.may(Action.sighting_view) else "/sightings/new",
        text + warned,
        "important" if warned else "success",
    )


@router.get("/sightings/{number:int}")
def one(visit: Annotated[Visit, allowed(Action.sighting_view)], number: int) -> Response:
    with visit.reading("sighting show") as reader:
        found = _found(reader, number, visit)
    return _one(visit, found)


@router.get("/sightings/{number:int}/files/{file:int}")
def original(visit: Annotated[Visit, allowed(Action.sighting_view)], number: int, file: int) -> Response:
    """The file as it was handed in, byte for byte. Never shown: whatever it is, the browser keeps it and opens nothing.

    Of what the public or a partner sent it may say who took it and where, so that it takes the right to see an informant.
    """
    with visit.reading("sighting file") as reader:
        found = _found(reader, number, visit)
        if not _may_have_original(visit, found["sighting"]):
            raise Forbidden(Action.informant_view)
        kept = _file(found, file)
        body = reader.payload(kept["capture"])
        reader.disclose("file", {"capture": kept["capture"]})
    return download(body, f"{found['sighting'].reference}-{file}-{kept['name']}", "application/octet-stream")


@router.get("/sightings/{number:int}/pictures/{file:int}")
def picture(visit: Annotated[Visit, allowed(Action.sighting_view)], number: int, file: int) -> Response:
    """A picture drawn anew from its pixels for the page, without a byte of what was handed in; the original stays as it came."""
    with visit.reading("sighting picture") as reader:
        kept = _file(_found(reader, number, visit), file)
        drawn = reduced(reader.payload(kept["capture"])) if kept["kind"] == "picture" else None
    if drawn is None:
        raise HTTPException(404)
    return Response(drawn, media_type="image/jpeg")


@router.post("/sightings/{number:int}/informant")
def informant(
    visit: Annotated[Visit, allowed(Action.informant_view)], number: int, why: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Who told it: the answer to the form itself, so that no address shows it and no look is without its reason."""
    if not why.strip():
        with visit.reading("sighting show") as reader:
            found = _found(reader, number, visit)
        return _one(visit, found, 400, "Say why you must know who told it.")
    with visit.reading("sighting informant", why) as reader:
        told = _sighting(reader, number, visit)
        who = reader.informant(number)
    return visit.page("sightings/informant.html", s=told, who=who, why=why)


def _may_have_original(visit: Visit, sighting: Sighting) -> bool:
    return sighting.told is Told.officer or visit.may(Action.informant_view)


def _one(visit: Visit, found: Mapping[str, Any], status: int = 200, error: str = "") -> Response:
    about = {name: found[name] for name in ("listing", "files", "read")}
    return visit.page(
        "sightings/one.html", status, s=found["sighting"], told=TOLD, originals=_may_have_original(visit, found["sighting"]), error=error, **about
    )  # fmt: skip


def _sighting(reader: Acting, number: int, visit: Visit) -> Sighting:
    found = reader.sightings(after=number - 1, limit=1, authority=visit.authority)
    if not found or found[0].id != number:
        raise HTTPException(404)
    return found[0]


def _found(reader: Acting, number: int, visit: Visit) -> dict[str, Any]:
    return sightings.shown(reader, _sighting(reader, number, visit).reference, visit.authority)


def _file(found: Mapping[str, Any], number: int) -> dict[str, Any]:
    if not 1 <= number <= len(found["files"]):
        raise HTTPException(404)
    file: dict[str, Any] = found["files"][number - 1]
    return file


def _named(error: str) -> str:
    """Without the folder in which an upload lay for a moment."""
    return re.sub(r"\S*/touchstone-[^/\s]+/\d+/", "", error)


def _form(visit: Visit, given: dict[str, str], error: str = "", wrong: str = "", lost_files: bool = False) -> Response:
    most = visit.desk.settings.upload_bytes // 1_000_000
    return visit.page("sightings/new.html", 400 if error else 200, given=given, error=error, wrong=wrong, lost_files=lost_files, labels=LABELS, sides=TOLD, most=most, most_files=MOST_FILES)  # fmt: skip
