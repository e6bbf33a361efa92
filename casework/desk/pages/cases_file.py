"""The case file: what people record of a case, kind by kind, with its corrections; and taking a row back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import casefile
from casework.desk.forms import Field, Sent, ask, number, numbers, sent
from casework.desk.own import own_captures, own_case, own_follow_ups, own_home, own_subject, path_of
from casework.desk.pages.cases import SECTIONS, case_page
from casework.desk.pages.cases_exhibits import REASON, WHEN, back_to
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.store import Acting
from store.words.casefile import HAPPENS, CaseEntry, EntryKind, MarkStatus, Offence, Person, body_of
from store.words.records import Case, SubjectCategory

router = APIRouter()
# What is recorded here; goods, custody and withdrawn exhibits are on the exhibits' own pages
TITLES = {
    EntryKind.offence: "an offence", EntryKind.person: "a person or company", EntryKind.connection: "a connection with an account or a place",
    EntryKind.premises: "premises", EntryKind.incident: "an incident", EntryKind.outcome: "an outcome",
}  # fmt: skip
LISTS, ONES = ("captures", "follow_ups", "warnings", "classes"), ("seller", "premises", "person")
CATEGORIES = [(str(c), str(c)) for c in SubjectCategory if c not in (SubjectCategory.none, SubjectCategory.unknown)]


def _law(visit: Visit, case: Case) -> casefile.Jurisdiction:
    return casefile.jurisdiction_of(visit.home, case.jurisdiction or visit.home.settings.authority.jurisdiction)


def _fields(visit: Visit, reader: Acting, case: Case, kind: EntryKind) -> list[Field]:
    rows = reader.case_entries(case.reference)
    people = [(str(row.number), f"{row.number}: {row.what.name}") for row in rows if isinstance(row.what, Person)]
    offences = [(str(row.number), casefile.sentence(row)[:100]) for row in rows if isinstance(row.what, Offence)]
    exhibits = [(e.number, f"{e.number}: {e.description[:70]}") for e in reader.exhibits(case.reference)]
    law = _law(visit, case)
    persons = Field("persons", "Who is said to have done it" if kind is EntryKind.offence else "People", kind="several", options=people)
    own: dict[EntryKind, Sequence[Field]] = {
        EntryKind.offence: (
            Field("act", "Act", kind="choice", options=[(name, f"{name.replace('_', ' ')}: {act.said}") for name, act in law.acts.items()]),
            Field("mark", "The mark", "Its words; of a figurative one what it shows.", required=True), Field("figurative", "It is a figurative mark", kind="tick"),
            Field("goods", "Which goods", required=True),
            Field("office", "Whose register", kind="choice", options=[("", "not known yet"), *((name, office.what) for name, office in law.offices.items())]),
            Field("number", "Number of the mark"), Field("classes", "Classes of the Nice Classification", "1 to 45, with commas between them."),
            Field("owner", "Proprietor"), Field("status", "Where the mark stood", kind="choice", options=[(str(s), s.replace("_", " ")) for s in MarkStatus]),
            Field("status_on", "On which day", "As 2026-11-25."), Field("status_source", "By which register or extract"),
            Field("consent", "The owner's statement that there was no consent, by its exhibit or reference"), Field("gain", "What shows a view to gain"),
            Field("warnings", "Warnings, by the numbers of their follow-ups"), persons, Field("since", "First day", "As 2026-11-25."), Field("until", "Last day"),
        ),
        EntryKind.person: (
            Field("category", "In which category", "Under section 38 of the Data Protection Act 2018. A person says so, no machine does.", kind="radio", options=CATEGORIES),
            Field("name", "Name", "A description where the name is not known.", required=True), Field("basis", "On what basis they are in this category", kind="area", required=True),
            Field("is_company", "It is a company", kind="tick"), Field("company_number", "Number at Companies House"), Field("born", "Date of birth", "As 1980-01-31."),
            Field("address", "Address", kind="area"), Field("note", "Anything else", kind="area"),
        ),
        EntryKind.connection: (
            Field("person", "Person", kind="choice", options=people), Field("seller", "Account, by its number", kind="number"),
            Field("premises", "Or premises, by their number", kind="number"), Field("says", "What connects them, in a sentence", kind="area", required=True),
            Field("opinion", "It is a personal assessment, and no fact", kind="tick"),
        ),
        EntryKind.premises: (Field("premises", "Premises, by their number", kind="number", required=True), Field("role", "What the place is to the case", "Sold from, stored at, searched.")),
        EntryKind.incident: (
            Field("what", "What happened", kind="area", required=True), Field("said_by", "Who says so", required=True), Field("premises", "Where, by the number of the premises", kind="number"),
            persons, Field("until", "Last day of what lasted", "As 2026-11-25."), Field("opinion", "It is a personal assessment, and no fact", kind="tick"),
        ),
        EntryKind.outcome: (
            Field("outcome", "Outcome", kind="choice", options=[(name, f"{name.replace('_', ' ')}: {each.said}") for name, each in law.outcomes.items()]),
            Field("decided_by", "Who decided it", "The officer, or the court.", required=True), Field("risk_reason", "The risk that it answers", "A court's decision answers none.", kind="area"),
            persons, Field("offences", "Offences", kind="several", options=offences), Field("note", "Anything else", kind="area"),
        ),
    }  # fmt: skip
    happens = [Field("when", "When it happened", WHEN, required=True)] if kind in HAPPENS else []
    rests = [
        Field("exhibits", "Exhibits that it rests on", kind="several", options=exhibits), Field("captures", "Captures that it rests on, by their numbers"),
        Field("follow_ups", "Follow-ups that it rests on, by their numbers"), Field("source", "A document that it rests on and that lies elsewhere, by its reference"),
    ]  # fmt: skip
    return [*own[kind], *happens, *rests]


def _body(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent as the fields of a row."""
    body = dict(given)
    body.pop("when", None)
    for name in LISTS:
        if name in body:
            body[name] = numbers(body[name], name)
    for name in ONES:
        if name in body:
            body[name] = number(body[name], name)
    for name in ("persons", "offences"):
        if name in body:
            body[name] = [int(each) for each in body[name]]
    return body


