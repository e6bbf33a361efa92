"""The one path on a real PostgreSQL: the same commands, another store."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.market import start_market

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = ROOT / "tests" / "market"


@pytest.mark.slow
def test_scan_judge_and_export_on_postgresql(postgres: str, tmp_path: Path) -> None:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url = make_url(postgres).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    def touchstone(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "casework.cli", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TOUCHSTONE_STORE": url, "TOUCHSTONE_ACTOR": "tester"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    touchstone("init", ".")
    shutil.rmtree(tmp_path / "configs/sources")
    (tmp_path / "configs/sources").mkdir()
    with start_market() as market:
        market.write_sources(tmp_path / "configs/sources")
        touchstone(
            "reference", "add", "--csv", str(MATERIAL / "references/references.csv"), "--prices", str(MATERIAL / "references/prices.csv")
        )
        touchstone("register", "load", "fhrs", str(MATERIAL / "registers/wexcombe_fhrs.xml"))
        touchstone("scan", "demo_shop", "demo_wall")
    assert not (tmp_path / "var/touchstone.db").exists(), "everything went to PostgreSQL"
    [top, *_] = json.loads(touchstone("queue", "list", "--json"))
    listing = top["summary"]["listing"]
    touchstone("judge", listing["source"], listing["ref"], "yes", "--reason", "merits a visit")
    before = json.loads(touchstone("status", "--json"))["counts"]
    touchstone("detect")
    touchstone("flag")
    touchstone("link")
    after = json.loads(touchstone("status", "--json"))["counts"]
    assert {**after, "events": 0} == {**before, "events": 0}, "a pass run again changes nothing"
    touchstone("case", "new", "P-1", "--title", "On PostgreSQL")
    touchstone("case", "add", "P-1", listing["source"], listing["ref"], "--initials", "AT")
    touchstone("case", "export", "P-1", "--why", "test")
    touchstone("verify", "var/packs/P-1")
    touchstone("log", "verify")
    password = make_url(url).password
    assert not password or all(password.encode() not in p.read_bytes() for p in (tmp_path / "var").rglob("*") if p.is_file())
