#!/usr/bin/env python3
"""Check an evidence pack: `python3 -I verify.py [PACK | --log FILE] [--head DIGEST] [--json]`. Standard library only, no network, Python 3.9 or later.

Every digest in the pack is computed anew and every link between its files followed: the bag's manifests (RFC 8493), the records within
archive.wacz, the rows, the chain of the log to the seal and on to the export. That shows whether the pack is still as it was sealed; it
cannot show that what was sealed is true. What was not checked is printed each time. Somebody who edits a pack and computes all its digests
anew is found out only by `--head`: give the digest that was printed at export and quoted on paper, and run a verify.py that did not come
with the pack. No record is held in memory whole.

Exit status: 0 accepted, 1 problems found, 2 could not run.
"""

import sys

# A pack may hold a file named like a module of the standard library: before anything is imported, the folder of this file and that from which it is
# run are left out of where Python looks. For the same reason nothing is imported from __future__, and annotations of newer forms are in quotes.
if __name__ == "__main__":
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    sys.path[:] = [p for p in sys.path if p.startswith("/") or p[1:3] in (":\\", ":/")]

import argparse
import base64
import hashlib
import io
import json
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

FORMAT, EXPORT_FORMAT, ATTEST_FORMAT = "touchstone-pack/3", "touchstone-export/1", "touchstone-attest/2"
OLDER = ("touchstone-pack/1", "touchstone-pack/2")
GENESIS = "0" * 64
HEAD, MANIFEST, TAGS, BAGIT, INFO = "head.json", "manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "bag-info.txt"
LOG, ROWS, GAPS, WACZ = "data/log.jsonl", "data/rows/", "data/gaps.json", "data/archive.wacz"
SAID, TAIL, EXPORTED = "export/export.json", "export/log.jsonl", "export/manifest-sha256.txt"
ATTEST, HEADS, KEY, VALIDATION, ALARM = (
    f"export/{name}" for name in ("attest.json", "log-heads.jsonl", "key.pem", "validation.json", "WARNING.txt")
)
# All that may lie in a pack. In the folders lie files that rows name, of these kinds: none that a browser or a shell would run.
TAG_FILES = {"README.txt", "verify.py", BAGIT, INFO, MANIFEST, TAGS, HEAD}
PAYLOAD = {f"data/{name}" for name in ("README.html", "attribution.html", "limits.html", "limits.md")} | {LOG, GAPS, WACZ}
PDF = "data/summary.pdf"  # left out where the machine could not make it
_IMAGES = ".jpg .png .gif .webp .avif .bmp .tif .bin"
KINDS = {
    "rows": ".jsonl", "pages": ".html.txt .html .png", "files": f"{_IMAGES} .pdf .txt", "images": _IMAGES, "matches": ".png", "model-cards": ".md",
}  # fmt: skip
# What attest.json lists, which its signature covers; itself, that signature and the manifest of export/ stand beside.
COPY = {"export.json", "log.jsonl", "validation.json", "index.html", "CHECK.txt", "status.svg"}
OF_SIGNATURE, OF_STAMP = {"head.json.sig", "key.pem"}, {"head.json.tsr", "authority-root.pem", "authority-chain.pem"}
# Each page begins so: under this policy nothing that is put into it runs or connects.
PAGE = re.compile(
    rb'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
    rb'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\';'
    rb"(?: img-src data:;| img-src 'self' file:; frame-src 'self' file:;)? base-uri 'none'; form-action 'none'\">\n"
)
PICTURE = re.compile(  # status.svg: words on a ground, and nothing that could run
    rb'<svg xmlns="http://www\.w3\.org/2000/svg" width="\d+" height="\d+" role="img"><rect width="100%" height="100%" fill="#[0-9a-f]{6}"/>'
    rb'<g font-family="sans-serif" font-size="\d+" font-weight="bold" fill="#[0-9a-f]{6}">(?:<text x="\d+" y="\d+">[^<>]*</text>)*</g></svg>\n'
)
PIECE = 1 << 18  # bytes that are read at a time
LONGEST_HEAD = 1 << 22  # bytes of a record's head, and of the message's within
MOST = 1 << 25  # bytes that a payload may unpack to: no page or picture that unpacks to more is put into a pack
# A small archive can be made to unpack to a very large one: all that is unpacked of one pack has its end, far above what real pages come to.
BUDGET, TIMES = 1 << 30, 100  # so many bytes, and so many for each byte of the archive
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"  # how each record begins: no name, comment or extra field
WIDE = (1 << 31) - 1  # sizes and places in a ZIP beyond this one are written in its 64-bit form
WACZ_OTHERS = {"datapackage.json", "datapackage-digest.json"}
PAGE_KINDS = ("page", "rendered", "handed_in")
PAGE_MIMES = ("", "text/html", "application/xhtml+xml", "text/plain", "application/json", "application/ld+json")
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
ENTRIES = {
    "offence": "offences", "person": "persons", "connection": "connections", "premises": "places", "incident": "incidents", "outcome": "outcomes",
    "item": "items", "withdrawal": "withdrawals",
}  # fmt: skip
# Of what judgements are in a pack.
JUDGED = {"listing", "snapshot", "seller", "account", "picture", "flag", "link", "capture", "premises", "exhibit"}
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
GAP_NAMES = (("capture",), ("finding",), ("policy",), ("exhibit",), ("flag", "finding"))  # by which fields gaps.json is asked for something
UNSIGNED = "who made the pack: it carries no signature"
NO_TIME = "when it was made: no trusted time (no time-stamping authority stamped it); all times are the capturing machine's clock"
OF_THE_COPY = (
    "who made this copy, when and why, the log since the seal, and what the pages and the self-test in export/ say: the head does not cover export/; "
    "only a signature does, held against a key that was published elsewhere (`touchstone verify PACK --key FINGERPRINT`)"
)
NOT_CHECKED = (
    "whether what the pages said was true, and whether the pictures show the goods that were for sale",
    "who runs an account or a shop: nothing in this pack shows that by itself",
    "whether the opinions of the methods (findings, flags, links) are right; only that they are unchanged and add up",
    "that README.html, summary.pdf, the other pages, the views in pages/*.html, limits.md, limits.html, README.txt and the model cards say what they should: "
    "data/rows and archive.wacz are the record, and only the head covers the rest",
    "what rows say that no event of the log, no digest and no record of the archive bears out (the reasons of judgements, the names of people, readings, "
    "versions, links, levels of flags, places, registers, runs, follow-ups, evidence of who runs an account): only the head covers it",
    "events of which only the digests are here: each has its place in the chain, of what they are is not shown; and a row that was left out together "
    "with the words of its event is not missed",
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


class Chain:
    """The log's chain as it is followed, event after event."""

    def __init__(self) -> None:
        self.seq, self.digest = 0, GENESIS

    def follow(self, row: dict[str, Any], say: Callable[[str], None]) -> bool:
        """Take the next event and say what is wrong with it; whether it is given whole. Raises Refused for what is none."""
        whole = set(row) == {"seq", "salt", "event", "inner", "chain"}
        if not whole and set(row) != {"seq", "inner"}:
            raise Refused("it does not have the fields of an event")
        if type(row["seq"]) is not int or row["seq"] < 1 or not _hex(row["inner"], 64):
            raise Refused("its number or its inner digest is none")
        if whole and (not _hex(row["salt"], 32) or not isinstance(row["event"], dict) or type(row["event"].get("seq")) is not int):
            raise Refused("its salt or its words are none")
        if row["seq"] != self.seq + 1:
            say(f"event {self.seq + 1} should stand here: events are missing or out of order")
        self.seq, self.digest = row["seq"], _sha(bytes.fromhex(self.digest) + bytes.fromhex(row["inner"]))
        if whole:
            if _sha(bytes.fromhex(row["salt"]) + _canonical(row["event"])) != row["inner"]:
                say("it was changed: its digest is not the one it carries")
            if row["event"]["seq"] != row["seq"]:
                say(f"it says that it is event {row['event']['seq']}")
            if row["chain"] != self.digest:
                say("it does not follow the events before it")
        return whole


@dataclass(frozen=True)
class Record:
    """One WARC record as it was read: digests only, the bytes are not kept."""

    file: str
    offset: int
    length: int
    kind: str
    id: str
    headers: dict[str, str]
    first: str  # line of the HTTP message in it
    fields: str  # SHA-256 of that message's headers
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


def _number(text: str) -> int:
    """Python gives one hash to many numbers beyond this one, and a table of thousands of those takes for ever to make."""
    if len(text) > 19 or abs(int(text)) >= (1 << 61) - 1:
        raise Refused("a number in it is larger than any of ours")
    return int(text)


def _parse(data: bytes) -> Any:
    """JSON that is canonical to the byte: no second way to write the same row, no key given twice, no NaN."""
    value = json.loads(data.decode("utf-8", "strict"), parse_int=_number)
    if _canonical(value) != data:
        raise Refused("it is not in canonical form (sorted keys, no spaces, no key twice)")
    return value


def _object(data: bytes) -> dict[str, Any]:
    value = _parse(data)
    if not isinstance(value, dict):
        raise Refused("it is not an object")
    return value


def _hex(value: Any, digits: int) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", value) is not None


def _near(one: Any, other: Any) -> bool:
    """Whether two times are within an hour: a row is written, then its event, and a lock may be waited for between the two."""
    moments = [datetime.fromisoformat(str(each)) for each in (one, other)]
    return abs((moments[0] - moments[1]).total_seconds()) <= 3600


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
        self, folder: Path, further: "Callable[[Pack], None] | None" = None, vouch: "Callable[[Pack], None] | None" = None
    ) -> None:  # fmt: skip
        self.folder = folder
        self.vouch = vouch  # what Touchstone adds: signature and time stamp
        self.further = further  # what Touchstone adds to this program: making the drawings again
        self.report = Report(not_checked=list(NOT_CHECKED))
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in TABLES}
        self.ids: dict[str, dict[Any, dict[str, Any]]] = {}
        self.files: dict[str, str] = {}  # path → SHA-256
        self.events: dict[int, dict[str, Any]] = {}
        self.chain = Chain()
        self.sealed = (0, GENESIS)  # where data/log.jsonl ends
        self.heads: dict[int, str] = {}  # event → the chain's digest there, as it was signed
        self.chains: dict[int, str] = {}  # and as the log has it
        self.head: dict[str, Any] = {}
        self.told: dict[tuple[str, str], list[dict[str, Any]]] = {}  # file of rows, row → the events that tell of it
        self.gaps: dict[tuple[str, ...], set[str]] = {
            names: set() for names in GAP_NAMES
        }  # what is not in the pack: by the fields that name it
        self.index = self.paged = b""  # of archive.wacz
        self.records: dict[str, Record] = {}
        self.left = BUDGET  # bytes that may yet be unpacked

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
        self.places()

    def places(self) -> None:
        """Each file is one that a pack has; pages and the picture of the status are in the form in which nothing runs."""
        alike: set[str] = set()
        for path, _ in sorted(self.files.items()):
            top, _, rest = path.partition("/")
            folder, _, name = rest.partition("/")
            if top == "data" and folder in KINDS:
                known = "/" not in name and name.endswith(tuple(KINDS[folder].split()))
            else:
                known = top == "export" or path in TAG_FILES or path in PAYLOAD or path == PDF
            if not known:
                self.problem(path, f"a pack of {FORMAT} has no such file")
            plain = unicodedata.normalize("NFC", path).casefold()
            if plain in alike:
                self.problem(path, "its name differs from another's by nothing that every computer tells apart")
            alike.add(plain)
            if path.endswith(".html"):
                self.guarded(path, "", self.shaped, path, PAGE.match)
            elif path.endswith(".svg"):
                self.guarded(path, "", self.shaped, path, PICTURE.fullmatch)
        for path in sorted((TAG_FILES | PAYLOAD) - set(self.files)):
            self.problem(path, "it is missing: every pack has it")

    def shaped(self, path: str, shape: "Callable[[bytes], object]") -> None:
        if not shape(self.read(path)):
            raise Refused("it is not in the form in which nothing can run that is put into it")

    def gap(self, **said: Any) -> bool:
        """Whether data/gaps.json says that this is not in the pack."""
        return repr(tuple(said.values())) in self.gaps[tuple(said)]

    # -- head and rows -----------------------------------------------------------------------------------------------------
    def read_head(self, quoted: "str | None") -> None:
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
            older = "; it is older: take verify.py from the release of Touchstone of that time, and not from the pack"
            older = older if self.head.get("format") in OLDER else ""
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
            ("log", {"seq": self.chain.seq, "head": self.chain.digest}, TAIL),
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
                said = _object(_object(line)["statement"].encode("utf-8"))
                self.heads[int(said["seq"])] = str(said["chain"])

    def signed(self) -> None:
        """export/: what vouches for the pack, as far as it takes no key. Nothing is in it but what attest.json lists; its warnings are those of the
        record; who says that there is a signature or a stamp has one there; the signed heads are in the chain."""
        told = {e["detail"]["seq"]: e["detail"]["chain"] for e in self.events.values() if e.get("purpose") == "log signed"}
        for seq, chain in {**self.heads, **told}.items():
            if self.chains.get(seq) != chain or self.heads.get(seq) != chain:
                self.problem(HEADS, "the log's head was signed with another digest than the log has, or was taken out", f"event {seq}")
        said: dict[str, Any] = {"key": None, "trusted_time": None}
        if ATTEST in self.files:
            self.guarded(ATTEST, "", self.attested, said)
            self.report.checked.append(
                f"{ATTEST}: that export/ holds the files it lists and no others, and {len(self.heads)} signed heads of the log against its chain"
            )
        else:
            self.problem(
                ATTEST, f"it is missing: each pack of {FORMAT} says in it whether it is signed, and whether the software's self-test failed"
            )
        if self.vouch is not None and ATTEST in self.files:
            self.vouch(self)
            return
        by = "openssl checks it (export/CHECK.txt), or `touchstone verify PACK --key FINGERPRINT`; this program does not"
        who = f"who made the pack: {ATTEST} says that it has a signature by the key {said['key']}; {by}" if said["key"] else UNSIGNED
        when = f"when it was made: {ATTEST} says that it has a time stamp; {by}" if said["trusted_time"] else NO_TIME
        self.report.not_checked[:0] = (who, when, OF_THE_COPY)

    def attested(self, found: dict[str, Any]) -> None:
        said = _object(self.read(ATTEST))
        fields = {"case", "files", "format", "head", "key", "no_signature", "no_trusted_time", "trusted_time", "warnings"}
        if set(said) != fields or said["format"] != ATTEST_FORMAT or not all(isinstance(each, str) for each in said["warnings"]):
            raise Refused(f"it does not have the fields of {ATTEST_FORMAT}")
        self.report.warnings += said["warnings"]
        if said["key"] is not None and not _hex(said["key"], 64):
            raise Refused("the key that it names is none")
        found.update(said)
        if (said["head"], said["case"]) != (self.report.head, self.head.get("case")):
            self.problem(ATTEST, f"it speaks of another head or case than {HEAD}")
        must = COPY | (OF_SIGNATURE if said["key"] else set()) | (OF_STAMP if said["trusted_time"] else set())
        must |= ({"WARNING.txt"} if said["warnings"] else set()) | ({"log-heads.jsonl"} & set(said["files"]))
        for name in sorted(must ^ set(said["files"])):
            self.problem(ATTEST, f"it {'does not list' if name in must else 'lists'} {name}, and what it says of the pack is otherwise")
        beside = {"attest.json", "manifest-sha256.txt"} | ({"attest.json.sig"} if said["key"] else set())
        there = {path[len("export/") :] for path in self.files if path.startswith("export/")}
        for name in sorted(there - must - beside):
            self.problem(f"export/{name}", f"it has no place there: {ATTEST} does not list it")
        for name in sorted((must | beside) - there):
            self.problem(f"export/{name}", f"it is missing, and what {ATTEST} says of the pack needs it")
        for name, digest in said["files"].items():
            if name in there and self.files[f"export/{name}"] != digest:
                self.problem(f"export/{name}", f"it is not the file that {ATTEST} lists: one of the two was changed")
        if said["key"]:
            self.guarded(KEY, "", self.public_key, said["key"])
        if said["warnings"]:
            self.guarded(ALARM, "", self.alarm, said["warnings"])
        self.guarded(VALIDATION, "", self.validated, said["warnings"])

    def public_key(self, fingerprint: str) -> None:
        shape = re.fullmatch(rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)-----END PUBLIC KEY-----\n?", self.read(KEY))
        if not shape or _sha(base64.b64decode(shape[1].replace(b"\n", b""), validate=True)) != fingerprint:
            raise Refused(f"it is not the key that {ATTEST} names")

    def alarm(self, warnings: list[str]) -> None:
        if self.read(ALARM) != "".join(f"WARNING. {each}\n" for each in warnings).encode("utf-8"):
            raise Refused(f"its warnings are not those of {ATTEST}")

    def validated(self, warnings: list[str]) -> None:
        tests = _object(self.read(VALIDATION).rstrip(b"\n"))["self_test"]
        right = [test["passed"] is True and test["expected"] == test["seen"] for test in tests["checks"]]
        if not right or tests["passed"] is not all(right):
            self.problem(VALIDATION, "it has no checks of the self-test, or says otherwise than they whether it passed")
        if not all(right) and not warnings:
            self.problem(VALIDATION, f"a check of the self-test failed, and {ATTEST} has no warning")

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
                    if type(row["id"]) not in (int, str) or row["id"] in self.ids[name]:
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
        said = _object(self.read(GAPS).rstrip(b"\n"))
        if {name: type(rows) for name, rows in said.items()} != {"not_examined": list, "not_in_pack": list}:
            raise Refused("it does not have the two lists of gaps")
        for names in self.gaps:
            self.gaps[names] = {repr(tuple(each.get(name) for name in names)) for each in said["not_in_pack"]}

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
                self.sealed = self.chain.seq, self.chain.digest

    def log(self, name: str) -> None:
        disclosed, before, where = 0, self.chain.seq, ""

        def say(what: str) -> None:
            self.problem(name, what, where)

        for number, line in self.lines(name):
            where = f"line {number}"
            try:
                row = _object(line)
                where = f"event {row.get('seq')}"
                whole = self.chain.follow(row, say)
                if self.chain.seq in self.heads:
                    self.chains[self.chain.seq] = self.chain.digest
                if whole:
                    disclosed += 1
                    self.events[self.chain.seq] = row["event"]
            except Exception as error:
                say(_why(error))
        self.report.checked.append(
            f"the log's chain in {name}: {self.chain.seq - before} events, {disclosed} of them given whole and computed anew"
        )

    # -- the archive -------------------------------------------------------------------------------------------------------
    def archive(self) -> None:
        """archive.wacz: its form to the byte, the package's digests, each record, and that index and pages speak of these records."""
        self.left = BUDGET + TIMES * (self.folder / WACZ).stat().st_size
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

    def zipped(self, package: zipfile.ZipFile) -> None:
        with (self.folder / WACZ).open("rb") as file:
            if wrong := zip_form(file, package.infolist()):
                self.problem(WACZ, "it is not stored as ours are, or there are bytes in it that belong to no entry", wrong)

    def described(self, package: zipfile.ZipFile, resources: dict[str, dict[str, Any]]) -> None:
        """datapackage.json against its digest and against case, seal and software; what it lists, by path, into `resources`."""
        data = self.entry(package, "datapackage.json")
        said = self.entry(package, "datapackage-digest.json")
        if said != _canonical({"path": "datapackage.json", "hash": "sha256:" + _sha(data)}) + b"\n":
            self.problem(WACZ, "it is not the digest of datapackage.json: one of the two was changed", "datapackage-digest.json")
        package_said = _object(data[:-1] if data.endswith(b"\n") else data)
        resources.update({each["path"]: each for each in package_said["resources"]})
        right = {
            "profile": "data-package", "wacz_version": "1.1.1", "title": self.title(), "software": " ".join(self.head["tool"].values()),
            "created": self.rows["case"][0][1]["sealed_at"][:19] + "Z", "resources": list(resources.values()),
        }  # fmt: skip
        names = [f"{number}-{re.sub(r'[^-a-z0-9._/]', '-', path.rpartition('/')[2].lower())}" for number, path in enumerate(resources)]
        if package_said != right or [set(each) for each in resources.values()] != [{"name", "path", "hash", "bytes"}] * len(names):
            self.problem(WACZ, "it is not the description of this case as it was sealed", "datapackage.json")
        if [each["name"] for each in resources.values()] != names:
            self.problem(WACZ, "its entries have other names than ours", "datapackage.json")

    def title(self) -> str:
        return f"Captures of case {self.head.get('case')} as sealed at event {self.head.get('seal')} of the log"

    def entry(self, package: zipfile.ZipFile, name: str) -> bytes:
        """A small entry, whole."""
        if name not in package.namelist() or package.getinfo(name).file_size > 1 << 26:
            raise Refused(f"{name} is missing, or longer than it can be")
        return package.read(name)

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
            if re.fullmatch(r"archive/[^/]+\.warc\.gz", path):
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

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise Refused("the archive unpacks to far more than pages and pictures do: no more of it was read")

    def read_warc(self, name: str, pieces: Iterator[bytes]) -> None:
        offset, pending = 0, b""
        while pending or (pending := next(pieces, b"")):
            reading = _Reading(name, offset, self.spend)
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
        of: set[str] = set()

        def check(row: dict[str, Any], where: str) -> None:
            record = self.records.get(row["id"])
            if record is None:
                self.problem(ROWS + "records.jsonl", f"{WACZ} has no record {row['id']}", where)
                return
            if (record.file, record.offset, record.length, record.sha256, record.kind) != tuple(
                row[name] for name in ("file", "offset", "length", "sha256", "type")
            ):
                self.problem(ROWS + "records.jsonl", f"record {row['id']} is not what lies in {WACZ}, {record.where}", where)
                self.problem(WACZ, f"it is not what {ROWS}records.jsonl {where} says", record.where)
            if row["answer"] != record.headers.get("WARC-Concurrent-To"):
                self.problem(ROWS + "records.jsonl", "it is not the request that the record itself says it is", where)
            if row["capture"] is not None and repr(row["capture"]) in of:
                self.problem(ROWS + "records.jsonl", f"a second record is said to be that of capture {row['capture']}", where)
            of.add(repr(row["capture"]))

        count = self.each("records", check)
        for record in self.records.values():
            if record.id not in rows:
                self.problem(WACZ, f"{ROWS}records.jsonl does not name it", record.where)
        self.listed("indexes/index.cdx", self.index, sorted(self.indexed()))
        self.listed("pages/pages.jsonl", self.paged, list(self.pages()))
        self.report.checked.append(
            f"{count} records of {WACZ} by digest against {ROWS}records.jsonl; its index and list of pages, made again from the rows"
        )

    def listed(self, path: str, data: bytes, right: list[bytes]) -> None:
        lines = data.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            if number > len(right) or line != right[number - 1]:
                self.problem(
                    WACZ,
                    "it is not what the rows of captures and records give: a line was changed, added or left out",
                    f"{path}, line {number}",
                )
                return
        if len(lines) < len(right):
            self.problem(WACZ, f"it has {len(lines)} lines, and the rows of captures and records give {len(right)}", path)

    def indexed(self) -> Iterator[bytes]:
        """The index as it should be: a line for each capture but screenshots, which have their page's address and are no answer from there."""
        for _, row in self.rows["captures"]:
            record = self.records.get(row["warc"]["record_id"]) if row["warc"] else None
            if record is not None and row["kind"] != "screenshot":
                mime = header_of(row["response_headers"], "content-type").partition(";")[0].strip() or "unk"
                yield cdxj(
                    row["url_final"], re.sub(r"\D", "", _moment(row["ended_at"]))[:17], mime="warc/revisit" if record.kind == "revisit" else mime,
                    status=row["status"], digest=f"sha256:{row['body_digest']}", length=record.length, offset=record.offset,
                    filename=record.file.rpartition("/")[2],
                )  # fmt: skip

    def pages(self) -> Iterator[bytes]:
        """The list of pages as it should be: the captured documents, each with the title that was read in it."""
        yield _canonical({"format": "json-pages-1.0", "id": "pages", "title": self.title()}) + b"\n"
        titles = {row["capture"]: self.ids["snapshots"][row["snapshot"]]["title"] for _, row in self.rows["readings"]}
        for _, row in self.rows["captures"]:
            if row["warc"] and is_page(row["kind"], row["response_headers"]) and row["uses"] != ["payload"]:
                said = {"id": f"capture-{row['id']}", "url": row["url_final"], "ts": _moment(row["ended_at"])[:23] + "Z"}
                yield _canonical({**said, "title": titles.get(row["id"]) or row["url_final"]}) + b"\n"

    # -- captures and their records ----------------------------------------------------------------------------------------
    def captures(self) -> None:
        events: dict[str, list[dict[str, Any]]] = {}
        for event in self.events.values():
            if event.get("verb") == "collection" and isinstance(event.get("subjects"), dict) and "capture" in event["subjects"]:
                events.setdefault(str(event["subjects"]["capture"]), []).append(event)
        used: dict[str, dict[str, Any]] = {}  # record → the capture whose own it is
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
                if not self.gap(capture=row["id"]):
                    self.problem(file, f"its bytes are not in this pack, and {GAPS} does not say so", where)
                return
            self.capture(row, where, used)

        count = self.each("captures", check)
        self.guarded(WACZ, "", self.others, used)
        self.report.checked.append(f"{count - len(absent)} captures: record, payload, digest, and the event of their collection")
        if absent:
            self.report.not_checked.append(
                f"the bytes of capture {', '.join(map(str, absent))}: they are not in the pack ({GAPS} says why)"
            )

    def capture(self, row: dict[str, Any], where: str, used: dict[str, dict[str, Any]]) -> None:
        file, place = ROWS + "captures.jsonl", row["warc"]
        record = self.records.get(place["record_id"])
        if record is None or self.ids["records"].get(record.id, {}).get("capture") != row["id"]:
            self.problem(file, f"its record {place['record_id']} is not in {WACZ}, or is another capture's", where)
            return
        used[record.id] = row
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
        elif record.kind not in ("response", "resource") or place["payload_record"] is not None:
            self.problem(file, f"its record is a {record.kind}, or it names a second one without need", where)
        if source.payload != row["body_digest"] or source.size != row["body_length"]:
            self.problem(WACZ, f"its payload is not the bytes of capture {row['id']} ({file} {where})", source.where)
        if _moment(record.headers.get("WARC-Date")) != _moment(row["ended_at"]):
            self.problem(WACZ, f"its date is not that of {file} {where}", record.where)
        if _address(record.headers.get("WARC-Target-URI", "")) != _address(row["url_final"]):
            self.problem(WACZ, f"its address is not that of {file} {where}", record.where)
        if record.headers.get("WARC-Touchstone-Run", row["run"]) != row["run"]:
            self.problem(WACZ, f"it was made in another run than {file} {where} says", record.where)
        if record.kind == "resource":
            mimes = [f"Content-Type: {value}" for name, value in row["response_headers"] if name.lower() == "content-type"]
            if _line(f"Content-Type: {record.headers.get('Content-Type')}") not in map(
                _line, mimes or ["Content-Type: application/octet-stream"]
            ):
                self.problem(WACZ, f"its kind of content is not that of {file} {where}", record.where)
        else:
            self.answered(record, row, f"{file} {where}")

    def answered(self, record: Record, row: dict[str, Any], where: str) -> None:
        """What a server answered beside the payload, against the capture's row: status, version, headers, its own address."""
        first = re.fullmatch(r"(HTTP/1\.[01]) (\d{3})(?: .*)?", record.first)
        if not first or int(first[2]) != row["status"]:
            self.problem(WACZ, f"its status is {record.first[:40]!r}, {where} says {row['status']}", record.where)
        elif row["http_version"] and row["http_version"] != record.headers.get("WARC-Protocol", first[1]):
            self.problem(WACZ, f"its version of HTTP is not that of {where}", record.where)
        if record.fields != _fields([f"{name}: {value}" for name, value in row["response_headers"]]):
            self.problem(WACZ, f"its headers are not those of {where}", record.where)
        if record.headers.get("WARC-IP-Address") != (row["server_ip"] or None):
            self.problem(WACZ, f"the address of the server is not that of {where}", record.where)

    def others(self, used: dict[str, dict[str, Any]]) -> None:
        """The records that are no capture's own: what each file begins with, and what was asked. To no revisit another payload is to be found."""
        asked: set[str] = set()
        answers: dict[tuple[Any, Any], set[str]] = {}
        for record in self.records.values():
            if record.kind == "response":
                at = record.headers.get("WARC-Target-URI"), record.headers.get("WARC-Date")
                answers.setdefault(at, set()).add(f"sha256:{record.payload}")
        for record in self.records.values():
            answer = record.headers.get("WARC-Concurrent-To", "")
            if record.kind == "request" and answer in used and answer not in asked:
                asked.add(answer)
                self.guarded(WACZ, record.where, self.request, record, self.records[answer], used[answer])
            elif record.id not in used and (record.kind != "warcinfo" or record.offset):
                self.problem(WACZ, "it belongs to no capture of this pack", record.where)
            if record.kind == "revisit":
                named = answers.get((record.headers.get("WARC-Refers-To-Target-URI"), record.headers.get("WARC-Refers-To-Date")))
                if named and record.headers.get("WARC-Payload-Digest") not in named:
                    self.problem(WACZ, "it refers to a record with another payload", record.where)

    def request(self, record: Record, answer: Record, row: dict[str, Any]) -> None:
        for name in ("WARC-Target-URI", "WARC-Date"):
            if record.headers.get(name) != answer.headers.get(name):
                raise Refused(f"its {name} is not that of its answer")
        path = re.sub(r"^[a-z]+://[^/?#]*", "", record.headers["WARC-Target-URI"]).partition("#")[0]
        if record.first != f"{row['method'].upper()} {path if path.startswith('/') else '/' + path} HTTP/1.1".strip():
            raise Refused(f"it asks otherwise than capture {row['id']} of {ROWS}captures.jsonl says")
        if record.fields != _fields([f"{name}: {value}" for name, value in row["request_headers"]]):
            raise Refused(f"its headers are not those of capture {row['id']} of {ROWS}captures.jsonl")

    def decoded(self, capture: Any) -> str:
        """Digest of a capture's bytes with their Content-Encoding undone; "" where that is not known."""
        place = (self.ids["captures"].get(capture) or {}).get("warc") or {}
        record = self.records.get(place.get("payload_record") or place.get("record_id", ""))
        return record.decoded if record else ""

    # -- pictures, pages, opinions, exhibits -------------------------------------------------------------------------------
    def digest(self, file: str) -> "str | None":
        """SHA-256 of a file that a row names; rows name files by their paths below data/."""
        return self.files.get(f"data/{file}")

    def contents(self) -> None:
        named: set[str] = set()
        undecoded: list[str] = []
        loose: list[str] = []

        def image(row: dict[str, Any], where: str) -> None:
            if row["file"] is None:
                return
            named.add(row["file"])
            if self.digest(row["file"]) != row["sha256"] or not row["file"].startswith(f"images/{row['sha256']}."):
                self.problem(f"data/{row['file']}", f"it is not the picture whose digest its name and {ROWS}images.jsonl {where} give")
            if not row["captures"]:
                loose.append(row["file"])
            for capture in row["captures"]:
                if capture not in self.ids["captures"]:
                    self.problem(ROWS + "images.jsonl", f"its capture {capture} is not in {ROWS}captures.jsonl", where)
                if not (known := self.decoded(capture)):
                    undecoded.append(row["file"])
                elif known != row["sha256"]:
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
                f"that {', '.join(undecoded)} are what was captured: their encoding is unknown to the standard library, or they unpack to too much"
            )
        if loose:
            self.report.not_checked.append(f"where {', '.join(loose)} come from: no capture in the pack is said to have brought them")

    def matches(self) -> None:
        """The drawings: that each is of two pictures of the pack that its finding says match. What they show is not looked at."""
        shown = {row["sha256"] for row in self.ids["images"].values()}
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
                if not self.gap(finding=row["finding"]):
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
            if row["policy"] not in policies and not self.gap(policy=row["policy"]):
                self.problem(ROWS + "flags.jsonl", f"the policy of flag {row['id']} is no method of {ROWS}methods.jsonl", where)
            total = sum(float(c["points"]) for c in row["contributions"])
            if not abs(total - float(row["score"])) <= 1e-6:
                self.problem(
                    ROWS + "flags.jsonl", f"the contributions of flag {row['id']} make {total:g}, its score is {row['score']}", where
                )
            for c in row["contributions"]:
                found = self.ids["findings"].get(c["finding"])
                if found is None and not self.gap(flag=row["id"], finding=c["finding"]):
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
        salted = 0
        erased = any(e["verb"] == "erasure" and e["case"] == self.head.get("case") for e in self.events.values())

        def check(row: dict[str, Any], where: str) -> None:
            nonlocal salted
            file = ROWS + "exhibits.jsonl"
            if row["number"] in numbers:
                self.problem(file, f"exhibit number {row['number']} stands twice", where)
            numbers.add(row["number"])
            said = [
                self.head.get("case"),
                *(row[name] for name in ("number", "subject_kind", "subject", "description", "producer", "actor")),
            ]
            for event in self.told["exhibits", repr(row["number"])]:
                if not row["salt"]:
                    if "commits" in event["detail"] and not erased:
                        self.problem(file, f"exhibit {row['number']} has lost the salt that event {event['seq']} of {LOG} needs", where)
                    continue
                salted += 1
                if _sha(row["salt"].encode() + _canonical(said)) != event["detail"].get("commits"):
                    self.problem(
                        file, f"exhibit {row['number']} is not what the event of its making, {event['seq']} of {LOG}, commits to", where
                    )
            gone = [r for _, r in self.rows["withdrawals"] if r.get("exhibit") == row["number"] and r["superseded_by"] is None]
            if row["withdrawn"] != "" if not gone else row["withdrawn"] not in [r["why"] for r in gone]:
                self.problem(file, f"{ROWS}withdrawals.jsonl says otherwise whether and why exhibit {row['number']} was withdrawn", where)
            table = SUBJECTS.get(row["subject_kind"])
            if table and row["subject"] not in self.ids[table] and not self.gap(exhibit=row["number"]):
                self.problem(file, f"what exhibit {row['number']} is of is not in {ROWS}{table}.jsonl", where)

        count = self.each("exhibits", check)
        self.report.checked.append(
            f"{count} exhibit numbers, each used once; {salted} exhibits against what the events of their making commit to"
        )
        if salted < count:
            self.report.not_checked.append(
                f"what {count - salted} exhibits are described as: the pack has no salt with which to hold that against the events of their making"
            )

    def events_of_rows(self) -> None:
        """Judgements, exhibits, entries of the reference log and what was recorded of the case: each has one event in the log up to the seal, given
        whole, that says the same of it as far as events say anything; and each such event has its row."""
        tables = {"exhibit": "exhibits", "judgement": "judgements", "reference log": "references"}
        for seq, event in self.events.items():
            table, detail, subjects = tables.get(event["purpose"]), event["detail"], event["subjects"]
            key: Any = None
            if table == "references" and event["verb"] == "collection":
                key = subjects.get("reference")
            elif table == "exhibits" and event["verb"] == "alteration" and event["case"] == self.head.get("case"):
                key = repr(detail["exhibit"])
            elif table == "judgements" and event["verb"] == "alteration" and set(subjects) <= JUDGED:
                key = repr(detail["judgement"])
            elif "case_entry" in detail and event["case"] == self.head.get("case"):
                table, key = ENTRIES.get(detail["kind"]), repr(detail["case_entry"])
            if table and key is not None and seq <= self.sealed[0]:
                self.told.setdefault((table, key), []).append(event)
        keys = {"references": "number", "exhibits": "number"}
        for table, same in (
            ("judgements", self.judged),
            ("exhibits", self.exhibited),
            ("references", self.referred),
            *((name, self.entered) for name in RECORDED),
        ):
            there = {repr(row.get(keys.get(table, "id"))) for _, row in self.rows[table]}
            for name, key in self.told:
                if name == table and key not in there:
                    self.problem(
                        f"{ROWS}{table}.jsonl",
                        f"it leaves out {key.strip(chr(39))}, of which event {self.told[name, key][0]['seq']} of {LOG} tells",
                    )

            def check(row: dict[str, Any], where: str, table: str = table, same: Callable[..., Any] = same) -> None:
                mine = self.told.setdefault((table, repr(row[keys.get(table, "id")])), [])
                if len(mine) != 1:
                    self.problem(f"{ROWS}{table}.jsonl", f"{LOG} gives {len(mine)} events that tell of it, not one", where)
                for event in mine:
                    who, at, *others = same(row, event)
                    if event["actor"] != who or any(one != other for one, other in others) or not _near(at, event["at"]):
                        self.problem(f"{ROWS}{table}.jsonl", f"it does not say what event {event['seq']} of {LOG} tells of it", where)

            self.each(table, check)
        self.report.checked.append(
            "judgements (who, when to the hour, of what, the answer), exhibits (who, when, of what), references and what was recorded of the case: "
            "one event for each row and one row for each event that is given whole"
        )

    def judged(self, row: dict[str, Any], event: dict[str, Any]) -> list[Any]:
        former = self.ids["judgements"].get(row["supersedes"], {}) if row["supersedes"] is not None else row
        question = [row[name] for name in ("subject_kind", "subject", "actor")]
        return [
            row["actor"], row["at"], (row["verdict"], event["detail"].get("verdict")), ({row["subject_kind"]: str(row["subject"])}, event["subjects"]),
            (question, [former.get(name) for name in ("subject_kind", "subject", "actor")]),
        ]  # fmt: skip

    def exhibited(self, row: dict[str, Any], event: dict[str, Any]) -> list[Any]:
        kind = "case_entry" if row["subject_kind"] == "item" else row["subject_kind"]
        return [
            row["actor"],
            row["at"],
            (row["id"], event["detail"].get("row", row["id"])),
            ({kind: str(row["subject"])}, event["subjects"]),
        ]

    def referred(self, row: dict[str, Any], event: dict[str, Any]) -> list[Any]:
        said = {"kind": row["kind"], "removes": row["removes"], "sha256": row["image_sha256"]}
        return [row["added_by"], event["at"], (said, event["detail"])]

    def entered(self, row: dict[str, Any], event: dict[str, Any]) -> list[Any]:
        return [row["actor"], row["recorded_at"], *((row[name], event["detail"].get(name)) for name in ("supersedes", "withdrawn"))]

    def custody(self) -> None:
        """The steps of custody that the log tells: each is what its event says, and none is left out that the case's events tell of."""
        steps: dict[str, set[int]] = {}
        numbers = {repr(row["id"]): row["number"] for _, row in self.rows["exhibits"]}

        def check(row: dict[str, Any], where: str) -> None:
            shape = re.fullmatch(r"event ([0-9]{1,15}) of the log", row["record"])
            if not shape:
                return
            event = self.events.get(int(shape[1]), {})
            steps.setdefault(repr(row["exhibit"]), set()).add(int(shape[1]))
            collected = self.ids["captures"].get(int(event["subjects"]["capture"]), {}) if event.get("verb") == "collection" else {}
            if event.get("verb") == "collection":
                says = f"capture {event['subjects']['capture']} collected"
            else:
                says = "disclosed" if event.get("verb") == "disclosure" else f"made exhibit {numbers.get(repr(row['exhibit']))}"
                if says != "disclosed" and event.get("detail", {}).get("exhibit") != numbers.get(repr(row["exhibit"])):
                    says = ""
            if (row["by"], row["says"], row["at"]) != (event.get("actor"), says, collected.get("ended_at", event.get("at"))):
                self.problem(ROWS + "custody.jsonl", f"it is not what {row['record']} tells", where)

        count = self.each("custody", check)
        handed = [
            e
            for e in self.events.values()
            if e["verb"] == "disclosure" and e["case"] == self.head.get("case") and e["seq"] <= self.sealed[0]
        ]
        for number, row in self.rows["exhibits"]:
            made = self.told.get(("exhibits", repr(row["number"])), []) if not row["withdrawn"] and row["subject_kind"] != "item" else []
            after = [e for e in handed if made and e["seq"] > made[0]["seq"] and e["at"] > row["at"]]
            if missed := [str(e["seq"]) for e in [*made, *after] if e["seq"] not in steps.get(repr(row["id"]), ())]:
                what = f"it leaves out event {', '.join(missed)} of {LOG}, a step in the custody of exhibit {row['number']}"
                self.problem(ROWS + "custody.jsonl", what, f"exhibits.jsonl line {number}")
        self.report.checked.append(f"{count} steps of custody: those that events of the log tell against these events")

    def check(self, quoted: "str | None") -> Report:
        self.guarded(str(self.folder), "", self.walk)
        self.guarded(HEAD, "", self.read_head, quoted)
        if self.head.get("format") in OLDER:
            return self.report
        archive: tuple[Any, ...] = (
            (WACZ, self.archive),
            (WACZ, self.archived),
            (ROWS + "captures.jsonl", self.captures),
            ("data/images and data/pages", self.contents),
        )
        if quoted is not None and quoted != self.report.head:
            archive = ()
            self.report.not_checked.insert(
                0, f"{WACZ}, pages and pictures: the archive was not opened, since this is not the pack whose head was quoted"
            )
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
            *archive,
            (ROWS + "matches.jsonl", self.matches),
            (ROWS, self.people),
            (ROWS + "findings.jsonl", self.opinions),
            (ROWS, self.events_of_rows),
            (ROWS + "exhibits.jsonl", self.exhibits),
            (ROWS + "custody.jsonl", self.custody),
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

    def __init__(self, file: str, offset: int, spend: Callable[[int], None]) -> None:
        self.file, self.offset, self.length, self._spend, self._begun = file, offset, 0, spend, b""
        self._unpack, self._packed = zlib.decompressobj(zlib.MAX_WBITS | 16), hashlib.sha256()
        self._kept, self._take = b"", self._head
        self._headers: dict[str, str] = {}
        self._left = self._size = 0
        self._first = self._message_fields = ""
        self._block, self._payload, self._plain = hashlib.sha256(), hashlib.sha256(), _Plain("", spend)
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to this record; what is left over belongs to the next."""
        rest = data
        self._begun = (self._begun + data)[: len(GZIP_HEAD)]
        if not GZIP_HEAD.startswith(self._begun):
            raise Refused("it is not packed as our records are")
        try:
            while rest and not self._unpack.eof:
                out = self._unpack.decompress(rest, PIECE << 2)
                rest = self._unpack.unconsumed_tail
                self._spend(len(out))
                self._kept += out
                self._take()
        except zlib.error as error:
            raise Refused(f"the compressed bytes are damaged ({error})") from None
        self.ended, rest = self._unpack.eof, self._unpack.unused_data if self._unpack.eof else b""
        own = data[: len(data) - len(rest)]
        self._packed.update(own)
        self.length += len(own)
        return rest

    def _until_blank(self) -> "bytes | None":
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
        seen: set[bytes] = set()
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            if not re.fullmatch(rb"[!-9;-~]+", name) or b"\r" in value or b"\n" in value or name.lower() in seen:
                raise Refused("a header of it stands twice, goes on in a second line or is none: programs would read it differently")
            seen.add(name.lower())
            self._headers[name.decode("ascii")] = value.strip(b" \t").decode("utf-8", "strict")
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
        first, *lines = head.split(b"\r\n")
        if any(b"\r" in line or b"\n" in line for line in (first, *lines)):
            raise Refused("a header of the message in it holds a line's end: programs would read it differently")
        self._first, self._message_fields = _text(first), _fields([_text(line) for line in lines])
        pairs = [line.partition(b":")[::2] for line in lines]
        coding = b",".join(value.strip(b" \t") for name, value in pairs if name.strip(b" \t").lower() == b"content-encoding")
        self._plain = _Plain(coding.decode("latin-1").lower(), self._spend)
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
            self.file, self.offset, self.length, kind, number, headers, self._first, self._message_fields, payload, self._size, plain,
            self._packed.hexdigest(),
        )  # fmt: skip


class _Plain:
    """The digest of a payload with its Content-Encoding undone, fed in pieces."""

    def __init__(self, coding: str, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self.same = coding in ("", "identity")
        bits = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding, ())
        self._ways: list[list[Any]] = [[zlib.decompressobj(each), hashlib.sha256(), 0] for each in bits]

    def feed(self, data: bytes) -> None:
        for way in list(self._ways):
            unpack, digest, size = way
            rest = data
            try:
                while rest and not unpack.eof:
                    out = unpack.decompress(rest, PIECE << 2)
                    rest = unpack.unconsumed_tail
                    self._spend(len(out))
                    digest.update(out)
                    size += len(out)
                    if size > MOST:
                        break
            except zlib.error:
                self._ways.remove(way)
                continue
            way[2] = size
            if unpack.unused_data or (rest and unpack.eof) or size > MOST:
                self._ways.remove(way)

    def digest(self) -> str:
        """ "" where the standard library cannot undo it."""
        return next((digest.hexdigest() for unpack, digest, _ in self._ways if unpack.eof), "")


def _moment(text: Any) -> str:
    """A time to the microsecond, whether it is written with Z or with +00:00."""
    shape = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)", str(text))
    return f"{shape[1]}.{(shape[2] or '').ljust(6, '0')}" if shape else f"no time: {text}"


def _address(url: str) -> str:
    """An address as the archive writes it in a record: no blank in it, the scheme in small letters; escapes in one spelling."""
    url = re.sub(r"[\x00-\x20\x7f]", lambda found: f"%{ord(found[0]):02X}", url.strip())
    url = re.sub(r"^https?:", lambda found: found[0].lower(), url, flags=re.IGNORECASE)
    return re.sub(r"%[0-9a-fA-F]{2}", lambda found: found[0].upper(), url)


def _line(text: str) -> str:
    """A header in one spelling: blanks of any kind as one, the name that the archive gives to one that is no longer true of the kept bytes undone."""
    name, _, value = re.sub(r"[\s\x00]+", " ", text).partition(":")
    aside = re.fullmatch(r"X-Archive-Orig-(transfer-encoding|content-length|content-encoding)", name.strip(), re.IGNORECASE)
    return f"{aside[1] if aside else name.strip()}: {value.strip()}"


def _fields(lines: "list[str]") -> str:
    return _sha(_canonical([_line(each) for each in lines]))


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


# -- what the pack's writer and its checker share -----------------------------------------------------------------------------
def header_of(headers: Any, name: str) -> str:
    """The value of a header (its name in small letters) among pairs of name and value; "" where there is none."""
    return next((str(value) for key, value in headers if key.lower() == name), "")


def is_page(kind: str, headers: Any) -> bool:
    """Whether a capture is a document to be read."""
    return kind in PAGE_KINDS and header_of(headers, "content-type").partition(";")[0].strip().lower() in PAGE_MIMES


def cdxj(url: str, moment: str, **said: Any) -> bytes:
    """A line of CDXJ 0.1: the address's sort-friendly form, the time (17 digits, UTC), and where the record lies."""
    return f"{surt(url)} {moment} ".encode("utf-8", "replace") + _canonical({"url": url, **{k: str(v) for k, v in said.items()}}) + b"\n"


