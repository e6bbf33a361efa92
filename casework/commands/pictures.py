"""The indexes that things are found by, and the model of the descriptor that near images are searched by."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import Bar, Folder, bar, opened, say
from store.errors import TouchstoneError
from store.store import Store

index = typer.Typer(no_args_is_help=True, help="What things are found by: listings by words, and near images.")
train = typer.Typer(no_args_is_help=True, help="Fit models on data of your own.")


class Only(StrEnum):
    """One of the indexes."""

    listings = "listings"
    pictures = "pictures"


@index.command("rebuild")
def rebuild(
    only: Annotated[Only | None, typer.Option(help="Only one of the two.")] = None,
    home: Folder = None,
) -> None:
    """Make what things are found by again from the rows: listings by words and facets, and near images.

    Both grow by themselves; this is for when they are doubted, or an image file is lost. Others who write wait meanwhile.

    Example: touchstone index rebuild
    Example: touchstone index rebuild --only listings
    """
    with opened(home) as (_folder, store), bar() as progress:
        if only is not Only.pictures:
            listings = store.rebuild_shelf(lambda number: progress.add("listings", number))
            say(f"{listings} listings are found by words and facets.")
        if only is not Only.listings:
            _rebuild_pictures(store, progress)


def _rebuild_pictures(store: Store, progress: Bar) -> None:
    from detectors import contract

    detector = contract.detector_of("image_match")
    if detector.missing:
        raise TouchstoneError(detector.missing)
    nearest = store.nearest(detector.module.fingerprint_version())
    images = nearest.rebuild(lambda number: progress.add("images", number))
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
