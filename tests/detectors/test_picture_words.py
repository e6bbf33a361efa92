"""Words in pictures: what is read, where it stood, what it means beside the listing's own words, and whom it leads to."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image, ImageDraw, ImageFont

from casework import flags
from detectors import contract, ocr, picture_words
from detectors.ocr import Box, Reading
from premises import run as link
from store.config import defaults_folder
from store.words.records import Examined, Status, SubjectKind
from tests.detectors.conftest import Place
from tests.detectors.draw import encoded

PICTURE, SELLER = SubjectKind.picture, SubjectKind.seller
EXAMPLES = yaml.safe_load((Path(__file__).parent / "picture_words.yml").read_text())
PHONE = "07700 900123"

needs_engine = pytest.mark.skipif(bool(contract.detector_of("picture_words").missing), reason="the extra `ocr` is not installed")


def written(*words: str, size: int = 44, turned: int = 0) -> bytes:
    """A picture of 640 by 480 with these words on a plain ground, one below the other."""
    image = Image.new("RGB", (640, 480), (214, 205, 190))
    draw = ImageDraw.Draw(image)
    for row, word in enumerate(words):
        draw.text((60, 60 + 120 * row), word, font=ImageFont.truetype("DejaVuSans.ttf", size), fill=(25, 25, 30))
    return encoded(image.rotate(turned, fillcolor=(214, 205, 190)))


def examined(place: Place, **only: Any) -> None:
    place.detect(only=["picture_words"], **only)


def reasons(place: Place, picture: int = 1) -> list[str]:
    return sorted(kept.finding.reason for kept in place.findings(PICTURE, picture, "picture_words"))


@needs_engine
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: "-".join(map(str, [*e.get("words", ["broken"]), *e.get("finds", ["clean"])])))
def test_an_example_is_found_as_it_says(place: Place, example: dict[str, Any]) -> None:
    words = {name: example[name] for name in ("title", "text", "brand") if name in example}
    place.build.listing("1", pictures=(b"GIF89a" if "broken" in example else written(*example["words"]),), **words)
    examined(place)
    [examination] = place.examinations(PICTURE, 1, "picture_words")
    if "not_possible" in example:
        assert examination.outcome is Examined.not_possible and example["not_possible"] in examination.detail
    else:
        assert examination.outcome is Examined.done, examination.detail
    assert reasons(place) == example.get("finds", [])
    for kept in place.findings(PICTURE, 1):
        assert kept.finding.sentence.endswith("Read by machine.") and 0 <= kept.finding.score <= 1


@needs_engine
@pytest.mark.parametrize("turned", [0, 12])
def test_a_finding_points_at_the_box_that_it_rests_on(place: Place, turned: int) -> None:
    place.build.listing("1", title="Belt", pictures=(written("", f"Call {PHONE}", turned=turned),))
    examined(place)
    [kept] = place.findings(PICTURE, 1)
    [pointer] = kept.finding.pointers
    assert pointer.raw == PHONE and pointer.detail["value"] == "+447700900123"
    assert pointer.detail["text"] == f"Call {PHONE}" and pointer.detail["score"] > 0.9
    xs, ys = [x for x, _ in pointer.detail["box"]], [y for _, y in pointer.detail["box"]]
    assert len(xs) == 4 and max(xs) - min(xs) > 0.5 and min(xs) < 0.2
    assert (min(ys) > 0.35 and max(ys) < 0.52) if not turned else max(ys) - min(ys) > 0.2, "four corners follow the slope of the words"


@needs_engine
def test_a_picture_is_read_once_whatever_is_asked_of_its_words(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.build.listing("1", title="Belt", pictures=(written(PHONE),))
    examined(place)
    monkeypatch.setattr(picture_words, "fingerprint", lambda *_: pytest.fail("the picture was read again"))
    settings = yaml.safe_load((defaults_folder() / "detectors.yml").read_text())
    settings["picture_words"]["other_brand"] = 0.5
    (place.home.folder / "configs").mkdir()
    (place.home.folder / "configs" / "detectors.yml").write_text(yaml.safe_dump(settings))
    place.build.listing("2", title="The same picture, another listing", pictures=(written(PHONE),))
    examined(place)
    assert [len(place.examinations(PICTURE, n)) for n in (1, 2)] == [2, 2], "the method in force and the changed one"
    assert sorted((f.method, f.finding.reason) for f in place.findings(PICTURE, 2)) == [(1, "picture_contact"), (2, "picture_contact")]


@needs_engine
def test_what_the_words_leave_out_follows_the_words_as_they_stand(place: Place) -> None:
    body = written("GUCCI")

    def flagged(look: bool = True, **words: str) -> list[str]:
        place.build.listing("1", pictures=(body,), **words)
        if look:
            examined(place)
        flags.run(place.store, place.home)
        with place.store.acting("system", purpose="test") as reader:
            flag = reader.flag(1)
        assert flag is not None
        return [c.reason for c in flag.contributions if c.reason == "brand_only_in_picture"]

    assert flagged(title="Belt") == ["brand_only_in_picture"]
    assert flagged(look=False, title="A Gucci belt") == [], "nobody has looked at the picture beside these words yet"
    assert flagged(title="Gucci belt") == [], "the seller wrote the brand: what was said before no longer stands"
    assert flagged(title="Belt") == ["brand_only_in_picture"], "and left it out again: it stands as it did"
    assert len(place.examinations(PICTURE, 1)) == 2, "each set of words is examined once"
    assert place.detect(only=["picture_words"]).counts["examined"] == 0
    [kept] = [f for f in place.findings(PICTURE, 1) if f.finding.reason == "brand_only_in_picture"]
    assert "snapshot:1" in [pointer.other for pointer in kept.finding.pointers], "it cites the words it was held against"


@needs_engine
def test_a_contact_read_in_a_picture_leads_to_its_seller_and_says_that_a_machine_read_it(place: Place) -> None:
    place.build.listing("1", title="Belt", text=f"call {PHONE}", seller="writes")
    place.build.listing("2", title="Bag", seller="draws", pictures=(written(PHONE),))
    place.build.listing("3", title="Bag", seller="also writes", text=f"ring {PHONE}")
    examined(place)
    link.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        [(contact, capture)] = reader.contacts(seller=2)
        links = {(x.subject, x.object): x for n in (1, 2) for x in reader.links(subject=(SELLER, n)) if x.subject == n}
        met = reader.same_seller(listing=1)
        shown = {c.id for c in reader.captures([capture]) if c.kind == "image"}
    assert (contact.kind, contact.value, contact.raw, contact.picture, contact.method) == ("phone", "+447700900123", PHONE, 1, 1)
    assert shown == {capture}, "what is cited is the capture of the picture"
    read, said = links[1, 2], links[1, 3]
    assert "read by machine in picture 1 (method 1)" in " ".join(r.sentence for r in read.reasons)
    assert "weaker than words" in read.reasons[0].sentence and read.score < said.score
    assert "machine" not in " ".join(r.sentence for r in said.reasons)
    assert {m.summary.listing.ref for m in met} == {"2", "3"}


@needs_engine
def test_what_a_method_in_evaluation_reads_leads_to_nobody(place: Place) -> None:
    place.build.listing("1", title="Bag", seller="draws", pictures=(written(PHONE),))
    examined(place)
    [number] = [n for n, m, _ in place.store.methods("detector") if m.name == "picture_words"]
    place.store.set_method_status(number, Status.evaluation, "system", "a test")
    with place.store.acting("system", purpose="test") as reader:
        assert reader.contacts(seller=1) == [] and reader.sellers_of_contact("phone", "+447700900123") == []
    place.store.set_method_status(number, Status.in_force, "system", "a test")
    with place.store.acting("system", purpose="test") as reader:
        assert reader.sellers_of_contact("phone", "+447700900123") == [1]


def test_where_nothing_reads_words_the_listing_says_so_and_how_to_get_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_words, "LIBRARIES", ("no-such-engine",))
    monkeypatch.setitem(picture_words.HOW_TO_GET, "no-such-engine", picture_words.HOW_TO_GET["rapidocr"])
    place.build.listing("1", title="Belt", pictures=(written(PHONE),))
    result = place.detect(only=["picture_words"])
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(1)
    how = "no-such-engine is not installed; `pip install 'touchstone-scanner[ocr]'` brings what reads words in pictures"
    assert any(line == f"NOT EXAMINED: picture_words cannot run: {how}" for line in result.lines)
    assert flag is not None and f"picture_words: {how}" in flag.not_examined
    assert place.examinations(PICTURE, 1) == []


def box(text: str, left: float, top: float, right: float, bottom: float, score: float = 0.99) -> Box:
    return Box(text, score, ((left, top), (right, top), (right, bottom), (left, bottom)))


def joined(*boxes: Box, width: int = 100, height: int = 100) -> list[str]:
    return [line.text for line in ocr.lines(Reading(width, height, boxes))]


def test_boxes_side_by_side_are_one_line() -> None:
    assert joined(box("900123", 0.5, 0.1, 0.8, 0.2), box("07700", 0.2, 0.1, 0.47, 0.2)) == ["07700 900123"]
    assert joined(box("07700", 0.2, 0.1, 0.3, 0.2), box("900123", 0.6, 0.1, 0.8, 0.2)) == ["07700", "900123"], "too far apart"
    assert joined(box("07700", 0.2, 0.1, 0.5, 0.2), box("900123", 0.2, 0.22, 0.5, 0.32)) == ["07700", "900123"], "one below the other"
    assert joined(box("07700", 0.2, 0.1, 0.5, 0.2), box("900123", 0.52, 0.2, 0.8, 0.3)) == ["07700", "900123"], "a line lower"
    assert joined(box("was", 0.2, 0.1, 0.5, 0.14), box("SALE", 0.52, 0.02, 0.9, 0.22)) == ["SALE", "was"], "of another size"


def sloping(text: str, along: float, width: float, size: tuple[int, int], degrees: float = 20) -> Box:
    """A box 40 pixels high that begins so far along a line that slopes down from (30, 60)."""
    turn = math.radians(degrees)
    corners = [(along, 0), (along + width, 0), (along + width, 40), (along, 40)]
    placed = [(30 + x * math.cos(turn) - y * math.sin(turn), 60 + x * math.sin(turn) + y * math.cos(turn)) for x, y in corners]
    return Box(text, 0.99, tuple((x / size[0], y / size[1]) for x, y in placed))


@pytest.mark.parametrize("size", [(600, 600), (500, 1500), (1500, 400)])
def test_a_line_that_slopes_is_one_line_whatever_the_shape_of_the_picture(size: tuple[int, int]) -> None:
    near, far = sloping("900123", 160, 160, size), sloping("900123", 260, 160, size)
    assert joined(sloping("07700", 0, 140, size), near, width=size[0], height=size[1]) == ["07700 900123"]
    assert joined(sloping("07700", 0, 140, size), far, width=size[0], height=size[1]) == ["07700", "900123"]


def test_a_reading_comes_back_from_its_row_as_it_was() -> None:
    reading = Reading(640, 480, (box("GUCCI \ud800 é", 0.1, 0.2, 0.3, 0.4),))
    back = ocr.decoded(ocr.encoded(reading))
    assert back.boxes[0].corners == reading.boxes[0].corners and (back.width, back.height) == (640, 480)
    ocr.encoded(reading).encode("utf-8")


def test_the_letter_that_begins_instagram_may_be_read_as_another() -> None:
    page = picture_words.Page(ocr.lines(Reading(100, 100, (box("lG @kixplug", 0.1, 0.1, 0.9, 0.2),))), picture_words.Settings(grades=()))
    assert [(c.kind, c.value, c.raw) for c in page.contacts()] == [("instagram", "kixplug", "lG @kixplug")]


def test_an_unsure_reading_of_a_contact_is_left_out() -> None:
    def found(score: float) -> int:
        line = ocr.lines(Reading(100, 100, (box(PHONE, 0.1, 0.1, 0.9, 0.2, score),)))
        return len(picture_words.Page(line, picture_words.Settings(grades=())).contacts())

    assert [found(0.79), found(0.81)] == [0, 1]


def test_an_unsure_word_is_left_out_and_its_line_goes_on_without_it() -> None:
    line = (box("£120", 0.1, 0.1, 0.3, 0.2), box("qdacl", 0.32, 0.1, 0.5, 0.2, 0.59), box("each", 0.52, 0.1, 0.7, 0.2))
    page = picture_words.Page(ocr.lines(Reading(100, 100, line)), picture_words.Settings(grades=()))
    assert page.text == "£120 each"


@needs_engine
def test_a_version_names_the_engine_and_the_models_and_fits_its_column() -> None:
    assert "rapidocr" in ocr.version() and len(ocr.version()) <= 80
    assert sorted(picture_words.models()) == sorted(ocr.MODELS.values()) and all(
        len(digest) == 64 for digest in picture_words.models().values()
    )


def test_pictures_with_words_are_the_same_each_time_and_carry_what_they_say(tmp_path: Path) -> None:
    from detectors.evaluation.overlays import FOLDER, Parameters, overlaid

    if not FOLDER.is_dir():
        pytest.skip("fonts-dejavu-core is not installed")
    photo = tmp_path / "photo.png"
    Image.effect_noise((300, 400), 30).convert("RGB").save(photo)
    one, again, other = (overlaid(photo, number, Parameters()) for number in (1, 1, 2))
    assert one == again and one.data != other.data
    assert [w.kind in ("phone", "handle", "grade", "brand", "price") for w in one.written] == [True] * 3
    with Image.open(io.BytesIO(one.data)) as made:
        assert made.size == (720, 960)
    for each in one.written:
        assert all(-0.1 < x < 1.1 and -0.1 < y < 1.1 for x, y in each.corners)


@pytest.mark.slow
@needs_engine
def test_phones_written_into_real_photographs_are_read(shared: Path) -> None:
    from detectors.brands import read_brands
    from detectors.evaluation.figures import photographs
    from detectors.evaluation.words import measure

    settings = contract.read_settings(defaults_folder() / "detectors.yml", contract.discover().values())
    brands = read_brands(sorted((defaults_folder() / "brands").glob("*.yml")))
    photos = photographs(shared / "data" / "images" / "clothing" / "test", 1)
    said = measure(photos, settings["picture_words"], brands, settings["text_terms"])
    assert said["recall"]["phone"]["rate"] >= 0.9, said["misses"]
    assert said["false"]["contacts_without"] == 0
