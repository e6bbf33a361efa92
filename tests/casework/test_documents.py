"""Documents for people: what both writers must say, whatever words they are given, and what must never travel with them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from casework import pdf
from casework.documents import (
    BLANK,
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
    docx_bytes,
    pdf_bytes,
    texts,
    write,
)
from casework.documents.text import directions, safe
from store.errors import TouchstoneError

HOSTILE = (
    "Mirror quality \u202e1:1\u202c <script>alert('x')</script> & \x00\x07\x0b \ufffe \ud800 ]]> {{ 7*7 }} “quoted” £5 é ß\u2028next line",
    "W" * 400,
    "=cmd|' /C calc'!A0",
    "\u200b\u2066hidden\u2069 \ufeff",
)
RIGHT_TO_LEFT = "عطر جديد 12 قطعة"


@pytest.fixture(scope="module", autouse=True)
def _printable() -> None:
    if missing := pdf.missing_parts():
        pytest.skip(missing)


def photograph() -> bytes:
    """A JPEG that says where it was taken, and has a thumbnail's worth of words in it."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "CAMERA-MAKER-NAME", b"ASCII\0\0\0SECRET-COMMENT"
    kept = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(kept, "JPEG", exif=exif, comment=b"SECRET-COMMENT")
    return kept.getvalue()


def full(**changed: Any) -> Document:
    """A document with each kind of block, and hostile words in each place that takes words."""
    a, b, c, d = HOSTILE
    blocks = [
        Heading("What was done"), Paragraph(a), Paragraph(b, small=True), Paragraph("strong words", strong=True), Quotation(a, f"source {d}"),
        Items([a, "second"]), Items(["first", c], numbered=True), Counted("This statement, consisting of ", " pages, is true."),
        Fields([("Full name", a), ("Occupation", None), ("Note", blank("the hour"))]), Heading("Exhibits", 2),
        Table(["Reference", "What"], [["AB1", a], ["AB2", None], *([f"AB{n}", f"row {n}"] for n in range(3, 90))], [1, 4], caption=f"All {c}"),
        Picture(photograph(), f"Picture {a}"), PageBreak(), Heading("Last", 4), Signature(["Signed", "Date"]),
    ]  # fmt: skip
    said: dict[str, Any] = {"marking": "OFFICIAL-SENSITIVE", "reference": "op-1/list", "signed_pages": ["Signature of witness"]}
    return Document("A title with <b>words</b> \x01", blocks, **{**said, **changed})


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def printed(body: bytes) -> list[str]:
    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages]


def worded(body: bytes) -> str:
    """All that a DOCX says in its body, in order, tables included."""
    import docx
    from docx.oxml.ns import qn

    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in docx.Document(io.BytesIO(body)).element.body.iter(qn("w:p")))


def test_both_writers_say_all_of_it_in_its_order() -> None:
    document = full()
    word, paper = squeezed(worded(docx_bytes(document))), squeezed("".join(printed(pdf_bytes(document))))
    at = 0
    for said in (squeezed(safe(each)) for each in texts(document)):
        assert said in word[at:], f"DOCX lacks {said!r} after {word[:at][-60:]!r}"
        at = word.index(said, at)
        assert said in paper or said[:60] in paper, f"PDF lacks {said!r}"  # a page's foot may stand between its halves


def test_words_from_the_right_come_out_whole_and_are_marked_so() -> None:
    document = Document("Title", [Paragraph(f"He wrote {RIGHT_TO_LEFT} (sic) to me")])
    body = docx_bytes(document)
    assert f"He wrote {RIGHT_TO_LEFT} (sic) to me" in worded(body)
    marked = re.findall(r"<w:rtl/></w:rPr><w:t[^>]*>([^<]+)<", zipfile.ZipFile(io.BytesIO(body)).read("word/document.xml").decode())
    assert "".join(marked) == RIGHT_TO_LEFT
    drawn = "".join(printed(pdf_bytes(document)))
    assert sorted(c for c in drawn if c in RIGHT_TO_LEFT and not c.isspace() and not c.isdigit()) == sorted(
        c for c in RIGHT_TO_LEFT if c.isalpha()
    )


