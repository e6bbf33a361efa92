"""The pictures inside a picture: what is left when borders, bands with captions, a phone's furniture and the seams of a collage are cut.

A recursive cut along whole rows and columns (the X-Y cut of page analysis: Nagy and Seth, "Hierarchical representation of optically
scanned documents", ICPR 1984), on a grey thumbnail. A piece counts as a picture when it is neither of one tone nor words on one tone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.pictures.opening import shrunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]

SIZE = 320  # longest side of the thumbnail that is cut
TOLERANCE = 10  # grey levels by which a ground may vary and still be of one tone
PLAIN = 0.96  # share of a row's pixels of the ground's tone: a border
GUTTER, GUTTER_TOLERANCE = 0.99, 6  # the same of a gutter between two pictures: a wall behind the goods is not so even
WORDS = 0.55  # share of a piece's pixels of one tone: words on a ground, not a picture
SEAM = 0.80  # share of a seam's length at which the tone jumps
JUMP = 12  # grey levels of such a jump
LEAST = 0.18  # of the whole's side: smaller pieces are no pictures
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in fractions of its width and height: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    @property
    def rounded(self) -> list[float]:
        return [round(side, 3) for side in (self.left, self.top, self.right, self.bottom)]

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        return round(self.left * width), round(self.top * height), round(self.right * width), round(self.bottom * height)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def inner(grey: Grey) -> list[Box]:
    """The pictures in a grey one (height × width, 0 to 255), the largest first; [WHOLE] where nothing is to be cut, at most six."""
    grey = shrunk(grey, SIZE)
    height, width = grey.shape
    least = (LEAST * height, LEAST * width)
    pieces = list(_cut(grey, (0, 0, height, width), least, 0))
    boxes = [Box(left / width, top / height, right / width, bottom / height) for top, left, bottom, right in pieces]
    boxes = [box if box.area < 0.985 else WHOLE for box in boxes]
    return sorted(boxes, key=lambda box: (-round(box.area, 2), box.top, box.left))[:6] or [WHOLE]


def _cut(grey: Grey, piece: tuple[int, int, int, int], least: tuple[float, float], depth: int) -> Iterator[tuple[int, int, int, int]]:
    import numpy as np

    top, left, bottom, right = _trimmed(grey, piece)
    if bottom - top < least[0] or right - left < least[1]:
        return
    part = grey[top:bottom, left:right]
    if depth < DEEPEST:
        for axis in (0, 1):
            if (at := _split(part if axis == 0 else np.ascontiguousarray(part.T), least[axis])) is not None:
                first, second = at
                halves = (
                    [(top, left, top + first, right), (top + second, left, bottom, right)]
                    if axis == 0
                    else [(top, left, bottom, left + first), (top, left + second, bottom, right)]
                )
                for half in halves:
                    yield from _cut(grey, half, least, depth + 1)
                return
    if not _wordy(part):
        yield top, left, bottom, right


def _trimmed(grey: Grey, piece: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The piece without rows and columns of one tone at its edges."""
    import numpy as np

    top, left, bottom, right = piece
    for _ in range(2):
        if bottom - top < 4 or right - left < 4:
            break
        part = grey[top:bottom, left:right]
        rows, columns = _plain(part), _plain(np.ascontiguousarray(part.T))
        head, foot = _run(rows), _run(rows[::-1])
        near, far = _run(columns), _run(columns[::-1])
        if head + foot >= bottom - top or near + far >= right - left:
            return top, left, top, left  # all of one tone
        if not (head or foot or near or far):
            break
        top, bottom, left, right = top + head, bottom - foot, left + near, right - far
    return top, left, bottom, right


def _plain(rows: Grey, tolerance: int = TOLERANCE, share: float = PLAIN) -> Any:
    """Which rows are of one tone each, a stray pixel in 25 allowed."""
    import numpy as np

    height, width = rows.shape
    plain = np.zeros(height, bool)
    # a median takes long: first, the tone of a few pixels in each row shows which rows may be of one
    few = np.median(rows[:, width // 18 :: max(1, width // 9)], axis=1, keepdims=True).astype(np.uint8)
    maybe = np.flatnonzero(np.count_nonzero(_apart(rows, few) <= 2 * tolerance, axis=1) >= share * width)
    if len(maybe):
        some = rows[maybe]
        ground = np.median(some, axis=1, keepdims=True).astype(np.uint8)
        plain[maybe] = np.count_nonzero(_apart(some, ground) <= tolerance, axis=1) >= share * width
    return plain


def _apart(a: Grey, b: Grey) -> Any:
    """How far tones lie apart, in eight bits."""
    import numpy as np

    return np.maximum(a, b) - np.minimum(a, b)


def _run(flags: Any) -> int:
    import numpy as np

    return int(np.argmin(flags)) if not flags.all() else len(flags)


def _split(rows: Grey, least: float) -> tuple[int, int] | None:
    """Where to cut between rows: (end of the first part, start of the second), at a gutter of one tone or at a seam; None where nowhere."""
    import numpy as np

    plain = _plain(rows, GUTTER_TOLERANCE, GUTTER)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], plain.astype(np.int8), [0]))))
    gutters = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if a > 0 and b < len(rows)]
    if gutters:
        return max(gutters, key=lambda each: each[1] - each[0])
    share = _jumps(rows, 1)
    share[:-1] = np.maximum(share[:-1], _jumps(rows, 2))  # a seam that the thumbnail has blurred over two rows
    inside = share.copy()
    edge = max(2, int(least * 0.25))
    inside[:edge] = inside[-edge:] = 0
    at = int(np.argmax(inside))
    return (at + 1, at + 1) if inside[at] >= SEAM and inside[at] >= 2.2 * float(np.median(share)) else None


def _jumps(rows: Grey, step: int) -> Any:
    """Between each row and the one `step` below it, the share of the pixels whose tone jumps."""
    import numpy as np

    return np.count_nonzero(_apart(rows[step:], rows[:-step]) >= JUMP, axis=1) / rows.shape[1]


def _wordy(part: Grey) -> bool:
    """Whether a piece is words on a ground: most of it is of one tone, with the rest in many small strokes."""
    import numpy as np

    counts = np.bincount(part.ravel(), minlength=256)
    tone = int(np.argmax(np.convolve(counts, np.ones(5), "same")))
    same = float((_apart(part, np.full(1, tone, np.uint8)) <= 3).mean())
    return same >= WORDS + 0.25 or float(part.std()) < 4
