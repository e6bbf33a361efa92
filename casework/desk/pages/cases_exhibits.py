"""The exhibits of a case: making one, its custody, withdrawing it, and the labels to print."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import casefile, exhibits, labels
from casework.desk.files import aside, attachment
from casework.desk.forms import Field, Sent, ask, number, sent
from casework.desk.own import key_of, own_case, own_follow_ups, own_home, path_of
from casework.desk.pages.cases import WHAT, case_page, make_exhibit, named, numbering
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from store.errors import TouchstoneError
from store.words.casefile import Act, EntryKind
from store.words.records import Case, Exhibit, SubjectKind

router = APIRouter()
# Where what an exhibit is of has a page of its own, and who may see it
PAGES = {
    SubjectKind.listing: ("/listings", Action.listing_view), SubjectKind.capture: ("/captures", Action.listing_view),
    SubjectKind.seller: ("/sellers", Action.seller_view), SubjectKind.premises: ("/premises", Action.premises_view),
}  # fmt: skip
WHEN = "Day first, London time: 25/11/2026, or 25/11/2026 14:30."


def back_to(case: Case, *parts: object) -> dict[str, Any]:
    return {"caption": f"Case {case.reference}", "back": path_of(case.reference, *parts)}


@router.get("/cases/{key}/exhibits")
def listed(visit: Annotated[Visit, allowed(Action.case_view)], key: str) -> Response:
    case = own_case(visit, key)
    with visit.reading("case exhibits", case=case.reference) as reader:
        chains = exhibits.custody_of(reader, reader.exhibits(case.reference), case.reference)
    return case_page(visit, case, "exhibits", "cases/exhibits.html", chains=chains)


# -- making one --------------------------------------------------------------------------------------------------------------
@router.get("/cases/{key}/exhibits/add")
def add_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, kind: str = "listing", source: str = "", ref: str = "") -> Response:  # fmt: skip
    return _add(visit, own_case(visit, key), {"kind": kind, "source": source, "ref": ref})


def _add(visit: Visit, case: Case, values: dict[str, Any], error: Exception | None = None) -> Response:
    fields, more = numbering(visit, case)
    what = ""
    if values.get("ref"):
        with visit.reading("case add", case=case.reference) as reader:
            what = named(visit, reader, values)
    intro = "From then on what it rests on cannot be erased. Its number stays with it for good."
    return ask(
        visit, "Add an exhibit", [*([] if what else WHAT), *fields], values=more | values, error=error, button="Make it an exhibit", template="cases/what.html",
        what=what, intro=intro, **back_to(case, "exhibits"),
    )  # fmt: skip


@router.post("/cases/{key}/exhibits/add")
def add(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    given = sent(form, [*WHAT, *numbering(visit, case)[0]])
    try:
        done = make_exhibit(visit, case, given)
    except TouchstoneError as error:
        return _add(visit, case, given, error)
    return visit.go(path_of(case.reference, "exhibits"), done)


ITEM = (
    Field("sort", "What sort of exhibit", kind="radio", options=(("goods", "Goods"), ("paper", "A paper"))),
    Field("what", "What it is", "As the exhibit list shall have it.", kind="area", required=True),
    Field("quantity", "How many (leave empty where they were not counted)", kind="number"),
    Field("when", "When it was found or taken; of a paper its date", WHEN, required=True),
    Field("found_at", "Where it was found or taken"),
    Field("found_by", "Who found or took it", "Leave it empty where it was the officer who produces it."),
    Field("bag", "Number of the bag or seal", "One that was never used before."),
    Field("held_at", "Where it is held"),
    Field("follow_up", "Follow-up that it comes from", "The number of the seizure or test purchase: its custody is then read there, and not recorded twice.", kind="number"),
    Field("source", "Document that it rests on, by its reference"),
)  # fmt: skip


@router.get("/cases/{key}/exhibits/item")
def item_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, follow_up: str = "") -> Response:
    return _item(visit, own_case(visit, key), {"sort": "goods", "follow_up": follow_up})


def _item(visit: Visit, case: Case, values: dict[str, Any], error: Exception | None = None) -> Response:
    fields, more = numbering(visit, case)
    return ask(visit, "Add goods or a paper", [*ITEM, *fields], values=more | values, error=error, button="Make it an exhibit", **back_to(case, "exhibits"))  # fmt: skip


@router.post("/cases/{key}/exhibits/item")
def item(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    given = sent(form, [*ITEM, *numbering(visit, case)[0]])
    try:
        of = number(given["follow_up"], "follow_up")
        if of is not None:
            with visit.reading("case exhibit", case=case.reference) as reader:
                own_follow_ups(visit, reader, [of])
        body = {name: given[name] for name in ("what", "found_at", "found_by", "bag", "held_at", "source")}
        body |= {"physical": given["sort"] != "paper", "quantity": number(given["quantity"], "quantity"), "follow_up": of}
        _, made = exhibits.add_item(
            visit.store, own_home(visit), case.reference, body, given["when"], given["initials"], by=visit.actor,
            officer=given["officer"] or visit.actor, why=visit.reason,
        )  # fmt: skip
    except TouchstoneError as error:
        return _item(visit, case, given, error)
    return visit.go(path_of(case.reference, "exhibits"), f"Exhibit {made.number}: {made.description}")


# -- one exhibit -------------------------------------------------------------------------------------------------------------
def _found(found: list[Exhibit], exhibit: int) -> Exhibit:
    one = next((each for each in found if each.id == exhibit), None)
    if one is None:
        raise HTTPException(404)
    return one


@router.get("/cases/{key}/exhibits/{exhibit:int}")
def one_exhibit(visit: Annotated[Visit, allowed(Action.case_view)], key: str, exhibit: int) -> Response:
    case = own_case(visit, key)
    with visit.reading("case custody", case=case.reference) as reader:
        [chain] = exhibits.custody_of(reader, [_found(reader.exhibits(case.reference), exhibit)], case.reference)
    page = PAGES.get(chain.exhibit.subject_kind)
    shown = f"{page[0]}/{chain.exhibit.subject}" if page and visit.may(page[1]) else ""
    return case_page(visit, case, "exhibits", "cases/exhibit.html", chain=chain, shown=shown)


STEP = (
    Field("act", "What was done with it", kind="choice", options=[(str(act), act.replace("_", " ")) for act in Act]),
    Field("when", "When", WHEN, required=True),
    Field("by", "Who did it"),
    Field("why", "Why", required=True),
    Field("where", "Where it was taken, or went"),
    Field("giver", "From whom"),
    Field("taker", "To whom"),
    Field("bag", "Number of the bag or seal", "With sealed, resealed and opened."),
    Field("record", "On what it is recorded", "A paper form's reference; leave it empty where it is this system."),
    Field("source", "Document that it rests on, by its reference"),
)


def _step(visit: Visit, case: Case, exhibit: int, values: dict[str, Any], error: Exception | None = None) -> Response:
    with visit.reading("case custody", case=case.reference) as reader:
        one = _found(reader.exhibits(case.reference), exhibit)
    intro = "As it happened. What does not follow from the step before is named, and not refused."
    return ask(visit, f"Record a step of the custody of {one.number}", STEP, values=values, error=error, intro=intro, **back_to(case, "exhibits", exhibit))  # fmt: skip


@router.get("/cases/{key}/exhibits/{exhibit:int}/custody")
def custody_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, exhibit: int) -> Response:
    return _step(visit, own_case(visit, key), exhibit, {"by": visit.account.name, "act": str(Act.moved)})


@router.post("/cases/{key}/exhibits/{exhibit:int}/custody")
def custody(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, exhibit: int, form: Sent) -> Response:
    case, given = own_case(visit, key), sent(form, STEP)
    with visit.reading("case custody", case=case.reference) as reader:
        one = _found(reader.exhibits(case.reference), exhibit)
    body = {name: value for name, value in given.items() if name != "when" and value} | {
        "exhibit": one.number,
        "by": given["by"] or visit.actor,
    }
    try:
        told = casefile.Told(case.reference, EntryKind.custody, body, given["when"])
        casefile.record(visit.store, own_home(visit), told, by=visit.actor, why=visit.reason)
    except TouchstoneError as error:
        return _step(visit, case, exhibit, given, error)
    return visit.go(path_of(case.reference, "exhibits", exhibit), "The step is recorded.")


REASON = (Field("why", "Why it is withdrawn", kind="area", required=True),)


@router.get("/cases/{key}/exhibits/{exhibit:int}/withdraw")
def withdraw_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, exhibit: int) -> Response:
    return _withdraw(visit, own_case(visit, key), exhibit)


def _withdraw(visit: Visit, case: Case, exhibit: int, values: dict[str, Any] | None = None, error: Exception | None = None) -> Response:
    with visit.reading("case exhibits", case=case.reference) as reader:
        one = _found(reader.exhibits(case.reference), exhibit)
    intro = "Its number stays with it, with your reason, and is nobody else's."
    return ask(visit, f"Withdraw exhibit {one.number}", REASON, values=values, error=error, button="Withdraw it", intro=intro, warning=True, **back_to(case, "exhibits", exhibit))  # fmt: skip


@router.post("/cases/{key}/exhibits/{exhibit:int}/withdraw")
def withdraw(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, exhibit: int, form: Sent) -> Response:
    case, given = own_case(visit, key), sent(form, REASON)
    with visit.reading("case exhibits", case=case.reference) as reader:
        one = _found(reader.exhibits(case.reference), exhibit)
    try:
        exhibits.withdraw(visit.store, own_home(visit), case.reference, one.number, by=visit.actor, why=given["why"])
    except TouchstoneError as error:
        return _withdraw(visit, case, exhibit, given, error)
    return visit.go(path_of(case.reference, "exhibits"), f"Exhibit {one.number} is withdrawn; its number stays with it.")


# -- labels ------------------------------------------------------------------------------------------------------------------
@router.get("/cases/{key}/exhibits/labels")
def labels_form(visit: Annotated[Visit, allowed(Action.case_edit)], key: str) -> Response:
    return _labels(visit, own_case(visit, key))


def _label_fields(visit: Visit, case: Case) -> list[Field]:
    with visit.reading("exhibit labels", case=case.reference) as reader:
        there = [(each.number, f"{each.number}: {each.description[:80]}") for each in reader.exhibits(case.reference) if not each.withdrawn]
    return [
        Field("wanted", "Which exhibits", "None ticked: all of them.", kind="several", options=there),
        Field("dated", "Date of the statement", "Leave it empty for a line to complete by hand."),
    ]


def _labels(visit: Visit, case: Case, values: dict[str, Any] | None = None, error: Exception | None = None) -> Response:
    intro = "Eight to a sheet of A4, with lines to sign. A name or a date that is not known is a line to complete by hand."
    return ask(visit, "Print labels", _label_fields(visit, case), values=values, error=error, button="Make the PDF", intro=intro, **back_to(case, "exhibits"))  # fmt: skip


@router.post("/cases/{key}/exhibits/labels")
def print_labels(visit: Annotated[Visit, allowed(Action.case_edit)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    given: dict[str, Any] = {}
    try:
        given = sent(form, _label_fields(visit, case))
        with visit.reading("exhibit labels", case=case.reference) as reader, aside() as folder:
            labels.write_labels(visit.store, reader, own_home(visit), case, folder / "labels.pdf", wanted=given["wanted"], dated=given["dated"])  # fmt: skip
            return attachment((folder / "labels.pdf").read_bytes(), f"labels-{key_of(case.reference)}.pdf")
    except TouchstoneError as error:
        return _labels(visit, case, given, error)
