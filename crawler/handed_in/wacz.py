"""A WACZ package (a ZIP of WARC files with lists of pages, as ArchiveWeb.page and Browsertrix write it), read member by member in memory.

Nothing is unpacked to the disk, so that a member's name is a label and never a path.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from dataclasses import replace

from crawler.handed_in import warc
from crawler.handed_in._parts import MAX_DECODED, MAX_PARTS, Budget, Contents, Damaged, File, Part, Role, mib, printable, same
from store.errors import TouchstoneError
from store.secrets import redact_body

KIND = "wacz"
TEXTS = (".json", ".jsonl", ".cdxj", ".cdx", ".txt", ".idx")


def is_mine(file: File) -> bool:
    if not file.body.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(file.body)) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return b"datapackage.json" in file.body or b".warc" in file.head  # cut off before its directory
    return "datapackage.json" in names or any(name.endswith((".warc", ".warc.gz")) for name in names)


def read(file: File) -> Contents:
    """The answers in its WARC files. Pages are those that its own lists name, else every document.

    Raises TouchstoneError where its directory cannot be read or stands for more than may be unpacked: its headers may hold cookies.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file.body)) as package:
            return _read(file, package)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise TouchstoneError(
            f"{file.path}: this WACZ cannot be read ({printable(error, 100)}); it may hold cookies that could not be taken out, so nothing of it was kept"
        ) from None


def _read(file: File, package: zipfile.ZipFile) -> Contents:
    members = [m for m in package.infolist() if not m.is_dir()]
    size = sum(m.file_size for m in members)
    if size > MAX_DECODED or len(members) > MAX_PARTS:
        raise TouchstoneError(
            f"{file.path}: it stands for {mib(size)} MiB in {len(members)} members, more than {mib(MAX_DECODED)} MiB or {MAX_PARTS}; nothing of it was kept"
        )
    budget, problems, parts = Budget(), list[str](), list[Part]()
    kept: list[tuple[str, bytes]] = []
    claims: dict[str, str] = {}
    pages: set[str] = set()
    changed = False
    for member in members:
        if not _is_within(member.filename):
            problems.append(f"its member {printable(member.filename, 80)!r} has a name that leads outside, and was not read")
            changed = True
            continue
        data = package.read(member)
        if member.filename.endswith((".warc", ".warc.gz")):
            records, found, problem = warc.records_of(data, budget)
            parts += [replace(part, name=f"{member.filename}#{part.name}") for part in found]
            if problem:
                problems.append(f"{printable(member.filename, 80)}: {problem}")
            if problem or any(record.changed for record in records):
                data, changed = warc.written(records), True
        elif member.filename.lower().endswith(TEXTS):
            safe = _safe(data)
            changed, data = changed or safe != data, safe
            if member.filename == "datapackage.json":
                claims = _claims(data)
            elif member.filename.startswith("pages/"):
                pages |= _pages(data)
        kept.append((member.filename, data))
    if pages:
        parts = [replace(p, role=Role.other) if p.role is Role.page and same(p.url) not in pages else p for p in parts]
    if not parts:
        problems.append("no answer of a server was found in it")
    body = _packed(kept) if changed else file.body
    return Contents(KIND, body, "application/wacz", tuple(parts), claims, tuple(problems), redacted=changed)


def _is_within(name: str) -> bool:
    return not (name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name) or "\0" in name)


def _safe(data: bytes) -> bytes:
    """A list's lines without the secrets of the addresses in them; the very same bytes where there were none."""
    return b"\n".join(
        redact_body(line, "text/plain") if b"?" in line or b"@" in line or b";" in line or b"#" in line else line
        for line in data.split(b"\n")
    )


def _claims(data: bytes) -> dict[str, str]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    names = {"title": "title", "saved_by": "software", "saved_at": "created", "saved_from": "mainPageUrl"}
    return {ours: printable(said[theirs]) for ours, theirs in names.items() if isinstance(said, dict) and said.get(theirs)}


def _pages(data: bytes) -> set[str]:
    found = set()
    for line in data.splitlines()[:MAX_PARTS]:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and isinstance(said.get("url"), str):
            found.add(same(said["url"]))
    return found


def _packed(members: list[tuple[str, bytes]]) -> bytes:
    """The package again with the same members. Its index and digests speak of the original: the sighting says that this is a copy."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in members:
            stored = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
            package.writestr(zipfile.ZipInfo(name), data, stored)
    return out.getvalue()


__all__ = ["KIND", "Damaged", "is_mine", "read"]
