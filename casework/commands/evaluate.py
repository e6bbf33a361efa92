"""Measuring detectors on pictures of your own: how much of what is known to be there is found, and what is found that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from casework.commands.common import Folder, Json, bar, home_of, print_json, say, table
from store.config import Home
from store.errors import TouchstoneError

app = typer.Typer(no_args_is_help=True, help="Measure detectors on pictures of your own.")


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
