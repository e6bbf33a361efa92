"""What people record of a case, as commands under `touchstone case`: offences, persons, incidents, outcomes, exhibits, custody, labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from casework import casefile, exhibits, labels
from casework.commands.common import By, Folder, Json, Why, opened, person, plain, print_json, say, table
from store.errors import TouchstoneError
from store.store import Acting
from store.words.casefile import Act, CaseEntry, EntryKind, MarkStatus
from store.words.records import SubjectCategory

offence = typer.Typer(no_args_is_help=True, help="Offences that are considered: the act, the mark, and what must be shown of them.")
suspect = typer.Typer(no_args_is_help=True, help="Persons and companies under suspicion.")
people = typer.Typer(no_args_is_help=True, help="Persons of a case in any category of data subject.")
premises = typer.Typer(no_args_is_help=True, help="Places that are part of a case.")
incident = typer.Typer(no_args_is_help=True, help="What happened: when it happened, apart from when it was recorded, and who says so.")
outcome = typer.Typer(no_args_is_help=True, help="What was decided, a look-alike without a mark among it.")
exhibit = typer.Typer(no_args_is_help=True, help="Goods and papers as exhibits; exhibits that are withdrawn.")
custody = typer.Typer(no_args_is_help=True, help="The continuity of each exhibit, and what in it does not follow.")

CaseOf = Annotated[str, typer.Argument(metavar="CASE", help="The case's reference.")]
Corrects = Annotated[int | None, typer.Option(help="The number of the row that this one corrects; what is left out here stays as it said.")]
When = Annotated[str, typer.Option(help="When it happened, day first, London time: 25/11/2026, or 25/11/2026 14:30.")]
Exhibits = Annotated[list[str] | None, typer.Option("--exhibit", help="An exhibit that it rests on.")]
Captures = Annotated[list[int] | None, typer.Option("--capture", help="A capture that it rests on.")]
FollowUps = Annotated[list[int] | None, typer.Option("--follow-up", help="A follow-up that it rests on.")]
Source = Annotated[str, typer.Option(help="A document that it rests on and that lies elsewhere, by its reference.")]
Persons = Annotated[list[int] | None, typer.Option("--person", help="The number of a person of this case.")]
Opinion = Annotated[bool, typer.Option(help="A personal assessment, and no fact (DPA 2018 s.38).")]
Officer = Annotated[str, typer.Option(help="The officer who produces it; default: the one who acts.")]
Initials = Annotated[str, typer.Option(help="The initials of the officer who produces it: AB gives AB1, AB2, …")]


def register(app: typer.Typer) -> None:
    """The commands about one case."""
    for name, group in (
        ("offence", offence), ("suspect", suspect), ("person", people), ("premises", premises), ("incident", incident), ("outcome", outcome),
        ("exhibit", exhibit), ("custody", custody),
    ):  # fmt: skip
        app.add_typer(group, name=name)
    app.command("connect")(connect)
    app.command("withdraw")(withdraw)
    app.command("labels")(label)


def _given(**fields: Any) -> dict[str, Any]:
    """What was given: an option that is left out says nothing."""
    return {name: value for name, value in fields.items() if value not in ("", None, [], ())}


def _rests(on: list[str] | None, captures: list[int] | None, follow_ups: list[int] | None, source: str) -> dict[str, Any]:
    return _given(exhibits=on, captures=captures, follow_ups=follow_ups, source=source)


def _record(home: Path | None, by: str, why: str, json: bool, told: casefile.Told) -> CaseEntry:
    with opened(home) as (folder, store):
        done = casefile.record(store, folder, told, by=person(store, folder, by), why=why)
    if json:
        print_json({"entry": done.row, "notes": done.notes})
    else:
        say(f"Row {done.row.number} of case {told.case} is {'corrected' if told.corrects else 'recorded'}: {casefile.sentence(done.row)}")
        for note in done.notes:
            say(f"! {note}")
    return done.row


def _list(home: Path | None, by: str, why: str, json: bool, case: str, all_: bool, title: str, *kinds: EntryKind, only: Sequence[SubjectCategory] = ()) -> None:  # fmt: skip
    with opened(home) as (folder, store):
        store.case(case)
        with store.acting(person(store, folder, by), purpose=f"case {title} list", justification=why, case=case) as reader:
            rows = reader.case_entries(case, *kinds, superseded=all_)
    if only:
        rows = [row for row in rows if getattr(row.what, "category", None) in only]
    if json:
        print_json(rows)
        return
    table(f"{case}: {title}", ("row", "happened", "what", "said by", "recorded"), shown(rows), f"No {title} is recorded.")


def shown(rows: Sequence[CaseEntry]) -> list[tuple[Any, ...]]:
    return [
        (row.number, row.when, casefile.sentence(row) + _state(row), row.actor, f"{row.recorded_at:%Y-%m-%d %H:%M} UTC") for row in rows
    ]


def _state(row: CaseEntry) -> str:
    return f" (superseded by row {row.superseded_by})" if row.superseded_by is not None else ""


All = Annotated[bool, typer.Option("--all", help="Also what was corrected and withdrawn.")]


# -- offences --------------------------------------------------------------------------------------------------------------
@offence.command("add")
def offence_add(
    case: CaseOf,
    act: Annotated[
        str, typer.Option(help="The act of s.92: applies, sells_or_lets, offers_or_exposes, distributes, possesses, packaging, articles.")
    ] = "",
    mark: Annotated[str, typer.Option(help="The words of the mark; of a figurative one, what it shows.")] = "",
    figurative: Annotated[bool | None, typer.Option(help="The mark is a figurative one.")] = None,
    goods: Annotated[str, typer.Option(help="Which goods.")] = "",
    office: Annotated[str, typer.Option(help="Whose register: UKIPO or WIPO.")] = "",
    number: Annotated[str, typer.Option(help="The mark's number: UK00917867542.")] = "",
    nice: Annotated[list[int] | None, typer.Option("--class", help="A class of the Nice Classification, 1 to 45.")] = None,
    owner: Annotated[str, typer.Option(help="The proprietor.")] = "",
    status: Annotated[MarkStatus | None, typer.Option(help="Where the mark stood.")] = None,
    status_on: Annotated[str, typer.Option(help="On which day, 2026-11-25.")] = "",
    status_source: Annotated[str, typer.Option(help="By which register or extract.")] = "",
    consent: Annotated[str, typer.Option(help="The owner's statement that there was no consent, by its exhibit or reference.")] = "",
    gain: Annotated[str, typer.Option(help="What shows a view to gain.")] = "",
    warning: Annotated[list[int] | None, typer.Option(help="A warning, by its follow-up.")] = None,
    persons: Persons = None,
    since: Annotated[str, typer.Option(help="First day, 2026-11-25.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    on: Exhibits = None,
    captures: Captures = None,
    follow_ups: FollowUps = None,
    source: Source = "",
    corrects: Corrects = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record an offence that is considered. What is not known yet is left out, and shown as a blank.

    Example: touchstone case offence add TS-2026-014 --act offers_or_exposes --mark "MAISON LOZENGE" --goods "leather belts" --office UKIPO --number UK00917867542 --class 18 --exhibit AB1 --by a.officer
    """
    body = _given(
        act=act, mark=mark, figurative=figurative, goods=goods, office=office, number=number, classes=nice, owner=owner,
        status=str(status) if status else "", status_on=status_on, status_source=status_source, consent=consent, gain=gain, warnings=warning,
        persons=persons, since=since, until=until, **_rests(on, captures, follow_ups, source),
    )  # fmt: skip
    _record(home, by, why, json, casefile.Told(case, EntryKind.offence, body, corrects=corrects))


