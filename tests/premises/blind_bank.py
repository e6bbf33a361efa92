"""Reads the three blind banks, which were written without sight of the matcher: their invented pairs, and their rows of the real lists."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from premises.address import parse_address
from premises.index import Listed, listed
from store.words.records import RegisterEntry
from tests.premises import blind_write

Bank = dict[str, list[dict[str, Any]]]
FIRST, SECOND, THIRD = (
    yaml.safe_load((Path(__file__).parent / f"addresses_{name}.yml").read_text(encoding="utf-8")) for name in ("blind", "blind2", "blind3")
)


@dataclass(frozen=True)
class Blind:
    """A pair ready to be asked. `door`: the references of the door that the text names; `building`: of the building that it names."""

    id: str
    traits: tuple[str, ...]
    text: str
    candidates: tuple[Listed, ...]
    door: frozenset[str] = frozenset()
    building: frozenset[str] = frozenset()


def own(bank: Bank) -> Iterator[Blind]:
    for case in bank["own"]:
        found = [
            _listed(c["ref"], c.get("name", ""), [c["address"]], c.get("postcode", ""), n) for n, c in enumerate(case["candidates"], 1)
        ]
        truth = case["truth"]
        building = frozenset(truth["building"]) if isinstance(truth, dict) else frozenset()
        door = frozenset() if building or truth == "none" else frozenset([truth])
        yield Blind(case["id"], tuple(case["traits"]), case["text"], tuple(found), door, building)


def rows(bank: Bank, shared: Path) -> Iterator[Blind]:
    lists = {"hmrc": _hmrc(shared), "fhrs": _fhrs(shared)}
    for case in bank["rows"]:
        every, i = lists[case["list"]], case["row"]
        found = []
        for n, j in enumerate(blind_write.candidates(every, i), 1):
            row = every[j]
            lines = [row["address_concat"]] if "address_concat" in row else [row[k] for k in ("Line 1", "Line 2", "Town", "County")]
            found.append(_listed(str(j), row.get("Name", ""), lines, row.get("postcode", row.get("Postcode", "")), n))
        truth = case["truth"]
        building = frozenset(map(str, case.get("building", [i]))) if truth == "building" else frozenset()
        door = frozenset([str(i)]) if truth == "row" else frozenset()
        yield Blind(case["id"], tuple(case["traits"]), blind_write.write(every[i], case["write"]), tuple(found), door, building)


def _listed(reference: str, name: str, lines: Sequence[str], postcode: str, number: int) -> Listed:
    kept = [" ".join(line.split()) for line in lines if line and line.strip()]
    address = parse_address(kept, postcode, name)
    return listed(RegisterEntry("blind", reference, name, ", ".join(kept), address.postcode, address.parts(), row=number, id=number))


@cache
def _hmrc(shared: Path) -> list[dict[str, str]]:
    with gzip.open(shared / "data/premises/hmrc_eat_out_2020.csv.gz", "rt", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@cache
def _fhrs(shared: Path) -> list[dict[str, str]]:
    """The sample in its file's order. Needs duckdb, of the extra `premises`."""
    import duckdb

    path = shared / "data/premises/fhrs_addresses_sample.parquet"
    return [
        {"address_concat": words, "postcode": code}
        for words, code in duckdb.sql(f"select address_concat, postcode from '{path}'").fetchall()
    ]
