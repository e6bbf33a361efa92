"""The draft of an officer's witness statement under section 9 of the Criminal Justice Act 1967.

Facts that the officer did and saw, as the record has them, in the first person; a blank where the record does not know. What a machine thinks
of a listing has no place in it, nor what the goods are: that is for the witness of the brand's owner. Words of a listing, and words that people
wrote into the record, are quoted and marked as quotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from casework.documents import Block, Counted, Document, Fields, Heading, Paragraph, Quotation, Signature, Table, blank
from casework.drafts.facts import Copy, Facts, Produced, at, day, facts_of, quoted, when
from casework.drafts.keeping import Made
from casework.drafts.settings import DraftSettings, lawful
from store.config import Home
from store.store import Acting, Store
from store.words.casefile import Act, Thing
from store.words.custody import CustodyStep
from store.words.drafts import DraftKind
from store.words.followup import (
    Advice,
    Authorised,
    FollowUp,
    Notice,
    Ordered,
    Photographed,
    Received,
    Sealed,
    Seizure,
    SentToExaminer,
    Visit,
    WarningGiven,
    kilograms,
)
from store.words.records import CaptureKind, SubjectKind

DECLARATION = (
    "This statement is true to the best of my knowledge and belief and I make it knowing that, if it is tendered in evidence, I shall be liable to "
    "prosecution if I have wilfully stated in it anything which I know to be false or do not believe to be true."
)
OVER_18 = "Over 18"
SIGNED = (Signature(["Signature", "Date"]), Signature(["Signature witnessed by", "Name and office of who witnessed it"]))
TAKEN = "taken as an exhibit"  # what custody says of itself where nobody gave a reason
MOST_WORDS = 1500  # of a listing's text, quoted; all of it is in the exhibit
WHAT = {
    CaptureKind.page: "the page, as the website sent it",
    CaptureKind.rendered: "the page, as the program's web browser displayed it",
    CaptureKind.screenshot: "a picture of the page as displayed",
    CaptureKind.image: "a picture that the page shows",
    CaptureKind.network: "an answer that the page asked for",
    CaptureKind.robots: "the website's instructions to programs",
    CaptureKind.handed_in: "a file that was put into the program",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """Who makes the statement. `name` and `occupation` "": as the record has them, and blank where it has none. `age`: only if under 18."""

    officer: str
    name: str = ""
    occupation: str = ""
    age: int | None = None

    def __post_init__(self) -> None:
        if self.age is not None and not 0 < self.age < 18:
            raise ValueError(f"age: {self.age}; it is stated where the witness is under 18, else the statement says “{OVER_18}”")


def statement(
    store: Store, reader: Acting, home: Home, settings: DraftSettings, case: str, witness: Witness, *, head: str = ""
) -> Made:  # fmt: skip
    """The draft of a statement. `head` is the head of the case's pack, where it is to be quoted. Raises TouchstoneError."""
    facts = facts_of(store, reader, case, witness.officer)
    lawful(facts.case.jurisdiction or home.settings.authority.jurisdiction, "a statement under section 9 of the Criminal Justice Act 1967")
    return statement_of(facts, witness, home.settings.authority.name, settings.marking, head=head)


def statement_of(facts: Facts, witness: Witness, authority: str, marking: str, *, head: str = "") -> Made:
    """The same of facts that were read already."""
    body = [*_opening(facts, witness, authority), *_program(facts)]
    for one in facts.produced:
        body += _exhibit(facts, one)
    body += [block for row in facts.done for block in _done(facts, row)]
    body += _pack(facts, head)
    document = Document(
        "Statement of witness", [*heading(facts, witness), *body, *SIGNED], marking=marking,
        reference=f"{facts.case.reference}: statement of {facts.officer.id}", signed_pages=["Signature", "Signature witnessed by"],
    )  # fmt: skip
    return Made(DraftKind.statement, facts.case.reference, "statement", {"statement": document}, about=witness.officer, notes=_notes(facts))


def heading(facts: Facts, witness: Witness) -> list[Block]:
    """What a statement begins with (CrimPR 16.2: name, age if under 18, declaration, signature)."""
    return [
        Paragraph("Criminal Justice Act 1967, section 9. Criminal Procedure Rules, Part 16.", small=True),
        Fields(
            [
                ("Statement of", _known(witness.name, facts.officer.name, facts.officer.id)),
                ("Age if under 18", str(witness.age) if witness.age is not None else OVER_18),
                ("Occupation", _known(witness.occupation, facts.officer.role, "officer")),
            ]
        ),
        Counted("This statement consists of ", " pages, each signed by me."),
        Paragraph(DECLARATION),
        Signature(["Signature", "Date"]),
    ]


