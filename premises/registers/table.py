"""Any list in CSV: which column holds what is said in configs/registers/NAME.yml (kind `csv`). gzip, UTF-8 and cp1252 are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from premises.registers import Columns, Refused, RegisterConfig, Rows, encoding_of, opened, phone_of
from store.errors import StopRun
from store.words.records import RegisterEntry, digest_of

KIND = "csv"


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each row as an entry; rows without a name or an address, with cells too many or too few, or undecodable, are refused."""
    if config.columns is None:
        raise StopRun(f"register '{config.title}': kind csv needs `columns:`, which say what holds the name and the address")
    with io.TextIOWrapper(opened(path), encoding_of(path), errors="replace", newline="") as text:
        rows = csv.DictReader(text, strict=True)
        check_columns(path, config.columns, rows.fieldnames or ())
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Refused(rows.line_num, f"not CSV: {error}")
                continue
            if row is None:
                return
            yield entry_of(rows.line_num, row, config.columns)


def check_columns(path: Path, columns: Columns, header: object) -> None:
    """Raise StopRun naming the file and every column that is configured and missing."""
    have = [str(name) for name in header] if isinstance(header, list) else []
    asked = [columns.name, *lines_of(columns), columns.postcode, columns.reference, columns.phone, columns.uprn]
    if missing := [name for name in asked if name and name not in have]:
        raise StopRun(f"{path}: has no column {', '.join(map(repr, missing))}; its columns are {', '.join(map(repr, have)) or 'none'}")


def lines_of(columns: Columns) -> tuple[str, ...]:
    return (columns.address,) if isinstance(columns.address, str) else columns.address


def entry_of(number: int, row: Mapping[str | None, str | list[str] | None], columns: Columns) -> RegisterEntry | Refused:
    raw = " | ".join(" ".join(cell) if isinstance(cell, list) else cell or "" for cell in row.values())
    if None in row or None in row.values():
        return Refused(number, "more cells than columns" if None in row else "fewer cells than columns", raw)
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    lines = [cells[name] for name in lines_of(columns) if cells[name]]
    name, reference = cells[columns.name], cells[columns.reference] if columns.reference else ""
    if "\ufffd" in raw or "\x00" in raw:
        return Refused(number, "characters that are in neither UTF-8 nor cp1252", raw)
    if not name or not lines:
        return Refused(number, "no name" if not name else "no address", raw)
    # Without a reference of the publisher's the row's own words are the only thing that stays the same when rows are moved:
    # a line number would give one shop another's reference in the next edition.
    return RegisterEntry(
        register=KIND,
        reference=reference or "row:" + digest_of(row)[:24],
        name=name,
        address_raw=", ".join(lines),
        postcode=cells[columns.postcode] if columns.postcode else None,
        uprn=(cells[columns.uprn] or None) if columns.uprn else None,
        phone=phone_of(cells[columns.phone]) if columns.phone else None,
        row=number,
    )
