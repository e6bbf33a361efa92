"""Where a sighting on a market stall and a listing of the web meet: the listings that lead to one seller, in one query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from store import tables as t
from store.listings import Summary, given_contacts
from store.sightings import SightingReads

REACH = {  # kinds of contact that lead to one person, and what counts as the same; a domain or an address of a page may be anybody's
    "phone": "phone", "whatsapp": "phone", "email": "e-mail", "telegram": "telegram", "instagram": "instagram", "snapchat": "snapchat",
    "payment": "payment",
}  # fmt: skip
HUB = 25  # a picture or a contact of more listings than this is a stock picture or a courier, and leads to nobody

CHUNK = 5_000  # a statement has room for so many numbers
_SIGHTED = select(t.sighting.c.listing, t.sighting.c.authority).where(t.sighting.c.listing.in_(bindparam("part", expanding=True)))


@dataclass(frozen=True, slots=True)
class Meeting:
    """A listing that may be of the same seller, and why: (what, value, capture of the other listing that shows it)."""

    summary: Summary
    why: tuple[tuple[str, str, int | None], ...]
    sightings: tuple[str, ...]  # references of the sightings that the listing is kept for; () of a listing of the web


class Meetings(list[Meeting]):
    """Those that are shown, and how many more there are."""

    left_out: int = 0


class MeetingReads(SightingReads):
    def same_seller(
        self, *, listing: int | None = None, contact: tuple[str, str] | None = None, seller: int | None = None, limit: int = 50,
        sightings: Collection[str] | None = None,
    ) -> Meetings:  # fmt: skip
        """Listings, of the web and of sightings alike, that lead to one seller: by account, by contact, by the very same picture.

        From a listing, from an account, or from one contact (kind and value in their normal form). Sightings come first, then what is
        met by contact or picture, then the account's other listings. A lead, no identity: what more than `HUB` listings share is left out.
        `sightings` are the authorities whose sightings may be among them; without it all are.
        """
        with self.store.database.reading() as c:
            whys: dict[int, dict[tuple[str, str], int | None]] = {}
            own = self._own(c, listing, seller)
            contacts = {contact} if contact else self._contacts_of(c, own)
            for found in (self._by_contact(c, contacts, own), self._by_picture(c, own), self._by_account(c, own)):
                for number, what, value, capture in found:
                    whys.setdefault(number, {}).setdefault((what, value), capture)
            known = list(whys)
            parts = (known[at : at + CHUNK] for at in range(0, len(known), CHUNK))
            sighted = {r.listing: r.authority for part in parts for r in c.execute(_SIGHTED, {"part": part})}
        if sightings is not None:
            whys = {number: why for number, why in whys.items() if sighted.get(number) in (None, *sightings)}
        ordered = sorted(whys, key=lambda n: (n not in sighted, all(what == "account" for what, _ in whys[n]), n))
        numbers = ordered[:limit]
        summaries = {s.listing.id: s for s in self.summaries(numbers=numbers, limit=len(numbers))} if numbers else {}
        told: dict[int, list[str]] = {}
        for each in self.sightings(listings=numbers) if numbers else []:
            told.setdefault(each.listing, []).append(each.reference)
        met = Meetings(
            Meeting(summaries[n], tuple((what, value, capture) for (what, value), capture in whys[n].items()), tuple(told.get(n, ())))
            for n in numbers
            if n in summaries
        )
        met.left_out = len(ordered) - len(numbers)
        return met

    def _own(self, c: Connection, listing: int | None, seller: int | None) -> list[int]:
        if seller is not None:
            return sorted(c.execute(select(t.reading.c.listing).where(t.reading.c.seller == seller).distinct()).scalars())
        return [listing] if listing is not None else []

    def _contacts_of(self, c: Connection, own: Sequence[int]) -> set[tuple[str, str]]:
        given = given_contacts()
        x = given.join(t.contact, t.contact.c.id == given.c.contact)
        return {
            (r.kind, r.value) for r in c.execute(select(t.contact.c.kind, t.contact.c.value).select_from(x).where(given.c.listing.in_(own)))
        }

    def _by_contact(
        self, c: Connection, contacts: Collection[tuple[str, str]], own: Sequence[int]
    ) -> list[tuple[int, str, str, int | None]]:
        given = given_contacts()
        x = given.join(t.contact, t.contact.c.id == given.c.contact)
        out: list[tuple[int, str, str, int | None]] = []
        for word, value in sorted({(REACH[kind], value) for kind, value in contacts if kind in REACH}):
            kinds = [kind for kind, same in REACH.items() if same == word]
            query = select(given.c.listing, func.min(given.c.capture)).select_from(x)
            query = query.where(t.contact.c.kind.in_(kinds), t.contact.c.value == value, given.c.listing.not_in(own))
            rows = c.execute(query.group_by(given.c.listing).order_by(given.c.listing).limit(HUB + 1)).all()
            out += [(r[0], word, value, r[1]) for r in rows] if len(rows) <= HUB else []
        return out

    def _by_picture(self, c: Connection, own: Sequence[int]) -> list[tuple[int, str, str, int | None]]:
        out: list[tuple[int, str, str, int | None]] = []
        for image, sha256 in c.execute(
            select(t.picture.c.image, t.image.c.sha256)
            .join(t.image, t.image.c.id == t.picture.c.image)
            .where(t.picture.c.listing.in_(own))
            .distinct()
        ).all():
            query = select(t.picture.c.listing).where(t.picture.c.image == image, t.picture.c.listing.not_in(own)).distinct()
            rows = c.execute(query.order_by(t.picture.c.listing).limit(HUB + 1)).scalars().all()
            out += [(number, "picture", sha256, None) for number in rows] if len(rows) <= HUB else []
        return out

    def _by_account(self, c: Connection, own: Sequence[int]) -> list[tuple[int, str, str, int | None]]:
        sellers = select(t.reading.c.seller).where(t.reading.c.listing.in_(own), t.reading.c.seller.is_not(None))
        query = select(t.reading.c.listing, t.seller.c.handle, func.min(t.reading.c.capture).label("capture"))
        query = query.join(t.seller, t.seller.c.id == t.reading.c.seller).where(
            t.reading.c.seller.in_(sellers), t.reading.c.listing.not_in(own)
        )
        return [(r.listing, "account", r.handle, r.capture) for r in c.execute(query.group_by(t.reading.c.listing, t.seller.c.handle))]
