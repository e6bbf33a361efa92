"""The life of what is kept, as people act on it: erasures that one asks for and another approves, and cases that need not be kept any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from store.errors import TouchstoneError
from store.proposals import ErasureGround, Proposal
from store.review import Hold
from store.rules import Ended, case_until
from store.store import Store
from store.words.casefile import Decision, EntryKind, Person
from store.words.dates import LONDON
from store.words.records import SubjectCategory, SubjectKind

# What can be erased by a command, and how: by number, or by reference where that is how people quote it.
ERASURES: Mapping[str, str] = {
    "listing": "erase_listing", "seller": "erase_seller", "capture": "erase", "sighting": "erase_sighting", "informant": "erase_informant",
    "follow_up": "erase_follow_up", "attribution": "erase_ground", "occupant": "erase_occupant", "pair_statement": "erase_pair_reason",
    "subject_view": "erase_view", "lookup": "erase_lookup", "case": "erase_case", "note": "erase_note", "clearance": "erase_clearance",
    "saved_search": "erase_saved_search",
}  # fmt: skip
BY_REFERENCE = frozenset({"sighting", "informant", "case"})


@dataclass(frozen=True, slots=True)
class Erased:
    """What an approved erasure came to: captures that stay because others need them, and what could not be scrubbed of the files, or ""."""

    proposal: Proposal
    stay: tuple[int, ...] = ()
    unscrubbed: str = ""


@dataclass(frozen=True, slots=True)
class CaseDue:
    """Until when a case is kept: `until` None while it must be. `closed`: it was said that it need not be kept any more."""

    case: str
    until: date | None
    why: str
    closed: bool = False

    def due(self, on: date) -> bool:
        return not self.closed and self.until is not None and self.until <= on


def propose_erasure(store: Store, kind: str, subject: str, ground: ErasureGround, *, by: str, authority: str) -> int:
    """Ask for an erasure. Raises TouchstoneError for what cannot be erased by itself, and for a subject that is no number where it is one."""
    if kind not in ERASURES:
        raise TouchstoneError(f"'{kind}' is nothing that is erased by itself; there are {', '.join(ERASURES)}")
    if kind not in BY_REFERENCE and not subject.isdecimal():
        raise TouchstoneError(f"'{subject}' is no number of a {kind}")
    return store.propose("erase", kind, subject, ground, actor=by, authority=authority)


def erase(store: Store, number: int, *, by: str) -> Erased:
    """Approve an erasure and carry it out; where `two_persons` of configs/data.yml does not name it, whoever asked may.

    Raises TouchstoneError where it may not be approved, or is under hold: the proposal then stands as `held`, and the log tells why.
    """
    found = next(iter(store.proposals(number)), None)
    if found is None or found.act != "erase":
        raise TouchstoneError(f"there is no proposal {number} of an erasure; `touchstone erase list` shows them")
    approved = store.answer(number, "approved", actor=by)
    function: Callable[..., Any] = getattr(store, ERASURES[approved.subject_kind])
    subject: Any = approved.subject if approved.subject_kind in BY_REFERENCE else int(approved.subject)
    try:
        stay = function(subject, actor=by, reason=f"{approved.ground} (proposal {number})")
    except TouchstoneError:
        store.close_proposal(number, "held", actor=by)
        raise
    store.close_proposal(number, "done", actor=by)
    return Erased(store.proposals(number)[0], tuple(stay or ()), store.scrub())


def close(store: Store, number: int, *, by: str, on: date) -> CaseDue:
    """Approve that a case is kept no longer. Raises TouchstoneError where its date has not come."""
    found = next(iter(store.proposals(number)), None)
    if found is None or found.act != "close":
        raise TouchstoneError(f"there is no proposal {number} to close a case; `touchstone approval list` shows them")
    said = case_due(store, found.subject, by)
    if not said.due(on):
        raise TouchstoneError(f"case {found.subject} is still to be kept: {said.why}{f', until {said.until}' if said.until else ''}")
    store.answer(number, "approved", actor=by)
    store.close_case(found.subject, actor=by)
    store.close_proposal(number, "done", actor=by)
    return said


def release_hold(store: Store, number: int, *, by: str, reason: str, authority: str | None = None) -> Hold:
    """Say that a hold (with `authority` one of its own) no longer stands; the hold. Raises TouchstoneError where none of that number does."""
    with store.acting(by, purpose="hold release") as reader:
        found = next((h for h in reader.holds(authority) if h.id == number), None)
    if found is None:
        raise TouchstoneError(f"no hold {number} stands; `touchstone hold list` shows those that do")
    store.hold(SubjectKind(found.subject_kind), found.subject, actor=by, reason=reason, releases=number)
    return found


def case_due(store: Store, case: str, by: str) -> CaseDue:
    """Until when one case is kept, by its outcomes and what was said of custody and appeal."""
    store.case(case)
    with store.acting(by, purpose="retention review", justification="which cases are due", case=case) as reader:
        rows = reader.case_entries(case, EntryKind.outcome, EntryKind.person)
    suspects, outcomes = [], []
    for row in rows:
        if isinstance(row.what, Person) and row.what.category in (SubjectCategory.suspect, SubjectCategory.convicted):
            suspects.append(row.number or 0)
        if isinstance(row.what, Decision) and row.happened_at is not None:
            outcomes.append(Ended(row.what.outcome, row.happened_at.astimezone(LONDON).date(), row.what.persons))
    terms = store.terms(case)
    until, why = case_until(outcomes, suspects, terms, store.rules.retention.cases)
    return CaseDue(case, until, why, "closed" in terms)


def cases_due(store: Store, by: str, authority: str | None = None) -> list[CaseDue]:
    """Until when each case is kept; with `authority` those of its own."""
    return [case_due(store, one.reference, by) for one in store.cases() if authority in (None, one.authority)]
