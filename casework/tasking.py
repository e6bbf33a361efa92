"""The tasking sheet of a visit, and the chain of custody of a test purchase, as PDFs.

The sheet carries a proposal of machines to a door, so that it says first what is not known: whether an officer confirmed the link, and
whether it reaches the unit or the building alone. Its pictures are those of adverts and say so; nothing in it was taken at the place.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casework import followup, pdf
from casework.export import render
from premises.areas import area_of, place_of
from premises.link import NAMES_THE_UNIT
from premises.map import Point, draw
from store.config import Home
from store.errors import TouchstoneError
from store.listings import Summary
from store.places import GONE
from store.store import Acting
from store.words.dates import LONDON
from store.words.followup import Closure, FollowUp
from store.words.postcode import find_postcodes
from store.words.records import Level, Link, Premises, RegisterEntry, Seller, SubjectKind, standing

MAP_WIDTH, MAP_HEIGHT = 900, 430
LARGEST = 900  # pixels a side of a picture on the sheet
MOST_LISTINGS, MOST_HINTS = 12, 12
MAP = "map.svg"


@dataclass(frozen=True, slots=True)
class Door:
    """A premises as the sheet names it: what the registers call it, and where they put it. `exact` False: its postcode's position."""

    premises: Premises
    names: tuple[str, ...]
    lat: float | None
    lon: float | None
    exact: bool
    same_building: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of an advert: the capture that brought it, its digest, and the reduced copy that is printed."""

    name: str
    listing: str
    handed_in: bool
    capture: int
    sha256: str
    copy: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the sheet, worked out before the template sees it."""

    premises: Premises
    building: Premises | None
    door: Door
    entries: tuple[RegisterEntry, ...]
    area: str
    confirmed: bool
    links: list[dict[str, Any]]
    building_links: int
    neighbours: list[Door]
    neighbours_left_out: int
    listings: list[dict[str, Any]]
    listings_left_out: int
    cleared: list[str]  # flagged adverts that an officer said no of on the same findings: they justify nothing
    brands: list[tuple[str, int]]
    kinds: list[tuple[str, int]]
    reasons: list[tuple[str, int]]
    contacts: list[tuple[str, str, int]]
    names: list[tuple[str, str]]
    hints: list[dict[str, Any]]
    parts: list[str]
    photos: list[Photo]
    timeline: list[FollowUp]
    closures: list[Closure]
    powers: list[followup.Power]
    drawing: str = field(repr=False, default="")
    marks: Mapping[int, int] = field(default_factory=dict)  # premises → its number on the map


def write_sheet(reader: Acting, home: Home, premises: int, to: Path) -> None:
    """Write the tasking sheet of a premises into a new PDF; it is a disclosure in the log. Raises TouchstoneError."""
    _new(to)
    body = sheet_pdf(reader, home, premises)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(body)


def sheet_pdf(reader: Acting, home: Home, premises: int, authority: str | None = None) -> bytes:
    """The tasking sheet as a PDF, with what the authority named did there (None: whoever did); a disclosure in the log. Raises TouchstoneError."""
    if missing := pdf.missing_parts():
        raise TouchstoneError(f"the sheet is a PDF, and none can be made: {missing}")
    sheet = gather(reader, home, premises, authority)
    pictures = {MAP: sheet.drawing.encode(), **{photo.name: photo.copy for photo in sheet.photos}}
    body = pdf.make_pdf(sheet_text(reader, home, sheet, datetime.now(UTC)), pictures.get, b"touchstone-tasking")
    reader.disclose(
        f"tasking sheet of premises {premises}", {"premises": premises, "links": len(sheet.links), "pictures": len(sheet.photos)}
    )
    return body


