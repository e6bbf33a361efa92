"""What registers say of who is at a premises, in the words of store/occupants.py: read from the entries each time, never kept twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from premises.settings import LinkSettings
from premises.who import said_of
from store.occupants import Basis, Occupant, Role
from store.words.records import RegisterEntry


def from_registers(premises: int, entries: Iterable[RegisterEntry], settings: LinkSettings) -> list[Occupant]:
    """Of each register's newest word on a reference: a company's registered office, a stallholder, or an occupier; and a landlord where it names one."""
    newest = {(entry.register, entry.reference): entry for entry in entries}
    return [one for entry in newest.values() for one in _of(premises, entry, settings)]


def _of(premises: int, entry: RegisterEntry, settings: LinkSettings) -> Iterator[Occupant]:
    company = settings.filed_under.get(entry.register) == "company"
    stall = entry.parts.get("unit_kind") in ("stall", "kiosk")
    role = Role.company if company else Role.stallholder if stall else Role.occupier
    filed = settings.filed_under.get(entry.register)
    marks = ([(filed, entry.reference)] if filed else []) + ([("phone", entry.phone)] if entry.phone else [])
    note = "registered office: where letters go" if company else ""
    dates = {"since": said_of(entry, "from"), "until": said_of(entry, "until")}
    source = f"{entry.register} {entry.reference}"
    if entry.name:
        yield Occupant(premises, role, entry.name, Basis.register, source, entry.register, **dates, note=note, marks=tuple(marks))
    if landlord := said_of(entry, "landlord"):
        yield Occupant(premises, Role.landlord, landlord, Basis.register, source, entry.register)
