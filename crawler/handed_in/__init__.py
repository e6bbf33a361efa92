"""What somebody hands in: one file a format, each with `KIND`, `is_mine(file)` and `read(file) -> Contents`; recognised by content.

A suffix is a name that anybody may give, so it is not asked. What no format recognises is kept as kind `other`, and nothing is read in
it (_other.py). Nothing here is run, nothing is unpacked to the disk, and nothing is fetched.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol, cast

from crawler.handed_in._other import gunzipped, in_utf8, not_looked_into, other, unzipped
from crawler.handed_in._parts import MAX_FILE, Contents, Damaged, File, mib
from store.errors import TouchstoneError

ORDER = ("wacz", "warc", "pdf", "picture", "video", "mhtml", "har", "html", "urls")  # the surer mark first: a script may hold "<html"


class Format(Protocol):
    KIND: str

    def is_mine(self, file: File) -> bool: ...

    def read(self, file: File) -> Contents: ...


def formats() -> list[Format]:
    """Every format of this folder, the surest first; one that ORDER does not name comes last."""
    names = {path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_")}
    ordered = [name for name in ORDER if name in names] + sorted(names - set(ORDER))
    return [cast(Format, importlib.import_module(f"crawler.handed_in.{name}")) for name in ordered]


def open_file(path: Path, *, url: str = "") -> Contents:
    """What a file is and what is in it. `url` is the page's address as whoever hands it in states it, for files that do not say.

    Raises TouchstoneError, naming the file, where it cannot be kept: no such file, empty, too large, a log-in and nothing else,
    or of a kind that may hold cookies and cannot be read, so that they could not be taken out. Damage within is told in `problems`.
    """
    body = _body(path)
    return replace(_opened(File(path, body, url)), name=path.name, original=sha256(body).hexdigest())


def _opened(file: File) -> Contents:
    if (text := in_utf8(file.body)) is not None:
        contents = _opened(replace(file, body=text))
        return contents if contents.redacted else replace(contents, body=file.body)
    for each in formats():
        if not each.is_mine(file):
            continue
        try:
            return each.read(file)
        except Damaged as error:
            return Contents(each.KIND, file.body, "application/octet-stream", problems=(str(error),))
        except (RecursionError, MemoryError) as error:
            raise TouchstoneError(
                f"{file.path}: it is nested or large beyond measure, and nothing of it was kept ({type(error).__name__})"
            ) from None
    look = gunzipped if file.body.startswith(b"\x1f\x8b") else unzipped if file.body.startswith(b"PK\x03\x04") else None
    if look is None:
        return other(file)
    return look(file, _packed)


def _packed(file: File) -> Contents:
    """A file within a gzip or a ZIP: what is packed in it once more is not looked into."""
    if file.body.startswith((b"\x1f\x8b", b"PK\x03\x04")) and not any(each.is_mine(file) for each in formats()):
        return not_looked_into(file, "it is packed twice")
    return _opened(file)


def _body(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise TouchstoneError(
                f"{path}: there is no such file" if not path.exists() else f"{path}: this is a folder; name the file in it"
            )
        if (size := path.stat().st_size) > MAX_FILE:
            raise TouchstoneError(
                f"{path}: {mib(size)} MiB, more than the {mib(MAX_FILE)} MiB that one file may have; keep it elsewhere and say where in the note"
            )
        body = path.read_bytes()
    except OSError as error:
        raise TouchstoneError(f"{path}: cannot be read: {error.strerror}") from None
    if not body:
        raise TouchstoneError(f"{path}: the file is empty")
    return body
