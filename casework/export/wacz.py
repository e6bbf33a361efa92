"""The archive's records as one WACZ file (WACZ 1.1.1), written in pieces: neither a package nor a record is ever whole in memory.

A ZIP whose entries are all stored (so that a reader finds a record by one seek): archive/*.warc.gz, an index in CDXJ, the list of pages, and
the digests of all of it. No entry has a time or an owner of its own: the same records give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

VERSION = "1.1.1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP can name


def entry(name: str, size: int = 0) -> zipfile.ZipInfo:
    """An entry of a ZIP that says nothing of when, where and by whom it was made; `size` in bytes, as far as it is known."""
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = 0o100644 << 16
    info.create_system = 3
    info.compress_type = zipfile.ZIP_STORED
    info.file_size = size
    return info


class Entry:
    """What is written of one entry: where it stands, and the digest so far."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._digest, self.at = out, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self.at += len(data)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


class WaczWriter:
    """One WACZ file. Entries are written one after another; `finish` adds what speaks of them all."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w")
        self._resources: list[dict[str, Any]] = []

    def __enter__(self) -> WaczWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._zip.close()

    @contextmanager
    def resource(self, path: str, size: int = 0) -> Iterator[Entry]:
        """A file of the package, to be written in pieces; `size` in bytes where it is known before, so that one beyond 4 GiB can be."""
        with self._zip.open(entry(path, size), "w", force_zip64=size > zipfile.ZIP64_LIMIT) as out:
            writing = Entry(out)
            yield writing
        name = f"{len(self._resources)}-{re.sub(r'[^-a-z0-9._/]', '-', path.rpartition('/')[2].lower())}"
        self._resources.append({"name": name, "path": path, "hash": f"sha256:{writing.digest}", "bytes": writing.at})

    def finish(self, *, index: Iterable[bytes], pages: Iterable[Mapping[str, Any]], title: str, created: str, software: str) -> None:
        """Write the index (lines of CDXJ, in order), the list of pages and the package's own description. `created`: as WACZ writes times."""
        with self.resource("indexes/index.cdx") as out:
            for line in index:
                out.write(line)
        with self.resource("pages/pages.jsonl") as out:
            for row in ({"format": "json-pages-1.0", "id": "pages", "title": title}, *pages):
                out.write(_json(row))
        package = {
            "profile": "data-package", "wacz_version": VERSION, "title": title, "software": software, "created": created,
            "resources": self._resources,
        }  # fmt: skip
        data = _json(package)
        self._zip.writestr(entry("datapackage.json", len(data)), data)
        said = _json({"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"})
        self._zip.writestr(entry("datapackage-digest.json", len(said)), said)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
