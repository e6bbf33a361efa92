"""The pass `detect`: what is due goes to the detectors in batches, and what they say is kept, a batch in one
transaction.

Safe to run twice, alone or after a crash: what is due comes from the store, in pages by id. The method of a detector is
all that can change its answer: version, settings, brands, libraries. A changed setting makes a new method, in
evaluation; the one in force goes on examining beside it, from its own recorded settings, so that no listing is left out
of the score meanwhile.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

from detectors import contract
from detectors.contract import Context, Examined
from detectors.methods import Task, plan
from store.config import Home, digest
from store.executors import InlineExecutor, ahead
from store.findings import Due
from store.runs import PassResult
from store.store import SYSTEM, Store
from store.version import code_version
from store.words.records import Examination, Outcome, ReferenceKind, Status, SubjectKind
from store.words.records import Examined as State

Progress = Callable[[str, int], None]
PURPOSE = "detect"


def run(
    store: Store, home: Home, executor: Executor | None = None, *, actor: str = SYSTEM,
    only: Collection[str] | None = None, retry_errors: bool = False, progress: Progress | None = None,
) -> PassResult:  # fmt: skip
    """Examine what is due. `only` names detectors; `retry_errors` looks again at subjects that failed."""
    tasks, lines = plan(store, home, actor, only)
    kept = store.begin_run(
        "detect", actor=actor, authority=home.settings.authority.code, code_version=code_version(),
        config_digest=digest(home, ["detectors.yml", "brands", "currencies.yml"]),
    )  # fmt: skip
    counts: Counter[str] = Counter(examined=0, findings=0, not_possible=0, failed=0)
    try:
        for task in tasks:
            said = _Pass(store, executor or InlineExecutor(), task, kept.id, home.settings.batch, retry_errors, progress).go()
            counts.update(said)
            lines.append(_line(task, said))
    except BaseException as error:
        store.end_run(kept.id, Outcome.failed, counts, f"{type(error).__name__}: {error}"[:500])
        raise
    failed = counts["failed"]
    message = f"{failed} subjects could not be examined; --retry-errors looks at them again" if failed else ""
    store.end_run(kept.id, Outcome.good, counts, message)
    return PassResult(Outcome.good, dict(counts), message, tuple(lines))


# -- one method ------------------------------------------------------------------------------------------------------
class _Pass:
    """One method's way through what is due for it."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        task: Task,
        run: str,
        batch: int,
        retry_errors: bool,
        progress: Progress | None,
    ) -> None:
        self.store, self.executor, self.task, self.run, self.retry_errors = store, executor, task, run, retry_errors
        self.batch, self.progress = batch, progress
        self.detector = task.detector
        self.counts: Counter[str] = Counter()
        self.references_upto = self._references_upto()
        self.pictures_upto = store.picture_end() if "other_pictures" in self.detector.needs else 0

    def go(self) -> Counter[str]:
        if self.detector.algorithms:
            from detectors.pairs import examine_pictures

            examine_pictures(self)
            return self.counts
        context = self.task.context
        if "prices" in self.detector.needs:
            context = replace(context, prices=tuple(self.store.references([ReferenceKind.price], upto=self.references_upto)))
        window = ahead(self.executor)
        waiting: deque[tuple[list[Any], Context, Future[list[Examined]]]] = deque()
        for due in self.pages():
            subjects = self.load([d.subject for d in due])
            beside = self.beside(context, subjects)
            waiting.append((subjects, beside, self._submit(subjects, beside)))
            if len(waiting) >= window:
                self._keep_next(waiting)
        while waiting:
            self._keep_next(waiting)
        return self.counts

    def _keep_next(self, waiting: deque[tuple[list[Any], Context, Future[list[Examined]]]]) -> None:
        subjects, context, future = waiting.popleft()
        upto = {subject.id: subject.upto for subject in subjects} if self.detector.subject in contract.GROWING else None
        self.keep(self.outcome(subjects, context, future), snapshots=upto)

    def pages(self) -> Iterator[list[Due]]:
        """What is due, in batches by id."""
        after = 0
        while True:
            page = self.store.due(
                self.task.number, self.detector.subject, after=after, limit=self.batch,
                references_upto=self.references_upto, retry_errors=self.retry_errors, words="words" in self.detector.needs, flagged="flagged" in self.detector.needs,
            )  # fmt: skip
            if not page:
                return
            yield page
            after = page[-1].subject

    def beside(self, context: Context, subjects: Sequence[Any]) -> Context:
        """The context of one batch: with where and when its snapshots were published, for a detector of prices."""
        if "prices" not in self.detector.needs or self.detector.subject is not SubjectKind.snapshot:
            return context
        with self.store.acting(SYSTEM, purpose=PURPOSE, run=self.run) as reader:
            said = reader.published([subject.id for subject in subjects])
        return replace(context, published={number: contract.Published(*where) for number, where in said.items()})

    def load(self, numbers: list[int]) -> list[Any]:
        with self.store.acting(SYSTEM, purpose=PURPOSE, run=self.run) as reader:
            if self.detector.subject is SubjectKind.snapshot:
                return list(reader.snapshots(numbers))
            if self.detector.subject is SubjectKind.picture:
                return list(reader.pictures(numbers))
            if self.detector.subject is SubjectKind.listing:
                return [
                    contract.ListingSubject(s.listing.id or 0, s.listing, s.snapshot, s.image_count, s.reading)
                    for s in reader.summaries(numbers=numbers, limit=len(numbers))
                ]
            return list(reader.seller_subjects(numbers))

    def _submit(self, subjects: Sequence[Any], context: Context) -> Future[list[Examined]]:
        return self.executor.submit(contract.examine, self.detector.name, list(subjects), context)

    def outcome(self, subjects: list[Any], context: Context, future: Future[list[Examined]]) -> list[Examined]:
        """What the batch came to. Where a worker died, or the batch could not travel: again once, then one by one."""
        try:
            return future.result()
        except Exception:
            try:
                return self._submit(subjects, context).result()
            except Exception:
                return [examined for subject in subjects for examined in self._alone(subject, context)]

    def _alone(self, subject: Any, context: Context) -> list[Examined]:
        try:
            return self._submit([subject], context).result()
        except Exception as error:
            return [contract.failure(subject.id, f"the worker did not come back: {type(error).__name__}: {error}")]

    def keep(self, said: Sequence[Examined], further: Sequence[Examination] = (), snapshots: Mapping[int, int] | None = None) -> None:
        """Keep a batch, with the further examinations that it gives older subjects, in one transaction; and count it.

        `snapshots` says beside which words each subject was examined, where the detector needs words: that is its watermark.
        """
        rows = [
            Examination(
                self.detector.subject,
                e.subject,
                e.outcome,
                e.findings,
                e.detail,
                self.references_upto if snapshots is None else snapshots.get(e.subject, 0),
                self.pictures_upto,
                e.contacts,
            )
            for e in map(contract.storable, said)
        ]
        examined, findings = self.store.keep_examinations(self.task.number, [*rows, *further], self.run)
        self.counts.update({"examined": examined, "findings": findings})
        if examined:
            self.counts.update(str(e.outcome) for e in said if e.outcome is not State.done)
        if self.progress:
            self.progress(self.detector.name, len(said))

    def _references_upto(self) -> int:
        """Up to which entry of the reference log this detector's answer will have been taken: of the kinds it needs.

        A price that is added says nothing to pictures: only entries of the needed kinds make subjects due again. The removal of a price is
        such an entry, too, so that what rested on it is looked at afresh.
        """
        if "prices" in self.detector.needs:
            return max((r.number or 0 for r in self.store.reference_log() if r.kind is ReferenceKind.price), default=0)
        if "references" in self.detector.needs:
            pictures = [r for r in self.store.references() if r.kind is not ReferenceKind.price and r.image_sha256]
            return max((r.number or 0 for r in pictures), default=0)
        return 0


def _line(task: Task, said: Counter[str]) -> str:
    parts = [f"{said['examined']} examined", f"{said['findings']} findings"]
    parts += [f"{said[word]} {name}" for word, name in (("not_possible", "not possible"), ("failed", "failed")) if said[word]]
    status = "" if task.status is Status.in_force else f" ({task.status})"
    return f"{task.detector.name}{status}: {', '.join(parts)}"
