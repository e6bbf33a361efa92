"""What is disclosed of a case (CPIA 1996): numbered items, what people decided of each, and the editions of the schedules.

An item is one thing, or a block of routine things by quantity. Its number is given once and is never another's. A person decides; a decision is
superseded and never edited. The event of a decision or an edition holds numbers and a commitment, as of a follow-up (store/followup.py): once an
erasure has taken the words and the salt, nothing is left that could be guessed.
"""

from __future__ import annotations

import enum
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from store import audit
from store import tables as t
from store.database import Database, add, add_all
from store.errors import TouchstoneError
from store.occupants import person
from store.reader import Reader
from store.words.records import Verb, canonical, digest_of

ERASED = "{}"


class Standing(enum.StrEnum):
    """On which schedule an item belongs. `undecided` is what every item begins with, and no schedule that is served holds one."""

    undecided = "undecided"
    used = "used"
    unused = "unused"  # non-sensitive unused: MG6C
    sensitive = "sensitive"  # MG6D


class Undermines(enum.StrEnum):
    """Whether an item might reasonably be considered capable of undermining the prosecution or assisting the accused (CPIA 1996 s.3(1)(a))."""

    undecided = "undecided"
    yes = "yes"
    no = "no"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of an item. `reason` is why it may or may not undermine or assist, `sensitivity` why it is sensitive."""

    id: int
    standing: Standing
    undermines: Undermines
    reason: str
    sensitivity: str
    description: str  # in a person's own words, "" where the item is described by its rows
    by: str
    at: datetime
    supersedes: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A numbered entry. `things` are those that no later item took out of it; `decisions` oldest first, the last one stands."""

    id: int
    number: int
    block: str
    things: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def decision(self) -> Decision | None:
        return self.decisions[-1] if self.decisions else None


@dataclass(frozen=True, slots=True)
class Edition:
    """The schedules as they were written out. `digest` is the SHA-256 of the canonical JSON of `body`."""

    number: int
    digest: str
    by: str
    at: datetime
    body: Mapping[str, Any]


def commitment(row: Mapping[str, Any]) -> str:
    """SHA-256 over the salt of a decision's or an edition's row and all that it says."""
    said = {k: v for k, v in row.items() if k not in ("id", "salt", "at", "subject_category", "retention_until")}
    return hashlib.sha256(row["salt"].encode() + canonical(said)).hexdigest()


