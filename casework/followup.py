"""What was done about a place or a seller, from an officer's words to a row: powers and notice, files handed in, corrections, the timeline.

What each kind must state is store/words/followup.py; what the store refuses is `check_follow_up`. Here is what needs the working folder:
the law as configs/followup.yml has it, operations as their files state them, and files, which become captures by the same path as a sighting's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from casework.operations import find_operations
from casework.when import parse_when
from store.config import Home, load
from store.errors import TouchstoneError
from store.followup import SOURCE
from store.store import Acting, Store
from store.strict import FieldError, near
from store.version import code_version
from store.words.dates import LONDON
from store.words.followup import (
    COVERED,
    NO_POWER,
    Decided,
    File,
    FollowUp,
    Item,
    Kind,
    Notice,
    Role,
    Seizure,
    Step,
    Visit,
    body_of,
    ends,
    kilograms,
    next_step,
    receipt,
    rungs_missing,
    what_of,
    working_days,
)
from store.words.records import Outcome as PassOutcome
from store.words.records import Run, digest_of

PURPOSE = "follow-up"


@dataclass(frozen=True, slots=True)
class Power:
    """A power that an officer may name: where the law has it, and what it asks for. `checked` False: from memory, to be looked up."""

    law: str
    what: str
    checked: bool = True
    notice_working_days: int = 0
    suspicion: bool = False

    @property
    def said(self) -> str:
        return self.law + ("" if self.checked else " (paragraph to be checked)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What configs/followup.yml says."""

    powers: Mapping[str, Power]
    remind: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    pictures: int = 6
    neighbours: int = 24

    def __post_init__(self) -> None:
        if NO_POWER in self.powers:
            raise FieldError("powers", f"'{NO_POWER}' is always a choice and stands for none")
        if unknown := [name for name in self.remind if name not in self.powers]:
            raise FieldError("remind", f"'{unknown[0]}' is none of the powers{near(unknown[0], self.powers)}")
        if self.pictures < 0 or self.neighbours < 1:
            raise ValueError("pictures is at least 0, neighbours at least 1")

    def power(self, name: str) -> Power | None:
        """The power of that name, None for `none`. Raises TouchstoneError for one that is not there."""
        if name == NO_POWER:
            return None
        if name not in self.powers:
            raise TouchstoneError(
                f"power: '{name}' is no power of configs/followup.yml; there are: {', '.join(self.powers)}, {NO_POWER}{near(name, self.powers)}"
            )
        return self.powers[name]


def read_settings(home: Home) -> Settings:
    return load(home.file("followup.yml"), Settings)


