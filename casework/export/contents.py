"""The bytes of a pack: the archive's records, the pages, the pictures, the files that were handed in and the drawings of matches; and which
capture brought which. Each record is read once, in pieces, and held against its digests; what cannot be written becomes a gap."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from casework.export import pages, records, render
from casework.export.gather import Material
from casework.export.matches import write_matches
from casework.export.rows import Row
from casework.export.shown import shown_time
from store.archive import ArchiveError
from store.errors import TouchstoneError
from store.seals import Seal
from store.store import Acting, Store
from store.words.records import CaptureKind, Location

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
}
CAME = {
    CaptureKind.page: "This is what the server sent.",
    CaptureKind.rendered: "This is the document as a browser wrote it out after the page's scripts had run; what servers sent to the browser are captures of their own.",
    CaptureKind.handed_in: "This is a file that was handed in.",
}
PART = ".part"  # a file that is being written, until its digest is known to be right
HANDED = SUFFIXES | {"application/pdf": ".pdf", "text/plain": ".txt"}  # as what a file that was handed in is given; all else ends in .bin


@dataclass
class Contents:
    """Where things came to lie in the pack. Paths are those below data/."""

    records: records.Copied = field(default_factory=records.Copied)
    pictures: dict[str, str | None] = field(default_factory=dict)  # digest → file
    tied: dict[str, list[int]] = field(default_factory=dict)  # digest of a picture → the captures that brought it
    pages: list[Row] = field(default_factory=list)
    handed: list[Row] = field(default_factory=list)  # the other files that were handed in
    matches: list[Row] = field(default_factory=list)


def write_contents(store: Store, reader: Acting, m: Material, folder: Path, seal: Seal, software: str) -> Contents:
    """Write archive.wacz, pages/, images/, files/ and matches/ into `folder`, the pack's data/."""
    contents = Contents()
    wanted = _wanted(reader, m)
    places = records.places_of(reader, m)
    decoded: dict[int, str] = {}
    for number in sorted(places, key=lambda n: (places[n].record_type == "revisit", n)):  # what repeats others' bytes after those
        try:
            decoded[number] = _Taking(store, m, places, number, wanted, folder, contents).take(decoded)
        except ArchiveError as error:
            (folder / PART).unlink(missing_ok=True)
            records.no_bytes(m, number, f"its record in the archive is damaged: {error}")
            del places[number]
    contents.pages.sort(key=lambda row: int(row["capture"]))
    contents.handed.sort(key=lambda row: int(row["capture"]))
    for digest in sorted(wanted):
        contents.tied[digest] = sorted(n for n, of in decoded.items() if of == digest)
        if digest not in contents.pictures:
            _from_elsewhere(reader, m, contents, folder, digest, wanted[digest])
    contents.records = records.write_wacz(store, m, places, folder / "archive.wacz", seal=seal, software=software)
    contents.matches = write_matches({number: method for number, method, _ in store.methods()}, m, contents.pictures, folder)
    return contents


def _wanted(reader: Acting, m: Material) -> dict[str, str]:
    """Every picture that belongs here, by digest: its file."""
    referred = {r.image_sha256 for r in m.references.values() if r.image_sha256} | {
        each.sha256 for each in m.beside.values() if each.sha256
    }
    known = m.images | reader.images(sorted(referred - m.images.keys()))
    mimes = {digest: image.mime.lower() for digest, image in known.items()}
    # an SVG can hold scripts: it is no picture to open here
    return {digest: f"images/{digest}{SUFFIXES.get(mimes.get(digest, ''), '.bin')}" for digest in m.images.keys() | referred}


def _from_elsewhere(reader: Acting, m: Material, contents: Contents, folder: Path, digest: str, file: str) -> None:
    """A picture that no capture of the case brought: a reference's, another seller's."""
    try:
        data = reader.image_bytes(digest)
    except TouchstoneError as error:
        m.gaps.append({"image": digest, "what": f"picture {digest}", "why": str(error)})
        return
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(data)
    contents.pictures[digest] = file


