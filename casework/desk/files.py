"""Files that leave the desk: names of our own making, whatever a case or a listing is called, and bodies that are sent in pieces."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from casework.desk.visit import SAID, Visit
from casework.export.bag import write_zip
from store.errors import TouchstoneError

ZIP = "application/zip"
TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".pdf": "application/pdf", ".txt": "text/plain; charset=utf-8",
    ".json": "application/json", ".jpg": "image/jpeg", ".png": "image/png", ".csv": "text/csv; charset=utf-8", ".zip": ZIP,
}  # fmt: skip


def safe_name(text: str) -> str:
    """A file's name that is letters, figures, dots, hyphens and underscores, and begins with none but the first two (CWE-22, CWE-113)."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:100].strip("-._") or "file"


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{safe_name(name)}"', "X-Content-Type-Options": "nosniff"}


def attachment(body: bytes, name: str) -> Response:
    """A download of these bytes; what it is follows from our own suffix, never from the bytes."""
    kind = TYPES.get(Path(safe_name(name)).suffix, "application/octet-stream")
    return Response(body, media_type=kind, headers=_headers(name))


def sent_file(path: Path, name: str, after: BackgroundTask | None = None) -> Response:
    """A download of a file, in pieces."""
    return FileResponse(path, media_type=TYPES.get(path.suffix, "application/octet-stream"), headers=_headers(name), background=after)


def without(error: Exception, folder: Path) -> TouchstoneError:
    """The error without the folder of `aside` in its words: nobody else has that."""
    return TouchstoneError(str(error).replace(f"{folder}/", ""))


@contextmanager
def aside(prefix: str = "touchstone-") -> Iterator[Path]:
    """A folder that only this process's user reads, and that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


def zipped(folder: Path, name: str) -> Response:
    """A folder as a zip of that name. The folder may go at once: the zip goes when it was sent."""
    place = Path(tempfile.mkdtemp(prefix="touchstone-"))
    try:
        target = place / f"{safe_name(name)}.zip"
        write_zip(folder, target)
        return sent_file(target, target.name, BackgroundTask(shutil.rmtree, place, ignore_errors=True))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def and_say(visit: Visit, answer: Response, words: str, kind: str = "success") -> Response:
    """The download, and a sentence that stands on the page that is looked at next: a download leaves the browser where it is."""
    visit.remember(answer, SAID, visit.desk.notes.dumps([kind, words[:600]]), seconds=300)
    return answer
