"""What every measurement shares: the photographs of a folder in an order that no name gives away, and a share with its interval."""

from __future__ import annotations

import random
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def photographs(folder: Path, order: int = 0) -> list[Path]:
    """Every picture file below a folder, shuffled; the same `order` gives the same one each time."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    random.Random(order).shuffle(found)  # noqa: S311  # an order, no secret
    return found


def interval(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 1927); (0, 1) of nothing."""
    from scipy.stats import binomtest

    if not of:
        return 0.0, 1.0
    low, high = binomtest(found, of).proportion_ci(method="wilson")
    return round(float(low), 4), round(float(high), 4)
