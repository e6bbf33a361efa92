"""The archive's records of a case: where each lies, whether it is whole, and their copy, byte for byte, into one WACZ file: each with its
request, its segment's warcinfo, and the record that holds its payload where it is a revisit."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casework.export import pages
from casework.export.gather import Material
from casework.export.rows import Row
from casework.export.wacz import Entry, WaczWriter
from casework.verify import cdxj
from store.archive import Archive, ArchiveError
from store.archive_writer import SEGMENT
from store.seals import Seal
from store.store import Acting, Store
from store.words.records import Capture, CaptureKind, Location


def places_of(reader: Acting, m: Material) -> dict[int, Location]:
    """Where each capture's record lies, those included that hold the payloads of others; a gap for each that has none."""
    places: dict[int, Location] = {}
    for number in sorted(m.captures):
        if (place := _place(reader, m, number)) is not None:
            places[number] = place
    for holder in sorted({p.payload_of for p in places.values() if p.payload_of is not None} - m.captures.keys()):
        m.use(reader.capture(holder), "payload")
        if (place := _place(reader, m, holder)) is not None:
            places[holder] = place
    return places


def _place(reader: Acting, m: Material, number: int) -> Location | None:
    place = reader.place(number)
    if place is not None and place.record_type != "tombstone":
        return place
    if number in m.erased:
        why = f"they were erased after the case was sealed, at event {m.erased[number]} of the log"
    else:
        why = "its bytes were erased; the event of the erasure is in the log" if place else "the archive has no record of it"
    no_bytes(m, number, why)
    return None


def no_bytes(m: Material, number: int, why: str) -> None:
    """Say that the bytes of a capture are not in the pack, and why."""
    m.gaps.append({"capture": number, "what": f"the bytes of capture {number}", "why": why})


@dataclass
class Copied:
    """What lies in the WACZ: `captures`: capture → its record and the one with its payload; `rows`: a row for every record."""

    captures: dict[int, Row] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    index: list[bytes] = field(default_factory=list)


def write_wacz(store: Store, m: Material, places: Mapping[int, Location], path: Path, *, seal: Seal, software: str) -> Copied:
    """Copy the records at `places` into a new WACZ file. They lie in an entry for each segment, in the order in which they were kept."""
    copied = Copied()
    by_stem: dict[str, list[tuple[int, Location]]] = defaultdict(list)
    for number, place in places.items():
        found = SEGMENT.fullmatch(place.segment)
        if found is None:
            raise ArchiveError(f"{place.segment!r} is not the name of a segment")
        by_stem[found["stem"]].append((number, place))  # the same, however often the segment was rewritten for erasures of something else
    with WaczWriter(path) as wacz:
        for stem in sorted(by_stem):
            name = f"archive/{stem}.warc.gz"
            here = sorted(by_stem[stem], key=lambda item: (item[1].offset, item[0]))
            with wacz.resource(name, 2 * sum(place.length for _, place in here)) as out:
                _copy(store.archive, m, here, name, out, copied)
        for number, place in places.items():
            holder = places[place.payload_of].record_id if place.payload_of is not None else None
            copied.captures[number] = {"record_id": place.record_id, "payload_record": holder}
        title = f"Captures of case {m.case.reference} as sealed at event {seal.event} of the log"
        copied.index.sort()
        wacz.finish(index=copied.index, pages=_pages(m, places), title=title, created=f"{seal.at:%Y-%m-%dT%H:%M:%SZ}", software=software)
    return copied


def _copy(archive: Archive, m: Material, here: Iterable[tuple[int, Location]], name: str, out: Entry, copied: Copied) -> None:
    begun: set[str] = set()

    def take(segment: str, offset: int, length: int, record: str, kind: str, **more: object) -> None:
        at, digest = out.at, hashlib.sha256()
        for piece in archive.raw(segment, offset, length):
            out.write(piece)
            digest.update(piece)
        row = {"id": record, "type": kind, "file": name, "offset": at, "length": length, "sha256": digest.hexdigest()}
        copied.rows.append(row | {"capture": None, "answer": None} | more)

    for number, place in here:
        if place.segment not in begun and not begun:
            with archive.stream(place.segment, 0, None) as first:
                for _ in first:
                    pass
            if first.record_type == "warcinfo":
                take(place.segment, 0, first.length or 0, first.record_id, "warcinfo")
        begun.add(place.segment)
        copied.index += _indexed(m.captures[number], place, name, out.at)
        take(place.segment, place.offset, place.length, place.record_id, place.record_type, capture=number)
        if follows := archive.request_after(place.segment, place.offset, place.length, place.record_id):
            request, length = follows
            take(place.segment, place.offset + place.length, length, request, "request", answer=place.record_id)


def _indexed(capture: Capture, place: Location, name: str, at: int) -> Iterator[bytes]:
    """The capture's line in the index. A screenshot has the address of its page and is not what a server answered there: it has none."""
    if capture.kind is not CaptureKind.screenshot:
        mime = pages.header(capture, "content-type").partition(";")[0].strip() or "unk"
        yield cdxj(
            capture.url_final, f"{capture.ended_at:%Y%m%d%H%M%S%f}"[:17], mime="warc/revisit" if place.record_type == "revisit" else mime,
            status=capture.status, digest=f"sha256:{capture.body_digest}", length=place.length, offset=at, filename=name.rpartition("/")[2],
        )  # fmt: skip


def _pages(m: Material, places: Mapping[int, Location]) -> Iterator[Row]:
    titles = {r.capture: m.snapshots[r.snapshot].title for _, r in sorted(m.readings.items())}
    for number, capture in sorted(m.captures.items()):
        if number in places and pages.is_page(capture) and m.uses[number] != ["payload"]:
            moment = f"{capture.ended_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
            title = titles.get(number) or capture.url_final
            yield {"id": f"capture-{number}", "url": capture.url_final, "ts": moment, "title": title}
