"""The model cards of the methods: what each model was made of, how it was measured and what it does not do, as it ships with the software; and the
measured figures of the version that made the pack, to which the cards refer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import detectors
from casework.export.gather import Material
from casework.export.parts import Part
from casework.export.rows import Row
from casework.measured import page
from store.store import Acting, Store

CARDS = {"text-model": "reading/model", "picture-model": "pictures/model"}  # name of a card → the folder below detectors/ that has it


@cache
def shipped() -> dict[str, tuple[str, str]]:
    """SHA-256 of each model file that ships with a card → (the card's name, its text)."""
    found: dict[str, tuple[str, str]] = {}
    for name, below in CARDS.items():
        folder = Path(detectors.__file__).parent / below
        card = folder / "README.md"
        for file in sorted(folder.iterdir()) if card.is_file() else ():
            if file != card:
                with file.open("rb") as data:
                    found[hashlib.file_digest(data, "sha256").hexdigest()] = name, card.read_text(encoding="utf-8")
    return found


MEASURED = "model-cards/accuracy.md"


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """A row for each method that has models: its card, by the digests of its model files, or a gap where none ships for them."""
    used = {e.method for e in m.examinations.values()} | {f.method for f in m.findings.values()} | {int(x.method) for x in m.links.values()}
    rows: list[Row] = []
    found = page() if used else None
    figures = found.read_bytes() if found else None
    if figures is not None:
        m.files[MEASURED] = figures
    elif used:
        m.gaps.append({"what": "the measured figures of the methods (docs/accuracy.md)", "why": "this copy of the software has none"})
    for number, method, _ in store.methods():
        if number not in used:
            continue
        if figures is not None:
            rows.append({"method": number, "file": MEASURED, "sha256": hashlib.sha256(figures).hexdigest()})
        if not method.models:
            continue
        cards = {shipped()[digest] for digest in method.models.values() if digest in shipped()}
        for name, text in sorted(cards):
            file = f"model-cards/{name}.md"
            m.files[file] = text.encode()
            rows.append({"method": number, "file": file, "sha256": hashlib.sha256(m.files[file]).hexdigest()})
        if not cards:
            what = f"a model card of {method.name} {method.version}"
            m.gaps.append({"method": number, "what": what, "why": "this version of the software ships none for models of these digests"})
    return {"model_cards": rows}


PART = Part("model_cards", "Model cards", ("model_cards",), gather)
