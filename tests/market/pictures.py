"""Draws each picture from its name alone, so that two builds give the same bytes; and edits them as sellers do."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from tests.market.grounds import GROUNDS, HEIGHT, PATTERNS, WIDTH, cloud, grain
from tests.market.shapes import SHAPES

COLOURS = {
    "black": (38, 36, 40),
    "white": (228, 226, 220),
    "cream": (222, 204, 168),
    "tan": (176, 126, 78),
    "brown": (98, 64, 42),
    "red": (168, 38, 44),
    "pink": (214, 142, 160),
    "navy": (40, 52, 96),
    "blue": (70, 118, 178),
    "green": (58, 104, 70),
    "olive": (110, 108, 62),
    "grey": (132, 134, 138),
    "gold": (202, 164, 84),
    "silver": (190, 194, 200),
    "purple": (104, 66, 122),
    "orange": (208, 116, 48),
    "yellow": (222, 194, 74),
    "teal": (52, 122, 126),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """What stands on a picture: an outline, its pattern and two colours, on a ground."""

    name: str
    shape: str
    pattern: str
    colour: str
    trim: str
    ground: str
    floor: str


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def _mask(drawing: Drawing, part: str, side: int) -> Image.Image:
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    stroke = max(4, side // 34)
    for outline in SHAPES[drawing.shape]:
        of, what, *points = outline.split()
        if of != part and not (of == "hole" and part == "body"):
            continue
        at = [(int(x) * side / 100, int(y) * side / 100) for x, y in (point.split(",") for point in points)]
        ink = 0 if of == "hole" else 255
        if what == "polygon":
            pen.polygon(at, fill=ink)
        elif what == "ellipse":
            pen.ellipse((*at[0], *at[1]), fill=ink)
        elif what == "arc":
            pen.arc((*at[0], *at[1]), 180, 360, fill=ink, width=stroke)
        else:
            pen.line(at, fill=ink, width=stroke, joint="curve")
    return mask


def _ground(rng: np.random.Generator, drawing: Drawing) -> Image.Image:
    light = cloud(rng, 3, 4) * 34 + cloud(rng, 6, 8) * 16
    plane = GROUNDS[drawing.ground](rng) + light
    colour = np.array(COLOURS[drawing.floor], dtype=np.float32)
    pixels = np.clip(colour[None, None, :] * 0.8 + 18 + plane[:, :, None], 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def _stuff(rng: np.random.Generator, drawing: Drawing, part: str) -> Image.Image:
    if part == "body":
        plane = PATTERNS[drawing.pattern](rng)[:, :, None]
        main, other = (np.array(COLOURS[c], dtype=np.float32) for c in (drawing.colour, drawing.trim))
        pixels = main * plane + (other if drawing.pattern != "quilt" else main * 0.2) * (1 - plane)
    else:
        tone = COLOURS[drawing.trim] if part == "trim" else (26, 24, 28)
        pixels = np.broadcast_to(np.array(tone, dtype=np.float32), (HEIGHT, WIDTH, 3))
    shade = (cloud(rng, 3, 3) * 26 + cloud(rng, 40, 50) * 7)[:, :, None]
    return Image.fromarray(np.clip(pixels + shade, 0, 255).astype(np.uint8))


def _clutter(rng: np.random.Generator, picture: Image.Image) -> None:
    """Things that happen to lie about: they make one kitchen table unlike the next."""
    pen = ImageDraw.Draw(picture)
    names = list(COLOURS)
    for _ in range(int(rng.integers(3, 7))):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        w, h = int(rng.integers(24, 130)), int(rng.integers(20, 110))
        colour = COLOURS[names[int(rng.integers(0, len(names)))]]
        draw = pen.ellipse if rng.random() < 0.4 else pen.rectangle
        draw((x, y, x + w, y + h), fill=colour, outline=(30, 30, 30), width=2)


def draw(drawing: Drawing) -> Image.Image:
    """The photograph as first taken."""
    rng = _rng(drawing.name)
    picture = _ground(rng, drawing)
    _clutter(rng, picture)
    side = int(rng.uniform(400, 540))
    turn = float(rng.uniform(-28, 28))
    x = int(rng.integers(0, WIDTH - side + 1))
    y = int(rng.integers(40, HEIGHT - side - 20))
    whole = Image.new("L", (WIDTH, HEIGHT), 0)
    layers: list[tuple[Image.Image, Image.Image]] = []
    for part in ("body", "trim", "dark"):
        mask = Image.new("L", (WIDTH, HEIGHT), 0)
        mask.paste(_mask(drawing, part, side).rotate(turn, Image.Resampling.BICUBIC), (x, y))
        whole.paste(255, (0, 0), mask)
        layers.append((_stuff(rng, drawing, part), mask))
    shadow = Image.new("L", (WIDTH, HEIGHT), 0)
    shadow.paste(whole, (int(rng.integers(-22, 22)), int(rng.integers(10, 26))))
    shadow = shadow.filter(ImageFilter.GaussianBlur(14)).point([level * 6 // 10 for level in range(256)])
    picture.paste((20, 18, 22), (0, 0), shadow)
    for stuff, mask in layers:
        picture.paste(stuff, (0, 0), mask)
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32) + grain(rng, 4)[:, :, None]
    return Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8))


def _crop(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width * 4 // 100, height * 3 // 100, width * 97 // 100, height * 96 // 100))


def _border(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, border=picture.width * 12 // 100, fill=(250, 250, 250))


def _cast(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture, dtype=np.float32) * np.array([1.12, 1.0, 0.82], dtype=np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _caption(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    top = picture.height * 90 // 100
    pen.rectangle((0, top, picture.width, picture.height), fill=(16, 16, 16))
    pen.text((18, top + 16), "MESSAGE FOR MORE - ALL COLOURS", fill=(255, 255, 255), font=ImageFont.load_default(30))
    return picture


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirror": ImageOps.mirror,
    "border": _border,
    "small": lambda picture: picture.resize((picture.width * 4 // 10, picture.height * 4 // 10), Image.Resampling.LANCZOS),
    "crop": _crop,
    "cast": _cast,
    "caption": _caption,
    "q30": lambda picture: picture,  # saved again at quality 30, see `jpeg`
    "thumb": lambda picture: picture.resize((picture.width // 4, picture.height // 4), Image.Resampling.LANCZOS),
}


@lru_cache(maxsize=512)
def jpeg(drawing: Drawing, edits: tuple[str, ...] = ()) -> bytes:
    """The file a seller uploads. An edit starts from the first JPEG, as a copyist's does."""
    picture = Image.open(io.BytesIO(jpeg(drawing))).convert("RGB") if edits else draw(drawing)
    for edit in edits:
        picture = EDITS[edit](picture)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=30 if "q30" in edits else 86)
    return out.getvalue()
