"""What there is to link a seller, or a listing without one, by: addresses said, phones, names, numbers, positions of pictures, and sightings
of officers that lead to it; each with the capture that shows it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from premises import camera
from premises.camera import Position
from premises.said import Said, in_place, in_text
from store.listings import Summary
from store.sighted import Met
from store.store import Acting
from store.words.identifiers import find_identifiers
from store.words.records import Contact, Level, Link, SubjectKind

PAGE = 500
FLAGGED = frozenset({str(Level.review), str(Level.priority)})
# "Kestrel Moss Ltd": words that begin with a capital, then the form of company; "Limited edition" is none
_COMPANY = re.compile(
    r"\b((?:[A-Z][\w&'’.-]*|&)(?: (?:[A-Z][\w&'’.-]*|&|and|of)){0,5}) (?:Ltd|Limited|LTD|LIMITED|LLP|PLC|plc)\b(?! (?:edition|stock|time|offer|run|quantit))"
)
_COLLECT = re.compile(
    r"\b(?:collect(?:ion|ed|ing)?|pick(?:ed)?[ -]?up|come (?:down )?to|call (?:in|round)|visit (?:us|me)|find (?:us|me)|available|view(?:ing)?)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A word and the first capture that shows it. `read` says that a machine read it in a picture, "" where it was written."""

    value: str
    capture: int
    read: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """How an officer's sighting leads to the subject: `code` names the weight, `value` what both share, with the captures of both sides."""

    code: str
    reference: str
    value: str
    here: int | None
    there: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one subject. `contacts` are (kind, value, where): those in words before those read in pictures.

    `numbers` are (kind, value, where) of identifiers in the right form. `reported` says, of addresses of `said` by their place in it,
    that not the subject but an officer's sighting says them; `seen` are premises that such a sighting was confirmed to be at.
    `officers` are, by the same, references of sightings of the subject itself that were there, each with its capture.
    """

    kind: SubjectKind
    subject: int
    said: tuple[Said, ...] = ()
    names: tuple[Shown, ...] = ()
    contacts: tuple[tuple[str, str, Shown], ...] = field(default=())
    handle: str = ""
    numbers: tuple[tuple[str, str, Shown], ...] = ()
    positions: tuple[tuple[Position, int], ...] = ()
    reported: Mapping[int, Bridge] = field(default_factory=dict)
    seen: tuple[tuple[int, Bridge], ...] = ()
    officers: Mapping[int, tuple[Shown, ...]] = field(default_factory=dict)

    @property
    def phones(self) -> tuple[Shown, ...]:
        """Phones in E.164; a WhatsApp number is one."""
        found = {value: shown for kind, value, shown in reversed(self.contacts) if kind in ("phone", "whatsapp") and value.startswith("+")}
        return tuple(found[value] for value in sorted(found))

    @property
    def leads(self) -> bool:
        """Whether there is anything to seek premises by."""
        return bool(self.said or self.names or self.contacts or self.numbers or self.seen)


def of_sellers(reader: Acting) -> Iterator[Evidence]:
    """Each seller's, in pages by id."""
    met: dict[int, list[Met]] = defaultdict(list)
    for one in reader.met_in_sightings():
        met[one.seller].append(one)
    confirmed = _confirmed(reader, met)
    after = 0
    while sellers := reader.sellers(after=after, limit=PAGE):
        for seller in sellers:
            assert seller.id is not None
            listings = [one for one in reader.seller_listings(seller.id) if one.seller == seller.id]
            found = _evidence(
                reader, SubjectKind.seller, seller.id, listings, reader.contacts(seller=seller.id), seller.name, seller.handle
            )
            yield _with_sightings(found, met.get(seller.id, ()), confirmed)
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
    reader: Acting, kind: SubjectKind, subject: int, listings: list[Summary], contacts: Iterable[tuple[Contact, int]], name: str, handle: str = ""
) -> Evidence:  # fmt: skip
    said: dict[object, Said] = {}
    names: dict[str, Shown] = {}
    numbers: dict[tuple[str, str], Shown] = {}
    for one in listings:
        words = one.snapshot
        addresses = [each for each in (in_place(words.place, 0), *_in_words(words.title), *_in_words(words.text)) if each]
        given = [text for text in (words.seller_name, name, *companies_in(f"{words.title}\n{words.text}")) if text.strip()]
        stated = find_identifiers(f"{words.title}\n{words.text}")
        if not addresses and all(text in names for text in given) and all((each.kind, each.value) in numbers for each in stated):
            continue
        capture = _first_capture(reader, one)
        for each in addresses:
            said.setdefault((each.address, each.where), Said(each.address, capture, each.where))
        for text in given:
            names.setdefault(text, Shown(text, capture))
        for number in stated:
            numbers.setdefault((number.kind, number.value), Shown(number.raw, capture))
    reached = sorted(
        {(c.kind, c.value, shown(c, capture)) for c, capture in contacts}, key=lambda r: (bool(r[2].read), *r[:2], r[2].capture)
    )
    stated_numbers = tuple((*key, where) for key, where in sorted(numbers.items()))
    places = tuple(_positions(reader, listings))
    return Evidence(kind, subject, tuple(said.values()), tuple(names.values()), tuple(reached), handle, stated_numbers, places)


