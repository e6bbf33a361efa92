"""A page saved as MHTML (RFC 2557): the document and its pictures as parts of one message, each with its Content-Location."""

from __future__ import annotations

import email
import re
from email import errors
from email.message import Message

from crawler.handed_in._parts import Budget, Contents, Damaged, File, Part, Role, printable, role_of, web
from store.secrets import redact_url

KIND = "mhtml"
_LOCATION = re.compile(rb"(?im)^((?:snapshot-)?content-location:[ \t]*)([^\r\n]+)")


def is_mine(file: File) -> bool:
    head = re.split(rb"\r?\n\r?\n", file.head, maxsplit=1)[0]
    return bool(re.search(rb"(?im)^content-type:\s*multipart/related", head) and re.search(rb"(?im)^mime-version:", head))


def read(file: File) -> Contents:
    """The message's parts. The document that it begins with may hold listings; other documents are frames, mostly advertisements."""
    body = _LOCATION.sub(lambda m: m[1] + _redacted(m[2]), file.body)
    message = email.message_from_bytes(body)
    budget, problems, parts = Budget(), [], list[Part]()
    claims = {
        name: printable(value)
        for name, header in (("saved_from", "Snapshot-Content-Location"), ("saved_at", "Date"), ("title", "Subject"), ("saved_by", "From"))
        if (value := message.get(header))
    }
    page = web(file.url) or web(claims.get("saved_from", ""))
    try:
        for number, each in enumerate(_leaves(message), 1):
            data = each.get_payload(decode=True)
            if not isinstance(data, bytes) or not data:
                continue
            budget.take(len(data))
            mime, where = each.get_content_type(), web(str(each.get("Content-Location", "")))
            first = not any(part.role is Role.page for part in parts)
            role = role_of(mime, data)
            if role is Role.page:
                charset = each.get_content_charset()
                mime = f"{mime}; charset={charset}" if charset else mime
                role, where = (Role.page, where or page) if first else (Role.other, where)
            parts.append(Part(f"part-{number}", data, mime, role, where, claims.get("saved_at", "")))
            problems += _damage(each, number)
    except Damaged as error:
        problems.append(str(error))
    problems += [p for p in _damage(message, 0) if p not in problems]
    if not any(part.role is Role.page for part in parts):
        problems.append("no document was found in it")
    return Contents(KIND, body, "multipart/related", tuple(parts), claims, tuple(problems), redacted=body != file.body)


def _redacted(raw: bytes) -> bytes:
    return redact_url(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _leaves(message: Message) -> list[Message]:
    leaves, waiting = list[Message](), [message]
    while waiting:  # not `walk`, which a message nested a thousand deep would bring to its knees
        each = waiting.pop(0)
        inner = each.get_payload()
        if each.is_multipart() and isinstance(inner, list):
            waiting = [m for m in inner if isinstance(m, Message)] + waiting
        else:
            leaves.append(each)
    return leaves


def _damage(message: Message, number: int) -> list[str]:
    if any(isinstance(defect, errors.CloseBoundaryNotFoundDefect) for defect in message.defects):
        return ["it is cut off: its last part may not be whole, and more may have followed"]
    if any(isinstance(defect, errors.InvalidBase64CharactersDefect | errors.InvalidBase64LengthDefect) for defect in message.defects):
        return [f"part {number} is damaged: its encoding is broken"]
    return []
