"""Writes known words into photographs, as sellers do, so that reading them can be measured: over the photo, on paper, on cloth.

Every choice follows from `Parameters` and a seed: the same photo, number and parameters give the same picture with the
same Pillow and fonts. Phones are Ofcom's drama numbers, which nobody has; handles are made of syllables.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PIL import Image

Surface = Literal["overlay", "band", "faint", "paper", "cloth"]
SURFACES: tuple[Surface, ...] = ("overlay", "band", "faint", "paper", "cloth")
KINDS = ("phone", "handle", "word")  # of a picture; a word is a grade, a brand or a price
FOLDER = Path("/usr/share/fonts/truetype/dejavu")  # Debian's fonts-dejavu-core: exactly these six
FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Bold.ttf",
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is drawn from. Sizes in pixels of the letters' height setting on a photo `width` pixels wide, angles in degrees."""

    fonts: tuple[str, ...] = tuple(str(FOLDER / name) for name in FONTS)
    width: int = 720
    sizes: tuple[int, int] = (18, 44)
    angles: tuple[int, ...] = (0, 8, 20)
    qualities: tuple[int, int] = (50, 85)
    faint: tuple[int, int] = (45, 80)  # grey levels between a faint text and the ground behind it
    tries: int = 8  # places of which words without a ground of their own choose the most even: whoever writes a number means it to be read
    tilt: float = 0.18  # how far a corner of paper or cloth moves, as a share of its height and, thrice smaller, of its width
    seed: int = 2026


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a picture: the text as drawn and what it means (a phone in E.164, a handle as `kind:name`, a word), and how."""

    kind: str
    text: str
    value: str
    surface: Surface
    font: str
    size: int
    angle: int
    corners: tuple[tuple[float, float], ...]  # in fractions of the picture


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A photograph with words in it, as JPEG bytes."""

    photo: str
    data: bytes
    quality: int
    written: tuple[Written, ...]


PHONES = (
    "07700 900{d}",
    "07700900{d}",
    "07700 900 {d}",
    "+44 7700 900{d}",
    "07700-900-{d}",
    "020 7946 0{d}",
    "0207 946 0{d}",
    "(020) 7946 0{d}",
)
LEADS = ("", "", "", "Call ", "Text ", "WhatsApp ", "Tel: ", "Ring ")
HANDLES = (
    ("instagram", "insta: {n}"), ("instagram", "IG @{n}"), ("instagram", "Instagram: @{n}"), ("snapchat", "snap: {n}"),
    ("snapchat", "Snapchat @{n}"), ("telegram", "telegram @{n}"), ("telegram", "t.me/{n}"),
)  # fmt: skip
SYLLABLES = ("ka", "lo", "mi", "ru", "ten", "so", "vi", "dar", "pel", "zon", "kix", "bag", "drip", "plug", "luxe", "heat")
WORDS = {  # (what it means, as drawn); grades by their reason
    "grade": (("one_to_one", "1:1 quality"), ("mirror_quality", "mirror quality"), ("replica_word", "replica"), ("grade_letters", "AAA+ quality")),
    "brand": (("Gucci", "GUCCI bag"), ("Louis Vuitton", "Louis Vuitton"), ("Chanel", "Chanel"), ("Prada", "PRADA"), ("Moncler", "Moncler")),
    "price": (("£45.00", "£45"), ("£120.00", "£120 each")),
}  # fmt: skip


def overlaid(photo: Path, number: int, parameters: Parameters) -> Overlaid:
    """The photo with one phone, one handle and one word in it, each in a third of its own of the picture's height."""
    from PIL import Image

    draw = random.Random(f"{parameters.seed}/{number}")  # noqa: S311 - a test picture, no secret
    with Image.open(photo) as opened:
        image = opened.convert("RGB")
    image = image.resize((parameters.width, round(image.height * parameters.width / image.width)), Image.Resampling.LANCZOS)
    bands = list(range(len(KINDS)))
    draw.shuffle(bands)
    written = []
    for kind, band in zip(KINDS, bands, strict=True):
        top, bottom = image.height * band // 3, image.height * (band + 1) // 3
        image, one = _write(image, kind, (top, bottom), draw, parameters)
        written.append(one)
    quality = draw.randint(*parameters.qualities)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Overlaid(photo.name, out.getvalue(), quality, tuple(written))


