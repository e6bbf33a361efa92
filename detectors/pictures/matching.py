"""Whether two pictures show one photograph: every picture inside the one against every picture inside the other, mirrored too.

A pair is compared in the order of its images' digests, whichever came first, so that it gives one answer. What matches is counted in
distinct places, and in how much of what both show agrees, in all and in the middle, where the goods are: a watermark or a size chart that two
pictures share is a small part of them, and two photographs of one room agree on the room and not on the goods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.pictures.frames import Box
from detectors.pictures.geometry import Fit, fit
from detectors.pictures.local import Features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CELLS = 8  # a side of the grid that agreement is counted on
MUCH = 4  # cells of the middle that have features: fewer say little of the goods
MIDDLE = range(CELLS // 4, CELLS - CELLS // 4)


@dataclass(frozen=True, slots=True)
class Rule:
    """When two pictures are of one photograph: so many distinct places agree, and either so large a share of what both show, or `least` of it
    and of what is in the middle of one of them so large a share. Not where the middle of both has much to see and less than `other` agrees:
    that is one room with other goods in it."""

    inliers: int = 15
    share: float = 0.5
    least: float = 0.25
    middle: float = 0.5
    other: float = 0.2

    def __post_init__(self) -> None:
        if self.inliers < 5 or not 0 <= self.least <= self.share <= 1 or not 0 <= self.other <= self.middle <= 1:
            raise ValueError("inliers is at least 5; the others are shares, least at most share and other at most middle")


@dataclass(frozen=True, slots=True)
class Inside:
    """One picture inside an image, as matching needs it."""

    box: Box
    features: Features
    mirrored: Features


@dataclass(frozen=True, slots=True)
class Match:
    """What two images have in common, first the one with the lower digest. `inliers` distinct places agree; `share` is the part of the common
    textured area in which they do, `middle` the same in the middle of whichever agrees more, and `seen` how many cells the middle's share
    rests on; the second is the first scaled and turned (clockwise) so much; `regions` are the agreeing parts of both
    images, `views` which of the pictures inside them they are in."""

    inliers: int
    share: float
    middle: float
    seen: int
    mirrored: bool
    scale: float
    degrees: float
    regions: tuple[Box, Box]
    views: tuple[int, int]

    def photograph(self, rule: Rule) -> bool:
        """Whether this is one photograph, and not only one room or one watermark."""
        if self.seen >= MUCH and self.middle < rule.other:
            return False
        wide = self.share >= rule.share or (self.share >= rule.least and self.middle >= rule.middle)
        return wide and self.inliers >= rule.inliers


def inside(boxes: Sequence[Box], pairs: Sequence[tuple[Features, Features] | None]) -> list[Inside]:
    return [Inside(box, *two) for box, two in zip(boxes, pairs, strict=True) if two]


def best(first: Sequence[Inside], second: Sequence[Inside]) -> Match | None:
    """The strongest match between two images' pictures, None where nothing agrees."""
    found = best_fit(first, second)
    return found[0] if found else None


def best_fit(first: Sequence[Inside], second: Sequence[Inside]) -> tuple[Match, Fit] | None:
    """The same, with the places that agree."""
    found: list[tuple[tuple[int, int, int, int], Match, Fit]] = []
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            for mirrored in (False, True):
                ours = one.mirrored if mirrored else one.features
                agreed = fit(ours, other.features)
                if agreed is not None:
                    found.append(((-agreed.inliers, i, j, mirrored), _match(agreed, one, other, ours, mirrored, (i, j)), agreed))
    return min(found, key=lambda each: each[0])[1:] if found else None


def _match(agreed: Fit, one: Inside, other: Inside, ours: Features, mirrored: bool, views: tuple[int, int]) -> Match:
    regions = (_region(agreed.first, ours, one.box, mirrored), _region(agreed.second, other.features, other.box, False))
    share, middle, seen = agreement(agreed, ours, other.features)
    return Match(agreed.inliers, share, middle, seen, mirrored, agreed.scale, agreed.degrees, regions, views)


def _region(places: NDArray[np.float32], features: Features, box: Box, mirrored: bool) -> Box:
    """The part of the whole image that these places of a picture inside it take up."""
    low, high = places.min(axis=0), places.max(axis=0)
    left, right = float(low[0]) / features.width, float(high[0]) / features.width
    if mirrored:
        left, right = 1 - right, 1 - left
    top, bottom = float(low[1]) / features.height, float(high[1]) / features.height
    width, height = box.right - box.left, box.bottom - box.top
    return Box(box.left + left * width, box.top + top * height, box.left + right * width, box.top + bottom * height)


def agreement(agreed: Fit, first: Features, second: Features) -> tuple[float, float, int]:
    """Of the cells of the common area in which both have features, the share in which a pair agrees (0 to 1), of all and of those in the
    middle of the first or of the second, whichever is more; and how many cells of a middle have features."""
    moved = first.places @ agreed.matrix[:, :2].T + agreed.matrix[:, 2]
    back = _inverse(agreed.matrix)
    returned = second.places @ back[:, :2].T + back[:, 2]
    ours, theirs = _inside(moved, second), _inside(returned, first)
    in_second = _cells(moved[ours], second) & _cells(second.places[theirs], second)
    in_first = _cells(first.places[ours], first) & _cells(returned[theirs], first)
    told_second, told_first = _cells(agreed.second, second), _cells(agreed.first, first)
    middles = [(_middle(in_first), told_first), (_middle(in_second), told_second)]
    return _share(in_second, told_second), max(_share(*each) for each in middles), max(len(cells) for cells, _ in middles)


def _share(cells: set[int], told: set[int]) -> float:
    return len(cells & told) / len(cells) if cells else 0.0


def _middle(cells: set[int]) -> set[int]:
    return {cell for cell in cells if cell % CELLS in MIDDLE and cell // CELLS in MIDDLE}


def _cells(points: Any, of: Features) -> set[int]:
    import numpy as np

    if not len(points):
        return set()
    x = np.clip((points[:, 0] * CELLS / of.width).astype(int), 0, CELLS - 1)
    y = np.clip((points[:, 1] * CELLS / of.height).astype(int), 0, CELLS - 1)
    return set((y * CELLS + x).tolist())


def _inside(points: Any, of: Features) -> Any:
    return (points[:, 0] >= 0) & (points[:, 1] >= 0) & (points[:, 0] < of.width) & (points[:, 1] < of.height)


def _inverse(matrix: Any) -> Any:
    import cv2

    return cv2.invertAffineTransform(matrix)
