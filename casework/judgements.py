"""Judging: a person says yes, no or unsure, and the store keeps who, when, why and on which findings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casework import references, samples
from casework.judging_settings import read_judging
from casework.sightings import may_be_seen
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store
from store.words.records import Judgement, Reference, ReferenceKind, SubjectKind, Verdict, standing

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


@dataclass(frozen=True, slots=True)
class Member:
    """A listing that is judged, as the officer had it before them: the newest judgement of it (0: none) and the digest of its findings. None asks nothing:
    who judges by its name alone takes it as it is now."""

    listing: int
    newest: int | None = None
    findings: str | None = None


def judge_listing(
    store: Store, home: Home, source: str, ref: str, verdict: Verdict, reason: str, by: str, *, add_pictures: bool = False, brand: str = "",
    code: str = "",
) -> Judged:  # fmt: skip
    """Judge a listing on the findings it now has. Raises TouchstoneError for an unknown listing, an empty reason or a code that is none.

    With `add_pictures` a yes adds the pictures that the listing now shows to the reference log, as suspected and never more, since an
    officer's yes is no examiner's statement. What a person's earlier yes added is removed when that person's newest judgement is no
    longer yes.
    """
    if add_pictures and verdict is not Verdict.yes:
        raise TouchstoneError("only a judgement that says yes can add a listing's pictures to the reference log")
    with store.acting(by, purpose="judge", justification=reason) as reader:
        summary = reader.listing(source, ref)
        listing = summary.listing.id or 0
        shown, left_out = _pictures(store, reader, listing) if add_pictures else ([], [])
    [judged] = judge_listings(store, home, [Member(listing)], verdict, reason, by, code=code)
    said = judged.judgement
    provenance = f"judgement {said.id}: {by} said yes of listing {source}/{ref}; not examined"
    entries = [
        Reference(
            None, ReferenceKind.suspected, home.settings.authority.code, provenance, by, brand=brand or summary.snapshot.brand,
            image_sha256=sha256, dated=said.at.date().isoformat(), judgement=said.id,
        )
        for sha256 in shown
    ]  # fmt: skip
    return Judged(said, tuple(store.add_reference(entry) for entry in entries), judged.removed, tuple(left_out))


def judge_listings(
    store: Store, home: Home, members: Sequence[Member], verdict: Verdict, note: str, by: str, *, code: str = "", second_of: int | None = None,
    sightings: Collection[str] | None = None,
) -> list[Judged]:  # fmt: skip
    """Judge listings alike, each by a judgement of its own: all of them, or none where one cannot be. In the order given.

    Whether a first judgement is put before a second person follows from the listing's ticket under the store's seed, which nobody chooses (as of
    the random sample, casework/samples.py). `second_of` is the judgement that this one, as the second person's, stands beside. `sightings` are
    the authorities whose sightings the person may see (None: all); another's is no listing for them.

    Raises TouchstoneError: no member, one named twice, no reason, a code that is none, an unknown listing, judged or weighed anew since it was
    looked at, or being judged by another.
    """
    if not members or len({each.listing for each in members}) < len(members):
        raise TouchstoneError("say which listings are judged, each of them once")
    settings = read_judging(home)
    reason = "taken back" if verdict is Verdict.undone else settings.reason(verdict, code, note)
    numbers = [each.listing for each in members]
    with store.acting(by, purpose="judge", justification=reason) as reader:
        rows = reader.summaries(numbers=numbers, limit=len(numbers))
        found = {s.listing.id: s.listing for s in (rows if sightings is None else may_be_seen(reader, rows, sightings))}
        flags = {number: reader.flag(number) for number in numbers}
        earlier = {j.id: j.subject for j in reader.judgements([(SubjectKind.listing, n) for n in numbers]) if j.actor == by}
    if missing := [number for number in numbers if number not in found]:
        raise TouchstoneError(f"there is no listing {missing[0]} in this store")
    seed, out = store.sample_seed().value, []
    with store.database.writing():
        for each in members:
            flag, listing = flags[each.listing], found[each.listing]
            digest = flag.findings_digest if flag else ""
            if each.findings not in (None, digest):
                raise TouchstoneError(
                    f"listing {each.listing} was weighed anew since you looked: its findings are others now; look at it again"
                )
            drawn = (
                second_of is None
                and int(samples.ticket(seed, f"second\0{listing.source}", listing.ref), 16) < settings.second_share * 2**64
            )
            said = store.judge(
                SubjectKind.listing, each.listing, verdict, actor=by, authority=home.settings.authority.code, reason=reason, findings_digest=digest,
                code=code, seen=each.newest if second_of is None else None, drawn=drawn, second_of=second_of,
            )  # fmt: skip
            mine = {number for number, subject in earlier.items() if subject == each.listing}
            out.append(Judged(said, removed=_removed(store, said, mine) if verdict is not Verdict.yes else ()))
    return out


def take_back(store: Store, home: Home, listings: Sequence[int], by: str) -> list[Judged]:
    """Undo a person's own newest judgements of these listings, all or none: each is superseded by a row that says `undone`, and the listing waits again.

    What they had said before it does not come back by itself. Raises TouchstoneError where there is nothing of theirs to take back.
    """
    return judge_listings(store, home, [Member(number) for number in listings], Verdict.undone, "", by)


def _removed(store: Store, said: Judgement, mine: set[int | None]) -> tuple[int, ...]:
    """The entries of the reference log that rested on a person's earlier yes, removed by what they say now."""
    resting = [r for r in store.references() if r.judgement in mine] if mine else []
    why = f"judgement {said.id} by {said.actor} says {said.verdict}, where judgement {{}} said yes"
    return tuple(references.remove(store, r, why=why.format(r.judgement), actor=said.actor) for r in resting)


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
    if not reason.strip():
        raise TouchstoneError("a judgement needs its reason (--reason): it will be read in court")
    with store.acting(by, purpose="judge", justification=reason) as reader:
        reader.link(link)
    return store.judge(SubjectKind.link, link, verdict, actor=by, authority=home.settings.authority.code, reason=reason)


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
            newest = {j.subject: j for j in standing(reader.judgements([(SubjectKind.listing, number) for number in whose]))}
            for listing, judgement in sorted(newest.items()):
                flags = [flag for flag, _ in reader.flags_of(listing) if flag.findings_digest == judgement.findings_digest]
                if flags and judgement.findings_digest:
                    out.append(JudgedFlag(flags[-1], judgement.verdict, str(whose[listing] or "")))
                else:
                    without += 1
    return out, without