def _known(told: str, kept: str, unsaid: str) -> str | None:
    """What was told, else what is kept, unless that is only what stands there when nobody said."""
    return told.strip() or (kept if kept and kept != unsaid else None)


def _opening(facts: Facts, witness: Witness, authority: str) -> Iterator[Block]:
    occupation = _known(witness.occupation, facts.officer.role, "officer") or blank("my occupation")
    yield Heading("Who I am")
    yield Paragraph(f"I am employed by {authority}. My occupation is {occupation}.")
    yield Paragraph("Times in this statement are the local time of the United Kingdom, with Coordinated Universal Time (UTC) beside them.")


def _program(facts: Facts) -> Iterator[Block]:
    copies = [copy for one in facts.produced for copy in one.copies]
    if not copies:
        return
    versions = sorted({copy.run.code_version for copy in copies})
    yield Heading("The program that I used")
    yield Paragraph(
        f"I used a computer program called Touchstone (version {', '.join(versions)}). It keeps a copy of what a website sends to it, with the time at which "
        "it came and a SHA-256 digest, which is a number worked out from every part of the copy: if the copy is changed, the number is another. It also "
        "keeps a log of what is done with it."
    )


# -- exhibits ----------------------------------------------------------------------------------------------------------------
def _exhibit(facts: Facts, one: Produced) -> Iterator[Block]:
    number = one.exhibit.number
    if one.chain is not None and one.chain.thing is not None:
        yield Heading(f"Exhibit {number}")
        yield from _thing(facts, one)
    elif one.exhibit.subject_kind is SubjectKind.listing:
        yield Heading(f"Exhibit {number}")
        yield from _copies(one, f"the page of the listing with the reference {quoted(one.ref)} on the source {quoted(one.source)}")
        yield from _words(one)
        yield Paragraph(f"I produce these copies of the page, with the pictures that it showed, marked {number}.")
    elif one.exhibit.subject_kind is SubjectKind.capture:
        yield Heading(f"Exhibit {number}")
        capture = one.copies[0].capture
        what = (
            WHAT[capture.kind]
            if capture.kind is CaptureKind.handed_in
            else f"{WHAT[capture.kind]}, at the address {quoted(capture.url_final)}"
        )
        yield from _copies(one, what)
        yield Paragraph(f"I produce this copy marked {number}.")


def _copies(one: Produced, what: str) -> Iterator[Block]:
    own, others = one.own, [copy for copy in one.copies if not copy.own]
    if own:
        handed = all(copy.capture.kind is CaptureKind.handed_in for copy in own)
        verb = f"I put {what} into the program" if handed else f"I caused the program to make a copy of {what}"
        yield Paragraph(f"On {at(own[0].capture.ended_at)} {verb}{'' if len(own) == 1 else f', and further copies up to {at(own[-1].capture.ended_at)}'}.")  # fmt: skip
        if handed:
            yield Paragraph(f"The file came to me {blank('from whom, when and how')}.")
        yield _listed(own, f"Copies that I caused to be made, exhibit {one.exhibit.number}")
        yield from _clock(own)
    if others:
        makers = " and ".join(dict.fromkeys(copy.by for copy in others))
        again = "Further copies" if own else f"The copies of {what}"
        yield Paragraph(f"{again} were made by {makers}. I did not make them myself.")
        yield _listed(others, f"Copies that I did not make, exhibit {one.exhibit.number}")
    if one.looks:
        for look in one.looks[:10]:
            yield Paragraph(f"On {at(look.at)} I looked at {look.what} in the program (event {look.event} of its log).")
    elif not own:
        yield Paragraph(blank("when and how I looked at these copies, or that I did not"))


def _listed(copies: list[Copy], caption: str) -> Table:
    rows = [(str(copy.capture.id), at(copy.capture.ended_at), WHAT[copy.capture.kind], copy.capture.body_digest) for copy in copies]
    return Table(["Copy", "Time", "What", "SHA-256 digest"], rows, [0.9, 2.3, 2, 3.4], caption)


def _clock(copies: list[Copy]) -> Iterator[Block]:
    from crawler.clock import sentence

    for run in {copy.run.id: copy.run for copy in copies}.values():
        said = sentence(run.clock) if run.clock else "how far it was off is not recorded"
        yield Paragraph(f"The clock of the computer, as the program measured it when I started it on {at(run.started_at)}: {said}.")