def sheet_text(reader: Acting, home: Home, sheet: Sheet, now: datetime) -> str:
    """The HTML that the PDF is made of."""
    today = now.astimezone(LONDON).date()
    context = {
        "s": sheet,
        "closed": [c for c in sheet.closures if c.covers(today)],
        "authority": home.settings.authority,
        "by": reader.actor.name,
        "made": f"{now:%d %B %Y, %H:%M} UTC",
        "event": reader.store.log_head()[0],
        "map": MAP,
        "sentence": followup.sentence,
        "unit": sheet.premises.kind == "unit",
        "naming": sum(x["names_the_unit"] for x in sheet.links),
    }
    return render.sheet_text("tasking.html", context)


def write_continuity(reader: Acting, home: Home, chain: followup.Chain, to: Path) -> None:
    """Print the chain of custody of a test purchase into a new PDF; it is a disclosure in the log. Raises TouchstoneError."""
    _new(to)
    body = continuity_pdf(reader, home, chain)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(body)


def continuity_pdf(reader: Acting, home: Home, chain: followup.Chain) -> bytes:
    """The chain of custody as a PDF; it is a disclosure in the log. Raises TouchstoneError."""
    if missing := pdf.missing_parts():
        raise TouchstoneError(f"the chain of custody is a PDF, and none can be made: {missing}")
    body = pdf.make_pdf(continuity_text(reader, home, chain, datetime.now(UTC)), lambda _: None, b"touchstone-continuity")
    reader.disclose(f"chain of custody of test purchase {chain.number}", {"purchase": chain.number, "steps": len(chain.steps)})
    return body


def continuity_text(reader: Acting, home: Home, chain: followup.Chain, now: datetime) -> str:
    """The HTML that the PDF is made of."""
    context = {
        "chain": chain,
        "head": chain.steps[0],
        "about": [(name, value) for name, value in followup.about(chain.steps[0]) if value is not None],
        "details": followup.details,
        "sentence": followup.sentence,
        "authority": home.settings.authority,
        "by": reader.actor.name,
        "made": f"{now:%d %B %Y, %H:%M} UTC",
        "event": reader.store.log_head()[0],
    }
    return render.sheet_text("continuity.html", context)


def _new(to: Path) -> None:
    if to.exists():
        raise TouchstoneError(
            f"{to} exists already; give another with `--out`, since a sheet that somebody may have written on is not overwritten"
        )


# -- what is on the sheet --------------------------------------------------------------------------------------------------------
def gather(reader: Acting, home: Home, premises: int, authority: str | None = None) -> Sheet:
    """Read what the sheet shows. Raises TouchstoneError where there is no such premises."""
    settings = followup.read_settings(home)
    found = reader.premises([premises])
    if not found:
        raise TouchstoneError(f"there is no premises {premises}; `touchstone premises rank` lists those with links")
    [place] = found
    building = next(iter(reader.premises([place.building])), None) if place.building is not None else None
    entries = tuple(reader.entries_of(premises))
    said = list(entries)
    if place.kind == "building":  # one that no register lists as such stands where its units stand
        said += [e for unit in reader.premises_around(premises) if unit != premises for e in reader.entries_of(unit)]
    postcodes = list(dict.fromkeys([e.postcode for e in said if e.postcode] + [p.postcode for p in find_postcodes(place.label)]))
    doors, left_out = _neighbours(reader, place, postcodes, settings.neighbours)
    door = _door(place, entries, postcodes)
    links = _standing(reader, premises)
    sellers = {s.id: s for s in reader.sellers(sorted({x.subject for x in links if x.subject_kind is SubjectKind.seller}))}
    listed = _listings(reader, links)
    of = {kind: [x.subject for x in links if x.subject_kind is kind] for kind in SubjectKind}
    standing = {each.summary.listing.id for each in reader.flagged(sellers=of[SubjectKind.seller], listings=of[SubjectKind.listing])}
    reached = sorted((s for s in listed if s.level in (Level.review, Level.priority)), key=lambda s: (-(s.score or 0), s.listing.id or 0))
    flagged = [s for s in reached if s.listing.id in standing]
    shown = _flagged(reader, home, flagged[:MOST_LISTINGS])
    area = area_of(postcodes[0]) if postcodes else None
    drawing, marks = _drawn(door, doors)
    return Sheet(
        place, building, door, entries, (area.name or area.code) if area else "",
        any(x.status == "confirmed" for x in links), [_link(reader, x, sellers, listed) for x in links],
        len(_standing(reader, place.building)) if place.building is not None else 0, doors, left_out,
        shown, len(flagged) - len(shown), _cleared(reader, [s for s in reached if s.listing.id not in standing]),
        _most(b for s in shown for b in s["brands"]), _most(s["kind"] for s in shown if s["kind"]), _reasons(shown),
        _contacts(reader, links), _names(sellers.values(), listed),
        _hints(settings, listed), sorted({str(e.parts["part"]) for e in entries if e.parts.get("part")}),
        _photos(reader, flagged, settings.pictures), followup.timeline(reader, premises, authority), _closures(reader, place),
        [settings.powers[name] for name in settings.remind], drawing, marks,
    )  # fmt: skip