def _values(row: CaseEntry) -> dict[str, Any]:
    """A row as its form has it."""
    assert row.what is not None
    shown: dict[str, Any] = {}
    for name, value in body_of(row.what).items():
        if name in LISTS:
            shown[name] = ", ".join(map(str, value))
        elif isinstance(value, list):
            shown[name] = [str(each) for each in value]
        else:
            shown[name] = value if isinstance(value, bool) else "" if value is None else str(value)
    return shown


def _kind(word: str) -> EntryKind:
    if word not in TITLES:
        raise HTTPException(404)
    return EntryKind(word)


def _row(reader: Acting, case: Case, row: int) -> CaseEntry:
    """The row of that number as it stands, of a kind that this page corrects. Raises HTTPException 404."""
    found = next((each for each in reader.case_entries(case.reference, *TITLES) if each.number == row), None)
    if found is None or found.what is None:
        raise HTTPException(404)
    return found


@router.get("/cases/{key}/file")
def case_file(visit: Annotated[Visit, allowed(Action.case_view)], key: str, every: bool = False) -> Response:
    case = own_case(visit, key)
    with visit.reading("case file", case=case.reference) as reader:
        rows = reader.case_entries(case.reference, *TITLES, superseded=every)
    sections = [(title, [(row, casefile.sentence(row)) for row in rows if row.kind in kinds]) for title, kinds in SECTIONS]
    return case_page(visit, case, "file", "cases/file.html", sections=sections, every=every, titles=TITLES)


