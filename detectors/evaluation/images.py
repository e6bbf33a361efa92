"""How many edited copies of photographs are found, and how many wrong pairs are: `touchstone evaluate images DIR`.

Every original under DIR is edited in each way of edits.py and looked for among all originals and the distractors; every pair of an edited
photograph and another original is a chance of a false match. Thresholds are the lowest that keep the false matches of *other* photographs
(the calibrating half) within a rate; recall, and the false-match rate that the thresholds really had, are reported on DIR. Plain pHash and
PDQ of the whole picture stand beside: what a user would pick instead.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.evaluation.edits import EDITS, edited
from detectors.evaluation.figures import SUFFIXES, interval, photographs
from store.errors import TouchstoneError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATES = (1e-4, 1e-5, 1e-6)
PROPS = 8  # photographs that stand in for others in collages and as new backgrounds: in no set that is searched
SCALE = 1000  # steps of a cosine in its histogram
# method → what it is, and how many values its score has; a score is higher the more alike
METHODS: Mapping[str, tuple[str, int]] = {
    "phash": ("plain pHash of the whole picture", 65),
    "pdq": ("plain PDQ of the whole picture", 257),
    "hashes": ("PDQ of the pictures inside, in eight ways", 257),
    "descriptor": ("descriptor of the whole and its centre, mirrored too", 2 * SCALE + 1),
    "verified": ("candidates verified by geometry", 1001),
}


@dataclass
class Tally:
    """What one set came to: of each edit and method the scores of true pairs, and how often false pairs had which score."""

    true: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    false: dict[str, Any] = field(default_factory=dict)
    pairs: int = 0
    found: dict[str, int] = field(default_factory=dict)  # edits whose original was a candidate
    candidates: int = 0  # wrong candidates, all edits

    def add(self, other: Tally) -> None:
        for edit, methods in other.true.items():
            for name, scores in methods.items():
                self.true.setdefault(edit, {}).setdefault(name, []).extend(scores)
        for name, counts in other.false.items():
            self.false[name] = self.false[name] + counts if name in self.false else counts
        for edit, number in other.found.items():
            self.found[edit] = self.found.get(edit, 0) + number
        self.pairs += other.pairs
        self.candidates += other.candidates


def split(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """The photographs of a folder as (props, first half, second half). Raises TouchstoneError where there are too few."""
    every = photographs(folder)
    if len(every) < 2 * PROPS:
        raise TouchstoneError(f"{folder}: {len(every)} pictures; at least {2 * PROPS} are needed ({', '.join(SUFFIXES)})")
    half = PROPS + (len(every) - PROPS) // 2
    return every[:PROPS], every[PROPS:half], every[half:]


def evaluate(
    folder: Path, calibrate: Path | None = None, *, settings: Any = None, seed: int = 1, limit: int | None = None, workers: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The report on the photographs under `folder`, thresholds taken from one half of those under `calibrate` (the other half are
    distractors); without it, `folder` itself is halved. `limit` takes so many of each set as originals to be edited."""
    from detectors.image_match import Settings

    settings = settings or Settings()
    props, first, second = split(calibrate or folder)
    report = photographs(folder) if calibrate else second
    distractors = second if calibrate else []
    tuned = _measure("calibrating", first, [*first, *distractors], props, settings, seed, limit, workers, progress)
    tally = _measure("reporting", report, [*report, *distractors], props, settings, seed, limit, workers, progress)
    return _report(tuned, tally, settings, len(report[:limit]), len(report) + len(distractors))


# -- measuring a set -----------------------------------------------------------------------------------------------------
def _measure(
    what: str, originals: Sequence[Path], searched: Sequence[Path], props: Sequence[Path], settings: Any, seed: int, limit: int | None,
    workers: int, progress: Callable[[str, int, int], None] | None,
) -> Tally:  # fmt: skip
    tally = Tally()
    chosen = originals[:limit]
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers, initializer=_be_ready) as pool:
        known = Path(folder) / "searched.pickle"
        known.write_bytes(pickle.dumps(list(pool.map(_taken, searched, chunksize=8))))
        jobs = ((str(known), at, path, tuple(props), settings, seed) for at, path in enumerate(chosen))
        for done, one in enumerate(pool.map(_look_for, jobs), 1):
            tally.add(one)
            if progress:
                progress(what, done, len(chosen))
    return tally


