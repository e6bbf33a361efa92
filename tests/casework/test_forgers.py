"""The work of forgers who compute every digest of a pack anew, and of those who would have verify.py wait, fill the memory or run their code.

Without the quoted head the seal itself can be made again; what a pack says twice, and what its log bears out, gives such work away all the same.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import struct
import subprocess
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casework import verify as verifier
from casework.export import ExportResult, export
from casework.export.wacz import WaczWriter
from casework.verify import verify
from store.warc import http_block
from store.words.records import canonical
from tests.casework.packs import CASE, build
from tests.casework.tamper import (
    PLAIN_PYTHON,
    WACZ,
    edit_rows,
    entries,
    forge_record,
    reblocked,
    reseal,
    reseal_export,
    revouch,
    rezip,
    rows,
    run_verify,
    sha,
    squeezed,
)

PAGE, PICTURE = 1, 2  # captures of the pack: a page with its request, and its picture


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    folder = tmp_path_factory.mktemp("forgers")
    world = build(folder / "home")
    return export(world.store, world.home, CASE, folder / "pack", actor="a.officer", justification="file to legal services", zipped=False)


@pytest.fixture
def pack(made: ExportResult, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def named(folder: Path) -> list[str]:
    return [str(p) for p in verify(folder).problems]


def refused(folder: Path, said: str) -> None:
    assert any(said in each for each in named(folder)), named(folder)


def first(**values: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda found: found[0].update(values)


def exchanged(found: list[dict[str, Any]]) -> None:
    found[0]["number"], found[1]["number"] = found[1]["number"], found[0]["number"]


def as_digests(purpose: str) -> Callable[[list[dict[str, Any]]], None]:
    def change(found: list[dict[str, Any]]) -> None:
        for row in found:
            if row.get("event", {}).get("purpose") == purpose:
                del row["event"], row["salt"], row["chain"]

    return change


# -- rows against the log ------------------------------------------------------------------------------------------------------
ROWS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], Any], str]] = {
    "a judgement reversed": ("rows/judgements", first(verdict="no"), "judgements.jsonl, line 1: it does not say what event"),
    "a judgement of another": ("rows/judgements", first(actor="b.officer"), "judgements.jsonl, line 1: it does not say what event"),
    "a judgement of another day": ("rows/judgements", first(at="2020-01-01T00:00:00.000000+00:00"), "line 1: it does not say what event"),
    "a judgement of something else": ("rows/judgements", first(subject=2), "judgements.jsonl, line 1: it does not say what event"),
    "a judgement less": ("rows/judgements", lambda found: found.pop(0), "judgements.jsonl: it leaves out 1, of which event"),
    "a judgement more": ("rows/judgements", lambda found: found.append(found[0] | {"id": 9}), "gives 0 events that tell of it, not one"),
    "judgements whose events are hidden": ("log", as_digests("judgement"), "gives 0 events that tell of it, not one"),
    "exhibits whose events are hidden": ("log", as_digests("exhibit"), "gives 0 events that tell of it, not one"),
    "numbers of exhibits exchanged": ("rows/exhibits", exchanged, "exhibits.jsonl, line 1: it does not say what event"),
    "an exhibit described otherwise": ("rows/exhibits", first(description="A genuine bag"), "exhibit AB1 is not what the event of its making"),
    "an exhibit without its salt": ("rows/exhibits", first(description="A genuine bag", salt=""), "exhibit AB1 has lost the salt"),
    "an exhibit of another officer": ("rows/exhibits", first(producer="b.officer"), "exhibit AB1 is not what the event of its making"),
    "an exhibit of another time": ("rows/exhibits", first(at="2020-01-01T00:00:00.000000+00:00"), "exhibits.jsonl, line 1: it does not say"),
    "an exhibit withdrawn": ("rows/exhibits", first(withdrawn="taken in error"), "says otherwise whether and why exhibit AB1 was withdrawn"),
    "an exhibit less": ("rows/exhibits", lambda found: found.pop(), "exhibits.jsonl: it leaves out AB4, of which event"),
    "custody less": ("rows/custody", lambda found: found.clear(), "custody.jsonl, exhibits.jsonl line 1: it leaves out event"),
    "custody of another officer": ("rows/custody", first(by="b.officer"), "custody.jsonl, line 1: it is not what event"),
    "a reference of another kind": ("rows/references", first(kind="confirmed"), "references.jsonl, line 1: it does not say what event"),
    "a reference of another": ("rows/references", first(added_by="b.officer"), "references.jsonl, line 1: it does not say what event"),
    "a capture with other headers": ("rows/captures", first(response_headers=[["Server", "other"]]), "its headers are not those of"),
    "a capture that asked otherwise": ("rows/captures", first(request_headers=[]), "its headers are not those of capture 1"),
    "a capture by another method": ("rows/captures", first(method="POST"), "it asks otherwise than capture 1"),
    "a capture of another server": ("rows/captures", first(server_ip="192.0.2.99"), "the address of the server is not that of"),
    "a number as large as can be": ("rows/actors", lambda found: found.append({"id": (1 << 61) - 1}), "is larger than any of ours"),
}  # fmt: skip


@pytest.mark.parametrize("what", ROWS)
def test_rows_that_the_log_or_the_archive_contradicts_are_named(pack: Path, what: str) -> None:
    file, change, said = ROWS[what]
    edit_rows(pack, f"data/{file}.jsonl", lambda found: change(found) and None)
    reseal(pack)
    refused(pack, said)


def test_what_only_the_head_covers_is_said_each_time(pack: Path) -> None:
    """A reason of a judgement, the name of an officer, a reading, the model cards: by design nothing else in the pack bears them out."""
    edit_rows(pack, "data/rows/judgements.jsonl", first(reason="nothing was found"))
    edit_rows(pack, "data/rows/actors.jsonl", first(name="Somebody Else"))
    edit_rows(pack, "data/rows/images.jsonl", first(captures=[]))
    reseal(pack)
    report = verify(pack)
    told = "\n".join(report.not_checked)
    assert (
        report.accepted and "the reasons of judgements, the names of people" in told and "limits.md" in told and "the model cards" in told
    )
    [image] = [row["file"] for row in rows(pack, "data/rows/images.jsonl")[:1]]
    assert f"where {image} come from: no capture in the pack is said to have brought them" in told


# -- the archive ---------------------------------------------------------------------------------------------------------------
def test_an_index_that_leads_to_a_forged_record_is_named(pack: Path) -> None:
    """What a viewer would show in the place of the page: another record, appended behind; the log and the true record are as they were."""
    found, records = entries(pack), rows(pack, "data/rows/records.jsonl")
    true = next(r for r in records if r["capture"] == PAGE)
    text = zlib.decompress(found[true["file"]][true["offset"] :][: true["length"]], 31)
    number, body = "<urn:uuid:00000000-0000-4000-8000-000000000001>", b"<h1>Genuine</h1>"
    forged = reblocked(text, lambda _: http_block("HTTP/1.1 200 OK", [("Content-Type", "text/html")], body)).replace(
        true["id"].encode(), number.encode()
    )
    forged = squeezed(re.sub(rb"(?<=Payload-Digest: sha256:)[0-9a-f]{64}", sha(body).encode(), forged))
    at = len(found[true["file"]])

    def forge(found: dict[str, bytes]) -> None:
        found[true["file"]] += forged
        index = found["indexes/index.cdx"]
        for line in index.splitlines():
            said = json.loads(line.split(b" ", 2)[2])
            if (said["filename"], said["offset"]) == (true["file"].rpartition("/")[2], str(true["offset"])):
                said |= {"offset": str(at), "length": str(len(forged))}
                index = index.replace(line, b" ".join((*line.split(b" ", 2)[:2], canonical(said))))
        found["indexes/index.cdx"] = index

    row = {
        "answer": None,
        "capture": PAGE,
        "file": true["file"],
        "id": number,
        "length": len(forged),
        "offset": at,
        "sha256": sha(forged),
        "type": "response",
    }
    forge_record(pack, PAGE, lambda text: text, more=forge, more_rows=lambda found: found.append(row))
    reseal(pack)
    for said in ("a second record is said to be that of capture 1", "it belongs to no capture of this pack", "indexes/index.cdx, line"):
        refused(pack, said)


def cdx(change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    return lambda pack: forge_record(pack, PAGE, lambda text: text, lambda lines: sorted(change(line) for line in lines))


def package(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    return lambda pack: forge_record(pack, PAGE, lambda text: text, more=lambda found: found.update({name: change(found[name])}))


WITHIN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "keys of the index": (cdx(lambda line: b"com,gucci)/official " + line.split(b" ", 1)[1]), "indexes/index.cdx, line 1: it is not what the rows"),
    "times of the index": (cdx(lambda line: re.sub(rb" \d{17} ", b" 20190101000000000 ", line)), "indexes/index.cdx, line 1: it is not what"),
    "a key of the index given twice": (cdx(lambda line: line.replace(b'{"digest"', b'{"url":"http://x/","digest"')), "indexes/index.cdx, line 1"),
    "a line of the index less": (package("indexes/index.cdx", lambda data: data[data.index(b"\n") + 1 :]), "indexes/index.cdx"),
    "times of pages": (package("pages/pages.jsonl", lambda data: data.replace(b'"ts":"2026', b'"ts":"2019')), "pages/pages.jsonl, line 2: it is not what"),
    "titles of pages": (package("pages/pages.jsonl", lambda data: data.replace(b"Quilted", b"Genuine")), "pages/pages.jsonl, line 2: it is not what"),
    "a page less": (package("pages/pages.jsonl", lambda data: data[: data[:-1].rindex(b"\n") + 1]), "pages/pages.jsonl: it has"),
    "the package's time": (package("datapackage.json", lambda data: re.sub(rb'"created":"20\d\d', b'"created":"2019', data)), "it is not the description of this case"),
    "the package's main page": (package("datapackage.json", lambda data: data.replace(b'{"created"', b'{"mainPageUrl":"http://x/","created"')), "it is not the description of this case"),
}  # fmt: skip


@pytest.mark.parametrize("what", WITHIN)
def test_index_pages_and_package_are_made_again_from_the_rows(pack: Path, what: str) -> None:
    change, said = WITHIN[what]
    change(pack)
    reseal(pack)
    refused(pack, said)


@pytest.mark.parametrize(
    "old, new", [("/item/1001", "/item.1001"), ("market.example", "mar.ketexample"), ("?sessionid", "?#本物sessionid")]
)
def test_an_address_of_the_same_letters_is_another_address(pack: Path, old: str, new: str) -> None:
    row = next(r for r in rows(pack, "data/rows/captures.jsonl") if r["id"] == PAGE)
    url = row["url_final"].replace(old, new)
    edit_rows(pack, "data/rows/captures.jsonl", lambda found: [r.update(url_final=url) for r in found if r["id"] == PAGE] and None)
    reseal(pack)
    refused(pack, f"its address is not that of data/rows/captures.jsonl line 1 (capture {PAGE})")


def header(line: bytes) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(b"WARC/1.1\r\n", b"WARC/1.1\r\n" + line + b"\r\n", 1)


def http(line: bytes) -> Callable[[bytes], bytes]:
    return lambda text: reblocked(text, lambda block: block.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1))


def with_words(text: bytes) -> bytes:
    member = squeezed(text)
    return member[:3] + bytes([4 | 8 | 16]) + member[4:10] + b"\x04\x00abcd" + b"a name\x00" + b"a comment\x00" + member[10:]


TWICE = "a header of it stands twice, goes on in a second line or is none"
RECORDS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a length in small letters": (header(b"content-length: 40"), TWICE),
    "a length twice": (header(b"Content-Length: 40"), TWICE),
    "an address in small letters": (header(b"warc-target-uri: http://other.example/"), TWICE),
    "a date in small letters": (header(b"warc-date: 2019-01-01T00:00:00Z"), TWICE),
    "a header that goes on": (header(b"WARC-Filename: x\r\n WARC-Date: 2019-01-01T00:00:00Z"), TWICE),
    "a header with a bare line's end": (header(b"WARC-Filename: x\nWARC-Date: 2019-01-01T00:00:00Z"), TWICE),
    "a member with a name and a comment": (with_words, "it is not packed as our records are"),
    "an answer with another header": (http(b"Date: Tue, 01 Jan 2019 00:00:00 GMT"), "its headers are not those of data/rows/captures.jsonl line 1"),
    "an answer said to be chunked": (http(b"Transfer-Encoding: chunked"), "its headers are not those of data/rows/captures.jsonl line 1"),
    "an answer said to be encoded otherwise": (http(b"Content-Encoding: br"), "its headers are not those of data/rows/captures.jsonl line 1"),
    "an answer with a bare line's end": (http(b"X: y\nContent-Encoding: br"), "a header of the message in it holds a line's end"),
    "an answer of another status": (lambda text: reblocked(text, lambda block: block.replace(b" 200", b" 404", 1)), "its status is 'HTTP/1.1 404"),
}  # fmt: skip


@pytest.mark.parametrize("what", RECORDS)
def test_a_record_that_programs_would_read_differently_is_refused(pack: Path, what: str) -> None:
    change, said = RECORDS[what]
    forge_record(pack, PAGE, change)
    reseal(pack)
    refused(pack, said)


def test_what_was_asked_is_held_against_the_capture(pack: Path) -> None:
    found, records = entries(pack), rows(pack, "data/rows/records.jsonl")
    answer = next(r["id"] for r in records if r["capture"] == PAGE)
    asked = next(r for r in records if r["answer"] == answer)
    old = found[asked["file"]][asked["offset"] :][: asked["length"]]
    text = reblocked(zlib.decompress(old, 31), lambda block: block.replace(b"GET /", b"POST /login", 1))
    new = squeezed(text)
    found[asked["file"]] = found[asked["file"]].replace(old, new)
    rezip(pack, found, anew=True)

    def moved(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row["file"] == asked["file"] and row["offset"] > asked["offset"]:
                row["offset"] += len(new) - len(old)
            if row["id"] == asked["id"]:
                row.update(length=len(new), sha256=sha(new))

    edit_rows(pack, "data/rows/records.jsonl", moved)
    reseal(pack)
    refused(pack, f"it asks otherwise than capture {PAGE}")


def _end(data: bytearray) -> int:
    return data.rfind(b"PK\x05\x06")


def _behind(data: bytearray) -> bytearray:
    return data + b"hidden" * 2_000


def _comment(data: bytearray) -> bytearray:
    data[_end(data) + 20 : _end(data) + 22] = struct.pack("<H", 5)
    return data + b"words"


def _method(data: bytearray) -> bytearray:
    data[8:10] = struct.pack("<H", 8)
    return data


def _time(data: bytearray) -> bytearray:
    data[10:14] = struct.pack("<HH", 0x1234, 0x5678)
    return data


def _link(data: bytearray) -> bytearray:
    central = struct.unpack("<L", data[_end(data) + 16 : _end(data) + 20])[0]
    data[central + 38 : central + 42] = struct.pack("<L", 0o120777 << 16)
    return data


def _field(data: bytearray) -> bytearray:
    """60,000 bytes between the head of the last entry and what it holds."""
    end, last = _end(data), data.rindex(b"PK\x03\x04")
    central = struct.unpack("<L", data[end + 16 : end + 20])[0]
    name = struct.unpack("<H", data[last + 26 : last + 28])[0]
    extra = b"\xff\xee" + struct.pack("<H", 59_996) + b"H" * 59_996
    data[end + 16 : end + 20] = struct.pack("<L", central + len(extra))
    data[last + 28 : last + 30] = struct.pack("<H", len(extra))
    data[last + 30 + name : last + 30 + name] = extra
    return data


@pytest.mark.parametrize("change", [_behind, _comment, _method, _time, _link, _field])
def test_there_is_not_a_byte_in_the_wacz_that_its_entries_do_not_account_for(pack: Path, change: Callable[[bytearray], bytearray]) -> None:
    path = pack / WACZ
    path.write_bytes(change(bytearray(path.read_bytes())))
    reseal(pack)
    refused(pack, "it is not stored as ours are, or there are bytes in it that belong to no entry")


def test_a_wacz_beyond_what_the_old_form_of_a_zip_can_say_is_of_the_right_form_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would be beyond 2 GiB, and with entries whose size was thought to come to as much."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 500)
    monkeypatch.setattr(verifier, "WIDE", 500)
    for sizes in ((10, 20), (600, 20, 700), (10, 490, 10)):
        path = tmp_path / f"{sizes}.wacz"
        with WaczWriter(path) as writer:
            for n, size in enumerate(sizes):
                with writer.resource(f"archive/é-{n}.warc.gz", 2 * size) as out:
                    out.write(b"x" * size)
            writer.finish(index=[], pages=[], title="t", created="c", software="s")
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            assert verifier.zip_form(file, archive.infolist()) == "", sizes
            assert all(archive.read(info) is not None for info in archive.infolist())


# -- what may lie in a pack ----------------------------------------------------------------------------------------------------
ADDED = ("data/statement.exe", "data/README.HTML", "data/.hidden", "data/pages/x.svg", "data/rows/more.jsonl", "data/images/deep/x.jpg", "more.html", "export/sub/x.html", "export/ATTEST.JSON", "export/verify.py", "export/WARNING.txt")  # fmt: skip


def test_a_file_that_no_pack_has_is_named(pack: Path) -> None:
    for name in ADDED:
        (pack / name).parent.mkdir(exist_ok=True)
        (pack / name).write_text("x")
    reseal(pack)
    said = named(pack)
    for name in ADDED:
        assert any(each.startswith(f"{name}: ") for each in said), (name, said)
    assert any("data/README.html: its name differs from another's by nothing" in each for each in said)


@pytest.mark.parametrize("name", ["data/README.html", "data/pages/AB1-1.html", "data/limits.html", "export/index.html"])
def test_a_page_is_refused_in_which_something_could_run(pack: Path, name: str) -> None:
    page = pack / name
    page.write_text("<script>document.title = 'owned'</script>" + page.read_text())
    reseal(pack)
    refused(pack, f"{name}: it is not in the form in which nothing can run that is put into it")


def test_the_picture_of_the_status_holds_words_and_nothing_else(pack: Path) -> None:
    picture = pack / "export/status.svg"
    picture.write_text(picture.read_text().replace("<rect", "<script>alert(1)</script><rect"))
    reseal_export(pack)
    refused(pack, "export/status.svg: it is not in the form in which nothing can run")


@pytest.mark.parametrize("name", ["README.txt", "data/limits.md", "export/CHECK.txt", "export/index.html"])
def test_a_file_that_every_pack_has_is_missed(pack: Path, name: str) -> None:
    (pack / name).unlink()
    if name.startswith("export/"):
        reseal_export(pack)
    else:
        reseal(pack)
    refused(pack, f"{name}: it is missing")


# -- what export/ says of itself -----------------------------------------------------------------------------------------------
def attested(pack: Path, **said: Any) -> None:
    """attest.json and the manifest of export/ made anew, as far as that takes no key."""
    path = pack / "export/attest.json"
    path.write_bytes(canonical(json.loads(path.read_bytes()) | said))
    revouch(pack)
    reseal_export(pack)


def test_that_the_head_does_not_cover_export_is_said_with_the_head_given_too(made: ExportResult, pack: Path) -> None:
    code, report = run_verify(pack / "verify.py", pack, "--head", made.head)
    assert code == 0 and any("the head does not cover export/; only a signature does" in each for each in report["not_checked"])


@pytest.mark.parametrize("key", ["ab" * 32, "ab" * 32 + " (checked: VALID)", "none needed", 7])
def test_an_unsigned_pack_cannot_say_that_it_is_signed(made: ExportResult, pack: Path, key: Any) -> None:
    attested(pack, key=key)
    report = verify(pack, made.head)
    assert not report.accepted and not any("VALID" in each or "none needed" in each for each in report.not_checked)


def test_words_of_attest_json_do_not_stand_in_the_report(made: ExportResult, pack: Path) -> None:
    attested(pack, no_signature="none needed: the signature was verified by the court", no_trusted_time="checked by the court")
    report = verify(pack, made.head)
    assert report.accepted and not any("court" in each for each in report.not_checked)
    attested(pack, trusted_time={"at": "2026-01-01"})
    refused(pack, "export/head.json.tsr: it is missing, and what export/attest.json says of the pack needs it")


@pytest.mark.parametrize("change", [{"checks": []}, {"passed": False}, {"passed": None}, {"passed": "yes"}])
def test_a_self_test_without_checks_or_with_another_outcome_than_theirs_is_refused(pack: Path, change: dict[str, Any]) -> None:
    path = pack / "export/validation.json"
    record = json.loads(path.read_bytes())
    record["self_test"] |= change
    path.write_bytes(canonical(record) + b"\n")
    attested(pack)
    refused(pack, "it has no checks of the self-test, or says otherwise than they whether it passed")


def test_a_false_warning_is_refused_and_so_is_one_taken_out(pack: Path) -> None:
    (pack / "export/WARNING.txt").write_text("WARNING. Exhibits AB1 to AB4 were withdrawn\n")
    reseal_export(pack)
    refused(pack, "export/WARNING.txt: it has no place there")
    (pack / "export/WARNING.txt").unlink()
    attested(pack, warnings=["the self-test FAILED"])
    refused(pack, "export/WARNING.txt: it is missing")


# -- what would keep it busy ---------------------------------------------------------------------------------------------------
def within(seconds: float, folder: Path) -> list[str]:
    began = time.monotonic()
    said = named(folder)
    assert time.monotonic() - began < seconds
    return said


def test_a_header_of_blanks_takes_no_longer_than_another(pack: Path) -> None:
    forge_record(pack, PAGE, http(b"Content-Encoding:" + b" " * 60_000 + b"x"))
    reseal(pack)
    assert any("its headers are not those of" in each for each in within(30, pack))


def test_the_archive_writes_a_header_of_blanks_as_soon_as_another() -> None:
    """A hostile server's: what looked for blanks before the end of a line took time by the square of their number."""
    began = time.monotonic()
    block = http_block("HTTP/1.1 200 OK", [("X", "a" + " " * 60_000 + "b\r\n c")], b"")
    assert block == b"HTTP/1.1 200 OK\r\nX: a" + b" " * 60_000 + b"b c\r\n\r\n" and time.monotonic() - began < 10


