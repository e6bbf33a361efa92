"""What people record of a case, kind by kind with what each must state: offences, persons and what joins them to accounts and places,
premises, incidents, outcomes, goods and papers, steps of custody.

Pure dataclasses and rules, as store/words/followup.py is. Nothing here is set by a machine. The words that the law gives (acts of s.92, offices,
outcomes) are facts of configs/jurisdictions/*.yml; a row keeps the law as that file said it at the time. Every ValueError names the field. A body's
dates are YYYY-MM-DD.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from store.words.followup import bag_key, shown_when
from store.words.records import SubjectCategory


class EntryKind(enum.StrEnum):
    """Kinds of rows of a case. `withdrawal` says that an exhibit is withdrawn: its number stays with it."""

    offence = "offence"
    person = "person"
    connection = "connection"
    premises = "premises"
    incident = "incident"
    outcome = "outcome"
    item = "item"
    custody = "custody"
    withdrawal = "withdrawal"


class Act(enum.StrEnum):
    """What was done with a physical exhibit."""

    seized = "seized"
    received = "received"
    sealed = "sealed"
    opened = "opened"
    resealed = "resealed"
    examined = "examined"
    moved = "moved"
    handed_over = "handed_over"
    returned = "returned"
    destroyed = "destroyed"


class MarkStatus(enum.StrEnum):
    """Where a trade mark stood on a day, by the register that is named."""

    registered = "registered"
    pending = "pending"
    expired = "expired"
    removed = "removed"
    not_checked = "not_checked"


def _need(record: Any, /, **why: str) -> None:
    for name, reason in why.items():
        value = getattr(record, name)
        if not (value.strip() if isinstance(value, str) else value):
            raise ValueError(f"{name}: {reason}")


def _day(record: Any, *names: str) -> None:
    for name in names:
        if value := getattr(record, name):
            try:
                found = date.fromisoformat(value)
            except ValueError:
                found = None
            if found is None or found.isoformat() != value:
                raise ValueError(f"{name}: '{value}' is no date: write it as 2026-11-25")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """What a statement rests on: exhibits by their numbers, captures and follow-ups by theirs, or in `source` a document that lies elsewhere."""

    exhibits: tuple[str, ...] = ()
    captures: tuple[int, ...] = ()
    follow_ups: tuple[int, ...] = ()
    source: str = ""

    @property
    def rests(self) -> bool:
        return bool(self.exhibits or self.captures or self.follow_ups or self.source.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence(Rests):
    """An offence that is considered: the act (a name of the jurisdiction's file, `law` what it said of it), the mark, and what must be shown of it.

    Trade Marks Act 1994 s.92: a sign identical to, or likely to be mistaken for, a *registered* mark, without the owner's consent, with a view to
    gain. What is not known yet stays "" and is shown as a blank. `warnings` are follow-ups of this store: they bear on s.92(5), and so does whether
    their receipt is shown. `persons` are those of this case who are said to have done it.
    """

    act: str
    mark: str = ""  # the words of the mark; of a figurative one its description
    figurative: bool = False
    goods: str
    office: str = ""
    number: str = ""
    classes: tuple[int, ...] = ()
    owner: str = ""
    status: MarkStatus = MarkStatus.not_checked
    status_on: str = ""
    status_source: str = ""
    consent: str = ""  # the owner's statement that there was none, by its exhibit or reference
    gain: str = ""  # what shows a view to gain: prices asked, sales counted
    warnings: tuple[int, ...] = ()
    persons: tuple[int, ...] = ()
    since: str = ""
    until: str = ""
    law: str = ""

    def __post_init__(self) -> None:
        _need(self, act="which act of the offence", mark="the words of the mark, or what a figurative one shows", goods="which goods")
        _day(self, "status_on", "since", "until")
        if bad := [number for number in self.classes if not 1 <= number <= 45]:
            raise ValueError(f"classes: {bad[0]} is no class of the Nice Classification, which has 1 to 45")
        if self.number and not self.office:
            raise ValueError("office: a register number is of an office: say whose")
        if self.status is not MarkStatus.not_checked and not (self.status_on and self.status_source.strip()):
            raise ValueError("status_on: a mark's status is of a day and from a register: give the day and the source")
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until: {self.until} is before {self.since}, when it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Rests):
    """A person or a company in the case, in a category of data subject (DPA 2018 s.38). `basis` says why it is in that one; a person says it."""

    name: str
    category: SubjectCategory
    basis: str
    is_company: bool = False
    company_number: str = ""
    born: str = ""
    address: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        _need(self, name="the name, or a description where the name is not known", basis="on what basis they are in this category")
        _day(self, "born")
        if self.category in (SubjectCategory.none, SubjectCategory.unknown):
            raise ValueError("category: a person of a case is a suspect, convicted, a victim or a witness")
        if self.is_company and self.born:
            raise ValueError("born: a company was not born")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Rests):
    """Somebody says that a person of the case is connected with an account or a place. It rests on evidence that is named; `opinion` marks a
    personal assessment (DPA 2018 s.38(2)). That a person runs an account is shown by docs/attribution.md alone: this does not move it."""

    person: int
    seller: int | None = None
    premises: int | None = None
    says: str
    opinion: bool = False

    def __post_init__(self) -> None:
        _need(self, says="in a sentence what connects them")
        if (self.seller is None) == (self.premises is None):
            raise ValueError("seller: a connection is with an account or with a place, one of the two")
        if not self.rests:
            raise ValueError("source: a connection rests on evidence: an exhibit, a capture, a follow-up, or a document by its reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPremises(Rests):
    """A place is part of the case, and as what: where goods were sold, stored, seized."""

    premises: int
    role: str

    def __post_init__(self) -> None:
        _need(self, role="what the place is to the case: sold from, stored at, searched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Rests):
    """Something happened, and who says so. When it happened is the row's own, apart from when it was recorded."""

    what: str
    said_by: str
    premises: int | None = None
    persons: tuple[int, ...] = ()
    until: str = ""
    opinion: bool = False

    def __post_init__(self) -> None:
        _need(self, what="what happened", said_by="who says so")
        _day(self, "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Rests):
    """What was decided (a name of the jurisdiction's file), by whom, of which persons and offences, and the risk that it answers (Regulators' Code;
    LRRA 2006 s.21: proportionate). A court's decision answers none: `risk_reason` is then not asked for."""

    outcome: str
    decided_by: str
    risk_reason: str = ""
    persons: tuple[int, ...] = ()
    offences: tuple[int, ...] = ()
    note: str = ""
    law: str = ""

    def __post_init__(self) -> None:
        _need(self, outcome="what was decided", decided_by="who decided it: the officer, or the court")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Rests):
    """Goods or a paper that is an exhibit. A physical thing has a place where it was found; `bag` is the number it was sealed in when it was taken.

    `follow_up` is the seizure or the purchase (its first row) that it comes from: its custody is then that one's, and is not recorded twice.
    """

    what: str
    physical: bool = True
    quantity: int | None = None
    found_by: str = ""
    found_at: str = ""  # where
    bag: str = ""
    held_at: str = ""
    follow_up: int | None = None

    def __post_init__(self) -> None:
        _need(self, what="what it is")
        if self.physical:
            _need(self, found_by="who found or took it", found_at="where it was found or taken")
        if self.quantity is not None and self.quantity < 1:
            raise ValueError(f"quantity: {self.quantity} is no number of things; leave out what was not counted")
        if self.bag:
            bag_key(self.bag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody(Rests):
    """One step of an exhibit's continuity. `by` did it; `giver` is from whom and `taker` to whom; `record` says on what it is recorded: paper, or here."""

    exhibit: str
    act: Act
    by: str
    why: str
    where: str = ""
    giver: str = ""
    taker: str = ""
    bag: str = ""
    record: str = "this system"

    def __post_init__(self) -> None:
        _need(
            self,
            exhibit="which exhibit",
            by="who did it",
            why="why",
            record="on what it is recorded: a paper form's reference, or this system",
        )
        if self.act is Act.handed_over:
            _need(self, taker="to whom it was handed")
        if self.act is Act.returned:
            _need(self, taker="to whom it was returned")
        if self.act in (Act.seized, Act.moved):
            _need(self, where="where it was taken, or where it went")
        if self.act in (Act.sealed, Act.resealed):
            _need(self, bag="the number of the bag or seal: one that was never used before")
        elif self.bag and self.act is not Act.opened:
            raise ValueError(f"bag: a bag's number goes with sealed, resealed and opened, and not with {self.act}")
        if self.bag:
            bag_key(self.bag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Rests):
    """An exhibit is withdrawn from the case: its number stays with it, and is nobody else's."""

    exhibit: str
    why: str

    def __post_init__(self) -> None:
        _need(self, exhibit="which exhibit", why="why it is withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """In place of a row that was wrong, and why it was."""

    why: str

    def __post_init__(self) -> None:
        _need(self, why="why it is withdrawn")


Body = Offence | Person | Connection | AtPremises | Incident | Decision | Thing | Custody | Withdrawal | Withdrawn
KINDS: Mapping[EntryKind, type[Any]] = {
    EntryKind.offence: Offence,
    EntryKind.person: Person,
    EntryKind.connection: Connection,
    EntryKind.premises: AtPremises,
    EntryKind.incident: Incident,
    EntryKind.outcome: Decision,
    EntryKind.item: Thing,
    EntryKind.custody: Custody,
    EntryKind.withdrawal: Withdrawal,
}
HAPPENS = frozenset({EntryKind.incident, EntryKind.outcome, EntryKind.item, EntryKind.custody})  # these have a time at which it happened
_WORDS: Mapping[str, type[enum.StrEnum]] = {"category": SubjectCategory, "status": MarkStatus, "act": Act}
_LISTS = frozenset({"exhibits", "captures", "follow_ups", "warnings", "persons", "offences", "classes"})


def kind_of(what: Body) -> EntryKind:
    """The kind of row that a body is of. Raises KeyError for `Withdrawn`, which is of any."""
    return {made: kind for kind, made in KINDS.items()}[type(what)]


def body_of(what: Body) -> dict[str, Any]:
    """Its fields as JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(what).items()}


def entry_of(kind: EntryKind, body: Mapping[str, Any], withdrawn: bool = False) -> Body:
    """The statement of that kind in `body`, JSON values by field. Raises ValueError for what it may not be, and for a field it has not."""
    made: type[Any] = Withdrawn if withdrawn else KINDS[kind]
    known = {each.name for each in fields(made)}
    if unknown := sorted(set(body) - known):
        raise ValueError(f"{unknown[0]}: a row of kind {kind} has no such field")
    given: dict[str, Any] = {**{each.name: "" for each in fields(made) if each.default is MISSING}, **body}  # "" is refused by name
    for name in known & _LISTS:
        if name in given:
            given[name] = tuple(given[name])
    for name, words in _WORDS.items():
        if name in known and name in given and not (name == "act" and made is Offence):
            try:
                given[name] = words(given[name])
            except ValueError:
                raise ValueError(f"{name}: '{given[name]}' is none of {', '.join(words)}") from None
    said: Body = made(**given)
    return said


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """A row of a case. Identity: `id`; `number` is the first row's, which stays through corrections and is what people quote.

    `what` is None once it is erased. A correction supersedes; a withdrawal supersedes with a `Withdrawn`.
    """

    id: int | None
    case: str
    kind: EntryKind
    what: Body | None
    happened_at: datetime | None = None  # of a whole day its beginning in London
    whole_day: bool = True
    number: int | None = None
    supersedes: int | None = None
    superseded_by: int | None = None
    actor: str = ""
    recorded_at: datetime | None = None

    @property
    def withdrawn(self) -> bool:
        return isinstance(self.what, Withdrawn)

    @property
    def when(self) -> str:
        """The day or the moment at which it happened, as a reader in Britain has it; "" for a kind that does not happen at a time."""
        return shown_when(self.happened_at, self.whole_day) if self.happened_at is not None else ""


# -- register numbers of marks -----------------------------------------------------------------------------------------------
def comparable_mark(number: str) -> str:
    """The UK mark that was made of a European Union one on 1 January 2021: `UK009` and its number's last eight digits; "" where it is no such number.

    017867542 → UK00917867542 (IPO guidance on comparable marks).
    """
    digits = re.sub(r"^(EU|EUTM)?[\s-]*", "", number.strip(), flags=re.IGNORECASE)
    return f"UK009{digits[-8:]}" if re.fullmatch(r"\d{8,9}", digits) else ""
