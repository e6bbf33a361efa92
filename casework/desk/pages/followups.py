"""What officers did about a place or a seller: to record it, to correct it, and test purchases step by step. Another authority's is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import followup, tasking
from casework.desk.downloads import download
from casework.desk.plainly import in_words_of
from casework.desk.settings import Action
from casework.desk.uploads import as_files, uploads_in
from casework.desk.visit import Row, Visit, allowed, number_of, posted
from store.errors import TouchstoneError
from store.words.followup import NO_POWER, SAID, FollowUp, Item, Kind, Outcome, Result, Role, Step, body_of, kilograms

router = APIRouter()
UPLOADS = ("/follow-ups",)
MOST_FILES, MOST_ITEMS = 20, 6


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: `kind` is line, text, date, tick, power, or the name of a list of words."""

    name: str
    label: str
    hint: str = ""
    kind: str = "line"


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind of follow-up asks for, and the files that go with it."""

    title: str
    fields: tuple[Field, ...]
    files: tuple[Role, ...] = (Role.document,)


_TO, _SERVED = "Whom was it given to?", "How was it served?"
_RECEIPT = (
    Field("signature", "Who signed for it?", "Leave it empty where nobody did."),
    Field("delivery_number", "Number of the recorded delivery"),
)
_OPENED = Field("opened", "When was the parcel opened?", "Day first, with the hour: 24/11/2026 10:40. Empty: not yet.")
FORMS: Mapping[Kind | Step, Form] = {
    Kind.visit: Form("Record a visit", (
        Field("officers", "Who went there?", "One a line, as the log has them.", "text"), Field("power", "Which power of entry was used?", "", "power"),
        Field("notice_on", "Day of the written notice", "Where the power asks for one.", "date"), Field("no_notice", "Why was no notice, or a shorter one, given?"),
        Field("suspicion", "What does the suspicion rest on?", "Where the power needs one."), Field("met", "Who was met?"),
        Field("seen", "What was seen?", "Even if nothing was.", "text"),
    ), (Role.photo, Role.document)),
    Kind.advice: Form("Record advice", (Field("given_to", _TO), Field("how", "How was it given?", "In person, by letter, by e-mail."), Field("about", "What about?", "", "text"))),
    Kind.warning: Form("Record a warning", (Field("given_to", _TO), Field("served", _SERVED), Field("about", "What does it warn of?", "", "text"), *_RECEIPT), (Role.document, Role.proof)),
    Kind.notice: Form("Record a notice", (
        Field("given_to", _TO), Field("served", _SERVED), Field("power", "Which power does it use?", "", "power"),
        Field("statute", "Under which statute?", "Where no power above says so."), Field("requires", "What does it require?", "", "text"),
        Field("comply_by", "To be complied with by", "", "date"), Field("suspicion", "What does the suspicion rest on?", "Where the power needs one."), *_RECEIPT,
    ), (Role.document, Role.proof)),
    Kind.seizure: Form("Record a seizure", (
        Field("items", "What was seized?", "", "items"), Field("power", "Which power was used?", "", "power"), Field("stored", "Where are the goods?"),
    ), (Role.photo, Role.document)),
    Kind.closure: Form("Record a closure order", (
        Field("court", "Which court?"), Field("starts", "First day of the closure", "", "date"), Field("ends", "Last day", "Leave it empty where the order names none.", "date"),
        Field("basis", "Under which law, and for what?", "", "text"),
    )),
    Kind.outcome: Form("Record an outcome", (
        Field("outcome", "What was decided?", "", "outcome"), Field("risk_reason", "Which risk does it answer?", "The Regulators’ Code asks for it.", "text"), Field("note", "Note", "", "text"),
    )),
    Step.authorised: Form("Begin a test purchase", (
        Field("authorised_by", "Who authorised it?"), Field("ground", "On what ground?", "", "text"), Field("power", "Which power is used?", "Where one is.", "power"),
    )),
    Step.ordered: Form("The goods are ordered", (
        Field("order", "What was ordered?", "From which advert, and the order’s number."), Field("paid", "Price paid", "As written: £45."),
        Field("contact", "What passed between buyer and seller?", "Nothing but the order: leave it empty.", "text"),
        Field("relationship", "The buyer became acquainted with the seller", "", "tick"), Field("urn", "Reference of the authorisation that this needs"),
    )),
    Step.received: Form("The parcel is received", (
        Field("carrier", "Who brought it?"), Field("tracking", "Tracking number"), Field("how", "How did it come?", "Where no carrier brought it."),
        Field("sender", "Name and address on the parcel", "As written.", "text"),
    ), (Role.photo, Role.document)),
    Step.photographed: Form("The closed packaging is photographed", (_OPENED,), (Role.photo,)),
    Step.sealed: Form("The goods are sealed", (
        Field("bag", "Number of the sealed bag"), Field("contents", "What is in it?"), Field("witness", "Who saw it sealed?"), _OPENED,
    ), (Role.photo,)),
    Step.examiner: Form("The bag is sent to the examiner", (
        Field("examiner", "To whom?"), Field("how", "How did it go there?"), Field("signed_by", "Who signed the continuity form?"),
    ), (Role.continuity,)),
    Step.result: Form("The examiner’s statement", (Field("result", "What does it state?", "", "result"), Field("examiner", "Who states it?"), Field("note", "Note", "", "text")), (Role.statement,)),
}  # fmt: skip
WORDS = {"outcome": tuple(Outcome), "result": tuple(Result)}
ABOUT = {"when": "When did it happen?", "seller": "Seller", "case": "Case", "operation": "Operation", "premises": "Premises"}
FILES = {Role.photo: "Photographs", Role.proof: "What shows that it was received", Role.document: "Papers", Role.continuity: "The signed continuity form", Role.statement: "The statement"}  # fmt: skip
COLUMNS = {"what": "What", "count": "How many", "brand": "Brand", "weight": "Weight", "bag": "Bag’s number"}


@router.get("/follow-ups/new")
def new(visit: Annotated[Visit, allowed(Action.followup_edit)], kind: str, premises: Row | None = None, seller: Row | None = None, purchase: Row | None = None) -> Response:  # fmt: skip
    asked = _kind(kind)
    if purchase is not None:
        _own_purchase(visit, purchase)
    about = {"premises": premises, "seller": seller, "purchase": purchase, "supersedes": None}
    return _form(visit, asked, about, {})


@router.get("/follow-ups/{number:int}/correct")
def correct(visit: Annotated[Visit, allowed(Action.followup_edit)], number: int) -> Response:
    row = _own(visit, number)
    if row.what is None or row.superseded_by is not None:
        raise TouchstoneError(f"Follow-up {number} was erased, or is corrected already.")
    values = {name: _said(value) for name, value in body_of(row.what).items()}
    values |= {"when": "", "case": row.case or "", "operation": row.operation or ""}
    about = {"premises": row.premises, "seller": row.seller, "purchase": row.purchase if row.step else None, "supersedes": number}
    return _form(visit, row.step or row.kind, about, values)


@router.post("/follow-ups")
def record(visit: Annotated[Visit, allowed(Action.followup_edit)], form: Annotated[FormData, Depends(posted)]) -> Response:
    given = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    asked = _kind(given.get("kind", ""))
    about = {name: number_of(given.get(name, "")) or None for name in ("premises", "seller", "purchase", "supersedes")}
    if about["supersedes"] is not None:
        _own(visit, about["supersedes"])
    if about["purchase"] is not None:
        _own_purchase(visit, about["purchase"])
    try:
        _own_case(visit, given.get("case", ""))
        with ExitStack() as stack:
            files = []
            for role in FORMS[asked].files:
                paths = stack.enter_context(as_files(uploads_in(form, f"file-{role}", MOST_FILES)))
                files += [(role, str(path)) for path in paths]
            done = followup.record(visit.store, visit.home, _told(asked, about, given, files), by=visit.actor, why=visit.reason)
    except TouchstoneError as error:
        labels = {**ABOUT, **{field.name: field.label for field in FORMS[asked].fields}}
        text, field = in_words_of(labels, str(error))
        return _form(visit, asked, about, given, text, field, bool(_any_file(form)))
    row = done.row
    said = f"Recorded: {row.step or row.kind}, {row.when}." + "".join(f" {note[:1].upper()}{note[1:]}." for note in done.notes)
    return visit.go(
        f"/purchases/{row.purchase}" if row.purchase else f"/follow-ups/{row.id}", said, "important" if done.notes else "success"
    )


@router.get("/follow-ups/{number:int}")
def show(visit: Annotated[Visit, allowed(Action.followup_view)], number: int) -> Response:
    row = _own(visit, number)
    with visit.reading("followup show") as reader:
        digests = {c.id: c.body_digest for c in reader.captures(sorted({file.capture for file in row.files}))}
    return visit.page("followups/show.html", row=row, details=followup.details(row), about=_about(row), digests=digests)


@router.get("/purchases/{number:int}")
def purchase(visit: Annotated[Visit, allowed(Action.followup_view)], number: int) -> Response:
    with visit.reading("purchase show") as reader:
        chain = _chain(visit, reader, number)
    done = {row.step for row in chain.steps}
    return visit.page(
        "followups/purchase.html", chain=chain, about=_about(chain.steps[0]), details=followup.details, steps=[(step, SAID[step], step in done) for step in Step],
        title=FORMS[chain.next].title if chain.next else "",
    )  # fmt: skip


@router.post("/purchases/{number:int}/continuity")
def continuity(visit: Annotated[Visit, allowed(Action.followup_edit)], number: int) -> Response:
    with visit.reading("purchase show") as reader:
        body = tasking.continuity_pdf(reader, visit.home, _chain(visit, reader, number))
    return download(body, f"continuity-{number}.pdf", "application/pdf")


# -- what is there for this authority --------------------------------------------------------------------------------------------
def _own(visit: Visit, number: int) -> FollowUp:
    with visit.reading("followup show") as reader:
        found = reader.follow_ups(numbers=[number], superseded=True, authority=visit.authority)
    if not found:
        raise HTTPException(404)
    return found[0]


def _own_purchase(visit: Visit, number: int) -> None:
    with visit.reading("purchase show") as reader:
        _chain(visit, reader, number)


def _chain(visit: Visit, reader: Any, number: int) -> followup.Chain:
    try:
        return followup.chain_of(reader, number, visit.authority)
    except TouchstoneError:
        raise HTTPException(404) from None


def _own_case(visit: Visit, reference: str) -> None:
    if not reference:
        return
    if not any(case.reference == reference and case.authority == visit.authority for case in visit.store.cases()):
        raise TouchstoneError(f"case: there is no case '{reference}' of this authority")


# -- what the form says ----------------------------------------------------------------------------------------------------------
def _kind(text: str) -> Kind | Step:
    found = next((each for each in FORMS if each == text), None)
    if found is None:
        raise HTTPException(404)
    return found


def _told(
    asked: Kind | Step, about: Mapping[str, int | None], given: Mapping[str, str], files: Sequence[tuple[Role, str]]
) -> followup.Told:
    body: dict[str, Any] = {}
    for field in FORMS[asked].fields:
        said = given.get(field.name, "")
        if field.kind == "items":
            if items := _items(given):
                body["items"] = items
        elif field.kind == "tick":
            body |= {field.name: True} if said else {}
        elif field.name == "officers":
            body |= {field.name: [line.strip() for line in said.splitlines() if line.strip()]} if said else {}
        elif field.name == "opened":
            body |= {field.name: followup.moment_of("opened", said)} if said else {}
        elif said:
            body[field.name] = said
    step = asked if isinstance(asked, Step) else None
    first = step in (None, Step.authorised)  # the other steps have what their purchase has
    return followup.Told(
        Kind.purchase if isinstance(asked, Step) else asked, body, given.get("when", ""), step, about["purchase"] if step and step is not Step.authorised else None,
        about["premises"] if first else None, about["seller"] if first else None, (given.get("case") or None) if first else None,
        (given.get("operation") or None) if first else None, about["supersedes"], files,
    )  # fmt: skip


def _items(given: Mapping[str, str]) -> list[Item]:
    rows = [{name: given.get(f"item-{n}-{name}", "") for name in COLUMNS} for n in range(MOST_ITEMS)]
    return [
        followup.item_of("; ".join(f"{name}={value.replace(';', ',')}" for name, value in row.items() if value))
        for row in rows
        if any(row.values())
    ]


def _said(value: Any) -> Any:
    """A body's value as its field shows it."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return {f"item-{n}-{name}": _cell(name, each) for n, each in enumerate(value) for name in COLUMNS}
    return "\n".join(value) if isinstance(value, list | tuple) else value


