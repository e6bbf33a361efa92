"""What the detectors of a listing's words and price find in labelled listings, and what their findings come to: `touchstone evaluate text`.

The detectors are those that a scan would run, found and set as there; the score is the policy of configs/flags.yml. Nothing is fitted
unless it is asked for, and what is fitted is reported on sources (or sellers) that it was not fitted on.
"""

from __future__ import annotations

import csv
import io
import math
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from detectors import contract
from detectors.brands import Brands, read_brands
from detectors.contract import Context, Detector, Examined
from detectors.evaluation import price_tables
from detectors.evaluation.listings import Fold, Row, balanced, halves
from detectors.prices import Currencies, read_currencies, read_prices
from detectors.score import Policy, Said, read_policy, score
from store.config import Home
from store.errors import TouchstoneError
from store.executors import InlineExecutor, ahead
from store.words.records import Examined as Outcome
from store.words.records import Finding, Reference, SubjectKind

BATCH = 100
GIVEN = frozenset({"brands", "prices", "terms"})  # what a detector of snapshots can be given here
PROXY_DATE = "2021-06-30"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """What listings are examined with: detectors by name, their settings, brands, prices and the policy. `unable` says why a detector is
    not among them."""

    detectors: tuple[Detector, ...]
    settings: Mapping[str, Any]
    brands: Brands
    currencies: Currencies
    policy: Policy
    prices: tuple[Reference, ...] = ()
    unable: Mapping[str, str] = field(default_factory=dict)

    def context(self, detector: Detector) -> Context:
        prices = "prices" in detector.needs
        return Context(
            self.settings[detector.name], self.brands if "brands" in detector.needs else None, prices=self.prices if prices else (),
            terms=self.settings["text_terms"] if "terms" in detector.needs else None, currencies=self.currencies if prices else None,
        )  # fmt: skip


def setup(settings: Mapping[str, Any], brands: Brands, currencies: Currencies, policy: Policy, prices: tuple[Reference, ...] = ()) -> Setup:
    """Every detector that examines what a listing says, as discovered; those that cannot run here are named with the reason."""
    able, unable = [], {}
    for name, detector in contract.discover().items():
        if detector.subject is not SubjectKind.snapshot:
            continue
        if detector.missing or detector.needs - GIVEN:
            unable[name] = detector.missing or f"it needs {', '.join(sorted(detector.needs - GIVEN))}"
        else:
            able.append(detector)
    return Setup(tuple(able), settings, brands, currencies, policy, prices, unable)


def prepared(
    home: Home, rows: Sequence[Row], *, prices: Path | None = None, prices_from: str = "", limit: int | None = None
) -> tuple[Setup, list[Row]]:
    """The set-up of a working folder, and the rows to report on: `limit` of each source, and none that the price table was made of."""
    every = contract.discover()
    settings = contract.read_settings(home.file("detectors.yml"), every.values())
    brands, currencies = read_brands(home.configs("brands")), read_currencies(home.file("currencies.yml"))
    chosen = list(rows)
    references = read_prices(prices) if prices else shipped_prices(home)
    if prices_from:
        first, chosen = without_half(rows, prices_from)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prices.csv"
            said = f"half of the ordinary rows of {prices_from}, a proxy"
            price_tables.write(path, price_tables.table(first, brands, said, condition="used", dated=PROXY_DATE))
            references = read_prices(path)
    if limit:
        by: dict[str, list[Row]] = defaultdict(list)
        for row in chosen:
            by[row.source].append(row)
        keys = {row.key for source, own in by.items() for row in balanced({source: own}, limit)}
        chosen = [row for row in chosen if row.key in keys]
    return setup(settings, brands, currencies, read_policy(home.file("flags.yml")), references), chosen


# What each reading leaves out of a row; what that adds is the difference in the figures.
READINGS = {"title": ("description", "brand", "category", "price"), "words": ("brand", "category", "price"), "all": ()}


