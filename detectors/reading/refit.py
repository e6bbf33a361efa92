"""Fitting the last layers of the model again, on listings that people judged: without torch, towards the model that it starts from.

What it starts from is an offset; what is fitted is how far two sets of weights move from it: those of the network's last layer, on the
state that the encoder makes of a passage, and those of the linear model, on hashed words. A logistic regression with a normal prior at "not
at all" (ridge towards the source model; Chelba and Acero, EMNLP 2004): convex, so one answer. The encoder stays as it is. As in training, every
passage of a listing has the listing's label, and the most suspicious one counts.

Judged listings are few and chosen: fitted to them alone, the model forgets what none of them has. So it is held, by as much weight as they have
together, to the probabilities that it gave to phrases of our own before (learning without forgetting; Li and Hoiem, TPAMI 2018).
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.brands import Brands
from detectors.evaluation.fit_weights import balance, effective, logistic
from detectors.reading import encoder, hashed
from detectors.reading.augment import phrases
from detectors.reading.words import passages, said
from store.errors import TouchstoneError
from store.words.records import Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

SPREADS = (1.0, 2.0, 4.0, 8.0)  # of the prior; which one is taken is decided on sellers held out
# How sure it is that log-odds mean what they meant (shift, slope). A judgement: the slope holds for listings that nobody judged, too.
MEANING = (1.0, 0.5)
LENGTH = 8.0  # about how long a state is: by it both sets of features have a length of one
PLACES = 5  # decimals that are kept of a weight

Split = Callable[[Sequence[int]], list[tuple[list[int], list[int]]]]  # numbers of listings, to (to fit on, held out) as places among them


@dataclass(frozen=True, slots=True)
class Judged:
    """A listing: its passages as the model reads them (one at least), what people said, and whose it is."""

    passages: tuple[str, ...]
    suspicious: bool
    owner: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Judged listings as features: of each passage the encoder's state [passages, 384], its hashed words (sparse, [passages, places]), what the
    model that is started from `said` (log-odds, calibrated), and its `listing`'s number."""

    judged: Sequence[Judged]
    states: Numbers
    words: Any
    said: Numbers
    listing: Numbers

    def scores(self, moved: Numbers | None = None) -> Numbers:
        """Log-odds of each listing [listings]: of its most suspicious passage."""
        import numpy as np

        out = np.full(len(self.judged), -np.inf)
        width = self.states.shape[1]
        more = 0.0 if moved is None else self.states @ moved[:width] + self.words @ moved[width:]
        np.maximum.at(out, self.listing, self.said + more)
        return out


@dataclass(frozen=True, slots=True)
class Fitted:
    """How far the weights move [states + hashed places], by which prior, and what the log-odds then mean: slope × log-odds + shift."""

    moved: Numbers
    spread: float
    slope: float
    shift: float

    def log_odds(self, rows: Rows) -> Numbers:
        return self.slope * rows.scores(self.moved) + self.shift


def rows_of(model: encoder.Shipped, judged: Sequence[Judged]) -> Rows:
    """The features of every passage; the encoder runs once for each."""
    import numpy as np

    every = [(number, text) for number, one in enumerate(judged) for text in one.passages]
    states, said = [], []
    for _, text in every:
        network, state = model.network(text)
        if state is None:
            raise TouchstoneError("the model was opened without its states")
        states.append(state / LENGTH)
        said.append(model.facts.slope * (network + model.linear.log_odds(text)) / 2 + model.facts.shift)
    words = hashed.matrix([text for _, text in every])
    return Rows(judged, np.array(states), words, np.array(said), np.array([number for number, _ in every]))


