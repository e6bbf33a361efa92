"""How the pass serves detectors that compare pictures: fingerprints once for each image, then every new pair, once.

First all fingerprints that are missing are taken, by the workers. Then each new picture is compared with every picture
and every reference, each old one with the new references only. A finding of a pair belongs to both of its members: the
one that was examined before the other arrived gets a further examination, so that the order of arrival changes no
finding.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from detectors import contract
from detectors.contract import Context, Examined, Owner
from detectors.matches import Matches, Other
from store.errors import TouchstoneError
from store.executors import ahead
from store.findings import Due
from store.store import SYSTEM
from store.words.records import Examination, Fingerprint, Picture, Reference, ReferenceKind, Snapshot, SubjectKind
from store.words.records import Examined as State

if TYPE_CHECKING:
    from detectors.run import _Pass

AT_ONCE = 16  # pictures whose bytes travel to a worker together

Taken = tuple[str, list[Fingerprint], str, str]  # digest, fingerprints, why there are none, error


@dataclass(slots=True)
class Prints:
    """Fingerprints of images by digest and algorithm, or why there are none: unreadable, or an error of our own."""

    prints: dict[str, dict[str, Fingerprint]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def take(name: str, images: Sequence[tuple[str, bytes]]) -> list[Taken]:
    """Take the fingerprints of these images, in whatever process this runs; a bad one fails alone."""
    from detectors.pictures import Unreadable

    module = contract.detector_of(name).module
    taken: list[Taken] = []
    for sha256, data in images:
        try:
            taken.append((sha256, module.fingerprint(sha256, data), "", ""))
        except Unreadable as problem:
            taken.append((sha256, [], str(problem), ""))
        except Exception as error:
            taken.append((sha256, [], "", f"{type(error).__name__}: {error}"[:1000]))
    return taken


def examine_pictures(work: _Pass) -> None:
    """The whole pass of one such detector; one that compares nothing gets fingerprints alone."""
    needs = work.detector.needs
    references = _references(work) if "references" in needs else ()
    for page in work.pages():
        new = _new(work, page)
        if new:
            _ensure(work, [picture.image.sha256 for picture in work.load(sorted(new))])
    matches = Matches(work.store, work.detector, work.task.context.settings, work.executor) if "other_pictures" in needs else None
    told: dict[str, tuple[Other, ...]] | None = None
    for page in work.pages():
        new = _new(work, page)
        pictures = work.load([due.subject for due in page])
        found = _ensure(work, [picture.image.sha256 for picture in pictures])
        context = replace(
            work.task.context, references=references, prints=found.prints, problems=found.problems,
            seen={due.subject: due.references_upto for due in page if due.subject not in new},
            words=_words(work, pictures) if "words" in needs else {},
        )  # fmt: skip
        if matches:
            fresh = {p.image.sha256: found.prints[p.image.sha256] for p in pictures if p.id in new and p.image.sha256 in found.prints}
            if told is None and len(new) < len(page):
                told = _told_of(work, matches, references)
            every = {p.image.sha256: (told or {}).get(p.image.sha256, ()) for p in pictures} | matches.of(fresh)
            context = replace(context, matches=every, owners=_owners(work, every, fresh))
        _examine(work, pictures, context, found.errors)


def _told_of(work: _Pass, matches: Matches, references: Sequence[Reference]) -> dict[str, tuple[Other, ...]]:
    """Of each image the references that match it, asked from the references' side: they are the fewer."""
    digests = list(dict.fromkeys(r.image_sha256 for r in references if r.image_sha256))
    prints = _ensure(work, digests).prints
    told: dict[str, list[Other]] = defaultdict(list)
    for start in range(0, len(digests), work.batch):
        part = {digest: prints[digest] for digest in digests[start : start + work.batch] if digest in prints}
        for reference, others in matches.of(part).items():
            for other in others:
                told[other.sha256].append(Other(reference, other.match))
    return {digest: tuple(sorted(every, key=lambda other: other.sha256)) for digest, every in told.items()}


def _owners(work: _Pass, matches: Mapping[str, Sequence[Other]], fresh: Mapping[str, object]) -> dict[str, tuple[Owner, ...]]:
    """Whose pictures the matching images are, and the same image elsewhere; up to the newest when the pass began."""
    digests = {other.sha256 for every in matches.values() for other in every} | set(fresh)
    rows = work.store.picture_owners(sorted(digests), work.pictures_upto)
    return {digest: tuple(Owner(*row) for row in every) for digest, every in rows.items()}


def _new(work: _Pass, page: Sequence[Due]) -> set[int]:
    """Pictures that were never compared: not examined yet, or only in vain."""
    old = [due.subject for due in page if not due.new]
    with work.store.acting(SYSTEM, purpose="detect", run=work.run) as reader:
        kept = reader.examinations_of([(SubjectKind.picture, number) for number in old], [work.task.number]) if old else []
    compared = {examination.subject for examination in kept if examination.outcome is not State.failed}
    return {due.subject for due in page if due.subject not in compared}


