"""What is to come and what went wrong: authorisations that end, passes that failed and have not gone well since. For the desk's first page and the digest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from store.store import Store
from store.words.purposes import local_day
from store.words.records import Operation, Outcome, Run

RUNS = 200  # runs back in which what failed is looked for


@dataclass(frozen=True, slots=True)
class Ending:
    """An operation's authorisation: its last day, and how many days away that is (below 0: it is past)."""

    operation: Operation
    on: date
    days: int


def ending(operations: Iterable[Operation], now: datetime, within: int) -> list[Ending]:
    """The authorisations that end within so many days, or ended within as many, the first to end first. Cancelled ones are over and done with."""
    today, found = local_day(now), []
    for each in operations:
        if each.authorisation and not each.authorisation.cancelled_at:
            on = date.fromisoformat(each.authorisation.expires)
            if abs((on - today).days) <= within:
                found.append(Ending(each, on, (on - today).days))
    return sorted(found, key=lambda one: (one.on, one.operation.reference))


def failed(store: Store, authority: str) -> list[Run]:
    """Of each pass, source and operation the last run that ended, where it ended otherwise than well; the newest first."""
    last: dict[tuple[str, str | None, str | None], Run] = {}
    for run in store.runs(authority=authority, limit=RUNS):
        if run.ended_at is not None:
            last.setdefault((run.pass_name, run.source, run.operation), run)
    return [run for run in last.values() if run.outcome is not Outcome.good]
