"""The case's WARC records, copied byte for byte out of the archive: each with its request, its segment's warcinfo, and the
record that holds its payload where it is a revisit."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from casework.export.gather import Material
from casework.export.rows import Row
from store.archive import ArchiveError
from store.store import Acting, Store
from store.warc import Unsound, inflate, unpack
from store.words.records import Location


def copy_records(store: Store, reader: Acting, material: Material, folder: Path) -> dict[int, Row | None]:
    """Write warc/*.warc.gz; for each capture where its record now lies in the pack, or None where its bytes are not there."""
    places = {number: _place(store, reader, material, number) for number in sorted(material.captures)}
    holders: dict[int, int] = {}
    for number, place in list(places.items()):
        if place is not None and place.payload_of is not None:
            holder = place.payload_of
            holders[number] = holder
            if holder not in places:
                material.use(reader.capture(holder), "payload")
                places[holder] = _place(store, reader, material, holder)
    wanted: dict[str, dict[int, Location]] = defaultdict(dict)
    for place in places.values():
        if place is not None:
            wanted[place.segment][place.offset] = place
    moved: dict[str, Row] = {}
    for segment in sorted(wanted):
        moved |= _copy_segment(store.archive.folder / segment, folder / segment, wanted[segment])
    out: dict[int, Row | None] = {}
    for number, place in places.items():
        holder_place = places.get(holders.get(number, -1))
        out[number] = {**moved[place.record_id], "payload_record": holder_place.record_id if holder_place else None} if place else None
    return out


def _place(store: Store, reader: Acting, material: Material, number: int) -> Location | None:
    """Where a capture's record lies, if it is whole; else a gap that says why not."""
    place = reader.place(number)
    why = ""
    if place is None:
        why = "the archive has no record of it"
    elif place.record_type == "tombstone":
        why = "its bytes were erased; the event of the erasure is in the log"
    else:
        try:
            store.archive.read(place.segment, place.offset, place.length)
        except ArchiveError as error:
            why = f"its record in the archive is damaged: {error}"
    if not why:
        return place
    material.gaps.append({"capture": number, "what": f"the bytes of capture {number}", "why": why})
    return None


def _copy_segment(source: Path, target: Path, wanted: dict[int, Location]) -> dict[str, Row]:
    """Copy the records at those offsets, in order; each one's new place by its id."""
    target.parent.mkdir(parents=True, exist_ok=True)
    placed: dict[str, Row] = {}
    with source.open("rb") as old, target.open("wb") as new:

        def take(offset: int, length: int) -> int:
            old.seek(offset)
            at = new.tell()
            new.write(old.read(length))
            return at

        length, data = inflate(old, 0)
        if unpack(data).record_type == "warcinfo":
            take(0, length)
        for offset, place in sorted(wanted.items()):
            at = take(offset, place.length)
            placed[place.record_id] = {
                "file": f"warc/{target.name}",
                "offset": at,
                "length": place.length,
                "record_id": place.record_id,
                "record_type": place.record_type,
            }
            try:
                length, data = inflate(old, offset + place.length)
                follows = unpack(data)
            except Unsound:  # the end of the segment
                continue
            if follows.record_type == "request" and follows.warc_headers.get("WARC-Concurrent-To") == place.record_id:
                take(offset + place.length, length)
    return placed
