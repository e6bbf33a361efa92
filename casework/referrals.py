"""Referrals: what a partner needs of a case or a premises, and nothing else of it, in a folder and a zip that an officer takes there.

What may go in is a list of fields for each kind of recipient (configs/referrals/*.yml). Everything that is known of the subject is read, every
field that is not on the list is dropped before anything is made, and the document, the JSON and the zip are made from what is left: there is no
other way in. Who told a sighting is read nowhere here; what was told by the public or a partner is left out whole, and what names an informant all
the same stops the referral. Nothing is sent.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from casework.intelligence import fit
from casework.money import of_case
from casework.rows import MAX_FILE, Line, read_rows
from casework.sightings import SOURCES, statement_capture
from casework.when import parse_when
from store.attribution import SHOWN
from store.config import Home, load
from store.errors import TouchstoneError
from store.followup import SOURCE as FOLLOW_UP
from store.listings import Summary
from store.store import Acting, Store
from store.strict import FieldError, near
from store.version import code_version
from store.words.dates import LONDON
from store.words.followup import Decided, FollowUp, Seizure, Visit, WarningGiven, kilograms, receipt
from store.words.identifiers import KINDS as IDENTIFIERS
from store.words.money import format_price
from store.words.records import CaptureKind, Outcome, Run, SubjectKind, Told, digest_of

if TYPE_CHECKING:
    from casework.documents import Document

PURPOSE, SOURCE = "referral", "referral"  # the source of the files that come back
OFFICERS = (SOURCES[Told.officer], FOLLOW_UP)  # whose files are nobody's tip
FORMAT = "touchstone-referral/1"

# Every field that there is, by section. A section's rows are its table.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "case": ("reference", "title", "operation", "opened"),
    "exhibits": ("number", "description"),
    "premises": ("label", "kind", "postcode"),
    "register_entries": ("register", "name", "address", "reference", "phone"),
    "occupants": ("role", "name", "since", "until", "identifiers", "contacts", "rests_on"),
    "accounts": ("source", "handle", "name", "address", "who_runs_it", "person"),
    "contacts": ("account", "kind", "value"),
    "listings": ("source", "reference", "address", "title", "text", "brand", "price", "sold", "place", "first_seen", "last_seen", "sha256"),
    "judgements": ("listing", "verdict", "date", "reason", "by"),
    "visits": ("date", "officers", "power", "seen", "met"),
    "warnings": ("date", "given_to", "about", "receipt"),
    "seizures": ("date", "what", "brand", "count", "weight", "bag", "stored"),
    "outcomes": ("date", "outcome", "risk_reason"),
    "intelligence": ("reference", "marking", "grade", "conditions", "text"),
    "benefit": ("method", "what", "amount", "currency", "assumption", "source"),
}
HEAD = (
    ("Reference", "reference"),
    ("From", "from"),
    ("To", "to"),
    ("For", "recipient"),
    ("Prepared by", "prepared_by"),
    ("Prepared on", "prepared_on"),
)
ALL = tuple(f"{section}.{name}" for section, names in FIELDS.items() for name in names)
TITLES = {"register_entries": "What registers say of the place", "benefit": "Benefit: what was obtained, by method (never added to the value of genuine goods)"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gateway:
    """A law that lets this be disclosed. `checked` False: from memory; the referral says so."""

    law: str
    what: str
    checked: bool = True
    source: str = ""

    @property
    def said(self) -> str:
        more = "" if self.checked else " (to be checked before use)"
        return f"{self.law}: {self.what}{more}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What configs/referrals/NAME.yml says of one kind of recipient. `concern`: the officer states what concerns it."""

    title: str
    purpose: str
    gateways: tuple[Gateway, ...]
    fields: tuple[str, ...]
    concern: bool = False
    name: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if not self.gateways:
            raise FieldError("gateways", "a disclosure needs a law that lets it be")
        for each in self.fields:
            if each not in ALL:
                raise FieldError("fields", f"there is no field '{each}'{near(each, ALL)}")

    def of(self, section: str) -> list[str]:
        return [name for name in FIELDS[section] if f"{section}.{name}" in self.fields]


