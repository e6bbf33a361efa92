"""What else the store knows of the places that a subject may be at: candidates that numbers, occupants and sightings lead to, and what is
known of every candidate's place. A few queries a subject, each by an index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from premises.address import from_parts, parse_address
from premises.evidence import Evidence
from premises.settings import LinkSettings
from premises.who import Candidate, Known, marks_of, same_mark
from store.occupants import Occupant
from store.store import Acting
from store.words.dates import LONDON
from store.words.records import Premises, RegisterEntry


def known(reader: Acting, evidence: Evidence, found: Sequence[Candidate], settings: LinkSettings) -> list[Candidate]:
    """The candidates, further ones among them, each with what is known of its place."""
    numbers: dict[str, set[str]] = defaultdict(set)
    filed = settings.filed()
    for register, kind in filed.items():
        numbers[register] |= {value for k, value, _ in evidence.numbers if k == kind}
    marks = marks_of(evidence, settings)
    alike = [*marks, *(("whatsapp", value) for kind, value in marks if kind == "phone")]
    recorded = reader.occupants(marks=alike) if alike else []
    places = {one.premises for one in recorded} | {number for number, _ in evidence.seen}
    every = [*found, *_under(reader, numbers), *_at(reader, places - {c.premises for c in found})]
    unique = list({(c.entry.id, c.premises): c for c in every}.values())
    offices = tuple(c.entry for c in unique if filed.get(c.entry.register) == "company" and c.entry.reference in numbers[c.entry.register])
    here = {c.building for c in unique if c.entry in offices}
    registers = [register for register, kind in filed.items() if kind == "company"]
    beside = reader.entries_beside(here, registers, settings.most_companies) if here else {}
    at = defaultdict(list)
    for one in reader.occupants(premises={c.premises for c in unique}) if unique else []:
        at[one.premises].append(one)
    elsewhere = _of_many(reader, recorded, settings)
    today = datetime.now(LONDON).date()
    return [
        replace(
            c,
            known=Known(
                tuple(at[c.premises]), frozenset(o.id for o in at[c.premises] if o.id and not o.on(today)), beside.get(c.building, 0), offices, elsewhere
            ),
        )
        for c in unique
    ]  # fmt: skip


def _under(reader: Acting, numbers: dict[str, set[str]]) -> list[Candidate]:
    """Entries under the very numbers that the page states."""
    asked = {register: some for register, some in numbers.items() if some}
    return [
        Candidate(e, from_parts(e.address_raw, e.parts), number, kind == "unit", building or number)
        for e, number, kind, building in (reader.entries_under(asked) if asked else [])
    ]


def _at(reader: Acting, places: set[int]) -> list[Candidate]:
    """Each of these premises by an entry of the newest editions. Where they have none the place is what it is called, and nobody is said to
    be there: who an older edition has there may have gone."""
    entries = reader.entries_of_many(places, newest=True) if places else {}
    out = []
    for place in reader.premises(sorted(places)) if places else []:
        e = entries[place.id or 0][-1] if entries.get(place.id or 0) else _unlisted(place)
        out.append(Candidate(e, from_parts(e.address_raw, e.parts), place.id or 0, place.kind == "unit", place.building or place.id or 0))
    return out


def _unlisted(place: Premises) -> RegisterEntry:
    """A place that no register lists now, a whole building among them: its address, without name, phone or reference."""
    address = parse_address(place.label)
    return RegisterEntry("", "", "", place.label, address.postcode, address.parts())


def _of_many(reader: Acting, recorded: Sequence[Occupant], settings: LinkSettings) -> frozenset[tuple[str, str]]:
    """Marks by which occupants of more than one building are known: a landlord's, an agent's, a chain's."""
    building = {p.id: p.building or p.id for p in reader.premises(sorted({o.premises for o in recorded}))} if recorded else {}
    where: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for one in recorded:
        for each in one.marks:
            where[same_mark(*each)].add(building.get(one.premises))
    return frozenset(each for each, buildings in where.items() if len(buildings) > 1)
