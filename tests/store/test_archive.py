"""The archive: what was kept reads back, what a crash left is cut, what was changed is seen, what is erased is gone."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from store.archive import Archive, ArchiveError, ArchiveWriter, Placed
from store.warc import GZIP_HEAD
from tests import SEED

WHEN = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
CLONE = Path(__file__).resolve().parents[2]


def keep(writer: ArchiveWriter, number: int, payload: bytes | None = None, **more: Any) -> Placed:
    given: dict[str, Any] = {
        "uri": f"https://shop.example/item/{number}?q=bag",
        "date": WHEN,
        "status": 200,
        "http_version": "HTTP/1.1",
        "response_headers": (("Content-Type", "text/html"),),
        "payload": f"<p>listing {number}".encode() if payload is None else payload,
        "method": "GET",
        "request_headers": (("User-Agent", "touchstone"),),
        "request_body": None,
        "server_ip": "192.0.2.1",
        "extra": {},
    }
    return writer.response(**(given | more))


def filled(folder: Path, count: int = 5, name: str = "run") -> tuple[Archive, list[Placed]]:
    archive = Archive(folder)
    with archive.writer(name) as writer:
        return archive, [keep(writer, number) for number in range(count)]


def read(archive: Archive, place: Placed) -> bytes:
    return archive.read(place.segment, place.offset, place.length).payload


def warcio_check(*paths: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", *map(str, paths)], capture_output=True, text=True)
    assert done.returncode == 0 and "fail" not in done.stdout and "digest pass" in done.stdout, done.stdout + done.stderr


def test_what_was_kept_reads_back_and_warcio_agrees(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    squeezed = gzip.compress(b"<p>caf\xe9" * 100)
    with archive.writer("run") as writer:
        first = keep(
            writer,
            1,
            squeezed,
            response_headers=(("Content-Encoding", "gzip"), ("X-Name", "café"), ("X-Two", "a"), ("x-two", "b\r\nInjected: c")),
        )
        empty = keep(writer, 2, b"", status=204)
        picture = writer.resource(
            uri="urn:sha256:0", date=WHEN, mime="image/png", payload=b"\x89PNG\r\n\r\n", extra={"WARC-Touchstone-Run": "run"}
        )
    kept = archive.read(first.segment, first.offset, first.length)
    assert (kept.payload, kept.status, kept.record_type, kept.record_id) == (squeezed, 200, "response", first.record_id)
    assert kept.headers == (("Content-Encoding", "gzip"), ("X-Name", "café"), ("X-Two", "a"), ("x-two", "b Injected: c"))
    assert (kept.uri, kept.date) == ("https://shop.example/item/1?q=bag", "2026-11-22T12:00:00.123456Z")
    assert kept.warc_headers["WARC-Payload-Digest"] == f"sha256:{sha256(squeezed).hexdigest()}"
    assert kept.warc_headers["WARC-IP-Address"] == "192.0.2.1"
    assert archive.read(empty.segment, empty.offset, empty.length).status == 204 and read(archive, empty) == b""
    assert read(archive, picture) == b"\x89PNG\r\n\r\n"
    assert archive.verify() == []
    warcio_check(tmp_path / first.segment)
    with (tmp_path / first.segment).open("rb") as file:
        seen = [
            (r.rec_type, r.rec_headers["WARC-Record-ID"], r.content_stream().read()) for r in ArchiveIterator(file, check_digests="raise")
        ]
    assert [kind for kind, _, _ in seen] == ["warcinfo", "response", "request", "response", "request", "resource"]
    assert seen[1][1:] == (first.record_id, b"<p>caf\xe9" * 100)  # warcio decodes by the Content-Encoding that we left true
    assert [(p.record_type, k.warc_headers.get("WARC-Concurrent-To")) for p, k in archive.records("run-00001.warc.gz")][2] == (
        "request",
        first.record_id,
    )


def test_headers_that_are_no_longer_true_are_set_aside(tmp_path: Path) -> None:
    """A reader that believed `chunked` would look for chunk sizes in a body that has none any more; warcio is such a reader."""
    archive = Archive(tmp_path)
    body = b"5\r\nhello\r\n0\r\n\r\n"  # a page whose own text looks like chunks
    with archive.writer("run") as writer:
        place = keep(
            writer, 1, body, response_headers=(("Transfer-Encoding", "chunked"), ("Content-Length", "99"), ("content-type", "text/plain"))
        )
        exact = keep(writer, 2, body, response_headers=(("Content-Length", str(len(body))),))
        head = keep(writer, 3, b"", method="HEAD", response_headers=(("Content-Length", "500"),))
        decoded = keep(writer, 4, b"<p>", response_headers=(("Content-Encoding", "br"),), content_decoded=True)
        h2 = keep(writer, 5, http_version="h2")
    names = [name for name, _ in archive.read(place.segment, place.offset, place.length).headers]
    assert names == ["X-Archive-Orig-Transfer-Encoding", "X-Archive-Orig-Content-Length", "content-type"]
    for one, name in ((exact, "Content-Length"), (head, "Content-Length"), (decoded, "X-Archive-Orig-Content-Encoding")):
        assert archive.read(one.segment, one.offset, one.length).headers[0][0] == name
    assert archive.read(h2.segment, h2.offset, h2.length).warc_headers["WARC-Protocol"] == "h2"
    with (tmp_path / place.segment).open("rb") as file:
        assert next(r.content_stream().read() for r in ArchiveIterator(file) if r.rec_type == "response") == body
    warcio_check(tmp_path / place.segment)


def test_revisit_round_trip(tmp_path: Path) -> None:
    archive, places = filled(tmp_path, 1)
    digest = sha256(read(archive, places[0])).hexdigest()
    with archive.writer("run") as writer:
        again = writer.revisit(
            uri="https://shop.example/other",
            date=WHEN,
            status=200,
            http_version="HTTP/1.1",
            response_headers=(("Etag", "x"), ("Content-Length", "12")),
            method="GET",
            request_headers=(),
            request_body=None,
            server_ip=None,
            refers_to_uri="https://shop.example/item/0?q=bag",
            refers_to_date=WHEN,
            payload_digest=digest,
        )
    kept = archive.read(again.segment, again.offset, again.length)
    assert (again.record_type, kept.payload, kept.status, kept.headers) == ("revisit", b"", 200, (("Etag", "x"), ("Content-Length", "12")))
    assert kept.warc_headers["WARC-Payload-Digest"] == f"sha256:{digest}"
    assert kept.warc_headers["WARC-Refers-To-Target-URI"] == "https://shop.example/item/0?q=bag"
    assert kept.warc_headers["WARC-Refers-To-Date"] == archive.read(places[0].segment, places[0].offset, places[0].length).date
    assert kept.warc_headers["WARC-Profile"].endswith("/warc/1.1/revisit/identical-payload-digest")
    warcio_check(tmp_path / again.segment)
    assert archive.verify() == []


def test_reading_refuses_what_is_not_the_record(tmp_path: Path) -> None:
    archive, places = filled(tmp_path)
    one = places[2]
    for offset, length in ((one.offset + 1, one.length), (one.offset, one.length - 1), (one.offset, one.length + 9), (10**9, 5)):
        with pytest.raises(ArchiveError, match=rf"{one.segment} at {offset}"):
            archive.read(one.segment, offset, length)
    for name in ("../run-00001.warc.gz", "run-00002.warc.gz", "/etc/passwd", ""):
        with pytest.raises(ArchiveError):
            archive.read(name, 0, 10)
    with pytest.raises(ArchiveError, match="zone"), archive.writer("other") as writer:
        keep(writer, 1, date=datetime(2026, 1, 1))
    with pytest.raises(ArchiveError, match="may not set WARC-Type"), archive.writer("other") as writer:
        keep(writer, 1, extra={"WARC-Type": "x"})
    with pytest.raises(ArchiveError, match="cannot name"):
        archive.writer("../x")


def test_a_new_segment_past_the_limit(tmp_path: Path) -> None:
    archive = Archive(tmp_path, max_segment=4000)
    noise = random.Random(3)
    with archive.writer("run") as writer:
        places = [keep(writer, n, noise.randbytes(1500)) for n in range(6)]
        large = keep(writer, 9, noise.randbytes(9000))  # no segment is large enough: one of its own
    assert len(archive.segments()) > 3 and places[0].segment == "run-00001.warc.gz"
    assert all((tmp_path / s).stat().st_size <= 4000 for s in archive.segments() if s != large.segment)
    assert all(read(archive, p) for p in [*places, large]) and archive.verify() == []
    assert all(next(archive.records(s))[0].record_type == "warcinfo" for s in archive.segments())
    with archive.writer("run") as writer:
        assert writer.repaired == "" and keep(writer, 10).segment > large.segment


def test_each_record_is_on_the_disk_when_its_place_is_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, int]] = []
    real = os.fsync

    def seen(handle: int) -> None:
        synced.append((Path(f"/proc/self/fd/{handle}").is_dir(), os.fstat(handle).st_size))
        real(handle)

    monkeypatch.setattr(os, "fsync", seen)
    with Archive(tmp_path).writer("run") as writer:
        assert any(folder for folder, _ in synced)
        place = keep(writer, 1)
        assert synced[-1][1] >= place.offset + place.length


def test_records_kept_together_are_flushed_once_or_not_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(os.fstat(handle).st_size), real(handle))[1])
    archive = Archive(tmp_path)
    with archive.writer("run") as writer:
        synced.clear()
        with writer.together():
            places = [keep(writer, n) for n in range(4)]
            assert synced == []
        assert synced == [(tmp_path / places[0].segment).stat().st_size]
        with pytest.raises(OSError, match="no space"), monkeypatch.context() as patched, writer.together():
            keep(writer, 5)
            patched.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(ArchiveError, match="is closed"):
            keep(writer, 6)
    assert all(read(archive, place) for place in places)


def test_two_writers_on_one_segment_are_refused(tmp_path: Path) -> None:
    archive, _ = filled(tmp_path)
    with archive.writer("run"), pytest.raises(ArchiveError, match="in use by another writer"):
        archive.writer("run")
    code = f"from pathlib import Path; from store.archive import Archive; Archive(Path({str(tmp_path)!r})).writer('run')"
    with archive.writer("run"):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CLONE)
        assert other.returncode == 1 and "in use by another writer" in other.stderr
        with pytest.raises(ArchiveError, match="in use"):
            archive.rewrite("run-00001.warc.gz", {})
        archive.writer("another").close()  # another name is another segment
    assert archive.verify() == []


def test_a_broken_tail_is_cut_back_to_the_last_whole_record(tmp_path: Path) -> None:
    """Truncation at 50 random points of the last record, and at its edges."""
    archive, places = filled(tmp_path, 4)
    path = tmp_path / places[0].segment
    whole = path.read_bytes()
    last = [p for p, _ in archive.records(path.name)][-1]
    points = [last.offset + random.Random(SEED + n).randrange(1, last.length) for n in range(50)] + [
        last.offset + 1,
        last.offset + last.length - 1,
    ]
    for point in points:
        path.write_bytes(whole[:point])
        assert archive.verify() == [
            f"{path.name} at {last.offset}: " + ("the file is cut off here" if point - last.offset < 10 else "the record is cut off")
        ]
        with archive.writer("run") as writer:
            assert (
                writer.repaired
                == f"{path.name}: {point - last.offset} bytes of a broken tail were cut back to the last whole record, which ends at {last.offset}"
            )
            more = keep(writer, 99)
        assert more.offset == last.offset and archive.verify() == []
        assert [read(archive, p) for p in [*places, more]] == [b"<p>listing %d" % n for n in (0, 1, 2, 3, 99)]
    path.write_bytes(whole)
    with archive.writer("run") as writer:
        assert writer.repaired == ""


def test_other_tails_a_crash_leaves(tmp_path: Path) -> None:
    archive, places = filled(tmp_path, 2)
    path = tmp_path / places[0].segment
    whole = path.read_bytes()

    def member(data: bytes) -> bytes:
        return GZIP_HEAD + gzip.compress(data, 9, mtime=0)[10:]

    record = gzip.decompress(whole[places[1].offset : places[1].offset + places[1].length])
    half = (member(record[:-5]), member(record[:60]), member(b""), bytes(4096), whole[places[1].offset :][:40] + bytes(4096))
    for tail in half:  # a whole member that is half a record; zeros where a power cut left pages unwritten
        path.write_bytes(whole + tail)
        with archive.writer("run") as writer:
            assert f": {len(tail)} bytes of a broken tail" in writer.repaired
        assert path.read_bytes() == whole
    for start in (b"", whole[:7]):  # nothing whole at all: begun again
        path.write_bytes(start)
        with archive.writer("run") as writer:
            keep(writer, 1)
        assert archive.verify() == [] and next(archive.records(path.name))[0].record_type == "warcinfo"


def test_damage_within_is_left_as_it_is(tmp_path: Path) -> None:
    """Whole records behind the trouble: no crash does that, and cutting would destroy what was given a place."""
    archive, places = filled(tmp_path)
    path = tmp_path / places[0].segment
    spoilt = bytearray(path.read_bytes())
    spoilt[places[1].offset + 40] ^= 0xFF
    path.write_bytes(spoilt)
    with archive.writer("run") as writer:
        assert f"{path.name} is damaged at {places[1].offset}" in writer.repaired and "left as it is" in writer.repaired
        more = keep(writer, 9)
    assert more.segment == "run-00002.warc.gz" and path.read_bytes() == spoilt
    assert [read(archive, p) for p in places if p != places[1]] and len(archive.verify()) == 1
    with pytest.raises(ArchiveError, match=f"at {places[1].offset}.*nothing was erased"):
        archive.rewrite(path.name, {places[0].record_id: "x"})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run-00001.warc.gz", "run-00002.warc.gz"]


def test_a_flipped_byte_anywhere_is_found_and_named(tmp_path: Path) -> None:
    archive, places = filled(tmp_path, 3)
    path = tmp_path / places[0].segment
    whole = path.read_bytes()
    bounds = [(p.offset, p.offset + p.length) for p, _ in archive.records(path.name)]
    for at in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[at] ^= 0xFF
        path.write_bytes(spoilt)
        start = next(s for s, e in bounds if s <= at < e)
        problems = archive.verify()
        assert len(problems) == 1 and problems[0].startswith(f"{path.name} at {start}: "), (at, problems)


def test_kill_9_while_a_child_appends(tmp_path: Path) -> None:
    """Five children, each killed while it writes: every place that was reported still reads, and the next writer goes on."""
    code = (
        "import sys, random; from pathlib import Path; from datetime import datetime, UTC; from store.archive import Archive\n"
        "w = Archive(Path(sys.argv[1]), 3_000_000).writer('run')\n"
        "for n in range(100000):\n"
        "    body = random.Random(n).randbytes(200_000)\n"
        "    p = w.response(uri=f'https://h/{n}', date=datetime.now(UTC), status=200, response_headers=(), payload=body)\n"
        "    print(n, p.segment, p.offset, p.length, flush=True)\n"
    )
    archive = Archive(tmp_path, 3_000_000)
    reported: list[tuple[int, str, int, int]] = []
    for turn in range(5):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=CLONE)
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(random.uniform(0.05, 0.4))
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.read().splitlines()
        child.wait()
        reported += [(int(n), s, int(o), int(length)) for n, s, o, length in (line.split() for line in lines if len(line.split()) == 4)]
        if turn % 2:  # also with a tail that is surely torn: what a write that was cut short leaves
            newest = tmp_path / archive.segments()[-1]
            with newest.open("ab") as file:
                file.write(newest.read_bytes()[:300][:-50] if newest.stat().st_size > 300 else b"\x1f")
        with archive.writer("run") as writer:
            place = keep(writer, turn)
        assert read(archive, place) == f"<p>listing {turn}".encode()
    assert len(reported) >= 5
    for n, segment, offset, length in reported:
        assert archive.read(segment, offset, length).payload == random.Random(n).randbytes(200_000)
    assert archive.verify() == []
    warcio_check(*(tmp_path / s for s in archive.segments()))


def test_a_failed_write_closes_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path)
    with archive.writer("run") as writer:
        first = keep(writer, 1)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("no space left")))
            with pytest.raises(OSError, match="no space"):
                keep(writer, 2)
        with pytest.raises(ArchiveError, match="is closed"):
            keep(writer, 3)
    with archive.writer("run") as writer:
        keep(writer, 4)
    assert read(archive, first) and archive.verify() == []


def test_rewrite_erases_one_and_keeps_the_others_byte_for_byte(tmp_path: Path) -> None:
    archive, places = filled(tmp_path)
    victim = places[2]
    old = tmp_path / victim.segment
    before = {p.record_id: old.read_bytes()[p.offset : p.offset + p.length] for p, _ in archive.records(old.name)}
    digest = archive.read(victim.segment, victim.offset, victim.length).warc_headers["WARC-Payload-Digest"]
    moved = archive.rewrite(victim.segment, {victim.record_id: "request of the\r\ndata subject"})
    new = tmp_path / "run-00001-r1.warc.gz"
    assert {p.segment for p in moved} == {new.name} and old.exists()
    after = new.read_bytes()
    stones = [p for p in moved if p.record_type == "tombstone"]
    for place in moved:
        if place not in stones:
            assert after[place.offset : place.offset + place.length] == before[place.record_id]
    assert len(stones) == 2 and stones[0].erased == victim.record_id and len(moved) == len(before)
    assert [p for p, _ in archive.records(new.name)] == moved
    stone, request = (archive.read(p.segment, p.offset, p.length) for p in stones)
    assert (stone.record_type, stone.uri, stone.status, stone.headers) == ("tombstone", "urn:touchstone:erased", None, ())
    assert (
        stone.warc_headers["WARC-Refers-To"] == victim.record_id and stone.warc_headers["WARC-Touchstone-Erased-Payload-Digest"] == digest
    )
    assert b"reason: request of the data subject\r\n" in stone.payload
    assert "WARC-Touchstone-Erased-Payload-Digest" not in request.warc_headers
    archive.remove(old.name)
    everything = b"".join(gzip.decompress(p.read_bytes()) for p in tmp_path.iterdir())
    assert b"listing 2" not in everything and b"item/2" not in everything and b"listing 3" in everything
    assert archive.verify() == []
    warcio_check(new)
    # a second erasure, the tombstones copied; what was erased already is no error; the writer goes on elsewhere
    again = archive.rewrite(new.name, {places[0].record_id: "x", victim.record_id: "x"})
    assert again[0].segment == "run-00001-r2.warc.gz" and sum(p.record_type == "tombstone" for p in again) == 4
    assert {p.erased for p in again} >= {victim.record_id, places[0].record_id}
    with archive.writer("run") as writer:
        assert keep(writer, 9).segment == "run-00002.warc.gz"
    with pytest.raises(ArchiveError, match="holds no record <urn:uuid:x>"):
        archive.rewrite("run-00002.warc.gz", {"<urn:uuid:x>": "y"})
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_nothing_is_appended_to_a_segment_between_rewrite_and_remove(tmp_path: Path) -> None:
    archive, places = filled(tmp_path)
    archive.rewrite(places[0].segment, {places[0].record_id: "x"})
    with archive.writer("run") as writer:
        place = keep(writer, 7)
    archive.remove(places[0].segment)
    assert place.segment == "run-00002.warc.gz" and read(archive, place) and archive.verify() == []


def test_a_torn_tail_does_not_hinder_an_erasure(tmp_path: Path) -> None:
    archive, places = filled(tmp_path)
    path = tmp_path / places[0].segment
    path.write_bytes(path.read_bytes()[:-20])
    moved = archive.rewrite(path.name, {places[0].record_id: "x"})
    archive.remove(path.name)
    assert archive.verify() == [] and len(moved) == 2 * 5
