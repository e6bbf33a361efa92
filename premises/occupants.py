"""What registers say of who is at a premises, in the words of store/occupants.py: read from the entries each time, never kept twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from premises.settings import LinkSettings
from premises.who import said_of
from store.occupants import Basis, Occupant, Role
from store.words.records import RegisterEntry


def from_registers(premises: int, entries: Iterable[RegisterEntry], settings: LinkSettings, current: Collection[int]) -> list[Occupant]:
    """Of each register's newest word on a reference: a company's registered office, a stallholder, or an occupier; and a landlord where it names one.

    `current` are the entries of the newest editions: of others it is said that the newest has them no more.
    """
    newest = {(entry.register, entry.reference): entry for entry in entries}
    found = []
    for entry in newest.values():
        gone = "" if entry.id in current else "not in the newest edition"
        found += [replace(one, note="; ".join(filter(None, (one.note, gone)))) for one in _of(premises, entry, settings)]
    return found


def _of(premises: int, entry: RegisterEntry, settings: LinkSettings) -> Iterator[Occupant]:
    filed = settings.number_of(entry.register)
    company = filed == "company"
    stall = entry.parts.get("unit_kind") in ("stall", "kiosk")
    role = Role.company if company else Role.stallholder if stall else Role.occupier
    marks = ([(filed, entry.reference)] if filed else []) + ([("phone", entry.phone)] if entry.phone else [])
    note = "registered office: where letters go" if company else ""
    since, until = said_of(entry, "from"), said_of(entry, "until")
    source = f"{entry.register} {entry.reference}"
    if entry.name:
        yield Occupant(premises, role, entry.name, Basis.register, source, entry.register, since, until, note=note, marks=tuple(marks))
    if landlord := said_of(entry, "landlord"):
        yield Occupant(premises, Role.landlord, landlord, Basis.register, source, entry.register)
