"""Listings, snapshots, readings, sellers, contacts and pictures: what was said, by whom, on which capture."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, RowMapping, Select, bindparam, case, func, literal, select, union_all

from store import tables as t
from store.captures import CaptureReads
from store.database import Database, add_once
from store.errors import TouchstoneError
from store.words.contacts import find_contacts
from store.words.purposes import pages_of, subject_of
from store.words.records import (
    SNAPSHOT_WORDS,
    Capture,
    Contact,
    Details,
    Image,
    Listing,
    Parsed,
    Picture,
    Reading,
    Seller,
    Snapshot,
    Status,
    canonical,
    digest_of,
)

_READING = select(t.reading.c.listing, t.reading.c.seller).where(t.reading.c.id == bindparam("reading"))
NOTHING_BESIDE = Details()
LEAST_TEXT = 80  # characters: shorter descriptions are alike by chance
_IMAGE = select(t.image.c.id).where(t.image.c.sha256 == bindparam("sha256"))


@dataclass(frozen=True, slots=True)
class Summary:
    """A listing as it last read, with what an export or a queue shows beside it."""

    listing: Listing
    snapshot: Snapshot
    seller: int | None
    reading: int
    capture: int
    image_count: int
    first_seen: datetime
    last_seen: datetime
    level: str  # "" while no policy has looked at it
    score: float | None
    details: Details  # as its page last said them


def snapshot_of(row: RowMapping | Mapping[str, Any]) -> Snapshot:
    return Snapshot(**{word: row[word] for word in SNAPSHOT_WORDS}, id=row["id"])


def text_digest(text: str) -> str:
    """SHA-256 of a description without case and spacing, by which the same one is found under another account; "" for a short one."""
    bare = " ".join(text.casefold().split())
    return digest_of(bare) if len(bare) >= LEAST_TEXT else ""


def details_of(text: str) -> Details:
    if text == "{}":
        return NOTHING_BESIDE
    said = json.loads(text)
    for each in {"posted_at", "joined_at"} & set(said):
        said[each] = datetime.fromisoformat(said[each])
    return Details(**said)


def image_of(row: Any) -> Image:
    return Image(row["id"], row["sha256"], row["mime"], row["width"], row["height"], row["length"], row["capture"], row["problem"])


def seen_between(listings: Sequence[int]) -> Any:
    """(listing, when it was first captured, when last)."""
    at = t.reading.c.captured_at
    query = select(t.reading.c.listing, func.min(at).label("first"), func.max(at).label("last"))
    return query.where(t.reading.c.listing.in_(listings)).group_by(t.reading.c.listing).subquery()


def newest_readings(listings: Sequence[int] | None = None) -> Any:
    """(listing, id of its newest reading): of its newest capture, the reading made last.

    By capture first, so that a reading-again that was broken off half-way does not bring an old page back. What was handed in counts
    only where the listing was never captured by us: the page may be older than its capture, and nobody saw the site say it.
    """
    numbered = _numbered(listings).subquery()
    return select(numbered.c.listing, numbered.c.id).where(numbered.c.place == 1).subquery()


def _numbered(listings: Sequence[int] | None, *beside: Any) -> Select[Any]:
    """(listing, id, place) of readings, numbered within each listing, 1 its newest, so that one document that holds many listings is not gone
    through for each of them."""
    handed_in = case((t.capture.c.kind == "handed_in", 1), else_=0)
    order = (handed_in, t.reading.c.capture.desc(), t.reading.c.id.desc())
    place = func.row_number().over(partition_by=t.reading.c.listing, order_by=order).label("place")
    readings = select(t.reading.c.listing, t.reading.c.id, place, *beside).join(t.capture, t.capture.c.id == t.reading.c.capture)
    return readings if listings is None else readings.where(t.reading.c.listing.in_(listings))


def newest_flag(of: Any) -> Any:
    """The number of the newest flag of the listing that a column names: one look into an index for each row that is asked about."""
    flags = t.flag.alias()
    return select(func.max(flags.c.id)).where(flags.c.listing == of).correlate(of.table).scalar_subquery()


def keep_picture_contacts(c: Connection, picture: int, contacts: Iterable[Contact], method: int, until: datetime | None) -> None:
    """Keep what a method read in a picture, with the first capture that brought that picture to its listing."""
    own = select(t.picture.c.listing, t.image.c.sha256, t.image.c.capture).join(t.image, t.image.c.id == t.picture.c.image)
    row = c.execute(own.where(t.picture.c.id == picture)).one()
    shown = t.reading_image.join(t.reading, t.reading.c.id == t.reading_image.c.reading)
    first = select(func.min(t.reading_image.c.capture)).select_from(shown)
    capture = c.execute(first.where(t.reading.c.listing == row.listing, t.reading_image.c.sha256 == row.sha256)).scalar() or row.capture
    for found in contacts:
        number, _ = add_once(
            c, t.contact, {"kind": found.kind, "value": found.value[:300]}, added_at=datetime.now(UTC), retention_until=until
        )
        add_once(c, t.picture_contact, {"contact": number, "picture": picture, "method": method}, capture=capture, raw=found.raw)


def given_contacts() -> Any:
    """(contact, listing, seller, capture, raw, picture, method): contacts in words, and those that a method in force read in pictures.

    Picture and method are None for words.
    """
    w, p, none = t.listing_contact.c, t.picture_contact.c, literal(None, Integer)
    newest = select(func.max(t.method_status.c.id)).group_by(t.method_status.c.method)
    in_force = select(t.method_status.c.method).where(t.method_status.c.id.in_(newest), t.method_status.c.status == str(Status.in_force))
    said = select(w.contact, w.listing, w.seller, w.capture, w.raw, none.label("picture"), none.label("method"))
    read = select(p.contact, t.picture.c.listing, t.picture.c.seller, p.capture, p.raw, p.picture, p.method)
    read = read.join(t.picture, t.picture.c.id == p.picture).where(p.method.in_(in_force))
    return union_all(said, read).subquery("given_contact")


def documents_of(listing: int) -> Any:
    """The captures that show a listing's page: those it was read from, and rendered documents of its address that were only pictured."""
    read = select(t.reading.c.capture).where(t.reading.c.listing == listing)
    pictured = (
        select(t.capture.c.id)
        .join(t.listing, (t.listing.c.source == t.capture.c.source) & (t.listing.c.url == t.capture.c.url_requested))
        .where(t.listing.c.id == listing, t.capture.c.kind == "rendered")
    )
    return read.union(pictured)


