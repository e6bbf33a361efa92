"""Two pictures of a score: what its probabilities said against what was so, and precision against recall; drawn by matplotlib (extra `plots`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.errors import TouchstoneError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_WEIGHT = 0.002  # of the mixture: what holds less is a handful of rows, and its share is chance


def check() -> None:
    """Raises TouchstoneError where matplotlib is not installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise TouchstoneError("plots are drawn by matplotlib, which is not installed: `pip install 'touchstone-scanner[plots]'`")


def draw(folder: Path, figures: Mapping[str, Any]) -> list[Path]:
    """Write reliability.png (where the score has a meaning) and precision_recall.png into the folder; the files written."""
    check()
    folder.mkdir(parents=True, exist_ok=True)
    out, score = [], figures["score"]
    if score["calibration"]:
        figure, axes = _square("Reliability: the larger the dot, the more lies there", "probability said", "share that was suspicious")
        axes.plot((0, 1), (0, 1), color="grey", linewidth=0.8)
        for prevalence, said in score["calibration"].items():
            bins = [b for b in said["bins"] if b["weight"] >= LEAST_WEIGHT]
            across, up = [b["said"] for b in bins], [b["suspicious"] for b in bins]
            [line] = axes.plot(across, up, label=f"{float(prevalence):.0%} suspicious: ECE {said['ece']:.3f}")
            axes.scatter(across, up, [20 + 300 * b["weight"] for b in bins], color=line.get_color())
        out.append(_saved(figure, axes, folder / "reliability.png"))
    figure, axes = _square("Precision and recall of the score", "recall", "precision")
    for prevalence, points in score["curves"].items():
        axes.plot([x for x, _ in points], [y for _, y in points], label=f"{float(prevalence):.0%} suspicious")
    return [*out, _saved(figure, axes, folder / "precision_recall.png")]


def _square(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 6), layout="constrained")
    axes = figure.add_subplot(xlim=(0, 1), ylim=(0, 1.02), title=title, xlabel=across, ylabel=up)
    axes.grid(alpha=0.3)
    return figure, axes


def _saved(figure: Figure, axes: Axes, path: Path) -> Path:
    axes.legend()
    figure.savefig(path, dpi=120)
    return path
