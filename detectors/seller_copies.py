"""Looks for one seller behind several names of a site, and for goods that come back: the same description or the same pictures under another
account, and listings that were gone and came again with the same words or pictures.

Compared within one site only: who offers a thing on two sites writes the same on both. What more than a score of accounts show is everybody's
(a manufacturer's text, a placeholder), and is left out by the store. One description in common may still be a manufacturer's, and a thing that
did not sell is put up again by honest sellers: both count only from several on, and little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from detectors.branded import NO_LISTING, POINTED, branded, cite
from detectors.contract import Context, Examined, done, not_possible
from store.words.records import Finding, Pointer, SellerSubject, Shared, SubjectKind

VERSION = "1"
SUBJECT = SubjectKind.seller
NEEDS = frozenset({"brands"})


@dataclass(frozen=True, slots=True)
class Settings:
    texts: int = 2  # (description, other account) in common
    pictures: int = 2  # pictures that a listing must have in common with one of another account, to be the same set
    sets: int = 2  # (listing, other account) with the same set
    again: int = 3  # branded listings that came again


def examine(batch: Sequence[SellerSubject], context: Context) -> Iterable[Examined]:
    assert context.brands is not None
    for subject in batch:
        if not subject.offers:
            yield not_possible(subject.id, NO_LISTING)
            continue
        of_brands = {one.offer.listing for one in branded(subject, context.brands)}
        shared = [each for each in subject.shared if each.offer in of_brands]
        yield done(
            subject.id,
            [
                *_texts(subject, shared, context.settings),
                *_sets(subject, shared, context.settings),
                *_again(subject, of_brands, context.settings),
            ],
        )


def _texts(subject: SellerSubject, shared: Sequence[Shared], settings: Settings) -> Iterator[Finding]:
    texts = [each for each in shared if each.kind == "text"]
    if len({(each.digest, each.seller) for each in texts}) >= settings.texts:
        yield _elsewhere(
            "same_text",
            subject,
            texts,
            f"{len({each.digest for each in texts})} descriptions of this account's branded goods stand, word for word,",
        )


def _sets(subject: SellerSubject, shared: Sequence[Shared], settings: Settings) -> Iterator[Finding]:
    pictures: dict[tuple[int, int], list[Shared]] = defaultdict(list)
    for each in shared:
        if each.kind == "picture":
            pictures[each.offer, each.seller].append(each)
    sets = {pair: of for pair, of in pictures.items() if len({each.digest for each in of}) >= settings.pictures}
    if len(sets) >= settings.sets:
        rows = [each for of in sets.values() for each in of]
        yield _elsewhere(
            "same_set",
            subject,
            rows,
            f"The pictures of {len({offer for offer, _ in sets})} branded listings of this account stand, byte for byte,",
        )


def _elsewhere(reason: str, subject: SellerSubject, rows: Sequence[Shared], what: str) -> Finding:
    others = sorted({each.seller for each in rows})
    named = (
        f"account {others[0]}"
        if len(others) == 1
        else f"{len(others)} accounts ({', '.join(map(str, others[:5]))}{', …' if len(others) > 5 else ''})"
    )
    offers = {each.offer for each in rows}
    own = cite(o for o in subject.offers if o.listing in offers)
    theirs = {each.snapshot: each for each in sorted(rows, key=lambda r: (r.snapshot, r.seller, r.listing), reverse=True)}
    pointers = [
        Pointer(other=f"snapshot:{n}", detail={"listing": r.listing, "seller": r.seller}) for n, r in list(theirs.items())[:POINTED]
    ]
    return Finding(reason, 1.0, f"{what} under {named} of the same site too.", pointers=(*own, *pointers))


def _again(subject: SellerSubject, of_brands: set[int], settings: Settings) -> Iterator[Finding]:
    came = [each for each in subject.again if each.newer in of_brands]
    if len(came) >= settings.again:
        both = {number for each in came for number in (each.older, each.newer)}
        shown = sorted({each.evidence for each in came})[0]
        sentence = f"{len(came)} branded listings came again, with the same words or pictures, after they were gone (as where {shown})."
        yield Finding("relisted", 1.0, sentence, pointers=cite(o for o in subject.offers if o.listing in both))