@offence.command("list")
def offence_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The offences of a case."""
    _list(home, by, why, json, case, every, "offence", EntryKind.offence)


# -- persons ---------------------------------------------------------------------------------------------------------------
Name = Annotated[str, typer.Option(help="The name; a description where the name is not known.")]
Basis = Annotated[str, typer.Option(help="On what basis they are in this category.")]
Company = Annotated[bool | None, typer.Option("--company", help="It is a company.")]
CompanyNumber = Annotated[str, typer.Option(help="Its number at Companies House.")]
Born = Annotated[str, typer.Option(help="Date of birth, 1980-01-31.")]
Address = Annotated[str, typer.Option(help="An address.")]
Note = Annotated[str, typer.Option(help="Anything else.")]


@suspect.command("add")
def suspect_add(
    case: CaseOf, name: Name = "", basis: Basis = "", company: Company = None, company_number: CompanyNumber = "", born: Born = "", address: Address = "",
    note: Note = "", on: Exhibits = None, captures: Captures = None, follow_ups: FollowUps = None, source: Source = "", corrects: Corrects = None,
    by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Record a suspect, and on what basis: a person says so, no machine ever does.

    Example: touchstone case suspect add TS-2026-014 --name "C. Trader (fictional)" --basis "sold the belts of AB2 to the officer" --exhibit AB2 --by a.officer
    """
    body = _given(name=name, basis=basis, is_company=company, company_number=company_number, born=born, address=address, note=note)
    body |= {"category": str(SubjectCategory.suspect), **_rests(on, captures, follow_ups, source)}
    _record(home, by, why, json, casefile.Told(case, EntryKind.person, body, corrects=corrects))


