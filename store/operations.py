"""Operations, the views of a person's own pages, and who is at an operation now."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, or_, select, text

from store import audit
from store import tables as t
from store.archive import Archive
from store.database import Database, add, add_once
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.purposes import pages_of, subject_of
from store.words.records import Authorisation, Cadence, Operation, Purchase, Purpose, Verb, canonical, digest_of


class TooManyViews(TouchstoneError):
    """A person's page was looked at as often as it may be without a reason or an authorisation."""


@dataclass(frozen=True, slots=True)
class Views:
    """How often a person's own page was looked at since a day, by whom and why."""

    subject: str
    count: int
    first: datetime
    last: datetime
    actors: tuple[str, ...]
    purposes: tuple[str, ...]
    operations: tuple[str, ...]
    reasons: tuple[str, ...]


def operation_of(body: str) -> Operation:
    said = json.loads(body)
    lists = {name: tuple(said.get(name) or ()) for name in ("brands", "terms", "area", "sources", "subjects")}
    cadence = said.get("cadence")
    if cadence and cadence.get("not_between"):
        cadence["not_between"] = tuple(cadence["not_between"])
    return Operation(
        said["reference"],
        said["authority"],
        said["title"],
        Purpose(said["purpose"]),
        **lists,
        authorisation=Authorisation(**said["authorisation"]) if said.get("authorisation") else None,
        purchase=Purchase(**said["purchase"]) if said.get("purchase") else None,
        cadence=Cadence(**cadence) if cadence else None,
    )


class OperationWrites:
    database: Database
    archive: Archive
    retain_until: Any

    def keep_operation(self, operation: Operation) -> str:
        """Record the operation as it now reads, unless it was recorded so before; its digest, by which that reading is found again."""
        body = asdict(operation)
        digest = digest_of(body)
        with self.database.writing() as c:
            add_once(
                c,
                t.operation,
                {"reference": operation.reference, "digest": digest},
                authority=operation.authority,
                purpose=str(operation.purpose),
                body_json=canonical(body).decode(),
                added_at=datetime.now(UTC),
            )
        return digest

    def operation(self, reference: str, digest: str = "") -> Operation:
        """The operation as it was recorded under that digest; without one, as it was recorded last. Raises TouchstoneError."""
        query = select(t.operation.c.body_json).where(t.operation.c.reference == reference).order_by(t.operation.c.id.desc()).limit(1)
        with self.database.reading() as c:
            body = c.execute(query.where(t.operation.c.digest == digest) if digest else query).scalar()
        if body is None:
            raise TouchstoneError(
                f"no operation '{reference}' is recorded in this store: `touchstone operation list` shows those there are"
            )
        return operation_of(body)

    def operation_since(self, reference: str) -> datetime:
        """Since when the operation is recorded as it reads now: what it brought before says nothing of how much it should bring."""
        query = select(t.operation.c.added_at).where(t.operation.c.reference == reference).order_by(t.operation.c.id.desc()).limit(1)
        with self.database.reading() as c:
            found: datetime | None = c.execute(query).scalar()
        return found or datetime.min.replace(tzinfo=UTC)

    # -- views -----------------------------------------------------------------------------------------------------------
    def keep_view(
        self,
        url: str,
        *,
        actor: str,
        purpose: Purpose,
        operation: str | None,
        run: str,
        reason: str = "",
        authorised: bool = False,
        days: int,
        threshold: int,
        at: datetime | None = None,
    ) -> int:
        """Count one more look at a person's own page, once a run; how many there are in `days` days now.

        Raises TooManyViews, and counts nothing, where there were `threshold` before it and neither a reason nor an authorisation stands.
        """
        subject, now = subject_of(url), at or datetime.now(UTC)
        view = t.subject_view.c
        with self.database.writing() as c:
            self.database.lock_chain(c)  # two looks at once are counted one after the other
            since = view.at > now - timedelta(days=days)
            earlier = int(c.execute(select(func.count()).where(view.subject == subject, since, view.run != run)).scalar_one())
            if c.execute(select(view.id).where(view.subject == subject, view.run == run)).first():
                return earlier + 1
            if earlier >= threshold and not authorised and not reason.strip():
                raise TooManyViews(
                    f"{subject} was looked at {earlier} times in {days} days, and once more may be surveillance of a person: give --reason "
                    "(such as: overt, or the trader knows of it), which is recorded, or an operation with a live authorisation"
                )
            number = add(
                c,
                t.subject_view,
                subject=subject,
                at=now,
                actor=actor,
                purpose=str(purpose),
                operation=operation,
                run=run,
                reason=reason.strip(),
                retention_until=self.retain_until("flagged"),
            )
            audit.append(
                self.database,
                c,
                Verb.consultation,
                actor=actor,
                purpose="subject view",
                justification=reason.strip(),
                run=run,
                subjects={"subject_view": [number]},
                detail={"in_days": days, "count": earlier + 1, "operation": operation, "authorised": authorised},
            )
        return earlier + 1

    # -- what is logged at the start of a crawl ------------------------------------------------------------------------------
    def log_override(self, run: str, *, actor: str, by: str, basis: str, until: str) -> None:
        """Say in the log that this run does not obey robots.txt, on whose decision and on what basis."""
        with self.database.writing() as c:
            audit.append(
                self.database,
                c,
                Verb.collection,
                actor=actor,
                purpose="robots.txt override",
                justification=basis,
                run=run,
                detail={"robots_override": {"by": by, "until": until}},
            )

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """Whether nobody else is at `what`; while true, nobody else comes to be, on this machine or at this PostgreSQL.

        The kernel, or the server, lets go when the process dies.
        """
        key = sha256(what.encode()).digest()[:8]
        if self.database.engine.dialect.name == "postgresql":
            with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
                try:
                    yield bool(
                        c.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": int.from_bytes(key, "big", signed=True)}).scalar()
                    )
                finally:
                    c.invalidate()  # the session ends, and its lock with it
            return
        self.archive.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.archive.folder / f".at-{key.hex()}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)


