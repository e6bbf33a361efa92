"""The pass `flag`: what the findings of each listing come to under the policy, and what was not examined.

A flag rests on the listing as it stands: its newest reading's words and pictures, findings of methods in force only. It
adds a row when the findings, the policy or what was not examined have changed, and else nothing. A flag is never a
verdict. Of what is not flagged the pass keeps a random sample waiting for officers (samples.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from casework import samples
from casework.learn_settings import read_learning
from detectors import contract, score
from detectors.contract import Detector
from store.config import Home, defaults_folder, digest
from store.findings import KeptExamination, KeptFinding, shipped_status
from store.runs import PassResult
from store.store import SYSTEM, Acting, Store
from store.version import code_version
from store.words.records import Examined, Flag, Level, Outcome, Status, SubjectKind, digest_of

Subject = tuple[SubjectKind, int]
PAGE = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """What a page of listings is weighed by: the policy in force, and the detectors with their methods in force."""

    policy: score.Policy
    policy_digest: str
    detectors: tuple[Detector, ...]
    methods: Mapping[str, int]
    references: frozenset[int]  # entries of the reference log that still stand
    cannot_run: Mapping[str, str]  # detectors whose library is not installed, and how to get it


def run(
    store: Store,
    home: Home,
    executor: Executor | None = None,
    *,
    actor: str = SYSTEM,
    progress: Callable[[str, int], None] | None = None,
) -> PassResult:
    """Flag every listing as it now stands."""
    rules, lines = _rules(store, home, actor)
    mix = read_learning(home).queue
    kept = store.begin_run(
        "flag",
        actor=actor,
        authority=home.settings.authority.code,
        code_version=code_version(),
        config_digest=digest(home, ["flags.yml"]),
    )
    lot = samples.lot(store, mix)
    counts: Counter[str] = Counter()
    after = 0
    while True:
        with store.acting(SYSTEM, purpose="flag", run=kept.id) as reader:
            summaries = reader.summaries(after=after, limit=PAGE)
            listings = [summary.listing.id or 0 for summary in summaries]
            flags = _flags(reader, listings, rules) if listings else []
        if not listings:
            break
        counts["flags"] += store.keep_flags(flags, kept.id)
        for summary, flag in zip(summaries, flags, strict=True):
            lot.offer(summary.listing, flag.level)
            counts["listings"] += 1
            counts[f"level_{flag.level}"] += 1
        if progress:
            progress("listings", counts["listings"])
        after = listings[-1]
    counts["drawn"] = samples.draw(store, mix, lot, kept.id)
    store.end_run(kept.id, Outcome.good, counts)
    levels = ", ".join(f"{counts[f'level_{level}']} {level}" for level in reversed(Level))
    lines.append(f"flag: {counts['listings']} listings ({levels}); {counts['flags']} flags are new")
    silent = sum("COUNTS FOR NOTHING" in line for line in lines)
    message = f"{silent} detectors are not in force and count for nothing" if silent else ""
    return PassResult(Outcome.good, dict(counts), message, tuple(lines))


def policy_in_force(store: Store, home: Home) -> score.Policy:
    """The policy that flags are made by, as it stands: that of the method in force, or the file's where none of this version is."""
    in_force = store.method_in_force("scorer", score.NAME)
    known = {row: one for row, one, _ in store.methods("scorer")}
    if in_force is not None and known[in_force].version == score.VERSION:
        return score.policy_of(known[in_force].settings)
    return score.read_policy(home.file("flags.yml"))


def _rules(store: Store, home: Home, actor: str) -> tuple[Rules, list[str]]:
    """The policy in force: the file's, unless it was changed and not promoted; then the one that was."""
    policy = score.read_policy(home.file("flags.yml"))
    method = score.method_of(policy)
    number = store.keep_method(method)
    shipped = method == score.method_of(score.read_policy(defaults_folder() / "flags.yml"))
    lines: list[str] = []
    if shipped_status(store, number, shipped, actor) is not Status.in_force:
        in_force = store.method_in_force("scorer", score.NAME)
        known = {row: one for row, one, _ in store.methods("scorer")}
        if in_force is not None and known[in_force].version == score.VERSION:
            lines.append(
                f"configs/flags.yml was changed; the policy in force is still method {in_force}: `touchstone method promote {number}`"
            )
            method, policy = known[in_force], score.policy_of(known[in_force].settings)
        else:
            lines.append(f"no policy is in force; configs/flags.yml is used in evaluation: `touchstone method promote {number}`")
    # what looks only at what is flagged comes after the flags and cannot be part of one
    detectors = tuple(detector for detector in contract.discover().values() if "flagged" not in detector.needs)
    in_force_methods = {d.name: store.method_in_force("detector", d.name) for d in detectors}
    methods = {name: row for name, row in in_force_methods.items() if row is not None}
    cannot_run = {d.name: d.missing for d in detectors if d.missing}
    newest = {method.name: row for row, method, _ in store.methods("detector")}
    for name in sorted(set(in_force_methods) - set(methods)):
        if name in cannot_run:
            lines.append(f"{name} COUNTS FOR NOTHING: {cannot_run[name]}")
            continue
        how = f"`touchstone method promote {newest[name]} --evidence …`" if name in newest else "`touchstone detect` first"
        lines.append(f"{name} COUNTS FOR NOTHING: no method of it is in force, because its settings are not the shipped ones: {how}")
    references = frozenset(r.number or 0 for r in store.references())
    return Rules(policy, method.digest, detectors, methods, references, cannot_run), lines


