"""What every answer of the desk carries and every request must pass: headers, hosts, sizes, and a token against forged forms.

Pure ASGI, so that a body is counted as it streams. The policy allows nothing inline and nothing from elsewhere: no `style=`, no `on…=`, no script
in a page (Content Security Policy Level 3); pages are for this origin alone (OWASP Secure Headers Project).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from store.errors import TouchstoneError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "manifest-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FORM_ONLY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}


STATIC = ("/assets/", "/vendor/")


class Guard:
    """Around the whole application: hosts and sizes on the way in, headers on the way out (a page that sets one itself keeps its own)."""

    def __init__(
        self, app: App, hosts: Collection[str], form_bytes: int, upload_bytes: int, uploads: Collection[str], policy: str = POLICY
    ) -> None:  # fmt: skip
        self.headers = {"Content-Security-Policy": policy, **HEADERS}
        self.app, self.hosts = app, {host.casefold() for host in hosts}
        self.form_bytes, self.upload_bytes, self.uploads = form_bytes, upload_bytes, tuple(uploads)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), path_of(scope)  # now: a mounted part changes the scope

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                if path.startswith(STATIC):
                    out.setdefault("Cache-Control", "no-cache")  # kept, and asked whether it has changed
                for name, value in self.headers.items():
                    out.setdefault(name, value)
                if scope.get("scheme") == "https":
                    out.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        if host_of(headers.get("host", "")) not in self.hosts:
            await PlainTextResponse("This desk does not answer to that name: `hosts:` in configs/desk.yml.", 400)(
                scope, receive, with_headers
            )
            return
        most = self.upload_bytes if path.startswith(self.uploads) else self.form_bytes
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > most:
            await PlainTextResponse(f"Too large: at most {most:,} bytes here.", 413)(scope, receive, with_headers)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:  # a body that did not say its length: the reader sees the connection end
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, with_headers)


def path_of(scope: Message) -> str:
    """The path within the desk: without the prefix under which a reverse proxy shows it."""
    path, prefix = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path


def secret_in(path: Path) -> bytes:
    """What the tokens of forms are made with: one for all processes over this file, made where it is not there, for its owner alone (mode 0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    found = path.read_bytes()
    if len(found) != 32:
        raise TouchstoneError(f"{path}: not a key of 32 bytes; remove the file and start again (everybody signs in anew)")
    return found


def policy_with(images: str) -> str:
    """The desk's policy, where pictures may also come from one more origin (the map's background); "" adds none."""
    return POLICY.replace("img-src 'self'", f"img-src 'self' {images}") if images else POLICY


def host_of(header: str) -> str:
    """The name of a Host header, without its port, in lower case."""
    return re.sub(r":\d*$", "", header).casefold()


def form_token(secret: bytes, bound_to: str) -> str:
    """What a form must send back: made of what only this browser's cookie holds, so that another site cannot know it."""
    return hmac.new(secret, b"form\0" + bound_to.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site made this request (Fetch Metadata, or Origin where it does not speak that)."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and host_of(origin.partition("://")[2]) != host_of(headers.get("host", ""))


class Pace:
    """So many in a minute from one address; kept in memory, since who is turned away here is turned away by every process."""

    def __init__(self, most: int, seconds: float = 60.0) -> None:
        self.most, self.seconds = most, seconds
        self._came: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allows(self, address: str) -> bool:
        now = time.monotonic()
        with self._lock:
            if len(self._came) > 10_000:
                self._came = {a: d for a, d in self._came.items() if d and now - d[-1] < self.seconds}
            came = self._came.setdefault(address, deque())
            while came and now - came[0] > self.seconds:
                came.popleft()
            if len(came) >= self.most:
                return False
            came.append(now)
            return True
