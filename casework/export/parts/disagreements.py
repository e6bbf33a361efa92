"""Where two people judged one thing differently, and neither took it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casework.export.gather import Material, gather_judgements
from casework.export.parts import Part
from casework.export.rows import Row
from store.store import Acting, Store
from store.words.records import Judgement, SubjectKind, standing


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """Of each subject on which the judgements that stand (the newest of each person) differ: those judgements."""
    gather_judgements(reader, m)
    said: dict[tuple[SubjectKind, int], list[Judgement]] = {}
    for j in standing(each for _, each in sorted(m.judgements.items())):
        said.setdefault((j.subject_kind, j.subject), []).append(j)
    return {
        "disagreements": [
            {"subject_kind": str(kind), "subject": subject, "judgements": [j.id for j in judged]}
            for (kind, subject), judged in sorted(said.items())
            if len({j.verdict for j in judged}) > 1
        ]
    }


PART = Part("disagreements", "Where reviewers differ", ("disagreements",), gather)
