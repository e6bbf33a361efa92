"""Opinions: fingerprints, the reference log, examinations with their findings, and flags."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_

from store import audit
from store import tables as t
from store.database import Database, add, add_all, add_once
from store.errors import TouchstoneError
from store.listings import keep_picture_contacts, newest_readings
from store.reader import Reader
from store.retention import concern
from store.words.records import (
    Contribution,
    Direction,
    Examination,
    Examined,
    Finding,
    Fingerprint,
    Flag,
    Level,
    Pointer,
    Reference,
    ReferenceKind,
    Status,
    SubjectKind,
    Verb,
    as_json,
    canonical,
)

SUBJECT_TABLES = {
    SubjectKind.snapshot: t.snapshot,
    SubjectKind.picture: t.picture,
    SubjectKind.seller: t.seller,
    SubjectKind.listing: t.listing,
}


@dataclass(frozen=True, slots=True)
class Due:
    """A subject that a method has yet to examine, and how far earlier examinations of it went (0 where there were none). Of a seller or
    a listing `read_upto` is its newest reading: the watermark of the examination to come."""

    subject: int
    references_upto: int = 0
    pictures_upto: int = 0
    new: bool = True
    read_upto: int = 0


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """A finding with where it stands: its row, its examination, its method."""

    id: int
    examination: int
    subject_kind: SubjectKind
    subject: int
    method: int
    method_name: str
    method_digest: str
    finding: Finding
    newest: int = 0  # the newest examination that says the same: an older one's opinion may have been replaced


@dataclass(frozen=True, slots=True)
class KeptExamination:
    id: int
    subject_kind: SubjectKind
    subject: int
    method: int
    method_name: str
    outcome: Examined
    detail: str
    references_upto: int
    pictures_upto: int
    at: datetime
    run: str = ""


def _flagged() -> Any:
    """Listings whose newest flag is at review or above."""
    newest = select(func.max(t.flag.c.id)).group_by(t.flag.c.listing).scalar_subquery()
    return select(t.flag.c.listing).where(t.flag.c.id.in_(newest), t.flag.c.level.in_([str(Level.review), str(Level.priority)]))


def finding_of(row: Any) -> Finding:
    pointers = tuple(
        Pointer(p.get("field", ""), p.get("start"), p.get("end"), p.get("raw", ""), p.get("other", ""), p.get("detail", {}))
        for p in json.loads(row["pointers_json"])
    )
    return Finding(row["reason"], row["score"], row["sentence"], Direction(row["direction"]), pointers)


def flag_of(row: Any) -> Flag:
    return Flag(
        row["id"],
        row["listing"],
        row["policy"],
        row["findings_digest"],
        Level(row["level"]),
        row["score"],
        tuple(Contribution(**x) for x in json.loads(row["contributions_json"])),
        tuple(json.loads(row["not_examined_json"])),
    )


_REFERENCES = (
    select(t.reference, t.judgement.c.subject.label("listing"))
    .select_from(t.reference.outerjoin(t.judgement, t.judgement.c.id == t.reference.c.judgement))
    .order_by(t.reference.c.number)
)


def reference_of(r: Any) -> Reference:
    return Reference(
        r.number,
        ReferenceKind(r.kind),
        r.authority,
        r.provenance,
        r.added_by,
        r.brand,
        r.category,
        r.condition,
        r.image_sha256,
        r.price_minor,
        r.currency,
        r.dated,
        r.removes,
        r.statement,
        r.judgement,
        r.listing,
        r.line,
        r.platform,
        r.low_minor,
        r.high_minor,
        r.rows,
        r.sellers,
    )


class FindingWrites:
    database: Database
    retention: Mapping[str, int]
    retain_until: Any
    shelve: Callable[[Connection, Collection[int]], None]

    # -- the reference log ----------------------------------------------------------------------------------------------
    def add_reference(self, reference: Reference) -> int:
        """Append an entry; its number. A removal names what it `removes`, which stays in the log.

        Raises TouchstoneError for a `confirmed` entry without the statement that confirms it.
        """
        if reference.kind is ReferenceKind.confirmed and reference.removes is None and not reference.statement.strip():
            raise TouchstoneError("'confirmed' needs the reference of the examiner's statement or the court's record that confirms it")
        with self.database.writing() as c:
            values = {
                k: getattr(reference, k)
                for k in (
                    "authority",
                    "provenance",
                    "added_by",
                    "brand",
                    "category",
                    "condition",
                    "image_sha256",
                    "price_minor",
                    "currency",
                    "dated",
                    "removes",
                    "statement",
                    "judgement",
                    "line",
                    "platform",
                    "low_minor",
                    "high_minor",
                    "rows",
                    "sellers",
                )
            }
            number = add(c, t.reference, kind=str(reference.kind), added_at=datetime.now(UTC), **values)
            audit.append(
                self.database,
                c,
                Verb.collection,
                actor=reference.added_by,
                purpose="reference log",
                subjects={"reference": [number]},
                detail={"kind": str(reference.kind), "removes": reference.removes, "sha256": reference.image_sha256},
            )
        return number

    def references(self, kinds: Sequence[ReferenceKind] | None = None, *, upto: int | None = None) -> list[Reference]:
        """The entries in force (not removed by a later one up to `upto`), in order of number."""
        query = _REFERENCES
        if upto is not None:
            query = query.where(t.reference.c.number <= upto)
        with self.database.reading() as c:
            rows = c.execute(query).all()
        removed = {r.removes for r in rows if r.removes is not None}
        return [
            reference_of(r)
            for r in rows
            if r.number not in removed and r.removes is None and (kinds is None or ReferenceKind(r.kind) in kinds)
        ]

    def references_page(
        self, kinds: Sequence[ReferenceKind], brand: str = "", *, before: int | None = None, limit: int = 50
    ) -> list[Reference]:
        """Entries in force of these kinds and of that brand, in whatever capitals it is written, the newest first and below number `before`."""
        r, later = t.reference.c, t.reference.alias("later")
        removed = select(later.c.removes).where(later.c.removes.is_not(None))
        asked: list[ColumnElement[bool]] = [r.removes.is_(None), r.kind.in_([str(kind) for kind in kinds]), r.number.not_in(removed)]
        if brand.strip():
            asked.append(func.lower(r.brand) == brand.strip().casefold())
        if before is not None:
            asked.append(r.number < before)
        with self.database.reading() as c:
            return [reference_of(row) for row in c.execute(_REFERENCES.where(*asked).order_by(None).order_by(r.number.desc()).limit(limit))]

    def reference_log(self) -> list[Reference]:
        """Every entry there ever was, removed ones and those that remove them too."""
        with self.database.reading() as c:
            return [reference_of(r) for r in c.execute(_REFERENCES)]

    def picture_end(self) -> int:
        with self.database.reading() as c:
            return int(c.execute(select(func.max(t.picture.c.id))).scalar() or 0)

    # -- fingerprints ---------------------------------------------------------------------------------------------------
    def keep_fingerprints(self, prints: Iterable[Fingerprint]) -> None:
        with self.database.writing() as c:
            for p in prints:
                add_once(
                    c,
                    t.fingerprint,
                    {"image_sha256": p.image_sha256, "algorithm": p.algorithm, "version": p.version},
                    value=p.value,
                    quality=p.quality,
                )

    def fingerprints(self, algorithm: str, version: str, digests: Sequence[str]) -> dict[str, Fingerprint]:
        query = select(t.fingerprint).where(
            t.fingerprint.c.algorithm == algorithm, t.fingerprint.c.version == version, t.fingerprint.c.image_sha256.in_(digests)
        )
        with self.database.reading() as c:
            return {r.image_sha256: Fingerprint(r.image_sha256, r.algorithm, r.version, r.value, r.quality) for r in c.execute(query)}

    def picture_owners(self, digests: Sequence[str], upto: int) -> dict[str, list[tuple[int, int, int | None]]]:
        """(picture, listing, seller) of every use of these images, up to that picture, by the image's digest."""
        query = (
            select(t.image.c.sha256, t.picture.c.id, t.picture.c.listing, t.picture.c.seller)
            .select_from(t.picture.join(t.image, t.image.c.id == t.picture.c.image))
            .where(t.picture.c.id <= upto)
            .order_by(t.picture.c.id)
        )
        found: dict[str, list[tuple[int, int, int | None]]] = {}
        with self.database.reading() as c:
            for start in range(0, len(digests), 500):
                for r in c.execute(query.where(t.image.c.sha256.in_(digests[start : start + 500]))):
                    found.setdefault(r.sha256, []).append((r.id, r.listing, r.seller))
        return found

    def image_digests(self, numbers: Iterable[int]) -> dict[int, str]:
        """The digests of images by row number."""
        wanted, found = sorted(numbers), dict[int, str]()
        with self.database.reading() as c:
            for start in range(0, len(wanted), 500):
                part = select(t.image.c.id, t.image.c.sha256).where(t.image.c.id.in_(wanted[start : start + 500]))
                found |= {r.id: r.sha256 for r in c.execute(part)}
        return found

    # -- examinations ---------------------------------------------------------------------------------------------------
    def due(
        self, method: int, kind: SubjectKind, *, after: int = 0, limit: int = 500, references_upto: int = 0, retry_errors: bool = False,
        words: bool = False, flagged: bool = False,
    ) -> list[Due]:  # fmt: skip
        """Subjects that the method has not examined, or not against references up to that number; in pages by id.

        `words`, for pictures only: due is what was not examined beside its listing's words as they stand. `flagged`,
        for pictures only: of listings whose newest flag is at review or above.
        """
        if words:
            return self._due_beside_words(method, after, limit, retry_errors)
        if kind in (SubjectKind.seller, SubjectKind.listing):
            return self._due_as_read(method, kind, after, limit, retry_errors)
        subject = SUBJECT_TABLES[kind]
        seen = select(
            t.examination.c.subject,
            func.max(t.examination.c.references_upto).label("r"),
            func.max(t.examination.c.pictures_upto).label("p"),
        ).where(t.examination.c.method == method, t.examination.c.subject_kind == str(kind), t.examination.c.subject > after)
        if retry_errors:
            seen = seen.where(t.examination.c.outcome != str(Examined.failed))
        sub = seen.group_by(t.examination.c.subject).subquery()
        query = (
            select(subject.c.id, sub.c.r, sub.c.p)
            .select_from(subject.outerjoin(sub, sub.c.subject == subject.c.id))
            .where(subject.c.id > after, (sub.c.r.is_(None)) | (sub.c.r < references_upto))
            .order_by(subject.c.id)
            .limit(limit)
        )
        if flagged:
            query = query.where(t.picture.c.listing.in_(_flagged()))
        with self.database.reading() as c:
            return [Due(r.id, r.r or 0, r.p or 0, r.r is None) for r in c.execute(query)]

    def fingerprinted(self, algorithm: str, version: str) -> set[int]:
        """The images, by row number, that have that fingerprint."""
        joined = t.image.join(t.fingerprint, t.fingerprint.c.image_sha256 == t.image.c.sha256)
        query = select(t.image.c.id).select_from(joined).where(t.fingerprint.c.algorithm == algorithm, t.fingerprint.c.version == version)
        with self.database.reading() as c:
            return set(c.execute(query).scalars())

    def _due_beside_words(self, method: int, after: int, limit: int, retry_errors: bool) -> list[Due]:
        """Pictures by id whose listing's newest snapshot is the watermark of none of their examinations."""
        out: list[Due] = []
        with self.database.reading() as c:
            while len(out) < limit:
                of = select(t.picture.c.id, t.picture.c.listing).where(t.picture.c.id > after).order_by(t.picture.c.id).limit(limit)
                page = c.execute(of).all()
                if not page:
                    break
                after = page[-1].id
                newest = newest_readings(sorted({r.listing for r in page}))
                said = select(t.reading.c.listing, t.reading.c.snapshot).join(newest, newest.c.id == t.reading.c.id)
                snapshots = {r.listing: r.snapshot for r in c.execute(said)}
                kept = select(t.examination.c.subject, t.examination.c.references_upto, t.examination.c.outcome).where(
                    t.examination.c.method == method, t.examination.c.subject_kind == str(SubjectKind.picture),
                    t.examination.c.subject.in_([r.id for r in page]),
                )  # fmt: skip
                seen: dict[int, set[int]] = {}
                for r in c.execute(kept):
                    if not (retry_errors and r.outcome == str(Examined.failed)):
                        seen.setdefault(r.subject, set()).add(r.references_upto)
                out += [Due(r.id, new=r.id not in seen) for r in page if snapshots.get(r.listing, 0) not in seen.get(r.id, ())]
        return out[:limit]

    def _due_as_read(self, method: int, kind: SubjectKind, after: int, limit: int, retry_errors: bool) -> list[Due]:
        """Sellers or listings by id of which something was read since they were examined: the number of the newest reading is the watermark.

        Readings only grow, so that one number says what was seen; what a seller added, changed or showed again is all a reading.
        """
        subject, of = SUBJECT_TABLES[kind], t.reading.c[str(kind)]
        out: list[Due] = []
        with self.database.reading() as c:
            while len(out) < limit:
                page = c.execute(select(subject.c.id).where(subject.c.id > after).order_by(subject.c.id).limit(limit)).scalars().all()
                if not page:
                    break
                after = page[-1]
                newest = c.execute(select(of, func.max(t.reading.c.id)).where(of.in_(page)).group_by(of)).all()
                kept = select(t.examination.c.subject, func.max(t.examination.c.references_upto)).where(
                    t.examination.c.method == method, t.examination.c.subject_kind == str(kind), t.examination.c.subject.in_(page)
                )
                if retry_errors:
                    kept = kept.where(t.examination.c.outcome != str(Examined.failed))
                upto: dict[int, int] = {row[0]: row[1] for row in newest}
                seen: dict[int, int] = {row[0]: row[1] for row in c.execute(kept.group_by(t.examination.c.subject))}
                out += [
                    Due(n, seen.get(n, 0), new=n not in seen, read_upto=upto.get(n, 0))
                    for n in page
                    if n not in seen or upto.get(n, 0) > seen[n]
                ]
        return out[:limit]

    def keep_examinations(self, method: int, examinations: Iterable[Examination], run: str) -> tuple[int, int]:
        """Keep a batch in one transaction; (examinations new, findings new). One that is kept already adds nothing."""
        new_exams = new_findings = 0
        with self.database.writing() as c:
            for e in examinations:
                identity = {
                    "method": method,
                    "subject_kind": str(e.subject_kind),
                    "subject": e.subject,
                    "references_upto": e.references_upto,
                    "pictures_upto": e.pictures_upto,
                }
                number, new = add_once(
                    c, t.examination, identity, outcome=str(e.outcome), detail=e.detail[:4000], run=run, at=datetime.now(UTC)
                )
                if not new:
                    if e.outcome is Examined.failed:
                        continue
                    # a retried failure: the failure stays as it was, the new result is a row one past its watermark
                    old = c.execute(select(t.examination.c.outcome).where(t.examination.c.id == number)).scalar_one()
                    if old != str(Examined.failed):
                        continue
                    identity["pictures_upto"] = e.pictures_upto + 1
                    number, new = add_once(
                        c, t.examination, identity, outcome=str(e.outcome), detail=e.detail[:4000], run=run, at=datetime.now(UTC)
                    )
                    if not new:
                        continue
                new_exams += 1
                add_all(
                    c,
                    t.finding,
                    [
                        {
                            "examination": number,
                            "digest": f.digest,
                            "reason": f.reason,
                            "score": round(f.score, 6),
                            "sentence": f.sentence,
                            "direction": str(f.direction),
                            "pointers_json": canonical(f.body()["pointers"]).decode(),
                        }
                        for f in e.findings
                    ],
                )
                new_findings += len(e.findings)
                if e.contacts and e.subject_kind is SubjectKind.picture:
                    keep_picture_contacts(c, e.subject, e.contacts, method, self.retain_until())
        return new_exams, new_findings

    # -- flags ----------------------------------------------------------------------------------------------------------
    def keep_flag(self, flag: Flag, run: str) -> bool:
        """Keep a flag unless the listing's newest one says the same under the same policy; whether it was new."""
        return self.keep_flags([flag], run) == 1

    def keep_flags(self, flags: Iterable[Flag], run: str) -> int:
        """Keep flags as `keep_flag` does, all or none; how many were new."""
        with self.database.writing() as c:
            self.database.lock_chain(c)  # before a row is written that another waits for: `shelve` wants it last
            new = [flag.listing for flag in flags if self._keep_flag(c, flag, run)]
            self.shelve(c, new)
        return len(new)

    def _keep_flag(self, c: Connection, flag: Flag, run: str) -> bool:
        if flag.level in (Level.review, Level.priority):  # also where the flag is not new: the listing may have been seen again
            concern(self.database, c, flag.listing, self.retention, actor="system", why=f"flagged {flag.level}", run=run)
        last = c.execute(select(t.flag).where(t.flag.c.listing == flag.listing).order_by(t.flag.c.id.desc()).limit(1)).first()
        missing = canonical(list(flag.not_examined)).decode()
        if last and (last.policy, last.findings_digest, last.not_examined_json) == (flag.policy, flag.findings_digest, missing):
            return False
        add(
            c,
            t.flag,
            listing=flag.listing,
            policy=flag.policy,
            findings_digest=flag.findings_digest,
            level=str(flag.level),
            score=flag.score,
            contributions_json=canonical(as_json(flag.contributions)).decode(),
            not_examined_json=missing,
            run=run,
            at=datetime.now(UTC),
        )
        return True

    def level_counts(self) -> dict[str, dict[str, int]]:
        """How many listings of each source stand at each level, by their newest flag."""
        newest = select(t.flag.c.listing, func.max(t.flag.c.id).label("id")).group_by(t.flag.c.listing).subquery()
        query = (
            select(t.listing.c.source, t.flag.c.level, func.count().label("n"))
            .select_from(t.listing.join(newest, newest.c.listing == t.listing.c.id).join(t.flag, t.flag.c.id == newest.c.id))
            .group_by(t.listing.c.source, t.flag.c.level)
        )
        out: dict[str, dict[str, int]] = {}
        with self.database.reading() as c:
            for r in c.execute(query):
                out.setdefault(r.source, {})[r.level] = r.n
        return out

    def levels_since(self, since: datetime) -> dict[str, int]:
        """How many listings were flagged anew after a moment, by the level of their newest flag. Reads no further back than that."""
        before = select(t.flag.c.id).where(t.flag.c.at <= since).order_by(t.flag.c.id.desc()).limit(1)
        with self.database.reading() as c:
            last = c.execute(before).scalar() or 0
            newest = select(func.max(t.flag.c.id).label("id")).where(t.flag.c.id > last).group_by(t.flag.c.listing).subquery()
            query = select(t.flag.c.level, func.count()).join(newest, newest.c.id == t.flag.c.id).group_by(t.flag.c.level)
            return {str(level): int(number) for level, number in c.execute(query)}

    def examination_counts(self) -> list[tuple[str, str, int]]:
        """(method name, outcome, how many)."""
        query = select(t.method.c.name, t.examination.c.outcome, func.count().label("n")).join(
            t.method, t.method.c.id == t.examination.c.method
        )
        with self.database.reading() as c:
            return [
                (r.name, r.outcome, r.n)
                for r in c.execute(query.group_by(t.method.c.name, t.examination.c.outcome).order_by(t.method.c.name))
            ]


