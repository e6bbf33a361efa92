"""Who is at a premises: front and hidden businesses, occupiers, landlords, stallholders, companies and their directors, as a person says it.

Rows are added; one that was wrong is withdrawn by another. What a register says of a place stays in the register's entries, from which it is
read when it is shown: the two are never mixed, and each is shown with who said so.
"""

from __future__ import annotations

import enum
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from store import audit
from store import tables as t
from store.database import Database, add, add_all, chunks
from store.errors import TouchstoneError
from store.reader import Reader
from store.registers import entries_with_positions, entry_of
from store.said import commitment
from store.words.contacts import normalise_contact
from store.words.identifiers import KINDS as IDENTIFIERS
from store.words.records import Verb

CONTACTS = ("phone", "whatsapp", "email", "domain", "telegram", "instagram", "snapchat", "payment")
MARKS = (*CONTACTS, *IDENTIFIERS)  # what an occupant is known by


class Role(enum.StrEnum):
    """In which role somebody is at a premises."""

    front = "front"  # what the place looks like: the name over the door
    hidden = "hidden"  # what is sold behind that
    occupier = "occupier"
    landlord = "landlord"
    market = "market"  # who runs the market that the stall is in
    stallholder = "stallholder"
    company = "company"
    director = "director"  # a company's officer


class Basis(enum.StrEnum):
    """What a statement rests on. `source` names it: a register's entry, a sighting's reference, the visit's date."""

    register = "register"
    capture = "capture"
    sighting = "sighting"
    visit = "visit"
    document = "document"


@dataclass(frozen=True, slots=True)
class Occupant:
    """One statement: somebody is at this premises in this role. `since` and `until` are dates or "" where nothing is said.

    `marks` are (kind, value) in normal form; `by` is the person who said so, `id` None where it is read from a register's entry.
    """

    premises: int
    role: Role
    name: str
    basis: Basis
    source: str
    by: str
    since: str = ""
    until: str = ""
    capture: int | None = None
    note: str = ""
    marks: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    id: int | None = None
    authority: str = ""  # of whoever said so; "" of a register's entry

    def on(self, day: date) -> bool:
        """Whether it holds on that day, as far as its dates go; a month or a year counts whole."""
        said = day.isoformat()
        return (not self.since or self.since <= said) and (not self.until or said[: len(self.until)] <= self.until)


def mark(kind: str, raw: str) -> tuple[str, str]:
    """(kind, normal form). Raises TouchstoneError for an unknown kind, and for what is not in the right form."""
    if kind not in MARKS:
        raise TouchstoneError(f"'{kind}' is nothing that an occupant is known by; there are {', '.join(MARKS)}")
    value = IDENTIFIERS[kind][1](raw) if kind in IDENTIFIERS else normalise_contact(kind, raw)
    if value is None:
        raise TouchstoneError(f"'{raw}' is not in the right form for a {IDENTIFIERS[kind][0] if kind in IDENTIFIERS else kind}")
    return kind, value


def _checked(name: str, text: str) -> None:
    """A date, a month or a year as said: "2026-11-26", "2026-11", "2026"; "" for nothing. Raises TouchstoneError."""
    whole = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
    try:
        if text and date.fromisoformat(whole).isoformat() != whole:  # 20261101 and 2026-W45-1 are ISO 8601 too, and compare with no other
            raise ValueError
    except ValueError:
        raise TouchstoneError(f"{name}: '{text}' is no date: write it as 2026-11-26, 2026-11 or 2026") from None


class OccupantWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def keep_occupant(
        self, premises: int, role: Role, name: str, *, basis: Basis, source: str, actor: str, authority: str, since: str = "", until: str = "",
        capture: int | None = None, note: str = "", marks: Iterable[tuple[str, str]] = (),
    ) -> int:  # fmt: skip
        """Keep what a person says of who is at a premises; its number. `marks` are (kind, as written).

        Raises TouchstoneError: no person, no such premises or capture, no name, a basis without its source, a mark or date that is none.
        """
        known = sorted({mark(kind, raw) for kind, raw in marks})
        if not name.strip() and role is not Role.hidden:
            raise TouchstoneError("say the name; only of a hidden business it may be unknown")
        if not source.strip() and capture is None:
            raise TouchstoneError("say what it rests on: a register's entry, a sighting's reference, the date of a visit, a capture")
        for word, day in (("from", since), ("until", until)):
            _checked(word, day)
        if since and until and until < since[: len(until)]:
            raise TouchstoneError(f"until: {until} is before {since}")
        with self.database.writing() as c:
            self.database.lock_chain(c)  # what is checked here still holds when the row is added
            person(c, actor)
            if c.execute(select(t.premises.c.id).where(t.premises.c.id == premises)).first() is None:
                raise TouchstoneError(f"there is no premises {premises}; `touchstone premises rank` lists those with links")
            is_kept(c, t.capture, capture, "capture")
            row: dict[str, Any] = {
                "premises": premises, "role": str(role), "name": name.strip(), "since": since, "until": until, "basis": str(basis),
                "source": source.strip(), "capture": capture, "note": note.strip(), "withdraws": None, "actor": actor, "authority": authority,
                "salt": secrets.token_hex(16),
            }  # fmt: skip
            kept = self.retain_until("flagged")
            number = add(c, t.occupant, **row, at=datetime.now(UTC), retention_until=kept)
            marked = [{"occupant": number, "kind": kind, "value": value, "retention_until": kept} for kind, value in known]
            add_all(c, t.occupant_mark, marked)
            detail = {"role": str(role), "occupant": number, "commitment": commitment(row, known)}
            subjects = {"occupant": [number], "premises": [premises]}
            audit.append(self.database, c, Verb.collection, actor=actor, purpose="occupant", subjects=subjects, detail=detail)
        return number

    def withdraw_occupant(self, number: int, *, actor: str, authority: str, why: str) -> int:
        """Say that a statement was wrong. The row stays; a row that withdraws it is added. Raises TouchstoneError."""
        if not why.strip():
            raise TouchstoneError("say why it is withdrawn")
        with self.database.writing() as c:
            self.database.lock_chain(c)  # what is checked here still holds when the row is added
            person(c, actor)
            row = c.execute(select(t.occupant).where(t.occupant.c.id == number)).first()
            if row is None or row.withdraws is not None:
                raise TouchstoneError(f"there is no statement {number} to withdraw")
            if c.execute(select(t.occupant.c.id).where(t.occupant.c.withdraws == number)).first():
                raise TouchstoneError(f"statement {number} was withdrawn before")
            said: dict[str, Any] = {
                "premises": row.premises, "role": row.role, "name": "", "since": "", "until": "", "basis": row.basis, "source": "", "capture": None,
                "note": why.strip(), "withdraws": number, "actor": actor, "authority": authority, "salt": secrets.token_hex(16),
            }  # fmt: skip
            new = add(c, t.occupant, **said, at=datetime.now(UTC), retention_until=self.retain_until("flagged"))
            detail = {"occupant": new, "commitment": commitment(said)}
            subjects = {"occupant": [number, new], "premises": [row.premises]}
            # why is in the row, which can be blanked: it speaks of a person
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="occupant withdrawn", subjects=subjects, detail=detail)
        return new


