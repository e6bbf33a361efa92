"""Learning from judgements: the weights of the policy in force are fitted again on what officers said, compared with those in force on
sellers that they were not fitted on, and proposed. A person promotes; nothing changes by itself.

What is learned from is the newest judgement of each listing that nothing supersedes, yes or no, with the findings that it was made on.
The weights in force are the prior, so that few judgements move little, and none becomes negative. Levels stay as they are: who is judged is
mostly who was flagged, and from them nobody can say what share of ordinary listings a level would take.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework import flags
from casework.learn_settings import Least, read_learning
from detectors.evaluation.fit_weights import Labelled, balance, fit_calibration, fit_weights
from detectors.evaluation.listings import ORDINARY, SUSPICIOUS, Row, parts
from detectors.evaluation.measures import BINS, PREVALENCES
from detectors.score import EXCULPATORY, Calibration, Policy, Said, method_of, score
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import Level, Status, SubjectKind, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[Any]

QUEUED = (Level.review, Level.priority)
OLD, NEW = "in force", "proposed"


@dataclass(frozen=True, slots=True)
class Example:
    """A judged listing: what its judgement rested on, the verdict, whose it is, and how it came to be judged: because it was flagged
    ("flagged"), drawn at random ("drawn"), or otherwise below review ("other")."""

    key: str
    said: tuple[Said, ...]
    suspicious: bool
    owner: str
    came: str
    listing: int = 0

    @property
    def labelled(self) -> Labelled:
        return Labelled(self.said, self.suspicious, self.owner)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The examples in an order that says nothing of when they were judged, what was left out and why, and how many listings of the store stand
    behind those flagged and those below review."""

    examples: tuple[Example, ...]
    left_out: Mapping[str, int]
    flagged: int
    below: int


def gather(reader: Acting) -> Gathered:
    """What people have said of listings, as examples. A judgement whose findings are no longer kept as they were is left out and counted."""
    left: Counter[str] = Counter()
    judged = {}
    for judgement in reader.judgements_in_force():
        if judgement.verdict is Verdict.unsure:
            left["unsure"] += 1
        elif not judgement.findings_digest:
            left["judged before any policy had looked at the listing"] += 1
        else:
            judged[judgement.subject] = judgement
    rested = reader.flags_with({listing: j.findings_digest for listing, j in judged.items()})
    kept = reader.findings([c.finding for flag in rested.values() for c in flag.contributions])
    drawn = {one.listing for one in reader.drawn()}
    accounts = _same_account(reader)
    summaries = {s.listing.id: s for at in pages(sorted(rested)) for s in reader.summaries(numbers=at, limit=len(at))}
    examples = []
    for listing, judgement in judged.items():
        flag, summary = rested.get(listing), summaries.get(listing)
        rows = [kept[c.finding] for c in flag.contributions if c.finding in kept] if flag else []
        said = tuple(Said(k.finding, k.method_digest, k.id, k.subject_kind, k.subject) for k in rows)
        if flag is None or summary is None or flags.findings_digest(said) != judgement.findings_digest:
            left["the findings that it was made on are not kept as they were"] += 1
            continue
        source, ref, seller = summary.listing.source, summary.listing.ref, summary.seller
        owner = f"seller {accounts.get(seller, seller)}" if seller is not None else f"listing {source}/{ref}"
        came = "flagged" if summary.level in QUEUED else "drawn" if listing in drawn else "other"
        examples.append(Example(f"{source}\0{ref}", said, judgement.verdict is Verdict.yes, owner, came, listing))
    tally = reader.store.tally()
    return Gathered(
        tuple(sorted(examples, key=lambda e: e.key)), dict(sorted(left.items())), sum(tally.above.values()), sum(tally.below.values())
    )


