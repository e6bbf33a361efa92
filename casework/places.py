"""What is said of one premises for people, on a terminal and at the desk: where it is and how that is known, who is there, exports."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from casework import spreadsheets
from premises.rank import Ranked
from store.config import Home
from store.errors import TouchstoneError
from store.occupants import Occupant
from store.store import Acting


def where(one: Ranked) -> list[str]:
    """Position, authority and service in words, with how each is known."""
    by = {"register": "as a register gives it", "postcode": "where its postcode lies", "unknown": ""}
    lines = [f"position {one.lat:.5f}, {one.lon:.5f} ({by[one.position]})" if one.lat is not None else "no position is known"]
    if one.area:
        how = {"postcode": "by its postcode", "boundary": "by its boundary"}.get(one.area.how)
        how = how or f"by a postcode {one.area.distance_m or 0:g} m away"
        lines.append(f"local authority {one.area.name or one.area.code} ({one.area.code}), {how}")
        if one.area.others:
            lines.append(f"near a boundary: other postcodes here are of {', '.join(one.area.others)}")
        lines.append(f"trading standards: {one.area.service_name or 'none that we know answers here'}")
    lines += [f"{w.kind} {w.name} ({w.code})" for w in one.within if w.kind != "authority"]
    lines += [f"{what} {said}" for what, said in (("market", one.market), ("landlord", one.landlord)) if said]
    return lines


def occupants_at(reader: Acting, home: Home, premises: int) -> list[Occupant]:
    """What people and registers say of who is at a premises, each kept apart by its basis. Raises TouchstoneError: no such premises."""
    from premises.occupants import from_registers
    from premises.settings import link_settings

    if not reader.premises([premises]):
        raise TouchstoneError(f"there is no premises {premises}; `touchstone premises rank` lists those with links")
    entries = reader.entries_of(premises)
    under: dict[str, set[str]] = {}
    for entry in entries:
        under.setdefault(entry.register, set()).add(entry.reference)
    current = {entry.id or 0 for entry, *_ in reader.entries_under(under)}
    return [*reader.occupants(premises=[premises]), *from_registers(premises, entries, link_settings(home), current)]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV (RFC 4180) that a spreadsheet opens without running anything."""
    out = io.BytesIO()
    spreadsheets.write(out, "csv", columns, rows)
    return out.getvalue().decode()
