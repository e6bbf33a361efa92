"""How far passes have come, told to open pages as it happens (server-sent events; HTML Living Standard, section 9.2).

One look at the store serves every page that is open, and an open page is no use of a session: it ends with it, and does not hold it open.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from anyio.to_thread import run_sync

from casework.desk.settings import SignInRules
from store.progress import Progress
from store.store import Store

EVERY = 2.0  # seconds between two looks
MOST, MOST_OF_ONE = 60, 4  # open pages of all people, and of one


class Streams:
    """Who has how many open; more than so many are told to wait."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, account: str) -> Iterator[bool]:
        """Whether there is room for one more of this account, which takes it until the context ends."""
        with self._lock:
            room = self._open[account] < MOST_OF_ONE and self._open.total() < MOST
            self._open[account] += room
        try:
            yield room
        finally:
            with self._lock:
                self._open[account] -= room


class Watch:
    """What is in progress in one store, looked at once in `EVERY` seconds however many ask."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._seen: dict[str, tuple[float, list[Progress]]] = {}
        self._lock = threading.Lock()

    def now(self, authority: str) -> list[Progress]:
        with self._lock:
            at, found = self._seen.get(authority, (0.0, []))
            if time.monotonic() - at >= EVERY * 0.9:
                found = self.store.in_progress(authority)
                self._seen[authority] = (time.monotonic(), found)
            return found


def lines(found: list[Progress]) -> list[dict[str, Any]]:
    """Runs in progress as the page shows them."""
    return [
        {
            "run": each.run.id, "operation": each.run.operation, "what": named(each), "began": each.run.started_at.isoformat(),
            "counts": ", ".join(f"{number:,} {word}" for word, number in each.counts.items()) or "nothing kept yet",
        }
        for each in found
    ]  # fmt: skip


def named(progress: Progress) -> str:
    """What a run is of, in words."""
    run = progress.run
    of = [f"of {run.source}" if run.source else "", f"for operation {run.operation}" if run.operation else ""]
    return " ".join([run.pass_name, *filter(None, of)])


async def events(
    store: Store, rules: SignInRules, token_digest: str, look: Callable[[], list[Progress]], streams: Streams, account: str
) -> AsyncIterator[str]:
    """The events of one open page: `progress` when something changed, a comment else, and `ended` when the session has."""

    def living() -> bool:
        return store.session(token_digest, idle_since=datetime.now(UTC) - timedelta(minutes=rules.idle_minutes)) is not None

    with streams.one(account) as room:
        if not room:
            yield "event: full\ndata: {}\n\n"
            return
        before = None
        while await run_sync(living):
            said = json.dumps(lines(await run_sync(look)))
            yield f"event: progress\ndata: {said}\n\n" if said != before else ": here\n\n"
            before = said
            await anyio.sleep(EVERY)
        yield "event: ended\ndata: {}\n\n"
