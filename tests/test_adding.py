"""Adding a source, a detector or a register touches one file: each is dropped into a copy of the project, and works."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.market import start_market

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("casework", "crawler", "detectors", "premises", "store")

DETECTOR = '''"""Looks for titles that shout: a whole title in capitals, which traders write more than private sellers."""

from store.words.records import Finding, SubjectKind

from detectors.contract import done

VERSION = "1"
SUBJECT = SubjectKind.snapshot


def examine(batch, context):
    for snapshot in batch:
        shouts = snapshot.title.isupper()
        yield done(snapshot.id, [Finding("shouting", 0.1, f"The title is all capitals: {snapshot.title}.")] if shouts else [])
'''

REGISTER = '''"""A market's list of stalls, as its office writes it: `number; trader; hall; postcode` on each line."""

from store.words.records import RegisterEntry

KIND = "stalls"
TITLE = "Stalls of an invented market"
LICENCE = "invented"


def read(path, config):
    for row, line in enumerate(path.read_text().splitlines(), 1):
        number, trader, hall, postcode = (part.strip() for part in line.split(";"))
        yield RegisterEntry(config.kind, number, trader, f"Stall {number}, {hall}", postcode, row=row)
'''


@dataclass(frozen=True)
class Project:
    """A copy of the project that one file is added to, with a working folder."""

    root: Path
    work: Path

    def touchstone(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "casework.cli", *arguments, "--home", str(self.work)],
            cwd=self.root,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "TOUCHSTONE_ACTOR": "tester", "PYTHONPATH": str(self.root)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("adding")
    for room in (*ROOMS, "configs"):
        shutil.copytree(ROOT / room, folder / "project" / room, ignore=shutil.ignore_patterns("__pycache__"))
    made = Project(folder / "project", folder / "work")
    subprocess.run([sys.executable, "-m", "casework.cli", "init", str(made.work)], cwd=made.root, check=True, capture_output=True)
    with start_market() as market:
        sources = market.write_sources(folder / "sources")
        [shop] = [path for path in sources if path.stem == "demo_shop"]
        shutil.copy(shop, made.work / "configs" / "sources" / "added.yml")  # one file
        made.touchstone("crawl", "added")
        yield made


def test_a_source_is_one_file(project: Project) -> None:
    assert len(json.loads(project.touchstone("listing", "list", "--source", "added", "--json"))) == 20


def test_a_detector_is_one_file(project: Project) -> None:
    (project.root / "detectors" / "shouting.py").write_text(DETECTOR)
    project.touchstone("detect", "shouting")
    examined = {row[0]: row[2] for row in json.loads(project.touchstone("status", "--json"))["examinations"]}
    assert examined == {"shouting": 20}


def test_a_register_is_one_file(project: Project, tmp_path: Path) -> None:
    (project.root / "premises" / "registers" / "stalls.py").write_text(REGISTER)
    (tmp_path / "list.txt").write_text(
        "7; Tannery Treats; Market Hall, Wexcombe; M33 7ZF\n8; Wexcombe Wool; Market Hall, Wexcombe; M33 7ZF\n"
    )
    project.touchstone("register", "load", "stalls", str(tmp_path / "list.txt"))
    [loaded] = json.loads(project.touchstone("register", "list", "--json"))
    assert (loaded["register"], loaded["rows"], loaded["licence"]) == ("stalls", 2, "invented")


def test_a_list_as_csv_is_one_page_of_yaml(project: Project, tmp_path: Path) -> None:
    (project.work / "configs" / "registers" / "units.yml").write_text(
        "kind: csv\ntitle: Units (invented)\nlicence: invented\ndated: 2026-01-31\ncolumns: {name: Trader, address: [Unit, Street], postcode: Postcode}\n"
    )
    (tmp_path / "units.csv").write_text("Trader,Unit,Street,Postcode\nTannery Treats,Unit 3,Wexcombe Parade,M32 0TH\n")
    project.touchstone("register", "load", "units", str(tmp_path / "units.csv"))