def plain(photo: Path, number: int, parameters: Parameters) -> bytes:
    """The photo as `overlaid` would have it, without any word."""
    from PIL import Image

    draw = random.Random(f"plain/{parameters.seed}/{number}")  # noqa: S311
    with Image.open(photo) as opened:
        image = opened.convert("RGB")
    image = image.resize((parameters.width, round(image.height * parameters.width / image.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=draw.randint(*parameters.qualities))
    return out.getvalue()


def _said(kind: str, draw: random.Random) -> tuple[str, str, str]:
    """(kind, text as drawn, what it means)."""
    if kind == "phone":
        digits = f"{draw.randint(0, 999):03d}"
        shape = draw.choice(PHONES)
        national = "7700900" if "7700" in shape else "2079460"
        return kind, draw.choice(LEADS) + shape.format(d=digits), f"+44{national}{digits}"
    if kind == "handle":
        which, shape = draw.choice(HANDLES)
        name = "".join(draw.sample(SYLLABLES, 2)) + draw.choice(("", "", "_uk", str(draw.randint(2, 99))))
        return kind, shape.format(n=name), f"{which}:{name}"
    kind = draw.choice(sorted(WORDS))
    value, text = draw.choice(WORDS[kind])
    return kind, text, value


def _write(
    image: Image.Image, kind: str, band: tuple[int, int], draw: random.Random, parameters: Parameters
) -> tuple[Image.Image, Written]:
    from PIL import Image, ImageDraw, ImageFont

    kind, text, value = _said(kind, draw)
    surface, path = draw.choice(SURFACES), draw.choice(parameters.fonts)
    angle = draw.choice(parameters.angles) * draw.choice((-1, 1))
    size = draw.randint(*parameters.sizes)
    while True:  # the largest size, up to the one drawn, at which it fits
        font = ImageFont.truetype(path, size)
        left, top, right, bottom = font.getbbox(text)
        edge = round(size * (0.6 if surface in ("paper", "band") else 0.15))
        wide, high = round(right - left) + 2 * edge, round(bottom - top) + 2 * edge
        turned = abs(math.sin(math.radians(angle)))
        if (wide + turned * high <= 0.94 * image.width and high + turned * wide <= 0.94 * (band[1] - band[0])) or size <= 18:
            break
        size -= 1
    across, down = wide * math.cos(math.radians(angle)), high + turned * wide
    tilt = parameters.tilt if surface in ("paper", "cloth") else 0.0
    places = []
    for _ in range(1 if surface in ("paper", "band") else parameters.tries):
        x = draw.uniform(across / 2 + 4, max(across / 2 + 5, image.width - across / 2 - 4))
        y = draw.uniform(band[0] + down / 2 + 2, max(band[0] + down / 2 + 3, band[1] - down / 2 - 2))
        places.append(_corners(x, y, wide, high, angle, tilt, draw))
    corners = min(places, key=lambda place: _spread(image, place))
    behind = _mean(image, corners)
    ink, ground = _colours(surface, behind, draw, parameters)
    letters = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(letters).text((edge - left, edge - top), text, font=font, fill=255)
    patch = Image.new("RGB", (wide, high), ground or ink)
    if ground:
        patch.paste(Image.new("RGB", (wide, high), ink), mask=letters)
        cover = Image.new("L", (wide, high), 215 if surface == "band" else 255)
    else:
        cover = letters
    placed, mask = _placed(patch, corners, image.size), _placed(cover, corners, image.size)
    if surface == "cloth":  # printed on the stuff: its folds and grain show through
        placed = _woven(image, placed, ink)
    image = Image.composite(placed, image, mask)
    at = tuple((cx / image.width, cy / image.height) for cx, cy in corners)
    return image, Written(kind, text, value, surface, Path(path).name, size, abs(angle), at)


def _corners(x: float, y: float, wide: int, high: int, angle: int, tilt: float, draw: random.Random) -> list[tuple[float, float]]:
    turn = math.radians(angle)
    out = []
    for dx, dy in ((-wide / 2, -high / 2), (wide / 2, -high / 2), (wide / 2, high / 2), (-wide / 2, high / 2)):
        dx, dy = dx + draw.uniform(-tilt, tilt) * wide / 3, dy + draw.uniform(-tilt, tilt) * high
        out.append((x + dx * math.cos(turn) - dy * math.sin(turn), y + dx * math.sin(turn) + dy * math.cos(turn)))
    return out


def _behind(image: Image.Image, corners: Sequence[tuple[float, float]]) -> Image.Image:
    xs, ys = [c[0] for c in corners], [c[1] for c in corners]
    return image.crop((max(0, int(min(xs))), max(0, int(min(ys))), min(image.width, int(max(xs)) + 1), min(image.height, int(max(ys)) + 1)))


def _mean(image: Image.Image, corners: Sequence[tuple[float, float]]) -> tuple[int, int, int]:
    from PIL import ImageStat

    r, g, b = ImageStat.Stat(_behind(image, corners)).mean
    return int(r), int(g), int(b)


def _spread(image: Image.Image, corners: Sequence[tuple[float, float]]) -> float:
    from PIL import ImageStat

    return float(ImageStat.Stat(_behind(image, corners).convert("L")).stddev[0])


def _colours(
    surface: Surface, behind: tuple[int, int, int], draw: random.Random, parameters: Parameters
) -> tuple[tuple[int, int, int], tuple[int, int, int] | None]:
    """(ink, ground); None where the photo itself is the ground."""
    light = sum(behind) / 3 > 127
    if surface == "paper":
        tone = draw.randint(205, 250)
        return draw.choice(((20, 20, 25), (25, 35, 120), (150, 25, 25))), (tone, tone, tone - draw.randint(0, 25))
    if surface == "band":
        return ((245, 245, 245), (25, 25, 25)) if draw.random() < 0.5 else ((20, 20, 20), (245, 245, 240))
    if surface == "faint":
        step = draw.randint(*parameters.faint) * (-1 if light else 1)
        r, g, b = (max(0, min(255, tone + step)) for tone in behind)
        return (r, g, b), None
    if surface == "cloth":
        return ((30, 30, 35) if light else (230, 230, 225)), None
    inks = ((15, 15, 15), (140, 10, 10), (10, 30, 120)) if light else ((255, 255, 255), (255, 235, 60), (120, 255, 160))
    return draw.choice(inks), None


def _placed(patch: Image.Image, corners: Sequence[tuple[float, float]], size: tuple[int, int]) -> Image.Image:
    """The patch drawn into the four corners of a picture of that size: Pillow wants the way back, from picture to patch."""
    import numpy as np
    from PIL import Image

    wide, high = patch.size
    rows, said = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (wide, 0), (wide, high), (0, high)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        said += [u, v]
    way: Any = np.linalg.solve(np.asarray(rows, dtype=float), np.asarray(said, dtype=float))
    return patch.transform(size, Image.Transform.PERSPECTIVE, tuple(way), Image.Resampling.BICUBIC)


def _woven(image: Image.Image, placed: Image.Image, ink: tuple[int, int, int]) -> Image.Image:
    import numpy as np
    from PIL import Image, ImageFilter

    around = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(12)), dtype=float) + 1
    grain = np.clip(np.asarray(image.convert("L"), dtype=float) / around, 0.6, 1.5)[..., None]
    under = np.asarray(image, dtype=float)
    shown = 0.8 * np.asarray(placed, dtype=float) * grain + 0.2 * under
    return Image.fromarray(np.clip(shown, 0, 255).astype("uint8"))
