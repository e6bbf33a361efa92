"""What the score does not flag and a person should see all the same: a random sample, by which recall is estimated, and listings near the
threshold.

Who is drawn nobody chooses. Each listing has a ticket, HMAC-SHA-256 of its source and reference under a seed that is made once and kept
in the store, and the sample is every listing below review with a ticket up to a bound that only ever rises: permanent random numbers
(Ohlsson, "Coordination of samples using permanent random numbers", in Business Survey Methods, 1995). So the same draw stands however
levels change and whatever comes later, a listing that comes later has the same chance, and anyone with the seed can make the draw again.
Rows say in addition when a listing was drawn: the bound rises with how many were judged, never with what was said of them.
"""

from __future__ import annotations

import heapq
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from casework.learn_settings import Queue
from store.samples import Drawn, Seed, Tally
from store.store import Acting, Store
from store.words.records import Flag, Level, Listing

BELOW = (Level.none, Level.note)
RANDOM, NEAR, DIVIDED = "drawn at random", "near the threshold", "the findings disagree"


def ticket(seed: str, source: str, ref: str) -> str:
    """A listing's place in the draw: 16 hexadecimal digits, as good as random for who has not the seed, and always the same."""
    return hmac.digest(bytes.fromhex(seed), f"{source}\0{ref}".encode("utf-8", "surrogatepass"), "sha256").hex()[:16]


@dataclass(slots=True)
class Lot:
    """The listings below review that a pass goes through: those that the bound takes in already, and the lowest tickets above it."""

    seed: Seed
    bound: str
    most: int
    within: list[tuple[str, int]] = field(default_factory=list)
    above: list[tuple[int, int]] = field(default_factory=list)  # a heap of the lowest tickets, as negative numbers: the highest is on top

    def offer(self, listing: Listing, level: Level) -> None:
        if level not in BELOW or not self.most:
            return
        own = ticket(self.seed.value, listing.source, listing.ref)
        if own <= self.bound:
            self.within.append((own, listing.id or 0))
            return
        entry = (-int(own, 16), listing.id or 0)
        if len(self.above) < self.most:
            heapq.heappush(self.above, entry)
        else:
            heapq.heappushpop(self.above, entry)

    def further(self, number: int) -> list[tuple[str, int]]:
        """The `number` lowest tickets above the bound, in order."""
        return [(f"{-key:016x}", listing) for key, listing in sorted(self.above, reverse=True)[: max(0, number)]]


def lot(store: Store, settings: Queue) -> Lot:
    return Lot(store.sample_seed(), store.last_ticket(), settings.waiting)


def draw(store: Store, settings: Queue, these: Lot, run: str) -> int:
    """Keep what the pass's lot makes of the sample; how many listings are new in it.

    First all that the bound takes in, then as many more as it needs so that `waiting` wait for a judgement.
    """
    new = store.draw(these.seed, sorted(these.within), run)
    waiting = store.tally().drawn.get("", 0)
    return new + store.draw(these.seed, these.further(settings.waiting - waiting), run)


# -- in the queue ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Look:
    """A listing below review that the queue shows, and why; that is told once it is judged."""

    flag: Flag
    why: str


def looks(reader: Acting, settings: Queue, review: float, places: int) -> list[Look]:
    """Up to a share of `places` of each kind, in an order that does not tell which is which.

    Places that one kind cannot fill stay empty.
    """
    random, uncertain = (round(share * places) for share in (settings.random, settings.uncertain))
    found: dict[int, Look] = {}
    for one in reader.drawn() if random else ():
        if one.level in BELOW and one.verdict is None and len(found) < random:
            found[one.listing] = Look(one.flag, RANDOM)
    drawn = len(found)
    for look in _uncertain(reader, settings, review, 2 * (uncertain + random)) if uncertain else ():
        if look.flag.listing not in found and len(found) < drawn + uncertain:
            found[look.flag.listing] = look
    listings = {s.listing.id: s.listing for s in reader.summaries(numbers=list(found), limit=len(found))} if found else {}
    seed = reader.store.sample_seed().value if found else ""
    # the draw's own order would tell: a second ticket, of another text, mixes the kinds
    placed = sorted(listings.values(), key=lambda listing: ticket(seed, f"place\0{listing.source}", listing.ref))
    return [found[listing.id or 0] for listing in placed]


def _uncertain(reader: Acting, settings: Queue, review: float, limit: int) -> list[Look]:
    """Those nearest to the threshold and those whose findings disagree, one of each in turn (uncertainty sampling: Lewis and Gale, 1994)."""
    near = [Look(flag, NEAR) for flag in reader.near(max(review - settings.near, 1e-9), limit)]
    divided = [Look(flag, DIVIDED) for flag in reader.divided(10 * limit) if _is_divided(flag, settings.disagree)][:limit]
    out: list[Look] = []
    for place in range(max(len(near), len(divided))):
        out += [*near[place : place + 1], *divided[place : place + 1]]
    return out


