"""Measuring detectors and the score on data of your own: how much of what is known to be there is found, and what is found that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casework.commands.common import By, Folder, Json, bar, home_of, opened, person, print_json, say, table
from store.config import Home
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from detectors.evaluation.text import OutOfFold
    from detectors.text_model import Settings as TextModel

app = typer.Typer(no_args_is_help=True, help="Measure detectors and the score on data of your own.")


def _settings(name: str, home: Home) -> dict[str, Any]:
    """Every detector's settings. Raises TouchstoneError where the one of that name cannot run here."""
    from detectors import contract

    if missing := contract.detector_of(name).missing:
        raise TouchstoneError(missing)
    return contract.read_settings(home.file("detectors.yml"), contract.discover().values())


@app.command("images")
def evaluate_images(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs; each is edited in 22 ways and looked for.")],
    calibrate: Annotated[
        Path | None,
        typer.Option(help="Other photographs, for thresholds (one half) and as distractors (the other); without, PHOTOS is halved."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Edit only so many of each set: quicker, with wider intervals.")] = None,
    rate: Annotated[float, typer.Option(help="The false-match rate of the table: 1e-4, 1e-5 or 1e-6.")] = 1e-5,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(help="Another seed draws other crops, frames and captions.")] = 1,
    json: Json = False,
    home: Folder = None,
) -> None:
    """How many edited copies of photographs are found, at stated rates of false matches, beside plain pHash and PDQ.

    Thresholds are taken from other photographs than those reported on. Some 0.3 seconds of one core for each edited photograph.
    Example: touchstone evaluate images photos --workers 2
    Example: touchstone evaluate images photos/test --calibrate photos/validation --json
    """
    from detectors.evaluation.images import METHODS, RATES, evaluate, rows

    if rate not in RATES:
        raise TouchstoneError(f"--rate is one of {', '.join(f'{each:.0e}' for each in RATES)}")
    settings = _settings("image_match", home_of(home))["image_match"]
    with bar() as progress:
        said = evaluate(photos, calibrate, settings=settings, seed=seed, limit=limit, workers=workers, progress=progress)
    if json:
        print_json(said)
        return
    at = f"{rate:.0e}"
    table(
        f"Recall at a false-match rate of {at}: {said['originals']} originals among {said['searched']}, {said['pairs']:,} false pairs",
        ("edit", *METHODS, "candidates"),
        list(rows(said, at)),
        "Nothing was edited.",
    )
    for name, (what, _) in METHODS.items():
        method = said["methods"][name]
        say(f"{name}: {what}; threshold {method['thresholds'][at]:g}, {method['false_matches'][at]} false matches.")
    shipped = said["shipped"]
    say(
        f"As configured ({said['settings']['photograph']['inliers']} places): mean recall {shipped['mean_recall']:.3f}, {shipped['false_matches']} false."
    )


@app.command("places")
def evaluate_places(
    pairs: Annotated[Path, typer.Argument(help="A CSV of labelled pairs: half, label (same or other), first, second.")],
    photos: Annotated[Path, typer.Option(help="The folder that `first` and `second` are seen from.")],
    half: Annotated[str, typer.Option(help="Which half is reported on.")] = "report",
    json: Json = False,
    home: Folder = None,
) -> None:
    """How well pictures of one place are told from pictures of two, on pairs that somebody labelled by eye.

    Example: touchstone evaluate places pairs.csv --photos photos
    """
    from detectors.evaluation.places import measure, pairs_of

    settings = _settings("same_place", home_of(home))["same_place"]
    labelled = pairs_of(pairs, photos, half)
    with bar() as progress:
        said = measure(labelled, settings, progress=lambda done, total: progress("pairs", done, total))
    if json:
        print_json(said)
        return
    say(f"{said['pairs']} pairs, {said['same']} of one place.")
    for name, of in (("precision", said["found"] + said["wrong"]), ("recall", said["same"])):
        low, high = said[f"{name}_interval"]
        say(f"{name} {said[name]:.3f} ({said['found']} of {of}; 95 % interval {low:.3f} to {high:.3f})")


@app.command("words")
def evaluate_words(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs without phone numbers in them.")],
    overlays: Annotated[int, typer.Option(min=1, help="Photographs that words are written into.")] = 100,
    without: Annotated[int, typer.Option(min=1, help="Photographs that are left as they are.")] = 100,
    fonts: Annotated[Path | None, typer.Option(help="A folder of TrueType fonts instead of Debian's fonts-dejavu-core.")] = None,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="Write across edges too, where words may be hard to see: harder.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed writes other words elsewhere.")] = 2026,
    json: Json = False,
    home: Folder = None,
) -> None:
    """How well words in pictures are read: known ones are written into photographs and looked for; and what is found in those without.

    Example: touchstone evaluate words photos --json
    """
    from detectors.brands import read_brands
    from detectors.evaluation.figures import photographs
    from detectors.evaluation.overlays import Parameters
    from detectors.evaluation.words import measure

    folder = home_of(home)
    settings = _settings("picture_words", folder)
    parameters = Parameters(seed=seed, tries=1) if anywhere else Parameters(seed=seed)
    if fonts:
        parameters = replace(parameters, fonts=tuple(str(p) for p in sorted(fonts.glob("*.[ot]tf"))))
    missing = [font for font in parameters.fonts if not Path(font).exists()]
    if missing or not parameters.fonts:
        raise TouchstoneError(f"no font {', '.join(missing) or fonts}: `apt-get install fonts-dejavu-core`, or --fonts FOLDER")
    brands = read_brands(folder.configs("brands"))
    try:
        with bar() as progress:
            said = measure(
                photographs(photos, 1), settings["picture_words"], brands, settings["text_terms"], overlays=overlays, without=without,
                parameters=parameters, progress=lambda done, total: progress("photographs", done, total),
            )  # fmt: skip
    except ValueError as error:
        raise TouchstoneError(f"{photos}: {error}") from error
    if json:
        print_json(said)
        return
    _show(said)


