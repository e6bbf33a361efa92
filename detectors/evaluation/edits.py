"""The edits that sellers make to a photograph they copy, drawn from a seed: the battery that picture matching is measured with.

Every edit takes the upright photograph and gives the edited one as the bytes of a JPEG (quality 85 unless it is the edit itself). The
same photograph, edit and seed give the same bytes under the same Pillow and OpenCV. The list is that of the picture-copy literature (Papakipos
and Bitton, "AugLy", CVPR workshops 2022) cut to what is seen on marketplaces, with phone screenshots and collages added.
"""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 85
STICKERS = 0.15  # of the area
BORDER = 0.12  # of the longer side
WORDS = ("NEW IN", "DM to order", "Free post", "Size M", "@the.example.shop", "SALE", "100% quality", "Last one", "07700 900123")
TITLES = ("Lovely jacket, worn once", "Trainers size 8", "Summer dress", "Top, brand new", "Jeans 32/32", "Bag with strap")


class Draw:
    """What an edit may draw from: a seeded generator, and other photographs (for collages and new backgrounds)."""

    def __init__(self, seed: int, name: str, edit: str, others: Sequence[Image]) -> None:
        self.random = random.Random(zlib.crc32(f"{seed}/{name}/{edit}".encode()))  # noqa: S311  # drawn again by the same seed, no secret
        self.others = others

    def uniform(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def other(self) -> Image:
        return self.random.choice(self.others)

    def colour(self, low: int = 0, high: int = 255) -> tuple[int, int, int]:
        return (self.random.randint(low, high), self.random.randint(low, high), self.random.randint(low, high))


def edited(image: Image, edit: str, *, seed: int, name: str, others: Sequence[Image]) -> bytes:
    """The photograph (RGB, upright) under one edit of EDITS, as a JPEG. `name` is the photograph's own, `others` at least three other
    photographs. Raises KeyError for an unknown edit."""
    made, quality = EDITS[edit](image.convert("RGB"), Draw(seed, name, edit, others)), QUALITY
    if isinstance(made, tuple):
        made, quality = made
    out = io.BytesIO()
    made.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


# -- one edit each -----------------------------------------------------------------------------------------------------
def _crop(share: float) -> Callable[[Image, Draw], Image]:
    def crop(image: Image, draw: Draw) -> Image:
        width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
        left, top = draw.random.randint(0, image.width - width), draw.random.randint(0, image.height - height)
        return image.crop((left, top, left + width, top + height))

    return crop


def _mirror(image: Image, draw: Draw) -> Image:
    from PIL import ImageOps

    return ImageOps.mirror(image)


def _turned(degrees: float, cut: bool) -> Callable[[Image, Draw], Image]:
    """Turned by so much, to either side: with white corners, or straightened by cutting the corners away."""

    def turn(image: Image, draw: Draw) -> Image:
        from PIL import Image as Pillow

        angle = degrees * draw.random.choice((-1, 1))
        whole = image.rotate(angle, Pillow.Resampling.BICUBIC, expand=not cut, fillcolor="white")
        if not cut:
            return whole
        width, height = largest_inside(image.width, image.height, degrees)
        left, top = (whole.width - width) // 2, (whole.height - height) // 2
        return whole.crop((left, top, left + width, top + height))

    return turn


def largest_inside(width: int, height: int, degrees: float) -> tuple[int, int]:
    """The sides of the largest upright rectangle in a rectangle that was turned by so many degrees."""
    import math

    angle = math.radians(abs(degrees))
    sin, cos = math.sin(angle), math.cos(angle)
    long, short = max(width, height), min(width, height)
    if short <= 2 * sin * cos * long:
        half = 0.5 * short
        inner = (half / sin, half / cos) if width >= height else (half / cos, half / sin)
    else:
        double = cos * cos - sin * sin
        inner = ((width * cos - height * sin) / double, (height * cos - width * sin) / double)
    return int(inner[0]), int(inner[1])


def _border(image: Image, draw: Draw) -> Image:
    from PIL import ImageOps

    return ImageOps.expand(image, round(BORDER * max(image.size)), _rgb(draw))


def _rgb(draw: Draw) -> tuple[int, int, int]:
    return draw.random.choice([(255, 255, 255), (0, 0, 0), draw.colour()])


def _square(image: Image, draw: Draw) -> Image:
    from PIL import Image as Pillow

    side = max(image.size)
    whole = Pillow.new("RGB", (side, side), "white")
    whole.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return whole


def _watermark(image: Image, draw: Draw) -> Image:
    """Half-transparent words all over, and a band with a caption over the foot."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    layer = Pillow.new("RGBA", image.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    size = max(14, image.width // 12)
    words = draw.random.choice(WORDS)
    step = round(size * 3.2)
    for row, y in enumerate(range(0, image.height, step)):
        for x in range(-(row % 2) * step, image.width, round(size * 0.62 * len(words) + step)):
            pen.text((x, y), words, fill=(255, 255, 255, 110), font=font(size))
    tall = round(image.height * 0.14)
    pen.rectangle((0, image.height - tall, image.width, image.height), fill=(*draw.colour(), 255))
    pen.text((image.width // 20, image.height - tall + tall // 5), draw.random.choice(WORDS), fill="white", font=font(round(tall * 0.55)))
    return Pillow.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _stickers(image: Image, draw: Draw) -> Image:
    """Five round stickers with a word each, that cover 15 % of the area together."""
    import math

    from PIL import ImageDraw

    image = image.copy()
    pen = ImageDraw.Draw(image)
    radius = math.sqrt(STICKERS * image.width * image.height / 5 / math.pi)
    for _ in range(5):
        x, y = draw.uniform(0, image.width), draw.uniform(0, image.height)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=draw.colour(60))
        pen.text((x - radius * 0.7, y - radius * 0.3), draw.random.choice(WORDS)[:7], fill="black", font=font(max(9, round(radius * 0.4))))
    return image


def _screenshot(image: Image, draw: Draw) -> Image:
    """The photograph as an app shows it on a phone: status bar, head, the picture at full width, words and buttons below."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    width, height = 540, draw.random.choice((1080, 1140, 1170))
    dark = draw.random.random() < 0.3
    ground, ink = ("#121212", "#f0f0f0") if dark else ("#ffffff", "#1a1a1a")
    whole, shade = Pillow.new("RGB", (width, height), ground), draw.colour(30, 200)
    pen = ImageDraw.Draw(whole)
    pen.text((24, 12), f"{draw.random.randint(7, 22)}:{draw.random.randint(10, 59)}", fill=ink, font=font(20))
    pen.rectangle((width - 60, 14, width - 26, 30), outline=ink, width=2)
    pen.rectangle((width - 57, 17, width - 57 + draw.random.randint(6, 26), 27), fill=ink)
    pen.line((24, 72, 38, 58), fill=ink, width=4)
    pen.line((24, 72, 38, 86), fill=ink, width=4)
    pen.text((60, 58), draw.random.choice(TITLES)[:16], fill=ink, font=font(24))
    most = round(height * 0.62)
    shown = image.resize((width, max(1, round(image.height * width / image.width))), Pillow.Resampling.LANCZOS)
    if shown.height > most:
        shown = shown.crop((0, (shown.height - most) // 2, width, (shown.height - most) // 2 + most))
    top = 108
    whole.paste(shown, (0, top))
    y = top + shown.height + 18
    pen.text((24, y), f"£{draw.random.randint(5, 90)}.00", fill=ink, font=font(32))
    pen.text((24, y + 46), draw.random.choice(TITLES), fill=ink, font=font(22))
    for row in range(3):
        pen.text((24, y + 84 + 28 * row), " ".join(draw.random.sample(WORDS, 3))[:42], fill="#808080", font=font(18))
    pen.rounded_rectangle((24, height - 92, width - 24, height - 36), 14, fill=shade)
    pen.text((width // 2 - 60, height - 78), "Message", fill="white", font=font(26))
    return whole


def _cast(image: Image, draw: Draw) -> Image:
    import numpy as np
    from PIL import Image as Pillow

    gains = np.array([draw.uniform(0.75, 1.25) for _ in range(3)])
    return Pillow.fromarray(np.clip(np.asarray(image) * gains, 0, 255).astype("uint8"))


def _light(image: Image, draw: Draw) -> Image:
    from PIL import ImageEnhance

    brighter = ImageEnhance.Brightness(image).enhance(draw.random.choice((0.65, 1.4)))
    return ImageEnhance.Contrast(brighter).enhance(draw.random.choice((0.7, 1.4)))


def _collage(image: Image, draw: Draw) -> Image:
    """Four photographs in two rows and two columns, each cut to its cell, this one in any of them, with a gap or none."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    cell, gap = (draw.random.choice((360, 400)), draw.random.choice((400, 480))), draw.random.choice((0, 4, 10))
    four: list[Image] = draw.random.sample(list(draw.others), 3)
    four.insert(draw.random.randrange(4), image)
    whole = Pillow.new("RGB", (2 * cell[0] + gap, 2 * cell[1] + gap), draw.random.choice(["white", "black"]))
    for at, one in enumerate(four):
        whole.paste(ImageOps.fit(one, cell), ((at % 2) * (cell[0] + gap), (at // 2) * (cell[1] + gap)))
    return whole


def _ground(image: Image, draw: Draw) -> Image:
    """The goods cut out roughly (GrabCut from a central box; Rother, Kolmogorov and Blake, 2004) and laid on another ground."""
    import cv2
    import numpy as np
    from PIL import Image as Pillow

    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    box = (round(width * 0.12), round(height * 0.12), round(width * 0.76), round(height * 0.76))
    cv2.setRNGSeed(1)
    try:
        cv2.grabCut(pixels[:, :, ::-1].copy(), mask, box, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT)
        goods = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    except cv2.error:  # a picture of one colour has no goods
        goods = np.zeros((height, width), np.uint8)
    if goods.mean() < 0.1:
        goods[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = 1
    soft = cv2.GaussianBlur(goods.astype(np.float32), (5, 5), 0)[:, :, None]
    ground = np.asarray(draw.other().resize((width, height))) if draw.random.random() < 0.5 else np.full_like(pixels, draw.colour(120))
    return Pillow.fromarray((pixels * soft + ground * (1 - soft)).astype("uint8"))


EDITS: dict[str, Callable[[Any, Draw], Any]] = {
    "jpeg_q30": lambda image, draw: (image, 30),
    "resize_0.4x": lambda image, draw: image.resize((max(1, round(image.width * 0.4)), max(1, round(image.height * 0.4)))),
    "crop10": _crop(0.10),
    "crop25": _crop(0.25),
    "crop40": _crop(0.40),
    "hflip": _mirror,
    "rot5_white_corners": _turned(5, cut=False),
    "rot15_white_corners": _turned(15, cut=False),
    "rot5_straightened": _turned(5, cut=True),
    "rot15_straightened": _turned(15, cut=True),
    "rot90": lambda image, draw: image.rotate(90, expand=True),
    "border12": _border,
    "square_pad": _square,
    "watermark_banner": _watermark,
    "stickers15": _stickers,
    "screenshot": _screenshot,
    "colour_cast": _cast,
    "brightness_contrast": _light,
    "collage4": _collage,
    "background_swap": _ground,
    "flip_crop25_q40": lambda image, draw: (_crop(0.25)(_mirror(image, draw), draw), 40),
    "crop10_screenshot": lambda image, draw: _screenshot(_crop(0.10)(image, draw), draw),
}


def font(size: int) -> Any:
    """Pillow's own scalable font: the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)
