"""Files that a browser sends, as files for as long as it takes to keep them: byte for byte, under names that lead nowhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.datastructures import FormData, UploadFile

from store.errors import TouchstoneError


def uploads_in(form: FormData, name: str, most: int) -> list[UploadFile]:
    """The files of a field, without the empty one that a browser sends where none was chosen. Raises TouchstoneError for more than `most`."""
    found = [each for each in form.getlist(name) if isinstance(each, UploadFile) and (each.filename or each.size)]
    if len(found) > most:
        raise TouchstoneError(f"At most {most} files at a time; {len(found)} were chosen.")
    return found


@contextmanager
def as_files(uploads: Sequence[UploadFile], called: str = "") -> Iterator[list[Path]]:
    """The uploads in a folder of their own, gone when the block ends. Named as they came, or `called`-1 and so on where the name is nobody's business."""
    with TemporaryDirectory(prefix="touchstone-") as folder:
        paths = []
        for number, upload in enumerate(uploads, 1):
            path = Path(folder) / str(number) / (f"{called}-{number}" if called else safe_name(upload.filename or "file"))
            path.parent.mkdir()
            upload.file.seek(0)
            with path.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            paths.append(path)
        yield paths


def safe_name(given: str) -> str:
    """A file's name without its folders and without signs that mean something to a shell, a header or a page (CWE-22, CWE-116)."""
    last = re.split(r"[\\/]", given)[-1]
    return re.sub(r"[^\w .()-]|[\x00-\x1f]", "_", last).strip(" .")[-80:].lstrip(" .-") or "file"
