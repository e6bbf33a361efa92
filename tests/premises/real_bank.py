"""Reads addresses_real.yml: a row of a real list, made messy by named rules, against its list's rows of the same postcode district.

The words come from the lists in shared/, which are no part of this project; without them there is nothing to read.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from premises.address import parse_address
from premises.index import Listed, listed
from premises.numbering import Fit, fit
from store.words.records import RegisterEntry

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "addresses_real.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Row:
    """A row of a list: the lines that say the street, those that say the town, and the postcode as written."""

    reference: str
    name: str
    lines: tuple[str, ...]
    town: tuple[str, ...]
    postcode: str

    @property
    def district(self) -> str:
        return re.sub(r"\s", "", self.postcode).upper()[:-3]

    def entry(self, number: int) -> RegisterEntry:
        lines = [line for line in (*self.lines, *self.town) if line]
        address = parse_address(lines, self.postcode, self.name)
        return RegisterEntry("real", self.reference, self.name, ", ".join(lines), address.postcode, address.parts(), row=number, id=number)


@cache
def hmrc(shared: Path) -> list[Row]:
    with gzip.open(shared / "data/premises/hmrc_eat_out_2020.csv.gz", "rt", encoding="utf-8-sig") as file:
        return [
            Row(str(n), *(r["Name"].strip(),), _kept(r["Line 1"], r["Line 2"]), _kept(r["Town"], r["County"]), r["Postcode"].strip())
            for n, r in enumerate(csv.DictReader(file), 1)
        ]


@cache
def fhrs(shared: Path) -> list[Row]:
    """The sample's addresses, which have no commas and no names. Needs duckdb, of the extra `premises`."""
    import duckdb

    found = duckdb.sql(f"select unique_id, address_concat, postcode from '{shared}/data/premises/fhrs_addresses_sample.parquet'").fetchall()
    return [Row(key, "", (" ".join(words.split()),), (), code) for key, words, code in found]


def _kept(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in lines if line.strip())


@cache
def _by_district(shared: Path, name: str) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in {"hmrc": hmrc, "fhrs": fhrs}[name](shared):
        found[row.district].append(row)
    return found


@dataclass(frozen=True)
class Real:
    """A case ready to be asked: the text, what it is held against, and the references of the true door's entries."""

    text: str
    candidates: tuple[Listed, ...]
    true: frozenset[str]


def real(case: Mapping[str, Any], shared: Path) -> Real:
    """The case in words. Raises AssertionError where a rule finds nothing to change: the YAML names another row than was meant."""
    rows = {"hmrc": hmrc, "fhrs": fhrs}[case["list"]](shared)
    [row] = [rows[case["row"] - 1]] if case["list"] == "hmrc" else [r for r in rows if r.reference == case["row"]]
    changed, text = row, ""
    for rule in case["rules"]:
        if rule in ROWS:
            before, changed = changed, ROWS[rule](changed)
            assert before != changed, f"{case['list']} {case['row']}: nothing to do for '{rule}'"
    name = f"{changed.name}, " if "name_first" in case["rules"] else ""
    text = name + ", ".join(part for part in (*changed.lines, *changed.town, changed.postcode) if part)
    for rule in case["rules"]:
        text = TEXTS[rule](text) if rule in TEXTS else text
    found = [listed(r.entry(n)) for n, r in enumerate(_by_district(shared, case["list"])[row.district], 1)]
    [own] = [one for one in found if one.entry.reference == row.reference]
    true = frozenset(one.entry.reference for one in found if _at(one, own))
    if case["expect"] == "gone":
        found = [one for one in found if one.entry.reference not in true]
        true = frozenset()
    if case["expect"] in ("none", "other unit"):  # whoever really is at the changed number is not asked after
        asked = parse_address(text).number
        found = [one for one in found if one is own or not _may_be_at(one, asked, own)]
        true = frozenset()
    return Real(text, tuple(found), true)