def _heard(paths: list[Path], settings: TextModel, only: str) -> OutOfFold:
    from detectors.evaluation.text import OutOfFold
    from detectors.reading.encoder import reader

    own = reader(settings.folder, settings.sha256, settings.label)
    return OutOfFold(paths, "text_model", settings.at_least, own.probability, description=only != "title")


@app.command("text")
def evaluate_text(
    file: Annotated[
        Path, typer.Argument(help="A CSV of listings: id, title, description, price, currency, brand, category, source, label.")
    ],
    prices: Annotated[Path | None, typer.Option(help="Prices to compare with: a CSV as for `reference add --prices`.")] = None,
    prices_from: Annotated[
        str, typer.Option(help="Make the price table of half of this source's ordinary rows, and report on the others: a proxy.")
    ] = "",
    fit: Annotated[
        bool, typer.Option("--fit", help="Fit weights, levels and meaning on the file, and report on what was held out.")
    ] = False,
    by: Annotated[str, typer.Option(help="What is held out: seller or source (default: seller where there are sellers).")] = "",
    row_split: Annotated[bool, typer.Option("--row-split", help="Also split by rows, to print by how much that flatters.")] = False,
    out_of_fold: Annotated[
        list[Path] | None,
        typer.Option(help="What text_model said of rows it was not trained on: a CSV of `train text --held-out`."),
    ] = None,
    only: Annotated[str, typer.Option(help="Read the title alone, words alone, or all.")] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="So many rows of each source, drawn by a hash.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write id, score, level, reasons and what was not examined here.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Draw reliability and precision against recall into this folder.")] = None,
    write: Annotated[Path | None, typer.Option(help="Put the tables into this page, between the marks of the section.")] = None,
    section: Annotated[
        str, typer.Option(help="The section of that page: its marks are `<!-- SECTION: begin -->` and `… end -->`.")
    ] = "evaluate text",
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Name sources by label and number of rows only.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    json: Json = False,
    home: Folder = None,
) -> None:
    """What the detectors of words and prices find in labelled listings, and what the score makes of it, at stated prevalences.

    Any cell of the CSV may be empty; label is suspicious, ordinary or empty, and without labels there are no figures. Also read: condition,
    kind, seller, place. Nothing is fitted without --fit. Some 6 milliseconds of one core a listing.
    Example: touchstone evaluate text listings.csv --prices prices.csv --predictions scored.csv
    Example: touchstone evaluate text listings.csv --fit --prices-from shop --plots pictures --write accuracy.md
    """
    from detectors.evaluation import plots as drawing
    from detectors.evaluation import text, written
    from detectors.evaluation.listings import read
    from detectors.evaluation.weighing import measure
    from store.executors import InlineExecutor, PoolExecutor

    if prices and prices_from:
        raise TouchstoneError("give --prices or --prices-from, not both")
    if by not in ("", "seller", "source"):
        raise TouchstoneError(
            f"--by is seller or source, not '{by}'; a split by rows flatters and is refused (--row-split shows by how much)"
        )
    if plots:
        drawing.check()
    every = read(file)
    if not every:
        raise TouchstoneError(f"{file}: there is no row below the header")
    folder = home_of(home)
    use, rows = text.prepared(folder, every, prices=prices, prices_from=prices_from, limit=limit)
    rows = text.only(rows, only)
    heard = _heard(out_of_fold, use.settings["text_model"], only) if out_of_fold else None
    with bar() as progress, PoolExecutor(workers) if workers > 1 else InlineExecutor() as executor:
        seen = text.examine(rows, use, executor, progress=lambda done, total: progress("listings", done, total))
        said = measure(
            seen, use.policy, refit=fit, by=by, row_split=row_split, out_of_fold=heard,
            progress=lambda done, total: progress("held out", done, total),
        )  # fmt: skip
    if predictions:
        text.write_predictions(predictions, seen, use.policy)
    notes = text.notes(use, prices_from, fit)
    said = {"file": file.name, "notes": notes, **said}
    if anonymous:
        names = written.anonymous(text.sources_of(every))
        said = written.renamed(
            {**said, "notes": [note.replace(prices_from, names[prices_from]) for note in notes] if prices_from else notes}, names
        )
    if plots and said["figures"]:
        drawing.draw(plots, said["figures"])
    if write:
        written.put(write, section, written.markdown(said, said["notes"]))
    if json:
        print_json(said)
        return
    say(written.about(said))
    for note in said["notes"]:
        say(note)
    for each in written.tables(said):
        table(each.title, each.header, list(each.rows), "Nothing to show.")


