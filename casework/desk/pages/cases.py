"""Cases: which there are, a new one, what is in one, and putting into one what is being looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import casefile, exhibits
from casework.desk.app import Entry
from casework.desk.forms import Field, Sent, ask, sent
from casework.desk.own import key_of, own_case, own_home, own_subject, path_of
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed
from casework.followup import sentence
from store.cases import Listed
from store.errors import TouchstoneError
from store.store import Acting
from store.words.casefile import EntryKind, Offence
from store.words.records import Case

router = APIRouter()
NAV = Entry("Cases", "/cases", Action.case_view, 60)
PAGE = 50
# The pages of a case: (last part of the address, words, who may)
PARTS = (
    ("", "Overview", Action.case_view), ("exhibits", "Exhibits", Action.case_view), ("file", "Case file", Action.case_view), ("drafts", "Drafts", Action.case_view),
    ("disclosure", "Disclosure", Action.case_view), ("money", "Money", Action.case_view), ("intelligence", "Intelligence and referrals", Action.intelligence_view),
    ("export", "Evidence pack", Action.case_view), ("keeping", "How long it is kept", Action.case_view),
)  # fmt: skip
SECTIONS = (
    ("Offences", (EntryKind.offence,)), ("People", (EntryKind.person, EntryKind.connection)), ("Premises", (EntryKind.premises,)),
    ("Incidents", (EntryKind.incident,)), ("Outcomes", (EntryKind.outcome,)),
)  # fmt: skip
KINDS = (("listing", "A listing"), ("link", "A proposed link"), ("capture", "A capture: a page, or a file that was handed in"), ("premises", "Premises: what registers and links say"), ("seller", "A seller's account"))  # fmt: skip


def case_page(visit: Visit, case: Case, here: str, template: str, status: int = 200, /, **context: Any) -> Response:
    """A page of a case, with the way to its others."""
    parts = [(path_of(case.reference, *filter(None, [part])), words, part == here) for part, words, action in PARTS if visit.may(action)]
    return visit.page(template, status, case=case, parts=parts, at=path_of(case.reference), **context)


@router.get("/cases")
def cases(visit: Annotated[Visit, allowed(Action.case_view)], q: Annotated[str, Query(max_length=200)] = "", before: Annotated[str, Query(max_length=80)] = "") -> Response:  # fmt: skip
    with visit.reading("cases") as reader:
        found: Sequence[Listed] = reader.find_cases(visit.authority, q, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].case.reference if len(found) > PAGE else ""
    return visit.page("cases/list.html", found=found[:PAGE], q=q, more=more, path_of=path_of)


NEW = (
    Field("title", "What the case is about", "No names: the title stands in lists and on covers.", required=True),
    Field("own_number", "The council's own number (optional)"),
    Field("operation", "The operation that it came from (optional)"),
    Field("reference", "Reference (optional)", "Leave it empty for the next one. A reference is never used twice."),
)


# What is to become its first exhibit, where a case is opened for that
What = Annotated[str, Query(max_length=300)]


@router.get("/cases/new")
def new_form(visit: Annotated[Visit, allowed(Action.case_edit)]) -> Response:
    return _new(visit)


def _new(visit: Visit, values: dict[str, Any] | None = None, error: Exception | None = None) -> Response:
    law = visit.home.settings.authority.jurisdiction
    laws = Field(
        "jurisdiction", "Whose law it follows", kind="choice", options=[(name, name) for name in casefile.jurisdictions(visit.home)]
    )
    return ask(visit, "Open a case", [*NEW, laws], values={"jurisdiction": law} | (values or {}), error=error, button="Open the case", back="/cases")  # fmt: skip


@router.post("/cases/new")
def new(visit: Annotated[Visit, allowed(Action.case_edit)], form: Sent, kind: What = "", source: What = "", ref: What = "") -> Response:
    """Open a case, and go on to what it was opened for, where that was said."""
    given = sent(form, [*NEW, Field("jurisdiction", "")])
    try:
        if not given["title"]:
            raise TouchstoneError("title: say what the case is about")
        reference = casefile.open_case(
            visit.store, own_home(visit), given["reference"], given["title"], given["operation"] or None, visit.actor, own_number=given["own_number"],
            jurisdiction=given["jurisdiction"],
        )  # fmt: skip
    except TouchstoneError as error:
        return _new(visit, given, error)
    first = f"/exhibits/add?{urlencode({'kind': kind, 'source': source, 'ref': ref})}" if ref else ""
    return visit.go(path_of(reference) + first, f"Case {reference} is open.")


# -- put into a case ---------------------------------------------------------------------------------------------------------
WHAT = (
    Field("kind", "What becomes an exhibit", kind="radio", options=KINDS, required=True),
    Field("source", "Source", "Of a listing: the name of the source that it is on."),
    Field("ref", "Reference or number", "Of a listing its reference on the source; of the others their number in this system."),
)


def numbering(visit: Visit, case: Case | None) -> tuple[list[Field], dict[str, Any]]:
    """The fields that say who produces an exhibit and by which letters it is numbered, and what stands in them at first."""
    people = [(a.actor, a.name) for a in visit.store.accounts() if a.authority == visit.authority and a.role]
    letters = {who: letters for letters, who in visit.store.exhibit_initials(case.reference).items()} if case else {}
    words = visit.account.name.partition("(")[0].replace(".", " ").split()
    own = letters.get(visit.actor) or "".join(word[0] for word in words if word[0].isascii() and word[0].isalpha()).upper()[:5]
    fields = [
        Field("officer", "Officer who produces it", kind="choice", options=people),
        Field("initials", "Initials of that officer", "Capital letters: AB gives AB1, AB2, and so on. In a case they are one officer's."),
    ]
    return fields, {"officer": visit.actor, "initials": own if len(own) > 1 else ""}


def named(visit: Visit, reader: Acting, values: dict[str, Any]) -> str:
    """What the values of WHAT name, in the words that the exhibit will have; "" where that is nothing, or nothing that this person may see."""
    kind, ref = values.get("kind", ""), values.get("ref", "")
    source = values.get("source", "") if kind == "listing" else kind
    if kind not in dict(KINDS) or not ref:
        return ""
    try:
        own_subject(visit, reader, kind, source, ref)
        return exhibits.digital(reader, source, ref)[2]
    except (TouchstoneError, HTTPException):
        return ""


def make_exhibit(visit: Visit, case: Case, given: dict[str, Any]) -> str:
    """Make what the form names an exhibit; the sentence that says so. Raises TouchstoneError."""
    if not given["kind"]:
        raise TouchstoneError("kind: say what becomes an exhibit")
    if not given["ref"]:
        raise TouchstoneError("ref: give its reference or number")
    source = given["source"] if given["kind"] == "listing" else given["kind"]
    if not source:
        raise TouchstoneError("source: name the source that the listing is on")
    with visit.reading("case add", case=case.reference) as reader:
        own_subject(visit, reader, given["kind"], source, given["ref"])
    made = exhibits.add(
        visit.store,
        own_home(visit),
        case.reference,
        source,
        given["ref"],
        given["initials"],
        visit.actor,
        officer=given["officer"] or visit.actor,
    )
    return f"Exhibit {made.number}: {made.description}"


@router.get("/cases/put")
def put_form(visit: Annotated[Visit, allowed(Action.case_edit)], kind: str = "listing", source: str = "", ref: str = "") -> Response:
    return _put(visit, {"kind": kind, "source": source, "ref": ref})


def _put(visit: Visit, values: dict[str, Any], error: Exception | None = None) -> Response:
    fields, more = numbering(visit, None)
    with visit.reading("cases") as reader:
        open_cases = [one.case for one in reader.find_cases(visit.authority, limit=200)]
        what = named(visit, reader, values)
    choice = Field("case", "Case", kind="choice", options=[(c.reference, f"{c.reference}: {c.title}") for c in open_cases])
    return ask(
        visit, "Put this into a case", [choice, *([] if what else WHAT), *fields], values=more | values, error=error, button="Make it an exhibit",
        template="cases/put.html", there=bool(open_cases), what=what,
    )  # fmt: skip


@router.post("/cases/put")
def put(visit: Annotated[Visit, allowed(Action.case_edit)], form: Sent) -> Response:
    given = sent(form, [Field("case", ""), *WHAT, *numbering(visit, None)[0]])
    case = own_case(visit, key_of(given["case"]))
    try:
        done = make_exhibit(visit, case, given)
    except TouchstoneError as error:
        return _put(visit, given, error)
    return visit.go(path_of(case.reference, "exhibits"), done)


# -- one case ----------------------------------------------------------------------------------------------------------------
@router.get("/cases/{key}")
def one_case(visit: Annotated[Visit, allowed(Action.case_view)], key: str) -> Response:
    case = own_case(visit, key)
    with visit.reading("case", case=case.reference) as reader:
        chains = exhibits.custody_of(reader, reader.exhibits(case.reference), case.reference)
        rows = reader.case_entries(case.reference)
        done = [(row, sentence(row)) for row in reader.follow_ups(case=case.reference)]
    attention = [f"Exhibit {each.exhibit.number}: {gap}" for each in chains for gap in each.breaks]
    for row in rows:
        if isinstance(row.what, Offence) and (missing := casefile.blanks(row.what)):
            attention.append(f"Offence {row.number}: not stated yet: {', '.join(missing)}")
    if not chains:
        attention.append("No exhibit yet: an evidence pack needs one.")
    sections = [(title, [(row, casefile.sentence(row)) for row in rows if row.kind in kinds]) for title, kinds in SECTIONS]
    return case_page(visit, case, "", "cases/case.html", chains=chains, sections=sections, done=done, attention=attention)
