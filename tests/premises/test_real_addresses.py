"""Real addresses of the HMRC list, in three spellings, each against its neighbours at the postcode: with and without the true one there.

Nothing is copied: rows are drawn by a printed seed. It is no measure of recall in adverts, since register and advert are one row;
it is one of what matters most: among real neighbours no other unit is named.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from premises.address import parse_address
from premises.identity import door
from premises.link import propose
from tests.premises.bank import SETTINGS, candidates_of, evidence_of

SEED = 20260301
Row = dict[str, str]


def line_of(row: Row) -> str:
    return ", ".join(part.strip() for part in (row["Line 1"], row["Line 2"], row["Town"]) if part.strip())


def spelt(line: str, way: int) -> str:
    return (line, line.replace(",", ""), line.lower().replace(" street", " st").replace(" road", " rd").replace(" parade", " pde"))[way]


def groups_of(shared: Path) -> list[list[Row]]:
    with gzip.open(shared / "data/premises/hmrc_eat_out_2020.csv.gz", "rt", encoding="utf-8-sig") as file:
        at: dict[str, list[Row]] = defaultdict(list)
        for row in csv.DictReader(file):
            at[row["Postcode"].replace(" ", "").upper()].append(row)
    return [rows for rows in at.values() if len(rows) >= 3]


@pytest.mark.slow
def test_among_real_neighbours_no_other_unit_is_named(shared: Path) -> None:
    seen: Counter[str] = Counter()
    print(f"seed {SEED}")
    for n, rows in enumerate(random.Random(SEED).sample(groups_of(shared), 900)):
        for true_one_is_there in (True, False):
            own, *others = rows
            others = [row for row in others if line_of(row).lower() != line_of(own).lower()]
            listed = [own, *others] if true_one_is_there else others
            if not listed:
                continue
            found = candidates_of([{"at": f"{line_of(row)}, {row['Postcode'].strip()}", "name": row["Name"]} for row in listed])
            links = propose(evidence_of({"said": f"{spelt(line_of(own), n % 3)} {own['Postcode'].strip()}"}), found, SETTINGS, "test")
            units = {link.object for link in links if link.level == "unit"}
            if not true_one_is_there:
                same_door = {
                    c.premises for c in found if door(c.address) == door(parse_address(line_of(own), own["Postcode"], own["Name"])) != ""
                }
                assert units <= same_door, f"'{line_of(own)}' was taken for a neighbour"
                continue
            assert units <= {found[0].premises}, f"'{line_of(own)}' was taken for another unit"
            seen["unit" if units else "building" if any(x.object == found[0].building for x in links) else "none"] += 1
    print(dict(seen))
    assert seen["none"] < 0.3 * seen.total()
