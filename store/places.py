"""Premises and links. A Premises is ours and durable; what a register says of it (store/registers.py) is a row that joins it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.second import judgement_of, not_taken_back
from store.words.records import (
    Judgement,
    Link,
    LinkReason,
    Premises,
    Status,
    SubjectKind,
    Verb,
    Verdict,
    canonical,
    digest_of,
)

AT_ONCE = 500  # values in one question: well below what either database takes
GONE = "no longer found"  # the status, and the reason, of a link that the pass found once and finds no more
PAIR = (t.link.c.subject_kind, t.link.c.subject, t.link.c.object_kind, t.link.c.object)
Pair = tuple[SubjectKind, int, SubjectKind, int]


def pair_of(link: Link) -> Pair:
    return (link.subject_kind, link.subject, link.object_kind, link.object)


def link_of(r: Any) -> Link:
    """A row with its pair's newest `verdict`, which decides; `unsure` leaves the link as the machine has it."""
    decided = {str(Verdict.yes): "confirmed", str(Verdict.no): "refused"}
    status = decided.get(r["verdict"] or "", GONE if r["level"] == "none" else "proposed")
    return Link(
        r["id"],
        SubjectKind(r["subject_kind"]),
        r["subject"],
        SubjectKind(r["object_kind"]),
        r["object"],
        str(r["method"]),
        r["score"],
        r["level"],
        tuple(LinkReason(**x) for x in json.loads(r["reasons_json"])),
        status,
    )


def _link_digest(score: float, level: str, reasons: Iterable[Mapping[str, Any]]) -> str:
    """What a link says, without the rows it cites: the next edition of a register, or a page fetched again, says the same anew."""
    return digest_of([round(score, 6), level, [{k: v for k, v in r.items() if k not in ("entry", "capture")} for r in reasons]])


def judged() -> tuple[Any, Any]:
    """Links, each beside the newest verdict on any row of its pair, and that verdict's column (NULL where nobody has judged).

    People judge that two belong together, whichever row they were shown. Judgements are few, so that they are gathered once.
    """
    of_links = t.judgement.join(t.link, and_(t.judgement.c.subject_kind == str(SubjectKind.link), t.judgement.c.subject == t.link.c.id))
    said = select(*PAIR, func.max(t.judgement.c.id).label("judgement")).select_from(of_links).where(not_taken_back())
    newest = said.group_by(*PAIR).subquery()
    same = and_(*(newest.c[column.name] == column for column in PAIR))
    beside = t.link.outerjoin(newest, same).outerjoin(t.judgement, t.judgement.c.id == newest.c.judgement)
    return beside, t.judgement.c.verdict


def of_no_sighting() -> ColumnElement[bool]:
    """Links whose subject was not handed in as a sighting, and none of whose reasons rests on one: what a partner may be shown."""
    handed = [
        and_(t.link.c.subject_kind == str(kind), t.link.c.subject.in_(select(table.c.id).where(table.c.source.startswith("sightings_", autoescape=True))))
        for kind, table in ((SubjectKind.seller, t.seller), (SubjectKind.listing, t.listing))
    ]  # fmt: skip
    return and_(~or_(*handed), ~t.link.c.reasons_json.contains('"code":"sight'))


class PlaceWrites:
    database: Database

    def keep_links(self, links: Iterable[Link], method: int, run: str, *, actor: str, purpose: str) -> int:
        """Keep each link unless its pair's newest row by this method says the same; how many were new.

        Each new one joins two people's or places' data: a *combination* in the log.
        """
        with self.database.writing() as c:
            new = [number for item in links if (number := self._keep_link(c, item, method, run))]
            if new:
                audit.append(self.database, c, Verb.combination, actor=actor, purpose=purpose, run=run, subjects={"link": new})
        return len(new)

    def keep_no_longer_found(self, found: Collection[Pair], method: int, run: str, *, actor: str, purpose: str) -> int:
        """Say of each pair that this method linked and that is not in `found` that it is no longer found; how many were new.

        To be called with everything that a whole pass found. What a person confirmed keeps its status, and gets no such row.
        """
        later = t.link.alias("later")
        newer = [later.c.id > t.link.c.id, later.c.method == method, *(later.c[column.name] == column for column in PAIR)]
        beside, verdict = judged()
        query = select(t.link.c.id, *PAIR).select_from(beside)
        query = query.where(t.link.c.method == method, t.link.c.level != "none", ~exists().where(*newer))
        query = query.where(func.coalesce(verdict, "") != str(Verdict.yes)).order_by(t.link.c.id).limit(1000)
        total, after = 0, 0
        while True:
            with self.database.writing() as c:
                rows = c.execute(query.where(t.link.c.id > after)).all()
                if not rows:
                    return total
                after, new = rows[-1].id, []
                for r in rows:
                    pair = (SubjectKind(r.subject_kind), r.subject, SubjectKind(r.object_kind), r.object)
                    if pair not in found:
                        why = LinkReason("no_longer_found", 0.0, GONE)
                        new.append(self._keep_link(c, Link(None, *pair, "", 0.0, "none", (why,)), method, run))
                if new:
                    audit.append(self.database, c, Verb.alteration, actor=actor, purpose=purpose, run=run, subjects={"link": new})
            total += len(new)

    def _keep_link(self, c: Connection, item: Link, method: int, run: str) -> int:
        """The number of the new row, or 0. A → B → A is three rows: newness is relative to the newest."""
        values: dict[str, Any] = dict(zip((column.name for column in PAIR), pair_of(item), strict=True))
        values |= {"subject_kind": str(item.subject_kind), "object_kind": str(item.object_kind), "method": method}
        where = [t.link.c[name] == value for name, value in values.items()]
        last = c.execute(select(t.link).where(*where).order_by(t.link.c.id.desc()).limit(1)).first()
        # a reason without a picture is written as it was before there were any: the same reason is no new row
        reasons = [{name: said for name, said in asdict(r).items() if name != "picture" or said is not None} for r in item.reasons]
        digest = _link_digest(item.score, item.level, reasons)
        # from the words, not from last.digest: rows of before revision 0002 have the numbers of rows in theirs
        if last and _link_digest(last.score, last.level, json.loads(last.reasons_json)) == digest:
            return 0
        score, said = round(item.score, 6), canonical(reasons).decode()
        now = datetime.now(UTC)
        return add(c, t.link, **values, digest=digest, score=score, level=item.level, reasons_json=said, run=run, at=now)


