"""Who is said to be at a door, beside what the address says: the reasons, one function each, for and against. Pure.

What names one door is in OF_ONE_DOOR: a phone, a food hygiene number or an officer's own record that belongs to it alone. A registered
office never does: it is where a company's letters go. Nor does a position: a camera does not know one shop from the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from premises import compare
from premises.address import Address
from premises.compare import Compared
from premises.evidence import Bridge, Evidence, Shown
from premises.identity import name_key
from premises.settings import LinkSettings
from store.occupants import CONTACTS, Occupant, Role
from store.words.postcode import metres
from store.words.records import LinkReason, RegisterEntry

OF_ONE_DOOR = frozenset({"phone", "fhrs_id", "occupant_mark", "sighted_contact", "sighted_place"})
LEADS_THERE = OF_ONE_DOOR | {"company_office", "related_mark"}  # to the building, where no door is named
AT_THE_DOOR = frozenset({Role.front, Role.hidden, Role.occupier, Role.stallholder})  # a company may have no more than its letters here
SHORTEST_KEY = 6  # of a name that a handle or a domain is held against: "shop" is everybody's
_DISSOLVED = ("dissolved", "removed", "converted")


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known of a candidate's place: `occupants` as people recorded them, those at the door now before the others.

    `companies` counts entries of registers of companies in this building and its units; `offices` are the entries of the companies that the subject
    names by number, wherever they are; `elsewhere` are marks that occupants of other buildings are known by, too.
    """

    occupants: tuple[Occupant, ...] = ()
    past: frozenset[int] = frozenset()  # numbers of occupants whose time is over
    companies: int = 0
    offices: tuple[RegisterEntry, ...] = ()
    elsewhere: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A register entry that shares a block with the evidence, and the premises it is of."""

    entry: RegisterEntry
    address: Address
    premises: int
    is_unit: bool
    building: int
    known: Known = Known()
    units: int = 0  # units that the store knows in its building, where the candidates are not all of them


def reasons(evidence: Evidence, candidate: Candidate, settings: LinkSettings, said: int) -> Iterator[LinkReason]:
    """Every reason but the address's own. `said` is the address that speaks best for the candidate, -1 where none does."""
    yield from _name(evidence, candidate, settings)
    yield from _phone(evidence, candidate, settings)
    yield from _spelt(evidence, candidate, settings)
    yield from _numbers(evidence, candidate, settings)
    yield from _occupants(evidence, candidate, settings)
    yield from _position(evidence, candidate, settings)
    yield from _where(evidence, candidate, settings, said)
    yield from _seen(evidence, candidate, settings)


def trusted(evidence: Evidence, said: int, compared: Compared, settings: LinkSettings) -> Compared:
    """An address that an officer's sighting says counts as far as what leads from there to the subject does."""
    bridge = evidence.reported.get(said)
    if bridge is None:
        return compared
    trust = settings.weights[bridge.code]
    return replace(compared, reasons=tuple(r if r.against else replace(r, weight=r.weight * trust) for r in compared.reasons))


def marks_of(evidence: Evidence, settings: LinkSettings) -> dict[tuple[str, str], Shown]:
    """What the subject is known by, in the kinds that an occupant may be known by; a WhatsApp number is a phone, a branch's VAT number its company's."""
    found: dict[tuple[str, str], Shown] = {}
    for kind, value, where in evidence.contacts:
        if kind in CONTACTS:
            found.setdefault(same_mark(kind, value), where)
    for domain, where in domains_of(evidence, settings):
        found.setdefault(("domain", domain), where)
    for kind, value, where in evidence.numbers:
        found.setdefault(same_mark(kind, value), where)
    return found


def same_mark(kind: str, value: str) -> tuple[str, str]:
    if kind == "vat":
        return kind, value[:11] if value[2:].isdigit() else value
    return ("phone" if kind == "whatsapp" else kind), value


def domains_of(evidence: Evidence, settings: LinkSettings) -> Iterator[tuple[str, Shown]]:
    """Its own domains, of pages and of e-mail; never that of a public provider of mail, which is everybody's."""
    for kind, value, where in evidence.contacts:
        host = {"email": value.rpartition("@")[2], "domain": value, "url": value.partition("/")[0]}.get(kind, "")
        if host and host not in settings.mail_providers:
            yield host, where


# -- who it says it is -----------------------------------------------------------------------------------------------------