def _standing(reader: Acting, premises: int | None) -> list[Link]:
    """Links to a place that nobody refused and that still stand, confirmed ones first."""
    if premises is None:
        return []
    links = reader.links(object=(SubjectKind.premises, premises))
    return sorted((x for x in links if x.status not in ("refused", GONE)), key=lambda x: (x.status != "confirmed", -x.score, x.id or 0))


def _closures(reader: Acting, place: Premises) -> list[Closure]:
    return [c for number in (place.id, place.building) if number is not None for c in reader.closures(number)]


# -- where ---------------------------------------------------------------------------------------------------------------------
def _door(place: Premises, entries: Sequence[RegisterEntry], postcodes: Sequence[str | None], same_building: bool = False) -> Door:
    names = tuple(dict.fromkeys(e.name for e in entries if e.name.strip()))
    own = next(((e.lat, e.lon) for e in entries if e.lat is not None and e.lon is not None), None)
    if own is not None:
        return Door(place, names, own[0], own[1], True, same_building)
    middle = next((p for code in postcodes if code and (p := place_of(code)) is not None and p.lat is not None), None)
    return Door(place, names, middle.lat if middle else None, middle.lon if middle else None, False, same_building)


def _neighbours(reader: Acting, place: Premises, postcodes: Sequence[str | None], most: int) -> tuple[list[Door], int]:
    """The other doors that registers know under the same postcode, those of the same building first, by number; and how many are left out."""
    known = [code for code in postcodes if code]
    of: dict[int, list[RegisterEntry]] = {}
    for entry, number, _, _ in reader.entries_by(postcodes=known) if known else []:
        if number not in (place.id, place.building):
            of.setdefault(number, []).append(entry)
    building = place.building if place.building is not None else place.id
    doors = [
        _door(p, of[p.id or 0], known, p.building is not None and p.building == building)
        for p in (reader.premises(sorted(of)) if of else [])
    ]
    doors.sort(key=lambda d: (not d.same_building, _natural(d.premises.label), d.premises.id or 0))
    return doors[:most], max(0, len(doors) - most)


