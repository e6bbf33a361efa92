"""What a document for people is made of. Everything here is text, bytes of pictures, and order; how it looks is the writers' business."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BLANK = "[to be completed]"  # printed where a fact is not known: never a guess
_BLANK = re.compile(r"\[to be completed(?:: ([^\]]*))?\]")


def blank(what: str) -> str:
    """A blank that says what is to be written into it, for use within a sentence."""
    return f"[to be completed: {what.replace(']', ')')}]"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of `level` 1 to 4, under the document's title."""

    text: str
    level: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.level <= 4:
            raise ValueError(f"a heading has a level of 1 to 4, not {self.level}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; line breaks in it are kept. `strong`: bold. `small`: notes and references."""

    text: str
    strong: bool = False
    small: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of another, word for word, set apart and between quotation marks; `source` says whose they are and where they stand."""

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list, with numbers where their order counts."""

    texts: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """(label, value) pairs as on a form; None is printed as a blank to be completed by hand."""

    pairs: Sequence[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose header row repeats on each page. `widths` are relative, one a column; a cell of None is a blank."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    widths: Sequence[float] | None = None
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("a table has columns")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells in a table of {len(self.columns)} columns: {list(row)!r}")
        if self.widths is not None and (len(self.widths) != len(self.columns) or min(self.widths) <= 0):
            raise ValueError(f"widths are one positive number a column ({len(self.columns)}), not {list(self.widths)!r}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in any format that Pillow opens, `width_mm` wide and never wider than the page; `alt` is read aloud in its place (else the caption)."""

    body: bytes
    caption: str
    width_mm: float = 80
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Lines to write on, side by side: `Signature(["Signed", "Date"])`."""

    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """A paragraph with the document's number of pages in the middle of it, counted by whatever lays it out."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Quotation | Items | Fields | Table | Picture | Signature | Counted | PageBreak


@dataclass(frozen=True, slots=True)
class Document:
    """A document for people.

    `marking`: the Government Security Classification (such as OFFICIAL-SENSITIVE), at the top and bottom of each page. `draft`: DRAFT on each page.
    `reference`: at the foot of each page. `signed_pages`: labels of lines to sign on, at the foot of each page.
    """

    title: str
    blocks: Sequence[Block]
    marking: str = ""
    draft: bool = True
    reference: str = ""
    signed_pages: Sequence[str] = ()


def texts(document: Document) -> Iterator[str]:
    """All that the document says, block by block and in order, without its header and footer; a blank is BLANK."""
    yield document.title
    for block in document.blocks:
        match block:
            case Heading(text) | Paragraph(text):
                yield text
            case Quotation(text, source):
                yield text
                if source:
                    yield source
            case Items(each):
                yield from each
            case Fields(pairs):
                for label, value in pairs:
                    yield label
                    yield BLANK if value is None else value
            case Table(columns, rows, _, caption):
                if caption:
                    yield caption
                yield from columns
                for row in rows:
                    yield from (BLANK if cell is None else cell for cell in row)
            case Picture(_, caption):
                yield caption
            case Signature(labels):
                yield from labels
            case Counted(before, after):
                yield before
                yield after


def blanks(document: Document) -> list[str]:
    """What is left to complete, once each and in order: labels of fields, columns of tables, and what the blanks in sentences ask for.

    Words quoted from others are not searched: who writes "[to be completed]" into a listing asks nothing of an officer.
    """
    found: list[str] = []
    for block in document.blocks:
        match block:
            case Fields(pairs):
                for label, value in pairs:
                    found += [label] if value is None else _asked(value, label)
            case Table(columns, rows):
                for row in rows:
                    for column, cell in zip(columns, row, strict=True):
                        where = f"{column} of {row[0]}" if row[0] is not None and column != columns[0] else column
                        found += [where] if cell is None else _asked(cell, where)
            case Paragraph(text) | Heading(text):
                found += _asked(text, text[:60])
            case Items(each):
                for text in each:
                    found += _asked(text, text[:60])
            case Counted(before, after):
                found += _asked(before + after, before[:60])
    return list(dict.fromkeys(found))


def _asked(text: str, where: str) -> list[str]:
    return [one[1] or where for one in _BLANK.finditer(text)]
