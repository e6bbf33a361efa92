"""The validation record: the self-test and how it fails, the known faults, the libraries against their pins."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casework import selftest, validation
from store.config import ConfigError, Home
from store.version import code_version, source_digest, version

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("casework", "crawler", "detectors", "premises", "store")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "configs").mkdir()
    shutil.copyfile(ROOT / "configs" / "touchstone.yml", tmp_path / "configs" / "touchstone.yml")
    return Home(tmp_path)


def test_the_battery_passes_here_and_each_check_says_what_it_is_about() -> None:
    done = selftest.run()
    assert len(done) == len(selftest.BATTERY) == len({c.name for c in done}) >= 15
    assert [(c.name, c.expected, c.seen) for c in done if not c.passed] == []
    assert all(c.about for c in done)
    assert json.loads(json.dumps(selftest.as_rows(done))) == selftest.as_rows(done), "all of it are JSON values"


def test_every_check_of_the_module_is_in_the_battery() -> None:
    tree = ast.parse(Path(selftest.__file__).read_text())
    checks = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.returns is not None and ast.unparse(n.returns) == "Pair"]
    assert checks == [c.__name__ for c in selftest.BATTERY]


def test_a_check_that_breaks_is_one_that_was_not_passed() -> None:
    def dividing() -> selftest.Pair:
        """By nothing."""
        return 1, 1 // 0

    [done] = selftest.run([dividing])
    assert not done.passed and "ZeroDivisionError" in done.seen and "test_validation.py" in done.seen


# What a broken part looks like: a line of the software changed in a copy of it, and the check that must then fail.
BREAKS = [
    ("store/audit.py", "bytes.fromhex(previous) + bytes.fromhex(inner)", "bytes.fromhex(inner)", "chain of the log"),
    ("store/words/records.py", "sort_keys=True", "sort_keys=False", "canonical rows"),
    (
        "store/secrets.py",
        "def redact_url(url: str) -> str:\n",
        "def redact_url(url: str) -> str:\n    return url\n",
        "secrets are taken out",
    ),
    ("store/words/money.py", '"£": ("GBP",', '"£": ("EUR",', "prices"),
    ("detectors/score.py", "given = sign * points + 0.0", "given = points + 0.0", "scores add up"),
    ("premises/compare.py", "return self.codes & HARD", "return self.codes & frozenset()", "doors are hard keys"),
    ("store/warc.py", "sha256(data).hexdigest()", "sha256(data[:20]).hexdigest()", "archive round trip"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    shutil.copytree(ROOT / "configs", folder / "configs")
    shutil.copyfile(ROOT / "constraints.txt", folder / "constraints.txt")
    return folder


@pytest.mark.parametrize(("file", "old", "new", "check"), BREAKS, ids=[b[3].replace(" ", "-") for b in BREAKS])
def test_a_part_that_is_really_broken_fails_its_check(copy: Path, file: str, old: str, new: str, check: str) -> None:
    path = copy / file
    sound = path.read_text()
    assert old in sound, f"{file} no longer has the line that this test breaks"
    try:
        path.write_text(sound.replace(old, new))
        command = [sys.executable, "-m", "casework.cli", "selftest", "--json"]
        done = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True)
    finally:
        path.write_text(sound)
    failed = [row["name"] for row in json.loads(done.stdout) if not row["passed"]]
    assert done.returncode == 1 and check in failed, (failed, done.stderr)


# -- the record ----------------------------------------------------------------------------------------------------------------
def test_the_record_says_what_ran_on_what(home: Home) -> None:
    found = validation.record(home)
    assert found["self_test"]["passed"] and len(found["self_test"]["checks"]) == len(selftest.BATTERY)
    assert found["software"] == {"name": "touchstone-scanner", "version": version(), "source_sha256": source_digest()}
    assert len(source_digest()) == 64 and code_version() == f"{version()}+{source_digest()[:12]}"
    assert found["machine"]["python"].startswith("CPython 3.") and "offset" in found["clock"]
    assert json.loads(json.dumps(found)) == found


def test_the_libraries_are_held_against_the_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = validation.dependencies()
    assert found["constraints_sha256"] == hashlib.sha256((ROOT / "constraints.txt").read_bytes()).hexdigest()
    assert {"SQLAlchemy", "warcio", "cryptography", "rfc3161-client"} <= found["installed"].keys() | {"SQLAlchemy"}
    pins = tmp_path / "constraints.txt"
    pins.write_text((ROOT / "constraints.txt").read_text().replace(f"warcio=={found['installed']['warcio']}", "warcio==0.0.1"))
    monkeypatch.setattr(validation, "constraints_file", lambda: pins)
    changed = validation.dependencies()
    assert {"name": "warcio", "pinned": "0.0.1", "installed": found["installed"]["warcio"]} in changed["differ"]
    assert changed["constraints_sha256"] != found["constraints_sha256"]
    record = {"self_test": {"passed": True, "checks": []}, "dependencies": changed, "known_faults_unread": ""}
    assert any("other libraries" in each and "warcio" in each for each in validation.warnings(record))
    monkeypatch.setattr(validation, "constraints_file", lambda: None)
    assert validation.dependencies()["constraints_sha256"] is None and validation.dependencies()["note"]


def test_a_failed_self_test_is_the_first_warning() -> None:
    checks = [{"name": "prices", "passed": False}, {"name": "digests", "passed": True}]
    record = {"self_test": {"passed": False, "checks": checks}, "dependencies": {"differ": []}, "known_faults_unread": ""}
    [said] = validation.warnings(record)
    assert said.startswith(validation.WARNING) and "prices" in said and "digests" not in said


# -- known faults --------------------------------------------------------------------------------------------------------------
def test_the_known_faults_are_in_order_and_say_what_they_do_to_evidence() -> None:
    found = validation.known_faults()
    assert found and [f.id for f in found] == sorted(f.id for f in found)
    assert all(f.effect.endswith(".") and f.what.endswith(".") for f in found)


def test_a_working_folder_has_no_list_of_faults_of_its_own(tmp_path: Path) -> None:
    """What is known of the software is the project's to state, not the user's."""
    done = subprocess.run([sys.executable, "-m", "casework.cli", "init", str(tmp_path / "work")], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)  # fmt: skip
    assert done.returncode == 0 and (tmp_path / "work/configs/touchstone.yml").exists()
    assert not (tmp_path / "work/configs/known-faults.yml").exists()


@pytest.mark.parametrize(
    ("running", "since", "fixed", "there"),
    [("0.1.0", "0.1.0", None, True), ("0.2.0", "0.1.0", None, True), ("0.2.0", "0.1.0", "0.2.0", False), ("0.1.9", "0.1.0", "0.2.0", True),
     ("0.10.0", "0.1.0", "0.9.0", False), ("0.1.0", "0.2.0", None, False), ("0.2.0+local", "0.1.0", "0.2", False), ("1", "0.9.9", "1.0.1", True)],
)  # fmt: skip
def test_a_fault_is_in_the_versions_from_since_to_before_fixed(running: str, since: str, fixed: str | None, there: bool) -> None:
    assert validation.Fault("KF-009", since, "x.", "y.", fixed).is_in(running) is there


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{id: KF-1, since: 0.1.0, what: a, effect: b}", "no number of a fault"),
        ("{id: KF-001, since: soon, what: a, effect: b}", "no version"),
        ("{id: KF-001, since: 0.2.0, fixed_in: 0.2.0, what: a, effect: b}", "is not after"),
        ("{id: KF-001, since: 0.1.0, what: a}", "missing key 'effect'"),
        ("{id: KF-001, since: 0.1.0, what: ' ', effect: b}", "say it in a sentence"),
        ("{id: KF-001, since: 0.1.0, what: a, effects: b}", "did you mean 'effect'"),
        ("{id: KF-001, since: 0.1.0, what: a, effect: b}, {id: KF-001, since: 0.1.0, what: a, effect: b}", "stands twice"),
    ],
)
def test_a_list_of_faults_that_is_not_in_order_is_refused_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "known-faults.yml"
    path.write_text(f"# faults\nfaults: [{text}]\n")
    with pytest.raises(ConfigError, match=why) as said:
        validation.known_faults(path)
    assert str(said.value).startswith(f"{path}:2:")
