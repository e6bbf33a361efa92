"""Pictures: what is a copy and what is not, whatever the order in which pictures and references arrive."""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from casework import flags
from store.words.records import Examined, ReferenceKind, SubjectKind
from tests.builders import jpeg
from tests.detectors import scenes
from tests.detectors.conftest import Place
from tests.detectors.draw import drawn, edited, encoded

pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation: `apt-get install g++ python3-dev`, then `make install`")

EXAMPLES = yaml.safe_load((Path(__file__).parent / "image_match.yml").read_text())
PICTURE = SubjectKind.picture
SUSPECTED, CONFIRMED, OFFICIAL = ReferenceKind.suspected, ReferenceKind.confirmed, ReferenceKind.official


def reasons(place: Place, picture: int) -> list[str]:
    return sorted(kept.finding.reason for kept in place.findings(PICTURE, picture, "image_match"))


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda e: "-".join(map(str, [e["picture"], *e.get("edits", []), *e.get("finds", ["clean"])]))
)
def test_an_example_is_found_as_it_says(place: Place, example: dict[str, Any]) -> None:
    if "other" in example:
        place.build.listing("other", seller="other", pictures=(drawn(example["other"]),))
    if "reference" in example:
        place.reference(ReferenceKind(example["reference"][1]), drawn(example["reference"][0]))
    place.build.listing("own", seller="own", pictures=(edited(drawn(example["picture"]), *example.get("edits", [])),))
    place.detect(only=["image_match"])
    own = place.store.picture_end()
    [examination] = place.examinations(PICTURE, own, "image_match")
    if "not_possible" in example:
        assert examination.outcome is Examined.not_possible and example["not_possible"] in examination.detail
    else:
        assert examination.outcome is Examined.done, examination.detail
    assert reasons(place, own) == example.get("finds", [])


def test_one_sellers_own_pictures_are_no_finding_and_an_unknown_seller_counts_less(place: Place) -> None:
    for ref, seller in (("1", "a"), ("2", "a"), ("3", ""), ("4", "b")):
        place.build.listing(ref, seller=seller, pictures=(jpeg(1, quality=80 + int(ref)),))
    place.detect()
    partners = {n: {k.finding.pointers[0].other: k.finding.score for k in place.findings(PICTURE, n)} for n in (1, 2, 3, 4)}
    assert partners[1] == {"picture:3": 0.4, "picture:4": 1.0}
    assert partners[4] == {"picture:1": 1.0, "picture:2": 1.0, "picture:3": 0.4}


def test_pictures_of_one_listing_are_no_pair_though_its_seller_is_unknown(place: Place) -> None:
    place.build.listing("1", pictures=(jpeg(1, quality=80), jpeg(1, quality=90)))
    place.detect(only=["image_match"])
    assert reasons(place, 1) == reasons(place, 2) == []


def test_both_members_of_a_pair_are_told_the_same_figures_whichever_came_first(new_place: Callable[[], Place]) -> None:
    bodies, said = (scenes.jpeg(scenes.scene(1, 1)), scenes.jpeg(scenes.scene(1, 1).crop((30, 40, 400, 560)), 60)), []
    for order in ((0, 1), (1, 0)):
        place = new_place()
        for at in order:
            place.build.listing(str(at), seller=str(at), pictures=(bodies[at],))
            place.detect(only=["image_match"])
        [[first], [second]] = [place.findings(PICTURE, number, "image_match") for number in (1, 2)]
        said += [{k: kept.finding.pointers[0].detail[k] for k in ("inliers", "share", "scale")} for kept in (first, second)]
    assert all(one == said[0] for one in said), said


STEPS = ("reference", "first", "second", "third")


def arrive(place: Place, step: str) -> None:
    """Things that arrive: a reference, two sellers' copies of its picture, and an unrelated picture."""
    if step == "reference":
        place.reference(SUSPECTED, jpeg(1))
    else:
        body = {"first": edited(jpeg(1), "mirror"), "second": edited(jpeg(1), "border"), "third": jpeg(5)}[step]
        place.build.listing(step, seller=step, pictures=(body,))


def told(place: Place) -> dict[str, list[tuple[str, str]]]:
    """Of each listing what was found, in words that do not depend on row numbers."""
    with place.store.acting("system", purpose="test") as reader:
        listing_of = {summary.listing.id: summary.listing.ref for summary in reader.summaries()}
        every = {picture.id: listing_of[picture.listing] for picture in reader.pictures()}
    said: dict[str, list[tuple[str, str]]] = {}
    for number, ref in every.items():
        found = place.findings(PICTURE, number, "image_match")
        others = [k.finding.pointers[0].other for k in found]
        names = ["reference" if o.startswith("reference") else every[int(o.removeprefix("picture:"))] for o in others]
        said[ref] = sorted(zip([k.finding.reason for k in found], names, strict=True))
    return said


