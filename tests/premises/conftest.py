"""A working folder with a store, and the demonstration parade's two registers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.config import Home, defaults_folder
from store.store import Store

REGISTERS = Path(__file__).parent.parent / "market" / "registers"
UNITS = """kind: csv
title: The council's list of units (invented)
licence: invented for the demonstration
dated: 2024-06
columns: {name: Name, address: [Line 1, Line 2, Town, County], postcode: Postcode, phone: Telephone}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder of its own with the shipped settings and registers, and `units`."""
    configs = tmp_path / "configs"
    (configs / "registers").mkdir(parents=True)
    for name in ("touchstone.yml", "premises.yml", "registers/fhrs.yml", "registers/hmrc_eat_out_2020.yml"):
        (configs / name).write_bytes((defaults_folder() / name).read_bytes())
    (configs / "registers" / "units.yml").write_text(UNITS, encoding="utf-8")
    return Home(tmp_path)


@pytest.fixture
def kept(home: Home) -> Iterator[Store]:
    with Store.open(home) as store:
        yield store
