"""A handed-in file into the store: the file and each of its parts as captures, its pages read through a source's platform, pictures joined.

What the file says of where and when a page was is a claim: the capture's own time is that of handing in, its kind says `handed_in`, and
the address that the file claims is its final one only because links and pictures in the page stand on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from crawler.handed_in._bare import bare
from crawler.handed_in._parts import Contents, Part, Role, printable, same
from crawler.images import image_of
from crawler.pages import page_of
from crawler.reading import Read, read_page, role
from crawler.source import Kind, Source
from store.archive import ArchiveWriter
from store.store import Store
from store.words.hosts import host_of
from store.words.records import Capture, CaptureKind, Image, Run

PARSER = "handed_in/1"
NOT_SHOWN = "picture not shown"
LEAST_INLINED = 100  # pixels a side: an inlined picture smaller than this is a button


@dataclass
class Kept:
    """What became of a file: its capture, the images in it (SHA-256, capture), how many listings its pages gave, and the counts."""

    capture: Capture
    pictures: list[tuple[str, int]] = field(default_factory=list)
    parts: list[tuple[Capture, Part]] = field(default_factory=list)
    listings: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def keep(
    store: Store,
    writer: ArchiveWriter,
    run: Run,
    contents: Contents,
    *,
    source_name: str,
    source: Source | None = None,
    any_source: bool = False,
    part_of: int | None = None,
    without_metadata: bool = False,
    purpose: str,
) -> Kept:
    """Keep a file whole with all its parts, or none of it; then read its pages, where a source says how (or, with `any_source`, by schema.org).

    A picture is its file: it is kept once. With `without_metadata` a copy of each picture is kept beside it that says nothing of camera
    and place, and it is the copy that a listing shows; one of which no such copy can be made is shown on none. What could not be read
    is kept as unread rows of the file's capture.
    """
    now = datetime.now(UTC)
    urn = f"urn:sha256:{contents.original}"
    file, pieces = _pieces(contents, without_metadata)
    parts = [
        (_capture(run, _source_of(p.part, source, any_source, source_name), f"{urn}#{p.label}", p.part.url, p.part.mime, now), p.part.body)
        for p in pieces
    ]
    own = replace(_capture(run, source_name, urn, "", contents.mime, now), part_of=part_of)
    capture = store.keep_rendered(writer, own, contents.body, parts, actor=run.actor, purpose=purpose)
    assert capture.id is not None
    kept = Kept(capture)
    with store.acting(run.actor, purpose=purpose, justification="reading what was handed in", run=run.id) as reader:
        of_parts = reader.parts_of(capture.id) if pieces else []
    kept.parts = [(each, p.part) for each, p in zip(of_parts, pieces, strict=True)]
    for number, problem in enumerate(contents.problems, 1):
        store.keep_unread(capture.id, PARSER, f"{contents.kind} {number}", problem, run.id)
        kept.counts["problems"] += 1
    everything = [*([(capture, file)] if file else []), *zip(of_parts, pieces, strict=True)]
    for each, piece in everything:
        if piece.not_shown:
            store.keep_unread(each.id or 0, PARSER, NOT_SHOWN, piece.not_shown, run.id)
            kept.counts["pictures not shown"] += 1
        kept.counts["copies without metadata"] += piece.is_copy
    pictures = [(p.part, _keep_image(store, kept, each, p.part.body)) for each, p in everything if p.part.role is Role.picture]
    if file is None:
        kept.counts["parts"] = len(contents.parts)
        if source is not None or any_source:
            _read(store, run, kept, source, pictures)
    return kept


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part as it is kept. Its label is a number: a file's name may be somebody's."""

    label: str
    part: Part
    is_copy: bool = False
    not_shown: str = ""  # why a picture is shown on no listing


def _pieces(contents: Contents, without_metadata: bool) -> tuple[_Piece | None, list[_Piece]]:
    """A picture's file as its own piece (None for other files), and the pieces that are kept as parts of the file."""
    if contents.kind != "picture":
        return None, [piece for number, part in enumerate(contents.parts, 1) for piece in _shown(part, number, without_metadata)]
    file, *copies = _shown(Part("", contents.body, contents.mime, Role.picture), 1, without_metadata)
    return file, copies


