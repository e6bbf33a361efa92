"""Cells of tables that others open in a spreadsheet."""

from __future__ import annotations

STARTERS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # the last four are full-width forms, which some spreadsheets read alike


def safe_cell(cell: object) -> object:
    """A cell that a spreadsheet will not run as a formula (CWE-1236): such text gets a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in STARTERS else cell
