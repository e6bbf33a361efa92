"""Disclosure of a case: its material item by item, what a disclosure officer decides of each, editions of the schedules, a redacted copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework.desk.files import and_say, aside, without, zipped
from casework.desk.forms import Field, Sent, ask, sent
from casework.desk.own import key_of, own_case, own_home, path_of
from casework.desk.pages.cases import case_page
from casework.desk.pages.cases_exhibits import back_to
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed, number_of
from casework.disclosure import schedule
from store.disclosure import Standing, Undermines
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Case

router = APIRouter()
PAGE = 100
SCHEDULES = {"undecided": "Not decided", "used": "Used", "mg6c": "MG6C: unused, not sensitive", "mg6d": "MG6D: sensitive"}
STANDINGS = (
    (str(Standing.used), "Used: it is part of the prosecution's case"), (str(Standing.unused), "Unused and not sensitive (MG6C)"),
    (str(Standing.sensitive), "Sensitive (MG6D)"), (str(Standing.undecided), "Not decided yet"),
)  # fmt: skip
MAY = (
    (str(Undermines.yes), "Yes, it may"),
    (str(Undermines.no), "No, it cannot"),
    (str(Undermines.undecided), "Nobody has said yet"),
)
DECIDE = (
    Field("standing", "Where it belongs", kind="radio", options=STANDINGS),
    Field("undermines", "May it undermine the prosecution or assist the accused?", kind="radio", options=MAY),
    Field("because", "Why it may, or may not; or why what is sensitive by default is not", kind="area"),
    Field("sensitive_because", "Why it is sensitive", "With MG6D only.", kind="area"),
)
DESCRIBE = Field("description", "Description", "In place of the one that is made from its rows. Empty: that one.", kind="area")


def _reason(visit: Visit, case: Case) -> str:
    """What the log says of the look: what they work on, or else that they review the disclosure. A look at who told a sighting asks for one."""
    return visit.reason or f"disclosure of case {case.reference}"


# Things of which a role sees no item unless it may: beside the case they are somebody who told, and in confidence
VEILED = {"sighting": Action.sighting_view, "informant": Action.informant_view}


def _shown(visit: Visit, entries: Sequence[schedule.Entry]) -> list[schedule.Entry]:
    """The items that this person's role may see."""
    veiled = tuple(f"{table}:" for table, action in VEILED.items() if not visit.may(action))
    return [one for one in entries if not any(thing.startswith(veiled) for thing in one.things)]


def _of(visit: Visit, reader: Acting, case: Case, archive: bool) -> schedule.Schedules:
    return schedule.schedules_of(visit.store, visit.home, reader, case.reference, archive=archive)


@router.get("/cases/{key}/disclosure")
def items(
    visit: Annotated[Visit, allowed(Action.case_view)], key: str, on: str = "", suggested: bool = False, archive: bool = False, after: Annotated[int, Query(ge=0)] = 0,
) -> Response:  # fmt: skip
    case = own_case(visit, key)
    with visit.reading("disclosure list", why=_reason(visit, case), case=case.reference) as reader:
        found = _of(visit, reader, case, archive)
        editions = reader.disclosure_editions(case.reference)
    entries = _shown(visit, found.entries)
    wanted = [one for one in entries if on in ("", one.schedule) and (one.suggested or not suggested) and one.number > after]
    more = wanted[PAGE - 1].number if len(wanted) > PAGE else 0
    counts = {name: sum(one.schedule == name for one in entries) for name in SCHEDULES}
    return case_page(
        visit, case, "disclosure", "cases/disclosure.html", items=wanted[:PAGE], more=more, counts=counts, schedules=SCHEDULES, on=on, suggested=suggested,
        archive=archive, notes=found.notes, veiled=len(found.entries) - len(entries), editions=editions[::-1], fields=DECIDE, values={},
    )  # fmt: skip


# -- deciding ----------------------------------------------------------------------------------------------------------------
@router.get("/cases/{key}/disclosure/{item:int}")
def decide_form(visit: Annotated[Visit, allowed(Action.case_view)], key: str, item: int) -> Response:
    case = own_case(visit, key)
    with visit.reading("disclosure list", why=_reason(visit, case), case=case.reference) as reader:
        one = next((each for each in _shown(visit, _of(visit, reader, case, False).entries) if each.number == item), None)
        decisions = [each for row in reader.disclosure_items(case.reference) if row.number == item for each in row.decisions]
    if one is None:
        raise HTTPException(404)
    last = decisions[-1] if decisions else None
    values = {"standing": last.standing, "undermines": last.undermines, "because": last.reason, "sensitive_because": last.sensitivity, "description": last.description} if last else {}  # fmt: skip
    return case_page(
        visit,
        case,
        "disclosure",
        "cases/item.html",
        item=one,
        decisions=decisions[::-1],
        schedules=SCHEDULES,
        fields=[*DECIDE, DESCRIBE],
        values=values,
    )


