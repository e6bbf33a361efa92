"""Whether two pictures are of one photograph, or show one place: features paired, and a turn, scale and shift that many pairs agree on.

The ratio test is Lowe's ("Distinctive image features from scale-invariant keypoints", IJCV 2004); the fit is RANSAC (Fischler and Bolles,
CACM 1981) of a similarity, which is what cropping, framing and turning a photograph does to it. Pairs count by distinct places, so that
the corners of one button cannot stand for twenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.pictures.local import Features

LEAST = 5


@dataclass(frozen=True, slots=True)
class Rules:
    """When features pair (the nearest word so much nearer than the next), how many pixels a pair may be off the fit, how many pixels apart
    two places are two, and by how much the second picture may be larger."""

    ratio: float = 0.8
    within: float = 5.0
    cell: int = 6
    scales: tuple[float, float] = (0.15, 7.0)


COPIES = Rules()


@dataclass(frozen=True, slots=True)
class Fit:
    """What two pictures have in common: `inliers` distinct places, the `matrix` (2 × 3) from the first picture's pixels to the second's, and
    the agreeing places in both (n × 2 each)."""

    inliers: int
    matrix: NDArray[np.float64]
    first: NDArray[np.float32]
    second: NDArray[np.float32]

    @property
    def scale(self) -> float:
        import math

        return math.hypot(self.matrix[0, 0], self.matrix[0, 1])

    @property
    def degrees(self) -> float:
        import math

        return math.degrees(math.atan2(self.matrix[1, 0], self.matrix[0, 0]))


def fit(first: Features, second: Features, rules: Rules = COPIES) -> Fit | None:
    """The similarity that most pairs of places agree on; None where fewer than five do."""
    import cv2
    import numpy as np

    if len(first) < LEAST or len(second) < LEAST:
        return None
    pairs = [
        two[0]
        for two in _matcher().knnMatch(first.words, second.words, k=2)
        if len(two) == 2 and two[0].distance < rules.ratio * two[1].distance
    ]
    if len(pairs) < LEAST:
        return None
    ours, theirs = first.places[[p.queryIdx for p in pairs]], second.places[[p.trainIdx for p in pairs]]
    matrix, agreed = cv2.estimateAffinePartial2D(
        ours, theirs, method=cv2.RANSAC, ransacReprojThreshold=rules.within, maxIters=2000, confidence=0.995
    )
    if matrix is None:
        return None
    inside = agreed.ravel().astype(bool)
    found = Fit(
        min(_places(ours[inside], rules.cell), _places(theirs[inside], rules.cell)), np.asarray(matrix), ours[inside], theirs[inside]
    )
    return found if found.inliers >= LEAST and rules.scales[0] <= found.scale <= rules.scales[1] else None


def _places(points: Any, cell: int) -> int:
    import numpy as np

    return len(np.unique((points // cell).astype(int), axis=0))


def _matcher() -> Any:
    import cv2

    return cv2.BFMatcher(cv2.NORM_HAMMING)
