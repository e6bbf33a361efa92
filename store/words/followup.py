"""What officers did about a place or a seller, kind by kind with what each must state, and the order of a test purchase.

Pure dataclasses and rules, as store/words/purposes.py is. The rules are those of the practice notes, named at each: the powers and the
notice of the Consumer Rights Act 2015 Sch. 5, warnings whose receipt is shown (it bears on Trade Marks Act 1994 s.92(5)), the ladder of
the Regulators' Code with its risk reason, the authorisation of a test purchase (RIPA 2000). They are no legal advice. Every ValueError
names the field. A body's dates are YYYY-MM-DD.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from store.words.dates import LONDON
from store.words.money import parse_price
from store.words.purposes import not_live
from store.words.records import Operation, Purpose

NO_POWER = "none"  # in place of a power's name: a public place, or somebody invited the officers in
NOT_SHOWN = "receipt not shown"


class Kind(enum.StrEnum):
    visit = "visit"
    advice = "advice"
    warning = "warning"
    notice = "notice"
    seizure = "seizure"
    closure = "closure"
    outcome = "outcome"
    purchase = "purchase"  # one step of a test purchase


class Step(enum.StrEnum):
    """The steps of a test purchase, in their order."""

    authorised = "authorised"
    ordered = "ordered"
    received = "received"
    photographed = "photographed"
    sealed = "sealed"
    examiner = "examiner"
    result = "result"


STEPS = tuple(Step)
COVERED = (Step.authorised, Step.ordered)  # the steps that an operation's authorisation has to cover
SAID = {
    Step.authorised: "the purchase is authorised",
    Step.ordered: "the goods are ordered",
    Step.received: "the parcel is received",
    Step.photographed: "the packaging is photographed before it is opened",
    Step.sealed: "the goods are sealed in a bag with a number",
    Step.examiner: "the bag is sent to the brand's examiner",
    Step.result: "the examiner's statement is received",
}


class Role(enum.StrEnum):
    """What a file of a follow-up is."""

    photo = "photo"
    proof = "proof"  # that a warning or a notice was received
    document = "document"  # the paper itself: the letter, the order, the notice
    continuity = "continuity"  # who handed what to whom, signed
    statement = "statement"  # the brand examiner's


class Result(enum.StrEnum):
    """What the brand's examiner states; never what the software thinks."""

    genuine = "genuine"
    counterfeit = "counterfeit"
    cannot_say = "cannot_say"


class Outcome(enum.StrEnum):
    """What was decided. The first four are the ladder of the Regulators' Code (2014), lowest first; a look-alike without a mark is outside
    Trade Marks Act 1994 s.92 and has a word of its own."""

    advice = "advice"
    warning = "warning"
    notice = "notice"
    investigation = "investigation"
    caution = "caution"
    prosecution = "prosecution"
    forfeiture = "forfeiture"
    look_alike = "look_alike"
    no_further_action = "no_further_action"


LADDER = (Outcome.advice, Outcome.warning, Outcome.notice, Outcome.investigation)


def _need(record: Any, **why: str) -> None:
    for name, reason in why.items():
        value = getattr(record, name)
        if not (value.strip() if isinstance(value, str) else value):
            raise ValueError(f"{name}: {reason}")


def _dates(record: Any, *names: str) -> None:
    for name in names:
        if value := getattr(record, name):
            _day(name, value)


def _day(name: str, value: str) -> date:
    try:
        found = date.fromisoformat(value)
        if found.isoformat() == value:
            return found
    except ValueError:
        pass
    raise ValueError(f"{name}: '{value}' is no date: write it as 2026-11-25")


# -- what each kind states -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Visit:
    """Officers were at the place. `power` is a name of configs/followup.yml or `none`, `law` what that file said of it at the time.

    Where a power was used, notice was given (`notice_on`), or `no_notice` says why not (CRA 2015 Sch. 5 para 23).
    """

    officers: tuple[str, ...]
    power: str
    seen: str
    met: str = ""
    law: str = ""
    notice_on: str = ""
    no_notice: str = ""
    suspicion: str = ""

    def __post_init__(self) -> None:
        _need(self, officers="who went there", power="the power of entry that was used, or 'none'", seen="what was seen, even if nothing")
        _dates(self, "notice_on")


