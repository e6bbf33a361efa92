"""Flags: the listing as it stands, methods in force only, reasons in words, and what was not examined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import detectors.run
from casework import flags
from store.config import Home, defaults_folder
from store.store import Store
from store.words.records import Flag, Level, Status
from tests.builders import jpeg
from tests.detectors.conftest import Place, new_place, place  # noqa: F401 - fixtures


def flag_of(place: Place, listing: int = 1) -> Flag:  # noqa: F811
    with place.store.acting("system", purpose="test") as reader:
        flag = reader.flag(listing)
    assert flag is not None
    return flag


def both(place: Place) -> Flag:  # noqa: F811
    place.detect()
    flags.run(place.store, place.home)
    return flag_of(place)


def test_a_flag_says_why_in_words_and_sums(place: Place) -> None:  # noqa: F811
    place.price("Gucci", "belt", 21000)
    place.build.listing(
        "1", title="Gucci belt, mirror quality 1:1", text="All sizes", price_minor=1500, currency="GBP", seller="a", pictures=(jpeg(1),)
    )
    flag = both(place)
    assert flag.level is Level.priority
    assert abs(sum(c.points for c in flag.contributions) - flag.score) < 1e-6
    assert {"mirror_quality", "one_to_one", "all_sizes", "price_far_below", "text_model"} == {c.reason for c in flag.contributions}
    assert any("“mirror quality”" in c.sentence for c in flag.contributions) and all(c.method and c.finding for c in flag.contributions)
    assert flag.not_examined == (
        "new_account: no date of joining: no page read states since when the account has been there",
        "seller_place: no place: no listing read says that the seller is here, or gives a place that this method knows",
    )


def test_not_examined_is_said_and_is_no_weight(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Gucci tote", text="")
    flag = both(place)
    assert flag.score == 0 and flag.level is Level.none
    assert flag.not_examined == (
        "image_match: no picture of the listing is kept",
        "new_account: no seller of the listing is kept",
        "picture_words: no picture of the listing is kept",
        "price_gap: no price: none is stated that could be read",
        "seller_copies: no seller of the listing is kept",
        "seller_place: no seller of the listing is kept",
        "seller_stock: no seller of the listing is kept",
        "text_model: fewer than 3 words besides the brand: too few to judge the wording by",
    )


def test_of_several_pictures_it_says_how_many_were_not_possible(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Tote", seller="a", pictures=(jpeg(1), b"no picture", jpeg(2)))
    assert any("(1 of 3 pictures)" in words for words in both(place).not_examined)


def test_before_detection_everything_is_not_examined(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Gucci replica", pictures=(jpeg(1),))
    flags.run(place.store, place.home)
    flag = flag_of(place)
    silent = [words.split(":")[0] for words in flag.not_examined]
    assert flag.score == 0 and silent == sorted(
        [
            "image_match",
            "many_brands",
            "new_account",
            "picture_words",
            "price_gap",
            "seller_copies",
            "seller_place",
            "seller_stock",
            "text_model",
            "text_terms",
        ]
    )


def test_an_edited_listing_is_flagged_as_it_now_stands(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Gucci belt replica, mirror quality")
    assert both(place).level is Level.review
    place.build.listing("1", title="Gucci belt")
    assert both(place).level is Level.none
    place.build.listing("1", title="Gucci belt replica, mirror quality")
    assert both(place).level is Level.review


def test_a_new_reference_price_replaces_what_the_old_one_said(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Gucci belt", price_minor=4000, currency="GBP")
    place.price("Gucci", "belt", 21000)
    assert [c.reason for c in both(place).contributions] == ["price_well_below"]
    for _ in range(2):
        place.price("Gucci", "belt", 6000)
    assert [c.reason for c in both(place).contributions] == []


def test_the_same_findings_give_the_same_digest_in_every_store(new_place: Callable[[], Place]) -> None:  # noqa: F811
    digests = []
    for order in ((1, 2), (2, 1)):
        own = new_place()
        for number in order:
            own.build.listing(str(number), title=f"Gucci belt replica {number}")
        own.detect()
        flags.run(own.store, own.home)
        digests.append(flag_of(own, order.index(1) + 1).findings_digest)
    assert digests[0] == digests[1]


def test_a_changed_policy_waits_for_promotion(place: Place) -> None:  # noqa: F811
    place.build.listing("1", title="Chanel dupe")
    assert both(place).score == 30
    policy = yaml.safe_load((defaults_folder() / "flags.yml").read_text())
    policy["reasons"]["dupe"]["weight"] = 50
    (place.home.folder / "configs").mkdir()
    (place.home.folder / "configs" / "flags.yml").write_text(yaml.safe_dump(policy))
    result = flags.run(place.store, place.home)
    assert flag_of(place).score == 30 and "touchstone method promote" in result.lines[0]
    [number] = [n for n, m, s in place.store.methods("scorer") if s is Status.evaluation]
    place.store.set_method_status(number, Status.in_force, "system", "test")
    flags.run(place.store, place.home)
    assert flag_of(place).score == 50


@pytest.mark.parametrize("level", Level)
def test_the_summary_counts_every_level(place: Place, level: Level) -> None:  # noqa: F811
    place.build.listing("1", title="Garden chair")
    place.detect()
    result = flags.run(place.store, place.home)
    assert str(level) in result.lines[-1] and "1 listings" in result.lines[-1]


def test_a_detector_that_counts_for_nothing_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    shipped = defaults_folder()
    for name in ("touchstone.yml", "flags.yml"):
        (tmp_path / "configs" / name).write_text((shipped / name).read_text())
    changed = (shipped / "detectors.yml").read_text().replace("at_least: 3", "at_least: 4")
    assert changed != (shipped / "detectors.yml").read_text()
    (tmp_path / "configs" / "detectors.yml").write_text(changed)
    home = Home(tmp_path)
    detectors.run.run(sqlite_store, home, None)
    said = flags.run(sqlite_store, home)
    assert any("many_brands COUNTS FOR NOTHING" in line and "method promote" in line for line in said.lines)
    assert "1 detectors are not in force" in said.message
