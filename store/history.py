"""What became of a listing: its versions and what changed between them, when it was gone and back, and under which reference it came again.

All of it is derived from rows (readings, captures, runs) each time it is asked for, and says which capture or run shows it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select

from store import tables as t
from store.listings import ListingReads, documents_of, newest_readings, snapshot_of
from store.words.records import SNAPSHOT_WORDS, CaptureKind, Listing, Outcome, Purpose, Snapshot, Version

NO_MORE = "gone"  # the reason of an unread row: the page says that its listing is no more, whatever its status
GONE = (404, 410)
CRAWL = "crawl"


@dataclass(frozen=True, slots=True)
class Change:
    """One field, from one version to the next. `pictures` are digests in order; None stands for what was not said."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that a listing was gone: a capture of its own page, or a complete crawl that did not meet it."""

    at: datetime
    what: str
    capture: int | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """A listing was gone: after the capture that last showed it, and until the one that shows it back, if it came back."""

    last_seen: datetime
    last_capture: int
    since: datetime
    evidence: tuple[Evidence, ...]
    back: datetime | None = None
    back_capture: int | None = None


@dataclass(frozen=True, slots=True)
class Relisting:
    """The same advert under another reference: first seen while this one was gone, or the other way round."""

    listing: Listing
    because: str
    first_seen: datetime
    capture: int


