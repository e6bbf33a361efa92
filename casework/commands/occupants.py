"""Who is at a premises, as a person says it and as registers have it; and who runs an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from casework import attribution, places
from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from store.attribution import DISPUTED, NOT_SHOWN, SHOWN, Kind, Strength
from store.errors import TouchstoneError
from store.occupants import Basis, Occupant, Role

app = typer.Typer(no_args_is_help=True, help="Who is at a premises: front and hidden businesses, occupiers, landlords, companies.")


def register(sellers: typer.Typer) -> None:
    """The commands of an account, beside `touchstone seller show`."""
    sellers.command("attribution")(seller_attribution)
    sellers.command("attribute")(seller_attribute)


# -- premises ------------------------------------------------------------------------------------------------------------
@app.command("add")
def add(
    premises: Annotated[int, typer.Argument(help="The premises' row number.")],
    role: Annotated[Role, typer.Argument(help="In which role they are there.")],
    name: Annotated[str, typer.Argument(help="The name; '' of a hidden business that has none.")],
    basis: Annotated[Basis, typer.Option(help="What you know it from.")],
    source: Annotated[
        str, typer.Option(help="Which: the register's entry, the sighting's reference, the date of the visit, the document.")
    ] = "",
    capture: Annotated[int | None, typer.Option(help="The capture that shows it.")] = None,
    since: Annotated[str, typer.Option("--from", help="From when: 2026-11-26, 2026-11 or 2026.")] = "",
    until: Annotated[str, typer.Option(help="Until when.")] = "",
    mark: Annotated[
        list[str] | None,
        typer.Option(help="What they are known by, as kind=value: phone=…, email=…, instagram=…, company=…, vat=…, fhrs=…."),
    ] = None,
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record who is at a premises. What they are known by leads sellers who give it to this door; a number is checked in its form only.

    Example: touchstone premises occupant add 3 hidden "Northern Lux Closet" --basis visit --source "visit of 2026-11-20" --mark phone="07700 900142"
    """
    marks = [_mark(each) for each in mark or []]
    with opened(home) as (folder, store):
        number = store.keep_occupant(
            premises, role, name, basis=basis, source=source, actor=person(store, folder, by), authority=folder.settings.authority.code, since=since,
            until=until, capture=capture, note=note, marks=marks,
        )  # fmt: skip
    if json:
        print_json({"occupant": number})
        return
    say(
        f"Statement {number}: {name or 'an unnamed business'} is at premises {premises} as {role}. `touchstone link` takes it into account."
    )


def _mark(text: str) -> tuple[str, str]:
    kind, equals, value = text.partition("=")
    if not equals:
        raise TouchstoneError(f"--mark '{text}': write it as kind=value, such as phone=\"07700 900142\"")
    return kind.strip(), value


@app.command("withdraw")
def withdraw(
    number: Annotated[int, typer.Argument(help="The statement's number.")],
    reason: Annotated[str, typer.Option(help="Why it was wrong.")],
    by: By = "",
    home: Folder = None,
) -> None:
    """Withdraw a statement that was wrong. Its row stays, and says so."""
    with opened(home) as (folder, store):
        store.withdraw_occupant(number, actor=person(store, folder, by), authority=folder.settings.authority.code, why=reason)
    say(f"Statement {number} is withdrawn.")


@app.command("list")
def occupant_list(
    premises: Annotated[int, typer.Argument(help="The premises' row number.")], by: By = "", why: Why = "", json: Json = False, home: Folder = None
) -> None:  # fmt: skip
    """Who is at a premises, each with who says so."""
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="occupants", justification=why) as reader:
        found = places.occupants_at(reader, folder, premises)
    if json:
        print_json(found)
        return
    show(found)


def show(found: Sequence[Occupant]) -> None:
    """Each statement in a few lines: a table of them is too wide to read."""
    say("Who is here" if found else "Nobody says who is here.")
    for o in found:
        time = f", {o.since or '…'} to {o.until or '…'}" if o.since or o.until else ""
        say(
            f"  {o.role}: {o.name or '(no name known)'}{time}"
            + (f" [statement {o.id}]" if o.id else "")
            + (f"; {o.note}" if o.note else "")
        )
        if o.marks:
            say(f"    known by {', '.join(f'{kind} {value}' for kind, value in o.marks)}")
        say(f"    {o.by} says so, by {o.basis}: {', '.join(filter(None, (o.source, f'capture {o.capture}' if o.capture else '')))}")


# -- accounts ------------------------------------------------------------------------------------------------------------
MEANING = {
    NOT_SHOWN: "Who runs this account is not shown. A capture of a page does not prove who put it there (R v Bucknor [2010] EWCA Crim 1152).",
    SHOWN: "A person has judged that who runs this account is shown, on the evidence below. It is for the court to decide.",
    DISPUTED: "Who runs this account is disputed: a person has judged that the evidence below does not show it.",
}


