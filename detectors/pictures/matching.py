"""Whether two pictures show one photograph: every picture inside the one against every picture inside the other, mirrored too.

A pair is compared in the order of its images' digests, whichever came first, so that it gives one answer. What matches is counted in
distinct places, and in how much of what both show agrees: a watermark, a phone's frame or a size chart that two pictures share is a small
part of them, and two photographs of one room agree on the room and not on the goods.
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


@dataclass(frozen=True, slots=True)
class Inside:
    """One picture inside an image, as matching needs it."""

    box: Box
    features: Features
    mirrored: Features


@dataclass(frozen=True, slots=True)
class Match:
    """What two images have in common, first the one with the lower digest. `inliers` distinct places agree; `share` is the part of the common
    textured area in which they do; the second is the first scaled and turned (clockwise) so much; `regions` are the agreeing parts of both
    images, `views` which of the pictures inside them they are in."""

    inliers: int
    share: float
    mirrored: bool
    scale: float
    degrees: float
    regions: tuple[Box, Box]
    views: tuple[int, int]


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
    share = agreement(agreed, ours, other.features)
    return Match(agreed.inliers, share, mirrored, agreed.scale, agreed.degrees, regions, views)


def _region(places: NDArray[np.float32], features: Features, box: Box, mirrored: bool) -> Box:
    """The part of the whole image that these places of a picture inside it take up."""
    low, high = places.min(axis=0), places.max(axis=0)
    left, right = float(low[0]) / features.width, float(high[0]) / features.width
    if mirrored:
        left, right = 1 - right, 1 - left
    top, bottom = float(low[1]) / features.height, float(high[1]) / features.height
    width, height = box.right - box.left, box.bottom - box.top
    return Box(box.left + left * width, box.top + top * height, box.left + right * width, box.top + bottom * height)


def agreement(agreed: Fit, first: Features, second: Features) -> float:
    """Of the cells of the common area in which both have features, the share in which a pair agrees (0 to 1)."""

    moved = first.places @ agreed.matrix[:, :2].T + agreed.matrix[:, 2]
    seen = _inside(moved, second)
    cells_first = _cells(moved[seen], second)
    back = _inverse(agreed.matrix)
    returned = second.places @ back[:, :2].T + back[:, 2]
    cells_second = _cells(second.places[_inside(returned, first)], second)
    both = cells_first & cells_second
    told = _cells(agreed.second, second)
    return float(len(both & told) / len(both)) if both else 0.0


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