class ListingWrites:
    database: Database
    retain_until: Any
    shelve: Callable[[Connection, Collection[int]], None]

    def keep_readings(self, capture: Capture, parser: str, parser_version: str, parsed: Iterable[Parsed], run: str) -> list[Reading]:
        """Keep what a parser read of a capture: listings, snapshots, sellers, contacts and the readings that join them.

        Idempotent: the same capture read by the same parser version gives the same rows.
        """
        assert capture.id is not None
        readings = []
        with self.database.writing() as c:
            self.database.lock_chain(c)  # before a row is written that another waits for: `shelve` wants it last
            for item in parsed:
                readings.append(self._keep_reading(c, capture, parser, parser_version, item, run))
            self.shelve(c, [reading.listing for reading in readings])
        return readings

    def _keep_reading(self, c: Connection, capture: Capture, parser: str, version: str, item: Parsed, run: str) -> Reading:
        now, until = datetime.now(UTC), self.retain_until()
        words = item.snapshot.words()
        listing, _ = add_once(c, t.listing, {"source": capture.source, "ref": item.ref}, url=item.url, added_at=now, retention_until=until)
        known, kept = text_digest(item.snapshot.text), {"added_at": now, "retention_until": until}
        snapshot, _ = add_once(c, t.snapshot, {"digest": item.snapshot.digest}, **words, text_digest=known, **kept)
        seller = None
        if item.snapshot.seller:
            seller, _ = add_once(
                c,
                t.seller,
                {"source": capture.source, "handle": item.snapshot.seller},
                name=item.snapshot.seller_name,
                url=item.seller_url,
                added_at=now,
                retention_until=until,
            )
        reading, new = add_once(
            c,
            t.reading,
            {"capture": capture.id, "parser_version": version, "listing": listing},
            parser=parser,
            snapshot=snapshot,
            seller=seller,
            images_json=canonical(item.images).decode(),
            captured_at=capture.ended_at,
            run=run,
            notes_json=canonical(item.notes).decode(),
            details_json=canonical(item.details.said()).decode(),
        )
        if new:
            said = "\n".join((item.snapshot.title, item.snapshot.text, item.snapshot.seller_name, item.snapshot.place))
            for found in find_contacts(said):
                number, _ = add_once(c, t.contact, {"kind": found.kind, "value": found.value}, added_at=now, retention_until=until)
                add_once(c, t.listing_contact, {"contact": number, "listing": listing, "capture": capture.id}, seller=seller, raw=found.raw)
        assert capture.id is not None
        return Reading(reading, capture.id, parser, version, listing, snapshot, seller, item.images, capture.ended_at, item.details)

    def titled_otherwise(self, capture: Capture, parser_version: str, ref: str, title: str) -> bool:
        """Whether a capture of the same run, made before this one, was read as this listing under another title."""
        same = (t.listing.c.source == capture.source, t.listing.c.ref == ref, t.capture.c.run == capture.run, t.capture.c.id < capture.id)
        joined = t.reading.join(t.listing, t.listing.c.id == t.reading.c.listing).join(t.capture, t.capture.c.id == t.reading.c.capture)
        joined = joined.join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
        asked = select(t.reading.c.id).select_from(joined).where(*same, t.reading.c.parser_version == parser_version)
        with self.database.reading() as c:
            return c.execute(asked.where(t.snapshot.c.title != title).limit(1)).first() is not None

    def keep_unread(self, capture: int, parser_version: str, reason: str, detail: str, run: str) -> None:
        """Count a page, or a card of it, that could not be read. The bytes are kept: `reread` tries again under a better parser."""
        with self.database.writing() as c:
            add_once(c, t.unread, {"capture": capture, "parser_version": parser_version, "reason": reason}, detail=detail[:2000], run=run)

    def keep_image(self, image: Image) -> int:
        with self.database.writing() as c:
            values = {k: v for k, v in asdict(image).items() if k not in ("id", "sha256")}
            number, _ = add_once(c, t.image, {"sha256": image.sha256}, **values, retention_until=self.retain_until())
        return number

    def join_image(self, reading: int, position: int, sha256: str, capture: int) -> None:
        """Say that the picture at that position of the reading is this image, as that capture brought it."""
        with self.database.writing() as c:
            self._join_image(c, reading, position, sha256, capture)

    def _join_image(self, c: Connection, reading: int, position: int, sha256: str, capture: int) -> None:
        if not add_once(c, t.reading_image, {"reading": reading, "position": position}, sha256=sha256, capture=capture)[1]:
            return
        row = c.execute(_READING, {"reading": reading}).one()
        image = c.execute(_IMAGE, {"sha256": sha256}).scalar_one()
        add_once(c, t.picture, {"image": image, "listing": row.listing}, seller=row.seller)

    def rejoin_images(self, reading: Reading) -> int:
        """Join a re-read page's pictures to the images that its own run fetched from those addresses, or that were handed in with it; how many."""
        joined = 0
        with self.database.writing() as c:
            run = c.execute(select(t.capture.c.run).where(t.capture.c.id == reading.capture)).scalar_one()
            for position, url in enumerate(reading.images):
                found = c.execute(
                    select(t.capture.c.id, t.capture.c.body_digest, t.image.c.sha256)
                    .select_from(t.capture.outerjoin(t.image, t.image.c.capture == t.capture.c.id))
                    .where(
                        t.capture.c.run == run,
                        ((t.capture.c.kind == "image") & (t.capture.c.url_requested == url))
                        | ((t.capture.c.kind == "handed_in") & (t.capture.c.url_final == url)),
                    )
                    .order_by(t.capture.c.id.desc())
                    .limit(1)
                ).first()
                if found is None or reading.id is None:
                    continue
                sha256 = found.sha256 or found.body_digest
                if c.execute(select(t.image.c.id).where(t.image.c.sha256 == sha256)).first():
                    self._join_image(c, reading.id, position, sha256, found.id)
                    joined += 1
        return joined

    def counts(self) -> dict[str, int]:
        """How many rows of each noun the store holds."""
        with self.database.reading() as c:
            return {
                name: c.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in (
                    ("captures", t.capture),
                    ("listings", t.listing),
                    ("snapshots", t.snapshot),
                    ("readings", t.reading),
                    ("sellers", t.seller),
                    ("images", t.image),
                    ("pictures", t.picture),
                    ("examinations", t.examination),
                    ("findings", t.finding),
                    ("flags", t.flag),
                    ("premises", t.premises),
                    ("links", t.link),
                    ("sightings", t.sighting),
                    ("judgements", t.judgement),
                    ("unread", t.unread),
                    ("events", t.event),
                )
            }

    def listings_of_run(self, run: str) -> list[int]:
        """The row numbers of the listings that were read from a run's captures."""
        with self.database.reading() as c:
            query = select(t.reading.c.listing).distinct().join(t.capture, t.capture.c.id == t.reading.c.capture)
            return sorted(c.execute(query.where(t.capture.c.run == run)).scalars())

    def listings_of_subjects(self, run: str, urls: Iterable[str]) -> list[int]:
        """Of the listings that were read from a run's captures those that are of these pages' own, by row number.

        A listing is when its seller's page, as the page said, is one of them, or its own is; or when no page that was read names a seller
        of it, as the cards of a seller's page do not.
        """
        pages = {page for url in urls for page in pages_of(url)}
        query = (
            select(t.listing.c.id, t.listing.c.url, t.seller.c.url.label("seller_url"))
            .join(t.reading, t.reading.c.listing == t.listing.c.id)
            .join(t.capture, t.capture.c.id == t.reading.c.capture)
            .outerjoin(t.seller, t.seller.c.id == t.reading.c.seller)
            .where(t.capture.c.run == run)
        )
        with self.database.reading() as c:
            read = c.execute(query).all()
        own = {r.id for r in read if subject_of(r.url) in pages or (r.seller_url and subject_of(r.seller_url) in pages)}
        named = {r.id for r in read if r.seller_url is not None}
        return sorted(own | {r.id for r in read} - named)

    def read_in_run(self, run: str) -> int:
        """How many listings were read from a run's captures: what `expect:` is held against."""
        with self.database.reading() as c:
            query = (
                select(func.count(t.reading.c.listing.distinct()))
                .join(t.capture, t.capture.c.id == t.reading.c.capture)
                .where(t.capture.c.run == run)
            )
            return int(c.execute(query).scalar_one())