def _at(one: Listed, own: Listed) -> bool:
    a, b = one.address, own.address
    return one is own or ((a.postcode, a.number, a.unit, a.part) == (b.postcode, b.number, b.unit, b.part) and bool(a.number or a.unit))


def _may_be_at(one: Listed, number: str, own: Listed) -> bool:
    same = one.address.postcode == own.address.postcode or one.address.street == own.address.street
    return bool(same and number and one.address.number and fit(number, one.address.number) in (Fit.same, Fit.within))


# -- rules -----------------------------------------------------------------------------------------------------------------


def _in_lines(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Callable[[Row], Row]:
    """A rule that changes the first place in the street's lines that the pattern finds."""

    def rule(row: Row) -> Row:
        text = re.sub(pattern, new, "\n".join(row.lines), count=1, flags=re.IGNORECASE)
        return replace(row, lines=tuple(line.strip(" ,") for line in text.split("\n") if line.strip(" ,")))

    return rule


def _swapped(match: re.Match[str]) -> str:
    """Two letters in the middle of a word changed places; where they are alike the one before goes."""
    word, middle = match[0], len(match[0]) // 2
    a, b = word[middle - 1], word[middle]
    return word[: middle - 1] + (b + a if a != b else a) + word[middle + 1 :]


def _slipped(row: Row) -> Row:
    last = row.postcode[-1]
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return replace(row, postcode=row.postcode[:-1] + letters[(letters.index(last.upper()) + 1) % len(letters)])


ROWS: Mapping[str, Callable[[Row], Row]] = {
    "unit_changed": _in_lines(r"\b(unit) (\d+)", lambda m: f"{m[1]} {int(m[2]) + 67}"),
    "unit_dropped": _in_lines(r"\bunit \d+[a-z]?,? ?", ""),
    "letter_changed": _in_lines(r"\b(\d+)([a-e])\b", lambda m: m[1] + {"a": "d", "b": "d", "c": "f", "d": "f", "e": "g"}[m[2].lower()]),
    "letter_dropped": _in_lines(r"\b(\d+)[a-e]\b", r"\1"),
    "letter_added": _in_lines(r"\b(\d+)\b", r"\1D"),
    "range_end": _in_lines(r"\b\d+ ?- ?(\d+)\b", r"\1"),
    "range_to": _in_lines(r"\b(\d+) ?- ?(\d+)\b", r"\1 to \2"),
    "range_outside": _in_lines(r"\b\d+ ?- ?(\d+)\b", lambda m: str(int(m[1]) + 200)),
    "number_changed": _in_lines(r"\b(\d+)\b", lambda m: str(int(m[1]) + 2)),
    "typo_street": _in_lines(r"(?<=\d )[a-z]{5,}", _swapped),
    "above": _in_lines(r"^", "Above "),
    "rear_of": _in_lines(r"^", "Rear of "),
    "next_to": _in_lines(r"^", "Next to "),
    "o_for_0": lambda row: replace(row, postcode=row.postcode.replace("0", "O")),
    "no_postcode": lambda row: replace(row, postcode=""),
    "slip_postcode": _slipped,
    "other_postcode": lambda row: replace(row, postcode="LS1 4AP" if not row.postcode.upper().startswith("LS1 ") else "BS1 4DJ"),
    "no_town": lambda row: replace(row, town=()),
}
SHORT = {
    "street": "st",
    "road": "rd",
    "industrial estate": "ind est",
    "trading estate": "trading est",
    "business park": "bus pk",
    "centre": "ctr",
}
TEXTS: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "no_commas": lambda text: text.replace(", ", " ").replace(",", " "),
    "glued": lambda text: re.sub(r"\b(unit|shop|stall) (?=\d)", r"\1", text, count=1, flags=re.IGNORECASE),
    "abbreviated": lambda text: re.sub(rf"\b({'|'.join(SHORT)})\b", lambda m: SHORT[m[0].lower()], text, flags=re.IGNORECASE),
}