def surt(url: str) -> str:
    """An address in its sort-friendly form: `http://www.shop.example:80/B/?z=1&a=%5b` is `example,shop)/b?a=[&z=1`; one without a host as it is.

    As viewers of web archives look addresses up (the rules that the Internet Archive set), but for the session numbers that those leave out. The
    address is taken apart by RFC 3986 (appendix B) here, since Python's own way differs from version to version.
    """
    parts = re.match(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?//([^/?#]*)([^?#]*)(?:\?([^#]*))?", url)
    place = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]+)(?::([0-9]{0,5}))?", parts[2].rpartition("@")[2]) if parts else None
    if not parts or not place or int(place[2] or 0) > 65535:
        return _escaped(url)
    host = ",".join(reversed(re.sub(r"^www\d*\.", "", place[1].strip("[]").lower()).split(".")))
    if place[2] and int(place[2]) != {"http": 80, "https": 443}.get((parts[1] or "").lower()):
        host += f":{int(place[2])}"
    path = _escaped(parts[3]).lower()
    query = "&".join(sorted(_escaped(parts[4] or "").lower().split("&")))
    return f"{_escaped(host)}){path.rstrip('/') or '/'}{f'?{query}' if query else ''}"


def _escaped(text: str) -> str:
    """With every escape undone, also escapes of escapes, and only those made that an address cannot do without."""
    plain = bytearray()
    for byte in text.encode("utf-8", "surrogateescape"):
        plain.append(byte)
        while len(plain) > 2 and plain[-3] == 0x25 and re.fullmatch(rb"[0-9A-Fa-f]{2}", plain[-2:]):
            plain[-3:] = bytes([int(plain[-2:], 16)])
    return "".join(chr(b) if 0x20 < b < 0x7F and b not in b"#%" else f"%{b:02x}" for b in plain)


