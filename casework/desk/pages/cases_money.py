"""The money of a case: two valuations that are never added, the markers of culpability, and what people record for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import money
from casework.desk.files import aside, zipped
from casework.desk.forms import Field, Sent, ask, number, said, sent
from casework.desk.own import key_of, own_captures, own_case, own_follow_ups, own_home, path_of
from casework.desk.pages.cases import case_page
from casework.desk.pages.cases_exhibits import back_to
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.money_told import ON_PRICE, amount_of, marker_there, prices_of, shown_by, stated
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Case, ReferenceKind
from store.words.valuation import Culpability, Feedback, Goods, Kind, Receipt, Rests, Said

router = APIRouter()
TITLES = {Kind.goods: "Goods", Kind.receipt: "Money received", Kind.feedback: "Feedback as a measure of sales", Kind.culpability: "A marker of culpability"}  # fmt: skip
EVIDENCE = Field("evidence", "What shows it", "One on each line: exhibit:AB1, seizure:12/1 (follow-up 12, its first item), capture:88, or document: and a reference.", kind="area", required=True)  # fmt: skip
DATED = "As 2026-11-25."


def _fields(visit: Visit, reader: Acting, case: Case, kind: Kind) -> list[Field]:
    if kind is Kind.goods:
        prices = [
            (str(r.number), f"{r.number}: {r.brand} {r.category} {r.line}".strip()) for r in visit.store.references([ReferenceKind.price])
        ]
        own = [
            Field("what", "What the goods are", required=True), Field("quantity", "How many pieces", kind="number", required=True), Field("brand", "Brand that they bear"),
            Field("price", "Price of one genuine piece", f"{ON_PRICE}. Leave it empty where none is known: the value is then “at least”."),
            Field("low", "Or three prices: low"), Field("mid", "Middle"), Field("high", "High"),
            Field("reference", "Or a price of the reference library", kind="choice", options=[("", "none"), *prices]),
        ]  # fmt: skip
    elif kind is Kind.receipt:
        own = [
            Field("payment", "What tells this payment from every other", "A line of a statement, a transaction's number.", required=True), Field("amount", "How much", "£45.00", required=True),
            Field("dated", "The day", DATED, required=True), Field("seller", "Account that it was for, by its number", kind="number"), Field("what", "What it was for"),
        ]  # fmt: skip
    elif kind is Kind.feedback:
        own = [
            Field("seller", "Account, by its number", kind="number", required=True), Field("count", "How many ratings", kind="number", required=True),
            Field("price", "Price of one sale", "£45.00", required=True), Field("dated", "The day on which the count was seen", DATED, required=True),
            Field("assumption", "What makes sales of it", "“One rating is one sale, at the lowest price asked.”", required=True),
        ]  # fmt: skip
    else:
        markers = money.read_settings(visit.home).culpability
        own = [Field("marker", "Marker", kind="radio", options=[(name, f"{each.level}: {each.words}{'' if each.checked else ' (to be checked)'}") for name, each in markers.items()]), Field("note", "What the evidence shows", kind="area")]  # fmt: skip
    standing = [(str(r.id), f"record {r.id}") for r in reader.money_records(case.reference) if r.said is not None and r.said.kind is kind]
    return [*own, EVIDENCE, Field("supersedes", "Record that this one corrects", kind="choice", options=[("", "none: it is a new one"), *standing])]  # fmt: skip


def _said(visit: Visit, kind: Kind, given: dict[str, Any]) -> Said:
    lines = [line.strip() for line in given["evidence"].splitlines() if line.strip()]

    def the_number(name: str) -> int:
        return number(given[name], name) or 0

    makers: dict[Kind, Callable[[], Said]] = {
        Kind.goods: lambda: Goods(
            given["what"], the_number("quantity"), shown_by(lines), given["brand"],
            *prices_of(visit.store, given["price"], (given["low"], given["mid"], given["high"]), number(given["reference"], "reference")),
        ),
        Kind.receipt: lambda: Receipt(given["payment"], *amount_of(given["amount"]), given["dated"], shown_by(lines), number(given["seller"], "seller"), given["what"]),
        Kind.feedback: lambda: Feedback(the_number("seller"), the_number("count"), *amount_of(given["price"]), given["dated"], given["assumption"], shown_by(lines)),
        Kind.culpability: lambda: Culpability(given["marker"], given["note"], shown_by(lines)),
    }  # fmt: skip
    if kind is Kind.culpability:
        marker_there(visit.home, given["marker"])
    return stated(makers[kind])


def _kind(word: str) -> Kind:
    if word not in list(Kind):
        raise HTTPException(404)
    return Kind(word)


@router.get("/cases/{key}/money")
def one_money(visit: Annotated[Visit, allowed(Action.case_view)], key: str, into: Annotated[str, Query(max_length=3)] = "") -> Response:
    case = own_case(visit, key)
    with visit.reading("money", case=case.reference) as reader:
        found = money.of_case(reader, visit.home, case.reference, into=into.upper())
    shown = {"erv": money.erv_sentences(found), "benefit": money.benefit_sentences(found)}
    return case_page(visit, case, "money", "cases/money.html", money=found, sentences=shown, titles=TITLES, into=into)


@router.get("/cases/{key}/money/new/{kind}")
def tell_form(visit: Annotated[Visit, allowed(Action.money_edit)], key: str, kind: str) -> Response:
    return _ask(visit, own_case(visit, key), _kind(kind), {})


def _ask(visit: Visit, case: Case, kind: Kind, values: dict[str, Any], error: Exception | None = None) -> Response:
    with visit.reading("money", case=case.reference) as reader:
        fields = _fields(visit, reader, case, kind)
    return ask(visit, f"Record: {TITLES[kind].lower()}", fields, values=values, error=error, **back_to(case, "money"))


@router.post("/cases/{key}/money/new/{kind}")
def tell(visit: Annotated[Visit, allowed(Action.money_edit)], key: str, kind: str, form: Sent) -> Response:
    case, which, given = own_case(visit, key), _kind(kind), dict[str, Any]()
    try:
        with visit.reading("money", case=case.reference) as reader:
            given = sent(form, _fields(visit, reader, case, which))
            told = _said(visit, which, given)
            own_follow_ups(visit, reader, [int(each.ref.partition("/")[0]) for each in told.evidence if each.kind is Rests.seizure])
            own_captures(visit, reader, [int(each.ref) for each in told.evidence if each.kind is Rests.capture])
        kept = visit.store.keep_money(
            case.reference, told, actor=visit.actor, authority=own_home(visit).settings.authority.code, why=visit.reason,
            supersedes=number(given["supersedes"], "supersedes"),
        )  # fmt: skip
    except TouchstoneError as error:
        return _ask(visit, case, which, given, error)
    return visit.go(path_of(case.reference, "money"), f"Record {kept}: {TITLES[which].lower()}.")


@router.post("/cases/{key}/money/paper")
def paper(visit: Annotated[Visit, allowed(Action.draft_make)], key: str) -> Response:
    case = own_case(visit, key)
    try:
        with aside() as folder:
            money.write(
                visit.store,
                own_home(visit),
                case.reference,
                folder / "money",
                by=visit.actor,
                why=visit.reason or "working paper",
                stem="money",
            )
            return zipped(folder / "money", f"money-{key_of(case.reference)}")
    except TouchstoneError as error:
        return visit.go(path_of(case.reference, "money"), said(error), "important")
