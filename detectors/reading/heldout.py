"""How well words tell copies from ordinary listings of sources that were not trained on: leave-one-pair-out, for each method.

Each suspicious source is held out with each ordinary one, everything is fitted on the others (`detectors.evaluation.listings.pairs`), and
what the fit says of the pair is kept. A listing's log-odds are those of its title, or of the more suspicious of title and description.
With price and brand, the log-odds of the price are added: how far it lies below what that brand and kind of goods fetch, in ordinary
rows of the fold, neutral where price, currency, brand or its reference is missing.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from detectors.brands import Brands
from detectors.evaluation.fit_weights import balance, logistic
from detectors.evaluation.listings import Row, pairs
from detectors.reading import words
from detectors.reading.augment import Passage, passages
from detectors.reading.hashed import fit as fit_hashed
from store.errors import TouchstoneError

TOKENS = r"\S+"
NOTHING = -20.0  # log-odds of a passage that is not there: the other one counts
COLUMNS = ("suspicious", "ordinary", "source", "id", "label", "title", "description", "price")
EUROS = {"EUR": 1.0, "GBP": 1.16, "USD": 0.85, "INR": 0.0114}  # of one unit, in 2021, roughly: prices of copies and goods differ tenfold

Scores = Mapping[str, float]
Facts = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a fold's fit says of one row that it did not see: log-odds of its title, of its description (NOTHING where there is none), and
    of its price (0 where that is not known)."""

    suspicious: str
    ordinary: str
    source: str
    id: str
    label: str
    title: float
    description: float
    price: float

    @property
    def truth(self) -> bool:
        return self.label == "suspicious"

    def score(self, variant: str) -> float:
        both = max(self.title, self.description)
        return {"title": self.title, "description": both, "price": both + self.price}[variant]


class Method(Protocol):
    """Fits on passages and says the log-odds of texts."""

    def __call__(self, train: Sequence[Passage], texts: Sequence[str]) -> Scores: ...


def reads(brands: Brands | None) -> Callable[[str, str], str]:
    """A title or description, with the listing's brand field, to the words as the model sees them; each is read once."""
    from store.words.records import Snapshot

    @cache
    def read(text: str, brand: str) -> str:
        return " ".join(words.said(passage) for passage in words.passages(Snapshot(title=text, brand=brand), brands))

    return read


def run(
    rows: Sequence[Row], methods: Mapping[str, Method], brands: Brands, *, most: int = 4000, most_test: int = 2000, made: float = 0.5,
    masked: bool = True, seed: int = 1, each: Callable[[str, str, str, list[Predicted]], None] | None = None,
) -> dict[str, list[Predicted]]:  # fmt: skip
    """Every fold by every method; `each` is told (method, suspicious, ordinary, its predictions) as they come."""
    read, facts = reads(brands if masked else None), facts_of(brands)
    out: dict[str, list[Predicted]] = {name: [] for name in methods}
    for fold in pairs(rows, most, most_test, seed):
        train = passages(fold.train, read, made=made, seed=seed)
        prices = Prices(fold.train, facts)
        titles = [read(row.title, row.brand) for row in fold.test]
        told = [read(row.description[: words.LONGEST], row.brand) for row in fold.test]
        texts = sorted({text for text in (*titles, *told) if text})
        for name, method in methods.items():
            said = method(train, texts)
            new = [
                Predicted(
                    fold.suspicious, fold.ordinary, row.source, row.id, row.label,
                    said.get(title, NOTHING), said.get(text, NOTHING), prices.log_odds(row),
                )
                for row, title, text in zip(fold.test, titles, told, strict=True)
            ]  # fmt: skip
            out[name] += new
            if each:
                each(name, fold.suspicious, fold.ordinary, new)
    return out


