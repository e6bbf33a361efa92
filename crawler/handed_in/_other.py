"""What no format recognises: text loses the secrets that it names, what is a log-in and nothing else is refused, a ZIP is looked into.

A file of cookies and a command copied from a browser's tools (curl, PowerShell) are keys to an account, and no evidence of a listing.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

from crawler.handed_in._parts import MAX_DECODED, MAX_PARTS, Contents, File, mib, printable
from store.errors import TouchstoneError
from store.secrets import MARKER, is_secret_header, redact_body

MAX_TEXT = 32 * 2**20  # of text in which secrets are looked for
_COOKIES = re.compile(
    rb"#\s*(?:netscape )?http cookie file|(?:#[^\n]*\n|\s)*[^\t\n]+\t(?:TRUE|FALSE)\t[^\t\n]*\t(?:TRUE|FALSE)\t\d+\t[^\t\n]+\t",
    re.IGNORECASE,
)
_COMMAND = re.compile(rb"\s*(?:curl(?:\.exe)?\s|\$session\s*=\s*New-Object\s|Invoke-(?:WebRequest|RestMethod)\s)", re.IGNORECASE)
_FIELD = re.compile(
    r"""^(?P<before>[ \t>]*["']?(?P<name>[A-Za-z][\w-]{1,60})["']?[ \t]*:[ \t]*["']?)(?P<value>[^"'\s][^\r\n]*)""", re.MULTILINE
)


def other(file: File) -> Contents:
    """Text without the secrets in it, anything else as it is. Raises TouchstoneError for cookies and for a command that carries them."""
    body = file.body
    if _is_log_in(file):
        raise TouchstoneError(
            f"{file.path}: cookies, or a command that carries them, are a log-in that anybody could use: nothing of it was kept; "
            "hand in what it gave access to, and say in --obtained how"
        )
    if b"\0" in file.head or len(body) > MAX_TEXT:
        problems = () if b"\0" in file.head else (f"text of more than {mib(MAX_TEXT)} MiB, in which no secrets were looked for",)
        return Contents("other", body, "application/octet-stream", problems=problems)
    clean = redact_body(without_fields(body), "text/plain")
    return Contents("other", clean, "application/octet-stream", redacted=clean != body)


def _is_log_in(file: File) -> bool:
    head = file.head.lstrip(b"\xef\xbb\xbf")
    exported = head.lstrip()[:1] in (b"[", b"{") and re.search(rb'"httpOnly"', head, re.IGNORECASE) and b'"value"' in head
    return bool(_COOKIES.match(head) or _COMMAND.match(head) or exported)


def without_fields(body: bytes) -> bytes:
    """Lines such as `Cookie: …` and `"authorization": "…"`, as they stand in a request that was copied, without their values."""

    def replaced(found: re.Match[str]) -> str:
        return f"{found['before']}{MARKER}" if is_secret_header(found["name"]) else found[0]

    return _FIELD.sub(replaced, body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def in_utf8(body: bytes) -> bytes | None:
    """UTF-16 text, with its mark or without, as UTF-8 with its mark; None for anything else."""
    kind = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None
    if kind is None and len(body) > 3:
        kind = "utf-16-le" if body[1:4:2] == b"\0\0" and body[0] and body[2] else None
        kind = "utf-16-be" if body[0:3:2] == b"\0\0" and body[1] and body[3] else kind
    try:
        text = body.decode(kind) if kind else ""
    except UnicodeDecodeError:
        return None
    return text.encode("utf-8-sig", "surrogatepass") if text and "\0" not in text[:4096] else None


def gunzipped(file: File, opened: Callable[[File], Contents]) -> Contents:
    """A gzip as what is in it: kept packed as it came, or, where secrets were taken out, as the copy, which is not packed."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(file.body)) as packed:
            inner = packed.read(MAX_DECODED + 1)
        if len(inner) > MAX_DECODED:
            return not_looked_into(file, f"it unpacks to more than {mib(MAX_DECODED)} MiB")
    except (OSError, EOFError, zlib.error) as error:
        return not_looked_into(file, printable(error, 100))
    contents = opened(replace(file, body=inner))
    if contents.redacted:
        return contents
    kind = "other" if contents.kind == "picture" else contents.kind  # a picture that is packed is shown nowhere
    return replace(contents, kind=kind, body=file.body, mime="application/gzip", parts=() if kind == "other" else contents.parts)


def unzipped(file: File, opened: Callable[[File], Contents]) -> Contents:
    """A ZIP that is no WACZ, kept whole. Raises TouchstoneError where a file in it would have had to lose secrets, or would be refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.body)) as package:
            members = [m for m in package.infolist() if not m.is_dir()]
            if sum(m.file_size for m in members) > MAX_DECODED or len(members) > MAX_PARTS:
                return not_looked_into(file, f"it stands for more than {mib(MAX_DECODED)} MiB or {MAX_PARTS} files")
            problems: list[str] = []
            for member in members:
                problems += _looked_at(file, member.filename, package.read(member), opened)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
        # RuntimeError is a file under a password, and of its kind NotImplementedError a way of packing that zipfile cannot undo
        return not_looked_into(file, printable(error, 100))
    return Contents("other", file.body, "application/zip", problems=tuple(problems))


def _looked_at(file: File, name: str, data: bytes, opened: Callable[[File], Contents]) -> list[str]:
    try:
        inner = opened(File(file.path / "member", data)) if data else None  # a path that no folder can lie beside
        why = "holds" if inner and inner.redacted and (inner.kind != "other" or without_fields(data) != data) else ""
    except TouchstoneError:
        inner, why = None, "is, or may hold,"
    if why:
        raise TouchstoneError(
            f"{file.path}: {printable(name, 80)!r} in it {why} cookies or keys, which cannot be taken out of a ZIP: unpack it and hand in the files themselves"
        )
    return [f"{printable(name, 80)!r} in it: {p}" for p in inner.problems if "not looked into" in p] if inner else []


def not_looked_into(file: File, why: str) -> Contents:
    said = f"it was not looked into ({why}), so that cookies or keys in it, if there are any, were kept with it"
    return Contents("other", file.body, "application/octet-stream", problems=(said,))
