"""A closed unit that trades again: a listing of a linked seller was captured while a closure order was in force.

Closure orders: Anti-social Behaviour, Crime and Policing Act 2014 s.80. What raises an alert is a capture of ours, cited; that an account still
advertises shows that somebody trades on, not that the door is open: it is for an officer to look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from premises.facts import day, fact
from premises.harm import RankSettings
from store.places import GONE
from store.ranking import Seen
from store.store import Acting, Store
from store.words.dates import LONDON
from store.words.followup import Closure
from store.words.records import Link, SubjectKind


@dataclass(frozen=True, slots=True)
class Alert:
    """Closed premises seem to trade: `capture` is the newest that shows a listing of the linked `subject` within the closure, of `captures` such.

    `premises` are the closed ones, `at` those that the link leads to: the same, or a unit of the closed building.
    """

    premises: int
    at: int
    subject_kind: SubjectKind
    subject: int
    link: int | None
    listing: int
    capture: int
    captured_at: datetime
    captures: int
    sentence: str


def reopened(
    closures: Iterable[Closure], links: Sequence[Link], seen: Sequence[Seen], inside: Mapping[int, Collection[int]] | None = None
) -> list[Alert]:
    """The alerts, by premises and subject: one for each closure and linked subject that was captured within it. Pure.

    `inside` has the premises that lie in each closed one. A link to a whole building says nothing of a closed unit in it, and raises none; nor
    does a capture of the day on which the order began, which may be older than the order. Refused links, and those no longer found, raise none.
    """
    out = []
    for closure in sorted(set(closures), key=lambda c: (c.premises, c.starts, c.ends or date.max, c.basis)):
        places = {closure.premises, *(inside or {}).get(closure.premises, ())}
        for link in links:
            if link.object_kind is not SubjectKind.premises or link.object not in places or link.status in ("refused", GONE):
                continue
            during = [s for s in seen if _of(link, s) and _within(closure, s.at)]
            if during:
                out.append(_alert(closure, link, during))
    return sorted(set(out), key=lambda a: (a.premises, str(a.subject_kind), a.subject, a.at, a.capture))


def _of(link: Link, seen: Seen) -> bool:
    return link.subject == (seen.seller if link.subject_kind is SubjectKind.seller else seen.listing)


def _within(closure: Closure, at: datetime) -> bool:
    on = at.astimezone(LONDON).date()
    return closure.starts < on and (closure.ends is None or on <= closure.ends)


def _alert(closure: Closure, link: Link, during: Sequence[Seen]) -> Alert:
    newest = max(during, key=lambda s: (s.at, s.capture))
    new = next((s for s in sorted(during, key=lambda s: (s.at, s.capture), reverse=True) if _within(closure, s.first_seen)), None)
    cited = new or newest
    how = "was first seen on" if new else "was up before the closure and was still up on"
    until = f"until {closure.ends}" if closure.ends else "with no end recorded"
    when = cited.first_seen if new else cited.at
    known = "confirmed" if link.status == "confirmed" else "proposed"
    sentence = (
        f"closed from {closure.starts} {until} ({closure.basis}), and listing {cited.listing} of {link.subject_kind} {link.subject}, "
        f"whose link here is {known}, {how} {when.astimezone(LONDON):%Y-%m-%d}"
    )
    captures = len({s.capture for s in during})
    return Alert(
        closure.premises, link.object, link.subject_kind, link.subject, link.id, cited.listing, cited.capture, cited.at, captures, sentence
    )  # fmt: skip


# -- where closures are recorded ---------------------------------------------------------------------------------------------


def of_registers(reader: Acting, settings: RankSettings) -> list[Closure]:
    """Closure orders that a register lists, of every edition of it, each as its newest edition has it: an end is often stated later.

    An entry that states something else, or no day that it began on, is none.
    """
    stands: dict[tuple[object, ...], Closure | None] = {}
    for premises, entry in reader.entries_of_registers(settings.closure_registers):
        stated, start = fact(entry, "fact").casefold(), day(fact(entry, "from"))
        # a row without a reference of its publisher's is named by its own words, which another end changes
        order = (premises, start) if entry.reference.startswith("row:") else (entry.reference,)
        found = Closure(premises, start, day(fact(entry, "until")), f"register {entry.register}, {entry.reference}") if start else None
        stands[entry.register, *order] = found if not stated or "closure" in stated else None
    return [closure for closure in stands.values() if closure]


def of_follow_ups(reader: Acting, settings: RankSettings) -> list[Closure]:
    """Closure orders that officers recorded."""
    return [replace(c, basis=f"follow-up {c.follow_up}: {c.basis}") for c in reader.closures()]


def closures(reader: Acting, settings: RankSettings) -> list[Closure]:
    """Every closure recorded, once."""
    return sorted(
        {c for source in (of_registers, of_follow_ups) for c in source(reader, settings)},
        key=lambda c: (c.premises, c.starts, c.basis, c.ends or date.max),
    )


def any_recorded(store: Store, settings: RankSettings) -> bool:
    """Whether closure orders are on the record: `touchstone status` looks for alerts only then. Reads about no person."""
    return store.has_closures() or any(one.register in settings.closure_registers for one in store.register_snapshots())


def alerts(
    reader: Acting, settings: RankSettings, recorded: Sequence[Closure] | None = None, links: Sequence[Link] | None = None
) -> list[Alert]:
    """The alerts of the store as it stands, from every source of closures. `links`: those to premises, where they have been read already."""
    recorded = closures(reader, settings) if recorded is None else recorded
    if not recorded:
        return []
    inside = reader.inside({c.premises for c in recorded})
    places = {number for each in inside.values() for number in each}
    found = [x for x in links if x.object in places] if links is not None else reader.links_to(SubjectKind.premises, places)
    since = datetime.combine(min(c.starts for c in recorded), time(), LONDON).astimezone(UTC) + timedelta(days=1)
    subjects = {kind: {x.subject for x in found if x.subject_kind is kind} for kind in (SubjectKind.seller, SubjectKind.listing)}
    seen = reader.seen(sellers=subjects[SubjectKind.seller], listings=subjects[SubjectKind.listing], since=since)
    return reopened(recorded, found, seen, inside)
