"""Officers' sightings as evidence of where a seller is: who is met in them, by what, and the captures of both sides.

From the sightings' side, because they are few and sellers are many. Who told a sighting is read nowhere here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from store import tables as t
from store.meetings import HUB, REACH
from store.pictures import PictureReads
from store.sightings import SightingReads
from store.words.records import Sighting, Told

PAGE = 500


@dataclass(frozen=True, slots=True)
class Met:
    """A seller who is met in an officer's sighting: `by` its contact (`value` says which), or the same `place` behind the goods.

    `here` is the seller's capture, `there` the sighting's; both may be missing where a page was read only after them.
    """

    sighting: Sighting
    seller: int
    by: str  # contact | place | account
    value: str
    here: int | None
    there: int | None


class SightedReads(PictureReads, SightingReads):
    def met_in_sightings(self) -> Iterator[Met]:
        """Every seller met in an officer's sighting that says a place. What more than `HUB` sellers share leads to nobody."""
        after = 0
        while page := self.sightings(told=Told.officer, after=after, limit=PAGE):
            after = page[-1].id or 0
            for one in page:
                if one.place.strip():
                    found = self._met(one)
                    self.shown("seller", (each.seller for each in found))
                    yield from found

    def _met(self, sighting: Sighting) -> list[Met]:
        with self.store.database.reading() as c:
            r = t.reading.c
            first = select(r.seller, func.min(r.capture)).where(r.listing == sighting.listing).group_by(r.seller).order_by(r.seller)
            own = list(c.execute(first).all())
            there = min((capture for _, capture in own), default=None)
            accounts = {seller for seller, _ in own if seller is not None}
            met = [Met(sighting, seller, "account", "", there, there) for seller in sorted(accounts)]
            met += _by_contact(c, sighting)
            pictures = list(
                c.execute(select(t.picture.c.id).where(t.picture.c.listing == sighting.listing).order_by(t.picture.c.id)).scalars()
            )
        met += self._by_place(sighting, pictures)
        return [one for one in met if one.by == "account" or one.seller not in accounts]

    def _by_place(self, sighting: Sighting, pictures: list[int]) -> list[Met]:
        """Sellers with a picture taken in the same place as a photograph of the sighting, as the method in force has it."""
        method = self.store.method_in_force("detector", "same_place")
        found = self._standing(pictures, [method] if method is not None else [])
        pairs = {
            (kept.subject, int(pointer.other.removeprefix("picture:")))
            for kept in found
            for pointer in kept.finding.pointers
            if kept.finding.reason == "same_place" and pointer.other.startswith("picture:")
        }
        shown = self._first_shown({number for pair in pairs for number in pair})
        met: dict[int, Met] = {}
        for ours, theirs in sorted(pairs):
            seller = shown.get(theirs, (None, 0))[0]
            if seller is not None:
                there = shown[ours][1] if ours in shown else None
                met.setdefault(seller, Met(sighting, seller, "place", f"picture {theirs} and picture {ours}", shown[theirs][1], there))
        return list(met.values()) if len(met) <= HUB else []


def _by_contact(c: Connection, sighting: Sighting) -> list[Met]:
    given = _given(c, sighting.listing)
    met: dict[int, Met] = {}
    for word, value, there in given:
        kinds = [kind for kind, same in REACH.items() if same == word]
        w = t.listing_contact.c
        query = (
            select(w.seller, func.min(w.capture))
            .join(t.contact, t.contact.c.id == w.contact)
            .where(t.contact.c.kind.in_(kinds), t.contact.c.value == value, w.seller.is_not(None), w.listing != sighting.listing)
            .group_by(w.seller)
            .order_by(w.seller)
            .limit(HUB + 1)
        )
        rows = c.execute(query).all()
        for seller, here in rows if len(rows) <= HUB else ():
            met.setdefault(seller, Met(sighting, seller, "contact", f"{word} {value}", here, there))
    return list(met.values())


def _given(c: Connection, listing: int) -> list[tuple[str, str, int]]:
    """(what it is, value, first capture) of the contacts that the sighting's words give, one way of writing each."""
    w = t.listing_contact.c
    query = select(t.contact.c.kind, t.contact.c.value, func.min(w.capture)).join(t.contact, t.contact.c.id == w.contact)
    rows = c.execute(query.where(w.listing == listing).group_by(t.contact.c.kind, t.contact.c.value)).all()
    found: dict[tuple[str, str], int] = {}
    for kind, value, capture in rows:
        if kind in REACH:
            key = (REACH[kind], value)
            found[key] = min(capture, found.get(key, capture))
    return [(*key, capture) for key, capture in sorted(found.items())]
