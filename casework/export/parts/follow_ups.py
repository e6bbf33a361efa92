"""What officers did in the case: each follow-up with all that it states, its files, and what it corrects; test purchases step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework import followup
from casework.export.gather import Material, add_premises
from casework.export.parts import Part
from casework.export.rows import Row, plain
from store.store import Acting, Store
from store.words.followup import FollowUp, body_of


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """Every follow-up of the case, those that were corrected too; their files become captures of the pack, their places and sellers its rows."""
    found = reader.follow_ups(case=m.case.reference, superseded=True)
    for row in found:
        for file in row.files:
            m.use(reader.capture(file.capture), f"follow-up {row.id}")
    add_premises(reader, m, {row.premises for row in found if row.premises is not None})
    sellers = sorted({row.seller for row in found if row.seller is not None} - m.sellers.keys())
    if sellers:
        m.sellers |= {s.id: s for s in reader.sellers(sellers) if s.id is not None}
    return {"follow_ups": [_row(m, row) for row in found]}


def _row(m: Material, row: FollowUp) -> Row:
    return {
        "id": row.id, "kind": str(row.kind), "step": str(row.step) if row.step else None, "purchase": row.purchase, "when": row.when,
        "happened_at": plain(row.happened_at), "whole_day": row.whole_day, "premises": row.premises, "seller": row.seller,
        "operation": row.operation, "body": plain(body_of(row.what)) if row.what is not None else None, "says": [list(each) for each in followup.details(row)],
        "files": [{"capture": f.capture, "role": str(f.role), "taken_at": f.taken_at, "sha256": m.captures[f.capture].body_digest} for f in row.files],
        "supersedes": row.supersedes, "superseded_by": row.superseded_by, "actor": row.actor, "recorded_at": plain(row.recorded_at),
    }  # fmt: skip


PART = Part("follow_ups", "What was done", ("follow_ups",), gather, words={"follow_up": "follow_ups"})
