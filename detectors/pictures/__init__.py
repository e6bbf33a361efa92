"""Pictures as fingerprints: safe opening, the uniform border cut away, PDQ and pHash of the picture and of its mirror
image, search.

A fingerprint's value is hexadecimal, the upright hash and then the mirrored one; it is empty where the picture is too
flat for a hash to mean anything. Two pictures are as far apart as the nearest of their readings, so that distance has
no direction.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from store.words.records import Fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Bits = NDArray[np.uint8]

PDQ, PHASH = "pdq-trim", "phash-trim"
BITS = {PDQ: 256, PHASH: 64}
MOST_PIXELS = 60_000_000
WORKING_SIZE = 512  # longest side that is hashed: PDQ itself looks at 64 by 64
TOLERANCE = 14  # grey levels by which a border may vary and still be one
LEAST_QUALITY = 50  # PDQ's own figure, 0 to 100; below it its authors advise against comparing
LEAST_SPREAD = 6  # grey levels of standard deviation
MIRRORED = 5  # place of the left-right mirror image among PDQ's eight turns
LEAST_LEFT = 0.3  # of a side: a "border" that leaves less is the picture


class Unreadable(ValueError):
    """A picture that cannot be opened; the text says why."""


def opened(data: bytes, longest: int = 2 * WORKING_SIZE) -> Image.Image:
    """The picture, upright, in RGB, its longest side at most `longest` where its format can be decoded smaller, else as it is. Raises
    Unreadable; a bomb is refused before it is decoded."""
    from PIL import Image, ImageOps

    if not data:
        raise Unreadable("the picture has no bytes")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Unreadable(f"the picture is too large ({image.width} by {image.height})")
            image.draft("RGB", (longest, longest))
            image.load()
            whole = ImageOps.exif_transpose(image)
            if whole.mode in ("RGBA", "LA", "PA", "P"):
                layer = whole.convert("RGBA")
                whole = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            return whole.convert("RGB")
    except Unreadable:
        raise
    except Exception as error:  # each format's decoder has errors of its own; all mean that the file is not a picture we can read
        raise Unreadable(f"the picture cannot be opened: {type(error).__name__}: {str(error)[:200]}") from error


def trimmed(image: Image.Image) -> Image.Image:
    """The picture without a uniform border, cut side by side until nothing uniform is left."""
    import numpy as np

    image.thumbnail((WORKING_SIZE, WORKING_SIZE))
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    top, left = 0, 0
    bottom, right = grey.shape
    for _ in range(2):  # a frame within a frame
        ground = [
            int(np.median(edge))
            for edge in (
                grey[top, left:right],
                grey[bottom - 1, left:right],
                grey[top:bottom, left],
                grey[top:bottom, right - 1],
            )
        ]
        rows, columns = grey[top:bottom, left:right], grey[top:bottom, left:right].T
        head, foot = _plain(rows, ground[0]), _plain(rows[::-1], ground[1])
        near, far = _plain(columns, ground[2]), _plain(columns[::-1], ground[3])
        if bottom - foot - top - head >= LEAST_LEFT * grey.shape[0]:
            top, bottom = top + head, bottom - foot
        if right - far - left - near >= LEAST_LEFT * grey.shape[1]:
            left, right = left + near, right - far
    return image.crop((left, top, right, bottom))


def _plain(rows: Any, ground: int) -> int:
    """How many rows from the first on are of one tone, a stray pixel in fifty allowed."""
    import numpy as np

    uniform = (np.abs(rows - ground) <= TOLERANCE).mean(axis=1) >= 0.98
    return int(np.argmin(uniform)) if not uniform.all() else 0


def fingerprints(sha256: str, data: bytes, version: str) -> list[Fingerprint]:
    """PDQ and pHash of the picture, mirrored too. Raises Unreadable."""
    import imagehash
    import numpy as np
    import pdqhash
    from PIL import ImageOps

    image = trimmed(opened(data))
    if min(image.size) < 16:
        raise Unreadable(f"the picture is too small ({image.width} by {image.height})")
    pixels = np.ascontiguousarray(np.asarray(image))
    turns, quality = pdqhash.compute_dihedral(pixels)
    flat = quality < LEAST_QUALITY or float(pixels.std()) < LEAST_SPREAD
    pdq = "" if flat else _hexed(turns[0]) + _hexed(turns[MIRRORED])
    phash = "" if flat else str(imagehash.phash(image)) + str(imagehash.phash(ImageOps.mirror(image)))
    return [
        Fingerprint(sha256, PDQ, version, pdq, float(quality)),
        Fingerprint(sha256, PHASH, version, phash, float(quality)),
    ]


def _hexed(bits: Any) -> str:
    import numpy as np

    return bytes(np.packbits(np.asarray(bits, dtype=np.uint8))).hex()


def flat(prints: Mapping[str, Fingerprint]) -> bool:
    return not prints[PDQ].value


@dataclass(frozen=True, slots=True)
class Near:
    """A picture found near another: its key in the index, how many bits of each hash differ, whether one is the other's
    mirror image."""

    key: int
    pdq: int
    phash: int
    mirrored: bool


class Index:
    """Pictures by their hashes, in a flat faiss index: every one within a radius is found, exactly."""

    def __init__(self, keys: Sequence[int], pdq: Sequence[str], phash: Sequence[str]) -> None:
        import numpy as np

        self.keys = np.asarray(keys, dtype=np.int64)
        self.pdq = [_matrix(pdq, PDQ, side) for side in (0, 1)]
        self.phash = [_matrix(phash, PHASH, side) for side in (0, 1)]

    @classmethod
    def of(cls, entries: Iterable[tuple[int, Mapping[str, Fingerprint]]]) -> Index:
        rows = [(key, p[PDQ].value, p[PHASH].value) for key, p in entries if p[PDQ].value and p[PHASH].value]
        return cls([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])

    @cached_property
    def _faiss(self) -> list[Any]:
        import faiss

        built = []
        for matrix in self.pdq:
            index = faiss.IndexBinaryFlat(BITS[PDQ])
            index.add(matrix)
            built.append(index)
        return built

    def near(self, prints: Mapping[str, Fingerprint], radius: int) -> list[Near]:
        """Every picture whose PDQ differs in at most `radius` bits, in any of the two readings; by key."""
        import numpy as np

        if not len(self.keys) or flat(prints):
            return []
        pdq = [_matrix([prints[PDQ].value], PDQ, side) for side in (0, 1)]
        phash = [_matrix([prints[PHASH].value], PHASH, side) for side in (0, 1)]
        best: dict[int, tuple[int, bool]] = {}
        for own, theirs in ((0, 0), (0, 1), (1, 0)):
            _, distances, rows = self._faiss[theirs].range_search(pdq[own], radius + 1)  # faiss's radius is strict
            for distance, row in zip(distances, rows, strict=True):
                best[int(row)] = min(best.get(int(row), (999, False)), (int(distance), own != theirs))
        if not best:
            return []
        found = list(best)
        apart = np.min(
            [np.bitwise_count(self.phash[theirs][found] ^ phash[own]).sum(axis=1) for own, theirs in ((0, 0), (0, 1), (1, 0))],
            axis=0,
        )
        near = [Near(int(self.keys[row]), best[row][0], int(bits), best[row][1]) for row, bits in zip(found, apart, strict=True)]
        return sorted(near, key=lambda n: n.key)


def _matrix(values: Sequence[str], algorithm: str, side: int) -> Bits:
    import numpy as np

    digits = BITS[algorithm] // 4
    joined = "".join(value[side * digits : (side + 1) * digits] for value in values)
    return np.frombuffer(bytes.fromhex(joined), dtype=np.uint8).reshape(len(values), BITS[algorithm] // 8)


class Others:
    """The pictures of every listing, with whose they are: what a picture is compared with."""

    def __init__(self, rows: Sequence[tuple[int, int, int | None, str, str]]) -> None:
        self.index = Index([r[0] for r in rows], [r[3] for r in rows], [r[4] for r in rows])
        self.owners = {r[0]: (r[1], r[2]) for r in rows}
