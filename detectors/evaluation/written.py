"""A report of `touchstone evaluate` as tables for people: on the terminal, and as a part of a page between two marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.evaluation.weighing import LEAST_PAIR
from store.errors import TouchstoneError

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    header: Cells
    rows: tuple[Cells, ...]


def percent(each: Mapping[str, Any] | None, interval: bool = True) -> str:
    """A share in per cent with its 95 % interval; "–" where nothing was to be counted."""
    if not each or each["rate"] is None:
        return "–"
    said = f"{100 * each['rate']:.1f}"
    return f"{said} ({100 * each['low']:.1f}–{100 * each['high']:.1f})" if interval else said


def tables(report: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of a report of `weighing.measure`. Shares are per cent."""
    yield Table(
        "Examined, and not examined with the reason", ("detector", "examined", "not examined"),
        tuple((name, f"{own['examined']:,}", "; ".join(f"{why} {n:,}" for why, n in own["not_examined"].items()) or "–") for name, own in report["detectors"].items()),
    )  # fmt: skip
    figures = report["figures"]
    if figures is None:
        return
    precision = [f"precision at {float(p):.0%}" for p in figures["score"]["levels"]["review"]["precision_at"]]
    every = {**figures, **{f"score, where {name} could examine": own for name, own in report["where"].items()}}
    header = ("found", "false positives", *precision)
    yield Table(
        "At level review (queued for an officer); a detector is weighed alone", ("what", *header),
        tuple((name, *_at(own["levels"]["review"])) for name, own in every.items()),
    )  # fmt: skip
    yield Table(
        "The score at each level", ("level", *header), tuple((level, *_at(own)) for level, own in figures["score"]["levels"].items())
    )
    yield Table(
        f"How well each ranks: means over pairs of a suspicious and an ordinary source that have {LEAST_PAIR} rows each", ("what", "pairs", "AUC", "lowest AUC", "found at 1 % false", "found at 5 % false", "all rows: AUC"),
        tuple((name, *_mean(own["ranking"])) for name, own in every.items()),
    )  # fmt: skip
    yield Table(
        "The score on each pair", ("suspicious / ordinary", "rows", "AUC", "found at 1 % false", "found at 5 % false"),
        tuple(
            (pair["pair"], f"{pair['suspicious']:,} / {pair['ordinary']:,}", _area(pair["auc"]), percent(pair["recall_at_0.01"]), percent(pair["recall_at_0.05"]))
            for pair in figures["score"]["ranking"]["pairs"]
        ),
    )  # fmt: skip
    yield Table(
        "By source, at level review", ("source", "label", "rows", "score", *(name for name in figures if name != "score")),
        tuple(
            (each["source"], each["label"], f"{each['of']:,}", percent(each), *(_of_source(own, each) for name, own in figures.items() if name != "score"))
            for each in figures["score"]["by_source"]
        ),
    )  # fmt: skip
    own = figures["score"]
    if own["by_kind"]:
        yield Table(
            "By kind, at level review",
            ("kind", "rows", "score"),
            tuple((each["kind"], f"{each['of']:,}", percent(each)) for each in own["by_kind"]),
        )
    yield Table(
        "Ordinary rows at level review", ("rows", "number", "false positives"),
        tuple((words, f"{each['of']:,}", percent(each)) for words, each in own["ordinary_rows"].items() if each["of"]),
    )  # fmt: skip
    if own["calibration"]:
        yield Table(
            "How far probabilities lie from what was so", ("suspicious", "expected calibration error", "of one pair, mean", "of the worst pair"),
            tuple(
                (f"{float(p):.0%}", f"{each['ece']:.3f}", *("–" if each[name] is None else f"{each[name]:.3f}" for name in ("mean_of_pairs", "worst_pair")))
                for p, each in own["calibration"].items()
            ),
        )  # fmt: skip
    if report.get("leak"):
        yield Table(
            "What a split by rows would have said: by so much it flatters", ("mean over parts", "held out", "by rows", "flatters by"),
            tuple((name, f"{each['held_out']:.3f}", f"{each['by_rows']:.3f}", f"{each['flatters_by']:+.3f}") for name, each in report["leak"].items()),
        )  # fmt: skip
    if report.get("fitted"):
        fitted = report["fitted"]
        rows = [(f"level {name}", f"{points:g}") for name, points in fitted["levels"].items()]
        rows += [(f"calibration: {name}", f"{value:g}") for name, value in (fitted["calibration"] or {}).items()]
        rows += [(f"weight {reason}", f"{points:g}") for reason, points in fitted["weights"].items()]
        yield Table("Fitted on all sources", ("what", "points"), tuple(rows))


