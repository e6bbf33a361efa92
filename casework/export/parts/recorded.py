"""What people recorded of the case: offences, persons and what connects them, places, incidents, outcomes, goods and papers, withdrawals.

Rows that were corrected or withdrawn stand beside those in force, and say so. Of victims and witnesses the pack has the name and why they are in the
case; where they live, when they were born and what else was noted of them is held back, and named as such (`held_back`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework.casefile import blanks, sentence
from casework.export.gather import Material, add_premises
from casework.export.parts import Part
from casework.export.rows import Row, plain
from store.store import Acting, Store
from store.words.casefile import CaseEntry, EntryKind, Offence, Person, body_of
from store.words.records import SubjectCategory

FILES: Mapping[EntryKind, str] = {
    EntryKind.offence: "offences",
    EntryKind.person: "persons",
    EntryKind.connection: "connections",
    EntryKind.premises: "places",
    EntryKind.incident: "incidents",
    EntryKind.outcome: "outcomes",
    EntryKind.item: "items",
    EntryKind.withdrawal: "withdrawals",
}
SHOWN_WHOLE = (SubjectCategory.suspect, SubjectCategory.convicted)
HELD_BACK = ("born", "address", "note")


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """The rows by kind. Captures that they cite become captures of the pack, their places and accounts its rows; follow-ups of no case are gaps."""
    found = reader.case_entries(m.case.reference, *FILES, superseded=True)
    bodies = [(row, body_of(row.what)) for row in found if row.what is not None]
    for capture in sorted({n for _, body in bodies for n in body.get("captures", ())} - m.captures.keys()):
        m.use(reader.capture(capture), "cited")
    add_premises(reader, m, {body["premises"] for _, body in bodies if body.get("premises") is not None})
    sellers = sorted({body["seller"] for _, body in bodies if body.get("seller") is not None} - m.sellers.keys())
    if sellers:
        m.sellers |= {s.id: s for s in reader.sellers(sellers) if s.id is not None}
    mine = {row.id for row in reader.follow_ups(case=m.case.reference, superseded=True)}
    for row, body in bodies:
        of = [body["follow_up"]] if body.get("follow_up") is not None else []
        for number in sorted({*body.get("follow_ups", ()), *body.get("warnings", ()), *of} - mine):
            why = "it was recorded of no case, or of another; `touchstone followup` makes it this case's by a correction with --case"
            m.gaps.append({"case_entry": row.id, "follow_up": number, "what": f"follow-up {number}, which row {row.number} of the case names", "why": why})  # fmt: skip
    tables: dict[str, list[Row]] = {name: [] for name in FILES.values()}
    for row in found:
        tables[FILES[row.kind]].append(_row(row))
    return tables


def _row(row: CaseEntry) -> Row:
    body, held = (plain(body_of(row.what)) if row.what is not None else {}), []
    if isinstance(row.what, Person) and row.what.category not in SHOWN_WHOLE:
        held = [name for name in HELD_BACK if body.pop(name)]
    made: Row = {
        "id": row.id, "number": row.number, "when": row.when, "happened_at": plain(row.happened_at), "whole_day": row.whole_day, "withdrawn": row.withdrawn,
        "says": sentence(row), "supersedes": row.supersedes, "superseded_by": row.superseded_by, "actor": row.actor, "recorded_at": plain(row.recorded_at),
    }  # fmt: skip
    if isinstance(row.what, Person):
        made["held_back"] = held
    if isinstance(row.what, Offence):
        made["not_stated"] = blanks(row.what)
    return {**body, **made}


PART = Part("recorded", "What is alleged, of whom, and what was decided", tuple(FILES.values()), gather)
