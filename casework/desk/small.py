"""Pictures made smaller, and drawings of matches, for pages: made by the system from kept bytes, and kept beside the archive within bounds.

What a page shows is part of that page's event, with the person's name; a picture's own request is checked and leaves none. The bytes are decoded
within the limits of store/words/opening.py and encoded anew, so that nothing of a file but its pixels reaches a browser.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from store.errors import TouchstoneError
from store.store import SYSTEM, Acting, Store
from store.words.opening import Unreadable

SIZES = (200, 400, 800, 1600)  # pixels of the longer side
AT_ONCE = 2  # pictures that are decoded together: one at the limit takes up to 1 GB
LEAVES = 0.8  # of the bound, where files are taken away
QUALITY = 85


class Small:
    """Files by name, at most so many bytes of them together: those that were not asked for the longest go first."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self.most = folder, most
        self.making = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._written: int | None = None  # bytes, as far as this process knows

    def of(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The file of that name (digits, letters, - and .), or what `make` makes, kept for the next time."""
        path = self.folder / name
        with suppress(FileNotFoundError):
            data = path.read_bytes()
            os.utime(path)
            return data
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with self.making:
                data = make()
            with suppress(FileNotFoundError):  # an erasure took the folder away meanwhile: what it erased is not put back
                self._write(held, name, data)
        finally:
            os.close(held)
        self._bound(len(data))
        return data

    def _write(self, folder: int, name: str, data: bytes) -> None:
        new = f"{name}.{os.getpid()}.{threading.get_ident()}"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _bound(self, added: int) -> None:
        with self._lock:
            if self._written is not None:
                self._written += added
            if self._written is not None and self._written <= self.most:
                return
            found = []
            with suppress(FileNotFoundError):
                for entry in os.scandir(self.folder):
                    with suppress(FileNotFoundError):
                        found.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
            self._written = sum(size for _, size, _ in found)
            if self._written > self.most:
                for _, size, path in sorted(found):
                    Path(path).unlink(missing_ok=True)
                    self._written -= size
                    if self._written <= self.most * LEAVES:
                        break


def fitting(size: int) -> int:
    """The size of SIZES that is asked for: the next larger, or the largest."""
    return next((each for each in SIZES if each >= size), SIZES[-1])


def encoded(data: bytes, longest: int) -> bytes:
    """A picture's pixels as a JPEG, its longer side at most so many. Raises Unreadable."""
    from detectors.pictures.opening import opened

    out = io.BytesIO()
    opened(data, longest).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def picture(small: Small, store: Store, sha256: str, longest: int) -> bytes:
    """A kept image made smaller, as a JPEG. Raises TouchstoneError where its bytes are gone or are no picture."""
    return small.of(f"{sha256}-{longest}.jpg", lambda: _from(store, lambda reader: encoded(reader.image_bytes(sha256), longest)))


def drawing(small: Small, store: Store, first: str, second: str, place: bool) -> bytes:
    """The match of two kept images with what agrees joined by lines, as a PNG: of one photograph, or of one `place` around the goods.

    Raises TouchstoneError where bytes are gone, and where nothing agrees under the libraries of this machine.
    """
    name = f"{first[:32]}-{second[:32]}-{'place' if place else 'match'}.png"
    return small.of(name, lambda: _from(store, lambda reader: _drawn(reader.image_bytes(first), reader.image_bytes(second), place)))


def drawn_beside(small: Small, store: Store, first: bytes, second: str, place: bool) -> bytes:
    """The same of a picture that is not kept and one that is; the drawing is not kept either."""
    with small.making:
        return _from(store, lambda reader: _drawn(first, reader.image_bytes(second), place))


def _drawn(first: bytes, second: bytes, place: bool) -> bytes:
    from detectors.pictures.drawing import draw, draw_place

    match = None if place else draw(first, second)
    png = draw_place(first, second) if place else match and match.png
    if not png:
        raise TouchstoneError(
            "Nothing agrees in these two pictures for the code and libraries of this machine: they are others than the finding's."
        )
    return png


def _from(store: Store, make: Callable[[Acting], bytes]) -> bytes:
    with store.acting(SYSTEM, purpose="pictures made smaller for the desk") as reader:
        try:
            return make(reader)
        except Unreadable as error:
            raise TouchstoneError(f"That picture cannot be shown: {error}.") from None
        except ImportError as error:
            raise TouchstoneError(f"Nothing can be drawn here, since {error.name or error} is missing.") from None
