"""All material of a case, as disclosure lists it (CPIA 1996): each row of ours that was made or kept in it, generated material too.

From the exhibits outwards as a pack gathers it, and what people recorded: rows of the case with those that were corrected or withdrawn, follow-ups,
sightings, evidence of who runs its accounts, statements of who is at its places; the other listings of its accounts, cleared ones among them; packs that
left. A part that has tables of its own adds a function to `PARTS`. Who told a sighting is never in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from casework.casefile import sentence
from casework.export.gather import Material, gather
from casework.followup import sentence as follow_up_sentence
from store.store import Acting, Store
from store.words.records import Capture, SubjectKind, Verb


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One thing of a case. `id` is its row's number, or its reference; `exhibits` the exhibits that it is, or that it is here for, by their numbers.

    `date` is when it happened or was made, aware UTC; None where the row has no time. `made` is "generated" for what our software or its users made
    in the course of the case, "collected" for what came from outside.
    """

    kind: str
    id: int | str
    description: str
    date: datetime | None = None
    exhibits: tuple[str, ...] = ()
    made: str = "generated"


EARLIEST = datetime.min.replace(tzinfo=UTC)
Part = Callable[[Store, Acting, Material], Iterable[MaterialRow]]


def case_material(store: Store, reader: Acting, reference: str) -> list[MaterialRow]:
    """Every row of the material of a case, each (kind, id) once, by date and then by kind and number. Raises TouchstoneError: no such case."""
    case = store.case(reference)
    exhibits = reader.exhibits(reference)
    material = gather(store, reader, case) if exhibits else Material(case, [])
    rows: dict[tuple[str, int | str], MaterialRow] = {}
    for part in PARTS:
        for row in part(store, reader, material):
            rows.setdefault((row.kind, row.id), row)
    return sorted(rows.values(), key=lambda row: (row.date is None, row.date or EARLIEST, row.kind, str(row.id).zfill(12)))


