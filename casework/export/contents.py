"""The bytes of a pack: the archive's records, the pages, the pictures and the drawings of matches; and which capture brought which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from casework.export import pages, render
from casework.export.gather import Material
from casework.export.matches import write_matches
from casework.export.records import copy_records
from casework.export.rows import Row
from casework.export.summary import shown_time
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import CaptureKind

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
}


@dataclass
class Contents:
    """Where things came to lie in the pack."""

    records: dict[int, Row | None]  # capture → its record, or None where its bytes are not in the pack
    pictures: dict[str, str | None] = field(default_factory=dict)  # digest → file
    tied: dict[str, list[int]] = field(default_factory=dict)  # digest of a picture → the captures that brought it
    pages: list[Row] = field(default_factory=list)
    matches: list[Row] = field(default_factory=list)


def write_contents(store: Store, reader: Acting, m: Material, folder: Path) -> Contents:
    """Write warc/, pages/, images/ and matches/. What cannot be written becomes a gap."""
    contents = Contents(copy_records(store, reader, m, folder / "warc"))
    decoded: dict[str, list[int]] = {}
    for number, capture in sorted(m.captures.items()):
        if contents.records[number] is None:
            continue
        body = pages.undo_encoding(reader.payload(number), capture)
        if body is not None:
            decoded.setdefault(hashlib.sha256(body).hexdigest(), []).append(number)
        if pages.is_page(capture) and m.uses[number] != ["payload"]:
            _write_page(m, contents, folder, number, body)
        elif capture.kind is CaptureKind.screenshot and body is not None:
            _write_screenshot(m, contents, folder, number, body)
    _write_pictures(reader, m, contents, folder, decoded)
    contents.matches = write_matches({number: method for number, method, _ in store.methods()}, m, contents.pictures, folder)
    return contents


def _stem(m: Material, number: int) -> str:
    label = next((e.number for e in m.exhibits if e.number in m.uses[number]), "cited")
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in label) + f"-{number}"


def _write_screenshot(m: Material, contents: Contents, folder: Path, number: int, body: bytes) -> None:
    """The PNG that our own browser made: there is nothing in it that could run, so that one form does for both."""
    capture, file = m.captures[number], f"pages/{_stem(m, number)}.png"
    (folder / "pages").mkdir(exist_ok=True)
    (folder / file).write_bytes(body)
    contents.pages.append(
        {
            "capture": number,
            "file": file,
            "view": file,
            "sha256": hashlib.sha256(body).hexdigest(),
            "charset": "",
            "exact": True,
            "url": capture.url_final,
            "at": shown_time(capture.ended_at),
            "record": capture.record_id,
        }
    )


def _write_page(m: Material, contents: Contents, folder: Path, number: int, body: bytes | None) -> None:
    capture = m.captures[number]
    if body is None:
        why = f"its encoding '{pages.header(capture, 'content-encoding')}' cannot be undone here; its bytes are in warc/"
        m.gaps.append({"capture": number, "what": f"capture {number} as text", "why": why})
        return
    stem = _stem(m, number)
    page = pages.decode(body, capture)
    view = f"pages/{stem}.html"
    row: Row = {
        "capture": number,
        "file": f"{view}.txt",
        "view": view,
        "sha256": hashlib.sha256(body).hexdigest(),
        "charset": page.charset,
        "exact": page.exact,
        "url": capture.url_final,
        "at": shown_time(capture.ended_at),
        "record": capture.record_id,
    }
    (folder / "pages").mkdir(exist_ok=True)
    (folder / f"{view}.txt").write_bytes(body)
    render.write_view(folder / view, page, row, m.case.reference)
    contents.pages.append(row)


def _write_pictures(reader: Acting, m: Material, contents: Contents, folder: Path, decoded: dict[str, list[int]]) -> None:
    referred = {r.image_sha256 for r in m.references.values() if r.image_sha256} | set(filter(None, m.beside.values()))
    mimes = {digest: image.mime for digest, image in (m.images | reader.images(sorted(referred - m.images.keys()))).items()}
    for digest in sorted(m.images.keys() | referred):
        suffix = SUFFIXES.get(mimes.get(digest, "").lower(), ".bin")  # an SVG can hold scripts: it is no picture to open here
        contents.tied[digest] = decoded.get(digest, [])
        try:
            data = reader.image_bytes(digest)
        except TouchstoneError as error:
            m.gaps.append({"image": digest, "what": f"picture {digest}", "why": str(error)})
            continue
        (folder / "images").mkdir(exist_ok=True)
        contents.pictures[digest] = f"images/{digest}{suffix}"
        (folder / "images" / f"{digest}{suffix}").write_bytes(data)
