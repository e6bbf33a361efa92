"""A document as DOCX (ECMA-376), by python-docx: what is read, corrected and completed before it is signed.

Headings are headings, header rows of tables say that they are and repeat, pictures have words in their place, and the language is en-GB:
what a screen reader asks for. No date, name or version of the machine is written into the file, so that the same content gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
from casework.documents.text import directions, safe

GAP_MM = 6  # between two lines to sign
WIDTH_MM = 170  # of A4 between margins of 20 mm
FONT = "Arial"
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone; one date for all, since the log says when a document was made
NUMBER = "[number of]"  # where a number of pages will stand
GREY, RED = "555555", "B00020"


def docx_bytes(document: Document) -> bytes:
    """The document as DOCX; the same content gives the same bytes."""
    import docx

    word = docx.Document()
    _settle(word, document)
    _bands(word, document)
    _write(word.add_heading("", 1), document.title)
    for block in document.blocks:
        _block(word, block)
    kept = io.BytesIO()
    word.save(kept)
    return _timeless(kept.getvalue())


def _timeless(body: bytes) -> bytes:
    """The same archive with one time for all its members: python-docx writes the machine's clock into each."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # the same on every machine
            new.writestr(info, old.read(name), zipfile.ZIP_DEFLATED)
    return kept.getvalue()


# -- the whole -------------------------------------------------------------------------------------------------------------------
def _settle(word: Any, document: Document) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    for key, each in list(word.part.package.rels.items()):
        if each.reltype.endswith("/thumbnail"):  # of python-docx's own template
            del word.part.package.rels[key]
    for key, each in list(word.part.rels.items()):
        if each.reltype == RELATIONSHIP_TYPE.CUSTOM_XML:
            del word.part.rels[key]
    said = word.core_properties
    said.title, said.language, said.author, said.last_modified_by, said.comments = safe(document.title)[:255], "en-GB", "", "", ""
    said.created = said.modified = MADE
    said.revision = 1
    page = word.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    page.top_margin, page.bottom_margin = Mm(27), Mm(24)
    page.header_distance = page.footer_distance = Mm(10)
    sizes = {"Normal": 10.5, "Heading 1": 17, "Heading 2": 13, "Heading 3": 11.5, "Heading 4": 10.5, "Heading 5": 10.5, "Caption": 9.5}
    for name, size in sizes.items():
        style = word.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), RGBColor(0x11, 0x11, 0x11)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for of in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):  # a theme's font comes before the one that is named
            fonts.attrib.pop(qn(of), None)
        for of in ("w:cs", "w:eastAsia"):
            fonts.set(qn(of), FONT)
        style.font.bold, style.font.italic = name != "Normal", False
        style.paragraph_format.space_after = Pt(7 if name == "Normal" else 4)
    for name in ("List Bullet", "List Number", "Quote"):
        word.styles[name].font.italic = False
        word.styles[name].paragraph_format.space_after = Pt(3)
    word.styles["Quote"].paragraph_format.left_indent = Mm(9)
    word.styles["Quote"].font.color.rgb = RGBColor(0x11, 0x11, 0x11)
    word.styles["Caption"].paragraph_format.keep_with_next = True
    word.styles["Normal"].paragraph_format.widow_control = True
    language = word.styles.element.find(f".//{qn('w:lang')}")
    for of in ("w:val", "w:eastAsia"):
        language.set(qn(of), "en-GB")


