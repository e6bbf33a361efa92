"""What the record shows that one officer did and saw in a case: captures of their own passes, records that they were shown, exhibits that they
produce, what they recorded. Read from rows and from the log; nothing of what a machine thinks is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from casework.exhibits import ExhibitCustody, custody_of
from casework.export.log import events
from store.errors import TouchstoneError
from store.store import SYSTEM, Acting, Store
from store.words.dates import LONDON
from store.words.followup import FollowUp
from store.words.records import Actor, Capture, CaptureKind, Case, Exhibit, Run, Snapshot, SubjectKind, Verb

# Commands that put a record before a person's eyes, as their events name them. A pass reads too, and nobody looks.
LOOKED = {
    "listing show": "the record of the listing",
    "listing history": "the history of the listing",
    "seller show": "the record of the account",
}


@dataclass(frozen=True, slots=True)
class Look:
    """An officer was shown a record: when, by which event of the log, and what it was."""

    at: datetime
    event: int
    what: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A capture, the pass that made it, and whether the officer's."""

    capture: Capture
    run: Run
    own: bool

    @property
    def by(self) -> str:
        return "the program, as it was set up to do" if self.run.actor == SYSTEM else self.run.actor


@dataclass(frozen=True, slots=True)
class Produced:
    """An exhibit with its copies, oldest first; of a listing where it is, and its words as the first of the officer's own copies gave them."""

    exhibit: Exhibit
    copies: tuple[Copy, ...] = ()
    looks: tuple[Look, ...] = ()
    source: str = ""
    ref: str = ""
    said: Snapshot | None = None
    said_in: int | None = None
    chain: ExhibitCustody | None = None  # of goods and papers

    @property
    def own(self) -> list[Copy]:
        return [copy for copy in self.copies if copy.own]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a statement of `officer` in `case` may draw on."""

    case: Case
    officer: Actor
    produced: tuple[Produced, ...]
    others: tuple[Exhibit, ...]  # exhibits that somebody else produces
    withdrawn: tuple[Exhibit, ...]
    done: tuple[FollowUp, ...]
    exports: tuple[Look, ...]
    places: dict[int, str]  # premises → what it is called


def facts_of(store: Store, reader: Acting, case: str, officer: str) -> Facts:
    """Read what an officer did and saw in a case. Raises TouchstoneError: no such case, or the officer is not a person known here."""
    one, person = store.case(case), store.actor(officer)
    if not person.is_person:
        raise TouchstoneError(f"'{officer}' is no person: a statement is a person's")
    exhibits = reader.exhibits(case)
    mine = [e for e in exhibits if e.producer == officer and not e.withdrawn]
    seen, exports = _looks(store, case, officer)
    done = [row for row in reader.follow_ups(case=case) if row.what is not None and (row.actor == officer or _was_there(row, person))]
    places = sorted({row.premises for row in done if row.premises is not None})
    chains = {chain.exhibit.number: chain for chain in custody_of(reader, [e for e in mine if e.subject_kind is SubjectKind.item], case)}
    return Facts(
        one, person, tuple(_produced(store, reader, e, officer, seen, chains.get(e.number)) for e in mine),
        tuple(e for e in exhibits if e.producer != officer and not e.withdrawn), tuple(e for e in exhibits if e.withdrawn), tuple(done), tuple(exports),
        {p.id: p.label for p in (reader.premises(places) if places else []) if p.id is not None},
    )  # fmt: skip


def _was_there(row: FollowUp, person: Actor) -> bool:
    there = {name.strip().casefold() for name in getattr(row.what, "officers", ())}
    return bool(there & {person.id.casefold(), person.name.casefold()})


def _looks(store: Store, case: str, officer: str) -> tuple[list[tuple[Look, dict[str, str]]], list[Look]]:
    """What the log says that the officer was shown, with the numbers of its rows; and the packs of the case that they exported."""
    seen, exports = [], []
    for event in events(store, store.log_head()[0]):
        body = event.body
        if body["actor"] != officer:
            continue
        look = Look(datetime.fromisoformat(body["at"]), body["seq"], LOOKED.get(body["purpose"], ""))
        if body["verb"] == str(Verb.consultation) and look.what:
            seen.append((look, body["subjects"]))
        elif body["verb"] == str(Verb.disclosure) and body["purpose"] == "case export" and body["case"] == case:
            exports.append(look)
    return seen, exports


def _shows(ids: str, number: int) -> bool:
    """Whether `1-3,7` has the number."""
    return any(int(first) <= number <= int(last or first) for first, _, last in (part.partition("-") for part in ids.split(",") if part))


def _produced(
    store: Store, reader: Acting, exhibit: Exhibit, officer: str, seen: Sequence[tuple[Look, dict[str, str]]], chain: ExhibitCustody | None
) -> Produced:  # fmt: skip
    if exhibit.subject_kind not in (SubjectKind.listing, SubjectKind.capture):
        return Produced(exhibit, chain=chain)
    listing = exhibit.subject if exhibit.subject_kind is SubjectKind.listing else None
    if listing is not None:
        captures = reader.listing_captures(listing)
    else:
        captures = [reader.capture(exhibit.subject), *reader.parts_of(exhibit.subject, CaptureKind.screenshot)]
    copies = tuple(_copy(store, c, officer) for c in sorted(captures, key=lambda c: (c.ended_at, c.id or 0)))
    kind, number = str(exhibit.subject_kind), exhibit.subject
    looks = tuple(look for look, subjects in seen if _shows(subjects.get(kind, ""), number))
    if listing is None:
        return Produced(exhibit, copies, looks)
    [found] = reader.summaries(numbers=[listing])
    own = {copy.capture.id for copy in copies if copy.own or looks}
    said = next((r for r in sorted(reader.readings(listing=listing), key=lambda r: (r.captured_at, r.id or 0)) if r.capture in own), None)
    words = reader.snapshots([said.snapshot])[0] if said else None
    return Produced(exhibit, copies, looks, found.listing.source, found.listing.ref, words, said.capture if said else None)


def _copy(store: Store, capture: Capture, officer: str) -> Copy:
    run = store.run(capture.run)
    return Copy(capture, run, run.actor == officer)


# -- in words ----------------------------------------------------------------------------------------------------------------
def at(moment: datetime) -> str:
    """A moment as a statement gives it: United Kingdom local time, and UTC beside it."""
    here, utc = moment.astimezone(LONDON), moment.astimezone(UTC)
    day = f"{utc.day} {utc:%B} " if here.date() != utc.date() else ""
    return f"{here.day} {here:%B %Y} at {here:%H:%M:%S} {here.tzname()} ({day}{utc:%H:%M:%S} UTC)"


def day(moment: datetime, whole_day: bool) -> str:
    """What a person stated, as a heading: a day of London's, and the minute where one was given."""
    here = moment.astimezone(LONDON)
    return f"{here.day} {here:%B %Y}" + ("" if whole_day else f", {here:%H:%M}")


def when(moment: datetime, whole_day: bool) -> str:
    """The same within a sentence, UTC beside it; to the minute that was given and no closer."""
    here, utc = moment.astimezone(LONDON), moment.astimezone(UTC)
    other = f"{utc.day} {utc:%B} " if here.date() != utc.date() else ""
    return day(moment, True) + ("" if whole_day else f" at {here:%H:%M} {here.tzname()} ({other}{utc:%H:%M} UTC)")


def quoted(text: str) -> str:
    """Words of others within a sentence, between quotation marks; those within them become single, as is the custom."""
    return f"“{text.strip().replace('“', '‘').replace('”', '’')}”"