@dataclass(frozen=True, slots=True)
class Advice:
    """Somebody was told what the law asks of them: the first rung of the ladder (Regulators' Code; LRRA 2006 s.21)."""

    given_to: str
    how: str
    about: str

    def __post_init__(self) -> None:
        _need(self, given_to="who was advised", how="how: in person, by letter, by e-mail", about="what about")


@dataclass(frozen=True, slots=True)
class WarningGiven:
    """A warning, and what shows that it came: a signature, a recorded delivery's number, or a file of role `proof`.

    One whose receipt is not shown says so: whether it came bears on Trade Marks Act 1994 s.92(5).
    """

    given_to: str
    served: str
    about: str
    signature: str = ""
    delivery_number: str = ""

    def __post_init__(self) -> None:
        _need(self, given_to="who was warned", served="how it was served", about="what it warns of")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice under a statute. `power` is a name of configs/followup.yml where it is one of those; `suspicion` the reasonable suspicion
    that a demand for information rests on (CRA 2015 Sch. 5 para 14)."""

    given_to: str
    served: str
    statute: str
    requires: str
    comply_by: str = ""
    power: str = ""
    suspicion: str = ""
    signature: str = ""
    delivery_number: str = ""

    def __post_init__(self) -> None:
        _need(
            self, given_to="on whom it was served", served="how it was served", statute="under which statute", requires="what it requires"
        )
        _dates(self, "comply_by")


@dataclass(frozen=True, slots=True)
class Item:
    """Goods of one sort. `grams` where they were weighed, `bag` the number of the seal or bag they are in."""

    what: str
    count: int | None = None
    brand: str = ""
    grams: int | None = None
    bag: str = ""

    def __post_init__(self) -> None:
        _need(self, what="what was seized")
        if self.count is None and self.grams is None:
            raise ValueError(f"count: '{self.what}' has neither a count nor a weight")
        for name in ("count", "grams"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: '{self.what}' has {value}; leave out what was not counted or weighed")
        if self.bag:
            bag_key(self.bag)


@dataclass(frozen=True, slots=True)
class Seizure:
    """Goods were seized: by what power (`law` what configs/followup.yml said of it), and where they are stored."""

    items: tuple[Item, ...]
    power: str
    stored: str
    law: str = ""

    def __post_init__(self) -> None:
        _need(self, items="at least one", power="the power that was used", stored="where the goods are")

    @property
    def count(self) -> int:
        """Pieces that were counted."""
        return sum(item.count or 0 for item in self.items)

    @property
    def grams(self) -> int:
        """The weight of what was weighed."""
        return sum(item.grams or 0 for item in self.items)


@dataclass(frozen=True, slots=True)
class ClosureOrder:
    """A court closed the premises. Both days are closed; `ends` "" where the order names none."""

    court: str
    starts: str
    basis: str
    ends: str = ""

    def __post_init__(self) -> None:
        _need(self, court="which court", starts="from which day", basis="under which law, and for what")
        _dates(self, "starts", "ends")
        if self.ends and self.ends < self.starts:
            raise ValueError(f"ends: {self.ends} is before {self.starts}, when it starts")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, and the reason in risk (Regulators' Code; LRRA 2006 s.21: proportionate, targeted, transparent)."""

    outcome: Outcome
    risk_reason: str
    note: str = ""

    def __post_init__(self) -> None:
        _need(self, risk_reason="the risk that it answers: a decision without it cannot be shown to be proportionate")


# -- the steps of a test purchase --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Authorised:
    """`power` is a name of configs/followup.yml where the officer names one, `law` what that file said of it at the time."""

    authorised_by: str
    ground: str
    power: str = ""
    law: str = ""

    def __post_init__(self) -> None:
        _need(self, authorised_by="who authorised it", ground="on what ground")


@dataclass(frozen=True, slots=True)
class Ordered:
    """`contact` is what passed between buyer and seller. One who becomes acquainted with a seller for the authority is a covert human
    intelligence source (RIPA 2000; CHIS code): a `relationship` needs its authorisation's reference."""

    order: str
    paid: str
    contact: str = ""
    relationship: bool = False
    urn: str = ""

    def __post_init__(self) -> None:
        _need(self, order="what was ordered, and the order's number if it has one", paid="the price paid, as written: £45")
        if parse_price(self.paid, "GBP") is None:
            raise ValueError(f"paid: '{self.paid}' is no price that can be read; write it like £45 or 45.00")
        if self.relationship and not self.urn.strip():
            raise ValueError(
                "urn: the buyer became acquainted with the seller, which is the conduct of a covert human intelligence source: "
                "name the authorisation, or stop and ask for one"
            )