def _be_ready() -> None:
    import cv2

    cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is compared of one picture: plain hashes of the whole (8 and 32 bytes), and of each picture inside the eight ways and the rest."""

    phash: NDArray[np.uint8]
    pdq: NDArray[np.uint8]
    views: list[Any]


def _taken(source: Path | bytes) -> Taken:
    import imagehash
    import numpy as np
    import pdqhash

    from detectors.pictures import prints
    from detectors.pictures.opening import opened

    image = opened(source if isinstance(source, bytes) else source.read_bytes(), longest=prints.LONGEST)
    plain = np.packbits(imagehash.phash(image).hash.astype(np.uint8)), np.packbits(pdqhash.compute(np.asarray(image))[0])
    return Taken(*plain, [view for view in prints.views(image) if not view.hashes.flat])


class _Searched:
    """Everything that is searched, as columns; `of` says which picture a row of `pdq_ways`, `phash_ways` or `vectors` belongs to."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        import numpy as np

        self.taken = taken
        self.phash = np.stack([each.phash for each in taken])
        self.pdq = np.stack([each.pdq for each in taken])
        views = [(at, view) for at, each in enumerate(taken) for view in each.views]
        self.of = np.array([at for at, _ in views])
        self.inner_pdq = np.stack([view.hashes.pdq[0] for _, view in views])
        self.inner_phash = np.stack([view.hashes.phash[0] for _, view in views])
        told = [(at, view.vectors) for at, view in views if view.vectors is not None]
        self.vectors_of = np.repeat([at for at, _ in told], 2)
        self.vectors = np.concatenate([vectors[:2] for _, vectors in told])


_known: dict[str, _Searched] = {}


def _look_for(job: tuple[str, int, Path, tuple[Path, ...], Any, int]) -> Tally:
    """One original in every edit against everything that is searched."""
    import numpy as np
    from PIL import Image

    from detectors.pictures.opening import opened

    file, at, path, props, settings, seed = job
    if file not in _known:
        _known.clear()
        _known[file] = _Searched(pickle.loads(Path(file).read_bytes()))  # noqa: S301  # written by our own parent process
    searched, tally = _known[file], Tally()
    image = opened(path.read_bytes(), longest=1600)
    others: list[Image.Image] = [opened(each.read_bytes(), longest=1600) for each in props]
    for edit in EDITS:
        scores, candidates = _scores(_taken(edited(image, edit, seed=seed, name=path.stem, others=others)), searched, settings)
        tally.true[edit] = {name: [int(values[at])] for name, values in scores.items()}
        for name, values in scores.items():
            counts = np.bincount(np.delete(values, at), minlength=METHODS[name][1])
            tally.false[name] = tally.false[name] + counts if name in tally.false else counts
        tally.found[edit] = int(at in candidates)
        tally.candidates += len(candidates - {at})
        tally.pairs += len(searched.taken) - 1
    return tally


def _scores(one: Taken, searched: _Searched, settings: Any) -> tuple[dict[str, Any], set[int]]:
    """Each method's score of this picture with every one that is searched, and which are candidates."""
    import numpy as np

    from detectors.pictures.matching import best

    number = len(searched.taken)
    pdq, phash, cosine = np.full(number, 256), np.full(number, 64), np.full(number, -1.0)
    for view in one.views:
        for way in range(8):
            np.minimum.at(pdq, searched.of, np.bitwise_count(searched.inner_pdq ^ view.hashes.pdq[way]).sum(axis=1, dtype=int))
            np.minimum.at(phash, searched.of, np.bitwise_count(searched.inner_phash ^ view.hashes.phash[way]).sum(axis=1, dtype=int))
        if view.vectors is not None:
            np.maximum.at(cosine, searched.vectors_of, (view.vectors @ searched.vectors.T).max(axis=0))
    near = (pdq <= settings.pdq_within) | (phash <= settings.phash_within) | (cosine >= settings.alike_from)
    rule = replace(settings.photograph, inliers=5)  # from how many places on is what is calibrated
    verified, ours = np.zeros(number, int), _inside(one.views)
    for other in np.flatnonzero(near).tolist():
        match = best(ours, _inside(searched.taken[other].views))
        verified[other] = min(match.inliers, 1000) if match and match.photograph(rule) else 0
    return {
        "phash": 64 - np.bitwise_count(searched.phash ^ one.phash).sum(axis=1, dtype=int),
        "pdq": 256 - np.bitwise_count(searched.pdq ^ one.pdq).sum(axis=1, dtype=int),
        "hashes": 256 - pdq,
        "descriptor": np.round((cosine + 1) * SCALE).astype(int).clip(0, 2 * SCALE),
        "verified": verified,
    }, set(np.flatnonzero(near).tolist())