@router.post("/cases/{key}/disclosure/decide")
def decide(visit: Annotated[Visit, allowed(Action.disclosure_edit)], key: str, form: Sent) -> Response:
    case = own_case(visit, key)
    wanted = [each for each in (form.getlist("items") if form else []) if isinstance(each, str)]
    given: dict[str, Any] = {}
    try:
        given = sent(form, [*DECIDE, DESCRIBE])
        if not wanted:
            raise TouchstoneError("tick the items that you decide of")
        if not all(map(number_of, wanted)):
            raise TouchstoneError("an item is named by its number")
        standing, says = given["standing"], given["undermines"]
        done = schedule.decide(
            visit.store, own_home(visit), case.reference, wanted, standing=Standing(standing) if standing else None,
            undermines=Undermines(says) if says else None, because=given["because"], sensitive_because=given["sensitive_because"],
            description=given["description"], by=visit.actor, why=_reason(visit, case),
        )  # fmt: skip
    except TouchstoneError as error:
        return _again(visit, case, wanted, given, error)
    return visit.go(path_of(case.reference, "disclosure"), f"Decided of item{'s' if len(done) > 1 else ''} {', '.join(map(str, done))}.")


def _again(visit: Visit, case: Case, wanted: Sequence[str], given: dict[str, Any], error: Exception) -> Response:
    chosen = Field("items", "Items", kind="several", options=[(each, f"Item {each}") for each in wanted])
    return ask(visit, "Decide", [chosen, *DECIDE, *([DESCRIBE] if len(wanted) == 1 else [])], values={**given, "items": wanted}, error=error, **back_to(case, "disclosure"), to=path_of(case.reference, "disclosure", "decide"))  # fmt: skip


# -- what is written out -----------------------------------------------------------------------------------------------------
WHY = Field("why", "Why", "Schedules and copies hold personal data and are handed on: it goes into the log.", required=True)


@router.get("/cases/{key}/disclosure/edition")
def edition_form(visit: Annotated[Visit, allowed(Action.disclosure_edit)], key: str) -> Response:
    return _edition(visit, own_case(visit, key), {"why": visit.reason})


def _edition(visit: Visit, case: Case, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = "A numbered edition: what is used and MG6C to be served, MG6D, MG6E and what is undecided for the prosecutor alone, each as DOCX, PDF, CSV and JSON, in one ZIP file."
    return ask(visit, "Write an edition of the schedules", [WHY], values=values, error=error, button="Write it and download", intro=intro, **back_to(case, "disclosure"))  # fmt: skip


@router.post("/cases/{key}/disclosure/edition")
def edition(visit: Annotated[Visit, allowed(Action.disclosure_edit)], key: str, form: Sent) -> Response:
    case, given = own_case(visit, key), sent(form, [WHY])
    try:
        with aside() as folder:
            out = folder / "schedules"
            done = schedule.write_schedules(visit.store, own_home(visit), case.reference, out, by=visit.actor, why=given["why"])
            words = f"Edition {done.edition.number} is written. {' '.join(f'{note}.' for note in done.schedules.notes)}"
            return and_say(visit, zipped(out, f"schedules-{key_of(case.reference)}-{done.edition.number}"), words)
    except TouchstoneError as error:
        return _edition(visit, case, given, error)


COPY = (
    Field("recipient", "Who gets it", "A role or a firm's reference.", required=True), WHY,
    Field("redactions", "Your own redactions (optional)", "YAML, as docs/disclosure.md has it: strings, boxes on pictures, whom to keep.", kind="area"),
)  # fmt: skip


@router.get("/cases/{key}/disclosure/copy")
def copy_form(visit: Annotated[Visit, allowed(Action.disclosure_edit)], key: str) -> Response:
    return _copy(visit, own_case(visit, key), {"why": visit.reason})


def _copy(visit: Visit, case: Case, values: dict[str, Any], error: Exception | None = None) -> Response:
    intro = "What is used or to be disclosed, with other accounts, informants and whoever is not under suspicion taken out. Read it before it leaves: no program knows every name."
    return ask(visit, "Make a redacted copy", COPY, values=values, error=error, button="Make it and download", intro=intro, **back_to(case, "disclosure"))  # fmt: skip


@router.post("/cases/{key}/disclosure/copy")
def copy(visit: Annotated[Visit, allowed(Action.disclosure_edit)], key: str, form: Sent) -> Response:
    from casework.disclosure.copy import make_copy

    case, given = own_case(visit, key), sent(form, COPY)
    with aside() as folder:
        wishes = folder / "redactions.yml"
        wishes.write_text(given["redactions"], "utf-8")
        try:
            made = make_copy(
                visit.store, own_home(visit), case.reference, folder / "copy", recipient=given["recipient"],
                redactions=wishes if given["redactions"] else None, by=visit.actor, why=given["why"],
            )  # fmt: skip
        except TouchstoneError as error:
            return _copy(visit, case, given, TouchstoneError(str(without(error, folder)).replace("redactions.yml:", "redactions: line ")))
        words = f"The copy has {made.files} files and {made.redactions} redactions; {made.left_out} things were left out. Its manifest: {made.manifest}"
        return and_say(visit, zipped(made.folder, f"copy-{key_of(case.reference)}-{made.manifest[:12]}"), words)
