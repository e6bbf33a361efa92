"""What is due for review: rows whose date has passed, by kind and by category of data subject, each with what still keeps it.

Nothing is erased by its date alone: a person looks at this list, one asks for an erasure and another approves it (store/proposals.py). A hold beats every
date, and so does a case until it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, func, or_, select

from store import recorded
from store import tables as t
from store.erasure import follow_ups_held, held_on
from store.errors import TouchstoneError
from store.personal import of
from store.reader import Reader
from store.said import of_premises, of_sellers


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is due: `due` since when, `why` by which rule, `kept_by` what keeps it all the same ("" where nothing does)."""

    kind: str
    number: int
    category: str
    due: datetime
    why: str
    kept_by: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Something may not be erased, and who said why."""

    id: int
    subject_kind: str
    subject: int
    reason: str
    actor: str
    at: datetime


# What is erased by a command of its own, and what in its row says that it was.
REVIEWED: Mapping[str, Callable[[Any], Any]] = {
    "listing": lambda c: c.url != "",
    "seller": lambda c: c.handle.not_like("erased-%"),
    "capture": lambda c: c.url_requested != "",
    "sighting": lambda c: c.obtained != "",
    "informant": lambda c: or_(c.name != "", c.contact != "", c.note != ""),
    "follow_up": lambda c: c.body_json != "{}",
    "attribution": lambda c: c.salt != "",
    "occupant": lambda c: c.salt != "",
    "pair_statement": lambda c: c.reason != "",
    "subject_view": lambda c: c.subject.not_like("erased-%"),
    "lookup": lambda c: c.salt != "",
    "note": lambda c: c.salt != "",
    "clearance": lambda c: c.salt != "",
    "saved_search": lambda c: c.salt != "",
}


class ReviewReads(Reader):
    def review(self, on: datetime, *, kinds: Sequence[str] = (), limit: int = 200) -> list[Due]:
        """Rows that are due on that day, kind by kind, the longest overdue first, at most `limit` of each; erased ones are not among them.

        Raises TouchstoneError for a kind that is not reviewed.
        """
        if unknown := [kind for kind in kinds if kind not in REVIEWED]:
            raise TouchstoneError(f"'{unknown[0]}' is nothing that is reviewed; there are {', '.join(REVIEWED)}")
        found: list[Due] = []
        with self.store.database.reading() as c:
            for kind in kinds or REVIEWED:
                found += [
                    Due(kind, number, category, since, why, self._kept(c, kind, number))
                    for number, category, since, why in self._due(c, kind, on, limit)
                ]
        for kind in {each.kind for each in found}:
            self.shown(kind, (each.number for each in found if each.kind == kind))
        return found

    def holds(self, authority: str | None = None) -> list[Hold]:
        """Holds that stand, oldest first; with `authority` those that its people said."""
        h = t.hold.c
        released = select(h.releases).where(h.releases.is_not(None))
        with self.store.database.reading() as c:
            query = select(t.hold).where(h.releases.is_(None), h.id.not_in(released)).order_by(h.id)
            if authority is not None:
                query = query.where(h.actor.in_(select(t.actor.c.id).where(t.actor.c.authority == authority)))
            rows = c.execute(query).all()
        self.shown("hold", (r.id for r in rows))
        return [Hold(r.id, r.subject_kind, r.subject, r.reason, r.actor, r.at) for r in rows]

    def _due(self, c: Connection, kind: str, on: datetime, limit: int) -> list[tuple[int, str, datetime, str]]:
        table, rules = t.metadata.tables[kind], self.store.rules.retention
        held = of(kind)
        assert held is not None
        at = table.c[held.at]
        marked = self._marks(c, kind)
        is_there = REVIEWED[kind](table.c)
        asked = [and_(table.c.retention_until.is_not(None), table.c.retention_until <= on)]
        if days := rules.kinds.get(kind):
            asked = [at <= on - timedelta(days=days)]
        for category, least in rules.categories.items():
            special = [n for n, said in marked.items() if said == category]
            asked.append(and_(table.c.subject_category == category, at <= on - timedelta(days=least)))
            if special:
                asked.append(and_(table.c.id.in_(special), at <= on - timedelta(days=least)))
        query = select(table.c.id, at.label("at"), table.c.subject_category, table.c.retention_until).where(is_there, or_(*asked))
        out = []
        for r in c.execute(query.order_by(func.coalesce(table.c.retention_until, at), table.c.id)):
            category = marked.get(r.id, r.subject_category)
            if days := rules.categories.get(category):
                since, why = r.at + timedelta(days=days), f"{days} days for a {category}"
            elif days := rules.kinds.get(kind):
                since, why = r.at + timedelta(days=days), f"{days} days for a {kind}"
            else:
                since, why = r.retention_until, "the date that it was given"
            if since is not None and since <= on:  # a rule of its category may keep it longer than its kind's
                out.append((r.id, category, since, why))
            if len(out) == limit:
                break
        return out

    def _marks(self, c: Connection, kind: str) -> dict[int, str]:
        """Categories that people gave rows of this kind, the newest of each row."""
        m = t.person_mark.c
        query = select(m.row, m.category).where(m.about == kind, m.category != "").order_by(m.id)
        return {r.row: r.category for r in c.execute(query)}

    def _kept(self, c: Connection, kind: str, number: int) -> str:
        """What keeps a row of this kind whatever its date, in words, or ""."""
        store: Any = self.store
        table: Table = t.metadata.tables[kind]
        row = c.execute(select(table).where(table.c.id == number)).one()
        if kind == "listing":
            kept = store.listing_held(c, number, [])
        elif kind == "capture":
            kept = store._hold_on(c, [number])
        elif kind == "follow_up":
            kept = follow_ups_held(c, [number])
        elif kind == "attribution":
            kept = held_on(c, of_sellers(row.seller))
        elif kind == "pair_statement":
            kept = held_on(c, of_sellers(row.seller, row.other))
        elif kind == "occupant":
            kept = held_on(c, of_premises(row.premises))
        elif kind in recorded.TABLES:
            kept = recorded.kept_for(c, table, [row._mapping])
        elif kind in ("sighting", "informant"):
            listing = row.listing if kind == "sighting" else select(t.sighting.c.listing).where(t.sighting.c.id == row.sighting)
            kept = held_on(c, {"listing": [listing] if kind == "sighting" else listing})
        else:
            kept = held_on(c, {kind: [number]})
        return f"hold {kept}" if kept else ""
