"""Figures of detectors and of the score on labelled listings: at each level, at stated prevalences, by source and kind; and, where weights
are fitted, on sources or sellers that they were not fitted on.

A row that several folds report on counts once: the share of them that found it. So intervals are those of rows, not of repetitions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detectors.contract import Examined
from detectors.evaluation.fit_weights import Labelled, balance, fit, shown
from detectors.evaluation.listings import Fold, Row, pairs, parts
from detectors.evaluation.measures import PREVALENCES, auc, curve, ece, mixture, precision_at, recall_at, reliability, share
from detectors.evaluation.text import OutOfFold, Seen
from detectors.score import Policy, Said, score
from store.errors import TouchstoneError
from store.words.records import Examined as Outcome
from store.words.records import Level

LEVELS = (Level.note, Level.review, Level.priority)
OPERATING = Level.review  # what is queued for an officer
FALSE_RATES = (0.01, 0.05)
SCORE = "score"
LEAST_PAIR = 10  # rows of either source of a pair from which its figures count in the mean over pairs
FEW = 100  # labelled rows of a kind below which intervals are wide, and that is said

Progress = Callable[[int, int], None]


# -- splits --------------------------------------------------------------------------------------------------------------
def splits(rows: Sequence[Row], by: str = "", *, most: int = 4000) -> tuple[str, list[Fold]]:
    """How rows are split where something is fitted: by seller where they have sellers, by source otherwise; "row" flatters.

    Raises TouchstoneError where neither can be done: a split by rows is no substitute.
    """
    how = by or ("seller" if any(row.label and row.seller for row in rows) else "source")
    if how == "source":
        folds, why = list(pairs(rows, most, most)), "two suspicious and two ordinary sources are needed, so that a pair can be held out"
    else:
        own = {row.key: f"{row.source}\0{row.seller}" for row in rows} if how == "seller" else None
        try:
            folds, why = list(parts(rows, own)), "too few"
        except ValueError as error:
            folds, why = [], str(error)
    if not folds:
        raise TouchstoneError(
            f"the rows cannot be split by {how}: {why}. A split by rows flatters and is refused; --row-split makes it and says by how much"
        )
    return how, folds


def owner(row: Row, how: str) -> str:
    """Whose a row is, as it is weighed: its seller's, or its source's."""
    return f"{row.source}\0{row.seller}" if how == "seller" and row.seller else row.source


# -- what is reported on ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Case:
    """A row as one fold reports on it: the points and the level of the score and of each detector weighed alone."""

    row: int
    fold: str
    points: Mapping[str, float]
    levels: Mapping[str, Level]
    probabilities: tuple[float, ...] = ()  # at PREVALENCES


def cases_of(
    seen: Sequence[Seen], numbers: Sequence[int], policy: Policy, fold: str, instead: Mapping[int, Mapping[str, Examined]]
) -> list[Case]:
    out = []
    for number in numbers:
        one = seen[number]
        said = {name: one.said(name, instead.get(number)) for name in {**one.examined, **instead.get(number, {})}}
        every: tuple[Said, ...] = tuple(each for own in said.values() for each in own)
        scored = {SCORE: score(policy, every), **{name: score(policy, own) for name, own in said.items()}}
        meaning = policy.calibration
        out.append(
            Case(
                number, fold, {name: s.score for name, s in scored.items()}, {name: s.level for name, s in scored.items()},
                tuple(meaning.probability(scored[SCORE].score, p) for p in PREVALENCES) if meaning else (),
            )
        )  # fmt: skip
    return out


def measure(
    seen: Sequence[Seen], policy: Policy, *, refit: bool = False, by: str = "", row_split: bool = False, out_of_fold: OutOfFold | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The figures of the labelled rows, as a report for programs. Without labels on both sides only what was examined is counted.

    With `refit` weights, levels and meaning are fitted in each fold on the others; with `out_of_fold` a detector that was trained on these
    rows is heard as it was when the row's own pair of sources was held out. `row_split` does the same by rows too, to show the leak.
    """
    rows = [one.row for one in seen]
    said = _counted(seen, policy)
    if not (any(row.suspicious for row in rows) and any(row.label and not row.suspicious for row in rows)):
        why = "no row has a label" if not any(row.label for row in rows) else "rows of one label only"
        return {**said, "figures": None, "why": f"{why}: there is nothing to measure, and no figures are given"}
    if not refit and out_of_fold is None:
        numbers = [number for number, row in enumerate(rows) if row.label]
        cases = cases_of(seen, numbers, policy, "", {})
        return {**said, "split": None, "figures": _figures(rows, cases), "where": _where(seen, cases), "fitted": None, "leak": None}
    leak = None
    try:
        how, folds = splits(rows, "source" if out_of_fold else by)
    except TouchstoneError:
        if not row_split:
            raise
        how, folds = splits(rows, "row")
    cases, left_out = _folded(seen, folds, how, policy, refit, out_of_fold, progress)
    figures = _figures(rows, cases)
    if row_split and how != "row":
        others, _ = _folded(seen, splits(rows, "row")[1], "row", policy, refit, out_of_fold, None)
        leak = _leak(figures, _figures(rows, others))
    fitted = shown(fit_all(seen, policy, how, out_of_fold)) if refit else None
    return {
        **said, "split": how, "folds": len(folds), "left_out": left_out, "figures": figures, "where": _where(seen, cases), "fitted": fitted,
        "leak": leak,
    }  # fmt: skip


