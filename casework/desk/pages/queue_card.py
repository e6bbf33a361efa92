"""One card with what else an officer does with it: whose it is, putting it off, notes, clearing its seller."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path
from starlette.exceptions import HTTPException
from starlette.responses import Response

from casework import queue as officers_queue
from casework.desk.cards import shown
from casework.desk.pages.queue import judges, judging
from casework.desk.settings import Action
from casework.desk.visit import Visit, allowed, number_of
from casework.sightings import may_be_seen
from casework.when import parse_when
from store.clearances import Cleared
from store.errors import TouchstoneError
from store.listings import Summary
from store.notes import Note, NoteKind
from store.store import Acting
from store.words.dates import LONDON
from store.words.records import SubjectKind

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Text = Annotated[str, Form(max_length=4000)]
LISTING = SubjectKind.listing


@router.get("/queue/card/{number}")
def card(visit: Annotated[Visit, allowed(Action.queue_view)], number: Number) -> Response:
    """A card, who had it, what was noted of it and of its seller, and who is cleared of whom."""
    with visit.reading("queue: a card") as reader:
        found = _seen(visit, reader, number)
        if visit.may(Action.queue_second) and reader.second_due(1, listings=[number]):
            return visit.go("/queue/second", officers_queue.SECOND_PERSON, "important")
        [row] = shown(reader, [officers_queue.before_judging(reader, found)])
        seller = found.seller
        notes = _notes(visit, reader, found) if visit.may(Action.note_view) else []
        cleared = reader.clearances(sellers=[seller]) if seller and visit.may(Action.clearance_view) else []
        history = reader.assignments(LISTING, number)
    return visit.page(
        "queue/card.html", row=row, seller=seller, notes=sorted(notes, key=lambda n: n.at), cleared=cleared, history=history, people=judges(visit), **judging(visit)
    )  # fmt: skip


def _seen(visit: Visit, reader: Acting, number: int) -> Summary:
    """The listing, where this person may see it; else there is no such card."""
    found = may_be_seen(reader, reader.summaries(numbers=[number]), visit.sightings)
    if not found:
        raise HTTPException(404)
    return found[0]


def _notes(visit: Visit, reader: Acting, one: Summary, superseded: bool = False) -> list[Note]:
    """What this person's authority noted of the listing, and of its seller."""
    subjects = [(LISTING, one.listing.id or 0)] + ([(SubjectKind.seller, one.seller)] if one.seller else [])
    return [note for kind, number in subjects for note in reader.notes(kind, [number], authority=visit.authority, superseded=superseded)]


def _known(visit: Visit, number: int) -> Summary:
    with visit.reading("queue: a card") as reader:
        return _seen(visit, reader, number)


@router.post("/queue/card/{number}/assign")
def assign(visit: Annotated[Visit, allowed(Action.queue_judge)], number: Number, officer: Annotated[str, Form(max_length=80)] = "", over: bool = Form(False)) -> Response:  # fmt: skip
    """Take it, or (for whoever assigns) give it to a colleague; "" lets it go. Taking over what is another's is for whoever assigns."""
    if (over or officer not in ("", visit.actor)) and not visit.may(Action.queue_assign):
        raise TouchstoneError(
            "Cards are given to others, and taken from them, by whoever may assign; you may take what is free and let go what is yours."
        )
    _known(visit, number)
    if officer:
        visit.store.assign(LISTING, [number], officer, actor=visit.actor, authority=visit.authority, over=over)
    else:
        visit.store.release(LISTING, [number], actor=visit.actor, authority=visit.authority, over=over)
    return visit.go(
        f"/queue/card/{number}", f"It is {'yours' if officer == visit.actor else f'{officer}’s' if officer else 'nobody’s'} now."
    )