@suspect.command("list")
def suspect_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The suspects of a case, and who was convicted in it."""
    _list(home, by, why, json, case, every, "suspect", EntryKind.person, only=(SubjectCategory.suspect, SubjectCategory.convicted))


@people.command("add")
def person_add(
    case: CaseOf, category: Annotated[SubjectCategory | None, typer.Option(help="suspect, convicted, victim or witness.")] = None, name: Name = "", basis: Basis = "",
    company: Company = None, company_number: CompanyNumber = "", born: Born = "", address: Address = "", note: Note = "", on: Exhibits = None,
    captures: Captures = None, follow_ups: FollowUps = None, source: Source = "", corrects: Corrects = None, by: By = "", why: Why = "",
    json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Record a person or a company in a category of data subject (DPA 2018 s.38).

    Example: touchstone case person add TS-2026-014 --category witness --name "D. Buyer (fictional)" --basis "bought a belt" --source "statement of 25/11/2026" --by a.officer
    """
    body = _given(name=name, basis=basis, is_company=company, company_number=company_number, born=born, address=address, note=note)
    body |= {**({"category": str(category)} if category else {}), **_rests(on, captures, follow_ups, source)}
    _record(home, by, why, json, casefile.Told(case, EntryKind.person, body, corrects=corrects))


@people.command("list")
def person_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The persons of a case and what connects them."""
    _list(home, by, why, json, case, every, "person", EntryKind.person, EntryKind.connection)


def connect(
    case: CaseOf,
    who: Annotated[int, typer.Argument(metavar="PERSON", help="The number of the person in this case.")],
    seller: Annotated[int | None, typer.Option(help="The account's number.")] = None,
    place: Annotated[int | None, typer.Option("--premises", help="The premises' number.")] = None,
    says: Annotated[str, typer.Option(help="In a sentence what connects them.")] = "",
    opinion: Opinion = False,
    on: Exhibits = None,
    captures: Captures = None,
    follow_ups: FollowUps = None,
    source: Source = "",
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record that a person of the case is said to be connected with an account or a place, and on what evidence.

    Example: touchstone case connect TS-2026-014 3 --premises 12 --says "served behind the counter" --follow-up 7 --by a.officer
    """
    body = _given(person=who, seller=seller, premises=place, says=says, **_rests(on, captures, follow_ups, source)) | {"opinion": opinion}
    _record(home, by, why, json, casefile.Told(case, EntryKind.connection, body))


