"""Who else works on a subject: open cases, live watches and test purchases, and assignments, of this authority and of others.

Of another authority a reader gets that it works on it, its name, and by which reference to ask: never what it holds or who of its staff does. The
withholding is done here, at the store, so that no page can forget it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from store import tables as t
from store.assignments import GIVEN, newest_of
from store.closing import closed_cases
from store.errors import TouchstoneError
from store.operations import operation_of
from store.reader import Reader
from store.words.dates import LONDON
from store.words.records import Purpose, SubjectKind


@dataclass(frozen=True, slots=True)
class Working:
    """Somebody works on it: `what` is `case`, `operation` or `assignment`; `contact` is the reference to quote. Of others `actor` and `title` are ""."""

    what: str
    authority: str
    authority_name: str
    contact: str
    own: bool
    actor: str = ""
    title: str = ""
    since: datetime | None = None


class WorkingReads(Reader):
    def working_on(self, kind: SubjectKind, number: int) -> list[Working]:
        """What rests on a listing, a seller or a premises, without the reader's own assignments: own authority's first, then by what it is.

        A listing is worked on where its account is, and an account where one of its listings is. Raises TouchstoneError for another kind.
        """
        with self.store.database.reading() as c:
            of = _subjects(c, kind, number)
            names = {r.code: r.name for r in c.execute(select(t.authority))}
            found = [*_cases(c, of), *_operations(c, of["seller"]), *_assignments(c, of, self.actor.id)]
        self.shown(str(kind), [number])
        out = []
        for what, authority, contact, actor, title, since in found:
            own = authority == self.actor.authority
            said: dict[str, Any] = {"actor": actor, "title": title, "since": since} if own else {}
            out.append(Working(what, authority, names.get(authority, authority), contact, own, **said))
        return sorted(out, key=lambda w: (not w.own, w.authority, w.what, w.contact))


Found = tuple[str, str, str, str, str, datetime]


def _subjects(c: Connection, kind: SubjectKind, number: int) -> dict[str, set[int]]:
    r = t.reading.c
    of: dict[str, set[int]] = {"listing": set(), "seller": set(), "premises": set()}
    if str(kind) not in of:
        raise TouchstoneError(f"who works on a {kind} is not asked: on a listing, a seller or a premises it is")
    of[str(kind)] = {number}
    if kind is SubjectKind.listing:
        of["seller"] = set(c.execute(select(r.seller).where(r.listing == number, r.seller.is_not(None))).scalars())
    if kind is SubjectKind.seller:
        of["listing"] = set(c.execute(select(r.listing).where(r.seller == number)).scalars())
    return of


def _named(table: Any, of: dict[str, set[int]]) -> Any:
    kinds = {**of, "account": of["seller"]}
    return or_(*(((table.c.subject_kind == kind) & table.c.subject.in_(numbers)) for kind, numbers in kinds.items() if numbers))


def _cases(c: Connection, of: dict[str, set[int]]) -> list[Found]:
    x, f, e = t.exhibit.c, t.follow_up.c, t.case_entry.c
    named = select(e.case_file).join(t.case_entry_on, t.case_entry_on.c.case_entry == e.id).where(_named(t.case_entry_on, of))
    done = select(f.case_file).where(f.case_file.is_not(None), or_(f.seller.in_(of["seller"]), f.premises.in_(of["premises"])))
    resting = select(x.case_file).where(_named(t.exhibit, of)).union(named, done)
    k = t.case.c
    rows = c.execute(select(t.case).where(k.reference.in_(resting), k.reference.not_in(closed_cases())).order_by(k.opened_at))
    return [("case", r.authority, r.own_number or r.reference, r.actor, r.title, r.opened_at) for r in rows]


def _operations(c: Connection, sellers: Collection[int]) -> list[Found]:
    """Watches and test purchases by which these accounts' pages were read, whose authorisation lives today."""
    today = datetime.now(UTC).astimezone(LONDON).date().isoformat()
    ran = select(t.run.c.operation).join(t.reading, t.reading.c.run == t.run.c.id).where(t.reading.c.seller.in_(sellers)).distinct()
    o = t.operation.c
    purposes = [str(Purpose.subject_watch), str(Purpose.test_purchase)]
    rows = c.execute(select(t.operation).where(o.reference.in_(ran), o.purpose.in_(purposes)).order_by(o.id)).all() if sellers else []
    out: list[Found] = []
    for r in {r.reference: r for r in rows}.values():  # as it now reads
        live = operation_of(r.body_json)
        if live.authorisation is None or live.authorisation.expires >= today > (live.authorisation.cancelled_at or ""):
            out.append(("operation", r.authority, r.reference, "", live.title, r.added_at))
    return out


def _assignments(c: Connection, of: dict[str, set[int]], reader: str) -> list[Found]:
    a = t.assignment.c
    rows = c.execute(
        select(t.assignment).where(_named(t.assignment, of), *newest_of(t.assignment, GIVEN), a.officer != reader).order_by(a.id)
    )
    return [("assignment", r.authority, f"assignment {r.id}", r.officer, f"{r.subject_kind} {r.subject}", r.at) for r in rows]
