"""Pictures as documents carry them: drawn anew, so that no metadata, no name and no second picture travels, and bounded in size."""

from __future__ import annotations

import io

LARGEST = 1400  # pixels a side: 200 an inch across the whole page
NOT_DRAWN = "[a picture that cannot be drawn: {}]"


def drawn(body: bytes) -> tuple[bytes, str]:
    """(a JPEG of the picture, ""), at most LARGEST pixels a side; (b"", why it cannot be drawn) otherwise."""
    from detectors.pictures.opening import Unreadable, opened

    try:
        kept = io.BytesIO()
        opened(body, LARGEST).save(kept, "JPEG", quality=85)
        return kept.getvalue(), ""
    except Unreadable as why:
        return b"", str(why)
