"""What lies beside the exhibits: pictures of listings that are none, on which findings and links rest, with what brought them and what was found of
them; the words of pages that links cite; and what is named because it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from casework.export.shown import counted
from store.alike import KINDS
from store.store import Acting, Store
from store.words.records import CaptureKind, Link, SubjectKind

if TYPE_CHECKING:
    from casework.export.gather import Material
    from store.findings import KeptFinding

PAGES = (CaptureKind.page, CaptureKind.rendered)
OUTSIDE = {
    "what": "whatever else the authority holds that bears on the case",
    "why": "a pack has what its exhibits rest on; other material, of whatever kind, belongs on the authority's disclosure schedules (CPIA 1996), which are no part of a pack",
}


@dataclass(frozen=True, slots=True)
class Beside:
    """Another listing's picture that a finding or a link rests on. `sha256` is "" where its bytes stay outside the pack, and `why` says why."""

    sha256: str
    listing: int
    seller: int | None
    why: str = ""


def gather_beside(reader: Acting, m: Material) -> None:
    """Pictures of listings that are no exhibits, on which findings and links rest. The bytes of those that a finding says match, and of the
    case's own accounts, go into the pack.

    Of the case's own accounts the captures that brought them go in too; of others, whose addresses would be told, a gap names them.

    What was told or handed in stays out: a sighting goes into a pack as an exhibit of its own or not at all. So does a picture that only seems
    to be of the same place as one of the case: it shows somebody's room, and such a finding is a lead that counts for nothing in a score."""
    matched = {pointer.other for _, pointer in m.compared()}
    named = {p.other for f in m.findings.values() for p in f.finding.pointers} | {f"picture:{n}" for n in _of_links(m)}
    wanted = {int(n) for kind, _, n in (other.partition(":") for other in named) if kind == "picture" and n.isdigit()} - m.pictures.keys()
    for picture in reader.pictures(sorted(wanted)) if wanted else []:
        sha256, captures = picture.image.sha256, reader.listing_captures(picture.listing)
        brought = [c for c in captures if c.kind is not CaptureKind.handed_in and sha256 in (c.body_digest, c.decoded_digest)]
        why = "" if brought else "it was handed in, and would go into a pack only with its listing, as an exhibit of its own"
        if not why and picture.seller not in m.sellers and f"picture:{picture.id}" not in matched:
            why = "it may show somebody's home, and the finding is a lead that counts for nothing in a score; the store holds it"
        m.beside[picture.id] = Beside("" if why else sha256, picture.listing, picture.seller, why)
        if not why:
            m.images.setdefault(sha256, picture.image)
            if picture.seller in m.sellers:
                m.use(brought[0], "compared")
            else:
                what = f"the capture that brought picture {picture.id} (images/{sha256[:12]}…), number {brought[0].id}"
                said = "it would tell the address of an account outside the case; the file is that of its digest, and the store holds the capture"
                m.gaps.append({"picture": picture.id, "image": sha256, "what": what, "why": said})
    _found_of_links(reader, m)
    _quoted(reader, m)


def pairs_of(link: Link) -> Iterator[tuple[int, int, str]]:
    """The pairs of pictures that a link rests on, each with the reason's code: a reason with its weight, then the other account's."""
    for here, there in pairwise(link.reasons):
        if here.picture is not None and there.picture is not None and here.code == there.code and here.weight and not there.weight:
            yield here.picture, there.picture, here.code


