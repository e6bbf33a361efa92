"""The page of measured figures, docs/accuracy.md, as this version of the software has it: the desk shows it, drafts quote it, packs hold it."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent


def page() -> Path | None:
    """The page's file: in the installed package, or in the source code. None where neither has it."""
    return next((each for each in (HERE / "accuracy.md", HERE.parent / "docs" / "accuracy.md") if each.is_file()), None)
