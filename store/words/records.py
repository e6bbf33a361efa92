"""The words of the whole project: what each thing is called, what it says and what identifies it.

Frozen dataclasses, no behaviour beyond identity. `architecture.md`'s table of words, in code. An `id` is the store's own
row number: None until the record is kept. Times are aware UTC datetimes; money is in minor units with its currency.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # made once: json.dumps makes one each time


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON (sorted keys, no spaces, UTF-8): the bytes that every digest of ours is taken over."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")


def digest_of(value: Any) -> str:
    """SHA-256 of `canonical(value)`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


class Purpose(enum.StrEnum):
    """Why an operation looks: a sweep by brand, term and area; a watch on a subject; one page; a test purchase (RIPA s.26, practice § 4)."""

    market_sweep = "market_sweep"
    subject_watch = "subject_watch"
    capture_once = "capture_once"
    test_purchase = "test_purchase"


class SubjectCategory(enum.StrEnum):
    """Categories of data subject that DPA 2018 s.38 keeps apart; `none` is for rows about no person."""

    none = "none"
    unknown = "unknown"
    suspect = "suspect"
    convicted = "convicted"
    victim = "victim"
    witness = "witness"
    other = "other"  # others with information about an offence (s.38(3)(d))


class Verb(enum.StrEnum):
    """The six verbs whose logging DPA 2018 s.62 asks for, and the two of our own housekeeping."""

    collection = "collection"
    alteration = "alteration"
    consultation = "consultation"
    disclosure = "disclosure"
    combination = "combination"
    erasure = "erasure"


class CaptureKind(enum.StrEnum):
    page = "page"  # a server answered a request of the crawler's own
    image = "image"  # a picture of a listing, fetched as a capture
    rendered = "rendered"  # the document as the browser had it after scripts ran
    network = "network"  # an answer that the browser fetched while rendering
    robots = "robots"  # robots.txt as it stood
    screenshot = "screenshot"  # the picture of a rendered page, `part_of` its document
    handed_in = "handed_in"  # an officer, a partner or the public handed it in


class Outcome(enum.StrEnum):
    """How a pass ended: expectations met, unmet (exit 1), or it could not run (exit 2)."""

    good = "good"
    unmet = "unmet"
    failed = "failed"


class Status(enum.StrEnum):
    evaluation = "evaluation"
    in_force = "in_force"
    retired = "retired"


class Examined(enum.StrEnum):
    done = "done"
    failed = "failed"
    not_possible = "not_possible"


class Direction(enum.StrEnum):
    suspicious = "suspicious"
    exculpatory = "exculpatory"


class Level(enum.StrEnum):
    """`none`: examined and nothing to say; `note`: recorded only; `review`: queued; `priority`: queued first."""

    none = "none"
    note = "note"
    review = "review"
    priority = "priority"


class Verdict(enum.StrEnum):
    yes = "yes"
    no = "no"
    unsure = "unsure"
    undone = "undone"  # took back what the row that it supersedes says: as if that person had said nothing


class SubjectKind(enum.StrEnum):
    """What an opinion or a judgement is of. A `picture` is an image as one listing uses it."""

    listing = "listing"
    snapshot = "snapshot"
    picture = "picture"
    seller = "seller"
    capture = "capture"
    premises = "premises"
    flag = "flag"
    link = "link"
    exhibit = "exhibit"
    case = "case"
    account = "account"  # who runs a seller's account
    follow_up = "follow_up"
    item = "item"  # goods or a paper, by its row of the case


class ReferenceKind(enum.StrEnum):
    suspected = "suspected"  # an officer suspects the goods in it
    confirmed = "confirmed"  # an examiner or a court has confirmed them counterfeit
    official = "official"  # the brand's own photograph: context, not a hit
    genuine = "genuine"  # an example of genuine goods
    benign = "benign"  # stock pictures, placeholders: never a hit
    price = "price"  # a dated, sourced price


