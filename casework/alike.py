"""A picture that somebody holds, asked of the store: its near copies, and pictures that seem to be taken in the same place. It is not kept.

The detectors' own code and settings answer, as they stand in configs/detectors.yml: what is found here is what a pass would find of the picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from casework.sightings import may_be_seen
from detectors import contract, image_match, same_place
from detectors.matches import Matches, Other
from detectors.pictures import prints as taken
from store.config import Home
from store.errors import TouchstoneError
from store.executors import InlineExecutor
from store.listings import Summary
from store.store import Acting, Store
from store.words.opening import Unreadable
from store.words.records import Reference

MOST_PLACES = 2000  # images that the place is looked for in, the newest: each is compared
MOST_SHOWN = 60  # images of each kind that are shown, the best first


@dataclass(frozen=True, slots=True)
class Like:
    """A kept image that the picture is like: how, the listings that show it, and the entries of the reference log that are it."""

    sha256: str
    how: str
    agree: int  # places; 0 of the very same file
    listings: tuple[Summary, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture was found to be like. `unasked` says what could not be asked, and why; `left_out` how many images the place was not looked for in."""

    copies: tuple[Like, ...]
    places: tuple[Like, ...]
    unasked: tuple[str, ...] = ()
    left_out: int = 0


def ask(store: Store, home: Home, data: bytes) -> Answer:
    """Look for near copies and for the place. Nothing is kept. Raises TouchstoneError where the bytes are no picture, or one past the limits."""
    sha256, settings = hashlib.sha256(data).hexdigest(), contract.read_settings(home.file("detectors.yml"), contract.discover().values())
    unasked: list[str] = []
    copies: list[Like] = [Like(sha256, "the very same file", 0)]
    places: list[Like] = []
    left_out = 0
    for module in (image_match, same_place):
        detector = contract.detector_of(module.__name__.rpartition(".")[2])
        if detector.missing:
            unasked.append(detector.missing)
            continue
        try:
            own = {one.algorithm: one for one in module.fingerprint(sha256, data)}
        except Unreadable as error:
            raise TouchstoneError(f"That file cannot be looked for: {error}.") from None
        if module is image_match and taken.all_flat(own):
            unasked.append("its copies were not looked for: the picture is too flat to be compared (one tone, a gradient, a few shapes)")
            continue
        matches = Matches(store, detector, settings[detector.name], InlineExecutor())
        if module is same_place:
            left_out = max(0, len(matches.every) - MOST_PLACES)
            matches.every = set(sorted(matches.every)[-MOST_PLACES:])
        found: Sequence[Other] = matches.of({sha256: own})[sha256]
        if module is image_match:
            copies += [Like(each.sha256, image_match.how(each.match).removeprefix(", "), each.match.inliers) for each in found]
        else:
            places += [Like(each.sha256, f"{each.match.inliers} places around the goods agree", each.match.inliers) for each in found]
    return Answer(_best(copies), _best(places), tuple(unasked), left_out)


def _best(found: Sequence[Like]) -> tuple[Like, ...]:
    return tuple(sorted(found, key=lambda like: (like.agree > 0, -like.agree, like.sha256))[:MOST_SHOWN])


def shown(store: Store, reader: Acting, found: Collection[Like], sightings: Collection[str]) -> list[Like]:
    """Those that a reader may see, with whose they are: listings and entries of the reference log. `sightings` as in `picture_may_be_seen`."""
    digests = [like.sha256 for like in found if store.picture_may_be_seen(like.sha256, sightings)]
    owners = {digest: [listing for _, listing, _ in rows] for digest, rows in store.picture_owners(digests, 2**62).items()}
    numbers = sorted({number for every in owners.values() for number in every})
    rows = reader.summaries(numbers=numbers, limit=len(numbers)) if numbers else []
    seen = {s.listing.id: s for s in may_be_seen(reader, rows, sightings)}
    references: dict[str, list[Reference]] = {}
    for entry in store.references():
        references.setdefault(entry.image_sha256 or "", []).append(entry)
    return [
        replace(
            like, listings=tuple(seen[n] for n in dict.fromkeys(owners.get(like.sha256, ())) if n in seen),
            references=tuple(references.get(like.sha256, ())),
        )
        for like in found
        if like.sha256 in digests
    ]  # fmt: skip
