"""Listings drawn at random, those near the threshold, and what people have said: what learning and the estimate of recall rest on."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text

from store import audit
from store import tables as t
from store.database import Database, add, add_once
from store.findings import KeptFinding, finding_of, flag_of
from store.listings import newest_flag
from store.queue import unjudged
from store.reader import Reader
from store.second import judgement_of
from store.shelf import kept_counts
from store.words.records import Flag, Judgement, Level, SubjectKind, Verb, Verdict, digest_of

BELOW = (str(Level.none), str(Level.note))


@dataclass(frozen=True, slots=True)
class Seed:
    """What tickets are made with: its row, and 64 hexadecimal digits."""

    id: int
    value: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A listing that was drawn: its ticket, when, its level and score as they now stand, and what was last said of it (None: nothing yet)."""

    listing: int
    ticket: str
    at: datetime
    level: Level
    score: float
    verdict: Verdict | None
    flag: Flag


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of listings by newest verdict ("" where nothing was said): those at review or above, those below, and those drawn below."""

    above: Mapping[str, int]
    below: Mapping[str, int]
    drawn: Mapping[str, int]


def newest_flags() -> Any:
    """(listing, id of its newest flag)."""
    return select(t.flag.c.listing, func.max(t.flag.c.id).label("id")).group_by(t.flag.c.listing).subquery()


def newest_judgements() -> Any:
    """(listing, id of the newest judgement of it that no other supersedes and that takes nothing back)."""
    superseded = select(t.judgement.c.supersedes).where(t.judgement.c.supersedes.is_not(None))
    current = select(t.judgement.c.subject.label("listing"), func.max(t.judgement.c.id).label("id"))
    stands = (t.judgement.c.id.not_in(superseded), t.judgement.c.verdict != str(Verdict.undone))
    current = current.where(t.judgement.c.subject_kind == str(SubjectKind.listing), *stands)
    return current.group_by(t.judgement.c.subject).subquery()


class SampleWrites:
    database: Database
    retain_until: Any

    def sample_seed(self) -> Seed:
        """The seed of the draw, made at random where there is none yet. The log has its digest, so that it cannot be exchanged unseen."""
        first = select(t.sample_seed).order_by(t.sample_seed.c.id).limit(1)
        with self.database.reading() as c:
            row = c.execute(first).first()
        if row is None:
            with self.database.writing() as c:
                self.database.lock_chain(c)
                row = c.execute(first).first()
                if row is None:
                    value = secrets.token_hex(32)
                    number = add(c, t.sample_seed, seed=value, at=datetime.now(UTC))
                    detail = {"seed": number, "digest": digest_of(value)}
                    audit.append(self.database, c, Verb.collection, actor="system", purpose="seed of the audit sample", detail=detail)
                    return Seed(number, value)
        return Seed(row.id, row.seed)

    def draw(self, seed: Seed, tickets: Iterable[tuple[str, int]], run: str) -> int:
        """Keep listings as drawn, by (ticket, listing); how many were not drawn before."""
        now, new = datetime.now(UTC), 0
        with self.database.writing() as c:
            for ticket, listing in tickets:
                kept = {"sample_seed": seed.id, "ticket": ticket, "run": run, "at": now, "retention_until": self.retain_until()}
                new += add_once(c, t.sample, {"listing": listing}, **kept)[1]
        return new

    def last_ticket(self) -> str:
        """The highest ticket that was drawn: all listings below review with one up to it belong to the sample. "" before the first draw."""
        with self.database.reading() as c:
            return c.execute(select(func.max(t.sample.c.ticket))).scalar() or ""

    def last_listing(self) -> int:
        """The number of the newest listing; 0 where there is none."""
        with self.database.reading() as c:
            return int(c.execute(select(func.max(t.listing.c.id))).scalar() or 0)

    def tally(self) -> Tally:
        """How many listings stand above and below the level of review, and what was last said of them: numbers, about no person."""
        said, n = newest_judgements(), t.listing_now.c
        judged = said.join(t.judgement, t.judgement.c.id == said.c.id)
        of_judged = select(n.level, t.judgement.c.verdict, func.count()).select_from(judged.join(t.listing_now, n.id == said.c.listing))
        of_drawn = select(n.level, t.judgement.c.verdict, func.count()).select_from(t.listing_now.outerjoin(judged, said.c.listing == n.id))
        of_drawn = of_drawn.where(n.id.in_(select(t.sample.c.listing)))
        above, below, drawn = Counter[str](), Counter[str](), Counter[str]()
        with self.database.reading() as c:
            for level, standing in kept_counts(c, "level").items():  # kept as they are written: no flag is read
                (below if level in BELOW else above)[""] += standing
            for level, verdict, number in c.execute(of_judged.where(n.level != "").group_by(n.level, t.judgement.c.verdict)):
                of = below if level in BELOW else above
                of[verdict] += number
                of[""] -= number
            for level, verdict, number in c.execute(of_drawn.group_by(n.level, t.judgement.c.verdict)):
                if level in BELOW:
                    drawn[verdict or ""] += number
        above, below = +above, +below
        return Tally(dict(above), dict(below), dict(drawn))


class SampleReads(Reader):
    def drawn(self) -> list[Drawn]:
        """Every listing that was drawn, in order of ticket, as it now stands."""
        said = newest_judgements()
        joined = t.sample.join(t.flag, t.flag.c.id == newest_flag(t.sample.c.listing))
        joined = joined.outerjoin(said, said.c.listing == t.sample.c.listing).outerjoin(t.judgement, t.judgement.c.id == said.c.id)
        query = select(t.flag, t.sample.c.ticket, t.sample.c.at.label("drawn_at"), t.judgement.c.verdict).select_from(joined)
        with self.store.database.reading() as c:
            rows = [
                Drawn(
                    r["listing"], r["ticket"], r["drawn_at"], Level(r["level"]), r["score"],
                    Verdict(r["verdict"]) if r["verdict"] else None, flag_of(r),
                )
                for r in c.execute(query.order_by(t.sample.c.ticket)).mappings()
            ]  # fmt: skip
        self.shown("listing", (r.listing for r in rows))
        return rows

    def near(self, low: float, limit: int) -> list[Flag]:
        """Newest flags below review with a score of `low` or more that nobody judged on the same findings, the highest first."""
        return self._below(t.flag.c.score >= low, limit)

    def divided(self, limit: int) -> list[Flag]:
        """Newest flags below review in which something speaks against the seller and something for them, unjudged, the highest first."""
        return self._below(text(t.DIVIDED), limit)

    def _below(self, holds: Any, limit: int) -> list[Flag]:
        asked = select(t.flag).where(holds, t.flag.c.id == newest_flag(t.flag.c.listing), unjudged())
        asked = asked.order_by(t.flag.c.score.desc(), t.flag.c.id).limit(limit)
        with self.store.database.reading() as c:  # level by level, each in its index's order: of both at once all would be read and sorted
            rows = [flag_of(r) for level in BELOW for r in c.execute(asked.where(t.flag.c.level == level)).mappings()]
        rows = sorted(rows, key=lambda r: (-r.score, r.id or 0))[:limit]
        self.shown("listing", (r.listing for r in rows))
        return rows

    def judgements_in_force(self) -> list[Judgement]:
        """Of each judged listing the newest judgement that no other supersedes, in order."""
        newest = newest_judgements()
        with self.store.database.reading() as c:
            query = select(t.judgement).join(newest, newest.c.id == t.judgement.c.id).order_by(t.judgement.c.id)
            rows = [judgement_of(r) for r in c.execute(query)]
        self.shown("judgement", (r.id for r in rows))
        return rows

    def flags_with(self, wanted: Mapping[int, str]) -> dict[int, Flag]:
        """Of each listing its newest flag that rests on these findings (by their digest); one that has none is not in it."""
        found: dict[int, Flag] = {}
        numbers = sorted(wanted)
        with self.store.database.reading() as c:
            for start in range(0, len(numbers), 500):
                query = select(t.flag).where(t.flag.c.listing.in_(numbers[start : start + 500])).order_by(t.flag.c.id)
                for r in c.execute(query).mappings():
                    if r["findings_digest"] == wanted[r["listing"]]:
                        found[r["listing"]] = flag_of(r)
        self.shown("listing", found)
        return found

    def findings(self, numbers: Sequence[int]) -> dict[int, KeptFinding]:
        """Findings by their rows' numbers, each with its subject and method."""
        joined = t.finding.join(t.examination, t.examination.c.id == t.finding.c.examination).join(
            t.method, t.method.c.id == t.examination.c.method
        )
        of = (
            t.examination.c.subject_kind,
            t.examination.c.subject,
            t.examination.c.method,
            t.method.c.name,
            t.method.c.digest.label("of_method"),
        )
        found: dict[int, KeptFinding] = {}
        wanted = sorted(set(numbers))
        with self.store.database.reading() as c:
            for start in range(0, len(wanted), 500):
                query = select(t.finding, *of).select_from(joined).where(t.finding.c.id.in_(wanted[start : start + 500]))
                for r in c.execute(query).mappings():
                    found[r["id"]] = KeptFinding(
                        r["id"], r["examination"], SubjectKind(r["subject_kind"]), r["subject"], r["method"], r["name"], r["of_method"],
                        finding_of(r), r["examination"],
                    )  # fmt: skip
        self.shown("finding", found)
        return found
