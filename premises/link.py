"""From evidence to proposed links: candidates by block, each compared, and the level that the reasons allow.

A link to a unit is proposed only where that unit is named: by the address (the same building, the same unit, no statement of
another one), or by what belongs to it alone (a phone in a register, an officer's own record). Otherwise the link is to the building, and says why. Nothing
here is final: an officer judges.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from premises import compare, who
from premises.address import from_parts
from premises.areas import postcodes_of
from premises.compare import OF_THE_UNIT, Compared, score
from premises.evidence import Evidence
from premises.identity import name_key
from premises.settings import LinkSettings
from premises.who import Candidate
from store.registers import Door
from store.store import Acting
from store.words.records import Link, LinkReason, SubjectKind

CROWD = 400  # entries of one edition at one postcode: beyond it, a formation agent's, only the doors that may be the one said are compared
AT_A_DOOR, A_FEW = 20, 3  # there: entries of one door and edition, units of a building that are not the one said
ANCHORS = frozenset({"postcode", "district"})
NAMES_THE_UNIT = frozenset({"unit", "unit_within"})


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A candidate with the address that speaks for it best (-1: none does), and what name and phone say."""

    candidate: Candidate
    said: int
    best: Compared
    who: tuple[LinkReason, ...]
    disputed: tuple[LinkReason, ...]  # another unit of this building is said
    against: tuple[LinkReason, ...] = ()  # another building is said, and none that agrees with this one
    denied: bool = False  # one of them is in this very street or postcode: whatever else leads here, it is not proposed

    @property
    def reasons(self) -> tuple[LinkReason, ...]:
        return self.best.reasons + self.who + self.against

    @property
    def by_door(self) -> bool:
        """Whether something that belongs to one door alone leads here: a phone, a food hygiene number, an officer's own record."""
        return any(r.code in who.OF_ONE_DOOR and r.weight for r in self.who)

    @property
    def leads_there(self) -> bool:
        """Whether something but the address leads to the building."""
        return any(r.code in who.LEADS_THERE and r.weight for r in self.who)


def candidates(reader: Acting, evidence: Evidence) -> list[Candidate]:
    """Entries by postcode, phone or name; by the district's postcodes where an advert names a street or building and no more."""
    postcodes = {s.address.postcode for s in evidence.said if s.address.postcode}
    for s in evidence.said:
        if s.address.district and s.address.names_a_place and not s.address.postcode:
            postcodes |= set(postcodes_of(s.address.district))
    names = {key for n in evidence.names if len(key := name_key(n.value)) >= 4}
    crowded = reader.store.crowded(sorted(postcodes), CROWD)
    phones, alone = [p.value for p in evidence.phones], sorted(postcodes - set(crowded))
    found = {of[0].id: of for of in reader.entries_by(postcodes=alone, name_keys=sorted(names), phones=phones)}
    units: Counter[int] = Counter()
    for postcode in crowded:
        doors = reader.doors_of(postcode)
        units.update(door.building for door in doors if door.building is not None)
        found = {of[0].id: of for of in reader.entries_at(postcode, _of_interest(doors, postcode, evidence), AT_A_DOOR)} | found
    return [
        Candidate(e, from_parts(e.address_raw, e.parts), number, kind == "unit", building or number, units=units[building or number])
        for e, number, kind, building in sorted(found.values(), key=lambda of: of[0].id or 0)
    ]


def _of_interest(doors: Sequence[Door], postcode: str, evidence: Evidence) -> list[int]:
    """Of the many doors of a crowded postcode its buildings, the units that may be the one said, and a few others of each building.

    A unit may be the one said where they share a number, or either is a range, a letter or a part of a building: more than
    `compare.unit` will let stand, and no less. The others are there because a building whose every unit differs is worth a word.
    """
    said = [s.address for s in evidence.said]  # all: running text may give the unit in one sentence and the postcode in the next
    numbers = {n for a in said for n in re.findall(r"\d+", f"{a.unit} {a.number}")}
    lettered, parted = any(a.unit and not re.search(r"\d", a.unit) for a in said), any(a.part for a in said)
    names_one = lettered or parted or any(a.unit for a in said)
    chosen, others = [], Counter[int]()
    for door in doors:
        building, _, unit = door.key.partition("#")
        if door.building is None:
            if building.startswith(postcode):  # else it has no address but this postcode, and only a name or a phone leads there
                chosen.append(door.premises)
            continue
        own, _, part = unit.partition("+")
        theirs = set(re.findall(r"\d+", own))
        near = bool(theirs & numbers) or not theirs or "-" in own or "&" in own or (parted and bool(part))
        if not (names_one and near):
            others[door.building] += 1
        if (names_one and near) or others[door.building] <= A_FEW:
            chosen.append(door.premises)
    return chosen


