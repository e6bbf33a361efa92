"""`learn`: weights and the text model's last layers proposed from judgements, the estimate of recall, words for new rules, and whether what comes in has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from store.config import Home
from store.errors import TouchstoneError
from store.store import Store

FIGURES = {
    "recall": "recall",
    "false_positive_rate": "false-positive rate",
    "precision": "precision",
    "precision_at_0.01": "precision, 1 in 100 suspicious",
    "precision_at_0.05": "precision, 5 in 100",
    "precision_at_0.2": "precision, 20 in 100",
    "ece_at_0.01": "calibration error, 1 in 100",
    "ece_at_0.05": "calibration error, 5 in 100",
    "ece_at_0.2": "calibration error, 20 in 100",
}
WORDED = {
    "auc": "AUC",
    "recall_at_0.01": "recall where 1 in 100 cleared is found",
    "recall_at_0.05": "recall where 5 in 100 are",
    "log_loss": "log loss",
    "ece": "calibration error",
    "found": "finding, of confirmed",
    "found_wrongly": "finding, of cleared",
}
WHICH = {"judged": "among judged listings", "store": "weighed to the whole store"}


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Judging")(learn)


def learn(
    out: Annotated[Path | None, typer.Option(help="Where the proposed policy is written (default: configs/flags.proposed.yml).")] = None,
    model: Annotated[bool, typer.Option("--model", help="Only the text model, not the score's weights.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Propose the text model even where it is no better.")] = False,
    recall: Annotated[bool, typer.Option("--recall", help="Only say what share of what merits action is flagged.")] = False,
    terms: Annotated[bool, typer.Option("--terms", help="Only suggest words for new rules.")] = False,
    drift: Annotated[bool, typer.Option("--drift", help="Only say whether what comes in has changed; exit status 1 where it has.")] = False,
    by: By = "",
    why: Why = "",
    json: Json = False,
    home: Folder = None,
) -> None:
    """Fit the score's weights and the text model's last layers again on officers' judgements, compare both with those in force on sellers
    held out, and propose them.

    Nothing changes by itself: `touchstone method promote` puts a proposal in force.

    Example: touchstone learn --by a.reviewer
    Example: touchstone learn --model --by a.reviewer
    Example: touchstone learn --recall
    Example: touchstone learn --terms --by a.reviewer
    """
    if recall + terms + drift + model + (out is not None) > 1:
        raise TouchstoneError("say one of --out, --model, --recall, --terms and --drift")
    if anyway and (recall or terms or drift):
        raise TouchstoneError("--anyway speaks of the text model: not with --recall, --terms or --drift")
    with opened(home) as (folder, store):
        if recall:
            _recall(store, json)
        elif drift:
            _drift(store, folder, json)
        elif terms:
            _terms(store, folder, person(store, folder, by), why, json)
        else:
            who = person(store, folder, by)
            said = {} if model else _weights(store, folder, who, why, out, json)
            said |= _model(store, folder, who, why, anyway, json, alone=model)
            if json:
                print_json(said)


def _recall(store: Store, json: bool) -> None:
    from casework import samples

    said = samples.recall(store.tally())
    if json:
        print_json(said)
        return
    say(said.sentence())


def _drift(store: Store, home: Home, json: bool) -> None:
    from casework import drift

    looked = drift.look(store, home)
    if json:
        print_json(drift.summary(looked))
    else:
        for line in looked.sentences():
            say(line)
    if looked.alarms:
        raise typer.Exit(1)


def _terms(store: Store, home: Home, who: str, why: str, json: bool) -> None:
    from casework import wording
    from casework.learn_settings import read_learning
    from detectors import contract
    from detectors.brands import read_brands

    rules = contract.read_settings(home.file("detectors.yml"), contract.discover().values())["text_terms"]
    with store.acting(who, purpose="suggest terms", justification=why) as reader:
        found = wording.suggest(reader, read_learning(home).terms, rules, read_brands(home.configs("brands")))
    if json:
        print_json(found)
        return
    rows = [(s.term, s.side, f"{s.z:+.1f}", s.confirmed, s.cleared, ", ".join(s.listings)) for s in found]
    columns = ("words", "commoner in", "z", "sellers, confirmed", "sellers, cleared", "listings")
    table("Words that no rule knows, for you to approve", columns, rows, "No word tells confirmed from cleared listings beyond chance.")
    if rows:
        say("Nothing is added by itself: a word becomes a rule in configs/detectors.yml (docs/detectors.md).")


def _weights(store: Store, home: Home, who: str, why: str, out: Path | None, json: bool) -> dict[str, Any]:
    from casework import learn

    done = learn.learn(store, home, who, out=out, justification=why)
    report = done.report
    if json:
        return {"sentence": done.sentence, "method": done.method, "file": done.path, **report}
    _from(report)
    moved = [(reason, f"{w['from']:g}", f"{w['to']:g}") for reason, w in report["moved"].items()]
    table("Weights that move", ("reason", "in force", "proposed"), moved, "No weight moves.")
    for which, words in WHICH.items():
        if which in report["figures"]:
            _show(f"On held-out sellers, at review ({report['operating_point']:g} points), {words}", report["figures"][which], FIGURES)
    say(done.sentence)
    if done.method is not None:
        say(f"Proposed as method {done.method}, in evaluation, and written to {done.path}. Nothing is changed. To put it in force:")
        say(f"  touchstone method promote {done.method} --evidence '…' --by NAME")
    return {}


def _model(store: Store, home: Home, who: str, why: str, anyway: bool, json: bool, alone: bool) -> dict[str, Any]:
    """The text model's part. Beside the weights it is no error that it cannot be fitted: it says why."""
    from casework import learn_text_model

    try:
        done = learn_text_model.learn(store, home, who, anyway=anyway, justification=why)
    except TouchstoneError as error:
        if alone:
            raise
        if not json:
            say(f"text_model: {error}.")
        return {"text_model": {"sentence": str(error), "method": None}}
    if json:
        said = {"sentence": done.sentence, "method": done.method, "folder": done.folder, "sha256": done.sha256, **done.report}
        return {"text_model": said}
    _from(done.report, "text_model: ")
    for which, words in WHICH.items():
        if which in done.report["figures"]:
            _show(f"text_model on held-out sellers, {words}", done.report["figures"][which], WORDED)
    say(done.sentence)
    if done.method is not None:
        say(f"Proposed as method {done.method}, in evaluation, and written to {done.folder}. Nothing is changed. To put it in force:")
        say(f"  touchstone method promote {done.method} --evidence '…' --by NAME")
        say("and, so that it alone runs, under text_model in configs/detectors.yml:")
        say(f'  folder: "{done.folder}"')
        say(f'  sha256: "{done.sha256}"')
    return {}


def _from(report: Mapping[str, Any], what: str = "") -> None:
    left = "".join(f"; {n} left out: {why}" for why, n in report["left_out"].items())
    say(f"{what}{report['judgements']} judgements ({report['yes']} yes) of {report['sellers']} sellers{left}.")


def _show(title: str, figures: Mapping[str, Any], named: Mapping[str, str]) -> None:
    from casework.learn import NEW, OLD

    def cell(each: Mapping[str, Any]) -> str:
        if each["rate"] is None:
            return "not known"
        return f"{each['rate']:.3f}" + (f" ({each['low']:.3f} to {each['high']:.3f})" if each["low"] is not None else "")

    rows = []
    for key, words in named.items():
        difference = figures["difference"][key]
        noise = {True: "within noise", False: "beyond noise"}.get(difference.get("within_noise"), "")
        rows.append((words, cell(figures[OLD][key]), cell(figures[NEW][key]), cell(difference), noise))
    table(title, ("figure (95 % interval)", OLD, NEW, "difference", ""), rows, "")
