#!/usr/bin/env python3
"""Check an evidence pack: `python3 -I verify.py [PACK | --log FILE] [--head DIGEST] [--json]`. Standard library only, no network, Python 3.9 or later.

Every digest in the pack is computed anew and every link between its files followed: the bag's manifests (RFC 8493), the records within
archive.wacz, the rows, the chain of the log to the seal and on to the export. That shows whether the pack is still as it was sealed; it
cannot show that what was sealed is true. What was not checked is printed each time. Somebody who edits a pack and computes all its digests
anew is found out only by `--head`: give the digest that was printed at export and quoted on paper, and run a verify.py that did not come
with the pack. No record is held in memory whole.

Exit status: 0 accepted, 1 problems found, 2 could not run.
"""

from __future__ import annotations

import sys

# A pack may hold a file named like a module of the standard library: nothing is imported from beside this file or from where it is run.
sys.path[:] = [p for p in sys.path if p and p != __file__.rpartition("/")[0] and p != "."] if __name__ == "__main__" else sys.path

import argparse
import hashlib
import json
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

FORMAT, EXPORT_FORMAT, OLDER = "touchstone-pack/2", "touchstone-export/1", "touchstone-pack/1"
GENESIS = "0" * 64
HEAD, MANIFEST, TAGS, BAGIT, INFO = "head.json", "manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "bag-info.txt"
LOG, ROWS, GAPS, WACZ = "data/log.jsonl", "data/rows/", "data/gaps.json", "data/archive.wacz"
SAID, TAIL, EXPORTED = "export/export.json", "export/log.jsonl", "export/manifest-sha256.txt"
ATTEST, HEADS = "export/attest.json", "export/log-heads.jsonl"
PIECE = 1 << 18  # bytes that are read at a time
LONGEST_HEAD = 1 << 22  # bytes of a record's head, and of the message's within
MOST = (
    1 << 30
)  # bytes that a payload may unpack to before this program gives up on it: a small file can be made to unpack to a very large one
WACZ_OTHERS = {"datapackage.json", "datapackage-digest.json"}
TABLES = (
    "actors",
    "attribution",
    "captures",
    "case",
    "connections",
    "contacts",
    "custody",
    "custody_gaps",
    "disagreements",
    "examinations",
    "exhibits",
    "files",
    "findings",
    "flags",
    "follow_ups",
    "images",
    "incidents",
    "items",
    "judgements",
    "leads",
    "links",
    "listings",
    "matches",
    "methods",
    "model_cards",
    "occupants",
    "offences",
    "operations",
    "outcomes",
    "pages",
    "persons",
    "places",
    "premises",
    "readings",
    "records",
    "references",
    "register_entries",
    "registers",
    "runs",
    "searches",
    "sellers",
    "snapshots",
    "standings",
    "versions",
    "withdrawals",
)
RECORDED = ("connections", "incidents", "items", "offences", "outcomes", "persons", "places", "withdrawals")
# Which field of which file names a row of which other file, or a list of them, by its id.
REFERS = (
    ("captures", "run", "runs"),
    ("readings", "capture", "captures"),
    ("readings", "listing", "listings"),
    ("readings", "snapshot", "snapshots"),
    ("readings", "seller", "sellers"),
    ("versions", "listing", "listings"),
    ("versions", "capture", "captures"),
    ("versions", "snapshot", "snapshots"),
    ("examinations", "method", "methods"),
    ("findings", "examination", "examinations"),
    ("findings", "method", "methods"),
    ("matches", "finding", "findings"),
    ("flags", "listing", "listings"),
    ("links", "method", "methods"),
    ("links", "run", "runs"),
    ("flags", "run", "runs"),
    ("contacts", "capture", "captures"),
    ("contacts", "listing", "listings"),
    ("pages", "capture", "captures"),
    ("register_entries", "premises", "premises"),
    ("exhibits", "actor", "actors"),
    ("judgements", "actor", "actors"),
    ("judgements", "supersedes", "judgements"),
    ("records", "capture", "captures"),
    ("records", "answer", "records"),
    ("files", "capture", "captures"),
    ("follow_ups", "premises", "premises"),
    ("follow_ups", "seller", "sellers"),
    ("follow_ups", "actor", "actors"),
    ("standings", "seller", "sellers"),
    ("standings", "judgement", "judgements"),
    ("attribution", "seller", "sellers"),
    ("attribution", "capture", "captures"),
    ("attribution", "exhibit", "exhibits"),
    ("attribution", "actor", "actors"),
    ("leads", "seller", "sellers"),
    ("leads", "capture", "captures"),
    ("occupants", "premises", "premises"),
    ("occupants", "capture", "captures"),
    ("occupants", "actor", "actors"),
    ("disagreements", "judgements", "judgements"),
    ("searches", "run", "runs"),
    ("model_cards", "method", "methods"),
    ("offences", "persons", "persons"),
    ("connections", "person", "persons"),
    ("connections", "seller", "sellers"),
    ("connections", "premises", "premises"),
    ("places", "premises", "premises"),
    ("incidents", "persons", "persons"),
    ("incidents", "premises", "premises"),
    ("outcomes", "persons", "persons"),
    ("outcomes", "offences", "offences"),
    ("custody", "exhibit", "exhibits"),
    ("custody_gaps", "exhibit", "exhibits"),
    *((name, "actor", "actors") for name in RECORDED),
    *((name, "captures", "captures") for name in RECORDED),
    *((name, "supersedes", name) for name in RECORDED),
    *((name, "superseded_by", name) for name in RECORDED),
    *((name, "number", name) for name in RECORDED),
)
SUBJECTS = {
    "item": "items",
    "listing": "listings",
    "capture": "captures",
    "premises": "premises",
    "link": "links",
    "seller": "sellers",
    "flag": "flags",
}
SNAPSHOT_WORDS = (
    "title",
    "text",
    "price_text",
    "price_minor",
    "currency",
    "brand",
    "category",
    "condition",
    "seller",
    "seller_name",
    "place",
)
UNSIGNED = (
    "who made the pack: it carries no signature",
    "when it was made: no trusted time (no time-stamping authority stamped it); all times are the capturing machine's clock",
)
NOT_CHECKED = (
    "whether what the pages said was true, and whether the pictures show the goods that were for sale",
    "who runs an account or a shop: nothing in this pack shows that by itself",
    "whether the opinions of the methods (findings, flags, links) are right; only that they are unchanged and add up",
    "that README.html, summary.pdf, the other pages and the views in pages/*.html say what data/rows says; the rows and archive.wacz are the record",
    "events of the log that belong to other matters: only their digests are here, and that each has its place in the chain",
    "what an administrator did to the database directly, outside the log",
)


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be: in which file, at which line, record or event of it."""

    file: str
    what: str
    where: str = ""

    def __str__(self) -> str:
        return _plain(f"{self.file}{', ' + self.where if self.where else ''}: {self.what}")


@dataclass
class Report:
    """What a check found. `head` is the pack's head, the SHA-256 of head.json."""

    problems: list[Problem] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # what the pack itself says is wrong with its making
    head: str = ""
    case: str = ""

    @property
    def accepted(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Record:
    """One WARC record as it was read: digests only, the bytes are not kept."""

    file: str
    offset: int
    length: int
    kind: str
    id: str
    headers: dict[str, str]
    status: int | None
    payload: str  # SHA-256
    size: int
    decoded: str  # SHA-256 of the payload with its Content-Encoding undone; "" where the standard library cannot
    sha256: str  # of the record as it lies in its file, compressed

    @property
    def where(self) -> str:
        return f"{self.file}, record {self.id or 'without an id'} at byte {self.offset}"


class Refused(Exception):
    """This line, record or file is not what it should be; the text says how."""


def _plain(text: str) -> str:
    """Nothing in a report may steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii") for c in text)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _parse(data: bytes) -> Any:
    """JSON that is canonical to the byte: no second way to write the same row, no key given twice, no NaN."""
    value = json.loads(data.decode("utf-8", "strict"))
    if _canonical(value) != data:
        raise Refused("it is not in canonical form (sorted keys, no spaces, no key twice)")
    return value


def _object(data: bytes) -> dict[str, Any]:
    value = _parse(data)
    if not isinstance(value, dict):
        raise Refused("it is not an object")
    return value


def _why(error: BaseException) -> str:
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    if isinstance(error, ValueError):
        return f"it cannot be read ({error})"
    if isinstance(error, FileNotFoundError):
        return "it is missing"
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror})"
    return f"it could not be checked ({type(error).__name__}: {error})"


class Pack:
    """One check of one folder."""

    def __init__(
        self, folder: Path, further: Callable[[Pack], None] | None = None, vouch: Callable[[Pack], None] | None = None
    ) -> None:  # fmt: skip
        self.folder = folder
        self.vouch = vouch  # what Touchstone adds: signature and time stamp
        self.further = further  # what Touchstone adds to this program: making the drawings again
        self.report = Report(not_checked=list(NOT_CHECKED))
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in TABLES}
        self.ids: dict[str, dict[Any, dict[str, Any]]] = {}
        self.files: dict[str, str] = {}  # path → SHA-256
        self.events: dict[int, dict[str, Any]] = {}
        self.last = (0, GENESIS)
        self.sealed = (0, GENESIS)  # where data/log.jsonl ends
        self.heads: dict[int, str] = {}  # event → the chain's digest there, as it was signed
        self.chains: dict[int, str] = {}  # and as the log has it
        self.head: dict[str, Any] = {}
        self.gaps: dict[str, Any] = {}
        self.index = self.paged = b""  # of archive.wacz
        self.records: dict[str, Record] = {}

    def problem(self, file: str, what: str, where: str = "") -> None:
        self.report.problems.append(Problem(file, what, where))

    def guarded(self, file: str, where: str, check: Callable[..., object], *arguments: Any) -> None:
        """Run a check; whatever it raises is a named problem, never a traceback."""
        try:
            check(*arguments)
        except Exception as error:
            self.problem(file, _why(error), where)

    def read(self, name: str) -> bytes:
        if name not in self.files:  # a pipe or a device would be read for ever
            raise Refused("it is missing, or is no plain file")
        return (self.folder / name).read_bytes()

    # -- files and manifest ------------------------------------------------------------------------------------------------
    def walk(self, below: str = "") -> None:
        """Every file's digest. Links and special files are problems: their content may be anything tomorrow."""
        found = 0
        for entry in sorted(os.scandir(self.folder / below), key=lambda e: e.name):
            found += 1
            path = below + entry.name
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self.guarded(path, "", self.walk, path + "/")
            elif stat.S_ISREG(mode):
                self.guarded(path, "", self.hash, path)
            else:
                self.problem(path, "it is neither a file nor a folder, and was not listed")
        if below and not found:
            self.problem(below, "an empty folder that the manifest does not account for")

    def hash(self, path: str) -> None:
        self.files[path] = ""
        digest = hashlib.sha256()
        with (self.folder / path).open("rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
        self.files[path] = digest.hexdigest()

    def listing(self, name: str, within: str, what: Callable[[str], bool]) -> None:
        """A manifest in `within`, its lines by path: each file is there and is what it lists, and lists all for which `what` holds, in order."""
        listed: dict[str, str] = {}
        last = b""
        for number, line in enumerate(self.read(name).splitlines(keepends=True), 1):
            where = f"line {number}"
            shape = re.fullmatch(rb"([0-9a-f]{64})  ([^\r\n]+)\n", line)
            if not shape:
                self.problem(name, "not a digest, two spaces and a path", where)
                continue
            if shape[2] <= last:
                self.problem(name, "the paths are not in order, or one stands twice", where)
            last = shape[2]
            try:
                path = within + shape[2].decode("utf-8")
            except UnicodeDecodeError as error:
                self.problem(name, _why(error), where)
                continue
            if not what(path) or "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
                self.problem(name, f"{path!r} has no place in it", where)
                continue
            listed[path] = shape[1].decode()
            if path not in self.files:
                self.problem(path, "it is missing", f"named in {name} {where}")
                self.problem(name, f"it lists {path}, which is not there: one of the two was changed", where)
            elif self.files[path] != listed[path]:
                self.problem(path, f"its bytes were changed: it is not the file that {name} {where} lists")
                self.problem(name, f"it does not have the digest of {path}: one of the two was changed", where)
        for path in self.files:
            if what(path) and path not in listed:
                self.problem(path, f"it is not listed in {name}")
                self.problem(name, f"it does not list {path}, which is there: one of the two was changed")
        self.report.checked.append(f"{len(listed)} files against {name}, and that there are no others")

    def manifests(self) -> None:
        """The three manifests: of the payload, of the tag files, of export/. Together they list every file but two of themselves."""
        for name, within, what in (
            (MANIFEST, "", lambda path: path.startswith("data/")),
            (TAGS, "", lambda path: "/" not in path and path != TAGS),
            (EXPORTED, "export/", lambda path: path.startswith("export/") and path != EXPORTED),
        ):
            self.guarded(name, "", self.listing, name, within, what)
        for path in self.files:
            if "/" in path and not path.startswith(("data/", "export/")):
                self.problem(path, "no manifest accounts for it: there is data/ and export/ and nothing else")

    # -- head and rows -----------------------------------------------------------------------------------------------------
    def read_head(self, quoted: str | None) -> None:
        data = self.read(HEAD)
        self.report.head = _sha(data)
        if quoted is not None and quoted != self.report.head:
            self.problem(
                HEAD,
                f"the pack's head is {self.report.head}, not {quoted} as quoted: this is not the pack that was sealed, or the head was mistyped",
            )
        self.head = _object(data)
        self.report.case = str(self.head.get("case", ""))
        if self.head.get("format") != FORMAT:
            older = f"; the verify.py that lies in a pack of {OLDER} reads it" if self.head.get("format") == OLDER else ""
            self.problem(HEAD, f"its format is {self.head.get('format')!r}; this program reads {FORMAT}{older}")
        if set(self.head) != {"case", "files", "format", "log", "seal", "tool"}:
            self.problem(HEAD, "it does not have the fields of a head")

    def tags(self) -> None:
        """The tag files against the head, and what they say against the payload."""
        said = self.head.get("files")
        there = {path for path in self.files if "/" not in path} - {HEAD, TAGS}
        if not isinstance(said, dict) or not {MANIFEST, BAGIT, INFO, "verify.py"} <= set(said):
            raise Refused("it does not name the tag files")
        for path in sorted(there | set(said)):
            if path not in said:
                self.problem(path, f"{HEAD} does not name it")
            elif path not in there:
                self.problem(path, f"it is missing, and {HEAD} names it")
            elif said[path] != self.files[path]:
                self.problem(path, f"it is not the file that {HEAD} names: one of the two was changed")
                self.problem(HEAD, f"it names another {path}: one of the two was changed")
        if self.read(BAGIT) != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            self.problem(BAGIT, "it is not that of BagIt 1.0 in UTF-8")
        info = dict(line.partition(": ")[::2] for line in self.read(INFO).decode("utf-8").splitlines())
        payload = [path for path in self.files if path.startswith("data/")]
        oxum = f"{sum((self.folder / path).stat().st_size for path in payload)}.{len(payload)}"
        if info.get("Payload-Oxum") != oxum:
            self.problem(INFO, f"it says {info.get('Payload-Oxum')} bytes and files, there are {oxum}")
        if info.get("External-Identifier") != self.head.get("case"):
            self.problem(INFO, f"it names another case than {HEAD}")

    def cross_head(self) -> None:
        """Each field of the head against where else it is said, and the seal against its event."""
        about = self.rows["case"][0][1] if len(self.rows["case"]) == 1 else {}
        event = self.events.get(self.sealed[0], {})
        for name, said, where in (
            ("case", about.get("reference"), ROWS + "case.jsonl"),
            ("tool", about.get("tool"), ROWS + "case.jsonl"),
            ("seal", about.get("seal"), ROWS + "case.jsonl"),
            ("seal", self.sealed[0], LOG),
            ("log", {"seq": self.sealed[0], "head": self.sealed[1]}, LOG),
        ):
            if self.head.get(name) != said:
                self.problem(HEAD, f"its {name!r} is not what {where} gives: one of the two was changed")
        if (event.get("verb"), event.get("purpose"), event.get("case")) != ("alteration", "case sealed", self.head.get("case")):
            self.problem(LOG, "its last event does not say that this case was sealed", f"event {self.sealed[0]}")
        if (event.get("at"), event.get("actor")) != (about.get("sealed_at"), about.get("sealed_by")):
            self.problem(ROWS + "case.jsonl", f"when and by whom the case was sealed is not what event {self.sealed[0]} of {LOG} says")
        self.report.checked.append(f"{HEAD}: its form, the tag files it names, and each field against the rest of the pack")

    def exported(self) -> None:
        """export/: what it says of its own making against the pack and the log since the seal."""
        said = _object(self.read(SAID))
        if set(said) != {"case", "event", "format", "head", "log", "made_at", "seal"} or said["format"] != EXPORT_FORMAT:
            raise Refused(f"it does not have the fields of {EXPORT_FORMAT}")
        event = self.events.get(said["event"], {}) if self.sealed[0] < said["event"] else {}
        for name, right, where in (
            ("head", self.report.head, HEAD),
            ("case", self.head.get("case"), HEAD),
            ("seal", self.head.get("seal"), HEAD),
            ("made_at", event.get("at"), TAIL),
            ("log", {"seq": self.last[0], "head": self.last[1]}, TAIL),
        ):
            if said[name] != right:
                self.problem(SAID, f"its {name!r} is not what {where} gives: one of the two was changed")
        if (event.get("verb"), event.get("case")) != ("disclosure", said["case"]) or event.get("detail", {}).get("head") != said["head"]:
            self.problem(SAID, f"its 'event' is not the disclosure of this pack in {TAIL}")
        self.report.checked.append(f"{SAID}: its form, and each field against the head and the log since the seal")

    def read_heads(self) -> None:
        """Which events' digests the signed heads of the log speak of."""
        if HEADS in self.files:
            for _, line in self.lines(HEADS):
                said = json.loads(_object(line)["statement"])
                self.heads[int(said["seq"])] = str(said["chain"])

    def signed(self) -> None:
        """What vouches for the pack, as far as it takes no key: its warnings, the files that it lists, the signed heads against the chain."""
        if ATTEST not in self.files:
            self.problem(
                ATTEST, f"it is missing: each pack of {FORMAT} says in it whether it is signed, and whether the software's self-test failed"
            )
            self.report.not_checked[:0] = UNSIGNED
            return
        said = _object(self.read(ATTEST))
        self.report.warnings += [str(each) for each in said["warnings"]]
        if said["head"] != self.report.head:
            self.problem(ATTEST, f"it speaks of another head than that of {HEAD}")
        for name, digest in said["files"].items():
            if self.files.get(f"export/{name}") != digest:
                self.problem(f"export/{name}", f"it is missing, or is not the file that {ATTEST} lists")
        tests = _object(self.read("export/validation.json").rstrip(b"\n"))["self_test"]["checks"]
        if not said["warnings"] and not all(test["passed"] and test["expected"] == test["seen"] for test in tests):
            self.problem("export/validation.json", f"a check of the self-test failed, and {ATTEST} has no warning")
        told = {e["detail"]["seq"]: e["detail"]["chain"] for e in self.events.values() if e.get("purpose") == "log signed"}
        for seq, chain in {**self.heads, **told}.items():
            if self.chains.get(seq) != chain or self.heads.get(seq) != chain:
                self.problem(HEADS, "the log's head was signed with another digest than the log has, or was taken out", f"event {seq}")
        self.report.checked.append(
            f"{ATTEST}: the head and the files it lists, and {len(self.heads)} signed heads of the log against its chain"
        )
        if self.vouch is not None:
            self.vouch(self)
            return
        by = "openssl checks it (export/CHECK.txt), or `touchstone verify PACK --key FINGERPRINT`; this program does not"
        who = f"it has a signature by the key {said['key']}; {by}" if said["key"] else "it carries no signature"
        when = f"it has a time stamp; {by}" if said["trusted_time"] else f"no trusted time ({said['no_trusted_time']})"
        self.report.not_checked[:0] = (f"who made the pack: {who}", f"when it was made: {when}")

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        data = self.read(name)
        if data and not data.endswith(b"\n"):
            self.problem(name, "its last line is cut off", f"line {data.count(bytes([10])) + 1}")
        yield from enumerate(data.split(b"\n")[:-1], 1)

    def read_rows(self) -> None:
        for name in TABLES:
            self.guarded(f"{ROWS}{name}.jsonl", "", self.read_table, name)
            self.ids[name] = {}
            for number, row in self.rows[name]:
                if "id" in row:
                    if not isinstance(row["id"], (int, str)) or row["id"] in self.ids[name]:
                        self.problem(f"{ROWS}{name}.jsonl", f"the id {row['id']!r} stands twice, or is none", f"line {number}")
                    else:
                        self.ids[name][row["id"]] = row
        for path in self.files:
            if path.startswith(ROWS) and path[len(ROWS) :] not in {f"{name}.jsonl" for name in TABLES}:
                self.problem(path, f"{FORMAT} has no such file of rows")
        self.guarded(GAPS, "", self.read_gaps)
        self.report.checked.append(
            f"{sum(map(len, self.rows.values()))} rows of {len(TABLES)} files in {ROWS}: form, and that each row they name is there"
        )

    def read_table(self, name: str) -> None:
        for number, line in self.lines(f"{ROWS}{name}.jsonl"):
            try:
                self.rows[name].append((number, _object(line)))
            except Exception as error:
                self.problem(f"{ROWS}{name}.jsonl", _why(error), f"line {number}")

    def read_gaps(self) -> None:
        self.gaps = _object(self.read(GAPS).rstrip(b"\n"))
        if {name: type(rows) for name, rows in self.gaps.items()} != {"not_examined": list, "not_in_pack": list}:
            raise Refused("it does not have the two lists of gaps")

    def each(self, name: str, check: Callable[[dict[str, Any], str], None]) -> int:
        """Run a check over each row of a file; how many rows."""
        for number, row in self.rows[name]:
            self.guarded(f"{ROWS}{name}.jsonl", f"line {number}", check, row, f"line {number}")
        return len(self.rows[name])

    def references(self) -> None:
        for name, column, other in REFERS:
            for number, row in self.rows[name]:
                named = row.get(column)
                for each in named if isinstance(named, list) else [] if named is None else [named]:
                    if not isinstance(each, (int, str)) or each not in self.ids[other]:
                        self.problem(f"{ROWS}{name}.jsonl", f"its {column} {each!r} is not in {ROWS}{other}.jsonl", f"line {number}")

    # -- the log -----------------------------------------------------------------------------------------------------------
    def logs(self) -> None:
        """The chain from its beginning to the seal, and on from there to the export."""
        for name in (LOG, TAIL):
            self.guarded(name, "", self.log, name)
            if name == LOG:
                self.sealed = self.last

    def log(self, name: str) -> None:
        disclosed, before = 0, self.last[0]
        for number, line in self.lines(name):
            where = f"line {number}"
            try:
                row = _object(line)
                where = f"event {row.get('seq')}"
                disclosed += self.link(name, row)
            except Exception as error:
                self.problem(name, _why(error), where)
        self.report.checked.append(
            f"the log's chain in {name}: {self.last[0] - before} events, {disclosed} of them given whole and computed anew"
        )

    def link(self, name: str, row: dict[str, Any]) -> bool:
        whole = set(row) == {"seq", "salt", "event", "inner", "chain"}
        if not whole and set(row) != {"seq", "inner"}:
            raise Refused("it does not have the fields of an event")
        seq, previous = self.last
        if row["seq"] != seq + 1:
            self.problem(name, f"event {seq + 1} should stand here: events are missing or out of order", f"event {row['seq']}")
        if not re.fullmatch(r"[0-9a-f]{64}", str(row["inner"])):
            raise Refused("its inner digest is none")
        chain = _sha(bytes.fromhex(previous) + bytes.fromhex(row["inner"]))
        self.last = (int(row["seq"]), chain)
        if row["seq"] in self.heads:
            self.chains[row["seq"]] = chain
        if whole:
            if _sha(bytes.fromhex(row["salt"]) + _canonical(row["event"])) != row["inner"]:
                self.problem(name, "it was changed: its digest is not the one it carries", f"event {row['seq']}")
            if row["event"].get("seq") != row["seq"]:
                self.problem(name, f"it says that it is event {row['event'].get('seq')}", f"event {row['seq']}")
            if row["chain"] != chain:
                self.problem(name, "it does not follow the events before it", f"event {row['seq']}")
            self.events[int(row["seq"])] = row["event"]
        return whole

    # -- the archive -------------------------------------------------------------------------------------------------------
    def archive(self) -> None:
        """archive.wacz: its form to the byte, the package's digests, each record, and that index and pages speak of these records."""
        with zipfile.ZipFile(self.folder / WACZ) as package:
            entries = {info.filename: info for info in package.infolist()}
            self.guarded(WACZ, "", self.zipped, package)
            resources: dict[str, dict[str, Any]] = {}
            self.guarded(WACZ, "datapackage.json", self.described, package, resources)
            for path in sorted(resources.keys() | (entries.keys() - WACZ_OTHERS)):
                if path not in entries:
                    self.problem(WACZ, "it is missing, and datapackage.json lists it", path)
                elif path not in resources:
                    self.problem(WACZ, "datapackage.json does not list it", path)
                else:
                    self.guarded(WACZ, path, self.resource, package, resources[path])
        self.report.checked.append(f"{len(resources)} entries of {WACZ} against its datapackage.json; {len(self.records)} records within")

    def described(self, package: zipfile.ZipFile, resources: dict[str, dict[str, Any]]) -> None:
        """datapackage.json against its digest; what it lists, by path, into `resources`."""
        data = self.entry(package, "datapackage.json")
        said = self.entry(package, "datapackage-digest.json")
        if said != _canonical({"path": "datapackage.json", "hash": "sha256:" + _sha(data)}) + b"\n":
            self.problem(WACZ, "it is not the digest of datapackage.json: one of the two was changed", "datapackage-digest.json")
        package_said = json.loads(data.decode("utf-8"))
        if package_said.get("wacz_version") != "1.1.1":
            self.problem(WACZ, f"its version is {package_said.get('wacz_version')!r}, not 1.1.1", "datapackage.json")
        resources.update({each["path"]: each for each in package_said["resources"]})
        if len(resources) != len(package_said["resources"]):
            self.problem(WACZ, "it lists an entry twice", "datapackage.json")

    def entry(self, package: zipfile.ZipFile, name: str) -> bytes:
        """A small entry, whole."""
        if name not in package.namelist() or package.getinfo(name).file_size > 1 << 26:
            raise Refused(f"{name} is missing, or longer than it can be")
        return package.read(name)

    def zipped(self, package: zipfile.ZipFile) -> None:
        """The entries stand one behind another, stored, each once, and there is nothing between, before and behind them."""
        at, names = 0, set()
        with (self.folder / WACZ).open("rb") as file:
            for info in sorted(package.infolist(), key=lambda info: info.header_offset):
                file.seek(info.header_offset)
                head = file.read(30)
                sizes = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
                if info.header_offset != at or info.filename in names or info.compress_type or info.flag_bits & ~0x800 or info.comment:
                    self.problem(WACZ, "it does not stand in its place, stands twice, or is not stored as it is", info.filename)
                names.add(info.filename)
                at = info.header_offset + 30 + sum(sizes) + info.file_size
        if package.start_dir != at or package.comment:
            self.problem(WACZ, "there are bytes in it that belong to no entry")

    def resource(self, package: zipfile.ZipFile, said: dict[str, Any]) -> None:
        path, digest, size = said["path"], hashlib.sha256(), 0

        def pieces() -> Iterator[bytes]:
            nonlocal size
            with package.open(path) as file:
                for piece in iter(lambda: file.read(PIECE), b""):
                    digest.update(piece)
                    size += len(piece)
                    yield piece

        read = pieces()
        try:
            if path.startswith("archive/"):
                self.read_warc(path, read)
            elif path == "indexes/index.cdx":
                self.index = b"".join(read)
            elif path == "pages/pages.jsonl":
                self.paged = b"".join(read)
            else:
                self.problem(WACZ, "a pack has no such entry", path)
        finally:
            for _ in read:  # to its end, whatever was wrong in it: the digest is of all of it
                pass
        if said["hash"] != "sha256:" + digest.hexdigest() or said["bytes"] != size:
            self.problem(WACZ, "its bytes are not those of which datapackage.json has the digest", path)

    def read_warc(self, name: str, pieces: Iterator[bytes]) -> None:
        offset, pending = 0, b""
        while pending or (pending := next(pieces, b"")):
            reading = _Reading(name, offset)
            try:
                while not reading.ended:
                    if not pending and not (pending := next(pieces, b"")):
                        raise Refused("the record is cut off")
                    pending = reading.feed(pending)
                record = reading.record()
            except Exception as error:
                self.problem(WACZ, _why(error), f"{name}, record at byte {offset}")
                return
            if record.id in self.records:
                self.problem(WACZ, "another record has the same id", record.where)
            self.records[record.id] = record
            offset += record.length

    def archived(self) -> None:
        """The rows of records, the index and the list of pages against the records that are there."""
        rows = self.ids["records"]

        def check(row: dict[str, Any], where: str) -> None:
            record = self.records.get(row["id"])
            if record is None:
                self.problem(ROWS + "records.jsonl", f"{WACZ} has no record {row['id']}", where)
            elif (record.file, record.offset, record.length, record.sha256, record.kind) != tuple(
                row[name] for name in ("file", "offset", "length", "sha256", "type")
            ):
                self.problem(ROWS + "records.jsonl", f"record {row['id']} is not what lies in {WACZ}, {record.where}", where)
                self.problem(WACZ, f"it is not what {ROWS}records.jsonl {where} says", record.where)

        count = self.each("records", check)
        for record in self.records.values():
            if record.id not in rows:
                self.problem(WACZ, f"{ROWS}records.jsonl does not name it", record.where)
        named = {(r["file"].rpartition("/")[2], str(r["offset"]), str(r["length"])): r["capture"] for _, r in self.rows["records"]}
        lines = self.index.splitlines()
        if lines != sorted(lines):
            self.problem(WACZ, "its lines are not in order", "indexes/index.cdx")
        indexed = set()
        for number, line in enumerate(lines, 1):
            said = json.loads(line.split(b" ", 2)[2].decode("utf-8"))
            capture = self.ids["captures"].get(named.get((said["filename"], said["offset"], said["length"])), {})
            indexed.add(capture.get("id"))
            if (said["url"], said["digest"], said["status"]) != (
                capture.get("url_final"), f"sha256:{capture.get('body_digest')}", str(capture.get("status")),
            ):  # fmt: skip
                self.problem(
                    WACZ, "it names no record of a capture, or another address, status or digest", f"indexes/index.cdx, line {number}"
                )
        for capture in named.values():
            if capture is not None and capture not in indexed and self.ids["captures"].get(capture, {}).get("kind") != "screenshot":
                self.problem(WACZ, f"it leaves out capture {capture}", "indexes/index.cdx")
        for number, line in enumerate(self.paged.splitlines()[1:], 2):
            said = json.loads(line.decode("utf-8"))
            capture = self.ids["captures"].get(int(str(said["id"]).rpartition("-")[2]), {})
            if said["url"] != capture.get("url_final"):
                self.problem(WACZ, "it names no capture of this pack, or another address", f"pages/pages.jsonl, line {number}")
        self.report.checked.append(
            f"{count} records of {WACZ} by digest against {ROWS}records.jsonl, and its index and list of pages against them"
        )

    # -- captures and their records ----------------------------------------------------------------------------------------
    def captures(self) -> None:
        events: dict[str, list[dict[str, Any]]] = {}
        for event in self.events.values():
            if event.get("verb") == "collection" and isinstance(event.get("subjects"), dict) and "capture" in event["subjects"]:
                events.setdefault(str(event["subjects"]["capture"]), []).append(event)
        used: set[str] = set()
        absent: list[Any] = []

        def check(row: dict[str, Any], where: str) -> None:
            where = f"{where} (capture {row['id']})"
            file = ROWS + "captures.jsonl"
            mine = events.get(str(row["id"]), [])
            if len(mine) != 1:
                self.problem(file, f"{LOG} gives {len(mine)} events of its collection, not one", where)
            for event in mine:
                said = event["detail"]
                for name, value in (("sha256", "body_digest"), ("record", "record_id"), ("kind", "kind"), ("status", "status")):
                    if said.get(name) != row[value]:
                        self.problem(file, f"its {value} is not what event {event['seq']} of {LOG} recorded when it was collected", where)
                if _moment(said.get("at")) != _moment(row["ended_at"]):
                    self.problem(file, f"its time is not what event {event['seq']} of {LOG} recorded when it was collected", where)
            if row["warc"] is None:
                absent.append(row["id"])
                if not any(g.get("capture") == row["id"] for g in self.gaps.get("not_in_pack", [])):
                    self.problem(file, f"its bytes are not in this pack, and {GAPS} does not say so", where)
                return
            self.capture(row, where, used)

        count = self.each("captures", check)
        for record in self.records.values():
            if record.kind != "warcinfo" and record.id not in used and record.headers.get("WARC-Concurrent-To") not in used:
                self.problem(WACZ, "it belongs to no capture of this pack", record.where)
        self.report.checked.append(f"{count - len(absent)} captures: record, payload, digest, and the event of their collection")
        if absent:
            self.report.not_checked.append(
                f"the bytes of capture {', '.join(map(str, absent))}: they are not in the pack ({GAPS} says why)"
            )

    def capture(self, row: dict[str, Any], where: str, used: set[str]) -> None:
        file, place = ROWS + "captures.jsonl", row["warc"]
        record = self.records.get(place["record_id"])
        if record is None or self.ids["records"].get(record.id, {}).get("capture") != row["id"]:
            self.problem(file, f"its record {place['record_id']} is not in {WACZ}, or is another capture's", where)
            return
        used.add(record.id)
        if place["record_id"] != row["record_id"] and record.headers.get("WARC-Touchstone-Rehomed") != row["record_id"]:
            self.problem(file, "its record is another than was collected", where)
        source = record
        if record.kind == "revisit":
            found = self.records.get(place["payload_record"] or "")
            if found is None or found.kind != "response":
                self.problem(WACZ, "the record that holds its payload is not in the pack", record.where)
                return
            if record.headers.get("WARC-Payload-Digest") != "sha256:" + row["body_digest"]:
                self.problem(WACZ, "it refers to another payload than its capture", record.where)
            source = found
        elif record.kind not in ("response", "resource"):
            self.problem(file, f"its record is a {record.kind}", where)
        if source.payload != row["body_digest"] or source.size != row["body_length"]:
            self.problem(WACZ, f"its payload is not the bytes of capture {row['id']} ({file} {where})", source.where)
        if record.status is not None and record.status != row["status"]:
            self.problem(WACZ, f"its status is {record.status}, {file} {where} says {row['status']}", record.where)
        if _moment(record.headers.get("WARC-Date")) != _moment(row["ended_at"]):
            self.problem(WACZ, f"its date is not that of {file} {where}", record.where)
        if _letters(record.headers.get("WARC-Target-URI", "")) != _letters(row["url_final"]):
            self.problem(WACZ, f"its address is not that of {file} {where}", record.where)

    def decoded(self, capture: Any) -> str:
        """Digest of a capture's bytes with their Content-Encoding undone; "" where that is not known."""
        place = (self.ids["captures"].get(capture) or {}).get("warc") or {}
        record = self.records.get(place.get("payload_record") or place.get("record_id", ""))
        return record.decoded if record else ""

    # -- pictures, pages, opinions, exhibits -------------------------------------------------------------------------------
    def digest(self, file: str) -> str | None:
        """SHA-256 of a file that a row names; rows name files by their paths below data/."""
        return self.files.get(f"data/{file}")

    def contents(self) -> None:
        named: set[str] = set()
        undecoded: list[str] = []

        def image(row: dict[str, Any], where: str) -> None:
            if row["file"] is None:
                return
            named.add(row["file"])
            if self.digest(row["file"]) != row["sha256"] or not row["file"].startswith(f"images/{row['sha256']}."):
                self.problem(f"data/{row['file']}", f"it is not the picture whose digest its name and {ROWS}images.jsonl {where} give")
            for capture in row["captures"]:
                if capture not in self.ids["captures"]:
                    self.problem(ROWS + "images.jsonl", f"its capture {capture} is not in {ROWS}captures.jsonl", where)
                if self.decoded(capture) not in ("", row["sha256"]):
                    self.problem(ROWS + "images.jsonl", f"capture {capture} did not bring this picture", where)

        def captured(table: str) -> Callable[[dict[str, Any], str], None]:
            def check(row: dict[str, Any], where: str) -> None:
                named.update({row["file"], row.get("view", row["file"])})
                known = self.decoded(row["capture"])
                if self.digest(row["file"]) != row["sha256"]:
                    self.problem(f"data/{row['file']}", f"it is not the file of {ROWS}{table}.jsonl {where}")
                if not known:
                    undecoded.append(row["file"])
                elif known != row["sha256"]:
                    self.problem(f"data/{row['file']}", f"it is not what capture {row['capture']} holds ({ROWS}{table}.jsonl {where})")

            return check

        def card(row: dict[str, Any], where: str) -> None:
            named.add(row["file"])
            if self.digest(row["file"]) != row["sha256"]:
                self.problem(f"data/{row['file']}", f"it is not the card of {ROWS}model_cards.jsonl {where}")

        self.each("images", image)
        pages, files = self.each("pages", captured("pages")), self.each("files", captured("files"))
        images = sum(path.startswith("data/images/") for path in self.files)
        self.each("model_cards", card)
        self.each("references", lambda row, where: named.add(row["file"]) if row.get("file") else None)
        self.each("matches", lambda row, where: named.update({row["first_file"], row["second_file"], row["file"]} - {None}))
        for path, digest in self.files.items():
            file = path[len("data/") :]
            if (
                path.startswith(tuple(f"data/{folder}/" for folder in ("pages", "files", "images", "matches", "model-cards")))
                and file not in named
            ):
                self.problem(path, f"no row of {ROWS} names it")
            if path.startswith("data/images/") and not file.startswith(f"images/{digest}."):
                self.problem(path, "its name is not the digest of its bytes")
        self.report.checked.append(
            f"{images} pictures against their names; {pages} pages and {files} files that were handed in against the bytes that were captured"
        )
        if undecoded:
            self.report.not_checked.append(
                f"that {', '.join(undecoded)} say what was captured: their encoding is unknown to the standard library"
            )

    def matches(self) -> None:
        """The drawings: that each is of two pictures of the pack that its finding says match. What they show is not looked at."""
        shown = {row["sha256"] for row in self.ids["images"].values()}
        gaps = {g.get("finding") for g in self.gaps.get("not_in_pack", [])}
        drawn: set[str] = set()
        absent: list[str] = []

        def match(row: dict[str, Any], where: str) -> None:
            file = ROWS + "matches.jsonl"
            if (row["other"], row["second"]) not in _compared(self.ids["findings"][row["finding"]]):
                self.problem(file, f"finding {row['finding']} compares with no such picture", where)
            if row["first"] not in shown or row["same_file"] is not (row["first"] == row["second"]):
                self.problem(file, "its pictures are not as it says", where)
            for digest, path in ((row["first"], row["first_file"]), (row["second"], row["second_file"]), (row["sha256"], row["file"])):
                if path is not None and self.digest(path) != digest:
                    self.problem(f"data/{path}", f"it is not the file whose digest {file} {where} gives")
            if row["file"] is not None:
                if not row["file"].startswith("matches/") or row["same_file"] or None in (row["first_file"], row["second_file"]):
                    self.problem(file, f"{row['file']} can be no drawing of its two pictures", where)
                drawn.add(row["file"])
            elif not row["same_file"]:
                absent.append(str(row["finding"]))
                if row["finding"] not in gaps:
                    self.problem(file, f"it has no drawing, and {GAPS} does not say so", where)

        self.each("matches", match)
        told = {(row.get("finding"), row.get("other"), row.get("second")) for _, row in self.rows["matches"]}
        for number, row in self.rows["findings"]:
            if any((row.get("id"), *each) not in told for each in _compared(row)):
                self.problem(
                    ROWS + "findings.jsonl", f"it says that two pictures match, and {ROWS}matches.jsonl does not", f"line {number}"
                )
        self.report.checked.append(f"{len(drawn)} drawings of matches: of which pictures of the pack, for which finding")
        if absent:
            self.report.not_checked.append(f"the match of finding {', '.join(absent)}: it has no drawing ({GAPS} says why)")
        if self.further is not None:
            self.further(self)
        elif drawn:
            self.report.not_checked.append(
                "that the drawings in matches/ are what their two pictures give: `touchstone verify PACK --pictures` makes them again"
            )

    def people(self) -> None:
        """What officers did and recorded: files by digest, evidence that a judgement rests on, disagreements that are none."""

        def follow_up(row: dict[str, Any], where: str) -> None:
            for file in row["files"]:
                capture = self.ids["captures"].get(file["capture"])
                if capture is None or capture["body_digest"] != file["sha256"]:
                    self.problem(ROWS + "follow_ups.jsonl", f"its file is not capture {file['capture']} of {ROWS}captures.jsonl", where)

        def standing(row: dict[str, Any], where: str) -> None:
            for number in row["rests_on"]:
                if number not in self.ids["attribution"] and number not in row["withdrawn"]:
                    self.problem(
                        ROWS + "standings.jsonl", f"evidence {number}, on which it rests, is not in {ROWS}attribution.jsonl", where
                    )
            judged = self.ids["judgements"].get(row["judgement"]) if row["judgement"] is not None else None
            if row["status"] == "shown" and (judged is None or judged["verdict"] != "yes" or not row["rests_on"]):
                self.problem(ROWS + "standings.jsonl", "it says 'shown', and no judgement that rests on evidence does", where)

        def disagreement(row: dict[str, Any], where: str) -> None:
            judged = [self.ids["judgements"][number] for number in row["judgements"]]
            same = {(each["subject_kind"], each["subject"]) for each in judged} == {(row["subject_kind"], row["subject"])}
            if not same or len({each["verdict"] for each in judged}) < 2 or len({each["actor"] for each in judged}) != len(judged):
                self.problem(
                    ROWS + "disagreements.jsonl", "these judgements are not different answers of different people to one question", where
                )

        done, accounts = self.each("follow_ups", follow_up), self.each("standings", standing)
        count = self.each("disagreements", disagreement)
        self.report.checked.append(
            f"{done} follow-ups and their files, {accounts} accounts and what their standing rests on, {count} disagreements of reviewers"
        )

    def opinions(self) -> None:
        policies = {row.get("digest") for _, row in self.rows["methods"]}
        missing = {(g.get("flag"), g.get("finding")) for g in self.gaps.get("not_in_pack", [])}

        def method(row: dict[str, Any], where: str) -> None:
            if _sha(_canonical([row["kind"], row["name"], row["version"], row["settings"], row["models"]])) != row["digest"]:
                self.problem(
                    ROWS + "methods.jsonl", f"the digest of method {row['name']} is not that of its version, settings and models", where
                )

        def snapshot(row: dict[str, Any], where: str) -> None:
            if _sha(_canonical({name: row[name] for name in SNAPSHOT_WORDS})) != row["digest"]:
                self.problem(ROWS + "snapshots.jsonl", "its digest is not that of its words", where)

        def finding(row: dict[str, Any], where: str) -> None:
            body = {name: row[name] for name in ("reason", "score", "sentence", "direction", "pointers")}
            if _sha(_canonical(body)) != row["digest"]:
                self.problem(ROWS + "findings.jsonl", f"the digest of finding {row['id']} is not that of its words", where)
            if row["method_digest"] != self.ids["methods"][row["method"]]["digest"]:
                self.problem(ROWS + "findings.jsonl", f"finding {row['id']} names a digest that is not its method's", where)

        def flag(row: dict[str, Any], where: str) -> None:
            if row["policy"] not in policies and not any(g.get("policy") == row["policy"] for g in self.gaps.get("not_in_pack", [])):
                self.problem(ROWS + "flags.jsonl", f"the policy of flag {row['id']} is no method of {ROWS}methods.jsonl", where)
            total = sum(float(c["points"]) for c in row["contributions"])
            if not abs(total - float(row["score"])) <= 1e-6:
                self.problem(
                    ROWS + "flags.jsonl", f"the contributions of flag {row['id']} make {total:g}, its score is {row['score']}", where
                )
            for c in row["contributions"]:
                found = self.ids["findings"].get(c["finding"])
                if found is None and (row["id"], c["finding"]) not in missing:
                    self.problem(ROWS + "flags.jsonl", f"flag {row['id']} rests on finding {c['finding']}, which is not in the pack", where)
                if found is not None and c["method"] != found["method_digest"]:
                    self.problem(
                        ROWS + "flags.jsonl", f"flag {row['id']} names another method for finding {c['finding']} than it has", where
                    )

        methods, findings = self.each("methods", method), self.each("findings", finding)
        flags = self.each("flags", flag)
        self.each("snapshots", snapshot)
        self.report.checked.append(f"{methods} methods and {findings} findings by digest; that the contributions of {flags} flags add up")

    def exhibits(self) -> None:
        numbers: set[str] = set()
        made = [e for e in self.events.values() if (e.get("purpose"), e.get("verb")) == ("exhibit", "alteration")]
        commits = {e["detail"].get("exhibit"): e["detail"].get("commits") for e in made}
        salted = 0

        def check(row: dict[str, Any], where: str) -> None:
            nonlocal salted
            if row["number"] in numbers:
                self.problem(ROWS + "exhibits.jsonl", f"exhibit number {row['number']} stands twice", where)
            numbers.add(row["number"])
            if row.get("salt"):
                salted += 1
                said = [
                    self.head.get("case"),
                    *(row[name] for name in ("number", "subject_kind", "subject", "description", "producer", "actor")),
                ]
                if _sha(row["salt"].encode() + _canonical(said)) != commits.get(row["number"]):
                    self.problem(
                        ROWS + "exhibits.jsonl", f"exhibit {row['number']} is not what the event of its making in {LOG} commits to", where
                    )
            table = SUBJECTS.get(row["subject_kind"])
            if (
                table
                and row["subject"] not in self.ids[table]
                and not any(g.get("exhibit") == row["number"] for g in self.gaps.get("not_in_pack", []))
            ):
                self.problem(ROWS + "exhibits.jsonl", f"what exhibit {row['number']} is of is not in {ROWS}{table}.jsonl", where)

        count = self.each("exhibits", check)
        self.report.checked.append(
            f"{count} exhibit numbers, each used once; {salted} exhibits against what the events of their making commit to"
        )
        if salted < count:
            self.report.not_checked.append(
                f"that {count - salted} exhibits are what the events of their making commit to: the pack has no salt of theirs"
            )

    def check(self, quoted: str | None) -> Report:
        self.guarded(str(self.folder), "", self.walk)
        self.guarded(HEAD, "", self.read_head, quoted)
        if self.head.get("format") == OLDER:
            return self.report
        for file, step in (
            (MANIFEST, self.manifests),
            (HEAD, self.tags),
            (ROWS, self.read_rows),
            (HEADS, self.read_heads),
            (LOG, self.logs),
            (HEAD, self.cross_head),
            (SAID, self.exported),
            ("export", self.signed),
            (ROWS, self.references),
            (WACZ, self.archive),
            (WACZ, self.archived),
            (ROWS + "captures.jsonl", self.captures),
            ("data/images and data/pages", self.contents),
            (ROWS + "matches.jsonl", self.matches),
            (ROWS, self.people),
            (ROWS + "findings.jsonl", self.opinions),
            (ROWS + "exhibits.jsonl", self.exhibits),
        ):
            self.guarded(file, "", step)
        if quoted is None:
            self.report.not_checked.insert(
                0,
                "the pack's head against one quoted on paper (--head): without it, a pack edited with every digest computed anew is accepted",
            )
        else:
            self.report.checked.append("the pack's head against the one quoted")
        self.report.problems[:] = dict.fromkeys(self.report.problems)
        return self.report


def _compared(finding: dict[str, Any]) -> set[tuple[str, str]]:
    """What a finding of a picture says that it matches: the word for it, and the digest of its picture."""
    pointers = finding["pointers"] if finding["subject_kind"] == "picture" else []
    said = {(str(p.get("other", "")), str(p["detail"]["sha256"])) for p in pointers if "sha256" in p.get("detail", {})}
    return {each for each in said if each[0].startswith(("reference:", "picture:"))}


class _Reading:
    """One WARC 1.1 record out of the gzip member that it is, fed in pieces: refused unless it is whole and its digests are those of its bytes."""

    def __init__(self, file: str, offset: int) -> None:
        self.file, self.offset, self.length = file, offset, 0
        self._unpack, self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16), hashlib.sha256()
        self._kept, self._take = b"", self._head
        self._headers: dict[str, str] = {}
        self._left = self._size = 0
        self._status: int | None = None
        self._block, self._payload, self._plain = hashlib.sha256(), hashlib.sha256(), _Plain("")
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to this record; what is left over belongs to the next."""
        rest = data
        try:
            while rest and not self._unpack.eof:
                out = self._unpack.decompress(rest, PIECE << 2)
                rest = self._unpack.unconsumed_tail
                self._kept += out
                self._take()
        except zlib.error as error:
            raise Refused(f"the compressed bytes are damaged ({error})") from None
        self.ended, rest = self._unpack.eof, self._unpack.unused_data if self._unpack.eof else b""
        own = data[: len(data) - len(rest)]
        self._packed.update(own)
        self.length += len(own)
        return rest

    def _until_blank(self) -> bytes | None:
        head, gap, rest = self._kept.partition(b"\r\n\r\n")
        if not gap:
            if len(self._kept) > LONGEST_HEAD:
                raise Refused("it is not a WARC 1.1 record")
            return None
        self._kept = rest
        return head

    def _head(self) -> None:
        head = self._until_blank()
        if head is None:
            return
        lines = head.split(b"\r\n")
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            self._headers.setdefault(name.strip().decode("utf-8", "strict"), value.strip(b" \t").decode("utf-8", "strict"))
        size = self._headers.get("Content-Length", "")
        if lines[0] != b"WARC/1.1" or not re.fullmatch(r"[0-9]{1,14}", size):
            raise Refused("it is not a WARC 1.1 record")
        self._left = int(size)
        http = self._headers.get("Content-Type", "").startswith("application/http")
        self._take = self._message if http else self._body
        self._take()

    def _message(self) -> None:
        head = self._until_blank()
        if head is None:
            return
        if len(head) + 4 > self._left:
            raise Refused("the message in it has no end")
        whole = head + b"\r\n\r\n"
        self._block.update(whole)
        self._left -= len(whole)
        answer = re.match(rb"HTTP/\S+ (\d{3})\b", head)
        self._status = int(answer[1]) if answer else None
        found = re.findall(rb"(?im)^content-encoding:[ \t]*([^\r\n]*?)[ \t]*\r?$", head)
        self._plain = _Plain(b",".join(found).decode("latin-1").strip().lower())
        self._take = self._body
        self._take()

    def _body(self) -> None:
        body, self._kept = self._kept[: self._left], self._kept[self._left :]
        self._left -= len(body)
        self._size += len(body)
        self._block.update(body)
        self._payload.update(body)
        self._plain.feed(body)
        if len(self._kept) > 4:
            raise Refused("the record is longer or shorter than it says")

    def record(self) -> Record:
        if self._take != self._body or self._left or self._kept != b"\r\n\r\n":
            raise Refused("the record is longer or shorter than it says")
        headers, payload = self._headers, self._payload.hexdigest()
        kind, number = headers.get("WARC-Type", ""), headers.get("WARC-Record-ID", "")
        if headers.get("WARC-Block-Digest") != "sha256:" + self._block.hexdigest():
            raise Refused(f"the bytes of record {number} do not match its WARC-Block-Digest")
        if kind != "revisit" and headers.get("WARC-Payload-Digest", "sha256:" + payload) != "sha256:" + payload:
            raise Refused(f"the payload of record {number} does not match its WARC-Payload-Digest")
        plain = payload if self._plain.same else self._plain.digest()
        return Record(
            self.file, self.offset, self.length, kind, number, headers, self._status, payload, self._size, plain, self._packed.hexdigest(),
        )  # fmt: skip


class _Plain:
    """The digest of a payload with its Content-Encoding undone, fed in pieces."""

    def __init__(self, coding: str) -> None:
        self.same = coding in ("", "identity")
        bits = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding, ())
        self._ways = [(zlib.decompressobj(each), hashlib.sha256()) for each in bits]
        self._size = 0

    def feed(self, data: bytes) -> None:
        for way in list(self._ways):
            unpack, digest = way
            rest = data
            try:
                while rest and not unpack.eof:
                    out = unpack.decompress(rest, PIECE << 2)
                    rest = unpack.unconsumed_tail
                    digest.update(out)
                    self._size += len(out)
            except zlib.error:
                self._ways.remove(way)
                continue
            if unpack.unused_data or (rest and unpack.eof) or self._size > MOST:
                self._ways.remove(way)

    def digest(self) -> str:
        """ "" where the standard library cannot undo it."""
        return next((digest.hexdigest() for unpack, digest in self._ways if unpack.eof), "")


def _moment(text: Any) -> str:
    """A time to the microsecond, whether it is written with Z or with +00:00."""
    shape = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)", str(text))
    return f"{shape[1]}.{(shape[2] or '').ljust(6, '0')}" if shape else f"no time: {text}"


def _letters(url: str) -> str:
    """An address down to its letters and figures: the archive writes blanks in it as %20."""
    return re.sub(r"[^a-z0-9]", "", unquote(url).lower())


def verify(
    folder: Path, head: str | None = None, further: Callable[[Pack], None] | None = None, vouch: Callable[[Pack], None] | None = None
) -> Report:
    """Check the pack in `folder`; with `head`, also that it is the pack whose head that is. Raises OSError where there is no folder."""
    os.scandir(folder).close()
    return Pack(Path(folder), further, vouch).check(head)


# -- the log by itself ------------------------------------------------------------------------------------------------------
LOG_NOT_CHECKED = (
    "who made the file: it carries no signature",
    "events that were left out of it: only their digests are here, and that each has its place in the chain",
    "what was done to the database directly, outside the log",
    "whether the log went on after its last event here",
)


def verify_log(path: Path, quoted: str | None = None) -> Report:
    """Check an export of the log (`touchstone log export --out FILE.jsonl`): each event's digest, and the chain from its beginning.

    `quoted` is the head that was printed at export, the chain's digest at the last event.
    """
    report, last, whole = Report(), (0, GENESIS), 0
    found = report.problems

    def problem(what: str, where: str = "") -> None:
        found.append(Problem(path.name, what, where))

    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"line {number}"
            try:
                if not line.endswith(b"\n"):
                    problem("it breaks off in the middle of a line", where)
                row = _object(line.removesuffix(b"\n"))
                where = f"event {row.get('seq')}"
                given = set(row) == {"seq", "salt", "event", "inner", "chain"}
                if not given and set(row) != {"seq", "inner"}:
                    raise Refused("it does not have the fields of an event")
                if not re.fullmatch(r"[0-9a-f]{64}", str(row["inner"])):
                    raise Refused("its inner digest is none")
                if row["seq"] != last[0] + 1:
                    problem(f"event {last[0] + 1} should stand here: events are missing or out of order", where)
                chain = _sha(bytes.fromhex(last[1]) + bytes.fromhex(row["inner"]))
                last = (int(row["seq"]), chain)
                if given:
                    whole += 1
                    if _sha(bytes.fromhex(row["salt"]) + _canonical(row["event"])) != row["inner"]:
                        problem("it was changed: its digest is not the one it carries", where)
                    if row["event"].get("seq") != row["seq"]:
                        problem(f"it says that it is event {row['event'].get('seq')}", where)
                    if row["chain"] != chain:
                        problem("it does not follow the events before it", where)
            except Exception as error:
                problem(_why(error), where)
    report.head = last[1]
    report.checked.append(f"the log's chain: {last[0]} events, {whole} of them given whole and computed anew")
    if quoted is not None and quoted != report.head:
        problem(f"the head computed here is {report.head}, and {quoted} was quoted: this is another log, or it was changed or cut off")
    if quoted is None:
        report.not_checked.append("whether this is the log whose head was quoted: give it with --head")
    report.not_checked += LOG_NOT_CHECKED
    return report


def main(
    arguments: list[str] | None = None, further: Callable[[Pack], None] | None = None, vouch: Callable[[Pack], None] | None = None
) -> int:
    parser = argparse.ArgumentParser(
        description="Check an evidence pack offline: every digest, the chain of the log, and what belongs to what."
    )
    parser.add_argument(
        "pack", nargs="?", type=Path, default=Path(__file__).resolve().parent, help="the unpacked pack (the folder of this file)"
    )
    parser.add_argument("--head", help="the pack's head as printed at export and quoted on paper")
    parser.add_argument("--log", type=Path, help="check this export of the log instead of a pack; --head is then the log's")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    cast(Any, sys.stdout).reconfigure(errors="backslashreplace")
    quoted = re.sub(r"\s|^sha256:", "", options.head).lower() if options.head is not None else None
    if quoted is not None and not re.fullmatch(r"[0-9a-f]{64}", quoted):
        print("--head: give the 64 hexadecimal digits that were printed at export", file=sys.stderr)
        return 2
    try:
        report = verify_log(options.log, quoted) if options.log else verify(options.pack, quoted, further, vouch)
    except OSError as error:
        if options.log:
            print(f"{options.log}: this is not a file that can be read ({error.strerror})", file=sys.stderr)
            return 2
        print(f"{options.pack}: this is not a folder that can be read ({error.strerror}); unpack a zipped pack first", file=sys.stderr)
        return 2
    if options.json:
        problems = [{"file": p.file, "where": p.where, "what": p.what} for p in report.problems]
        said = {"accepted": report.accepted, "case": report.case, "head": report.head, "warnings": report.warnings, "problems": problems}
        print(json.dumps({**said, "checked": report.checked, "not_checked": report.not_checked}, indent=1))
        return 0 if report.accepted else 1
    print(*(_plain(f"WARNING: {each}\n") for each in report.warnings), sep="\n", end="\n" if report.warnings else "")
    print(
        _plain(f"Log {options.log}" if options.log else f"Case {report.case or 'unknown'}"), f"Head {report.head or 'unreadable'}", sep="\n"
    )
    for title, items in (("Checked", report.checked), ("NOT checked", report.not_checked), ("PROBLEMS", list(map(str, report.problems)))):
        if items:
            print(f"\n{title}:", *(_plain(f"  - {item}") for item in items), sep="\n")
    against = "its own head, and the head quoted" if quoted else "its own head only: compare the head above with the one on paper"
    against += ", WITH THE WARNING ABOVE" if report.warnings else ""
    print(f"\nACCEPTED against {against}." if report.accepted else f"\nREFUSED: {len(report.problems)} problem(s).")
    return 0 if report.accepted else 1


if __name__ == "__main__":
    sys.exit(main())
