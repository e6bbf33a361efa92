"""Files that leave the desk: under a name that we make, never opened by the browser, kept by no cache."""

from __future__ import annotations

import re

from starlette.responses import Response


def download(body: bytes | str, name: str, mime: str) -> Response:
    """`name` is ours; whatever is no letter, digit, dot or hyphen in it becomes a hyphen, so that no header can be written with it (CWE-113)."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip(".-") or "file"
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=mime, headers=headers)
