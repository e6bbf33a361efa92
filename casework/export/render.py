"""Templates to files: README.html, the views of pages, the limits page, and the text of summary.pdf.

Everything that a listing says is hostile: templates escape by default, no page of ours has a script, and a content policy in each
forbids every connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from casework.export.limits import LIMITS
from casework.export.pages import Page, inert
from casework.export.rows import Row


def _css_text(text: object) -> Markup:
    """Words as they may stand in a CSS string: everything but letters, digits and a few marks is escaped (CSS Syntax 3, § 4.3.7)."""
    return Markup("".join(c if c.isalnum() or c in " /._-" else f"\\{ord(c):x} " for c in str(text)))  # noqa: S704 - escaped here


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("casework.export"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = environment.loader.get_source(environment, "style.css")[0] if environment.loader else ""
    environment.globals["style"] = Markup(style)  # noqa: S704 - our own file
    environment.filters["css_text"] = _css_text
    return environment


def _plain() -> Environment:
    """For text that no browser reads as HTML."""
    return Environment(  # noqa: S701
        loader=PackageLoader("casework.export"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )


def write_readme(folder: Path, context: Mapping[str, Any]) -> None:
    (folder / "README.html").write_text(
        _environment().get_template("readme.html").render(context, limits=LIMITS, pdf=False), encoding="utf-8"
    )


def write_part(folder: Path, name: str, title: str, context: Mapping[str, Any]) -> None:
    """A part's section on a page of its own."""
    text = _environment().get_template("part.html").render(context, part=name, title=title, pdf=False)
    (folder / f"{name}.html").write_text(text, encoding="utf-8")


def write_welcome(path: Path, context: Mapping[str, Any]) -> None:
    """README.txt beside data/: what this folder is, what to open, how to check it."""
    path.write_text(_plain().get_template("readme.txt").render(context), encoding="utf-8")


def write_limits(folder: Path, markdown: str, case: str) -> None:
    (folder / "limits.md").write_text(markdown, encoding="utf-8")
    (folder / "limits.html").write_text(_environment().get_template("limits.html").render(limits=LIMITS, case=case), encoding="utf-8")


def write_view(path: Path, page: Page, row: Row, case: str, what: str = "") -> None:
    """The view of a page. `what` is a sentence on how its bytes came about."""
    path.write_text(_environment().get_template("page.html").render(text=inert(page.text), row=row, case=case, what=what), encoding="utf-8")


def summary_text(context: Mapping[str, Any]) -> str:
    """The text that summary.pdf is made of: README.html without what paper cannot do."""
    return _environment().get_template("readme.html").render(context, limits=LIMITS, pdf=True)


def sheet_text(template: str, context: Mapping[str, Any]) -> str:
    """The text that a sheet for officers is made of: templates/`template`."""
    return _environment().get_template(template).render(context)
