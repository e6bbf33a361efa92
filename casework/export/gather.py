"""What a case rests on, read from the store on somebody's behalf: from its exhibits outwards, and no further than they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casework.export.beside import Beside, gather_beside, name_outside
from casework.export.rows import Row, plain, row_of
from casework.export.shown import counted
from store.database import numbers_in
from store.errors import TouchstoneError
from store.findings import KeptExamination, KeptFinding
from store.seals import Seal
from store.store import Acting, Store
from store.words.records import (
    Capture,
    Case,
    Exhibit,
    Flag,
    Image,
    Judgement,
    Link,
    Listing,
    Picture,
    Pointer,
    Premises,
    Reading,
    Reference,
    RegisterEntry,
    Seller,
    Snapshot,
    SubjectKind,
    Verb,
    Version,
)

if TYPE_CHECKING:
    from casework.export.parts import Part

SUPPORTED = (SubjectKind.listing, SubjectKind.capture, SubjectKind.premises, SubjectKind.link, SubjectKind.seller, SubjectKind.item)
CHUNK = 300
COMPARED = ("reference", "picture")


@dataclass
class Material:
    """Everything that goes into a pack, by noun and row number. `gaps` says what should be here and is not."""

    case: Case
    exhibits: list[Exhibit]
    listings: dict[int, Listing] = field(default_factory=dict)
    captures: dict[int, Capture] = field(default_factory=dict)
    uses: dict[int, list[str]] = field(default_factory=dict)  # capture → what it is here for: exhibit numbers, "payload", "cited"
    readings: dict[int, Reading] = field(default_factory=dict)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    versions: dict[int, list[Version]] = field(default_factory=dict)  # by listing
    images: dict[str, Image] = field(default_factory=dict)
    shown: dict[int, list[str]] = field(default_factory=dict)  # listing → digests of the pictures it has shown
    pictures: dict[int, Picture] = field(default_factory=dict)  # of the listings, by number
    quoted: dict[int, tuple[int, Snapshot]] = field(default_factory=dict)  # capture that a link cites → seller, words read
    beside: dict[int, Beside] = field(default_factory=dict)  # others that findings and links rest on, by number
    sellers: dict[int, Seller] = field(default_factory=dict)
    contacts: list[Row] = field(default_factory=list)
    subjects: dict[int, list[tuple[SubjectKind, int]]] = field(default_factory=dict)  # listing → what examinations of it are of
    examinations: dict[int, KeptExamination] = field(default_factory=dict)
    findings: dict[int, KeptFinding] = field(default_factory=dict)
    flags: dict[int, tuple[Flag, str]] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    made: dict[tuple[SubjectKind, int], tuple[str, str]] = field(default_factory=dict)  # flag or link → in which run, and when
    joined: dict[int, int] = field(default_factory=dict)  # link → the event of the log by which it was joined
    premises: dict[int, Premises] = field(default_factory=dict)
    entries: dict[int, tuple[int, RegisterEntry]] = field(default_factory=dict)  # entry → premises, entry
    judgements: dict[int, Judgement] = field(default_factory=dict)
    references: dict[int, Reference] = field(default_factory=dict)
    more: dict[str, list[Row]] = field(default_factory=dict)  # what the parts add: rows by the name of their file
    words: dict[str, str] = field(default_factory=dict)  # the word that events use for rows of such a file → its name
    files: dict[str, bytes] = field(default_factory=dict)  # small files that the parts add, by their path below data/
    erased: dict[int, int] = field(default_factory=dict)  # capture → the event since the seal that took its bytes
    gaps: list[Row] = field(default_factory=list)

    def of(self, kind: SubjectKind) -> list[int]:
        return [e.subject for e in self.exhibits if e.subject_kind is kind and not e.withdrawn]

    def numbers(self, sha256: str) -> list[int]:
        """The numbers by which findings and links name an image, one for each listing that shows it."""
        return sorted(
            {n for n, p in self.pictures.items() if p.image.sha256 == sha256} | {n for n, b in self.beside.items() if b.sha256 == sha256}
        )

    def shown_by(self, sha256: str) -> str:
        """Whose a picture is here as: of an exhibit, of an account of the case, or of one outside it."""
        if any(p.image.sha256 == sha256 for p in self.pictures.values()) or any(sha256 in shown for shown in self.shown.values()):
            return "an exhibit"
        mine = any(b.sha256 == sha256 and b.seller in self.sellers for b in self.beside.values())
        return "an account of the case" if mine else "an account outside the case"

    def sha256(self, number: int) -> str:
        """The digest of a picture by its number; "" where it is not here."""
        if number in self.pictures:
            return self.pictures[number].image.sha256
        return self.beside[number].sha256 if number in self.beside else ""

    def compared(self) -> Iterator[tuple[KeptFinding, Pointer]]:
        """Findings that a picture matches another, each with the pointer to the other."""
        for _, f in sorted(self.findings.items()):
            for pointer in f.finding.pointers:
                if f.subject_kind is SubjectKind.picture and "sha256" in pointer.detail and pointer.other.partition(":")[0] in COMPARED:
                    yield f, pointer

    def use(self, capture: Capture, what: str) -> None:
        assert capture.id is not None
        self.captures[capture.id] = capture
        uses = self.uses.setdefault(capture.id, [])
        if what not in uses:
            uses.append(what)


def gather(store: Store, reader: Acting, case: Case, seal: Seal, parts: Iterable[Part] = ()) -> Material:
    """Read what the case's exhibits rest on, and what each part adds. Raises TouchstoneError for a case without exhibits."""
    m = Material(case, reader.exhibits(case.reference))
    if not m.exhibits:
        raise TouchstoneError(
            f"case '{case.reference}' has no exhibits yet, so there is nothing to put in a pack; `touchstone case add` gives it some"
        )
    for exhibit in m.exhibits:
        if exhibit.withdrawn:
            what = f"what exhibit {exhibit.number} rests on, a {exhibit.subject_kind}"
            m.gaps.append({"exhibit": exhibit.number, "what": what, "why": f"the exhibit was withdrawn: {exhibit.withdrawn}"})
        elif exhibit.subject_kind not in SUPPORTED:
            m.gaps.append(
                {
                    "exhibit": exhibit.number,
                    "what": f"exhibit {exhibit.number}, a {exhibit.subject_kind}",
                    "why": "this version gathers what listings, captures, premises, links, sellers and items rest on, and no other kind",
                }
            )
        elif exhibit.subject_kind is SubjectKind.listing:
            _listing(reader, m, exhibit.subject, exhibit.number)
        elif exhibit.subject_kind is SubjectKind.capture:
            m.use(reader.capture(exhibit.subject), exhibit.number)
    _links(reader, m)
    _people(reader, m)
    _opinions(store, reader, m)
    _made(store, m)
    _cited(store, m)
    gather_beside(reader, m)
    for part in parts:
        added = part.gather(store, reader, m)
        m.more |= {name: list(added.get(name, ())) for name in part.tables}
        m.words |= part.words
    gather_judgements(reader, m)
    name_outside(store, reader, m)
    _erased(reader, m, seal)
    return m


