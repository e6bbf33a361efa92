"""The officers' queue: flagged listings as cards, with reasons in words and what people have said of them."""

from __future__ import annotations

from dataclasses import dataclass

from store.listings import Summary
from store.store import Acting
from store.words.records import Flag, Judgement, SubjectKind


@dataclass(frozen=True, slots=True)
class Card:
    """A listing as an officer sees it: what it says, what the policy makes of it, what people have judged."""

    summary: Summary
    flag: Flag | None
    judgements: tuple[Judgement, ...]


def card(reader: Acting, summary: Summary) -> Card:
    number = summary.listing.id or 0
    return Card(summary, reader.flag(number), tuple(reader.judgements([(SubjectKind.listing, number)])))


def cards(reader: Acting, *, limit: int = 50, judged: bool = False) -> list[Card]:
    """The queue, priority first. A listing judged on the same findings is left out; new findings bring it back with the old judgement shown."""
    flags = reader.queue(limit=limit, judged=judged)
    found = {s.listing.id: s for s in reader.summaries(numbers=[f.listing for f in flags], limit=limit)}
    spoken = reader.judgements([(SubjectKind.listing, f.listing) for f in flags]) if flags else []
    return [Card(found[f.listing], f, tuple(j for j in spoken if j.subject == f.listing)) for f in flags if f.listing in found]