@dataclass(frozen=True, slots=True)
class History:
    """All of the above. `changes` has an entry for each version but the first."""

    listing: Listing
    versions: tuple[Version, ...]
    changes: tuple[tuple[Change, ...], ...]
    absences: tuple[Absence, ...]
    relisted_from: tuple[Relisting, ...]
    relisted_to: tuple[Relisting, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A capture on which a listing was read."""

    at: datetime
    capture: int
    run: str


def changes(old: Version, new: Version) -> tuple[Change, ...]:
    """What differs, field by field, and whether a browser rendered one of the two pages, which can differ by that alone. Pictures that
    were not all fetched are unknown, and no change."""
    before, after = old.snapshot.words(), new.snapshot.words()
    found = [Change(word, before[word], after[word]) for word in SNAPSHOT_WORDS if before[word] != after[word]]
    if old.pictures_known and new.pictures_known and set(old.image_digests) != set(new.image_digests):
        found.append(Change("pictures", old.image_digests, new.image_digests))
    if old.rendered != new.rendered:
        found.append(Change("rendered", old.rendered, new.rendered))
    return tuple(found)


class HistoryReads(ListingReads):
    def history(self, listing: int) -> list[Version]:
        """The versions of a listing: its readings in order of capture under one parser version, that of its newest reading.

        A version begins where the words or the set of pictures, by content, differ from the one before. Where a reading's pictures
        were not all fetched its set is unknown, and says nothing of a change.
        """
        with self.store.database.reading() as c:
            versions = _versions(c, listing)
        self.shown("listing", [listing])
        return versions

    def full_history(self, listing: int) -> History:
        """Versions, absences and relistings of a listing. Raises TouchstoneError when it is not kept."""
        [summary] = self.summaries(numbers=[listing])
        with self.store.database.reading() as c:
            versions, absences = _versions(c, listing), _absences(c, summary.listing)
            to = _relisted_to(c, summary.listing, absences)
            came_from = _relisted_from(c, summary.listing)
        self.shown("listing", [listing, *(each.listing.id for each in (*to, *came_from))])
        differences = tuple(changes(old, new) for old, new in itertools.pairwise(versions))
        return History(summary.listing, tuple(versions), differences, absences, came_from, to)

    def without_screenshot(self, source: str, levels: Sequence[str], limit: int, operation: str | None = None) -> list[Listing]:
        """Listings of a source whose newest flag has one of these levels and whose newest version no screenshot shows, highest score first.

        Of those that the operation's own runs met; without one, of those that were met otherwise than by a watch.
        """
        watches = select(t.operation.c.reference).where(t.operation.c.purpose == str(Purpose.subject_watch))
        runs = t.run.c.operation == operation if operation else or_(t.run.c.operation.is_(None), t.run.c.operation.not_in(watches))
        met = select(t.reading.c.listing).join(t.capture, t.capture.c.id == t.reading.c.capture).join(t.run, t.run.c.id == t.capture.c.run)
        with self.store.database.reading() as c:
            newest = select(func.max(t.flag.c.id)).group_by(t.flag.c.listing)
            query = (
                select(t.listing)
                .join(t.flag, t.flag.c.listing == t.listing.c.id)
                .where(t.listing.c.source == source, t.flag.c.id.in_(newest), t.flag.c.level.in_(levels))
                .where(t.listing.c.id.in_(met.where(runs)))
                .order_by(t.flag.c.score.desc(), t.listing.c.id)
            )
            found: list[Listing] = []
            for r in c.execute(query).all():
                shown, versions = _last_screenshot(c, r.id), _versions(c, r.id)
                if versions and (shown is None or shown < versions[-1].captured_at) and len(found) < limit:
                    found.append(Listing(r.id, r.source, r.ref, r.url))
        self.shown("listing", (each.id for each in found))
        return found


def _last_screenshot(c: Connection, listing: int) -> datetime | None:
    """When the newest screenshot of a listing's page was taken: beside a page that it was read from, or for itself."""
    documents = documents_of(listing)
    query = select(func.max(t.capture.c.ended_at)).where(
        t.capture.c.kind == str(CaptureKind.screenshot), t.capture.c.part_of.in_(documents)
    )
    found: datetime | None = c.execute(query).scalar()
    return found


# -- versions ------------------------------------------------------------------------------------------------------------------
def _versions(c: Connection, listing: int) -> list[Version]:
    newest = newest_readings([listing])
    parser = c.execute(select(t.reading.c.parser_version).join(newest, newest.c.id == t.reading.c.id)).scalar()
    rows = c.execute(
        select(
            t.reading.c.id, t.reading.c.capture, t.reading.c.captured_at, t.reading.c.snapshot, t.reading.c.images_json, t.capture.c.kind
        )
        .join(t.capture, t.capture.c.id == t.reading.c.capture)
        .where(t.reading.c.listing == listing, t.reading.c.parser_version == parser)
        .order_by(t.reading.c.captured_at, t.reading.c.capture)
    ).all()
    joined = _pictures(c, [r.id for r in rows])
    words = _words(c, {r.snapshot for r in rows})
    versions: list[Version] = []
    for r in rows:
        pictures = tuple(joined.get(r.id, ()))
        known = len(pictures) == len(json.loads(r.images_json))
        last = versions[-1] if versions else None
        if last and last.snapshot.id == r.snapshot and not (known and last.pictures_known and set(last.image_digests) != set(pictures)):
            if known and not last.pictures_known:
                versions[-1] = replace(last, image_digests=pictures, pictures_known=True)
            continue
        rendered = r.kind == str(CaptureKind.rendered)
        versions.append(Version(listing, r.captured_at, r.capture, words[r.snapshot], pictures, known, rendered))
    return versions


def _pictures(c: Connection, readings: Sequence[int]) -> dict[int, list[str]]:
    """The digests of readings' pictures, in their order."""
    found: dict[int, list[str]] = {}
    query = select(t.reading_image.c.reading, t.reading_image.c.sha256).where(t.reading_image.c.reading.in_(readings))
    for join in c.execute(query.order_by(t.reading_image.c.reading, t.reading_image.c.position)):
        found.setdefault(join.reading, []).append(join.sha256)
    return found


def _words(c: Connection, snapshots: set[int]) -> dict[int, Snapshot]:
    return {r["id"]: snapshot_of(r) for r in c.execute(select(t.snapshot).where(t.snapshot.c.id.in_(snapshots))).mappings()}


# -- gone and back -------------------------------------------------------------------------------------------------------------
def _absences(c: Connection, listing: Listing) -> tuple[Absence, ...]:
    """The times at which a listing was gone, oldest first: evidence between one sight of it and the next."""
    seen = _seen(c, listing.id or 0)
    evidence = sorted([*_answers(c, listing), *_missed(c, listing, seen)], key=lambda each: (each.at, each.capture or 0))
    found = []
    for last, following in zip(seen, [*seen[1:], None], strict=True):
        here = tuple(each for each in evidence if last.at < each.at and (following is None or each.at < following.at))
        if here:
            back = (following.at, following.capture) if following else (None, None)
            found.append(Absence(last.at, last.capture, here[0].at, here, *back))
    return tuple(found)


def _seen(c: Connection, listing: int) -> list[_Seen]:
    query = (
        select(t.reading.c.captured_at, t.reading.c.capture, t.capture.c.run)
        .join(t.capture, t.capture.c.id == t.reading.c.capture)
        .where(t.reading.c.listing == listing)
        .order_by(t.reading.c.captured_at, t.reading.c.capture)
        .distinct()
    )
    return [_Seen(r.captured_at, r.capture, r.run) for r in c.execute(query)]


def _answers(c: Connection, listing: Listing) -> list[Evidence]:
    """Captures of the listing's own page that say it is gone: by their status, or in words that the source's reading knows."""
    other = t.reading.alias()
    shared = exists().where(other.c.capture == t.reading.c.capture, other.c.listing != t.reading.c.listing)
    own = (
        select(t.capture.c.url_requested)
        .join(t.reading, t.reading.c.capture == t.capture.c.id)
        .where(t.reading.c.listing == listing.id, ~shared, t.capture.c.url_requested != "")
    )
    addresses = {listing.url, *c.execute(own).scalars()}
    kinds = [str(CaptureKind.page), str(CaptureKind.rendered)]
    asked = (
        select(t.capture.c.id, t.capture.c.ended_at, t.capture.c.status, t.capture.c.run)
        .where(t.capture.c.source == listing.source, t.capture.c.kind.in_(kinds), t.capture.c.method == "GET")
        .where(t.capture.c.url_requested.in_(addresses))
    )
    soft = select(t.unread.c.capture).where(t.unread.c.reason == NO_MORE)
    # apart, so that each has its index: of both at once every capture of the source would be read
    rows = {r.id: r for of in (t.capture.c.status.in_(GONE), t.capture.c.id.in_(soft)) for r in c.execute(asked.where(of))}
    say = "its page answered {status}"
    soft_say = "its page answered {status} and says that it is gone"
    return [
        Evidence(r.ended_at, (say if r.status in GONE else soft_say).format(status=r.status), n, r.run) for n, r in sorted(rows.items())
    ]


def _missed(c: Connection, listing: Listing, seen: Sequence[_Seen]) -> list[Evidence]:
    """Complete crawls that did not meet the listing, of the same operation under the same configuration as the one that last did."""
    if not seen:
        return []
    query = (
        select(t.run, t.run_end.c.ended_at, t.run_end.c.counts_json)
        .join(t.run_end)
        .where(t.run.c.source == listing.source, t.run.c.pass_name == CRAWL, t.run_end.c.outcome == str(Outcome.good))
    )
    runs = {r.id: r for r in c.execute(query)}
    last_of = {r.id: r for r in c.execute(select(t.run).where(t.run.c.id.in_({each.run for each in seen})))}
    found = []
    for run in sorted(runs.values(), key=lambda r: r.ended_at):
        before = [each for each in seen if each.at < run.started_at]
        if not before or run.id in last_of or not complete(json.loads(run.counts_json)):
            continue
        last = last_of[before[-1].run]
        if (last.operation, last.config_digest) == (run.operation, run.config_digest):
            count = json.loads(run.counts_json).get("listings", 0)
            found.append(Evidence(run.ended_at, f"a complete crawl of its source met {count} listings and not this one", run=run.id))
    return found


PAGES_REFUSED = "pages that robots.txt forbids"
CUT_SHORT = ("cut off", "broken off", "past at_most", "not fetched", "used up", "left for", PAGES_REFUSED)


def complete(counts: dict[str, int]) -> bool:
    """Whether a crawl asked for all that it meant to: no request failed, but for pages and pictures that are not there, robots.txt forbade
    no page, and no list was cut off or left unseen."""
    failed = counts.get("failures", 0) - sum(counts.get(f"failure: HTTP {status}", 0) for status in GONE)
    cut = sum(number for name, number in counts.items() if any(words in name for words in CUT_SHORT))
    return failed <= 0 and not cut and not counts.get("parse raised") and not counts.get("callback raised")


# -- relisted ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Face:
    """What a listing is recognised by: its seller, its words without case and spacing, its pictures (None: not known)."""

    seller: int | None
    words: tuple[str, str]
    pictures: frozenset[str] | None
    at: datetime
    capture: int

    def same(self, other: _Face) -> str:
        """Why the two are one advert, or ""."""
        words = self.words == other.words and any(self.words)
        pictures = bool(self.pictures) and self.pictures == other.pictures
        if self.seller is not None and self.seller == other.seller and (words or pictures):
            return "same seller and " + " and ".join(["same words"] * words + ["same pictures"] * pictures)
        return "same pictures and same words" if words and pictures else ""


def _face(c: Connection, listing: int, *, first: bool) -> _Face:
    """As it first read, or as it last did."""
    order = (t.reading.c.captured_at, t.reading.c.capture, t.reading.c.id)
    query = select(t.reading, t.snapshot.c.title, t.snapshot.c.text).join(t.snapshot, t.snapshot.c.id == t.reading.c.snapshot)
    at = query.where(t.reading.c.listing == listing).order_by(*(order if first else (each.desc() for each in order))).limit(1)
    r = c.execute(at).one()
    pictures = _pictures(c, [r.id]).get(r.id, [])
    known = len(pictures) == len(json.loads(r.images_json))
    words = (" ".join(r.title.casefold().split()), " ".join(r.text.casefold().split()))
    return _Face(r.seller, words, frozenset(pictures) if known else None, r.captured_at, r.capture)


def _alike(c: Connection, listing: Listing, face: _Face) -> list[Listing]:
    """Listings of the same source by the same seller, or that showed one of the same pictures."""
    ways = []
    if face.seller is not None:
        ways.append(select(t.reading.c.listing).where(t.reading.c.seller == face.seller))
    if face.pictures:
        pictures = t.reading_image.join(t.reading, t.reading.c.id == t.reading_image.c.reading)
        ways.append(select(t.reading.c.listing).select_from(pictures).where(t.reading_image.c.sha256.in_(face.pictures)))
    if not ways:
        return []
    x = t.listing.c
    query = select(t.listing).where(x.source == listing.source, x.id != listing.id, or_(*(x.id.in_(way) for way in ways))).order_by(x.id)
    return [Listing(r.id, r.source, r.ref, r.url) for r in c.execute(query)]


def _relisted_to(c: Connection, listing: Listing, absences: Sequence[Absence]) -> tuple[Relisting, ...]:
    """Listings that came, the same as this one last was, while this one was gone."""
    if not absences:
        return ()
    face = _face(c, listing.id or 0, first=False)
    found = []
    for other in _alike(c, listing, face):
        came = _face(c, other.id or 0, first=True)
        if any(_covers(each, came.at) for each in absences) and (why := face.same(came)):
            found.append(Relisting(other, why, came.at, came.capture))
    return tuple(sorted(found, key=lambda each: (each.first_seen, each.listing.id or 0)))


def _relisted_from(c: Connection, listing: Listing) -> tuple[Relisting, ...]:
    """Listings that were gone when this one came, and were the same. `first_seen` is when the older one last was."""
    face = _face(c, listing.id or 0, first=True)
    found = []
    for other in _alike(c, listing, face):
        was = _face(c, other.id or 0, first=False)
        if (why := was.same(face)) and any(_covers(each, face.at) for each in _absences(c, other)):
            found.append(Relisting(other, why, was.at, was.capture))
    return tuple(sorted(found, key=lambda each: (each.first_seen, each.listing.id or 0)))


def absent_at(c: Connection, listing: Listing, at: datetime) -> Absence | None:
    """The time of absence of a listing that `at` lies in; None where nothing shows that it was gone then."""
    return next((each for each in _absences(c, listing) if _covers(each, at)), None)


def _covers(absence: Absence, at: datetime) -> bool:
    return absence.last_seen < at and (absence.back is None or at < absence.back)