def _erased(reader: Acting, m: Material, seal: Seal) -> None:
    """What an erasure has taken since the seal: the pack says so, and cannot be the one that it was."""
    within: dict[str, Iterable[int]] = {"capture": m.captures, "seller": m.sellers, "premises": m.premises}
    within |= {word: {row["id"] for row in m.more[table]} for word, table in m.words.items()}
    for event, kind, numbers in reader.erased_since(seal, {kind: set(found) for kind, found in within.items()}):
        for number in numbers:
            what = kind.replace("_", " ")
            why = f"it was erased after the case was sealed, at event {event} of the log"
            if kind == "capture":
                m.erased[number] = event
            else:
                m.gaps.append({"erased": kind, "number": number, "event": event, "what": f"what {what} {number} said", "why": why})


def _listing(reader: Acting, m: Material, number: int, use: str) -> None:
    if number in m.listings:
        return
    found = reader.summaries(numbers=[number])
    if not found:
        raise TouchstoneError(f"exhibit {use} is listing {number}, which this store does not hold")
    m.listings[number] = found[0].listing
    for capture in reader.listing_captures(number):
        m.use(capture, use)
    for reading in reader.readings(listing=number):
        assert reading.id is not None
        m.readings[reading.id] = reading
    m.versions[number] = reader.history(number)
    pictures = reader.pictures(listing=number)
    digests = [d for version in m.versions[number] for d in version.image_digests] + [p.image.sha256 for p in pictures]
    m.shown[number] = list(dict.fromkeys(digests))
    m.images |= reader.images(m.shown[number])
    m.pictures |= {p.id: p for p in pictures}
    mine = [r for r in m.readings.values() if r.listing == number]
    m.subjects[number] = list(
        dict.fromkeys(
            [(SubjectKind.listing, number)]
            + [(SubjectKind.snapshot, r.snapshot) for r in mine]
            + [(SubjectKind.seller, r.seller) for r in mine if r.seller is not None]
            + [(SubjectKind.picture, p.id) for p in pictures]
        )
    )
    m.snapshots |= {s.id: s for s in reader.snapshots(sorted({r.snapshot for r in mine})) if s.id is not None}
    for contact, first in reader.contacts(listing=number):
        m.contacts.append(row_of(contact, capture=first, listing=number, seller=None))
    for flag, at in reader.flags_of(number):
        if flag.id is not None:
            m.flags[flag.id] = (flag, str(plain(at)))