def recipients(home: Home) -> dict[str, Recipient]:
    """Every kind of recipient that is configured, by name. Raises ConfigError naming file and line."""
    found = {}
    folder = home.file("referrals")
    for path in sorted(folder.glob("*.yml")) if folder.is_dir() else []:
        one = load(path, Recipient)
        object.__setattr__(one, "name", path.stem)
        found[path.stem] = one
    return found


def recipient_of(home: Home, name: str) -> Recipient:
    known = recipients(home)
    if name not in known:
        raise TouchstoneError(f"--to: '{name}' is none of {', '.join(known)} (configs/referrals){near(name, known)}")
    return known[name]


# -- gathering ---------------------------------------------------------------------------------------------------------------------
Rows = dict[str, list[dict[str, str]]]


@dataclass
class Gathered:
    """Every field of every row of the subject, as text; which rows of the store each section's are; and what was left out."""

    rows: Rows = field(default_factory=lambda: {section: [] for section in FIELDS})
    subjects: dict[str, dict[str, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    notes: list[str] = field(default_factory=list)

    def add(self, section: str, kind: str, number: int | None, /, **said: Any) -> None:
        if set(said) != set(FIELDS[section]):
            raise KeyError(f"{section}: {sorted(set(said) ^ set(FIELDS[section]))}")
        self.rows[section].append({name: "" if value is None else str(value) for name, value in said.items()})
        if number is not None:
            self.subjects[section][kind].add(number)


def gather(reader: Acting, home: Home, *, case: str | None, premises: int | None, sections: Collection[str] = tuple(FIELDS)) -> Gathered:
    """All that is known of a case (its exhibits, what was done, what people recorded) or of a premises. A machine's link leads nowhere here:
    only one that a person confirmed does. Intelligence and benefit are read where their `sections` are asked for."""
    out = Gathered()
    listings, sellers, places = _subject(reader, out, case, premises)
    shown = _listings(reader, out, listings)
    sellers |= {each.seller for each in shown if each.seller is not None}
    _accounts(reader, out, sellers)
    for seller in sorted(sellers):
        links = reader.links(subject=(SubjectKind.seller, seller))
        places |= {link.object for link in links if link.object_kind is SubjectKind.premises and link.status == "confirmed"}
    _places(reader, out, places)
    done = reader.follow_ups(case=case) if case is not None else reader.follow_ups(premises=reader.premises_around(premises or 0))
    for row in done:
        _done(out, row)
    if case is not None and "intelligence" in sections:
        for report in fit(reader, [r.urn for r in reader.reports(case=case) if r.text]):
            out.add(
                "intelligence", "intelligence", report.id, reference=report.urn, marking=report.marking, grade=report.grade,
                conditions=report.grade.conditions if report.grade else "", text=report.text,
            )  # fmt: skip
    if case is not None and "benefit" in sections:
        for line in of_case(reader, home, case).benefit.lines:
            if line.counted and line.value is not None:
                out.add(
                    "benefit", "case", None, method=line.method.replace("_", " "), what=line.what, amount=str(line.value),
                    currency=line.value.currency, assumption=line.assumption, source=line.source,
                )  # fmt: skip
    return out


def _subject(reader: Acting, out: Gathered, case: str | None, premises: int | None) -> tuple[list[int], set[int], set[int]]:
    """(listings, sellers, premises) that the subject begins with."""
    if case is None:
        around = reader.premises_around(premises or 0)
        if premises not in around:
            raise TouchstoneError(f"there is no premises {premises} in this store")
        links = [link for link in reader.links_to(SubjectKind.premises, around) if link.status == "confirmed"]
        return [], {link.subject for link in links if link.subject_kind is SubjectKind.seller}, set(around)
    found = reader.store.case(case)
    opened = f"{found.opened_at:%Y-%m-%d}" if found.opened_at else ""
    out.add("case", "case", None, reference=found.reference, title=found.title, operation=found.operation, opened=opened)
    listings, told = [], 0
    for exhibit in reader.exhibits(case):
        if exhibit.subject_kind is SubjectKind.listing and _told(reader, [exhibit.subject]):
            told += 1
            continue
        if exhibit.subject_kind is SubjectKind.listing:
            listings.append(exhibit.subject)
        if exhibit.subject_kind is SubjectKind.capture:
            capture = reader.capture(exhibit.subject)
            if capture.kind is CaptureKind.handed_in and capture.source not in OFFICERS:
                told += 1
                continue
        out.add("exhibits", "exhibit", exhibit.id, number=exhibit.number, description=exhibit.description)
    if told:
        out.notes.append(f"{told} exhibits that somebody told or handed in are left out")
    places = {row.premises for row in reader.follow_ups(case=case) if row.premises is not None}
    return listings, set(), places


def _told(reader: Acting, listings: Sequence[int]) -> set[int]:
    """Listings that somebody other than an officer told of."""
    return {each.listing for each in reader.sightings(listings=listings, limit=10_000) if each.told is not Told.officer}


def _listings(reader: Acting, out: Gathered, listings: Sequence[int]) -> list[Summary]:
    found = reader.summaries(numbers=listings, limit=len(listings)) if listings else []
    digests = {c.id: c.body_digest for c in reader.captures([each.capture for each in found])} if found else {}
    names = {}
    for each in found:
        s, d, one = each.snapshot, each.details, each.listing
        names[one.id] = f"{one.source} {one.ref}"
        price = format_price(s.price_minor, s.currency) if s.price_minor is not None else s.price_text
        out.add(
            "listings", "listing", one.id, source=one.source, reference=one.ref, address=one.url, title=s.title, text=s.text, brand=s.brand,
            price=price, sold=d.sold_text, place=s.place, first_seen=f"{each.first_seen:%Y-%m-%d}", last_seen=f"{each.last_seen:%Y-%m-%d}",
            sha256=digests.get(each.capture, ""),
        )  # fmt: skip
    for said in reader.judgements([(SubjectKind.listing, n) for n in listings]) if listings else []:
        out.add(
            "judgements", "judgement", said.id, listing=names.get(said.subject, ""), verdict=said.verdict, date=f"{said.at:%Y-%m-%d}",
            reason=said.reason, by=said.actor,
        )  # fmt: skip
    return found


def _accounts(reader: Acting, out: Gathered, sellers: set[int]) -> None:
    for seller in reader.sellers(sorted(sellers)) if sellers else []:
        number = seller.id or 0
        standing = reader.standing(number)
        named = (
            [g.person for g in reader.grounds(number) if g.id in standing.rests_on and g.counts and g.person]
            if standing.status == SHOWN
            else []
        )
        out.add(
            "accounts", "seller", number, source=seller.source, handle=seller.handle, name=seller.name, address=seller.url,
            who_runs_it=standing.status, person=", ".join(dict.fromkeys(named)),
        )  # fmt: skip
        words = {(contact.kind, contact.value) for contact, _ in reader.contacts(seller=number) if contact.picture is None}
        for kind, value in sorted(words):
            out.add("contacts", "seller", number, account=f"{seller.source} {seller.handle}", kind=kind, value=value)


def _places(reader: Acting, out: Gathered, places: set[int]) -> None:
    for one in reader.premises(sorted(places)) if places else []:
        entries = reader.entries_of(one.id or 0)
        postcode = next((entry.postcode for entry in entries if entry.postcode), "")
        out.add("premises", "premises", one.id, label=one.label, kind=one.kind, postcode=postcode)
        for e in entries:
            out.add(
                "register_entries",
                "register_entry",
                e.id,
                register=e.register,
                name=e.name,
                address=e.address_raw,
                reference=e.reference,
                phone=e.phone,
            )
    for o in reader.occupants(premises=places) if places else []:
        marks = {
            kind: [f"{name} {value}" for name, value in o.marks if (name in IDENTIFIERS) is (kind == "identifiers")]
            for kind in ("identifiers", "contacts")
        }
        out.add(
            "occupants", "occupant", o.id, role=o.role, name=o.name, since=o.since, until=o.until, identifiers=", ".join(marks["identifiers"]),
            contacts=", ".join(marks["contacts"]), rests_on=o.basis,
        )  # fmt: skip


def _done(out: Gathered, row: FollowUp) -> None:
    on = f"{row.happened_at:%Y-%m-%d}"
    match row.what:
        case Visit() as v:
            out.add("visits", "follow_up", row.id, date=on, officers=", ".join(v.officers), power=v.law or v.power, seen=v.seen, met=v.met)
        case WarningGiven() as w:
            out.add("warnings", "follow_up", row.id, date=on, given_to=w.given_to, about=w.about, receipt=receipt(row))
        case Seizure() as s:
            for item in s.items:
                out.add(
                    "seizures", "follow_up", row.id, date=on, what=item.what, brand=item.brand, count=item.count,
                    weight=kilograms(item.grams) if item.grams else "", bag=item.bag, stored=s.stored,
                )  # fmt: skip
        case Decided() as d:
            out.add("outcomes", "follow_up", row.id, date=on, outcome=d.outcome, risk_reason=d.risk_reason)


# -- what the recipient may have -----------------------------------------------------------------------------------------------------
def allowed(rows: Rows, recipient: Recipient) -> Rows:
    """Only the listed fields, and of each section only if one of its fields is listed; rows that are then the same are one."""
    out: Rows = {}
    for section in FIELDS:
        names = recipient.of(section)
        kept = [tuple((name, row[name]) for name in names) for row in rows[section]] if names else []
        some = [dict(row) for row in dict.fromkeys(kept) if any(value for _, value in row)]
        if some:
            out[section] = some
    return out


@dataclass(frozen=True, slots=True)
class Prepared:
    """A referral that was written: its reference, folder, zip, the manifest's digest, and what its officer should know."""

    reference: str
    folder: Path
    zip: Path
    digest: str
    notes: tuple[str, ...]


def prepare(
    store: Store, home: Home, kind: str, folder: Path, *, recipient: str, why: str, by: str, case: str | None = None, premises: int | None = None,
    concern: str = "", marking: str = "OFFICIAL-SENSITIVE",
) -> Prepared:  # fmt: skip
    """Write a referral into `folder`/REFERENCE and a zip beside it, and log the disclosure. Nothing is sent.

    Raises TouchstoneError, and leaves nothing behind: no recipient or reason; a concern that this kind needs and nobody stated; words that name
    an informant; a report that would give its source away; a referral that would be empty.
    """
    to = recipient_of(home, kind)
    if not recipient.strip() or not why.strip():
        raise TouchstoneError("a referral names its recipient (--recipient) and says why (--why): both go into the log")
    if to.concern and not concern.strip():
        raise TouchstoneError(f"say what concerns the recipient (--concern): {to.title.lower()} is given the place, and what you state")
    with store.acting(by, purpose=PURPOSE, justification=why, case=case) as reader:
        found = gather(reader, home, case=case, premises=premises, sections=[section for section in FIELDS if to.of(section)])
        rows = allowed(found.rows, to)
        if not any(section != "case" for section in rows):
            raise TouchstoneError("nothing of it is a field that this recipient may have: there is nothing to refer")
        reference = store.next_referral()
        head = {
            "format": FORMAT, "reference": reference, "from": home.settings.authority.name, "to": to.title, "recipient": recipient.strip(),
            "purpose": to.purpose, "gateways": [each.said for each in to.gateways], "why": why.strip(), "concern": concern.strip(), "prepared_by": by,
            "prepared_on": f"{datetime.now(UTC):%Y-%m-%d}", "fields": list(to.fields), "software": code_version(),
        }  # fmt: skip
        said = json.dumps(
            {"why": why, "concern": concern, **rows}, ensure_ascii=False
        )  # that the recipient is named is told to nobody else
        if reader.names_informant(said):
            raise TouchstoneError(
                "the referral would name somebody who told of this, and was not made: find out in which words (reason, concern, or a row "
                "of the case), and leave them out"
            )
        subjects: dict[str, set[int]] = defaultdict(set)
        for section in rows:
            for noun, numbers in found.subjects[section].items():
                subjects[noun] |= numbers
        digest, target, packed = _write(head, rows, document(home, to, head, rows, marking), folder, reference)
        try:
            store.keep_referral(
                reference, kind, recipient=recipient, why=why, gateway="; ".join(each.law for each in to.gateways), fields=to.fields, digest=digest,
                actor=by, authority=home.settings.authority.code, case=case, premises=premises,
                subjects={noun: sorted(numbers) for noun, numbers in subjects.items() if numbers},
            )  # fmt: skip
        except BaseException:
            shutil.rmtree(target)
            packed.unlink()
            raise
    unchecked = [each.law for each in to.gateways if not each.checked]
    conditional = [row["reference"] for row in rows.get("intelligence", []) if row.get("conditions")]
    notes = [
        *found.notes,
        *([f"shared with conditions, which the recipient has to keep: {', '.join(conditional)}"] if conditional else []),
        *([f"to be checked by a lawyer before it is used: {', '.join(unchecked)}"] if unchecked else []),
    ]
    return Prepared(reference, target, packed, digest, tuple(notes))


def document(home: Home, to: Recipient, head: Mapping[str, Any], rows: Rows, marking: str) -> Document:
    """The referral as a document: why, by what law, and what the recipient may have, section by section."""
    from casework.documents import Document, Fields, Heading, Paragraph, Signature, Table

    blocks: list[Any] = [
        Fields([(name, head[key]) for name, key in HEAD]),
        Heading("Why", 2),
        Fields([("Purpose", to.purpose), ("Reason", head["why"]), ("By what law", "\n".join(head["gateways"]))]),
        *([Heading("What concerns you", 2), Paragraph(head["concern"])] if head["concern"] else []),
    ]
    for section, some in rows.items():
        names = to.of(section)
        columns = [name.replace("_", " ").capitalize() for name in names]
        blocks.append(Heading(TITLES.get(section, section.replace("_", " ").capitalize()), 2))
        if len(names) <= 6 and all(len(value) <= 400 for row in some for value in row.values()):
            blocks.append(Table(columns, [[row[name] for name in names] for row in some]))
        else:
            blocks += [Fields([(column, row[name]) for column, name in zip(columns, names, strict=True) if row[name]]) for row in some]
    blocks += [
        Heading("Before you use it", 2),
        Paragraph(
            "Only the fields that this purpose needs are here; more may be known, and may be asked for. Machine opinions are not in it. Nothing in it "
            "says that goods are counterfeit or, unless it is stated, who runs an account. Keep it for this purpose, and tell us what came of it."
        ),
        Signature(["Approved by", "Date"]),
    ]
    return Document(f"Referral to: {to.title}", blocks, marking=marking, draft=False, reference=head["reference"])


def _write(
    head: Mapping[str, Any], rows: Rows, page: Document, folder: Path, reference: str
) -> tuple[str, Path, Path]:  # fmt: skip
    """(digest of the manifest, the folder, the zip). Made aside and moved in whole."""
    from casework.documents import write

    target, packed = folder / reference, folder / f"{reference}.zip"
    for path in (target, packed):
        if path.exists():
            raise TouchstoneError(f"{path} exists already: nothing is written over an older referral")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".referral-") as made:
        whole = Path(made) / reference
        whole.mkdir()
        write(page, whole, "referral")
        (whole / "referral.json").write_text(json.dumps({**head, **rows}, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
        files = sorted(path for path in whole.iterdir())
        manifest = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files).encode()
        (whole / "manifest.sha256").write_bytes(manifest)
        with zipfile.ZipFile(Path(made) / packed.name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in [*files, whole / "manifest.sha256"]:
                info = zipfile.ZipInfo(f"{reference}/{path.name}", (1980, 1, 1, 0, 0, 0))  # the same bytes for the same referral
                info.external_attr, info.create_system, info.compress_type = 0o100644 << 16, 3, zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
        whole.rename(target)
        (Path(made) / packed.name).rename(packed)
    return sha256(manifest).hexdigest(), target, packed


# -- what comes back -----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReturnColumns:
    """Which column a field is read from; "" reads none."""

    reference: str = ""
    outcome: str = ""
    date: str = ""
    text: str = ""
    grade: str = ""
    source: str = ""
    information: str = ""
    handling: str = ""
    conditions: str = ""
    marking: str = ""

    def __post_init__(self) -> None:
        if self.text and not (self.grade or (self.source and self.information and self.handling)):
            raise FieldError("text", "an item of intelligence is graded: name `grade`, or `source`, `information` and `handling`")
        if not any(getattr(self, name) for name in self.__dataclass_fields__):
            raise ValueError("columns: name at least one")


@dataclass(frozen=True, slots=True)
class ReturnMap:
    """What configs/returns/NAME.yml says of the lists of one partner."""

    title: str
    columns: ReturnColumns
    sheet: str | None = None
    header: int = 1
    encoding: str | None = None

    def wanted(self) -> list[str]:
        return [name for each in self.columns.__dataclass_fields__ if (name := getattr(self.columns, each))]


@dataclass
class Returned:
    """What became of a return: the file's capture and digest, the reports made of it, the refused rows with number and reason."""

    capture: int
    digest: str
    items: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0
    outcome: str = ""
    reference: str = ""
    dated: str = ""


def read_return_map(home: Home, name: str) -> ReturnMap:
    """The map in a file, or that of configs/returns by its name. Raises ConfigError naming file and line, TouchstoneError for none."""
    path = Path(name) if Path(name).is_file() else home.file("returns") / f"{name}.yml"
    if not path.is_file():
        there = sorted(each.stem for each in home.file("returns").glob("*.yml"))
        raise TouchstoneError(f"there is no column map '{name}' in configs/returns, which has {', '.join(there) or 'none'}")
    return load(path, ReturnMap)


def take_back(
    store: Store, home: Home, reference: str, path: Path, *, by: str, columns: ReturnMap | None = None, outcome: str = "", their: str = "",
    dated: str = "",
) -> Returned:  # fmt: skip
    """Keep what a partner sent back: the file whole as a capture and, with `columns`, its rows: outcome, reference, date, items of intelligence.

    A row that cannot be kept is refused, counted and kept as unread. Raises TouchstoneError: no such referral, a file that cannot be read or
    that came back for this referral before.
    """
    from casework import intelligence
    from store.words.intelligence import Origin, Provenance

    with store.acting(by, purpose=PURPOSE) as reader:
        referral = reader.referral(reference)
        before = {reader.capture(each.capture).body_digest: each.id for each in referral.returns}
    body = _body(path)
    digest = sha256(body).hexdigest()
    if digest in before:
        raise TouchstoneError(f"{path}: this very file came back for {reference} before, as return {before[digest]}")
    day = _day(dated) if dated else ""
    lines = list(_lines(path, body, columns)) if columns is not None else []
    run, capture = _keep_file(store, home, body, digest, by)
    done = Returned(capture, digest, outcome=outcome.strip(), reference=their.strip(), dated=day)
    said: dict[str, list[str]] = {"outcome": [], "reference": [], "date": []}
    settings = intelligence.read_settings(home)
    for line in lines:
        done.rows += 1
        assert columns is not None
        row = {
            name: line.cells.get(column, "") for name in columns.columns.__dataclass_fields__ if (column := getattr(columns.columns, name))
        }
        why = line.refusal or ("" if any(row.get(name) for name in ("outcome", "text")) else "it says neither an outcome nor an item")
        if not why and row.get("date") and parse_when(row["date"]) is None:
            why = f"date: '{row['date']}' is no date that can be read"
        if not why and row.get("text"):
            known = Provenance(
                f"{reference}/{line.number}", Origin.partner, f"row {line.number} of what came back for {reference}", referral.recipient,
                capture=done.capture,
            )  # fmt: skip
            codes = row.get("grade") or "".join(row.get(name, "") for name in ("source", "information", "handling"))
            try:
                kept = intelligence.add(
                    store, home, row["text"], known, codes=codes or "-", conditions=row.get("conditions", ""),
                    marking=row.get("marking", "") or settings.markings[0], case=referral.case, by=by, why=f"return of {reference}",
                )  # fmt: skip
                done.items.append(kept.report.urn)
            except TouchstoneError as error:
                why = str(error)
        if why:
            done.refused.append((line.number, why))
            store.keep_unread(done.capture, "returns/1", f"row {line.number}", why, run.id)
            continue
        for name in said:
            if row.get(name):
                said[name].append(row[name])
    done.outcome = done.outcome or "; ".join(dict.fromkeys(said["outcome"]))
    done.reference = done.reference or "; ".join(dict.fromkeys(said["reference"]))
    done.dated = done.dated or max((_day(each) for each in said["date"]), default="")
    store.keep_return(
        reference, done.capture, outcome=done.outcome, reference=done.reference, dated=done.dated, items=done.items, refused=len(done.refused),
        actor=by, authority=home.settings.authority.code,
    )  # fmt: skip
    return done


def _body(path: Path) -> bytes:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise TouchstoneError(f"{path}: cannot be read: {error.strerror}") from None
    if not body or len(body) > MAX_FILE:
        raise TouchstoneError(f"{path}: {'the file is empty' if not body else f'larger than {MAX_FILE >> 20} MiB'}")
    return body


def _day(text: str) -> str:
    at = parse_when(text)
    if at is None:
        raise TouchstoneError(f"--dated '{text}' is no day that can be read; write it like 25/11/2026")
    return f"{at.astimezone(LONDON):%Y-%m-%d}"


def _lines(path: Path, body: bytes, columns: ReturnMap) -> list[Line]:
    """The rows of a CSV, a workbook, or JSON: a list of objects, one object, or one with a list under `items`."""
    if body.lstrip()[:1] not in (b"{", b"["):
        if body.startswith(b"%PDF"):
            raise TouchstoneError(f"{path}: rows are read from CSV, XLSX and JSON; hand a PDF in without --columns, and state its outcome")
        return list(read_rows(path, body, columns.wanted(), sheet=columns.sheet, header=columns.header, encoding=columns.encoding))
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TouchstoneError(f"{path}: not JSON: {error}") from None
    items = read.get("items", [read]) if isinstance(read, dict) else read
    if not isinstance(items, list):
        raise TouchstoneError(f"{path}: its `items` are no list")
    out = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            out.append(Line(number, refusal="it is no object"))
            continue
        cells = {
            str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in item.items()
            if value is not None
        }
        out.append(Line(number, {name: cell.strip() for name, cell in cells.items()}))
    return out


def _keep_file(store: Store, home: Home, body: bytes, digest: str, by: str) -> tuple[Run, int]:
    from crawler.clock import measure

    kinds = {b"%PDF": "application/pdf", b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    mime = next(
        (mime for head, mime in kinds.items() if body.startswith(head)),
        "application/json" if body.lstrip()[:1] in (b"{", b"[") else "text/plain",
    )
    run = store.begin_run(
        "referral", actor=by, authority=home.settings.authority.code, code_version=code_version(), config_digest=digest_of("referral"),
        clock=measure(home.settings.clock.server), source=SOURCE,
    )  # fmt: skip
    try:
        with store.archive.writer(run.id) as writer:
            given = replace(
                statement_capture(run, SOURCE, datetime.now(UTC), name=f"file:{digest}"), response_headers=(("Content-Type", mime),)
            )
            kept = store.keep(writer, given, body, actor=by, purpose=PURPOSE)
    except BaseException as error:
        store.end_run(run.id, Outcome.failed, {}, type(error).__name__)
        raise
    store.end_run(run.id, Outcome.good, {"files": 1})
    return run, kept.id or 0
