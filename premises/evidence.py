"""What there is to link a seller, or a listing without one, by: addresses said, phones, names, each with the capture that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from premises.said import Said, in_place, in_text
from store.listings import Summary
from store.store import Acting
from store.words.records import Contact, SubjectKind

PAGE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """A word and the first capture that shows it."""

    value: str
    capture: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one subject. `contacts` are (kind, value, capture)."""

    kind: SubjectKind
    subject: int
    said: tuple[Said, ...] = ()
    names: tuple[Shown, ...] = ()
    contacts: tuple[tuple[str, str, int], ...] = field(default=())

    @property
    def phones(self) -> tuple[Shown, ...]:
        """Phones in E.164; a WhatsApp number is one."""
        found = {
            value: capture for kind, value, capture in reversed(self.contacts) if kind in ("phone", "whatsapp") and value.startswith("+")
        }
        return tuple(Shown(value, found[value]) for value in sorted(found))


def of_sellers(reader: Acting) -> Iterator[Evidence]:
    """Each seller's, in pages by id."""
    after = 0
    while sellers := reader.sellers(after=after, limit=PAGE):
        for seller in sellers:
            assert seller.id is not None
            listings = [one for one in reader.seller_listings(seller.id) if one.seller == seller.id]
            yield _evidence(reader, SubjectKind.seller, seller.id, listings, reader.contacts(seller=seller.id), seller.name)
        after = sellers[-1].id or after


def of_listings(reader: Acting) -> Iterator[Evidence]:
    """Those of listings whose page names no seller."""
    after = 0
    while page := reader.summaries(after=after, limit=PAGE):
        for one in page:
            if one.seller is None and one.listing.id is not None:
                yield _evidence(reader, SubjectKind.listing, one.listing.id, [one], reader.contacts(listing=one.listing.id), "")
        after = page[-1].listing.id or after


def _evidence(
    reader: Acting, kind: SubjectKind, subject: int, listings: list[Summary], contacts: Iterable[tuple[Contact, int]], name: str
) -> Evidence:
    said: dict[object, Said] = {}
    names: dict[str, Shown] = {}
    for one in listings:
        words = one.snapshot
        found = [in_place(words.place, 0), *in_text(words.title, 0), *in_text(words.text, 0)]
        addresses = [each for each in found if each]
        given = [text for text in (words.seller_name, name) if text.strip()]
        if not addresses and all(text in names for text in given):
            continue
        capture = _first_capture(reader, one)
        for each in addresses:
            said.setdefault((each.address, each.where), Said(each.address, capture, each.where))
        for text in given:
            names.setdefault(text, Shown(text, capture))
    reached = sorted({(c.kind, c.value, capture) for c, capture in contacts})
    return Evidence(kind, subject, tuple(said.values()), tuple(names.values()), tuple(reached))


def _first_capture(reader: Acting, one: Summary) -> int:
    """The first capture that said these words: a later crawl of the same words gives no new reason, and no new link."""
    assert one.listing.id is not None
    same = [r.capture for r in reader.readings(listing=one.listing.id) if r.snapshot == one.snapshot.id]
    return same[0] if same else one.capture
