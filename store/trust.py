"""Public keys and signed heads of the log: rows that are added, each told of by an event, and held against the log by `Store.verify`.

The private key is in no store. What is signed is a statement in canonical JSON that names an event's number and the chain's digest there: whoever
rewrites the log behind it cannot make it fit again without the key. Rows here are about no data subject.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.words.records import Verb, canonical, digest_of

STATEMENT = "touchstone-log-head/1"
KEY_EVENT, HEAD_EVENT = "signing key", "log signed"  # the purposes of their events


@dataclass(frozen=True, slots=True)
class Key:
    """A public key: the SHA-256 of its SubjectPublicKeyInfo (DER), in PEM, and from when until when it signs (None: still)."""

    fingerprint: str
    public_pem: str
    since: datetime
    until: datetime | None = None
    actor: str = ""
    ended_by: str = ""
    reason: str = ""  # why it ended


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The log's head as it was signed. `stamp` is the authority's answer (DER, base64; "" where `no_stamp` says why not), `stamp_chain` its certificates."""

    id: int | None
    seq: int
    statement: str  # canonical JSON: what is signed and stamped is its UTF-8
    fingerprint: str
    signature: str  # 128 hexadecimal digits
    stamp: str
    stamp_chain: str
    stamped_at: datetime | None
    no_stamp: str
    actor: str
    at: datetime

    @property
    def chain(self) -> str:
        return str(json.loads(self.statement)["chain"])