def propose(evidence: Evidence, found: Sequence[Candidate], settings: LinkSettings, method: str) -> list[Link]:
    """The links that the evidence allows, best first. Pure: the same evidence and candidates give the same links."""
    weighed = [_weigh(evidence, c, settings) for c in _without_shared_phones(found, evidence, settings)]
    units = _units(weighed, settings)
    settled = {w.candidate.building for w, _ in units} | {("said", w.said) for w, _ in units if w.said >= 0}
    proposed = [_link(evidence, w, w.candidate.premises, "unit", reasons, method) for w, reasons in units]
    for w, reasons in _buildings([w for w in weighed if not settled & {w.candidate.building, ("said", w.said)}], weighed, settings):
        proposed.append(_link(evidence, w, w.candidate.building, "building", reasons, method))
    return sorted(proposed, key=lambda link: (-link.score, link.object))


def _without_shared_phones(found: Sequence[Candidate], evidence: Evidence, settings: LinkSettings) -> list[Candidate]:
    """A phone that registers give for many buildings is a head office's and says nothing of where: it is taken off."""
    buildings: dict[str, set[int]] = defaultdict(set)
    for c in found:
        if c.entry.phone:
            buildings[c.entry.phone].add(c.building)
    shared = {phone for phone, where in buildings.items() if len(where) > 1}
    return [replace(c, entry=replace(c.entry, phone=None)) if c.entry.phone in shared else c for c in found]


def _weigh(evidence: Evidence, candidate: Candidate, settings: LinkSettings) -> _Weighed:
    said, best = -1, Compared(())
    disputed: list[LinkReason] = []
    against: list[LinkReason] = []
    denied = False
    for i, one in enumerate(evidence.said):
        compared = compare.compare(one.address, candidate.address, candidate.entry.name, settings.weights)
        compared = replace(compared, reasons=tuple(replace(r, capture=one.capture, entry=candidate.entry.id) for r in compared.reasons))
        compared = who.trusted(evidence, i, compared, settings)
        if compared.hard - OF_THE_UNIT:  # an address in another building: no evidence of this one
            against += [r for r in compared.reasons if r.code in compared.hard - OF_THE_UNIT]
            denied = denied or compared.placed or "postcode" in compared.codes
            continue
        if compared.hard and (compared.located or "postcode" in compared.codes):
            disputed += [r for r in compared.reasons if r.code in OF_THE_UNIT]
        if compared.reasons and (said < 0 or (compared.score, compared.located) > (best.score, best.located)):
            said, best = i, compared
    if best.located:  # who names two addresses is not contradicted at the one by the other
        against, denied = [], False
    return _Weighed(candidate, said, best, tuple(who.reasons(evidence, candidate, settings, said)), tuple(disputed), tuple(against), denied)


# -- the unit ------------------------------------------------------------------------------------------------------------


def _names_its_unit(w: _Weighed) -> bool:
    """Whether this unit is named, and no other one of the building is."""
    if not w.candidate.is_unit or w.disputed or w.denied:
        return False
    if w.by_door:
        return True
    agreed = {r.code for r in w.reasons if not r.against}
    anchored = bool(agreed & ANCHORS) or {"name", "town"} <= agreed
    return w.best.located and anchored and bool(w.best.codes & NAMES_THE_UNIT) and "postcode_differs" not in w.best.codes


def _units(weighed: Sequence[_Weighed], settings: LinkSettings) -> list[tuple[_Weighed, tuple[LinkReason, ...]]]:
    """At most one unit a building: where several fit equally well none is named."""
    fitting: dict[int, dict[int, _Weighed]] = defaultdict(dict)
    for w in weighed:
        if _names_its_unit(w) and score(w.reasons) >= settings.threshold:
            kept = fitting[w.candidate.building].get(w.candidate.premises)
            if kept is None or score(w.reasons) > score(kept.reasons):
                fitting[w.candidate.building][w.candidate.premises] = w
    chosen = []
    for units in fitting.values():
        exact = [w for w in units.values() if "unit" in w.best.codes] or list(units.values())
        if len(exact) == 1 and not (exact[0].by_door and len(units) > 1 and "unit" not in exact[0].best.codes):
            chosen.append((exact[0], _with_dissent(exact[0], weighed, settings)))
    return _one_door([one for one in chosen if score(one[1]) >= settings.threshold])


def _one_door(chosen: Sequence[tuple[_Weighed, tuple[LinkReason, ...]]]) -> list[tuple[_Weighed, tuple[LinkReason, ...]]]:
    """Of the doors that one address said fits in several buildings, the best; none where two are equally good."""
    out = []
    for w, reasons in chosen:
        rivals = [score(r) for other, r in chosen if other.said == w.said and other is not w]
        if w.said < 0 or all(score(reasons) > rival for rival in rivals):
            out.append((w, reasons))
    return out


