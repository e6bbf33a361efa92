"""Erasure: a capture's bytes go, its row, digest and event stay; what others need is given to them first; a hold refuses it,
and so does a reference in force.

Files first, then one transaction for all rows, then the old files go. A crash before the transaction has changed nothing, one
after it leaves old files behind, and the next erasure deletes what no row names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Table, and_, exists, func, or_, select, text

from store import audit
from store import tables as t
from store.archive import Archive, ArchiveError, InUse, Placed
from store.captures import capture_of, newest_location, newest_locations
from store.closing import closed_cases, kept
from store.database import Database, add
from store.drafts import draft_on
from store.errors import TouchstoneError
from store.nearest import forget, index_folder
from store.pictures import small_folder
from store.words.records import Capture, SubjectKind, Verb

ERASE_LOCK = 0x70C458  # advisory lock of PostgreSQL: a file lock says nothing to another machine that has the same archive mounted
ATTEMPTS = 5
LISTS = ("redirects_json", "request_headers_json", "response_headers_json", "dns_answer_json", "certificate_chain_json")
TEXTS = ("url_requested", "url_final", "certificate")
BLANK: Mapping[str, Any] = {"server_ip": None, **dict.fromkeys(TEXTS, ""), **dict.fromkeys(LISTS, "[]")}
HOLDABLE = frozenset(SubjectKind) - {
    SubjectKind.case,
    SubjectKind.account,
    SubjectKind.item,
}  # a case has no number, its exhibits are held; an account is its seller, and an item is held as its case is
PAYLOAD = ("response", "resource")
Files = tuple[dict[str, list[Placed]], list[tuple[int, int, Placed]]]  # segment → where all is now; (capture, payload of, place)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure touches. Made before the files are written, and again under the write lock: if they differ, it starts anew."""

    family: tuple[int, ...]  # the capture, then what a browser fetched for it
    places: Mapping[int, Row[Any]]  # the newest location of each of those
    dependants: tuple[tuple[int, Capture], ...]  # (whose bytes it needs, the capture that needs them)
    rows: Mapping[str, tuple[Row[Any], ...]]  # segment → the newest locations in it


