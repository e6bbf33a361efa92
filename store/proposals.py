"""Acts that need two persons: one asks, another approves; what is asked for is named by numbers and a ground from a list, never in words.

No free text: the reason of an erasure stands in the log and in the tombstone for good, and must not name whom it was about.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from store import audit
from store import tables as t
from store.database import Database, add
from store.errors import TouchstoneError
from store.occupants import person
from store.rules import ACTS, TERMS, DataRules
from store.words.records import Verb


class ErasureGround(enum.StrEnum):
    """Why something is erased (or, for another act, `none`)."""

    retention = "retention"  # it is kept no longer than needed: DPA 2018 s.39
    request = "request"  # the data subject asked, and it was decided that they are right: s.47
    unlawful = "unlawful"  # to keep it would infringe a principle: s.47(1)
    mistake = "mistake"  # it should not have been collected
    court = "court"  # an order
    none = "none"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`state` is `open`, `approved`, `refused`, `held` (what was asked for is under hold) or `done`; `answered_by` said so last."""

    id: int
    act: str
    subject_kind: str
    subject: str
    ground: ErasureGround
    actor: str
    at: datetime
    state: str = "open"
    answered_by: str = ""
    authority: str = ""

    @property
    def what(self) -> str:
        return f"{self.act} {self.subject_kind} {self.subject}"


