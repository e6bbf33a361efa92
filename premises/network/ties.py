"""What two sellers share, what of it says something, and how much.

**The hub guard.** Something that many have in common (a courier's number, a wholesaler's photograph, a template's words, a market hall)
says nothing of who they are, and one such thing let through joins whole networks. A count of accounts alone cannot tell it from the number
that one operator gives on twelve accounts. So groups are counted: of the accounts that have a thing, those that anything else connects (some
other thing that two to `most` accounts have) are one group, since an operator's accounts are mostly alike in more than one respect and a
courier's customers are not. What leads to more than `hub` groups links nobody; what more than `most` accounts have is not looked at at all.
With up to `hub` accounts the guard never bites. Pictures and words do not vouch for pictures and words, since who copies one copies several.
The groups of one thing are made without regard to whether the others passed the guard, so that no order of looking matters.

**Copies.** One photograph counts once. A place that one account shows by photographs which the other uses too, or both by those of a third, holds
them together no further than the copies do: whoever has a photograph from somebody shows that one's room, and not their own.

**Rarity.** For the communities a thing counts 1/(n−1) between each two of its n holders (M. E. J. Newman, Scientific collaboration networks II,
Physical Review E 64, 016132, 2001), so that what one thing brings to an account does not grow with how many have it.

Pure: no database, no clock. `Things` come from the store in pages (`linking`, `view`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

from premises.network.settings import CONTENT, NetworkSettings
from store.network import Giving, Thing

KIND_OF = {"instagram": "handle", "telegram": "handle", "snapchat": "handle", "vat": "company"}
MOST_ALIKE = 4  # pictures, and descriptions, that one tie counts and cites
Things = Mapping[Thing, Mapping[int, Giving]]  # thing → seller → its giving
Pair = tuple[int, int]  # two sellers, the lower number first


@dataclass(frozen=True, slots=True)
class Shared:
    """One thing that two sellers have in common: both givings, what it counts (0 to 1), and how many accounts have it."""

    here: Giving
    there: Giving
    weight: float
    holders: int

    @property
    def kind(self) -> str:
        """Of WEIGHTS."""
        return KIND_OF.get(self.here.thing.kind, self.here.thing.kind)


@dataclass(frozen=True, slots=True)
class Tie:
    """All that two sellers share, strongest first. `score` is 1 − Π(1 − weight)."""

    shared: tuple[Shared, ...]

    @property
    def score(self) -> float:
        return 1.0 - math.prod(1.0 - each.weight for each in self.shared)

    @property
    def by_content_alone(self) -> bool:
        """Whether nothing but what anybody can copy from anybody holds the two together."""
        return all(each.kind in CONTENT for each in self.shared)

    @property
    def knit(self) -> int:
        """What the tie weighs among others, in thousandths, each thing by its rarity. A whole number: sums of it know no order."""
        return sum(round(-1000 * math.log(1.0 - each.weight) / (each.holders - 1)) for each in self.shared)


def by_thing(givings: Collection[Giving]) -> dict[Thing, dict[int, Giving]]:
    out: dict[Thing, dict[int, Giving]] = defaultdict(dict)
    for one in givings:
        out[one.thing][one.seller] = one
    return dict(out)


def copied(one: Giving, other: Giving) -> bool:
    """Whether one shows a place by nothing but photographs that the other uses too, or both do by those of one third."""
    return one.seller in other.also or other.seller in one.also or bool(one.also & other.also)


def groups(sellers: Collection[int], things: Things, but: Thing) -> int:
    """How many groups these sellers fall into by what else they share of `things`."""
    root = {seller: seller for seller in sellers}

    def of(seller: int) -> int:
        while root[seller] != seller:
            root[seller] = root[root[seller]]
            seller = root[seller]
        return seller

    for thing, who in things.items():
        if thing != but and not (but.kind in CONTENT and thing.kind in CONTENT):
            here = [seller for seller in who if seller in root]
            for one, other in combinations(here, 2):
                if not copied(who[one], who[other]):
                    root[of(other)] = of(one)
    return sum(of(seller) == seller for seller in root)


def in_doubt(things: Things, settings: NetworkSettings) -> set[Thing]:
    """Things that so many have that the guard must look at what else connects their holders."""
    return {thing for thing, who in things.items() if settings.hub < len(who) <= settings.most}


def guarded(things: Things, beside: Mapping[Thing, Things], settings: NetworkSettings) -> dict[Thing, Mapping[int, Giving]]:
    """Those of `things` that may link: held by two to `most`, in at most `hub` groups. `beside` tells of each thing in doubt what its
    holders have, as far as at most `most` accounts have that."""
    return {
        thing: who
        for thing, who in things.items()
        if 2 <= len(who) <= settings.hub or (len(who) <= settings.most and groups(who, beside.get(thing, {}), thing) <= settings.hub)
    }


def ties(things: Things, settings: NetworkSettings, of: Collection[int] | None = None) -> dict[Pair, Tie]:
    """The tie of each two sellers that share any of these things; with `of`, those whose lower number is among them."""
    shared: dict[Pair, list[Shared]] = defaultdict(list)
    for thing, who in things.items():
        weight = settings.weights[KIND_OF.get(thing.kind, thing.kind)]
        for a, b in combinations(sorted(who), 2):
            if (of is None or a in of) and not copied(who[a], who[b]):
                shared[a, b].append(Shared(who[a], who[b], weight * min(_sure(who[a], settings), _sure(who[b], settings)), len(who)))
    return {pair: Tie(tuple(_counted(shared[pair]))) for pair in sorted(shared)}


def _sure(one: Giving, settings: NetworkSettings) -> float:
    return one.certainty * (settings.read_in_picture if one.method is not None else 1.0)


def _counted(shared: Collection[Shared]) -> list[Shared]:
    """Strongest and rarest first; of pictures and of descriptions no more than a few, since who copies one copies several."""
    kept: list[Shared] = []
    for each in sorted(shared, key=lambda s: (-s.weight, s.holders, s.here.thing)):
        if each.kind in CONTENT and sum(other.kind == each.kind for other in kept) >= MOST_ALIKE:
            continue
        kept.append(each)
    return kept