@dataclass(frozen=True, slots=True)
class Authority:
    """The council or service whose data this is. Identity: its code."""

    code: str
    name: str
    jurisdiction: str = "England and Wales"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or the system, acting for an authority in a role. Identity: its id (a name such as `system` or `a.officer`)."""

    id: str
    authority: str
    name: str
    role: str
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The authorisation that a watch on a subject needs (RIPA 2000 s.28 and s.32A; practice § 4). Dates as YYYY-MM-DD.

    Raises ValueError where a part is empty, or the dates cannot be: it takes effect on a justice's approval, and not before.
    """

    urn: str
    authorising_officer: str
    approved_on: str  # by a justice of the peace
    starts: str
    expires: str  # the last day on which it is live
    necessity: str
    proportionality: str
    collateral_intrusion: str
    cancelled_at: str | None = None

    def __post_init__(self) -> None:
        _stated(self, "urn", "authorising_officer", "necessity", "proportionality", "collateral_intrusion")
        _dated(self, "approved_on", "starts", "expires", *(["cancelled_at"] if self.cancelled_at is not None else []))
        if not self.approved_on <= self.starts <= self.expires:
            raise ValueError(
                "an authorisation is approved, then starts, then expires: approved_on, starts and expires are not in that order"
            )


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who authorised a test purchase, and when (YYYY-MM-DD). Raises ValueError where either is missing."""

    authorised_by: str
    on: str
    note: str = ""

    def __post_init__(self) -> None:
        _stated(self, "authorised_by")
        _dated(self, "on")


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often an operation runs: `every` ("6 hours", "1 day", "2 weeks"), `at` an hour of the day in `zone` for whole days.

    `not_between` ("08:00", "18:00") is the part of the day in which it does not begin. Raises ValueError for what cannot be read.
    """

    every: str
    at: str | None = None
    zone: str = "UTC"
    not_between: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[1-9]\d{0,3} (second|minute|hour|day|week)s?", self.every):
            raise ValueError(f"every: '{self.every}' is no interval: write '30 minutes', '6 hours', '1 day' or '2 weeks'")
        if any(not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", each) for each in filter(None, (self.at, *(self.not_between or ())))):
            raise ValueError("at, not_between: an hour of the day is written as '03:30', between '00:00' and '23:59'")
        if self.at and not re.search("day|week", self.every):
            raise ValueError("at: an hour of the day goes with whole days or weeks; without `at`, the interval counts from the last run")
        if self.not_between and self.not_between[0] == self.not_between[1]:
            raise ValueError("not_between: the two hours are the same")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"zone: '{self.zone}' is no time zone: write UTC or Europe/London") from None

    @property
    def interval(self) -> timedelta:
        """From one run to the next."""
        number, unit = self.every.removesuffix("s").split()
        return int(number) * timedelta(**{f"{unit}s": 1})

    @property
    def quiet(self) -> timedelta:
        """How long the part of the day lasts in which it does not begin."""
        if not self.not_between:
            return timedelta()
        begin, end = (60 * int(each[:2]) + int(each[3:]) for each in self.not_between)
        return timedelta(minutes=(end - begin) % 1440)


def _stated(record: Any, *names: str) -> None:
    for name in names:
        if not getattr(record, name).strip():
            raise ValueError(f"{name}: it may not be empty")


def _dated(record: Any, *names: str) -> None:
    for name in names:
        try:
            if date.fromisoformat(getattr(record, name)).isoformat() != getattr(record, name):
                raise ValueError
        except ValueError:
            raise ValueError(f"{name}: '{getattr(record, name)}' is no date: write it as 2026-11-25") from None


