"""One advert, gathered for whoever looks at it: what the policy makes of it and why, where in its words and pictures that rests, what speaks for
the seller, what was not examined, and what it costs beside what such goods fetch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from casework.marking import Piece, Span, marked
from casework.sightings import may_be_seen
from detectors import contract
from store.findings import KeptFinding
from store.listings import Summary
from store.store import Acting, Store
from store.words.money import format_price
from store.words.records import Contribution, Details, Direction, Examined, Flag, Image, Picture, Pointer, SubjectKind

GAP = "price_gap"
PLACE = "same_place"
MARKED = ("title", "text", "price_text", "brand", "category", "condition", "place", "seller_name")
NAMES = {"price_text": "price", "seller_name": "seller's name", "text": "description", "picture": "picture"}


@dataclass(frozen=True, slots=True)
class Match:
    """A picture of the advert beside another: their digests, what the other is in words, its listing where it is one's, and what the finding says."""

    own: str
    other: str
    called: str
    sentence: str
    listing: int | None = None
    place: bool = False
    same_file: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One addend of the score: its points, and what they bring the sum from and to. `rests_on` says in words where it stands, `listings` are others
    that it names, `number` is what marks and the page call it by."""

    number: int
    code: str
    sentence: str
    points: float
    before: float
    after: float
    spares: bool
    method: str = ""
    finding: int = 0
    rests_on: tuple[str, ...] = ()
    listings: tuple[int, ...] = ()
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """What it costs beside what such goods fetch: minor units of one currency; without `usual` `why` says why nothing is held against it."""

    asked: str
    says: str
    asked_minor: int | None = None
    usual_minor: int | None = None
    usual: str = ""
    rows: tuple[tuple[str, ...], ...] = ()  # reference, figure, dated, from

    @property
    def share(self) -> float | None:
        return self.asked_minor / self.usual_minor if self.asked_minor is not None and self.usual_minor else None


@dataclass(frozen=True, slots=True)
class Advert:
    """All of the above for one listing as it now stands. `leads` weigh nothing: they lead to somebody or somewhere."""

    summary: Summary
    images: tuple[Image, ...]
    flag: Flag | None
    reasons: tuple[Reason, ...]
    leads: tuple[Reason, ...]
    words: Mapping[str, list[Piece]]
    price: Price
    others: Mapping[int, Summary] = field(default_factory=dict)  # listings that reasons name, where they may be seen

    @property
    def against(self) -> list[Reason]:
        return [each for each in self.reasons if not each.spares]

    @property
    def sparing(self) -> list[Reason]:
        return [each for each in self.reasons if each.spares]

    @property
    def matches(self) -> list[tuple[Reason, Match]]:
        return [(reason, match) for reason in (*self.reasons, *self.leads) for match in reason.matches]


def beside_words(d: Details) -> str:
    """What the page said, at its newest capture, of what is no part of the words: as read, and as written in brackets; "" where nothing."""
    said = (
        ("posted", f"{d.posted_at:%Y-%m-%d %H:%M} UTC" if d.posted_at else None, d.posted_text),
        ("offered", d.quantity, d.quantity_text),
        ("sold", d.sold, d.sold_text),
        ("price before", d.price_was_text or None, ""),
        ("sent from", d.dispatch_text or None, ""),
        ("account since", f"{d.joined_at:%Y-%m-%d}" if d.joined_at else None, d.joined_text),
        ("VAT", d.vat or None, ""),
        ("kind of price", d.price_kind.replace("_", " ") if d.price_kind not in ("", "exact") else None, ""),
    )
    shown = ((name, "not understood" if value is None else value, text) for name, value, text in said if value is not None or text)
    return " · ".join(f"{name} {value}" + (f" ('{text}')" if text else "") for name, value, text in shown)


def advert(store: Store, reader: Acting, summary: Summary, sightings: Collection[str]) -> Advert:
    """`sightings` are the authorities whose sightings the reader may see: what rests on others' is named by number and not shown."""
    number = summary.listing.id or 0
    flag = reader.flag(number)
    subjects = reader.subjects_of([number]).get(number, [])
    found = reader.findings_of(subjects) if subjects else []
    own = {picture.id: picture.image.sha256 for picture in reader.pictures(listing=number)}
    pointed = {p.other for k in found for p in k.finding.pointers if p.other.startswith("picture:")}
    theirs = {p.id: p for p in reader.pictures([int(each.removeprefix("picture:")) for each in pointed])} if pointed else {}
    seen = {sha256 for sha256 in _digests(found, theirs) if store.picture_may_be_seen(sha256, sightings)}
    named = {p.listing for p in theirs.values()} | {int(d) for k in found for p in k.finding.pointers if (d := p.detail.get("listing"))}
    rows = reader.summaries(numbers=sorted(named), limit=len(named)) if named else []
    others = {s.listing.id or 0: s for s in may_be_seen(reader, rows, sightings)}

    def matches(kept: KeptFinding) -> Iterator[Match]:
        for p in kept.finding.pointers:
            kind, _, row = p.other.partition(":")
            other = theirs[int(row)] if kind == "picture" and int(row) in theirs else None
            sha256 = str(p.detail.get("sha256") or (other.image.sha256 if other else ""))
            if kind not in ("picture", "reference") or kept.subject not in own or sha256 not in seen:
                continue
            called = f"reference {row}" if kind == "reference" else f"picture {row}"
            yield Match(own[kept.subject], sha256, called, kept.finding.sentence, other.listing if other else None, kept.method_name == PLACE, own[kept.subject] == sha256)  # fmt: skip

    of_row = {kept.id: kept for kept in found}
    reasons = tuple(_reasons(flag.contributions if flag else (), of_row, lambda kept: tuple(matches(kept))))
    leading = _leading(store)
    beside = [kept for kept in found if kept.method in leading]
    leads = tuple(
        Reason(len(reasons) + n, kept.finding.reason, kept.finding.sentence, 0.0, 0.0, 0.0, kept.finding.direction is Direction.exculpatory,
               kept.method_name, kept.id, tuple(_rests_on(kept)), tuple(_listings(kept)), tuple(matches(kept)))
        for n, kept in enumerate(beside, 1)
    )  # fmt: skip
    words, price = _words(summary, reasons, of_row), _price(store, reader, summary, found, reasons)
    return Advert(summary, tuple(reader.listing_images(number)), flag, reasons, leads, words, price, others)


