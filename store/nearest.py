"""Which images are near: hashes and descriptors of every image in files beside the database, appended as images arrive.

The database is the record and these files are derived from it: `touchstone index rebuild` makes them again, and an erasure takes them
away. One folder for each version of the fingerprints, so that nothing is compared across versions. A row stands for one picture inside
an image; what is too flat for a hash has no row. Searching is exact: faiss's flat binary index for hashes, every product for vectors.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import select

from store import tables as t
from store.database import Database
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

HASHES = {"pdq": 32, "phash": 8}  # bytes a row; of the eight ways that are kept with an image the upright one
VECTOR, LENGTH, PARTS = "vlad", 256, 2  # two vectors a row: of the whole picture and of its centre
_TEXT = -(-PARTS * LENGTH // 3) * 4  # characters in base64
NONE = "-"
PAGE = 2500
EMPTY = {"upto": 0, "rows": 0}  # up to which fingerprint the files have taken in, and how many rows they have
_BLOCK = 65_536  # rows of vectors multiplied at once


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, as three columns of one length: which query, which image, how far (bits) or how alike (a cosine)."""

    query: NDArray[np.int64]
    image: NDArray[np.int64]
    far: NDArray[np.float32]


class Nearest:
    """The index of one version of the fingerprints. `grow` before searching; images are named by their row number."""

    def __init__(self, database: Database, folder: Path, version: str) -> None:
        self.database, self.version = database, version
        self.folder = folder / hashlib.sha256(version.encode()).hexdigest()[:16]
        self._built: dict[str, tuple[int, Any]] = {}  # faiss's index of a hash, and of how many rows

    # -- growing ---------------------------------------------------------------------------------------------------------
    def grow(self, progress: Callable[[int], None] | None = None) -> int:
        """Take in the fingerprints that were kept since; how many images. Where files are short of what they say, all is made again."""
        with self._locked():
            state = self._state()
            if not self._whole(state):
                self._clear()
                state = dict(EMPTY)
            added = self._append(state, progress)
        self.__dict__.pop("_columns", None)
        return added

    def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """Make the files again from the database; how many images they hold."""
        with self._locked():
            self._clear()
        return self.grow(progress)

    def __len__(self) -> int:
        return len(self._columns["image"])

    def _append(self, state: dict[str, int], progress: Callable[[int], None] | None) -> int:
        import numpy as np

        added = 0
        while page := self._page(state["upto"]):
            columns: dict[str, list[bytes]] = {name: [] for name in (*HASHES, VECTOR)}
            images = []
            for row in page:
                for pdq, phash, vector in zip(row.pdq.split(" "), row.phash.split(" "), row.vlad.split(" "), strict=True):
                    if pdq == NONE:
                        continue
                    images.append(row.image)
                    columns["pdq"].append(bytes.fromhex(pdq[: 2 * HASHES["pdq"]]))
                    columns["phash"].append(bytes.fromhex(phash[: 2 * HASHES["phash"]]))
                    columns[VECTOR].append(base64.b64decode(vector[:_TEXT])[: PARTS * LENGTH] if vector != NONE else bytes(PARTS * LENGTH))
            for name, values in columns.items():
                self._write(name, b"".join(values))
            self._write("image", np.asarray(images, "<i8").tobytes())
            state = {"upto": page[-1].id, "rows": state["rows"] + len(images)}
            self._keep(state)
            added += len(page)
            if progress:
                progress(len(page))
        return added

    def _page(self, after: int) -> Sequence[Any]:
        """(row of the fingerprint, image, the three values) of images whose PDQ was kept later, in order."""
        pdq, phash, vlad = (t.fingerprint.alias(name) for name in ("a", "b", "c"))
        joined = pdq.join(t.image, t.image.c.sha256 == pdq.c.image_sha256)
        for other, name in ((phash, "phash"), (vlad, VECTOR)):
            same = (other.c.image_sha256 == pdq.c.image_sha256) & (other.c.version == pdq.c.version) & (other.c.algorithm == name)
            joined = joined.join(other, same)
        query = (
            select(
                pdq.c.id, t.image.c.id.label("image"), pdq.c.value.label("pdq"), phash.c.value.label("phash"), vlad.c.value.label("vlad")
            )
            .select_from(joined)
            .where(pdq.c.algorithm == "pdq", pdq.c.version == self.version, pdq.c.id > after)
            .order_by(pdq.c.id)
            .limit(PAGE)
        )
        with self.database.reading() as c:
            return c.execute(query).all()

    def _whole(self, state: dict[str, int]) -> bool:
        """Whether the files are as long as they say. (What they hold is what the database has: an erasure takes them away, `forget`.)"""
        widths = {**HASHES, VECTOR: PARTS * LENGTH, "image": 8}
        if any(self._size(name) < state["rows"] * width for name, width in widths.items()):
            return False
        for name, width in widths.items():  # what a killed process appended beyond its last word
            if self._size(name) > state["rows"] * width:
                os.truncate(self.folder / name, state["rows"] * width)
        return True

    # -- searching -------------------------------------------------------------------------------------------------------
    def within(self, name: str, queries: NDArray[np.uint8], radius: int) -> Hits:
        """Every image with a hash (`pdq`, `phash`) that differs from a query (n × bytes) in at most `radius` bits."""
        import numpy as np

        if not len(self) or not len(queries):
            return _nothing()
        limits, far, rows = self._flat(name).range_search(np.ascontiguousarray(queries), radius + 1)  # faiss's radius is strict
        query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
        return Hits(query, self._columns["image"][rows], far.astype(np.float32))

    def alike(self, queries: NDArray[np.float32], least: float, most: int) -> Hits:
        """Images with a vector whose cosine with a query (n × 256, of length one) is at least `least`: of each query the `most` alike."""
        import numpy as np

        vectors, parts = self._columns[VECTOR], []
        for start in range(0, len(vectors) if len(queries) else 0, _BLOCK):
            block = vectors[start : start + _BLOCK].reshape(-1, LENGTH).astype(np.float32)
            block /= np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-6)
            cosines = queries @ block.T
            query, row = np.nonzero(cosines >= least)
            parts.append((query, self._columns["image"][row // PARTS + start], cosines[query, row]))
        if not parts:
            return _nothing()
        query, image, cosine = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.lexsort((image, -cosine, query))
        query, image, cosine = query[order], image[order], cosine[order]
        first = np.searchsorted(query, query)  # where each row's own query begins
        kept = np.arange(len(query)) - first < most
        return Hits(query[kept], image[kept], cosine[kept])

    @cached_property
    def _columns(self) -> dict[str, Any]:
        import numpy as np

        rows = self._state()["rows"]
        shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
            "image": ("<i8", (rows,)), VECTOR: (np.int8, (rows, PARTS * LENGTH)), **{name: (np.uint8, (rows, width)) for name, width in HASHES.items()}
        }  # fmt: skip
        if not rows:
            return {name: np.zeros(shape, kind) for name, (kind, shape) in shapes.items()}
        return {name: np.memmap(self.folder / name, kind, "r", shape=shape) for name, (kind, shape) in shapes.items()}

    def _flat(self, name: str) -> Any:
        import faiss

        if self._built.get(name, (0, None))[0] != len(self):
            index = faiss.IndexBinaryFlat(8 * HASHES[name])
            index.add(self._columns[name])
            self._built[name] = (len(self), index)
        return self._built[name][1]

    # -- files -----------------------------------------------------------------------------------------------------------
    def _state(self) -> dict[str, int]:
        try:
            return dict(json.loads((self.folder / "state.json").read_text("utf-8")))
        except FileNotFoundError:
            return dict(EMPTY)
        except ValueError as error:
            raise TouchstoneError(f"{self.folder / 'state.json'}: {error}; `touchstone index rebuild` makes it again") from None

    def _keep(self, state: dict[str, int]) -> None:
        new = self.folder / "state.json.new"
        new.write_text(json.dumps(state), "utf-8")
        new.replace(self.folder / "state.json")

    def _write(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _size(self, name: str) -> int:
        path = self.folder / name
        return path.stat().st_size if path.exists() else 0

    def _clear(self) -> None:
        for name in (*HASHES, VECTOR, "image", "state.json"):
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[IO[str]]:
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock


def index_folder(archive: Path) -> Path:
    """Where the index lies: beside the archive."""
    return archive.parent / "index"


def forget(folder: Path) -> None:
    """Take the files away, of every version: what they were derived from is erased. The next search makes them again from what is left."""
    shutil.rmtree(folder, ignore_errors=True)


def _nothing() -> Hits:
    import numpy as np

    return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