@dataclass(frozen=True, slots=True)
class Operation:
    """What is looked for, why and where. Identity: its reference. What its purpose allows and asks for is in purposes.py."""

    reference: str
    authority: str
    title: str
    purpose: Purpose = Purpose.market_sweep
    brands: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()  # addresses of the watched person's own pages
    authorisation: Authorisation | None = None
    purchase: Purchase | None = None
    cadence: Cadence | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One pass ran. `ended_at`, `counts` and `outcome` come from its ending row; None while it runs or after a crash."""

    id: str
    pass_name: str
    actor: str
    authority: str
    code_version: str
    config_digest: str
    started_at: datetime
    operation: str | None = None
    source: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    message: str = ""
    clock: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # the clock's measured offset, its bound and by what; {}: unknown


@dataclass(frozen=True, slots=True)
class Capture:
    """A server answered, a browser rendered, or somebody handed in. Each time anew: never deduplicated.

    `body_digest` is the SHA-256 of the bytes as they came over the wire (after transfer decoding, before content decoding);
    headers are as the library reports them, in order, secrets replaced by a marker.
    """

    id: int | None
    run: str
    source: str
    kind: CaptureKind
    method: str
    url_requested: str
    url_final: str
    redirects: tuple[str, ...]
    status: int
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    body_digest: str
    body_length: int
    started_at: datetime
    ended_at: datetime
    request_digest: str = ""  # SHA-256 of the request's body, "" where there was none
    server_ip: str | None = None
    record_id: str = ""  # WARC-Record-ID of the response, revisit or resource record
    part_of: int | None = None  # the rendered capture that a network answer or a screenshot belongs to
    decoded_digest: str = ""  # SHA-256 of the body without its content-encodings; "" where it could not be decoded
    http_version: str = ""  # as the library reports it; "" where it does not
    dns_answer: tuple[str, ...] = ()  # the addresses that the name led to when the connection was made; () where not known
    certificate: str = ""  # SHA-256 of the server's leaf certificate (DER); "" without TLS, "unknown" where the library does not give it
    certificate_chain: tuple[str, ...] = ()  # SHA-256 of each certificate that the server sent, leaf first; () where not obtainable
    subject_category: SubjectCategory = SubjectCategory.unknown
    retention_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a capture's record lies. The newest row of a capture counts; `payload_of` is set on a revisit."""

    capture: int
    segment: str
    offset: int
    length: int
    record_id: str
    record_type: str  # response | resource | revisit | tombstone
    payload_of: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """An advert on a source. Identity: source and the source's own reference."""

    id: int | None
    source: str
    ref: str
    url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was said of a listing. Identity: the digest of these words; pictures are no part of it, nor is the listing."""

    title: str = ""
    text: str = ""
    price_text: str = ""
    price_minor: int | None = None
    currency: str | None = None
    brand: str = ""
    category: str = ""
    condition: str = ""
    seller: str = ""  # the source's own handle of the account
    seller_name: str = ""
    place: str = ""
    id: int | None = None

    def words(self) -> dict[str, Any]:
        """The words that identify it, by field name."""
        return {name: getattr(self, name) for name in SNAPSHOT_WORDS}

    @property
    def digest(self) -> str:
        return digest_of(self.words())


SNAPSHOT_WORDS = (
    "title",
    "text",
    "price_text",
    "price_minor",
    "currency",
    "brand",
    "category",
    "condition",
    "seller",
    "seller_name",
    "place",
)


@dataclass(frozen=True, slots=True)
class Details:
    """What a page says beside a listing's words: it changes from day to day without an edit by the seller, so it is no part of the snapshot.

    Each as written, and as read where it could be; "" and None where the page does not say.
    """

    posted_text: str = ""
    posted_at: datetime | None = None
    quantity_text: str = ""
    quantity: int | None = None  # pieces offered
    sold_text: str = ""
    sold: int | None = None  # pieces sold, as the site counts
    price_kind: str = ""  # exact | from | range | free | on_request
    price_was_text: str = ""  # a struck-out or recommended price
    vat: str = ""  # inc | ex
    joined_text: str = ""  # since when the seller has had the account
    joined_at: datetime | None = None  # of "since 2019" the first day: the account may be younger, never older
    dispatch_text: str = ""  # from where the goods are sent, as the page says beside the words

    def said(self) -> dict[str, Any]:
        """What is said, by field name, as JSON values."""
        stated = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in stated.items() if v not in ("", None)}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a platform's parser read of one listing on one page: the source's reference, the words, picture addresses in order.

    `notes` counts what was not understood, by reason, so that nothing is dropped in silence.
    """

    ref: str
    url: str
    snapshot: Snapshot
    images: tuple[str, ...] = ()
    seller_url: str = ""
    notes: tuple[str, ...] = ()
    details: Details = Details()