class Erasure:
    database: Database
    archive: Archive
    place: Callable[[Connection, int, Placed, int | None], None]

    def erase(self, capture: int, *, actor: str, reason: str) -> None:
        """Take a capture's bytes out of the archive: each segment that holds a record of it is rewritten with a tombstone in its place.

        What a browser fetched for a rendered document goes with the document. Captures that are revisits of what goes get the bytes
        first, in records of their own (their old records name the erased address and become tombstones too). The rows stay, with
        their addresses and headers blanked: the one change of a row that the store makes beside a retention date moved on. Readings keep their words until they are
        erased themselves. A hold or an exhibit that rests on any of these captures refuses, so does a reference in force whose picture is
        nowhere else, and so does a segment that is being written. Raises TouchstoneError.
        """
        with self.no_erasure():
            for _ in range(ATTEMPTS):
                if self._attempt(capture, actor, reason):
                    for derived in (index_folder, small_folder):
                        forget(derived(self.archive.folder))
                    return self._sweep()
                self._tidy()
        raise TouchstoneError(f"capture {capture} was not erased: its segments are being added to all the while; try again later")

    def _attempt(self, capture: int, actor: str, reason: str) -> bool:
        """True when it is erased; False when something was kept meanwhile that changes what must go."""
        with self.database.reading() as c:
            if c.execute(select(t.capture.c.id).where(t.capture.c.id == capture)).first() is None:
                raise TouchstoneError(f"there is no capture {capture} to erase")
            plan = self._plan(c, capture)
            if self._is_erased(c, plan):
                return True
            held = self._hold_on(c, plan.family)
        if not held:
            files = self._write_files(plan, capture, reason)
            with self.database.writing() as c:
                self.database.lock_chain(c)  # until this is committed no capture is kept and no hold is made
                held = self._hold_on(c, plan.family)
                if not held and self._plan(c, capture) != plan:
                    return False
                if not held:
                    self._commit(c, plan, files, actor, reason)
                    return True
            self._tidy()
        with self.database.writing() as c:
            self._log(c, actor, "erasure refused", reason, [capture], {"hold": held})
        raise TouchstoneError(f"capture {capture} is under hold {held} and was not erased")

    @contextmanager
    def no_erasure(self) -> Iterator[None]:
        """One erasure at a time, in every process and on every machine that shares the archive; and none while an export copies records."""
        with self.archive.alone(), ExitStack() as stack:
            if self.database.engine.dialect.name == "postgresql":
                c = stack.enter_context(self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
                stack.callback(c.invalidate)  # the session ends and its lock with it, also where the connection broke
                c.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ERASE_LOCK})
            yield

    def _log(self, c: Connection, actor: str, purpose: str, reason: str, captures: Sequence[int], detail: Mapping[str, Any]) -> None:
        subjects = {"capture": captures}
        audit.append(self.database, c, Verb.erasure, actor=actor, purpose=purpose, justification=reason, subjects=subjects, detail=detail)

    def _plan(self, c: Connection, capture: int) -> Plan:
        parts = c.execute(select(t.capture.c.id).where(t.capture.c.part_of == capture).order_by(t.capture.c.id)).scalars()
        family = (capture, *parts)
        places = {number: newest_location(c, number) for number in family}
        if None in places.values():
            raise TouchstoneError(f"capture {capture}, or what is part of it, has no location")
        later = t.location.alias()
        newest = ~exists().where(later.c.capture == t.location.c.capture, later.c.id > t.location.c.id)
        holders = [number for number, place in places.items() if place.record_type in PAYLOAD]
        needing = (
            select(t.capture, t.location.c.payload_of)
            .select_from(t.capture.join(t.location, t.location.c.capture == t.capture.c.id))
            .where(t.location.c.payload_of.in_(holders), t.location.c.record_type == "revisit", newest, t.capture.c.id.not_in(family))
            .order_by(t.capture.c.id)
        )
        dependants = tuple((r["payload_of"], capture_of(r)) for r in c.execute(needing).mappings())
        # Every segment that ever had a record of these captures, or one that names their addresses: after a crash an old one may
        # lie beside its successor, and what no newest location names becomes a tombstone when its segment is rewritten.
        ever = select(t.location.c.segment).where(t.location.c.capture.in_(family) | t.location.c.payload_of.in_(family)).distinct()
        files = {file for segment in c.execute(ever).scalars() for file in self.archive.generations(segment)}
        rows: dict[str, tuple[Row[Any], ...]] = {}
        for file in sorted(files):
            found = c.execute(select(t.location).where(t.location.c.segment == file, newest).order_by(t.location.c.id))
            if here := tuple(found):
                rows[file] = here
        return Plan(family, places, dependants, rows)

    def _is_erased(self, c: Connection, plan: Plan) -> bool:
        """An erasure that was cut off by an older version left a tombstone and the row as it was: that is not enough."""
        rows = c.execute(select(t.capture).where(t.capture.c.id.in_(plan.family))).mappings()
        return all(place.record_type == "tombstone" for place in plan.places.values()) and all(
            row[name] == value for row in rows for name, value in BLANK.items()
        )

    def _write_files(self, plan: Plan, capture: int, reason: str) -> Files:
        """The segments anew and the bytes that others need; no row says so yet, and the old files are still there."""
        going = {*plan.family, *(each.id for _, each in plan.dependants)}
        moved: dict[str, list[Placed]] = {}
        try:
            for place in plan.places.values():
                if place.segment not in plan.rows:
                    raise ArchiveError(f"{place.segment} is not in the archive")
            for segment, rows in plan.rows.items():
                doomed = {r.record_id: reason for r in rows if r.capture in going and r.record_type != "tombstone"}
                moved[segment] = self.archive.rewrite(segment, doomed, {r.record_id for r in rows} - set(doomed))
            return moved, self._rehome(plan)
        except (ArchiveError, OSError) as error:
            self._tidy()
            later = "; it can be erased when the crawl that writes there has ended" if isinstance(error, InUse) else ""
            raise TouchstoneError(f"capture {capture} was not erased: {error}{later}") from error

    def _rehome(self, plan: Plan) -> list[tuple[int, int, Placed]]:
        """Give the bytes to the first capture that needs them; the others become revisits of that one."""
        if not plan.dependants:
            return []
        placed: list[tuple[int, int, Placed]] = []
        firsts: dict[int, Capture] = {}
        # a segment of its own: no committed row ever shares one with the leavings of a crash, so that `_sweep` can delete those
        with self.archive.writer(f"rehomed-{plan.dependants[0][1].run}-{uuid4().hex[:8]}") as writer:
            for holder, each in plan.dependants:
                assert each.id is not None
                common: dict[str, Any] = {
                    "uri": each.url_final,
                    "date": each.ended_at,
                    "status": each.status,
                    "http_version": each.http_version or "HTTP/1.1",
                    "response_headers": each.response_headers,
                    "method": each.method,
                    "request_headers": each.request_headers,
                    "server_ip": each.server_ip,
                    "extra": {"WARC-Touchstone-Run": each.run, "WARC-Touchstone-Rehomed": each.record_id},
                }
                first = firsts.setdefault(holder, each)
                if first is each:
                    old = plan.places[holder]
                    where = writer.response(**common, payload=self.archive.read(old.segment, old.offset, old.length).payload)
                else:
                    to: Any = {"refers_to_uri": first.url_final, "refers_to_date": first.ended_at, "payload_digest": first.body_digest}
                    where = writer.revisit(**common, **to)
                placed.append((each.id, first.id or 0, where))
        return placed

    def _commit(self, c: Connection, plan: Plan, files: Files, actor: str, reason: str) -> None:
        """Every new place, the blanked rows and the event stand or fall together."""
        moved, rehomed = files
        elsewhere = {number for number, _, _ in rehomed}
        for segment, rows in plan.rows.items():
            now = {m.record_id: m for m in moved[segment]} | {m.erased: m for m in moved[segment] if m.erased}
            for r in rows:
                if r.capture not in elsewhere:
                    self.place(c, r.capture, now[r.record_id], None if r.capture in plan.family else r.payload_of)
        for number, payload_of, where in rehomed:
            self.place(c, number, where, None if payload_of == number else payload_of)
        c.execute(t.capture.update().where(t.capture.c.id.in_(plan.family)).values(**BLANK))
        self._drop_fingerprints(c, plan.family)
        about = {"record": plan.places[plan.family[0]].record_id, "segments": sorted(plan.rows), "rehomed": sorted(elsewhere)}
        self._log(c, actor, "erasure", reason, plan.family, about)

    def _drop_fingerprints(self, c: Connection, going: Sequence[int]) -> None:
        """What was derived of images whose last bytes go: hashes and features show what a picture was like."""
        joined = t.reading_image.c
        shown = select(joined.sha256).where(joined.capture.in_(going)).union(select(t.image.c.sha256).where(t.image.c.capture.in_(going)))
        digests = set(c.execute(shown).scalars())
        for digest in digests:
            at = select(joined.capture).where(joined.sha256 == digest).union(select(t.image.c.capture).where(t.image.c.sha256 == digest))
            captures = set(c.execute(at).scalars()) - set(going)
            if not any(place is not None and place.record_type != "tombstone" for place in (newest_location(c, n) for n in captures)):
                c.execute(t.fingerprint.delete().where(t.fingerprint.c.image_sha256 == digest))

    def _tidy(self) -> None:
        """Delete what was written and not committed. What hinders that is told by the next erasure's own sweep."""
        with suppress(TouchstoneError):
            self._sweep()

    def _sweep(self) -> None:
        """Delete segments that a rewrite has replaced, and what an erasure wrote and never committed: both hold what is erased elsewhere.

        Only under the lock of `no_erasure`: another erasure's files are named by no row until it commits.
        """
        with self.database.reading() as c:
            newest = newest_locations()
            current = set(c.execute(select(t.location.c.segment).join(newest, newest.c.id == t.location.c.id).distinct()).scalars())
            named = set(c.execute(select(t.location.c.segment).distinct()).scalars())
        files = self.archive.segments()
        if missing := sorted(current - set(files)):
            why = "no old segment was deleted, so that erased bytes are still in them; put it back and erase again"
            raise TouchstoneError(f"{missing[0]} is missing from the archive: {why}")
        for segment in files:
            leaving = segment not in named and re.search(r"^rehomed-|-r\d+\.warc\.gz$", segment)
            if leaving or segment in named - current:
                self.archive.remove(segment)

    def _hold_on(self, c: Connection, captures: Sequence[int]) -> str:
        """The number of a live hold, an exhibit or a reference that rests on any of these captures, or ""."""
        of = t.capture.c.id.in_(captures) & t.capture.c.part_of.is_not(None)
        # a page rests on what a browser fetched for it; a listing on its pages and on the pictures joined to its readings
        resting = {*captures, *c.execute(select(t.capture.c.part_of).where(of)).scalars()}
        shown = select(t.reading_image.c.reading).where(t.reading_image.c.capture.in_(captures))
        joined = select(t.reading_image.c.sha256).where(t.reading_image.c.capture.in_(captures))
        images = select(t.image.c.id).where(t.image.c.sha256.in_(joined))
        read = t.reading.c.capture.in_(resting) | t.reading.c.id.in_(shown)
        # a sighting rests on every file that was handed in for it
        handed = select(t.sighting.c.listing).join(t.sighting_capture).where(t.sighting_capture.c.capture.in_(captures))
        listings = select(t.listing.c.id).where(t.listing.c.id.in_(select(t.reading.c.listing).where(read)) | t.listing.c.id.in_(handed))
        links, premises = self._links_on(c, resting)
        subjects: dict[SubjectKind, Any] = {
            SubjectKind.capture: resting,
            SubjectKind.listing: listings,
            SubjectKind.snapshot: select(t.reading.c.snapshot).where(read),
            SubjectKind.seller: select(t.reading.c.seller).where(read, t.reading.c.seller.is_not(None)),
            SubjectKind.picture: select(t.picture.c.id).where(t.picture.c.listing.in_(listings), t.picture.c.image.in_(images)),
            SubjectKind.flag: select(t.flag.c.id).where(t.flag.c.listing.in_(listings)),
            SubjectKind.link: links,
            SubjectKind.premises: premises,
            SubjectKind.follow_up: select(t.follow_up_capture.c.follow_up).where(t.follow_up_capture.c.capture.in_(resting)),
        }
        x = t.exhibit.c
        exhibited = select(x.id).where(or_(*(and_(x.subject_kind == str(kind), x.subject.in_(ids)) for kind, ids in subjects.items())))
        h = t.hold.c
        covering = or_(*(and_(h.subject_kind == str(k), h.subject.in_(v)) for k, v in {**subjects, SubjectKind.exhibit: exhibited}.items()))
        if found := c.execute(select(h.id).where(_live(), covering).order_by(h.id).limit(1)).scalar():
            return str(found)
        if found := c.execute(exhibited.where(kept()).order_by(x.id).limit(1)).scalar():
            return f"of exhibit row {found}"
        if found := _case_on(c, subjects):
            return found
        if found := c.execute(_said_on(t.attribution, resting)).scalar():
            return f"of evidence {found} of who runs an account"
        if found := c.execute(_said_on(t.occupant, resting)).scalar():
            return f"of statement {found} of who is at a premises"
        if found := draft_on(c, resting):
            return found
        if recorded := recorded_on(c, resting):
            return recorded
        shown = select(t.follow_up_capture.c.follow_up).where(t.follow_up_capture.c.capture.in_(resting)).distinct()
        return follow_ups_held(c, sorted(c.execute(shown).scalars())) or self._reference_on(c, captures)

    def _reference_on(self, c: Connection, captures: Sequence[int]) -> str:
        """A reference in force whose picture no other capture holds, or "": what findings rest on must be there to be shown."""
        r, other = t.reference.c, t.location.alias()
        digests = (
            select(t.image.c.sha256)
            .where(t.image.c.capture.in_(captures))
            .union(select(t.capture.c.body_digest).where(t.capture.c.id.in_(captures)))
        )
        removed = select(r.removes).where(r.removes.is_not(None))
        resting = select(r.number, r.image_sha256).where(r.image_sha256.in_(digests), r.removes.is_(None), r.number.not_in(removed))
        for number, sha256 in c.execute(resting.order_by(r.number)).all():
            newest = ~exists().where(other.c.capture == t.location.c.capture, other.c.id > t.location.c.id)
            elsewhere = (
                select(t.capture.c.id)
                .join(t.location, t.location.c.capture == t.capture.c.id)
                .where(t.capture.c.body_digest == sha256, t.capture.c.id.not_in(captures), newest, t.location.c.record_type != "tombstone")
            )
            if c.execute(elsewhere.limit(1)).first() is None:
                return f"of reference {number}, which is in force"
        return ""

    def _links_on(self, c: Connection, captures: set[int]) -> tuple[set[int], set[int]]:
        """The links, of those that are held or exhibited themselves or by their premises, that cite any of these; and their premises.

        Asked from the holds' side, because which captures a link cites is in its reasons only.
        """
        held: dict[str, set[int]] = {str(SubjectKind.link): set(), str(SubjectKind.premises): set()}
        for table, condition in ((t.exhibit, kept()), (t.hold, _live())):
            for r in c.execute(select(table.c.subject_kind, table.c.subject).where(table.c.subject_kind.in_(held), condition)):
                held[r.subject_kind].add(r.subject)
        places = held[str(SubjectKind.premises)]
        places |= set(c.execute(select(t.premises.c.id).where(t.premises.c.building.in_(places))).scalars())
        x = t.link.c
        ends = {x.object_kind: x.object, x.subject_kind: x.subject}
        at = or_(*(and_(kind == str(SubjectKind.premises), end.in_(places)) for kind, end in ends.items()))
        links: set[int] = set()
        premises: set[int] = set()
        for r in c.execute(select(t.link).where(x.id.in_(held[str(SubjectKind.link)]) | at)):
            if any(reason.get("capture") in captures for reason in json.loads(r.reasons_json)):
                links.add(r.id)
                both = ((r.subject_kind, r.subject), (r.object_kind, r.object))
                premises |= {number for kind, number in both if kind == str(SubjectKind.premises)}
        premises |= set(
            c.execute(select(t.premises.c.building).where(t.premises.c.id.in_(premises), t.premises.c.building.is_not(None))).scalars()
        )
        return links, premises

    def hold(self, kind: SubjectKind, subject: int, *, actor: str, reason: str, releases: int | None = None) -> int:
        """Say that a subject may not be erased; with `releases`, that an earlier hold no longer stands. Raises TouchstoneError."""
        if kind not in HOLDABLE and releases is None:
            raise TouchstoneError(f"a hold on a {kind} would protect nothing: hold its exhibits, or what they rest on")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            number = add(
                c, t.hold, subject_kind=str(kind), subject=subject, reason=reason, actor=actor, releases=releases, at=datetime.now(UTC)
            )
            subjects, detail = {str(kind): [subject]}, {"hold": number}
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="hold", justification=reason, subjects=subjects, detail=detail
            )
        return number


