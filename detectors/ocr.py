"""Words in a picture: RapidOCR with the models that its package holds, on ONNX Runtime, without any network.

One thread and no randomness, so that the same bytes give the same words wherever the same versions run; more speed comes
from more processes. A reading is kept as one derived row of the image; its version names the engine and the models.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.pictures import opening
from store.words.records import canonical, digest_of

if TYPE_CHECKING:
    from PIL import Image

ALGORITHM = "ocr"
VERSION = "1"  # of what is done here before and after the engine
LIBRARIES = ("rapidocr", "onnxruntime", "opencv-python-headless", "pillow")
MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
LONGEST = 1280  # pixels of the longer side that a picture is opened at to be read
UNCLIP = 2.0  # how far a found text is widened; the engine's own 1.6 cuts the ends of sloping lines (docs/accuracy.md)
LEAST_SCORE = 0.5  # what the engine is surer of is kept; who uses it may ask for more
MOST_WORDS = 400  # boxes of one picture: a page of a newspaper says nothing of goods

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """One piece of text as the engine found it: its score (0 to 1), its corners from the text's top left, clockwise, in fractions of the
    upright picture."""

    text: str
    score: float
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The pieces of text in a picture that was read at this size, in pixels."""

    width: int
    height: int
    boxes: tuple[Box, ...] = ()


def read(image: Image.Image) -> Reading:
    """The pieces of text in an upright RGB picture, as the engine orders them (from the top down)."""
    import numpy as np

    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])  # the engine was made for BGR
    said = _engine()(pixels)
    if said.txts is None or said.boxes is None:
        return Reading(*image.size)
    out = []
    for text, score, corners in zip(said.txts, said.scores, said.boxes, strict=True):
        at = tuple((_share(x, image.width), _share(y, image.height)) for x, y in corners)
        out.append(Box(str(text), round(float(score), 3), at))
    return Reading(*image.size, tuple(out[:MOST_WORDS]))


def encoded(reading: Reading) -> str:
    """As the text of a derived row, canonical JSON: {"width", "height", "boxes": [{"text", "score", "box": four corners}]}."""
    boxes = [{"text": b.text, "score": b.score, "box": b.corners} for b in reading.boxes]
    return canonical({"width": reading.width, "height": reading.height, "boxes": boxes}).decode("utf-8", "replace")


def decoded(value: str) -> Reading:
    said = json.loads(value)
    boxes = tuple(Box(one["text"], one["score"], tuple((x, y) for x, y in one["box"])) for one in said["boxes"])
    return Reading(said["width"], said["height"], boxes)


def models() -> dict[str, str]:
    """SHA-256 of each model file, by file name."""
    return dict(_digests())


@cache
def version() -> str:
    """What a reading depends on: this file, how a picture is opened, the engine, what it runs on, the models; at most 80 characters."""
    from importlib.metadata import version as of

    engine, runtime, vision, pillow = (of(name) for name in LIBRARIES)
    return f"{VERSION}.{opening.VERSION} rapidocr {engine} ort {runtime} cv {vision} pil {pillow} {digest_of(models())[:8]}"


# -- the engine ------------------------------------------------------------------------------------------------------
def _folder() -> Path:
    """Where the package keeps its models; found without importing it."""
    from importlib.util import find_spec

    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("rapidocr is not installed: `pip install 'touchstone-scanner[ocr]'`")
    return Path(spec.submodule_search_locations[0]) / "models"


@cache
def _digests() -> Mapping[str, str]:
    import hashlib

    return {name: hashlib.sha256((_folder() / name).read_bytes()).hexdigest() for name in sorted(MODELS.values())}


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    # a path for each model: without one the engine would look at, and fetch from, an address on the web
    paths = {f"{part}.model_path": str(_folder() / name) for part, name in MODELS.items()}
    return RapidOCR(
        params={
            **paths, "Det.unclip_ratio": UNCLIP,
            "Global.use_cls": False, "Global.text_score": LEAST_SCORE, "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )  # fmt: skip


def _share(at: float, whole: int) -> float:
    return round(min(max(float(at) / whole, 0.0), 1.0), 4)


# -- lines -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Line:
    """Boxes that stand in one line, in order of reading, and their text: joined by one space, each at its offset."""

    text: str
    boxes: tuple[tuple[int, Box], ...]

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> Line:
        text, placed = "", []
        for box in boxes:
            text += " " if text else ""
            placed.append((len(text), box))
            text += box.text
        return cls(text, tuple(placed))

    def within(self, start: int, end: int) -> list[Box]:
        """The boxes that text[start:end] stands in."""
        return [box for at, box in self.boxes if at < end and at + len(box.text) > start]


def lines(reading: Reading) -> list[Line]:
    """Its boxes joined into lines, from the top down.

    Two boxes are of one line when the second begins where the first ends, going in the first's own direction: at most one
    and a half heights on, and within half a height of its level, at nearly the same size and slope.
    """
    left = sorted(reading.boxes, key=lambda b: (b.corners[0][1], b.corners[0][0]))
    shapes = {id(box): _shape(box, reading.width / reading.height) for box in left}
    follower: dict[int, Box] = {}
    led: set[int] = set()
    for box in left:
        following = [
            (gap, i)
            for i, other in enumerate(left)
            if other is not box and (gap := _follows(shapes[id(box)], shapes[id(other)])) is not None
        ]
        for _, i in sorted(following):
            if id(left[i]) not in led:
                follower[id(box)] = left[i]
                led.add(id(left[i]))
                break
    return [Line.of(_chain(box, follower)) for box in left if id(box) not in led]


def _chain(first: Box, follower: Mapping[int, Box]) -> Iterator[Box]:
    seen: set[int] = set()
    box: Box | None = first
    while box is not None and id(box) not in seen:
        seen.add(id(box))
        yield box
        box = follower.get(id(box))


@dataclass(frozen=True, slots=True)
class _Shape:
    start: Point
    end: Point
    along: Point
    height: float


def _shape(box: Box, aspect: float) -> _Shape:
    tl, tr, br, bl = ((x * aspect, y) for x, y in box.corners)
    start, end = ((tl[0] + bl[0]) / 2, (tl[1] + bl[1]) / 2), ((tr[0] + br[0]) / 2, (tr[1] + br[1]) / 2)
    length = math.dist(start, end) or 1e-9
    return _Shape(start, end, ((end[0] - start[0]) / length, (end[1] - start[1]) / length), (math.dist(tl, bl) + math.dist(tr, br)) / 2)


def _follows(one: _Shape, other: _Shape) -> float | None:
    """How far on, in heights of the first, the other box begins; None where it is not of the same line."""
    height = one.height or 1e-9
    dx, dy = other.start[0] - one.end[0], other.start[1] - one.end[1]
    on = (dx * one.along[0] + dy * one.along[1]) / height
    off = abs(dy * one.along[0] - dx * one.along[1]) / height
    parallel = one.along[0] * other.along[0] + one.along[1] * other.along[1] > 0.9
    alike = 0.5 < other.height / height < 2
    return on if parallel and alike and off < 0.5 and -0.5 < on < 1.5 else None
