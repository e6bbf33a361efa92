"""The officers' queue: who has which card, second reviews and how far people agree, cleared sellers, saved searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from casework import agreement, judgements, second
from casework import queue as officers_queue
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.commands.listings import price_of
from casework.flags import policy_in_force
from casework.judging_settings import read_judging
from casework.learn_settings import read_learning
from casework.when import parse_when
from casework.working import worked_by
from store.clearances import Cleared
from store.errors import TouchstoneError
from store.queue import Waits
from store.store import Store
from store.words.dates import LONDON
from store.words.records import Flag, SubjectKind, Verdict

queue = typer.Typer(no_args_is_help=True, help="The flagged listings that wait for an officer.")

Source = Annotated[str, typer.Argument(help="The source.")]
Ref = Annotated[str, typer.Argument(help="The source's reference of the listing.")]
Over = Annotated[bool, typer.Option("--over", help="Also where another officer has it; that it was taken over stays visible.")]
LISTING = SubjectKind.listing


@queue.command("list")
def queue_list(
    limit: Annotated[int, typer.Option(help="At most so many.")] = 20,
    judged: Annotated[bool, typer.Option("--judged", help="Show those already judged too.")] = False,
    waits: Annotated[
        Waits, typer.Option(help="Instead: those that are mine, taken by others, skipped (put off), or of cleared sellers.")
    ] = Waits.free,
    audit: Annotated[bool, typer.Option("--audit", help="Show instead what was drawn at random and has been judged.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The flagged listings, priority first, each with its reasons in words; among them some that are not flagged, for a second look.

    What a second look was for is not told before it is judged, and the listing's score neither: look at it as if nothing had.

    Example: touchstone queue list --limit 50 --by a.officer
    Example: touchstone queue list --audit
    Example: touchstone queue list --waits cleared --json
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="queue", justification=why) as reader:
        if audit:
            cards = officers_queue.audited(reader)
        else:
            mix, review = read_learning(folder).queue, policy_in_force(store, folder).levels.review
            cards = officers_queue.cards(reader, limit=limit, judged=judged, mix=mix, review=review, waits=waits)
            left_out = reader.left_out()
    if json:
        print_json(cards)
        return
    if audit:
        _show_audited(cards)
        return
    _show(cards)
    if waits is Waits.free and (said := left_out.sentence()):
        say(f"{said} They are shown by: touchstone queue list --waits cleared|skipped|taken")


def _show(cards: Sequence[officers_queue.Card]) -> None:
    rows = [
        (
            c.flag.level if c.flag else "",
            f"{c.flag.score:.1f}" if c.flag else "",
            c.work.locked_by or c.work.officer,
            c.summary.listing.source,
            c.summary.listing.ref,
            c.summary.snapshot.title[:48],
            price_of(c.summary.snapshot),
            _reasons(c.flag) if c.flag else officers_queue.SECOND_LOOK,
        )
        for c in cards
    ]
    table("Queue", ("level", "score", "with", "source", "ref", "title", "price", "reasons"), rows, "Nothing waits.")
    if rows:
        say("Judge one with: touchstone judge SOURCE REF yes|no|unsure --reason '…' --by NAME")


def _show_audited(cards: Sequence[officers_queue.Card]) -> None:
    rows = [
        (c.judgements[-1].verdict if c.judgements else "", c.flag.level if c.flag else "", c.summary.listing.source, c.summary.listing.ref, c.summary.snapshot.title[:48], c.why)
        for c in cards
    ]  # fmt: skip
    table(
        "Drawn at random, and judged", ("verdict", "level now", "source", "ref", "title", ""), rows, "Nothing that was drawn is judged yet."
    )


def _reasons(flag: Flag, most: int = 4) -> str:
    """The strongest reasons, one of a kind, and how many more there are; then all that speaks for the seller."""
    strongest = {x.reason: x.sentence for x in sorted(flag.contributions, key=lambda x: x.points) if x.points > 0}
    shown = list(reversed(strongest.values()))
    spared = {x.reason: f"for the seller: {x.sentence}" for x in flag.contributions if x.points < 0}
    return "\n".join([*shown[:most], *([f"and {len(shown) - most} more kinds of reason"] if len(shown) > most else []), *spared.values()])


# -- who has which card --------------------------------------------------------------------------------------------------------
@queue.command("take")
def queue_take(
    source: Source, ref: Ref, minutes: Annotated[int | None, typer.Option(help="For so long (default: configs/judging.yml).")] = None, by: By = "",
    home: Folder = None,
) -> None:  # fmt: skip
    """Lock a card to you while you judge it, so that nobody else does at once. The lock ends by itself, and with your judgement.

    Example: touchstone queue take my_marketplace 12345 --by a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        number, span = _number(store, who, source, ref), minutes or read_judging(folder).lock_minutes
        got = officers_queue.take(store, folder, [number], who, span)
        if not got:
            with store.acting(who, purpose="queue take") as reader:
                work = reader.work(LISTING, [number])[number]
            raise TouchstoneError(f"listing {source} {ref} is with {work.locked_by or work.officer}")
    say(f"Listing {source} {ref} is yours to judge for {span} minutes.")