def _name(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    entry = candidate.entry
    if match := compare.name([n.value for n in evidence.names], entry.name, settings.weights):
        shown = next((n for n in evidence.names if f"“{n.value}”" in match.sentence), evidence.names[0])
        yield replace(match, capture=shown.capture, entry=entry.id)


def _phone(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    entry = candidate.entry
    for phone in evidence.phones:
        if entry.phone == phone.value:
            sentence = f"the phone {phone.value} is the one the register gives for “{entry.name}”"
            yield LinkReason(
                "phone", _weight("phone", phone, settings), sentence + _misread(phone), phone.capture, entry.id
            )  # fmt: skip


def _spelt(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    """A domain or a handle that runs the register's name together: a hint, one of each. A handle that is the account's very name, as where a
    source has no other, says nothing beside the name."""
    key = name_key(candidate.entry.name)
    if len(key) < SHORTEST_KEY:
        return
    capture = evidence.names[0].capture if evidence.names else None
    own = [] if evidence.handle in {shown.value for shown in evidence.names} else [(evidence.handle, capture)]
    handles = [*own, *((v, w.capture) for k, v, w in evidence.contacts if k in ("instagram", "telegram", "snapchat"))]
    domains = [(host, where.capture) for host, where in domains_of(evidence, settings)]
    for code, word, every in (("domain_name", "domain", domains), ("handle_name", "handle", handles)):
        for text, where in every:
            label = text.partition(".")[0] if code == "domain_name" else text
            if name_key("".join(c if c.isalnum() else " " for c in label)) == key:
                sentence = f"the {word} {text} reads like the register's “{candidate.entry.name}”"
                yield LinkReason(code, settings.weights[code], sentence, where, candidate.entry.id)
                break


# -- numbers -------------------------------------------------------------------------------------------------------------


def _numbers(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    """Numbers that a register files its entries under; each is in the right form, and none is verified."""
    entry, kind = candidate.entry, settings.number_of(candidate.entry.register)
    for code, value, where in evidence.numbers:
        if code != kind or value != entry.reference:
            continue
        if kind == "company":
            yield from _office(candidate, value, where, settings)
        else:
            sentence = f"the food hygiene number {value} on the page is “{entry.name}” in the register"
            yield LinkReason("fhrs_id", settings.weights["fhrs_id"], sentence, where.capture, entry.id)
    yield from _office_elsewhere(candidate, kind, settings)


def _office(candidate: Candidate, number: str, where: Shown, settings: LinkSettings) -> Iterable[LinkReason]:
    entry = candidate.entry
    if candidate.known.companies > settings.most_companies:
        sentence = (
            f"company {number}, “{entry.name}”, has its registered office here with more than {settings.most_companies} others: an address that "
            "companies are given, which says nothing of where goods are sold"
        )
        yield LinkReason("office_shared", 0.0, sentence, where.capture, entry.id)
        return
    sentence = (
        f"company {number} on the page is “{entry.name}”, whose registered office is in this building; a registered office is where letters go, "
        "and not by itself where goods are sold"
    )
    yield LinkReason("company_office", settings.weights["company_office"], sentence, where.capture, entry.id)
    status = said_of(entry, "status")
    if any(word in status.lower() for word in _DISSOLVED):
        sentence = f"but the register has company {number} as {status}"
        yield LinkReason("company_dissolved", settings.weights["company_dissolved"], sentence, where.capture, entry.id, True)


def _office_elsewhere(candidate: Candidate, kind: str, settings: LinkSettings) -> Iterable[LinkReason]:
    here = candidate.entry
    for office in candidate.known.offices if kind != "company" else ():
        if None in (here.lat, here.lon, office.lat, office.lon):
            continue
        away = metres(here.lat or 0, here.lon or 0, office.lat or 0, office.lon or 0) / 1000
        if away > settings.office_far_km:
            sentence = f"but the registered office of “{office.name}” is {away:.0f} km away, at {office.address_raw}; it often is elsewhere"
            yield LinkReason("office_far", settings.weights["office_far"], sentence, None, office.id, True)


def said_of(entry: RegisterEntry, key: str) -> str:
    """What a register says of an entry beyond its address: under `details` where its kind keeps them, else beside the parts."""
    details = getattr(entry, "details", None) or {}
    return str(details.get(key) or entry.parts.get(key) or "")


# -- what people recorded --------------------------------------------------------------------------------------------------


def _occupants(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    """Marks of the subject that somebody recorded at this place are known by, and a VAT number that is another's."""
    own, entry = marks_of(evidence, settings), candidate.entry.id
    theirs = [(one, {same_mark(*each) for each in one.marks}) for one in candidate.known.occupants]
    for one, marks in theirs:
        for mark in sorted(marks & own.keys()):
            where = own[mark]
            at_door = one.role in AT_THE_DOOR and one.id not in candidate.known.past and mark not in candidate.known.elsewhere
            code = "occupant_mark" if at_door else "related_mark"
            time = f" until {one.until}" if one.id in candidate.known.past else ""
            sentence = (
                f"the {_word(mark[0])} {mark[1]} is {one.name or 'an unnamed business'}'s, {one.role} here{time} as {one.by} recorded "
                f"(statement {one.id}, {one.basis}: {one.source or f'capture {one.capture}'})"
            )
            sentence += "; others are known by it elsewhere, too" if mark in candidate.known.elsewhere else ""
            yield LinkReason(code, _weight(code, where, settings), sentence + _misread(where), where.capture, entry)
    vats = {value for kind, value in own if kind == "vat"}
    recorded = {value: one for one, marks in theirs if one.role in AT_THE_DOOR for kind, value in marks if kind == "vat"}
    if vats and recorded and not vats & recorded.keys():
        value, one = min(recorded.items())
        stated = min(vats)
        sentence = f"but the VAT number on the page is {stated}, and that recorded here, of {one.name}, is {value} (statement {one.id})"
        yield LinkReason("vat_differs", settings.weights["vat_differs"], sentence, own["vat", stated].capture, entry, True)


def _word(kind: str) -> str:
    return {"company": "company number", "vat": "VAT number", "fhrs": "food hygiene number", "email": "e-mail"}.get(kind, kind)


# -- places --------------------------------------------------------------------------------------------------------------


def _position(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    """The nearest of the pictures' positions, where it is near within what camera and register leave open. It says the building at most.

    A camera that leaves more than a few streets open says nothing of where.
    """
    entry = candidate.entry
    if entry.lat is None or entry.lon is None:
        return
    own = settings.postcode_within_m if entry.parts.get("position") == "postcode" else settings.position_within_m
    near = [
        (away, taken.within_m, capture)
        for taken, capture in evidence.positions
        if taken.within_m <= settings.camera_within_m
        and (away := metres(taken.lat, taken.lon, entry.lat, entry.lon)) <= taken.within_m + own
    ]
    if near:
        away, within, capture = min(near)
        sentence = (
            f"a picture's EXIF says that it was taken {away:.0f} m from here (camera within {within:.0f} m, register within {own:.0f} m): "
            "it can tell the building, never the unit, and EXIF is written by anybody"
        )
        yield LinkReason("position", settings.weights["position"], sentence, capture, entry.id)


def _where(evidence: Evidence, candidate: Candidate, settings: LinkSettings, said: int) -> Iterable[LinkReason]:
    """Who says the address that speaks for the candidate, and as what."""
    if said < 0:
        return
    one = evidence.said[said]
    if bridge := evidence.reported.get(said):
        yield from _bridge(bridge, candidate, 0.0, "an officer's sighting was at this address")
    elif sightings := evidence.officers.get(said):
        for i, each in enumerate(sightings):  # a second sighting at one place is named, and adds nothing
            weight = 0.0 if i else settings.weights["sighting"]
            yield LinkReason("sighting", weight, f"an officer saw it here: {each.value}", each.capture, candidate.entry.id)
    elif one.where in ("place", "collection"):
        sentence = {"place": "the platform shows this as its place", "collection": "goods are collected from here, it says"}[one.where]
        yield LinkReason(one.where, settings.weights[one.where], sentence, one.capture, candidate.entry.id)


def _seen(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> Iterable[LinkReason]:
    for number, bridge in evidence.seen:
        if number == candidate.premises:
            yield from _bridge(bridge, candidate, settings.weights[bridge.code], "an officer's sighting, confirmed to be at this place,")


def _bridge(bridge: Bridge, candidate: Candidate, weight: float, what: str) -> Iterable[LinkReason]:
    shares = {"sighted_contact": f"gives the same {bridge.value}", "sighted_place": f"shows the same backdrop, {bridge.value}"}[bridge.code]
    link = "" if weight else " and"
    yield LinkReason(bridge.code, weight, f"{what}{link} {shares} ({bridge.reference})", bridge.here, candidate.entry.id)
    yield LinkReason(bridge.code, 0.0, f"the sighting {bridge.reference} shows it here", bridge.there, candidate.entry.id)


# -- how much a machine's reading counts -----------------------------------------------------------------------------------


def _weight(code: str, where: Shown, settings: LinkSettings) -> float:
    return settings.weights[code] * (settings.read_in_picture if where.read else 1)


def _misread(where: Shown) -> str:
    return f"; it was {where.read}, which is weaker than words" if where.read else ""
