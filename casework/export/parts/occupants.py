"""Who people say is, or was, at a place of the case, where a link rests on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework.export.gather import Material
from casework.export.parts import Part
from casework.export.rows import Row, row_of
from store.store import Acting, Store
from store.words.records import SubjectKind

RESTS = ("occupant_mark", "related_mark")  # codes of reasons that rest on what people said of who is at a place


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """The statements of who is at each place that such a link leads to; a file that one cites becomes a capture of the pack."""
    places = {x.object for x in m.links.values() if x.object_kind is SubjectKind.premises and any(r.code in RESTS for r in x.reasons)}
    found = reader.occupants(premises=sorted(places)) if places else []
    for each in found:
        if each.capture is not None:
            m.use(reader.capture(each.capture), "cited")
    return {"occupants": [row_of(each, "by", actor=each.by) for each in found]}


PART = Part("occupants", "Who is said to be at the places", ("occupants",), gather, words={"occupant": "occupants"})