def follow_ups_held(c: Connection, numbers: Sequence[int]) -> str:
    """What keeps these follow-ups and their files: the case that one belongs to, or a hold or exhibit of one, its place or its seller; or ""."""
    f = t.follow_up.c
    purchases = select(func.coalesce(f.purchase, f.id)).where(f.id.in_(numbers), f.kind == "purchase")  # a step is held as its purchase is
    whole = f.id.in_(numbers) | func.coalesce(f.purchase, f.id).in_(purchases)
    rows = c.execute(select(t.follow_up).where(whole).order_by(f.id)).all() if numbers else []
    over = set(c.execute(closed_cases()).scalars())
    if held := next((f"of case {row.case_file}, follow-up {row.id}" for row in rows if row.case_file and row.case_file not in over), ""):
        return held
    places = {row.premises for row in rows if row.premises is not None}
    places |= set(c.execute(select(t.premises.c.building).where(t.premises.c.id.in_(places), t.premises.c.building.is_not(None))).scalars())
    of = {"follow_up": {row.id for row in rows}, "premises": places, "seller": {row.seller for row in rows if row.seller is not None}}
    return held_on(c, of) if rows else ""


def held_on(c: Connection, of: Mapping[str, Any]) -> str:
    """The number of a live hold, or an exhibit, of any of these subjects (kind → numbers, or a query of them), or ""."""
    x = t.exhibit.c  # a hold on an exhibit holds what it is of, also where its case is closed
    exhibited = select(x.id).where(or_(*(and_(x.subject_kind == kind, x.subject.in_(ids)) for kind, ids in of.items())))
    held = select(t.hold.c.id).where(_live(), t.hold.c.subject_kind == "exhibit", t.hold.c.subject.in_(exhibited))
    if found := c.execute(held.order_by(t.hold.c.id).limit(1)).scalar():
        return str(found)
    for table, condition, said in ((t.hold, _live(), ""), (t.exhibit, kept(), "of exhibit row ")):
        covering = or_(*(and_(table.c.subject_kind == kind, table.c.subject.in_(ids)) for kind, ids in of.items()))
        if found := c.execute(select(table.c.id).where(condition, covering).order_by(table.c.id).limit(1)).scalar():
            return f"{said}{found}"
    return _case_on(c, of)


