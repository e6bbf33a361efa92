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
from typing import TYPE_CHECKING, Any, Protocol

from detectors.reading.hashed import Linear
from detectors.reading.pieces import Pieces
from store.errors import TouchstoneError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).with_name("model")
WEIGHTS, LINEAR, VOCABULARY, FACTS = "model.onnx", "linear.npy", "vocab.txt", "model.json"
HEAD = "head.npy"  # what is added to the network's last layer, in a folder that `touchstone learn` wrote
LOG_ODDS = "log_odds"
STATE = "/ReduceMean_output_0"  # what the last layer weighs: the mean of the pieces' states, by the name that torch's export gives it
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
    """A folder as `touchstone train text` or `touchstone learn` writes it; with `states` it also says what its last layer weighs."""

    masks = True

    def __init__(self, folder: Path, states: bool = False) -> None:
        import numpy as np
        import onnxruntime

        self.facts = Facts(**{name: json.loads(file_of(folder, FACTS).read_text("utf-8"))[name] for name in Facts.__slots__})
        self.pieces = Pieces.of(file_of(folder, VOCABULARY))
        self.linear = Linear.of(file_of(folder, LINEAR))
        self.head = np.load(folder / HEAD, allow_pickle=False).astype(np.float64) if (folder / HEAD).is_file() else None
        self.outputs = [LOG_ODDS, STATE] if states or self.head is not None else [LOG_ODDS]
        weights = file_of(folder, WEIGHTS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # more speed comes from more processes
        options.log_severity_level = 3
        graph: Any = weights.read_bytes() + _output(STATE) if STATE in self.outputs else str(weights)
        try:
            self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library's own kinds of error have no common one
            raise TouchstoneError(f"{weights}: it cannot be opened: {str(error)[:300]}") from error

    def network(self, text: str) -> tuple[float, NDArray[Any] | None]:
        """Log-odds by the network alone, and the state [384] that its last layer weighs, where states are asked for."""
        import numpy as np

        ids = np.array([self.pieces.encoded(text, self.facts.most)], np.int64)
        said, *states = self.session.run(self.outputs, {"input_ids": ids})
        state = states[0][0].astype(np.float64) if states else None
        added = float(state @ self.head) if state is not None and self.head is not None else 0.0
        return float(said[0]) + added, state

    def log_odds(self, texts: Sequence[str]) -> list[float]:
        return [(self.network(text)[0] + self.linear.log_odds(text)) / 2 for text in texts]

    def probability(self, log_odds: float) -> float:
        return _share(self.facts.slope * log_odds + self.facts.shift)


def _output(name: str) -> bytes:
    """What, behind the bytes of a model, makes a number inside it an output too: `graph` (field 7), `output` (12), `name` (1). Of a message
    that comes twice a reader of Protocol Buffers joins the lists, so the file stays as it is and no library of ONNX is needed."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    return field(7, field(12, field(1, name.encode())))


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
    if folder and (found := folder_digest(path)) != sha256:
        raise TouchstoneError(f"{path}: its SHA-256 is {found}, text_model.sha256 says '{sha256}': which model is meant?")
    return Shipped(path) if not folder or (path / FACTS).is_file() else Foreign(path, label)


def weights_of(folder: Path) -> Path:
    for name in (WEIGHTS, "model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise TouchstoneError(f"{folder}: it holds no {WEIGHTS} and no model.safetensors")


def file_of(folder: Path, name: str) -> Path:
    """A file of a model: the folder's; of one that `touchstone learn` wrote the shipped file where it has none of its own."""
    own = folder / name
    return FOLDER / name if (folder / HEAD).is_file() and not own.is_file() else own


def folder_digest(folder: Path) -> str:
    """What `text_model.sha256` must say: the SHA-256 of the weights; of a folder that `touchstone learn` wrote that of all its files' digests,
    the shipped ones that it rests on among them. Raises TouchstoneError where there are no weights."""
    if not (folder / HEAD).is_file():
        return _sha256(weights_of(folder))
    names = sorted((HEAD, LINEAR, FACTS, WEIGHTS, VOCABULARY))
    return hashlib.sha256("".join(f"{_sha256(file_of(folder, name))}  {name}\n" for name in names).encode()).hexdigest()


@cache
def digest(path: Path) -> str:
    return _sha256(path)


def _sha256(path: Path) -> str:
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
