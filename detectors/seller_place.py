"""Looks for an account that says it is here and sends from elsewhere: "UK seller", "based in Manchester", and "ships from Guangzhou".

Who says openly that he sends from abroad hides nothing, and the British shop whose one line is sent by its maker says both too: it counts
little. A place that is not stated is not known; without a claim and a place of dispatch nothing can be held against anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.branded import NO_LISTING, cite
from detectors.contract import Context, Examined, done, not_possible
from store.words.records import Finding, Offer, Pointer, SellerSubject, SubjectKind
from store.words.text import normalise

VERSION = "2"
SUBJECT = SubjectKind.seller
READ = 5000  # characters of a description


@dataclass(frozen=True, slots=True)
class Settings:
    """Regular expressions on normalised words. `says_here` is looked for in what the seller writes; `here` and `abroad` name places, and are
    looked for where the page states the listing's place or that of dispatch; `sends` finds a dispatch in the seller's own words."""

    says_here: tuple[str, ...]
    here: tuple[str, ...]
    abroad: tuple[str, ...]
    sends: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("says_here", "here", "abroad", "sends"):
            for pattern in getattr(self, name):
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"{name}: '{pattern}' is not a regular expression ({error})") from None


def examine(batch: Sequence[SellerSubject], context: Context) -> Iterable[Examined]:
    for subject in batch:
        if not subject.offers:
            yield not_possible(subject.id, NO_LISTING)
            continue
        read = [(offer, *_read(offer, context.settings)) for offer in sorted(subject.offers, key=lambda each: each.listing)]
        claims = [(offer, claim) for offer, claim, _, _ in read if claim]
        abroad = [(offer, far) for offer, _, far, _ in read if far]
        stated = any(near for _, _, _, near in read)
        if not claims:
            yield not_possible(
                subject.id, "no place: no listing read says that the seller is here, or gives a place that this method knows"
            )
        elif not abroad and not stated:
            yield not_possible(subject.id, "no place of dispatch: no listing read says from where the goods are sent")
        else:
            yield done(subject.id, [_finding(claims, abroad)] if abroad else [])


def _finding(claims: Sequence[tuple[Offer, str]], abroad: Sequence[tuple[Offer, str]]) -> Finding:
    sentence = f"The account says that it is here ('{claims[0][1]}') and that the goods are sent from abroad ('{abroad[0][1]}')."
    pointers = (*_shown(claims[0], "says"), *_shown(abroad[0], "sent_from"), *cite(offer for offer, _ in (*claims[1:], *abroad[1:])))
    return Finding("place_claimed", 1.0, sentence, pointers=tuple({p.other: p for p in reversed(pointers)}.values())[::-1])


def _shown(said: tuple[Offer, str], name: str) -> tuple[Pointer, ...]:
    offer, words = said
    return (Pointer(other=f"snapshot:{offer.snapshot.id}", detail={"listing": offer.listing, name: words}),)


def _read(offer: Offer, settings: Settings) -> tuple[str, str, bool]:
    """(the words that claim a place here, those that say dispatch from abroad, whether a dispatch from here is stated); "" where none."""
    s = offer.snapshot
    words = normalise(f"{s.title} . {s.seller_name} . {s.text[:READ]}").text
    place, dispatch = normalise(s.place).text, normalise(offer.details.dispatch_text).text
    claim = _first(settings.says_here, words) or (_first(settings.here, place) and s.place)
    sent = _first(settings.sends, words)
    # a place abroad beside words that say "UK seller" is where the thing is, and so from where it is sent
    far = (_first(settings.abroad, dispatch) and offer.details.dispatch_text) or sent or (_first(settings.abroad, place) and s.place)
    return claim, far, bool(_first(settings.here, dispatch))


def _first(patterns: Sequence[str], words: str) -> str:
    found = (m for pattern in patterns if (m := re.search(pattern, words)))
    best = min(found, key=lambda m: (m.start(), -m.end()), default=None)
    return best[0] if best else ""