def tfidf(train: Sequence[Passage], texts: Sequence[str]) -> Scores:
    """The baseline: TF-IDF of words, pairs of words and 2 to 5 letters, with logistic regression. Its vocabulary is text: it does not ship."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_union

    by_word = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=TOKENS)
    by_letter = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    features = make_union(by_word, by_letter)
    model = LogisticRegression(max_iter=300, class_weight="balanced")
    model.fit(features.fit_transform([passage.words for passage in train]), [passage.suspicious for passage in train])
    return dict(zip(texts, model.decision_function(features.transform(texts)).tolist(), strict=True))


def hashed(train: Sequence[Passage], texts: Sequence[str]) -> Scores:
    """The linear model that ships beside the network (`detectors.reading.hashed`)."""
    model = fit_hashed([passage.words for passage in train], [passage.suspicious for passage in train])
    return {text: model.log_odds(text) for text in texts}


# -- the price beside the words ------------------------------------------------------------------------------------------
class Prices:
    """What brands and kinds of goods fetch in ordinary rows: log price = middle + brand + category, shrunk to the middle (ridge)."""

    SHRUNK = 5.0  # rows by which a brand's or category's own mean is outweighed
    LEAST = 5  # ordinary rows of a brand before it says anything

    def __init__(self, train: Sequence[Row], facts_of: Callable[[Row], Facts | None]) -> None:
        self.facts = facts_of
        known = [(facts, row) for row in train if (facts := facts_of(row)) is not None]
        own = [facts for facts, row in known if not row.suspicious]
        number: dict[str, int] = defaultdict(int)
        for brand, _, _ in own:
            number[brand] += 1
        self.enough = {brand for brand, count in number.items() if count >= self.LEAST}
        self.middle = sum(price for _, _, price in own) / len(own) if own else 0.0
        self.effects: dict[str, float] = defaultdict(float)
        for _ in range(10):  # backfitting: brands and categories in turn
            for place in (0, 1):
                self._refit(own, place)
        self.weight = _slope([(self._gap(facts), row.suspicious) for facts, row in known])

    def _refit(self, own: Sequence[Facts], place: int) -> None:
        rest: dict[str, list[float]] = defaultdict(list)
        for facts in own:
            other = facts[1 - place]
            rest[str(facts[place])].append(facts[2] - self.middle - self.effects[str(other)])
        for name, values in rest.items():
            self.effects[name] = sum(values) / (len(values) + self.SHRUNK)

    def log_odds(self, row: Row) -> float:
        facts = self.facts(row)
        return self.weight * self._gap(facts) if facts else 0.0

    def _gap(self, facts: Facts) -> float:
        """How far the price lies below what is usual, in powers of e; never below 0: a price that is high clears nothing."""
        brand, category, price = facts
        if brand not in self.enough:
            return 0.0
        return max(0.0, self.middle + self.effects[brand] + self.effects[category] - price)


def facts_of(brands: Brands) -> Callable[[Row], Facts | None]:
    """Brand, category ("kind: bag") and log price in euros of a row; None where price, its currency or the brand is not known."""

    @cache
    def facts(row: Row) -> Facts | None:
        rate = EUROS.get(row.currency.upper())
        try:
            price = float(row.price) * (rate or 0.0)
        except ValueError:
            return None
        named = brands.of_listing(row.title, "", row.brand)
        if price <= 0 or not named:
            return None
        return f"brand: {named[0]}", f"kind: {brands.category_of(row.title, row.category)}", math.log(price)

    return facts


def _slope(pairs_: Sequence[tuple[float, bool]]) -> float:
    """Of log-odds against the gap, through 0 at no gap, both labels of one weight; between 0 and 5."""
    import numpy as np

    gaps, truth = [gap for gap, _ in pairs_], [suspicious for _, suspicious in pairs_]
    if len(set(truth)) < 2:
        return 0.0
    free = np.array([math.inf])
    [slope] = logistic(
        np.array(gaps)[:, None], truth, balance(truth, [""] * len(truth)), prior=np.zeros(1), spread=free, bounds=[(0.0, 5.0)]
    )
    return float(slope)


# -- figures -------------------------------------------------------------------------------------------------------------
def auc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a suspicious row scores above an ordinary one, ties half (Mann and Whitney, 1947)."""
    from scipy.stats import rankdata

    above = sum(truth)
    ranks = rankdata(scores)
    total = float(sum(rank for rank, own in zip(ranks, truth, strict=True) if own))
    return (total - above * (above + 1) / 2) / (above * (len(truth) - above))


def recall(truth: Sequence[bool], scores: Sequence[float], rate: float) -> float:
    """The share of suspicious rows above the threshold that lets no more than that share of ordinary ones through."""
    ordinary = sorted((score for score, own in zip(scores, truth, strict=True) if not own), reverse=True)
    threshold = ordinary[min(len(ordinary) - 1, int(rate * len(ordinary)))]
    above = [score > threshold for score, own in zip(scores, truth, strict=True) if own]
    return sum(above) / len(above)


def by_fold(predicted: Iterable[Predicted]) -> dict[tuple[str, str], list[Predicted]]:
    out: dict[tuple[str, str], list[Predicted]] = defaultdict(list)
    for one in predicted:
        out[one.suspicious, one.ordinary].append(one)
    return dict(out)


def figures(predicted: Sequence[Predicted], variant: str) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Of each fold: AUC, recall at 1 % and at 5 % of ordinary rows."""
    out = {}
    for fold, own in by_fold(predicted).items():
        truth, scores = [one.truth for one in own], [one.score(variant) for one in own]
        out[fold] = auc(truth, scores), recall(truth, scores, 0.01), recall(truth, scores, 0.05)
    return out


def stacked(first: Sequence[Predicted], second: Sequence[Predicted]) -> list[Predicted]:
    """The mean of two methods' log-odds, passage by passage."""
    from dataclasses import replace

    return [
        replace(one, title=(one.title + two.title) / 2, description=(one.description + two.description) / 2)
        for one, two in zip(first, second, strict=True)
    ]


def calibration(predicted: Sequence[Predicted]) -> tuple[float, float]:
    """Slope and shift that make log-odds of a fit's output (Platt, 1999), on rows held out: each fold, and in it each label, of one
    weight."""
    import numpy as np
    from scipy.optimize import minimize

    score, truth, weight = [], [], []
    for own in by_fold(predicted).values():
        counts = [sum(one.truth is wanted for one in own) for wanted in (False, True)]
        for one in own:
            score.append(one.score("description"))
            truth.append(float(one.truth))
            weight.append(1 / counts[one.truth])
    z, y, w = np.array(score), np.array(truth), np.array(weight)

    def loss(line: Any) -> float:
        odds = line[0] * z + line[1]
        return float((w * (np.logaddexp(0, odds) - y * odds)).sum())

    slope, shift = minimize(loss, [1.0, 0.0]).x
    return float(slope), float(shift)


def write(predicted: Iterable[Predicted], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in predicted:
            writer.writerow([f"{value:.5f}" if isinstance(value, float) else value for value in (getattr(one, name) for name in COLUMNS)])


def read(path: Path) -> list[Predicted]:
    """What `write` wrote. Raises TouchstoneError naming the file and the line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read as a CSV in UTF-8: {error}") from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise TouchstoneError(f"{path}: line 1: the columns are {', '.join(COLUMNS)}")
    out = []
    for row in rows:
        try:
            title, description, price = (float(row[name]) for name in COLUMNS[5:])
        except (ValueError, TypeError) as error:
            raise TouchstoneError(f"{path}: line {rows.line_num}: {error}") from error
        out.append(Predicted(row["suspicious"], row["ordinary"], row["source"], row["id"], row["label"], title, description, price))
    return out
