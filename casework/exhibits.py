"""Exhibits of a case: making one of what the store holds, or of goods and papers that it does not; and the custody of each.

A physical exhibit's chain is made of what people recorded (docs/cases.md). Where its goods come from a seizure or a test purchase, that follow-up's own
rows are its first steps: they are read from there, and not recorded again. What is kept here has its custody in the log: when it was collected,
under which run, by whom, and each time that it left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.casefile import Recorded, Told, drafted, read_settings, record
from casework.told import is_told
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.casefile import Act, CaseEntry, Custody, EntryKind, Thing
from store.words.custody import CustodyStep, Holding, breaks, holding
from store.words.followup import FollowUp, Kind, Received, Sealed, Seizure, SentToExaminer, Stated, Step
from store.words.records import Capture, CaptureKind, Exhibit, SubjectKind, Verb

INITIALS = re.compile(r"[A-Z]{2,5}")
NUMBERED = (SubjectKind.link, SubjectKind.capture, SubjectKind.premises, SubjectKind.seller)


def add(store: Store, home: Home, case: str, source: str, ref: str, initials: str, by: str, *, officer: str = "") -> Exhibit:
    """Make a listing (`source`, `ref`), or a link, capture, premises or seller (the word, its number) the next exhibit of the case.

    `officer` produces it, the one who acts where it is left out. Raises TouchstoneError for what the store does not hold, and for a capture whose
    bytes were erased.
    """
    _initials(initials)
    store.case(case)
    with store.acting(by, purpose="case add", case=case) as reader:
        kind, subject, said = digital(reader, source, ref)
    style = read_settings(home).exhibit_style
    return store.exhibit(case, kind, subject, initials=initials, description=said, actor=by, producer=officer, style=style)


def _initials(initials: str) -> None:
    if not INITIALS.fullmatch(initials):
        raise TouchstoneError(f"initials '{initials}' are not two to five capital letters")


def _end(reader: Acting, kind: str, number: int) -> str:
    """What a link joins, as people call it."""
    if kind == SubjectKind.seller and (sellers := reader.sellers([number])):
        return f"account “{(sellers[0].name or sellers[0].handle)[:80]}” of {sellers[0].source}"
    if kind == SubjectKind.premises and (places := reader.premises([number])):
        return f"premises {number}, {places[0].label}"
    return f"{kind} {number}"


def digital(reader: Acting, source: str, ref: str) -> tuple[SubjectKind, int, str]:
    """What `add` makes an exhibit of: kind, number, and the words that it will have. Raises TouchstoneError as `add` does."""
    if source in NUMBERED and not ref.isdecimal():
        raise TouchstoneError(f"'{ref}' is no number of a {source}")
    if source == SubjectKind.link:
        link = reader.link(int(ref))
        ends = (_end(reader, link.subject_kind, link.subject), _end(reader, link.object_kind, link.object))
        return SubjectKind.link, int(ref), f"Link {link.id}, {' to '.join(ends)} ({link.level}, {link.status})"
    if source == SubjectKind.capture:
        capture, place = reader.capture(int(ref)), reader.place(int(ref))
        if place is None or place.record_type == "tombstone":
            raise TouchstoneError(f"the bytes of capture {ref} were erased")
        said = f"{_called(capture)} on {capture.ended_at:%d %B %Y %H:%M} UTC, {capture.body_length} bytes, SHA-256 {capture.body_digest}"
        return SubjectKind.capture, int(ref), said
    if source == SubjectKind.premises:
        if not (places := reader.premises([int(ref)])):
            raise TouchstoneError(f"there is no premises {ref} in this store")
        return SubjectKind.premises, int(ref), f"What registers and links say of premises {ref}, {places[0].label}"
    if source == SubjectKind.seller:
        if not (sellers := reader.sellers([int(ref)])):
            raise TouchstoneError(f"there is no seller {ref} in this store")
        return SubjectKind.seller, int(ref), f"Account “{(sellers[0].name or sellers[0].handle)[:80]}” of {sellers[0].source}"
    found = reader.listing(source, ref)
    said = f"Listing {ref} of {source}, “{found.snapshot.title[:80]}”, as captured {found.first_seen:%d %B %Y %H:%M} UTC"
    return SubjectKind.listing, found.listing.id or 0, said


def _called(capture: Capture) -> str:
    """What a capture is, without the name of a file: that may be somebody's."""
    if capture.kind is CaptureKind.handed_in:
        return f"File handed in to {capture.source}, kept as capture {capture.id}"
    return f"Capture {capture.id} ({capture.kind}) of {capture.url_final[:120]}, taken"


