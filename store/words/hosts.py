"""The host of an address, in the one form in which two of them are compared. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """Host and, where it is not the usual one, port; `www.` counts as no other host. "" for what is no address."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    except ValueError:
        return ""
    name = (parts.hostname or "").lower().removeprefix("www.")
    return (f"[{name}]" if ":" in name else name) + port