def _case_on(c: Connection, of: Mapping[Any, Any]) -> str:
    """What people recorded of a case that names any of these subjects (kind → numbers, or a query of them), or ""."""
    on, e = t.case_entry_on.c, t.case_entry.c
    covering = or_(*(and_(on.subject_kind == str(kind), on.subject.in_(ids)) for kind, ids in of.items()))
    query = (
        select(e.case_file, e.id)
        .join(t.case_entry_on, on.case_entry == e.id)
        .where(covering, e.case_file.not_in(closed_cases()))
        .order_by(e.id)
        .limit(1)
    )
    found = c.execute(query).first()
    return f"of case {found.case_file}, row {found.id}" if found else ""


def recorded_on(c: Connection, captures: Collection[int]) -> str:
    """What of these tables rests on any of these captures and is kept for a case, in words, or "": the captures are then kept as well."""
    i, s, r, b, m, e = (x.c for x in (t.intelligence, t.intelligence_source, t.referral, t.referral_return, t.money, t.money_evidence))
    said = select(i.urn).join(t.intelligence_source, s.urn == i.urn).where(s.capture.in_(captures), i.case_file.not_in(closed_cases()))
    if urn := c.execute(said.order_by(i.urn).limit(1)).scalar():
        return f"of intelligence report {urn}"
    returned = (
        select(r.reference).join(t.referral_return, b.referral == r.id).where(b.capture.in_(captures), r.case_file.not_in(closed_cases()))
    )
    if reference := c.execute(returned.order_by(r.reference).limit(1)).scalar():
        return f"of a return of referral {reference}"
    cited = (
        select(m.id)
        .join(t.money_evidence, e.money == m.id)
        .where(e.kind == "capture", e.number.in_(captures), m.case_file.not_in(closed_cases()))
    )
    if number := c.execute(cited.order_by(m.id).limit(1)).scalar():
        return f"of record of money {number}"
    return ""


def _said_on(table: Table, captures: Collection[int]) -> Any:
    """Evidence of who runs an account, or statements of who is at a premises, not withdrawn, that cite any of these captures."""
    a, later = table.c, table.alias("later")
    beside = table.outerjoin(later, later.c.withdraws == a.id)
    return select(a.id).select_from(beside).where(a.capture.in_(captures), later.c.id.is_(None)).order_by(a.id).limit(1)


def _live() -> Any:
    released = select(t.hold.c.releases).where(t.hold.c.releases.is_not(None))
    return t.hold.c.releases.is_(None) & t.hold.c.id.not_in(released)
