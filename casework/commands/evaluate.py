"""Measuring detectors on pictures of your own: how much of what is known to be there is found, and what is found that is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from casework.commands.common import Folder, Json, bar, home_of, print_json, say, table
from store.errors import TouchstoneError

app = typer.Typer(no_args_is_help=True, help="Measure detectors on pictures of your own.")


@app.command("words")
def evaluate_words(
    photos: Annotated[Path, typer.Argument(help="A folder of photographs without phone numbers in them.")],
    overlays: Annotated[int, typer.Option(min=1, help="Photographs that words are written into.")] = 100,
    without: Annotated[int, typer.Option(min=1, help="Photographs that are left as they are.")] = 100,
    fonts: Annotated[Path | None, typer.Option(help="A folder of TrueType fonts instead of Debian's fonts-dejavu-core.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed writes other words elsewhere.")] = 2026,
    json: Json = False,
    home: Folder = None,
) -> None:
    """How well words in pictures are read: known ones are written into photographs and looked for; and what is found in those without.

    Example: touchstone evaluate words photos --json
    """
    from detectors import contract
    from detectors.brands import read_brands
    from detectors.evaluation.overlays import Parameters
    from detectors.evaluation.words import measure, photos_of

    detector = contract.detector_of("picture_words")
    if detector.missing:
        raise TouchstoneError(detector.missing)
    folder = home_of(home)
    settings = contract.read_settings(folder.file("detectors.yml"), contract.discover().values())
    parameters = Parameters(seed=seed)
    if fonts:
        parameters = Parameters(fonts=tuple(str(p) for p in sorted(fonts.glob("*.[ot]tf"))), seed=seed)
    missing = [font for font in parameters.fonts if not Path(font).exists()]
    if missing or not parameters.fonts:
        raise TouchstoneError(f"no font {', '.join(missing) or fonts}: `apt-get install fonts-dejavu-core`, or --fonts FOLDER")
    brands = read_brands(folder.configs("brands"))
    try:
        with bar() as progress:
            said = measure(
                photos_of(photos), settings["picture_words"], brands, settings["text_terms"], overlays=overlays, without=without,
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