def _folded(
    seen: Sequence[Seen],
    folds: Sequence[Fold],
    how: str,
    policy: Policy,
    refit: bool,
    out_of_fold: OutOfFold | None,
    progress: Progress | None,
) -> tuple[list[Case], int]:
    """The cases of every fold, and how many times a row was left out because its out-of-fold score is not there."""
    at = {one.row.key: number for number, one in enumerate(seen)}
    cases: list[Case] = []
    left_out = 0
    for done, fold in enumerate(folds, 1):
        train, test = ([at[row.key] for row in part] for part in (fold.train, fold.test))
        instead = _instead(seen, [*train, *test], fold, how, out_of_fold)
        if out_of_fold:
            left_out += sum(number not in instead for number in (*train, *test))
            train, test = ([number for number in part if number in instead] for part in (train, test))
        own = _fit(seen, train, policy, how, instead, "other sources" if how == "source" else f"other {how}s") if refit else policy
        cases += cases_of(seen, test, own, f"{fold.suspicious} / {fold.ordinary}", instead)
        if progress:
            progress(done, len(folds))
    return cases, left_out


def _instead(seen: Sequence[Seen], numbers: Sequence[int], fold: Fold, how: str, heard: OutOfFold | None) -> dict[int, dict[str, Examined]]:
    if heard is None:
        return {}
    said = ((n, heard.of(seen[n].row, fold, n + 1) if how == "source" else heard.anywhere(seen[n].row, n + 1)) for n in numbers)
    return {number: one for number, one in said if one is not None}


def _fit(
    seen: Sequence[Seen], numbers: Sequence[int], policy: Policy, how: str, instead: Mapping[int, Mapping[str, Examined]], data: str
) -> Policy:
    """The policy fitted on these rows; what a score means and its levels come from splits of them made in the same way."""
    rows = [seen[number].row for number in numbers]
    labelled = [Labelled(seen[n].said(instead=instead.get(n)), seen[n].row.suspicious, owner(seen[n].row, how)) for n in numbers]
    place = {row.key: i for i, row in enumerate(rows)}
    try:
        inner = splits(rows, how)[1]
    except TouchstoneError:  # too few sources are left to hold any of them out
        inner = []
    held_out = [([place[row.key] for row in fold.train], [place[row.key] for row in fold.test]) for fold in inner]
    return fit(policy, labelled, held_out, data=data)


def fit_all(
    seen: Sequence[Seen], policy: Policy, how: str, out_of_fold: OutOfFold | None = None, data: str = "all sources of the file"
) -> Policy:
    """The policy fitted on every labelled row that a fold would fit on or report on: what would be shipped."""
    from detectors.evaluation.listings import SUSPICIOUS, balanced

    sides: dict[bool, dict[str, list[Row]]] = {True: defaultdict(list), False: defaultdict(list)}
    at = {one.row.key: number for number, one in enumerate(seen)}
    for one in seen:
        if one.row.label:
            sides[one.row.label == SUSPICIOUS][owner(one.row, how)].append(one.row)
    chosen = [row for side in sides.values() for row in balanced(side, 4000)]
    numbers = [at[row.key] for row in chosen]
    instead = {}
    if out_of_fold:
        said = ((n, out_of_fold.anywhere(seen[n].row, n + 1)) for n in numbers)
        instead = {n: one for n, one in said if one is not None}
        numbers = [n for n in numbers if n in instead]
    return _fit(seen, numbers, policy, how, instead, data)


# -- figures ---------------------------------------------------------------------------------------------------------------
def _figures(rows: Sequence[Row], cases: Sequence[Case]) -> dict[str, Any]:
    names = sorted({name for case in cases for name in case.points} - {SCORE})
    out: dict[str, Any] = {name: _of(rows, cases, name) for name in (SCORE, *names)}
    out[SCORE]["calibration"] = _calibration(rows, cases)
    out[SCORE]["curves"] = _curves(rows, cases)
    return out


