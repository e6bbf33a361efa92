"""What lies beside the exhibits: pictures of listings that are none, on which findings and links rest; and what is named because it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework.export.shown import counted
from store.store import Acting, Store
from store.words.records import CaptureKind

if TYPE_CHECKING:
    from casework.export.gather import Material

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

    What was told or handed in stays out: a sighting goes into a pack as an exhibit of its own or not at all. So does a picture that only seems
    to be of the same place as one of the case: it shows somebody's room, and such a finding is a lead that counts for nothing."""
    matched = {pointer.other for _, pointer in m.compared()}
    named = {p.other for f in m.findings.values() for p in f.finding.pointers} | {f"picture:{n}" for n in _of_links(m)}
    wanted = {int(n) for kind, _, n in (other.partition(":") for other in named) if kind == "picture" and n.isdigit()} - m.pictures.keys()
    for picture in reader.pictures(sorted(wanted)) if wanted else []:
        sha256, captures = picture.image.sha256, reader.listing_captures(picture.listing)
        collected = any(c.kind is not CaptureKind.handed_in and sha256 in (c.body_digest, c.decoded_digest) for c in captures)
        why = "" if collected else "it was handed in, and would go into a pack only with its listing, as an exhibit of its own"
        if not why and picture.seller not in m.sellers and f"picture:{picture.id}" not in matched:
            why = "it may show somebody's home, and the finding is a lead that counts for nothing; the store holds it"
        m.beside[picture.id] = Beside("" if why else sha256, picture.listing, picture.seller, why)
        if not why and picture.seller in m.sellers:  # others stand in matches.jsonl alone
            m.images.setdefault(sha256, picture.image)


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
