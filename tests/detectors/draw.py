"""Pictures for tests: drawn from a seed, edited as sellers edit."""

from __future__ import annotations

import io

import numpy
from PIL import Image, ImageOps

from tests.builders import jpeg


def drawn(what: int | str) -> bytes:
    if what == "white":
        return encoded(Image.new("RGB", (320, 240), "white"))
    if what == "gradient":
        return encoded(Image.linear_gradient("L").resize((320, 240)))
    assert isinstance(what, int)
    return jpeg(what)


def edited(body: bytes, *edits: str) -> bytes:
    image: Image.Image = Image.open(io.BytesIO(body)).convert("RGB")
    quality = 88
    for edit in edits:
        if edit == "mirror":
            image = ImageOps.mirror(image)
        elif edit == "border":
            image = ImageOps.expand(image, 30, "white")
        elif edit == "half_size":
            image = image.resize((image.width // 2, image.height // 2))
        elif edit == "warm":
            image = Image.fromarray((numpy.asarray(image) * [1.0, 0.95, 0.85]).astype("uint8"))
        elif edit.startswith("quality_"):
            quality = int(edit.removeprefix("quality_"))
        else:
            raise ValueError(edit)
    return encoded(image, quality)


def encoded(image: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()
