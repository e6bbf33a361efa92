"""A pack under tools that others wrote: a validator of bags, one of WACZ, warcio's check of records, and a look-up by the index. Each passes, and each
fails on a pack that was tampered with."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from casework.export import ExportResult, export
from casework.verify import surt
from store.store import SYSTEM
from tests.casework.packs import CASE, World, build
from tests.casework.tamper import WACZ, entries, members, reseal, rezip, rows


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("tools") / "home")


@pytest.fixture(scope="module")
def made(world: World) -> ExportResult:
    return export(world.store, world.home, CASE, world.folder / "pack", actor="a.officer", justification="file to legal services")


@pytest.fixture
def pack(made: ExportResult, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


@pytest.fixture(scope="session")
def wacz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `wacz` in an environment of its own: it brings surt (AGPL), which is no part of ours."""
    folder = tmp_path_factory.mktemp("wacz")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    done = subprocess.run([folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "wacz"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(
            f"`wacz` cannot be installed here, so that no other validator looks at the WACZ: {done.stderr.strip().splitlines()[-1:]}"
        )
    return folder / "bin" / "wacz"


def validated(wacz: Path, pack: Path) -> tuple[int, str]:
    done = subprocess.run([wacz, "validate", "-f", pack / WACZ], capture_output=True, text=True)
    return done.returncode, done.stdout


def bagged(pack: Path) -> int:
    pytest.importorskip("bagit", reason="the test extra brings a validator of bags")
    return subprocess.run([sys.executable, "-m", "bagit", "--validate", str(pack)], capture_output=True).returncode


def checked(pack: Path, folder: Path) -> int:
    """`warcio check` of every WARC in the pack."""
    with zipfile.ZipFile(pack / WACZ) as package:
        package.extractall(folder)
    return subprocess.run(
        [Path(sys.executable).parent / "warcio", "check", *sorted((folder / "archive").iterdir())], capture_output=True
    ).returncode


def damaged(pack: Path) -> None:
    """One byte of what a server answered changed, and every digest computed anew but those within its record."""
    found = entries(pack)
    name = next(n for n in found if n.startswith("archive/"))
    every = members(found[name])
    at = max(range(len(every)), key=lambda n: len(every[n]))
    text = bytearray(zlib.decompress(every[at], 31))
    text[-100] ^= 1
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    every[at] = squeeze.compress(bytes(text)) + squeeze.flush()
    rezip(pack, found | {name: b"".join(every)}, anew=True)
    reseal(pack)


def test_a_validator_of_wacz_accepts_it_and_refuses_a_changed_one(wacz: Path, made: ExportResult, pack: Path) -> None:
    code, said = validated(wacz, made.folder)
    assert code == 0 and "the passed WACZ is valid" in said and "1.1.1" in said
    for name in ("indexes/index.cdx", "pages/pages.jsonl", "datapackage.json"):
        found = entries(made.folder)
        rezip(pack, found | {name: found[name].replace(b"market", b"Market", 1).replace(b"Captures", b"Kaptures", 1)})
        assert validated(wacz, pack)[0] == 1, name


def test_warcios_check_accepts_each_record_and_refuses_a_changed_one(made: ExportResult, pack: Path, tmp_path: Path) -> None:
    assert checked(made.folder, tmp_path / "good") == 0
    damaged(pack)
    assert checked(pack, tmp_path / "bad") == 1


def test_a_validator_of_bags_accepts_it_and_refuses_a_changed_one(made: ExportResult, pack: Path) -> None:
    assert bagged(made.folder) == 0
    for change in ("data/README.html", "data/rows/flags.jsonl", "head.json", "README.txt"):
        kept = (pack / change).read_bytes()
        (pack / change).write_bytes(kept + b"\n")
        assert bagged(pack) == 1, change
        (pack / change).write_bytes(kept)
    (pack / "data" / "more.txt").write_bytes(b"")
    assert bagged(pack) == 1


def test_what_the_index_names_is_what_was_captured(made: ExportResult, world: World) -> None:
    """As a viewer replays it: from an address and a time to a record, read by warcio, of a repeated answer to the one that holds its bytes."""
    from warcio.archiveiterator import ArchiveIterator

    found = entries(made.folder)
    by_place, payloads = {}, {}
    for line in found["indexes/index.cdx"].splitlines():
        key, moment, rest = line.decode().split(" ", 2)
        said = json.loads(rest)
        assert key == surt(said["url"]) and len(moment) == 17
        at = int(said["offset"])
        record = next(ArchiveIterator(io.BytesIO(found[f"archive/{said['filename']}"][at : at + int(said["length"])])))
        assert record.rec_headers["WARC-Target-URI"] == said["url"]
        by_place[moment] = said
        if record.rec_type == "revisit":
            assert said["mime"] == "warc/revisit" and record.rec_headers["WARC-Payload-Digest"] == said["digest"]
        else:
            payloads[said["digest"]] = record.raw_stream.read()
    captures = {f"{c.ended_at:%Y%m%d%H%M%S%f}"[:17]: c for c in world.captures}
    with world.store.acting(SYSTEM, purpose="test") as reader:
        for moment, said in by_place.items():
            assert payloads[said["digest"]] == reader.payload(captures[moment].id or 0)
    assert len(by_place) == len(rows(made.folder, "data/rows/captures.jsonl"))


def test_the_pages_are_those_that_were_captured(made: ExportResult) -> None:
    first, *pages = map(json.loads, entries(made.folder)["pages/pages.jsonl"].splitlines())
    assert first["format"] == "json-pages-1.0" and len(pages) == 3
    assert {page["title"] for page in pages} == {"Quilted shoulder bag, black", "Tote bag, tan"} and all(
        page["ts"].endswith("Z") for page in pages
    )


def test_the_manifests_are_what_sha256sum_checks(made: ExportResult) -> None:
    for folder, name in (
        (made.folder, "manifest-sha256.txt"),
        (made.folder, "tagmanifest-sha256.txt"),
        (made.folder / "export", "manifest-sha256.txt"),
    ):
        if shutil.which("sha256sum"):
            assert subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=folder).returncode == 0
    assert hashlib.sha256((made.folder / "head.json").read_bytes()).hexdigest() == made.head


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.shop.example:80/B?z=1&a=2", "example,shop)/b?a=2&z=1"),
        ("https://shop.example", "example,shop)/"),
        ("http://shop.example/Bags/?q=%255Bone%20two%5D&%C3%A9", "example,shop)/bags?%c3%a9&q=[one%20two]"),
        ("https://shop.example:8443/x y", "example,shop:8443)/x%20y"),
        ("urn:touchstone:statement:1", "urn:touchstone:statement:1"),
        ("http://[bad", "http://[bad"),
    ],
)
def test_addresses_sort_by_host_path_and_query(url: str, key: str) -> None:
    assert surt(url) == key
