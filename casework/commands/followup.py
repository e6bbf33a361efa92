"""What was done about a place or a seller: visits, warnings, notices, seizures, closures, outcomes, test purchases; the tasking sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from casework import followup
from casework.commands.common import By, Folder, Json, Why, opened, person, plain, print_json, say, table
from store.errors import TouchstoneError
from store.words.followup import FollowUp, Kind, Outcome, Result, Role, Step, receipt

app = typer.Typer(no_args_is_help=True, help="What officers did about a place or a seller, with the proof of it (docs/follow-up.md).")
purchase = typer.Typer(no_args_is_help=True, help="Test purchases, step by step; a skipped step is refused.")

Premises = Annotated[int | None, typer.Option(help="The premises' number: of the unit, where it is known.")]
Seller = Annotated[int | None, typer.Option(help="The seller's number.")]
CaseOf = Annotated[str | None, typer.Option("--case", help="The case it belongs to: it is then kept as long as the case.")]
Operation = Annotated[str | None, typer.Option(help="The operation it is part of: a file of configs/operations.")]
When = Annotated[str, typer.Option(help="When it happened, day first, London time: 25/11/2026, or 25/11/2026 14:30.")]
Supersedes = Annotated[
    int | None, typer.Option(help="The number of the follow-up that this one corrects; what is left out here stays as it said.")
]
Without = Annotated[list[int] | None, typer.Option(help="With --supersedes: the capture of a file that it has no more.")]
Photos = Annotated[list[str] | None, typer.Option("--photo", help="A photograph: a file, or the number of a kept capture.")]
Proofs = Annotated[list[str] | None, typer.Option("--proof", help="What shows that it was received: a file, or a kept capture's number.")]
Documents = Annotated[list[str] | None, typer.Option("--document", help="The paper itself: a file, or a kept capture's number.")]
Opened = Annotated[str, typer.Option(help="When the parcel was opened, with the hour; left out: not yet.")]
Number = Annotated[int, typer.Argument(help="The purchase's number, as `purchase authorise` printed it.")]


def register(places: typer.Typer) -> None:
    """The commands about a place."""
    places.command("timeline")(timeline)
    places.command("tasking")(tasking_sheet)


def _record(home: Path | None, by: str, why: str, json: bool, told: followup.Told) -> FollowUp:
    """Keep what was told; say what was kept and what its officer should know."""
    with opened(home) as (folder, store):
        done = followup.record(store, folder, told, by=person(store, folder, by), why=why)
    if json:
        print_json({"follow_up": done.row, "notes": done.notes})
    else:
        corrected = f"; it corrects {done.row.supersedes}" if done.row.supersedes else ""
        say(f"Follow-up {done.row.id} is recorded: {done.row.step or done.row.kind}, {done.row.when}{corrected}.")
        for note in done.notes:
            say(f"! {note}")
    return done.row


def _body(**given: Any) -> dict[str, Any]:
    """What was given: an option that is left out says nothing."""
    return {name: value for name, value in given.items() if value not in ("", None, [], ())}


def _files(**given: list[str] | None) -> list[tuple[Role, str]]:
    return [(Role(role), each) for role, files in given.items() for each in files or ()]


# -- what was done ---------------------------------------------------------------------------------------------------------
@app.command("visit")
def visit(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    officer: Annotated[list[str] | None, typer.Option("--officer", help="Who went there; once for each.")] = None,
    power: Annotated[str, typer.Option(help="The power of entry: a name of configs/followup.yml, or 'none'.")] = "",
    notice_on: Annotated[str, typer.Option(help="The day of the written notice: 2026-11-20.")] = "",
    no_notice: Annotated[str, typer.Option(help="Why no notice, or a shorter one, was given.")] = "",
    suspicion: Annotated[str, typer.Option(help="What a suspicion rests on, where a power needs one.")] = "",
    met: Annotated[str, typer.Option(help="Who was met.")] = "",
    seen: Annotated[str, typer.Option(help="What was seen.")] = "",
    photo: Photos = None,
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Officers were at the place: power and notice (CRA 2015 Sch. 5), who was met, what was seen.

    Example: touchstone followup visit --premises 12 --when "25/11/2026 10:15" --officer a.officer --power entry --notice-on 2026-11-20 --met "the shop assistant" --seen "Belts with a lozenge mark on a rail" --photo rail.jpg --by a.officer
    """
    body = _body(officers=officer, power=power, notice_on=notice_on, no_notice=no_notice, suspicion=suspicion, met=met, seen=seen)
    files = _files(photo=photo, document=document)
    told = followup.Told(Kind.visit, body, when, None, None, premises, seller, case, operation, supersedes, files, without or ())
    _record(home, by, why, json, told)