def zip_form(file: BinaryIO, entries: "list[zipfile.ZipInfo]") -> str:
    """Where a ZIP is not to the byte what entries of these names, sizes and checksums give, stored one behind another as Touchstone writes them; "" for
    nowhere. Sizes and places beyond WIDE are in the 64-bit form; so may be an entry's own head, whose size was not known when it was begun."""
    at, central, names = 0, b"", set()
    for info in entries:
        name, size = info.filename.encode("utf-8"), info.file_size
        fields = struct.pack("<HHHHL", 0 if name.isascii() else 0x800, 0, 0, 0x21, info.CRC)
        wide = struct.pack("<HHQQ", 1, 16, size, size)
        forms = [(20, size, b""), (20, size, wide)] if size <= WIDE else []
        heads = {
            b"PK\3\4" + struct.pack("<H", v) + fields + struct.pack("<LLHH", shown, shown, len(name), len(extra)) + name + extra: v
            for v, shown, extra in [*forms, (45, 0xFFFFFFFF, wide)]
        }
        file.seek(at)
        lying = file.read(max(map(len, heads)))
        head = next((each for each in heads if lying.startswith(each)), None)
        if head is None or info.header_offset != at or name in names:
            return info.filename
        names.add(name)
        long = ([size, size] if size > WIDE else []) + ([at] if at > WIDE else [])
        extra = struct.pack(f"<HH{len(long)}Q", 1, 8 * len(long), *long) if long else b""
        version, shown = 45 if long else heads[head], 0xFFFFFFFF if size > WIDE else size
        central += b"PK\1\2" + struct.pack("<BBH", version, 3, version) + fields
        central += struct.pack("<LLHHHHHLL", shown, shown, len(name), len(extra), 0, 0, 0, 0o100644 << 16, 0xFFFFFFFF if at > WIDE else at)
        central += name + extra
        at += len(head) + size
    count, size = len(entries), len(central)
    end = b""
    if count > 0xFFFF or at > WIDE or size > WIDE:
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, at)
        end += struct.pack("<4sLQL", b"PK\6\7", 0, at + size, 1)
    shown = min(count, 0xFFFF)
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, shown, shown, min(size, 0xFFFFFFFF), min(at, 0xFFFFFFFF), 0)
    file.seek(at)
    return "" if file.read(len(central) + len(end) + 1) == central + end else "its own list of entries, and its end"


