"""What somebody could do to a pack: random damage, and the work of an editor who computes every digest anew."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import secrets
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.words.records import canonical

KINDS = ("flip", "delete bytes", "insert bytes", "reorder", "truncate", "delete file", "add file")
PLAIN_PYTHON = next(p for p in ("/usr/bin/python3", str(Path(sys.base_prefix) / "bin" / "python3")) if Path(p).exists())


def run_verify(script: Path, pack: Path, *more: str, python: str = PLAIN_PYTHON) -> tuple[int, dict[str, Any]]:
    """verify.py as a stranger runs it: a Python outside the virtual environment, isolated, without site, in an empty environment."""
    done = subprocess.run([python, "-I", "-S", str(script), str(pack), "--json", *more], env={}, cwd="/", capture_output=True, timeout=120)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


def files(pack: Path) -> list[str]:
    return sorted(p.relative_to(pack).as_posix() for p in pack.rglob("*") if p.is_file())


def kind_of(name: str) -> str:
    """Files of one kind are damaged equally often, however many of them there are."""
    return name.split("/")[0] + ("/" + "".join(Path(name).suffixes[-2:]) if name.startswith("pages/") else "") if "/" in name else name


def damage(pack: Path, how: str, name: str, dice: random.Random) -> str | None:
    """Damage one file; the path that a report must name, or None where nothing came of it."""
    path = pack / name
    data = path.read_bytes()
    if how == "add file":
        added = f"{Path(name).parent.as_posix()}/{dice.choice(['note.txt', '.hidden', 'AB9-1.html', 'z.jsonl'])}".removeprefix("./")
        if (pack / added).exists():
            return None
        (pack / added).write_bytes(dice.choice([b"", b"{}\n", data]))
        return added
    if how == "delete file":
        path.unlink()
        return name
    new = _changed(data, how, name, dice)
    if new == data:
        return None
    path.write_bytes(new)
    return name


def _changed(data: bytes, how: str, name: str, dice: random.Random) -> bytes:
    at = dice.randrange(len(data)) if data else 0
    some = dice.randint(1, 40)
    if how == "flip":
        return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :] if data else data
    if how == "delete bytes":
        return data[:at] + data[at + some :]
    if how == "insert bytes":
        return data[:at] + dice.randbytes(some) + data[at:]
    if how == "truncate":
        return data[:at]
    parts = (
        members(data)
        if name.endswith(".warc.gz")
        else data.splitlines(keepends=True)
        if data.count(b"\n") > 1
        else [data[i : i + 64] for i in range(0, len(data), 64)]
    )
    if len(parts) > 1:
        a, b = dice.sample(range(len(parts)), 2)
        parts[a], parts[b] = parts[b], parts[a]
    return b"".join(parts)


def members(data: bytes) -> list[bytes]:
    out = []
    while data:
        unpack = zlib.decompressobj(31)
        unpack.decompress(data)
        out.append(data[: len(data) - len(unpack.unused_data)])
        data = unpack.unused_data
    return out


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rows(pack: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (pack / name).read_bytes().splitlines()]


def write_rows(pack: Path, name: str, found: list[Any]) -> None:
    (pack / name).write_bytes(b"".join(canonical(r) + b"\n" for r in found))


def edit_rows(pack: Path, name: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    found = rows(pack, name)
    change(found)
    write_rows(pack, name, found)


def reseal(pack: Path, **head: Any) -> None:
    """The manifest and the head computed anew."""
    names = sorted((n for n in files(pack) if n not in ("head.json", "manifest.sha256")), key=os.fsencode)
    data = "".join(f"{sha((pack / n).read_bytes())}  {n}\n" for n in names).encode()
    (pack / "manifest.sha256").write_bytes(data)
    said = json.loads((pack / "head.json").read_bytes()) | {"manifest": sha(data)} | head
    (pack / "head.json").write_bytes(canonical(said))


def rechain(pack: Path) -> dict[str, Any]:
    """The log computed anew, with salts of the editor's own; the head's word for it."""
    chain, events = "0" * 64, rows(pack, "log.jsonl")
    for event in events:
        if "event" in event:
            event["salt"] = secrets.token_hex(16)
            event["inner"] = sha(bytes.fromhex(event["salt"]) + canonical(event["event"]))
        chain = sha(bytes.fromhex(chain) + bytes.fromhex(event["inner"]))
        if "event" in event:
            event["chain"] = chain
    write_rows(pack, "log.jsonl", events)
    return {"seq": events[-1]["seq"], "head": chain}


def forge_page(pack: Path, old: bytes, new: bytes) -> int:
    """Change what one captured page says, wherever the pack says it, and compute every digest anew; the capture that was changed."""
    page = next(p for p in rows(pack, "data/pages.jsonl") if old in (pack / p["file"]).read_bytes())
    capture = next(c for c in rows(pack, "data/captures.jsonl") if c["id"] == page["capture"])
    body = (pack / page["file"]).read_bytes().replace(old, new)
    (pack / page["file"]).write_bytes(body)
    warc, places, at = capture["warc"]["file"], {}, 0
    data = b""
    for member in members((pack / warc).read_bytes()):
        text = zlib.decompress(member, 31)
        record = re.search(rb"WARC-Record-ID: (\S+)", text)
        assert record
        if record[1].decode() == capture["warc"]["record_id"]:
            pack_member = zlib.compressobj(9, zlib.DEFLATED, 31)
            member = pack_member.compress(_forged_record(text, old, new)) + pack_member.flush()
        places[record[1].decode()] = (at, len(member))
        data += member
        at += len(member)
    (pack / warc).write_bytes(data)

    def captures(found: list[dict[str, Any]]) -> None:
        for row in found:
            if row["warc"]["file"] == warc:
                row["warc"]["offset"], row["warc"]["length"] = places[row["warc"]["record_id"]]
            if row["id"] == capture["id"]:
                row["body_digest"], row["body_length"] = sha(body), len(body)

    edit_rows(pack, "data/captures.jsonl", captures)
    edit_rows(
        pack,
        "data/pages.jsonl",
        lambda found: [r.update(sha256=sha(body), digest=sha(body)) for r in found if r["capture"] == capture["id"]] and None,
    )
    edit_rows(
        pack,
        "log.jsonl",
        lambda found: (
            [
                r["event"]["detail"].update(sha256=sha(body))
                for r in found
                if "event" in r and r["event"]["detail"].get("record") == capture["record_id"]
            ]
            and None
        ),
    )
    reseal(pack, log=rechain(pack))
    return int(capture["id"])


def _forged_record(text: bytes, old: bytes, new: bytes) -> bytes:
    head, _, rest = text.partition(b"\r\n\r\n")
    http, _, payload = rest[:-4].partition(b"\r\n\r\n")
    payload = payload.replace(old, new)
    block = http + b"\r\n\r\n" + payload
    head = re.sub(rb"(?<=\r\nContent-Length: )\d+", str(len(block)).encode(), head)
    head = re.sub(rb"(?<=WARC-Block-Digest: )\S+", b"sha256:" + sha(block).encode(), head)
    head = re.sub(rb"(?<=WARC-Payload-Digest: )\S+", b"sha256:" + sha(payload).encode(), head)
    return head + b"\r\n\r\n" + block + b"\r\n\r\n"