@router.post("/queue/card/{number}/skip")
def skip(visit: Annotated[Visit, allowed(Action.queue_judge)], number: Number, until: Annotated[str, Form(max_length=40)] = "", reason: Text = "") -> Response:  # fmt: skip
    """Put it off until a day, for a reason; an empty day brings it back now."""
    _known(visit, number)
    if not until.strip():
        visit.store.wake(number, actor=visit.actor, authority=visit.authority)
        return visit.go(f"/queue/card/{number}", "It waits again.")
    back = parse_when(until)
    if back is None:
        raise TouchstoneError(f"“{until}” is no day: write it as 15/1/2027.")
    visit.store.skip(number, back, reason, actor=visit.actor, authority=visit.authority)
    return visit.go("/queue", f"It comes back on {until}, or when its findings change.")


@router.post("/queue/card/{number}/note")
def note(visit: Annotated[Visit, allowed(Action.note_write)], number: Number, text: Text = "", log: bool = Form(False), seller: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0) -> Response:  # fmt: skip
    """Keep a note of the listing, or of its seller where that is named."""
    if seller not in (0, _known(visit, number).seller):
        raise HTTPException(404)
    of = (SubjectKind.seller, seller) if seller else (LISTING, number)
    visit.store.keep_note(text, NoteKind.log if log else NoteKind.note, *of, actor=visit.actor, authority=visit.authority)
    return visit.go(f"/queue/card/{number}", "Noted.")


@router.post("/queue/card/{number}/correct")
def correct(visit: Annotated[Visit, allowed(Action.note_write)], number: Number, which: Annotated[int, Form(ge=1, le=2**31 - 1)], text: Text = "") -> Response:  # fmt: skip
    """Another wording of a note; the earlier one stays, superseded."""
    with visit.reading("queue: a note") as reader:
        if which not in {each.id for each in _notes(visit, reader, _seen(visit, reader, number), superseded=True)}:
            raise HTTPException(404)
    visit.store.correct_note(which, text, actor=visit.actor, authority=visit.authority)
    return visit.go(f"/queue/card/{number}", "Corrected; the earlier wording is kept.")


@router.get("/queue/cleared")
def cleared(visit: Annotated[Visit, allowed(Action.clearance_view)]) -> Response:
    """Who is cleared, for which brand, until when, on what evidence, and by whom; withdrawn ones too."""
    with visit.reading("queue cleared") as reader:
        rows = reader.clearances(superseded=True)
        numbers = sorted({x.seller for x in rows if x.seller is not None})
        names = {s.id: f"{s.name or s.handle} on {s.source}" for s in reader.sellers(numbers)} if numbers else {}
    return visit.page("queue/cleared.html", rows=rows[::-1], names=names, kinds=[str(kind) for kind in Cleared])


@router.post("/queue/cleared")
def clear(
    visit: Annotated[Visit, allowed(Action.clearance_edit)], kind: Annotated[Cleared, Form()], what: Annotated[str, Form(max_length=300)] = "",
    evidence: Text = "", brand: Annotated[str, Form(max_length=200)] = "", until: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """Record an authorised stockist or a cleared seller."""
    day = parse_when(until) if until.strip() else None
    if until.strip() and day is None:
        raise TouchstoneError(f"“{until}” is no day: write it as 31/3/2027.")
    if kind is Cleared.seller and not number_of(what):
        raise TouchstoneError("A seller is named by the number of their account’s page.")
    visit.store.keep_clearance(
        kind, number_of(what) if kind is Cleared.seller else what, evidence, brand=brand, until=f"{day.astimezone(LONDON):%Y-%m-%d}" if day else "",
        actor=visit.actor, authority=visit.authority,
    )  # fmt: skip
    return visit.go("/queue/cleared", f"Cleared: {kind} {what}. Priority flags on findings that are new are queued all the same.")


@router.post("/queue/cleared/{number}/withdraw")
def unclear(visit: Annotated[Visit, allowed(Action.clearance_edit)], number: Number, reason: Text = "") -> Response:
    """Withdraw a clearance of one's own authority; another's stands until they withdraw it."""
    with visit.reading("queue cleared") as reader:
        if not any(each.id == number and each.authority == visit.authority for each in reader.clearances(superseded=True)):
            raise HTTPException(404)
    visit.store.withdraw_clearance(number, reason, actor=visit.actor, authority=visit.authority)
    return visit.go("/queue/cleared", "It is withdrawn, and its goods come back to the queue.")
