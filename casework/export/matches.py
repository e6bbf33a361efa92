"""The drawings of a pack: what a finding says of two pictures, drawn from their bytes, so that others can draw it again and compare."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from casework.export.gather import Material
from casework.export.rows import Row
from detectors import image_match
from detectors.pictures.drawing import LIBRARIES, Drawing, draw
from detectors.pictures.opening import Unreadable
from store.findings import KeptFinding
from store.words.records import Method, Pointer


def write_matches(methods: Mapping[int, Method], m: Material, files: Mapping[str, str | None], folder: Path) -> list[Row]:
    """Write matches/; a row for each finding that two pictures match. `files`: where pictures lie in the pack, by digest.

    Two findings of one pair share the drawing. A row without one says why in its note, and so do the gaps."""
    rows: list[Row] = []
    drawn: dict[tuple[str, str], tuple[str, Drawing | None, str]] = {}  # both digests → file, drawing, why there is none
    for f, pointer in m.compared():
        pair = first, second = m.sha256(f.subject), str(pointer.detail["sha256"])
        row: Row = {
            "finding": f.id, "other": pointer.other, "first": first, "first_file": files.get(first), "second": second,
            "second_file": files.get(second), "same_file": first == second, "file": None, "sha256": None, "version": "", "note": "",
        }  # fmt: skip
        rows.append(row)
        if row["same_file"]:
            continue
        apart = _apart(pointer, m)
        if not apart and pair not in drawn:
            name = f"matches/finding-{f.id}.png"
            drawn[pair] = (name, *_drawn(row, folder, name))
        file, drawing, why = ("", None, apart) if apart else drawn[pair]
        if drawing is None:
            row["note"] = why
            m.gaps.append({"finding": f.id, "what": f"the drawing of the match of finding {f.id}", "why": why})
        else:
            row |= {"file": file, "sha256": hashlib.sha256(drawing.png).hexdigest(), "version": drawing.version}
            row["note"] = _note(f, pointer, methods[f.method], drawing)
    return rows


def _apart(pointer: Pointer, m: Material) -> str:
    """Why the other picture may not be in this pack; "" where it may."""
    kind, _, number = pointer.other.partition(":")
    if kind == "reference":
        return "" if int(number) in m.references else f"reference {number} was removed from the reference log"
    beside = m.beside.get(int(number))
    if int(number) in m.pictures or (beside is not None and beside.sha256):
        return ""
    return f"picture {number} would go into a pack only with its listing, as an exhibit of its own"


def _drawn(row: Row, folder: Path, name: str) -> tuple[Drawing | None, str]:
    """The drawing, written; or None, and why."""
    if None in (row["first_file"], row["second_file"]):
        return None, "the bytes of one of the two pictures are not in the pack"
    try:
        drawing = draw(*((folder / row[file]).read_bytes() for file in ("first_file", "second_file")))
    except Unreadable as error:
        return None, f"one of the two pictures cannot be opened: {error}"
    except ImportError as error:
        return None, f"the machine that made the pack lacks a library that draws it: {error.name or error}"
    if drawing is None:
        return None, "nothing agrees in the two pictures for the code and libraries that made the pack: they are others than the finding's"
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(drawing.png)
    return drawing, ""


def _note(f: KeptFinding, pointer: Pointer, method: Method, drawing: Drawing) -> str:
    """In words, what the drawing was made with that the finding was not, and where they say different things; else ""."""
    from importlib.metadata import version

    then = {f.method_name: method.version, **{name: v for name, v in method.settings.get("libraries", {}).items() if name in LIBRARIES}}
    now = {f.method_name: image_match.VERSION, **{name: version(name) for name in LIBRARIES}}
    said = [f"the finding was made with {name} {v}, the drawing with {now[name]}" for name, v in then.items() if v != now[name]]
    if (counted := pointer.detail.get("inliers")) != drawing.match.inliers:
        said.append(f"the finding counts {counted} places that agree, the drawing {drawing.match.inliers}")
    return "; ".join(said)
