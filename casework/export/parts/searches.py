"""What the runs did: the operations under which the captures of the case were made, with their words, areas and authorisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from casework.export.gather import Material
from casework.export.parts import Part
from casework.export.rows import Row, plain
from store.errors import TouchstoneError
from store.history import CRAWL
from store.store import Acting, Store
from store.words.purposes import pages_of


def gather(store: Store, reader: Acting, m: Material) -> Mapping[str, Sequence[Row]]:
    """The operations as they were recorded last, and each run that brought captures of the case with how many. Other watched people stay out."""
    runs = {r.id: r for r in store.runs(limit=2**31 - 1)}
    brought = Counter(c.run for c in m.captures.values())
    named = {runs[run].operation for run in brought if run in runs} | {m.case.operation}
    mine = {page for s in m.sellers.values() if s.url for page in pages_of(s.url)}
    operations: list[Row] = []
    for reference in sorted(filter(None, named)):
        try:
            said = store.operation(reference)
        except TouchstoneError as error:
            m.gaps.append({"operation": reference, "what": f"what operation {reference} searched for", "why": str(error)})
            continue
        shown = [subject for subject in said.subjects if mine & set(pages_of(subject))]
        operations.append(
            {
                "reference": reference, "title": said.title, "purpose": str(said.purpose), "brands": list(said.brands), "terms": list(said.terms),
                "area": list(said.area), "sources": list(said.sources), "subjects": shown, "other_subjects": len(said.subjects) - len(shown),
                "authorisation": plain(said.authorisation),
            }
        )  # fmt: skip
    watching = {row["reference"] for row in operations if row["subjects"] or row["other_subjects"]}  # they begin at somebody's page
    crawls = [run for run in brought if runs[run].pass_name == CRAWL and runs[run].operation not in watching]
    begun = {run: first for run in crawls if (first := store.first_page(run)) is not None}
    # a page of one listing that is no matter of this case stays untold
    firsts = {run: first for run, first in begun.items() if first in m.captures or not reader.readings(capture=first)}
    searches = [
        {
            "run": run, "operation": runs[run].operation, "source": runs[run].source, "captures": n, "counts": dict(runs[run].counts),
            "first": reader.capture(first).url_requested if (first := firsts.get(run)) is not None else "",
        }
        for run, n in sorted(brought.items(), key=lambda item: (runs[item[0]].started_at, item[0]))
    ]  # fmt: skip
    return {"operations": operations, "searches": searches}


PART = Part("searches", "What the runs did, and what was searched for", ("operations", "searches"), gather)