@queue.command("release")
def queue_release(source: Source, ref: Ref, over: Over = False, by: By = "", home: Folder = None) -> None:
    """Let a card go: your lock ends, and it is assigned to nobody.

    Example: touchstone queue release my_marketplace 12345 --by a.officer
    """
    with opened(home) as (folder, store):
        who, authority = person(store, folder, by), folder.settings.authority.code
        number = _number(store, who, source, ref)
        store.unlock(LISTING, [number], actor=who, authority=authority)
        with store.acting(who, purpose="queue release") as reader:
            work = reader.work(LISTING, [number])[number]
        if work.officer:
            store.release(LISTING, [number], actor=who, authority=authority, over=over)
    say(f"Listing {source} {ref} is free.")


@queue.command("assign")
def queue_assign(
    source: Source, ref: Ref, officer: Annotated[str, typer.Argument(help="Whose it is from now on.")], over: Over = False, by: By = "",
    home: Folder = None,
) -> None:  # fmt: skip
    """Give a card to an officer, who has it until it is let go; others do not see it among what is free.

    Example: touchstone queue assign my_marketplace 12345 b.officer --by a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        store.assign(LISTING, [_number(store, who, source, ref)], officer, actor=who, authority=folder.settings.authority.code, over=over)
    say(f"Listing {source} {ref} is {officer}'s.")


@queue.command("who")
def queue_who(source: Source, ref: Ref, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """Who had a card when, who took it over, and which cases, operations and officers rest on it or its account, other authorities' too.

    Example: touchstone queue who my_marketplace 12345
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="queue who", justification=why) as reader:
        number = reader.listing(source, ref).listing.id or 0
        rows, warnings = reader.assignments(LISTING, number), worked_by(reader, LISTING, number)
    if json:
        print_json({"assignments": rows, "worked_by": warnings})
        return
    cells = [(f"{r.at:%Y-%m-%d %H:%M}", r.says, r.officer, r.actor, f"{r.until:%Y-%m-%d %H:%M}" if r.until else "") for r in rows]
    table("Who had it", ("at (UTC)", "says", "officer", "by", "until (UTC)"), cells, "Nobody has had it.")
    for line in warnings:
        say(line)


@queue.command("skip")
def queue_skip(
    source: Source, ref: Ref, until: Annotated[str, typer.Option(help="The day on which it comes back.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept as a note.")], by: By = "", home: Folder = None,
) -> None:  # fmt: skip
    """Put a card off until a day, for everybody. It comes back earlier where its findings change.

    Example: touchstone queue skip my_marketplace 12345 --until 2027-01-15 --reason "the brand answers by then"
    """
    back = parse_when(until)
    if back is None:
        raise TouchstoneError(f"'{until}' is no day: write it as 2027-01-15")
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        store.skip(_number(store, who, source, ref), back, reason, actor=who, authority=folder.settings.authority.code)
    say(f"Listing {source} {ref} comes back on {until}.")


# -- judging many, undoing ----------------------------------------------------------------------------------------------------
@queue.command("judge")
def queue_judge(
    verdict: Annotated[Verdict, typer.Argument(help="yes, no or unsure; undone takes back what you said.")],
    listings: Annotated[list[str], typer.Argument(help="Each member by name: SOURCE/REF.")],
    code: Annotated[str, typer.Option(help="The reason's code in configs/judging.yml.")] = "",
    reason: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Judge several listings alike, each named: one judgement for each, all of them or none.

    Example: touchstone queue judge no stall/1001 stall/1002 --code unbranded --by a.officer
    Example: touchstone queue judge undone stall/1001 --by a.officer
    """
    with opened(home) as (folder, store):
        who = person(store, folder, by)
        members = [judgements.Member(_number(store, who, *_named(each))) for each in listings]
        done = judgements.judge_listings(store, folder, members, verdict, reason, who, code=code)
    if json:
        return print_json(done)
    for name, each in zip(listings, done, strict=True):
        said = each.judgement
        say(f"{name}: judgement {said.id}, {said.verdict}" + (f", supersedes {said.supersedes}" if said.supersedes else ""))


# -- second persons -----------------------------------------------------------------------------------------------------------
@queue.command("second")
def queue_second(
    limit: Annotated[int, typer.Option(help="At most so many.")] = 20, by: By = "", why: Why = "", json: Json = False, home: Folder = None
) -> None:
    """What waits for you as the second person: judged by somebody, drawn by nobody's choice, shown without what was said.

    Judge one with `touchstone judge SOURCE REF VERDICT --second`; then you are told what the first person said.

    Example: touchstone queue second --by b.officer
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="second review", justification=why) as reader:
        due = second.second_cards(reader, limit)
    if json:
        return print_json(due)
    _show([each.card for each in due])