def person(c: Any, actor: str) -> None:
    """Raises TouchstoneError where the actor is no person known to the store."""
    if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar():
        raise TouchstoneError(f"'{actor}' is not a person known to this store: this is for people to say")


def is_kept(c: Any, table: Any, number: int | None, what: str) -> None:
    """Raises TouchstoneError where a row that is cited is not there; None cites nothing."""
    if number is not None and c.execute(select(table.c.id).where(table.c.id == number)).first() is None:
        raise TouchstoneError(f"there is no {what} {number}")


class OccupantReads(Reader):
    def occupants(self, premises: Collection[int] = (), marks: Collection[tuple[str, str]] = ()) -> list[Occupant]:
        """What people say of these premises, or of whoever is known by one of these marks; oldest first, without what was withdrawn."""
        o, m = t.occupant.c, t.occupant_mark.c
        later = t.occupant.alias("later")
        stands = select(t.occupant).outerjoin(later, later.c.withdraws == o.id).where(o.withdraws.is_(None), later.c.id.is_(None))
        stands = stands.where(or_(o.source != "", o.capture.is_not(None)))  # what rests on nothing was erased
        rows: dict[int, Any] = {}
        with self.store.database.reading() as c:
            for part in chunks(premises):
                rows |= {r.id: r for r in c.execute(stands.where(o.premises.in_(part)))}
            for part in chunks(marks):
                same = select(m.occupant).where(tuple_(m.kind, m.value).in_(part))
                rows |= {r.id: r for r in c.execute(stands.where(o.id.in_(same)))}
            known = defaultdict(list)
            for part in chunks(rows):
                for r in c.execute(select(t.occupant_mark).where(m.occupant.in_(part)).order_by(m.id)):
                    known[r.occupant].append((r.kind, r.value))
        self.shown("occupant", rows)
        return [_occupant(rows[n], known) for n in sorted(rows)]

    def entries_beside(self, premises: Collection[int], registers: Collection[str], most: int) -> dict[int, int]:
        """Of each premises how many entries the newest snapshots of these registers have there and in its units, counted up to `most` + 1."""
        snapshots = self.store.newest_snapshots()
        found: dict[int, int] = {}
        e, j, p = t.register_entry.c, t.premises_entry.c, t.premises.c
        with self.store.database.reading() as c:
            for number in sorted(premises) if registers else ():
                inside = select(p.id).where(or_(p.id == number, p.building == number))
                some = (
                    select(e.id)
                    .join(t.premises_entry, j.register_entry == e.id)
                    .where(j.premises.in_(inside), e.register.in_(registers), e.register_snapshot.in_(snapshots))
                    .limit(most + 1)
                )
                found[number] = c.execute(select(func.count()).select_from(some.subquery())).scalar_one()
        self.shown("premises", found)
        return found

    def entries_under(self, references: Mapping[str, Collection[str]]) -> list[tuple[Any, int, str, int | None]]:
        """Entries of the newest snapshots by register and reference, as `entries_by` gives them: a company by its number, say."""
        e, p = t.register_entry.c, t.premises.c
        asked = [and_(e.register == register, e.reference.in_(sorted(some))) for register, some in sorted(references.items()) if some]
        snapshots = self.store.newest_snapshots() if asked else []
        if not snapshots:
            return []
        query = (
            entries_with_positions(t.register_entry, p.id.label("premises_id"), p.kind, p.building)
            .join(t.premises_entry, t.premises_entry.c.register_entry == e.id)
            .join(t.premises, p.id == t.premises_entry.c.premises)
            .where(e.register_snapshot.in_(snapshots), or_(*asked))
            .order_by(e.id)
        )
        with self.store.database.reading() as c:
            rows = [(entry_of(r), r["premises_id"], r["kind"], r["building"]) for r in c.execute(query).mappings()]
        self.shown("register_entry", (entry.id for entry, *_ in rows))
        return rows


def _occupant(r: Any, known: Mapping[int, Sequence[tuple[str, str]]]) -> Occupant:
    return Occupant(
        r.premises, Role(r.role), r.name, Basis(r.basis), r.source, r.actor, r.since, r.until, r.capture, r.note, tuple(known.get(r.id, ())),
        r.at, r.id, r.authority,
    )  # fmt: skip
