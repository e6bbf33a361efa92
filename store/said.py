"""What people said of who is at a door, of who runs an account and of two sellers: what its event commits to, and its erasure.

As of a follow-up (store/followup.py), the event of a row holds numbers and a commitment: SHA-256 over a salt of the row's own and its words. Once
an erasure has taken the words and the salt, the row's number is left, and nothing that could be guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from store import audit
from store import tables as t
from store.closing import kept
from store.database import Database
from store.erasure import held_on
from store.errors import TouchstoneError
from store.words.records import Verb, canonical

NOT_SAID = frozenset({"id", "salt", "at", "subject_category", "retention_until"})


def commitment(row: Mapping[str, Any], marks: Sequence[tuple[str, str]] = ()) -> str:
    """SHA-256 over the salt of a row of `attribution` or `occupant` and all that it says, its marks in order among it."""
    said = {
        name: value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in NOT_SAID
    }
    return hashlib.sha256(row["salt"].encode() + canonical([said, [list(each) for each in sorted(marks)]])).hexdigest()


class SaidErasure:
    """Each takes the words of a row, and of what it withdraws or is withdrawn by. The rows stay, blank; a row that is blank no longer counts.

    Refused under a live hold or an exhibit of the seller or the premises, of a listing of the seller's, or of a link of theirs: what a case
    may need is kept (CPIA 1996). Safe to run again. Raises TouchstoneError: no such row, or it is held.
    """

    database: Database

    def erase_ground(self, number: int, *, actor: str, reason: str) -> None:
        """Blank a piece of evidence of who runs an account. One that cites an exhibit belongs to its case, and is kept."""
        blank = {"says": "", "person": "", "source": "", "capture": None, "salt": ""}
        self._blank(t.attribution, number, "evidence", lambda row: of_sellers(row.seller), blank, actor, reason)

    def erase_occupant(self, number: int, *, actor: str, reason: str) -> None:
        """Blank a statement of who is at a premises; what they are known by goes."""
        blank = {"name": "", "note": "", "source": "", "capture": None, "salt": ""}
        self._blank(t.occupant, number, "statement of who is at a premises", lambda row: of_premises(row.premises), blank, actor, reason)

    def erase_pair_reason(self, number: int, *, actor: str, reason: str) -> None:
        """Blank why two sellers were joined or kept apart. That they were, by whom and when stays: it names nobody but two rows."""
        about = "statement of two sellers"
        self._blank(t.pair_statement, number, about, lambda row: of_sellers(row.seller, row.other), {"reason": ""}, actor, reason)

    def _blank(
        self, table: Table, number: int, what: str, of: Callable[[Any], Mapping[str, Any]], blank: Mapping[str, Any], actor: str, reason: str
    ) -> None:  # fmt: skip
        with self.database.writing() as c:
            self.database.lock_chain(c)  # until this is committed no hold is made
            row = c.execute(select(table).where(table.c.id == number)).first()
            if row is None:
                raise TouchstoneError(f"there is no {what} {number} to erase")
            first = row.withdraws or row.id
            family = c.execute(select(table).where(or_(table.c.id == first, table.c.withdraws == first)).order_by(table.c.id)).all()
            numbers = [each.id for each in family]
            cites = sorted({each.exhibit for each in family if "exhibit" in table.c and each.exhibit is not None})
            cited = c.execute(select(t.exhibit.c.id).where(t.exhibit.c.id.in_(cites), kept()).limit(1)).scalar()
            held = f"of exhibit row {cited}" if cited is not None else held_on(c, of(row))
            if not held:
                c.execute(table.update().where(table.c.id.in_(numbers)).values(**blank))
                if table is t.occupant:
                    c.execute(t.occupant_mark.delete().where(t.occupant_mark.c.occupant.in_(numbers)))
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure refused" if held else "erasure", justification=reason,
                subjects={table.name: numbers}, detail={"hold": held} if held else {},
            )  # fmt: skip
        if held:
            raise TouchstoneError(f"{what} {number} is under hold {held} and was not erased")


def of_sellers(*sellers: int) -> dict[str, Any]:
    listings = select(t.reading.c.listing).where(t.reading.c.seller.in_(sellers))
    return {"seller": sellers, "listing": listings, "link": _links("seller", sellers)}


def of_premises(number: int) -> dict[str, Any]:
    building = select(t.premises.c.building).where(t.premises.c.id == number, t.premises.c.building.is_not(None))
    around = building.union(select(t.premises.c.id).where(t.premises.c.id == number))
    return {"premises": around, "link": _links("premises", [number])}


def _links(kind: str, numbers: Sequence[int]) -> Any:
    of = t.link.c
    ends = ((of.subject_kind, of.subject), (of.object_kind, of.object))
    return select(of.id).where(or_(*((end_kind == kind) & end.in_(numbers) for end_kind, end in ends)))


def rows_that_differ(c: Connection, logged: Mapping[tuple[str, int], str], erased: Mapping[str, set[int]]) -> list[str]:
    """Rows against the commitments of their events; one that an erasure has blanked has nothing left to hold against."""
    marks: dict[int, list[tuple[str, str]]] = {}
    for m in c.execute(select(t.occupant_mark)):
        marks.setdefault(m.occupant, []).append((m.kind, m.value))
    out, kept = [], set()
    for table, what in ((t.attribution, "evidence of who runs an account"), (t.occupant, "statement of who is at a premises")):
        for row in c.execute(select(table).order_by(table.c.id)).mappings():
            key = (table.name, row["id"])
            kept.add(key)
            known = marks.get(row["id"], []) if table is t.occupant else []
            if key not in logged:
                out.append(f"{what}, {row['id']}: it is in no event of the log, nothing tells of its recording")
            elif row["id"] not in erased.get(table.name, ()) and logged[key] != commitment(dict(row), known):
                out.append(f"{what}, {row['id']}: it was changed, the event of its recording commits to something else")
    return out + [f"{name} {number} is gone, although the log tells of its recording" for name, number in sorted(logged.keys() - kept)]


def grounds_that_differ(c: Connection, logged: Mapping[int, list[int]]) -> list[str]:
    """What each judgement of who runs an account rests on, by its rows and by the log."""
    rests: dict[int, list[int]] = {}
    for g in c.execute(select(t.attribution_ground).order_by(t.attribution_ground.c.attribution)):
        rests.setdefault(g.judgement, []).append(g.attribution)
    every = sorted(rests.keys() | logged.keys())
    return [f"judgement {n} was changed: what it rests on is not what the log says" for n in every if rests.get(n, []) != logged.get(n, [])]
