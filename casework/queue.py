"""The officers' queue: flagged listings as cards, with reasons in words and what people have said of them; among them some that the score
does not flag, for a second look.

Of a second look the card tells neither why it is there (drawn at random, or near the threshold) nor score and reasons, until it is judged:
who knows what a machine made of a listing sees it with those eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from casework import samples
from casework.learn_settings import Queue
from store.listings import Summary
from store.store import Acting
from store.words.records import Flag, Judgement, SubjectKind

SECOND_LOOK = "for a second look: near the threshold, or drawn at random"


@dataclass(frozen=True, slots=True)
class Card:
    """A listing as an officer sees it: what it says, what the policy makes of it, what people have judged.

    A `second_look` has no flag on its card; `why` it was there is said where it was judged, "" elsewhere.
    """

    summary: Summary
    flag: Flag | None
    judgements: tuple[Judgement, ...]
    second_look: bool = False
    why: str = ""


def card(reader: Acting, summary: Summary) -> Card:
    number = summary.listing.id or 0
    return Card(summary, reader.flag(number), tuple(reader.judgements([(SubjectKind.listing, number)])))


def cards(reader: Acting, *, limit: int = 50, judged: bool = False, mix: Queue | None = None, review: float = 0.0) -> list[Card]:
    """The queue, priority first. A listing judged on the same findings is left out; new findings bring it back with the old judgement shown.

    With `mix` some places of the `limit` are second looks, evenly among the others; `review` is from how many points a listing is queued.
    """
    others = [look.flag.listing for look in samples.looks(reader, mix, review, limit)] if mix else []
    flags = reader.queue(limit=max(0, limit - len(others)), judged=judged)
    numbers = [f.listing for f in flags] + others
    found = {s.listing.id: s for s in reader.summaries(numbers=numbers, limit=len(numbers))} if numbers else {}
    spoken = reader.judgements([(SubjectKind.listing, number) for number in numbers]) if numbers else []

    def said(listing: int) -> tuple[Judgement, ...]:
        return tuple(j for j in spoken if j.subject == listing)

    out = [Card(found[f.listing], f, said(f.listing)) for f in flags if f.listing in found]
    step = len(out) / (len(others) + 1)
    for place, number in enumerate(others, 1):
        out.insert(round(step * place) + place - 1, Card(_bare(found[number]), None, said(number), second_look=True))
    return out


def audited(reader: Acting) -> list[Card]:
    """The listings of the random sample that were judged, by ticket, with their flags: what was drawn may be told now."""
    drawn = {one.listing: one for one in samples.revealed(reader.drawn())}
    found = {s.listing.id: s for s in reader.summaries(numbers=list(drawn), limit=len(drawn))} if drawn else {}
    spoken = reader.judgements([(SubjectKind.listing, number) for number in drawn]) if drawn else []
    return [
        Card(found[n], one.flag, tuple(j for j in spoken if j.subject == n), one.level in samples.BELOW, samples.RANDOM)
        for n, one in drawn.items()
        if n in found
    ]


def _bare(summary: Summary) -> Summary:
    return replace(summary, level="", score=None)
