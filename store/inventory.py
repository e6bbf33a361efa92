"""What the store holds, counted: for the drafts that tell the public and the data protection officer of it. Numbers, about no person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from store import tables as t
from store.database import Database
from store.personal import HELD


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that is kept about people: how many rows, from when to when, by category of data subject, how many marked sensitive."""

    kind: str
    what: str
    rows: int
    first: datetime | None
    last: datetime | None
    categories: tuple[tuple[str, int], ...]
    sensitive: int
    opinion: bool


class InventoryReads:
    database: Database

    def holdings(self) -> list[Holding]:
        """Each kind of thing that is kept about people, counted."""
        out = []
        with self.database.reading() as c:
            marked = select(t.person_mark.c.about, t.person_mark.c.row, t.person_mark.c.sensitive).order_by(t.person_mark.c.id)
            newest = {(r.about, r.row): r.sensitive for r in c.execute(marked)}
            for held in HELD:
                table = t.metadata.tables[held.table]
                rows = c.execute(select(func.count()).select_from(table)).scalar_one()
                span: tuple[Any, Any] = (None, None)
                if held.at:
                    first, last = func.min(table.c[held.at]), func.max(table.c[held.at])
                    span = tuple(c.execute(select(first, last)).one())
                counted: list[tuple[str, int]] = []
                if "subject_category" in table.c:
                    of = table.c.subject_category
                    counted = [(r[0], r[1]) for r in c.execute(select(of, func.count()).group_by(of).order_by(of))]
                sensitive = sum(1 for (about, _), yes in newest.items() if about == held.table and yes)
                out.append(Holding(held.table, held.what, rows, span[0], span[1], tuple(counted), sensitive, held.opinion))
        return out

    def method_evidence(self) -> dict[int, tuple[str, str, datetime]]:
        """Of each method the newest status's evidence, who gave it, and when."""
        query = select(t.method_status).order_by(t.method_status.c.id)
        with self.database.reading() as c:
            return {r.method: (r.evidence, r.actor, r.at) for r in c.execute(query)}

    def disclosures(self) -> list[tuple[str, int]]:
        """How many disclosures the log has, by purpose."""
        e = t.event.c
        found: dict[str, int] = {}
        with self.database.reading() as c:
            for body in c.execute(select(e.body_json).where(e.verb == "disclosure")).scalars():
                purpose = str(json.loads(body)["purpose"])
                found[purpose] = found.get(purpose, 0) + 1
        return sorted(found.items())

    def staff(self) -> list[tuple[str, int]]:
        """How many persons and systems act, by role."""
        with self.database.reading() as c:
            rows = c.execute(select(t.actor.c.role, func.count()).group_by(t.actor.c.role).order_by(t.actor.c.role))
            return [(str(role), int(number)) for role, number in rows]
