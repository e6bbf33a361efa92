"""What officers did about places and sellers: rows that are added and superseded, never edited, and the steps of test purchases in order.

The event of a row names numbers only, and a commitment to what the row says: SHA-256 over a salt of the row's own and its words. An edit
made in the database shows (`Store.verify`), and once an erasure has taken the salt, the log says nothing that could be guessed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from store import audit
from store import tables as t
from store.captures import newest_location
from store.database import add
from store.erasure import Erasure, follow_ups_held
from store.errors import TouchstoneError
from store.operations import OperationWrites
from store.reader import Reader
from store.words.followup import (
    COVERED,
    NEEDS_FILE,
    STEPS,
    Closure,
    ClosureOrder,
    File,
    FollowUp,
    Kind,
    Photographed,
    Role,
    Step,
    bag_key,
    bags_of,
    body_of,
    not_covered,
    opened_too_early,
    out_of_order,
    photographs_that_count,
    refusal,
    what_of,
)
from store.words.records import Operation, Verb, canonical

SOURCE = "follow_up"  # of the files that are handed in with one
ERASED = "{}"
CHUNK = 500


def root() -> ColumnElement[int]:
    """Of a step the first row of its purchase, which is the purchase's number."""
    return func.coalesce(t.follow_up.c.purchase, t.follow_up.c.id)


def commitment(row: Mapping[str, Any], files: Sequence[tuple[int, str, str]]) -> str:
    """SHA-256 over the row's salt and all that it says, its files among it: what its event holds."""
    said = [row[name] for name in ("kind", "step", "purchase", "premises", "seller", "case_file", "operation", "whole_day", "body_json", "supersedes", "actor", "authority")]  # fmt: skip
    said += [row[name].astimezone(UTC).isoformat(timespec="microseconds") for name in ("happened_at", "at")]
    said += [[list(file) for file in files]]
    return hashlib.sha256(row["salt"].encode() + canonical(said)).hexdigest()


def files_of(c: Connection, numbers: Sequence[int]) -> dict[int, list[File]]:
    found: dict[int, list[File]] = {number: [] for number in numbers}
    joined = t.follow_up_capture.c
    for start in range(0, len(numbers), CHUNK):
        query = (
            select(t.follow_up_capture)
            .where(joined.follow_up.in_(numbers[start : start + CHUNK]))
            .order_by(joined.follow_up, joined.position)
        )
        for r in c.execute(query):
            found[r.follow_up].append(File(r.capture, Role(r.role), r.taken_at))
    return found


def rows_of(c: Connection, *asked: ColumnElement[bool], superseded: bool = False, limit: int | None = None) -> list[FollowUp]:
    """Rows in the order in which they happened, the last `limit` of them; superseded ones only where asked for."""
    later = t.follow_up.alias("later")
    beside = t.follow_up.outerjoin(later, later.c.supersedes == t.follow_up.c.id)
    query = select(t.follow_up, later.c.id.label("superseded_by")).select_from(beside).where(*asked)
    query = query.order_by(t.follow_up.c.happened_at.desc(), t.follow_up.c.id.desc())
    if not superseded:
        query = query.where(later.c.id.is_(None))
    rows = list(c.execute(query.limit(limit) if limit is not None else query).mappings())[::-1]
    files = files_of(c, [r["id"] for r in rows])
    heads = _heads(c, {r["purchase"] or r["id"] for r in rows if r["kind"] == str(Kind.purchase)})
    return [_row(r, heads.get(r["purchase"] or r["id"], r), files[r["id"]]) for r in rows]


def _heads(c: Connection, purchases: set[int]) -> dict[int, Any]:
    """Of each purchase the authorisation in force: it has the place, seller, case and operation of all steps."""
    later = t.follow_up.alias("later")
    query = select(t.follow_up).outerjoin(later, later.c.supersedes == t.follow_up.c.id).where(later.c.id.is_(None))
    query = query.where(t.follow_up.c.step == str(Step.authorised), root().in_(sorted(purchases)))
    return {r["purchase"] or r["id"]: r for r in c.execute(query).mappings()} if purchases else {}


