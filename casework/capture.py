"""`touchstone capture URL`: one page archived now, and what was kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework.operations import find_operations
from store.config import Home
from store.errors import TouchstoneError
from store.runs import PassResult
from store.store import Store
from store.strict import near
from store.words.records import Capture, Purpose, Run


@dataclass(frozen=True, slots=True)
class Captured:
    """How it went, under which run, what was kept, and which listings were read: (source, reference, title)."""

    result: PassResult
    run: Run | None
    captures: Sequence[Capture]
    listings: Sequence[tuple[str, str, str]]


def capture(
    store: Store,
    home: Home,
    url: str,
    *,
    actor: str,
    why: str = "",
    reason: str = "",
    operation: str | None = None,
    kind: str = "marketplace",
) -> Captured:
    """Archive one page as it answers now. `why` goes into the log, `reason` is why a person's own page is looked at once more.

    Raises TouchstoneError for what is no web address, and for an operation whose purpose is no single page: a sweep runs by itself.
    """
    from crawler import once
    from crawler.source import Kind

    if kind not in list(Kind):
        raise TouchstoneError(f"'{kind}' is no kind of source; there are: {', '.join(Kind)}{near(kind, Kind)}")
    stated = find_operations(home, [operation])[0] if operation else None
    if stated and stated.purpose is Purpose.market_sweep:
        raise TouchstoneError(
            f"operation {stated.reference} is a sweep, which is not of one page: `touchstone operation run {stated.reference}`"
        )
    if stated and stated.purpose is Purpose.subject_watch and url not in stated.subjects:
        raise TouchstoneError(f"operation {stated.reference} is a watch on other pages than {url}: its `subjects:` name those it covers")
    result = once.run(store, home, url, operation=stated, kind=Kind(kind), reason=reason, actor=actor)
    run = store.run(result.run) if result.run else None
    if run is None:
        return Captured(result, None, (), ())
    with store.acting(actor, purpose="capture", justification=why, run=run.id) as reader:
        captures = reader.captures_of(run=run.id)
        listings = [
            (each.listing.source, each.listing.ref, each.snapshot.title) for each in reader.summaries(numbers=store.listings_of_run(run.id))
        ]
    return Captured(result, run, captures, listings)
