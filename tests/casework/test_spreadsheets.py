"""Spreadsheets: what somebody else wrote is never run by one."""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest

from casework import spreadsheets
from store.errors import TouchstoneError

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("kind", spreadsheets.KINDS)
def test_no_cell_is_a_formula_and_nothing_else_is_changed(kind: str) -> None:
    file = io.BytesIO()
    fine = ["a bag", "", "£45", "O'Neil", 7, 3.5, None]
    assert spreadsheets.write(file, kind, ("hostile", "fine"), [(each, fine[n % len(fine)]) for n, each in enumerate(HOSTILE)]) == len(
        HOSTILE
    )
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8"), newline="")))[1:]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(file.getvalue())).active
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    for (hostile, said), each, n in zip(rows, HOSTILE, range(len(HOSTILE)), strict=True):
        assert str(hostile).startswith("'") and re.sub(r"_x000D_|\s", "", str(hostile)[1:]) == re.sub(r"\s", "", each)
        was = fine[n % len(fine)]
        assert said == (("" if was is None else str(was)) if kind == "csv" else (None if was in ("", None) else was))


def test_characters_that_a_workbook_cannot_hold_do_not_end_an_export() -> None:
    file = io.BytesIO()
    assert spreadsheets.write(file, "xlsx", ("x",), [("a\x00b\x0bc\ud800",), ("y" * 40_000,)]) == 2
    rows = list(openpyxl.load_workbook(io.BytesIO(file.getvalue())).active.iter_rows(min_row=2, values_only=True))
    assert rows[0][0] == "a\ufffdb\ufffdc\ufffd" and len(rows[1][0]) == 32_767
    assert spreadsheets.write(io.BytesIO(), "csv", ("x",), [("\ud800",)]) == 1


def test_another_kind_is_refused() -> None:
    with pytest.raises(TouchstoneError, match="no kind of spreadsheet"):
        spreadsheets.write(io.BytesIO(), "../x", (), [])