class FindingReads(Reader):
    def examinations_of(self, subjects: Sequence[tuple[SubjectKind, int]], methods: Sequence[int] | None = None) -> list[KeptExamination]:
        query = (
            select(t.examination, t.method.c.name)
            .join(t.method, t.method.c.id == t.examination.c.method)
            .where(tuple_(t.examination.c.subject_kind, t.examination.c.subject).in_([(str(k), s) for k, s in subjects]))
            .order_by(t.examination.c.id)
        )
        if methods is not None:
            query = query.where(t.examination.c.method.in_(methods))
        with self.store.database.reading() as c:
            rows = [
                KeptExamination(
                    r.id,
                    SubjectKind(r.subject_kind),
                    r.subject,
                    r.method,
                    r.name,
                    Examined(r.outcome),
                    r.detail,
                    r.references_upto,
                    r.pictures_upto,
                    r.at,
                    r.run,
                )
                for r in c.execute(query)
            ]
        self.shown("examination", (r.id for r in rows))
        return rows

    def findings_of(self, subjects: Sequence[tuple[SubjectKind, int]], methods: Sequence[int] | None = None) -> list[KeptFinding]:
        """Findings of these subjects, each once: the same finding under a later examination of the same method is the same opinion."""
        query = (
            select(
                t.finding,
                t.examination.c.subject_kind,
                t.examination.c.subject,
                t.examination.c.method,
                t.method.c.name.label("method_name"),
                t.method.c.digest.label("method_digest"),
            )
            .select_from(
                t.finding.join(t.examination, t.examination.c.id == t.finding.c.examination).join(
                    t.method, t.method.c.id == t.examination.c.method
                )
            )
            .where(tuple_(t.examination.c.subject_kind, t.examination.c.subject).in_([(str(k), s) for k, s in subjects]))
            .order_by(t.finding.c.id)
        )
        if methods is not None:
            query = query.where(t.examination.c.method.in_(methods))
        kept: dict[tuple[Any, ...], KeptFinding] = {}
        with self.store.database.reading() as c:
            for r in c.execute(query).mappings():
                key = (r["subject_kind"], r["subject"], r["method"], r["digest"])
                held = kept.get(key)
                kept[key] = (
                    replace(held, newest=max(held.newest, r["examination"]))
                    if held
                    else KeptFinding(
                        r["id"],
                        r["examination"],
                        SubjectKind(r["subject_kind"]),
                        r["subject"],
                        r["method"],
                        r["method_name"],
                        r["method_digest"],
                        finding_of(r),
                        r["examination"],
                    )
                )
        self.shown("finding", (k.id for k in kept.values()))
        return list(kept.values())

    def subjects_of(self, listings: Sequence[int]) -> dict[int, list[tuple[SubjectKind, int]]]:
        """What examinations of a listing as it now stands are of: its snapshot, its pictures, its seller, itself."""
        newest = newest_readings(listings)
        out: dict[int, list[tuple[SubjectKind, int]]] = {}
        with self.store.database.reading() as c:
            for r in c.execute(
                select(t.reading.c.listing, t.reading.c.snapshot, t.reading.c.seller).join(newest, newest.c.id == t.reading.c.id)
            ):
                out[r.listing] = [(SubjectKind.listing, r.listing), (SubjectKind.snapshot, r.snapshot)]
                if r.seller is not None:
                    out[r.listing].append((SubjectKind.seller, r.seller))
            shown = (
                select(t.picture.c.id, t.picture.c.listing)
                .select_from(
                    newest.join(t.reading_image, t.reading_image.c.reading == newest.c.id)
                    .join(t.image, t.image.c.sha256 == t.reading_image.c.sha256)
                    .join(t.picture, and_(t.picture.c.image == t.image.c.id, t.picture.c.listing == newest.c.listing))
                )
                .distinct()
                .order_by(t.picture.c.id)
            )
            for picture in c.execute(shown):
                out[picture.listing].append((SubjectKind.picture, picture.id))
        self.shown("listing", out)
        return out

    def flag(self, listing: int) -> Flag | None:
        """The newest flag of a listing."""
        with self.store.database.reading() as c:
            row = c.execute(select(t.flag).where(t.flag.c.listing == listing).order_by(t.flag.c.id.desc()).limit(1)).mappings().first()
        self.shown("listing", [listing])
        return flag_of(row) if row else None

    def flags_of(self, listing: int) -> list[tuple[Flag, datetime]]:
        """Every flag a listing has had, oldest first."""
        with self.store.database.reading() as c:
            rows = [
                (flag_of(r), r["at"]) for r in c.execute(select(t.flag).where(t.flag.c.listing == listing).order_by(t.flag.c.id)).mappings()
            ]
        self.shown("listing", [listing])
        return rows


def shipped_status(store: Any, method_id: int, shipped: bool, actor: str) -> Status:
    """The status a method has; a new one starts in evaluation unless it is the one that the project ships and has measured."""
    for number, _method, status in store.methods():
        if number == method_id and status is not None:
            return Status(status)
    status = Status.in_force if shipped else Status.evaluation
    evidence = (
        "shipped with this version; docs/accuracy.md"
        if shipped
        else "new settings, model or version: in evaluation until measured and promoted"
    )
    store.set_method_status(method_id, status, actor, evidence)
    return status
