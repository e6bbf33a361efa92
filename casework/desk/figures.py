"""The measured figures of docs/accuracy.md as the desk shows them: its sections, with each table that has intervals drawn as a chart.

The page is ours, so this reads the little Markdown that it is written in: headings, paragraphs, tables. A column whose cells have an interval in
brackets, `33.9 (31.3–36.5)`, is drawn; the words beside it say on what data, which split and which prevalence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup, escape

from casework.measured import page

_VALUE = re.compile(r"^(-?\d+(?:\.\d+)?) ?%?(?: \((-?\d+(?:\.\d+)?)[–-](-?\d+(?:\.\d+)?) ?%?\))?$")
TOPS = (1, 5, 10, 25, 50, 100)  # where a scale may end: rates of a hundredth are not to be told apart on one that ends at 100
ROW, LEFT, WIDE, RIGHT = 26, 330, 420, 90  # of a chart, in pixels: a row's height, the labels, the scale, the figures


@dataclass(frozen=True, slots=True)
class Dot:
    """One row of a chart: a value and its interval (None: none is stated), as they stand in the table."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A column of a table, drawn from 0 to `top`."""

    title: str
    top: int
    dots: tuple[Dot, ...]

    @property
    def height(self) -> int:
        return ROW * len(self.dots) + 30

    @property
    def width(self) -> int:
        return LEFT + WIDE + RIGHT

    def x(self, value: float) -> float:
        return round(LEFT + WIDE * min(max(value, 0), self.top) / self.top, 1)

    def rows(self) -> Iterator[tuple[int, Dot]]:
        """Each dot with the height at which it stands."""
        return ((ROW * number + 16, dot) for number, dot in enumerate(self.dots))

    def ticks(self) -> list[tuple[float, str]]:
        """Where the scale is written, and what."""
        return [(self.x(self.top * part / 4), f"{self.top * part / 4:g}") for part in range(5)]


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (its level 2 or 3), and what stands under it: paragraphs as Markup, and tables."""

    level: int
    title: str
    anchor: str
    parts: tuple[Markup | Table, ...]


@cache
def sections() -> tuple[Section, ...]:
    """All of the page, in order; its first paragraph is a section without a title."""
    found = page()
    return tuple(_read(re.sub(r"<!--.*?-->", "", found.read_text("utf-8"), flags=re.S))) if found else ()


def _read(text: str) -> Iterator[Section]:
    for piece in re.split(r"(?m)^(?=#)", text):
        head, _, body = piece.partition("\n")
        marks, _, title = head.partition(" ")
        if not piece.strip():
            continue
        blocks = [block.strip() for block in re.split(r"\n\s*\n", body) if block.strip()]
        parts = tuple(_table(block) if block.startswith("|") else _inline(" ".join(block.split())) for block in blocks)
        yield Section(max(2, len(marks)), "" if marks == "#" else title, re.sub(r"\W+", "-", title.lower()).strip("-"), parts)


def _table(block: str) -> Table:
    lines = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in block.splitlines()]
    columns, rows = lines[0], tuple(line for line in lines[2:])
    return Table(columns, rows, tuple(_charts(columns, rows)))


def _charts(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Iterator[Chart]:
    for place, title in enumerate(columns[1:], 1):
        dots = []
        for row in rows:
            found = _VALUE.match(row[place].replace("*", "").strip()) if place < len(row) else None
            if found:
                low, high = (float(end) if end else None for end in found.group(2, 3))
                dots.append(Dot(_plain(row[0]), float(found[1]), low, high, found[0]))
        most = max((dot.high or dot.value for dot in dots), default=0.0)
        if any(dot.low is not None for dot in dots) and most <= 100 and min(dot.value for dot in dots) >= 0:
            yield Chart(_plain(title), next(top for top in TOPS if most <= top), tuple(dots))


def _plain(text: str) -> str:
    return re.sub(r"[*`]", "", text)


def _inline(text: str) -> Markup:
    """A paragraph with its bold, its code and its emphasis; links keep their words only, since they lead to files of the documentation."""
    said = str(escape(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)))
    said = re.sub(r"`([^`]+)`", r"<code>\1</code>", said)
    said = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", said)
    return Markup(re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"<em>\1</em>", said))  # noqa: S704 - escaped above, and the text is our own