def _at(own: Mapping[str, Any]) -> Cells:
    return percent(own["recall"]), percent(own["false_positive_rate"]), *(percent(each) for each in own["precision_at"].values())


def _area(each: Mapping[str, Any] | None) -> str:
    return f"{each['rate']:.3f} ({each['low']:.3f}–{each['high']:.3f})" if each else "–"


def _mean(ranking: Mapping[str, Any]) -> Cells:
    mean, whole = ranking["mean_of_pairs"], ranking["all"]
    if not mean:
        return "–", "–", "–", "–", "–", "–"
    recalls = (f"{100 * mean[key]:.1f}" for key in ("recall_at_0.01", "recall_at_0.05"))
    return f"{ranking['counted']}", f"{mean['auc']:.3f}", f"{ranking['lowest_auc']:.3f}", *recalls, _area(whole["auc"]) if whole else "–"


def _of_source(own: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    return next(
        (
            percent(each, interval=False)
            for each in own["by_source"]
            if (each["source"], each["label"]) == (wanted["source"], wanted["label"])
        ),
        "–",
    )


def about(report: Mapping[str, Any]) -> str:
    """One paragraph: what was measured on, how it was split, and what the figures are not."""
    labels = report["labels"]
    said = f"{report['rows']:,} rows of {report['sources']} sources: {labels.get('suspicious', 0):,} suspicious, {labels.get('ordinary', 0):,} ordinary"
    said += f", {labels['none']:,} without a label. " if labels.get("none") else ". "
    said += f"The score has {report['scores']['different']:,} different values in them. "
    if report["figures"] is None:
        return said + f"{report['why'][:1].upper()}{report['why'][1:]}."
    split = report["split"]
    how = {
        None: "Nothing was fitted on these rows.",
        "source": f"Held out in pairs of a suspicious and an ordinary source, {report.get('folds')} folds; what was fitted was fitted on the others.",
        "seller": f"Whole sellers were held out, in {report.get('folds')} parts; what was fitted was fitted on the others.",
        "row": "Split by rows, since neither sources nor sellers can be held out: these figures flatter, and by how much cannot be told.",
    }
    said += how[split]
    if report.get("left_out"):
        said += f" {report['left_out']:,} times a row was left out of a fold, for want of a score from a model that had not seen it."
    if report["few"]:
        said += f" {report['few'][:1].upper()}{report['few'][1:]}."
    return said + " In brackets 95 % intervals; of precision the widest that those of the two rates allow."


def markdown(report: Mapping[str, Any], foot: Sequence[str] = ()) -> str:
    """The report as a part of a page."""
    out = [about(report), *foot, ""]
    for table in tables(report):
        out += [f"**{table.title}**", "", f"| {' | '.join(table.header)} |", f"|{'---|' * len(table.header)}"]
        out += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table.rows]
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def put(path: Path, section: str, text: str) -> None:
    """Replace what lies between `<!-- SECTION: begin -->` and `<!-- SECTION: end -->` of a page, and nothing else.

    Raises TouchstoneError where the page has not exactly one such pair of marks.
    """
    try:
        page = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TouchstoneError(f"{path}: cannot be read: {error}") from error
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise TouchstoneError(f"{path}: it has not one line {begin} and after it one line {end} to write between")
    before, rest = page.split(begin)
    path.write_text(f"{before}{begin}\n{text}{end}{rest.split(end)[1]}", "utf-8")


def renamed(report: Any, names: Mapping[str, str]) -> Any:
    """The report with each source called by another name, wherever it stands alone or in a pair."""
    if isinstance(report, Mapping):
        return {key: renamed(value, names) for key, value in report.items()}
    if isinstance(report, list):
        return [renamed(value, names) for value in report]
    if not isinstance(report, str):
        return report
    pair = re.split(" / ", report)
    return " / ".join(names[each] for each in pair) if all(each in names for each in pair) else report


def anonymous(sources: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    """A name for each source that tells nothing but its label and how many rows the file has of it: (label, rows) by source, the smallest is A."""
    out: dict[str, str] = {}
    for label in ("suspicious", "ordinary", ""):
        own = sorted((rows, name) for name, (its, rows) in sources.items() if its == label)
        for place, (rows, name) in enumerate(own):
            out[name] = f"{label or 'unlabelled'} {chr(65 + place) if place < 26 else place + 1} ({rows:,} rows)"
    return out