def test_pieces_by_direction_join_to_the_text_and_split_no_word() -> None:
    for text in (*map(safe, HOSTILE), RIGHT_TO_LEFT, "", "a", "א b ג", f"{RIGHT_TO_LEFT} {RIGHT_TO_LEFT}", "£12 — 13"):
        assert "".join(piece for _, piece in directions(text)) == text
    assert directions("abc אבג דהו, end") == [(False, "abc "), (True, "אבג דהו"), (False, ", end")]


def test_what_cannot_be_seen_or_written_is_shown_by_its_number_and_nothing_else_is_touched() -> None:
    assert safe("a\x00b\x1fc\x7f\ud800\ufffe\u202e\u2069\ufeff") == "a⟨U+0000⟩b⟨U+001F⟩c⟨U+007F⟩⟨U+D800⟩⟨U+FFFE⟩⟨U+202E⟩⟨U+2069⟩⟨U+FEFF⟩"
    plain = "Zoë’s “bag” – £5 €6 100% 👜 👩‍🚀 日本 नमस्ते " + RIGHT_TO_LEFT + "\ttab\nline"
    assert safe(plain) == plain
    assert safe("one\r\ntwo\rthree\u2028four") == "one\ntwo\nthree\nfour"
    assert safe(safe(HOSTILE[0])) == safe(HOSTILE[0])


def test_each_page_has_the_marking_twice_draft_the_reference_its_number_and_the_line_to_sign() -> None:
    document = full()
    pages = printed(pdf_bytes(document))
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert page.count("OFFICIAL-SENSITIVE") == 2 and page.count("DRAFT") == 1 and "op-1/list" in page
        assert f"page {number} of {len(pages)}" in page and "Signature of witness" in page
    assert "Reference What" in pages[1] and "Reference What" in pages[2], "the header row repeats"
    assert f"consisting of {len(pages)} pages" in "".join(pages)
    assert not any("DRAFT" in page for page in printed(pdf_bytes(full(draft=False))))
    import docx

    [section] = docx.Document(io.BytesIO(docx_bytes(document))).sections
    top, (*_, foot, last) = section.header.paragraphs[0].text, [p.text for p in section.footer.paragraphs]
    assert "OFFICIAL-SENSITIVE" in top and "DRAFT" in top and foot.startswith("op-1/list") and last == "OFFICIAL-SENSITIVE"
    assert [cell.text for cell in section.footer.tables[0].rows[1].cells] == ["Signature of witness"]
    foot_xml = section.footer._element.xml
    assert " PAGE " in foot_xml and " NUMPAGES " in foot_xml


