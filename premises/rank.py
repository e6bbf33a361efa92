"""Premises with links, and sellers, by harm × strength of evidence, with the parts: what `touchstone premises rank`, `near` and `show` print."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from premises.alerts import Alert, alerts, closures
from premises.areas import Area, Authorities, Boundaries, Within, area_at, area_of, authorities, boundaries, described, place_of
from premises.facts import market, newest
from premises.harm import Part, RankSettings, Weighed, harm, of_flags, of_links, rank_settings, weigh
from store.config import Home
from store.errors import TouchstoneError
from store.places import GONE
from store.ranking import Flagged
from store.store import Acting
from store.words.followup import Closure
from store.words.postcode import find_postcodes, metres, normalise_postcode
from store.words.records import Link, Premises, RegisterEntry, Seller, SubjectKind


@dataclass(frozen=True, slots=True)
class Ranked:
    """One premises with the links to it, confirmed ones first, then the best, and what the registers say of it.

    `figure` is `harm` × `strength`, and `parts` sum to `harm`. `position` says where latitude and longitude are from: register, postcode (the middle
    of its postcode, or another entry's of it) or unknown. `flagged` are the numbers of the flagged listings that count.
    """

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
    position: str = "unknown"
    harm: float = 0.0
    figure: float = 0.0
    parts: tuple[Part, ...] = ()
    why: str = ""
    flagged: tuple[int, ...] = ()
    alerts: tuple[Alert, ...] = ()
    within: tuple[Within, ...] = ()
    building: str = ""  # the label of the building that a unit is in
    market: str = ""
    landlord: str = ""


@dataclass(frozen=True, slots=True)
class RankedSeller:
    """One account with flagged listings. `places` are the premises that its links lead to, by number."""

    seller: Seller
    harm: float
    strength: float
    figure: float
    parts: tuple[Part, ...]
    why: str
    flagged: tuple[int, ...]
    places: tuple[int, ...] = ()
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read once for all premises of a ranking."""

    settings: RankSettings
    authorities: Authorities
    boundaries: Boundaries
    now: datetime
    closures: Counter[int] = field(default_factory=Counter)
    alerts: dict[int, list[Alert]] = field(default_factory=dict)


def rank(
    reader: Acting,
    near: str | tuple[float, float] | None = None,
    *,
    within_m: float | None = None,
    limit: int | None = 50,
    home: Home | None = None,
    now: datetime | None = None,
    sightings: bool = True,
) -> list[Ranked]:
    """Premises by harm × strength; of equal ones the stronger first, then the lower number. `near` a postcode or a position: by distance, and no
    further than `within_m`. `limit` None: all.

    Refused links, and those no longer found, are left out; without `sightings` also those that rest on one. `home` gives the weights and boundaries, else the shipped ones. Raises TouchstoneError
    where `near` is no known place.
    """
    centre = centre_of(near) if near is not None else None
    every = reader.links_to(SubjectKind.premises, sightings=sightings)
    linked: dict[int, list[Link]] = defaultdict(list)
    for link in every:
        if link.status not in ("refused", GONE):
            linked[link.object].append(link)
    known = _known(reader, every, home, now)
    found = _ranked(reader, {p.id or 0: p for p in _premises(reader, linked)}, linked, known, centre)
    if centre is None:
        found.sort(key=_order)
    else:
        found = [r for r in found if r.distance_m is not None and (within_m is None or r.distance_m <= within_m)]
        found.sort(key=lambda r: (r.distance_m or 0.0, *_order(r)))
    return found[:limit]


def _order(r: Ranked) -> tuple[float, float, int]:
    return -r.figure, -r.strength, r.premises.id or 0


def show(reader: Acting, premises: int, *, home: Home | None = None, now: datetime | None = None, sightings: bool = True) -> Ranked:
    """One premises, with its links or without any; those no longer found say so, refused ones are left out, and without `sightings` those that rest on one.

    Raises TouchstoneError where there is none of that number.
    """
    found = reader.premises([premises])
    if not found:
        raise TouchstoneError(f"there is no premises {premises}; `touchstone premises rank` lists those with links")
    links = [x for x in reader.links(object=(SubjectKind.premises, premises), sightings=sightings) if x.status != "refused"]
    [one] = _ranked(reader, {premises: found[0]}, {premises: links}, _known(reader, links, home, now), None)
    return one


def rank_sellers(reader: Acting, *, limit: int = 50, home: Home | None = None, now: datetime | None = None) -> list[RankedSeller]:
    """Accounts with flagged listings by harm × strength of the evidence against the goods; of equal ones the stronger first, then the lower number."""
    links = [x for x in reader.links_to(SubjectKind.premises) if x.subject_kind is SubjectKind.seller and x.status not in ("refused", GONE)]
    known = _known(reader, links, home, now)
    flagged: dict[int, list[Flagged]] = defaultdict(list)
    for each in reader.flagged():
        if each.summary.seller is not None:
            flagged[each.summary.seller].append(each)
    places: dict[int, list[int]] = defaultdict(list)
    for link in links:
        places[link.subject].append(link.object)
    raised: dict[int, list[Alert]] = defaultdict(list)
    for alert in dict.fromkeys(
        a for of in known.alerts.values() for a in of
    ):  # each once: it stands under the unit and the closed building
        if alert.subject_kind is SubjectKind.seller:
            raised[alert.subject].append(alert)
    sellers = {s.id: s for s in _sellers(reader, sorted(flagged))}
    out = []
    for number, listings in flagged.items():
        if number not in sellers:
            continue
        strength, why = of_flags(listings, known.settings)
        closed = max((known.closures[p] for p in places[number]), default=0)
        w = weigh(harm(listings, closed, len(raised.get(number, ())), known.settings, known.now), strength, why)
        numbers = tuple(sorted(f.summary.listing.id or 0 for f in listings))
        out.append(
            RankedSeller(
                sellers[number],
                w.harm,
                w.strength,
                w.figure,
                w.parts,
                why,
                numbers,
                tuple(sorted(set(places[number]))),
                tuple(raised.get(number, ())),
            )
        )
    out.sort(key=lambda r: (-r.figure, -r.strength, r.seller.id or 0))
    return out[:limit]


def centre_of(near: str | tuple[float, float]) -> tuple[float, float]:
    """Latitude and longitude of a postcode, of "lat,lon", or of a pair. Raises TouchstoneError for what is neither."""
    if not isinstance(near, str):
        return near
    if "," in near:
        try:
            lat, lon = (float(part) for part in near.split(","))
        except ValueError:
            raise TouchstoneError(f"'{near}' is no position: write latitude and longitude in degrees, as 53.446,-2.308") from None
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise TouchstoneError(f"'{near}' is no position in degrees: latitude first, between -90 and 90, then longitude")
        return lat, lon
    place = place_of(normalise_postcode(near) or near)
    if place is None or place.lat is None or place.lon is None:
        raise TouchstoneError(f"'{near}' is no postcode that the directory has a position for")
    return place.lat, place.lon


# -- reading ---------------------------------------------------------------------------------------------------------------


def _known(reader: Acting, links: Sequence[Link], home: Home | None, now: datetime | None) -> _Known:
    settings = rank_settings(home)
    recorded: list[Closure] = closures(reader, settings)
    raised: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts(reader, settings, recorded, links):
        for number in {alert.premises, alert.at}:
            raised[number].append(alert)
    counted: Counter[int] = Counter()
    now = now or datetime.now(UTC)
    past = [c for c in recorded if c.starts <= now.date()]
    inside = reader.inside({c.premises for c in past}) if past else {}
    for premises, _starts in {(c.premises, c.starts) for c in past}:  # one order that two sources record counts once
        counted.update(inside[premises])
    return _Known(settings, authorities(home), boundaries(home), now, counted, raised)


def _premises(reader: Acting, numbers: Iterable[int]) -> list[Premises]:
    ordered = sorted(numbers)
    return [p for i in range(0, len(ordered), 500) for p in reader.premises(ordered[i : i + 500])]


def _sellers(reader: Acting, numbers: Sequence[int]) -> list[Seller]:
    return [s for i in range(0, len(numbers), 500) for s in reader.sellers(numbers[i : i + 500])]


def _ranked(
    reader: Acting, premises: dict[int, Premises], linked: dict[int, list[Link]], known: _Known, centre: tuple[float, float] | None
) -> list[Ranked]:
    entries = reader.entries_of_many(premises)
    buildings = {p.id: p.label for p in _premises(reader, {p.building for p in premises.values() if p.building})}
    counting = {n: [x for x in links if x.status != GONE] for n, links in linked.items() if n in premises}
    flagged = _flagged(reader, counting)
    out = []
    for number, one in sorted(premises.items()):
        links = counting[number]
        strength, why = of_links(links, known.settings) if links else (0.0, "nothing leads here")
        raised = known.alerts.get(number, [])
        parts = harm(flagged[number], known.closures[number], len(raised), known.settings, known.now) if links else []
        weighed = weigh(parts, strength, why)
        own = tuple(entries.get(number, ())) or _of_units(reader, one)
        out.append(
            _one(one, linked[number], own, bool(entries.get(number)), weighed, flagged[number], raised, known, centre, buildings.get(one.building, ""))
        )  # fmt: skip
    return out


def _flagged(reader: Acting, links: dict[int, list[Link]]) -> dict[int, list[Flagged]]:
    """Of each premises the flagged listings of what leads to it, each once."""
    subjects = {
        kind: {x.subject for each in links.values() for x in each if x.subject_kind is kind}
        for kind in (SubjectKind.seller, SubjectKind.listing)
    }
    found = reader.flagged(sellers=subjects[SubjectKind.seller], listings=subjects[SubjectKind.listing])
    of_seller: dict[int | None, list[Flagged]] = defaultdict(list)
    for each in found:
        of_seller[each.summary.seller].append(each)
    of_listing = {each.summary.listing.id: each for each in found}
    out: dict[int, list[Flagged]] = {}
    for number, every in links.items():
        theirs: dict[int, Flagged] = {}
        for x in every:
            same = (
                of_seller[x.subject] if x.subject_kind is SubjectKind.seller else [of_listing[x.subject]] if x.subject in of_listing else []
            )
            theirs |= {f.summary.listing.id or 0: f for f in same}
        out[number] = [theirs[n] for n in sorted(theirs)]
    return out


def _one(
    premises: Premises, links: Sequence[Link], entries: tuple[RegisterEntry, ...], own: bool, weighed: Weighed, flagged: Sequence[Flagged],
    raised: Sequence[Alert], known: _Known, centre: tuple[float, float] | None, building: str,
) -> Ranked:  # fmt: skip
    postcode = next((e.postcode for e in reversed(entries) if e.postcode), None) or _postcode(premises)
    lat, lon, position = _position(entries, own, postcode)
    away = metres(*centre, lat, lon) if centre and lat is not None and lon is not None else None
    within = tuple(known.boundaries.at(lat, lon)) if lat is not None and lon is not None else ()
    return Ranked(
        premises,
        weighed.strength,
        sum(link.status == "confirmed" for link in links),
        tuple(sorted(links, key=lambda x: (x.status != "confirmed", -x.score, x.id or 0))),
        entries,
        postcode,
        lat,
        lon,
        _area(postcode, lat, lon, within, position, known),
        None if away is None else round(away, 1),
        position,
        weighed.harm,
        weighed.figure,
        weighed.parts,
        weighed.why,
        tuple(f.summary.listing.id or 0 for f in flagged),
        tuple(raised),
        within,
        building,
        market(entries) if own else "",
        newest(entries, "landlord") if own else "",
    )


def _position(entries: Sequence[RegisterEntry], own: bool, postcode: str | None) -> tuple[float | None, float | None, str]:
    """The newest position that a register gives of the place itself; else its postcode's, or what another entry of that postcode gives.

    A register without positions is loaded with those of its postcodes: where the two are one, it is the postcode's.
    """
    listed = next(((e.lat, e.lon) for e in reversed(entries) if e.lat is not None and e.lon is not None), None)
    place = place_of(postcode) if postcode else None
    centre = (place.lat, place.lon) if place is not None and place.lat is not None and place.lon is not None else None
    if own and listed and not (centre and metres(*listed, *centre) < 1):
        return *listed, "register"
    found = centre or listed
    return (*found, "postcode") if found else (None, None, "unknown")


def _area(
    postcode: str | None, lat: float | None, lon: float | None, within: Sequence[Within], position: str, known: _Known
) -> Area | None:
    """By a loaded boundary, where a register gives the position; else by the postcode; else by the nearest one to the position."""
    bounded = next((w for w in within if w.kind == "authority"), None)
    if bounded and (position == "register" or not postcode):
        return described(bounded.code, known.authorities, name=bounded.name or None, how="boundary")
    found = area_of(postcode, known.authorities)
    if found is None and lat is not None and lon is not None:
        return area_at(lat, lon, known.authorities)
    return found


def _of_units(reader: Acting, building: Premises) -> tuple[RegisterEntry, ...]:
    """What registers say now of the units of a building that none lists as such; of the others at its postcode nothing."""
    postcode = _postcode(building)
    return tuple(e for e, _, _, of in reader.entries_by(postcodes=[postcode]) if of == building.id) if postcode else ()


def _postcode(premises: Premises) -> str | None:
    """The postcode that the label ends with."""
    found = find_postcodes(premises.label)
    return found[-1].postcode if found else None
