"""The second person's queue: listings that somebody judged and that were drawn, shown without what was said of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from casework import samples
from casework.judgements import Judged, Member, judge_listings
from casework.queue import Card
from store.config import Home
from store.second import SecondDue
from store.store import Acting, Store
from store.words.records import Judgement, SubjectKind, Verdict


@dataclass(frozen=True, slots=True)
class SecondCard:
    """A card without judgements, and the number of the judgement that it stands beside. Where the score does not flag it, it tells no score either."""

    card: Card
    first: int


def second_cards(reader: Acting, limit: int = 20) -> list[SecondCard]:
    """What waits for the reader as the second person, the longest first."""
    due = reader.second_due(limit)
    numbers = [each.listing for each in due]
    found = {s.listing.id: s for s in reader.summaries(numbers=numbers, limit=len(numbers))} if numbers else {}
    out = []
    for each in due:
        flag = reader.flag(each.listing)
        if flag is None or flag.level in samples.BELOW:  # the first saw it bare, and so does the second
            card = Card(
                replace(found[each.listing], level="", score=None),
                None,
                (),
                second_look=True,
                findings=flag.findings_digest if flag else "",
            )
        else:
            card = Card(found[each.listing], flag, (), findings=flag.findings_digest)
        out.append(SecondCard(card, each.first))
    return out


def judge_second(
    store: Store, home: Home, due: SecondDue, verdict: Verdict, note: str, by: str, *, code: str = "", findings: str | None = None,
    sightings: Collection[str] | None = None,
) -> tuple[Judged, Judgement]:  # fmt: skip
    """Judge as the second person; what they said, and now what the first had said. Raises TouchstoneError as `judge_listings` does."""
    [judged] = judge_listings(
        store, home, [Member(due.listing, findings=findings)], verdict, note, by, code=code, second_of=due.first, sightings=sightings
    )
    with store.acting(by, purpose="second review: what the first said", justification="both have judged") as reader:
        first = next(j for j in reader.judgements([(SubjectKind.listing, due.listing)]) if j.id == due.first)
    return judged, first