def _of(rows: Sequence[Row], cases: Sequence[Case], name: str) -> dict[str, Any]:
    """One scorer's figures: the score's, or a detector's weighed alone."""
    own = [case for case in cases if name in case.points]
    found = {level: _found(own, name, level) for level in LEVELS}
    suspicious = sorted({case.row for case in own if rows[case.row].suspicious})
    ordinary = sorted({case.row for case in own if not rows[case.row].suspicious})
    levels = {}
    for level in LEVELS:
        recall, false = _share(found[level], suspicious), _share(found[level], ordinary)
        levels[str(level)] = {
            "recall": recall, "false_positive_rate": false,
            "precision_in_this_file": share(recall["found"], recall["found"] + false["found"]),
            "precision_at": {f"{p:g}": precision_at(recall, false, p) for p in PREVALENCES},
        }  # fmt: skip
    at = found[OPERATING]
    return {
        "levels": levels,
        "ranking": _ranking(rows, own, name),
        "by_source": [
            {"source": source, "label": label, **_share(at, numbers)}
            for (source, label), numbers in _grouped(rows, (*suspicious, *ordinary), lambda row: (row.source, row.label))
        ],
        "by_kind": [{"kind": kind, **_share(at, numbers)} for kind, numbers in _grouped(rows, (*suspicious, *ordinary), lambda row: row.kind) if kind],
        "ordinary_rows": {
            words: _share(at, [n for n in ordinary if bool(getattr(rows[n], column)) is there])
            for column in ("description", "price")
            for there, words in ((True, f"with a {column}"), (False, f"without a {column}"))
        },
    }  # fmt: skip


def _where(seen: Sequence[Seen], cases: Sequence[Case]) -> dict[str, dict[str, Any]]:
    """The score on those rows that a detector could examine, for each detector that could not examine all."""
    rows = [one.row for one in seen]
    out = {}
    for name in sorted({name for one in seen for name in one.examined}):
        own = [case for case in cases if name in seen[case.row].examined and seen[case.row].examined[name].outcome is Outcome.done]
        if own and len(own) < len(cases):
            out[name] = _of(rows, own, SCORE)
    return out


def _found(cases: Sequence[Case], name: str, level: Level) -> dict[int, float]:
    """Of each row the share of its cases that reach the level."""
    least = LEVELS.index(level)
    counts: dict[int, list[bool]] = defaultdict(list)
    for case in cases:
        reached = case.levels[name]
        counts[case.row].append(reached in LEVELS and LEVELS.index(reached) >= least)
    return {row: sum(own) / len(own) for row, own in counts.items()}


def _share(found: Mapping[int, float], numbers: Sequence[int]) -> dict[str, Any]:
    return share(round(sum(found[n] for n in numbers)), len(numbers))


def _grouped(rows: Sequence[Row], numbers: Sequence[int], key: Callable[[Row], Any]) -> list[tuple[Any, list[int]]]:
    groups: dict[Any, list[int]] = defaultdict(list)
    for number in numbers:
        groups[key(rows[number])].append(number)
    return sorted(groups.items())


def _ranking(rows: Sequence[Row], cases: Sequence[Case], name: str) -> dict[str, Any]:
    """How well points rank: of each pair of a suspicious and an ordinary source, and the mean over pairs (each alike); of all rows together
    where one policy scored them all."""
    folds: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        folds[case.fold].append(case)
    each = []
    for fold, own in sorted(folds.items()):
        sides: dict[tuple[bool, str], list[float]] = defaultdict(list)
        for case in own:
            row = rows[case.row]
            sides[row.suspicious, row.source if "" in folds else ""].append(case.points[name])
        for (is_suspicious, first), right in sorted(sides.items()):
            if not is_suspicious:
                continue
            for (is_other, second), wrong in sorted(sides.items()):
                if is_other:
                    continue
                each.append({"pair": fold or f"{first or 'no source'} / {second or 'no source'}", **_two(right, wrong)})
    told = [pair for pair in each if min(pair["suspicious"], pair["ordinary"]) >= LEAST_PAIR] or each
    mean = {key: round(sum(pair[key]["rate"] for pair in told) / len(told), 4) for key in ("auc", *_recalls())} if told else {}
    lowest = min((pair["auc"]["rate"] for pair in told), default=None)
    whole = None
    if set(folds) == {""}:
        right = [case.points[name] for case in cases if rows[case.row].suspicious]
        whole = (
            _two(right, [case.points[name] for case in cases if not rows[case.row].suspicious])
            if right and len(right) < len(cases)
            else None
        )
    return {"all": whole, "pairs": each, "counted": len(told), "mean_of_pairs": mean, "lowest_auc": lowest}