def test_many_small_bombs_are_given_up_on_together(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "BUDGET", 1 << 24)
    body = squeezed(bytes(verifier.MOST - 1))

    def record(number: int) -> bytes:
        block = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body
        head = (
            f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\nContent-Type: application/http\r\n"
            f"WARC-Block-Digest: sha256:{sha(block)}\r\nContent-Length: {len(block)}"
        )
        return squeezed(head.encode() + b"\r\n\r\n" + block + b"\r\n\r\n")

    def bombs(found: dict[str, bytes]) -> None:
        found[next(name for name in found if name.startswith("archive/"))] += b"".join(map(record, range(40)))

    forge_record(pack, PAGE, lambda text: text, more=bombs)
    reseal(pack)
    assert any("the archive unpacks to far more than pages and pictures do" in each for each in within(30, pack))


def test_gaps_by_the_thousand_are_looked_through_once(pack: Path) -> None:
    gaps = {"not_examined": [], "not_in_pack": [{"capture": -n} for n in range(20_000)]}
    (pack / "data/gaps.json").write_bytes(canonical(gaps) + b"\n")
    row = rows(pack, "data/rows/captures.jsonl")[0] | {"warc": None}
    edit_rows(pack, "data/rows/captures.jsonl", lambda found: found.extend(row | {"id": 10**6 + n} for n in range(3_000)))
    reseal(pack)
    assert len(within(30, pack)) > 3_000


