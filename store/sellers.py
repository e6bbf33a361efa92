"""Accounts as subjects of examination: their listings as they stand, what they share with other accounts, what came again under another
reference. Bounded: however many listings an account has, so many of the newest are taken, and what everybody shows is nobody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from store import tables as t
from store.database import chunks
from store.history import absent_at
from store.listings import ListingReads, details_of, newest_readings, seen_between, snapshot_of
from store.words.records import Again, Listing, Offer, Seller, SellerSubject, Shared

MOST_OFFERS = 1000  # listings of one account that are taken, the newest
EVERYBODYS = 20  # accounts: a description or picture that more of them show is a manufacturer's, a placeholder or a form
MOST_AGAIN = 50  # pairs of listings whose absence is looked for: each costs some queries


class SellerReads(ListingReads):
    def seller_subjects(self, numbers: Sequence[int]) -> list[SellerSubject]:
        """These sellers, in order of number, as far as they are kept."""
        with self.store.database.reading() as c:
            rows = c.execute(select(t.seller).where(t.seller.c.id.in_(numbers)).order_by(t.seller.c.id)).all()
            found = [_subject(c, Seller(r.id, r.source, r.handle, r.name, r.url)) for r in rows]
        for each in found:
            self.shown("seller", [each.id, *(s.seller for s in each.shared)])
            self.shown("listing", (o.listing for o in each.offers))
        return found


def _subject(c: Connection, seller: Seller) -> SellerSubject:
    number = seller.id or 0
    of = select(t.reading.c.listing).where(t.reading.c.seller == number).distinct().order_by(t.reading.c.listing.desc())
    listings = c.execute(of).scalars().all()
    offers = tuple(_offers(c, number, sorted(listings[:MOST_OFFERS])))
    shared = tuple(sorted({*_same_text(c, seller, offers), *_same_pictures(c, seller, offers)}, key=_order))
    return SellerSubject(number, seller, offers, shared, tuple(_again(c, seller, offers)), max(0, len(listings) - MOST_OFFERS))


def _order(shared: Shared) -> tuple[Any, ...]:
    return shared.offer, shared.kind, shared.digest, shared.seller, shared.listing, shared.snapshot


def _offers(c: Connection, seller: int, listings: Sequence[int]) -> Iterator[Offer]:
    """Of the listings those that are the seller's as they stand."""
    for part in chunks(listings):
        newest, seen = newest_readings(part), seen_between(part)
        query = (
            select(t.snapshot, t.reading.c.listing, t.reading.c.id.label("reading"), t.reading.c.details_json, seen.c.first, seen.c.last)
            .select_from(t.reading.join(newest, newest.c.id == t.reading.c.id))
            .join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
            .join(seen, seen.c.listing == t.reading.c.listing)
            .where(t.reading.c.seller == seller)
            .order_by(t.reading.c.listing)
        )
        rows = c.execute(query).mappings().all()
        images: dict[int, list[str]] = defaultdict(list)
        joined = select(t.reading_image.c.reading, t.reading_image.c.sha256).where(
            t.reading_image.c.reading.in_([r["reading"] for r in rows])
        )
        for reading, sha256 in c.execute(joined.order_by(t.reading_image.c.reading, t.reading_image.c.position)):
            images[reading].append(sha256)
        for r in rows:
            yield Offer(r["listing"], snapshot_of(r), tuple(images[r["reading"]]), r["first"], r["last"], details_of(r["details_json"]))


