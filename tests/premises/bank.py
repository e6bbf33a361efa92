"""Turns a case of addresses.yml into evidence and candidates, and runs the linker's own decision on them: no store, no block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from premises.address import from_parts, parse_address
from premises.evidence import Evidence, Shown
from premises.identity import building_key, unit_key
from premises.link import Candidate, propose
from premises.said import in_place, in_text
from premises.settings import LinkSettings
from store.config import defaults_folder, load
from store.words.records import Link, RegisterEntry, SubjectKind

SETTINGS = load(defaults_folder() / "premises.yml", LinkSettings)


def entries_of(rows: Sequence[str | Mapping[str, str]]) -> list[RegisterEntry]:
    """Each row ("address, postcode" or {at, name, phone}) as an entry with its parts, numbered from 1."""
    out = []
    for i, row in enumerate(rows, 1):
        given = {"at": row} if isinstance(row, str) else dict(row)
        name = given.get("name", f"Invented Business {i}")
        raw, _, code = given["at"].rpartition(", ")
        address = parse_address(raw.split(", "), code, name)
        out.append(
            RegisterEntry("test", str(i), name, given["at"], address.postcode, address.parts(), phone=given.get("phone"), row=i, id=i)
        )
    return out


def candidates_of(rows: Sequence[str | Mapping[str, str]]) -> list[Candidate]:
    """Each row as an entry joined to premises by the keys that the loader uses."""
    numbers: dict[str, int] = {}
    out = []
    for entry in entries_of(rows):
        address = from_parts(entry.address_raw, entry.parts)
        building = building_key(address, entry.name, f"test:{entry.id}")
        key = unit_key(building, address) if address.names_a_unit else building
        for one in (building, key):
            numbers.setdefault(one, len(numbers) + 1)
        out.append(Candidate(entry, address, numbers[key], address.names_a_unit, numbers[building]))
    return out


def evidence_of(case: Mapping[str, Any]) -> Evidence:
    said = [in_place(case["said"], 1)] if "said" in case else in_text(case["text"], 1)
    names = (Shown(case["name"], 1),) if "name" in case else ()
    contacts = (("phone", case["phone"], Shown(case["phone"], 1)),) if "phone" in case else ()
    return Evidence(SubjectKind.seller, 1, tuple(s for s in said if s), names, contacts)


def links_of(case: Mapping[str, Any]) -> tuple[list[Candidate], list[Link]]:
    candidates = candidates_of(case["candidates"])
    return candidates, propose(evidence_of(case), candidates, SETTINGS, "test")
