"""The data's life: erasures and other acts of two persons, holds, reviews, a search for a person, and drafts of what is published about us."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from casework import life, logbook
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from store.errors import TouchstoneError
from store.proposals import ErasureGround, Proposal
from store.words.records import SubjectCategory, SubjectKind

erase = typer.Typer(no_args_is_help=True, help="Erase what is kept about people: one asks, another approves.")
approval = typer.Typer(no_args_is_help=True, help="Acts that need two persons: export a case, close a case.")
hold = typer.Typer(no_args_is_help=True, help="What may not be erased, whatever its date.")
retention = typer.Typer(no_args_is_help=True, help="What is due for review, and until when cases are kept.")
subject = typer.Typer(no_args_is_help=True, help="What is held about a person.")

On = Annotated[str, typer.Option("--on", help="The day to look from; default: today. A later one looks ahead.")]


def register(app: typer.Typer) -> None:
    for each, name in (
        (erase, "erase"),
        (approval, "approval"),
        (hold, "hold"),
        (retention, "retention"),
        (subject, "subject"),
        (transparency, "transparency"),
    ):
        app.add_typer(each, name=name)


def _shown(rows: list[Proposal], json: bool, empty: str) -> None:
    if json:
        return print_json(rows)
    cells = [(p.id, p.what, p.ground, p.actor, f"{p.at:%Y-%m-%d %H:%M}", p.state, p.answered_by) for p in rows]
    table("Asked for", ("no", "what", "ground", "by", "at (UTC)", "state", "answered by"), cells, empty)


# -- erase ---------------------------------------------------------------------------------------------------------------------
@erase.command("propose")
def erase_propose(
    kind: Annotated[str, typer.Argument(help=f"What: {', '.join(life.ERASURES)}.")],
    what: Annotated[str, typer.Argument(help="Its number; of a sighting, an informant or a case the reference.")],
    ground: Annotated[ErasureGround, typer.Option(help="Why. No other words are asked for: they would stand for good.")],
    by: By = "",
    home: Folder = None,
) -> None:
    """Ask for an erasure. Another person approves it (`touchstone erase approve`), and only then is anything erased.

    Example: touchstone erase propose listing 812 --ground retention --by a.officer
    """
    with opened(home) as (folder, store):
        number = life.propose_erasure(store, kind, what, ground, by=person(store, folder, by), authority=folder.settings.authority.code)
    say(f"Proposal {number}: erase {kind} {what}. Another person: touchstone erase approve {number}")


@erase.command("approve")
def erase_approve(number: int, by: By = "", home: Folder = None) -> None:
    """Approve what another person asked for, and erase it now. Refused under a hold or for a case; the log tells of either.

    Example: touchstone erase approve 4 --by d.protector
    """
    with opened(home) as (folder, store):
        done = life.erase(store, number, by=person(store, folder, by))
    say(f"Erased: {done.proposal.subject_kind} {done.proposal.subject}.")
    if done.stay:
        say(f"Captures that stay, since others need or are shown by them: {', '.join(map(str, done.stay))}")
    if done.unscrubbed:
        say(done.unscrubbed)


@erase.command("refuse")
def erase_refuse(number: int, by: By = "", home: Folder = None) -> None:
    """Refuse what another person asked for.

    Example: touchstone erase refuse 4 --by d.protector
    """
    with opened(home) as (folder, store):
        found = store.answer(number, "refused", actor=person(store, folder, by))
    say(f"Refused: {found.what}.")


@erase.command("list")
def erase_list(json: Json = False, home: Folder = None) -> None:
    """Erasures that were asked for, and how each stands.

    Example: touchstone erase list
    """
    with opened(home) as (_folder, store):
        _shown([p for p in store.proposals() if p.act == "erase"], json, "No erasure was asked for.")


@erase.command("scrub")
def erase_scrub(home: Folder = None) -> None:
    """Write the database's files anew, so that nothing of what was erased is left in them; an erasure does that too, unless others read meanwhile.

    Example: touchstone erase scrub
    """
    with opened(home) as (_folder, store):
        said = store.scrub()
    if said:
        raise TouchstoneError(said)
    say("The database's files hold nothing of what was erased.")


# -- acts of two persons ----------------------------------------------------------------------------------------------------------
@approval.command("propose")
def approval_propose(
    act: Annotated[str, typer.Argument(help="export or close.")], case: str, by: By = "", home: Folder = None
) -> None:  # fmt: skip
    """Ask that a case be exported, or closed: that it need not be kept any more.

    Example: touchstone approval propose export TS-2026-014 --by a.officer
    """
    if act not in ("export", "close"):
        raise TouchstoneError(f"'{act}' is not asked for here: export or close; `touchstone erase propose` asks for an erasure")
    with opened(home) as (folder, store):
        number = store.propose(
            act, "case", case, ErasureGround.none, actor=person(store, folder, by), authority=folder.settings.authority.code
        )
    say(f"Proposal {number}: {act} case {case}. Another person: touchstone approval give {number}")


@approval.command("give")
def approval_give(number: int, on: On = "", by: By = "", home: Folder = None) -> None:
    """Approve what another person asked for. A case is closed at once, where its date has come; an export is then theirs to make.

    Example: touchstone approval give 5 --by s.responsible
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        acts = {p.id: p.act for p in store.proposals()}
        if acts.get(number) == "close":
            said = life.close(store, number, by=who, on=(logbook.day(on, "--on") or datetime.now(UTC).date()))
            say(f"Case {said.case} is closed: {said.why}. What it held is no longer held by it.")
        elif acts.get(number) == "erase":
            raise TouchstoneError(f"proposal {number} is of an erasure: touchstone erase approve {number}")
        else:
            found = store.answer(number, "approved", actor=who)
            say(f"Approved: {found.what}, by {found.actor}.")


