"""Cells of tables that others open in a spreadsheet."""

from __future__ import annotations


def safe_cell(cell: object) -> object:
    """A cell that a spreadsheet will not run as a formula (CWE-1236): such text gets a leading apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