@cache
def _summarised() -> Any:
    """What a `Summary` says of each of `listings`, in its order. Made once: to make it anew costs more than to run it."""
    page: Any = bindparam("listings", expanding=True)
    at, each = t.reading.c.captured_at, t.reading.c.listing
    # one pass over the readings of the page tells which is a listing's newest and when it was seen
    numbered = _numbered(
        page, func.min(at).over(partition_by=each).label("first"), func.max(at).over(partition_by=each).label("last")
    ).subquery()
    images = select(func.count()).where(t.reading_image.c.reading == numbered.c.id).scalar_subquery()
    return (
        select(
            t.listing.c.id, t.listing.c.source, t.listing.c.ref, t.listing.c.url, *(t.snapshot.c[word] for word in SNAPSHOT_WORDS), t.snapshot.c.id,
            t.reading.c.seller, t.reading.c.id, t.reading.c.capture, images, numbered.c.first, numbered.c.last, t.flag.c.level, t.flag.c.score,
            t.reading.c.details_json,
        )
        .select_from(
            numbered.join(t.listing, t.listing.c.id == numbered.c.listing)
            .join(t.reading, t.reading.c.id == numbered.c.id)
            .join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
            .outerjoin(t.flag, t.flag.c.id == newest_flag(t.listing.c.id))
        )
        .where(numbered.c.place == 1)
        .order_by(t.listing.c.id)
    )  # fmt: skip


