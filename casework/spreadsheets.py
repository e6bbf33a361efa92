"""Tables handed out for spreadsheets, CSV or XLSX, in which no cell is run as a formula (CWE-1236)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from store.errors import TouchstoneError
from store.words.cells import safe_cell

KINDS = ("csv", "xlsx")
LONGEST = 32_767  # characters that a cell of XLSX takes (ECMA-376)


def write(file: IO[bytes], kind: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a table as `csv` (UTF-8) or `xlsx` into an open file; how many rows it has. Raises TouchstoneError for another kind."""
    if kind not in KINDS:
        raise TouchstoneError(f"'{kind}' is no kind of spreadsheet; there are {', '.join(KINDS)}")
    return (_csv if kind == "csv" else _xlsx)(file, columns, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """The same into a new file of that name, as CSV."""
    with path.open("wb") as file:
        return _csv(file, columns, rows)


def _csv(file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    text, number = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True), 0
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        number += 1
    text.detach()
    return number


def _xlsx(file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet, number = book.create_sheet("Touchstone"), 0

    def cell(value: object) -> Any:
        if not isinstance(value, str):
            return value
        said = WriteOnlyCell(
            sheet, re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", str(safe_cell(value)))[:LONGEST]
        )
        said.data_type = "s"  # text, whatever it begins with
        return said

    sheet.append([cell(name) for name in columns])
    for row in rows:
        sheet.append([cell(value) for value in row])
        number += 1
    book.save(file)
    return number
