"""A document as a PDF (PDF/UA-1), by WeasyPrint: what is printed and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from casework import pdf
from casework.documents.content import (
    BLANK,
    MANY,
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
)
from casework.documents.drawing import NOT_DRAWN, drawn
from casework.documents.text import safe

STYLE = Path(__file__).with_name("page.css")


def pdf_bytes(document: Document) -> bytes:
    """The document as a PDF, whose identifier is a digest of what it says. Ask `casework.pdf.missing_parts` first."""
    pictures: dict[str, bytes] = {}
    html = html_of(document, pictures)
    said = hashlib.sha256(html.encode())
    for name in sorted(pictures):
        said.update(pictures[name])
    return pdf.make_pdf(html, pictures.get, said.hexdigest()[:32].encode())


def html_of(document: Document, pictures: dict[str, bytes]) -> str:
    """The HTML that the PDF is made of; its pictures are put into `pictures` by the names that stand in it."""
    marking = f"<span>{_words(document.marking)}</span>"
    draft = '<span class="draft">DRAFT</span>' if document.draft else ""
    lines = _signature(document.signed_pages) if document.signed_pages else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{_words(document.title)}</title><style>{STYLE.read_text()}</style></head><body>'
        f'<header><div class="band"><span></span><span class="middle">{marking}</span><span class="end">{draft}</span></div></header>'
        f'<footer>{lines}<div class="band"><span>{_words(document.reference)}</span><span class="middle">{marking}</span>'
        f'<span class="end page"></span></div></footer>'
        f"<h1>{_words(document.title)}</h1>{''.join(_block(each, pictures) for each in document.blocks)}</body></html>"
    )


def _words(text: str) -> str:
    return escape(safe(text), quote=True)


def _cell(value: str | None) -> str:
    return f'<td class="blank">{BLANK}</td>' if value is None else f"<td>{_words(value)}</td>"


def _signature(labels: Sequence[str]) -> str:
    return f'<div class="signature">{"".join(f"<div><span>{_words(label)}</span></div>" for label in labels)}</div>'


def _block(block: Block, pictures: dict[str, bytes]) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level + 1}>{_words(text)}</h{level + 1}>"
        case Paragraph(text, strong, small):
            body = f"<strong>{_words(text)}</strong>" if strong else _words(text)
            return f'<p class="small">{body}</p>' if small else f"<p>{body}</p>"
        case Quotation(text, source):
            by = f'<p class="small">{_words(source)}</p>' if source else ""
            return f"<blockquote><p>“{_words(text)}”</p>{by}</blockquote>"
        case Items(each, numbered):
            tag = "ol" if numbered else "ul"
            return f"<{tag}>{''.join(f'<li>{_words(text)}</li>' for text in each)}</{tag}>"
        case Fields(pairs):
            rows = (f'<tr><th scope="row">{_words(label)}</th>{_cell(value)}</tr>' for label, value in pairs)
            return f'<table class="form"><tbody>{"".join(rows)}</tbody></table>'
        case Table(columns, rows, widths, caption):
            return _table(columns, rows, widths, caption)
        case Picture(body, caption, width, alt):
            return _picture(body, caption, width, alt, pictures)
        case Signature(labels):
            return _signature(labels)
        case Counted(before, after):
            return f'<p>{_words(before)}<span class="pages"></span>{_words(after)}</p>'
        case PageBreak():
            return '<div class="break"></div>'


def _table(columns: Sequence[str], rows: Sequence[Sequence[str | None]], widths: Sequence[float] | None, caption: str) -> str:
    shares = widths or [1.0] * len(columns)
    cols = "".join(f'<col style="width:{100 * share / sum(shares):.2f}%">' for share in shares)
    head = "".join(f'<th scope="col">{_words(each)}</th>' for each in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f"<caption>{_words(caption)}</caption>" if caption else ""
    many = ' class="many"' if len(columns) >= MANY else ""
    return f"<table{many}>{title}<colgroup>{cols}</colgroup><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _picture(body: bytes, caption: str, width: float, alt: str, pictures: dict[str, bytes]) -> str:
    copy, why = drawn(body)
    if why:
        return f"<figure><p>{_words(NOT_DRAWN.format(why))}</p><figcaption>{_words(caption)}</figcaption></figure>"
    name = f"picture-{len(pictures) + 1}.jpg"
    pictures[name] = copy
    return (
        f'<figure><img src="{name}" alt="{_words(alt or caption)}" style="width:{min(width, 170):.1f}mm">'
        f"<figcaption>{_words(caption)}</figcaption></figure>"
    )
