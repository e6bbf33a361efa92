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
from urllib.parse import unquote_to_bytes, urlsplit

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


def cdxj(url: str, moment: str, **said: Any) -> bytes:
    """A line of CDXJ 0.1: the address's sort-friendly form, the time (17 digits, UTC), and where the record lies."""
    return f"{surt(url)} {moment} ".encode("utf-8", "replace") + _json({"url": url, **{k: str(v) for k, v in said.items()}})


def surt(url: str) -> str:
    """An address in its sort-friendly form: `http://www.shop.example:80/B/?z=1&a=%5b` is `example,shop)/b?a=[&z=1`; one without a host as it is.

    As viewers of web archives look addresses up (the rules that the Internet Archive set), but for the session numbers that those leave out.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _escaped(url)
    if not parts.hostname:
        return _escaped(url)
    host = ",".join(reversed(re.sub(r"^www\d*\.", "", parts.hostname.lower()).split(".")))
    if port is not None and port != {"http": 80, "https": 443}.get(parts.scheme.lower()):
        host += f":{port}"
    path = _escaped(parts.path).lower()
    query = "&".join(sorted(_escaped(parts.query).lower().split("&")))
    return f"{_escaped(host)}){path.rstrip('/') or '/'}{f'?{query}' if query else ''}"


def _escaped(text: str) -> str:
    """With every escape undone, and only those made that an address cannot do without."""
    data = text.encode("utf-8", "surrogateescape")
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in b"#%" else f"%{b:02x}" for b in data)
