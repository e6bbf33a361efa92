"""The redacted copy: whoever is not under suspicion is in none of its files, in no form; what it was made from can be told by its digest."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
from PIL import Image as Pillow
from pypdf import PdfReader

from casework.disclosure.cards import cut
from casework.disclosure.copy import CopyResult, make_copy, png_chunks
from casework.disclosure.schedule import decide, schedules_of
from store.disclosure import Standing, Undermines
from store.errors import TouchstoneError
from store.followup import ERASED
from store.strict import ConfigError
from store.words.records import CaptureKind, SubjectKind, Verdict
from tests.casework.disclosed import CAMERA, CASE, INFORMANT, OTHER, Planted, plant

VICTIM = "Ottoline Featherbed"
BOX = (40, 60, 120, 80)
GONE = {
    "another's name": OTHER.seller_name, "another's handle": OTHER.seller, "another's title": OTHER.title, "another's phone": "07700 900555",
    "another's e-mail": "quince.cottage@example.org", "informant": INFORMANT.name, "informant's surname": "Quillfeather", "informant's phone": INFORMANT.contact,
    "informant's home": "lives at number nine", "by a person": VICTIM, "a camera's owner": CAMERA,
}  # fmt: skip
YAML = f"""
strings:
  - {{text: "{VICTIM}", why: a customer who complained}}
boxes:
  - {{of: "image:1", box: [{", ".join(map(str, BOX))}], why: the face of a passer-by}}