def _links(reader: Acting, m: Material) -> None:
    """Links of the case's listings and sellers to premises, links between its sellers, and links that are exhibits themselves."""
    sellers = {r.seller for r in m.readings.values() if r.seller is not None} | set(m.of(SubjectKind.seller))
    exhibited = reader.links(numbers=m.of(SubjectKind.link)) if m.of(SubjectKind.link) else []
    for link in exhibited:
        for kind, number in ((link.subject_kind, link.subject), (link.object_kind, link.object)):
            if kind is SubjectKind.seller:
                sellers.add(number)
            elif kind is SubjectKind.listing:
                _listing(reader, m, number, "cited")
    for link in exhibited:
        mine = next(e.number for e in m.exhibits if (e.subject_kind, e.subject) == (SubjectKind.link, link.id))
        cites = sorted({r.capture for r in link.reasons if r.capture is not None})
        for capture in reader.captures(cites) if cites else []:
            m.use(capture, mine)
    premises = set(m.of(SubjectKind.premises))
    found = list(exhibited)
    for kind, number in [(SubjectKind.listing, n) for n in m.listings] + [(SubjectKind.seller, n) for n in sorted(sellers)]:
        links = [*reader.links(subject=(kind, number)), *reader.links(object=(kind, number))]
        theirs = [x for x in links if x.object_kind is SubjectKind.premises or {x.subject, x.object} <= sellers]
        found += theirs
        if left := [x for x in links if x not in theirs]:
            said = ", ".join(f"{n} {status}" for status, n in sorted(Counter(x.status for x in left).items()))
            what = f"{counted(len(left), 'link')} ({said}) between {kind} {number} and sellers outside the case"
            m.gaps.append({str(kind): number, "what": what, "why": "they would show other people's accounts; the store holds them"})
    m.links = {x.id: x for x in sorted(found, key=lambda x: x.id or 0) if x.id is not None}
    for link in m.links.values():
        premises |= {n for k, n in ((link.subject_kind, link.subject), (link.object_kind, link.object)) if k is SubjectKind.premises}
    add_premises(reader, m, premises)
    if sellers:
        m.sellers = {s.id: s for s in reader.sellers(sorted(sellers)) if s.id is not None}


def add_premises(reader: Acting, m: Material, numbers: set[int]) -> None:
    """Add places, the buildings that they are in, and what registers say of them."""
    for _ in range(2):  # the units, then the buildings that they are in
        wanted = sorted((numbers | {p.building for p in m.premises.values() if p.building is not None}) - m.premises.keys())
        if wanted:
            m.premises |= {p.id: p for p in reader.premises(wanted) if p.id is not None}
    for number in sorted(m.premises):
        for entry in reader.entries_of(number):
            assert entry.id is not None
            m.entries.setdefault(entry.id, (number, entry))


def _people(reader: Acting, m: Material) -> None:
    """What sellers gave as their contacts elsewhere, where the seller itself is an exhibit or is linked to something."""
    linked = {x.subject for x in m.links.values() if x.subject_kind is SubjectKind.seller} | set(m.of(SubjectKind.seller))
    known = {(c["kind"], c["value"]) for c in m.contacts}
    for number in sorted(linked & m.sellers.keys()):
        for contact, capture in reader.contacts(seller=number):
            if (contact.kind, contact.value) not in known:
                m.contacts.append(row_of(contact, capture=capture, listing=None, seller=number))
    cited = {c["capture"] for c in m.contacts} | {r.capture for x in m.links.values() for r in x.reasons if r.capture is not None}
    missing = sorted(cited - m.captures.keys())
    for found in reader.captures(missing) if missing else []:
        m.use(found, "cited")