def seller_attribution(
    number: Annotated[int, typer.Argument(help="The seller's row number.")], by: By = "", why: Why = "", json: Json = False, home: Folder = None
) -> None:  # fmt: skip
    """Who runs an account: "not shown", unless a person has judged otherwise on evidence that counts. Likeness alone never does."""
    with (
        opened(home) as (folder, store),
        store.acting(person(store, folder, by), purpose="seller attribution", justification=why) as reader,
    ):
        page = attribution.page(reader, number)
    if json:
        print_json(page)
        return
    standing = page.standing
    say(f"{page.seller.name or page.seller.handle} on {page.seller.source}: {standing.status}")
    say(MEANING[standing.status])
    if standing.why_not:
        say(f"But: {standing.why_not}.")
    if judged := standing.judgement:
        say(
            f"Judgement {judged.id}, {judged.at:%Y-%m-%d %H:%M} UTC, {judged.actor}: {judged.verdict}, {judged.reason} (rests on {_numbers(standing.rests_on)})"
        )
    if standing.withdrawn:
        say(f"But: evidence {_numbers(standing.withdrawn)} was withdrawn since.")
    if page.new_since:
        say(f"Recorded since, and not part of that judgement: evidence {_numbers(page.new_since)}")
    rows = [
        (
            p.ground.id,
            p.ground.kind,
            f"{'AGAINST: ' if p.ground.against else ''}{p.ground.says}",
            p.ground.person,
            p.ground.strength if p.counts or p.ground.against else "never counts",
            ", ".join(filter(None, (f"capture {p.ground.capture}" if p.ground.capture else "", f"exhibit row {p.ground.exhibit}" if p.ground.exhibit else "", p.ground.source))),
            f"evidence {_numbers(p.contradicted_by)}" if p.contradicted_by else "",
            f"{p.ground.by}, {p.ground.at:%Y-%m-%d}",
        )
        for p in page.evidence
    ]  # fmt: skip
    columns = ("evidence", "kind", "says", "points to", "strength", "cites", "contradicted by", "recorded")
    table("Evidence that people recorded", columns, rows, "Nobody has recorded evidence of who runs it.")
    leads = [(x.what, x.says, x.capture or "", x.to_do) for x in page.leads]
    table("Leads, none of which is evidence of who runs it", ("what", "says", "capture", "what would make it evidence"), leads, "No lead.")


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def seller_attribute(
    number: Annotated[int, typer.Argument(help="The seller's row number; with --withdraw, the evidence's number.")],
    kind: Annotated[Kind | None, typer.Option(help="What kind of evidence it is.")] = None,
    says: Annotated[str, typer.Option(help="What it shows, in a sentence.")] = "",
    named: Annotated[str, typer.Option("--person", help="To whom it points.")] = "",
    strength: Annotated[Strength, typer.Option(help="How strong you hold it to be.")] = Strength.moderate,
    against: Annotated[bool, typer.Option("--against", help="It speaks against that person running it.")] = False,
    capture: Annotated[int | None, typer.Option(help="The capture it cites.")] = None,
    exhibit: Annotated[str, typer.Option(help="The exhibit it cites, as CASE/NUMBER.")] = "",
    source: Annotated[str, typer.Option(help="The document it cites, by its reference, where it lies elsewhere.")] = "",
    contradicts: Annotated[int | None, typer.Option(help="The number of the evidence that it contradicts.")] = None,
    withdraw: Annotated[str, typer.Option("--withdraw", help="Withdraw this evidence instead, and say why.")] = "",
    by: By = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Record a piece of evidence of who runs an account. It moves nothing: `touchstone judge account` does, by a person.

    Example: touchstone seller attribute 12 --kind subscriber_check --says "07700 900142 is registered to him" --person "A. Trader" --strength strong --source "reply CD/118"
    """
    with opened(home) as (folder, store):
        who, authority = person(store, folder, by), folder.settings.authority.code
        if withdraw:
            store.withdraw_ground(number, actor=who, authority=authority, why=withdraw)
            say(f"Evidence {number} is withdrawn.")
            return
        if kind is None:
            raise TouchstoneError(f"say with --kind what evidence it is: {', '.join(Kind)}")
        row = None
        if exhibit:
            case, _, label = exhibit.rpartition("/")
            with store.acting(who, purpose="seller attribute") as reader:  # what it says is in its row, not in the log
                row = next((each.id for each in reader.exhibits(case) if each.number == label), None)
            if row is None:
                raise TouchstoneError(f"--exhibit '{exhibit}': case '{case}' has no exhibit '{label}'; write it as CASE/NUMBER")
        new = store.keep_ground(
            number, kind, says, person_named=named, strength=strength, actor=who, authority=authority, against=against, capture=capture, exhibit=row,
            source=source, contradicts=contradicts,
        )  # fmt: skip
    if json:
        print_json({"attribution": new})
        return
    say(f"Evidence {new} of who runs account {number}: {kind}, {strength}. It moves nothing until a person judges.")
