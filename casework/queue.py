"""The officers' queue: flagged listings as cards, with reasons in words and what people have said of them; among them some that the score
does not flag, for a second look.

Of a second look the card tells neither why it is there (drawn at random, or near the threshold) nor score and reasons, until it is judged:
who knows what a machine made of a listing sees it with those eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from casework import samples
from casework.learn_settings import Queue
from store.assignments import Work
from store.config import Home
from store.listings import Summary
from store.queue import QUEUED, Waits
from store.store import Acting, Store
from store.words.records import Flag, Judgement, Level, SubjectKind, standing

NOBODYS = Work()
SECOND_PERSON = "Somebody has judged it, and it waits for you as the second person: what was said of it is told once you have judged."
SECOND_LOOK = "for a second look: near the threshold, or drawn at random"


@dataclass(frozen=True, slots=True)
class Card:
    """A listing as an officer sees it: what it says, what the policy makes of it, what people have judged.

    A `second_look` has no flag on its card; `why` it was there is said where it was judged, "" elsewhere. `findings` is the digest of its findings
    as it was shown, `work` whose it is and who judges it now. `second` is the judgement beside which the reader is to judge as the second person, of
    which the card tells nothing; 0 where it is not so.
    """

    summary: Summary
    flag: Flag | None
    judgements: tuple[Judgement, ...]
    second_look: bool = False
    why: str = ""
    findings: str = ""
    work: Work = NOBODYS
    second: int = 0

    @property
    def newest(self) -> int:
        """The number of the newest judgement of it; 0 where there is none."""
        return max((j.id or 0 for j in self.judgements), default=0)


def card(reader: Acting, summary: Summary, *, second: bool = False) -> Card:
    """A listing's card. For somebody who judges as a `second` person it has no judgements while it waits for them as such."""
    number = summary.listing.id or 0
    flag = reader.flag(number)
    due = reader.second_due(1, listings=[number]) if second else []
    said = () if due else tuple(reader.judgements([(SubjectKind.listing, number)]))
    work = reader.work(SubjectKind.listing, [number])[number]
    findings = flag.findings_digest if flag else ""
    return Card(summary, flag, said, findings=findings, work=work, second=due[0].first if due else 0)


def before_judging(reader: Acting, summary: Summary) -> Card:
    """A card as somebody sees it who is to judge it: what the score does not queue tells neither score nor reasons until they have."""
    whole = card(reader, summary)
    mine = any(j.actor == reader.actor.id for j in standing(whole.judgements))
    if whole.flag is not None and whole.flag.level not in QUEUED and not mine:
        return replace(whole, summary=_bare(summary), flag=None, second_look=True)
    return whole


def cards(
    reader: Acting, *, limit: int = 50, judged: bool = False, mix: Queue | None = None, review: float = 0.0, waits: Waits = Waits.free,
    listings: Sequence[int] | None = None, levels: Sequence[Level] = QUEUED,
) -> list[Card]:  # fmt: skip
    """The queue, priority first. A listing judged on the same findings is left out; new findings bring it back with the old judgement shown.

    With `mix` some places of the `limit` are second looks, evenly among the others; `review` is from how many points a listing is queued. `waits`
    asks for another part of the queue than what the reader may judge now; `listings` for those of these alone, `levels` for those at these. None of that has second looks.
    """
    looks = (
        samples.looks(reader, mix, review, limit) if mix and waits is Waits.free and listings is None and tuple(levels) == QUEUED else []
    )
    work = reader.work(SubjectKind.listing, [look.flag.listing for look in looks]) if looks else {}
    looks = [look for look in looks if not work[look.flag.listing].stands_in_the_way_of(reader.actor.id)]
    others = [look.flag.listing for look in looks]
    flags = reader.queue(levels, limit=max(0, limit - len(others)), judged=judged, waits=waits, listings=listings)
    digests = {f.listing: f.findings_digest for f in [*flags, *(look.flag for look in looks)]}
    numbers = [f.listing for f in flags] + others
    work |= reader.work(SubjectKind.listing, [f.listing for f in flags]) if flags else {}
    found = {s.listing.id: s for s in reader.summaries(numbers=numbers, limit=len(numbers))} if numbers else {}
    spoken = reader.judgements([(SubjectKind.listing, number) for number in numbers]) if numbers else []

    def said(listing: int) -> tuple[Judgement, ...]:
        return tuple(j for j in spoken if j.subject == listing)

    out = [
        Card(found[f.listing], f, said(f.listing), findings=f.findings_digest, work=work[f.listing]) for f in flags if f.listing in found
    ]
    step = len(out) / (len(others) + 1)
    for place, number in enumerate(others, 1):
        bare = Card(_bare(found[number]), None, said(number), second_look=True, findings=digests[number], work=work[number])
        out.insert(round(step * place) + place - 1, bare)
    return out


def take(store: Store, home: Home, listings: Sequence[int], by: str, minutes: int) -> list[int]:
    """Lock cards to an officer who judges them now, for so many minutes; those that they got. Raises TouchstoneError."""
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    return store.lock(SubjectKind.listing, listings, actor=by, authority=home.settings.authority.code, until=until)


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