def known(model: encoder.Shipped, brands: Brands) -> Rows:
    """What the model is held to: every phrase of phrases.yml that says or denies something, or nothing, alone and behind a title, and the titles."""
    own = phrases()
    titles = [f"{goods.brand} {name}" for goods in own.goods for name in goods.models]
    told = [*own.offences, *own.denials, *own.plain, *own.innocent]
    texts = [*told, *(f"{titles[place % len(titles)]} {phrase}" for place, phrase in enumerate(told)), *titles]
    read = [said(passage) for text in texts for passage in passages(Snapshot(title=text), brands)]
    return rows_of(model, [Judged((text,), False, "") for text in read])


def fit(rows: Rows, held: Rows, which: Sequence[int], split: Split) -> Fitted:
    """Fit on the listings of those numbers, held to what was said of `held`. How strong the prior is and what the log-odds mean come from sellers held out among them; where
    none can be, the prior is the strongest and the meaning stays."""
    import numpy as np

    try:
        parts = [([which[i] for i in train], [which[i] for i in test]) for train, test in split(which)]
    except ValueError:  # a verdict has one seller only
        parts = []
    best = Fitted(np.zeros(0), SPREADS[0], 1.0, 0.0)
    least = math.inf
    moved: list[Numbers | None] = [None] * len(parts)
    for spread in SPREADS if parts else ():
        scores = np.full(len(rows.judged), np.nan)
        again = np.zeros(len(held.judged))
        for place, (train, test) in enumerate(parts):
            moved[place] = _moved(rows, held, train, spread, moved[place])
            scores[test] = rows.scores(moved[place])[test]
            again += held.scores(moved[place]) / len(parts)
        tested = [i for i in which if not math.isnan(scores[i])]
        slope, shift, loss = _meaning(scores[tested], [rows.judged[i] for i in tested], again, held.said)
        if loss < least:
            best, least = Fitted(np.zeros(0), spread, slope, shift), loss
    return Fitted(_moved(rows, held, which, best.spread), best.spread, best.slope, best.shift)


def held_out(rows: Rows, held: Rows, split: Split) -> Numbers:
    """Log-odds of each listing by a fit that its seller had no part in [listings]."""
    import numpy as np

    out = np.full(len(rows.judged), np.nan)
    for train, test in split(range(len(rows.judged))):
        out[test] = fit(rows, held, train, split).log_odds(rows)[test]
    return out


def _moved(rows: Rows, held: Rows, which: Sequence[int], spread: float, start: Numbers | None = None) -> Numbers:
    """By how much each weight moves. Every seller counts alike within a verdict, a listing's passages share its weight, and what is `held`
    to weighs as much as all of them."""
    import numpy as np
    from scipy.sparse import vstack
    from scipy.special import expit

    labels, owners = [rows.judged[i].suspicious for i in which], [rows.judged[i].owner for i in which]
    each = np.zeros(len(rows.judged))
    each[list(which)] = balance(labels, owners) * effective(labels, owners) / [len(rows.judged[i].passages) for i in which]
    used = np.flatnonzero(each[rows.listing])
    words = vstack([rows.words[used], held.words], format="csr")
    columns = np.flatnonzero(words.getnnz(axis=0))  # what no passage has stays where it is
    width = rows.states.shape[1]
    kept = np.concatenate([np.arange(width), width + columns])
    out = np.zeros(width + rows.words.shape[1])
    truth = np.concatenate([[float(rows.judged[i].suspicious) for i in rows.listing[used]], expit(held.said)])
    counted = np.concatenate([each[rows.listing[used]], np.full(len(held.said), each.sum() / max(1, len(held.said)))])
    states, offset = np.vstack([rows.states[used], held.states]), np.concatenate([rows.said[used], held.said])
    begin = np.zeros(len(kept)) if start is None else start[kept]
    out[kept] = _ridge(states, words[:, columns], offset, truth, counted, spread, begin)
    return out


