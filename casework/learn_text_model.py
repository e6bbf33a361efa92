"""Learning how listings are worded: the last layers of text_model in force are fitted again on what officers said, compared with it on
sellers that they were not fitted on, and proposed as a folder of weights and a method in evaluation. A person promotes.

A listing counts with the words that it had when it was judged, as the detector reads them. Who is judged is mostly who was flagged: so ranks
and errors are of judged listings, weighed to the whole store where some that were drawn at random are judged, and of the newest
listings that nobody judged it is counted how many either model would speak of.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.learn import NEW, OLD, Example, Gathered, calibration_errors, drawn_again, enough, folds, gather, pages, spreads, stands_for
from casework.learn_settings import read_learning
from detectors import contract, methods, text_model
from detectors.brands import Brands, read_brands
from detectors.evaluation.fit_weights import balance
from detectors.prices import read_currencies
from detectors.reading import encoder, refit
from detectors.reading.refit import Judged
from detectors.reading.words import said
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import Method, Status, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

NAME = "text_model"
CARD = "card.yml"
# what must rise beyond noise for a proposal (a ranking is not had by saying more of everything), and what must not
RANKED, NO_MORE = "auc", ("log_loss", "found_wrongly")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was learned: the folder and the method to promote (None where nothing is proposed), the figures, a sentence of what they come to."""

    method: int | None
    folder: Path | None
    sha256: str
    report: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is learned from, and what of it a model can read."""

    gathered: Gathered
    judged: tuple[Judged, ...]
    unjudged: tuple[tuple[str, ...], ...]
    officers: int


def learn(store: Store, home: Home, actor: str, *, anyway: bool = False, justification: str = "") -> Proposal:
    """Fit, compare and, where it ranks held-out sellers' listings better beyond noise (or `anyway`), propose.

    The same judgements of the same listings give the same weights to the last byte on one kind of processor. Raises TouchstoneError where
    there is too little to learn from, or the model in force cannot be fitted.
    """
    settings, least = read_learning(home).fit, read_learning(home).text_model
    detector = contract.detector_of(NAME)
    if detector.missing:
        raise TouchstoneError(detector.missing)
    brands = read_brands(home.configs("brands"))
    current, number = _in_force(store, home, detector, brands)
    started = Path(current.folder) if current.folder else encoder.FOLDER
    with store.acting(actor, purpose="learn", justification=justification) as reader:
        read = _read(reader, brands, current.least_words, least.unjudged)
    enough(read.gathered, least, NAME)
    examples = read.gathered.examples

    def split(which: Sequence[int]) -> list[tuple[list[int], list[int]]]:
        return folds([examples[i] for i in which], settings.parts)

    model = _opened(current)
    rows = refit.rows_of(model, read.judged)
    held = refit.known(model, brands)
    fitted = refit.fit(rows, held, range(len(examples)), split)
    odds = {OLD: rows.scores(), NEW: refit.held_out(rows, held, split)}
    weights, drawn = stands_for(read.gathered)
    alike = balance([e.suspicious for e in examples], [e.owner for e in examples])
    each = {"judged": figures(examples, odds, alike, current.at_least, settings.resamples)}
    if drawn:
        each["store"] = figures(examples, odds, weights, current.at_least, settings.resamples)
    report: dict[str, Any] = {
        "judgements": len(examples), "yes": sum(e.suspicious for e in examples), "sellers": len({e.owner for e in examples}),
        "drawn": drawn, "left_out": dict(read.gathered.left_out), "in_force": number, "prior": fitted.spread,
        "unjudged": _unjudged(model, fitted, read.unjudged, current.at_least), "figures": each,
    }  # fmt: skip
    better = _better(each)
    sentence = _sentence(report, better)
    if not better and not anyway:
        return Proposal(None, None, "", report, f"{sentence} Nothing is proposed.")
    digest = hashlib.sha256(
        "\n".join(f"{e.key}\0{e.suspicious}\0{j.passages}" for e, j in zip(examples, read.judged, strict=True)).encode()
    )
    parent = current.sha256 or encoder.digest(encoder.FOLDER / encoder.WEIGHTS)
    card = {
        "what": "text_model with its last layers fitted again on officers' judgements: an opinion of wording, for a person to look at",
        "fitted_on": {key: report[key] for key in ("judgements", "yes", "sellers", "drawn", "left_out")} | {"officers": read.officers},
        "judgements_digest": digest.hexdigest(),
        "parent": {"folder": current.folder or "shipped", "sha256": parent},
        "by": actor, "at": datetime.now(UTC).isoformat(timespec="seconds"), "processor": encoder.processor(),
        "prior": fitted.spread, "figures": each, "unjudged": report["unjudged"], "said": sentence,
        "holds": "Weights of states and of hashed words; no text. They were fitted on listings' words: keep them as long as you may keep those.",
    }  # fmt: skip
    folder, sha256 = _write(home, model, started, fitted, card)
    method = _method(store, home, detector, brands, replace(current, folder=str(folder), sha256=sha256, label=""))
    if next(status for row, _, status in store.methods("detector") if row == method) is None:
        data = f"{len(examples)} judgements of {report['sellers']} sellers"
        store.set_method_status(method, Status.evaluation, actor, f"proposed by `touchstone learn` from {data}. {sentence}"[:2000])
    return Proposal(method, folder, sha256, report, sentence)


# -- the method in force ---------------------------------------------------------------------------------------------------
def _in_force(store: Store, home: Home, detector: contract.Detector, brands: Brands) -> tuple[text_model.Settings, int | None]:
    """The settings of the method in force and its number; those of the configuration where none is. Raises TouchstoneError where it is of
    other code or another encoder than this one, so that what it says can no longer be computed."""
    number = store.method_in_force("detector", NAME)
    if number is None:
        return contract.read_settings(home.file("detectors.yml"), contract.discover().values())[NAME], None
    method: Method = next(one for row, one, _ in store.methods("detector") if row == number)
    if (method.version, dict(method.models)) != (detector.version, dict(detector.models)):
        raise TouchstoneError(f"text_model: method {number} is in force but cannot be run any more; promote another, then learn")
    return text_model.Settings(**method.settings["settings"]), number


def _opened(settings: text_model.Settings) -> encoder.Shipped:
    """The model in force, with what its last layer weighs. Raises TouchstoneError where it is not the one of the digest, or not one of ours."""
    if not isinstance(encoder.reader(settings.folder, settings.sha256, settings.label), encoder.Shipped):
        raise TouchstoneError(f"text_model: {settings.folder} is a classifier of transformers; its last layers are not fitted here")
    return encoder.Shipped(Path(settings.folder) if settings.folder else encoder.FOLDER, states=True)


def _method(store: Store, home: Home, detector: contract.Detector, brands: Brands, settings: text_model.Settings) -> int:
    every = contract.read_settings(home.file("detectors.yml"), contract.discover().values())
    currencies = read_currencies(home.file("currencies.yml"))
    return store.keep_method(methods.method_of(detector, settings, brands, every["text_terms"], currencies))


# -- what is learned from ---------------------------------------------------------------------------------------------------
def _read(reader: Acting, brands: Brands, least_words: int, unjudged: int) -> _Read:
    """The judged listings that a model can read, as they read when they were judged, and the newest that nobody judged."""
    gathered = gather(reader)
    judgements = {j.subject: j for j in reader.judgements_in_force()}
    at = {
        e.listing: max(
            (r for r in reader.readings(listing=e.listing) if r.captured_at <= judgements[e.listing].at),
            key=lambda r: (r.captured_at, r.id), default=None,
        )
        for e in gathered.examples
    }  # fmt: skip
    snapshots = {s.id: s for page in pages(sorted({r.snapshot for r in at.values() if r})) for s in reader.snapshots(page)}
    left, kept, judged = Counter(gathered.left_out), [], []
    for e in gathered.examples:
        reading = at[e.listing]
        passages, why = (
            text_model.read(snapshots[reading.snapshot], brands, least_words) if reading else ([], "not read before it was judged")
        )
        if why:
            left[why] += 1
            continue
        kept.append(e)
        judged.append(Judged(tuple(said(passage) for passage in passages), e.suspicious, e.owner))
    after = max(0, reader.store.last_listing() - unjudged - len(judgements))
    newest = (
        [s for s in reader.summaries(after=after, limit=unjudged + len(judgements)) if s.listing.id not in judgements] if unjudged else []
    )
    others = [text_model.read(s.snapshot, brands, least_words)[0] for s in newest[-unjudged:]]
    return _Read(
        replace(gathered, examples=tuple(kept), left_out=dict(sorted(left.items()))), tuple(judged),
        tuple(tuple(said(passage) for passage in passages) for passages in others if passages),
        len({j.actor for j in judgements.values() if j.verdict is not Verdict.unsure}),
    )  # fmt: skip


# -- the comparison -----------------------------------------------------------------------------------------------------------
def figures(
    examples: Sequence[Example], odds: Mapping[str, Numbers], weights: Sequence[float] | Numbers, at_least: float, resamples: int
) -> dict[str, Any]:
    """Of both models' log-odds and of their difference: AUC, recall where 1 % and 5 % of cleared listings have as high a score, log loss and
    calibration error were both verdicts as many, and the share of confirmed and of cleared listings that have a finding; each with the 95 %
    interval of whole sellers drawn again, both models on the same draw. `weights` say what each example counts."""
    import numpy as np

    labels = np.array([e.suspicious for e in examples], bool)
    drawn = drawn_again([e.owner for e in examples], resamples) * np.asarray(weights, float)
    return spreads({name: _figures(labels, own, drawn, at_least) for name, own in odds.items()})


def _figures(labels: Numbers, odds: Numbers, drawn: Numbers, at_least: float) -> dict[str, Numbers]:
    """Each figure of each draw; nan where a draw has listings of one verdict only."""
    import numpy as np
    from scipy.special import expit

    kept = ~np.isnan(odds)  # a seller of a verdict that no other seller has cannot be held out
    labels, odds, drawn = labels[kept], odds[kept], drawn[:, kept]
    order = np.argsort(-odds, kind="stable")
    labels, odds, drawn = labels[order], odds[order], drawn[:, order]
    with np.errstate(divide="ignore", invalid="ignore"):
        yes, no = (np.where(side, drawn, 0.0) / np.where(side, drawn, 0.0).sum(axis=1, keepdims=True) for side in (labels, ~labels))
        starts = np.flatnonzero(np.append(True, np.diff(odds) != 0))  # equal scores stand together
        right, wrong = np.add.reduceat(yes, starts, axis=1), np.add.reduceat(no, starts, axis=1)
        reached = np.cumsum(wrong, axis=1)
        both = (yes + no) / 2
        probability = expit(odds)
        return {
            "auc": (right * (1 - reached + wrong / 2)).sum(axis=1),
            **{f"recall_at_{rate:g}": (right * (reached <= rate + 1e-12)).sum(axis=1) + 0 * reached[:, -1] for rate in (0.01, 0.05)},
            "log_loss": both @ np.logaddexp(0, np.where(labels, -odds, odds)),
            "ece": calibration_errors(probability, labels, both),
            "found": yes @ (probability >= at_least),
            "found_wrongly": no @ (probability >= at_least),
        }


def _better(each: Mapping[str, Any]) -> bool:
    """Whether judged listings are ranked better, beyond noise, and nothing that counts has become worse beyond noise, in any table."""
    low = each["judged"]["difference"][RANKED]["low"]
    return low is not None and low > 0 and not any(_worse(own["difference"]) for own in each.values())


def _worse(difference: Mapping[str, Any]) -> bool:
    ranked = difference[RANKED]["high"]
    return (ranked is not None and ranked < 0) or any((difference[key]["low"] or 0) > 0 for key in NO_MORE)


def _unjudged(model: encoder.Shipped, fitted: refit.Fitted, texts: Sequence[tuple[str, ...]], at_least: float) -> dict[str, int]:
    """Of the newest listings that nobody judged: how many were read, and how many have a finding by either model and by both."""
    if not texts:
        return {"listings": 0, OLD: 0, NEW: 0, "both": 0}
    from scipy.special import expit

    rows = refit.rows_of(model, [Judged(passages, False, "") for passages in texts])
    old, new = expit(rows.scores()) >= at_least, expit(fitted.log_odds(rows)) >= at_least
    return {"listings": len(texts), OLD: int(old.sum()), NEW: int(new.sum()), "both": int((old & new).sum())}


def _sentence(report: Mapping[str, Any], better: bool) -> str:
    """What the comparison comes to, on held-out sellers."""
    each, other = report["figures"], report["unjudged"]

    def moved(of: Mapping[str, Any], key: str, form: str = ".3f") -> str:
        return " → ".join("not known" if (rate := of[name][key]["rate"]) is None else format(rate, form) for name in (OLD, NEW))

    said = {
        which: f"AUC {moved(of, 'auc')}, log loss {moved(of, 'log_loss')}, a finding on {moved(of, 'found', '.0%')} of confirmed and "
        f"{moved(of, 'found_wrongly', '.0%')} of cleared listings"
        for which, of in each.items()
    }
    verdict = "ranks them better than the model in force, beyond noise" if better else "is not better than the model in force beyond noise"
    drawn = (
        f"weighed to the whole store by {report['drawn']} drawn at random, {said['store']}"
        if "store" in each
        else "these are judged listings only, which are mostly flagged ones"
    )
    return (
        f"On sellers held out, text_model fitted again {verdict}: {said['judged']}; {drawn}. "
        f"Of {other['listings']} newest listings that nobody judged {other[OLD]} → {other[NEW]} have a finding ({other['both']} by both)."
    )


# -- proposing ---------------------------------------------------------------------------------------------------------------
def _write(home: Home, model: encoder.Shipped, started: Path, fitted: refit.Fitted, card: Mapping[str, Any]) -> tuple[Path, str]:
    """The folder, named by its digest, and the digest. Where it is there already, with the same weights, it stays as it is."""
    import yaml

    models = (home.folder / "var" / "models").resolve()
    models.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=models, prefix=".new-"))
    try:
        refit.write(new, model, started, fitted)
        (new / CARD).write_text(yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=120), "utf-8")
        new.chmod(0o755)  # what mkdtemp makes only its owner can read, and another account may run the pass
        sha256 = encoder.folder_digest(new)
        folder = models / f"text-{sha256[:12]}"
        if folder.is_dir() and encoder.folder_digest(folder) != sha256:
            shutil.rmtree(folder)  # changed since: it would be refused
        if not folder.is_dir():
            new.replace(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder, sha256