class ListingReads(CaptureReads):
    def snapshots(self, numbers: Sequence[int]) -> list[Snapshot]:
        with self.store.database.reading() as c:
            rows = [
                snapshot_of(r)
                for r in c.execute(select(t.snapshot).where(t.snapshot.c.id.in_(numbers)).order_by(t.snapshot.c.id)).mappings()
            ]
        self.shown("snapshot", (r.id for r in rows))
        return rows

    def published(self, snapshots: Sequence[int]) -> dict[int, tuple[tuple[str, ...], str]]:
        """Of each snapshot the sources on which it was read, by name, and the day (UTC, YYYY-MM-DD) of the first capture that shows it."""
        query = (
            select(t.reading.c.snapshot, t.listing.c.source, func.min(t.reading.c.captured_at).label("first"))
            .join(t.listing, t.listing.c.id == t.reading.c.listing)
            .where(t.reading.c.snapshot.in_(snapshots))
            .group_by(t.reading.c.snapshot, t.listing.c.source)
            .order_by(t.reading.c.snapshot, t.listing.c.source)
        )
        found: dict[int, tuple[tuple[str, ...], str]] = {}
        with self.store.database.reading() as c:
            for r in c.execute(query):
                sources, first = found.get(r.snapshot, ((), "9"))
                found[r.snapshot] = ((*sources, r.source), min(first, r.first.date().isoformat()))
        self.shown("snapshot", found)
        return found

    def pictures(
        self, numbers: Sequence[int] | None = None, *, listing: int | None = None, after: int = 0, limit: int = 500
    ) -> list[Picture]:
        """Pictures by number, those that a listing has ever shown, or a page of all of them by id."""
        query = (
            select(t.picture.c.id.label("picture"), t.picture.c.listing, t.picture.c.seller, t.listing.c.source, t.image)
            .select_from(t.picture.join(t.image, t.image.c.id == t.picture.c.image).join(t.listing, t.listing.c.id == t.picture.c.listing))
            .order_by(t.picture.c.id)
        )
        if listing is not None:
            query = query.where(t.picture.c.listing == listing)
        else:
            query = query.where(t.picture.c.id > after).limit(limit) if numbers is None else query.where(t.picture.c.id.in_(numbers))
        with self.store.database.reading() as c:
            rows = [Picture(r["picture"], image_of(r), r["listing"], r["source"], r["seller"]) for r in c.execute(query).mappings()]
        self.shown("picture", (r.id for r in rows))
        return rows

    def images(self, digests: Sequence[str]) -> dict[str, Image]:
        with self.store.database.reading() as c:
            rows = {r["sha256"]: image_of(r) for r in c.execute(select(t.image).where(t.image.c.sha256.in_(digests))).mappings()}
        self.shown("image", (i.id for i in rows.values()))
        return rows

    def image_bytes(self, sha256: str) -> bytes:
        """The picture's bytes, decoded from the wire. Raises TouchstoneError when no capture holds them any more."""
        import gzip
        import hashlib
        import zlib

        self.shown("image", ())  # refused here, and not swallowed below, where the reading is over
        with self.store.database.reading() as c:
            captures = [
                r.capture
                for r in c.execute(select(t.reading_image.c.capture).where(t.reading_image.c.sha256 == sha256).distinct().limit(20))
            ]
            own = c.execute(select(t.image.c.capture).where(t.image.c.sha256 == sha256)).scalar()
            same = c.execute(select(t.capture.c.id).where(t.capture.c.body_digest == sha256).order_by(t.capture.c.id.desc()).limit(20))
            captures += same.scalars()  # handed in again after the first was erased
        for number in dict.fromkeys([own, *captures] if own else captures):
            try:
                payload = self.payload(number)
            except TouchstoneError:
                continue
            for decode in (bytes, gzip.decompress, zlib.decompress):
                try:
                    body = decode(payload)
                except (OSError, zlib.error, EOFError):
                    continue
                if hashlib.sha256(body).hexdigest() == sha256:
                    return bytes(body)
        raise TouchstoneError(f"no kept capture holds the bytes of image {sha256[:12]}…")

    def summaries(
        self,
        *,
        after: int = 0,
        limit: int = 500,
        source: str | None = None,
        numbers: Sequence[int] | None = None,
        snapshot: int | None = None,
        sighted: bool = True,
    ) -> list[Summary]:
        """Listings as they last read, in pages by id; with `sighted` false none that an officer, a partner or the public told of."""
        ids = select(t.listing.c.id).where(t.listing.c.id > after).order_by(t.listing.c.id).limit(limit)
        if source:
            ids = ids.where(t.listing.c.source == source)
        if numbers is not None:
            ids = ids.where(t.listing.c.id.in_(numbers))
        if not sighted:
            ids = ids.where(t.listing.c.id.not_in(select(t.sighting.c.listing)))
        if snapshot is not None:
            ids = ids.where(t.listing.c.id.in_(select(t.reading.c.listing).where(t.reading.c.snapshot == snapshot)))
        with self.store.database.reading() as c:
            page = [r.id for r in c.execute(ids)]
            rows = self._summaries(c, page)
        self.shown("listing", page)
        return rows

    def _summaries(self, c: Connection, page: Sequence[int]) -> list[Summary]:
        words = 4 + len(SNAPSHOT_WORDS) + 1
        found = []
        for row in c.execute(_summarised(), {"listings": list(page)}).all():
            seller, reading, capture, images, first, last, level, score, details = row[words:]
            listing, said = Listing(*row[:4]), Snapshot(*row[4:words])
            found.append(Summary(listing, said, seller, reading, capture, images, first, last, level or "", score, details_of(details)))
        return found

    def listing(self, source: str, ref: str) -> Summary:
        """One listing by its source and the source's own reference. Raises TouchstoneError when it is not kept."""
        with self.store.database.reading() as c:
            number = c.execute(select(t.listing.c.id).where(t.listing.c.source == source, t.listing.c.ref == ref)).scalar()
        if number is None:
            raise TouchstoneError(f"no listing '{ref}' of source '{source}' is in this store; `touchstone listing list` shows what is")
        return self.summaries(numbers=[number])[0]

    def listing_images(self, listing: int) -> list[Image]:
        """The pictures of a listing as it last read, in order."""
        newest = newest_readings([listing])
        query = (
            select(t.image)
            .select_from(
                t.reading_image.join(newest, newest.c.id == t.reading_image.c.reading).join(
                    t.image, t.image.c.sha256 == t.reading_image.c.sha256
                )
            )
            .order_by(t.reading_image.c.position)
        )
        with self.store.database.reading() as c:
            rows = [image_of(r) for r in c.execute(query).mappings()]
        self.shown("image", (i.id for i in rows))
        return rows

    def listing_captures(self, listing: int) -> list[Capture]:
        """Every capture that a listing rests on: the pages it was read from and the pictures joined to those readings."""
        with self.store.database.reading() as c:
            pages = set(c.execute(documents_of(listing)).scalars())
            joins = t.reading_image.join(t.reading, t.reading.c.id == t.reading_image.c.reading)
            pictures = {
                r.capture for r in c.execute(select(t.reading_image.c.capture).select_from(joins).where(t.reading.c.listing == listing))
            }
            parts = {r.id for r in c.execute(select(t.capture.c.id).where(t.capture.c.part_of.in_(pages)))}
        return self.captures(sorted(pages | pictures | parts))

    def readings(self, *, listing: int | None = None, capture: int | None = None) -> list[Reading]:
        query = select(t.reading).order_by(t.reading.c.captured_at, t.reading.c.id)
        if listing is not None:
            query = query.where(t.reading.c.listing == listing)
        if capture is not None:
            query = query.where(t.reading.c.capture == capture)
        with self.store.database.reading() as c:
            rows = [
                Reading(
                    r.id,
                    r.capture,
                    r.parser,
                    r.parser_version,
                    r.listing,
                    r.snapshot,
                    r.seller,
                    tuple(json.loads(r.images_json)),
                    r.captured_at,
                    details_of(r.details_json),
                )
                for r in c.execute(query)
            ]
        self.shown("reading", (r.id for r in rows))
        return rows

    def sellers(self, numbers: Sequence[int] | None = None, *, after: int = 0, limit: int = 500, sighted: bool = True) -> list[Seller]:
        """Accounts by number, or in pages by id; with `sighted` false none that is known by what was told alone."""
        query = select(t.seller).order_by(t.seller.c.id)
        if not sighted:
            crawled = t.reading.c.listing.not_in(select(t.sighting.c.listing))
            query = query.where(select(t.reading.c.id).where(t.reading.c.seller == t.seller.c.id, crawled).exists())
        query = query.where(t.seller.c.id > after).limit(limit) if numbers is None else query.where(t.seller.c.id.in_(numbers))
        with self.store.database.reading() as c:
            rows = [Seller(r.id, r.source, r.handle, r.name, r.url) for r in c.execute(query)]
        self.shown("seller", (r.id for r in rows))
        return rows

    def seller_listings(self, seller: int) -> list[Summary]:
        with self.store.database.reading() as c:
            numbers = [r.listing for r in c.execute(select(t.reading.c.listing).where(t.reading.c.seller == seller).distinct())]
        return self.summaries(numbers=numbers, limit=len(numbers)) if numbers else []

    def contacts(self, *, seller: int | None = None, listing: int | None = None) -> list[tuple[Contact, int]]:
        """Contacts found in what a seller or a listing said, or read in its pictures, each with the first capture that shows it."""
        given = given_contacts().c
        words = (t.contact.c.id, t.contact.c.kind, t.contact.c.value, given.raw, given.picture, given.method)
        query = (
            select(*words, func.min(given.capture).label("capture"))
            .join(given.contact.table, given.contact == t.contact.c.id)
            .group_by(*words)
            .order_by(t.contact.c.id, given.picture.is_not(None), given.picture, given.method, "capture")
        )
        if seller is not None:
            query = query.where(given.seller == seller)
        if listing is not None:
            query = query.where(given.listing == listing)
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
        self.shown("contact", (r.id for r in rows))
        return [(Contact(r.kind, r.value, r.raw, r.picture, r.method), r.capture) for r in rows]

    def sellers_of_contact(self, kind: str, value: str) -> list[int]:
        given = given_contacts().c
        query = select(given.seller).join(t.contact, t.contact.c.id == given.contact)
        query = query.where(t.contact.c.kind == kind, t.contact.c.value == value, given.seller.is_not(None)).distinct()
        with self.store.database.reading() as c:
            rows = sorted(r.seller for r in c.execute(query))
        self.shown("seller", rows)
        return rows