@dataclass(frozen=True, slots=True)
class Received:
    """`sender` is the name and address on the parcel: evidence of who runs the account, as far as it goes."""

    carrier: str = ""
    tracking: str = ""
    how: str = ""
    sender: str = ""

    def __post_init__(self) -> None:
        if not self.how.strip() and not (self.carrier.strip() and self.tracking.strip()):
            raise ValueError("how: give the carrier and the tracking number, or say how it came")


@dataclass(frozen=True, slots=True)
class Photographed:
    """The closed packaging, in at least one file of role `photo`. `opened` is when it was opened, where it has been: day and time, UTC."""

    opened: str = ""

    def __post_init__(self) -> None:
        if self.opened:
            moment("opened", self.opened)


@dataclass(frozen=True, slots=True)
class Sealed:
    """`bag` was never used before in this store; `opened` is when the parcel was opened, where that was after its photographs."""

    bag: str
    contents: str
    witness: str = ""
    opened: str = ""

    def __post_init__(self) -> None:
        _need(self, bag="the number of the sealed bag", contents="what is in it")
        bag_key(self.bag)
        if self.opened:
            moment("opened", self.opened)


@dataclass(frozen=True, slots=True)
class SentToExaminer:
    """With at least one file of role `continuity`, which `signed_by` signed."""

    examiner: str
    how: str
    signed_by: str

    def __post_init__(self) -> None:
        _need(self, examiner="to whom it was sent", how="how it went there", signed_by="who signed the continuity form")


@dataclass(frozen=True, slots=True)
class Stated:
    """The examiner's own statement, in at least one file of role `statement`."""

    result: Result
    examiner: str
    note: str = ""

    def __post_init__(self) -> None:
        _need(self, examiner="who states it")


What = (
    Visit
    | Advice
    | WarningGiven
    | Notice
    | Seizure
    | ClosureOrder
    | Decided
    | Authorised
    | Ordered
    | Received
    | Photographed
    | Sealed
    | SentToExaminer
    | Stated
)
KINDS: Mapping[Kind | Step, type[Any]] = {
    Kind.visit: Visit,
    Kind.advice: Advice,
    Kind.warning: WarningGiven,
    Kind.notice: Notice,
    Kind.seizure: Seizure,
    Kind.closure: ClosureOrder,
    Kind.outcome: Decided,
    Step.authorised: Authorised,
    Step.ordered: Ordered,
    Step.received: Received,
    Step.photographed: Photographed,
    Step.sealed: Sealed,
    Step.examiner: SentToExaminer,
    Step.result: Stated,
}
NEEDS_FILE: Mapping[Step, tuple[Role, str]] = {
    Step.photographed: (Role.photo, "at least one photograph of the packaging, taken before it was opened"),
    Step.examiner: (Role.continuity, "the signed continuity form, as a file"),
    Step.result: (Role.statement, "the examiner's statement, as a file"),
}


def what_of(kind: Kind, step: Step | None, body: Mapping[str, Any]) -> What:
    """The statement of that kind in `body`, JSON values by field. Raises ValueError for what it may not be, and for a field it has not."""
    made = KINDS[step or kind]
    known = {each.name for each in fields(made)}
    if unknown := sorted(set(body) - known):
        raise ValueError(f"{unknown[0]}: a {step or kind} has no such field")
    given: dict[str, Any] = {**{each.name: "" for each in fields(made) if each.default is MISSING}, **body}  # "" is refused by name
    for name, cast in (("outcome", Outcome), ("result", Result)):
        if name in known:
            given[name] = _word(name, cast, given[name])
    if made is Visit:
        given["officers"] = tuple(given["officers"])
    if made is Seizure:
        given["items"] = tuple(item if isinstance(item, Item) else Item(**item) for item in given["items"])
    return made(**given)  # type: ignore[no-any-return]


def _word(name: str, words: type[enum.StrEnum], given: Any) -> enum.StrEnum:
    try:
        return words(given)
    except ValueError:
        raise ValueError(f"{name}: '{given}' is none of {', '.join(words)}") from None


