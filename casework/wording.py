"""Words that tell what officers confirmed from what they cleared, and that no rule knows yet: for a person to look at and to make a rule of.

Log-odds ratios with an informative Dirichlet prior (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 2008), here of sellers
who write a word and sellers who do not, so that the prior is their Dirichlet's case of two, a beta. A seller counts once on each side, however
often they write it: sellers copy their own text, and what one of them always writes is no word of the trade, and may be a name.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework import learn
from casework.learn_settings import Terms
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Snapshot
from store.words.text import joined, normalise

if TYPE_CHECKING:
    from detectors.brands import Brands
    from detectors.text_terms import Settings

CONFIRMED, CLEARED = "confirmed", "cleared"
MOST_EXAMPLES = 3
LONGEST = 30  # characters of a word
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_MASK = " ¶ "  # no word, so that none is made across what was taken out


@dataclass(frozen=True, slots=True)
class Suggested:
    """A word, or two in a row: on which side it is commoner and how far from chance (standard deviations of its log-odds), how many
    sellers of each side write it, and listings that show it."""

    term: str
    side: str
    z: float
    log_odds: float
    confirmed: int
    cleared: int
    listings: tuple[str, ...]


def words(text: str) -> Iterator[str]:
    """The words of a text as a reader sees them, and each two with nothing but a space between. Without a letter it is no word: no phone
    number and no price is counted."""
    said, before, end = normalise(text).text, "", -1
    for match in _WORD.finditer(said):
        word = match[0]
        if len(word) > LONGEST or not any(c.isalpha() for c in word):
            before = ""
            continue
        yield word
        if before and said[end : match.start()] == " ":
            yield f"{before} {word}"
        before, end = word, match.end()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of so many sellers write each word."""

    sellers: int
    having: Mapping[str, int]

    @classmethod
    def of(cls, found: Mapping[str, set[str]], sellers: set[str]) -> Counts:
        return cls(len(sellers), {word: len(who) for word, who in found.items()})


def log_odds(one: Counts, other: Counts, background: Counts, prior: float) -> dict[str, tuple[float, float]]:
    """Of each word of either side (log-odds ratio of a seller's writing it, its standard deviations from 0); above 0 where `one` has more.

    The prior stands for `prior` more sellers on each side, who write the word as often as those of the background and both sides together.
    """
    whole = background.sellers + one.sellers + other.sellers
    out = {}
    for word in {**one.having, **other.having}:
        pooled = sum(side.having.get(word, 0) for side in (background, one, other))
        share = (pooled + 0.5) / (whole + 1)
        ratio = spread = 0.0
        for sign, side in ((1, one), (-1, other)):
            yes = side.having.get(word, 0) + prior * share
            no = side.sellers + prior - yes
            ratio += sign * math.log(yes / no)
            spread += 1 / yes + 1 / no
        out[word] = (ratio, ratio / math.sqrt(spread))
    return out


def suggest(reader: Acting, settings: Terms, rules: Settings, brands: Brands) -> list[Suggested]:
    """Words for an officer to approve, furthest from chance first. Raises TouchstoneError where there are too few judgements."""
    gathered = learn.gather(reader)
    examples = {e.key: e for e in gathered.examples}
    yes = sum(e.suspicious for e in examples.values())
    if min(yes, len(examples) - yes) < settings.each:
        raise TouchstoneError(
            f"{yes} listings are confirmed and {len(examples) - yes} cleared; words are suggested from {settings.each} of either (configs/learning.yml, terms)"
        )
    owners: dict[str, dict[str, set[str]]] = {CONFIRMED: defaultdict(set), CLEARED: defaultdict(set)}
    shown: dict[str, dict[str, set[str]]] = {CONFIRMED: defaultdict(set), CLEARED: defaultdict(set)}
    for key, snapshot in _judged(reader, gathered).items():
        side = CONFIRMED if examples[key].suspicious else CLEARED
        for word in set(words(_without(snapshot, rules, brands))):
            owners[side][word].add(examples[key].owner)
            shown[side][word].add(key.replace("\0", " "))
    sides = {
        side: Counts.of(own, {e.owner for e in examples.values() if e.suspicious is (side == CONFIRMED)}) for side, own in owners.items()
    }
    out = []
    for word, (ratio, z) in log_odds(sides[CONFIRMED], sides[CLEARED], _background(reader, settings), settings.prior).items():
        side = CONFIRMED if z > 0 else CLEARED
        if abs(z) >= settings.z and sides[side].having.get(word, 0) >= settings.sellers and not _known(word, rules, brands):
            both = (sides[CONFIRMED].having.get(word, 0), sides[CLEARED].having.get(word, 0))
            out.append(Suggested(word, side, round(z, 2), round(ratio, 2), *both, tuple(sorted(shown[side][word])[:MOST_EXAMPLES])))
    return sorted(out, key=lambda s: (-abs(s.z), s.term))[: settings.most]


def _judged(reader: Acting, gathered: learn.Gathered) -> dict[str, Snapshot]:
    """What each judged listing now says, by its key."""
    numbers = [j.subject for j in reader.judgements_in_force()]
    wanted = {e.key for e in gathered.examples}
    found = (s for page in learn.pages(numbers) for s in reader.summaries(numbers=page, limit=len(page)))
    keyed = {f"{s.listing.source}\0{s.listing.ref}": s.snapshot for s in found}
    return {key: keyed[key] for key in sorted(wanted & set(keyed))}


def _without(snapshot: Snapshot, rules: Settings, brands: Brands) -> str:
    """Title and text without what the rules find and without names of brands."""
    from detectors import text_terms

    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for finding in text_terms.findings(snapshot, rules, brands):
        for pointer in finding.pointers:
            if pointer.start is not None and pointer.end is not None:
                spans[pointer.field].append((pointer.start, pointer.end))
    parts = []
    for name in text_terms.FIELDS:
        raw = str(getattr(snapshot, name))
        for start, end in reversed(joined(spans[name])):
            raw = raw[:start] + _MASK + raw[end:]
        for _ in range(20):  # of each brand the first mention is told: so again, until none is left
            normal = normalise(raw)
            mentions = brands.find(normal)
            if not mentions:
                break
            for start, end in reversed(joined(normal.raw_span(m.start, m.end) for m in mentions)):
                raw = raw[:start] + _MASK + raw[end:]
        parts.append(raw)
    return "\n¶\n".join(parts)


def _known(word: str, rules: Settings, brands: Brands) -> bool:
    """Whether a rule finds the word by itself beside a brand, or it is a brand's."""
    from detectors import text_terms

    if brands.find(word):
        return True
    beside = brands.brands[0].spellings[0] if brands.brands else ""
    alone = {f.reason for f in text_terms.findings(Snapshot(title=beside), rules, brands)}
    return bool({f.reason for f in text_terms.findings(Snapshot(title=f"{beside} {word}"), rules, brands)} - alone)


def _background(reader: Acting, settings: Terms) -> Counts:
    """How many sellers of the newest listings write each word."""
    found: dict[str, set[str]] = defaultdict(set)
    every = set()
    for one in reader.summaries(after=max(0, reader.store.last_listing() - settings.background), limit=settings.background):
        who = f"seller {one.seller}" if one.seller is not None else f"listing {one.listing.id}"
        every.add(who)
        for word in set(words(f"{one.snapshot.title}\n{one.snapshot.text}")):
            found[word].add(who)
    return Counts.of(found, every)
