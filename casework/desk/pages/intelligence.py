"""Intelligence reports: one item a report, graded by 3x5x2, its source apart and shown only where somebody says why."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import intelligence
from casework.desk.files import aside, zipped
from casework.desk.forms import Field, Sent, ask, number, numbers, sent
from casework.desk.own import own_captures, own_case, own_home, own_sighting
from casework.desk.pages.cases import case_page
from casework.desk.settings import Action
from casework.desk.visit import Row, Visit, allowed
from store.errors import TouchstoneError
from store.store import Acting
from store.words.intelligence import Origin, Provenance, Report

router = APIRouter()
PAGE = 50


def own_report(visit: Visit, reader: Acting, urn: str) -> Report:
    """The report of that reference as it stands. Raises HTTPException 404 where there is none, or it is another authority's."""
    found = reader.reports(urns=[urn], authority=visit.authority)
    if not found:
        raise HTTPException(404)
    return found[0]


@router.get("/intelligence")
def reports(visit: Annotated[Visit, allowed(Action.intelligence_view)], after: Row = 0) -> Response:
    with visit.reading("intel list") as reader:
        found = reader.reports(authority=visit.authority, after=after, limit=PAGE + 1)
    return visit.page("intelligence/list.html", reports=found[:PAGE], more=found[PAGE - 1].id if len(found) > PAGE else 0)


@router.get("/cases/{key}/intelligence")
def of_case(visit: Annotated[Visit, allowed(Action.intelligence_view)], key: str) -> Response:
    case = own_case(visit, key)
    with visit.reading("intel list", case=case.reference) as reader:
        found = reader.reports(case=case.reference, authority=visit.authority)
        prepared = reader.referrals(case=case.reference, authority=visit.authority)
    return case_page(visit, case, "intelligence", "cases/intelligence.html", reports=found, referrals=prepared)


# -- a new one ---------------------------------------------------------------------------------------------------------------
CODES = Field("grade", "Grade (3x5x2)", "Source 1 to 3, information A to E, handling P or C: 2CP. A capture has a default. Three codes of 5x5x5 (B24) are converted.")  # fmt: skip
CONDITIONS = Field("conditions", "Conditions of sharing", "Compulsory with handling C.")


def _fields(visit: Visit) -> list[Field]:
    marks = [(each, each) for each in intelligence.read_settings(visit.home).markings]
    with visit.reading("cases") as reader:
        cases = [(one.case.reference, f"{one.case.reference}: {one.case.title}") for one in reader.find_cases(visit.authority, limit=200)]
    return [
        Field("text", "What is known", "One item, with nothing that identifies its source.", kind="area", required=True), CODES, CONDITIONS,
        Field("marking", "Classification", kind="choice", options=marks), Field("case", "Case that it belongs to", kind="choice", options=[("", "none"), *cases]),
        Field("origin", "What its source is", kind="radio", options=[(str(Origin.person), "A person"), (str(Origin.capture), "A capture of this system"), (str(Origin.partner), "A partner")]),
        Field("source_urn", "Reference of the source", "All by which it is named."), Field("capture", "The capture that shows it, by its number", kind="number"),
        Field("sighting", "The sighting that it comes from, by its reference"), Field("how", "How it came to be known", "Kept apart from the text.", kind="area"),
        Field("who", "Name of the source", "Kept apart."), Field("contact", "Phone, e-mail and handles of the source, with semicolons between them", "Kept apart."),
        Field("address", "Address of the source", "Kept apart."), Field("never", "Other words that would give the source away", "One on each line.", kind="area"),
        Field("ordinary", "Parts of the source's name that are ordinary words in the text", "One on each line.", kind="area"),
    ]  # fmt: skip


@router.get("/intelligence/new")
def new_form(visit: Annotated[Visit, allowed(Action.intelligence_edit)], case: str = "", capture: str = "") -> Response:
    return _new(visit, {"case": case, "capture": capture, "origin": str(Origin.capture if capture else Origin.person)})