def body_of(what: What) -> dict[str, Any]:
    """Its fields as JSON values."""
    return asdict(what)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a follow-up: its capture, and what it is. `taken_at` is what its camera says, which is believed of nothing by itself."""

    capture: int
    role: Role
    taken_at: str = ""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something was done: when it happened, and when it was recorded. Identity: `id`; a correction is a new one that `supersedes` it.

    `what` is None once it is erased. `purchase` is the number of the first row of its test purchase, whose place, seller, case and
    operation the other steps have.
    """

    id: int | None
    kind: Kind
    what: What | None
    happened_at: datetime  # of a whole day its beginning in London
    whole_day: bool
    premises: int | None = None
    seller: int | None = None
    case: str | None = None
    operation: str | None = None
    step: Step | None = None
    purchase: int | None = None
    supersedes: int | None = None
    superseded_by: int | None = None
    files: tuple[File, ...] = ()
    actor: str = ""
    recorded_at: datetime | None = None
    authority: str = ""

    @property
    def when(self) -> str:
        """The day or the moment, as a reader in Britain has it."""
        return shown_when(self.happened_at, self.whole_day)


@dataclass(frozen=True, slots=True)
class Closure:
    """Premises that a court closed, first and last day (None: none named), and on what basis."""

    premises: int
    starts: date
    ends: date | None
    basis: str
    follow_up: int | None = None

    def covers(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)


# -- rules -------------------------------------------------------------------------------------------------------------------
def next_step(done: Sequence[Step]) -> Step | None:
    """The step that may be recorded now; None where all are. `done` is in order."""
    return STEPS[len(done)] if len(done) < len(STEPS) else None


def refusal(done: Sequence[Step], wanted: Step) -> str:
    """Why this step may not be recorded now, as a sentence that names the next; "" where it may: nothing is skipped, nothing repeated."""
    following = next_step(done)
    if wanted is following:
        return ""
    if following is None:
        return f"'{wanted}' cannot be recorded: every step of this test purchase is; a correction names the row that it supersedes"
    why = "is recorded already" if wanted in done else "cannot be recorded yet"
    return f"'{wanted}' {why}: the next step is '{following}', when {SAID[following]}"


def out_of_order(rows: Sequence[FollowUp]) -> str:
    """Of steps in their order: a sentence where one happened before a step before it; "" where none did."""
    latest: FollowUp | None = None  # of the earlier steps the one that began last: a whole day's begins at midnight, and says little
    for row in rows:
        if latest is not None and ends(row) <= latest.happened_at:
            return f"'{row.step}' happened {row.when}, before '{latest.step}', {latest.when}"
        if latest is None or row.happened_at >= latest.happened_at:
            latest = row
    return ""


def ends(row: FollowUp) -> datetime:
    """Of a whole day its end: where the hour is not known a step may be later than one of the same day."""
    return row.happened_at + (timedelta(days=1) if row.whole_day else timedelta(microseconds=1))


def photographs_that_count(step: FollowUp, opened_at: str = "") -> list[File]:
    """Of the packaging's photographs those that nothing contradicts: none whose own camera says that it was opened by then.

    That they were taken before is the officer's statement; a camera's clock is a claim, and may only speak against it. `opened_at` is the
    opening as the sealing states it, or the sealing's own end, where the step itself states none.
    """
    assert isinstance(step.what, Photographed)
    photos = [file for file in step.files if file.role is Role.photo]
    if not (said := step.what.opened or opened_at):
        return photos
    opened = moment("opened", said)
    if not step.whole_day and step.happened_at >= opened:
        return []
    return [file for file in photos if not file.taken_at or moment("taken_at", file.taken_at) < opened]