class ProposalWrites:
    database: Database
    rules: DataRules

    def propose(self, act: str, kind: str, subject: str, ground: ErasureGround, *, actor: str, authority: str) -> int:
        """Ask for an act; its number. Raises TouchstoneError: no person asks, no such act, no ground for an erasure, asked for already."""
        if act not in ACTS:
            raise TouchstoneError(f"'{act}' is no act that needs two persons; there are {', '.join(ACTS)}")
        if act == "erase" and ground is ErasureGround.none:
            raise TouchstoneError("say on which ground it is to be erased")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            if act != "erase":
                _case_there(c, subject)
            same = [
                p for p in _proposals(c) if (p.act, p.subject_kind, p.subject) == (act, kind, subject) and p.state in ("open", "approved")
            ]
            if same:
                raise TouchstoneError(f"proposal {same[0].id} asks for that already, and is {same[0].state}")
            row = {"act": act, "subject_kind": kind, "subject": subject, "ground": str(ground)}
            number = add(c, t.proposal, **row, actor=actor, authority=authority, at=datetime.now(UTC))
            self._said(c, "proposed", row | {"id": number}, actor)
        return number

    def answer(self, number: int, says: str, *, actor: str) -> Proposal:
        """Approve or refuse what somebody else asked for. Raises TouchstoneError: one's own, answered before, or not by one who may."""
        if says not in ("approved", "refused"):
            raise TouchstoneError(f"'{says}' is no answer: approved or refused")
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            found = _proposal(c, number)
            why = ""
            if found.actor == actor:
                why = f"proposal {number} is {actor}'s own: another person approves it"
            elif not self.rules.may_approve(actor):
                why = f"{actor} holds none of the roles that approve ({', '.join(self.rules.two_persons.approvers)} in configs/data.yml)"
            elif found.state != "open":
                why = f"proposal {number} is {found.state} already"
            if not why:
                add(c, t.proposal_answer, proposal=number, says=says, actor=actor, at=datetime.now(UTC))
            self._said(c, f"{says} not accepted" if why else says, _row(found), actor)
        if why:
            raise TouchstoneError(why)
        return self.proposals(number)[0]

    def close_proposal(self, number: int, says: str, *, actor: str) -> None:
        """Note that what was approved is `done`, or that it was `held`."""
        with self.database.writing() as c:
            self.database.lock_chain(c)
            found = _proposal(c, number)
            if found.state != "approved" or says not in ("done", "held"):
                raise TouchstoneError(f"proposal {number} is {found.state}, and cannot be {says}")
            add(c, t.proposal_answer, proposal=number, says=says, actor=actor, at=datetime.now(UTC))
            self._said(c, says, _row(found), actor)

    def proposals(self, number: int | None = None) -> list[Proposal]:
        """What was asked for and how it stands: numbers, words from lists and who asked; nothing about whom it concerns."""
        with self.database.reading() as c:
            return [p for p in _proposals(c) if number in (None, p.id)]

    def approved(self, act: str, subject: str, actor: str) -> int | None:
        """The number under which another person approved that `actor` does this; None where the act needs no second person.

        Raises TouchstoneError where it needs one and nobody approved it, which the log then tells.
        """
        if act not in self.rules.two_persons.acts:
            return None
        for found in self.proposals():
            if (found.act, found.subject, found.actor, found.state) == (act, subject, actor, "approved"):
                return found.id
        with self.database.writing() as c:
            self._said(c, "refused: not approved", {"act": act, "subject_kind": "case", "subject": subject, "ground": "none"}, actor)
        raise TouchstoneError(
            f"{act} of {subject} needs two persons here (configs/data.yml): `touchstone approval propose {act} {subject}`, and another person's "
            "`touchstone approval give`"
        )  # fmt: skip

    def say_term(self, case: str, word: str, day: str, *, actor: str) -> int:
        """Record what decides how long a case is kept: `custody`, `release`, `appeal`, `appeal_ended`, with its day where it has one."""
        if word not in TERMS:
            raise TouchstoneError(f"'{word}' says nothing of how long a case is kept; there are {', '.join(TERMS)}")
        try:
            given = date.fromisoformat(day).isoformat() if day else ""
        except ValueError:
            raise TouchstoneError(f"'{day}' is no date: write it as 2026-11-26") from None
        if word in ("release", "appeal_ended") and not given:
            raise TouchstoneError(f"give the day of the {word.replace('_', ' ')}")
        return self._term(case, word, given, actor)

    def close_case(self, case: str, *, actor: str) -> int:
        """Say that a case need not be kept any more: what it held is no longer held by it. Nothing is erased by that."""
        return self._term(case, "closed", datetime.now(UTC).date().isoformat(), actor)

    def terms(self, case: str) -> dict[str, str]:
        """What was said of how long a case is kept: word → day, the newest of each."""
        with self.database.reading() as c:
            return {r.says: r.day for r in c.execute(select(t.case_term).where(t.case_term.c.case_file == case).order_by(t.case_term.c.id))}

    def _term(self, case: str, word: str, day: str, actor: str) -> int:
        with self.database.writing() as c:
            self.database.lock_chain(c)
            person(c, actor)
            _case_there(c, case)
            number = add(c, t.case_term, case_file=case, says=word, day=day, actor=actor, at=datetime.now(UTC))
            detail = {"case_term": number, "says": word, "day": day}
            audit.append(self.database, c, Verb.alteration, actor=actor, purpose="retention of a case", case=case, detail=detail)
        return number

    def _said(self, c: Connection, what: str, row: dict[str, Any], actor: str) -> None:
        numbered = row["subject_kind"] != "case" and row["subject"].isdecimal()
        subjects = {row["subject_kind"]: [int(row["subject"])]} if numbered else {}
        audit.append(
            self.database, c, Verb.alteration, actor=actor, purpose=f"{row['act']} {what}", case=row["subject"] if row["subject_kind"] == "case" else None,
            subjects=subjects, detail={"proposal": row.get("id"), "ground": row["ground"]},
        )  # fmt: skip


def _row(p: Proposal) -> dict[str, Any]:
    return {"id": p.id, "act": p.act, "subject_kind": p.subject_kind, "subject": p.subject, "ground": str(p.ground)}


def _case_there(c: Connection, case: str) -> None:
    if c.execute(select(t.case.c.reference).where(t.case.c.reference == case)).first() is None:
        raise TouchstoneError(f"there is no case '{case}'; `touchstone case show` lists them")


def _proposals(c: Connection) -> list[Proposal]:
    answers: dict[int, Any] = {r.proposal: r for r in c.execute(select(t.proposal_answer).order_by(t.proposal_answer.c.id))}
    found = []
    for r in c.execute(select(t.proposal).order_by(t.proposal.c.id)):
        last = answers.get(r.id)
        state, by = (last.says, last.actor) if last is not None else ("open", "")
        found.append(Proposal(r.id, r.act, r.subject_kind, r.subject, ErasureGround(r.ground), r.actor, r.at, state, by, r.authority))
    return found


def _proposal(c: Connection, number: int) -> Proposal:
    found = next((p for p in _proposals(c) if p.id == number), None)
    if found is None:
        raise TouchstoneError(f"there is no proposal {number}; `touchstone approval list` shows them")
    return found
