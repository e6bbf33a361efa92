"""The drawing of a match: in the pack with both pictures' bytes, made again by `touchstone verify PACK --pictures`, and said so where it is not there."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from casework.cli import app
from casework.verify import verify
from detectors import image_match
from detectors.pictures import drawing
from store.errors import TouchstoneError
from tests.builders import Builder, jpeg
from tests.casework.tamper import edit_rows, files, reseal, rows, run_verify, sha, write_rows
from tests.casework.test_sightings import Work
from tests.detectors.draw import edited

pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation: `apt-get install g++ python3-dev`, then `make install`")

REFERENCE, OWN, OTHER, TOLD = jpeg(1), edited(jpeg(1), "mirror", "border"), edited(jpeg(1), "warm"), edited(jpeg(1), "half_size")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A listing with a mirrored copy of a reference's picture; another seller's copy, and the very same file; one that the public handed in."""
    work = Work(tmp_path_factory.mktemp("matches"))
    CliRunner().invoke(app, ["init", str(work.folder)])
    work.run("reference", "add", work.file("seized.jpg", REFERENCE), "--kind", "suspected", "--brand", "Gucci", "--provenance", "seizure")
    work.add(work.file("tip.jpg", TOLD), "--told", "public", "--note", "Bags at the market", "--obtained", "by e-mail")
    with work.store() as store:
        build = Builder(store, source="market")
        for ref, picture in (("own", OWN), ("other", OTHER), ("same", OWN)):
            build.listing(ref, title=f"Bag {ref}", seller=ref, pictures=(picture,))
        build.close()
    for each in ("detect", "flag"):
        work.run(each)
    return work