def _bands(word: Any, document: Document) -> None:
    """Header and footer: the marking in the middle of both, DRAFT at the top, lines to sign, the reference and the page at the foot."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
    from docx.shared import Mm, Pt

    page = word.sections[0]
    top, foot = page.header.paragraphs[0], page.footer.paragraphs[0]
    if document.signed_pages:
        _signature(page.footer, document.signed_pages, WIDTH_MM)
        foot._p.addprevious(page.footer.tables[-1]._tbl)
    for each in (top, foot):
        stops = each.paragraph_format.tab_stops
        for old in list(each.style.paragraph_format.tab_stops):
            stops.add_tab_stop(old.position, WD_TAB_ALIGNMENT.CLEAR)  # the style's own, made for letter paper
        stops.add_tab_stop(Mm(WIDTH_MM / 2), WD_TAB_ALIGNMENT.CENTER)
        stops.add_tab_stop(Mm(WIDTH_MM), WD_TAB_ALIGNMENT.RIGHT)
    top.add_run("\t")
    _write(top, document.marking, strong=True)
    top.add_run("\t")
    if document.draft:
        _write(top, "DRAFT", strong=True, colour=RED)
    _write(foot, document.reference, size=8.5)  # on a line of its own: a case's reference and an officer's are as long as they are
    foot.add_run("\t\t")
    for words, code in (("page ", "PAGE"), (" of ", "NUMPAGES")):
        foot.add_run(words).font.size = Pt(8.5)
        _field(foot, code, 8.5)
    last = page.footer.add_paragraph()
    last.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(last, document.marking, strong=True)
    for each in (foot, last):
        each.paragraph_format.space_after = Pt(0)


def _field(paragraph: Any, code: str, size: float | None = None, shown: str = "1") -> None:
    """A number that whatever lays the document out works out: PAGE, NUMPAGES. `shown` stands there until it has."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for kind in ("begin", "code", "separate", "shown", "end"):
        run = paragraph.add_run(shown if kind == "shown" else "")
        if size:
            run.font.size = Pt(size)
        if kind == "code":
            asked = OxmlElement("w:instrText")
            asked.set(qn("xml:space"), "preserve")
            asked.text = f" {code} "
            run._r.append(asked)
        elif kind != "shown":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            if kind == "begin":
                mark.set(qn("w:dirty"), "true")  # to be worked out when the document is opened (ECMA-376 § 17.16.18)
            run._r.append(mark)


# -- words -----------------------------------------------------------------------------------------------------------------------
def _write(paragraph: Any, text: str, *, strong: bool = False, size: float | None = None, colour: str = "") -> Any:
    """Add `text` to a paragraph, those of its words that are written from the right marked so: Word orders the line by that mark."""
    from docx.oxml import OxmlElement
    from docx.shared import Pt, RGBColor

    for right, piece in directions(safe(text)):
        run = paragraph.add_run(piece)
        run.bold = strong or None
        if size:
            run.font.size = Pt(size)
        if colour:
            run.font.color.rgb = RGBColor.from_string(colour)
        if right:
            run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))
    return paragraph


def _cell(cell: Any, value: str | None, *, strong: bool = False, size: float = 9.5) -> None:
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    if value is None:
        _write(paragraph, BLANK, size=8.5, colour=GREY)
        paragraph.paragraph_format.space_after = Pt(9)  # room to write
    else:
        _write(paragraph, value, strong=strong, size=size)


def _block(word: Any, block: Block) -> None:
    match block:
        case Heading(text, level):
            _write(word.add_heading("", level + 1), text)
        case Paragraph(text, strong, small):
            _write(word.add_paragraph(), text, strong=strong, size=8.5 if small else None)
        case Quotation(text, source):
            quoted = _write(word.add_paragraph(style="Quote"), f"“{text}”")
            if source:
                quoted.paragraph_format.keep_with_next = True
                _write(word.add_paragraph(style="Quote"), source, size=8.5)
        case Items(each, numbered):
            _items(word, each, numbered)
        case Fields(pairs):
            _form(word, pairs)
        case Table(columns, rows, widths, caption):
            _table(word, columns, rows, widths, caption)
        case Picture(body, caption, width, alt):
            _picture(word, body, caption, width, alt)
        case Signature(labels):
            if word.paragraphs:  # a signature stands on the page of what is signed
                word.paragraphs[-1].paragraph_format.keep_with_next = True
            _signature(word, labels, WIDTH_MM)
            word.add_paragraph()
        case Counted(before, after):
            paragraph = _write(word.add_paragraph(), before)
            _field(paragraph, "NUMPAGES", shown=NUMBER)
            _write(paragraph, after)
        case PageBreak():
            word.add_page_break()


def _items(word: Any, each: Sequence[str], numbered: bool) -> None:
    """A list. Its numbers are written out: those of Word's own style go on from one list of the document to the next."""
    from docx.shared import Mm

    for number, text in enumerate(each, 1):
        if not numbered:
            _write(word.add_paragraph(style="List Bullet"), text)
            continue
        paragraph = word.add_paragraph()
        paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Mm(7), Mm(-7)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(7))
        paragraph.add_run(f"{number}.\t")
        _write(paragraph, text)


