"""Drafts of a case's documents, for people to complete and sign: made, kept with the case, downloaded. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk.files import aside, attachment
from casework.desk.forms import Field, Sent, ask, number, sent
from casework.desk.own import key_of, own_case, own_home, path_of
from casework.desk.pages.cases import case_page
from casework.desk.pages.cases_exhibits import back_to
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.drafts import Made, Witness, brand_request, continuity, exhibit_list, forms, issue, notice, statement
from casework.drafts.settings import read_settings
from detectors.brands import read_brands
from store.errors import TouchstoneError
from store.store import Acting
from store.words.drafts import Draft, DraftKind
from store.words.records import Case

router = APIRouter()
TITLES = {
    DraftKind.statement: "Witness statement (section 9)", DraftKind.exhibit_list: "Exhibit list", DraftKind.continuity: "Continuity statement",
    DraftKind.brand_request: "Request to a brand's owner", DraftKind.notice: "Notice to a website",
}  # fmt: skip
WITNESS = (
    Field("officer", "Whose statement it is", kind="choice"), Field("name", "Full name", "Empty: the one that is recorded, else a blank."),
    Field("occupation", "Occupation", "Empty: the role that is recorded, else a blank."), Field("age", "Age, only if under 18", kind="number"),
)  # fmt: skip


def _fields(visit: Visit, reader: Acting, case: Case, kind: DraftKind) -> list[Field]:
    people = [(a.actor, a.name) for a in visit.store.accounts() if a.authority == visit.authority and a.role]
    witness = [Field(WITNESS[0].name, WITNESS[0].label, kind="choice", options=people), *WITNESS[1:]]
    if kind is DraftKind.statement:
        return [*witness, Field("head", "Head of the case's evidence pack (optional)", "The 64 figures and letters that were shown when it was made, where the statement is to quote them.")]  # fmt: skip
    if kind is DraftKind.continuity:
        there = [(e.number, f"{e.number}: {e.description[:70]}") for e in reader.exhibits(case.reference) if not e.withdrawn]
        return [*witness, Field("only", "Which exhibits", "None ticked: all of them.", kind="several", options=there)]
    if kind is DraftKind.brand_request:
        brands = sorted(
            {brand.name for brand in read_brands(visit.home.configs("brands")).brands}
            | {r.brand for r in visit.store.references() if r.brand}
        )
        return [Field("brand", "Brand", "As the reference library names it.", suggests=brands, required=True)]
    if kind is DraftKind.notice:
        known = [(name, form.title + ("" if form.confirmed else " (layout unconfirmed)")) for name, form in forms(visit.home).items()]
        return [Field("form", "Form", kind="choice", options=known)]
    return []


def _made(visit: Visit, reader: Acting, case: Case, kind: DraftKind, given: dict[str, Any]) -> Made:
    store, home, settings, reference = visit.store, own_home(visit), read_settings(visit.home), case.reference
    if kind is DraftKind.exhibit_list:
        return exhibit_list(store, reader, home, settings, reference)
    if kind is DraftKind.brand_request:
        return brand_request(store, reader, home, settings, reference, given["brand"])
    if kind is DraftKind.notice:
        return notice(store, reader, home, settings, reference, given["form"])
    try:
        witness = Witness(given["officer"] or visit.actor, given["name"], given["occupation"], number(given["age"], "age"))
    except ValueError as error:
        raise TouchstoneError(str(error)) from None
    if kind is DraftKind.continuity:
        return continuity(store, reader, home, settings, reference, witness, only=given["only"])
    head = given["head"].lower()
    if head and (len(head) != 64 or set(head) - set("0123456789abcdef")):
        raise TouchstoneError("head: that is no head of a pack: it has 64 figures and letters, 0 to 9 and a to f")
    return statement(store, reader, home, settings, reference, witness, head=head)


def _own_draft(found: Sequence[Draft], draft: int) -> Draft:
    one = next((each for each in found if each.id == draft), None)
    if one is None:
        raise HTTPException(404)
    return one


@router.get("/cases/{key}/drafts")
def drafts(visit: Annotated[Visit, allowed(Action.case_view)], key: str) -> Response:
    case = own_case(visit, key)
    with visit.reading("draft list", case=case.reference) as reader:
        found = reader.drafts(case.reference)
    return case_page(visit, case, "drafts", "cases/drafts.html", drafts=found[::-1], titles=TITLES)


@router.get("/cases/{key}/drafts/new/{kind}")
def make_form(visit: Annotated[Visit, allowed(Action.draft_make)], key: str, kind: DraftKind) -> Response:
    return _ask(visit, own_case(visit, key), kind, {"officer": visit.actor})


def _ask(visit: Visit, case: Case, kind: DraftKind, values: dict[str, Any], error: Exception | None = None) -> Response:
    with visit.reading("draft", case=case.reference) as reader:
        fields = _fields(visit, reader, case, kind)
    intro = "It says what the record says was done and seen, with a blank where the record does not know. It is kept with the case, and nothing is sent."
    return ask(visit, f"Draft: {TITLES[kind]}", fields, values=values, error=error, button="Make the draft", intro=intro, **back_to(case, "drafts"))  # fmt: skip


@router.post("/cases/{key}/drafts/new/{kind}")
def make(visit: Annotated[Visit, allowed(Action.draft_make)], key: str, kind: DraftKind, form: Sent) -> Response:
    case = own_case(visit, key)
    given: dict[str, Any] = {}
    try:
        with (
            visit.reading("draft", why=visit.reason or f"draft of case {case.reference}", case=case.reference) as reader,
            aside() as folder,
        ):
            given = sent(form, _fields(visit, reader, case, kind))
            done = issue(visit.store, reader, own_home(visit), _made(visit, reader, case, kind, given), folder)
    except TouchstoneError as error:
        return _ask(visit, case, kind, given, error)
    said = "The draft is made and kept; nothing was sent." if done.new else "It says what it said before: that draft is kept already."
    return visit.go(path_of(case.reference, "drafts", done.number), said)


@router.get("/cases/{key}/drafts/{draft:int}")
def one_draft(visit: Annotated[Visit, allowed(Action.case_view)], key: str, draft: int) -> Response:
    case = own_case(visit, key)
    with visit.reading("draft list", case=case.reference) as reader:
        one = _own_draft(reader.drafts(case.reference), draft)
        notes = next((each for each in one.files if each.name.endswith("-notes.txt")), None)
        text = reader.payload(notes.capture).decode("utf-8", "replace") if notes else ""
    files = [(place, each) for place, each in enumerate(one.files)]
    return case_page(visit, case, "drafts", "cases/draft.html", draft=one, files=files, notes=text, titles=TITLES)


@router.get("/cases/{key}/drafts/{draft:int}/{place:int}")
def download(visit: Annotated[Visit, allowed(Action.case_view)], key: str, draft: int, place: int) -> Response:
    case = own_case(visit, key)
    with visit.reading("draft download", case=case.reference) as reader:
        files = _own_draft(reader.drafts(case.reference), draft).files
        if place >= len(files):
            raise HTTPException(404)
        body = reader.payload(files[place].capture)
    return attachment(body, f"{key_of(case.reference)}-{draft}-{PurePosixPath(files[place].name).name}")