def _cell(name: str, item: Mapping[str, Any]) -> str:
    if name == "weight":
        return kilograms(item["grams"]) if item["grams"] else ""
    return str(item[name] or "")


def _any_file(form: FormData) -> list[Any]:
    return [each for role in FILES for each in uploads_in(form, f"file-{role}", 1000)]


def _about(row: FollowUp) -> list[tuple[str, Any]]:
    return [(noun, value) for noun, value in followup.about(row) if value is not None]


def _form(
    visit: Visit, asked: Kind | Step, about: Mapping[str, int | None], values: Mapping[str, Any], error: str = "", wrong: str = "", lost_files: bool = False
) -> Response:  # fmt: skip
    powers = [(name, f"{power.what} ({power.said})") for name, power in followup.read_settings(visit.home).powers.items()]
    shown = {**values, **(values["items"] if isinstance(values.get("items"), Mapping) else {})}
    with visit.reading("followup form") as reader:
        place = next(iter(reader.premises([about["premises"]])), None) if about["premises"] is not None else None
    if about["premises"] is not None and place is None:
        raise HTTPException(404)
    return visit.page(
        "followups/form.html", 400 if error else 200, asked=asked, form=FORMS[asked], about=about, place=place, values=shown, error=error, wrong=wrong,
        powers=[*powers, (NO_POWER, "none: a public place, or they were invited in")], words=WORDS, files=FILES, columns=COLUMNS, items=range(MOST_ITEMS), lost_files=lost_files,
        first=not isinstance(asked, Step) or asked is Step.authorised,
    )  # fmt: skip
