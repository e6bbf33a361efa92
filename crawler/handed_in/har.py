"""A HAR file, the record that a browser's developer tools export: requests and answers, with every cookie and token in them.

What is kept is the file with those replaced by the marker; the digest of the file as it was handed in stands with the sighting.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from crawler.handed_in._parts import WITHHELD, Budget, Contents, Damaged, File, Part, Role, is_exchange, printable, role_of, text_of, web
from store.errors import TouchstoneError
from store.secrets import MARKER, is_secret_name, redact_body, redact_headers, redact_url

KIND = "har"


def is_mine(file: File) -> bool:
    head = file.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and b'"log"' in head[:200] and (b'"entries"' in file.body or b'"creator"' in head)


def read(file: File) -> Contents:
    """The answers as parts. Raises TouchstoneError where it is not whole: what cannot be read cannot be rid of its cookies."""
    try:
        said = json.loads(text_of(file.body))
        log = said["log"]
        entries = log["entries"]
        if not isinstance(entries, list):
            raise TypeError("no entries")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TouchstoneError(
            f"{file.path}: this HAR cannot be read ({printable(error, 80)}); it may hold cookies that could not be taken out, so nothing of it was kept"
        ) from None
    budget, problems, parts = Budget(), list[str](), list[Part]()
    before = json.dumps(said, ensure_ascii=False)
    documents = any(isinstance(e, dict) and e.get("_resourceType") == "document" for e in entries)
    refused = 0
    try:
        for number, entry in enumerate(entries, 1):
            try:
                part = _part(entry, number, documents)
            except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
                refused += 1
                continue
            if part is not None:
                budget.take(len(part.body))
                parts.append(part)
    except Damaged as error:
        problems.append(str(error))
    if refused:
        problems.append(f"{refused} of its {len(entries)} entries are not as HAR has them, and were not read")
    claims = _claims(log)
    _redact(said)
    after = json.dumps(said, ensure_ascii=False)
    body = after.encode("utf-8", "surrogatepass") if after != before else file.body
    return Contents(KIND, body, "application/json", tuple(parts), claims, tuple(problems), redacted=after != before)


def _part(entry: dict[str, Any], number: int, documents: bool) -> Part | None:
    url, answer = str(entry["request"]["url"]), entry["response"]
    content = answer.get("content") or {}
    text = content.get("text")
    if not text or is_exchange(url):
        return None
    body = base64.b64decode(text, validate=False) if content.get("encoding") == "base64" else str(text).encode("utf-8", "surrogatepass")
    mime = str(content.get("mimeType") or "application/octet-stream")
    if not content.get("encoding") and mime.startswith("text/"):
        mime = f"{mime.partition(';')[0]}; charset=utf-8"  # HAR writes text down as such, whatever it came in
    status = int(answer.get("status") or 0)
    role = role_of(mime, body) if 200 <= status < 300 else Role.other
    if role is Role.page and documents and mime.startswith("text/html") and entry.get("_resourceType") not in ("document", None):
        role = Role.other
    return Part(f"entry-{number}", body, mime, role, web(url), printable(entry.get("startedDateTime") or ""), status)


def _claims(log: dict[str, Any]) -> dict[str, str]:
    claims = {}
    if isinstance(log.get("creator"), dict):
        claims["saved_by"] = printable(f"{log['creator'].get('name', '')} {log['creator'].get('version', '')}")
    pages = log.get("pages")
    if isinstance(pages, list) and pages and isinstance(pages[0], dict):
        claims["saved_from"] = redact_url(printable(pages[0].get("title") or ""))
        claims["saved_at"] = printable(pages[0].get("startedDateTime") or "")
    return {name: value for name, value in claims.items() if value}


def _redact(value: Any, exchange: bool = False) -> None:
    """Replace in place, wherever in the file: a header or a field of a secret name, cookies, addresses, what was posted, messages."""
    waiting: list[tuple[Any, bool]] = [(value, exchange)]
    while waiting:
        each, secret = waiting.pop()
        if isinstance(each, list):
            waiting += [(item, secret) for item in each]
        if not isinstance(each, dict):
            continue
        request = each.get("request")
        if isinstance(request, dict):
            secret = secret or is_exchange(str(request.get("url", "")))
        for name, inner in each.items():
            each[name] = _safe(name, inner, each, secret)
        waiting += [(inner, secret) for name, inner in each.items() if isinstance(inner, dict | list)]


def _safe(name: str, inner: Any, holder: dict[str, Any], exchange: bool) -> Any:
    if name == "cookies" and isinstance(inner, list):
        return [{**c, "value": MARKER} if isinstance(c, dict) and c.get("value") else c for c in inner]
    if name == "_webSocketMessages" and inner:
        return MARKER
    if name == "value" and isinstance(inner, str) and inner and isinstance(holder.get("name"), str):
        [(_, value)] = redact_headers(((holder["name"], inner),))
        return MARKER if is_secret_name(holder["name"]) else value
    if name == "text" and isinstance(inner, str) and inner:
        if "size" in holder or "compression" in holder or "encoding" in holder:  # a content: what the server answered
            return WITHHELD.decode() if exchange else inner
        mime = str(holder.get("mimeType") or "")
        return redact_body(inner.encode("utf-8", "surrogatepass"), mime).decode("utf-8", "surrogatepass")
    if isinstance(inner, str) and "://" in inner and len(inner) < 10_000:
        return redact_url(inner) if " " not in inner else redact_headers((("said", inner),))[0][1]
    return MARKER if is_secret_name(name) and isinstance(inner, str) and inner and name not in ("key", "sig") else inner