@premises.command("add")
def premises_add(
    case: CaseOf, number: Annotated[int, typer.Argument(metavar="PREMISES", help="The premises' number.")],
    role: Annotated[str, typer.Option(help="What it is to the case: sold from, stored at, searched.")] = "",
    on: Exhibits = None, captures: Captures = None, follow_ups: FollowUps = None, source: Source = "", corrects: Corrects = None,
    by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Make a place part of the case, and say as what.

    Example: touchstone case premises add TS-2026-014 12 --role "sold from" --follow-up 7 --by a.officer
    """
    body = _given(premises=number, role=role, **_rests(on, captures, follow_ups, source))
    _record(home, by, why, json, casefile.Told(case, EntryKind.premises, body, corrects=corrects))


@premises.command("list")
def premises_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The places of a case."""
    _list(home, by, why, json, case, every, "premises", EntryKind.premises)


# -- what happened, what was decided -----------------------------------------------------------------------------------------
@incident.command("add")
def incident_add(
    case: CaseOf, what: Annotated[str, typer.Option(help="What happened.")] = "", when: When = "",
    said_by: Annotated[str, typer.Option(help="Who says so.")] = "",
    place: Annotated[int | None, typer.Option("--premises", help="Where, by the premises' number.")] = None, persons: Persons = None,
    until: Annotated[str, typer.Option(help="The last day of what lasted, 2026-11-25.")] = "", opinion: Annotated[bool | None, typer.Option(help="A personal assessment, and no fact (DPA 2018 s.38).")] = None,
    on: Exhibits = None, captures: Captures = None, follow_ups: FollowUps = None, source: Source = "", corrects: Corrects = None,
    by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Record what happened: when it happened, and who says so. When it was recorded is kept apart.

    Example: touchstone case incident add TS-2026-014 --what "two bags carried from the van into the shop" --when "25/11/2026 10:15" --said-by "A. Officer" --premises 12 --by a.officer
    """
    body = _given(
        what=what,
        said_by=said_by,
        premises=place,
        persons=persons,
        until=until,
        opinion=opinion,
        **_rests(on, captures, follow_ups, source),
    )
    _record(home, by, why, json, casefile.Told(case, EntryKind.incident, body, when, corrects))


@incident.command("list")
def incident_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """What happened in a case."""
    _list(home, by, why, json, case, every, "incident", EntryKind.incident)


@outcome.command("add")
def outcome_add(
    case: CaseOf, decided: Annotated[str, typer.Argument(metavar="OUTCOME", help="A word of configs/jurisdictions: advice, …, prosecution, look_alike.")], when: When = "",
    decided_by: Annotated[str, typer.Option(help="The officer or the court who decided it.")] = "",
    risk: Annotated[str, typer.Option(help="The risk that it answers; a court's decision answers none.")] = "", persons: Persons = None,
    offences: Annotated[list[int] | None, typer.Option("--offence", help="The number of an offence of this case.")] = None, note: Note = "",
    on: Exhibits = None, captures: Captures = None, follow_ups: FollowUps = None, source: Source = "", corrects: Corrects = None,
    by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Record what was decided. "look_alike" says that no mark is used: outside s.92.

    Example: touchstone case outcome add TS-2026-014 prosecution --when 1/12/2026 --decided-by "B. Manager" --risk "a third warning went unheeded" --person 3 --offence 2 --by a.officer
    """
    body = _given(outcome=decided, decided_by=decided_by, risk_reason=risk, persons=persons, offences=offences, note=note, **_rests(on, captures, follow_ups, source))  # fmt: skip
    _record(home, by, why, json, casefile.Told(case, EntryKind.outcome, body, when, corrects))


@outcome.command("list")
def outcome_list(case: CaseOf, every: All = False, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """What was decided in a case."""
    _list(home, by, why, json, case, every, "outcome", EntryKind.outcome)


def withdraw(
    case: CaseOf, number: Annotated[int, typer.Argument(metavar="ROW", help="The row's number, as `case show` has it.")],
    reason: Annotated[str, typer.Option(help="Why it is withdrawn.")] = "", by: By = "", home: Folder = None,
) -> None:  # fmt: skip
    """Take back a row of a case that was wrong. It stays, and a further row says why.

    Example: touchstone case withdraw TS-2026-014 5 --reason "another person of the same name" --by a.officer
    """
    with opened(home) as (folder, store):
        row = casefile.withdraw(store, folder, case, number, by=person(store, folder, by), why=reason)
    say(f"Row {row.number} of case {case} is withdrawn.")


# -- exhibits and custody ----------------------------------------------------------------------------------------------------
@exhibit.command("add")
def exhibit_add(
    case: CaseOf, what: Annotated[str, typer.Option(help="What it is, as the exhibit list shall have it.")], initials: Initials, when: When = "",
    quantity: Annotated[int | None, typer.Option(help="How many.")] = None,
    where: Annotated[str, typer.Option(help="Where it was found or taken.")] = "",
    found_by: Annotated[str, typer.Option(help="Who found or took it; default: the officer.")] = "",
    bag: Annotated[str, typer.Option(help="The number of the bag or seal: one that was never used before.")] = "",
    held_at: Annotated[str, typer.Option(help="Where it is held.")] = "",
    document: Annotated[bool, typer.Option(help="A paper, and no goods.")] = False,
    follow_up: Annotated[int | None, typer.Option("--of", help="The seizure or test purchase that it comes from, by its follow-up: its custody is read there.")] = None,
    source: Source = "", officer: Officer = "", by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Make goods or a paper an exhibit: the row and its number are kept together, or neither is.

    Example: touchstone case exhibit add TS-2026-014 --what "leather belts with a lozenge mark" --quantity 40 --when "25/11/2026 10:40" --where "rail by the till" --bag A0012345 --initials AB --by a.officer
    """
    body = _given(
        what=what, quantity=quantity, found_at=where, found_by=found_by, bag=bag, held_at=held_at, follow_up=follow_up, source=source
    )
    body["physical"] = not document
    with opened(home) as (folder, store):
        row, made = exhibits.add_item(store, folder, case, body, when, initials, by=person(store, folder, by), officer=officer, why=why)
    if json:
        print_json({"entry": row, "exhibit": made})
    else:
        say(f"Exhibit {made.number}: {made.description}")


@exhibit.command("correct")
def exhibit_correct(
    case: CaseOf, number: Annotated[str, typer.Argument(metavar="EXHIBIT", help="Its number.")],
    what: Annotated[str, typer.Option(help="What it is.")] = "", when: When = "", quantity: Annotated[int | None, typer.Option(help="How many.")] = None,
    where: Annotated[str, typer.Option(help="Where it was found or taken.")] = "", found_by: Annotated[str, typer.Option(help="Who found or took it.")] = "",
    held_at: Annotated[str, typer.Option(help="Where it is held.")] = "", source: Source = "", by: By = "", why: Why = "", json: Json = False,
    home: Folder = None,
) -> None:  # fmt: skip
    """Correct what an exhibit that is goods or a paper is said to be; what is left out stays, and so does what was said before.

    Example: touchstone case exhibit correct TS-2026-014 AB3 --quantity 41 --why "counted again" --by a.officer
    """
    body = _given(what=what, quantity=quantity, found_at=where, found_by=found_by, held_at=held_at, source=source)
    with opened(home) as (folder, store):
        done = exhibits.correct_item(store, folder, case, number, body, when, by=person(store, folder, by), why=why)
    if json:
        print_json({"entry": done.row, "notes": done.notes})
    else:
        say(f"Exhibit {number} of case {case} is corrected: {exhibits.described(done.row)}")


@exhibit.command("list")
def exhibit_list(case: CaseOf, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The exhibits of a case, those that were withdrawn too, and where each physical one is."""
    with opened(home) as (folder, store):
        store.case(case)
        with store.acting(person(store, folder, by), purpose="case exhibit list", justification=why, case=case) as reader:
            chains = exhibits.custody_of(reader, reader.exhibits(case), case)
    if json:
        print_json([{"exhibit": each.exhibit, "item": each.thing, "now": each.now, "breaks": each.breaks} for each in chains])
        return
    table(f"{case}: exhibits", ("exhibit", "what", "by", "where it is"), exhibit_rows(chains), "No exhibit yet: `touchstone case add`.")


def exhibit_rows(chains: Sequence[exhibits.ExhibitCustody]) -> list[tuple[Any, ...]]:
    rows = []
    for each in chains:
        e, now = each.exhibit, each.now
        gone = f" (withdrawn: {e.withdrawn})" if e.withdrawn else ""
        where = (
            ", ".join(filter(None, (now.holder, now.where, now.bag and f"bag {now.bag}")))
            if now
            else "in this store"
            if each.thing is None
            else ""
        )
        what = exhibits.described(each.thing) if each.thing is not None else e.description  # as it was corrected
        rows.append((e.number, what + gone, e.producer, where + (" ! custody has gaps" if each.breaks else "")))
    return rows


@exhibit.command("withdraw")
def exhibit_withdraw(
    case: CaseOf, number: Annotated[str, typer.Argument(metavar="EXHIBIT", help="Its number.")],
    reason: Annotated[str, typer.Option(help="Why it is withdrawn.")] = "", by: By = "", home: Folder = None,
) -> None:  # fmt: skip
    """Withdraw an exhibit. Its number stays with it, says why, and is nobody else's.

    Example: touchstone case exhibit withdraw TS-2026-014 AB4 --reason "returned to its owner: genuine" --by a.officer
    """
    with opened(home) as (folder, store):
        exhibits.withdraw(store, folder, case, number, by=person(store, folder, by), why=reason)
    say(f"Exhibit {number} of case {case} is withdrawn; its number stays with it.")


@custody.command("add")
def custody_add(
    case: CaseOf, number: Annotated[str, typer.Argument(metavar="EXHIBIT", help="Its number.")],
    act: Annotated[Act, typer.Argument(help="What was done with it.")], when: When = "",
    by_whom: Annotated[str, typer.Option("--who", help="Who did it; default: the one who acts.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "", where: Annotated[str, typer.Option(help="Where it was taken, or went.")] = "",
    giver: Annotated[str, typer.Option("--from", help="From whom.")] = "", taker: Annotated[str, typer.Option("--to", help="To whom.")] = "",
    bag: Annotated[str, typer.Option(help="The number of the bag or seal.")] = "",
    record: Annotated[str, typer.Option(help="On what it is recorded: a paper form's reference; default: this system.")] = "",
    source: Source = "", corrects: Corrects = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Record one step of an exhibit's continuity, as it happened; what does not follow is named, and not refused.

    Example: touchstone case custody add TS-2026-014 AB3 handed_over --when "26/11/2026 9:00" --to "E. Examiner" --reason "for examination" --record "form CF-12" --by a.officer
    """
    body = _given(
        exhibit=number, act=str(act), by=by_whom, why=reason, where=where, giver=giver, taker=taker, bag=bag, record=record, source=source
    )
    with opened(home) as (folder, store):
        actor = person(store, folder, by)
        if corrects is None and not by_whom:
            body["by"] = actor
        done = casefile.record(store, folder, casefile.Told(case, EntryKind.custody, body, when, corrects), by=actor, why=why)
        with store.acting(actor, purpose="case custody", justification=why, case=case) as reader:
            [chain] = exhibits.custody_of(reader, _chosen(reader, case, number), case)
    if json:
        print_json({"entry": done.row, "breaks": chain.breaks})
        return
    say(f"Row {done.row.number} of case {case} is recorded: {casefile.sentence(done.row)}")
    for each in chain.breaks:
        say(f"! {number}: {each}")


@custody.command("show")
def custody_show(
    case: CaseOf, number: Annotated[str | None, typer.Argument(metavar="EXHIBIT", help="Its number; none: those of all.")] = None,
    by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """The custody of an exhibit, or of all of a case, and what in it does not follow.

    Example: touchstone case custody show TS-2026-014 AB3 --by a.officer
    """
    with opened(home) as (folder, store):
        store.case(case)
        with store.acting(person(store, folder, by), purpose="case custody show", justification=why, case=case) as reader:
            chains = exhibits.custody_of(reader, _chosen(reader, case, number), case)
    if json:
        print_json([plain(each) for each in chains])
        return
    for each in chains:
        rows = [(s.when, s.act.replace("_", " ") if s.act else s.says, s.by, " ".join(filter(None, (s.giver and f"from {s.giver}", s.taker and f"to {s.taker}", s.where and f"at {s.where}", s.bag and f"bag {s.bag}"))), s.why, s.record) for s in each.steps]  # fmt: skip
        table(f"{each.exhibit.number}: {each.exhibit.description}", ("when", "what", "who", "where, from and to", "why", "recorded on"), rows, f"{each.exhibit.number}: no step is recorded.")  # fmt: skip
        for gap in each.breaks:
            say(f"! {each.exhibit.number}: {gap}")


def _chosen(reader: Acting, case: str, number: str | None) -> list[Any]:
    found = [e for e in reader.exhibits(case) if number in (None, e.number)]
    if number is not None and not found:
        raise TouchstoneError(f"case {case} has no exhibit {number}; `touchstone case exhibit list {case}` lists them")
    return found


def label(
    case: CaseOf,
    out: Annotated[Path | None, typer.Option("--out", help="The PDF to make (default var/labels/CASE.pdf).")] = None,
    wanted: Annotated[list[str] | None, typer.Option("--exhibit", help="Only this exhibit's; may be given again.")] = None,
    names: Annotated[
        list[str] | None, typer.Option("--name", help='An officer\'s full name: AB="Ada Officer". Else a line to complete.')
    ] = None,
    dated: Annotated[str, typer.Option(help="The date of the statement; else a line to complete.")] = "",
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Print the exhibits' labels, eight to a sheet, with lines to sign.

    Example: touchstone case labels TS-2026-014 --name AB="Ada Officer" --by a.officer
    """
    given: dict[str, str] = {}
    for each in names or ():
        letters, sign, name = each.partition("=")
        if not sign or not name.strip():
            raise TouchstoneError(f"--name '{each}': write the initials and the full name, AB=\"Ada Officer\"")
        given[letters.strip()] = name.strip()
    with opened(home) as (folder, store):
        target = out or folder.path(f"var/labels/{case}.pdf")
        one = store.case(case)
        with store.acting(person(store, folder, by), purpose="exhibit labels", justification=why, case=case) as reader:
            made = labels.write_labels(store, reader, folder, one, target, wanted=wanted or (), names=given, dated=dated)
    say(f"{made} label{'s' if made != 1 else ''}: {target}")