def exported(work: Work, case: str, out: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("casework.pdf.missing_parts", lambda: "not needed here")
        work.run("case", "new", case, "--title", "Bags")
        work.run("case", "add", case, "market", "own", "--initials", "AB")
        work.run("case", "export", case, "--why", "test", "--out", str(out))
    return out


@pytest.fixture(scope="module")
def made(work: Work, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(work, "C-1", tmp_path_factory.mktemp("packs") / "pack")


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def by_picture(pack: Path) -> dict[str, dict[str, Any]]:
    return {row["second"]: row for row in rows(pack, "data/rows/matches.jsonl")}


def redrawn(pack: Path, status: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["verify", str(pack), "--pictures", "--json"])
    assert done.exit_code == status, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def text(pack: Path) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", (pack / "data/README.html").read_text().replace("<wbr>", ""))))


# -- what is in it -----------------------------------------------------------------------------------------------------------
def test_the_picture_of_a_match_lies_beside_both_pictures_and_is_tied_to_its_finding(made: Path) -> None:
    findings = {f["id"]: f for f in rows(made, "data/rows/findings.jsonl")}
    manifest = dict(reversed(line.split("  ")) for line in (made / "manifest-sha256.txt").read_text().splitlines())
    for picture, reason in ((REFERENCE, "suspected_picture"), (OTHER, "shared_picture")):
        row = by_picture(made)[sha(picture)]
        assert findings[row["finding"]]["reason"] == reason and row["first"] == sha(OWN) and row["note"] == ""
        assert ((made / "data" / row["first_file"]).read_bytes(), (made / "data" / row["second_file"]).read_bytes()) == (OWN, picture)
        assert row["version"] == drawing.version()
        png = (made / "data" / row["file"]).read_bytes()
        assert Image.open(io.BytesIO(png)).size[1] == drawing.HEIGHT and sha(png) == row["sha256"] == manifest["data/" + row["file"]]
        assert all(manifest["data/" + row[name]] == row[digest] for name, digest in (("first_file", "first"), ("second_file", "second")))
        assert f'<img class="match" src="{row["file"]}"' in (made / "data/README.html").read_text()
        assert f"Drawn as {row['file']} from the bytes of these two" in text(made)


def test_of_the_very_same_file_the_pack_says_so_and_draws_nothing(made: Path) -> None:
    row = by_picture(made)[sha(OWN)]
    assert row["same_file"] and row["file"] is None
    assert re.search(
        rf"The picture and picture \d+, of a listing of an account outside the case \(images/\w+….jpg\) are the very same file, SHA-256 {sha(OWN)}",
        text(made),
    )


def test_what_the_public_handed_in_is_in_a_pack_as_an_exhibit_or_not_at_all(made: Path) -> None:
    row = by_picture(made)[sha(TOLD)]
    assert row["file"] is None and row["second_file"] is None and "as an exhibit of its own" in row["note"]
    assert not any((made / name).read_bytes() == TOLD for name in files(made))
    gaps = json.loads((made / "data/gaps.json").read_bytes())["not_in_pack"]
    assert [g["why"] for g in gaps if g["what"] == f"the drawing of the match of finding {row['finding']}"] == [row["note"]]
    assert "No drawing of the match" in text(made) and row["note"] in text(made)
    assert any(f"the match of finding {row['finding']}: it has no drawing" in said for said in verify(made).not_checked)


def test_the_card_of_the_model_comes_with_the_method_that_used_it(made: Path) -> None:
    [method] = [m for m in rows(made, "data/rows/methods.jsonl") if m["name"] == "image_match"]
    [row] = [r for r in rows(made, "data/rows/model_cards.jsonl") if r["method"] == method["id"] and not r["file"].endswith("/accuracy.md")]
    card = Path(drawing.__file__).parent / "model" / "README.md"
    assert row["file"] == "model-cards/picture-model.md" and (made / "data" / row["file"]).read_bytes() == card.read_bytes()
    assert f'<a href="{row["file"]}">' in (made / "data/README.html").read_text()
    gaps = [g for g in json.loads((made / "data/gaps.json").read_bytes())["not_in_pack"] if "method" in g]
    assert method["id"] not in {g["method"] for g in gaps} and all("ships none" in g["why"] for g in gaps), (
        "of other people's models it has none"
    )


def test_of_another_sellers_listing_nothing_comes_with_its_picture(made: Path) -> None:
    assert [x["ref"] for x in rows(made, "data/rows/listings.jsonl")] == ["own"]
    [picture] = [i for i in rows(made, "data/rows/images.jsonl") if i["sha256"] == sha(OTHER)]
    assert picture["of"] == "an account outside the case" and picture["captures"] == [], (
        "its bytes, and not the address that they came from"
    )
    assert any(f"where {picture['file']} come from" in said for said in verify(made).not_checked)
    missing = [g for g in json.loads((made / "data/gaps.json").read_bytes())["not_in_pack"] if g.get("image") == sha(OTHER)]
    assert [g["what"].partition(" (")[0] for g in missing] == [f"the capture that brought picture {picture['pictures'][0]}"]
    assert not any(b"Bag other" in (made / name).read_bytes() for name in files(made))
    assert any("the listing of picture" in g["what"] for g in json.loads((made / "data/gaps.json").read_bytes())["not_in_pack"])


# -- what verify makes of it -----------------------------------------------------------------------------------------------------
def test_verify_pictures_makes_each_again_and_verify_py_says_that_it_did_not(made: Path) -> None:
    said = redrawn(made)
    assert any("2 drawings of matches made again" in line for line in said["checked"])
    assert not any("verify PACK --pictures" in line for line in said["not_checked"])
    code, alone = run_verify(made / "verify.py", made)
    assert code == 0 and any("`touchstone verify PACK --pictures` makes them again" in line for line in alone["not_checked"])


def test_a_changed_drawing_is_named_by_verify_py(pack: Path) -> None:
    file = by_picture(pack)[sha(OTHER)]["file"]
    (pack / "data" / file).write_bytes((pack / "data" / file).read_bytes() + b"\0")
    code, said = run_verify(pack / "verify.py", pack)
    assert code == 1 and f"data/{file}" in {p["file"] for p in said["problems"]}


def repainted(pack: Path, **more: str) -> str:
    """One drawing with a line painted out, and every digest computed anew; its file."""
    file = str(by_picture(pack)[sha(OTHER)]["file"])
    image = Image.open(pack / "data" / file)
    image.paste("red", (300, 300, 360, 304))
    image.save(pack / "data" / file)
    edit_rows(
        pack,
        "data/rows/matches.jsonl",
        lambda found: [r.update(sha256=sha((pack / "data" / file).read_bytes()), **more) for r in found if r["file"] == file] and None,
    )
    reseal(pack)
    return file


def test_a_drawing_changed_with_every_digest_is_named_by_verify_pictures(pack: Path) -> None:
    file = repainted(pack)
    assert run_verify(pack / "verify.py", pack)[0] == 0, "the forger did not do the whole work"
    said = redrawn(pack, status=1)
    [problem] = said["problems"]
    assert problem["file"] == f"data/{file}" and problem["what"].count(drawing.version()) == 2 and "give another drawing" in problem["what"]


def test_a_drawing_made_with_other_versions_is_not_called_forged(pack: Path) -> None:
    file = repainted(pack, version="0-older")
    [line] = [line for line in redrawn(pack)["not_checked"] if file in line]
    assert "other versions and cannot be compared (the pack: 0-older; here: " in line and drawing.version() in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.pop(0), "it says that two pictures match, and data/rows/matches.jsonl does not"),
        (lambda found: found[0].update(second="0" * 64), "compares with no such picture"),
        (lambda found: found[0].update(first="0" * 64), "its pictures are not as it says"),
        (lambda found: found[0].update(finding=99), "its finding 99 is not in data/rows/findings.jsonl"),
        (lambda found: found[0].update(file=None), "it has no drawing, and data/gaps.json does not say so"),
        (lambda found: found[0].update(second_file=found[0]["first_file"]), "it is not the file whose digest"),
        (lambda found: found[0].update(file="../../etc/passwd"), "it is not the file whose digest"),
        (lambda found: [r.update(file=None) for r in found], "no row of data/rows/ names it"),
    ],
)
def test_a_row_that_contradicts_the_pack_is_named(pack: Path, change: Any, said: str) -> None:
    found = sorted(rows(pack, "data/rows/matches.jsonl"), key=lambda row: row["file"] is None)
    change(found)
    write_rows(pack, "data/rows/matches.jsonl", found)
    reseal(pack)
    assert any(said in str(problem) for problem in verify(pack).problems), verify(pack).problems
    assert redrawn(pack, status=1)["problems"]


