"""Who acts, and which pass ran: authorities, actors, runs, methods. Nothing here is about a data subject."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, tuple_

from store import audit
from store import tables as t
from store.database import Database, add, add_once, chunks, insert_once
from store.errors import TouchstoneError
from store.words.records import (
    Actor,
    Authority,
    Method,
    Outcome,
    Run,
    Status,
    SubjectKind,
    Verb,
    canonical,
)


@dataclass(frozen=True, slots=True)
class PassResult:
    """How a pass ended: `lines` is the summary that a clerk can read; the command's exit status follows from `outcome`."""

    outcome: Outcome
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    lines: tuple[str, ...] = ()
    run: str = ""  # the row that says so, where whoever asked for it needs it


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """How several passes ended together: as the worst of them did. Of none, nothing ran."""
    return max(outcomes, key=list(Outcome).index, default=Outcome.failed)


_RUNS = select(t.run, t.run_end.c.ended_at, t.run_end.c.outcome, t.run_end.c.counts_json, t.run_end.c.message).select_from(
    t.run.outerjoin(t.run_end)
)


def _run_of(r: Any) -> Run:
    return Run(
        r.id,
        r.pass_name,
        r.actor,
        r.authority,
        r.code_version,
        r.config_digest,
        r.started_at,
        r.operation,
        r.source,
        r.ended_at,
        Outcome(r.outcome) if r.outcome else None,
        json.loads(r.counts_json or "{}"),
        r.message or "",
        json.loads(r.clock_json),
    )


