"""What pictures say of two sellers: the same photograph, or the same place around the goods, as findings in force have it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import and_, func, or_, select

from store import tables as t
from store.database import Database
from store.findings import FindingReads, KeptFinding
from store.words.records import SubjectKind

SHARED = ("shared_picture", "same_place")
EVERYBODYS = frozenset({"official_picture", "benign_picture"})  # a picture that matches one of these says nothing of who uses it
DETECTORS = ("image_match", "same_place")


@dataclass(frozen=True, slots=True)
class SharedPicture:
    """A picture of one seller and one of another, why they are held together, and the first captures that show them."""

    reason: str
    picture: int
    other: int
    other_seller: int
    capture: int
    other_capture: int


def small_folder(archive: Path) -> Path:
    """Where pictures made smaller for people to look at, and drawings of matches, lie beside the archive. An erasure takes them away."""
    return archive.parent / "desk-thumbs"


class PictureRules:
    database: Database

    def picture_may_be_seen(self, sha256: str, sightings: Collection[str]) -> bool:
        """Whether an image is of the reference log, or of a listing that is no sighting, or one of these authorities' sightings. Tells nothing else."""
        p, s, r = t.picture.c, t.sighting.c, t.reference.c
        joined = t.picture.join(t.image, t.image.c.id == p.image).outerjoin(t.sighting, s.listing == p.listing)
        shown = select(p.id).select_from(joined).where(t.image.c.sha256 == sha256, or_(s.id.is_(None), s.authority.in_(sightings)))
        logged = select(r.number).where(and_(r.image_sha256 == sha256, r.removes.is_(None)))
        with self.database.reading() as c:
            return any(c.execute(query.limit(1)).first() is not None for query in (shown, logged))


class PictureReads(FindingReads):
    def pictures_on(self, capture: int) -> dict[str, str]:
        """The digests of the kept images that a page shows, by their addresses as its readings gave them."""
        of, joined = t.reading.c, t.reading_image.c
        query = select(of.id, of.images_json, joined.position, joined.sha256).join(t.reading_image, joined.reading == of.id)
        found: dict[str, str] = {}
        with self.store.database.reading() as c:
            rows = c.execute(query.where(of.capture == capture).order_by(joined.id)).all()
            for r in rows:
                addresses = json.loads(r.images_json)
                if r.position < len(addresses):
                    found[addresses[r.position]] = r.sha256
            images = c.execute(select(t.image.c.id).where(t.image.c.sha256.in_(found.values()))).scalars().all()
        self.shown("image", images)
        self.shown("reading", (r.id for r in rows))
        return found

    def shared_pictures(self, seller: int) -> list[SharedPicture]:
        """Pairs of this seller's pictures with other sellers', by the methods in force; none of pictures that are everybody's."""
        with self.store.database.reading() as c:
            own = list(c.execute(select(t.picture.c.id).where(t.picture.c.seller == seller).order_by(t.picture.c.id)).scalars())
        methods = [number for name in DETECTORS if (number := self.store.method_in_force("detector", name)) is not None]
        found = self._standing(own, methods)
        pairs = {
            (kept.finding.reason, kept.subject, int(pointer.other.removeprefix("picture:")))
            for kept in found
            for pointer in kept.finding.pointers
            if kept.finding.reason in SHARED and pointer.other.startswith("picture:")
        }
        everybodys = {
            kept.subject for kept in [*found, *self._standing({b for _, _, b in pairs}, methods)] if kept.finding.reason in EVERYBODYS
        }
        pairs = {pair for pair in pairs if not everybodys & {pair[1], pair[2]}}
        shown = self._first_shown({number for _, a, b in pairs for number in (a, b)})
        return [
            SharedPicture(reason, a, b, theirs, shown[a][1], shown[b][1])
            for reason, a, b in sorted(pairs)
            if a in shown and b in shown and (theirs := shown[b][0]) is not None and theirs != seller
        ]

    def _standing(self, pictures: Sequence[int] | set[int], methods: Sequence[int]) -> list[KeptFinding]:
        """Findings of these pictures, without those that rest on a removed reference."""
        if not pictures or not methods:
            return []
        removed = {f"reference:{r}" for r in self._removed()}
        every = self.findings_of([(SubjectKind.picture, number) for number in sorted(pictures)], methods)
        return [kept for kept in every if not removed & {pointer.other for pointer in kept.finding.pointers}]

    def _removed(self) -> set[int]:
        with self.store.database.reading() as c:
            return {r for r in c.execute(select(t.reference.c.removes)).scalars() if r is not None}

    def _first_shown(self, pictures: set[int]) -> dict[int, tuple[int | None, int]]:
        """Of each picture its seller and the first capture whose reading shows it."""
        joined = (
            t.picture.join(t.image, t.image.c.id == t.picture.c.image)
            .join(t.reading_image, t.reading_image.c.sha256 == t.image.c.sha256)
            .join(t.reading, (t.reading.c.id == t.reading_image.c.reading) & (t.reading.c.listing == t.picture.c.listing))
        )
        query = (
            select(t.picture.c.id, t.picture.c.seller, func.min(t.reading.c.capture).label("capture"))
            .select_from(joined)
            .where(t.picture.c.id.in_(sorted(pictures)))
            .group_by(t.picture.c.id, t.picture.c.seller)
        )
        with self.store.database.reading() as c:
            found = {r.id: (r.seller, r.capture) for r in c.execute(query)}
        self.shown("picture", found)
        return found