# -- tables ----------------------------------------------------------------------------------------------------------------------
def _grid(word: Any, rows: int, widths: Sequence[float]) -> Any:
    """An empty table of these widths (mm); a row stays on one page."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table = (
        word.add_table(rows, len(widths)) if not hasattr(word, "is_linked_to_previous") else word.add_table(rows, len(widths), Mm(WIDTH_MM))
    )
    table.autofit = False
    _margins(table)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return table


def _margins(table: Any) -> None:
    """Room within the cells, and the table's edge in line with the text's (ECMA-376 § 17.4.42, § 17.4.50)."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    inside, edge = OxmlElement("w:tblCellMar"), OxmlElement("w:tblInd")
    for side, twentieths in (("top", "45"), ("left", "100"), ("bottom", "45"), ("right", "100")):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), twentieths)
        one.set(qn("w:type"), "dxa")
        inside.append(one)
    edge.set(qn("w:w"), "0")
    edge.set(qn("w:type"), "dxa")
    layout = table._tbl.tblPr.find(qn("w:tblLayout"))
    layout.addprevious(edge)  # the schema gives the order
    layout.addnext(inside)


def _shade(cell: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", "ECEFF1")):
        shade.set(qn(name), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _look(table: Any, **said: str) -> None:
    """Which row or column of a table is its header, for whoever reads it aloud (ECMA-376 § 17.4.55)."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblLook")):
        properties.remove(old)
    look = OxmlElement("w:tblLook")
    for name, value in {
        "firstRow": "0",
        "lastRow": "0",
        "firstColumn": "0",
        "lastColumn": "0",
        "noHBand": "1",
        "noVBand": "1",
        **said,
    }.items():
        look.set(qn(f"w:{name}"), value)
    properties.append(look)


def _form(word: Any, pairs: Sequence[tuple[str, str | None]]) -> None:
    if not pairs:
        return
    table = _grid(word, len(pairs), (WIDTH_MM * 0.34, WIDTH_MM * 0.66))
    table.style = "Table Grid"
    _look(table, firstColumn="1")
    for row, (label, value) in zip(table.rows, pairs, strict=True):
        _cell(row.cells[0], label, strong=True)
        _shade(row.cells[0])
        _cell(row.cells[1], value)
    word.add_paragraph()


def _table(word: Any, columns: Sequence[str], rows: Sequence[Sequence[str | None]], widths: Sequence[float] | None, caption: str) -> None:
    from docx.oxml import OxmlElement

    if caption:
        _write(word.add_paragraph(style="Caption"), caption)
    shares = widths or [1.0] * len(columns)
    table = _grid(word, 1 + len(rows), [WIDTH_MM * share / sum(shares) for share in shares])
    size = 8.5 if len(columns) >= MANY else 9.5
    table.style = "Table Grid"
    _look(table, firstRow="1")
    head, *body = table.rows
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, name in zip(head.cells, columns, strict=True):
        _cell(cell, name, strong=True, size=size)
        _shade(cell)
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for drawn_row, row in zip(body, rows, strict=True):
        for cell, value in zip(drawn_row.cells, row, strict=True):
            _cell(cell, value, size=size)
    word.add_paragraph()


def _signature(word: Any, labels: Sequence[str], width: float) -> None:
    """Lines side by side, each over its label."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    line_mm = (width - GAP_MM * (len(labels) - 1)) / len(labels)
    table = _grid(word, 2, [line_mm, *[GAP_MM, line_mm] * (len(labels) - 1)])
    table.rows[0].height = Mm(11)
    for line, under, label in zip(table.rows[0].cells[::2], table.rows[1].cells[::2], labels, strict=True):
        line.paragraphs[0].paragraph_format.keep_with_next = True
        borders = OxmlElement("w:tcBorders")
        edge = OxmlElement("w:bottom")
        for name, value in (("w:val", "single"), ("w:sz", "6"), ("w:color", "111111")):
            edge.set(qn(name), value)
        borders.append(edge)
        line._tc.get_or_add_tcPr().append(borders)
        _write(under.paragraphs[0], label, size=9)
        under.paragraphs[0].paragraph_format.space_after = Pt(2)


def _picture(word: Any, body: bytes, caption: str, width: float, alt: str) -> None:
    from docx.shared import Mm

    copy, why = drawn(body)
    paragraph = word.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    if why:
        _write(paragraph, NOT_DRAWN.format(why))
    else:
        shape = paragraph.add_run().add_picture(io.BytesIO(copy), width=Mm(min(width, WIDTH_MM)))
        if shape.height > Mm(200):  # a picture much taller than wide: the page's height decides
            shape.width, shape.height = int(shape.width * Mm(200) / shape.height), Mm(200)
        shape._inline.docPr.set("descr", safe(alt or caption))
        shape._inline.docPr.set("name", "picture")
    under = word.add_paragraph(style="Caption")
    under.paragraph_format.keep_with_next = False
    _write(under, caption, size=8.5)
