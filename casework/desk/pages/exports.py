"""Tables that leave the store: the listings, as CSV or XLSX, for a reason; each is a disclosure of the log."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from casework import extract, spreadsheets
from casework.desk.app import Entry
from casework.desk.downloads import download
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError

router = APIRouter()
NAV = Entry("Exports", "/exports", Action.listing_export, 105)
MIME = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@router.get("/exports")
def export_form(visit: Annotated[Visit, allowed(Action.listing_export)]) -> Response:
    return _form(visit)


@router.post("/exports/listings")
def export_listings(
    visit: Annotated[Visit, allowed(Action.listing_export)], why: Annotated[str, Form(max_length=300)] = "", kind: Annotated[str, Form()] = "csv",
    source: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Every listing as it last read, or one source's."""
    why = " ".join(why.split())
    try:
        if not why:
            raise TouchstoneError("Say why they are handed out, and to whom")
        if source and source not in _sources(visit):
            raise TouchstoneError("There is no such source")
        with tempfile.TemporaryFile() as file, visit.reading("listing export", why) as reader:
            number = spreadsheets.write(file, kind, extract.LISTING_COLUMNS, extract.listings(reader, source or None, visit.sightings))
            reader.disclose("file", {"rows": number, "format": kind})
            file.seek(0)
            body = file.read()
    except TouchstoneError as error:
        return _form(visit, str(error), why, source, 400)
    return download(body, f"listings-{datetime.now(UTC):%Y-%m-%d}.{kind}", MIME[kind])


def _sources(visit: Visit) -> list[str]:
    return sorted(visit.store.sources_kept())


def _form(visit: Visit, error: str = "", why: str = "", source: str = "", status: int = 200) -> Response:
    return visit.page("exports/exports.html", status, sources=_sources(visit), error=error, why=why or visit.reason, source=source)
