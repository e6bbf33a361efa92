"""The exhibit list of a case, and the continuity statement: where each exhibit was, with whom, from when to when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from casework.documents import Block, Document, Heading, Paragraph, Signature, Table, blank
from casework.drafts.facts import at, facts_of, quoted, when
from casework.drafts.keeping import Made
from casework.drafts.settings import DraftSettings, lawful
from casework.drafts.statement import SIGNED, Witness, heading
from casework.exhibits import ExhibitCustody, custody_of
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.casefile import Thing
from store.words.custody import CustodyStep, Holding
from store.words.drafts import DraftKind
from store.words.records import Exhibit, SubjectKind

OF_US = "draft "  # how the recipient of a draft's own disclosure begins: a draft takes no exhibit anywhere


def exhibit_list(store: Store, reader: Acting, home: Home, settings: DraftSettings, case: str) -> Made:
    """The draft of a case's exhibit list, withdrawn ones with their reason: a number is never left out. Raises TouchstoneError."""
    store.case(case)
    exhibits = _some(reader.exhibits(case), case)
    chains = {chain.exhibit.number: chain for chain in custody_of(reader, exhibits, case)}
    rows = [_listed(store, chains[e.number], e) for e in exhibits]
    gone = [(e.number, e.withdrawn) for e in exhibits if e.withdrawn]
    blocks: list[Block] = [
        Paragraph(f"Case {case}. {home.settings.authority.name}."),
        Table(
            ["Reference", "Description", "Produced by", "Made an exhibit", "Bag", "Where it is"],
            rows,
            [1.5, 3.5, 1.5, 1.9, 1.4, 1.7],
            "Exhibits",
        ),
    ]
    if gone:
        blocks += [Heading("Withdrawn"), Table(["Reference", "Why"], gone, [1, 5])]
    proposals = [e.number for e in exhibits if e.subject_kind is SubjectKind.link]
    if proposals:
        blocks.append(Paragraph(f"{', '.join(proposals)}: what the program proposed, for a person to judge. It is no fact.", small=True))
    blocks += [Signature(["Prepared by", "Date"])]
    document = Document("Exhibit list", blocks, marking=settings.marking, reference=f"{case}: exhibit list")
    notes = ["Descriptions of listings hold words of the listings, between quotation marks.", "“Where it is” of a physical exhibit follows from the custody that is recorded; look before you say so."]  # fmt: skip
    return Made(DraftKind.exhibit_list, case, "exhibit-list", {"exhibit-list": document}, notes=notes)


def _some(exhibits: Sequence[Exhibit], case: str) -> list[Exhibit]:
    if not exhibits:
        raise TouchstoneError(f"case '{case}' has no exhibits yet; `touchstone case add` gives it some")
    return list(exhibits)


def _listed(store: Store, chain: ExhibitCustody, e: Exhibit) -> tuple[str | None, ...]:
    physical = chain.now is not None
    where = _whereabouts(store, chain.now) if chain.now is not None else "kept in the system"
    where = "withdrawn" if e.withdrawn else where
    return (
        e.number,
        e.description,
        store.actor(e.producer or e.actor).name,
        at(e.at),
        chain.now.bag if physical and chain.now else "",
        where,
    )


def continuity(
    store: Store, reader: Acting, home: Home, settings: DraftSettings, case: str, witness: Witness, *, only: Sequence[str] = ()
) -> Made:  # fmt: skip
    """The draft of a continuity statement: the custody of each exhibit (or of `only` these), by whoever speaks to it. Raises TouchstoneError."""
    facts = facts_of(store, reader, case, witness.officer)
    lawful(facts.case.jurisdiction or home.settings.authority.jurisdiction, "a statement under section 9 of the Criminal Justice Act 1967")
    exhibits = _some(reader.exhibits(case), case)
    if unknown := [number for number in only if number not in {e.number for e in exhibits}]:
        raise TouchstoneError(f"case {case} has no exhibit {unknown[0]}; `touchstone case exhibit list {case}` lists them")
    chains = [c for c in custody_of(reader, exhibits, case) if (not only or c.exhibit.number in only) and not c.exhibit.withdrawn]
    body: list[Block] = [
        Paragraph(
            f"I set out where the exhibits below were and with whom, as the records that I name show it. {blank('that I did myself what the tables say that I did, and that I know of the rest from these records alone')}."
        )
    ]
    for chain in chains:
        body += _chain(store, chain)
    blocks = [*heading(facts, witness), *body, *SIGNED]
    document = Document(
        "Statement of witness: continuity of exhibits", blocks, marking=settings.marking, reference=f"{case}: continuity, {facts.officer.id}",
        signed_pages=["Signature", "Signature witnessed by"],
    )  # fmt: skip
    notes = [f"{chain.exhibit.number}: {each}" for chain in chains for each in chain.breaks]
    notes = [*(["What does not follow in the custody, as recorded (it is for you to explain or to put right):"] if notes else []), *notes]
    notes.append(
        "Each person who held a physical exhibit states that for themselves; this draft only shows what is recorded of the others."
    )
    return Made(DraftKind.continuity, case, "continuity", {"continuity": document}, about=witness.officer, notes=notes)


def _chain(store: Store, chain: ExhibitCustody) -> Iterator[Block]:
    number = chain.exhibit.number
    thing = chain.thing.what if chain.thing is not None else None
    yield Heading(f"Exhibit {number}")
    if isinstance(thing, Thing):
        yield Paragraph(f"Recorded as {quoted(f'{thing.quantity} × {thing.what}' if thing.quantity else thing.what)}.")
        if chain.now is not None:
            bag = f" in bag {quoted(chain.now.bag)}" if chain.now.bag else ", in no sealed bag"
            yield Paragraph(f"By these records it is now with {quoted(_named(store, chain.now.holder)) if chain.now.holder else blank('with whom it is')}{bag}{f', at {quoted(chain.now.where)}' if chain.now.where else ''}.")  # fmt: skip
    else:
        yield Paragraph("Kept in the program's archive since it was collected. Each digest is SHA-256, of the bytes as they came.")
    rows = [_step(store, step) for step in chain.steps if not (step.says == "disclosed" and step.taker.startswith(OF_US))]
    if rows:
        yield Table(
            ["When", "What", "By whom", "From, to, where, bag", "Why", "Record"],
            rows,
            [1.9, 1.35, 1.5, 2, 2.1, 1.35],
            f"Custody of {number}",
        )
    else:
        yield Paragraph(f"No step of its custody is recorded: {blank(f'the custody of exhibit {number}')}.")


def _whereabouts(store: Store, now: Holding) -> str | None:
    """With whom it is, and where, as far as it is recorded."""
    return ", ".join(each for each in (f"with {_named(store, now.holder)}" if now.holder else "", now.where) if each) or None


def _named(store: Store, name: str) -> str:
    """A person's name where the record has their id."""
    try:
        return store.actor(name).name
    except TouchstoneError:
        return name


def _step(store: Store, step: CustodyStep) -> tuple[str | None, ...]:
    people = step.act is not None  # words that people wrote, and not the log's
    words = quoted if people else str
    way = "; ".join(
        f"{name} {words(value)}"
        for name, value in (("from", step.giver), ("to", step.taker), ("at", step.where), ("bag", step.bag))
        if value
    )
    day = (
        at(step.at) if step.record.startswith("event ") else when(step.at, step.whole_day)
    )  # the log knows the second, a person the minute
    return (
        day, (step.act.replace("_", " ") if step.act else step.says), _named(store, step.by) if step.by else None, way,
        words(step.why) if step.why else "", step.record,
    )  # fmt: skip