def _natural(label: str) -> list[tuple[int, int, str]]:
    """2A before 14: the order in which somebody walks past."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", label.casefold()) if part]


def _drawn(door: Door, neighbours: Sequence[Door]) -> tuple[str, dict[int, int]]:
    """The map, and the number on it of each premises whose position is known."""
    this = f"THIS {'DOOR' if door.premises.kind == 'unit' else 'BUILDING'}: {door.premises.label}"
    points = {door.premises.id or 0: _point(door, this)} | {n.premises.id or 0: _point(n, n.premises.label) for n in neighbours}
    known = {number: point for number, point in points.items() if point is not None}
    return draw(list(known.values()), width=MAP_WIDTH, height=MAP_HEIGHT), {number: mark for mark, number in enumerate(known, 1)}


def _point(door: Door, label: str) -> Point | None:
    return Point(door.lat, door.lon, label, door.exact) if door.lat is not None and door.lon is not None else None


# -- what leads there ------------------------------------------------------------------------------------------------------------
def _link(reader: Acting, link: Link, sellers: Mapping[int | None, Seller], listed: Sequence[Summary]) -> dict[str, Any]:
    yes = reader.judgement_of_pair(link) if link.status == "confirmed" else None
    renewed = f" (of link {yes.subject}, before its reasons changed)" if yes and yes.subject != link.id else ""
    seller = sellers.get(link.subject) if link.subject_kind is SubjectKind.seller else None
    listing = next((s.listing for s in listed if link.subject_kind is SubjectKind.listing and s.listing.id == link.subject), None)
    subject = f"the account “{seller.name or seller.handle}” on {seller.source}" if seller else f"listing {listing.ref} on {listing.source}" if listing else f"{link.subject_kind} {link.subject}"  # fmt: skip
    return {
        "id": link.id,
        "subject": subject,
        "status": link.status,
        "level": link.level,
        "names_the_unit": any(r.code in NAMES_THE_UNIT and not r.against for r in link.reasons),
        "score": f"{link.score:.2f}",
        "for": [r for r in link.reasons if not r.against],
        "against": [r for r in link.reasons if r.against],
        "confirmed": f"confirmed by {yes.actor} on {yes.at:%d %B %Y}: {yes.reason}{renewed}" if yes else "",
    }


def _listings(reader: Acting, links: Sequence[Link]) -> list[Summary]:
    """The adverts that the links are of: those of linked accounts, and linked ones without an account."""
    found: dict[int | None, Summary] = {}
    for link in links:
        if link.subject_kind is SubjectKind.seller:
            found |= {s.listing.id: s for s in reader.seller_listings(link.subject) if s.seller == link.subject}
        elif link.subject_kind is SubjectKind.listing:
            found |= {s.listing.id: s for s in reader.summaries(numbers=[link.subject])}
    return [found[number] for number in sorted(found, key=lambda n: n or 0)]


def _flagged(reader: Acting, home: Home, flagged: Sequence[Summary]) -> list[dict[str, Any]]:
    from detectors.brands import read_brands

    brands = read_brands(home.configs("brands"))
    rows = []
    for one in flagged:
        flag, words = reader.flag(one.listing.id or 0), one.snapshot
        named = brands.of_listing(words.title, words.text, words.brand)
        rows.append(
            {
                "summary": one,
                "brands": named or ([words.brand] if words.brand else []),
                "kind": words.category or brands.category_of(words.title, words.text),
                "reasons": [c for c in sorted(flag.contributions, key=lambda c: -c.points) if c.points > 0] if flag else [],
                "spared": [c for c in flag.contributions if c.points < 0] if flag else [],
                "seen": f"{one.first_seen:%d %b %Y} to {one.last_seen:%d %b %Y}",
            }
        )
    return rows


def _cleared(reader: Acting, cleared: Sequence[Summary]) -> list[str]:
    """Who said no of each of these adverts, when and why."""
    said = {
        j.subject: j for j in standing(reader.judgements([(SubjectKind.listing, s.listing.id or 0) for s in cleared]))
    }  # the newest comes last
    return [f"{s.listing.ref} on {s.listing.source}: {j.actor} said {j.verdict} on {j.at:%d %B %Y}: {j.reason}" for s in cleared if (j := said.get(s.listing.id or 0))]  # fmt: skip


def _most(words: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(words).items(), key=lambda each: (-each[1], each[0]))


def _reasons(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Why these were flagged: of each reason its strongest sentence, and in how many adverts it stands."""
    sentences: dict[str, str] = {}
    counted: Counter[str] = Counter()
    strongest: Counter[str] = Counter()
    for row in rows:
        for reason in {c.reason for c in row["reasons"]}:
            counted[reason] += 1
        for c in row["reasons"]:
            if c.reason not in sentences or c.points > strongest[c.reason]:
                sentences[c.reason], strongest[c.reason] = c.sentence, c.points
    return [(sentences[reason], number) for reason, number in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]


