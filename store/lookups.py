"""What was asked for: each read of `Acting` leaves its name in the event, and what a person asked in their own words is kept beside it.

Consultation is logged whether or not anything was found (DPA 2018 s.62(1)(c)): to have searched for somebody is to have looked. The log
holds numbers, so the event names the kinds of query and a commitment; the words themselves (a phone, a handle, a postcode) are a
row of `lookup` with a salt of its own, under the short retention date, and an erasure blanks both.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.reader import Reader
from store.words.records import Verb, canonical

MOST, LONGEST = 50, 300  # lookups of one context that are kept word by word, and characters of one word; the event says how many there were
ERASED = "[]"
NOT_ASKING = frozenset({"shown", "disclose", "close"})
T = TypeVar("T", bound=type)


def logged(cls: T) -> T:
    """A class decorator: each public method notes, when it is called from outside, that it was asked, and with which words."""
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_") and name not in NOT_ASKING:
            setattr(cls, name, _noting(name, method))
    return cls


def _noting(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    bind = inspect.signature(method).bind

    @wraps(method)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._within:  # asked by another method of ours, which is noted
            return method(self, *args, **kwargs)
        self._asked[name] += 1
        if self.actor.is_person and (words := _words(dict(bind(self, *args, **kwargs).arguments) | {"self": None})):
            self._lookups.append([name, words])
        self._within = True
        try:
            return method(self, *args, **kwargs)
        finally:
            self._within = False

    return asked


def _words(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that hold words: not numbers, not digests of bytes that are kept."""
    found = {name: _plain(value) for name, value in arguments.items() if name != "self"}
    return {name: value for name, value in found.items() if any(_strings(value))}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return "" if re.fullmatch(r"[0-9a-f]{64}", value) else str(value)[:LONGEST].encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {str(k)[:LONGEST]: _plain(v) for k, v in list(value.items())[:MOST]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in list(value)[:MOST]]
    if isinstance(value, int | float | bool) or value is None:
        return value
    return _plain({name: getattr(value, name) for name in getattr(value, "__dataclass_fields__", ())})


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def commitment(salt: str, body: str) -> str:
    return hashlib.sha256(salt.encode() + body.encode("utf-8", "surrogatepass")).hexdigest()


def keep(c: Connection, actor: str, lookups: list[Any], until: datetime | None) -> dict[str, Any]:
    """Keep what was asked for in words; what its event says of it."""
    if not lookups:
        return {}
    body, salt = canonical(lookups[:MOST]).decode("utf-8", "surrogatepass"), secrets.token_hex(16)
    row = {"body_json": body, "salt": salt, "actor": actor, "at": datetime.now(UTC), "retention_until": until}
    return {"looked_up": {"lookup": add(c, t.lookup, **row), "of": len(lookups), "commitment": commitment(salt, body)}}


class LookupErasure:
    database: Database

    def erase_lookup(self, number: int, *, actor: str, reason: str) -> None:
        """Blank what somebody asked for; that they asked, and by which kinds of query, stays in the log. Raises TouchstoneError."""
        with self.database.writing() as c:
            if c.execute(select(t.lookup.c.id).where(t.lookup.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no lookup {number} to erase")
            c.execute(t.lookup.update().where(t.lookup.c.id == number).values(body_json=ERASED, salt=""))
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects={"lookup": [number]}
            )  # fmt: skip

    def erase_view(self, number: int, *, actor: str, reason: str) -> None:
        """Blank whose page was looked at and why; that a page was, by whom and when stays. Raises TouchstoneError."""
        with self.database.writing() as c:
            if c.execute(select(t.subject_view.c.id).where(t.subject_view.c.id == number)).first() is None:
                raise TouchstoneError(f"there is no view {number} to erase")
            c.execute(t.subject_view.update().where(t.subject_view.c.id == number).values(subject=f"erased-{number}", reason=""))
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects={"subject_view": [number]}
            )  # fmt: skip


class LookupReads(Reader):
    def lookups(self, *, after: int = 0, limit: int = 500) -> list[tuple[int, str, datetime, list[Any]]]:
        """What people asked the store for, oldest first: number, who, when, and each [function, words]; [] where it was erased."""
        query = select(t.lookup).where(t.lookup.c.id > after).order_by(t.lookup.c.id).limit(limit)
        with self.store.database.reading() as c:
            rows = [(r.id, r.actor, r.at, json.loads(r.body_json)) for r in c.execute(query)]
        self.shown("lookup", (number for number, *_ in rows))
        return rows


def rows_that_differ(c: Connection, logged: Mapping[int, str], erased: set[int]) -> list[str]:
    """Lookups against the commitments of their events; one that an erasure has blanked has nothing left to hold against."""
    kept = {r.id: r for r in c.execute(select(t.lookup))}
    out = [f"lookup {n} is in no event of the log" for n in sorted(kept.keys() - logged.keys())]
    out += [f"lookup {n} is gone, although the log tells of it" for n in sorted(logged.keys() - kept.keys())]
    for n in sorted(kept.keys() & logged.keys()):
        if n in erased:
            if (kept[n].body_json, kept[n].salt) != (ERASED, ""):
                out.append(f"lookup {n} was changed: the log says that it was erased, and it says something")
        elif commitment(kept[n].salt, kept[n].body_json) != logged[n]:
            out.append(f"lookup {n} was changed: its event commits to something else")
    return out


def noted(asked: Counter[str]) -> dict[str, Any]:
    return {"asked": {name: asked[name] for name in sorted(asked)}} if asked else {}