@dataclass(frozen=True, slots=True)
class Told:
    """What an officer told: `body` the fields of its kind, left out where a correction keeps what stands. `files` are (what it is, a path,
    or the number of a kept capture)."""

    kind: Kind
    body: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    step: Step | None = None
    purchase: int | None = None
    premises: int | None = None
    seller: int | None = None
    case: str | None = None
    operation: str | None = None
    supersedes: int | None = None
    files: Sequence[tuple[Role, str]] = ()
    without: Sequence[int] = ()  # captures among the files of the row that it corrects, which this one has no more


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row that was kept, and what its officer should know."""

    row: FollowUp
    notes: tuple[str, ...] = ()


def record(store: Store, home: Home, told: Told, *, by: str, why: str = "") -> Recorded:
    """Record what was done. What is refused is refused before anything is kept, with TouchstoneError.

    Only where somebody else records the same at that moment are an operation's reading and files left behind, under a run that failed.
    """
    settings = read_settings(home)
    with store.acting(by, purpose=PURPOSE, justification=why, case=told.case) as reader:
        old = reader.follow_up(told.supersedes) if told.supersedes is not None else None
        around = _before(reader, told, old)
        name = _operation(reader, told, old)
        contents = _opened(told.files)
        planned = [
            File(0, role, _taken_at(opened.claims)) if opened is not None else File(int(given), role, _camera(reader, role, int(given)))
            for role, given, opened in contents
        ]
    draft = _draft(settings, told, old)
    operation = find_operations(home, [name])[0] if name else None
    if missing := set(told.without) - {file.capture for file in (old.files if old else ())}:
        raise TouchstoneError(f"--without {min(missing)}: follow-up {told.supersedes} has no such file")
    files = (*(file for file in (old.files if old else ()) if file.capture not in told.without), *planned)
    store.check_follow_up(replace(draft, files=files), operation)
    notes = [f"{opened.name} held cookies, keys or parts that cannot be read: what is kept is a copy without them; keep the original, its SHA-256 is {opened.original}" for _, _, opened in contents if opened is not None and opened.redacted]  # fmt: skip
    new = [(role, opened) for role, _, opened in contents if opened is not None]
    if operation is not None:  # as the file has it now: it may have been read otherwise before, and since
        operation = store.operation(operation.reference, store.keep_operation(operation))
    with _handing_in(store, home, by) if new else nullcontext(None) as run:
        kept = iter(_kept(store, run, new)) if run is not None else iter(())
        whole = tuple(next(kept) if file.capture == 0 else file for file in files)
        authority = store.actor(by).authority
        row = store.keep_follow_up(replace(draft, files=whole), actor=by, authority=authority, why=why, operation=operation)
    return Recorded(row, (*notes, *_notes(row, around)))


def _operation(reader: Acting, told: Told, old: FollowUp | None) -> str | None:
    """The operation whose file is to be read: one that is named anew, and that of a purchase for a step that it is to cover."""
    stands = old.operation if old else None
    if told.operation not in (None, stands):
        return told.operation
    if told.step not in COVERED or (old is not None and not told.when):
        return None
    return stands if old is not None or told.purchase is None else reader.purchase_steps(told.purchase)[0].operation


def _draft(settings: Settings, told: Told, old: FollowUp | None) -> FollowUp:
    """The row as it is told, with what it leaves out from the row that it corrects."""
    kind, step = told.kind, told.step
    if old is not None and (old.what is None or (old.kind, old.step) != (kind, step)):
        why = "was erased" if old.what is None else f"is a {old.step or old.kind}, and no {step or kind} corrects it"
        raise TouchstoneError(f"follow-up {old.id} {why}")
    stands = body_of(old.what) if old is not None and old.what is not None else {}
    body = {**stands, **_law(settings, told), **told.body}
    try:
        what = what_of(kind, step, body)
    except ValueError as error:
        raise TouchstoneError(f"{step or kind}: {error}") from None
    if told.when or old is None:
        at, whole = when_stated(told.when)
    else:
        at, whole = old.happened_at, old.whole_day
    draft = FollowUp(
        None, kind, what, at, whole, told.premises if told.premises is not None else old.premises if old else None,
        told.seller if told.seller is not None else old.seller if old else None, told.case or (old.case if old else None),
        told.operation or (old.operation if old else None), step, told.purchase, told.supersedes,
    )  # fmt: skip
    _check_powers(settings, draft)
    return draft


def _law(settings: Settings, told: Told) -> dict[str, Any]:
    """The law of the power that is told, as the settings say it now: they may say it otherwise later, and the row stands."""
    if not (name := told.body.get("power")):
        return {}
    power = settings.power(name)
    return {"statute" if told.kind is Kind.notice else "law": power.said if power else ""}


def _check_powers(settings: Settings, draft: FollowUp) -> None:
    """Notice before an entry or the reason why none was given (CRA 2015 Sch. 5 para 23), and the suspicion that some powers rest on."""
    if not isinstance(draft.what, Visit | Notice) or not draft.what.power:
        return
    power = settings.power(draft.what.power)
    if power is None:
        return
    if power.suspicion and not draft.what.suspicion.strip():
        raise TouchstoneError(f"suspicion: to {power.what} ({power.said}) needs reasonable suspicion: say what it rests on (--suspicion)")
    if not power.notice_working_days or not isinstance(draft.what, Visit) or draft.what.no_notice.strip():
        return
    least = f"{power.notice_working_days} working days' written notice before a routine entry ({power.said})"
    if not draft.what.notice_on:
        raise TouchstoneError(f"notice_on: {least}: give the day of the notice (--notice-on), or say why there was none (--no-notice)")
    days = working_days(date.fromisoformat(draft.what.notice_on), draft.happened_at.astimezone(LONDON).date())
    if days < power.notice_working_days:
        raise TouchstoneError(f"notice_on: {least}; from {draft.what.notice_on} to {draft.when} there were {days}: say why (--no-notice)")


def when_stated(text: str) -> tuple[datetime, bool]:
    """(moment, whether it is a whole day). Raises TouchstoneError for what is no time."""
    at = parse_when(text) if text.strip() else None
    if at is None:
        raise TouchstoneError(f"--when '{text}' is no day or time that can be read; write it like 25/11/2026 or 25/11/2026 14:30")
    midnight = at.astimezone(LONDON).time() == time()
    return at, midnight and not re.search(r"\b0?0[:.]00|\b12\s*[:.]?\s*(?:00)?\s*a\.?m", text, re.IGNORECASE)


def moment_of(field_name: str, text: str) -> str:
    """A stated moment as ISO 8601 in UTC, "" for none. Raises TouchstoneError where it has no time of the day."""
    if not text.strip():
        return ""
    at, whole = when_stated(text)
    if whole:
        raise TouchstoneError(f"--{field_name} '{text}': give the hour too, since it is held against the time of the photographs")
    return at.isoformat()


# -- files -----------------------------------------------------------------------------------------------------------------
def _opened(files: Sequence[tuple[Role, str]]) -> list[tuple[Role, str, Any]]:
    """Each file opened; None in place of the contents where a kept capture is named by its number."""
    from crawler import handed_in

    return [
        (role, given, None if given.isdecimal() and not Path(given).exists() else handed_in.open_file(Path(given))) for role, given in files
    ]


def _camera(reader: Acting, role: Role, capture: int) -> str:
    """When the photograph that a capture holds says that it was taken. Raises TouchstoneError where there are no such bytes."""
    from crawler.handed_in.picture import claims_of

    if role is not Role.photo:
        return ""
    try:
        return _taken_at(claims_of(reader.payload(capture)))
    except TouchstoneError as error:
        raise TouchstoneError(f"there is no capture {capture} in this store that can be read: {error}") from None


def _taken_at(claims: Mapping[str, Any]) -> str:
    """When a photograph says that it was taken, ISO 8601 with its zone, London's where the camera names none; "" where it does not say."""
    said = re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", str(claims.get("camera_time", "")))
    if said is None:
        return ""
    zone = re.fullmatch(r"[+-]\d\d:\d\d", str(claims.get("camera_offset", "")))
    try:
        at = datetime.fromisoformat(f"{said[1]}-{said[2]}-{said[3]}T{said[4]}{zone[0] if zone else ''}")
        return (at if at.tzinfo else at.replace(tzinfo=LONDON)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


@contextmanager
def _handing_in(store: Store, home: Home, by: str) -> Iterator[Run]:
    """A run under which files are handed in; it ends well, or says that it failed."""
    from crawler.clock import measure

    run = store.begin_run(
        "followup", actor=by, authority=home.settings.authority.code, code_version=code_version(), config_digest=digest_of("followup"),
        clock=measure(home.settings.clock.server), source=SOURCE,
    )  # fmt: skip
    try:
        yield run
    except BaseException as error:
        store.end_run(run.id, PassOutcome.failed, {}, type(error).__name__)
        raise
    store.end_run(run.id, PassOutcome.good, {})


def _kept(store: Store, run: Run, files: Sequence[tuple[Role, Any]]) -> list[File]:
    from crawler.handing_in import keep

    with store.archive.writer(run.id) as writer:
        return [
            File(keep(store, writer, run, opened, source_name=SOURCE, purpose=PURPOSE).capture.id or 0, role, _taken_at(opened.claims))
            for role, opened in files
        ]


# -- what is read in an option -----------------------------------------------------------------------------------------------
def item_of(text: str) -> Item:
    """`what=belts; count=40; brand=Maison Lozenge; weight=8.2 kg; bag=A0012345` as an Item. Raises TouchstoneError."""
    parts = {}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        name, sign, value = part.partition("=")
        if not sign or (name := name.strip().lower()) not in ("what", "count", "brand", "weight", "bag"):
            raise TouchstoneError(f"--item '{part}': write what=…; count=…; brand=…; weight=… kg; bag=…, those that are known")
        parts[name] = value.strip()
    try:
        count = int(parts["count"]) if "count" in parts else None
        return Item(parts.get("what", ""), count, parts.get("brand", ""), grams_of(parts.get("weight", "")), parts.get("bag", ""))
    except ValueError as error:
        raise TouchstoneError(f"--item '{text}': {error}") from None


def grams_of(text: str) -> int | None:
    """`8.2 kg` and `8200 g` in grams; None for "". Raises ValueError for anything else, and for part of a gram."""
    if not text:
        return None
    found = re.fullmatch(r"([\d,]+(?:\.\d+)?)\s*(kg|g)", text.lower())
    try:
        grams = Decimal(found[1].replace(",", "")) * (1000 if found[2] == "kg" else 1) if found else None
    except InvalidOperation:
        grams = None
    if grams is None or grams != int(grams):
        raise ValueError(f"weight: '{text}' is no weight in whole grams; write 8.2 kg or 8200 g")
    return int(grams)


# -- what is said of it --------------------------------------------------------------------------------------------------------
def timeline(reader: Acting, premises: int, authority: str | None = None) -> list[FollowUp]:
    """What was done at a place, in its building and, of a building, in its units, in the order in which it happened; by one authority where it is named."""
    return reader.follow_ups(premises=reader.premises_around(premises), authority=authority)


def _before(reader: Acting, told: Told, old: FollowUp | None) -> list[FollowUp]:
    """What is recorded of the same place and seller, for what an officer should know; asked for where something is said of it."""
    if told.kind not in (Kind.outcome, Kind.purchase):
        return []
    premises, seller = told.premises or (old.premises if old else None), told.seller or (old.seller if old else None)
    found = {row.id: row for row in (timeline(reader, premises) if premises else [])}
    found |= {row.id: row for row in (reader.follow_ups(seller=seller) if seller else [])}
    return sorted((row for row in found.values() if old is None or row.id != old.id), key=lambda row: (row.happened_at, row.id or 0))


def _notes(row: FollowUp, before: Sequence[FollowUp]) -> list[str]:
    notes = []
    if isinstance(row.what, Decided) and (missing := rungs_missing([b for b in before if b.happened_at < ends(row)], row.what.outcome)):
        notes.append(f"no {' and no '.join(missing)} is recorded here before it: the risk reason must bear that (Regulators' Code)")
    if row.step is Step.authorised and row.supersedes is None and (earlier := [b for b in before if b.step is Step.authorised]):
        notes.append(
            f"{len(earlier)} test purchase{'s' if len(earlier) > 1 else ''} of this seller or place came before: who becomes acquainted with a "
            "seller is a covert human intelligence source, and needs an authorisation of their own (RIPA 2000)"
        )
    if isinstance(row.what, Seizure) and any(not item.bag for item in row.what.items):
        notes.append("goods without a bag's number are among these: their continuity rests on the store alone")
    return notes


def about(row: FollowUp) -> list[tuple[str, Any]]:
    """What it is about: (noun, number or reference), None where there is none."""
    return [("premises", row.premises), ("seller", row.seller), ("case", row.case), ("operation", row.operation)]


def details(row: FollowUp) -> list[tuple[str, str]]:
    """All that a row states, as (what, words), empty fields left out."""
    if row.what is None:
        return [("", "erased")]
    said: list[tuple[str, str]] = []
    for name, value in body_of(row.what).items():
        if name == "items" and isinstance(row.what, Seizure):
            said += [("item", _item(item)) for item in row.what.items]
            said.append(("together", _total(row.what)))
        elif value not in ("", None, False, [], ()):
            said.append((name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value).replace("_", " ") if name in ("outcome", "result") else str(value)))  # fmt: skip
    if shown := receipt(row):
        said.append(("receipt", shown))
    return said


