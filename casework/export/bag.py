"""The pack's outer form: a bag (BagIt 1.0, RFC 8493) whose tag files say what is in it, and one head over all of that.

The payload under data/ and the tag files follow from the seal alone. head.json names the log at the seal and the digest of each tag file,
the payload's manifest among them; its own digest is the pack's head. The tag manifest follows from these. What is of the export and not of
the case (when, by whom, stamps, signatures) lies in export/, outside both manifests, with a manifest of its own.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

from casework import verify
from casework.export.wacz import entry
from store.version import code_version
from store.words.records import canonical

FORMAT = verify.FORMAT
HEAD, MANIFEST, TAGS, PAYLOAD, EXPORT = "head.json", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data", "export"
STORED = (".gz", ".jpg", ".png", ".webp", ".pdf", ".wacz", ".zip")  # what is compressed already is not compressed again


def tool() -> dict[str, str]:
    """The name of what made the pack, and its version with the digest of its source."""
    return {"name": "touchstone-scanner", "version": code_version()}


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files(folder: Path) -> list[tuple[str, Path]]:
    """Every file below a folder by its path in it, in the order of a manifest: by the bytes of the path."""
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()]
    return sorted(found, key=lambda item: item[0].encode())


def manifest(rows: dict[str, str]) -> bytes:
    """Lines as sha256sum(1) checks them, in order of the paths' bytes."""
    return "".join(f"{rows[name]}  {name}\n" for name in sorted(rows, key=str.encode)).encode()


def write_bag(folder: Path, *, case: str, authority: str, seal: int, log: dict[str, Any]) -> str:
    """Write all tag files over the payload in `folder`/data and verify.py beside it; the pack's head, which is printed and quoted on paper."""
    payload = {f"{PAYLOAD}/{name}": path for name, path in files(folder / PAYLOAD)}
    (folder / MANIFEST).write_bytes(manifest({name: sha256_file(path) for name, path in payload.items()}))
    size = sum(path.stat().st_size for path in payload.values())
    (folder / "bagit.txt").write_bytes(b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    info = {
        "Source-Organization": authority,
        "External-Identifier": case,
        "Internal-Sender-Identifier": f"event {seal} of the log",
        "Internal-Sender-Description": f"Evidence pack of case {case} as sealed at event {seal} of the log; README.txt says how to read and check it",
        "Bag-Software-Agent": " ".join(tool().values()),
        "Payload-Oxum": f"{size}.{len(payload)}",
    }
    (folder / "bag-info.txt").write_bytes("".join(f"{name}: {' '.join(value.split())}\n" for name, value in info.items()).encode())
    tags = {name: sha256_file(path) for name, path in files(folder) if "/" not in name}
    head = canonical({"format": FORMAT, "case": case, "seal": seal, "log": log, "files": tags, "tool": tool()})
    (folder / HEAD).write_bytes(head)
    digest = hashlib.sha256(head).hexdigest()
    (folder / TAGS).write_bytes(manifest({**tags, HEAD: digest}))
    return digest


def write_zip(folder: Path, target: Path) -> None:
    """The pack as one file, the same bytes for the same pack: no times, no owners, files in order, one at a time and in pieces."""
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name, path in files(folder):
                info = entry(f"{folder.name}/{name}", path.stat().st_size)
                info.compress_type = zipfile.ZIP_STORED if path.suffix in STORED else zipfile.ZIP_DEFLATED
                with path.open("rb") as source, archive.open(info, "w") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