def _words(one: Produced) -> Iterator[Block]:
    if one.said is None:
        yield Paragraph(f"On the page I saw {blank('what I saw on the page')}.")
        return
    words = one.said
    yield Paragraph(f"The page has these words among others, as the program read them from the copy. {blank('whether I compared them with the copy, and when')}.")  # fmt: skip
    source = f"Quoted from listing {quoted(one.ref)} on {quoted(one.source)}, copy {one.said_in}"
    parts = (
        ("title", words.title),
        ("price", words.price_text),
        ("account", words.seller_name or words.seller),
        ("place", words.place),
        ("text", words.text),
    )
    for name, text in parts:
        if text.strip():
            cut = text[:MOST_WORDS]
            yield Quotation(cut, f"{source}: {name}{', its beginning; the rest is in the exhibit' if cut != text else ''}")


def _thing(facts: Facts, one: Produced) -> Iterator[Block]:
    chain = one.chain
    assert chain is not None and chain.thing is not None and isinstance(chain.thing.what, Thing)
    thing, number = chain.thing.what, one.exhibit.number
    what = quoted(f"{thing.quantity} × {thing.what}" if thing.quantity else thing.what)
    yield Paragraph(f"Exhibit {number} is recorded as {what}.")
    mine = [step for step in chain.steps if is_mine(facts, step.by)]
    if not mine:
        yield Paragraph(blank(f"what I did with exhibit {number}, and when"))
    for step in mine:
        yield Paragraph(_did(step, number))
    yield Paragraph(f"I produce {what} marked {number}.")


def is_mine(facts: Facts, name: str) -> bool:
    """Whether a name in the record is the officer's: the id or the name, as it is written."""
    return " ".join(name.split()).casefold() in {facts.officer.id.casefold(), facts.officer.name.casefold()}


_DID = {
    Act.seized: "I seized exhibit {n}", Act.received: "I received exhibit {n}", Act.sealed: "I sealed exhibit {n}", Act.opened: "I opened the seal of exhibit {n}",
    Act.resealed: "I sealed exhibit {n} again", Act.examined: "I examined exhibit {n}", Act.moved: "I moved exhibit {n}", Act.handed_over: "I handed over exhibit {n}",
    Act.returned: "I returned exhibit {n}", Act.destroyed: "I destroyed exhibit {n}",
}  # fmt: skip


def _did(step: CustodyStep, number: str) -> str:
    way = (
        f" in bag {quoted(step.bag)}" if step.bag else "", f" from {quoted(step.giver)}" if step.giver else "", f" to {quoted(step.taker)}" if step.taker else "",
        f" at {quoted(step.where)}" if step.where else "", f". The reason is recorded as {quoted(step.why)}" if step.why and step.why != TAKEN else "",
    )  # fmt: skip
    did = _DID[step.act].format(n=number) if step.act is not None else f"I recorded of exhibit {number}: {step.says}"
    return f"On {when(step.at, step.whole_day)} {did}{''.join(way)}."


# -- what was done -----------------------------------------------------------------------------------------------------------
def _done(facts: Facts, row: FollowUp) -> Iterator[Block]:
    """One thing that was done, in the officer's own record's words; results and decisions of others are not theirs to state."""
    said = _said(facts, row)
    if said is None:
        return
    first, *quotations = said
    yield Heading(day(row.happened_at, row.whole_day))
    yield Paragraph(first)
    source = f"Quoted from record {row.id}, made by {row.actor}" + (f" on {at(row.recorded_at)}" if row.recorded_at else "")
    for text in quotations:
        yield Quotation(text, source)
    if isinstance(row.what, Seizure):
        items = [
            (quoted(i.what), str(i.count or ""), kilograms(i.grams) if i.grams else "", quoted(i.bag) if i.bag else "")
            for i in row.what.items
        ]
        yield Table(["What, as recorded", "Count", "Weight", "Bag"], items, [4, 1, 1.5, 2], "Goods")
    for file in row.files:
        yield Paragraph(f"A {file.role} was kept with this record as number {file.capture}.")


