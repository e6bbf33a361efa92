"""What people record of a case, from an officer's words to a row: the law of its jurisdiction, corrections, and what the officer should know.

What each kind must state is store/words/casefile.py; what the store refuses is `keep_entry`. Here is what needs the working folder: the acts, offices
and outcomes that configs/jurisdictions has, and how cases are numbered (configs/cases.yml).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework.followup import when_stated
from store.config import Home, load
from store.errors import TouchstoneError
from store.exhibits import STYLES
from store.store import Acting, Store
from store.strict import FieldError, near
from store.words.casefile import (
    HAPPENS,
    CaseEntry,
    Connection,
    Custody,
    Decision,
    EntryKind,
    Incident,
    MarkStatus,
    Offence,
    Person,
    Rests,
    Thing,
    Withdrawn,
    body_of,
    comparable_mark,
    entry_of,
)
from store.words.dates import LONDON
from store.words.followup import NOT_SHOWN, receipt
from store.words.records import Case, SubjectCategory


@dataclass(frozen=True, slots=True)
class Law:
    """An act of an offence, and where the law has it. `checked` False: from memory, to be looked up."""

    law: str
    what: str
    checked: bool = True

    @property
    def said(self) -> str:
        return self.law + ("" if self.checked else " (to be checked)")


@dataclass(frozen=True, slots=True)
class Office:
    """An office whose registrations count, and the form of its numbers, a regular expression."""

    what: str
    number: str
    example: str
    checked: bool = True

    def __post_init__(self) -> None:
        try:
            fits = re.fullmatch(self.number, self.example)
        except re.error as error:
            raise FieldError("number", f"'{self.number}' is no regular expression: {error}") from None
        if not fits:
            raise FieldError("example", f"'{self.example}' is not written as `number` says")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision that there is. `court`: a court decides it; `ends`: proceedings end with it; `outside`: it says that no offence of s.92 is there."""

    law: str
    what: str
    checked: bool = True
    court: bool = False
    ends: bool = False
    outside: bool = False

    @property
    def said(self) -> str:
        return self.law + ("" if self.checked else " (to be checked)")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What the law of a jurisdiction gives a case: one file of configs/jurisdictions."""

    name: str
    statute: str
    acts: Mapping[str, Law]
    offices: Mapping[str, Office]
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class CaseSettings:
    """What configs/cases.yml says."""

    reference: str = "TS-{year}-{number:04}"
    given: str = "[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
    exhibit_style: str = "AB1"

    def __post_init__(self) -> None:
        if self.exhibit_style not in STYLES:
            raise FieldError("exhibit_style", f"'{self.exhibit_style}' is none of {', '.join(STYLES)}")
        try:
            made, pattern = self.reference.format(year=2026, number=1), re.compile(self.given)
        except (KeyError, IndexError, ValueError) as error:
            raise FieldError("reference", f"'{self.reference}' is no form of a reference with {{year}} and {{number}}: {error}") from None
        except re.error as error:
            raise FieldError("given", f"'{self.given}' is no regular expression: {error}") from None
        if made == self.reference.format(year=2026, number=2):
            raise FieldError("reference", f"'{self.reference}' has no {{number}}: every case would have the same reference")
        if not pattern.fullmatch(made):
            raise FieldError("reference", f"'{made}', which it makes, is not what `given` lets a reference be")


def read_settings(home: Home) -> CaseSettings:
    return load(home.file("cases.yml"), CaseSettings)


def jurisdictions(home: Home) -> dict[str, Jurisdiction]:
    """Those that are configured, by name."""
    return {each.name: each for each in (load(path, Jurisdiction) for path in home.configs("jurisdictions"))}


def jurisdiction_of(home: Home, name: str) -> Jurisdiction:
    """The jurisdiction of that name. Raises TouchstoneError with a sentence for one that nobody has configured."""
    known = jurisdictions(home)
    if name not in known:
        raise TouchstoneError(
            f"'{name}' is no jurisdiction of configs/jurisdictions, where there is {', '.join(known) or 'none'}{near(name, known)}. A case follows the law of "
            "the place where it would be tried: somebody who knows that law writes the file first, and a lawyer there checks it"
        )
    return known[name]


def open_case(
    store: Store, home: Home, reference: str, title: str, operation: str | None, by: str, *, own_number: str = "", jurisdiction: str = ""
) -> str:  # fmt: skip
    """Open a case; its reference, the next one of the configured form where none is given.

    Raises TouchstoneError for one that could not name a folder or is taken, and for a jurisdiction that nobody has configured.
    """
    settings, name = read_settings(home), jurisdiction or home.settings.authority.jurisdiction
    jurisdiction_of(home, name)
    if reference and not re.fullmatch(settings.given, reference):
        raise TouchstoneError(f"'{reference}' cannot be a case's reference: letters, digits, dots, hyphens and underscores only")
    for _ in range(100):  # somebody else may open one at this moment
        chosen = reference or _next(store, settings)
        try:
            store.open_case(Case(chosen, home.settings.authority.code, title, operation, None, own_number, name), actor=by)
        except TouchstoneError:
            if reference:
                raise
            continue
        return chosen
    raise TouchstoneError("no reference was free a hundred times over: others open cases all the while; try again")


def _next(store: Store, settings: CaseSettings) -> str:
    year = datetime.now(LONDON).year
    before, _, after = re.sub(r"\{number[^}]*\}", "\0", settings.reference).format(year=year).partition("\0")
    form = re.compile(f"{re.escape(before)}(\\d+){re.escape(after)}")
    used = [int(found[1]) for case in store.cases() if (found := form.fullmatch(case.reference))]
    return settings.reference.format(year=year, number=max(used, default=0) + 1)


# -- rows ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """What an officer told of a case: `body` the fields of its kind, left out where a correction keeps what stands. `corrects` is a row's number."""

    case: str
    kind: EntryKind
    body: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row that was kept, and what its officer should know."""

    row: CaseEntry
    notes: tuple[str, ...] = ()


def drafted(home: Home, case: Case, told: Told, old: CaseEntry | None) -> CaseEntry:
    """The row as it is told, with what it leaves out from the row that it corrects. Raises TouchstoneError."""
    stands = body_of(old.what) if old is not None and old.what is not None else {}
    body = {**stands, **told.body}
    if told.kind in (EntryKind.offence, EntryKind.outcome):
        _lawful(jurisdiction_of(home, case.jurisdiction or home.settings.authority.jurisdiction), told.kind, body)
    try:
        what = entry_of(told.kind, body)
    except ValueError as error:
        raise TouchstoneError(f"{told.kind}: {error}") from None
    at, whole = (old.happened_at, old.whole_day) if old is not None else (None, True)
    if told.when or (old is None and told.kind in HAPPENS):
        at, whole = when_stated(told.when)
    number, supersedes = (old.number, old.id) if old is not None else (None, None)
    return CaseEntry(None, told.case, told.kind, what, at, whole, number, supersedes)


def record(store: Store, home: Home, told: Told, *, by: str, why: str = "") -> Recorded:
    """Record what was told of a case; what its officer should know. Raises TouchstoneError."""
    case = store.case(told.case)
    with store.acting(by, purpose=f"case {told.kind}", justification=why, case=told.case) as reader:
        old = reader.case_entry(told.case, told.corrects) if told.corrects is not None else None
    if old is not None and old.kind is not told.kind:
        raise TouchstoneError(f"row {old.number} is a {old.kind}, and no {told.kind} corrects it")
    draft = drafted(home, case, told, old)
    row = store.keep_entry(draft, actor=by, authority=home.settings.authority.code, why=why)
    with store.acting(by, purpose=f"case {told.kind}", justification=why, case=told.case) as reader:
        return Recorded(row, tuple(_notes(reader, home, case, row)))


def _lawful(law: Jurisdiction, kind: EntryKind, body: dict[str, Any]) -> None:
    """The row's act or outcome is one of the jurisdiction's, and `law` what its file says of it now: it may say it otherwise later, and the row stands."""
    name, known = ("act", law.acts) if kind is EntryKind.offence else ("outcome", law.outcomes)
    given = body.get(name, "")
    if given not in known:
        raise TouchstoneError(f"{name}: '{given}' is none of {', '.join(known)} of {law.name}{near(given, known)}")
    body["law"] = known[given].said
    if kind is EntryKind.outcome and not law.outcomes[given].court and not str(body.get("risk_reason", "")).strip():
        raise TouchstoneError("risk_reason: the risk that it answers (--risk): a decision without it cannot be shown to be proportionate (LRRA 2006 s.21)")  # fmt: skip
    if kind is not EntryKind.offence or not body.get("office"):
        return
    office, number = body["office"], str(body.get("number", ""))
    if office not in law.offices:
        made = comparable_mark(number)
        hint = f"; an EU mark has no effect here since 1 January 2021: the comparable mark of {number} would be {made}, look it up" if made else near(office, law.offices)  # fmt: skip
        raise TouchstoneError(f"office: '{office}' is none of {', '.join(law.offices)} of {law.name}{hint}")
    if number and not re.fullmatch(law.offices[office].number, number):
        made = comparable_mark(number)
        hint = f"; the comparable mark of an EU mark of that number would be {made}" if made else ""
        raise TouchstoneError(f"number: '{number}' is not written as {office} writes its numbers: {law.offices[office].example}{hint}")


def _notes(reader: Acting, home: Home, case: Case, row: CaseEntry) -> list[str]:
    what, notes = row.what, []
    if isinstance(what, Offence):
        if missing := blanks(what):
            notes.append(f"not stated yet: {', '.join(missing)}")
        if what.status not in (MarkStatus.registered, MarkStatus.not_checked):
            notes.append(f"a mark that is {what.status} on {what.status_on} is no registered trade mark on that day: s.92 asks for one")
        unshown = [w.id for w in reader.follow_ups(numbers=what.warnings) if receipt(w) == NOT_SHOWN] if what.warnings else []
        notes += [f"that warning {number} came is not shown: it bears on s.92(5)" for number in unshown]
    if isinstance(what, Decision):
        law = jurisdiction_of(home, case.jurisdiction or home.settings.authority.jurisdiction)
        outcome = law.outcomes[what.outcome]
        rows = reader.case_entries(row.case, EntryKind.offence, EntryKind.outcome, EntryKind.person)
        if outcome.outside and (standing := [r.number for r in rows if r.kind is EntryKind.offence]):
            notes.append(
                f"an offence stands in this case (row {standing[0]}), and this says that none of s.92 is there: withdraw one of the two"
            )
        if what.outcome == "conviction":
            if not any(isinstance(r.what, Decision) and r.what.outcome == "prosecution" for r in rows):
                notes.append("no prosecution is recorded before it")
            people = {r.number: r.what for r in rows if isinstance(r.what, Person)}
            notes += [f"{people[n].name} is kept as {people[n].category}: correct row {n} with --category convicted once that stands" for n in what.persons
                      if people[n].category is not SubjectCategory.convicted]  # fmt: skip
    if isinstance(what, Connection) and what.seller is not None:
        notes.append("that this person runs the account is shown by evidence and a judgement of their own: `touchstone seller attribute`")
    return notes


def blanks(offence: Offence) -> list[str]:
    """What an offence does not state yet, in words; each is to be shown as a blank and never made up."""
    asked = (
        ("register number", offence.number), ("classes", offence.classes), ("owner", offence.owner),
        ("status of the mark", offence.status is not MarkStatus.not_checked), ("the owner's statement that there was no consent", offence.consent),
        ("what shows a view to gain", offence.gain), ("who is said to have done it", offence.persons), ("dates", offence.since),
    )  # fmt: skip
    return [name for name, value in asked if not value]


def withdraw(store: Store, home: Home, case: str, number: int, *, by: str, why: str) -> CaseEntry:
    """Take back a row that was wrong: it stays, and says why. Raises TouchstoneError."""
    return store.withdraw_entry(case, number, actor=by, authority=home.settings.authority.code, why=why)


# -- what is said of it ----------------------------------------------------------------------------------------------------
def sentence(row: CaseEntry) -> str:
    """The row in one line, for lists, schedules and packs."""
    what = row.what
    if what is None:
        return "erased"
    if isinstance(what, Withdrawn):
        return f"withdrawn: {what.why}"
    said = _SENTENCES[row.kind](what)
    resting = rests_on(what)
    return f"{said} [{resting}]" if resting else said


def rests_on(what: Rests) -> str:
    """What a statement rests on, in words; "" where it names nothing."""
    parts = [
        ", ".join(what.exhibits), *(f"capture {n}" for n in what.captures), *(f"follow-up {n}" for n in what.follow_ups), what.source.strip()
    ]  # fmt: skip
    return "; ".join(filter(None, parts))


def _offence(o: Offence) -> str:
    mark = f"{'figurative mark' if o.figurative else 'mark'} “{o.mark}”" + (f" ({o.number}, {o.office})" if o.number else "")
    days = f", {o.since}" + (f" to {o.until}" if o.until and o.until != o.since else "") if o.since else ""
    by = ", by " + ", ".join(f"person {n}" for n in o.persons) if o.persons else ""
    return f"{o.act.replace('_', ' ')}: {o.goods}, {mark}{days}{by} ({o.law})"


def _person(p: Person) -> str:
    return f"{p.name}{f', company {p.company_number}' if p.company_number else ', a company' if p.is_company else ''}: {p.category}, because {p.basis}"


def _connection(c: Connection) -> str:
    to = f"account {c.seller}" if c.seller is not None else f"premises {c.premises}"
    return f"person {c.person} is said to be connected with {to}: {c.says}{' (an opinion)' if c.opinion else ''}"


def _incident(i: Incident) -> str:
    return f"{i.what} ({'in the opinion of' if i.opinion else 'says'} {i.said_by}){f', at premises {i.premises}' if i.premises is not None else ''}"


def _decision(d: Decision) -> str:
    about = [f"person {n}" for n in d.persons] + [f"offence {n}" for n in d.offences]
    of = f", of {', '.join(about)}" if about else ""
    said = f"{d.outcome.replace('_', ' ')} by {d.decided_by}{of}"
    return "; ".join(filter(None, (said, d.risk_reason and f"risk: {d.risk_reason}", d.note)))


def _thing(t: Thing) -> str:
    counted = f"{t.quantity} × {t.what}" if t.quantity else t.what
    found = f"found by {t.found_by} at {t.found_at}" if t.found_by else ""
    of = f"of follow-up {t.follow_up}" if t.follow_up is not None else ""
    return ", ".join(filter(None, (counted, found, t.bag and f"bag {t.bag}", t.held_at and f"held at {t.held_at}", of)))


def custody_words(c: Custody) -> str:
    way = [
        f"from {c.giver}" if c.giver else "",
        f"to {c.taker}" if c.taker else "",
        f"at {c.where}" if c.where else "",
        f"bag {c.bag}" if c.bag else "",
    ]
    return f"{c.exhibit} {c.act.replace('_', ' ')} by {c.by}{''.join(f', {w}' for w in way if w)}: {c.why} (on {c.record})"


_SENTENCES: Mapping[EntryKind, Any] = {
    EntryKind.offence: _offence,
    EntryKind.person: _person,
    EntryKind.connection: _connection,
    EntryKind.premises: lambda p: f"premises {p.premises}: {p.role}",
    EntryKind.incident: _incident,
    EntryKind.outcome: _decision,
    EntryKind.item: _thing,
    EntryKind.custody: custody_words,
    EntryKind.withdrawal: lambda w: f"exhibit {w.exhibit} is withdrawn: {w.why}",
}


def people(rows: Sequence[CaseEntry]) -> dict[int, Person]:
    """The persons of a case by their numbers."""
    return {row.number: row.what for row in rows if isinstance(row.what, Person) and row.number is not None}
