"""The network as it is fitted, in torch: MiniLM-L6 (Wang et al., NeurIPS 2020), its lower layers left as they are, one number at the end.

Only `touchstone train text` imports this. The frozen layers are computed once for each passage and their states kept, so that folds that
share passages share that work, and a fold takes a minute of one core in place of ten.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from detectors.reading.augment import Passage
from detectors.reading.pieces import Pieces

FROZEN = 4  # of six layers
MOST = 64  # pieces of a passage
EPOCHS, BATCH, RATE, HEAD_RATE, SMOOTH, DECAY, WARM = 2, 32, 1e-4, 1e-3, 0.05, 0.01, 0.1
WEIGHTS = "model.safetensors"

Progress = Callable[[int, int], None]


def threads(number: int = 1) -> None:
    torch.set_num_threads(number)


class Base:
    """The folder of a pretrained BERT (config.json, model.safetensors, vocab.txt) and the states of its frozen layers, by passage."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel

        self.folder = folder
        self.body: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        self.pieces = Pieces.of(folder / "vocab.txt")
        self.states: dict[str, torch.Tensor] = {}

    @property
    def width(self) -> int:
        return int(self.body.config.hidden_size)

    @torch.no_grad()
    def read(self, texts: Iterable[str], progress: Progress | None = None) -> None:
        """Keep the state [pieces, width] of each text after the frozen layers, in half precision."""
        new = sorted(((self.pieces.encoded(text, MOST), text) for text in set(texts) - self.states.keys()), key=lambda each: len(each[0]))
        for at in range(0, len(new), 64):
            part = new[at : at + 64]
            ids, mask = _padded([ids for ids, _ in part])
            states = _through(self.body.encoder.layer[:FROZEN], self.body.embeddings(input_ids=ids), mask).half()
            for (own, text), state in zip(part, states, strict=True):
                self.states[text] = state[: len(own)].clone()
            if progress:
                progress(at + len(part), len(new))

    def batch(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        states = [self.states[text] for text in texts]
        most = max(len(state) for state in states)
        out, mask = torch.zeros(len(states), most, self.width), torch.zeros(len(states), most)
        for place, state in enumerate(states):
            out[place, : len(state)] = state.float()
            mask[place, : len(state)] = 1
        return out, mask


class Top(nn.Module):
    """The layers that are fitted, the mean over pieces, and the log-odds that the passage is of a suspicious listing."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.layers = nn.ModuleList(copy.deepcopy(layer) for layer in base.body.encoder.layer[FROZEN:])
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(base.width, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = _through(self.layers, states, mask)
        weight = mask.unsqueeze(-1)
        mean: torch.Tensor = (states * weight).sum(1) / weight.sum(1)
        said: torch.Tensor = self.head(self.drop(mean)).squeeze(-1)
        return said


class Whole(nn.Module):
    """Everything, for one passage without padding: `input_ids` [1, pieces] to log-odds [1]."""

    def __init__(self, base: Base, top: Top) -> None:
        super().__init__()
        self.embeddings = base.body.embeddings
        self.layers = nn.ModuleList([*base.body.encoder.layer[:FROZEN], *top.layers])
        self.head = top.head

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        states = self.embeddings(input_ids=input_ids)
        for layer in self.layers:
            said = layer(states)
            states = said[0] if isinstance(said, tuple) else said
        out: torch.Tensor = self.head(states.mean(1)).squeeze(-1)
        return out


def fit(base: Base, passages: Sequence[Passage], seed: int = 1) -> Top:
    """Fit the upper layers: AdamW, rate rising over a tenth of the steps and falling to nothing, both labels of one weight."""
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311  # an order, no secret
    top, size = Top(base).train(), len(passages)
    truth = torch.tensor([float(passage.suspicious) for passage in passages])
    share = float(truth.mean())
    weights = torch.where(truth > 0.5, torch.tensor((1 - share) / share), torch.tensor(1.0))
    parameters: list[dict[str, Any]] = [{"params": top.layers.parameters()}, {"params": top.head.parameters(), "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-size // BATCH)
    rising = WARM * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, (step + 1) / rising) * max(0, (steps - step) / steps))
    loss_of = nn.functional.binary_cross_entropy_with_logits
    for _ in range(EPOCHS):
        for batch in _batches([len(base.states[passage.words]) for passage in passages], chance):
            said = top(*base.batch([passages[place].words for place in batch]))
            loss: Any = loss_of(said, truth[batch] * (1 - 2 * SMOOTH) + SMOOTH, weight=weights[batch])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(top.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return top.eval()


@torch.no_grad()
def log_odds(base: Base, top: Top, texts: Iterable[str]) -> Mapping[str, float]:
    """The log-odds of each text whose states are kept."""
    every = sorted(set(texts), key=lambda text: len(base.states[text]))
    out: dict[str, float] = {}
    for at in range(0, len(every), 64):
        part = every[at : at + 64]
        out.update(zip(part, top(*base.batch(part)).tolist(), strict=True))
    return out


def export(base: Base, top: Top, folder: Path, calibration: Sequence[str]) -> float:
    """Write the whole as int8 ONNX (per channel, 7 bits wide) and as fp32 safetensors beside it; the greatest difference in log-odds
    between the two over the calibration texts."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors.torch import save_file

    from detectors.reading.encoder import WEIGHTS as SERVED

    whole = Whole(base, top).eval()
    save_file({name: value.contiguous() for name, value in whole.state_dict().items()}, str(folder / WEIGHTS))
    plain = folder / "fp32.onnx"
    example = torch.tensor([base.pieces.encoded("brand air max 90", MOST)])
    torch.onnx.export(
        whole, (example,), str(plain), input_names=["input_ids"], output_names=["log_odds"], dynamic_axes={"input_ids": {1: "pieces"}},
        dynamo=False,
    )  # fmt: skip
    quantize_dynamic(str(plain), str(folder / SERVED), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    plain.unlink()
    session = onnxruntime.InferenceSession(str(folder / SERVED), providers=["CPUExecutionProvider"])
    apart = 0.0
    for text in calibration:
        ids = base.pieces.encoded(text, MOST)
        with torch.no_grad():
            exact = float(whole(torch.tensor([ids]))[0])
        apart = max(apart, abs(exact - float(session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0])))
    return apart


def _padded(ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    most = max(map(len, ids))
    out, mask = torch.zeros(len(ids), most, dtype=torch.long), torch.zeros(len(ids), most)
    for place, own in enumerate(ids):
        out[place, : len(own)] = torch.tensor(own)
        mask[place, : len(own)] = 1
    return out, mask


def _through(layers: Iterable[Any], states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    hidden = (1 - mask[:, None, None, :]) * -1e9
    for layer in layers:
        said = layer(states, hidden)
        states = said[0] if isinstance(said, tuple) else said
    return states


def _batches(lengths: Sequence[int], chance: random.Random) -> list[list[int]]:
    """Batches of passages of like length, in a drawn order."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    wide = BATCH * 16
    order = [place for at in range(0, len(order), wide) for place in sorted(order[at : at + wide], key=lambda place: lengths[place])]
    out = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    chance.shuffle(out)
    return out
