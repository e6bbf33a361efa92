"""Which images match which, for the pass: candidates from the index, then every candidate pair compared once, by the workers.

New images are looked for among all, references included; new references among the old images. What is near by a hash or by the
descriptor is a candidate only; what the detector's `compare` finds between two images is what counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from detectors import contract
from detectors.contract import Detector
from store.executors import ahead
from store.store import Store
from store.words.records import Fingerprint

AT_ONCE = 64  # pairs that travel to a worker together
Prints = Mapping[str, Fingerprint]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Other:
    """Another image that matches: its digest, and what `compare` said of the pair (in order of digest)."""

    sha256: str
    match: Any


@dataclass
class Matches:
    """The matches of one pass, or of one picture that somebody asks about. A pair is compared once, whoever asks."""

    store: Store
    detector: Detector
    settings: Any
    executor: Executor
    known: dict[Pair, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        module, store = self.detector.module, self.store
        self.searches = hasattr(module, "queries")  # without queries every image that has the detector's own fingerprint is a candidate
        if self.searches:
            self.index = store.nearest(module.fingerprint_version())
            self.index.grow()
        else:
            self.every = store.fingerprinted(self.detector.algorithms[-1], module.fingerprint_version())

    def of(self, prints: Mapping[str, Prints]) -> dict[str, tuple[Other, ...]]:
        """Of each image (by digest, with its fingerprints; kept or not) the kept others that match it."""
        wanted = {ours: sorted(others) for ours, others in self._candidates(prints).items()}
        self._compare({_pair(ours, other) for ours, others in wanted.items() for other in others}, prints)
        found = {}
        for ours, others in wanted.items():
            every = ((other, self.known[_pair(ours, other)]) for other in others)
            found[ours] = tuple(Other(other, match) for other, match in every if match is not None)
        return found

    def _candidates(self, prints: Mapping[str, Prints]) -> dict[str, set[str]]:
        """Of each image the digests of those that are near it by any of the detector's queries."""
        module, settings = self.detector.module, self.settings
        digests = list(prints)
        numbers: dict[str, set[int]] = defaultdict(set)
        if not self.searches:
            numbers |= dict.fromkeys(digests, self.every)
        for search, queries, owners in module.queries([prints[digest] for digest in digests], settings) if self.searches else ():
            hits = search(self.index, queries)
            for query, image in zip(hits.query.tolist(), hits.image.tolist(), strict=True):
                numbers[digests[owners[query]]].add(image)
        names = self.store.image_digests({n for every in numbers.values() for n in every})
        return {digest: {names[n] for n in numbers[digest] if n in names} - {digest} for digest in digests}

    def _compare(self, pairs: Iterable[Pair], given: Mapping[str, Prints]) -> None:
        left = sorted(set(pairs) - set(self.known))
        window = ahead(self.executor) * AT_ONCE
        for start in range(0, len(left), window):
            part = left[start : start + window]
            prints = self._prints(part, given)
            ready = [pair for pair in part if pair[0] in prints and pair[1] in prints]
            self.known.update(dict.fromkeys(set(part) - set(ready)))
            sent = []
            for at in range(0, len(ready), AT_ONCE):
                batch = ready[at : at + AT_ONCE]
                images = {digest: prints[digest] for pair in batch for digest in pair}
                sent.append((batch, images, self._submit(batch, images)))
            for batch, images, future in sent:
                try:
                    said = future.result()
                except Exception:  # a worker died: once more
                    said = self._submit(batch, images).result()
                self.known.update(zip(batch, said, strict=True))

    def _submit(self, batch: Sequence[Pair], images: Mapping[str, Prints]) -> Any:
        return self.executor.submit(compare, self.detector.name, batch, images, self.settings)

    def _prints(self, pairs: Sequence[Pair], given: Mapping[str, Prints]) -> dict[str, Prints]:
        named = {digest for pair in pairs for digest in pair}
        digests = sorted(named - given.keys())
        module = self.detector.module
        every = [self.store.fingerprints(name, module.fingerprint_version(), digests) for name in module.COMPARED]
        return {digest: given[digest] for digest in named & given.keys()} | {
            digest: {name: kept[digest] for name, kept in zip(module.COMPARED, every, strict=True)}
            for digest in digests
            if all(digest in kept for kept in every)
        }


def compare(name: str, pairs: Sequence[Pair], prints: Mapping[str, Prints], settings: Any) -> list[Any]:
    """What the detector says of each pair, in whatever process this runs."""
    module = contract.detector_of(name).module
    return [module.compare(prints[first], prints[second], settings) for first, second in pairs]


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)