def add_item(
    store: Store, home: Home, case: str, body: Mapping[str, Any], when: str, initials: str, *, by: str, officer: str = "", why: str = ""
) -> tuple[CaseEntry, Exhibit]:  # fmt: skip
    """Record goods or a paper, and give them their number: both or neither. `body` has the fields of a Thing. Raises TouchstoneError."""
    _initials(initials)
    body = {**body, "found_by": body.get("found_by") or (officer or by)}
    draft = drafted(home, store.case(case), Told(case, EntryKind.item, body, when), None)
    assert isinstance(draft.what, Thing)
    return store.exhibit_item(
        draft, initials=initials, description=described(draft), actor=by, authority=home.settings.authority.code, producer=officer,
        style=read_settings(home).exhibit_style, why=why,
    )  # fmt: skip


def correct_item(
    store: Store, home: Home, case: str, number: str, body: Mapping[str, Any], when: str, *, by: str, why: str = ""
) -> Recorded:
    """Correct what an exhibit that is goods or a paper is said to be; its number stays. Raises TouchstoneError."""
    with store.acting(by, purpose="case exhibit", justification=why, case=case) as reader:
        found = next((e for e in reader.exhibits(case) if e.number == number), None)
    if found is None or found.subject_kind is not SubjectKind.item:
        raise TouchstoneError(f"case {case} has no exhibit {number} that is goods or a paper")
    return record(store, home, Told(case, EntryKind.item, body, when, found.subject), by=by, why=why)


def described(item: CaseEntry) -> str:
    """A thing as an exhibit list and its label have it."""
    what = item.what
    assert isinstance(what, Thing)
    found = f", found by {what.found_by} at {what.found_at} on {item.when}" if what.physical else f", dated {item.when}"
    return counted(what) + found


def counted(thing: Thing) -> str:
    return f"{thing.quantity} × {thing.what}" if thing.quantity else thing.what


def withdraw(store: Store, home: Home, case: str, number: str, *, by: str, why: str) -> CaseEntry:
    """Withdraw an exhibit: its number stays with it, and why is said. Raises TouchstoneError."""
    draft = drafted(home, store.case(case), Told(case, EntryKind.withdrawal, {"exhibit": number, "why": why}), None)
    return store.keep_entry(draft, actor=by, authority=home.settings.authority.code)


# -- custody -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ExhibitCustody:
    """The custody of an exhibit: its steps in the order in which they happened, what does not follow, and where a physical one is now."""

    exhibit: Exhibit
    thing: CaseEntry | None
    steps: tuple[CustodyStep, ...]
    breaks: tuple[str, ...] = ()
    now: Holding | None = None


def custody_of(reader: Acting, exhibits: Sequence[Exhibit], case: str) -> list[ExhibitCustody]:
    """The custody of these exhibits of a case. A digital one's is read in the log, in those events that may be told."""
    rows = reader.case_entries(case, EntryKind.item, EntryKind.custody)
    things = {row.number: row for row in rows if isinstance(row.what, Thing)}
    recorded: dict[str, list[CustodyStep]] = {}
    for row in rows:
        if isinstance(row.what, Custody):
            recorded.setdefault(row.what.exhibit, []).append(_recorded(row))
    out = []
    for exhibit in exhibits:
        thing = things.get(exhibit.subject) if exhibit.subject_kind is SubjectKind.item else None
        if thing is None or not isinstance(thing.what, Thing):
            out.append(ExhibitCustody(exhibit, None, tuple(sorted(_in_the_log(reader, exhibit), key=_order))))
            continue
        steps = sorted([*_taken(reader, thing), *recorded.get(exhibit.number, [])], key=_order)
        if thing.what.physical:
            out.append(ExhibitCustody(exhibit, thing, tuple(steps), tuple(breaks(steps)), holding(steps)))
        else:
            out.append(ExhibitCustody(exhibit, thing, tuple(steps)))
    return out


def _order(step: CustodyStep) -> datetime:
    return step.at  # a stable sort: of one moment the rows stand in the order in which they were recorded


def _recorded(row: CaseEntry) -> CustodyStep:
    what = row.what
    assert isinstance(what, Custody) and row.happened_at is not None
    return CustodyStep(
        row.happened_at, row.whole_day, what.act, what.by, "", what.where, what.giver, what.taker, what.bag, what.why, f"{what.record}, row {row.number}"
    )  # fmt: skip


def _taken(reader: Acting, thing: CaseEntry) -> Iterator[CustodyStep]:
    """How a thing came into our hands: by its own row, or by the follow-up that it comes from."""
    what = thing.what
    assert isinstance(what, Thing) and thing.happened_at is not None
    if what.follow_up is not None:
        first = reader.follow_up(what.follow_up)
        rows = reader.purchase_steps(first.purchase or what.follow_up) if first.kind is Kind.purchase else _in_force(reader, first)
        for row in rows:
            yield from _of_follow_up(row, what)
        return
    record = f"this system, row {thing.number}"
    if not what.physical:
        yield CustodyStep(thing.happened_at, thing.whole_day, None, what.found_by, "obtained", what.held_at, record=record)
        return
    yield CustodyStep(
        thing.happened_at, thing.whole_day, Act.seized, what.found_by, where=what.found_at, why="taken as an exhibit", record=record
    )
    if what.bag:
        yield CustodyStep(thing.happened_at, thing.whole_day, Act.sealed, what.found_by, where=what.held_at or what.found_at, bag=what.bag, record=record)  # fmt: skip


