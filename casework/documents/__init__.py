"""Documents for people, to be read, completed and signed: one content model, and two writers (DOCX, to be edited; PDF, to be printed).

    document = Document("Exhibit list", [Heading("Exhibits"), Table(["Reference", "What"], [["AB1", "a page as rendered"]])], reference="op-1")
    write(document, Path("out"), "exhibit-list")  # out/exhibit-list.docx and out/exhibit-list.pdf

Both are made of the same blocks and say the same words; the same content gives the same bytes. What people wrote comes out as text: see
`casework.documents.text`. Pictures are drawn anew, so that no metadata of theirs travels. What is not known is a blank that is seen
(`BLANK`), and `blanks` lists them.
"""

from __future__ import annotations

from pathlib import Path

from casework import pdf
from casework.documents.content import (
    BLANK,
    Block,
    Counted,
    Document,
    Fields,
    Heading,
    Items,
    PageBreak,
    Paragraph,
    Picture,
    Quotation,
    Signature,
    Table,
    blank,
    blanks,
    texts,
)
from casework.documents.printed import pdf_bytes
from casework.documents.word import docx_bytes
from store.errors import TouchstoneError

__all__ = [
    "BLANK", "Block", "Counted", "Document", "Fields", "Heading", "Items", "PageBreak", "Paragraph", "Picture", "Quotation", "Signature", "Table",
    "blank", "blanks", "docx_bytes", "pdf_bytes", "texts", "write",
]  # fmt: skip


def write(document: Document, folder: Path, stem: str) -> list[Path]:
    """Write `folder`/`stem`.docx and `folder`/`stem`.pdf, both or neither, and return their paths.

    Raises TouchstoneError where one of them exists already (somebody may have written on it), and where no PDF can be made here.
    """
    if missing := pdf.missing_parts():
        raise TouchstoneError(f"documents are printed as PDF too, and none can be made: {missing}")
    paths = [folder / f"{stem}.docx", folder / f"{stem}.pdf"]
    for path in paths:
        if path.exists():
            raise TouchstoneError(f"{path} exists already; a document that somebody may have written on is not overwritten")
    bodies = [docx_bytes(document), pdf_bytes(document)]
    folder.mkdir(parents=True, exist_ok=True)
    for path, body in zip(paths, bodies, strict=True):
        path.write_bytes(body)
    return paths
