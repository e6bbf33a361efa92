"""Everything that is taken of a picture, from one decode: the pictures inside it, and of each its hashes, features and descriptor.

Where something was cut away the whole picture is hashed too: a hash only finds candidates, and a wrong cut must not hide one. It has no
features, so that a frame which two screenshots share is never compared.

A fingerprint's value is text: one word for each picture, divided by spaces, "-" where it is too flat or has too few features.
The version names our own code, the libraries and the model, so that nothing is compared across versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from detectors.pictures import descriptor, frames, hashes, local, opening
from detectors.pictures.frames import Box
from detectors.pictures.local import Features
from store.words.records import Fingerprint

if TYPE_CHECKING:
    from PIL import Image

VERSION = "3"
BOXES, PDQ, PHASH, DHASH, VLAD, ORB = "boxes", "pdq", "phash", "dhash", "vlad", "orb"
HASHES = (PDQ, PHASH, DHASH)
ALGORITHMS = (BOXES, PDQ, PHASH, DHASH, VLAD, ORB)
LONGEST = 1600  # of the decoded picture: a tile of a collage is a part of it
LEAST_SIDE = 16
NONE = "-"


@cache
def version() -> str:
    """What the values depend on besides the picture."""
    from importlib.metadata import version as of

    libraries = [of(name) for name in ("pillow", "pdqhash", "imagehash", "opencv-python-headless")]
    return "-".join([VERSION, opening.VERSION, *libraries, descriptor.shipped()[1][:12]])


@dataclass(frozen=True, slots=True)
class View:
    """One picture inside a picture, with what was taken of it: `mirrored` are the features of its mirror image, `vectors` 4 × 256 (whole,
    centre, and both of the mirror image) or None."""

    box: Box
    hashes: hashes.Hashes
    features: Features | None = None
    mirrored: Features | None = None
    vectors: Any = None


def views(image: Image.Image) -> list[View]:
    """What is taken of an RGB picture."""
    import numpy as np

    model, grey = descriptor.shipped()[0], image.convert("L")
    out = []
    for box, upright, mirrored in parts(grey):
        hashed = hashes.hashes(np.asarray(_cropped(grey, box)))
        out.append(View(box, hashed, upright, mirrored, model.vectors(upright, mirrored)))
    if out and all(view.box != frames.WHOLE for view in out):
        out.append(View(frames.WHOLE, hashes.hashes(np.asarray(grey))))
    return out


def parts(image: Image.Image) -> list[tuple[Box, Features, Features]]:
    """The pictures inside a picture, each with its features and those of its mirror image."""
    import numpy as np
    from PIL import Image as Pillow

    out, image = [], image.convert("L")
    for box in frames.inner(np.asarray(image)):
        part = _cropped(image, box)
        if min(part.size) < LEAST_SIDE:
            continue
        scale = min(local.SIZE / max(part.size), 2.0)
        size = max(LEAST_SIDE, round(part.width * scale)), max(LEAST_SIDE, round(part.height * scale))
        grey = np.asarray(part.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0))
        out.append((box, local.features(grey), local.features(np.ascontiguousarray(grey[:, ::-1]))))
    return out


def _cropped(image: Image.Image, box: Box) -> Image.Image:
    return image if box == frames.WHOLE else image.crop(box.pixels(*image.size))


def encoded(sha256: str, found: Sequence[View]) -> list[Fingerprint]:
    """The views as fingerprints, one for each algorithm."""
    boxes = [",".join(f"{side:.4f}" for side in (v.box.left, v.box.top, v.box.right, v.box.bottom)) for v in found]
    words: Mapping[str, list[str]] = {
        BOXES: boxes,
        **{name: [NONE if v.hashes.flat else getattr(v.hashes, name).tobytes().hex() for v in found] for name in HASHES},
        VLAD: [NONE if v.hashes.flat or v.vectors is None else descriptor.encoded(v.vectors) for v in found],
        ORB: [
            f"{v.features.encoded()},{v.mirrored.encoded()}"
            if v.features is not None and v.mirrored is not None and not v.hashes.flat
            else NONE
            for v in found
        ],
    }
    quality = max((v.hashes.quality for v in found), default=0.0)
    return [Fingerprint(sha256, name, version(), " ".join(words[name]), quality) for name in ALGORITHMS]


def all_flat(prints: Mapping[str, Fingerprint]) -> bool:
    return all(word == NONE for word in prints[PDQ].value.split())


def boxes_of(prints: Mapping[str, Fingerprint]) -> list[Box]:
    return [Box(*map(float, word.split(","))) for word in prints[BOXES].value.split()]


def features_of(prints: Mapping[str, Fingerprint]) -> list[tuple[Features, Features] | None]:
    """Of each picture, its features and those of its mirror image; None of a flat one, and of a whole that was cut."""
    pairs = [word.split(",") if word != NONE else None for word in prints[ORB].value.split(" ")]
    return [(Features.of(pair[0]), Features.of(pair[1])) if pair else None for pair in pairs]
