"""Referrals as rows: what was prepared for which partner and why, and what came back. Nothing is sent: an officer takes it there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import recorded
from store import tables as t
from store.captures import newest_location
from store.database import Database
from store.errors import TouchstoneError
from store.reader import Reader
from store.recorded import ERASED
from store.words.records import Verb


@dataclass(frozen=True, slots=True)
class Return:
    """What a partner sent back: its file as a capture, and what of it was read. `items` are references of intelligence reports."""

    id: int
    capture: int
    outcome: str
    reference: str  # the partner's own
    dated: str  # YYYY-MM-DD, or ""
    items: tuple[str, ...]
    refused: int
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Referral:
    """What was prepared for a partner. `fields` are those that went in, `digest` is that of the manifest. `recipient` "" was erased."""

    id: int
    reference: str
    recipient_kind: str
    recipient: str
    why: str
    case: str | None
    premises: int | None
    gateway: str
    fields: tuple[str, ...]
    digest: str
    actor: str
    at: datetime
    returns: tuple[Return, ...] = field(default=())


class ReferralWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def next_referral(self) -> str:
        """The reference that the next referral will have: it stands in its own pages. `keep_referral` refuses it where another took it."""
        with self.database.reading() as c:
            return recorded.next_reference(c, t.referral.c.reference, "R", datetime.now(UTC))

    def keep_referral(
        self, reference: str, kind: str, *, recipient: str, why: str, gateway: str, fields: Sequence[str], digest: str, actor: str, authority: str,
        case: str | None = None, premises: int | None = None, subjects: Mapping[str, Sequence[int]] | None = None,
    ) -> int:  # fmt: skip
        """Keep what was prepared, with the *disclosure* that it is: to whom, why, and which rows went in. Raises TouchstoneError."""
        if not recipient.strip() or not why.strip():
            raise TouchstoneError("a referral names its recipient (--recipient) and says why (--why): both go into the log")
        body = {"recipient": recipient.strip(), "why": why.strip(), "gateway": gateway, "fields": list(fields), "manifest": digest}
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if c.execute(select(t.referral.c.id).where(t.referral.c.reference == reference)).first():
                raise TouchstoneError(f"referral {reference} was prepared by somebody else at this moment: prepare it again")
            return recorded.keep(
                self.database, c, t.referral, {"reference": reference, "recipient_kind": kind, "case_file": case, "premises": premises},
                body=body, verb=Verb.disclosure, actor=actor, authority=authority, until=self.retain_until("flagged"),
                purpose=f"referral to {kind}", justification=why, subjects=subjects,
            )  # fmt: skip

    def keep_return(
        self, referral: str, capture: int, *, outcome: str, reference: str, dated: str, items: Sequence[str], refused: int, actor: str,
        authority: str,
    ) -> int:  # fmt: skip
        """Keep what came back, its file kept as a capture before. Raises TouchstoneError: no such referral, or no such bytes."""
        until = self.retain_until("flagged")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            number = _numbered(c, referral)
            place = newest_location(c, capture)
            if place is None or place.record_type == "tombstone":
                raise TouchstoneError(f"there is no capture {capture} in this store, or its bytes were erased")
            if until is not None:
                shorter = t.capture.c.retention_until.is_not(None) & (t.capture.c.retention_until < until)
                c.execute(t.capture.update().where(t.capture.c.id == capture, shorter).values(retention_until=until))
            body = {"outcome": outcome, "reference": reference, "dated": dated, "items": list(items), "refused": refused}
            return recorded.keep(
                self.database, c, t.referral_return, {"referral": number, "capture": capture}, body=body, verb=Verb.collection, actor=actor,
                authority=authority, until=until, purpose="return of a referral", subjects={"referral": [number], "capture": [capture]},
            )  # fmt: skip


def _numbered(c: Connection, reference: str) -> int:
    number = c.execute(select(t.referral.c.id).where(t.referral.c.reference == reference)).scalar()
    if number is None:
        raise TouchstoneError(f"there is no referral '{reference}'; `touchstone refer list` shows what is")
    return int(number)


class ReferralReads(Reader):
    def referrals(self, *, reference: str | None = None, case: str | None = None, authority: str | None = None) -> list[Referral]:
        """What was prepared for partners, oldest first, with what came back; with `authority` what that one prepared."""
        query = select(t.referral).order_by(t.referral.c.id)
        if reference is not None:
            query = query.where(t.referral.c.reference == reference)
        if case is not None:
            query = query.where(t.referral.c.case_file == case)
        if authority is not None:
            query = query.where(t.referral.c.authority == authority)
        with self.store.database.reading() as c:
            rows = c.execute(query).all()
            numbers = [r.id for r in rows]
            joined = select(t.referral_return).where(t.referral_return.c.referral.in_(numbers)).order_by(t.referral_return.c.id)
            back: dict[int, list[Return]] = {number: [] for number in numbers}
            for r in c.execute(joined):
                back[r.referral].append(_return(r))
        self.shown("referral", numbers)
        self.shown("referral_return", (each.id for some in back.values() for each in some))
        return [_referral(r, tuple(back[r.id])) for r in rows]

    def referral(self, reference: str) -> Referral:
        """One referral. Raises TouchstoneError."""
        found = self.referrals(reference=reference)
        if not found:
            raise TouchstoneError(f"there is no referral '{reference}'; `touchstone refer list` shows what is")
        return found[0]


def _referral(r: Any, back: tuple[Return, ...]) -> Referral:
    said = json.loads(r.body_json) if r.body_json != ERASED else {}
    return Referral(
        r.id, r.reference, r.recipient_kind, said.get("recipient", ""), said.get("why", ""), r.case_file, r.premises, said.get("gateway", ""),
        tuple(said.get("fields", ())), said.get("manifest", ""), r.actor, r.at, back,
    )  # fmt: skip


def _return(r: Any) -> Return:
    said = json.loads(r.body_json) if r.body_json != ERASED else {}
    return Return(
        r.id, r.capture, said.get("outcome", ""), said.get("reference", ""), said.get("dated", ""), tuple(said.get("items", ())),
        said.get("refused", 0), r.actor, r.at,
    )  # fmt: skip
