"""Referrals: what a partner needs of a case or a premises, prepared as a ZIP file that an officer takes there; and what comes back."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import referrals
from casework.desk.files import and_say, aside, safe_name, without, zipped
from casework.desk.forms import Field, Sent, ask, number, sent
from casework.desk.own import own_home
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.referrals import Referral

router = APIRouter()
UPLOADS = ("/referrals/return/",)


@router.get("/referrals")
def listed(visit: Annotated[Visit, allowed(Action.intelligence_view)]) -> Response:
    with visit.reading("refer list") as reader:
        found = reader.referrals(authority=visit.authority)
    return visit.page("referrals/list.html", referrals=found[::-1])


@router.get("/referrals/kinds")
def kinds(visit: Annotated[Visit, allowed(Action.intelligence_view)]) -> Response:
    return visit.page("referrals/kinds.html", kinds=referrals.recipients(visit.home))


def _fields(visit: Visit) -> list[Field]:
    to = [(name, each.title) for name, each in referrals.recipients(visit.home).items()]
    with visit.reading("cases") as reader:
        cases = [(one.case.reference, f"{one.case.reference}: {one.case.title}") for one in reader.find_cases(visit.authority, limit=200)]
    return [
        Field("kind", "For what kind of recipient", "What each may have is a list of fields: nothing else of the case goes in.", kind="radio", options=to),
        Field("recipient", "Who receives it", "The unit and the person.", required=True), Field("case", "Of which case", kind="choice", options=[("", "none: of premises"), *cases]),
        Field("premises", "Or of which premises, by their number", kind="number"), Field("why", "Why it is referred", kind="area", required=True),
        Field("concern", "What concerns the recipient, in your words", "Compulsory for immigration and fire.", kind="area"),
        Field("marking", "Classification", kind="choice", options=[("OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE"), ("OFFICIAL", "OFFICIAL")]),
    ]  # fmt: skip


@router.get("/referrals/new")
def prepare_form(visit: Annotated[Visit, allowed(Action.intelligence_edit)], case: str = "", premises: str = "") -> Response:
    return _prepare(visit, {"case": case, "premises": premises, "why": visit.reason})


def _prepare(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = "It is logged as a disclosure. Nothing is sent: you take the ZIP file to its recipient."
    return ask(visit, "Prepare a referral", _fields(visit), values=values, error=error, button="Prepare it and download", intro=intro, back="/referrals")  # fmt: skip


@router.post("/referrals/new")
def prepare(visit: Annotated[Visit, allowed(Action.intelligence_edit)], form: Sent) -> Response:
    given: dict[str, Any] = {}
    try:
        given = sent(form, _fields(visit))
        place = number(given["premises"], "premises")
        if not given["kind"] or bool(given["case"]) == (place is not None):
            raise TouchstoneError("kind: say for whom it is, and of which case or which premises: one of the two")
        with aside() as folder:
            done = referrals.prepare(
                visit.store, own_home(visit), given["kind"], folder, recipient=given["recipient"], why=given["why"], by=visit.actor, case=given["case"] or None,
                premises=place, concern=given["concern"], marking=given["marking"],
            )  # fmt: skip
            words = f"Referral {done.reference} is prepared; nothing was sent. {' '.join(f'{note}.' for note in done.notes)}"
            return and_say(visit, zipped(done.folder, f"referral-{done.reference}"), words)
    except TouchstoneError as error:
        return _prepare(visit, given, error)


# -- what comes back ---------------------------------------------------------------------------------------------------------
def _own(visit: Visit, reference: str) -> Referral:
    with visit.reading("refer list") as reader:
        found = reader.referrals(reference=reference, authority=visit.authority)
    if not found:
        raise HTTPException(404)
    return found[0]


def _back(visit: Visit) -> list[Field]:
    there = sorted(each.stem for each in visit.home.file("returns").glob("*.yml"))
    return [
        Field("file", "What came back", "CSV, XLSX, JSON or PDF. It is kept whole.", kind="file"),
        Field("columns", "How its rows are read", kind="choice", options=[("", "not at all: only the file is kept"), *((each, each) for each in there)]),
        Field("outcome", "What the partner did"), Field("their_reference", "The partner's own reference"), Field("dated", "The day of it", "Day first: 25/11/2026."),
    ]  # fmt: skip


@router.get("/referrals/return/{reference}")
def return_form(visit: Annotated[Visit, allowed(Action.intelligence_edit)], reference: str) -> Response:
    return _return(visit, _own(visit, reference), {})


def _return(visit: Visit, of: Referral, values: dict[str, Any], error: Exception | None = None) -> Response:
    return ask(visit, f"Keep what came back of {of.reference}", _back(visit), values=values, error=error, button="Keep it", back="/referrals")  # fmt: skip


@router.post("/referrals/return/{reference}")
def take_back(visit: Annotated[Visit, allowed(Action.intelligence_edit)], reference: str, form: Sent) -> Response:
    of = _own(visit, reference)
    given: dict[str, Any] = {}
    with aside() as folder:
        try:
            given = sent(form, _back(visit))
            file = form.get("file") if form else None
            if not isinstance(file, UploadFile) or not file.filename:
                raise TouchstoneError("file: choose the file that came back")
            path = folder / f"return{PurePath(safe_name(file.filename)).suffix}"
            path.write_bytes(file.file.read())
            columns = referrals.read_return_map(visit.home, given["columns"]) if given["columns"] else None
            done = referrals.take_back(
                visit.store, own_home(visit), of.reference, path, by=visit.actor, columns=columns, outcome=given["outcome"],
                their=given["their_reference"], dated=given["dated"],
            )  # fmt: skip
        except TouchstoneError as error:
            return _return(visit, of, given, without(error, folder))
    refused = (
        f" {len(done.refused)} rows were refused: " + "; ".join(f"row {n}: {why}" for n, why in done.refused[:5]) if done.refused else ""
    )
    words = f"The file is kept as capture {done.capture}; {done.rows} rows were read, {len(done.items)} reports made of them.{refused}"
    return visit.go("/referrals", words, "important" if refused else "success")
