"""Looks for pictures of flagged listings that show the same place: one carpet, wall or shelf around different goods.

Two sellers who photograph on one floor are a lead to premises, and to one seller behind two names. It is a lead and no sign of a copy, so it
weighs nothing in a flag. The room may be a private home: only pictures of listings flagged for review or above are looked at, and only
against each other. The same photograph used twice is no second look at a place and is left to `image_match`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.contract import Context, Examined, Owner, done, not_possible
from detectors.pictures import backdrop
from detectors.pictures import prints as taken
from detectors.pictures.geometry import fit
from detectors.pictures.local import Features
from detectors.pictures.matching import Rule, best, inside
from detectors.pictures.opening import opened
from store.words.records import Direction, Finding, Fingerprint, Picture, Pointer, SubjectKind

VERSION = "1"
SUBJECT = SubjectKind.picture
NEEDS = frozenset({"other_pictures", "flagged"})
LIBRARIES = ("pillow", "pdqhash", "imagehash", "opencv-python-headless")
HOW_TO_GET = {"pdqhash": "it is compiled on installation: `apt-get install g++ python3-dev`, then `pip install 'touchstone-scanner[pdq]'`"}
GROUND = "ground"
FINGERPRINTS = (taken.BOXES, taken.ORB, GROUND)
COMPARED = FINGERPRINTS
REASON = "same_place"


@dataclass(frozen=True, slots=True)
class Settings:
    """From how many distinct places outside the goods on two pictures show one place; when they are one photograph, which is none of this
    detector's concern; how many partners a picture is told of."""

    places_from: int = 8
    photograph: Rule = field(default_factory=lambda: Rule(inliers=10))
    most_partners: int = 20

    def __post_init__(self) -> None:
        if self.places_from < 5 or self.most_partners < 1:
            raise ValueError("places_from is at least 5, most_partners at least 1")


@dataclass(frozen=True, slots=True)
class Place:
    """So many distinct places agree outside the goods of two pictures."""

    inliers: int


def fingerprint_version() -> str:
    return taken.version()


def fingerprint(sha256: str, data: bytes) -> list[Fingerprint]:
    image = opened(data, longest=taken.LONGEST)
    every = {one.algorithm: one for one in taken.encoded(sha256, taken.views(image))}
    return [every[taken.BOXES], every[taken.ORB], Fingerprint(sha256, GROUND, fingerprint_version(), backdrop.ground(image).encoded())]


def compare(first: Mapping[str, Fingerprint], second: Mapping[str, Fingerprint], settings: Settings) -> Place | None:
    """Whether two images show one place, and are not one photograph."""
    ours, theirs = (inside(taken.boxes_of(prints), taken.features_of(prints)) for prints in (first, second))
    photograph = best(ours, theirs)
    if photograph is not None and photograph.photograph(settings.photograph):
        return None
    one, other = Features.of(first[GROUND].value), Features.of(second[GROUND].value)
    # the ratio test asks which word is nearest to each of the first's, so that either way round may find more
    agreed = max((each.inliers for each in (fit(one, other, backdrop.RULES), fit(other, one, backdrop.RULES)) if each), default=0)
    return Place(agreed) if agreed >= settings.places_from else None


def examine(batch: Sequence[Picture], context: Context) -> Iterable[Examined]:
    for picture in batch:
        if picture.image.sha256 not in context.prints:
            why = context.problems.get(picture.image.sha256, picture.image.problem or "no features could be taken of the picture")
            yield not_possible(picture.id, why)
            continue
        findings = []
        for owner, place in _others(picture, context):
            findings.append(_finding(owner, place))
            yield Examined(owner.picture, findings=(_finding(Owner.of(picture), place),), further=True)
        yield done(picture.id, findings)


def _others(picture: Picture, context: Context) -> list[tuple[Owner, Place]]:
    """Pictures of other listings, not known to be the same seller's, that show the place: the first so many by number."""
    found = [
        (owner, other.match)
        for other in context.matches.get(picture.image.sha256, ())
        for owner in context.owners.get(other.sha256, ())
        if owner.is_another(picture)
    ]
    return sorted(found, key=lambda each: each[0].picture)[: context.settings.most_partners]


def _finding(owner: Owner, place: Place) -> Finding:
    sentence = (
        f"The picture seems to be taken in the same place as one of listing {owner.listing} (picture {owner.picture}): {place.inliers} places "
        "around the goods agree. A lead to look at, and no sign of a copy."
    )
    pointer = Pointer(other=f"picture:{owner.picture}", detail={"inliers": place.inliers, "listing": owner.listing})
    return Finding(REASON, 1.0, sentence, Direction.suspicious, (pointer,))
