"""A handed-in file into the store: the file and each of its parts as captures, its pages read through a source's platform, pictures joined.

What the file says of where and when a page was is a claim: the capture's own time is that of handing in, its kind says `handed_in`, and
the address that the file claims is its final one only because links and pictures in the page stand on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

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

    A picture is its file: it is kept once. With `without_metadata` a copy is kept beside it that says nothing of camera and place, and
    it is the copy that a listing shows. What could not be read is kept as unread rows of the file's capture.
    """
    now = datetime.now(UTC)
    whole = contents.parts if contents.kind != "picture" else ()
    urn = f"urn:sha256:{contents.original}"
    parts = [
        (_capture(run, _source_of(part, source, any_source, source_name), f"{urn}#{quote(part.name)}", part.url, part.mime, now), part.body)
        for part in whole
    ]
    own = replace(_capture(run, source_name, urn, "", contents.mime, now), part_of=part_of)
    capture = store.keep_rendered(writer, own, contents.body, parts, actor=run.actor, purpose=purpose)
    assert capture.id is not None
    kept = Kept(capture)
    with store.acting(run.actor, purpose=purpose, justification="reading what was handed in", run=run.id) as reader:
        kept.parts = list(zip(reader.parts_of(capture.id), whole, strict=True)) if whole else []
    for number, problem in enumerate(contents.problems, 1):
        store.keep_unread(capture.id, PARSER, f"{contents.kind} {number}", problem, run.id)
        kept.counts["problems"] += 1
    if contents.kind == "picture":
        _keep_picture(store, writer, run, kept, contents, without_metadata, purpose)
        return kept
    pictures = {part.name: _keep_image(store, kept, each, part.body) for each, part in kept.parts if part.role is Role.picture}
    kept.counts["parts"] = len(kept.parts)
    if source is not None or any_source:
        _read(store, run, kept, source, pictures)
    return kept


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


def _keep_picture(
    store: Store, writer: ArchiveWriter, run: Run, kept: Kept, contents: Contents, without_metadata: bool, purpose: str
) -> None:
    body, capture = contents.body, kept.capture
    if without_metadata and contents.parts:
        cut = bare(body)
        if cut is None:
            store.keep_unread(
                capture.id or 0, PARSER, "picture 0", "what its camera wrote cannot be taken out, so it is shown on no listing", run.id
            )
            kept.counts["pictures not shown"] += 1
            return
        if cut != body:
            copy = _capture(run, capture.source, f"urn:sha256:{contents.original}#without-metadata", "", contents.mime, capture.ended_at)
            body, capture = cut, store.keep(writer, replace(copy, part_of=capture.id), cut, actor=run.actor, purpose=purpose)
            kept.counts["copies without metadata"] += 1
    _keep_image(store, kept, capture, body)


def _read(store: Store, run: Run, kept: Kept, source: Source | None, pictures: dict[str, Image]) -> None:
    where = {
        same(part.url): (sha256(part.body).hexdigest(), each.id or 0) for each, part in kept.parts if part.role is Role.picture and part.url
    }
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
        _join(store, kept, read, where, [each for each, p in kept.parts if p.name.startswith("inlined-")], pictures)


def _join(
    store: Store, kept: Kept, read: Read, where: dict[str, tuple[str, int]], inlined: Sequence[Capture], pictures: dict[str, Image]
) -> None:
    """The pictures that a listing names, where the file holds them; of a page with one listing also those written into it as data."""
    joined: set[str] = set()
    for reading, urls in read.readings:
        assert reading.id is not None
        for position, url in enumerate(urls):
            if found := where.get(same(url)):
                store.join_image(reading.id, position, *found)
                joined.add(found[0])
                kept.counts["pictures joined"] += 1
            else:
                kept.counts["pictures not in the file"] += 1
    if len(read.readings) != 1:
        return
    [(reading, urls)] = read.readings
    large = [i for i in pictures.values() if min(i.width or 0, i.height or 0) >= LEAST_INLINED and i.sha256 not in joined]
    of_page = {capture.id for capture in inlined}
    for offset, image in enumerate(image for image in large if image.capture in of_page):
        assert reading.id is not None
        store.join_image(reading.id, len(urls) + offset, image.sha256, image.capture)
        kept.counts["pictures joined"] += 1