def opened_too_early(photographed: FollowUp, sealed: FollowUp) -> str:
    """Why the opening that is stated cannot be, as a sentence; "" where it can: after the photographs, and before the sealing.

    Where none is stated the parcel was open once the goods were sealed, and a photograph is held against that.
    """
    assert isinstance(sealed.what, Sealed) and isinstance(photographed.what, Photographed)
    said = sealed.what.opened or photographed.what.opened
    if not said:
        if not photographs_that_count(photographed, ends(sealed).isoformat()):
            return f"the goods were sealed {sealed.when}, and every photograph of the packaging says that it was taken later"
        return ""
    opened = moment("opened", said)
    if opened < photographed.happened_at:
        return f"the parcel was opened {shown_when(opened, False)}, before its packaging was photographed, {photographed.when}"
    if opened >= ends(sealed):
        return f"the parcel was opened {shown_when(opened, False)}, after the goods were sealed, {sealed.when}"
    if not photographs_that_count(photographed, sealed.what.opened):
        return f"the parcel was opened {shown_when(opened, False)}, and every photograph of its packaging says that it was taken later"
    return ""


def moment(field: str, text: str) -> datetime:
    """A moment as ISO 8601 with its zone. Raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"{field}: '{text}' is no moment with its zone")
    return found


def not_covered(operation: Operation, at: datetime) -> str:
    """Why a test purchase may not be made for this operation at that moment, as a sentence; "" where it may.

    Its purpose is `test_purchase`; its authorisation, where the law asks for one, is live (RIPA 2000), and who authorised the purchase
    did so by then.
    """
    if operation.purpose is not Purpose.test_purchase:
        return f"operation {operation.reference} is a {operation.purpose}, and no test purchase is made under it"
    if operation.authorisation and (why := not_live(operation.authorisation, at)):
        return f"operation {operation.reference}: {why}"
    if operation.purchase and operation.purchase.on > at.astimezone(LONDON).date().isoformat():
        return f"operation {operation.reference}: its test purchase is authorised from {operation.purchase.on} on"
    return ""


def working_days(start: date, end: date) -> int:
    """Days from Monday to Friday after `start`, up to `end` itself: notice on Monday is two before Wednesday. Holidays are not known here."""
    return sum((start + timedelta(days=n)).weekday() < 5 for n in range(1, (end - start).days + 1))


def receipt(row: FollowUp) -> str:
    """What shows that a warning or notice was received; NOT_SHOWN where nothing does."""
    if not isinstance(row.what, WarningGiven | Notice):
        return ""
    proof = [file.capture for file in row.files if file.role is Role.proof]
    said = [f"signed for by {row.what.signature}"] if row.what.signature else []
    said += [f"recorded delivery {row.what.delivery_number}"] if row.what.delivery_number else []
    said += [f"capture {', '.join(map(str, proof))}"] if proof else []
    return "; ".join(said) or NOT_SHOWN


def rungs_missing(before: Sequence[FollowUp], outcome: Outcome) -> list[Outcome]:
    """Rungs of the ladder below an outcome that nothing recorded before stands on. No refusal: grave harm may skip them, and the risk
    reason then says so."""
    if outcome in (Outcome.look_alike, Outcome.no_further_action):
        return []
    stood: set[str] = {str(row.kind) for row in before}
    stood |= {str(row.what.outcome) for row in before if isinstance(row.what, Decided)}
    below = LADDER[: LADDER.index(outcome)] if outcome in LADDER else LADDER[:-1]  # what comes after an investigation rests on one itself
    return [rung for rung in below if str(rung) not in stood]


def bag_key(number: str) -> str:
    """A bag's number as two are compared: letters and digits alone, in capitals. Raises ValueError where it has no digit, or too many signs."""
    key = re.sub(r"[^0-9A-Za-z]", "", number).upper()
    if not any(c.isdigit() for c in key) or len(key) > 40:
        raise ValueError(f"bag: '{number}' is no bag's number: it has a digit, and at most 40 letters and digits")
    return key


def bags_of(what: What) -> tuple[str, ...]:
    """The numbers of the bags or seals that goods were put in, as written."""
    if isinstance(what, Sealed):
        return (what.bag,)
    if isinstance(what, Seizure):
        return tuple(dict.fromkeys(item.bag for item in what.items if item.bag))
    return ()


def shown_when(at: datetime, whole_day: bool) -> str:
    """`2026-11-25`, London's day, or `2026-11-25 14:30 UTC`."""
    return f"{at.astimezone(LONDON):%Y-%m-%d}" if whole_day else f"{at:%Y-%m-%d %H:%M} UTC"


def kilograms(grams: int) -> str:
    """1,250 g as `1.25 kg`; whole grams are kept."""
    whole = f"{grams / 1000:,.3f}".rstrip("0").rstrip(".")
    return f"{whole} kg"
