"""Local features of a picture: up to 400 oriented corners with a binary word each (ORB: Rublee, Rabaud, Konolige and Bradski, ICCV 2011).

Taken of each picture inside the picture (frames.py), and of its mirror image, for ORB's words have no mirror symmetry. They verify that two
pictures are of one photograph (geometry.py), and are summed into the descriptor that finds candidates (descriptor.py).
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 480  # longest side of what features are taken of, in pixels; a smaller picture is enlarged at most twice
MOST = 400
SETTINGS = {"scaleFactor": 1.2, "nlevels": 8, "edgeThreshold": 15, "patchSize": 31, "fastThreshold": 8}
_HEAD = struct.Struct("<HHH")  # how many, width, height
_GRAIN = 16  # steps a pixel that places are kept in


@dataclass(frozen=True, slots=True)
class Features:
    """`places` n × 2 in pixels of a picture `width` × `height`, x first; `words` n × 32 bytes."""

    places: NDArray[np.float32]
    words: NDArray[np.uint8]
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.places)

    def encoded(self) -> str:
        """As text for the store: a head, places in sixteenths of a pixel, words; base64."""
        import numpy as np

        places = np.round(self.places * _GRAIN).astype("<u2")
        return base64.b64encode(_HEAD.pack(len(self), self.width, self.height) + places.tobytes() + self.words.tobytes()).decode()

    @classmethod
    def of(cls, text: str) -> Features:
        """The features that `encoded` wrote."""
        import numpy as np

        data = base64.b64decode(text)
        number, width, height = _HEAD.unpack_from(data)
        places = (np.frombuffer(data, "<u2", number * 2, _HEAD.size).reshape(number, 2) / _GRAIN).astype(np.float32)
        words = np.frombuffer(data, np.uint8, number * 32, _HEAD.size + number * 4).reshape(number, 32)
        return cls(places, words, width, height)


def features(grey: NDArray[np.uint8]) -> Features:
    """The features of a grey picture (height × width, 0 to 255), the strongest 400."""
    import numpy as np

    found, words = _orb().detectAndCompute(grey, None)
    height, width = grey.shape
    if words is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8), width, height)
    places: Any = np.array([point.pt for point in found], dtype=np.float32)
    return Features(places, words.astype(np.uint8), width, height)


@cache
def _orb() -> Any:
    import cv2

    cv2.setNumThreads(1)  # the pass has processes of its own; threads that wait for one another only slow it down
    create: Any = cv2.ORB_create  # type: ignore[attr-defined,unused-ignore]
    return create(nfeatures=MOST, **SETTINGS)
