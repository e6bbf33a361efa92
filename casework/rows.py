"""The rows of a list that a partner sends, CSV or XLSX: text as it stands, dates and numbers as they are meant, formulas never run.

A workbook is a ZIP of XML: it is bounded by what its directory says before anything of it is unpacked, and one that declares entities is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from store.errors import TouchstoneError

MAX_FILE = 100 * 2**20
MAX_UNPACKED = 400 * 2**20
MAX_MEMBERS = 2_000
MAX_ROWS = 200_000
MAX_CELL = 32_767  # characters, Excel's own limit
DELIMITERS = (",", ";", "\t", "|")
Cell = str


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file, its cells by column, and what was odd about it (`refusal` "" where it can be read)."""

    number: int
    cells: dict[str, Cell] = field(default_factory=dict)
    refusal: str = ""
    notes: tuple[str, ...] = ()


def read_rows(
    path: Path, body: bytes, wanted: Sequence[str], *, sheet: str | None = None, header: int = 1, encoding: str | None = None
) -> Iterator[Line]:
    """The rows below the header. Raises TouchstoneError naming the file: too large, no list, a column that it does not have."""
    if len(body) > MAX_FILE:
        raise TouchstoneError(f"{path}: larger than {MAX_FILE >> 20} MiB; split it")
    if body.startswith(b"PK\x03\x04"):
        return _xlsx(path, body, wanted, sheet, header)
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise TouchstoneError(f"{path}: an old .xls workbook; save it as .xlsx or CSV")
    return _csv(path, body, wanted, header, encoding)


def check_columns(path: Path, wanted: Sequence[str], have: Sequence[str]) -> None:
    for name in wanted:
        if name not in have:
            near = get_close_matches(name, have, n=1) or [h for h in have if h.casefold() == name.casefold()]
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise TouchstoneError(f"{path}: has no column '{name}'{hint} Its columns are {', '.join(map(repr, have)) or 'none'}")
    if doubled := next((name for name in wanted if list(have).count(name) > 1), None):
        raise TouchstoneError(f"{path}: has the column '{doubled}' twice; which is meant cannot be told")


# -- CSV -------------------------------------------------------------------------------------------------------------------
def _csv(path: Path, body: bytes, wanted: Sequence[str], header: int, encoding: str | None) -> Iterator[Line]:
    text = _text(path, body, encoding)
    delimiter = _delimiter(text, wanted, header)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    number = 0
    while True:
        start = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            if names is None:
                raise TouchstoneError(f"{path}:{start}: not CSV: {error}") from None
            yield Line(start, refusal=f"not CSV: {error}")
            continue
        if row is None:
            break
        number += 1
        if number < header:
            continue
        if names is None:
            names = [" ".join(cell.split()) for cell in row]
            check_columns(path, wanted, names)
            continue
        if number > MAX_ROWS:
            raise TouchstoneError(f"{path}: more than {MAX_ROWS} rows; split it")
        if any(cell.strip() for cell in row):
            yield _line(start, names, row, ())
    if names is None:
        raise TouchstoneError(f"{path}: there is no header in row {header}")


def _line(number: int, names: Sequence[str], row: Sequence[str], notes: tuple[str, ...]) -> Line:
    cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
    if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
        return Line(number, cells, f"{len(row)} cells under {len(names)} columns", notes)
    if any("\ufffd" in cell or "\0" in cell for cell in row):
        return Line(number, cells, "characters that are not of the file's encoding", notes)
    if any(len(cell) > MAX_CELL for cell in row):
        return Line(number, cells, f"a cell of more than {MAX_CELL} characters", notes)
    return Line(number, cells, "", notes)


def _text(path: Path, body: bytes, encoding: str | None) -> str:
    if encoding:
        try:
            return body.decode(encoding, "replace")
        except LookupError:
            raise TouchstoneError(f"{path}: there is no encoding '{encoding}'") from None
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _delimiter(text: str, wanted: Sequence[str], header: int) -> str:
    """The one under which the header has the columns that are wanted; else the one that gives most columns."""

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter)
            names = [" ".join(cell.split()) for _, row in zip(range(header), rows, strict=False) for cell in row]
        except csv.Error:
            return 0, 0
        return sum(name in names for name in wanted), len(names)

    return max(DELIMITERS, key=score)


