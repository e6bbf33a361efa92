"""The reference log: what may be added and how, what a judgement adds and takes away, and what may not be erased while it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casework import judgements, references
from casework.cli import app
from casework.references import Given
from detectors import run as detection
from store.errors import TouchstoneError
from store.words.records import (
    Actor,
    Direction,
    Examination,
    Examined,
    Finding,
    Method,
    Pointer,
    Reference,
    ReferenceKind,
    SubjectKind,
    Verdict,
)
from tests.builders import jpeg
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures

SUSPECTED, CONFIRMED, OFFICIAL, BENIGN = ReferenceKind.suspected, ReferenceKind.confirmed, ReferenceKind.official, ReferenceKind.benign


@pytest.fixture
def here(place: Place) -> Place:  # noqa: F811
    for name in ("a.officer", "b.officer"):
        place.store.keep_actor(Actor(name, place.home.settings.authority.code, name, "officer"))
    return place


def add(here: Place, *given: Given) -> references.Added:
    return references.add_pictures(here.store, here.home, given, actor="a.officer")


def file(tmp_path: Path, name: str, body: bytes) -> Path:
    path = tmp_path / "pictures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def judge(here: Place, verdict: str, ref: str = "1", by: str = "a.officer", **more: object) -> judgements.Judged:
    return judgements.judge_listing(here.store, here.home, "stall", ref, Verdict(verdict), "as I saw it", by, **more)  # type: ignore[arg-type]


def captures(here: Place) -> int:
    return here.store.counts()["captures"]


# -- adding ------------------------------------------------------------------------------------------------------------
def test_an_entry_has_its_provenance_its_brand_its_statement_and_who_added_it(here: Place, tmp_path: Path) -> None:
    given = Given(file(tmp_path, "a.jpg", jpeg(1)), CONFIRMED, "Gucci", "examiner's report", "AB/3")
    assert add(here, given).numbers == [1]
    [kept] = here.store.references()
    assert (kept.kind, kept.brand, kept.provenance, kept.statement, kept.added_by) == (
        CONFIRMED,
        "Gucci",
        "examiner's report",
        "AB/3",
        "a.officer",
    )
    with here.store.acting("a.officer", purpose="test") as reader:
        assert reader.image_bytes(kept.image_sha256 or "") == jpeg(1)


def test_confirmed_without_the_statement_is_refused_before_anything_is_kept(here: Place, tmp_path: Path) -> None:
    good = Given(file(tmp_path, "a.jpg", jpeg(1)), SUSPECTED, "Gucci", "seizure")
    before = captures(here)
    for bad, why in (
        (Given(good.path, CONFIRMED, "Gucci", "seizure", " "), "statement"),
        (Given(good.path, SUSPECTED, "Gucci", " "), "provenance"),
        (Given(good.path, ReferenceKind.price, "Gucci", "x"), "--prices"),
    ):
        with pytest.raises(TouchstoneError, match=why):
            add(here, good, bad)
    assert here.store.references() == [] and captures(here) == before
    with pytest.raises(TouchstoneError, match="statement"):  # nor by any other way
        here.store.add_reference(Reference(None, CONFIRMED, "demo", "x", "a.officer", image_sha256="0" * 64))


def test_bad_files_are_named_and_counted_and_leave_nothing_behind(here: Place, tmp_path: Path) -> None:
    for name, body in (
        ("1.jpg", jpeg(1)),
        ("2.jpg", jpeg(2)[:-200]),
        ("3.jpg", b"<html>"),
        ("deeper/4.jpg", jpeg(4)),
        (".hidden", b"x"),
        ("5.heic", b"\0\0\0\x18ftypheic" + b"\0" * 30),
    ):
        file(tmp_path, name, body)
    (tmp_path / "pictures" / "6.jpg").symlink_to(tmp_path / "pictures" / "1.jpg")
    before, said = captures(here), []
    files = references.files_of(tmp_path / "pictures")
    added = references.add_pictures(
        here.store, here.home, [Given(f, SUSPECTED, "Gucci", "seizure") for f in files], actor="a.officer", progress=said.append
    )
    assert len(added.numbers) == len(here.store.references()) == captures(here) - before == 2
    assert {Path(name).name: why for name, why in added.refused}.keys() == {"2.jpg", "3.jpg", "5.heic"}
    assert "cut off" in added.refused[0][1] and "a web page" in added.refused[1][1] and "HEIC" in added.refused[2][1]
    assert said == [1, 2, 3, 4, 5]
    missing = add(here, Given(tmp_path / "none.jpg", SUSPECTED, "Gucci", "seizure"))
    assert missing.refused[0][1].startswith("cannot be read")
    with pytest.raises(TouchstoneError, match="no file in it"):
        references.files_of(file(tmp_path, "empty/.x", b"").parent)


def test_the_same_picture_is_added_once_of_a_kind_and_brand(here: Place, tmp_path: Path) -> None:
    path = file(tmp_path, "a.jpg", jpeg(1))
    assert add(here, Given(path, SUSPECTED, "Gucci", "x"), Given(path, SUSPECTED, "Gucci", "x")).numbers == [1]
    again = add(here, Given(path, SUSPECTED, "Gucci", "y"), Given(path, CONFIRMED, "Gucci", "x", "AB/3"))
    assert (again.numbers, again.known) == ([2], 1)


def test_a_picture_that_a_listing_brought_is_not_stored_again(here: Place, tmp_path: Path) -> None:
    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    before = captures(here)
    add(here, Given(file(tmp_path, "a.jpg", jpeg(1)), SUSPECTED, "Gucci", "seizure"))
    assert captures(here) == before and len(here.store.references()) == 1


def test_a_crash_in_the_middle_is_made_good_by_the_same_import(here: Place, tmp_path: Path) -> None:
    given = [Given(file(tmp_path, f"{n}.jpg", jpeg(n)), SUSPECTED, "Gucci", "seizure") for n in range(4)]

    def power_cut(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        references.add_pictures(here.store, here.home, given, actor="a.officer", progress=power_cut)
    assert len(here.store.references()) == 2
    assert (add(here, *given).numbers, len(here.store.references())) == ([3, 4], 4)


def test_a_list_is_refused_by_line_before_anything_is_kept(tmp_path: Path) -> None:
    file(tmp_path, "a.jpg", jpeg(1))
    for rows, why in (
        ("a.jpg,fake,Gucci,x,", "list.csv:3: kind 'fake' is none of"),
        ("a.jpg,confirmed,Gucci,x,", "list.csv:3: .*statement"),
        ("a.jpg,suspected,Gucci,,", "list.csv:3: .*provenance"),
        ("a.jpg,price,Gucci,x,", "list.csv:3: .*--prices"),
    ):
        path = file(tmp_path, "list.csv", f"file,kind,brand,provenance,statement\na.jpg,suspected,Gucci,x,\n{rows}\n".encode())
        with pytest.raises(TouchstoneError, match=why):
            references.read_list(path)
    path = file(tmp_path, "list.csv", b"\xef\xbb\xbffile,kind,brand,provenance\na.jpg,official,Gucci,brand's sheet\n")
    assert references.read_list(path) == [Given(path.parent / "a.jpg", OFFICIAL, "Gucci", "brand's sheet")]


def test_the_commands(tmp_path: Path) -> None:
    for name, body in (("1.jpg", jpeg(1)), ("2.txt", b"notes")):
        file(tmp_path, name, body)
    work = str(tmp_path / "work")

    def touchstone(*words: str, status: int = 0) -> str:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*words])
        assert done.exit_code == status or isinstance(done.exception, TouchstoneError), (done.output, done.exception)
        return " ".join((done.output + str(done.exception or "")).split())

    touchstone("init", work)
    end = ("--by", "a.officer", "--home", work)
    said = touchstone("reference", "add", str(tmp_path / "pictures"), "--brand", "Gucci", "--provenance", "seizure", *end, status=1)
    assert "1 added" in said and "1 refused" in said and "2.txt" in said
    assert "statement" in touchstone(
        "reference", "add", str(tmp_path / "pictures/1.jpg"), "--kind", "confirmed", "--provenance", "x", *end, status=2
    )
    touchstone(
        "reference",
        "add",
        str(tmp_path / "pictures/1.jpg"),
        "--kind",
        "confirmed",
        "--statement",
        "AB/3",
        "--brand",
        "Prada",
        "--provenance",
        "x",
        *end,
    )

    def listed(*words: str) -> list[int]:
        return [row["number"] for row in json.loads(touchstone("reference", "list", *words, "--json", "--home", work))]

    assert (listed(), listed("--kind", "confirmed"), listed("--brand", "gucci"), listed("--kind", "confirmed", "--brand", "gucci")) == (
        [1, 2],
        [2],
        [1],
        [],
    )
    touchstone("reference", "remove", "1", "--why", "another model", *end)
    assert listed() == [2] and listed("--log") == [1, 2, 3]
    assert "removes 1" in touchstone("reference", "list", "--log", "--home", work)
    assert "no reference 1 is in force" in touchstone("reference", "remove", "1", "--why", "x", *end, status=2)


# -- by a judgement ----------------------------------------------------------------------------------------------------
def test_a_yes_can_add_a_listings_pictures_as_suspected_and_cites_itself(here: Place) -> None:
    here.build.listing("1", title="Bag", brand="Gucci", seller="a", pictures=(jpeg(1), jpeg(2), b"no picture"))
    before = captures(here)
    assert judge(here, "yes").added == () and here.store.references() == [], "only where it is asked for"
    judged = judge(here, "yes", add_pictures=True)
    kept = here.store.references()
    assert [r.number for r in kept] == list(judged.added) == [1, 2] and captures(here) == before
    assert {(r.kind, r.brand, r.judgement, r.listing, r.added_by) for r in kept} == {
        (SUSPECTED, "Gucci", judged.judgement.id, 1, "a.officer")
    }
    assert all(f"judgement {judged.judgement.id}: a.officer said yes of listing stall/1" in r.provenance for r in kept)
    assert judged.left_out and "not a picture" in judged.left_out[0]
    assert judge(here, "yes", add_pictures=True).added == (), "and not twice"


@pytest.mark.parametrize("verdict", ["no", "unsure"])
def test_only_a_yes_can_add(here: Place, verdict: str) -> None:
    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    with pytest.raises(TouchstoneError, match="only a judgement that says yes"):
        judge(here, verdict, add_pictures=True)
    with here.store.acting("a.officer", purpose="test") as reader:
        assert reader.judgements([(SubjectKind.listing, 1)]) == []


def test_a_picture_that_honest_sellers_use_too_is_left_out(here: Place) -> None:
    """By its bytes, and by what a detector found."""
    benign = here.reference(BENIGN, jpeg(1))
    official = here.reference(OFFICIAL, jpeg(9))
    here.build.listing("1", seller="a", pictures=(jpeg(1), jpeg(2), jpeg(3)))
    method = here.store.keep_method(Method("detector", "image_match", "test"))
    like = Finding("official_picture", 0.0, "like it", Direction.exculpatory, (Pointer(other=f"reference:{official}"),))
    here.store.keep_examinations(method, [Examination(SubjectKind.picture, 2, Examined.done, (like,))], here.build.run.id)
    judged = judge(here, "yes", add_pictures=True)
    assert len(judged.added) == 1 and here.store.references()[-1].image_sha256 != here.store.references()[0].image_sha256
    assert ["benign" in judged.left_out[0], "official" in judged.left_out[1]] == [True, True] and benign == 1


@pytest.mark.parametrize("verdict", ["no", "unsure"])
def test_when_a_person_no_longer_says_yes_what_the_yes_added_is_removed(here: Place, verdict: str) -> None:
    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    here.build.listing("2", seller="b", pictures=(jpeg(2),))
    first = judge(here, "yes", add_pictures=True)
    judge(here, "yes")
    other = judge(here, "yes", "2", by="b.officer", add_pictures=True)
    assert judge(here, verdict, by="b.officer").removed == (), "another person's judgement supersedes nothing"
    judged = judge(here, verdict)
    assert len(judged.removed) == 1
    assert [r.number for r in here.store.references()] == list(other.added)
    entry = here.store.reference_log()[-1]
    assert entry.removes == first.added[0] and f"judgement {judged.judgement.id} by a.officer says {verdict}" in entry.provenance
    assert judge(here, "yes", add_pictures=True).added == (entry.number + 1,), "and a further yes adds it anew"  # type: ignore[operator]


def test_a_listing_is_no_copy_of_itself_and_another_sellers_is(here: Place) -> None:
    pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation")
    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    here.build.listing("2", seller="b", pictures=(jpeg(1, quality=70),))
    judge(here, "yes", add_pictures=True)
    detection.run(here.store, here.home, only=["image_match"])
    of = {n: [k.finding.reason for k in here.findings(SubjectKind.picture, n, "image_match")] for n in (1, 2)}
    assert "suspected_picture" not in of[1] and "suspected_picture" in of[2]


# -- erasure -----------------------------------------------------------------------------------------------------------
def test_the_last_copy_of_a_reference_in_force_is_not_erased(here: Place, tmp_path: Path) -> None:
    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    sha256 = references.hashlib.sha256(jpeg(1)).hexdigest()
    with here.store.acting("a.officer", purpose="test") as reader:
        capture = reader.images([sha256])[sha256].capture
    [number] = judge(here, "yes", add_pictures=True).added
    here.build.close()
    with pytest.raises(TouchstoneError, match=f"of reference {number}, which is in force"):
        here.store.erase(capture, actor="a.officer", reason="asked for")
    judge(here, "no")
    here.store.erase(capture, actor="a.officer", reason="asked for")
    with here.store.acting("a.officer", purpose="test") as reader, pytest.raises(TouchstoneError):
        reader.image_bytes(sha256)

    # erased, it is stored again where it is handed in, and read from there
    add(here, Given(file(tmp_path, "a.jpg", jpeg(1)), SUSPECTED, "Gucci", "seizure"))
    with here.store.acting("a.officer", purpose="test") as reader:
        assert reader.image_bytes(sha256) == jpeg(1)


def test_a_copy_that_is_not_the_last_may_be_erased(here: Place) -> None:
    from tests.builders import Builder

    here.build.listing("1", seller="a", pictures=(jpeg(1),))
    second = Builder(here.store, "other")
    second.listing("2", seller="b", pictures=(jpeg(1),))
    judge(here, "yes", add_pictures=True)
    sha256 = references.hashlib.sha256(jpeg(1)).hexdigest()
    with here.store.acting("a.officer", purpose="test") as reader:
        capture = reader.images([sha256])[sha256].capture
    here.build.close()
    second.close()
    here.store.erase(capture, actor="a.officer", reason="asked for")
    with here.store.acting("a.officer", purpose="test") as reader:
        assert reader.image_bytes(sha256) == jpeg(1)
