"""A picture's bytes as an Image row: opened to its end within limits, or kept with the reason why it could not be."""

from __future__ import annotations

import io
import warnings
from hashlib import sha256

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from store.words.records import Capture, Image

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 60_000_000
Pillow.init()
FORMATS: list[str] = [
    name for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF") if name in Pillow.OPEN
]  # none that runs a program to be opened


def image_of(capture: Capture, body: bytes) -> Image:
    """The Image that a capture's decoded body is. Never raises: a body that is no picture gives a row with its `problem`."""
    assert capture.id is not None
    stated = (
        next((value for name, value in capture.response_headers if name.lower() == "content-type"), "").partition(";")[0].strip().lower()
    )
    mime, size, problem = _look(body)
    if problem and not mime:
        mime = "text/html" if body.lstrip()[:1] == b"<" else stated or "application/octet-stream"
    return Image(
        None, sha256(body).hexdigest(), mime[:80], size[0] if size else None, size[1] if size else None, len(body), capture.id, problem
    )


def _look(body: bytes) -> tuple[str, tuple[int, int] | None, str]:
    """(mime, size, problem): what Pillow sees, and why it could not see all of it."""
    if not body:
        return "", None, "0 bytes"
    if len(body) > MAX_BYTES:
        return "", None, f"{len(body)} bytes, more than {MAX_BYTES}"
    mime, size = "", None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(body), formats=FORMATS) as picture:
                mime, size = Pillow.MIME.get(picture.format or "", ""), picture.size
                if size[0] * size[1] > MAX_PIXELS:
                    return mime, size, f"{size[0]} x {size[1]} pixels, more than {MAX_PIXELS}"
                picture.draft("RGB", (64, 64))  # a JPEG is then decoded at an eighth: still read to its end
                picture.load()
    except UnidentifiedImageError:
        return mime, size, "not a picture that can be opened" + (": a web page" if body.lstrip()[:1] == b"<" else "")
    except (
        Pillow.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        TypeError,
        OverflowError,
        MemoryError,
    ) as error:
        return mime, size, f"cannot be opened to its end: {error}"[:300]
    return mime, size, ""
