"""Secrets are replaced by a marker before anything is archived: in headers, in addresses, in request bodies.

The archive is disclosed to a defence and copied to partners; a cookie or a key in it could be used by whoever reads it
(RFC 9110 § 17.16, RFC 6750 § 5.3). The marker is recorded so that a reader sees that something was taken out, and what its
name was. What a server answered in a body is evidence and is not touched: token exchanges must not be archived at all.
Rather too much is removed than too little; a name is judged by itself, never by the look of its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from email.message import Message
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

MARKER = "[secret removed]"
URL_MARKER = quote(MARKER)
Headers = tuple[tuple[str, str], ...]

_SECRET_HEADER = re.compile(
    r"(authori[sz]ation|authentication-info|cookie2?|token|api[-_]?key|access[-_]?key|subscription[-_]?key|secret([-_]?key)?"
    r"|passw(or)?d|session([-_]?id)?|credentials?|jwt|(^|[-_])sid|(^|[-_])auth)$",
    re.IGNORECASE,
)
_URL_HEADERS = frozenset({"location", "referer", "content-location", "origin", "uri"})

# compared after lower-casing and dropping everything but letters and digits: access_token, accessToken, X-Amz-Signature
_SECRET_NAMES = frozenset(
    {
        "key",
        "sig",
        "session",
        "sess",
        "sessid",
        "sid",
        "pass",
        "pwd",
        "auth",
        "authorization",
        "authorisation",
        "bearer",
        "jwt",
        "hmac",
        "credential",
        "credentials",
        "cookie",
        "otp",
        "passcode",
        "awsaccesskeyid",
    }
)
_SECRET_ENDINGS = (
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "subscriptionkey",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "signature",
    "sessionid",
    "sessid",
    "sessionkey",
    "xamzcredential",
    "xgoogcredential",
)
_PLACE_IN_A_LIST = re.compile(r"(page|next|prev|previous|continuation|cursor|sync)token$")  # where a list goes on: no secret

_USERINFO = re.compile(r"""(//)[^/?#\\\s"'<>]+@""")


def _parameter(separators: str, ends: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns for `?name=value` in a whole address (a value ends only at a separator) and in a line of text (or at a space)."""
    name = rf"(?P<before>[{separators}])(?P<name>[^=&?#;/\s]{{1,200}})="
    return re.compile(rf"{name}(?P<value>[^{ends}]+)"), re.compile(rf"""{name}(?P<value>[^{ends}\s"'<>]+)""")


_QUERY = _parameter("?&#", "&#")  # a fragment too: OAuth's implicit grant puts access_token there (RFC 6749 § 4.2.2)
_MATRIX = _parameter(";", ";?#&")  # ;jsessionid=…, and the old ?a=1;token=…


def is_secret_name(name: str) -> bool:
    """Whether a field or parameter of this name holds a secret; of `user[password]` and `auth.token` each part is asked."""
    for part in re.split(r"[\[\].:]+", unquote_plus(name)):
        bare = re.sub(r"[^a-z0-9]", "", part.lower())
        if _PLACE_IN_A_LIST.search(bare):
            continue
        if bare in _SECRET_NAMES or bare.endswith(_SECRET_ENDINGS) or bare.startswith("aspsessionid"):
            return True
    return False


def is_secret_header(name: str) -> bool:
    return _SECRET_HEADER.search(name.strip()) is not None


def _redact(text: str, whole: int, depth: int = 0) -> str:
    """`text` with the secrets of the addresses in it replaced; `whole` 0: it is one address, 1: it may hold some."""

    def replace(found: re.Match[str]) -> str:
        value = found["value"]
        if is_secret_name(found["name"]):
            value = URL_MARKER
        elif depth < 4 and (inner := _redact(plain := unquote_plus(value), whole, depth + 1)) != plain:
            value = quote(inner, safe="/:;?=@%")  # ?next=https%3A%2F%2F…%3Ftoken%3D…: an address within an address
        return f"{found['before']}{found['name']}={value}"

    text = _USERINFO.sub(rf"\1{URL_MARKER}@", text)
    return _MATRIX[whole].sub(replace, _QUERY[whole].sub(replace, text))


@lru_cache(maxsize=256)
def redact_url(url: str) -> str:
    """`url` with the values of secret parameters and any `user:password@` replaced; all else, order included, as it was."""
    return _redact(url, 0)


def redact_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """`headers` in their order, duplicates kept, secret values replaced, and secrets in addresses within other values too."""
    return tuple((name, _redact_header(name, value)) for name, value in headers)


@lru_cache(maxsize=256)  # from one answer to the next they are mostly the same
def _redact_header(name: str, value: str) -> str:
    return MARKER if is_secret_header(name) and value else _redact(value, int(name.lower() not in _URL_HEADERS))


def redact_body(body: bytes, mime: str) -> bytes:
    """A request's body with secret fields replaced (form, JSON, multipart); the very same bytes where there was none."""
    kind = mime.partition(";")[0].strip().lower()
    start = body.lstrip()[:1]
    if kind.startswith("multipart/"):
        return _redact_multipart(body, mime)
    text = body.decode("utf-8", "surrogateescape")
    if kind.endswith("json") or start in (b"{", b"["):
        return _redact_json(text).encode("utf-8", "surrogateescape")
    if kind == "application/x-www-form-urlencoded" or (not kind and b"=" in body):
        return _redact("&" + text, 0)[1:].encode("utf-8", "surrogateescape")
    return _redact(text, 1).encode("utf-8", "surrogateescape")


_JSON_FIELD = re.compile(r"""("(?P<name>(?:[^"\\]|\\.){1,200})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)""")


def _redact_json(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # not JSON after all, or cut off: by name, as far as it can be read
        return _JSON_FIELD.sub(lambda m: f'{m[1]}"{MARKER}"' if is_secret_name(m["name"]) else m[0], _redact(text, 1))
    clean = _clean(value)
    return text if clean == value else json.dumps(clean, ensure_ascii=False)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: MARKER if is_secret_name(k) and v not in (None, "", False, True) else _clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return _redact(value, 1) if isinstance(value, str) else value


def _redact_multipart(body: bytes, mime: str) -> bytes:
    """RFC 7578: each part's name is in its own Content-Disposition; without a boundary nothing can be told, so all of it goes."""
    message = Message()
    message["Content-Type"] = mime
    boundary = message.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return MARKER.encode()
    parts = body.split(b"--" + boundary.encode("utf-8", "surrogateescape"))
    for index, part in enumerate(parts):
        head, gap, _ = part.partition(b"\r\n\r\n")
        named = re.search(rb"""\bname\*?="?([^";\r\n]+)""", head)
        if gap and named and is_secret_name(unquote(named[1].decode("utf-8", "replace"))):
            parts[index] = head + gap + MARKER.encode() + b"\r\n"
    return (b"--" + boundary.encode("utf-8", "surrogateescape")).join(parts)