def test_the_same_content_gives_the_same_bytes_and_no_clock_or_machine_is_in_them(tmp_path: Path) -> None:
    document = full()
    one, other = write(document, tmp_path / "a", "list"), write(full(), tmp_path / "b", "list")
    assert [p.name for p in one] == ["list.docx", "list.pdf"]
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in other]
    with zipfile.ZipFile(one[0]) as word:
        assert {info.date_time for info in word.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = word.read("docProps/core.xml").decode()
    assert "2000-01-01" in core and core.count("<dc:creator></dc:creator>") + core.count("<dc:creator/>") == 1
    import pypdf

    meta = pypdf.PdfReader(one[1]).metadata or {}
    assert "/CreationDate" not in meta and "/ModDate" not in meta
    for path in one:
        assert str(tmp_path).encode() not in path.read_bytes()
    assert pdf_bytes(full(reference="op-2/list")) != one[1].read_bytes()


def test_nothing_that_a_picture_says_of_itself_travels_with_it() -> None:
    document = full()
    word, paper = docx_bytes(document), pdf_bytes(document)
    with zipfile.ZipFile(io.BytesIO(word)) as files:
        parts = {name: files.read(name) for name in files.namelist()}
    assert any(name.startswith("word/media/") for name in parts) and not any("thumbnail" in name for name in parts)
    import pypdf

    images = [image.data for page in pypdf.PdfReader(io.BytesIO(paper)).pages for image in page.images]
    assert images
    for body in (paper, *parts.values(), *images):
        assert b"SECRET-COMMENT" not in body and b"CAMERA-MAKER" not in body


def test_a_picture_that_cannot_be_opened_is_said_to_be_so_and_stops_nothing() -> None:
    document = Document("T", [Picture(b"<svg onload=x>", "Capture 9"), Paragraph("after")])
    for text in (worded(docx_bytes(document)), "".join(printed(pdf_bytes(document)))):
        assert "cannot be drawn" in text and "Capture 9" in text and "after" in text


def test_a_reader_who_does_not_see_is_told_what_is_a_heading_a_header_cell_and_a_picture() -> None:
    import docx
    import pypdf
    from docx.oxml.ns import qn

    document = full()
    word = docx.Document(io.BytesIO(docx_bytes(document)))
    headings = [(p.style.name, p.text) for p in word.paragraphs if p.style.name.startswith("Heading")]
    assert [h[0] for h in headings] == ["Heading 1", "Heading 2", "Heading 3", "Heading 5"] and headings[1][1] == "What was done"
    assert all(word.styles[name].paragraph_format.keep_with_next for name, _ in headings), "no heading stands alone at the foot of a page"
    table = next(t for t in word.tables if t.rows[0].cells[0].text == "Reference")
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None and table.rows[1]._tr.trPr.find(qn("w:tblHeader")) is None
    [picture] = word.inline_shapes
    assert picture._inline.docPr.get("descr", "").startswith("Picture Mirror quality")
    assert word.styles.element.find(f".//{qn('w:lang')}").get(qn("w:val")) == "en-GB"
    catalog = pypdf.PdfReader(io.BytesIO(pdf_bytes(document))).trailer["/Root"]
    assert catalog["/Lang"] == "en-GB" and bool(catalog["/MarkInfo"]["/Marked"]) and "/StructTreeRoot" in catalog
    kinds: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds.append(str(node["/S"]))
                assert node["/S"] != "/Figure" or str(node.get("/Alt", "")).startswith("Picture Mirror quality")
            walk(node.get("/K", []))

    walk(catalog["/StructTreeRoot"])
    assert {"/H1", "/H2", "/H3", "/H5", "/TH", "/TD", "/Figure", "/L"} <= set(kinds)


def test_a_blank_is_seen_and_listed_and_words_of_others_ask_for_nothing() -> None:
    document = Document(
        "T",
        [
            Fields([("Full name", None), ("Age", "Over 18"), ("Place", f"in {blank('the town')}")]),
            Paragraph(f"I was at {blank('where')} and at {blank('where')}."),
            Quotation(f"buy {BLANK} now"),
            Table(["Reference", "Date"], [["AB1", None], [None, "2 March"]]),
        ],
    )
    assert blanks(document) == ["Full name", "the town", "where", "AB1: Date", "Reference"]
    assert worded(docx_bytes(document)).count(BLANK) == 4


def test_a_document_that_somebody_may_have_written_on_is_not_overwritten(tmp_path: Path) -> None:
    document = Document("T", [Paragraph("a")])
    [word, paper] = write(document, tmp_path, "draft")
    paper.unlink()
    before = word.read_bytes()
    with pytest.raises(TouchstoneError, match=r"draft\.docx exists already"):
        write(Document("T", [Paragraph("b")]), tmp_path, "draft")
    assert word.read_bytes() == before and not paper.exists(), "both or neither"


def test_a_table_whose_rows_do_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells in a table of 2 columns"):
        Table(["a", "b"], [["one"]])
    with pytest.raises(ValueError, match="widths are one positive number a column"):
        Table(["a", "b"], [], [1])
    with pytest.raises(ValueError, match="level of 1 to 4"):
        Heading("x", 0)