@queue.command("agreement")
def queue_agreement(by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """How far second persons agree with first ones: Cohen's kappa with its 95 % interval, its table and n; and where they differ, for a third person.

    Example: touchstone queue agreement --json
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="agreement", justification=why) as reader:
        pairs = reader.second_pairs()
        unlike = agreement.unlike(pairs)
        numbers = [p.second.subject for p in unlike]
        names = (
            {s.listing.id: f"{s.listing.source} {s.listing.ref}" for s in reader.summaries(numbers=numbers, limit=len(numbers))}
            if numbers
            else {}
        )
    found = agreement.agreements(pairs)
    if json:
        return print_json({"agreement": found, "differ": unlike})
    for each in found:
        cells = [(a, *(each.table[a][b] for b in each.table)) for a in each.table]
        table(each.who, ("first \\ second", *each.table), cells, "")
        say(each.sentence)
    rows = [
        (names.get(p.second.subject, ""), f"{p.first.actor}: {p.first.verdict}, {p.first.reason}", f"{p.second.actor}: {p.second.verdict}, {p.second.reason}")
        for p in unlike
    ]  # fmt: skip
    table(
        "They differ; a third person decides",
        ("listing", "first", "second"),
        rows,
        "They differ on nothing that a third person has not judged.",
    )


# -- cleared ------------------------------------------------------------------------------------------------------------------
@queue.command("clear")
def queue_clear(
    kind: Annotated[Cleared, typer.Argument(help="seller, company or domain.")],
    what: Annotated[str, typer.Argument(help="The seller's row number, the company's number, or the site's name.")],
    evidence: Annotated[str, typer.Option(help="On what evidence: the brand's list of stockists, invoices seen.")],
    brand: Annotated[str, typer.Option(help="Only for this brand (default: all).")] = "",
    until: Annotated[str, typer.Option(help="The last day on which it stands (default: until it is withdrawn).")] = "",
    by: By = "",
    home: Folder = None,
) -> None:
    """Record an authorised stockist or a cleared seller. Its goods leave the queue, but for priority flags on findings that are new.

    Example: touchstone queue clear seller 12 --brand Gucci --until 2027-03-31 --evidence "on the brand's list of stockists of 2 November"
    """
    with opened(home) as (folder, store):
        number = store.keep_clearance(
            kind, _whole(what) if kind is Cleared.seller else what, evidence, brand=brand, until=until, actor=person(store, folder, by),
            authority=folder.settings.authority.code,
        )  # fmt: skip
    say(f"Clearance {number}: {kind} {what}. Taken back by: touchstone queue unclear {number} --reason '…'")


@queue.command("unclear")
def queue_unclear(
    number: Annotated[int, typer.Argument(help="The clearance's number.")], reason: Annotated[str, typer.Option(help="Why.")], by: By = "",
    home: Folder = None,
) -> None:  # fmt: skip
    """Withdraw a clearance: its goods come back to the queue.

    Example: touchstone queue unclear 3 --reason "the account was sold"
    """
    with opened(home) as (folder, store):
        store.withdraw_clearance(number, reason, actor=person(store, folder, by), authority=folder.settings.authority.code)
    say(f"Clearance {number} is withdrawn.")


@queue.command("cleared")
def queue_cleared(
    every: Annotated[bool, typer.Option("--all", help="Withdrawn, superseded and past ones too.")] = False, by: By = "", why: Why = "",
    json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Who is cleared, for which brand, until when, on what evidence, and by whom.

    Example: touchstone queue cleared
    """
    today = datetime.now(LONDON).date()
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="queue cleared", justification=why) as reader:
        rows = [x for x in reader.clearances(superseded=every) if every or x.in_force(today)]
    if json:
        return print_json(rows)
    cells = [
        (x.id, x.what, x.brand or "all", x.until, "withdrawn" if x.withdrawn else "", x.actor, x.evidence) for x in rows
    ]  # fmt: skip
    table("Cleared", ("no", "what", "brand", "until", "", "by", "evidence"), cells, "Nobody is cleared.")


def _number(store: Store, who: str, source: str, ref: str) -> int:
    with store.acting(who, purpose="queue") as reader:
        return reader.listing(source, ref).listing.id or 0


def _named(member: str) -> tuple[str, str]:
    source, slash, ref = member.partition("/")
    if not (source and slash and ref):
        raise TouchstoneError(f"'{member}' names no listing: write SOURCE/REF")
    return source, ref


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise TouchstoneError(f"'{text}' is no number of a seller")
    return int(text)
