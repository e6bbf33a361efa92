"""What was read lately against what was read before: scores, reasons and words, as numbers about no person."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from store import tables as t
from store.listings import newest_flag, newest_readings
from store.reader import Reader


@dataclass(frozen=True, slots=True)
class Window:
    """Listings first kept from `start` (included) to `end`: how many, their scores in order, and how many of their sellers (a listing without
    one counts as its own) have each reason and each word."""

    start: datetime
    end: datetime
    listings: int = 0
    sellers: int = 0
    scores: tuple[float, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)


class WindowReads(Reader):
    """How what comes in changes. The numbers are about no person; the words that they are counted from are."""

    def window(
        self, start: datetime, end: datetime, words_of: Callable[[str], Iterable[str]], *, most: int, least_sellers: int = 3
    ) -> Window:
        """What the listings first kept in that time say and score, by the policy of the newest flag; of more than `most` the newest.

        A word or reason of fewer sellers than `least_sellers` is left out: it could be of one person.
        """
        last = select(t.flag.c.policy).order_by(t.flag.c.id.desc()).limit(1).scalar_subquery()
        flagged = t.listing.join(t.flag, t.flag.c.id == newest_flag(t.listing.c.id))
        query = (
            select(t.listing.c.id, t.flag.c.score, t.flag.c.contributions_json)
            .select_from(flagged)
            .where(t.listing.c.added_at >= start, t.listing.c.added_at < end, t.flag.c.policy == last)
            .order_by(t.listing.c.added_at.desc(), t.listing.c.id.desc())
            .limit(most)
        )
        reasons: dict[str, set[int]] = defaultdict(set)
        words: dict[str, set[int]] = defaultdict(set)
        with self.store.database.reading() as c:
            rows = {r.id: r for r in c.execute(query)}
            numbers = sorted(rows)
            owners: dict[int, int] = {}
            for at in range(0, len(numbers), 500):
                part = newest_readings(numbers[at : at + 500])
                said = select(t.reading.c.listing, t.reading.c.seller, t.snapshot.c.title, t.snapshot.c.text)
                said = said.join(part, part.c.id == t.reading.c.id).join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
                for r in c.execute(said):
                    owners[r.listing] = r.seller if r.seller is not None else -r.listing
                    for word in words_of(f"{r.title}\n{r.text}"):
                        words[word].add(owners[r.listing])
        self.shown("listing", rows)  # `words_of` was given what they say
        for number, row in rows.items():
            for each in json.loads(row.contributions_json):
                reasons[each["reason"]].add(owners.get(number, -number))
        return Window(
            start, end, len(rows), len(set(owners.values())), tuple(sorted(r.score for r in rows.values())),
            _counted(reasons, 1), _counted(words, least_sellers),
        )  # fmt: skip


def _counted(of: Mapping[str, set[int]], least: int) -> dict[str, int]:
    return {name: len(own) for name, own in sorted(of.items()) if len(own) >= least}
