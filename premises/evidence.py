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
    """A word and the first capture that shows it. `read` says that a machine read it in a picture, "" where it was written."""

    value: str
    capture: int
    read: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one subject. `contacts` are (kind, value, where): those in words before those read in pictures."""

    kind: SubjectKind
    subject: int
    said: tuple[Said, ...] = ()
    names: tuple[Shown, ...] = ()
    contacts: tuple[tuple[str, str, Shown], ...] = field(default=())

    @property
    def phones(self) -> tuple[Shown, ...]:
        """Phones in E.164; a WhatsApp number is one."""
        found = {value: shown for kind, value, shown in reversed(self.contacts) if kind in ("phone", "whatsapp") and value.startswith("+")}
        return tuple(found[value] for value in sorted(found))


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
    reached = sorted(
        {(c.kind, c.value, shown(c, capture)) for c, capture in contacts}, key=lambda r: (bool(r[2].read), *r[:2], r[2].capture)
    )
    return Evidence(kind, subject, tuple(said.values()), tuple(names.values()), tuple(reached))


def shown(contact: Contact, capture: int) -> Shown:
    """A contact as evidence, with how a machine came to read it where it stood in a picture."""
    read = f"read by machine in picture {contact.picture} (method {contact.method})" if contact.picture is not None else ""
    return Shown(contact.value, capture, read)


def _first_capture(reader: Acting, one: Summary) -> int:
    """The first capture that said these words: a later crawl of the same words gives no new reason, and no new link."""
    assert one.listing.id is not None
    same = [r.capture for r in reader.readings(listing=one.listing.id) if r.snapshot == one.snapshot.id]
    return same[0] if same else one.capture
