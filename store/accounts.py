"""Who may sign in at the desk, in which role, and who is signed in now. A password is kept as its hash only, a session's token as its digest.

Rows are added: the newest role and the newest secret count. These rows say who uses the system and nothing about anybody else, so they are read
without a purpose; what a signed-in person then looks at is in the log.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.words.records import Verb


class SignIn(enum.StrEnum):
    """What is noted of an account at its door: it got in, it did not, or somebody opened it again before its time."""

    good = "good"
    refused = "refused"
    unlocked = "unlocked"


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account. `role` is "" where it is closed, `secret` the hash of the password, "" where none is set (an identity provider's person)."""

    actor: str
    name: str
    authority: str
    role: str
    secret: str
    temporary: bool
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in; `reason` is what they said they are working on."""

    id: int
    account: str
    began_at: datetime
    until: datetime
    seen_at: datetime
    reason: str


class Accounts:
    """Of the store: accounts, attempts to sign in, sessions."""

    database: Database

    def open_account(self, actor: str, role: str, *, by: str) -> None:
        """Let a person whom the store knows sign in. Raises TouchstoneError for the system, and where there is an account."""
        with self.database.writing() as c:
            if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar():
                raise TouchstoneError(f"'{actor}' is not a person known to this store")
            if c.execute(select(t.account.c.actor).where(t.account.c.actor == actor)).first():
                raise TouchstoneError(
                    f"'{actor}' has an account; `touchstone account role` gives it another role, or opens a closed one again"
                )
            c.execute(t.account.insert().values(actor=actor, opened_by=by, at=datetime.now(UTC)))
            self._give(c, actor, role, by, "account opened")

    def give_role(self, account: str, role: str, *, by: str) -> None:
        """Give an account another role; "" closes it and ends its sessions. Raises TouchstoneError for a name without an account."""
        with self.database.writing() as c:
            self._known(c, account)
            self._give(c, account, role, by, "account role" if role else "account closed")
            self._end(c, account)  # a session that began under another role would go on with it in people's minds

    def set_secret(self, account: str, hashed: str, *, temporary: bool, by: str, keep: int | None = None) -> None:
        """Set the hash of an account's password; its sessions end, but for `keep`. Raises TouchstoneError for a name without an account."""
        with self.database.writing() as c:
            self._known(c, account)
            add(c, t.account_secret, account=account, hash=hashed, temporary=temporary, actor=by, at=datetime.now(UTC))
            self._end(c, account, keep)
            audit.append(
                self.database, c, Verb.alteration, actor=by, purpose="password", detail={"account": account, "temporary": temporary}
            )

    def account(self, name: str) -> Account | None:
        """The account of that name, or None. Names are compared without case: people do not remember how theirs was written."""
        found = [a for a in self.accounts() if a.actor.casefold() == name.strip().casefold()]
        return found[0] if len(found) == 1 else next((a for a in found if a.actor == name.strip()), None)

    def accounts(self) -> list[Account]:
        """Every account, by name; closed ones too."""
        role, secret = _newest(t.account_role), _newest(t.account_secret)
        roles = select(t.account_role.c.account, t.account_role.c.role).where(t.account_role.c.id.in_(role)).subquery()
        secrets = select(t.account_secret).where(t.account_secret.c.id.in_(secret)).subquery()
        query = (
            select(t.actor, t.account.c.at, roles.c.role.label("held"), secrets.c.hash, secrets.c.temporary)
            .select_from(t.account.join(t.actor, t.actor.c.id == t.account.c.actor))
            .outerjoin(roles, roles.c.account == t.account.c.actor)
            .outerjoin(secrets, secrets.c.account == t.account.c.actor)
            .order_by(t.account.c.actor)
        )
        with self.database.reading() as c:
            return [Account(r.id, r.name, r.authority, r.held or "", r.hash or "", bool(r.temporary), r.at) for r in c.execute(query)]

    # -- the door --------------------------------------------------------------------------------------------------------
    def note_sign_in(self, account: str, says: SignIn, *, address: str = "", by: str = "") -> None:
        """Note an attempt to sign in, or that somebody (`by`, whose act is an event) lets an account try again."""
        with self.database.writing() as c:
            add(c, t.sign_in, account=account, says=str(says), address=address[:45], at=datetime.now(UTC))
            if by:
                audit.append(self.database, c, Verb.alteration, actor=by, purpose=f"account {says}", detail={"account": account})

    def refusals_since(self, account: str, since: datetime) -> int:
        """How often an account was refused after `since` and after it last got in or was unlocked."""
        s = t.sign_in.c
        last = select(func.max(s.id)).where(s.account == account, s.says != str(SignIn.refused)).scalar_subquery()
        query = select(func.count()).where(s.account == account, s.says == str(SignIn.refused), s.at > since, s.id > func.coalesce(last, 0))
        with self.database.reading() as c:
            return int(c.execute(query).scalar_one())

    def sign_ins(self, account: str, limit: int = 20) -> list[tuple[SignIn, str, datetime]]:
        """The newest attempts on an account: (what came of it, from which address, when)."""
        s = t.sign_in.c
        with self.database.reading() as c:
            rows = c.execute(select(s.says, s.address, s.at).where(s.account == account).order_by(s.id.desc()).limit(limit))
            return [(SignIn(r.says), r.address, r.at) for r in rows]

    # -- who is signed in ------------------------------------------------------------------------------------------------
    def begin_session(self, account: str, token_digest: str, until: datetime) -> int:
        with self.database.writing() as c:
            return add(c, t.desk_session, token_digest=token_digest, account=account, until=until, at=datetime.now(UTC))

    def session(self, token_digest: str, *, idle_since: datetime) -> Session | None:
        """The session of that token where it lives: not ended, not past its time, and used since `idle_since`."""
        s, w = t.desk_session.c, t.desk_session_word.c
        with self.database.reading() as c:
            row = c.execute(select(t.desk_session).where(s.token_digest == token_digest)).first()
            if row is None:
                return None
            newest = select(func.max(w.id)).where(w.session == row.id).group_by(w.says)
            words: Mapping[str, Any] = {r.says: r for r in c.execute(select(t.desk_session_word).where(w.id.in_(newest)))}
        seen = max([row.at, *(word.at for word in words.values())])
        if "ended" in words or row.until <= datetime.now(UTC) or seen < idle_since:
            return None
        return Session(row.id, row.account, row.at, row.until, seen, words["reason"].text if "reason" in words else "")

    def say_of_session(self, session: int, says: str, text: str = "") -> None:
        """Note that a session was used (`seen`), what its person is working on (`reason`), or that it `ended`."""
        with self.database.writing() as c:
            add(c, t.desk_session_word, session=session, says=says, text=text, at=datetime.now(UTC))

    def _give(self, c: Connection, account: str, role: str, by: str, purpose: str) -> None:
        add(c, t.account_role, account=account, role=role, actor=by, at=datetime.now(UTC))
        audit.append(self.database, c, Verb.alteration, actor=by, purpose=purpose, detail={"account": account, "role": role})

    def _end(self, c: Connection, account: str, keep: int | None = None) -> None:
        now, s, w = datetime.now(UTC), t.desk_session.c, t.desk_session_word.c
        ended = select(w.session).where(w.says == "ended")
        living = select(s.id).where(s.account == account, s.until > now, s.id.not_in(ended), s.id != (keep or 0))
        for session in c.execute(living).scalars().all():
            add(c, t.desk_session_word, session=session, says="ended", text="", at=now)

    def _known(self, c: Connection, account: str) -> None:
        if c.execute(select(t.account.c.actor).where(t.account.c.actor == account)).first() is None:
            raise TouchstoneError(f"'{account}' has no account; `touchstone account list` shows who has")


def _newest(table: Any) -> Any:
    return select(func.max(table.c.id)).group_by(table.c.account)
