"""What is taken of a picture, and when two are of one photograph."""

from __future__ import annotations

import hashlib
import io
import itertools
import random

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from detectors.evaluation.edits import EDITS, edited, largest_inside
from detectors.pictures import descriptor, drawing, frames, hashes, matching, prints
from detectors.pictures.local import Features, features
from store import nearest
from tests.detectors.scenes import jpeg, pattern, scene, screenshot

imagehash = pytest.importorskip("imagehash")
pytest.importorskip("pdqhash", reason="pdqhash is compiled on installation: `apt-get install g++ python3-dev`, then `make install`")
RULE = matching.Rule()


def inside(image: Image.Image) -> list[matching.Inside]:
    return [
        matching.Inside(view.box, view.features, view.mirrored)
        for view in prints.views(image)
        if view.features is not None and not view.hashes.flat
    ]


def boxes(image: Image.Image) -> list[frames.Box]:
    return frames.inner(np.asarray(image.convert("L")))


def same(one: Image.Image, other: Image.Image) -> bool:
    match = matching.best(inside(one), inside(other))
    return match is not None and match.photograph(RULE)


def turned(image: Image.Image, way: int) -> Image.Image:
    return (ImageOps.mirror(image) if way >= 4 else image).rotate(90 * (way % 4), expand=True)


# -- hashes --------------------------------------------------------------------------------------------------------------
def test_upright_hashes_are_those_of_imagehash_to_the_bit() -> None:
    for seed in range(5):
        image = pattern(seed, (200, 256), 200)
        ours = hashes.hashes(np.asarray(image.convert("L")))
        assert np.array_equal(ours.phash[0], np.packbits(imagehash.phash(image).hash))
        assert np.array_equal(ours.dhash[0], np.packbits(imagehash.dhash(image).hash))


@pytest.mark.parametrize("way", range(8))
def test_each_of_the_eight_ways_is_the_hash_of_the_picture_turned_so(way: int) -> None:
    import pdqhash

    image = pattern(3, (256, 256), 300)
    ours, now = hashes.hashes(np.asarray(image.convert("L"))), turned(image, way)
    for kept, wanted, most in (
        (ours.phash, np.packbits(imagehash.phash(now).hash), 2),
        (ours.dhash, np.packbits(imagehash.dhash(now).hash), 2),
        (ours.pdq, np.packbits(pdqhash.compute(np.asarray(now))[0]), 60),  # PDQ's own turns are of its 64 × 64, not of the picture
    ):
        far = [int(np.bitwise_count(each ^ wanted).sum()) for each in kept]
        assert far[way] <= most and far[way] == min(far), far


def flats() -> list[Image.Image]:
    """White, black, grey, gradients in all directions, two tones, all in several sizes: 200."""
    draw, out = random.Random(4), []
    for number in range(200):
        size = draw.randint(60, 700), draw.randint(60, 700)
        one, two = (tuple(draw.randint(0, 255) for _ in range(3)) for _ in range(2))
        match number % 5:
            case 0:
                image = Image.new("RGB", size, draw.choice(["white", "black", one]))
            case 1:
                image = Image.linear_gradient("L").rotate(draw.choice((0, 90, 180, 270))).resize(size).convert("RGB")
            case 2:
                image = ImageOps.colorize(Image.radial_gradient("L").resize(size), one, two)
            case 3:
                image = Image.new("RGB", size, one)
                image.paste(two, (0, 0, size[0], draw.randint(1, size[1])))
            case _:
                image = Image.new("RGB", size, one)
                ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), fill=two)
        out.append(image)
    return out


def test_two_hundred_flat_pictures_match_nothing_among_themselves() -> None:
    every = [inside(image) for image in flats()]
    pairs = [
        (a, b) for (a, one), (b, other) in itertools.combinations(enumerate(every), 2)
        if one and other and (match := matching.best(one, other)) is not None and match.photograph(RULE)
    ]  # fmt: skip
    assert pairs == []
    assert inside(pattern(1, (300, 400), 400)), "a picture that is not flat is not taken for one"


# -- the pictures inside a picture ---------------------------------------------------------------------------------------
def test_a_phones_frame_is_cut_and_fifty_screenshots_of_different_goods_match_nothing() -> None:
    every = [inside(screenshot(scene(room, room))) for room in range(50)]
    for views in every:
        [view] = views
        assert view.box.top >= 0.1 and view.box.bottom <= 0.745, "nothing of the frame is left"
        assert view.box.area > 0.4, "and most of the picture is: it takes 0.63 of the screen"
    matches = [(a, b) for a, b in itertools.combinations(range(50), 2) if (m := matching.best(every[a], every[b])) and m.photograph(RULE)]
    assert matches == []
    assert same(screenshot(scene(7, 7)), scene(7, 7)), "and the picture in it is found"


