"""Which accounts show one photograph, or photographs taken in one place: classes of pictures, by their bytes and by the findings in force.

A class holds the pictures that the same bytes or a finding lead to from one another, however many steps away: two edited copies of one
photograph are the same photograph. It is named by the smallest digest in it, so that its name does not hang on the order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, and_, func, select

from store import tables as t
from store.database import chunks
from store.pictures import DETECTORS, EVERYBODYS, PictureReads
from store.words.records import SubjectKind

KINDS = {"shared_picture": "picture", "same_place": "place"}  # the finding by which two pictures are of one class → the class's kind
OF_FINDINGS = t.finding.join(t.examination, t.examination.c.id == t.finding.c.examination).join(
    t.picture, and_(t.examination.c.subject_kind == str(SubjectKind.picture), t.picture.c.id == t.examination.c.subject)
)


@dataclass(frozen=True, slots=True)
class Alike:
    """A class of pictures: `kind` is picture or place, `digest` its name; of each seller in it one picture of its own (the first), and the
    first capture that shows it. `copies` is false where all are the same bytes. Of a place `also` says of a seller which others use every one
    of its photographs in the class: one of them may have the photograph from the other, and then it shows nobody's room but its taker's."""

    kind: str
    digest: str
    shown: dict[int, tuple[int, int | None]]
    copies: bool
    also: dict[int, frozenset[int]] = field(default_factory=dict)


class AlikeReads(PictureReads):
    def alike(self, sellers: Collection[int], most: int) -> list[Alike]:
        """Classes that these sellers and others are in, none with more than `most` sellers and none with a picture that is everybody's."""
        with self.store.database.reading() as c:
            start: set[int] = set()
            for part in chunks(sellers):
                start |= set(c.execute(select(t.picture.c.image).where(t.picture.c.seller.in_(part))).scalars())
            found = [one for part in chunks(start) for one in self._classes(c, part, most)]
            once = {(one.kind, one.digest): one for one in found if len(one.shown) >= 2}
        pictures = sorted({picture for one in once.values() for picture, _ in one.shown.values()})
        seen = {number: capture for part in chunks(pictures) for number, (_, capture) in self._first_shown(set(part)).items()}
        self.shown("seller", (seller for one in once.values() for seller in one.shown))
        self.shown("picture", (picture for one in once.values() for picture, _ in one.shown.values()))
        return [
            replace(once[key], shown={seller: (picture, seen.get(picture)) for seller, (picture, _) in once[key].shown.items()})
            for key in sorted(once)
        ]

    def _classes(self, c: Connection, images: Sequence[int], most: int, *, everybodys: bool = False) -> Iterator[Alike]:
        """The classes of these images, without captures. With `everybodys`, of those that are everybody's too: for asking whom a new picture concerns."""
        near, whose, banned = self._around(c, images, most, self._methods())
        digests = {
            r.id: r.sha256
            for part in chunks(whose)
            for r in c.execute(select(t.image.c.id, t.image.c.sha256).where(t.image.c.id.in_(part)))
        }
        for kind in KINDS.values():
            seen: set[int] = set()
            for image in images:
                if image in seen or image not in whose or (kind == "place" and not near[kind].get(image)):
                    continue
                members = _led_to(image, near[kind], whose)
                seen |= set(members)
                sellers = {seller for one in members for seller in whose[one]}
                reached_a_hub = any(other not in whose for one in members for other in near[kind].get(one, ()))
                if len(sellers) <= most and not reached_a_hub and (everybodys or not banned & set(members)):
                    name = min(digests[one] for one in members)
                    if kind == "place":
                        users = {one: {s for copy in _led_to(one, near["picture"], whose) for s in whose[copy]} for one in members}
                        yield Alike(kind, name, _first_of(members, whose, users), len(members) > 1, _also(members, whose, users))
                    else:
                        yield Alike(kind, name, _first_of(members, whose), len(members) > 1)

    def _with_copies(self, c: Connection, images: Collection[int], most: int) -> set[int]:
        """These images and all copies of them: who uses a copy bears on what a place says of whoever shows it."""
        near, whose, _ = self._around(c, sorted(images), most, self._methods())
        return {copy for image in images for copy in _led_to(image, near["picture"], whose)}

    def _methods(self) -> list[int]:
        """The detectors in force whose findings make classes."""
        return [number for name in DETECTORS if (number := self.store.method_in_force("detector", name)) is not None]

    def _around(
        self, c: Connection, images: Sequence[int], most: int, methods: Sequence[int]
    ) -> tuple[dict[str, dict[int, set[int]]], dict[int, dict[int, int]], set[int]]:
        """(kind → image → images that findings hold to be the same, image → seller → its first picture, images that are everybody's), as far
        as these images lead; an image of more than `most` sellers leads nowhere and is in none of them but as the end of an edge."""
        near: dict[str, dict[int, set[int]]] = {kind: defaultdict(set) for kind in KINDS.values()}
        whose: dict[int, dict[int, int]] = {}
        banned: set[int] = set()
        asked, fresh = set(images), set(images)
        while fresh:
            few = [number for part in chunks(fresh) for number in _of_few(c, part, most)]
            pictures: dict[int, int] = {}
            for part in chunks(few):
                query = select(t.picture.c.id, t.picture.c.image, t.picture.c.seller).where(t.picture.c.image.in_(part))
                for r in c.execute(query.order_by(t.picture.c.id)):
                    pictures[r.id] = r.image
                    if r.seller is not None:
                        whose.setdefault(r.image, {}).setdefault(r.seller, r.id)
            edges: list[tuple[str, int, int]] = []
            for part in chunks(pictures):
                for kept in self._standing(part, methods):
                    if kept.finding.reason in EVERYBODYS:
                        banned.add(pictures[kept.subject])
                    elif kept.finding.reason in KINDS:
                        named = [p.other.removeprefix("picture:") for p in kept.finding.pointers if p.other.startswith("picture:")]
                        edges += [(KINDS[kept.finding.reason], pictures[kept.subject], int(other)) for other in named]
            image_of: dict[int, int] = {}
            for part in chunks({other for _, _, other in edges}):
                image_of |= {r.id: r.image for r in c.execute(select(t.picture.c.id, t.picture.c.image).where(t.picture.c.id.in_(part)))}
            for kind, here, other in edges:
                there = image_of.get(other, here)
                if there != here:
                    near[kind][here].add(there)
                    near[kind][there].add(here)
            fresh = set(image_of.values()) - asked
            asked |= fresh
        return near, whose, banned