def _row(r: Any, head: Any, files: Sequence[File]) -> FollowUp:
    kind, step = Kind(r["kind"]), Step(r["step"]) if r["step"] else None
    what = None if r["body_json"] == ERASED else what_of(kind, step, json.loads(r["body_json"]))
    purchase = (r["purchase"] or r["id"]) if kind is Kind.purchase else None
    return FollowUp(
        r["id"], kind, what, r["happened_at"], r["whole_day"], head["premises"], head["seller"], head["case_file"], head["operation"], step,
        purchase, r["supersedes"], r["superseded_by"], tuple(files), r["actor"], r["at"], r["authority"],
    )  # fmt: skip


def _about(asked: Mapping[str, Any]) -> ColumnElement[bool]:
    """Rows with these values of their own, and the steps of purchases whose authorisation in force has them."""
    same = [t.follow_up.c[name].in_(value) if isinstance(value, list) else t.follow_up.c[name] == value for name, value in asked.items()]
    later = t.follow_up.alias("later")
    heads = select(root()).where(t.follow_up.c.step == str(Step.authorised), *same)
    heads = heads.where(~select(later.c.id).where(later.c.supersedes == t.follow_up.c.id).exists())
    own = t.follow_up.c.kind != str(Kind.purchase)
    for one in same:
        own = own & one
    return or_(own, root().in_(heads))