@approval.command("refuse")
def approval_refuse(number: int, by: By = "", home: Folder = None) -> None:
    """Refuse what another person asked for.

    Example: touchstone approval refuse 5 --by s.responsible
    """
    with opened(home) as (folder, store):
        found = store.answer(number, "refused", actor=person(store, folder, by))
    say(f"Refused: {found.what}.")


@approval.command("list")
def approval_list(json: Json = False, home: Folder = None) -> None:
    """Whatever was asked for that needs two persons, and how each stands.

    Example: touchstone approval list
    """
    with opened(home) as (_folder, store):
        _shown(store.proposals(), json, "Nothing was asked for.")


# -- holds --------------------------------------------------------------------------------------------------------------------------
@hold.command("add")
def hold_add(
    kind: SubjectKind,
    number: int,
    reason: Annotated[str, typer.Option(help="Why it may not be erased; without names, since the log has it too.")],
    by: By = "",
    home: Folder = None,
) -> None:
    """Say that something may not be erased, whatever its date and whoever approves.

    Example: touchstone hold add seller 7 --reason "Crown Court order of 3 March" --by a.officer
    """
    with opened(home) as (folder, store):
        held = store.hold(kind, number, actor=person(store, folder, by), reason=reason)
    say(f"Hold {held}: {kind} {number} is not erased until it is released (touchstone hold release {held}).")


@hold.command("release")
def hold_release(
    number: int, reason: Annotated[str, typer.Option(help="Why it no longer stands.")], by: By = "", home: Folder = None
) -> None:
    """Say that a hold no longer stands.

    Example: touchstone hold release 3 --reason "order discharged" --by a.officer
    """
    with opened(home) as (folder, store):
        found = life.release_hold(store, number, by=person(store, folder, by), reason=reason)
    say(f"Hold {number} on {found.subject_kind} {found.subject} is released.")


@hold.command("list")
def hold_list(by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The holds that stand.

    Example: touchstone hold list
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="hold list", justification=why) as reader:
        rows = reader.holds()
    if json:
        return print_json(rows)
    cells = [(h.id, h.subject_kind, h.subject, h.reason, h.actor, f"{h.at:%Y-%m-%d}") for h in rows]
    table("Holds", ("hold", "on", "number", "why", "by", "since"), cells, "No hold stands.")