def _is_divided(flag: Flag, least: float) -> bool:
    against = sum(c.points for c in flag.contributions if c.points > 0)
    return against >= least and -sum(c.points for c in flag.contributions if c.points < 0) >= least


# -- recall ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Recall:
    """What share of the listings that merit action is flagged, as far as judgements tell; 95 % intervals as (low, high).

    `missed` is how many listings below review an officer would say yes to, estimated from the sample; `recall` is None before anything
    can be said. Listings at review or above that nobody has judged count as neither; `recall_if_all` is the upper end were all of them yes.
    """

    flagged: Mapping[str, int]
    below: int
    drawn: Mapping[str, int]
    missed: float | None = None
    missed_interval: tuple[int, int] | None = None
    recall: float | None = None
    interval: tuple[float, float] | None = None
    recall_if_all: float | None = None
    precision: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self) -> str:
        """For people."""
        wait = self.drawn.get("", 0)
        if self.missed is None or self.missed_interval is None:
            how = f"{wait} wait in the queue" if wait else "none is drawn yet: `touchstone flag` draws"
            return f"Recall is not known: nobody has judged yes or no of a listing of the random sample ({how})."
        judged = self.drawn.get("yes", 0) + self.drawn.get("no", 0)
        low, high = self.missed_interval
        base = f"{judged} of {self.below} listings below review were drawn at random and judged, {self.drawn.get('yes', 0)} of them yes; so some {self.missed:.0f} there merit action (95 % interval {low} to {high})"
        if self.recall is None or self.interval is None:
            return f"Recall is not known: no flagged listing was judged yes. {base}."
        waiting = self.flagged.get("", 0)
        rest = (
            f" {waiting} flagged listings are not judged yet: were all of them yes, it could be up to {self.recall_if_all:.0%}."
            if waiting
            else ""
        )
        also = f" {wait} more drawn ones wait; the estimate takes them to be like the others." if wait else ""
        return f"Recall at review is some {self.recall:.0%} (95 % interval {self.interval[0]:.0%} to {self.interval[1]:.0%}): {base}.{rest}{also}"


def recall(tally: Tally) -> Recall:
    """The estimate from what officers said: flagged yes / (flagged yes + missed yes).

    Missed ones are what the sample's share comes to over all listings below review; their interval is the exact one of a draw without
    replacement (Buonaccorsi, The American Statistician 1987), so it ends where everything was looked at. Who said yes to a listing below
    review outside of the sample adds to what is known to be missed and nothing to the estimate.
    """
    from detectors.evaluation.measures import share

    yes, no = (tally.drawn.get(each, 0) for each in ("yes", "no"))
    below, flagged = sum(tally.below.values()), tally.above
    hits = flagged.get("yes", 0)
    precision = share(hits, hits + flagged.get("no", 0))
    if not yes + no:
        return Recall(flagged, below, tally.drawn, precision=precision)
    known = tally.below.get("yes", 0)
    low, high = (max(end, known) for end in of_population(yes, yes + no, below))
    missed = max(float(known), below * yes / (yes + no))
    if not hits:
        return Recall(flagged, below, tally.drawn, missed, (low, high), precision=precision)
    most = hits + flagged.get("", 0)
    return Recall(
        flagged, below, tally.drawn, missed, (low, high), hits / (hits + missed), (hits / (hits + high), hits / (hits + low)), most / (most + low), precision
    )  # fmt: skip


def of_population(found: int, drawn: int, population: int, level: float = 0.95) -> tuple[int, int]:
    """The numbers between which the `population` has such members, where `found` of `drawn` (without replacement) are: both tails of the
    hypergeometric distribution inverted, so that at least `level` of such intervals hold. Raises ValueError for what cannot be drawn."""
    from scipy.stats import hypergeom

    if not 0 <= found <= drawn <= population:
        raise ValueError(f"{found} of {drawn} drawn of {population} cannot be")
    tail = (1 - level) / 2
    lowest, highest = found, population - (drawn - found)

    def first(holds: Any, low: int, high: int) -> int:
        """The least number from low to high for which it holds; it does for high, and for all above the least."""
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle + 1, high)
        return low

    low = first(lambda m: hypergeom.sf(found - 1, population, m, drawn) > tail, lowest, highest)
    above = first(lambda m: m > highest or hypergeom.cdf(found, population, m, drawn) <= tail, lowest, highest + 1)
    return low, max(low, above - 1)


def revealed(drawn: Iterable[Drawn]) -> list[Drawn]:
    """Those of the sample that were judged: what they are may be told now."""
    return [one for one in drawn if one.verdict is not None]
