"""The classifier as it is served: the mean of a network (int8 on ONNX Runtime, one passage a run, one thread) and of a linear model.

A dynamically quantised graph scales its numbers by the largest in the run, so a passage that was run beside others would score a little
otherwise than alone, and by chance who stood beside it. Alone, the same words have the same score in any batch. Nothing is padded.
Weights are 7 bits wide, which no processor's 16-bit sums overflow; what is left between processors is the rounding of their float
arithmetic: `TOLERANCE`.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from detectors.reading.hashed import Linear
from detectors.reading.pieces import Pieces
from store.errors import TouchstoneError

FOLDER = Path(__file__).with_name("model")
WEIGHTS, LINEAR, VOCABULARY, FACTS = "model.onnx", "linear.npy", "vocab.txt", "model.json"
TOLERANCE = 0.05  # by which a probability may differ between processors; 0.026 at most between two orders of rounding on one (300 passages)


class Reader(Protocol):
    """What scores passages: the log-odds that it is of a suspicious listing, for each."""

    masks: bool

    def log_odds(self, texts: Sequence[str]) -> list[float]: ...

    def probability(self, log_odds: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers beside the weights: the most pieces of a passage, and the line that makes calibrated log-odds of the mean, fitted on
    sources held out."""

    most: int
    slope: float
    shift: float


class Shipped:
    """A folder as `touchstone train text` writes it."""

    masks = True

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        self.facts = Facts(**{name: json.loads((folder / FACTS).read_text("utf-8"))[name] for name in Facts.__slots__})
        self.pieces = Pieces.of(folder / VOCABULARY)
        self.linear = Linear.of(folder / LINEAR)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # more speed comes from more processes
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(folder / WEIGHTS), options, providers=["CPUExecutionProvider"])

    def log_odds(self, texts: Sequence[str]) -> list[float]:
        import numpy as np

        out = []
        for text in texts:
            ids = np.array([self.pieces.encoded(text, self.facts.most)], np.int64)
            network = float(self.session.run(None, {"input_ids": ids})[0][0])
            out.append((network + self.linear.log_odds(text)) / 2)
        return out

    def probability(self, log_odds: float) -> float:
        return _share(self.facts.slope * log_odds + self.facts.shift)


class Foreign:
    """A user's own folder with a sequence classifier of `transformers`, run by torch: `label` is what it calls a suspicious listing."""

    masks = False

    def __init__(self, folder: Path, label: str) -> None:
        try:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ImportError as error:
            raise TouchstoneError(
                f"{folder}: a folder of transformers needs `pip install 'touchstone-scanner[train]'` ({error})"
            ) from error
        torch.set_num_threads(1)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model: Any = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True).eval()
        names = {str(name): int(number) for number, name in self.model.config.id2label.items()}
        if label not in names:
            raise TouchstoneError(f"{folder}: text_model.label is '{label}'; the model's labels are {', '.join(names)}")
        self.number = names[label]

    def log_odds(self, texts: Sequence[str]) -> list[float]:
        import torch

        out = []
        for text in texts:
            with torch.no_grad():
                said = self.model(**self.tokenizer(text, truncation=True, max_length=256, return_tensors="pt")).logits[0].double()
            if len(said) == 1:
                out.append(float(said[0]))
                continue
            rest = torch.cat([said[: self.number], said[self.number + 1 :]])
            out.append(float(said[self.number] - torch.logsumexp(rest, 0)))
        return out

    def probability(self, log_odds: float) -> float:
        return _share(log_odds)


def _share(log_odds: float) -> float:
    from scipy.special import expit

    return float(expit(log_odds))


@cache
def reader(folder: str = "", sha256: str = "", label: str = "") -> Reader:
    """The model of a folder, or the shipped one. Raises TouchstoneError where the weights are not those of the digest."""
    path = Path(folder) if folder else FOLDER
    if not folder:
        return Shipped(path)
    weights = weights_of(path)
    found = digest(weights)
    if found != sha256:
        raise TouchstoneError(f"{weights}: its SHA-256 is {found}, text_model.sha256 says '{sha256}': which model is meant?")
    return Shipped(path) if (path / FACTS).is_file() else Foreign(path, label)


def weights_of(folder: Path) -> Path:
    for name in (WEIGHTS, "model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise TouchstoneError(f"{folder}: it holds no {WEIGHTS} and no model.safetensors")


@cache
def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def models() -> Mapping[str, str]:
    """SHA-256 of the shipped model's files, by name."""
    return {f"text/{name}": digest(FOLDER / name) for name in (WEIGHTS, LINEAR, VOCABULARY, FACTS)}


@cache
def processor() -> str:
    """What this process computes on, such as "x86_64 AMD EPYC 9B14"; at most 100 characters."""
    name = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass  # no such file but on Linux
    return f"{platform.machine()} {name}".strip()[:100]
