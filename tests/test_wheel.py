"""The built wheel, installed in an empty environment outside the clone, is whole: it lays out a working folder and scans."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.market import start_market

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The `touchstone` command of a new environment that holds the wheel and its dependencies, and nothing of the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT], check=True, capture_output=True
    )
    [wheel] = (folder / "dist").glob("touchstone_scanner-*.whl")
    venv.create(folder / "env", with_pip=True)
    pip = [folder / "env/bin/python", "-m", "pip", "install", "-q", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", wheel], check=True, cwd=folder, env=outside())
    yield folder / "env/bin/touchstone"


def outside() -> dict[str, str]:
    """An environment in which nothing leads back to the clone."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "TOUCHSTONE_STORE", "TOUCHSTONE_HOME")}


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([command, *arguments], cwd=cwd, env=outside(), capture_output=True, text=True)


def test_the_wheel_lays_out_a_folder_and_scans(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "init", "work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    work = tmp_path / "work"
    assert (
        (work / "configs/touchstone.yml").is_file()
        and (work / "configs/flags.yml").is_file()
        and list((work / "configs/brands").glob("*.yml"))
    )
    with start_market() as market:
        shutil.rmtree(work / "configs/sources")
        (work / "configs/sources").mkdir()
        market.write_sources(work / "configs/sources")
        scanned = run(installed, "scan", "demo_shop", cwd=work)
    assert scanned.returncode == 0, scanned.stdout + scanned.stderr
    assert "NOT EXAMINED: image_match cannot run: pdqhash is not installed" in scanned.stdout, "the extra pdq is not in the plain wheel"
    exported = run(installed, "listing", "export", "--csv", "out.csv", "--by", "tester", cwd=work)
    assert exported.returncode == 0, exported.stderr
    assert len((work / "out.csv").read_text().splitlines()) == 21
    assert run(installed, "log", "verify", cwd=work).returncode == 0


def test_the_wheel_brings_no_package_but_our_rooms(installed: Path) -> None:
    site = next((installed.parent.parent / "lib").glob("python3*/site-packages"))
    ours = next(site.glob("touchstone_scanner-*.dist-info")) / "RECORD"
    tops = {line.split("/")[0] for line in ours.read_text().splitlines() if not line.startswith((".", "touchstone_scanner-"))}
    assert tops == {"casework", "crawler", "detectors", "premises", "store"}
    owners = {
        line.split("/")[0] for record in site.glob("*.dist-info/RECORD") if record != ours for line in record.read_text().splitlines()
    }
    assert not owners & tops, "a dependency owns a package named like one of our rooms"