def test_borders_captions_and_seams_are_cut_and_a_photograph_is_left_whole() -> None:
    goods = scene(1, 1)
    assert boxes(goods) == [frames.WHOLE]
    [within] = boxes(ImageOps.expand(goods, 80, "white"))
    assert within.area == pytest.approx(480 * 640 / (640 * 800), abs=0.02)
    banner = goods.copy()
    ImageDraw.Draw(banner).rectangle((0, 540, 480, 640), fill=(20, 60, 90))
    [above] = boxes(banner)
    assert above.bottom == pytest.approx(540 / 640, abs=0.01)
    four = Image.new("RGB", (4 * 120 + 6, 4 * 160 + 6), "white")
    for at, room in enumerate((2, 3, 4, 5)):
        four.paste(scene(room, room).resize((240, 320)), ((at % 2) * 246, (at // 2) * 326))
    assert len(boxes(four)) == 4


def test_an_even_gap_parts_two_pictures_where_no_edge_does() -> None:
    """Pale goods on white: the tone jumps nowhere, but nothing in a photograph is as even as the gap."""
    grain = np.random.default_rng(1).integers(225, 256, (320, 240), np.uint8)
    assert frames.inner(grain) == [frames.WHOLE]
    grain[150:158] = 255
    assert [box.rounded for box in frames.inner(grain)] == [[0.0, 0.494, 1.0, 1.0], [0.0, 0.0, 1.0, 0.469]]


def test_where_something_was_cut_the_whole_is_hashed_too_and_never_compared_by_its_features() -> None:
    [cut, whole] = prints.views(screenshot(scene(1, 1)))
    assert whole.box == frames.WHOLE and whole.features is None and cut.features is not None


# -- features, descriptor, fingerprints ----------------------------------------------------------------------------------
def test_fingerprints_come_back_from_their_text() -> None:
    image = screenshot(scene(1, 2))
    kept = {one.algorithm: one for one in prints.encoded("x", prints.views(image))}
    assert set(kept) == set(prints.ALGORITHMS) and {one.version for one in kept.values()} == {prints.version()}
    views = prints.views(image)
    for view, box, pair in zip(views, prints.boxes_of(kept), prints.features_of(kept), strict=True):
        assert box.rounded == view.box.rounded
        if view.features is None or view.mirrored is None:
            assert pair is None
            continue
        assert pair is not None
        for ours, back in ((view.features, pair[0]), (view.mirrored, pair[1])):
            assert np.array_equal(ours.words, back.words) and np.abs(ours.places - back.places).max() <= 1 / 32
    vectors = descriptor.decoded([word for word in kept[prints.VLAD].value.split(" ") if word != prints.NONE])
    assert vectors.shape == (4, 256) and np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert (vectors * views[0].vectors).sum(axis=1).min() > 0.999, "a byte a number is enough"


def test_the_version_names_our_code_the_libraries_and_the_model() -> None:
    from importlib.metadata import version

    said = prints.version()
    assert len(said) <= 80, "as long as the store's column"
    assert all(version(name) in said for name in ("pillow", "pdqhash", "imagehash", "opencv-python-headless"))
    assert hashlib.sha256(descriptor.FILE.read_bytes()).hexdigest()[:12] in said


def test_the_index_reads_what_is_written_here() -> None:
    """It is the store's, which knows no detector: what both must agree on stands in both."""
    assert {name: hashes.BYTES[name] for name in nearest.HASHES} == nearest.HASHES
    assert (nearest.VECTOR, nearest.LENGTH, nearest.NONE) == (prints.VLAD, descriptor.LENGTH, prints.NONE)


def test_a_picture_without_features_has_no_vector() -> None:
    nothing = features(np.full((200, 200), 90, np.uint8))
    assert len(nothing) == 0 and descriptor.shipped()[0].vectors(nothing) is None
    assert len(Features.of(nothing.encoded())) == 0


# -- one photograph ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("edit", [edit for edit in EDITS if edit != "background_swap"])  # drawn goods cannot be cut from a drawn ground
def test_an_edited_copy_is_the_same_photograph(edit: str) -> None:
    """On a drawn scene, which is easier than a photograph; docs/accuracy.md has what photographs gave."""
    image, others = scene(11, 11), [scene(room, room) for room in (21, 22, 23)]
    with Image.open(io.BytesIO(edited(image, edit, seed=3, name="scene", others=others))) as copy:
        assert same(image, copy.convert("RGB")), edit
        assert edited(image, edit, seed=3, name="scene", others=others) == edited(image, edit, seed=3, name="scene", others=others)


def test_other_goods_in_one_room_and_one_watermark_over_two_pictures_are_not() -> None:
    assert not same(scene(1, 1), scene(1, 2, moved=(14, -9)))
    marked = []
    for room in (5, 6):
        image = scene(room, room)
        ImageDraw.Draw(image).text((60, 250), "example.example", fill="white", font_size=54)
        marked.append(image)
    assert not same(*marked)


def test_a_pair_gives_one_answer_whichever_is_asked_about() -> None:
    one, other = inside(scene(1, 1)), inside(ImageOps.mirror(scene(1, 1)).resize((300, 400)))
    there, back = matching.best(one, other), matching.best(other, one)
    assert there and back and there.mirrored and back.mirrored
    assert there.scale == pytest.approx(1.0, abs=0.05)  # both are brought to one working size


def test_the_drawing_is_made_again_to_the_byte_and_shows_both_in_the_order_given() -> None:
    one, other = jpeg(scene(1, 1)), jpeg(scene(1, 1).crop((60, 80, 420, 600)), 60)
    first, again, back = drawing.draw(one, other), drawing.draw(one, other), drawing.draw(other, one)
    assert first and again and back
    assert first.png == again.png and first.match == back.match and first.png != back.png
    with Image.open(io.BytesIO(first.png)) as image:
        assert image.format == "PNG" and image.height == drawing.HEIGHT
    assert drawing.draw(one, jpeg(scene(2, 2))) is None or not drawing.draw(one, jpeg(scene(2, 2))).match.photograph(RULE)  # type: ignore[union-attr]


def test_the_largest_rectangle_in_a_turned_one() -> None:
    assert largest_inside(400, 400, 45) == (282, 282)
    assert largest_inside(400, 300, 0) == (400, 300)