def statement(authority: str, seq: int, chain: str, at: datetime) -> str:
    """What is signed of the log: that it had this digest at this event."""
    said = {
        "format": STATEMENT,
        "authority": authority,
        "seq": seq,
        "chain": chain,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return canonical(said).decode()


def fingerprint_of(public_pem: str) -> str:
    """SHA-256 of a PEM public key's DER, as `openssl pkey -pubin -in KEY -outform DER | sha256sum` gives it. Raises ValueError."""
    lines = public_pem.strip().splitlines()
    if len(lines) < 3 or lines[0] != "-----BEGIN PUBLIC KEY-----" or lines[-1] != "-----END PUBLIC KEY-----":
        raise ValueError("this is no public key in PEM form")
    try:
        return hashlib.sha256(base64.b64decode("".join(lines[1:-1]), validate=True)).hexdigest()
    except binascii.Error:
        raise ValueError("this is no public key in PEM form") from None


def _said(row: Mapping[str, Any]) -> str:
    """The digest that a row's event holds: over all that the row says but its number."""
    return digest_of(
        {name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for name, value in row.items() if name != "id"}
    )


class TrustWrites:
    database: Database

    def signing_keys(self) -> list[Key]:
        """Every public key that was ever recorded, oldest first."""
        rows = t.signing_key.c
        with self.database.reading() as c:
            ends = {r.fingerprint: r for r in c.execute(select(t.signing_key).where(rows.word == "ended"))}
            begun = c.execute(select(t.signing_key).where(rows.word == "begun").order_by(rows.id)).all()
        found = []
        for r in begun:
            end = ends.get(r.fingerprint)
            until, ended_by, reason = (end.at, end.actor, end.reason) if end else (None, "", "")
            found.append(Key(r.fingerprint, r.public_pem, r.at, until, r.actor, ended_by, reason))
        return found

    def keep_key(self, public_pem: str, *, actor: str, authority: str) -> Key:
        """Record a public key, unless it is. Raises TouchstoneError for one that has ended."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            fingerprint = fingerprint_of(public_pem)
            known = next((key for key in self.signing_keys() if key.fingerprint == fingerprint), None)
            if known is None:
                at = self._key_row(c, fingerprint, "begun", public_pem, "", actor, authority)
                known = Key(fingerprint, public_pem, at, actor=actor)
        if known.until is not None:
            raise TouchstoneError(f"the key {fingerprint} ended on {known.until:%Y-%m-%d} ({known.reason}) and signs no more")
        return known

    def end_key(self, fingerprint: str, *, actor: str, authority: str, reason: str) -> None:
        """Record that a key signs no more. Its public part stays, so that what it signed can be checked. Raises TouchstoneError."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            known = next((key for key in self.signing_keys() if key.fingerprint == fingerprint), None)
            if known is None or known.until is not None:
                raise TouchstoneError(f"the key {fingerprint} {'has ended already' if known else 'is not known here'}")
            if not reason.strip():
                raise TouchstoneError("why a key ends is recorded: give the reason")
            self._key_row(c, fingerprint, "ended", known.public_pem, reason, actor, authority)

    def _key_row(self, c: Connection, fingerprint: str, word: str, public_pem: str, reason: str, actor: str, authority: str) -> datetime:
        row = {"fingerprint": fingerprint, "word": word, "public_pem": public_pem, "reason": reason, "actor": actor, "authority": authority}
        at = datetime.now(UTC)
        number = add(c, t.signing_key, **row, at=at)
        detail = {"signing_key": number, "fingerprint": fingerprint, "word": word, "digest": _said({**row, "at": at})}
        subjects = {"signing_key": [number]}
        audit.append(
            self.database, c, Verb.alteration, actor=actor, purpose=KEY_EVENT, justification=reason, subjects=subjects, detail=detail
        )
        return at

    def keep_signed_head(self, head: SignedHead) -> SignedHead:
        """Record a signed head. Raises TouchstoneError where the log does not have that digest at that event."""
        row = {name: getattr(head, name) for name in SignedHead.__slots__ if name != "id"}
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if _chain_at(c, head.seq) != head.chain:
                raise TouchstoneError(f"the log does not have the digest {head.chain} at event {head.seq}")
            number = add(c, t.signed_head, **row)
            detail = {"signed_head": number, "seq": head.seq, "chain": head.chain, "digest": _said(row)}
            subjects = {"signed_head": [number]}
            audit.append(self.database, c, Verb.alteration, actor=head.actor, purpose=HEAD_EVENT, subjects=subjects, detail=detail)
        return SignedHead(number, **row)

    def signed_heads(self, *, upto: int | None = None, newest: int | None = None) -> list[SignedHead]:
        """Signed heads in order of signing: those of events up to `upto`, or the `newest` so many."""
        rows = t.signed_head.c
        query = select(t.signed_head).order_by(rows.id.desc())
        if upto is not None:
            query = query.where(rows.seq <= upto)
        with self.database.reading() as c:
            found = c.execute(query.limit(newest) if newest is not None else query).mappings().all()
        return [SignedHead(**row) for row in reversed(found)]

    def chain_at(self, seq: int) -> str | None:
        """The chain's digest at an event; None where the log does not reach so far."""
        with self.database.reading() as c:
            return _chain_at(c, seq)


def _chain_at(c: Connection, seq: int) -> str | None:
    if seq == 0:
        return audit.GENESIS
    found: str | None = c.execute(select(t.event.c.chain).where(t.event.c.seq == seq)).scalar()
    return found


def rows_that_differ(c: Connection, logged: Mapping[tuple[str, int], str]) -> Iterator[str]:
    """Keys and signed heads against their events, a key against its fingerprint, and a head against the chain. `logged`: (table, number) → digest."""
    kept = set()
    for table, what in ((t.signing_key, "signing key, row"), (t.signed_head, "signed head")):
        for row in c.execute(select(table).order_by(table.c.id)).mappings():
            key = (table.name, row["id"])
            kept.add(key)
            if key not in logged:
                yield f"{what} {row['id']} is in no event of the log: nothing tells of it"
            elif logged[key] != _said(dict(row)):
                yield f"{what} {row['id']} was changed: the event that tells of it says something else"
            elif table is t.signed_head and _chain_at(c, row["seq"]) != SignedHead(**row).chain:
                yield f"signed head {row['id']}: the log has another digest at event {row['seq']} than was signed on {row['at']:%Y-%m-%d}"
    for name, number in sorted(logged.keys() - kept):
        yield f"{name.replace('_', ' ')} {number} is gone, although the log tells of it"
