"""Judging: a person says yes, no or unsure, and the store keeps who, when, why and on which findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework import references
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import Judgement, Reference, ReferenceKind, SubjectKind, Verdict

if TYPE_CHECKING:
    from detectors.evaluation.judged import Judged as JudgedFlag

PAGE = 500
INNOCENT = frozenset({ReferenceKind.official, ReferenceKind.genuine, ReferenceKind.benign})


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, and what it changed in the reference log: entries added and removed, and of pictures left out why."""

    judgement: Judgement
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()


def judge_listing(
    store: Store, home: Home, source: str, ref: str, verdict: Verdict, reason: str, by: str, *, add_pictures: bool = False, brand: str = ""
) -> Judged:
    """Judge a listing on the findings it now has. Raises TouchstoneError for an unknown listing or an empty reason.

    With `add_pictures` a yes adds the pictures that the listing now shows to the reference log, as suspected and never more, since an
    officer's yes is no examiner's statement. What a person's earlier yes added is removed when that person's newest judgement is no
    longer yes.
    """
    if add_pictures and verdict is not Verdict.yes:
        raise TouchstoneError("only a judgement that says yes can add a listing's pictures to the reference log")
    with store.acting(by, purpose="judge", justification=reason) as reader:
        summary = reader.listing(source, ref)
        listing = summary.listing.id or 0
        flag = reader.flag(listing)
        earlier = {j.id for j in reader.judgements([(SubjectKind.listing, listing)]) if j.actor == by}
        shown, left_out = _pictures(store, reader, listing) if add_pictures else ([], [])
    said = _judge(store, home, SubjectKind.listing, listing, verdict, reason, by, flag.findings_digest if flag else "")
    if verdict is not Verdict.yes:
        resting = [r for r in store.references() if r.judgement in earlier]
        why = f"judgement {said.id} by {by} says {verdict}, where judgement {{}} said yes"
        return Judged(said, removed=tuple(references.remove(store, r, why=why.format(r.judgement), actor=by) for r in resting))
    provenance = f"judgement {said.id}: {by} said yes of listing {source}/{ref}; not examined"
    entries = [
        Reference(
            None, ReferenceKind.suspected, home.settings.authority.code, provenance, by, brand=brand or summary.snapshot.brand,
            image_sha256=sha256, dated=said.at.date().isoformat(), judgement=said.id,
        )
        for sha256 in shown
    ]  # fmt: skip
    return Judged(said, tuple(store.add_reference(entry) for entry in entries), left_out=tuple(left_out))


def _pictures(store: Store, reader: Acting, listing: int) -> tuple[list[str], list[str]]:
    """(digests of the pictures a listing now shows that may become references, why others may not).

    Sellers of copies use brands' own photographs: as a suspected reference such a one would lead to every honest seller.
    """
    kinds: dict[str, set[ReferenceKind]] = {}
    of_number = {}
    for r in store.references():
        of_number[f"reference:{r.number}"] = r
        kinds.setdefault(r.image_sha256 or "", set()).add(r.kind)
    subjects = [s for s in reader.subjects_of([listing]).get(listing, []) if s[0] is SubjectKind.picture]
    found = reader.findings_of(subjects) if subjects else []
    pictures = reader.pictures([number for _, number in subjects]) if subjects else []
    shown, left_out = [], []
    for picture in pictures:
        sha256 = picture.image.sha256
        others = {p.other for k in found if k.subject == picture.id for p in k.finding.pointers}
        like = sorted({of_number[o].kind for o in others if o in of_number and of_number[o].kind in INNOCENT})
        if picture.image.problem:
            left_out.append(f"picture {picture.id}: {picture.image.problem}")
        elif innocent := sorted(kinds.get(sha256, set()) & INNOCENT) or like:
            left_out.append(f"picture {picture.id}: it is or looks like a reference of kind {innocent[0]}")
        elif kinds.get(sha256):
            left_out.append(f"picture {picture.id}: in the reference log already")
        else:
            shown.append(sha256)
    return shown, left_out


def judge_link(store: Store, home: Home, link: int, verdict: Verdict, reason: str, by: str) -> Judgement:
    """Confirm or refuse a proposed link. Raises TouchstoneError for an unknown link or an empty reason."""
    with store.acting(by, purpose="judge", justification=reason) as reader:
        reader.link(link)
    return _judge(store, home, SubjectKind.link, link, verdict, reason, by)


def _judge(
    store: Store, home: Home, kind: SubjectKind, subject: int, verdict: Verdict, reason: str, by: str, findings: str = ""
) -> Judgement:
    if not reason.strip():
        raise TouchstoneError("a judgement needs its reason (--reason): it will be read in court")
    return store.judge(kind, subject, verdict, actor=by, authority=home.settings.authority.code, reason=reason, findings_digest=findings)


def judged_flags(store: Store, by: str) -> tuple[list[JudgedFlag], int]:
    """The flag that each judged listing had when it was last judged, with what was said of it; and of how many listings no such flag is
    kept, because they were judged before they were flagged.

    A listing's newest judgement has the word, whoever gave it.
    """
    from detectors.evaluation.judged import Judged as JudgedFlag

    out: list[JudgedFlag] = []
    without = after = 0
    with store.acting(by, purpose="evaluate score", justification="how often flags are confirmed") as reader:
        while page := reader.summaries(after=after, limit=PAGE):
            after = page[-1].listing.id or 0
            whose = {s.listing.id or 0: s.seller for s in page}
            newest = {j.subject: j for j in reader.judgements([(SubjectKind.listing, number) for number in whose])}
            for listing, judgement in sorted(newest.items()):
                flags = [flag for flag, _ in reader.flags_of(listing) if flag.findings_digest == judgement.findings_digest]
                if flags and judgement.findings_digest:
                    out.append(JudgedFlag(flags[-1], judgement.verdict, str(whose[listing] or "")))
                else:
                    without += 1
    return out, without