def _with_dissent(w: _Weighed, weighed: Sequence[_Weighed], settings: LinkSettings) -> tuple[LinkReason, ...]:
    """The reasons, and against them what leads to one door at another place: a phone of the seller's that a register gives there, say."""
    if w.by_door:
        return w.reasons
    elsewhere = [other for other in weighed if other.by_door and other.candidate.premises != w.candidate.premises]
    against = [
        replace(
            r,
            code="phone_elsewhere" if r.code == "phone" else "elsewhere",
            weight=settings.weights["phone_elsewhere" if r.code == "phone" else "elsewhere"],
            sentence=f"but {r.sentence}, at {o.candidate.entry.address_raw}",
            against=True,
        )
        for o in elsewhere[:1]
        for r in o.who
        if r.code in who.OF_ONE_DOOR and r.weight
    ]
    return w.reasons + tuple(against)


# -- the building --------------------------------------------------------------------------------------------------------


def _buildings(
    open_: Sequence[_Weighed], weighed: Sequence[_Weighed], settings: LinkSettings
) -> list[tuple[_Weighed, tuple[LinkReason, ...]]]:
    """The best building of each address said, where no more than a few fit it equally well."""
    best: dict[int, dict[int, tuple[_Weighed, tuple[LinkReason, ...]]]] = defaultdict(dict)
    beside: dict[int, list[_Weighed]] = defaultdict(list)
    for w in weighed:
        beside[w.candidate.building].append(w)
    for w in open_:
        reasons = _of_the_building(w)
        if reasons is None or score(reasons) < settings.threshold:
            continue
        kept = best[w.said].get(w.candidate.building)
        if kept is None or score(reasons) > score(kept[1]):
            best[w.said][w.candidate.building] = (w, reasons)
    chosen: dict[int, tuple[_Weighed, tuple[LinkReason, ...]]] = {}
    for found in best.values():
        top = max(score(reasons) for _, reasons in found.values())
        equal = {building: one for building, one in found.items() if score(one[1]) >= top - 0.02}
        if len(equal) > settings.most_buildings:
            continue
        for building, (w, reasons) in equal.items():
            reasons += (_why_no_unit(w, beside[building]),)
            if len(equal) > 1:
                reasons += (LinkReason("equals", 0.0, f"{len(equal)} buildings fit equally well", entry=w.candidate.entry.id),)
            if building not in chosen or score(reasons) > score(chosen[building][1]):
                chosen[building] = (w, reasons)
    return list(chosen.values())


def _of_the_building(w: _Weighed) -> tuple[LinkReason, ...] | None:
    """The reasons that hold for the building; None where nothing places it, or the seller says another one of this street."""
    if w.denied:
        return None
    agreed = {r.code for r in w.reasons if not r.against}
    if not (w.best.codes & compare.PLACED or w.leads_there or {"postcode", "name"} <= agreed):
        return None
    if "name" in agreed and not (agreed - {"name", "town"}):
        return None
    return tuple(r for r in w.reasons if r.code not in NAMES_THE_UNIT | OF_THE_UNIT)


def _why_no_unit(w: _Weighed, beside: Sequence[_Weighed]) -> LinkReason:
    """Why the link is no more than to the building. `beside` are the candidates in it."""
    others = {o.candidate.premises for o in beside if o.candidate.is_unit}
    entry = w.candidate.entry.id
    fitting = sum(bool(o.best.codes & NAMES_THE_UNIT) for o in beside if o.said == w.said)
    if fitting > 1:
        return LinkReason("building_only", 0.0, "more than one unit fits what is said, so that the link is to the building", entry=entry)
    if w.disputed and len(w.disputed) and others:
        return replace(
            w.disputed[0], code="unit_not_settled", sentence=f"no unit is named: {w.disputed[0].sentence}", weight=0.0, against=False
        )
    if listed := {o.candidate.premises for o in beside if o.candidate.is_unit and o.candidate.entry.id is not None}:
        return LinkReason(
            "building_only",
            0.0,
            f"the unit is not known: the registers list {max(len(listed), w.candidate.units)} here, and the advert names none of them",
            entry=entry,
        )
    if w.by_door:
        return LinkReason("building_only", 0.0, "what leads here is known of the building, and of no unit in it", entry=entry)
    return LinkReason("building_only", 0.0, "the register lists no unit here: the link is to the building", entry=entry)


def _link(evidence: Evidence, w: _Weighed, premises: int, level: str, reasons: tuple[LinkReason, ...], method: str) -> Link:
    return Link(None, evidence.kind, evidence.subject, SubjectKind.premises, premises, method, score(reasons), level, reasons)
