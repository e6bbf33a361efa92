"""Saved searches: a named set of filters of an officer's, theirs alone or shared in the authority; renamed, changed and withdrawn by further rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from store import recorded
from store import tables as t
from store.database import Database
from store.errors import TouchstoneError
from store.reader import Reader
from store.recorded import ERASED
from store.words.records import Verb

Filters = Mapping[str, str | int | float | bool | list[str]]
LONGEST, MOST = 300, 40  # characters of a value, filters of a search


@dataclass(frozen=True, slots=True)
class SavedSearch:
    id: int
    name: str
    filters: Filters
    shared: bool
    actor: str
    at: datetime


class SavedWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def save_search(self, name: str, filters: Filters, *, shared: bool = False, actor: str, authority: str) -> int:
        """Keep a search under a name; the row's number. The officer's own of the same name is superseded by it.

        Raises TouchstoneError: no name, no filters, or something among them that is no plain value.
        """
        if not name.strip() or not filters:
            raise TouchstoneError("a saved search has a name and at least one filter")
        bad = [key for key, value in filters.items() if not _plain(value)]
        if bad or len(filters) > MOST or len(name) > LONGEST:
            raise TouchstoneError(
                f"a saved search holds up to {MOST} filters of up to {LONGEST} characters; '{(bad or [name])[0][:40]}' is none"
            )
        with self.database.writing() as c:
            self.database.lock_chain(c)
            before = next((r["id"] for r in _rows(c, actor, authority) if r["actor"] == actor and _named(r, name)), None)
            return self._keep_search(c, {"shared": shared, "withdrawn": False, "supersedes": before}, {"name": name.strip(), "filters": dict(filters)}, actor, authority)  # fmt: skip

    def withdraw_search(self, number: int, *, actor: str, authority: str) -> int:
        """Withdraw a search of one's own; the row that says so. Raises TouchstoneError: another's, or none."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            old = recorded.superseded(c, t.saved_search, number, "saved search")
            if old.actor != actor:
                raise TouchstoneError(f"saved search {number} is {old.actor}'s: they withdraw it")
            return self._keep_search(
                c, {"shared": old.shared, "withdrawn": True, "supersedes": number}, {"name": "", "filters": {}}, actor, authority
            )

    def _keep_search(self, c: Connection, row: Mapping[str, Any], body: Mapping[str, Any], actor: str, authority: str) -> int:
        return recorded.keep(
            self.database, c, t.saved_search, row, body=body, verb=Verb.alteration, actor=actor, authority=authority, until=self.retain_until(),
            purpose="saved search",
        )  # fmt: skip


class SavedReads(Reader):
    def saved_searches(self) -> list[SavedSearch]:
        """The reader's own searches, and those that others of their authority share, by name."""
        with self.store.database.reading() as c:
            rows = [_search_of(r) for r in _rows(c, self.actor.id, self.actor.authority)]
        self.shown("saved_search", (r.id for r in rows))
        return sorted(rows, key=lambda r: (r.name.casefold(), r.id))


def _rows(c: Connection, actor: str, authority: str) -> list[Mapping[str, Any]]:
    s, later = t.saved_search.c, t.saved_search.alias("later")
    joined = t.saved_search.outerjoin(later, later.c.supersedes == s.id)
    mine = or_(s.actor == actor, (s.authority == authority) & s.shared)
    query = select(t.saved_search).select_from(joined).where(later.c.id.is_(None), s.withdrawn.is_(False), s.body_json != ERASED, mine)
    return [dict(r) for r in c.execute(query.order_by(s.id)).mappings()]


def _search_of(r: Mapping[str, Any]) -> SavedSearch:
    body = json.loads(r["body_json"])
    return SavedSearch(r["id"], body["name"], body["filters"], r["shared"], r["actor"], r["at"])


def _named(r: Mapping[str, Any], name: str) -> bool:
    return _search_of(r).name.casefold() == name.strip().casefold()


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST and all(isinstance(each, str) and len(each) <= LONGEST for each in value)
    return isinstance(value, str | int | float | bool) and len(str(value)) <= LONGEST