def _digests(found: Sequence[KeptFinding], theirs: Mapping[int, Picture]) -> set[str]:
    said = {str(p.detail["sha256"]) for k in found for p in k.finding.pointers if p.detail.get("sha256")}
    return said | {picture.image.sha256 for picture in theirs.values()}


def _leading(store: Store) -> set[int]:
    """The methods in force of detectors that look at what is flagged: theirs are leads, and no part of the score."""
    every = (detector.name for detector in contract.discover().values() if "flagged" in detector.needs)
    return {number for name in every if (number := store.method_in_force("detector", name)) is not None}


def _reasons(
    contributions: Sequence[Contribution], rows: Mapping[int, KeptFinding], matches: Callable[[KeptFinding], tuple[Match, ...]]
) -> Iterator[Reason]:
    """In the flag's order (strongest first); what speaks against the seller first, so that the bars rise to a top and come down to the score."""
    kept_of = [(c, rows.get(c.finding)) for c in contributions]
    spared = [(c, kept, c.points < 0 or (kept is not None and kept.finding.direction is Direction.exculpatory)) for c, kept in kept_of]
    total = 0.0
    for number, (c, kept, spares) in enumerate(sorted(spared, key=lambda each: each[2]), 1):
        yield Reason(
            number, c.reason, c.sentence, c.points, total, total + c.points, spares, kept.method_name if kept else "", c.finding,
            tuple(_rests_on(kept)) if kept else (), tuple(_listings(kept)) if kept else (), matches(kept) if kept else (),
        )  # fmt: skip
        total += c.points


def _listings(kept: KeptFinding) -> list[int]:
    return list(dict.fromkeys(int(p.detail["listing"]) for p in kept.finding.pointers if p.detail.get("listing")))


def _rests_on(kept: KeptFinding) -> Iterator[str]:
    """Where a finding stands, in words, each once."""
    return iter(dict.fromkeys(said for p in kept.finding.pointers if (said := _place(p))))


def _place(p: Pointer) -> str:
    where = NAMES.get(p.field, p.field)
    if p.field == "picture":
        sure = f", read with certainty {p.detail['score']:.2f}" if isinstance(p.detail.get("score"), float) else ""
        return f"“{p.raw}” in a picture{sure}"
    if p.field and p.raw:
        return f"“{p.raw}” in the {where}"
    if more := p.detail.get("more"):
        return f"and {more} more"
    return p.other.replace(":", " ") if p.other.startswith("reference:") else ""


def _words(summary: Summary, reasons: Sequence[Reason], rows: Mapping[int, KeptFinding]) -> dict[str, list[Piece]]:
    """The advert's words with those marked that the score's findings about them point to."""
    spans: dict[str, list[Span]] = {}
    for reason in reasons:
        kept = rows.get(reason.finding)
        if kept is None or (kept.subject_kind, kept.subject) != (SubjectKind.snapshot, summary.snapshot.id):
            continue
        for p in kept.finding.pointers:
            if p.field in MARKED and p.start is not None and p.end is not None:
                spans.setdefault(p.field, []).append(Span(p.start, p.end, reason.number, reason.spares))
    said = summary.snapshot
    return {name: marked(str(getattr(said, name) or ""), spans.get(name, ())) for name in MARKED}


def _price(store: Store, reader: Acting, summary: Summary, found: Sequence[KeptFinding], reasons: Sequence[Reason]) -> Price:
    """By the newest opinion of the price that there is; else why there is none."""
    said = summary.snapshot
    asked = format_price(said.price_minor, said.currency) if said.price_minor is not None else said.price_text or "no price"
    number = store.method_in_force("detector", GAP)
    counted = {reason.finding for reason in reasons}
    kept = next((k for k in reversed(found) if k.method_name == GAP and (k.id in counted or k.method == number)), None)
    if kept is not None:
        ratio = next((p.detail["ratio"] for p in kept.finding.pointers if "ratio" in p.detail), None)
        rows = [p for p in kept.finding.pointers if p.other.startswith("reference:")]
        figures = [int(p.detail.get("converted_minor") or p.detail.get("price_minor") or 0) for p in rows]
        usual = round((said.price_minor or 0) / ratio) if ratio else round(median(figures)) if figures else None
        shown = tuple(
            (p.other.replace(":", " "), format_price(int(p.detail.get("price_minor") or 0), str(p.detail.get("currency") or "")), str(p.detail.get("dated") or ""), str(p.detail.get("source") or ""))
            for p in rows
        )  # fmt: skip
        return Price(asked, kept.finding.sentence, said.price_minor, usual, format_price(usual, said.currency) if usual else "", shown)
    if number is None:
        return Price(asked, "Not held against references: no method that does so is in force.", said.price_minor)
    done = reader.examinations_of([(SubjectKind.snapshot, said.id or 0)], [number])
    if not done:
        return Price(asked, "Not held against references yet.", said.price_minor)
    if done[-1].outcome is Examined.done:
        return Price(asked, "Held against references: it is not low for goods of this kind.", said.price_minor)
    return Price(asked, f"Not held against references: {done[-1].detail}.", said.price_minor)
