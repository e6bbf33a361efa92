"""Premises with links, best first, with the reasons: what `touchstone premises rank`, `near` and `show` print."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from premises.areas import Area, area_of, place_of
from store.errors import TouchstoneError
from store.places import GONE
from store.store import Acting
from store.words.postcode import find_postcodes, metres, normalise_postcode
from store.words.records import Link, Premises, RegisterEntry, SubjectKind


@dataclass(frozen=True, slots=True)
class Ranked:
    """One premises with the links to it, confirmed ones first, then the best, and what the registers say of it. `strength` is 1 − Π(1 − score)."""

    premises: Premises
    strength: float
    confirmed: int
    links: tuple[Link, ...]
    entries: tuple[RegisterEntry, ...]
    postcode: str | None = None
    lat: float | None = None
    lon: float | None = None
    area: Area | None = None
    distance_m: float | None = None


def rank(reader: Acting, near: str | tuple[float, float] | None = None, *, within_m: float | None = None, limit: int = 50) -> list[Ranked]:
    """Premises by confirmed links, then by strength; `near` a postcode or a position: by distance, and no further than `within_m`.

    Refused links, and those no longer found, are left out. Raises TouchstoneError where `near` is no known place.
    """
    centre = _centre(near) if near is not None else None
    linked: dict[int, list[Link]] = defaultdict(list)
    for link in reader.links(limit=100_000):
        if link.object_kind is SubjectKind.premises and link.status not in ("refused", GONE):
            linked[link.object].append(link)
    strengths = {number: _strength(links) for number, links in linked.items()}
    order = sorted(linked, key=lambda n: (-sum(x.status == "confirmed" for x in linked[n]), -strengths[n], n))
    if centre is None:
        order = order[:limit]
    known = {p.id: p for p in reader.premises(order)}
    ranked = [_ranked(reader, known[n], strengths[n], linked[n], centre) for n in order if n in known]
    if centre is not None:
        ranked = [r for r in ranked if r.distance_m is not None and (within_m is None or r.distance_m <= within_m)]
        ranked.sort(key=lambda r: (r.distance_m or 0.0, -r.strength))
    return ranked[:limit]


def show(reader: Acting, premises: int) -> Ranked:
    """One premises, with its links or without any; those no longer found say so, refused ones are left out. Raises TouchstoneError where there is none of that number."""
    found = reader.premises([premises])
    if not found:
        raise TouchstoneError(f"there is no premises {premises}; `touchstone premises rank` lists those with links")
    links = [x for x in reader.links(object=(SubjectKind.premises, premises)) if x.status != "refused"]
    return _ranked(reader, found[0], _strength(links), links, None)


def _strength(links: list[Link]) -> float:
    missing = 1.0
    for link in links:
        missing *= 1 - min(link.score, 0.99)
    return round(1 - missing, 4)


def _ranked(reader: Acting, premises: Premises, strength: float, links: list[Link], centre: tuple[float, float] | None) -> Ranked:
    assert premises.id is not None
    entries = tuple(reader.entries_of(premises.id)) or _cited(reader, premises.label)
    postcode = next((e.postcode for e in entries if e.postcode), None)
    place = next(((e.lat, e.lon) for e in entries if e.lat is not None and e.lon is not None), (None, None))
    away = metres(*centre, *place) if centre and place[0] is not None and place[1] is not None else None
    confirmed = sum(link.status == "confirmed" for link in links)
    return Ranked(
        premises,
        strength,
        confirmed,
        tuple(sorted(links, key=lambda x: (x.status != "confirmed", -x.score))),
        entries,
        postcode,
        place[0],
        place[1],
        area_of(postcode),
        None if away is None else round(away, 1),
    )


def _cited(reader: Acting, label: str) -> tuple[RegisterEntry, ...]:
    """A building that no register lists as such stands where its units stand; its own label ends with their postcode."""
    found = find_postcodes(label)
    return tuple(e for e, *_ in reader.entries_by(postcodes=[found[-1].postcode]))[:1] if found else ()


def _centre(near: str | tuple[float, float]) -> tuple[float, float]:
    if not isinstance(near, str):
        return near
    place = place_of(normalise_postcode(near) or near)
    if place is None or place.lat is None or place.lon is None:
        raise TouchstoneError(f"'{near}' is no postcode that the directory has a position for")
    return place.lat, place.lon
