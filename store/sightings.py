"""Sightings: what an officer saw, a partner sent or the public told, kept as a listing; and, apart from it, who told it.

An informant's row is written here and read by `Acting.informant` alone, which wants a justification and leaves an event of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from store import audit
from store import tables as t
from store.captures import capture_of, newest_location
from store.database import add
from store.erasure import Erasure
from store.errors import TouchstoneError
from store.listings import ListingReads, ListingWrites, Summary, newest_readings
from store.words.records import Capture, Informant, Parsed, Sighting, Snapshot, SubjectCategory, Told, Verb, canonical

BLANK_SIGHTING: Mapping[str, Any] = {"place": "", "obtained": "", "seen_at": None, "seen_at_text": "", "claims_json": "{}"}
BLANK_INFORMANT: Mapping[str, Any] = {"name": "", "contact": "", "note": ""}


@dataclass(frozen=True, slots=True)
class Handed:
    """What is to be kept of one sighting: its words, the capture that they stand in, its pictures and files, who told it.

    `reference` "" asks for the next number of the year. `pictures` are (SHA-256, capture) in order, their images kept before;
    `files` are (capture, name as handed in). `account` says that a seller is described, who becomes an account of this sighting's own.
    """

    told: Told
    words: Snapshot
    capture: Capture
    parser: str
    parser_version: str
    reference: str = ""
    ref: str = ""  # of the listing, where it is not the sighting's own reference
    url: str = ""
    account: bool = False
    pictures: Sequence[tuple[str, int]] = ()
    files: Sequence[tuple[int, str]] = ()
    seen_at: datetime | None = None
    seen_at_text: str = ""
    place: str = ""
    obtained: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    informant: Informant | None = None
    notes: tuple[str, ...] = ()


def sighting_of(r: Any) -> Sighting:
    return Sighting(
        r.id, r.reference, Told(r.told), r.listing, r.authority, r.actor, r.added_at, r.seen_at, r.seen_at_text, r.place, r.obtained,
        json.loads(r.claims_json),
    )  # fmt: skip


class SightingWrites(ListingWrites, Erasure):
    def keep_sighting(self, given: Handed, *, actor: str, authority: str, run: str, purpose: str) -> Sighting:
        """Keep a sighting with its listing, its reading, its pictures, its files and its informant: all of it or none.

        Its captures are kept before. Raises TouchstoneError when its reference is taken.
        """
        now, until = datetime.now(UTC), self.retain_until()
        with self.database.writing() as c:
            self.database.lock_chain(c)
            reference = given.reference or self._next(c, now)
            if c.execute(select(t.sighting.c.id).where(t.sighting.c.reference == reference)).first():
                raise TouchstoneError(f"sighting {reference} is in the store already")
            ref = given.ref or reference
            seller = given.words.seller or (reference if given.account else "")
            images = tuple(f"urn:sha256:{sha256}" for sha256, _ in given.pictures)
            item = Parsed(
                ref, given.url or f"urn:touchstone:sighting:{ref}", replace(given.words, seller=seller), images, notes=given.notes
            )
            reading = self._keep_reading(c, given.capture, given.parser, given.parser_version, item, run)
            assert reading.id is not None
            for position, (sha256, capture) in enumerate(given.pictures):
                self._join_image(c, reading.id, position, sha256, capture)
            number = add(
                c, t.sighting, reference=reference, told=str(given.told), listing=reading.listing, authority=authority, actor=actor,
                seen_at=given.seen_at, seen_at_text=given.seen_at_text, place=given.place, obtained=given.obtained,
                claims_json=canonical(dict(given.claims)).decode(), run=run, added_at=now, retention_until=until,
            )  # fmt: skip
            for position, (capture, filename) in enumerate(given.files):
                add(c, t.sighting_capture, sighting=number, position=position, capture=capture, filename=filename)
            if given.informant is not None:
                about = {name: getattr(given.informant, name) for name in BLANK_INFORMANT}
                witness = str(SubjectCategory.witness)
                add(c, t.informant, sighting=number, **about, added_at=now, subject_category=witness, retention_until=until)
            audit.append(
                self.database, c, Verb.collection, actor=actor, purpose=purpose, run=run,
                subjects={"sighting": [number], "listing": [reading.listing], "capture": sorted({n for n, _ in given.files})},
                detail={"told": str(given.told), "informant": given.informant is not None},
            )  # fmt: skip
            self.shelve(c, [reading.listing])
        return Sighting(
            number, reference, given.told, reading.listing, authority, actor, now, given.seen_at, given.seen_at_text, given.place,
            given.obtained, dict(given.claims),
        )  # fmt: skip

    def _next(self, c: Connection, now: datetime) -> str:
        """The next number of the year. Under the lock of the chain: two at once wait for each other."""
        head = f"S-{now:%Y}-"
        taken = c.execute(select(t.sighting.c.reference).where(t.sighting.c.reference.like(f"{head}%"))).scalars()
        numbers = [int(rest) for each in taken if (rest := each.removeprefix(head)).isdigit()]
        return f"{head}{max(numbers, default=0) + 1:04}"

    def handed_in(self, body_digest: str, source: str) -> int | None:
        """The capture of a file with these bytes, handed in before under this source and not erased since; no part of another."""
        query = select(t.capture.c.id).where(
            t.capture.c.body_digest == body_digest,
            t.capture.c.source == source,
            t.capture.c.kind == "handed_in",
            t.capture.c.part_of.is_(None),
        )
        with self.database.reading() as c:
            for number in c.execute(query.order_by(t.capture.c.id.desc())).scalars():
                place = newest_location(c, number)
                if place is not None and place.record_type != "tombstone":
                    return int(number)
        return None

    def sighting_words(self, source: str, ref: str) -> tuple[str, int] | None:
        """Of a listing that sightings are kept of: the digest of its words as last read, and how many sightings; None where it is not."""
        with self.database.reading() as c:
            listing = c.execute(select(t.listing.c.id).where(t.listing.c.source == source, t.listing.c.ref == ref)).scalar()
            if listing is None:
                return None
            newest = newest_readings([listing])
            joined = t.reading.join(newest, newest.c.id == t.reading.c.id).join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
            digest = c.execute(select(t.snapshot.c.digest).select_from(joined)).scalar() or ""
            count = c.execute(select(func.count()).select_from(t.sighting).where(t.sighting.c.listing == listing)).scalar_one()
        return str(digest), int(count)

    # -- erasure -----------------------------------------------------------------------------------------------------------
    def erase_sighting(self, reference: str, *, actor: str, reason: str) -> tuple[int, ...]:
        """Erase what was handed in for a sighting, and who told it: its captures' bytes go, its rows stay with their words blanked.

        A file that other sightings rest on too (a partner's list) stays; returns the captures that do. A hold or an exhibit on any
        of it, or on its listing, refuses before anything is touched. Safe to run again. Raises TouchstoneError.
        """
        with self.database.reading() as c:
            number, listing = self._sighting(c, reference)
            own, shared = self._captures_of(c, number, listing)
            held = self._hold_on(c, own)
        self._refuse(held, reference, number, actor, reason)
        for capture in own:
            self.erase(capture, actor=actor, reason=reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            c.execute(t.sighting.update().where(t.sighting.c.id == number).values(**BLANK_SIGHTING))
            c.execute(t.sighting_capture.update().where(t.sighting_capture.c.sighting == number).values(filename=""))
            self._blank_informants(c, number, actor, reason, {"captures_that_stay": list(shared)})
        return tuple(shared)

    def erase_informant(self, reference: str, *, actor: str, reason: str) -> None:
        """Erase who told a sighting, and nothing else of it. A hold or an exhibit on the sighting refuses. Raises TouchstoneError."""
        with self.database.reading() as c:
            number, listing = self._sighting(c, reference)
            own, _ = self._captures_of(c, number, listing)
            held = self._hold_on(c, own)
        self._refuse(held, reference, number, actor, reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            self._blank_informants(c, number, actor, reason, {})

    def _sighting(self, c: Connection, reference: str) -> tuple[int, int]:
        row = c.execute(select(t.sighting.c.id, t.sighting.c.listing).where(t.sighting.c.reference == reference)).first()
        if row is None:
            raise TouchstoneError(f"there is no sighting '{reference}' in this store; `touchstone sighting list` shows what is")
        return row.id, row.listing

    def _captures_of(self, c: Connection, number: int, listing: int) -> tuple[list[int], list[int]]:
        """The captures of one sighting, parts before what they are part of, and those of them that others rest on too and that are not erased."""
        joins = t.sighting_capture.c
        mine = set(c.execute(select(joins.capture).where(joins.sighting == number)).scalars())
        if c.execute(select(func.count()).select_from(t.sighting).where(t.sighting.c.listing == listing)).scalar_one() == 1:
            mine |= set(c.execute(select(t.reading.c.capture).where(t.reading.c.listing == listing)).scalars())
        shared = set(
            c.execute(select(joins.capture).where(joins.capture.in_(mine), joins.sighting != number, joins.filename != "")).scalars()
        )
        own, fresh = set(mine - shared), set(mine - shared)
        while fresh:  # a file is part of the statement, a page part of the file
            fresh = set(c.execute(select(t.capture.c.id).where(t.capture.c.part_of.in_(fresh))).scalars()) - own
            own |= fresh
        return sorted(own, reverse=True), sorted(shared)

    def _refuse(self, held: str, reference: str, number: int, actor: str, reason: str) -> None:
        if not held:
            return
        with self.database.writing() as c:
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure refused", justification=reason,
                subjects={"sighting": [number]}, detail={"hold": held},
            )  # fmt: skip
        raise TouchstoneError(f"sighting {reference} is under hold {held} and was not erased")

    def _blank_informants(self, c: Connection, sighting: int, actor: str, reason: str, detail: Mapping[str, Any]) -> None:
        rows = list(c.execute(select(t.informant.c.id).where(t.informant.c.sighting == sighting)).scalars())
        c.execute(t.informant.update().where(t.informant.c.sighting == sighting).values(**BLANK_INFORMANT))
        audit.append(
            self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason,
            subjects={"sighting": [sighting], "informant": rows}, detail=detail,
        )  # fmt: skip


class SightingReads(ListingReads):
    justification: str
    _record: Callable[[Verb, Mapping[str, Any]], None]

    def told(self, listings: Collection[int]) -> set[int]:
        """Those of these listings that an officer, a partner or the public told of: what is kept apart from whoever may not see sightings."""
        with self.store.database.reading() as c:
            query = select(t.sighting.c.listing).where(t.sighting.c.listing.in_(listings))
            found = set(c.execute(query).scalars())
        self.shown("listing", found)
        return found

    def sightings(
        self, *, reference: str | None = None, listings: Collection[int] | None = None, captures: Collection[int] | None = None,
        told: Told | None = None, after: int = 0, limit: int = 500, authority: str | None = None, newest: bool = False,
    ) -> list[Sighting]:  # fmt: skip
        """Sightings in pages by id: one reference's, those of some listings, those that some captures were handed in or read for, those told by
        one side or kept by one authority.

        `newest` turns the pages round: the last one first, and `after` (0: from the end) the lowest number that was shown.
        """
        number = t.sighting.c.id
        query = select(t.sighting).order_by(number.desc() if newest else number).limit(limit)
        if after or not newest:
            query = query.where(number < after if newest else number > after)
        if authority is not None:
            query = query.where(t.sighting.c.authority == authority)
        if reference is not None:
            query = query.where(t.sighting.c.reference == reference)
        if listings is not None:
            query = query.where(t.sighting.c.listing.in_(listings))
        if captures is not None:
            handed, read = t.sighting_capture.c, t.reading.c
            of = select(handed.sighting).where(handed.capture.in_(captures))
            query = query.where(
                or_(t.sighting.c.id.in_(of), t.sighting.c.listing.in_(select(read.listing).where(read.capture.in_(captures))))
            )
        if told is not None:
            query = query.where(t.sighting.c.told == str(told))
        with self.store.database.reading() as c:
            rows = [sighting_of(r) for r in c.execute(query)]
        self.shown("sighting", (r.id for r in rows))
        return rows

    def sighting(self, reference: str, *, authority: str | None = None) -> Sighting:
        """One sighting. Raises TouchstoneError when it is not kept, or not by the authority named."""
        found = self.sightings(reference=reference, authority=authority)
        if not found:
            raise TouchstoneError(f"there is no sighting '{reference}' in this store; `touchstone sighting list` shows what is")
        return found[0]

    def sighting_files(self, sighting: int) -> list[tuple[Capture, str]]:
        """What was handed in for a sighting, in order: each file's capture and the name it came under."""
        query = (
            select(t.capture, t.sighting_capture.c.filename)
            .select_from(t.sighting_capture.join(t.capture, t.capture.c.id == t.sighting_capture.c.capture))
            .where(t.sighting_capture.c.sighting == sighting)
            .order_by(t.sighting_capture.c.position)
        )
        with self.store.database.reading() as c:
            rows = [(capture_of(r), str(r["filename"])) for r in c.execute(query).mappings()]
        self.shown("capture", (capture.id for capture, _ in rows))
        return rows

    def read_from(self, captures: Sequence[int], *, but: int) -> list[Summary]:
        """The listings that were read from these captures or from parts of them, except the listing `but`."""
        parts = select(t.capture.c.id).where(t.capture.c.part_of.in_(captures))
        wanted = select(t.reading.c.listing).where(or_(t.reading.c.capture.in_(captures), t.reading.c.capture.in_(parts))).distinct()
        with self.store.database.reading() as c:
            numbers = sorted(set(c.execute(wanted).scalars()) - {but})
        return self.summaries(numbers=numbers, limit=len(numbers)) if numbers else []

    def informant(self, sighting: int) -> Informant | None:
        """Who told a sighting; None where nobody is recorded. Leaves an event of its own at once.

        Raises TouchstoneError without a justification: nobody looks up who told on somebody in passing.
        """
        if not self.justification.strip():
            raise TouchstoneError("who told a sighting is shown only for a stated reason (--why), which goes into the log")
        self.shown("informant", ())  # refused here where the reading is over
        with self.store.database.reading() as c:
            r = c.execute(select(t.informant).where(t.informant.c.sighting == sighting).order_by(t.informant.c.id.desc()).limit(1)).first()
        if r is None:
            return None
        self._record(Verb.consultation, {"informant": r.id, "sighting": sighting})
        return Informant(r.sighting, r.name, r.contact, r.note, r.id)