def _found_of_links(reader: Acting, m: Material) -> None:
    """The findings that hold together the pictures of a link, one of each pair; a gap counts what else was found of these pictures."""
    shown = m.pictures.keys() | {n for n, each in m.beside.items() if each.sha256}
    for number, link in sorted(m.links.items()):
        pairs = {(a, b) for a, b, _ in pairs_of(link) if {a, b} <= shown}
        subjects = [(SubjectKind.picture, n) for n in sorted({n for pair in pairs for n in pair})]
        found = reader.findings_of(subjects) if subjects else []
        held = {
            (f.subject, int(p.other.partition(":")[2])): f
            for f in found
            if f.finding.reason in KINDS
            for p in f.finding.pointers
            if p.other.startswith("picture:")
        }
        known = {pair: f for pair, f in held.items() if f.id in m.findings}  # of two that say the same, one that is here anyway
        kept = [next(filter(None, (of.get(pair) for of in (known, held) for pair in ((a, b), (b, a)))), None) for a, b in sorted(pairs)]
        mine = {f.id: f for f in kept if f is not None}
        beyond = [
            f for f in found if f.id not in mine.keys() | m.findings.keys() and (f.subject, *_others(f)) not in {(b, a) for a, b in pairs}
        ]
        m.examinations |= (
            {e.id: e for e in reader.examinations_of(subjects) if e.id in {f.examination for f in mine.values()}} if mine else {}
        )
        m.findings |= mine
        if beyond:
            what = f"{counted(len(beyond), 'further finding')} of the pictures that link {number} rests on"
            m.gaps.append(
                {
                    "link": number,
                    "what": what,
                    "why": "they are of listings that are no exhibits, or compare with others; the store holds them",
                }
            )
        for a, b in sorted(pairs - held.keys() - {(b, a) for a, b in held}):
            if m.sha256(a) != m.sha256(b):
                why = "none holds the two against each other: further pictures, each found to match the next, lead from one to the other"
                m.gaps.append(
                    {"link": number, "what": f"a finding that pictures {a} and {b}, on which link {number} rests, match", "why": why}
                )


def _others(f: KeptFinding) -> list[int]:
    return [int(p.other.partition(":")[2]) for p in f.finding.pointers if p.other.startswith("picture:")]


def _quoted(reader: Acting, m: Material) -> None:
    """What was read of pages that a link which is an exhibit cites, of the case's own accounts, for its words to be quoted on paper. Those of a
    link that is none stay unquoted: their listings may be of another case."""
    exhibited = [m.links[n] for n in m.of(SubjectKind.link) if n in m.links]
    cited = {r.capture for x in exhibited for r in x.reasons if r.capture is not None}
    for capture in sorted(cited & m.captures.keys()):
        mine = [r for r in reader.readings(capture=capture) if r.seller in m.sellers]
        if mine:
            m.quoted[capture] = mine[-1].seller or 0, reader.snapshots([mine[-1].snapshot])[0]


def _of_links(m: Material) -> dict[int, list[int]]:
    """The pictures that reasons of links rest on, each with the links."""
    found: dict[int, list[int]] = {}
    for number, link in sorted(m.links.items()):
        for picture in {r.picture for r in link.reasons if r.picture is not None}:
            found.setdefault(picture, []).append(number)
    return found


def name_outside(store: Store, reader: Acting, m: Material) -> None:
    """Name what findings and links rest on that is not in the pack; and that the authority may hold more, without a word of what."""
    uses: dict[int, list[str]] = {}
    for f in m.findings.values():
        for kind, _, picture in {p.other.partition(":") for p in f.finding.pointers}:
            if kind == "picture" and picture.isdigit():
                uses.setdefault(int(picture), []).append(f"finding {f.id}")
    for linked, links in _of_links(m).items():
        uses.setdefault(linked, []).extend(f"link {number}" for number in links)
    for number, resting in sorted(uses.items()):
        _of_picture(reader, m, number, f"on which {', '.join(resting)} rest{'s' if len(resting) == 1 else ''}")
    for name, count in store.recorded_of(m.case.reference).items():
        if count:
            what = {"referral": counted(count, "referral") + " to others", "money": counted(count, "record") + " of money"}[name]
            m.gaps.append({"what": f"{what} in the case", "why": "they are not gathered into packs; the store holds them"})
    m.gaps.append(dict(OUTSIDE))


def _of_picture(reader: Acting, m: Material, number: int, use: str) -> None:
    """What of another listing's picture is missing: its bytes, and its listing."""
    if number in m.pictures:
        return
    beside = m.beside.get(number)
    if beside is None:
        m.gaps.append({"picture": number, "what": f"picture {number}, {use}", "why": "the store does not hold it any more"})
        return
    whose = "the other account of this case" if beside.seller in m.sellers else "an account outside the case"
    if beside.why:
        m.gaps.append({"picture": number, "what": f"picture {number} of {whose}, and its listing, {use}", "why": beside.why})
    if beside.why or beside.listing in m.listings:
        return
    pages = [c.id for c in reader.listing_captures(beside.listing) if c.id in m.captures and c.kind in PAGES]
    here = f"; its page is here as capture {', '.join(map(str, pages))}, since something cites it" if pages else "; the store holds it"
    what = f"the listing of picture {number}, of {whose}, {use}"
    m.gaps.append({"picture": number, "what": what, "why": f"it is no exhibit{here}"})
