"""The place that a picture shows around its goods: features of the ground alone, and whether two pictures show one carpet, wall or shelf.

Goods are split from the ground by GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004) from a guess that they are in the middle: roughly, and
grown outwards, for what is taken for goods by mistake is only lost, and what is taken for ground by mistake would say "the same place" of
two pictures of one model of trainers. Measured on hand-labelled pairs: docs/accuracy.md, Places.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from detectors.pictures.geometry import Rules
from detectors.pictures.local import Features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

SIZE, MASK_SIZE = 800, 192  # longest sides, in pixels, of what features are taken of and of what is split
MOST = 2000
RULES = Rules(ratio=0.87, within=10.0, cell=10, scales=(0.25, 4.0))  # a weave repeats itself: more pairs are let in, and more must agree
_GROWN = 7  # pixels of the mask by which goods are grown


def ground(image: Image.Image) -> Features:
    """Features of an RGB picture outside its goods, at most 2,000; of the picture brought to 800 pixels, made larger where it is smaller."""
    import numpy as np

    scale = SIZE / max(image.size)
    grey = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale)))).convert("L")
    pixels = np.asarray(grey)
    found, words = _orb().detectAndCompute(pixels, _enlarged(1 - goods(image), grey.size) * 255)
    if words is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8), grey.width, grey.height)
    return Features(np.array([point.pt for point in found], dtype=np.float32), words, grey.width, grey.height)


def goods(image: Image.Image) -> NDArray[np.uint8]:
    """Where the goods probably are: 1 and 0, height × width of the picture brought to 192 pixels."""
    import cv2
    import numpy as np

    small = image.copy()
    small.thumbnail((MASK_SIZE, MASK_SIZE))
    width, height = small.size
    mask = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (int(width * 0.42), int(height * 0.44)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    edge = max(2, int(0.04 * min(height, width)))
    mask[:edge] = mask[-edge:] = cv2.GC_BGD
    mask[:, :edge] = mask[:, -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(1)  # the same picture gives the same split
    with suppress(cv2.error):  # a picture of one colour: the guess stands
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(np.asarray(small)[:, :, ::-1].copy(), mask, (0, 0, 1, 1), *models, 4, cv2.GC_INIT_WITH_MASK)
    found = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    return np.asarray(cv2.dilate(found, np.ones((_GROWN, _GROWN), np.uint8)), np.uint8)


def _enlarged(mask: Any, size: tuple[int, int]) -> Any:
    import cv2

    return cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)


@cache
def _orb() -> Any:
    import cv2

    cv2.setNumThreads(1)
    create: Any = cv2.ORB_create  # type: ignore[attr-defined,unused-ignore]
    return create(nfeatures=MOST, scaleFactor=1.2, nlevels=8, edgeThreshold=15, patchSize=31, fastThreshold=5)