# -- what the exhibits rest on -----------------------------------------------------------------------------------------------
def _exhibits(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    for e in m.exhibits:
        gone = f" (withdrawn: {e.withdrawn})" if e.withdrawn else ""
        yield MaterialRow("exhibit", e.number, f"{e.description}{gone}", e.at, (e.number,), "generated")


def _captures(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    numbers = {e.number for e in m.exhibits}
    for number, capture in m.captures.items():
        yield _capture(capture, tuple(use for use in m.uses.get(number, ()) if use in numbers))


def _capture(capture: Capture, exhibits: tuple[str, ...] = ()) -> MaterialRow:
    where = f"of {capture.url_final[:120]}" if capture.url_final and capture.kind != "handed_in" else f"handed in to {capture.source}"
    words = f"Capture ({capture.kind}) {where}, {capture.body_length} bytes, SHA-256 {capture.body_digest}"
    return MaterialRow("capture", capture.id or 0, words, capture.ended_at, exhibits, "collected")


def _read(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    at = {number: capture.ended_at for number, capture in m.captures.items()}
    for number, listing in m.listings.items():
        yield MaterialRow("listing", number, f"Listing {listing.ref} of {listing.source}", _first(m, number), _of(m, SubjectKind.listing, number), "collected")  # fmt: skip
    for number, reading in m.readings.items():
        yield MaterialRow("reading", number, f"What {reading.parser} {reading.parser_version} read in capture {reading.capture}", reading.captured_at)  # fmt: skip
    said = {r.snapshot: r.captured_at for r in sorted(m.readings.values(), key=lambda r: r.captured_at, reverse=True)}
    for number, snapshot in m.snapshots.items():
        yield MaterialRow("snapshot", number, f"The words of an advert: “{snapshot.title[:80]}”", said.get(number), (), "collected")
    for digest, image in m.images.items():
        yield MaterialRow("image", image.id or digest, f"Picture {digest}, {image.mime}", at.get(image.capture), (), "collected")
    for number, seller in m.sellers.items():
        yield MaterialRow("seller", number, f"Account “{seller.name or seller.handle}” of {seller.source}", None, _of(m, SubjectKind.seller, number), "collected")  # fmt: skip
    for row in m.contacts:
        yield MaterialRow("contact", f"{row['kind']}:{row['value']}", f"Contact {row['kind']} {row['value']}, first in capture {row['capture']}", at.get(row["capture"]), (), "collected")  # fmt: skip


def _first(m: Material, listing: int) -> datetime | None:
    return min((v.captured_at for v in m.versions.get(listing, ())), default=None)


def _of(m: Material, kind: SubjectKind, number: int) -> tuple[str, ...]:
    return tuple(e.number for e in m.exhibits if (e.subject_kind, e.subject) == (kind, number))


def _opinions(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    methods = {number: f"{method.name} {method.version}" for number, method, _ in store.methods()}
    for number, e in m.examinations.items():
        words = f"{e.subject_kind} {e.subject} examined by {methods.get(e.method, e.method_name)}: {e.outcome}"
        yield MaterialRow("examination", number, words + (f" ({e.detail[:120]})" if e.detail else ""), e.at)
    at = {number: e.at for number, e in m.examinations.items()}
    for number, f in m.findings.items():
        words = f"{methods.get(f.method, f.method_name)} found ({f.finding.direction}): {f.finding.sentence}"
        yield MaterialRow("finding", number, words, at.get(f.examination))
    for number, (flag, when) in m.flags.items():
        yield MaterialRow("flag", number, f"Flag of listing {flag.listing}: {flag.level}, score {flag.score}", datetime.fromisoformat(when))
    for number, j in m.judgements.items():
        words = f"{j.actor} said {j.verdict} of {j.subject_kind} {j.subject}: {j.reason}"
        yield MaterialRow("judgement", number, words, j.at, _judged(m, j.subject_kind, j.subject))
    for number, link in m.links.items():
        words = f"Proposed link: {link.subject_kind} {link.subject} to {link.object_kind} {link.object} ({link.level}, {link.status})"
        yield MaterialRow("link", number, words, None, _of(m, SubjectKind.link, number))
    used = {e.method for e in m.examinations.values()}
    for number, method, status in store.methods():
        if number in used:
            yield MaterialRow("method", number, f"{method.kind} {method.name} {method.version}, {status or 'never in force'}")
    for number, reference in m.references.items():
        yield MaterialRow("reference", number, f"Comparison entry {number} ({reference.kind}): {reference.provenance[:120]}")


def _judged(m: Material, kind: SubjectKind, number: int) -> tuple[str, ...]:
    return tuple(e.number for e in m.exhibits if kind is SubjectKind.exhibit and e.id == number)


def _places(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    for number, place in m.premises.items():
        yield MaterialRow("premises", number, f"{place.kind.capitalize()}: {place.label}", None, _of(m, SubjectKind.premises, number))
    for number, (premises, entry) in m.entries.items():
        words = f"{entry.register} {entry.reference}: {entry.name}, {entry.address_raw} (premises {premises})"
        yield MaterialRow("register_entry", number, words, None, (), "collected")


# -- what people recorded ----------------------------------------------------------------------------------------------------
def _recorded(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    """Rows of the case, corrected and withdrawn ones too: an earlier version of what somebody says is material of its own."""
    for row in reader.case_entries(m.case.reference, superseded=True):
        state = " (withdrawn)" if row.withdrawn else f" (corrected by row {row.superseded_by})" if row.superseded_by else ""
        exhibits = tuple(e.number for e in m.exhibits if e.subject_kind is SubjectKind.item and e.subject == row.number)
        yield MaterialRow("case_entry", row.id or 0, f"{row.kind}: {sentence(row)}{state}", row.happened_at or row.recorded_at, exhibits)


def _done(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    """Follow-ups of the case, and about its accounts and places, with their files."""
    named = {number for row in reader.case_entries(m.case.reference) for number in getattr(row.what, "warnings", ())}
    rows = reader.follow_ups(case=m.case.reference, superseded=True)
    for seller in sorted(m.sellers):
        rows += reader.follow_ups(seller=seller, superseded=True)
    if m.premises:
        rows += reader.follow_ups(premises=sorted(m.premises), superseded=True)
    if named:
        rows += reader.follow_ups(numbers=sorted(named), superseded=True)
    files = sorted({file.capture for row in rows for file in row.files})
    for row in rows:
        state = f" (corrected by {row.superseded_by})" if row.superseded_by else ""
        yield MaterialRow("follow_up", row.id or 0, f"{row.step or row.kind}: {follow_up_sentence(row)}{state}", row.happened_at)
    for capture in reader.captures(files) if files else []:
        yield _capture(capture, _of(m, SubjectKind.capture, capture.id or 0))


def _told(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    for sighting in reader.sightings(listings=sorted(m.listings), limit=2**31 - 1) if m.listings else []:
        words = f"Sighting {sighting.reference}, told by {sighting.told}, kept as listing {sighting.listing}"
        yield MaterialRow("sighting", sighting.id or 0, words, sighting.seen_at or sighting.added_at, (), "collected")


def _said(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    for seller in sorted(m.sellers):
        for ground in reader.grounds(seller):
            words = f"Evidence of who runs account {seller} ({ground.kind}, {'against' if ground.against else 'for'}): {ground.says}"
            yield MaterialRow("attribution", ground.id, words, ground.at)
    for each in reader.occupants(premises=sorted(m.premises)) if m.premises else []:
        if each.id is not None:
            yield MaterialRow("occupant", each.id, f"{each.by} says that {each.name or 'somebody'} is {each.role} at premises {each.premises}", each.at)  # fmt: skip
    for said in reader.said_of(sorted(m.sellers)) if m.sellers else []:
        words = f"{said.actor} said that accounts {said.seller} and {said.other} are {'one' if said.one else 'not one'} operator's: {said.reason}"
        yield MaterialRow("pair_statement", said.source, words, said.at)


def _beside(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    """The other listings of the case's accounts, with what was made of them: those that were cleared may assist the defence."""
    others = {s.listing.id: s for seller in sorted(m.sellers) for s in reader.seller_listings(seller)}
    mine = [number for number in sorted(others, key=lambda n: n or 0) if number is not None and number not in m.listings]
    verdicts = {j.subject: j for j in reader.judgements([(SubjectKind.listing, number) for number in mine])} if mine else {}
    for number in mine:
        one = others[number]
        said = verdicts.get(number)
        state = f"{said.actor} said {said.verdict}" if said else f"flag level {one.level}" if one.level else "not flagged"
        words = f"Listing {one.listing.ref} of {one.listing.source}, “{one.snapshot.title[:80]}”, of the same account ({state})"
        yield MaterialRow("listing", number, words, one.first_seen, (), "collected")
        for flag, at in reader.flags_of(number):
            yield MaterialRow("flag", flag.id or 0, f"Flag of listing {number}: {flag.level}, score {flag.score}", at)
        for capture in reader.listing_captures(number):
            yield _capture(capture)
        for judgement in reader.judgements([(SubjectKind.listing, number)]):
            words = f"{judgement.actor} said {judgement.verdict} of listing {number}: {judgement.reason}"
            yield MaterialRow("judgement", judgement.id or 0, words, judgement.at)


def _runs(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    wanted = {c.run for c in m.captures.values()} | {e.run for e in m.examinations.values() if e.run}
    for run in store.runs(limit=2**31 - 1) if wanted else []:
        if run.id in wanted:
            yield MaterialRow("run", run.id, f"Pass {run.pass_name} by {run.code_version}, {run.outcome or 'not ended'}", run.started_at)


def _left(store: Store, reader: Acting, m: Material) -> Iterator[MaterialRow]:
    """What left the store in this case: packs, sheets, drafts; and the case's own events of the log, as one item by quantity."""
    events = store.events_of(case=m.case.reference)
    for event in events:
        if event.body["verb"] == str(Verb.disclosure):
            words = f"Disclosed: {event.body['detail'].get('recipient', event.body['purpose'])}, by {event.body['actor']}"
            yield MaterialRow("disclosure", event.seq, words, datetime.fromisoformat(event.body["at"]))
    if events:
        words = f"The log's events of this case, from event {events[0].seq} on"
        yield MaterialRow("log", m.case.reference, words, datetime.fromisoformat(events[0].body["at"]))


PARTS: Sequence[Part] = (_exhibits, _captures, _read, _opinions, _places, _recorded, _done, _told, _said, _beside, _runs, _left)