def test_an_escape_of_escapes_is_undone_in_one_go() -> None:
    assert verifier.surt("http://www.shop.example:80/B/?z=1&a=%5b") == "example,shop)/b?a=[&z=1"
    assert verifier.surt("https://me@Shop.example:8443/a%2541") == "example,shop:8443)/aa"
    began = time.monotonic()
    assert verifier.surt("http://shop.example/%" + "25" * 100_000) == "example,shop)/%25"
    assert time.monotonic() - began < 20


# -- whose code runs -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("module", ["__future__", "argparse", "hashlib"])
def test_a_module_planted_beside_it_is_not_run_however_it_is_called(made: ExportResult, pack: Path, module: str) -> None:
    (pack / f"{module}.py").write_text("print('ACCEPTED against its own head, and the head quoted.')\nraise SystemExit(0)\n")
    (pack / "verify.py").chmod(0o755)
    link = pack.parent / "link"
    link.symlink_to(pack)
    for folder, command in (
        (pack, ["verify.py"]),
        (pack, ["./verify.py"]),
        (pack, ["-I", "verify.py"]),
        (pack.parent, ["copy/verify.py"]),
        (pack.parent, ["link/verify.py"]),
        (pack, ["../copy/./verify.py"]),
        (pack, [f"{pack}/data/../verify.py"]),
        (pack, ["-m", "verify"]),
    ):
        done = subprocess.run(
            [PLAIN_PYTHON, *command, str(pack), "--head", made.head], cwd=folder, capture_output=True, text=True, timeout=60,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert done.returncode == 1 and f"{module}.py: a pack of" in done.stdout, (command, done.stdout + done.stderr)


def test_it_is_written_for_the_versions_of_python_that_it_promises() -> None:
    """No grammar, annotation or keyword that 3.9 does not know; the standard library alone."""
    text = Path(verifier.__file__).read_text()
    tree = ast.parse(text, feature_version=(3, 9))
    assert "Python 3.9 or later" in text
    for node in ast.walk(tree):
        hints = (
            [node.annotation] if isinstance(node, ast.AnnAssign | ast.arg) else [node.returns] if isinstance(node, ast.FunctionDef) else []
        )
        assert not any(isinstance(part, ast.BinOp) for hint in hints if hint for part in ast.walk(hint)), ast.unparse(node)
        if isinstance(node, ast.Call):
            assert not {"strict", "slots", "kw_only"} & {word.arg for word in node.keywords}, ast.unparse(node)
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            assert "__future__" not in names and all(name.partition(".")[0] in STANDARD for name in names), names


STANDARD = {"sys", "argparse", "base64", "collections", "dataclasses", "datetime", "hashlib", "io", "json", "os", "pathlib", "re", "stat", "struct", "typing", "unicodedata", "zipfile", "zlib"}  # fmt: skip


# -- how it is called ----------------------------------------------------------------------------------------------------------
def run(*arguments: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    command = [PLAIN_PYTHON, "-I", "-S", verifier.__file__, *arguments]
    if shell:
        command = ["/bin/bash", "-o", "pipefail", "-c", f'"$@" {shell}', "bash", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, errors="backslashreplace")


def test_a_pack_and_a_log_are_not_both_checked_and_one_of_them_left(pack: Path) -> None:
    done = run(str(pack), "--log", str(pack / "data/log.jsonl"))
    assert done.returncode == 2 and "not both" in done.stderr


def test_a_log_that_is_none_is_refused(pack: Path, tmp_path: Path) -> None:
    empty, pipe, other = tmp_path / "empty.jsonl", tmp_path / "pipe", tmp_path / "other.jsonl"
    empty.write_bytes(b"")
    os.mkfifo(pipe)
    assert run("--log", str(empty)).returncode == 1 and "there is no event in it" in run("--log", str(empty)).stdout
    assert run("--log", str(pipe)).returncode == 2 and run("--log", "/dev/null").returncode == 2
    for number, change in ((5, {"salt": " ".join(["AB"] * 16)}), (0, {"seq": True}), (1, {"seq": 2.0})):
        found = rows(pack, "data/log.jsonl")
        found[number] |= change
        other.write_bytes(b"".join(canonical(row) + b"\n" for row in found))
        done = run("--log", str(other))
        assert done.returncode == 1 and "none" in done.stdout, (change, done.stdout)


def test_a_report_that_cannot_be_printed_is_no_traceback(pack: Path) -> None:
    for shell, code in ((">&-", 0), ("2>&- >&-", 0), (">/dev/full", 2)):
        done = run(str(pack), shell=shell)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (shell, done.stderr)
    (pack / "data/README.html").write_text("x")
    assert run(str(pack), shell=">&-").returncode == 1


def test_a_name_that_would_steer_a_terminal_is_printed_in_plain_letters(pack: Path) -> None:
    for arguments in (["\x1b[31mred"], ["--log", "\x1b[31mred"], ["a", "\x1b[31mred"]):
        done = run(*arguments)
        assert done.returncode == 2 and "\\x1b[31mred" in done.stderr and "\x1b" not in done.stderr
    attested(pack, warnings=["first", "second\x1b[31m"])
    lines = run(str(pack)).stdout.splitlines()
    assert lines[:4] == ["WARNING: first", "", "WARNING: second\\x1b[31m", ""]


def test_a_head_may_be_given_with_the_blanks_of_the_paper(made: ExportResult, pack: Path) -> None:
    for head in (f" sha256:{made.head}\n", f"SHA256: {made.head.upper()}", " ".join(re.findall("....", made.head))):
        assert run(str(pack), "--head", head).returncode == 0, head
    for head in ("", " ", made.head[:16], made.head + "0"):
        assert run(str(pack), "--head", head).returncode == 2, head


def test_the_archive_of_another_pack_than_the_one_quoted_is_not_opened(pack: Path) -> None:
    report = verify(pack, "0" * 64)
    assert not report.accepted and any("the archive was not opened" in each for each in report.not_checked)
