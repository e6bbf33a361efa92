"""The index of near images, and the model of the descriptor that it searches by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import Folder, bar, opened, say
from store.errors import TouchstoneError

index = typer.Typer(no_args_is_help=True, help="The index of near images, in files beside the archive.")
train = typer.Typer(no_args_is_help=True, help="Fit models on data of your own.")


@index.command("rebuild")
def rebuild(home: Folder = None) -> None:
    """Make the index again from the database. It grows by itself at each `touchstone detect`; this is for when its files are lost or doubted.

    Example: touchstone index rebuild
    """
    from detectors import contract

    detector = contract.detector_of("image_match")
    if detector.missing:
        raise TouchstoneError(detector.missing)
    with opened(home) as (_folder, store):
        nearest, done = store.nearest(detector.module.fingerprint_version()), 0
        with bar() as progress:

            def step(number: int) -> None:
                nonlocal done
                done += number
                progress("images", done, done)

            images = nearest.rebuild(step)
    say(f"{images} images are in the index ({nearest.folder}).")


@train.command("pictures")
def train_pictures(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs of goods as sellers take them, a hundred or more.")],
    out: Annotated[Path, typer.Option(help="Where the model is written.")] = Path("vlad.npz"),
    half: Annotated[bool, typer.Option("--half", help="Only the half that `evaluate images --calibrate` takes thresholds from.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed draws other crops, frames and captions.")] = 1,
) -> None:
    """Fit the descriptor's model on photographs and their edited copies, as the shipped one was; its SHA-256.

    Example: touchstone train pictures photos/validation --half --out vlad.npz
    """
    from detectors.evaluation.images import split
    from detectors.pictures.fitting import fit

    props, first, second = split(photos)
    chosen = first if half else [*first, *second]
    with bar() as progress:
        digest = fit(chosen, props, out, seed=seed, workers=workers, progress=lambda done, total: progress("photographs", done, total))
    say(f"{out} is written, fitted on {len(chosen)} photographs; SHA-256 {digest}.")