class _Taking:
    """One capture's bytes, read once: held against their digests, and written to where a reader of the pack looks for them."""

    def __init__(
        self, store: Store, m: Material, places: Mapping[int, Location], number: int, wanted: Mapping[str, str], folder: Path, contents: Contents
    ) -> None:  # fmt: skip
        self.store, self.m, self.places, self.number, self.wanted = store, m, places, number, wanted
        self.folder, self.contents = folder, contents
        self.capture = m.captures[number]
        self.coding = pages.coding(self.capture)
        self.page = pages.is_page(self.capture) and m.uses[number] != ["payload"]

    def take(self, decoded: Mapping[int, str]) -> str:
        """The digest of the bytes with their Content-Encoding undone; "" where that cannot be. Raises ArchiveError."""
        place = self.places[self.number]
        if place.record_type == "revisit":
            with self.store.archive.stream(place.segment, place.offset, place.length) as own:
                for _ in own:
                    pass
            holder = place.payload_of
            if holder not in self.places or holder is None:
                raise ArchiveError(f"the record of capture {holder}, which holds its bytes, is not here")
            if not self.page and pages.coding(self.m.captures[holder]) == self.coding:
                return decoded[holder]
            place = self.places[holder]
        with self.store.archive.stream(place.segment, place.offset, place.length) as record, ExitStack() as stack:
            out, part = self._out(stack)
            kept, size = [], 0
            for piece in record:
                size += len(piece)
                if out is not None:
                    out.write(piece)
                if (self.page or self.coding) and size <= pages.MOST:
                    kept.append(piece)
        if out is not None and part is not None:
            return self._named(part, record.payload_digest)
        if not (self.page or self.coding):
            return record.payload_digest
        body = pages.undo_encoding(b"".join(kept), self.capture) if size <= pages.MOST else None
        digest = hashlib.sha256(body).hexdigest() if body is not None else "" if self.coding else record.payload_digest
        if self.page:
            self._page(body, size > pages.MOST)
        if body is not None and digest in self.wanted and digest not in self.contents.pictures:
            (self.folder / "images").mkdir(exist_ok=True)
            (self.folder / self.wanted[digest]).write_bytes(body)
            self.contents.pictures[digest] = self.wanted[digest]
        return digest

    def _out(self, stack: ExitStack) -> tuple[IO[bytes] | None, Path | None]:
        """A file for the bytes as they are, where they are a picture, a screenshot or a file that was handed in; renamed once they hold."""
        new_picture = self.capture.body_digest in self.wanted and self.capture.body_digest not in self.contents.pictures
        handed = self.capture.kind is CaptureKind.handed_in and self.capture.body_digest not in self.wanted
        if self.page or self.coding or not (new_picture or handed or self.capture.kind is CaptureKind.screenshot):
            return None, None
        part = self.folder / PART
        return stack.enter_context(part.open("wb")), part

    def _named(self, part: Path, digest: str) -> str:
        if self.capture.kind is CaptureKind.screenshot:
            file = f"pages/{self._stem}.png"
            # the PNG that our own browser made: there is nothing in it that could run, so that one form does for both
            self.contents.pages.append(self._row(file, file, digest, "", True))
        elif digest in self.wanted:
            file = self.contents.pictures[digest] = self.wanted[digest]
        else:
            mime = pages.header(self.capture, "content-type").partition(";")[0].strip().lower()
            file = f"files/{self._stem}{HANDED.get(mime, '.bin')}"
            self.contents.handed.append({"capture": self.number, "file": file, "sha256": digest, "mime": mime})
        (self.folder / file).parent.mkdir(exist_ok=True)
        part.rename(self.folder / file)
        return digest

    @property
    def _stem(self) -> str:
        label = next((e.number for e in self.m.exhibits if e.number in self.m.uses[self.number]), "cited")
        return "".join(c if c.isalnum() or c in "-_" else "-" for c in label) + f"-{self.number}"

    def _row(self, file: str, view: str, digest: str, charset: str, exact: bool) -> Row:
        return {
            "capture": self.number, "file": file, "view": view, "sha256": digest, "charset": charset, "exact": exact,
            "url": self.capture.url_final, "at": shown_time(self.capture.ended_at), "record": self.capture.record_id,
        }  # fmt: skip

    def _page(self, body: bytes | None, too_long: bool) -> None:
        if body is None:
            coding = pages.header(self.capture, "content-encoding")
            why = f"it is longer than {pages.MOST >> 20} MB" if too_long or not coding else f"its encoding '{coding}' cannot be undone here"
            row = {"capture": self.number, "what": f"capture {self.number} as text", "why": f"{why}; its bytes are in archive.wacz"}
            self.m.gaps.append(row)
            return
        page = pages.decode(body, self.capture)
        view = f"pages/{self._stem}.html"
        row = self._row(f"{view}.txt", view, hashlib.sha256(body).hexdigest(), page.charset, page.exact)
        (self.folder / "pages").mkdir(exist_ok=True)
        (self.folder / f"{view}.txt").write_bytes(body)
        render.write_view(self.folder / view, page, row, self.m.case.reference, CAME.get(self.capture.kind, ""))
        self.contents.pages.append(row)
