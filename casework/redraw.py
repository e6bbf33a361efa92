"""`touchstone verify PACK --pictures`: each drawing of a match made again from the pack's own two pictures, and compared byte by byte."""

from __future__ import annotations

from functools import cache
from typing import Any

from casework.verify import Pack


def missing() -> str:
    """One sentence that says which library is missing here to draw; "" when it can be done."""
    from detectors.pictures import drawing

    try:
        drawing.version()
    except ImportError as error:
        return f"nothing can be drawn here, since {error.name or error} is missing"
    return ""


def compare(pack: Pack) -> None:
    """Draw again what the rows of data/rows/matches.jsonl say was drawn, and add to the pack's report what came of it.

    A drawing that differs is a problem where the versions are those that its row names; where they are others, it was not checked."""
    from detectors.pictures.drawing import draw, version
    from detectors.pictures.opening import Unreadable

    here, same = version(), set()

    @cache
    def drawn(first: str, second: str) -> bytes | None:
        try:
            drawing = draw(pack.read(f"data/{first}"), pack.read(f"data/{second}"))
        except Unreadable:
            return None
        return drawing.png if drawing else None

    def one(row: dict[str, Any], where: str) -> None:
        file, first, second, made = row["file"], row["first_file"], row["second_file"], row["version"]
        if file is None:
            return
        png = drawn(first, second)
        if png == pack.read(f"data/{file}"):
            same.add(file)
        elif made != here:
            pack.report.not_checked.append(
                f"{file}: it was made with other versions and cannot be compared (the pack: {made}; here: {here})"
            )
        else:
            gives = "give another drawing" if png else "give no drawing"
            pack.problem(
                f"data/{file}", f"{first} and {second} {gives}, made again with the same versions (the pack: {made}; here: {here})", where
            )

    pack.each("matches", one)
    pack.report.checked.append(f"{len(same)} drawings of matches made again from their two pictures: the same to the byte")