def only(rows: Sequence[Row], reading: str) -> list[Row]:
    """The rows with nothing but the title, nothing but words, or all that there is. Raises TouchstoneError for another reading."""
    if reading not in READINGS:
        raise TouchstoneError(f"--only is {', '.join(READINGS)}, not '{reading}'")
    gone: dict[str, Any] = dict.fromkeys(READINGS[reading], "")
    return [replace(row, **gone) for row in rows]


def shipped_prices(home: Home) -> tuple[Reference, ...]:
    """The price lists of configs/prices, numbered as one."""
    lists = [each for path in sorted(home.file("prices").glob("*.csv")) for each in read_prices(path)]
    return tuple(replace(reference, number=number) for number, reference in enumerate(lists, 1))


def notes(use: Setup, prices_from: str, fitted: bool) -> list[str]:
    """What a reader of the figures must know of how they were made."""
    out = [f"Not run: {name}: {why}." for name, why in sorted(use.unable.items())]
    if prices_from:
        out.append(
            f"Prices: a proxy. The table of {len(use.prices)} cells was made of one half of the ordinary rows of {prices_from}, and no figure "
            "here is of that half; of the other half its prices are nearer than those of any other source would be."
        )
    elif use.prices:
        said = sorted({reference.provenance.split(";")[0] for reference in use.prices})
        out.append(
            f"Prices: {len(use.prices)} reference{'s' if len(use.prices) > 1 else ''}, of {'; '.join(said[:5])}{' and others' if len(said) > 5 else ''}."
        )
    else:
        out.append("Prices: no reference was given (--prices), so that no price was examined.")
    if not fitted:
        out.append("Weights, levels and meaning are those of configs/flags.yml.")
    return out


def sources_of(rows: Sequence[Row]) -> dict[str, tuple[str, int]]:
    """The label that most rows of a source have, and how many rows it has."""
    by: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by[row.source].append(row.label)
    return {source: (Counter(labels).most_common(1)[0][0], len(labels)) for source, labels in by.items()}


@dataclass(frozen=True, slots=True)
class Seen:
    """A row with what each detector said of it, by name."""

    row: Row
    examined: Mapping[str, Examined]

    def said(self, only: str = "", instead: Mapping[str, Examined] | None = None) -> tuple[Said, ...]:
        """The findings, of one detector or of all; `instead` replaces what some of them said, though not where one said that it cannot."""
        unable = {name for name, own in self.examined.items() if own.outcome is Outcome.not_possible}
        every = {**self.examined, **{name: own for name, own in (instead or {}).items() if name not in unable}}
        return tuple(
            Said(finding, name, 0, SubjectKind.snapshot, examined.subject)
            for name, examined in sorted(every.items())
            if only in ("", name)
            for finding in examined.findings
        )

    @property
    def not_examined(self) -> tuple[str, ...]:
        """Which detectors could not say anything, and why: another thing than nothing found."""
        return tuple(f"{name}: {e.detail}" for name, e in sorted(self.examined.items()) if e.outcome is not Outcome.done)


def examine(rows: Sequence[Row], use: Setup, executor: Executor | None = None, progress: Progress | None = None) -> list[Seen]:
    """Every detector's answer on every row, in the order of the rows."""
    runner = executor or InlineExecutor()
    said: dict[int, dict[str, Examined]] = defaultdict(dict)
    # another process builds its patterns of brands and rules with each batch, so that there it gets few and large ones
    size = BATCH if isinstance(runner, InlineExecutor) else max(BATCH, math.ceil(len(rows) / ahead(runner)))
    work = [(detector, start) for start in range(0, len(rows), size) for detector in use.detectors]
    contexts = {detector.name: use.context(detector) for detector in use.detectors}
    waiting: deque[tuple[Detector, int, Any]] = deque()

    def take() -> None:
        detector, start, future = waiting.popleft()
        for examined in future.result():
            said[examined.subject][detector.name] = examined
        if progress and detector is use.detectors[-1]:
            progress(min(start + size, len(rows)), len(rows))

    for detector, start in work:
        batch = [row.snapshot(start + place + 1) for place, row in enumerate(rows[start : start + size])]
        waiting.append((detector, start, runner.submit(contract.examine, detector.name, batch, contexts[detector.name])))
        if len(waiting) >= ahead(runner):
            take()
    while waiting:
        take()
    return [Seen(row, said[number]) for number, row in enumerate(rows, 1)]


