"""A picture's bytes as an Image row: opened to its end within limits, or kept with the reason why it could not be."""

from __future__ import annotations

from hashlib import sha256

from store.words.opening import Unreadable, opening
from store.words.records import Capture, Image


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
    """(mime, size as stored, problem): what there is to see, and why not all of it could be seen."""
    try:
        with opening(body) as found:
            found.image.draft("RGB", (64, 64))  # a JPEG is then decoded at an eighth: still read to its end
            found.image.load()
            return found.mime, found.size, ""
    except Unreadable as why:
        return why.mime, why.size, str(why)
    except MemoryError:
        return "", None, "cannot be opened to its end: no memory was left"
