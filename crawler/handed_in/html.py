"""A saved page: one file (SingleFile and the like put pictures into it as data), or a page "complete" with its folder beside it.

Browsers name the folder after the file: `NAME_files` (Chromium, Firefox), `NAME.files` or `NAME-Dateien`. Symbolic links in it are not followed.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin

from crawler.handed_in._parts import Budget, Contents, Damaged, File, Part, Role, printable, role_of, web
from store.secrets import redact_url

KIND = "html"
_BEGINS = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,4000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SAVED_FROM = re.compile(
    rb"<!--\s*saved from url=\(\d+\)(?P<url>\S+?)\s*-->|<!--\s*Page saved with SingleFile\s+url:\s*(?P<single>\S+)", re.IGNORECASE
)
_SAVED_AT = re.compile(rb"saved date:\s*([^\r\n]{4,80})", re.IGNORECASE)
_CANONICAL = re.compile(rb"""<link\b[^>]{0,300}?\brel\s*=\s*["']?canonical["']?[^>]{0,1000}?>""", re.IGNORECASE)
_OG_URL = re.compile(rb"""<meta\b[^>]{0,300}?\bproperty\s*=\s*["']?og:url["']?[^>]{0,1000}?>""", re.IGNORECASE)
_ADDRESS = re.compile(rb"""\b(?:href|content)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_DATA = re.compile(rb"data:(image/(?:jpeg|jpg|png|gif|webp|avif|bmp));?(base64)?,([A-Za-z0-9+/=%_.~-]{100,})", re.IGNORECASE)
FOLDERS = ("_files", ".files", "-Dateien", "_fichiers")


def is_mine(file: File) -> bool:
    return _BEGINS.search(file.head) is not None


def read(file: File) -> Contents:
    """The page, the pictures written into it as data, and the files of its folder."""
    budget, problems = Budget(), []
    said, how = _address(file)
    body = _without_secrets(file.body)
    claims = {"saved_from": said, "saved_from_by": how} if said else {}
    if at := _SAVED_AT.search(file.head):
        claims["saved_at"] = printable(at[1].decode("utf-8", "replace"))
    parts = [Part(file.path.name, body, "text/html", Role.page, said, claims.get("saved_at", ""))]
    try:
        budget.take(len(body))
        for part in (*_inlined(body), *_folder(file.path, said)):
            budget.take(len(part.body))
            parts.append(part)
    except Damaged as error:
        problems.append(str(error))
    if not said:
        problems.append("it does not say from which address it was saved: state it with --url to have it read")
    return Contents(KIND, body, "text/html", tuple(parts), claims, tuple(problems), redacted=body != file.body)


def _address(file: File) -> tuple[str, str]:
    """The page's address and who says it: the person who hands it in, the program that saved it, or the page."""
    if file.url:
        return web(file.url), "the person who handed it in"
    if found := _SAVED_FROM.search(file.head):
        return web((found["url"] or found["single"]).decode("utf-8", "replace")), "the program that saved it"
    for pattern in (_CANONICAL, _OG_URL):
        tag = pattern.search(file.body[: 2**20])
        address = _ADDRESS.search(tag[0].replace(b"&amp;", b"&")) if tag else None
        if address and (url := web(address[1].decode("utf-8", "replace"))):
            return url, "the page itself"
    return "", ""


def _without_secrets(body: bytes) -> bytes:
    """The comment in which a browser wrote the page's whole address, without its secrets; what the server sent is left as it is."""

    def replace(found: re.Match[bytes]) -> bytes:
        url = found["url"] or found["single"]
        return found[0].replace(url, redact_url(url.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))

    return _SAVED_FROM.sub(replace, body, count=1)


def _inlined(body: bytes) -> Iterator[Part]:
    seen: set[bytes] = set()
    for number, found in enumerate(_DATA.finditer(body), 1):
        try:
            data = base64.b64decode(unquote_to_bytes(found[3]), validate=False) if found[2] else unquote_to_bytes(found[3])
        except (binascii.Error, ValueError):
            continue
        if data and data not in seen:
            seen.add(data)
            yield Part(f"inlined-{number}", data, found[1].decode().lower(), Role.picture)


def _folder(path: Path, page: str) -> Iterator[Part]:
    folder = next((f for suffix in FOLDERS if (f := path.with_name(path.stem + suffix)).is_dir() and not f.is_symlink()), None)
    if folder is None:
        return
    for each in sorted(folder.iterdir()):
        if each.is_symlink() or not each.is_file():
            continue
        name = f"{folder.name}/{each.name}"
        mime = mimetypes.guess_type(each.name)[0] or "application/octet-stream"
        size = each.stat().st_size
        Budget().take(size)  # before its bytes are in memory
        body = each.read_bytes()
        role = role_of(mime, body)
        url = urljoin(page, quote(unquote(name))) if page else ""
        yield Part(name, body, mime, role if role is Role.picture else Role.other, url)