def _opinions(store: Store, reader: Acting, m: Material) -> None:
    subjects = list(dict.fromkeys(s for listing in m.subjects.values() for s in listing))
    subjects += [s for n in m.sellers if (s := (SubjectKind.seller, n)) not in subjects]
    for part in _parts(subjects):
        m.examinations |= {e.id: e for e in reader.examinations_of(part)}
        m.findings |= {f.id: f for f in reader.findings_of(part)}
    for flag, _ in m.flags.values():
        for c in flag.contributions:
            if c.finding not in m.findings:
                m.gaps.append(
                    {
                        "flag": flag.id,
                        "finding": c.finding,
                        "what": f"finding {c.finding}, on which flag {flag.id} rested",
                        "why": "it is of something that none of the case's listings shows",
                    }
                )


def _made(store: Store, m: Material) -> None:
    """In which run, and when, flags and links were made; and by which event of the log each link was joined."""
    for kind, numbers in ((SubjectKind.flag, m.flags), (SubjectKind.link, m.links)):
        m.made |= {(kind, number): (run, str(plain(at))) for number, (run, at) in store.made_in(kind, list(numbers)).items()}
    runs = {run for (kind, _), (run, _) in m.made.items() if kind is SubjectKind.link}
    for event in store.events_of(runs=runs) if runs else []:
        if event.body["verb"] == str(Verb.combination):
            m.joined |= dict.fromkeys(numbers_in(event.body["subjects"].get("link", "")) & m.links.keys(), event.seq)


def _cited(store: Store, m: Material) -> None:
    """What findings point at: entries of the reference log, and the words of other people's listings, which stay outside."""
    pointed = {p.other: f.id for f in m.findings.values() for p in f.finding.pointers if p.other}
    known = {r.number: r for r in store.references() if r.number is not None}
    outside: dict[int, list[str]] = {}
    for other, finding in sorted(pointed.items()):
        kind, _, number = other.partition(":")
        if kind == "reference" and number.isdigit() and int(number) in known:
            m.references[int(number)] = known[int(number)]
        elif kind == "reference":
            why = "it was removed from the reference log"
            m.gaps.append({"finding": finding, "what": f"reference {number}, with which finding {finding} compares", "why": why})
        elif kind == "snapshot" and not (number.isdigit() and int(number) in m.snapshots):
            outside.setdefault(finding, []).append(number)
    for entry, reference in sorted(m.references.items()):
        if reference.statement:
            what = f"the statement “{reference.statement}”, on which reference {entry} rests"
            m.gaps.append({"reference": entry, "what": what, "why": "the reference log has its name alone; the authority holds it"})
    for finding, numbers in sorted(outside.items()):
        what = f"the words of {len(numbers)} listings outside the case (snapshots {', '.join(sorted(numbers, key=int))}), which finding {finding} cites"
        m.gaps.append({"finding": finding, "what": what, "why": "they are not in the case; the store holds them"})


def gather_judgements(reader: Acting, m: Material) -> None:
    """Every judgement of anything that the pack shows by now, superseded ones too."""
    subjects = list(dict.fromkeys(s for listing in m.subjects.values() for s in listing))
    subjects += (
        [(SubjectKind.flag, n) for n in m.flags] + [(SubjectKind.link, n) for n in m.links] + [(SubjectKind.seller, n) for n in m.sellers]
    )
    subjects += [(SubjectKind.account, n) for n in m.sellers]
    subjects += [(SubjectKind.capture, n) for n in m.captures] + [(SubjectKind.premises, n) for n in m.premises]
    subjects += [(SubjectKind.exhibit, e.id) for e in m.exhibits if e.id is not None]
    for part in _parts(subjects):
        m.judgements |= {j.id: j for j in reader.judgements(part) if j.id is not None}


def _parts(items: Sequence[tuple[SubjectKind, int]]) -> Iterable[Sequence[tuple[SubjectKind, int]]]:
    return (items[i : i + CHUNK] for i in range(0, len(items), CHUNK))
