"""Drawn scenes for tests: goods in the middle of a room; the same room with other goods, from a little elsewhere."""

from __future__ import annotations

import io
import random

import numpy
from PIL import Image, ImageDraw, ImageFont

SIZE = (480, 640)


def pattern(seed: int, size: tuple[int, int], marks: int) -> Image.Image:
    """Many small marks on a ground: a carpet, a weave, a wallpaper."""
    draw = random.Random(seed)
    image = Image.new("RGB", size, tuple(draw.randint(90, 200) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(marks):
        x, y, w = draw.randint(0, size[0]), draw.randint(0, size[1]), draw.randint(3, 22)
        tone = tuple(draw.randint(0, 255) for _ in range(3))
        points = [(x + draw.randint(-w, w), y + draw.randint(-w, w)) for _ in range(3)]
        pen.polygon(points, fill=tone) if draw.random() < 0.6 else pen.line(points, fill=tone, width=2)
    grain = numpy.random.default_rng(seed).normal(0, 12, (size[1], size[0], 1))  # a wall in a photograph is never of one tone
    return Image.fromarray(numpy.clip(numpy.asarray(image) + grain, 0, 255).astype("uint8"))


def scene(room: int, goods: int, *, moved: tuple[int, int] = (0, 0), scale: float = 1.0) -> Image.Image:
    """Goods in the middle of a room; `moved` and `scale` are how the camera stood."""
    ground = pattern(room, (SIZE[0] + 160, SIZE[1] + 160), 420)
    ground = ground.resize((round(ground.width * scale), round(ground.height * scale)))
    left, top = 60 + moved[0], 60 + moved[1]
    image = ground.crop((left, top, left + SIZE[0], top + SIZE[1]))
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).rounded_rectangle((110, 130, 370, 510), 60, fill=255)
    image.paste(pattern(goods + 10_000, SIZE, 260), (0, 0), mask)
    return image


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def screenshot(image: Image.Image) -> Image.Image:
    """A picture as one app shows it on one phone: the frame is the same whatever is in it."""
    whole = Image.new("RGB", (540, 1140), "white")
    pen = ImageDraw.Draw(whole)
    for at, size, words in (
        (14, 20, "9:41"),
        (60, 26, "Back"),
        (930, 32, "Make an offer"),
        (990, 22, "Buyer protection fee included in the price"),
    ):
        pen.text((24, at), words, fill="black", font=ImageFont.load_default(size))
    pen.rounded_rectangle((24, 1050, 516, 1110), 14, fill=(0, 120, 130))
    pen.text((210, 1064), "Buy now", fill="white", font=ImageFont.load_default(26))
    whole.paste(image.resize((540, 720)), (0, 120))
    return whole
