"""A page as it was captured, shown so that nothing of it runs and nothing of it asks: for the desk's sandboxed frame.

As in a pack (casework/export/pages.py) the safety is in two things that need no parser: the policy under which the text is served, and the names
of elements that could connect, changed to ones that mean nothing. Before that, and for the eye only, its pictures are put into it out of the
archive as data, and its own styles gathered into one element that the policy names by a nonce.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urljoin

from casework.export.pages import decode, header, inert, is_page, undo_encoding
from store.errors import TouchstoneError
from store.store import Acting
from store.words.records import Capture, CaptureKind

MOST_PICTURES = 40
MOST_STYLES = 2_000_000  # characters
NOT_KEPT = "picture not kept"
FITTED = "img { max-width: 100%; height: auto }"  # of a page that kept no styles, too, nothing lies beside the frame
_DROPPED = ("script", "noscript", "template", "iframe", "frame", "object", "embed", "base", "meta", "link", "style", "title")


@dataclass(frozen=True, slots=True)
class Replay:
    """The text of the frame; how many pictures it has out of the archive, and how many the page names that are not shown."""

    text: str
    pictures: int
    missing: int


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a replay: an origin of its own, no scripts, no connections, pictures out of its own text."""
    return f"sandbox; default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def replay(reader: Acting, capture: Capture, nonce: str, shown: Callable[[str], bytes]) -> Replay:
    """The page of a capture. `shown` gives a kept image's pixels as a JPEG, by its digest.

    Raises TouchstoneError for a capture that is no page, and one whose bytes are gone or cannot be decoded.
    """
    if not is_page(capture):
        raise TouchstoneError(f"Capture {capture.id} is not a page, so it cannot be replayed; its bytes can be downloaded.")
    body = undo_encoding(reader.payload(capture.id or 0), capture)
    if body is None:
        raise TouchstoneError(f"The bytes of capture {capture.id} are too many, or encoded in a way that cannot be undone here; they can be downloaded.")  # fmt: skip
    page = decode(body, capture)
    if "html" not in (_type(capture) or "html"):
        return Replay(f"<pre>{escape(page.text)}</pre>", 0, 0)
    return _made(page.text, capture.url_final, reader.pictures_on(capture.id or 0), _kept_styles(reader, capture), nonce, shown)


def _type(capture: Capture) -> str:
    return header(capture, "content-type").partition(";")[0].strip().lower()


def _kept_styles(reader: Acting, capture: Capture) -> str:
    """What a browser fetched as style sheets for it, in order."""
    out = []
    for part in reader.parts_of(capture.id or 0, CaptureKind.network):
        if _type(part) == "text/css" and (body := undo_encoding(reader.payload(part.id or 0), part)) is not None:
            out.append(decode(body, part).text)
    return "\n".join(out)


def _made(text: str, url: str, pictures: Mapping[str, str], styles: str, nonce: str, shown: Callable[[str], bytes]) -> Replay:
    from lxml import etree, html

    try:
        root = html.document_fromstring(text.replace("\0", "\ufffd"))
    except (etree.ParserError, ValueError, AssertionError):
        return Replay(f"<pre>{escape(text)}</pre>", 0, 0)
    gathered = [FITTED, styles, *(node.text or "" for node in root.iter("style"))]
    put = missing = 0
    for node in list(root.iter(*_DROPPED, etree.Comment, etree.ProcessingInstruction)):
        node.drop_tree()
    for node in root.iter("source"):
        node.attrib.clear()
    for node in root.iter("img"):
        said = (node.get("src") or "").strip()
        digest = pictures.get(urljoin(url, said)) or pictures.get(said)
        data = _data(shown, digest) if digest and put < MOST_PICTURES else ""
        for name in ("src", "srcset", "sizes", "loading"):
            node.attrib.pop(name, None)
        if data:
            node.set("src", data)
            put += 1
        else:
            node.set("alt", f"[{NOT_KEPT}] {node.get('alt') or ''}".strip())
            missing += 1
    style = re.sub(r"</", r"<\\/", "\n".join(gathered))[:MOST_STYLES]
    made = inert(html.tostring(root, encoding="unicode", doctype="<!doctype html>"))
    return Replay(
        f'<!doctype html><meta charset="utf-8"><style nonce="{nonce}">{style}</style>{made.removeprefix("<!doctype html>")}', put, missing
    )


def _data(shown: Callable[[str], bytes], digest: str) -> str:
    try:
        return f"data:image/jpeg;base64,{base64.b64encode(shown(digest)).decode()}"
    except TouchstoneError:
        return ""