@app.command("advice")
def advice(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    given_to: Annotated[str, typer.Option(help="Who was advised.")] = "",
    how: Annotated[str, typer.Option(help="In person, by letter, by e-mail.")] = "",
    about: Annotated[str, typer.Option(help="What about.")] = "",
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Somebody was told what the law asks of them: the first rung of the ladder.

    Example: touchstone followup advice --premises 12 --when 25/11/2026 --given-to "the tenant" --how "in person" --about "registered marks, with the leaflet" --by a.officer
    """
    told = followup.Told(
        Kind.advice, _body(given_to=given_to, how=how, about=about), when, None, None, premises, seller, case, operation, supersedes,
        _files(document=document), without or (),
    )  # fmt: skip
    _record(home, by, why, json, told)


@app.command("warning")
def warning(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    given_to: Annotated[str, typer.Option(help="Who was warned.")] = "",
    served: Annotated[str, typer.Option(help="How it was served: by hand, recorded delivery, through the platform.")] = "",
    about: Annotated[str, typer.Option(help="What it warns of.")] = "",
    signature: Annotated[str, typer.Option(help="Who signed for it.")] = "",
    delivery_number: Annotated[str, typer.Option(help="The number of the recorded delivery.")] = "",
    proof: Proofs = None,
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """A warning was served. One with no proof of receipt shows "receipt not shown"; add the proof when it comes, by a correction.

    Example: touchstone followup warning --premises 12 --when 25/11/2026 --given-to "the tenant" --served "recorded delivery" --about "sale of goods with registered marks" --document letter.pdf --by a.officer

    Example: touchstone followup warning --supersedes 3 --delivery-number "AB 1234 5678 9GB" --proof receipt.jpg --by a.officer
    """
    body = _body(given_to=given_to, served=served, about=about, signature=signature, delivery_number=delivery_number)
    files = _files(proof=proof, document=document)
    told = followup.Told(Kind.warning, body, when, None, None, premises, seller, case, operation, supersedes, files, without or ())
    _record(home, by, why, json, told)


@app.command("notice")
def notice(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    given_to: Annotated[str, typer.Option(help="On whom it was served.")] = "",
    served: Annotated[str, typer.Option(help="How it was served.")] = "",
    power: Annotated[str, typer.Option(help="A power of configs/followup.yml that it uses: information, documents.")] = "",
    statute: Annotated[str, typer.Option(help="Under which statute, where no power of configs/followup.yml says so.")] = "",
    requires: Annotated[str, typer.Option(help="What it requires.")] = "",
    comply_by: Annotated[str, typer.Option(help="The day by which it is to be complied with: 2026-12-15.")] = "",
    suspicion: Annotated[str, typer.Option(help="What a suspicion rests on, where a power needs one.")] = "",
    signature: Annotated[str, typer.Option(help="Who signed for it.")] = "",
    delivery_number: Annotated[str, typer.Option(help="The number of the recorded delivery.")] = "",
    proof: Proofs = None,
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """A notice was served under a statute, with the day by which it is to be complied with.

    Example: touchstone followup notice --premises 12 --when 25/11/2026 --given-to "the tenant" --served "by hand" --power information --suspicion "two test purchases" --requires "invoices since June" --comply-by 2026-12-15 --signature "the tenant" --by a.officer
    """
    body = _body(
        given_to=given_to, served=served, power=power, statute=statute, requires=requires, comply_by=comply_by, suspicion=suspicion,
        signature=signature, delivery_number=delivery_number,
    )  # fmt: skip
    files = _files(proof=proof, document=document)
    told = followup.Told(Kind.notice, body, when, None, None, premises, seller, case, operation, supersedes, files, without or ())
    _record(home, by, why, json, told)


@app.command("seizure")
def seizure(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    item: Annotated[
        list[str] | None, typer.Option("--item", help="what=…; count=…; brand=…; weight=… kg; bag=…. Once for each sort of goods.")
    ] = None,
    power: Annotated[str, typer.Option(help="The power: a name of configs/followup.yml.")] = "",
    stored: Annotated[str, typer.Option(help="Where the goods are.")] = "",
    photo: Photos = None,
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Goods were seized: what, how many, of what weight, in which sealed bags, where they are. A bag's number is used once.

    Example: touchstone followup seizure --premises 12 --when "25/11/2026 11:00" --item "what=belts; count=40; brand=Maison Lozenge; weight=8.2 kg; bag=A0012345" --power seize --stored "evidence store, shelf 4" --by a.officer
    """
    body = _body(items=[followup.item_of(each) for each in item or ()], power=power, stored=stored)
    files = _files(photo=photo, document=document)
    told = followup.Told(Kind.seizure, body, when, None, None, premises, seller, case, operation, supersedes, files, without or ())
    _record(home, by, why, json, told)


@app.command("closure")
def closure(
    when: When = "",
    premises: Premises = None,
    court: Annotated[str, typer.Option(help="Which court.")] = "",
    starts: Annotated[str, typer.Option("--from", help="The first day of the closure: 2026-11-26.")] = "",
    ends: Annotated[str, typer.Option("--until", help="The last day of it; left out: the order names none.")] = "",
    basis: Annotated[str, typer.Option(help="Under which law, and for what.")] = "",
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """A court closed the premises. What is offered from there meanwhile raises an alert.

    Example: touchstone followup closure --premises 12 --when 26/11/2026 --court "Wexcombe Magistrates' Court" --from 2026-11-26 --until 2027-02-25 --basis "closure order, as the order names its law" --document order.pdf --by a.officer
    """
    body = _body(court=court, starts=starts, ends=ends, basis=basis)
    told = followup.Told(
        Kind.closure, body, when, None, None, premises, None, case, operation, supersedes, _files(document=document), without or ()
    )
    _record(home, by, why, json, told)


@app.command("outcome")
def outcome(
    decided: Annotated[Outcome | None, typer.Argument(help="What was decided.")] = None,
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    risk_reason: Annotated[str, typer.Option(help="The risk that it answers.")] = "",
    note: Annotated[str, typer.Option(help="What else is to be known.")] = "",
    document: Documents = None,
    case: CaseOf = None,
    operation: Operation = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What was decided, with the risk that it answers (Regulators' Code). `look_alike`: no mark is used, which is outside s.92.

    Example: touchstone followup outcome warning --premises 12 --when 26/11/2026 --risk-reason "repeated sale near a school, after advice" --by a.officer
    """
    body = _body(outcome=decided, risk_reason=risk_reason, note=note)
    told = followup.Told(
        Kind.outcome, body, when, None, None, premises, seller, case, operation, supersedes, _files(document=document), without or ()
    )
    _record(home, by, why, json, told)


# -- looking ---------------------------------------------------------------------------------------------------------------
@app.command("list")
def list_(
    premises: Premises = None,
    seller: Seller = None,
    case: CaseOf = None,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    superseded: Annotated[bool, typer.Option("--superseded", help="Show what corrections supersede, too.")] = False,
    limit: Annotated[int, typer.Option(help="The last so many.")] = 50,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What was done, in the order in which it happened.

    Example: touchstone followup list --premises 12
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="followup list", justification=why) as reader:
        around = None if premises is None else [premises]
        rows = reader.follow_ups(premises=around, seller=seller, case=case, kind=kind, superseded=superseded, limit=limit)
    _print(rows, json)


@app.command("show")
def show(
    number: Annotated[int, typer.Argument(help="The follow-up's number.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """One follow-up with all that it states and its files.

    Example: touchstone followup show 3
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="followup show", justification=why) as reader:
        row = reader.follow_up(number)
        captures = reader.captures(sorted({file.capture for file in row.files}))
    digests = {capture.id: capture.body_digest for capture in captures}
    if json:
        print_json({"follow_up": row, "receipt": receipt(row) or None, "files": digests})
        return
    say(f"Follow-up {row.id}: {row.step or row.kind}, {row.when}, recorded {row.recorded_at:%Y-%m-%d %H:%M} UTC by {row.actor}")
    say("  ".join(f"{name} {value}" for name, value in followup.about(row) if value is not None))
    if row.superseded_by:
        say(f"It is corrected by follow-up {row.superseded_by}.")
    for name, value in followup.details(row):
        say(f"{name}: {value}")
    table("Files", ("capture", "what", "SHA-256"), [(f.capture, f.role, digests.get(f.capture, "")) for f in row.files], "No file.")


def timeline(
    number: Annotated[int, typer.Argument(help="The premises' number.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """What has been done at a place, its building and its units, in order.

    Example: touchstone premises timeline 12
    """
    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="premises timeline", justification=why) as reader:
        if not reader.premises([number]):
            raise TouchstoneError(f"there is no premises {number}; `touchstone premises rank` lists those with links")
        rows = followup.timeline(reader, number)
    _print(rows, json)


def _print(rows: Sequence[FollowUp], json: bool) -> None:
    if json:
        print_json([{**plain(row), "receipt": receipt(row) or None} for row in rows])
        return
    shown = [
        (
            r.id,
            r.when,
            r.step or r.kind,
            "\n".join(f"{noun} {value}" for noun, value in followup.about(r) if value is not None),
            followup.sentence(r),
        )
        for r in rows
    ]
    table(
        "Follow-ups", ("row", "happened", "what", "about", "said"), shown, "Nothing has been recorded here: `touchstone followup --help`."
    )


# -- test purchases --------------------------------------------------------------------------------------------------------
def _step(
    step: Step, number: int, body: dict[str, Any], when: str, files: list[tuple[Role, str]], supersedes: int | None, without: list[int] | None,
    by: str, why: str, json: bool, home: Path | None,
) -> None:  # fmt: skip
    told = followup.Told(
        Kind.purchase, body, when, step, number, supersedes=supersedes, files=files, without=without or ()
    )  # its place and seller are the purchase's own
    _record(home, by, why, json, told)


@purchase.command("authorise")
def authorise(
    when: When = "",
    premises: Premises = None,
    seller: Seller = None,
    authorised_by: Annotated[str, typer.Option(help="Who authorised it.")] = "",
    ground: Annotated[str, typer.Option(help="On what ground.")] = "",
    power: Annotated[str, typer.Option(help="The power that is used, where one is: a name of configs/followup.yml, as 'purchase'.")] = "",
    operation: Operation = None,
    document: Documents = None,
    case: CaseOf = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Begin a test purchase: who authorised it, when and on what ground. Its number is the one that all later steps name.

    Of an operation with purpose test_purchase it must be within its authorisation's dates.

    Example: touchstone purchase authorise --seller 4 --when 20/11/2026 --authorised-by "B. Manager" --ground "three flagged adverts, price a tenth of the usual" --operation bags_november --by a.officer
    """
    body = _body(authorised_by=authorised_by, ground=ground, power=power)
    files = _files(document=document)
    told = followup.Told(
        Kind.purchase, body, when, Step.authorised, None, premises, seller, case, operation, supersedes, files, without or ()
    )
    row = _record(home, by, why, json, told)
    if not json:
        say(f"It is purchase {row.purchase}. Next: touchstone purchase order {row.purchase}")


@purchase.command("order")
def order(
    number: Number,
    when: When = "",
    ordered: Annotated[str, typer.Option("--order", help="What was ordered, from which advert, and the order's number.")] = "",
    paid: Annotated[str, typer.Option(help="The price paid, as written: £45.")] = "",
    contact: Annotated[str, typer.Option(help="What passed between buyer and seller; left out: nothing but the order.")] = "",
    relationship: Annotated[bool, typer.Option("--relationship", help="The buyer became acquainted with the seller.")] = False,
    urn: Annotated[str, typer.Option(help="The reference of the authorisation that a relationship needs.")] = "",
    document: Documents = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The goods are ordered. A buyer who becomes acquainted with the seller needs an authorisation of their own (RIPA 2000).

    Example: touchstone purchase order 7 --when "21/11/2026 09:30" --order "listing 12345, order 881-2" --paid £45 --by a.officer
    """
    body = _body(order=ordered, paid=paid, contact=contact, relationship=relationship or None, urn=urn)
    _step(Step.ordered, number, body, when, _files(document=document), supersedes, without, by, why, json, home)


@purchase.command("receive")
def receive(
    number: Number,
    when: When = "",
    carrier: Annotated[str, typer.Option(help="Who brought it.")] = "",
    tracking: Annotated[str, typer.Option(help="The tracking number.")] = "",
    how: Annotated[str, typer.Option(help="How it came, where no carrier did: handed over at the shop.")] = "",
    sender: Annotated[str, typer.Option(help="Name and address on the parcel, as written.")] = "",
    photo: Photos = None,
    document: Documents = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The parcel is received.

    Example: touchstone purchase receive 7 --when "24/11/2026 10:00" --carrier "Parcel carrier" --tracking PX123456789GB --sender "as on the label" --by a.officer
    """
    body = _body(carrier=carrier, tracking=tracking, how=how, sender=sender)
    _step(Step.received, number, body, when, _files(photo=photo, document=document), supersedes, without, by, why, json, home)


@purchase.command("photograph")
def photograph(
    number: Number,
    when: When = "",
    photo: Photos = None,
    opened_at: Opened = "",
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The closed packaging is photographed. A photograph whose own camera says that it was open by then does not count.

    Example: touchstone purchase photograph 7 --when "24/11/2026 10:20" --photo parcel.jpg --photo label.jpg --by a.officer
    """
    body = _body(opened=followup.moment_of("opened-at", opened_at))
    _step(Step.photographed, number, body, when, _files(photo=photo), supersedes, without, by, why, json, home)


@purchase.command("seal")
def seal(
    number: Number,
    when: When = "",
    bag: Annotated[str, typer.Option(help="The number of the sealed bag: one never used before.")] = "",
    contents: Annotated[str, typer.Option(help="What is in it.")] = "",
    witness: Annotated[str, typer.Option(help="Who saw it sealed.")] = "",
    opened_at: Opened = "",
    photo: Photos = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The goods are sealed in a bag with a number.

    Example: touchstone purchase seal 7 --when "24/11/2026 11:00" --opened-at "24/11/2026 10:40" --bag A0012346 --contents "one bag and its box" --witness b.officer --by a.officer
    """
    body = _body(bag=bag, contents=contents, witness=witness, opened=followup.moment_of("opened-at", opened_at))
    _step(Step.sealed, number, body, when, _files(photo=photo), supersedes, without, by, why, json, home)


@purchase.command("examine")
def examine(
    number: Number,
    when: When = "",
    examiner: Annotated[str, typer.Option(help="To whom it was sent.")] = "",
    how: Annotated[str, typer.Option(help="How it went there.")] = "",
    signed_by: Annotated[str, typer.Option(help="Who signed the continuity form.")] = "",
    continuity: Annotated[
        list[str] | None, typer.Option("--continuity", help="The signed form: a file, or a kept capture's number.")
    ] = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The bag is sent to the brand's examiner, with the continuity signed.

    Example: touchstone purchase examine 7 --when 25/11/2026 --examiner "C. Examiner, Maison Lozenge" --how "by hand" --signed-by "a.officer and C. Examiner" --continuity form.pdf --by a.officer
    """
    body = _body(examiner=examiner, how=how, signed_by=signed_by)
    _step(Step.examiner, number, body, when, _files(continuity=continuity), supersedes, without, by, why, json, home)


@purchase.command("result")
def result(
    number: Number,
    stated: Annotated[Result | None, typer.Argument(help="What the examiner states.")] = None,
    when: When = "",
    examiner: Annotated[str, typer.Option(help="Who states it.")] = "",
    note: Annotated[str, typer.Option(help="What else is to be known.")] = "",
    statement: Annotated[list[str] | None, typer.Option("--statement", help="The statement: a file, or a kept capture's number.")] = None,
    supersedes: Supersedes = None,
    without: Without = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """The examiner's own statement: genuine, counterfeit, or cannot say.

    Example: touchstone purchase result 7 counterfeit --when 2/12/2026 --examiner "C. Examiner" --statement statement.pdf --by a.officer
    """
    body = _body(result=stated, examiner=examiner, note=note)
    _step(Step.result, number, body, when, _files(statement=statement), supersedes, without, by, why, json, home)


@purchase.command("show")
def purchase_show(
    number: Number,
    to: Annotated[
        Path | None, typer.Option("--out", help="Print the chain of custody into this PDF; the log has it as a disclosure.")
    ] = None,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """A test purchase step by step, with its files: the chain of custody, and which step is next.

    Example: touchstone purchase show 7

    Example: touchstone purchase show 7 --out continuity.pdf --why "file to the brand's examiner"
    """
    from casework import tasking

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="purchase show", justification=why) as reader:
        chain = followup.chain_of(reader, number)
        if to is not None:
            tasking.write_continuity(reader, folder, chain, to)
    if json:
        print_json({"purchase": number, "next": chain.next, "steps": chain.steps, "corrected": chain.corrected, "digests": chain.digests})
        return
    say(f"Test purchase {number}  " + "  ".join(f"{name} {value}" for name, value in followup.about(chain.steps[0]) if value is not None))
    rows = [
        (
            r.step,
            r.when,
            r.actor,
            followup.sentence(r),
            "\n".join(f"{f.role} {f.capture}: {chain.digests.get(f.capture, '')}" for f in r.files),
        )
        for r in chain.steps
    ]
    table("Chain of custody", ("step", "happened", "recorded by", "", "files: capture, SHA-256"), rows, "")
    for row in chain.corrected:
        say(f"corrected: follow-up {row.id} ({row.step}, {row.when}), by follow-up {row.superseded_by}: {followup.sentence(row)}")
    say(f"Next: {chain.next}" if chain.next else "Every step is recorded.")
    if to is not None:
        say(f"Written to {to}.")


def tasking_sheet(
    number: Annotated[int, typer.Argument(help="The premises' number.")],
    to: Annotated[Path, typer.Option("--out", help="The PDF to write.")],
    by: By = "",
    why: Why = "",
    home: Folder = None,
) -> None:
    """The sheet for a visit: the door and its neighbours on a map, what leads there, pictures of the adverts, what to look for, the powers.

    Example: touchstone premises tasking 12 --out visit.pdf --by a.officer --why "visit on Thursday"
    """
    from casework import tasking

    with opened(home) as (folder, store), store.acting(person(store, folder, by), purpose="tasking sheet", justification=why) as reader:
        tasking.write_sheet(reader, folder, number, to)
    say(f"Written to {to}. It is for the officers of this visit: keep it with the notebook.")
