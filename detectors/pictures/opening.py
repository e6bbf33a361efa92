"""A picture to be looked at: opened within the limits of store/words/opening.py, upright, in RGB, no larger than asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.words.opening import Unreadable, opening

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Grey = NDArray[np.uint8]

__all__ = ["LONGEST", "VERSION", "Unreadable", "opened", "shrunk"]

VERSION = "2"  # raised whenever the same bytes may give other pixels: part of every fingerprint's version
LONGEST = 1024


def opened(data: bytes, longest: int = LONGEST) -> Image.Image:
    """The picture, upright by its EXIF, in RGB, its longer side at most `longest` pixels (it is never made larger).

    Of an animation the first frame; transparent parts on white; CMYK by Adobe's convention; of 16 bits a sample the upper 8. Raises
    Unreadable, whose text says why, for what is no picture, is cut off, or goes beyond the limits of store/words/opening.py.
    """
    with opening(data) as found:
        image = found.image
        image.draft("RGB", (longest, longest))  # a JPEG is decoded at a half, a quarter or an eighth where that is large enough
        image.load()
        plain = _of_eight_bits(image)
        plain.thumbnail((longest, longest))
        return _turned(_on_white(plain), found.orientation)


def _of_eight_bits(image: Image.Image) -> Image.Image:
    """L, RGB, RGBA or CMYK: what can be made smaller without an index into a palette being taken for a tone."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        import numpy as np

        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise Unreadable("a picture of 32 bits a sample, whose white nobody states")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "RGB" else image.convert("RGB")  # a copy costs as much as the decoding


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """Upright: what undoes each of EXIF's eight orientations."""
    from PIL.Image import Transpose as T

    undo = (None, T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM, T.TRANSPOSE, T.ROTATE_270, T.TRANSVERSE, T.ROTATE_90)[orientation - 1]
    return image if undo is None else image.transpose(undo)


def shrunk(grey: Grey, longest: int) -> Grey:
    """A grey picture no larger than `longest` on its longer side, by the means of areas."""
    import cv2

    height, width = grey.shape
    scale = longest / max(height, width)
    if scale >= 1:
        return grey
    small: Grey = cv2.resize(grey, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small
