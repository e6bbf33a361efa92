"""The continuity of each exhibit: what people recorded of things, what the log tells of what is kept here; and what in it does not follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework.exhibits import custody_of
from casework.export.gather import Material
from casework.export.parts import Part
from casework.export.rows import Row, plain
from store.store import Acting, Store


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """The steps of each exhibit in order, numbered through the case, and the sentences that name what does not follow."""
    steps: list[Row] = []
    gaps: list[Row] = []
    for chain in custody_of(reader, [e for e in m.exhibits if not e.withdrawn], m.case.reference):
        for each in chain.steps:
            steps.append({"id": len(steps) + 1, "exhibit": chain.exhibit.id, "when": each.when, **plain(each), "act": plain(each.act)})
        gaps += [{"id": len(gaps) + n, "exhibit": chain.exhibit.id, "says": said} for n, said in enumerate(chain.breaks, 1)]
    return {"custody": steps, "custody_gaps": gaps}


PART = Part("continuity", "Continuity of each exhibit", ("custody", "custody_gaps"), gather)