def _inside(views: Sequence[Any]) -> list[Any]:
    from detectors.pictures.matching import Inside

    return [Inside(view.box, view.features, view.mirrored) for view in views if view.features is not None]


# -- the report ----------------------------------------------------------------------------------------------------------
def _report(tuned: Tally, tally: Tally, settings: Any, originals: int, searched: int) -> dict[str, Any]:
    methods = {name: _method(name, tuned, tally) for name in METHODS}
    ours = methods["verified"]
    return {
        "originals": originals,
        "searched": searched,
        "pairs": tally.pairs,
        "calibrated_on_pairs": tuned.pairs,
        "mean_recall": ours["mean_recall"],
        "per_edit": ours["per_edit"],
        "thresholds": ours["thresholds"],
        "methods": methods,
        "candidates": {
            "recall": sum(tally.found.values()) / max(1, originals * len(EDITS)),
            "per_edit": {edit: _share(number, originals) for edit, number in tally.found.items()},
            "wrong_of_pairs": tally.candidates / max(1, tally.pairs),
        },
        "shipped": _at(settings.photograph.inliers, "verified", tally),
        "settings": asdict(settings),
    }


def _method(name: str, tuned: Tally, tally: Tally) -> dict[str, Any]:
    thresholds = {f"{rate:.0e}": threshold(tuned.false[name], tuned.pairs, rate) for rate in RATES}
    at = {rate: _at(value, name, tally) for rate, value in thresholds.items()}
    return {
        "what": METHODS[name][0],
        "thresholds": {rate: _said(name, value) for rate, value in thresholds.items()},
        "mean_recall": {rate: each["mean_recall"] for rate, each in at.items()},
        "per_edit": {rate: each["per_edit"] for rate, each in at.items()},
        "false_matches": {rate: each["false_matches"] for rate, each in at.items()},
        "false_match_rate": {rate: each["false_match_rate"] for rate, each in at.items()},
    }


def _at(value: int, name: str, tally: Tally) -> dict[str, Any]:
    """Recall of each edit with its interval, and what was wrong, where a score of at least `value` is a match."""
    per_edit = {edit: _share(sum(score >= value for score in scores[name]), len(scores[name])) for edit, scores in tally.true.items()}
    wrong = int(tally.false[name][value:].sum())
    return {
        "mean_recall": sum(each["recall"] for each in per_edit.values()) / max(1, len(per_edit)),
        "per_edit": per_edit,
        "false_matches": wrong,
        "false_match_rate": wrong / max(1, tally.pairs),
    }


def threshold(counts: Any, pairs: int, rate: float) -> int:
    """The lowest score at which no more than `rate` of the false pairs (their scores counted in `counts`) would match."""
    import numpy as np

    above = np.cumsum(np.asarray(counts)[::-1])[::-1]  # above[s]: false pairs with a score of at least s
    allowed = rate * pairs
    fitting = np.flatnonzero(above <= allowed)
    lowest = int(fitting[0]) if len(fitting) else len(above)
    return max(lowest, 1)  # a score of nothing is no match


def _said(name: str, value: int) -> float:
    """A threshold in the method's own unit: bits that may differ, a cosine, places that agree."""
    return {"phash": 64 - value, "pdq": 256 - value, "hashes": 256 - value, "descriptor": value / SCALE - 1}.get(name, value)


def _share(found: int, of: int) -> dict[str, Any]:
    low, high = interval(found, of)
    return {"recall": found / max(1, of), "low": low, "high": high, "of": of}


def rows(report: Mapping[str, Any], rate: str) -> Iterator[tuple[str, ...]]:
    """The table at one rate: an edit a row, a method a column, candidates last; the mean at the end."""
    methods = report["methods"]
    for edit in EDITS:
        shares = [methods[name]["per_edit"][rate][edit]["recall"] for name in METHODS]
        yield (edit, *(f"{share:.2f}" for share in shares), f"{report['candidates']['per_edit'][edit]['recall']:.2f}")
    yield ("mean", *(f"{methods[name]['mean_recall'][rate]:.3f}" for name in METHODS), f"{report['candidates']['recall']:.3f}")