class FollowUpWrites(OperationWrites, Erasure):
    def has_closures(self) -> bool:
        """Whether a closure order was ever recorded; says of none where, and so shows nobody's data."""
        with self.database.reading() as c:
            return c.execute(select(t.follow_up.c.id).where(t.follow_up.c.kind == str(Kind.closure)).limit(1)).first() is not None

    def keep_follow_up(
        self, given: FollowUp, *, actor: str, authority: str, why: str = "", operation: Operation | None = None
    ) -> FollowUp:  # fmt: skip
        """Keep what a person says was done. Raises TouchstoneError for what `check_follow_up` refuses."""
        now = datetime.now(UTC)
        with self.database.writing() as c:
            self.database.lock_chain(c)  # two at once come one after the other: no step and no bag's number is taken twice
            if not c.execute(select(t.actor.c.is_person).where(t.actor.c.id == actor)).scalar():
                raise TouchstoneError(f"'{actor}' is not a person known to this store: what was done is recorded by people")
            kept, earlier = self._settled(c, given, operation)
            assert kept.what is not None
            step_of_another = kept.step is not None and kept.step is not Step.authorised
            row: dict[str, Any] = {
                "kind": str(kept.kind), "step": str(kept.step or ""), "purchase": kept.purchase,
                "premises": None if step_of_another else kept.premises, "seller": None if step_of_another else kept.seller,
                "case_file": None if step_of_another else kept.case, "operation": None if step_of_another else kept.operation,
                "happened_at": kept.happened_at.astimezone(UTC), "whole_day": kept.whole_day, "body_json": canonical(body_of(kept.what)).decode(),
                "salt": secrets.token_hex(16), "supersedes": kept.supersedes, "actor": actor,
                "authority": authority, "at": now,
            }  # fmt: skip
            until = self.retain_until("flagged")
            number = add(c, t.follow_up, **row, retention_until=until)
            for position, file in enumerate(kept.files):
                add(
                    c,
                    t.follow_up_capture,
                    follow_up=number,
                    position=position,
                    capture=file.capture,
                    role=str(file.role),
                    taken_at=file.taken_at,
                )
            for key in sorted({bag_key(each) for each in bags_of(kept.what)} - earlier):
                add(c, t.bag, number=key, follow_up=number, at=now)
            captures = sorted({file.capture for file in kept.files})
            if until is not None and captures:
                shorter = t.capture.c.retention_until.is_not(None) & (t.capture.c.retention_until < until)
                c.execute(t.capture.update().where(t.capture.c.id.in_(captures), shorter).values(retention_until=until))
            about = {"premises": kept.premises, "seller": kept.seller}
            audit.append(
                self.database, c, Verb.alteration, actor=actor, purpose="follow-up", justification=why, case=kept.case,
                subjects={"follow_up": [number], "capture": captures, **{kind: [n] for kind, n in about.items() if n is not None}},
                detail={"kind": row["kind"], "step": row["step"], "supersedes": kept.supersedes,
                        "commitment": commitment(row, [(f.capture, str(f.role), f.taken_at) for f in kept.files])},
            )  # fmt: skip
            if kept.premises is not None and kept.seller is not None and not step_of_another:  # a seller joined to a place (DPA 2018 s.62)
                joined = {"follow_up": [number], "premises": [kept.premises], "seller": [kept.seller]}
                audit.append(
                    self.database, c, Verb.combination, actor=actor, purpose="follow-up", justification=why, case=kept.case, subjects=joined
                )  # fmt: skip
        purchase = (kept.purchase or number) if kept.kind is Kind.purchase else None
        return replace(kept, id=number, purchase=purchase, actor=actor, recorded_at=now, authority=authority)

    def check_follow_up(self, given: FollowUp, operation: Operation | None = None) -> None:
        """Raise the TouchstoneError that `keep_follow_up` would: before any file is kept. A file that is still to be kept is capture 0.

        Refused are: a place, seller, case or capture that is not here; a step that is skipped, repeated or before the one before it, or
        without the file it needs; a bag's number that was used; a purchase that its operation does not cover; what has yet to happen;
        a correction of another kind of row, of another purchase, or of one that is corrected already. `operation` is the purchase's as its
        file has it now; without it, it is held against what was recorded of it last.
        """
        with self.database.reading() as c:
            self._settled(c, given, operation)

    def _settled(self, c: Connection, given: FollowUp, operation: Operation | None) -> tuple[FollowUp, set[str]]:
        """The row as it is to be kept, with what it inherits; and the bags' numbers that it corrects and may have again."""
        if given.happened_at > datetime.now(UTC):
            raise TouchstoneError(f"{given.when} has yet to come: what is done is recorded once it is done")
        old = self._superseded(c, given) if given.supersedes is not None else None
        if given.kind is Kind.purchase:
            given = self._step(c, given, old, operation)
        if given.kind is Kind.closure and given.premises is None:
            raise TouchstoneError("a closure is of premises: give --premises")
        if given.premises is None and given.seller is None:
            raise TouchstoneError(f"a {given.kind} is about a place or a seller: give --premises or --seller")
        _there(c, given)
        earlier: set[str] = set()
        ancestor = old
        while ancestor is not None:
            earlier |= {bag_key(b) for b in (bags_of(ancestor.what) if ancestor.what else ())}
            ancestor = (
                next(iter(rows_of(c, t.follow_up.c.id == ancestor.supersedes, superseded=True)), None) if ancestor.supersedes else None
            )
        assert given.what is not None
        for written in bags_of(given.what):
            used = c.execute(select(t.bag).where(t.bag.c.number == bag_key(written))).first()
            if used is not None and bag_key(written) not in earlier:
                where = f"follow-up {used.follow_up}" if used.follow_up is not None else f"row {used.case_entry} of a case"
                raise TouchstoneError(f"bag {written} was used already, in {where}: a bag's number is used once")
        return given, earlier

    def _superseded(self, c: Connection, given: FollowUp) -> FollowUp:
        old = next(iter(rows_of(c, t.follow_up.c.id == given.supersedes, superseded=True)), None)
        if old is None:
            raise TouchstoneError(f"there is no follow-up {given.supersedes} to correct; `touchstone followup list` shows what is")
        if old.superseded_by is not None:
            raise TouchstoneError(f"follow-up {old.id} is corrected already, by {old.superseded_by}: correct that one")
        if (old.kind, old.step) != (given.kind, given.step):
            raise TouchstoneError(f"follow-up {old.id} is a {_called(old)}, and no {_called(given)} corrects it")
        if given.purchase not in (None, old.purchase):
            raise TouchstoneError(f"follow-up {old.id} is a step of purchase {old.purchase}, and not of {given.purchase}")
        if old.what is None:
            raise TouchstoneError(f"follow-up {old.id} was erased")
        return old

    def _step(self, c: Connection, given: FollowUp, old: FollowUp | None, operation: Operation | None) -> FollowUp:
        assert given.step is not None
        number = old.purchase if old is not None else given.purchase
        if number is None and given.step is not Step.authorised:
            raise TouchstoneError(f"'{given.step}' is a step of a purchase: name its number; `touchstone purchase authorise` begins one")
        done = sorted(rows_of(c, root() == number), key=lambda row: STEPS.index(row.step or Step.authorised)) if number is not None else []
        if number is not None and (not done or done[0].kind is not Kind.purchase):
            raise TouchstoneError(f"there is no test purchase {number}; `touchstone followup list --kind purchase` shows what is")
        if old is None and number is not None and (why := refusal([row.step for row in done if row.step], given.step)):
            raise TouchstoneError(f"purchase {number}: {why}")
        if given.step is not Step.authorised:
            head = done[0]
            given = replace(given, premises=head.premises, seller=head.seller, case=head.case, operation=head.operation)
        given = replace(given, purchase=number)
        chain = [given if old is not None and row.id == old.id else row for row in done] + ([given] if old is None else [])
        if any(row.what is None for row in chain):
            raise TouchstoneError(f"purchase {number} was erased")
        if why := out_of_order(chain):
            raise TouchstoneError(f"purchase {number}: {why}")
        self._holds(given, chain)
        self._covered(given, old, chain, operation)
        return given

    def _holds(self, given: FollowUp, chain: Sequence[FollowUp]) -> None:
        """What single steps need: a file, a photograph before the opening."""
        assert given.step is not None
        role, why = NEEDS_FILE.get(given.step, (None, ""))
        if role is not None and not any(file.role is role for file in given.files):
            raise TouchstoneError(f"'{given.step}' needs {why}")
        if isinstance(given.what, Photographed) and not photographs_that_count(given):
            raise TouchstoneError(f"'{given.step}' needs {why}: by the times that are stated here none was")
        steps = {row.step: row for row in chain}
        if (
            Step.photographed in steps
            and Step.sealed in steps
            and (early := opened_too_early(steps[Step.photographed], steps[Step.sealed]))
        ):
            raise TouchstoneError(early)

    def _covered(self, given: FollowUp, old: FollowUp | None, chain: Sequence[FollowUp], operation: Operation | None) -> None:
        """That the purchase's operation covers what is recorded or moved now: what was covered when it was recorded is not asked again."""
        name, moved = chain[0].operation, old is not None and old.operation != chain[0].operation
        asked = {given.step} if old is None or moved or old.happened_at != given.happened_at else set()
        for row in chain if name else ():
            if row.step in COVERED and (moved or row.step in asked):
                stated = operation if operation is not None and operation.reference == name else self.operation(name or "")
                if why := not_covered(stated, row.happened_at):
                    raise TouchstoneError(f"'{row.step}': {why}")

    # -- erasure -----------------------------------------------------------------------------------------------------------
    def erase_follow_up(self, number: int, *, actor: str, reason: str) -> tuple[int, ...]:
        """Erase what a follow-up says, with all that it corrects and that corrects it, and of a test purchase every step.

        The rows stay, blank; files that were handed in for them go with their bytes; captures that other things show stay, and are
        returned. One that belongs to a case is kept (CPIA 1996: what may be relevant is retained), and so is one under a hold or an
        exhibit, of itself, its place, its seller or its files. Safe to run again. Raises TouchstoneError.
        """
        with self.database.reading() as c:
            family = self._family(c, number)
            own, shared = self._files(c, family)
            held = follow_ups_held(c, family) or (self._hold_on(c, own) if own else "")
        if held:
            with self.database.writing() as c:
                audit.append(
                    self.database, c, Verb.erasure, actor=actor, purpose="erasure refused", justification=reason,
                    subjects={"follow_up": family}, detail={"hold": held},
                )  # fmt: skip
            raise TouchstoneError(f"follow-up {number} is under hold {held} and was not erased")
        for capture in own:
            self.erase(capture, actor=actor, reason=reason)
        with self.database.writing() as c:
            self.database.lock_chain(c)
            if held := follow_ups_held(c, family):
                raise TouchstoneError(f"follow-up {number} is under hold {held} by now; its files are erased, its words are not")
            c.execute(t.follow_up.update().where(t.follow_up.c.id.in_(family)).values(body_json=ERASED, salt=""))
            c.execute(t.follow_up_capture.update().where(t.follow_up_capture.c.follow_up.in_(family)).values(taken_at=""))
            audit.append(
                self.database, c, Verb.erasure, actor=actor, purpose="erasure", justification=reason, subjects={"follow_up": family},
                detail={"captures_that_stay": shared},
            )  # fmt: skip
        return tuple(shared)

    def _family(self, c: Connection, number: int) -> list[int]:
        row = c.execute(select(t.follow_up).where(t.follow_up.c.id == number)).mappings().first()
        if row is None:
            raise TouchstoneError(f"there is no follow-up {number} to erase")
        if row["kind"] == str(Kind.purchase):
            return sorted(c.execute(select(t.follow_up.c.id).where(root() == (row["purchase"] or row["id"]))).scalars())
        family, fresh = {number}, {number}
        while fresh:
            near = or_(
                t.follow_up.c.supersedes.in_(fresh),
                t.follow_up.c.id.in_(select(t.follow_up.c.supersedes).where(t.follow_up.c.id.in_(fresh))),
            )
            fresh = set(c.execute(select(t.follow_up.c.id).where(near)).scalars()) - family
            family |= fresh
        return sorted(family)

    def _files(self, c: Connection, family: Sequence[int]) -> tuple[list[int], list[int]]:
        """Captures that were handed in for these and serve nothing else, not erased yet; and the others."""
        joined = t.follow_up_capture.c
        mine = set(c.execute(select(joined.capture).where(joined.follow_up.in_(family))).scalars())
        handed = set(c.execute(select(t.capture.c.id).where(t.capture.c.id.in_(mine), t.capture.c.source == SOURCE)).scalars())
        others = select(joined.capture).where(joined.capture.in_(mine), joined.follow_up.not_in(family))
        handed -= set(
            c.execute(others.join(t.follow_up, t.follow_up.c.id == joined.follow_up).where(t.follow_up.c.body_json != ERASED)).scalars()
        )
        handed -= set(c.execute(select(t.sighting_capture.c.capture).where(t.sighting_capture.c.capture.in_(mine))).scalars())
        return sorted(handed), sorted(mine - handed)