def pages(numbers: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    """The numbers in parts, as many as are read at once."""
    return [numbers[at : at + size] for at in range(0, len(numbers), size)]


def _same_account(reader: Acting) -> dict[int, int]:
    """Accounts that a person has confirmed to be one seller's, each with the lowest of their numbers: held out together."""
    found: dict[int, int] = {}

    def root(number: int) -> int:
        while found.get(number, number) != number:
            number = found[number]
        return number

    for link in reader.links(limit=100_000):
        if link.subject_kind is SubjectKind.seller and link.object_kind is SubjectKind.seller and link.status == "confirmed":
            one, other = sorted((root(link.subject), root(link.object)))
            found[one] = found[other] = one
    return {number: root(number) for number in found}


# -- fitting on sellers, reporting on others -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Case:
    """A held-out example under one policy: its points, whether it is queued, and the probability said at PREVALENCES."""

    queued: bool
    points: float
    probabilities: tuple[float, ...]


def folds(examples: Sequence[Example], number: int) -> list[tuple[list[int], list[int]]]:
    """(to fit on, held out) as places in `examples`: no seller is on both sides. Raises ValueError where a verdict has one seller only."""
    rows = [Row(id=e.key, source="judged", label=SUSPICIOUS if e.suspicious else ORDINARY) for e in examples]
    place = {row.key: i for i, row in enumerate(rows)}
    owners = {row.key: e.owner for row, e in zip(rows, examples, strict=True)}
    return [([place[r.key] for r in fold.train], [place[r.key] for r in fold.test]) for fold in parts(rows, owners, number)]


def refitted(policy: Policy, rows: Sequence[Labelled]) -> Policy:
    """The policy with weights fitted on the rows, the points in force as their prior; a reason that the rows say too little of keeps its own.

    What speaks for a seller may move too: judgements are of one market, where labelled files confuse it with the kind of shop.
    """
    start = {reason: replace(weight, weight=weight.points, fitted=None) for reason, weight in policy.reasons.items()}
    own = fit_weights(replace(policy, reasons=start), rows, groups={*policy.groups, EXCULPATORY}).reasons
    moved = {r: replace(w, fitted=own[r].fitted) for r, w in policy.reasons.items() if own[r].fitted not in (None, w.points)}
    return replace(policy, reasons={**policy.reasons, **moved})


def fitted(policy: Policy, examples: Sequence[Example], number: int, data: str) -> Policy:
    """The policy with weights fitted on the examples, and what its score means taken from sellers that were held out of them."""
    rows = [e.labelled for e in examples]
    try:
        inner = folds(examples, number)
    except ValueError:  # too few sellers are left to hold any of them out: the meaning then comes from the rows themselves
        inner = []
    points, labels, owners = [], [], []
    for train, test in inner or [(list(range(len(rows))), list(range(len(rows))))]:
        part = refitted(policy, [rows[i] for i in train])
        for i in test:
            points.append(score(part, rows[i].said).score)
            labels.append(rows[i].suspicious)
            owners.append(rows[i].source)
    return replace(refitted(policy, rows), calibration=fit_calibration(points, labels, owners, data))


def held_out(policy: Policy, examples: Sequence[Example], number: int) -> dict[str, list[Case]]:
    """Every example once, as the policy in force and one that was fitted without its seller see it.

    A policy in force that says no probability gets the meaning that the other sellers' judgements give its scores, so that both are
    compared by the same.
    """
    cases: dict[str, dict[int, Case]] = {OLD: {}, NEW: {}}
    for train, test in folds(examples, number):
        rows = [examples[i] for i in train]
        new = fitted(policy, rows, number, "other sellers")
        meaning = policy.calibration or fit_calibration(
            [score(policy, e.said).score for e in rows], [e.suspicious for e in rows], [e.owner for e in rows], "other sellers"
        )
        for i in test:
            cases[OLD][i] = _case(policy, meaning, examples[i])
            cases[NEW][i] = _case(new, new.calibration or meaning, examples[i])
    return {name: [own[i] for i in sorted(own)] for name, own in cases.items()}


def _case(policy: Policy, meaning: Calibration, example: Example) -> Case:
    scored = score(policy, example.said)
    return Case(scored.level in QUEUED, scored.score, tuple(meaning.probability(scored.score, p) for p in PREVALENCES))


def figures(
    examples: Sequence[Example], cases: Mapping[str, Sequence[Case]], weights: Sequence[float], resamples: int, seed: int = 1
) -> dict[str, Any]:
    """Of both policies and of their difference: recall, false-positive rate, precision and its value at stated prevalences, and the
    expected calibration error there; each with the 95 % interval of whole sellers drawn again (the cluster bootstrap; Field and Welsh,
    JRSS B 2007), both policies on the same draw. `weights` say how many listings each example stands for.
    """
    import numpy as np

    labels = np.array([e.suspicious for e in examples], bool)
    owners = [e.owner for e in examples]
    times = drawn_again(owners, resamples, seed)
    drawn, evenly = times * np.asarray(weights, float), times * balance(labels.tolist(), owners)
    said = {name: _figures(labels, own, drawn, evenly) for name, own in cases.items()}
    return spreads(said)


def drawn_again(owners: Sequence[str], resamples: int, seed: int = 1) -> Numbers:
    """How often each row counts [1 + resamples, rows] where whole owners are drawn again; the first row is the data as they are."""
    import numpy as np

    names = sorted(set(owners))
    place = {name: i for i, name in enumerate(names)}
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    return np.vstack([np.ones(len(owners)), draws[:, [place[owner] for owner in owners]]])


def spreads(said: Mapping[str, Mapping[str, Numbers]]) -> dict[str, Any]:
    """Each figure of OLD, of NEW and of their difference, with its interval over the draws."""
    out: dict[str, Any] = {name: {key: _spread(values) for key, values in own.items()} for name, own in said.items()}
    out["difference"] = {key: _spread(said[NEW][key] - said[OLD][key], difference=True) for key in said[NEW]}
    return out


def _figures(labels: Numbers, cases: Sequence[Case], drawn: Numbers, evenly: Numbers) -> dict[str, Numbers]:
    """Each figure of each draw; nan where a draw has no row that it could speak of."""
    import numpy as np

    queued = np.array([c.queued for c in cases], float)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = drawn @ (queued * labels) / (drawn @ labels.astype(float))
        false = drawn @ (queued * ~labels) / (drawn @ (~labels).astype(float))
        out = {"recall": recall, "false_positive_rate": false, "precision": drawn @ (queued * labels) / (drawn @ queued)}
        sides = evenly @ labels.astype(float), evenly @ (~labels).astype(float)
        for place, prevalence in enumerate(PREVALENCES):
            found, wrong = recall * prevalence, false * (1 - prevalence)
            out[f"precision_at_{prevalence:g}"] = found / (found + wrong)
            mixed = np.where(labels, prevalence / sides[0][:, None], (1 - prevalence) / sides[1][:, None]) * evenly
            out[f"ece_at_{prevalence:g}"] = calibration_errors(np.array([c.probabilities[place] for c in cases]), labels, mixed)
    return out


def calibration_errors(probabilities: Numbers, labels: Numbers, mixed: Numbers) -> Numbers:
    """The expected calibration error of each draw [draws]; `mixed` are the rows' shares of it [draws, rows]."""
    import numpy as np

    which = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    away = (probabilities - labels) * mixed
    out: Numbers = np.abs(np.stack([away[:, which == b].sum(axis=1) for b in range(BINS)])).sum(axis=0)
    return out


def _spread(values: Numbers, difference: bool = False) -> dict[str, Any]:
    import numpy as np

    kept = values[1:][~np.isnan(values[1:])]
    rate = None if np.isnan(values[0]) else round(float(values[0]), 4) + 0.0
    if not len(kept):
        return {"rate": rate, "low": None, "high": None}
    low, high = (round(float(q), 4) + 0.0 for q in np.quantile(kept, (0.025, 0.975)))
    out = {"rate": rate, "low": low, "high": high}
    if difference:
        out["within_noise"] = low <= 0 <= high
    return out


# -- proposing ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Proposal:
    """What was learned: the policy to promote (None where nothing moved), the figures, and a sentence that says what they come to."""

    policy: Policy | None
    method: int | None
    report: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    path: Path | None = None


def enough(gathered: Gathered, settings: Least, part: str = "fit") -> None:
    """Raises TouchstoneError, in a plain sentence, where there are too few judgements or sellers to learn from; `part` is that of
    configs/learning.yml which asks for them."""
    examples = gathered.examples
    yes, owners = sum(e.suspicious for e in examples), {e.owner for e in examples}
    least = min(len({e.owner for e in examples if e.suspicious is side}) for side in (True, False))
    said = f"{len(examples)} judgements ({yes} yes, {len(examples) - yes} no) of {len(owners)} sellers can be learned from"
    wanted = f"at least {settings.judgements} are needed, {settings.each} of either kind, of {settings.sellers} sellers (configs/learning.yml, {part})"
    if len(examples) < settings.judgements or len(owners) < settings.sellers or min(yes, len(examples) - yes) < settings.each or least < 2:
        out = "; ".join(f"{n} left out: {why}" for why, n in gathered.left_out.items())
        raise TouchstoneError(f"{said}; {wanted}. Nothing is fitted{f' ({out})' if out else ''}")


def stands_for(gathered: Gathered) -> tuple[list[float], int]:
    """(how many listings of the store each example stands for, how many drawn ones are among them).

    A flagged one for the flagged ones, one drawn at random for those below review; what was judged below review for another reason was
    chosen, and stands for none.
    """
    count = Counter(e.came for e in gathered.examples)
    of = {"flagged": gathered.flagged, "drawn": gathered.below, "other": 0}
    return [of[e.came] / count[e.came] for e in gathered.examples], count["drawn"]


def learn(store: Store, home: Home, actor: str, *, out: Path | None = None, justification: str = "") -> Proposal:
    """Fit, compare and propose: a policy file, and the same as a scorer in evaluation. Raises TouchstoneError where there is too little.

    The same judgements of the same listings give the same file to the last byte, whatever order they were made in.
    """
    settings = read_learning(home).fit
    policy = flags.policy_in_force(store, home)
    with store.acting(actor, purpose="learn", justification=justification) as reader:
        gathered = gather(reader)
    enough(gathered, settings)
    examples = gathered.examples
    owners = len({e.owner for e in examples})
    digest = hashlib.sha256("\n".join(f"{e.key}\0{e.suspicious}\0{flags.findings_digest(e.said)}" for e in examples).encode()).hexdigest()
    data = f"{len(examples)} judgements of {owners} sellers, digest {digest[:12]}"
    proposed = fitted(policy, examples, settings.parts, data)
    cases = held_out(policy, examples, settings.parts)
    weights, drawn = stands_for(gathered)
    each = {"judged": figures(examples, cases, [1.0] * len(examples), settings.resamples)}
    if drawn:
        each["store"] = figures(examples, cases, weights, settings.resamples)
    moved = {
        reason: {"from": policy.reasons[reason].points, "to": weight.points}
        for reason, weight in sorted(proposed.reasons.items())
        if weight.points != policy.reasons[reason].points
    }
    report: dict[str, Any] = {
        "judgements": len(examples), "yes": sum(e.suspicious for e in examples), "sellers": owners, "drawn": drawn,
        "left_out": dict(gathered.left_out), "moved": moved, "operating_point": policy.levels.review, "figures": each,
    }  # fmt: skip
    sentence = _sentence(each, moved, drawn)
    if not moved and policy.calibration is not None:
        return Proposal(None, None, report, f"No weight moves: nothing is proposed. {sentence}")
    path = out or home.folder / "configs" / "flags.proposed.yml"
    write(path, proposed, data, sentence)
    method = store.keep_method(method_of(proposed))
    if next(status for number, _, status in store.methods("scorer") if number == method) is None:
        store.set_method_status(method, Status.evaluation, actor, f"proposed by `touchstone learn` from {data}. {sentence}")
    return Proposal(proposed, method, report, sentence, path)


def _sentence(each: Mapping[str, Any], moved: Mapping[str, Any], drawn: int) -> str:
    """What the comparison comes to, on held-out sellers."""
    of = each.get("store", each["judged"])
    names = {"recall": "recall", "false_positive_rate": "false-positive rate", "precision": "precision"}
    clear = [
        f"{name} {of[OLD][key]['rate']:.1%} → {of[NEW][key]['rate']:.1%}"
        for key, name in names.items()
        if of["difference"][key].get("within_noise") is False
    ]
    what = f"{len(moved)} weights move" if moved else "no weight moves; what a score means is stated anew"
    where = (
        f"weighed to the whole store by {drawn} listings drawn at random"
        if "store" in each
        else "among judged listings only, which are mostly flagged ones: nothing drawn at random is judged yet, so these figures say little of the whole store"
    )
    how = f"differs beyond noise: {', '.join(clear)}" if clear else "the difference from the policy in force is within noise"
    return f"{what[0].upper()}{what[1:]}; on sellers held out, at review, {how} ({where})."


def write(path: Path, policy: Policy, data: str, sentence: str) -> None:
    """The policy as a file that configs/flags.yml could be. Raises TouchstoneError where that file is the one in use."""
    import yaml

    if path.name == "flags.yml":
        raise TouchstoneError(f"{path}: a proposal is not written over the policy in use; name another file (--out)")
    head = "# Proposed by `touchstone learn`; not in use. `touchstone method promote` puts it in force.\n"
    body = yaml.safe_dump(plain(policy), sort_keys=False, allow_unicode=True, width=1000)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}# From {data}.\n# {sentence}\n{body}", "utf-8")


def plain(policy: Policy) -> dict[str, Any]:
    """The policy as configs/flags.yml would say it."""

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: bare(v) for k, v in value.items()}
        return [bare(v) for v in value] if isinstance(value, tuple | list) else value

    said: dict[str, Any] = bare(asdict(policy))
    for weight in (*said["reasons"].values(), said["otherwise"]):
        if weight["fitted"] is None:
            del weight["fitted"]
    return {k: v for k, v in said.items() if v is not None}