class Runs:
    """The part of the store that holds who, why and when."""

    database: Database

    def keep_authority(self, authority: Authority) -> None:
        with self.database.writing() as c:
            insert_once(c, t.authority, **asdict(authority), added_at=datetime.now(UTC))

    def keep_actor(self, actor: Actor) -> None:
        """Record somebody who acts, unless the store knows them. Raises TouchstoneError for a name longer than 80 characters."""
        if len(actor.id) > 80:
            raise TouchstoneError(f"'{actor.id[:40]}…' is too long for a name in the log: 80 characters at most")
        with self.database.writing() as c:
            insert_once(c, t.actor, **asdict(actor), added_at=datetime.now(UTC))

    def actor(self, actor_id: str) -> Actor:
        """The actor of that id. Raises TouchstoneError for one the store does not know."""
        with self.database.reading() as c:
            row = c.execute(select(t.actor).where(t.actor.c.id == actor_id)).mappings().first()
        if row is None:
            raise TouchstoneError(f"no actor '{actor_id}' is known to this store")
        return Actor(row["id"], row["authority"], row["name"], row["role"], row["is_person"])

    def actors(self, authority: str) -> frozenset[str]:
        """The ids of an authority's people and systems."""
        with self.database.reading() as c:
            return frozenset(c.execute(select(t.actor.c.id).where(t.actor.c.authority == authority)).scalars())

    def authority(self, code: str) -> Authority:
        """The authority of that code, as it was recorded. Raises TouchstoneError for one the store does not know."""
        with self.database.reading() as c:
            row = c.execute(select(t.authority).where(t.authority.c.code == code)).mappings().first()
        if row is None:
            raise TouchstoneError(f"no authority '{code}' is known to this store")
        return Authority(row["code"], row["name"], row["jurisdiction"])

    # -- runs ----------------------------------------------------------------------------------------------------------
    def begin_run(
        self,
        pass_name: str,
        *,
        actor: str,
        authority: str,
        code_version: str,
        config_digest: str,
        operation: str | None = None,
        source: str | None = None,
        clock: Mapping[str, Any] | None = None,
    ) -> Run:
        run = Run(
            uuid.uuid4().hex,
            pass_name,
            actor,
            authority,
            code_version,
            config_digest,
            datetime.now(UTC),
            operation,
            source,
            clock=clock or {},
        )
        with self.database.writing() as c:
            c.execute(
                t.run.insert().values(
                    id=run.id,
                    pass_name=pass_name,
                    actor=actor,
                    authority=authority,
                    operation=operation,
                    source=source,
                    code_version=code_version,
                    config_digest=config_digest,
                    started_at=run.started_at,
                    clock_json=canonical(dict(run.clock)).decode(),
                )
            )
        return run

    def end_run(self, run: str, outcome: Outcome, counts: Mapping[str, int], message: str = "") -> None:
        with self.database.writing() as c:
            c.execute(
                t.run_end.insert().values(
                    run=run, ended_at=datetime.now(UTC), outcome=str(outcome), counts_json=canonical(dict(counts)).decode(), message=message
                )
            )

    def runs(
        self, pass_name: str | None = None, source: str | None = None, *, operation: str | None = None, authority: str | None = None,
        before: Run | None = None, unfinished: bool = False, limit: int = 50,
    ) -> list[Run]:  # fmt: skip
        """Newest first; of one operation, or with "" of none; those older than `before`; with `unfinished` those that have no end."""
        query = _RUNS.order_by(t.run.c.started_at.desc(), t.run.c.id.desc()).limit(limit)
        if authority:
            query = query.where(t.run.c.authority == authority)
        if before is not None:
            query = query.where(tuple_(t.run.c.started_at, t.run.c.id) < (before.started_at, before.id))
        if unfinished:
            query = query.where(t.run_end.c.run.is_(None))
        if pass_name:
            query = query.where(t.run.c.pass_name == pass_name)
        if source:
            query = query.where(t.run.c.source == source)
        if operation is not None:
            query = query.where(t.run.c.operation == operation if operation else t.run.c.operation.is_(None))
        with self.database.reading() as c:
            return [_run_of(r) for r in c.execute(query)]

    def made_in(self, kind: SubjectKind, numbers: Collection[int]) -> dict[int, tuple[str, datetime]]:
        """In which run each of these flags or links was made, and when."""
        table = {SubjectKind.flag: t.flag, SubjectKind.link: t.link}[kind]
        found: dict[int, tuple[str, datetime]] = {}
        with self.database.reading() as c:
            for part in chunks(numbers):
                query = select(table.c.id, table.c.run, table.c.at).where(table.c.id.in_(part))
                found |= {r.id: (r.run, r.at) for r in c.execute(query)}
        return found

    def run(self, number: str) -> Run:
        """The run of that id. Raises TouchstoneError for one the store does not know."""
        with self.database.reading() as c:
            row = c.execute(_RUNS.where(t.run.c.id == number)).first()
        if row is None:
            raise TouchstoneError(f"no run '{number}' is known to this store")
        return _run_of(row)

    def unfinished_run(self, pass_name: str, source: str, operation: str | None) -> Run | None:
        """The newest run of this unit if it never ended: what a crash left, to be gone on with. The caller holds the unit's lock."""
        for run in self.runs(pass_name, source):
            if run.operation == operation:
                return run if run.ended_at is None else None
        return None

    # -- methods -------------------------------------------------------------------------------------------------------
    def keep_method(self, method: Method) -> int:
        """The method's row number, inserted unless it is there."""
        with self.database.writing() as c:
            number, _ = add_once(
                c,
                t.method,
                {"digest": method.digest},
                kind=method.kind,
                name=method.name,
                version=method.version,
                settings_json=canonical(method.settings).decode(),
                models_json=canonical(method.models).decode(),
                added_at=datetime.now(UTC),
            )
        return number

    def set_method_status(self, method_id: int, status: Status, actor: str, evidence: str) -> None:
        """Add a status row. Putting a method in force retires the one of the same kind and name that was."""
        with self.database.writing() as c:
            now = datetime.now(UTC)
            row = c.execute(select(t.method).where(t.method.c.id == method_id)).one()
            if status is Status.in_force:
                for other in self._statuses(c, row.kind, row.name):
                    if other[1] is Status.in_force and other[0] != method_id:
                        add(
                            c,
                            t.method_status,
                            method=other[0],
                            status=str(Status.retired),
                            actor=actor,
                            evidence=f"replaced by method {method_id}",
                            at=now,
                        )
            add(c, t.method_status, method=method_id, status=str(status), actor=actor, evidence=evidence, at=now)
            detail = {"status": str(status), "method": row.digest}
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="method status", subjects={"method": [method_id]}, detail=detail
            )

    def _statuses(self, c, kind: str | None = None, name: str | None = None) -> list[tuple[int, Status]]:  # type: ignore[no-untyped-def]
        newest = select(t.method_status.c.method, func.max(t.method_status.c.id).label("id")).group_by(t.method_status.c.method).subquery()
        query = select(t.method.c.id, t.method_status.c.status).select_from(
            t.method.join(newest, newest.c.method == t.method.c.id).join(t.method_status, t.method_status.c.id == newest.c.id)
        )
        if kind:
            query = query.where(t.method.c.kind == kind)
        if name:
            query = query.where(t.method.c.name == name)
        return [(r.id, Status(r.status)) for r in c.execute(query)]

    def methods(self, kind: str | None = None) -> list[tuple[int, Method, Status | None]]:
        """Every method with its newest status, in order of arrival."""
        with self.database.reading() as c:
            statuses = dict(self._statuses(c))
            query = select(t.method).order_by(t.method.c.id)
            return [
                (r.id, Method(r.kind, r.name, r.version, json.loads(r.settings_json), json.loads(r.models_json)), statuses.get(r.id))
                for r in c.execute(query.where(t.method.c.kind == kind) if kind else query)
            ]

    def method_in_force(self, kind: str, name: str) -> int | None:
        with self.database.reading() as c:
            return next((number for number, status in self._statuses(c, kind, name) if status is Status.in_force), None)
