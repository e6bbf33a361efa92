"""Fitting the descriptor's model on photographs of the user's: `touchstone train pictures DIR`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.pictures import descriptor
from detectors.pictures.local import Features
from detectors.pictures.opening import opened
from detectors.pictures.prints import LONGEST, parts

if TYPE_CHECKING:
    from PIL import Image

LEFT_OUT = ("collage4",)  # of which a part alone is the photograph
MIRRORED = ("hflip", "flip_crop25_q40")


def fit(
    photographs: Sequence[Path], props: Sequence[Path], out: Path, *, seed: int = 1, workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> str:  # fmt: skip
    """Fit the model on these photographs and their edited copies (evaluation/edits.py, `props` stand in for other photographs) and write
    it; the SHA-256 of its file."""
    originals, copies = [], []
    with ProcessPoolExecutor(workers) as pool:
        for done, every in enumerate(pool.map(partial(_features, props=tuple(props), seed=seed), photographs), 1):
            if every:
                originals.append(every[0])
                copies.append(every[1:])
            if progress:
                progress(done, len(photographs))
    return descriptor.write(descriptor.fitted(originals, copies), out)


def _features(path: Path, props: Sequence[Path], seed: int) -> list[Features]:
    """The features of a photograph, and of each of its edited copies turned back where they were mirrored."""
    from detectors.evaluation.edits import EDITS, edited

    image, others = opened(path.read_bytes(), LONGEST), [opened(prop.read_bytes(), LONGEST) for prop in props]
    found = [_largest(image, False)]
    for edit in EDITS:
        if edit not in LEFT_OUT:
            copy = opened(edited(image, edit, seed=seed, name=path.stem, others=others), LONGEST)
            found.append(_largest(copy, edit in MIRRORED))
    return [each for each in found if each is not None and len(each)] if found[0] is not None else []


def _largest(image: Image.Image, mirrored: bool) -> Features | None:
    """Of the largest picture inside."""
    every = parts(image)
    if not every:
        return None
    _, upright, turned = max(every, key=lambda each: each[0].area)
    return turned if mirrored else upright