def _shown(part: Part, number: int, without_metadata: bool) -> Iterator[_Piece]:
    """A part; of a picture that says more than it shows the original, which has no address that could lead to it, and the copy."""
    label = f"{'file' if part.role is Role.other else part.role}-{number}"
    cut = bare(part.body) if without_metadata and part.role is Role.picture else part.body
    if cut == part.body:
        yield _Piece(label, part)
        return
    why = "" if cut else "what its camera wrote cannot be taken out, so it is shown on no listing"
    yield _Piece(label, replace(part, role=Role.other, url=""), not_shown=why)
    if cut:
        yield _Piece(f"{label}-without-metadata", replace(part, body=cut), is_copy=True)


def _capture(run: Run, source: str, urn: str, url: str, mime: str, now: datetime) -> Capture:
    headers = (("Content-Type", printable(mime, 200) or "application/octet-stream"),)
    return Capture(None, run.id, source, CaptureKind.handed_in, "PUT", urn, url or urn, (), 200, (), headers, "", 0, now, now)


def _source_of(part: Part, source: Source | None, any_source: bool, otherwise: str) -> str:
    if part.role is not Role.page:
        return source.name if source else otherwise
    return source.name if source else (host_of(part.url)[:80] or otherwise) if any_source else otherwise


def schema_source(url: str) -> Source:
    """A source of no YAML, named by the page's host: what its pages say by schema.org can be read without knowing the site."""
    parts = urlsplit(url)
    made = Source(host_of(url), Kind.marketplace, f"{parts.scheme}://{parts.netloc}/", "schema_org")
    object.__setattr__(made, "name", host_of(url)[:80])
    return made


def _keep_image(store: Store, kept: Kept, capture: Capture, body: bytes) -> Image:
    assert capture.id is not None
    image = image_of(capture, body)
    store.keep_image(image)
    kept.counts["pictures"] += 1
    if image.problem:
        kept.counts["pictures with a problem"] += 1
    if all(known != image.sha256 for known, _ in kept.pictures):
        kept.pictures.append((image.sha256, capture.id))
    return image


def _read(store: Store, run: Run, kept: Kept, source: Source | None, pictures: Sequence[tuple[Part, Image]]) -> None:
    where = {same(part.url): image for part, image in pictures if part.url}
    inlined = [image for part, image in pictures if part.name.startswith("inlined-")]
    for capture, part in kept.parts:
        if part.role is not Role.page:
            continue
        if not part.url:
            kept.counts["pages without an address"] += 1
            continue
        by = source or schema_source(part.url)
        if source is not None and not source.owns(part.url):
            kept.counts["pages of another site"] += 1
            continue
        if role(by, part.url) == "list":
            kept.counts["pages that only lead on"] += 1
            continue
        read = read_page(store, by, capture, page_of(capture, part.body), run.id)
        kept.counts["pages"] += 1
        kept.counts.update(read.counts)
        kept.listings |= {reading.listing for reading, _ in read.readings}
        _join(store, kept, read, where, inlined)


def _join(store: Store, kept: Kept, read: Read, where: Mapping[str, Image], inlined: Sequence[Image]) -> None:
    """The pictures that a listing names, where the file holds them; of a page with one listing also those written into it as data."""
    joined: set[str] = set()
    for reading, urls in read.readings:
        assert reading.id is not None
        for position, url in enumerate(urls):
            if found := where.get(same(url)):
                store.join_image(reading.id, position, found.sha256, found.capture)
                joined.add(found.sha256)
                kept.counts["pictures joined"] += 1
            else:
                kept.counts["pictures not in the file"] += 1
    if len(read.readings) != 1:
        return
    [(reading, urls)] = read.readings
    large = [image for image in inlined if min(image.width or 0, image.height or 0) >= LEAST_INLINED and image.sha256 not in joined]
    for offset, image in enumerate(large):
        assert reading.id is not None
        store.join_image(reading.id, len(urls) + offset, image.sha256, image.capture)
        kept.counts["pictures joined"] += 1