@dataclass(frozen=True, slots=True)
class Reading:
    """This capture, read by this parser version, says this snapshot. Identity: capture, parser version, listing."""

    id: int | None
    capture: int
    parser: str
    parser_version: str
    listing: int
    snapshot: int
    seller: int | None
    images: tuple[str, ...]  # picture addresses as the page gave them, in order
    captured_at: datetime
    details: Details = Details()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a listing: the first reading in order of capture that says these words with these pictures."""

    listing: int
    captured_at: datetime
    capture: int
    snapshot: Snapshot
    image_digests: tuple[str, ...]
    pictures_known: bool = True  # False where not all of them were fetched
    rendered: bool = False  # read from what a browser made of the page


class Told(enum.StrEnum):
    """By whom a sighting came."""

    officer = "officer"
    partner = "partner"
    public = "public"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something seen by an officer, a partner or the public, examined as the listing that it is kept as. Who said so is an Informant, apart.

    `claims` are what files say of themselves (EXIF times, positions), kept and not believed; `obtained` is the officer's own
    statement of how the material came into their hands.
    """

    id: int | None
    reference: str
    told: Told
    listing: int
    authority: str
    actor: str
    added_at: datetime
    seen_at: datetime | None = None
    seen_at_text: str = ""
    place: str = ""
    obtained: str = ""
    claims: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Informant:
    """Who gave a sighting. Sensitive: in no pack, link reason or partner view; reading it is an event of its own."""

    sighting: int
    name: str = ""
    contact: str = ""
    note: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Seller:
    """An account on a source. Identity: source and handle. Never merged in place."""

    id: int | None
    source: str
    handle: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing of an account as it stands, with when it was seen and the digests of its pictures."""

    listing: int
    snapshot: Snapshot
    images: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    details: Details = Details()


@dataclass(frozen=True, slots=True)
class Shared:
    """What a listing of an account shows and one of another account of the same source shows too: `text` or `picture`, by its digest."""

    kind: str
    digest: str
    offer: int  # the account's own listing
    seller: int
    listing: int
    snapshot: int  # of that other listing


@dataclass(frozen=True, slots=True)
class Again:
    """A listing that came again: `older` was gone, as `evidence` says, when `newer`, with the same words or pictures, was first seen."""

    older: int
    newer: int
    evidence: str
    capture: int | None


@dataclass(frozen=True, slots=True)
class SellerSubject:
    """A seller as a subject of examination: the account, its listings as they stand, what it shares with others, what came again.

    Where the account has more listings than were taken, `left_out` says how many; those taken are the newest.
    """

    id: int
    seller: Seller
    offers: tuple[Offer, ...] = ()
    shared: tuple[Shared, ...] = ()
    again: tuple[Again, ...] = ()
    left_out: int = 0

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        return tuple(offer.snapshot for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone, e-mail, handle or payment id. Identity: kind and normalised value.

    `picture` and `method` are set where a machine read it in a picture: weaker evidence than words, since it may have misread.
    """

    kind: str
    value: str
    raw: str = ""
    picture: int | None = None
    method: int | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. Identity: SHA-256 of its decoded-from-the-wire bytes. `problem` says why it could not be opened."""

    id: int | None
    sha256: str
    mime: str
    width: int | None
    height: int | None
    length: int
    capture: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as one listing uses it: the subject of picture detectors, so that an old image under a new seller is due again."""

    id: int
    image: Image
    listing: int
    source: str
    seller: int | None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A derived row of an image: `value` in hexadecimal (of a reading of words, JSON), keyed by algorithm and version (the version holds the library versions)."""

    image_sha256: str
    algorithm: str
    version: str
    value: str
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of the numbered, append-only log of comparison pictures and prices. A removal is an entry that `removes` another.

    `statement` is the reference of the examiner's statement or the court's record that a `confirmed` entry rests on; `judgement` the
    row of the judgement by which a listing's picture came here, and `listing` that listing: a match with its own picture says nothing.
    A price is one asked or paid, or the middle of `rows` many, of so many `sellers`, whose tenth and ninetieth percentile are `low_minor` and
    `high_minor`; of one product `line`, and for listings of one `platform` (a source) only, where these are named.
    """

    number: int | None
    kind: ReferenceKind
    authority: str
    provenance: str
    added_by: str
    brand: str = ""
    category: str = ""
    condition: str = ""
    image_sha256: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    dated: str = ""
    removes: int | None = None
    statement: str = ""
    judgement: int | None = None
    listing: int | None = None
    line: str = ""
    platform: str = ""
    low_minor: int | None = None
    high_minor: int | None = None
    rows: int | None = None
    sellers: int | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A detector, scorer or linker with all that can change its answer. Identity: the digest of all of it."""

    kind: str  # detector | scorer | linker
    name: str
    version: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    models: Mapping[str, str] = dataclasses.field(default_factory=dict)  # file name → SHA-256

    @property
    def digest(self) -> str:
        return digest_of([self.kind, self.name, self.version, self.settings, self.models])


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a finding rests on: a span of a snapshot's field, or another picture or reference.

    `field`/`start`/`end` are offsets into the raw words; `raw` is that raw span. `other` names what was matched:
    `reference:12`, `picture:34`. `detail` holds figures such as a distance.
    """

    field: str = ""
    start: int | None = None
    end: int | None = None
    raw: str = ""
    other: str = ""
    detail: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A detector's opinion: a strength between 0 and 1, a reason code, a sentence, and what it rests on."""

    reason: str
    score: float
    sentence: str
    direction: Direction = Direction.suspicious
    pointers: tuple[Pointer, ...] = ()

    def body(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "score": round(self.score, 6),
            "sentence": self.sentence,
            "direction": str(self.direction),
            "pointers": [
                {
                    k: v
                    for k, v in (
                        ("field", p.field),
                        ("start", p.start),
                        ("end", p.end),
                        ("raw", p.raw),
                        ("other", p.other),
                        ("detail", dict(p.detail)),
                    )
                    if v not in ("", None, {})
                }
                for p in self.pointers
            ],
        }

    @property
    def digest(self) -> str:
        return digest_of(self.body())


