"""A match as a picture that an officer can show: both images side by side, the agreeing parts framed, the places that agree joined by lines.

It is made again from the two images' bytes alone, so that anybody who has them can compare: the same bytes under the same versions of our
code and libraries give the same picture, to the byte.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.pictures import backdrop, prints
from detectors.pictures.frames import WHOLE, Box
from detectors.pictures.geometry import fit
from detectors.pictures.matching import Inside, Match, best_fit, inside
from detectors.pictures.opening import opened

if TYPE_CHECKING:
    from PIL import Image

VERSION = "1"  # raised whenever the same bytes may give another drawing: of this file, matching.py and geometry.py
LIBRARIES = ("pillow", "opencv-python-headless", "numpy")
HEIGHT = 640  # of both images in the drawing, in pixels
GAP = 16
LINES = 60  # at most so many, spread evenly: more hide what they join
COLOUR, FRAME = (230, 60, 20), (20, 110, 220)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The drawing as PNG bytes, and the match it shows (first the image with the lower digest); `version` is what it depends on besides."""

    png: bytes
    match: Match
    version: str


def version() -> str:
    """What a drawing depends on besides the two images: our code and model, the libraries, what Pillow reads and packs with, the kind of processor.

    Raises ImportError where a library is missing."""
    import platform
    from importlib.metadata import version as of

    from PIL import features

    within = [
        f"{name}-{number}" for name in ("jpg", "libjpeg_turbo", "zlib", "zlib_ng", "webp", "avif") if (number := features.version(name))
    ]
    return " ".join([f"drawing-{VERSION}", f"prints-{prints.version()}", f"numpy-{of('numpy')}", *within, platform.machine()])


def draw(first: bytes, second: bytes) -> Drawing | None:
    """The drawing of two images' match, first on the left; None where nothing agrees. Raises Unreadable for what is no picture.

    The images are taken in the order of their digests for matching, as the detector does, and shown in the order given."""
    import hashlib

    ordered = hashlib.sha256(first).digest() <= hashlib.sha256(second).digest()
    images = [opened(data, longest=prints.LONGEST) for data in ((first, second) if ordered else (second, first))]
    ours, theirs = (_as_kept(image) for image in images)
    found = best_fit(ours, theirs)
    if found is None:
        return None
    match, agreed = found
    i, j = match.views
    sizes = [(part.features.width, part.features.height) for part in (ours[i], theirs[j])]
    places = [
        _whole(agreed.first, ours[i].box, *sizes[0], match.mirrored),
        _whole(agreed.second, theirs[j].box, *sizes[1], False),
    ]
    sides = [_Side(image, points, region) for image, points, region in zip(images, places, match.regions, strict=True)]
    return Drawing(_png(sides if ordered else sides[::-1]), match, version())


def draw_place(first: bytes, second: bytes) -> bytes | None:
    """The drawing (PNG) of what agrees outside the goods of two pictures, as `same_place` sees them; None where too little does. Raises Unreadable."""
    images = [opened(data, longest=prints.LONGEST) for data in (first, second)]
    ours, theirs = (backdrop.ground(image) for image in images)
    there, back = fit(ours, theirs, backdrop.RULES), fit(theirs, ours, backdrop.RULES)
    found = [(each.inliers, *places) for each, places in (
        (there, there and (there.first, there.second)), (back, back and (back.second, back.first))) if each and places]  # fmt: skip
    if not found:
        return None
    _, *places = max(found, key=lambda each: each[0])
    sides = []
    for image, features, points in zip(images, (ours, theirs), places, strict=True):
        shares = _whole(points, WHOLE, features.width, features.height, False)
        low, high = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
        sides.append(_Side(image, shares, Box(low[0], low[1], high[0], high[1])))
    return _png(sides)


def _as_kept(image: Image.Image) -> list[Inside]:
    """What the store would keep of an image, rounded as it is there: the detector sees no more, and a place more or less may agree."""
    found = {each.algorithm: each for each in prints.encoded("", prints.views(image))}
    return inside(prints.boxes_of(found), prints.features_of(found))


@dataclass(frozen=True, slots=True)
class _Side:
    image: Image.Image
    places: Any  # n × 2, fractions of the image
    region: Box


def _whole(points: Any, box: Box, width: int, height: int, mirrored: bool) -> Any:
    """Places of a picture inside an image (pixels of its working size) as fractions of the image."""
    import numpy as np

    x, y = points[:, 0] / width, points[:, 1] / height
    x = 1 - x if mirrored else x
    return np.stack([box.left + x * (box.right - box.left), box.top + y * (box.bottom - box.top)], axis=1)


def _png(sides: Sequence[_Side]) -> bytes:
    from PIL import Image, ImageDraw

    shown = [side.image.resize((max(1, round(side.image.width * HEIGHT / side.image.height)), HEIGHT)) for side in sides]
    whole = Image.new("RGB", (shown[0].width + GAP + shown[1].width, HEIGHT), "white")
    lefts = (0, shown[0].width + GAP)
    pen = ImageDraw.Draw(whole)
    for image, left in zip(shown, lefts, strict=True):
        whole.paste(image, (left, 0))
    for side, image, left in zip(sides, shown, lefts, strict=True):
        box = side.region.pixels(image.width, HEIGHT)
        pen.rectangle((left + box[0], box[1], left + box[2], box[3]), outline=FRAME, width=3)
    ends = [side.places * (image.width, HEIGHT) + (left, 0) for side, image, left in zip(sides, shown, lefts, strict=True)]
    step = max(1, -(-len(ends[0]) // LINES))
    for one, other in zip(ends[0][::step].tolist(), ends[1][::step].tolist(), strict=True):
        pen.line((*one, *other), fill=COLOUR, width=1)
        for x, y in (one, other):
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), outline=COLOUR, width=2)
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()
