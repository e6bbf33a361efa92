"""Cases that need not be kept any more: what they held, only a hold still holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from store import tables as t


def closed_cases() -> Any:
    """References of cases that were closed (store/proposals.py); a query."""
    return select(t.case_term.c.case_file).where(t.case_term.c.says == "closed")


def kept() -> Any:
    """Exhibits of cases that are kept; a condition."""
    return t.exhibit.c.case_file.not_in(closed_cases())
