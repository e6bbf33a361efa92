"""A linear model beside the network: words and pairs of words, hashed to places of one vector, so that no vocabulary is kept.

Two texts may share a place, one in 65,536, with a sign by the same hash, so that on average they cancel (Weinberger et al., ICML 2009).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLACES = 1 << 16


def features(text: str) -> Mapping[int, float]:
    """Place to value of a text's words and pairs of words, of length one."""
    words = text.split()
    counts: Counter[int] = Counter()
    for token in (*words, *map(" ".join, pairwise(words))):
        code = crc32(token.encode("utf-8", "replace"))
        counts[code % PLACES] += 1 if code & PLACES else -1
    length = math.sqrt(sum(value * value for value in counts.values())) or 1.0
    return {place: value / length for place, value in counts.items()}


class Linear:
    """Weights of every place, and the shift behind them: PLACES + 1 numbers."""

    def __init__(self, weights: NDArray[np.float32]) -> None:
        if weights.shape != (PLACES + 1,):
            raise ValueError(f"a linear model has {PLACES + 1} numbers, not {weights.shape}")
        self.weights = weights

    @classmethod
    def of(cls, path: Path) -> Linear:
        import numpy as np

        return cls(np.load(path, allow_pickle=False))

    def log_odds(self, text: str) -> float:
        return float(self.weights[PLACES]) + sum(float(self.weights[place]) * value for place, value in features(text).items())


def fit(texts: Sequence[str], truth: Sequence[bool]) -> Linear:
    """Logistic regression, ridge of one, both labels of one weight."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=300, class_weight="balanced").fit(matrix(texts), list(truth))
    return Linear(np.append(model.coef_[0], model.intercept_).astype(np.float32))


def matrix(texts: Sequence[str]) -> Any:
    """The features of each text as a row of a sparse matrix."""
    from scipy.sparse import csr_matrix

    rows = [features(text) for text in texts]
    places = [place for row in rows for place in row]
    values = [value for row in rows for value in row.values()]
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    return csr_matrix((values, places, starts), shape=(len(rows), PLACES))
