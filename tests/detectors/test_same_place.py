"""The same place around other goods: a lead between flagged listings of two sellers, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.words.records import Flag, Level, SubjectKind
from tests.detectors.conftest import Place
from tests.detectors.scenes import jpeg, scene

pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation: `apt-get install g++ python3-dev`, then `make install`")
EXAMPLES = yaml.safe_load((Path(__file__).parent / "same_place.yml").read_text())
ONLY = ["same_place"]


def add(place: Place, ref: str, picture: bytes, seller: str, level: Level = Level.review) -> int:
    """A listing with one picture, flagged by hand at that level; its picture's number."""
    reading = place.build.listing(ref, seller=seller, pictures=(picture,))
    place.store.keep_flag(Flag(None, reading.listing, "p" * 64, ref.ljust(64, "0"), level, 40.0, (), ()), place.build.run.id)
    return place.store.picture_end()


def reasons(place: Place, picture: int) -> list[str]:
    return sorted(kept.finding.reason for kept in place.findings(SubjectKind.picture, picture, "same_place"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: "-".join(map(str, [*e["first"], *e["second"], *e.get("finds", ["clean"])])))
def test_an_example_is_found_as_it_says(place: Place, example: dict[str, Any]) -> None:
    level = Level(example.get("level", "review"))
    camera = {name: example[name] for name in ("moved", "scale") if name in example}
    first = add(place, "1", jpeg(scene(*example["first"])), "a", level)
    second = add(place, "2", jpeg(scene(*example["second"], **camera), 80), "a" if example.get("one_seller") else "b", level)
    place.detect(only=ONLY)
    assert reasons(place, first) == reasons(place, second) == example.get("finds", [])


def test_what_is_not_flagged_is_not_looked_at(place: Place) -> None:
    """The room may be somebody's home: no feature of it is taken until a listing is flagged for review."""
    number = add(place, "1", jpeg(scene(1, 1)), "a", Level.note)
    assert place.detect(only=ONLY).counts["examined"] == 0
    with place.store.acting("system", purpose="test") as reader:
        [picture] = reader.pictures([number])
        listing = picture.listing
    version = __import__("detectors.same_place", fromlist=["x"]).fingerprint_version()
    assert place.store.fingerprints("ground", version, [picture.image.sha256]) == {}
    place.store.keep_flag(Flag(None, listing, "p" * 64, "1" * 64, Level.review, 40.0, (), ()), place.build.run.id)
    assert place.detect(only=ONLY).counts["examined"] == 1


@pytest.mark.parametrize("order", ["12", "21"])
def test_the_order_of_arrival_changes_no_finding(new_place: Callable[[], Place], order: str) -> None:
    pictures = {"1": jpeg(scene(1, 1)), "2": jpeg(scene(1, 2, moved=(14, -9)))}
    place = new_place()
    for ref in order:
        add(place, ref, pictures[ref], ref)
        place.detect(only=ONLY)
    found = [kept.finding for number in (1, 2) for kept in place.findings(SubjectKind.picture, number, "same_place")]
    assert len(found) == 2 and len({finding.pointers[0].detail["inliers"] for finding in found}) == 1
    before = place.counted()
    place.detect(only=ONLY)
    assert place.counted() == before


def test_it_weighs_nothing_in_a_flag(place: Place) -> None:
    from casework import flags

    for ref in "12":
        add(place, ref, jpeg(scene(1, int(ref), moved=(14 * int(ref), 0))), ref)
    place.detect()
    assert reasons(place, 1) == ["same_place"]
    flags.run(place.store, place.home)
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(1)
    assert flag and flag.score == 0 and not any("same_place" in line for line in flag.not_examined)
