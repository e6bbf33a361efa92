"""Delimited text, row by row, in bounded memory: no row of a file, however it is broken, is read whole before it is known to end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from premises.registers import UNPACKING, Refused, encoding_of, opened
from store.errors import StopRun

LONGEST_LINE = 2**20  # characters; the rest of a longer line is passed over, and its row refused


@dataclass(slots=True)
class _Lines:
    """A text's lines, none of them longer than LONGEST_LINE; `whole` says whether the last one ended as lines do."""

    text: io.TextIOWrapper
    whole: bool = True

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST_LINE):
            self.whole = line[-1] in "\r\n"
            if not self.whole and len(line) == LONGEST_LINE:
                rest = line
                while rest and rest[-1] not in "\r\n":
                    rest = self.text.readline(LONGEST_LINE)
                self.whole = bool(rest)
            yield line


def rows(path: Path, delimiter: str = ",", *, quoted: bool = True) -> Iterator[tuple[int, list[str]] | Refused]:
    """Each row that is not blank, as (the line it ends on, its cells); the header is a row like any other.

    A row that is no CSV is refused with the lines that it takes up. Raises StopRun where the file breaks off within a row.
    """
    with io.TextIOWrapper(opened(path), encoding_of(path), errors="replace", newline="") as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
        width = 0
        while True:
            begins = reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise StopRun(f"{path}: breaks off within a quoted cell that begins on line {begins}; nothing was loaded") from None
                yield Refused(reader.line_num, f"not CSV: {error}" + _span(begins, reader.line_num))
                continue
            except UNPACKING as error:
                raise StopRun(f"{path}: the packed file breaks off after line {reader.line_num}: {error}; nothing was loaded") from None
            if row is None:
                return
            if not row:
                continue
            width = width or len(row)
            if len(row) < width and not lines.whole:
                raise StopRun(f"{path}: breaks off on line {reader.line_num}, after {len(row)} of {width} cells; nothing was loaded")
            yield reader.line_num, row


def _span(begins: int, ends: int) -> str:
    return f" (lines {begins} to {ends})" if ends > begins else ""


def headed(path: Path, delimiter: str = ",") -> tuple[list[str], Iterator[tuple[int, list[str]] | Refused]]:
    """The header's names, without the blanks about them, and the rows below. Raises StopRun where the first row is none."""
    below = rows(path, delimiter)
    first = next(below, None)
    if first is None or isinstance(first, Refused):
        raise StopRun(f"{path}: its first line is no header{': ' + first.reason if first else ''}; nothing was loaded")
    return [name.strip() for name in first[1]], below


def check_columns(path: Path, wanted: Sequence[str | None], header: Sequence[str]) -> None:
    """Raise StopRun naming the file and every column that is wanted and missing."""
    if missing := [name for name in wanted if name and name not in header]:
        shown = ", ".join(repr(name[:40]) for name in header[:60])
        raise StopRun(f"{path}: has no column {', '.join(map(repr, missing))}; its columns are {shown or 'none'}")


def fault(cells: Sequence[str], width: int) -> str:
    """Why a row cannot be taken whatever its columns mean, or ""."""
    if len(cells) != width:
        return "more cells than columns" if len(cells) > width else "fewer cells than columns"
    said = "".join(cells)
    if "\ufffd" in said or "\x00" in said:
        return "characters that are in neither UTF-8 nor cp1252"
    return ""