def _led_to(image: int, near: Mapping[int, Collection[int]], whose: Mapping[int, object]) -> list[int]:
    """The image, and all that its neighbours lead to through images of few sellers; nearest first."""
    members, seen = [image], {image}
    for one in members:  # it grows as it is gone through
        for other in sorted(near.get(one, ())):
            if other in whose and other not in seen:
                seen.add(other)
                members.append(other)
    return members


def _first_of(
    images: Sequence[int], whose: Mapping[int, Mapping[int, int]], users: Mapping[int, Collection[int]] | None = None
) -> dict[int, tuple[int, int | None]]:
    """Of each seller of these images its first picture; with `users` of each, the first that the fewest use."""
    first: dict[int, tuple[int, int]] = {}
    for image in images:
        for seller, picture in whose[image].items():
            mine = (len(users[image]) if users else 0, picture)
            first[seller] = min(mine, first.get(seller, mine))
    return {seller: (picture, None) for seller, (_, picture) in sorted(first.items())}


def _also(
    images: Sequence[int], whose: Mapping[int, Mapping[int, int]], users: Mapping[int, Collection[int]]
) -> dict[int, frozenset[int]]:  # fmt: skip
    """Of each seller the others who use every one of its photographs among these images."""
    also: dict[int, frozenset[int]] = {}
    for image in images:
        for seller in whose[image]:
            others = frozenset(users[image]) - {seller}
            also[seller] = also.get(seller, others) & others
    return also


def _of_few(c: Connection, images: Sequence[int], most: int) -> list[int]:
    """Of these images those that from one to `most` sellers show."""
    query = select(t.picture.c.image, func.count(t.picture.c.seller.distinct()).label("n")).where(t.picture.c.image.in_(images))
    return [r.image for r in c.execute(query.group_by(t.picture.c.image)) if 1 <= r.n <= most]