def meaning(store: Store, flag: Flag) -> score.Calibration | None:
    """What the scores of the flag's own policy mean; None where that policy does not say, or is of another version of the scorer."""
    own = next((m for _, m, _ in store.methods("scorer") if m.digest == flag.policy and m.version == score.VERSION), None)
    return score.policy_of(own.settings).calibration if own else None


def _flags(reader: Acting, listings: Sequence[int], rules: Rules) -> list[Flag]:
    subjects = reader.subjects_of(listings)
    every = sorted({subject for of in subjects.values() for subject in of})
    numbers = sorted(rules.methods.values())
    examinations: dict[Subject, list[KeptExamination]] = defaultdict(list)
    findings: dict[Subject, list[KeptFinding]] = defaultdict(list)
    for examination in reader.examinations_of(every, numbers):
        examinations[examination.subject_kind, examination.subject].append(examination)
    for finding in reader.findings_of(every, numbers):
        findings[finding.subject_kind, finding.subject].append(finding)
    pairs = {detector.name for detector in rules.detectors if detector.pairs}
    beside_words = {detector.name for detector in rules.detectors if "words" in detector.needs}
    out = []
    for listing in listings:
        own = subjects.get(listing, [])
        snapshot = next((number for kind, number in own if kind is SubjectKind.snapshot), 0)
        current = {s: [e for e in examinations[s] if e.method_name not in beside_words or e.references_upto == snapshot] for s in own}
        standing = [
            f for subject in own for f in findings[subject]
            if stands(f, current[subject], f.method_name in pairs, rules.references, snapshot)
        ]  # fmt: skip
        said = [score.Said(f.finding, f.method_digest, f.id, f.subject_kind, f.subject) for f in standing]
        scored = score.score(rules.policy, said)
        missing = not_examined(rules.detectors, rules.methods, own, current, rules.cannot_run)
        out.append(
            Flag(
                None,
                listing,
                rules.policy_digest,
                findings_digest(said),
                scored.level,
                scored.score,
                scored.contributions,
                missing,
            )
        )
    return out


def findings_digest(said: Sequence[score.Said]) -> str:
    """What the flag rests on: the findings and their methods, in whatever order and rows."""
    return digest_of(sorted([_same(one), one.method] for one in said))


def _same(said: score.Said) -> str:
    """What makes a finding the one that was judged. Of an account that is the reason and its strength: with every thing that the account
    adds the sentence counts one more, and a judgement of each of its listings would be asked for again."""
    if said.subject_kind is not SubjectKind.seller:
        return said.finding.digest
    return digest_of([str(said.subject_kind), said.finding.reason, str(said.finding.direction), round(said.finding.score, 2)])


def stands(
    finding: KeptFinding, examinations: Sequence[KeptExamination], pairs: bool, references: frozenset[int], snapshot: int = 0
) -> bool:
    """Whether a finding still holds: its references were not removed, the listing still says the words that it cites, and no newer
    examination by its method says otherwise.

    Findings of pairs add up over examinations; of any other detector the newest that did not fail has the word.
    """
    cited = [p.other.removeprefix("reference:") for p in finding.finding.pointers if p.other.startswith("reference:")]
    if any(not number.isdigit() or int(number) not in references for number in cited):
        return False
    beside = finding.subject_kind is SubjectKind.picture  # what is said of an account cites the words of many listings
    if beside and any(p.other.startswith("snapshot:") and p.other != f"snapshot:{snapshot}" for p in finding.finding.pointers):
        return False
    own = [e.id for e in examinations if e.method == finding.method and e.outcome is not Examined.failed]
    return pairs or finding.newest >= max(own, default=0)


def not_examined(
    detectors: Sequence[Detector],
    methods: Mapping[str, int],
    subjects: Sequence[Subject],
    examinations: Mapping[Subject, Sequence[KeptExamination]],
    cannot_run: Mapping[str, str],
) -> tuple[str, ...]:
    """Which detectors have not examined the listing as it stands, and why, in words. "Nothing found" is not among
    them."""
    out = []
    for detector in detectors:
        own = [subject for subject in subjects if subject[0] is detector.subject]
        unable = cannot_run.get(detector.name, "").removeprefix(f"{detector.name} cannot run: ")
        if detector.name not in methods:
            out.append(f"{detector.name}: {unable or 'no method of it is in force'}")
            continue
        if not own:
            out.append(f"{detector.name}: no {detector.subject} of the listing is kept")
            continue
        why: Counter[str] = Counter()
        for subject in own:
            kept = [e for e in examinations[subject] if e.method == methods[detector.name]]
            if not kept:
                why[unable or "not examined yet"] += 1
            elif kept[-1].outcome is not Examined.done:
                failed = kept[-1].outcome is Examined.failed
                why[f"failed ({kept[-1].detail[:120]})" if failed else kept[-1].detail] += 1
        for reason, count in sorted(why.items()):
            of = f" ({count} of {len(own)} {detector.subject}s)" if len(own) > 1 else ""
            out.append(f"{detector.name}: {reason}{of}")
    return tuple(sorted(out))