def verify(
    folder: Path,
    head: "str | None" = None,
    further: "Callable[[Pack], None] | None" = None,
    vouch: "Callable[[Pack], None] | None" = None,
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


def verify_log(path: Path, quoted: "str | None" = None) -> Report:
    """Check an export of the log (`touchstone log export --out FILE.jsonl`): each event's digest, and the chain from its beginning.

    `quoted` is the head that was printed at export, the chain's digest at the last event.
    """
    report, chain, whole = Report(), Chain(), 0
    where = ""

    def problem(what: str) -> None:
        report.problems.append(Problem(path.name, what, where))

    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"line {number}"
            try:
                if not line.endswith(b"\n"):
                    problem("it breaks off in the middle of a line")
                row = _object(line.removesuffix(b"\n"))
                where = f"event {row.get('seq')}"
                whole += chain.follow(row, problem)
            except Exception as error:
                problem(_why(error))
    where = ""
    if not chain.seq:
        problem("there is no event in it")
    report.head = chain.digest
    report.checked.append(f"the log's chain: {chain.seq} events, {whole} of them given whole and computed anew")
    if quoted is not None and quoted != report.head:
        problem(f"the head computed here is {report.head}, and {quoted} was quoted: this is another log, or it was changed or cut off")
    if quoted is None:
        report.not_checked.append("whether this is the log whose head was quoted: give it with --head")
    report.not_checked += LOG_NOT_CHECKED
    return report


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(_plain(message))


def _stopped(why: str) -> int:
    print(_plain(why), file=sys.stderr)
    return 2


def main(
    arguments: "list[str] | None" = None,
    further: "Callable[[Pack], None] | None" = None,
    vouch: "Callable[[Pack], None] | None" = None,
) -> int:
    parser = Parser(description="Check an evidence pack offline: every digest, the chain of the log, and what belongs to what.")
    parser.add_argument("pack", nargs="?", type=Path, help="the unpacked pack (where left out, the folder of this file)")
    parser.add_argument("--head", help="the pack's head as printed at export and quoted on paper")
    parser.add_argument("--log", type=Path, help="check this export of the log instead of a pack; --head is then the log's")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # where it was closed there is none
            stream.reconfigure(errors="backslashreplace")
    if options.log and options.pack:
        return _stopped("give a pack, or --log and a file, and not both: one of the two would go unchecked")
    quoted = re.sub(r"\s", "", options.head).lower() if options.head is not None else None
    if quoted is not None:
        quoted = quoted[len("sha256:") :] if quoted.startswith("sha256:") else quoted
        if not _hex(quoted, 64):
            return _stopped("--head: give the 64 hexadecimal digits that were printed at export")
    what = options.log or options.pack or Path(__file__).resolve().parent
    try:
        if options.log and not stat.S_ISREG(what.stat().st_mode):  # a pipe would be waited for
            return _stopped(f"{what}: this is no plain file")
        report = verify_log(what, quoted) if options.log else verify(what, quoted, further, vouch)
    except OSError as error:
        if options.log:
            return _stopped(f"{what}: this is not a file that can be read ({error.strerror})")
        return _stopped(f"{what}: this is not a folder that can be read ({error.strerror}); unpack a zipped pack first")
    if options.json:
        problems = [{"file": p.file, "where": p.where, "what": p.what} for p in report.problems]
        said = {"accepted": report.accepted, "case": report.case, "head": report.head, "warnings": report.warnings, "problems": problems}
        print(json.dumps({**said, "checked": report.checked, "not_checked": report.not_checked}, indent=1))
        return 0 if report.accepted else 1
    print(*(_plain(f"WARNING: {each}") + "\n" for each in report.warnings), sep="\n", end="\n" if report.warnings else "")
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


def printed() -> int:
    """`main`, and 2 where nobody takes what it prints: a full disk, a pipe that was closed."""
    try:
        status = main()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python would try once more at its end
        print(f"the report could not be printed ({error.strerror})", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(printed())
