"""Looks for an account that is new and offers many branded goods: accounts of sellers of copies are closed, and opened again.

A person who clears a wardrobe opens an account too, but seldom fills it with ten branded things at once. Rests on the date that the site
states (`joined` in a source's reading); where it states none the account's age is not known, and nothing is said: when we first saw an
account says only when we first looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectors.branded import NO_LISTING, branded, cite, of_how_many
from detectors.contract import Context, Examined, done, not_possible
from store.words.records import Finding, SellerSubject, SubjectKind

VERSION = "1"
SUBJECT = SubjectKind.seller
NEEDS = frozenset({"brands"})


@dataclass(frozen=True, slots=True)
class Settings:
    days: int = 90  # up to which age an account is new, when its newest listing was last seen
    at_least: int = 10  # listings of known brands


def examine(batch: Sequence[SellerSubject], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    settings: Settings = context.settings
    for subject in batch:
        if not subject.offers:
            yield not_possible(subject.id, NO_LISTING)
            continue
        joined = min((o.details.joined_at for o in subject.offers if o.details.joined_at), default=None)
        if joined is None:
            yield not_possible(subject.id, "no date of joining: no page read states since when the account has been there")
            continue
        days = (max(o.last_seen for o in subject.offers) - joined).days
        goods = branded(subject, context.brands) if 0 <= days <= settings.days else []
        found = []
        if len(goods) >= settings.at_least:
            sentence = (
                f"The account was {days} days old when it was last seen (since {joined:%Y-%m-%d}, as the site states) and offers "
                f"{len(goods)} things of known brands, {of_how_many(subject)}."
            )
            found = [Finding("new_account", 1.0, sentence, pointers=cite(one.offer for one in goods))]
        yield done(subject.id, found)