@app.command("score")
def evaluate_score(by: By = "", json: Json = False, home: Folder = None) -> None:
    """How often people confirmed what was flagged: by level and by reason, with whole sellers drawn again or held out.

    Each listing by its newest judgement and the flag that was judged. What nobody judged is not in it, so it says nothing of what is missed.
    Example: touchstone evaluate score --json
    """
    from casework.judgements import judged_flags
    from detectors.evaluation.judged import measure
    from detectors.score import read_policy

    with opened(home) as (folder, store):
        judged, without = judged_flags(store, person(store, folder, by))
        said = {**measure(judged, read_policy(folder.file("flags.yml")).calibration), "without_flag": without}
    if json:
        print_json(said)
        return
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in said["verdicts"].items())
    say(f"{said['judged']} judged flags ({verdicts}) of {said['sellers']} known sellers; {without} listings were judged without a flag.")
    if not said["judged"]:
        return
    if said["few"]:
        say(f"Few judgements: {said['few']}.")
    rows = [(f"{level} or above", said["at_or_above"][level]) for level in said["at_or_above"]]
    rows += [(f"only {level}", each) for level, each in said["at"].items()]
    rows += [(f"reason {reason}", each) for reason, each in said["reasons"].items()]
    table(
        "Confirmed by a person, of what was judged",
        ("what", "yes", "of", "per cent (95 %)", "with sellers drawn again"),
        [_confirmed(*row) for row in rows],
        "None.",
    )
    if said["auc"]:
        say(
            f"A flag that was confirmed has the higher score in {said['auc']['rate']:.1%} of pairs ({said['auc']['low']:.1%} to {said['auc']['high']:.1%})."
        )
    for name, error in (said["meaning"] or {}).get("ece", {}).items():
        say(f"Calibration error on held-out sellers, meaning as {name}: {error:.3f}.")


def _confirmed(what: str, each: dict[str, Any]) -> tuple[Any, ...]:
    from detectors.evaluation.written import percent

    return what, each["found"], each["of"], percent(each), f"{100 * each['low_by_seller']:.1f}–{100 * each['high_by_seller']:.1f}"


def _show(said: dict[str, Any]) -> None:
    rows = [
        (kind, share["found"], share["of"], f"{share['rate']:.1%}", f"{share['low']:.1%}–{share['high']:.1%}")
        for kind, share in said["recall"].items()
    ]
    rows += [
        (f"phone, {key}", share["found"], share["of"], f"{share['rate']:.1%}", f"{share['low']:.1%}–{share['high']:.1%}")
        for shares in said["phones_by"].values()
        for key, share in shares.items()
    ]
    table(f"Found of what was written ({said['engine']})", ("what", "found", "of", "share", "95 % interval"), rows, "Nothing was written.")
    false = said["false"]
    say(
        f"{said['without']} photographs without words: {false['contacts_without']} contacts and {false['grades_without']} grade words found."
    )
    say(f"{said['overlays']} with words: {false['wrong_contacts_beside_overlays']} contacts found that nobody wrote (misread ones).")
    say(f"{said['cpu_seconds_per_image']:.2f} seconds of one core an image, {1 / said['cpu_seconds_per_image']:.1f} images a second.")