def _examine(work: _Pass, pictures: list[Picture], context: Context, errors: Mapping[str, str]) -> None:
    bad = [picture for picture in pictures if picture.image.sha256 in errors]
    good = [picture for picture in pictures if picture.image.sha256 not in errors]
    said = contract.examine(work.detector.name, good, context) if good else []
    partners: dict[int, list[Examined]] = defaultdict(list)
    for examined in said:
        if examined.further:
            partners[examined.subject].append(contract.storable(examined))
    failed = [contract.failure(picture.id, errors[picture.image.sha256]) for picture in bad]
    own = [examined for examined in said if not examined.further]
    beside = None
    if "words" in work.detector.needs:
        beside = {p.id: context.words[p.listing].id or 0 for p in pictures if p.listing in context.words}
    work.keep([*own, *failed], _further(work, partners, max(picture.id for picture in pictures)), beside)


def _words(work: _Pass, pictures: Sequence[Picture]) -> dict[int, Snapshot]:
    """What the listings of these pictures say as they stand."""
    numbers = sorted({picture.listing for picture in pictures})
    with work.store.acting(SYSTEM, purpose="detect", run=work.run) as reader:
        return {one.listing.id or 0: one.snapshot for one in reader.summaries(numbers=numbers, limit=len(numbers))}


def _further(work: _Pass, partners: Mapping[int, list[Examined]], newest: int) -> list[Examination]:
    """Further examinations of older pictures that a new one makes a pair with: what they have not been told yet.

    A picture that has no examination is due itself and will find the pair; one that holds the finding was there
    already.
    """
    subjects = [(SubjectKind.picture, number) for number in sorted(partners)]
    if not subjects:
        return []
    with work.store.acting(SYSTEM, purpose="detect", run=work.run) as reader:
        kept = reader.examinations_of(subjects, [work.task.number])
        held = reader.findings_of(subjects, [work.task.number])
    references: dict[int, int] = {}
    pictures: dict[int, int] = {}
    for examination in kept:
        if examination.outcome is State.done:
            references[examination.subject] = max(references.get(examination.subject, 0), examination.references_upto)
        pictures[examination.subject] = max(pictures.get(examination.subject, 0), examination.pictures_upto)
    told = {(finding.subject, finding.finding.digest) for finding in held}
    counts = Counter((finding.subject, finding.finding.reason) for finding in held)
    most = work.task.context.settings.most_partners
    further = []
    for number in sorted(references):
        findings = []
        for finding in (f for examined in partners[number] for f in examined.findings):
            if (number, finding.digest) not in told and counts[number, finding.reason] < most:
                told.add((number, finding.digest))
                counts[number, finding.reason] += 1
                findings.append(finding)
        if findings:
            upto = max(newest, pictures[number] + 1)
            further.append(Examination(SubjectKind.picture, number, State.done, tuple(findings), "", references[number], upto))
    return further


# -- fingerprints ----------------------------------------------------------------------------------------------------
def _ensure(work: _Pass, digests: Sequence[str]) -> Prints:
    """The fingerprints of these images: those kept, and those missing taken now and kept."""
    wanted = list(dict.fromkeys(digests))
    found = Prints()
    _kept(work, wanted, found)
    missing = [digest for digest in wanted if digest not in found.prints]
    batches = [missing[i : i + AT_ONCE] for i in range(0, len(missing), AT_ONCE)]
    window = ahead(work.executor)
    for start in range(0, len(batches), window):
        sent = []
        for batch in batches[start : start + window]:
            images = _bytes(work, batch, found)
            if images:
                sent.append((images, work.executor.submit(take, work.detector.name, images)))
        for images, future in sent:
            _gather(work, images, future, found)
    return found


def _kept(work: _Pass, digests: Sequence[str], found: Prints) -> None:
    version = work.detector.module.fingerprint_version()
    every = [work.store.fingerprints(algorithm, version, digests) for algorithm in work.detector.algorithms]
    for digest in digests:
        if all(digest in prints for prints in every):
            found.prints[digest] = {prints[digest].algorithm: prints[digest] for prints in every}


def _bytes(work: _Pass, digests: Sequence[str], found: Prints) -> list[tuple[str, bytes]]:
    images = []
    with work.store.acting(SYSTEM, purpose="detect", run=work.run) as reader:
        for digest in digests:
            try:
                images.append((digest, reader.image_bytes(digest)))
            except TouchstoneError as error:
                found.problems[digest] = str(error)
    return images


def _gather(work: _Pass, images: list[tuple[str, bytes]], future: Any, found: Prints) -> None:
    try:
        taken: list[Taken] = future.result()
    except Exception:  # a worker died: again once, then one by one, so that the picture that kills it fails alone
        taken = _again(work, images)
    work.store.keep_fingerprints([one for _, prints, _, _ in taken for one in prints])
    for digest, prints, problem, error in taken:
        if problem:
            found.problems[digest] = problem
        elif error:
            found.errors[digest] = error
        else:
            found.prints[digest] = {one.algorithm: one for one in prints}


def _again(work: _Pass, images: list[tuple[str, bytes]]) -> list[Taken]:
    try:
        taken: list[Taken] = work.executor.submit(take, work.detector.name, images).result()
        return taken
    except Exception as error:
        if len(images) == 1:
            return [(images[0][0], [], "", f"the worker did not come back: {type(error).__name__}: {error}")]
        return [one for image in images for one in _again(work, [image])]


def _references(work: _Pass) -> tuple[Reference, ...]:
    entries = [r for r in work.store.references(upto=work.references_upto) if r.kind is not ReferenceKind.price and r.image_sha256]
    found = _ensure(work, [r.image_sha256 for r in entries if r.image_sha256])
    work.counts["references_unusable"] += sum(r.image_sha256 not in found.prints for r in entries)
    return tuple(r for r in entries if r.image_sha256 in found.prints)