def _ridge(states: Numbers, words: Any, offset: Numbers, truth: Numbers, counted: Numbers, spread: float, start: Numbers) -> Numbers:
    """Coefficients of a logistic regression on both sets of features behind an offset, each with a normal prior at 0; `truth` lies between 0 and
    1. There is no intercept: verdicts of like weight are what the probability is said of.

    Newton's method with conjugate gradients in a trust region (Steihaug, 1983): thousands of coefficients, of which no table of
    products is made. Convex: `start` changes how long it takes, and the answer in no decimal that is kept.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    width, across = states.shape[1], words.T.tocsr()

    def times(w: Numbers) -> Numbers:
        out: Numbers = states @ w[:width] + words @ w[width:]
        return out

    def back(each: Numbers) -> Numbers:
        return np.concatenate([each @ states, across @ each])

    def loss(w: Numbers) -> tuple[float, Numbers]:
        odds = offset + times(w)
        value = float((counted * (np.logaddexp(0, odds) - truth * odds)).sum() + 0.5 * (w @ w) / spread**2)
        return value, w / spread**2 + back(counted * (expit(odds) - truth))

    def curved(w: Numbers, along: Numbers) -> Numbers:
        share = expit(offset + times(w))
        out: Numbers = back(counted * share * (1 - share) * times(along)) + along / spread**2
        return out

    found = minimize(loss, start, jac=True, hessp=curved, method="trust-ncg", options={"gtol": 1e-6, "maxiter": 500})
    return np.asarray(found.x)


def _meaning(scores: Numbers, judged: Sequence[Judged], again: Numbers, before: Numbers) -> tuple[float, float, float]:
    """(slope, shift, log loss of the judged): what log-odds mean once weights have moved, the meaning that they had being the prior (Platt,
    1999). What the model is held to counts as much as what was judged: it scores `again` so and meant `before`."""
    import numpy as np
    from scipy.special import expit

    labels, owners = [one.suspicious for one in judged], [one.owner for one in judged]
    weights, share, number = balance(labels, owners), expit(before), max(1, len(before))
    every = np.concatenate([scores, again, again])
    shift, slope = logistic(
        np.column_stack([np.ones(len(every)), every]), [*labels, *[True] * len(again), *[False] * len(again)],
        np.concatenate([weights, share / number, (1 - share) / number]) / (1 + bool(len(before))),
        prior=np.array([0.0, 1.0]), spread=np.array(MEANING), bounds=[(-math.inf, math.inf), (0.01, math.inf)],
        rows=(1 + bool(len(before))) * effective(labels, owners),
    )  # fmt: skip
    sign = np.where(labels, 1.0, -1.0)
    return float(slope), float(shift), float(weights @ np.logaddexp(0, -sign * (slope * scores + shift)))


def write(folder: Path, model: encoder.Shipped, started: Path, fitted: Fitted) -> None:
    """The folder's weights: what moved, as numbers of states and of hashed places, and no text. `started` is the folder of the model
    that was started from; an encoder of its own is copied, the shipped one is not."""
    import numpy as np

    states = fitted.moved.shape[0] - hashed.PLACES
    if model.facts.slope <= 0:
        raise TouchstoneError(f"{started}: its {encoder.FACTS} has a slope that is not above 0")
    by = 2 / model.facts.slope  # the mean of both, times the slope, is what was fitted
    head = (model.head if model.head is not None else np.zeros(states)) + by / LENGTH * fitted.moved[:states]
    linear = model.linear.weights.astype(np.float64)
    linear[: hashed.PLACES] += by * fitted.moved[states:]
    np.save(folder / encoder.HEAD, np.round(head, PLACES))
    np.save(folder / encoder.LINEAR, np.round(linear, PLACES).astype(np.float32))
    slope, shift = fitted.slope * model.facts.slope, fitted.slope * model.facts.shift + fitted.shift
    facts = {"most": model.facts.most, "slope": round(slope, PLACES), "shift": round(shift, PLACES)}
    (folder / encoder.FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    for name in (encoder.WEIGHTS, encoder.VOCABULARY):
        if encoder.file_of(started, name).parent != encoder.FOLDER:
            shutil.copyfile(started / name, folder / name)
