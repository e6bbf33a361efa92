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
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from casework.export.wacz import entry
from store.words.records import canonical

KINDS = ("flip", "delete bytes", "insert bytes", "reorder", "truncate", "delete file", "add file")
PLAIN_PYTHON = next(p for p in ("/usr/bin/python3", str(Path(sys.base_prefix) / "bin" / "python3")) if Path(p).exists())


def run_verify(script: Path, pack: Path, *more: str, python: str = PLAIN_PYTHON) -> tuple[int, dict[str, Any]]:
    """verify.py as a stranger runs it: a Python outside the virtual environment, isolated, without site, in an empty environment."""
    done = subprocess.run([python, "-I", "-S", str(script), str(pack), "--json", *more], env={}, cwd="/", capture_output=True, timeout=120)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout) if done.stdout else {}


class Plain:
    """verify.py in a Python outside the virtual environment, isolated and without site, that opens no connection and starts nothing: one process
    for many packs, so that a thousand take seconds."""

    LOOP = """
import importlib.util, json, sys
def no(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "urllib.")):
        sys.stderr.write("TRIED " + event); sys.stderr.flush(); raise SystemExit(9)
sys.addaudithook(no)
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
verifier = importlib.util.module_from_spec(spec); sys.modules["verify"] = verifier; spec.loader.exec_module(verifier)
from pathlib import Path
for line in sys.stdin:
    report = verifier.verify(Path(line.rstrip("\\n")))
    print(json.dumps([[p.file, p.where, p.what] for p in report.problems]), flush=True)
"""

    def __init__(self, script: Path) -> None:
        command = [PLAIN_PYTHON, "-I", "-S", "-c", self.LOOP, str(script)]
        self._process = subprocess.Popen(
            command, env={}, cwd="/", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        assert self._process.returncode == 0

    def problems(self, pack: Path) -> list[tuple[str, str, str]]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{pack}\n")
        self._process.stdin.flush()
        return [(file, where, what) for file, where, what in json.loads(self._process.stdout.readline())]


def files(pack: Path) -> list[str]:
    return sorted(p.relative_to(pack).as_posix() for p in pack.rglob("*") if p.is_file())


WACZ = "data/archive.wacz"
WITHIN = "!"  # archive.wacz!archive/x.warc.gz: an entry of it


def targets(pack: Path) -> list[str]:
    """Every file of a pack, and every entry of its WACZ."""
    with zipfile.ZipFile(pack / WACZ) as package:
        return files(pack) + [f"{WACZ}{WITHIN}{name}" for name in package.namelist()]


def kind_of(name: str) -> str:
    """Files of one kind are damaged equally often, however many of them there are."""
    if WITHIN in name:
        return f"{WACZ}{WITHIN}{name.partition(WITHIN)[2].partition('/')[0]}"
    if name.startswith("data/pages/"):
        return "data/pages/" + "".join(Path(name).suffixes[-2:])
    return name.rpartition("/")[0] if name.count("/") > 1 else name


def entries(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack / WACZ) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


def rezip(pack: Path, found: dict[str, bytes], anew: bool = False) -> None:
    """Write the WACZ of these entries; with `anew` its own digests are computed again."""
    if anew:
        said = json.loads(found["datapackage.json"])
        for each in said["resources"]:
            each.update(hash=f"sha256:{sha(found[each['path']])}", bytes=len(found[each["path"]]))
        found["datapackage.json"] = canonical(said) + b"\n"
        found["datapackage-digest.json"] = (
            canonical({"path": "datapackage.json", "hash": f"sha256:{sha(found['datapackage.json'])}"}) + b"\n"
        )
    with zipfile.ZipFile(pack / WACZ, "w") as package:
        for name, data in found.items():
            package.writestr(entry(name, len(data)), data)


def damage(pack: Path, how: str, name: str, dice: random.Random) -> tuple[str, str] | None:
    """Damage one file, or one entry of the WACZ: the path that a report must name and, of an entry, which; None where nothing came of it."""
    if WITHIN in name:
        return _damage_within(pack, how, name.partition(WITHIN)[2], dice)
    path = pack / name
    data = path.read_bytes()
    if how == "add file":
        added = f"{Path(name).parent.as_posix()}/{dice.choice(['note.txt', '.hidden', 'AB9-1.html', 'z.jsonl'])}".removeprefix("./")
        if (pack / added).exists():
            return None
        (pack / added).write_bytes(dice.choice([b"", b"{}\n", data]))
        return added, ""
    if how == "delete file":
        path.unlink()
        return name, ""
    new = _changed(data, how, name, dice)
    if new == data:
        return None
    path.write_bytes(new)
    return name, ""


def _damage_within(pack: Path, how: str, name: str, dice: random.Random) -> tuple[str, str] | None:
    found = entries(pack)
    if how == "add file":
        name = f"{Path(name).parent.as_posix()}/{dice.choice(['note.txt', 'z.warc.gz', 'index.cdx'])}".removeprefix("./")
        if name in found:
            return None
        found[name] = dice.choice([b"", b"{}\n"])
    elif how == "delete file":
        del found[name]
    elif (new := _changed(found[name], how, name, dice)) == found[name]:
        return None
    else:
        found[name] = new
    rezip(pack, found)
    return WACZ, name


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


def manifest_of(pack: Path, names: list[str], within: str = "") -> bytes:
    return "".join(f"{sha((pack / within / n).read_bytes())}  {n}\n" for n in sorted(names, key=os.fsencode)).encode()


def reseal(pack: Path, **head: Any) -> None:
    """Manifests and head computed anew, and the event and the folder of the export made to agree with them: what an editor can do without the log."""
    payload = [n for n in files(pack) if n.startswith("data/")]
    (pack / "manifest-sha256.txt").write_bytes(manifest_of(pack, payload))
    info = (pack / "bag-info.txt").read_text()
    oxum = f"Payload-Oxum: {sum((pack / n).stat().st_size for n in payload)}.{len(payload)}"
    (pack / "bag-info.txt").write_text(re.sub(r"Payload-Oxum: .*", oxum, info))
    tags = {n: sha((pack / n).read_bytes()) for n in files(pack) if "/" not in n and n not in ("head.json", "tagmanifest-sha256.txt")}
    said = json.loads((pack / "head.json").read_bytes()) | {"files": tags} | head
    (pack / "head.json").write_bytes(canonical(said))
    (pack / "tagmanifest-sha256.txt").write_bytes(manifest_of(pack, [*tags, "head.json"]))
    chain = "0" * 64
    for event in rows(pack, "data/log.jsonl"):
        chain = sha(bytes.fromhex(chain) + bytes.fromhex(event["inner"]))
    tail, export = rows(pack, "export/log.jsonl"), json.loads((pack / "export/export.json").read_bytes())
    digest = sha((pack / "head.json").read_bytes())
    for event in tail:
        if event["seq"] == export["event"]:
            event["event"]["detail"]["head"] = digest
            event["inner"] = sha(bytes.fromhex(event["salt"]) + canonical(event["event"]))
        chain = sha(bytes.fromhex(chain) + bytes.fromhex(event["inner"]))
        if "event" in event:
            event["chain"] = chain
    write_rows(pack, "export/log.jsonl", tail)
    export |= {"head": digest, "log": {"seq": tail[-1]["seq"], "head": chain}}
    (pack / "export/export.json").write_bytes(canonical(export))
    revouch(pack)
    reseal_export(pack)


def revouch(pack: Path) -> None:
    """attest.json and the signed heads of the log made to agree with the rest, as far as that takes no key: the signatures then hold no more."""
    chain, chains = "0" * 64, {}
    for event in rows(pack, "data/log.jsonl") + rows(pack, "export/log.jsonl"):
        chain = chains[event["seq"]] = sha(bytes.fromhex(chain) + bytes.fromhex(event["inner"]))
    if (pack / "export/log-heads.jsonl").exists():
        heads = rows(pack, "export/log-heads.jsonl")
        for head in heads:
            said = json.loads(head["statement"])
            head["statement"] = canonical(said | {"chain": chains.get(said["seq"], said["chain"])}).decode()
        write_rows(pack, "export/log-heads.jsonl", heads)
    said = json.loads((pack / "export/attest.json").read_bytes()) | {"head": sha((pack / "head.json").read_bytes())}
    said["files"] = {name: sha((pack / "export" / name).read_bytes()) for name in said["files"]}
    (pack / "export/attest.json").write_bytes(canonical(said))


def reseal_export(pack: Path) -> None:
    names = [n.removeprefix("export/") for n in files(pack) if n.startswith("export/") and n != "export/manifest-sha256.txt"]
    (pack / "export/manifest-sha256.txt").write_bytes(manifest_of(pack, names, "export"))


def rechain(pack: Path) -> dict[str, Any]:
    """The log up to the seal computed anew, with salts of the editor's own; the head's word for it."""
    chain, events = "0" * 64, rows(pack, "data/log.jsonl")
    for event in events:
        if "event" in event:
            event["salt"] = secrets.token_hex(16)
            event["inner"] = sha(bytes.fromhex(event["salt"]) + canonical(event["event"]))
        chain = sha(bytes.fromhex(chain) + bytes.fromhex(event["inner"]))
        if "event" in event:
            event["chain"] = chain
    write_rows(pack, "data/log.jsonl", events)
    return {"seq": events[-1]["seq"], "head": chain}


def forge_record(
    pack: Path, capture: int, change: Callable[[bytes], bytes], index: Callable[[list[bytes]], list[bytes]] = lambda lines: lines,
    more: Callable[[dict[str, bytes]], None] = lambda entries: None, more_rows: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
) -> dict[str, Any]:  # fmt: skip
    """Change the record of a capture (`change`: its text → its text, or its gzip member), the WACZ's index and other entries, and make records.jsonl
    and the digests within the WACZ agree; the capture's row."""
    row = next(c for c in rows(pack, "data/rows/captures.jsonl") if c["id"] == capture)
    found, records = entries(pack), rows(pack, "data/rows/records.jsonl")
    warc = next(r["file"] for r in records if r["id"] == row["warc"]["record_id"])
    data, moved = b"", {}
    for member in members(found[warc]):
        text = zlib.decompress(member, 31)
        named = re.search(rb"WARC-Record-ID: (\S+)", text)
        assert named
        if named[1].decode() == row["warc"]["record_id"] and (new := change(text)) != text:
            member = new if new.startswith(b"\x1f\x8b") else squeezed(new)
        moved[named[1].decode()] = {"offset": len(data), "length": len(member), "sha256": sha(member)}
        data += member
    found[warc] = data
    place = {(r["file"].rpartition("/")[2], str(r["offset"])): r["id"] for r in records}
    lines = []
    for line in found["indexes/index.cdx"].splitlines():
        key, moment, rest = line.split(b" ", 2)
        said = json.loads(rest)
        if (number := place[said["filename"], said["offset"]]) in moved:
            said |= {name: str(moved[number][name]) for name in ("offset", "length")}
        lines.append(b" ".join((key, moment, canonical(said))) + b"\n")
    found["indexes/index.cdx"] = b"".join(index(lines))
    more(found)
    rezip(pack, found, anew=True)

    def renewed(found: list[dict[str, Any]]) -> None:
        for each in found:
            each.update(moved.get(each["id"], {}) if each["file"] == warc else {})
        more_rows(found)

    edit_rows(pack, "data/rows/records.jsonl", renewed)
    return row


def squeezed(text: bytes) -> bytes:
    """A record as the archive packs one."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return squeeze.compress(text) + squeeze.flush()


def reblocked(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A record with another block, its digest and length computed anew."""
    head, _, rest = text.partition(b"\r\n\r\n")
    block = change(rest[:-4])
    head = re.sub(rb"(?<=\r\nContent-Length: )\d+", str(len(block)).encode(), head)
    head = re.sub(rb"(?<=WARC-Block-Digest: )\S+", b"sha256:" + sha(block).encode(), head)
    return head + b"\r\n\r\n" + block + b"\r\n\r\n"


def forge_page(pack: Path, old: bytes, new: bytes) -> int:
    """Change what one captured page says, wherever the pack says it, and compute every digest anew; the capture that was changed."""
    page = next(p for p in rows(pack, "data/rows/pages.jsonl") if old in (pack / "data" / p["file"]).read_bytes())
    body = (pack / "data" / page["file"]).read_bytes().replace(old, new)
    (pack / "data" / page["file"]).write_bytes(body)
    before = next(c for c in rows(pack, "data/rows/captures.jsonl") if c["id"] == page["capture"])

    def digest(lines: list[bytes]) -> list[bytes]:
        return [line.replace(before["body_digest"].encode(), sha(body).encode()) for line in lines]

    capture = forge_record(pack, page["capture"], lambda text: _forged_record(text, old, new), digest)

    def captures(found: list[dict[str, Any]]) -> None:
        for row in found:
            if row["id"] == capture["id"]:
                row["body_digest"], row["body_length"] = sha(body), len(body)

    edit_rows(pack, "data/rows/captures.jsonl", captures)
    edit_rows(
        pack, "data/rows/pages.jsonl", lambda found: [r.update(sha256=sha(body)) for r in found if r["capture"] == capture["id"]] and None
    )
    edit_rows(
        pack,
        "data/log.jsonl",
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
    def change(block: bytes) -> bytes:
        http, gap, payload = block.partition(b"\r\n\r\n")
        return http + gap + payload.replace(old, new)

    payload = change(text.partition(b"\r\n\r\n")[2][:-4]).partition(b"\r\n\r\n")[2]
    return re.sub(rb"(?<=WARC-Payload-Digest: )\S+", b"sha256:" + sha(payload).encode(), reblocked(text, change), count=1)