# -- predictions -------------------------------------------------------------------------------------------------------
def predictions(seen: Sequence[Seen], policy: Policy) -> Iterator[tuple[str, float, str, str, str]]:
    """(id, score, level, reasons, what was not examined) of each row, in order. Reasons are codes with their points, strongest first."""
    for one in seen:
        scored = score(policy, one.said())
        reasons = "; ".join(f"{c.reason} {c.points:+.2f}" for c in scored.contributions if c.points)
        yield one.row.id, scored.score, str(scored.level), reasons, "; ".join(one.not_examined)


def write_predictions(path: Path, seen: Sequence[Seen], policy: Policy) -> None:
    """A CSV: id, score, level, reasons, not_examined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("id", "score", "level", "reasons", "not_examined"))
    writer.writerows(
        (number, f"{points:.6f}", level, reasons, missing) for number, points, level, reasons, missing in predictions(seen, policy)
    )
    path.write_text(out.getvalue(), "utf-8")


# -- a price table as a proxy --------------------------------------------------------------------------------------------
def without_half(rows: Sequence[Row], source: str) -> tuple[list[Row], list[Row]]:
    """(the rows that a price table may be made of, all rows but these)."""
    first, _ = halves(rows, source)
    gone = {row.key for row in first}
    return first, [row for row in rows if row.key not in gone]


# -- a detector that was trained on these rows ---------------------------------------------------------------------------
class OutOfFold:
    """What the text model says of rows that it was not trained on: by the pair of sources that was held out, and the row's own source and id.
    Made from what `touchstone train text --held-out` leaves, through the `probability` that the model in use makes of it; without
    `description` as if titles were all there is. From the probability `at_least` there is a finding."""

    def __init__(
        self, paths: Sequence[Path], detector: str, at_least: float, probability: Callable[[float], float], description: bool = True
    ) -> None:
        from detectors.reading import heldout

        self.detector, self.at_least = detector, at_least
        self.probabilities: dict[tuple[str, str], dict[tuple[str, str], float]] = defaultdict(dict)
        for one in (one for path in paths for one in heldout.read(path)):
            said = probability(one.score("description" if description else "title"))
            self.probabilities[one.suspicious, one.ordinary][one.source, one.id] = said

    def of(self, row: Row, fold: Fold, number: int) -> dict[str, Examined] | None:
        """What the detector would have said of the row in this fold; None where no score of it was kept.

        A row that is fitted on is scored by the model that had its own source held out, and with it the fold's other source.
        """
        if row.source in (fold.suspicious, fold.ordinary):
            pair = (fold.suspicious, fold.ordinary)
        else:
            pair = (row.source, fold.ordinary) if row.suspicious else (fold.suspicious, row.source)
        probability = self.probabilities.get(pair, {}).get((row.source, row.id))
        return None if probability is None else self.said(probability, number)

    def anywhere(self, row: Row, number: int) -> dict[str, Examined] | None:
        """The mean, of log odds, over all folds that held the row out."""
        from scipy.special import expit, logit

        every = [logit(own[row.source, row.id]) for own in self.probabilities.values() if (row.source, row.id) in own]
        return self.said(float(expit(sum(every) / len(every))), number) if every else None

    def said(self, probability: float, number: int) -> dict[str, Examined]:
        """The finding that it makes: the detector's name is its reason, the probability its strength, from `at_least`."""
        found = [Finding(self.detector, round(probability, 3), "A machine's opinion of the wording.")]
        return {self.detector: contract.done(number, found if found[0].score >= self.at_least else [])}
