"""Hashes of a whole picture: PDQ, pHash and dHash, each in the eight ways a picture can be turned and mirrored.

PDQ is Meta's ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019) by `pdqhash`; pHash and dHash are those of
`imagehash`, bit for bit when upright. The seven other ways of pHash follow from one cosine transform, since turning a picture turns its
transform and mirroring it changes the sign of every other row: one resizing serves all eight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.pictures.opening import shrunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Bits = NDArray[np.uint8]
    Grey = NDArray[np.uint8]

SIZE = 256  # longest side of what is hashed: PDQ itself looks at 64 by 64
WAYS = 8  # upright, turned by 90, 180 and 270 degrees, and the mirror image of each
BYTES = {"pdq": 32, "phash": 8, "dhash": 8}
LEAST_QUALITY = 50  # PDQ's own figure, 0 to 100; below it its authors advise against comparing
LEAST_SPREAD = 6  # grey levels of standard deviation
_PDQ_ORDER = (0, 1, 2, 3, 5, 6, 4, 7)  # pdqhash's order of the eight, as ours: see `turned`


@dataclass(frozen=True, slots=True)
class Hashes:
    """`pdq` 8 × 32 bytes, `phash` and `dhash` 8 × 8; `quality` is PDQ's. A flat picture (one tone, a gradient, a few shapes) has none."""

    pdq: Bits
    phash: Bits
    dhash: Bits
    quality: float
    flat: bool


def hashes(grey: Grey) -> Hashes:
    """The hashes of a grey picture (height × width, 0 to 255)."""
    import numpy as np
    import pdqhash
    from PIL import Image

    small = shrunk(grey, SIZE)
    turns, quality = pdqhash.compute_dihedral(np.repeat(small[:, :, None], 3, axis=2))  # it asks for three channels, to weigh them itself
    pdq = np.packbits(np.asarray(turns, dtype=np.uint8), axis=1)[list(_PDQ_ORDER)]
    flat = quality < LEAST_QUALITY or float(small.std()) < LEAST_SPREAD
    image = Image.fromarray(small)
    return Hashes(pdq, _phash(image), _dhash(image), float(quality), flat)


def turned(square: Any) -> list[Any]:
    """A square or oblong of numbers in its eight ways: turned anticlockwise by 0, 90, 180 and 270 degrees, then its mirror image so."""
    import numpy as np

    return [np.rot90(one, times) for one in (square, square[:, ::-1]) for times in range(4)]


def _phash(grey: Image.Image) -> Bits:
    import numpy as np
    from PIL import Image
    from scipy.fftpack import dct

    pixels = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    low = dct(dct(pixels, axis=0), axis=1)[:8, :8]
    signs = np.where(np.arange(8) % 2, -1.0, 1.0)
    ways = []
    for now in (low, low * signs):
        for _ in range(4):
            ways.append(now)
            now = now.T * signs[:, None]  # a quarter turn anticlockwise
    every = np.stack(ways).reshape(WAYS, 64)
    return np.packbits(every > np.median(every, axis=1, keepdims=True), axis=1)


def _dhash(grey: Image.Image) -> Bits:
    import numpy as np
    from PIL import Image

    wide, tall = (np.asarray(grey.resize(size, Image.Resampling.LANCZOS)) for size in ((9, 8), (8, 9)))
    every = np.stack([a if a.shape == (8, 9) else b for a, b in zip(turned(wide), turned(tall), strict=True)])
    return np.packbits((every[:, :, 1:] > every[:, :, :-1]).reshape(WAYS, 64), axis=1)