def companies_in(text: str) -> list[str]:
    """Names of companies in a text, by their form: "Kestrel Moss Ltd"."""
    return list(dict.fromkeys(match[0] for match in _COMPANY.finditer(text)))


def _in_words(text: str) -> Iterator[Said]:
    """Addresses in a text; where the words before one say that goods are collected there it is a `collection` point."""
    for each in in_text(text, 0):
        at = text.find(each.address.raw.split(",")[0])
        collected = at > 0 and _COLLECT.search(text[max(0, at - 60) : at])
        yield Said(each.address, each.capture, "collection") if collected else each


def _positions(reader: Acting, listings: Sequence[Summary]) -> Iterator[tuple[Position, int]]:
    """What pictures say of where they were taken: of flagged listings only, since the place may be a private home."""
    captures: dict[str, int] = {}
    for one in listings:
        if one.level in FLAGGED and one.image_count and one.listing.id is not None:
            for image in reader.listing_images(one.listing.id):
                captures.setdefault(image.sha256, image.capture)
    found = camera.positions(reader, captures) if captures else {}
    yield from ((found[digest], captures[digest]) for digest in sorted(found, key=captures.__getitem__))


def shown(contact: Contact, capture: int) -> Shown:
    """A contact as evidence, with how a machine came to read it where it stood in a picture."""
    read = f"read by machine in picture {contact.picture} (method {contact.method})" if contact.picture is not None else ""
    return Shown(contact.value, capture, read)


def _first_capture(reader: Acting, one: Summary) -> int:
    """The first capture that said these words: a later crawl of the same words gives no new reason, and no new link."""
    assert one.listing.id is not None
    same = [r.capture for r in reader.readings(listing=one.listing.id) if r.snapshot == one.snapshot.id]
    return same[0] if same else one.capture


# -- sightings of officers -----------------------------------------------------------------------------------------------


def _confirmed(reader: Acting, met: Mapping[int, Sequence[Met]]) -> dict[str, set[int]]:
    """Of each sighting the premises that a person confirmed it to be at: by a link of its own listing, or one of the account it describes that
    rests on this very sighting. Where else the account was found to be, by other evidence, the sighting says nothing of."""
    places: dict[str, set[int]] = {}
    accounts: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    listings: dict[str, int] = {}
    for seller, every in sorted(met.items()):
        for one in every:
            listings[one.sighting.reference] = one.sighting.listing
            if one.by == "account":
                accounts[one.sighting.reference].append((seller, one.there))
    for reference, listing in sorted(listings.items()):
        places[reference] = {link.object for link in _at_premises(reader, SubjectKind.listing, listing)}
        for seller, capture in accounts[reference]:
            places[reference] |= {
                link.object
                for link in _at_premises(reader, SubjectKind.seller, seller)
                if any(r.code == "sighting" and r.capture is not None and r.capture == capture for r in link.reasons)
            }
    return places


def _at_premises(reader: Acting, kind: SubjectKind, number: int) -> list[Link]:
    """Links to premises that a person confirmed."""
    found = reader.links(subject=(kind, number))
    return [link for link in found if link.object_kind is SubjectKind.premises and link.status == "confirmed"]


def _with_sightings(found: Evidence, met: Sequence[Met], confirmed: Mapping[str, set[int]]) -> Evidence:
    """With the places of the sightings that lead to it: the premises where a person confirmed one, else the address as the officer wrote it."""
    said, reported, seen = list(found.said), dict(found.reported), list(found.seen)
    officers: dict[int, tuple[Shown, ...]] = {}
    for one in met:
        bridge = Bridge(f"sighted_{one.by}", one.sighting.reference, one.value, one.here, one.there)
        if one.by == "account":  # its own place is among what it says already
            own = in_place(one.sighting.place, one.there or 0)
            at = next((i for i, s in enumerate(found.said) if own and (s.address, s.where) == (own.address, own.where)), None)
            if at is not None and one.there is not None:
                officers[at] = (*officers.get(at, ()), Shown(one.sighting.reference, one.there))
            continue
        if places := confirmed.get(one.sighting.reference):
            seen += [(number, bridge) for number in sorted(places)]
        elif address := in_place(one.sighting.place, one.there or 0):
            reported[len(said)] = bridge
            said.append(Said(address.address, address.capture, "sighting"))
    return replace(found, said=tuple(said), reported=reported, seen=tuple(seen), officers=officers)