def test_without_the_library_verify_pictures_could_not_run(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "version", lambda: (_ for _ in ()).throw(ModuleNotFoundError("no cv2", name="cv2")))
    with pytest.raises(TouchstoneError, match="nothing can be drawn here, since cv2 is missing"):
        CliRunner().invoke(app, ["verify", str(made), "--pictures"], catch_exceptions=False)


# -- what is missing -------------------------------------------------------------------------------------------------------------
def test_erased_bytes_are_said_in_words(work: Work, tmp_path: Path) -> None:
    copy = Work(Path(shutil.copytree(work.folder, tmp_path / "home")))
    with copy.store() as store:
        with store.acting("system", purpose="test") as reader:
            own = reader.images([sha(OTHER)])[sha(OTHER)].capture
        store.erase(own, actor="a.officer", reason="not needed")
    pack = exported(copy, "C-2", tmp_path / "pack")
    row = by_picture(pack)[sha(OTHER)]
    assert row["file"] is None and row["note"] == "the bytes of one of the two pictures are not in the pack" and row["note"] in text(pack)
    assert by_picture(pack)[sha(REFERENCE)]["file"] and redrawn(pack)["accepted"]


def test_without_the_library_the_pack_is_made_and_says_so(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "version", lambda: (_ for _ in ()).throw(ModuleNotFoundError("no cv2", name="cv2")))
    pack = exported(work, "C-3", tmp_path / "pack")
    assert "the machine that made the pack lacks a library that draws it: cv2" in text(pack) and not (pack / "data/matches").exists()
    assert verify(pack).accepted


def test_a_drawing_by_other_versions_than_the_findings_says_so(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.image_match.VERSION", "99")
    pack = exported(work, "C-4", tmp_path / "pack")
    assert re.search(r"the finding was made with image_match \d+, the drawing with 99", text(pack)) and redrawn(pack)["accepted"]


def test_two_packs_of_one_case_draw_the_same(made: Path, work: Work, tmp_path: Path) -> None:
    work.run("case", "export", "C-1", "--why", "test", "--out", str(tmp_path / "again"))
    again = tmp_path / "again"
    drawn = [name for name in files(made) if name.startswith("data/matches/")]
    assert len(drawn) == 2 and drawn == [name for name in files(again) if name.startswith("data/matches/")]
    for name in [*drawn, "data/rows/matches.jsonl"]:
        assert hashlib.sha256((made / name).read_bytes()).digest() == hashlib.sha256((again / name).read_bytes()).digest(), name
    if (again / "data/summary.pdf").exists():
        assert (again / "data/summary.pdf").read_bytes().count(b"/Subtype /Image") >= 3, "the drawings and the listing's own picture"


@pytest.mark.parametrize("edits", [("mirror", "half_size"), ("border", "warm"), ("half_size", "quality_40")], ids="-".join)
def test_a_drawing_shows_the_very_match_that_the_finding_counts(edits: tuple[str, ...]) -> None:
    for seed in range(4):
        first, second = sorted((jpeg(seed), edited(jpeg(seed), *edits)), key=sha)
        prints = [{f.algorithm: f for f in image_match.fingerprint(sha(body), body)} for body in (first, second)]
        drawn = drawing.draw(first, second)
        assert drawn is not None and drawn.match == image_match.compare(prints[0], prints[1], image_match.Settings())