# -- retention ------------------------------------------------------------------------------------------------------------------------
@retention.command("review")
def retention_review(
    on: On = "",
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of row; more than once for several.")] = None,
    limit: Annotated[int, typer.Option(help="Most rows of a kind.")] = 50,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What is due for review on a day, with the rule and with what still keeps it; and the cases whose date has come. Nothing is erased by it.

    Example: touchstone retention review --on 2027-01-01 --json
    """
    day = logbook.day(on, "--on")
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else datetime.now(UTC)
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        with store.acting(who, purpose="retention review", justification=why) as reader:
            rows = reader.review(at, kinds=kind or (), limit=limit)
        cases = [c for c in life.cases_due(store, who) if c.due(at.date())]
    if json:
        return print_json({"on": at.date().isoformat(), "rows": rows, "cases": [_case(c) for c in cases]})
    cells = [(d.kind, d.number, d.category, f"{d.due:%Y-%m-%d}", d.why, d.kept_by) for d in rows]
    table(f"Due for review on {at:%d %B %Y}", ("kind", "no", "category", "since", "by which rule", "kept by"), cells, "Nothing is due.")
    if cases:
        table("Cases whose date has come", ("case", "until", "why"), [(c.case, c.until, c.why) for c in cases], "")
        say("To close one: touchstone approval propose close CASE")


def _case(one: life.CaseDue) -> dict[str, object]:
    return {"case": one.case, "until": one.until.isoformat() if one.until else None, "why": one.why, "closed": one.closed}


@retention.command("case")
def retention_case(
    case: str,
    says: Annotated[str, typer.Option(help="custody, release, appeal or appeal_ended; none: show how it stands.")] = "",
    day: Annotated[str, typer.Option(help="Its day, as 2026-11-26.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Until when a case is kept, and why; with --says record what its outcomes do not say: a sentence of custody, a release, an appeal.

    Example: touchstone retention case TS-2026-014 --says release --day 2028-01-31 --by a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        if says:
            store.say_term(case, says, day, actor=who)
        found = life.case_due(store, case, who)
    if json:
        return print_json(_case(found))
    until = "it was closed" if found.closed else f"kept until {found.until}" if found.until else "to be kept"
    say(f"Case {case}: {until}; {found.why}.")


# -- a person -----------------------------------------------------------------------------------------------------------------------------
@subject.command("search")
def subject_search(
    name: Annotated[list[str] | None, typer.Option(help="A name, in any order.")] = None,
    phone: Annotated[list[str] | None, typer.Option(help="A phone number, however it is written.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="An e-mail address.")] = None,
    handle: Annotated[list[str] | None, typer.Option(help="A user name.")] = None,
    postcode: Annotated[list[str] | None, typer.Option(help="A whole postcode.")] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="The folder for the report, DOCX and PDF, for the data protection officer.")
    ] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Everything that may be held about a person, in every table: for a person to decide what of it is theirs and what is given out. Nothing is sent.

    Example: touchstone subject search --name "Ada Quillfeather" --phone "07700 900321" --why "request 2026/7" --out var/request-7
    """
    given = {"names": name or [], "phones": phone or [], "emails": email or [], "handles": handle or [], "postcodes": postcode or []}
    with opened(home) as (folder, store):
        who, at = person(store, folder, by), datetime.now(UTC)
        with store.acting(who, purpose="subject search", justification=why) as reader:
            rows = reader.held_about(**given)
        if to is not None:
            from casework.documents import write
            from casework.subjects import report

            asked = [f"{kind[:-1]} {said}" for kind, some in given.items() for said in some]
            paths = write(report(asked, rows, by=who, authority=folder.settings.authority.name, at=at), to, "subject-search")
    if json:
        return print_json(rows)
    counted: dict[tuple[str, str], int] = {}
    for match in rows:
        key = (match.kind, match.what)
        counted[key] = counted.get(key, 0) + 1
    cells = [(kind, what, sum(1 for m in rows if m.kind == kind and m.by), number) for (kind, what), number in counted.items()]
    table("May be about this person", ("kind", "what it is", "match", "rows with what hangs on them"), cells, "Nothing was found.")
    if to is not None:
        say("For the data protection officer: " + ", ".join(map(str, paths)))


@subject.command("mark")
def subject_mark(
    kind: Annotated[str, typer.Argument(help="The kind of row, as a search names it.")],
    number: int,
    category: Annotated[SubjectCategory | None, typer.Option(help="Of which category its data subject is (DPA 2018 s.38).")] = None,
    sensitive: Annotated[bool, typer.Option("--sensitive/--not-sensitive", help="Whether it holds sensitive data (s.35(8)).")] = False,
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """Say of which category of data subject a row is, and whether it holds sensitive data. The newest saying counts; nothing is overwritten.

    Example: touchstone subject mark seller 7 --category suspect --by a.officer --why "interviewed under caution"
    """
    with opened(home) as (folder, store):
        store.mark_person(kind, number, category=category, sensitive=sensitive, actor=person(store, folder, by), why=why)
    say(f"{kind} {number}: {category or 'category as it was'}{', sensitive' if sensitive else ''}.")


# -- what is published about us ---------------------------------------------------------------------------------------------------------------
transparency = typer.Typer(
    no_args_is_help=True, help="Drafts that say what this system does: from its own configuration and counts, with blanks."
)
Out = Annotated[Path, typer.Option("--out", help="The folder to write to: Markdown, DOCX and PDF.")]


def _draft(kind: str, to: Path, home: Path | None) -> None:
    from casework import transparency as drafts
    from casework.documents import blanks, write

    with opened(home) as (folder, store):
        document = drafts.DRAFTS[kind](drafts.system(store, folder, datetime.now(UTC)))
    page = to / f"{kind}.md"
    if page.exists():
        raise TouchstoneError(f"{page} exists already; a draft that somebody may have written on is not overwritten")
    paths = write(document, to, kind)
    page.write_text(drafts.markdown(document), encoding="utf-8")
    say("\n".join(map(str, [page, *paths])))
    say(f"{len(blanks(document))} blanks are to be completed by people: the software does not know them.")


@transparency.command("dpia")
def transparency_dpia(to: Out, home: Folder = None) -> None:
    """A draft of the data protection impact assessment (DPA 2018 s.64).

    Example: touchstone transparency dpia --out var/transparency
    """
    _draft("dpia", to, home)


@transparency.command("apd")
def transparency_apd(to: Out, home: Folder = None) -> None:
    """A draft of the Appropriate Policy Document (DPA 2018 s.42), which sensitive processing needs.

    Example: touchstone transparency apd --out var/transparency
    """
    _draft("apd", to, home)


@transparency.command("atrs")
def transparency_atrs(to: Out, home: Folder = None) -> None:
    """A draft of the record for the Algorithmic Transparency Recording Standard.

    Example: touchstone transparency atrs --out var/transparency
    """
    _draft("atrs", to, home)


@transparency.command("model-card")
def transparency_model_card(to: Out, home: Folder = None) -> None:
    """A draft of the model card: methods in force, what was measured, what people here said, what is not known.

    Example: touchstone transparency model-card --out var/transparency
    """
    _draft("model-card", to, home)