# -- recording and correcting ------------------------------------------------------------------------------------------------
def _ask(visit: Visit, case: Case, kind: EntryKind, values: Mapping[str, Any], row: int | None = None, error: Exception | None = None) -> Response:  # fmt: skip
    with visit.reading(f"case {kind}", case=case.reference) as reader:
        fields = _fields(visit, reader, case, kind)
    title = f"Correct row {row}" if row else f"Record {TITLES[kind]}"
    intro = "What it said before stays, superseded." if row else "What is not known yet is left empty, and shown as a blank: never made up."
    return ask(visit, title, fields, values=values, error=error, intro=intro, **back_to(case, "file"))


def _record(visit: Visit, case: Case, kind: EntryKind, form: Sent, row: int | None) -> Response:
    given: dict[str, Any] = {}
    try:
        with visit.reading(f"case {kind}", why=visit.reason, case=case.reference) as reader:
            given = sent(form, _fields(visit, reader, case, kind))
            body = _body(given)
            own_follow_ups(visit, reader, [*body["follow_ups"], *body.get("warnings", ())])
            own_captures(visit, reader, body["captures"])
            if body.get("seller") is not None:
                own_subject(visit, reader, "seller", "", str(body["seller"]))
        told = casefile.Told(case.reference, kind, body, given.get("when", ""), row)
        done = casefile.record(visit.store, own_home(visit), told, by=visit.actor, why=visit.reason)
    except TouchstoneError as error:
        return _ask(visit, case, kind, given, row, error)
    said = f"Row {done.row.number} is {'corrected' if row else 'recorded'}. {' '.join(f'To know: {note}.' for note in done.notes)}"
    return visit.go(path_of(case.reference, "file"), said, "important" if done.notes else "success")


@router.get("/cases/{key}/file/new/{kind}")
def record_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, kind: str) -> Response:
    return _ask(visit, own_case(visit, key), _kind(kind), {"category": str(SubjectCategory.suspect), "status": str(MarkStatus.not_checked)})


@router.post("/cases/{key}/file/new/{kind}")
def record(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, kind: str, form: Sent) -> Response:
    return _record(visit, own_case(visit, key), _kind(kind), form, None)


@router.get("/cases/{key}/file/{row:int}/correct")
def correct_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, row: int) -> Response:
    case = own_case(visit, key)
    with visit.reading("case file", case=case.reference) as reader:
        found = _row(reader, case, row)
    return _ask(visit, case, found.kind, _values(found), row)


@router.post("/cases/{key}/file/{row:int}/correct")
def correct(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, row: int, form: Sent) -> Response:
    case = own_case(visit, key)
    with visit.reading("case file", case=case.reference) as reader:
        found = _row(reader, case, row)
    return _record(visit, case, found.kind, form, row)


@router.get("/cases/{key}/file/{row:int}/withdraw")
def withdraw_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, row: int) -> Response:
    return _withdraw(visit, own_case(visit, key), row)


def _withdraw(visit: Visit, case: Case, row: int, values: Mapping[str, Any] | None = None, error: Exception | None = None) -> Response:
    with visit.reading("case file", case=case.reference) as reader:
        said = casefile.sentence(_row(reader, case, row))
    return ask(visit, f"Take back row {row}", REASON, values=values, error=error, button="Take it back", intro=f"It says: {said}. It stays in the record, with your reason.", warning=True, **back_to(case, "file"))  # fmt: skip


@router.post("/cases/{key}/file/{row:int}/withdraw")
def withdraw(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, row: int, form: Sent) -> Response:
    case, given = own_case(visit, key), sent(form, REASON)
    with visit.reading("case file", case=case.reference) as reader:
        _row(reader, case, row)
    try:
        casefile.withdraw(visit.store, own_home(visit), case.reference, row, by=visit.actor, why=given["why"])
    except TouchstoneError as error:
        return _withdraw(visit, case, row, given, error)
    return visit.go(path_of(case.reference, "file"), f"Row {row} is taken back.")