def _called(row: FollowUp) -> str:
    return f"{row.kind} ({row.step})" if row.step else str(row.kind)


def _there(c: Connection, given: FollowUp) -> None:
    """Raise TouchstoneError where something that the row names is not in the store."""
    named = (("premises", t.premises, given.premises), ("seller", t.seller, given.seller))
    for noun, table, number in named:
        if number is not None and c.execute(select(table.c.id).where(table.c.id == number)).first() is None:
            raise TouchstoneError(f"there is no {noun} {number} in this store")
    if given.case is not None and c.execute(select(t.case.c.reference).where(t.case.c.reference == given.case)).first() is None:
        raise TouchstoneError(f"there is no case '{given.case}'; `touchstone case new` opens one")
    for capture in {file.capture for file in given.files} - {0}:
        place = newest_location(c, capture)
        if place is None or place.record_type == "tombstone":
            raise TouchstoneError(f"there is no capture {capture} in this store, or its bytes were erased")


class FollowUpReads(Reader):
    def follow_ups(
        self, *, premises: Iterable[int] | None = None, seller: int | None = None, case: str | None = None, kind: Kind | None = None,
        purchase: int | None = None, numbers: Sequence[int] | None = None, superseded: bool = False, limit: int | None = None,
        authority: str | None = None,
    ) -> list[FollowUp]:  # fmt: skip
        """What was done, in the order in which it happened: at these premises, about a seller, in a case, by an authority; the last `limit` rows.

        Rows that a correction supersedes are left out unless asked for.
        """
        asked: list[ColumnElement[bool]] = [t.follow_up.c.authority == authority] if authority is not None else []
        given = {"premises": None if premises is None else list(premises), "seller": seller, "case_file": case}
        if about := {name: value for name, value in given.items() if value is not None}:
            asked.append(_about(about))
        if kind is not None:
            asked.append(t.follow_up.c.kind == str(kind))
        if purchase is not None:
            asked += [root() == purchase, t.follow_up.c.kind == str(Kind.purchase)]
        if numbers is not None:
            asked.append(t.follow_up.c.id.in_(numbers))
        with self.store.database.reading() as c:
            rows = rows_of(c, *asked, superseded=superseded, limit=limit)
        self.shown("follow_up", (row.id for row in rows))
        return rows

    def follow_up(self, number: int, *, authority: str | None = None) -> FollowUp:
        """One row, superseded or not. Raises TouchstoneError, also where it is another authority's than the one named."""
        found = self.follow_ups(numbers=[number], superseded=True, authority=authority)
        if not found:
            raise TouchstoneError(f"there is no follow-up {number}; `touchstone followup list` shows what is")
        return found[0]

    def purchase_steps(self, number: int, *, superseded: bool = False, authority: str | None = None) -> list[FollowUp]:
        """The steps of a test purchase in their order; with `superseded` what they correct too. `number` is its own. Raises TouchstoneError."""
        found = self.follow_ups(purchase=number, superseded=superseded, authority=authority)
        if not found:
            raise TouchstoneError(f"there is no test purchase {number}; `touchstone followup list --kind purchase` shows what is")
        return sorted(found, key=lambda row: (STEPS.index(row.step or Step.authorised), row.id or 0))

    def closures(self, premises: int | None = None) -> list[Closure]:
        """Closure orders in force on the record, of all premises or of one: when a place is closed, and on what basis."""
        with self.store.database.reading() as c:
            asked = [t.follow_up.c.premises == premises] if premises is not None else []
            rows = rows_of(c, t.follow_up.c.kind == str(Kind.closure), *asked)
        self.shown("follow_up", (row.id for row in rows))
        return [
            Closure(
                row.premises, date.fromisoformat(row.what.starts), date.fromisoformat(row.what.ends) if row.what.ends else None,
                f"{row.what.basis}, {row.what.court}", row.id,
            )
            for row in rows if row.premises is not None and isinstance(row.what, ClosureOrder)
        ]  # fmt: skip

    def premises_around(self, premises: int) -> list[int]:
        """A place, the building it is in, and of a building its units: what was done at one of them was done at that door."""
        p = t.premises.c
        building = select(p.building).where(p.id == premises)
        with self.store.database.reading() as c:
            found = sorted(c.execute(select(p.id).where(or_(p.id == premises, p.id.in_(building), p.building == premises))).scalars())
        self.shown("premises", found)
        return found