def _said(facts: Facts, row: FollowUp) -> list[str] | None:
    """[sentence, quotations…] of a follow-up; None for what is no fact of the officer's."""
    what, then = row.what, when(row.happened_at, row.whole_day)
    where = quoted(facts.places[row.premises]) if row.premises in facts.places else blank("where") if row.premises else ""
    own = row.actor == facts.officer.id
    self_done = f" {blank('that I did this myself, or who did')}."
    if isinstance(what, Visit):
        others = [name for name in what.officers if not is_mine(facts, name)]
        there = len(others) < len(what.officers)
        begin = (
            f"On {then} I attended {where or blank('where')}"
            if there
            else f"On {then} {where} was visited by {', '.join(map(quoted, what.officers))}"
        )
        with_whom = f" with {', '.join(map(quoted, others))}" if there and others else ""
        power = (
            "No power was used." if what.power == "none" else f"The power that was used is recorded as {quoted(what.law or what.power)}."
        )
        notice = f" Written notice was given on {what.notice_on}." if what.notice_on else f" Why no notice was given is recorded: {quoted(what.no_notice)}." if what.no_notice else ""  # fmt: skip
        met = f" Who was met is recorded: {quoted(what.met)}." if what.met else ""
        seen = (
            "My note of what I saw reads as follows."
            if own
            else f"What I saw: {blank('what I saw')}. The record of another officer is not quoted here."
        )
        return [f"{begin}{with_whom}. {power}{notice}{met} {seen}", *([what.seen] if own else [])]
    if not own:
        return None
    if isinstance(what, Advice):
        return [
            f"On {then} advice was given to {quoted(what.given_to)}, {quoted(what.how)}.{self_done} I recorded what it was about:",
            what.about,
        ]
    if isinstance(what, WarningGiven):
        return [f"On {then} a warning was given to {quoted(what.given_to)}, served {quoted(what.served)}.{self_done} I recorded what it warned of:", what.about]  # fmt: skip
    if isinstance(what, Notice):
        return [f"On {then} a notice under {quoted(what.statute)} was given to {quoted(what.given_to)}, served {quoted(what.served)}.{self_done} I recorded what it requires:", what.requires]  # fmt: skip
    if isinstance(what, Seizure):
        return [f"On {then} goods were seized{f' at {where}' if where else ''}, under {quoted(what.law or what.power)}, and stored at {quoted(what.stored)}.{self_done} The table below is as I recorded them."]  # fmt: skip
    if isinstance(what, Authorised):
        return [
            f"On {then} a test purchase was authorised by {quoted(what.authorised_by)}. I recorded this as test purchase {row.purchase}."
        ]
    if isinstance(what, Ordered):
        return [
            f"On {then} goods were ordered as test purchase {row.purchase}, and {quoted(what.paid)} was paid.{self_done} I recorded the order:",
            what.order,
        ]
    if isinstance(what, Received):
        how = quoted(what.how or f"{what.carrier} {what.tracking}")
        return [f"On {then} a parcel was received, {how}, as test purchase {row.purchase}.{self_done}" + (" I recorded what was written on it as its sender:" if what.sender else ""), *([what.sender] if what.sender else [])]  # fmt: skip
    if isinstance(what, Photographed):
        return [f"On {then} the closed packaging of test purchase {row.purchase} was photographed.{self_done}"]
    if isinstance(what, Sealed):
        return [f"On {then} the goods of test purchase {row.purchase} were sealed in bag {quoted(what.bag)}.{self_done} I recorded what is in it:", what.contents]  # fmt: skip
    if isinstance(what, SentToExaminer):
        return [f"On {then} the bag of test purchase {row.purchase} was sent to {quoted(what.examiner)}, {quoted(what.how)}.{self_done}"]
    return None


def _pack(facts: Facts, head: str) -> Iterator[Block]:
    if not head:
        return
    exported = next(reversed(facts.exports), None)
    yield Heading("The evidence pack")
    first = f"On {at(exported.at)} I had the program write the evidence pack of case {facts.case.reference} (event {exported.event} of its log)." if exported else f"I had the program write the evidence pack of case {facts.case.reference} on {blank('when I exported the pack')}."  # fmt: skip
    yield Paragraph(f"{first} The head of the pack, a digest from which a change of any file of it can be found, is {head}. I took it from {blank('where I read the head')}.")  # fmt: skip


def _notes(facts: Facts) -> list[str]:
    notes = [
        "It is for facts that you did and saw. It says nothing of what the goods are: that is for the witness of the brand's owner.",
        "Compare each quotation with the copy in the exhibit before you say that you did.",
    ]
    left = [
        p.exhibit.number
        for p in facts.produced
        if p.exhibit.subject_kind not in (SubjectKind.listing, SubjectKind.capture, SubjectKind.item)
    ]
    if left:
        notes.append(
            f"Left out: {', '.join(left)}. They are proposals of the program or summaries of its rows, and nobody saw them happen."
        )
    if facts.others:
        notes.append(f"Left out: {', '.join(e.number for e in facts.others)}, which others produce.")
    if facts.withdrawn:
        notes.append(f"Left out: {', '.join(e.number for e in facts.withdrawn)}, which were withdrawn.")
    if any(_said(facts, row) is None for row in facts.done):
        notes.append("Left out: decisions, and results of examiners, which are theirs to state.")
    return notes
