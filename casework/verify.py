#!/usr/bin/env python3
"""Check an evidence pack: `python3 -I verify.py [PACK] [--head DIGEST] [--json]`. Standard library only, no network, Python 3.9 or later.

Every digest in the pack is computed anew and every link between its files followed. That shows whether the pack is still as it
was sealed; it cannot show that what was sealed is true. What was not checked is printed each time. Somebody who edits a pack
and computes all its digests anew is found out only by `--head`: give the digest that was printed at export and quoted on paper,
and run a verify.py that did not come with the pack.

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
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

FORMAT = "touchstone-pack/1"
GENESIS = "0" * 64
HEAD, MANIFEST, LOG = "head.json", "manifest.sha256", "log.jsonl"
MOST = 1 << 30  # a record that unpacks to more is refused: a small file can be made to unpack to a very large one
TABLES = (
    "actors",
    "captures",
    "case",
    "contacts",
    "examinations",
    "exhibits",
    "findings",
    "flags",
    "images",
    "judgements",
    "links",
    "listings",
    "matches",
    "methods",
    "pages",
    "premises",
    "readings",
    "references",
    "register_entries",
    "registers",
    "runs",
    "sellers",
    "snapshots",
    "versions",
)
# Which field of which file names a row of which other file, by its id.
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
    ("contacts", "capture", "captures"),
    ("contacts", "listing", "listings"),
    ("pages", "capture", "captures"),
    ("register_entries", "premises", "premises"),
    ("exhibits", "actor", "actors"),
    ("judgements", "actor", "actors"),
)
SUBJECTS = {"listing": "listings", "capture": "captures", "premises": "premises", "link": "links", "seller": "sellers", "flag": "flags"}
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
NOT_CHECKED = (
    "who made the pack: it carries no signature",
    "when it was made: no trusted time (no time-stamping authority stamped it); all times are the capturing machine's clock",
    "whether what the pages said was true, and whether the pictures show the goods that were for sale",
    "who runs an account or a shop: nothing in this pack shows that by itself",
    "whether the opinions of the methods (findings, flags, links) are right; only that they are unchanged and add up",
    "that README.html, summary.pdf, the limits pages and the views in pages/*.html say what data/ says; data/ and warc/ are the record",
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

    @property
    def where(self) -> str:
        return f"record {self.id or 'without an id'} at byte {self.offset}"


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

    def __init__(self, folder: Path, further: Callable[[Pack], None] | None = None) -> None:
        self.folder = folder
        self.further = further  # what Touchstone adds to this program: making the drawings again
        self.report = Report(not_checked=list(NOT_CHECKED))
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in TABLES}
        self.ids: dict[str, dict[Any, dict[str, Any]]] = {}
        self.files: dict[str, str] = {}  # path → SHA-256
        self.events: dict[int, dict[str, Any]] = {}
        self.last = (0, GENESIS)
        self.head: dict[str, Any] = {}
        self.gaps: dict[str, Any] = {}
        self.records: dict[str, Record] = {}

    def problem(self, file: str, what: str, where: str = "") -> None:
        self.report.problems.append(Problem(file, what, where))

    def guarded(self, file: str, where: str, check: Callable[..., None], *arguments: Any) -> None:
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

    def manifest(self) -> None:
        data = self.read(MANIFEST)
        listed: dict[str, str] = {}
        last = b""
        for number, line in enumerate(data.splitlines(keepends=True), 1):
            where = f"line {number}"
            shape = re.fullmatch(rb"([0-9a-f]{64})  ([^\r\n]+)\n", line)
            if not shape:
                self.problem(MANIFEST, "not a digest, two spaces and a path", where)
                continue
            if shape[2] <= last:
                self.problem(MANIFEST, "the paths are not in order, or one stands twice", where)
            last = shape[2]
            try:
                path = shape[2].decode("utf-8")
            except UnicodeDecodeError as error:
                self.problem(MANIFEST, _why(error), where)
                continue
            if path in (HEAD, MANIFEST) or path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in path.split("/")):
                self.problem(MANIFEST, f"{path!r} has no place in a manifest", where)
                continue
            listed[path] = shape[1].decode()
            if path not in self.files:
                self.problem(path, "it is missing", f"named in {MANIFEST} {where}")
            elif self.files[path] != listed[path]:
                self.problem(path, f"its bytes were changed: it is not the file that {MANIFEST} {where} lists")
        for path in self.files:
            if path not in listed and path not in (HEAD, MANIFEST):
                self.problem(path, f"it is not listed in {MANIFEST}")
        self.report.checked.append(f"{len(listed)} files against {MANIFEST}, and that there are no others")

    # -- head and rows -----------------------------------------------------------------------------------------------------
    def read_head(self, quoted: str | None) -> None:
        data = self.read(HEAD)
        self.report.head = _sha(data)
        if quoted is not None and quoted != self.report.head:
            self.problem(HEAD, f"the pack's head is {self.report.head}, not {quoted} as quoted: this is not the pack that was sealed")
        self.head = _object(data)
        self.report.case = str(self.head.get("case", ""))
        if set(self.head) != {"case", "export_event", "format", "log", "made_at", "manifest", "tool"}:
            self.problem(HEAD, "it does not have the fields of a head")
        if self.head.get("format") != FORMAT:
            self.problem(HEAD, f"its format is {self.head.get('format')!r}; this program knows {FORMAT}")
        if self.head.get("manifest") != self.files.get(MANIFEST):
            self.problem(HEAD, f"it names another manifest than {MANIFEST}: one of the two was changed")
            self.problem(MANIFEST, f"it is not the manifest that {HEAD} names: one of the two was changed")

    def cross_head(self) -> None:
        """Each field of the head against where else it is said."""
        about = self.rows["case"][0][1] if len(self.rows["case"]) == 1 else {}
        event = self.events.get(self.head.get("export_event", 0), {})
        for name, said in (
            ("case", about.get("reference")),
            ("tool", about.get("tool")),
            ("made_at", event.get("at")),
            ("log", {"seq": self.last[0], "head": self.last[1]}),
        ):
            if self.head.get(name) != said:
                where = {"made_at": LOG, "log": LOG}.get(name, "data/case.jsonl")
                self.problem(HEAD, f"its {name!r} is not what {where} gives: one of the two was changed")
        if event.get("verb") != "disclosure" or event.get("case") != self.head.get("case"):
            self.problem(HEAD, f"its 'export_event' is not a disclosure of this case in {LOG}")
        self.report.checked.append(f"{HEAD}: its form, the manifest it names, and each field against the rest of the pack")

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        data = self.read(name)
        if data and not data.endswith(b"\n"):
            self.problem(name, "its last line is cut off", f"line {data.count(bytes([10])) + 1}")
        yield from enumerate(data.split(b"\n")[:-1], 1)

    def read_rows(self) -> None:
        for name in TABLES:
            self.guarded(f"data/{name}.jsonl", "", self.read_table, name)
            self.ids[name] = {}
            for number, row in self.rows[name]:
                if "id" in row:
                    if not isinstance(row["id"], (int, str)) or row["id"] in self.ids[name]:
                        self.problem(f"data/{name}.jsonl", f"the id {row['id']!r} stands twice, or is none", f"line {number}")
                    else:
                        self.ids[name][row["id"]] = row
        self.guarded("gaps.json", "", self.read_gaps)
        self.report.checked.append(
            f"{sum(map(len, self.rows.values()))} rows of {len(TABLES)} files in data/: form, and that each row they name is there"
        )

    def read_table(self, name: str) -> None:
        for number, line in self.lines(f"data/{name}.jsonl"):
            try:
                self.rows[name].append((number, _object(line)))
            except Exception as error:
                self.problem(f"data/{name}.jsonl", _why(error), f"line {number}")

    def read_gaps(self) -> None:
        self.gaps = _object(self.read("gaps.json").rstrip(b"\n"))
        if {name: type(rows) for name, rows in self.gaps.items()} != {"not_examined": list, "not_in_pack": list}:
            raise Refused("it does not have the two lists of gaps")

    def each(self, name: str, check: Callable[[dict[str, Any], str], None]) -> int:
        """Run a check over each row of a file; how many rows."""
        for number, row in self.rows[name]:
            self.guarded(f"data/{name}.jsonl", f"line {number}", check, row, f"line {number}")
        return len(self.rows[name])

    def references(self) -> None:
        for name, column, other in REFERS:
            for number, row in self.rows[name]:
                if row.get(column) is not None and row[column] not in self.ids[other]:
                    self.problem(f"data/{name}.jsonl", f"its {column} {row[column]!r} is not in data/{other}.jsonl", f"line {number}")

    # -- the log -----------------------------------------------------------------------------------------------------------
    def log(self) -> None:
        disclosed = 0
        for number, line in self.lines(LOG):
            where = f"line {number}"
            try:
                row = _object(line)
                where = f"event {row.get('seq')}"
                disclosed += self.link(row)
            except Exception as error:
                self.problem(LOG, _why(error), where)
        self.report.checked.append(f"the log's chain of {self.last[0]} events, {disclosed} of them given whole and computed anew")

    def link(self, row: dict[str, Any]) -> bool:
        whole = set(row) == {"seq", "salt", "event", "inner", "chain"}
        if not whole and set(row) != {"seq", "inner"}:
            raise Refused("it does not have the fields of an event")
        seq, previous = self.last
        if row["seq"] != seq + 1:
            self.problem(LOG, f"event {seq + 1} should stand here: events are missing or out of order", f"event {row['seq']}")
        if not re.fullmatch(r"[0-9a-f]{64}", str(row["inner"])):
            raise Refused("its inner digest is none")
        chain = _sha(bytes.fromhex(previous) + bytes.fromhex(row["inner"]))
        self.last = (int(row["seq"]), chain)
        if whole:
            if _sha(bytes.fromhex(row["salt"]) + _canonical(row["event"])) != row["inner"]:
                self.problem(LOG, "it was changed: its digest is not the one it carries", f"event {row['seq']}")
            if row["event"].get("seq") != row["seq"]:
                self.problem(LOG, f"it says that it is event {row['event'].get('seq')}", f"event {row['seq']}")
            if row["chain"] != chain:
                self.problem(LOG, "it does not follow the events before it", f"event {row['seq']}")
            self.events[int(row["seq"])] = row["event"]
        return whole

    # -- captures and their records ----------------------------------------------------------------------------------------
    def read_warcs(self) -> None:
        for name in sorted(self.files):
            if name.startswith("warc/"):
                self.guarded(name, "", self.read_warc, name)

    def read_warc(self, name: str) -> None:
        offset = 0
        with (self.folder / name).open("rb") as file:
            while True:
                file.seek(offset)
                try:
                    length, data = _member(file)
                    if not length:
                        return
                    record = _record(name, offset, length, data)
                except Exception as error:
                    self.problem(name, _why(error), f"record at byte {offset}")
                    return
                if record.id in self.records:
                    self.problem(name, "another record has the same id", record.where)
                self.records[record.id] = record
                offset += length

    def captures(self) -> None:
        events: dict[str, list[dict[str, Any]]] = {}
        for event in self.events.values():
            if event.get("verb") == "collection" and isinstance(event.get("subjects"), dict) and "capture" in event["subjects"]:
                events.setdefault(str(event["subjects"]["capture"]), []).append(event)
        used: set[str] = set()
        absent: list[Any] = []

        def check(row: dict[str, Any], where: str) -> None:
            where = f"{where} (capture {row['id']})"
            file = "data/captures.jsonl"
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
                    self.problem(file, "its bytes are not in this pack, and gaps.json does not say so", where)
                return
            self.capture(row, where, used)

        count = self.each("captures", check)
        for record in self.records.values():
            if record.kind != "warcinfo" and record.id not in used and record.headers.get("WARC-Concurrent-To") not in used:
                self.problem(record.file, "it belongs to no capture of this pack", record.where)
        self.report.checked.append(f"{count - len(absent)} captures: record, payload, digest, and the event of their collection")
        if absent:
            self.report.not_checked.append(
                f"the bytes of capture {', '.join(map(str, absent))}: they are not in the pack (gaps.json says why)"
            )

    def capture(self, row: dict[str, Any], where: str, used: set[str]) -> None:
        file, place = "data/captures.jsonl", row["warc"]
        record = self.records.get(place["record_id"])
        if record is None or (record.file, record.offset, record.length) != (place["file"], place["offset"], place["length"]):
            self.problem(file, f"its record {place['record_id']} is not at byte {place['offset']} of {place['file']}", where)
            return
        used.add(record.id)
        if place["record_id"] != row["record_id"] and record.headers.get("WARC-Touchstone-Rehomed") != row["record_id"]:
            self.problem(file, "its record is another than was collected", where)
        source = record
        if record.kind == "revisit":
            found = self.records.get(place["payload_record"] or "")
            if found is None or found.kind != "response":
                self.problem(record.file, "the record that holds its payload is not in the pack", record.where)
                return
            if record.headers.get("WARC-Payload-Digest") != "sha256:" + row["body_digest"]:
                self.problem(record.file, "it refers to another payload than its capture", record.where)
            source = found
        elif record.kind not in ("response", "resource"):
            self.problem(file, f"its record is a {record.kind}", where)
        if source.payload != row["body_digest"] or source.size != row["body_length"]:
            self.problem(source.file, f"its payload is not the bytes of capture {row['id']} (data/captures.jsonl {where})", source.where)
        if record.status is not None and record.status != row["status"]:
            self.problem(record.file, f"its status is {record.status}, data/captures.jsonl {where} says {row['status']}", record.where)
        if _moment(record.headers.get("WARC-Date")) != _moment(row["ended_at"]):
            self.problem(record.file, f"its date is not that of data/captures.jsonl {where}", record.where)
        if _letters(record.headers.get("WARC-Target-URI", "")) != _letters(row["url_final"]):
            self.problem(record.file, f"its address is not that of data/captures.jsonl {where}", record.where)

    def decoded(self, capture: Any) -> str:
        """Digest of a capture's bytes with their Content-Encoding undone; "" where that is not known."""
        place = (self.ids["captures"].get(capture) or {}).get("warc") or {}
        record = self.records.get(place.get("payload_record") or place.get("record_id", ""))
        return record.decoded if record else ""

    # -- pictures, pages, opinions, exhibits -------------------------------------------------------------------------------
    def contents(self) -> None:
        named: set[str] = set()
        undecoded: list[str] = []

        def image(row: dict[str, Any], where: str) -> None:
            if row["file"] is None:
                return
            named.add(row["file"])
            if self.files.get(row["file"]) != row["sha256"] or not row["file"].startswith(f"images/{row['sha256']}."):
                self.problem(row["file"], f"it is not the picture whose digest its name and data/images.jsonl {where} give")
            for capture in row["captures"]:
                if capture not in self.ids["captures"]:
                    self.problem("data/images.jsonl", f"its capture {capture} is not in data/captures.jsonl", where)
                if self.decoded(capture) not in ("", row["sha256"]):
                    self.problem("data/images.jsonl", f"capture {capture} did not bring this picture", where)

        def page(row: dict[str, Any], where: str) -> None:
            known = self.decoded(row["capture"])
            if self.files.get(row["file"]) != row["sha256"]:
                self.problem(row["file"], f"it is not the page of data/pages.jsonl {where}")
            if not known:
                undecoded.append(row["file"])
            elif known != row["sha256"]:
                self.problem(row["file"], f"it is not what capture {row['capture']} holds (data/pages.jsonl {where})")

        images, pages = self.each("images", image), self.each("pages", page)
        self.each("references", lambda row, where: named.add(row["file"]) if row.get("file") else None)
        self.each("matches", lambda row, where: named.update({row["first_file"], row["second_file"], row["file"]} - {None}))
        for path, digest in self.files.items():
            if path.startswith("matches/") and path not in named:
                self.problem(path, "no row of data/matches.jsonl names it")
            if path.startswith("images/") and (path not in named or not path.startswith(f"images/{digest}.")):
                self.problem(path, "its name is not the digest of its bytes, or no row of data/ names it")
        self.report.checked.append(f"{images} pictures against their names, {pages} pages against the bytes that were captured")
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
            file = "data/matches.jsonl"
            if (row["other"], row["second"]) not in _compared(self.ids["findings"][row["finding"]]):
                self.problem(file, f"finding {row['finding']} compares with no such picture", where)
            if row["first"] not in shown or row["same_file"] is not (row["first"] == row["second"]):
                self.problem(file, "its pictures are not as it says", where)
            for digest, path in ((row["first"], row["first_file"]), (row["second"], row["second_file"]), (row["sha256"], row["file"])):
                if path is not None and self.files.get(path) != digest:
                    self.problem(path, f"it is not the file whose digest {file} {where} gives")
            if row["file"] is not None:
                if not row["file"].startswith("matches/") or row["same_file"] or None in (row["first_file"], row["second_file"]):
                    self.problem(file, f"{row['file']} can be no drawing of its two pictures", where)
                drawn.add(row["file"])
            elif not row["same_file"]:
                absent.append(str(row["finding"]))
                if row["finding"] not in gaps:
                    self.problem(file, "it has no drawing, and gaps.json does not say so", where)

        self.each("matches", match)
        told = {(row.get("finding"), row.get("other"), row.get("second")) for _, row in self.rows["matches"]}
        for number, row in self.rows["findings"]:
            if any((row.get("id"), *each) not in told for each in _compared(row)):
                self.problem("data/findings.jsonl", "it says that two pictures match, and data/matches.jsonl does not", f"line {number}")
        self.report.checked.append(f"{len(drawn)} drawings of matches: of which pictures of the pack, for which finding")
        if absent:
            self.report.not_checked.append(f"the match of finding {', '.join(absent)}: it has no drawing (gaps.json says why)")
        if self.further is not None:
            self.further(self)
        elif drawn:
            self.report.not_checked.append(
                "that the drawings in matches/ are what their two pictures give: `touchstone verify PACK --pictures` makes them again"
            )

    def opinions(self) -> None:
        policies = {row.get("digest") for _, row in self.rows["methods"]}
        missing = {(g.get("flag"), g.get("finding")) for g in self.gaps.get("not_in_pack", [])}

        def method(row: dict[str, Any], where: str) -> None:
            if _sha(_canonical([row["kind"], row["name"], row["version"], row["settings"], row["models"]])) != row["digest"]:
                self.problem(
                    "data/methods.jsonl", f"the digest of method {row['name']} is not that of its version, settings and models", where
                )

        def snapshot(row: dict[str, Any], where: str) -> None:
            if _sha(_canonical({name: row[name] for name in SNAPSHOT_WORDS})) != row["digest"]:
                self.problem("data/snapshots.jsonl", "its digest is not that of its words", where)

        def finding(row: dict[str, Any], where: str) -> None:
            body = {name: row[name] for name in ("reason", "score", "sentence", "direction", "pointers")}
            if _sha(_canonical(body)) != row["digest"]:
                self.problem("data/findings.jsonl", f"the digest of finding {row['id']} is not that of its words", where)
            if row["method_digest"] != self.ids["methods"][row["method"]]["digest"]:
                self.problem("data/findings.jsonl", f"finding {row['id']} names a digest that is not its method's", where)

        def flag(row: dict[str, Any], where: str) -> None:
            if row["policy"] not in policies and not any(g.get("policy") == row["policy"] for g in self.gaps.get("not_in_pack", [])):
                self.problem("data/flags.jsonl", f"the policy of flag {row['id']} is no method of data/methods.jsonl", where)
            total = sum(float(c["points"]) for c in row["contributions"])
            if not abs(total - float(row["score"])) <= 1e-6:
                self.problem(
                    "data/flags.jsonl", f"the contributions of flag {row['id']} make {total:g}, its score is {row['score']}", where
                )
            for c in row["contributions"]:
                found = self.ids["findings"].get(c["finding"])
                if found is None and (row["id"], c["finding"]) not in missing:
                    self.problem("data/flags.jsonl", f"flag {row['id']} rests on finding {c['finding']}, which is not in the pack", where)
                if found is not None and c["method"] != found["method_digest"]:
                    self.problem("data/flags.jsonl", f"flag {row['id']} names another method for finding {c['finding']} than it has", where)

        methods, findings = self.each("methods", method), self.each("findings", finding)
        flags = self.each("flags", flag)
        self.each("snapshots", snapshot)
        self.report.checked.append(f"{methods} methods and {findings} findings by digest; that the contributions of {flags} flags add up")

    def exhibits(self) -> None:
        numbers: set[str] = set()

        def check(row: dict[str, Any], where: str) -> None:
            if row["number"] in numbers:
                self.problem("data/exhibits.jsonl", f"exhibit number {row['number']} stands twice", where)
            numbers.add(row["number"])
            table = SUBJECTS.get(row["subject_kind"])
            if (
                table
                and row["subject"] not in self.ids[table]
                and not any(g.get("exhibit") == row["number"] for g in self.gaps.get("not_in_pack", []))
            ):
                self.problem("data/exhibits.jsonl", f"what exhibit {row['number']} is of is not in data/{table}.jsonl", where)

        self.report.checked.append(f"{self.each('exhibits', check)} exhibit numbers, each used once")

    def check(self, quoted: str | None) -> Report:
        self.guarded(str(self.folder), "", self.walk)
        for file, step in ((MANIFEST, self.manifest), ("data", self.read_rows), (LOG, self.log), ("warc", self.read_warcs)):
            self.guarded(file, "", step)
        self.guarded(HEAD, "", self.read_head, quoted)
        for file, step in (
            (HEAD, self.cross_head),
            ("data", self.references),
            ("data/captures.jsonl", self.captures),
            ("images and pages", self.contents),
            ("data/matches.jsonl", self.matches),
            ("data/findings.jsonl", self.opinions),
            ("data/exhibits.jsonl", self.exhibits),
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


def _member(file: Any) -> tuple[int, bytes]:
    """The gzip member that begins where the file stands: its length and what it holds; (0, b"") at the end."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    seen = size = 0
    while not unpack.eof:
        chunk = file.read(1 << 18)
        if not chunk:
            if not seen:
                return 0, b""
            raise Refused("the record is cut off")
        seen += len(chunk)
        try:
            parts.append(unpack.decompress(chunk, MOST))
        except zlib.error as error:
            raise Refused(f"the compressed bytes are damaged ({error})") from None
        size += len(parts[-1])
        if size >= MOST or unpack.unconsumed_tail:
            raise Refused(f"the record unpacks to more than {MOST >> 20} MB and was not read")
    return seen - len(unpack.unused_data), b"".join(parts)


def _record(file: str, offset: int, length: int, data: bytes) -> Record:
    """A WARC 1.1 record out of its member; refused unless it is whole and its digests are those of its bytes."""
    head, gap, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers.setdefault(name.strip().decode("utf-8", "strict"), value.strip(b" \t").decode("utf-8", "strict"))
    size = headers.get("Content-Length", "")
    if not gap or lines[0] != b"WARC/1.1" or not re.fullmatch(r"[0-9]{1,12}", size):
        raise Refused("it is not a WARC 1.1 record")
    if rest[int(size) :] != b"\r\n\r\n":
        raise Refused("the record is longer or shorter than it says")
    block = payload = rest[: int(size)]
    if headers.get("WARC-Block-Digest") != "sha256:" + _sha(block):
        raise Refused(f"the bytes of record {headers.get('WARC-Record-ID')} do not match its WARC-Block-Digest")
    kind, status, coding = headers.get("WARC-Type", ""), None, ""
    if headers.get("Content-Type", "").startswith("application/http"):
        http, gap, payload = block.partition(b"\r\n\r\n")
        answer = re.match(rb"HTTP/\S+ (\d{3})\b", http)
        status = int(answer[1]) if answer else None
        found = re.findall(rb"(?im)^content-encoding:[ \t]*([^\r\n]*?)[ \t]*\r?$", http)
        coding = b",".join(found).decode("latin-1").strip().lower()
    if kind != "revisit" and headers.get("WARC-Payload-Digest", "sha256:" + _sha(payload)) != "sha256:" + _sha(payload):
        raise Refused(f"the payload of record {headers.get('WARC-Record-ID')} does not match its WARC-Payload-Digest")
    return Record(
        file,
        offset,
        length,
        kind,
        headers.get("WARC-Record-ID", ""),
        headers,
        status,
        _sha(payload),
        len(payload),
        _decoded(payload, coding),
    )


def _decoded(payload: bytes, coding: str) -> str:
    if coding in ("", "identity"):
        return _sha(payload)
    for bits in {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding, ()):
        try:
            unpack = zlib.decompressobj(bits)
            plain = unpack.decompress(payload, MOST)
            if unpack.eof and not unpack.unused_data:
                return _sha(plain)
        except zlib.error:
            continue
    return ""


def _moment(text: Any) -> str:
    """A time to the microsecond, whether it is written with Z or with +00:00."""
    shape = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)", str(text))
    return f"{shape[1]}.{(shape[2] or '').ljust(6, '0')}" if shape else f"no time: {text}"


def _letters(url: str) -> str:
    """An address down to its letters and figures: the archive writes blanks in it as %20."""
    return re.sub(r"[^a-z0-9]", "", unquote(url).lower())


def verify(folder: Path, head: str | None = None, further: Callable[[Pack], None] | None = None) -> Report:
    """Check the pack in `folder`; with `head`, also that it is the pack whose head that is. Raises OSError where there is no folder."""
    os.scandir(folder).close()
    return Pack(Path(folder), further).check(head)


def main(arguments: list[str] | None = None, further: Callable[[Pack], None] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Check an evidence pack offline: every digest, the chain of the log, and what belongs to what."
    )
    parser.add_argument(
        "pack", nargs="?", type=Path, default=Path(__file__).resolve().parent, help="the unpacked pack (the folder of this file)"
    )
    parser.add_argument("--head", help="the pack's head as printed at export and quoted on paper")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    cast(Any, sys.stdout).reconfigure(errors="backslashreplace")
    quoted = re.sub(r"\s|^sha256:", "", options.head).lower() if options.head is not None else None
    if quoted is not None and not re.fullmatch(r"[0-9a-f]{64}", quoted):
        print("--head: give the 64 hexadecimal digits that were printed at export", file=sys.stderr)
        return 2
    try:
        report = verify(options.pack, quoted, further)
    except OSError as error:
        print(f"{options.pack}: this is not a folder that can be read ({error.strerror}); unpack a zipped pack first", file=sys.stderr)
        return 2
    if options.json:
        problems = [{"file": p.file, "where": p.where, "what": p.what} for p in report.problems]
        said = {"accepted": report.accepted, "case": report.case, "head": report.head, "problems": problems}
        print(json.dumps({**said, "checked": report.checked, "not_checked": report.not_checked}, indent=1))
        return 0 if report.accepted else 1
    print(_plain(f"Case {report.case or 'unknown'}"), f"Head {report.head or 'unreadable'}", sep="\n")
    for title, items in (("Checked", report.checked), ("NOT checked", report.not_checked), ("PROBLEMS", list(map(str, report.problems)))):
        if items:
            print(f"\n{title}:", *(_plain(f"  - {item}") for item in items), sep="\n")
    against = "its own head, and the head quoted" if quoted else "its own head only: compare the head above with the one on paper"
    print(f"\nACCEPTED against {against}." if report.accepted else f"\nREFUSED: {len(report.problems)} problem(s).")
    return 0 if report.accepted else 1


if __name__ == "__main__":
    sys.exit(main())