def _new(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = "A text that holds a word of its source is refused: you write it anew."
    return ask(visit, "Record an item of intelligence", _fields(visit), values=values, error=error, intro=intro, back="/intelligence")


@router.post("/intelligence/new")
def new(visit: Annotated[Visit, allowed(Action.intelligence_edit)], form: Sent) -> Response:
    given: dict[str, Any] = {}
    try:
        given = sent(form, _fields(visit))
        with visit.reading("intelligence") as reader:
            own_captures(visit, reader, numbers(given["capture"], "capture"))
            if given["sighting"]:
                own_sighting(visit, reader, given["sighting"])
        kept = intelligence.add(
            visit.store, own_home(visit), given["text"], _provenance(given), codes=given["grade"], conditions=given["conditions"], marking=given["marking"],
            case=given["case"] or None, by=visit.actor, why=visit.reason,
        )  # fmt: skip
    except TouchstoneError as error:
        return _new(visit, given, error)
    return _kept(visit, kept, "is kept")


def _provenance(given: dict[str, Any]) -> Provenance:
    capture, lines = number(given["capture"], "capture"), {name: tuple(given[name].splitlines()) for name in ("never", "ordinary")}
    if not given["origin"]:
        raise TouchstoneError("origin: say what its source is")
    origin = Origin(given["origin"])
    urn = given["source_urn"] or (f"CAPTURE-{capture}" if origin is Origin.capture and capture is not None else "")
    try:
        return Provenance(urn, origin, given["how"], given["who"], given["contact"], given["address"], given["sighting"], capture, lines["never"], lines["ordinary"])  # fmt: skip
    except ValueError as error:
        raise TouchstoneError(str(error).replace("urn:", "source_urn:", 1)) from None


def _kept(visit: Visit, kept: intelligence.Kept, what: str) -> Response:
    notes = " ".join(f"To know: {note}." for note in kept.notes)
    said = f"Intelligence report {kept.report.urn} {what}: {kept.report.grade}. {notes}"
    return visit.go(f"/intelligence/{kept.report.urn}", said, "important" if notes else "success")


# -- one report --------------------------------------------------------------------------------------------------------------
def _page(visit: Visit, urn: str, *, source: Provenance | None = None, asked: bool = False, error: str = "") -> Response:
    settings = intelligence.read_settings(visit.home)
    with visit.reading("intel show") as reader:
        newest = own_report(visit, reader, urn)
        every = reader.reports(urns=[urn], superseded=True, authority=visit.authority)
    told = [(name, value) for name in source.__dataclass_fields__ if (value := getattr(source, name)) not in ("", None, ())] if source else []  # fmt: skip
    return visit.page(
        "intelligence/report.html", 400 if error else 200, report=newest, every=every, graded=settings.said(newest.grade) if newest.grade else [], told=told,
        asked=asked, error=error,
    )  # fmt: skip


@router.get("/intelligence/{urn}")
def one_report(visit: Annotated[Visit, allowed(Action.intelligence_view)], urn: str) -> Response:
    return _page(visit, urn)


@router.post("/intelligence/{urn}/source")
def source(visit: Annotated[Visit, allowed(Action.informant_view)], urn: str, form: Sent) -> Response:
    why = sent(form, [Field("why", "")])["why"]
    if not why:
        return _page(visit, urn, error="Say why you need to know the source: it goes into the log.")
    with visit.reading("intel show", why=why) as reader:
        own_report(visit, reader, urn)
        known = reader.intelligence_source(urn)
    return _page(visit, urn, source=known, asked=True)


@router.get("/intelligence/{urn}/grade")
def grade_form(visit: Annotated[Visit, allowed(Action.intelligence_edit)], urn: str) -> Response:
    with visit.reading("intel show") as reader:
        one = own_report(visit, reader, urn)
    grade = one.grade
    return _grade(visit, urn, {"text": one.text, "grade": str(grade or ""), "conditions": grade.conditions if grade else "", "marking": one.marking})  # fmt: skip


def _again(visit: Visit) -> list[Field]:
    marks = [(each, each) for each in intelligence.read_settings(visit.home).markings]
    return [
        Field("text", "What is known, worded anew", kind="area", required=True), CODES, CONDITIONS, Field("marking", "Classification", kind="choice", options=marks),
        Field("why", "Why it is graded or worded anew", required=True),
    ]  # fmt: skip


def _grade(visit: Visit, urn: str, values: dict[str, Any], error: Exception | None = None) -> Response:
    return ask(visit, f"Grade or word {urn} anew", _again(visit), values=values, error=error, back=f"/intelligence/{urn}")


@router.post("/intelligence/{urn}/grade")
def grade(visit: Annotated[Visit, allowed(Action.intelligence_edit)], urn: str, form: Sent) -> Response:
    given: dict[str, Any] = {}
    with visit.reading("intel show") as reader:
        one = own_report(visit, reader, urn)
    try:
        given = sent(form, _again(visit))
        text = given["text"] if given["text"] != one.text else None
        kept = intelligence.regrade(visit.store, own_home(visit), urn, by=visit.actor, why=given["why"], codes=given["grade"], conditions=given["conditions"], text=text, marking=given["marking"])  # fmt: skip
    except TouchstoneError as error:
        return _grade(visit, urn, given, error)
    return _kept(visit, kept, "stands anew")


FOR = (Field("to", "For whom", "The unit and the person.", required=True), Field("why", "Why they need it", required=True))


@router.get("/intelligence/{urn}/report")
def write_form(visit: Annotated[Visit, allowed(Action.intelligence_edit)], urn: str) -> Response:
    return _write(visit, urn, {"why": visit.reason})


def _write(visit: Visit, urn: str, values: dict[str, Any], error: Exception | None = None) -> Response:
    with visit.reading("intel show") as reader:
        own_report(visit, reader, urn)
    intro = "The sanitised text and the grading, and nothing of the source. It is logged as a disclosure; nothing is sent."
    return ask(visit, f"Write {urn} for a recipient", FOR, values=values, error=error, button="Write it and download", intro=intro, back=f"/intelligence/{urn}")  # fmt: skip


@router.post("/intelligence/{urn}/report")
def write(visit: Annotated[Visit, allowed(Action.intelligence_edit)], urn: str, form: Sent) -> Response:
    given = sent(form, FOR)
    with visit.reading("intel show") as reader:
        one = own_report(visit, reader, urn)
    try:
        with aside() as folder:
            intelligence.write_report(visit.store, own_home(visit), [one.urn], folder / "report", to=given["to"], by=visit.actor, why=given["why"], case=one.case)  # fmt: skip
            return zipped(folder / "report", f"report-{one.urn}")
    except TouchstoneError as error:
        return _write(visit, urn, given, error)