def _same_text(c: Connection, seller: Seller, offers: Sequence[Offer]) -> Iterator[Shared]:
    """Descriptions that a few other accounts of the source have as well, at any time."""
    digests: dict[str, list[int]] = defaultdict(list)
    own: dict[int, list[int]] = defaultdict(list)
    for offer in offers:
        own[offer.snapshot.id or 0].append(offer.listing)
    for part in chunks(own):
        for r in c.execute(
            select(t.snapshot.c.id, t.snapshot.c.text_digest).where(t.snapshot.c.id.in_(part), t.snapshot.c.text_digest != "")
        ):
            digests[r.text_digest] += own[r.id]
    others = (
        select(
            t.snapshot.c.text_digest.label("digest"),
            t.reading.c.seller,
            func.min(t.reading.c.listing).label("listing"),
            func.min(t.snapshot.c.id).label("snapshot"),
        )
        .join(t.reading, t.reading.c.snapshot == t.snapshot.c.id)
        .join(t.seller, t.seller.c.id == t.reading.c.seller)
        .where(t.seller.c.source == seller.source)
    )
    for part in chunks(digests):
        of = others.where(t.snapshot.c.text_digest.in_(part)).group_by(t.snapshot.c.text_digest, t.reading.c.seller)
        yield from _of_few(c.execute(of).all(), "text", seller, digests)


def _same_pictures(c: Connection, seller: Seller, offers: Sequence[Offer]) -> Iterator[Shared]:
    """Pictures, byte for byte, that a few other accounts of the source show as well."""
    digests: dict[str, list[int]] = defaultdict(list)
    for offer in offers:
        for sha256 in dict.fromkeys(offer.images):
            digests[sha256].append(offer.listing)
    others = (
        select(t.image.c.sha256.label("digest"), t.picture.c.seller, func.min(t.picture.c.listing).label("listing"))
        .join(t.picture, t.picture.c.image == t.image.c.id)
        .join(t.seller, t.seller.c.id == t.picture.c.seller)
        .where(t.seller.c.source == seller.source)
    )
    for part in chunks(digests):
        of = others.where(t.image.c.sha256.in_(part)).group_by(t.image.c.sha256, t.picture.c.seller).subquery()
        shown = (
            select(of.c.digest, of.c.seller, of.c.listing, func.max(t.reading.c.snapshot).label("snapshot"))
            .join(t.reading, t.reading.c.listing == of.c.listing)
            .group_by(of.c.digest, of.c.seller, of.c.listing)
        )
        yield from _of_few(c.execute(shown).all(), "picture", seller, digests)


def _of_few(rows: Sequence[Any], kind: str, seller: Seller, own: dict[str, list[int]]) -> Iterator[Shared]:
    sellers: dict[str, set[int]] = defaultdict(set)
    for r in rows:
        sellers[r.digest].add(r.seller)
    for r in rows:
        if r.seller != seller.id and len(sellers[r.digest]) <= EVERYBODYS:
            for listing in own[r.digest]:
                yield Shared(kind, r.digest, listing, r.seller, r.listing, r.snapshot)


def _again(c: Connection, seller: Seller, offers: Sequence[Offer]) -> Iterator[Again]:
    """Listings with the words or the pictures of one that was gone when they came; the one that was last seen latest before each counts."""
    alike: dict[Any, list[Offer]] = defaultdict(list)
    for offer in sorted(offers, key=lambda each: (each.first_seen, each.listing)):
        words = tuple(" ".join(each.casefold().split()) for each in (offer.snapshot.title, offer.snapshot.text))
        if any(words):
            alike[words].append(offer)
        if offer.images:
            alike[frozenset(offer.images)].append(offer)
    pairs: dict[int, tuple[Offer, Offer]] = {}
    for group in alike.values():
        for place, newer in enumerate(group):
            before = [older for older in group[:place] if older.last_seen < newer.first_seen]
            if before:
                pairs.setdefault(newer.listing, (max(before, key=lambda each: (each.last_seen, each.listing)), newer))
    for older, newer in [pairs[number] for number in sorted(pairs, reverse=True)][:MOST_AGAIN]:
        row = c.execute(select(t.listing).where(t.listing.c.id == older.listing)).one()
        absence = absent_at(c, Listing(row.id, row.source, row.ref, row.url), newer.first_seen)
        if absence:
            yield Again(older.listing, newer.listing, absence.evidence[0].what, absence.evidence[0].capture)