def sentence(row: FollowUp) -> str:
    """The row in one line, for lists, the sheet and the chain of custody."""
    what = row.what
    if what is None:
        return "erased"
    if isinstance(what, Seizure):
        return f"{'; '.join(map(_item, what.items))}. Together {_total(what)}; stored at {what.stored}; {what.law or what.power}"
    apart = ("power", "law", "signature", "delivery number", "receipt")
    said = [f"{name} {value}" if name else value for name, value in details(row) if name not in apart]
    law = getattr(what, "law", "") or (str(getattr(what, "power", "")) == NO_POWER and "no power used") or ""
    return "; ".join(filter(None, (*said, law, receipt(row))))


def _item(item: Item) -> str:
    said = [f"{item.count} × {item.what}" if item.count else item.what, item.brand, kilograms(item.grams) if item.grams else "", f"bag {item.bag}" if item.bag else ""]  # fmt: skip
    return ", ".join(filter(None, said))


def _total(what: Seizure) -> str:
    counted, weighed = (f"{what.count} pieces" if what.count else ""), (kilograms(what.grams) if what.grams else "")
    part = " weighed" if weighed and any(item.grams is None for item in what.items) else ""
    return ", ".join(filter(None, (counted, weighed + part)))


@dataclass(frozen=True, slots=True)
class Chain:
    """A test purchase: its steps in force in their order, what was corrected, the digests of its files by capture, and the next step."""

    number: int
    steps: tuple[FollowUp, ...]
    corrected: tuple[FollowUp, ...]
    digests: Mapping[int, str]
    next: Step | None


def chain_of(reader: Acting, number: int, authority: str | None = None) -> Chain:
    """The chain of custody of a test purchase. Raises TouchstoneError where there is none of that number, or none of the authority named."""
    rows = reader.purchase_steps(number, superseded=True, authority=authority)
    steps = tuple(row for row in rows if row.superseded_by is None)
    captures = sorted({file.capture for row in rows for file in row.files})
    digests = {capture.id or 0: capture.body_digest for capture in reader.captures(captures)}
    following = next_step([row.step for row in steps if row.step])
    return Chain(number, steps, tuple(row for row in rows if row.superseded_by is not None), digests, following)
