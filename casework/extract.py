"""What is handed out of the store as a table: listings as they last read."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from casework.sightings import may_be_seen
from store.store import Acting
from store.words.money import decimal_price

LISTING_COLUMNS = ("url", "source", "ref", "title", "price", "currency", "price_text", "seller", "place", "image_count", "first_seen", "last_seen", "level")  # fmt: skip
PAGE = 1000


def listings(reader: Acting, source: str | None = None, sightings: Collection[str] | None = None) -> Iterator[tuple[object, ...]]:
    """Every listing by LISTING_COLUMNS, in pages by id; of one source, and of sightings these authorities' alone (None: everybody's). The caller says
    in the log to whom it goes."""
    after = 0
    while page := reader.summaries(source=source, after=after, limit=PAGE):
        for r in page if sightings is None else may_be_seen(reader, page, sightings):
            s = r.snapshot
            price = "" if s.price_minor is None else decimal_price(s.price_minor, s.currency)
            yield (
                r.listing.url, r.listing.source, r.listing.ref, s.title, price, s.currency or "", s.price_text, s.seller, s.place,
                r.image_count, r.first_seen.isoformat(), r.last_seen.isoformat(), r.level,
            )  # fmt: skip
        after = page[-1].listing.id or 0