@dataclass(frozen=True, slots=True)
class Examination:
    """This subject was examined by this method, against references up to `references_upto` and pictures up to `pictures_upto`."""

    subject_kind: SubjectKind
    subject: int
    outcome: Examined
    findings: tuple[Finding, ...] = ()
    detail: str = ""  # the error, or the reason why it was not possible
    references_upto: int = 0
    pictures_upto: int = 0
    contacts: tuple[Contact, ...] = ()  # what was read in a picture: it leads to its seller as a contact in words does


@dataclass(frozen=True, slots=True)
class Contribution:
    """One addend of a flag's score."""

    reason: str
    points: float
    sentence: str
    method: str  # digest
    finding: int  # row


@dataclass(frozen=True, slots=True)
class Flag:
    """What the policy makes of a listing's findings. Never a verdict."""

    id: int | None
    listing: int
    policy: str  # digest of the scoring method and the policy file
    findings_digest: str
    level: Level
    score: float
    contributions: tuple[Contribution, ...]
    not_examined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Premises:
    """A building, or a unit in it, with our own durable identity."""

    id: int | None
    kind: str  # building | unit
    label: str
    building: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What a register's snapshot says of one place. `address_raw` is as written; `parts` is what we read in it.

    `details` is what the register says beyond that: a company's status, an order's dates; docs/registers.md lists the keys.
    """

    register: str
    reference: str
    name: str
    address_raw: str
    postcode: str | None
    parts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    uprn: str | None = None
    lat: float | None = None
    lon: float | None = None
    phone: str | None = None
    row: int = 0  # line or element number in the file
    id: int | None = None
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    edition: int | None = dataclasses.field(default=None, compare=False)  # the loading that it stands in


@dataclass(frozen=True, slots=True)
class LinkReason:
    """Why, with its weight, and the capture it cites. `against` marks a contradiction."""

    code: str
    weight: float
    sentence: str
    capture: int | None = None
    entry: int | None = None
    against: bool = False
    picture: int | None = None  # that it rests on


@dataclass(frozen=True, slots=True)
class Link:
    """Seller or listing ↔ premises, or seller ↔ seller. `proposed` until a person judges it."""

    id: int | None
    subject_kind: SubjectKind
    subject: int
    object_kind: SubjectKind
    object: int
    method: str
    score: float
    level: str  # unit | building
    reasons: tuple[LinkReason, ...]
    status: str = "proposed"  # proposed | confirmed | refused, the latter two only by a Judgement


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person said yes, no or unsure, or took that back. Superseded, never deleted. `code` is the reason's in configs/judging.yml."""

    id: int | None
    subject_kind: SubjectKind
    subject: int
    verdict: Verdict
    actor: str
    reason: str
    at: datetime
    findings_digest: str = ""
    supersedes: int | None = None
    code: str = ""


def standing(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The judgements that nobody superseded or took back, in the order given."""
    rows = list(judgements)
    gone = {row.supersedes for row in rows}
    return [row for row in rows if row.id not in gone and row.verdict is not Verdict.undone]


@dataclass(frozen=True, slots=True)
class Case:
    """What goes to court. Identity: its reference, within the authority. `own_number` is the council's own, of its other systems."""

    reference: str
    authority: str
    title: str
    operation: str | None = None
    opened_at: datetime | None = None
    own_number: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A numbered thing of a case; numbers are never reused. `producer` is the officer who produces it, `withdrawn` why it is withdrawn, or ""."""

    case: str
    number: str
    subject_kind: SubjectKind
    subject: int
    description: str
    actor: str
    at: datetime
    id: int | None = None
    producer: str = ""
    withdrawn: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One link of the audit log: h(i) = H(h(i−1) ‖ H(salt(i) ‖ event(i)))."""

    seq: int
    salt: str
    body: Mapping[str, Any]
    inner: str
    chain: str


def as_json(items: Sequence[Any]) -> list[Any]:
    """Dataclasses as plain JSON values, for storing lists of them in one column."""
    from dataclasses import asdict

    return [asdict(item) for item in items]
