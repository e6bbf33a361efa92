"""What somebody hands in: one file a format, each with `KIND`, `is_mine(file)` and `read(file) -> Contents`; recognised by content.

A suffix is a name that anybody may give, so it is not asked. What no format recognises is kept whole as kind `other`, and nothing is
read in it. Nothing here is run, nothing is unpacked to the disk, and nothing is fetched.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol, cast

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

    Raises TouchstoneError, naming the file, where it cannot be kept: no such file, empty, too large, or of a kind that may hold
    cookies and cannot be read, so that they could not be taken out. Damage within is told in `problems`.
    """
    file = File(path, _body(path), url)
    digest = sha256(file.body).hexdigest()
    for each in formats():
        if not each.is_mine(file):
            continue
        try:
            contents = each.read(file)
        except Damaged as error:
            contents = Contents(each.KIND, file.body, "application/octet-stream", problems=(str(error),))
        except (RecursionError, MemoryError) as error:
            raise TouchstoneError(
                f"{path}: it is nested or large beyond measure, and nothing of it was kept ({type(error).__name__})"
            ) from None
        return replace(contents, name=path.name, original=digest)
    return Contents("other", file.body, "application/octet-stream", name=path.name, original=digest)


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