def _contacts(reader: Acting, links: Sequence[Link]) -> list[tuple[str, str, int]]:
    """(kind, value as written, first capture), each value once; what a machine read in a picture says so."""
    rows: dict[tuple[str, str], tuple[str, str, int]] = {}
    for link in links:
        seller = link.subject if link.subject_kind is SubjectKind.seller else None
        listing = link.subject if link.subject_kind is SubjectKind.listing else None
        for contact, capture in reader.contacts(seller=seller, listing=listing) if (seller or listing) is not None else []:
            read = " (read by a machine in a picture)" if contact.picture is not None else ""
            rows.setdefault((contact.kind, contact.value), (contact.kind, f"{contact.raw or contact.value}{read}", capture))
    return list(rows.values())


def _names(sellers: Iterable[Seller], listed: Sequence[Summary]) -> list[tuple[str, str]]:
    """(name, where it is used): the accounts' names and handles."""
    rows: dict[str, list[str]] = {}
    for seller in sellers:
        for name in filter(None, (seller.name, seller.handle)):
            rows.setdefault(name, []).append(seller.source)
    for one in listed:
        if one.snapshot.seller_name:
            rows.setdefault(one.snapshot.seller_name, []).append(one.listing.source)
    return [(name, ", ".join(dict.fromkeys(where))) for name, where in rows.items()]


def _hints(settings: followup.Settings, listed: Sequence[Summary]) -> list[dict[str, Any]]:
    """Words of adverts that hint at a business behind another or at another floor, quoted with their surroundings."""
    if not settings.hints:
        return []
    pattern = re.compile(rf"\b(?:{'|'.join(re.escape(hint) for hint in sorted(settings.hints, key=len, reverse=True))})\b", re.IGNORECASE)
    rows: dict[str, dict[str, Any]] = {}
    for one in listed:
        for text in (one.snapshot.place, one.snapshot.title, one.snapshot.text):
            for match in pattern.finditer(text):
                quoted = " ".join(text[max(0, match.start() - 60) : match.end() + 60].split())
                rows.setdefault(quoted, {"word": match[0], "quote": quoted, "listing": one.listing, "capture": one.capture})
    return list(rows.values())[:MOST_HINTS]


# -- pictures --------------------------------------------------------------------------------------------------------------------
def _photos(reader: Acting, flagged: Sequence[Summary], most: int) -> list[Photo]:
    """Pictures of flagged adverts, the strongest flag first: one of each advert before a second of any, no picture twice."""
    of = {one.listing.id: reader.pictures(listing=one.listing.id) for one in flagged[:MOST_LISTINGS]}
    photos: list[Photo] = []
    seen: set[str] = set()
    for turn in range(max((len(pictures) for pictures in of.values()), default=0)):
        for one in flagged[:MOST_LISTINGS]:
            if len(photos) == most:
                return photos
            if turn >= len(of[one.listing.id]) or (image := of[one.listing.id][turn].image).sha256 in seen or image.problem:
                continue
            seen.add(image.sha256)
            if copy := _reduced(reader, image.sha256):
                listing = f"{one.listing.ref} on {one.listing.source}"
                handed_in = one.listing.source.startswith("sightings_")
                photos.append(Photo(f"photo-{len(photos) + 1}.jpg", listing, handed_in, image.capture, image.sha256, copy))
    return photos


def _reduced(reader: Acting, sha256: str) -> bytes | None:
    """`reduced` of a picture that is kept; None also where its bytes are gone."""
    try:
        return reduced(reader.image_bytes(sha256))
    except TouchstoneError:
        return None


def reduced(body: bytes) -> bytes | None:
    """A smaller JPEG to be looked at, upright, drawn anew without what its camera wrote; None where it cannot be opened."""
    from detectors.pictures.opening import Unreadable, opened

    try:
        kept = io.BytesIO()
        opened(body, LARGEST).save(kept, "JPEG", quality=80)
        return kept.getvalue()
    except Unreadable:
        return None