def _recalls() -> list[str]:
    return [f"recall_at_{rate:g}" for rate in FALSE_RATES]


def _two(right: Sequence[float], wrong: Sequence[float]) -> dict[str, Any]:
    recalls = {key: recall_at(right, wrong, rate) for key, rate in zip(_recalls(), FALSE_RATES, strict=True)}
    return {"auc": auc(right, wrong), **recalls, "suspicious": len(right), "ordinary": len(wrong)}


def _weights(rows: Sequence[Row], cases: Sequence[Case]) -> tuple[list[bool], list[float]]:
    """Labels, and a weight a case: each fold's sources alike within their label."""
    labels = [rows[case.row].suspicious for case in cases]
    return labels, balance(labels, [f"{case.fold}\0{rows[case.row].source}" for case in cases]).tolist()


def _calibration(rows: Sequence[Row], cases: Sequence[Case]) -> dict[str, Any] | None:
    """How far the probabilities said lie from what was so, at each stated mixture; of the pair for which they do worst too."""
    if not cases or not cases[0].probabilities:
        return None
    labels, weights = _weights(rows, cases)
    folds = sorted({case.fold for case in cases})
    out = {}
    for place, prevalence in enumerate(PREVALENCES):
        said = [case.probabilities[place] for case in cases]
        bins = reliability(said, labels, mixture(labels, prevalence, weights))
        each = []
        for fold in folds if len(folds) > 1 else ():
            own = [i for i, case in enumerate(cases) if case.fold == fold]
            its = [labels[i] for i in own]
            if len(set(its)) == 2:
                each.append(ece(reliability([said[i] for i in own], its, mixture(its, prevalence, [weights[i] for i in own]))))
        out[f"{prevalence:g}"] = {
            "ece": ece(bins), "mean_of_pairs": round(sum(each) / len(each), 4) if each else None, "worst_pair": max(each, default=None), "bins": bins,
        }  # fmt: skip
    return out


def _curves(rows: Sequence[Row], cases: Sequence[Case]) -> dict[str, list[list[float]]]:
    """Recall and precision at each stated prevalence, some two hundred points of each curve."""
    right = [case.points[SCORE] for case in cases if rows[case.row].suspicious]
    wrong = [case.points[SCORE] for case in cases if not rows[case.row].suspicious]
    out = {}
    for prevalence in PREVALENCES:
        points = curve(right, wrong, prevalence)
        step = max(1, len(points) // 200)
        out[f"{prevalence:g}"] = [[round(x, 4), round(y, 4)] for i, (x, y) in enumerate(points) if i % step == 0 or i == len(points) - 1]
    return out


def _leak(honest: Mapping[str, Any], flattering: Mapping[str, Any]) -> dict[str, Any]:
    """How much better a split by rows looks than the split that holds whole sources or sellers out."""
    one, other = (each[SCORE]["ranking"]["mean_of_pairs"] for each in (honest, flattering))
    return {key: {"held_out": one[key], "by_rows": other[key], "flatters_by": round(other[key] - one[key], 4)} for key in one}


def _counted(seen: Sequence[Seen], policy: Policy) -> dict[str, Any]:
    """What was examined, and what was not and why; no labels are needed for that."""
    labels = Counter(one.row.label for one in seen)
    detectors = {}
    for name in sorted({name for one in seen for name in one.examined}):
        outcomes = [one.examined[name] for one in seen]
        why = Counter(e.detail.split(":")[0] for e in outcomes if e.outcome is not Outcome.done)
        detectors[name] = {"examined": sum(e.outcome is Outcome.done for e in outcomes), "not_examined": dict(sorted(why.items()))}
    scored = [score(policy, one.said()) for one in seen]
    levels = Counter(str(each.level) for each in scored)
    few = [label for label in ("suspicious", "ordinary") if 0 < labels[label] < FEW]
    return {
        "rows": len(seen), "labels": {label or "none": count for label, count in sorted(labels.items())},
        "sources": len({one.row.source for one in seen}), "detectors": detectors,
        "levels": {str(level): levels[str(level)] for level in Level},
        "scores": {"different": len({each.score for each in scored}), "of": len(scored)},
        "few": f"few {' and few '.join(few)} rows: the intervals are wide" if few else "",
    }  # fmt: skip
