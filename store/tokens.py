"""What programs read with: tokens, each on behalf of a person with an account, for named scopes, until a day. Kept as a digest only.

Like accounts these rows say who uses the system and nothing about anybody else, so they are read without a purpose; what is read with a token
is an event with its person's name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from store import audit
from store import tables as t
from store.database import Database, add, insert_once
from store.errors import TouchstoneError
from store.words.records import Verb, canonical


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was made: for which account, what for, what it may read, until when; `ended_at` where somebody ended it before."""

    id: int
    account: str
    authority: str
    name: str
    scopes: tuple[str, ...]
    until: datetime
    made_by: str
    made_at: datetime
    ended_at: datetime | None = None

    def lives(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.until


_TOKENS = (
    select(t.api_token, t.actor.c.authority, t.api_token_end.c.at.label("ended_at"))
    .select_from(
        t.api_token.join(t.actor, t.actor.c.id == t.api_token.c.account).outerjoin(
            t.api_token_end, t.api_token_end.c.token == t.api_token.c.id
        )
    )
    .order_by(t.api_token.c.id)
)


class Tokens:
    """Of the store: tokens of programs."""

    database: Database

    def open_token(self, account: str, name: str, token_digest: str, scopes: Sequence[str], until: datetime, *, by: str) -> int:
        """Keep a new token; its number. Raises TouchstoneError for a name without an account, and for a token without words, scopes or a day to come."""
        if not name.strip() or len(name) > 80:
            raise TouchstoneError("say what the token is for, in 80 characters at most")
        if not scopes:
            raise TouchstoneError("a token without a scope reads nothing; choose at least one")
        if until <= datetime.now(UTC):
            raise TouchstoneError("a token ends on a day that is still to come")
        with self.database.writing() as c:
            if c.execute(select(t.account.c.actor).where(t.account.c.actor == account)).first() is None:
                raise TouchstoneError(f"'{account}' has no account; a token reads on behalf of somebody who has one")
            values = {
                "account": account,
                "name": name.strip(),
                "scopes_json": canonical(sorted(scopes)).decode(),
                "until": until,
                "actor": by,
            }
            number = add(c, t.api_token, token_digest=token_digest, at=datetime.now(UTC), **values)
            detail = {"token": number, "account": account, "scopes": sorted(scopes), "until": until.isoformat()}
            audit.append(self.database, c, Verb.alteration, actor=by, purpose="token made", detail=detail)
        return number

    def end_token(self, number: int, *, by: str) -> None:
        """End a token at once; ended twice is ended. Raises TouchstoneError for a number that is none."""
        with self.database.writing() as c:
            if c.execute(select(t.api_token.c.id).where(t.api_token.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no token {number}")
            if c.execute(select(t.api_token_end.c.id).where(t.api_token_end.c.token == number)).first() is None:
                insert_once(c, t.api_token_end, token=number, actor=by, at=datetime.now(UTC))
                audit.append(self.database, c, Verb.alteration, actor=by, purpose="token ended", detail={"token": number})

    def token(self, token_digest: str) -> Token | None:
        """The token of that digest while it lives."""
        with self.database.reading() as c:
            row = c.execute(_TOKENS.where(t.api_token.c.token_digest == token_digest)).first()
        found = _token(row) if row else None
        return found if found and found.lives(datetime.now(UTC)) else None

    def tokens(self, authority: str) -> list[Token]:
        """Every token of an authority's people, in order; those that ended too."""
        with self.database.reading() as c:
            return [_token(row) for row in c.execute(_TOKENS.where(t.actor.c.authority == authority))]


def _token(r: Any) -> Token:
    return Token(r.id, r.account, r.authority, r.name, tuple(json.loads(r.scopes_json)), r.until, r.actor, r.at, r.ended_at)