class PlaceReads(Reader):
    def premises(
        self, numbers: Sequence[int] | None = None, *, postcode: str | None = None, after: int = 0, limit: int | None = None
    ) -> list[Premises]:
        """By number; those of a postcode; or in pages by id."""
        query = select(t.premises).where(t.premises.c.id > after).order_by(t.premises.c.id).limit(limit)
        if numbers is not None:
            query = query.where(t.premises.c.id.in_(numbers))
        if postcode is not None:
            query = query.where(t.premises.c.postcode == postcode)
        with self.store.database.reading() as c:
            rows = [Premises(r.id, r.kind, r.label, r.building) for r in c.execute(query)]
        self.shown("premises", (r.id for r in rows))
        return rows

    def links(
        self,
        *,
        subject: tuple[SubjectKind, int] | None = None,
        object: tuple[SubjectKind, int] | None = None,
        numbers: Sequence[int] | None = None,
        limit: int = 1000,
        sightings: bool = True,
    ) -> list[Link]:
        """The newest link of each pair by the method in force, best first, with the status that judgements of the pair give it.

        A pair that a person said yes or no of is shown by its newest row of any method where the one in force has none.
        With `numbers`: just those rows, whatever their method, with the status that their pair has now. `sightings` False leaves out what is of
        a sighting or rests on one.
        """
        asked: list[ColumnElement[bool]] = [] if sightings else [of_no_sighting()]
        if subject:
            asked += [t.link.c.subject_kind == str(subject[0]), t.link.c.subject == subject[1]]
        if object:
            asked += [t.link.c.object_kind == str(object[0]), t.link.c.object == object[1]]
        return self._links(asked, numbers, limit)

    def links_to(self, kind: SubjectKind, objects: Collection[int] | None = None, *, sightings: bool = True) -> list[Link]:
        """As `links`, but every one that leads to things of this kind (with `objects`: to one of these), by number: none is left out."""
        parts: list[Sequence[int] | None] = [None]
        if objects is not None:
            wanted = sorted(objects)
            parts = [wanted[i : i + AT_ONCE] for i in range(0, len(wanted), AT_ONCE)]
        found = []
        for part in parts:
            asked = [t.link.c.object_kind == str(kind)] + ([t.link.c.object.in_(part)] if part is not None else [])
            asked += [] if sightings else [of_no_sighting()]
            found += self._links(asked)
        return sorted(found, key=lambda x: x.id or 0)

    def _links(self, asked: Sequence[ColumnElement[bool]], numbers: Sequence[int] | None = None, limit: int | None = None) -> list[Link]:
        beside, verdict = judged()
        query = select(t.link, verdict.label("verdict")).select_from(beside).order_by(t.link.c.score.desc(), t.link.c.id).limit(limit)
        if numbers is not None:
            query = query.where(t.link.c.id.in_(numbers), *asked)
        else:
            counts = t.link.c.method.in_(self._methods_that_count())
            newest = select(func.coalesce(func.max(case((counts, t.link.c.id))), func.max(t.link.c.id))).where(*asked).group_by(*PAIR)
            query = query.where(t.link.c.id.in_(newest), or_(counts, verdict.in_((str(Verdict.yes), str(Verdict.no)))))
        with self.store.database.reading() as c:
            rows = list(c.execute(query).mappings())
        self.shown("link", (r["id"] for r in rows))
        return [link_of(r) for r in rows]

    def _methods_that_count(self) -> list[int]:
        """Of each linker the method in force; of one whose methods nobody has given a standing, all. Evaluation is out of the count."""
        kept = self.store.methods()
        settled = {(method.kind, method.name) for _, method, status in kept if status is not None}
        return [n for n, method, status in kept if status is Status.in_force or (method.kind, method.name) not in settled]

    def link(self, number: int) -> Link:
        found = self.links(numbers=[number])
        if not found:
            raise TouchstoneError(f"there is no link {number}; `touchstone premises rank` lists them")
        return found[0]

    def judgement_of_pair(self, link: Link) -> Judgement | None:
        """The newest judgement on any row of a link's pair, from which its status comes; None where nobody has judged."""
        same = [
            column == str(value) if isinstance(value, SubjectKind) else column == value
            for column, value in zip(PAIR, pair_of(link), strict=True)
        ]
        query = select(t.judgement).join(
            t.link, and_(t.judgement.c.subject_kind == str(SubjectKind.link), t.judgement.c.subject == t.link.c.id)
        )
        with self.store.database.reading() as c:
            row = c.execute(query.where(*same).order_by(t.judgement.c.id.desc()).limit(1)).first()
        self.shown("judgement", [row.id] if row else [])
        return judgement_of(row) if row else None
