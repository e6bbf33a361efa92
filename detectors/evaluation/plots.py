"""Two pictures of a score: what its probabilities said against what was so, and precision against recall; drawn with Pillow as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

SCALE = 2  # drawn at twice the size and made smaller, so that lines are smooth
SIDE, LEFT, TOP, BELOW, RIGHT = 420, 70, 48, 62, 230  # the square that is drawn in, and what is around it
COLOURS = ("#1b6ca8", "#c4561b", "#3a7d44")
INK, GRID = "#222222", "#dddddd"
LEAST_WEIGHT = 0.002  # of the mixture: what holds less is a handful of rows, and its share is chance


class Chart:
    """A unit square with axes, a title and a legend; (0, 0) is at its lower left."""

    def __init__(self, title: str, across: str, up: str) -> None:
        from PIL import Image, ImageDraw, ImageFont

        self.image = Image.new("RGB", ((LEFT + SIDE + RIGHT) * SCALE, (TOP + SIDE + BELOW) * SCALE), "white")
        self.pen: ImageDraw.ImageDraw = ImageDraw.Draw(self.image)
        self.font, self.small = (ImageFont.load_default(size * SCALE) for size in (15, 12))
        for tenth in range(0, 11, 2):
            at = tenth / 10
            self.line([(at, 0), (at, 1)], GRID, 1)
            self.line([(0, at), (1, at)], GRID, 1)
            x, y = self._at(at, 0)
            self.pen.text((x, y + 6 * SCALE), f"{at:g}", INK, self.small, "ma")
            x, y = self._at(0, at)
            self.pen.text((x - 6 * SCALE, y), f"{at:g}", INK, self.small, "rm")
        self.line([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], INK, 1)
        self.pen.text((LEFT * SCALE, 14 * SCALE), title, INK, self.font)
        self.pen.text(((LEFT + SIDE / 2) * SCALE, (TOP + SIDE + 34) * SCALE), across, INK, self.font, "ma")
        self._upright(up)
        self.named = 0

    def _upright(self, words: str) -> None:
        from PIL import Image, ImageDraw

        box = self.pen.textbbox((0, 0), words, self.font)
        label = Image.new("RGB", (int(box[2]) + 4, int(box[3]) + 4), "white")
        ImageDraw.Draw(label).text((0, 0), words, INK, self.font)
        label = label.rotate(90, expand=True)
        self.image.paste(label, (6 * SCALE, int((TOP + SIDE / 2) * SCALE - label.height / 2)))

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (LEFT + x * SIDE) * SCALE, (TOP + (1 - y) * SIDE) * SCALE

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 2) -> None:
        if len(points) > 1:
            self.pen.line([self._at(x, y) for x, y in points], colour, round(width * SCALE), "curve")

    def dots(self, points: Sequence[tuple[float, float, float]], colour: str) -> None:
        """(x, y, weight): the more lies there, the larger the dot."""
        for x, y, weight in points:
            radius = (2.5 + 9 * weight**0.5) * SCALE
            across, up = self._at(x, y)
            self.pen.ellipse((across - radius, up - radius, across + radius, up + radius), outline=colour, width=2 * SCALE)

    def name(self, words: str, colour: str) -> None:
        """One more line of the legend, to the right of the square."""
        x, y = LEFT + SIDE + 20, TOP + 14 + 22 * self.named
        self.pen.line(((x * SCALE, y * SCALE), ((x + 22) * SCALE, y * SCALE)), colour, 3 * SCALE)
        self.pen.text(((x + 30) * SCALE, y * SCALE), words, INK, self.small, "lm")
        self.named += 1

    def save(self, path: Path) -> None:
        self.image.reduce(SCALE).save(path, "PNG", optimize=True)


def draw(folder: Path, figures: Mapping[str, Any]) -> list[Path]:
    """Write reliability.png (where the score has a meaning) and precision_recall.png into the folder; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    score = figures["score"]
    if score["calibration"]:
        chart = Chart("Reliability: the larger the ring, the more lies there", "probability said", "share that was suspicious")
        chart.line([(0, 0), (1, 1)], "#999999", 1)
        for (prevalence, said), colour in zip(score["calibration"].items(), COLOURS, strict=True):
            bins = [b for b in said["bins"] if b["weight"] >= LEAST_WEIGHT]
            chart.line([(b["said"], b["suspicious"]) for b in bins], colour, 1.5)
            chart.dots([(b["said"], b["suspicious"], b["weight"]) for b in bins], colour)
            chart.name(f"{float(prevalence):.0%} suspicious: ECE {said['ece']:.3f}", colour)
        chart.save(folder / "reliability.png")
        out.append(folder / "reliability.png")
    chart = Chart("Precision and recall of the score", "recall", "precision")
    for (_, points), colour in zip(score["curves"].items(), COLOURS, strict=True):
        chart.line([(x, y) for x, y in points], colour)
    for prevalence, colour in zip(score["curves"], COLOURS, strict=True):
        chart.name(f"{float(prevalence):.0%} suspicious", colour)
    chart.save(folder / "precision_recall.png")
    return [*out, folder / "precision_recall.png"]