def _in_force(reader: Acting, row: FollowUp) -> list[FollowUp]:
    while row.superseded_by is not None:
        row = reader.follow_up(row.superseded_by)
    return [row]


def _of_follow_up(row: FollowUp, thing: Thing) -> Iterator[CustodyStep]:
    """The steps of custody that a row of a seizure or a purchase states. Who did them is who recorded them, where it says nobody else."""
    record = f"follow-up {row.id}"
    at, day = row.happened_at, row.whole_day
    what = row.what
    if isinstance(what, Seizure):
        yield CustodyStep(at, day, Act.seized, thing.found_by, where=thing.found_at, why=what.law or what.power, record=record)
        if thing.bag:
            yield CustodyStep(at, day, Act.sealed, thing.found_by, where=what.stored, bag=thing.bag, record=record)
    elif isinstance(what, Received):
        how = what.how or f"{what.carrier} {what.tracking}"
        yield CustodyStep(
            at, day, Act.received, row.actor, where=thing.found_at, giver=what.sender or how, why=f"test purchase, {how}", record=record
        )
    elif row.step is Step.photographed:
        yield CustodyStep(at, day, None, row.actor, "packaging photographed", record=record)
    elif isinstance(what, Sealed):
        yield CustodyStep(at, day, Act.sealed, row.actor, bag=what.bag, why=what.contents, record=record)
    elif isinstance(what, SentToExaminer):
        yield CustodyStep(at, day, Act.handed_over, row.actor, taker=what.examiner, why=f"for examination, by {what.how}; form signed by {what.signed_by}", record=record)  # fmt: skip
    elif isinstance(what, Stated):
        yield CustodyStep(at, day, None, what.examiner, "examiner's statement received", record=record)


def _rests_on(reader: Acting, exhibit: Exhibit) -> list[int]:
    """The captures of which an exhibit that is kept here consists: of a link those that its reasons cite."""
    if exhibit.subject_kind is SubjectKind.capture:
        return [exhibit.subject]
    if exhibit.subject_kind is SubjectKind.listing:
        return [c.id for c in reader.listing_captures(exhibit.subject) if c.id is not None]
    if exhibit.subject_kind is SubjectKind.link:
        return sorted({r.capture for x in reader.links(numbers=[exhibit.subject]) for r in x.reasons if r.capture is not None})
    return []


def _in_the_log(reader: Acting, exhibit: Exhibit) -> Iterator[CustodyStep]:
    """Of what is kept here: its collection, its making an exhibit, and each time that the case left the store."""
    store = reader.store
    numbers = _rests_on(reader, exhibit)
    captures = {c.id: c for c in reader.captures(numbers)} if numbers else {}
    collected = {}
    for event in store.events_of(runs={c.run for c in captures.values()}) if captures else []:
        of = event.body["subjects"]
        # of it alone: a sighting's own event names its captures too, and is in no pack
        alone = of["capture"] if event.body["verb"] == str(Verb.collection) and of.keys() == {"capture"} else ""
        if alone.isdecimal() and int(alone) in captures:
            collected[int(alone)] = event
    for number, capture in sorted(captures.items(), key=lambda pair: pair[0] or 0):
        told = collected.get(number or 0)
        by, record = (told.body["actor"], f"event {told.seq} of the log") if told else ("", "no event of the log")
        why = str(told.body["purpose"]).replace("_", " ") if told else ""
        yield CustodyStep(
            capture.ended_at, False, None, by, f"capture {number} collected", capture.url_final[:120], why=why, record=record,
            sha256=capture.body_digest,
        )  # fmt: skip
    for event in filter(is_told, store.events_of(case=exhibit.case)):
        at, body = datetime.fromisoformat(event.body["at"]), event.body
        if body["detail"].get("exhibit") == exhibit.number:
            yield CustodyStep(
                at,
                False,
                None,
                body["actor"],
                f"made exhibit {exhibit.number}",
                why=body["justification"],
                record=f"event {event.seq} of the log",
            )
        elif body["verb"] == str(Verb.disclosure) and at > exhibit.at:
            to = str(body["detail"].get("recipient", body["purpose"]))
            yield CustodyStep(
                at, False, None, body["actor"], "disclosed", taker=to, why=body["justification"], record=f"event {event.seq} of the log"
            )
