"""The audit log: who did which of the six verbs to which rows, and why; hash-chained and salted.

h(i) = H(h(i−1) ‖ H(salt(i) ‖ event(i))), H = SHA-256, h(0) = 64 zeros' bytes. Because the chain runs over the inner digests,
a case's events can be disclosed whole while all others travel as inner digests, and the salt keeps those from being guessed.
An event holds row numbers and digests of kept bytes; never a name, a phone or an unsalted digest of one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import tables as t
from store.database import Database, add, ranges
from store.words.records import Event, Verb, canonical

GENESIS = "0" * 64
_LAST = select(t.event.c.seq, t.event.c.chain).order_by(t.event.c.seq.desc()).limit(1)


def inner_digest(salt: str, body: Mapping[str, Any]) -> str:
    """H(salt ‖ event): the salt's 16 bytes, then the event's canonical JSON."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical(body)).hexdigest()


def chain_digest(previous: str, inner: str) -> str:
    """H(h(i−1) ‖ inner): both as their 32 bytes."""
    return hashlib.sha256(bytes.fromhex(previous) + bytes.fromhex(inner)).hexdigest()


def append(
    database: Database,
    connection: Connection,
    verb: Verb,
    *,
    actor: str,
    purpose: str,
    justification: str = "",
    run: str | None = None,
    case: str | None = None,
    subjects: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add one event inside the caller's transaction, so that what is done and the record of it stand or fall together."""
    database.lock_chain(connection)
    newest, previous = database.head or head(connection)
    seq = newest + 1
    at = datetime.now(UTC)
    body = {
        "seq": seq,
        "at": at.isoformat(timespec="microseconds"),
        "verb": str(verb),
        "actor": actor,
        "purpose": purpose,
        "justification": justification,
        "run": run,
        "case": case,
        "subjects": {kind: ids if isinstance(ids, str) else ranges(ids) for kind, ids in (subjects or {}).items()},
        "detail": dict(detail or {}),
    }
    salt = secrets.token_hex(16)
    inner = inner_digest(salt, body)
    chain = chain_digest(previous, inner)
    add(
        connection,
        t.event,
        seq=seq,
        at=at,
        verb=str(verb),
        actor=actor,
        run=run,
        case_file=case,
        body_json=canonical(body).decode(),
        salt=salt,
        inner=inner,
        chain=chain,
    )
    database.head = (seq, chain)
    return seq


def events(connection: Connection, after: int = 0, limit: int | None = None) -> Iterator[Event]:
    query = select(t.event).where(t.event.c.seq > after).order_by(t.event.c.seq)
    for row in connection.execute(query.limit(limit) if limit else query):
        yield event_of(row)


def search(connection: Connection, *where: Any, before: int, span: int) -> Iterator[Event]:
    """The `span` events below number `before`, as far as these conditions hold, the newest first."""
    query = select(t.event).where(t.event.c.seq < before, t.event.c.seq >= before - span, *where).order_by(t.event.c.seq.desc())
    yield from map(event_of, connection.execute(query.execution_options(yield_per=200)))


def event_of(row: Any) -> Event:
    return Event(row.seq, row.salt, json.loads(row.body_json), row.inner, row.chain)


def verify(connection: Connection) -> list[str]:
    """Walk the whole chain; problems in words, naming the event. [] when it holds."""
    problems, previous, expected = [], GENESIS, 1
    for kept in connection.execute(select(t.event).order_by(t.event.c.seq)):
        try:
            row = Event(kept.seq, kept.salt, json.loads(kept.body_json), kept.inner, kept.chain)
            spelled, derived = canonical(row.body).decode(), inner_digest(row.salt, row.body)
            follows = chain_digest(previous, row.inner)
            said = tuple(row.body.get(name) for name in ("verb", "actor", "run", "case", "at"))
        except (ValueError, AttributeError, TypeError) as error:
            problems.append(f"event {kept.seq} is damaged and cannot be read: {type(error).__name__}")
            expected = kept.seq + 1
            continue
        if spelled != kept.body_json:
            problems.append(f"event {row.seq} is not written as it was: its text differs from its canonical form")
        if said != (kept.verb, kept.actor, kept.run, kept.case_file, kept.at.isoformat(timespec="microseconds")):
            problems.append(f"event {row.seq} was changed: its columns say something else than its text")
        if row.seq != expected:
            problems.append(f"event {expected} is missing: the next one is {row.seq}")
            expected = row.seq
        if row.body.get("seq") != row.seq:
            problems.append(f"event {row.seq} says it is event {row.body.get('seq')}")
        if derived != row.inner:
            problems.append(f"event {row.seq} was changed: its digest is not the one recorded")
        if follows != row.chain:
            problems.append(f"event {row.seq} does not follow the one before it")
        previous, expected = row.chain, expected + 1
    return problems


def head(connection: Connection) -> tuple[int, str]:
    """Number and digest of the newest event; (0, zeros) of an empty log."""
    row = connection.execute(_LAST).first()
    return (int(row.seq), str(row.chain)) if row else (0, GENESIS)
