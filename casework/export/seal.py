"""Closing a pack: the manifest over every file, the head over the manifest and the log, and the zip beside it."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

from store.version import code_version
from store.words.records import canonical

FORMAT = "touchstone-pack/1"
HEAD, MANIFEST = "head.json", "manifest.sha256"


def tool() -> dict[str, str]:
    """The name of what made the pack, and its version with the digest of its source."""
    return {"name": "touchstone-scanner", "version": code_version()}


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files(folder: Path) -> list[tuple[str, Path]]:
    """Every file of a pack by its path in it, in the order of the manifest: by the bytes of the path."""
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()]
    return sorted(found, key=lambda item: item[0].encode())


def write_manifest(folder: Path) -> str:
    """Write manifest.sha256 as sha256sum(1) would check it; its digest."""
    lines = [f"{sha256_file(path)}  {name}\n" for name, path in files(folder) if name not in (HEAD, MANIFEST)]
    data = "".join(lines).encode()
    (folder / MANIFEST).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_head(folder: Path, *, case: str, log: dict[str, Any], made_at: str, export_event: int) -> str:
    """Write head.json over the manifest; the pack's head, which is what is printed and quoted on paper."""
    manifest = write_manifest(folder)
    data = canonical(
        {"format": FORMAT, "case": case, "manifest": manifest, "log": log, "made_at": made_at, "export_event": export_event, "tool": tool()}
    )
    (folder / HEAD).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_zip(folder: Path, target: Path) -> None:
    """The pack as one file, the same bytes for the same pack: no times, no owners, files in order, one at a time through memory."""
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name, path in files(folder):
                info = zipfile.ZipInfo(f"{folder.name}/{name}", (1980, 1, 1, 0, 0, 0))
                info.external_attr = 0o100644 << 16
                info.create_system = 3
                # what is compressed already is stored as it is
                info.compress_type = zipfile.ZIP_STORED if path.suffix in (".gz", ".jpg", ".png", ".webp", ".pdf") else zipfile.ZIP_DEFLATED
                info.file_size = path.stat().st_size
                with path.open("rb") as source, archive.open(info, "w") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