class OperationReads(Reader):
    def sellers_known(self, names: Iterable[str] = (), urls: Iterable[str] = ()) -> dict[str, int]:
        """Which of these words are a known account's handle or name, and which addresses its page, of whatever source: word → seller."""
        words = {form: word for word in names for form in _spellings(word.strip())}
        pages = {page: url for url in urls for page in pages_of(url)}
        s, found = t.seller.c, dict[str, int]()
        hosts = [func.lower(s.url).contains(host, autoescape=True) for host in sorted({re.split("[/?]", page)[0] for page in pages})]
        with self.store.database.reading() as c:
            query = select(s.id, s.handle, s.name, s.url).where(or_(func.lower(s.handle).in_(words), func.lower(s.name).in_(words), *hosts))
            for r in c.execute(query):
                for said in (r.handle, r.name):
                    for form in _spellings(said):
                        if form in words:
                            found[words[form]] = r.id
                if r.url and (page := subject_of(r.url)) in pages:
                    found[pages[page]] = r.id
        self.shown("seller", found.values())
        return found

    def views(self, since: datetime) -> list[Views]:
        """The looks at persons' own pages since then, the most looked at first."""
        view = t.subject_view
        rows: dict[str, list[Any]] = {}
        with self.store.database.reading() as c:
            for r in c.execute(select(view).where(view.c.at >= since).order_by(view.c.id)):
                rows.setdefault(r.subject, []).append(r)
        self.shown("subject_view", (r.id for own in rows.values() for r in own))
        return sorted((_views(subject, own) for subject, own in rows.items()), key=lambda v: (-v.count, v.subject))


def _views(subject: str, rows: Sequence[Any]) -> Views:
    def each(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(getattr(r, name) for r in rows if getattr(r, name)))

    return Views(subject, len(rows), rows[0].at, rows[-1].at, each("actor"), each("purpose"), each("operation"), each("reason"))


def _spellings(word: str) -> set[str]:
    """A name in small letters, as Python and as a database makes them: SQLite's `lower` leaves É as it is."""
    return {word.casefold(), *(_ascii_lower(each) for each in (word, word.upper(), word.lower(), word.title()))}


def _ascii_lower(word: str) -> str:
    return "".join(each.lower() if each.isascii() else each for each in word)
