"""Backgrounds that behave like photographs: light that falls unevenly, a texture, grain; and the patterns of goods."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]

WIDTH, HEIGHT = 600, 800


def cloud(rng: np.random.Generator, cells_x: int, cells_y: int) -> Plane:
    """Smooth random values in -1..1: one octave of noise."""
    grid = Image.fromarray(rng.uniform(-1, 1, (cells_y, cells_x)).astype(np.float32))
    return np.asarray(grid.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.float32)


def grain(rng: np.random.Generator, strength: float) -> Plane:
    """What a small sensor adds everywhere."""
    return (rng.standard_normal((HEIGHT, WIDTH)) * strength).astype(np.float32)


def axes(angle: float, shift: tuple[float, float] = (0.0, 0.0)) -> tuple[Plane, Plane]:
    """Pixel co-ordinates along two turned axes, for anything that repeats."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cos + y * sin + np.float32(shift[0]), -x * sin + y * cos + np.float32(shift[1])


def _carpet(rng: np.random.Generator) -> Plane:
    return cloud(rng, 90, 120) * 14 + cloud(rng, 200, 260) * 18 + grain(rng, 12)


def _tiles(rng: np.random.Generator) -> Plane:
    side = float(rng.uniform(95, 170))
    across, down = axes(float(rng.uniform(-0.5, 0.5)), (float(rng.uniform(0, 99)), float(rng.uniform(0, 99))))
    joint = ((across % side) < 6) | ((down % side) < 6)
    tone = rng.uniform(-14, 14, (40, 40)).astype(np.float32)
    each = tone[(across // side).astype(int) % 40, (down // side).astype(int) % 40]
    return np.where(joint, np.float32(-45), each) + grain(rng, 4)


def _wood(rng: np.random.Generator) -> Plane:
    across, _ = axes(0.0)
    plank = float(rng.uniform(70, 130))
    edge = (axes(0.0, (float(rng.uniform(0, 60)), 0.0))[0] % plank) < 3
    tone = rng.uniform(-16, 16, 20).astype(np.float32)[(across // plank).astype(int) % 20]
    lines = np.where(edge, np.float32(-40), np.float32(0))
    return np.asarray(tone + cloud(rng, 160, 5) * 16 + cloud(rng, 60, 3) * 10 + lines, dtype=np.float32)


def _sheet(rng: np.random.Generator) -> Plane:
    folds = np.sin(axes(float(rng.uniform(0, 3)))[0] / float(rng.uniform(25, 60)) + cloud(rng, 4, 5) * 6)
    return np.asarray(folds * 22 + cloud(rng, 7, 9) * 20 + grain(rng, 4), dtype=np.float32)


def _concrete(rng: np.random.Generator) -> Plane:
    return cloud(rng, 12, 16) * 14 + cloud(rng, 45, 60) * 12 + cloud(rng, 150, 200) * 12 + grain(rng, 8)


def _rug(rng: np.random.Generator) -> Plane:
    across, down = axes(float(rng.uniform(0, 1.5)))
    wave = np.sin(across / float(rng.uniform(14, 30))) * np.sin(down / float(rng.uniform(14, 30)))
    return np.asarray(np.sign(wave) * 24 + cloud(rng, 180, 240) * 14 + grain(rng, 6), dtype=np.float32)


GROUNDS: dict[str, Callable[[np.random.Generator], Plane]] = {
    "carpet": _carpet,
    "tiles": _tiles,
    "wood": _wood,
    "sheet": _sheet,
    "concrete": _concrete,
    "rug": _rug,
}


def _quilt(rng: np.random.Generator) -> Plane:
    step = float(rng.uniform(42, 64))
    a, b = axes(0.785)
    seam = np.minimum(np.abs(a % step - step / 2), np.abs(b % step - step / 2))
    return np.asarray(np.minimum(seam / (step / 2), 1) * 0.55 + 0.45, dtype=np.float32)


def _lozenge(rng: np.random.Generator) -> Plane:
    step = float(rng.uniform(38, 58))
    a, b = axes(0.6)
    inside = np.abs(a % step - step / 2) + np.abs(b % step - step / 2)
    return np.where((inside < step * 0.28) & (inside > step * 0.12), np.float32(0.1), np.float32(1))


def _check(rng: np.random.Generator) -> Plane:
    step = float(rng.uniform(50, 90))
    a, b = axes(float(rng.uniform(-0.1, 0.1)))
    return np.asarray(1 - 0.35 * ((a % step) < step * 0.4) - 0.35 * ((b % step) < step * 0.4), dtype=np.float32)


def _stripe(rng: np.random.Generator) -> Plane:
    step = float(rng.uniform(30, 70))
    return np.where((axes(float(rng.uniform(0, 3)))[0] % step) < step * 0.45, np.float32(0.15), np.float32(1))


def _dots(rng: np.random.Generator) -> Plane:
    step = float(rng.uniform(30, 52))
    a, b = axes(0.3)
    far = np.hypot(a % step - step / 2, b % step - step / 2)
    return np.where(far < step * 0.26, np.float32(0.1), np.float32(1))


def _plain(rng: np.random.Generator) -> Plane:
    return np.asarray(1 - np.abs(cloud(rng, 6, 8)) * 0.25, dtype=np.float32)


PATTERNS: dict[str, Callable[[np.random.Generator], Plane]] = {
    "quilt": _quilt,
    "lozenge": _lozenge,
    "check": _check,
    "stripe": _stripe,
    "dots": _dots,
    "plain": _plain,
}