EXPECTED = {
    "first": [("shared_picture", "second"), ("suspected_picture", "reference")],
    "second": [("shared_picture", "first"), ("suspected_picture", "reference")],
    "third": [],
}


@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)), ids="-".join)
def test_the_order_of_arrival_changes_no_finding(new_place: Callable[[], Place], order: tuple[str, ...]) -> None:
    """One pass after each arrival: the same as one pass after all."""
    place = new_place()
    for step in order:
        arrive(place, step)
        place.detect(only=["image_match"])
    assert told(place) == EXPECTED
    before = place.counted()
    place.detect(only=["image_match"])
    assert place.counted() == before, "and a further pass adds nothing"


def test_only_new_pairs_are_compared(place: Place) -> None:
    place.build.listing("1", seller="a", pictures=(jpeg(1),))
    place.detect(only=["image_match"])
    place.build.listing("2", seller="b", pictures=(jpeg(7),))
    assert place.detect(only=["image_match"]).counts["examined"] == 1, "a new picture that matches nothing leaves the old one alone"
    place.build.listing("3", seller="c", pictures=(edited(jpeg(1), "mirror"),))
    assert place.detect(only=["image_match"]).counts["examined"] == 2, "its partner gets a further examination, the other none"
    place.reference(CONFIRMED, jpeg(7))
    assert place.detect(only=["image_match"]).counts["examined"] == 3, "against a new reference every picture is compared once"
    assert reasons(place, 2) == ["confirmed_picture"] and reasons(place, 1) == ["shared_picture"]


def test_a_price_added_to_the_log_makes_no_picture_due(place: Place) -> None:
    place.build.listing("1", seller="a", pictures=(jpeg(1),))
    place.detect()
    place.price("Gucci", "bag", 60000)
    assert place.detect(only=["image_match"]).counts["examined"] == 0


def test_a_removed_reference_counts_in_no_flag(place: Place) -> None:
    from dataclasses import replace

    number = place.reference(CONFIRMED, jpeg(1))
    place.build.listing("1", title="Bag", seller="a", pictures=(jpeg(1),))
    place.detect()
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        before = reader.flag(1)
    entry = next(r for r in place.store.references() if r.number == number)
    place.store.add_reference(replace(entry, number=None, removes=number))
    place.detect()
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        after = reader.flag(1)
    assert before and after and (before.level, after.level) == ("review", "none")


def test_many_sellers_of_one_picture_do_not_multiply_findings_without_end(place: Place) -> None:
    import yaml as y

    from store.config import defaults_folder

    settings = y.safe_load((defaults_folder() / "detectors.yml").read_text())
    settings["image_match"]["most_partners"] = 3
    (place.home.folder / "configs").mkdir()
    (place.home.folder / "configs" / "detectors.yml").write_text(y.safe_dump(settings))
    for number in range(4):
        place.build.listing(str(number), seller=str(number), pictures=(jpeg(1, quality=70 + number),))
        place.detect(only=["image_match"])
    for number in range(4, 8):
        place.build.listing(str(number), seller=str(number), pictures=(jpeg(1, quality=70 + number),))
    place.detect(only=["image_match"])
    partners = {n: sorted(int(k.finding.pointers[0].other[8:]) for k in place.findings(PICTURE, n)) for n in range(1, 9)}
    assert partners == {n: [m for m in range(1, 9) if m != n][:3] for n in range(1, 9)}


def test_a_shared_official_photograph_counts_for_nothing(place: Place) -> None:
    place.reference(OFFICIAL, jpeg(1))
    for seller in "ab":
        place.build.listing(seller, title="Gucci tote", seller=seller, pictures=(jpeg(1, quality=80 + ord(seller) % 5),))
    place.detect()
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(1)
    assert flag and flag.score == 0 and flag.level == "none"
    assert {c.reason for c in flag.contributions} == {"shared_picture", "official_picture"}
    assert any("everybody's" in c.sentence for c in flag.contributions)


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


HOSTILE = {
    "nothing": (b"", "0 bytes"),
    "no picture": (b"<html>not found</html>", "a web page"),
    "half a picture": (jpeg(1)[:900], "cut off after 900 bytes"),
    "a bomb": (bomb(), "more than 60000000 pixels"),
    "one pixel": (encoded(Image.new("RGB", (1, 1))), "too small"),
}


@pytest.mark.parametrize(("body", "problem"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_picture_is_a_row_that_says_why(place: Place, body: bytes, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Image, "MAX_IMAGE_PIXELS", None)  # the builder opens what it keeps
        place.build.listing("1", seller="a", pictures=(body, jpeg(1)))
    result = place.detect(only=["image_match"])
    bad, good = (place.examinations(PICTURE, n)[0] for n in (1, 2))
    assert good.outcome is Examined.done and bad.outcome is Examined.not_possible
    assert re.search(problem, bad.detail), bad.detail
    assert result.counts["not_possible"] == 1
    assert place.detect(only=["image_match"]).counts["examined"] == 0