class DisclosureWrites:
    database: Database
    retain_until: Callable[..., datetime | None]

    def number_items(self, case: str, given: Sequence[tuple[str, Sequence[str]]], *, actor: str) -> list[int]:
        """Give each of these (block or "", things) the next number of its case, in order; the numbers. Without gaps, whoever else does so at once.

        A thing of an earlier block is from now on this item's. Raises TouchstoneError: no such case, an item of nothing, one thing in two items.
        """
        every = [thing for _, things in given for thing in things]
        if len(set(every)) != len(every) or not all(things for _, things in given):
            raise TouchstoneError("an item is of at least one thing, and each thing of one item")
        if not given:
            return []
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)  # the numbers are given one after the other
            _case(c, case)
            person(c, actor)
            i = t.disclosure_item.c
            first = int(c.execute(select(func.coalesce(func.max(i.number), 0)).where(i.case_file == case)).scalar_one()) + 1
            rows: list[dict[str, Any]] = []
            for number, (block, things) in enumerate(given, first):
                item = add(c, t.disclosure_item, case_file=case, number=number, block=block, actor=actor, at=now)
                rows += [{"item": item, "thing": thing} for thing in things]
            add_all(c, t.disclosure_thing, rows)
            last = first + len(given) - 1
            detail = {"disclosure_items": [first, last], "digest": _digest(c, case, first, last)}
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="disclosure items numbered", case=case, detail=detail)
        return list(range(first, last + 1))

    def decide_item(
        self, case: str, number: int, standing: Standing, *, undermines: Undermines, reason: str, sensitivity: str = "", description: str = "",
        actor: str, authority: str,
    ) -> int:  # fmt: skip
        """A person decides on which schedule an item belongs; the decision's number. It supersedes the one before.

        Raises TouchstoneError: no such item, no person, sensitive without why, "may undermine" without why, a reason for what is not sensitive.
        """
        if standing is Standing.sensitive and not sensitivity.strip():
            raise TouchstoneError("say why it is sensitive (--sensitive-because): an MG6D without reasons cannot be reviewed")
        if standing is not Standing.sensitive and sensitivity.strip():
            raise TouchstoneError(f"a reason why it is sensitive goes with sensitive material, and not with '{standing}'")
        if undermines is Undermines.yes and not reason.strip():
            raise TouchstoneError("say what it may undermine or assist (--because)")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            item = c.execute(
                select(t.disclosure_item.c.id).where(t.disclosure_item.c.case_file == case, t.disclosure_item.c.number == number)
            ).scalar()
            if item is None:
                raise TouchstoneError(f"case '{case}' has no item {number}; `touchstone disclosure list {case}` numbers its material")
            d = t.disclosure_decision.c
            before = c.execute(select(func.max(d.id)).where(d.item == item)).scalar()
            row: dict[str, Any] = {
                "item": item, "standing": str(standing), "undermines": str(undermines), "reason": reason.strip(), "sensitivity": sensitivity.strip(),
                "description": description.strip(), "salt": secrets.token_hex(16), "supersedes": before, "actor": actor, "authority": authority,
            }  # fmt: skip
            until = self.retain_until("flagged")
            decision = add(c, t.disclosure_decision, **row, at=datetime.now(UTC), retention_until=until)
            detail = {"disclosure_decision": decision, "item": number, "standing": str(standing), "commitment": commitment(row)}
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="disclosure decision", case=case, detail=detail)
        return decision

    def keep_edition(self, case: str, body: Mapping[str, Any], *, actor: str) -> Edition:
        """Keep the schedules as they are now written out. Raises TouchstoneError: no such case, no person."""
        now, text = datetime.now(UTC), canonical(body)
        digest = hashlib.sha256(text).hexdigest()
        with self.database.writing() as c:
            self.database.lock_chain(c)
            _case(c, case)
            person(c, actor)
            e = t.disclosure_edition.c
            number = int(c.execute(select(func.coalesce(func.max(e.number), 0)).where(e.case_file == case)).scalar_one()) + 1
            row: dict[str, Any] = {
                "case_file": case, "number": number, "digest": digest, "body_json": text.decode(), "salt": secrets.token_hex(16), "actor": actor,
            }  # fmt: skip
            kept = add(c, t.disclosure_edition, **row, at=now, retention_until=self.retain_until("flagged"))
            detail = {"disclosure_edition": kept, "edition": number, "items": len(body.get("items", ())), "commitment": commitment(row)}
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="disclosure schedules", case=case, detail=detail)
        return Edition(number, digest, actor, now, dict(body))

    def keep_copy(self, case: str, manifest: str, key: str, *, actor: str) -> int:
        """Keep that a redacted copy was made: the digest of its manifest, and the key to its commitments; the row's number."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            number = add(c, t.disclosure_copy, case_file=case, manifest=manifest, key=key, actor=actor, at=datetime.now(UTC))
            detail = {"disclosure_copy": number, "manifest": manifest}
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="disclosure copy", case=case, detail=detail)
        return number

    def erase_disclosure(self, case: str, *, actor: str, reason: str) -> None:
        """Blank what people wrote of a case's items and its editions' text; numbers, standings and dates stay. Safe to run again.

        Refused while the case has an exhibit, or one of them is held: a case's material is kept (CPIA 1996 code). Raises TouchstoneError.
        """
        with self.database.writing() as c:
            self.database.lock_chain(c)
            _case(c, case)
            exhibit = c.execute(select(func.min(t.exhibit.c.id)).where(t.exhibit.c.case_file == case)).scalar()
            held = f"of exhibit row {exhibit}" if exhibit is not None else ""
            numbers = _of_case(c, case) if held else blank_case(c, case)
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure refused" if held else "erasure", justification=reason, case=case,
                subjects={name: each for name, each in numbers.items() if each}, detail={"hold": held} if held else {},
            )  # fmt: skip
        if held:
            raise TouchstoneError(f"what is disclosed of case {case} is under hold {held} and was not erased")


def _of_case(c: Connection, case: str) -> dict[str, list[int]]:
    d, e = t.disclosure_decision.c, t.disclosure_edition.c
    items = select(t.disclosure_item.c.id).where(t.disclosure_item.c.case_file == case)
    of = {"disclosure_decision": select(d.id).where(d.item.in_(items)), "disclosure_edition": select(e.id).where(e.case_file == case)}
    return {name: sorted(c.execute(query).scalars()) for name, query in of.items()}


def blank_case(c: Connection, case: str) -> dict[str, list[int]]:
    """Blank what people wrote of a case's items and its editions' text; the rows' numbers, by table. Whether it may be is the caller's to ask."""
    numbers, d, e = _of_case(c, case), t.disclosure_decision, t.disclosure_edition
    c.execute(d.update().where(d.c.id.in_(numbers["disclosure_decision"])).values(reason="", sensitivity="", description="", salt=""))
    c.execute(e.update().where(e.c.id.in_(numbers["disclosure_edition"])).values(body_json=ERASED, salt=""))
    return numbers


def _case(c: Connection, case: str) -> None:
    if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
        raise TouchstoneError(f"there is no case '{case}'; `touchstone case new` opens one")


def _digest(c: Connection, case: str, first: int, last: int) -> str:
    """Of the items with these numbers: number, block and things, which are row numbers and no words."""
    i, x = t.disclosure_item.c, t.disclosure_thing.c
    query = select(i.number, i.block, x.thing).join(t.disclosure_thing, x.item == i.id)
    rows = c.execute(query.where(i.case_file == case, i.number.between(first, last)).order_by(i.number, x.id))
    return digest_of([list(row) for row in rows])


def rows_that_differ(c: Connection, logged: Mapping[str, Any], erased: Mapping[str, set[int]]) -> Iterator[str]:
    """Items, decisions and editions against their events. `logged`: "items" → [(case, first, last, digest)], "rows" → {(table, number): commitment}."""
    told: dict[str, int] = {}
    for case, first, last, digest in logged["items"]:
        told[case] = max(told.get(case, 0), last)
        if _digest(c, case, first, last) != digest:
            yield f"disclosure items {first} to {last} of case {case} were changed: the log says something else"
    i = t.disclosure_item.c
    for case, last in c.execute(select(i.case_file, func.max(i.number)).group_by(i.case_file)):
        if last > told.get(case, 0):
            yield f"disclosure item {last} of case {case} is in no event of the log: nothing tells of its numbering"
    kept = set()
    for table, what in ((t.disclosure_decision, "disclosure decision"), (t.disclosure_edition, "edition of disclosure schedules")):
        for row in c.execute(select(table).order_by(table.c.id)).mappings():
            key = (table.name, row["id"])
            kept.add(key)
            if key not in logged["rows"]:
                yield f"{what}, row {row['id']}: it is in no event of the log, nothing tells of its recording"
            elif row["id"] not in erased.get(table.name, ()) and logged["rows"][key] != commitment(dict(row)):
                yield f"{what}, row {row['id']}: it was changed, the event of its recording commits to something else"
    for name, number in sorted(logged["rows"].keys() - kept):
        yield f"{name} {number} is gone, although the log tells of its recording"


class DisclosureReads(Reader):
    def disclosure_items(self, case: str) -> list[Item]:
        """A case's numbered items with what people decided of them, in order of their numbers."""
        i, x, d = t.disclosure_item.c, t.disclosure_thing.c, t.disclosure_decision.c
        with self.store.database.reading() as c:
            items = c.execute(select(t.disclosure_item).where(i.case_file == case).order_by(i.number)).all()
            mine = select(i.id).where(i.case_file == case)
            newest: dict[str, int] = {}
            for row in c.execute(select(t.disclosure_thing).where(x.item.in_(mine)).order_by(x.id)):
                newest[row.thing] = row.item
            decisions: dict[int, list[Decision]] = {}
            for r in c.execute(select(t.disclosure_decision).where(d.item.in_(mine)).order_by(d.id)):
                decisions.setdefault(r.item, []).append(
                    Decision(
                        r.id, Standing(r.standing), Undermines(r.undermines), r.reason, r.sensitivity, r.description, r.actor, r.at, r.supersedes
                    )
                )  # fmt: skip
        things: dict[int, list[str]] = {}
        for thing, item in newest.items():
            things.setdefault(item, []).append(thing)
        self.shown("disclosure_item", (r.id for r in items))
        return [Item(r.id, r.number, r.block, tuple(things.get(r.id, ())), tuple(decisions.get(r.id, ()))) for r in items]

    def disclosure_editions(self, case: str) -> list[Edition]:
        """The editions of a case's schedules, oldest first; the body of one that was erased is empty."""
        e = t.disclosure_edition
        with self.store.database.reading() as c:
            rows = c.execute(select(e).where(e.c.case_file == case).order_by(e.c.number)).all()
        self.shown("disclosure_edition", (r.id for r in rows))
        return [Edition(r.number, r.digest, r.actor, r.at, json.loads(r.body_json)) for r in rows]