# -- XLSX ------------------------------------------------------------------------------------------------------------------
def _xlsx(path: Path, body: bytes, wanted: Sequence[str], sheet: str | None, header: int) -> Iterator[Line]:
    _check_package(path, body)
    import openpyxl

    try:
        # twice: once for the values that the workbook keeps of its formulas, once to see where a formula has none
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=only, keep_links=False) for only in (True, False)
        )
    except Exception as error:  # whatever a hostile workbook makes the library raise
        raise TouchstoneError(
            f"{path}: this workbook cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
        ) from None
    names = values.sheetnames
    if sheet is not None and sheet not in names:
        raise TouchstoneError(f"{path}: has no sheet '{sheet}'; its sheets are {', '.join(names)}")
    pages = [book[sheet or names[0]] for book in (values, formulas)]
    for page in pages:
        page.reset_dimensions()  # what a sheet says of its own size is a claim
    columns: list[str] | None = None
    both = zip(pages[0].iter_rows(), pages[1].iter_rows(), strict=False)
    number = 0
    while True:
        try:
            pair = next(both, None)
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
            raise TouchstoneError(f"{path}: row {number + 1} of the sheet cannot be read: {why}") from None
        if pair is None:
            break
        number += 1
        if number < header:
            continue
        if number > MAX_ROWS + header:
            raise TouchstoneError(f"{path}: more than {MAX_ROWS} rows; split it")
        cells, notes = _cells(*pair)
        if columns is None:
            columns = [" ".join(cell.split()) for cell in cells]
            check_columns(path, wanted, columns)
        elif any(cells) or notes:
            yield _line(number, columns, cells, notes)
    if columns is None:
        raise TouchstoneError(f"{path}: there is no header in row {header}")


def _check_package(path: Path, body: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            members = package.infolist()
            if sum(m.file_size for m in members) > MAX_UNPACKED or len(members) > MAX_MEMBERS:
                raise TouchstoneError(
                    f"{path}: it stands for more than {MAX_UNPACKED >> 20} MiB or {MAX_MEMBERS} members, and was not unpacked"
                )
            if "[Content_Types].xml" not in package.namelist():
                raise TouchstoneError(f"{path}: a ZIP, but no workbook")
            for member in members:
                with package.open(member) as file:
                    if _may_declare(file.read(65536)):
                        raise TouchstoneError(
                            f"{path}: '{member.filename[:80]}' declares entities, which no workbook needs; it was not read"
                        )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise TouchstoneError(f"{path}: this workbook is damaged: {' '.join(str(error).split())[:120]}") from None


def _may_declare(head: bytes) -> bool:
    """Whether XML declares entities before its first element, or hides that element behind more remarks than can be looked through.

    Every member is asked, whatever its name: a workbook's own lists say which of them are read as what.
    """
    plain = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not plain.startswith(b"<"):
        return False
    return (
        b"<!DOCTYPE" in plain
        or b"<!ENTITY" in plain
        or not re.search(rb"<[A-Za-z_]", re.sub(rb"<!--.*?(?:-->|\Z)", b"", plain, flags=re.DOTALL))
    )


def _cells(values: Sequence[Any], formulas: Sequence[Any]) -> tuple[list[str], tuple[str, ...]]:
    notes = []
    for value, formula in zip(values, formulas, strict=False):
        if value.value is None and isinstance(formula.value, str) and formula.value.startswith("="):
            notes.append("a formula without a kept value was read as empty")
    return [written(cell.value) for cell in values], tuple(dict.fromkeys(notes))


def written(value: Any) -> str:
    """A cell's value as text: dates by year first (they are dates, so that no order is guessed), whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    return str(value)
