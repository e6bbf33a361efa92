"""How long rows are kept by their date: short for what is under no suspicion, long for what a flag, a person's yes or a watch is about.

A page of search results shows many sellers; each row begins with the short date. When a listing comes to matter, its own rows get
the long one: the listing, what was said of it, who offers it and what was done about them with its files and said about them, its contacts and pictures, its sightings, the captures it was read from
and every other of its own page: screenshots, and the answer that it is gone. The other listings of the same page, and their sellers,
keep the short date; so does who told of it, and the file that a tip came in, which may say who that was. Setting the date is the one change of a row beside erasure's; it only
ever moves a date on, and the log says of which listing. A hold or a case goes before any date (store/erasure.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from store import audit
from store import tables as t
from store.database import Database
from store.words.records import Level, Verb


class RetentionWrites:
    database: Database
    retention: Mapping[str, int]

    def concern(self, listings: Iterable[int], *, actor: str, why: str, run: str | None = None) -> int:
        """Give these listings' own rows the long date; how many rows that moved on. Safe to do again."""
        with self.database.writing() as c:
            return sum(concern(self.database, c, listing, self.retention, actor=actor, why=why, run=run) for listing in listings)

    def concern_flagged(self, source: str, urls: Collection[str], *, actor: str, why: str) -> int:
        """The same for the listings at these addresses of a source that are flagged for review or higher."""
        newest = select(func.max(t.flag.c.id)).group_by(t.flag.c.listing)
        query = select(t.listing.c.id).join(t.flag, t.flag.c.listing == t.listing.c.id).where(t.flag.c.id.in_(newest))
        levels = [str(Level.review), str(Level.priority)]
        query = query.where(t.listing.c.source == source, t.listing.c.url.in_(urls), t.flag.c.level.in_(levels)).order_by(t.listing.c.id)
        with self.database.reading() as c:
            listings = list(c.execute(query).scalars())
        return self.concern(listings, actor=actor, why=why)


def concern(
    database: Database, c: Connection, listing: int, retention: Mapping[str, int], *, actor: str, why: str, run: str | None = None
) -> int:
    """Give a listing's own rows the long date, counted from when it was last seen; how many rows that moved on. Safe to do again."""
    days = retention.get("flagged")
    seen = c.execute(select(func.max(t.reading.c.captured_at)).where(t.reading.c.listing == listing)).scalar()
    if days is None or seen is None:
        return 0
    until = seen + timedelta(days=days)
    read = select(t.reading.c.id).where(t.reading.c.listing == listing)
    pictures = select(t.reading_image.c.capture).where(t.reading_image.c.reading.in_(read))
    pages = _pages(listing)
    parts = select(t.capture.c.id).where(t.capture.c.part_of.in_(pages))
    own = select(t.picture.c.id).where(t.picture.c.listing == listing)
    sellers = select(t.reading.c.seller).where(t.reading.c.listing == listing, t.reading.c.seller.is_not(None))
    f = t.follow_up.c
    root = func.coalesce(f.purchase, f.id)  # the steps of a purchase have their seller from its first row
    about = f.seller.in_(sellers)
    done = select(f.id).where(or_(about, root.in_(select(root).where(f.kind == "purchase", about))))
    captures = (
        pages,
        pictures,
        parts,
        select(t.capture.c.id).where(t.capture.c.part_of.in_(parts)),
        select(t.follow_up_capture.c.capture).where(t.follow_up_capture.c.follow_up.in_(done)),
    )  # of a statement a file, of that a page
    of: list[tuple[Table, Any]] = [
        (t.listing, t.listing.c.id == listing),
        (t.snapshot, t.snapshot.c.id.in_(select(t.reading.c.snapshot).where(t.reading.c.listing == listing))),
        (t.seller, t.seller.c.id.in_(sellers)),
        (t.contact, t.contact.c.id.in_(select(t.listing_contact.c.contact).where(t.listing_contact.c.listing == listing))),
        (t.contact, t.contact.c.id.in_(select(t.picture_contact.c.contact).where(t.picture_contact.c.picture.in_(own)))),
        (t.image, t.image.c.id.in_(select(t.picture.c.image).where(t.picture.c.listing == listing))),
        (t.sighting, t.sighting.c.listing == listing),
        (t.follow_up, t.follow_up.c.id.in_(done)),
        (t.capture, or_(*(t.capture.c.id.in_(some) for some in captures))),
    ]
    # what people said of its sellers, and of whoever is known at a door by a contact that it gives
    given = t.contact.join(t.listing_contact, t.listing_contact.c.contact == t.contact.c.id)
    known = t.occupant_mark.c
    same = given.join(t.occupant_mark, (known.kind == t.contact.c.kind) & (known.value == t.contact.c.value))
    on = t.case_entry_on.c
    recorded = select(on.case_entry).where(on.subject_kind == "seller", on.subject.in_(sellers))
    here = select(known.occupant).select_from(same).where(t.listing_contact.c.listing == listing)
    of += [
        (t.attribution, t.attribution.c.seller.in_(sellers)),
        (t.pair_statement, or_(t.pair_statement.c.seller.in_(sellers), t.pair_statement.c.other.in_(sellers))),
        (t.occupant, t.occupant.c.id.in_(here)),
        (t.occupant_mark, known.occupant.in_(here)),
        (t.case_entry, t.case_entry.c.id.in_(recorded)),
    ]
    moved = 0
    for table, mine in of:
        earlier = mine & table.c.retention_until.is_not(None) & (table.c.retention_until < until)
        moved += c.execute(table.update().where(earlier).values(retention_until=until)).rowcount
    if moved:
        audit.append(
            database,
            c,
            Verb.alteration,
            actor=actor,
            purpose="retention",
            justification=why,
            run=run,
            subjects={"listing": [listing]},
            detail={"until": until.isoformat(), "rows": moved},
        )
    return moved


def _pages(listing: int) -> Any:
    """The captures of a listing's page: those it was read from, and all that were asked for at its address or at that of one that shows it
    alone. By way of the source's runs, since captures are found quickly by run and address."""
    read = select(t.reading.c.capture).where(t.reading.c.listing == listing)
    alone = (
        select(t.reading.c.capture)
        .where(t.reading.c.capture.in_(read))
        .group_by(t.reading.c.capture)
        .having(func.count(t.reading.c.listing.distinct()) == 1)
    )
    own = select(t.listing.c.url).where(t.listing.c.id == listing)
    addresses = own.union(select(t.capture.c.url_requested).where(t.capture.c.id.in_(alone)))
    runs = select(t.run.c.id).join(t.listing, t.listing.c.source == t.run.c.source).where(t.listing.c.id == listing)
    asked = select(t.capture.c.id).where(
        t.capture.c.run.in_(runs), t.capture.c.url_requested.in_(addresses), t.capture.c.url_requested != ""
    )
    return read.union(asked)
