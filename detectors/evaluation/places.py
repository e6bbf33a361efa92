"""How well `same_place` tells one place from another, on pairs that somebody labelled: `touchstone evaluate places CSV --photos DIR`.

The CSV has a pair a row: half (tune, report), label (same, other), first, second (files under DIR). Only one half is reported on; thresholds
are to be chosen on the other.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.evaluation.figures import interval
from store.errors import TouchstoneError

COLUMNS = ("half", "label", "first", "second")


@dataclass(frozen=True, slots=True)
class Pair:
    same: bool
    first: Path
    second: Path


def pairs_of(table: Path, photos: Path, half: str) -> list[Pair]:
    """The labelled pairs of one half. Raises TouchstoneError naming file and line for what is missing."""
    found = []
    with table.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
            raise TouchstoneError(f"{table}:1: column {', '.join(missing)} is missing")
        for row in reader:
            if row["half"] != half:
                continue
            if row["label"] not in ("same", "other"):
                raise TouchstoneError(f"{table}:{reader.line_num}: label '{row['label']}' is neither same nor other")
            paths = [photos / row[column] for column in ("first", "second")]
            for path in paths:
                if not path.is_file():
                    raise TouchstoneError(f"{table}:{reader.line_num}: there is no picture {path}")
            found.append(Pair(row["label"] == "same", *paths))
    if not found:
        raise TouchstoneError(f"{table}: no pair is of the half '{half}'")
    return found


def measure(pairs: Sequence[Pair], settings: Any, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Precision and recall of the detector on these pairs, each with its 95 % interval (Wilson)."""
    from detectors import same_place

    taken: dict[Path, tuple[str, dict[str, Any]]] = {}

    def prints(path: Path) -> tuple[str, dict[str, Any]]:
        if path not in taken:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            taken[path] = sha256, {one.algorithm: one for one in same_place.fingerprint(sha256, data)}
        return taken[path]

    said: list[tuple[bool, bool]] = []
    for done, pair in enumerate(pairs, 1):
        (_, first), (_, second) = sorted((prints(pair.first), prints(pair.second)), key=lambda each: each[0])
        said.append((pair.same, same_place.compare(first, second, settings) is not None))
        if progress:
            progress(done, len(pairs))
    right, wrong = sum(same and found for same, found in said), sum(found and not same for same, found in said)
    same = sum(pair.same for pair in pairs)
    return {
        "pairs": len(pairs), "same": same, "found": right, "wrong": wrong,
        "precision": right / max(1, right + wrong), "precision_interval": interval(right, right + wrong),
        "recall": right / max(1, same), "recall_interval": interval(right, same),
    }  # fmt: skip
