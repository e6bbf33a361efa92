"""Local listings: sightings are examined and linked like listings of the web; who told them is nowhere; lists come in row by row."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image as Pillow
from typer.testing import CliRunner

from casework.apart import MARKER, Apart
from casework.cli import app
from casework.imports import read_map
from casework.verify import main as verify_pack
from casework.when import parse_when
from store.config import ConfigError, Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import CaptureKind, Informant, SubjectKind
from tests.builders import Builder, jpeg
from tests.casework.tamper import entries
from tests.crawler.test_handed_in import mhtml, photo

ROOT = Path(__file__).resolve().parents[2]
MATERIAL = ROOT / "tests" / "market"
NAME, PHONE, MAIL = "Ottoline Quillfeather", "07700 900777", "o.quillfeather@letters.example"
PLACE = "Unit 2A, Wexcombe Parade, Wexcombe M32 0TH"
PAGE = "https://wexcombe-bags.example/item/77"
PRODUCT = {
    "@context": "https://schema.org", "@type": "Product", "name": "Gucci belt, mirror quality", "sku": "77", "description": "1:1. WhatsApp +44 7700 900142",
    "image": ["https://wexcombe-bags.example/i/77.jpg"], "offers": {"@type": "Offer", "price": "45.00", "priceCurrency": "GBP"},
    "brand": {"@type": "Brand", "name": "Gucci"},
}  # fmt: skip
HTML = f'<!DOCTYPE html><html><head><link rel="canonical" href="{PAGE}"><script type="application/ld+json">{json.dumps(PRODUCT)}</script></head><body><h1>{PRODUCT["name"]}</h1></body></html>'


@dataclass(frozen=True)
class Work:
    """A working folder, commanded as an officer would."""

    folder: Path

    def run(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--home", str(self.folder)], env={"TOUCHSTONE_ACTOR": "a.officer", "COLUMNS": "200"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return str(done.stdout)

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status))

    def add(self, *arguments: str, status: int = 0) -> Any:
        return self.json("sighting", "add", *arguments, status=status)

    def store(self) -> Store:
        return Store.open(Home(self.folder))

    def file(self, name: str, body: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return str(path)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    CliRunner().invoke(app, ["init", str(tmp_path)])
    return Work(tmp_path)


# -- like a listing of the web ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Work, dict[str, str]]]:
    """An officer's sighting, a tip of the public and a listing of the web of one seller, examined, flagged, linked; and a case with the tip."""
    work = Work(tmp_path_factory.mktemp("sightings"))
    CliRunner().invoke(app, ["init", str(work.folder)])
    columns = {"name": "Name", "address": ["Line 1", "Line 2", "Town", "County"], "postcode": "Postcode", "phone": "Telephone"}
    register = {"kind": "csv", "title": "Units (invented)", "licence": "invented", "dated": "2026-01-31", "columns": columns}
    (work.folder / "configs" / "registers" / "units.yml").write_text(yaml.safe_dump(register))
    work.run("register", "load", "units", str(MATERIAL / "registers" / "wexcombe_units.csv"))
    work.run(
        "reference",
        "add",
        str(MATERIAL / "references" / "belt_tan.jpg"),
        "--kind",
        "suspected",
        "--brand",
        "Gucci",
        "--provenance",
        "seizure",
    )
    out = io.BytesIO()
    with Pillow.open(MATERIAL / "references" / "belt_tan.jpg") as belt:
        belt.convert("RGB").resize((belt.width * 9 // 10, belt.height * 9 // 10)).save(out, "JPEG", quality=80)
    stall = work.file("stall.jpg", out.getvalue())
    officer = work.add(
        stall, "--note", "Gucci belts, mirror quality 1:1, come with dust bag", "--place", PLACE, "--seen-at", "01/03/2026 10:30",
        "--phone", "07700 900142", "--seller", "Tinderbox", "--price", "£25",
    )  # fmt: skip
    tip = work.add(
        work.file("tip.jpg", photo()), "--told", "public", "--note", f"My neighbour sells replica Gucci bags, I am {NAME}, ring me on +44 7700 900 777 or {MAIL}",
        "--place", PLACE, "--seen-at", "2 Mar 2026, 2.30pm", "--phone", "07700 900142", "--informant-name", NAME,
        "--informant-contact", f"{PHONE}, {MAIL}, 4 Letterbox Lane, Wexcombe", "--informant-note", "lives next door, afraid",
    )  # fmt: skip
    with work.store() as store:
        build = Builder(store, source="market") if store.counts() else None
        assert build is not None
        build.listing(
            "77", title="Gucci belts", text="Mirror quality. WhatsApp +44 7700 900142", seller="tinder", seller_name="Tinder Deals"
        )
        build.close()
    for each in ("detect", "flag", "link"):
        work.run(each)
    refs = {"officer": officer["sighting"]["reference"], "tip": tip["sighting"]["reference"]}
    work.run("case", "new", "C-1", "--title", "Belts")
    work.run("case", "add", "C-1", "sightings_public", refs["tip"], "--initials", "AB")
    work.run("case", "add", "C-1", "sightings_officer", refs["officer"], "--initials", "AB")
    work.run("case", "export", "C-1", "--why", "test")
    assert verify_pack([str(work.folder / "var" / "packs" / "C-1")]) == 0
    yield work, refs


def test_a_sighting_is_flagged_by_its_words_and_its_picture(examined: tuple[Work, dict[str, str]]) -> None:
    work, refs = examined
    shown = work.json("listing", "show", "sightings_officer", refs["officer"])
    reasons = {c["reason"] for c in shown["flag"]["contributions"] if c["points"] > 0}
    assert shown["flag"]["level"] in ("review", "priority") and {
        r for r in reasons if "image" in r or "picture" in r or "reference" in r
    }, reasons
    assert any("copy" in r or "quality" in r or "replica" in r or "admi" in r for r in reasons), reasons
    assert [c["summary"]["listing"]["ref"] for c in work.json("queue", "list")].count(refs["officer"]) == 1


def test_a_sighting_is_linked_to_its_premises_by_place_and_phone(examined: tuple[Work, dict[str, str]]) -> None:
    work, refs = examined
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        found = reader.listing("sightings_officer", refs["officer"])
        links = [x for x in reader.links(subject=(SubjectKind.seller, found.seller or 0)) if x.object_kind is SubjectKind.premises]
        [statement] = {r.capture for r in reader.readings(listing=found.listing.id)}
        [place] = reader.premises([links[0].object])
    assert len(links) == 1 and links[0].level == "unit" and "2a" in place.label.lower()
    assert {"phone", "unit"} <= {r.code for r in links[0].reasons} and {r.capture for r in links[0].reasons if r.capture} == {statement}


def test_the_stall_the_tip_and_the_web_meet_in_one_query(examined: tuple[Work, dict[str, str]]) -> None:
    work, refs = examined
    shown = work.json("sighting", "show", refs["officer"])["same_seller"]
    met = {(m["summary"]["listing"]["source"], m["summary"]["listing"]["ref"]): m for m in shown}
    assert met.keys() == {("market", "77"), ("sightings_public", refs["tip"])}
    assert met["market", "77"]["why"][0][:2] == ["phone", "+447700900142"] and met["sightings_public", refs["tip"]]["sightings"] == [
        refs["tip"]
    ]
    back = work.json("listing", "show", "market", "77")["same_seller"]
    assert {s for m in back for s in m["sightings"]} == {refs["officer"], refs["tip"]}
    seller = work.json("listing", "show", "market", "77")["summary"]["seller"]
    assert {s for m in work.json("seller", "show", str(seller))["same_seller"] for s in m["sightings"]} == {refs["officer"], refs["tip"]}
    assert refs["officer"] in work.run("listing", "show", "market", "77")


def test_who_told_it_is_nowhere_but_in_its_own_row(examined: tuple[Work, dict[str, str]]) -> None:
    work, refs = examined
    said: dict[str, bytes] = {}
    pack = next(p for p in (work.folder / "var" / "packs").iterdir() if p.is_dir())
    for path in pack.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            said[str(path.relative_to(pack))] = body
            if path.suffix == ".gz":
                import gzip

                said[f"{path.name}, unpacked"] = gzip.decompress(body)
            elif path.suffix == ".zip":
                with zipfile.ZipFile(path) as inner:
                    said |= {f"{path.name}/{name}": inner.read(name) for name in inner.namelist()}
    assert len(said) > 20 and any(b"replica Gucci bags" in body for body in said.values()), "the tip itself is in the pack"
    commands = [
        ("sighting", "list"), ("sighting", "show", refs["tip"]), ("listing", "list"), ("listing", "show", "sightings_public", refs["tip"]),
        ("listing", "history", "sightings_public", refs["tip"]), ("queue", "list"), ("case", "show", "C-1"), ("premises", "rank"), ("status",), ("log", "show"),
        *(("seller", "show", str(n)) for n in (1, 2, 3)),
    ]  # fmt: skip
    for command in commands:
        said[" ".join(command)] = work.run(*command, "--json").encode() + work.run(*command).encode()
    work.run("listing", "export", "--csv", str(work.folder / "out.csv"))
    said["listing export"] = (work.folder / "out.csv").read_bytes()
    with work.store() as store:
        said["the log"] = json.dumps([e.body for e in store.log()]).encode()
        with store.acting("a.officer", purpose="look") as reader:
            for seller in reader.sellers():
                said[f"links of {seller.id}"] = repr(reader.links(subject=(SubjectKind.seller, seller.id or 0))).encode()
    for where, body in said.items():
        folded = body.replace(b"\0", b"").lower()
        for word in ("quillfeather", "ottoline", "900777", "900 777", "letterbox lane", "lives next door", "democam"):
            assert word.encode() not in folded, f"{word} is in {where}"
    informant = work.json("sighting", "informant", refs["tip"], "--why", "statement to be taken")
    assert "tip.jpg says: " in informant["note"] and "camera_position 53.47000, -2.24167" in informant["note"]
    assert informant["name"] == NAME and PHONE in informant["contact"] and f"I am {NAME}" in informant["note"]
    with work.store() as store:
        [look] = [e.body for e in store.log() if "informant" in e.body["detail"] and e.body["verb"] == "consultation"]
    assert look["justification"] == "statement to be taken"
    with pytest.raises(TouchstoneError, match="only for a stated reason"):
        work.run("sighting", "informant", refs["tip"], "--why", " ")


def test_the_informants_contact_is_no_contact_of_the_seller(examined: tuple[Work, dict[str, str]]) -> None:
    work, refs = examined
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        found = reader.listing("sightings_public", refs["tip"])
        assert {c.value for c, _ in reader.contacts(listing=found.listing.id)} == {"+447700900142"}
    assert MARKER in found.snapshot.text and "replica Gucci bags" in found.snapshot.text


# -- adding ----------------------------------------------------------------------------------------------------------------
def test_exif_is_shown_as_what_the_file_says_and_never_taken_for_the_place(work: Work) -> None:
    added = work.add(work.file("x.jpg", photo()), "--note", "Belts", "--place", "Market Hall, Wexcombe", "--seen-at", "25/11/2025 14:30")
    assert added["sighting"]["claims"]["files"][0]["claims"]["camera_position"] == "53.47000, -2.24167"
    shown = work.run("sighting", "show", added["sighting"]["reference"])
    assert "the file says (not believed)" in shown and "2026:03:01 10:30:00" in shown
    again = work.add(work.file("y.jpg", photo()), "--note", "Belts", "--obtained", "sent by a colleague")
    listing = work.json("sighting", "show", again["sighting"]["reference"])["listing"]
    assert listing["snapshot"]["place"] == "" and again["sighting"]["place"] == "" and again["sighting"]["seen_at"] is None


def test_the_public_is_shown_without_what_its_camera_wrote_and_the_whole_file_is_kept(work: Work) -> None:
    body = photo()
    added = work.add(
        work.file("x.jpg", body), "--told", "public", "--note", "Belts", "--place", "Market Hall", "--seen-at", "25/11/2025 14:30"
    )
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        [(file, name)] = reader.sighting_files(added["sighting"]["id"])
        assert name == "x.jpg" and reader.payload(file.id or 0) == body
        [image] = reader.listing_images(added["sighting"]["listing"])
        bare = reader.image_bytes(image.sha256)
        assert b"DemoCam" in body and b"DemoCam" not in bare
        assert added["sighting"]["claims"]["files"][0]["claims"] == {"camera_time": "2026:03:01 10:30:00"}
        assert file.id not in {c.id for c in reader.listing_captures(added["sighting"]["listing"])}, (
            "the file itself goes into no pack with its listing"
        )


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"Exif DemoCam 53.47000 Ottoline Quillfeather" * 40


def in_pack(work: Work, source: str, ref: str) -> bytes:
    """Everything in the pack of a case with this listing as its exhibit, unpacked."""
    import gzip

    work.run("case", "new", "C-9", "--title", "Belts")
    work.run("case", "add", "C-9", source, ref, "--initials", "AB")
    work.run("case", "export", "C-9", "--why", "test")
    pack = next(p for p in (work.folder / "var" / "packs").iterdir() if p.is_dir())
    assert verify_pack([str(pack)]) == 0
    files = [(path.name, path.read_bytes()) for path in sorted(pack.rglob("*")) if path.is_file()] + list(entries(pack).items())
    return b"".join(name.encode() + body + (gzip.decompress(body) if name.endswith(".gz") else b"") for name, body in files)


def test_a_picture_of_the_public_that_cannot_be_cut_is_shown_nowhere_and_said_so(work: Work) -> None:
    added = work.add(
        work.file("x.heic", HEIC),
        "--told",
        "public",
        "--note",
        "Belts",
        "--place",
        "Market Hall",
        "--seen-at",
        "25/11/2025 14:30",
        status=1,
    )
    assert added["counts"]["pictures not shown"] == 1 and any("are shown on no listing" in w for w in added["warnings"]), added
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        assert reader.listing_images(added["sighting"]["listing"]) == []
        [(file, _)] = reader.sighting_files(added["sighting"]["id"])
        assert reader.payload(file.id or 0) == HEIC, "the file itself is kept whole"
        assert [why for _, reason, why in store.unread_in(file.run) if reason == "picture not shown"]
    pack = in_pack(work, "sightings_public", added["sighting"]["reference"])
    assert b"Market Hall" in pack and b"DemoCam" not in pack and b"Quillfeather" not in pack


@pytest.mark.parametrize("read_as", ["wexcombe", "no source"])
@pytest.mark.parametrize("form", ["single", "complete", "mhtml", "warc", "wacz", "har"])
def test_pictures_within_a_file_of_the_public_are_shown_without_what_their_camera_wrote(work: Work, form: str, read_as: str) -> None:
    source(work)
    asked = ("--source", "wexcombe") if read_as == "wexcombe" else ()
    added = work.add(saved(form, work, photo()), "--told", "public", "--obtained", "sent by e-mail", *asked)
    assert added["counts"]["copies without metadata"] == 1 and added["counts"].get("pictures joined", 0) == len(asked[:1])
    where = ("wexcombe", "77") if asked else ("sightings_public", added["sighting"]["reference"])
    if asked:
        work.run("reread", "wexcombe")
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        listing = reader.listing(*where).listing.id or 0
        [image] = reader.listing_images(listing)
        assert b"DemoCam" not in reader.image_bytes(image.sha256)
        taken = [reader.payload(c.id or 0) for c in reader.listing_captures(listing)]
        assert not any(b"DemoCam" in body for body in taken)
        [(file, _)] = reader.sighting_files(added["sighting"]["id"])
        assert form in ("single", "warc", "wacz", "har") or photo() in {reader.payload(p.id or 0) for p in reader.parts_of(file.id or 0)}
    if form == "mhtml":
        assert b"DemoCam" not in in_pack(work, *where)


def test_a_picture_that_cannot_be_cut_is_not_joined_again_because_somebody_else_handed_it_in(work: Work) -> None:
    source(work)
    gif = io.BytesIO()
    Pillow.open(io.BytesIO(jpeg(1))).convert("P").save(gif, "GIF", comment=b"Ottoline Quillfeather")
    work.add(work.file("x.gif", gif.getvalue()), "--obtained", "x")  # an officer: shown, so that its bytes are an image of the store
    added = work.add(saved("mhtml", work, gif.getvalue()), "--source", "wexcombe", "--told", "public", "--obtained", "x")
    assert added["counts"]["pictures not shown"] == 1
    work.run("reread", "wexcombe")
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        assert reader.listing_images(reader.listing("wexcombe", "77").listing.id or 0) == []


def test_a_file_name_that_says_who_told_it_is_in_no_pack(work: Work) -> None:
    source(work)
    path = work.file(f"complaint {NAME}.html", HTML)
    added = work.add(path, "--told", "public", "--obtained", "by e-mail", "--informant-name", NAME, "--source", "wexcombe")
    assert added["listings"] == 1
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        page = reader.capture(reader.listing("wexcombe", "77").capture)
        assert page.url_requested.endswith("#page-1")
    pack = in_pack(work, "wexcombe", "77")
    assert b"mirror quality" in pack and b"Quillfeather" not in pack


def test_a_page_whose_folder_says_who_told_it_is_not_read(work: Work) -> None:
    source(work)
    folder = f"complaint {NAME}_files"
    (work.folder / folder).mkdir()
    (work.folder / folder / "77.jpg").write_bytes(jpeg(1))
    local = f"./{folder}/77.jpg".replace(" ", "%20")
    path = work.file(f"complaint {NAME}.html", HTML.replace("</body>", f'<img src="{local}"></body>'))
    with pytest.raises(TouchstoneError, match="hand it in without --source"):
        work.run("sighting", "add", path, "--told", "public", "--obtained", "x", "--informant-name", NAME, "--source", "wexcombe")


def test_two_files_of_one_name_are_each_shown_with_their_own_digest_and_claims(work: Work) -> None:
    import hashlib

    bodies = [photo(), HTML.encode()]
    paths = []
    for folder, body in zip(("a", "b"), bodies, strict=True):
        (work.folder / folder).mkdir()
        paths.append(work.file(f"{folder}/IMG_1.jpg", body))
    source(work)
    added = work.add(*paths, "--obtained", "x", "--source", "wexcombe")
    shown = work.json("sighting", "show", added["sighting"]["reference"])
    assert [f["sha256"] for f in shown["files"]] == [hashlib.sha256(body).hexdigest() for body in bodies]
    assert shown["files"][0]["claims"]["camera_make"] == "DemoCam" and shown["files"][1]["claims"]["saved_from"] == PAGE
    assert [r["listing"]["ref"] for r in shown["read"]] == ["77"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give --note, or files"),
        (("--note", "x", "--price", "cheap"), "--price 'cheap' is no price"),
        (("--note", "x", "--seen-at", "yesterday"), "--seen-at 'yesterday' is no date"),
        (("--note", "x", "--seen-at", "13/13/2026"), "is no date"),
        (("--note", "x", "--seen-at", "01/01/2099"), "is in the future"),
        (("--note", "x", "--informant-name", NAME), "an officer's own sighting has no informant"),
        (("--note", "x", "--told", "public", "--informant-contact", PHONE, "--phone", "+447700900777"), "informant's own"),
        (("{page}",), "say with --obtained how page.html was obtained"),
        (("{shot}", "--note", "a screenshot"), "say with --obtained"),
        (("{page}", "--obtained", "x", "--source", "wexcomb"), "there is no source 'wexcomb'.*did you mean 'wexcombe'"),
        (("{none}", "--obtained", "x"), "there is no such file"),
        (("{page}", "{cut}", "--obtained", "x"), "HAR cannot be read"),
        (
            ("{named}", "--told", "public", "--obtained", "x", "--informant-name", NAME, "--source", "schema_org"),
            "hand it in without --source",
        ),
    ],
)
def test_what_is_refused_keeps_nothing(work: Work, arguments: tuple[str, ...], why: str) -> None:
    import re

    source(work)
    files = {
        "page": work.file("page.html", HTML), "shot": work.file("shot.jpg", jpeg(1)), "cut": work.file("cut.har", b'{"log": {"entries": [{'),
        "none": str(work.folder / "none"), "named": work.file("named.html", HTML.replace("<h1>", f"<p>Hello {NAME}</p><h1>")),
    }  # fmt: skip
    with pytest.raises(TouchstoneError) as refused:
        work.run("sighting", "add", *(each.format(**files) for each in arguments))
    assert re.search(why, str(refused.value), re.DOTALL), refused.value
    with work.store() as store:
        assert {store.counts()[name] for name in ("captures", "sightings", "listings")} == {0} and store.runs("sighting") == []


def source(work: Work) -> None:
    stated = {
        "title": "Wexcombe bags",
        "kind": "marketplace",
        "url": "https://wexcombe-bags.example/",
        "platform": "schema_org",
        "ref": r"/item/(\d+)",
    }
    (work.folder / "configs" / "sources").mkdir(exist_ok=True)
    (work.folder / "configs" / "sources" / "wexcombe.yml").write_text(yaml.safe_dump(stated))


def saved(form: str, work: Work, shown: bytes = b"") -> str:
    from tests.crawler.test_handed_in import entry, har, wacz, warc

    shown = shown or jpeg(1)
    picture = ("https://wexcombe-bags.example/i/77.jpg", "image/jpeg", shown)
    page = (PAGE, "text/html", HTML.encode())
    in_har = entry(picture[0], "image/jpeg", base64.b64encode(shown).decode(), content={"encoding": "base64"})
    if form == "complete":
        (work.folder / "page_files").mkdir()
        (work.folder / "page_files" / "77.jpg").write_bytes(shown)
        local = "https://wexcombe-bags.example/item/page_files/77.jpg"
        return work.file("page.html", HTML.replace(picture[0], local))
    if form == "single":
        inlined = base64.b64encode(shown).decode()
        return work.file("page.html", HTML.replace("</body>", f'<img src="data:image/jpeg;base64,{inlined}"></body>'))
    body = {"mhtml": mhtml(page, picture), "warc": warc(page, picture), "har": har(entry(PAGE, text=HTML), in_har)}.get(form)
    return work.file(f"page.{form}", body if body is not None else wacz({"archive/a.warc.gz": warc(page, picture)}))


@pytest.mark.parametrize("form", ["single", "complete", "mhtml", "warc", "wacz", "har"])
def test_a_page_that_somebody_holds_is_read_as_its_sources_with_its_picture(work: Work, form: str) -> None:
    source(work)
    path = saved(form, work)
    added = work.add(path, "--source", "wexcombe", "--obtained", "Saved from a public page by A. Officer, no log-in")
    assert added["listings"] == 1 and added["counts"]["pictures joined"] == 1, added
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        found = reader.listing("wexcombe", "77")
        assert (found.snapshot.title, found.snapshot.price_minor, found.listing.url) == (PRODUCT["name"], 4500, PAGE)
        [image] = reader.listing_images(found.listing.id or 0)
        assert reader.image_bytes(image.sha256) == jpeg(1)
        page = reader.capture(found.capture)
        assert page.kind is CaptureKind.handed_in and page.url_requested.startswith("urn:sha256:") and page.url_final == PAGE
        assert (datetime.now(UTC) - page.ended_at).total_seconds() < 300, "the capture's own time is that of handing in"
        [(file, _)] = reader.sighting_files(added["sighting"]["id"])
        assert reader.payload(file.id or 0) == Path(path).read_bytes(), "the whole file is kept too"
        assert page.part_of == file.id and reader.listing_images(added["sighting"]["listing"]) == []
        assert [r.listing.ref for r in reader.read_from([file.id or 0], but=added["sighting"]["listing"])] == ["77"]
    assert store.verify() == []


def test_a_page_handed_in_is_read_again_by_a_better_parser_and_puts_no_crawled_page_in_the_shade(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    source(work)
    with work.store() as store:
        build = Builder(store, source="wexcombe")
        build.listing("77", title="As crawled", price_text="£80")
        build.close()
    work.add(saved("mhtml", work), "--source", "wexcombe", "--obtained", "x")
    assert work.json("listing", "show", "wexcombe", "77")["summary"]["snapshot"]["title"] == "As crawled"
    assert len(work.json("listing", "history", "wexcombe", "77")) >= 1
    monkeypatch.setattr("crawler.platforms.schema_org.VERSION", "next")
    assert "pictures joined 1" in work.run("reread", "wexcombe")
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        listing = reader.listing("wexcombe", "77").listing.id or 0
        versions = {r.parser_version.partition("+")[0] for r in reader.readings(listing=listing)}
    assert {"hand/1", "schema_org/next"} <= versions and len(versions) == 3


def test_a_page_of_any_site_can_be_read_by_schema_org_and_of_another_site_is_not_taken_for_the_sources(work: Work) -> None:
    added = work.add(work.file("page.html", HTML), "--source", "schema_org", "--obtained", "x")
    assert added["listings"] == 1
    assert work.json("listing", "show", "wexcombe-bags.example", "77")["summary"]["snapshot"]["title"] == PRODUCT["name"]
    source(work)
    other = work.add(work.file("page.html", HTML.replace("wexcombe-bags", "other-bags")), "--source", "wexcombe", "--obtained", "x")
    assert other["listings"] == 0 and other["counts"]["pages of another site"] == 1


def test_what_is_kept_whole_is_kept_whole_and_pointers_are_not_fetched(work: Work) -> None:
    pdf, video = b"%PDF-1.7\n%%EOF\n", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\7" * 5000
    files = [work.file("a.pdf", pdf), work.file("b.mp4", video), work.file("c.txt", f"{PAGE}\n"), work.file("d.bin", b"\1\2\3")]
    added = work.add(*files, "--obtained", "found on a seized phone, warrant 12", "--note", "from the phone")
    with work.store() as store, store.acting("a.officer", purpose="look") as reader:
        assert [reader.payload(c.id or 0) for c, _ in reader.sighting_files(added["sighting"]["id"])] == [
            pdf,
            video,
            f"{PAGE}\n".encode(),
            b"\1\2\3",
        ]
    assert [f["kind"] for f in added["sighting"]["claims"]["files"]] == ["pdf", "video", "urls", "other"]
    shown = work.run("sighting", "show", added["sighting"]["reference"])
    assert "found on a seized phone, warrant 12" in shown and f"pointer, not fetched: {PAGE}" in shown and "touchstone capture URL" in shown


def test_a_damaged_file_is_kept_counted_and_ends_with_status_1(work: Work) -> None:
    whole = mhtml((PAGE, "text/html", HTML.encode()), ("https://wexcombe-bags.example/i/77.jpg", "image/jpeg", jpeg(1)))
    added = work.add(work.file("cut.mhtml", whole[: len(whole) // 2]), "--obtained", "x", "--source", "schema_org", status=1)
    assert added["counts"]["problems"] == 1 and any("cut off" in w for w in added["warnings"]) and added["listings"] == 1
    with work.store() as store:
        assert store.counts()["unread"] == 1 and [str(r.outcome) for r in store.runs("sighting")] == ["unmet"]


def test_cookies_that_are_handed_in_do_not_enter_the_archive(work: Work) -> None:
    import gzip

    from tests.crawler.test_handed_in import COOKIE, entry, har

    given = har(entry(PAGE, text=HTML, request={"url": PAGE, "headers": [{"name": "Cookie", "value": COOKIE}]}))
    added = work.add(work.file("x.har", given), "--obtained", "exported from the developer tools")
    [file] = added["sighting"]["claims"]["files"]
    import hashlib

    assert (
        file["sha256"] == hashlib.sha256(given).hexdigest()
        and file["is_copy_without_secrets"]
        and any("keep the original" in w for w in added["warnings"])
    )
    kept = b"".join(gzip.decompress(p.read_bytes()) for p in (work.folder / "var" / "archive").glob("*.gz"))
    assert COOKIE.encode() not in kept and b"[secret removed]" in kept


def test_a_file_that_was_handed_in_can_be_an_exhibit_and_is_then_in_the_pack_and_not_erased(work: Work) -> None:
    import gzip
    import hashlib

    video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"belts" * 1000
    added = work.add(work.file("Ottoline.mp4", video), "--told", "public", "--note", "Belts", "--obtained", "by e-mail")
    [file] = work.json("sighting", "show", added["sighting"]["reference"])["files"]
    work.run("case", "new", "C-1", "--title", "Belts")
    said = work.run("case", "add", "C-1", "capture", str(file["capture"]), "--initials", "AB")
    assert "Exhibit AB1: File handed in to sightings_public" in said and hashlib.sha256(video).hexdigest() in "".join(said.split())
    assert "Ottoline" not in said
    work.run("case", "export", "C-1", "--why", "test")
    pack = next(p for p in (work.folder / "var" / "packs").iterdir() if p.is_dir())
    assert verify_pack([str(pack)]) == 0
    assert any(video in gzip.decompress(body) for name, body in entries(pack).items() if name.endswith(".warc.gz"))
    assert [path.read_bytes() for path in (pack / "data" / "files").iterdir()] == [video]
    with work.store() as store, pytest.raises(TouchstoneError, match="under hold of exhibit"):
        store.erase(file["capture"], actor="a.officer", reason="retention")
    for ref, why in (("x", "is no number of a capture"), ("999", "not every capture of")):
        with pytest.raises(TouchstoneError, match=why):
            work.run("case", "add", "C-1", "capture", ref, "--initials", "AB")


def test_bytes_that_were_erased_are_no_exhibit(work: Work) -> None:
    added = work.add(work.file("a.pdf", b"%PDF-1.7\n%%EOF\n"), "--obtained", "x")
    [file] = work.json("sighting", "show", added["sighting"]["reference"])["files"]
    work.run("case", "new", "C-1", "--title", "Belts")
    with work.store() as store:
        store.erase(file["capture"], actor="a.officer", reason="retention")
    with pytest.raises(TouchstoneError, match="were erased"):
        work.run("case", "add", "C-1", "capture", str(file["capture"]), "--initials", "AB")


# -- lists -----------------------------------------------------------------------------------------------------------------
HEAD = [
    "Case number",
    "Goods",
    "Details",
    "Amount paid",
    "Brand",
    "Trader",
    "Trader phone",
    "Trader address",
    "Trader postcode",
    "Date of purchase",
    "Consumer",
    "Consumer phone",
    "Consumer e-mail",
]
ROWS = [
    ["C-1", "Gucci belt", f"Fake. Ring me on {PHONE}", "£25.00", "Gucci", "Tinderbox", "07700 900142", "Unit 2A, Wexcombe Parade", "M32 0TH", "03/02/2026", NAME, PHONE, MAIL],
    ["C-2", "Trainers", "Soles came off; café seller", "1.250,00 €", "", "", "", "", "", "5 March 2026", "Bram Oakapple", "07700 900778", ""],
    ["", "", "", "£5", "", "", "", "", "", "", "", "", ""],
    ["C-1", "Another", "other words under the same number", "", "", "", "", "", "", "", "", "", ""],
    ["C-3", "Scarf", "no price that can be read", "a lot", "", "", "", "", "", "some day", "", "", ""],
]  # fmt: skip


def as_csv(delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([HEAD, *ROWS])
    return out.getvalue().encode(encoding)


def as_xlsx(rows: list[list[Any]] | None = None) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows or [HEAD, *ROWS]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["csv", "semicolons in cp1252", "tabs in utf-16", "xlsx"])
def test_a_list_becomes_sightings_and_the_same_file_again_adds_nothing(work: Work, form: str) -> None:
    body = {"csv": as_csv(), "semicolons in cp1252": as_csv(";", "cp1252"), "tabs in utf-16": as_csv("\t", "utf-16")}.get(form) or as_xlsx()
    path = work.file("list.xlsx" if form == "xlsx" else "list.csv", body)
    done = work.json("sighting", "import", path, "--columns", "complaints", status=1)
    assert {k: v for k, v in done["counts"].items() if not k.startswith("note")} == {"rows": 5, "sightings": 3, "refused": 2}
    assert [(r["row"], r["why"]) for r in done["refused"]] == [
        (4, "no words: its title and text are empty"),
        (5, "its reference is that of row 2"),
    ]
    assert {k.removeprefix("note: "): v for k, v in done["counts"].items() if k.startswith("note")} == {
        "who told it was said in the row, and replaced by a marker": 1, "price not understood": 1, "date not understood": 1,
    }  # fmt: skip
    with work.store() as store, store.acting("a.officer", purpose="look", justification="test") as reader:
        one, two = (reader.sighting(f"complaints-C-{n}") for n in (1, 2))
        said = {r.listing.ref: r.snapshot for r in reader.summaries(source="sightings_partner")}
        assert (one.seen_at, two.seen_at) == (datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)), "3 February, day first"
        first, second = said[one.reference], said[two.reference]
        assert (first.price_minor, first.currency, second.price_minor, second.currency) == (2500, "GBP", 125000, "EUR")
        assert "café" in second.text and first.place == "Unit 2A, Wexcombe Parade, M32 0TH" and MARKER in first.text
        assert {c.value for c, _ in reader.contacts(listing=one.listing)} == {"+447700900142"}
        informant = reader.informant(one.id or 0)
        assert informant is not None and (informant.name, informant.contact) == (NAME, f"{PHONE}\n{MAIL}")
        (row, name), (file, filename) = reader.sighting_files(one.id or 0)
        assert reader.payload(file.id or 0) == body and name == "row 2" and filename == Path(path).name and row.part_of == file.id
        kept = reader.payload(row.id or 0).decode()
        assert json.loads(kept)["row"] == 2 and NAME not in kept and "900777" not in kept and "Consumer" not in kept
        assert {c.id for c in reader.listing_captures(one.listing)} == {row.id}, "a pack takes the row, not the list"
    with work.store() as store:
        before = store.counts()
    again = work.json("sighting", "import", path, "--columns", "complaints", status=1)
    assert again["counts"]["known already"] == 3 and "sightings" not in again["counts"]
    with work.store() as store:
        after = store.counts()
        assert {k: v for k, v in after.items() if k != "events"} == {
            k: v for k, v in before.items() if k != "events"
        } and store.verify() == []


def test_next_months_list_brings_what_is_new_and_what_was_changed(work: Work) -> None:
    work.json("sighting", "import", work.file("one.csv", as_csv()), "--columns", "complaints", status=1)
    rows = [HEAD, ROWS[0], [*ROWS[1][:2], "Soles came off twice", *ROWS[1][3:]], ["C-9", "Hat", "new", *[""] * 10]]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    done = work.json("sighting", "import", work.file("two.csv", out.getvalue()), "--columns", "complaints")
    assert done["counts"] == {
        "rows": 3,
        "known already": 1,
        "sightings with changed words": 1,
        "sightings": 1,
        "note: who told it was said in the row, and replaced by a marker": 1,
    }
    assert len(work.json("listing", "history", "sightings_partner", "complaints-C-2")["versions"]) == 2
    assert [s["sighting"]["reference"] for s in work.json("sighting", "list")][-2:] == ["complaints-C-2.2", "complaints-C-9"]


def test_excel_dates_numbers_and_formulas_are_read_as_values(work: Work) -> None:
    rows: list[list[Any]] = [["Goods", "Details", "Amount paid", "When"], ["Belt", "=1+1", 25, datetime(2026, 2, 3)], ["Bag", "=HYPERLINK(\"http://x.example\")", 25.5, datetime(2026, 2, 3, 9, 30)]]  # fmt: skip
    mapped = work.file("map.yml", "title: x\ncolumns: {title: Goods, text: Details, price: Amount paid, seen_at: When}\n")
    done = work.json("sighting", "import", work.file("x.xlsx", as_xlsx(rows)), "--columns", mapped)
    assert done["counts"] == {"rows": 2, "sightings": 2, "note: a formula without a kept value was read as empty": 2}
    found = work.json("sighting", "list")
    assert [f["listing"]["snapshot"]["price_minor"] for f in found] == [2500, 2550] and [
        f["listing"]["snapshot"]["text"] for f in found
    ] == ["", ""]
    assert [f["sighting"]["seen_at"] for f in found] == ["2026-02-03T00:00:00+00:00", "2026-02-03T09:30:00+00:00"]


def test_a_row_that_is_no_row_is_refused_by_itself(work: Work) -> None:
    mapped = work.file("map.yml", "title: x\ncolumns: {title: Goods, ref: Number}\n")
    body = 'Number,Goods\r\n1,Belt\r\n2,Bag,surplus\r\n3,"a quote" astray\r\n4,Hat\r\n' + f"{'9' * 90},Scarf\r\n"
    done = work.json("sighting", "import", work.file("x.csv", body), "--columns", mapped, status=1)
    assert done["counts"]["sightings"] == 2 and done["counts"]["refused"] == 3, done
    assert [r["row"] for r in done["refused"]] == [3, 4, 6]
    with work.store() as store:
        assert store.counts()["unread"] == 3


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ("title: x\ncolumns: {titel: Goods}\n", r"map.yml:2: .*unknown key 'titel'; did you mean 'title'"),
        ("title: x\ncolumns: {price: Amount}\n", r"give at least `title` or `text`"),
        ("title: x\ncolumns: {title: Goods}\ntold: friend\n", r"expected one of officer, partner, public"),
        ("title: x\ncolumns: {title: Good}\n", r"has no column 'Good'; did you mean 'Goods'\?"),
        ("title: x\ncolumns: {title: Goods}\nencoding: klingon\n", r"there is no encoding 'klingon'"),
        ("title: x\ncolumns: {title: Goods}\nheader: 90\n", r"there is no header in row 90"),
    ],
)
def test_a_column_map_is_read_strictly(work: Work, stated: str, why: str) -> None:
    with pytest.raises((ConfigError, TouchstoneError), match=why):
        work.run("sighting", "import", work.file("x.csv", "Goods,Amount\nBelt,1\n"), "--columns", work.file("map.yml", stated))
    with work.store() as store:
        assert store.counts()["captures"] == 0


def test_the_shipped_column_map_can_be_read_and_an_unknown_one_names_those_there_are(work: Work) -> None:
    assert read_map(Home(work.folder), "complaints").name == "complaints"
    with pytest.raises(TouchstoneError, match="which has complaints"):
        read_map(Home(work.folder), "complaint")


@pytest.mark.parametrize(
    "kind", ["bomb", "entities", "entities behind remarks", "entities by another name", "no workbook", "cut off", "old"]
)
def test_a_hostile_workbook_is_one_sentence(work: Work, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good = as_xlsx()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist() if kind != "no workbook" else ["xl/workbook.xml"]:
            data = old.read(name)
            if kind == "bomb" and "sheet1" in name:
                data = data.replace(b"</sheetData>", b" " * 8 * 2**20 + b"</sheetData>")
            if kind.startswith("entities") and "sheet1" in name:
                remarks = b"<!--" + b" " * 70_000 + b"-->" if "remarks" in kind else b""
                data = b'<?xml version="1.0"?>' + remarks + b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + data
            if "another name" in kind:
                name, data = name.replace("sheet1.xml", "sheet1.dat"), data.replace(b"sheet1.xml", b"sheet1.dat")
            new.writestr(name, data)
    monkeypatch.setattr("casework.rows.MAX_UNPACKED", 4 * 2**20)
    body, why = {
        "bomb": (out.getvalue(), "stands for more than 4 MiB"), **dict.fromkeys(("entities", "entities behind remarks", "entities by another name"), (out.getvalue(), "declares entities")), "no workbook": (out.getvalue(), "no workbook"),
        "cut off": (good[:-200], "damaged"), "old": (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "old .xls workbook"),
    }[kind]  # fmt: skip
    with pytest.raises(TouchstoneError, match=why):
        work.run("sighting", "import", work.file("x.xlsx", body), "--columns", "complaints")


def test_a_sheet_that_breaks_off_in_the_middle_says_where_and_why(work: Work) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"</sheetData>", b"</row></sheetData>") if "sheet1" in name else data)
    with pytest.raises(TouchstoneError, match=r"row \d+ of the sheet cannot be read: .*mismatched tag"):
        work.run("sighting", "import", work.file("x.xlsx", out.getvalue()), "--columns", "complaints")


# -- when, and who ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("25/11/2026 14:30", "2026-11-25T14:30+00:00"),
        ("25/07/2026 14:30", "2026-07-25T13:30+00:00"),
        ("3/4/26", "2026-04-02T23:00+00:00"),
        ("Wed 25 Nov 2026, 2.30pm", "2026-11-25T14:30+00:00"),
        ("25th of November 2026 at 2pm", "2026-11-25T14:00+00:00"),
        ("1st Sept 2026 12am", "2026-08-31T23:00+00:00"),
        ("2026-11-25T14:30:15Z", "2026-11-25T14:30:15+00:00"),
        ("2026-07-25 14:30 +02:00", "2026-07-25T12:30+00:00"),
        *((text, None) for text in ("", "13/13/2026", "31/02/2026", "11/25/2026", "25 Novembre 2026", "25/11", "14:30", "25/11/2026 25:00", "25/11/2026 14", "today", "25/11/2026 13pm")),
    ],
)  # fmt: skip
def test_dates_are_day_first_and_of_london(text: str, moment: str | None) -> None:
    assert parse_when(text) == (datetime.fromisoformat(moment) if moment else None)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ring 07700 900777 now", f"ring {MARKER} now"),
        ("ring +44 (0)7700 900-777 now", f"ring {MARKER} now"),
        ("I am ottoline  QUILLFEATHER.", f"I am {MARKER}."),
        ("complaint_Ottoline_Quillfeather_2.html", f"complaint_{MARKER}_2.html"),
        ("write to O.Quillfeather@letters.example", f"write to {MARKER}"),
        ("the seller is on 07700 900142", "the seller is on 07700 900142"),
        ("Ottoline's belts", "Ottoline's belts"),
        ("4, Letterbox Lane; Wexcombe", MARKER),
    ],
)
def test_who_told_it_is_found_however_written(said: str, kept: str) -> None:
    assert Apart(Informant(0, NAME, f"{PHONE}\n{MAIL}\n4 Letterbox Lane, Wexcombe")).without(said) == kept


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
@pytest.mark.parametrize("said", ["Élodie Ångström", "ÉLODIE ÅNGSTRÖM", "élodie ångström"])
def test_who_told_it_is_found_in_capitals_beyond_ascii(said: str, encoding: str) -> None:
    apart = Apart(Informant(0, "Élodie Ångström", ""))
    assert apart.without(f"from {said}.") == f"from {MARKER}." and apart.occurs_in(f"<p>{said}</p>".encode(encoding))


def test_who_told_it_is_found_in_a_files_bytes() -> None:
    apart = Apart(Informant(0, NAME, PHONE))
    assert (
        apart.occurs_in(b"\xff\xd8" + NAME.encode("utf-16-le"))
        and apart.occurs_in(b"<p>+44 7700 900777</p>")
        and not apart.occurs_in(b"Ottoline 07700 900142")
    )
    assert (
        not Apart(None).occurs_in(NAME.encode())
        and Apart(None).without(NAME) == NAME
        and Apart(Informant(0, "Will", "")).without("Will it") == "Will it"
    )
