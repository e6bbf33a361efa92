"""Two short vectors for a picture, of the whole and of its centre, to find candidates with: local features summed by a codebook of our own.

ORB's words are rotated to their principal directions and assigned to the nearest of 64 centres; what each centre's words differ by is summed
(VLAD: Jégou, Douze, Schmid and Pérez, CVPR 2010), each sum and the whole put to length one (Arandjelović and Zisserman, CVPR 2013), and
shortened to 256 numbers by a projection that was learned to bring edited copies of one photograph together (Mikolajczyk and Matas, ICCV
2007). The model was fitted on CC0 photographs by `touchstone train pictures`; its card lies beside it. No foreign weights.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.pictures.local import Features

    Vectors = NDArray[np.float32]

FILE = Path(__file__).with_name("model") / "vlad.npz"
WORDS, CENTRES, LENGTH = 64, 64, 256
CENTRE = 0.6  # of each side: the goods rather than the ground, and what a crop most often leaves
LEAST = 12  # features; fewer describe nothing
WITHIN = 0.5  # of the mean scatter, added to each direction's, lest rare directions be blown up


@dataclass(frozen=True, slots=True)
class Model:
    """`turn` 256 × 64 and `mean` 256 of ORB's bits; `centres` 64 × 64; `middle` 4096 and `shorten` 4096 × 256 of their sums."""

    mean: Vectors
    turn: Vectors
    centres: Vectors
    middle: Vectors
    shorten: Vectors

    def sums(self, features: Features) -> Vectors | None:
        """The 2 × 4,096 numbers of the whole and of its centre before they are shortened, the whole's again where the centre has too few
        features; None of a picture with too few."""
        import numpy as np

        if len(features) < LEAST:
            return None
        words = (np.unpackbits(features.words, axis=1).astype(np.float32) - self.mean) @ self.turn
        nearest = np.argmin((self.centres**2).sum(axis=1) - 2 * words @ self.centres.T, axis=1)
        apart = words - self.centres[nearest]
        told = np.eye(CENTRES, dtype=np.float32)[nearest]
        inner = in_centre(features)
        parts = [slice(None), inner if inner.sum() >= LEAST else slice(None)]
        sums = np.stack([told[part].T @ apart[part] for part in parts])
        sums /= np.maximum(np.linalg.norm(sums, axis=2, keepdims=True), 1e-6)
        flat = sums.reshape(len(parts), -1)
        return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)

    def vectors(self, *pictures: Features) -> Vectors | None:
        """2 × 256 for each, one below the other: of the whole and of its centre, of length one. None where any has too few features."""
        import numpy as np

        every = [self.sums(each) for each in pictures]
        told = [each for each in every if each is not None]
        if len(told) < len(every):
            return None
        short = (np.concatenate(told) - self.middle) @ self.shorten
        return np.asarray(short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6), np.float32)


def in_centre(features: Features) -> Any:
    """Which features lie in the central part of a picture."""
    low, high = (1 - CENTRE) / 2, (1 + CENTRE) / 2
    x, y = features.places[:, 0] / features.width, features.places[:, 1] / features.height
    return (x > low) & (x < high) & (y > low) & (y < high)


@cache
def shipped() -> tuple[Model, str]:
    """The model that ships with the project, and the SHA-256 of its file."""
    import numpy as np

    data = FILE.read_bytes()
    with np.load(FILE) as kept:
        model = Model(**{name: kept[name].astype(np.float32) for name in ("mean", "turn", "centres", "middle", "shorten")})
    return model, hashlib.sha256(data).hexdigest()


def encoded(vectors: Vectors) -> str:
    """Vectors (n × 256) as text: signed bytes in base64."""
    import numpy as np

    steps = vectors * 127 / np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-6)
    return base64.b64encode(np.round(steps).astype(np.int8).tobytes()).decode()


def decoded(texts: Sequence[str]) -> Vectors:
    """The vectors of such texts, one below the other (n × 256), each of length one."""
    import numpy as np

    whole = np.frombuffer(b"".join(base64.b64decode(text) for text in texts), np.int8).reshape(-1, LENGTH).astype(np.float32)
    return np.asarray(whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6), np.float32)


def fitted(originals: Sequence[Features], copies: Sequence[Sequence[Features]], seed: int = 0) -> Model:
    """A model for these photographs' features and those of their edited copies (`copies[i]` are of `originals[i]`)."""
    import faiss
    import numpy as np

    bits = np.concatenate([np.unpackbits(each.words, axis=1) for each in originals]).astype(np.float32)
    mean = bits.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((bits - mean).T))
    turn = np.ascontiguousarray(directions[:, ::-1][:, :WORDS]).astype(np.float32)
    words = np.ascontiguousarray((bits - mean) @ turn)
    means: Any = faiss.Kmeans(WORDS, CENTRES, niter=25, seed=seed + 1, max_points_per_centroid=100_000)
    means.train(words)
    bare = Model(mean, turn, np.asarray(means.centroids), np.zeros(CENTRES * WORDS, np.float32), np.eye(1, dtype=np.float32))
    groups = []
    for original, its in zip(originals, copies, strict=True):
        sums = [each for each in map(bare.sums, (original, *its)) if each is not None]
        if len(sums) > 1:
            groups.append(np.concatenate(sums))
    middle, shorten = _projection(groups)
    return Model(mean, turn, bare.centres, middle, shorten)


def _projection(groups: Sequence[Vectors]) -> tuple[Vectors, Vectors]:
    """Where copies differ least against how photographs differ: principal directions first, then whitened by the copies' own scatter."""
    import numpy as np
    from scipy.sparse.linalg import eigsh

    every = np.concatenate(groups).astype(np.float64)
    middle = every.mean(axis=0)
    spread = (every - middle).T @ (every - middle) / len(every)
    _, first = eigsh(spread, k=2 * LENGTH, v0=np.ones(len(spread)))  # a stated start, so that the same data give the same model
    within = np.concatenate([(each - each.mean(axis=0)) @ first for each in groups])
    scatter = within.T @ within / len(within)
    values, vectors = np.linalg.eigh(scatter)
    white = vectors / np.sqrt(values + WITHIN * values.mean())
    means = np.stack([each.mean(axis=0) for each in groups]) - middle
    apart = (means @ first) @ white
    _, vectors = np.linalg.eigh(apart.T @ apart / len(apart))
    keep = vectors[:, ::-1][:, :LENGTH]
    return middle.astype(np.float32), np.ascontiguousarray(first @ white @ keep).astype(np.float32)


def write(model: Model, path: Path) -> str:
    """Write the model; the SHA-256 of its file."""
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    half: dict[str, Any] = {name: getattr(model, name).astype(np.float16) for name in ("mean", "turn", "centres", "middle", "shorten")}
    np.savez_compressed(path, **half)
    return hashlib.sha256(path.read_bytes()).hexdigest()