screenshots: ["capture:SHOT"]
"""


def forms(text: str) -> dict[str, str]:
    """How a string may be written, each as it would stand in a file."""
    out = {"raw": text, "NFD": unicodedata.normalize("NFD", text), "NFC": unicodedata.normalize("NFC", text), "case": text.casefold()}
    out |= {
        "HTML": html.escape(text),
        "numbered": "".join(f"&#{ord(c)};" for c in text),
        "URL": quote(text),
        "form": quote_plus(text),
        "JSON": json.dumps(text)[1:-1],
    }
    if re.search(r"\d{5} \d{6}", text):
        out |= {"digits": text.replace(" ", ""), "international": "+44" + text.replace(" ", "")[1:]}
    return out


def plainly(text: str) -> str:
    """A text with every coding undone and no tags, in one form: what a reader of any kind could come to see."""
    for _ in range(4):
        text = html.unescape(unquote(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)))
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if unicodedata.category(c) not in ("Mn", "Cf"))


def readable(folder: Path) -> dict[str, str]:
    """All that can be read in a copy: names, bytes as text, the parts of packed files, words of PDFs, metadata."""
    out: dict[str, str] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        out[name] = f"{name}\n{data.decode('utf-8', 'replace')}"
        out[f"{name}, two bytes a letter"] = data.replace(b"\0", b"").decode("latin-1")
        if path.suffix == ".pdf":
            read = PdfReader(path)
            out[f"{name}, words"] = " ".join(page.extract_text() for page in read.pages)
            out[f"{name}, metadata"] = f"{read.metadata} {read.xmp_metadata and read.xmp_metadata.stream.get_data()!r}"
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as packed:
                out |= {f"{name}, {each}": packed.read(each).decode("utf-8", "replace") for each in packed.namelist()}
        if path.suffix == ".png":
            with Pillow.open(path) as image:
                out[f"{name}, metadata"] = f"{image.info} {dict(image.getexif())}"
    return out


@dataclass
class Made:
    planted: Planted
    result: CopyResult
    folder: Path
    shot: int
    bare: int  # the screenshot that nobody looked through


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("copied")
    p = plant(folder / "work")
    store, home = p.world.store, p.world.home
    store.judge(
        SubjectKind.listing, p.cleared[0], Verdict.unsure, actor="b.officer", authority="wexcombe",
        reason=f"{VICTIM} bought there; {INFORMANT.name} ({INFORMANT.contact}) told me; {OTHER.seller_name} sells the same",
    )  # fmt: skip
    shot, bare = (_screenshot(p, above) for above in (p.search, p.search))
    things = [f"capture:{p.search}", f"capture:{shot}", f"capture:{bare}", *(f"listing:{n}" for n in p.cleared), "contact:1", "finding:1"]
    with store.acting("a.officer", purpose="test", justification="test", case=CASE) as reader:
        m = reader.relevant(CASE)
        entries = schedules_of(store, home, reader, CASE).entries
    things += [
        f"judgement:{n}"
        for n in m.of("judgement")
        if f"judgement:{n}" not in {t for one in entries if one.schedule == "mg6d" for t in one.things}
    ]
    things += [f"image:{n}" for n, row in m.of("image").items()]
    decide(
        store, home, CASE, things, standing=Standing.unused, undermines=Undermines.yes, because="it may assist", by="a.officer", why="test"
    )
    (folder / "redactions.yml").write_text(YAML.replace("SHOT", str(shot)) + "keep: []\n")
    result = make_copy(
        store,
        home,
        CASE,
        folder / "copy",
        recipient="defence solicitor",
        redactions=folder / "redactions.yml",
        by="a.officer",
        why="initial disclosure",
    )
    return Made(p, result, folder / "copy", shot, bare)


def _screenshot(p: Planted, above: int) -> int:
    """A picture of the page of search results, as our own browser would keep one."""
    from dataclasses import replace

    store = p.world.store
    with store.acting("a.officer", purpose="test") as reader:
        page = reader.capture(above)
    out = io.BytesIO()
    Pillow.new("RGB", (300, 200), "white").save(out, "PNG")
    with store.archive.writer("shots") as writer:
        given = replace(
            page,
            id=None,
            kind=CaptureKind.screenshot,
            part_of=above,
            body_digest="",
            body_length=0,
            record_id="",
            response_headers=(("Content-Type", "image/png"),),
        )
        return store.keep(writer, given, out.getvalue(), actor="system", purpose="screenshot").id or 0


def lines(folder: Path, name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


# -- nothing of it is left ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", list(GONE))
def test_no_file_says_it_in_any_form(made: Made, what: str) -> None:
    every = readable(made.folder)
    assert len(every) > 20
    for form, said in forms(GONE[what]).items():
        assert not [name for name, words in every.items() if said in words or said.casefold() in words.casefold()], (what, form)
    bare = re.sub(r"[\W_]", "", plainly(GONE[what]))
    for name, words in every.items():
        apart = re.sub(r"[\W_]", "", plainly(re.sub(r"<[^<>]*>", "", words)))
        assert bare not in apart, f"{what} is split across tags or marks in {name}"


def test_the_search_above_would_find_each_of_them(made: Made) -> None:
    """In the pages and rows as they are: otherwise the test above would prove nothing."""
    store = made.planted.world.store
    with store.acting("a.officer", purpose="test", justification="test") as reader:
        page = reader.payload(made.planted.search).decode()
        rows = json.dumps([str(row) for row in reader.relevant(CASE).of("judgement").values()], ensure_ascii=False)
        scarf = next(
            row["sha256"] for row in reader.relevant(CASE).of("image").values() if CAMERA.encode() in reader.image_bytes(row["sha256"])
        )
    apart = re.sub(r"[\W_]", "", plainly(re.sub(r"<[^<>]*>", "", page + rows)))
    for what in set(GONE) - {"informant's home", "a camera's owner"}:
        assert re.sub(r"[\W_]", "", plainly(GONE[what])) in apart, what
    assert OTHER.seller_name not in page, "its name stands there split across tags and with an entity"
    assert (made.folder / "pictures" / f"{scarf}.png").exists()


def test_the_case_itself_is_still_there_to_be_read(made: Made) -> None:
    page = (made.folder / "pages" / f"capture-{made.planted.search}.html.txt").read_text()
    assert (
        "parade_deals" in page
        and "http://market.example/item/1001" in page
        and "7001" not in page
        and "cosy" not in page
        and "<script" not in page
    )
    words = " ".join(part.extract_text() for part in PdfReader(made.folder / "summary.pdf").pages)
    assert "listing 1001 of market" in " ".join(words.split()) and "[redacted:" in words
    assert "+447700900123" in (made.folder / "rows" / "contact.jsonl").read_text(), "the case's own contact stays"


def test_no_row_of_an_informant_and_nothing_told_in_confidence_is_there(made: Made) -> None:
    tables = {path.stem for path in (made.folder / "rows").iterdir()}
    assert tables & {"listing", "judgement", "snapshot"} and not tables & {"informant", "sighting"}
    assert "Bags at the back" not in "".join(readable(made.folder).values())


# -- pictures ------------------------------------------------------------------------------------------------------------------
def test_pictures_are_encoded_anew_and_a_box_is_black_in_their_pixels(made: Made) -> None:
    with made.planted.world.store.acting("a.officer", purpose="test", justification="test") as reader:
        first = reader.relevant(CASE).of("image")[1]["sha256"]
        original = Pillow.open(io.BytesIO(reader.image_bytes(first))).convert("RGB")
    painted = Pillow.open(made.folder / "pictures" / f"{first}.png")
    x, y, width, height = BOX
    inside = (x, y, x + width, y + height)
    assert painted.crop(inside).getcolors() == [(width * height, (0, 0, 0))] and original.crop(inside).getcolors(10**6) != [
        (width * height, (0, 0, 0))
    ]
    black = Pillow.new("RGB", (width, height))
    original.paste(black, (x, y))
    assert painted.tobytes() == original.tobytes(), "nothing but the box is changed"
    every = sorted((made.folder / "pictures").iterdir())
    assert len(every) == 5 and all(png_chunks(path.read_bytes()) == {b"IHDR", b"IDAT", b"IEND"} for path in every)


def test_a_screenshot_of_a_page_that_shows_others_stays_out_unless_a_person_looked_it_through(made: Made) -> None:
    assert [path.name for path in (made.folder / "screenshots").iterdir()] == [f"capture-{made.shot}.png"]
    [left] = [row for row in lines(made.folder, "left_out") if row["what"] == f"capture:{made.bare}"]
    assert "where that lies in the picture is not known" in left["why"] and len(left["original_sha256"]) == 64


# -- what it was made from -------------------------------------------------------------------------------------------------------
def test_each_file_has_the_digest_of_what_it_was_made_from_and_each_redaction_its_reason(made: Made) -> None:
    originals = {row["file"]: row for row in lines(made.folder, "originals")}
    here = {p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*") if p.is_file()}
    assert set(originals) | {"originals.jsonl", "redactions.jsonl", "left_out.jsonl", "manifest.sha256"} == here
    with made.planted.world.store.acting("a.officer", purpose="test", justification="test") as reader:
        for file, row in originals.items():
            data = (made.folder / file).read_bytes()
            assert hashlib.sha256(data).hexdigest() == row["sha256"]
            if file.startswith("pages/"):
                assert row["record_sha256"] == reader.capture(int(row["of"].partition(":")[2])).body_digest
                assert row["changed"] == (row["sha256"] != row["original_sha256"])
            if file.startswith("pictures/"):
                assert row["original_sha256"] == hashlib.sha256(reader.image_bytes(row["original_sha256"])).hexdigest()
    assert not originals[f"pages/capture-{made.planted.world.captures[0].id}.html.txt"]["changed"], (
        "where nothing had to go the bytes are the page's own"
    )
    records = lines(made.folder, "redactions")
    assert {row["kind"] for row in records} >= {"another account", "another listing", "informant", "by a person", "part of a picture"}
    assert all(row["why"] and row["by"] and row["file"] and row["where"] for row in records)
    assert {row["by"] for row in records if row["kind"] == "part of a picture"} == {"a.officer"}


def test_words_that_were_taken_out_of_a_row_cannot_be_guessed_from_a_digest(made: Made) -> None:
    rows = {row["file"]: row for row in lines(made.folder, "originals") if row["file"].startswith("rows/")}
    assert all("original_sha256" not in row and len(row["original_commitment"]) == 64 for row in rows.values())
    with made.planted.world.store.acting("a.officer", purpose="test", justification="test") as reader:
        judgements = reader.relevant(CASE).of("judgement")
    assert judgements and ERASED == "{}"
    for line in (made.folder / "rows" / "judgement.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert "[redacted" not in row["reason"] or row["findings_digest"] in ("", "[redacted: digest of redacted words]")


def test_the_manifest_holds_and_the_copy_is_a_disclosure_with_recipient_and_reason(made: Made) -> None:
    sums = (made.folder / "manifest.sha256").read_text()
    assert hashlib.sha256(sums.encode()).hexdigest() == made.result.manifest
    for line in sums.splitlines():
        digest, file = line.split("  ", 1)
        assert hashlib.sha256((made.folder / file).read_bytes()).hexdigest() == digest
    events = [e.body for e in made.planted.world.store.log() if e.body["verb"] == "disclosure" and e.body["purpose"] == "disclosure copy"]
    assert len(events) == 1 and events[0]["justification"] == "initial disclosure" and events[0]["case"] == CASE
    assert events[0]["detail"]["recipient"] == "defence solicitor" and events[0]["detail"]["copy"] == made.result.manifest
    assert made.planted.world.store.verify() == []


# -- what is refused -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("yaml", "complaint"),
    [
        ("boxes: [{of: 'image:1', box: [400, 300, 200, 200], why: a face}]", r"goes beyond the picture, which has 480 × 360 pixels"),
        ("boxes: [{of: the bag, box: [1, 1, 2, 2], why: a face}]", r"redactions\.yml:1: .*of: 'the bag' is no picture"),
        ("boxes: [{of: 'image:1', box: [1, 1, 0, 2], why: a face}]", r"redactions\.yml:1: .*width and height 1 or more"),
        ("strings: [{text: Ottoline, why: ''}]", r"redactions\.yml:1: .*say why it is taken out"),
        ("stringz: []", r"redactions\.yml:1: unknown key 'stringz'; did you mean 'strings'"),
        ("strings: [{text: ab, why: initials}]", r"too short to be taken out"),
    ],
)
def test_redactions_that_cannot_be_are_refused_and_nothing_is_left_behind(made: Made, tmp_path: Path, yaml: str, complaint: str) -> None:
    (tmp_path / "redactions.yml").write_text(yaml + "\n")
    with pytest.raises((TouchstoneError, ConfigError), match=complaint):
        make_copy(
            made.planted.world.store,
            made.planted.world.home,
            CASE,
            tmp_path / "copy",
            recipient="x",
            redactions=tmp_path / "redactions.yml",
            by="a.officer",
            why="y",
        )
    assert [p.name for p in tmp_path.iterdir()] == ["redactions.yml"]


def test_a_copy_wants_a_recipient_and_a_reason(made: Made, tmp_path: Path) -> None:
    for recipient, why in (("", "x"), ("x", " ")):
        with pytest.raises(TouchstoneError, match="disclosed to somebody for a reason"):
            make_copy(
                made.planted.world.store,
                made.planted.world.home,
                CASE,
                tmp_path / "copy",
                recipient=recipient,
                redactions=None,
                by="a.officer",
                why=why,
            )


# -- cards -----------------------------------------------------------------------------------------------------------------------
def test_a_card_is_cut_out_whole_with_what_nobody_knew_of() -> None:
    page = "<body><ul><li><a href='/item/1'>Mine at last</a> 5 sold</li><li><a href='/item/2'>Theirs</a> joined 2019, from Nether Wallop</li></ul></body>"
    text, number = cut(page, [["http://m.example/item/2", "Theirs"]], ["http://m.example/item/1", "Mine at last"], "[gone]") or ("", 0)
    assert number == 1 and "5 sold" in text and "Nether Wallop" not in text and "joined" not in text and "[gone]" in text


def test_a_page_on_which_the_cases_own_is_not_found_is_not_cut_but_left_out() -> None:
    assert cut("<body><p>Theirs</p></body>", [["Theirs"]], ["Mine at last"], "[gone]") is None
    assert cut('[{"title": "Mine at last"}, {"title": "Theirs"}]', [["Theirs"]], ["Mine at last"], "[gone]") is None
